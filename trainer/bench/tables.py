"""A report of bench.py as Markdown: each measure a table, the sizes, the targets."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

# What can be measured; process is start-up and memory, sizes are steps of other sizes.
MEASURES = ("process", "step", "evaluate", "protocol", "sizes")
CONTESTANTS = (
    "numpy", "torch", "floor", "torch-floor", "book", "sklearn", "sklearn-fit",
    "torch-idiom", "torch-best", "torch-by-hand", "torch-dataloader",
)  # fmt: skip
RESULTS = {
    "step_us": ("A step", "µs", "the five matrix products and the gather of the batch"),
    "evaluate_ms": ("An evaluation of all images", "ms", "the first matrix product"),
    "protocol_s": ("10,000 steps, an evaluation every 10", "s", "the same for the whole run"),
    "startup_s": ("Start of the process to the first step", "s", "import torchvision, read files"),
    "peak_rss_mb": ("Peak memory", "MB", "the imports and one float copy of the images"),
}
# What is to be reached: measure, numerator, denominator, the limit of their ratio.
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
SIZE = re.compile(r"(?P<name>.+) hidden=(?P<hidden>\d+) batch=(?P<batch>\d+)")

Report = Mapping[str, Any]


def sized(name: str, hidden: int, batch: int) -> str:
    """The key of a contestant's step at another size than the book's."""
    return f"{name} hidden={hidden} batch={batch}"


def markdown(report: Report) -> str:
    """All tables of a report, with the machine they were measured on."""
    parts = [_machine(report["environment"])]
    parts += [_measure(key, report[key]) for key in RESULTS if report[key]]
    parts += [_sizes(report["step_us"]), _targets(report)]
    return "\n\n".join(part for part in parts if part)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _machine(about: Mapping[str, Any]) -> str:
    return "\n".join(f"- {key}: {value}" for key, value in about.items())


def _measure(key: str, values: Mapping[str, float]) -> str:
    title, unit, floor = RESULTS[key]
    values = {name: value for name, value in values.items() if not SIZE.fullmatch(name)}
    if not values:
        return ""
    least = values.get("floor")
    rows = [
        [name, _figure(value), f"{value / least:.2f}" if least else ""]
        for name, value in sorted(values.items(), key=lambda item: item[1])
    ]
    return f"**{title}** (floor: {floor})\n\n" + _table(["contestant", unit, "/ floor"], rows)


def _sizes(values: Mapping[str, float]) -> str:
    """The steps of other sizes, those of the nets as ratios to the floor."""
    found = [match for key in values if (match := SIZE.fullmatch(key))]
    names = [name for name in dict.fromkeys(match["name"] for match in found) if name != "floor"]
    rows = []
    for hidden, batch in dict.fromkeys((match["hidden"], match["batch"]) for match in found):
        own = [values.get(sized(name, int(hidden), int(batch))) for name in ("floor", *names)]
        if own[0] is None:
            continue
        ratios = ["" if value is None else f"{value / own[0]:.2f}" for value in own[1:]]
        rows.append([f"{hidden} × {batch}", _figure(own[0]), *ratios])
    if not rows:
        return ""
    heads = ["hidden × batch", "floor, µs", *(f"{name} / floor" for name in names)]
    return "**A step of other sizes**\n\n" + _table(heads, rows)


def _targets(report: Report) -> str:
    rows = []
    for measure, over, under, limit in TARGETS:
        values = report[measure]
        if over in values and under in values:
            ratio = values[over] / values[under]
            verdict = "reached" if ratio <= limit else "missed"
            what = f"{RESULTS[measure][0]}: {over} / {under}"
            rows.append([what, f"{ratio:.2f}", f"{limit:.2f}", verdict])
    return "**Targets**\n\n" + _table(["ratio", "here", "at most", ""], rows) if rows else ""


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
