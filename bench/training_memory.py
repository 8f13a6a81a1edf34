"""Peak memory of training on a repeated set: `python -m bench.training_memory 10000000`.

The tracked sample's sentences are repeated until there are as many as asked for; then they are hashed and
fitted in one pass, as `stream-train train` does it in six.
"""

import resource
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import pandas as pd
from rich.console import Console

from training.adagrad import Descent, Steps
from training.commands.layers import build
from training.examples import ShuffledExamples
from training.targets import taught_by_ratings
from training.train import BITS

BATCH_ROWS: Final = 65_536  # of a row group
OUTPUTS: Final = 3
MIB: Final = 1024


class Run(NamedTuple):
    """What a run took: sentences, seconds to hash and to pass once, and the peak resident memory in MiB."""

    sentences: int
    hashing_seconds: float
    pass_seconds: float
    peak_mib: float


def repeated(sample: pd.DataFrame, sentences: int) -> Iterator[pd.DataFrame]:
    """Batches of the size of a row group; the last one may be larger than what is left."""
    copies = -(-BATCH_ROWS // len(sample))
    batch = pd.concat([sample] * copies, ignore_index=True).head(BATCH_ROWS)
    return islice(cycle([batch]), -(-sentences // BATCH_ROWS))


def measure(sentences: int) -> Run:
    """Hash and pass once over so many sentences."""
    sample = build(None, 0, lambda _: None).side("train")
    with TemporaryDirectory() as folder:
        began = time.monotonic()
        examples = ShuffledExamples(Path(folder), BITS, OUTPUTS)
        examples.write(taught_by_ratings(repeated(sample, sentences), "class"), seed=0)
        hashed = time.monotonic()
        Descent(examples, Steps(passes=1), 0, None).run(lambda *_: None)
        ended = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    return Run(examples.rows, hashed - began, ended - hashed, peak)


def main() -> None:
    """Print one run."""
    run = measure(int(sys.argv[1]))
    seconds = f"hashing {run.hashing_seconds:.0f} s, one pass {run.pass_seconds:.0f} s"
    Console().print(f"{run.sentences:,} sentences: {seconds}, peak {run.peak_mib:,.0f} MiB")


if __name__ == "__main__":
    main()
