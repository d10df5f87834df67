"""Conditions within a connection's transaction: its invitation, and its account's owners."""

from sqlalchemy import and_, bindparam, select, update

from portalkey.model.connection import Connection
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import IS_LIVE, connections
from portalkey.vault.sql.tables import invitations as table

IS_UNDONE = and_(table.c.used_at.is_(None), table.c.withdrawn_at.is_(None))
"""True of an invitation that was neither used nor withdrawn."""


class InvitationStatements:
    """Ends an invitation within the transaction that writes what it has connected."""

    def __init__(self, database: Database) -> None:
        """Prepare them for *database*."""
        which = and_(table.c.id == bindparam("which"), IS_UNDONE)
        # Changes nothing: it holds the row, so that nobody withdraws it before the commit.
        held = {"connection_id": table.c.connection_id}
        self._hold = database.prepare(
            lambda now: update(table).where(which, table.c.expires_at > now).values(held)
        )
        self._use = database.prepare(
            lambda now: (
                update(table).where(which).values(used_at=now, connection_id=bindparam("made"))
            )
        )

    def hold(self, driver: Driver, invitation_id: str) -> bool:
        """Keep others from the invitation until the commit; False where it has ended."""
        return bool(self._hold.run(driver, {"which": invitation_id}).rowcount == 1)

    def use(self, driver: Driver, invitation_id: str, connection_id: str) -> None:
        """End it with the connection that it was for."""
        self._use.run(driver, {"which": invitation_id, "made": connection_id})


class AccountStatements:
    """Finds who else has an account, within the transaction that writes a connection to it."""

    def __init__(self, database: Database) -> None:
        """Prepare them for *database*."""
        c = connections.c
        place = [c[name] == bindparam(name) for name in ("client_id", "hub_id")]
        another = and_(c.owner != bindparam("besides"), *place, IS_LIVE)
        self._others = database.prepare(lambda _: select(c.id).where(another).limit(1))
        self._database = database

    def is_anothers(self, driver: Driver, connection: Connection) -> bool:
        """Return True where another owner has the account.

        Whoever asks for the same account meanwhile waits until this transaction is over.
        """
        of = {"client_id": connection.client_id, "hub_id": connection.hub_id}
        self._database.hold(driver, f"account {of}")
        return bool(self._others.fetch(driver, {**of, "besides": connection.owner}))
