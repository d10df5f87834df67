"""The house's language: docstrings that say what a thing is, functions that are verbs."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

QUESTION = re.compile(r"(What|How|Who|Whom|Whose|Which|Where|When|Why|Whether)\b")

_IRREGULAR = """
admitted agreed been begun borne born bound broken brought built caught chosen done drawn driven dug
eaten fallen fed felt fought found forgotten freed frozen given gone grown guaranteed heard held
hidden hung kept known laid leased led left lent lit lost made meant met moved paced paid proven
ridden risen said seen sent shaken shown slept sold sought spent spoken sprung stolen stood struck
sworn swept swum taken taught thought thrown told torn undone understood wanted withheld woken won
worn wound written
"""

PARTICIPLES = frozenset(_IRREGULAR.split())
"""Past participles, but for those that are imperatives too, such as ``run`` and ``put``."""

REGULAR = re.compile(r"[a-z]{2,}(?<!e)ed")
"""Words that end in -ed, but for words such as ``feed``, ``need`` and ``proceed``."""

IMPERATIVES = frozenset({"embed", "shed"})


def is_question(docstring: str) -> bool:
    """Return True where *docstring* begins with a question word."""
    return QUESTION.match(docstring.strip()) is not None


def is_bare_participle(name: str) -> bool:
    """Return True where the only word of *name* is a past participle."""
    word = name.strip("_")
    is_regular = REGULAR.fullmatch(word) is not None and word not in IMPERATIVES
    return is_regular or word in PARTICIPLES


def docstrings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every docstring in *tree* with its name; the text below a constant counts as one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "name", "module"), ast.get_docstring(node) or ""
            yield from _constants(node.body)


def _constants(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for constant, text in pairwise(body):
        if not isinstance(constant, ast.Assign | ast.AnnAssign) or not isinstance(text, ast.Expr):
            continue
        if isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            yield ast.unparse(constant).partition(" ")[0], text.value.value


def functions(tree: ast.Module) -> Iterator[str]:
    """The names of all functions in *tree*, methods and inner functions among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def parse(path: Path) -> ast.Module:
    """Return the syntax tree of the module at *path*."""
    return ast.parse(path.read_text())
