"""Check that one file gets one answer everywhere: `python tests/sameness.py`.

60 nets, right and wrong, are checked by the command under other BLAS kernels, threads, hash seeds
and languages, beside busy processes, and slowed to a third. What differs from the first run is
printed: nothing should.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS / "checker" / "shapes"), str(TESTS / "checker"), str(TESTS.parent)]

from corpus import list_planted, list_right

# The flag of the processor that each of OpenBLAS's kernels needs.
KERNELS = {
    "Haswell": "avx2", "SkylakeX": "avx512f", "Zen": "avx2", "Sandybridge": "avx",
    "Prescott": "pni",
}  # fmt: skip
CONDITIONS: dict[str, dict[str, str]] = {
    **{f"kernel {name}": {"OPENBLAS_CORETYPE": name} for name in KERNELS},
    **{f"{n} threads": {"OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n} for n in ("1", "2")},
    **{f"hash seed {seed}": {"PYTHONHASHSEED": seed} for seed in ("1", "2", "3")},
    "four busy processes": {},
    "slowed to a third": {},
    **{f"language {name}": {"LANGUAGE": name} for name in ("en", "zh", "ja")},
}
RUNNING, STOPPED = 0.03, 0.06  # seconds, in turns, of a process that is slowed
Answer = dict[str, Any]


def main() -> int:
    """Check every net under each condition; return 1 if an answer differs from the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="words of conditions; default: all of them")
    parser.add_argument("--nets", type=int, default=60, help="how many nets; default: 60")
    options = parser.parse_args()
    names = [n for n in CONDITIONS if not options.only or any(w in n for w in options.only)]
    with tempfile.TemporaryDirectory() as folder:
        paths = list(write_nets(Path(folder), options.nets))
        expected = check_all(paths, "")
        fixes, stopped = (sum(map(count, expected)) for count in (has_fix, is_stopped))
        print(f"{len(paths)} nets, {fixes} with a fix, {stopped} stopped by the clock", flush=True)
        differing = sum(compare(name, paths, expected) for name in names)
    return int(differing > 0)


def compare(name: str, paths: list[Path], expected: list[Answer]) -> int:
    """Print which answers differ under a condition; return how many do."""
    if not has_kernel(name):
        print(f"{name:20} not on this processor", flush=True)
        return 0
    started = time.monotonic()
    found, hides = check_all(paths, name), name.startswith("language")
    pairs = zip(paths, expected, found, strict=True)
    wrong = [(p, a, b) for p, a, b in pairs if show(a, hides) != show(b, hides)]
    seconds = time.monotonic() - started
    print(f"{name:20} {len(wrong)} of {len(paths)} differ, {seconds:.0f} s", flush=True)
    for path, before, now in wrong:
        print(f"    {path.stem}\n        {show(before, hides)}\n        {show(now, hides)}")
    return len(wrong)


def write_nets(folder: Path, count: int) -> Iterator[Path]:
    """Write right nets and evenly chosen wrong ones, one to two; yield their paths."""
    for texts, part in ((list_right(), count // 3), (list_planted(), count - count // 3)):
        names = sorted(texts)
        for name in dict.fromkeys(names[i * len(names) // part] for i in range(part)):
            path = folder / (re.sub(r"\W+", "-", name) + ".py")
            path.write_text(texts[name])
            yield path


def has_kernel(condition: str) -> bool:
    """Return whether this processor can run the kernel of a condition, if it is one."""
    flag, cpu = KERNELS.get(condition.removeprefix("kernel ")), Path("/proc/cpuinfo")
    return flag is None or (cpu.exists() and flag in cpu.read_text().split())


def check_all(paths: list[Path], name: str) -> list[Answer]:
    """Return the answers under a condition."""
    with ExitStack() as stack:
        for _ in range(4 * (name == "four busy processes")):
            stack.enter_context(keep_busy())
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return list(pool.map(lambda path: check(path, name), paths))


def check(path: Path, name: str) -> Answer:
    """Return what the command prints as JSON for a file."""
    script = TESTS.parent / "scripts" / "check.py"
    process = subprocess.Popen(
        [sys.executable, str(script), "--json", str(path)], cwd=path.parent, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {"LANGUAGE": "en"} | CONDITIONS.get(name, {}),
    )  # fmt: skip
    with slow_down(process.pid) if name == "slowed to a third" else ExitStack():
        answer: Answer = json.loads(process.communicate()[0])
    return answer


def show(answer: Answer, hides: bool) -> str:
    """Return an answer as text, without its messages if these are hidden."""
    findings = [f | {"message": ""} if hides else f for f in answer["findings"]]
    return json.dumps(answer | {"findings": findings}, ensure_ascii=False)


def has_fix(answer: Answer) -> bool:
    """Return whether an answer has a fix."""
    return answer["fix"] is not None


def is_stopped(answer: Answer) -> bool:
    """Return whether a clock ended the search for a fix."""
    return bool(answer["search"] and answer["search"]["stopped"])


@contextmanager
def keep_busy() -> Iterator[None]:
    """Run a process that never waits."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


@contextmanager
def slow_down(pid: int) -> Iterator[None]:
    """Stop a process and its children for two thirds of the time."""
    ended = threading.Event()

    def slow() -> None:
        while not ended.wait(RUNNING):
            with suppress(psutil.Error):
                parent = psutil.Process(pid)
                processes = [parent, *parent.children(recursive=True)]
                for act in ("suspend", "resume"):
                    for process in processes:
                        with suppress(psutil.Error):
                            getattr(process, act)()
                    time.sleep(STOPPED if act == "suspend" else 0)

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
