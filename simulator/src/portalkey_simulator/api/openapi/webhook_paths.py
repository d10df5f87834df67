"""The webhooks journal and its subscriptions."""

from portalkey_simulator.api.openapi.body_schemas import TEXT, TEXTS, WHOLE, Schema, has, only, ref
from portalkey_simulator.api.openapi.operation_parts import (
    Operation,
    Paths,
    in_path,
    in_query,
    json_object,
    operation,
)
from portalkey_simulator.world import DATED
from portalkey_simulator.world.lifecycle import EVENT_TYPES

_GUARDED: dict[int, Schema | None] = {401: ref("Error"), 403: ref("Error")}
_WANTED = has(
    subscriptionType=only("APP_LIFECYCLE_EVENT"),
    eventTypeId=only(*EVENT_TYPES),
    properties=TEXTS,
)
_NUMBER = in_path("number", "The subscription's id.")
_OFFSET = in_path("offset", "The entry's place, a UUID.")
_PORTAL = in_query("installPortalId", WHOLE, "Only what happened in this account.")


def build_paths() -> Paths:
    """Describe subscriptions and entries in each version, and the page that a link leads to."""
    paths: Paths = {"/webhooks-journal/pages/{offset}": {"get": _page()}}
    for version in DATED:
        subscriptions = f"/webhooks-journal/subscriptions/{version}"
        paths[subscriptions] = {"post": _create(), "get": _list()}
        paths[f"{subscriptions}/{{number}}"] = {"get": _one(), "delete": _delete()}
        journal = f"/webhooks-journal/journal/{version}"
        for place in ("earliest", "latest"):
            paths[f"{journal}/{place}"] = {"get": _link(f"The {place} entry.")}
        paths[f"{journal}/offset/{{offset}}/next"] = {"get": _link("The entry after.", _OFFSET)}
    return paths


def _create() -> Operation:
    return operation(
        "Subscribe; who did so before keeps that subscription.",
        {200: ref("Subscription"), 400: ref("Error"), **_GUARDED},
        body=json_object(_WANTED),
        security="app_token",
    )


def _list() -> Operation:
    answers = {200: ref("Subscriptions"), **_GUARDED}
    return operation("The app's subscriptions.", answers, security="app_token")


def _one() -> Operation:
    return operation(
        "One of the app's subscriptions.",
        {200: ref("Subscription"), 404: ref("Error"), **_GUARDED},
        parameters=[_NUMBER],
        security="app_token",
    )


def _delete() -> Operation:
    return operation(
        "Unsubscribe.",
        {204: None, 404: ref("Error"), **_GUARDED},
        parameters=[_NUMBER],
        security="app_token",
    )


def _link(summary: str, *parameters: Operation) -> Operation:
    return operation(
        f"{summary} Tells where it can be read, for ten minutes.",
        {200: ref("JournalLink"), 204: None, **_GUARDED},
        parameters=[*parameters, _PORTAL],
        security="app_token",
    )


def _page() -> Operation:
    return operation(
        "An entry, for whoever has the link to it.",
        {200: ref("JournalPage"), 403: ref("Error"), 404: ref("Error")},
        parameters=[_OFFSET, *(in_query(name, TEXT, "") for name in ("app", "until", "signature"))],
    )
