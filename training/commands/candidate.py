"""From a gold layer to a candidate, measured, described and on record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from stream_app.model_store import read_manifest
from training.artifact import CARD_FILE, write_candidate
from training.behaviour import run
from training.classifiers import CHAMPION, MODEL, line_up, of_model
from training.commands.evaluate import reigning_champion
from training.commands.steps import Announce
from training.evaluate import Classifier, Evaluation, evaluate
from training.gold import Gold
from training.model_card import model_card
from training.report.compose import compose
from training.report.pages import write_report
from training.tracking import Tracker
from training.train import Trained, train

CANDIDATES: Final = Path("models/candidates")


def make_candidate(
    trained: Trained, gold: Gold, log: Tracker | None, announce: Announce
) -> tuple[Path, Evaluation]:
    """Measure a model beside the champion and the baselines, write it to CANDIDATES and record the run.

    Raises:
        TrackingError: the candidate is written, but MLflow does not take it.
    """
    baseline = trained if trained.recipe == "seed" else train("seed", gold, announce, gold.manifest.seed)
    announce("measuring")
    own = of_model(MODEL, trained)
    folder = write_candidate(CANDIDATES, trained, gold, evaluate([own], gold).metrics(MODEL))
    manifest = read_manifest(folder)
    champion = reigning_champion(manifest, announce)
    classifiers = line_up(own, champion[0] if champion else None, baseline)
    evaluation = evaluate(classifiers, gold)
    card = model_card(
        manifest,
        evaluation,
        run(own, trained.decisions["inherited"].sentence),
        ours=MODEL,
        preset="inherited",
        champion=champion[1].version if champion else "",
    )
    (folder / CARD_FILE).write_text(card, encoding="utf-8")
    if log is not None:
        announce("recording the run")
        versions = {MODEL: manifest.version, **({CHAMPION: champion[1].version} if champion else {})}
        with TemporaryDirectory(prefix="report-") as report:
            _report(Path(report), versions, classifiers, evaluation, gold, announce)
            log.record(folder, Path(report))
    return folder, evaluation


def _report(  # noqa: PLR0913, PLR0917 - what a report is made of
    folder: Path,
    versions: Mapping[str, str],
    classifiers: Sequence[Classifier],
    evaluation: Evaluation,
    gold: Gold,
    announce: Announce,
) -> None:
    """The report without a learning curve, which would train five models more."""
    contents = compose(versions, classifiers, evaluation, gold, announce, fit=None, quote_all=False)
    write_report(contents, folder)
