"""The same network as a torch.nn.Module with gradients by autograd, the twin of numpy_net.py.

Shapes: N batch, D inputs, H hidden, C classes. nn.Linear stores W as (out, in). In params, grads
and traces it is (in, out), as in the book.
"""

import copy
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from trainer.book.functions import Array
from trainer.book.gradient import numerical_gradient
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.settings import Activation, Dtype, Loss
from trainer.nets.initial import draw_params
from trainer.nets.numpy_net import CHUNK

PARAMS = ("W1", "b1", "W2", "b2")  # in the order of Module.parameters()


def pick_device(name: str) -> torch.device:
    """Return the torch device of that name; "auto" is CUDA where present, otherwise the CPU.

    For CUDA, products are set to full float32 precision. Raises InputError if torch has no such
    device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _colon, number = name.partition(":")
    if kind == "cuda":
        _check_cuda(name, int(number or 0))
        torch.set_float32_matmul_precision("highest")  # not TF32, which keeps 11 bits
    if kind == "mps" and not torch.backends.mps.is_available():
        raise InputError(_("--device mps: torch sees no Apple GPU here; use --device cpu"))
    return torch.device(name)


def _check_cuda(name: str, number: int) -> None:
    """Raise InputError unless torch has a CUDA device of this number."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        text = _("torch sees no CUDA device here; use --device cpu")
        raise InputError(f"--device {name}: {text}")
    if number >= count:
        text = _("torch sees cuda:0 to cuda:{last} here; use one of these", last=count - 1)
        text = _("torch sees only cuda:0 here; use that") if count == 1 else text
        raise InputError(f"--device {name}: {text}")


