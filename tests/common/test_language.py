import ast
import gettext
import locale
import string
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from runs import ROOT

from trainer.checker.load.bindings import walk_scope
from trainer.common import language
from trainer.common.terminal import print_wrapped

LOCALE = ROOT / "trainer" / "common" / "locale"
KEYWORDS = {"_": None, "N_": None, "translate_plural": (1, 2)}
# Texts that are the same in another language, since they have no words.
SAME = {
    "{quantity} {difference}",
    "{path}: {reason}",
    "{quantity}: {message}",
    "{found}: {mistake}",
}


@pytest.fixture
def chosen():
    yield
    language.set_language("en")


def read_catalogue(path, code=None):
    """Return the messages of a .po or .pot file by their English, without the header."""
    pofile = pytest.importorskip("babel.messages.pofile", reason="pip install babel")
    with path.open("rb") as file:
        return {message.id: message for message in pofile.read_po(file, code) if message.id}


def get_po(code):
    return LOCALE / language.CATALOGUES[code] / "LC_MESSAGES" / f"{language.DOMAIN}.po"


def list_fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_GB"}, "en"),
        ({"LANG": "en_US", "LANGUAGE": "fr:ja:zh"}, "ja"),
        ({"LANG": "en_US", "LANGUAGE": "zh-Hans"}, "zh"),
    ],
)
def test_the_language_is_that_of_the_locale(monkeypatch, variables, code):
    for name in language.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language.find_language() == code


@pytest.mark.parametrize(
    ("name", "code"),
    [("Chinese (Simplified)_China", "zh"), ("Japanese_Japan", "ja"), ("zh_CN", "zh"),
     ("English_United States", "en"), (None, "en")],
)  # fmt: skip
def test_without_variables_it_is_that_of_windows(monkeypatch, name, code):
    for variable in language.VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "utf-8"))
    assert language.find_language() == code


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="give en, zh, ja or None"):
        language.set_language("fr")


def test_a_language_is_used_until_its_context_ends(chosen):
    language.set_language("zh")
    with language.use_language("ja"):
        assert language.translate("tried fix:") == "試した修正:"
    assert language.translate("tried fix:") == "试过的改法："
    assert language.translate("") == ""
    assert language.translate("no such text") == "no such text"


def test_threads_may_use_several_languages(chosen):
    """As the jobs of one Dask worker do."""
    language.set_language("zh")
    barrier = threading.Barrier(2)

    def tell(code):
        with language.use_language(code):
            barrier.wait()
            text = language.translate("the file")
            barrier.wait()
        return text, language.translate("the file")

    with ThreadPoolExecutor(2) as threads:
        told = list(threads.map(tell, ["ja", "en"]))
    assert told == [("このファイル", "这个文件"), ("the file", "这个文件")]


def test_the_template_has_every_text_of_the_sources():
    extract = pytest.importorskip("babel.messages.extract", reason="pip install babel")
    found = extract.extract_from_dir(ROOT / "trainer", keywords=KEYWORDS)
    texts = {tuple(each[2]) if isinstance(each[2], tuple) else each[2] for each in found}
    assert set(read_catalogue(LOCALE / "two-layer-net.pot")) == texts  # make translations


@pytest.mark.parametrize("code", language.CATALOGUES)
def test_every_text_is_translated_with_the_same_values(code):
    template = read_catalogue(LOCALE / "two-layer-net.pot")
    messages = read_catalogue(get_po(code), code)
    assert set(messages) == set(template)
    for key, message in messages.items():
        english = key[1] if isinstance(key, tuple) else key
        text = message.string[0] if isinstance(message.string, tuple) else message.string
        assert text, f"{english} is not translated"
        assert not message.fuzzy, english
        assert list_fields(text) == list_fields(english), text
        assert text != english or english in SAME, text
        assert text.isprintable(), text  # an ideographic space would be shown as an escape


@pytest.mark.parametrize("code", language.CATALOGUES)
def test_the_compiled_catalogue_is_that_of_the_translator(code):
    messages = read_catalogue(get_po(code), code)
    with get_po(code).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert len(compiled._catalog) == len(messages) + 1  # the header
    for key, message in messages.items():
        is_plural = isinstance(key, tuple)
        text = compiled.ngettext(*key, 2) if is_plural else compiled.gettext(key)
        assert text == (message.string[0] if is_plural else message.string)  # make translations


def test_no_text_is_translated_inside_an_f_string():
    """Babel does not see it there before Python 3.12."""
    for path in (ROOT / "trainer").rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for inner in (each for node in nodes if isinstance(node, ast.JoinedStr)
                      for each in ast.walk(node)):  # fmt: skip
            is_text = isinstance(inner, ast.Call) and any(
                isinstance(each, ast.Constant) for each in inner.args
            )
            is_call = is_text and isinstance(inner.func, ast.Name)
            assert not (is_call and inner.func.id in KEYWORDS), f"{path}:{inner.lineno}"


def test_no_function_hides_the_translator():
    for path in (ROOT / "trainer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                inside = [each for part in node.body for each in walk_scope(part)]
                is_set = any(isinstance(n, ast.Name) and n.id == "_"
                             and isinstance(n.ctx, ast.Store) for n in inside)  # fmt: skip
                calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
                is_called = any(isinstance(f, ast.Name) and f.id == "_" for f in calls)
                assert not (is_set and is_called), f"{path}:{node.lineno}"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three four five", ["one two three four", "    five"]),
        ("梯度没有除以批次大小，要除以 N。", ["梯度没有除以批次大", "    小，要除以 N。"]),
        ("勾配を(N で)割ってください。", ["勾配を(N で)割って", "    ください。"]),
        ("一二三四五六七八九。十", ["一二三四五六七八", "    九。十"]),
    ],
)
def test_lines_are_wrapped_by_columns(monkeypatch, capsys, text, lines):
    monkeypatch.setenv("COLUMNS", "19")
    print_wrapped(text)
    assert capsys.readouterr().out.splitlines() == lines
