"""Say which digit is on each image: PNG, JPEG and others, of any size, dark on light or not."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from trainer import checkpoint, image
from trainer.command import Parser, guarded, settings_from
from trainer.errors import InputError
from trainer.pictures import short

BEST = 3


def main(argv: list[str] | None = None) -> int:
    """Images → MNIST's form → one batch → a line for each, or JSON."""
    parser = Parser(__doc__ or "")
    parser.add_net()
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="one digit each")
    parser.add_argument("--json", action="store_true", help="print one JSON list instead")
    arguments = parser.parse_args(argv)
    trained = checkpoint.load(arguments.run)
    found = _predict(trained, arguments)
    for entry in found:
        if "error" in entry:
            print(f"{parser.prog}: error: {entry['error']}", file=sys.stderr)
        elif not arguments.json:
            print(_line(entry))
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    return 2 if any("error" in entry for entry in found) else 0


def _predict(trained: checkpoint.Checkpoint, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """An entry for each image: image, digit, name, best; or image, error."""
    by = settings_from(arguments)
    entries: list[dict[str, Any]] = [{"image": str(path)} for path in arguments.images]
    good, pixels = [], []
    for path, entry in zip(arguments.images, entries, strict=True):
        try:
            pixels.append(image.read(path))
            good.append(entry)
        except InputError as error:
            entry["error"] = str(error)
    if good:
        net = trained.net(by.backend, by.device)
        outputs = net.predict(net.native(trained.inputs(np.stack(pixels)))).tolist()
        for entry, y in zip(good, outputs, strict=True):
            entry.update(_best(trained, y))
    return entries


def _best(trained: checkpoint.Checkpoint, y: list[float]) -> dict[str, Any]:
    """The digit, and the three best with their probability (or output, where it is none)."""
    kind = "probability" if trained.origin.settings.loss == "cross-entropy" else "output"
    names = [short(name) for name in trained.origin.classes]
    order = sorted(range(len(y)), key=lambda c: -y[c])[:BEST]
    best = [{"digit": c, "name": names[c], kind: y[c]} for c in order]
    return {"digit": order[0], "name": names[order[0]], "best": best}


def _line(entry: dict[str, Any]) -> str:
    shown = (
        f"{one['name']} {one['probability']:.1%}" if "probability" in one
        else f"{one['name']} {one['output']:.3f}"
        for one in entry["best"]
    )  # fmt: skip
    return f"{entry['image']}: {entry['name']}  ({', '.join(shown)})"


if __name__ == "__main__":
    sys.exit(guarded(main))
