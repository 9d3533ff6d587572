"""The judge outside finds what the checks in one process find, and the worker has no judge."""

import builtins
import compileall
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mistaken import NETS, plant_mistakes
from notebooks import write_cells
from planted import EXAMPLES, NOTED, WRONG, change_example, list_cases, name_case
from sampling import few

from trainer.checker.check_file import check_file
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import STEP
from trainer.checker.process import check_in_child
from trainer.checker.remote.calling import make_error
from trainer.checker.remote.cell import BOOT, choose_hidden
from trainer.checker.remote.library import ROOT, write_library
from trainer.checker.worker.answering import describe_error
from trainer.checker.worker.protocol import Opaque, ProtocolError, decode, encode
from trainer.common.errors import InputError

SHORT = [
    ("chapter4", "sigmoid-grad-of-output"), ("chapter4", "numerical-not-restored"),
    ("chapter4", "accuracy-axis"), ("chapter4", "inputs-mutated"), ("chapter4", "misspelt-name"),
    ("chapter5", "stale-gradient"), ("cs231n", "bias-not-updated"), ("volume2", "loss-sum"),
    ("regression", "mse-mean"), ("cs231n", "unfinished"),
]  # fmt: skip

SHORT_SHAPES = list_cases(WRONG)[::12] + list_cases(NOTED)[::6]


def check_here(path: Path) -> list[str | Finding]:
    try:
        return list(check_file(path))
    except InputError as error:
        return [str(error)]


def check_outside(path: Path) -> list[str | Finding]:
    report, _ = check_in_child(path, hints=1)
    return [report.name, *report.findings] if not report.stopped else [report.stopped]


def list_plainly(found: list[str | Finding]) -> list[str | Finding]:
    """Return what was found without the names of temporary folders and the order of the name, and
    without the training that only a worker follows.
    """
    findings = [
        replace(f, file=f.file and Path(f.file).name)
        for f in found
        if isinstance(f, Finding) and f.quantity != STEP
    ]
    return [*(each for each in found if isinstance(each, str)), *findings]


@pytest.mark.parametrize("path", few(sorted(NETS.glob("*.py")), 2), ids=lambda path: path.stem)
def test_right_nets_get_the_same_findings_outside(path):
    assert list_plainly(check_outside(path)) == list_plainly(check_here(path))


@pytest.mark.parametrize("path", few(sorted(EXAMPLES.glob("*.py")), 2), ids=lambda path: path.stem)
def test_right_code_of_each_shape_gets_the_same_findings_outside(path):
    found = check_outside(path)
    assert list_plainly(found) == list_plainly(check_here(path))
    assert any(isinstance(f, Finding) and f.verdict == "ok" for f in found)


@pytest.mark.parametrize("case", few(SHORT_SHAPES, 1, is_one=True), ids=name_case)
def test_some_mistakes_in_other_shapes_get_the_same_findings_outside(case, tmp_path):
    path = tmp_path / f"{case[0]}.py"
    path.write_text(change_example(case[0], case[3]))
    assert list_plainly(check_outside(path)) == list_plainly(check_here(path))


