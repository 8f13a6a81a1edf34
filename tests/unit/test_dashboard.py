import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from stream_app.metrics import COUNTERS, GAUGES, HISTOGRAMS, PREFIX, Metrics
from stream_app.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/dashboards/stream.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
EXPRESSIONS: list[str] = [target["expr"] for panel in PANELS for target in panel["targets"]]
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}

each_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
each_expression = pytest.mark.parametrize("expression", EXPRESSIONS)


@pytest.fixture(scope="module")
def families() -> dict[str, Metric]:
    registry = CollectorRegistry()
    Metrics(registry, "1.2.3")
    return {
        family.name + suffix: family
        for family in registry.collect()
        for suffix in SUFFIXES.get(family.type, ("",))
    }


def metric_names(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:stream_app|process|python)_[a-z_]+", expression))


def labels_of(name: str) -> set[str]:
    table = HISTOGRAMS | COUNTERS | GAUGES
    base = name.removeprefix(PREFIX)
    row = table.get(base) or table.get(re.sub(r"_(bucket|sum|count)$", "", base))
    return {"job", "instance", "le", *(row.labels if row else ())}


@each_panel
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert panel["targets"]


@each_panel
def test_a_panel_asks_the_chosen_data_source_for_the_chosen_workers(panel: dict[str, Any]) -> None:
    for part in (panel, *panel["targets"]):
        assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        selectors = re.findall(r"\{(.*?)\}", target["expr"])
        assert selectors
        assert all('job=~"$job", instance=~"$instance"' in selector for selector in selectors)


@each_expression
def test_every_metric_asked_for_is_exported(expression: str, families: dict[str, Metric]) -> None:
    assert metric_names(expression)
    assert metric_names(expression) <= families.keys()


@each_expression
def test_labels_in_groups_are_those_of_the_metrics(expression: str) -> None:
    known = set[str]().union(*(labels_of(name) for name in metric_names(expression)))
    for group in re.findall(r"\b(?:by|on|ignoring) \(([^)]*)\)", expression):
        assert set(group.split(", ")) <= known


@each_panel
def test_a_legend_names_labels_that_the_expression_keeps(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            groups = re.findall(r"\bby \(([^)]*)\)", target["expr"])
            assert label in (", ".join(groups) if groups else "job, instance")


@each_expression
def test_a_quantile_is_taken_over_the_rates_of_buckets(expression: str) -> None:
    for start in re.findall(r"histogram_quantile\(.{0,80}", expression):
        assert re.match(
            r"histogram_quantile\(0\.\d+, sum by \(le(, \w+)?\) \(rate\(stream_app_\w+_bucket", start
        )


@each_expression
def test_a_bucket_asked_for_by_its_bound_exists(expression: str, families: dict[str, Metric]) -> None:
    for name, bound in re.findall(r'(\w+_bucket)\{[^}]*\ble="([^"]*)"', expression):
        assert bound in {sample.labels.get("le") for sample in families[name].samples}


@each_expression
def test_a_value_of_a_label_asked_for_is_one_that_is_exported(expression: str) -> None:
    for name, label, value in re.findall(r'stream_app_(\w+)\{[^}]*, (?!le)(\w+)!?="(\w+)"\}', expression):
        row = (COUNTERS | HISTOGRAMS)[re.sub(r"_(bucket|sum|count)$", "", name)]
        assert label in row.labels
        assert value in row.values


def test_the_panels_fill_a_grid_without_overlap() -> None:
    def cells(panel: dict[str, Any]) -> Iterator[tuple[int, int]]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            yield from ((x, y) for y in range(place["y"], place["y"] + place["h"]))

    taken = [cell for panel in PANELS for cell in cells(panel)]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_the_dashboard_can_be_pointed_at_a_job_and_a_worker() -> None:
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance"]
    for name in ("job", "instance"):
        assert metric_names(variables[name]["definition"]) == {"stream_app_build_info"}
        assert variables[name]["query"]["query"] == variables[name]["definition"]
    assert DASHBOARD["uid"] == "review-sentiment-stream"


def test_the_provisioned_data_source_is_the_one_that_the_dashboard_begins_with() -> None:
    text = (DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text()
    (source,) = yaml.safe_load(text)["datasources"]
    assert DASHBOARD["templating"]["list"][0]["current"]["value"] == source["uid"]
    scrape = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape


def test_prometheus_scrapes_the_workers_default_port() -> None:
    (job,) = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    (discovery,) = job["dns_sd_configs"]
    assert (discovery["names"], discovery["type"]) == (["worker"], "A")
    assert discovery["port"] == Settings().http_port


def test_grafana_reads_dashboards_from_a_folder() -> None:
    text = (DEPLOY / "grafana/provisioning/dashboards/stream.yml").read_text()
    (provider,) = yaml.safe_load(text)["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
