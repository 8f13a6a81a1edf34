"""What is promised, as figures that dashboards and alerts share."""

from typing import Final

LATENCY_BOUND: Final = "0.3"
"""Seconds from a record's timestamp to its result held by the broker; a bucket's bound as it is exported."""

LATENCY_BUDGET: Final = 0.01
"""Share of the results that may take longer."""

LOSS_BUDGET: Final = 0.0001
"""Share of the good reviews that may end without a result."""

FAST_BURN: Final = 14.4
"""Times the budget's even use: the budget of 30 days is gone after two (Google's SRE Workbook, chapter 5)."""

SLOW_BURN: Final = 6.0
"""The budget of 30 days is gone after five."""

OWN_FAULTS: Final = "scoring_failed|result_too_large"
"""Reasons of dead letters that are no fault of the review: a good one ends without a result."""

PSI_SHIFT: Final = 0.1
PSI_LARGE_SHIFT: Final = 0.25
"""Conventional limits of the population stability index."""
