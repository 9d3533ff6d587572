"""The picture of how many images each lazy evaluation evaluated."""

import fraction
import numpy as np
import pytest
from PIL import Image

from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.training.run import run


@pytest.mark.parametrize("evaluation", ["lazy", "full"])
def test_a_lazy_run_has_a_picture_and_a_full_run_an_error(data_dir, tmp_path, capsys, evaluation):
    settings = Settings(dataset="mnist-5k", iterations=30, evaluation=evaluation)
    folder = run(settings, data_dir, tmp_path, quiet=True).folder
    if evaluation == "full":
        with pytest.raises(InputError, match="train with --evaluation lazy"):
            fraction.main([str(folder)])
        return
    assert fraction.main([str(folder)]) == 0
    assert capsys.readouterr().out.startswith("mean fraction 1.0000: ")  # of so few, all
    picture = np.asarray(Image.open(folder / "evaluation-fraction.png"))
    assert picture.std() > 10
    for bad in ("/proc/x.png", "x.doc"):
        with pytest.raises(InputError, match="cannot write there"):
            fraction.main([str(folder), "--out", bad])
    with pytest.raises(InputError, match="must be the name of a picture"):
        fraction.main([str(folder), "--out", str(tmp_path)])
    assert fraction.read_curves(folder)[0] == {0: 1.0, 10: 1.0, 20: 1.0, 30: 1.0}


def test_a_folder_that_is_not_a_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not the folder of a run"):
        fraction.main([str(tmp_path / "none")])
