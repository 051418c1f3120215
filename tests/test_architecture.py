"""The architecture note: its picture is fresh, it names every room, the places that it names exist; and files stay short."""

import re

from tools.draw_rooms import PICTURE, ROOT, ROW, draw, imports, reduced
from tools.rooms import LEVEL

NOTE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_picture_is_fresh():
    assert PICTURE.read_text(encoding="utf-8") == draw(), "docs/architecture.svg is stale: run `make docs`"


def test_every_room_is_in_the_picture_and_in_the_note():
    shown = " ".join(re.findall(r"<text[^>]*>([^<]+)</text>", PICTURE.read_text(encoding="utf-8"))).split()
    assert sorted(shown) == sorted(LEVEL)
    assert [room for room in LEVEL if f"`{room}`" not in NOTE] == []


def test_a_line_that_follows_from_others_is_left_out():
    edges = {("cli", "report"), ("report", "verify"), ("cli", "verify"), ("verify", "page"), ("cli", "page")}
    assert reduced(edges) == {("cli", "report"), ("report", "verify"), ("verify", "page")}


def test_the_lines_lead_from_box_to_box():
    ends = {box for edge in imports() for box in edge}
    assert {"page", "the library", "cli"} <= ends <= set(ROW)


def test_the_places_that_it_names_exist():
    places = re.findall(r"`((?:gradus|tests|tools|benchmarks)/[\w./]*)`", NOTE)
    assert len(places) > 15
    named = [p for p in places if not re.search(r"[A-Z]{3}", p)]
    assert [p for p in named if not (ROOT / p).exists()] == []


SUFFIXES = {".py", ".js", ".mjs", ".css", ".html"}


def test_no_file_is_longer_than_300_lines():
    """Pages excepted: one holds all of its concept."""
    files = [p for f in ("gradus", "tests", "tools", "benchmarks") for p in (ROOT / f).rglob("*")]
    others = (ROOT / "gradus" / "concepts", ROOT / "tools" / "node_modules")
    own = [p for p in files if p.suffix in SUFFIXES and not any(map(p.is_relative_to, others))]
    lines = {p.relative_to(ROOT).as_posix(): len(p.read_text(encoding="utf-8").splitlines()) for p in own}
    assert len(lines) > 500
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_pages_are_laid_out_by_the_formatter():
    pages = sorted((ROOT / "gradus" / "concepts").rglob("*.py"))
    assert len(pages) > 140
    assert [p.name for p in pages if re.search(r"# fmt: (skip|off)", p.read_text(encoding="utf-8"))] == []
