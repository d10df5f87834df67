"""The group of all commands: lists each, loads the one that is called."""

import importlib
import os
from collections.abc import Callable
from keyword import iskeyword

import click

from portalkey.cli.commands import COMMANDS, install
from portalkey.cli.hints import respell
from portalkey.cli.lines import fold, room
from portalkey.errors import PortalkeyError

PREFIX = "PORTALKEY_ENV_PREFIX"  # of settings/environment.py, which no --help needs


class Commands(click.Group):
    """Loads a command when it is called: ``init`` needs no web server, and starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names."""
        del ctx
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each with its line, without loading any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, about.summary) for name, about in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what it refuses is folded for the terminal."""
        try:
            return super().invoke(ctx)
        except PortalkeyError as trouble:
            # Here, as the context that knows the call is closed by the time that it is printed.
            trouble.args = (respell(str(trouble)),)
            raise
        except click.ClickException as trouble:
            if type(trouble) is not click.ClickException:  # click's own are short
                raise
            raise click.ClickException(_fold(respell(trouble.message))) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name; one that lacks an extra says so when it is called."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        # A word of Python's own cannot name a module.
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        try:
            module = importlib.import_module(f"portalkey.cli.{name}")
        except ModuleNotFoundError as missing:
            library = (missing.name or "").partition(".")[0]
            if library == "portalkey" or not COMMANDS[cmd_name].extras:
                raise
            return Lacking(cmd_name, library.replace("_", "-"))  # as pip calls it
        command: click.Command = getattr(module, name)
        return command


class Lacking(click.Command):
    """A command whose libraries are not all installed; it takes anything, and says what is."""

    def __init__(self, name: str, library: str) -> None:
        """Stand in for the command *name*, which cannot be loaded without *library*."""
        about = COMMANDS[name]
        super().__init__(
            name,
            help=about.summary,
            add_help_option=False,
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        )
        self._sentence = (
            f"{name} needs {library}, which is not installed; "
            f"install it with: {install(*about.extras)}"
        )

    def invoke(self, ctx: click.Context) -> None:
        """Say which extras bring what is missing."""
        del ctx
        raise click.ClickException(self._sentence)


def _fold(message: str) -> str:
    """Return *message* in lines, the first of which has room for the word before it."""
    before = "Error: "
    return fold(before + message, room(err=True)).removeprefix(before)


_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 120}


@click.group(cls=Commands, context_settings=_CONTEXT)
@click.version_option(package_name="portalkey")
@click.option(
    "--env-prefix",
    metavar="PREFIX",
    help="Use the settings of another HubSpot app, as EU_ in EU_HUBSPOT_CLIENT_ID.",
)
@click.pass_context
def cli(ctx: click.Context, /, env_prefix: str | None) -> None:
    """Connect HubSpot accounts, and keep them working."""
    if env_prefix is not None:
        ctx.call_on_close(_set_prefix(env_prefix))


def _set_prefix(prefix: str) -> Callable[[], object]:
    """Let all that reads settings from now on read those with *prefix*; return what ends that."""
    before = os.environ.get(PREFIX)
    os.environ[PREFIX] = prefix

    def end() -> None:
        del os.environ[PREFIX]
        if before is not None:
            os.environ[PREFIX] = before

    return end
