"""The Django skin on the way from a click to a token: whose it is, and who may go on."""

import uuid
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.test import Client

from portalkey.broker import Broker
from portalkey.web.host import BROWSER_KEY
from portalkey_simulator import HubSpot
from support.django_hosting import page_of, site_over, visitor_of

STATUS = "/api/hubspot/status"


def link_of(client: Client) -> str:
    """The link into the journey on the site's own page."""
    link = BeautifulSoup(client.get("/").content, "html.parser").find("a")
    assert link is not None
    return str(link["href"])


def agree(client: Client, hubspot: HubSpot) -> str:
    """Click the link and agree at HubSpot; the callback's address."""
    back = urlsplit(hubspot.approve(client.get(link_of(client)).headers["Location"]))
    return f"{back.path}?{back.query}"


def user_id(client: Client, name: str = "ada") -> str:
    """Sign *name* in; the user's primary key."""
    return str(client.get(f"/login/{name}").content, "ascii")


def team_of(request: HttpRequest) -> str | None:
    """Whoever is signed in belongs to one team."""
    return "team-1" if request.user.is_authenticated else None


def test_the_two_lines_work(site: Broker, hubspot: HubSpot) -> None:
    """Installed and included, no option: the user's primary key is the owner, as text."""
    client = visitor_of(site)
    owner = user_id(client)
    assert client.get(agree(client, hubspot)).headers["Location"] == "/"

    assert str(uuid.UUID(owner)) == owner
    assert site.access_token(owner)
    assert "ada@shop.example" in page_of(client).text
    assert 'data-state="connected"' in client.get("/").content.decode()


@pytest.mark.parametrize("path", [STATUS, "/api/hubspot/connections"])
def test_nobody_is_nobody(site: Broker, path: str) -> None:
    """An anonymous user owns nothing, and no session is begun for them."""
    client = visitor_of(site, None)
    answer = client.get(path)

    assert (answer.status_code, answer.json()["error"]) == (401, "signed_out")
    assert client.cookies.keys() == set()


def test_the_signed_out_are_led_to_login_url(site: Broker) -> None:
    """Django's own setting names the sign-in, and the way back goes along."""
    answer = visitor_of(site, None).get("/connections/setup")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fconnections%2Fsetup"


def test_a_login_url_that_is_no_page_is_not_used(broker: Broker) -> None:
    """Django's default leads nowhere on most sites: a page says that one has to sign in."""
    with site_over(broker, {}, LOGIN_URL="/accounts/login/"):
        answer = visitor_of(broker, None).get("/connections/setup")

    assert answer.status_code == 401
    assert "Sign in" in answer.content.decode()


@pytest.mark.parametrize("named", ["sign-in", "/de/sign-in"])
def test_a_sign_in_in_the_visitors_language(broker: Broker, named: str) -> None:
    """By its name it is found for each request; an address is found whatever language is asked."""
    with site_over(broker, {}, LOGIN_URL=named, ROOT_URLCONF="unit.django.in_languages"):
        client = visitor_of(broker, None)
        ways = [
            client.get("/connections/setup", headers={"accept-language": tag}).headers["Location"]
            for tag in ("fr", "de")
        ]

    languages = ("fr", "de") if named == "sign-in" else ("de", "de")
    assert [way.partition("?")[0] for way in ways] == [f"/{tag}/sign-in" for tag in languages]


@pytest.mark.parametrize(
    ("named", "where"),
    [
        ("sign-in", "/sign-in?next=%2Fconnections%2Fsetup"),
        ("/in?a=1", "/in?a=1&next=%2Fconnections%2Fsetup"),
        (lambda request, path: f"/{request.method}?to={path}", "/GET?to=/connections/setup"),
    ],
    ids=["name", "address", "function"],
)
def test_the_sign_in_is_named_in_any_way(broker: Broker, named: object, where: str) -> None:
    """A URL's name as in LOGIN_URL, an address, or a function with the path to lead back to."""
    with site_over(broker, {"login_url": named}):
        assert visitor_of(broker, None).get("/connections/setup").headers["Location"] == where


def test_signing_in_as_somebody_else_renews_the_session_value(
    site: Broker, hubspot: HubSpot
) -> None:
    """What one began, another cannot finish, though the browser's session is the same."""
    client = visitor_of(site)
    callback = agree(client, hubspot)
    before = client.session[BROWSER_KEY]
    client.get("/login/eve")

    assert BROWSER_KEY not in client.session
    assert "attempt=" in client.get(callback).headers["Location"]
    assert hubspot.requests == ()
    assert client.session[BROWSER_KEY] != before


