"""Break lines of trainer/ and count how many the tests notice: `python tests/breakage.py`.

Each break is a random slip in a copy of the project. The tests of the same package run first,
then all of them, until one fails. --all runs the slow tests too. --only repeats the breaks that
--out wrote, so that other tests can be tried on those that survived.
"""

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("trainer", "scripts", "tests", "docs", ".github", "logs")
LIMIT = 1800  # seconds after which the tests hang, which counts as noticed
OTHERS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt,
    ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot,
    ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
Break = dict[str, str]  # {"file", "line", "old", "new", "text"}


def main() -> int:
    """Print each break that no test noticed, and how many were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many breaks; default: 200")
    parser.add_argument("--seed", type=int, default=0, help="of the choice; default: 0")
    parser.add_argument("--all", action="store_true", help="run the slow tests too")
    parser.add_argument("--tests", type=Path, default=ROOT, help="the project whose tests run")
    parser.add_argument("--out", type=Path, help="write the breaks that survive to this JSON file")
    parser.add_argument("--only", type=Path, help="a file that --out wrote")
    options = parser.parse_args()
    chosen = json.loads(options.only.read_text()) if options.only else None
    breaks = chosen or choose_breaks(options.count, options.seed)
    survivors = []
    with tempfile.TemporaryDirectory() as name:
        folder = copy_project(options.tests.resolve(), Path(name) / "project")
        for number, each in enumerate(breaks, 1):
            if not is_noticed(folder, each, options.all):
                survivors.append(each)
                print(f"{each['file']}:{each['line']} {each['old']} -> {each['new']}", flush=True)
            if number % 10 == 0:
                print(f"{number - len(survivors)} of {number} noticed", flush=True)
    print(f"{len(breaks) - len(survivors)} of {len(breaks)} noticed")
    if options.out:
        options.out.write_text(json.dumps(survivors))
    return 0


def choose_breaks(count: int, seed: int) -> list[Break]:
    """Return so many breaks, each in another line."""
    paths, found = sorted((ROOT / "trainer").rglob("*.py")), dict[tuple[str, str], Break]()
    breaks = [each for path in paths for each in list_breaks(path)]
    for each in random.Random(seed).sample(breaks, len(breaks)):
        found.setdefault((each["file"], each["line"]), each)
    return list(found.values())[:count]


def list_breaks(path: Path) -> Iterator[Break]:
    """Yield the breaks of a file's functions: each replaces one expression or statement."""
    text = path.read_text("utf-8")
    file, lines = path.relative_to(ROOT).as_posix(), text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    for node in (n for f in functions for each in f.body for n in ast.walk(each)):
        for new in list_changes(node):
            places = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
            start, end = (
                starts[line - 1] + len(lines[line - 1].encode()[:column].decode())
                for line, column in places
            )
            changed = f"({new})" if isinstance(node, ast.expr) else new
            yield {
                "file": file, "line": str(node.lineno), "old": text[start:end], "new": new,
                "text": text[:start] + changed + text[end:],
            }  # fmt: skip


def list_changes(node: ast.AST) -> Iterator[str]:
    """Yield what may stand in place of a node."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in OTHERS:
            yield ast.unparse(ast.BinOp(left, OTHERS[type(op)](), right))
        case ast.Compare(left, [op], rights) if type(op) in OTHERS:
            yield ast.unparse(ast.Compare(left, [OTHERS[type(op)]()], rights))
        case ast.BoolOp(op, values):
            yield ast.unparse(ast.BoolOp(OTHERS[type(op)](), values))
        case ast.UnaryOp(ast.Not(), operand):
            yield ast.unparse(operand)
        case ast.IfExp(test, body, orelse):
            yield ast.unparse(ast.IfExp(test, orelse, body))
        case ast.Constant(bool() | int() | float() as value):
            yield repr(not value) if isinstance(value, bool) else repr(value + 1)
        case ast.Return(ast.expr()):
            yield "return None"
        case ast.AugAssign() | ast.Expr(ast.Call()) | ast.Raise() | ast.Continue():
            yield "pass"


def copy_project(root: Path, folder: Path) -> Path:
    """Return a copy of the project that can be broken."""
    for name in COPIED:
        shutil.copytree(root / name, folder / name)
    for path in (*root.glob("*.*"), root / "Makefile"):
        if path.is_file():
            shutil.copy(path, folder)
    return folder


def is_noticed(folder: Path, each: Break, runs_all: bool) -> bool:
    """Return whether a test fails with a break."""
    path = folder / each["file"]
    right = path.read_text("utf-8")
    path.write_text(each["text"], "utf-8")
    near = folder / "tests" / path.relative_to(folder / "trainer").parent
    words = ["-n", "auto", "--dist", "worksteal", *(["-m", "slow or not slow"] * runs_all)]
    try:
        return (near.is_dir() and fails(folder, [str(near), *words])) or fails(folder, words)
    finally:
        path.write_text(right, "utf-8")


def fails(folder: Path, words: list[str]) -> bool:
    """Return whether pytest does not end with all tests passed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *words]
    try:
        done = subprocess.run(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=LIMIT, check=False, env=os.environ | {"PYTHONPATH": str(folder)},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    return done.returncode not in (0, 5)  # 5: no test was chosen


if __name__ == "__main__":
    sys.exit(main())
