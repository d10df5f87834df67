"""What is counted, and what never is."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import SecretStr
from werkzeug.test import Client

from portalkey._support.telemetry import Measure, Measured, measured
from portalkey.broker import Broker
from portalkey.errors import PortalkeyError
from portalkey.flask.session_store import SessionStore
from portalkey.hubspot.http import Request, Response, Send
from portalkey.metrics import ENDS, RESULTS, Metrics
from portalkey.model.attempt import AttemptStatus
from portalkey.model.authorization import Callback, Visitor
from portalkey.model.events import Event, EventName, happened
from portalkey.settings import Key, Settings
from portalkey.vault import MemoryStore, SQLStore, Vault
from portalkey_simulator import HubSpot
from processes.herd import agreed, connect, expire

ROOT = Path(__file__).parents[2]


class Scrape:
    """What a scrape says, by name and labels."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def __call__(self, name: str, **labels: str) -> float | None:
        """One number; None where there is none."""
        return self._registry.get_sample_value(f"portalkey_{name}", labels)

    def nonzero(self, name: str, label: str) -> dict[str, float]:
        """All numbers of one counter that are not 0, by its label."""
        families = [each for each in self._registry.collect() if each.name == f"portalkey_{name}"]
        samples = [sample for family in families for sample in family.samples]
        counted = [each for each in samples if each.name.endswith("_total") and each.value]
        return {each.labels[label]: each.value for each in counted}


@pytest.fixture
def registry() -> CollectorRegistry:
    """A registry of the test's own."""
    return CollectorRegistry()


@pytest.fixture
def metrics(broker: Broker, registry: CollectorRegistry) -> Iterator[Metrics]:
    """What counts while the test runs."""
    made = Metrics(broker, registry)
    yield made
    made.close()


@pytest.fixture
def scrape(metrics: Metrics, registry: CollectorRegistry) -> Scrape:
    """What a scrape says now."""
    return Scrape(registry)


def ask(broker: Broker, owner: str = "ada") -> str | None:
    """The token, or None where there is an error of ours."""
    with suppress(PortalkeyError):
        return broker.access_token(owner)
    return None


ANSWERS: dict[str, dict[str, Any]] = {
    "ok": {},
    "needs_reconnect": {"status": 400, "body": {"status": "BAD_REFRESH_TOKEN"}},
    "hubspot_refused": {"status": 400, "body": {"status": "BAD_CLIENT_ID"}},
    "hubspot_unavailable": {"status": 500},
    "rate_limited": {"status": 429},
    "bad_answer": {"status": 200, "body": b"[]"},
}


@pytest.mark.parametrize("result", ANSWERS)
def test_a_renewal_is_counted_by_its_result(
    broker: Broker, hubspot: HubSpot, ahead: Any, scrape: Scrape, result: str
) -> None:
    """Once for each try, by the code of what came of it, with the time it took."""
    connect(broker, hubspot, "ada")
    expire(hubspot, ahead)
    hubspot.next_token_answer(**ANSWERS[result], delay=0.02)

    ask(broker)

    assert scrape.nonzero("refreshes", "result") == {result: 1}
    assert scrape("refresh_seconds_count") == 1
    assert (scrape("refresh_seconds_sum") or 0) >= 0.02


def test_every_failure_is_counted_though_only_one_is_news(
    broker: Broker, hubspot: HubSpot, ahead: Any, scrape: Scrape
) -> None:
    """The audit has one event for a connection that begins to fail; the counter has each try."""
    connect(broker, hubspot, "ada")
    for _ in range(3):
        expire(hubspot, ahead)
        hubspot.next_token_answer(status=423)
        ask(broker)

    assert scrape("refreshes_total", result="hubspot_unavailable") == 3
    assert scrape("events_total", event="refresh_failed") == 1


def test_looks_at_idle_connections_are_counted(
    broker: Broker, hubspot: HubSpot, ahead: Any, scrape: Scrape
) -> None:
    """By what came of them, and no renewal is among them."""
    connect(broker, hubspot, "ada")
    broker.sweep()
    ahead.seconds += 90_000
    broker.sweep()

    assert scrape.nonzero("looks", "outcome") == {"active": 1}
    assert scrape.nonzero("refreshes", "result") == {}


def test_a_renewal_that_came_too_late_is_lost(
    settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot, ahead: Any
) -> None:
    """Where somebody disconnected meanwhile nothing failed, and no token came of it."""
    meanwhile: list[Callable[[], None]] = []

    def through(send: Send) -> Send:
        def sending(request: Request) -> Response:
            response = send(request)
            if request.form.get("grant_type") == "refresh_token":
                meanwhile.pop()()
            return response

        return sending

    slow, registry = make_broker(settings, through), CollectorRegistry()
    connect(slow, hubspot, "ada")
    (connection,) = slow.connections("ada")
    meanwhile.append(lambda: slow.disconnect("ada", connection.id))
    metrics = Metrics(slow, registry)
    expire(hubspot, ahead)

    assert ask(slow) is None
    assert Scrape(registry).nonzero("refreshes", "result") == {"lost": 1}
    metrics.close()


