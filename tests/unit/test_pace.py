from stream_app.pace import Pace


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_steps_come_at_the_rate() -> None:
    clock = Clock()
    pace = Pace(4, clock, clock.sleep)
    for _ in range(5):
        pace.wait()
    assert clock.slept == [0.25] * 4


def test_a_delay_is_caught_up_with() -> None:
    clock = Clock()
    pace = Pace(10, clock, clock.sleep)
    pace.wait()
    clock.now += 0.25
    for _ in range(3):
        pace.wait()
    assert [round(seconds, 6) for seconds in clock.slept] == [0.05]


def test_without_a_rate_nothing_waits() -> None:
    clock = Clock()
    pace = Pace(None, clock, clock.sleep)
    pace.wait()
    pace.wait()
    assert clock.slept == []
