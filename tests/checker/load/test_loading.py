"""Loading runs definitions, imports and constants, and says truly what it left out."""

import inspect
import json
import sys

import pytest
from mistaken import NETS
from reports import report_on

from trainer.checker.load.loading import Loader
from trainer.checker.load.source import read_source
from trainer.checker.load.standins import StandIn
from trainer.checker.load.star_imports import is_slip
from trainer.common.errors import InputError

RIGHT = (NETS / "chapter4.py").read_text()
HEAD, CLASS = RIGHT[: RIGHT.index("class")], RIGHT[RIGHT.index("class") :]
ARGUMENTS = "import argparse\nargs = argparse.ArgumentParser().parse_args()\n"


def write(folder, source, name="net.py"):
    path = folder / name
    path.write_text(source)
    return path


@pytest.mark.parametrize(
    "tail",
    [
        ARGUMENTS + "if args.plot:\n    SIZE = 3\n",
        ARGUMENTS + "if args.plot:\n    SIZE = 3\nelse:\n    SIZE = 4\nif SIZE > 3:\n    N = 1\n",
        "w = np.zeros(3)\nlr = load()\ngrad = np.ones(3)\nw -= lr * grad\n",
        "w = load()\nlr = 0.1\nw -= lr * 3\nv = w * 2\nif v[0] > 1:\n    u = 1\n",
        "losses = []\nfor i in range(3):\n    losses.append(i)\nif losses[-1] > 1:\n    N = 1\n",
        "data = load()\ndef show(n=len(data)):\n    pass\n",
        "data = load()\nclass Data(data.Base):\n    pass\n",
        "exec('SIZE = 3')\nif SIZE > 2:\n    N = 1\n",
        "best = None\nfor best in load():\n    pass\nif best.loss > 1:\n    N = 1\n",
        ARGUMENTS + "try:\n    N = args.n + 1\n    M = N.foo\nfinally:\n    pass\n",
        "def setup():\n    global SIZE\n    SIZE = 3\nsetup()\nif SIZE > 2:\n    K = 1\n",
    ],
)
def test_a_statement_that_needs_a_skipped_name_is_skipped_too(tail, tmp_path):
    report = report_on(write(tmp_path, RIGHT + "\n" + tail))
    assert report.status == 0, report.as_text()


def test_a_name_that_depends_on_a_skipped_one_is_reported_as_not_set(tmp_path):
    source = ARGUMENTS + "n = args.n\nN = n + 1\n" + RIGHT.replace("/ batch_num", "/ N")
    report = report_on(write(tmp_path, source))
    assert report.status == 2, report.as_text()
    assert "N: set at line 4 of net.py, by a statement that was not run" in report.as_text()


def test_a_script_may_be_imported_by_what_it_imports(tmp_path):
    write(tmp_path, "from net import TwoLayerNet, sigmoid\n", "shows.py")
    report = report_on(write(tmp_path, "import shows\n" + RIGHT))
    assert report.status == 0, report.as_text()


def test_what_a_file_really_lacks_is_still_missed(tmp_path):
    write(tmp_path, "from net import nothing\n", "shows.py")
    report = report_on(write(tmp_path, "import shows\n" + RIGHT))
    assert report.status == 1
    assert "cannot import name 'nothing'" in report.as_text()


def test_an_array_that_a_script_cannot_fill_is_not_set(tmp_path):
    source = "import numpy as np\nrows, left = np.zeros((3, 2)), np.zeros(2)\n"
    path = write(tmp_path, source + "rows[np.arange(3), np.zeros(3)] = 1\nleft[0] = 1\n")
    module = Loader(path, is_script=True).load_file()
    assert isinstance(module.rows, StandIn)
    assert module.left.tolist() == [1, 0]


def test_a_stand_in_never_hides_a_function_of_the_file(tmp_path):
    main = "if __name__ == '__main__':\n    def sigmoid(x):\n        pass\n    softmax = 1\n"
    helper = f"from nowhere import *\n{main}print(relu, sigmoid)\n"
    write(tmp_path, helper, "helper.py")
    report = report_on(write(tmp_path, HEAD + "from helper import *\n" + CLASS))
    assert report.status == 0, report.as_text()


def test_a_function_defined_in_the_main_block_counts(tmp_path):
    indented = HEAD.replace("\n", "\n    ").rstrip()
    main = f"\nif __name__ == '__main__':\n    {indented}\n    net = TwoLayerNet(9, 9, 9)\n"
    for start in ("", "from nowhere import *\n"):
        source = start + "import numpy as np\n" + CLASS + main
        report = report_on(write(tmp_path, source))
        assert report.status == 0, report.as_text()


