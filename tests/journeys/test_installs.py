"""Installs that begin at HubSpot: kept sealed, and attached by a yes in the same browser only."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from bs4 import BeautifulSoup
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.errors import AttemptMismatch
from portalkey.model.attempt import NOBODY, AttemptStatus
from portalkey.model.authorization import Visitor as SignedIn
from portalkey.model.counters import CounterKind
from portalkey.model.events import EventName
from portalkey.model.installs import CODES_A_MINUTE, MOST_OF_ACCOUNT
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey_simulator import DEFAULT_APP, App, HubSpot, running_hubspot
from portalkey_simulator.marketplace_walk import MarketplaceInstall
from support.commands import PYTHON, clean_environment, run
from support.environment import environment_of
from support.visitor import Visitor, query_of

CALLBACK = "/auth/hubspot/callback"
INSTALL = "/auth/hubspot/install"
REFUSED = "/auth/hubspot/refused"
HUB, OTHER_HUB = 4410001, 4410002
COOKIE = "portalkey_install_"


def listed_app(port: int, **changes: Any) -> App:
    """An app in the marketplace, whose install URL is the callback."""
    callback = f"http://localhost:{port}{CALLBACK}"
    app = replace(
        DEFAULT_APP,
        client_id="client-of-the-tests",
        client_secret="canary-client-secret-of-installs",
        redirect_uris=(callback,),
        install_url=callback,
    )
    return replace(app, **changes)


@pytest.fixture
def signs_in() -> bool:
    """False: HubSpot installs the app without partner sign-in, where a test says nothing else."""
    return False


@pytest.fixture
def hubspot(port: int, signs_in: bool) -> Iterator[HubSpot]:  # noqa: FBT001 - a fixture
    """A simulator with the app in its marketplace."""
    with running_hubspot(apps=[listed_app(port, partner_sign_in=signs_in)]) as running:
        yield running


def local(url: str) -> str:
    """The path and query of *url*, at the app."""
    return url.split("/", 3)[3].join(["/", ""])


def arrive(visitor: Visitor, hubspot: HubSpot, hub_id: int = HUB) -> httpx2.Response:
    """Install without partner sign-in; the app's answer to the code."""
    return visitor.get(local(hubspot.install_from_marketplace(hub_id=hub_id).start_url))


def arrive_again(visitor: Visitor, hubspot: HubSpot) -> httpx2.Response:
    """The same where the account has the app already: HubSpot shows its usual page then."""
    install = hubspot.install_from_marketplace(hub_id=HUB)
    return visitor.get(local(hubspot.approve(install.start_url)))


def question(visitor: Visitor) -> BeautifulSoup:
    """The page that asks."""
    return BeautifulSoup(visitor.get(INSTALL).text, "html.parser")


def revoked(hubspot: HubSpot) -> list[str]:
    """The refresh tokens that HubSpot was told to forget."""
    return [each.form["token"] for each in hubspot.requests if "revoke" in each.path]


def fields(page: BeautifulSoup, at: int = 0) -> dict[str, str]:
    """The fields of the page's form."""
    form = page.find_all("form")[at]
    return {str(each["name"]): str(each["value"]) for each in form.find_all("input")}


def answer(visitor: Visitor, form: dict[str, str], says: str = "yes") -> httpx2.Response:
    """The app's answer to what was pressed."""
    form = {**form, "answer": says}
    return visitor.http.post(INSTALL, data=form, headers={"origin": visitor.app_url})


def say_yes(visitor: Visitor) -> httpx2.Response:
    """The page after a yes."""
    leaving = answer(visitor, fields(question(visitor)))
    assert leaving.status_code == 303, leaving.text
    return visitor.get(leaving.headers["location"])


def pending_of(broker: Broker) -> list[tuple[str, int]]:
    """Owner and account of each install that waits."""
    return [(e.owner, broker.account_of_install(e).hub_id) for e in broker.pending_installs()]


