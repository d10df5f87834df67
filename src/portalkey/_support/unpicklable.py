"""A base for objects that hold secrets or sockets and must not travel to another process."""

from typing import NoReturn, SupportsIndex


class Unpicklable:
    """Refuse to be pickled: what is pickled lies about in clear, in queues, caches and logs.

    The ``copy`` module asks in the same way, and is refused with it.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Raise TypeError with what to do instead."""
        name = type(self).__name__.strip("_")
        raise TypeError(
            f"{name} cannot be pickled, as it would carry secrets in clear; make it where the "
            "worker's module is imported, for example with Broker.from_env()."
        )
