"""`python -m supply_chain.sbom`: what the product is made of, as CycloneDX 1.6 in JSON, the same every time.

The packages are those of requirements.lock, with the hashes that the installation accepts; those for other
platforms are among them. The tracked model is a component as well.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from supply_chain.lock import LOCK, ROOT

_CHAMPION: Final = ROOT / "models" / "champion"
_DEFAULT: Final = ROOT / "dist" / "sbom.cdx.json"


def sbom(lock: Path = LOCK, champion: Path = _CHAMPION) -> bytes:
    """The document.

    Raises:
        CalledProcessError: cyclonedx-py cannot read the lock, or its document does not fit the schema.
        OSError: the model's manifest cannot be read.
    """
    document = json.loads(_of_packages(lock))
    for component in document["components"]:
        del component["description"]  # the line of the lock, with all of its hashes once more
    model = _model_component(champion)
    document["components"].append(model)
    references = sorted(component["bom-ref"] for component in document["components"])
    root = document["metadata"]["component"]["bom-ref"]
    document["dependencies"] = [
        {"ref": root, "dependsOn": references},
        *({"ref": reference} for reference in references),
    ]
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _of_packages(lock: Path) -> bytes:
    command = [sys.executable, "-W", "ignore::UserWarning", "-m", "cyclonedx_py", "requirements", str(lock)]
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--sv", "1.6"]
    done = subprocess.run([*command, *options], check=True, stdout=subprocess.PIPE)  # noqa: S603 - a locked tool
    return done.stdout


def _model_component(champion: Path) -> Mapping[str, Any]:
    manifest = json.loads((champion / "manifest.json").read_bytes())
    return {
        "bom-ref": "champion",
        "type": "machine-learning-model",
        "name": "champion",
        "version": manifest["version"],
        "hashes": [{"alg": "SHA-256", "content": manifest["sha256"]}],
    }


def write(content: bytes, path: Path) -> None:
    """Put the document in its place, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)  # noqa: PTH105 - atomic, and named so


def main() -> None:
    """Write it and say where."""
    parser = argparse.ArgumentParser(prog="python -m supply_chain.sbom", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=_DEFAULT)
    path = parser.parse_args().file
    write(sbom(), path)
    print(f"written to {path}")  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
