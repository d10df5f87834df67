"""Commands: what each does and takes, from the commands themselves."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from docs_site.markdown import anchor, code, from_docstring, table
from portalkey.cli.commands import COMMANDS, install
from portalkey.cli.group import cli


def walk(
    command: click.Command = cli, context: click.Context | None = None
) -> Iterator[click.Context]:
    """Yield a context for each command, groups first; its ``command_path`` is what people type."""
    here = click.Context(
        command, info_name=command.name if context else "portalkey", parent=context
    )
    yield here
    if isinstance(command, click.Group):
        for name in command.list_commands(here):
            child = command.get_command(here, name)
            is_second_name = child is not None and child.name not in {None, name}
            if child is not None and not child.hidden and not is_second_name:
                child.name = child.name or name
                yield from walk(child, here)


def anchors() -> Mapping[str, str]:
    """Return the anchor of each command, as it is typed."""
    return {each.command_path: _anchor(each) for each in walk()}


def render() -> str:
    """Return the page."""
    return (
        "# Commands\n\nEach says the same with `--help`, and all read the settings of the app. "
        "What they are for stands in [Operating](operating.md).\n\n"
        + "".join(_entry(each) for each in walk())
    )


def _anchor(context: click.Context) -> str:
    return "command-" + context.command_path.replace(" ", "-")


def _entry(context: click.Context) -> str:
    command, depth = context.command, len(context.command_path.split())
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parameters = [
        _row(each, context) for each in command.get_params(context) if "--help" not in each.opts
    ]
    return (
        f"{anchor(_anchor(context))}{'#' * min(depth + 1, 4)} {context.command_path}\n\n"
        f"```text\n{usage}\n```\n\n{_needs(context)}{help_of(command)}\n\n"
        + (table(("option or argument", "says"), parameters) if parameters else "")
    )


def help_of(command: click.Command) -> str:
    """Return the help of a *command* as Markdown; blocks that are set in lines stay so."""
    paragraphs = (command.help or "").replace("\f", "").strip().split("\n\n")
    return "\n\n".join(_paragraph(each) for each in paragraphs)


def _paragraph(text: str) -> str:
    if text.startswith("\b\n"):
        return "```text\n" + text.removeprefix("\b\n") + "\n```"
    return from_docstring(text)


def _needs(context: click.Context) -> str:
    names = context.command_path.split()
    extras = COMMANDS[names[1]].extras if len(names) == 2 else ()  # noqa: PLR2004 - portalkey NAME
    return f"It needs `{install(*extras)}`.\n\n" if extras else ""


def _row(parameter: click.Parameter, context: click.Context) -> tuple[str, str]:
    if isinstance(parameter, click.Argument):
        return code(parameter.make_metavar(context)), "an argument" + (
            "" if parameter.required else ", may be left out"
        )
    record: Any = parameter.get_help_record(context) or (", ".join(parameter.opts), "")
    return code(record[0]), from_docstring(record[1])


def unexplained() -> Iterator[str]:
    """Yield the commands that have no help, and the options that say nothing of themselves."""
    for context in walk():
        if not context.command.help:
            yield context.command_path
        for each in context.command.get_params(context):
            if isinstance(each, click.Option) and not each.help and not each.hidden:
                yield f"{context.command_path} {each.opts[-1]}"
