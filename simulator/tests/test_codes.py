"""Tokens for a code."""

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from portalkey_simulator import DEFAULT_APP, TOKEN_REFUSALS, App, HubSpot, running_hubspot

GetCode = Callable[..., str]
Send = Callable[..., httpx2.Response]
Connect = Callable[..., dict[str, Any]]

VERIFIER = "canary-verifier-0123456789-0123456789-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())[:-1].decode()


def refused(answer: httpx2.Response) -> str:
    """HubSpot's word for a refusal, once the whole answer is as the table has it."""
    word = str(answer.json()["status"])
    row = TOKEN_REFUSALS[word]
    assert row.http_status == answer.status_code
    assert {
        "status": word,
        "message": row.message,
        "error": row.error,
        "error_description": row.message,
    } == answer.json()
    return word


def test_code_gives_tokens(get_code: GetCode, exchange: Send) -> None:
    """The success body has HubSpot's fields, and no other."""
    answer = exchange(get_code())

    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(body.pop("access_token")) > 150
    assert body.pop("refresh_token").startswith("na1-")
    assert body == {
        "token_type": "bearer",
        "expires_in": 1800,
        "token_use": "access_token",
        "hub_id": 4410001,
        "scopes": [
            "oauth",
            "crm.objects.contacts.read",
            "crm.objects.companies.read",
            "crm.objects.deals.read",
        ],
    }


def test_chosen_account_is_behind_the_tokens(connect: Connect) -> None:
    """The account that was chosen is named, and its hublet prefixes the refresh token."""
    body = connect(4410002)

    assert body["hub_id"] == 4410002
    assert body["refresh_token"].startswith("eu1-")


def test_scopes_of_a_lesser_account(connect: Connect) -> None:
    """An optional scope that the account lacks is missing, and nothing says so."""
    assert connect(4410003)["scopes"] == [
        "oauth",
        "crm.objects.contacts.read",
        "crm.objects.companies.read",
    ]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"grant_type": None}, "BAD_GRANT_TYPE"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
        ({"grant_type": "client_credentials"}, "BAD_SCOPES"),
        ({"client_id": None}, "BAD_CLIENT_ID"),
        ({"client_id": "nobody"}, "BAD_CLIENT_ID"),
        ({"client_secret": None}, "BAD_CLIENT_SECRET"),
        ({"client_secret": "wrong-ü"}, "BAD_CLIENT_SECRET"),
        ({"code": None}, "BAD_AUTH_CODE"),
        ({"code": "na1-unknown"}, "BAD_AUTH_CODE"),
        ({"redirect_uri": None}, "BAD_REDIRECT_URI"),
        ({"redirect_uri": ""}, "BAD_REDIRECT_URI"),
        ({"redirect_uri": "http://localhost:6001/"}, "MISMATCH_REDIRECT_URI_AUTH_CODE"),
    ],
)
def test_code_request_refused(
    get_code: GetCode, exchange: Send, changes: dict[str, str | None], word: str
) -> None:
    """Each wrong field has its row, and a refused request spends no code."""
    code = get_code()

    assert word == refused(exchange(code, **changes))
    assert exchange(code).status_code == 200


def test_code_used_twice(get_code: GetCode, exchange: Send) -> None:
    """A code works once."""
    code = get_code()
    exchange(code).raise_for_status()

    assert refused(exchange(code)) == "BAD_AUTH_CODE"


def test_code_used_at_once_by_many(get_code: GetCode, exchange: Send) -> None:
    """Of many requests with one code, one gets tokens."""
    code = get_code()
    with ThreadPoolExecutor(8) as pool:
        answers = [answer.status_code for answer in pool.map(exchange, [code] * 8)]

    assert sorted(answers) == [200] + [400] * 7


def test_old_code(hubspot: HubSpot, get_code: GetCode, exchange: Send) -> None:
    """A code lives for a minute."""
    young, old = get_code(), get_code()

    hubspot.clock.move(50)
    exchange(young).raise_for_status()
    hubspot.clock.move(20)
    assert refused(exchange(old)) == "EXPIRED_AUTH_CODE"


def test_code_of_another_life(hubspot: HubSpot, get_code: GetCode, exchange: Send) -> None:
    """A switch sets how long codes live."""
    hubspot.switches.code_seconds = 600
    code = get_code()

    hubspot.clock.move(550)
    exchange(code).raise_for_status()


def test_code_of_another_app() -> None:
    """A code belongs to the app it was issued for."""
    other = App(client_id="other", client_secret="s", redirect_uris=DEFAULT_APP.redirect_uris)
    with running_hubspot(apps=[DEFAULT_APP, other]) as hubspot:
        form = {"grant_type": "authorization_code", "client_id": "other", "client_secret": "s"}
        asked = httpx2.QueryParams(
            client_id=DEFAULT_APP.client_id,
            redirect_uri=DEFAULT_APP.redirect_uris[0],
            scope="oauth",
        )
        callback = httpx2.URL(hubspot.approve(f"{hubspot.url}/oauth/authorize?{asked}"))
        form |= {"code": callback.params["code"], "redirect_uri": DEFAULT_APP.redirect_uris[0]}

        answer = httpx2.post(f"{hubspot.url}/oauth/2026-03/token", data=form)
    assert refused(answer) == "BAD_AUTH_CODE"


def test_verifier_fits(get_code: GetCode, exchange: Send) -> None:
    """With PKCE the right verifier opens."""
    code = get_code(code_challenge=CHALLENGE, code_challenge_method="S256")

    exchange(code, code_verifier=VERIFIER).raise_for_status()


@pytest.mark.parametrize("verifier", [None, "", CHALLENGE, VERIFIER + "x", "ü"])
def test_verifier_does_not_fit(get_code: GetCode, exchange: Send, verifier: str | None) -> None:
    """With PKCE nothing else does."""
    code = get_code(code_challenge=CHALLENGE, code_challenge_method="S256")

    assert refused(exchange(code, code_verifier=verifier)) == "BAD_CODE_VERIFIER"


def test_verifier_without_challenge(get_code: GetCode, exchange: Send) -> None:
    """A verifier that nobody asked for is not looked at."""
    exchange(get_code(), code_verifier="whatever").raise_for_status()


def test_life_of_access_tokens(hubspot: HubSpot, connect: Connect) -> None:
    """A switch sets how long access tokens live, and the answer says so."""
    hubspot.switches.access_token_seconds = 30

    assert connect()["expires_in"] == 30


def test_every_refusal_is_reached() -> None:
    """The table has no row that no test of this folder asks for."""
    assert {
        "BAD_AUTH_CODE",
        "BAD_CLIENT_ID",
        "BAD_CLIENT_SECRET",
        "BAD_CODE_VERIFIER",
        "BAD_GRANT_TYPE",
        "BAD_HUB",
        "BAD_REDIRECT_URI",
        "BAD_REFRESH_TOKEN",
        "BAD_SCOPES",
        "EXPIRED_AUTH_CODE",
        "MISMATCH_REDIRECT_URI_AUTH_CODE",
        "MISMATCH_REFRESH_TOKEN_CLIENT",
        "SECRET_IN_URL",
        "USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED",
    } == set(TOKEN_REFUSALS)
