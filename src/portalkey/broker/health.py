"""Findings about what is in a store: for the doctor, and for whoever looks into a running app."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from portalkey.broker.journal_health import check_journal
from portalkey.broker.sweep_guard import STOP_SECONDS
from portalkey.broker.sweep_notes import read_notes
from portalkey.errors import PortalkeyError
from portalkey.model.connection import AUTHENTICATED, ConnectionStatus
from portalkey.model.findings import Finding, ok, problem, warning
from portalkey.model.stats import Stats
from portalkey.settings.settings import Settings
from portalkey.vault.inspection import Inspection, inspect_store
from portalkey.vault.key_checks import KeyChecks
from portalkey.vault.store import SealCount, Store
from portalkey.vault.vault import Vault

MANY_TRIES = 5
"""So many failed tries of one revocation are more than HubSpot having a bad hour."""
LONG_FAILING = 3600.0
"""Seconds of failing that are more than that."""
LATE_NOTIFICATION = 3600.0
"""Seconds on the way that are more than a receiver having a bad hour."""
SILENT_RECEIVER = 86400.0
"""Seconds after which a receiver that no process has is told of."""
CARRIED = 1400
"""So many connections in constant use are kept valid by one renewal a second: one in 24 minutes."""
APART = 30.0
"""Seconds that the store's clock and this machine's may be apart."""


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a store at one moment: each check, and sizes where it could be read."""

    findings: Sequence[Finding]
    inspection: Inspection | None = None


def look(settings: Settings, vault: Vault) -> Health:
    """Look at what is in the store of *vault*; trouble with it is a finding, too."""
    try:
        inspection = inspect_store(settings, is_quick=True)
        findings = list(check_content(vault, inspection, settings.refresh_rate))
        return Health([*findings, check_journal(settings, vault.store)], inspection)
    except PortalkeyError as trouble:
        return Health([problem("store", str(trouble), "Do what it says; see the log, too.")])


def check_content(vault: Vault, inspection: Inspection, rate: float) -> Iterator[Finding]:
    """Yield what there is to say of what is in the store, where *rate* renewals a second may be.

    Raises:
        StoreBusy, StoreUnusable: It cannot be read.
    """
    store = vault.store
    yield check_clock(store)
    yield from check_keys(vault, vault.keyring.key_names)
    stats = store.stats(vault.client_id)
    yield from check_stats(stats)
    yield check_pace(stats, rate)
    yield check_outbox(store, vault.client_id)
    yield check_notifications(store, vault.client_id)
    yield from check_inspection(inspection)


def check_clock(store: Store) -> Finding:
    """Return how far the store's clock and this machine's are apart."""
    apart = abs((store.now() - datetime.now(UTC)).total_seconds())
    sentence = f"The store's clock and this machine's are {apart:.1f} seconds apart."
    if apart <= APART:
        return ok("store_clock", sentence)
    to_do = "Set both clocks by the same NTP server; who may renew a token goes by the store's."
    return warning("store_clock", sentence, to_do)


def check_keys(vault: Vault, labels: Sequence[str]) -> Iterator[Finding]:
    """Yield whether the keys, by their *labels*, are the store's, and how many rows bear each."""
    problems = KeyChecks(vault).find_problems()
    for each in problems:
        what, _, to_do = each.partition("; ")
        yield problem("keys", f"{what}.", to_do[:1].upper() + to_do[1:])
    if not problems:
        yield ok("keys", f"The keys that are set are those of this store: {', '.join(labels)}.")
    store, app = vault.store, vault.client_id
    names = sorted({*labels, *store.key_names(app)})
    shown = "; with ".join(_describe_count(name, store.count_sealed(app, name)) for name in names)
    yield ok("rows_by_key", f"Sealed with {shown}.")


