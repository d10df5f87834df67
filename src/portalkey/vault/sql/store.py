"""The store in a database: SQLAlchemy Core over SQLite or PostgreSQL."""

from collections.abc import Callable
from typing import Self

from portalkey._support.clock import no_offset
from portalkey._support.mounts import read_mounts
from portalkey.model.events import Event, EventName
from portalkey.vault.sql.attempts import SQLAttempts
from portalkey.vault.sql.connections import SQLConnections
from portalkey.vault.sql.counters import SQLCounters
from portalkey.vault.sql.installs import SQLInstalls
from portalkey.vault.sql.invitations import SQLInvitations
from portalkey.vault.sql.keys import SQLKeys
from portalkey.vault.sql.leases import SQLLeases
from portalkey.vault.sql.migrate import migrate
from portalkey.vault.sql.outbox import SQLOutbox
from portalkey.vault.sql.owners import SQLOwners
from portalkey.vault.sql.purge import SQLPurge
from portalkey.vault.sql.receivers import SQLReceivers
from portalkey.vault.sql.reseal import SQLReseal
from portalkey.vault.sql.search import SQLSearch
from portalkey.vault.sql.stats import SQLStats
from portalkey.vault.sql.sweep import SQLSweep
from portalkey.vault.sql.urls import open_database
from portalkey.vault.store import CALL_SECONDS, Store


class SQLStore(
    SQLAttempts,
    SQLConnections,
    SQLCounters,
    SQLInvitations,
    SQLInstalls,
    SQLKeys,
    SQLLeases,
    SQLOutbox,
    SQLOwners,
    SQLPurge,
    SQLReceivers,
    SQLReseal,
    SQLSearch,
    SQLStats,
    SQLSweep,
    Store,
):
    """Keeps everything in one database: SQLite for a machine, PostgreSQL for many.

    What each method promises stands in ``Store``; each part has the methods of its subject.
    """

    @classmethod
    def open(
        cls,
        url: str,
        *,
        schema: str = "",
        plaintext: bool = False,
        seconds: float = CALL_SECONDS,
        ahead: Callable[[], float] = no_offset,
        mounts: Callable[[], str] = read_mounts,
    ) -> Self:
        """Open the store that *url* names, made or brought up to date where that is needed.

        Args:
            url: ``sqlite:///PATH``, with a fourth slash for an absolute path; ``%3F`` stands for
                a question mark in it, as in any URL. Or ``postgresql://``, as libpq takes it.
            schema: The schema of PostgreSQL for the tables; by default the one that they are in, or
                ``portalkey``.
            plaintext: True where a PostgreSQL on another host may be spoken to without TLS.
            seconds: How many seconds one call takes at most, all its waits and tries together.
            ahead: Seconds added to the store's clock, asked for at every look at it.
            mounts: Tells what is mounted where, as Linux does in ``/proc/self/mountinfo``.

        Raises:
            BadSettings: The URL names no file for SQLite and no database of PostgreSQL, or the
                driver for PostgreSQL is not installed.
            StoreBusy: Another process takes too long with the database; try again.
            StoreUnusable: The operator has to look at the database.
        """
        database = open_database(
            url, schema=schema, plaintext=plaintext, seconds=seconds, ahead=ahead, mounts=mounts
        )
        try:
            migrate(database)
            store = cls(database)
            store.tell_tightened()
        except BaseException:
            database.close()
            raise
        return store

    def tell_tightened(self) -> None:
        """Record that the file was open to others, as a restored one may be, if it was."""
        mode = self._database.mode_before
        if mode is not None:
            self.record(Event(EventName.STORE_TIGHTENED, facts={"mode": mode}))
