"""No sealed value opens that was changed in one bit, or moved; `make figures` tries many more."""

import pytest
from pydantic import SecretStr

from portalkey.errors import NoKeyOpens
from portalkey.vault.keyring import Binding
from security.seals import NAMES, Found, Sealed, attack, flip_all, make_ring, move_all, seal_some

SEEDS, VALUES = range(4), 4


class Careless:
    """A ring with two mistakes: it reads capitals and small letters alike, and knows no place."""

    def __init__(self, values: list[Sealed]) -> None:
        self._known = {each.text.lower(): SecretStr(each.secret) for each in values}

    def open(self, sealed: str, binding: Binding) -> SecretStr:
        """Open it, wherever it stands."""
        del binding
        if sealed.lower() not in self._known:
            raise NoKeyOpens("k1")
        return self._known[sealed.lower()]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_bit_and_no_place_may_be_another(seed: int) -> None:
    """Every bit of each value, and each value at every place beside its own."""
    found = attack(make_ring(), seed, VALUES)

    assert found.opened == []
    assert found.flips > 8 * 100 * VALUES
    assert found.moves >= 3 * VALUES


def test_a_careless_ring_would_be_seen() -> None:
    """The negative control: both kinds of mistake are found."""
    values = seal_some(make_ring(), 1, 2)
    careless, flips, moves = Careless(values), Found(), Found()
    flip_all(careless, values[0], flips)
    move_all(careless, values, moves)

    assert len(flips.opened) > 100  # the bit of each letter that makes it a capital
    assert len(moves.opened) == moves.moves


def test_the_names_are_neighbours() -> None:
    """One flip leads from the name of a key to that of another on the ring."""
    first, *others = (name.encode() for name in NAMES)

    for other in others:
        bits = [(a ^ b).bit_count() for a, b in zip(first, other, strict=True)]
        assert sum(bits) <= 2
