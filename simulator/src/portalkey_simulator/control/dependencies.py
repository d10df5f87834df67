"""The parts of a simulator that the control API works on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from portalkey_simulator.faults.rules import Faults
from portalkey_simulator.world import World


class Walk(Protocol):
    """Goes through the consent page, as a person would."""

    def __call__(
        self, authorize_url: str, hub_id: int | None = None, user_id: int | None = None
    ) -> str:
        """Return the callback URL that a browser would be sent to."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The parts of a simulator that are set and shown by hand."""

    world: World
    faults: Faults
    approve: Walk
    deny: Walk
    reset: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call: the ``body``, parsed, and the numbers in the path."""

    body: Any = None
    path: Mapping[str, int] = field(default_factory=dict)
