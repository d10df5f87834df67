"""Moving in: connections that another library kept go on here, and nobody connects again."""

from portalkey.importing.libraries import Names
from portalkey.importing.move_in import MoveIn
from portalkey.importing.outcomes import Outcome, Result
from portalkey.importing.rows import Row
from portalkey.importing.sources import CSV, SOURCES, read_rows

__all__ = ["CSV", "SOURCES", "MoveIn", "Names", "Outcome", "Result", "Row", "read_rows"]
