"""Train the two-layer network with either backend, recorded for TensorBoard."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.command import ROOT, Parser, board, given, guarded, settings_from, shown
from trainer.errors import InputError
from trainer.stop import Stopped

if TYPE_CHECKING:  # torch takes seconds that --help should not
    from trainer.run import Result

PICTURES = 1000  # iterations from one set to the next


def main(argv: list[str] | None = None) -> int:
    """Flags → settings → trainer.run.run → a closing summary."""
    parser = Parser(__doc__ or "")
    parser.add_settings()
    parser.add_folders("data", "logs")
    parser.add_argument(
        "--pictures",
        type=pictures,
        default=PICTURES,
        metavar="N",
        help="iterations from one set of pictures, histograms and curves to the next, or off",
    )
    parser.add_argument(
        "--run-name",
        default=argparse.SUPPRESS,
        help="the run's folder; default: <dataset>-<backend>",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="RUN",
        help="go on with the run in this folder from its checkpoint, with its settings; "
        "--iterations may be raised; --backend, --device, --evaluation, --checkpoint-every changed",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    arguments = parser.parse_args(argv)
    try:
        result = _run(arguments)
    except Stopped as stop:
        print(
            f"{parser.prog}: {stop}; go on with: {_resume_line(arguments, stop)}", file=sys.stderr
        )
        return 128 + stop.number
    if not arguments.quiet:
        last, count = result.last, result.settings.iterations - result.start
        if not count:
            print(f"complete at iteration {last.iteration}: --iterations MORE goes on")
        print(f"accuracy: train {last.train:.4f}, test {last.test:.4f}")
        if count:
            print(f"time: {result.seconds:.1f} s, {count / result.seconds:.0f} iterations a second")
        print(f"run: {shown(result.folder)}")
        print(f"see it: {board(result.folder.parent)}")
    return 0


def pictures(text: str) -> int:
    """--pictures: a number of iterations, 0 for off; raises ArgumentTypeError."""
    if text == "off":
        return 0
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(
            f"{text}: must be a number of iterations, 1 or more, or off"
        )
    return int(text)


def _run(arguments: argparse.Namespace) -> "Result":
    from trainer.run import resume, run

    data_dir, log_dir, quiet = arguments.data_dir, arguments.log_dir, arguments.quiet
    if "resume" not in arguments:
        name = getattr(arguments, "run_name", None)
        settings = settings_from(arguments)
        return run(settings, data_dir, log_dir, name, quiet, arguments.pictures)
    if "run_name" in arguments or log_dir != ROOT / "logs":
        raise InputError(
            "--resume goes on in the run's own folder: leave out --run-name, --log-dir"
        )
    return resume(arguments.resume, given(arguments), data_dir, quiet, arguments.pictures)


def _resume_line(arguments: argparse.Namespace, stop: Stopped) -> str:
    words = [shown(Path(sys.executable)), shown(Path(__file__)), "--resume", shown(stop.folder)]
    if arguments.data_dir != ROOT / "data":
        words += ["--data-dir", shown(arguments.data_dir)]
    if arguments.pictures != PICTURES:
        words += ["--pictures", str(arguments.pictures or "off")]
    return shlex.join(words)


if __name__ == "__main__":
    sys.exit(guarded(main))
