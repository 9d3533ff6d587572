"""Decides about a file's step of training in this process, as the judge does from outside."""

from itertools import count, islice
from pathlib import Path

from trainer.checker.diagnose.counting import Count
from trainer.checker.find.inventing import INPUTS
from trainer.checker.find.options import MOST
from trainer.checker.find.programs import CALLS, OPTION, TRAINING, Script, run_program
from trainer.checker.judge.judging import judge_options, judge_programs
from trainer.checker.judge.layers import judge_layers
from trainer.checker.judge.reporting import describe
from trainer.checker.repair.repairing import CHANGES, diagnose_step
from trainer.checker.repair.surveying import StepRequest

FREE = Path(__file__).parent / "free"  # right nets, each in another form
LAYERS = Path(__file__).parent / "layers"  # right layers

TORCH = """
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
X, y = torch.randn(9, 4), torch.arange(9) % 3
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i in range(100):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
"""


def write_changed(folder, text, old, new):
    """Write a net whose text is changed where it must hold the old one, and return its path."""
    assert old in text
    path = folder / "net.py"
    path.write_text(text.replace(old, new))
    return path


def judge(path):
    """Return what is decided about the file, None if no step was found."""
    script = Script(path)
    judged = judge_programs(map(run_program, count(), script.list_programs()))
    return judge_options(Programs(script), judged)


def diagnose(path):
    """Return the line of a file's wrong step, and a fix, None where none was found."""
    judged = judge(path)
    assert judged.decision.is_right is False
    return diagnose_step(StepRequest(path, *judged.step.place), Count(CHANGES))


def judge_each_layer(path):
    """Return what is decided about each layer of the file by its name."""
    script = Script(path)
    script.follow()
    steps = map(run_program, count(TRAINING), script.list_layer_programs())
    return judge_layers((layer.name, list(islice(steps, len(INPUTS)))) for layer in script.layers)


def find_messages(path):
    """Return the messages on a file's step."""
    judged = judge(path)
    return [finding.message for finding in describe(judged)] if judged else []


class Programs:
    """The programs of a file, as the judge asks a worker for them."""

    def __init__(self, script):
        self._script = script

    def vary(self, place):
        """Return the programs that take the place of one, with other activations."""
        numbers = [place + option * OPTION for option in range(1, MOST + 1)]
        return [run_program(number, self._script.get_program(number) or list) for number in numbers]

    def list_calls(self):
        """Return the programs that call what the file defines, none where none can vary."""
        programs = enumerate(self._script.list_programs()) if self._script.varies else ()
        return (run_program(number, program) for number, program in programs if number >= CALLS)
