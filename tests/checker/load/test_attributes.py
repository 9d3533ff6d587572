"""Attributes of objects, with and without slots."""

from dataclasses import dataclass

from trainer.checker.load.attributes import has_attributes, read_attributes


class Above:
    __slots__ = ("__private", "a", "never_set")

    def __init__(self):
        self.a = 1


class Below(Above):
    def __init__(self):
        super().__init__()
        self.b = 2


@dataclass(slots=True)
class Layer:
    W: float
    b: float


def test_attributes_with_and_without_slots_are_read():
    assert read_attributes(Below()) == {"a": 1, "b": 2}
    assert read_attributes(Layer(0.5, 0.0)) == {"W": 0.5, "b": 0.0}


def test_numbers_and_lists_have_no_attributes():
    assert [has_attributes(each) for each in (1, [], (), "a", Layer(0, 0))] == [False] * 4 + [True]
    assert read_attributes(3) == {}
