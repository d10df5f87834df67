"""Files of the project that the command runs in: those a person wrote, up to a limit."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

MOST_FILES = 5000
"""So many files are looked at."""
MOST_BYTES = 500_000
"""Longer ones were made by programs."""

_LEFT_OUT = frozenset(
    ("node_modules", "venv", "env", "site-packages", "__pycache__", "dist", "build", "target")
)
_OF_PEOPLE = re.compile(
    r"\.(py|[mc]?js|[tj]sx?|vue|svelte|rb|php|go|java|kt|cs|rs|sh|html|json|ya?ml|toml|ini|cfg|env|tf)",
    re.IGNORECASE,
)
"""Endings of files that a person wrote."""


def find_files(folder: Path) -> Iterator[Path]:
    """Yield the files of people in *folder*, near ones first, no more than ``MOST_FILES``."""
    seen = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(
            each for each in folders if each not in _LEFT_OUT and not each.startswith(".")
        )
        for name in sorted(names):
            path = Path(root, name)
            if not _OF_PEOPLE.fullmatch(path.suffix):
                continue
            seen += 1
            if seen > MOST_FILES:
                return
            yield path


def read_lines(path: Path) -> list[str]:
    """Return the lines of the file at *path*; none where it is too long or cannot be read."""
    try:
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        pass
    return []
