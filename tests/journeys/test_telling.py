"""Whoever runs the app sees what receivers hear of, sends it again, and forgets who is gone."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event as Stop

import pytest
from click.testing import CliRunner, Result

from portalkey.broker import Broker
from portalkey.broker.delivery import KEEP_SECONDS
from portalkey.broker.health import check_notifications
from portalkey.cli.group import cli
from portalkey.model.findings import State
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from support.environment import environment_of
from support.peer import Peer, http

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
DAY = 86400.0


@pytest.fixture
def receiver() -> Iterator[Peer]:
    """The app's own receiver; what stands in ``answers`` comes first."""
    answers: list[bytes] = []

    def answer(connection: socket.socket, _: Stop) -> None:
        connection.sendall(answers.pop(0) if answers else http(204, ""))

    with ExitStack() as stack:
        peer = stack.enter_context(Peer(answer))
        peer.answers = answers  # type: ignore[attr-defined]
        yield peer


@pytest.fixture
def settings(settings: Settings, receiver: Peer) -> Settings:
    """Those of an app that is told."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    told = {"webhook_url": f"{receiver.url}/hooks", "webhook_secrets": SECRET}
    return Settings(**values | told)


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> Callable[..., Result]:
    """Runs a command over the app's settings, in this process."""
    env_file = tmp_path / "app.env"
    lines = [f"{name}={value}\n" for name, value in environment_of(settings).items()]
    env_file.write_text("".join(lines))

    def invoke(*arguments: str, answer: str = "") -> Result:
        ours = {name: None for name in os.environ if name.startswith(("PORTALKEY_", "HUBSPOT_"))}
        options = ["--env-file", str(env_file)]
        return CliRunner().invoke(cli, [*arguments, *options], input=answer, env=ours)

    return invoke


def ids_at(peer: Peer) -> list[str]:
    """The ids that came over the wire."""
    lines = [line for request in peer.requests for line in request.decode().split("\r\n")]
    return [line.partition(": ")[2] for line in lines if line.startswith("webhook-id: ")]


def test_an_event_is_sent_again_by_its_id(
    run: Callable[..., Result], broker: Broker, hubspot: HubSpot, receiver: Peer
) -> None:
    """The id is in the list, in each of its forms; it is the one that receivers have seen."""
    broker.announce()
    connect(broker, hubspot, "ada")
    broker.notify()
    told = [json.loads(line) for line in run("events", "--json").stdout.splitlines()]
    event_id = next(each["id"] for each in told if each["name"] == "connected")
    assert f"id={event_id}" in run("events").stdout
    assert event_id in run("events", "--csv").stdout

    done = run("events", "resend", event_id)
    assert done.stdout == "Owed to 1 receiver; 1 went from here at once.\n", done.output
    assert ids_at(receiver) == [event_id] * 2
    other = next(each["id"] for each in told if each["name"] == "attempt_started")
    for unknown in (other, "evt_1_1", "nonsense"):
        wrong = run("events", "resend", unknown)
        assert (wrong.exit_code, wrong.stdout) == (1, "")
        assert "There is no event" in wrong.stderr


def test_work_tells_what_waits(
    run: Callable[..., Result], broker: Broker, hubspot: HubSpot, receiver: Peer
) -> None:
    """Once, and says so, to people and to programs."""
    broker.announce()
    receiver.answers.append(http(500))  # type: ignore[attr-defined]
    connect(broker, hubspot, "ada")
    broker.close()
    assert len(receiver.requests) == 1
    store, app = broker.vault.store, broker.settings.client_id
    (event,) = [each for each in store.events() if each.name == "connected"]
    assert run("events", "resend", event.id or "").exit_code == 0
    assert json.loads(run("work", "--once", "--json").stdout)["notified"] == 0

    connect(broker, hubspot, "grace")
    broker.close()
    for each in store.due_notifications(app, "webhook", 9):
        store.complete_notification(each)
    broker.disconnect("grace", broker.connections("grace")[0].id)
    broker.close()
    assert set(ids_at(receiver)) == {
        each.id for each in store.events() if each.name in {"connected", "disconnected"}
    }


def test_a_receiver_that_is_gone_is_told_of_and_forgotten(
    run: Callable[..., Result], broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """The doctor names it and the command; one that a process has is not forgotten."""
    store, app = broker.vault.store, broker.settings.client_id
    store.add_receivers(app, ["billing"])
    assert check_notifications(store, app).state is State.OK
    connect(broker, hubspot, "ada")
    on_its_way = check_notifications(store, app)
    assert on_its_way.state is State.OK
    assert "billing" in on_its_way.sentence  # the webhook, too, once this process has begun
    assert "events on their way: 1, the oldest " in on_its_way.sentence
    lives = run("events", "forget", "billing", "--yes")
    assert (lives.exit_code, "A process had the receiver billing" in lives.stderr) == (1, True)

    ahead.passes(7200)
    store.add_receivers(app, ["billing"])
    late = check_notifications(store, app)
    assert late.state is State.WARNING
    assert "The receiver billing has still to hear of 1 event," in late.sentence
    assert KEEP_SECONDS == 5 * DAY
    assert "five days" in late.to_do
    ahead.passes(2 * DAY)
    silent = check_notifications(store, app)
    assert "no process that runs has this receiver" in silent.sentence
    assert "portalkey events forget billing" in silent.to_do


def test_forgetting_asks_first(
    run: Callable[..., Result], broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """And says what is dropped; a name that is not known is named, with those that are."""
    store, app = broker.vault.store, broker.settings.client_id
    ahead.passes(-7200)
    store.add_receivers(app, ["billing"])
    connect(broker, hubspot, "ada")
    ahead.passes(7200)
    unknown = run("events", "forget", "nobody", "--yes")
    assert (unknown.exit_code, "known: billing" in unknown.stderr) == (1, True)

    kept = run("events", "forget", "billing", answer="n\n")
    assert (kept.exit_code, "drop 1" in kept.stderr) == (1, True)
    done = run("events", "forget", "billing", answer="y\n")
    assert done.stdout == "Forgotten: billing; dropped: 1.\n", done.output
    assert "billing" not in store.receivers(app)
