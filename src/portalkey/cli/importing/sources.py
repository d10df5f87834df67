"""Sources that connections can be imported from."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from portalkey.cli.importing import csv_file, json_file
from portalkey.cli.importing.libraries import Names, django_allauth, flask_dance, social_auth
from portalkey.cli.importing.rows import Row
from portalkey.vault.sql.foreign import Foreign, read

_FILES: Mapping[str, Callable[[str], list[Row]]] = {
    "csv": csv_file.read_rows,
    "json": json_file.read_rows,
}
_LIBRARIES: Mapping[str, Callable[[Foreign, Names], Iterator[Row]]] = {
    "flask-dance": flask_dance,
    "django-allauth": django_allauth,
    "social-auth": social_auth,
}
SOURCES = (*_LIBRARIES, *_FILES)
"""Names of the sources, as the command and the audit use them."""


def read_rows(source: str, where: str, names: Names, *, plaintext: bool = False) -> Sequence[Row]:
    """Read all rows of a *source*, in its order.

    Args:
        source: One of ``SOURCES``.
        where: The address of its database, or the path of the file, ``-`` for
            standard input.
        names: Names that the app has changed.
        plaintext: True where a PostgreSQL on another host may be spoken to without TLS.

    Raises:
        SourceUnusable: It cannot be read; the message says what to look at.
        StoreBusy: Its server is busy; try again.
        OSError: The file cannot be read.
    """
    if source in _FILES:
        return _FILES[source](where)
    library = _LIBRARIES[source]
    return read(where, lambda database: list(library(database, names)), plaintext=plaintext)
