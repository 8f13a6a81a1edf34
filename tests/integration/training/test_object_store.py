"""A champion in an object store, on a local S3 server."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stream_app.model_store import load_model
from tests.model_folders import sigmoid_pipeline, three_class_pipeline, write_model
from tests.object_store import object_store
from training.destinations import Target, target
from training.export import ModelFiles, current, folder_files, former, publish
from training.registry import checked_out, rollback


@pytest.fixture
def place() -> Iterator[Target]:
    with object_store("models"):
        yield target("s3://models/review/champion")


@pytest.fixture
def models(tmp_path: Path) -> list[ModelFiles]:
    third = three_class_pipeline()
    third[-1].coef_ = np.zeros_like(third[-1].coef_)
    for number, pipeline in enumerate([three_class_pipeline(), sigmoid_pipeline(), third]):
        write_model(tmp_path / str(number), pipeline)
    return [folder_files(tmp_path / str(number)) for number in range(3)]


def test_champions_come_and_go_in_an_object_store(place: Target, models: list[ModelFiles]) -> None:
    assert current(place) is None
    for model in models:
        publish(model, place, current(place))
    now, before = current(place), former(place)
    assert now is not None
    assert before is not None
    assert (now.contents, before.contents) == (models[2].contents, models[1].contents)
    artifacts = {name for name in place.names() if name.startswith("model-")}
    assert artifacts == {models[1].manifest.file, models[2].manifest.file}
    with checked_out(now) as folder:
        assert load_model(folder, "seed").version == models[2].manifest.version
    publish(models[0], place, now)
    assert rollback(place).manifest == models[2].manifest
    again = current(place)
    assert again is not None
    assert again.contents == models[2].contents
