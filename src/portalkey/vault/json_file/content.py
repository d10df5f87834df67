"""Content of a config file: read only where it changed, and how to mend one that is torn."""

from portalkey.vault.health import StoreCause
from portalkey.vault.json_file import format as file_format
from portalkey.vault.json_file.disk import ConfigFile, Stamp
from portalkey.vault.snapshot import Snapshot


class Content:
    """The snapshot that is in a *file*; what was read last is good until the file's stamp moves."""

    def __init__(self, file: ConfigFile) -> None:
        self._file = file
        self._last_read: tuple[Stamp, Snapshot] | None = None

    def begin(self) -> None:
        """Read the file, or make it where it is missing; nobody else may write meanwhile."""
        if self._file.is_there():
            _, content = self._file.read()
            self.parse(content)
            self._file.keep_good(content)
        elif self._file.good.exists():
            raise self._file.missing_error()
        else:
            self._file.replace(file_format.write(Snapshot()))

    def current(self) -> Snapshot:
        """Return what is in the file, read again only where that has changed."""
        last = self._last_read
        if last is None or last[0] != self._file.stamp():
            stamp, content = self._file.read()
            last = self._last_read = stamp, self.parse(content)
        return last[1]

    def replace(self, snapshot: Snapshot) -> None:
        """Write *snapshot* in place of what is in the file."""
        self._last_read = self._file.replace(file_format.write(snapshot)), snapshot

    def forget(self) -> None:
        """Read the file again at the next use."""
        self._last_read = None

    def parse(self, content: bytes) -> Snapshot:
        """Return what *content* says.

        Raises:
            StoreUnusable: It says nothing that can be read; the message says where.
        """
        try:
            return file_format.read(content)
        except file_format.Newer as newer:
            trouble = (
                f"was written by a newer portalkey (format {newer.format}, and this one knows "
                f"{file_format.FORMAT}); install that one here too. Nothing was changed."
            )
        except file_format.Wrong as wrong:
            advice = self._how_to_mend()
            trouble = f"is torn or was edited wrongly: {wrong}. Nothing was changed. {advice}"
        raise self._file.unusable_error(trouble, StoreCause.DAMAGED)

    def _how_to_mend(self) -> str:
        """Return the sentence that says how to mend the file."""
        good = self._file.good
        try:
            file_format.read(good.read_bytes())
        except (OSError, file_format.Wrong, file_format.Newer):
            return "Mend that line, or bring back a backup; there is no good copy beside it."
        return f"Mend that line, or copy the last good copy over it: cp -p {good} {self._file.path}"
