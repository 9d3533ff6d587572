"""A step of training is judged from outside the process that runs it."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistaken import plant_mistakes
from planted import EXAMPLES
from sampling import few
from steps import FREE, LAYERS

from trainer.checker.find.trace import Trace
from trainer.checker.process import Task, check_in_child, check_task
from trainer.checker.worker.packing import MOST, pack, unpack
from trainer.checker.worker.protocol import (
    MOST_AXES,
    MOST_BYTES,
    MOST_ELEMENTS,
    ProtocolError,
)

NETS = Path(__file__).parents[1] / "nets"
DATA = "\nx, t = np.random.rand(20, 6), np.eye(4)[np.random.randint(0, 4, 20)]\n"
LOOP = (
    DATA
    + """
network = TwoLayerNet(6, 5, 4)
for i in range(100):
    grads = network.gradient(x, t)
    for key in network.params:
        network.params[key] -= 0.1 * grads[key]
"""
)
FUNCTION = """
def train(net, x, t, lr=0.1):
    grads = net.gradient(x, t)
    for key in net.params:
        net.params[key] -= lr * grads[key]
"""
BOOK = (
    DATA.replace("x, t =", "_ =")
    + """
from dataset.mnist import load_mnist
if __name__ == "__main__":
    (x_train, t_train), (x_test, t_test) = load_mnist(normalize=True, one_hot_label=True)
    network = TwoLayerNet(input_size=784, hidden_size=50, output_size=10)
    for i in range(10000):
        batch_mask = np.random.choice(x_train.shape[0], 20)
        x_batch, t_batch = x_train[batch_mask], t_train[batch_mask]
        grad = network.gradient(x_batch, t_batch)
        for key in ("W1", "b1", "W2", "b2"):
            network.params[key] -= 0.1 * grad[key]
