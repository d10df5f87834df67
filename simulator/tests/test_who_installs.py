"""The person at the browser, and their right to connect the app."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from bs4 import BeautifulSoup

from portalkey_simulator import (
    ACCOUNTS,
    DEFAULT_APP,
    HubSpot,
    StayedOnPage,
    User,
    running_hubspot,
)

MAYA, THEO, JONAS = 770101, 770102, 770202
READ = "oauth crm.objects.contacts.read"
MORE = f"{READ} crm.objects.companies.read"
NOT_ALLOWED = "You don't have permission to connect this app"


@pytest.fixture
def join(
    hubspot: HubSpot,
    authorize_url: Callable[..., str],
    exchange: Callable[..., httpx2.Response],
) -> Callable[..., dict[str, Any]]:
    """Connects the app as this person, for these scopes."""

    def go(user_id: int, scope: str = READ) -> dict[str, Any]:
        callback = hubspot.approve(authorize_url(scope=scope, optional_scope=None), user_id=user_id)
        code = parse_qs(urlsplit(callback).query)["code"][0]
        return dict(exchange(code).raise_for_status().json())

    return go


def test_first_install_new_scopes_and_what_comes_after(join: Callable[..., Any]) -> None:
    """The right is needed for a first install and for new scopes, and for nothing after them."""
    with pytest.raises(StayedOnPage, match=NOT_ALLOWED):
        join(THEO)
    join(MAYA)
    assert join(THEO)["hub_id"] == 4410001

    with pytest.raises(StayedOnPage, match=NOT_ALLOWED):
        join(THEO, MORE)
    join(MAYA, MORE)
    assert join(THEO, MORE)["scopes"] == MORE.split()


def test_agreeing_without_an_exchange_is_no_install(
    hubspot: HubSpot, authorize_url: Callable[..., str], join: Callable[..., Any]
) -> None:
    """An agreement without an exchange leaves the next person as they were."""
    hubspot.approve(authorize_url(scope=READ), user_id=MAYA)

    with pytest.raises(StayedOnPage, match=NOT_ALLOWED):
        join(THEO)


def test_after_an_uninstall(hubspot: HubSpot, join: Callable[..., Any]) -> None:
    """An uninstall makes the next install a first one."""
    join(MAYA)
    hubspot.uninstall(4410001)

    with pytest.raises(StayedOnPage, match=NOT_ALLOWED):
        join(THEO)


def test_the_person_says_which_account(join: Callable[..., Any]) -> None:
    """A person who is named alone is met in their own account."""
    assert join(JONAS)["hub_id"] == 4410002


def test_somebody_of_another_account(hubspot: HubSpot, authorize_url: Callable[..., str]) -> None:
    """Nobody agrees in an account that they are not in."""
    with pytest.raises(StayedOnPage, match="choose one of the people in this account"):
        hubspot.approve(authorize_url(), hub_id=4410001, user_id=JONAS)


def test_page_offers_the_people(http: httpx2.Client, authorize_url: Callable[..., str]) -> None:
    """One of an account's several people can be chosen; those who may not install are marked."""
    page = BeautifulSoup(http.get(authorize_url()).text, "html.parser")

    selects = page.select("select")
    assert [one["name"] for one in selects] == ["user_4410001"]
    options = selects[0].select("option")
    assert [one["value"] for one in options] == [str(MAYA), str(THEO)]
    assert "may not install" in options[1].text
    hidden = [(one["name"], one["value"]) for one in page.select("input[type=hidden]")]
    assert hidden == [("user_4410002", "770202"), ("user_4410003", "770303")]


def test_apps_on_the_level_of_users() -> None:
    """Each installs for themselves, and needs the permissions behind the scopes only."""
    app = replace(DEFAULT_APP, is_user_level=True, required_scopes=("oauth", "tickets"))
    limited = User(770109, "ann@harbourpine.example", lacks=frozenset({"tickets"}))
    account = replace(ACCOUNTS[0], users=(*ACCOUNTS[0].users, limited))
    with running_hubspot(apps=[app], accounts=[account]) as hubspot:
        assert "code=" in hubspot.approve(hubspot.install_link(), user_id=THEO)
        with pytest.raises(StayedOnPage, match=NOT_ALLOWED):
            hubspot.approve(hubspot.install_link(), user_id=limited.user_id)
