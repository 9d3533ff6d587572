"""Format measurements as Markdown tables: each result, steps by size, the targets of ratios."""

import json
import re
import sys
from typing import Any, NamedTuple

from trainer.common.text import escape

# process: start-up and memory. protocol: a whole run. sizes: steps by hidden and batch size.
MEASURES = ("process", "step", "evaluate", "protocol", "sizes")
# What the row of a contestant answers. A contestant that answers nothing has no row.
QUESTIONS = {
    "numpy": "the net by hand",
    "torch": "its twin by autograd",
    "floor": "what is the least work?",
    "torch-floor": "what is the least work in torch?",
    "book": "what has the book's code to gain?",
    "sklearn": "is a library faster?",
    "torch-idiom": "what does the usual step in torch take?",
    "torch-best": "what does the barest step by autograd take?",
    "torch-dataloader": "what does a DataLoader cost?",
    "numpy-lazy": "what does lazy evaluation save?",
    "torch-lazy": "what does lazy evaluation save?",
    "numpy-bare": "what do records and progress cost?",
    "torch-bare": "what do records and progress cost?",
}
CONTESTANTS = tuple(name for name in QUESTIONS if not name.endswith(("-lazy", "-bare")))
STEP_WORK = "the five matrix products and the gather of the batch"
FIRST_PRODUCT, WHOLE_RUN = "the first matrix product", "the same for the whole run"
READING = "import torchvision, read files"


class Result(NamedTuple):
    """A table: its floor is the least work that any implementation must do.

    threads are those of each row, with ALL for the number of cores, or "" for no such column. Only
    the contestants in shown are measured and have rows.
    """

    title: str
    unit: str
    floor: str
    threads: str = ""
    shown: tuple[str, ...] = tuple(QUESTIONS)


STEPS = tuple(name for name in CONTESTANTS if name != "torch-floor")
EVALUATIONS = tuple(name for name in CONTESTANTS if name != "torch-best")
BARE_STEPS = "numpy", "torch", "floor", "torch-best"
RESULTS = {
    "step_one_us": Result("A step on one thread", "µs", STEP_WORK, "1", STEPS),
    "step_all_us": Result("A step on all threads", "µs", STEP_WORK, "ALL", BARE_STEPS),
    "step_us": Result("A step", "µs", STEP_WORK),  # by size; only earlier versions wrote others
    "evaluate_ms": Result("An evaluation of all images", "ms", FIRST_PRODUCT, "ALL", EVALUATIONS),
    "protocol_s": Result("10,000 steps, an evaluation every 10", "s", WHOLE_RUN, "1 / ALL"),
    "startup_s": Result("Start of the process to its first line", "s", READING),
    "peak_rss_mb": Result("Peak memory", "MB", "the imports and one float copy of the images"),
}
# A result, two contestants and the largest ratio of the first to the second that is wanted.
TARGETS = (
    ("step_one_us", "numpy", "floor", 1.70),
    ("step_one_us", "numpy", "book", 0.42),
    ("step_one_us", "numpy", "sklearn", 0.42),
    ("step_one_us", "numpy", "torch-best", 0.70),
    ("step_one_us", "torch", "torch-best", 1.10),
    ("step_one_us", "torch", "torch-dataloader", 0.15),
    ("step_all_us", "torch", "torch-best", 1.10),
    ("evaluate_ms", "numpy", "floor", 1.20),
    ("evaluate_ms", "torch", "torch-floor", 1.25),
    ("protocol_s", "numpy", "numpy-bare", 1.08),
    ("protocol_s", "torch", "torch-bare", 1.08),
    ("protocol_s", "numpy", "book", 0.25),
    ("protocol_s", "numpy-lazy", "numpy", 0.50),
    ("protocol_s", "numpy-lazy", "book", 0.13),
    ("startup_s", "numpy", "floor", 1.25),
    ("startup_s", "torch", "floor", 1.25),
    ("peak_rss_mb", "numpy", "floor", 1.15),
)
SIZE = re.compile(r"(.+) hidden=(\d+) batch=(\d+)")

# "environment": its facts, and each key of RESULTS: a number for each contestant.
Measurements = dict[str, dict[str, Any]]


def make_size_key(name: str, hidden: int, batch: int) -> str:
    """Return the key of a contestant's step at a hidden size and a batch size."""
    return f"{name} hidden={hidden} batch={batch}"


