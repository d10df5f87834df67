"""``portalkey events``: what happened, what happens now, and who is to hear of it."""

from portalkey.cli.events.forget import forget
from portalkey.cli.events.resend import resend
from portalkey.cli.events.show import events

for command in (resend, forget):
    events.add_command(command)

__all__ = ["events"]
