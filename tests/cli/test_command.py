"""How every program ends: errors of the system, signals, closed output."""

import os
import shlex
import signal
import subprocess
import sys

import pytest
import runs
import torch
from runs import ROOT, SCRIPTS, run_python
from sampling import few

from trainer.bench.environment import FORCING
from trainer.cli import bench, compare, evaluate, predict, sweep, train
from trainer.cli.main import COMMANDS
from trainer.cli.program import Program, run_command
from trainer.cli.summary import make_resume_words

MEMORY = "there is not enough memory"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "logs/x"), "No space left on device: 'logs/x'"),
        (MemoryError(), MEMORY),
        (RuntimeError("can't start new thread"), MEMORY),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), MEMORY),
        (OSError("libc10.so: cannot allocate memory in static TLS block"), MEMORY),
    ],
)
def test_an_error_of_the_system_is_one_line_and_exit_2(error, words, capsys, monkeypatch):
    def fail(*_):
        raise error

    monkeypatch.setattr(os, "dup2", lambda *_: None)  # stdout is the tests' own
    assert run_command(fail) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert words in printed
    assert "pip" not in printed


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_five_hundred_megabytes_of_address_space_are_one_line_and_exit_2(data_dir, tmp_path):
    limit = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (500 << 20,) * 2)"
    code = f"{limit}; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    folders = f"--data-dir={data_dir}", f"--log-dir={tmp_path}"
    done = run_python("-c", code, SCRIPTS / "compare.py", "--iterations=2", *folders)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    "line", ["raise LookupError", "raise OSError(5, 'x')", "raise MemoryError", "print('x')"]
)
def test_an_error_with_both_streams_on_a_full_device_is_no_verdict(line):
    code = (
        "import sys\nfrom trainer.cli.program import run_command\n"
        f"def main(*_):\n    {line}\n"
        "sys.exit(run_command(main, []))"
    )
    with open("/dev/full", "w") as full:
        assert run_python("-c", code, cwd=ROOT, stdout=full, stderr=full).returncode == 2


BROKEN = {
    "RuntimeError": "raise RuntimeError('broken')", "SyntaxError": "def (",
    "exit status 1": "raise SystemExit(1)", "OSError": "raise OSError(5, 'broken')",
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_no_verdict(name, tmp_path):
    (tmp_path / "numpy.py").write_text(BROKEN[name])
    done = run_python(SCRIPTS / "compare.py", env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert "compare.py: error: " in done.stderr.splitlines()[-1]


def test_sigterm_runs_the_clean_up_and_is_exit_143(capsys):
    ended = []

    def main(*_):
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            ended.append(True)

    before = signal.getsignal(signal.SIGTERM)
    assert (run_command(main), ended) == (143, [True])
    assert signal.getsignal(signal.SIGTERM) is before
    assert "stopped" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("run", "status"), [("--help", 0), ("--seed -1 x.py", 2), ("--help >&-", 0), ("x 2>&-", 2)]
)
def test_a_program_works_with_ascii_or_closed_output(run, status):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = f"{shlex.join([sys.executable, str(SCRIPTS / 'check.py')])} {run}"
    done = subprocess.run(command, shell=True, capture_output=True, env=environment, check=False)
    assert done.returncode == status
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX pipes")
def test_a_closed_pipe_on_stdout_is_exit_141_without_a_message(data_dir, tmp_path):
    words = "--dataset=mnist-5k", f"--data-dir={data_dir}", f"--log-dir={tmp_path}"
    command = [sys.executable, str(SCRIPTS / "train.py"), *words, "--eval-every=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        error = process.stderr.read().decode()
    assert (process.returncode, error) == (141, "")


@pytest.mark.parametrize("words", [[], ["--pictures=off"], ["--pictures=7", "--no-snapshots"]])
def test_the_command_to_resume_has_the_pictures_and_snapshots_of_the_run(tmp_path, words):
    program = Program("train")
    arguments = train._make_parser(program).parse_args(words)
    assert make_resume_words(arguments, tmp_path, program) == [
        f"--resume={tmp_path}",
        *words,
    ]


@pytest.mark.parametrize("size", [10**6, 10**9, 10**20])
def test_a_net_too_large_for_a_checkpoint_is_refused_before_it_is_built(data_dir, capsys, size):
    folders = ["--dataset", "mnist-5k", "--data-dir", str(data_dir)]
    assert run_command(train.main, [*folders, "--hidden-size", str(size)]) == 2
    assert "a checkpoint holds 1 GiB at most" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_a_missing_package_is_one_line_that_says_what_to_install(name):
    done = run_python("-S", "-E", SCRIPTS / f"{name}.py", "x", "y")  # -E: no PYTHONPATH
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    if name not in ("train", "compare", "sweep", "bench"):  # those refuse x before they need one
        assert "-m pip install" in done.stderr


DEVICES = {
    "gpu0": "give cpu, cuda, cuda:N, mps or auto",
    "cuda:9": "torch sees no CUDA device here; use --device cpu",
    "mps": "torch sees no Apple GPU here; use --device cpu",
}


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory):
    return runs.train(tmp_path_factory.mktemp("logs"), "run", iterations=2, backend="torch")


@pytest.mark.parametrize(("device", "reason"), DEVICES.items())
@pytest.mark.parametrize(
    "name", few(["train", "resume", "sweep", "evaluate", "predict", "compare", "bench"], 2)
)
def test_a_device_that_is_not_present_is_one_line_and_exit_2(
    tmp_path, monkeypatch, capsys, trained_folder, name, device, reason
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for variable in FORCING:  # bench refuses these
        monkeypatch.delenv(variable, raising=False)
    data = ["--data-dir", str(runs.find_data_dir())]
    new = [*data, "--dataset", "mnist-5k", "--log-dir", str(tmp_path)]
    torch_net, image = ["--backend", "torch"], str(ROOT / "docs" / "evaluation-fraction.png")
    commands = {
        "train": (train, [*new, *torch_net]),
        "resume": (train, [*data, "--resume", str(trained_folder)]),
        "sweep": (sweep, [*new, *torch_net]),
        "evaluate": (evaluate, [str(trained_folder), *data, *torch_net]),
        "predict": (predict, [str(trained_folder), image, *torch_net]),
        "compare": (compare, new),
        "bench": (bench, [*data, "--dataset", "mnist-5k", "--only", "step", "floor"]),
    }
    command, options = commands[name]
    assert run_command(command.main, [*options, "--device", device], Program(name)) == 2
    printed = capsys.readouterr()
    assert printed.err == f"{name}: error: --device {device}: {reason}\n"
    assert not printed.out
    # The workers of a sweep's cluster may have the device, so the sweep's folder is made first.
    assert name == "sweep" or not list(tmp_path.iterdir())
