"""``make figures``: runs what proves at length, and gathers one table of what came of it.

Each of ``SCRIPTS`` can be stopped and run again, and goes on where it was; each writes
``figures/NAME.json``.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

SCRIPTS = (
    "schedules",
    "tenants",
    "actors",
    "herd",
    "kills",
    "file_kills",
    "rotate",
    "revoke",
    "journal",
    "notify",
    "imports",
    "mixed",
    "seals",
    "malformed",
    "matrix",
    "log_lines",
)
FOLDER = Path(__file__).parent / "figures"
PAGE = Path(__file__).parent / "figures.md"

Figure = Mapping[str, Any]


@click.command()
@click.option("--n", type=int, help="How often, for each script; each has a default of its own.")
@click.option("--only", default="", help="Scripts to run, as in herd,kills; all by default.")
@click.option("--gather", is_flag=True, help="Run nothing; write the table of what is there.")
def main(n: int | None, only: str, *, gather: bool) -> None:
    """Run the scripts, and write figures.md."""
    names = [name.strip() for name in only.split(",") if name.strip()] or list(SCRIPTS)
    if unknown := set(names) - set(SCRIPTS):
        raise click.BadParameter(f"there is no {', '.join(sorted(unknown))}")
    failed = [] if gather else [name for name in names if not _run(name, n)]
    found = _found()
    PAGE.write_text("\n".join(_page(found)) + "\n")
    click.echo(f"Written to {PAGE.parent.name}/{PAGE.name}.")
    bad = [each["figure"] for each in found if each["bad"]]
    if failed or bad:
        raise click.ClickException(f"not as it should be: {', '.join([*failed, *bad])}")


def _run(name: str, n: int | None) -> bool:
    command = [sys.executable, "-m", f"bench.{name}", *(() if n is None else ("--n", str(n)))]
    click.echo(f"{name}:")
    return subprocess.run(command, check=False).returncode == 0


def _found() -> list[Figure]:
    paths = [FOLDER / f"{name}.json" for name in SCRIPTS]
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def _page(figures: Sequence[Figure]) -> list[str]:
    return [
        "# What was proven at length",
        "",
        "Written by `make figures`; `make test` runs the same with fewer of each.",
        "",
        "| | asked for | done | bad | what was found |",
        "| --- | --- | --- | --- | --- |",
        *[_row(each) for each in figures],
        *[line for each in figures for line in _tables(each)],
        "",
        *[
            f"{each['figure']}: {each['date']}, commit {each['commit']}, seed {each['seed']}, "
            f"{each['machine']}."
            for each in figures
        ],
    ]


def _row(each: Figure) -> str:
    plain = {name: value for name, value in each["facts"].items() if not _is_table(value)}
    facts = "; ".join(f"{_words(name)}: {_shown(value)}" for name, value in plain.items())
    return (
        f"| {each['figure']} | {each['asked']:,} | {each['done']:,} | {each['bad']:,} | {facts} |"
    )


def _tables(each: Figure) -> Iterator[str]:
    """Those facts of a figure that are tables themselves."""
    for name, table in each["facts"].items():
        if _is_table(table):
            columns = list(dict.fromkeys(key for row in table.values() for key in row))
            yield from ("", f"{each['figure']}, {_words(name)}:", "")
            yield f"| | {' | '.join(map(_words, columns))} |"
            yield "| --- " * (len(columns) + 1) + "|"
            for kind, row in table.items():
                yield f"| {kind} | {' | '.join(_shown(row.get(key, '')) for key in columns)} |"


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(row, Mapping) for row in value.values())


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(name)} {_shown(inner)}" for name, inner in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
