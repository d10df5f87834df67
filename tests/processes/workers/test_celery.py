"""Celery: the example's own tasks, in a real pool over a real Redis."""

import subprocess
from collections.abc import Callable, Iterator

import pytest
from celery.result import AsyncResult

from portalkey.broker import Broker
from portalkey.errors import HubSpotRefused, NotConnected
from portalkey_simulator import HubSpot
from processes.workers.workshop import (
    DELAY,
    LONG,
    NEAR_END,
    REFUSAL,
    Connect,
    Workshop,
    celery_client,
    has_heard,
    kill_children,
    until,
)
from support.patience import PATIENCE

pytest_plugins = ("support.redis_server",)

AT_ONCE = 8
PARTING = 3.0
"""Seconds that HubSpot takes: for more than Celery needs to stop."""
Send = Callable[..., AsyncResult]


@pytest.fixture(scope="module")
def worker(workshop: Workshop) -> Iterator["subprocess.Popen[bytes]"]:
    """Celery, at work."""
    with workshop.celery() as process:
        yield process


@pytest.fixture
def send(workshop: Workshop, worker: object) -> Iterator[Send]:
    """Gives Celery a task to do for an owner."""
    with celery_client(workshop.celery_url) as send:
        yield send


def test_tasks_at_once_send_one_request(
    workshop: Workshop,
    send: Send,
    hubspot: HubSpot,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """A broker made before Celery's pool forked keeps its children to one request."""
    hub_id = connect_earlier("ada")
    hubspot.next_token_answer(delay=DELAY)

    details = [task.get(PATIENCE) for task in [send("ada") for _ in range(AT_ONCE)]]

    assert {each["portalId"] for each in details} == {hub_id}
    assert asked() == 1
    # A child logs that it has done a task after it has stored what came of it.
    until(lambda: len(workshop.children) == 2)


def test_a_task_waits_until_hubspot_is_back(
    workshop: Workshop,
    send: Send,
    hubspot: HubSpot,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """It is sent again for when the error says, and does its work then."""
    hub_id = connect_earlier("bob")
    hubspot.next_token_answer(503)

    task = send("bob")

    assert task.get(PATIENCE)["portalId"] == hub_id
    assert asked() == 2
    assert f"{task.id}] retry: Retry in 1.0s" in workshop.log


def test_a_task_waits_for_a_person(
    send: Send,
    hubspot: HubSpot,
    broker: Broker,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """Nothing is tried again, and what it leaves says why, and where to reconnect."""
    hubspot.uninstall(connect_earlier("cleo", account=1))
    (connection,) = broker.connections("cleo")

    left, never_connected = send("cleo").get(PATIENCE), send("nobody").get(PATIENCE)

    assert left["waits_for"] == "cleo"
    assert never_connected["why"] == NotConnected().for_person()
    assert left["reconnect_url"].endswith(f"/connections/setup?reconnect={connection.id}")
    assert asked() == 1


def test_a_task_fails_where_the_operator_must_act(
    workshop: Workshop,
    send: Send,
    hubspot: HubSpot,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """Nothing is tried again, and somebody is called."""
    connect_earlier("dora")
    hubspot.next_token_refusal(REFUSAL)

    with pytest.raises(HubSpotRefused, match=REFUSAL):
        send("dora").get(PATIENCE)

    assert asked() == 1
    assert "CRITICAL" in workshop.log


def test_a_task_outlives_its_process(
    worker: "subprocess.Popen[bytes]",
    send: Send,
    hubspot: HubSpot,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """Killed while it renews the token, it is done by another process, without waiting."""
    hub_id = connect_earlier("eve")
    hubspot.next_token_answer(delay=LONG)
    task = send("eve")
    until(lambda: has_heard(hubspot))

    kill_children(worker)

    assert task.get(PATIENCE)["portalId"] == hub_id
    assert asked() == 1  # the dead one's is not answered yet, and so not counted


def test_celery_ends_after_its_renewals(
    workshop: Workshop,
    send: Send,
    hubspot: HubSpot,
    broker: Broker,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """What a child renews in the background is kept before it leaves."""
    connect_earlier("finn", NEAR_END)
    hubspot.next_token_answer(delay=PARTING)

    with workshop.celery("last"):
        send("finn", queue="last").get(PATIENCE)
        until(lambda: has_heard(hubspot))
        assert asked() == 0

    (connection,) = broker.connections("finn")
    assert connection.seconds_left > NEAR_END
