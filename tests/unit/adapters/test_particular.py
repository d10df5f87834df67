"""What is particular to one adapter."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import requests

from portalkey.adapters import hubspot_api_client, hubspot_sdk
from portalkey.adapters.bearer import Bearer
from portalkey.adapters.httpx import HttpxAuth
from portalkey.adapters.requests import RequestsAuth
from portalkey.broker import Broker
from portalkey.errors import AccountNotNamed, NeedsReconnect, NotHubSpot, ScopesMissing
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.front import NO_TLS, Front
from support.patience import PATIENCE

FIRST, SECOND = 4410001, 4410002
CONTACTS = "/crm/v3/objects/contacts"


def address(scheme: str | None, host: str | None, port: int | None = None) -> Any:
    """Where a request goes."""
    return SimpleNamespace(scheme=scheme, host=host, port=port)


@pytest.mark.parametrize(
    "to",
    [
        address("https", "api.hubapi.com"),
        address("https", "API.hubapi.com", 443),
        address("https", "api-eu1.hubapi.com"),
        address("https", "app.hubspot.com"),
    ],
    ids=str,
)
def test_hubspots_own_hosts(broker: Broker, owner: str, to: Any) -> None:
    """Any host of HubSpot's gets the token over https at the usual port."""
    assert Bearer(broker, owner).token(to) == broker.access_token(owner)


@pytest.mark.parametrize(
    "to",
    [
        address("http", "api.hubapi.com"),
        address("https", "api.hubapi.com", 8443),
        address("https", "hubapi.com.example.com"),
        address("https", "evilhubapi.com"),
        address("https", "api.hubapi.com."),
        address("https", "localhost"),
        address("http", "127.0.0.1"),
        address("", ""),
        address(None, None),
    ],
    ids=str,
)
def test_hosts_that_only_look_like_hubspots(broker: Broker, owner: str, to: Any) -> None:
    """Whatever is not HubSpot's to the letter gets nothing."""
    with pytest.raises(NotHubSpot):
        Bearer(broker, owner).token(to)


def test_a_url_that_is_read_in_two_ways(
    broker: Broker, owner: str, elsewhere: Front, front: Front
) -> None:
    """It is judged as the library reads it that connects, so nothing goes elsewhere."""
    url = f"{elsewhere.url}\\@{front.url.removeprefix('http://')}/crm"
    client = hubspot_api_client.hubspot_client(broker, owner)
    with pytest.raises(NotHubSpot):
        client.crm.contacts.basic_api.api_client.call_api(
            "", "GET", auth_settings=["oauth2"], _host=url
        )
    with pytest.raises(NotHubSpot):
        requests.get(url, auth=RequestsAuth(broker, owner), timeout=PATIENCE)
    assert front.seen == []
    # This one takes all before the "@" for a name and a password, and connects to HubSpot.
    httpx.get(url, auth=HttpxAuth(broker, owner), verify=NO_TLS)
    assert len(front.seen) == 1
    assert elsewhere.seen == []


def test_scopes_are_checked_before_a_request(broker: Broker, owner: str, front: Front) -> None:
    """What nobody asked to be granted is told before HubSpot says 403."""
    auth = RequestsAuth(broker, owner, scopes=["oauth", "nothing.has.this"])
    with pytest.raises(ScopesMissing, match=r"nothing\.has\.this"):
        requests.get(front.url + CONTACTS, auth=auth, timeout=PATIENCE)

    assert front.seen == []


def test_one_of_several_accounts(
    broker: Broker, connect: Callable[[str, int], str], front: Front
) -> None:
    """Its number says which, and without one nothing is guessed."""
    for each in (FIRST, SECOND):
        connect("ada", each)
    with pytest.raises(AccountNotNamed):
        requests.get(front.url + CONTACTS, auth=RequestsAuth(broker, "ada"), timeout=PATIENCE)
    answer = requests.get(
        front.url + CONTACTS, auth=RequestsAuth(broker, "ada", SECOND), timeout=PATIENCE
    )

    assert answer.json()["hub_id"] == SECOND


def test_a_header_of_the_callers_gives_way(broker: Broker, owner: str, front: Front) -> None:
    """The adapter's token is the one that is sent."""
    given = {"Authorization": "Bearer old"}
    requests.get(front.url, headers=given, auth=RequestsAuth(broker, owner), timeout=PATIENCE)
    httpx.get(front.url, headers=given, auth=HttpxAuth(broker, owner), verify=NO_TLS)

    assert set(front.tokens) == {broker.access_token(owner)}


def test_no_adapter_shows_a_token(broker: Broker, owner: str, stack: ExitStack) -> None:
    """None holds one, so none can print one."""
    token = broker.access_token(owner)
    older = hubspot_api_client.hubspot_client(broker, owner)
    newer = stack.enter_context(hubspot_sdk.hubspot_client(broker, owner))
    held = older.crm.contacts.basic_api.api_client.configuration
    shown = [vars(older), vars(held), vars(newer), vars(HttpxAuth(broker, owner))]

    assert token not in repr(shown)


