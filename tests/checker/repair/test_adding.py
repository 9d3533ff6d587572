"""An update that a step lacks is written as those of other weights are."""

import pytest
from steps import FREE

from trainer.checker.process import check_in_child

XOR = (FREE / "xor_script.py").read_text().replace("syn0", "first").replace("syn1", "last")
BARS = (FREE / "autoencoder.py").read_text()


@pytest.mark.parametrize(
    ("text", "update"),
    [
        (XOR, "    first += l0.T.dot(l1_delta)\n"),
        (BARS, "    hidden_bias += 0.1 * back.mean(axis=0)\n"),
    ],
)
def test_a_weight_that_is_left_is_updated_by_its_own_gradient(text, update, tmp_path):
    assert update in text
    (tmp_path / "net.py").write_text(text.replace(update, ""))
    report, _ = check_in_child(tmp_path / "net.py", timeout=60)
    added = [line for line in report.diagnosis["diff"].splitlines() if line.startswith("+    ")]
    assert len(added) == 1
    assert added[0].startswith("+" + update.split("=")[0])
