"""Finds the change with which a program does not raise what it raises whatever it is given."""

from itertools import islice
from pathlib import Path

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import Diagnosis, describe_fix
from trainer.checker.diagnose.unknown import correct_names
from trainer.checker.find.programs import TRAINING, Script, run_program
from trainer.checker.findings.report import STEP
from trainer.checker.repair.surveying import StepRequest, find_steps


def diagnose_raised(path: Path, tried: Count) -> Diagnosis | None:
    """Return the first line with a name that nothing has, and the file with names that it has or
    can import, where it gets past the line at which it failed; None where it does not.
    """
    script = Script(path)
    number, failure = _find_failure(script)
    texts = {each: source.text for each, source in script.sources.items()}
    candidate = correct_names(path, texts[path], script.names) if failure else None
    if candidate is None or not tried.spend():
        return None
    changed, request = {**texts, path: candidate.text}, StepRequest(path, number, 0)
    found = attempt(lambda: find_steps(request, changed)).value
    if found is None or _name_failure(found[0], number) == failure:
        return None
    left = () if request.find_right(found[1]) else (STEP,)
    return describe_fix(candidate, texts, changed, [], 1, left)


def _find_failure(script: Script) -> tuple[int, str]:
    """Return the first program that raises by a mistake of the file, and what, "" for none."""
    for number, program in enumerate(islice(script.list_programs(), TRAINING)):
        run_program(number, program)
        if failure := _name_failure(script, number):
            return number, failure
    return 0, ""


def _name_failure(script: Script, number: int) -> str:
    """Return what the program of a number raised, which a script has just run, "" for nothing."""
    return script.fault[1] or ("" if number else script.describe_failure()[0])
