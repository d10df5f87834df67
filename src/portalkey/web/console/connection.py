"""The page of one connection: what is known of it, how it renews, and what happened to it."""

from collections import Counter as Sums
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from portalkey.errors import NoSession
from portalkey.model.connection import Connection
from portalkey.model.counters import COUNTERS_DAYS, Counter, CounterKind
from portalkey.model.events import EventName
from portalkey.model.search import MOST
from portalkey.model.sweep import is_suspect
from portalkey.settings.warnings import ERASED_IN_COPY
from portalkey.web.console.context import ConsoleContext, Refused, Visit, exact
from portalkey.web.console.renewals import begin_of, make_chart
from portalkey.web.console.rows import make_row
from portalkey.web.console.words import humanize, make_timeline
from portalkey.web.http import WebResponse

EVENTS = 50
"""Events to a page."""

_DONE = {
    "disconnected": "It is disconnected. The tokens are erased here, and HubSpot is told to forget "
    "them.",
    "disconnected-in-copy": f"It is disconnected. {ERASED_IN_COPY}",
    "uninstalled": "The app is out of the HubSpot account, and it is disconnected here.",
    "owed": "It is disconnected here. HubSpot cannot be asked just now to take the app out of the "
    "account, and is asked again by itself.",
    "already": "It was disconnected already, maybe by somebody else a moment ago. Nothing was "
    "changed.",
    "sent": "HubSpot was told.",
    "unsent": "HubSpot could not be told. It is tried again by itself; the timeline says why.",
}


class ConnectionPage:
    """``/console/connections/ID``."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context, self._broker = context, context.broker

    def show(self, visit: Visit) -> WebResponse:
        """Show one connection of this app."""
        connection = require_connection(self._context, visit)
        cursor = visit.query("cursor")
        try:
            events = self._broker.find_events(
                connection_id=connection.id,
                newest_first=True,
                limit=EVENTS,
                cursor=cursor or None,
            )
        except ValueError:
            raise Refused(
                400, "This page is of another timeline", "Open the connection once more."
            ) from None
        return self._context.page(
            visit,
            "connection.html",
            row=make_row(connection, self._broker.settings.wanted_scopes),
            timeline=make_timeline(events.events),
            cursor=events.cursor if events.is_full else None,
            is_first=not cursor,
            done=_DONE.get(self._context.word_done(visit)),
            **({} if cursor else self._describe(connection)),
        )

    def _describe(self, connection: Connection) -> dict[str, Any]:
        """Return what stands on the first page only."""
        counters = self._broker.counters(connection.id)
        now = connection.seen_at
        return {
            "facts": [fact for fact in _facts(connection) if fact[1]],
            "missing": connection.missing_scopes(self._broker.settings.wanted_scopes),
            "scopes": connection.scopes,
            "users": _sum_takers(counters),
            "days": COUNTERS_DAYS,
            "key": connection.sealed.key_name if connection.sealed else None,
            "chart": make_chart(counters, self._failures(connection, now), now),
            "renewing": list(_renewing(connection)),
            "is_breaker_open": self._broker.stats().is_breaker_open,
            "owed": self._broker.find_owed(connection.id),
        }

    def _failures(self, connection: Connection, now: datetime) -> Iterator[datetime]:
        """Yield when renewals failed lately, as far back as the newest events say."""
        page = self._broker.find_events(
            connection_id=connection.id, since=begin_of(now), limit=MOST
        )
        for event in page.events:
            if event.name is EventName.REFRESH_FAILED and event.at is not None:
                yield event.at


def require_connection(context: ConsoleContext, visit: Visit) -> Connection:
    """Return the connection that the address names.

    Raises:
        Refused: This app has none of that id.
    """
    try:
        connection = context.broker.find_connection(visit.arguments["id"])
    except NoSession:
        connection = None
    if connection is None:
        raise Refused(
            404,
            "There is no such connection",
            "This app has none of that id, or it was erased. Search for its owner or account.",
        )
    return connection


def _facts(connection: Connection) -> list[tuple[str, str]]:
    account = connection.account
    return [
        ("Kind of account", (account.account_type or "").replace("_", " ").capitalize()),
        ("Data hosting", account.data_hosting or ""),
        ("Time zone", account.time_zone or ""),
        ("Connected", exact(connection.connected_at)),
        ("Changed", exact(connection.updated_at)),
        ("Last renewed", exact(connection.granted_at)),
        ("Last looked at", exact(connection.checked_at)),
        ("Token until", exact(connection.access_expires_at) if connection.sealed else ""),
    ]


def _renewing(connection: Connection) -> Iterator[tuple[str, str]]:
    if connection.failures:
        yield "Failures in a row", str(connection.failures)
    if connection.retry_at is not None:
        yield "Tried again", exact(connection.retry_at)
    if connection.is_authenticated and is_suspect(connection):
        yield "Maybe ended", f"{humanize(connection.suspicion)}, by one look so far"
    if connection.is_leased:
        yield "Being renewed", f"right now, until {exact(connection.lease_until)} at most"
    if connection.unanswered_since is not None:
        yield "Unanswered request", f"since {exact(connection.unanswered_since)}"
    if connection.forced_at is not None:
        yield "Renewed early", f"{exact(connection.forced_at)}, after HubSpot refused the token"


def _sum_takers(counters: Sequence[Counter]) -> Sequence[tuple[str, int]]:
    """Return how many tokens each process's label has taken, most first."""
    sums: Sums[str] = Sums()
    for each in counters:
        if each.kind is CounterKind.TOKEN_TAKEN:
            sums[each.label or "unnamed"] += each.n
    return sums.most_common()
