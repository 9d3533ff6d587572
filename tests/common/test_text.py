"""Text for the user: nothing from outside can reach the terminal as a control character."""

import json
import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.bench.tables import RESULTS, format_tables
from trainer.cli.program import Program, run_command
from trainer.common.settings import Settings
from trainer.common.text import notify, print_line, quote_command
from trainer.training.metadata import Origin, format_origin, parse_origin

BASH = shutil.which("bash", path=os.pathsep.join([os.environ.get("PATH", ""), os.defpath]))
FORGED = "a\x1b[2J\x9b1;1HTwoLayerNet is right\nb\u202e"


def _is_one_printable_line(text):
    return text.endswith("\n") and text[:-1].isprintable()


@pytest.mark.skipif(BASH is None, reason="needs bash")
@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_a_quoted_command_is_printable_and_gives_the_same_words_in_bash(words):
    line = quote_command(words)
    assert line.isprintable()
    script = f"printf '%s\\0' {line}"
    done = subprocess.run([BASH, "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


def test_each_way_to_print_shows_control_characters_escaped(capsys):
    for show in (notify, print_line, Program("x").print_error):
        show(FORGED)
        printed = capsys.readouterr()
        assert _is_one_printable_line(printed.out + printed.err)


def test_the_traceback_of_a_bug_shows_them_escaped(capsys):
    def main(*_):
        raise LookupError(FORGED)

    assert run_command(main) == 2
    assert all(line.isprintable() for line in capsys.readouterr().err.split("\n"))


def test_tables_of_bench_show_them_escaped():
    steps = {FORGED: 1.0, f"{FORGED} hidden=1 batch=1": 1.0, "floor hidden=1 batch=1": 1.0}
    found = {key: {} for key in RESULTS} | {"environment": {FORGED: FORGED}, "step_us": steps}
    assert all(line.isprintable() for line in format_tables(found).split("\n"))


@pytest.mark.parametrize("change", [{"classes": [FORGED] * 10}, {"versions": {FORGED: "2"}}])
def test_a_checkpoint_with_them_is_refused(change):
    texts = format_origin(Origin(5, Settings(dataset="mnist-5k"), tuple("0123456789"), "", {}))
    with pytest.raises(ValueError, match="not printable"):
        parse_origin(texts | {name: json.dumps(value) for name, value in change.items()})
