"""Backup of a config file: what was written last, if it can be read."""

from pathlib import Path

from portalkey.vault.json_file.content import Content
from portalkey.vault.json_file.disk import ConfigFile
from portalkey.vault.new_file import new_file


def back_up_file(path: Path, target: Path, *, is_for_all: bool = False) -> int:
    """Copy the config file at *path* into a new file *target*; return its number of connections.

    Raises:
        StoreUnusable: The file cannot be read, or the backup cannot be written.
    """
    file = ConfigFile(path.resolve(), is_for_all=is_for_all, wait=0.0)
    _, content = file.read()
    snapshot = Content(file).parse(content)
    with new_file(target) as draft:
        draft.write_bytes(content)
    return sum(row.sealed is not None for row in snapshot.connections)
