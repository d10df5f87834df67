"""The longest chain of imports that run when a module is imported."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def depth_of_imports(package: Path) -> int:
    """Return how many modules of *package* stand on one another, at most.

    Imports within functions, and those for type checkers alone, do not count.
    """
    modules = {module_name(path, package): path for path in package.rglob("*.py")}

    @cache
    def depth(module: str) -> int:
        imported = {*imports_of(modules[module], modules)} & modules.keys() - {module}
        return 1 + max(map(depth, imported), default=0)

    return max(map(depth, modules))


def module_name(path: Path, package: Path) -> str:
    """The dotted name of the module at *path*."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imports_of(path: Path, modules: dict[str, Path]) -> Iterator[str]:
    """Every name that the module at *path* imports as it is loaded; modules by their own names."""
    for node in statements_at_import(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in modules else node.module or ""


def statements_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements that run as a module is loaded."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from statements_at_import(node)
