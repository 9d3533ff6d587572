"""Test what the README promises, and print its table: `python tests/promises.py` (--help).

test_promises.py does the same on a smaller scale.
"""

import argparse
import itertools
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import fuzzing
import runs

from trainer.common.errors import InputError
from trainer.training import checkpoint

FORKING = multiprocessing.get_context("forkserver")  # a start takes milliseconds, not seconds
FORKING.set_forkserver_preload(["fuzzing", "runs"])
BUSY = {"iterations": 150, "checkpoint_every": 2}  # much of the time is spent on writing files


def main(argv: list[str] | None = None) -> int:
    """Options → a table; exit status 0 if every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="processes to kill -9")
    parser.add_argument("--files", type=int, default=20_000, help="checkpoints to mutate")
    parser.add_argument("--images", type=int, default=5_000, help="images to mutate")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    held = True
    print("| what | tried | held |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        for what, counts in try_promises(arguments, Path(name)):
            broken = counts["broken"]
            print(f"| {what} | {counts.total():,} | {counts.total() - broken:,} |", flush=True)
            print(f"{what.split(':')[0]}: {dict(counts)}", file=sys.stderr)
            held = held and not broken
    return 0 if held else 1


def try_promises(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Counter[str]]]:
    """Yield each promise and the number of each outcome of testing it."""
    seed = arguments.seed
    yield (
        "killed (-9) at a random moment: checkpoint and event file whole, no point missing or "
        "double, in the end the same weights and points",
        kill_and_resume(arguments.kills, seed, folder),
    )
    yield (
        "stopped and resumed, each backend, activation and dtype: the same bytes of weights and "
        "the same points",
        Counter(stop_and_resume(folder / "resumes")),
    )
    yield (
        "mutated checkpoints: refused in one line, or read as what was written",
        fuzzing.read_mutated_checkpoints(arguments.files, seed, folder),
    )
    yield (
        "mutated images: refused in one line, or read",
        fuzzing.read_mutated_images(arguments.images, seed, folder),
    )


def train_or_resume(log_dir: Path, folder: Path, backend: str) -> None:
    """Start the run, or resume it, in a process that will be killed."""
    if (folder / checkpoint.NAME).exists():
        runs.resume(folder)
    else:
        runs.train(log_dir, folder.name, backend=backend, **BUSY)


def kill_and_resume(count: int, seed: int, log_dir: Path) -> Counter[str]:
    """Kill that many processes; resume each run until it ends, and compare it with a whole run."""
    runs.find_data_dir()  # before the children start, so that they share it
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # here their server looks for the preload
    chance, result = random.Random(seed), Counter[str]()
    wholes = {backend: _train_whole(log_dir, backend) for backend in ("numpy", "torch")}
    for number in itertools.count():
        backend, (whole, seconds) = list(wholes.items())[number % 2]
        log = log_dir / f"killed-{number}"
        result += _kill_until_it_ends(log, whole, backend, chance, seconds)
        if result.total() >= count:
            return result
    raise AssertionError


def _train_whole(log_dir: Path, backend: str) -> tuple[Path, float]:
    """Train a whole run; return its folder and the seconds that its process took."""
    for name in ("cold", backend):  # the first one waits for the imports of the server
        folder, started = log_dir / "whole" / name, time.perf_counter()
        process = FORKING.Process(target=train_or_resume, args=(folder.parent, folder, backend))
        process.start()
        process.join()
    return folder, time.perf_counter() - started


def _kill_until_it_ends(
    log_dir: Path, whole: Path, backend: str, chance: random.Random, seconds: float
) -> Counter[str]:
    result, ended, attempt = Counter[str](), False, 0
    while not ended:
        folder = _choose_folder(log_dir, attempt)
        process = FORKING.Process(
            target=train_or_resume, args=(log_dir, folder, backend), daemon=True
        )
        process.start()
        process.join(chance.uniform(0, seconds))
        process.kill()
        process.join()
        ended, attempt = process.exitcode == 0, attempt + 1
        if not ended:
            result["held" if _is_whole(folder, whole) else "broken"] += 1
    result["broken"] += not _are_same_runs(folder, whole)
    result["broken"] += bool(runs.find_leftovers(folder))
    return +result


def _choose_folder(log_dir: Path, attempt: int) -> Path:
    """Return the folder of the run that has a checkpoint, or a new one."""
    for folder in log_dir.glob("*"):
        if (folder / checkpoint.NAME).exists():
            return folder
    return log_dir / f"run-{attempt}"


def _is_whole(folder: Path, whole: Path) -> bool:
    """Return whether a killed run has each point up to its checkpoint once, and none damaged."""
    if not (folder / checkpoint.NAME).exists():
        return True  # killed before the first checkpoint
    try:
        iteration = checkpoint.load(folder).origin.iteration
    except InputError as error:
        print(error, file=sys.stderr)
        return False
    found, expected = runs.read_points(folder), runs.read_points(whole)
    least = sum(point[1] < iteration for point in expected)
    return found == expected[: len(found)] and len(found) >= least


def stop_and_resume(log_dir: Path, stops: tuple[int, ...] = (1, 17, 20, 59)) -> Iterator[str]:
    """Stop and resume with each backend, activation and dtype; yield "held" or "broken"."""
    for kind in itertools.product(("numpy", "torch"), ("sigmoid", "relu"), ("float32", "float64")):
        changes = dict(zip(("backend", "activation", "dtype"), kind, strict=True))
        whole = runs.train(log_dir, "-".join(kind), **changes)
        for stop in stops:
            folder = runs.train_until(stop, log_dir, f"{'-'.join(kind)}-{stop}", **changes)
            runs.resume(folder)
            yield "held" if _are_same_runs(folder, whole) else "broken"


def _are_same_runs(folder: Path, whole: Path) -> bool:
    """Return whether two runs have the same weights and points, bit for bit."""
    same = runs.read_weights(folder) == runs.read_weights(whole)
    return same and runs.read_points(folder) == runs.read_points(whole)


if __name__ == "__main__":
    sys.exit(main())