def _describe_count(name: str, count: SealCount) -> str:
    return (
        f"{name}: {_count(count.connections, 'connection')}, "
        f"{_count(count.attempts, 'attempt')} under way, {_count(count.outbox, 'revocation')}"
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def check_stats(stats: Stats) -> Iterator[Finding]:
    """Yield the connections by status, and whether one has been failing for long."""
    by_status = stats.connections or {}
    numbers = ", ".join(f"{number} {status.value}" for status, number in by_status.items())
    yield ok("connections", f"Connections by status: {numbers}.")
    if by_status.get(ConnectionStatus.FAILING) and (stats.oldest_failing or 0) > LONG_FAILING:
        hours = (stats.oldest_failing or 0) / 3600
        yield warning(
            "failing",
            f"A connection has been failing for {hours:.0f} hours.",
            "Look at the log for refresh_failed; portalkey goes on trying by itself.",
        )


def check_pace(stats: Stats, rate: float) -> Finding:
    """Return whether *rate* renewals a second keep every live connection valid, if all are used."""
    by_status = stats.connections or {}
    live = sum(by_status.get(status, 0) for status in AUTHENTICATED)
    sentence = (
        f"PORTALKEY_REFRESH_RATE is {rate:g} renewals a second, which is enough for about "
        f"{rate * CARRIED:,.0f} connections that are used all day; there are {live:,}."
    )
    if live <= rate * CARRIED:
        return ok("pace", sentence)
    to_do = (
        f"Where most are used all day, set PORTALKEY_REFRESH_RATE to {ceil(live / CARRIED)} in "
        "every process; idle ones cost nothing."
    )
    return warning("pace", sentence, to_do)


def check_outbox(store: Store, client_id: str) -> Finding:
    """Return how much HubSpot is owed now, and whether one thing was tried often."""
    due = store.pending(50, client_id=client_id)
    tries = max((each.tries for each in due), default=0)
    if tries < MANY_TRIES:
        return ok("outbox", f"Revocations and uninstalls that HubSpot has to be told: {len(due)}.")
    return warning(
        "outbox",
        f"Revocations and uninstalls that HubSpot has to be told: {len(due)}; one was tried "
        f"{tries} times in vain.",
        "Run `portalkey work --once`, which says what is in the way.",
    )


def check_notifications(store: Store, client_id: str) -> Finding:
    """Return what receivers have still to hear of, and whether one lacks its process."""
    now, known = store.now(), store.receivers(client_id)
    waiting = store.waiting_notifications(client_id)
    for name in sorted(waiting):
        had_at = known.get(name, waiting[name].oldest)
        hours = (now - waiting[name].oldest).total_seconds() / 3600
        number = _count(waiting[name].number, "event")
        sentence = (
            f"The receiver {name} has still to hear of {number}, the oldest {hours:.1f} hours old"
        )
        if (now - had_at).total_seconds() > SILENT_RECEIVER:
            what = f"{sentence}; no process that runs has this receiver."
            return warning("notifications", what, _GIVEN_UP.format(name=name))
        if hours * 3600 > LATE_NOTIFICATION:
            to_do = "Look at the log for what it answers; portalkey goes on trying for five days."
            return warning("notifications", f"{sentence}.", to_do)
    total = sum(each.number for each in waiting.values())
    names = ", ".join(sorted(known)) or "none"
    sentence = f"Receivers of events: {names}; events on their way: {total}"
    if waiting:
        age = (now - min(each.oldest for each in waiting.values())).total_seconds()
        sentence += f", the oldest {age:.0f} seconds old"
    return ok("notifications", f"{sentence}.")


def check_inspection(inspection: Inspection) -> Iterator[Finding]:
    """Yield how the token endpoint's breaker stands, and sizes."""
    if inspection.breaker_reason is None:
        yield ok("breaker", "HubSpot's token endpoint is asked as usual: the breaker is closed.")
    else:
        yield warning(
            "breaker",
            f"Renewals are held back (the breaker is open: {inspection.breaker_reason}). HubSpot's "
            "token endpoint is only asked now and then, and the app gets tokens that are still "
            "valid.",
            "With hubspot_refused, compare HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET with the "
            "app's Auth settings at HubSpot; anything else ends by itself.",
        )
    rows = ", ".join(f"{name} {number:,}" for name, number in inspection.rows.items())
    yield ok(
        "sizes", f"The store takes {inspection.size / 1_000_000:.1f} MB. Rows by table: {rows}."
    )


def describe_oldest(inspection: Inspection) -> Finding:
    """Return the day since which every live connection has had its tokens renewed."""
    if inspection.oldest_grant is None:
        return ok("oldest_grant", "No live connection says when its tokens were renewed last.")
    when = datetime.fromtimestamp(inspection.oldest_grant, UTC)
    sentence = f"Every live connection had its tokens renewed on {when:%Y-%m-%d} or later."
    return ok("oldest_grant", sentence)


def check_sweep(
    vault: Vault, inspection: Inspection, now: datetime, *, is_copy: bool = False
) -> Finding:
    """Return if HubSpot has spoken of every live connection within about a day, and who sweeps.

    Raises:
        StoreBusy, StoreUnusable: The store cannot be read.
    """
    if is_copy:
        return ok("sweep", "This is a copy: HubSpot is asked about none of its connections.")
    oldest = inspection.oldest_word
    hours = 0.0 if oldest is None else (now.timestamp() - oldest) / 3600
    notes = read_notes(vault.store, vault.client_id)
    last = notes.swept_at
    if notes.stopped_at is not None and now - notes.stopped_at < _STILL_STOPPED:
        return warning("sweep", _NOT_BELIEVED, _SINCE_WHEN)
    if hours <= LATE_HOURS:
        return ok("sweep", "HubSpot confirmed every live connection within about a day.")
    sentence = f"A live connection was not confirmed by HubSpot for {hours:,.0f} hours"
    if last is not None and now - last < _STILL_SWEEPS:
        return warning("sweep", f"{sentence}, though `portalkey work` runs.", _LATE)
    since = "" if last is None else f" since {last:%Y-%m-%d %H:%M} UTC"
    return warning(
        "sweep", f"{sentence}; nobody has looked after idle connections{since}.", _NO_WORKER
    )


LATE_HOURS = 26.0
"""Hours after which somebody should have looked: a day, and what is spread or put off."""
_STILL_SWEEPS = timedelta(hours=1)
_STILL_STOPPED = timedelta(seconds=2 * STOP_SECONDS)
"""By then it is noted anew where HubSpot is not believed the next time either."""
_NO_WORKER = (
    "Run `portalkey work` beside the app, or `portalkey work --once` once a minute: it asks "
    "HubSpot who uninstalled the app. Until then such accounts are shown as connected."
)
_LATE = (
    "Run `portalkey work --once`, which says what is in the way. Where there are very many, run a "
    "second `portalkey work`, or raise PORTALKEY_REFRESH_RATE."
)
_GIVEN_UP = (
    "Start a process that has it, or run `portalkey events forget {name}` where you gave it up."
)
_SINCE_WHEN = "The event sweep_stopped says since when; `portalkey work` asks again by itself."
_NOT_BELIEVED = (
    "HubSpot called so many idle connections ended at once, and none alive, that it is not "
    "believed: all of them are still shown as connected."
)
