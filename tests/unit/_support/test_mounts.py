"""Which file system a path is on."""

from pathlib import Path

import pytest

from portalkey._support.mounts import filesystem, read_mounts

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


DARWIN = """
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//ada@server/our files on /Volumes/our files (smbfs, nodev, nosuid, mounted by ada)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/Users/ada/portalkey.db", "apfs"), ("/Volumes/our files/portalkey.db", "smbfs")],
)
def test_the_mounts_of_macos_are_read_too(path: str, kind: str) -> None:
    """As ``mount`` prints them."""
    assert filesystem(Path(path), DARWIN) == kind


def test_a_system_that_tells_nothing_is_trusted(tmp_path: Path) -> None:
    """Not every system has such a list."""
    assert filesystem(Path("/portalkey.db"), read_mounts(tmp_path / "mountinfo")) == ""


def test_this_system_tells_its_mounts() -> None:
    """Where it is Linux, the root is among them."""
    assert not read_mounts() or filesystem(Path("/"), read_mounts())
