"""Which disk a SQLite file may be on."""

from pathlib import Path

import pytest

from portalkey.errors import BadSettings, StoreUnusable
from portalkey.vault import SQLStore

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
        "virtiofs",
        "fakeowner",
        "osxfs",
        "drvfs",
        "ncpfs",
        "9p",
        "vboxsf",
        "prl_fs",
        "wekafs",
        "pvfs2",
        "fuse",
        *(
            f"fuse.{name}"
            for name in (
                "grpcfuse",
                "ceph-fuse",
                "gcsfuse",
                "s3fs",
                "rclone",
                "juicefs",
                "mfs",
                "vmhgfs-fuse",
                "mount-s3",
                "blobfuse2",
                "davfs2",
                "geesefs",
                "gvfsd-fuse",
            )
        ),
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


@pytest.mark.parametrize(
    "kind", ["ext4", "overlay", "tmpfs", "fuse.bindfs", "fuse.fuse-overlayfs", "fuseblk"]
)
def test_a_disk_of_this_machine_is_fine(tmp_path: Path, kind: str) -> None:
    """So is what virtual machines and containers lay over one."""
    mounts = f"22 1 0:1 / {tmp_path} rw - {kind} /dev/root rw"
    SQLStore.open(f"sqlite:///{tmp_path / 'portalkey.db'}", mounts=lambda: mounts).close()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("//ada@server/share on {at} (smbfs, nodev, nosuid, mounted by ada)", "smbfs"),
        ("server:/export on {at} (nfs, nodev, nosuid)", "nfs"),
        ("https://dav.example/ on {at} (webdav, nodev, noexec)", "webdav"),
        ("ada@host:/ on {at} (macfuse, nodev, nosuid, synchronous, mounted by ada)", "macfuse"),
        ("none on {at} (prl_fs, nodev, nosuid)", "prl_fs"),
        ("share on {at} (virtiofs, nodev, nosuid)", "virtiofs"),
    ],
)
def test_a_network_disk_of_macos_is_refused(tmp_path: Path, line: str, kind: str) -> None:
    """As its ``mount`` prints it."""
    mounts = f"/dev/disk3s1 on / (apfs, local, journaled)\n{line.format(at=tmp_path)}\n"
    with pytest.raises(StoreUnusable, match=rf"\({kind}\)"):
        SQLStore.open(f"sqlite:///{tmp_path / 'portalkey.db'}", mounts=lambda: mounts)


def test_a_schema_for_sqlite_is_refused(tmp_path: Path) -> None:
    """It has none, so somebody means another database."""
    with pytest.raises(BadSettings, match="PORTALKEY_DATABASE_SCHEMA is for PostgreSQL"):
        SQLStore.open(f"sqlite:///{tmp_path / 'portalkey.db'}", schema="apart")


def test_a_link_to_a_network_disk_is_followed(tmp_path: Path) -> None:
    """What counts is where the file really is."""
    (tmp_path / "away").mkdir()
    (tmp_path / "here").symlink_to("away")
    mounts = f"22 1 0:1 / {tmp_path / 'away'} rw - nfs4 host:/ rw"
    with pytest.raises(StoreUnusable, match="network or shared file system"):
        SQLStore.open(f"sqlite:///{tmp_path / 'here' / 'portalkey.db'}", mounts=lambda: mounts)
