"""uWSGI in its default mode, whose workers are forked without a word to the interpreter."""

import os
import pickle
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.herd import connect
from processes.plan import Ahead, Plan
from processes.worker import broker_of
from support.patience import PATIENCE
from support.visitor import Visitor

pytest_plugins = ("support.postgres",)

WORKERS, OWNERS, ASKS, AT_ONCE, PEOPLE = 4, 6, 96, 16, 4
ONCE = {"Connection": "close"}
"""uWSGI closes after each answer, without saying so."""
_TESTS = Path(__file__).parents[1]
_UWSGI = Path(sys.executable).with_name("uwsgi")
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the system's takes long

pytestmark = pytest.mark.skipif(not _UWSGI.exists(), reason="uWSGI runs on Linux")


@pytest.fixture(params=["sqlite", "postgres"])
def there(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Settings with either database."""
    if request.param == "sqlite":
        return settings
    url = request.getfixturevalue("migrated_postgres_url")
    return settings.model_copy(update={"database_url": url})


@contextmanager
def running_uwsgi(plan: Plan, folder: Path, used: Sequence[str]) -> Iterator[str]:
    """The app's address while uWSGI runs it with four workers."""
    file = folder / "plan"
    file.write_bytes(pickle.dumps(plan))
    env = {**os.environ, "PYTHONPATH": str(_TESTS), "TMPDIR": str(folder)}
    env |= {"APP_PLAN": str(file), "APP_USED": " ".join(used)}
    address = plan.settings.public_url
    command = [str(_UWSGI), "--master", f"--processes={WORKERS}", "--need-app", "--die-on-term"]
    command += [f"--http-socket=127.0.0.1:{address.rpartition(':')[2]}", "--disable-logging"]
    command += ["--listen=64", "--module=processes.forked_app:app", f"--virtualenv={sys.prefix}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        _see_all(address, lambda: process.poll() is None, folder / "log")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _see_all(address: str, is_running: Callable[[], bool], log: Path) -> None:
    """Return once every worker has answered."""
    seen: set[int] = set()
    until = time.monotonic() + PATIENCE
    while len(seen) < WORKERS:
        assert is_running(), log.read_text()
        assert time.monotonic() < until, log.read_text()
        try:
            seen.update(each["process"] for each in ask_all(address, "/tick", ["any"] * AT_ONCE))
        except httpx2.TransportError:
            time.sleep(0.05)


def ask_all(address: str, path: str, owners: Sequence[str]) -> list[dict[str, Any]]:
    """What each of *owners* hears, many at once."""
    with httpx2.Client(base_url=address, timeout=PATIENCE, verify=_NO_AUTHORITIES) as http:

        def ask(owner: str) -> dict[str, Any]:
            answer: dict[str, Any] = http.get(path, headers={"X-Owner": owner, **ONCE}).json()
            return answer

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(ask, owners))


def own_of(broker: Broker, owner: str) -> tuple[list[int], str]:
    """What *owner* has to hear: accounts, and a hash of the token."""
    accounts = [each.hub_id for each in broker.connections(owner)]
    return accounts, sha256(broker.access_token(owner).encode()).hexdigest()


def connect_person(address: str, hubspot: HubSpot, owner: str) -> bool:
    """Let *owner* connect through the pages; returns whether the app says that they have."""
    with Visitor(address, hubspot) as visitor:
        visitor.http.headers.update({"X-Owner": owner, **ONCE})
        visitor.connect()
        return bool(visitor.status()["authenticated"])


@pytest.mark.parametrize("is_used", [True, False], ids=["used-at-import", "not-used"])
def test_everybody_gets_their_own(
    there: Settings, hubspot: HubSpot, ahead: Ahead, tmp_path: Path, *, is_used: bool
) -> None:
    """Whatever the master had open, each worker answers each owner with what is theirs.

    People who connect four at a time succeed, each with a connection of their own.
    """
    plan = Plan(there, ahead.file)
    broker = broker_of(plan)
    owners = [f"user{number}" for number in range(OWNERS)]
    for number, owner in enumerate(owners):
        connect(broker, hubspot, owner, hubspot.accounts[number % len(hubspot.accounts)].hub_id)
    expected = {owner: own_of(broker, owner) for owner in owners}
    assert len({token for _, token in expected.values()}) == OWNERS

    with running_uwsgi(plan, tmp_path, owners[:2] if is_used else ()) as address:
        asked = [owners[number % OWNERS] for number in range(ASKS)]
        heard = ask_all(address, "/own", asked)
        people = [f"person{number}" for number in range(PEOPLE)]
        with ThreadPoolExecutor(WORKERS) as pool:
            ends = list(pool.map(lambda who: connect_person(address, hubspot, who), people))
        heard_later = ask_all(address, "/own", people)

    got = [(each["accounts"], each["token"]) for each in heard]
    assert got == [expected[owner] for owner in asked]
    assert len({each["process"] for each in heard}) > 1
    assert all(ends)
    theirs = [own_of(broker, who) for who in people]
    assert [(each["accounts"], each["token"]) for each in heard_later] == theirs
    broker.close()
