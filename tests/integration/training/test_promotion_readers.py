"""What a reader meets while champions change."""

import threading
import time
from pathlib import Path

import numpy as np

from stream_app.model_store import load_model
from tests.model_folders import sigmoid_pipeline, three_class_pipeline, write_model
from training.destinations import LocalFolder
from training.export import current, folder_files, publish

PROMOTIONS = 60


def test_whoever_reads_while_champions_change_meets_a_whole_model(tmp_path: Path) -> None:
    third = three_class_pipeline()
    third[-1].coef_ = np.zeros_like(third[-1].coef_)
    candidates = []
    for number, pipeline in enumerate([three_class_pipeline(), sigmoid_pipeline(), third]):
        write_model(tmp_path / str(number), pipeline)
        candidates.append(folder_files(tmp_path / str(number)))
    place = LocalFolder(tmp_path / "champion")
    publish(candidates[0], place, None)
    met: list[str] = []
    failed: list[Exception] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set() and not failed:
            try:
                met.append(load_model(tmp_path / "champion", "seed").version)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                failed.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, PROMOTIONS):
        publish(candidates[number % len(candidates)], place, current(place))
        behind = len(met) + 2
        while len(met) < behind and not failed:  # what is kept serves a reader who is one promotion behind
            time.sleep(0.001)
    ended.set()
    reader.join()
    assert failed == []
    assert set(met) == {candidate.manifest.version for candidate in candidates}
