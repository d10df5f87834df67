"""The oldest versions that are allowed: none with a published hole, none that trusts too much."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECTS = (ROOT / "pyproject.toml", ROOT / "simulator" / "pyproject.toml")
FIRST_GOOD = {
    "alembic": ("1.18", "before it nothing keeps a host's Alembic off our tables"),
    "cryptography": ("46.0.7", "CVE-2026-34073, CVE-2026-39892"),
    "django": ("4.2.30", "what the releases before it name; it is the last of 4.2"),
    "filelock": ("3.20.3", "CVE-2025-68146, CVE-2026-22701"),
    "flask": ("3.1.3", "CVE-2025-47278; GHSA-68rp-wp8r-4726"),
    "h11": ("0.16", "CVE-2025-43859"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "python-dotenv": ("1.2.2", "CVE-2026-28684"),
    "python-multipart": ("0.0.32", "CVE-2026-42561, CVE-2026-53538, CVE-2026-53539"),
    "starlette": ("1.3.1", "CVE-2026-48710, CVE-2026-54283"),
    "werkzeug": ("3.1.6", "CVE-2025-66221, CVE-2026-21860; GHSA-29vq-49wr-vm6x"),
}
"""By distribution: the first version without a hole that is published, and what was wrong."""


def requirements(path: Path) -> Iterator[Requirement]:
    """What a distribution requires of others, with and without an extra."""
    project = tomllib.loads(path.read_text())["project"]
    for listed in (project["dependencies"], *project.get("optional-dependencies", {}).values()):
        yield from map(Requirement, listed)


ALL = [(path.parent.name, each) for path in PROJECTS for each in requirements(path)]
OURS = {"portalkey", "portalkey-simulator"}


def floor_of(requirement: Requirement) -> Version | None:
    """The oldest version that it allows."""
    floors = [Version(each.version) for each in requirement.specifier if each.operator == ">="]
    return max(floors, default=None)


@pytest.mark.parametrize(
    "requirement",
    [each for _, each in ALL if each.name in FIRST_GOOD],
    ids=str,
)
def test_no_floor_lets_in_a_version_with_a_hole(requirement: Requirement) -> None:
    """Whoever installs the oldest that is allowed gets none, either."""
    first_good, trouble = FIRST_GOOD[requirement.name]
    floor = floor_of(requirement)

    assert floor is not None
    assert floor >= Version(first_good), trouble


@pytest.mark.parametrize(("project", "requirement"), ALL, ids=str)
def test_every_requirement_has_a_floor(project: str, requirement: Requirement) -> None:
    """And no ceiling, which would keep a host from a version that mends something."""
    operators = {each.operator for each in requirement.specifier}

    assert operators == {">="} or (requirement.name in OURS and not operators), project


def test_each_known_trouble_is_of_something_that_is_required() -> None:
    """What is not required any more is not listed here."""
    assert FIRST_GOOD.keys() <= {each.name for _, each in ALL}


def test_the_lowest_versions_that_are_tried_are_the_floors() -> None:
    """``make lowest`` tries what is allowed, and nothing better."""
    locked = (ROOT / "requirements" / "lowest.txt").read_text().splitlines()
    pins = dict(
        line.split(" ")[0].split("==") for line in locked if "==" in line and line[0] != " "
    )

    for name, (first_good, _) in FIRST_GOOD.items():
        assert Version(pins[name]) >= Version(first_good), name