def parse_measurements(text: str) -> Measurements:
    """Return the measurements of a JSON text; raises ValueError where they are incomplete."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    found = {"step_one_us": {}, "step_all_us": {}, **found}  # missing in files of earlier versions
    for key in ("environment", *RESULTS):
        if not isinstance(found.get(key), dict):
            raise ValueError(f"it has no object {key!r}")
    for key in RESULTS:
        for name, value in found[key].items():
            # Not by math.isfinite, which fails for an integer of 400 digits.
            if type(value) not in (int, float) or not 0 < value <= sys.float_info.max:
                raise ValueError(f"{key} of {name} is not a positive number")
    return found


def format_tables(found: Measurements) -> str:
    """Return Markdown: a list that describes the machine, then all tables of the measurements."""
    machine = "\n".join(escape(f"- {key}: {value}") for key, value in found["environment"].items())
    results = [_format_result(key, found[key], found["environment"]) for key in RESULTS]
    parts = [machine, *results, _format_sizes(found["step_us"]), _format_targets(found)]
    return "\n\n".join(part for part in parts if part)


def _format_table(title: str, heads: list[str], rows: list[list[str]], texts: int = 1) -> str:
    """Return a Markdown table, "" without rows; all columns but the first texts are numbers."""
    marks = ["---"] * texts + ["---:"] * (len(heads) - texts)
    lines = [escape("| " + " | ".join(line) + " |") for line in (heads, marks, *rows)]
    return "\n".join([title, "", *lines]) if rows else ""


def _format_result(key: str, values: dict[str, float], environment: dict[str, Any]) -> str:
    """Return the table of a result, the fastest contestant first."""
    result, floor, rows = RESULTS[key], values.get("floor"), []
    threads = result.threads.replace("ALL", str(environment.get("cores", "all")))
    for name, value in sorted(values.items(), key=lambda item: item[1]):
        if name in result.shown:
            computed = [_name_blas(name, environment), threads] if threads else []
            ratio = f"{value / floor:.2f}" if floor else ""
            rows.append([name, QUESTIONS[name], *computed, _format_number(value), ratio])
    computed = ["BLAS kernel", "threads"] if threads else []
    heads = ["contestant", "what it answers", *computed, result.unit, "/ floor"]
    title = f"**{result.title}** (floor: {result.floor})"
    return _format_table(title, heads, rows, texts=len(heads) - 2)


def _name_blas(name: str, environment: dict[str, Any]) -> str:
    """Return the BLAS of a contestant with its kernel, without the version."""
    words = str(environment.get("torch blas" if name.startswith("torch") else "blas", "")).split()
    return " ".join(dict.fromkeys([*words[:1], *words[-1:]]))


def _format_sizes(values: dict[str, float]) -> str:
    """Return the table of steps by size: the floor's microseconds, and each net / floor."""
    matches = {key: SIZE.fullmatch(key) for key in values}
    found = {match.groups(): values[key] for key, match in matches.items() if match}
    names = [name for name in dict.fromkeys(name for name, *_ in found) if name != "floor"]
    rows = []
    for hidden, batch in dict.fromkeys((hidden, batch) for _, hidden, batch in found):
        if floor := found.get(("floor", hidden, batch)):
            steps = [found.get((name, hidden, batch)) for name in names]
            ratios = [f"{step / floor:.2f}" if step else "" for step in steps]
            rows.append([f"{hidden} × {batch}", _format_number(floor), *ratios])
    heads = ["hidden × batch", "floor, µs", *(f"{name} / floor" for name in names)]
    return _format_table("**A step of other sizes**", heads, rows)


def _format_targets(found: Measurements) -> str:
    """Return the table of the ratios in TARGETS, with whether each target is reached."""
    rows = []
    for key, first, second, limit in TARGETS:
        if {first, second} <= found[key].keys():
            ratio = found[key][first] / found[key][second]
            what = f"{RESULTS[key].title}: {first} / {second}"
            verdict = "reached" if ratio <= limit else "missed"
            rows.append([what, f"{ratio:.2f}", f"{limit:.2f}", verdict])
    return _format_table("**Targets**", ["ratio", "here", "at most", ""], rows)


def _format_number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
