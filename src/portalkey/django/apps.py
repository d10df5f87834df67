"""The app ``portalkey.django``, as ``INSTALLED_APPS`` has it."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.checks import CheckMessage, Tags, register
from django.core.signals import setting_changed

from portalkey.django.hints import spell_check, spell_log
from portalkey.django.links import forget_at_sign_in, forget_at_sign_out
from portalkey.django.middleware import put_in_place

_OURS = "portalkey"


class PortalkeyConfig(AppConfig):
    """No models: what portalkey stores is its own, and no migration of Django's touches it."""

    name = "portalkey.django"
    label = "portalkey"
    verbose_name = "HubSpot connections"

    def ready(self) -> None:
        """Put our middleware first, register checks and hints, and hear of who signs in or out."""
        put_in_place()
        spell_log()
        register(_check, _OURS)
        register(_check_deployment, _OURS, Tags.security, deploy=True)
        user_logged_in.connect(forget_at_sign_in, dispatch_uid=_OURS)
        user_logged_out.connect(forget_at_sign_out, dispatch_uid=_OURS)
        setting_changed.connect(_follow, dispatch_uid=_OURS)


def _check(**_: object) -> list[CheckMessage]:
    # Imported here: with it come the settings and the pages.
    from portalkey.django.checks import check_site  # noqa: PLC0415 - see above

    return list(map(spell_check, check_site()))


def _check_deployment(**_: object) -> list[CheckMessage]:
    from portalkey.django.checks import check_deployment  # noqa: PLC0415 - as above

    return list(map(spell_check, check_deployment()))


def _follow(setting: str, **changed: object) -> None:
    """Follow ``override_settings`` of a host's tests."""
    del changed
    if setting == "MIDDLEWARE":
        put_in_place()
    # Imported here: with it come the settings, the store and the wire.
    from portalkey.django.site import forget_routers, reset_all  # noqa: PLC0415 - see above

    if setting == "PORTALKEY":
        reset_all()
    else:
        forget_routers()
