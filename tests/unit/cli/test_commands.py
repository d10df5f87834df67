"""What the command line says where something it needs is not installed."""

import subprocess
import sys

import click
import pytest

from portalkey.cli.commands import COMMANDS
from portalkey.cli.group import cli

EVERYTHING = ("cheroot", "flask", "portalkey_simulator", "rich", "sqlalchemy")
BLOCKED = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
sys.argv = ["portalkey", *{arguments!r}]
from portalkey.cli import main
main()
"""


def run_without(missing: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command, in a process that finds none of the libraries *missing*."""
    code = BLOCKED.format(missing=missing, arguments=arguments)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("help_option", [("--help",), ("-h",)])
@pytest.mark.parametrize("missing", [(), EVERYTHING, ("click", *EVERYTHING)], ids=len)
def test_help_lists_every_command(missing: tuple[str, ...], help_option: tuple[str, ...]) -> None:
    """Whatever is installed, each is there with what it does."""
    done = run_without(missing, *help_option)

    assert done.returncode == 0, done.stderr
    for name, about in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert about.summary.split()[0] in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_a_command_says_of_itself(name: str) -> None:
    """The list loads no command, so its lines stand in a table, and here they are compared."""
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert command.help is not None
    assert command.help.split("\n")[0] == COMMANDS[name].summary


@pytest.mark.parametrize(
    ("command", "missing", "extras"),
    [
        ("demo", "cheroot", "server,simulator"),
        ("demo", "portalkey_simulator", "server,simulator"),
        ("demo", "flask", "server,simulator"),
        ("serve", "cheroot", "server"),
        ("serve", "flask", "server"),
        ("simulate", "portalkey_simulator", "simulator"),
    ],
)
def test_a_command_names_the_extra_that_it_lacks(command: str, missing: str, extras: str) -> None:
    """One sentence with the line that installs it, whatever is asked of the command."""
    done = run_without((missing,), command, "--help", "--port", "1", "more")

    assert (done.returncode, done.stdout) == (1, "")
    library = missing.replace("_", "-")
    assert done.stderr == (
        f"Error: {command} needs {library}, which is not installed; "
        f"install it with: pip install 'portalkey[{extras}]'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        (("token", "ada"), "cli"),
        (("serve", "--port", "1"), "cli,server"),
        (("demo",), "cli,server,simulator"),
        (("no-such-command",), "cli"),
    ],
)
def test_without_click_there_is_a_sentence(arguments: tuple[str, ...], extras: str) -> None:
    """It names all that the command needs, so that one installation is enough."""
    done = run_without(("click",), *arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"The command line needs click; install it with: pip install 'portalkey[{extras}]'\n"
    )


@pytest.mark.parametrize("command", [name for name in COMMANDS if not COMMANDS[name].extras])
def test_click_is_enough(command: str) -> None:
    """What needs no extra needs neither a web framework nor anything to paint with."""
    missing = ("cheroot", "flask", "portalkey_simulator", "publicsuffixlist", "rich")
    done = run_without(missing, command, "--help")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_library_of_the_base_install_is_no_extra() -> None:
    """Where one of those is missing the installation is broken, and the traceback says where."""
    done = run_without(("sqlalchemy",), "db", "move")

    assert "ModuleNotFoundError" in done.stderr
