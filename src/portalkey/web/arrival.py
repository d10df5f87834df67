"""Requests as they arrive: what they say of the place that the app is served at, and the log of it.

Nothing is refused by that: our own addresses are made of the settings alone, and a journey works
where a prefix is known to one side only. What the app makes itself, or its session, may not.
"""

import re
from collections.abc import Collection, Iterator

from portalkey.settings.settings import Settings
from portalkey.settings.surroundings import Arrival
from portalkey.settings.urls import CALLBACK
from portalkey.settings.warnings import SettingsWarning, log_warnings
from portalkey.web.http import WebRequest

_MOST_ORIGINS = 8
"""Most pages of other origins that one process logs; a browser sends whatever strangers' pages ask.
"""
_ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?")


class ArrivalLog:
    """Tells whoever runs the app what is odd about how requests arrive, each thing once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._logged: dict[str, SettingsWarning] = {}
        self._origins: set[str] = set()

    def note(self, arrival: Arrival) -> None:
        """Log what is odd about *arrival*."""
        for warning in find_oddities(self._settings, arrival):
            self._log(warning)

    def note_address(self, opened: str) -> None:
        """Log that a browser has the app open at *opened*, which is not the public URL."""
        facts = {"opened": opened, "public_url": self._settings.public_url}
        self._log(SettingsWarning.of("other_address", **facts))

    def note_origin(self, request: WebRequest) -> None:
        """Log that a page asks the API whose origin is not listed, once for each such origin."""
        own, *others = self._settings.allowed_origins
        origin = request.headers.get("origin", own)
        is_new = origin not in self._origins and len(self._origins) < _MOST_ORIGINS
        if origin in {own, *others} or not is_new or not _ORIGIN.fullmatch(origin):
            return
        if find_other_address(request, (own, *others)) is None:  # or it is told by note_address
            self._origins.add(origin)
            listed = " ".join([*others, origin])
            log_warnings([SettingsWarning.of("unknown_origin", origin=origin, listed=listed)])

    def _log(self, warning: SettingsWarning) -> None:
        if self._logged.setdefault(warning.code, warning) is warning:
            log_warnings([warning])


def find_other_address(request: WebRequest, origins: Collection[str]) -> str | None:
    """Return the origin that the browser has us open at, where it is none of *origins*; else None.

    A page of ours said it, by the ``Origin`` of what it posts, the ``origin`` of its popup or the
    ``Referer`` of its link, and the browser that this page is of one origin with us. A ``Host``
    alone is often a proxy's.
    """
    origin = find_page_origin(request)
    if origin in origins or not _ORIGIN.fullmatch(origin):
        return None
    is_host = origin.partition("://")[2] == request.headers.get("host")
    site = request.headers.get("sec-fetch-site", "same-origin" if is_host else "")
    return origin if site == "same-origin" else None


def find_page_origin(request: WebRequest) -> str:
    """Return the origin of the page that led here, as the browser names it; or an empty string."""
    referrer = "/".join(request.headers.get("referer", "").split("/")[:3])
    return request.headers.get("origin") or request.query_value("origin") or referrer


def find_oddities(settings: Settings, arrival: Arrival) -> Iterator[SettingsWarning]:
    """Yield what is odd about *arrival*, with what to do."""
    remedy = _find_mount_remedy(settings, arrival)
    if remedy is not None:
        yield SettingsWarning.of(
            "mount_differs",
            mount=settings.mount or "/",
            root=arrival.root or "/",
            session_path=arrival.session_path,
            remedy=remedy,
        )
    if arrival.is_session_foreign:
        yield SettingsWarning.of("session_name_shared", name=arrival.session_name)


def _find_mount_remedy(settings: Settings, arrival: Arrival) -> str | None:
    """Return what to set where the app, its session and its redirect URI are at different paths."""
    mount = settings.mount
    if arrival.root and arrival.root != mount:
        return f"set HUBSPOT_REDIRECT_URI to {settings.public_url}{arrival.root}{CALLBACK}"
    if arrival.root != mount:
        return (
            f"let the proxy send X-Forwarded-Prefix: {mount}, and the app heed it "
            "(ProxyFix of Werkzeug, with x_prefix=1; root_path of an ASGI server; Django's "
            "FORCE_SCRIPT_NAME)"
        )
    # Cookies are sent to what is below their path (RFC 6265 section 5.1.4).
    if not f"{mount}{CALLBACK}".startswith(f"{arrival.session_path.rstrip('/')}/"):
        return f"set SESSION_COOKIE_PATH to {mount or '/'}, or APPLICATION_ROOT"
    return None
