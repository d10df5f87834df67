"""The process's broker, under a name that a module can import before anything is set up."""


class LazyBroker:
    """Hands on to the one ``Broker`` of this process, which is made when it is first needed.

    A module of views imports it while the settings need not be complete: ``collectstatic`` runs
    where an image is built, without a secret. It holds nothing, so it can be pickled, and unpickled
    it hands on to the other process's broker.
    """

    def __init__(self, name: str = "") -> None:
        """Hand on to that of the HubSpot app *name*."""
        self._name = name

    def __getattr__(self, name: str) -> object:
        """Return what the broker has under *name*.

        Raises:
            BadSettings: The broker cannot be made; the message lists what is wrong.
            StoreUnusable: Its database cannot be opened.
        """
        if name.startswith("__") or name == "_name":  # of tools that look what this is
            raise AttributeError(f"the broker has no attribute {name!r}")
        # Imported here: with it come the settings, the store and the wire.
        from portalkey.django.site import site_of  # noqa: PLC0415 - see above

        return getattr(site_of(self._name).broker, name)


class LazyBrokers:
    """The brokers of this process by the names in ``PORTALKEY``, as ``caches`` are by theirs."""

    def __getitem__(self, name: str) -> LazyBroker:
        """Return that of the HubSpot app *name*; ``"default"`` is the one without a name."""
        return LazyBroker("" if name == "default" else name)
