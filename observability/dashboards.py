"""A dashboard around its panels: variables, annotations, sections."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from observability.panels import DATASOURCE, Panel
from observability.queries import series

TAG: Final = "review-sentiment"

_VERSIONS: Final = f"count by (version) ({series('model_info')})"


@dataclass(frozen=True, slots=True)
class Section:
    """Panels below a question; the first section has none and is what one looks at."""

    title: str
    panels: Sequence[Panel]


class _ModelChanges(models.AnnotationQuery):
    """With the fields that Grafana's Prometheus plugin adds and the schema does not know."""

    def to_json(self) -> dict[str, object]:
        return super().to_json() | {
            "titleFormat": "Model {{version}}",
            "textFormat": "first seen in a worker",
            "tagKeys": "version",
            "step": "15s",
        }


class _ModelChangesBuilder(builders.AnnotationQuery):
    def __init__(self) -> None:
        super().__init__()
        self._internal = _ModelChanges()


def new_dashboard(uid: str, title: str, description: str, sections: Sequence[Section]) -> models.Dashboard:
    """The dashboard, to be shown and not to be edited: changes belong into the code."""
    made = builders.Dashboard(title).uid(uid).description(description).tags([TAG]).timezone("browser")
    made.readonly().tooltip(models.DashboardCursorSync.CROSSHAIR).refresh("5s").time("now-30m", "now")
    for variable in _variables():
        made.with_variable(variable)
    made.annotation(_model_changes())
    made.link(
        builders.DashboardLink("Dashboards")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .keep_time(True)
        .include_vars(True)
    )
    ids = iter(range(1, 1000))
    for section in sections:
        if section.title:
            made.with_row(builders.Row(section.title).id(next(ids)))
        for panel in section.panels:
            made.with_panel(panel.id(next(ids)))
    return _without_intervals(made.build())


def _without_intervals(dashboard: models.Dashboard) -> models.Dashboard:
    """Take out what belongs to variables of intervals and the SDK gives to each."""
    for variable in dashboard.templating.list_val or []:
        variable.auto = variable.auto_min = variable.auto_count = None
    return dashboard


def _variables() -> list[builders.DatasourceVariable | builders.QueryVariable]:
    source = builders.DatasourceVariable("datasource").label("Data source").type("prometheus")
    return [
        source.current(models.VariableOption(text="Prometheus", value="prometheus")),
        _labels("job", "Job", "stream_app_build_info"),
        _labels("instance", "Worker", 'stream_app_build_info{job=~"$job"}'),
        _labels("topic", "Topic", 'stream_app_offset_gaps_total{job=~"$job", instance=~"$instance"}'),
    ]


def _labels(name: str, label: str, of: str) -> builders.QueryVariable:
    """Every value of a label, all of them chosen at first."""
    query = {"qryType": 1, "query": f"label_values({of}, {name})", "refId": "variable"}
    variable = builders.QueryVariable(name).label(label).datasource(DATASOURCE).query(query)
    variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
    variable.sort(models.VariableSort.ALPHABETICAL_ASC).multi(True).include_all(True).all_value(".*")
    return variable.current(models.VariableOption(text=["All"], value=["$__all"]))


def _model_changes() -> builders.AnnotationQuery:
    """A mark where a version is there that was not there one step before."""
    expr = f"{_VERSIONS} unless {_VERSIONS.removesuffix(')')} offset $__interval)"
    made = _ModelChangesBuilder().name("Model changes").datasource(DATASOURCE).icon_color("purple")
    return made.enable(True).expr(expr)
