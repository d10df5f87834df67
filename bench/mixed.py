"""The mixed load: people at gunicorn's workers while HubSpot and the database go away by turns.

``python -m bench.mixed --n 2``: twelve minutes on each database by default, both of them. What
must not be: an answer that is a fault of ours, trouble once all is well again, or anything that
grows from the first well phase to the last.
"""

import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from bench.mixed_faults import Phase, phases
from bench.mixed_people import People
from bench.mixed_vitals import read_vitals
from bench.postgres import DurableServer
from bench.stage import Record, bar, settings_for
from portalkey_simulator import App, running_hubspot
from processes.plan import Ahead, Plan
from support.postgres_server import private_folder
from support.visitor import Visitor

STORES = ("SQLite", "PostgreSQL")
SECONDS = 720.0
"""Seconds that one run takes, on one database."""
WORKERS, THREADS, PEOPLE = 2, 8, 6
LIFETIME = 40
"""Seconds that an access token lives, so that every minute renews every connection."""
GRACE = 15.0
"""Seconds after a trouble that do not count for the next phase, as what waits ends first."""
_FAULTS = ("500", "502", "404", "403", "421")


@click.command()
@click.option("--n", type=int, default=len(STORES), show_default=True, help="How many databases.")
@click.option("--seconds", type=float, default=SECONDS, show_default=True, help="For each of them.")
def main(n: int, seconds: float) -> None:
    """Let people work while everything around them fails by turns."""
    record = Record("mixed")
    there = {block["store"] for block in record.blocks()}
    with bar() as progress:
        for store in STORES[:n]:
            if store not in there:
                record.add(_run(store, seconds, progress))
    conclude(record, n)


def _run(store: str, seconds: float, progress: Progress) -> Mapping[str, object]:
    """Return what became of each phase over one kind of *store*."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mixed-")))
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
        page = f"http://localhost:{listener.getsockname()[1]}"
        app = App(
            "client-of-the-figures", "secret-of-the-figures", (f"{page}/auth/hubspot/callback",)
        )
        hubspot = stack.enter_context(running_hubspot(apps=[app]))
        hubspot.switches.access_token_seconds = LIFETIME
        database: Path | DurableServer = folder / "portalkey.db"
        url = f"sqlite:///{database}"
        if store == "PostgreSQL":
            place = stack.enter_context(private_folder())
            database = stack.enter_context(DurableServer(place))
            url = database.url
        plan = Plan(settings_for(app, hubspot, page, url), Ahead(folder / "ahead").file)
        master = stack.enter_context(_serving(plan, folder, listener))
        with Visitor(page, hubspot) as first:  # waits until the workers are up
            first.setup()
        people = People(page, hubspot, PEOPLE)
        stack.enter_context(people.at_work())
        rows = {}
        todo = phases(hubspot, database)
        task = progress.add_task(store, total=len(todo))
        for phase in todo:
            rows[phase.name] = _spend(phase, seconds, people, master, folder)
            progress.advance(task)
        return {"store": store, "phases": rows}


def _spend(
    phase: Phase, seconds: float, people: People, master: int, folder: Path
) -> dict[str, Any]:
    """Return what the requests and the workers came to in one phase."""
    if phase.is_well:
        time.sleep(min(GRACE, seconds * phase.share / 2))
        people.take_tally()
    with phase.trouble():
        time.sleep(seconds * phase.share)
    tally = people.take_tally()
    return {
        "took": tally.percentiles(),
        "answers": dict(sorted(tally.answers.items())),
        "vitals": asdict(read_vitals(master, folder)),
    }


@contextmanager
def _serving(plan: Plan, folder: Path, listener: socket.socket) -> Iterator[int]:
    """Run the app under gunicorn on *listener*; the master's process id."""
    file = folder / "plan"
    file.write_bytes(pickle.dumps(plan))
    env = {**os.environ, "MIXED_PLAN": str(file), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "gunicorn", "--preload", "--worker-class=gthread"]
    command += [f"--workers={WORKERS}", f"--threads={THREADS}", "--no-control-socket"]
    command += [f"--bind=fd://{listener.fileno()}", "--log-level=error", "bench.mixed_app:app"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            command, env=env, stdout=log, stderr=log, pass_fds=[listener.fileno()]
        ) as process,
    ):
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def conclude(record: Record, n: int) -> None:
    """Say for each database what was not as it should be, and write the figure."""
    blocks = record.blocks()
    bad = {block["store"]: problems_of(block["phases"]) for block in blocks}
    record.conclude(
        asked=n,
        done=len(blocks),
        bad=sum(map(len, bad.values())),
        seed="0 to 5, one a person",
        facts={
            "not as it should be": bad,
            **{
                f"phases on {block['store']}": {
                    name: _row(phase) for name, phase in block["phases"].items()
                }
                for block in blocks
            },
        },
    )


def problems_of(rows: Mapping[str, Any]) -> list[str]:
    """Return what was wrong in the phases of one run, each in a sentence."""
    found = []
    for name, phase in rows.items():
        answers: Mapping[str, int] = phase["answers"]
        if not answers:
            found.append(f"{name}: nobody asked")
        faults = {key: n for key, n in answers.items() if key.split()[-1] in _FAULTS}
        faults |= {
            key: n
            for key, n in answers.items()
            if not key.split()[-1].isdigit() and not key.endswith("left")
        }
        if name.startswith("well"):
            faults |= {
                key: n for key, n in answers.items() if key.endswith((" 503", " 429", " left"))
            }
        if faults:
            found.append(f"{name}: {faults}")
    first, last = rows["well"]["vitals"], rows["well again"]["vitals"]
    for what, allowed in (("rss_mb", 40 * WORKERS), ("threads", 2 * THREADS), ("descriptors", 40)):
        if last[what] > first[what] + allowed:
            found.append(f"{what} grew from {first[what]} to {last[what]}")
    return found


def _row(phase: Mapping[str, Any]) -> Mapping[str, object]:
    took = phase["took"]
    return {
        "requests": sum(phase["answers"].values()),
        "token p99 ms": took.get("/token", {}).get("p99_ms", ""),
        "plain p99 ms": took.get("/plain", {}).get("p99_ms", ""),
        "connect p99 ms": took.get("connect", {}).get("p99_ms", ""),
        "later (503, 429)": sum(
            n for key, n in phase["answers"].items() if key.endswith((" 503", " 429"))
        ),
        **phase["vitals"],
    }


if __name__ == "__main__":
    main()
