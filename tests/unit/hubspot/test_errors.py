import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from portalkey.errors import (
    AttemptExpired,
    AttemptMismatch,
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    NeedsReconnect,
    OperatorMustAct,
    PortalkeyError,
    RateLimited,
    ScopesMissing,
)
from portalkey.hubspot.account import read_details
from portalkey.hubspot.client import HubSpotClient
from portalkey.hubspot.errors import (
    CATEGORIES,
    HTTP_STATUSES,
    RFC_ERRORS,
    STATUS_WORDS,
    failure,
)
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.token import GrantType, read_grant
from support.peer import Peer, http

Listen = Callable[..., Peer]
CODE, REFRESH = GrantType.CODE, GrantType.REFRESH
HTML = "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"


@dataclass(frozen=True)
class Case:
    """One row of HubSpot's tables of errors: what it answers, and what that is here."""

    name: str
    http: int
    body: Mapping[str, object] | str
    error: type[PortalkeyError]
    asked: GrantType = REFRESH
    headers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """The response on the client."""
        body = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return http(self.http, body, self.headers)


def says(status: str, message: str = "", error: str | None = None) -> dict[str, object]:
    """A body of the token endpoint, as since January 2026."""
    body: dict[str, object] = {"status": status, "message": message, "correlationId": "c-1"}
    return body | ({"error": error, "error_description": message} if error else {})


def refused(status: str) -> dict[str, object]:
    """What a refusal of the app bears."""
    return {"status": status}


TOKEN_ENDPOINT = [
    Case(
        "refresh token unknown, revoked or uninstalled",
        400,
        says(
            "BAD_REFRESH_TOKEN",
            "refresh token is invalid, expired or revoked",
            "invalid_grant",
        ),
        NeedsReconnect,
    ),
    Case(
        "refresh token, older text",
        400,
        says("BAD_REFRESH_TOKEN", "missing or invalid refresh token"),
        NeedsReconnect,
    ),
    Case(
        "code unknown or used",
        400,
        says("BAD_AUTH_CODE", "missing or unknown auth code", "invalid_grant"),
        AttemptExpired,
        CODE,
    ),
    Case("code too old", 400, says("EXPIRED_AUTH_CODE", "", "invalid_grant"), AttemptExpired, CODE),
    Case(
        "redirect URI differs from the code's",
        400,
        says(
            "MISMATCH_REDIRECT_URI_AUTH_CODE",
            "redirect URI does not match initial auth code URI",
            "invalid_grant",
        ),
        HubSpotRefused,
        CODE,
        facts=refused("MISMATCH_REDIRECT_URI_AUTH_CODE"),
    ),
    Case(
        "redirect URI missing or invalid",
        400,
        says("BAD_REDIRECT_URI"),
        HubSpotRefused,
        CODE,
        facts=refused("BAD_REDIRECT_URI"),
    ),
    Case(
        "client id",
        400,
        says("BAD_CLIENT_ID", "missing or unknown client id", "invalid_client"),
        HubSpotRefused,
        facts=refused("BAD_CLIENT_ID"),
    ),
    Case(
        "client secret",
        400,
        says("BAD_CLIENT_SECRET", "", "invalid_client"),
        HubSpotRefused,
        facts=refused("BAD_CLIENT_SECRET"),
    ),
    Case(
        "grant type",
        400,
        says("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type"),
        HubSpotRefused,
        facts=refused("BAD_GRANT_TYPE"),
    ),
    Case(
        "refresh token of another app",
        400,
        says("MISMATCH_REFRESH_TOKEN_CLIENT", "refresh token was not issued to this client"),
        HubSpotRefused,
        facts=refused("MISMATCH_REFRESH_TOKEN_CLIENT"),
    ),
    Case(
        "account gone, as captured",
        403,
        says("BAD_HUB", "missing or unknown hub id"),
        NeedsReconnect,
    ),
    Case(
        "account gone, newer fixture",
        400,
        says("BAD_HUB", "missing or unknown hub id", "access_denied"),
        NeedsReconnect,
    ),
    Case("verifier", 400, says("BAD_CODE_VERIFIER"), AttemptMismatch, CODE),
    Case(
        "scopes",
        400,
        says("BAD_SCOPES", "", "invalid_scope"),
        HubSpotRefused,
        facts=refused("BAD_SCOPES"),
    ),
    Case(
        "client credentials of a user-level app",
        400,
        says("USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED"),
        HubSpotRefused,
        facts=refused("USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED"),
    ),
    Case(
        "throttled",
        429,
        {
            "status": "error",
            "message": "You have reached your rate limit.",
            "errorType": "RATE_LIMIT",
            "policyName": "SECONDLY",
        },
        RateLimited,
        facts={"retry_after": 10.0},
    ),
    Case(
        "throttled with another status",
        400,
        {"status": "error", "errorType": "RATE_LIMIT"},
        RateLimited,
    ),
    Case(
        "banned at the edge",
        403,
        HTML,
        HubSpotRefused,
        headers={"Content-Type": "text/html"},
        facts=refused("403"),
    ),
]

