"""What several tests of the checker use."""

import json

import jsonschema
import pytest
from reports import report_on
from runs import ROOT

from trainer.checker.findings.report import Report

SCHEMA = ROOT / "trainer" / "checker" / "findings" / "report.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


@pytest.fixture
def check(tmp_path):
    """Return a function that replaces texts of a source, and reports on the result."""

    def check_changed(source, *changes):
        for old, new in changes:
            assert old in source, old
            source = source.replace(old, new)
        path = tmp_path / "net.py"
        path.write_text(source)
        return report_on(path)

    return check_changed


@pytest.fixture(autouse=True)
def reports_fit_their_schema(monkeypatch):
    """Hold every report that a test writes as text against the schema of its JSON."""
    as_text = Report.as_text

    def write(report):
        VALIDATOR.validate(json.loads(report.as_json()))
        return as_text(report)

    monkeypatch.setattr(Report, "as_text", write)
