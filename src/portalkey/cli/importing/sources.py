"""Sources that connections can be imported from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from portalkey.cli.importing import csv_file
from portalkey.cli.importing.libraries import Names, django_allauth, flask_dance, social_auth
from portalkey.cli.importing.rows import Row
from portalkey.vault.sql.foreign import Foreign, read

CSV = "csv"
_LIBRARIES: Mapping[str, Callable[[Foreign, Names], Iterator[Row]]] = {
    "flask-dance": flask_dance,
    "django-allauth": django_allauth,
    "social-auth": social_auth,
}
SOURCES = (*_LIBRARIES, CSV)
"""Names of the sources, as the command and the audit use them."""


def read_rows(source: str, where: str, names: Names, *, plaintext: bool = False) -> Sequence[Row]:
    """Read all rows of a *source*, in its order.

    Args:
        source: One of ``SOURCES``.
        where: The address of its database, or the path of the CSV file.
        names: Names that the app has changed.
        plaintext: True where a PostgreSQL on another host may be spoken to without TLS.

    Raises:
        SourceUnusable: It cannot be read; the message says what to look at.
        StoreBusy: Its server is busy; try again.
        OSError: The CSV file cannot be read.
    """
    if source == CSV:
        return csv_file.read_rows(Path(where))
    library = _LIBRARIES[source]
    return read(where, lambda database: list(library(database, names)), plaintext=plaintext)
