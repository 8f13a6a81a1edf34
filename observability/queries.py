"""PromQL of the panels, over the workers that the variables choose."""

from typing import Final

WORKERS: Final = 'job=~"$job", instance=~"$instance"'
PARTITIONS: Final = f'{WORKERS}, topic=~"$topic"'
INTERVAL: Final = "$__rate_interval"


def series(name: str, more: str = "", *, of: str = WORKERS) -> str:
    """The chosen workers' series of a metric."""
    return f"stream_app_{name}{{{of}{', ' if more else ''}{more}}}"


def rate(name: str, more: str = "", *, by: str = "", of: str = WORKERS) -> str:
    """Sum of the counters' rates per second, by labels where some are named."""
    return f"{_sum(by)}(rate({series(name, more, of=of)}[{INTERVAL}]))"


def share(name: str, part: str) -> str:
    """A part of a counter's rate among all of it."""
    return f"{rate(name, part)} / {rate(name)}"


def shares(name: str, by: str) -> str:
    """Each value's share of a counter's rate."""
    return f"{rate(name, by=by)} / ignoring ({by}) group_left {rate(name)}"


def quantile(of: float, histogram: str, *, by: str = "") -> str:
    """A quantile of a histogram."""
    return f"histogram_quantile({of}, {rate(f'{histogram}_bucket', by=f'le, {by}' if by else 'le')})"


def mean(histogram: str, *, by: str = "") -> str:
    """The mean of a histogram."""
    return f"{rate(f'{histogram}_sum', by=by)} / {rate(f'{histogram}_count', by=by)}"


def _sum(by: str) -> str:
    return f"sum by ({by}) " if by else "sum"
