"""Every generated file, by its place in the repository."""

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from observability.alerts import alerts
from observability.model_dashboard import model_dashboard
from observability.pace import Pace
from observability.recordings import recordings
from observability.rules import to_yaml
from observability.stream_dashboard import stream_dashboard


def generated() -> dict[str, str]:
    """Content by path."""
    return {
        "deploy/grafana/dashboards/stream.json": _to_json(stream_dashboard()),
        "deploy/grafana/dashboards/model.json": _to_json(model_dashboard()),
        "deploy/prometheus/rules/recordings.yml": to_yaml(recordings(Pace())),
        "deploy/prometheus/rules/alerts.yml": to_yaml(alerts(Pace())),
    }


def _to_json(dashboard: Dashboard) -> str:
    return json.dumps(dashboard, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
