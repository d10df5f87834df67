"""``portalkey connect``: connect an account from the terminal, for scripts of one person."""

import getpass
import platform
import shlex
import webbrowser
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import env_file_option
from portalkey.cli.hints import spell
from portalkey.cli.server.listen import Listener
from portalkey.cli.server.terminal_journey import End, TerminalJourney
from portalkey.cli.terminal import bold, panel
from portalkey.errors import BadSettings
from portalkey.sentences import ENGLISH, explain
from portalkey.settings.settings import Settings

_ELSEWHERE = (
    "PORTALKEY_PUBLIC_URL is {url}, and `portalkey connect` answers HubSpot on this machine only. "
    "Set it to http://localhost:6001, and HUBSPOT_REDIRECT_URI to "
    "http://localhost:6001/auth/hubspot/callback, here and in the app's settings at HubSpot; or "
    "connect in the app that runs at {url}."
)
_TAKEN = (
    "it is the port of HUBSPOT_REDIRECT_URI, to which HubSpot sends people back, so it cannot be "
    "another one just here. If your app runs there, connect in it, at {url}. Otherwise end what "
    "has the port; or put a free one into PORTALKEY_PUBLIC_URL and HUBSPOT_REDIRECT_URI, and add "
    "that redirect URI to those of the app at HubSpot."
)
_BY_SSH = "The browser is on another machine? There, first: ssh -L {port}:localhost:{port} {host}"


@click.command()
@click.option("--owner", help="Whose connection it is; by default the user's of this machine.")
@click.option("--browser/--no-browser", default=True, help="Open the link here, or only print it.")
@env_file_option()
def connect(*, owner: str | None, browser: bool, env_file: Path) -> None:
    """Connect a HubSpot account in the browser, and keep it for scripts of this machine.

    It answers on the port of PORTALKEY_PUBLIC_URL, as HUBSPOT_REDIRECT_URI has it, while it waits.
    """
    settings = Settings.from_env(env_file)
    if not settings.is_local:
        raise BadSettings([_ELSEWHERE.format(url=settings.public_url)])
    owner = owner or getpass.getuser()
    with closing(Broker.of(settings, env_file)) as broker:
        end = _lead(broker, owner, opens_browser=browser)
        if end is None:
            raise click.ClickException(
                f"Nobody connected within {settings.attempt_seconds // 60} minutes. Nothing was "
                "changed; run the command again."
            )
        if end.connection_id is None:
            sentence = explain(ENGLISH, end.code)
            raise click.ClickException(f"Not connected ({end.code}). {sentence}")
        _tell(broker, owner, end.connection_id)


def _lead(broker: Broker, owner: str, *, opens_browser: bool) -> End | None:
    """Lead somebody to HubSpot and back, and return the end; None where nobody comes."""
    settings = broker.settings
    journey = TerminalJourney(broker, owner)
    port = urlsplit(settings.public_url).port or 80
    if_taken = _TAKEN.format(url=settings.public_url)
    with Listener(journey.app, broker, host="127.0.0.1", port=port, if_taken=if_taken):
        click.echo(f"Open {journey.link}")
        if not (opens_browser and webbrowser.open(journey.link)):
            click.echo(_BY_SSH.format(port=port, host=platform.node()))
        click.echo("Waiting for HubSpot. Press Ctrl-C to stop.")
        return journey.wait(settings.attempt_seconds)


def _tell(broker: Broker, owner: str, connection_id: str) -> None:
    """Print what is connected now, and what to do with it."""
    mine = (each for each in broker.connections(owner) if each.id == connection_id)
    account = next(each.account for each in mine)
    name = account.hub_domain or f"account {account.hub_id}"
    panel("Connected", [f"{bold(name)} ({account.hub_id}) is connected for {bold(owner)}."])
    # Outside of the panel, which would wrap lines that people copy.
    click.echo(f"In a shell:  {spell(f'token {shlex.quote(owner)}')}")
    click.echo(f"In Python:   Broker.from_env().access_token({owner!r})")
