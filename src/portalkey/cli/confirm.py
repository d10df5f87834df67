"""Questions before what cannot be undone."""

from collections.abc import Callable
from typing import TypeVar

import click

T = TypeVar("T")

_NOBODY = "Nothing was done. Where nobody can answer, add --yes."


def confirm(question: str) -> None:
    """Go on if somebody says yes to *question*; a pipe may say it, too."""
    if not _ask(lambda: click.confirm(question, err=True)):
        raise click.ClickException("Nothing was done.")


def confirm_by_typing(words: str) -> None:
    """Go on if somebody types *words*."""
    asked = f"Type “{words}” to go on"
    if _ask(lambda: click.prompt(asked, default="", show_default=False, err=True)) != words:
        raise click.ClickException("That is not what was asked for. Nothing was done.")


def _ask(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except click.Abort:
        click.echo(err=True)
    raise click.ClickException(_NOBODY)
