"""Sentences on a terminal, folded between words: a terminal would part them anywhere."""

import shutil
import sys
import textwrap

import click

from portalkey.cli.hints import respell


def room(*, err: bool = False) -> int | None:
    """Return how many columns there are; None in a pipe, where nothing is folded."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


def fold(text: str, width: int | None, indent: str = "") -> str:
    """Return *text* in lines of *width*; no word is parted, and what is folded is indented."""
    if width is None:
        return text
    wrapper = textwrap.TextWrapper(
        width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join("\n".join(wrapper.wrap(line)) for line in text.split("\n"))


def say(text: str, *, err: bool = False) -> None:
    """Print *text*, which has no colours, to stdout or stderr; its hints fit this call."""
    click.echo(fold(respell(text), room(err=err)), err=err)
