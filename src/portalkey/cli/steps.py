"""Numbered steps, with what people copy on lines of its own."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import click

from portalkey.cli.lines import fold, room
from portalkey.cli.terminal import bold

_INDENT = " " * len("1. ")
_COPY_INDENT = " " * 5


class Part(NamedTuple):
    """A sentence of a step, and what people *copy*, which stands below it."""

    sentence: str
    copy: str = ""


Step = Sequence[Part]


def print_steps(steps: Sequence[Step]) -> None:
    """Print *steps*, numbered and without a frame.

    What is copied is never folded, and no mark stands behind it: either would be copied along.
    """
    lines = [line for number, step in enumerate(steps, 1) for line in _lay_out(number, step)]
    click.echo("\n".join(line for line, _ in groupby(lines)).rstrip())


def _lay_out(number: int, step: Step) -> Iterator[str]:
    before, width = f"{number}. ", room()
    for part in step:
        for line in part.sentence.split("\n"):
            yield fold(before + line, width, _INDENT)
            before = _INDENT
        if part.copy:
            yield from ("", _COPY_INDENT + bold(part.copy), "")
