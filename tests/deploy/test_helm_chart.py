"""The Helm chart, rendered by Helm, against the schemas of Kubernetes, KEDA and the Prometheus Operator."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from stream_app.settings import Settings, load_settings
from tests.conftest import REPOSITORY
from tests.go_modules import helm, module_folder

pytestmark = pytest.mark.timeout(1200)  # Helm is built once, from its Go module

Resource = dict[str, Any]

CHART = REPOSITORY / "deploy/helm/review-sentiment-stream"
KUBERNETES = "1.33"
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
KEDA = "github.com/kedacore/keda/v2@v2.21.0"
DEFINITIONS = {
    "ServiceMonitor": (
        OPERATOR,
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    ),
    "PrometheusRule": (
        OPERATOR,
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
    "ScaledObject": (KEDA, "config/crd/bases/keda.sh_scaledobjects.yaml"),
    "TriggerAuthentication": (KEDA, "config/crd/bases/keda.sh_triggerauthentications.yaml"),
}
RULES = """
# An example of a rule whose text has braces of its own.
groups:
  - name: example
    rules:
      - alert: StreamStalled
        expr: stream_app_lag_records > 0
        for: 5m
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.topic }} waits: {{ $value }}"}
"""

EVERYTHING: Resource = {
    "config": {
        "BOOTSTRAP_SERVERS": "kafka-1:9093,kafka-2:9094",
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_MECHANISM": "SCRAM-SHA-512",
        "SASL_USERNAME": "worker",
        "DRAIN_TIMEOUT_S": 20.5,
        "MAX_BATCH": 128,
    },
    "secrets": {"SASL_PASSWORD": "for-the-test"},
    "tls": {"existingSecret": "kafka-tls", "clientCertificate": True},
    "model": {"existingClaim": "models"},
    "autoscaling": {"enabled": True},
    "monitoring": {"enabled": True, "labels": {"release": "prometheus"}},
    "retrain": {"enabled": True, "image": "review-sentiment-train:0.1.0"},
}
VALUES: dict[str, Resource] = {
    "defaults": {},
    "everything": EVERYTHING,
    "secrets of others": EVERYTHING | {"secrets": {"existingSecret": "kafka-login"}},
    "autoscaling off": EVERYTHING | {"autoscaling": {"enabled": False}},
    "api off": EVERYTHING | {"api": {"enabled": False}},
    "tokens": EVERYTHING
    | {
        "config": EVERYTHING["config"]
        | {
            "SASL_MECHANISM": "OAUTHBEARER",
            "SASL_OAUTH_TOKEN_URL": "https://login.example/token",
            "SASL_OAUTH_SCOPE": "kafka",
        }
    },
    "the least": {
        "api": {"enabled": False},
        "topics": {"create": False},
        "podDisruptionBudget": {"enabled": False},
        "networkPolicy": {"enabled": False},
    },
}


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart, with a rules file of the test's own beside those of deploy/."""
    folder = tmp_path_factory.mktemp("chart") / CHART.name
    shutil.copytree(CHART, folder)
    (folder / "files/rules").mkdir(exist_ok=True)
    (folder / "files/rules/example_of_test.yml").write_text(RULES)
    return folder


