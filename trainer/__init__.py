"""The two-layer network of the Fish Book (Deep Learning from Scratch), in NumPy and in torch.

Each name is imported when it is first used, since torch takes seconds; docs/api.md has examples:

    TwoLayerNet, TorchTwoLayerNet   the net by hand in NumPy, and by autograd in torch
    Settings                        the settings of a run
    train, load_run                 train one net in a new folder; the net of such a folder
    load_digits                     the images and labels of a data set
    compare                         train both nets in step and check every quantity
    audit                           check one step of a net by bounds on its rounding errors
    check, explain                  check a net that you wrote; explain a mistake of the catalogue
    agree                           decide whether two functions differ by rounding or by a bug
    InputError                      what cannot be used, in one line that says what to do
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.auditing.agreeing.agree import agree
    from trainer.auditing.audit import audit
    from trainer.auditing.mistake_pages import explain_mistake as explain
    from trainer.checker.live.live import check
    from trainer.checker.own_training import train
    from trainer.common.errors import InputError
    from trainer.common.settings import Settings
    from trainer.data.digits import load_digits
    from trainer.nets.numpy_net import TwoLayerNet
    from trainer.nets.torch_net import TorchTwoLayerNet
    from trainer.training.checkpoint import load_run
    from trainer.training.compare_run import compare_run as compare

_PUBLIC = {
    "InputError": ("trainer.common.errors", "InputError"),
    "Settings": ("trainer.common.settings", "Settings"),
    "TorchTwoLayerNet": ("trainer.nets.torch_net", "TorchTwoLayerNet"),
    "TwoLayerNet": ("trainer.nets.numpy_net", "TwoLayerNet"),
    "agree": ("trainer.auditing.agreeing.agree", "agree"),
    "audit": ("trainer.auditing.audit", "audit"),
    "check": ("trainer.checker.live.live", "check"),
    "compare": ("trainer.training.compare_run", "compare_run"),
    "explain": ("trainer.auditing.mistake_pages", "explain_mistake"),
    "load_digits": ("trainer.data.digits", "load_digits"),
    "load_run": ("trainer.training.checkpoint", "load_run"),
    "train": ("trainer.checker.own_training", "train"),
}
__all__ = [
    "InputError", "Settings", "TorchTwoLayerNet", "TwoLayerNet", "__version__", "agree", "audit",
    "check", "compare", "explain", "load_digits", "load_run", "train",
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
