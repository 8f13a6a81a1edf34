"""Points in time as people type them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_time(text: str, now: datetime) -> int:
    """Milliseconds since the epoch.

    Args:
        text: ISO 8601 (`2026-11-24`, `2026-11-24T08:30`, `…+01:00`; without a zone it is UTC), or how long
            ago (`90s`, `15m`, `2h`, `3d`), to the second, so that it can be said again as it is shown.
        now: the present, with its zone.

    Raises:
        ValueError: it is neither; the message says what was expected.
    """
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return _milliseconds(now.replace(microsecond=0) - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: expected one like 2026-11-24T08:30 (UTC) or 2026-11-24T08:30+01:00, "
            "or how long ago, like 90s, 15m, 2h or 3d"
        ) from None
    return _milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def show_time(timestamp_ms: int) -> str:
    """The time to the second, in UTC, in a form that `parse_time` reads."""
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
