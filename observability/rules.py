"""Recording rules and alerts, and the file that Prometheus reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import yaml

RUNBOOK_FOLDER: Final = "docs/runbook"
_HEADER: Final = (
    "# Written by `make dashboards` from observability/: change it there. For Prometheus 2.42 and later.\n"
)


@dataclass(frozen=True, slots=True)
class Recording:
    """A series computed again and again.

    Attributes:
        record: its name, as level:metric:operations.
        expr: PromQL.
    """

    record: str
    expr: str

    def to_dict(self) -> dict[str, object]:
        """As Prometheus reads it."""
        return {"record": self.record, "expr": self.expr}


@dataclass(frozen=True, slots=True)
class Alert:
    """What somebody is told of.

    Attributes:
        name: also of its page in the runbook.
        expr: PromQL; what it gives is what is wrong.
        lasting: how long it must give it, as PromQL writes a duration.
        severity: `page`: now; `ticket`: in working hours.
        summary: one line; may hold Prometheus' templates.
        description: what it means for those who wait for results.
    """

    name: str
    expr: str
    lasting: str
    severity: Literal["page", "ticket"]
    summary: str
    description: str

    def to_dict(self) -> dict[str, object]:
        """As Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.lasting,
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"{RUNBOOK_FOLDER}/{self.name}.md",
            },
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated in order, at one time."""

    name: str
    rules: Sequence[Recording | Alert]


def to_yaml(groups: Sequence[Group]) -> str:
    """A rule file."""
    content = {
        "groups": [
            {"name": group.name, "rules": [rule.to_dict() for rule in group.rules]} for group in groups
        ]
    }
    return _HEADER + yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True)
