"""The sweep: idle connections are looked after, so that one that has ended does not die unseen.

HubSpot tells nobody that the app was uninstalled. Whoever asks for a token hears of it, and for the
others HubSpot is asked once a day whether it honours their refresh token (RFC 7662). Nothing is
renewed. A connection ends where two looks agree, half an hour apart, and HubSpot is to be believed.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from portalkey._support.clock import Clock
from portalkey._support.telemetry import Measured, send_result
from portalkey.broker.alarms import Alarms
from portalkey.broker.audit import Audit
from portalkey.broker.introspect import Introspector
from portalkey.broker.suspicion import find_suspicion
from portalkey.broker.sweep_guard import SweepGuard
from portalkey.broker.sweep_notes import SweepNotebook
from portalkey.broker.sweep_questions import Questions, Unanswered
from portalkey.broker.sweep_record import SweepRecord
from portalkey.broker.sweep_witnesses import Verdict, Witnesses
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.broker.waiting import Check, Uniform
from portalkey.errors import NoKeyOpens, PortalkeyError
from portalkey.model import sweep
from portalkey.model.connection import Connection
from portalkey.model.sweep import Outcome, SweepReport

if TYPE_CHECKING:
    from portalkey.vault.vault import Vault

BATCH = 10
"""So many connections are claimed at once: with a process that dies they wait for an hour."""
ROUND_SECONDS = 10.0
"""Seconds after which a round takes no more: other work waits for it."""
MOST_UNCLEAR = 3
"""So many answers that say nothing end a round."""


class Sweep:
    """Looks at connections that nobody has used for a day."""

    def __init__(
        self,
        vault: "Vault",
        introspector: Introspector,
        endpoint: TokenEndpoint,
        audit: Audit,
        alarms: Alarms,
        *,
        check: Check,
        clock: Clock,
        uniform: Uniform,
    ) -> None:
        """Put the parts together.

        Args:
            vault: Knows the connections.
            introspector: Asks HubSpot.
            endpoint: Gives the permits for it, of its least urgent kind.
            audit: Records what is found.
            alarms: Tells of a key that is missing here.
            check: Returns where HubSpot may be asked from here.
            clock: Counts seconds.
            uniform: Spreads the looks over the day.
        """
        self._vault, self._alarms = vault, alarms
        self._clock, self._uniform = clock, uniform
        self._guard, self._notes = SweepGuard(clock), SweepNotebook(vault, clock)
        self._questions = Questions(introspector, endpoint, check)
        self._record = SweepRecord(
            vault, introspector, self._guard, audit, notes=self._notes, uniform=uniform
        )
        self._witnesses = Witnesses(vault, self._questions, self._guard, self._record, clock)

    def run(self, at_most: int) -> SweepReport:
        """Look at *at_most* connections that are due, for some seconds.

        A copy looks at none. Trouble with HubSpot ends the round, and is in the report. What it has
        claimed and not looked at by then is due as before: the next round begins with it.

        Raises:
            NoSession: Connections are in visitors' sessions.
            StoreBusy, StoreUnusable: What was not looked at is due again within an hour.
        """
        report, claimed = SweepReport(), list[Connection]()
        if self._vault.is_copy:
            return report
        try:
            self._work(claimed, at_most, report)
        except Unanswered as failure:
            report.trouble = failure.trouble
        finally:
            self._give_back(claimed)
        report.is_stopped = self._guard.is_stopped
        self._notes.note_round()
        return report

    def _work(self, claimed: list[Connection], at_most: int, report: SweepReport) -> None:
        """Look at one connection after another; those in *claimed* are left over.

        Raises:
            Unanswered: No other could be looked at, either.
        """
        until = self._clock() + ROUND_SECONDS
        while not self._is_over(report, at_most, until) and self._claim(claimed):
            row = claimed.pop(0)
            if sweep.is_refuted(row):
                self._record.note_refuted(row)
            elif sweep.needs_look(row):
                try:
                    self._visit(row, report)
                except Unanswered as failure:
                    if not failure.is_tried:
                        claimed.insert(0, row)
                    raise

    def _is_over(self, report: SweepReport, at_most: int, until: float) -> bool:
        is_unclear = report.looks[Outcome.UNCLEAR] >= MOST_UNCLEAR
        is_enough = report.number >= at_most or self._clock() > until
        return is_unclear or is_enough or self._guard.is_stopped

    def _claim(self, claimed: list[Connection]) -> bool:
        """Claim more where none is left; return False where none is due."""
        if not claimed:
            app = self._vault.client_id
            claimed += self._vault.store.claim_looks(
                app, BATCH, lambda row: sweep.plan_look(row, self._uniform)
            )
        return bool(claimed)

    def _give_back(self, claimed: list[Connection]) -> None:
        """Make those due again that were not looked at; never raises, as they are within an hour.

        Of the others it is planned when they are looked at, and they were not waiting.
        """
        rows = [row for row in claimed if sweep.is_refuted(row) or sweep.needs_look(row)]
        if rows:
            with suppress(PortalkeyError):
                self._vault.store.release_looks(rows)

    def _visit(self, row: Connection, report: SweepReport) -> None:
        """Look at *row*, and count what came of it.

        Raises:
            Unanswered: No other could be looked at, either.
        """
        began = self._clock()
        try:
            outcome = self._look(row)
        except NoKeyOpens as trouble:
            self._alarms.report_missing_key(trouble, row)
            outcome = Outcome.NO_KEY
        except Unanswered as failure:
            if not failure.is_of_one:
                raise
            outcome = Outcome.UNCLEAR
            report.trouble = failure.trouble
        report.looks[outcome] += 1
        send_result(Measured.LOOK, self._clock() - began, outcome)

    def _look(self, row: Connection) -> Outcome:
        """Ask about *row*, and do what the answer says."""
        asked_at = self._clock()
        answer = self._questions.ask(row)
        suspicion = find_suspicion(row, answer)
        if suspicion is None:
            return self._record.note_alive(row, answer, asked_at)
        dead = self._guard.record_dead(row)
        if dead is not None:
            self._record.stop(dead)
        verdict = Verdict.DOUBTED
        if sweep.may_confirm(row, suspicion):
            verdict = self._witnesses.judge(row)
        if verdict is Verdict.BELIEVED:
            return self._record.end(row, suspicion, answer)
        if verdict is Verdict.DOUBTED:
            self._record.note(row, sweep.CONFIRM_SECONDS, suspicion)
        # Otherwise it has been suspect since the look that is noted, and is due within the hour.
        return Outcome.SUSPECTED
