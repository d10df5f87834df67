"""What can go wrong, and at which step: the table that the campaigns have to fill."""

from collections.abc import Sequence
from dataclasses import dataclass

BEFORE = (
    "crash_before",
    "pause_before",
    "delay_before",
    "busy_before",
    "unusable_before",
    "cut",
    "skew",
)
AFTER = ("crash_after", "pause_after", "delay_after", "busy_after", "unusable_after")
"""An error after the effect is the ambiguity of a commit whose answer was lost. Whoever is ``cut``
off does not reach the store for a while."""
STORE = BEFORE + AFTER

_TROUBLES = ("cut", "busy_before", "unusable_before", "busy_after", "unusable_after")
_BARE = tuple(kind for kind in STORE if kind not in _TROUBLES)

HUBSPOT = (
    "unreachable",
    "lost_request",
    "lost_answer",
    "late_request",
    "slow",
    "429",
    "500",
    "503",
    "500_after",
    "invalid_client",
    "html_403",
)
"""Whatever is asked. The request is processed in ``lost_answer`` and ``500_after``; in
``late_request`` only once nobody waits for it any more."""
REFRESHED = ("invalid_grant", "locked", "torn", "another_account", "no_access_token", "odd_expiry")
"""Where a token was asked for."""

STEPS = (
    "connection",
    "connection_to",
    "now",
    "lease",
    "release",
    "update_throttle",
    "take_portion",
    "count_authenticated",
    "renew",
    "mark",
    "record",
    "holders",
    "disconnect",
    "enqueue",
    "pending",
    "claim",
    "reschedule",
    "complete",
    "connect",
)
"""The store's methods that renewing, disconnecting and reconnecting call."""

TABLE: Sequence[tuple[str, str]] = (
    *((kind, step) for step in STEPS for kind in STORE),
    *((kind, "sleep") for kind in _BARE),
    *((kind, step) for step in ("refresh", "revoke") for kind in _BARE),
    *((kind, "refresh") for kind in HUBSPOT + REFRESHED),
    *((kind, "revoke") for kind in HUBSPOT),
)
"""Every fault at every step that it can hit; reordering is the scheduler's and counted beside."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely a fault that nobody planned is, at each step; none where zero."""

    store: float = 0.0
    hubspot: float = 0.0
    kinds: tuple[str, ...] = STORE
