"""check(...) on live objects gives the verdict of the file, shows a table, and changes nothing."""

import ast
import html
import importlib
import itertools
import linecache
import random
import re
import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from mistaken import NETS, plant_mistakes
from notebooks import split_source
from reports import report_on
from sampling import few

from trainer.checker.live.live import check

COUNT = itertools.count(1)
RIGHT = (NETS / "chapter4.py").read_text()
LIVE = ["chapter4", "chapter5", "cs231n", "forward_only", "regression", "volume2"]
CHAPTER4 = ("misspelt-name", "sigmoid-grad-of-output", "gradient-sign", "accuracy-count",
            "bias-stored-twice", "weight-shape", "unfinished", "numerical-step")  # fmt: skip
MISTAKES = [("chapter4", slug) for slug in CHAPTER4]
MISTAKES += [("chapter5", "relu-grad-of-gradient"), ("cs231n", "update-sign"),
             ("volume2", "loss-sum"), ("regression", "mse-mean")]  # fmt: skip


def run_cells(*codes):
    """Run codes as IPython does, and return their namespace."""
    space = ModuleType("__main__").__dict__
    for code in codes:
        name = f"<ipython-input-{next(COUNT)}-0123456789ab>"
        linecache.cache[name] = len(code), None, code.splitlines(keepends=True), name
        exec(compile(code, name, "exec"), space)
    return space


@pytest.fixture(autouse=True)
def make_past(monkeypatch):
    """Offer past.builtins, which CS231n's nets import."""
    past, names = ModuleType("past"), ModuleType("past.builtins")
    names.xrange = range
    monkeypatch.setitem(sys.modules, "past", past)
    monkeypatch.setitem(sys.modules, "past.builtins", names)


def list_findings(findings):
    """Return the findings without their places, which a cell does not share with a file."""
    return [
        (f.quantity, f.verdict, f.cause, re.sub(r"\((net\.py|cell .*?), line \d+\)", "", f.message))
        for f in findings
        if f.quantity not in ("loading", "sigmoid_grad")  # not checked where nothing calls it
    ]


# --- verdicts


