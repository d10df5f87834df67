"""Versions of the libraries that the adapters work with, and the error for any other."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from portalkey.errors import LibraryUnusable

WORKS: Mapping[str, tuple[str, str]] = {
    "httpx": ("0.23 to 0.28", "httpx>=0.23,<1"),
    "httpx2": ("2.10 and later", "httpx2>=2.10"),
    "requests": ("2.31 and later", "requests>=2.31"),
    "hubspot-api-client": ("11.1 to 12", "hubspot-api-client>=11.1,<13"),
    "hubspot-sdk": ("0.1.0a1 to 0.1.0a9", "hubspot-sdk==0.1.0a9"),
}
"""For each library, the versions that were tried, and the requirement for pip."""


def unusable(package: str, works: Mapping[str, tuple[str, str]] = WORKS) -> LibraryUnusable:
    """Return the error for a *package* that is missing, too old or too new."""
    versions, requirement = works[package]
    try:
        state = f"{version(package)} is installed, which does not do"
    except PackageNotFoundError:
        state = "it is not installed"
    return LibraryUnusable(
        f"This needs {package} {versions}, and {state}; run: pip install '{requirement}'"
    )
