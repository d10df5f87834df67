"""Findings on a terminal: a mark and a word for each, what to do below it, never colour alone."""

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence

import click

from portalkey.cli.hints import respell
from portalkey.model.findings import Finding, State

_MARKS: Mapping[State, tuple[str, str, str]] = {
    State.OK: ("✓", "ok", "green"),
    State.WARNING: ("!", "warning", "yellow"),
    State.PROBLEM: ("✗", "problem", "red"),
    State.UNKNOWN: ("?", "unknown", "cyan"),
}
"""By state its mark, its word and its colour, which only repeats what the others say."""

_WIDEST = 120
_INDENT = 2 + 2 + 9
_ARROW = "→ "


def as_objects(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Return *findings* as JSON has them."""
    return [
        {
            "name": each.name,
            "state": each.state.value,
            "sentence": respell(each.sentence),
            "to_do": respell(each.to_do),
        }
        for each in findings
    ]


def print_findings(groups: Mapping[str, Sequence[Finding]], width: int | None = None) -> None:
    """Print the findings of each of the *groups* under its title, if it has one."""
    columns = min(width or shutil.get_terminal_size().columns, _WIDEST)
    for title, findings in groups.items():
        if title:
            click.echo(f"\n{click.style(title, bold=True)}")
        for each in findings:
            for line in _lines(each, columns):
                click.echo(line)


def _lines(finding: Finding, width: int) -> Iterator[str]:
    mark, word, colour = _MARKS[finding.state]
    head = f"  {click.style(f'{mark} {word:<8}', fg=colour)} "
    first, *rest = _wrap(respell(finding.sentence), width) or [""]
    yield head + first
    yield from (" " * _INDENT + line for line in rest)
    for number, line in enumerate(_wrap(respell(finding.to_do), width - len(_ARROW))):
        yield " " * _INDENT + (" " * len(_ARROW) if number else _ARROW) + line


def _wrap(text: str, width: int) -> list[str]:
    # No word is parted: paths, addresses and commands are there to be copied.
    lines = text.splitlines()
    wrapper = textwrap.TextWrapper(
        max(20, width - _INDENT), break_long_words=False, break_on_hyphens=False
    )
    return [part for line in lines for part in wrapper.wrap(line)]
