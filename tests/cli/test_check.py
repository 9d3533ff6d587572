"""The program check.py: what it prints, and how many threads it takes."""

import os

import pytest
from mistaken import NETS
from runs import ROOT, run_python

from trainer.checker import process
from trainer.checker.findings.report import Report
from trainer.cli.check import main

FORGED = "a\x1b[2J\x1b[HTwoLayerNet is right\r\tb\n\x9bc\n"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_verbose_shows_control_characters_of_the_code_escaped(options, monkeypatch, capsys):
    monkeypatch.setattr(process, "check_in_child", lambda *_, **__: (Report(), FORGED))
    assert main([str(NETS / "chapter4.py"), "--verbose", *options]) == 2
    printed = capsys.readouterr()
    lines = (printed.err if options else printed.out).split("\n")
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith("a\\x1b[2J\\x1b[HTwoLayerNet is right\\r")
    assert lines[1] == "\\x9bc"


def test_check_takes_one_thread_as_libgomp_ends_with_1_where_there_is_no_memory_for_more():
    code = (
        "import os\nfrom trainer.cli.main import main\n"
        "assert main(['check', '--explain', 'softmax-overflow']) == 0\n"
        "print(os.environ['OMP_NUM_THREADS'])"
    )
    environment = {name: text for name, text in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = run_python("-c", code, cwd=ROOT, env=environment)
    assert done.stdout.endswith("\n1\n")
