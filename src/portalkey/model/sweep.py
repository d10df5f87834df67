"""Rules of the sweep, which looks after connections that nobody uses.

Pure, and the same for every store. Whoever takes a token has it renewed every half an hour, so a
connection was used when it was last renewed. Each row says when it is looked at next; what was used
meanwhile is put off by then, so that no renewal has to write for it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portalkey.errors import PortalkeyError
from portalkey.model.connection import SET_BACK, Connection

IDLE_SECONDS = 86_400.0
"""Seconds after which a connection that nobody used is looked at."""
SPREAD_SECONDS = 3600.0
"""Seconds over which those are spread that were last used together, by one nightly job."""
FIRST_WITHIN = 79_200.0
"""Seconds over which the first looks are spread: many may have been connected at once."""
AGAIN_SECONDS = (72_000.0, 82_800.0)
"""Seconds between two looks; with the second look at a suspect they are less than a day."""
CONFIRM_SECONDS = (1800.0, 2400.0)
"""Seconds between two looks that have to agree before a connection ends."""
CLAIM_SECONDS = (1800.0, 3600.0)
"""Seconds after which a look is due again that came to nothing, or whose process died."""

Uniform = Callable[[float, float], float]


class Suspicion(StrEnum):
    """Reasons to think that a connection has ended; the codes that it ends with, too."""

    INACTIVE = "inactive"
    """HubSpot honours its refresh token no more."""
    ACCOUNT_MOVED = "account_moved"
    """HubSpot names another account for its refresh token."""


class Outcome(StrEnum):
    """Outcomes of a look; the words are a contract with dashboards."""

    ACTIVE = "active"
    SCOPES_CHANGED = "scopes_changed"
    SUSPECTED = "suspected"
    """HubSpot says that it has ended; nothing changes before it has said so twice."""
    INACTIVE = "inactive"
    """It has ended."""
    ACCOUNT_MOVED = "account_moved"
    """It has ended, as its token is another account's by now."""
    OVERTAKEN = "overtaken"
    """Somebody used, ended or renewed it meanwhile."""
    UNCLEAR = "unclear"
    """HubSpot's answer says nothing of it."""
    NO_KEY = "no_key_opens"
    """No key of this process opens its token."""


@dataclass(slots=True)
class SweepReport:
    """Looks of one round by what came of them.

    ``trouble`` ended the round, if anything did. Ends are those that this round made itself.
    ``is_stopped`` is True while HubSpot calls so many connections dead that it is not believed.
    """

    looks: Counter[Outcome] = field(default_factory=Counter)
    trouble: PortalkeyError | None = None
    is_stopped: bool = False

    @property
    def number(self) -> int:
        """All looks."""
        return self.looks.total()


def last_use(connection: Connection) -> datetime:
    """Return when *connection* was last used: renewed, or connected."""
    return max(connection.connected_at, connection.granted_at or connection.connected_at)


def last_word(connection: Connection) -> datetime:
    """Return when HubSpot last spoke of *connection*: to whoever used it, or to the sweep."""
    used_at = last_use(connection)
    return max(used_at, connection.checked_at or used_at)


def is_suspect(connection: Connection) -> bool:
    """Return True where HubSpot called *connection* dead, and nobody has used it since."""
    at = connection.checked_at
    return connection.suspicion is not None and at is not None and last_use(connection) <= at


def is_refuted(connection: Connection) -> bool:
    """Return True where *connection* was renewed after HubSpot had called it dead."""
    return connection.suspicion is not None and not is_suspect(connection)


def needs_look(connection: Connection) -> bool:
    """Return True where *connection*, whose time has come, is to be looked at."""
    if connection.check_at is None:
        return False
    if is_suspect(connection) or connection.granted_at is None:  # as of many imported at once
        return True
    return (connection.seen_at - last_use(connection)).total_seconds() >= IDLE_SECONDS


def plan_look(connection: Connection, uniform: Uniform) -> datetime:
    """Return when *connection*, whose time has come, is looked at next if nothing comes of it."""
    now = connection.seen_at
    if connection.check_at is None:
        return now + timedelta(seconds=uniform(0.0, FIRST_WITHIN))
    if needs_look(connection):
        return now + timedelta(seconds=uniform(*CLAIM_SECONDS))
    used_at = last_use(connection)
    if used_at > now + SET_BACK:  # the clock was set back
        used_at = now
    return used_at + timedelta(seconds=IDLE_SECONDS + uniform(0.0, SPREAD_SECONDS))


def suspected_for(connection: Connection) -> float:
    """Return for how many seconds *connection* has been suspect: since the look that was noted."""
    if connection.checked_at is None or not is_suspect(connection):
        return 0.0
    return (connection.seen_at - connection.checked_at).total_seconds()


def may_confirm(connection: Connection, suspicion: Suspicion) -> bool:
    """Return True where this *suspicion* is that of an earlier look, long enough ago."""
    is_same = connection.suspicion == suspicion
    return is_same and suspected_for(connection) >= CONFIRM_SECONDS[0]


def note(connection: Connection, wait: float, suspicion: str | None) -> Connection:
    """Return *connection* after a look, with the next one in *wait* seconds."""
    now = connection.seen_at
    check_at = now + timedelta(seconds=wait)
    return replace(connection, checked_at=now, check_at=check_at, suspicion=suspicion)
