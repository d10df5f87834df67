"""Docstrings that Python does not keep: those below the attributes of a class."""

import ast
import inspect
import sys
from collections.abc import Mapping


def attribute_docs(kind: type) -> Mapping[str, str]:
    """Return the docstring below each attribute of *kind* that its own body gives a value or type."""
    tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    return {
        name: _text(after)
        for node, after in zip(body, [*body[1:], None], strict=True)
        for name in _names(node)
    }


def _names(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return [each.id for each in targets if isinstance(each, ast.Name)]


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return str(node.value.value)
    return ""