@pytest.mark.parametrize("layout", LIVE)
def test_a_right_net_has_the_verdict_of_its_file(layout, capsys):
    source = (NETS / f"{layout}.py").read_text()
    space = run_cells(*split_source(source.split("if __name__")[0]))
    capsys.readouterr()
    report = report_on(NETS / f"{layout}.py")
    result = check(space[report.name])
    assert list_findings(result.findings) == list_findings(report.findings)
    assert result.status == report.status
    assert result.right is (None if layout == "forward_only" else True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("layout", ["chapter4", "volume2"])
def test_a_right_net_from_a_file_is_right(layout, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(NETS))
    before = set(sys.modules)
    module = importlib.import_module(layout)
    result = check(module.TwoLayerNet)
    for name in set(sys.modules) - before:
        monkeypatch.delitem(sys.modules, name)
    assert result.right is True, str(result)


@pytest.mark.parametrize(("layout", "slug"), few(MISTAKES, 2))
def test_a_planted_mistake_has_the_verdict_of_the_file(layout, slug, tmp_path):
    source = plant_mistakes(layout, slug)
    (tmp_path / "net.py").write_text(source)
    report = report_on(tmp_path / "net.py")
    result = check(run_cells(source)[report.name], hints=1)
    assert list_findings(result.findings) == list_findings(report.findings)
    assert (result.right, result.status) == (False, 1)


def test_the_wrong_line_and_the_fix_are_those_of_the_cell():
    source = plant_mistakes("chapter4", "accuracy-count")
    space = run_cells(*split_source(source))
    result = check(space["TwoLayerNet"])
    cell = space["TwoLayerNet"].loss.__code__.co_filename
    number = re.search(r"input-(\d+)", cell)[1]
    line = 1 + [text.strip() for text in linecache.getlines(cell)].index("return np.sum(y == t)")
    assert f"cell In[{number}], line {line}  return np.sum(y == t)" in str(result)
    assert "with this change all" in str(result)


@pytest.mark.slow
def test_hints_decide_how_much_a_cell_is_told():
    net = run_cells(*split_source(plant_mistakes("chapter4", "accuracy-count")))["TwoLayerNet"]
    assert "tried fix" not in str(check(net, hints=2))
    assert "np.sum" not in str(check(net, hints=1))


@pytest.mark.slow
def test_what_raises_is_given_with_its_cell():
    space = run_cells(RIGHT.replace("y = softmax(a2)", "y = softmx(a2)"))
    text = str(check(space["TwoLayerNet"], hints=2))
    assert re.search(r"'softmx' is not defined \(cell In\[\d+\], line \d+\)", text)


@pytest.mark.slow
def test_the_line_is_named_where_self_is_missing():
    wrong = RIGHT.replace("def predict(self, x)", "def predict(x)")
    text = str(check(run_cells(wrong)["TwoLayerNet"], hints=1))
    assert "wrong in predict, loss" in text
    text = str(check(run_cells(wrong)["TwoLayerNet"], hints=2))
    assert re.search(r"cell In\[\d+\], line \d+  def predict\(x\)", text)


def test_a_net_without_source_is_refused():
    space = {"__name__": "__main__"}
    exec(plant_mistakes("chapter4", "gradient-sign"), space)
    with pytest.raises(ValueError, match="was not found: run its cell again"):
        check(space["TwoLayerNet"])


def test_functions_and_all_names_are_checked():
    space = run_cells(RIGHT, "def relu(x):\n    return x * (x >= -1)\n")
    assert check(space["softmax"]).right is True
    result = check(space["relu"])
    assert (result.right, [f.quantity for f in result.findings]) == (False, ["relu"])
    everything = check(space)
    assert [report.status for report in everything.reports] == [0, 1]
    assert str(everything).endswith("relu is wrong")


EXAMPLES = NETS.parent / "shapes" / "examples"


@pytest.mark.parametrize(
    ("name", "old", "new", "wrong"),
    few([
        ("cs231n_layers", "db = dout.sum(axis=0)", "db = dout.mean(axis=0)", "affine_backward db"),
        ("columns", "dW2 = np.dot(dZ2, A1.T) / m", "dW2 = np.dot(dZ2, A1.T)", "gradient W2"),
        ("layers", "return dout * self.out * (1.0 - self.out)", "return dout * self.out",
         "Sigmoid dx"),
    ], 1),
)  # fmt: skip
def test_functions_and_layers_without_a_net_are_checked_together(name, old, new, wrong):
    source = (EXAMPLES / f"{name}.py").read_text()
    assert old in source
    assert check(run_cells(source)).right is True
    result = check(run_cells(source.replace(old, new)))
    assert result.right is False
    assert wrong in {f.quantity for f in result.findings if f.verdict == "differs"}


def test_a_layer_is_checked_by_itself():
    space = run_cells((EXAMPLES / "layers.py").read_text())
    result = check(space["Affine"])
    assert result.right is True
    assert "Affine dw" in str(result)


DIGITS = """
def initialize_parameters(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_h, n_x), "b1": np.zeros((n_h, 1)),
            "W2": np.random.randn(n_y, n_h), "b2": np.zeros((n_y, 1))}

def forward(X, parameters):
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    e = np.exp(parameters["W2"] @ A1 + parameters["b2"])
    return e / e.sum(axis=0), A1

def backward(X, Y, A2, A1, parameters):
    dZ2 = (A2 - Y) / m
    dZ1 = parameters["W2"].T @ dZ2 * (1 - A1**2)
    return {"dW1": dZ1 @ X.T, "db1": dZ1.sum(axis=1, keepdims=True),
            "dW2": dZ2 @ A1.T, "db2": dZ2.sum(axis=1, keepdims=True)}
"""


def test_a_global_number_of_samples_is_set_back():
    space = run_cells("import numpy as np\nm = 400", DIGITS)
    result = check(space)
    assert result.right is True, str(result)
    assert space["m"] == 400


def test_a_file_is_checked_in_a_process_of_its_own():
    result = check(NETS / "chapter4.py")
    assert result.right is True
    assert check(f"{NETS / 'chapter4.py'}:TwoLayerNet").right is True


@pytest.mark.slow
def test_a_net_of_any_depth_is_judged_by_a_step_of_its_training():
    source = (NETS.parent / "judge" / "free" / "mini_batches.py").read_text()
    result = check(run_cells(source)["Network"])
    assert result.right is True, str(result)
    assert "goes down the derivative" in str(result)


def test_the_class_of_an_instance_is_checked():
    net = run_cells(RIGHT)["TwoLayerNet"](4, 5, 3)
    before = {key: value.copy() for key, value in net.params.items()}
    result = check(net)
    assert result.right is True
    assert "an instance was given: its class TwoLayerNet was checked" in str(result)
    assert all((net.params[key] == before[key]).all() for key in before)


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [
        (5, TypeError, "check takes a net's class, an instance of it, a function, globals()"),
        (None, TypeError, "not None"),
        ([1], TypeError, "of type list"),
        (np, TypeError, "of type module"),
        (np.zeros(3), TypeError, "of type ndarray"),
        (lambda x: x, TypeError, "of type function"),
        (int, ValueError, "int has no method such as predict"),
        ("none.py", ValueError, "there is no such file"),
        ({}, ValueError, "no two-layer net in a form that is known here"),
        ({1: 2}, TypeError, "keys are no names"),
        (split_source, ValueError, "split_source is no function that can be checked by itself"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_sentence(target, kind, message):
    with pytest.raises(kind, match=re.escape(message)) as caught:
        check(target)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", [{"hints": 4}, {"seed": -1}, {"seed": 1.5}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match="give"):
        check(dict, **options)


# --- nothing changes

RESTLESS = """
        global CALLS
        CALLS += 1
        TwoLayerNet.made = self
        TwoLayerNet.shared["last"] = 1
        LOG.append(1)
        BOARD[...] += 1
        RNG.normal()
        random.random(), np.random.seed(3), torch.manual_seed(4)
        torch.set_default_dtype(torch.float64)
        np.set_printoptions(precision=2), np.seterr(all="raise"), sys.path.append("x")
        print("noise"), print("noise", file=sys.stderr)
"""


def take_state(space):
    """Return all that a check could change, as texts."""
    names = ("CALLS", "LOG", "BOARD")
    kind = space["TwoLayerNet"]
    return [
        str(random.getstate()), str(np.random.get_state()), str(torch.get_rng_state().tolist()),  # noqa: NPY002
        str(space["RNG"].bit_generator.state), str({name: space[name] for name in names}),
        str({k: id(v) for k, v in vars(kind).items()}), str(kind.shared), str(sorted(space)),
        str(np.geterr()), str(np.get_printoptions()), str(torch.get_default_dtype()),
        str(sys.path), str(sorted(vars(np))), str(id(sys.stdout)), str(id(input)),
    ]  # fmt: skip


def test_a_check_changes_nothing(capsys):
    head = "import random, sys\nimport torch\nCALLS, LOG = 0, []\n"
    source = RIGHT.replace("        self.params = {}\n", f"{RESTLESS}        self.params = {{}}\n")
    source = source.replace("class TwoLayerNet:\n", "class TwoLayerNet:\n    shared = {}\n")
    tail = "BOARD, RNG = np.zeros(3), np.random.default_rng(5)\n"
    space = run_cells(head, source, tail)
    before = take_state(space)
    assert check(space["TwoLayerNet"]).right is True
    assert take_state(space) == before
    assert check(space, hints=1)
    assert take_state(space) == before
    assert capsys.readouterr() == ("", "")


def test_the_parameters_that_a_class_shares_with_its_instances_stay():
    source = RIGHT.replace("        self.params = {}\n", "")
    space = run_cells(source.replace("TwoLayerNet:\n", "TwoLayerNet:\n    params = {}\n"))
    net = space["TwoLayerNet"](4, 5, 3)
    arrays = {key: (value, value.copy()) for key, value in net.params.items()}
    check(net)
    for key, (array, copy) in arrays.items():
        assert net.params[key] is array
        assert (array == copy).all()


# --- the table


def test_the_table_shows_the_report_and_escapes_what_comes_from_outside():
    source = plant_mistakes("chapter4", "sigmoid-grad-of-output")
    source = source.replace("sigmoid_grad(z1) * dz1", 'sigmoid_grad(z1) * dz1  # "<b>" & </pre>')
    table = check(run_cells(source)["TwoLayerNet"])._repr_html_()
    assert "sigmoid-grad-of-output" in table
    assert "<b>" not in table
    assert html.escape('# "<b>" & </pre>') in table
    assert "+        da1 = sigmoid_grad(a1) * dz1" in table
    assert not re.search(r"(?<!-)color:(?!inherit)", table)  # The text has the page's own colour.


@pytest.mark.slow
def test_the_table_escapes_messages():
    source = RIGHT.replace("        # forward\n", "        raise ValueError('<script>&')\n")
    table = check(run_cells(source)["TwoLayerNet"])._repr_html_()
    assert "<script" not in table
    assert "&lt;script&gt;&amp;" in table


def test_the_table_hides_what_the_hints_hide():
    space = run_cells(plant_mistakes("chapter4", "gradient-sign"))
    table = check(space["TwoLayerNet"], hints=1)._repr_html_()
    assert "gradient W1" in table
    assert "gradient-sign" not in table


# --- in a kernel


def run_notebook(*codes, timeout=120):
    """Run cells in a kernel; return their outputs."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in codes])
    nbclient.NotebookClient(book, timeout=timeout, kernel_name="python3").execute()
    return [cell.outputs for cell in book.cells]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of jupyter's own packages
def test_a_kernel_gives_the_verdict_of_the_file_and_keeps_its_state(tmp_path):
    source = plant_mistakes("chapter4", "sigmoid-grad-of-output")
    root = str(NETS.parents[2])
    state = "(str(np.random.get_state()), random.getstate(), dict(vars(TwoLayerNet)), dir(np))"
    outputs = run_notebook(
        f"import sys; sys.path.insert(0, {root!r})\nimport random",
        "%matplotlib inline\n" + split_source(source)[0],
        *split_source(source)[1:],
        f"from trainer import check\nbefore = {state}\nresult = check(TwoLayerNet)\nresult",
        f"print({state} == before)\n"
        "print([(f.quantity, f.verdict, f.cause) for f in result.findings])",
        "print(result)",
    )
    (tmp_path / "net.py").write_text(source)
    expected = [(f.quantity, f.verdict, f.cause) for f in report_on(tmp_path / "net.py").findings]
    shown = outputs[-3][0]["data"]
    assert "<table" in shown["text/html"]
    assert len(outputs[-3]) == 1
    same, found = outputs[-2][0]["text"].splitlines()
    assert same == "True"
    assert ast.literal_eval(found) == expected
    assert re.search(r"cell In\[\d+\], line \d+  da1 = sigmoid_grad", outputs[-1][0]["text"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of jupyter's own packages
def test_the_example_notebook_runs(monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    path = NETS.parents[2] / "docs" / "check_notebook.ipynb"
    book = nbformat.read(path, as_version=4)
    codes = [cell.source for cell in book.cells if cell.cell_type == "code"]
    assert all(not cell.outputs for cell in book.cells if cell.cell_type == "code")
    monkeypatch.setenv("PYTHONPATH", str(NETS.parents[2]))
    outputs = run_notebook(*codes)
    texts = [each["data"]["text/plain"] for cell in outputs for each in cell if "data" in each]
    assert "tried fix" not in texts[0]
    assert "with this change all" in texts[1]
    assert outputs[5][0]["text"] == "False ['gradient W1', 'gradient b1']\n"
    assert texts[2].startswith("softmax is right")
    assert "TwoLayerNet is wrong in gradient W1, gradient b1" in texts[3]
