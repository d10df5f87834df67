"""Log lines at length, at DEBUG and with dependencies', while everything is provoked: no secret.

``python -m bench.log_lines --n 100000``; blocks that are there already are not run again.
"""

import secrets
import tempfile
from contextlib import closing
from itertools import count
from typing import TypedDict

import click

from bench.stage import Record, bar, settings_for
from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.cli.server import Listener, create_app
from portalkey.hubspot.client import HubSpotClient
from portalkey.testing import Ahead
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey_simulator import App, running_hubspot
from security.canaries import a_rich_life, find_leaks, listen, secrets_of
from support.ports import free_port
from support.visitor import Visitor

BLOCK = 5000


class Block(TypedDict):
    """What so many lines came to: how many lives they tell of, how many secrets, what leaked."""

    lines: int
    lives: int
    secrets: int
    leaks: list[str]


def block(least: int) -> Block:
    """Live one life after another, until the log has at least so many lines."""
    port = free_port()
    page = f"http://localhost:{port}"
    app = App("client-of-the-figures", secrets.token_hex(16), (f"{page}/auth/hubspot/callback",))
    with (
        tempfile.TemporaryDirectory(prefix="figures-") as folder,
        running_hubspot(apps=[app]) as hub,
    ):
        settings = settings_for(app, hub, page, f"sqlite:///{folder}/portalkey.db")
        ahead, client = Ahead(), HubSpotClient()
        store = SQLStore.open(settings.database_url, ahead=ahead)
        vault = Vault(Keyring(settings.keys), store, settings.client_id)
        clock = lambda: boot_time() + ahead.seconds  # noqa: E731 - of this block
        broker = Broker(settings, vault, client.send, close=client.close, clock=clock)
        server = Listener(create_app(broker), broker, host="127.0.0.1", port=port)
        with closing(broker), server, listen() as ear:
            known: dict[str, str] = {}
            for number in count(1):
                with Visitor(page, hub) as visitor:
                    a_rich_life(visitor, broker, hub, ahead)
                    found = secrets_of(broker, hub, visitor.owner)
                    known |= {secret: f"{name}, life {number}" for name, secret in found.items()}
                text = "\n".join(ear.heard)
                if text.count("\n") >= least:
                    break
    leaks = find_leaks(text, {name: secret for secret, name in known.items()})
    return Block(lines=text.count("\n") + 1, lives=number, secrets=len(known), leaks=leaks)


@click.command()
@click.option("--n", type=int, default=100_000, show_default=True, help="How many lines.")
def main(n: int) -> None:
    """Count the secrets that many lines hold."""
    record = Record("log_lines")
    there = sum(each["lines"] for each in record.blocks())
    with bar() as progress:
        task = progress.add_task("log lines", total=n, completed=min(there, n))
        while there < n:
            done = block(min(BLOCK, n - there))
            record.add(done)
            there += done["lines"]
            progress.advance(task, done["lines"])
    blocks = record.blocks()
    leaks = [name for each in blocks for name in each["leaks"]]
    facts = {name: sum(each[name] for each in blocks) for name in ("lives", "secrets")}
    record.conclude(
        asked=n,
        done=sum(each["lines"] for each in blocks),
        bad=len(leaks),
        seed="none",
        facts={**facts, "leaks": leaks[:20]},
    )
    click.echo(f"{len(leaks)} leaks")


if __name__ == "__main__":
    main()
