"""Where the time of one renewal goes: every call of store, keyring and wire, watched."""

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, cast

from bench.place import OWNER, Place, leave, make_broker
from portalkey.broker import Broker
from portalkey.hubspot.client import HubSpotClient
from portalkey.vault import Keyring, SQLStore, Vault

ALL = "all of it"


@dataclass(slots=True)
class Spent:
    """How often, how many seconds it took, and in how many of them its thread was at work."""

    calls: float = 0.0
    seconds: float = 0.0
    cpu: float = 0.0

    def by(self, times: int) -> "Spent":
        """The mean of so many *times*."""
        return Spent(self.calls / times, self.seconds / times, self.cpu / times)


class Watched:
    """Stands before an object, and adds up what each of its methods takes."""

    def __init__(self, watched: object, name: str, spent: dict[str, Spent]) -> None:
        """Add up what is *spent* under ``NAME.method``."""
        self._watched = watched
        self._name = name
        self._spent = spent

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is
        found = getattr(self._watched, name)
        if not callable(found):
            return found

        def call(*arguments: object, **named: object) -> object:
            began, cpu = time.perf_counter(), time.thread_time()
            try:
                return found(*arguments, **named)
            finally:
                spent = self._spent[f"{self._name}.{name}"]
                spent.calls += 1
                spent.seconds += time.perf_counter() - began
                spent.cpu += time.thread_time() - cpu

        return call


def of_a_renewal(place: Place, times: int) -> dict[str, Spent]:
    """What is spent on each part of one renewal at *place*, the mean of so many *times*."""
    spent: dict[str, Spent] = defaultdict(Spent)
    settings = place.settings
    store = SQLStore.open(settings.database_url)
    keyring = cast("Keyring", Watched(Keyring(settings.keys), "keyring", spent))
    vault = Vault(keyring, cast("SQLStore", Watched(store, "store", spent)), settings.client_id)
    wire = HubSpotClient()
    send = cast("HubSpotClient", Watched(wire, "wire", spent)).send
    broker = Broker(settings, vault, send, close=wire.close)
    plain = make_broker(place)
    watched = Watched(broker, ALL, spent).access_token
    broker.access_token(OWNER)
    for number in range(times + 1):
        if number == 1:  # the first one opens what is kept open
            spent.clear()
        leave(plain, -1.0)
        broker._tokens.clear()
        watched(OWNER)
    broker.close()
    plain.close()
    dearest = sorted(spent.items(), key=lambda item: -item[1].seconds)
    return {name: each.by(times) for name, each in dearest}
