"""Marks a class and writes its results, continuing where it was stopped."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path

from trainer.checker.grading.batch import make_job, mark_all, name_file, read_done
from trainer.checker.grading.formats import make_gradescope, make_junit
from trainer.checker.grading.marking import How, Job, Record
from trainer.checker.grading.page import make_handout, make_page
from trainer.checker.grading.roster import add_points
from trainer.checker.grading.submissions import Submission
from trainer.checker.grading.tables import guard, make_table
from trainer.common.errors import InputError
from trainer.common.files import lock, write_atomically
from trainer.common.language import translate as _

BUSY = "another process writes these results: wait until it has ended, or stop it"


def name_students(submissions: list[Submission], how: How) -> list[str]:
    """Return the name of each student in the results: a number where marking is anonymous."""
    if not how.is_anonymous:
        return [each.student for each in submissions]
    order = sorted(submissions, key=lambda each: sha256(how.key + each.student.encode("utf-8", "surrogateescape")).digest())  # fmt: skip  # noqa: E501
    width = max(3, len(str(len(order))))
    numbers = {each.student: f"student-{i:0{width}}" for i, each in enumerate(order, 1)}
    return [numbers[each.student] for each in submissions]


class Grading:
    """The marking of a class: the submissions, what is done already, and the folder of results."""

    def __init__(self, submissions: list[Submission], out: Path, how: How, formats: list[str]):
        self.out, self.how, self._formats = out, how, formats
        self.names = name_students(submissions, how)
        self._originals = [each.student for each in submissions]
        digests = [each.digest() for each in submissions]
        self._records: dict[str, Record] = {}
        self._todo: list[Callable[[], Job]] = []
        for submission, student, digest in zip(submissions, self.names, digests, strict=True):
            if done := read_done(out, student, digest, how):
                self._records[student] = done
            else:
                self._todo.append(partial(make_job, submission, student, digest))

    @property
    def total(self) -> int:
        """The number of submissions."""
        return len(self.names)

    @property
    def done(self) -> int:
        """The number of those that are marked."""
        return len(self._records)

    @property
    def records(self) -> list[Record]:
        """What is known so far, in the order of the names."""
        return [self._records[name] for name in sorted(self._records)]

    def run(self, at_a_time: int, cluster: str | None) -> Iterator[Record]:
        """Mark what is not marked, and yield each record; write the results also when stopped."""
        (self.out / "students").mkdir(parents=True, exist_ok=True)
        with lock(self.out, BUSY):
            try:
                for record in mark_all(self._todo, self.how, at_a_time, cluster):
                    self._records[record["student"]] = record
                    self._write_student(record)
                    yield record
            finally:
                self._write_results()

    def _write_student(self, record: Record) -> None:
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        name = name_file(record["student"])
        self._write(Path("students", f"{name}.json"), text)
        self._write(Path("students", f"{name}.html"), make_handout(record, self.how.scheme))

    def _write_results(self) -> None:
        """Write the table, the page and the other formats of all records so far."""
        records = self.records
        self._write(Path("grades.csv"), make_table(records))
        title = _("two-layer nets: results")
        if len(records) < self.total:
            so_far = _("{title}, stopped after {number} of {total} submissions")
            title = so_far.format(title=title, number=len(records), total=self.total)
        self._write(Path("report.html"), make_page(records, self.how.scheme, title))
        if "junit" in self._formats:
            self._write(Path("junit.xml"), make_junit(records))
        if "gradescope" in self._formats:
            for record in records:
                folder = Path("gradescope", name_file(record["student"]))
                self._write(folder / "results.json", make_gradescope(record))
        if self.how.is_anonymous:
            pairs = sorted(zip(self.names, self._originals, strict=True))
            rows = "".join(
                f"{name},{json.dumps(guard(who), ensure_ascii=False)}\n" for name, who in pairs
            )
            self._write(Path("names.csv"), "student,name\n" + rows)
        self._remove_others()

    def write_roster(self, roster: Path) -> None:
        """Write the points beside the columns of a CSV file with the names of the class."""
        self._write(Path("roster.csv"), add_points(roster, self.records))

    def _remove_others(self) -> None:
        """Remove the records of submissions that are no longer there."""
        known = {name_file(name) for name in self.names}
        for path in (self.out / "students").iterdir():
            if path.suffix in (".json", ".html") and path.stem not in known:
                with suppress(OSError):
                    path.unlink()

    def _write(self, name: Path, text: str) -> None:
        path = self.out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The mark at the beginning tells Excel that a table is UTF-8: names may be Chinese.
            encoding = "utf-8-sig" if path.suffix == ".csv" else "utf-8"
            write_atomically(path, text.encode(encoding, "replace"))
        except OSError as error:
            text = _("cannot be written: {reason}", reason=error.strerror)
            raise InputError(f"{path}: {text}") from error
