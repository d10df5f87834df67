"""Frames and progress bars on a terminal, where rich is installed.

Neither says anything that is not said without it, so no command needs it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

Show = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is."""


def bold(text: str) -> str:
    """Return *text* in bold; ``panel()`` leaves that out where no terminal shows it."""
    return click.style(text, bold=True)


def panel(title: str, lines: Sequence[str]) -> None:
    """Print *lines* in a frame, or plainly where rich is not installed."""
    text = "\n".join(lines)
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.panel import Panel  # noqa: PLC0415 - an extra
        from rich.text import Text  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        click.echo(text)
    else:
        Console().print(Panel(Text.from_ansi(text), title=title, expand=False))


@contextmanager
def bars(*, is_shown: bool = True) -> Iterator[Show]:
    """Show a bar for each thing that is being done, on stderr where that is a terminal."""
    try:
        from rich import progress  # noqa: PLC0415 - an extra
        from rich.console import Console  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        yield lambda *_: None
        return
    console = Console(stderr=True)
    if not (is_shown and console.is_terminal):
        yield lambda *_: None
        return
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console) as running:
        tasks: dict[str, progress.TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            if not total:
                return
            if name not in tasks:
                tasks[name] = running.add_task(name, total=total, rate="")
            running.update(tasks[name], completed=done, total=total)
            speed = running.tasks[tasks[name]].speed or 0.0
            running.update(tasks[name], rate=f"{speed:,.0f}/s")

        yield show
