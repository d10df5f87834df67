"""The extension that a host's module imports, as yet without an app.

Everything else is loaded as it meets its app, so that importing this costs next to nothing.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from portalkey.errors import LibraryUnusable
from portalkey.web.app_names import require_name

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.flask.hubspot_auth import Owner
    from portalkey.sentences import Words
    from portalkey.web.options import LoginUrl, MayDeliver, MayDisconnect

# Here for the whole package: the package loads this module first.
try:
    from flask import Flask
except ImportError as missing:
    raise LibraryUnusable(
        "HubSpotAuth needs Flask; run: pip install 'portalkey[flask]'"
    ) from missing


class HubSpotAuth:
    """HubSpot connections for a Flask app.

    Adds ``/auth/hubspot/*``, ``/api/hubspot/*`` and ``/connections/setup``, and to templates
    ``hubspot_connect_url(next=None, hub_id=None, another=False, scopes=())`` and
    ``hubspot_connect_state()``.

    Args:
        app: The app, or None to call ``init_app`` later.
        broker: The broker, or None to give it to ``init_app``.
        owner: Called in each request: the id of whoever is signed in, a non-empty string, or None.
            It decides whose connections a visitor sees, so it can be left out only where they are
            the visitor's own anyway, in their session; ``portalkey.flask.visitor()`` is it then.
        person: Called in each request that has an owner: the id of whoever is signed in, where the
            owner is a team. Without it, two members who share one browser's session cannot be told
            apart, and one can finish what the other began.
        owner_name: Called with an owner in a request: what people call them, for the pages; the id
            by default.
        login_url: Where a signed-out visitor is sent, with ``?next=`` for the path to lead back to;
            or a function that is called with that path in a request and returns the address.
            Without it, a page says so (401).
        setup_page: False leaves out ``/connections/setup`` for an app with a page of its own.
        strings: Texts of the pages that differ from ours, by language and key.
        language: The language of pages where nobody asks for another: a BCP 47 tag such as ``de``,
            or what returns one in each request. Without it, what the visitor's browser asks for.
        base_template: The template of the app's own layout that the setup page extends; it gives
            the blocks ``title``, ``head`` and ``content``.
        deliver: ``"access_token"`` lets the page that opened the popup fetch the access token
            once; any script on that page can then read and use it. By default no token ever
            reaches a browser.
        allow_debug: True delivers tokens in a debugged app that other machines reach, too: its
            error pages run code and show memory to whoever meets an error.
        store: ``"session"`` keeps connections sealed in the visitor's own Flask session, gone with
            it; workers cannot have their tokens then. See ``portalkey.flask.session_store``.
        may_disconnect: Called in a request with the owner and one of their connections: False where
            whoever is signed in may not disconnect it, as where the owner is a team and only some
            of its members may. By default everybody may who stands for the owner.
        may_deliver: Called likewise before a token is delivered to a page: False where whoever is
            signed in has to confirm that first, by a password or a second factor.
        name: Where the app serves several HubSpot apps, the name of this one, such as ``"eu"``:
            its routes are below ``/eu``, its endpoints ``hubspot_auth_eu.*``.

    Raises:
        ValueError: *name* cannot be one, *deliver* or *store* is something else, or *strings* has
            what is not known.
    """

    def __init__(
        self,
        app: Flask | None = None,
        broker: "Broker | None" = None,
        *,
        owner: "Owner | None" = None,
        person: "Owner | None" = None,
        owner_name: Callable[[str], str] = str,
        login_url: "LoginUrl | None" = None,
        setup_page: bool = True,
        strings: "Mapping[str, Words] | None" = None,
        language: str | Callable[[], str | None] | None = None,
        base_template: str | None = None,
        deliver: Literal["access_token"] | None = None,
        allow_debug: bool = False,
        store: Literal["session"] | None = None,
        may_disconnect: "MayDisconnect | None" = None,
        may_deliver: "MayDeliver | None" = None,
        name: str = "",
    ) -> None:
        from portalkey.web.options import make_options  # noqa: PLC0415 - all texts

        _require_usable(owner, store)
        self.owner, self.person, self.store, self.name = owner, person, store, require_name(name)
        self.options = make_options(
            strings,
            language,
            owner_name=owner_name,
            login_url=login_url,
            setup_page=setup_page,
            base_template=base_template,
            deliver=deliver,
            allow_debug=allow_debug,
            may_disconnect=may_disconnect,
            may_deliver=may_deliver,
        )
        if app is not None:
            self.init_app(app, broker)

    def init_app(self, app: Flask, broker: "Broker | None" = None) -> None:
        """Register with *app*; without a *broker*, one is made from the environment.

        Raises:
            BadSettings, StoreUnusable: The broker cannot be made from the environment, or its
                redirect URI is not that of this HubSpot app.
            ValueError: *app* has a HubSpot app of this name already.
        """
        # Imported here: with it come the settings, the store and the wire.
        from portalkey.flask.routes import register  # noqa: PLC0415 - see above

        register(self, app, broker)


def _require_usable(owner: object, store: str | None) -> None:
    """Raise where the app's decisions cannot be what is meant."""
    if store not in {None, "session"}:
        raise ValueError('store must be "session", or left out')
    if owner is None and store is None:
        raise TypeError("owner is needed: what returns the id of whoever is signed in")
