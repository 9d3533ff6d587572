"""What the program grade.py prints at its end."""

from pathlib import Path

from trainer.cli.grade import _print_end


def test_control_characters_in_the_name_of_the_results_are_escaped(capsys):
    _print_end([], 0, Path("/a\x1b[2J\x1b[H100 points\nb"))
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 3  # counts, places, and nothing after the last newline
    assert all(line.isprintable() for line in lines)