def test_an_install_waits_for_a_yes(visitor: Visitor, hubspot: HubSpot, broker: Broker) -> None:
    """HubSpot has its exchange and the browser back; nothing is connected before the yes."""
    install = hubspot.install_from_marketplace(hub_id=OTHER_HUB)

    leaving = visitor.get(local(install.start_url))

    assert (leaving.status_code, leaving.text) == (303, "")
    assert leaving.headers["location"] == install.return_url
    assert install.is_finished
    assert pending_of(broker) == [(NOBODY, OTHER_HUB)]
    assert broker.connections(visitor.owner) == []

    page = say_yes(visitor)

    assert page.status_code == 200
    assert "Connected to" in page.text
    (row,) = broker.connections(visitor.owner)
    assert row.hub_id == OTHER_HUB
    assert broker.pending_installs() == []
    assert broker.access_token(visitor.owner)
    broker.send_owed()
    assert not [each for each in hubspot.requests if "revoke" in each.path]


def test_the_page_names_both_sides(visitor: Visitor, hubspot: HubSpot) -> None:
    """The account as HubSpot knows it, who agreed there, and a sentence that says what to heed."""
    arrive(visitor, hubspot)

    text = " ".join(question(visitor).text.split())

    assert str(HUB) in text
    assert "maya@" in text
    assert "Nothing is connected yet" in text
    assert "Go on only if you installed it yourself" in text


def test_the_setup_page_leads_to_the_question(visitor: Visitor, hubspot: HubSpot) -> None:
    """In the browser that brought the code, until it is answered."""
    assert "An install at HubSpot waits" not in visitor.setup().text
    arrive(visitor, hubspot)
    link = visitor.setup().select_one(f"a[href='{INSTALL}']")
    assert link is not None
    say_yes(visitor)
    assert "An install at HubSpot waits" not in visitor.setup().text


def test_an_install_link_leads_to_the_question(visitor: Visitor, hubspot: HubSpot) -> None:
    """Without a ``returnUrl`` nobody waits at HubSpot, and the app asks at once."""
    link = f"{hubspot.url}/oauth/authorize?{hubspot.app.install_query(hubspot.app.install_url)}"
    code = query_of(hubspot.approve(link))["code"]

    leaving = visitor.get(f"{CALLBACK}?code={code}")

    assert leaving.headers["location"] == INSTALL
    assert "Connected to" in say_yes(visitor).text


def test_the_ticket_is_a_cookie_of_its_own(visitor: Visitor, hubspot: HubSpot) -> None:
    """Out of reach of scripts and of requests of other sites; gone when the install ends."""
    header = arrive(visitor, hubspot).headers["set-cookie"]

    assert header.startswith(COOKIE)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {e.strip() for e in header.split(";")}
    assert "Max-Age=86400" in header


