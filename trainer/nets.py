"""Which net the settings ask for; torch is imported only where it is."""

from dataclasses import replace
from typing import Any

from trainer.numpy_net import TwoLayerNet
from trainer.settings import Settings


def resolved(settings: Settings) -> Settings:
    """The settings with the device that "auto" means here; InputError where there is none.

    On CUDA an evaluation is always full: the lazy one computes on the CPU.
    """
    if settings.backend == "numpy":
        return replace(settings, device="cpu")
    from trainer.torch_net import pick_device

    device = pick_device(settings.device).type
    evaluation = "full" if device == "cuda" else settings.evaluation
    return replace(settings, device=device, evaluation=evaluation)


def build(
    settings: Settings, inputs: int, classes: int, by_hand: type[TwoLayerNet] = TwoLayerNet
) -> Any:
    """The net of these resolved settings, with its initial weights.

    by_hand is the class of the NumPy one.
    """
    sizes = inputs, settings.hidden_size, classes, settings.weight_init_std
    options: dict[str, Any] = {
        name: getattr(settings, name) for name in ("activation", "loss", "seed", "dtype")
    }
    if settings.backend == "numpy":
        return by_hand(*sizes, **options)
    from trainer.torch_net import TorchTwoLayerNet

    return TorchTwoLayerNet(*sizes, device=settings.device, **options)
