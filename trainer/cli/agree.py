"""Say whether two functions differ by rounding or by a bug, on inputs of a file."""

import importlib
import importlib.util
import inspect
import json
import sys
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from trainer.cli.options import Parser
from trainer.cli.program import Program
from trainer.common.errors import InputError, describe_error
from trainer.common.text import print_line

STATUSES = {"agree": 0, "different": 1, "loses precision": 1, "cannot tell": 2}


def main(argv: list[str] | None = None, program: Program = Program("agree")) -> int:
    """Compare two functions; return 0 if they agree, 1 if not, 2 if that cannot be told."""
    arguments = _make_parser(program).parse_args(argv)

    from trainer.auditing.agreeing.agree import agree  # not above, since it may import torch

    names = _parse_names(arguments.names)
    # Prints of the functions would make the output no JSON.
    with redirect_stdout(sys.stderr if arguments.json else sys.stdout):
        old, new = load_function(arguments.old), load_function(arguments.new)
        reference = arguments.reference and load_function(arguments.reference)
        result = agree(
            old, new, *read_inputs(arguments.inputs, old), gradients=arguments.gradients,
            reference=reference, names=names, devices=arguments.devices or (None, None),
        )  # fmt: skip
    text = json.dumps(result.to_json(), allow_nan=False) if arguments.json else str(result)
    for line in text.splitlines():
        print_line(line)
    return STATUSES[result.status]


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, __doc__)
    for name in ("old", "new"):
        text = "a function or module: FILE.py:NAME or PACKAGE.MODULE:NAME"
        parser.add_argument(name, metavar=f"{name.upper()}:NAME", help=text)
    parser.add_argument("--inputs", required=True, type=Path, metavar="FILE",
                        help=".npz or .npy; arrays with the names of OLD's parameters are given to "
                             "these, others in the order of the file")  # fmt: skip
    parser.add_argument("--gradients", action="store_true", help="compare the gradients too")
    parser.add_argument("--reference", metavar="FILE:NAME", help="a function that is right")
    parser.add_argument("--devices", nargs=2, metavar=("OLD", "NEW"),
                        help="devices of torch, such as cpu cuda")  # fmt: skip
    parser.add_argument("--names", nargs="+", default=[], metavar="OLD=NEW",
                        help="submodules of two torch modules that have other names")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    return parser


def _parse_names(pairs: list[str]) -> dict[str, str]:
    for pair in pairs:
        if pair.count("=") != 1:
            raise InputError(f"--names {pair}: give OLD=NEW, such as fc1=dense1")
    return dict(pair.split("=") for pair in pairs)


def load_function(text: str) -> Any:
    """Return the object that FILE.py:NAME or MODULE:NAME names.

    Running the file runs its code. Raises InputError if there is no such file, module or name.
    """
    place, _, name = text.rpartition(":")
    if not (place and name):
        raise InputError(f"{text}: give a file and a name in it, as in port.py:softmax")
    try:
        module = (
            _load_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
        )
        found = module
        for part in name.split("."):
            found = getattr(found, part)
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # The file may raise anything.
        raise InputError(f"{text}: {describe_error(error)}") from error
    if isinstance(found, type) or not callable(found):
        raise InputError(f"{text}: is no function; name a function, or an instance of a module")
    return found


@cache
def _load_file(path: Path) -> Any:
    """Return the module of a file, run once also if both sides are in it."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    spec = importlib.util.spec_from_file_location(f"agree {path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)  # where dataclasses look for their annotations
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def read_inputs(path: Path, function: Any) -> list[Any]:
    """Return the arrays of a file in the order of the function's parameters if it has their names.

    Raises InputError if the file cannot be read.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else {"x": loaded}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InputError(f"--inputs {path}: no .npz or .npy file of numbers") from error
    try:
        call = getattr(function, "forward", function)
        parameters = list(inspect.signature(call).parameters)
    except (TypeError, ValueError):  # a built-in function
        parameters = []
    known = [name for name in parameters if name in arrays]
    if known and len(known) < len(arrays):
        unknown = ", ".join(name for name in arrays if name not in known)
        raise InputError(
            f"--inputs {path}: the function has no parameter {unknown}; "
            f"its parameters are {', '.join(parameters)}"
        )
    if known != parameters[: len(known)]:
        missing = next(name for name in parameters if name not in arrays)
        raise InputError(f"--inputs {path}: has no array {missing}, a parameter before others")
    return [arrays[name] for name in known or arrays]
