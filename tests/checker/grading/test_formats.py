"""The formats of graders are those that their readers document, also where all has failed."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import Report
from trainer.checker.grading.formats import make_gradescope, make_junit
from trainer.checker.grading.marking import How, Job, make_record
from trainer.checker.grading.points import read_scheme

GRADESCOPE = json.loads(Path(__file__).with_name("gradescope.schema.json").read_text())
# The rules of two schemas of JUnit's XML: attributes (a "?" follows one that may be missing) with
# the form of their values, and the order of the children.
# Ant's: https://github.com/windyroad/JUnit-Schema/blob/master/JUnit.xsd
INT, DECIMAL, TOKEN, ANY = r"\d+", r"\d*\.?\d+", r"(?s)\s*\S.*", r"(?s).*"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
PROBLEM = {"message?": ANY, "type": ANY}, ""
ANT = {
    "testsuites": ({}, "(testsuite )*"),
    "testsuite": (
        {"name": TOKEN, "timestamp": TIME, "hostname": TOKEN, "tests": INT, "failures": INT,
         "errors": INT, "skipped?": INT, "time": DECIMAL, "package": ANY, "id": INT},
        "properties (testcase )*system-out system-err "),
    "testcase": ({"name": ANY, "classname": ANY, "time": DECIMAL}, "((skipped|error|failure) )?"),
    "failure": PROBLEM, "error": PROBLEM, "skipped": ({"message?": ANY}, ""),
    "properties": ({}, ""), "system-out": ({}, ""), "system-err": ({}, ""),
}  # fmt: skip
# Jenkins's: src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd in
# https://github.com/jenkinsci/xunit-plugin
TEXTS = {f"{n}?": ANY for n in ("group", "skipped", "timestamp", "hostname", "id", "package",
                                "file", "log", "url")}  # fmt: skip
COUNTS = {"tests": ANY, "failures": ANY, "errors": ANY}
SHORT_TIME = r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?"
ANY_PROBLEM = {"message?": ANY, "type?": ANY}, ""
JENKINS = ANT | {
    "testsuites": (
        {"name?": ANY, "time?": SHORT_TIME} | {f"{k}?": v for k, v in COUNTS.items()},
        "(testsuite )*"),
    "testsuite": (
        {"name": ANY, "time?": SHORT_TIME} | COUNTS | TEXTS,
        "((testsuite|properties|testcase|system-out|system-err) )*"),
    "testcase": (
        {"name": ANY, "time?": ANY, "classname?": ANY, "group?": ANY},
        "((skipped|error|failure|system-out|system-err) )*"),
    "failure": ANY_PROBLEM, "error": ANY_PROBLEM, "skipped": ANY_PROBLEM,
}  # fmt: skip


def list_faults(element: ElementTree.Element, schema) -> list[str]:
    """Return what an element and those in it have that the schema does not allow, or lack."""
    if element.tag not in schema:
        return [f"no element {element.tag}"]
    attributes, order = schema[element.tag]
    forms = {name.rstrip("?"): form for name, form in attributes.items()}
    faults = [
        f"{element.tag} {name}={value!r}"
        for name, value in element.attrib.items()
        if not re.fullmatch(forms.get(name, "(?!)"), value)
    ]
    faults += [f"{element.tag} lacks {n}" for n in attributes if n.rstrip("?") == n
               and n not in element.attrib]  # fmt: skip
    children = "".join(f"{child.tag} " for child in element)
    faults += [] if re.fullmatch(order, children) else [f"{element.tag}: {children}"]
    return faults + [fault for child in element for fault in list_faults(child, schema)]


RIGHT = [Finding(q, "ok") for q in ("construction", "predict", "loss", "accuracy")]
REPORTS = {
    "right in part": Report("TwoLayerNet", RIGHT),
    "failed wholly": Report(stopped="not valid Python: \x00\x1b[2J </failure> \ud800"),
    "wrong": Report("TwoLayerNet", [Finding("predict", "differs", 'is "<&>"', "double-softmax")]),
    "hung": Report(
        "TwoLayerNet", [Finding("loss", "raises", "did not come back")], cut="not reached, since …"
    ),
    "functions": Report("the code of layers.py", [
        Finding("affine_forward", "ok"), Finding("affine_backward dx", "differs", "is 1"),
        Finding("svm_loss", "missing", "is not written yet", checked=False)]),
    "nothing": Report(),
}  # fmt: skip


@pytest.fixture(params=REPORTS)
def record(request):
    job = Job("a <b> \x07 ünï", "digest", [], ["links were left out"])
    report = REPORTS[request.param]
    return make_record(job, How(read_scheme(None), b"key"), report, "net.py", 1234.5678)


def test_gradescope_can_read_every_record(record):
    whole = json.loads(make_gradescope(record))
    jsonschema.validate(whole, GRADESCOPE, jsonschema.Draft202012Validator)
    scores = [test["score"] for test in whole["tests"]]
    assert whole["score"] == pytest.approx(sum(scores), abs=1e-3)


@pytest.mark.parametrize(
    "change",
    [{"scores": 1}, {"visibility": "always"}, {"output": None}, {"tests": [{"max": 1}]},
     {"execution_time": "1 s"}, {"tests": [{"status": "ok"}]}],
    ids=str,
)  # fmt: skip
def test_the_schema_of_gradescope_refuses_what_is_not_documented(change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"score": 1.0} | change, GRADESCOPE)


@pytest.mark.parametrize("schema", [ANT, JENKINS], ids=["ant", "jenkins"])
def test_junit_s_readers_accept_every_record(record, schema):
    root = ElementTree.fromstring(make_junit([record, record]))
    assert list_faults(root, schema) == []
    assert [suite.get("id") for suite in root] == ["0", "1"]


def test_what_is_no_junit_is_found():
    root = ElementTree.fromstring(
        "<testsuites><testsuite name='' x='1'><b/></testsuite></testsuites>"
    )
    faults = list_faults(root, ANT)
    assert {"testsuite x='1'", "testsuite name=''", "testsuite lacks tests", "no element b"} <= set(
        faults
    )
