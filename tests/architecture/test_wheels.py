"""The two wheels: what is in them, and that they can be made again, byte for byte."""

import shutil
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PROJECTS = {"portalkey": ROOT, "portalkey_simulator": ROOT / "simulator"}

HOOK = "scripts/release/index_readme.py"
"""Only portalkey has it."""
LARGEST = 1_007_000
"""Bytes: 318,000 when the simulator had left it, and what hosts, operators and speed ask for."""


def build(project: Path, folder: Path) -> Path:
    """Build the wheel of *project* into *folder*, without any network."""
    builder = WheelBuilder(str(project))
    (wheel,) = builder.build(directory=str(folder), versions=["standard"])
    return Path(wheel)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both wheels, by the package in each."""
    folder = tmp_path_factory.mktemp("wheels")
    return {package: build(project, folder) for package, project in PROJECTS.items()}


def content(wheel: Path) -> set[str]:
    """The files in *wheel*, but for those about it."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.mark.parametrize("package", PROJECTS)
def test_a_wheel_holds_its_package_whole(package: str, wheels: dict[str, Path]) -> None:
    """Every file of its own package is in it, pages and styles too, and no file of another."""
    source = PROJECTS[package] / "src"
    files = (path for path in (source / package).rglob("*") if path.is_file())
    own = {path.relative_to(source).as_posix() for path in files if path.suffix != ".pyc"}

    assert content(wheels[package]) == own
    assert f"{package}/py.typed" in own
    assert any("/static/" in name for name in own)
    assert any("/templates/" in name for name in own)


KINDS = {
    "portalkey": {".css", ".html", ".js", ".json", ".py", ".svg", ".toml", ".ts", ".typed"},
    "portalkey_simulator": {".css", ".html", ".js", ".py", ".typed"},
}
ABOUT = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
"""Files about a wheel (PEP 427), and nothing of where it was made."""


@pytest.mark.parametrize("package", PROJECTS)
def test_a_wheel_holds_nothing_else(package: str, wheels: dict[str, Path]) -> None:
    """A snapshot by kind of file: no version control, no tests, no notes, no databases."""
    with zipfile.ZipFile(wheels[package]) as archive:
        about = {name.partition(".dist-info/")[2] for name in archive.namelist()}

    assert about - {""} == ABOUT
    assert {Path(name).suffix for name in content(wheels[package])} == KINDS[package]
    assert unwanted(content(wheels[package])) == []


def unwanted(names: set[str]) -> list[str]:
    """Return files that begin with a dot, or are tests; ``testing/`` is for an app's own tests."""
    parts = {name: Path(name).parts for name in sorted(names)}
    return [
        name
        for name, each in parts.items()
        if {"tests", "test"} & set(each) or any(part.startswith((".", "test_")) for part in each)
    ]


def test_what_is_unwanted_would_be_seen() -> None:
    """The negative control."""
    assert len(unwanted({"p/.git/config", "p/tests/x.py", "p/test_x.py", "p/testing/x.py"})) == 3


def test_portalkeys_wheel_is_small(wheels: dict[str, Path]) -> None:
    """A production install holds what production needs, and no simulator.

    Bytes: 318,000 when the simulator had left it, and what hosts, operators and speed ask for.
    """
    assert not [name for name in content(wheels["portalkey"]) if "simulator" in name]
    assert wheels["portalkey"].stat().st_size <= LARGEST


@pytest.mark.parametrize("package", PROJECTS)
def test_a_wheel_can_be_made_again(package: str, wheels: dict[str, Path], tmp_path: Path) -> None:
    """From another folder, with other times and rights, comes the same wheel, byte for byte."""
    project = tmp_path / "elsewhere"
    for name in ("src", "pyproject.toml", "README.md", "LICENSE", HOOK):
        original = PROJECTS[package] / name
        if original.is_dir():
            # Contents only: neither times nor rights come along.
            shutil.copytree(original, project / name, copy_function=shutil.copyfile)
        elif original.is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original, project / name)
    again = build(project, tmp_path)

    assert again.name == wheels[package].name
    assert again.read_bytes() == wheels[package].read_bytes()