class TorchTwoLayerNet(nn.Module):
    """The twin of TwoLayerNet in torch, with the same initial weights, on any device.

    x and t are tensors on the net's device, or arrays as TwoLayerNet takes them.
    """

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
        self._weights: dict[str, Tensor] = dict(zip(PARAMS, self.parameters(), strict=True))
        self.set_params(
            draw_params(input_size, hidden_size, output_size, weight_init_std, seed, dtype)
        )

    def native(self, array: Array) -> Tensor:
        """Return the array as a tensor on the net's device; on the CPU they share memory."""
        return torch.from_numpy(array).to(self.layer1.weight.device)

    @property
    def params(self) -> dict[str, Array]:
        """Copies of W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) as NumPy arrays."""
        return {key: _to_numpy(key, w) for key, w in self._weights.items()}

    def set_params(self, params: dict[str, Array]) -> None:
        """Copy W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) into the net."""
        with torch.no_grad():
            for key, w in self._weights.items():
                w.copy_(torch.from_numpy(np.ascontiguousarray(params[key].T)))

    def _take(self, given: Tensor | Array) -> Tensor:
        """Return an array as a tensor of the net, floating numbers in its dtype."""
        if isinstance(given, Tensor):
            return given
        tensor = self.native(given)
        return tensor.to(self.layer1.weight.dtype) if tensor.is_floating_point() else tensor

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a1 = self.layer1(self._take(x))  # (N, H)
        z1 = torch.sigmoid(a1) if self.activation == "sigmoid" else torch.relu(a1)  # (N, H)
        a2 = self.layer2(z1)  # (N, C)
        return a1, z1, a2

    def forward(self, x: Tensor) -> Tensor:
        """Return a2 (N, C), the logits."""
        return self._forward(x)[2]

    def _compute_output(self, a2: Tensor) -> Tensor:
        return a2.softmax(dim=1) if self.loss_name == "cross-entropy" else a2

    def _compute_loss(self, a2: Tensor, t: Tensor) -> Tensor:
        t = self._take(t)
        if self.loss_name == "cross-entropy":
            return F.cross_entropy(a2, t.long() if t.ndim == 1 else t.to(a2.dtype))
        rows = F.one_hot(t.long(), a2.shape[1]) if t.ndim == 1 else t
        # reduction="mean" would divide by N·C instead of N.
        return F.mse_loss(a2, rows.to(a2.dtype), reduction="sum") / (2 * len(a2))

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """Return y (N, C): probabilities, or a2 for the loss "squared-error"."""
        return self._compute_output(self(x))

    @torch.no_grad()
    def activations(self, x: Tensor) -> dict[str, Array]:
        """Return a forward pass as a dict of NumPy arrays: a1, z1 (N, H), a2, y (N, C)."""
        a1, z1, a2 = self._forward(x)
        tensors = {"a1": a1, "z1": z1, "a2": a2, "y": self._compute_output(a2)}
        return {name: _to_numpy(name, tensor) for name, tensor in tensors.items()}

    @torch.no_grad()
    def loss(self, x: Tensor, t: Tensor) -> float:
        """Return the mean loss over the batch."""
        return self._compute_loss(self(x), t).item()

    @torch.no_grad()
    def classes(self, x: Tensor) -> Tensor:
        """Return the class of each row (N,), that of its largest output."""
        return self(x).argmax(dim=1)

    @torch.no_grad()
    def accuracy(self, x: Tensor, t: Tensor) -> float:
        """Return the fraction of rows whose largest output is that of the target."""
        correct: int | Tensor = 0
        t = self._take(t)
        for i in range(0, len(x), CHUNK):
            labels = t[i : i + CHUNK] if t.ndim == 1 else t[i : i + CHUNK].argmax(dim=1)
            correct += (self.classes(x[i : i + CHUNK]) == labels).sum()
        return int(correct) / len(x)  # only here the CPU waits for the device

    def _compute_quantities(
        self, x: Tensor, t: Tensor, variables: tuple[str, ...] = PARAMS
    ) -> dict[str, Tensor]:
        """Return a1, z1, a2, loss, and by autograd its gradient for each variable (da1 of a1)."""
        a1, z1, a2 = self._forward(x)
        loss = self._compute_loss(a2, t)
        computed = {"a1": a1, "z1": z1, "a2": a2, "loss": loss}
        nodes = computed | self._weights
        grads = torch.autograd.grad(loss, [nodes[name] for name in variables])
        return computed | {"d" + name: grad for name, grad in zip(variables, grads, strict=True)}

    def gradient(self, x: Tensor, t: Tensor) -> dict[str, Array]:
        """Return the gradient of the loss by autograd, as a dict keyed W1, b1, W2, b2."""
        quantities = self._compute_quantities(x, t)
        return {key: _to_numpy(key, quantities["d" + key]) for key in PARAMS}

    def numerical_gradient(self, x: Tensor, t: Tensor) -> dict[str, Array]:
        """Return the same gradient by central differences in float64, slowly (chapter 4.5.1)."""
        twin, params = copy.deepcopy(self).double(), self.params

        def loss_at(key: str, w: Array) -> float:
            twin.set_params(params | {key: w})
            return twin.loss(self._take(x).double(), t)

        return {key: numerical_gradient(partial(loss_at, key), w) for key, w in params.items()}

    def update(self, grads: dict[str, Array], lr: float) -> None:
        """Move the parameters in place: params ← params − η grads (chapter 4.4.1)."""
        self._descend([self.native(np.ascontiguousarray(grads[key].T)) for key in PARAMS], lr)

    @torch.no_grad()
    def _descend(self, grads: list[Tensor], lr: float) -> None:
        torch._foreach_add_(list(self._weights.values()), grads, alpha=-lr)  # one call for all four

    def step(
        self, x: Tensor, t: Tensor, lr: float, variables: tuple[str, ...] = PARAMS
    ) -> dict[str, Tensor]:
        """Train on one mini-batch and return the dict of quantities that was computed."""
        quantities = self._compute_quantities(x, t, variables)
        self._descend([quantities["d" + key] for key in PARAMS], lr)
        return quantities

    def trace(self, x: Tensor, t: Tensor, lr: float) -> dict[str, Array]:
        """Train on one mini-batch and return everything the step read, computed and updated.

        Has the keys of numpy_net.TwoLayerNet.trace; all are NumPy arrays.
        """
        x, t = self._take(x), self._take(t)
        read = {"x": _to_numpy("x", x), "t": _to_numpy("t", t), "lr": np.asarray(lr)}
        before = {f"{key} before": value for key, value in self.params.items()}
        computed = self.step(x, t, lr, variables=("a2", "W2", "b2", "z1", "a1", "W1", "b1"))
        computed["y"] = self._compute_output(computed["a2"])
        arrays = {name: _to_numpy(name, tensor) for name, tensor in computed.items()}
        return {**read, **before, **arrays, **self.params}


def _to_numpy(name: str, tensor: Tensor) -> Array:
    """Return a NumPy copy, with W1, W2 and their gradients transposed to (in, out)."""
    array = tensor.detach().cpu().numpy()
    return (array.T if name.removeprefix("d") in ("W1", "W2") else array).copy()
