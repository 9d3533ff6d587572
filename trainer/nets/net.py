"""What a two-layer net offers, whichever library computes it: the methods of both twins."""

from typing import Protocol, TypeVar

from trainer.book.functions import Array
from trainer.common.settings import Activation, Loss

A = TypeVar("A")  # the arrays of a net: NumPy's, or torch's tensors


class Net(Protocol[A]):
    """A two-layer net; shapes as in trainer/nets/numpy_net.py."""

    activation: Activation
    loss_name: Loss

    @property
    def params(self) -> dict[str, Array]:
        """W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) as NumPy arrays."""

    def set_params(self, params: dict[str, Array], /) -> None:
        """Copy the parameters into the net."""

    def native(self, array: Array, /) -> A:
        """Return the array as this net's library holds it, on the net's device."""

    def predict(self, x: A, /) -> A:
        """Return y (N, C)."""

    def classes(self, x: A, /) -> A:
        """Return the class of each row, (N,)."""

    def activations(self, x: A, /) -> dict[str, Array]:
        """Return a1, z1, a2 and y of a forward pass."""

    def loss(self, x: A, t: A, /) -> float:
        """Return the mean loss over the batch."""

    def accuracy(self, x: A, t: A, /) -> float:
        """Return the fraction of rows that are classified correctly."""

    def gradient(self, x: A, t: A, /) -> dict[str, Array]:
        """Return the gradient of the loss with respect to each parameter."""

    def numerical_gradient(self, x: A, t: A, /) -> dict[str, Array]:
        """Return the same gradient by central differences."""

    def update(self, grads: dict[str, Array], lr: float, /) -> None:
        """Move the parameters by −lr · grads."""

    def step(self, x: A, t: A, lr: float, /) -> dict[str, A]:
        """Train on one mini-batch; return the quantities that were computed."""

    def trace(self, x: A, t: A, lr: float, /) -> dict[str, Array]:
        """Train on one mini-batch; return every quantity that was read, computed or updated."""
