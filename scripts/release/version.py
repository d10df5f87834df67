"""Give portalkey and its simulator a version, and the changes a heading: ``make version TO=1.2.3``.

The two ``pyproject.toml`` are the only places of a version; everything else reads the metadata.
"""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNRELEASED = "## Unreleased\n"


def main(arguments: list[str]) -> int:
    """Write the version of the only argument."""
    if len(arguments) != 1 or not re.fullmatch(r"\d+\.\d+\.\d+", arguments[0]):
        print("Say which version: make version TO=1.2.3", file=sys.stderr)
        return 2
    write(ROOT, arguments[0], f"{datetime.now(UTC):%Y-%m-%d}")
    print(f"Version {arguments[0]}, in both pyproject.toml and CHANGELOG.md.")
    return 0


def write(root: Path, version: str, day: str) -> None:
    """Write *version* below *root*; what was unreleased is of this *day*."""
    for path in (root / "pyproject.toml", root / "simulator" / "pyproject.toml"):
        text = path.read_text()
        path.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text, count=1))
    changes = root / "CHANGELOG.md"
    heading = f"{UNRELEASED}\n## {version} - {day}\n"
    changes.write_text(changes.read_text().replace(UNRELEASED, heading, 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