def test_a_guest_who_signs_in_is_somebody_else(broker: Broker) -> None:
    """Django keeps an anonymous visitor's session at ``login()``; what is ours in it goes."""
    with site_over(broker, {"owner": lambda request: str(request.user.pk or "guest")}):
        client = visitor_of(broker, None)
        session = client.session
        session["basket"] = 1
        session.save()
        client.get("/connections/setup")
        assert BROWSER_KEY in client.session
        client.get("/login/ada")

        assert client.session["basket"] == 1
        assert BROWSER_KEY not in client.session


def test_signing_in_again_as_oneself_goes_on(site: Broker, hubspot: HubSpot) -> None:
    """A password that is asked for once more is no other person."""
    client = visitor_of(site)
    callback = agree(client, hubspot)
    owner = user_id(client)
    client.get(callback)

    assert site.access_token(owner)


def test_signing_out_forgets(site: Broker, hubspot: HubSpot) -> None:
    """Whoever signs in afterwards, the same person too, starts once more."""
    client = visitor_of(site)
    callback = agree(client, hubspot)
    client.get("/logout")
    owner = user_id(client)
    client.get(callback)

    assert site.connections(owner) == []


def switch_user(client: Client, other: Client) -> None:
    """Make the user of *other* that of *client*, as a site does that keeps the session for it."""
    session = client.session
    session.update(
        {name: other.session[name] for name in dict(other.session.items()) if "_auth" in name}
    )
    session.save()


def test_a_sign_out_of_the_sites_own_is_heard(site: Broker) -> None:
    """One that keeps the session, and tells of it as Django does."""
    request = HttpRequest()
    request.session = {BROWSER_KEY: "x", "basket": 1}
    user_logged_out.send(sender=None, request=request, user=None)
    user_logged_out.send(sender=None, request=None, user=None)

    assert request.session == {"basket": 1}


def test_a_team_owns_and_its_members_are_told_apart(broker: Broker, hubspot: HubSpot) -> None:
    """The owner is named by a dotted path; the person is the user, without a word of the site's."""
    with site_over(broker, {"owner": f"{__name__}.team_of"}):
        client = visitor_of(broker)
        callback = agree(client, hubspot)
        switch_user(client, visitor_of(broker, "bo"))
        client.get(callback)
        assert broker.connections("team-1") == []

        client.get(agree(client, hubspot))
        other = visitor_of(broker, "ada")
        assert other.get(STATUS).json()["authenticated"] is True
        assert "team-1" in page_of(other).text
    assert broker.access_token("team-1")


def test_a_person_can_be_named(broker: Broker, hubspot: HubSpot) -> None:
    """Where a site says that members need not be told apart, one finishes what another began."""
    options = {"owner": team_of, "person": lambda _: None, "owner_name": lambda _, owner: owner * 2}
    with site_over(broker, options):
        client = visitor_of(broker)
        callback = agree(client, hubspot)
        switch_user(client, visitor_of(broker, "bo"))
        client.get(callback)

        assert broker.access_token("team-1")
        assert "team-1team-1" in page_of(client).text


def test_disconnecting_is_the_sites_to_allow(broker: Broker, hubspot: HubSpot) -> None:
    """It is given the request, the owner and the connection."""
    asked = []

    def may(request: HttpRequest, owner: str, connection: object) -> bool:
        asked.append((request.user.email, owner, type(connection).__name__))
        return False

    with site_over(broker, {"may_disconnect": may}):
        client = visitor_of(broker)
        client.get(agree(client, hubspot))
        page = page_of(client)

    assert page.select("article")
    assert page.select("a.pk-leave") == []
    assert asked[0][0] == "ada@shop.example"
    assert asked[0][2] == "Connection"


def test_the_pages_speak_the_language_of_the_site(site: Broker) -> None:
    """What LocaleMiddleware has found, else what is named, else the browser's."""
    client = visitor_of(site)
    answer = client.get("/connections/setup", headers={"accept-language": "de"})

    assert 'lang="de"' in answer.content.decode()


def test_a_language_that_is_named(broker: Broker) -> None:
    """A tag, or a function that is given the request."""
    for language in ("de", lambda request: "de" if request.user.is_authenticated else "en"):
        with site_over(broker, {"language": language}):
            assert 'lang="de"' in str(page_of(visitor_of(broker)))
