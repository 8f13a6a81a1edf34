"""How figures are written."""

from training.bootstrap import Interval


def figure(value: float) -> str:
    """Three places."""
    return f"{value:.3f}"


def signed(value: float) -> str:
    """Three places, always with a sign."""
    return f"{value:+.3f}"


def interval(found: Interval) -> str:
    """The value with the ends of its interval."""
    return f"{figure(found.value)} ({figure(found.low)} to {figure(found.high)})"


def signed_interval(found: Interval) -> str:
    """The same, always with signs."""
    return f"{signed(found.value)} ({signed(found.low)} to {signed(found.high)})"


def percent(share: float) -> str:
    """A share without places."""
    return f"{share:.0%}"


def count(number: int) -> str:
    """With commas between thousands."""
    return f"{number:,}"
