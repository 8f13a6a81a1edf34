"""`stream-train evaluate` on the tracked sample."""

import json
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stream_app.bundled import bundled
from training import cli
from training import evaluate as evaluation
from training.held_out import NEW_DOMAINS


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["evaluate", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_a_line_for_each_classifier_set_and_level() -> None:
    code, out, err = run("--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(each["classifier"], each["level"]) for each in found] == [
        (name, level)
        for level in ("sentence", "review")
        for name in ("model", "seed, tuned", "seed", "VADER")
    ]
    first = found[0]
    assert first["dataset"] == NEW_DOMAINS
    assert first["macro_f1"]["low"] < first["macro_f1"]["value"] < first["macro_f1"]["high"]
    assert first["macro_f1"]["value"] > found[3]["macro_f1"]["value"]
    assert "measuring" in err


def test_a_table_and_a_report(tmp_path: Path) -> None:
    code, out, _ = run(str(bundled("champion")), "--report", str(tmp_path / "report"), "--no-curve")
    assert code == 0
    assert "macro-F1" in out
    assert "…" not in out
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="errors">' in page
    assert '<h2 id="curve">' not in page


def test_a_leak_crosses_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "LEAK_LIMIT", 0.45)
    code, _, err = run("--json")
    assert code == 3
    assert re.search(rf"^model: 0\.\d+ on sentences of {NEW_DOMAINS}: something leaked$", err, re.MULTILINE)
    assert "seed: " not in err


def test_a_folder_without_a_model_is_a_matter_of_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stream-train", "evaluate", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 78
    assert "manifest.json" in capsys.readouterr().err
