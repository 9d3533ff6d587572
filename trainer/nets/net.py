"""The methods that the NumPy net and the torch net share."""

from typing import Protocol, TypeVar

from trainer.book.functions import Array
from trainer.common.settings import Activation, Loss

A = TypeVar("A")  # the arrays of a net: NumPy's, or torch's tensors


class Net(Protocol[A]):
    """A two-layer net. Shapes: N batch, D inputs, H hidden, C classes."""

    activation: Activation
    loss_name: Loss

    @property
    def params(self) -> dict[str, Array]:
        """W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) as NumPy arrays."""

    def set_params(self, params: dict[str, Array], /) -> None:
        """Copy W1, b1, W2, b2 into the net."""

    def native(self, array: Array, /) -> A:
        """Convert an array to the type of this net's library, on the net's device."""

    def predict(self, x: A, /) -> A:
        """Return y (N, C), probabilities or plain outputs, for x (N, D)."""

    def classes(self, x: A, /) -> A:
        """Return the class of each row (N,), that of its largest output."""

    def activations(self, x: A, /) -> dict[str, Array]:
        """Return a dict with a1, z1 (N, H), a2, y (N, C) of a forward pass."""

    def loss(self, x: A, t: A, /) -> float:
        """Return the mean loss over the batch; t: labels (N,) or one-hot rows (N, C)."""

    def accuracy(self, x: A, t: A, /) -> float:
        """Return the fraction of rows that are classified correctly."""

    def gradient(self, x: A, t: A, /) -> dict[str, Array]:
        """Return the gradient of the loss, as a dict keyed W1, b1, W2, b2."""

    def numerical_gradient(self, x: A, t: A, /) -> dict[str, Array]:
        """Return the same gradient by central differences."""

    def update(self, grads: dict[str, Array], lr: float, /) -> None:
        """Subtract lr · grads from the parameters, in place."""

    def step(self, x: A, t: A, lr: float, /) -> dict[str, A]:
        """Train on one mini-batch; return the quantities computed, such as a1 and dW1."""

    def trace(self, x: A, t: A, lr: float, /) -> dict[str, Array]:
        """Train on one mini-batch; return every array that was read, computed or updated."""
