"""A class is marked: a row for each student, partial credit, and formats of graders."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from mistaken import NETS, plant_mistakes
from planted import EXAMPLES, change_example

from trainer.checker.grading.points import read_scheme
from trainer.checker.grading.submissions import open_submissions
from trainer.checker.grading.tables import guard
from trainer.checker.process import check_in_child
from trainer.checker.remote.library import ROOT
from trainer.cli.grade import main
from trainer.cli.program import Program, run_command
from trainer.common.errors import InputError

FREE = Path(__file__).parent.parent / "judge" / "free"
RIGHT = (NETS / "chapter4.py").read_text()
PLUGIN = "trainer.checker.grading.plugin"
BACK = "        # backward\n"
EVIL = RIGHT.replace(
    BACK, "        raise ValueError('<script>alert(1)</script> \\x1b[2J')\n" + BACK
)


def run_grade(*words) -> int:
    return run_command(main, [*map(str, words), "--jobs", "1"], Program("grade"))


def read_rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return the folder of the results of a small class."""
    given, out = tmp_path_factory.mktemp("given"), tmp_path_factory.mktemp("out")
    (given / "ann.py").write_text(RIGHT)
    (given / "bob.py").write_text(plant_mistakes("chapter4", "bias-missing-forward"))
    (given / "cleo").mkdir()
    (given / "cleo" / "net.py").write_text(plant_mistakes("cs231n", "double-softmax"))
    (given / "cleo" / "utils.py").write_text("x = 1\n")
    (given / "dan.py").write_text("class TwoLayerNet(:\n")
    (given / "eve<b>.py").write_text(EVIL)
    (given / "=fay.py").write_text(RIGHT)
    (given / ".hidden.py").write_text("")
    (given / "gus.py").symlink_to("/etc/hostname")
    (given / "notes.txt").write_text("none of mine")
    words = (given, "--out", out, "--hints", 1, "--format", "gradescope", "--format", "junit")
    assert run_grade(*words) == 0
    return out


def test_each_submission_has_a_row(results):
    rows = read_rows(results)
    assert list(rows) == ["'=fay", "ann", "bob", "cleo", "dan", "eve<b>", "gus"]
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "'=fay": "right", "ann": "right", "bob": "wrong", "cleo": "wrong", "dan": "look at it",
        "eve<b>": "wrong", "gus": "look at it",
    }  # fmt: skip
    assert rows["ann"]["points"] == "100.0"
    assert "not valid Python" in rows["dan"]["note"]
    assert "a link" in rows["gus"]["note"]
    assert rows["ann"]["note"] == "train: not required"


def test_a_net_in_no_known_form_is_marked_by_its_step_of_training(tmp_path):
    (tmp_path / "given").mkdir()
    text = (FREE / "xor_script.py").read_text()
    for name, changed in {
        "ann": text,
        "bob": text.replace("l1_error * nonlin(l1, deriv=True)", "l1_error"),
    }.items():
        (tmp_path / "given" / f"{name}.py").write_text(changed)
    assert run_grade(tmp_path / "given", "--out", tmp_path / "out") == 0
    rows = read_rows(tmp_path / "out")
    assert {name: row["verdict"] for name, row in rows.items()} == {"ann": "right", "bob": "wrong"}
    assert (rows["ann"]["points"], rows["bob"]["points"]) == ("100.0", "0.0")


def test_a_backward_pass_keeps_its_points_where_only_the_forward_pass_is_wrong(results):
    row = read_rows(results)["bob"]
    assert row["predict"] == row["gradient b1"] == "0.0"
    assert row["loss"] == row["gradient W1"] == row["gradient W2"] == "15.0"


@pytest.mark.slow
def test_a_part_that_hangs_costs_its_own_points(tmp_path):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    (given / "hal.py").write_text(RIGHT.replace(BACK, "        while True:\n            pass\n"))
    assert run_grade(given, "--out", out, "--timeout", 5) == 0
    record = json.loads((out / "students" / "hal.json").read_text())
    assert record["verdict"] == "wrong"
    assert record["points"] == 55
    parts = {part["name"]: part for part in record["parts"]}
    assert parts["gradient W1"]["verdict"] == "wrong"
    assert "did not come back" in parts["gradient W1"]["why"]
    assert parts["loss"]["verdict"] == "ok"


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """Return the rows of a class that wrote functions, layers and torch modules."""
    given, out = tmp_path_factory.mktemp("given"), tmp_path_factory.mktemp("out")
    for example in (EXAMPLES / "columns.py", EXAMPLES / "linear.py", FREE / "training_function.py"):
        (given / example.name).write_text(example.read_text())
    wrong = change_example("cs231n_layers", {"dout * (x > 0)": "dout * (dout > 0)"})
    (given / "layers").mkdir()
    (given / "layers" / "layers.py").write_text(wrong)
    (given / "layers" / "data.py").write_text("def load(): ...\n")
    wrong = change_example("cs231n_layers", {"loss = ": "loss = 7 * "})
    (given / "hidden.py").write_text(f"{wrong}\nsvm_loss = None\n")
    assert run_grade(given, "--out", out) == 0
    return read_rows(out)


