"""Pages that claim something name what shows it: each file, test and command of theirs is there."""

import ast
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import click
import pytest

from portalkey.cli.group import cli

ROOT = Path(__file__).parents[2]
PAGES = ("docs/comparison.md", "docs/figures.md", "docs/questionnaire.md")
NAMED = re.compile(r"`((?:tests|simulator|src|bench|docs|deploy|scripts)/[\w./-]+(?:::\w+)*)`")
RUN = re.compile(r"(?:make|portalkey|python -m) [a-z][^#|]*")


def read(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The names of the functions in a file, those of classes included."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(each.name for each in nodes if isinstance(each, kinds))


def is_there(named: str) -> bool:
    """True where *named* is a file or folder, and the test behind ``::`` is in it."""
    path, *parts = named.split("::")
    file = ROOT / path
    return file.is_file() and parts[-1] in functions_of(file) if parts else file.exists()


def commands_of(text: str) -> set[str]:
    """What a page has people run, from its code only."""
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    fences = re.findall(r"^ *```\w*\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line.strip().removeprefix("$ ") for block in fences for line in block.splitlines()]
    return {found[0] for each in [*spans, *lines] if (found := RUN.match(each))}


def can_run(command: str) -> bool:
    """True where *command* is a target, a command with its options, or a module of ours."""
    program, *words = command.removeprefix("python -m").split()
    if program == "make":
        return re.search(rf"^{re.escape(words[0])}:", read("Makefile"), re.MULTILINE) is not None
    return has_options(cli, words) if program == "portalkey" else is_module(program)


def has_options(command: click.Command, words: Sequence[str]) -> bool:
    """True where *words* lead to a command that has each option among them."""
    rest = list(words)
    while isinstance(command, click.Group):
        if command.invoke_without_command and rest and rest[0].startswith("--"):
            break
        found = command.get_command(click.Context(command), rest.pop(0)) if rest else None
        if found is None:
            return False
        command = found
    known = {option for parameter in command.params for option in parameter.opts}
    return {word for word in rest if word.startswith("--")} <= known


def is_module(name: str) -> bool:
    """True where *name* is a module of ours, or one that comes with Python."""
    path = ROOT / name.replace(".", "/")
    is_ours = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
    return is_ours or name == "venv"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_test_that_is_named_is_there(page: str) -> None:
    """What is renamed or removed is missed here."""
    named = set(NAMED.findall(read(page)))

    assert sorted(each for each in named if not is_there(each)) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_named_is_there(page: str) -> None:
    """Nobody is told to run what there is not."""
    assert sorted(each for each in commands_of(read(page)) if not can_run(each)) == []


@pytest.mark.parametrize(
    "named", ["tests/unit/test_evidence.py::test_nothing", "tests/unit/test_no_file.py", "bench/no"]
)
def test_what_is_not_there_would_be_seen(named: str) -> None:
    """The negative control, of files and tests."""
    assert not is_there(named)


def test_a_command_that_is_not_there_would_be_seen() -> None:
    """The negative control, of commands."""
    spans = "`make nothing`, `portalkey nothing`, `portalkey keys nothing`, `portalkey work --no`"
    text = f"{spans}\n```sh\npython -m bench.nothing\n```\n"

    assert len(commands_of(text)) == 5
    assert not any(map(can_run, commands_of(text)))
