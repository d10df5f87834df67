"""Moving in, at length: so many rows from each library's own tables, and every one of them here.

``python -m bench.imports --n 10000``: each library's real code makes a database, the import brings
it over into SQLite, and afterwards every owner has the refresh token that the old app kept.
"""

import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypedDict

import click
from cryptography.fernet import Fernet

from bench.stage import Record, bar
from portalkey.broker import Broker
from portalkey.cli.importing import MoveIn, Names, Outcome, Result, Row, read_rows
from portalkey.cli.importing.token_inspector import TokenInspector
from portalkey.hubspot.client import HubSpotClient
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from support.old_app import LIBRARIES, OldUser, issued, make, write_csv

CSV = "csv"
FROM = (*LIBRARIES, CSV)


class Block(TypedDict):
    """What the import from one source came to; ``again`` is the seconds of a second run."""

    source: str
    rows: int
    imported: int
    bad: int
    seconds: float
    again: float


@click.command()
@click.option("--n", type=int, default=10_000, show_default=True, help="How many rows of each.")
def main(n: int) -> None:
    """Import from each source, and look at every row."""
    record = Record("imports")
    done = {each["source"] for each in record.blocks() if each["rows"] == n}
    with bar() as progress:
        task = progress.add_task("sources", total=len(FROM))
        for source in FROM:
            if source not in done:
                record.add(imported_from(source, n))
            progress.advance(task)
    conclude(record, n)


def imported_from(source: str, n: int) -> Block:
    """The import of *n* rows, and what is there afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="imports-") as folder,
        running(folder) as (hubspot, broker),
    ):
        people = issued(hubspot, n)
        where = f"sqlite:///{folder}/old.db"
        if source == CSV:
            where = f"{folder}/old.csv"
            write_csv(Path(where), people)
        else:
            make(source, where, people)
        first, seconds = timed(broker, source, where)
        second, again = timed(broker, source, where)
        stayed = second == {Outcome.ALREADY_CONNECTED: n}
        return Block(
            source=source,
            rows=n,
            imported=first[Outcome.IMPORTED],
            bad=n - right(broker, people) + (not stayed),
            seconds=round(seconds, 1),
            again=round(again, 1),
        )


@contextmanager
def running(folder: str) -> Iterator[tuple[HubSpot, Broker]]:
    """A simulated HubSpot, and the app that is moved into."""
    page = "http://localhost:6001"
    redirect = f"{page}/auth/hubspot/callback"
    app = App("client-of-the-figures", secrets.token_hex(16), (redirect,))
    with running_hubspot(apps=[app]) as hubspot:
        settings = Settings(
            client_id=app.client_id,
            client_secret=app.client_secret,
            redirect_uri=redirect,
            public_url=page,
            app_url=hubspot.url,
            api_url=hubspot.url,
            keys=f"figures:{Fernet.generate_key().decode()}",
            database_url=f"sqlite:///{folder}/portalkey.db",
        )
        with closing(Broker.of(settings)) as broker:
            yield hubspot, broker


def timed(broker: Broker, source: str, where: str) -> tuple[Counter[Outcome], float]:
    """What became of the rows, and the seconds it took to read, ask and write."""
    results: list[Result] = []
    began = time.monotonic()
    rows: Sequence[Row] = read_rows(source, where, Names())
    with closing(HubSpotClient()) as wire:
        inspector = TokenInspector(broker.settings, wire.send)
        move_in = MoveIn(broker, inspector, imported_from=source)
        move_in.run(rows, results.append)
    return Counter(result.outcome for result in results), time.monotonic() - began


def right(broker: Broker, people: Sequence[OldUser]) -> int:
    """How many of the *people* have what the old app kept, and nothing else."""
    count = 0
    for each in people:
        found = broker.connections(str(each.user_id))
        kept = [(one.hub_id, broker.vault.open_refresh(one)) for one in found]
        open_ = [(hub_id, token.get_secret_value()) for hub_id, token in kept]
        count += open_ == [(each.hub_id, each.refresh_token)]
    return count


def conclude(record: Record, n: int) -> None:
    """Write what all the blocks come to."""
    blocks = [each for each in record.blocks() if each["rows"] == n]
    table = {
        each["source"]: {
            "rows": each["rows"],
            "imported": each["imported"],
            "seconds": each["seconds"],
            "seconds_again": each["again"],
        }
        for each in blocks
    }
    facts: dict[str, Any] = {"by_source": table}
    imported, bad = (sum(each[name] for each in blocks) for name in ("imported", "bad"))
    record.conclude(asked=n * len(FROM), done=imported, bad=bad, seed="none", facts=facts)
    click.echo(f"{imported} rows imported, {bad} bad")


if __name__ == "__main__":
    main()
