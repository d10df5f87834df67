"""Which libraries the adapters work with, and what is said where one does not do."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from portalkey.errors import LibraryUnusable

WORKS: Mapping[str, tuple[str, str]] = {
    "httpx": ("0.23 to 0.28", "httpx>=0.23,<1"),
    "requests": ("2.31 and later", "requests>=2.31"),
    "hubspot-api-client": ("11.1 to 12", "hubspot-api-client>=11.1,<13"),
    "hubspot-sdk": ("0.1.0a1 to 0.1.0a9", "hubspot-sdk==0.1.0a9"),
}
"""What each was seen to work with, and what to ask pip for."""


def unusable(package: str, works: Mapping[str, tuple[str, str]] = WORKS) -> LibraryUnusable:
    """The error for a *package* that is missing, too old or too new."""
    versions, wanted = works[package]
    try:
        found = f"{version(package)} is installed, which does not do"
    except PackageNotFoundError:
        found = "it is not installed"
    return LibraryUnusable(
        f"This needs {package} {versions}, and {found}; run: pip install '{wanted}'"
    )
