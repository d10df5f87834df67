"""Goal 17: what an adapter costs a request, beside a bearer header that never changes."""

import statistics
from collections.abc import Callable

import httpx
import httpx2
import hubspot
import hubspot_sdk
import requests
from hubspot.crm.contacts import BasicApi

from bench.place import OWNER, connect, make_broker
from bench.report import Result, Row, duration
from bench.rounds import interleaved, slow
from bench.workbench import Workbench
from portalkey.adapters import hubspot_api_client as older
from portalkey.adapters import hubspot_sdk as newer
from portalkey.adapters.httpx import HttpxAuth
from portalkey.adapters.httpx2 import HttpxAuth as Httpx2Auth
from portalkey.adapters.requests import RequestsAuth
from portalkey.broker import Broker

MOST = 100e-6
"""Seconds that an adapter may add to a request."""
_CALLS = 300
Call = Callable[[], object]


def overhead(bench: Workbench) -> Result:
    """Goal 17."""
    place = bench.place()
    broker = make_broker(place)
    connect(broker, [1])
    calls = _calls(bench, broker, f"{place.endpoint_url}/api")
    measures = {
        (name, way): slow(call, bench.times(_CALLS))
        for name, pair in calls.items()
        for way, call in zip(("fixed", "ours"), pair, strict=True)
    }
    found = interleaved(
        {" ".join(key): measure for key, measure in measures.items()},
        bench.rounds,
        lambda: bench.tell("G17"),
    )
    added = {
        name: statistics.median(
            ours - fixed
            for ours, fixed in zip(found[f"{name} ours"], found[f"{name} fixed"], strict=True)
        )
        for name in calls
    }
    broker.close()
    worst = max(added, key=lambda name: added[name])
    return Result(
        goal="G17 a request through an adapter",
        wanted=f"at most {duration(MOST)} more than with a bearer header that never changes",
        is_met=added[worst] <= MOST,
        verdict=f"{added[worst] * 1e6:+.0f} us at most, with {worst}",
        columns=("a fixed header", "the adapter", "added"),
        rows=[
            Row(
                name,
                (
                    duration(statistics.median(found[f"{name} fixed"])),
                    duration(statistics.median(found[f"{name} ours"])),
                    f"{more * 1e6:+.0f} us",
                ),
            )
            for name, more in added.items()
        ],
        raw={"seconds": found},
    )


def _calls(bench: Workbench, broker: Broker, url: str) -> dict[str, tuple[Call, Call]]:
    """A request by each library with a fixed header, and the same with the adapter."""
    token = broker.access_token(OWNER)
    fixed = {"Authorization": f"Bearer {token}"}
    opened = bench.stack.enter_context
    plain, session = opened(requests.Session()), opened(requests.Session())
    plain.headers.update(fixed)
    session.auth = RequestsAuth(broker, OWNER)
    of_httpx = (
        opened(httpx.Client(headers=fixed)),
        opened(httpx.Client(auth=HttpxAuth(broker, OWNER))),
    )
    of_httpx2 = (
        opened(httpx2.Client(headers=fixed)),
        opened(httpx2.Client(auth=Httpx2Auth(broker, OWNER))),
    )
    host = broker.settings.api_url
    of_sdk = (
        opened(hubspot_sdk.HubSpot(access_token=token, base_url=host)),
        opened(newer.hubspot_client(broker, OWNER)),
    )
    of_older = (
        hubspot.HubSpot(access_token=token, host=host).crm.contacts.basic_api,
        older.hubspot_client(broker, OWNER).crm.contacts.basic_api,
    )
    return {
        "requests": (lambda: plain.get(url, timeout=9), lambda: session.get(url, timeout=9)),
        "httpx": (lambda: of_httpx[0].get(url), lambda: of_httpx[1].get(url)),
        "httpx2": (lambda: of_httpx2[0].get(url), lambda: of_httpx2[1].get(url)),
        "hubspot-api-client": (lambda: _asked(of_older[0]), lambda: _asked(of_older[1])),
        "hubspot-sdk": (
            lambda: of_sdk[0].get(url, cast_to=object),
            lambda: of_sdk[1].get(url, cast_to=object),
        ),
    }


def _asked(api: BasicApi) -> object:
    return api.api_client.call_api(
        "/api",
        "GET",
        auth_settings=["oauth2"],
        response_types_map={200: "object"},
        _return_http_data_only=True,
    )
