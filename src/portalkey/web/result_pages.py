"""The last page of a journey: what became of the attempt, and what to do next."""

from collections.abc import Mapping

from portalkey.errors import WrongAccount
from portalkey.model.attempt import OPEN, Attempt
from portalkey.model.connection import Account
from portalkey.web import headers
from portalkey.web.context import Desk
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import Start

SUCCESS_CLOSES_AFTER = 2_000
ERROR_CLOSES_AFTER = 15_000
"""Milliseconds."""
TROUBLES = frozenset({"store_busy", "store_unusable", "portalkey_error"})
"""What a callback may say of itself when it could not reach the attempt's row."""


def success(desk: Desk, attempt: Attempt, known: Mapping[str, object]) -> WebResponse:
    """The account that is connected now, and what HubSpot did not grant of it."""
    connection = desk.broker.vault.store.connection(attempt.connection_id or "")
    wanted = desk.broker.settings.wanted_scopes
    body = desk.render(
        "popup/success.html",
        language=attempt.language,
        close_after=SUCCESS_CLOSES_AFTER,
        account=connection.account if connection else None,
        missing=connection.missing_scopes(wanted) if connection else (),
        **known,
    )
    return WebResponse.page(body, headers.POPUP)


def failure(
    desk: Desk, request: WebRequest, attempt: Attempt, known: Mapping[str, object]
) -> WebResponse:
    """What ended the attempt, or the trouble that its callback ran into."""
    code, trouble = attempt.error or attempt.status.value, request.one("trouble")
    if attempt.is_open and trouble in TROUBLES:
        code = trouble
    body = desk.render(
        "popup/error.html",
        language=attempt.language,
        status="pending" if code in OPEN else "error",
        close_after=ERROR_CLOSES_AFTER,
        code=code,
        sentence=desk.sentence(code, desk.language(attempt.language)),
        expected=_expected(desk, attempt) if code == WrongAccount.code else None,
        ways_on=_ways_on(desk, request, attempt) if code == WrongAccount.code else {},
        **known,
    )
    return WebResponse.page(body, headers.POPUP)


def _expected(desk: Desk, attempt: Attempt) -> Account | None:
    """The account that should have come back, with all that is known of it."""
    if attempt.expected_hub_id is None:
        return None
    connections = desk.broker.connections(attempt.owner)
    known = (each.account for each in connections if each.hub_id == attempt.expected_hub_id)
    return next(known, Account(attempt.expected_hub_id))


def _ways_on(desk: Desk, request: WebRequest, attempt: Attempt) -> Mapping[str, str]:
    """Links to the account that was meant and to a further one, for a journey in one tab.

    A popup has none: the page that opened it waits for this attempt, and begins the next one.
    """
    if attempt.opener_origin or request.owner != attempt.owner or request.browser is None:
        return {}
    again, further = Start(attempt.next, attempt.expected_hub_id), Start(attempt.next)
    language = f"&language={desk.language(attempt.language)}"
    return {
        "again": desk.connect_url(request.owner, request.browser, again) + language,
        "further": desk.connect_url(request.owner, request.browser, further) + language,
    }
