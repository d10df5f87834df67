"""The step after ``portalkey init``, told for the web framework of the project at hand."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path

from portalkey.cli.hints import spell
from portalkey.cli.steps import Part, Step

_STEPS = {
    "django": 'Add "portalkey.django" to INSTALLED_APPS and its urls to yours, and start the site '
    "on the port of PORTALKEY_PUBLIC_URL.",
    "starlette": "Give HubSpotAuth of portalkey.fastapi your app, and start it on the port of "
    "PORTALKEY_PUBLIC_URL.",
    "flask": "Give HubSpotAuth of portalkey.flask your app, and start it on the port of "
    "PORTALKEY_PUBLIC_URL; or run portalkey's own app:",
}
"""The next step, by the framework's module; behind a colon stands ``portalkey serve``."""
_IMPORT = re.compile(r"^\s*(?:from|import)\s+(django|fastapi|flask|starlette)\b", re.MULTILINE)
_MOST_FILES = 200
"""Most files of a project that are looked at for what they import."""
_ANY_STEP = (
    "Flask, FastAPI, Starlette: give HubSpotAuth your app.\n"
    'Django: "portalkey.django" in INSTALLED_APPS, and its urls in yours.\n'
    "None of these: run portalkey's own app:"
)


def find_next_step(project: Path) -> Step:
    """Return what comes next, with the web framework of *project*, or else what is installed."""
    found = set(_imported_in(project)) or _find_installed()
    sentence = _STEPS[found.pop()] if len(found) == 1 else _ANY_STEP
    return [Part(sentence, spell("serve") if sentence.endswith(":") else "")]


def _imported_in(project: Path) -> Iterator[str]:
    """Yield the frameworks that files of *project* import."""
    files = chain.from_iterable(project.glob(each) for each in ("*.py", "*/*.py", "*/*/*.py"))
    for file in islice(files, _MOST_FILES):
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for name in _IMPORT.findall(text):
            yield "starlette" if name == "fastapi" else name


def _find_installed() -> set[str]:
    """Return the frameworks that are installed; Flask may be here for the simulator alone."""
    found = {name for name in _STEPS if find_spec(name) is not None}
    return found - {"flask"} or found
