"""A script that asks HubSpot for one owner's contacts, or says who has to act."""

import requests

from portalkey import Broker, OperatorMustAct, PersonMustAct, TryLater
from portalkey.adapters.requests import RequestsAuth

broker = Broker.from_env()
try:
    with broker.using("42"):
        url = f"{broker.settings.api_url}/crm/v3/objects/contacts"
        answer = requests.get(url, auth=RequestsAuth(broker, "42"), timeout=10)
        answer.raise_for_status()
        print(answer.json())
except PersonMustAct as trouble:
    raise SystemExit(f"The customer has to act: {trouble.for_person()}") from trouble
except OperatorMustAct as trouble:
    raise SystemExit(f"You have to act: {trouble}") from trouble
except TryLater as trouble:
    raise SystemExit(f"Start it again in {trouble.retry_after:.0f} seconds: {trouble}") from trouble
