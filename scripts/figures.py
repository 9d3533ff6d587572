"""Draw the pictures of chapters 2 to 4, into TensorBoard (run "book") and as PNG files."""

import sys
from pathlib import Path

from tqdm import tqdm

from trainer.command import Parser, board, guarded, settings_from, shown
from trainer.errors import InputError

NAMED = ("iterations", "eval_every", "seed")  # the settings of the run that is shown


def main(argv: list[str] | None = None) -> int:
    """Flags → settings → trainer.figures.book.draw → where the pictures are."""
    parser = Parser(__doc__ or "")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; default: all")
    parser.add_argument("--list", action="store_true", help="print the names and draw nothing")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="of the PNG files; default: the run"
    )
    parser.add_argument("--dataset", help="default: mnist if it is there, otherwise mnist-5k")
    parser.add_settings(NAMED, eval_every=100)  # points enough for a picture
    parser.add_folders("data", "logs")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    arguments = parser.parse_args(argv)
    settings = settings_from(arguments)

    from trainer.figures.book import PICTURES, Book, draw  # here, since torch takes seconds

    if unknown := [name for name in arguments.names if name not in PICTURES]:
        raise InputError(f"no picture {unknown[0]}: choose of {', '.join(PICTURES)}")
    if arguments.list:
        print(*PICTURES, sep="\n")
        return 0
    names = list(dict.fromkeys(arguments.names)) or list(PICTURES)
    bar = tqdm(names, unit="picture", disable=True if arguments.quiet else None)  # None: no tty
    folder = draw(Book(arguments.data_dir, settings), bar, arguments.log_dir, arguments.out)
    if not arguments.quiet:
        print(f"{len(names)} pictures: {shown(arguments.out or folder)}")
        print(f"see them: {board(folder.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
