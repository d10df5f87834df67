"""What the control room has its hands on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from portalkey_simulator.faults.rules import Faults
from portalkey_simulator.world import World


class Walk(Protocol):
    """Through the consent page, as a person would go."""

    def __call__(
        self, authorize_url: str, hub_id: int | None = None, user_id: int | None = None
    ) -> str:
        """The callback URL that a browser would be sent to."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The simulator, as far as it is set and seen by hand."""

    world: World
    faults: Faults
    approve: Walk
    deny: Walk
    reset: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Asking:
    """What came: the ``body``, read, and the numbers in the path."""

    body: Any = None
    path: Mapping[str, int] = field(default_factory=dict)
