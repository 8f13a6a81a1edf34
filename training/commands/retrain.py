"""`stream-train retrain`."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.core.manifest import Preset
from training import registry
from training.commands.candidate import make_candidate
from training.commands.drift import LAST, Last, Thresholds, compared, over_the_limit
from training.commands.holdout import holdout_of
from training.commands.layers import build
from training.commands.options import DataFolder, Seed
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
from training.destinations import target
from training.drift import Limits
from training.registry import Promotion
from training.retrain import Inputs, retrain
from training.run_lock import LOCK_FILE, held
from training.train import RecipeName, train

IfDegraded = Annotated[
    str | None,
    typer.Option(
        "--if-degraded",
        metavar="RESULTS",
        help="Only when `stream-train drift RESULTS` is over a limit.",
    ),
]


def retrain_command(  # noqa: PLR0913, PLR0917 - each is an option
    data: DataFolder = None,
    if_degraded: IfDegraded = None,
    last: Last = LAST,
    thresholds: Thresholds = "inherited",
    recipe: Annotated[RecipeName, typer.Option(help="How to make the model.")] = "champion",
    seed: Seed = 0,
    champion: ChampionAddress = CHAMPION,
    first: First = False,
    waive: Waived = None,
    tracking_uri: TrackingUri = TRACKING,
) -> None:
    """From reviews to a new champion as one job; run again, it goes on where it was broken off."""
    with steps() as announce, held(LOCK_FILE, "stream-train retrain"):
        if if_degraded is not None and not _is_degraded(if_degraded, last, champion, thresholds, announce):
            return
        gold = build(data, seed, announce)
        log, place = tracker(tracking_uri), target(champion)

        def make() -> Path:
            return make_candidate(train(recipe, gold, announce, seed), gold, log, announce)[0]

        def promote(candidate: Path) -> Promotion | None:
            announce(f"judging {candidate}")
            holdout = holdout_of(data, announce)
            promotion = registry.promote(candidate, place, holdout, first=first, waived=waive or ())
            if log is not None:
                log.crown(candidate)
            announce(f"{champion} is {candidate.name}")
            return promotion

        retrain(Inputs(gold.manifest.fingerprint, recipe, seed, champion), make, promote, announce)


def _is_degraded(place: str, last: int, champion: str, thresholds: Preset, announce: Announce) -> bool:
    announce(f"comparing {place} with the champion's reference")
    over = compared(place, last, None, champion, thresholds, Limits()).over
    for figure in over:
        announce(over_the_limit(figure))
    if not over:
        announce("nothing is over its limit, the champion stays")
    return bool(over)
