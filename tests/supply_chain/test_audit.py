"""The audit, against an index of advisories on this machine."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from supply_chain.audit import ExitCode, IndexUnreachableError, audit, main
from supply_chain.lock import LOCK, pins
from tests.http_servers import running
from tests.stream import free_port

ADVISORY = {
    "id": "PYSEC-0000-1",
    "summary": "invented",
    "affected": [
        {
            "package": {"name": "flask", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


class Index(ThreadingHTTPServer):
    """Answers as OSV does. `vulnerable` names the packages with an advisory; `status` may be an error's."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Query)
        self.vulnerable: set[str] = set()
        self.status = 200
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/query"


class _Query(BaseHTTPRequestHandler):
    server: Index

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.server.asked.append((name, query["version"]))
        answer = {"vulns": [ADVISORY]} if name in self.server.vulnerable else {}
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index() -> Iterator[Index]:
    with running(Index()) as server:
        yield server


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "some.lock"
    path.write_text(
        f"flask==3.1.3 --hash=sha256:{'a' * 64}\n"
        f"msgspec==0.20.0 \\\n    --hash=sha256:{'b' * 64}\n"
        f'colorama==0.4.6 ; sys_platform == "win32" --hash=sha256:{"c" * 64}\n'
    )
    return path


def test_a_finding_fails_the_audit_and_is_named(
    index: Index, lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index.vulnerable = {"flask"}
    offline_is_fine = ["--may-be-offline"]
    assert main([str(lock), "--index", index.address, *offline_is_fine]) == ExitCode.VULNERABLE
    said = capsys.readouterr().out
    assert "flask 3.1.3: PYSEC-0000-1, fixed in 99.1" in said
    assert "2 packages asked about, 1 advisories" in said


def test_without_a_finding_every_package_of_this_platform_was_asked_about(index: Index) -> None:
    assert main(["--index", index.address]) == ExitCode.CLEAN
    locked = {(pin.name, pin.version) for pin in pins(LOCK)}
    assert set(index.asked) <= locked
    assert ("faust-streaming", dict(locked)["faust-streaming"]) in index.asked
    assert len(index.asked) >= len(locked) - 5  # some are for other platforms


def test_no_index_is_no_clean_bill(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/v1/query"
    assert main([str(lock), "--index", nobody]) == ExitCode.NOT_ASKED
    assert main([str(lock), "--index", nobody, "--may-be-offline"]) == ExitCode.CLEAN
    assert capsys.readouterr().out.count("NOT AUDITED") == 2


@pytest.mark.parametrize("status", [403, 500])
def test_an_index_that_refuses_was_not_asked(index: Index, lock: Path, status: int) -> None:
    index.status = status
    with pytest.raises(IndexUnreachableError):
        audit([lock], index.address)


@pytest.mark.parametrize("content", ["", "flask==3.1.3\n", "flask >= 3\n"])
def test_a_lock_without_packages_or_hashes_fails(index: Index, tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.lock"
    path.write_text(content)
    assert main([str(path), "--index", index.address, "--may-be-offline"]) == ExitCode.FAILED
    assert index.asked == []


def test_a_lock_that_is_not_there_fails(index: Index, tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.lock")
    assert main([absent, "--index", index.address, "--may-be-offline"]) in {2, ExitCode.FAILED}
