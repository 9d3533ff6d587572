"""Bubblewrap is used where it works; where it does not, one line says why, and grade goes on."""

import sys

import pytest
from mistaken import NETS

from trainer.checker.remote import bubblewrap
from trainer.cli import grade
from trainer.cli.program import run_command

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap exists for Linux only")


@pytest.fixture
def path(tmp_path, monkeypatch):
    """An empty folder that is the only one in PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    bubblewrap.explain_absence.cache_clear()
    yield folder
    bubblewrap.explain_absence.cache_clear()


def write_bwrap(folder, script):
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)


def run_grade(tmp_path, *options):
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    (submissions / "ann.py").write_text((NETS / "chapter4.py").read_text())
    words = [str(submissions), "--out", str(tmp_path / "results"), "--hints", "1", "--jobs", "1"]
    return run_command(grade.main, [*words, *options])


@LINUX
def test_without_bubblewrap_grade_says_so_once_and_marks(path, tmp_path, capsys):
    assert run_grade(tmp_path) == 0
    done = capsys.readouterr()
    assert done.err.count("bubblewrap is not installed (apt install bubblewrap)") == 1
    assert "1 submissions: 1 right" in done.out


@LINUX
def test_without_bubblewrap_a_sandbox_that_is_required_is_refused(path, tmp_path, capsys):
    assert run_grade(tmp_path, "--require-sandbox") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--require-sandbox: bubblewrap is not installed" in error


@LINUX
def test_bubblewrap_that_cannot_run_is_not_used(path):
    write_bwrap(path, "echo no permissions for namespaces >&2; exit 1")
    assert bubblewrap.explain_absence() == (
        "bubblewrap does not run here: no permissions for namespaces"
    )


@LINUX
def test_bubblewrap_that_runs_is_used(path):
    write_bwrap(path, "exit 0")
    assert bubblewrap.explain_absence() == ""
