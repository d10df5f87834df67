"""Events as frozen values, read by the audit, hooks, metrics and logs alike.

An event never carries a secret: ids, codes and counts only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from blinker import Signal

from portalkey.model.attempt import Attempt

Fact = str | int | float | bool | None


class EventName(StrEnum):
    """Every kind of event; the names are a contract with dashboards and alarms."""

    ATTEMPT_STARTED = "attempt_started"
    """A person began to connect."""
    ATTEMPT_FAILED = "attempt_failed"
    """A person's try at connecting failed; ``error`` is the code of the reason."""
    ATTEMPT_CANCELLED = "attempt_cancelled"
    """The person, or the page that they came from, ended the try."""
    ATTEMPT_EXPIRED = "attempt_expired"
    """The try's time passed without an end."""
    ACCOUNT_ASKED = "account_asked"
    """Another account than last time came back, and waits for the person's yes."""
    CALLBACK_REFUSED = "callback_refused"
    """A return from HubSpot that belongs to no try of this browser; ``check`` says why."""
    FORGERY_REFUSED = "forgery_refused"
    """A form or request that no page of ours made; ``check`` says what was wrong."""
    SIGNATURE_REFUSED = "signature_refused"
    """A request to a view for HubSpot that HubSpot did not sign for it, or not just now,
    or that came before; ``check`` says which."""
    CONNECTED = "connected"
    """A person connected an account."""
    RECONNECTED = "reconnected"
    """A person connected an account again."""
    DELIVERED = "delivered"
    """An access token was handed to the page that opened the popup."""
    REFRESHED = "refreshed"
    """A renewed token is saved."""
    REFRESH_FAILED = "refresh_failed"
    """A connection began to fail, or fails for another reason; ``error`` is its code."""
    HEALED = "healed"
    """A renewal ended a failure, or a key that was missing is back."""
    SCOPES_CHANGED = "scopes_changed"
    """The account grants other scopes; ``scopes_added`` and ``scopes_removed`` name them."""
    NEEDS_RECONNECT = "needs_reconnect"
    """HubSpot no longer honours a connection; ``error`` says how that was found."""
    SWEEP_STOPPED = "sweep_stopped"
    """An alarm: HubSpot calls so many ``accounts`` in a row ended that it is not believed."""
    DISCONNECTED = "disconnected"
    """A person or the app ended a connection."""
    INSTALLED = "installed"
    """HubSpot's journal told that the app was installed in ``hub_id``; that connects nobody."""
    INSTALL_PENDING = "install_pending"
    """An install that began at HubSpot, in ``hub_id``, waits for somebody's yes."""
    INSTALL_SHARED = "install_shared"
    """Such an install is of an account that another owner has; it was ``refused``, or not."""
    INSTALL_WITHDRAWN = "install_withdrawn"
    """Such an install ended before anybody said yes: an ``operator`` ended it, or the same person
    brought another of the account, ``replaced_by``."""
    UNINSTALLED = "uninstalled"
    """The app is out of the account ``hub_id``; ``by`` says who found or did it."""
    UNINSTALL_OWED = "uninstall_owed"
    """HubSpot could not be asked to uninstall the app, and is asked again."""
    UNINSTALL_GIVEN_UP = "uninstall_given_up"
    """HubSpot is not asked to uninstall any more; ``error`` says why."""
    REVOKED = "revoked"
    """HubSpot was told to forget a refresh token."""
    REVOCATION_OWED = "revocation_owed"
    """HubSpot could not be told to forget a refresh token, and is told again."""
    REVOCATION_RETRIED = "revocation_retried"
    """An operator had a revocation sent at once, though it was due later."""
    REVOCATION_FORGOTTEN = "revocation_forgotten"
    """An operator let go of a revocation, as the key that opens it is lost."""
    INVITED = "invited"
    """A link was made for somebody without a login; ``invitation`` is its id."""
    INVITATION_OPENED = "invitation_opened"
    """Somebody went on with such a link, which is bound to their browser from then on."""
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    """Such a link was ended before it was used."""
    OWNER_ERASED = "owner_erased"
    """All that was kept of an owner was erased; ``connections`` says how many that were."""
    KEYS_ROTATED = "keys_rotated"
    """An operator had ``rows`` sealed anew with the key ``key_name``."""
    BREAKER_OPENED = "breaker_opened"
    """The token endpoint is left alone by all processes."""
    BREAKER_CLOSED = "breaker_closed"
    """The token endpoint is asked again."""
    STORE_FAILED = "store_failed"
    """The store would not do what was asked of it; ``cause`` says why in a word."""
    STORE_RECOVERED = "store_recovered"
    """The store does again what is asked of it."""
    STORE_TIGHTENED = "store_tightened"
    """The store's file was open to others, and is its owner's alone now; its ``mode`` was so."""
    HUBSPOT_REFUSED = "hubspot_refused"
    """An alarm: HubSpot refuses the app itself."""
    NO_KEY_OPENS = "no_key_opens"
    """An alarm: a sealed value does not open with the keys that are here."""
    JOURNAL_RESTARTED = "journal_restarted"
    """HubSpot has forgotten where its journal was read to; it is read from the earliest entry."""
    JOURNAL_SKIPPED = "journal_skipped"
    """``entries`` of the journal could not be read, and were left out."""
    NOTIFICATION_GIVEN_UP = "notification_given_up"
    """A ``receiver`` was not told of ``number`` events in five days, or wants them no more."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, such as a connection made or a token refused.

    ``at`` is UTC by the store's clock. It is None until the store has saved the event, and for
    receivers of an event that was saved in one transaction with the change that it reports; so is
    ``id``, which names it in the audit and to receivers, and is no part of what it tells.
    """

    name: EventName
    owner: str | None = None
    attempt_id: str | None = None
    connection_id: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    at: datetime | None = None
    id: str | None = field(default=None, compare=False)


def cancelled_event(attempt: Attempt) -> Event:
    """Return the event of an *attempt* that was cancelled."""
    return Event(EventName.ATTEMPT_CANCELLED, owner=attempt.owner, attempt_id=attempt.id)


def replaced_event(attempt: Attempt, by: str) -> Event:
    """Return the event of an install that the attempt of this id, *by*, has taken the place of."""
    facts: dict[str, Fact] = {"replaced_by": by}
    return Event(EventName.INSTALL_WITHDRAWN, attempt.owner or None, attempt.id, facts=facts)


happened = Signal("portalkey-happened")
"""Sent once an event is saved: ``happened.connect(receiver)``; the sender is the ``Event``."""
