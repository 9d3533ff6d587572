"""Build the net that the settings describe; torch is imported only where it is needed."""

from dataclasses import replace
from typing import Any

from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.settings import Settings
from trainer.nets.net import Net
from trainer.nets.numpy_net import TwoLayerNet


def resolve_device(settings: Settings) -> Settings:
    """Return the settings with device "cpu" or "cuda" instead of "auto".

    Evaluation becomes "full" except on the CPU, where alone a lazy evaluation computes. Raises
    InputError if the device is not present, or is mps and the settings need float64.
    """
    if settings.backend == "numpy":
        return replace(settings, device="cpu")
    from trainer.nets.torch_net import pick_device

    device = str(pick_device(settings.device))
    if device == "mps" and (settings.dtype == "float64" or settings.gradient == "numerical"):
        raise InputError(_(
            "--device mps: has no float64, which --dtype float64 and --gradient numerical need; "
            "use --device cpu"
        ))  # fmt: skip
    evaluation = settings.evaluation if device == "cpu" else "full"
    return replace(settings, device=device, evaluation=evaluation)


def build_net(
    settings: Settings, inputs: int, classes: int, numpy_class: type[TwoLayerNet] = TwoLayerNet
) -> Net[Any]:
    """Return the net of settings whose device is resolved, with its initial weights.

    inputs is D and classes C. numpy_class is the class of the net for the NumPy backend.
    """
    sizes = inputs, settings.hidden_size, classes, settings.weight_init_std
    options: dict[str, Any] = {
        name: getattr(settings, name) for name in ("activation", "loss", "seed", "dtype")
    }
    if settings.backend == "numpy":
        return numpy_class(*sizes, **options)
    from trainer.nets.torch_net import TorchTwoLayerNet

    return TorchTwoLayerNet(*sizes, device=settings.device, **options)
