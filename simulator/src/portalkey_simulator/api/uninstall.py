"""``/appinstalls/{version}/external-install``: an app takes itself out of an account."""

from flask import Response

from portalkey_simulator.api.bearer import admit
from portalkey_simulator.world import World


class Uninstalls:
    """Uninstalling, for whoever comes with an access token of the account."""

    def __init__(self, world: World) -> None:
        self._world = world

    def uninstall(self, version: str) -> Response:
        """Take the app out of the account: the refresh tokens of all its users end.

        Raises:
            ApiRefused: The token does not do, or comes too often.
        """
        del version
        self._world.ledger.uninstall(admit(self._world, "oauth").agreement)
        return Response(status=204)
