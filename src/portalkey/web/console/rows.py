"""Connections as pages show them: plain values, of which none is sealed or secret."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.web.console.words import STATUSES, Mark, humanize


@dataclass(frozen=True, slots=True)
class Row:
    """One connection; a template is given this, and never the connection with its seals."""

    id: str
    owner: str
    name: str
    hub_id: int
    user_email: str | None
    status: ConnectionStatus
    mark: Mark
    detail: str
    granted_at: datetime | None
    connected_at: datetime
    updated_at: datetime
    seen_at: datetime

    @property
    def is_live(self) -> bool:
        """True where there is something to disconnect."""
        return self.status is not ConnectionStatus.DISCONNECTED


def make_row(connection: Connection, wanted: Iterable[str]) -> Row:
    """Return what a page shows of *connection*, in an app that has *wanted* these scopes."""
    account = connection.account
    return Row(
        id=connection.id,
        owner=connection.owner,
        name=account.name,
        hub_id=account.hub_id,
        user_email=account.user_email,
        status=connection.status,
        mark=STATUSES[connection.status],
        detail=_describe(connection, wanted),
        granted_at=connection.granted_at,
        connected_at=connection.connected_at,
        updated_at=connection.updated_at,
        seen_at=connection.seen_at,
    )


def _describe(connection: Connection, wanted: Iterable[str]) -> str:
    if connection.status is ConnectionStatus.DISCONNECTED:
        return ""
    if connection.status is ConnectionStatus.FAILING:
        tries = f"{connection.failures} {'try' if connection.failures == 1 else 'tries'} in a row"
        reason = humanize(connection.status_reason)
        return f"{reason}, {tries}" if reason else tries
    if connection.status is ConnectionStatus.NEEDS_RECONNECT:
        is_plain = connection.status_reason in {None, "needs_reconnect"}
        return "HubSpot ended it" if is_plain else humanize(connection.status_reason)
    lacking = connection.missing_scopes(wanted)
    return f"lacks {', '.join(lacking)}" if lacking else ""
