"""Measure the marking of a class: single checks, and kills at random moments.

python tests/grading.py [--students N] [--kills N] [--hints 1|2|3]
"""

import argparse
import csv
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from submissions import write_class

from trainer.checker.process import check_in_child

ROOT = Path(__file__).resolve().parents[1]
CHANGING = ("seconds",)


def start(given: Path, out: Path, hints: int) -> subprocess.Popen[bytes]:
    words = [str(given), "--out", str(out), "--hints", str(hints), "--jobs", "2", "--quiet"]
    return subprocess.Popen([sys.executable, str(ROOT / "scripts" / "grade.py"), *words])


def read_grades(out: Path) -> list[dict[str, str]]:
    with (out / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if k not in CHANGING} for row in rows]


def kill_and_continue(given: Path, out: Path, kills: int, hints: int) -> int:
    """Kill the command so many times while it works; return how often it was killed."""
    done = 0
    for _ in range(kills):
        process = start(given, out, hints)
        try:
            process.wait(random.uniform(0.5, 12))
        except subprocess.TimeoutExpired:
            process.kill()
            done += 1
        process.wait()
    assert start(given, out, hints).wait() == 0
    return done


def count_differing(given: Path, rows: list[dict[str, str]]) -> list[str]:
    """Return the students of one file whose verdict is not that of a single check."""
    verdicts = {0: "right", 1: "wrong", 2: "unchecked"}
    by_name = {row["student"].lstrip("'"): row for row in rows}
    found = []
    for path in sorted(given.glob("*")):
        path = path / "two_layer_net.py" if path.is_dir() else path
        student = path.parent.name if path.name == "two_layer_net.py" else path.stem
        report, _ = check_in_child(path, hints=1)
        if verdicts[report.status] != by_name[student]["verdict"]:
            found.append(f"{student}: {report.summarise()}, but {by_name[student]}")
    return found


def count_left() -> int:
    """Return how many processes of cells are alive."""
    count = 0
    for process in psutil.process_iter():
        try:
            is_ours = "two-layer-net-" in process.environ().get("HOME", "")
            count += is_ours and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
    return count


def main() -> None:
    """Print the times and the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--hints", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        given, out, killed = Path(name, "given"), Path(name, "out"), Path(name, "killed")
        write_class(given, chosen.students)
        started = time.monotonic()
        assert start(given, out, chosen.hints).wait() == 0
        rows = read_grades(out)
        print(f"{len(rows)} rows in {time.monotonic() - started:.0f} s", flush=True)
        killed.mkdir()
        shutil.copy(out / ".key", killed)  # the same inputs
        done = kill_and_continue(given, killed, chosen.kills, chosen.hints)
        same = rows == read_grades(killed)
        print(f"killed {done} times: the same results: {same}; {count_left()} processes left")
        different = count_differing(given, rows)
        print(f"{len(different)} differ from single checks", *different, sep="\n")


if __name__ == "__main__":
    main()
