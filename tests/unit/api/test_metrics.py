import pytest
from prometheus_client import CollectorRegistry

from stream_app.api.metrics import COUNTERS, GAUGES, HISTOGRAMS, ApiMetrics
from stream_app.bundled import bundled
from stream_app.model_store import load_model


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> ApiMetrics:
    return ApiMetrics(registry, "1.2.3")


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"stream_app_{name}", labels)


def test_an_answer_is_counted_and_timed(metrics: ApiMetrics, registry: CollectorRegistry) -> None:
    for seconds in (0.002, 0.02, 0.3):
        metrics.answered("/v1/classify", 200, seconds)
    metrics.answered("/v1/classify", 422, 0.001)
    assert value(registry, "http_requests_total", route="/v1/classify", status="200") == 3
    assert value(registry, "http_requests_total", route="/v1/classify", status="422") == 1
    assert value(registry, "http_request_seconds_bucket", route="/v1/classify", le="0.02") == 3
    assert value(registry, "http_request_seconds_count", route="/v1/classify") == 4
    assert value(registry, "http_request_seconds_count", route="/") == 0


def test_the_model_in_use_is_the_only_one_shown(metrics: ApiMetrics, registry: CollectorRegistry) -> None:
    model = load_model(bundled("champion"), "inherited")
    metrics.model_loaded(model)
    metrics.model_loaded(model._replace(version="second"))
    assert value(registry, "model_info", version=model.version, sha256=model.sha256) is None
    assert value(registry, "model_info", version="second", sha256=model.sha256) == 1
    assert (value(registry, "model_loaded_timestamp_seconds") or 0) > 1.6e9


def test_reloads_are_counted_from_nought(metrics: ApiMetrics, registry: CollectorRegistry) -> None:
    metrics.model_reload("refused")
    assert value(registry, "model_reloads_total", outcome="refused") == 1
    assert value(registry, "model_reloads_total", outcome="loaded") == 0
    assert value(registry, "build_info", version="1.2.3") == 1


def test_every_metric_has_a_help_that_is_a_sentence(registry: CollectorRegistry) -> None:
    ApiMetrics(registry, "1.2.3")
    exported = {
        family.name.removeprefix("stream_app_"): family.documentation for family in registry.collect()
    }
    for name, row in (HISTOGRAMS | COUNTERS | GAUGES).items():
        assert exported[name.removesuffix("_total")] == row.help
        assert row.help.endswith(".")
