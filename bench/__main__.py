"""``make bench``: every goal, one after another, and a page of what came of it."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from rich.console import Console

from bench.goals import (
    cold,
    console,
    event_loop,
    expired,
    growth,
    hot,
    imports,
    killed,
    many,
    owners,
    pages,
    person,
    processes,
    rotation,
    routes,
    scale,
    simulated,
    sweep,
    together,
)
from bench.report import Result, surroundings, write
from bench.workbench import Workbench, workbench

Goal = Callable[[Workbench], Result | list[Result]]


def _overhead(bench: Workbench) -> Result:
    from bench.goals import adapters  # noqa: PLC0415 - it needs libraries that no other goal does

    return adapters.overhead(bench)


GOALS: Mapping[str, Goal] = {
    "G1": hot.cached,
    "G2": hot.threads,
    "G3": cold.from_sqlite,
    "G4": cold.from_postgres,
    "G5": expired.renewed,
    "G6": together.herds,
    "G8": killed.takes_over,
    "G9": together.still_good,
    "G10": owners.right_owner,
    "G11": routes.routes,
    "G12": imports.added,
    "G13": scale.due,
    "G14": many.renewals,
    "G14B": processes.together,
    "G15": rotation.rotated,
    "G16": hot.memory,
    "G17": _overhead,
    "G18": simulated.started,
    "G19": simulated.journeys,
    "G20": processes.fsyncs,
    "G22": growth.left_behind,
    "G23": person.done,
    "G24": pages.first_load,
    "G25": pages.waiting,
    "G26": console.console,
    "G27": sweep.looked_after,
    "G28": event_loop.answering,
}
_MEASURED_WITH = {"G7": "G6", "G21": "G14"}


@click.command()
@click.option("--only", default="", help="Goals to measure, as in G1,G3; all by default.")
@click.option("--rounds", default=7, show_default=True, help="How often everybody takes a turn.")
@click.option("--quick", is_flag=True, help="A look at it: fewer rounds, less of everything.")
@click.option("--to", default="bench", help="The folder to write results.md and results.json to.")
def main(only: str, rounds: int, to: str, *, quick: bool) -> None:
    """Measure portalkey beside the physical limit and beside other libraries."""
    asked = [name.strip().upper() for name in only.split(",") if name.strip()]
    names = list(dict.fromkeys(_MEASURED_WITH.get(name, name) for name in asked)) or list(GOALS)
    if unknown := set(names) - GOALS.keys():
        raise click.BadParameter(f"there is no {', '.join(sorted(unknown))}")
    logging.disable()  # what goes wrong is counted
    console, began, about = Console(), time.monotonic(), surroundings()
    results: list[Result] = []
    with console.status("beginning") as status:
        tell = status.update
        with workbench(3 if quick else rounds, 0.1 if quick else 1.0, tell) as bench:
            for name in names:
                tell(name)
                for result in _measured(name, bench):
                    results.append(result)
                    took = f"{time.monotonic() - began:4.0f} s"
                    console.print(f"{took} {result.goal}: [b]{result.word}[/b], {result.verdict}")
    write(results, Path(to), about | {"seconds": round(time.monotonic() - began)})
    console.print(f"Written to {to}/results.md.")


def _measured(name: str, bench: Workbench) -> list[Result]:
    bench.rested()
    try:
        found = GOALS[name](bench)
    except Exception as trouble:  # noqa: BLE001 - the others are measured all the same
        return [
            Result(
                name, "to be measured", None, f"not measured: {type(trouble).__name__}: {trouble}"
            )
        ]
    return found if isinstance(found, list) else [found]


main()
