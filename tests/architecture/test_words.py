"""Plain English, held by reading the source: nouns for values, verbs for functions."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import portalkey
import portalkey_simulator
from architecture.words import docstrings, functions, is_bare_participle, is_question, parse

SOURCE = Path(portalkey.__file__).parent
SIMULATOR = Path(portalkey_simulator.__file__).parent
ALLOWED = {
    ("web/pages.py", "done"): "the page /auth/hubspot/done",
    ("pages/marketplace.py", "done"): "the simulator's last page of an install",
}
"""Functions whose names may be participles, each with its reason."""

QUESTIONS_LEFT = {
    "broker": 18, "flask": 9, "simulator": 136, "testing": 14, "vault": 56, "web": 28,
}  # fmt: skip
PARTICIPLES_LEFT = {
    "broker": 11, "flask": 3, "simulator": 34, "testing": 4, "vault": 32, "web": 8,
}  # fmt: skip
"""Only ever lowered, a room at a time; a room that is not named has none."""


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Room, path and tree of every module; the simulator is one room."""
    for path in sorted(SOURCE.rglob("*.py")):
        below = path.relative_to(SOURCE)
        yield below.parts[0].removesuffix(".py"), below.as_posix(), parse(path)
    for path in sorted(SIMULATOR.rglob("*.py")):
        yield "simulator", path.relative_to(SIMULATOR).as_posix(), parse(path)


def test_no_docstring_begins_with_a_question_word() -> None:
    """A docstring says what a thing is or does; no clause stands there without a subject."""
    questions: dict[str, list[str]] = defaultdict(list)
    for room, path, tree in modules():
        asking = [name for name, docstring in docstrings(tree) if is_question(docstring)]
        questions[room] += [f"{path}: {name}" for name in asking]

    for room, names in questions.items():
        assert len(names) <= QUESTIONS_LEFT.get(room, 0), names


def test_no_function_is_a_bare_participle() -> None:
    """A function is a verb: ``seal`` and ``read_row``, never ``sealed`` or ``kept``."""
    participles: dict[str, list[str]] = defaultdict(list)
    for room, path, tree in modules():
        bare = [name for name in functions(tree) if is_bare_participle(name)]
        participles[room] += [f"{path}: {name}" for name in bare if (path, name) not in ALLOWED]

    for room, names in participles.items():
        assert len(names) <= PARTICIPLES_LEFT.get(room, 0), names


@pytest.mark.parametrize(
    "source",
    [
        '"""What it is."""',
        'class Row:\n    """How it stands."""',
        'class Row:\n    LIMIT: int = 1\n    """Why there are no more."""',
        'def read() -> None:\n    def inner() -> None:\n        """Where it is."""',
        'LIMIT = 1\n"""Whether there is one."""',
    ],
)
def test_a_question_is_caught(source: str) -> None:
    """Modules, classes, functions and constants are all looked at."""
    found = [name for name, docstring in docstrings(ast.parse(source)) if is_question(docstring)]

    assert len(found) == 1


def test_whoever_is_no_question() -> None:
    """Only whole words count."""
    assert not is_question("Whoever runs the app has to act.")
    assert not is_question("Whatever.")


@pytest.mark.parametrize(
    "source",
    [
        "def told() -> None: ...",
        "async def _kept() -> None: ...",
        "class Row:\n    def __sealed(self) -> None: ...",
        "def read() -> None:\n    def asked() -> None: ...",
    ],
)
def test_a_participle_is_caught(source: str) -> None:
    """Methods and inner functions count, with or without underscores."""
    assert [name for name in functions(ast.parse(source)) if is_bare_participle(name)] != []


@pytest.mark.parametrize("name", ["read", "put", "run", "_cut", "feed", "is_sealed", "__init__"])
def test_an_imperative_is_no_participle(name: str) -> None:
    """Words that look like one, and names of several words, are left alone."""
    assert not is_bare_participle(name)
