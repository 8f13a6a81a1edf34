"""The peers' own virtual environment and model, made when they are not there yet."""

import gzip
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from bench.processes import environment
from bench.reviews import ROOT

LOCK: Final = ROOT / "bench" / "peers.lock"
FOLDER: Final = ROOT / "bench" / ".venv"
_TRAINING: Final = ROOT / "bench" / "peers" / "train.py"
_TRAINED_ON: Final = 10_000
_PACKAGES: Final = (
    "confluent-kafka",
    "aiokafka",
    "bytewax",
    "faststream",
    "faust-streaming",
    "quixstreams",
    "scikit-learn",
    "sentencex",
    "orjson",
)
_PRINT_VERSIONS: Final = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""

Say = Callable[[str], None]


def peers_python(say: Say) -> Path:
    """The interpreter of an environment with exactly what peers.lock names."""
    python = FOLDER / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    made_from = FOLDER / ".made-from"
    wanted = sha256(LOCK.read_bytes()).hexdigest()
    if not made_from.exists() or made_from.read_text() != wanted:
        say("installing the peers into bench/.venv (once)")
        shutil.rmtree(FOLDER, ignore_errors=True)
        venv.create(FOLDER, with_pip=True)
        pip = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
        ]
        subprocess.run([*pip, "-r", str(LOCK)], check=True)  # noqa: S603 - the environment's own pip
        made_from.write_text(wanted)
    return python


def peers_versions(python: Path) -> dict[str, str]:
    """Versions of what the peers run with, as that interpreter sees them."""
    versions: dict[str, str] = json.loads(_run(python, "-c", _PRINT_VERSIONS, *_PACKAGES))
    return versions


def peers_model(python: Path, rows: Sequence[dict[str, Any]], say: Say) -> Path:
    """The peers' model, trained on some of the reviews unless that was done before."""
    lines = "".join(json.dumps(row) + "\n" for row in rows[:_TRAINED_ON]).encode()
    model = FOLDER / f"model-{sha256(_TRAINING.read_bytes() + lines).hexdigest()[:12]}.joblib"
    if not model.exists():
        say("training the peers' model (once)")
        reviews = FOLDER / "training.jsonl.gz"
        reviews.write_bytes(gzip.compress(lines))
        unfinished = model.with_suffix(".unfinished")
        _run(python, "-m", "bench.peers.train", str(reviews), str(unfinished))
        unfinished.replace(model)
    return model


def _run(python: Path, *arguments: str) -> bytes:
    command = [str(python), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment()).stdout  # noqa: S603 - own code
