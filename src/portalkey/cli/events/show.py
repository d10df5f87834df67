"""``portalkey events`` by itself: what happened, and what happens now."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.event_lines import COLUMNS, EventNarrowing, event_csv, event_json, event_line
from portalkey.cli.lines import say
from portalkey.cli.moments import Moment, moment_at
from portalkey.cli.opening import open_broker
from portalkey.cli.until import until_interrupted
from portalkey.errors import StoreBusy
from portalkey.model.events import Event
from portalkey.model.search import MOST

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_LATELY = timedelta(hours=24)
_SETTLED = timedelta(seconds=2)
"""Events are followed so long after they happened: by then every machine has written its own."""
_NEVER = "Nothing is recorded of it."
_NONE_OF_IT = "Nothing is kept of it in this time."
_NONE_OF_OWNER = (
    "Nothing is kept of this owner in this time; what was erased, or is older than "
    "PORTALKEY_EVENTS_DAYS, is gone."
)
_NONE = "Nothing happened. Look further back with --since, such as --since 7d."


@click.group(invoke_without_command=True)
@click.option("--follow", is_flag=True, help="Go on, and show what happens until Ctrl-C.")
@click.option(
    "--since",
    type=Moment(),
    help="From then on: 2h, 7d, 10:14 (today, UTC), 2026-11-01. By default 24h; all, where "
    "somebody is named.",
)
@click.option("--until", type=Moment(), help="Up to then, written likewise; not with --follow.")
@click.option("--owner", help="Only what concerns this owner.")
@click.option("--connection", "connection_id", metavar="ID", help="Only this connection.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV, for a spreadsheet.")
@env_file_option()
@click.pass_context
def events(
    ctx: click.Context,
    *,
    follow: bool,
    since: timedelta | datetime | None,
    until: timedelta | datetime | None,
    owner: str | None,
    connection_id: str | None,
    as_json: bool,
    as_csv: bool,
    env_file: Path,
) -> None:
    """Show the audit: what people did, and what became of connections.

    A terminal shows each event in a line or two. Its ID, and all else, is in --json, --csv, and
    what a pipe gets.
    """
    if ctx.invoked_subcommand is not None:
        return
    if as_json and as_csv:
        raise click.UsageError("Choose one of --json and --csv.")
    if follow and until is not None:
        raise click.UsageError("Leave out --until: --follow goes on.")
    if owner == "":
        raise click.BadParameter("name an owner, or leave it out.", param_hint="--owner")
    write = event_json if as_json else event_csv if as_csv else event_line
    with open_broker(env_file, is_reading=True) as broker:
        if since is None and owner is None and connection_id is None:
            since = _LATELY
        now = broker.now()
        moment = None if since is None else moment_at(since, now)
        end = None if until is None else moment_at(until, now)
        tail = _Tail(broker, write, owner=owner, connection_id=connection_id, since=moment)
        if as_csv:
            click.echo(",".join(COLUMNS))
        if follow:
            until_interrupted(tail.catch_up)
        elif not tail.print_all(until=end) and not (as_json or as_csv):
            whole = since is None and until is None
            say(_describe_none(owner, connection_id, is_whole=whole), err=True)


def _describe_none(owner: str | None, connection_id: str | None, *, is_whole: bool) -> str:
    if owner is not None:
        return _NONE_OF_OWNER
    if connection_id is not None:
        return _NEVER if is_whole else _NONE_OF_IT
    return _NONE


class _Tail:
    """Prints events once, as far as they came."""

    def __init__(
        self, broker: "Broker", write: Callable[[Event], str], **named: Unpack[EventNarrowing]
    ) -> None:
        self._broker = broker
        self._write = write
        self._named = named
        self._cursor: str | None = None

    def catch_up(self) -> None:
        """Print what happened since the last time; a store that is busy is asked again later."""
        with suppress(StoreBusy):
            self.print_all(until=self._broker.now() - _SETTLED)

    def print_all(self, until: datetime | None = None) -> int:
        """Print all that there is behind the last one, and return how many there were."""
        number, is_full = 0, True
        while is_full:
            page = self._broker.find_events(
                cursor=self._cursor, until=until, limit=MOST, **self._named
            )
            for event in page.events:
                click.echo(self._write(event))
            self._cursor, is_full = page.cursor, page.is_full
            number += len(page.events)
        return number
