"""The wrong line of a net is named, and a fix is shown only if every check passes with it."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from mistaken import NETS, plant_mistakes
from reports import LAYOUTS, apply_diff, report_on
from sampling import few
from steps import FREE, write_changed

from trainer.checker.check_file import check_file, check_loaded
from trainer.checker.diagnose.diagnosing import diagnose
from trainer.checker.diagnose.verifying import Request, count_passed, list_required, read_texts
from trainer.checker.findings.comparing import Finding
from trainer.checker.load.loading import Loader
from trainer.checker.load.recording import Recorder
from trainer.checker.process import check_in_child

# A mistake, its layout, and the line that is wrong as it stands in the file.
CASES = [
    ("chapter4", "sigmoid-grad-of-output", "da1 = sigmoid_grad(z1) * dz1"),
    ("chapter4", "batch-mean-missing", "dy = y - t"),
    ("chapter4", "target-not-subtracted", "dy = y / batch_num"),
    ("chapter4", "gradient-sign", "dy = (t - y) / batch_num"),
    ("chapter4", "accuracy-count", "return np.sum(y == t)"),
    ("chapter4", "numerical-one-sided", "x[idx] = tmp"),
    ("chapter4", "stale-gradient", 'grads = self.__dict__.setdefault("sums", {})'),
    ("chapter4", "unfinished", "pass"),
    ("chapter5", "activation-missing", "self.mask = x < -np.inf"),
    ("chapter5", "activation-grad-missing", "return dout"),
    ("volume2", "activation-grad-missing", "return dout"),
]


def diagnose_planted(folder, layout, slug):
    """Return the path of the layout with a mistake, and its diagnosis."""
    path = folder / f"{layout}.py"
    path.write_text(plant_mistakes(layout, slug))
    return path, diagnose(Request(path, None, False, 0))


@pytest.mark.parametrize(("layout", "slug", "code"), few(CASES, 2))
def test_the_wrong_line_is_named_and_the_fix_makes_the_net_right(tmp_path, layout, slug, code):
    path, found = diagnose_planted(tmp_path, layout, slug)
    assert found.code.strip() == code
    assert path.read_text().splitlines()[found.line - 1] == found.code
    path.write_text(apply_diff(path.read_text(), found.diff))
    for seed in (0, 11, 12):
        assert report_on(path, seed=seed).status == 0


def test_the_marked_part_is_the_one_that_the_fix_changes(tmp_path):
    _, found = diagnose_planted(tmp_path, "chapter4", "sigmoid-grad-of-output")
    assert found.code[found.column : found.end_column] == "z1"
    assert found.expected.startswith("da1 should be dz1 · h′(a1): ")


W2_OF_CS231N = '        self.params["W2"] = std * np.random.randn(hidden_size, output_size)\n'


def test_a_gradient_under_the_books_name_is_told_by_its_derivative(tmp_path):
    text = plant_mistakes("chapter4", "sigmoid-grad-of-output")
    text = text.replace("dz1", "SWAP").replace("da1", "dz1").replace("SWAP", "da1")
    path = tmp_path / "net.py"
    path.write_text(text)
    found = diagnose(Request(path, None, False, 0))
    assert found.expected.startswith("dz1 should be ∂loss/∂a1 = ∂loss/∂z1 · h′(a1): ")


# A slip that no list has: the layout, the right text and the wrong one, and a line of the fix.
SLIPS = [
    ("cs231n", "dhidden = dscores.dot(W2.T)", "dhidden = dscores.dot(y.T)", "dscores.dot(W2.T)"),
    ("cs231n", "        return loss, grads\n", "", "return loss, grads"),
    ("cs231n", "dscores[range(N), y] -= 1", "dscores[range(N), :] -= 1", "y] -= 1"),
    ("classes_second", "        n = len(X)\n", "", "n = len("),
    ("chapter5", '["Affine1"].db', '["Affine1"].dB', '["Affine1"].db'),
    ("volume2", "        dx[np.arange(len(dx)), self.t] -= 1\n", "", "self.t] -= 1"),
    ("volume2", "return dx * dout / len(dx)", "return dx * dout", "dx / dx.shape[0] * dout"),
    ("cs231n", 'grads["b1"] =', 'grads["W1"] =', 'grads["b1"] ='),
    ("cs231n", "T.dot(dscores) + 2 * reg * W2", "T.dot(dscores)", "+ 2 * reg * W2"),
    ("cs231n", "hidden = np.maximum(0, a1)", "hidden = 0", "hidden = np.maximum(0, "),
    ("chapter4", "if a.ndim == 2:", "if a.ndim == 3:", "if a.ndim == 2:"),
    (
        "volume2",
        "I, H, O = input_size, hidden_size",
        "H, I, O = input_size, hidden_size",
        "+        I, H, O = input_size",
    ),
    ("cs231n", W2_OF_CS231N, "", f"+{W2_OF_CS231N}"),
]


@pytest.mark.parametrize(("layout", "right", "wrong", "line"), few(SLIPS, 1))
def test_a_slip_that_no_list_has_is_fixed(tmp_path, layout, right, wrong, line):
    source = (NETS / f"{layout}.py").read_text()
    assert right in source
    path = tmp_path / "net.py"
    path.write_text(source.replace(right, wrong, 1))
    found = diagnose(Request(path, None, False, 0))
    assert line.replace('"', "'") in found.diff.replace('"', "'")


UPDATE = """            for key in self.params:
                self.params[key] -= learning_rate * grads[key]