RFC_6749 = [
    Case("refresh: invalid_grant", 400, {"error": "invalid_grant"}, NeedsReconnect),
    Case("code: invalid_grant", 400, {"error": "invalid_grant"}, AttemptExpired, CODE),
    *(
        Case(word, status, {"error": word}, HubSpotRefused, facts=refused(word))
        for word, status in (
            ("invalid_client", 401),
            ("unauthorized_client", 400),
            ("invalid_request", 400),
            ("unsupported_grant_type", 400),
            ("invalid_scope", 400),
            ("access_denied", 403),
        )
    ),
    Case("server_error", 400, {"error": "server_error"}, HubSpotUnavailable),
    Case("temporarily_unavailable", 400, {"error": "temporarily_unavailable"}, HubSpotUnavailable),
]

HTTP = [
    Case("unknown word", 400, says("BAD_MOOD"), HubSpotRefused, facts=refused("BAD_MOOD")),
    Case("a word that is text", 400, says("your token is x"), HubSpotRefused, facts=refused("400")),
    Case("a word that is none", 400, {"status": 7}, HubSpotRefused, facts=refused("400")),
    Case("a proxy's page", 400, HTML, HubSpotRefused, facts=refused("400")),
    Case("no body", 401, "", HubSpotRefused, facts=refused("401")),
    Case("not found", 404, "", HubSpotRefused, facts=refused("404")),
    Case("wrong method", 405, "", HubSpotRefused, facts=refused("405")),
    Case("request timed out", 408, "", HubSpotUnavailable),
    Case("conflict", 409, "", HubSpotRefused, facts=refused("409")),
    Case("teapot", 418, "", HubSpotRefused, facts=refused("418")),
    Case("too early", 425, "", HubSpotUnavailable),
    *(
        Case(f"outage {status}", status, HTML, HubSpotUnavailable, facts={"retry_after": 5.0})
        for status in (500, 502, 503, 504, *range(521, 527))
    ),
    Case(
        "an outage that quotes a dead grant",
        500,
        says("BAD_REFRESH_TOKEN", "", "invalid_grant"),
        HubSpotUnavailable,
    ),
    Case(
        "a description that quotes a dead grant",
        400,
        {"error": "invalid_client", "error_description": "invalid_grant BAD_REFRESH_TOKEN"},
        HubSpotRefused,
        facts=refused("invalid_client"),
    ),
    *(
        Case(f"redirect {status}", status, "", BadAnswer, headers={"Location": "https://evil.test"})
        for status in (301, 302, 303, 307, 308)
    ),
    *(Case(f"nonsense {status}", status, "", BadAnswer) for status in (201, 204, 600, 999)),
]

