"""What can go wrong beside renewing, and at which step: the table that these campaigns fill."""

from collections.abc import Mapping, Sequence

from simulation.faults import HUBSPOT, STORE

BARE = tuple(kind for kind in STORE if kind.startswith(("crash", "pause", "delay", "skew")))
SEND_BEFORE = ("crash_before", "pause_before", "delay_before", "skew")
SEND_AFTER = ("crash_after", "pause_after", "delay_after")

RECEIVER = (
    "unreachable",
    "lost_request",
    "lost_answer",
    "slow",
    "429",
    "500",
    "503",
    "500_after",
)
"""What a receiver answers; it has the change in ``lost_answer`` and ``500_after``."""

INTROSPECTED = ("torn", "not_ours", "no_active")
"""Where it was asked about a grant: answers that say nothing of it."""
LIES = ("lie", "moved")
"""Answers that say of a grant what is not true; only planned ones, for two in a row are believed.
"""

NOTIFYING = (
    "add_receivers",
    "due_notifications",
    "claim_notification",
    "complete_notification",
    "reschedule_notification",
)
"""The store's methods that notifications call."""
SWEEPING = ("claim_looks", "release_looks", "note_look", "find", "put_meta")
"""Those that the sweep calls."""
READING = ("meta", "swap_meta")
"""Those that readers of the journal call; ``find`` is one, too."""
FETCHING = ("app_token", "journal", "journal_file")
"""What they ask HubSpot for: a token of the app, links, and the files that these lead to."""
LISTED = ("torn",)
"""Where one of these was asked for."""
FORGOTTEN = ("forgotten",)
"""Where links were: HubSpot does not know the place any more."""

TABLE: Sequence[tuple[str, str]] = (
    *((kind, step) for step in NOTIFYING for kind in STORE),
    *((kind, "deliver") for kind in BARE + RECEIVER),
    *((kind, step) for step in SWEEPING for kind in STORE),
    *((kind, "introspect") for kind in BARE + HUBSPOT + INTROSPECTED + LIES),
    *((kind, step) for step in READING for kind in STORE),
    *((kind, step) for step in FETCHING for kind in BARE + HUBSPOT + LISTED),
    *((kind, "journal") for kind in FORGOTTEN),
    *((kind, step) for step in ("mark", "connect", "disconnect", "renew") for kind in STORE),
    *(("pause_after", "refresh"),) * 5,
)
"""Every fault at every step of theirs, and at those of the changes that receivers hear of."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((*NOTIFYING, "deliver"), ("disconnect", "deliver")),
    **dict.fromkeys((*SWEEPING, "introspect"), ("sweep", "sweep later")),
    **dict.fromkeys((*READING, *FETCHING), ("journal", "journal later")),
    "connect": ("connect",),
    "disconnect": ("disconnect",),
    "renew": ("fresh", "beyond"),
    "refresh": ("fresh", "beyond"),
}
"""What somebody has to do for a step to be reached."""
NEEDED_FAULTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "reschedule_notification": (("503", "deliver"), ("500", "deliver")),
    "mark": (("lost_answer", "refresh"), ("locked", "refresh"), ("invalid_grant", "refresh")),
}
"""And what has to go wrong first."""