def test_a_key_that_is_missing_is_counted_without_a_time(
    broker: Broker,
    settings: Settings,
    make_broker: Callable[..., Broker],
    hubspot: HubSpot,
    ahead: Any,
    scrape: Scrape,
) -> None:
    """HubSpot was not asked, so there is nothing to time."""
    connect(broker, hubspot, "ada")
    key = Key("other", SecretStr(Fernet.generate_key().decode()))
    other = settings.model_copy(update={"keys": (key,)})
    expire(hubspot, ahead)

    assert ask(make_broker(other)) is None
    assert scrape.nonzero("refreshes", "result") == {"no_key_opens": 1}
    assert scrape("refresh_seconds_count") == 0


def test_only_who_waits_for_a_token_is_timed(
    broker: Broker, hubspot: HubSpot, ahead: Any, scrape: Scrape
) -> None:
    """Opening one is a wait; handing out an open one is none, even where it is looked at again."""
    connect(broker, hubspot, "ada")
    ask(broker)
    assert scrape("token_wait_seconds_count") == 1

    for _ in range(3):
        ahead.seconds += 1  # past the store's pulse
        ask(broker)
    assert scrape("token_wait_seconds_count") == 1

    expire(hubspot, ahead)
    hubspot.next_token_answer(delay=0.2)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: ask(broker), range(4)))
    waited = scrape("token_wait_seconds_count") or 0
    assert 2 <= waited <= 5
    assert (scrape("token_wait_seconds_sum") or 0) >= 0.2


def test_a_wait_in_vain_is_timed(broker: Broker, scrape: Scrape) -> None:
    """An error takes its time, too."""
    assert ask(broker) is None
    assert scrape("token_wait_seconds_count") == 1


def test_attempts_are_counted_by_their_end(
    broker: Broker, hubspot: HubSpot, scrape: Scrape
) -> None:
    """Each once, by its end or the code of what ended it; one that is left lying has none."""
    connect(broker, hubspot, "ada")
    connect(broker, hubspot, "ada")
    broker.attempts.cancel(broker.begin("ada", "browser").attempt)
    left = broker.begin("ada", "another browser").attempt
    assert broker.vault.store.move_attempt(left.id, AttemptStatus.EXPIRED)
    broker.audit.record(EventName.ATTEMPT_EXPIRED, owner="ada", attempt_id=left.id)
    begun = broker.begin("ada", "browser")
    no = parse_qsl(urlsplit(hubspot.deny(begun.authorize_url)).query)
    broker.finish(Callback(no, {begun.attempt.id: (begun.cookie,)}, Visitor("ada", "browser")))
    hubspot.next_token_answer(status=500)
    agreed(broker, hubspot, broker.begin("ada", "browser"))
    hubspot.next_token_refusal("BAD_CLIENT_ID")
    agreed(broker, hubspot, broker.begin("ada", "browser"))
    broker.begin("ada", "browser")
    with suppress(PortalkeyError):
        broker.finish(Callback((("state", "unknown"),), {}, Visitor("ada", "browser")))

    assert scrape.nonzero("attempts", "end") == {
        "connected": 1,
        "reconnected": 1,
        "cancelled": 1,
        "expired": 1,
        "declined": 1,
        "hubspot_unavailable": 1,
        "hubspot_refused": 1,
    }
    assert scrape("events_total", event="attempt_started") == 8
    assert scrape("events_total", event="callback_refused") == 1


def test_what_is_not_known_is_other(scrape: Scrape) -> None:
    """Whatever is sent, there are never more labels than those that are written down."""
    happened.send(Event(EventName.ATTEMPT_FAILED, attempt_id="a", facts={"error": "novel"}))
    happened.send(Event(EventName.ATTEMPT_FAILED, attempt_id="a"))
    measured.send(Measure(Measured.REFRESH, None, "novel"))

    assert scrape.nonzero("attempts", "end") == {"other": 2}
    assert scrape.nonzero("refreshes", "result") == {"other": 1}


def test_every_label_is_there_from_the_start(scrape: Scrape) -> None:
    """The first of anything is a rise from 0, so that an alarm sees it."""
    assert {scrape("refreshes_total", result=each) for each in RESULTS} == {0}
    assert {scrape("attempts_total", end=each) for each in ENDS} == {0}
    assert {scrape("events_total", event=each) for each in EventName} == {0}