def test_the_main_block_changes_no_name_that_is_set_elsewhere(tmp_path):
    report = report_on(write(tmp_path, RIGHT + "\nif __name__ == '__main__':\n    sigmoid = 3\n"))
    assert report.status == 0, report.as_text()


def test_a_misspelt_name_before_the_imports_is_reported(tmp_path):
    report = report_on(write(tmp_path, "import sys\nsys.path.appned('..')\n" + RIGHT))
    assert report.status == 1
    (finding,) = report.findings
    assert finding.message.startswith("AttributeError: 'list' object has no attribute 'appned'")
    assert (finding.cause, finding.line) == ("misspelt-name", 2)


def test_a_misspelt_name_in_a_constant_is_reported_if_the_net_needs_it(tmp_path):
    source = "import math\nTWO = math.sqqrt(4)\n" + RIGHT
    assert report_on(write(tmp_path, source)).status == 0
    report = report_on(write(tmp_path, source.replace("/ batch_num", "/ TWO")))
    gradient = next(f for f in report.findings if f.quantity == "gradient")
    assert gradient.message.startswith("AttributeError: module 'math' has no attribute 'sqqrt'")
    assert (gradient.verdict, gradient.cause, gradient.line) == ("raises", "misspelt-name", 2)


def test_a_name_that_the_installed_numpy_lacks_is_not_held_against_the_net(tmp_path):
    source = "import numpy as np\nTWO = np.asscalar(np.array([2]))\n" + RIGHT
    report = report_on(write(tmp_path, source.replace("/ batch_num", "/ TWO")))
    assert report.status == 2, report.as_text()
    assert "TWO: line 2 raises AttributeError: module 'numpy' has no attribute" in report.as_text()


EFFECT = "open('ran', 'w').close()"


@pytest.mark.parametrize(
    "tail",
    [
        "import functools\nx = functools.reduce(lambda a, b: EFFECT, [1, 2])\n",
        "x = np.vectorize(lambda a: EFFECT, otypes=[int])(np.ones(2))\n",
        "x = sorted([1, 2], key=lambda a: EFFECT or 1)\n",
        "x = np.zeros(3).tofile('ran')\n",
        "x = np.apply_along_axis(lambda a: EFFECT, 0, np.ones(2))\n",
        "import builtins as math\nx = math.exec(\"EFFECT\")\n",
        "from builtins import exec as partial\nx = partial(\"EFFECT\")\n",
        "def abs(x):\n    EFFECT\nx = abs(3)\n",
        "from collections import defaultdict\nx = defaultdict(lambda: EFFECT)[0]\n",
        "def now(f):\n    EFFECT\n    return f\n@now\ndef g():\n    pass\n",
        "def now(f):\n    return f()\n@now\ndef g():\n    EFFECT\n",
        "def now(n):\n    def by(f):\n        f()\n    return by\n@now(3)\ndef g():\n    EFFECT\n",
        "@(lambda f: EFFECT)\nclass G:\n    pass\n",
        "def g(x=EFFECT):\n    pass\n",
        "def g(*, x=EFFECT):\n    pass\n",
        "def g(x: EFFECT):\n    pass\n",
        "f = lambda x=EFFECT: x\n",
        "class G:\n    EFFECT\n    x = EFFECT\n",
        "class G:\n    for i in range(2):\n        EFFECT\n",
        "x = {}\nx[EFFECT] = 1\n",
        "class G:\n    def __init__(self):\n        EFFECT\ng = G()\n",
        "class G:\n    def __init__(self):\n        self.go()\n"
        "    def go(self):\n        EFFECT\ng = G()\n",
        "class G:\n    def __add__(self, x):\n        EFFECT\ng = G() + 1\n",
        "class G:\n    def copy(self):\n        EFFECT\ng = G().copy()\nh = (g).copy()\n",
        "class G:\n    @property\n    def x(self):\n        EFFECT\ng = G().x\n",
        "class G:\n    x = property(lambda self: EFFECT)\ng = G().x\n",
        "class G:\n    __add__ = lambda self, x: EFFECT\ng = G() + 1\n",
        "class G:\n    def __call__(self):\n        EFFECT\ng = G()()\n",
        "class B:\n    def __init__(self):\n        EFFECT\nclass G(B):\n    pass\ng = G()\n",
        "import sys\nsys.path.append(EFFECT)\n",
    ],
)  # fmt: skip
def test_nothing_with_an_effect_is_run(tail, tmp_path):
    path = tmp_path / "ran"
    effect = EFFECT.replace("'ran'", repr(str(path)))
    tail = tail.replace("EFFECT", effect).replace("tofile('ran')", f"tofile({str(path)!r})")
    report = report_on(write(tmp_path, RIGHT + "\n" + tail))
    assert not path.exists()
    assert report.status == 0, report.as_text()


