"""What the fixtures of the plugin are made of."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from portalkey.broker import Broker
from portalkey.clock import boot_time
from portalkey.flask import HubSpotAuth
from portalkey.origins import redirect_uri
from portalkey.settings import Settings
from portalkey.simulator import HubSpot
from portalkey.vault import Keyring, Store, Vault
from portalkey.vault.keyring import new_key
from portalkey.wire import Wire

SCOPES = "oauth crm.objects.contacts.read"


def settings_for(hubspot: HubSpot, folder: Path) -> Settings:
    """Settings of the first app that *hubspot* knows; a store in a file would be in *folder*.

    Raises:
        BadSettings: The app's redirect URI is none that portalkey serves; the message says how
            they look.
    """
    (redirect, *_) = hubspot.app.redirect_uris
    return Settings(
        client_id=hubspot.app.client_id,
        client_secret=hubspot.app.client_secret,
        redirect_uri=redirect,
        public_url=redirect_uri(redirect).origin,
        scopes=SCOPES,
        app_url=hubspot.url,
        api_url=hubspot.url,
        keys=f"test:{new_key().get_secret_value()}",
        database_url=f"sqlite:///{folder / 'portalkey.db'}",
    )


def broker_over(settings: Settings, store: Store, hubspot: HubSpot) -> Broker:
    """A broker over *store* whose tokens grow old by HubSpot's clock."""
    wire = Wire()
    return Broker(
        settings,
        Vault(Keyring(settings.keys), store, settings.client_id),
        wire.send,
        close=wire.close,
        clock=lambda: boot_time() + hubspot.clock.ahead,
    )


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
