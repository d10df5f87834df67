"""The command line: ``portalkey COMMAND``."""

import sys
from collections.abc import Sequence

from portalkey.cli.commands import CLI_EXTRA, COMMANDS, Host, install
from portalkey.errors import PortalkeyError

__all__ = ["COMMANDS", "main"]


def main(host: Host | None = None) -> None:
    """Run a command; what went wrong is said in a sentence, with exit code 1.

    *host* is the program that it runs within, if any.
    """
    try:
        import click  # noqa: PLC0415 - an extra: without it there is a sentence, and no traceback
    except ModuleNotFoundError:
        sys.exit(_without_click(sys.argv[1:]))
    from portalkey.cli.group import cli  # noqa: PLC0415 - see above
    from portalkey.cli.lines import say  # noqa: PLC0415 - see above

    try:
        cli(prog_name=host.program if host else None, obj=host)
    except PortalkeyError as trouble:
        say(str(trouble), err=True)
        sys.exit(1)
    except OSError as trouble:
        click.echo(f"{trouble.filename or 'A file'}: {trouble.strerror}.", err=True)
        sys.exit(1)


def _without_click(arguments: Sequence[str]) -> int:
    """List the commands where that was asked for, and say what they need."""
    is_help = not arguments or arguments[0] in {"-h", "--help"}
    if is_help:
        width = max(map(len, COMMANDS))
        lines = [f"  {name:{width}}  {about.summary}\n" for name, about in COMMANDS.items()]
        sys.stdout.write("".join(("Usage: portalkey COMMAND\n\nCommands:\n", *lines)))
    about = COMMANDS.get(arguments[0]) if arguments else None
    extras = (CLI_EXTRA, *(about.extras if about else ()))
    sentence = f"The command line needs click; install it with: {install(*extras)}\n"
    sys.stderr.write(sentence)
    return 0 if is_help else 1
