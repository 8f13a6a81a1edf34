"""`python -m fuzz [TARGET…] [--seconds N]`: look for inputs that break a promise.

What is new goes to fuzz/found, an input that breaks a promise to fuzz/found/TARGET-crash-…; `--merge` takes
into the tracked corpus what adds coverage to it. Exit code 1: a promise is broken.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from fuzz.targets import CORPUS, MAX_BYTES, TARGETS

FOUND = Path(__file__).parent / "found"
DICTIONARY = Path(__file__).parent / "dictionary.txt"
_SECONDS = 60
_SLOWEST_S = 60  # by the clock on the wall, and the machine may be busy
# Without numba, coverage leads through the loops, and an index out of bounds is an error, as it is not in
# compiled code. The pipeline, and the replay of the corpus in the tests, run the compiled loops.
_INTERPRETED = {"scorer": {"NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore::RuntimeWarning"}}


def main() -> None:
    """Fuzz each target in its turn."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument(
        "targets", nargs="*", default=list(TARGETS), metavar="TARGET", help=", ".join(TARGETS)
    )
    parser.add_argument("--seconds", type=int, default=_SECONDS, help="for each target")
    parser.add_argument("--merge", action="store_true", help="add to the tracked corpus instead")
    options = parser.parse_args()
    if unknown := set(options.targets) - TARGETS.keys():
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if importlib.util.find_spec("atheris") is None:
        sys.exit("fuzz: atheris is not installed; there are wheels for Linux on x86_64 only")
    work = merge if options.merge else lambda target: fuzz(target, options.seconds)
    failed = [target for target in options.targets if work(target)]
    sys.exit(f"fuzz: {', '.join(failed)} failed; see {FOUND}" if failed else 0)


def fuzz(target: str, seconds: int) -> int:
    """Run one target for so long.

    Returns:
        libFuzzer's exit code, 0 when nothing broke.
    """
    return _run(
        target,
        f"-max_total_time={seconds}",
        f"-timeout={_SLOWEST_S}",
        f"-artifact_prefix={FOUND}/{target}-",
        f"-dict={DICTIONARY}",
        "-print_final_stats=1",
        *_folders(target),
    )


def merge(target: str) -> int:
    """Take into the target's corpus what the found inputs cover beyond it, the shortest of them.

    Returns:
        libFuzzer's exit code, 0 when all went well.
    """
    return _run(target, "-merge=1", *_folders(target)[::-1])


def _folders(target: str) -> tuple[str, str]:
    """Where new inputs go, and the tracked ones."""
    folders = (FOUND / target, CORPUS / target)
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return str(folders[0]), str(folders[1])


def _run(target: str, *options: str) -> int:
    command = [sys.executable, "-m", "fuzz.run", target, f"-max_len={MAX_BYTES}", *options]
    environment = os.environ | _INTERPRETED.get(target, {})
    return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603 - this package's own module


if __name__ == "__main__":
    main()
