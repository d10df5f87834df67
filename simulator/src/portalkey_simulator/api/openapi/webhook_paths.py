"""The webhooks journal and its subscriptions."""

from portalkey_simulator.api.openapi.body_schemas import (
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    every,
    has,
    only,
    ref,
)
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
_COUNT = {**in_path("count", "So many at most."), "schema": {"type": "integer", "minimum": 1}}
_PORTAL = in_query("installPortalId", WHOLE, "Only what happened in this account.")


def build_paths() -> Paths:
    """Describe subscriptions and entries in each version, and the page that a link leads to."""
    paths: Paths = {"/webhooks-journal/pages/{offset}": {"get": _page()}}
    for version in DATED:
        subscriptions = f"/webhooks-journal/subscriptions/{version}"
        paths[subscriptions] = {"post": _create(), "get": _list()}
        paths[f"{subscriptions}/{{number}}"] = {"get": _one(), "delete": _delete()}
        paths[f"{subscriptions}/portals/{{portal}}"] = {"delete": _delete_of_portal()}
        paths[f"{subscriptions}/filters"] = {"post": _add_filter()}
        of_one = f"{subscriptions}/filters/subscription/{{number}}"
        paths[of_one] = {"get": _filters()}
        filters = {"get": _filter(), "delete": _delete("Take a filter away.")}
        paths[f"{subscriptions}/filters/{{number}}"] = filters
        journal = f"/webhooks-journal/journal/{version}"
        paths |= _batch_paths(f"{journal}/batch")
        paths[f"{journal}/status/{{status}}"] = {"get": _status()}
        for place in ("earliest", "latest"):
            paths[f"{journal}/{place}"] = {"get": _link(f"The {place} entry.")}
        following = _link("The entry after.", _OFFSET, may_miss=True)
        paths[f"{journal}/offset/{{offset}}/next"] = {"get": following}
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


def _delete(summary: str = "Unsubscribe.") -> Operation:
    return operation(
        summary,
        {204: None, 404: ref("Error"), **_GUARDED},
        parameters=[_NUMBER],
        security="app_token",
    )


def _delete_of_portal() -> Operation:
    return operation(
        "End what is subscribed to for one account.",
        {204: None, 400: ref("Error"), **_GUARDED},
        parameters=[in_path("portal", "The account's id.")],
        security="app_token",
    )


def _add_filter() -> Operation:
    wanted = has(subscriptionId=WHOLE, filter=has(conditions=every(ref("Condition"))))
    return operation(
        "Add a filter to a subscription; it has no effect here.",
        {200: ref("FilterId"), 400: ref("Error"), 404: ref("Error"), **_GUARDED},
        body=json_object(wanted),
        security="app_token",
    )


def _filters() -> Operation:
    return operation(
        "A subscription's filters.",
        {200: every(ref("SubscriptionFilter")), 404: ref("Error"), **_GUARDED},
        parameters=[_NUMBER],
        security="app_token",
    )


def _filter() -> Operation:
    return operation(
        "One filter.",
        {200: ref("SubscriptionFilter"), 404: ref("Error"), **_GUARDED},
        parameters=[_NUMBER],
        security="app_token",
    )


def _batch_paths(batch: str) -> Paths:
    read = operation(
        "Some entries, by their offsets.",
        {200: ref("JournalLinks"), 207: ref("JournalLinks"), 400: ref("Error"), **_GUARDED},
        parameters=[_PORTAL],
        body=json_object(has(inputs=TEXTS)),
        security="app_token",
    )
    following = _links("Some entries after.", _OFFSET, _COUNT, may_miss=True)
    return {
        f"{batch}/earliest/{{count}}": {"get": _links("The earliest entries.", _COUNT)},
        f"{batch}/latest/{{count}}": {"get": _links("The latest entries.", _COUNT)},
        f"{batch}/{{offset}}/next/{{count}}": {"get": following},
        f"{batch}/read": {"post": read},
    }


def _links(summary: str, *parameters: Operation, may_miss: bool = False) -> Operation:
    answers = {200: ref("JournalLinks"), 400: ref("Error"), **_GUARDED}
    return operation(
        f"{summary} Tells where each can be read, for ten minutes.",
        answers | ({404: ref("Error")} if may_miss else {}),
        parameters=[*parameters, _PORTAL],
        security="app_token",
    )


def _status() -> Operation:
    return operation(
        "How a snapshot stands; none was ever asked for here.",
        {404: ref("Error"), **_GUARDED},
        parameters=[in_path("status", "A UUID.")],
        security="app_token",
    )


def _link(summary: str, *parameters: Operation, may_miss: bool = False) -> Operation:
    answers = {200: ref("JournalLink"), 204: None, **_GUARDED}
    return operation(
        f"{summary} Tells where it can be read, for ten minutes.",
        answers | ({404: ref("Error")} if may_miss else {}),
        parameters=[*parameters, _PORTAL],
        security="app_token",
    )


def _page() -> Operation:
    return operation(
        "An entry, for whoever has the link to it.",
        {200: ref("JournalPage"), 403: ref("Error"), 404: ref("Error")},
        parameters=[_OFFSET, *(in_query(name, TEXT, "") for name in ("app", "until", "signature"))],
    )
