"""Commands in messages are spelled as the one that says them was called."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from portalkey.cli.commands import Host
from portalkey.cli.envfile import env_file_option
from portalkey.cli.group import Commands
from portalkey.cli.hints import respell
from portalkey.errors import OperatorMustAct

HINT = "Run `portalkey keys rotate` first, or `portalkey demo`; portalkey goes on by itself."


class _Saying(Commands):
    """Has one command, which refuses."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        @click.command(cmd_name)
        @env_file_option()
        def refuse(env_file: object) -> None:
            del env_file
            raise OperatorMustAct(HINT) if cmd_name == "trouble" else click.ClickException(HINT)

        return refuse


@click.group(cls=_Saying)
@click.option("--env-prefix")
def cli(env_prefix: str | None) -> None:
    """Stand in for ours."""


@pytest.mark.parametrize("command", ["trouble", "refusal"])
@pytest.mark.parametrize(
    ("program", "before", "behind", "hint"),
    [
        (None, [], [], "`portalkey keys rotate`"),
        ("python manage.py portalkey", [], [], "`python manage.py portalkey keys rotate`"),
        (None, ["--env-prefix", "EU_"], [], "`portalkey --env-prefix EU_ keys rotate`"),
        (None, [], ["--env-file", "a b.env"], "`portalkey keys rotate --env-file 'a b.env'`"),
    ],
)
def test_a_hint_can_be_copied(
    command: str, program: str | None, before: list[str], behind: list[str], hint: str
) -> None:
    """It meets the same settings: any others would answer for another store."""
    host = Host(program, Path(".env")) if program else None
    done = CliRunner().invoke(cli, [*before, command, *behind], obj=host)

    said = str(done.exception) if command == "trouble" else done.output
    assert f"Run {hint} first" in said
    assert " demo`; portalkey goes on by itself." in said


def test_without_a_command_nothing_is_respelled() -> None:
    """As in a log, or the error that a library raises."""
    assert respell(HINT) == HINT
