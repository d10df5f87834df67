"""``portalkey attempts show``: what became of a person's try at connecting."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.event_lines import event_line
from portalkey.cli.ids import IdCommand, join_words
from portalkey.cli.lines import say
from portalkey.cli.opening import open_broker
from portalkey.cli.tables import printable, show_facts
from portalkey.model.attempt import Attempt, read_reference
from portalkey.model.attempt_words import words_about
from portalkey.model.events import Event
from portalkey.model.facts import attempt_facts, event_facts
from portalkey.model.transitions import RETENTION

_UNKNOWN = (
    "There is no attempt {reference}. The reference stands at the foot of the page that the person "
    "saw; ask for all of it, with capital and small letters. Attempts are kept for {days} days."
)


@click.command(cls=IdCommand)
@click.argument("line", nargs=-1, required=True, metavar="REFERENCE")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def show(line: tuple[str, ...], *, as_json: bool, env_file: Path) -> None:
    """Say what happened, and what to answer the person who quotes this REFERENCE.

    What stands behind it on the page, such as the code of an error, may stay, in quotes or not.
    """
    reference = join_words(line)
    with open_broker(env_file, is_reading=True) as broker:
        attempt = broker.find_attempt(read_reference(reference))
        if attempt is None:
            name = printable(reference)[:80]
            raise click.ClickException(_UNKNOWN.format(reference=name, days=RETENTION.days))
        events = broker.find_events_of_attempt(attempt.id)
    if as_json:
        words = words_about(attempt)._asdict()
        told = {"events": [event_facts(each) for each in events]}
        click.echo(json.dumps(attempt_facts(attempt) | words | told, indent=2))
    else:
        _show(attempt, events)


def _show(attempt: Attempt, events: Sequence[Event]) -> None:
    words = words_about(attempt)
    for title, text in (("What happened", words.happened), ("What to answer", words.answer)):
        click.echo(click.style(title, bold=True))
        say(f"{text}\n")
    show_facts(
        [
            ("Attempt", attempt.id),
            ("Owner", attempt.owner),
            ("Person", attempt.person),
            ("Status", attempt.status.value),
            ("Error", attempt.error),
            ("Check that failed", attempt.failed_check),
            ("Account expected", attempt.expected_hub_id),
            ("Connection", attempt.connection_id),
            ("Opened from", attempt.opener_origin),
            ("Language", attempt.language),
            ("Began", f"{attempt.created_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("Ended", f"{attempt.ended_at:%Y-%m-%d %H:%M:%S} UTC" if attempt.ended_at else None),
        ]
    )
    if events:
        click.echo()
    for event in events:
        click.echo(event_line(event, of=attempt.id))
