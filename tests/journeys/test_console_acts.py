"""Acts of operators in the console: asked about first, done once, and in the audit by name."""

from typing import Any

import pytest
from flask import Flask
from flask_wtf.csrf import CSRFProtect

from portalkey.broker import Broker
from portalkey.flask import HubSpotConsole
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.testing import Ahead
from portalkey.testing.account import connect as connect_account
from portalkey.testing.samples import connect
from portalkey_simulator import HubSpot
from support.operating import live_a_while
from support.operating_console import Operator, host_app, words


@pytest.fixture
def rows(broker: Broker, ahead: Ahead) -> dict[str, Connection]:
    """Connections that have seen something, by owner."""
    return live_a_while(broker, ahead, days=1)


@pytest.fixture
def app(broker: Broker) -> Flask:
    """A host app."""
    return host_app(broker)


@pytest.fixture
def operator(app: Flask, broker: Broker) -> Operator:
    """Grace, who may."""
    return Operator(app, broker)


def connect_ada(broker: Broker, hubspot: HubSpot) -> Connection:
    """Ada's connection, which HubSpot knows of."""
    connect_account(broker, hubspot, "ada", 4410001)
    (row,) = broker.connections("ada")
    return row


def events_of(broker: Broker, name: EventName) -> list[Event]:
    """What the audit has of this name."""
    return [each for each in broker.find_events(limit=1000).events if each.name is name]


def test_a_disconnection_is_asked_about_and_names_the_operator(
    operator: Operator, broker: Broker, hubspot: HubSpot
) -> None:
    """A page says what it means; then it is done, and the audit and the timeline say by whom."""
    row = connect_ada(broker, hubspot)
    path = f"/connections/{row.id}/disconnect"
    assert "Disconnect harbourpine.example?" in operator.get(path).text
    assert broker.access_token("ada")

    done = operator.confirm(path)

    assert done.headers["Location"] == f"/console/connections/{row.id}?done=disconnected"
    assert broker.connections("ada") == []
    assert sum(asked.path.endswith("/token/revoke") for asked in hubspot.requests) == 1
    (event,) = events_of(broker, EventName.DISCONNECTED)
    assert (event.facts["operator"], event.owner) == ("grace", "ada")
    timeline = operator.page(done.headers["Location"])
    assert "It is disconnected." in words(timeline.select_one("[role=status]"))
    assert "by grace" in words(timeline.select_one("ol.pc-line"))


def test_two_operators_at_once(
    app: Flask, broker: Broker, hubspot: HubSpot, operator: Operator
) -> None:
    """The second reads that it was done already, and the audit has it once."""
    row = connect_ada(broker, hubspot)
    path = f"/connections/{row.id}/disconnect"
    other = Operator(app, broker, "alan")
    forms = operator.form(path), other.form(path)

    first, second = operator.post(path, forms[0]), other.post(path, forms[1])

    assert first.headers["Location"].endswith("?done=disconnected")
    assert second.headers["Location"].endswith("?done=already")
    assert "already, maybe by somebody else" in other.get(second.headers["Location"]).text
    assert other.get(path).headers["Location"].endswith("?done=already")
    (event,) = events_of(broker, EventName.DISCONNECTED)
    assert event.facts["operator"] == "grace"


def test_the_app_is_taken_out_of_an_account(
    operator: Operator, broker: Broker, hubspot: HubSpot
) -> None:
    """It is said whom that ends it for, and the account's number has to be typed."""
    row = connect_ada(broker, hubspot)
    connect_account(broker, hubspot, "eve", 4410001)
    path = f"/connections/{row.id}/uninstall"
    assert "1 other owner here" in operator.get(path).text

    wrong = operator.confirm(path, typed="yes")
    assert (wrong.status_code, "Nothing was done" in wrong.text) == (400, True)
    assert not [asked for asked in hubspot.requests if asked.method == "DELETE"]
    done = operator.confirm(path, typed="4410001")

    assert done.headers["Location"].endswith("?done=uninstalled")
    assert [each.status for each in broker.connections("eve")] == [ConnectionStatus.NEEDS_RECONNECT]
    (event,) = events_of(broker, EventName.UNINSTALLED)
    assert event.facts == {"hub_id": 4410001, "operator": "grace"}


def test_where_hubspot_is_away_it_is_owed_the_uninstall(
    operator: Operator, broker: Broker, hubspot: HubSpot
) -> None:
    """The connection ends here, and the page says that HubSpot is asked again by itself."""
    row = connect_ada(broker, hubspot)
    hubspot.stop()
    done = operator.confirm(f"/connections/{row.id}/uninstall", typed="4410001")

    assert done.headers["Location"].endswith("?done=owed")
    assert "is asked again by itself" in operator.get(f"/connections/{row.id}?done=owed").text
    assert "To take the app out of the account" in operator.get(f"/connections/{row.id}").text
    assert not broker.connections("ada")
    (event,) = events_of(broker, EventName.UNINSTALL_OWED)
    assert event.facts["operator"] == "grace"


