"""The command that draws the book's pictures."""

from pathlib import Path
from typing import Any

from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program, print_board
from trainer.common.errors import InputError
from trainer.common.language import translate as _
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
        text = _("no picture {name}: choose one of {names}")
        raise InputError(text.format(name=unknown[0], names=", ".join(PICTURES)))
    if arguments.list:
        print(*PICTURES, sep="\n")
        return 0
    names = list(dict.fromkeys(arguments.names)) or list(PICTURES)
    if FEATURES in names and not features.can_draw():
        text = _(
            "{name} is not drawn: it needs {packages}", name=FEATURES, packages=features.INSTALL
        )
        if arguments.names:
            raise InputError(text)
        names.remove(FEATURES)
        notify(text)
    shown = track(names, _("pictures"), len(names), quiet=arguments.quiet)
    data = PictureData(arguments.data_dir, settings)
    folder = draw_pictures(data, shown, arguments.log_dir, arguments.out)
    if not arguments.quiet:
        where = display_path(arguments.out or folder)
        print_line(_("{count} pictures: {folder}", count=len(names), folder=where))
        print_board(folder.parent, "images")
    return 0


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, _(
        'Draw the pictures of chapters 2 to 4, into TensorBoard (run "book") and as PNG files.'
    ))  # fmt: skip
    add: Any = parser.add_argument
    add("names", nargs="*", metavar="NAME", help=_("pictures to draw; default: all"))
    add("--list", action="store_true", help=_("print the names and draw nothing"))
    add("--out", type=Path, metavar="DIR", help=_("folder of the PNG files; default: the run's"))
    add("--dataset", help=_("default: mnist if present, otherwise mnist-5k"))
    parser.add_settings(RUN_SETTINGS, eval_every=100)  # enough points for a curve
    parser.add_folders("data", "logs")
    add("--quiet", action="store_true", help=_("print nothing but errors"))
    return parser
