"""The standalone app's log, as people and as programs read it."""

import json
import logging

import pytest

from portalkey.broker import Broker
from portalkey.cli.owner_hash import HashOwner, hashes_of, make_hash
from portalkey.cli.server import create_app
from portalkey.cli.server.logs import JsonFormatter, TextFormatter, log_requests
from portalkey.cli.server.owners import single
from portalkey.model.events import Event, EventName

ATTEMPT = "A" * 22


@pytest.fixture
def hash_owner(broker: Broker) -> HashOwner:
    """Names an owner in the log of this broker's app."""
    return make_hash(broker)


@pytest.fixture
def records(
    broker: Broker, hash_owner: HashOwner, caplog: pytest.LogCaptureFixture
) -> list[logging.LogRecord]:
    """What was logged of one request of Ada's, and of one event."""
    app = create_app(broker, owners=single("ada@example.com"))
    log_requests(app, hash_owner)
    with caplog.at_level(logging.INFO, "portalkey"):
        app.test_client().get(
            f"/auth/hubspot/done?attempt={ATTEMPT}&code=secret", base_url=broker.settings.public_url
        )
        broker.audit.announce(
            Event(EventName.CONNECTED, "ada@example.com", ATTEMPT, "c1", {"hub_id": 4410001})
        )
    return caplog.records


def test_a_request_is_a_line_without_its_query(
    records: list[logging.LogRecord], hash_owner: HashOwner
) -> None:
    """The path, the answer, the time, who and which attempt: no code, no name."""
    line = TextFormatter(hash_owner).format(records[0])

    assert "INFO    portalkey.access: GET /auth/hubspot/done 404" in line
    assert line.endswith(f"owner={hash_owner('ada@example.com')} attempt={ATTEMPT}")
    assert "secret" not in line


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_links_secret_is_in_no_line(
    broker: Broker,
    hash_owner: HashOwner,
    caplog: pytest.LogCaptureFixture,
    formatter: logging.Formatter,
) -> None:
    """Neither as somebody opens it, nor as they go on, nor where it is over."""
    app, link = create_app(broker, owners=single("ada")), broker.invite("ada").link
    log_requests(app, hash_owner)
    secret, url = link.partition("?link=")[2], broker.settings.public_url
    own = {"Origin": url, "Sec-Fetch-Site": "same-origin", "Referer": link}
    form = {"link": secret, "answer": "yes"}
    with caplog.at_level(logging.DEBUG):
        client = app.test_client()
        opened = [client.get(link)]
        opened += [client.post("/auth/hubspot/invite", data=form, headers=own, base_url=url)]
        opened += [app.test_client().get(link), client.put(link), client.get(f"{link}x")]
    lines = [formatter.format(each) for each in caplog.records]

    assert [each.status_code for each in opened] == [200, 303, 403, 405, 410]
    assert len([each for each in lines if "/auth/hubspot/invite" in each]) == len(opened)
    assert [each for each in lines if secret in each] == []


def test_what_happens_to_a_connection_is_a_line(
    records: list[logging.LogRecord], hash_owner: HashOwner
) -> None:
    """So that whoever reads the log can tell when somebody was connected, and to what."""
    line = TextFormatter(hash_owner).format(records[-1])
    owner = hash_owner("ada@example.com")

    assert line.endswith(f"connected owner={owner} attempt={ATTEMPT} connection=c1 hub_id=4410001")


def test_a_program_reads_members(records: list[logging.LogRecord], hash_owner: HashOwner) -> None:
    """One object a line; what is known needs no parsing of sentences."""
    formatter = JsonFormatter(hash_owner)
    request, event = (json.loads(formatter.format(each)) for each in (records[0], records[-1]))

    assert (request["path"], request["status"]) == ("/auth/hubspot/done", 404)
    assert request["time"].endswith("Z")
    assert (event["event"], event["hub_id"], event["level"]) == ("connected", 4410001, "info")
    assert event["owner"] == hash_owner("ada@example.com") != "ada@example.com"


def test_an_owner_has_one_name_under_one_key(broker: Broker, hash_owner: HashOwner) -> None:
    """Whoever reads logs can follow one owner; two are told apart."""
    assert make_hash(broker)("ada") == hash_owner("ada") != hash_owner("ben")


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


def test_an_owner_is_found_in_the_log_by_either_key(broker: Broker, hash_owner: HashOwner) -> None:
    """The hash is the log's; after a rotation the older key's stands in older lines."""
    assert hashes_of(broker, "ada")[0] == hash_owner("ada")
    assert len(hashes_of(broker, "ada")) == len(broker.settings.keys)
