"""The commands that a learner meets speak the language of the locale, their help and errors too."""

import re
from importlib import import_module

import pytest

from trainer.cli.main import COMMANDS
from trainer.cli.main import main as run_main
from trainer.cli.program import ENGLISH, Program, run_command
from trainer.common.language import set_language

LEARNERS = [name for name in COMMANDS if name not in ENGLISH]
SENTENCE = r"\b[a-z]+ [a-z]+ [a-z]+\b"  # three English words


@pytest.fixture
def run(monkeypatch, capsys):
    def run_in(locale, command, *words):
        monkeypatch.setenv("LANGUAGE", locale)
        main = import_module(f"trainer.cli.{command}").main
        program = Program(f"two-layer-net {command}")
        try:
            status = run_command(main, list(words), program)
        except SystemExit as stop:
            status = stop.code or 0
        return status, capsys.readouterr()

    yield run_in
    set_language("en")


@pytest.mark.parametrize("locale", ["zh_CN.UTF-8", "ja_JP.UTF-8"])
@pytest.mark.parametrize("command", LEARNERS)
def test_all_of_the_help_is_translated(run, command, locale):
    status, printed = run(locale, command, "--help")
    assert status == 0
    assert not re.search(SENTENCE, printed.out), printed.out
    assert max(map(len, printed.out.splitlines())) <= 80


@pytest.mark.parametrize("command", ENGLISH)
def test_the_help_of_the_other_commands_is_in_one_language(run, command):
    status, printed = run("zh_CN.UTF-8", command, "--help")
    assert status == 0
    assert not re.search(r"[一-鿿]", printed.out)


@pytest.mark.parametrize(
    ("command", "words", "text"),
    [
        ("check", ["--lang", "ja", "nosuch.py"], "エラー: nosuch.py: ファイルがありません"),
        ("check", ["--lang=ja"], "検査するファイルを指定してください"),
        ("check", ["a.py", "--hints", "9"], "错误：参数 --hints：不能是 9"),
        ("train", ["--lr", "-1"], "错误：--lr -1.0: 必须是有限的数，大于 0"),
        ("predict", ["nosuch", "a.png"], "没有这个运行或文件"),
        ("grade", ["nosuch"], "没有这个文件夹"),
    ],
)
def test_an_error_is_said_in_the_language(run, command, words, text):
    status, printed = run("zh_CN.UTF-8", command, *words)
    assert status == 2
    assert text in printed.err


def test_the_list_of_commands_is_translated(monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    try:
        assert run_main(["--help"]) == 0
        assert run_main(["nosuch"]) == 2
    finally:
        set_language("en")
    printed = capsys.readouterr()
    assert "检查你写的两层网络" in printed.out
    assert "没有命令 nosuch" in printed.err
