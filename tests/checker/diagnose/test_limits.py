"""A search ends after counts, which no clock, hash seed or endless loop moves."""

import ast
import json
import time

import pytest
from mistaken import plant_mistakes

from trainer.checker import process
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import diagnose
from trainer.checker.diagnose.looping import ROUNDS, limit_loops
from trainer.checker.diagnose.verifying import Request


@pytest.fixture
def wrong(tmp_path):
    """The path of a net with one mistake."""
    path = tmp_path / "net.py"
    path.write_text(plant_mistakes("chapter4", "sigmoid-grad-of-output"))
    return path


def test_no_clock_is_read_while_a_fix_is_sought(wrong, monkeypatch):
    def refuse():
        raise AssertionError("a clock was read")

    request = Request(wrong, None, False, 0)
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        monkeypatch.setattr(time, name, refuse)
    found = diagnose(request)
    monkeypatch.undo()
    assert "sigmoid_grad(a1) * dz1" in found.diff


def test_a_search_ends_after_so_many_changes(wrong):
    tried = Count(1)
    found = diagnose(Request(wrong, None, False, 0), tried)
    assert tried.used == 1
    assert found is None or not found.diff


def test_a_search_that_the_clock_stops_says_so_and_loses_no_verdict(wrong, monkeypatch):
    monkeypatch.setattr(process, "SEARCH", 0)
    report, _ = process.check_in_child(wrong)
    assert report.status == 1
    search = json.loads(report.as_json())["search"]
    assert search == {"tried": search["tried"], "limit": 1200, "stopped": True}
    words = f"stopped after {search['tried']} of 1200 changes: a larger --timeout gives it more"
    assert words in report.as_text()


def run(source):
    """Return the names that a source sets, with its loops limited."""
    names = {}
    exec(compile(limit_loops(ast.parse(source)), "<test>", "exec"), names)
    return names


@pytest.mark.parametrize(
    "loop", ["while True: n = 1", "for i in iter(int, 1): n = i", "while 1:\n  while 1: n = 2"]
)
def test_an_endless_loop_raises(loop):
    with pytest.raises(RuntimeError, match="endless loop"):
        run(loop)


def test_loops_that_end_keep_their_results():
    source = "a = [(i, j) for i in range(3) for j in range(2)]\nb = []\n"
    source += (
        "for i in range(3):\n  for j in range(4):\n    if j == 2: break\n    b.append((i, j))\n"
    )
    source += "n = 0\nwhile n < 5:\n  n += 1\nelse:\n  c = n\n"
    names = run(source)
    assert names["a"] == names["b"]
    assert names["c"] == 5


def test_so_many_rounds_are_no_endless_loop():
    assert run(f"n = 0\nfor i in range({ROUNDS}): n = i")["n"] == ROUNDS - 1
