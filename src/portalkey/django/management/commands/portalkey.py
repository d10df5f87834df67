"""``manage.py portalkey ...``: the commands of ``portalkey``, with Django's settings."""

import sys
from argparse import REMAINDER
from collections.abc import Sequence

from django.core.management.base import BaseCommand, CommandParser

from portalkey.django.hints import PROGRAM
from portalkey.django.options import find_env_file, find_names, read_environment


class Command(BaseCommand):
    """Hands its arguments on; ``manage.py portalkey --help`` lists the commands."""

    help = "Run a command of portalkey with Django's settings: connections, doctor, keys, work, ..."
    # A doctor looks at what is wrong; it is not kept from it by that.
    requires_system_checks: Sequence[str] = []

    def run_from_argv(self, argv: Sequence[str]) -> None:
        """Run what stands behind ``manage.py portalkey``, but for Django's own two options."""
        own = CommandParser(add_help=False, allow_abbrev=False)
        own.add_argument("--settings")
        own.add_argument("--pythonpath")
        _, arguments = own.parse_known_args(argv[2:])
        self.handle(arguments=arguments)

    def add_arguments(self, parser: CommandParser) -> None:
        """Take all of them, for ``call_command("portalkey", "keys", "status")``."""
        parser.add_argument("arguments", nargs=REMAINDER)

    def handle(self, *, arguments: Sequence[str], **_: object) -> None:
        """Run the command that the *arguments* name; exit with its code where it fails."""
        from portalkey.cli.hosted import Host, run  # noqa: PLC0415 - the command line is an extra

        values: dict[str, str] = {}
        for name in find_names():  # --env-prefix says which
            values.update(read_environment(name))
        host = Host(PROGRAM, find_env_file())
        code = run(arguments, values, host)
        if code:
            sys.exit(code)
