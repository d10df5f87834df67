"""Sealed values, changed in every single bit and put into every other place: none may open."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from pydantic import SecretStr

from portalkey.errors import NoKeyOpens
from portalkey.settings.keys import Key
from portalkey.vault.keyring import Binding, Keyring, new_key

NAMES = ("k1", "k3", "m1")
"""Names of keys that are one bit from one another: a flip may lead to another key of the ring."""
COLUMNS = ("access_token", "refresh_token", "verifier", "code")
LETTERS = "ABCDEFGHabcdefgh0123456789-_.~ äß\u2028"


class Ring(Protocol):
    """Whatever opens."""

    def open(self, sealed: str, binding: Binding) -> SecretStr:
        """Open *sealed* where it belongs, or raise ``NoKeyOpens``."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret, where it belongs, and what is stored of it."""

    secret: str
    place: Binding
    text: str


@dataclass(slots=True)
class Found:
    """How many tries there were of each kind, and those that opened, which none may."""

    flips: int = 0
    moves: int = 0
    opened: list[str] = field(default_factory=list)


def make_ring() -> Keyring:
    """Make a ring whose names are neighbours."""
    return Keyring([Key(name, new_key()) for name in NAMES])


def seal_some(ring: Keyring, seed: int, number: int) -> list[Sealed]:
    """Seal *number* secrets of many lengths, some of them in neighbouring places."""
    chance = random.Random(seed)  # noqa: S311 - no secret is drawn from it
    found = []
    for at in range(number):
        length = chance.choice((1, 16, 31, 48, 120, chance.randrange(1, 400)))
        secret = "".join(chance.choices(LETTERS, k=length))
        place = Binding("app", f"{seed} {at // 3}", chance.choice(COLUMNS), chance.randrange(5))
        found.append(Sealed(secret, place, ring.seal(SecretStr(secret), place)))
    return found


def is_open(ring: Ring, text: str, place: Binding) -> bool:
    """Return True where *text* opens at *place*, to whatever."""
    try:
        ring.open(text, place)
    except NoKeyOpens:
        return False
    return True


def flip_all(ring: Ring, sealed: Sealed, found: Found) -> None:
    """Flip each bit of what is stored, one after another: version, name of the key and padding."""
    stored = bytearray(sealed.text.encode("ascii"))
    for bit in range(8 * len(stored)):
        stored[bit // 8] ^= 1 << bit % 8
        found.flips += 1
        if is_open(ring, stored.decode("latin-1"), sealed.place):
            found.opened.append(f"bit {bit} of {sealed.place.row_id}")
        stored[bit // 8] ^= 1 << bit % 8


def move_all(ring: Ring, values: list[Sealed], found: Found) -> None:
    """Try each value at the place of each other one, and at its own in another app."""
    for sealed in values:
        for place in places_beside(sealed, values):
            found.moves += 1
            if is_open(ring, sealed.text, place):
                found.opened.append(f"{sealed.place} at {place}")


def places_beside(sealed: Sealed, values: list[Sealed]) -> Iterator[Binding]:
    """Yield all places that are not the value's own."""
    own = sealed.place
    yield from {each.place for each in values} - {own}
    yield replace(own, client_id="another app")
    yield replace(own, generation=own.generation + 10)
    # What would be the same if parts were put together without their lengths.
    yield replace(own, row_id=own.row_id + own.column[0], column=own.column[1:])


def attack(ring: Keyring, seed: int, number: int) -> Found:
    """Attack *number* values of one *seed* in every way; each must still open where it belongs."""
    found = Found()
    values = seal_some(ring, seed, number)
    for sealed in values:
        assert ring.open(sealed.text, sealed.place).get_secret_value() == sealed.secret
        flip_all(ring, sealed, found)
    move_all(ring, values, found)
    return found
