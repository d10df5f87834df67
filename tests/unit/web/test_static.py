"""Scripts and styles that a browser loads of us, and their size."""

import gzip
import re
from pathlib import Path

import pytest

import portalkey.web

STATIC = Path(portalkey.web.__file__).parent / "static"
BUDGETS = [
    (("connect.js", "wait.js", "strings.js"), 7 * 1024),
    (("strings-de.js",), 1024),
    (("done.js",), 1229),
    (("complete.js",), 200),
    (("setup.js",), 700),
    (("portalkey.css",), 3 * 1024),
    (("console.css",), 2 * 1024),
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


def test_a_button_stays_armed_with_reduced_motion() -> None:
    """It is no motion but the time in which a click is not taken."""
    css = (STATIC / "portalkey.css").read_text()
    always = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*(?:\{[^}]*\})?[^{}]*\})*\s*\}", "", css)

    assert ".pk-armed { animation: pk-arm" in always


def test_our_styles_leave_a_hosts_page_alone() -> None:
    """Each rule is for something of ours; for the rest there are custom properties, which yield."""
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "portalkey.css").read_text(), flags=re.DOTALL)
    css = re.sub(r"@keyframes [\w-]+ \{[^}]*\} \}", "", css)
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", css)
    selectors = [each.strip() for rule in rules for each in re.split(r",(?![^(]*\))", rule)]
    foreign = [each for each in selectors if not re.match(r"(:is\()?\.pk|hubspot-connect", each)]

    assert foreign == [":where(:root)", "img.pk-tile"]


@pytest.mark.parametrize("file", ["portalkey.css", "console.css"])
def test_no_side_is_left_or_right(file: str) -> None:
    """In a language that runs the other way, everything turns round."""
    css = (STATIC / file).read_text()

    assert not re.findall(r"(?:margin|padding|border)-(?:left|right|top|bottom)|[^-]width:", css)
