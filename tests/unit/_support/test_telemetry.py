"""Spans, where OpenTelemetry is there."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from portalkey._support.telemetry import Span, outcome
from portalkey.broker import Broker
from portalkey.errors import PortalkeyError
from portalkey.model.authorization import Callback, Visitor
from portalkey_simulator import HubSpot
from processes.herd import agreed, connect, expire


class Spans:
    """What an app's exporter was given."""

    def __init__(self) -> None:
        # Here and not above: no other test is to find OpenTelemetry loaded because of these.
        from opentelemetry import trace  # noqa: PLC0415 - see above
        from opentelemetry.sdk.trace import SpanProcessor, TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415
            InMemorySpanExporter,
        )

        spans = self

        class Stumbling(SpanProcessor):  # type: ignore[misc]  # its types are not read
            def on_start(self, span: Any, parent_context: Any = None) -> None:
                if spans.at == "start":
                    raise RuntimeError

            def on_end(self, span: Any) -> None:
                if spans.at == "end":
                    raise RuntimeError

        self.at = ""
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        provider.add_span_processor(Stumbling())
        trace.set_tracer_provider(provider)

    def named(self, name: str) -> Sequence[Any]:
        """The spans of this name that have ended."""
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> Any:
        """The one of this name."""
        (span,) = self.named(name)
        return span


@pytest.fixture(scope="module")
def kept_spans() -> Spans:
    """A process has one provider, for good."""
    return Spans()


@pytest.fixture
def spans(kept_spans: Spans) -> Iterator[Spans]:
    """What ends while the test runs."""
    kept_spans.exporter.clear()
    yield kept_spans
    kept_spans.at = ""


def test_a_journey_has_a_span_for_each_leg(broker: Broker, hubspot: HubSpot, spans: Spans) -> None:
    """Both name the attempt; requests to HubSpot are within the second."""
    begun = broker.begin("ada", "browser")
    agreed(broker, hubspot, begun)

    start, callback = spans.one("portalkey.start"), spans.one("portalkey.callback")
    requests = spans.named("portalkey.hubspot")
    assert start.attributes == {
        "portalkey.attempt_id": begun.attempt.id,
        "portalkey.result": "ok",
    }
    assert callback.attributes == {
        "portalkey.attempt_id": begun.attempt.id,
        "portalkey.result": "connected",
    }
    assert len(requests) == 3
    assert {each.parent.span_id for each in requests} == {callback.context.span_id}
    assert requests[0].attributes == {
        "http.request.method": "POST",
        "server.address": "localhost",
        "url.path": "/oauth/2026-09/token",
        "http.response.status_code": 200,
        "portalkey.result": "ok",
    }
    assert {each.kind.name for each in requests} == {"CLIENT"}
    assert callback.status.is_unset


def test_an_attempt_that_failed_is_an_error(broker: Broker, hubspot: HubSpot, spans: Spans) -> None:
    """By its code, whether it was raised or only written down."""
    begun = broker.begin("ada", "browser")
    no = parse_qsl(urlsplit(hubspot.deny(begun.authorize_url)).query)
    broker.finish(Callback(no, {begun.attempt.id: (begun.cookie,)}, Visitor("ada", "browser")))
    with suppress(PortalkeyError):
        broker.finish(Callback((("state", "unknown"),), {}, Visitor("ada", "browser")))

    both = spans.named("portalkey.callback")
    codes = ["declined", "attempt_mismatch"]
    assert [each.attributes["portalkey.result"] for each in both] == codes
    assert [each.status.description for each in both] == codes


def test_an_attempt_whose_session_came_late_has_two(
    broker: Broker, hubspot: HubSpot, spans: Spans
) -> None:
    """It comes back, is parked, and is finished: both are callbacks of one attempt."""
    begun = broker.begin("ada", "browser")
    back = parse_qsl(urlsplit(hubspot.approve(begun.authorize_url)).query)
    cookies = {begun.attempt.id: (begun.cookie,)}
    parked = broker.finish(Callback(back, cookies, Visitor(None), is_withheld=True))
    broker.attempts.complete(parked, Visitor("ada", "browser"))

    both = spans.named("portalkey.callback")
    assert [each.attributes["portalkey.result"] for each in both] == ["returned", "connected"]
    assert {each.attributes["portalkey.attempt_id"] for each in both} == {parked.id}


