"""A config file as people meet it: read, edited, in trouble, and read by several at once."""

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import pytest
from filelock import FileLock

from portalkey.errors import AttemptMismatch, StoreBusy, StoreUnusable
from portalkey.model.attempt import AttemptStatus
from portalkey.model.counters import CounterKind, Tally
from portalkey.model.events import Event, EventName
from portalkey.settings import validators
from portalkey.testing import Ahead
from portalkey.testing.samples import connect, new_attempt, new_owed
from portalkey.vault.health import StoreCause
from portalkey.vault.json_file import format as file_format
from portalkey.vault.json_file.store import EVENTS, ConfigFileStore
from portalkey.vault.snapshot import Snapshot


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "connections.json"


@pytest.fixture
def store(path: Path, ahead: Ahead) -> ConfigFileStore:
    """A new file."""
    return ConfigFileStore(path, ahead=ahead)


def edit(path: Path, old: str, new: str) -> bytes:
    """Let a person write *new* for *old*; returns what the file says then."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path.read_bytes()


def test_the_file_can_be_read(store: ConfigFileStore, path: Path) -> None:
    """Who is connected to what stands there in plain words, two spaces a step, always alike."""
    connect(store, owner="Straße")
    store.record(Event(EventName.CONNECTED, owner="Straße"))

    text = path.read_text()
    for line in (
        '  "format": 7,',
        '      "owner": "Straße",',
        '        "hub_id": 1099511627776,',
        '        "hub_domain": "example.com",',
        '        "access": "access 1",',
        '        "refresh": "refresh 1",',
        '      "status": "connected",',
    ):
        assert line in text.splitlines()
    assert '    {"name": "connected", "owner": "Straße", "facts": {}, "at": "' in text
    assert text.startswith('{\n  "about": "HubSpot connections, kept by portalkey.')
    assert file_format.write(file_format.read(path.read_bytes())) == path.read_bytes()


def test_an_edit_that_is_right_is_taken(store: ConfigFileStore, path: Path) -> None:
    """Such as another owner, in a process that has the file open."""
    connection, before = connect(store, owner="ada"), store.version()
    edit(path, '"owner": "ada"', '"owner": "ada lovelace"')

    assert store.version() != before
    assert list(store.connections("ada", "app")) == []
    assert [each.id for each in store.connections("ada lovelace", "app")] == [connection.id]


def test_a_connection_may_be_taken_out(store: ConfigFileStore, path: Path) -> None:
    """The rest stays, and goes on being written."""
    connect(store, owner="ada")
    second = connect(store, owner="bob")
    kept = file_format.read(path.read_bytes())
    path.write_bytes(file_format.write(replace(kept, connections=kept.connections[1:])))

    assert list(store.connections("ada", "app")) == []
    assert store.disconnect(second, new_owed(store))
    assert len(file_format.read(path.read_bytes()).connections) == 1


def test_an_edit_that_is_wrong_is_refused(store: ConfigFileStore, path: Path) -> None:
    """File, line, what is wrong and the good copy are named, and nothing is written over."""
    connect(store, owner="ada")
    good = path.with_name("connections.json.good")
    before = good.read_bytes()
    spoilt = edit(path, '      "owner": "ada",\n', "")
    uses: list[Callable[[], object]] = [
        store.now,
        lambda: store.connections("ada", "app"),
        lambda: store.record(Event(EventName.CONNECTED)),
        lambda: ConfigFileStore(path),
    ]

    for use in uses:
        with pytest.raises(StoreUnusable) as refusal:
            use()
        assert str(refusal.value) == (
            f'The store {path} is torn or was edited wrongly: line 5: "owner" is missing here. '
            "Nothing was changed. Mend that line, or copy the last good copy over it: "
            f"cp -p {good} {path}"
        )
    assert (path.read_bytes(), good.read_bytes()) == (spoilt, before)


def test_the_good_copy_brings_it_back(store: ConfigFileStore, path: Path) -> None:
    """It is what was kept last, and doing what the message says is enough."""
    connection = connect(store)
    edit(path, '"format": 7,', '"format": 4')
    with pytest.raises(StoreUnusable, match="line 4: Expecting ',' delimiter at column 3"):
        store.now()
    path.write_bytes(path.with_name("connections.json.good").read_bytes())

    found = store.connection(connection.id)
    assert found
    assert replace(found, seen_at=connection.seen_at) == connection


@pytest.mark.parametrize("content", [None, b"{"])
def test_no_good_copy_is_no_advice(
    store: ConfigFileStore, path: Path, content: bytes | None
) -> None:
    """Where it is gone or torn as well, only a backup helps."""
    good = path.with_name("connections.json.good")
    good.unlink() if content is None else good.write_bytes(content)
    path.write_text("")

    with pytest.raises(StoreUnusable, match=r"line 1: it is empty\. .*bring back a backup"):
        store.now()


def test_a_file_of_a_newer_portalkey_is_refused(store: ConfigFileStore, path: Path) -> None:
    """Whatever else it says; it is left as it is."""
    spoilt = edit(path, '"format": 7,', '"format": 8, "more": {},')

    with pytest.raises(StoreUnusable, match=r"newer portalkey \(format 8, .* install that one"):
        store.record(Event(EventName.CONNECTED))
    assert path.read_bytes() == spoilt


def test_a_file_that_went_missing_is_not_made_again(store: ConfigFileStore, path: Path) -> None:
    """An empty one in its place would look as if nobody had ever connected."""
    path.unlink()
    for use in (store.version, store.now, lambda: ConfigFileStore(path)):
        with pytest.raises(StoreUnusable, match=r"is gone; bring it back from .*\.json\.good"):
            use()
    assert not path.exists()


def test_both_taken_away_begins_anew(store: ConfigFileStore, path: Path) -> None:
    """As the message says."""
    connect(store)
    path.unlink()
    path.with_name("connections.json.good").unlink()

    assert list(ConfigFileStore(path).connections("ada", "app")) == []


def test_the_newest_events_are_kept(store: ConfigFileStore, path: Path) -> None:
    """Older ones go, so that the file stays small."""
    first = store.record(Event(EventName.CONNECTED, "first"))
    kept = file_format.read(path.read_bytes())
    path.write_bytes(file_format.write(replace(kept, events=(first,) * EVENTS)))
    last = store.record(Event(EventName.CONNECTED, "last"))

    events = store.events()
    assert (len(events), events[0], events[-1]) == (EVENTS, first, last)


def test_nothing_pushes_out_what_happened_to_a_connection(
    store: ConfigFileStore, path: Path
) -> None:
    """However many attempts are begun: what is about connections has room of its own."""
    happened = store.record(Event(EventName.CONNECTED, "ada", connection_id="c"))
    content = file_format.read(path.read_bytes())
    started = replace(happened, name=EventName.ATTEMPT_STARTED, connection_id=None)
    many = (happened, *[started] * (EVENTS * 2))
    path.write_bytes(file_format.write(replace(content, events=many)))
    last = store.record(Event(EventName.DISCONNECTED, "ada", connection_id="c"))

    assert list(store.events()) == [happened, *[started] * EVENTS, last]


def test_a_file_of_the_version_before_is_read(store: ConfigFileStore, path: Path) -> None:
    """And written anew with the next change."""
    connection = connect(store)
    text = path.read_text().replace('"format": 7', '"format": 1')
    path.write_text(text.replace(',\n  "counters": []', ""))

    assert store.connection(connection.id)
    store.count("app", [Tally(CounterKind.RENEWED, connection.id, 1)])
    assert '"format": 7' in path.read_text()
    assert store.connection(connection.id)


def test_what_changes_nothing_is_not_written(store: ConfigFileStore) -> None:
    """Neither a read nor a write that is refused touches the disk."""
    attempt, before = new_attempt(store), store.version()
    store.attempt(attempt.id)
    assert store.move_attempt(attempt.id, AttemptStatus.CONNECTED) is None
    with pytest.raises(AttemptMismatch):
        store.add_attempt(attempt)

    assert store.version() == before


def test_an_attempt_that_is_overdue_ends_in_the_file(
    store: ConfigFileStore, path: Path, ahead: Ahead
) -> None:
    """Reading it writes that down, whoever reads it."""
    attempt = new_attempt(store)
    ahead.passes(601)
    found = store.attempt(attempt.id)

    assert found
    assert found.status is AttemptStatus.EXPIRED
    assert file_format.read(path.read_bytes()).attempts[0].status is AttemptStatus.EXPIRED


def test_versions_are_never_alike(store: ConfigFileStore, path: Path) -> None:
    """Each is later than the one before, even where the clock was set back, or stands still."""
    ahead = path.stat().st_mtime_ns + 3600 * 10**9
    os.utime(path, ns=(ahead, ahead))
    owed, versions = new_owed(store), {store.version()}
    for tries in range(3):
        store.enqueue(replace(owed, tries=tries))
        versions.add(store.version())

    assert len(versions) == 4
    assert path.stat().st_mtime_ns == ahead + 3


def test_another_store_sees_a_commit_at_once(store: ConfigFileStore, path: Path) -> None:
    """It is asked for by the file's stamp, so two processes never disagree."""
    other = ConfigFileStore(path)
    connection = connect(store)
    assert other.connection(connection.id)
    assert other.disconnect(connection, None)

    assert list(store.connections("ada", "app")) == []
    assert store.version() == other.version()


