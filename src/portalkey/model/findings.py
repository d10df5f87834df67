"""Findings of a look at an installation: how something stands, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """States of what was looked at; the words are a contract with whoever reads ``--json``."""

    OK = "ok"
    WARNING = "warning"
    """It works, and should not stay so."""
    PROBLEM = "problem"
    """It does not work, or will not."""
    UNKNOWN = "unknown"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: a stable name, its state, a sentence, and what to do."""

    name: str
    state: State
    sentence: str
    to_do: str = ""


def ok(name: str, sentence: str) -> Finding:
    """Return the finding that all is well."""
    return Finding(name, State.OK, sentence)


def warning(name: str, sentence: str, to_do: str) -> Finding:
    """Return the finding that something should not stay as it is."""
    return Finding(name, State.WARNING, sentence, to_do)


def problem(name: str, sentence: str, to_do: str) -> Finding:
    """Return the finding that something does not work."""
    return Finding(name, State.PROBLEM, sentence, to_do)


def unknown(name: str, sentence: str, to_do: str = "") -> Finding:
    """Return the finding that something could not be looked at."""
    return Finding(name, State.UNKNOWN, sentence, to_do)


def has_problem(findings: Iterable[Finding]) -> bool:
    """Return True where something must be done."""
    return any(each.state is State.PROBLEM for each in findings)
