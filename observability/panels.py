"""Panels: each says what it shows, in which unit, and from where on it is bad."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import common, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

Panel = stat.Panel | timeseries.Panel | heatmap.Panel | table.Panel
Thresholds = Sequence[tuple[float, str]]
_P = TypeVar("_P", stat.Panel, timeseries.Panel, heatmap.Panel, table.Panel)

DATASOURCE: Final = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL and how its series are called; `{{label}}` stands for a label's value."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What every panel has.

    Attributes:
        title: what it shows.
        description: how to read it, and when to worry.
        unit: as Grafana names it.
        queries: at least one.
        base: colour below the first threshold.
        thresholds: from which value on which colour, ascending.
        width: of 24.
    """

    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    base: str = GREEN
    thresholds: Thresholds = ()
    width: int = 8


def number(facts: Facts, *, names: bool = False) -> Panel:
    """The newest value, large; with `names` what the series is called instead."""
    panel = _with_facts(stat.Panel(), facts, height=4)
    panel.color_mode(common_models.BigValueColorMode.VALUE)
    panel.graph_mode(common_models.BigValueGraphMode.NONE if names else common_models.BigValueGraphMode.AREA)
    several = len(facts.queries) > 1
    shown = common_models.BigValueTextMode.VALUE_AND_NAME if several else common_models.BigValueTextMode.VALUE
    panel.text_mode(common_models.BigValueTextMode.NAME if names else shown)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    return panel


def lines(facts: Facts, *, stacked: bool = False) -> Panel:
    """Values over time; thresholds are dashed lines. Stacked for shares of a whole."""
    panel = _with_facts(timeseries.Panel(), facts, height=8).min(0)
    panel.color_scheme(builders.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    panel.line_width(1).fill_opacity(70 if stacked else 8)
    panel.show_points(common_models.VisibilityMode.NEVER)
    panel.legend(
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(common_models.LegendDisplayMode.LIST)
        .placement(common_models.LegendPlacement.BOTTOM)
        .calcs([])
    )
    panel.tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
    if facts.thresholds:
        dashed = common_models.GraphThresholdsStyleMode.DASHED
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(dashed))
    if stacked:
        panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL)).max(1)
    return panel


def heat(facts: Facts) -> Panel:
    """A histogram over time: the query gives the rates of its buckets by `le`."""
    panel = _with_facts(heatmap.Panel(), facts, height=8, format_=PromQueryFormat.HEATMAP)
    panel.calculate(False).cell_gap(1)
    panel.y_axis(heatmap.YAxisConfig().unit(facts.unit).axis_placement(common_models.AxisPlacement.LEFT))
    panel.color(
        heatmap.HeatmapColorOptions()
        .mode(heatmap_models.HeatmapColorMode.SCHEME)
        .scheme("Blues")
        .scale(heatmap_models.HeatmapColorScale.EXPONENTIAL)
        .exponent(0.5)
        .steps(64)
    )
    panel.filter_values(heatmap.FilterValueRange().le(1e-9))
    panel.mode(common_models.TooltipDisplayMode.SINGLE)
    return panel


def rows(facts: Facts, hidden: Sequence[str], order: Sequence[str]) -> Panel:
    """The newest labels of each series as a table, without the columns named."""
    panel = _with_facts(table.Panel(), facts, height=6, format_=PromQueryFormat.TABLE)
    options = {
        "excludeByName": dict.fromkeys(hidden, True),
        "indexByName": {name: place for place, name in enumerate(order)},
    }
    return panel.with_transformation(models.DataTransformerConfig(id_val="organize", options=options))


def _with_facts(
    panel: _P, facts: Facts, height: int, format_: PromQueryFormat = PromQueryFormat.TIME_SERIES
) -> _P:
    panel.title(facts.title).description(facts.description).unit(facts.unit).datasource(DATASOURCE)
    panel.height(height).span(facts.width)
    steps = [models.Threshold(None, facts.base)]
    steps += [models.Threshold(value, color) for value, color in facts.thresholds]
    panel.thresholds(builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))
    panel.color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
    for letter, query in zip("ABCDEFGH", facts.queries, strict=False):
        panel.with_target(_target(letter, query, format_))
    return panel


def _target(letter: str, query: Query, format_: PromQueryFormat) -> prometheus.Dataquery:
    target = prometheus.Dataquery().ref_id(letter).datasource(DATASOURCE).format(format_)
    target.expr(query.expr).legend_format(query.legend)
    return target.instant() if format_ == PromQueryFormat.TABLE else target.range()
