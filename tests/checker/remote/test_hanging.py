"""A part that hangs costs only that part, and nobody is accused who was only slow."""

import pytest
from mistaken import NETS

from trainer.checker.process import check_in_child
from trainer.checker.remote.hanging import HangError, Hangs, LargeError

RIGHT = (NETS / "chapter4.py").read_text()
HANG = "        import time\n        while True: time.sleep(0.05)\n"
PREDICT = {"do": "call", "method": "predict", "args": [1]}
TRAIN = {"do": "method", "quantity": "train", "args": [1]}


def check(folder, old, new):
    assert old in RIGHT
    path = folder / "net.py"
    path.write_text(RIGHT.replace(old, new))
    report, _ = check_in_child(path, timeout=10)
    verdicts = {finding.quantity: finding.verdict for finding in report.findings}
    return report, verdicts


@pytest.mark.slow
def test_a_gradient_that_hangs_is_named_and_the_others_are_judged(tmp_path):
    report, verdicts = check(tmp_path, "        # backward\n", HANG)
    assert verdicts["gradient"] == "raises"
    names = ("predict", "loss", "accuracy", "numerical_gradient", "softmax")
    assert [verdicts[name] for name in names] == ["ok"] * 5
    assert "gradient: did not come back in" in report.as_text()
    assert report.diagnosis is None


@pytest.mark.slow
def test_what_may_take_long_is_not_wrong_where_it_does_not_come_back(tmp_path):
    start = "    def numerical_gradient(self, x, t):\n"
    report, verdicts = check(tmp_path, start, start + HANG)
    assert report.status == 2
    assert verdicts["gradient W1"] == "ok"
    assert "numerical_gradient did not come back" in report.stopped


@pytest.fixture
def hangs():
    return Hangs(20)


def test_a_part_may_take_half_of_what_is_left_and_loading_all(hangs):
    assert hangs.share(PREDICT, 12) == 6
    assert hangs.share({"do": "load"}, 12) == hangs.share({"do": "build"}, 12) == 12


def test_a_part_that_hung_is_not_asked_again(hangs):
    assert hangs.add(PREDICT, 10)
    with pytest.raises(HangError, match="10 s"):
        hangs.refuse(PREDICT | {"args": [2]})
    hangs.refuse(PREDICT | {"method": "loss"})


def test_a_part_that_came_back_before_is_not_wrong_and_other_inputs_are_asked(hangs):
    hangs.accept(PREDICT)
    assert hangs.add(PREDICT, 10)
    assert not hangs.found[0].is_wrong
    hangs.refuse(PREDICT | {"args": [2]})
    with pytest.raises(HangError):
        hangs.refuse(PREDICT | {"number": 7})


def test_a_part_that_had_little_time_does_not_hang(hangs):
    assert not hangs.add(PREDICT, 1.9)
    assert not hangs.add({"do": "load"}, 20)


def test_training_that_does_not_come_back_is_not_wrong(hangs):
    assert hangs.add(TRAIN, 10)
    assert not hangs.found[0].is_wrong


def test_a_step_that_takes_too_much_memory_is_not_asked_again_and_others_are(hangs):
    program = {"do": "program", "program": 1}
    assert hangs.add(program, 0.1, "memory")
    with pytest.raises(LargeError):
        hangs.refuse(program)
    hangs.refuse(program | {"program": 2})
    assert not hangs.add(PREDICT, 0.1, "memory")
