"""`stream-train promote`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from training import registry
from training.commands.holdout import holdout_of
from training.commands.options import DataFolder
from training.commands.registry_options import (
    CHAMPION,
    TRACKING,
    ChampionAddress,
    First,
    TrackingUri,
    Waived,
    tracker,
)
from training.commands.steps import Announce, steps
from training.destinations import Target, target
from training.gates import Gate
from training.registry import RefusedError
from training.run_lock import LOCK_FILE, held
from training.tracking import Tracker


def promote_command(  # noqa: PLR0913, PLR0917 - each is an option
    candidate: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help="Folder below models/candidates.")
    ] = None,
    data: DataFolder = None,
    champion: ChampionAddress = CHAMPION,
    first: First = False,
    waive: Waived = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Bring the former champion back.")] = False,
    tracking_uri: TrackingUri = TRACKING,
) -> None:
    """Make a candidate the champion, if it is better on held-out reviews and passes every other gate."""
    if (candidate is None) != rollback:
        raise typer.BadParameter("expected either a candidate or --rollback")
    with steps() as announce, held(LOCK_FILE, "stream-train promote"):
        announce(f"opening MLflow at {tracking_uri}")
        place, log = target(champion), tracker(tracking_uri)
        if candidate is None:
            _roll_back(place, log, announce)
            return
        announce(f"judging {candidate}")
        try:
            promotion = registry.promote(
                candidate, place, holdout_of(data, announce), first=first, waived=waive or ()
            )
        except RefusedError as error:
            show_gates(error.gates)
            raise
        if log is not None:
            log.crown(candidate)
        if promotion is None:
            announce(f"{champion} is {candidate.name} already")
            return
        announce(f"{champion} is now {promotion.version}")
    show_gates(promotion.gates)


def _roll_back(place: Target, log: Tracker | None, announce: Announce) -> None:
    files = registry.rollback(place)
    if log is not None:
        with registry.checked_out(files) as folder:
            log.crown(folder)
    announce(f"{place.address} is {files.manifest.version} again")


def show_gates(gates: tuple[Gate, ...]) -> None:
    """A table of what was asked, on stderr."""
    table = Table("gate", "of", "figure", "limit", "passed")
    for gate in gates:
        table.add_row(gate.name, gate.of, gate.figure, gate.limit, "yes" if gate.passed else "NO")
    Console(stderr=True).print(table)
