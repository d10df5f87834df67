"""Filters of subscriptions to the webhooks journal: kept, and without effect on what it tells."""

from typing import Any

from flask import Response, jsonify, request

from portalkey_simulator.api.bearer import admit_app
from portalkey_simulator.api.error_responses import not_found_error, validation_error
from portalkey_simulator.api.grants import SUBSCRIPTIONS_READ, SUBSCRIPTIONS_WRITE
from portalkey_simulator.api.json_body import expect, expect_objects, read_object
from portalkey_simulator.world import World
from portalkey_simulator.world.lifecycle import FILTER_TYPES, OPERATORS, Filter


class SubscriptionFilters:
    """The filters of the app that asks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, version: str) -> Response:
        """Add a filter to a subscription.

        Raises:
            ApiRefused: The token is no app's or not for this, the body is none of a filter, or
                there is no such subscription.
        """
        del version
        client_id = admit_app(self._world, SUBSCRIPTIONS_WRITE).client_id
        body = read_object(request.get_data())
        number = expect("subscriptionId", body.get("subscriptionId"), int)
        given = expect("filter", body.get("filter"), dict)
        conditions = expect_objects("conditions", given.get("conditions"))
        for each in conditions:
            _check_condition(each)
        one = self._world.lifecycle.add_filter(client_id, number, conditions)
        if one is None:
            raise not_found_error(str(number))
        return jsonify(filterId=one.number)

    def list_of(self, version: str, number: str) -> Response:
        """List the filters of the subscription of this *number*.

        Raises:
            ApiRefused: The token is no app's or not for this, or there is no such subscription.
        """
        del version
        client_id = admit_app(self._world, SUBSCRIPTIONS_READ).client_id
        own = self._world.lifecycle.list_subscriptions(client_id)
        if number not in {str(one.number) for one in own}:
            raise not_found_error(number)
        filters = self._world.lifecycle.list_filters(client_id)
        return jsonify([_serialize(one) for one in filters if str(one.subscription) == number])

    def show(self, version: str, number: str) -> Response:
        """Show the filter of this *number*.

        Raises:
            ApiRefused: The token is no app's or not for this, or there is no such filter.
        """
        del version
        return jsonify(_serialize(self._find(SUBSCRIPTIONS_READ, number)))

    def delete(self, version: str, number: str) -> Response:
        """Take the filter of this *number* away.

        Raises:
            ApiRefused: The token is no app's or not for this, or there is no such filter.
        """
        del version
        self._world.lifecycle.remove_filter(self._find(SUBSCRIPTIONS_WRITE, number).number)
        return Response(status=204)

    def _find(self, scope: str, number: str) -> Filter:
        client_id = admit_app(self._world, scope).client_id
        for one in self._world.lifecycle.list_filters(client_id):
            if str(one.number) == number:
                return one
        raise not_found_error(number)


def _check_condition(condition: dict[str, Any]) -> None:
    expect("property", condition.get("property"), str)
    for name, allowed in (("filterType", FILTER_TYPES), ("operator", OPERATORS)):
        if condition.get(name) not in allowed:
            raise validation_error(f"{name} has to be one of: {', '.join(allowed)}")
    if "value" in condition:
        expect("value", condition["value"], str)
    for each in expect("values", condition.get("values", []), list):
        expect("values", each, str)


def _serialize(one: Filter) -> dict[str, object]:
    return {
        "id": one.number,
        "createdAt": int(one.at * 1000),
        "filter": {"conditions": list(one.conditions)},
    }
