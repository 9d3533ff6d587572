"""Event files, intact and damaged (trainer.board.events)."""

import os
from itertools import accumulate, pairwise

import pytest
import runs
from hypothesis import given
from hypothesis import strategies as st

from trainer.board import events
from trainer.training.run import resume, run


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The event file of a run of 20 iterations, with an evaluation at each."""
    folder = runs.train(tmp_path_factory.mktemp("events"), iterations=20, eval_every=1)
    return events.list_event_files(folder)[0]


def read_records(content):
    return [record for record, _ in events.split_records(content)[0]]


def find_offsets(records):
    """Return where each record of an intact file begins, and where the last one ends."""
    return [0, *accumulate(len(record) for record in records)]


@pytest.mark.parametrize("event", [0, 3, 30])
@pytest.mark.parametrize("byte", [0, 2, 9, 14])  # length, its high byte, checksum, data
def test_a_flipped_bit_loses_its_own_event_and_no_other(finished, tmp_path, capsys, event, byte):
    content = bytearray(finished.read_bytes())
    records = read_records(bytes(content))
    content[find_offsets(records)[event] + byte] ^= 4
    path = tmp_path / finished.name
    path.write_bytes(content)
    events.cut_events(tmp_path, 1000)
    assert path.read_bytes() == b"".join(records[:event] + records[event + 1 :])
    (aside,) = (p for p in tmp_path.iterdir() if p != path)
    assert aside.read_bytes() == content
    assert "tfevents" not in aside.name
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert aside.name in printed


@given(st.data())
def test_events_outside_an_overwritten_stretch_are_read(finished, data):
    content = finished.read_bytes()
    records = read_records(content)
    assert b"".join(records) == content
    start = data.draw(st.integers(0, len(content) - 1))
    junk = data.draw(st.binary(min_size=1, max_size=60))
    changed = content[:start] + junk + content[start + len(junk) :]
    untouched = [
        record
        for record, (begin, end) in zip(records, pairwise(find_offsets(records)), strict=True)
        if end <= start or begin >= start + len(junk)
    ]
    found = read_records(changed)
    assert all(record in found for record in untouched)
    assert events.split_records(changed)[1] or changed.startswith(content)


def test_an_undamaged_file_only_loses_the_events_from_the_checkpoint_on(finished, tmp_path, capsys):
    path = tmp_path / finished.name
    path.write_bytes(finished.read_bytes())
    events.cut_events(tmp_path, 10)
    assert max(event.step for _, event in events.split_records(path.read_bytes())[0]) == 9
    assert finished.read_bytes().startswith(path.read_bytes())
    assert list(tmp_path.iterdir()) == [path]
    assert not capsys.readouterr().err


def test_a_copy_of_an_event_file_is_left_unchanged(tmp_path):
    folder = runs.train(tmp_path, iterations=10)
    (original,) = events.list_event_files(folder)
    copy = original.with_name(f"{original.name}.bak")
    content = original.read_bytes()
    copy.write_bytes(content)
    runs.resume(folder, iterations=20)
    runs.resume(folder, iterations=30)
    assert copy.read_bytes() == content
    assert runs.find_leftovers(folder) == [copy]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_with_the_name_of_an_event_file_is_left_alone(tmp_path):
    folder = runs.train(tmp_path, iterations=10)
    os.mkfifo(folder / "events.out.tfevents.1000000000.host.1.0")
    runs.resume(folder, iterations=20)


def test_a_folder_of_the_user_named_hidden_is_not_removed(tmp_path):
    changes = {"quiet": True, "pictures": 10}
    first = run(runs.make_settings(iterations=10), runs.find_data_dir(), tmp_path, **changes)
    mine = first.folder / "mine" / "hidden"
    mine.mkdir(parents=True)
    resume(first.folder, {"iterations": 20}, runs.find_data_dir(), **changes)
    assert mine.is_dir()
