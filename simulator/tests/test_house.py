"""The simulator's own house rules, held by reading its source."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import portalkey_simulator

SOURCE = Path(portalkey_simulator.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted(Path(__file__).parent.glob("*.py"))

QUESTIONS = ("What", "How", "Who", "Which", "Where", "When", "Whose", "Why")
PARTICIPLES = re.compile(
    "_*(admitted|agreed|allowed|asked|built|changed|checked|chosen|compared|doubled|ended|expired|"
    "faulty|fixed|following|found|given|granted|guarded|held|issued|kept|known|listed|made|noted|"
    "offered|opened|paced|refused|sealed|seen|sent_on|shortened|shown|signed|stopped|switched|"
    "taken|told|truncated|unanswered|wanted|written)_*"
)


def name(path: Path) -> str:
    """The module's path below the package, or a test's file."""
    return path.relative_to(SOURCE).as_posix() if SOURCE in path.parents else path.name


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Every function in *tree*, methods among them."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def is_value(function: ast.FunctionDef) -> bool:
    """Whether the function is read like a value, as properties are."""
    return any("property" in ast.unparse(each) for each in function.decorator_list)


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Every docstring in *tree*."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented):
            yield ast.get_docstring(node) or ""


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_one_thing(path: Path) -> None:
    """No module over 300 lines, no function over 40."""
    text = path.read_text()

    assert len(text.splitlines()) <= 300
    for function in functions(ast.parse(text)):
        assert (function.end_lineno or 0) - function.lineno < 40, function.name


def test_a_file_name_stands_once() -> None:
    """A file can be spoken of without its folder."""
    counts = Counter(path.stem for path in MODULES if path.stem != "__init__")

    assert [stem for stem, times in counts.items() if times > 1] == []


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=name)
def test_docstrings_begin_plainly(path: Path) -> None:
    """A docstring's first word is no question word."""
    first_words = (each.partition(" ")[0] for each in docstrings(ast.parse(path.read_text())))

    assert [word for word in first_words if word in QUESTIONS] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_function_is_a_verb(path: Path) -> None:
    """A function's name is no bare participle; a value's may be."""
    named = (each for each in functions(ast.parse(path.read_text())) if not is_value(each))

    assert [each.name for each in named if PARTICIPLES.fullmatch(each.name)] == []
