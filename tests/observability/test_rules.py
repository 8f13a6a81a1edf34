"""The rules by Prometheus' own tools, and what hangs on them."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from observability.alerts import alerts
from observability.pace import DAY, HOUR, MINUTE, Pace
from observability.recordings import recordings
from observability.rules import Alert, Recording, to_yaml
from tests.observed import ALERTS, DEPLOY, RECORDS, RULES, exported, metric_names, recorded_names

REPOSITORY = DEPLOY.parent
CASES = Path(__file__).with_name("rules_test.yml")

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


def run(tool: str, *arguments: str) -> str:
    """What a tool of Prometheus says; a failure shows it."""
    found = shutil.which(tool)
    if not found:
        pytest.skip(f"no {tool} command: install Debian's prometheus and prometheus-alertmanager")
    done = subprocess.run(
        [found, *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_do_what_their_cases_say() -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", str(CASES))


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    text = CASES.read_text()
    fired = set(re.findall(r'alertname="(\w+)", alertstate="firing"', text))
    for case in yaml.safe_load(text)["tests"]:
        fired |= {one["alertname"] for one in case.get("alert_rule_test", []) if one["exp_alerts"]}
    assert fired == {alert["alert"] for alert in ALERTS}


def test_prometheus_takes_its_configuration() -> None:
    said = run("promtool", "check", "config", "deploy/prometheus/prometheus.yml")
    assert f"{len(ALERTS)} rules found" in said
    assert f"{len(RECORDS)} rules found" in said


def test_alertmanager_takes_its_configuration() -> None:
    assert "SUCCESS" in run("amtool", "check-config", "deploy/alertmanager/alertmanager.yml")


@pytest.mark.parametrize(("severity", "receiver"), [("page", "on-call"), ("ticket", "tickets")])
def test_each_severity_reaches_its_receiver(severity: str, receiver: str) -> None:
    options = ("config", "routes", "test", "--config.file=deploy/alertmanager/alertmanager.yml")
    assert run("amtool", *options, f"severity={severity}").strip() == receiver


def test_what_silences_an_alert_and_what_is_silenced_exists() -> None:
    names = {alert["alert"] for alert in ALERTS}
    read = yaml.safe_load((DEPLOY / "alertmanager/alertmanager.yml").read_text())
    for rule in read["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            (pattern,) = re.findall(r'^alertname=~?"(.*)"$', matcher)
            assert any(re.fullmatch(pattern, name) for name in names), matcher
            assert all(any(re.fullmatch(part, name) for name in names) for part in pattern.split("|")), (
                matcher
            )


@each_rule
def test_a_rule_asks_for_what_is_exported_or_recorded(rule: dict[str, Any]) -> None:
    assert metric_names(rule["expr"]) <= exported().keys()
    assert recorded_names(rule["expr"]) <= set(RECORDS)
    assert metric_names(rule["expr"]) or recorded_names(rule["expr"])


def test_every_recorded_series_is_used() -> None:
    used = set[str]().union(*(recorded_names(rule["expr"]) for rule in RULES))
    assert used == set(RECORDS)


@each_alert
def test_an_alert_says_how_bad_it_is_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    for text in ("summary", "description"):
        assert len(alert["annotations"][text]) > 20
    page = REPOSITORY / alert["annotations"]["runbook_url"]
    assert page == REPOSITORY / "docs/runbook" / f"{alert['alert']}.md"
    title, *sections = re.findall(r"^#+ .*$", page.read_text(), re.MULTILINE)
    assert title == f"# {alert['alert']}"
    assert sections == ["## Meaning", "## Look here", "## Do this"]


def test_the_runbook_has_no_page_without_an_alert() -> None:
    pages = {path.stem for path in (REPOSITORY / "docs/runbook").glob("*.md")}
    assert pages == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize(
    ("factor", "seconds", "text"),
    [
        (1, 30, "30s"),
        (1, 5 * MINUTE, "5m"),
        (1, 90 * MINUTE, "90m"),
        (1, 6 * HOUR, "6h"),
        (1, DAY, "1d"),
        (60, 5 * MINUTE, "5s"),
        (60, DAY, "24m"),
        (120, 5 * MINUTE, "2500ms"),
    ],
)
def test_a_duration_is_written_as_promql_reads_it(factor: int, seconds: int, text: str) -> None:
    assert Pace(factor).duration(seconds) == text


def test_a_faster_pace_changes_durations_and_limits_alone() -> None:
    def shape(pace: Pace) -> list[str]:
        rules = [rule for group in (*recordings(pace), *alerts(pace)) for rule in group.rules]
        return [rule.record if isinstance(rule, Recording) else rule.name for rule in rules]

    assert shape(Pace(60)) == shape(Pace())
    slowest = max((rule for group in alerts(Pace(60)) for rule in group.rules), key=_wait)
    assert _wait(slowest) == 30
    assert Pace(60).limit(MINUTE, at_least=15) == 15


def _wait(rule: Alert | Recording) -> int:
    assert isinstance(rule, Alert)
    number, unit = re.findall(r"(\d+)(\w+)", rule.lasting)[0]
    return int(number) * {"s": 1, "m": MINUTE}[unit]


def test_the_file_says_where_to_change_it() -> None:
    assert to_yaml([]).startswith("# Written by `make dashboards` from observability/")
