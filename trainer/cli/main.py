"""The command two-layer-net with its subcommands, and the scripts of the same names."""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from trainer.cli.program import PACKAGE, Program, installed_program, run_command, script_program

COMMANDS = {
    "train": "train the net with either backend and record it for TensorBoard",
    "compare": "train both backends and compare every quantity of a step",
    "check": "check a two-layer net that you wrote, and name its mistake",
    "grade": "mark the nets of a class",
    "predict": "say which digit is on an image",
    "page": "make a web page on which one draws a digit for a trained net",
    "evaluate": "measure a trained net on the test set",
    "figures": "draw the pictures of chapters 2 to 4",
    "sweep": "train a grid of settings",
    "bench": "measure both nets and other implementations",
}


def main(argv: list[str] | None = None) -> int:
    """Run `two-layer-net COMMAND …`; return its exit status."""
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in COMMANDS:
        return run_command(_defer_import(name), rest, installed_program(name))
    if name in ("--help", "-h"):
        print(_help())
        return 0
    if name == "--version":
        from trainer import __version__

        print(f"{PACKAGE} {__version__}")
        return 0
    program = Program(PACKAGE)
    program.print_error(f"error: no command {name}: choose one of {', '.join(COMMANDS)}")
    return 2


def run_script(file: str) -> int:
    """Run the command of a script, such as scripts/train.py; return its exit status."""
    return run_command(_defer_import(Path(file).stem), None, script_program(file))


def _defer_import(command: str) -> Callable[[list[str] | None, Program], int]:
    """Return a function that imports the command's module and runs its main.

    So run_command reports a missing package in one line.
    """

    def run(argv: list[str] | None, program: Program) -> int:
        status: int = import_module(f"trainer.cli.{command}").main(argv, program)
        return status

    return run


def _help() -> str:
    lines = [f"usage: {PACKAGE} COMMAND …    ({PACKAGE} COMMAND --help lists its options)", ""]
    return "\n".join([*lines, *(f"  {name:9} {text}" for name, text in COMMANDS.items())])
