"""The generated dashboards and rules, as the tests read them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from stream_app.metrics import Metrics

DEPLOY = Path(__file__).parents[1] / "deploy"
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((DEPLOY / "grafana/dashboards").glob("*.json"))
}
PANELS: list[dict[str, Any]] = [
    panel for dashboard in DASHBOARDS.values() for panel in dashboard["panels"] if panel["type"] != "row"
]
QUERIES: list[str] = sorted({target["expr"] for panel in PANELS for target in panel["targets"]})
RULES: list[dict[str, Any]] = [
    rule
    for path in sorted((DEPLOY / "prometheus/rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDS = [rule["record"] for rule in RULES if "record" in rule]

_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}


def annotations() -> Iterator[str]:
    """The queries that mark something in every panel."""
    for dashboard in DASHBOARDS.values():
        yield from (one["expr"] for one in dashboard["annotations"]["list"])


def exported() -> dict[str, Metric]:
    """Every metric that a worker exports, by the names that its samples have."""
    registry = CollectorRegistry()
    Metrics(registry, "1.2.3")
    return {
        family.name + suffix: family
        for family in registry.collect()
        for suffix in _SUFFIXES.get(family.type, ("",))
    }


def metric_names(expression: str) -> set[str]:
    """The metrics that an expression asks for, recorded ones left out."""
    return set(re.findall(r"(?<![:\w])(?:stream_app|process|python)_[a-z_]+(?![:\w])", expression))


def recorded_names(expression: str) -> set[str]:
    """The recorded series that an expression asks for."""
    return set(re.findall(r"\bjob[a-z_]*:[a-z_]+:[a-z_0-9]+", expression))
