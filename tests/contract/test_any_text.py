"""Text that may hold anything is refused clearly, or comes back as it was, in every store."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from portalkey.model.connection import MOST_OWNER_BYTES, Account, is_owner
from portalkey.model.events import Event, EventName
from portalkey.testing.samples import connect, new_attempt
from portalkey.vault import MemoryStore, Store

pytest_plugins = ("support.postgres",)

TEXTS = {
    "NUL": "a\0b",
    "half a pair": "a\ud800b",
    "the other half": "\udfff",
    "direction": "\u202egnp.exe",
    "key": "\U0001f511",
    "line ends": "a\r\nSet-Cookie: x=1\u2028",
    "sql": "' OR 1=1--; \"; PRAGMA writable_schema=1 % _ \\",
    "templates": "${jndi:x} {{7*7}} <%=7*7%> %n%s __proto__",
    "markup": "</script><img src=x onerror=alert(1)>",
    "escapes": "\x1b[2J\x7f\x01",
    "dots": "..;/%2e%2e%00%c0%af",
    "decomposed": "Stra\u00dfe STRASSE \u0131 e\u0301 \u00e9 ",
    "long": "x" * 8192,
}
"""After the corpus of bad input that every face is tried with."""


def account(**facts: str) -> Account:
    """An account that nobody has connected yet."""
    return Account(next(NUMBERS), **facts)  # type: ignore[arg-type]


NUMBERS = count(1)
Write = Callable[[Store, str], object]
WRITES: dict[str, Write] = {
    "next": lambda store, text: new_attempt(store, next=text),
    "attempt's owner": lambda store, text: new_attempt(store, owner=text),
    "attempt's id": lambda store, text: new_attempt(store, id=text),
    "language": lambda store, text: new_attempt(store, language=text),
    "owner": lambda store, text: connect(store, owner=text),
    "website": lambda store, text: connect(store, account=account(hub_domain=text)),
    "time zone": lambda store, text: connect(store, account=account(time_zone=text)),
    "scope": lambda store, text: connect(store, account=account(), scopes=(text,)),
    "event": lambda store, text: store.record(Event(EventName.CONNECTED, owner=text)),
    "fact": lambda store, text: store.record(Event(EventName.CONNECTED, facts={"a": text})),
    "name": lambda store, text: store.add_meta(text, text),
}


def content(store: Store, text: str) -> list[object]:
    """All that is found by *text*, or of Ada's."""
    attempt = store.attempt(text)
    return [
        attempt and attempt.id,
        *[
            (row.owner, replace(row.account, hub_id=1), row.scopes)
            for row in store.connections(text, "app")
        ],
        *[
            (row.owner, replace(row.account, hub_id=1), row.scopes)
            for row in store.connections("ada", "app")
        ],
        *[(event.name, event.owner, dict(event.facts)) for event in store.events()],
        *[event.owner for event in store.events(owner=text)],
        store.meta(text),
    ]


@pytest.mark.parametrize("where", WRITES)
def test_any_text_is_refused_or_comes_back(any_store: Store, where: str) -> None:
    """Nothing is half stored, and nothing is an error that nobody foresaw."""
    for text in TEXTS.values():
        store, twin = any_store, MemoryStore()
        before = content(store, text)
        try:
            WRITES[where](store, text)
        except ValueError as refusal:
            said = str(refusal)
        else:
            said = ""
        if said:
            assert "cannot be stored" in said
            assert text not in said
            assert content(store, text) == before
            continue
        WRITES[where](twin, text)
        assert set(map(repr, content(twin, text))) <= set(map(repr, content(store, text)))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_owner_is_kept_by_every_store(any_store: Store, text: str) -> None:
    """Whoever is accepted as an owner can be stored, and is nobody else."""
    if not is_owner(text):
        is_long = len(text) > MOST_OWNER_BYTES
        assert is_long or not set(text).isdisjoint("\0\ud800\udfff")
        assert list(any_store.connections(text, "app")) == []
        return
    connect(any_store, owner=text)

    assert [row.owner for row in any_store.connections(text, "app")] == [text]
    assert list(any_store.connections(text.strip() + "x", "app")) == []
