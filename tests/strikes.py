"""Attack runs and files: signals, a full disk, a removed folder, a clock set back, mutations."""

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from unittest import mock

import fuzzing
import promises
import runs

from trainer.board import events
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.data.digits import load_digits
from trainer.training import checkpoint
from trainer.training.signals import Stopped
from trainer.training.sweep_folders import read_result

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSTOP)
# Where most of the time of a run is spent.
PLACES = {
    "loop": {"iterations": 1500, "eval_every": 500, "checkpoint_every": 200},
    "checkpoint": {"iterations": 150, "checkpoint_every": 1, "eval_every": 50},
    "evaluation": {"iterations": 100, "eval_every": 1, "checkpoint_every": 20},
}


def train_or_resume(log_dir: Path, folder: Path, place: str) -> None:
    """Start the run, or resume it; end with status 3 if a signal stops it."""
    try:
        if (folder / checkpoint.NAME).exists():
            runs.resume(folder)
        else:
            runs.train(log_dir, folder.name, **PLACES[place])
    except KeyboardInterrupt:
        sys.exit(3)


def send(process: multiprocessing.Process, number: int) -> None:
    """Send a signal and wait for the end; a stopped process is continued and then killed."""
    with suppress(ProcessLookupError):
        signal_process(process.pid, number)
        if number == signal.SIGSTOP:
            time.sleep(0.05)
            signal_process(process.pid, signal.SIGCONT)
            process.join(0.2)
            process.kill()
    process.join(60)


def signal_process(pid: int | None, number: int) -> None:
    """Send a signal to a process that may have ended."""
    assert pid is not None
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def interrupt_runs(count: int, seed: int, log_dir: Path, place: str) -> Counter[str]:
    """Send that many signals to runs; resume each to its end, and compare it with a whole run."""
    chance, result, whole = random.Random(seed), Counter[str](), log_dir / "whole"
    started = time.perf_counter()
    runs.train(log_dir, "whole", **PLACES[place])
    seconds, number = time.perf_counter() - started, 0
    while result.total() < count:
        log, number, ended = log_dir / f"log-{number}", number + 1, False
        while not ended:
            folder = promises._choose_folder(log, result.total())
            process = promises.FORKING.Process(target=train_or_resume, args=(log, folder, place))
            process.start()
            process.join(chance.uniform(0, 1.2 * seconds + 0.1))
            send(process, chance.choice(SIGNALS))
            ended = process.exitcode == 0
            assert process.exitcode != 1, "the run did not start, or ended with a traceback"
            result["held" if promises._is_whole(folder, whole) else "broken"] += 1
        same = promises._are_same_runs(folder, whole) and not runs.find_leftovers(folder)
        result["broken"] += not same
    return +result


def interrupt_sweeps(count: int, seed: int, log_dir: Path) -> Counter[str]:
    """Send that many signals to sweeps of four runs; repeat each to its end, and compare."""
    chance, result, number = random.Random(seed), Counter[str](), 0
    if count:
        _sweep(log_dir, "whole")
    while result.total() < count:
        name, number, ended = f"cut-{number}", number + 1, False
        while not ended:
            wait = chance.uniform(1, 8) if result.total() < count else None
            ended, error = _sweep(log_dir, name, wait, chance.choice(SIGNALS[:4]))
            result["broken" if b"Traceback" in error else "held"] += 1
        result["broken"] += not _are_same_sweeps(log_dir / name, log_dir / "whole")
    return +result


def _sweep(log_dir: Path, name: str, wait: float | None = None, number: int = 0):
    """Sweep, with a signal after so many seconds; return whether it ended well, and its stderr."""
    script = [sys.executable, str(runs.ROOT / "scripts" / "sweep.py"), "--quiet", "--jobs", "2"]
    grid = ["--lr", "0.1", "1", "--seeds", "2", "--dataset", "mnist-5k", "--iterations", "2000"]
    folders = ["--data-dir", str(runs.find_data_dir()), "--log-dir", str(log_dir), "--name", name]
    process = subprocess.Popen([*script, *grid, *folders], stderr=subprocess.PIPE)
    if wait is not None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(wait)
        signal_process(process.pid, number)
    error = process.communicate(timeout=400)[1]
    if process.returncode != 0:
        time.sleep(3)  # until the workers of a killed sweep have saved their runs
    return process.returncode == 0, error


