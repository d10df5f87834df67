"""``portalkey simulate``: a local HubSpot, for any client in any language."""

import json
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from portalkey.cli.until import until_interrupted
from portalkey.errors import BadSettings
from portalkey_simulator import DEFAULT_APP, App, HubSpot
from portalkey_simulator.config import BadConfig, Config, read_config

DEFAULT_PORT = 6002


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
    config = _config(file)
    apps = _apps(config, redirect_uris)
    hubspot = HubSpot(
        apps,
        next((one for one in (port, config.port) if one is not None), DEFAULT_PORT),
        accounts=config.accounts,
        seed=config.seed if seed is None else seed,
        prepare=config.prepare,
    )
    try:
        hubspot.start()
    except OSError:
        problem = f"Port {hubspot.port} cannot be used; choose another with --port."
        raise BadSettings([problem]) from None
    try:
        tell(hubspot, apps, in_json=in_json)
        until_interrupted()
    finally:
        hubspot.stop()


def _config(file: Path | None) -> Config:
    try:
        return read_config(file) if file else Config()
    except BadConfig as bad:
        raise BadSettings([str(bad)]) from None


def _apps(config: Config, redirect_uris: tuple[str, ...]) -> tuple[App, ...]:
    if not redirect_uris:
        return config.apps or (DEFAULT_APP,)
    if config.apps:
        problem = "--redirect-uri is for the ready-made app; write it into the file's own apps."
        raise BadSettings([problem])
    try:
        return (replace(DEFAULT_APP, redirect_uris=redirect_uris),)
    except ValueError as wrong:
        raise BadSettings([f"--redirect-uri: {wrong}."]) from None


def tell(hubspot: HubSpot, apps: tuple[App, ...], *, in_json: bool) -> None:
    """Print where *hubspot* is, for people or in JSON; of secrets the ready-made app's alone."""
    if in_json:
        public = [{"client_id": app.client_id, "redirect_uris": app.redirect_uris} for app in apps]
        click.echo(json.dumps({"url": hubspot.url, "apps": public}))
        return
    app = hubspot.app
    # The ready-made app's secret is in the source, and opens nothing but this.
    own = replace(DEFAULT_APP, redirect_uris=app.redirect_uris)
    lines = (
        f"HubSpot is played on [bold]{hubspot.url}[/bold] for pages and API.",
        f"Control room: [bold]{hubspot.url}/[/bold]",
        f"Control API:  {hubspot.url}/control/openapi.json",
        "",
        f"Client id:     {escape(app.client_id)}",
        *([f"Client secret: {escape(own.client_secret)}"] if app == own else []),
        *(f"Redirect URI:  {escape(uri)}" for uri in app.redirect_uris),
        "",
        "Press Ctrl-C to stop.",
    )
    Console().print(Panel("\n".join(lines), title="portalkey simulate", expand=False))
