import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric

from observability.generated import generated
from stream_app.metrics import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from stream_app.settings import Settings
from tests.observed import DASHBOARDS, DEPLOY, PANELS, QUERIES, annotations, exported, metric_names

EXPRESSIONS = [*QUERIES, *sorted(set(annotations()))]

each_dashboard = pytest.mark.parametrize("name", DASHBOARDS)
each_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
each_expression = pytest.mark.parametrize("expression", EXPRESSIONS)


@pytest.fixture(scope="module")
def families() -> dict[str, Metric]:
    return exported()


def labels_of(name: str) -> set[str]:
    table = HISTOGRAMS | COUNTERS | GAUGES
    base = name.removeprefix(PREFIX)
    row = table.get(base) or table.get(re.sub(r"_(bucket|sum|count)$", "", base))
    return {"job", "instance", "le", *(row.labels if row else ())}


@pytest.mark.parametrize("place", generated())
def test_the_committed_files_are_those_of_the_code(place: str) -> None:
    assert (DEPLOY.parent / place).read_text() == generated()[place], "run `make dashboards`"


def test_every_committed_file_is_generated() -> None:
    folders = (DEPLOY / "grafana/dashboards", DEPLOY / "prometheus/rules")
    found = {str(path.relative_to(DEPLOY.parent)) for folder in folders for path in folder.iterdir()}
    assert found == set(generated())


@each_panel
def test_a_panel_says_what_it_shows_in_which_unit_and_from_where_on_it_is_bad(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 20
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    first, *others = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert first["value"] is None
    values = [step["value"] for step in others]
    assert values == sorted(set(values))
    assert panel["targets"]


@each_panel
def test_a_panel_asks_the_chosen_data_source_for_the_chosen_workers(panel: dict[str, Any]) -> None:
    for part in (panel, *panel["targets"]):
        assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        selectors = re.findall(r"(\w+)\{(.*?)\}", target["expr"])
        assert selectors
        for metric, selector in selectors:
            assert selector.startswith('job=~"$job", instance=~"$instance"'), metric


@each_panel
def test_a_panel_of_partitions_shows_the_chosen_topics(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        for metric, selector in re.findall(r"(\w+)\{(.*?)\}", target["expr"]):
            shown = "topic" in labels_of(metric) and "by (job, instance)" not in target["expr"]
            assert ('topic=~"$topic"' in selector) == shown


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
            kept = ", ".join(groups or labels_of(next(iter(metric_names(target["expr"])))))
            assert label in kept.split(", ")


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


@each_dashboard
def test_the_panels_fill_a_grid_without_overlap(name: str) -> None:
    panels = DASHBOARDS[name]["panels"]

    def cells(panel: dict[str, Any]) -> Iterator[tuple[int, int]]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            yield from ((x, y) for y in range(place["y"], place["y"] + place["h"]))

    taken = [cell for panel in panels for cell in cells(panel)]
    assert len(taken) == len(set(taken)) == 24 * (1 + max(y for _, y in taken))
    assert max(x for x, _ in taken) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_overview_answers_three_questions_in_its_first_row() -> None:
    panels = DASHBOARDS["stream"]["panels"]
    first = [panel["title"] for panel in panels if panel["gridPos"]["y"] == 0]
    assert {"Latency, p99", "Reviews per second", "Oldest waiting review", "Agreement", "Drift"} <= set(first)
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    assert rows == ["Is it fast?", "Is it keeping up?", "Is it right?", "Workers"]


@each_dashboard
def test_a_dashboard_can_be_pointed_at_a_job_a_worker_and_a_topic(name: str) -> None:
    variables = {variable["name"]: variable for variable in DASHBOARDS[name]["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance", "topic"]
    for label in ("job", "instance", "topic"):
        query = variables[label]["query"]["query"]
        (metric,) = metric_names(query)
        assert metric in exported()
        assert label in labels_of(metric)
        assert query.endswith(f", {label})")
        assert (variables[label]["multi"], variables[label]["allValue"]) == (True, ".*")


def test_dashboards_have_uids_of_their_own_and_nobody_edits_them() -> None:
    uids = [dashboard["uid"] for dashboard in DASHBOARDS.values()]
    assert sorted(uids) == ["review-sentiment-model", "review-sentiment-stream"]
    assert not any(dashboard["editable"] for dashboard in DASHBOARDS.values())


def read_yaml(place: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / place).read_text())
    return read


def test_the_provisioned_data_source_is_the_one_that_the_dashboards_begin_with() -> None:
    (source,) = read_yaml("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    for dashboard in DASHBOARDS.values():
        assert dashboard["templating"]["list"][0]["current"]["value"] == source["uid"]
    scrape = read_yaml("prometheus/prometheus.yml")["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape


def test_prometheus_scrapes_the_default_ports() -> None:
    worker, api = read_yaml("prometheus/prometheus.yml")["scrape_configs"]
    (discovery,) = worker["dns_sd_configs"]
    assert (discovery["names"], discovery["type"]) == (["worker"], "A")
    assert discovery["port"] == Settings().http_port
    assert api["static_configs"] == [{"targets": [f"api:{Settings().api_port}"]}]


def test_grafana_reads_dashboards_from_a_folder() -> None:
    (provider,) = read_yaml("grafana/provisioning/dashboards/stream.yml")["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    compose = (DEPLOY.parent / "docker-compose.yml").read_text()
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in compose
    home = re.search(r"GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: (\S+)", compose)
    assert home
    assert json.loads((DEPLOY / "grafana/dashboards" / Path(home[1]).name).read_text())["uid"]
