"""Plain English, held by reading the source: nouns for values, verbs for functions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import portalkey
import portalkey_simulator
from architecture.words import docstrings, functions, is_bare_participle, is_question, parse

SOURCE = Path(portalkey.__file__).parent
SIMULATOR = Path(portalkey_simulator.__file__).parent
SCRIPTS = Path(__file__).parents[2] / "scripts"
ALLOWED = {
    ("pages/marketplace.py", "done"): "the simulator's last page of an install",
}
"""Functions whose names may be participles, each with its reason."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Path and tree of every module, the simulator's included, and of every Python script."""
    for source in (SOURCE, SIMULATOR):
        for path in sorted(source.rglob("*.py")):
            yield path.relative_to(source).as_posix(), parse(path)
    for path in sorted(SCRIPTS.iterdir()):
        if is_python(path):
            yield f"scripts/{path.name}", parse(path)


def is_python(path: Path) -> bool:
    """True for a script that Python runs; the others are the shell's."""
    return path.is_file() and path.read_text().startswith("#!/usr/bin/env python3\n")


def test_scripts_are_read() -> None:
    """They have no suffix, so they are known by their first line."""
    assert {"scripts/pythons", "scripts/sbom"} <= {path for path, _ in modules()}


def test_no_docstring_begins_with_a_question_word() -> None:
    """A docstring says what a thing is or does; no clause stands there without a subject."""
    questions = [
        f"{path}: {name}"
        for path, tree in modules()
        for name, docstring in docstrings(tree)
        if is_question(docstring)
    ]

    assert questions == []


def test_no_function_is_a_bare_participle() -> None:
    """A function is a verb: ``seal`` and ``read_row``, never ``sealed`` or ``kept``."""
    participles = [
        f"{path}: {name}"
        for path, tree in modules()
        for name in functions(tree)
        if is_bare_participle(name) and (path, name) not in ALLOWED
    ]

    assert participles == []


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
