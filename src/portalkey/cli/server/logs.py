"""Logs of the standalone app: one line a request and one an event, as text or as JSON.

No line holds a query string, a header or a body, and an owner stands there by a hash: whoever
reads logs can follow one owner, and learns no name.
"""

import hmac
import json
import logging
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask, Response, g, request

from portalkey.model.events import Event, Fact, happened

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.settings.standalone import LogFormat

log = logging.getLogger("portalkey")
access = logging.getLogger("portalkey.access")

OWNER = "portalkey_owner"
"""Name in ``flask.g`` of whom a request was for, where it was asked."""
_ATTEMPT = re.compile(r"[A-Za-z0-9_-]{22}")
_FACTS = "portalkey_facts"
_OWN = frozenset({"event", "owner", "attempt", "connection"})
_SHOWN = (_OWN - {"event"}) | {"error", "reason", "hub_id", "check"}


class TextFormatter(logging.Formatter):
    """One line for people: time in UTC, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as a line; the lines of a traceback follow it."""
        line = f"{_utc(record)} {record.levelname:7} {record.name}: {super().format(record)}"
        return line if not record.exc_info else line.replace("\n", "\n    ")


class JsonFormatter(logging.Formatter):
    """One JSON object a line for programs, with what is known as members of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as one line, its traceback in ``exception``."""
        members: dict[str, Any] = {
            "time": _utc(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, _FACTS, {}),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return json.dumps(members, default=str)


def _utc(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def set_up_logs(log_format: "LogFormat", level: int) -> None:
    """Write what this process logs to stderr, from *level* on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # At INFO it lists its own plugins at each start.
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))


class RequestLog:
    """Logs the requests to an app, and what happens to the connections of its broker."""

    def __init__(self, app: Flask, broker: "Broker") -> None:
        """Begin; the app holds on to it, as a signal does not."""
        self._key = broker.derive_keys("log")[0].get_secret_value().encode()
        app.extensions["portalkey_log"] = self
        app.before_request_funcs.setdefault(None, []).insert(0, _begin)
        app.after_request(self._log_request)
        happened.connect(self._log_event)

    def hash_owner(self, owner: str | None) -> str | None:
        """Return a short name of *owner*, the same under one key, that leads to nobody."""
        if owner is None:
            return None
        return hmac.digest(self._key, owner.encode(errors="surrogatepass"), "sha256").hex()[:12]

    def _log_request(self, response: Response) -> Response:
        milliseconds = round((time.monotonic() - g.portalkey_began) * 1000)
        attempt = request.args.get("attempt", "")
        _write(
            access,
            f"{request.method} {quote(request.path)} {response.status_code} {milliseconds} ms",
            method=request.method,
            path=request.path,
            status=response.status_code,
            milliseconds=milliseconds,
            owner=self.hash_owner(g.get(OWNER)),
            attempt=attempt if _ATTEMPT.fullmatch(attempt) else None,
        )
        return response

    def _log_event(self, event: Event) -> None:
        _write(
            log,
            event.name.value,
            event=event.name.value,
            owner=self.hash_owner(event.owner),
            attempt=event.attempt_id,
            connection=event.connection_id,
            **{name: value for name, value in event.facts.items() if name not in _OWN},
        )


def _begin() -> None:
    g.portalkey_began = time.monotonic()


def _write(logger: logging.Logger, message: str, **known: Fact) -> None:
    """Log *message* with what is *known*: behind it as text, as members of their own in JSON."""
    facts = {name: value for name, value in known.items() if value is not None}
    listed = "".join(f" {name}={value}" for name, value in facts.items() if name in _SHOWN)
    logger.info("%s%s", message, listed, extra={_FACTS: {**facts, "message": message}})
