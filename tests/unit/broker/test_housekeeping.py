"""What is too old is forgotten on the side, and nobody waits for it."""

from typing import Any

from portalkey.broker import Broker
from portalkey.broker.counters import Counters
from portalkey.broker.housekeeping import BITE, MOST_BITES, Housekeeping
from portalkey.model.events import EventName
from portalkey.testing.samples import new_attempt
from portalkey.vault import MemoryStore, Vault

DAY = 86400


def test_the_minute_job_forgets_what_is_old(broker: Broker, ahead: Any) -> None:
    """Bite by bite, to its end, whoever calls it."""
    store = broker.vault.store
    attempts = [new_attempt(store).id for _ in range(BITE + 1)]
    broker.audit.record(EventName.HUBSPOT_REFUSED)
    ahead.seconds += 399 * DAY
    broker.send_owed()
    assert [store.attempt(each) for each in attempts] == [None] * (BITE + 1)
    assert store.events()

    ahead.seconds += 2 * DAY
    broker.send_owed()

    assert not store.events()


def test_a_process_that_only_begins_attempts_keeps_house(broker: Broker, ahead: Any) -> None:
    """Within a minute, in the background."""
    store = broker.vault.store
    old = new_attempt(store).id
    ahead.seconds += 31 * DAY

    broker.begin("ada", "browser")
    broker.close()  # waits for what goes on in the background

    assert store.attempt(old) is None


def test_what_is_left_waits_for_the_next_time(broker: Broker) -> None:
    """However much there is, nobody's minute job goes on without end."""

    class Endless(MemoryStore):
        """A store with ever more to forget."""

        purged = 0

        def purge(self, _: int, *, events_days: int) -> bool:
            """Forget some of it; there is more."""
            self.purged += bool(events_days)
            return True

    store = Endless()
    vault = Vault(broker.vault.keyring, store, broker.settings.client_id)
    parts = (Counters(broker.vault), broker._refresh.lease_owner, broker._clock)
    Housekeeping(broker.settings, vault, *parts).run()

    assert store.purged == MOST_BITES
