"""A plugin of pytest: pytest --two-layer-net my_net.py runs each part of a net as a test.

A test of one's own takes the fixture two_layer_net, which is the report on that file:

    def test_gradients(two_layer_net):
        assert not two_layer_net.wrong_findings
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # every run of pytest loads this file, so nothing heavy is imported above
    from trainer.checker.findings.report import Report

OPTION = "--two-layer-net"
REPORT: "pytest.StashKey[Report]" = pytest.StashKey()


def pytest_addoption(parser: Any) -> None:
    """Add the option with the file to check."""
    parser.addoption(OPTION, metavar="FILE", help="check the two-layer net in this file")


def pytest_collection_modifyitems(session: Any, config: Any, items: list[Any]) -> None:
    """Add a test for each part of the net, before the others."""
    if config.getoption(OPTION):
        collector = NetCollector.from_parent(session, name=str(config.getoption(OPTION)))
        items[:0] = list(collector.collect())


class NetCollector(pytest.Collector):
    """The parts of one net."""

    def collect(self) -> Iterator["PartTest"]:
        """Yield a test for each part."""
        from trainer.checker.grading.points import PARTS

        for part in PARTS:
            yield PartTest.from_parent(self, name=part)


class PartTest(pytest.Item):
    """A test of one part of the net: it fails where the part is wrong or cannot be checked."""

    def runtest(self) -> None:
        """Fail where the part is wrong, and skip it where the net lacks it."""
        from trainer.checker.grading.points import Scheme, count_points

        report = take_report(self.config)
        scheme = Scheme({self.name: 1.0}, (), True)
        part = count_points(scheme, report)[0]
        if part.verdict == "missing":
            pytest.skip(part.why)
        if part.verdict in ("wrong", "unchecked"):
            pytest.fail(part.why or report.summarise(), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return the file and the name that pytest shows."""
        return Path(self.config.getoption(OPTION)), None, self.name


def take_report(config: Any) -> "Report":
    """Return the report on the file of the option; check it the first time."""
    from trainer.checker.process import Task, check_task
    from trainer.common.language import set_language

    if REPORT not in config.stash:
        path = Path(config.getoption(OPTION) or "")
        if not path.is_file():
            raise pytest.UsageError(f"{OPTION} {path}: there is no such file")
        set_language(None)
        config.stash[REPORT] = check_task(Task(path, hints=1))[0]
    found: Report = config.stash[REPORT]
    return found


@pytest.fixture(scope="session")
def two_layer_net(pytestconfig: Any) -> "Report":
    """Return the report on the net of --two-layer-net."""
    return take_report(pytestconfig)