def test_gauges_are_what_the_store_says(
    broker: Broker, hubspot: HubSpot, ahead: Any, scrape: Scrape
) -> None:
    """At the moment of the scrape, for every process alike."""
    for owner in ("ada", "eve", "kim"):
        connect(broker, hubspot, owner)
    (gone,) = broker.connections("eve")
    hubspot.stop()
    broker.disconnect("eve", gone.id)
    hubspot.start()
    expire(hubspot, ahead)
    hubspot.next_token_answer(status=500)
    ask(broker)
    ahead.seconds += 500
    assert scrape("connections", status="connected") == 1
    assert scrape("breaker_open") == 0
    for owner in ("ada", "kim"):  # all there are: they open the breaker
        hubspot.next_token_answer(status=500)
        ask(broker, owner)
    expire(hubspot, ahead)

    assert scrape("connections", status="failing") == 2
    assert scrape("connections", status="needs_reconnect") == 0
    assert scrape("connections", status="disconnected") == 1
    assert 2300 <= (scrape("oldest_failing_seconds") or 0) < 2400
    assert scrape("outbox_length") == 1
    assert scrape("breaker_open") == 1
    assert scrape("store_up") == 1


def over(broker: Broker, store: Any) -> Broker:
    """A broker over another *store*."""
    settings = broker.settings
    return Broker(settings, Vault(broker.vault.keyring, store, settings.client_id), broker._send)


def test_a_store_in_trouble_does_not_break_the_scrape(
    broker: Broker, broken_store: SQLStore, registry: CollectorRegistry
) -> None:
    """What it would have said is left out, and the counters are there."""
    metrics, scrape = Metrics(over(broker, broken_store), registry), Scrape(registry)

    assert scrape("store_up") == 0
    assert scrape("connections", status="connected") is None
    assert scrape("outbox_length") is None
    assert scrape("refreshes_total", result="ok") == 0
    metrics.close()


def test_sessions_are_not_counted(broker: Broker, registry: CollectorRegistry) -> None:
    """Nobody knows how many there are, so nothing is said, which is another thing than 0."""
    store = SessionStore(MemoryStore())
    metrics, scrape = Metrics(over(broker, store), registry), Scrape(registry)

    assert scrape("store_up") == 1
    assert scrape("outbox_length") == 0
    assert scrape("connections", status="connected") is None
    assert scrape("oldest_failing_seconds") is None
    assert scrape("breaker_open") is None
    metrics.close()


