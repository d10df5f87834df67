"""Names of a package that are loaded on first use."""

from collections.abc import Mapping
from importlib import import_module


def load(package: str, homes: Mapping[str, str], name: str) -> object:
    """Return what *name* is in its module below *package*; for a module's ``__getattr__``.

    Args:
        package: The package's own ``__name__``.
        homes: The module below the package, by the name that is asked for.
        name: The name that is asked for.

    Raises:
        AttributeError: The package has no such name.
        ImportError: The module could not be loaded; the cause says why. An AttributeError from
            within it would read as "cannot import name", and lose its cause.
    """
    if name not in homes:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    try:
        module = import_module(f"{package}.{homes[name]}")
    except AttributeError as trouble:
        raise ImportError(
            f"{package}.{homes[name]} could not be loaded: {trouble}", name=name
        ) from trouble
    return getattr(module, name)
