"""Pragmas of a connection to SQLite: how a file is kept, and when a commit is on the disk."""

_PRAGMAS = ("secure_delete=ON", "foreign_keys=ON")
_OWN_FILE = ("journal_mode=WAL", "synchronous=FULL")
# Without a WAL a commit is the end of the journal's file, which the directory has to remember.
_SHARED_FILE = ("synchronous=EXTRA",)
# There fsync() leaves the drive's own cache as it is.
_MACOS = ("fullfsync=ON", "checkpoint_fullfsync=ON")
OTHERS_TABLES = (
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' "
    "AND name NOT LIKE 'portalkey\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)
"""Counts the tables in the file that are not portalkey's."""


def choose_pragmas(*, is_shared: bool, platform: str) -> tuple[str, ...]:
    """Return what is said at the beginning of each connection.

    Args:
        is_shared: True where another program has its tables in the file: how it is kept is that
            program's to say.
        platform: The system, as ``sys.platform`` has it.
    """
    of_system = _MACOS if platform == "darwin" else ()
    return (*(_SHARED_FILE if is_shared else _OWN_FILE), *_PRAGMAS, *of_system)