"""
UPDATE_OF_WEIGHTS = """            self.params["W1"] -= learning_rate * grads["W1"]
            self.params["W2"] -= learning_rate * grads["W2"]
"""
# Slips that real learners made: the layout, what is changed to what, and lines of the fix.
REAL = [
    ("chapter5", {'        self.layers["Relu1"] = Relu()\n': ""},
     ['self.layers["Relu1"] = Relu()']),
    ("chapter5", {"import numpy as np\n": ""}, ["+import numpy as np"]),
    ("chapter5", {"def softmax(": "def soft(", "np.exp": "exp"},
     ["from common.functions import softmax", "np.exp("]),
    ("chapter5", {"self.dW = ": "self.W = ", "self.db = ": "self.b = "}, ["self.dW = "]),
    (
        "chapter4",
        {"self, x):\n        W1": "f, x):\n        W1", "np.argmax(self.predict(x), axis=1)":
         "np.aragmax(predict(x), axix=1)"},
        ["def predict(self, x)", "np.argmax(self.predict(x), axis=1)"],
    ),
    ("chapter4", {"t = t.argmax(": "t = copy.copy(t).argmax("}, ["+import copy"]),
    ("chapter4", {"def predict(self, x)": "def predict(x)"}, ["def predict(self, x)"]),
    ("chapter4", {"t = t.argmax(": "t = t,argmax("}, ["t = t.argmax("]),
    ("chapter4", {"np.dot(x.T, da1)": "np.dot(x.t, da1)"}, ["np.dot(x.T, da1)"]),
    (
        "chapter4",
        {"randn(hidden_size, output_size)": "randn(input_size, hidden_size)"},
        ["np.random.randn(hidden_size, output_size)"],
    ),
    (
        "chapter5",
        {'randn(': 'rnadn(', 'self.layers["Affine2"].d': 'self.layers["Affine1"].d'},
        ["randn(", '"Affine2"].dW', '"Affine2"].db'],
    ),
    ("volume2", {"dout * (1.0 - self.out) * self.out": "dout * (1.0 * self.out) - self.out"},
     ["dout * (1.0 * self.out) - dout * (1.0 * self.out) * self.out"]),
    (
        "cs231n",
        {UPDATE: UPDATE_OF_WEIGHTS},
        ['self.params["b1"] -= learning_rate * grads["b1"]',
         'self.params["b2"] -= learning_rate * grads["b2"]'],
    ),
    ("cs231n", {"        loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))\n": ""},
     ["+ reg * (np.sum(W1 * W1) + np.sum(W2 * W2))"]),
    ("solver", {"affine_relu_forward(": "affine_forward(",
                "affine_relu_backward(": "affine_backward("},
     ["affine_relu_forward(", "affine_relu_backward("]),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "changes", "lines"), few(REAL, 1))
def test_slips_of_real_learners_are_fixed_together(tmp_path, layout, changes, lines):
    source = (NETS / f"{layout}.py").read_text()
    for old, new in changes.items():
        assert old in source, old
        source = source.replace(old, new)
    path = tmp_path / "net.py"
    path.write_text(source)
    found = diagnose(Request(path, None, False, 0))
    added = "\n".join(line for line in found.diff.splitlines() if line.startswith("+"))
    for line in lines:
        assert line.replace('"', "'") in added.replace('"', "'"), found.diff


def test_a_file_in_python_2_is_judged_without_a_fix(tmp_path):
    path = tmp_path / "net.py"
    wrong = (NETS / "python2.py").read_text().replace("labels] -= 1", "labels] += 1")
    path.write_text(wrong)
    request = Request(path, None, False, 0)
    assert read_texts(request) == {}
    assert diagnose(request) is None


def test_the_gradients_of_autograd_may_change_with_a_fix(tmp_path):
    source = (NETS.parent / "shapes" / "examples" / "linear.py").read_text()
    path = tmp_path / "net.py"
    path.write_text(source.replace("F.relu(self.fc1(x))", "self.fc1(x)"))
    assert "relu(self.fc1(x))" in diagnose(Request(path, None, False, 0)).diff


def test_a_method_that_is_renamed_out_of_sight_is_no_fix(tmp_path):
    right = (NETS / "cs231n.py").read_text()
    wrong = plant_mistakes("cs231n", "update-sign")
    paths = tmp_path / "right.py", tmp_path / "wrong.py"
    paths[0].write_text(right)
    paths[1].write_text(wrong)
    request = Request(paths[1], None, False, 0)
    findings = [f for f in check_file(paths[1]) if isinstance(f, Finding)]
    required = list_required(findings)
    assert count_passed(request, {paths[1]: right}, required) > 0
    renamed = wrong.replace("def train", "def practise")
    assert count_passed(request, {paths[1]: renamed}, required) == 0


@pytest.mark.slow
def test_two_mistakes_are_fixed_one_after_the_other(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(plant_mistakes("chapter4", "batch-mean-missing", "sigmoid-grad-of-output"))
    found = diagnose(Request(path, None, False, 0))
    assert found.diff.count("\n-") == 2 + found.diff.count("\n---")


def collect_findings(layout, seed):
    """Return the findings on a layout, and those while its values are recorded."""
    path = NETS / f"{layout}.py"
    loader = Loader(path, recorder=Recorder())
    both = check_file(path, seed=seed), check_loaded(loader, None, seed)
    return [[item for item in found if isinstance(item, Finding)] for found in both]


@pytest.mark.parametrize("layout", few(LAYOUTS, 4))
def test_recording_changes_no_verdict(layout):
    plain, recorded = collect_findings(layout, 0)
    assert recorded == plain


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_right_layout_is_accused_on_200_seeds_with_and_without_recording(layout):
    for seed in range(200):
        plain, recorded = collect_findings(layout, seed)
        assert recorded == plain
        assert not [f for f in plain if f.verdict == "differs"]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report on a net with one mistake, with all hints."""
    path = tmp_path_factory.mktemp("hints") / "net.py"
    path.write_text(plant_mistakes("chapter4", "sigmoid-grad-of-output"))
    return check_in_child(path)[0]


