"""The other libraries, each as an app would use it.

requests-oauthlib and Authlib leave storage to the app: they get the cheapest honest one, a table in
plain text. google-auth and MSAL hold tokens in the process. Nobody but Flask-Dance keeps them for a
web app.
"""

import json
import os
import sqlite3
import threading
import time
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from authlib.integrations.requests_client import OAuth2Session as AuthlibSession  # type: ignore[import-not-found,import-untyped,unused-ignore]
from google.auth.transport.requests import Request as GoogleRequest  # type: ignore[import-not-found,import-untyped,unused-ignore]
from google.oauth2.credentials import Credentials  # type: ignore[import-not-found,import-untyped,unused-ignore]
from msal import ConfidentialClientApplication  # type: ignore[import-not-found,import-untyped,unused-ignore]
from requests_oauthlib import OAuth2Session  # type: ignore[import-not-found,import-untyped,unused-ignore]

from bench.askers import Asker
from bench.endpoint import MSAL_URL, TOKEN_LENGTH
from bench.place import LIFETIME, OWNER, Place
from bench.rounds import Statement

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the endpoint is on this machine
LEEWAY = 60

Token = dict[str, Any]


def first_token(number: int = 1) -> Token:
    """A token of the account *number*, as these libraries keep one."""
    return {
        "access_token": f"at.{number}.0.".ljust(TOKEN_LENGTH, "x"),
        "refresh_token": f"rt.{number}.0",
        "token_type": "bearer",
        "expires_in": LIFETIME,
        "expires_at": time.time() + LIFETIME,
    }


def token_url(place: Place) -> str:
    """Where *place* exchanges tokens."""
    return f"{place.endpoint_url}/oauth/2026-03/token"


class Table:
    """An app's own table of tokens, in plain text: one connection for each thread."""

    def __init__(self, path: Path) -> None:
        """Open the file at *path*."""
        self._path = path
        self._local = threading.local()

    @property
    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = connection
        found: sqlite3.Connection = self._local.connection
        return found

    def make(self) -> None:
        """Make the table, with one owner's token."""
        self._connection.execute("CREATE TABLE tokens (owner TEXT PRIMARY KEY, token TEXT)")
        self._connection.execute("INSERT INTO tokens VALUES (?, '')", [OWNER])
        self.write(first_token())

    def read(self) -> Token:
        """The owner's token."""
        (text,) = self._connection.execute(
            "SELECT token FROM tokens WHERE owner = ?", [OWNER]
        ).fetchone()
        token: Token = json.loads(text)
        return token

    def write(self, token: Mapping[str, Any]) -> None:
        """Keep the owner's *token*."""
        told = json.dumps(dict(token))
        self._connection.execute("UPDATE tokens SET token = ? WHERE owner = ?", [told, OWNER])


class WithTable(Asker):
    """A library with a table of the app's own beside it."""

    def __init__(self, place: Place) -> None:
        """Open the table."""
        self._url = token_url(place)
        self._table = Table(self._path(place))

    @classmethod
    def _path(cls, place: Place) -> Path:
        return Path(place.folder, f"{cls.__name__}.db")

    @classmethod
    def prepare(cls, place: Place) -> None:
        """Make the table."""
        Table(cls._path(place)).make()

    def expire(self) -> None:
        """Let the token in the table be old."""
        self._table.write({**self._table.read(), "expires_at": 1.0})

    def token(self) -> str:
        """What is in the table, renewed first where it is old."""
        token = self._table.read()
        if token["expires_at"] - LEEWAY < time.time():
            token = self._renewed(token)
            self._table.write(token)
        return str(token["access_token"])

    @abstractmethod
    def _renewed(self, token: Token) -> Token: ...


class RequestsOAuthlib(WithTable):
    """requests-oauthlib and a table."""

    name = "requests-oauthlib, own table (plain text)"

    def _renewed(self, token: Token) -> Token:
        with OAuth2Session("client", token=token) as session:
            new: Token = session.refresh_token(
                self._url, client_id="client", client_secret="secret"
            )
        return new


class AuthlibTable(WithTable):
    """Authlib, a session for each request, and a table."""

    name = "Authlib, own table (plain text)"

    def _renewed(self, token: Token) -> Token:
        with AuthlibSession(
            "client", "secret", token=token, token_endpoint_auth_method="client_secret_post"
        ) as session:
            new: Token = session.refresh_token(self._url, token["refresh_token"])
        return new


