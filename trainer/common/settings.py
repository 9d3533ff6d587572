"""The settings of a run, with the defaults of the book (chapter 4.5.2)."""

import math
import re
import sys
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from trainer.common.errors import SettingError
from trainer.common.language import N_
from trainer.common.language import translate as _

Backend = Literal["numpy", "torch"]
Device = str  # "auto" or a name that DEVICES matches
Dataset = Literal["mnist", "fashion-mnist", "kmnist", "mnist-5k"]
Preprocess = Literal["normalise", "standardise", "whiten"]
Activation = Literal["sigmoid", "relu"]
Loss = Literal["cross-entropy", "squared-error"]
Gradient = Literal["backprop", "numerical"]
EvaluationKind = Literal["full", "lazy"]
Dtype = Literal["float32", "float64"]

DEVICES = re.compile(r"cpu|cuda(:(0|[1-9][0-9]{0,2}))?|mps")
LARGEST_STD = 1e6  # beyond it a1 overflows in float32
LARGEST_NUMBERS = {"float32": (2 - 2**-23) * 2.0**127, "float64": sys.float_info.max}
LARGEST_COUNT = 2**63 - 1  # an event file holds iterations of 64 bits
COUNTS = ("iterations", "eval_every", "checkpoint_every", "seed")


def _option(default: Any, text: str, kind: Any = None) -> Any:
    """Return a field with its help text; kind is the Literal type of the values to choose from."""
    return field(default=default, metadata={"help": text, "choices": get_args(kind) or None})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides the numbers of a run; raises InputError for an unusable value."""

    backend: Backend = _option(
        "numpy", N_("NumPy with gradients by hand, or torch with autograd"), Backend
    )
    device: Device = _option(
        "auto",
        N_(
            "device for torch: cpu, cuda, cuda:N (the GPU of number N), mps (an Apple GPU, without "
            "float64) or auto: cuda if torch sees such a GPU, otherwise the CPU"
        ),
    )
    dataset: Dataset | None = _option(
        None, N_("data set; default: mnist if present or downloadable, otherwise mnist-5k"), Dataset
    )
    preprocess: Preprocess = _option("normalise", N_("how the pixels are prepared"), Preprocess)
    iterations: int = _option(10_000, N_("steps of gradient descent"))
    batch_size: int = _option(100, N_("images in a mini-batch, drawn with replacement"))
    lr: float = _option(0.1, N_("learning rate η"))
    hidden_size: int = _option(50, N_("neurons of the hidden layer"))
    activation: Activation = _option("sigmoid", N_("activation of the hidden layer"), Activation)
    loss: Loss = _option(
        "cross-entropy",
        N_("loss: cross-entropy after a softmax, or squared error of the plain output"),
        Loss,
    )
    weight_init_std: float = _option(0.01, N_("standard deviation of the initial weights"))
    gradient: Gradient = _option(
        "backprop",
        N_("backpropagation, or numerical differences, which take hours on the full net"),
        Gradient,
    )
    eval_every: int = _option(10, N_("iterations between evaluations of the whole data set"))
    checkpoint_every: int = _option(
        1000, N_("iterations between checkpoints; one is written at the start and the end too")
    )
    evaluation: EvaluationKind = _option(
        "lazy",
        N_(
            "evaluate every image (full), or only images whose class may have changed since their "
            "last evaluation (lazy, faster); both give the same accuracy"
        ),
        EvaluationKind,
    )
    seed: int = _option(0, N_("seed of the initial weights and of the mini-batches"))
    dtype: Dtype = _option(
        "float32", N_("floating-point type; use float64 to compare implementations"), Dtype
    )

    def __post_init__(self) -> None:
        for setting in fields(self):
            value, choices = getattr(self, setting.name), setting.metadata["choices"]
            if choices and value not in (*choices, setting.default):
                text = _("choose one of {names}", names=", ".join(choices))
                raise SettingError(setting.name, value, text)
            if isinstance(setting.default, int | float):
                _check_number(setting.name, value, type(setting.default))
        self._check_largest()
        _check_device(self.device, self.backend)

    def _check_largest(self) -> None:
        """Raise SettingError for a number that is too large."""
        for name in COUNTS:
            if getattr(self, name) > LARGEST_COUNT:
                text = _("must be {number} or less", number=LARGEST_COUNT)
                raise SettingError(name, getattr(self, name), text)
        if self.lr > LARGEST_NUMBERS[self.dtype]:
            reason = _(
                "does not fit {dtype}, whose largest number is {largest:.2g}; give a smaller rate",
                dtype=self.dtype, largest=LARGEST_NUMBERS[self.dtype],
            )  # fmt: skip
            if self.dtype == "float32":
                reason += _(", or use the dtype float64")
            raise SettingError("lr", self.lr, reason)
        if self.weight_init_std > LARGEST_STD:
            reason = _("must be {number:g} or less", number=LARGEST_STD)
            raise SettingError("weight_init_std", self.weight_init_std, reason)


def option_of(name: str) -> str:
    """Return the command-line option of a setting, such as --batch-size for batch_size."""
    return "--" + name.replace("_", "-")


def _check_device(device: Device, backend: Backend) -> None:
    """Raise SettingError unless it is a name of a device on which the backend computes."""
    if device != "auto" and not DEVICES.fullmatch(device):
        raise SettingError("device", device, _("give cpu, cuda, cuda:N, mps or auto"))
    if backend == "numpy" and device not in ("auto", "cpu"):
        text = _("NumPy computes on the CPU; use the backend torch")
        raise SettingError("device", device, text)


def _check_number(name: str, value: Any, kind: type) -> None:
    """Raise SettingError unless the value is of the kind, finite and more than 0, or 0 if it may.

    kind is int, or float for which an int will do too.
    """
    if isinstance(value, bool) or not isinstance(value, kind if kind is int else (int, float)):
        text = _("must be an integer") if kind is int else _("must be a number")
        raise SettingError(name, repr(value), text)
    may_be_zero = name in ("seed", "weight_init_std")
    # Not by math.isfinite, which fails for an integer of 400 digits. NaN fails every comparison.
    if not 0 <= value < math.inf or (value == 0 and not may_be_zero):
        at_least = _("must be a finite number, 0 or more")
        more = _("must be a finite number, more than 0")
        raise SettingError(name, value, at_least if may_be_zero else more)
