"""Protocol of grants that wait for a yes: of installs, and of another account than last time."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from portalkey.model.attempt import Attempt
    from portalkey.model.authorization import Visitor
    from portalkey.model.events import Event
    from portalkey.model.installs import InstallPlace
    from portalkey.vault.outbox_store import OwedRevocation


class InstallStore(Protocol):
    """The part of a store that keeps questions; an install is an attempt like others."""

    def ask(
        self,
        attempt_id: str,
        sealed_grant: str,
        owed: "OwedRevocation",
        *,
        event: "Event | None" = None,
        place: "InstallPlace | None" = None,
    ) -> bool:
        """Move an exchanging attempt to ``ASKING`` with its *sealed_grant*, and keep *owed*.

        And record *event*; all of it, or nothing where the attempt had ended. *owed*, whose id is
        the attempt's, is due once the answer is too late, so that the grant is given back however
        the attempt ends but by a yes: ``connect`` forgets it. Whatever ends the attempt earlier
        makes it due in the same transaction: a move to an end, ``cancel_attempts``,
        ``erase_owner``, or an install that takes its place.

        An install takes its *place* among those that wait for its account: what it replaces ends.
        Raises ``TooManyAttempts`` where there is no room; then nothing is changed.
        """

    def claim_install(self, attempt_id: str, visitor: "Visitor") -> "Attempt | None":
        """Make a pending install *visitor*'s, and return it; of many visitors one gets it.

        None where it does not wait any more, or is another's. It still waits for their yes.
        """

    def questions_with(self, fingerprints: Collection[str]) -> Collection[str]:
        """The ids of attempts that ask, and whose refresh token has one of these *fingerprints*.

        Of whichever kind they are: an install, or another account than last time.
        """

    def pending_installs(self, redirect_uri: str, at_most: int) -> "Sequence[Attempt]":
        """The installs that came back to this address and wait; the first to end come first."""
