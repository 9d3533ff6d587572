"""The folders of the command line: which must exist, and who is blamed for a bad name."""

import subprocess
import sys

import pytest
import runs
from runs import ROOT

from trainer.cli import bench, compare, evaluate, figures, sweep, train
from trainer.cli.program import run_command

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


def test_a_data_dir_that_is_a_file_is_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit):
        run_command(train.main, ["--data-dir", str(tmp_path / "file")])
    assert "it is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("option", [[], ["--data-dir", "data"]])
def test_the_default_data_dir_is_made(tmp_path, option):
    folder = runs.train(tmp_path / "logs")
    command = [sys.executable, "-m", "trainer", "evaluate", str(folder), *option]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "MNIST5k").is_dir()
