"""Whatever a file does or contains, check reports it, never hangs, and never blames a right net."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mistaken import NETS
from reports import report_on
from sampling import few

from trainer.checker.process import check_in_child
from trainer.common.errors import InputError

RIGHT = (NETS / "chapter4.py").read_text()
SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "check.py"
BACK = "        # backward\n"  # in gradient, and nowhere else
AT = RIGHT[: RIGHT.index(BACK)].count("\n") + 1
END = RIGHT.count("\n") + 2


def write(folder: Path, source: str | bytes, name: str = "net.py") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return path


# --- files checked in this process


@pytest.mark.parametrize(
    "tail",
    [
        "net = TwoLayerNet(784, 50, 10)\nfor i in range(10**12):\n    net.gradient(1, 2)\n",
        "while True:\n    pass\n",
        "import sys\nsys.exit(1)\n",
        "x = open('not there').read()\n",
        "name = input('name? ')\n",
        "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\n",
        "from keras.datasets import mnist\n(x, t), _ = mnist.load_data()\n",
        "if __name__ == '__main__':\n    raise SystemExit\n",
        "x_train = np.load('mnist.npy')\nbatch_size = x_train.shape[0] / 10\n",
        "raise ValueError\n",
        "print('loss %f'\n      % 0.5)\n",
        "%matplotlib inline\n!pip install numpy\n",
    ],
)
def test_only_definitions_imports_and_constants_are_run(tail, tmp_path):
    report = report_on(write(tmp_path, RIGHT + "\n" + tail))
    assert report.status == 0, report.as_text()


def test_run_all_runs_every_statement(tmp_path):
    from trainer.checker.check_file import check_file

    path = write(tmp_path, RIGHT + "\nraise ValueError('trained')\n")
    found = list(check_file(path, run_all=True))
    assert [f.verdict for f in found] == ["raises"]
    assert f"ValueError: trained (net.py, line {END})" in found[0].message


def test_a_try_around_an_import_or_a_name_is_run(tmp_path):
    source = "try:\n    xrange\nexcept NameError:\n    xrange = range\n" + RIGHT
    assert report_on(write(tmp_path, source.replace("in np.ndindex", "in np.ndindex"))).status == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n   \n", "the file is empty"),
        (bytes(range(256)), "not a text file"),
        (b"def f(:\n", "line 1: not valid Python"),
        (b"Dear teacher, isn't this my homework?\n", "line 1: not valid Python"),
        (b"x = 1\n", "no two-layer net in a form that is known here"),
        (RIGHT.encode() + b"\n" + RIGHT[RIGHT.index("class") :].replace("Two", "MyTwo").encode(),
         "several classes may be meant (TwoLayerNet, MyTwoLayerNet)"),
    ],
)  # fmt: skip
def test_a_file_without_a_net_is_reported_in_one_line(data, message, tmp_path):
    with pytest.raises(InputError) as caught:
        report_on(write(tmp_path, data))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_init_file_of_a_package_is_accepted(tmp_path):
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "__init__.py").touch()
    (tmp_path / "common" / "names.py").write_text("NAME = 1\n")
    assert report_on(write(tmp_path, "from common.names import NAME\n" + RIGHT)).status == 0


def test_a_class_can_be_chosen_by_name(tmp_path):
    path = write(tmp_path, RIGHT + "\n\nclass Other(TwoLayerNet):\n    pass\n")
    assert report_on(path, "Other").name == "Other"
    with pytest.raises(InputError, match="there is no class Another; it has: TwoLayerNet, Other"):
        report_on(path, "Another")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + RIGHT.encode(),
        ("# -*- coding: shift_jis -*-\n# 二層\n" + RIGHT).encode("shift_jis"),
        ("# 二層ネットワークの実装\n" + RIGHT).encode("shift_jis"),
        ("# 두 층 신경망\n" + RIGHT).encode("cp949"),
        RIGHT.replace("\n", "\r\n").encode(),
        RIGHT.replace("    ", "\t").encode(),
        RIGHT.replace("        self.params = {}\n", "\tself.params = {}\n").encode(),
        ("%matplotlib inline\n!pip install numpy\n" + RIGHT).encode(),
    ],
    ids=["bom", "shift_jis", "undeclared", "korean", "crlf", "tabs", "mixed tabs", "notebook"],
)
def test_common_encodings_and_indentations_are_read(data, tmp_path):
    report = report_on(write(tmp_path, data))
    assert report.status == 0, report.as_text()


HEAD, CLASS = RIGHT[: RIGHT.index("class")], RIGHT[RIGHT.index("class") :]


def test_our_own_version_replaces_a_missing_common_of_the_book_with_a_note(tmp_path):
    imports = "from common.functions import *\nfrom common.gradient import numerical_gradient\n"
    report = report_on(write(tmp_path, imports + CLASS))
    assert report.status == 0, report.as_text()
    assert "module common.functions was not found: our own version is used" in report.as_text()


def test_a_helper_in_a_folder_above_is_loaded_and_its_mistakes_are_found(tmp_path):
    write(tmp_path, HEAD.replace("(1.0 - sigmoid(a)) * sigmoid(a)", "a"), "common/functions.py")
    imports = "import sys, os\nsys.path.append(os.pardir)\nfrom common.functions import *\n"
    report = report_on(write(tmp_path, imports + CLASS, "ch04/net.py"))
    wrong = {f.quantity for f in report.findings if f.verdict == "differs"}
    assert wrong == {"gradient W1", "gradient b1", "sigmoid_grad"}
    found = next(f for f in report.findings if f.quantity == "sigmoid_grad")
    assert found.message.endswith("(in functions.py)")


@pytest.mark.parametrize("imports", ["", "import maths\n"])
def test_a_wrong_helper_is_found_in_the_module_that_the_file_uses(imports, tmp_path):
    write(tmp_path, HEAD.replace("np.exp(-a)", "np.exp(a)"), "maths.py")
    report = report_on(write(tmp_path, f"{imports}from maths import *\n" + CLASS))
    found = next(f for f in report.findings if f.quantity == "sigmoid")
    assert (found.verdict, report.status) == ("differs", 1)
    assert found.message.endswith("(in maths.py)")


def test_a_wrong_helper_of_a_helper_is_found(tmp_path):
    write(tmp_path, HEAD.replace("np.exp(-a)", "np.exp(a)"), "maths.py")
    forward = "class Layer:\n    def forward(self, x):\n        return sigmoid(x)\n"
    write(tmp_path, "from maths import sigmoid\n" + forward, "layers.py")
    source = HEAD.replace("sigmoid(a)", "other(a)")
    source += CLASS.replace("sigmoid(a1)", "Layer().forward(a1)")
    report = report_on(write(tmp_path, "from layers import Layer\n" + source))
    assert "sigmoid" in {f.quantity for f in report.findings if f.verdict == "differs"}


def test_a_wrong_helper_that_a_right_net_does_not_need_is_a_note(tmp_path):
    unused = "def relu(x):\n    return x\n\n\ndef step_function(x):\n    return x\n"
    write(tmp_path, HEAD + unused, "maths.py")
    report = report_on(write(tmp_path, "from maths import *\nfrom maths import relu\n" + CLASS))
    assert report.status == 0, report.as_text()
    assert "relu: differs by" in report.as_text()
    assert "(in maths.py); the net is right all the same" in report.as_text()
    assert "step_function" not in report.as_text()


def test_a_relative_import_is_loaded_as_a_package(tmp_path):
    write(tmp_path, HEAD, "pkg/tools/maths.py")
    report = report_on(write(tmp_path, "from ..tools.maths import *\n" + CLASS, "pkg/nets/net.py"))
    assert report.status == 0, report.as_text()
    assert "was not found" not in report.as_text()


def test_helpers_may_have_the_names_of_our_own_modules(tmp_path):
    write(tmp_path, HEAD, "trainer.py")
    report = report_on(write(tmp_path, "from trainer import *\n" + CLASS))
    assert report.status == 0, report.as_text()


def test_a_net_is_not_blamed_for_a_missing_import_that_it_uses(tmp_path):
    source = RIGHT.replace(
        "y = softmax(a2)\n        return", "y = tools.softmax(a2)\n        return"
    )
    report = report_on(write(tmp_path, "import mytools as tools\n" + source))
    assert report.status == 2, report.as_text()
    assert "mytools.softmax: module mytools was not found" in report.as_text()


def test_a_name_that_a_helper_does_not_set_is_reported_with_the_helper(tmp_path):
    write(tmp_path, "\nSIZE = len(open('x').read())\n", "sizes.py")
    source = "from sizes import SIZE\n" + RIGHT.replace("(y - t) / batch_num", "(y - t) / SIZE")
    report = report_on(write(tmp_path, source))
    assert "SIZE: set at line 2 of sizes.py, by a statement" in report.as_text()


def test_a_name_set_by_a_statement_that_was_not_run_is_reported(tmp_path):
    source = (
        RIGHT.replace("(y - t) / batch_num", "(y - t) / SIZE") + "\nSIZE = len(open('x').read())\n"
    )
    report = report_on(write(tmp_path, source))
    assert report.status == 2
    assert f"SIZE: set at line {END} of net.py, by a statement that was not run" in report.as_text()


# --- the report

FACTOR = 'grads["W1"] = '


def test_the_text_report_lists_what_is_right_in_one_line_and_then_each_wrong_quantity(tmp_path):
    report = report_on(write(tmp_path, RIGHT.replace(FACTOR, FACTOR + "-")))
    first, second, *_, last = report.as_text().splitlines()
    assert first.startswith("right: construction, predict, loss, gradient b1, gradient W2, ")
    assert second.startswith("wrong: gradient W1: is ")
    assert second.endswith("[gradient-sign]")
    assert last == "TwoLayerNet is wrong in gradient W1: gradient-sign"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            FACTOR,
            FACTOR + "len(x) / 2 * ",
            "3.5 times the expected one (N/2; N = 7 samples, C = 3 classes)",
        ),
        (FACTOR, FACTOR + "1 / 3 * ", "it is 0.3333 times the expected one (1/C; N = 7 samples"),
        (FACTOR, FACTOR + "3.5 * ", "all its values differ by the same factor"),
        (FACTOR, FACTOR + "3.3 * ", "all its values differ by the same factor"),
        ("t])) / n", "t])) / n * 9.0409", "wrong: loss: is "),
    ],
)
def test_a_factor_is_reported_only_if_a_cause_explains_it(old, new, message, tmp_path):
    text = report_on(write(tmp_path, RIGHT.replace(old, new))).as_text()
    assert message in text
    assert ("times the expected one" in text) == ("times the expected one" in message)


# --- files checked in the child process


ENDINGS = [
    ("import os; os._exit(0)", "its code ended the whole program (exit status 0)"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal SIGSEGV"),
    ("while True: pass", "gradient: did not come back in "),
    ("while True: print('x' * 10**6)", "gradient: did not come back in "),
]


@pytest.mark.parametrize(
    ("line", "message"), few(ENDINGS, 1), ids=["exit", "crash", "loop", "flood"]
)
def test_code_that_does_not_return_is_reported(line, message, tmp_path):
    path = write(tmp_path, RIGHT.replace(BACK, f"        {line}\n{BACK}"))
    report, printed = check_in_child(path, timeout=20 if "while" in line else 60)
    text = " ".join(report.as_text().split())
    assert report.status == 1
    assert message in text
    assert len(printed) <= 1 << 20


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import sys; sys.exit(3)", "ends the program with sys.exit(3) (net.py, line AT)"),
        ("raise RuntimeError('no GPU')", "RuntimeError: no GPU (net.py, line AT)"),
        ("return self.gradient(x, t)", "RecursionError"),
        ("return [y]", "returns no gradients"),
    ],
)
def test_code_that_raises_is_reported(line, message, tmp_path):
    report = report_on(write(tmp_path, RIGHT.replace(BACK, f"        {line}\n{BACK}")))
    assert report.status == 1
    assert message.replace("AT)", f"{AT})") in report.as_text()


def test_wrong_shapes_are_described(tmp_path):
    report = report_on(write(tmp_path, RIGHT.replace("        return y\n", "        return y.T\n")))
    predict = next(f for f in report.findings if f.quantity == "predict")
    assert "has shape (3, 7), expected (7, 3)" in predict.message


def run_script(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_the_script_prints_one_json_object_and_nothing_else(tmp_path):
    noisy = RIGHT.replace(BACK, f"        print('y' * 10**6)\n{BACK}")
    write(tmp_path, "raise SystemError\n", "random.py")  # It must not be imported from here.
    write(tmp_path, noisy)
    done = run_script("net.py:TwoLayerNet", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["right"] is True
    assert done.stderr == ""


def test_the_script_shows_what_is_wrong_and_with_verbose_the_output_of_the_file(tmp_path):
    wrong = RIGHT.replace("dy = (y - t)", "print('hello'); dy = (t - y)")
    done = run_script(write(tmp_path, wrong), "--verbose", cwd=tmp_path)
    assert done.returncode == 1
    assert "hello" in done.stdout
    assert (
        "TwoLayerNet is wrong in gradient W1, gradient b1, gradient W2, gradient b2" in done.stdout
    )


def test_the_script_reports_in_one_line_what_it_cannot_do(tmp_path):
    done = run_script("none.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "check.py: error: none.py: there is no such file\n"


@pytest.mark.slow
def test_a_parameter_that_is_lacking_is_added_in_a_fix_and_is_no_verdict(tmp_path):
    lacking = (NETS / "cs231n.py").read_text().replace(
        '        self.params["W2"] = std * np.random.randn(hidden_size, output_size)\n', ""
    )  # fmt: skip
    write(tmp_path, lacking)
    done = run_script("net.py", cwd=tmp_path)
    assert done.returncode == 2
    assert 'self.params["W2"] = std * np.random.randn(' in done.stdout
    assert "construction could not be checked: has no array W2" in done.stdout
