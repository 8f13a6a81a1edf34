"""The report as files: one page that opens without a network, and a summary in Markdown."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.evaluate import Judged
from training.figures import Figures
from training.held_out import NEW_DOMAINS
from training.rendering import render
from training.report import pictures
from training.report.contents import Report

PAGE_FILE: Final = "report.html"
SUMMARY_FILE: Final = "summary.md"


def write_report(report: Report, folder: Path) -> Path:
    """Put the page and the summary into a folder, made when it is not there.

    Returns:
        The path of the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / SUMMARY_FILE, summary(report))
    _write(folder / PAGE_FILE, page(report))
    return folder / PAGE_FILE


def page(report: Report) -> str:
    """The page as HTML, its pictures within."""
    return render("report.html.j2", report=report, pictures=_pictures(report))


def summary(report: Report) -> str:
    """The tables as Markdown."""
    return render("summary.md.j2", report=report)


def _write(path: Path, content: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)  # noqa: PTH105 - atomic, and named so


def _pictures(report: Report) -> dict[str, object]:
    return {
        "macro_f1": pictures.svg(pictures.macro_f1_by_set(report.evaluation.figures)),
        "confusions": [
            (_caption(found), pictures.svg(pictures.confusion_matrix(found))) for found in report.headlines
        ],
        "scores": list(_score_pictures(report)),
        "curve": pictures.svg(pictures.learning_curve(report.curve)) if report.curve else "",
        "ngrams": pictures.svg(pictures.telling_ngrams(report.ngrams)) if report.ngrams else "",
    }


def _score_pictures(report: Report) -> Iterator[tuple[str, str]]:
    for judged in report.evaluation.judged:
        if judged.rows.dataset == NEW_DOMAINS and report.ours in judged.judgements:
            yield from _of_level(report, judged)


def _of_level(report: Report, judged: Judged) -> Iterator[tuple[str, str]]:
    figures = [
        found
        for found in report.evaluation.figures
        if (found.dataset, found.level) == (judged.rows.dataset, judged.rows.level)
    ]
    caption = _caption(figures[0])
    histogram = pictures.score_histogram(judged, report.ours)
    yield f"{caption}: scores of the model", pictures.svg(histogram)
    of_score = {found.classifier: found.score_calibration for found in figures if found.classifier != "seed"}
    drawn = pictures.reliability(of_score, "score", "mean scaled rating")
    yield f"{caption}: the score as a forecast of the rating", pictures.svg(drawn)
    of_label = {found.classifier: found.label_calibration for found in figures if found.label_calibration}
    if of_label:
        drawn = pictures.reliability(of_label, "highest probability", "share right")
        yield f"{caption}: the highest probability", pictures.svg(drawn)


def _caption(found: Figures) -> str:
    return f"{found.level.capitalize()}s of {found.dataset}"
