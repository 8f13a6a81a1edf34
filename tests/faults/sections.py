"""Every scenario there is, in the order of the page."""

import importlib
from pathlib import Path
from typing import Final, cast

from tests.faults.scenario import Scenario

_MODULES: Final = ("workers", "brokers", "cluster", "network", "topics", "machine")


def scenarios() -> tuple[Scenario, ...]:
    """The scenarios of all sections that are in this folder."""
    here = Path(__file__).parent
    modules = [
        importlib.import_module(f"tests.faults.{name}") for name in _MODULES if (here / f"{name}.py").exists()
    ]
    return tuple(one for module in modules for one in cast("tuple[Scenario, ...]", module.SCENARIOS))
