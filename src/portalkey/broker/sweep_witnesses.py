"""Witnesses for HubSpot's word that a connection has ended: others, which it calls alive.

A neighbour of which HubSpot says nothing is none, and is not waited for either: whoever is dead
beside it ends as well, only later.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING

from portalkey._support.clock import Clock
from portalkey.broker.suspicion import find_suspicion
from portalkey.broker.sweep_guard import DOUBT_PATIENCE, SILENCE_PATIENCE, WITNESSES, SweepGuard
from portalkey.broker.sweep_questions import Questions, Unanswered
from portalkey.errors import NoKeyOpens, RateLimited
from portalkey.hubspot.account import Introspection
from portalkey.model import sweep
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.search import ConnectionSearch

if TYPE_CHECKING:
    from portalkey.broker.sweep_record import SweepRecord
    from portalkey.vault.vault import Vault

MOST_FAILED = 3
"""So many witnesses are asked for of which HubSpot says nothing."""
_CANDIDATES = 50


class Verdict(Enum):
    """Verdicts on HubSpot's word that a connection has ended."""

    BELIEVED = auto()
    DOUBTED = auto()
    """Something speaks against it: what was said so far does not count."""
    OPEN = auto()
    """Nobody speaks for it, nor against it: its time will tell."""


class Witnesses:
    """Judges if HubSpot may be believed where it calls a connection dead a second time."""

    def __init__(
        self,
        vault: "Vault",
        questions: Questions,
        guard: SweepGuard,
        record: "SweepRecord",
        clock: Clock,
    ) -> None:
        """Put the parts together; *clock* says when a witness was asked about."""
        self._vault, self._questions = vault, questions
        self._guard, self._record, self._clock = guard, record, clock

    def judge(self, row: Connection) -> Verdict:
        """Return if HubSpot may be believed that *row* is dead.

        It has called another connection alive a moment ago, or does so now where it is asked. Where
        there are hardly any others, it is believed, too.

        Raises:
            Unanswered: HubSpot is not to be asked now.
        """
        if self._guard.is_stopped:
            return Verdict.DOUBTED
        if self._is_in_doubt(row):
            return Verdict.OPEN
        if self._guard.has_witness:
            return Verdict.BELIEVED
        return self._call_witnesses(row)

    def _call_witnesses(self, row: Connection) -> Verdict:
        dead, failures = {row.hub_id}, list[Unanswered | NoKeyOpens]()
        for other in self._find_others(row):
            asked_at = self._clock()
            answer = self._ask(other, failures)
            if answer is None:
                if _are_enough(failures):
                    break
                continue
            suspicion = find_suspicion(other, answer)
            if suspicion is None:
                self._record.note_alive(other, answer, asked_at)
                return self._confirm(row)
            dead.add(other.hub_id)
            if not sweep.is_suspect(other):
                self._record.note(other, sweep.CONFIRM_SECONDS, suspicion)
            if len(dead) > WITNESSES:
                self._record.stop(len(dead))
                return Verdict.DOUBTED
        return _judge_alone(row, failures)

    def _ask(
        self, other: Connection, failures: list[Unanswered | NoKeyOpens]
    ) -> Introspection | None:
        """Return what HubSpot says of *other*; None where it does not, with one failure more."""
        try:
            return self._questions.ask(other)
        except NoKeyOpens as trouble:
            failures.append(trouble)
        except Unanswered as failure:
            if not failure.is_tried:
                raise
            failures.append(failure)
        return None

    def _confirm(self, row: Connection) -> Verdict:
        """Ask about *row* again: HubSpot may have come to itself before it named a witness."""
        if find_suspicion(row, self._questions.ask(row)) is None:
            self._guard.record_lie()
            return Verdict.DOUBTED
        # The witness may be one that HubSpot had called dead.
        return Verdict.OPEN if self._is_in_doubt(row) else Verdict.BELIEVED

    def _is_in_doubt(self, row: Connection) -> bool:
        return self._guard.is_in_doubt and sweep.suspected_for(row) < DOUBT_PATIENCE

    def _find_others(self, row: Connection) -> Iterator[Connection]:
        """Yield connections that count as connected, one for each other account."""
        search = ConnectionSearch(self._vault.client_id, status=ConnectionStatus.CONNECTED)
        seen = {row.hub_id}
        for after in (row.id, ""):  # ids are random, and so are neighbours
            page = self._vault.store.find(search, _CANDIDATES, after=after)
            for other in page.connections:
                if other.hub_id not in seen:
                    seen.add(other.hub_id)
                    yield other


def _are_enough(failures: list[Unanswered | NoKeyOpens]) -> bool:
    """Return True where no other witness is to be asked for after these *failures*."""
    asked = [each for each in failures if isinstance(each, Unanswered)]
    is_paced = any(isinstance(each.trouble, RateLimited) for each in asked)
    return is_paced or len(asked) >= MOST_FAILED


def _judge_alone(row: Connection, failures: list[Unanswered | NoKeyOpens]) -> Verdict:
    """Return the verdict where no other lives, as far as HubSpot says anything of others.

    Raises:
        Unanswered: It is in trouble, and has not called *row* dead for long.
    """
    if not failures or sweep.suspected_for(row) >= SILENCE_PATIENCE:
        return Verdict.BELIEVED
    for failure in failures:
        if isinstance(failure, Unanswered) and not failure.is_of_one:
            raise failure
    return Verdict.OPEN
