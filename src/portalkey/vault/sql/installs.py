"""Installs that begin at HubSpot, in SQL."""

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, literal_column, update

from portalkey.errors import TooManyAttempts
from portalkey.model import transitions
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Visitor
from portalkey.model.events import Event, replaced_event
from portalkey.model.installs import CLAIMED, InstallPlace, claim_install
from portalkey.model.notifications import Subject
from portalkey.vault.sql.attempts import Clock, Condition, SQLMoves, select_attempts
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.rows import attempt_values, bind, parameters, read_attempt
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import attempts as table
from portalkey.vault.sql.wall import fetch_rows
from portalkey.vault.store import OwedRevocation


class SQLInstalls(SQLMoves):
    """Lets one visitor claim an install, and lists those that wait."""

    def __init__(self, database: Database) -> None:
        """Prepare the claim for *database*."""
        super().__init__(database)
        self._claim_install = database.prepare(
            lambda _: (
                update(table).where(table.c.id == bindparam("which")).values(parameters(CLAIMED))
            )
        )
        of_account = [
            table.c[each] == bindparam(each) for each in ("redirect_uri", "expected_hub_id")
        ]
        self._waiting_for = database.prepare(
            lambda now: select_attempts(now).where(_is_pending(now), *of_account)
        )

    def claim_install(self, attempt_id: str, visitor: Visitor) -> Attempt | None:
        """Make a pending install *visitor*'s, and return it."""

        def claim(driver: Driver) -> Attempt | None:
            attempt = self._moves.settle(driver, attempt_id)
            claimed = claim_install(attempt, visitor) if attempt else None
            if claimed is not None:
                values = bind(attempt_values(claimed, CLAIMED))
                self._claim_install.run(driver, {"which": attempt_id, **values})
            return claimed

        return self._database.write_fast(claim)

    def pending_installs(self, redirect_uri: str, at_most: int) -> Sequence[Attempt]:
        """Return the installs that came back to this address and wait."""
        c, now = table.c, self._database.now()
        query = (
            select_attempts(now)
            .where(_is_pending(now), c.redirect_uri == redirect_uri)
            .order_by(c.expires_at, c.id)
            .limit(at_most)
        )
        rows = self._database.read(lambda tx: fetch_rows(tx, query, {"redirect_uri": redirect_uri}))
        return self._database.read_rows(read_attempt, rows, skips=True)

    def ask(
        self,
        attempt_id: str,
        sealed_grant: str,
        owed: OwedRevocation,
        *,
        event: Event | None = None,
        place: InstallPlace | None = None,
    ) -> bool:
        """Move an attempt to ``ASKING``, keep *owed* and record *event*, or nothing."""
        asking = AttemptStatus.ASKING

        def move_and_owe(driver: Driver) -> bool | TooManyAttempts:
            before = self._moves.settle(driver, attempt_id)
            after = transitions.move(before, asking, sealed_grant=sealed_grant) if before else None
            if before is None or after is None:
                return False
            try:
                replaced = self._find_replaced(driver, before, place) if place else []
            except TooManyAttempts as trouble:
                return trouble
            for each in replaced:
                self._moves.move(driver, each.id, AttemptStatus.CANCELLED)
                self._event.run(driver, replaced_event(each, attempt_id), Subject(owed.client_id))
            self._moves.save(driver, place.take(after) if place else after)
            self._owed.add(driver, owed)
            if event is not None:
                self._event.run(driver, event)
            return True

        outcome = self._database.write_fast(move_and_owe)
        if isinstance(outcome, TooManyAttempts):
            raise outcome
        return outcome

    def _find_replaced(
        self, driver: Driver, attempt: Attempt, place: InstallPlace
    ) -> Sequence[Attempt]:
        """Return the installs whose *place* the *attempt* takes; it has that until the commit."""
        of = {"redirect_uri": attempt.redirect_uri, "expected_hub_id": place.hub_id}
        self._database.hold(driver, f"installs of {of}")
        rows = self._waiting_for.fetch(driver, of)
        return place.make_room(attempt, self._database.read_rows(read_attempt, rows))


def _is_pending(now: Clock) -> Condition:
    """Return the condition that an install waits for somebody's yes."""
    c = table.c
    is_asking = c.status == literal_column(f"'{AttemptStatus.ASKING.value}'")
    # That a grant waits is said too, so that both databases take the partial index.
    waits = (c.sealed_grant.is_not(None), c.expires_at > now, c.pending_until.is_not(None))
    return and_(*waits, is_asking)
