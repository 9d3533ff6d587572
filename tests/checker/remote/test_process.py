"""The limits of the process that runs somebody's code, and the channel for its findings."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from mistaken import NETS

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import Report
from trainer.checker.process import _leave_doubted, check_in_child
from trainer.checker.remote.connection import WorkerLostError

RIGHT = (NETS / "chapter4.py").read_text()
BACK = "        # backward\n"  # in gradient, and nowhere else
LOOP = "        import time\n        while True:\n            time.sleep(0.01)\n"
SEND = """        import os, time
        def send(data):
            for fd in range(3, 30):
                try:
                    os.write(fd, data)
                except OSError:
                    pass
"""


def write(folder, extra):
    path = folder / "net.py"
    path.write_text(RIGHT.replace(BACK, extra + BACK))
    return path


def is_gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="this system has no signals that kill")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP", "SIGQUIT"])
def test_a_killed_checker_leaves_no_endless_child(tmp_path, name):
    path = write(tmp_path, f"        open({str(tmp_path / 'begun')!r}, 'w')\n" + LOOP)
    command = [sys.executable, "-m", "trainer", "check", str(path), "--timeout", "600"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as parent:
        wait_for((tmp_path / "begun").exists)
        children = [child.pid for child in psutil.Process(parent.pid).children(recursive=True)]
        parent.send_signal(getattr(signal, name))
    assert children
    wait_for(lambda: all(map(is_gone, children)))


def test_ready_sent_again_does_not_reset_the_clock(tmp_path):
    extra = (
        SEND
        + """        while True:
            send(b'{"ready": true}\\n')
            time.sleep(0.05)
"""
    )
    started = time.monotonic()
    report, _ = check_in_child(write(tmp_path, extra), timeout=2)
    assert report.status != 0
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("data", ["b'garbage\\n'", "b'[]\\n'", "b'\\xff\\n'"])
def test_garbage_in_the_channel_is_no_verdict(tmp_path, data):
    report, _ = check_in_child(write(tmp_path, SEND + f"        send({data})\n"))
    assert report.status == 2
    assert "checker's own channel" in report.stopped


def test_flooded_findings_are_stopped(tmp_path):
    extra = SEND + '        while True:\n            send(b\'{"doing": "loss"}\\n\' * 3000)\n'
    report, _ = check_in_child(write(tmp_path, extra), timeout=60)
    assert report.status == 2
    assert "checker's own channel" in report.stopped


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_the_memory_of_all_processes_counts(tmp_path):
    extra = """        import os, time
        for _ in range(4):
            if os.fork() == 0:
                kept = bytearray(150 * 2**20)
                time.sleep(60)
        time.sleep(60)
"""
    report, _ = check_in_child(write(tmp_path, extra), timeout=50, memory=400)
    assert report.status == 2
    assert "more memory than --memory allows" in report.stopped


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_a_child_that_cannot_start_is_not_blamed_on_the_file(tmp_path, monkeypatch):
    python = tmp_path / "python"
    # The line comes after the end, as on a busy machine, where it is read late.
    late = "(sleep 0.3; echo no module of that name >&2) >/dev/null &"
    python.write_text(f"#!/bin/sh\n{late}\nexit 3\n")
    python.chmod(0o700)
    path = write(tmp_path, "")
    monkeypatch.setattr(sys, "executable", str(python))
    report, _ = check_in_child(path)
    assert report.status == 2
    assert "could not start (exit status 3): no module of that name" in report.stopped


def test_code_that_asks_for_input_gets_none(tmp_path):
    report, _ = check_in_child(write(tmp_path, "        input()\n"), hints=1)
    assert any("EOFError" in finding.message for finding in report.findings)


@pytest.mark.parametrize(("may_acquit", "status"), [(True, 2), (False, 1)])
def test_a_step_that_is_cut_off_holds_nothing_doubted_against_a_net(may_acquit, status):
    report = Report(findings=[Finding("loss", "differs", "is 2, expected 1", "loss-sum")])
    with pytest.raises(WorkerLostError), _leave_doubted(report, may_acquit, 20.0):
        raise WorkerLostError("late")
    assert report.status == status
