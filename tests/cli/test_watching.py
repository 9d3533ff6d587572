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
from trainer.cli.program import Program
from trainer.common.errors import InputError

RIGHT = (NETS / "chapter4.py").read_text()
WRONG = RIGHT.replace("dy = (y - t) / batch_num", "dy = (t - y) / batch_num")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.py"
    path.write_text("1")
    return path


@pytest.fixture
def watch(path, monkeypatch):
    """A function that watches the file; at each sleep it gets the next text, and then Ctrl-C."""

    def watch_changes(check, *texts, stop=KeyboardInterrupt, **options):
        left = iter(texts)

        def sleep(_seconds):
            text = next(left, stop)
            if text is stop:
                raise stop
            if text is None:
                path.unlink()
            elif text:
                path.write_text(text)

        monkeypatch.setattr(watching.time, "sleep", sleep)
        return watching.watch(path, check, Program("check"), **options)

    return watch_changes


def test_each_change_is_checked_once_and_the_last_status_returned(watch, capsys):
    statuses = iter([1, 2, 0])
    assert watch(lambda: next(statuses), "22", "", "333", "") == 0
    assert capsys.readouterr().out.count("waits for a change of net.py") == 3


def test_a_file_that_an_editor_replaces_is_waited_for(watch, path):
    seen = []
    watch(lambda: seen.append(path.read_text()) or 1, None, "", " ", "4444", "", is_quiet=True)
    assert seen == ["1", "4444"]


def test_a_change_during_the_check_is_not_missed(watch, path):
    seen = []

    def check():
        seen.append(path.read_text())
        path.write_text("22")
        os.utime(path, ns=(0, 0))
        return 0

    watch(check, "", is_quiet=True)
    assert seen == ["1", "22"]


def test_a_file_that_cannot_be_read_is_one_line_and_status_2(watch, capsys):
    def check():
        raise InputError("no such file")

    assert watch(check, is_quiet=True) == 2
    assert capsys.readouterr() == ("", "check: error: no such file\n")


def test_sigterm_is_not_taken_for_the_users_end(watch):
    with pytest.raises(Terminated):
        watch(lambda: 0, stop=Terminated)


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
