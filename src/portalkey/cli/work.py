"""``portalkey work``: a worker process for revocations that are still pending."""

import json
from pathlib import Path

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import env_file_option
from portalkey.cli.until import until_interrupted
from portalkey.errors import TryLater

_AT_ONCE = 50


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.option(
    "--every",
    type=click.IntRange(1, 3600),
    default=10,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@env_file_option()
def work(*, once: bool, every: int, as_json: bool, env_file: Path) -> None:
    """Tell HubSpot what it is owed: revocations and uninstalls that failed at first.

    Every process that hands out tokens sends some of them on the side. Run this where no such
    process runs for long, or where many revocations are pending.
    """
    broker = Broker.from_env(env_file)
    try:
        if once:
            _bite(broker, as_json=as_json, is_always_shown=True)
        else:
            if not as_json:
                click.echo("Working. Press Ctrl-C to stop.")
            until_interrupted(lambda: _bite(broker, as_json=as_json), every=every)
    finally:
        broker.close()


def _bite(broker: Broker, *, as_json: bool, is_always_shown: bool = False) -> None:
    trouble: TryLater | None = None
    sent = 0
    try:
        sent = broker.send_owed(_AT_ONCE)
    except TryLater as busy:
        trouble = busy
    if as_json and (sent or trouble or is_always_shown):
        click.echo(json.dumps({"revoked": sent, "error": trouble.code if trouble else None}))
    elif trouble:
        click.echo(str(trouble), err=True)
    elif sent or is_always_shown:
        click.echo(f"HubSpot was told to forget {sent} refresh token{'' if sent == 1 else 's'}.")
