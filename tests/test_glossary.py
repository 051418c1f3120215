"""One Chinese term stands for one English term: read in every page's title and prose, and in the interface."""

import ast
import functools
import itertools
import re
import tomllib

import pytest

from gradus.catalogue import load
from gradus.text import Text
from tools.rooms import GRADUS, trees

TERMS = tomllib.loads((GRADUS / "glossary.toml").read_text(encoding="utf-8"))["term"]
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


def check_terms(text: Text) -> None:
    """No English term of the glossary is rendered by a word that is wrong for it."""
    for term in TERMS:
        for wrong in term.get("not", ()):
            other = SENSES.get(term["en"])
            meant = re.search(rf"\b{re.escape(term['en'])}\b", text.en, re.IGNORECASE)
            if meant and not (other and re.search(other, text.en, re.IGNORECASE)):
                assert wrong not in text.zh, f"{term['en']} is {term['zh']}, not {wrong}: {text.zh}"


@pytest.mark.parametrize("concept", list(load()), ids=lambda c: c.key)
def test_no_wrong_term(concept):
    for text in prose(concept):
        check_terms(text)


def written(node: ast.expr) -> str | None:
    """The words of a string as they stand in the source, with {} for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(written(part) or "{}" for part in node.values)
    return None


def texts_of(tree: ast.AST) -> list[Text]:
    """What a source file says in both languages: `Text(en, zh)`, and calls of the terminal's `t` and `heading`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 2:
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            en, zh = map(written, node.args)
            if name in ("Text", "t", "heading") and en is not None and zh is not None:
                found.append(Text(en, zh))
    return found


@functools.cache
def interface():
    """What the interface says, by file."""
    return {
        path.relative_to(GRADUS).as_posix(): texts_of(tree)
        for path, tree in trees()
        if "concepts" not in path.parts
    }


def test_the_interface_is_read():
    assert texts_of(
        ast.parse('Text(f"no {what}", "没有" + x); Text("a", f"甲{b!r}"); out.t("on", "开"); f("a", "b")')
    ) == [
        Text("a", "甲{}"),
        Text("on", "开"),
    ]
    assert sum(map(len, interface().values())) > 500
    assert all(
        interface()[f] for f in ("text.py", "files.py", "locks.py", "cli/main.py", "cli/read.py", "doctor.py")
    )


def test_no_wrong_term_in_the_interface():
    for text in itertools.chain(*interface().values()):
        check_terms(text)


CHINESE = re.compile("[\u4e00-\u9fff]")
TAKEN_OVER = re.compile(r"[a-z]{2,} [a-z]{2,}")  # an English phrase where Chinese should stand


def test_the_interface_speaks_chinese():
    for text in itertools.chain(*interface().values()):
        assert bool(text.en.strip()) == bool(text.zh.strip()), text
        assert CHINESE.search(text.zh) or not TAKEN_OVER.search(text.zh), f"no Chinese: {text.zh}"


def test_mutants_are_caught_in_both_languages():
    texts = [text for concept in load() for text in prose(concept)] + [
        t for ts in interface().values() for t in ts
    ]
    readmes = [(GRADUS.parent / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")]
    for en, zh in [*texts, readmes]:
        for sentence in re.split(r"[.;\n]", en):
            assert not re.search(r"mutants?\b.*\b(kill|surviv)|\b(kill|surviv)\w* .*\bmutant", sentence), (
                sentence
            )
        for sentence in re.split("[。；\n]", zh):
            assert "变异体" not in sentence or not re.search("杀|存活|捕获|捕捉", sentence), sentence
