"""Build the net that the settings describe; torch is imported only where it is needed."""

from dataclasses import replace
from typing import Any

from trainer.common.settings import Device, Settings
from trainer.nets.net import Net
from trainer.nets.numpy_net import TwoLayerNet


def resolve_device(settings: Settings) -> Settings:
    """Return the settings with device "cpu" or "cuda" instead of "auto".

    On CUDA evaluation becomes "full", since a lazy evaluation computes on the CPU. Raises
    InputError if the device is not present.
    """
    if settings.backend == "numpy":
        return replace(settings, device="cpu")
    from trainer.nets.torch_net import pick_device

    device: Device = "cuda" if pick_device(settings.device).type == "cuda" else "cpu"
    evaluation = "full" if device == "cuda" else settings.evaluation
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
