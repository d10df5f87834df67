"""``portalkey attempts list``: who tried lately, and what came of it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.moments import Moment, moment_at
from portalkey.cli.opening import open_broker
from portalkey.cli.tables import show_table, utc
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.attempt_words import words_about
from portalkey.model.facts import attempt_facts
from portalkey.model.search import MOST, AttemptPage

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_SHOWN = 50
_TITLES = ("Reference", "Began (UTC)", "Owner", "What happened")
_NONE = "No attempt was found."
_MORE = "There are older ones. Narrow the search, or ask for more with --limit."


@click.command("list")
@click.option("--since", type=Moment(), help="Only those begun since: 2h, 7d, 2026-11-01.")
@click.option(
    "--status",
    type=click.Choice([status.value for status in AttemptStatus]),
    help="Only those that stand there now.",
)
@click.option("--owner", help="Only this owner's.")
@click.option(
    "--limit", type=click.IntRange(1), help=f"Most to list: {_SHOWN}, or with --json all of them."
)
@click.option("--cursor", help="Go on behind a list of --json, which names its cursor.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def list_(
    *,
    since: timedelta | datetime | None,
    status: str | None,
    owner: str | None,
    limit: int | None,
    cursor: str | None,
    as_json: bool,
    env_file: Path,
) -> None:
    """List the attempts of the last 30 days, the newest first.

    Why did somebody fail at 10:14? portalkey attempts list --since 2h --status failed
    """
    if owner == "":
        raise click.BadParameter("name an owner, or leave it out.", param_hint="--owner")
    with open_broker(env_file, is_reading=True, is_store_said=not as_json) as broker:
        moment = None if since is None else moment_at(since, broker.now())
        most = limit if as_json else limit or _SHOWN
        pages = _find_pages(broker, most, cursor, owner=owner, status=status, since=moment)
        try:
            if as_json:
                _write_json(pages)
            else:
                _show(list(pages))
        except ValueError as wrong:
            raise click.UsageError(str(wrong)) from None


def _find_pages(
    broker: "Broker",
    limit: int | None,
    cursor: str | None,
    *,
    owner: str | None,
    status: str | None,
    since: datetime | None,
) -> Iterator[AttemptPage]:
    """Find attempts page by page, *limit* at most; None finds all."""
    left = limit
    while left is None or left > 0:
        most = MOST if left is None else min(left, MOST)
        page = broker.find_attempts(
            owner=owner, status=status, since=since, cursor=cursor, limit=most
        )
        yield page
        cursor = page.cursor
        left = None if left is None else left - len(page.attempts)
        if cursor is None:
            return


def _write_json(pages: Iterator[AttemptPage]) -> None:
    # As they come: there may be many.
    begin, cursor = '{"attempts": [', None
    separator = f"{begin}\n"
    for page in pages:
        cursor = page.cursor
        for attempt in page.attempts:
            facts = attempt_facts(attempt) | words_about(attempt)._asdict()
            click.echo(separator + json.dumps(facts), nl=False)
            begin, separator = "", ",\n"
    click.echo(f'{begin}], "cursor": {json.dumps(cursor)}}}')


def _show(pages: list[AttemptPage]) -> None:
    rows = [_row(attempt) for page in pages for attempt in page.attempts]
    if rows:
        show_table(_TITLES, rows, whole=_TITLES[:2])
    else:
        click.echo(_NONE)
    if pages[-1].cursor is not None:
        click.echo(_MORE, err=True)


def _row(attempt: Attempt) -> tuple[str, ...]:
    return (
        attempt.id,
        utc(attempt.created_at),
        attempt.owner or "-",
        words_about(attempt).summary,
    )
