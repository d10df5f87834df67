"""Finding about the webhooks journal, for the doctor and for whoever looks into a running app."""

from portalkey.errors import HubSpotUnavailable, RateLimited, StoreBusy
from portalkey.model.findings import Finding, ok, problem, warning
from portalkey.model.journal import META_NAME, JournalState
from portalkey.settings.settings import Settings
from portalkey.vault.store import Store

LATE = 900.0
"""Seconds of lag that are more than a worker that restarts."""

_PASSING = frozenset({HubSpotUnavailable.code, RateLimited.code, StoreBusy.code})
_SET_UP = "Run `portalkey journal setup`, and keep `portalkey work` running."


def check_journal(settings: Settings, store: Store) -> Finding:
    """Return whether the webhooks journal is read, and how far behind that is.

    Raises:
        StoreBusy, StoreUnusable: The store cannot be read.
    """
    if not settings.journal:
        return ok(
            "journal",
            "HubSpot's webhooks journal is not read (PORTALKEY_JOURNAL is off): an uninstall at "
            "HubSpot is noticed at the next renewal, or within about a day by `portalkey work`.",
        )
    state, now = JournalState.parse(store.meta(META_NAME + settings.client_id)), store.now()
    lag = state.lag(now)
    if state.error is not None:
        since = f"since {state.error_at:%Y-%m-%d %H:%M} UTC" if state.error_at else "for a while"
        sentence = f"HubSpot's webhooks journal could not be read {since} ({state.error})."
        if state.error in _PASSING:
            return warning(
                "journal", sentence, "It goes on by itself; look at the log of the worker."
            )
        return problem("journal", sentence, "Run `portalkey journal setup`, which says what to do.")
    if lag is None:
        return warning("journal", "HubSpot's webhooks journal was never read.", _SET_UP)
    sentence = f"HubSpot's webhooks journal was read up to {lag:.0f} seconds ago."
    return ok("journal", sentence) if lag <= LATE else warning("journal", sentence, _SET_UP)
