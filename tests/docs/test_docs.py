"""Every command, link, name and number of lines in the documents is as they say."""

import os
import re
import subprocess
import sys

import documents
import mistakes
import pytest
from documents import ROOT

import trainer

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")])
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in DOCUMENTS}
# Commands that are not run here, since they install, train for long, or serve until stopped.
NOT_RUN = re.compile(
    r"(two-layer-net check|python3 -m venv|\. \.venv|pip install|uv |make\b|pytest|pre-commit)"
)


# Programs for developers; the others have tests.
PROGRAMS = ("baseline", "breakage", "diagnosis", "promises", "sameness", "thresholds")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return documents.make_folder(tmp_path_factory.mktemp("documents") / "project")


@pytest.mark.slow
def test_the_commands_of_the_readme_print_what_it_shows(project):
    for command in documents.commands(TEXTS["README.md"]):
        printed = documents.run(command.line, project)
        assert documents.matches(list(command.output), printed), "\n".join([command.line, *printed])


def test_the_python_of_the_readme_runs(project, monkeypatch):
    monkeypatch.chdir(project)
    for block in documents.blocks(TEXTS["README.md"], "python"):
        exec(compile(block, "README.md", "exec"), {})


def test_every_language_shows_the_same_commands_and_outputs():
    english, chinese = TEXTS["README.md"], TEXTS["README.zh-CN.md"]
    assert list(documents.commands(chinese)) == list(documents.commands(english))
    for language in ("sh", "python"):
        code = [re.sub(r" *#.*", "", "".join(documents.blocks(t, language)))
                for t in (english, chinese)]  # fmt: skip
        assert code[0] == code[1]


def test_only_the_readme_shows_outputs_and_other_commands_are_known():
    for name, text in TEXTS.items():
        assert name.startswith("README") or not list(documents.commands(text)), name
        for block in documents.blocks(text, "sh"):
            for line in filter(None, block.splitlines()):
                assert NOT_RUN.match(line), (name, line)


def test_every_link_leads_to_a_file():
    for name, text in TEXTS.items():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert ((ROOT / name).parent / target).exists(), (name, target)


def test_every_script_and_test_that_is_named_exists():
    paths = list((ROOT / "tests").rglob("test_*.py"))
    known = {path.stem for path in paths}
    for path in paths:
        known |= set(re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE))
    for name, text in TEXTS.items():
        if name != "CHANGELOG.md":
            assert set(re.findall(r"`?(test_\w+)`", text)) <= known, name
            for script in re.findall(r"(?:python )((?:scripts|tests)/[\w/]+\.py)", text):
                assert (ROOT / script).is_file(), (name, script)


def test_the_five_files_to_read_first_have_the_lines_that_the_readme_says():
    files = re.findall(r"^\d\. \[([^]]+)\]", TEXTS["README.md"], re.MULTILINE)
    assert len(files) == 5
    total = sum(len((ROOT / file).read_text("utf-8").splitlines()) for file in files)
    assert total <= 600


def test_the_pages_of_mistakes_are_those_of_the_catalogue():
    pages = {path.name: path.read_text("utf-8") for path in mistakes.FOLDER.glob("*.md")}
    assert pages == mistakes.make_pages(), "python tests/docs/mistakes.py writes them"


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_programs_for_developers_start(name, tmp_path):
    command = [sys.executable, str(ROOT / "tests" / f"{name}.py"), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"usage: {name}.py")


def test_the_architecture_shows_what_each_room_hands_on():
    blocks = documents.blocks(TEXTS["docs/architecture.md"], "text")
    utf8 = os.environ | {"PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, ROOT / "tests" / "tour.py", ROOT / "docs" / "xor.py"]
    printed = subprocess.run(command, capture_output=True, encoding="utf-8", env=utf8, check=True)
    assert printed.stdout in blocks


def test_the_readme_is_short():
    assert len(TEXTS["README.md"].splitlines()) <= 150


def test_the_outputs_are_compared():
    printed = ["a 0.5 [3, 4]", "b", "c 12 of 12"]
    assert documents.matches(["a 0.4 [1, 2]", "…", "c 12 of 12"], printed)
    assert not documents.matches(["a 0.4 [1, 2]", "…", "c 11 of 12"], printed)
    assert not documents.matches(["a 0.4 [1, 2]", "b"], printed)


def test_the_python_of_the_api_runs_one_block_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("")
    names: dict = {"__name__": "api"}
    for block in documents.blocks(TEXTS["docs/api.md"], "python"):
        exec(compile(block, "api.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "numpy and torch agree: every quantity of 20 steps" in printed
    assert "lr=-1: must be a finite number, more than 0" in printed
    assert set(trainer.__all__) - {"__version__"} <= set(names)
