import io
import time

import pytest
from rich.console import Console

from bench.api import Timed, send, show
from bench.schedule import Schedule
from tests.api import running_api


def timed(latency_s: float, status: int = 200) -> list[Timed]:
    return [Timed(n / 100, n / 100 + 0.001, n / 100 + latency_s, status) for n in range(1000)]


def test_every_request_is_sent_and_timed_from_when_it_was_due() -> None:
    schedule = Schedule(time.monotonic() + 0.2, 400.0, 80)
    bodies = [b'{"text": "Good."}', b'{"text": " "}']
    with running_api() as api:
        answered = send(api.port, bodies, schedule)
    assert [one.due_s for one in answered] == [schedule.intended(number) for number in range(80)]
    assert [one.status for one in answered] == [200, 422] * 40
    assert all(one.due_s <= one.sent_s <= one.answered_s for one in answered)


@pytest.mark.parametrize(
    ("requests", "code"),
    [(timed(0.005), 0), (timed(0.021), 3), (timed(0.005, 500), 1), (timed(0.021, 500), 1)],
)
def test_the_exit_code_tells_a_wrong_answer_and_a_limit_crossed(requests: list[Timed], code: int) -> None:
    assert show(requests, 100.0, Console(file=io.StringIO())) == code


def test_the_report_leaves_the_warm_up_out() -> None:
    slow_start = [one._replace(answered_s=one.due_s + 1) if one.due_s < 3 else one for one in timed(0.005)]
    out = io.StringIO()
    assert show(slow_start, 100.0, Console(file=out, width=200)) == 0
    assert "700 requests at 100/s" in out.getvalue()
    assert "p99 5.0 ms" in out.getvalue()