def test_another_browser_is_shown_nothing(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """Without the ticket there is no question, and no answer counts."""
    arrive(visitor, hubspot)
    other = new_visitor()
    other.setup()

    page = other.get(INSTALL)

    assert page.status_code == 404
    assert str(HUB) not in page.text
    stolen = fields(question(visitor))
    own = other.post("/api/hubspot/attempts/x/cancel")
    assert own.status_code in {403, 404}
    refused = answer(other, stolen)
    assert refused.status_code == 403
    assert pending_of(broker) == [(NOBODY, HUB)]


@pytest.mark.parametrize("value", ["", "x", "test.AAAA", "test." + "A" * 43])
def test_an_altered_ticket_is_none(
    visitor: Visitor, hubspot: HubSpot, broker: Broker, value: str
) -> None:
    """A ticket is signed for its install."""
    arrive(visitor, hubspot)
    (name,) = [each.name for each in visitor.http.cookies.jar if each.name.startswith(COOKIE)]
    visitor.http.cookies.delete(name)
    visitor.http.cookies.set(name, value)

    assert visitor.get(INSTALL).status_code == 404
    assert len(broker.pending_installs()) == 1


def test_cookies_that_are_no_tickets_are_in_nobodys_way(visitor: Visitor, hubspot: HubSpot) -> None:
    """A neighbour may set some of any name; only tickets of ours are counted."""
    arrive(visitor, hubspot)
    for number in range(9):
        visitor.http.cookies.set(f"{COOKIE}{number:022}", "test." + "A" * 43)

    assert visitor.get(INSTALL).status_code == 200


def test_a_ticket_of_another_install_is_none(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Neither can one be laid under another's name."""
    arrive(visitor, hubspot)
    arrive(visitor, hubspot, OTHER_HUB)
    first, second = [each for each in visitor.http.cookies.jar if each.name.startswith(COOKIE)]
    visitor.http.cookies.clear()
    visitor.http.cookies.set(first.name, second.value or "")

    assert visitor.get(INSTALL).status_code == 404


def test_a_post_without_the_forms_token_is_refused(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Another site's page cannot press the button (CSRF)."""
    arrive(visitor, hubspot)
    form = fields(question(visitor))

    forged = [
        answer(visitor, {"attempt": form["attempt"]}),
        answer(visitor, {**form, "portalkey_token": "x"}),
        visitor.http.post(
            INSTALL, data={**form, "answer": "yes"}, headers={"origin": "https://evil.example"}
        ),
    ]

    assert [each.status_code for each in forged] == [403, 403, 403]
    assert broker.connections(visitor.owner) == []


def test_a_no_gives_the_grant_back(visitor: Visitor, hubspot: HubSpot, broker: Broker) -> None:
    """At once, and nothing is connected."""
    arrive(visitor, hubspot)

    leaving = answer(visitor, fields(question(visitor)), "no")

    assert leaving.status_code == 303
    assert broker.pending_installs() == []
    assert broker.connections(visitor.owner) == []
    broker.send_owed()
    assert [each.path for each in hubspot.requests if "revoke" in each.path]


def test_whoever_is_signed_out_is_asked_to_sign_in(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Whoever brought the code need not be signed in; whoever says yes has to."""
    with httpx2.Client(base_url=visitor.app_url) as bare:
        start = local(hubspot.install_from_marketplace().start_url)
        assert bare.get(start).status_code == 303
    assert pending_of(broker) == [(NOBODY, HUB)]


@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.example/",
        "https://app.hubspot.com.evil.example/",
        "https://app.hubspot.com@evil.example/",
        "https://evil.example\\@app.hubspot.com/",
        "//evil.example/",
        "javascript:alert(1)",
        "{hubspot}.evil.example/",
        "{hubspot}@evil.example/",
        "{hubspot}\\evil.example/",
        "{hubspot}/x#y",
        "https://app.hubspot.com/",
    ],
)
def test_return_url_leads_to_hubspot_only(
    visitor: Visitor, hubspot: HubSpot, broker: Broker, return_url: str
) -> None:
    """Anything else is refused as a whole: the code is not even exchanged."""
    code = query_of(hubspot.install_from_marketplace().start_url)["code"]
    asked = {"code": code, "returnUrl": return_url.format(hubspot=hubspot.url)}

    leaving = visitor.http.get(CALLBACK, params=asked)

    assert leaving.headers["location"] == REFUSED
    assert hubspot.requests == ()
    assert broker.pending_installs() == []


def test_a_code_is_brought_once(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """A second visit asks HubSpot nothing, and gets no ticket."""
    start = local(hubspot.install_from_marketplace().start_url)
    visitor.get(start)
    asked = len(hubspot.requests)

    again = new_visitor().get(start)

    assert again.headers["location"] == f"{INSTALL}?trouble=attempt_mismatch"
    assert COOKIE not in again.headers["set-cookie"]
    assert len(hubspot.requests) == asked
    assert len(broker.pending_installs()) == 1


def test_an_expired_code_keeps_nothing(visitor: Visitor, hubspot: HubSpot, broker: Broker) -> None:
    """HubSpot's refusal is shown, away from the code's address, and counted only."""
    start = local(hubspot.install_from_marketplace().start_url)
    hubspot.clock.move(700)

    leaving = visitor.get(start)

    assert leaving.headers["location"] == f"{INSTALL}?trouble=attempt_expired"
    assert visitor.get(leaving.headers["location"]).status_code == 409
    assert broker.pending_installs() == []
    assert [each.name for each in broker.vault.store.events()] == []
    broker.close()
    counted = broker.vault.store.counters(broker.settings.client_id)
    assert [(each.kind, each.n) for each in counted] == [(CounterKind.CALLBACK_REFUSED, 1)]


def test_strangers_codes_are_bounded_in_a_minute(
    visitor: Visitor, hubspot: HubSpot, ahead: Ahead
) -> None:
    """Whoever sends codes at random gets a small share of what HubSpot is asked."""
    for number in range(CODES_A_MINUTE + 5):
        visitor.get(f"{CALLBACK}?code=never-given-{number}")
    assert len(hubspot.requests) == CODES_A_MINUTE
    late = visitor.get(f"{CALLBACK}?code=one-more")
    assert late.headers["location"] == f"{INSTALL}?trouble=too_many_attempts"

    ahead.passes(61)
    assert arrive(visitor, hubspot).headers["location"].startswith(hubspot.url)


def test_what_strangers_sent_is_forgotten_soon(
    visitor: Visitor, broker: Broker, ahead: Ahead
) -> None:
    """After an hour, where what people began is kept for a month."""
    visitor.get(f"{CALLBACK}?code=never-given")
    assert len(broker.vault.store.attempts_of(NOBODY)) == 1

    ahead.passes(3700)
    broker.send_owed()

    assert list(broker.vault.store.attempts_of(NOBODY)) == []


def test_an_install_that_nobody_claims_is_given_back(
    visitor: Visitor, hubspot: HubSpot, broker: Broker, ahead: Ahead
) -> None:
    """At its end the grant is erased here, and revoked at HubSpot; the question is over."""
    arrive(visitor, hubspot)
    broker.send_owed()
    assert not [each for each in hubspot.requests if "revoke" in each.path]

    ahead.passes(24 * 3600 + 61)
    page = visitor.get(INSTALL)
    broker.send_owed()

    assert page.status_code == 404
    assert not any(each.sealed_grant for each in broker.vault.store.attempts_of(NOBODY))
    assert [each.path for each in hubspot.requests if "revoke" in each.path]


def test_the_account_of_another_owner_is_refused(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """By default; the operator is told, and the other owner's connection works on."""
    other = new_visitor()
    arrive(other, hubspot)
    arrive_again(visitor, hubspot)
    say_yes(other)

    page = say_yes(visitor)

    assert page.status_code == 409
    assert "connected in the app already, by somebody else" in page.text
    assert broker.connections(visitor.owner) == []
    (told,) = [e for e in broker.vault.store.events() if e.name is EventName.INSTALL_SHARED]
    assert (told.owner, told.facts) == (visitor.owner, {"hub_id": HUB, "refused": True})
    broker.send_owed()
    assert broker.access_token(other.owner)


def test_the_operator_may_let_owners_share_an_account(
    visitor: Visitor,
    new_visitor: Callable[[], Visitor],
    hubspot: HubSpot,
    settings: Settings,
    make_broker: Callable[..., Broker],
) -> None:
    """It is on record all the same."""
    broker = make_broker(settings.model_copy(update={"installs_share_accounts": True}))
    other = new_visitor()
    arrive(other, hubspot)
    say_yes(other)
    arrive_again(visitor, hubspot)
    (row,) = broker.pending_installs()

    broker.claim_install(row, SignedIn("ada", "browser"))

    assert [each.hub_id for each in broker.connections("ada")] == [HUB]
    (told,) = [e for e in broker.vault.store.events() if e.name is EventName.INSTALL_SHARED]
    assert told.facts == {"hub_id": HUB, "refused": False}


def test_an_account_that_was_taken_meanwhile_is_given_back_at_once(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """The refused one's grant does not live on until its day would have been over."""
    other = new_visitor()
    arrive(other, hubspot)
    arrive_again(visitor, hubspot)
    say_yes(other)
    (row,) = broker.pending_installs()
    token = broker.vault.open_grant(row).grant.refresh_token
    say_yes(visitor)
    broker._background.join()

    assert token
    assert revoked(hubspot) == [token.get_secret_value()]
    assert broker.stats().outbox == 0


def test_a_second_install_takes_the_place_of_the_first(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Of the same account, in the same browser; the first one's grant goes back."""
    arrive(visitor, hubspot)
    arrive(visitor, hubspot, OTHER_HUB)
    first = next(e for e in broker.pending_installs() if e.expected_hub_id == HUB)
    token = broker.vault.open_grant(first).grant.refresh_token
    arrive_again(visitor, hubspot)
    broker._background.join()

    assert sorted(pending_of(broker)) == [(NOBODY, HUB), (NOBODY, OTHER_HUB)]
    assert first.id not in {each.id for each in broker.pending_installs()}
    assert token
    assert revoked(hubspot) == [token.get_secret_value()]
    assert len(question(visitor).find_all("form")) == 2
    assert "Connected to" in say_yes(visitor).text


def test_one_account_does_not_fill_the_room(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """Whoever drops the cookies and comes again is refused, and keeps nobody else out."""
    arrive(new_visitor(), hubspot)
    for _ in range(MOST_OF_ACCOUNT - 1):
        arrive_again(new_visitor(), hubspot)

    late = arrive_again(new_visitor(), hubspot)

    assert late.headers["location"] == f"{INSTALL}?trouble=too_many_attempts"
    assert len(broker.pending_installs()) == MOST_OF_ACCOUNT
    assert len(revoked(hubspot)) == 1
    assert arrive(visitor, hubspot, OTHER_HUB).headers["location"].startswith(hubspot.url)


def test_a_token_that_a_question_holds_is_not_revoked(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Whatever else is owed of the same one; a no gives it back, and no operator's haste does."""
    arrive(visitor, hubspot)
    (waiting,) = broker.pending_installs()
    token = broker.vault.open_grant(waiting).grant.refresh_token
    assert token
    elsewhere = broker.vault.enqueue(token)

    assert broker.send_owed_now(elsewhere.id, "maya") is True
    assert broker.send_owed_now(waiting.id, "maya") is False
    broker.vault.store.hasten(waiting.id)
    assert (broker.send_owed(), revoked(hubspot)) == (0, [])
    assert broker.withdraw_install(waiting)
    broker._background.join()
    assert revoked(hubspot) == [token.get_secret_value()]


def test_the_page_names_the_connection_whose_place_it_takes(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """By whom that is, and what would be lost; what it remembers to ask for is kept."""
    visitor.connect()
    (before,) = broker.connections(visitor.owner)
    scopes, following = (*(before.scopes or ()), "tickets"), before.generation + 1
    known = replace(before, generation=following, scopes=scopes, further_scopes=("tickets",))
    assert broker.vault.store.connect(None, known)
    arrive_again(visitor, hubspot)

    page = question(visitor)
    text = " ".join(page.text.split())
    assert "is connected here already, by maya@" in text
    assert "This install does not have what that connection has" in text
    assert page.select_one("strong[title=tickets]")
    say_yes(visitor)

    (row,) = broker.connections(visitor.owner)
    assert (row.id, row.further_scopes) == (before.id, ("tickets",))
    assert "tickets" not in (row.scopes or ())


def test_nothing_is_replaced_that_the_page_has_not_named(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Where the account was connected meanwhile, the page asks once more."""
    arrive(visitor, hubspot)
    early = fields(question(visitor))
    visitor.connect()
    (before,) = broker.connections(visitor.owner)

    leaving = answer(visitor, early)

    assert leaving.headers["location"] == INSTALL
    assert broker.connections(visitor.owner)[0].generation == before.generation
    assert "is connected here already" in question(visitor).text
    say_yes(visitor)
    assert broker.connections(visitor.owner)[0].generation == before.generation + 1


@pytest.mark.parametrize("code", ["account_taken", "owner_erased", "invitation_declined", "x"])
def test_an_address_does_not_choose_the_sentence(visitor: Visitor, code: str) -> None:
    """Only what may become of a code is said to whoever is led there."""
    page = visitor.get(f"{INSTALL}?trouble={code}")

    assert page.status_code == 404
    assert "No install waits here" in page.text


def test_the_code_and_the_tokens_are_nowhere(
    visitor: Visitor, hubspot: HubSpot, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log, a page, an event or a row in clear."""
    caplog.set_level(0)
    start = local(hubspot.install_from_marketplace().start_url)
    leaving = visitor.get(start)
    page = question(visitor)
    (row,) = broker.pending_installs()
    grant = broker.vault.open_grant(row).grant
    end = say_yes(visitor)

    secrets = [query_of(start)["code"], grant.access_token.get_secret_value()]
    assert grant.refresh_token
    secrets.append(grant.refresh_token.get_secret_value())
    ticket = broker.ticket_of_install(row)
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("portalkey")]
    seen = [*ours, leaving.text, str(page), end.text, repr(row), repr(broker.vault.store.events())]
    for secret in (*secrets, ticket):
        assert not [text for text in seen if secret in text]


def test_a_browser_that_opens_no_page_brings_nothing(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Neither an image, nor a script, nor a frame on somebody's page, nor a look ahead."""
    start = local(hubspot.install_from_marketplace().start_url)

    answers = [
        visitor.get(start, sec_fetch_mode="no-cors", sec_fetch_dest="image"),
        visitor.get(start, sec_fetch_mode="cors", sec_fetch_dest="empty"),
        visitor.get(start, sec_fetch_mode="navigate", sec_fetch_dest="iframe"),
        visitor.get(start, sec_purpose="prefetch"),
        visitor.http.head(start),
    ]

    assert {each.status_code for each in answers} <= {400, 403, 405}
    assert hubspot.requests == ()
    assert broker.pending_installs() == []


def test_none_is_taken_where_the_operator_says_so(
    settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot
) -> None:
    """With 0 hours it is as if HubSpot never began one."""
    broker = make_broker(settings.model_copy(update={"pending_hours": 0}))
    assert not broker.takes_installs


def test_a_restart_between_changes_nothing(
    visitor: Visitor, settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot
) -> None:
    """All of it lies in the store and in the cookie."""
    arrive(visitor, hubspot)
    anew = make_broker(settings)

    (row,) = anew.pending_installs()
    assert anew.find_install(row.id, anew.ticket_of_install(row))


def test_a_grant_that_cannot_be_kept_is_revoked(
    settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot
) -> None:
    """Where the attempt ended during the exchange, nothing is stored, and HubSpot is told."""
    code = query_of(hubspot.install_from_marketplace().start_url)["code"]

    def through(send: Any) -> Any:
        def withdraw_meanwhile(request: Any) -> Any:
            response = send(request)
            if request.url.endswith("/token"):
                (row,) = broker.vault.store.attempts_of(NOBODY)
                broker.vault.store.move_attempt(row.id, AttemptStatus.CANCELLED)
            return response

        return withdraw_meanwhile

    broker = make_broker(settings, through)
    attempt = broker.take_in_install(SecretStr(code), next_url="/", language="en")

    assert (attempt.status, attempt.sealed_grant) == (AttemptStatus.CANCELLED, None)
    assert [each.path for each in hubspot.requests if "revoke" in each.path]


def test_a_process_that_dies_leaves_nothing_half_stored(
    settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot, ahead: Ahead
) -> None:
    """Between exchange and storing: there is no grant, no question, and the row ends by itself."""
    code = query_of(hubspot.install_from_marketplace().start_url)["code"]

    class Killed(BaseException):
        pass

    def through(send: Any) -> Any:
        def die(request: Any) -> Any:
            response = send(request)
            if request.url.endswith("/token"):
                raise Killed
            return response

        return die

    broker = make_broker(settings, through)
    with pytest.raises(Killed):
        broker.take_in_install(SecretStr(code), next_url="/", language="en")

    (row,) = broker.vault.store.attempts_of(NOBODY)
    assert (row.status, row.sealed_grant) == (AttemptStatus.FAILED, None)
    assert broker.pending_installs() == []
    with pytest.raises(AttemptMismatch):
        broker.take_in_install(SecretStr(code), next_url="/", language="en")


KILLED = """
import os, sys
from pydantic import SecretStr
from portalkey.broker import Broker
from portalkey.hubspot.client import HubSpotClient
from portalkey.settings import Settings
from portalkey.vault.open import open_vault

settings = Settings.from_env(None)
client = HubSpotClient.of(settings)

def die(request):
    response = client.send(request)
    if request.url.endswith("/token"):
        os._exit(9)
    return response

broker = Broker(settings, open_vault(settings), die)
broker.take_in_install(SecretStr(sys.argv[1]), next_url="/", language="en")
"""


def test_a_killed_process_leaves_nothing_half_stored(
    settings: Settings, broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """Nobody is asked about what it had, and its row ends by itself after a minute."""
    code = query_of(hubspot.install_from_marketplace().start_url)["code"]
    env = {**clean_environment(), **environment_of(settings)}
    killed = subprocess.run([*PYTHON, "-c", KILLED, code], env=env, check=False)
    assert killed.returncode == 9

    (row,) = broker.vault.store.attempts_of(NOBODY)
    assert (row.status, row.sealed_grant) == (AttemptStatus.EXCHANGING, None)
    assert broker.pending_installs() == []
    ahead.passes(61)
    ended = broker.vault.store.attempt(row.id)
    assert ended
    assert (ended.status, ended.error) == (AttemptStatus.FAILED, "interrupted")


def test_the_operator_withdraws_one(visitor: Visitor, hubspot: HubSpot, broker: Broker) -> None:
    """It waits no longer, on record, and its grant goes back."""
    arrive(visitor, hubspot)
    (row,) = broker.pending_installs()

    assert broker.withdraw_install(row, operator="maya")
    assert not broker.withdraw_install(row)

    assert broker.pending_installs() == []
    assert visitor.get(INSTALL).status_code == 404
    (told,) = [e for e in broker.vault.store.events() if e.name is EventName.INSTALL_WITHDRAWN]
    assert (told.attempt_id, told.facts) == (row.id, {"operator": "maya"})
    broker.send_owed()
    assert [each.path for each in hubspot.requests if "revoke" in each.path]


def test_the_commands(
    visitor: Visitor, hubspot: HubSpot, broker: Broker, settings: Settings, tmp_path: Path
) -> None:
    """Those that wait are listed, and one is ended by its name; nothing secret is said."""
    arrive(visitor, hubspot)
    (row,) = broker.pending_installs()
    env_file = str(tmp_path / "portalkey.env")
    lines = [f"{name}={value}" for name, value in environment_of(settings).items()]
    Path(env_file).write_text("\n".join(lines))
    Path(env_file).chmod(0o600)

    (listed,) = run("installs", "list", "--json", "--env-file", env_file).stdout.splitlines()
    told = json.loads(listed)
    assert (told["id"], told["hub_id"], told["owner"]) == (row.id, HUB, None)
    shown = run("installs", "list", "--env-file", env_file).stdout
    assert row.id in shown
    assert "sealed" not in shown
    done = run("installs", "withdraw", row.id, "--yes", "--env-file", env_file)
    assert (done.returncode, "Withdrawn" in done.stdout) == (0, True)
    again = run("installs", "withdraw", row.id, "--yes", "--env-file", env_file)
    assert (again.returncode, "No install of this name waits" in again.stderr) == (1, True)
    none = run("installs", "list", "--env-file", env_file).stdout
    assert "No install waits" in none


signed_in = pytest.mark.parametrize("signs_in", [True])


def begin_signed_in(visitor: Visitor, install: MarketplaceInstall) -> str:
    """Press the link of the page that asks; the address at HubSpot, with a state."""
    page = BeautifulSoup(visitor.get(local(install.start_url)).text, "html.parser")
    link = page.select_one("a.pk-armed")
    assert link is not None
    leaving = visitor.get(str(link["href"]), sec_fetch_site="same-origin")
    assert leaving.status_code == 303, leaving.text
    return leaving.headers["location"]


def finalize(new_visitor: Callable[[], Visitor], last: str) -> httpx2.Response:
    """What the frame is shown: no cookie arrives there."""
    headers = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    return new_visitor().get(local(last), sec_fetch_site="cross-site", **headers)


def open_beside(visitor: Visitor, framed: httpx2.Response) -> httpx2.Response:
    """Press the button in the frame, which opens the app in a tab of *visitor*'s browser."""
    ticket = fields(BeautifulSoup(framed.text, "html.parser"))
    return visitor.http.post(f"{INSTALL}/open", data=ticket, headers={"origin": visitor.app_url})


@signed_in
def test_partner_sign_in_waits_for_the_yes_of_who_signed_in(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """All three legs; what comes of them is attached by a press in the app."""
    install = hubspot.install_from_marketplace()
    onward = begin_signed_in(visitor, install)
    assert onward.startswith(f"{install.return_url}?state=")

    framed = finalize(new_visitor, install.approve(onward))

    assert framed.status_code == 200
    assert install.is_finished
    assert pending_of(broker) == [(visitor.owner, HUB)]
    assert broker.connections(visitor.owner) == []
    leaving = open_beside(visitor, framed)
    assert (leaving.status_code, leaving.headers["location"]) == (303, INSTALL)
    assert "Connected to" in say_yes(visitor).text


@signed_in
def test_the_frame_is_hubspots_only(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot
) -> None:
    """The policy names the one origin; no other page of ours may be framed at all."""
    install = hubspot.install_from_marketplace()
    framed = finalize(new_visitor, install.approve(begin_signed_in(visitor, install)))

    policy = framed.headers["content-security-policy"]
    assert f"frame-ancestors {hubspot.url}" in policy.split("; ")
    assert "x-frame-options" not in framed.headers
    assert COOKIE not in framed.headers["set-cookie"]
    open_beside(visitor, framed)
    page = visitor.get(INSTALL)
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"


@signed_in
def test_a_state_in_another_browser_attaches_nothing_to_its_owner(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """An attacker's state that a victim agrees with: neither of them is asked (RFC 9700 4.7)."""
    attacker, victim = visitor, new_visitor()
    victim.setup()
    install = hubspot.install_from_marketplace()

    framed = finalize(new_visitor, install.approve(begin_signed_in(attacker, install)))

    # The victim has the ticket, and is not who began; the attacker began, and has no ticket.
    open_beside(victim, framed)
    page = victim.get(INSTALL)
    assert page.status_code == 403
    assert "begun by somebody else" in page.text
    assert attacker.get(INSTALL).status_code == 404
    assert broker.connections(attacker.owner) == broker.connections(victim.owner) == []


@signed_in
def test_finalize_without_authorize_is_refused(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, broker: Broker
) -> None:
    """A state that nobody was given, a used one, and that of a usual attempt exchange nothing."""
    install = hubspot.install_from_marketplace()
    last = install.approve(f"{install.return_url}?state={'x' * 43}")
    usual = query_of(visitor.begin())["state"]

    for state in ("x" * 43, usual):
        page = finalize(new_visitor, last.replace("x" * 43, state))
        assert page.status_code == 409
        assert f"frame-ancestors {hubspot.url}" in page.headers["content-security-policy"]
    assert hubspot.requests == ()
    good = install.approve(begin_signed_in(visitor, install))
    assert finalize(new_visitor, good).status_code == 200
    asked = len(hubspot.requests)
    assert finalize(new_visitor, good).status_code == 409
    assert len(hubspot.requests) == asked
    assert len(broker.pending_installs()) == 1


@signed_in
def test_a_state_holds_ten_minutes(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot, ahead: Ahead
) -> None:
    """As every attempt does."""
    install = hubspot.install_from_marketplace()
    onward = begin_signed_in(visitor, install)
    ahead.passes(601)

    assert finalize(new_visitor, install.approve(onward)).status_code == 409
    assert hubspot.requests == ()


@signed_in
def test_another_sites_link_begins_nothing(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """The first leg shows a page; only its own link, in this session, gives HubSpot a state."""
    install = hubspot.install_from_marketplace()
    page = visitor.get(local(install.start_url), sec_fetch_site="cross-site")
    assert page.status_code == 200
    link = BeautifulSoup(page.text, "html.parser").select_one("a.pk-armed")
    assert link is not None
    from_afar = visitor.get(str(link["href"]), sec_fetch_site="cross-site")
    assert from_afar.status_code == 200
    changed = visitor.get(f"{local(install.start_url)}&t=x", sec_fetch_site="same-origin")
    assert changed.status_code == 200
    assert list(broker.vault.store.attempts_of(visitor.owner)) == []


@signed_in
def test_a_state_of_an_install_is_no_usual_return(
    visitor: Visitor, hubspot: HubSpot, broker: Broker
) -> None:
    """Without its step it belongs to no browser, and is refused."""
    install = hubspot.install_from_marketplace()
    last = install.approve(begin_signed_in(visitor, install))
    told = query_of(last)

    leaving = visitor.get(f"{CALLBACK}?code={told['code']}&state={told['state']}")

    assert leaving.headers["location"] == REFUSED
    assert hubspot.requests == ()
    assert broker.pending_installs() == []


@signed_in
def test_a_ticket_from_elsewhere_is_refused(
    visitor: Visitor, new_visitor: Callable[[], Visitor], hubspot: HubSpot
) -> None:
    """Another site's form brings none into a browser, and neither does one that is altered."""
    install = hubspot.install_from_marketplace()
    framed = finalize(new_visitor, install.approve(begin_signed_in(visitor, install)))
    ticket = fields(BeautifulSoup(framed.text, "html.parser"))
    open_url, own = f"{INSTALL}/open", {"origin": visitor.app_url}

    answers = [
        visitor.http.post(open_url, data=ticket),
        visitor.http.post(open_url, data=ticket, headers={"origin": "https://evil.example"}),
        visitor.http.post(open_url, data={**ticket, "ticket": "x"}, headers=own),
        visitor.http.post(open_url, data={**ticket, "attempt": "A" * 22}, headers=own),
    ]

    assert {each.status_code for each in answers} == {403}
    assert not any(COOKIE in str(each.headers) for each in answers)
