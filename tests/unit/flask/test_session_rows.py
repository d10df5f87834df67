"""What a process remembers of its sessions, and what it does where it cannot."""

from collections.abc import Iterator

import pytest
from flask import Flask, session

from portalkey.errors import StoreBusy
from portalkey.flask.session_place import SessionPlace
from portalkey.flask.session_rows import MOST_SESSIONS, SessionRegistry
from portalkey.flask.session_store import SessionStore
from portalkey.model.events import Event, EventName
from portalkey.model.notifications import Subject
from portalkey.testing.samples import load, new_connection, next_generation
from portalkey.vault import MemoryStore


@pytest.fixture
def app() -> Iterator[Flask]:
    """An app in the middle of a request."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    with app.test_request_context():
        yield app


@pytest.mark.usefixtures("app")
def test_old_rooms_are_forgotten() -> None:
    """A process remembers so many sessions; whoever comes back brings a cookie."""
    store = SessionStore(MemoryStore())
    assert store.connect(None, new_connection(store))
    said, sessions = SessionPlace("").read(), SessionRegistry(store.now)
    assert said

    for number in range(MOST_SESSIONS + 1):
        sessions.enter({**said, "id": str(number)})

    known = {rows.name for rows in sessions.all_rows()}
    assert len(known) == MOST_SESSIONS
    assert "0" not in known
    assert sessions.enter({**said, "id": "0"}).dump() == {**said, "id": "0"}


def test_an_app_without_a_key_is_flasks_to_tell() -> None:
    """There is no cookie to measure; Flask says what is missing as the session is written."""
    app = Flask("host")
    with app.test_request_context():
        SessionPlace("").require_fit({"v": 1, "id": "x", "rows": ["x" * 9000]})
        with pytest.raises(RuntimeError, match="secret_key"):
            session["x"] = 1


class Deaf(MemoryStore):
    """A store that takes no events just now."""

    def record(self, event: Event, subject: Subject | None = None) -> Event:
        """Too busy."""
        raise StoreBusy


@pytest.mark.usefixtures("app")
def test_an_event_that_cannot_be_kept_undoes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The grant is in the session, as HubSpot's old one may be dead; the log tells the rest."""
    store = SessionStore(Deaf())
    first = new_connection(store)
    assert store.connect(None, first)

    renewed = next_generation(load(store, first))
    event = Event(EventName.REFRESHED, owner="ada", connection_id=first.id)

    assert store.renew(renewed, instead_of="fingerprint 1", tell=lambda _: event)
    assert load(store, first).generation == 2
    assert "event not kept (store_busy)" in caplog.text
