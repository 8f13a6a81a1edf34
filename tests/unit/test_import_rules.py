"""Which room may know what: read off the import statements."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("stream_app", "training", "observability")
IN_CORE = {"msgspec", "numpy", "numba", "llvmlite", "stream_app"}
ESTIMATORS = ("stream_app.core.features", "stream_app.core.regression")
KAFKA_CLIENTS = {"confluent_kafka", "aiokafka", "faust", "mode"}
KAFKA_ROOMS = ("stream_app.kafka.", "stream_app.worker", "stream_app.observation")
TRAINING_MAY = (
    "stream_app.core",
    "stream_app.artifact",
    "stream_app.model_store",
    "stream_app.bundled",
    "stream_app.line_formats",  # pure: the formats that the feed reads
    "stream_app.kafka.reader",
    "stream_app.kafka.connection",
)
# The entry point reads the settings, for the login to Kafka.
TRAINING_COMMANDS_MAY = (*TRAINING_MAY, "stream_app.settings")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}


def imported(name: str, *, top_level_only: bool = False) -> Iterator[str]:
    """Full names of what a module imports; a name taken out of a package counts as `package.name`."""
    tree = ast.parse(MODULES[name].read_text())
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else str(node.module)


def packages(name: str) -> set[str]:
    return {module.partition(".")[0] for module in imported(name)} - sys.stdlib_module_names


def of(prefix: str) -> list[str]:
    return [name for name in MODULES if name.startswith(prefix)]


@pytest.mark.parametrize("name", of("stream_app.core."))
def test_the_core_knows_no_world(name: str) -> None:
    allowed = IN_CORE | ({"sklearn", "scipy"} if name in ESTIMATORS else set())
    assert packages(name) <= allowed
    outside = {module for module in imported(name) if module.startswith("stream_app")}
    assert all(module.startswith("stream_app.core") for module in outside)
    forbidden = {"time", "logging", "os", "pathlib", "socket", "threading", "asyncio", "datetime.datetime"}
    assert not forbidden & set(imported(name))


def test_serving_imports_nothing_that_only_training_needs() -> None:
    code = "import sys, stream_app.commands.worker, stream_app.commands.serve; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "stream_app.core.scoring" in ended.stdout.split()
    assert not {"sklearn", "scipy.sparse", "pandas"} & set(ended.stdout.split())


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(KAFKA_ROOMS)])
def test_kafka_clients_are_known_in_their_rooms_only(name: str) -> None:
    assert not packages(name) & KAFKA_CLIENTS


@pytest.mark.parametrize("name", of("training"))
def test_training_knows_the_core_and_little_else(name: str) -> None:
    others = [module for module in imported(name) if module.startswith("stream_app")]
    is_entry = name.startswith(("training.commands", "training.cli"))
    allowed = TRAINING_COMMANDS_MAY if is_entry else TRAINING_MAY
    assert [module for module in others if not module.startswith(allowed)] == []


@pytest.mark.parametrize("name", of("observability"))
def test_the_dashboards_know_nothing_of_the_stream(name: str) -> None:
    assert packages(name) <= {"observability", "grafana_foundation_sdk", "yaml"}


@pytest.mark.parametrize("name", list(MODULES))
def test_nothing_imports_the_command_line(name: str) -> None:
    if name != "stream_app.__main__":
        assert "stream_app.cli" not in set(imported(name))
    if not name.startswith(("stream_app.commands", "stream_app.cli", "stream_app.__main__")):
        assert not any(module.startswith("stream_app.commands") for module in imported(name))


@pytest.mark.parametrize("name", of("stream_app."))
def test_the_stream_knows_no_registry_and_no_training(name: str) -> None:
    assert not packages(name) & {"mlflow", "training"}


def test_there_are_no_cycles() -> None:
    graph = {name: set(imported(name)) & MODULES.keys() for name in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path, name])
        if name not in done:
            for other in graph[name] - {name}:
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())
