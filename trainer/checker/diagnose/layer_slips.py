"""Slips in layers: one that is forgotten or taken for another, gradients in place of weights."""

import ast
from collections.abc import Iterator
from itertools import chain, combinations
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate, apply_edit, replace_all
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.insertions import insert_all
from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.slips import list_stores

CONFUSED = {
    "affine_forward": "affine_relu_forward", "affine_relu_forward": "affine_forward",
    "affine_backward": "affine_relu_backward", "affine_relu_backward": "affine_backward",
}  # fmt: skip


def list_layer_slips(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with a layer as it was probably meant."""
    yield from _list_confused(path, text, function)
    yield from _list_kept_gradients(path, text, function)
    yield from insert_all(path, text, _list_missing_layers(function))


def _list_confused(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with another layer of CS231n called on the way forward, back, or both."""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call)]
    edits = [Edit(n.func, CONFUSED[name], 0.0) for n in calls
             if (name := ast.unparse(n.func)) in CONFUSED]  # fmt: skip
    for one, other in combinations(edits, 2):
        if "forward" in one.text and "backward" in other.text:
            yield Candidate(path, replace_all(text, [one, other]), one.node)
    yield from chain.from_iterable(apply_edit(path, text, edit) for edit in edits)


def _list_kept_gradients(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with dW and db set by a backward pass that overwrites W and b."""
    nodes = (n for n in ast.walk(function) if function.name == "backward")
    stores = [n for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)]
    edits = [Edit(n, f"self.d{n.attr}", 0.0) for n in stores if n.attr in ("W", "b")]
    if edits:
        yield Candidate(path, replace_all(text, edits), edits[0].node)


def _list_missing_layers(function: Function) -> Iterator[tuple[ast.stmt, str]]:
    """Yield a layer that applies an activation after each layer that a constructor keeps by key."""
    for holder, found in list_stores(function).items():
        for key, node in found[:-1] if holder.endswith("layers") else ():
            for layer in ("Relu", "Sigmoid"):
                yield node, f'{holder}["{layer}{key[-1]}"] = {layer}()'
