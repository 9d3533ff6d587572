"""The Fish Book's two-layer network, twice, on one loop; tools that compare and check nets.

Everything here is imported when it is first used, since torch takes seconds:

    TwoLayerNet, TorchTwoLayerNet   the net by hand in NumPy, and by autograd in torch
    Settings                        the settings of a run
    train                           train one net in a new folder (trainer.training.run.run)
    compare                         both nets in step, every quantity checked
    audit                           one step of a net against float64 and rounding bounds
    check                           a net in a file that somebody else wrote
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.auditing.audit import audit
    from trainer.checker.process import check_in_child as check
    from trainer.common.settings import Settings
    from trainer.nets.numpy_net import TwoLayerNet
    from trainer.nets.torch_net import TorchTwoLayerNet
    from trainer.training.compare_run import compare_run as compare
    from trainer.training.run import run as train

_PUBLIC = {
    "Settings": ("trainer.common.settings", "Settings"),
    "TorchTwoLayerNet": ("trainer.nets.torch_net", "TorchTwoLayerNet"),
    "TwoLayerNet": ("trainer.nets.numpy_net", "TwoLayerNet"),
    "audit": ("trainer.auditing.audit", "audit"),
    "check": ("trainer.checker.process", "check_in_child"),
    "compare": ("trainer.training.compare_run", "compare_run"),
    "train": ("trainer.training.run", "run"),
}
__all__ = [
    "Settings", "TorchTwoLayerNet", "TwoLayerNet", "__version__", "audit", "check", "compare",
    "train",
]  # fmt: skip

try:
    __version__ = version("two-layer-net-trainer")
except PackageNotFoundError:  # run from the source before it is installed
    __version__ = "not installed"


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'trainer' has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    return getattr(import_module(module), attribute)
