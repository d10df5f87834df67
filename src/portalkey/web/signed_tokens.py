"""Signed tokens that the browser carries for us: start tokens and form tokens.

Both are bound to the random value in the host's session and to the owner, so that neither works in
another browser, after another sign-in, or from another site. What leads through a sign-in cannot
be: it lies in a cookie of this browser, and is bound to the way back.
"""

import base64
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretStr

from portalkey.hubspot.scopes import parse_further

START_HOURS = 12
RETURN_MINUTES = 10
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\x9f\ud800-\udfff]*")
_LONGEST_PATH = 2001
"""Bytes: quoted in an address, or in a token, it is less than servers take."""


class Signer(Protocol):
    """A broker: it signs with the app's own keys, and knows the time."""

    def now(self) -> datetime:
        """Return the store's time, in UTC."""

    def sign(self, purpose: str, *parts: str) -> str:
        """Sign *parts* for one *purpose*."""

    def is_signed(self, signature: str, purpose: str, *parts: str) -> bool:
        """Return True where *signature* is that of *parts* for this *purpose*."""


@dataclass(frozen=True, slots=True)
class Start:
    """The content of a start token: where to lead back to, and which account has to come back.

    ``another`` is True where it stands behind "Connect another account". ``scopes`` are asked for
    beyond the settings', as the app decided.
    """

    next: str
    hub_id: int | None = None
    another: bool = False
    scopes: tuple[str, ...] = ()


def is_own_path(path: str) -> bool:
    """Return True for a path on this site that no browser can read as leading elsewhere."""
    is_path = _OWN_PATH.fullmatch(path) is not None and "/.." not in path
    return is_path and len(path.encode()) <= _LONGEST_PATH


def is_own_url(url: str, origins: Collection[str]) -> bool:
    """Return True for an own path, alone or behind one of the app's own *origins*."""
    paths = (url.removeprefix(origin) for origin in origins if url.startswith(origin))
    return is_own_path(url) or any(map(is_own_path, paths))


def sign_start(
    signer: Signer,
    start: Start,
    *,
    browser: str,
    owner: str,
    origins: Collection[str] = (),
) -> str:
    """Return a start token that holds for ``START_HOURS`` from now.

    Raises:
        ValueError: ``start.next`` is neither an own path nor one on one of the *origins*; pass one
            such as ``/settings``.
    """
    if not is_own_url(start.next, origins):
        raise ValueError(f"next must be a path on this site, such as /settings, not {start.next!r}")
    until = int((signer.now() + timedelta(hours=START_HOURS)).timestamp())
    payload = _pack(start, until)
    return f"{payload}~{signer.sign('start', browser, owner, payload)}"


def read_start(
    signer: Signer, token: str | None, *, browser: str | None, owner: str
) -> Start | None:
    """Return the content of *token*; None where it is forged, somebody else's, or too old."""
    payload, _, signature = (token or "").partition("~")
    if browser is None or not signer.is_signed(signature, "start", browser, owner, payload):
        return None
    return _unpack(payload, signer.now())


def peek_start(token: str | None, origins: Collection[str]) -> Start | None:
    """Return the content of *token*, whoever it is for; None where nobody could be led by it.

    Only where it does not matter who made it: an own path and an account's number. Scopes are left
    out, as nobody but the app may name them.
    """
    start = _unpack((token or "").partition("~")[0])
    is_ours = start is not None and is_own_url(start.next, origins)
    return replace(start, scopes=()) if start is not None and is_ours else None


def sign_return(signer: Signer, path: str, start: Start) -> str:
    """Return the value of a cookie: whoever brings it to *path* soon began there, as *start*."""
    until = int((signer.now() + timedelta(minutes=RETURN_MINUTES)).timestamp())
    payload = _pack(start, until)
    return f"{payload}~{signer.sign('return', path, payload)}"


def read_return(signer: Signer, value: str | None, path: str) -> Start | None:
    """Return what was begun at *path*; None where *value* is forged, another path's, or too old."""
    payload, _, signature = (value or "").partition("~")
    if not signer.is_signed(signature, "return", path, payload):
        return None
    return _unpack(payload, signer.now())


def _pack(start: Start, until: int) -> str:
    parts: list[object] = [start.next, start.hub_id, start.another, until]
    parts += [list(start.scopes)] if start.scopes else []
    content = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _unpack(payload: str, now: datetime | None = None) -> Start | None:
    """Return what ``_pack`` packed; None where it is something else, or was over by *now*."""
    try:
        padded = payload + "=" * (-len(payload) % 4)
        next_, hub_id, another, until, *more = json.loads(base64.urlsafe_b64decode(padded))
        scopes = parse_further(more[0]) if more else ()
        is_over = now is not None and now.timestamp() >= until
    except (TypeError, ValueError):  # of an older or newer portalkey, or nobody's
        return None
    if is_over or not isinstance(next_, str) or not (hub_id is None or isinstance(hub_id, int)):
        return None
    return Start(next_, hub_id, another is True, scopes)


def sign_complete(signer: Signer, attempt_id: str, cookie: SecretStr) -> str:
    """Return the token of the page that brings a Strict session along, bound to no session yet."""
    return signer.sign("complete", attempt_id, cookie.get_secret_value())


def is_complete_signed(
    signer: Signer, token: str | None, attempt_id: str, cookie: SecretStr
) -> bool:
    """Return True where *token* is the one of this attempt and its cookie."""
    return signer.is_signed(token or "", "complete", attempt_id, cookie.get_secret_value())


def sign_form(signer: Signer, *, browser: str, owner: str) -> str:
    """Return the token that every POST of this browser and owner has to carry."""
    return signer.sign("form", browser, owner)


def sign_console_form(signer: Signer, *, browser: str, operator: str, path: str) -> str:
    """Return the token of the console's form that this *operator* posts to *path*."""
    return signer.sign("console form", browser, operator, path)


def is_console_form_signed(
    signer: Signer, token: str | None, *, browser: str | None, operator: str, path: str
) -> bool:
    """Return True where *token* is that of this browser, operator and path."""
    return browser is not None and signer.is_signed(
        token or "", "console form", browser, operator, path
    )


def is_form_signed(signer: Signer, token: str | None, *, browser: str | None, owner: str) -> bool:
    """Return True where *token* is the form token of this browser and owner."""
    return browser is not None and signer.is_signed(token or "", "form", browser, owner)
