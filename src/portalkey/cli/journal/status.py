"""``portalkey journal status``: how far the journal was read, by whichever process."""

import json
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.opening import open_broker
from portalkey.cli.tables import count_of, show_facts, utc
from portalkey.model.journal import JournalState


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def status(*, as_json: bool, env_file: Path) -> None:
    """Say how far the journal was read, when, and how far behind that is."""
    with open_broker(env_file, is_reading=True) as broker:
        state, lag = broker.journal.look()
        is_on = broker.settings.journal
    if as_json:
        click.echo(json.dumps({"is_on": is_on, **_to_json(state), "lag": lag}))
        return
    show_facts(
        (
            ("setting", "on" if is_on else "off (PORTALKEY_JOURNAL)"),
            ("offset", state.offset or "none yet: it begins at the earliest entry"),
            ("last read", utc(state.read_at) or "never"),
            ("last event", utc(state.event_at) or "none"),
            ("lag", "unknown" if lag is None else f"{lag:.0f} seconds"),
            ("pages", state.pages),
            ("events", state.entries),
            ("left out", state.skipped and f"{count_of(state.skipped, 'file')}, see the events"),
            ("trouble", state.error and f"{state.error}, since {utc(state.error_at)}"),
        )
    )


def _to_json(state: JournalState) -> dict[str, object]:
    moments = {"read_at": state.read_at, "event_at": state.event_at, "error_at": state.error_at}
    return {
        "offset": state.offset,
        **{name: at.isoformat() if at else None for name, at in moments.items()},
        "is_caught_up": state.is_caught_up,
        "pages": state.pages,
        "events": state.entries,
        "skipped": state.skipped,
        "error": state.error,
    }
