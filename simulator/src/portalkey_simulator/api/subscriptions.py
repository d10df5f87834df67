"""Subscriptions to the webhooks journal: for installs and uninstalls, and nothing else here."""

from flask import Response, jsonify, request

from portalkey_simulator.api.bearer import admit_app
from portalkey_simulator.api.error_responses import invalid, not_found, written
from portalkey_simulator.api.grants import SUBSCRIPTIONS_READ, SUBSCRIPTIONS_WRITE
from portalkey_simulator.api.json_body import expect, read_object
from portalkey_simulator.world import World
from portalkey_simulator.world.lifecycle import EVENT_TYPES, Subscription

KIND = "APP_LIFECYCLE_EVENT"


class Subscriptions:
    """What the app that asks has subscribed to."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, version: str) -> Response:
        """Subscribe to one type of event; who did so before keeps that subscription.

        Raises:
            ApiRefused: The token is no app's or not for this, or the body names no such type.
        """
        del version
        client_id = admit_app(self._world, SUBSCRIPTIONS_WRITE).client_id
        event_type = _event_type(read_object(request.get_data()))
        return jsonify(self._shown(self._world.lifecycle.subscribe(client_id, event_type)))

    def every(self, version: str) -> Response:
        """All that there are.

        Raises:
            ApiRefused: The token is no app's, or not for this.
        """
        del version
        return jsonify(results=[self._shown(one) for one in self._own()])

    def one(self, version: str, number: str) -> Response:
        """The one of this *number*.

        Raises:
            ApiRefused: The token is no app's or not for this, or there is no such subscription.
        """
        del version
        for one in self._own():
            if str(one.number) == number:
                return jsonify(self._shown(one))
        raise not_found(number)

    def delete(self, version: str, number: str) -> Response:
        """Unsubscribe; the journal keeps what it has.

        Raises:
            ApiRefused: The token is no app's or not for this, or there is no such subscription.
        """
        del version
        client_id = admit_app(self._world, SUBSCRIPTIONS_WRITE).client_id
        for one in self._world.lifecycle.subscriptions(client_id):
            if str(one.number) == number:
                self._world.lifecycle.unsubscribe(client_id, one.number)
                return Response(status=204)
        raise not_found(number)

    def _own(self) -> tuple[Subscription, ...]:
        client_id = admit_app(self._world, SUBSCRIPTIONS_READ).client_id
        return self._world.lifecycle.subscriptions(client_id)

    def _shown(self, one: Subscription) -> dict[str, object]:
        return {
            "id": one.number,
            "appId": self._world.apps[one.client_id].app_id,
            "subscriptionType": KIND,
            "objectTypeId": one.event_type,
            "actions": [EVENT_TYPES[one.event_type]],
            "properties": [],
            "createdAt": written(one.at),
            "updatedAt": written(one.at),
        }


def _event_type(told: dict[str, object]) -> str:
    if told.get("subscriptionType") != KIND:
        raise invalid(f"subscriptionType has to be {KIND}; the simulator knows no other")
    expect("properties", told.get("properties", []), list)
    event_type = told.get("eventTypeId")
    if not isinstance(event_type, str) or event_type not in EVENT_TYPES:
        raise invalid(f"eventTypeId has to be one of: {', '.join(EVENT_TYPES)}")
    return event_type
