"""Decides about a file's step of training in this process, as the judge does from outside."""

from itertools import count
from pathlib import Path

from trainer.checker.find.programs import Script
from trainer.checker.judge.judging import judge_programs
from trainer.checker.judge.reporting import describe

FREE = Path(__file__).parent / "free"  # right nets, each in another form


def judge(path):
    """Return what is decided about the file, None if no step was found."""
    return judge_programs(map(_run, count(), Script(path).list_programs()))


def _run(number, program):
    try:
        steps = program()
    except Exception:
        return []
    for i, step in enumerate(steps):
        step.place = number, i
    return steps


def find_messages(path):
    """Return the messages on a file's step."""
    judged = judge(path)
    return [finding.message for finding in describe(judged)] if judged else []
