"""What a run's figures depend on: the machine, the versions, the commit."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psutil

from bench.reviews import ROOT

_WATCHED_S: Final = 5.0  # a load average would still tell of what ended minutes ago
_PACKAGES: Final = (
    "aiokafka",
    "confluent-kafka",
    "faust-streaming",
    "msgspec",
    "numba",
    "numpy",
    "scikit-learn",
)


def machine() -> dict[str, Any]:
    """Processor, cores, how busy others keep them (watched for seconds), memory, system and Python."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "busy_before": round(psutil.cpu_percent(_WATCHED_S) / 100, 2),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Versions of the product and of what it runs on."""
    return {name: version(name) for name in ("review-sentiment-stream", *_PACKAGES)}


def commit() -> str:
    """The commit of the working copy, marked when files differ from it; `unknown` where there is none."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
