"""Words about attempts for whoever is asked for help: what happened, and what to answer."""

from collections.abc import Mapping
from typing import NamedTuple

from portalkey.model.attempt import INTERRUPTED, LINK, Attempt, AttemptStatus
from portalkey.model.authorization import OWNER, PERSON, SESSION


class Words(NamedTuple):
    """An attempt in a few words and in sentences, and what to answer the person who asks."""

    summary: str
    happened: str
    answer: str


_AGAIN = "Please start again from the app."
_S = AttemptStatus

BY_STATUS: Mapping[AttemptStatus, Words] = {
    _S.STARTED: Words("begun", "It began, and HubSpot's page was not reached yet.", _AGAIN),
    _S.AT_HUBSPOT: Words(
        "at HubSpot",
        "The person was sent to HubSpot and has not come back. They may still be choosing an "
        "account or signing in there.",
        "Go on in HubSpot's window and agree there; if it is closed, start again from the app.",
    ),
    _S.RETURNED: Words(
        "back from HubSpot",
        "The person came back from HubSpot, and the app waits for the browser to show its session.",
        "Leave the window open for a moment; if it does not go on by itself, start again.",
    ),
    _S.EXCHANGING: Words(
        "being connected",
        "HubSpot has agreed, and the connection is being made right now.",
        "Wait a moment, then reload the app's page.",
    ),
    _S.ASKING: Words(
        "asked if the account is meant",
        "HubSpot has agreed, for another account than the one connected before, and the person is "
        "asked whether that is meant. Nothing is connected until they say so.",
        "Look at HubSpot's window: say there whether the account is the right one. If the window "
        "is closed, start again from the app.",
    ),
    _S.CONNECTED: Words(
        "connected",
        "It ended well: the account is connected.",
        "You are connected. Reload the app's page if it does not show that.",
    ),
    _S.CANCELLED: Words(
        "cancelled in the app",
        "It was cancelled in the app: by the person, by another try that they began, or because "
        "the app ended all that is theirs. Nothing was changed.",
        _AGAIN,
    ),
    _S.EXPIRED: Words(
        "ran out of time",
        "The person did not come back from HubSpot in time, or began so many tries that this one "
        "had to give way. Nothing was changed.",
        _AGAIN,
    ),
}
"""By where an attempt stands; one that failed is told by its error."""

BY_CHECK: Mapping[str, Words] = {
    SESSION: Words(
        "failed: signed in again meanwhile",
        "The person signed in again, or signed out, between the click and the way back from "
        "HubSpot. The code was not used.",
        "Stay signed in, and start once more.",
    ),
    OWNER: Words(
        "failed: another user came back",
        "Another user of the app was signed in when HubSpot's answer came back. The code was not "
        "used. If nobody can explain it, treat it as an attack: somebody may have passed their "
        "link on.",
        "Sign in as whoever the account is for, and start there. Never open a link to connect that "
        "somebody sent you.",
    ),
    PERSON: Words(
        "failed: another person came back",
        "Another person of the same team came back than the one who began. The code was not used. "
        "If nobody can explain it, treat it as an attack.",
        "Whoever begins has to finish. Please start again yourself.",
    ),
    LINK: Words(
        "failed: the link would have taken something away",
        "A link for somebody without a login brought an account that the owner has connected, and "
        "that works; with what was granted this time it could do less. Nothing was changed, and "
        "the link still holds.",
        "Make a link for that account, with hub_id; or disconnect it first.",
    ),
    "accounts": Words(
        "failed: no room for another account",
        "The session of this browser holds other accounts, and has no room for one more.",
        "There is no room for another account in this browser. Disconnect one first.",
    ),
}
"""By what was another's when the code came back, and by why nothing was connected or replaced."""

