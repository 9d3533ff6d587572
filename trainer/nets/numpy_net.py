"""The book's two-layer network by hand in NumPy; torch_net.py is its twin.

Shapes: N batch, D inputs, H hidden, C classes.
"""

from functools import partial

import numpy as np

from trainer.book.functions import (
    Array,
    Scalar,
    one_hot,
    relu,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    squared_error,
)
from trainer.book.gradient import numerical_gradient
from trainer.common.settings import Activation, Dtype, Loss
from trainer.nets.initial import draw_params

CHUNK = 500  # rows that accuracy evaluates at a time, so that a1 and z1 stay in the cache


class TwoLayerNet:
    """A net: input → affine → sigmoid or ReLU → affine → softmax or identity (chapter 4.5).

    The output is softmax for the loss "cross-entropy" and the identity for "squared-error",
    the mean over the batch of ½ Σ (y − t)². Targets are labels (N,) or one-hot rows (N, C).
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
        self.params = draw_params(
            input_size, hidden_size, output_size, weight_init_std, seed, dtype
        )

    def native(self, array: Array) -> Array:
        """Return the array itself, not a copy, since this net computes on NumPy arrays."""
        return array

    def set_params(self, params: dict[str, Array]) -> None:
        """Copy W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) into the net."""
        self.params = {key: np.array(params[key]) for key in self.params}

    def _forward(self, x: Array) -> tuple[Array, Array, Array]:
        a1 = x @ self.params["W1"] + self.params["b1"]  # (N, H)
        z1 = sigmoid(a1) if self.activation == "sigmoid" else relu(a1)  # (N, H)
        a2 = z1 @ self.params["W2"] + self.params["b2"]  # (N, C)
        return a1, z1, a2

    def _compute_output(self, a2: Array) -> Array:
        return softmax(a2) if self.loss_name == "cross-entropy" else a2

    def _compute_loss(self, a2: Array, t: Array) -> Scalar:
        if self.loss_name == "cross-entropy":
            return softmax_cross_entropy(a2, t)
        return squared_error(a2, t)

    def predict(self, x: Array) -> Array:
        """Return y (N, C): probabilities, or a2 for the loss "squared-error"."""
        return self._compute_output(self._forward(x)[2])

    def activations(self, x: Array) -> dict[str, Array]:
        """Return a forward pass as a dict: a1 (N, H), z1 (N, H), a2 (N, C), y (N, C)."""
        a1, z1, a2 = self._forward(x)
        return {"a1": a1, "z1": z1, "a2": a2, "y": self._compute_output(a2)}

    def loss(self, x: Array, t: Array) -> float:
        """Return the mean loss over the batch."""
        return float(self._compute_loss(self._forward(x)[2], t))

    def classes(self, x: Array) -> Array:
        """Return the class of each row (N,), that of its largest output."""
        return self._forward(x)[2].argmax(axis=1)  # Softmax would not change the order.

    def accuracy(self, x: Array, t: Array) -> float:
        """Return the fraction of rows whose largest output is that of the target."""
        correct = 0
        for i in range(0, len(x), CHUNK):
            labels = t[i : i + CHUNK] if t.ndim == 1 else t[i : i + CHUNK].argmax(axis=1)
            correct += int(np.count_nonzero(self.classes(x[i : i + CHUNK]) == labels))
        return correct / len(x)

    def _compute_quantities(self, x: Array, t: Array) -> dict[str, Array]:
        """Return a dict of a forward and a backward pass, in the order of computation."""
        a1, z1, a2 = self._forward(x)
        y = self._compute_output(a2)  # (N, C)

        da2 = (y - one_hot(t, y)) / len(x)  # (N, C), the same for both losses
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
        """Return the gradient of the loss by backpropagation, as a dict keyed W1, b1, W2, b2."""
        quantities = self._compute_quantities(x, t)
        return {key: quantities["d" + key] for key in self.params}

    def numerical_gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """Return the same gradient by central differences in float64, slowly (chapter 4.5.1)."""
        x, params = x.astype(np.float64), self.params
        self.params = {key: value.astype(np.float64) for key, value in params.items()}

        def loss_at(key: str, w: Array) -> float:
            self.params[key] = w
            return self.loss(x, t)

        try:
            return {key: numerical_gradient(partial(loss_at, key), w) for key, w in params.items()}
        finally:
            self.params = params

    def update(self, grads: dict[str, Array], lr: float) -> None:
        """Move the parameters in place: params ← params − η grads (chapter 4.4.1)."""
        for key in self.params:
            self.params[key] -= lr * grads[key]

    def step(self, x: Array, t: Array, lr: float) -> dict[str, Array]:
        """Train on one mini-batch and return the dict of quantities that was computed."""
        quantities = self._compute_quantities(x, t)
        self.update({key: quantities["d" + key] for key in self.params}, lr)
        return quantities

    def trace(self, x: Array, t: Array, lr: float) -> dict[str, Array]:
        """Train on one mini-batch and return everything the step read, computed and updated.

        The keys are x, t, lr, "W1 before" …, a1 … db1, loss, and W1 … for the updated parameters.
        """
        read = {"x": x, "t": t, "lr": np.asarray(lr)}
        before = {f"{key} before": value.copy() for key, value in self.params.items()}
        computed = self.step(x, t, lr)
        computed["loss"] = np.asarray(self._compute_loss(computed["a2"], t))
        after = {key: value.copy() for key, value in self.params.items()}
        return {**read, **before, **computed, **after}
