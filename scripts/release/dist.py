"""Build what a release consists of, into ``dist/``, without a network: ``make dist``.

Wheels and archives of the source of portalkey and its simulator, ``connect.js`` as an npm package,
and what portalkey runs on, as CycloneDX. Everything is built twice, and has to be the same byte for
byte; the metadata is checked as an index would.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.metadata import Metadata

from release.npm import write_npm

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = (ROOT, ROOT / "simulator")


class Unusable(Exception):
    """What was built cannot be released; the message says why."""


def main() -> int:
    """Build into ``dist/``, in place of what is there; return 1 where it cannot be released."""
    folder = ROOT / "dist"
    try:
        with tempfile.TemporaryDirectory() as once, tempfile.TemporaryDirectory() as again:
            built = list(build(Path(once)))
            require_same(built, list(build(Path(again))))
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(once, folder)
    except Unusable as reason:
        print(f"Nothing was built: {reason}", file=sys.stderr)
        return 1
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>9,} bytes  {folder.name}/{path.name}")
    return 0


def read_version() -> str:
    """Return the one version that portalkey and its simulator have."""
    paths = [each / "pyproject.toml" for each in PROJECTS]
    versions: set[str] = {tomllib.loads(path.read_text())["project"]["version"] for path in paths}
    if len(versions) > 1:
        told = " and ".join(sorted(versions))
        raise Unusable(f"the two pyproject.toml say {told}; run make version TO=1.2.3")
    return versions.pop()


def build(folder: Path) -> Iterator[Path]:
    """Build all into *folder*, one path after the other."""
    for project in PROJECTS:
        for kind in (SdistBuilder, WheelBuilder):
            (path,) = kind(str(project)).build(directory=str(folder), versions=["standard"])
            require_metadata(Path(path))
            yield Path(path)
    yield write_npm(ROOT, read_version(), folder)
    yield write_sbom(folder)


def require_metadata(path: Path) -> None:
    """Refuse what an index would refuse, and a text with a link that leads nowhere there."""
    try:
        metadata = Metadata.from_email(read_metadata(path), validate=True)
    except ExceptionGroup as group:
        told = "; ".join(str(each) for each in group.exceptions)
        raise Unusable(f"the metadata of {path.name} is refused by indexes: {told}") from None
    relative = re.findall(r"\]\((?!https://)([^)]*)\)", metadata.description or "")
    if relative:
        raise Unusable(
            f"the text of {path.name} links to {', '.join(relative)}, which is not there"
        )


def read_metadata(path: Path) -> bytes:
    """Return the metadata within a wheel or an archive of the source."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            (name,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
            return wheel.read(name)
    with tarfile.open(path) as source:
        found = source.extractfile(f"{path.name.removesuffix('.tar.gz')}/PKG-INFO")
        return found.read() if found else b""


def write_sbom(folder: Path) -> Path:
    """Write what portalkey runs on, from the lock file."""
    command = [sys.executable, str(ROOT / "scripts" / "sbom")]
    path = folder / f"portalkey-{read_version()}.cdx.json"
    path.write_bytes(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return path


def require_same(built: list[Path], again: list[Path]) -> None:
    """Refuse a build that does not come out the same a second time."""
    for one, other in zip(built, again, strict=True):
        if one.name != other.name or one.read_bytes() != other.read_bytes():
            raise Unusable(f"{one.name} comes out otherwise a second time; look what in it changes")


if __name__ == "__main__":
    sys.exit(main())
