import subprocess
import sys
from pathlib import Path

import pytest

from training.run_lock import LockHeldError, held

HOLDER = """
import sys
from pathlib import Path
from training.run_lock import held
with held(Path(sys.argv[1]), "the other run"):
    print("holding", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_it_and_the_kernel_lets_go(tmp_path: Path) -> None:
    lock = tmp_path / "models" / ".lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holding\n"
        said = rf"the other run, process {holder.pid} on .*, since 20"
        with pytest.raises(LockHeldError, match=said), held(lock, "mine"):
            pass
        holder.kill()
    with held(lock, "mine"):
        assert "mine, process" in lock.read_text()


def test_it_can_be_held_again_after_a_failure(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), held(tmp_path / "lock", "mine"):
            raise ZeroDivisionError
