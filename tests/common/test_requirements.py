"""The packages that pyproject.toml asks for."""

import re
import subprocess
import sys
import tomllib

import pytest
from runs import ROOT

# Those whose next major version may break what is used here.
BOUNDED = {"torch", "torchvision", "tensorboard", "numpy", "matplotlib", "safetensors", "joblib"}


def test_every_requirement_has_its_reason_and_those_that_may_break_a_bound():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    requirements = project["dependencies"] + project["optional-dependencies"]["train"]
    assert {re.split(r"[>=<]", each)[0] for each in requirements if "<" in each} == BOUNDED
    for each in requirements:
        assert re.search(rf'"{re.escape(each)}", +# \w.+', text), each


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["check", "docs/my_net.py"], 1),
        (["agree", "docs/port.py:gelu", "docs/port.py:gelu", "--inputs", "docs/port.npz"], 0),
        (["grade", "--help"], 0),
    ],
)
def test_check_grade_and_agree_need_none_of_the_packages_of_train(words, status):
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [re.split(r"[>=<]", each)[0] for each in
             extra["project"]["optional-dependencies"]["train"]]  # fmt: skip
    blocked = dict.fromkeys([*names, "PIL"])
    code = f"""import sys; sys.modules.update({blocked})
from trainer.cli.main import main
sys.exit(main({words}))"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
