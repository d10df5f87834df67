"""The command ``portalkey-simulator``: a local HubSpot, for any client in any language."""

import json
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from portalkey_simulator.config import BadConfig, Config, read_config
from portalkey_simulator.hubspot import HubSpot
from portalkey_simulator.world.apps import DEFAULT_APP, App

DEFAULT_PORT = 6002


class CannotStart(click.ClickException):
    """The simulator cannot start; the message is a sentence that says what to change."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence alone, without a word before it."""
        click.echo(self.format_message(), file=file, err=True)


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port to listen on, {DEFAULT_PORT} by default; 0 takes any that is free.",
)
@click.option(
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Apps, accounts, switches and faults, in TOML or JSON.",
)
@click.option("--seed", type=click.IntRange(0), help="Make the same codes and tokens again.")
@click.option(
    "--redirect-uri",
    "redirect_uris",
    multiple=True,
    help="A redirect URI of the ready-made app, in place of its own; may be given several times.",
)
@click.option("--json", "in_json", is_flag=True, help="Say where it is in a line of JSON.")
def simulate(
    port: int | None,
    file: Path | None,
    seed: int | None,
    redirect_uris: tuple[str, ...],
    in_json: bool,  # noqa: FBT001 - click passes flags like that
) -> None:
    """Run a local HubSpot: consent pages, OAuth, account data, faults on demand."""
    config = _read_config(file)
    apps = _choose_apps(config, redirect_uris)
    _warn_of_marks(redirect_uris)
    hubspot = HubSpot(
        apps,
        next((one for one in (port, config.port) if one is not None), DEFAULT_PORT),
        accounts=config.accounts,
        seed=config.seed if seed is None else seed,
        prepare=config.prepare,
    )
    try:
        hubspot.start()
    except OSError as error:
        why = (error.strerror or "another program may have it").lower()
        problem = (
            f"Port {hubspot.port} cannot be used ({why}); choose another with --port, and give "
            "your app that address, too (HUBSPOT_APP_URL and HUBSPOT_API_URL in portalkey's .env)."
        )
        raise CannotStart(problem) from None
    try:
        # Before the greeting: a script that has read it may end this at once.
        ended = _catch_interrupts()
        greet(hubspot, apps, title=click.get_current_context().command_path, in_json=in_json)
        while not ended.wait(1):  # in steps, as Windows does not interrupt a wait
            pass
    finally:
        hubspot.stop()


def _read_config(file: Path | None) -> Config:
    try:
        return read_config(file) if file else Config()
    except BadConfig as bad:
        raise CannotStart(str(bad)) from None


def _choose_apps(config: Config, redirect_uris: tuple[str, ...]) -> tuple[App, ...]:
    if not redirect_uris:
        return config.apps or (DEFAULT_APP,)
    if config.apps:
        problem = "--redirect-uri is for the ready-made app; write it into the file's own apps."
        raise CannotStart(problem)
    try:
        return (replace(DEFAULT_APP, redirect_uris=redirect_uris),)
    except ValueError as wrong:
        raise CannotStart(f"--redirect-uri: {wrong}.") from None


def _warn_of_marks(redirect_uris: tuple[str, ...]) -> None:
    """Warn of a mark of the sentence around it that an address was copied with."""
    for uri in redirect_uris:
        if uri.endswith((".", ",")):
            click.echo(
                f'Warning: --redirect-uri {uri} ends in "{uri[-1]}". If that was copied along, '
                "start again without it: HubSpot compares redirect URIs letter by letter.",
                err=True,
            )


def greet(hubspot: HubSpot, apps: tuple[App, ...], *, title: str, in_json: bool) -> None:
    """Print where *hubspot* is, for people or in JSON; of secrets the ready-made app's alone."""
    if in_json:
        listed = [{"client_id": app.client_id, "redirect_uris": app.redirect_uris} for app in apps]
        click.echo(json.dumps({"url": hubspot.url, "apps": listed}))
        return
    app = hubspot.app
    # The ready-made app's secret is in the source, and opens nothing but this.
    own = replace(DEFAULT_APP, redirect_uris=app.redirect_uris)
    lines = (
        f"A simulated HubSpot runs at [bold]{hubspot.url}[/bold], pages and API.",
        f"Control room: [bold]{hubspot.url}/[/bold]",
        f"Control API:  {hubspot.url}/control/openapi.json",
        "",
        f"Client id:     {escape(app.client_id)}",
        *([f"Client secret: {escape(own.client_secret)}"] if app == own else []),
        *(f"Redirect URI:  {escape(uri)}" for uri in app.redirect_uris),
        "",
        "Press Ctrl-C to stop.",
    )
    Console().print(Panel("\n".join(lines), title=title, expand=False))


def _catch_interrupts() -> threading.Event:
    """Return an event that Ctrl-C and SIGTERM set from now on."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def main() -> None:
    """Run the command."""
    simulate(prog_name="portalkey-simulator")
