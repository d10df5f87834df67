"""What the browser loads of us, and how much of it."""

import gzip
from pathlib import Path

import pytest

import portalkey.web

STATIC = Path(portalkey.web.__file__).parent / "static"
BUDGETS = [
    (("connect.js", "wait.js", "strings.js"), 7 * 1024),
    (("done.js",), 1229),
    (("complete.js",), 200),
    (("portalkey.css",), 2048),
]


@pytest.mark.parametrize(("files", "most"), BUDGETS, ids=str)
def test_what_is_loaded_stays_small(files: tuple[str, ...], most: int) -> None:
    """Gzipped source, as it is: there is no build step."""
    together = b"".join((STATIC / file).read_bytes() for file in files)

    assert len(gzip.compress(together, 9, mtime=0)) <= most


@pytest.mark.parametrize("file", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(file: Path) -> None:
    """No address of anybody's but ours, no evaluated text, no HTML from a string."""
    text = file.read_text()

    for word in ("http://", "https://", "eval(", "innerHTML", "document.write", "postMessage(*"):
        assert word not in text