@pytest.mark.parametrize(("layout", "slug"), few(SHORT, 2))
def test_some_mistakes_get_the_same_findings_outside(layout, slug, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(plant_mistakes(layout, slug))
    assert list_plainly(check_outside(path)) == list_plainly(check_here(path))


LAYER = """
import numpy as np

class Sigmoid:
    def forward(self, x):
        return 1 / (1 + np.exp(-x))

    def backward(self, x, grad):
        return grad * self.forward(x) * (1 - self.forward(x))
"""


def test_a_call_of_ours_that_does_not_fit_is_no_mistake_of_the_file(tmp_path):
    (tmp_path / "net.py").write_text(LAYER)
    report, _ = check_in_child(tmp_path / "net.py", hints=1)
    assert report.status == 0, report.as_text()


def test_places_in_a_notebook_are_the_same_outside(tmp_path):
    source = (NETS / "chapter4.py").read_text().replace("return y\n", "return y[99]\n", 1)
    head, _, rest = source.partition("class ")
    path = write_cells(tmp_path / "work.ipynb", head, "class " + rest)
    found = check_outside(path)
    assert list_plainly(found) == list_plainly(check_here(path))
    assert any(isinstance(f, Finding) and f.cell for f in found)


def test_a_worker_finds_neither_judge_nor_reference(tmp_path):
    write_library(tmp_path)
    names = ("trainer.nets", "trainer.auditing", "trainer.training", "trainer.book.gradient",
             "trainer.checker.measure", "trainer.checker.parts", "trainer.checker.judge",
             "trainer.checker.diagnose")  # fmt: skip
    code = BOOT.format(library=str(tmp_path), root=str(ROOT)) + "import importlib\n"
    code += "".join(
        f"try:\n    importlib.import_module({name!r})\n    print({name!r})\n"
        "except ImportError:\n    pass\n"
        for name in names
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


def test_where_the_project_is_installed_the_worker_still_finds_its_packages(tmp_path):
    assert choose_hidden(tmp_path / "site-packages") == ""
    assert choose_hidden(ROOT) == str(ROOT)
    write_library(tmp_path / "lib")
    code = BOOT.format(library=str(tmp_path / "lib"), root="") + "import trainer.nets\n"
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.append({str(ROOT)!r})\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "No module named 'trainer.nets'" in done.stderr


def test_a_worker_has_all_that_it_imports(tmp_path):
    write_library(tmp_path)
    code = BOOT.format(library=str(tmp_path), root=str(ROOT)) + "import trainer.checker.worker.main"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_a_module_that_cannot_be_compiled_is_given_as_text(tmp_path, monkeypatch):
    monkeypatch.setattr(compileall, "compile_file", lambda *_, **__: False)
    write_library(tmp_path)
    written = (tmp_path / "trainer" / "checker" / "worker" / "main.py").read_text("utf-8")
    assert written == (ROOT / "trainer" / "checker" / "worker" / "main.py").read_text("utf-8")


@pytest.mark.parametrize(
    "value",
    [None, 1.5, 3, True, [1.0, 2.0], np.arange(6).reshape(2, 3), np.float32([1.5, np.nan]),
     np.array(2.5), np.zeros((0, 3)), {"W1": np.eye(2), "b1": None}],
    ids=str,
)  # fmt: skip
def test_values_survive_the_way(value):
    found = decode(encode(value))
    np.testing.assert_equal(found, value)
    assert getattr(found, "dtype", None) == getattr(value, "dtype", None)


def test_what_is_no_array_becomes_its_text():
    found = decode(encode(object))
    assert isinstance(found, Opaque)
    assert repr(found) == "<class 'object'>"


@pytest.mark.parametrize(
    "data",
    [7, [], {"shape": [2], "data": ""}, {"shape": [1], "data": "%%%%"}, {"shape": -1, "data": ""},
     {"shape": [10**9, 10**9], "data": ""}, {"dict": {"a": 1}}, {"text": 3},
     {"shape": [-2], "data": "AAAAAAAAAAA="}, {"shape": [1] * 60, "data": "AAAAAAAAAAA="}],
    ids=str,
)  # fmt: skip
def test_data_of_another_form_is_refused(data):
    with pytest.raises(ProtocolError):
        decode(data)


ERRORS = [kind for kind in vars(builtins).values() if isinstance(kind, type)
          and issubclass(kind, BaseException) and kind is not BaseExceptionGroup]  # fmt: skip


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_exception_of_each_kind_is_known_to_the_judge(kind):
    arguments = {UnicodeDecodeError: ("utf-8", b"x", 0, 1, "why"),
                 UnicodeEncodeError: ("utf-8", "x", 0, 1, "why"),
                 UnicodeTranslateError: ("x", 0, 1, "why")}.get(kind, ())  # fmt: skip
    if issubclass(kind, BaseExceptionGroup):
        arguments = "why", [ValueError()]
    error = kind(*arguments)
    found = make_error(describe_error(error))
    assert type(found).__name__ == kind.__name__
    is_plain = issubclass(kind, Exception) and not issubclass(kind, ExceptionGroup)
    assert isinstance(found, kind) or not is_plain
    assert str(found) == str(error)
