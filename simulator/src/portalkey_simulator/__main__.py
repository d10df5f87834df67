"""``python -m portalkey_simulator``: the command ``portalkey-simulator``."""

from portalkey_simulator.cli import main

if __name__ == "__main__":
    main()
