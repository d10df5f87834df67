"""``portalkey connections show``: all that is known of one connection."""

import json
from collections import Counter as Sums
from collections.abc import Sequence
from pathlib import Path

import click

from portalkey.cli.connections.finding import require_connection
from portalkey.cli.envfile import env_file_option
from portalkey.cli.event_lines import event_line
from portalkey.cli.ids import IdCommand
from portalkey.cli.opening import open_broker
from portalkey.cli.owner_hash import hashes_of
from portalkey.cli.tables import show_facts, utc
from portalkey.model.connection import Connection
from portalkey.model.counters import COUNTERS_DAYS, Counter
from portalkey.model.events import Event
from portalkey.model.facts import connection_facts, counter_facts, event_facts
from portalkey.model.sweep import is_suspect

_EVENTS = 10


@click.command(cls=IdCommand, short_help="Show all that is known of a connection.")
@click.argument("connection_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def show(connection_id: str, *, as_json: bool, env_file: Path) -> None:
    """Show all that is known of a connection, and what happened to it lately."""
    with open_broker(env_file, is_reading=True) as broker:
        connection = require_connection(broker, connection_id)
        missing = connection.missing_scopes(broker.settings.wanted_scopes)
        counters = broker.counters(connection.id)
        page = broker.find_events(connection_id=connection.id, limit=_EVENTS, newest_first=True)
        events = page.events[::-1]
        in_log = hashes_of(broker, connection.owner)
    if as_json:
        facts = connection_facts(connection) | {
            "owner_in_log": list(in_log),
            "missing_scopes": list(missing),
            "counters": [counter_facts(each) for each in counters],
            "events": [event_facts(each) for each in events],
        }
        click.echo(json.dumps(facts, indent=2))
    else:
        _show(connection, in_log, missing, counters, events)


def _show(
    connection: Connection,
    in_log: Sequence[str],
    missing: Sequence[str],
    counters: Sequence[Counter],
    events: Sequence[Event],
) -> None:
    log = ("Owner in the log", " ".join(in_log))
    show_facts([*_facts(connection), log, ("Scopes missing", " ".join(missing)), *_sums(counters)])
    if events:
        click.echo()
    for event in events:
        click.echo(event_line(event, of=connection.id))


def _facts(connection: Connection) -> list[tuple[str, object]]:
    account = connection.account
    reason = f" ({connection.status_reason})" if connection.status_reason else ""
    scopes = " ".join(connection.scopes) if connection.scopes else "not known yet"
    return [
        ("Connection", connection.id),
        ("Owner", connection.owner),
        ("HubSpot account", account.hub_id),
        ("Domain", account.hub_domain),
        ("Kind of account", account.account_type),
        ("Data hosting", account.data_hosting),
        ("Connected by", account.user_email),
        ("Status", connection.status.value + reason),
        ("Connected", f"{utc(connection.connected_at)} UTC"),
        ("Changed", f"{utc(connection.updated_at)} UTC"),
        ("Token until", f"{utc(connection.access_expires_at)} UTC" if connection.sealed else ""),
        ("Failures", connection.failures or ""),
        ("Tried again", f"{utc(connection.retry_at)} UTC" if connection.retry_at else ""),
        ("Looked at", _describe_look(connection)),
        ("Sealed with", connection.sealed.key_name if connection.sealed else ""),
        ("Scopes", scopes),
    ]


def _describe_look(connection: Connection) -> str:
    """Return when HubSpot was last asked about it while nobody used it, if it was."""
    if connection.checked_at is None:
        return ""
    words = f"{utc(connection.checked_at)} UTC"
    is_doubtful = connection.is_authenticated and is_suspect(connection)
    return f"{words}, {connection.suspicion} by that look" if is_doubtful else words


def _sums(counters: Sequence[Counter]) -> list[tuple[str, object]]:
    sums: Sums[str] = Sums()
    for counter in counters:
        label = f" by {counter.label}" if counter.label else ""
        sums[counter.kind.value.replace("_", " ") + label] += counter.n
    return [(kind.capitalize(), f"{n} in {COUNTERS_DAYS} days") for kind, n in sums.items()]
