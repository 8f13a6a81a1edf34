"""An OAuth 2.0 token endpoint for tests. Its web tokens are not signed: a broker takes them by default."""

import base64
import json
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

CLIENT, SECRET = "oauth-worker", "s3cret/with+signs"


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def unsecured_token(subject: str, life_s: float) -> str:
    """A token that no key has signed."""
    now = time.time()
    return f"{_part({'alg': 'none'})}.{_part({'sub': subject, 'iat': now, 'exp': now + life_s})}."


class TokenEndpoint(HTTPServer):
    """Gives CLIENT a token, or anyone what `status` and `body` say; remembers the forms that it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.forms: list[dict[str, list[str]]] = []
        self.life_s = 300.0
        self.status = 200
        self.body: bytes | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/token"


class _Request(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.forms.append(urllib.parse.parse_qs(form))
        pair = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode().split(":")
        known = [urllib.parse.unquote_plus(part) for part in pair] == [CLIENT, SECRET]
        token = {
            "access_token": unsecured_token(CLIENT, self.server.life_s),
            "expires_in": self.server.life_s,
        }
        body = self.server.body or json.dumps(token if known else {"error": "invalid_client"}).encode()
        self.send_response(self.server.status if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
