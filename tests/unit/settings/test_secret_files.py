"""Secrets in files: who else may read one."""

import os
from pathlib import Path

import pytest

from portalkey.settings.secret_files import read_secret_file

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no modes")

ORDINARY = "22 1 259:2 / / rw - ext4 /dev/root rw"


def secret(path: Path, mode: int, *, group: int | None = None) -> Path:
    """A file with a secret in it."""
    path.write_text("the secret")
    if group is not None:
        os.chown(path, -1, group)
    path.chmod(mode)
    return path


def read(path: Path, mounts: str = ORDINARY, **environ: str) -> str:
    """What is read of it."""
    return read_secret_file(path, should_hold="a secret", mounts=mounts, environ=environ)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640])
def test_a_file_for_us_and_our_group_is_read(tmp_path: Path, mode: int) -> None:
    """Kubernetes gives a secret to a pod's group, systemd to a service's."""
    assert read(secret(tmp_path / "secret", mode)) == "the secret"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o444, 0o660, 0o620, 0o602, 0o601, 0o610])
def test_a_file_for_others_is_refused(tmp_path: Path, mode: int) -> None:
    """What others may read is no secret, and what they may change is not ours."""
    with pytest.raises(ValueError, match="others may read; run `chmod 600`"):
        read(secret(tmp_path / "secret", mode))


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else can give a file away")
def test_a_file_for_another_group_is_refused(tmp_path: Path) -> None:
    """Whoever is in it may read it."""
    strange = next(group for group in range(60000, 61000) if group not in os.getgroups())
    with pytest.raises(ValueError, match="others may read"):
        read(secret(tmp_path / "secret", 0o640, group=strange))


@pytest.mark.parametrize("kind", ["tmpfs", "ramfs"])
def test_a_file_on_a_mount_of_its_own_is_read(tmp_path: Path, kind: str) -> None:
    """Docker and Kubernetes lay secrets into memory, where all in the container may read them."""
    mounts = f"{ORDINARY}\n26 22 0:24 / {tmp_path} ro - {kind} {kind} rw"

    assert read(secret(tmp_path / "secret", 0o444), mounts) == "the secret"
    with pytest.raises(ValueError, match="others may read"):
        read(secret(tmp_path / "secret", 0o646), mounts)


def test_a_credential_of_systemd_is_read(tmp_path: Path) -> None:
    """A link into its folder counts as in it, and a link out of it does not."""
    (tmp_path / "credentials").mkdir()
    kept = secret(tmp_path / "credentials" / "secret", 0o444)
    (tmp_path / "link").symlink_to(kept)
    (tmp_path / "credentials" / "out").symlink_to(secret(tmp_path / "outside", 0o444))
    folder = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}

    assert read(kept, **folder) == read(tmp_path / "link", **folder) == "the secret"
    with pytest.raises(ValueError, match="others may read"):
        read(tmp_path / "credentials" / "out", **folder)
    with pytest.raises(ValueError, match="others may read"):
        read(kept)


def test_a_file_on_a_mount_that_nobody_can_write_is_read() -> None:
    """There ``chmod`` would not help; the system's own is an example where there is one."""
    for path in (Path("/sys/kernel/uevent_seqnum"), Path("/proc/version")):
        if os.statvfs(path).f_flag & os.ST_RDONLY:
            assert read_secret_file(path, should_hold="a secret")
