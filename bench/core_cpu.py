"""What a review costs in the core alone in CPU time, which others on the machine hardly change."""

import time
from collections.abc import Sequence
from typing import Final

from bench.core_alone import CoreRecord
from stream_app.core.pipeline import Rules, classify
from stream_app.core.scoring import Model

_SLICE: Final = 128
_PASSES: Final = 10


def core_cpu_us(records: Sequence[CoreRecord], model: Model) -> float:
    """Microseconds of CPU a review in the core alone."""
    rules, began_s = Rules(), time.process_time()
    for _ in range(_PASSES):
        for start in range(0, len(records), _SLICE):
            classify(records[start : start + _SLICE], model, rules)
    return (time.process_time() - began_s) / (_PASSES * len(records)) * 1e6
