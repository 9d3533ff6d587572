"""The folders of the command line: which must exist, and who is blamed for a bad name."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import runs
from runs import ROOT, SCRIPTS, run_python
from sampling import few

from trainer.cli import bench, compare, evaluate, figures, sweep, train
from trainer.cli.program import Program, run_command
from trainer.cli.summary import make_resume_words
from trainer.common.text import quote_command

BASH = shutil.which("bash", path=os.pathsep.join([os.environ.get("PATH", ""), os.defpath]))
COMMANDS = {
    train.main: [], compare.main: [], sweep.main: [], figures.main: ["noise"],
    bench.main: [], evaluate.main: ["run"],
}  # fmt: skip


@pytest.mark.parametrize(("main", "words"), COMMANDS.items())
def test_a_data_dir_that_does_not_exist_is_one_line_and_is_not_made(main, words, tmp_path, capsys):
    missing = tmp_path / "misspelt"
    with pytest.raises(SystemExit) as stopped:
        run_command(main, [*words, "--data-dir", str(missing)])
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert error.count("\n") == 1
    assert f"--data-dir: {missing}: No such file or directory; make this folder first" in error
    assert not missing.exists()


def test_a_data_dir_that_is_a_file_is_refused(capsys):
    with pytest.raises(SystemExit):
        run_command(train.main, ["--data-dir", __file__])
    assert "it is not a folder" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("option", few([[], ["--data-dir", "data"]], 1))
def test_the_default_data_dir_is_made(tmp_path, option):
    folder = runs.train(tmp_path / "logs")
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    words = "-m", "trainer", "evaluate", folder, *option
    done = run_python(*words, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "MNIST5k").is_dir()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_on_stdout_is_not_blamed_on_the_run_folder(data_dir, tmp_path):
    words = "--dataset=mnist-5k", f"--data-dir={data_dir}", f"--log-dir={tmp_path}"
    with open("/dev/full", "w") as full:
        done = run_python(SCRIPTS / "train.py", *words, "--iterations=20", stdout=full)
    message = "train.py: error: cannot write the output: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, message)


def test_a_run_folder_that_is_removed_is_named_as_removed(tmp_path, monkeypatch, capsys):
    from trainer.training.run import Batches

    class Removing(Batches):
        def __call__(self, step):
            if step == 15:
                # At once: TensorBoard's thread would write a file into a folder half removed.
                (tmp_path / "run").rename(tmp_path / "removed")
            return super().__call__(step)

    monkeypatch.setattr("trainer.training.run.Batches", Removing)
    assert run_command(lambda *_: runs.train(tmp_path)) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "kept" not in error
    assert "run was removed while" in error


@pytest.mark.parametrize("name", ["é" * 150, "a" * 241])
def test_a_name_that_is_too_long_is_blamed_and_not_the_log_dir(data_dir, tmp_path, name, capsys):
    words = ["--dataset=mnist-5k", f"--data-dir={data_dir}", f"--log-dir={tmp_path / 'logs'}"]
    assert run_command(train.main, [*words, "--run-name", name]) == 2
    error = capsys.readouterr().err
    assert f"--run-name {name[:20]}…: is too long; give at most 240 bytes" in error
    assert "--log-dir" not in error
    assert not (tmp_path / "logs").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.skipif(BASH is None, reason="needs bash")
def test_the_printed_commands_can_be_pasted_into_a_shell(data_dir, tmp_path):
    """A log folder with a space, and a run named like an option."""
    script = str(SCRIPTS / "train.py")
    done = run_python(
        script, "--dataset=mnist-5k", f"--data-dir={data_dir}", "--log-dir=-sp ace",
        "--run-name=-x", "--pictures=off", "--iterations=20", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    board = next(line for line in done.stdout.splitlines() if line.startswith("see it: "))
    words = shlex.split(board.removeprefix("see it: "))
    assert words[-2:] == ["--logdir", "./-sp ace"]
    assert "at: http://localhost:6006/#custom_scalars" in done.stdout.splitlines()
    program = Program("train.py", [sys.executable, script], data_dir.parent)
    arguments = train._make_parser(program).parse_args(["--data-dir", str(data_dir)])
    words = make_resume_words(arguments, tmp_path / "-sp ace" / "-x", program)
    resumed = f"{quote_command(words)} --iterations 30"
    subprocess.run([BASH, "-c", resumed], cwd=tmp_path, capture_output=True, check=True)
