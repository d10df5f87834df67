"""``portalkey demo``: the app and a simulated HubSpot, ready to click."""

import secrets
import sys
from contextlib import ExitStack
from pathlib import Path

import click
from dotenv import dotenv_values
from platformdirs import user_data_path

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import DEMO_FILE, PORT, env_lines, write_private
from portalkey.cli.server import Listener, create_app
from portalkey.cli.server.console import open_by_link
from portalkey.cli.server.owners import names_of_demo, people_of_demo
from portalkey.cli.terminal import bold, panel
from portalkey.cli.until import until_interrupted
from portalkey.errors import BadSettings
from portalkey.settings.settings import Settings
from portalkey.settings.validators import file_url, sqlite_url
from portalkey.vault.keyring import new_key
from portalkey_simulator import App, HubSpot

APP_NAME = "Fieldnotes"
SCOPES = "oauth crm.objects.contacts.read crm.objects.companies.read"
OPTIONAL_SCOPES = "crm.objects.deals.read"

_STORE_LINES = {
    "file": "Connections are kept in connections.json, in the data folder: look into it.",
    "session": "Connections are kept in your browser's session, sealed, and go with it.",
}


def default_data() -> Path:
    """Return the demo's default folder for its data."""
    return user_data_path("portalkey") / "demo"


@click.command()
@click.option("--port", type=PORT, default=6001, show_default=True, help="Port of the app.")
@click.option(
    "--simulator-port", type=PORT, default=6002, show_default=True, help="Port of the simulator."
)
@click.option(
    "--store",
    type=click.Choice(["sqlite", "file", "session"]),
    default="sqlite",
    show_default=True,
    help="Where connections are kept: a database, one readable file, or the visitor's session.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_data,
    show_default="the platform's data directory",
    help="Folder for the demo's database and settings.",
)
def demo(port: int, simulator_port: int, store: str, data: Path) -> None:
    """Run the app with a simulated HubSpot beside it; no HubSpot account is needed."""
    settings = demo_settings(data, port, simulator_port, in_file=store == "file")
    hubspot = App(
        name=APP_NAME,
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        redirect_uris=(settings.redirect_uri,),
    )
    broker = Broker.of(settings)
    console, link = open_by_link(broker)
    app = create_app(
        broker,
        console=console,
        session_cookie="portalkey_demo_session",
        owners=people_of_demo(),
        store="session" if store == "session" else None,
    )
    with ExitStack() as running:
        running.callback(broker.close)
        _start(running, HubSpot([hubspot], simulator_port))
        running.enter_context(Listener(app, broker, host="127.0.0.1", port=port))
        _greet(settings, data, store, link)
        until_interrupted()


def _start(running: ExitStack, simulator: HubSpot) -> None:
    try:
        simulator.start()
    except OSError:
        problem = f"Port {simulator.port} cannot be used; choose another with --simulator-port."
        raise BadSettings([problem]) from None
    running.callback(simulator.stop)


def demo_settings(data: Path, port: int, simulator_port: int, *, in_file: bool = False) -> Settings:
    """Return the demo's settings, saved in *data*; the first run makes its key and its secret.

    *in_file* keeps connections in a file that people can read, in place of a database.
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
        if in_file
        else sqlite_url(data / "portalkey.db"),
        "PORTALKEY_PUBLIC_URL": f"http://localhost:{port}",
        "PORTALKEY_APP_NAME": APP_NAME,
    }
    write_private(env_file, env_lines({name: value or "" for name, value in values.items()}))
    return Settings.from_env(env_file, environ={})


def _python() -> str:
    """Return the path of this Python, relative where it is below the current folder."""
    python, here = Path(sys.executable), Path.cwd()
    return str(python.relative_to(here) if python.is_relative_to(here) else python)


def _greet(settings: Settings, data: Path, store: str, console: str) -> None:
    lines = (
        f"Open {bold(settings.public_url)} and connect an account.",
        "",
        f"HubSpot is played by a simulator; its control room is at {settings.app_url}/.",
        *([_STORE_LINES[store]] if store in _STORE_LINES else []),
        "Press Ctrl-C to stop.",
    )
    panel("portalkey demo", lines)
    # Outside of the panel, which would wrap lines that people copy.
    click.echo(f"The operator's console: {console}")
    if store == "session":
        return
    ada = next(iter(names_of_demo()))
    click.echo(f"A token in the shell: {_python()} -m portalkey token {ada} --data {data}")
