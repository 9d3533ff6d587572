"""The packages that pyproject.toml asks for."""

import re
import tomllib

from runs import ROOT

# Those whose next major version may break what is used here.
BOUNDED = {"torch", "torchvision", "tensorboard", "numpy", "matplotlib", "safetensors", "joblib"}


def test_every_requirement_has_its_reason_and_those_that_may_break_a_bound():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    requirements = tomllib.loads(text)["project"]["dependencies"]
    assert {re.split(r"[>=<]", each)[0] for each in requirements if "<" in each} == BOUNDED
    for each in requirements:
        assert re.search(rf'"{re.escape(each)}", +# \w.+', text), each
