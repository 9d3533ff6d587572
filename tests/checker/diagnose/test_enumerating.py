"""A line gets other parts of what it sees, the nearest to what is written first."""

import ast
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from trainer.checker.diagnose.enumerating import Enumerator
from trainer.checker.diagnose.pieces import Pieces
from trainer.checker.diagnose.quantities import Quantity, has_value
from trainer.checker.diagnose.rewriting import write_line

RNG = np.random.default_rng(0)
SCOPE = {"A": np.tanh(RNG.standard_normal((4, 3))), "d": RNG.standard_normal((4, 3)), "m": 4}
SCOPE |= {"W": RNG.standard_normal((3, 2)), "b": RNG.standard_normal(2)}
A, D, W, B = (SCOPE[name] for name in "AdWb")


def list_texts(line, expected, name=""):
    root = ast.parse(line).body[0]
    root = root if name else root.value
    is_right = partial(has_value, Quantity("", "", np.asarray(expected)))
    made = make(root, name)
    return [edit.text for edit in made.list_edits(is_right)]


def make(root, name="", functions=()):
    scope, names = dict(SCOPE), {"np": np} | {each.__name__: each for each in functions}
    pieces = Pieces(root, root, scope, names, [*names][1:], "np.dot")
    return Enumerator(root, name, scope, names, pieces)


@pytest.mark.parametrize(
    ("line", "expected", "text"),
    [
        ("d * (1 - A)", D * (1 - A**2), "1 - A ** 2"),
        ("np.sum(d, axis=1)", D.sum(axis=0), "np.sum(d, axis=0)"),
        ("d / m", D / 4 * A, "d * A"),
    ],
)
def test_the_nearest_expression_of_the_value_comes_first(line, expected, text):
    assert text in list_texts(line, expected)[:2]


def test_a_mask_is_taken_from_another_array(tmp_path):
    expected = np.where(A <= 0, 0, D)
    assert list_texts("d[d <= 0] = 0", expected, "d")[0] == "A"


def test_a_missing_term_is_put_beside_what_it_is_added_to():
    expected = 1 / (1 + np.exp(-(A @ W + B)))
    assert list_texts("1 / (1 + np.exp(-b))", expected) == ["np.dot(A, W) + b"]


def test_a_function_that_changes_what_it_is_given_changes_nothing_here():
    def double(a):
        a *= 2
        return a

    root = ast.parse("d - m").body[0].value
    before = A.copy()
    assert not make(root, "", [double]).list_edits(lambda _value: False)
    assert np.array_equal(A, before)


def test_nothing_is_multiplied_by_what_it_was_divided_by():
    assert not any("/ A" in text for text in list_texts("A * (1 - A)", 1 - A**2))


def test_what_no_expression_gives_is_not_written():
    assert list_texts("d / m", RNG.standard_normal((4, 3))) == []


@pytest.mark.parametrize(
    ("line", "expected", "text"),
    [("d * (A - 1)", D * A, "A"), ("d[1:] * A[1:]", D[1:] * A[:-1], "A[:-1]")],
)
def test_a_term_goes_as_a_whole_and_slices_change(line, expected, text):
    found = list_texts(line, expected)
    assert text in found[:3]
    assert not any(each in ("0", "A + 1") for each in found)


def test_a_word_is_replaced_in_all_its_places():
    found = list_texts("A * d * (1 - A)", D * D * (1 - D))
    assert found == ["d * d * (1 - d)"]


def test_a_statement_subtracts_what_it_added():
    assert list_texts("d += A", D - A, "d")[0] == "d -= A"


def test_the_parts_of_an_f_string_are_left_as_they_are():
    SCOPE["params"], SCOPE["i"] = {"W1": A}, 1
    assert list_texts('d * params[f"W{i}"]', D - A)


