"""``connect.js`` as an npm package, of the same files that the server has."""

import gzip
import io
import json
import tarfile
from pathlib import Path

STATIC = Path("src", "portalkey", "web", "static")
SCRIPTS = ("connect.js", "connect.d.ts", "strings.js", "strings-de.js", "wait.js")
"""``connect.js``, its types, and what it imports."""


def write_npm(root: Path, version: str, folder: Path) -> Path:
    """Write the npm package, as ``npm pack`` would but always the same."""
    package = json.loads((root / "npm" / "package.json").read_text())
    package = {"name": package.pop("name"), "version": version, **package}
    files = {"package.json": json.dumps(package, indent=2).encode() + b"\n"}
    files |= {"README.md": (root / "npm" / "README.md").read_bytes()}
    files |= {"LICENSE": (root / "LICENSE").read_bytes()}
    files |= {name: (root / STATIC / name).read_bytes() for name in SCRIPTS}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    path = folder / f"{package['name']}-{version}.tgz"
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return path
