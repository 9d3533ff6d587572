"""The weights of early iterations that a run keeps (trainer.training.snapshots)."""

import numpy as np
import pytest
import runs
from safetensors.numpy import save

import trainer.training.run
from trainer.training import checkpoint
from trainer.training.snapshots import load_snapshots


def read_files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("snapshot-*")}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder of a run of 120 iterations that keeps snapshots."""
    return runs.train(tmp_path_factory.mktemp("kept"), iterations=120, snapshots=True)


def test_snapshots_change_no_number_of_a_run(kept, tmp_path):
    plain = runs.train(tmp_path, iterations=120)
    assert not read_files(plain)
    assert runs.read_weights(kept) == runs.read_weights(plain)
    assert runs.read_points(kept) == runs.read_points(plain)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_snapshot_has_the_weights_of_its_iteration(tmp_path, backend):
    folder = runs.train(tmp_path, iterations=12, snapshots=True, backend=backend)
    found = load_snapshots(folder, checkpoint.load(folder))
    assert list(found) == [0, 10]
    for iteration, params in found.items():
        shorter = runs.train(tmp_path, f"to-{iteration}", iterations=iteration or 1, lr=0.5 if
                             iteration else 1e-30, backend=backend)  # fmt: skip
        for name, w in checkpoint.load(shorter).params.items():
            assert np.array_equal(params[name], w.astype(np.float16).astype(np.float32))


def test_a_resumed_run_has_the_snapshots_of_one_that_was_not_stopped(kept, tmp_path):
    folder = runs.train_until(34, tmp_path, iterations=120, snapshots=True)
    trainer.training.run.resume(folder, {}, runs.find_data_dir(), quiet=True, snapshots=True)
    assert read_files(folder) == read_files(kept)
    assert len(read_files(kept)) == 3


def test_damaged_snapshots_and_those_of_other_nets_are_left_out(kept, tmp_path):
    trained = checkpoint.load(kept)
    for name, content in read_files(kept).items():
        (tmp_path / name).write_bytes(content)
    assert list(load_snapshots(tmp_path, trained)) == [0, 10, 100]
    (tmp_path / "snapshot-0.safetensors").write_bytes(b"nothing")
    (tmp_path / "snapshot-10.safetensors").write_bytes(save({"W1": np.zeros(3, np.float16)}))
    broken = {name: np.full(w.shape, np.nan, np.float16) for name, w in trained.params.items()}
    (tmp_path / "snapshot-100.safetensors").write_bytes(save(broken))
    assert load_snapshots(tmp_path, trained) == {}
