"""A Maven repository on this machine: to download from without a registry, with faults as wanted."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Pieces = Callable[[str, bytes], Iterator[bytes]]


def whole(_path: str, content: bytes) -> Iterator[bytes]:
    yield content


@dataclass
class MavenRepository:
    """Serves what `content` gives for a path (None: 404), in the pieces that `pieces` makes of it.

    A ConnectionError in `pieces` closes the connection in the middle of the file.
    """

    content: Callable[[str], bytes | None]
    pieces: Pieces = whole
    sent: list[str] = field(default_factory=list)
    url: str = ""

    def configure_jgo(self, folder: Path) -> Path:
        """A configuration file that makes jgo download from here, for JGO_CONFIG_FILE."""
        path = folder / "jgo.conf"
        path.write_text(f"[repositories]\ncentral = {self.url}\n")
        return path


@contextmanager
def serving(content: Callable[[str], bytes | None]) -> Iterator[MavenRepository]:
    """The repository, while the block runs."""
    repository = MavenRepository(content)

    class Request(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/")
            found = content(path)
            if found is None:
                self.send_error(404)
                return
            repository.sent.append(path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            try:
                for piece in repository.pieces(path, found):
                    self.wfile.write(piece)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Request) as server:
        repository.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        try:
            yield repository
        finally:
            server.shutdown()
