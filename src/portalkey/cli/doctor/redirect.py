"""Check of the redirect URI at a simulator, which alone says what it has registered."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from portalkey.errors import PortalkeyError
from portalkey.hubspot.client import Send
from portalkey.hubspot.http import Request
from portalkey.hubspot.json_body import Answer
from portalkey.model.findings import Finding, ok, problem
from portalkey.settings.settings import Settings

_SECONDS = 10.0
_MARKS = (".", ",")
"""Marks of a sentence, which a command is copied with."""
_LONGEST = 4 * 1024 * 1024


def check_redirect_uri(settings: Settings, send: Send) -> Iterator[Finding]:
    """Yield whether the simulator has registered the redirect URI; nothing where it does not say.

    HubSpot itself tells nobody but the person, on its own page.
    """
    registered = _find_registered(settings, send)
    if registered is None:
        return
    if settings.redirect_uri in registered:
        yield ok("redirect_uri", f"The simulator has registered {settings.redirect_uri}.")
        return
    port, uri = urlsplit(settings.api_url).port or 80, settings.redirect_uri
    start = f"Start `portalkey simulate --port {port} --redirect-uri {uri}`"
    if mark := next((each for each in _MARKS if f"{uri}{each}" in registered), ""):
        sentence = f'The simulator has registered {uri} with "{mark}" behind it, not without.'
        yield problem("redirect_uri", sentence, f"{start}: the mark was copied along.")
        return
    has = " and ".join(registered) or "none"
    sentence = f"The simulator has registered {has}, and not {uri}."
    yield problem("redirect_uri", sentence, f"{start}, or correct HUBSPOT_REDIRECT_URI.")


def _find_registered(settings: Settings, send: Send) -> tuple[str, ...] | None:
    """Return the redirect URIs of our client, or None where the simulator does not name them."""
    url = f"{settings.api_url}/control/state"
    try:
        apps = Answer.of(send(Request("GET", url, seconds=_SECONDS, longest=_LONGEST))).get("apps")
    except PortalkeyError:
        return None
    for app in apps if isinstance(apps, list) else ():
        if isinstance(app, dict) and app.get("client_id") == settings.client_id:
            uris = app.get("redirect_uris")
            return tuple(map(str, uris)) if isinstance(uris, list) else None
    return None
