"""``portalkey work``: a worker process for all that is due and that nobody waits for."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import env_file_option
from portalkey.cli.hints import respell
from portalkey.cli.owner_hash import make_hash
from portalkey.cli.server.logs import set_up_logs
from portalkey.cli.tables import count_of
from portalkey.cli.until import until_interrupted
from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.model.journal import JournalRound
from portalkey.model.sweep import SweepReport
from portalkey.settings.settings import Settings
from portalkey.settings.standalone import read_log_settings

T = TypeVar("T")

LABEL = "portalkey-work"
log = logging.getLogger("portalkey.work")

_WORKING = "Working as {label}, every {every} s."
_BACK = "The store is back."
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
    logs = read_log_settings(env_file, os.environ)
    if logs:
        set_up_logs(*logs)  # before what is said as the store is opened
    broker = Broker.of(_settings(env_file), env_file)
    if logs:
        set_up_logs(*logs, make_hash(broker))
    worker = _Worker(broker, as_json=as_json, is_logged=logs is not None)
    try:
        if once:
            if worker.bite(is_once=True).failed:
                raise SystemExit(1)
        else:
            worker.say_start(every)
            until_interrupted(worker.go_on, every=every)
    finally:
        broker.close()


def _settings(env_file: Path) -> Settings:
    """Return the settings; a worker that nobody named is not called like every other command."""
    settings = Settings.from_env(env_file)
    if "label" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"label": LABEL})


@dataclass(slots=True)
class _Worker:
    """Rounds of work, and what is said of them: to the log where the operator chose its form."""

    broker: Broker
    as_json: bool = False
    is_logged: bool = False
    _has_trouble: bool = False
    """True after a round in which the store was in trouble."""

    def say_start(self, every: int) -> None:
        """Say that it lives."""
        if self.as_json and not self.is_logged:
            click.echo(json.dumps({"working": self.broker.settings.label, "every": every}))
            return
        self._say(_WORKING.format(label=self.broker.settings.label, every=every))
        if not self.is_logged:
            click.echo("Press Ctrl-C to stop.")

    def go_on(self) -> None:
        """Do one round of many; what failed is tried again in the next."""
        self.bite()

    def bite(self, *, is_once: bool = False) -> "_Round":
        """Do a little of what is due, show what came of it, and return it.

        Raises:
            Exception: A mistake of ours ended a job; the others were done first.
        """
        done = _Round()
        done.work(self.broker, is_once=is_once)
        self._show(done, is_once=is_once)
        if done.mistake is not None:
            raise done.mistake
        return done

    def _show(self, done: "_Round", *, is_once: bool) -> None:
        if self.as_json and (is_once or done.is_news):
            click.echo(json.dumps(done.to_object()))
        for line in () if self.as_json else done.describe(is_once=is_once):
            self._say(line)
        for each in done.troubles:
            if self.is_logged:
                log.warning("%s (%s)", respell(str(each)), each.code)
            elif not self.as_json:
                click.echo(respell(str(each)), err=True)
        if self._has_trouble and not done.is_store_in_trouble:
            self._say(_BACK, err=True)
        self._has_trouble = done.is_store_in_trouble

    def _say(self, line: str, *, err: bool = False) -> None:
        if self.is_logged:
            log.info("%s", line)
        elif not (self.as_json and not err):
            click.echo(line, err=err)


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
    def is_store_in_trouble(self) -> bool:
        """True where the store was what was in the way of some job."""
        return any(isinstance(each, StoreBusy | StoreUnusable) for each in self.troubles)

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
