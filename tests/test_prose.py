"""The prose of every page: its sections, its numbers, its formulas, its links, its example and its exercises."""

import inspect
import re
from collections import Counter

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.catalogue.formulas import prose as shown_prose
from gradus.catalogue.formulas.compiled import MARKUP
from gradus.catalogue.formulas.prose import formulas_in, linked_keys, prose_blocks, prose_lines, prose_page
from gradus.frameworks.structure import flatten
from gradus.page import Concept
from gradus.page.companion import LANGUAGES
from gradus.page.completeness import missing_for_learners
from gradus.page.exercises import numbers
from gradus.page.prose import SECTIONS, prose_file, prose_of
from gradus.page.values import NAMED, plain, rows_plain, written

CONCEPTS = list(load())
KEYS = {c.key for c in CONCEPTS}
every_concept = pytest.mark.parametrize("concept", CONCEPTS, ids=lambda c: c.key)
WORDS = (250, 1100)  # of English prose; the exercises count
_TEXT = re.compile(r"\\(?:text|textrm|mathrm|operatorname\*?)\{[^{}]*\}")


def proses(concept):
    return {lang: prose for lang in LANGUAGES if (prose := prose_of(concept, lang))}


@every_concept
def test_every_page_teaches(concept: Concept):
    assert missing_for_learners(concept) == []


@every_concept
def test_sections_stand_in_order(concept: Concept):
    for prose in proses(concept).values():
        assert list(prose.sections) == [name for name in SECTIONS if name in prose.sections]
    kinds = [set(prose.sections) for prose in proses(concept).values()]
    assert all(kind == kinds[0] for kind in kinds), "the languages have different sections"


@every_concept
def test_formulas_and_numbers_are_the_same_in_both_languages(concept: Concept):
    en, zh = proses(concept)["en"], proses(concept)["zh"]
    for name in en.sections:
        first, second = (
            {_TEXT.sub("", f).strip(" .,;:") for f, _ in formulas_in(p.sections[name])} for p in (en, zh)
        )
        assert first == second, f"{name}: only in one language: {sorted(first ^ second)}"
        counted = [
            Counter(m.group().replace(" ", "") for m in NAMED.finditer(p.sections[name])) for p in (en, zh)
        ]
        assert set(counted[0]) == set(counted[1]), f"{name}: {set(counted[0]) ^ set(counted[1])}"


@every_concept
def test_prose_is_shown(concept: Concept):
    values = concept.example_values
    for lang, prose in proses(concept).items():
        for name, text in prose.sections.items():
            if name == "exercises":
                continue
            html = prose_page(text, values, lambda key: f"{key}.html")
            assert not re.search(r"\*\*|\{\{|\}\}|\ue000|§\d", html), (lang, name)
            assert prose_lines(text, values).strip()
            for key in linked_keys(text):
                assert key in KEYS, f"{prose_file(concept, lang)}: there is no page {key}"


RUN_IN = re.compile(
    r"\*\*[^*]{1,60}(?:[。：:.?？]\*\*|\*\*[。：])|\*[^*]{1,80}[.:?]\*"
)  # the title of a paragraph


@every_concept
def test_a_title_begins_a_paragraph_and_those_behind_it_have_one_too(concept: Concept):
    for lang, prose in proses(concept).items():
        lines = [line for text in prose.sections.values() for line in ("", *text.splitlines())]
        inside = [
            line for line, before in zip(lines[1:], lines, strict=False) if before and RUN_IN.match(line)
        ]
        assert not inside, f"{lang}: {inside[0][:60]}: leave a line empty before it"
        practice = prose.sections.get("in-practice", "").split("\n\n")
        titled = [
            bool(RUN_IN.match(paragraph)) for paragraph in practice if not paragraph.startswith("`gradus ")
        ]
        assert titled == sorted(titled), (
            f"{lang}: in practice, a title, and a paragraph without one behind it"
        )


