"""Attack runs and files, and print a table: `python tests/reliability.py` (--help).

Exit status 1 if anything was lost, wrong or a traceback. test_reliability.py does the same on a
smaller scale.
"""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import fuzzing
import promises
import runs
import strikes


def main(argv: list[str] | None = None) -> int:
    """Attack as often as the options say, and print what held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=30, help="signals for each part of a run")
    parser.add_argument("--sweeps", type=int, default=4, help="signals for sweeps")
    parser.add_argument("--files", type=int, default=500, help="mutated files of each kind")
    parser.add_argument("--disks", type=int, default=10, help="other attacks of each kind")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args(argv)
    print(f"seed {arguments.seed}", file=sys.stderr)
    print("| what | tried | held |\n| --- | --- | --- |")
    held = True
    with tempfile.TemporaryDirectory() as name:
        for what, counts in attack(arguments, Path(name)):
            broken = counts["broken"]
            print(f"| {what} | {counts.total():,} | {counts.total() - broken:,} |", flush=True)
            held = held and not broken
    return 0 if held else 1


def attack(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Counter[str]]]:
    """Yield each kind of attack and the number of each outcome."""
    seed, files = arguments.seed, arguments.files
    runs.find_data_dir()  # before the children start, so that they share it
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    for place in strikes.PLACES:
        yield (
            f"KILL, TERM, INT, HUP or STOP during the {place}, then resumed to the end",
            strikes.interrupt_runs(arguments.signals, seed, folder / place, place),
        )
    yield (
        "KILL, TERM, INT or HUP to a sweep, then repeated to the end",
        strikes.interrupt_sweeps(arguments.sweeps, seed, folder / "sweeps"),
    )
    yield (
        "a full disk (files limited in size), then resumed",
        strikes.fill_disk(arguments.disks, seed, folder / "full"),
    )
    yield (
        "the folder of a run removed while it runs: one line, or a whole run",
        strikes.remove_folders(arguments.disks, seed, folder / "removed"),
    )
    yield (
        "a clock set back by up to three years, then resumed",
        strikes.set_clock_back(arguments.disks, seed, folder / "clock"),
    )
    yield "mutated checkpoints", fuzzing.read_mutated_checkpoints(files, seed, folder)
    yield "mutated images", fuzzing.read_mutated_images(files, seed, folder)
    for kind, what in (("event", "event files"), ("about", "settings.json"), ("idx", "IDX files")):
        yield f"mutated {what}", strikes.mutate_files(files, seed, folder / kind, kind)
    yield (
        "stopped and resumed, each backend, activation and dtype",
        Counter(promises.stop_and_resume(folder / "resumes")),
    )


if __name__ == "__main__":
    sys.exit(main())
