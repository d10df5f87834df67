"""Recording and announcing events."""

import logging

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from portalkey.broker.audit import Audit
from portalkey.model.events import Event, EventName, happened
from portalkey.settings import Key
from portalkey.vault import Keyring, MemoryStore, SQLStore, Store, Vault


def audit_over(store: Store) -> Audit:
    """An audit that writes into *store*."""
    key = Key("test", SecretStr(Fernet.generate_key().decode()))
    return Audit(Vault(Keyring([key]), store, "app"))


def test_an_event_is_kept_sent_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Audit, receivers and log hear the same."""
    store, heard = MemoryStore(), list[Event]()
    with happened.connected_to(heard.append), caplog.at_level(logging.INFO, "portalkey"):
        audit_over(store).record(
            EventName.CONNECTED, owner="ada", connection_id="c1", facts={"hub_id": 7}
        )

    assert list(store.events(owner="ada")) == heard
    assert heard[0].facts == {"hub_id": 7}
    assert heard[0].at is not None
    assert caplog.messages == ["connected connection=c1 hub_id=7"]


def test_a_line_of_the_log_is_pairs_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """What is not known is left out; what could be taken for another pair or line is quoted."""
    facts = {"check": "owner", "error": None, "to": "a b=c\nforged", "n": 2}
    audit_over(MemoryStore()).record(EventName.CALLBACK_REFUSED, attempt_id="a1", facts=facts)

    expected = r'callback_refused attempt=a1 check=owner to="a b=c\nforged" n=2'
    assert caplog.messages == [expected]


@pytest.mark.parametrize(
    ("name", "level"),
    [
        (EventName.CONNECTED, logging.INFO),
        (EventName.CALLBACK_REFUSED, logging.WARNING),
        (EventName.HUBSPOT_REFUSED, logging.ERROR),
    ],
)
def test_levels_say_who_should_look(
    caplog: pytest.LogCaptureFixture, name: EventName, level: int
) -> None:
    """An alarm is an error, a refusal a warning, and the rest is news."""
    with caplog.at_level(logging.INFO, "portalkey"):
        audit_over(MemoryStore()).record(name)

    assert caplog.records[-1].levelno == level


def test_a_receivers_mistake_undoes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """What happened has happened, whoever stumbles over it."""
    store = MemoryStore()

    def stumble(event: Event) -> None:
        raise RuntimeError

    with happened.connected_to(stumble):
        audit_over(store).record(EventName.CONNECTED)

    assert len(store.events()) == 1
    assert "a receiver of connected failed" in caplog.text


def test_a_store_in_trouble_undoes_nothing(
    broken_store: SQLStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The event is lost, which is logged; what it told of is not."""
    audit_over(broken_store).record(EventName.CONNECTED)

    assert "event not kept (store_unusable)" in caplog.text