BY_ERROR: Mapping[str, Words] = {
    "declined": Words(
        "failed: not agreed to at HubSpot",
        "The person did not agree on HubSpot's page, or may not install apps there.",
        "Agree on HubSpot's page; if it does not let you, ask a Super Admin of your HubSpot "
        "account to connect it.",
    ),
    "attempt_expired": Words(
        "failed: HubSpot's code was too old",
        "HubSpot did not know the code any more: it was too old, or used already.",
        _AGAIN,
    ),
    "attempt_mismatch": Words(
        "failed: somebody else came back",
        "Somebody else came back than the one who began, or HubSpot says that the code belongs to "
        "another try. Nothing was connected.",
        "Sign in to the app, then start again in the same browser.",
    ),
    INTERRUPTED: Words(
        "failed: the app's process ended",
        "The app's process ended while it spoke to HubSpot. Nothing was kept. Look whether the "
        "server was restarted, or ran out of memory, at that time.",
        _AGAIN,
    ),
    "wrong_account": Words(
        "failed: another account was chosen",
        "Another HubSpot account was chosen than the one that was to be reconnected. Nothing was "
        "changed.",
        "Start again, and choose the account that the page names; or connect the other one as a "
        "further account.",
    ),
    "account_taken": Words(
        "failed: another owner has the account",
        "The install that began at HubSpot is of an account that another owner has connected "
        "already. Nothing was connected; the event install_shared tells of it.",
        "Have the account disconnected there first; or ask us whether both may have it.",
    ),
    "scopes_missing": Words(
        "failed: permissions were not granted",
        "The HubSpot account did not grant what the app needs.",
        "Agree to all that HubSpot's page lists, or ask a Super Admin of your HubSpot account.",
    ),
    "needs_reconnect": Words(
        "failed: HubSpot took it back at once",
        "HubSpot took the permission back in the same moment.",
        "Look whether the app is still installed in your HubSpot account, then start again.",
    ),
    "too_many_attempts": Words(
        "failed: too many tries",
        "Many tries were begun by this browser or owner in a short time. Nothing was exchanged.",
        "Wait a minute, then start again.",
    ),
    "hubspot_unavailable": Words(
        "failed: HubSpot was not well",
        "HubSpot could not be reached, or was not well. `portalkey events` shows whether others "
        "met the same.",
        "HubSpot had a problem. Please try again in a few minutes.",
    ),
    "rate_limited": Words(
        "failed: HubSpot asked for a pause",
        "HubSpot asked for fewer requests at that time.",
        "HubSpot asked for a pause. Please try again in a few minutes.",
    ),
    "hubspot_unreachable": Words(
        "failed: HubSpot cannot be reached",
        "This machine cannot reach HubSpot: look at its network, proxy and certificates.",
        "The app cannot reach HubSpot just now. We are looking into it.",
    ),
    "hubspot_refused": Words(
        "failed: HubSpot refused the app",
        "HubSpot refused the app itself: compare HUBSPOT_CLIENT_ID, HUBSPOT_CLIENT_SECRET and "
        "HUBSPOT_REDIRECT_URI with the app's settings at HubSpot. The log has HubSpot's own word.",
        "It is not your fault: HubSpot does not accept the app just now. We are looking into it.",
    ),
    "bad_answer": Words(
        "failed: HubSpot's answer was not understood",
        "HubSpot's answer could not be understood. If it lasts, look for a newer portalkey.",
        "HubSpot answered in a way that the app does not understand. We are looking into it.",
    ),
    "no_key_opens": Words(
        "failed: a key is missing",
        "A key is missing in PORTALKEY_KEYS, so what was sealed for this try did not open. Put it "
        "back.",
        "A part of the app's setup is missing. We are looking into it.",
    ),
    "store_unusable": Words(
        "failed: the store could not be used",
        "The store could not be read or written. The log says what to look at.",
        "The app could not save the connection. We are looking into it.",
    ),
    "store_busy": Words(
        "failed: the store was busy",
        "The store was busy for too long.",
        "The app was busy. Please start again in a moment.",
    ),
    "session_full": Words(
        "failed: no room in the session",
        "The app keeps so much in its session that the connection had no room there.",
        "The app could not save the connection. We are looking into it.",
    ),
}
"""By the error that an attempt failed with."""

OTHERWISE = Words(
    "failed: {error}",
    "It failed with {error}. docs/errors.md says who can put that right.",
    "Something went wrong, and nothing was connected. We are looking into it.",
)


def words_about(attempt: Attempt) -> Words:
    """Return what happened to *attempt*, and what to answer."""
    if attempt.status is not AttemptStatus.FAILED:
        return BY_STATUS[attempt.status]
    words = BY_CHECK.get(attempt.failed_check or "")
    if words is not None:
        return words
    words = BY_ERROR.get(attempt.error or "", OTHERWISE)
    return Words(*(each.format(error=attempt.error) for each in words))
