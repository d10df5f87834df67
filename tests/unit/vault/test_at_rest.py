"""What stands in the files, and who may read them."""

import base64
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from portalkey.errors import BadSettings, StoreUnusable
from portalkey.model.connection import Connection, Grant
from portalkey.settings.validators import sqlite_url
from portalkey.testing.samples import connect
from portalkey.vault import SQLStore, Vault

CANARIES = ("canary-access-token", "canary-refresh-token", "canary-rotated")


def forms(secret: str) -> Iterator[bytes]:
    """How *secret* could stand in a file."""
    raw = secret.encode()
    yield from (raw, raw.hex().encode(), secret.encode("utf-16-le"), quote(secret).encode())
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + raw)[shift + 1 : -4]


def found_in(path: Path) -> set[str]:
    """The canaries in the database, its WAL and its shared memory, free pages included."""
    files = b"".join(each.read_bytes() for each in path.parent.iterdir() if each.is_file())
    return {secret for secret in CANARIES if any(form in files for form in forms(secret))}


def dumped(path: Path) -> str:
    """Everything that the database says in SQL."""
    connection = sqlite3.connect(path)
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()


def test_no_token_is_in_any_file(
    vault: Vault, path: Path, kept: Callable[..., Connection], grant: Callable[..., Grant]
) -> None:
    """Neither while it is kept, nor once it was renewed, nor once it is forgotten."""
    connection = kept()
    assert found_in(path) == set()
    renewed = vault.renew(connection, grant("x", "canary-rotated"), sent_at=vault.store.now())
    assert renewed
    assert found_in(path) == set()
    assert vault.erase(renewed.connection)

    assert found_in(path) == set()
    assert not [secret for secret in CANARIES if secret in dumped(path)]
    assert path.with_name("portalkey.db-wal").stat().st_size


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_planted_token_would_be_found(store: SQLStore, path: Path, is_deleted: bool) -> None:  # noqa: FBT001 - a case, not a switch
    """Positive control: the search sees rows, and what a careless database leaves behind."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA secure_delete=OFF")
    connection.execute("CREATE TABLE planted (token TEXT)")
    connection.execute("INSERT INTO planted VALUES ('xcanary-access-token')")
    if is_deleted:
        connection.execute("DELETE FROM planted")
    connection.commit()
    connection.close()

    assert found_in(path) == {"canary-access-token"}


def test_what_is_forgotten_is_overwritten(
    vault: Vault, store: SQLStore, path: Path, kept: Callable[..., Connection]
) -> None:
    """The sealed value too is gone from the database's file, free pages included."""
    connection = kept()
    assert connection.sealed
    store.close()
    assert connection.sealed.access.encode() in path.read_bytes()
    vault.erase(connection)
    store.close()

    assert connection.sealed.access.encode() not in path.read_bytes()


@pytest.fixture
def no_umask() -> Iterator[None]:
    """A process that hides nothing from anybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(directory: Path) -> dict[str, int]:
    """Who may do what with the files."""
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir()}


def test_files_are_for_their_owner(no_umask: None, tmp_path: Path) -> None:
    """Database, WAL and shared memory, and every directory that had to be made."""
    directory = tmp_path / "new" / "newer"
    store = SQLStore.open(f"sqlite:///{directory / 'portalkey.db'}")
    store.now()

    names = ("portalkey.db", "portalkey.db-wal", "portalkey.db-shm")
    assert modes(directory) == dict.fromkeys(names, 0o600)
    assert (modes(tmp_path), modes(tmp_path / "new")) == ({"new": 0o700}, {"newer": 0o700})
    store.close()


def test_the_umask_takes_nothing_from_the_owner(tmp_path: Path) -> None:
    """Not even one that takes everything."""
    before = os.umask(0o777)
    try:
        store = SQLStore.open(f"sqlite:///{tmp_path / 'new' / 'portalkey.db'}")
        store.close()
    finally:
        os.umask(before)

    assert modes(tmp_path) == {"new": 0o700}
    assert modes(tmp_path / "new") == {"portalkey.db": 0o600}


def test_files_that_others_could_read_are_closed_to_them(store: SQLStore, path: Path) -> None:
    """Such as a backup that was copied back; a directory is left as it is."""
    for each in path.parent.iterdir():
        each.chmod(0o644)
    path.parent.chmod(0o755)
    SQLStore.open(f"sqlite:///{path}").close()

    assert set(modes(path.parent).values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_closing_a_file_to_others_is_in_the_log(
    store: SQLStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever opened it on purpose learns who closed it; the next start has nothing to say."""
    path.chmod(0o664)
    for _ in range(2):
        SQLStore.open(f"sqlite:///{path}").close()

    assert caplog.text.count(f"{path} was open to others (mode 0664)") == 1


