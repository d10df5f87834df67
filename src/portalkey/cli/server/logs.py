"""Logs of the standalone app: one line a request and one an event, as text or as JSON.

No line holds a query string, a header or a body, and an owner stands there by a hash: whoever
reads logs can follow one owner, and learns no name.
"""

import json
import logging
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from portalkey.cli.owner_hash import HashOwner
from portalkey.model.events import Event, Fact

if TYPE_CHECKING:
    from flask import Flask, Response

    from portalkey.settings.standalone import LogFormat

access = logging.getLogger("portalkey.access")

OWNER = "portalkey_owner"
"""Name in ``flask.g`` of whom a request was for, where it was asked."""
_ATTEMPT = re.compile(r"[A-Za-z0-9_-]{22}")
_FACTS = "portalkey_facts"
_OWN = frozenset({"message", "event", "owner", "attempt", "connection"})
_SHOWN = (_OWN - {"message", "event"}) | {"error", "reason", "hub_id", "check"}


class _Formatter(logging.Formatter):
    """Knows what a record says beside its sentence; *hash_owner* names an owner in it."""

    def __init__(self, hash_owner: HashOwner | None = None) -> None:
        super().__init__()
        self._hash_owner = hash_owner

    def find_known(self, record: logging.LogRecord) -> dict[str, Fact]:
        """Return the message, and what else is known, by name."""
        event = getattr(record, "event", None)
        if not isinstance(event, Event):
            return {"message": record.getMessage(), **getattr(record, _FACTS, {})}
        owner = self._hash_owner(event.owner) if self._hash_owner and event.owner else None
        known = {
            "owner": owner,
            "attempt": event.attempt_id,
            "connection": event.connection_id,
            **{name: value for name, value in event.facts.items() if name not in _OWN},
        }
        name = event.name.value
        return {"message": name, "event": name, **_drop_unknown(known)}


class TextFormatter(_Formatter):
    """One line for people: time in UTC, level, logger, message, and what is known."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as a line; those of a traceback follow it, moved in."""
        known = self.find_known(record)
        listed = "".join(f" {name}={value}" for name, value in known.items() if name in _SHOWN)
        line = f"{_utc(record)} {record.levelname:7} {record.name}: {known['message']}{listed}"
        if record.exc_info:
            line += f"\n{self.formatException(record.exc_info)}"
        return line.replace("\n", "\n    ")


class JsonFormatter(_Formatter):
    """One JSON object a line for programs, with what is known as members of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as one line, its traceback in ``exception``."""
        members: dict[str, Any] = {
            "time": _utc(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            **self.find_known(record),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return json.dumps(members, default=str)


def _utc(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def set_up_logs(log_format: "LogFormat", level: int, hash_owner: HashOwner | None = None) -> None:
    """Write what this process logs to stderr, from *level* on."""
    handler = logging.StreamHandler()
    kind = JsonFormatter if log_format == "json" else TextFormatter
    handler.setFormatter(kind(hash_owner))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # At INFO it lists its own plugins at each start.
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))


def log_requests(app: "Flask", hash_owner: HashOwner) -> None:
    """Log a line for each request to *app*: path without query, answer, time, owner, attempt."""
    from flask import g, request  # noqa: PLC0415 - the worker has none

    def write(response: "Response") -> "Response":
        milliseconds = round((time.monotonic() - g.portalkey_began) * 1000)
        owner, attempt = g.get(OWNER), request.args.get("attempt", "")
        line = f"{request.method} {quote(request.path)} {response.status_code} {milliseconds} ms"
        known: dict[str, Fact] = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": milliseconds,
            "owner": hash_owner(owner) if owner else None,
            "attempt": attempt if _ATTEMPT.fullmatch(attempt) else None,
        }
        access.info(line, extra={_FACTS: _drop_unknown(known)})
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, _begin)
    app.after_request(write)


def _begin() -> None:
    from flask import g  # noqa: PLC0415 - as above

    g.portalkey_began = time.monotonic()


def _drop_unknown(known: dict[str, Fact]) -> dict[str, Fact]:
    return {name: value for name, value in known.items() if value is not None}
