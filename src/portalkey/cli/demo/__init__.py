"""``portalkey demo``: the app and a simulated HubSpot, ready to click."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click

from portalkey.broker.broker import Broker
from portalkey.cli.demo.greeting import greet
from portalkey.cli.demo.journal_watch import JournalWatch
from portalkey.cli.demo.settings import demo_settings, hold, make_app
from portalkey.cli.envfile import PORT, default_data
from portalkey.cli.server import Listener, create_app
from portalkey.cli.server.owners import people_of_demo
from portalkey.cli.until import until_interrupted
from portalkey.errors import BadSettings
from portalkey_simulator import HubSpot

TOKEN_SECONDS = 20
"""Seconds that a token of the demo's lives, so that one is renewed while somebody looks."""


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
@click.option(
    "--token-seconds",
    type=click.IntRange(4, 1800),
    default=TOKEN_SECONDS,
    show_default=True,
    help="How long an access token lives; 1800 at HubSpot.",
)
def demo(port: int, simulator_port: int, store: str, data: Path, token_seconds: int) -> None:
    """Run the app with a simulated HubSpot beside it; no HubSpot account is needed.

    Each run begins with an empty store: the simulator knows nothing of an earlier one.
    """
    with hold(data):
        _run(port, simulator_port, store, data, token_seconds)


def _run(port: int, simulator_port: int, store: str, data: Path, token_seconds: int) -> None:
    # Imported here: with it come the visitors' pages.
    from portalkey.cli.demo.tour import Tour  # noqa: PLC0415 - see above

    settings = demo_settings(data, port, simulator_port, store=store)
    prepare = partial(_shorten_tokens, token_seconds)
    simulator = HubSpot([make_app(settings)], simulator_port, prepare=prepare)
    broker = Broker.of(settings)
    owners = people_of_demo()
    tour = Tour(broker, simulator, owners)
    app = create_app(
        broker,
        console=tour.console,
        session_cookie="portalkey_demo_session",
        owners=owners,
        store="session" if store == "session" else None,
        front=tour.add_to,
    )
    with ExitStack() as running:
        running.callback(broker.close)
        _start(running, simulator)
        running.enter_context(Listener(app, broker, host="127.0.0.1", port=port))
        if settings.journal:
            running.enter_context(JournalWatch(broker))
        greet(settings, data, store)
        until_interrupted()


def _shorten_tokens(seconds: int, simulator: HubSpot) -> None:
    simulator.switches.access_token_seconds = seconds


def _start(running: ExitStack, simulator: HubSpot) -> None:
    try:
        simulator.start()
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        problem = f"Port {simulator.port} cannot be used ({why})"
        raise BadSettings([f"{problem}; choose another with --simulator-port."]) from None
    running.callback(simulator.stop)
