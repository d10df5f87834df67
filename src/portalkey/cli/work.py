"""``portalkey work``: a worker process for all that is due and that nobody waits for."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import env_file_option
from portalkey.cli.hints import respell
from portalkey.cli.tables import count_of
from portalkey.cli.until import until_interrupted
from portalkey.errors import PortalkeyError
from portalkey.model.journal import JournalRound
from portalkey.model.sweep import SweepReport

T = TypeVar("T")

_AT_ONCE = 50
_LOOKS_AT_ONCE = 100


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.option(
    "--every",
    type=click.IntRange(1, 3600),
    default=10,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@env_file_option()
def work(*, once: bool, every: int, as_json: bool, env_file: Path) -> None:
    """Tell HubSpot and your app what they are owed, and look after idle connections.

    Revocations and uninstalls that failed at first are sent again, and your app's webhook hears of
    events; every process that hands out tokens does some of that on the side. HubSpot is asked
    about each connection that nobody has used for a day, if it still honours it, and its journal is
    read where PORTALKEY_JOURNAL is on, which nothing else does. Run this beside the app; several at
    once share the work. Trouble with one of these ends no other; with --once the exit code is 1
    then.
    """
    broker = Broker.from_env(env_file)
    try:
        if once:
            done = _bite(broker, as_json=as_json, is_once=True)
            if done.failed:
                raise SystemExit(1)
        else:
            if not as_json:
                click.echo("Working. Press Ctrl-C to stop.")
            until_interrupted(partial(_go_on, broker, as_json=as_json), every=every)
    finally:
        broker.close()


def _go_on(broker: Broker, *, as_json: bool) -> None:
    """Do one round of many; what failed is tried again in the next."""
    _bite(broker, as_json=as_json)


def _bite(broker: Broker, *, as_json: bool, is_once: bool = False) -> "_Round":
    """Do a little of what is due, show what came of it, and return it.

    Raises:
        Exception: A mistake of ours ended a job; the others were done first.
    """
    done = _Round()
    done.work(broker, is_once=is_once)
    _show(done, as_json=as_json, is_once=is_once)
    if done.mistake is not None:
        raise done.mistake
    return done


def _show(done: "_Round", *, as_json: bool, is_once: bool) -> None:
    if as_json:
        if is_once or done.is_news:
            click.echo(json.dumps(done.to_object()))
        return
    for line in done.describe(is_once=is_once):
        click.echo(line)
    for each in done.troubles:
        click.echo(respell(str(each)), err=True)


@dataclass(slots=True)
class _Round:
    """Results of one round; ``sent`` is None where HubSpot could not be told.

    ``failed`` names the jobs that raised, and ``mistake`` is the first error that is none of ours
    to explain.
    """

    sent: int | None = None
    arrived: int = 0
    looks: SweepReport = field(default_factory=SweepReport)
    journal: JournalRound | None = None
    troubles: list[PortalkeyError] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    mistake: Exception | None = None

    def work(self, broker: Broker, *, is_once: bool) -> None:
        """Do a little of each kind; the trouble of one is not another's."""
        # On threads of their own, so that neither a receiver nor HubSpot waits for the other.
        self.arrived = self._try("notifications", lambda: broker.notify(wait=False)) or 0
        self.sent = self._try("outbox", lambda: broker.send_owed(_AT_ONCE))
        self.looks = self._try("sweep", lambda: broker.sweep(_LOOKS_AT_ONCE)) or SweepReport()
        if self.looks.trouble is not None:
            self.troubles.append(self.looks.trouble)
        if broker.settings.journal:
            self.journal = self._try("journal", broker.journal.read) or JournalRound()
        if is_once:
            self.arrived += self._try("notifications", broker.notify) or 0

    def _try(self, job: str, work: Callable[[], T]) -> T | None:
        """Return what *work* returns; what it raises is kept, and ends no other job."""
        try:
            return work()
        except PortalkeyError as trouble:
            self.troubles.append(trouble)
        except Exception as mistake:  # noqa: BLE001 - it is raised once the others are done
            self.mistake = self.mistake or mistake
        if job not in self.failed:
            self.failed.append(job)
        return None

    @property
    def is_news(self) -> bool:
        """True where anything was done, or was in the way."""
        pages = self.journal.pages if self.journal else 0
        return bool(
            self.sent or self.arrived or self.looks.number or pages or self.troubles or self.failed
        )

    def to_object(self) -> dict[str, object]:
        """Return what was done as JSON has it; ``error`` is of whichever came first."""
        looks = {outcome.value: number for outcome, number in sorted(self.looks.looks.items())}
        done: dict[str, object] = {
            "revoked": self.sent or 0,
            "notified": self.arrived,
            "looks": looks,
            "sweep_stopped": self.looks.is_stopped,
        }
        if self.journal:
            names = ("pages", "ended", "installed")
            done["journal"] = {name: getattr(self.journal, name) for name in names}
        error = self.troubles[0].code if self.troubles else None
        return done | {"failed": self.failed, "error": error}

    def describe(self, *, is_once: bool) -> Iterator[str]:
        """Yield a line for each kind of which there is something to say."""
        if self.sent or (is_once and self.sent is not None):
            yield f"HubSpot was told to forget {count_of(self.sent, 'refresh token')}."
        if self.arrived:
            yield f"The receiver was told of {count_of(self.arrived, 'event')}."
        yield from self._describe_looks(is_once=is_once)
        if self.journal and (self.journal.ended or is_once):
            pages, ended = self.journal.pages, count_of(self.journal.ended, "connection")
            yield f"HubSpot's journal: {count_of(pages, 'page')} read, {ended} ended."

    def _describe_looks(self, *, is_once: bool) -> Iterator[str]:
        if not (self.looks.number or is_once):
            return
        found = sorted(self.looks.looks.items())
        words = ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in found)
        yield f"Idle connections looked at: {self.looks.number}{f' ({words})' if words else ''}."
        if self.looks.is_stopped:
            yield "HubSpot calls so many of them ended that it is not believed; the log says more."
