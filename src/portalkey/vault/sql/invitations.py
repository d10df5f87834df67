"""Invitations in SQL."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, insert, select, update
from sqlalchemy import Connection as Tx

from portalkey.model.events import Event
from portalkey.model.invitation import Invitation
from portalkey.vault.sql.attempts import cancel_at_once
from portalkey.vault.sql.database import Database, Values, to_columns
from portalkey.vault.sql.events import SQLEvents
from portalkey.vault.sql.invited import IS_UNDONE
from portalkey.vault.sql.rows import guard, read_further, write_further
from portalkey.vault.sql.tables import attempts
from portalkey.vault.sql.tables import invitations as table
from portalkey.vault.sql.wall import fetch_rows, may_be_stored

_COLUMNS = (*table.columns.keys(), "seen_at")
_TIMES = frozenset(name for name in _COLUMNS if name.endswith("_at"))


class SQLInvitations(SQLEvents):
    """Keeps invitations; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare the searches for *database*."""
        super().__init__(database)
        self._invitation_by_id = _InvitationQuery(database, "id")
        self._invitation_by_secret = _InvitationQuery(database, "secret_hash")
        self._invitations_of_owner = _InvitationQuery(database, "client_id", "owner")

    def invite(self, invitation: Invitation, *, event: Event) -> None:
        """Keep a new *invitation*, and record *event*."""
        statement = insert(table).values(invitation_values(invitation))

        def keep(tx: Tx) -> bool:
            tx.execute(statement)
            return True

        self._write_with(event, keep)

    def invitation(self, invitation_id: str) -> Invitation | None:
        """Return the invitation of this id."""
        return next(iter(self._invitation_by_id.fetch(1, id=invitation_id)), None)

    def invitation_by_secret(self, secret_hash: str) -> Invitation | None:
        """Return the invitation whose link has this secret."""
        return next(iter(self._invitation_by_secret.fetch(1, secret_hash=secret_hash)), None)

    def invitations(
        self, *, client_id: str | None = None, owner: str | None = None, at_most: int = 1000
    ) -> Sequence[Invitation]:
        """Return invitations of this app, and of this *owner*, newest first."""
        if client_id is not None and owner is not None:
            return self._invitations_of_owner.fetch(at_most, client_id=client_id, owner=owner)
        named = {"client_id": client_id, "owner": owner}
        asked = {name: value for name, value in named.items() if value is not None}
        which = and_(*[table.c[name] == value for name, value in asked.items()])
        query = _select(self._database.now(), which).limit(at_most)
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        return self._database.read_rows(read_invitation, rows)

    def bind_invitation(self, invitation_id: str, browser_hash: str, *, event: Event) -> bool:
        """Bind it to a browser, and record *event*; again for the same browser, without."""
        now = self._database.now()
        unbound = update(table).where(_is_live(now, invitation_id), table.c.browser_hash.is_(None))
        values = {"browser_hash": browser_hash, "bound_at": now}
        if self._change(invitation_id, event, lambda tx: _runs(tx, unbound.values(values))):
            return True
        found = self.invitation(invitation_id)
        return found is not None and found.is_live and found.browser_hash == browser_hash

    def withdraw(self, invitation_id: str, *, event: Event) -> bool:
        """End a live invitation, and cancel what is under way by it."""
        now = self._database.now()
        which = _is_live(now, invitation_id)
        under_way = and_(
            attempts.c.owner.in_(select(table.c.owner).where(table.c.id == invitation_id)),
            attempts.c.invitation_id == invitation_id,
            attempts.c.ended_at.is_(None),
        )

        def end(tx: Tx) -> bool:
            # Attempts first, as whoever connects has its attempt before the invitation.
            cancel_at_once(tx, now, under_way)
            return _runs(tx, update(table).where(which).values(withdrawn_at=now))

        return self._change(invitation_id, event, end)

    def _change(self, invitation_id: str, event: Event, work: Callable[[Tx], bool]) -> bool:
        if not may_be_stored({"id": invitation_id}):
            return False
        return self._write_with(event, work)


class _InvitationQuery:
    """One prepared search for invitations."""

    def __init__(self, database: Database, *names: str) -> None:
        """Prepare, for *database*, the search for values of the columns of these *names*."""
        self._database = database
        which = and_(*[table.c[name] == bindparam(name) for name in names])
        self._query = database.prepare(
            lambda now: _select(now, which).limit(bindparam("most", type_=Integer))
        )

    def fetch(self, at_most: int, **values: str) -> Sequence[Invitation]:
        """Return at most so many invitations, newest first."""
        rows = self._database.fetch(self._query, most=at_most, **values)
        return self._database.read_rows(read_invitation, rows)


def _select(now: ColumnElement[float], which: ColumnElement[bool]) -> Select[Any]:
    query = select(table, now.label("seen_at")).where(which)
    return query.order_by(table.c.created_at.desc(), table.c.id)


def _runs(tx: Tx, statement: Any) -> bool:  # noqa: ANN401 - an update
    return bool(tx.execute(statement).rowcount == 1)


def _is_live(now: ColumnElement[float], invitation_id: str) -> ColumnElement[bool]:
    return and_(table.c.id == invitation_id, IS_UNDONE, table.c.expires_at > now)


def invitation_values(invitation: Invitation) -> Values:
    """Return the columns of *invitation*."""
    values = {name: getattr(invitation, name) for name in table.columns.keys()}  # noqa: SIM118 - not a dict
    return to_columns(values | {"scopes": write_further(invitation.scopes)})


def _make(row: Sequence[Any]) -> Invitation:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _TIMES:
        if values[name] is not None:
            values[name] = datetime.fromtimestamp(values[name], UTC)
    return Invitation(**values | {"scopes": read_further(values["scopes"])})


read_invitation = guard(table, _COLUMNS, _make)
"""Reads a row with the clock beside it."""
