"""What a person reads for each error code; nothing that HubSpot or a visitor said gets in here."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "at_hubspot": "Waiting for HubSpot. This page looks again by itself.",
    "exchanging": "HubSpot has agreed; the connection is being made. This takes a moment.",
    "declined": "You did not agree at HubSpot, so nothing was connected.",
    "cancelled": "This attempt was cancelled in the app. Nothing was changed.",
    "expired": "This attempt took too long. Please start again.",
    "attempt_expired": "HubSpot says this attempt is over. Please start again.",
    "attempt_mismatch": (
        "Whoever is signed in here now did not begin this attempt. "
        "Sign in to the app, then start again."
    ),
    "interrupted": "The connection was interrupted. Please start again.",
    "inactive": "HubSpot no longer accepts this connection. Please connect again.",
    "bad_answer": "HubSpot's last answer could not be understood.",
    "no_key_opens": "A key of the app is missing. Whoever runs the app has to look into it.",
    "wrong_account": (
        "Another HubSpot account came back than the one to reconnect. Nothing was changed; "
        "please choose that account."
    ),
    "scopes_missing": "The HubSpot account did not grant what this app needs.",
    "needs_reconnect": "HubSpot no longer accepts this connection. Please connect again.",
    "hubspot_unavailable": "HubSpot cannot be reached just now. Please try again in a moment.",
    "rate_limited": "HubSpot is asking for a pause. Please try again in a moment.",
    "store_busy": "The app is busy just now. Please try again in a moment.",
    "hubspot_refused": "HubSpot does not accept this app. Whoever runs it has to look into that.",
    "unknown_attempt": (
        "This page belongs to an attempt that this browser did not begin. "
        "Please start again from the app."
    ),
    "not_from_here": (
        "HubSpot sent you here without an attempt that began in this app and in this browser. "
        "Nothing was connected. To connect your HubSpot account, start from the app."
    ),
    "signed_out": "You are signed out. Sign in to the app, then connect HubSpot from there.",
    "forgery_refused": "This did not come from a page of this app. Reload the page and try again.",
    "not_found": "There is nothing of that name here.",
    "not_connected": "This HubSpot account is not connected.",
}
TITLES: Mapping[str, str] = {
    "signed_out": "Please sign in",
    "unknown_attempt": "Start again from the app",
    "forgery_refused": "Nothing was done",
}
_OTHERWISE = "Something went wrong, and nothing was connected. Whoever runs the app can look it up."


def sentence(code: str | None) -> str:
    """The sentence for an error *code*, or one that fits any."""
    return SENTENCES.get(code or "", _OTHERWISE)


def title(code: str) -> str:
    """The heading over that sentence, where it stands alone on a page."""
    return TITLES.get(code, "Something is in the way")
