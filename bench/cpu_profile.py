"""Where each microsecond of the whole worker goes, at full load."""

import json
import sys
from dataclasses import replace
from typing import Final

from bench.competitors import Competitor, product
from bench.session import Session

_REVIEWS: Final = 300_000


def cpu_profile(session: Session) -> dict[str, float]:
    """Microseconds of CPU per review by part of the worker, the largest first.

    Raises:
        ValueError: the run was not valid.
    """
    session.say("where the worker's time goes")
    samples = session.folder / "samples.json"
    backlog = session.fill(round(_REVIEWS * session.plan.share))
    run = session.work_off(sampled(product(), str(samples)), backlog)
    session.cluster.delete(backlog.topic)
    if not run.valid:
        raise ValueError(f"expected a run without losses, got {run.account} and {run.flaw}")
    seconds: dict[str, float] = json.loads(samples.read_text())
    by_size = sorted(seconds.items(), key=lambda one: -one[1])
    return {place: spent / backlog.records * 1e6 for place, spent in by_size}


def sampled(competitor: Competitor, samples: str) -> Competitor:
    """The worker, sampled."""
    command = (sys.executable, "-m", "bench.sampled_worker", f"--samples={samples}")
    return replace(competitor, name=f"{competitor.name}, sampled", command=command)
