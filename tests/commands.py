"""The commands as their users run them: a process with arguments, an environment, output and an exit code."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


def stream_app(
    *arguments: str,
    settings: Mapping[str, str] = MappingProxyType({}),
    stdin: bytes = b"",
    within_s: float = 60,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; settings by their names without the prefix, in lower case."""
    own = {f"STREAM_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments],
        input=stdin,
        env={**os.environ, **own},
        capture_output=True,
        timeout=within_s,
        check=False,
    )


def stream_train(
    *arguments: str, environment: Mapping[str, str] = MappingProxyType({}), within_s: float = 170
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of stream-train to its end, in the folder of this process."""
    return subprocess.run(
        [sys.executable, "-c", "from training.cli import main; main()", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        capture_output=True,
        timeout=within_s,
        check=False,
    )
