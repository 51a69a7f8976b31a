"""What a command that goes on for long says, line by line."""

from __future__ import annotations

from rich.markup import escape

from bcfl_plugins.cli.output import console, print_json


class Saying:
    """Says each thing when it changes; a program reads one JSON object a line.

    Parameters
    ----------
    as_json : bool
        Whether a program reads.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._told = ""

    def say(self, words: str) -> None:
        """Say it."""
        if self._as_json:
            print_json({"said": words})
        else:
            console().print(escape(words))

    def tell(self, words: str) -> None:
        """Say it, unless it is what was told last."""
        if words != self._told:
            self.say(words)
            self._told = words