def test_a_receivers_mistake_breaks_no_renewal(
    broker: Broker, hubspot: HubSpot, ahead: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever listens badly hears of it in the log; the caller has a token."""

    def stumble(measure: Measure) -> None:
        raise RuntimeError

    connect(broker, hubspot, "ada")
    expire(hubspot, ahead)
    with measured.connected_to(stumble):
        assert ask(broker)

    assert "a receiver of refresh failed" in caplog.text


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()])
def test_what_ends_from_outside_is_interrupted(
    settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot, ahead: Any, error: Any
) -> None:
    """A time limit or a stop has no code of ours, whatever it carries itself."""
    heard: list[Measure] = []
    is_on = False

    def through(send: Send) -> Send:
        def sending(request: Request) -> Response:
            if is_on:
                raise error
            return send(request)

        return sending

    stopped = make_broker(settings, through)
    connect(stopped, hubspot, "ada")
    expire(hubspot, ahead)
    is_on = True
    with measured.connected_to(heard.append), pytest.raises(type(error)):
        stopped.access_token("ada")

    assert [(each.name, each.result) for each in heard] == [
        (Measured.REFRESH, "interrupted"),
        (Measured.TOKEN_WAIT, "interrupted"),
    ]


def test_metrics_are_made_once(broker: Broker, registry: CollectorRegistry) -> None:
    """A second time in one registry is refused; once closed, they count no more and make room."""
    metrics = Metrics(broker, registry)
    with pytest.raises(ValueError, match="portalkey_events"):
        Metrics(broker, registry)
    metrics.close()
    happened.send(Event(EventName.REVOKED))

    Metrics(broker, registry)
    assert Scrape(registry)("events_total", event="revoked") == 0


def test_who_keeps_the_registry_need_not_keep_the_metrics(
    broker: Broker, registry: CollectorRegistry
) -> None:
    """One line is enough, though signals hold whoever listens weakly."""
    Metrics(broker, registry)
    happened.send(Event(EventName.REVOKED))

    assert Scrape(registry)("events_total", event="revoked") == 1


def snippets(page: Path) -> list[str]:
    """The Python on a page of the docs."""
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def test_the_page_of_the_docs_does_what_it_says(broker: Broker, hubspot: HubSpot) -> None:
    """Its lines, run as they stand, serve the numbers beside the app, from the default registry."""
    app = Flask("host")
    app.add_url_rule("/", "home", lambda: "home")
    known: dict[str, Any] = {"broker": broker, "app": app}
    for each in snippets(ROOT / "docs/metrics.md"):
        exec(each, known)  # noqa: S102 - our own docs
    connect(broker, hubspot, "ada")

    client = Client(app.wsgi_app)
    assert client.get("/").text == "home"
    page = client.get("/metrics")
    known["metrics"].close()

    assert page.status_code == 200
    assert page.content_type.startswith("text/plain")
    assert 'portalkey_attempts_total{end="connected"} 1.0' in page.text
    assert 'portalkey_connections{status="connected"} 1.0' in page.text


def named(metrics: Metrics, registry: CollectorRegistry) -> set[str]:
    """Every metric there is, as it is asked for."""
    assert metrics
    families = list(registry.collect())
    return {f.name + ("_total" if f.type == "counter" else "") for f in families}


def mentioned(text: str) -> set[str]:
    """Every metric that a text names, whatever part of it."""
    found = set(re.findall(r"\bportalkey_[a-z_]+\b", text))
    return {re.sub(r"_(bucket|sum|count)$", "", each) for each in found}


@pytest.mark.parametrize("page", ["docs/metrics.md", "docs/grafana-dashboard.json"])
def test_docs_and_dashboard_name_what_there_is(
    metrics: Metrics, registry: CollectorRegistry, page: str
) -> None:
    """Every metric, and none that is not there."""
    assert mentioned((ROOT / page).read_text()) == named(metrics, registry)


def test_the_dashboard_asks_for_labels_that_there_are(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    """Each panel asks something, and by labels of that metric only."""
    board = json.loads((ROOT / "docs/grafana-dashboard.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    labels = {label for f in registry.collect() for s in f.samples for label in s.labels}

    assert len(asked) >= len(named(metrics, registry))
    for query in asked:
        for by in re.findall(r"by \(([^)]*)\)", query):
            assert set(by.split(", ")) <= labels, query


def test_nothing_secret_or_endless_is_exposed(
    broker: Broker, hubspot: HubSpot, ahead: Any, metrics: Metrics, registry: CollectorRegistry
) -> None:
    """No token, key or secret; no owner, account, connection or attempt either."""
    owner = "ada-of-the-canaries"
    for answer in ANSWERS.values():
        connect(broker, hubspot, owner)
        expire(hubspot, ahead)
        hubspot.next_token_answer(**answer)
        ask(broker, owner)
        ahead.seconds += 60  # whoever is refused waits
    (held,) = broker.connections(owner)

    text = generate_latest(registry).decode()

    assert 'portalkey_refreshes_total{result="ok"} 1.0' in text
    secrets = [
        value for asked in hubspot.requests for value in asked.form.values() if len(value) > 20
    ]
    secrets += [key.secret.get_secret_value() for key in broker.settings.keys]
    secrets += [owner, str(held.hub_id), held.id, broker.vault.open_access(held).get_secret_value()]
    assert len(secrets) > 10
    assert [each for each in secrets if each in text] == []


TWO_PROCESSES = """
import io, os, sys
from cryptography.fernet import Fernet
from portalkey.broker import Broker
from portalkey.model.events import Event, EventName, happened
from portalkey.metrics import Metrics
from portalkey.settings import Settings
from portalkey.vault import Keyring, MemoryStore, Vault

settings = Settings(client_id="a", client_secret="s", keys="a:" + Fernet.generate_key().decode())
vault = Vault(Keyring(settings.keys), MemoryStore(), "a")
metrics = Metrics(Broker(settings, vault, send=None))
for _ in range(3):
    if not os.fork():
        happened.send(Event(EventName.REVOKED))
        os._exit(0)
    os.wait()
happened.send(Event(EventName.REVOKED))
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
print(b"".join(metrics.wsgi_app(environ, lambda status, headers: None)).decode())
"""


def test_processes_are_added_up(tmp_path: Path) -> None:
    """Counters of all, those that are gone included; gauges once."""
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", TWO_PROCESSES], env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert 'portalkey_events_total{event="revoked"} 4.0' in lines
    assert [line for line in lines if line.startswith("portalkey_store_up")] == [
        "portalkey_store_up 1.0"
    ]


def test_without_the_library_it_says_what_to_install() -> None:
    """As the adapters do; the rest of portalkey goes on without."""
    code = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "import portalkey.broker\n"
        "try: import portalkey.metrics\n"
        "except ImportError as error: print(error.code, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("library_unusable")
    assert "pip install 'portalkey[metrics]'" in done.stdout


def test_nobody_pays_for_what_is_not_used() -> None:
    """Neither Prometheus nor OpenTelemetry is loaded by the broker or the skin."""
    code = (
        "import sys, portalkey.flask; from portalkey import Broker\n"
        "print({'prometheus_client', 'opentelemetry', 'portalkey.metrics'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
