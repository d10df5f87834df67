"""The last page of a journey: what became of the attempt, and what to do next."""

from collections.abc import Mapping

from portalkey.errors import WrongAccount
from portalkey.model.attempt import OPEN, Attempt
from portalkey.model.connection import Account
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import Start

SUCCESS_CLOSES_AFTER = 2_000
ERROR_CLOSES_AFTER = 15_000
"""Milliseconds."""
TROUBLES = frozenset({"store_busy", "store_unusable", "portalkey_error"})
"""What a callback may say of itself when it could not reach the attempt's row."""


def success(context: Context, attempt: Attempt, known: Mapping[str, object]) -> WebResponse:
    """The account that is connected now, and what HubSpot did not grant of it."""
    connection = context.broker.connection_of(attempt)
    wanted = context.broker.settings.wanted_scopes
    body = context.render(
        "popup/success.html",
        language=attempt.language,
        close_after=SUCCESS_CLOSES_AFTER,
        account=connection.account if connection else None,
        missing=connection.missing_scopes(wanted) if connection else (),
        **known,
    )
    return WebResponse.page(body, headers.POPUP)


def failure(
    context: Context, request: WebRequest, attempt: Attempt, known: Mapping[str, object]
) -> WebResponse:
    """What ended the attempt, or the trouble that its callback ran into."""
    code, trouble = attempt.error or attempt.status.value, request.one("trouble")
    if attempt.is_open and trouble in TROUBLES:
        code = trouble
    body = context.render(
        "popup/error.html",
        language=attempt.language,
        status="pending" if code in OPEN else "error",
        close_after=ERROR_CLOSES_AFTER,
        code=code,
        sentence=context.sentence(code, context.language(attempt.language)),
        expected=_expected(context, attempt) if code == WrongAccount.code else None,
        ways_on=_ways_on(context, request, attempt) if code == WrongAccount.code else {},
        **known,
    )
    return WebResponse.page(body, headers.POPUP)


def _expected(context: Context, attempt: Attempt) -> Account | None:
    """The account that should have come back, with all that is known of it."""
    if attempt.expected_hub_id is None:
        return None
    connections = context.broker.connections(attempt.owner)
    known = (each.account for each in connections if each.hub_id == attempt.expected_hub_id)
    return next(known, Account(attempt.expected_hub_id))


def _ways_on(context: Context, request: WebRequest, attempt: Attempt) -> Mapping[str, str]:
    """Links to the account that was meant and to a further one, for a journey in one tab.

    A popup has none: the page that opened it waits for this attempt, and begins the next one.
    """
    if attempt.opener_origin or request.owner != attempt.owner or request.browser is None:
        return {}
    again, further = Start(attempt.next, attempt.expected_hub_id), Start(attempt.next)
    language = f"&language={context.language(attempt.language)}"
    return {
        "again": context.connect_url(request.owner, request.browser, again) + language,
        "further": context.connect_url(request.owner, request.browser, further) + language,
    }
