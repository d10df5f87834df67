"""Which disk a SQLite file may be on."""

from pathlib import Path

import pytest

from portalkey.errors import BadSettings, StoreUnusable
from portalkey.vault import SQLStore
from portalkey.vault.sql.urls import filesystem, read_mounts

NETWORK = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "glusterfs",
    "fuse.glusterfs",
    "ceph",
    "fuse.ceph",
    "lustre",
    "afs",
    "gpfs",
    "beegfs",
]
MOUNTS = r"""
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/root rw
26 22 0:24 / /mnt rw shared:2 - nfs4 server:/export rw,vers=4.2
27 26 0:25 / /mnt/local rw - xfs /dev/sdb rw
28 22 0:26 / /home/ada/our\040files rw master:1 propagate_from:2 - fuse.sshfs ada@host: rw
29 22 0:27 / /over rw - nfs host:/ rw
30 22 0:28 / /over rw - ext4 /dev/sdc rw
a line of another kind
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/portalkey.db", "ext4"),
        ("/mnt/portalkey.db", "nfs4"),
        ("/mnt/new/folder/portalkey.db", "nfs4"),
        ("/mnt/local/portalkey.db", "xfs"),
        ("/mntlocal/portalkey.db", "ext4"),
        ("/home/ada/our files/portalkey.db", "fuse.sshfs"),
        ("/over/portalkey.db", "ext4"),
    ],
)
def test_a_file_is_on_what_is_mounted_nearest(path: str, kind: str) -> None:
    """Whole names of folders count, quoted or not, and the last mount at a place."""
    assert filesystem(Path(path), MOUNTS) == kind


def test_a_system_that_tells_nothing_is_trusted(tmp_path: Path) -> None:
    """Not every system has such a list."""
    assert filesystem(Path("/portalkey.db"), read_mounts(tmp_path / "mountinfo")) == ""


@pytest.mark.parametrize(
    "kind",
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "fuse.sshfs",
        "glusterfs",
        "fuse.glusterfs",
        "ceph",
        "fuse.ceph",
        "lustre",
        "afs",
        "gpfs",
        "beegfs",
    ],
)
def test_a_network_disk_is_refused(tmp_path: Path, kind: str) -> None:
    """Its locks do not hold; the sentence names what does, and no file is made there."""
    path = tmp_path / "new" / "portalkey.db"
    mounts = f"22 1 0:1 / {tmp_path} rw - {kind} host:/ rw"
    with pytest.raises(StoreUnusable, match=rf"\({kind}\).* locks .*PostgreSQL") as refusal:
        SQLStore.open(f"sqlite:///{path}", mounts=lambda: mounts)

    assert str(path) in str(refusal.value)
    assert not path.parent.exists()


@pytest.mark.parametrize("kind", ["ext4", "overlay", "9p", "virtiofs", "tmpfs", "fuse.bindfs"])
def test_a_disk_of_this_machine_is_fine(tmp_path: Path, kind: str) -> None:
    """So is what virtual machines and containers lay over one."""
    mounts = f"22 1 0:1 / {tmp_path} rw - {kind} /dev/root rw"
    SQLStore.open(f"sqlite:///{tmp_path / 'portalkey.db'}", mounts=lambda: mounts).close()


def test_a_schema_for_sqlite_is_refused(tmp_path: Path) -> None:
    """It has none, so somebody means another database."""
    with pytest.raises(BadSettings, match="PORTALKEY_DATABASE_SCHEMA is for PostgreSQL"):
        SQLStore.open(f"sqlite:///{tmp_path / 'portalkey.db'}", schema="apart")


def test_a_link_to_a_network_disk_is_followed(tmp_path: Path) -> None:
    """What counts is where the file really is."""
    (tmp_path / "away").mkdir()
    (tmp_path / "here").symlink_to("away")
    mounts = f"22 1 0:1 / {tmp_path / 'away'} rw - nfs4 host:/ rw"
    with pytest.raises(StoreUnusable, match="network file system"):
        SQLStore.open(f"sqlite:///{tmp_path / 'here' / 'portalkey.db'}", mounts=lambda: mounts)


def test_this_system_tells_its_mounts() -> None:
    """Where it is Linux, the root is among them."""
    assert not read_mounts() or filesystem(Path("/"), read_mounts())
