"""Connections that a command's arguments mean: one by its id, or all pages of some."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Unpack

import click

from portalkey.cli.tables import printable
from portalkey.model.connection import Connection
from portalkey.model.search import MOST, ConnectionPage, Narrowing

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_UNKNOWN = (
    "There is no connection of the id {id}; `portalkey connections list` has the ids, with --owner "
    "those of one owner, and with --status disconnected those that there were."
)


def find_pages(
    broker: "Broker", limit: int | None, cursor: str | None = None, **named: Unpack[Narrowing]
) -> Iterator[ConnectionPage]:
    """Find connections page by page, *limit* at most; None finds all."""
    left = limit
    while left is None or left > 0:
        page = broker.find(cursor=cursor, limit=MOST if left is None else min(left, MOST), **named)
        yield page
        cursor = page.cursor
        left = None if left is None else left - len(page.connections)
        if cursor is None:
            return


def require_connection(broker: "Broker", connection_id: str) -> Connection:
    """Return the connection of this id.

    Raises:
        ClickException: There is none; the message says how to find it.
    """
    connection = broker.find_connection(connection_id)
    if connection is None:
        raise click.ClickException(_UNKNOWN.format(id=printable(connection_id)[:80]))
    return connection
