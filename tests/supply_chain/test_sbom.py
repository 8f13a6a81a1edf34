"""The SBOM: valid, the same every time, and all that is locked."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from supply_chain.lock import LOCK, pins
from supply_chain.sbom import sbom, write
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def content() -> bytes:
    return sbom()


@pytest.fixture(scope="module")
def document(content: bytes) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(content)
    return made


def test_it_fits_the_schema_of_cyclonedx(content: bytes) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(content.decode()) is None
    assert validator.validate_str(content.decode().replace('"library"', '"bookshop"')) is not None


def test_it_is_the_same_every_time(content: bytes) -> None:
    assert sbom() == content


def test_it_names_every_locked_package_with_its_hashes(document: dict[str, Any]) -> None:
    packages = [part for part in document["components"] if part["type"] == "library"]
    assert [(part["name"], part["version"]) for part in packages] == [tuple(pin) for pin in pins()]
    assert len(packages) >= 50
    found = [h["content"] for part in packages for ref in part["externalReferences"] for h in ref["hashes"]]
    assert sorted(found) == sorted(
        line.strip().removeprefix("--hash=sha256:").removesuffix(" \\")
        for line in LOCK.read_text().splitlines()
        if "--hash=" in line
    )
    assert all(part["purl"].startswith(f"pkg:pypi/{part['name']}@{part['version']}") for part in packages)


def test_it_names_the_model_by_the_hash_of_its_file(document: dict[str, Any]) -> None:
    (model,) = [part for part in document["components"] if part["type"] == "machine-learning-model"]
    manifest = json.loads((REPOSITORY / "models/champion/manifest.json").read_bytes())
    artifact = (REPOSITORY / "models/champion" / manifest["file"]).read_bytes()
    assert model["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(artifact).hexdigest()}]
    assert model["version"] == manifest["version"]


def test_the_product_depends_on_each_component(document: dict[str, Any]) -> None:
    root = document["metadata"]["component"]
    assert root["name"] == "review-sentiment-stream"
    (edges,) = [edge["dependsOn"] for edge in document["dependencies"] if edge["ref"] == root["bom-ref"]]
    assert sorted(edges) == sorted(part["bom-ref"] for part in document["components"])


def test_it_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "made" / "sbom.json"
    write(b"old", path)

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        write(b"new", path)
    assert path.read_bytes() == b"old"