EXPIRED = "The OAuth token used to make this call expired 0 second(s) ago."
NO_SCOPES = "This app hasn't been granted all required scopes to make this call."
API_CALLS = [
    Case(
        "access token expired",
        401,
        {
            "status": "error",
            "message": EXPIRED,
            "category": "EXPIRED_AUTHENTICATION",
            "context": {"expire time": ["2026-07-01T00:00:00.000Z"]},
        },
        HubSpotUnavailable,
        facts={"retry_after": 1.0},
    ),
    Case(
        "access token missing or garbage",
        401,
        {"status": "error", "message": "...", "category": "INVALID_AUTHENTICATION"},
        HubSpotRefused,
        facts=refused("INVALID_AUTHENTICATION"),
    ),
    Case(
        "scopes missing",
        403,
        {
            "status": "error",
            "message": NO_SCOPES,
            "category": "MISSING_SCOPES",
            "errors": [
                {"message": "One or more", "context": {"requiredScopes": ["crm.lists.read"]}},
                {"context": {"requiredGranularScopes": ["crm.lists.read", "crm.lists.write"]}},
            ],
        },
        ScopesMissing,
        facts={"scopes": ("crm.lists.read", "crm.lists.write")},
    ),
    Case(
        "scopes missing, named at the top",
        403,
        {"category": "MISSING_SCOPES", "context": {"requiredScopes": ["tickets"]}},
        ScopesMissing,
        facts={"scopes": ("tickets",)},
    ),
    Case(
        "scope not open to apps",
        403,
        {"category": "MISSING_SCOPES", "message": "isn't available for public use"},
        HubSpotRefused,
        facts=refused("MISSING_SCOPES"),
    ),
    Case(
        "scopes that are none",
        403,
        {
            "category": "MISSING_SCOPES",
            "context": "x",
            "errors": ["x", {"context": {"requiredScopes": ["<b>", 7, None]}}, {"context": 5}],
        },
        HubSpotRefused,
        facts=refused("MISSING_SCOPES"),
    ),
    Case(
        "ten-secondly limit",
        429,
        {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"},
        RateLimited,
    ),
    Case("limit by category", 429, {"status": "error", "category": "RATE_LIMITS"}, RateLimited),
    Case("limit without a body", 429, "", RateLimited, facts={"retry_after": 10.0}),
    Case("locked", 423, "", HubSpotUnavailable, facts={"retry_after": 2.0}),
    Case(
        "account moving",
        477,
        "",
        HubSpotUnavailable,
        headers={"Retry-After": "80000"},
        facts={"retry_after": 80000.0},
    ),
    Case(
        "account moving without a time", 477, "", HubSpotUnavailable, facts={"retry_after": 600.0}
    ),
]


def raised(case: Case, act: Callable[[], object]) -> PortalkeyError:
    """The error of *act*, with what it bears."""
    with pytest.raises(case.error) as caught:
        act()
    assert type(caught.value) is case.error
    for name, value in case.facts.items():
        assert getattr(caught.value, name) == value
    return caught.value


@pytest.mark.parametrize("case", [*TOKEN_ENDPOINT, *RFC_6749, *HTTP], ids=lambda case: case.name)
def test_refusal_of_the_token_endpoint(case: Case, listen: Listen, client: HubSpotClient) -> None:
    """Each answer of the token endpoint is the error of whoever can put it right."""
    request = Request("POST", f"{listen(case.bytes()).url}/oauth/2026-03/token", {"a": "b"})

    raised(case, lambda: read_grant(client.send(request), asked=case.asked))


@pytest.mark.parametrize("case", API_CALLS, ids=lambda case: case.name)
def test_refusal_of_an_api_call(case: Case, listen: Listen, client: HubSpotClient) -> None:
    """Each answer to a call with a token is the error of whoever can put it right."""
    url = f"{listen(case.bytes()).url}/account-info/2026-03/details"
    request = Request("GET", url, bearer=SecretStr("access"))

    raised(case, lambda: read_details(client.send(request)))


def test_no_row_is_without_a_case() -> None:
    """Whoever adds a row adds what HubSpot was seen to answer."""
    bodies = [
        case.body
        for case in (*TOKEN_ENDPOINT, *RFC_6749, *API_CALLS)
        if isinstance(case.body, Mapping)
    ]
    seen = {str(body.get(name)) for body in bodies for name in ("status", "error", "category")}
    seen |= {str(body.get("errorType")) for body in bodies}

    assert {*STATUS_WORDS, *RFC_ERRORS, *CATEGORIES} <= seen
    assert set(HTTP_STATUSES) <= {case.http for case in (*HTTP, *TOKEN_ENDPOINT, *API_CALLS)}


@pytest.mark.parametrize("case", [*TOKEN_ENDPOINT, *RFC_6749, *HTTP], ids=lambda case: case.name)
def test_only_a_dead_grant_ends_a_connection(case: Case) -> None:
    """Nothing but HubSpot's word that the grant is dead asks the person to reconnect."""
    answer = case.bytes().partition(b"\r\n\r\n")[2]
    dead = ("BAD_REFRESH_TOKEN", "BAD_HUB", "refresh: invalid_grant", "code: invalid_grant")
    body = case.body if isinstance(case.body, Mapping) else {}
    is_dead = case.http < 500 and (body.get("status") in dead or case.name in dead)

    error = failure(Response(case.http, {}, answer))

    assert isinstance(error, NeedsReconnect) == is_dead


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "-5"}, 5.0),
        ({"retry-after": "1.5"}, 5.0),
        ({"retry-after": "soon"}, 5.0),
        ({"retry-after": "7, 9"}, 5.0),
        ({"retry-after": "9" * 5000}, 3600.0),
        ({"retry-after": "٧"}, 5.0),  # noqa: RUF001 - an Arabic seven is no digit of HTTP's
        (
            {
                "retry-after": "Sun, 22 Nov 2026 10:00:30 GMT",
                "date": "Sun, 22 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Sun, 22 Nov 2026 09:00:00 GMT",
                "date": "Sun, 22 Nov 2026 10:00:00 GMT",
            },
            1.0,
        ),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT"}, 5.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "today"}, 5.0),
        (
            {
                "retry-after": "Sun, 22 Nov 2026 10:00:30 -0000",
                "date": "Sun, 22 Nov 2026 10:00:00 GMT",
            },
            5.0,
        ),
    ],
)
def test_how_long_to_wait(headers: Mapping[str, str], seconds: float) -> None:
    """Retry-After counts where it can be understood without a clock, within bounds."""
    error = failure(Response(503, headers))

    assert isinstance(error, HubSpotUnavailable)
    assert error.retry_after == seconds


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 302])
def test_remote_text_stays_remote(status: int) -> None:
    """Nothing of what HubSpot writes for people gets into a message of ours."""
    body = {
        "status": "canary-1",
        "message": "canary-2",
        "error_description": "canary-3",
        "correlationId": "canary-4",
        "error": "canary-5",
        "category": "canary-6",
    }

    error = failure(Response(status, {"location": "canary-7"}, json.dumps(body).encode()))

    assert "canary" not in f"{error} {error!r} {vars(error)}"


def test_refusal_says_what_to_compare() -> None:
    """A refusal of the app names HubSpot's word and the settings to look at."""
    error = failure(Response(400, {}, b'{"status": "BAD_CLIENT_SECRET"}'))

    assert isinstance(error, OperatorMustAct)
    assert "BAD_CLIENT_SECRET" in str(error)
    assert "HUBSPOT_CLIENT_SECRET" in str(error)


def test_endless_list_of_missing_scopes() -> None:
    """A list that nobody could read is cut."""
    names = [f"scope.{number}" for number in range(1000)]
    body = {"category": "MISSING_SCOPES", "context": {"requiredScopes": names}}

    error = failure(Response(403, {}, json.dumps(body).encode()))

    assert isinstance(error, ScopesMissing)
    assert len(error.scopes) == 50
