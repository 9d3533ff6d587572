"""The report in each language: the same findings, and no English sentence."""

import json
import re

import pytest
from mistaken import plant_mistakes
from reports import report_on
from rich.cells import cell_len
from runs import ROOT
from sampling import few

from trainer.checker.findings.descriptions import OTHERS, describe_mistake
from trainer.checker.findings.placing import describe_cell, describe_place, replace_places
from trainer.checker.live.html import render
from trainer.checker.process import check_in_child
from trainer.cli import check as command
from trainer.cli.program import Program, run_command
from trainer.common.language import CATALOGUES, set_language, use_language

OWN = re.compile("[\u3041-\u9fff]")  # characters of Chinese and Japanese
PLANTED = [
    ("chapter4", "batch-mean-missing"), ("chapter4", "misspelt-name"),
    ("chapter4", "accuracy-axis"), ("chapter5", "softmax-whole-batch"),
    ("cs231n", "bias-not-updated"),
]  # fmt: skip


@pytest.fixture(params=CATALOGUES)
def code(request):
    with use_language(request.param):
        yield request.param


def plant(tmp_path, layout, slug):
    path = tmp_path / "net.py"
    path.write_text(plant_mistakes(layout, slug))
    return path


@pytest.mark.parametrize(("layout", "slug"), few(PLANTED, 2))
def test_the_findings_are_those_in_english(tmp_path, code, layout, slug):
    path = plant(tmp_path, layout, slug)
    report = report_on(path)
    with use_language("en"):
        english = report_on(path)
    assert report.status == english.status == 1
    for own, other in zip(report.findings, english.findings, strict=True):
        assert (own.quantity, own.verdict, own.cause) == (
            other.quantity, other.verdict, other.cause
        )  # fmt: skip
        is_error = own.verdict == "raises"  # Python's own words
        assert not own.message or is_error or OWN.search(own.message), own.message
    for line in report.as_text().splitlines():
        assert OWN.search(line), line
    assert OWN.search(render(report))


@pytest.mark.parametrize("code", CATALOGUES, indirect=True)
def test_every_mistake_is_described(code):
    for slug in OTHERS:
        assert OWN.search(describe_mistake(slug))


def test_json_differs_only_in_messages(tmp_path, code):
    path = plant(tmp_path, "chapter4", "bias-grad-mean")
    found = json.loads(report_on(path).as_json())
    with use_language("en"):
        english = json.loads(report_on(path).as_json())
    for each in (*found["findings"], *english["findings"]):
        each.pop("message")
    assert found == english


@pytest.mark.parametrize("code", few(CATALOGUES, 1), indirect=True)
def test_the_child_and_the_worker_speak_the_language_too(tmp_path, code):
    report, _ = check_in_child(plant(tmp_path, "chapter4", "dw2-from-a1"))
    assert OWN.search(report.diagnosis["expected"])
    (tmp_path / "open.py").write_text("def f(:\n")
    stopped, _ = check_in_child(tmp_path / "open.py")
    assert OWN.search(stopped.stopped)
    (tmp_path / "missing.py").write_text("import nothing_like_it\nnet = nothing_like_it.Net()\n")
    assert OWN.search(check_in_child(tmp_path / "missing.py")[0].stopped)


def test_lines_of_a_notebook_are_named_in_each_language(code):
    text = f"x ({describe_place('a.ipynb', 7)}), y (a.ipynb, line 8)"
    placed = replace_places(text, "a.ipynb", lambda line: describe_cell(2, line - 6))
    assert placed == f"x ({describe_cell(2, 1)}), y ({describe_cell(2, 2)})"


@pytest.mark.parametrize("code", CATALOGUES)
def test_the_option_chooses_the_language_and_lines_fit_80_columns(code, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    try:
        words = [str(ROOT / "docs" / "my_net.py"), "--lang", code]
        assert run_command(command.main, words, Program("check")) == 1
        shown = capsys.readouterr().out
        words = ["--explain", "loss-sum", "--lang", code]
        assert run_command(command.main, words, Program("check")) == 0
    finally:
        set_language("en")
    assert max(map(cell_len, shown.splitlines())) in range(75, 81)
    assert OWN.search(shown)
    assert OWN.search(capsys.readouterr().out)
