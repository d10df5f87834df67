"""The consent page and its ends."""

from collections.abc import Callable
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
from bs4 import BeautifulSoup, Tag

from portalkey_simulator import App, HubSpot, StayedOnPage, running_hubspot

AuthorizeURL = Callable[..., str]


def elements(answer: httpx2.Response, selector: str) -> list[Tag]:
    """Find the elements of *selector* on a page."""
    return BeautifulSoup(answer.text, "html.parser").select(selector)


def query(url: str) -> dict[str, list[str]]:
    """The query of a callback."""
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


def test_page_offers_every_account(http: httpx2.Client, authorize_url: AuthorizeURL) -> None:
    """All accounts can be chosen, and the first one is."""
    radios = elements(http.get(authorize_url()), "form[method=post] input[type=radio][name=hub_id]")

    assert [radio["value"] for radio in radios] == ["4410001", "4410002", "4410003"]
    assert ["checked" in radio.attrs for radio in radios] == [True, False, False]


def test_pinned_page_offers_one_account(http: httpx2.Client, authorize_url: AuthorizeURL) -> None:
    """``/oauth/{hubId}/authorize`` skips the choice."""
    radios = elements(http.get(authorize_url(pinned=4410002)), "input[name=hub_id]")

    assert [radio["value"] for radio in radios] == ["4410002"]


def test_page_tells_required_from_optional(
    http: httpx2.Client, authorize_url: AuthorizeURL
) -> None:
    """The scopes asked for are listed apart, and so are the two ways out."""
    answer = http.get(authorize_url(scope="oauth tickets"))

    lists = [[item.text for item in one.select("li")] for one in elements(answer, "ul")]
    assert lists == [["oauth", "tickets"], ["crm.objects.deals.read"]]
    buttons = elements(answer, "button[name=decision]")
    assert [button["value"] for button in buttons] == ["approve", "deny"]
    assert [button.text for button in buttons] == ["Connect app", "Cancel"]


def test_page_without_optional_scopes(http: httpx2.Client, authorize_url: AuthorizeURL) -> None:
    """Optional scopes are shown only if some are asked for."""
    answer = http.get(authorize_url(optional_scope=None))

    assert len(elements(answer, "ul")) == 1


def test_pages_say_what_they_are(http: httpx2.Client, authorize_url: AuthorizeURL) -> None:
    """Nobody can take any page for HubSpot's own."""
    for url in (authorize_url(), authorize_url(client_id="nobody")):
        header = elements(http.get(url), "header")[0].text

        assert "Simulated HubSpot" in header
        assert "not HubSpot" in header


def test_pages_carry_no_secret(
    hubspot: HubSpot, http: httpx2.Client, authorize_url: AuthorizeURL
) -> None:
    """A client secret never reaches a page."""
    assert hubspot.app.client_secret not in http.get(authorize_url()).text
    assert hubspot.app.client_secret not in repr(hubspot.app)


def test_headers_of_pages(http: httpx2.Client, authorize_url: AuthorizeURL) -> None:
    """Pages are not kept, framed or scripted; form-action would stop Chromium on the way back."""
    headers = http.get(authorize_url()).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action" not in policy


def test_stylesheet_is_served(http: httpx2.Client, authorize_url: AuthorizeURL) -> None:
    """The page's own stylesheet is there."""
    link = elements(http.get(authorize_url()), "link[rel=stylesheet]")[0]

    answer = http.get(str(link["href"]))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/css")


def test_approval_comes_back_with_a_code(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """The callback carries a code and the state as it was given."""
    callback = hubspot.approve(authorize_url(state="a b&c=ü"))

    assert callback.startswith(hubspot.app.redirect_uris[0] + "?")
    assert {"code", "state"} == set(query(callback))
    assert query(callback)["state"] == ["a b&c=ü"]
    assert query(callback)["code"][0].startswith("na1-")


def test_approval_is_a_redirect_without_body(
    http: httpx2.Client, authorize_url: AuthorizeURL
) -> None:
    """The code stands in the location only, and the browser goes on with GET."""
    answer = http.post(authorize_url(), data={"hub_id": "4410001", "decision": "approve"})

    assert answer.status_code == 303
    assert answer.text == ""


def test_no_state_given(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """Without state none comes back; an empty one does."""
    assert {"code"} == set(query(hubspot.approve(authorize_url())))
    assert query(hubspot.approve(authorize_url(state="")))["state"] == [""]


def test_state_dropped(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """A switch loses the state on the way, as HubSpot did."""
    hubspot.switches.drop_state = True

    assert {"code"} == set(query(hubspot.approve(authorize_url(state="s"))))


def test_chosen_account_is_the_one(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """A code carries the prefix of the chosen account's hublet."""
    callback = hubspot.approve(authorize_url(), hub_id=4410002)

    assert query(callback)["code"][0].startswith("eu1-")


def test_pinned_account_is_approved(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """The walk takes the account that the page offers."""
    callback = hubspot.approve(authorize_url(pinned=4410002))

    assert query(callback)["code"][0].startswith("eu1-")


def test_redirect_uri_keeps_its_query() -> None:
    """A redirect URI that is registered with a query keeps it, in front of the answer."""
    uri = "https://app.example/callback?tenant=7&x="
    app = App(client_id="c", client_secret="s", redirect_uris=(uri,))
    with running_hubspot(apps=[app]) as hubspot:
        url = f"{hubspot.url}/oauth/authorize?client_id=c&scope=oauth&redirect_uri="
        callback = hubspot.approve(url + "https%3A%2F%2Fapp.example%2Fcallback%3Ftenant%3D7%26x%3D")

    pairs = parse_qsl(urlsplit(callback).query, keep_blank_values=True)
    assert [*pairs[:2], pairs[2][0]] == [("tenant", "7"), ("x", ""), "code"]


def test_denial_is_redirected(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """By default the app hears of a denial, with its state."""
    answer = query(hubspot.deny(authorize_url(state="s")))

    assert answer["error"] == ["access_denied"]
    assert answer["state"] == ["s"]
    assert answer["error_description"]
    assert "code" not in answer


def test_silent_denial(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """A switch lets denial end on the page, which says so."""
    hubspot.switches.cancel_sends = "nothing"

    with pytest.raises(StayedOnPage, match="Nothing was sent to the app"):
        hubspot.deny(authorize_url())


def test_scope_named_twice(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """A scope that is asked for twice is listed once."""
    assert hubspot.approve(authorize_url(scope="oauth oauth  tickets"))


def test_markup_is_text() -> None:
    """An app's name is text on a page, never markup."""
    uri = "https://app.example/"
    app = App(client_id="c", client_secret="s", redirect_uris=(uri,), name="<i>Ours</i>")
    with running_hubspot(apps=[app]) as hubspot:
        url = f"{hubspot.url}/oauth/authorize?client_id=c&scope=oauth&redirect_uri={uri}"
        answer = httpx2.get(url)

    assert not elements(answer, "i")
    assert "Connect <i>Ours</i>" in [one.text for one in elements(answer, "h1")]