def test_usual_constants_decorators_and_default_values_are_kept(tmp_path):
    source = (
        "import functools\nimport time\nfrom dataclasses import dataclass, field\n"
        "def timed(f=None):\n    if f is None:\n        return timed\n"
        "    @functools.wraps(f)\n    def inner(*a, **k):\n"
        "        time.time()\n        return f(*a, **k)\n    return inner\n"
        "@dataclass\nclass Options:\n    sizes: list = field(default_factory=list)\n"
        "ONE = np.ones((2, 3)).sum(axis=1).astype(int)[0] // 3\n"
        "EPS = np.finfo(float).eps * 0\n"
        "class Same:\n    def __init__(self, n):\n        self.n = n\n"
        "    def __call__(self, v):\n        return v * self.n\n"
        "same = Same(1)\nidentity = np.vectorize(lambda v: v)\n"
    )
    timed = "    rate = np.float64(1)\n\n    @timed\n    def gradient("
    net = CLASS.replace("    def gradient(", timed)
    net = net.replace(
        "(y - t) / batch_num", "identity(y - t) / batch_num * ONE * self.rate + same(EPS)"
    )
    report = report_on(write(tmp_path, HEAD + source + net))
    assert report.status == 0, report.as_text()
    assert "gradient W1" in report.as_text()


def test_a_default_value_that_was_not_run_is_named_when_it_is_needed(tmp_path):
    source = RIGHT.replace("def predict(self, x):", "def predict(self, x, scale=load()):")
    source = source.replace("(x, W1) + b1\n", "(scale * x, W1) + b1\n", 1)
    report = report_on(write(tmp_path, source))
    assert report.status == 2, report.as_text()
    assert "a default value of predict: set at line" in report.as_text()


@pytest.mark.parametrize(
    "start",
    [
        "try:\n    import cupy as np\nexcept ImportError:\n    import numpy as np\n",
        "try:\n    from nowhere.functions import *\nexcept:\n    from local import *\n",
        "try:\n    import tqdm_or_not as t\n    HAS = 1\nexcept ImportError:\n    HAS = 0\n",
        "try:\n    import nowhere\nexcept ImportError as error:\n    print(error)\n",
        "from numba import jit, njit\n@jit(nopython=True)\ndef f(x):\n    return x\n"
        "@njit\ndef g(x):\n    return x\nassert f(3) == g(3)\n",
    ],
)
def test_a_missing_module_is_replaced_as_the_file_says(start, tmp_path):
    write(tmp_path, HEAD, "local.py")
    source = RIGHT.replace("import numpy as np\n", "") if "cupy" in start else RIGHT
    source = f"import numpy as np\n{CLASS}" if "local" in start else source
    report = report_on(write(tmp_path, start + source))
    assert report.status == 0, report.as_text()


def test_numpy_stands_for_cupy(tmp_path):
    source = RIGHT.replace("import numpy as np", "import cupy as np")
    report = report_on(write(tmp_path, source))
    assert report.status == 0, report.as_text()
    assert "NumPy is used in place of cupy" in report.as_text()


# --- messages


def test_only_classes_that_the_file_defines_are_listed(tmp_path):
    start = "from collections import OrderedDict\nfrom common.layers import *\n"
    with pytest.raises(InputError, match=r"there is no class Foo; it has: TwoLayerNet$"):
        report_on(write(tmp_path, start + RIGHT), "Foo")


def test_a_class_that_could_not_be_created_is_named_with_its_reason(tmp_path):
    source = "base = load()\nimport numpy as np\n"
    source += CLASS.replace("class TwoLayerNet:", "class TwoLayerNet(base(3)):")
    for name in ("TwoLayerNet", None):
        start = "" if name else "no class that looks like a two-layer net; "
        path = write(tmp_path, source)
        with pytest.raises(InputError) as caught:
            report_on(path, name)
        assert f": {start}TwoLayerNet: set at line " in str(caught.value)


