"""The option that names the owner whom a command is about."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from portalkey.cli.hints import respell
from portalkey.model.connection import is_owner

_NOBODY = "Name an owner; `portalkey connections list` shows them."

F = TypeVar("F", bound=Callable[..., Any])


def owner_option(help: str) -> Callable[[F], F]:  # noqa: A002 - as click calls it
    """Return the option ``--owner`` of a command that needs one."""
    return click.option("--owner", required=True, metavar="NAME", callback=_check, help=help)


def _check(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    del ctx, parameter
    if not is_owner(value):
        raise click.BadParameter(respell(_NOBODY))
    return value
