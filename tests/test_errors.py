"""Exceptions that a user reads speak both languages; in a program they are what they always were."""

import pickle

import pytest

from gradus.errors import GradusError, raised, words_of
from gradus.page.evidence import NotApplicable, no_argument, no_gradient
from gradus.text import CONCEPT_KINDS, EVIDENCE_KINDS, VERDICTS, Text

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
