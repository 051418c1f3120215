"""What is printed without Rich is what Rich prints; a table that is too wide is folded and loses nothing."""

import io
import os
import subprocess
import sys

import pytest
from rich.cells import cell_len

from gradus.areas import AREAS
from gradus.catalogue import entries
from gradus.cli.layout import table_lines
from gradus.cli.terminal import Terminal
from gradus.text import cell_width

WORDS = ["", "norm", "注意力", "ℓ₂ norm", "v̄ = ∂y/∂v", "λ₁ ≥ λ₂", "softmax：指数归一化"]


@pytest.fixture(autouse=True)
def a_file_of_ordinary_width(monkeypatch):
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def printed(monkeypatch, act, by_rich):
    """What `act` prints, directly or by Rich."""
    stream = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        out = Terminal("en")
        if by_rich:
            out.__dict__["_styles"] = None
        act(out)
        assert ("console" in out.__dict__) == by_rich, "Rich is loaded only where it is needed"
    return stream.getvalue()


def test_widths_are_richs():
    for entry in entries():
        for text in (*entry.title, *entry.summary, entry.key):
            assert cell_width(text) == cell_len(text), text
    for word in WORDS:
        assert cell_width(word) == cell_len(word), word


@pytest.mark.parametrize("style", ["", "bold", "dim"])
@pytest.mark.parametrize("indent", [0, 3])
def test_a_line_is_printed_as_rich_prints_it(monkeypatch, style, indent):
    for word in WORDS:
        act = lambda out, word=word: out.say(word, style, indent)
        assert printed(monkeypatch, act, False).rstrip() == printed(monkeypatch, act, True).rstrip()


@pytest.mark.parametrize("right", [(), (0,), (1, 2)])
@pytest.mark.parametrize("names", [["", "", ""], ["key", "名称", "number"]])
def test_a_table_is_printed_as_rich_prints_it(monkeypatch, names, right):
    rows = [(a, b, i) for i, (a, b) in enumerate(zip(WORDS, reversed(WORDS), strict=True))]
    act = lambda out: out.table(names, rows, right)
    assert printed(monkeypatch, act, False) == printed(monkeypatch, act, True)


@pytest.mark.parametrize("width", [9, 20, 41, 79, 110])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_paragraphs_are_wrapped_as_rich_wraps_them(monkeypatch, lang, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for entry in list(entries())[::5]:
        words = entry.summary.get(lang)
        act = lambda out, words=words: out.say(f"{words}\n{words[:9]}", indent=3)
        direct, rich = (printed(monkeypatch, act, by_rich).splitlines() for by_rich in (False, True))
        assert [line.rstrip() for line in direct] == [line.rstrip() for line in rich]


@pytest.mark.parametrize("width", [20, 41, 60, 80, 100])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_table_that_is_too_wide_is_folded_and_loses_nothing(width, lang):
    rows = [(e.key, e.title.get(lang), ", ".join(e.people)) for e in entries()]
    for row, lines in zip(rows, table_lines(rows, width), strict=True):
        assert all(cell_width(line) <= width for line in lines)
        assert sorted("".join(row).replace(" ", "")) == sorted("".join(lines).replace(" ", ""))


def test_a_narrow_column_keeps_its_width():
    rows = [("├─", "a very long title that must give way", "some phrase"), ("└─", "title", "some phrase")]
    assert table_lines(rows, 30) == [
        ["├─  a very long    some phrase", "    title that", "    must give way"],
        ["└─  title          some phrase"],
    ]


def test_every_area_fits_a_file(monkeypatch):
    rows = [(e.key, e.title.zh, AREAS[e.area].zh) for e in entries()]
    assert len(printed(monkeypatch, lambda out: out.table(["", "", ""], rows), False).splitlines()) == len(
        rows
    )


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal needs POSIX")
@pytest.mark.parametrize(("options", "bold"), [([], True), (["--no-color"], True)])
def test_a_terminal_sees_bold_headings_without_rich(options, bold):
    import pty

    main, other = pty.openpty()
    code = (
        "import os, sys\nfrom gradus.cli import main\n"
        "main(sys.argv[1:])\nprint('rich' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "map", "vision", *options],
        stdout=other,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"},
        check=True,
    )
    os.close(other)
    shown = os.read(main, 65536).decode()
    os.close(main)
    assert ("\x1b[1mVision" in shown) == bold
    assert "LeNet-5" in shown
    assert done.stderr.strip() == "False"
