"""Commands whose argument is an id, which may begin with a dash."""

import re

import click

_ID = re.compile(r"-[A-Za-z0-9_-]{15,}")


class IdCommand(click.Command):
    """A command with one id: one that begins with a dash is not taken for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put such an id where only arguments stand."""
        options = {name for param in self.get_params(ctx) for name in param.opts}
        ids = [each for each in args if _ID.fullmatch(each) and each not in options]
        if ids and "--" not in args:
            args = [*(each for each in args if each not in ids), "--", *ids]
        return super().parse_args(ctx, args)
