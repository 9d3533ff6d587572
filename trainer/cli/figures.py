"""Draw the pictures of chapters 2 to 4, into TensorBoard (run "book") and as PNG files."""

from pathlib import Path
from typing import Any

from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program, print_board
from trainer.common.errors import InputError
from trainer.common.terminal import track
from trainer.common.text import display_path, notify, print_line

FEATURES = "4-features"
RUN_SETTINGS = ("iterations", "eval_every", "seed")  # options of the run that is drawn


def main(argv: list[str] | None = None, program: Program = Program("figures")) -> int:
    """Draw the pictures and print their folder; return 0."""
    arguments = _make_parser(program).parse_args(argv)
    settings = settings_from(arguments)

    # Not imported above, since torch takes seconds.
    from trainer.figures import features
    from trainer.figures.book import PICTURES, PictureData, draw_pictures

    if unknown := [name for name in arguments.names if name not in PICTURES]:
        raise InputError(f"no picture {unknown[0]}: choose one of {', '.join(PICTURES)}")
    if arguments.list:
        print(*PICTURES, sep="\n")
        return 0
    names = list(dict.fromkeys(arguments.names)) or list(PICTURES)
    if FEATURES in names and not features.can_draw():
        if arguments.names:
            raise InputError(f"{FEATURES} needs {features.INSTALL}")
        names.remove(FEATURES)
        notify(f"{FEATURES} is not drawn: it needs {features.INSTALL}")
    shown = track(names, "pictures", len(names), quiet=arguments.quiet)
    data = PictureData(arguments.data_dir, settings)
    folder = draw_pictures(data, shown, arguments.log_dir, arguments.out)
    if not arguments.quiet:
        print_line(f"{len(names)} pictures: {display_path(arguments.out or folder)}")
        print_board(folder.parent, "images", "them")
    return 0


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, __doc__)
    add: Any = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="pictures to draw; default: all")
    add("--list", action="store_true", help="print the names and draw nothing")
    add("--out", type=Path, metavar="DIR", help="folder of the PNG files; default: the run's")
    add("--dataset", help="default: mnist if present, otherwise mnist-5k")
    parser.add_settings(RUN_SETTINGS, eval_every=100)  # enough points for a curve
    parser.add_folders("data", "logs")
    add("--quiet", action="store_true", help="print nothing but errors")
    return parser
