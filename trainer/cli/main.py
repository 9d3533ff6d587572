"""The command two-layer-net with its subcommands, and the scripts of the same names.

Almost everything is imported in functions, so that Ctrl-C is handled before the imports.
"""

import os
import sys

from trainer.cli.interrupts import end_at_once, find_status, handle_signals
from trainer.common.language import N_, set_language
from trainer.common.language import translate as _

PACKAGE = "two-layer-net"
COMMANDS = {
    "train": N_("train the net with either backend and record it for TensorBoard"),
    "compare": N_("train both backends and compare every quantity of a step"),
    "agree": N_("say whether two functions differ by rounding or by a bug"),
    "check": N_("check a two-layer net that you wrote, and name its mistake"),
    "grade": N_("mark the nets of a class"),
    "predict": N_("say which digit is on an image"),
    "page": N_("make a web page on which one draws a digit for a trained net"),
    "evaluate": N_("measure a trained net on the test set"),
    "figures": N_("draw the pictures of chapters 2 to 4"),
    "sweep": N_("train a grid of settings"),
    "bench": N_("measure both nets and other implementations"),
}


def main(argv: list[str] | None = None) -> int:
    """Run `two-layer-net COMMAND …`; return its exit status."""
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in COMMANDS:
        return _run(name, rest, f"{PACKAGE} {name}")
    if name in ("--help", "-h"):
        set_language(None)
        about = _("({program} COMMAND --help lists its options)", program=PACKAGE)
        print(_("usage: ") + f"{PACKAGE} COMMAND …    {about}\n")
        print("\n".join(f"  {command:9} {_(text)}" for command, text in COMMANDS.items()))
        return 0
    if name == "--version":
        from trainer import __version__

        print(f"{PACKAGE} {__version__}")
        return 0
    from trainer.cli.program import Program

    set_language(None)
    text = _("no command {name}: choose one of {names}", name=name, names=", ".join(COMMANDS))
    Program(PACKAGE).report(text)
    return 2


def run_script(file: str) -> int:
    """Run the command of a script, such as scripts/train.py; return its exit status."""
    name = os.path.basename(file)
    return _run(name.removesuffix(".py"), None, name, file)


def _run(command: str, argv: list[str] | None, shown: str, script: str = "") -> int:
    """Run a command, with signals handled before it begins and after it has ended.

    shown is its name in messages; script is the file that was started, if any.
    """
    handle_signals(shown, at_once=True)
    if command == "check":
        # Where memory is short, libgomp and OpenBLAS cannot start a second thread and end the
        # process with status 1, check's verdict "wrong". One thread is enough for small arrays.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        from importlib import import_module

        from trainer.cli.program import find_program, run_command

        # The command is imported in run_command, which reports a missing package in one line.
        return run_command(
            lambda *given: import_module(f"trainer.cli.{command}").main(*given),
            argv, find_program(command, script),
        )  # fmt: skip
    except KeyboardInterrupt as stop:  # as run_command began or ended
        end_at_once(shown, stop)
        return find_status(stop)
