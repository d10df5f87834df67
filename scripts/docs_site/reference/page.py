"""A page of the reference: its place, its line in the index, and what makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """One page; *render* returns its Markdown, *anchors* the anchor of each name it explains."""

    place: str
    title: str
    about: str
    render: Callable[[], str]
    anchors: Callable[[], Mapping[str, str]]
