"""The pages for auditors say what the code does: cryptography, and what is dangerous."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import portalkey

SOURCE = Path(portalkey.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "cryptography.md"
LIBRARIES = {"cryptography", "hashlib", "hmac", "random", "secrets", "ssl"}
NO_SECRETS = {"broker/broker.py", "broker/refresh.py", "_support/time_limit.py"}
"""Modules that draw how long to wait, and may use a generator that can be guessed."""
DANGEROUS = {"eval", "exec", "compile", "__import__"}
DANGEROUS_MODULES = {"pickle", "marshal", "shelve", "yaml", "xml", "subprocess", "dill"}


def imports(source: str) -> set[str]:
    """The top-level packages that *source* imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def users_of(libraries: set[str]) -> set[str]:
    """The modules of the package that import one of *libraries*."""
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if imports(path.read_text()) & libraries
    }


def listed() -> set[str]:
    """The modules that the page names in its inventory."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return {name for row in rows for name in re.findall(r"`([\w/]+\.py)`", row)}


def test_every_use_is_in_the_inventory() -> None:
    """Whoever begins to use a cipher, a hash or a generator writes down what for."""
    assert users_of(LIBRARIES) - listed() == set()


def test_the_inventory_names_no_module_that_is_not_there() -> None:
    """Nor one that uses nothing of it any more."""
    assert listed() - users_of(LIBRARIES) == set()


def test_secrets_are_drawn_from_the_system() -> None:
    """No module but those that draw waits imports ``random``; none makes a UUID."""
    assert users_of({"random"}) == NO_SECRETS
    assert users_of({"uuid"}) == {"cli/importing/rows.py"}  # which reads those of other apps
    assert "uuid4" not in (SOURCE / "cli/importing/rows.py").read_text()


def test_no_dangerous_function_is_called() -> None:
    """Nothing runs text, or opens what was made to be run; one program is started, by its path."""
    calls = {
        (path.relative_to(SOURCE).as_posix(), name)
        for path in SOURCE.rglob("*.py")
        for name in dangerous_calls(path.read_text())
    }

    assert calls == set()
    assert users_of(DANGEROUS_MODULES) == {"_support/mounts.py"}


def dangerous_calls(source: str) -> Iterator[str]:
    """The names in *source* of functions that run text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {*DANGEROUS, "os.system"}:
            yield ast.unparse(node.func)


@pytest.mark.parametrize("source", ["eval('1')", "import os\nos.system('x')", "exec('x')"])
def test_a_dangerous_call_would_be_seen(source: str) -> None:
    """The negative control."""
    assert list(dangerous_calls(source))


def test_the_page_says_which_cipher_it_is() -> None:
    """An auditor reads it there first: Fernet is AES-128-CBC, a legacy mode, and v2 is planned."""
    text = PAGE.read_text()

    assert all(word in text for word in ("AES-128", "CBC", "legacy", "`v2`", "AES-256-GCM"))
