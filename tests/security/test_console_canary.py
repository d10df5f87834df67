"""No page of the console holds a token, a seal, a hash, a key, or anything of another app."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from portalkey.broker import Broker
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.testing import Ahead
from security.canaries import find_leaks
from support.operating import connect_to_another_app, live_a_while, make_broker, settings_of
from support.operating_console import Operator, host_app


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker whose connections have seen something; another app uses its store, too."""
    ahead = Ahead()
    with closing(make_broker(settings_of(tmp_path), ahead)) as broker:
        live_a_while(broker, ahead, days=2)
        broker.begin("ada", "canary-of-the-browser")
        broker.announce()
        yield broker


def walk(operator: Operator) -> dict[str, str]:
    """Every page that a link of the console leads to, and a search for what stands on them."""
    todo, seen = ["/console", "/console/erase?owner=ada", "/console?q=ada"], dict[str, str]()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        answer = operator.get(path)
        seen[path] = f"{answer.headers}{answer.text}"
        assert answer.status_code in {200, 303}, path
        page = BeautifulSoup(answer.text, "html.parser")
        todo += [str(a["href"]) for a in page.select("a[href]")]
        todo += [answer.headers["Location"]] if answer.status_code == 303 else []
    return seen


def secrets_in(broker: Broker) -> dict[str, str]:
    """All that the store keeps sealed or hashed, and what is in it, by what it is."""
    found = {"client secret": broker.settings.client_secret.get_secret_value()}
    found |= {f"key {key.name}": key.secret.get_secret_value() for key in broker.settings.keys}
    store = broker.vault.store
    for row in connections_of(broker):
        for name in ("access", "refresh", "fingerprint"):
            found[f"{name} of {row.owner}"] = getattr(row.sealed, name)
        found[f"open access of {row.owner}"] = broker.vault.open_access(row).get_secret_value()
        found[f"open refresh of {row.owner}"] = broker.vault.open_refresh(row).get_secret_value()
    for owed in store.pending(9) or store.find_owed(broker.settings.client_id, 9):
        found["owed"], found["fingerprint of owed"] = owed.sealed_token, owed.fingerprint
    for attempt in store.attempts_of("ada"):
        for name in hidden_of_attempts():
            if value := getattr(attempt, name):
                found[f"{name} of {attempt.id}"] = value
    return found


def connections_of(broker: Broker) -> list[Connection]:
    """Those that hold a grant."""
    return [row for row in broker.find(limit=100).connections if row.sealed is not None]


def hidden_of_attempts() -> list[str]:
    """The fields of an attempt that no page shows."""
    names = [field.name for field in fields(Attempt)]
    return [name for name in names if name.startswith("sealed_") or name.endswith("_hash")]


def test_no_page_holds_a_secret(broker: Broker) -> None:
    """Whatever link is followed, confirmations among them."""
    pages = walk(Operator(host_app(broker), broker))
    secrets = secrets_in(broker)

    assert len(pages) > 30
    assert len(secrets) > 30
    for path, text in pages.items():
        assert find_leaks(text, secrets) == [], path
        assert "canary-" not in text, path
        assert "v1.test." not in text, path


def test_no_page_holds_anything_of_another_app(broker: Broker) -> None:
    """Neither by a link nor by its id, owner, domain or account's number."""
    operator = Operator(host_app(broker), broker)
    row = connect_to_another_app(broker)
    store = broker.vault.store
    (attempt,) = [each for each in store.attempts_of("ada") if each.connection_id == row.id]
    texts = list(walk(operator).values())
    asked = [f"?q={row.id}", f"?q={row.owner}", "?q=foreign.example", "?q=4419999"]
    asked += [f"/connections/{row.id}", f"/connections/{row.id}/disconnect"]
    asked += [f"/attempts?reference={attempt.id}", "?hub_id=4419999", f"?owner={row.owner}"]
    assert operator.get(f"/erase?owner={row.owner}").status_code == 404
    for path in asked:
        page = BeautifulSoup(operator.get(path).text, "html.parser")
        for given in page.select("form"):
            given.decompose()  # it holds what was asked for
        narrowing = page.select_one(".pc-narrowing, .pc-tabs")
        while narrowing is not None:
            narrowing.decompose()
            narrowing = page.select_one(".pc-narrowing, .pc-tabs")
        texts.append(str(page))

    for text in texts:
        for foreign in (row.id, row.owner, "foreign.example", "4419999", "another-app"):
            assert foreign not in text


def test_a_leak_would_be_found(broker: Broker) -> None:
    """The negative control."""
    secrets = secrets_in(broker)

    assert find_leaks(f"<p>{secrets['open access of ada']}</p>", secrets) == ["open access of ada"]
