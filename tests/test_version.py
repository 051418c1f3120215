"""The version moves with the changelog."""

import re
from pathlib import Path

import gradus

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = re.findall(
    r"^## \[(.+?)\](?: - (.+))?$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_the_newest_dated_section_is_this_version():
    assert SECTIONS[0] == ("Unreleased", ""), "what is not released yet stands first"
    assert SECTIONS[1][0] == gradus.__version__


def test_versions_and_dates_descend():
    released = SECTIONS[1:]
    versions = [tuple(map(int, v.split("."))) for v, _ in released]
    assert versions == sorted(set(versions), reverse=True)
    dates = [date for _, date in released]
    assert dates == sorted(dates, reverse=True)
    assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) for date in dates)


def test_the_citation_names_this_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {gradus.__version__}\n" in citation
