"""Parts that the plugin's fixtures are made of."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from flask import Flask

from portalkey._support.clock import boot_time
from portalkey.broker.broker import Broker
from portalkey.errors import BadSettings
from portalkey.flask import HubSpotAuth
from portalkey.hubspot.client import HubSpotClient
from portalkey.settings.settings import Settings
from portalkey.settings.urls import redirect_uri
from portalkey.vault.keyring import Keyring, new_key
from portalkey.vault.memory import MemoryStore
from portalkey.vault.store import Store
from portalkey.vault.vault import Vault
from portalkey_simulator import App, HubSpot

SCOPES = ("oauth", "crm.objects.contacts.read")
"""Scopes to ask for where the app is registered for none in particular."""


def settings_for(hubspot: HubSpot, folder: Path) -> Settings:
    """Settings of the first app that *hubspot* knows; a store in a file would be in *folder*.

    All the scopes are asked for that the app is registered for.

    Raises:
        BadSettings: The app's redirect URI is none that portalkey serves; the message says how
            they look.
    """
    app = hubspot.app
    redirect = next(iter(app.redirect_uris), "")
    try:
        public_url = redirect_uri(redirect).origin
    except ValueError as wrong:
        problem = f"HUBSPOT_REDIRECT_URI {wrong}. It is the first one of the simulator's first app."
        raise BadSettings([problem]) from None
    return Settings(
        client_id=app.client_id,
        client_secret=app.client_secret,
        redirect_uri=redirect,
        public_url=public_url,
        scopes=_scopes(app),
        optional_scopes=app.optional_scopes or (),
        app_url=hubspot.url,
        api_url=hubspot.url,
        keys=f"test:{new_key().get_secret_value()}",
        database_url=f"sqlite:///{folder / 'portalkey.db'}",
        exchanges_per_minute=10_000,  # tests are quicker than people
        hubspot_calls=1000,  # and a busy machine is no slow HubSpot
    )


def _scopes(app: App) -> tuple[str, ...]:
    named = (*app.required_scopes, *(app.conditional_scopes or ()))
    is_open = app.conditional_scopes is None and app.optional_scopes is None
    return SCOPES if is_open and named == ("oauth",) else named


def broker_over(settings: Settings, store: Store, hubspot: HubSpot) -> Broker:
    """A broker over *store* whose tokens grow old by HubSpot's clock."""
    client = HubSpotClient()
    return Broker(
        settings,
        Vault(Keyring(settings.keys), store, settings.client_id),
        client.send,
        close=client.close,
        clock=lambda: boot_time() + hubspot.clock.ahead,
    )


@contextmanager
def running_broker(hubspot: HubSpot) -> Iterator[Broker]:
    """Make a broker that talks to *hubspot*, over a store in memory, until the block ends.

    It is the fixture ``broker`` for tests without pytest's fixtures, such as Django's
    ``TestCase``.

    Raises:
        BadSettings: The app's redirect URI is none that portalkey serves.
    """
    with TemporaryDirectory() as folder:
        store = MemoryStore(ahead=lambda: hubspot.clock.ahead)
        broker = broker_over(settings_for(hubspot, Path(folder)), store, hubspot)
        try:
            yield broker
        finally:
            broker.close()


def flask_app(broker: Broker, owner: str) -> Flask:
    """An app where *owner* is signed in; its test clients ask at the app's own address."""
    app = Flask("portalkey_app")
    public = urlsplit(broker.settings.public_url)
    app.config.update(
        TESTING=True,
        SECRET_KEY=secrets.token_hex(32),
        SERVER_NAME=public.netloc,
        PREFERRED_URL_SCHEME=public.scheme,
        APPLICATION_ROOT=broker.settings.mount or "/",
    )
    HubSpotAuth(app, broker, owner=lambda: owner)
    return app