def test_a_renewal_is_a_span_around_its_request(
    broker: Broker, hubspot: HubSpot, ahead: Any, spans: Spans
) -> None:
    """Within whatever the app is at, and it names the connection."""
    connect(broker, hubspot, "ada")
    expire(hubspot, ahead)
    spans.exporter.clear()

    with Span("of the app"):
        broker.access_token("ada")

    app, renewal = spans.one("of the app"), spans.one("portalkey.refresh")
    (connection,) = broker.connections("ada")
    assert renewal.parent.span_id == app.context.span_id
    assert spans.one("portalkey.hubspot").parent.span_id == renewal.context.span_id
    assert renewal.attributes == {
        "portalkey.connection_id": connection.id,
        "portalkey.result": "ok",
    }


def test_a_renewal_that_failed_says_why(
    broker: Broker, hubspot: HubSpot, ahead: Any, spans: Spans
) -> None:
    """As a code; the message is for people, and no exception is attached."""
    connect(broker, hubspot, "ada")
    expire(hubspot, ahead)
    hubspot.next_token_refusal("BAD_REFRESH_TOKEN")

    with pytest.raises(PortalkeyError):
        broker.access_token("ada")

    renewal = spans.one("portalkey.refresh")
    assert renewal.attributes["portalkey.result"] == "needs_reconnect"
    assert (renewal.status.status_code.name, renewal.events) == ("ERROR", ())


@pytest.mark.parametrize("at", ["start", "end"])
def test_trouble_in_opentelemetry_breaks_nothing(
    broker: Broker,
    hubspot: HubSpot,
    ahead: Any,
    spans: Spans,
    caplog: pytest.LogCaptureFixture,
    at: str,
) -> None:
    """Whoever processes spans badly hears of it in the log; the caller has a token."""
    connect(broker, hubspot, "ada")
    expire(hubspot, ahead)
    spans.at = at

    assert broker.access_token("ada")
    assert "a span failed" in caplog.text


def test_nothing_secret_is_in_a_span(
    broker: Broker, hubspot: HubSpot, ahead: Any, spans: Spans
) -> None:
    """No token, code, key or state; no owner and no account either."""
    owner = "ada-of-the-canaries"
    connect(broker, hubspot, owner)
    for answer in ({}, {"status": 500}, {"status": 200, "body": b"nonsense"}):
        expire(hubspot, ahead)
        hubspot.next_token_answer(**answer)
        with suppress(PortalkeyError):
            broker.access_token(owner)
        hubspot.next_token_answer(**answer)
        agreed(broker, hubspot, broker.begin(owner, "browser"))
    (held,) = broker.connections(owner)
    open_token = broker.vault.open_access(held).get_secret_value()

    text = "\n".join(span.to_json() for span in spans.exporter.get_finished_spans())

    assert text.count('"portalkey.refresh"') == 3
    forms = [value for asked in hubspot.requests for value in asked.form.values()]
    secrets = [each for each in forms if len(each) > 20]
    secrets += [key.secret.get_secret_value() for key in broker.settings.keys]
    assert len(secrets) > 10
    assert [s for s in (*secrets, open_token, owner, str(held.hub_id)) if s in text] == []


WITHOUT = """
import sys
from portalkey._support.telemetry import Span

with Span("of nobody") as span:
    span.note({"a": 1})
print("opentelemetry" in sys.modules)
"""


def test_where_it_is_not_loaded_it_stays_away() -> None:
    """Nothing of it is imported, and nothing breaks."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("error", "told"),
    [(None, "ok"), (SystemExit("secret"), "interrupted"), (PortalkeyError(), "portalkey_error")],
)
def test_an_outcome_is_a_code(error: BaseException | None, told: str) -> None:
    """Never what an error carries, which may be anything."""
    assert outcome(error) == told
