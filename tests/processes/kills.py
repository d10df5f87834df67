"""Processes killed while they renew a token, and what is left for the next caller."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from sqlalchemy import make_url

from portalkey.broker import Broker
from portalkey.hubspot.account import introspect_request, read_introspection
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.connection import Connection
from portalkey.model.events import EventName
from portalkey_simulator import HubSpot
from processes.crew import Crew, Member
from processes.herd import connect, expire, renewals
from processes.plan import Ahead, Marks, Outcome, Plan, mark_name
from support.patience import PATIENCE

OWNER = "ada"
DELAY = 0.01
NEVER = -1
PASSING = {"store_busy", "store_unusable", "hubspot_unavailable", "rate_limited"}
WELL, IN_FLIGHT, LOST, CORRUPT = "well", "lost in flight", "lost", "corrupt"


@dataclass(frozen=True, slots=True)
class Kill:
    """One process was killed, and the next caller got *outcome*.

    ``verdict`` is ``WELL``; ``IN_FLIGHT`` where the only new refresh token died with the process;
    else ``LOST`` or ``CORRUPT``, which must never be. ``is_midway`` says that the process was at
    work when it died.
    """

    where: str
    is_midway: bool
    outcome: Outcome
    verdict: str


class Kills:
    """One connection, renewed by one process after another, each of which is killed."""

    def __init__(
        self, crew: Crew, plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead
    ) -> None:
        self._crew = crew
        self._plan = plan
        self._broker = broker
        self._hubspot = hubspot
        self._ahead = ahead
        self._wire = HubSpotClient()
        connect(broker, hubspot, OWNER)
        self._survivor = crew.hire(plan)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()

    def steps(self) -> Sequence[str]:
        """The steps at which a process can be killed, as one goes through them that is not."""
        victim, _ = self._begun(dies_at=NEVER)
        assert victim.end().error is None
        steps: Sequence[str] = victim.call("steps")
        victim.leave()
        return steps

    def at_step(self, number: int) -> Kill:
        """Let a process kill itself at the step of this *number*."""
        victim, asked = self._begun(dies_at=number)
        with suppress(EOFError):
            victim.hear()
            raise AssertionError("it did not come to that step")
        victim.bury()
        return self._killed(f"step {number}", asked, is_midway=True)

    def at_random(self, after: float) -> Kill:
        """Kill a process so many seconds *after* it was told to begin."""
        victim, asked = self._begun(dies_at=None)
        is_midway = not victim.is_done(after)
        victim.kill()
        return self._killed(f"after {after:.4f} s", asked, is_midway=is_midway)

    def in_group(self, after: float, threads: int) -> Kill:
        """As ``at_random``, while so many *threads* of the process write besides.

        What any of them was told is written has to be there.
        """
        marks = self._plan.ahead.with_name("marks")
        victim, asked = self._begun(dies_at=None, beside=(marks, threads))
        is_midway = not victim.is_done(after)
        victim.kill()
        kill = self._killed(f"after {after:.4f} s, in a group", asked, is_midway=is_midway)
        store, heard = self._broker.vault.store, Marks(marks, threads)
        for number in range(threads):
            if int(store.meta(mark_name(number)) or 0) < heard[number]:
                return replace(kill, verdict=LOST)
        return kill

    def with_store(self, after: float, crash: Callable[[], None], *, spares: bool) -> Kill:
        """The same, and the store has a *crash* at that moment; or only the store, with *spares*.

        A process that is spared asks again until it is told: what it holds it has to save.
        """
        victim, asked = self._begun(dies_at=None)
        is_midway = not victim.is_done(after)
        if not spares:
            victim.kill()
        crash()
        if spares:
            self._patient(victim, victim.end())
            victim.leave()
        where = f"after {after:.4f} s, with the store"
        return self._killed(where, asked, is_midway=is_midway, spared=spares, is_patient=True)

    def _patient(self, member: Member, outcome: Outcome) -> Outcome:
        """Ask again for as long as that is what one is told."""
        began, until = time.perf_counter(), time.monotonic() + PATIENCE
        while outcome.error in PASSING and time.monotonic() < until:
            time.sleep(0.02)
            again = member.access_token(OWNER)
            waited = time.perf_counter() - began
            outcome = replace(again, seconds=outcome.seconds + waited)
            began = time.perf_counter()
        return outcome

    def _begun(
        self, dies_at: int | None, beside: tuple[Path, int] | None = None
    ) -> tuple[Member, int]:
        """A process at work, and how often HubSpot was asked before."""
        victim = self._crew.hire(replace(self._plan, dies_at=dies_at))
        victim.call("steps")  # it is up
        expire(self._hubspot, self._ahead)
        asked = renewals(self._hubspot)
        self._hubspot.next_token_answer(delay=DELAY)
        if beside:
            victim.begin("access_token_beside", OWNER, *beside)
        else:
            victim.begin("access_token", OWNER)
        return victim, asked

    def _killed(
        self,
        where: str,
        asked: int,
        *,
        is_midway: bool,
        spared: bool = False,
        is_patient: bool = False,
    ) -> Kill:
        outcome = self._survivor.access_token(OWNER)
        if is_patient:
            outcome = self._patient(self._survivor, outcome)
        verdict = self._verdict(outcome, asked)
        if spared and verdict == IN_FLIGHT:
            verdict = LOST  # somebody alive has had it
        if verdict == IN_FLIGHT:
            connect(self._broker, self._hubspot, OWNER)
        return Kill(where, is_midway, outcome, verdict)

    def _verdict(self, outcome: Outcome, asked: int) -> str:
        """What *outcome* says of what is left."""
        (row,) = self._broker.connections(OWNER)
        if not self._is_sound(row):
            return CORRUPT
        if outcome.error == "needs_reconnect":
            could_be = self._hubspot.switches.rotate_refresh_tokens and self._was_asked(asked)
            return IN_FLIGHT if could_be and row.status_reason == "lost_in_flight" else LOST
        vault = self._broker.vault
        is_handed_out = outcome.token == vault.open_access(row).get_secret_value()
        return WELL if is_handed_out and self._is_honoured(row) else LOST

    def _was_asked(self, before: int) -> bool:
        """True where HubSpot heard of the dead one too; that is noted once it is answered."""
        until = time.monotonic() + PATIENCE
        while renewals(self._hubspot) <= before + 1 and time.monotonic() < until:
            time.sleep(0.01)
        return renewals(self._hubspot) > before + 1

    def _is_honoured(self, row: Connection) -> bool:
        request = introspect_request(self._plan.settings, self._broker.vault.open_refresh(row))
        return read_introspection(self._wire.send(request)).active

    def _is_sound(self, row: Connection) -> bool:
        """Whoever connected has an event of it, and the file is whole."""
        given = {EventName.CONNECTED, EventName.RECONNECTED}
        events = self._broker.vault.store.events(owner=OWNER)
        is_told = sum(event.name in given for event in events) >= 1
        url = make_url(self._plan.settings.database_url)
        if url.drivername != "sqlite":
            return is_told
        with closing(sqlite3.connect(str(url.database))) as file:
            return is_told and file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
