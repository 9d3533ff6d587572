"""Run the commands of a Markdown file and compare what they print with what it shows.

    python tests/docs/documents.py README.md      print what each command prints now

A block that begins with ```console holds commands after "$ ", each followed by its output. A
line "…" stands for any number of lines. Numbers with a point may differ as they do between
processors, and so may the indices in brackets.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANY = "…"
# What is printed only where a machine is slow.
PROGRESS = re.compile(r"\w+\.py: (checking|loading) |[\w ]+: \d+ of \d+$")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A command line of a document, and the lines that it shows as the output."""

    line: str
    output: tuple[str, ...]


def blocks(text: str, language: str) -> list[str]:
    """Return the contents of the fenced blocks of a language."""
    return [body for kind, body in FENCE.findall(text) if kind == language]


def commands(text: str) -> Iterator[Command]:
    """Yield the commands of the console blocks, in their order."""
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *output = part.splitlines()
            yield Command(line, tuple(output))


def make_folder(folder: Path) -> Path:
    """Return a copy of the project as a user has it after the set-up, with no data and no runs."""
    for name in ("scripts", "docs"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copytree(ROOT / "tests" / "checker" / "nets", folder / "tests" / "checker" / "nets")
    (folder / "trainer").symlink_to(ROOT / "trainer")
    return folder


def run(line: str, folder: Path) -> list[str]:
    """Return the lines that a command prints in the folder, without a network, in a pipe.

    Lines that depend on how fast the machine is are left out.
    """
    nowhere = "http://127.0.0.1:9"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {
        "PATH": path, "http_proxy": nowhere, "https_proxy": nowhere, "COLUMNS": "110",
        "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1",
    }  # fmt: skip
    done = subprocess.run(
        line, shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", check=False,
    )  # fmt: skip
    lines = [printed.rstrip() for printed in done.stdout.splitlines()]
    return [printed for printed in lines if not PROGRESS.match(printed)]


def matches(expected: list[str], printed: list[str]) -> bool:
    """Return whether the printed lines are the expected ones, with … for any lines."""
    if not expected:
        return not printed
    if expected[0] == ANY:
        return any(matches(expected[1:], printed[i:]) for i in range(len(printed) + 1))
    return (
        bool(printed) and _is_same(expected[0], printed[0]) and matches(expected[1:], printed[1:])
    )


def _is_same(expected: str, printed: str) -> bool:
    """Return whether two lines have the same words and nearly the same numbers."""
    if [_words(part) for part in (expected,)] != [_words(part) for part in (printed,)]:
        return False
    pairs = zip(_numbers(expected), _numbers(printed), strict=True)
    return all(_is_near(a, b) for a, b in pairs)


def _words(line: str) -> list[str]:
    return NUMBER.sub("#", line).split()


def _numbers(line: str) -> list[str]:
    return NUMBER.findall(re.sub(r"\[[\d, ]+\]", "", line))


def _is_near(a: str, b: str) -> bool:
    """Return whether two numbers are equal, or both are measured and of one size."""
    if a == b:
        return True
    one, other = float(a.replace(",", "")), float(b.replace(",", ""))
    measured = "." in a + b or "e" in a + b or min(one, other) > 100
    return measured and (max(one, other) <= 1 or abs(one - other) <= 0.9 * max(one, other))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        place = make_folder(Path(name, "project"))
        for command in commands((ROOT / sys.argv[1]).read_text(encoding="utf-8")):
            print(f"$ {command.line}", *run(command.line, place), sep="\n")
