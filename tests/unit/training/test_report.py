"""The report: what it explains, and the page it becomes."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from stream_app.core.manifest import PresetDecisions
from stream_app.core.scoring import Decision
from tests.golds import Labelled, Review, write_reviews
from training.classifiers import MODEL, VADER, vader
from training.evaluate import Classifier, evaluate
from training.gold import Gold
from training.report import pictures
from training.report.compose import compose
from training.report.contents import Report
from training.report.errors import worst_errors
from training.report.learning_curve import Share, learning_curve
from training.report.pages import page, summary, write_report
from training.report.telling import telling_ngrams

ARGMAX = PresetDecisions(Decision("biases", (0.0, 0.0, 0.0)), Decision("biases", (0.0, 0.0, 0.0)))
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def by_length(sentences: Sequence[str]) -> NDArray[np.float64]:
    """The longer the better, and less sure of the middle."""
    score = np.minimum([len(sentence) / 60 for sentence in sentences], 0.99)
    middle = 0.5 - np.abs(score - 0.5)
    return np.stack([1 - score - middle / 2, middle, score - middle / 2], axis=1)


OURS = Classifier(MODEL, by_length, {"inherited": ARGMAX, "human": ARGMAX})


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Gold:
    words = ("Bad.", "It is so so, I think.", "Good in every way that I could ever think of, and more.")
    reviews = [
        Review(side, rating, (words[place], "A lamp."), source)
        for side in ("train", "tune", "test", "familiar")
        for source in ("womens_clothing", "shop")
        for place, rating in enumerate((1, 3, 5))
        for _ in range(4)
    ]
    reviews.append(
        Review("test", 5, ("The tapestry & its frame.", "Short <i>praise</i>."), "womens_clothing")
    )
    reviews.append(Review("test", 1, ("A private word of mine that should stay unread by all of them.",)))
    return write_reviews(tmp_path_factory.mktemp("gold"), reviews, [Labelled("Nice", 2), Labelled("Bad", 0)])


@pytest.fixture(scope="module")
def report(gold: Gold) -> Report:
    return report_on(gold, quote_all=False)


def report_on(gold: Gold, *, quote_all: bool) -> Report:
    classifiers = [OURS, vader()]
    return compose(
        {MODEL: "2026.01.02-abc"},
        classifiers,
        evaluate(classifiers, gold),
        gold,
        lambda _: None,
        fit=lambda _: OURS,
        quote_all=quote_all,
    )


@pytest.fixture(scope="module")
def content(report: Report) -> str:
    return page(report)


def test_the_page_needs_nothing_from_elsewhere(content: str) -> None:
    assert re.findall(r"<(?:script|link|img|iframe|object|embed)\b", content) == []
    within = r"(?!#|data:)"
    addresses = re.findall(rf'(?:href|src)="({within}[^"]*)"|url\(({within}[^)]*)\)|(@import)', content)
    assert addresses == []


def test_every_part_is_on_the_page(content: str) -> None:
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", content)
    assert headings == [
        "Macro-F1",
        "Classes",
        "Score",
        "Where it fails",
        "Behaviour",
        "Learning curve",
        "Most telling n-grams",
        "Worst errors",
        "Data",
    ]
    for anchor in re.findall(r'href="#([a-z0-9]+)"', content.partition("</nav>")[0]):
        assert f'<h2 id="{anchor}"' in content
    # Macro-F1, four confusions, three pictures of the scores of each level, learning curve, n-grams.
    assert content.count("<svg") == 1 + 4 + 2 * 3 + 1 + 1


def test_the_page_shows_the_figures_with_their_intervals(report: Report, content: str) -> None:
    lines = summary(report)
    for found in report.evaluation.figures:
        f1 = found.macro_f1
        assert f"{f1.value:.3f}<small>{f1.low:.3f} – {f1.high:.3f}" in content  # noqa: RUF001 - as the page has it
        assert f"{f1.value:.3f} ({f1.low:.3f} to {f1.high:.3f})" in lines
    for difference in report.differences:
        assert f"{difference.macro_f1.value:+.3f}" in content


def test_only_quotable_sources_are_quoted_unless_all_are_asked_for(report: Report, content: str) -> None:
    private = "A private word of mine"
    assert private not in content
    assert private not in summary(report)
    everything = worst_errors(report.evaluation, MODEL, "new domains", quote_all=True)
    assert private in page(replace(report, errors=everything, quotes_all=True))


def test_what_a_review_says_is_text_and_never_markup(content: str) -> None:
    assert "Short &lt;i&gt;praise&lt;/i&gt;." in content
    assert "<i>praise" not in content


def test_pictures_take_the_colour_of_the_text(report: Report) -> None:
    drawn = pictures.svg(pictures.macro_f1_by_set(report.evaluation.figures))
    assert drawn.startswith("<svg")
    assert "currentColor" in drawn
    assert pictures.INK not in drawn
    assert "new domains, reviews" in drawn  # words stay words
    assert drawn == pictures.svg(pictures.macro_f1_by_set(report.evaluation.figures))


def test_a_leak_is_said_at_the_top(tmp_path: Path) -> None:
    reviews = [
        Review("test", 1, ("Bad.",)),
        Review("test", 5, ("Good, " * 9,)),
        Review("train", 5, ("Good",)),
    ]
    content = page(report_on(write_reviews(tmp_path / "gold", reviews), quote_all=False))
    assert content.index("something leaked") < content.index("<h2")


def test_tables_of_the_summary_are_whole(report: Report) -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", summary(report) + "\n", flags=re.MULTILINE)
    assert len(blocks) == 4 + len(report.slice_tables)
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1
        assert "---" in block.splitlines()[1]


def test_the_report_is_written_whole_beside_nothing_else(
    report: Report, content: str, tmp_path: Path
) -> None:
    written = write_report(report, tmp_path / "new" / "report")
    assert {path.name for path in written.parent.iterdir()} == {"report.html", "summary.md"}
    assert written.read_text(encoding="utf-8") == content


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
def test_a_browser_shows_it_without_a_network(content: str, tmp_path: Path) -> None:
    written = tmp_path / "report.html"
    written.write_text(content, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = [str(CHROMIUM), *options, profile, "--dump-dom", written.as_uri()]
    shown = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout.decode()
    assert "<title>Evaluation of 2026.01.02-abc</title>" in shown
    assert shown.count("</svg>") == content.count("<svg")
    assert shown.count("<table") == content.count("<table")


def test_the_worst_errors_come_first(gold: Gold) -> None:
    evaluation = evaluate([OURS, vader()], gold)
    errors = worst_errors(evaluation, MODEL, "new domains", quote_all=True)
    wrong = [
        abs(error.score - {"negative": 0, "neutral": 0.5, "positive": 1}[error.gold]) for error in errors
    ]
    assert wrong == sorted(wrong, reverse=True)
    assert all(error.gold != error.label for error in errors)
    assert len(errors) == 15
    quotable = worst_errors(evaluation, MODEL, "new domains", quote_all=False, top=3)
    assert {error.source for error in quotable} == {"womens_clothing"}
    assert len(quotable) == 3
    assert worst_errors(evaluation, MODEL, "human: lab", quote_all=False) == []


def test_a_share_leaves_out_reviews_to_train_on_and_nothing_else(sample_gold: Gold) -> None:
    half, quarter = (set(Share(sample_gold.folder, share).side("train")["review"]) for share in (0.5, 0.25))
    everything = set(sample_gold.side("train")["review"])
    assert quarter < half < everything
    assert 0.45 < len(half) / len(everything) < 0.55
    kept = Share(sample_gold.folder, 0.5).side("tune", "test")
    pd.testing.assert_frame_equal(kept, sample_gold.side("tune", "test"))
    assert len(Share(sample_gold.folder, 1.0).side("train")) == len(sample_gold.side("train"))


def test_a_point_for_each_share_that_has_enough_to_learn_from(gold: Gold) -> None:
    seen: list[int] = []

    def fit(part: Gold) -> Classifier:
        seen.append(part.side("train")["review"].nunique())
        return OURS

    points = learning_curve(fit, gold, (0.0, 0.6, 1.0))
    assert [point.reviews for point in points] == seen
    assert seen[-1] == 24
    expected = evaluate([OURS], gold).figures[0].macro_f1
    assert [point.macro_f1 for point in points] == [expected] * len(points)
    assert len(points) == 2


def test_the_most_telling_ngrams_are_those_that_the_model_is_surest_of() -> None:
    texts = ["Good lamp, good price"] * 10 + ["bad lamp"] * 10 + ["rarely seen"] * 9
    batches = [pd.DataFrame({"text": texts[:15]}), pd.DataFrame({"text": texts[15:]})]

    def by_word(sentences: Sequence[str]) -> NDArray[np.float64]:
        return np.array([[("bad" in each) * 0.9, 0.05, ("good" in each) * 0.9] for each in sentences])

    found = telling_ngrams(by_word, batches, top=2)
    assert list(found) == ["negative", "neutral", "positive"]
    assert {(each.text, each.sentences, each.weight) for each in found["negative"]} == {
        ("bad", 10, 0.9),
        ("bad lamp", 10, 0.9),
    }
    assert all("good" in each.text and each.sentences == 10 for each in found["positive"])
    assert "rarely" not in {each.text for each in telling_ngrams(by_word, batches, top=50)["neutral"]}


def test_a_score_alone_tells_of_two_labels() -> None:
    batches = [pd.DataFrame({"text": ["fine"] * 10 + ["poor"] * 10})]
    found = telling_ngrams(
        lambda texts: np.array([[0.9 if each == "fine" else 0.2] for each in texts]), batches
    )
    assert {label: (ngrams[0].text, round(ngrams[0].weight, 6)) for label, ngrams in found.items()} == {
        "negative": ("poor", 0.3),
        "positive": ("fine", 0.4),
    }
    assert telling_ngrams(lambda texts: np.zeros((len(texts), 1)), []) == {}


def test_vader_stands_beside_the_model(report: Report) -> None:
    assert report.names == [MODEL, VADER]
    assert report.others == [VADER]
    assert report.classifiers[MODEL] == "2026.01.02-abc"
    assert [row.found[VADER] for row in report.difference_table] == [
        each.macro_f1 for each in report.differences
    ]