def run_helm(*arguments: str | Path, values: Resource, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder.parent / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    return subprocess.run(
        [helm(), *arguments, "--values", file], capture_output=True, text=True, check=False, timeout=60
    )


def rendered(chart: Path, values: Resource) -> list[Resource]:
    done = run_helm("template", "reviews", chart, values=values, folder=chart)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(resources: list[Resource], kind: str) -> list[Resource]:
    return [resource for resource in resources if resource["kind"] == kind]


def pods(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    """The component and the pod's spec of each workload."""
    for resource in resources:
        spec = resource.get("spec", {})
        template = spec.get("jobTemplate", {"spec": spec})["spec"].get("template")
        if template:
            yield template["metadata"]["labels"]["app.kubernetes.io/component"], template["spec"]


def strict(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """An unknown field is dropped by the API server without a word: here it is an error."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and "x-kubernetes-preserve-unknown-fields" not in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def definition(kind: str, version: str) -> Draft202012Validator:
    """What a custom resource definition says of a kind, but for metadata, which is Kubernetes' own."""
    module, path = DEFINITIONS[kind]
    content = yaml.safe_load((module_folder(module) / path).read_text())
    (schema,) = [v["schema"] for v in content["spec"]["versions"] if v["name"] == version.rpartition("/")[2]]
    closed = strict(schema["openAPIV3Schema"])
    closed["properties"]["metadata"] = {"type": "object"}
    return Draft202012Validator(closed)


@pytest.mark.parametrize("values", VALUES)
def test_whatever_the_values_each_resource_is_valid(chart: Path, values: str) -> None:
    resources = rendered(chart, VALUES[values])
    assert resources
    for resource in resources:
        if resource["kind"] in DEFINITIONS:
            definition(resource["kind"], resource["apiVersion"]).validate(resource)
        else:
            kubernetes_validate.validate(resource, KUBERNETES, strict=True)


@pytest.mark.parametrize("values", VALUES)
def test_helm_finds_nothing_to_complain_of(chart: Path, values: str) -> None:
    done = run_helm("lint", "--strict", chart, values=VALUES[values], folder=chart)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", VALUES)
def test_no_pod_may_do_more_than_it_needs(chart: Path, values: str) -> None:
    found = list(pods(rendered(chart, VALUES[values])))
    assert found
    for _, pod in found:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize(("given", "drain_s"), [({}, 9), ({"DRAIN_TIMEOUT_S": 20.5}, 20.5)])
def test_a_worker_has_longer_to_end_than_its_drain_takes(
    chart: Path, given: Resource, drain_s: float
) -> None:
    values = {"config": {"BOOTSTRAP_SERVERS": "kafka:9092", **given}}
    worker = dict(pods(rendered(chart, values)))["worker"]
    assert worker["terminationGracePeriodSeconds"] >= drain_s + 10
    assert Settings.model_fields["drain_timeout_s"].default == 9


def test_autoscaling_decides_about_replicas_or_the_values_do(chart: Path) -> None:
    def worker_of(values: Resource) -> Resource:
        return next(
            found
            for found in of_kind(rendered(chart, values), "Deployment")
            if found["metadata"]["name"] == "reviews-worker"
        )

    assert "replicas" not in worker_of(EVERYTHING)["spec"]
    assert worker_of(VALUES["autoscaling off"])["spec"]["replicas"] == 2
    (scaled,) = of_kind(rendered(chart, EVERYTHING), "ScaledObject")
    (trigger,) = scaled["spec"]["triggers"]
    assert scaled["spec"]["scaleTargetRef"]["name"] == worker_of(EVERYTHING)["metadata"]["name"]
    defaults = Settings.model_fields
    assert trigger["metadata"]["topic"] == defaults["input_topic"].default
    assert trigger["metadata"]["consumerGroup"] == defaults["group_id"].default
    assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")


def test_no_password_is_outside_of_the_secret(chart: Path) -> None:
    resources = rendered(chart, EVERYTHING)
    (secret,) = of_kind(resources, "Secret")
    assert set(secret["data"]) == {"STREAM_SASL_PASSWORD"}
    every_password = {name.upper() for name in Settings.model_fields if name.endswith("password")}
    assert every_password == set(yaml.safe_load((CHART / "values.yaml").read_text())["secrets"]) - {
        "existingSecret"
    }
    others = [resource for resource in resources if resource is not secret]
    assert "for-the-test" not in json.dumps(others)
    assert of_kind(rendered(chart, VALUES["secrets of others"]), "Secret") == []


def test_every_setting_of_the_chart_is_one_of_the_product(chart: Path) -> None:
    (config,) = of_kind(rendered(chart, VALUES["tokens"]), "ConfigMap")[:1]
    names = {name.removeprefix("STREAM_").lower() for name in config["data"]}
    known = set(Settings.model_fields) | {"api_host", "api_port"}
    assert {"ssl_ca_file", "ssl_key_file", "model_path", "max_batch"} <= names
    assert names - known == set()
    values = {name: value for name, value in config["data"].items() if "API_" not in name}
    password = {"sasl_password": "given"}
    read = {name.removeprefix("STREAM_").lower(): value for name, value in values.items()}
    assert load_settings(**read, **password).drain_timeout_s == 20.5


def test_each_policy_opens_what_its_pod_needs_and_no_more(chart: Path) -> None:
    policies = {
        policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: policy["spec"]
        for policy in of_kind(rendered(chart, EVERYTHING), "NetworkPolicy")
    }
    assert set(policies) == set(dict(pods(rendered(chart, EVERYTHING))))
    for component, port in {"worker": "metrics", "api": "http"}.items():
        (rule,) = policies[component]["ingress"]
        assert [entry["port"] for entry in rule["ports"]] == [port]
    assert policies["topics"]["ingress"] == []
    kafka = policies["worker"]["egress"][1]["ports"]
    assert [entry["port"] for entry in kafka] == [9093, 9094]


def test_rules_keep_their_own_braces_and_dashboards_are_json(chart: Path) -> None:
    resources = rendered(chart, EVERYTHING)
    (rule,) = [r for r in of_kind(resources, "PrometheusRule") if r["metadata"]["name"].endswith("of-test")]
    assert "{{ $labels.topic }}" in json.dumps(rule)
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    maps = [m for m in of_kind(resources, "ConfigMap") if "grafana_dashboard" in m["metadata"]["labels"]]
    titles = [json.loads(text)["title"] for found in maps for text in found["data"].values()]
    assert len(titles) == len(list((REPOSITORY / "deploy/grafana/dashboards").glob("*.json")))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"config": {"BOOTSTRAP_SERVERS": "kafka"}}, "BOOTSTRAP_SERVERS"),
        ({"config": {"SASL_PASSWORD": "in the open"}}, "SASL_PASSWORD"),
        ({"config": {"STREAM_MAX_BATCH": 1}}, "STREAM_MAX_BATCH"),
        ({"worker": {"replica": 1}}, "replica"),
        ({"retrain": {"enabled": True}}, "retrain.image"),
        ({"retrain": {"enabled": True, "image": "a:b"}}, "model.existingClaim"),
    ],
)
def test_a_wrong_value_is_refused_by_name(chart: Path, values: Resource, says: str) -> None:
    done = run_helm("template", "reviews", chart, values=values, folder=chart)
    assert done.returncode != 0
    assert says in done.stderr


def test_the_notes_tell_how_to_reach_the_api(chart: Path) -> None:
    for values, told in ((EVERYTHING, True), (VALUES["api off"], False)):
        done = run_helm("install", "reviews", chart, "--dry-run=client", values=values, folder=chart)
        assert "stream-app topics check" in done.stdout, done.stderr
        assert ("port-forward service/reviews-api" in done.stdout) is told


def test_the_copies_in_the_chart_are_current() -> None:
    deploy = REPOSITORY / "deploy"
    rules = [path for path in (deploy / "prometheus").rglob("*.yml") if _is_rules(path)]
    expected = [*(deploy / "grafana/dashboards").glob("*.json"), *rules]
    copies = [path for path in (CHART / "files").rglob("*") if path.is_file()]
    wanted = {path.name: path.read_text() for path in expected}
    assert {path.name: path.read_text() for path in copies} == wanted, "run `make chart`"


def _is_rules(path: Path) -> bool:
    return "groups" in cast("Resource", yaml.safe_load(path.read_text()))


def test_the_readme_of_the_chart_names_every_value() -> None:
    text = (CHART / "README.md").read_text()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert [name for name in values if f"`{name}`" not in text] == []
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert set(schema["properties"]) - {"global"} == set(values)
