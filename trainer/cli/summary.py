"""What is printed at the end of a run, and the command that continues one that was stopped."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.cli.program import Program, print_board
from trainer.common.language import translate as _
from trainer.common.text import display_path, print_line

if TYPE_CHECKING:  # not imported, since torch takes seconds
    from trainer.training.result import Result

PICTURES = 1000  # iterations from one set of pictures to the next


def print_summary(result: "Result", program: Program) -> None:
    """Print how a run ended, and the commands that show it."""
    count = result.settings.iterations - result.start
    if not count:
        end = result.last.iteration
        text = _("complete at iteration {number}: give a larger --iterations to continue")
        print(text.format(number=end))
    print(_("accuracy: train {train:.4f}, test {test:.4f}", **asdict(result.last)))
    if result.beside:
        print(result.beside)
    if count:
        text = _("time: {seconds:.1f} s, {speed:.0f} iterations a second")
        print(text.format(seconds=result.seconds, speed=count / result.seconds))
    print_line(_("run: {folder}", folder=display_path(result.folder)))
    print_board(result.folder.parent, "custom_scalars")
    command = program.sibling_command("page", result.folder)
    print_line(_("draw on it: {command}", command=command))


def make_resume_words(arguments: argparse.Namespace, folder: Path, program: Program) -> list[str]:
    """Return the words of the command that continues a stopped run."""
    words = [*program.words, f"--resume={display_path(folder)}"]
    if arguments.net:
        words.append(f"--net={arguments.net}")
    if arguments.data_dir != program.root / "data":
        words.append(f"--data-dir={display_path(arguments.data_dir)}")
    if arguments.pictures != PICTURES:
        words.append(f"--pictures={arguments.pictures or 'off'}")
    if not arguments.snapshots:
        words.append("--no-snapshots")
    return words
