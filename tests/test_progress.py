"""Progress: a bar on a terminal or on request, plain lines elsewhere, always on standard error."""

import io
import sys

import pytest

from gradus.errors import GradusError
from gradus.progress import Bar, Plain, Silent, byte_bar, is_terminal, item_bar, make_reporter


class Watched(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


def test_what_is_a_terminal():
    closed = io.StringIO()
    closed.close()
    assert [is_terminal(s) for s in (Watched(), io.StringIO(), closed, None)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("style", "watched", "kind"),
    [
        ("auto", True, Bar), ("auto", False, Plain), ("rich", False, Bar), ("plain", True, Plain),
        ("silent", True, Silent),
    ],
)  # fmt: skip
def test_the_style_chooses_the_reporter(monkeypatch, style, watched, kind):
    monkeypatch.setattr(sys, "stderr", Watched() if watched else io.StringIO())
    reporter = make_reporter(style, 10, 0)
    reporter.close()
    assert type(reporter) is kind


def test_an_unknown_style_is_refused_in_both_languages():
    with pytest.raises(
        GradusError, match="expected progress among auto, rich, plain, silent, got 'loud'"
    ) as refused:
        make_reporter("loud", 1, 0)
    assert "应为 auto, rich, plain, silent 之一" in refused.value.text.zh


@pytest.mark.parametrize(
    ("show", "watched", "drawn"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True)],
)
def test_bars_are_drawn_on_a_terminal_or_on_request(monkeypatch, show, watched, drawn):
    stream = Watched() if watched else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with byte_bar("file.gz", 300_000, show) as report:
        report(300_000)
    assert ("300.0/300.0 kB" in stream.getvalue(), bool(stream.getvalue())) == (drawn, drawn)


def test_items_are_counted_as_they_begin(monkeypatch):
    stream = Watched()
    monkeypatch.setattr(sys, "stderr", stream)
    with item_bar(3, True) as begin:
        for name in ("norm", "plane", "softmax"):
            begin(name)
    assert "softmax" in stream.getvalue() and "2/3" in stream.getvalue()
    quiet = io.StringIO()
    monkeypatch.setattr(sys, "stderr", quiet)
    with item_bar(3) as begin:
        begin("norm")
    assert quiet.getvalue() == ""


def test_plain_lines_are_one_an_epoch(capsys):
    reporter = make_reporter("plain", 10, 0)
    reporter.step(1, 1, 0.5)
    reporter.epoch({"epoch": 1, "step": 5, "train_loss": 0.123456}, 1.25)
    assert capsys.readouterr() == ("", "epoch 1: train loss 0.1235 (1.2 s)\n")
