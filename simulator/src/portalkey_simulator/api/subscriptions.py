"""Subscriptions to the webhooks journal: for installs and uninstalls, and nothing else here."""

from flask import Response, jsonify, request

from portalkey_simulator.api.bearer import admit_app
from portalkey_simulator.api.error_responses import format_moment, not_found_error, validation_error
from portalkey_simulator.api.grants import SUBSCRIPTIONS_READ, SUBSCRIPTIONS_WRITE
from portalkey_simulator.api.json_body import expect, read_object
from portalkey_simulator.world import World
from portalkey_simulator.world.lifecycle import EVENT_TYPES, Subscription

KIND = "APP_LIFECYCLE_EVENT"


class Subscriptions:
    """The subscriptions of the app that asks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, version: str) -> Response:
        """Subscribe to one type of event; who did so before keeps that subscription.

        Raises:
            ApiRefused: The token is no app's or not for this, or the body names no such type.
        """
        del version
        client_id = admit_app(self._world, SUBSCRIPTIONS_WRITE).client_id
        event_type = _read_event_type(read_object(request.get_data()))
        return jsonify(self._serialize(self._world.lifecycle.subscribe(client_id, event_type)))

    def list_all(self, version: str) -> Response:
        """List all of them.

        Raises:
            ApiRefused: The token is no app's, or not for this.
        """
        del version
        return jsonify(results=[self._serialize(one) for one in self._list_own()])

    def show(self, version: str, number: str) -> Response:
        """Show the one of this *number*.

        Raises:
            ApiRefused: The token is no app's or not for this, or there is no such subscription.
        """
        del version
        for one in self._list_own():
            if str(one.number) == number:
                return jsonify(self._serialize(one))
        raise not_found_error(number)

    def delete(self, version: str, number: str) -> Response:
        """Unsubscribe; the journal keeps what it has.

        Raises:
            ApiRefused: The token is no app's or not for this, or there is no such subscription.
        """
        del version
        client_id = admit_app(self._world, SUBSCRIPTIONS_WRITE).client_id
        for one in self._world.lifecycle.list_subscriptions(client_id):
            if str(one.number) == number:
                self._world.lifecycle.unsubscribe(client_id, one.number)
                return Response(status=204)
        raise not_found_error(number)

    def delete_of_portal(self, version: str, portal: str) -> Response:
        """End the subscriptions that are for one account: of those here none is.

        Raises:
            ApiRefused: The token is no app's or not for this, or *portal* is no account's number.
        """
        del version
        admit_app(self._world, SUBSCRIPTIONS_WRITE)
        if not (portal.isascii() and portal.isdecimal()):
            raise validation_error("portalId has to be a whole number")
        return Response(status=204)

    def _list_own(self) -> tuple[Subscription, ...]:
        client_id = admit_app(self._world, SUBSCRIPTIONS_READ).client_id
        return self._world.lifecycle.list_subscriptions(client_id)

    def _serialize(self, one: Subscription) -> dict[str, object]:
        return {
            "id": one.number,
            "appId": self._world.apps[one.client_id].app_id,
            "subscriptionType": KIND,
            "objectTypeId": one.event_type,
            "actions": [EVENT_TYPES[one.event_type]],
            "properties": [],
            "createdAt": format_moment(one.at),
            "updatedAt": format_moment(one.at),
        }


def _read_event_type(body: dict[str, object]) -> str:
    if body.get("subscriptionType") != KIND:
        raise validation_error(f"subscriptionType has to be {KIND}; the simulator knows no other")
    expect("properties", body.get("properties", []), list)
    event_type = body.get("eventTypeId")
    if not isinstance(event_type, str) or event_type not in EVENT_TYPES:
        raise validation_error(f"eventTypeId has to be one of: {', '.join(EVENT_TYPES)}")
    return event_type