@pytest.mark.slow
def test_functions_and_torch_modules_are_marked(functions):
    verdicts = {name: row["verdict"] for name, row in functions.items()}
    assert verdicts == {
        "columns": "right", "linear": "right", "training_function": "right", "layers": "wrong",
        "hidden": "look at it",
    }  # fmt: skip
    assert functions["columns"]["gradient W1"] == "15.0"
    assert functions["linear"]["gradient W1"] == "15.0"
    assert functions["layers"]["causes"] == "relu-grad-of-gradient"


@pytest.mark.slow
def test_each_function_is_worth_the_same_where_they_make_no_net(functions):
    row = functions["layers"]
    assert row["predict"] == ""
    assert row["relu_backward"] == "0.0"
    assert row["affine_backward"] == row["svm_loss"] == "12.5"
    assert row["points"] == "75.0"
    assert functions["columns"]["points"] == functions["linear"]["points"] == "100.0"


def test_a_points_file_may_name_functions(tmp_path):
    path = tmp_path / "points.toml"
    path.write_text("[points]\naffine_backward = 3\nloss = 2\nsoftmax_loss = 1\n")
    assert read_scheme(path).points == {"loss": 2, "affine_backward": 3, "softmax_loss": 1}


def test_the_page_has_no_script_and_escapes_what_comes_from_outside(results):
    page = (results / "report.html").read_text()
    assert "<script" not in page
    assert "eve<b>" not in page
    assert "eve&lt;b&gt;" in page
    assert "\x1b" not in page
    assert page.count("<section") == 7


def test_gradescope_gets_a_file_for_each_also_where_all_fails(results):
    found = sorted((results / "gradescope").glob("*/results.json"))
    assert len(found) == 7
    for path in found:
        whole = json.loads(path.read_text())
        assert whole["score"] == sum(test["score"] for test in whole["tests"])
        assert {test.get("status") for test in whole["tests"]} <= {"passed", "failed", None}
        assert all(0 <= test["score"] <= test["max_score"] for test in whole["tests"])
        assert {whole["output_format"], *(t["output_format"] for t in whole["tests"])} == {"text"}


def test_junit_counts_what_it_lists(results):
    root = ElementTree.parse(results / "junit.xml").getroot()
    assert root.tag == "testsuites"
    for suite in root:
        tags = {"failures": "/failure", "errors": "/error", "skipped": "/skipped", "tests": ""}
        for key, tag in tags.items():
            listed = suite.findall(f"testcase{tag}")
            assert int(suite.get(key)) == len(listed), (suite.get("name"), key)


def test_a_second_run_marks_nothing_again_and_a_changed_file_only(results, tmp_path, capsys):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    (given / "ann.py").write_text(RIGHT)
    (given / "bob.py").write_text("x = 1\n")
    assert run_grade(given, "--out", out, "--hints", 1) == 0
    before = {p.name: p.stat().st_mtime_ns for p in (out / "students").iterdir()}
    (given / "bob.py").write_text("x = 2\n")
    assert run_grade(given, "--out", out, "--hints", 1) == 0
    assert "2 submissions, 1 of them before" in capsys.readouterr().out
    after = {p.name: p.stat().st_mtime_ns for p in (out / "students").iterdir()}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"bob.json", "bob.html"}


def test_the_result_is_that_of_a_single_check(results, tmp_path):
    path = tmp_path / "bob.py"
    path.write_text(plant_mistakes("chapter4", "bias-missing-forward"))
    report, _ = check_in_child(path, hints=1)
    record = json.loads((results / "students" / "bob.json").read_text())
    listed = [(f["quantity"], f["verdict"]) for f in record["check"]["findings"]]
    assert listed == [(f.quantity, f.verdict) for f in report.findings]


@pytest.mark.slow
def test_anonymous_results_hold_no_name(tmp_path):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    (given / "margaret.py").write_text(EVIL)
    assert run_grade(given, "--out", out, "--anonymise") == 0
    texts = [p.read_text() for p in out.rglob("*") if p.suffix in (".csv", ".json", ".html")
             and p.name != "names.csv"]  # fmt: skip
    assert texts
    assert not any("margaret" in text for text in texts)
    assert "margaret" in (out / "names.csv").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [("[points]\nlos = 3\n", "no part 'los'"), ("[points]\nloss = -1\n", "a number from 0"),
     ("x = 1\n", "needs a table [points]"), ("[points\n", "not valid TOML"),
     ("[points]\nloss = 1\n[rules]\noptional = ['loss']\n", "optional must be")],
)  # fmt: skip
def test_a_points_file_that_cannot_be_used_is_one_line(text, message, tmp_path):
    path = tmp_path / "points.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        read_scheme(path)


