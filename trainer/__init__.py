"""The two-layer network of the Fish Book (Deep Learning from Scratch), in NumPy and in torch.

Each name is imported when it is first used, since torch takes seconds:

    TwoLayerNet, TorchTwoLayerNet   the net by hand in NumPy, and by autograd in torch
    InputError                      what cannot be used, in one line that says what to do
    Settings                        the settings of a run
    train                           train one net in a new folder (trainer.training.run.run)
    compare                         train both nets in step and check every quantity
    agree                           decide whether two functions differ by rounding or by a bug
    audit                           check one step of a net by bounds on its rounding errors
    check                           check a net: a live class, a function, globals(), or a file
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.auditing.agreeing.agree import agree
    from trainer.auditing.audit import audit
    from trainer.checker.live.live import check
    from trainer.common.errors import InputError
    from trainer.common.settings import Settings
    from trainer.nets.numpy_net import TwoLayerNet
    from trainer.nets.torch_net import TorchTwoLayerNet
    from trainer.training.compare_run import compare_run as compare
    from trainer.training.run import run as train

_PUBLIC = {
    "InputError": ("trainer.common.errors", "InputError"),
    "Settings": ("trainer.common.settings", "Settings"),
    "TorchTwoLayerNet": ("trainer.nets.torch_net", "TorchTwoLayerNet"),
    "TwoLayerNet": ("trainer.nets.numpy_net", "TwoLayerNet"),
    "agree": ("trainer.auditing.agreeing.agree", "agree"),
    "audit": ("trainer.auditing.audit", "audit"),
    "check": ("trainer.checker.live.live", "check"),
    "compare": ("trainer.training.compare_run", "compare_run"),
    "train": ("trainer.training.run", "run"),
}
__all__ = [
    "InputError", "Settings", "TorchTwoLayerNet", "TwoLayerNet", "__version__", "agree", "audit",
    "check", "compare", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _find_version()
    if name not in _PUBLIC:
        raise AttributeError(f"module 'trainer' has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    return getattr(import_module(module), attribute)


def _find_version() -> str:
    # Not imported above, since that takes a third of the time of --help.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("two-layer-net-trainer")
    except PackageNotFoundError:  # run from the source before it is installed
        return "not installed"
