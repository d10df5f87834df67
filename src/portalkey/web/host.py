"""The host app, as far as every skin meets it: its session of one browser, and its headers.

In the session lies who is signed in, and what belongs to them. In the headers ours have the last
word, under WSGI and ASGI: Flask-Talisman, a site-wide ``Cross-Origin-Opener-Policy`` or an error
page of the host's would otherwise cut the popup off from its opener, or let a page of the chain be
framed and cached.
"""

import hashlib
import json
import re
import secrets
from collections.abc import (
    Awaitable,
    Callable,
    Container,
    Coroutine,
    Iterable,
    Mapping,
    MutableMapping,
    Sequence,
)
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from portalkey.errors import OwnerUnusable, PortalkeyError, SessionFull, SessionUnusable
from portalkey.model.authorization import Visitor
from portalkey.model.connection import find_owner_fault, is_owner
from portalkey.web import headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BROWSER_KEY = "portalkey_browser"
CONNECTIONS_KEY = "portalkey_connections"
VISITOR_KEY = "portalkey_visitor"
"""Names in the host's session: of this browser's value, of connections where they live in sessions,
and of a visitor's id."""

MOST_COOKIE_BYTES = 4093
"""Every browser keeps so much of one cookie, attributes included (RFC 6265 section 6.1)."""
HEADERS_KEY = "portalkey.headers"
"""The key under which a skin leaves the headers of its response, in the WSGI environment or the
ASGI scope."""

_OLDER_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")

Session = MutableMapping[str, Any]
"""The host's session of one browser."""
FindId = Callable[[], object]
"""A function of the app's, bound to the request at hand: an id, or None."""
Identified = tuple[Visitor, PortalkeyError | None]
"""The visitor, and the reason for which nobody can tell who it is, or the session keeps nothing."""

Headers = Mapping[str, str]
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def identify(
    session: Session,
    find_owner: FindId,
    find_person: FindId | None,
    measure: Callable[[], int],
    *,
    name: str = "",
    is_poll: bool = False,
) -> Identified:
    """Return who is signed in, as the app's functions say, and what is wrong with the *session*.

    That may be a cookie, which *measure* returns the bytes of, or 0. Where it has no room for the
    visitor's value, it is left as the host filled it: a browser would drop all of it. Each HubSpot
    app has a value of its own, by its *name*. A poll, see ``is_poll``, gives a session none.

    Raises:
        OwnerUnusable: A function returned what is neither an id nor None: the app's mistake.
    """
    key = browser_key(name)
    is_new = key not in session
    owner, person = ask_app(find_owner, find_person)
    if is_poll and is_new:
        return Visitor(owner, None, person), None
    visitor = identify_visitor(owner, session, person, name=name)
    size = measure() if is_new and visitor.browser is not None else 0
    if size <= MOST_COOKIE_BYTES:
        return visitor, None
    del session[key]
    return replace(visitor, browser=None), SessionFull(size, MOST_COOKIE_BYTES)


def is_poll(route: str, query: Container[str]) -> bool:
    """Return True for a request on *route* by which a page asks what became of its attempt.

    It may come just as the popup is back from a sign-in, and begins. Where both gave the session a
    value, and it is a cookie, it would have that of whoever is answered last.
    """
    return route == "status" and "attempt" in query


def try_to_identify(identify: Callable[[], Identified]) -> Identified:
    """Return what *identify* does; nobody, and the trouble, where the app has to be changed."""
    try:
        return identify()
    except (OwnerUnusable, SessionUnusable) as trouble:
        return Visitor(None), trouble


def ask_app(find_owner: FindId, find_person: FindId | None) -> tuple[str | None, str | None]:
    """Return owner and person as the app's functions say; without an owner there is no person.

    Raises:
        OwnerUnusable: One of them returned what is neither an id nor None.
    """
    owner = _require_id("owner", find_owner())
    if owner is None or find_person is None:
        return owner, None
    return owner, _require_id("person", find_person())


def identify_visitor(
    owner: str | None, session: Session, person: str | None = None, *, name: str = ""
) -> Visitor:
    """Return who is signed in, with the value that tells this *session* of theirs apart.

    The value belongs to *owner* and *person*. Where nobody is signed in, or somebody else, it is
    forgotten with all that was begun under it; a session that never had one is left alone.
    """
    forget_another(owner, session, person, name=name)
    key = browser_key(name)
    value = str(session.get(key, ""))
    if owner is not None and "." not in value:
        session[key] = _make_value(value or secrets.token_urlsafe(32), owner, person)
    return Visitor(owner, session.get(key), person)


def browser_key(name: str) -> str:
    """Return the name in the host's session of the browser's value for the HubSpot app *name*."""
    return f"{BROWSER_KEY}_{name}" if name else BROWSER_KEY


