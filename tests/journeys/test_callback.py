"""What comes back from HubSpot is checked before anything is exchanged.

Each check has a test of its own here that fails when the check is taken away.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.errors import AttemptMismatch
from portalkey.model.attempt import AttemptStatus
from portalkey.model.authorization import AuthorizationOptions, Callback, LinkCookies
from portalkey.model.authorization import Visitor as SignedIn
from portalkey.model.counters import CounterKind
from portalkey.model.events import Event, happened
from portalkey_simulator import HubSpot
from support.visitor import Visitor, query_of

ATTEMPT = "T" * 22
REFUSED = "/auth/hubspot/refused"


def error_of(visitor: Visitor) -> tuple[str, str | None]:
    """Status and error code of the attempt."""
    attempt = visitor.status(ATTEMPT)["attempt"]
    return attempt["status"], attempt["error"]


def test_unknown_state_is_refused(visitor: Visitor, hubspot: HubSpot) -> None:
    """State: a callback that no attempt of ours asked for exchanges nothing."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    code = query_of(callback)["code"]

    answer = visitor.get(f"/auth/hubspot/callback?code={code}&state={'x' * 43}")

    assert answer.headers["location"] == REFUSED
    assert hubspot.requests == ()
    assert error_of(visitor) == ("at_hubspot", None)


def test_missing_state_offers_to_start_from_the_app(visitor: Visitor, hubspot: HubSpot) -> None:
    """State: a code without one connects nobody, whoever brings it (R29)."""
    code = query_of(visitor.agree(visitor.begin(ATTEMPT)))["code"]

    answer = visitor.get(f"/auth/hubspot/callback?code={code}")

    assert answer.headers["location"] == "/auth/hubspot/install?trouble=attempt_mismatch"
    assert "start" in visitor.get(answer.headers["location"]).text
    assert visitor.status()["authenticated"] is False
    assert error_of(visitor) == ("at_hubspot", None)


