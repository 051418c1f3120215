"""Exceptions that a user reads speak both languages; in a program they are what they always were."""

import ast
import functools
import pickle
import re

import pytest

from gradus.errors import GradusError, raised, words_of
from gradus.page.not_applicable import NotApplicable, no_argument, no_gradient
from gradus.text import CONCEPT_KINDS, EVIDENCE_KINDS, VERDICTS, Text
from tools.rooms import FILES, trees

BOTH = Text("no such file", "没有这个文件")


@pytest.mark.parametrize("kind", [GradusError, NotApplicable])
def test_the_message_is_english_and_the_text_has_both(kind):
    error = kind(BOTH)
    assert str(error) == BOTH.en and error.text == BOTH
    plain = kind("0 / 0")
    assert str(plain) == "0 / 0" and plain.text == ("0 / 0", "0 / 0")
    again = pickle.loads(pickle.dumps(error))  # as between processes
    assert type(again) is kind and again.text == BOTH


def test_a_mistake_is_a_value_error_and_what_does_not_apply_is_none():
    assert issubclass(GradusError, ValueError)
    assert not issubclass(NotApplicable, ValueError)


def test_words_of_any_exception():
    assert words_of(GradusError(BOTH)) == BOTH
    assert words_of(OSError("out of cheese")) == ("out of cheese", "out of cheese")
    assert raised(OSError("out of cheese\nsecond line")) == (
        "raised OSError: out of cheese",
        "抛出 OSError：out of cheese",
    )
    assert raised(GradusError(BOTH)).zh == "抛出 GradusError：没有这个文件"
    assert raised(AssertionError()) == ("raised AssertionError", "抛出 AssertionError")


def test_reasons_that_several_rooms_give():
    assert no_argument("simpson", "rule").text == (
        "simpson has no argument 'rule'",
        "simpson 没有参数 rule",
    )
    assert no_gradient("numpy").text.zh == "numpy 函数没有可比较的梯度"


@pytest.mark.parametrize("table", [CONCEPT_KINDS, EVIDENCE_KINDS, VERDICTS])
def test_names_are_complete_and_differ(table):
    for lang in ("en", "zh"):
        names = [text.get(lang) for text in table.values()]
        assert all(names) and len(set(names)) == len(names)


CHINESE = re.compile("[\u3001-\u303f\u4e00-\u9fff\uff01-\uff5e]")


def name_of(node):
    return getattr(node, "id", getattr(node, "attr", ""))


CLASS = re.compile(r"^\s*class (\w+)\(([^)]*)\):", re.MULTILINE)


@functools.cache
def mistakes():
    """The names of `GradusError` and of all classes derived from it."""
    classes = [
        (name, {base.rpartition(".")[2] for base in re.split(r",\s*", bases)})
        for path in FILES
        for name, bases in CLASS.findall(path.read_text(encoding="utf-8"))
    ]
    names = {"GradusError"}
    while more := {name for name, bases in classes if bases & names} - names:
        names |= more
    return names


@functools.cache
def calls_of_mistakes():
    """(place, call) of each that is made."""
    return [
        (f"{path.name}:{node.lineno}", node)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func) in mistakes()
    ]


def is_words(node):
    """Whether an expression is a plain string, joined, formatted or with a default."""
    if isinstance(node, ast.BinOp):
        return is_words(node.left) or is_words(node.right)
    if isinstance(node, ast.IfExp):
        return is_words(node.body) or is_words(node.orelse)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def literal(node):
    """The words that stand in a string, formatted or not."""
    parts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return "".join(p for p in parts if isinstance(p, str))


def test_no_mistake_is_told_in_one_language():
    known = mistakes()
    assert {"GradusError", "CheckpointError", "DamagedFileError", "NonFiniteError"} <= known
    raised_here = calls_of_mistakes()
    assert len(raised_here) > 400
    assert [place for place, call in raised_here if any(map(is_words, call.args))] == []


def test_the_second_words_of_a_mistake_are_chinese():
    wrong = []
    for place, call in calls_of_mistakes():
        for text in call.args:
            if isinstance(text, ast.Call) and name_of(text.func) == "Text":
                en, zh = text.args
                if is_words(zh) and (not CHINESE.search(literal(zh)) or ast.unparse(en) == ast.unparse(zh)):
                    wrong.append(place)
    assert wrong == []
