"""Describe the machine, the BLAS kernels and the versions that measurements depend on."""

import importlib.util
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

import torch
from threadpoolctl import threadpool_info

from trainer.common.errors import InputError
from trainer.data.digits import Digits
from trainer.training.metadata import find_versions

FORCING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def check_environment() -> None:
    """Raise InputError if a variable forces OpenBLAS to another kernel than the machine's own.

    OpenBLAS reads them when NumPy is imported, so that they cannot be unset here.
    """
    if forcing := [name for name in FORCING if name in os.environ]:
        raise InputError(
            f"{' and '.join(forcing)} force OpenBLAS to a kernel that may not be this machine's "
            f"own; start again after: unset {' '.join(forcing)}"
        )


def describe_environment(device: str, digits: Digits, rounds: int) -> dict[str, str | int]:
    """Return the machine, data and versions that the numbers depend on, for people to read."""
    return {
        "data set": f"{digits.name}, {len(digits.x_train):,} + {len(digits.x_test):,} images",
        "processor": _find_processor(),
        "cores": torch.get_num_threads(),
        "device": device,
        "system": platform.platform(terse=True),
        **find_versions(),
        **_find_blas(device),
        **({"scikit-learn": version("scikit-learn")} if has_sklearn() else {}),
        "rounds": rounds,
    }


def _find_processor() -> str:
    """Return the model name of the processor on Linux, or what Python knows of it elsewhere."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"^model name\s*: (.+)", text, re.MULTILINE)
    return model[1] if model else platform.processor() or platform.machine()


def _find_blas(device: str) -> dict[str, str]:
    """Return the BLAS of NumPy and of torch with version and kernel: "openblas 0.3.31 Haswell"."""
    keys = "internal_api", "version", "architecture"
    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    found = [" ".join(str(each[key]) for key in keys if each.get(key)) for each in libraries]
    mkl = re.search(r"Math Kernel Library Version (\S+?)-", torch.__config__.parallel_info())
    kernel = f"{f'mkl {mkl[1]}' if mkl else 'blas'} {torch.backends.cpu.get_cpu_capability()}"
    return {
        "blas": ", ".join(dict.fromkeys(found)) or "unknown",
        "torch blas": kernel if device == "cpu" else device,
    }


def has_sklearn() -> bool:
    """Return whether scikit-learn, which is not in requirements.txt, is installed."""
    return importlib.util.find_spec("sklearn") is not None