def connections_key(name: str) -> str:
    """Return the name in the host's session of connections with the HubSpot app *name*."""
    return f"{CONNECTIONS_KEY}_{name}" if name else CONNECTIONS_KEY


def forget_another(
    owner: str | None, session: Session, person: str | None, *, name: str = ""
) -> None:
    """Forget whoever was signed in before, if that is not this *owner* and *person*."""
    key = browser_key(name)
    if key not in session or _is_value_of(session[key], owner, person):
        return
    _forget(session, (key, connections_key(name)))


def _require_id(name: str, value: object) -> str | None:
    """Return the *value* that the app's function *name* returned, where it is an id or None."""
    if value is None or is_owner(value):
        return value
    advice = ""
    if isinstance(value, Coroutine):
        value.close()  # which would otherwise be warned of as never awaited
        advice = f" Nothing awaits it here: write {name}() with def, not async def."
    elif type(value).__name__ in {"int", "UUID"}:
        advice = " An id of a database's is one as text: return str(...) of it."
    raise OwnerUnusable(
        f"The app's {name}() returned {find_owner_fault(value)}; return the id of whoever is "
        f"signed in, a non-empty string, or None where nobody is.{advice}"
    )


def forget_sign_in(session: Session) -> None:
    """Forget what belongs to whoever was signed in: the browser's value, and their connections.

    Of every HubSpot app that the host has.
    """
    ours = (f"{BROWSER_KEY}_", f"{CONNECTIONS_KEY}_")
    named = [key for key in session.keys() if str(key).startswith(ours)]  # noqa: SIM118 - Django's is no mapping
    _forget(session, (BROWSER_KEY, CONNECTIONS_KEY, *named))


def _forget(session: Session, keys: Iterable[str]) -> None:
    for key in keys:
        if key in session:
            del session[key]


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


class WsgiHeaderMiddleware:
    """Wraps a WSGI app; touches nothing but the headers of our own paths."""

    def __init__(self, app: "WSGIApplication", prefix: str = "") -> None:
        """Wrap *app*, whose routes of ours have *prefix* before them."""
        self._app, self._prefix = app, prefix

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer like the app, with our headers in place of others of the same names."""

        def start(status: str, sent: list[tuple[str, str]], *exc_info: object) -> object:
            ours = environ.get(HEADERS_KEY) or headers.of_path(
                environ.get("PATH_INFO", ""), self._prefix
            )
            return start_response(status, replace_headers(sent, ours), *exc_info)  # type: ignore[arg-type]

        return self._app(environ, start)  # type: ignore[arg-type]


class AsgiHeaderMiddleware:
    """Wraps an ASGI app; touches nothing but the headers of our own paths.

    Where one app is mounted in another and each has one, the inner's headers hold.
    """

    def __init__(self, app: ASGIApp, prefix: str = "") -> None:
        """Wrap *app*, whose routes of ours have *prefix* before them."""
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer like the app, with our headers in place of others of the same names."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # A list, as whatever stands between may copy the scope.
        chosen: list[Headers] = scope.setdefault(HEADERS_KEY, [])
        path = path_in_app(scope)

        async def send_ours(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = chosen[-1] if chosen else headers.of_path(path, self._prefix)
                # None are no choice: another HubSpot app of the same host may have some.
                if ours and not chosen:
                    chosen.append(ours)
                message = {**message, "headers": _replace(message.get("headers", ()), ours)}
            await send(message)

        await self._app(scope, receive, send_ours)


def path_in_app(scope: Scope) -> str:
    """Return the path below the app's mount; servers differ in whether ``path`` begins with it."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def _replace(sent: Any, ours: Headers) -> list[tuple[bytes, bytes]]:  # noqa: ANN401 - as servers have them
    if not ours:
        return list(sent)
    texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent]
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in replace_headers(texts, ours)
    ]


def replace_headers(sent: Sequence[tuple[str, str]], ours: Headers) -> list[tuple[str, str]]:
    """Return the headers *sent*, with *ours* in place of those of the same names.

    One of ours that is empty only takes the others' away.
    What a cache may keep bears nobody's cookie, though a host may send its session's with every
    answer: the cache might hand it to the next one.
    """
    names = {name.lower() for name in ours}
    if may_be_cached(ours):
        names.add("set-cookie")
    others = [(name, value) for name, value in sent if name.lower() not in names]
    return [*others, *((name, value) for name, value in ours.items() if value)]


def may_be_cached(ours: Headers) -> bool:
    """Return True where a cache may keep a response with the headers *ours*."""
    return ours.get("Cache-Control", "no-store") != "no-store"
