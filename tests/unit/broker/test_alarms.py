"""Trouble that no caller hears of: in the log, among the events and in the metrics."""

import logging
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry

from portalkey._support.telemetry import Count, Counted, counted
from portalkey.broker import Broker
from portalkey.broker.alarms import AGAIN_SECONDS, NEWS_SECONDS, Alarms
from portalkey.broker.audit import Audit
from portalkey.errors import NotConnected, PortalkeyError, RateLimited, StoreBusy, StoreUnusable
from portalkey.flask import HubSpotAuth
from portalkey.metrics import Metrics
from portalkey.model.events import Event, EventName, happened
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.vault import SQLStore, Vault
from portalkey.vault.health import StoreCause, StoreHealth, with_cause
from portalkey_simulator import HubSpot
from processes.herd import connect
from support.full_disk import Disk, small_disk


@pytest.fixture
def names() -> Iterator[list[str]]:
    """The names of the events of the store, as receivers hear of them."""
    heard: list[str] = []

    def hear(event: Event) -> None:
        if event.name.startswith("store_"):
            heard.append(f"{event.name} {event.facts.get('cause', '')}".strip())

    with happened.connected_to(hear):
        yield heard


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small disk."""
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def on_disk(
    disk: Disk, settings: Settings, make_broker: Callable[[Settings], Broker]
) -> Iterator[Broker]:
    """A broker whose store is on that disk."""
    url = f"sqlite:///{disk.folder / 'portalkey.db'}"
    broker = make_broker(settings.model_copy(update={"database_url": url}))
    yield broker
    disk.make_room()
    broker.close()


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings about the store."""
    said = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    return [each for each in said if "the store is in trouble" in each]


def renew_ahead(broker: Broker, ahead: Ahead) -> None:
    """Ask for a token that is renewed behind the caller's back, and wait for that."""
    ahead.seconds += 6
    assert broker.access_token("ada")
    broker._refresh._background.join()
    broker._alarms.close()


