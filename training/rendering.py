"""Templates, and how they write figures."""

from typing import Final

import jinja2

from stream_app.core.scoring import LABELS
from training import markdown
from training.notation import count, figure, interval, percent, signed
from training.provenance import QUOTABLE

SIDES: Final = ("train", "tune", "test", "familiar")


def render(template: str, **values: object) -> str:
    """A template of training/templates, filled in.

    Raises:
        jinja2.UndefinedError: the template asks for a value that is not there.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("training", "templates"),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "figure": figure,
        "signed": signed,
        "interval": interval,
        "percent": percent,
        "count": count,
    }
    environment.globals |= {
        "labels": LABELS,
        "sides": SIDES,
        "quotable": sorted(QUOTABLE),
        "table": markdown.table,
        "macro_f1_table": markdown.macro_f1_table,
        "difference_table": markdown.difference_table,
        "own_table": markdown.own_table,
        "behaviour_table": markdown.behaviour_table,
    }
    return environment.get_template(template).render(values)
