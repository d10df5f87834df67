"""Commands that messages name, spelled as a Django site calls them: ``manage.py portalkey``."""

import logging
import re

from django.core.checks import CheckMessage
from django.http import HttpRequest

from portalkey.errors import BadSettings, PortalkeyError

PROGRAM = "python manage.py portalkey"
"""The whole command line, within Django's."""
_HINT = re.compile(r"`portalkey (?=[a-z-])")
_LOG = logging.getLogger("portalkey")


def spell(text: str, prefix: str = "") -> str:
    """Return *text* with each command that it names spelled so; *prefix* is its settings'."""
    option = f"--env-prefix {prefix} " if prefix else ""
    return _HINT.sub(f"`{PROGRAM} {option}", text)


def spell_error(trouble: PortalkeyError, prefix: str = "") -> None:
    """Spell the commands that the message of *trouble* names."""
    trouble.args = (spell(str(trouble), prefix),)
    if isinstance(trouble, BadSettings):
        trouble.problems = tuple(spell(each, prefix) for each in trouble.problems)


def spell_check(message: CheckMessage) -> CheckMessage:
    """Return the *message* of ``manage.py check`` with its commands spelled so."""
    message.msg = spell(str(message.msg))
    message.hint = spell(str(message.hint)) if message.hint else message.hint
    return message


def process_exception(request: HttpRequest, exception: Exception) -> None:
    """Spell what a view has raised, before Django shows or logs it; answer nothing."""
    del request
    if isinstance(exception, PortalkeyError):
        spell_error(exception)


def spell_log() -> None:
    """Spell the commands in what this process logs from now on; once is enough."""
    _LOG.addFilter(_spell_record)


def _spell_record(record: logging.LogRecord) -> bool:
    """Spell the commands of *record*; always True, which lets it by."""
    text = record.getMessage()
    if _HINT.search(text):
        record.msg, record.args = spell(text), ()
    return True
