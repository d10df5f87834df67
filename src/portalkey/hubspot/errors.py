"""HubSpot's refusals as errors of ours: one row for each word and status, and one reader.

The most telling word decides: HubSpot's ``status``, then the ``error`` of RFC 6749, then
``category`` or ``errorType``, then the HTTP status. Descriptions are for people and never read,
and only a 4xx has the right to say a word: a gateway's 500 that quotes ``invalid_grant`` ends no
connection. Nor does anything outside of this table: an unknown 4xx is the operator's.

Sources: HubSpot's error pages and OAuth guides; words and statuses seen on the wire.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portalkey.errors import (
    AttemptExpired,
    AttemptMismatch,
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    NeedsReconnect,
    PersonMustAct,
    PortalkeyError,
    RateLimited,
    ScopesMissing,
    TryLater,
)
from portalkey.hubspot.http import Response, read_date
from portalkey.hubspot.json_body import Answer


@dataclass(frozen=True, slots=True)
class Row:
    """The meaning of one word or status.

    ``error`` is what is raised; ``NeedsReconnect`` stands for a dead grant. ``advice`` tells the
    operator what to compare. ``wait`` is how many seconds to wait where HubSpot does not say, and
    ``longest`` how many of what it says are believed. ``of_app`` is True where it is said of the
    app, whatever it asks for, and ``of_account`` where it is said of one HubSpot account.
    """

    error: type[PortalkeyError]
    advice: str = ""
    wait: float = 5.0
    longest: float = 3600.0
    of_app: bool = False
    of_account: bool = False


_DEAD = Row(NeedsReconnect)
_START_AGAIN = Row(AttemptExpired)
_CLIENT = Row(
    HubSpotRefused,
    "compare HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET with the app's Auth settings at HubSpot",
    of_app=True,
)
_REDIRECT = Row(
    HubSpotRefused,
    "compare HUBSPOT_REDIRECT_URI with the redirect URLs in the app's Auth settings at HubSpot",
)
_ASKED_SCOPES = Row(
    HubSpotRefused,
    "compare HUBSPOT_SCOPES and HUBSPOT_OPTIONAL_SCOPES with the app's scopes at HubSpot",
)
_REQUEST = Row(
    HubSpotRefused,
    "the request did not arrive as it was sent or is not known there; look at HUBSPOT_API_URL and "
    "HUBSPOT_API_VERSION, and at any proxy on the way",
    of_app=True,
)
_UNKNOWN = Row(HubSpotRefused, "look it up in HubSpot's documentation of errors")
_NOT_WELL = Row(HubSpotUnavailable)
_TOO_MANY = Row(RateLimited, wait=10.0)

STATUS_WORDS: Mapping[str, Row] = {
    "BAD_REFRESH_TOKEN": _DEAD,
    "BAD_HUB": _DEAD,
    "BAD_AUTH_CODE": _START_AGAIN,
    "EXPIRED_AUTH_CODE": _START_AGAIN,
    "BAD_CODE_VERIFIER": Row(AttemptMismatch),
    "MISMATCH_REDIRECT_URI_AUTH_CODE": _REDIRECT,
    "BAD_REDIRECT_URI": _REDIRECT,
    "BAD_CLIENT_ID": _CLIENT,
    "BAD_CLIENT_SECRET": _CLIENT,
    "BAD_GRANT_TYPE": _REQUEST,
    # Seen in passing as well, so it must not end a connection.
    "MISMATCH_REFRESH_TOKEN_CLIENT": Row(
        HubSpotRefused,
        "the connection was made with another app; compare HUBSPOT_CLIENT_ID with the one that "
        "people connected with",
    ),
    "BAD_SCOPES": _ASKED_SCOPES,
    "USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED": Row(
        HubSpotRefused,
        "an app that every user installs for themselves has no token of its own, and no webhooks "
        "journal; set PORTALKEY_JOURNAL to off",
    ),
}
"""HubSpot's own words, under ``status``."""

RFC_ERRORS: Mapping[str, Row] = {
    "invalid_grant": _DEAD,
    "invalid_client": _CLIENT,
    "unauthorized_client": _CLIENT,
    "invalid_request": _REQUEST,
    "unsupported_grant_type": _REQUEST,
    "invalid_scope": _ASKED_SCOPES,
    "access_denied": _UNKNOWN,
    "server_error": _NOT_WELL,
    "temporarily_unavailable": _NOT_WELL,
}
"""RFC 6749 section 5.2, under ``error``."""

CATEGORIES: Mapping[str, Row] = {
    "MISSING_SCOPES": Row(
        ScopesMissing,
        "the app may not use this part of HubSpot; compare its scopes with HubSpot's documentation",
    ),
    # A younger access token is enough.
    "EXPIRED_AUTHENTICATION": Row(HubSpotUnavailable, wait=1.0),
    "INVALID_AUTHENTICATION": _REQUEST,
    "RATE_LIMIT": _TOO_MANY,
    "RATE_LIMITS": _TOO_MANY,
}
"""HubSpot's API, under ``category`` or ``errorType``."""

