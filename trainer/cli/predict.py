"""The command that says which digit is on an image."""

import json
from pathlib import Path
from typing import Any

from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program
from trainer.common.language import translate as _
from trainer.common.terminal import show_activity
from trainer.common.text import print_line


def main(argv: list[str] | None = None, program: Program = Program("predict")) -> int:
    """Print guesses for each image, as a line or JSON; return 2 if one cannot be read, or 0."""
    parser = Parser(program, _(
        "Say which digit is on each image: PNG, JPEG and others, of any size, dark on light or not."
    ))  # fmt: skip
    parser.add_run()
    parser.add_settings(("backend", "device"))
    add: Any = parser.add_argument
    add("images", type=Path, nargs="+", metavar="IMAGE", help=_("one digit each"))
    add("--json", action="store_true", help=_("print one JSON list instead"))
    add("--show", type=Path, metavar="DIR",
        help=_("write each image as the net gets it, 28 × 28 pixels, to a PNG file in this folder"),
    )  # fmt: skip
    arguments = parser.parse_args(argv)
    by = settings_from(arguments)

    activity = _("{program}: loading the net and the images", program=program.name)
    with show_activity(activity, shown=not arguments.json):
        from trainer.predict.guess import guess_images  # not above, since this takes seconds
        from trainer.training import checkpoint

        trained = checkpoint.load(arguments.run)
        entries = guess_images(trained, arguments.images, by.backend, by.device, arguments.show)
    for entry in entries:
        if "error" in entry:
            program.report(entry["error"])
        elif not arguments.json:
            print_line(_format_line(entry))
    if arguments.json:
        print(json.dumps(entries, indent=2))
    return 2 if any("error" in entry for entry in entries) else 0


def _format_line(entry: dict[str, Any]) -> str:
    guesses = (
        f"{guess['name']} {guess['probability']:.1%}" if "probability" in guess
        else f"{guess['name']} {guess['output']:.3f}"
        for guess in entry["best"]
    )  # fmt: skip
    seen = "  " + _("seen: {file}", file=entry["seen"]) if "seen" in entry else ""
    return f"{entry['image']}: {entry['name']}  ({', '.join(guesses)}){seen}"
