"""Log lines about requests that could not be answered, for whoever runs the app."""

import logging
import re

from portalkey.errors import OperatorMustAct, PortalkeyError
from portalkey.web.http import WebRequest

log = logging.getLogger("portalkey")
_ATTEMPT_ID = re.compile(r"[A-Za-z0-9_-]{22}")


def log_error(name: str, request: WebRequest | None, error: PortalkeyError) -> None:
    """Log the cause for whoever runs the app; errors' sentences hold no secret."""
    attempts = attempts_of(request)
    level = logging.ERROR if isinstance(error, OperatorMustAct) else logging.WARNING
    if error.cause and attempts is None:
        # A store's trouble is a warning already, once for all the requests that meet it. Only
        # whose attempt met it is told for each.
        level = logging.INFO
    log.log(
        level,
        "%s could not be answered%s: %s %s: %s",
        name,
        f", attempt={attempts}" if attempts else "",
        type(error).__name__,
        f"{error.code}, {error.cause}" if error.cause else error.code,
        " ".join(str(error).split()),
    )


def attempts_of(request: WebRequest | None) -> str | None:
    """Return the attempt that a *request* names, or all that its browser began; else None."""
    if request is None:
        return None
    named = (
        request.attempt_id,
        request.arguments.get("attempt_id"),
        request.form_value("attempt"),
    )
    ids = [each for each in named if each] or list(request.attempt_cookies)
    return ",".join(filter(_ATTEMPT_ID.fullmatch, ids)) or None
