"""Format measurements as Markdown tables: each result, steps by size, the targets of ratios."""

import json
import re
import sys
from typing import Any

from trainer.common.text import escape

# process: start-up and memory. protocol: a whole run. sizes: steps by hidden and batch size.
MEASURES = ("process", "step", "evaluate", "protocol", "sizes")
CONTESTANTS = (
    "numpy", "torch", "floor", "torch-floor", "book", "sklearn",
    "torch-idiom", "torch-best", "torch-dataloader",
)  # fmt: skip
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
# The contestants that answer something in a result, where not all of them do.
ASKED = {
    "step_all_us": ("numpy", "torch", "floor", "torch-best"),
    "evaluate_ms": tuple(name for name in CONTESTANTS if name != "torch-best"),
}
STEP_WORK = "the five matrix products and the gather of the batch"
# The title, the unit and the floor, the least work that any implementation must do. Steps by size
# have the threads of a run; so have the steps of files that earlier versions wrote.
RESULTS = {
    "step_one_us": ("A step on one thread", "µs", STEP_WORK),
    "step_all_us": ("A step on all threads", "µs", STEP_WORK),
    "step_us": ("A step", "µs", STEP_WORK),
    "evaluate_ms": ("An evaluation of all images", "ms", "the first matrix product"),
    "protocol_s": ("10,000 steps, an evaluation every 10", "s", "the same for the whole run"),
    "startup_s": ("Start of the process to the first step", "s", "import torchvision, read files"),
    "peak_rss_mb": ("Peak memory", "MB", "the imports and one float copy of the images"),
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
LATER = ("step_one_us", "step_all_us")  # missing in files that earlier versions wrote
# The threads of each result that has them; ALL stands for the number of cores.
THREADS = {
    "step_one_us": "1", "step_all_us": "ALL", "evaluate_ms": "ALL", "protocol_s": "1 / ALL",
}  # fmt: skip
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
    for key in LATER:
        found.setdefault(key, {})
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


def _join_rows(heads: list[str], rows: list[list[str]], texts: int = 1) -> str:
    """Return a Markdown table; all columns but the first few, of texts, are aligned right."""
    marks = ["---"] * texts + ["---:"] * (len(heads) - texts)
    lines = [heads, marks, *rows]
    return "\n".join(escape("| " + " | ".join(line) + " |") for line in lines)


def _format_result(key: str, values: dict[str, float], environment: dict[str, Any]) -> str:
    """Return the table of a result, the fastest contestant first; "" if nothing was measured."""
    title, unit, floor_work = RESULTS[key]
    values = {name: value for name, value in values.items() if name in ASKED.get(key, QUESTIONS)}
    if not values:
        return ""
    floor = values.get("floor")
    computed = ["BLAS kernel", "threads"] if key in THREADS else []
    rows = [
        [name, QUESTIONS[name], *(_describe_computing(key, name, environment) if computed else []),
         _format_number(value), f"{value / floor:.2f}" if floor else ""]
        for name, value in sorted(values.items(), key=lambda item: item[1])
    ]  # fmt: skip
    heads = ["contestant", "what it answers", *computed, unit, "/ floor"]
    table = _join_rows(heads, rows, texts=len(heads) - 2)
    return f"**{title}** (floor: {floor_work})\n\n{table}"


def _describe_computing(key: str, name: str, environment: dict[str, Any]) -> tuple[str, str]:
    """Return the BLAS with its kernel, without the version, and the threads of a row."""
    threads = THREADS[key].replace("ALL", str(environment.get("cores", "all")))
    words = str(environment.get("torch blas" if name.startswith("torch") else "blas", "")).split()
    return " ".join(dict.fromkeys([*words[:1], *words[-1:]])), threads


def _format_sizes(values: dict[str, float]) -> str:
    """Return the table of steps by size: the floor's microseconds, and each net / floor."""
    found = {
        match.groups(): value for key, value in values.items() if (match := SIZE.fullmatch(key))
    }
    names = [name for name in dict.fromkeys(name for name, *_ in found) if name != "floor"]
    rows = []
    for hidden, batch in dict.fromkeys((hidden, batch) for _, hidden, batch in found):
        floor = found.get(("floor", hidden, batch))
        if floor is None:
            continue
        of_nets = [found.get((name, hidden, batch)) for name in names]
        ratios = ["" if value is None else f"{value / floor:.2f}" for value in of_nets]
        rows.append([f"{hidden} × {batch}", _format_number(floor), *ratios])
    if not rows:
        return ""
    heads = ["hidden × batch", "floor, µs", *(f"{name} / floor" for name in names)]
    return "**A step of other sizes**\n\n" + _join_rows(heads, rows)


def _format_targets(found: Measurements) -> str:
    """Return the table of the ratios in TARGETS, with whether each target is reached."""
    rows = []
    for key, first, second, limit in TARGETS:
        values = found[key]
        if first in values and second in values:
            ratio = values[first] / values[second]
            verdict = "reached" if ratio <= limit else "missed"
            what = f"{RESULTS[key][0]}: {first} / {second}"
            rows.append([what, f"{ratio:.2f}", f"{limit:.2f}", verdict])
    return "**Targets**\n\n" + _join_rows(["ratio", "here", "at most", ""], rows) if rows else ""


def _format_number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