@every_concept
def test_each_language_is_its_own(concept: Concept):
    en, zh = (
        re.sub(r"\$[^$]*\$|`[^`]*`|\{\{[^}]*\}\}", "", " ".join(p.sections.values()))
        for p in proses(concept).values()
    )
    assert not re.search(r"[\u4e00-\u9fff]", en), "the English holds Chinese"
    assert len(re.findall(r"[\u4e00-\u9fff]", zh)) >= 300, "the Chinese is too short to teach"
    assert WORDS[0] <= len(en.split()) <= WORDS[1]


@every_concept
def test_prose_links_to_other_pages(concept: Concept):
    for prose in proses(concept).values():
        linked = {key for text in prose.sections.values() for key in linked_keys(text)} - {concept.key}
        assert linked, "a page without a link to another leads nowhere"


@every_concept
def test_no_number_is_typed_where_the_example_has_it(concept: Concept):
    """A decimal fraction in the worked example is a value of the example."""
    for lang, prose in proses(concept).items():
        text = NAMED.sub("", prose.sections["by-hand"])
        typed = re.findall(r"(?<![\d.\w])\d+\.\d{2,}", re.sub(r"`[^`]*`", "", text))
        assert not typed, f"{lang}: {typed}: name them in the example"


@every_concept
def test_the_example_is_not_degenerate(concept: Concept):
    arguments, values = concept.example_arguments, concept.example_values
    required = {
        n for n, p in inspect.signature(concept.definition).parameters.items() if p.default is p.empty
    }
    assert required <= set(arguments), "the definition's arguments are among the example's values"
    results = [np.asarray(leaf) for leaf in flatten(concept.definition(**arguments))]
    assert all(np.isfinite(r).all() for r in results if r.dtype.kind == "f")
    entries = np.concatenate([r.ravel().astype(float) for r in results if r.dtype.kind in "fiub"])
    assert entries.any(), "the result is zero everywhere"
    for name in named_in(concept):
        assert name in values
    for name, value in arguments.items():
        leaf = np.asarray(value) if isinstance(value, np.ndarray) else None
        if leaf is not None and leaf.size > 2 and leaf.dtype.kind == "f":
            assert np.ptp(leaf) > 0, f"{name}: all entries are equal"
            assert moves(concept, name), f"{name}: nothing depends on it"


def named_in(concept):
    return {
        m["name"] for p in proses(concept).values() for t in p.sections.values() for m in NAMED.finditer(t)
    }


def moves(concept, name):
    """Whether the result depends on an argument of the example."""
    arguments = concept.example_arguments
    before = [np.asarray(r) for r in flatten(concept.definition(**arguments))]
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.5, 4.0):
        moved = arguments[name] * (1 + size * rng.random(arguments[name].shape)) + 0.3 * size
        with np.errstate(all="ignore"):
            try:
                after = [np.asarray(r) for r in flatten(concept.definition(**{**arguments, name: moved}))]
            except (ValueError, FloatingPointError):
                return True
        pairs = zip(after, before, strict=True)
        if any(not np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs):
            return True
    return False


@every_concept
def test_the_prose_uses_the_example(concept: Concept):
    for prose in proses(concept).values():
        assert len(set(NAMED.findall(prose.sections["by-hand"]))) >= 3, (
            "the example by hand shows its numbers"
        )


@every_concept
def test_each_mistake_leads_to_another_answer(concept: Concept):
    """Else a reader who makes the one is told of the other."""
    for name, made in concept.exercises.items():
        exercise = made()
        if exercise.kind not in ("number", "array"):
            continue
        for mistake, value in exercise.mistakes.items():
            assert exercise.grade(np.asarray(value)).mistake == mistake, (name, mistake)


