"""Events as lines, and all pages of them."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from portalkey.cli.lines import fold, room
from portalkey.cli.tables import printable
from portalkey.model.events import Event
from portalkey.model.facts import event_facts
from portalkey.model.search import MOST

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_BELOW = " " * 4
"""Before what goes below: little, so that it is one line of an ordinary terminal."""

COLUMNS = ("at", "name", "owner", "attempt_id", "connection_id", "facts", "id")


class EventNarrowing(TypedDict, total=False):
    """Arguments of ``Broker.find_events`` that narrow a search."""

    owner: str | None
    connection_id: str | None
    since: datetime | None


def find_all_events(broker: "Broker", **named: Unpack[EventNarrowing]) -> Iterator[Event]:
    """Find events page by page, oldest first; arguments are those of ``Broker.find_events``."""
    cursor: str | None = None
    is_full = True
    while is_full:
        page = broker.find_events(cursor=cursor, limit=MOST, **named)
        yield from page.events
        cursor, is_full = page.cursor, page.is_full


def event_line(event: Event, of: str | None = None) -> str:
    """Return *event* as people read it; what a terminal has no room for goes below.

    A terminal gets a line or two: the event's own id is left out there, the attempt where a
    connection is named, and the ids that are *of* what is looked at. A pipe gets all.
    """
    at = f"{event.at:%Y-%m-%d %H:%M:%S}" if event.at else ""
    named = {"connection": event.connection_id, "attempt": event.attempt_id, **event.facts}
    width = room()
    if width is None:
        named["id"] = event.id
    else:
        named = {name: value for name, value in named.items() if value != of}
        if named.get("connection"):
            named.pop("attempt", None)
    details = " ".join(f"{name}={value}" for name, value in named.items() if value is not None)
    head, details = f"{event.name:20}  {printable(event.owner or '-')}", printable(details)
    if width is not None and len(f"{at}  {head}  {details}") > width:
        details = fold(details, width - len(_BELOW)).replace("\n", f"\n{_BELOW}")
        gap = f"\n{_BELOW}"
    else:
        gap = "  " if details else ""
    return f"{click.style(at, dim=True)}  {head}{gap}{click.style(details, dim=True)}"


def event_json(event: Event) -> str:
    """Return *event* as one JSON object."""
    return json.dumps(event_facts(event))


def event_csv(event: Event) -> str:
    """Return *event* as a line of CSV, in the order of ``COLUMNS``."""
    facts = event_facts(event) | {"facts": json.dumps(dict(event.facts))}
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([facts[name] for name in COLUMNS])
    return line.getvalue()
