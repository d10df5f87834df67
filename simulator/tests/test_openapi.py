"""The OpenAPI document, and whether it speaks of what is there."""

import re
from collections.abc import Iterator

import httpx2

from portalkey_simulator.api.openapi import build_document
from portalkey_simulator.application import create_application
from portalkey_simulator.endpoints import list_routes
from portalkey_simulator.faults.rules import Faults
from portalkey_simulator.world import World


def operations() -> Iterator[tuple[str, str]]:
    """Every method and path that the document has, as a request could name them."""
    for path, item in build_document()["paths"].items():
        for method in item:
            yield method.upper(), re.sub(r"{\w+}", "x", path)


def test_document(http: httpx2.Client) -> None:
    """It is served, and says whose it is not."""
    told = http.get("/openapi.json")

    assert told.headers["Content-Type"] == "application/json"
    assert told.json() == build_document()
    assert "trademark" in told.json()["info"]["description"]


def test_every_endpoint_is_in_the_document() -> None:
    """Each operation leads to an endpoint of the API, and each of these has an operation."""
    world = World([])
    there = {f"{one.method} {one.path}" for one in list_routes(world) if one.place}
    urls = create_application(world, Faults(lambda: 0)).url_map.bind("localhost")

    assert {urls.match(path, method)[0] for method, path in operations()} == there


def test_every_reference_leads_somewhere() -> None:
    """No schema is missing, and none is there for nothing."""
    text = str(build_document())
    named = set(re.findall(r"#/components/schemas/(\w+)", text))

    assert named == set(build_document()["components"]["schemas"])
