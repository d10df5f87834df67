"""Refusals on HubSpot's page, of which the app hears nothing."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

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


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"client_id": "nobody"}, "client_id was provided"),
        ({"client_id": None}, "client_id was provided"),
        ({"redirect_uri": None}, "redirect_uri doesn't match the client registered redirect_uri"),
        ({"redirect_uri": "http://localhost:6001/"}, "doesn't match the client registered"),
        ({"redirect_uri": "http://localhost:6001/auth/hubspot/callback/"}, "doesn't match"),
        ({"scope": None}, "provided scopes are insufficient (missing: oauth)"),
        ({"scope": ""}, "provided scopes are insufficient"),
        ({"scope": "tickets"}, "provided scopes are insufficient (missing: oauth)"),
        ({"scope": "tickets", "optional_scope": "oauth"}, "provided scopes are insufficient"),
        ({"scope": "oauth Contacts!"}, "An invalid scope name was provided"),
        ({"optional_scope": "a/b"}, "An invalid scope name was provided"),
        ({"optional_scope": "oauth"}, "mismatch between the scopes in the install URL"),
        ({"code_challenge": "x" * 43}, "its method is not S256"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "method is not S256"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "code_challenge is invalid"),
        ({"pinned": "99"}, "you don't have access to this account"),
    ],
)
def test_refused_on_the_page(
    hubspot: HubSpot,
    http: httpx2.Client,
    authorize_url: AuthorizeURL,
    changes: dict[str, str | None],
    sentence: str,
) -> None:
    """A refused request is shown to the person alone, before and after the decision."""
    url = authorize_url(**changes)

    answer = http.get(url)
    assert answer.status_code == 200
    assert [one.text for one in elements(answer, "h1")] == ["Couldn't complete the connection"]
    assert not elements(answer, "form")
    for walk in (hubspot.approve, hubspot.deny):
        with pytest.raises(StayedOnPage) as refused:
            walk(url)
        assert sentence in refused.value.sentence


def test_account_lacks_an_optional_scope(
    hubspot: HubSpot, authorize_url: AuthorizeURL, http: httpx2.Client
) -> None:
    """An optional scope that the account lacks does not stand in the way; the page names it."""
    url = authorize_url()

    assert "code" in query(hubspot.approve(url, hub_id=4410003))
    lacks = [one.text for one in elements(http.get(url), ".lacks")]
    assert lacks == ["has no crm.objects.deals.read"]


def test_account_lacks_a_required_scope(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """A required one does, once the account is chosen, and at once where the URL names it."""
    scope = "oauth crm.objects.deals.read"
    sentence = r"your account lacks access to the required scopes \[crm.objects.deals.read\]"

    for pinned in (None, 4410003):
        with pytest.raises(StayedOnPage, match=sentence):
            hubspot.approve(authorize_url(pinned, scope=scope), hub_id=4410003)
    assert "code" in query(hubspot.approve(authorize_url(scope=scope)))


def test_lacking_scope_of_a_pinned_account_shows_at_once(
    http: httpx2.Client, authorize_url: AuthorizeURL
) -> None:
    """There is no form to send where the one account cannot grant."""
    answer = http.get(authorize_url(4410003, scope="oauth crm.objects.deals.read"))

    assert not elements(answer, "form")


@pytest.mark.parametrize(
    ("scope", "optional_scope", "sentence"),
    [
        ("oauth a", "c", None),
        ("oauth a b", "", None),
        ("oauth", "", r"provided scopes are insufficient \(missing: a\)"),
        ("oauth a x", "", "mismatch between the scopes"),
        ("oauth a c", "", "mismatch between the scopes"),
        ("oauth a", "b", "mismatch between the scopes"),
        ("oauth a", "x", "mismatch between the scopes"),
        ("oauth a", "a", "mismatch between the scopes"),
    ],
)
def test_configured_scopes(scope: str, optional_scope: str, sentence: str | None) -> None:
    """Each class of scope has its own place in the URL."""
    app = App(
        client_id="c",
        client_secret="s",
        redirect_uris=("https://app.example/",),
        required_scopes=("oauth", "a"),
        conditional_scopes=("b",),
        optional_scopes=("c",),
    )
    with running_hubspot(apps=[app]) as hubspot:
        asked = httpx2.QueryParams(
            client_id="c",
            redirect_uri="https://app.example/",
            scope=scope,
            optional_scope=optional_scope,
        )
        url = f"{hubspot.url}/oauth/authorize?{asked}"
        if sentence is None:
            assert "code" in query(hubspot.approve(url))
        else:
            with pytest.raises(StayedOnPage, match=sentence):
                hubspot.approve(url)


def test_optional_scope_in_the_place_of_required_ones() -> None:
    """A scope that is configured as optional may not be asked for as required, limits or none."""
    app = App(
        client_id="c",
        client_secret="s",
        redirect_uris=("https://app.example/",),
        optional_scopes=("c",),
    )
    with running_hubspot(apps=[app]) as hubspot:
        url = f"{hubspot.url}/oauth/authorize?client_id=c&redirect_uri=https://app.example/&scope="

        with pytest.raises(StayedOnPage, match="mismatch between the scopes"):
            hubspot.approve(url + "oauth+c")
        assert "code" in query(hubspot.approve(url + "oauth+d"))


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"hub_id": "4410001"}, "choose Connect app or Cancel"),
        ({"hub_id": "4410001", "decision": "perhaps"}, "choose Connect app or Cancel"),
        ({"decision": "approve"}, "choose one of the accounts: 4410001, 4410002, 4410003"),
        (
            {"hub_id": "99", "decision": "approve"},
            "choose one of the accounts: 4410001, 4410002, 4410003",
        ),
    ],
)
def test_form_sent_otherwise(
    http: httpx2.Client, authorize_url: AuthorizeURL, form: dict[str, str], sentence: str
) -> None:
    """A form that the page did not make leads nowhere."""
    answer = http.post(authorize_url(), data=form)

    assert answer.status_code == 200
    assert [sentence] == [one.text for one in elements(answer, "#sentence")]


def test_other_account_than_pinned(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """A pinned page approves no other account."""
    with pytest.raises(StayedOnPage, match="choose one of the accounts"):
        hubspot.approve(authorize_url(pinned=4410002), hub_id=4410001)


def test_parameter_given_twice(hubspot: HubSpot, authorize_url: AuthorizeURL) -> None:
    """RFC 6749 section 3.1: a parameter is not given twice; one of nobody's interest may be."""
    with pytest.raises(StayedOnPage, match="more than once: state"):
        hubspot.approve(authorize_url(state="a") + "&state=b")
    assert hubspot.approve(authorize_url() + "&utm=a&utm=b")


def test_redirect_uri_that_is_not_registered(
    http: httpx2.Client, authorize_url: AuthorizeURL, caplog: pytest.LogCaptureFixture
) -> None:
    """Both sides are named below HubSpot's sentence and in the terminal, with what to do."""
    other = "http://localhost:5100/auth/hubspot/callback"

    (advice,) = elements(http.get(authorize_url(redirect_uri=other)), "#advice")

    assert "Registered: http://localhost:6001/auth/hubspot/callback." in advice.text
    assert f"Sent: {other}. " in advice.text
    assert f"--redirect-uri {other} " in advice.text
    assert advice.text in caplog.text
    assert not elements(http.get(authorize_url(client_id="nobody")), "#advice")


def test_redirect_uri_with_a_line_of_its_own(
    http: httpx2.Client, authorize_url: AuthorizeURL, caplog: pytest.LogCaptureFixture
) -> None:
    """It writes no second line into the terminal."""
    http.get(authorize_url(redirect_uri="http://localhost/\nforged"))

    assert "http://localhost/?forged" in caplog.text
