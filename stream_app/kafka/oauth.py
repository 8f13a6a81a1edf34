"""Access tokens for SASL/OAUTHBEARER, by the client credentials grant (RFC 6749, section 4.4)."""

import base64
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

_TIMEOUT_S = 10.0
_LIFE_USED = 0.8  # of a token's life, before the next one is asked for
_DEFAULT_LIFE_S = 300.0  # `expires_in` is only recommended (RFC 6749, section 5.1)


class TokenError(Exception):
    """The token endpoint gave no token. The message names the setting and what came, never the secret."""


class TokenRefusedError(TokenError):
    """The token endpoint does not know the client, or is none: to ask again changes nothing."""


class Token(NamedTuple):
    """An access token and the time of its end, in seconds since the epoch."""

    value: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Who asks where for a token."""

    url: str
    client_id: str
    secret: str = field(repr=False)
    scope: str | None = None

    def fetch(self) -> Token:
        """A new token.

        Raises:
            TokenRefusedError: the endpoint refuses, or answers with something else.
        TokenError: it does not answer, or not now.
        """
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        request = urllib.request.Request(  # noqa: S310 - settings take http and https alone
            self.url, urllib.parse.urlencode(form).encode(), {"Authorization": f"Basic {self._basic()}"}
        )
        asked_at = time.time()
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - see above
                return _token(json.load(answer), asked_at)
        except urllib.error.HTTPError as error:
            error.close()  # it holds the connection
            refused = error.code < HTTPStatus.INTERNAL_SERVER_ERROR
            raise (TokenRefusedError if refused else TokenError)(self._no_token(error)) from None
        except OSError as error:
            raise TokenError(self._no_token(error)) from None
        except ValueError as error:
            raise TokenRefusedError(self._no_token(error)) from None

    def _no_token(self, error: Exception) -> str:
        return f"STREAM_SASL_OAUTH_TOKEN_URL: no token from {self.url}: {error}"

    def _basic(self) -> str:
        """Id and secret in the form of RFC 6749, section 2.3.1."""
        pair = f"{urllib.parse.quote_plus(self.client_id)}:{urllib.parse.quote_plus(self.secret)}"
        return base64.b64encode(pair.encode()).decode()


def _token(answer: Any, asked_at: float) -> Token:  # noqa: ANN401 - whatever JSON came
    if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
        raise ValueError("expected a JSON object with a string access_token")  # noqa: TRY004 - it is the value that is wrong
    return Token(answer["access_token"], asked_at + float(answer.get("expires_in", _DEFAULT_LIFE_S)))


class TokenSource:
    """A token, fetched anew when most of its life is over. For several threads.

    Args:
        fetch: gives a new token.
        clock: seconds since the epoch.
    """

    def __init__(self, fetch: Callable[[], Token], clock: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._renew_at = 0.0

    def __call__(self) -> Token:
        """The token to use now.

        Raises:
            TokenError: there is none.
        """
        with self._lock:
            now = self._clock()
            if self._token is None or now >= self._renew_at:
                self._token = self._fetch()
                self._renew_at = now + (self._token.expires_at - now) * _LIFE_USED
            return self._token
