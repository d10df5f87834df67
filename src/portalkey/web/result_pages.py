"""The last page of a journey: what became of the attempt, and what to do next."""

import secrets
from collections.abc import Mapping
from math import ceil
from typing import Any
from urllib.parse import urlencode

from portalkey.errors import WrongAccount
from portalkey.model.attempt import OPEN, Attempt, AttemptStatus
from portalkey.model.authorization import find_difference_in_browser
from portalkey.model.connection import Account
from portalkey.web import headers
from portalkey.web.context import Context, wait_of
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import Start

SUCCESS_CLOSES_AFTER = 2_000
ERROR_CLOSES_AFTER = 15_000
"""Milliseconds."""
TROUBLES = frozenset({"store_busy", "store_unusable", "portalkey_error"})
"""The codes that a callback may pass on when it could not reach the attempt's row."""


class ResultPages:
    """``/auth/hubspot/done``: success or error, for the person and for the page that waits."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker

    def show_done(self, request: WebRequest) -> WebResponse:
        """Tell the opener and the person what became of an attempt of this browser.

        Where its session is not the one that began the attempt, or was kept back on the way here,
        nothing else is told: no account, no token.
        """
        attempt = self._context.attempt_of_cookie(request, request.attempt_id)
        if attempt is None:
            return self._show_unknown(request)
        is_own = find_difference_in_browser(attempt, request.visitor) is None
        if is_own and attempt.status is AttemptStatus.ASKING:
            return self._context.lead_to_question(attempt)
        if attempt.status is AttemptStatus.CONNECTED:
            template, facts = "popup/success.html", self._describe_success(attempt, is_own=is_own)
        else:
            template = "popup/error.html"
            facts = self._describe_failure(request, attempt, is_own=is_own)
        body = self._context.render(
            template,
            language=attempt.language,
            attempt_id=attempt.id,
            origin=attempt.opener_origin,
            back=None if attempt.invitation_id else self._context.way_on(attempt),
            bridge_url=self._build_bridge_url(attempt),
            delivery=self._describe_delivery(request, attempt) if is_own else None,
            **facts,
        )
        wait = wait_of(attempt)
        if wait is None:
            return WebResponse.page(body, headers.POPUP)
        later = {"Retry-After": str(ceil(wait))}
        return WebResponse.page(body, headers.POPUP, 429).with_headers(later)

    def _show_unknown(self, request: WebRequest) -> WebResponse:
        """Say what a callback ran into, where it could not tell which attempt is meant."""
        trouble = request.query_value("trouble")
        if trouble not in TROUBLES:
            return self._context.lead_home(request, "unknown_attempt", 404)
        return self._context.lead_home(request, trouble, 503)

    def _describe_success(self, attempt: Attempt, *, is_own: bool) -> dict[str, Any]:
        """Return the account that is connected now, and the scopes that HubSpot did not grant."""
        connection = self._broker.connection_of(attempt) if is_own else None
        wanted = (*self._broker.settings.wanted_scopes, *(attempt.scopes or ()))
        return {
            "close_after": SUCCESS_CLOSES_AFTER,
            "account": connection.account if connection else None,
            "missing": connection.missing_scopes(wanted) if connection else (),
        }

    def _describe_failure(
        self, request: WebRequest, attempt: Attempt, *, is_own: bool
    ) -> dict[str, Any]:
        """Return what ended the attempt, or the trouble that its callback ran into."""
        code, trouble = attempt.error or attempt.status.value, request.query_value("trouble")
        if attempt.is_open and trouble in TROUBLES:
            code = trouble
        is_wrong_account = code == WrongAccount.code and is_own
        language = self._context.language(attempt.language)
        return {
            "status": "pending" if code in OPEN else "error",
            "close_after": ERROR_CLOSES_AFTER,
            "code": code,
            "heading": self._context.heading(code, language),
            "sentence": self._context.explain(attempt, code, language),
            "expected": self._find_expected_account(attempt) if is_wrong_account else None,
            "ways_on": self._build_links_onward(request, attempt) if is_own else {},
        }

    def _find_expected_account(self, attempt: Attempt) -> Account | None:
        """Return the account that should have come back, with all that is known of it."""
        hub_id = attempt.expected_hub_id
        if hub_id is None:
            return None
        connections = self._broker.connections(attempt.owner)
        accounts = (connection.account for connection in connections)
        return next((account for account in accounts if account.hub_id == hub_id), Account(hub_id))

    def _build_links_onward(self, request: WebRequest, attempt: Attempt) -> Mapping[str, str]:
        """Return links that try again, and that connect another account than was meant.

        From a popup they lead to one more attempt in it, for the page that opened it. Where that
        page is to have the token there are none: it gets that of an attempt of its own.
        """
        owner, browser = request.owner, request.browser
        if invitation_id := attempt.invitation_id:
            path = self._context.path(f"/auth/hubspot/invited?link={invitation_id}&go=1")
            return {"again": path}
        if owner != attempt.owner or browser is None:
            return {}
        if attempt.opener_origin and self._context.options.deliver is not None:
            return {}
        again, further = (
            Start(attempt.next, attempt.expected_hub_id, scopes=attempt.scopes or ()),
            Start(attempt.next, another=True, scopes=attempt.scopes or ()),
        )
        return {
            name: f"{self._context.connect_url(owner, browser, start)}&{self._query_of(attempt)}"
            for name, start in (("again", again), ("further", further))
        }

    def _query_of(self, attempt: Attempt) -> str:
        """Return what one more attempt like this one goes by: its language, id and origin."""
        query = {"language": self._context.language(attempt.language)}
        if attempt.opener_origin:
            query |= {"attempt": secrets.token_urlsafe(16), "origin": attempt.opener_origin}
        return urlencode(query)

    def _build_bridge_url(self, attempt: Attempt) -> str | None:
        """Return the page on the opening page's origin that can ring there when this one cannot."""
        origin, settings = attempt.opener_origin, self._broker.settings
        if origin in {"", settings.public_url}:
            return None
        return f"{origin}{settings.bridge_path}#{attempt.id}"

    def _describe_delivery(self, request: WebRequest, attempt: Attempt) -> Mapping[str, str] | None:
        """Return what ``deliver.js`` needs to fetch the access token, where the app delivers it."""
        if self._context.options.deliver is None or not attempt.opener_origin:
            return None
        if request.owner is None or request.browser is None:
            return None
        return {
            "token_url": self._context.path(f"/api/hubspot/attempts/{attempt.id}/token"),
            "form_token": self._context.form_token(request.owner, request.browser),
        }
