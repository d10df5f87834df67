"""Installs that begin at HubSpot: how many may wait, and whose one becomes by a yes. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from pydantic import SecretStr

from portalkey.errors import TooManyAttempts
from portalkey.model.attempt import NOBODY, Attempt
from portalkey.model.authorization import Visitor, hash_of, is_of_app
from portalkey.model.transitions import AttemptLimits, wait_in_line

MOST_PENDING = 100
"""So many installs of an app may wait at once that nobody has claimed."""
MOST_OF_ACCOUNT = 5
"""So many of them may be of one HubSpot account, which anybody can have for nothing."""
CODES_A_MINUTE = 30
"""So many codes that come without a state of ours are exchanged in a minute, by all processes."""


@dataclass(frozen=True, slots=True)
class InstallLimits(AttemptLimits):
    """Limits of what strangers may send us: no browser and no owner is known to count by.

    Apps that share a store have a redirect URI each, which tells theirs apart.
    """

    @classmethod
    def of_strangers(cls) -> Self:
        """Return the limits, the same for every app."""
        return cls(MOST_PENDING, CODES_A_MINUTE)

    def make_room(self, attempt: Attempt, under_way: Sequence[Attempt]) -> Sequence[Attempt]:
        """Return nothing: no install gives way to another, which may be anybody's.

        Raises:
            TooManyAttempts: So many wait already, for so many seconds.
        """
        _require_room([e for e in under_way if is_of_app(e, attempt.redirect_uri)], self.under_way)
        return ()

    def wait_of(self, attempt: Attempt, claims: Sequence[Attempt]) -> float:
        """Return in how many seconds the code of *attempt* may be exchanged; 0.0 for now.

        What is brought to another app that shares the store holds up none of this one's.
        """
        ours = [each for each in claims if is_of_app(each, attempt.redirect_uri)]
        return self.wait_for_exchange("", ours, ours[0].seen_at) if ours else 0.0

    def wait_for_exchange(
        self, browser_hash: str, claims: Sequence[Attempt], now: datetime
    ) -> float:
        """Return in how many seconds another code of a stranger's may be exchanged."""
        del browser_hash
        return wait_in_line(claims, self.exchanges, now)


@dataclass(frozen=True, slots=True)
class InstallPlace:
    """Place of an install among those that wait for the same HubSpot account.

    ``tickets`` are the ids of installs whose ticket came along with the code: they were brought by
    the same browser.
    """

    hub_id: int
    tickets: Collection[str] = ()

    def make_room(self, attempt: Attempt, waiting: Sequence[Attempt]) -> Sequence[Attempt]:
        """Return those *waiting* that end as *attempt* takes their place.

        They are the same person's: of the same browser, or begun by whoever began this one. Nobody
        else's give way, as a member of a company must not be able to end a colleague's.

        Args:
            attempt: The new one.
            waiting: Those that wait for the same account, by the same address.

        Raises:
            TooManyAttempts: So many of the account are nobody's already.
        """
        replaced = [each for each in waiting if self._is_same_person(each, attempt)]
        if attempt.owner == NOBODY:
            left = [e for e in waiting if e.owner == NOBODY and e not in replaced]
            _require_room(left, MOST_OF_ACCOUNT)
        return replaced

    def take(self, asking: Attempt) -> Attempt:
        """Return the attempt that is *asking* now, of this account."""
        return replace(asking, expected_hub_id=self.hub_id)

    def _is_same_person(self, other: Attempt, attempt: Attempt) -> bool:
        is_own = (other.owner, other.person) == (attempt.owner, attempt.person)
        return other.id in self.tickets or (attempt.owner != NOBODY and is_own)


def _require_room(waiting: Sequence[Attempt], most: int) -> None:
    """Raise where there are so many already, for as long as the first of them waits."""
    if len(waiting) >= most:
        first = min(waiting, key=lambda each: each.expires_at)
        wait = (first.expires_at - first.seen_at).total_seconds()
        raise TooManyAttempts(retry_after=max(1.0, wait))


def claim_install(attempt: Attempt, visitor: Visitor) -> Attempt | None:
    """Return the pending install as *visitor*'s; None where it does not wait, or is another's."""
    if visitor.owner is None or visitor.browser is None or not is_claimable(attempt, visitor):
        return None
    browser_hash = hash_of(SecretStr(visitor.browser))
    return replace(attempt, owner=visitor.owner, person=visitor.person, browser_hash=browser_hash)


def is_claimable(attempt: Attempt, visitor: Visitor) -> bool:
    """Return True where *visitor* may say yes: it waits, and whoever began it in the app is them.

    Their session may be another than the one that it was begun in: a browser's own cookie says that
    it is the one that brought the code.
    """
    is_theirs = (attempt.owner, attempt.person) == (visitor.owner, visitor.person)
    return attempt.is_pending and (attempt.owner == NOBODY or is_theirs)


CLAIMED = ("owner", "person", "browser_hash")
"""Fields that a claim writes."""
