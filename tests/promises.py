"""Try what the README promises, and print its table: `python tests/promises.py` (--help).

The suite does the same on a smaller scale, in test_promises.py.
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
BUSY = {"iterations": 150, "checkpoint_every": 2}  # a good part of the time goes into files


def main(argv: list[str] | None = None) -> int:
    """Exit status 0 where every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="processes to kill -9")
    parser.add_argument("--files", type=int, default=20_000, help="checkpoints to mutate")
    parser.add_argument("--images", type=int, default=5_000, help="images to mutate")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    held = True
    print("| what | tried | held |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        for what, counts in tried(arguments, Path(name)):
            broken = counts["broken"]
            print(f"| {what} | {counts.total():,} | {counts.total() - broken:,} |", flush=True)
            print(f"{what.split(':')[0]}: {dict(counts)}", file=sys.stderr)
            held = held and not broken
    return 0 if held else 1


def tried(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Counter[str]]]:
    """Each promise, and how often what came of trying it."""
    seed = arguments.seed
    yield (
        "killed (-9) at a random moment: checkpoint and event file whole, no point missing or "
        "double, in the end the same weights and points",
        kills(arguments.kills, seed, folder),
    )
    yield (
        "stopped and resumed, each backend, activation and dtype: the same bytes of weights and "
        "the same points",
        Counter(resumes(folder / "resumes")),
    )
    yield (
        "mutated checkpoints: refused in one line, or read as what was written",
        fuzzing.checkpoints(arguments.files, seed, folder),
    )
    yield (
        "mutated images: refused in one line, or read",
        fuzzing.images(arguments.images, seed, folder),
    )


def start(log_dir: Path, folder: Path, backend: str) -> None:
    """What a process does that will be killed: begin the run, or go on with it."""
    if (folder / checkpoint.NAME).exists():
        runs.resume(folder)
    else:
        runs.train(log_dir, folder.name, backend=backend, **BUSY)


def kills(count: int, seed: int, log_dir: Path) -> Counter[str]:
    """Kill that many processes; each run is gone on with until it ends as an undisturbed one."""
    runs.data_dir()  # before the children start, for all of them
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # where their server looks for the preload
    chance, result = random.Random(seed), Counter[str]()
    wholes = {backend: _undisturbed(log_dir, backend) for backend in ("numpy", "torch")}
    for number in itertools.count():
        backend, (whole, seconds) = list(wholes.items())[number % 2]
        log = log_dir / f"killed-{number}"
        result += _kill_until_it_ends(log, whole, backend, chance, seconds)
        if result.total() >= count:
            return result
    raise AssertionError


def _undisturbed(log_dir: Path, backend: str) -> tuple[Path, float]:
    """The folder of a whole run, and the seconds that its process took."""
    for name in ("cold", backend):  # the first waits for the server's imports
        folder, started = log_dir / "whole" / name, time.perf_counter()
        process = FORKING.Process(target=start, args=(folder.parent, folder, backend))
        process.start()
        process.join()
    return folder, time.perf_counter() - started


def _kill_until_it_ends(
    log_dir: Path, whole: Path, backend: str, chance: random.Random, seconds: float
) -> Counter[str]:
    result, ended, attempt = Counter[str](), False, 0
    while not ended:
        folder = _current(log_dir, attempt)
        process = FORKING.Process(target=start, args=(log_dir, folder, backend), daemon=True)
        process.start()
        process.join(chance.uniform(0, seconds))
        process.kill()
        process.join()
        ended, attempt = process.exitcode == 0, attempt + 1
        if not ended:
            result["held" if _is_whole(folder, whole) else "broken"] += 1
    if runs.weights(folder) != runs.weights(whole) or runs.points(folder) != runs.points(whole):
        result["broken"] += 1
    result["broken"] += bool(runs.leftovers(folder))
    return +result


def _current(log_dir: Path, attempt: int) -> Path:
    """The run that has a checkpoint to go on from, or a new one."""
    for folder in log_dir.glob("*"):
        if (folder / checkpoint.NAME).exists():
            return folder
    return log_dir / f"run-{attempt}"


def _is_whole(folder: Path, whole: Path) -> bool:
    """Whether a killed run has all points up to its checkpoint, none of them twice or torn."""
    if not (folder / checkpoint.NAME).exists():
        return True  # killed before the first
    try:
        iteration = checkpoint.load(folder).origin.iteration
    except InputError as error:
        print(error, file=sys.stderr)
        return False
    there, wanted = runs.points(folder), runs.points(whole)
    return there == wanted[: len(there)] and len(there) >= sum(p[1] < iteration for p in wanted)


def resumes(log_dir: Path, stops: tuple[int, ...] = (1, 17, 20, 59)) -> Iterator[str]:
    """Stop and resume on each backend, activation and dtype; "held" or "broken" for each."""
    for kind in itertools.product(("numpy", "torch"), ("sigmoid", "relu"), ("float32", "float64")):
        changes = dict(zip(("backend", "activation", "dtype"), kind, strict=True))
        whole = runs.train(log_dir, "-".join(kind), **changes)
        for stop in stops:
            folder = runs.train_until(stop, log_dir, f"{'-'.join(kind)}-{stop}", **changes)
            runs.resume(folder)
            same = runs.weights(folder) == runs.weights(whole)
            yield "held" if same and runs.points(folder) == runs.points(whole) else "broken"


if __name__ == "__main__":
    sys.exit(main())
