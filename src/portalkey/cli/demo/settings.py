"""Settings of the demo, which its first run makes and every further one finds again."""

import secrets
from pathlib import Path

from dotenv import dotenv_values

from portalkey.cli.envfile import DEMO_FILE, env_lines, write_private
from portalkey.settings.settings import Settings
from portalkey.settings.validators import file_url, sqlite_url
from portalkey.vault.keyring import new_key
from portalkey_simulator import App

APP_NAME = "Fieldnotes"
SCOPES = "oauth crm.objects.contacts.read crm.objects.companies.read"
OPTIONAL_SCOPES = "crm.objects.deals.read"


def demo_settings(data: Path, port: int, simulator_port: int, *, store: str) -> Settings:
    """Return the demo's settings, saved in *data*; the first run makes its key and its secret.

    The *store* ``file`` keeps connections in a file that people can read, in place of a database.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    env_file = data / DEMO_FILE
    saved = dotenv_values(env_file) if env_file.exists() else {}
    values = {
        "HUBSPOT_CLIENT_ID": saved.get("HUBSPOT_CLIENT_ID") or "portalkey-demo",
        "HUBSPOT_CLIENT_SECRET": saved.get("HUBSPOT_CLIENT_SECRET") or secrets.token_urlsafe(24),
        "HUBSPOT_REDIRECT_URI": f"http://localhost:{port}/auth/hubspot/callback",
        "HUBSPOT_SCOPES": SCOPES,
        "HUBSPOT_OPTIONAL_SCOPES": OPTIONAL_SCOPES,
        "HUBSPOT_APP_URL": f"http://localhost:{simulator_port}",
        "HUBSPOT_API_URL": f"http://localhost:{simulator_port}",
        "PORTALKEY_KEYS": saved.get("PORTALKEY_KEYS") or f"demo:{new_key().get_secret_value()}",
        "PORTALKEY_DATABASE_URL": file_url(data / "connections.json")
        if store == "file"
        else sqlite_url(data / "portalkey.db"),
        "PORTALKEY_PUBLIC_URL": f"http://localhost:{port}",
        "PORTALKEY_APP_NAME": APP_NAME,
        "PORTALKEY_JOURNAL": "off" if store == "session" else "on",
    }
    write_private(env_file, env_lines({name: value or "" for name, value in values.items()}))
    return Settings.from_env(env_file, environ={})


def make_app(settings: Settings) -> App:
    """Return the demo's app as it is registered with the simulated HubSpot."""
    return App(
        name=APP_NAME,
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        redirect_uris=(settings.redirect_uri,),
        install_url=settings.redirect_uri,
        required_scopes=tuple(SCOPES.split()),
    )
