"""The README's promises on a small scale; on a large scale: `python tests/promises.py`."""

import threading

import promises
import pytest
import runs

from trainer.common.files import make_run_folder


@pytest.mark.slow
def test_killed_processes_leave_whole_files_and_the_run_ends_with_the_same_numbers(tmp_path):
    counts = promises.kill_and_resume(4, seed=1, log_dir=tmp_path)
    assert counts["broken"] == 0
    assert counts["held"] >= 4


def test_runs_started_at_once_with_one_name_get_a_folder_each(tmp_path):
    barrier, folders = threading.Barrier(8), []

    def make_folder() -> None:
        barrier.wait()
        folders.append(make_run_folder(tmp_path / "logs", "run"))

    threads = [threading.Thread(target=make_folder) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(folders)) == 8


@pytest.mark.slow
def test_processes_started_at_once_with_one_name_get_a_folder_each(tmp_path):
    runs.find_data_dir()
    children = [
        promises.FORKING.Process(target=runs.train, args=(tmp_path, "run")) for _ in range(2)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"run", "run-2"}
    assert runs.read_weights(tmp_path / "run") == runs.read_weights(tmp_path / "run-2")
