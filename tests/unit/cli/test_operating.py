"""What operators type, and what they read."""

from datetime import UTC, datetime, timedelta

import click
import pytest
from click.testing import CliRunner

from portalkey.cli.confirm import confirm, confirm_by_typing
from portalkey.cli.ids import IdCommand, join_words
from portalkey.cli.moments import Moment, Span, moment_at
from portalkey.cli.tables import printable, show_table, utc

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("30m", NOW - timedelta(minutes=30)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T14:30", datetime(2026, 11, 1, 14, 30, tzinfo=UTC)),
        ("2026-11-01T14:30+02:00", datetime(2026, 11, 1, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_span_or_a_date(text: str, moment: datetime) -> None:
    """In UTC, unless it says otherwise."""
    assert moment_at(Moment().convert(text, None, None), NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2", "h", "-2h", "2026-13-01", "٣d", "2 h"])
def test_what_is_no_moment_is_told(text: str) -> None:
    """With what to write in its place."""
    with pytest.raises(click.BadParameter, match="write 2h, 10:14, 2026-11-01"):
        Moment().convert(text, None, None)
    with pytest.raises(click.BadParameter, match="write 30m, 2h or 90d"):
        Span().convert(text, None, None)


def test_a_strangers_text_commands_no_terminal() -> None:
    """Owners and domains are whatever somebody chose."""
    assert printable("a\x1b[31mb\n\u202ec") == "a\ufffd[31mb\ufffd\ufffdc"
    assert printable("Straße 7") == "Straße 7"


def test_a_table_is_plain_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is cut or broken: programs read it, too."""
    show_table(("ID", "Owner"), [("1", "a" * 200), ("22", "b")])

    assert capsys.readouterr().out.splitlines() == [
        "ID  Owner",
        f"1   {'a' * 200}",
        "22  b",
    ]
    assert utc(None) == ""
    assert utc(NOW) == "2026-11-29 12:00"


@click.command()
@click.option("--typed", is_flag=True)
def ask(*, typed: bool) -> None:
    """Ask."""
    if typed:
        confirm_by_typing("revoke 2")
    else:
        confirm("Sure?")
    click.echo("done")


@pytest.mark.parametrize(
    ("arguments", "answer", "said"),
    [
        ([], "y\n", "done"),
        ([], "n\n", "Nothing was done."),
        ([], "", "add --yes"),
        ([], "\n", "Nothing was done."),
        (["--typed"], "revoke 2\n", "done"),
        (["--typed"], "revoke 3\n", "not what was asked for"),
        (["--typed"], "\n", "not what was asked for"),
        (["--typed"], "y\n", "not what was asked for"),
        (["--typed"], "", "add --yes"),
    ],
)
def test_what_cannot_be_undone_is_asked_for(arguments: list[str], answer: str, said: str) -> None:
    """Whoever does not answer has said no, which is no error: it is said plainly."""
    done = CliRunner().invoke(ask, arguments, input=answer)

    assert said in done.output
    assert done.exit_code == (0 if said == "done" else 1)
    assert ("Nothing was done." in done.output) is (said != "done")
    assert "Error" not in done.output


@click.command(cls=IdCommand)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
def name_it(name: str, *, as_json: bool) -> None:
    """Name it."""
    click.echo(f"{name} {as_json}")


@pytest.mark.parametrize("dash", ["-", "--", "-h", "-_"])
def test_an_id_may_begin_with_a_dash(dash: str) -> None:
    """One in sixty does, as it is drawn at random."""
    name = dash + "Ki3ERozOjwN36U5yQwZ9w"
    runner = CliRunner()

    for arguments in ([name, "--json"], ["--json", name], ["--json", "--", name]):
        assert runner.invoke(name_it, arguments).output == f"{name} True\n"


@click.command(cls=IdCommand)
@click.argument("line", nargs=-1)
@click.option("--json", "as_json", is_flag=True)
def copy_it(line: tuple[str, ...], *, as_json: bool) -> None:
    """Copy it."""
    click.echo(f"{join_words(line)} {as_json}")


@pytest.mark.parametrize("name", ["-Ki3ERozOjwN36U5yQwZ9w", "Ki3ERozOjwN36U5yQwZ9w-"])
@pytest.mark.parametrize("rest", ["· declined", "- declined", ""])
def test_an_id_may_be_copied_with_what_follows_it(name: str, rest: str) -> None:
    """In quotes or without, and wherever an option stands."""
    runner, line = CliRunner(), f"{name} {rest}".strip()

    for arguments in ([*line.split(), "--json"], ["--json", *line.split()], [line, "--json"]):
        assert runner.invoke(copy_it, arguments).output == f"{line} True\n"


def test_a_wrong_option_is_told() -> None:
    """It is no id."""
    assert "No such option" in CliRunner().invoke(name_it, ["--jsn", "x"]).output