def test_an_installed_module_that_is_not_loaded_is_not_called_missing(tmp_path):
    report = report_on(write(tmp_path, "import matplotlib.pyplot as plt\n" + RIGHT))
    assert "module matplotlib.pyplot is not loaded during the check" in report.as_text()
    report = report_on(write(tmp_path, "import tests.nowhere as t\n" + RIGHT))
    assert "module tests.nowhere was not found" in report.as_text()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("net.py", "print 'loss'\n"),
        ("net.py", "def f():\n    return list(xrange(3))\n"),
        ("net.ipynb", json.dumps({
            "cells": [{"cell_type": "code", "source": "print 'loss'"}], "nbformat": 4,
            "metadata": {"kernelspec": {"name": "python2", "language": "python"}},
        })),
    ],
)  # fmt: skip
def test_python_2_without_its_translator_is_refused_in_one_line(tmp_path, monkeypatch, name, text):
    for module in [key for key in sys.modules if key.startswith("fissix")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "fissix", None)
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="it is Python 2; to have it read: pip install fissix"):
        read_source(tmp_path / name)


def test_a_syntax_error_is_told_the_same_without_the_translator_of_python_2(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fissix", None)
    (tmp_path / "net.py").write_text("def f(:\n")
    with pytest.raises(InputError, match=r"line 1: not valid Python 3\.\d+: invalid syntax"):
        read_source(tmp_path / "net.py")


@pytest.mark.parametrize(
    ("name", "known", "is_slip_of_it"),
    [
        ("sigomid", "sigmoid", True),
        ("input_size", "input_saize", True),
        ("gads", "grads", True),
        ("lossW", "loss_W", True),
        ("grad", "grads", False),
        ("Affine", "affine", False),
        ("x_train", "t_train", False),
        ("affine1", "affine2", False),
        ("softmaxx", "softmax", False),
    ],
)
def test_a_slip_of_the_keys_is_told_from_another_name(name, known, is_slip_of_it):
    assert is_slip(name, known) == is_slip_of_it


def test_a_misspelt_name_is_not_expected_of_a_missing_module(tmp_path):
    head = "from common.functions import *\nimport numpy as np\n"
    wrong = CLASS.replace("softmax(a2)", "sofmtax(a2)")
    report = report_on(write(tmp_path, f"{head}\n{wrong}"))
    assert "misspelt-name" in {f.cause for f in report.wrong_findings}
    other = CLASS.replace("softmax(a2)", "log_softmax(a2)")
    assert report_on(write(tmp_path, f"{head}\n{other}")).status == 2


def test_a_line_of_our_own_versions_is_not_named(tmp_path):
    source = (NETS / "solver.py").read_text()
    assert "softmax_loss(scores, y)" in source
    report = report_on(
        write(tmp_path, source.replace("softmax_loss(scores, y)", "softmax_loss(scores, W2)"))
    )
    assert {f.file for f in report.wrong_findings} == {str(tmp_path / "net.py")}


def test_inspect_shows_the_text_that_was_loaded(tmp_path):
    path = write(tmp_path, "def f():\n    return 1\n")
    changed = "x = 1\n\n\ndef f():\n    return 2\n"
    for texts, line in (({path: changed}, "return 2"), ({}, "return 1")):
        function = vars(Loader(path, texts=texts).load_file())["f"]
        assert line in inspect.getsource(function)


DATACLASS = """from __future__ import annotations
from dataclasses import dataclass
import numpy as np

@dataclass
class Sizes:
    hidden: int = 6


"""


def test_a_dataclass_with_postponed_annotations_is_loaded(tmp_path):
    path = tmp_path / "work.py"
    path.write_text(DATACLASS + (NETS / "chapter4.py").read_text())
    before = set(sys.modules)
    report = report_on(path)
    assert report.status == 0, report.as_text()
    assert "work" not in set(sys.modules) - before


def test_of_several_classes_the_one_that_the_file_uses_is_checked(tmp_path):
    source = (NETS / "chapter4.py").read_text()
    start = source.index("class TwoLayerNet")
    other = source[start:].replace("class TwoLayerNet", "class TwoLayerNetOld")
    path = tmp_path / "work.py"
    path.write_text(source + "\n\n" + other)
    with pytest.raises(InputError, match="several classes may be meant"):
        report_on(path)
    path.write_text(source + "\n\n" + other + "\n\nnet = TwoLayerNet(784, 50, 10)\n")
    report = report_on(path)
    assert report.name == "TwoLayerNet"
    assert "TwoLayerNet, TwoLayerNetOld" in report.as_text()


def test_a_name_that_an_installed_library_has_not_is_missing(tmp_path):
    report = report_on(write(tmp_path, f"from numpy import removed\n{RIGHT}"))
    assert report.status == 0, report.as_text()
