"""What a model's folder must be like; each test breaks a copy of the champion in one way."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stream_app.bundled import bundled
from stream_app.core.errors import ManifestError, ModelError
from stream_app.model_store import UnknownPresetError, load_model, read_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(bundled("champion"), copy)
    return copy


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_the_champion_loads_with_each_of_its_presets() -> None:
    for preset in ("seed", "inherited", "human"):
        model = load_model(bundled("champion"), preset)
        assert model.version == read_manifest(bundled("champion")).version
        assert model.scorer.probabilities(["I love it."]).shape == (1, 3)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="absent: no such folder; set STREAM_MODEL_PATH"):
        load_model(tmp_path / "absent", "inherited")


@pytest.mark.parametrize("name", ["manifest.json", "golden.jsonl", "model-*.joblib"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (path,) = folder.glob(name)
    path.unlink()
    with pytest.raises(ModelError, match=path.name):
        load_model(folder, "inherited")


@pytest.mark.parametrize("name", ["golden.jsonl", "model-*.joblib"])
def test_a_changed_file_is_refused_before_it_is_opened(folder: Path, name: str) -> None:
    (path,) = folder.glob(name)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ModelError, match=f"{path.name}: sha256 .* was changed"):
        load_model(folder, "inherited")


def test_a_manifest_that_is_not_json_is_refused(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")
    with pytest.raises(ManifestError, match=r"manifest.json: the manifest is not valid"):
        load_model(folder, "inherited")


def test_a_manifest_that_lacks_a_field_names_it(folder: Path) -> None:
    change_manifest(folder, lambda manifest: manifest.pop("sha256"))
    with pytest.raises(ManifestError, match="missing required field `sha256`"):
        load_model(folder, "inherited")


def test_an_unknown_preset_names_the_setting_and_what_there_is(folder: Path) -> None:
    change_manifest(folder, lambda manifest: manifest["decisions"].pop("human"))
    with pytest.raises(UnknownPresetError, match=r"no preset 'human'; set STREAM_THRESHOLDS .*inherited"):
        load_model(folder, "human")


def test_a_golden_set_that_the_model_does_not_give_is_refused(folder: Path) -> None:
    path = folder / "golden.jsonl"
    lines = path.read_text().splitlines()
    second = json.loads(lines[1])
    second["probabilities"] = [second["probabilities"][0] + 2e-6, *second["probabilities"][1:]]
    lines[1] = json.dumps(second)
    path.write_text("\n".join(lines) + "\n")
    golden_sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    change_manifest(folder, lambda manifest: manifest.update(golden_sha256=golden_sha256))
    with pytest.raises(ModelError, match=r"the model differs by .* on sentence 2"):
        load_model(folder, "inherited")


def test_the_champion_loads_where_neither_training_nor_scikit_learn_can_be_imported() -> None:
    code = """
import sys
sys.modules.update(dict.fromkeys(["training", "sklearn", "scipy", "pandas"]))
from stream_app.bundled import bundled
from stream_app.model_store import load_model
print(load_model(bundled("champion"), "inherited").version)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == read_manifest(bundled("champion")).version
