"""The book's two-layer network by hand in NumPy: its twin is trainer/torch_net.py.

Shapes: N batch, D inputs, H hidden, C classes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.book.functions import (
    Array,
    one_hot,
    relu,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    squared_error,
)
from trainer.book.gradient import numerical_gradient
from trainer.common.settings import Activation, Dtype, Loss
from trainer.nets.initial import initial_params

CHUNK = 500  # rows of an evaluation at a time, so that a1 and z1 stay in the cache


class TwoLayerNet:
    """input → affine → sigmoid or ReLU → affine → softmax or identity (chapter 4.5).

    activation: "sigmoid" or "relu". loss: "cross-entropy" on softmax, or "squared-error",
    the mean over the batch of ½ Σ (y − t)², on the identity. Targets are labels (N,) or
    one-hot rows (N, C).
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
    ):
        self.activation, self.loss_name = activation, loss
        self.params = initial_params(
            input_size, hidden_size, output_size, weight_init_std, seed, dtype
        )

    def native(self, array: Array) -> Array:
        """An array where this net computes: as it is."""
        return array

    def set_params(self, params: dict[str, Array]) -> None:
        """Take over copies of W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""
        self.params = {key: np.array(params[key]) for key in self.params}

    def _forward(self, x: Array) -> tuple[Array, Array, Array]:
        a1 = x @ self.params["W1"] + self.params["b1"]  # (N, H)
        z1 = sigmoid(a1) if self.activation == "sigmoid" else relu(a1)  # (N, H)
        a2 = z1 @ self.params["W2"] + self.params["b2"]  # (N, C)
        return a1, z1, a2

    def _output(self, a2: Array) -> Array:
        return softmax(a2) if self.loss_name == "cross-entropy" else a2

    def _loss(self, a2: Array, t: Array) -> Any:
        if self.loss_name == "cross-entropy":
            return softmax_cross_entropy(a2, t)
        return squared_error(a2, t)

    def predict(self, x: Array) -> Array:
        """y (N, C): probabilities, or the identity output."""
        return self._output(self._forward(x)[2])

    def activations(self, x: Array) -> dict[str, Array]:
        """a1 (N, H), z1 (N, H), a2 (N, C) and y (N, C) of a forward pass, by name."""
        a1, z1, a2 = self._forward(x)
        return {"a1": a1, "z1": z1, "a2": a2, "y": self._output(a2)}

    def loss(self, x: Array, t: Array) -> float:
        """The mean loss over the batch."""
        return float(self._loss(self._forward(x)[2], t))

    def classes(self, x: Array) -> Array:
        """The class of each row (N,), its largest output."""
        return self._forward(x)[2].argmax(axis=1)  # softmax would not change which it is

    def accuracy(self, x: Array, t: Array) -> float:
        """The fraction of rows whose largest output is that of the target."""
        right = 0
        for i in range(0, len(x), CHUNK):
            labels = t[i : i + CHUNK] if t.ndim == 1 else t[i : i + CHUNK].argmax(axis=1)
            right += int(np.count_nonzero(self.classes(x[i : i + CHUNK]) == labels))
        return right / len(x)

    def _quantities(self, x: Array, t: Array) -> dict[str, Array]:
        """Each quantity of a forward and a backward pass, in the order of computation."""
        a1, z1, a2 = self._forward(x)
        y = self._output(a2)  # (N, C)

        da2 = (y - one_hot(t, y)) / len(x)  # (N, C), of either loss
        dW2 = z1.T @ da2  # (H, C)
        db2 = da2.sum(axis=0)  # (C,)
        dz1 = da2 @ self.params["W2"].T  # (N, H)
        if self.activation == "sigmoid":
            da1 = dz1 * (z1 * (1 - z1))  # (N, H)
        else:
            da1 = np.where(a1 > 0, dz1, 0)  # (N, H)
        dW1 = x.T @ da1  # (D, H)
        db1 = da1.sum(axis=0)  # (H,)
        return {
            "a1": a1, "z1": z1, "a2": a2, "y": y,
            "da2": da2, "dW2": dW2, "db2": db2, "dz1": dz1, "da1": da1, "dW1": dW1, "db1": db1,
        }  # fmt: skip

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """The gradient of the loss by backpropagation, with the keys of params."""
        quantities = self._quantities(x, t)
        return {key: quantities["d" + key] for key in self.params}

    def numerical_gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """The same by central differences in float64 (chapter 4.5.1): slow, and a check."""
        x, original = x.astype(np.float64), self.params
        self.params = {key: value.astype(np.float64) for key, value in original.items()}

        def loss_of(key: str) -> Callable[[Array], float]:
            def loss_at(w: Array) -> float:
                self.params[key] = w
                return self.loss(x, t)

            return loss_at

        try:
            return {key: numerical_gradient(loss_of(key), w) for key, w in original.items()}
        finally:
            self.params = original

    def update(self, grads: dict[str, Array], lr: float) -> None:
        """Gradient descent in place, params ← params − η grads (chapter 4.4.1)."""
        for key in self.params:
            self.params[key] -= lr * grads[key]

    def step(self, x: Array, t: Array, lr: float) -> dict[str, Array]:
        """One step of training on one mini-batch; returns the quantities it made."""
        quantities = self._quantities(x, t)
        self.update({key: quantities["d" + key] for key in self.params}, lr)
        return quantities

    def trace(self, x: Array, t: Array, lr: float) -> dict[str, Array]:
        """The same step, with all that it read, made and left behind, by name.

        x, t, lr and "W1 before" … are what it read, W1 … what it left behind.
        """
        read = {"x": x, "t": t, "lr": np.asarray(lr)}
        before = {f"{key} before": value.copy() for key, value in self.params.items()}
        made = self.step(x, t, lr)
        made["loss"] = np.asarray(self._loss(made["a2"], t))
        return {**read, **before, **made, **{k: v.copy() for k, v in self.params.items()}}
