"""Tests of what a process sets up before it runs somebody's code."""

import pytest
from mistaken import NETS

from trainer.checker.process import check_in_child

PREDICT = "def predict(self, x):\n"
ASSERTED = f"{PREDICT}        assert 'tor' + 'ch' not in sys.modules\n"  # no mention of it


@pytest.mark.parametrize(
    ("beside", "is_imported"),
    [("port", False), ("helper", True)],  # the file has "import", and names its helper
)
def test_torch_is_imported_where_a_file_that_this_one_names_mentions_it(
    tmp_path, beside, is_imported
):
    (tmp_path / f"{beside}.py").write_text("# for torch\n")
    net = (NETS / "chapter4.py").read_text().replace(PREDICT, ASSERTED)
    path = tmp_path / "work.py"
    path.write_text("import sys\n" + "import helper\n" * is_imported + net)
    report, _printed = check_in_child(path)
    raised = [finding.quantity for finding in report.findings if finding.verdict == "raises"]
    assert ("predict" in raised) == is_imported
