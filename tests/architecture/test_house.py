"""The house's own rules, held by reading its source."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import portalkey
from architecture.import_depth import depth_of_imports
from portalkey import errors

SOURCE = Path(portalkey.__file__).parent
ROOT = Path(__file__).parents[2]
MODULES = sorted(SOURCE.rglob("*.py"))


def name(path: Path) -> str:
    """The module's path below the package."""
    return path.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_one_thing(path: Path) -> None:
    """No module over 300 lines, no function over 40."""
    text = path.read_text()

    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


ENVIRONMENT = ("os.environ", "os.getenv")


def environment_readers() -> Iterator[str]:
    """Modules that mention the process's environment."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node).startswith(ENVIRONMENT):
                yield name(path)


def test_only_settings_and_cli_read_the_environment() -> None:
    """Everything else is told."""
    assert {reader for reader in environment_readers() if not reader.startswith("cli/")} == {
        "settings/settings.py",
        "settings/secret_files.py",  # systemd's folder of credentials
        "settings/surroundings.py",  # where the process runs
    }


SENDS = {"client", "connections", "deadline", "tunnel"}


def test_the_pure_part_knows_no_clock() -> None:
    """``hubspot/`` takes times and random values as arguments."""
    pure = [path for path in (SOURCE / "hubspot").rglob("*.py") if path.stem not in SENDS]
    for path in pure:
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.attr if isinstance(node, ast.Attribute) else ""
            assert called not in {"now", "utcnow", "time", "monotonic", "today"}, name(path)


NETWORK = {"httpx2", "h11", "socket", "http", "requests"}
STORAGE = {"sqlalchemy", "alembic", "sqlite3"}


@pytest.mark.parametrize(
    ("packages", "rooms"),
    [
        (
            NETWORK,
            (
                *(
                    f"hubspot/{each}.py"
                    for each in ("client", "connections", "deadline", "tunnel", "troubles")
                ),
                "broker/notify.py",  # the app's own receiver
                "cli/doctor/",
                "cli/server/",
                "adapters/",
            ),
        ),
        (STORAGE, ("vault/",)),
    ],
    ids=["network", "storage"],
)
def test_only_its_room_reaches_outside(packages: set[str], rooms: tuple[str, ...]) -> None:
    """The network is the client's (and the server's own port), storage is the vault's."""
    outside = [path for path in MODULES if not name(path).startswith(rooms)]

    assert [name(path) for path in outside if imports(path) & packages] == []


def test_only_the_keyring_knows_cryptography() -> None:
    """One place to read, one place to be wrong."""
    knowing = {name(path) for path in MODULES if "cryptography" in imports(path)}

    assert knowing == {"vault/keyring.py"}


def imports(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_importing_portalkey_needs_no_web_framework() -> None:
    """A worker or a script pays for no web framework."""
    frameworks = {"anyio", "cheroot", "django", "flask", "starlette", "werkzeug"}
    code = f"import sys, portalkey; print({frameworks} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_imports_go_down() -> None:
    """The layers of the house hold (import-linter)."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stdout


def test_the_door_is_small() -> None:
    """Errors, and about ten names besides; everything else has a room."""
    others = [name for name in portalkey.__all__ if not hasattr(errors, name)]

    assert len(others) <= 12
    assert all(hasattr(portalkey, public) for public in portalkey.__all__)


def words_of(variable: str) -> list[str]:
    """The words of a variable in the Makefile; commas part them too."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    (value,) = re.findall(rf"^{variable} := (.*)$", text, re.MULTILINE)
    return re.split(r"[\s,]+", value.strip())


def test_every_glob_of_whole_coverage_matches_a_file() -> None:
    """A rename would lower the gate of 100 % without a word."""
    for glob in words_of("WHOLE"):
        assert [path for path in MODULES if fnmatch(path.as_posix(), glob)], glob


@pytest.mark.parametrize("variable", ["COUNTED", "OTHERS", "OLDEST"])
def test_every_path_that_the_makefile_tests_is_there(variable: str) -> None:
    """A folder that was moved would be tested no more, without a word."""
    assert [path for path in words_of(variable) if not (ROOT / path).exists()] == []


DEEPEST = 12
"""Only ever lowered: how many modules stand on one another at import."""


def test_no_chain_of_imports_is_longer() -> None:
    """Whoever reads a module reads what is below it."""
    assert depth_of_imports(SOURCE) <= DEEPEST