@every_concept
def test_exercises_have_words_and_answers(concept: Concept):
    for prose in proses(concept).values():
        assert set(prose.questions) == set(concept.exercises), (
            "each exercise has its question, under its name"
        )
    for name, made in concept.exercises.items():
        exercise = made()
        for lang, prose in proses(concept).items():
            question = prose.questions[name]
            assert question.text and question.hint and question.solution, (
                lang,
                name,
                "text, hint and solution",
            )
            for words in (question.text, question.hint, question.solution):
                assert prose_lines(words, concept.example_values)
            if exercise.kind == "choice":
                assert set(question.remarks) == {exercise.answer, *exercise.mistakes}, (lang, name)
                unexplained = {option for option, remark in question.remarks.items() if not remark.why}
                assert unexplained == {exercise.answer}, (
                    lang,
                    name,
                    "each wrong option has its reason (=>), the computed answer has none",
                )
            else:
                assert set(question.remarks) == set(exercise.mistakes), (lang, name)
            for remark in question.remarks.values():
                assert prose_lines(f"{remark.words} {remark.why}", concept.example_values).strip()


@every_concept
def test_answers_are_told_from_mistakes(concept: Concept):
    for name, made in concept.exercises.items():
        exercise = made()
        if exercise.kind in ("number", "array"):
            assert np.isfinite(exercise.answer).all()
            assert exercise.grade(exercise.answer).right
            for mistake, wrong in exercise.mistakes.items():
                assert not exercise.grade(wrong).right, f"{name}: {mistake} leads to the right answer"
            shown = written(exercise.answer, "", plain, rows_plain)
            if "×" not in shown and "[" not in shown:
                assert exercise.grade(numbers(shown)).right, f"{name}: {shown} is not taken for the answer"
        elif exercise.kind == "function":
            assert exercise.grade(exercise.answer).right
            assert not exercise.grade(lambda *a, f=exercise.answer: np.asarray(f(*a)) + 1.0).right


def test_an_asterisk_of_a_formula_is_no_emphasis():
    """The best constant is c*, not c: only the asterisks of Markdown are taken away."""
    losses = next(c for c in CONCEPTS if c.key == "losses")
    shown = prose_lines(proses(losses)["en"].sections["derivation"], losses.example_values)
    assert "c* = E" in shown
    assert "*Squared" not in shown


@pytest.mark.parametrize(
    ("formula", "compiled"),
    [
        (r"p(z\mid x)", "<mrow><mi>p</mi><mo>(</mo><mi>z</mi><mo>∣</mo><mi>x</mi><mo>)</mo></mrow>"),
        ("a | b", "<mrow><mi>a</mi><mo> | </mo><mi>b</mi></mrow>"),
        (r"q\|p", "<mrow><mi>q</mi><mo>∥</mo><mi>p</mi></mrow>"),
    ],
)
def test_a_bar_of_a_formula_is_no_cell(monkeypatch, formula, compiled):
    """Bars of formulas, of code and escaped ones cut no cell of a table in the terminal."""
    monkeypatch.setattr(shown_prose, "mathml", lambda latex, display=True: f"<math>{compiled}</math>")
    text = f"Words.\n\n| ${formula}$ | `a | b` |\n|---|:--:|\n| **{{{{x}}}}** | or \\| so |\n| one |\n"
    words, rows = prose_blocks(text, {"x": 2})
    assert words == "Words."
    assert [row[1] for row in rows] == ["a | b", "or | so", ""]
    assert [row[0] for row in rows[1:]] == ["2", "one"]
    assert any(bar in rows[0][0] for bar in "|‖∥")


def test_every_row_of_a_table_has_the_cells_of_its_head():
    """Neither the terminal nor the site shows what a row has beyond its head."""
    for concept in CONCEPTS:
        for lang, prose in proses(concept).items():
            for name, text in prose.sections.items():
                tables = re.findall(
                    r"(?m)^(\|?[^\n]*\|[^\n]*)\n\|?[ :]*-[-:| ]*\n((?:[^\n]*\|[^\n]*(?:\n|$))+)", text
                )
                for head, body in tables:
                    counts = {_bars(line) for line in (head, *body.strip().split("\n"))}
                    assert len(counts) == 1, (concept.key, lang, name, head)


def _bars(line: str) -> int:
    return MARKUP.sub("", line).strip().strip("|").count("|")
