"""The attacks of reliability.py on a small scale."""

import os
import sys

import pytest
import runs
import strikes

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def find_modules_in_children(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


def test_a_run_that_is_interrupted_by_any_signal_ends_with_the_same_numbers(tmp_path):
    runs.find_data_dir()
    assert strikes.interrupt_runs(4, 1, tmp_path, "evaluation")["broken"] == 0


def test_a_full_disk_loses_nothing_that_was_saved(tmp_path):
    assert strikes.fill_disk(3, 1, tmp_path) == {"held": 3}


def test_a_folder_that_is_removed_is_told_in_one_line(tmp_path):
    assert strikes.remove_folders(3, 1, tmp_path / "logs")["broken"] == 0


def test_a_clock_that_is_set_back_changes_nothing(tmp_path):
    assert strikes.set_clock_back(2, 1, tmp_path) == {"held": 2}


@pytest.mark.parametrize("kind", ["event", "about", "idx"])
def test_mutated_files_are_read_or_refused_in_one_line(tmp_path, kind):
    assert strikes.mutate_files(20, 1, tmp_path, kind)["broken"] == 0
