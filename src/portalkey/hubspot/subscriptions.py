"""Subscriptions of an app to its webhooks journal: to installs and uninstalls."""

import json
from collections.abc import Iterable

from pydantic import SecretStr

from portalkey.hubspot import endpoints
from portalkey.hubspot.app import App
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.journal import ACTIONS, EVENT_TYPES, read_objects
from portalkey.hubspot.journal_access import journal_failure
from portalkey.hubspot.json_body import Answer
from portalkey.hubspot.token import api_url

_SUBSCRIPTION = "APP_LIFECYCLE_EVENT"
_OK, _CREATED = 200, 201


def subscriptions_request(settings: App, token: SecretStr) -> Request:
    """Build the request for the app's subscriptions."""
    return Request("GET", api_url(settings, endpoints.JOURNAL_SUBSCRIPTIONS), bearer=token)


def read_subscriptions(response: Response) -> frozenset[str]:
    """Return the types of lifecycle events that the app has subscribed to.

    Raises:
        HubSpotRefused, BadAnswer, RateLimited, HubSpotUnavailable: As ``read_app_token``.
    """
    if response.status != _OK:
        raise journal_failure(response)
    found = set()
    for one in read_objects(Answer.of(response), "results"):
        names = one.get("actions")
        actions = names if isinstance(names, list) else []
        kinds = {ACTIONS[each] for each in actions if isinstance(each, str) and each in ACTIONS}
        kinds |= {EVENT_TYPES[each] for each in _types(one) if each in EVENT_TYPES}
        found |= {each for each, kind in EVENT_TYPES.items() if kind in kinds}
    return frozenset(found)


def _types(one: Answer) -> Iterable[str]:
    named = (one.get("objectTypeId"), one.get("eventTypeId"))
    return [each for each in named if isinstance(each, str)]


def subscribe_request(settings: App, token: SecretStr, event_type: str) -> Request:
    """Build the request that subscribes the app to one of ``EVENT_TYPES``."""
    wanted = {"subscriptionType": _SUBSCRIPTION, "eventTypeId": event_type, "properties": []}
    url = api_url(settings, endpoints.JOURNAL_SUBSCRIPTIONS)
    return Request("POST", url, bearer=token, json=json.dumps(wanted))


def read_subscription(response: Response) -> None:
    """Return if the app is subscribed.

    Raises:
        HubSpotRefused, BadAnswer, RateLimited, HubSpotUnavailable: As ``read_app_token``.
    """
    if response.status not in {_OK, _CREATED}:
        raise journal_failure(response)
    Answer.of(response)