"""
)


@pytest.mark.parametrize("name", few(["xor_script", "one_neuron", "deep_script"], 2))
def test_a_net_of_no_known_form_is_right_by_its_own_mathematics(name):
    report, printed = check_in_child(FREE / f"{name}.py")
    assert report.status == 0, report.as_text()
    assert json.loads(report.as_json())["right"] is True
    assert "Traceback" not in printed


def test_a_wrong_net_of_no_known_form_is_wrong(tmp_path):
    path = tmp_path / "net.py"
    text = (FREE / "xor_script.py").read_text()
    path.write_text(text.replace("l1_error * nonlin(l1,", "l1_error * nonlin(np.dot(l0, syn0),"))
    report, _ = check_in_child(path)
    assert report.status == 1
    assert [f.quantity for f in report.wrong_findings] == ["gradient syn0"]


@pytest.mark.parametrize(("sign", "loop"), few(product(("-=", "+="), (LOOP, FUNCTION, BOOK)), 3))
def test_the_files_own_loop_decides_too(tmp_path, sign, loop):
    path = tmp_path / "net.py"
    path.write_text((NETS / "chapter4.py").read_text() + loop.replace("-=", sign))
    report, _ = check_in_child(path)
    assert report.status == (0 if sign == "-=" else 1), report.as_text()
    steps = [f.verdict for f in report.findings if f.quantity == "training step"]
    assert steps[0] == ("ok" if sign == "-=" else "differs")


@pytest.mark.slow
def test_a_submission_is_judged_by_its_step_but_not_made_right_by_a_second_net(tmp_path):
    path = tmp_path / "net.py"
    script = (FREE / "xor_script.py").read_text()
    path.write_text(script)
    assert check_task(Task(path, folder=tmp_path))[0].status == 0
    path.write_text(plant_mistakes("chapter4", "softmax-axis") + script)
    report, _ = check_task(Task(path, folder=tmp_path))
    assert report.wrong_findings[0].quantity == "predict"


def test_code_that_ends_while_a_step_is_sought_accuses_nobody(tmp_path):
    path = tmp_path / "net.py"
    end = "\nif __name__ == '__main__':\n    import os\n    os._exit(3)\n"
    path.write_text((NETS / "chapter4.py").read_text() + end)
    report, _ = check_in_child(path)
    assert report.status == 0, report.as_text()


def test_a_bug_of_the_check_is_told_and_a_step_is_judged_all_the_same(tmp_path, monkeypatch):
    def fail(*_arguments):
        raise ArithmeticError("of the check")

    monkeypatch.setattr("trainer.checker.remote.judge.judge_file", fail)
    report, printed = check_in_child(FREE / "xor_script.py")
    assert report.status == 0, report.as_text()
    assert "ArithmeticError: of the check" in printed


def test_numbers_of_four_bytes_count_as_what_they_are_sent_as():
    answer = pack(Trace(events=[(0, "", np.zeros(MOST_BYTES // 10, np.float32))]))
    assert len(answer["data"]) < MOST_BYTES
    assert unpack(answer).error == "too large"


@pytest.mark.parametrize("events", [
    [np.zeros(MOST_ELEMENTS + 1)], [np.zeros((1,) * (MOST_AXES + 1))], [np.zeros(())] * (MOST + 1),
], ids=["elements", "axes", "arrays"])  # fmt: skip
def test_what_the_judge_would_refuse_is_not_sent(events):
    trace = Trace(events=[(0, "", value) for value in events])
    assert unpack(pack(trace)).error == "too large"


def test_layers_without_a_net_are_right_or_wrong_by_themselves(tmp_path):
    report, _ = check_in_child(LAYERS / "objects.py", hints=1)
    assert (report.status, report.name) == (0, "the code of objects.py")
    assert "MaxPool.backward" in {finding.quantity for finding in report.findings}
    path = tmp_path / "layers.py"
    text = (LAYERS / "plain.py").read_text()
    path.write_text(text.replace("- normal * (dn", "+ normal * (dn"))
    report, _ = check_in_child(path)
    assert [finding.quantity for finding in report.wrong_findings] == ["gradient x"]
    assert "+    dx = (dn - mean - normal * (dn * normal)" in report.diagnosis["diff"]


def test_a_layer_that_gives_another_thing_is_left_open(tmp_path):
    path = tmp_path / "layers.py"
    text = (LAYERS / "objects.py").read_text()
    path.write_text(text.replace("return self.y * (dout - inner)", "return dout"))
    report, _ = check_in_child(path)
    assert report.status == 2
    assert [f.quantity for f in report.findings if not f.checked] == ["Softmax.backward"]


def test_functions_of_a_net_for_mnist_with_128_neurons_are_checked(tmp_path):
    path = tmp_path / "net.py"
    start = "def init_params():\n    n_in, n_hidden, n_out = 784, 128, 10"
    text = (EXAMPLES / "rows.py").read_text()
    path.write_text(text.replace("def init_params(n_in, n_hidden, n_out):", start))
    report, _ = check_in_child(path)
    assert (report.status, report.stopped) == (0, "")


@given(
    st.lists(st.tuples(st.integers(0, 99), st.text(max_size=5), st.integers(0, 3))),
    st.sampled_from(["f8", "i8", "b1"]),
)
def test_a_trace_comes_through_the_pipe_unchanged(places, kind):
    events = [(site, path, np.arange(n).astype(kind)) for site, path, n in places]
    before = {"W": np.ones((2, 2)), "n": np.array(3)}
    after = {"W": np.zeros((2, 2)), "n": np.array(3)}
    found = unpack(json.loads(json.dumps(pack(Trace(events, before, after)))))
    assert [event[:2] for event in found.events] == [event[:2] for event in events] + [(-1, "W")]
    for (*_place, got), (*_there, want) in zip(found.events, events, strict=False):
        np.testing.assert_array_equal(got, want)


FORGED = (
    {"data": "?"}, {"data": ""}, {"events": [[1]]}, {"before": 3},
    {"events": [[0, "", "f", [9**9]]]}, {"after": [["W", "q", [1]]]},
    {"before": [["W", "f", [-1]]]},
)  # fmt: skip


@pytest.mark.parametrize("change", FORGED)
def test_what_is_no_trace_is_refused(change):
    answer = pack(Trace([(0, "", np.ones(2))], {"W": np.ones(1)}, {"W": np.ones(1)}))
    with pytest.raises(ProtocolError):
        unpack(answer | change)


OUTSIDE = """
import os, subprocess, urllib.request
for act in (
    lambda: open("written.txt", "w").write("x"),
    lambda: os.mkdir("made"),
    lambda: os.remove("kept.txt"),
    lambda: os.system("echo > by_shell.txt"),
    lambda: subprocess.run(["touch", "by_program.txt"]),
    lambda: urllib.request.urlopen("http://localhost:1"),
):
    try:
        act()
    except OSError:
        pass
input("how many rounds? ")
"""

ASKING = """
def ask():
    while input("which one, or quit? ") != "quit":
        pass

ask()
"""


def test_a_script_that_asks_until_it_gets_a_certain_answer_is_judged(tmp_path):
    (tmp_path / "net.py").write_text(ASKING + (FREE / "xor_script.py").read_text())
    report, _ = check_in_child(tmp_path / "net.py")
    assert report.status == 0, report.as_text()


def test_a_script_that_is_followed_changes_no_file_and_starts_no_program(tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    (tmp_path / "net.py").write_text(OUTSIDE + (FREE / "xor_script.py").read_text())
    report, _ = check_in_child(tmp_path / "net.py")
    assert report.status == 0, report.as_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.txt", "net.py"]
