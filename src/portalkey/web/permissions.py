"""Permissions in words: what an app may do, in sentences that stand in groups.

The sentences are texts of the pages like all others, so that a host can change them and add to
them: ``scope:crm.objects.contacts.read`` is one, ``group:contacts`` the name of its group. They
finish "The app may ...".
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

NOT_SHOWN = frozenset({"oauth"})
"""Every app has it, and it gives no more than the account's number."""
UNKNOWN = "scope:otherwise"
SCOPE, GROUP = "scope:", "group:"


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission: its sentence, and what HubSpot calls it."""

    scope: str
    sentence: Markup


@dataclass(frozen=True, slots=True)
class Group:
    """Permissions about one thing, under its name."""

    name: Markup
    permissions: tuple[Permission, ...]


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("permissions.json").read_text())
    return data


@cache
def permission_words(language: str) -> dict[str, str]:
    """Return the texts in *language*, English or German, by key."""
    data = _data()
    groups = {f"{GROUP}{name}": words[language] for name, words in data["groups"].items()}
    scopes = {f"{SCOPE}{name}": words[language] for name, words in data["scopes"].items()}
    return {**groups, **scopes, UNKNOWN: data["otherwise"][language]}


def show(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return those of *scopes* that people are told of."""
    return tuple(scope for scope in scopes if scope not in NOT_SHOWN)


def describe(scope: str, say: Callable[..., Markup], known: Callable[[str], bool]) -> Permission:
    """Return a *scope* in words; raw, within a sentence, where nobody has words for it."""
    key = f"{SCOPE}{scope}"
    has_words = key != UNKNOWN and known(key)
    return Permission(scope, say(key if has_words else UNKNOWN, scope=scope))


def group(
    scopes: Iterable[str], say: Callable[..., Markup], known: Callable[[str], bool]
) -> tuple[Group, ...]:
    """Return *scopes* in words, in their groups; *say* and *known* are a dictionary's."""
    data = _data()
    names: dict[str, list[Permission]] = {name: [] for name in data["groups"]}
    for scope in show(scopes):
        place = data["scopes"].get(scope, data["otherwise"])["group"]
        names[place].append(describe(scope, say, known))
    return tuple(
        Group(say(f"{GROUP}{name}"), tuple(found)) for name, found in names.items() if found
    )
