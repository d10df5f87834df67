"""Outcomes of importing a row, with the sentences of the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Outcome of one row; the names are a contract with programs that read the report."""

    IMPORTED = "imported"
    IMPORTABLE = "importable"
    READABLE = "readable"
    ALREADY_CONNECTED = "there"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"
    TWICE = "twice"
    NO_OWNER = "no_owner"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    DEAD = "dead"
    OTHER_APP = "other_app"
    OTHER_ACCOUNT = "other_account"
    WRONG_KIND = "wrong_kind"
    UNCLEAR = "unclear"
    LATER = "later"


WHY: Mapping[Outcome, str] = {
    Outcome.IMPORTED: "",
    Outcome.IMPORTABLE: "HubSpot honours it; nothing was written, as it was only asked.",
    Outcome.READABLE: "It can be read; neither HubSpot nor the store was asked.",
    Outcome.ALREADY_CONNECTED: "The owner has this account connected here already; "
    "that stays as it is.",
    Outcome.NEEDS_RECONNECT: "The owner's connection to this account is here, and HubSpot no "
    "longer honours it; the person has to connect here.",
    Outcome.DISCONNECTED: "The owner disconnected this account here since; that stays as it is.",
    Outcome.TWICE: "An earlier row is of the same owner and account.",
    Outcome.NO_OWNER: "The row names no owner, so nobody could use its connection.",
    Outcome.EMPTY: "The row has no refresh token; the person has to connect here.",
    Outcome.UNREADABLE: "The row cannot be read.",
    Outcome.DEAD: "HubSpot does not honour the refresh token for this app: it was revoked, the app "
    "was uninstalled, or it is another app's; the person has to connect here.",
    Outcome.OTHER_APP: "The refresh token is another app's; compare HUBSPOT_CLIENT_ID with the one "
    "that people connected with.",
    Outcome.OTHER_ACCOUNT: "HubSpot names another account than the row does.",
    Outcome.WRONG_KIND: "It is an access token, which cannot be renewed; name the refresh token.",
    Outcome.UNCLEAR: "HubSpot's answer could not be understood.",
    Outcome.LATER: "HubSpot asks to wait with this account; run this again later.",
}
"""The reasons, in sentences for people."""

GOOD = frozenset(
    {
        Outcome.IMPORTED,
        Outcome.IMPORTABLE,
        Outcome.READABLE,
        Outcome.ALREADY_CONNECTED,
        Outcome.DISCONNECTED,
        Outcome.TWICE,
    }
)
"""Outcomes that nobody has to do anything about."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of the row that its source calls ``row``; nothing in it is secret."""

    row: str
    owner: str
    hub_id: int | None
    outcome: Outcome
    why: str

    @property
    def is_failure(self) -> bool:
        """True where somebody has to look at the row."""
        return self.outcome not in GOOD