def _are_same_sweeps(sweep: Path, whole: Path) -> bool:
    names = [path.name for path in whole.iterdir() if path.is_dir()]
    return all(promises._are_same_runs(sweep / name, whole / name) for name in names)


def fill_disk(count: int, seed: int, log_dir: Path) -> Counter[str]:
    """Limit the size of files during a run, then resume it without the limit."""
    chance, result, whole = random.Random(seed), Counter[str](), runs.train(log_dir, "whole")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for number in range(count):
        resource.setrlimit(resource.RLIMIT_FSIZE, (chance.randrange(1, 400_000), hard))
        refused = ""
        try:
            runs.train(log_dir, f"full-{number}")
        except InputError as error:
            refused = str(error)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        folder = log_dir / f"full-{number}"
        if (folder / checkpoint.NAME).exists():
            runs.resume(folder)
        else:
            shutil.rmtree(folder)
            folder = runs.train(log_dir, folder.name)
        held = promises._are_same_runs(folder, whole) and "\n" not in refused
        result["held" if held else "broken"] += 1
    signal.signal(signal.SIGXFSZ, before)
    return result


def remove_folders(count: int, seed: int, log_dir: Path) -> Counter[str]:
    """Remove the folder of a run while it runs; anything but an end or one line is broken."""
    chance, result = random.Random(seed), Counter[str]()
    log_dir.mkdir()
    for number in range(count):
        folder, refusal = log_dir / f"run-{number}", log_dir / f"refusal-{number}"
        process = promises.FORKING.Process(target=train_or_refuse, args=(folder, refusal))
        process.start()
        while process.is_alive() and not (folder / checkpoint.NAME).exists():
            time.sleep(0.01)
        process.join(chance.uniform(0, 1))
        while folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
        process.join(60)
        told = refusal.read_text(encoding="utf-8") if refusal.exists() else ""
        held = process.exitcode == 0 and "\n" not in told and "is kept" not in told
        result["broken" if not held else "refused" if told else "whole"] += 1
    return result


def train_or_refuse(folder: Path, refusal: Path) -> None:
    """Train, or write down in which words that was refused."""
    try:
        runs.train(folder.parent, folder.name, iterations=1000, checkpoint_every=2)
    except InputError as error:
        refusal.write_text(str(error), encoding="utf-8")


def set_clock_back(count: int, seed: int, log_dir: Path) -> Counter[str]:
    """Stop a run, set the clock back and resume it."""
    chance, result, whole = random.Random(seed), Counter[str](), runs.train(log_dir, "whole")
    for number in range(count):
        with suppress(Stopped):
            folder = runs.train_until(chance.randrange(2, 59), log_dir, f"clock-{number}")
        now = time.time() - chance.choice((1, 2, 3600, 10**8))
        with mock.patch("time.time", lambda now=now: now):
            runs.resume(folder)
        same = promises._are_same_runs(folder, whole)
        if not same:
            print(runs.read_points(folder), runs.read_points(whole), file=sys.stderr)
        result["held" if same else "broken"] += 1
    return result


def mutate_files(count: int, seed: int, folder: Path, kind: str) -> Counter[str]:
    """Read mutated event files, settings.json or IDX files; anything but InputError is broken."""
    run = runs.train(folder, "run", eval_every=5)
    raw = folder / "MNIST5k" / "raw"
    shutil.copytree(runs.find_data_dir() / "MNIST5k", folder / "MNIST5k")
    path = {
        "event": events.list_event_files(run)[0], "about": run / "settings.json",
        "idx": raw / "t10k-labels-idx1-ubyte",
    }[kind]  # fmt: skip
    settings = Settings(**json.loads((run / "settings.json").read_text())["settings"])
    read = {
        "event": lambda: events.cut_events(run, 10**6),
        "about": lambda: read_result(run, settings),
        "idx": lambda: load_digits("mnist-5k", folder),
    }[kind]
    return _read_mutated(count, random.Random(seed), path, read)


def _read_mutated(count, chance, path, read) -> Counter[str]:
    content, result = path.read_bytes(), Counter[str]()
    for _ in range(count):
        path.write_bytes(chance.choice(fuzzing.BYTES)(content, chance))
        try:
            read()
            result["read"] += 1
        except InputError as error:
            result["broken" if "\n" in str(error) else "refused"] += 1
        except Exception as error:
            print(f"{path.name}: {type(error).__name__}: {error}", file=sys.stderr)
            result["broken"] += 1
        for copy in path.parent.glob("events.out.damaged*"):
            copy.unlink()
    return result
