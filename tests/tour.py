"""Show what each room of the checker hands to the next for one file with a wrong step.

python tests/tour.py FILE         a file that trains a net, as docs/architecture.md shows it
"""

import sys
import warnings
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from trainer.checker.diagnose.counting import Count
from trainer.checker.find.programs import Script, run_program
from trainer.checker.judge.causes import find_weight_causes
from trainer.checker.judge.judging import Judged, judge_programs
from trainer.checker.repair.repairing import CHANGES, diagnose_step
from trainer.checker.repair.surveying import StepRequest, survey_step


def show_find(judged: Judged) -> Iterator[str]:
    """Yield the step that was found, and what it carries on."""
    base, place = judged.decision.model.base, judged.step.place
    yield f"program {place[0]}, step {place[1]}: a round of the loop at line {judged.step.line}"
    yield f"reads {', '.join(sorted(base.before))}; changes {', '.join(base.list_changed())}"
    yield f"computes {len(base.events)} values, such as {_show_events(judged, (5, 6, 7))}"


def show_judge(judged: Judged) -> Iterator[str]:
    """Yield what each array is, and what the step does to each weight."""
    decision, model = judged.decision, judged.decision.model
    yield f"weights {', '.join(model.weights)}; targets {', '.join(model.targets)}"
    loss = decision.fit.loss if decision.fit else ""
    yield f"outputs {_show_events(judged, model.outputs[-1])}"
    for weight, rate in decision.fit.rates.items() if decision.fit else ():
        factor = "by no multiple of" if rate is None else f"by −{rate:.3g} times"
        yield f"{weight} moves {factor} the derivative of the {loss}"
    for weight, cause in find_weight_causes(decision).items():
        yield f"{weight} is wrong, as with {cause or 'no known mistake'}"


def _show_events(judged: Judged, events: Iterable[int]) -> str:
    """Return the names, lines and shapes of events."""
    found = (judged.decision.model.base.events[i] for i in events)
    about = ((*judged.step.describe(site), value.shape) for site, _path, value in found)
    return ", ".join(f"{name} (line {line}) {shape}" for line, name, shape in about)


def show_repair(path: Path, judged: Judged) -> Iterator[str]:
    """Yield the located lines, and the change with which the step is right."""
    request, tried = StepRequest(path, *judged.step.place), Count(CHANGES)
    with warnings.catch_warnings(action="ignore"):
        survey, fix = survey_step(request, None), diagnose_step(request, tried)
    for location in survey.locations if survey else ():
        if name := location.quantity.name:
            yield f"line {location.site.value.lineno} may be meant to compute {name}"
    if fix:
        yield f"tried {tried.used}, and the step is right with"
        yield from (f"  {line}" for line in fix.diff.splitlines()[3:])


def tour(path: Path) -> Iterator[str]:
    """Yield the lines of all rooms, in their order."""
    script = Script(path)
    judged = judge_programs(map(run_program, count(), script.list_programs()))
    source = script.sources[path]
    yield f"load    {len(source.text.splitlines())} lines, {len(source.tree.body)} statements"
    rooms = {"find": show_find, "judge": show_judge, "repair": lambda j: show_repair(path, j)}
    for room, show in rooms.items() if judged else ():
        for i, line in enumerate(show(judged)):
            yield f"{'' if i else room:8}{line}"


if __name__ == "__main__":
    print("\n".join(tour(Path(sys.argv[1]).resolve())))
