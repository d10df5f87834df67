"""connect.d.ts names what the scripts have, and no more; the compiler reads it in tests/node."""

import re
from pathlib import Path

import pytest

import portalkey.web

STATIC = Path(portalkey.web.__file__).parent / "static"
TYPES = (STATIC / "connect.d.ts").read_text()
FILES = {"en": "strings.js", "de": "strings-de.js"}
KEY = re.compile(r"^ +\"?([\w:]+)\"?: \"", re.MULTILINE)


def spoken() -> dict[str, list[str]]:
    """The keys of what the element says, language by language."""
    return {name: KEY.findall((STATIC / file).read_text()) for name, file in FILES.items()}


def test_exports_are_the_same() -> None:
    """Whatever connect.js exports has a type, and whatever has one is exported."""
    text = (STATIC / "connect.js").read_text()
    (exported,) = re.findall(r"^export \{(.*?)\};", text, re.MULTILINE)
    declared = re.findall(r"^export (?:function|const|class) (\w+)", TYPES, re.MULTILINE)

    assert sorted(declared) == sorted(exported.replace(" ", "").split(","))


def test_strings_are_the_same() -> None:
    """Every string has a name in the types, errors by their pattern."""
    _, _, after = TYPES.partition("export interface Strings {\n")
    body = after.partition("\n}")[0]
    declared = re.findall(r"^  (\w+)\?: string;$", body, re.MULTILINE)

    assert declared == [key for key in spoken()["en"] if not key.startswith("failed:")]


@pytest.mark.parametrize("language", sorted(spoken()))
def test_every_language_says_everything(language: str) -> None:
    """No language that comes with us falls back to English."""
    assert spoken()[language] == spoken()["en"]