def test_real_calls_of_the_older_sdk(
    broker: Broker, owner: str, front: Front, hubspot: HubSpot, ahead: Any
) -> None:
    """An API object made before the expiry still works after it, from 16 threads."""
    held = hubspot_api_client.hubspot_client(broker, owner).crm.contacts.basic_api
    assert held.get_page(limit=1).results == []
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    with ThreadPoolExecutor(16) as pool:
        pages = list(pool.map(lambda _: held.get_page().results, range(16)))

    assert pages == [[]] * 16
    assert len(set(front.tokens)) == 2
    front.dead.add(broker.access_token(owner))
    ahead.seconds += 301
    held.create({"properties": {"email": "a@example.com"}})
    assert front.seen[-1].body == front.seen[-2].body != b""


def test_what_the_older_sdk_asks_by_a_developers_key(
    broker: Broker, owner: str, front: Front
) -> None:
    """Where the SDK would send no token, none is sent."""
    client = hubspot_api_client.hubspot_client(broker, owner, api_key="developer")
    with pytest.raises(Exception, match="401"):
        client.webhooks.settings_api.get_all(app_id=1)
    client.api_request({"path": CONTACTS, "auth_type": "api_key"})

    assert front.tokens == [None, None]
    assert all("hapikey=developer" in each.path for each in front.seen)


def test_an_answer_of_the_older_sdk_as_it_comes(broker: Broker, owner: str, front: Front) -> None:
    """Where the SDK leaves the body unread, the refused answer is closed."""
    front.dead.add(broker.access_token(owner))
    client = hubspot_api_client.hubspot_client(broker, owner)
    answer = client.crm.contacts.basic_api.get_page(_preload_content=False)

    assert answer.status == 200
    assert answer.json()["hub_id"] == FIRST


def test_an_api_factory_of_the_apps(broker: Broker, owner: str, front: Front) -> None:
    """It makes the API objects, and they are given their tokens all the same."""
    made: list[str] = []

    def factory(package: Any, name: str, config: Any) -> Any:
        made.append(name)
        configuration = package.Configuration(host=config["host"])
        configuration.access_token = config["access_token"]
        return getattr(package, name)(package.ApiClient(configuration))

    client = hubspot_api_client.hubspot_client(broker, owner, api_factory=factory)
    client.crm.contacts.basic_api.get_page()

    assert made == ["BasicApi"]
    assert front.tokens == [broker.access_token(owner)]


def test_a_token_of_ones_own_is_refused(broker: Broker, owner: str) -> None:
    """There can be one only."""
    with pytest.raises(TypeError, match="leave access_token out"):
        hubspot_api_client.hubspot_client(broker, owner, access_token="mine")


def test_real_calls_of_the_newer_sdk(
    broker: Broker, owner: str, front: Front, hubspot: HubSpot, ahead: Any, stack: ExitStack
) -> None:
    """Account data across an expiry, with options of the SDK's own, from 16 threads."""
    client = stack.enter_context(hubspot_sdk.hubspot_client(broker, owner))
    client = client.with_options(timeout=PATIENCE, max_retries=0)
    assert client.account.get().portal_id == FIRST
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: client.account.get().portal_id, range(16)))

    assert found == [FIRST] * 16
    assert len(set(front.tokens)) == 2


def test_the_newer_sdk_does_not_hide_who_must_act(
    broker: Broker, owner: str, front: Front, hubspot: HubSpot, stack: ExitStack
) -> None:
    """What a 401 turned out to mean is raised at once, where the SDK may not try again, too."""
    client = stack.enter_context(hubspot_sdk.hubspot_client(broker, owner))
    front.dead.add(broker.access_token(owner))
    hubspot.uninstall(FIRST)
    with pytest.raises(NeedsReconnect):
        client.with_options(max_retries=0).get(CONTACTS, cast_to=object)


def test_an_http_client_of_ones_own(broker: Broker, owner: str, front: Front) -> None:
    """Whoever takes our client away from the SDK has to bring tokens, too."""
    with hubspot_sdk.hubspot_client(broker, owner) as client, httpx.Client(verify=NO_TLS) as own:
        other = client.with_options(http_client=own, access_token="own")
        with pytest.raises(Exception, match="401"):
            other.get(CONTACTS, cast_to=object)

    assert front.tokens == ["own"]


def test_an_async_http_client_of_ones_own(broker: Broker, owner: str, front: Front) -> None:
    """The same under an event loop."""

    async def ask() -> None:
        async with (
            hubspot_sdk.async_hubspot_client(broker, owner) as client,
            httpx.AsyncClient(verify=NO_TLS) as own,
        ):
            other = client.with_options(http_client=own, access_token="own")
            with pytest.raises(Exception, match="401"):
                await other.get(CONTACTS, cast_to=object)

    asyncio.run(ask())
    assert front.tokens == ["own"]


def test_settings_name_where_the_sdks_ask(
    settings: Settings, broker: Broker, owner: str, stack: ExitStack
) -> None:
    """The SDKs follow the settings, not an address or an environment of their own."""
    newer = stack.enter_context(hubspot_sdk.hubspot_client(broker, owner))
    older = hubspot_api_client.hubspot_client(broker, owner).crm.contacts.basic_api

    assert str(newer.base_url).rstrip("/") == settings.api_url
    assert older.api_client.configuration.host == settings.api_url
