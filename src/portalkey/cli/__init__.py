"""The command line: ``portalkey COMMAND``."""

import importlib
import sys
from keyword import iskeyword

import click

from portalkey.errors import PortalkeyError

COMMANDS = ("db", "demo", "import", "init", "serve", "simulate", "token", "work")

_EXTRAS = {"demo": "server,simulator", "simulate": "simulator"}


class Commands(click.Group):
    """Loads a command when it is asked for: ``init`` needs no web server, and starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        # A word of Python's own cannot name a module.
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        try:
            module = importlib.import_module(f"portalkey.cli.{name}")
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] == "portalkey":
                raise
            extras = _EXTRAS.get(cmd_name, "server")
            raise click.ClickException(
                f"{cmd_name} needs {missing.name}; install it with: "
                f"pip install 'portalkey[{extras}]'"
            ) from None
        command: click.Command = getattr(module, name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portalkey")
def cli() -> None:
    """Connect HubSpot accounts, and keep them working."""


def main() -> None:
    """Run a command; what went wrong is said in a sentence, with exit code 1."""
    try:
        cli()
    except PortalkeyError as trouble:
        click.echo(str(trouble), err=True)
        sys.exit(1)
    except OSError as trouble:
        click.echo(f"{trouble.filename or 'A file'}: {trouble.strerror}.", err=True)
        sys.exit(1)
