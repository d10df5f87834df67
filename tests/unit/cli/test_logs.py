"""The standalone app's log, as people and as programs read it."""

import json
import logging

import pytest

from portalkey.broker import Broker
from portalkey.cli.server import create_app
from portalkey.cli.server.logs import JsonFormatter, RequestLog, TextFormatter
from portalkey.cli.server.owners import single
from portalkey.model.events import Event, EventName, happened

ATTEMPT = "A" * 22


@pytest.fixture
def requests(broker: Broker) -> RequestLog:
    """A log of an app whose one owner is Ada."""
    app = create_app(broker, owners=single("ada@example.com"))
    log = RequestLog(app, broker)
    app.test_client().get(
        f"/auth/hubspot/done?attempt={ATTEMPT}&code=secret", base_url=broker.settings.public_url
    )
    return log


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> list:  # type: ignore[type-arg]
    """What was logged of one request and one event."""
    with caplog.at_level(logging.INFO, "portalkey"):
        request.getfixturevalue("requests")
        happened.send(
            Event(EventName.CONNECTED, "ada@example.com", ATTEMPT, "c1", {"hub_id": 4410001})
        )
    # An app of another test may not be collected yet; it has another key.
    owner = request.getfixturevalue("requests").hash_owner("ada@example.com")
    return [each for each in caplog.records if owner in each.getMessage()]


def test_a_request_is_a_line_without_its_query(
    records: list[logging.LogRecord], requests: RequestLog
) -> None:
    """The path, the answer, the time, who and which attempt: no code, no name."""
    line = TextFormatter().format(records[0])

    assert "INFO    portalkey.access: GET /auth/hubspot/done 404" in line
    assert line.endswith(f"owner={requests.hash_owner('ada@example.com')} attempt={ATTEMPT}")
    assert "secret" not in line
    assert "ada@" not in line


def test_what_happens_to_a_connection_is_a_line(
    records: list[logging.LogRecord], requests: RequestLog
) -> None:
    """So that whoever reads the log can tell when somebody was connected, and to what."""
    line = TextFormatter().format(records[-1])
    owner = requests.hash_owner("ada@example.com")

    assert line.endswith(f"connected owner={owner} attempt={ATTEMPT} connection=c1 hub_id=4410001")


def test_a_program_reads_members(records: list[logging.LogRecord], requests: RequestLog) -> None:
    """One object a line; what is known needs no parsing of sentences."""
    request, event = (
        json.loads(JsonFormatter().format(each)) for each in (records[0], records[-1])
    )

    assert (request["path"], request["status"], request["level"]) == (
        "/auth/hubspot/done",
        404,
        "info",
    )
    assert request["time"].endswith("Z")
    assert (event["message"], event["event"], event["hub_id"]) == (
        "connected",
        "connected",
        4410001,
    )
    assert event["owner"] == requests.hash_owner("ada@example.com") != "ada@example.com"


def test_a_traceback_stays_in_its_record() -> None:
    """A line of it is never taken for a line of the log's own."""
    try:
        int("none")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("portalkey", logging.ERROR, "", 0, "stumbled", None, info)

    assert "ValueError" in json.loads(JsonFormatter().format(record))["exception"]
    first, *rest = TextFormatter().format(record).split("\n")
    assert "stumbled" in first
    assert all(line.startswith("    ") for line in rest)
