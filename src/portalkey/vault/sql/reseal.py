"""Rows sealed anew in SQL: each statement names the seals that it was made from."""

from collections.abc import Sequence

from sqlalchemy import Update, bindparam, or_, update

from portalkey.model.attempt import SEALED, Attempt
from portalkey.model.connection import Connection
from portalkey.model.leases import LONGEST
from portalkey.vault.sql.database import StorePart, Values
from portalkey.vault.sql.outbox import outbox_values
from portalkey.vault.sql.rows import SEALED_COLUMNS, sealed_values
from portalkey.vault.sql.tables import attempts, connections, outbox
from portalkey.vault.store import OwedRevocation

_OWED_SEALS = ("sealed_token", "refresh_fingerprint", "key_name")
_BEFORE, _AFTER = "before", "after"


class SQLReseal(StorePart):
    """Writes seals over those that were read; each method is one transaction."""

    def reseal_connections(self, pairs: Sequence[tuple[Connection, Connection]]) -> int:
        """Write the sealed grants that nobody changed or leases."""
        c, now = connections.c, self._database.now()
        is_free = or_(
            c.lease_until.is_(None),
            c.lease_until <= now,
            c.lease_until > self._database.now(LONGEST),
        )
        statement = (
            update(connections)
            .where(
                c.id == bindparam("row_id"),
                c.generation == bindparam("row_generation"),
                *[c[name] == bindparam(f"{_BEFORE}_{name}") for name in SEALED_COLUMNS],
                is_free,
            )
            .values(_bind_after(SEALED_COLUMNS) | {"updated_at": now})
        )
        rows = [
            {
                "row_id": before.id,
                "row_generation": before.generation,
                **_name(_BEFORE, sealed_values(before.sealed)),
                **_name(_AFTER, sealed_values(after.sealed)),
            }
            for before, after in pairs
        ]
        return self._write(statement, rows)

    def reseal_attempts(self, pairs: Sequence[tuple[Attempt, Attempt]]) -> int:
        """Write the secrets of attempts that nobody changed."""
        c = attempts.c
        statement = update(attempts).where(
            c.id == bindparam("row_id"),
            *[c[n].is_not_distinct_from(bindparam(f"{_BEFORE}_{n}")) for n in SEALED],
        )
        rows = [
            {
                "row_id": before.id,
                **_name(_BEFORE, {name: getattr(before, name) for name in SEALED}),
                **_name(_AFTER, {name: getattr(after, name) for name in SEALED}),
            }
            for before, after in pairs
        ]
        return self._write(statement.values(_bind_after(SEALED)), rows)

    def reseal_owed(self, pairs: Sequence[tuple[OwedRevocation, OwedRevocation]]) -> int:
        """Write the sealed tokens that nobody changed."""
        c = outbox.c
        statement = update(outbox).where(
            c.id == bindparam("row_id"), c.sealed_token == bindparam("before_token")
        )
        rows = [
            {
                "row_id": before.id,
                "before_token": before.sealed_token,
                **_name(_AFTER, {name: outbox_values(after)[name] for name in _OWED_SEALS}),
            }
            for before, after in pairs
        ]
        return self._write(statement.values(_bind_after(_OWED_SEALS)), rows)

    def _write(self, statement: Update, rows: Sequence[Values]) -> int:
        if not rows:
            return 0
        return self._database.write(lambda tx: tx.execute(statement, rows).rowcount)


def _bind_after(names: Sequence[str]) -> Values:
    return {name: bindparam(f"{_AFTER}_{name}") for name in names}


def _name(when: str, values: Values) -> Values:
    return {f"{when}_{name}": value for name, value in values.items()}
