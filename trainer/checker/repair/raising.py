"""Finds the change with which a program does not raise what it raises whatever it is given."""

from itertools import islice
from pathlib import Path

from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import Diagnosis, describe_fix
from trainer.checker.diagnose.patching import Texts
from trainer.checker.diagnose.unknown import correct_names
from trainer.checker.find.programs import TRAINING, Script, run_program
from trainer.checker.findings.report import STEP
from trainer.checker.judge.named_losses import decide_step


def diagnose_raised(path: Path, tried: Count) -> Diagnosis | None:
    """Return the first line with a name that nothing has, and the file with names that it has or
    can import, where it gets past the line at which it failed; None where it does not.
    """
    script = Script(path)
    number, failure = _find_failure(script, range(TRAINING))
    texts = {each: source.text for each, source in script.sources.items()}
    candidate = correct_names(path, texts[path], script.names) if failure else None
    if candidate is None or not tried.spend():
        return None
    changed: Texts = {**texts, path: candidate.text}
    again = Script(path, changed)
    if _find_failure(again, [*{0, number}])[1] == failure:
        return None
    left = () if _is_right(again, number) else (STEP,)
    return describe_fix(candidate, texts, changed, [], 1, left)


def _find_failure(script: Script, numbers: range | list[int]) -> tuple[int, str]:
    """Return the first program that raises by a mistake of the file, and what, "" for none."""
    programs = enumerate(islice(script.list_programs(), max(numbers) + 1))
    for number, program in programs:
        if number in numbers:
            run_program(number, program)
            if failure := script.fault[1] or (not number and script.describe_failure()[0]):
                return number, failure
    return 0, ""


def _is_right(script: Script, number: int) -> bool:
    """Return whether the first step of a program about which anything can be said is right."""
    program = script.get_program(number)
    steps = run_program(number, program) if program else []
    decisions = (decide_step(step, step.run) for step in steps)
    return next((bool(d.is_right) for d in decisions if d and d.is_right is not None), False)
