"""Import of connections from another library, so that nobody has to connect again."""

from portalkey.cli.importing.libraries import Names
from portalkey.cli.importing.move_in import MoveIn
from portalkey.cli.importing.outcomes import Outcome, Result
from portalkey.cli.importing.rows import Row
from portalkey.cli.importing.sources import SOURCES, read_rows

__all__ = ["SOURCES", "MoveIn", "Names", "Outcome", "Result", "Row", "read_rows"]
