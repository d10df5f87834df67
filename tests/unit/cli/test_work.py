"""A worker's round: each job by itself, and what is said of it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portalkey.broker import Broker
from portalkey.cli.work import _Round, _Worker
from portalkey.errors import StoreBusy, StoreUnusable
from portalkey.hubspot.http import Request, Response
from portalkey.model.connection import Connection
from portalkey.model.journal import JournalRound
from portalkey.model.sweep import Outcome, SweepReport
from portalkey.settings import Settings
from portalkey.testing.samples import connect
from portalkey.vault import Keyring, MemoryStore, Vault
from portalkey.vault.keyring import new_key
from portalkey.vault.store import OwedRevocation

OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"
SETTINGS = Settings(
    client_id="app",
    client_secret="s" * 20,
    keys=f"a:{new_key().get_secret_value()}",
    scopes="oauth",
)


class Failing(MemoryStore):
    """A store in which some methods raise."""

    def __init__(self, **failures: Exception) -> None:
        super().__init__(lambda: datetime(2026, 11, 1, tzinfo=UTC))
        self._failures = failures

    def _fail(self, name: str) -> None:
        if name in self._failures:
            raise self._failures[name]

    def receivers(self, client_id: str) -> Mapping[str, datetime]:
        """What notifications begin with."""
        self._fail("notifications")
        return super().receivers(client_id)

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """What the outbox begins with."""
        self._fail("outbox")
        return super().pending(at_most, client_id=client_id)

    def claim_looks(
        self, client_id: str, at_most: int, plan: Callable[[Connection], datetime]
    ) -> Sequence[Connection]:
        """What the sweep begins with."""
        self._fail("sweep")
        return super().claim_looks(client_id, at_most, plan)


def never(_: Request) -> Response:
    """HubSpot, which nobody is to ask here."""
    raise AssertionError


def work(**failures: Exception) -> tuple[_Round, MemoryStore]:
    """One round over a store with those failures, and the store after it."""
    store = Failing(**failures)
    connect(store)
    broker = Broker(SETTINGS, Vault(Keyring(SETTINGS.keys), store, "app"), never)
    done = _Round()
    done.work(broker, is_once=True)
    broker.close()
    return done, store


def planned(store: MemoryStore) -> list[bool]:
    """Of each connection, if the sweep has planned its look."""
    return [row.check_at is not None for row in store.connections("ada", "app")]


@pytest.mark.parametrize("trouble", [StoreBusy(), StoreUnusable("gone"), ZeroDivisionError()])
def test_a_job_that_fails_ends_no_other(trouble: Exception) -> None:
    """Whatever it raises, the operator's trouble and a mistake of ours alike."""
    done, store = work(outbox=trouble)

    assert done.failed == ["outbox"]
    assert planned(store) == [True]
    assert (done.mistake is None) == (not isinstance(trouble, ZeroDivisionError))


def test_all_that_fail_are_named() -> None:
    """Each once, in the order of a round; the first trouble is the error."""
    done, store = work(outbox=StoreBusy(), sweep=StoreUnusable("gone"))
    said = done.to_object()

    assert (said["failed"], said["error"]) == (["outbox", "sweep"], "store_busy")
    assert planned(store) == [False]


def test_a_mistake_is_raised_once_all_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    """It is not hidden, and what was done besides is shown before it."""
    store = Failing(outbox=ZeroDivisionError())
    connect(store)
    broker = Broker(SETTINGS, Vault(Keyring(SETTINGS.keys), store, "app"), never)
    with pytest.raises(ZeroDivisionError):
        _Worker(broker, as_json=True).bite()
    broker.close()

    assert json.loads(capsys.readouterr().out)["failed"] == ["outbox"]
    assert planned(store) == [True]


def test_a_store_that_is_back_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """After trouble of its own; a job that fails of something else says nothing of the store."""
    failures: dict[str, Exception] = {"outbox": StoreBusy()}
    store = Failing()
    store._failures = failures
    broker = Broker(SETTINGS, Vault(Keyring(SETTINGS.keys), store, "app"), never)
    worker = _Worker(broker)
    for _ in range(2):
        worker.bite()
    assert "is back" not in capsys.readouterr().err
    failures.clear()
    for _ in range(2):
        worker.bite()
    broker.close()

    assert capsys.readouterr().err.count("The store is back.") == 1


def test_every_key_of_a_line_is_documented() -> None:
    """In the example and in the table below it, and none that there is not."""
    done = _Round(looks=SweepReport(), journal=JournalRound())
    keys = done.to_object()
    text = OPERATING.read_text()
    part = text[text.index("With `--json` a line is") : text.index("Without `--once` it goes on")]
    (line,) = re.findall(r"```json\n(.*)\n```", part)
    example = json.loads(line)
    table = re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)

    assert list(example) == table == list(keys)
    assert example["journal"].keys() == dict(keys)["journal"].keys()  # type: ignore[attr-defined]
    assert all(f"`{name}`" in part for name in example["journal"])
    assert set(example["looks"]) <= {outcome.value for outcome in Outcome}