HTTP_STATUSES: Mapping[int, Row] = {
    403: Row(
        HubSpotRefused,
        "no reason was given; HubSpot's edge may be blocking the address of this machine",
        of_app=True,
    ),
    404: _REQUEST,
    405: _REQUEST,
    408: _NOT_WELL,
    423: Row(HubSpotUnavailable, wait=2.0, of_account=True),
    425: _NOT_WELL,
    429: _TOO_MANY,
    # The account is moving to another region.
    477: Row(HubSpotUnavailable, wait=600.0, longest=86400.0, of_account=True),
}
"""The HTTP status, where no word is known."""

_REFUSALS, _OUTAGES = 4, 5
_WORD = re.compile(r"[A-Z_]{1,64}")
_SCOPE = re.compile(r"[a-z0-9._-]{1,100}")
_MOST_SCOPES = 50
_SHORTEST_WAIT = 1.0


def failure(response: Response, *, dead: type[PersonMustAct] = NeedsReconnect) -> PortalkeyError:
    """Return the error that *response* stands for; nothing of its text is in the message.

    Args:
        response: Any but a success.
        dead: The error for a dead grant; a code that is dead means another than a refresh token.
    """
    if response.status // 100 not in (_REFUSALS, _OUTAGES):
        return BadAnswer(
            f"HubSpot answered with status {response.status}, which has no meaning here "
            "(a redirect is never followed); look at HUBSPOT_API_URL."
        )
    answer = _answer(response)
    row, status = _row(response, answer)
    if row.error is NeedsReconnect:
        return dead()
    if row.error is ScopesMissing and (missing := _missing_scopes(answer)):
        return ScopesMissing(missing)
    if issubclass(row.error, TryLater):
        return _try_later(row.error, row, response)
    if issubclass(row.error, PersonMustAct) and row.error is not ScopesMissing:
        return row.error()
    sentence = f"HubSpot refused the app ({status}): {row.advice}."
    return HubSpotRefused(sentence, status=status, of_app=row.of_app)


def _try_later(error: type[TryLater], row: Row, response: Response) -> TryLater:
    asked = read_retry_after(response)
    wait = 0.0 if asked is None else max(_SHORTEST_WAIT, min(asked, row.longest))
    trouble = error(retry_after=wait or row.wait, said=wait)
    if isinstance(trouble, HubSpotUnavailable):
        trouble.of_account = row.of_account
    return trouble


def _answer(response: Response) -> Answer:
    """Return the JSON object of a 4xx; any other status has no right to say a word."""
    if response.status // 100 != _REFUSALS:
        return Answer()
    try:
        return Answer.of(response)
    except (BadAnswer, HubSpotUnavailable):
        return Answer()


def _row(response: Response, answer: Answer) -> tuple[Row, str]:
    """Return the row that decides, and the word or status that names it."""
    for name, table in (
        ("status", STATUS_WORDS),
        ("error", RFC_ERRORS),
        ("category", CATEGORIES),
        ("errorType", CATEGORIES),
    ):
        word = answer.get(name)
        if isinstance(word, str) and word in table:
            return table[word], word
    if response.status // 100 == _OUTAGES:
        return _NOT_WELL, str(response.status)
    row, word = HTTP_STATUSES.get(response.status, _UNKNOWN), answer.get("status")
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        return row, str(response.status)
    return (_UNKNOWN if row.error is HubSpotRefused else row), word


def _missing_scopes(answer: Answer) -> tuple[str, ...]:
    """Return the scopes that the answer names as required, in HubSpot's own alphabet only."""
    names = (name for name in _required_names(answer) if isinstance(name, str))
    scopes = dict.fromkeys(name for name in names if _SCOPE.fullmatch(name))
    return tuple(scopes)[:_MOST_SCOPES]


def _required_names(answer: Answer) -> Iterator[object]:
    member = answer.get("errors")
    errors = member if isinstance(member, list) else []
    nested = [error.get("context") for error in errors if isinstance(error, dict)]
    for context in (answer.get("context"), *nested):
        for name in ("requiredScopes", "requiredGranularScopes"):
            names = context.get(name) if isinstance(context, dict) else None
            yield from names if isinstance(names, list) else ()


def read_retry_after(response: Response) -> float | None:
    """Return the seconds of ``Retry-After`` (RFC 9110 section 10.2.3), reckoned without a clock."""
    text = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+", text):
        return float(text[:9])
    until, now = read_date(text), response.date
    return (until - now).total_seconds() if until and now else None
