"""What was found, as a page to read and as JSON to count on."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_PACKAGES = (
    "portalkey", "cryptography", "sqlalchemy", "psycopg", "h11", "flask", "flask-dance",
    "fastapi", "authlib", "requests-oauthlib", "google-auth", "msal", "gunicorn", "waitress",
    "granian", "uvicorn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a goal's table: what was measured, and each figure as it is to be read."""

    name: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """How it stands with one goal.

    ``verdict`` says by how much the goal is met or missed; ``is_met`` is None where that cannot be
    said. ``why`` is a sentence where something is to be explained. ``raw`` is every figure.
    """

    goal: str
    wanted: str
    is_met: bool | None
    verdict: str
    columns: tuple[str, ...] = ()
    rows: Sequence[Row] = ()
    why: str = ""
    raw: dict[str, object] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """In one word."""
        return {True: "met", False: "missed", None: "open"}[self.is_met]

    def told(self) -> dict[str, object]:
        """As JSON can bear it."""
        values: dict[str, object] = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {"rows": [[row.name, *row.figures] for row in self.rows]}


def write(results: Sequence[Result], folder: Path, about: dict[str, object]) -> None:
    """Write ``results.md`` and ``results.json`` into *folder*.

    *about* is what ``surroundings()`` told before it all began, and the ``seconds`` it took.
    """
    told = {"about": about, "results": [each.told() for each in results]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(told, indent=1) + "\n")
    (folder / "results.md").write_text("\n".join(_page(results, about)) + "\n")


def surroundings() -> dict[str, object]:
    """Where and when this ran."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit(),
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
        "versions": {name: version(name) for name in _PACKAGES},
    }


def machine() -> str:
    """What this runs on, in a few words."""
    python = f"Python {sys.version.split()[0]}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, {python}"


def commit() -> str:
    """The commit that is checked out."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _page(results: Sequence[Result], about: dict[str, object]) -> list[str]:
    lines = [
        "# How fast portalkey is",
        "",
        "Written by `make bench`.",
        "Medians of several rounds of one run, in which everybody takes a turn.",
        "A ratio is the median of each round's ratio.",
        "Only ratios and counts mean something elsewhere.",
        "",
        _circumstances(about),
        "",
        "| goal | | how it stands |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {each.goal} | **{each.word}** | {each.verdict} |" for each in results]
    for each in results:
        lines += ["", *_section(each)]
    named = ", ".join(f"{name} {number}" for name, number in _versions(about).items())
    return [*lines, "", f"Measured with {named}."]


def _circumstances(about: dict[str, object]) -> str:
    return (
        f"{about['date']}, commit {about['commit']}, {about['machine']}, "
        f"load {about['load']} at the beginning, {about['seconds']} s in all."
    )


def _section(result: Result) -> list[str]:
    lines = [f"## {result.goal}: {result.word}", "", f"Goal: {result.wanted}."]
    lines += [f"Found: {result.verdict}."]
    if result.why:
        lines += ["", result.why]
    if result.rows:
        lines += [
            "",
            f"| | {' | '.join(result.columns)} |",
            "| --- " * (len(result.columns) + 1) + "|",
        ]
        lines += [f"| {row.name} | {' | '.join(row.figures)} |" for row in result.rows]
    return lines


def _versions(about: dict[str, object]) -> dict[str, str]:
    versions = about["versions"]
    assert isinstance(versions, dict)
    return versions


def duration(seconds: float) -> str:
    """*seconds* as people read them."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e6:.2f} us"
