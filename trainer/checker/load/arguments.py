"""Gives a script words with which it is started."""

import argparse
import re
import sys
from collections.abc import Iterator
from typing import Any

WORD = "1"  # the name of no file
NUMBERS: dict[Any, str] = {int: "2", float: "0.1"}
SUFFIX = r"\.(npz|npy|csv|txt)\b"  # of files, in what a script says of itself
_parse = argparse.ArgumentParser.parse_known_args


class Arguments(list[str]):
    """The words with which a script is started: where it asks for more of them, each is WORD."""

    def __getitem__(self, index: Any) -> Any:
        is_more = isinstance(index, int) and index >= len(self)
        return WORD if is_more else super().__getitem__(index)


def fill_arguments() -> None:
    """Let argparse find a word for each argument that a script requires."""

    def parse(parser: argparse.ArgumentParser, args: Any = None, namespace: Any = None) -> Any:
        if args is None and isinstance(sys.argv, Arguments):
            args = [*sys.argv[1:], *_list_required(parser)]
        return _parse(parser, args, namespace)

    setattr(argparse.ArgumentParser, "parse_known_args", parse)  # noqa: B010


def _list_required(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the words of the arguments that a parser requires, with the names of options."""
    found = re.search(SUFFIX, parser.format_help())
    text = f"data{found[0]}" if found else WORD
    for action in parser._actions:  # it has no other list of them
        if action.required:
            yield from action.option_strings[:1]
            word = NUMBERS.get(action.type, text)
            word = str(next(iter(action.choices))) if action.choices else word
            yield from [word] * (action.nargs if isinstance(action.nargs, int) else 1)
