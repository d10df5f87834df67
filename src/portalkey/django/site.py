"""The site: one broker and one router a process, made when they are first needed."""

from typing import TYPE_CHECKING

from django.conf import settings as django_settings

from portalkey._support.fork import ProcessLock
from portalkey.django.hints import spell_error
from portalkey.django.options import (
    Options,
    find_env_file,
    find_names,
    find_unknown,
    prefix_of_settings,
    read_options,
    read_settings,
)
from portalkey.django.visitors import Visitors
from portalkey.errors import BadSettings, PortalkeyError
from portalkey.settings.surroundings import Host
from portalkey.settings.warnings import find_host_warnings, log_warnings
from portalkey.web.app_names import require_apart, require_known

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.settings.settings import Settings
    from portalkey.web.console.console import Console
    from portalkey.web.router import Router


class Site:
    """This process's broker, options, router and consoles.

    A worker asks for the broker only, and loads none of the pages.
    """

    def __init__(self, name: str = "") -> None:
        """Begin without any; *name* is that of its HubSpot app."""
        self.name = name
        self._lock = ProcessLock()
        self._broker: Broker | None = None
        self._has_own_broker = True
        self._options: Options | None = None
        self._router: Router | None = None
        self._consoles: dict[str, Console] = {}

    def start(self) -> None:
        """Make what a web process needs, and log what it should not stay with.

        Raises:
            BadSettings: With all that is wrong, each with what to do.
            StoreUnusable: The database cannot be opened; the message names it.
        """
        is_new = self._options is None
        _ = self.options
        if is_new:
            log_warnings(find_host_warnings(self.broker.settings, describe_host()))

    @property
    def broker(self) -> "Broker":
        """The process's broker.

        Raises:
            BadSettings, StoreUnusable: It cannot be made.
        """
        if self._broker is None:
            with self._lock:
                self._broker = self._broker or make_broker(self.name)
        return self._broker

    @property
    def options(self) -> Options:
        """The skin's options, of ``PORTALKEY``.

        Raises:
            BadSettings: It cannot be used.
        """
        if self._options is None:
            self._options = read_options(self.name)
        return self._options

    @property
    def visitors(self) -> Visitors:
        """Finder of who sent a request."""
        return Visitors(self.options, self.name)

    @property
    def router(self) -> "Router":
        """Answers our routes; made at the first request, when the site's own urls are there."""
        if self._router is None:
            from portalkey.django.pages import make_router  # noqa: PLC0415 - a worker needs none

            with self._lock:
                self._router = self._router or make_router(self.broker, self.options, self.name)
        return self._router

    def console(self, path: str) -> "Console":
        """Return the console at *path*, below the app's mount."""
        if path not in self._consoles:
            from portalkey.django.pages import make_console  # noqa: PLC0415 - as above

            self._consoles[path] = make_console(self.broker, path)
        return self._consoles[path]

    def forget_router(self) -> None:
        """Make pages anew at the next request: a host's test has changed its settings."""
        self._options, self._router = None, None
        self._consoles.clear()

    def reset(self) -> None:
        """Close the broker, and make all anew at the next use."""
        before, is_own = self._broker, self._has_own_broker
        self._broker, self._has_own_broker = None, True
        self.forget_router()
        if before is not None and is_own:
            before.close()

    def replace(self, broker: "Broker") -> None:
        """Use this *broker*, which whoever made it closes."""
        self.reset()
        self._broker, self._has_own_broker = broker, False


def make_broker(name: str = "") -> "Broker":
    """Make the broker of ``PORTALKEY`` and the environment, for the HubSpot app *name*.

    Raises:
        BadSettings: With all that is wrong, each with what to do.
        StoreUnusable: The database cannot be opened; the message names it.
    """
    # Imported here: with it come the store and the wire.
    from portalkey.broker.broker import Broker  # noqa: PLC0415 - see above

    unknown = list(find_unknown(name))
    if unknown:
        raise BadSettings(unknown)
    try:
        return Broker.of(read_settings(name), find_env_file())
    except PortalkeyError as trouble:
        spell_error(trouble, prefix_of_settings(name))
        raise


def describe_host() -> Host:
    """Return what Django's settings say of the site and its session."""
    return Host(
        is_debug=django_settings.DEBUG,
        is_secure=django_settings.SESSION_COOKIE_SECURE,
        is_httponly=django_settings.SESSION_COOKIE_HTTPONLY,
        samesite=django_settings.SESSION_COOKIE_SAMESITE or None,
    )


site = Site()
_named: dict[str, Site] = {}


def site_of(name: str = "") -> Site:
    """Return the site's part of the HubSpot app *name*.

    Raises:
        LookupError: ``PORTALKEY`` has none of this name.
    """
    if not name:
        return site
    if name not in _named:
        require_known(name, dict.fromkeys(find_names()))
        _named.setdefault(name, Site(name))
    return _named[name]


def all_sites() -> list[Site]:
    """Return those of all HubSpot apps that ``PORTALKEY`` names."""
    return [site_of(name) for name in find_names()]


def start_all() -> None:
    """Make what a web process needs of each, once they are known to stand beside one another.

    Raises:
        BadSettings, StoreUnusable: As ``Site.start`` does; or two would share their paths.
    """
    known: dict[str, Settings] = {}
    for each in all_sites():
        each.start()
        require_apart(each.name, each.broker.settings, known)
        known[each.name] = each.broker.settings


def reset_all() -> None:
    """Close all brokers, and make all anew at the next use."""
    named = list(_named.values())
    _named.clear()
    for each in (site, *named):
        each.reset()


def forget_routers() -> None:
    """Make all pages anew at the next request."""
    for each in (site, *_named.values()):
        each.forget_router()
