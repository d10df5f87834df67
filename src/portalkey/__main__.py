"""``python -m portalkey`` is ``portalkey``."""

from portalkey.cli import main

if __name__ == "__main__":
    main()
