"""Refuses a store's file on a disk of which several machines do not see each other's locks."""

import re
from pathlib import Path

from portalkey._support.mounts import filesystem
from portalkey.errors import StoreUnusable

# Of several machines, each sees its own locks only, or all of them too late; a virtual machine's
# share of its host's folder is no better. Reports of SQLite files that such a share broke are many.
_NETWORK = (
    "nfs4?|cifs|smb3|smbfs|afpfs|webdav|ftp|sshfs|glusterfs|ceph|lustre|afs|gpfs|beegfs|wekafs"
    "|pvfs2|orangefs|coda|ncpfs"
)
_SHARED = "virtiofs|fakeowner|osxfs|grpcfuse|9p|vboxsf|prl_fs|vmhgfs|drvfs"
_FUSE = (
    "ceph-fuse|gcsfuse|s3fs|rclone|juicefs|mfs|moosefs|vmhgfs-fuse|mountpoint-s3|mount-s3"
    "|blobfuse2?|davfs2?|seaweedfs|goofys|geesefs|s3ql|ossfs2?|cosfs|obsfs|lizardfs|saunafs"
    "|alluxio-fuse|cvmfs2|curlftpfs|smbnetfs|gvfsd-fuse|kio-fuse|google-drive-ocamlfuse|onedriver"
)
# Plain ``fuse`` is what Mountpoint for S3, Blobfuse and davfs2 call themselves, and macOS has but
# one name for all of that kind.
_ELSEWHERE = re.compile(rf"fuse|macfuse|osxfuse|(fuse\.)?({_NETWORK}|{_SHARED}|{_FUSE})(_nodev)?")


def require_local(path: Path, mounts: str) -> None:
    """Refuse the absolute *path* of a store's file where *mounts* has it on another machine's disk.

    Raises:
        StoreUnusable: It is there; the message says what to name instead.
    """
    kind = filesystem(path, mounts)
    if _ELSEWHERE.fullmatch(kind):
        raise StoreUnusable(
            f"The store {path} is on a network or shared file system ({kind}), where the locks of "
            "a file do not hold; name a file on a disk of this machine in PORTALKEY_DATABASE_URL, "
            "or a PostgreSQL database, which several machines can share."
        )