EXPS = np.exp(RNG.standard_normal((5, 3)))
NET = {
    "x": RNG.standard_normal((5, 4)), "W1": RNG.standard_normal((4, 6)),
    "b1": RNG.standard_normal(6), "z1": 1 / (1 + np.exp(-RNG.standard_normal((5, 6)))),
    "W2": RNG.standard_normal((6, 3)), "e": EXPS, "y": EXPS / EXPS.sum(axis=1, keepdims=True),
    "t": np.eye(3)[[0, 2, 1, 1, 0]], "d": RNG.standard_normal((5, 3)), "m": 5,
    "u": RNG.standard_normal((5, 6)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("y / m", "(y - t) / m"),
        ("y - t", "(y - t) / m"),
        ("(t - y) / m", "(y - t) / m"),
        ("(y - t) / m / m", "(y - t) / m"),
        ("(y - t) * y * (1 - y) / m", "(y - t) / m"),
        ("np.dot(x, W1)", "np.dot(x, W1) + b1"),
        ("np.dot(d, W2)", "np.dot(d, W2.T)"),
        ("u * z1", "u * z1 * (1 - z1)"),
        ("u", "z1 * (1 - z1) * u"),
        ("np.sum(d)", "np.sum(d, axis=0)"),
        ("np.sum(d, axis=1)", "np.sum(d, axis=0)"),
        ("np.mean(d, axis=0)", "np.sum(d, axis=0)"),
        ("-np.sum(t * np.log(y))", "-np.sum(t * np.log(y)) / m"),
        ("np.sum(t * np.log(y)) / m", "-np.sum(t * np.log(y)) / m"),
        ("-np.sum(y * np.log(t + 1)) / m", "-np.sum(t * np.log(y)) / m"),
        ("e / np.sum(e)", "e / np.sum(e, axis=1, keepdims=True)"),
        ("e / np.sum(e, axis=0)", "e / np.sum(e, axis=1, keepdims=True)"),
        ("1 / (1 + np.exp(u))", "1 / (1 + np.exp(-u))"),
        ("2 / (1 + np.exp(-u))", "1 / (1 + np.exp(-u))"),
        ("u", "np.maximum(0, u)"),
    ],
)
def test_a_fix_is_what_a_person_would_write(wrong, right):
    root, names = ast.parse(wrong).body[0].value, {"np": np}
    is_right = partial(has_value, Quantity("", "", np.asarray(eval(right, names, dict(NET)))))
    scope = {name: value for name, value in NET.items() if not is_right(value)}
    pieces = Pieces(root, root, scope, names, [], "np.dot")
    made = Enumerator(root, "", scope, names, pieces)
    edit = made.list_edits(is_right)[0]
    assert write_line(root, [edit.node], edit.text) == right


def test_an_update_is_turned_though_others_changed_what_an_object_holds():
    root = ast.parse("net.W[0] -= g").body[0]
    net = SimpleNamespace(W=[np.ones(2), np.full(2, 5.0)])
    names = {"np": np}
    scope = {"net": net, "g": np.array([0.5, 0.25]), "i": 1}
    made = Enumerator(root, "net.W[0]", scope, names, Pieces(root, root, scope, names, [], ".dot"))
    is_right = partial(has_value, Quantity("", "", np.array([1.5, 1.25])))
    assert made.list_edits(is_right)[0].text == "net.W[0] += g"
    assert np.array_equal(net.W, [[1, 1], [5, 5]])


def test_a_term_of_another_layer_gets_the_number_of_this_one():
    function = ast.parse("def f():\n    d2 = A2 + lam / m * W2\n    d1 = A1 * A1").body[0]
    root, rng = function.body[1].value, np.random.default_rng(1)
    scope = {name: rng.standard_normal((2, 3)) for name in ("A1", "A2", "W1", "W2")}
    scope |= {"lam": 0.7, "m": 4.0}
    made = Enumerator(root, "", scope, {}, Pieces(root, function, scope, {}, [], ".dot"))
    expected = scope["A1"] ** 2 + 0.7 / 4 * scope["W1"]
    is_right = partial(has_value, Quantity("", "", expected))
    assert made.list_edits(is_right)[0].text == "(A1 * A1) + (lam / m * W1)"
