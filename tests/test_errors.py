"""Exceptions that a user reads speak both languages; in a program they are what they always were."""

import ast
import functools
import pickle
import re

import pytest

from gradus.errors import GradusError, raised, words_of
from gradus.page.not_applicable import NotApplicable, no_argument, no_gradient
from gradus.text import CONCEPT_KINDS, EVIDENCE_KINDS, VERDICTS, Text
from tools.rooms import TREES

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
    assert raised(AssertionError()).en == "raised AssertionError: "


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


@functools.cache
def nodes(tree):
    """What this test looks at in a file."""
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call | ast.ClassDef)]


@functools.cache
def mistakes():
    """The names of `GradusError` and of all classes derived from it."""
    classes = [n for tree in TREES.values() for n in nodes(tree) if isinstance(n, ast.ClassDef)]
    names = {"GradusError"}
    while more := {c.name for c in classes if {name_of(b) for b in c.bases} & names} - names:
        names |= more
    return names


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


def calls(*names):
    for path, tree in TREES.items():
        for node in nodes(tree):
            if isinstance(node, ast.Call) and name_of(node.func) in names:
                yield f"{path.name}:{node.lineno}", node


def test_no_mistake_is_told_in_one_language():
    known = mistakes()
    assert {"GradusError", "CheckpointError", "DamagedFileError", "NonFiniteError"} <= known
    raised_here = list(calls(*known))
    assert len(raised_here) > 400
    assert [place for place, call in raised_here if any(map(is_words, call.args))] == []


def test_the_second_words_of_a_mistake_are_chinese():
    wrong = []
    for place, call in calls(*mistakes()):
        for text in call.args:
            if isinstance(text, ast.Call) and name_of(text.func) == "Text":
                en, zh = text.args
                if is_words(zh) and (not CHINESE.search(literal(zh)) or ast.unparse(en) == ast.unparse(zh)):
                    wrong.append(place)
    assert wrong == []
