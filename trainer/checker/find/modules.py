"""Trains modules of torch: by a step of ours, or by a function of the file that is given one."""

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.checker.adapt.names import list_arguments, simplify_name
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.tensors import is_of_torch

RATE = 0.1
LOADER = r".*loader|.*dataset|.*batches|data|(train|training)(set|data)"
CRITERION, OPTIMIZER, DEVICE = r"crit.*|loss(fn|func|function)?", r"opt.*", r"dev(ice)?"
# How a file writes its loss.
SQUARES, NEGATIVE = r"MSELoss|mse_loss\(", r"NLLLoss|nll_loss\("
LOGISTIC = r"BCEWithLogitsLoss|binary_cross_entropy_with_logits\("
Values = dict[str, Any]


def train_module(net: Any, values: Values, text: str) -> None:
    """Take a step down a loss of what a module returns: the one that the file names, or the
    cross-entropy. A parameter that it does not use moves too, so that nothing shows it.
    """
    x, t = make_tensors(values)
    if x.dim() < 2 or len(x) < 2 or t.dim() == 0 or len(t) != len(x):
        return  # one sample hides what is computed over all
    result = net(x)
    y = result[0] if isinstance(result, tuple) else result
    parameters = [each for each in net.parameters() if each.requires_grad]
    loss = choose_criterion(text, y)(y, t)
    torch: Any = sys.modules["torch"]
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.data -= RATE * (1 if gradient is None else gradient)


def make_tensors(values: Values) -> tuple[Any, Any]:
    """Return the samples and the targets as tensors."""
    torch: Any = sys.modules["torch"]
    x, t = (torch.as_tensor(np.array(values[role])) for role in "xt")
    return x, t


def choose_criterion(text: str, y: Any = None) -> Any:
    """Return the loss that a file names, the cross-entropy for none, as it fits outputs y."""
    nn = sys.modules["torch"].nn
    if re.search(NEGATIVE, text):
        return lambda y, t: nn.functional.nll_loss(y, t.argmax(1) if t.dim() == 2 else t)
    if re.search(LOGISTIC, text):
        return nn.BCEWithLogitsLoss()
    is_single = y is not None and y.shape[-1] == 1
    if is_single and bool(((y >= 0) & (y <= 1)).all()):
        return nn.BCELoss()
    return nn.MSELoss() if is_single or re.search(SQUARES, text) else nn.CrossEntropyLoss()


def give_of_torch(function: Callable[..., Any], net: Any, values: Values, text: str) -> Namespace:
    """Return what a function that trains a module is given beside it, by the names of arguments."""
    if not is_of_torch(net):
        return {}
    torch: Any = sys.modules["torch"]
    forms: dict[str, Callable[[], Any]] = {
        LOADER: lambda: [make_tensors(values)],
        CRITERION: lambda: choose_criterion(text),
        OPTIMIZER: lambda: torch.optim.SGD(net.parameters(), lr=RATE),
        DEVICE: lambda: torch.device("cpu"),
    }
    names = [p.name for p in list_arguments(function)]
    return {
        name: make() for name in names for form, make in forms.items()
        if re.fullmatch(form, simplify_name(name))
    }  # fmt: skip


def takes_loader(function: Callable[..., Any]) -> bool:
    """Return whether a function is given samples and targets in batches."""
    return any(re.fullmatch(LOADER, simplify_name(p.name)) for p in list_arguments(function))
