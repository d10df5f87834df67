"""The host's session of one browser: who is signed in, and what belongs to them in it."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any

from portalkey.errors import OwnerUnusable
from portalkey.model.authorization import Visitor
from portalkey.model.connection import find_owner_fault, is_owner

BROWSER_KEY = "portalkey_browser"
CONNECTIONS_KEY = "portalkey_connections"
VISITOR_KEY = "portalkey_visitor"
"""Names in the host's session: of this browser's value, of connections where they live in sessions,
and of a visitor's id."""

_OLDER_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")

Session = MutableMapping[str, Any]
"""The host's session of one browser."""


def identify_visitor(owner: object, session: Session, person: object = None) -> Visitor:
    """Return who is signed in, with the value that tells this *session* of theirs apart.

    The value belongs to *owner* and *person*. Where nobody is signed in, or somebody else, it is
    forgotten with all that was begun under it; a session that never had one is left alone.

    Raises:
        OwnerUnusable: *owner* or *person* is neither an id nor None: the app's mistake.
    """
    owner, person = require_id("owner", owner), require_id("person", person)
    forget_another(owner, session, person)
    value = str(session.get(BROWSER_KEY, ""))
    if owner is not None and "." not in value:
        session[BROWSER_KEY] = _make_value(value or secrets.token_urlsafe(32), owner, person)
    return Visitor(owner, session.get(BROWSER_KEY), person)


def forget_another(owner: str | None, session: Session, person: str | None) -> None:
    """Forget whoever was signed in before, if that is not this *owner* and *person*."""
    if BROWSER_KEY in session and not _is_value_of(session[BROWSER_KEY], owner, person):
        forget_sign_in(session)


def require_id(name: str, value: object) -> str | None:
    """Return the *value* that the app's function *name* returned, where it is an id or None.

    Raises:
        OwnerUnusable: It is neither; the message says what kind of thing it is.
    """
    if value is None or is_owner(value):
        return value
    raise OwnerUnusable(
        f"The app's {name}() returned {find_owner_fault(value)}; return the id of whoever is "
        "signed in, a non-empty string, or None where nobody is."
    )


def forget_sign_in(session: Session) -> None:
    """Forget what belongs to whoever was signed in: the browser's value, and their connections."""
    for name in (BROWSER_KEY, CONNECTIONS_KEY):
        if name in session:
            del session[name]


def _make_value(random: str, owner: str | None, person: str | None) -> str:
    """Return a browser's value: *random*, and a hash of whom it belongs to."""
    whose = hashlib.sha256(json.dumps([random, owner, person]).encode()).hexdigest()
    return f"{random}.{whose[:32]}"


def _is_value_of(value: object, owner: str | None, person: str | None) -> bool:
    random, says_whose, _ = str(value).partition(".")
    if not says_whose:  # of an older portalkey; an upgrade takes it from nobody
        return owner is not None and _OLDER_VALUE.fullmatch(random) is not None
    return owner is not None and value == _make_value(random, owner, person)


def visitor_id(session: Session) -> str:
    """Return the owner id of an app without users: made at the first visit, gone with *session*."""
    if VISITOR_KEY not in session:
        session[VISITOR_KEY] = secrets.token_urlsafe(16)
    return str(session[VISITOR_KEY])


def is_session_withheld(cookies: Mapping[str, str], *, cookie: str, samesite: str | None) -> bool:
    """Return True where the host's session is ``SameSite=Strict`` and its *cookie* is not there."""
    return str(samesite).lower() == "strict" and cookie not in cookies
