"""Train the two-layer network with either backend, recorded for TensorBoard."""

import sys
from argparse import ArgumentTypeError

from trainer.command import Parser, guarded, settings_from, shown


def main(argv: list[str] | None = None) -> int:
    """Flags → settings → trainer.run.run → a closing summary."""
    parser = Parser(__doc__ or "")
    parser.add_settings()
    parser.add_folders("data", "logs")
    parser.add_argument("--run-name", help="the run's folder; default: <dataset>-<backend>")
    parser.add_argument(
        "--pictures",
        type=pictures,
        default=1000,
        metavar="N",
        help="iterations from one set of pictures, histograms and curves to the next, or off",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    arguments = parser.parse_args(argv)
    settings = settings_from(arguments)

    from trainer.run import run  # here, since torch takes seconds that --help should not

    folders = arguments.data_dir, arguments.log_dir
    result = run(
        settings,
        *folders,
        name=arguments.run_name,
        quiet=arguments.quiet,
        pictures=arguments.pictures,
    )
    if not arguments.quiet:
        last, count = result.last, result.settings.iterations
        print(f"accuracy: train {last.train:.4f}, test {last.test:.4f}")
        print(f"time: {result.seconds:.1f} s, {count / result.seconds:.0f} iterations a second")
        print(f"run: {shown(result.folder)}")
        print(f"see it: tensorboard --logdir {shown(result.folder.parent)}")
    return 0


def pictures(text: str) -> int:
    """--pictures: a number of iterations, 0 for off; raises ArgumentTypeError."""
    if text == "off":
        return 0
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text}: must be a number of iterations, 1 or more, or off")
    return int(text)


if __name__ == "__main__":
    sys.exit(guarded(main))
