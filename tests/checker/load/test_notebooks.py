"""A notebook is judged like a file, and its places are given by cell and line."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from mistaken import NETS, plant_mistakes
from notebooks import BEFORE, MARKDOWN, PYTHON_3, make_cell, write_cells, write_notebook
from reports import report_on
from sampling import few

from trainer.checker.diagnose.diagnosing import Request, diagnose
from trainer.checker.load.places import place_diagnosis
from trainer.checker.process import check_in_child
from trainer.common.errors import InputError

EXAMPLES = NETS.parent / "shapes" / "examples"
RIGHT = (NETS / "chapter4.py").read_text()
HEAD, CLASS = RIGHT[: RIGHT.index("class")], RIGHT[RIGHT.index("class") :]
PYTHON_2 = {"kernelspec": {"name": "python2", "language": "python"}}
CHAPTER4 = ("misspelt-name", "sigmoid-grad-of-output", "gradient-sign", "accuracy-count",
            "bias-stored-twice", "weight-shape", "unfinished")  # fmt: skip
MISTAKES = [("chapter4", slug) for slug in CHAPTER4]
MISTAKES += [("chapter5", "relu-grad-of-gradient"), ("cs231n", "update-sign"),
             ("volume2", "loss-sum"), ("regression", "mse-mean")]  # fmt: skip


def list_findings(report):
    """Return what a report says, without places."""
    found = [replace(f, file=None, line=None, cell=None) for f in report.findings]
    for finding in found:
        finding.message = re.sub(r"\((net\.py|cell \d+), line \d+\)", "(place)", finding.message)
    return [f for f in found if f.quantity != "loading"]


@pytest.mark.parametrize("layout", ["chapter4", "chapter5", "cs231n", "volume2", "solver"])
def test_a_right_notebook_is_right(layout, tmp_path):
    path = write_notebook(tmp_path / "work.ipynb", (NETS / f"{layout}.py").read_text())
    report = report_on(path)
    assert report.status == 0, report.as_text()
    assert "secret" not in report.as_text()


@pytest.mark.parametrize(("layout", "slug"), few(MISTAKES, 1))
def test_a_notebook_gets_the_verdict_of_its_file(layout, slug, tmp_path):
    source = plant_mistakes(layout, slug)
    (tmp_path / "net.py").write_text(source)
    report = report_on(write_notebook(tmp_path / "work.ipynb", source))
    assert list_findings(report) == list_findings(report_on(tmp_path / "net.py"))
    assert report.status == 1


def get_line(path, cell, line):
    return "".join(json.loads(path.read_text())["cells"][cell - 1]["source"]).split("\n")[line - 1]


@pytest.mark.parametrize(
    "slug", few(["sigmoid-grad-of-output", "accuracy-count", "misspelt-name"], 1)
)
def test_the_wrong_line_and_the_fix_are_those_of_a_cell(slug, tmp_path):
    source = plant_mistakes("chapter4", slug)
    (tmp_path / "net.py").write_text(source)
    path = write_notebook(tmp_path / "work.ipynb", source)
    expected = diagnose(Request(tmp_path / "net.py", None, False, 0))
    found = place_diagnosis(vars(diagnose(Request(path, None, False, 0))), path)
    assert (found["code"], found["checks"]) == (expected.code, expected.checks)
    assert get_line(path, found["cell"], found["line"]) == expected.code
    first, second, hunk, *changes = found["diff"].splitlines()
    assert (first, second) == (f"--- cell {found['cell']}", f"+++ cell {found['cell']}")
    old = expected.diff.splitlines()
    assert hunk == old[2].replace(str(expected.line), str(found["line"]))
    assert changes == old[3:]


def test_the_diff_of_several_cells_is_that_of_each(tmp_path):
    path = write_cells(tmp_path / "work.ipynb", "a = 1\nb = 2\n", "c = 3\n")
    text = (
        "--- a/{0}\n+++ b/{0}\n@@ -2 +2,2 @@\n-b = 2\n+b = 3\n+d = 1\n@@ -4 +5 @@\n-c = 3\n+c = 4\n"
    )
    found = {"file": "work.ipynb", "line": 4, "diff": text.format("work.ipynb")}
    placed = place_diagnosis(found, path)
    assert (placed["cell"], placed["line"]) == (3, 1)
    assert placed["diff"] == (
        "--- cell 2\n+++ cell 2\n@@ -2 +2,2 @@\n-b = 2\n+b = 3\n+d = 1\n"
        "--- cell 3\n+++ cell 3\n@@ -1 +1 @@\n-c = 3\n+c = 4\n"
    )
    helper = {"file": "functions.py", "line": 4, "diff": text.format("functions.py")}
    assert place_diagnosis(helper, path) == helper | {"cell": None}


def test_the_report_gives_places_by_cell(tmp_path):
    path = write_notebook(tmp_path / "work.ipynb", plant_mistakes("chapter4", "accuracy-count"))
    report, _ = check_in_child(path, "TwoLayerNet", timeout=60)
    cell = 2 + len(BEFORE) + [c.startswith("class") for c in CELLS].index(True)
    number = [line.strip() for line in CLASS.split("\n")].index(
        "return np.sum(y == t) / float(x.shape[0])"
    ) + 1
    text = report.as_text()
    assert f"\ncell {cell}, line {number}  return np.sum(y == t)\n" in text
    assert f"tried fix:\ncell {cell}\n" in text
    assert f"{number:>6} -" in text
    found = next(f for f in json.loads(report.as_json())["findings"] if f["verdict"] == "differs")
    assert (found["cell"], found["line"]) == (cell, number)
    assert found["file"] == "work.ipynb"


CELLS = [c for c in RIGHT.split("\n\n\n") if c.strip()]


def test_an_exception_is_placed_in_its_cell(tmp_path):
    wrong = CLASS.replace("y = softmax(a2)", "y = softmx(a2)", 1)
    report = report_on(write_cells(tmp_path / "work.ipynb", HEAD, wrong))
    number = next(i for i, line in enumerate(wrong.split("\n"), 1) if "softmx" in line)
    found = next(f for f in report.findings if f.quantity == "predict")
    assert found.message == f"NameError: name 'softmx' is not defined (cell 3, line {number})"
    assert (found.cell, found.line) == (3, number)


@pytest.mark.parametrize(
    "cells",
    [
        [CLASS, HEAD],
        [CLASS.replace("(y - t)", "(t - y)"), HEAD, CLASS],
        [HEAD, CLASS, "class Deep(Base):\n    pass", "class Base:\n    pass"],
        [HEAD, CLASS + "\nnet = TwoLayerNet(1, 2, 3)\nx = load()\nfor i in x:\n    net.loss(i)\n"],
        ["if __name__ == '__main__':\n" + re.sub("(?m)^", "    ", HEAD), CLASS],
        ["%time import numpy as np\n" + HEAD.replace("import numpy as np\n", ""), CLASS],
        [HEAD, re.sub("(?m)^", "    ", CLASS)],
        ["%pylab inline\n" + HEAD.replace("import numpy as np\n", ""), CLASS],
        [HEAD, "n_hidden = 50\nnet = undefined_name(3)\nlayers.append(3)", CLASS],
        [HEAD, "width = deleted * 2\nif width > 3:\n    print(1)", CLASS],
        [HEAD, "!pip install \\\n  numpy \\\n  scipy\nx = 1", CLASS],
        [HEAD, "!echo don't (\nx = 1\n%cd \"it's\"", CLASS],
        [HEAD, "if IN_COLAB:\n    !git clone x\n    %cd x\nelse:\n    x = %env HOME", CLASS],
        ["\n%%capture out\n" + HEAD, "%%html\n<b>it's</b>", "%%writefile a.py\nimport (", CLASS],
        [HEAD, CLASS.replace("        grads = {}\n", "        display(x)\n        grads = {}\n")],
        [HEAD, CLASS, "await fetch()", "x = input('name? ')", "pip install a-b", "", "   "],
    ],
)  # fmt: skip
def test_what_notebooks_hold_is_understood(cells, tmp_path):
    report = report_on(write_cells(tmp_path / "work.ipynb", *cells))
    assert report.status == 0, report.as_text()


def test_a_cell_that_is_not_python_is_noted_and_the_others_count(tmp_path):
    path = write_cells(tmp_path / "work.ipynb", HEAD, "x = 1\nme@example.org = (", CLASS)
    report = report_on(path)
    assert report.status == 0, report.as_text()
    note = r"loading: cell 3, line 2: not valid Python .*; the cell was left out"
    assert re.search(note, report.as_text())
    assert "example" not in report.as_text()


def test_a_name_of_a_cell_that_is_not_python_is_not_held_against_the_net(tmp_path):
    start = HEAD.replace("import numpy as np\n", "")
    for broken in ("import numpy as np\nprint 'start'", "x, np = 3, 4\nx = ("):
        report = report_on(write_cells(tmp_path / "work.ipynb", broken, start, CLASS))
        assert report.status == 2, report.as_text()
        assert "needs np.random.randn: set in cell 2, which is not valid Python" in report.as_text()
    broken = start.replace("(a):", "(a:")
    path = write_cells(tmp_path / "work.ipynb", "import numpy as np", broken, CLASS)
    report = report_on(path)
    assert report.status == 2, report.as_text()
    assert "needs sigmoid: set in cell 3, which is not valid Python" in report.as_text()


@pytest.mark.parametrize(
    ("example", "end"), [("columns", "layer_sizes"), ("deep", "initialize_parameters(")]
)
def test_what_a_deleted_cell_imported_is_replaced_with_a_note(example, end, tmp_path):
    source = (EXAMPLES / f"{example}.py").read_text()
    source = source[source.index(f"def {end}") :]  # without np, and sigmoid and relu of dnn_utils
    report = report_on(write_cells(tmp_path / "work.ipynb", source))
    assert report.status == 0, report.as_text()
    assert "no cell sets np and " in report.as_text()


def test_a_global_of_a_cell_that_was_not_run_is_named_with_its_cell(tmp_path):
    cells = ["x = load()\nm = x.shape[0]\n", CLASS.replace("/ batch_num", "/ m")]
    report = report_on(write_cells(tmp_path / "work.ipynb", HEAD, *cells))
    assert report.status == 2, report.as_text()
    assert (
        "needs m: set at cell 3, line 2 of work.ipynb, by a statement that was not run"
        in report.as_text()
    )


def test_a_missing_helper_is_replaced_with_a_note(tmp_path):
    imports = "from planar_utils import plot_decision_boundary, sigmoid\nfrom testCases import *"
    start = HEAD.replace("def sigmoid(", "def my_sigmoid(")
    cells = [imports, start.replace("def sigmoid_grad(", "def unused("),
             "def sigmoid_grad(x):\n    return sigmoid(x) * (1 - sigmoid(x))", CLASS]  # fmt: skip
    report = report_on(write_cells(tmp_path / "work.ipynb", *cells))
    assert report.status == 0, report.as_text()
    assert "module planar_utils was not found: our own version is used" in report.as_text()


def test_a_later_star_import_hides_no_definition_of_the_notebook(tmp_path):
    (tmp_path / "helper.py").write_text("def sigmoid(x):\n    return x\nh = 3\n")
    cells = [HEAD, "from helper import *\nfrom nowhere import *\nfrom math import *", CLASS]
    report = report_on(write_cells(tmp_path / "work.ipynb", *cells))
    assert report.status == 0, report.as_text()


@pytest.mark.slow
def test_a_notebook_of_python_2_divides_as_python_2_does(tmp_path):
    lines = ["grads = {}", "print 'loss', len(x)", "half = x[: len(x) / 2]", "n = 7", "n /= 2",
             "assert n == 3 and 1 / 2 == 0 and 1 / 2. == 0.5, half"]  # fmt: skip
    block = "".join(f"        {line}\n" for line in lines)
    old = CLASS.replace("        grads = {}\n", block)
    cells = ["import cPickle\n" + HEAD, old, "%time print 'done'"]
    for metadata in (PYTHON_2, {}):
        report = report_on(write_cells(tmp_path / "work.ipynb", *cells, metadata=metadata))
        assert report.status == 0, report.as_text()
        assert "work.ipynb is Python 2: it was translated" in report.as_text()
    report = report_on(write_cells(tmp_path / "work.ipynb", HEAD, CLASS, metadata=PYTHON_2))
    assert report.status == 0, report.as_text()
    true = [
        "from __future__ import division",
        HEAD,
        CLASS.replace("(y - t)", "(y - t) * 3 * (1 / 3)"),
    ]
    report = report_on(write_cells(tmp_path / "work.ipynb", *true, metadata=PYTHON_2))
    assert report.status == 0, report.as_text()


def test_a_file_of_python_2_divides_as_python_2_does(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(RIGHT.replace("        grads = {}\n", "        grads = {}\n        print 'x'\n"
                                  "        batch = x[: len(x) / 2]\n"))  # fmt: skip
    assert report_on(path).status == 0


def test_a_notebook_of_format_3_is_read(tmp_path):
    cells = [
        {"cell_type": "code", "language": "python", "input": code.splitlines(True)}
        for code in (HEAD, CLASS)
    ]
    cells.insert(0, {"cell_type": "heading", "level": 1, "source": "My net"})
    content = {"metadata": {"name": ""}, "nbformat": 3, "worksheets": [{"cells": cells}]}
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps(content))
    assert report_on(path).status == 0


CODE = {"cell_type": "code"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a notebook: not valid JSON (line 1, column 1)"),
        (b"{", "is not a notebook: not valid JSON (line 1, column 2)"),
        (bytes(range(256)), "is not a notebook: it is not UTF-8 text"),
        (b"[" * 100_000, "is not a notebook: not valid JSON"),
        ([], "is not a notebook: it has no cells"),
        ({}, "is not a notebook: it has no cells"),
        ({"cells": 3}, "is not a notebook: it has no cells"),
        ({"worksheets": [3]}, "is not a notebook: it has no cells"),
        ({"cells": [3]}, "is not a notebook: cell 1 is not an object"),
        ({"cells": [MARKDOWN, CODE]}, "is not a notebook: the code of cell 2 is not text"),
        ({"cells": [CODE | {"source": ["a", 3]}]}, "the code of cell 1 is not text"),
        ({"cells": [CODE | {"source": {}}]}, "the code of cell 1 is not text"),
        ({"cells": []}, "the notebook has no code"),
        ({"cells": [MARKDOWN, make_cell("  \n")]}, "the notebook has no code"),
        ({"cells": [MARKDOWN, make_cell("x =")]}, "cell 2, line 1: not valid Python"),
        ({"cells": [make_cell("x = 1")], "metadata": []}, "no two-layer net in a form"),
        ({"cells": [make_cell("%%bash\nls")]}, "the notebook has no code in Python"),
        ({"cells": [make_cell("x <- 1")], "metadata": {"kernelspec": {"language": "R"}}},
         "is a notebook in 'r'; only Python can be checked"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_reported_in_one_line(content, message, tmp_path):
    path = tmp_path / "work.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(InputError) as caught:
        report_on(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_class_that_is_in_no_readable_cell_is_reported_with_the_cell(tmp_path):
    path = write_cells(tmp_path / "work.ipynb", "x = 1", CLASS + "\n    def (")
    with pytest.raises(InputError, match=r"no class .*; cell 3, line \d+: not valid Python"):
        report_on(path)


def test_a_huge_notebook_is_reported(tmp_path):
    path = tmp_path / "work.ipynb"
    with path.open("wb") as file:
        file.truncate(300 * 2**20)
    with pytest.raises(InputError, match="is larger than 256 MiB; clear its outputs first"):
        report_on(path)


def test_run_all_runs_the_cells_as_the_main_program(tmp_path):
    from trainer.checker.check_file import check_file

    path = write_cells(tmp_path / "work.ipynb", "assert __name__ == '__main__'", HEAD, CLASS)
    assert {getattr(f, "verdict", "ok") for f in check_file(path, run_all=True)} <= {"ok", "note"}


def test_the_script_checks_a_notebook(tmp_path):
    path = write_notebook(tmp_path / "work.ipynb", RIGHT, PYTHON_3)
    command = [sys.executable, "-m", "trainer", "check", f"{path}:TwoLayerNet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    path.write_text("{}")
    done = subprocess.run([*command[:-1], path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "work.ipynb: is not a notebook: it has no cells" in " ".join(done.stdout.split())


def test_names_of_the_book_that_no_cell_sets_are_replaced_with_a_note(tmp_path):
    source = (NETS / "chapter5.py").read_text()
    names = "def softmax", "class Relu", "class TwoLayerNet"
    assert all(name in source for name in names)
    start = source.index("class ")
    report = report_on(write_cells(tmp_path / "work.ipynb", source[start:]))
    assert report.status == 0, report.as_text()
    assert "cross_entropy_error" in report.as_text()


def test_a_language_that_contradicts_the_kernel_is_not_believed(tmp_path):
    both = {
        "kernelspec": {"name": "python3"},
        "language_info": {"name": "python", "version": "2.7.6"},
    }
    report = report_on(write_cells(tmp_path / "work.ipynb", HEAD, CLASS, metadata=both))
    assert not any("Python 2" in finding.message for finding in report.findings)
