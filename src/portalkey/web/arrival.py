"""Requests as they arrive: what they say of the place that the app is served at, and the log of it.

Nothing is refused by that: our own addresses are made of the settings alone, and a journey works
where a prefix is known to one side only. What the app makes itself, or its session, may not.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from portalkey.settings.settings import Settings
from portalkey.settings.urls import CALLBACK
from portalkey.settings.warnings import SettingsWarning, log_warnings


@dataclass(frozen=True, slots=True)
class Arrival:
    """The place that the app is served at, as far as its framework knows.

    ``root`` is the prefix that it is mounted at, and ``session_path`` the path that its session's
    cookie is for. ``session_name`` is that cookie's name, and ``is_session_foreign`` is True where
    one came that this app did not sign.
    """

    root: str = ""
    session_name: str = "session"
    session_path: str = "/"
    is_session_foreign: bool = False


class ArrivalLog:
    """Tells whoever runs the app what is odd about how requests arrive, each thing once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codes: set[str] = set()
        self._lock = threading.Lock()

    def note(self, arrival: Arrival) -> None:
        """Log what is odd about *arrival*."""
        for warning in find_oddities(self._settings, arrival):
            self._log(warning)

    def _log(self, warning: SettingsWarning) -> None:
        with self._lock:
            is_new = warning.code not in self._codes
            self._codes.add(warning.code)
        if is_new:
            log_warnings([warning])


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
            "(ProxyFix of Werkzeug, with x_prefix=1)"
        )
    # Cookies are sent to what is below their path (RFC 6265 section 5.1.4).
    if not f"{mount}{CALLBACK}".startswith(f"{arrival.session_path.rstrip('/')}/"):
        return f"set SESSION_COOKIE_PATH to {mount or '/'}, or APPLICATION_ROOT"
    return None
