"""Alembic plugin that keeps a host's ``alembic revision --autogenerate`` off our tables.

In a database that a host shares with us, its Alembic finds tables that its own models do not name,
and would write their end into its next migration. Alembic itself loads this module in the host's
process, through the entry point ``alembic.plugins`` of our distribution, so that the host need not
know of it. See https://alembic.sqlalchemy.org/en/latest/api/plugins.html
"""

from collections.abc import Collection, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import MigrateOperation, UpgradeOps
    from alembic.runtime.plugins import Plugin
    from alembic.util import PriorityDispatchResult

PREFIX = "portalkey_"
"""Begins the name of every table of ours, the one of our revisions included."""


def setup(plugin: "Plugin") -> None:
    """Look at what autogenerate found, after everybody else has."""
    from alembic.util import DispatchPriority  # noqa: PLC0415 - only Alembic calls this

    plugin.add_autogenerate_comparator(
        keep_our_tables, "autogenerate", priority=DispatchPriority.LAST
    )


def keep_our_tables(context: "AutogenContext", upgrade: "UpgradeOps") -> "PriorityDispatchResult":
    """Take every change of a table of ours out of *upgrade*, unless the host's models name it."""
    from alembic.util import PriorityDispatchResult  # noqa: PLC0415 - only Alembic calls this

    named = context.table_key_to_table.keys()
    upgrade.ops[:] = [change for change in upgrade.ops if not _is_of_ours(change, named)]
    return PriorityDispatchResult.CONTINUE


def _is_of_ours(change: "MigrateOperation", named: Collection[str]) -> bool:
    table = getattr(change, "table_name", None)
    if not isinstance(table, str) or not table.startswith(PREFIX):
        return False
    schema = getattr(change, "schema", None)
    key = f"{schema}.{table}" if schema else table
    return key not in named


class _Module(ModuleType):
    """A module that can also be iterated, which Alembic 1.18 and 1.19 do with what they load."""

    setup = staticmethod(setup)

    def __iter__(self) -> Iterator[ModuleType]:
        yield self


plugin = _Module(__name__)
