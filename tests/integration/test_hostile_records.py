"""A small edition of `make hostile`: hostile records through the real stream, each accounted for."""

import pytest

from bench.hostile import run_hostile
from bench.hostile_records import KINDS
from stream_app.core.errors import REASONS
from stream_app.kafka.broker import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

RECORDS = 20_000


def test_hostile_records_end_as_they_should_and_none_is_lost(broker: Broker) -> None:
    run = run_hostile(broker.bootstrap_servers, RECORDS, seed=11)
    verdict = run.verdict
    assert (verdict.reviews, verdict.lost, verdict.duplicates, verdict.strange) == (RECORDS, 0, 0, 0)
    assert run.wrong == {}
    assert verdict.results + verdict.dead_letters == RECORDS
    assert run.kinds.keys() == KINDS.keys()
    assert run.reasons.keys() == {*REASONS} - {"result_too_large", "scoring_failed"}
