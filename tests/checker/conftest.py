"""What several tests of the checker use."""

import pytest
from reports import report_on


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