def test_threads_lose_nothing(store: ConfigFileStore) -> None:
    """What each of them keeps is there afterwards."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.record(Event(EventName.CONNECTED, str(n))), range(24)))

    assert {each.owner for each in store.events()} == {str(n) for n in range(24)}


def test_a_locked_file_is_busy(path: Path, store: ConfigFileStore) -> None:
    """Waiting helps; reading does not have to wait, and nothing is half stored."""
    hasty = ConfigFileStore(path, wait=0.01)
    with FileLock(f"{path}.lock"):
        with pytest.raises(StoreBusy) as busy:
            hasty.record(Event(EventName.CONNECTED))
        assert list(hasty.events()) == []
    assert busy.value.retry_after > 0

    assert hasty.record(Event(EventName.CONNECTED))


def test_a_writer_waits_for_another(path: Path, store: ConfigFileStore) -> None:
    """As long as it says, and goes on as soon as it can."""
    lock = FileLock(f"{path}.lock", thread_local=False)
    lock.acquire()
    release = threading.Timer(0.05, lock.release)
    release.start()
    assert store.record(Event(EventName.CONNECTED))
    release.join()


def test_a_closed_store_reads_again(store: ConfigFileStore, path: Path) -> None:
    """It holds nothing open in between."""
    connection = connect(store)
    store.close()

    assert store.connection(connection.id)


def test_the_docs_say_what_it_says(tmp_path: Path) -> None:
    """Each URL there is taken, each part of a file is listed, and so is how it complains."""
    page = (Path(__file__).parents[4] / "docs" / "configfile.md").read_text()
    for line in page.splitlines():
        if line.startswith("PORTALKEY_DATABASE_URL="):
            assert validators.database_url(line.partition("=")[2])
    parts = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert parts == ["format", *(each.name for each in fields(Snapshot))]

    path = tmp_path / "connections.json"
    connect(ConfigFileStore(path), owner="ada")
    edit(path, '      "owner": "ada",\n', "")
    with pytest.raises(StoreUnusable) as refusal:
        ConfigFileStore(path)
    said = str(refusal.value).replace(str(tmp_path), "/home/ada/.config/mytool")
    assert said in page


ROWS = {
    "connections": ["owner", "scopes", "status", "generation", "connected_at", "sealed", "account"],
    "attempts": ["owner", "status", "created_at", "expires_at", "state_hash"],
    "outbox": ["tries", "due_at", "sealed_token"],
    "events": ["name", "facts", "at"],
}
SPOILT = [None, "nowhere", -1, 1.5, [1], {"a": [1]}, True]


@pytest.mark.parametrize("table", ROWS)
def test_a_spoilt_value_is_the_operators_matter(
    store: ConfigFileStore, path: Path, table: str
) -> None:
    """Whatever stands in a field, callers get an answer, or an error that names the line."""
    connection = connect(store)
    store.enqueue(new_owed(store))
    store.record(Event(EventName.CONNECTED, "ada"))
    pristine = path.read_text()
    for field in ROWS[table]:
        for value in SPOILT:
            document = json.loads(pristine)
            document[table][0][field] = value
            path.write_text(json.dumps(document, indent=2))
            for call in (
                lambda: store.connections("ada", "app"),
                lambda: store.connection(connection.id),
                lambda: store.claims("ada"),
                lambda: store.pending(5),
                store.events,
                lambda: store.stats("app"),
            ):
                try:
                    call()
                except StoreUnusable as trouble:
                    told = str(trouble)
                    assert "line " in told, (field, value)


def test_a_file_in_trouble_is_not_well_until_it_is_written(
    store: ConfigFileStore, path: Path
) -> None:
    """A lock that somebody holds, and a file that is damaged, are called by their names."""
    hasty = ConfigFileStore(path, wait=0.01)
    with FileLock(f"{path}.lock"), pytest.raises(StoreBusy, match="others write it") as busy:
        new_attempt(hasty)
    assert busy.value.cause == StoreCause.LOCKED
    assert hasty.health.trouble is busy.value
    hasty.connections("ada", "app")
    assert hasty.health.trouble is busy.value
    new_attempt(hasty)
    assert hasty.health.trouble is None
    edit(path, '"format": 7', '"format": no')
    with pytest.raises(StoreUnusable) as damaged:
        hasty.connections("ada", "app")

    assert damaged.value.cause == StoreCause.DAMAGED
