"""Format measurements as Markdown tables: each result, steps by size, the targets of ratios."""

import json
import re
import sys
from typing import Any

from trainer.common.text import escape

# process: start-up and memory. protocol: a whole run. sizes: steps by hidden and batch size.
MEASURES = ("process", "step", "evaluate", "protocol", "sizes")
CONTESTANTS = (
    "numpy", "torch", "floor", "torch-floor", "book", "sklearn", "sklearn-fit",
    "torch-idiom", "torch-best", "torch-by-hand", "torch-dataloader",
)  # fmt: skip
# The title, the unit and the floor, the least work that any implementation must do.
RESULTS = {
    "step_us": ("A step", "µs", "the five matrix products and the gather of the batch"),
    "evaluate_ms": ("An evaluation of all images", "ms", "the first matrix product"),
    "protocol_s": ("10,000 steps, an evaluation every 10", "s", "the same for the whole run"),
    "startup_s": ("Start of the process to the first step", "s", "import torchvision, read files"),
    "peak_rss_mb": ("Peak memory", "MB", "the imports and one float copy of the images"),
}
# A result, two contestants and the largest ratio of the first to the second that is wanted.
TARGETS = (
    ("step_us", "numpy", "floor", 1.70),
    ("step_us", "numpy", "book", 0.42),
    ("step_us", "numpy", "sklearn", 0.42),
    ("step_us", "numpy", "torch-best", 0.70),
    ("step_us", "torch", "torch-best", 1.10),
    ("step_us", "torch", "torch-idiom", 0.60),
    ("step_us", "torch", "torch-dataloader", 0.15),
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
    results = [_format_result(key, found[key]) for key in RESULTS]
    parts = [machine, *results, _format_sizes(found["step_us"]), _format_targets(found)]
    return "\n\n".join(part for part in parts if part)


def _join_rows(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(escape("| " + " | ".join(line) + " |") for line in lines)


def _format_result(key: str, values: dict[str, float]) -> str:
    """Return the table of a result, the fastest contestant first; "" if nothing was measured."""
    title, unit, floor_work = RESULTS[key]
    values = {name: value for name, value in values.items() if not SIZE.fullmatch(name)}
    if not values:
        return ""
    floor = values.get("floor")
    rows = [
        [name, _format_number(value), f"{value / floor:.2f}" if floor else ""]
        for name, value in sorted(values.items(), key=lambda item: item[1])
    ]
    heads = ["contestant", unit, "/ floor"]
    return f"**{title}** (floor: {floor_work})\n\n" + _join_rows(heads, rows)


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
