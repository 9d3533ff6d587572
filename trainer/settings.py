"""The settings of a run, once: their defaults are the book's (chapter 4.5.2)."""

import math
from dataclasses import dataclass, field, fields
from typing import Any

from trainer.errors import InputError

MOST_STD = 1e6


def _option(default: Any, text: str, *choices: str) -> Any:
    return field(default=default, metadata={"help": text, "choices": choices or None})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that decides the numbers of a run; raises InputError where one cannot be used."""

    backend: str = _option("numpy", "who computes: by hand, or by autograd", "numpy", "torch")
    device: str = _option("auto", "torch's device; auto is CUDA if there", "cpu", "cuda", "auto")
    dataset: str | None = _option(
        None,
        "default: mnist if it is there or can be fetched, otherwise mnist-5k",
        "mnist", "fashion-mnist", "kmnist", "mnist-5k",
    )  # fmt: skip
    preprocess: str = _option(
        "normalise", "preparation of the pixels", "normalise", "standardise", "whiten"
    )
    iterations: int = _option(10_000, "steps of gradient descent")
    batch_size: int = _option(100, "images in a mini-batch, drawn with replacement")
    lr: float = _option(0.1, "learning rate η")
    hidden_size: int = _option(50, "neurons of the hidden layer")
    activation: str = _option("sigmoid", "of the hidden layer", "sigmoid", "relu")
    loss: str = _option(
        "cross-entropy", "on softmax, or on the identity", "cross-entropy", "squared-error"
    )
    weight_init_std: float = _option(0.01, "deviation of the initial weights")
    gradient: str = _option(
        "backprop", "numerical is the book's check, and hours slow", "backprop", "numerical"
    )
    eval_every: int = _option(10, "iterations between evaluations of both whole sets")
    checkpoint_every: int = _option(1000, "iterations between checkpoints; one at either end too")
    evaluation: str = _option(
        "lazy", "of every image, or of those whose class can have changed: equal", "full", "lazy"
    )
    seed: int = _option(0, "of initial weights and batches")
    dtype: str = _option("float32", "to train, or to prove", "float32", "float64")

    def __post_init__(self) -> None:
        for setting in fields(self):
            value, choices = getattr(self, setting.name), setting.metadata["choices"]
            flag = "--" + setting.name.replace("_", "-")
            if choices and value not in (*choices, setting.default):
                raise InputError(f"{flag} {value}: choose one of {', '.join(choices)}")
            if isinstance(setting.default, int | float):
                _check_number(flag, value, zero=setting.name in ("seed", "weight_init_std"))
        if self.weight_init_std > MOST_STD:  # a1 of float32 would overflow
            raise InputError(
                f"--weight-init-std {self.weight_init_std}: must be {MOST_STD:g} or less"
            )
        if self.backend == "numpy" and self.device == "cuda":
            raise InputError("--device cuda: NumPy computes on the CPU; add --backend torch")


def _check_number(flag: str, value: float, zero: bool) -> None:
    # Compared, since math.isfinite takes no integer of 400 digits; NaN fails every comparison.
    if not 0 <= value < math.inf or (value == 0 and not zero):
        needed = "0 or more" if zero else "more than 0"
        raise InputError(f"{flag} {value}: must be a finite number, {needed}")
