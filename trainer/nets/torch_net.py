"""The same network as a torch.nn.Module, its gradients by autograd: twin of numpy_net.py.

Shapes: N batch, D inputs, H hidden, C classes. nn.Linear keeps W as (out, in); params and
traces show it as the book does, (in, out).
"""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from trainer.book.functions import Array
from trainer.book.gradient import numerical_gradient
from trainer.common.errors import InputError
from trainer.common.settings import Activation, Dtype, Loss
from trainer.nets.initial import initial_params
from trainer.nets.numpy_net import CHUNK

PARAMS = ("W1", "b1", "W2", "b2")  # in the order of _weights


def pick_device(name: str) -> torch.device:
    """The device of that name, "auto" being CUDA where there is one; InputError without it."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        if not torch.cuda.is_available():
            raise InputError("--device cuda: torch sees no CUDA device here; use --device cpu")
        torch.set_float32_matmul_precision("highest")  # no TF32: its products have 11 bits
    return torch.device(name)


class TorchTwoLayerNet(nn.Module):
    """trainer.nets.numpy_net.TwoLayerNet, from the same initial weights, on a device of torch."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        weight_init_std: float = 0.01,
        *,
        activation: Activation = "sigmoid",
        loss: Loss = "cross-entropy",
        seed: int = 0,
        dtype: Dtype = "float32",
        device: str | torch.device = "cpu",
    ):
        super().__init__()
        self.activation, self.loss_name = activation, loss
        options: dict[str, Any] = {"device": device, "dtype": getattr(torch, dtype)}
        self.layer1 = nn.Linear(input_size, hidden_size, **options)
        self.layer2 = nn.Linear(hidden_size, output_size, **options)
        self._weights: list[Tensor] = [*self.layer1.parameters(), *self.layer2.parameters()]
        self.set_params(
            initial_params(input_size, hidden_size, output_size, weight_init_std, seed, dtype)
        )

    def native(self, array: Array) -> Tensor:
        """An array where this net computes: on the CPU it shares NumPy's memory."""
        return torch.from_numpy(array).to(self.layer1.weight.device)

    @property
    def params(self) -> dict[str, Array]:
        """Copies of W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) as NumPy arrays."""
        return {key: _array(key, w) for key, w in zip(PARAMS, self._weights, strict=True)}

    def set_params(self, params: dict[str, Array]) -> None:
        """Take over copies of W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""
        with torch.no_grad():
            for key, w in zip(PARAMS, self._weights, strict=True):
                w.copy_(torch.from_numpy(np.ascontiguousarray(params[key].T)))

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a1 = self.layer1(x)  # (N, H)
        z1 = torch.sigmoid(a1) if self.activation == "sigmoid" else torch.relu(a1)  # (N, H)
        a2 = self.layer2(z1)  # (N, C)
        return a1, z1, a2

    def forward(self, x: Tensor) -> Tensor:
        """a2 (N, C): the logits, or the identity output."""
        return self._forward(x)[2]

    def _output(self, a2: Tensor) -> Tensor:
        return a2.softmax(dim=1) if self.loss_name == "cross-entropy" else a2

    def _loss(self, a2: Tensor, t: Tensor) -> Tensor:
        if self.loss_name == "cross-entropy":
            return F.cross_entropy(a2, t.long() if t.ndim == 1 else t.to(a2.dtype))
        rows = F.one_hot(t.long(), a2.shape[1]) if t.ndim == 1 else t
        # reduction="mean" would divide by N·C
        return F.mse_loss(a2, rows.to(a2.dtype), reduction="sum") / (2 * len(a2))

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """y (N, C): probabilities, or the identity output."""
        return self._output(self(x))

    @torch.no_grad()
    def activations(self, x: Tensor) -> dict[str, Array]:
        """a1 (N, H), z1 (N, H), a2 (N, C) and y (N, C) of a forward pass, as NumPy arrays."""
        a1, z1, a2 = self._forward(x)
        made = {"a1": a1, "z1": z1, "a2": a2, "y": self._output(a2)}
        return {name: _array(name, tensor) for name, tensor in made.items()}

    @torch.no_grad()
    def loss(self, x: Tensor, t: Tensor) -> float:
        """The mean loss over the batch."""
        return self._loss(self(x), t).item()

    @torch.no_grad()
    def classes(self, x: Tensor) -> Tensor:
        """The class of each row (N,), its largest output."""
        return self(x).argmax(dim=1)

    @torch.no_grad()
    def accuracy(self, x: Tensor, t: Tensor) -> float:
        """The fraction of rows whose largest output is that of the target."""
        right: Any = 0
        for i in range(0, len(x), CHUNK):
            labels = t[i : i + CHUNK] if t.ndim == 1 else t[i : i + CHUNK].argmax(dim=1)
            right += (self.classes(x[i : i + CHUNK]) == labels).sum()
        return int(right) / len(x)  # the one synchronisation

    def _quantities(
        self, x: Tensor, t: Tensor, wanted: tuple[str, ...] = PARAMS
    ) -> dict[str, Tensor]:
        """A forward pass and autograd's backward pass: activations, loss, d of each wanted."""
        a1, z1, a2 = self._forward(x)
        loss = self._loss(a2, t)
        nodes = {"a1": a1, "z1": z1, "a2": a2, **dict(zip(PARAMS, self._weights, strict=True))}
        grads = torch.autograd.grad(loss, [nodes[name] for name in wanted])
        made = {"a1": a1, "z1": z1, "a2": a2, "loss": loss}
        return made | {"d" + name: grad for name, grad in zip(wanted, grads, strict=True)}

    def gradient(self, x: Tensor, t: Tensor) -> dict[str, Array]:
        """The gradient of the loss by autograd, with the keys of params."""
        quantities = self._quantities(x, t)
        return {key: _array(key, quantities["d" + key]) for key in PARAMS}

    def numerical_gradient(self, x: Tensor, t: Tensor) -> dict[str, Array]:
        """The same by central differences in float64 (chapter 4.5.1): slow, and a check."""
        twin, params = copy.deepcopy(self).double(), self.params

        def loss_of(key: str) -> Callable[[Array], float]:
            def loss_at(w: Array) -> float:
                twin.set_params(params | {key: w})
                return twin.loss(x.double(), t)

            return loss_at

        return {key: numerical_gradient(loss_of(key), w) for key, w in params.items()}

    def update(self, grads: dict[str, Array], lr: float) -> None:
        """Gradient descent in place, params ← params − η grads (chapter 4.4.1)."""
        self._descend([self.native(np.ascontiguousarray(grads[key].T)) for key in PARAMS], lr)

    @torch.no_grad()
    def _descend(self, grads: list[Tensor], lr: float) -> None:
        torch._foreach_add_(self._weights, grads, alpha=-lr)  # one call for all four

    def step(
        self, x: Tensor, t: Tensor, lr: float, wanted: tuple[str, ...] = PARAMS
    ) -> dict[str, Tensor]:
        """One step of training on one mini-batch; returns the quantities it made."""
        quantities = self._quantities(x, t, wanted)
        self._descend([quantities["d" + key] for key in PARAMS], lr)
        return quantities

    def trace(self, x: Tensor, t: Tensor, lr: float) -> dict[str, Array]:
        """The same step, with all that it read, made and left behind, by name, as NumPy arrays.

        x, t, lr and "W1 before" … are what it read, W1 … what it left behind.
        """
        read = {"x": _array("x", x), "t": _array("t", t), "lr": np.asarray(lr)}
        before = {f"{key} before": value for key, value in self.params.items()}
        made = self.step(x, t, lr, wanted=("a2", "W2", "b2", "z1", "a1", "W1", "b1"))
        made["y"] = self._output(made["a2"])
        return {**read, **before, **{k: _array(k, v) for k, v in made.items()}, **self.params}


def _array(name: str, tensor: Tensor) -> Array:
    """A copy in NumPy; W1, W2 and their gradients turned from torch's (out, in) to (in, out)."""
    array = tensor.detach().cpu().numpy()
    return (array.T if name.removeprefix("d") in ("W1", "W2") else array).copy()
