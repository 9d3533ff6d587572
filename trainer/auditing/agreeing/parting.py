"""Find where two modules differ first, and compare two nets of this project."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from trainer.auditing.agreeing.result import AGREE, DIFFERENT, Row
from trainer.auditing.agreeing.values import list_leaves
from trainer.auditing.probes import audit_step

INPUT = " (input)"
RATE = 0.1  # learning rate of the step on which two nets are compared


def record_submodules(names: Mapping[str, str]) -> Callable[[Any], Callable[..., dict[str, Any]]]:
    """Return what turns a module into a function that gives what each submodule gets and gives.

    names: the module's own names → those in the result. Of several calls the last one counts.
    """

    def record(module: Any) -> Callable[..., dict[str, Any]]:
        found: dict[str, Any] = {}

        def note(name: str, inputs: Any, output: Any) -> None:
            found.update(list_leaves({name + INPUT: inputs, name: output}, ""))

        def compute(*inputs: Any) -> dict[str, Any]:
            for name, each in module.named_modules():
                shown = names.get(name, name)
                if name:
                    each.register_forward_hook(lambda _, x, y, shown=shown: note(shown, x, y))
            module(*inputs)
            return found

        return compute

    return record


def name_first(rows: list[Row]) -> list[str]:
    """Return a line on the first submodule whose inputs agree and whose outputs do not."""
    statuses: dict[str, list[str]] = {}
    for row in rows:
        statuses.setdefault(row.name.partition("[")[0], []).append(row.status)
    for row in rows:
        inputs = statuses.get(row.name.partition("[")[0] + INPUT, [])
        if row.status != AGREE and inputs and {*inputs} == {AGREE}:
            return [f"first: submodule {row.name}, whose inputs agree: {row.text}"]
    return []


def compare_nets(old: Any, new: Any, x: Any, t: Any) -> list[Row]:
    """Return the verdicts on two of our nets, each quantity by the bounds of the audit."""
    sides = {"old": old, "new": new}
    found = {key: audit_step(copy.deepcopy(net), x, t, RATE) for key, net in sides.items()}
    rows = []
    for name in dict.fromkeys(key for verdicts in found.values() for key in verdicts):
        verdicts = {side: found[side].get(name) for side in sides}
        wrong = tuple(side for side, v in verdicts.items() if v is None or v.is_wrong)
        shown = [
            f"{side} {'none' if v is None else v.reason or f'{v.ratio:.2g}'}"
            for side, v in verdicts.items()
        ]
        text = f"largest error over its derived bound: {', '.join(shown)}"
        rows.append(Row(name, DIFFERENT if wrong else AGREE, text, wrong))
    return rows
