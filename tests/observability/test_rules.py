"""The rules in Prometheus' own tools, and the runbook beside them."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
RULES = REPOSITORY / "deploy/prometheus/rules"
RUNBOOK = REPOSITORY / "docs/runbook"


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = alerts()


def run(tool: str, *arguments: str) -> str:
    """What a tool of Prometheus says when it is content."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"no {tool}: install Prometheus and Alertmanager (Debian's packages)")
    command = [found, *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_rules_fire_when_they_should_and_not_before() -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", "tests/observability/rules_test.yml")


def test_every_alert_fires_in_a_test() -> None:
    text = (REPOSITORY / "tests/observability/rules_test.yml").read_text()
    cases = [case for test in yaml.safe_load(text)["tests"] for case in test.get("alert_rule_test", [])]
    told = {case["alertname"] for case in cases if case["exp_alerts"]}
    firing = set(re.findall(r'alertname="(\w+)", alertstate="firing"', text))
    assert {alert["alert"] for alert in ALERTS} == told | firing


def test_prometheus_and_alertmanager_take_their_configurations() -> None:
    assert "SUCCESS" in run("promtool", "check", "config", "deploy/prometheus/prometheus.yml")
    assert "SUCCESS" in run("amtool", "check-config", "deploy/alertmanager/alertmanager.yml")


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_how_bad_it_is_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}
    page = REPOSITORY / alert["annotations"]["runbook_url"]
    text = page.read_text()
    assert text.startswith(f"# {alert['alert']}\n")
    sections = [line for line in text.splitlines() if line.startswith("## ")]
    assert sections == ["## Meaning", "## Look here", "## Do this"]
    assert f"({page.name})" in (RUNBOOK / "README.md").read_text()


def test_no_page_of_the_runbook_is_left_over() -> None:
    assert {path.stem for path in RUNBOOK.glob("*.md")} == {alert["alert"] for alert in ALERTS} | {"README"}
