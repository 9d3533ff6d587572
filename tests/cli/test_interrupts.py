"""Ctrl-C and SIGTERM in the first moments of every command: one line, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest
from runs import ROOT, run_python

from trainer.cli.main import COMMANDS

WORDS = {
    "check": ["x.py"], "predict": ["run", "x.png"], "evaluate": ["run"], "figures": ["noise"]
}  # fmt: skip


def interrupt(name, delay, number, folder):
    """Start a command, send it the signal after the delay; return its status and its stderr."""
    command = [sys.executable, "-I", str(ROOT / "scripts" / f"{name}.py"), *WORDS.get(name, [])]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    time.sleep(delay)
    process.send_signal(number)
    error = process.communicate(timeout=60)[1]
    return process.returncode, error


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_in_the_first_moments_is_one_line_and_leaves_nothing(name, tmp_path):
    for delay, number in ((0.1, signal.SIGINT), (0.2, signal.SIGINT), (0.3, signal.SIGTERM)):
        status, error = interrupt(name, delay, number, tmp_path)
        is_early = "Traceback" in error and "in run_script" not in error
        if is_early or (status == -number and not error):
            continue  # Python was still starting, and no code of this project could handle it
        if "error" in error:  # it had ended before, or was about to
            assert error.removesuffix(f"{name}.py: stopped\n").count("\n") == 1, error
        else:
            assert status == 128 + number, error
            assert error == f"{name}.py: stopped\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("main", ["time.sleep(9)", "import slow_module"])
def test_a_signal_during_an_import_or_later_gives_the_same_line(main, tmp_path):
    (tmp_path / "slow_module.py").write_text(
        "import time\ntry:\n    time.sleep(9)\nexcept BaseException:\n    time.sleep(9)\n"
    )
    code = (
        "import os, signal, sys, threading, time\n"
        "from trainer.cli.program import Program, run_command\n"
        "def main(*_):\n"
        "    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()\n"
        f"    {main}\n"
        "sys.exit(run_command(main, [], Program('x')))"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    done = run_python("-c", code, env=environment)
    assert (done.returncode, done.stderr) == (130, "x: stopped\n")
