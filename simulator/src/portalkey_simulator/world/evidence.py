"""The evidence for what the simulator does, and the form of a switch.

A behaviour is ``documented`` by HubSpot, was ``captured`` on the wire by somebody, or is
``presumed``: the best guess, where nothing public shows it.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Evidence(StrEnum):
    """The grounds of a behaviour."""

    DOCUMENTED = "documented"
    CAPTURED = "captured"
    PRESUMED = "presumed"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One thing that HubSpot does.

    ``says`` is a sentence about it as the simulator does it unless told otherwise, ``source`` an
    address to look it up at, or a word on where it was seen. ``because`` says what is not known,
    where the evidence leaves something open.
    """

    says: str
    evidence: Evidence
    source: str = ""
    because: str = ""


def switch(default: T, says: str, evidence: Evidence, source: str = "", *, because: str = "") -> T:
    """Return a field of ``Switches``: its default, and the behaviour that it stands for."""
    behaviour = Behaviour(says, evidence, source, because)
    return dataclasses.field(default=default, metadata={"behaviour": behaviour})