def test_a_full_disk_is_an_alarm_long_before_a_token_ends(
    on_disk: Broker,
    disk: Disk,
    hubspot: HubSpot,
    ahead: Ahead,
    names: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once in the log, as an event, and in the metrics; and once it is over."""
    registry = CollectorRegistry()
    metrics = Metrics(on_disk, registry)
    connect(on_disk, hubspot, "ada")
    on_disk.access_token("ada")
    assert registry.get_sample_value("portalkey_store_up") == 1
    disk.fill()
    ahead.seconds += 1600
    hubspot.clock.move(1600)
    for _ in range(3):
        renew_ahead(on_disk, ahead)

    failed = {"result": "store_unusable"}
    assert len(warnings_of(caplog)) == 1
    assert names[0] in {"store_failed disk_full", "store_failed disk_error"}
    assert len(names) == 1
    assert (registry.get_sample_value("portalkey_refreshes_total", failed) or 0) >= 1
    assert registry.get_sample_value("portalkey_store_up") == 0
    disk.make_room()
    renew_ahead(on_disk, ahead)

    assert registry.get_sample_value("portalkey_store_up") == 1
    on_disk._alarms.close()
    assert names[1:] == ["store_recovered"]
    assert "store_recovered" in [each.name for each in on_disk.vault.store.events()]
    metrics.close()


def test_room_is_noticed_at_a_scrape_though_nobody_writes(
    on_disk: Broker, disk: Disk, hubspot: HubSpot
) -> None:
    """What was full is tried again where somebody asks how the store is."""
    connect(on_disk, hubspot, "ada")
    on_disk.access_token("ada")
    disk.fill()
    with pytest.raises(StoreUnusable):
        on_disk.vault.store.record(Event(EventName.CONNECTED))
    assert not on_disk.is_store_well()
    disk.make_room()

    assert on_disk.is_store_well()


def test_a_route_logs_the_cause(
    broker: Broker, broken_store: SQLStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Each request in a line, as information; the one warning says what to do."""
    settings = broker.settings
    vault = Vault(broker.vault.keyring, broken_store, settings.client_id)
    broken, app = Broker(settings, vault, broker._send), Flask("broken")
    app.secret_key = secrets.token_hex(16)
    HubSpotAuth(app, broken, owner=lambda: "ada")
    with caplog.at_level(logging.INFO, "portalkey"):
        answers = [app.test_client().get("/api/hubspot/status").status_code for _ in range(3)]
    broken.close()

    lines = [each.getMessage() for each in caplog.records]
    assert answers == [503] * 3
    said = "status could not be answered: StoreUnusable store_unusable, missing: "
    assert sum(x.startswith(said) for x in lines) == 3
    assert len(warnings_of(caplog)) == 1


class Moment:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        """The moment."""
        return self.now


@pytest.fixture
def moment() -> Moment:
    """The clock of the alarms."""
    return Moment()


@pytest.fixture
def alarms(broker: Broker, moment: Moment) -> Alarms:
    """Alarms over a store that is well."""
    return Alarms(Audit(broker.vault), clock=moment)


LOCKED = with_cause(StoreBusy(), StoreCause.LOCKED)


def test_what_lasts_is_told_again_after_a_while(
    alarms: Alarms, moment: Moment, caplog: pytest.LogCaptureFixture
) -> None:
    """Not with every call; another cause is another matter."""
    for seconds in (0, 1, AGAIN_SECONDS - 2):
        moment.now += seconds
        alarms.hear(LOCKED)
    assert len(warnings_of(caplog)) == 1
    alarms.hear(with_cause(StoreBusy(), StoreCause.SERVER_FULL))
    assert len(warnings_of(caplog)) == 2
    moment.now += AGAIN_SECONDS
    alarms.hear(LOCKED)

    assert len(warnings_of(caplog)) == 3
    alarms.close()


def test_what_comes_and_goes_is_told_once_a_minute(
    alarms: Alarms, moment: Moment, names: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """And that it is over is told as often as that it came."""
    for _ in range(5):
        alarms.hear(LOCKED)
        alarms.hear(None)
    assert len(warnings_of(caplog)) == 1
    moment.now += NEWS_SECONDS
    alarms.hear(LOCKED)
    alarms.close()

    assert len(warnings_of(caplog)) == 2
    assert sorted(names) == ["store_failed locked", "store_failed locked", "store_recovered"]


def test_each_row_is_a_matter_of_its_own(
    alarms: Alarms, names: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """And none is healed because the store works."""
    for row in ("one", "two", "two"):
        alarms.hear(with_cause(StoreUnusable(row), StoreCause.BAD_ROW))
    alarms.hear(None)
    alarms.close()

    assert len(warnings_of(caplog)) == 2
    assert names == ["store_failed bad_row"] * 2


@pytest.mark.parametrize(
    ("trouble", "told"), [(RateLimited(), 1), (StoreBusy(), 1), (NotConnected(), 0)]
)
def test_work_in_the_background_that_ends_in_trouble_is_told_once(
    alarms: Alarms, caplog: pytest.LogCaptureFixture, trouble: PortalkeyError, told: int
) -> None:
    """Unless it is the person's matter, who hears of it when they come."""
    for _ in range(3):
        alarms.report(trouble)

    assert sum("ended in trouble" in each.getMessage() for each in caplog.records) == told


def test_a_writers_trouble_is_over_once_something_is_written() -> None:
    """A full disk can be read."""
    health, heard = StoreHealth(), list[PortalkeyError | None]()
    health.listen(heard.append)
    health.note_success(is_writing=True)
    health.note_trouble(LOCKED, is_writing=True)
    health.note_success()
    assert health.trouble is LOCKED
    health.note_success(is_writing=True)
    health.note_trouble(LOCKED)
    health.note_success()

    assert health.trouble is None
    assert heard == [LOCKED, None, LOCKED, None]


def test_grants_that_are_in_memory_only_are_counted(
    on_disk: Broker, disk: Disk, hubspot: HubSpot, ahead: Ahead
) -> None:
    """As long as the store does not take them."""
    numbers: list[int] = []

    def hear(count: Count) -> None:
        if count.name is Counted.UNSAVED:
            numbers.append(count.number)

    connect(on_disk, hubspot, "ada")
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    send = on_disk._refresh._token_request._send

    def fill_meanwhile(request: object) -> object:
        answer = send(request)  # type: ignore[arg-type]
        disk.fill()
        return answer

    on_disk._refresh._token_request._send = fill_meanwhile  # type: ignore[assignment]
    with counted.connected_to(hear):
        with pytest.raises(StoreUnusable):
            on_disk.access_token("ada")
        disk.make_room()
        on_disk._refresh._background.join()
        on_disk.send_owed()

    assert (numbers[0], numbers[-1]) == (1, 0)
