"""Facts of a connection, an attempt, an event: all that is kept about them, and never a secret.

Values are what JSON has: times are ISO 8601 in UTC.
"""

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.counters import Counter
from portalkey.model.events import Event
from portalkey.model.invitation import Invitation

Facts = dict[str, Any]

_CONNECTION = (
    "id",
    "owner",
    "client_id",
    "status",
    "status_reason",
    "scopes",
    "connected_at",
    "updated_at",
    "granted_at",
    "access_expires_at",
    "failures",
    "retry_at",
    "checked_at",
    "check_at",
    "suspicion",
    "further_scopes",
    "generation",
)
# Whatever is sealed or a hash is left out, by its name: one that comes later is, too.
_ATTEMPT = [
    field.name
    for field in fields(Attempt)
    if not (field.name.startswith("sealed_") or field.name.endswith("_hash"))
    and field.name != "seen_at"
]

_INVITATION = [
    field.name
    for field in fields(Invitation)
    if not field.name.endswith("_hash") and field.name != "seen_at"
]


def connection_facts(connection: Connection) -> Facts:
    """Return what is known of *connection*, with the label of its key and without its tokens."""
    facts = _plain((name, getattr(connection, name)) for name in _CONNECTION)
    key_name = connection.sealed.key_name if connection.sealed else None
    return {**facts, **asdict(connection.account), "key": key_name}


def attempt_facts(attempt: Attempt) -> Facts:
    """Return what is known of *attempt*, without its hashes, verifier and code."""
    return _plain((name, getattr(attempt, name)) for name in _ATTEMPT)


def invitation_facts(invitation: Invitation) -> Facts:
    """Return what is known of *invitation*, and how it stands, without its hashes."""
    facts = _plain((name, getattr(invitation, name)) for name in _INVITATION)
    return facts | {"status": invitation.status.value}


def event_facts(event: Event) -> Facts:
    """Return what is known of *event*."""
    facts = _plain((field.name, getattr(event, field.name)) for field in fields(Event))
    return facts | {"facts": dict(event.facts)}


def counter_facts(counter: Counter) -> Facts:
    """Return what was counted, and on which day."""
    day = datetime.fromtimestamp(counter.day * 86400, UTC).date().isoformat()
    kind = counter.kind.value
    return {"day": day, "kind": kind, "label": counter.label, "n": counter.n}


def _plain(values: Iterable[tuple[str, Any]]) -> Facts:
    return {name: _to_json(value) for name, value in values}


def _to_json(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, str) else value
