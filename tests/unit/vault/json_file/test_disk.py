"""Where a config file may be, who may read it, and a disk in trouble."""

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portalkey.errors import StoreUnusable
from portalkey.model.events import Event, EventName
from portalkey.testing.samples import connect
from portalkey.vault.json_file.store import ConfigFileStore
from portalkey.vault.open import open_store

NAMES = ("connections.json", "connections.json.good", "connections.json.lock")
FULL = """
import sys
from pathlib import Path
from portalkey.model.events import Event, EventName
from portalkey.vault.json_file.store import ConfigFileStore
path = Path(sys.argv[1]) / "connections.json"
store, before = ConfigFileStore(path), 0
try:
    while True:
        before = path.read_bytes()
        store.record(Event(EventName.CONNECTED, owner="x" * 5000))
except Exception as error:
    print(type(error).__name__, error)
print(path.read_bytes() == before, sorted(each.name for each in path.parent.iterdir()))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "connections.json"


def modes(directory: Path) -> dict[str, int]:
    """Who may do what with the files."""
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir()}


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Files are made with this mask."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0, 0o777])
def test_files_are_for_their_owner(tmp_path: Path, mask: int) -> None:
    """File, good copy and lock, and every folder that had to be made, under any umask."""
    with umask(mask):
        connect(ConfigFileStore(tmp_path / "new" / "newer" / "connections.json"))

    assert modes(tmp_path / "new" / "newer") == dict.fromkeys(NAMES, 0o600)
    assert (modes(tmp_path), modes(tmp_path / "new")) == ({"new": 0o700}, {"newer": 0o700})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_use_is_refused(path: Path, mode: int) -> None:
    """The sentence says how to take it from them, and how to let them."""
    store = ConfigFileStore(path)
    path.chmod(mode)

    for use in (store.now, lambda: ConfigFileStore(path)):
        store.close()
        with pytest.raises(StoreUnusable, match=f"run `chmod 600 {path}`, or put .permissions=any"):
            use()


def test_a_file_that_others_are_meant_to_read_stays_so(path: Path) -> None:
    """Each new version of it has the permissions of the one before."""
    ConfigFileStore(path)
    path.chmod(0o640)
    store = open_store(f"file://{path}?permissions=any")
    store.record(Event(EventName.CONNECTED))

    assert modes(path.parent)["connections.json"] == 0o640


def test_a_file_stays_whose_it_was(path: Path) -> None:
    """A command that root runs does not lock the app out."""
    ConfigFileStore(path)
    if os.getuid():
        pytest.skip("only root can give a file to somebody else")
    os.chown(path, 65534, 65534)
    ConfigFileStore(path).record(Event(EventName.CONNECTED))

    found = [path.with_name(name).stat() for name in NAMES[:2]]
    assert [(each.st_uid, each.st_gid, each.st_mode & 0o777) for each in found] == [
        (65534, 65534, 0o600)
    ] * 2


def test_somebody_elses_file_is_refused(nobody: Path) -> None:
    """The sentence says where to look."""
    if os.getuid():
        pytest.skip("only root can give a file to somebody else")
    (nobody / "connections.json").touch()
    os.seteuid(0)
    os.chown(nobody / "connections.json", 0, 0)
    (nobody / "connections.json").chmod(0o600)
    os.seteuid(65534)

    with pytest.raises(StoreUnusable, match="cannot be read or written; look at who may"):
        ConfigFileStore(nobody / "connections.json")


def test_a_group_that_is_not_ours_is_let_go(nobody: Path) -> None:
    """Who may not give a file away writes it as their own."""
    if os.getuid():
        pytest.skip("only root can give a file to somebody else")
    path = nobody / "connections.json"
    store = ConfigFileStore(path)
    os.seteuid(0)
    os.chown(path, 65534, 12345)
    os.seteuid(65534)
    store.record(Event(EventName.CONNECTED))

    assert len(store.events()) == 1


def test_a_folder_that_cannot_be_written_is_refused_at_the_start(nobody: Path) -> None:
    """Before anybody relies on it."""
    path = nobody / "in" / "connections.json"
    ConfigFileStore(path)
    path.parent.chmod(0o500)
    with pytest.raises(StoreUnusable, match=r"connections\.json cannot be read or written; look"):
        ConfigFileStore(path)
    path.parent.chmod(0o700)


def test_a_folder_that_cannot_be_made_is_refused(nobody: Path) -> None:
    """The sentence says where to look."""
    (nobody / "in").mkdir(0o500)
    with pytest.raises(StoreUnusable, match="look at who may use the file and write its folder"):
        ConfigFileStore(nobody / "in" / "new" / "connections.json")


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    """Nor is a file a folder, nor a pipe a file, which would be waited for."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)

    for name, trouble in (
        ("folder", "is not a file; name one in PORTALKEY_DATABASE_URL"),
        ("pipe", "is not a file"),
        ("file/connections.json", r"cannot be used \(not a directory\)"),
    ):
        with pytest.raises(StoreUnusable, match=trouble):
            ConfigFileStore(tmp_path / name)


def test_a_link_is_followed(tmp_path: Path, path: Path) -> None:
    """What it leads to is the file, and the link stays one."""
    (tmp_path / "link.json").symlink_to(path)
    connect(ConfigFileStore(tmp_path / "link.json"))

    assert (tmp_path / "link.json").is_symlink()
    assert set(modes(tmp_path)) == {*NAMES, "link.json"}


def test_a_network_disk_is_refused(path: Path) -> None:
    """Its locks do not hold there."""
    mounts = f"22 1 0:1 / {path.parent} rw - nfs4 host:/ rw"
    with pytest.raises(StoreUnusable, match=r"\(nfs4\), where the locks of a file do not hold"):
        ConfigFileStore(path, mounts=lambda: mounts)

    assert modes(path.parent) == {}


def test_a_file_that_may_not_grow_stays_as_it_is(path: Path) -> None:
    """The write is refused whole, and the next one works."""
    store = ConfigFileStore(path)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(StoreUnusable, match="cannot grow; raise the limit"):
            store.record(Event(EventName.CONNECTED))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert path.read_bytes() == before
    assert set(modes(path.parent)) == set(NAMES)
    assert store.record(Event(EventName.CONNECTED))
    assert len(store.events()) == 1


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """The file is as it was, nothing lies about, and the sentence says to make room."""
    script = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    arguments = ["sh", "-c", script, "sh", str(tmp_path), sys.executable, FULL]
    done = subprocess.run(
        ["/usr/bin/unshare", "-m", *arguments], capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("a disk of its own cannot be had here")

    first, second = done.stdout.splitlines()
    assert first == (
        f"StoreUnusable The store {tmp_path}/connections.json cannot grow; make room on its disk."
    )
    assert second == f"True {list(NAMES)}"


def test_what_a_killed_process_left_is_cleared(path: Path) -> None:
    """Half a file is never read, and the next write takes it away."""
    store = ConfigFileStore(path)
    for name in ("connections.json.new", "connections.json.good.new"):
        path.with_name(name).write_text("{")
    store.record(Event(EventName.CONNECTED))

    assert set(modes(path.parent)) == set(NAMES)