@pytest.mark.parametrize("name", ["nothing", "empty", "file.txt"])
def test_a_place_without_submissions_is_one_line_and_status_2(name, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("")
    assert run_grade(tmp_path / name, "--out", tmp_path / "out") == 2
    assert capsys.readouterr().err.count("\n") == 1


def make_zip(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_a_zip_is_read_without_names_that_lead_out_and_without_bombs(tmp_path):
    link = zipfile.ZipInfo("class/dan.py")
    link.external_attr = 0o120777 << 16
    path = make_zip(
        tmp_path / "all.zip", ("class/ann.py", RIGHT.encode()), ("../bob.py", b"x"),
        ("/cleo.py", b"x"), ("class/eve/net.py", RIGHT.encode()),
        ("class/eve/bomb.bin", bytes(1 << 26)), ("class/eve/../../../fay.py", b"x"),
        (link, b"/etc/passwd"), ("__MACOSX/ann.py", b""),
    )  # fmt: skip
    with open_submissions(path) as found:
        listed = {each.student: [str(item.path) for item in each.items] for each in found}
    assert listed == {"ann": ["ann.py"], "eve": ["net.py", "bomb.bin"]}


@pytest.mark.slow
def test_a_bomb_in_a_zip_is_left_out_and_the_rest_is_marked(tmp_path):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    make_zip(given / "eve.zip", ("net.py", RIGHT.encode()), ("bomb.bin", bytes(1 << 26)))
    (given / "dan.zip").write_bytes(b"PK not a zip")
    assert run_grade(given, "--out", out, "--hints", 1) == 0
    rows = read_rows(out)
    assert rows["eve"]["verdict"] == "right"
    assert "bomb.bin was left out" in rows["eve"]["note"]
    assert rows["dan"]["verdict"] == "look at it"


@pytest.mark.slow
def test_several_files_that_may_be_meant_are_to_be_looked_at(tmp_path):
    given, out = tmp_path / "given", tmp_path / "out"
    (given / "ann").mkdir(parents=True)
    for name in ("first.py", "second.py"):
        (given / "ann" / name).write_text(RIGHT)
    assert run_grade(given, "--out", out, "--hints", 1) == 0
    assert "several files may be meant" in read_rows(out)["ann"]["note"]
    assert run_grade(given, "--out", out, "--hints", 1, "--file", "second.py") == 0
    assert read_rows(out)["ann"]["verdict"] == "right"


def test_require_sandbox_refuses_where_there_is_none(tmp_path, monkeypatch, capsys):
    import trainer.checker.remote.bubblewrap as bubblewrap

    (tmp_path / "ann.py").write_text(RIGHT)
    monkeypatch.setattr(bubblewrap, "explain_absence", lambda: "bubblewrap is not installed")
    words = (tmp_path, "--out", tmp_path / "out", "--require-sandbox")
    assert run_grade(*words) == 2
    assert (
        capsys.readouterr().err == "grade: error: --require-sandbox: bubblewrap is not installed\n"
    )


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@x", "\tx"])
def test_no_cell_is_a_formula(text):
    assert next(csv.reader(io.StringIO(guard(text))))[0][0] in ("'", "\\")


def test_pytest_runs_each_part_of_a_net_as_a_test(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(plant_mistakes("chapter4", "loss-sum"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider", "-rA",
               "--two-layer-net", str(path), "-c", os.devnull, str(tmp_path)]  # fmt: skip
    # Where the package is installed, its entry point has loaded the plugin already.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 7 passed, 1 skipped" in done.stdout


def test_a_roster_says_who_is_missing(tmp_path, capsys):
    given, roster = tmp_path / "given", tmp_path / "names.csv"
    given.mkdir()
    (given / "ann.py").write_text(RIGHT)
    roster.write_text("name,group\nann,1\n王小明,2\nbob,1\n", encoding="utf-8-sig")
    assert run_grade(given, "--out", tmp_path / "out", "--roster", roster) == 0
    assert "not submitted: 王小明 and bob" in capsys.readouterr().out
    assert (tmp_path / "out" / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = (tmp_path / "out" / "roster.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows == ["name,group,two-layer net (points),verdict", "ann,1,100.0,right",
                    "王小明,2,,", "bob,1,,"]  # fmt: skip
    roster.unlink()
    assert run_grade(given, "--out", tmp_path / "out", "--roster", roster) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_numerical_gradient_of_no_net_earns_no_gradients(tmp_path):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    functions = RIGHT[: RIGHT.index("class TwoLayerNet")]
    (given / "ann.py").write_text(functions + "net = load_mine()\nnet.loss(1, 2)\n")
    roster = tmp_path / "names.csv"
    roster.write_text("name\nann\n", encoding="utf-8")
    points = tmp_path / "points.toml"
    parts = "predict = 1\n'gradient W1' = 1\nnumerical_gradient = 1\nsoftmax = 1\n"
    points.write_text(f"[points]\n{parts}[rules]\nnumerical_replaces_gradient = true\n")
    assert run_grade(given, "--out", out, "--points", points, "--roster", roster) == 0
    record = json.loads((out / "students" / "ann.json").read_text())
    earned = {part["name"]: part["points"] for part in record["parts"]}
    assert earned["gradient W1"] == 0
    assert earned["softmax"] == 1


def test_each_student_is_shown_as_soon_as_it_is_marked(tmp_path, capsys):
    given = tmp_path / "given"
    given.mkdir()
    (given / "ann.py").write_text(RIGHT)
    (given / "王小明.py").write_text(RIGHT.replace("np.sum(y == t)", "2 * np.sum(y == t)"))
    assert run_grade(given, "--out", tmp_path / "out") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ann        100  right" in lines
    assert "王小明      95  wrong       accuracy" in lines


@pytest.mark.slow
def test_a_column_says_which_nets_learn_and_with_what_change(tmp_path):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    (given / "ann.py").write_text(RIGHT)
    (given / "bob.py").write_text(RIGHT.replace("weight_init_std=0.01", "weight_init_std=300"))
    (given / "cleo.py").write_text("class TwoLayerNet(:\n")
    assert run_grade(given, "--out", out, "--train", "--timeout", 60, "--hints", 1) == 0
    learns = {name: row["learns"] for name, row in read_rows(out).items()}
    with_change = "no; it does with first weights ~ 1/√n, or first weights ~ 1/(3√n)"
    assert learns == {"ann": "yes", "bob": with_change, "cleo": ""}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "it does not learn; with one change at a time:" in page


def test_a_report_that_was_stopped_says_that_it_is_not_the_whole_class(
    tmp_path, capsys, monkeypatch
):
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    for name in ("ann", "bob"):
        (given / f"{name}.py").write_text(RIGHT)

    def stop_after_one(records, *_rest):
        yield next(iter(records))
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.cli.grade.track", stop_after_one)
    assert run_grade(given, "--out", out) == 130
    assert "1 of 2 are marked; start again to mark the others" in capsys.readouterr().err
    assert "stopped after 1 of 2 submissions" in (out / "report.html").read_text("utf-8")


def test_a_student_gets_the_hints_that_were_chosen_and_the_teacher_everything(results):
    whole = json.loads((results / "students" / "bob.json").read_text(encoding="utf-8"))
    assert whole["causes"] == ["bias-missing-forward"]
    page = (results / "students" / "bob.html").read_text(encoding="utf-8")
    assert "is wrong in predict" in page
    assert "[bias-missing-forward]" not in page
    assert "[bias-missing-forward]" in (results / "report.html").read_text(encoding="utf-8")
    found = json.loads((results / "gradescope" / "bob" / "results.json").read_text())
    assert "bias-missing-forward" not in found["output"]


def test_what_a_submission_is_kept_from_is_in_every_format(tmp_path):
    given, out, other = tmp_path / "given", tmp_path / "out", tmp_path / "other.py"
    given.mkdir()
    tries = """
        import os, socket, subprocess
        calls = [(open, OTHER, "w"), (subprocess.run, ["ls"]), (open, "mine.txt", "w"),
                 (socket.create_connection, ("127.0.0.1", 9)), (os.remove, "mine.txt")]
        for call, *given in calls:
            try:
                call(*given)
            except OSError:
                pass
""".replace("OTHER", repr(str(other)))
    start = "        self.params = {}\n"
    (given / "eve.py").write_text(RIGHT.replace(start, tries + start))
    formats = ("--format", "gradescope", "--format", "junit")
    assert run_grade(given, "--out", out, "--hints", 1, *formats) == 0
    assert not other.exists()
    tried = ["tried to use the network", "tried to start a program",
             "tried to write outside its folder"]  # fmt: skip
    row = read_rows(out)["eve"]
    assert row["verdict"] == "right"
    found = json.loads((out / "gradescope" / "eve" / "results.json").read_text())
    assert sorted(found["extra_data"]["tried"]) == sorted(tried)
    junit, page = ((out / n).read_text(encoding="utf-8") for n in ("junit.xml", "report.html"))
    for each in tried:
        assert all(each in text for text in (row["note"], junit, page))
    assert tried[0] not in (out / "students" / "eve.html").read_text(encoding="utf-8")
