"""Tables for people: as wide as the terminal, and plain where there is none."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from portalkey.cli.lines import fold, room, say

Row = Sequence[str]
_LEAST = 11
"""Letters of what is shortened, at least."""
_ABSENT = "There is no room here for {}; a wider terminal or --json has it."


def printable(text: object) -> str:
    """Return *text* without what a terminal would obey: it may be a stranger's."""
    return "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(text)
    )


def count_of(number: int, noun: str) -> str:
    """Return *number* and *noun*, one or many."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def utc(moment: datetime | None) -> str:
    """Return *moment* as a table has it, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else ""


def show_table(
    titles: Row,
    rows: Sequence[Row],
    whole: Sequence[str] = (),
    spare: Sequence[str] = (),
    long: Sequence[str] = (),
) -> None:
    """Print *rows* under their *titles*; columns that are *whole* are never broken.

    What is copied has to stay in one piece, such as an id. Where there is no room, the columns that
    are *spare* are left out, the first of them first, and it is said. Then what is in columns that
    may be *long* is shortened in its middle, rather than parted within a word.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    titles, rows, absent = _make_room(titles, rows, spare)
    rows = _shorten(titles, rows, long)
    if not sys.stdout.isatty():
        _show_plainly(titles, rows)
        return
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.table import Table  # noqa: PLC0415 - an extra
        from rich.text import Text  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        _show_plainly(titles, rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, no_wrap=title in whole, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
    if absent:
        say(_ABSENT.format(" and ".join(absent)), err=True)


def _make_room(
    titles: Row, rows: Sequence[Row], spare: Sequence[str]
) -> tuple[Row, Sequence[Row], list[str]]:
    """Return titles, rows and the titles that were left out."""
    width, absent = room(), []
    for title in spare:
        lines = [titles, *rows]
        if width is None or _width_of(lines) <= width:
            break
        at = titles.index(title)
        titles, *rows = ([*line[:at], *line[at + 1 :]] for line in lines)
        absent.append(title)
    return titles, rows, absent


def _shorten(titles: Row, rows: Sequence[Row], long: Sequence[str]) -> Sequence[Row]:
    """Return *rows* that fit, as far as columns that are *long* can give way."""
    width = room()
    for at in [titles.index(title) for title in long if title in titles]:
        over = 0 if width is None else _width_of([titles, *rows]) - width
        if over > 0:
            longest = max(len(line[at]) for line in rows)
            most = max(_LEAST, len(titles[at]), longest - over)
            rows = [[*line[:at], _middle_out(line[at], most), *line[at + 1 :]] for line in rows]
    return rows


def _middle_out(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[-tail:]}"


def _width_of(lines: Sequence[Row]) -> int:
    return sum(max(map(len, column)) + 2 for column in zip(*lines, strict=True)) - 2


def _show_plainly(titles: Row, rows: Sequence[Row]) -> None:
    lines = [titles, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def show_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Print names and values below each other; what has no value is left out."""
    known = [(name, printable(value)) for name, value in facts if value not in {None, ""}]
    width = max(len(name) for name, _ in known)
    columns, below = room(), " " * (width + 2)
    for name, value in known:
        text = fold(value, None if columns is None else columns - len(below))
        text = text.replace("\n", f"\n{below}")
        click.echo(f"{click.style(name.ljust(width), bold=True)}  {text}")
