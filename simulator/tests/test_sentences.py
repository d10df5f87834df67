"""The sentences of HubSpot's pages on which a journey ends: the whole table."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from portalkey_simulator import DEFAULT_APP, App, HubSpot, StayedOnPage, running_hubspot
from portalkey_simulator.pages.page_behaviours import BEHAVIOURS
from portalkey_simulator.pages.sentences import SENTENCES, Sentence
from portalkey_simulator.walk import ask, submit_form
from portalkey_simulator.world.evidence import Behaviour, Evidence

CALLBACK = DEFAULT_APP.redirect_uris[0]
LISTED = replace(DEFAULT_APP, install_url=CALLBACK, partner_sign_in=True)
RETIRED = replace(DEFAULT_APP, client_id="retired", is_retired=True)
UNSET = replace(DEFAULT_APP, client_id="unset", redirect_uris=())
PRIVATE = replace(LISTED, client_id="private", distribution="private")
APPROVE = {"hub_id": "4410001", "decision": "approve"}
THEO = 770102


@pytest.fixture(scope="module")
def market() -> Iterator[HubSpot]:
    """A simulator with apps of every kind."""
    with running_hubspot(apps=[LISTED, RETIRED, UNSET, PRIVATE]) as running:
        yield running


def link(hubspot: HubSpot, app: App = LISTED, **more: str) -> str:
    """The app's install link, with something more."""
    return hubspot.install_link(app) + "".join(f"&{name}={value}" for name, value in more.items())


def scoped(hubspot: HubSpot, scope: str) -> str:
    """An install link that asks for this instead."""
    return link(hubspot).replace("scope=oauth", f"scope={scope}")


def without_pkce(hubspot: HubSpot) -> None:
    """Send a challenge where none is known."""
    hubspot.switches.pkce = "refused"
    try:
        hubspot.approve(link(hubspot, code_challenge="x"))
    finally:
        hubspot.switches.pkce = "enforced"


def posted(form: dict[str, str]) -> Callable[[HubSpot], object]:
    """Send a form that the page did not make."""
    return lambda hubspot: submit_form(link(hubspot), form)


def opened(page: str) -> Callable[[HubSpot], object]:
    """Begin in the marketplace, and open another page of the install."""

    def go(hubspot: HubSpot) -> object:
        page_url = hubspot.install_from_marketplace().return_url.replace("consent", page)
        raise StayedOnPage(ask("GET", page_url).sentence)

    return go


WAYS: dict[str, Callable[[HubSpot], object]] = {
    "client": lambda hubspot: hubspot.approve(f"{hubspot.url}/oauth/authorize?client_id=x"),
    "retired": lambda hubspot: hubspot.approve(link(hubspot, RETIRED)),
    "redirect": lambda hubspot: hubspot.approve(link(hubspot).replace("callback", "other")),
    "scope_name": lambda hubspot: hubspot.approve(scoped(hubspot, "oauth%20A!")),
    "scopes_missing": lambda hubspot: hubspot.approve(scoped(hubspot, "tickets")),
    "scopes_mismatch": lambda hubspot: hubspot.approve(link(hubspot, optional_scope="oauth")),
    "tier": lambda hubspot: hubspot.approve(scoped(hubspot, "oauth%20automation"), 4410003),
    "permission": lambda hubspot: hubspot.approve(link(hubspot), user_id=THEO),
    "doubled": lambda hubspot: hubspot.approve(link(hubspot, scope="oauth")),
    "challenge": lambda hubspot: hubspot.approve(link(hubspot, code_challenge="x")),
    "no_pkce": without_pkce,
    "foreign_account": lambda hubspot: hubspot.approve(
        link(hubspot).replace("/oauth/authorize", "/oauth/99/authorize")
    ),
    "no_account": posted({**APPROVE, "hub_id": "99"}),
    "no_person": posted({**APPROVE, "user_4410001": "99"}),
    "no_decision": posted({"hub_id": "4410001"}),
    "unlisted": lambda hubspot: hubspot.install_from_marketplace(PRIVATE),
    "unknown_install": lambda hubspot: submit_form(
        f"{hubspot.url}/marketplace/installs/99/consent", APPROVE
    ),
    "no_state": opened("consent"),
    "not_approved": opened("finalize"),
}


def test_the_table_has_no_row_more() -> None:
    """There is a way to every sentence, told here."""
    assert set(WAYS) == set(SENTENCES)


@pytest.mark.parametrize("name", SENTENCES)
def test_each_sentence_is_reached(market: HubSpot, name: str) -> None:
    """Whoever goes that way reads this very sentence, and the app is sent nothing."""
    with pytest.raises(StayedOnPage) as stopped:
        WAYS[name](market)
    before, _, after = SENTENCES[name].says.partition("{")
    assert stopped.value.sentence.startswith(before)
    assert stopped.value.sentence.endswith(after.partition("}")[2])


def test_an_app_without_redirect_uris(market: HubSpot) -> None:
    """Its link is as dead as that of an app that was switched off."""
    with pytest.raises(StayedOnPage, match="This install link is no longer valid"):
        market.approve(market.install_link(UNSET))


def test_what_is_known_has_a_source() -> None:
    """A sentence or behaviour that is not presumed says where it was seen."""
    rows: list[Sentence | Behaviour] = [*SENTENCES.values(), *BEHAVIOURS]
    for each in rows:
        assert each.says
        assert each.source.startswith("https://") or each.evidence is Evidence.PRESUMED, each


def test_what_can_be_chosen_is_named(market: HubSpot) -> None:
    """Whoever chooses what is not there reads what is."""
    with pytest.raises(StayedOnPage, match=r"accounts: 4410001, 4410002, 4410003$"):
        market.approve(link(market), 99)
    with pytest.raises(StayedOnPage, match=r"people in this account: 770101, 770102$"):
        market.approve(link(market), 4410001, 99)
