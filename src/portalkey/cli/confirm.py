"""Questions before what cannot be undone."""

import sys
from collections.abc import Callable
from typing import IO, Any, TypeVar

import click

T = TypeVar("T")

_NOTHING = "Nothing was done."
_NOBODY = f"{_NOTHING} Where nobody can answer, add --yes."


class NotConfirmed(click.ClickException):
    """Nobody said yes: a command's end with exit code 1, and no error of anybody's."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence alone, without a word before it."""
        click.echo(self.format_message(), file=file, err=True)


def confirm(question: str) -> None:
    """Go on if somebody says yes to *question*; a pipe may say it, too."""
    if not _ask(lambda: click.confirm(question, err=True)):
        raise NotConfirmed(_NOTHING)


def confirm_by_typing(words: str) -> None:
    """Go on if somebody types *words*."""
    asked = f"Type “{words}” to go on"
    if _ask(lambda: click.prompt(asked, default="", show_default=False, err=True)) != words:
        raise NotConfirmed(f"That is not what was asked for. {_NOTHING}")


def _ask(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except click.Abort:
        click.echo(err=True)
    # Who ends a question at a terminal is there to answer it.
    raise NotConfirmed(_NOTHING if sys.stdin.isatty() else _NOBODY)