def test_an_erased_owner_is_nowhere(
    operator: Operator, broker: Broker, hubspot: HubSpot, rows: Any
) -> None:
    """Their id has to be typed; then no page knows them, and the audit says who erased somebody."""
    owner, path = "mei.tanaka@quietriver.example", "/erase?owner=mei.tanaka%40quietriver.example"
    assert "1 connection, 1 attempt, 2 events" in operator.get(path).text
    assert operator.confirm(path, typed="mei").status_code == 400
    assert broker.connections(owner)

    done = operator.confirm(path, typed=owner)

    assert done.headers["Location"] == "/console?done=erased"
    assert (
        "All that was kept of the owner is erased." in operator.get(done.headers["Location"]).text
    )
    (event,) = events_of(broker, EventName.OWNER_ERASED)
    assert event.facts == {"connections": 1, "operator": "grace"}
    assert operator.get(f"/connections/{rows[owner].id}").status_code == 404
    assert operator.get(path).status_code == 404
    pages = ["", "/health", "/keys", "?status=disconnected"]
    text = "".join(operator.get(each).text for each in pages)
    for gone in (owner, "quietriver", rows[owner].id, "4410023"):
        assert gone not in text
    assert gone not in "".join(map(str, broker.find_events(limit=1000).events))


def test_an_operator_who_erases_themselves_is_not_named(broker: Broker) -> None:
    """The event that stays names no owner."""
    connect(broker.vault.store, client_id=broker.settings.client_id)
    broker.erase("ada", operator="ada")

    (event,) = events_of(broker, EventName.OWNER_ERASED)
    assert event.facts == {"connections": 1}


def test_what_is_owed_is_sent_at_once(operator: Operator, broker: Broker, hubspot: HubSpot) -> None:
    """Though it is due later; the audit says who wanted it, and a second time there is nothing."""
    row = connect_ada(broker, hubspot)
    owed = owe(broker, row)
    assert f"/console/owed/{owed}/send" in operator.get("/health").text
    path = f"/owed/{owed}/send"
    form = operator.form(path)
    done = operator.post(path, form)

    assert done.headers["Location"] == "/console/health?done=sent"
    assert broker.find_owed() == []
    (event,) = events_of(broker, EventName.REVOCATION_RETRIED)
    assert (event.facts, event.connection_id) == ({"operator": "grace"}, row.id)
    assert operator.post(path, form).headers["Location"] == "/console/health?done=gone"
    assert operator.get(path).headers["Location"] == "/console/health?done=gone"


def test_what_hubspot_does_not_hear_stays_owed(
    operator: Operator, broker: Broker, hubspot: HubSpot
) -> None:
    """It is said, and tried again by itself."""
    owed = owe(broker, connect_ada(broker, hubspot))
    hubspot.stop()
    done = operator.confirm(f"/owed/{owed}/send")

    assert done.headers["Location"] == "/console/health?done=unsent"
    assert [each.tries for each in broker.find_owed()] == [1]


def owe(broker: Broker, row: Connection) -> str:
    """End the connection, and let HubSpot hear of it in an hour; the id of what it is owed."""
    assert broker.revoke(row)
    (owed,) = broker.find_owed(row.id)
    store = broker.vault.store
    assert store.claim(owed.id, 3600)
    return owed.id


def test_a_form_from_elsewhere_does_nothing(
    app: Flask, broker: Broker, rows: Any, operator: Operator
) -> None:
    """Without its token, with another's, for another act, from another site, in another browser."""
    path = f"/connections/{rows['ada'].id}/disconnect"
    form = operator.form(path)
    other = Operator(app, broker, "alan")
    others = other.form(path)
    forged = [
        operator.post(path, {}),
        operator.post(path, {"portalkey_token": ""}),
        operator.post(path, {"portalkey_token": "x"}),
        operator.post(path, others),
        operator.post(path, operator.form(f"/connections/{rows['jonas'].id}/disconnect")),
        operator.post(path, form, origin="https://evil.test"),
        operator.post(path, form, sec_fetch_site="cross-site"),
        operator.post(path, form, origin="null"),
        Operator(app, broker).post(path, form),
    ]
    strange = operator.post(path, form, content_type="text/plain")

    assert [each.status_code for each in forged] == [403] * len(forged)
    assert strange.status_code == 415
    assert len(broker.connections("ada")) == 1
    assert events_of(broker, EventName.DISCONNECTED)[-1].owner == "ravi"
    assert broker.counters()[-1].n == len(forged)
    assert operator.post(path, form).status_code == 303


@pytest.mark.parametrize("comes_first", [True, False])
def test_a_hosts_own_check_leaves_the_consoles_forms_alone(
    broker: Broker, rows: Any, *, comes_first: bool
) -> None:
    """Flask-WTF knows nothing of our token; whichever of both was set up first."""
    app, csrf = Flask("host"), CSRFProtect()
    app.secret_key = "of-the-host"
    if comes_first:
        csrf.init_app(app)
    HubSpotConsole(app, broker, allow=lambda _: "grace")
    if not comes_first:
        csrf.init_app(app)
    app.add_url_rule("/own", "own", lambda: "done", methods=["POST"])
    operator = Operator(app, broker)

    assert operator.confirm(f"/connections/{rows['sam'].id}/disconnect").status_code == 303
    assert operator.http.post("/own").status_code == 400
