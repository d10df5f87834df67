"""Commands whose argument is an id, which may begin with a dash."""

import re
from collections.abc import Iterable

import click

_ID = re.compile(r"-[A-Za-z0-9_-]{15,}=?(?: .*)?")
"""One that begins with a dash, or a key that does, and what came with it in the same quotes."""


class IdCommand(click.Command):
    """A command with an id: one that begins with a dash is not taken for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put such an id where only arguments stand; it comes last of them."""
        options = {name for param in self.get_params(ctx) for name in param.opts}
        ids = [each for each in args if _ID.fullmatch(each) and each not in options]
        if ids and "--" not in args:
            args = [*(each for each in args if each not in ids), "--", *ids]
        return super().parse_args(ctx, args)


def join_words(words: Iterable[str]) -> str:
    """Return the *words* of an ``IdCommand`` in one line, the id before what was copied with it."""
    return " ".join(sorted(words, key=lambda word: _ID.fullmatch(word) is None))