@pytest.mark.parametrize(("hints", "has_line", "has_fix"), [(1, 0, 0), (2, 1, 0), (3, 1, 1)])
def test_hints_decide_how_much_is_shown(report, hints, has_line, has_fix):
    shown = replace(report, hints=hints)
    text, found = shown.as_text(), json.loads(shown.as_json())
    assert ("net.py:" in text) == has_line
    assert ("tried fix" in text) == has_fix
    wrong = next(f for f in found["findings"] if f["verdict"] == "differs")
    assert (wrong["line"] is not None) == has_line
    assert (wrong["cause"] is not None) == has_line
    assert (found["fix"] is not None) == has_fix


@pytest.mark.slow
def test_a_changed_net_that_never_returns_loses_no_verdict(tmp_path):
    path = tmp_path / "net.py"
    loop = "        i = 0\n        while i < 3:\n            i += 1\n        dy = y - t\n"
    path.write_text(plant_mistakes("chapter4").replace("        dy = (y - t) / batch_num\n", loop))
    report, _ = check_in_child(path, timeout=60)
    assert report.status == 1
    assert not report.stopped


def test_a_mistake_is_explained_without_a_file():
    command = [sys.executable, "-m", "trainer", "check", "--explain", "softmax-axis"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# softmax-axis")
    unknown = subprocess.run([*command[:-1], "none"], capture_output=True, text=True, check=False)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)


def test_a_known_mistake_of_the_outputs_is_fixed_as_what_it_is(tmp_path):
    """Without a softmax the same gradients would be right too: they are those of squares."""
    text = (FREE / "lists_of_weights.py").read_text()
    path = write_changed(tmp_path, text, "axis=1", "axis=0")
    found = diagnose(Request(path, None, False, 0))
    assert apply_diff(path.read_text(), found.diff) == text
