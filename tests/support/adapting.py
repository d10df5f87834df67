"""Each adapter, asked in the same way."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
import httpx2
import hubspot_sdk
import requests
from hubspot.crm.contacts import ApiException

from portalkey.adapters import hubspot_api_client as older
from portalkey.adapters import hubspot_sdk as newer
from portalkey.adapters.httpx import HttpxAuth
from portalkey.adapters.httpx2 import HttpxAuth as Httpx2Auth
from portalkey.adapters.requests import RequestsAuth
from portalkey.broker import Broker
from support.front import NO_TLS
from support.patience import PATIENCE

Ask = Callable[[str], tuple[int, Any]]
"""Asks for a path; the status, and the JSON where it is good."""
Make = Callable[[ExitStack, Broker, str], Ask]


def _httpx(stack: ExitStack, broker: Broker, owner: str) -> Ask:
    auth, url = HttpxAuth(broker, owner), broker.settings.api_url
    client = stack.enter_context(
        httpx.Client(base_url=url, auth=auth, verify=NO_TLS, follow_redirects=True)
    )
    return lambda path: _read(client.get(path))


def _httpx2(stack: ExitStack, broker: Broker, owner: str) -> Ask:
    auth, url = Httpx2Auth(broker, owner), broker.settings.api_url
    client = stack.enter_context(
        httpx2.Client(base_url=url, auth=auth, verify=NO_TLS, follow_redirects=True)
    )
    return lambda path: _read(client.get(path))


def _requests(stack: ExitStack, broker: Broker, owner: str) -> Ask:
    session = stack.enter_context(requests.Session())
    session.auth = RequestsAuth(broker, owner)
    return lambda path: _read(session.get(_absolute(broker, path), timeout=PATIENCE))


def _api_object(stack: ExitStack, broker: Broker, owner: str) -> Ask:
    """An API object that is held for as long as the test lasts."""
    held = older.hubspot_client(broker, owner).crm.contacts.basic_api.api_client

    def ask(path: str) -> tuple[int, Any]:
        host, _, rest = path.partition("/crm")
        how = {"auth_settings": ["oauth2"], "response_types_map": {200: "object"}}
        if host:
            how["_host"] = host
        try:
            told, status, _ = held.call_api(f"/crm{rest}", "GET", **how)
        except ApiException as error:
            return error.status, None
        return status, told

    return ask


def _api_request(stack: ExitStack, broker: Broker, owner: str) -> Ask:
    client = older.hubspot_client(broker, owner)

    def ask(path: str) -> tuple[int, Any]:
        return _read(client.api_request({"base_url": _absolute(broker, path)}))

    return ask


def _sdk(stack: ExitStack, broker: Broker, owner: str) -> Ask:
    client = stack.enter_context(newer.hubspot_client(broker, owner))

    def ask(path: str) -> tuple[int, Any]:
        try:
            return 200, client.get(path, cast_to=object)
        except hubspot_sdk.APIStatusError as error:
            return error.status_code, None

    return ask


ADAPTERS: Mapping[str, Make] = {
    "httpx": _httpx,
    "httpx2": _httpx2,
    "requests": _requests,
    "hubspot-api-client": _api_object,
    "hubspot-api-client, api_request": _api_request,
    "hubspot-sdk": _sdk,
}


def _absolute(broker: Broker, path: str) -> str:
    return path if path.startswith("http") else f"{broker.settings.api_url}{path}"


def _read(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json() if answer.status_code == 200 else None
