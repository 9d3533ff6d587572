"""check.py --watch: a verdict after each change, and the status of the last one at Ctrl-C."""

import os
import signal
import subprocess
import sys

import pytest
from mistaken import NETS
from runs import ROOT

from trainer.cli import watching
from trainer.cli.interrupts import Terminated

RIGHT = (NETS / "chapter4.py").read_text()
WRONG = RIGHT.replace("dy = (y - t) / batch_num", "dy = (t - y) / batch_num")


class Changes:
    """Replaces time.sleep: each call changes the file, and the last one is Ctrl-C."""

    def __init__(self, *changes):
        self.changes = list(changes)

    def __call__(self, _seconds):
        if not self.changes:
            raise KeyboardInterrupt
        self.changes.pop(0)()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.py"
    path.write_text("1")
    return path


def test_each_change_is_checked_once_and_the_last_status_returned(path, monkeypatch, capsys):
    statuses = iter([1, 2, 0])
    wait = [lambda: None]
    changes = Changes(lambda: path.write_text("22"), *wait, lambda: path.write_text("333"), *wait)
    monkeypatch.setattr(watching.time, "sleep", changes)
    assert watching.watch(path, lambda: next(statuses)) == 0
    assert capsys.readouterr().out.count("waits for a change of net.py") == 3


def test_a_file_that_an_editor_replaces_is_waited_for(path, monkeypatch):
    changes = Changes(
        path.unlink, lambda: None, lambda: path.write_text(""), lambda: path.write_text("4444"),
        lambda: None,
    )  # fmt: skip
    monkeypatch.setattr(watching.time, "sleep", changes)
    seen = []
    watching.watch(path, lambda: seen.append(path.read_text()) or 1, is_quiet=True)
    assert seen == ["1", "4444"]


def test_a_change_during_the_check_is_not_missed(path, monkeypatch):
    texts = iter(["22", "22"])
    monkeypatch.setattr(watching.time, "sleep", Changes(lambda: None))
    seen = []

    def check():
        seen.append(path.read_text())
        path.write_text(next(texts))
        os.utime(path, ns=(0, 0))
        return 0

    watching.watch(path, check, is_quiet=True)
    assert seen == ["1", "22"]


def test_sigterm_is_not_taken_for_the_users_end(path, monkeypatch):
    def stop(_seconds):
        raise Terminated

    monkeypatch.setattr(watching.time, "sleep", stop)
    with pytest.raises(Terminated):
        watching.watch(path, lambda: 0)


def read_check(process):
    """Return what one check printed; its status is kept by the time the last line comes."""
    lines = []
    while not lines or "Ctrl-C ends it" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], "".join(lines)
    return "".join(lines)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_the_program_checks_again_and_ends_with_the_last_status(path):
    path.write_text(RIGHT)
    command = [sys.executable, str(ROOT / "scripts" / "check.py"), str(path), "--watch"]
    environment = {**os.environ, "COLUMNS": "300"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert "is right" in read_check(process)
        path.write_text(WRONG)
        assert "is wrong" in read_check(process)
        path.write_text("def f(:\n")
        process.send_signal(signal.SIGCONT)
        read_check(process)
        path.write_text(WRONG)
        assert "is wrong" in read_check(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 1
    finally:
        process.kill()
        process.communicate()