def test_the_refusal_leaves_the_callbacks_address(visitor: Visitor) -> None:
    """An address that may hold a code shows no page, and none of it goes on (RFC 9700 4.2)."""
    answer = visitor.get("/auth/hubspot/callback?code=abc&state=def")

    assert (answer.status_code, answer.text) == (303, "")
    assert answer.headers["location"] == REFUSED
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_another_browser_ends_nothing(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """Cookie: a stranger's code is never read, and whoever began the attempt comes back to it."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    before = broker.vault.store.attempt(ATTEMPT)

    strangers = [new_visitor().get(each) for each in (callback, f"{callback}&error=access_denied")]

    assert [each.headers["location"] for each in strangers] == [REFUSED, REFUSED]
    assert hubspot.requests == ()
    after = broker.vault.store.attempt(ATTEMPT)
    assert before
    assert after
    assert replace(after, seen_at=before.seen_at) == before
    visitor.get(callback)
    assert error_of(visitor) == ("connected", None)


def test_another_owner_in_the_same_browser_ends_the_attempt(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot
) -> None:
    """Owner: whoever is signed in at the end must be who began."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    other = new_visitor()
    other.setup()
    theirs = other.http.cookies.get("portalkey_session")
    assert theirs is not None
    cookies = {cookie.name: cookie.value or "" for cookie in visitor.http.cookies.jar}
    cookies["portalkey_session"] = theirs

    answer = _bare(visitor, callback, cookies)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/auth/hubspot/done?attempt={ATTEMPT}"
    assert hubspot.requests == ()
    assert error_of(visitor) == ("failed", "attempt_mismatch")


def _bare(visitor: Visitor, path: str, cookies: dict[str, str]) -> httpx2.Response:
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return httpx2.get(visitor.app_url + path, headers={"Cookie": header})


def test_a_logged_out_owner_ends_the_attempt(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Owner: with the attempt's cookie but nobody signed in, nothing is exchanged."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    cookies = {
        cookie.name: cookie.value or ""
        for cookie in visitor.http.cookies.jar
        if cookie.name.startswith("portalkey_attempt_")
    }

    answer = _bare(visitor, callback, cookies)

    assert answer.status_code == 303
    assert hubspot.requests == ()
    assert error_of(visitor) == ("failed", "attempt_mismatch")
    checks = [e.facts.get("check") for e in broker.vault.store.events(attempt_id=ATTEMPT)]
    assert checks == [None, "owner", "owner"]


@pytest.mark.parametrize(
    ("check", "returns"),
    [
        ("owner", SignedIn("bob", "session", "ada")),
        ("owner", SignedIn(None, "session", None)),
        ("person", SignedIn("team", "session", "bob")),
        ("person", SignedIn("team", "session", None)),
        ("session", SignedIn("team", "another session", "ada")),
        ("session", SignedIn("team", None, "ada")),
    ],
)
def test_who_is_not_the_same_exchanges_nothing(
    hubspot: HubSpot, broker: Broker, check: str, returns: SignedIn
) -> None:
    """Owner, person and session: with the right cookie another ends the attempt, once."""
    begun = broker.begin("team", "session", AuthorizationOptions(person="ada"))
    query = tuple(query_of(hubspot.approve(begun.authorize_url)).items())
    cookies = {begun.attempt.id: (begun.cookie,)}

    ends = [broker.finish(Callback(query, cookies, returns)) for _ in range(3)]
    ends.append(broker.finish(Callback(query, cookies, SignedIn("team", "session", "ada"))))

    assert {(each.status, each.error) for each in ends} == {("failed", "attempt_mismatch")}
    assert {each.failed_check for each in ends} == {check}
    assert hubspot.requests == ()
    events = broker.vault.store.events(attempt_id=begun.attempt.id)
    assert [(each.name, each.facts.get("check")) for each in events] == [
        ("attempt_started", None),
        ("callback_refused", check),
        ("attempt_failed", check),
    ]


def test_a_links_return_wants_the_links_cookie(hubspot: HubSpot, broker: Broker) -> None:
    """Link: whoever has the attempt's cookie alone ends nothing, and who has both goes on."""
    invitation = broker.invite("studio").invitation
    link = broker.bind_invitation(invitation)
    assert link
    options = AuthorizationOptions(invitation=invitation, another=True)
    begun = broker.begin("studio", link.get_secret_value(), options)
    query = tuple(query_of(hubspot.approve(begun.authorize_url)).items())
    cookies, another = {begun.attempt.id: (begun.cookie,)}, SecretStr("another")
    wrong: tuple[LinkCookies, ...] = ({}, {"another": (link,)}, {invitation.id: (another,)})
    heard: list[Event] = []
    with happened.connected_to(heard.append):
        for links in wrong:
            with pytest.raises(AttemptMismatch):
                broker.finish(Callback(query, cookies, SignedIn("studio"), links=links))

    assert [each.facts for each in heard] == [{"check": "link"}] * len(wrong)
    assert hubspot.requests == ()
    links = {invitation.id: (another, link)}
    end = broker.finish(Callback(query, cookies, SignedIn(None), links=links))
    assert end.status == "connected"


def test_another_ends_no_exchange_under_way(hubspot: HubSpot, broker: Broker) -> None:
    """The right return was first: whatever comes with its cookie after it changes nothing."""
    begun = broker.begin("ada", "session")
    query = tuple(query_of(hubspot.approve(begun.authorize_url)).items())
    assert broker.vault.store.move_attempt(begun.attempt.id, AttemptStatus.EXCHANGING)

    another = Callback(query, {begun.attempt.id: (begun.cookie,)}, SignedIn("bob", "session"))

    assert broker.finish(another).status == "exchanging"


def test_an_expired_attempt_exchanges_nothing(
    visitor: Visitor, hubspot: HubSpot, broker: Broker, ahead: Any
) -> None:
    """Expiry: ten minutes after the click, by the store's clock, it is over."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    ahead.seconds = 601

    answer = visitor.get(callback)

    assert answer.status_code == 303
    assert hubspot.requests == ()
    assert error_of(visitor) == ("expired", None)


def test_two_callbacks_at_once_make_one_exchange(visitor: Visitor, hubspot: HubSpot) -> None:
    """Claim: of many identical callbacks, one gets to exchange (R16)."""
    callback = visitor.agree(visitor.begin(ATTEMPT))

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: visitor.get(callback), range(24)))

    assert {answer.status_code for answer in answers} == {303}
    assert [asked.path for asked in hubspot.requests].count("/oauth/2026-09/token") == 1
    assert error_of(visitor) == ("connected", None)


def test_a_replayed_callback_changes_nothing(visitor: Visitor, hubspot: HubSpot) -> None:
    """Reload, Back and a crawler's prefetch lead to the same end again."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    visitor.get(callback)
    asked = len(hubspot.requests)

    again = visitor.get(callback)

    assert again.headers["location"] == f"/auth/hubspot/done?attempt={ATTEMPT}"
    assert len(hubspot.requests) == asked


def test_a_cancelled_attempt_exchanges_nothing(visitor: Visitor, hubspot: HubSpot) -> None:
    """Who cancelled in the app is not connected by a late consent."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    cancelled = visitor.post(f"/api/hubspot/attempts/{ATTEMPT}/cancel")

    assert cancelled.json()["attempt"]["status"] == "cancelled"
    assert visitor.get(callback).status_code == 303
    assert hubspot.requests == ()
    assert error_of(visitor) == ("cancelled", None)


def test_declining_at_hubspot_ends_the_attempt(visitor: Visitor, hubspot: HubSpot) -> None:
    """``access_denied`` is a plain ending, and nothing is exchanged."""
    url = hubspot.deny(visitor.begin(ATTEMPT))
    done = visitor.get(visitor.get(url).headers["location"])

    assert "You did not agree at HubSpot" in done.text
    assert hubspot.requests == ()
    assert error_of(visitor) == ("failed", "declined")


@pytest.mark.parametrize(
    "extra",
    [
        "&error=access_denied&error_description=<script>alert(1)</script>",
        "&error=server_error&error_description=%0d%0aSet-Cookie:x=1",
        "&error=%3Cscript%3E",
        "&error=temporarily_unavailable&error_uri=javascript:alert(1)",
    ],
)
def test_hostile_error_texts_are_never_shown(
    visitor: Visitor, hubspot: HubSpot, extra: str
) -> None:
    """Only our own sentences reach the page (R20)."""
    state = query_of(visitor.begin(ATTEMPT))["state"]
    callback = visitor.get(f"/auth/hubspot/callback?state={state}{extra}")
    done = visitor.get(callback.headers["location"])

    assert "alert(1)" not in done.text
    assert "x=1" not in str(callback.headers)
    assert hubspot.requests == ()
    assert error_of(visitor)[0] == "failed"


@pytest.mark.parametrize(
    "extra", ["", "&code=", "&code=a&code=b", "&code=%00", "&code=a%0d%0ab", "&code=" + "x" * 9000]
)
def test_a_missing_doubled_or_malformed_code_ends_the_attempt(
    visitor: Visitor, hubspot: HubSpot, extra: str
) -> None:
    """No parameter may come twice or break the grammar (R17, R19)."""
    state = query_of(visitor.begin(ATTEMPT))["state"]

    answer = visitor.get(f"/auth/hubspot/callback?state={state}{extra}")

    assert answer.status_code == 303
    assert hubspot.requests == ()
    assert error_of(visitor) == ("failed", "attempt_mismatch")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=x",
        "state=",
        "state=a&state=b&code=x",
        "state[]=x&code=y",
        "state=%00&code=x",
        "state=%ff%fe&code=x",
        "state=' OR '1'='1&code=x",
        "state={{7*7}}&code=x",
        "error=access_denied",
    ],
)
def test_nonsense_gets_the_same_refusal(visitor: Visitor, hubspot: HubSpot, query: str) -> None:
    """Whatever is wrong with it, a foreign callback learns nothing."""
    answer = visitor.get(f"/auth/hubspot/callback?{query}")

    assert (answer.status_code, answer.headers["location"]) == (303, REFUSED)
    assert hubspot.requests == ()


def test_strangers_are_counted_and_not_written(
    visitor: Visitor, new_visitor: Callable[[], Visitor], broker: Broker
) -> None:
    """Which check failed is for the operator to hear (R93); the audit is not theirs to fill."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    before = broker.vault.store.events()
    heard: list[Event] = []

    with happened.connected_to(heard.append):
        for _ in range(10):
            new_visitor().get(callback)
            new_visitor().get("/auth/hubspot/callback?code=x&state=unknown")

    assert [each.facts["check"] for each in heard] == ["cookie", "state"] * 10
    assert broker.vault.store.events() == before
    broker.close()
    (counter,) = broker.vault.store.counters(broker.settings.client_id)
    assert (counter.kind, counter.n) == (CounterKind.CALLBACK_REFUSED, 20)


def test_a_callback_that_comes_again_is_counted(visitor: Visitor, broker: Broker) -> None:
    """It finds the end that there is, and writes no more of it than the first did."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    visitor.get(callback)
    before = broker.vault.store.events()

    answers = [visitor.get(callback) for _ in range(3)]

    assert {each.status_code for each in answers} == {303}
    assert error_of(visitor) == ("connected", None)
    assert broker.vault.store.events() == before


def test_reconnecting_refuses_another_account(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """A pinned attempt keeps nothing of another account, and gives its grant back."""
    visitor.connect(hub_id=4410001)
    browser = "browser-of-the-test"
    begun = broker.begin("somebody", browser, AuthorizationOptions(hub_id=4410001))
    unpinned = begun.authorize_url.replace("/oauth/4410001/authorize", "/oauth/authorize")
    callback = hubspot.approve(unpinned, 4410002)
    cookies = {begun.attempt.id: (begun.cookie,)}

    signed_in = SignedIn("somebody", browser)
    returned = Callback(tuple(query_of(callback).items()), cookies, signed_in)
    attempt = broker.finish(returned)

    assert (attempt.status, attempt.error) == ("failed", "wrong_account")
    assert broker.connections("somebody") == []
    assert hubspot.requests[-1].path == "/oauth/2026-09/token/revoke"


@pytest.mark.parametrize("headers", [{"sec_purpose": "prefetch"}, {"purpose": "prefetch"}, None])
def test_a_prefetch_or_head_finishes_nothing(
    visitor: Visitor, hubspot: HubSpot, headers: dict[str, str] | None
) -> None:
    """Only a browser that really goes there finishes an attempt."""
    callback = visitor.agree(visitor.begin(ATTEMPT))

    answer = visitor.get(callback, **headers) if headers else visitor.http.head(callback)

    assert answer.status_code == 400
    assert hubspot.requests == ()
    assert visitor.get(callback).status_code == 303
    assert error_of(visitor) == ("connected", None)


def test_an_error_cannot_end_an_exchange_under_way(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """A second callback that says ``access_denied`` comes too late."""
    url = visitor.begin(ATTEMPT)
    state = query_of(url)["state"]
    broker.vault.store.move_attempt(ATTEMPT, AttemptStatus.EXCHANGING)

    visitor.get(f"/auth/hubspot/callback?state={state}&error=access_denied")

    assert error_of(visitor) == ("exchanging", None)


@pytest.mark.parametrize("is_last", [True, False])
def test_tossed_cookies_are_in_nobodys_way(
    visitor: Visitor,
    broker: Broker,
    is_last: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """A sibling subdomain can set as many as a header holds, under this attempt's name as well."""
    callback = visitor.agree(visitor.begin(ATTEMPT))
    ours = [f"{each.name}={each.value}" for each in visitor.http.cookies.jar]
    tossed = [f"portalkey_attempt_{number:022d}=x" for number in range(60)]
    tossed += [f"portalkey_attempt_{ATTEMPT}=tossed-{number}" for number in range(30)]
    header = "; ".join([*tossed, *ours] if is_last else [*ours, *tossed])

    answer = httpx2.get(visitor.app_url + callback, headers={"Cookie": header})
    page = httpx2.get(visitor.app_url + answer.headers["location"], headers={"Cookie": header})

    assert error_of(visitor) == ("connected", None)
    assert page.status_code == 200


def test_the_cookies_of_an_app_beside_this_one_are_left_alone(visitor: Visitor) -> None:
    """Cookies ignore ports, so start may meet attempts that are not in its store."""
    strange = f"portalkey_attempt_{'Z' * 22}"
    visitor.http.cookies.set(strange, "x", domain="localhost.local", path="/auth/hubspot")

    set_cookies = visitor.get(visitor.connect_link).headers.get_list("set-cookie")

    assert not [each for each in set_cookies if strange in each]
