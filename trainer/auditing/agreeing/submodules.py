"""Find where two modules differ first, and compare two nets of this project."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trainer.auditing.agreeing.forms import copy_leaf
from trainer.auditing.agreeing.result import AGREE, DIFFERENT, Row
from trainer.auditing.agreeing.values import is_module, list_leaves, map_leaves
from trainer.auditing.probes import audit_step
from trainer.common.errors import InputError

INPUT = " (input)"
RATE = 0.1  # learning rate of the step on which two nets are compared


def check_names(old: Any, new: Any, names: Mapping[str, str]) -> None:
    """Raise InputError unless names are of submodules of old → of new."""
    if not names:
        return
    if not (is_module(old) and is_module(new) and isinstance(names, Mapping)):
        raise InputError("names: give a dict, submodule of old → submodule of new, and two modules")
    for side, module, given in (("old", old, names), ("new", new, names.values())):
        known = [name for name, _ in module.named_modules() if name]
        for name in given:
            if name not in known:
                raise InputError(
                    f"names: {side} has no submodule {name}; it has {', '.join(known)}"
                )


def rename_parameter(name: str, names: Mapping[str, str]) -> str:
    """Return the name in new of a parameter of old; names are those of submodules."""
    module, _, last = name.rpartition(".")
    return f"{names[module]}.{last}" if module in names else name


def list_module_notes(old: Any, new: Any, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what differs between two modules before they run: weights, and their mode."""
    others = dict(new.named_parameters())
    if old.training != new.training:
        mode = {True: "in training mode", False: "in evaluation mode"}
        yield f"old is {mode[old.training]}, new {mode[new.training]}"
    for name, value in old.named_parameters():
        other = others.get(rename_parameter(name, names))
        if other is not None and other.shape == value.shape and (value != other.to(value)).any():
            yield f"parameter {name} has other values in new: copy the weights first"


def record_submodules(names: Mapping[str, str]) -> Callable[[Any], Callable[..., dict[str, Any]]]:
    """Return what turns a module into a function that gives what each submodule gets and gives.

    names: the module's own names → those in the result. Of several calls the last one counts.
    """

    def record(module: Any) -> Callable[..., dict[str, Any]]:
        found: dict[str, Any] = {}

        def note(name: str, value: Any) -> None:
            # A copy, since later operations may write to what is noted.
            found.update(list_leaves({name: map_leaves(copy_leaf, value)}, ""))

        def compute(*inputs: Any) -> dict[str, Any]:
            for name, each in module.named_modules():
                shown = names.get(name, name)
                if name:
                    each.register_forward_pre_hook(lambda _, x, s=shown: note(s + INPUT, x))
                    each.register_forward_hook(lambda _, _x, y, s=shown: note(s, y))
            module(*inputs)
            return found

        return compute

    return record


def name_first(rows: list[Row]) -> str:
    """Return a line on the first submodule that differs, or whose inputs do."""
    agreed = ""
    for row in rows:
        name = row.name.partition("[")[0]
        if row.status == AGREE:
            agreed = name if INPUT not in name else agreed
        elif INPUT in name:
            after = f" after {agreed}" if agreed else ""
            module = name.removesuffix(INPUT)
            return (
                f"first: what submodule {module} gets differs, so look before it{after}: {row.text}"
            )
        else:
            return f"first: submodule {row.name} (its inputs agree): {row.text}"
    return "first: every submodule of the same name agrees: look at what is between them"


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