class AuthlibKept(Asker):
    """One session of Authlib, kept in the process for this one owner."""

    name = "Authlib, session kept in process"
    keeps_in_process = True

    def __init__(self, place: Place) -> None:
        """Make the session."""
        self._session = AuthlibSession(
            "client",
            "secret",
            token=first_token(),
            token_endpoint=token_url(place),
            token_endpoint_auth_method="client_secret_post",
        )

    @classmethod
    def prepare(cls, place: Place) -> None:
        """Nothing is stored."""

    def token(self) -> str:
        """The session's, renewed where that is due."""
        self._session.ensure_active_token(self._session.token)
        return str(self._session.token["access_token"])

    def statement(self) -> Statement:
        """Both lines where they are needed."""
        lines = 'session.ensure_active_token(session.token); session.token["access_token"]'
        return Statement(lines, {"session": self._session})

    def expire(self) -> None:
        """Let the session's token be old."""
        self._session.token["expires_at"] = 1


class GoogleAuth(Asker):
    """google-auth's credentials of one owner, kept in the process."""

    name = "google-auth, in process"
    keeps_in_process = True

    def __init__(self, place: Place) -> None:
        """Make the credentials."""
        self._transport = GoogleRequest()
        self._credentials = Credentials(
            "at.1.0.".ljust(TOKEN_LENGTH, "x"),
            refresh_token="rt.1.0",
            token_uri=token_url(place),
            client_id="client",
            client_secret="secret",
        )
        self._credentials.expiry = datetime.fromtimestamp(time.time() + LIFETIME, UTC).replace(
            tzinfo=None
        )

    @classmethod
    def prepare(cls, place: Place) -> None:
        """Nothing is stored."""

    def token(self) -> str:
        """As any client of Google's asks for it."""
        self._credentials.before_request(self._transport, "GET", "http://127.0.0.1/", {})
        return str(self._credentials.token)

    def statement(self) -> Statement:
        """Both lines where they are needed."""
        lines = 'credentials.before_request(transport, "GET", "http://127.0.0.1/", {})'
        names = {"credentials": self._credentials, "transport": self._transport}
        return Statement(f"{lines}; credentials.token", names)

    def expire(self) -> None:
        """Let the credentials be old."""
        self._credentials.expiry = datetime(2000, 1, 1)  # noqa: DTZ001 - its own way


class Msal(Asker):
    """MSAL's application with one account, kept in the process."""

    name = "MSAL, in process"
    keeps_in_process = True

    def __init__(self, place: Place) -> None:
        """Make the application, and give it one account."""
        self._app = ConfidentialClientApplication(
            "client",
            client_credential="secret",
            oidc_authority=MSAL_URL,
            http_client=_ToEndpoint(place.endpoint_url),
        )
        given = self._app.acquire_token_by_refresh_token("rt.1.0", scopes=["crm"])
        assert "access_token" in given, given
        (self._account,) = self._app.get_accounts()

    @classmethod
    def prepare(cls, place: Place) -> None:
        """Nothing is stored."""

    def token(self) -> str:
        """From the cache, renewed where that is due."""
        given = self._app.acquire_token_silent(["crm"], account=self._account)
        return str(given["access_token"])

    def expire(self) -> None:
        """Let the cached token be old."""
        cache = self._app.token_cache
        for entry in list(cache.search(cache.CredentialType.ACCESS_TOKEN)):
            cache.modify(cache.CredentialType.ACCESS_TOKEN, entry, {"expires_on": "1"})


class _ToEndpoint:
    """MSAL speaks https only; this leads it to the endpoint all the same."""

    def __init__(self, url: str) -> None:
        import requests  # noqa: PLC0415 - MSAL's own default

        self._url = url
        self._session = requests.Session()

    def get(self, url: str, **arguments: Any) -> Any:  # noqa: ANN401 - as MSAL calls it
        """One GET."""
        return self._session.get(self._led(url), **arguments)

    def post(self, url: str, **arguments: Any) -> Any:  # noqa: ANN401 - as MSAL calls it
        """One POST."""
        return self._session.post(self._led(url), **arguments)

    def close(self) -> None:
        """Close the session."""
        with suppress(AttributeError):
            self._session.close()

    def _led(self, url: str) -> str:
        return url.replace(MSAL_URL, self._url)