@pytest.fixture(params=["delete", "wal"])
def hosts_file(request: pytest.FixtureRequest, path: Path) -> Iterator[sqlite3.Connection]:
    """A file of the host's, for its group too; the host has it open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as host:
        host.execute(f"PRAGMA journal_mode={request.param}")
        host.execute("CREATE TABLE notes (text TEXT)")
        path.chmod(0o660)
        yield host


def test_a_hosts_file_keeps_its_mode_and_its_journal(
    hosts_file: sqlite3.Connection, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its other processes go on with it; who can read it is in the log."""
    (before,) = hosts_file.execute("PRAGMA journal_mode").fetchone()
    permissions = modes(path.parent)
    for owner in ("ada", "bob"):  # without tables of ours, and with them
        with closing(SQLStore.open(f"sqlite:///{path}")) as store:
            connect(store, owner=owner)
            hosts_file.execute("INSERT INTO notes VALUES ('still mine')")
            assert modes(path.parent).items() >= permissions.items()
    with closing(sqlite3.connect(path)) as another:
        assert another.execute("PRAGMA journal_mode").fetchone() == (before,)

    assert caplog.text.count("holds tables of another program, so it keeps its mode 0660") == 2


def test_a_hosts_file_that_nobody_else_can_read_is_fine(
    hosts_file: sqlite3.Connection, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There is nothing to warn of, and a mode that says less than ours stays, too."""
    path.chmod(0o622)
    SQLStore.open(f"sqlite:///{path}").close()

    assert modes(path.parent)["portalkey.db"] == 0o622
    assert str(path) not in caplog.text  # threads of other tests may have their say


def test_a_commit_into_a_hosts_file_reaches_the_disk(
    hosts_file: sqlite3.Connection, path: Path
) -> None:
    """Where a journal's end is the commit, its directory has to remember that as well."""
    with closing(SQLStore.open(f"sqlite:///{path}")) as store:
        asked = store._database._writing_drivers.run(
            lambda each: each.execute("PRAGMA synchronous")
        )

        assert asked.fetchone() == (3,)


@pytest.mark.parametrize("content", ["short", "A letter to a friend.\n" * 400])
@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_link_to_another_kind_of_file_changes_nothing(
    tmp_path: Path, content: str, mode: int
) -> None:
    """A path that is mistaken takes a file from nobody."""
    (tmp_path / "letter.txt").write_text(content)
    (tmp_path / "letter.txt").chmod(mode)
    (tmp_path / "portalkey.db").symlink_to("letter.txt")
    with pytest.raises(StoreUnusable, match="is not a SQLite database"):
        SQLStore.open(f"sqlite:///{tmp_path / 'portalkey.db'}")

    assert (tmp_path / "letter.txt").read_text() == content
    assert modes(tmp_path) == {"letter.txt": mode, "portalkey.db": mode}


def test_somebody_elses_file_keeps_its_permissions(nobody: Path) -> None:
    """Whose it is decided who may read it; it is not ours to change, only not ours to use."""
    path = nobody / "portalkey.db"
    if os.getuid():
        pytest.skip("only root can give a file to somebody else")
    os.seteuid(0)
    path.touch(0o644)
    path.chmod(0o644)
    os.seteuid(65534)
    with pytest.raises(StoreUnusable, match="cannot be written"):
        SQLStore.open(f"sqlite:///{path}")

    assert modes(nobody) == {"portalkey.db": 0o644}


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The file that it leads to is the one that is made, and made private."""
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    SQLStore.open(f"sqlite:///{tmp_path / 'link.db'}").close()

    assert modes(tmp_path)["real.db"] == 0o600


@pytest.mark.parametrize("name", ["a b#c&d=e.db", "Straße.db", "100%.db", "a'b\"c.db", "a%3Fb.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    """In the URL a question mark stands as %3F, and most else as itself."""
    SQLStore.open(f"sqlite:///{tmp_path / name}").close()

    assert set(modes(tmp_path)) == {name.replace("%3F", "?")}


@pytest.mark.parametrize(
    "name",
    ["Application Support/a b.db", "what?.db", "100%.db", "100%25.db", "a%3Fb.db", "é+&=#.db"],
)
def test_a_path_leads_to_its_own_file(tmp_path: Path, name: str) -> None:
    """Whichever SQLAlchemy reads the address: 2.1 unquotes a file's name, and 2.0 does not."""
    path = tmp_path / name
    SQLStore.open(sqlite_url(path)).close()

    assert "portalkey_connections" in dumped(path)
    assert set(modes(path.parent)) == {path.name}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "portalkey.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/portalkey.db",
        "sqlite:///portalkey.db?mode=canary",
        "mysql://u:canary@host/db",
        "sqlite+aiosqlite:///portalkey.db",
    ],
)
def test_only_a_file_will_do(url: str) -> None:
    """Everything else is refused before anything is made."""
    with pytest.raises(BadSettings, match="sqlite:///PATH") as refusal:
        SQLStore.open(url)

    assert "canary" not in str(refusal.value)
