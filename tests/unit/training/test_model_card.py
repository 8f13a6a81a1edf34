import re

import pytest
from msgspec import structs

from stream_app.core.manifest import Manifest
from tests.model_folders import three_class_pipeline, write_model
from training.behaviour import SuiteResult, run
from training.classifiers import MODEL, of_folder, vader
from training.evaluate import Evaluation, evaluate
from training.gold import Gold
from training.model_card import LEAST_ROWS, model_card, weakest_parts


@pytest.fixture(scope="module")
def measured(
    sample_gold: Gold, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Manifest, Evaluation, list[SuiteResult]]:
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, three_class_pipeline())
    classifier, manifest = of_folder(folder, MODEL)
    suites = run(classifier, classifier.decisions["inherited"].sentence)
    return manifest, evaluate([classifier, vader()], sample_gold), suites


def card(measured: tuple[Manifest, Evaluation, list[SuiteResult]], champion: str = "") -> str:
    manifest, evaluation, suites = measured
    return model_card(manifest, evaluation, suites, ours=MODEL, preset="inherited", champion=champion)


def test_it_says_all_that_a_card_must(measured: tuple[Manifest, Evaluation, list[SuiteResult]]) -> None:
    content = card(measured)
    assert re.findall(r"^## (.*)$", content, flags=re.MULTILINE) == [
        "Purpose",
        "Trained on",
        "Figures",
        "Presets",
        "Where it fails",
        "Reproduce",
    ]
    assert content.startswith(f"# Model card: {measured[0].version}\n")
    assert "| test | 8 reviews | the user's own | not known to this project |" in content
    assert f"`{measured[0].sha256[:12]}`" in content


def test_every_figure_has_its_interval(measured: tuple[Manifest, Evaluation, list[SuiteResult]]) -> None:
    content = card(measured)
    for found in measured[1].figures:
        f1 = found.macro_f1
        assert f"{f1.value:.3f} ({f1.low:.3f} to {f1.high:.3f})" in content


def test_it_tells_where_the_model_fails(measured: tuple[Manifest, Evaluation, list[SuiteResult]]) -> None:
    content = card(measured)
    failing = next(suite for suite in measured[2] if suite.failures)
    assert f"| {failing.suite} | {failing.kind} | {failing.cases} | {failing.rate:.0%} |" in content
    assert " / ".join(failing.failures[0][:2]) in content
    own = [found for found in measured[1].figures if found.classifier == MODEL]
    weakest = weakest_parts(own)
    turned = [structs.replace(found, slices=found.slices[::-1]) for found in own]
    assert weakest_parts(turned) == weakest
    assert len(weakest) > 1
    values = [float(row[-1].partition(" ")[0]) for row in weakest]
    assert values == sorted(values)
    assert all(int(row[2].replace(",", "")) >= LEAST_ROWS for row in weakest)
    assert all(f"| {' | '.join(row)} |" in content for row in weakest)


def test_the_champion_is_named_where_it_stands_beside(
    measured: tuple[Manifest, Evaluation, list[SuiteResult]],
) -> None:
    assert "the champion of the day" not in card(measured)
    assert "the champion of the day (2026.01.02-abc)," in card(measured, "2026.01.02-abc")


def test_its_tables_are_whole(measured: tuple[Manifest, Evaluation, list[SuiteResult]]) -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", card(measured), flags=re.MULTILINE)
    assert len(blocks) == 6
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1
