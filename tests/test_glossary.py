"""One Chinese term stands for one English term: read in every page's title and prose."""

import re
import tomllib
from pathlib import Path

import pytest

import gradus
from gradus.catalogue import load

TERMS = tomllib.loads((Path(gradus.__file__).parent / "glossary.toml").read_text(encoding="utf-8"))["term"]
# A wrong term may be right in another sense: 功能 (feature) and 距离 (distance) are words of their own.
SENSES = {"function": "functional", "divergence": "distance|metric"}


def prose(concept):
    yield concept.title
    yield concept.summary
    yield from (s.meaning for s in concept.symbols)
    yield from (c.statement for c in concept.claims.values())
    yield from (m.description for m in concept.mutants.values())
    yield from concept.deviations


def test_terms_are_unique():
    assert len({t["en"] for t in TERMS}) == len(TERMS)
    assert len({t["zh"] for t in TERMS}) == len(TERMS)


@pytest.mark.parametrize("concept", list(load()), ids=lambda c: c.key)
def test_titles_use_the_glossary(concept):
    title = concept.title.en.casefold()
    for term in TERMS:
        en = term["en"].casefold()
        longer = [
            t["en"]
            for t in TERMS
            if en in t["en"].casefold() and t is not term and t["en"].casefold() in title
        ]
        if re.search(rf"\b{re.escape(en)}\b", title) and not longer:
            assert term["zh"] in concept.title.zh, f"{term['en']} is {term['zh']}: {concept.title.zh}"


@pytest.mark.parametrize("concept", list(load()), ids=lambda c: c.key)
def test_no_wrong_term(concept):
    for text in prose(concept):
        for term in TERMS:
            for wrong in term.get("not", ()):
                other = SENSES.get(term["en"])
                meant = re.search(rf"\b{re.escape(term['en'])}\b", text.en, re.IGNORECASE)
                if meant and not (other and re.search(other, text.en, re.IGNORECASE)):
                    assert wrong not in text.zh, f"{term['en']} is {term['zh']}, not {wrong}: {text.zh}"
