"""Measure a trained net on its test set: accuracy, loss, and which class it takes for which."""

import json
import sys
from dataclasses import asdict

from trainer import checkpoint
from trainer.command import Parser, guarded, settings_from
from trainer.functions import Array
from trainer.pictures import short


def main(argv: list[str] | None = None) -> int:
    """A checkpoint and its data set → trainer.score.score → a table, or JSON."""
    parser = Parser(__doc__ or "")
    parser.add_net()
    parser.add_folders("data")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    arguments = parser.parse_args(argv)
    trained = checkpoint.load(arguments.run)
    by = settings_from(arguments)
    net = trained.net(by.backend, by.device)

    from trainer import data  # here, since torchvision takes seconds that an error should not
    from trainer.score import score

    settings, classes = trained.origin.settings, trained.origin.classes
    digits = data.load(settings.dataset, arguments.data_dir, settings.dtype)
    data.check_fingerprint(digits, trained.origin.fingerprint)
    digits = data.prepare(digits, settings.preprocess, trained.preparation)
    result = score(net, digits.x_test, digits.t_test, len(classes))
    if arguments.json:
        values = asdict(result) | {"confusion": result.confusion.tolist(), "classes": classes}
        print(json.dumps(values, indent=2))
        return 0
    where = f"{len(digits.x_test):,} test images of {digits.name}"
    print(f"iteration {trained.origin.iteration}, by {by.backend}, {where}")
    print(f"accuracy: {result.accuracy:.4f}\nloss: {result.loss:.4f}")
    print("\n".join(_table(result.confusion, classes)))
    return 0


def _table(confusion: Array, classes: tuple[str, ...]) -> list[str]:
    """A line for each class of the images, a column for each class they got."""
    names = [short(name) for name in classes]
    wide, cell = max(map(len, names)), max(5, *(len(name) + 1 for name in names))
    lines = ["is \\ got".ljust(wide) + "".join(name.rjust(cell) for name in names) + "   right"]
    left = max(wide, len("is \\ got"))
    for name, row, right in zip(names, confusion, confusion.diagonal(), strict=True):
        counts = "".join(str(count or "·").rjust(cell) for count in row.tolist())
        lines.append(f"{name.ljust(left)}{counts}  {right / max(row.sum(), 1):6.1%}")
    return lines


if __name__ == "__main__":
    sys.exit(guarded(main))
