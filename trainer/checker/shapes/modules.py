"""Two-layer torch modules: their output against the hand-written net, and its loss by autograd."""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.building import build_instance
from trainer.checker.adapt.names import PARAMS, find_call_roles, find_method, list_methods
from trainer.checker.adapt.parameter_names import identify_parameter
from trainer.checker.adapt.sizes import N
from trainer.checker.shapes.shape import Found, Shape
from trainer.common.errors import InputError
from trainer.common.language import translate as _

# How a file writes each loss, and the same on the output of the module and the labels.
LOSSES = {
    "cross-entropy": r"CrossEntropyLoss|\bcross_entropy\(",
    "nll": r"NLLLoss|nll_loss\(",
    "other": r"MSELoss|mse_loss\(|BCE\w*Loss|binary_cross_entropy|MultiMargin|L1Loss|HuberLoss",
}

# Activations that the reference does not know, or whose slope is a choice.
OTHERS = (
    r"(?i)\b(celu|elu|prelu|rrelu|relu6|softplus|hard(tanh|sigmoid|swish)|leaky_?relu|log_?sigmoid"
    r"|tanhshrink)\b"
)


def build(found: Found) -> type | None:
    """Return a class that calls the only torch module of the file, None where there is none.

    Raises InputError for an activation whose right values are not known here.
    """
    kind = found.kind or _find_module(found)
    if kind is None or not issubclass(kind, nn.Module) or find_method(kind, "gradient"):
        return None
    if kind.__name__ in found.unfinished or "forward" not in vars(kind):
        return None
    if other := re.search(OTHERS, found.text):
        message = _("uses {name}: only nets of ReLU, sigmoid or tanh can be checked")
        raise InputError(message.format(name=other[0]))
    losses = [name for name, form in LOSSES.items() if re.search(form, found.text)]
    return _make_class(kind, losses[0] if len(losses) == 1 else "")


def _find_module(found: Found) -> type | None:
    """Return the module that the file defines, if there is one of two layers and no other."""
    classes = found.get_classes(*found.defined)
    modules = [k for k in classes.values() if issubclass(k, nn.Module) and "forward" in vars(k)]
    return modules[0] if len(modules) == 1 else None


def _make_class(kind: type, loss: str) -> type:
    """Return a class of nets with the methods of ours around a torch module with this loss."""
    name = _find_loss(kind)

    class TorchModule:
        derives_gradient = True

        def __init__(self, input_size: int, hidden_size: int, output_size: int):
            module: Any = build_instance(kind, input_size, hidden_size, output_size)
            module.train(False)
            dtype = choose_dtype(module)
            self.ask: Callable[..., Any] = lambda x, t: getattr(module, name)(
                torch.as_tensor(x).to(dtype), find_labels(t)
            )
            own = name_parameters(dict(module.named_parameters()))
            self.params = {key: value.data for key, value in own.items()}
            # All are functions, so that nothing else looks like a weight of this net.
            self.list_own = lambda: own
            self.run: Callable[[Any], Tensor] = lambda x: _take_outputs(
                module(torch.as_tensor(x).to(dtype))
            )

        def predict(self, x: Any) -> Any:
            y = self.run(x).detach()
            if loss == "cross-entropy":  # This loss applies a softmax to what forward returns.
                return y.softmax(dim=1).numpy()
            is_log = bool((y <= 0).all()) and _are_probabilities(y.exp())
            return (y.exp() if is_log else y).numpy()

        def measure(self, x: Any, t: Array) -> Tensor:
            found: Tensor = self.ask(x, t) if name else compute_loss(self.run(x), t, loss)
            return found

    net: Any = TorchModule
    if name or loss != "other":
        net.loss = lambda net, x, t: net.measure(x, t).item()
        net.gradient = lambda net, x, t: differentiate(net, x, t)
    return TorchModule


def _find_loss(kind: type) -> str:
    """Return the name of a method that computes the loss of samples and targets, "" for none."""
    methods = list_methods(kind, "loss")
    return next((m.__name__ for m in methods if {"x", "t"} <= find_call_roles(m)), "")


def _take_outputs(result: Any) -> Tensor:
    y: Tensor = result[0] if isinstance(result, tuple) else result
    return y


def choose_dtype(module: Any) -> torch.dtype:
    """Return float64 if the module can compute in it, otherwise float32."""
    module.double()
    first = next((p for p in module.parameters() if p.dim() == 2), torch.zeros(1, 1))
    inputs = [torch.zeros(N, size, dtype=torch.float64) for size in first.shape]
    if all(attempt(lambda x=x: module(x)).error for x in inputs):
        module.float()
        return torch.float32
    return torch.float64


def name_parameters(left: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return parameters as W1, b1, W2, b2, by their names or in the order of the module.

    Those that are left are called W3 and so on. A single bias is left out, since the layer that
    it belongs to is not known.
    """
    axes = {name: p.squeeze().dim() for name, p in left.items()}  # a bias may be a row
    vectors = [name for name in left if axes[name] < 2]
    if len(vectors) == 1:
        del left[vectors[0]]
    found: dict[str, Tensor] = {}
    for key in PARAMS:
        fits = [name for name in left if axes[name] == (2 if key[0] == "W" else 1)]
        named = [name for name in fits if identify_parameter(name) == key]
        if fits:
            found[key] = left.pop((named or fits)[0])
    return found | {f"W{i}": p for i, p in enumerate(left.values(), 3)}


def compute_loss(y: Tensor, t: Array, loss: str) -> Tensor:
    """Return the loss of the file on the output y (N, C).

    Without a loss of its own, the module's output tells which is meant: probabilities are given
    to log, and anything else to the cross-entropy.
    """
    labels = find_labels(t)
    if loss == "nll":
        return nn.functional.nll_loss(y, labels)
    if not loss and _are_probabilities(y):
        return nn.functional.nll_loss(y.log(), labels)
    return nn.functional.cross_entropy(y, labels)


def find_labels(t: Array) -> Tensor:
    """Return the labels of targets, which may be one-hot rows."""
    rows = torch.as_tensor(t)
    return rows.argmax(dim=1) if rows.dim() == 2 else rows.long()


def _are_probabilities(y: Tensor) -> bool:
    """Return whether outputs are those of a softmax, over whichever axis it was taken."""
    sums = y.sum(dim=1), y.sum(dim=0), y.sum()
    return bool((y >= 0).all()) and any(bool((s - 1).abs().max() < 1e-4) for s in sums)


def differentiate(net: Any, x: Any, t: Array) -> dict[str, Array]:
    """Return the gradient of the loss by autograd, by the names of params."""
    own = net.list_own()
    grads = torch.autograd.grad(net.measure(x, t), list(own.values()))
    return {key: grad.numpy() for key, grad in zip(own, grads, strict=True)}


SHAPE = Shape("torch modules", build)
