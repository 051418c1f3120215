"""Every page, whole: its parts, its words, its claims, its mutants, its figure. A new page adds rows here, not code."""

import importlib
import inspect
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from foreign_names import foreign_names

from gradus import systems
from gradus.catalogue import citation, load, references
from gradus.catalogue.formulas import mathml
from gradus.catalogue.page_files import PAGES
from gradus.frameworks import Adapted
from gradus.page import AREAS, Concept, figure_words, formula_words
from gradus.page.companion import beside
from gradus.page.figures import states
from gradus.page.translation import figure_faults
from gradus.text import Text
from gradus.verify import claims_of, judge, verify_concept, verify_mutants

CONCEPTS = list(load())
PROGRAM_NUMBER = re.compile(r"\d[eE][-+]?\d\d|\w\^|(?<![\w.)\]])-\d|−0(?:\.0+)?(?![\w.])|\[\[|\binf\b")
OF_ALL = 16  # one page in so many belongs to the ordinary run of what takes long and hardly ever fails on a page alone
every_concept = pytest.mark.parametrize("concept", CONCEPTS, ids=lambda c: c.key)
some_concepts = pytest.mark.parametrize(
    "concept",
    [pytest.param(c, marks=[pytest.mark.slow] if i % OF_ALL else []) for i, c in enumerate(CONCEPTS)],
    ids=lambda c: c.key,
)


def texts(value, depth=0):
    """Every bilingual text of a record, wherever it stands."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from texts(v, depth + 1)
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from texts(v, depth + 1)
    elif hasattr(value, "__dataclass_fields__") and depth < 4:
        for name in value.__dataclass_fields__:
            yield from texts(getattr(value, name), depth + 1)


@every_concept
def test_page_lacks_no_part(concept: Concept):
    assert concept.missing() == []
    assert concept.area in AREAS
    assert concept.cases(np.random.default_rng(0)), "no cases"
    assert concept.invalid(np.random.default_rng(0)), "no invalid input"
    assert 1600 <= concept.year <= 2030
    assert concept.kind != "system" or systems.keys().get(concept.key) == concept.area, (
        "a system without a recipe"
    )


@every_concept
def test_nothing_is_left_to_fill_in(concept: Concept):
    page = Path(str(sys.modules[concept.module].__file__))
    files = [p for p in (page, beside(page, "en"), beside(page, "zh")) if p.exists()]
    left = [
        f"{path.name}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\bFILL\b", line)
    ]
    assert not left, "\n".join(["still to be filled in:", *left])


@every_concept
def test_symbols_are_the_arguments(concept: Concept):
    named = [s.argument for s in concept.symbols if s.argument]
    assert named == list(concept.arguments), "the symbol table's arguments, in order, are the definition's"


@every_concept
def test_both_languages_stand(concept: Concept):
    for text in texts(concept):
        if not any(text):
            continue
        assert text.en.strip(), f"English is missing: {text}"
        assert text.zh.strip(), f"Chinese is missing: {text}"
        words = re.sub(r"\$[^$]*\$|`[^`]*`", "", text.zh)
        if re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", words):
            assert re.search(r"[\u4e00-\u9fff]", words), f"the Chinese is English: {text.zh}"
        english = re.sub(r"\$[^$]*\$|`[^`]*`", "", text.en)
        assert not re.search(r"[\u4e00-\u9fff]", english), f"the English holds Chinese: {text.en}"


@every_concept
def test_sources_are_in_the_references(concept: Concept):
    for key in [concept.source, *[r.source for r in concept.readings]]:
        assert key in references(), key
        assert citation(key)


@every_concept
def test_formulas_compile(concept: Concept):
    for latex in concept.formulas:
        assert "<math" in mathml(latex)
    for s in concept.symbols:
        assert "<math" in mathml(s.symbol, display=False)


def takes_the_arguments(mutant, definition) -> bool:
    """Whether a mutant has the definition's arguments; those with a default it may take as `**given`."""
    parameters = inspect.signature(mutant).parameters.values()
    wanted = inspect.signature(definition).parameters
    named = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    if len(named) == len(parameters):
        return named == list(wanted)
    return named == [n for n, p in wanted.items() if n in named or p.default is p.empty]


@every_concept
def test_every_hypothesis_is_dropped_by_something(concept: Concept):
    witnesses = {c.name for c in claims_of(concept, ("quick", "slow", "gpu"))} | set(concept.mutants)
    for hypothesis in concept.hypotheses:
        assert hypothesis.witnesses, hypothesis.statement.en
        assert set(hypothesis.witnesses) <= witnesses, (hypothesis.statement.en, hypothesis.dropped_by)


def test_a_mutant_may_pass_optional_arguments_on():
    def definition(Q, K, V, causal=False, scale=None): ...

    assert takes_the_arguments(lambda Q, K, V, causal=False, scale=None: None, definition)
    assert takes_the_arguments(lambda Q, K, V, scale=None, **given: None, definition)
    assert takes_the_arguments(lambda Q, K, V, **given: None, definition)
    assert not takes_the_arguments(lambda Q, K, V: None, definition)
    assert not takes_the_arguments(lambda Q, K, **given: None, definition), "V comes by position"
    assert not takes_the_arguments(lambda K, Q, V, **given: None, definition)
    assert not takes_the_arguments(lambda Q, K, V, mask=None, **given: None, definition)
    assert not takes_the_arguments(lambda Q, K, V, *rest: None, definition)


def test_what_a_mutant_passes_on_arrives():
    concept = load().get("attention")

    def passes_on(Q, K, V, **given):
        return concept.definition(Q, K, V, **given)

    adapted = Adapted(passes_on, concept, "numpy", name="mutant")
    Q = np.random.default_rng(0).standard_normal((4, 3))
    for options in ({}, {"causal": True}, {"causal": True, "scale": 2.0}):
        assert np.array_equal(adapted(Q, Q, Q, **options), concept.definition(Q, Q, Q, **options))


@every_concept
def test_every_claim_can_fail(concept: Concept):
    known = {c.name for c in claims_of(concept, ("quick", "slow", "gpu"))}
    named = {k for m in concept.mutants.values() for k in m.caught_by}
    assert named <= known, f"mutants name unknown claims: {named - known}"
    assert set(concept.claims) <= named, f"claims that no mutant fails: {set(concept.claims) - named}"
    for mutant in concept.mutants.values():
        assert mutant.caught_by, mutant.name
        assert takes_the_arguments(mutant.function, concept.definition), mutant.name


@every_concept
def test_errata_are_computed(concept: Concept):
    for erratum in concept.errata:
        assert erratum.claims
        assert set(erratum.claims) <= set(concept.claims), erratum.number


@every_concept
def test_claims_hold(concept: Concept):
    failed = [
        (r.claim.name, r.implementation, str(r.evidence), r.reason)
        for r in verify_concept(concept)
        if r.verdict == "fails"
    ]
    assert failed == []


@some_concepts
def test_definition_satisfies_its_own_claims(concept: Concept):
    own = Adapted(concept.definition, concept, "numpy", name="definition")
    failed = []
    for claim in claims_of(concept):
        if claim.of_definition and claim.name != "rejects-invalid-input":
            result = judge(concept, claim, own)
            if result.verdict == "fails":
                failed.append((claim.name, str(result.evidence), result.reason))
    assert failed == []


@every_concept
def test_mutants_are_caught(concept: Concept):
    assert [(m.mutant.name, m.missed_by) for m in verify_mutants(concept) if not m.caught] == []


@pytest.mark.slow
@every_concept
def test_slow_claims_hold_and_catch(concept: Concept):
    slow = [c for c in claims_of(concept, ("slow",)) if not c.universal]
    if not slow:
        pytest.skip("no slow claims")
    results = list(verify_concept(concept, cost=("slow",)))
    assert [(r.claim.name, str(r.evidence), r.reason) for r in results if r.verdict == "fails"] == []
    assert [
        (m.mutant.name, m.missed_by) for m in verify_mutants(concept, cost=("slow",)) if not m.caught
    ] == []


@some_concepts
def test_evidence_is_the_same_twice(concept: Concept):
    own = Adapted(concept.definition, concept, "numpy", name="definition")
    for claim in concept.claims.values():
        if claim.cost == "quick" and "memory" not in claim.name and "cost" not in claim.name:
            assert str(judge(concept, claim, own).evidence) == str(judge(concept, claim, own).evidence), (
                claim.name
            )


def check_drawing(drawing):
    assert drawing.figure.axes, "an empty figure"
    assert drawing.text.en
    assert re.search(r"[\u4e00-\u9fff]", drawing.text.zh)
    # a phone stacks the panels
    assert not re.search(r"\b(Left|Right)[:,]|[左右][:：，]|[_$]", " ".join(drawing.text)), drawing.text.en
    for caption in drawing.text:
        assert not PROGRAM_NUMBER.search(caption), f"a number as a program writes it: {caption}"


@every_concept
def test_figure_draws(concept: Concept):
    pyplot = "matplotlib.pyplot" in sys.modules
    check_drawing(concept.draw())
    assert concept.sliders, "a figure without a parameter worth moving"
    for slider in concept.sliders.values():
        assert slider.low <= slider.start <= slider.high
    assert pyplot or "matplotlib.pyplot" not in sys.modules, "pyplot holds global state"


@some_concepts
def test_figure_draws_over_its_whole_range(concept: Concept):
    drawings = [concept.draw(**state) for state in states(concept.sliders)]
    for drawing in drawings:
        check_drawing(drawing)
    assert figure_faults(concept, [d.figure for d in drawings]) == [], "run `make translations`"


@every_concept
def test_chinese_pages_show_no_english_words(concept: Concept):
    assert [latex for latex in concept.formulas_in("zh") if formula_words.foreign_words(latex)] == []
    shown = figure_words.texts(concept.draw("zh").figure)
    assert [text for text in shown if figure_words.foreign_words(text)] == []


@every_concept
def test_definition_is_numpy_alone(concept: Concept):
    assert foreign_names(concept.definition, set()) == set()


@every_concept
def test_definition_is_not_the_implementation(concept: Concept):
    for implementation in concept.implementations:
        assert not implementation.path.startswith("gradus.concepts"), "a page is no library"
        module = importlib.import_module(implementation.path.partition(":")[0])
        if implementation.path.startswith("gradus."):
            source = inspect.getsource(module)
            assert "gradus.concepts" not in source, "the library knows nothing of pages"
            assert concept.definition.__code__.co_filename != module.__file__


def test_files_are_named_after_what_they_hold():
    for folder in [p.parent for p in PAGES.rglob("__init__.py")]:
        names = {p.stem for p in folder.glob("*.py")}
        assert not names & {"common", "utils", "helpers", "shared", "misc", "family"}, folder
        if folder.parent.parent == PAGES:
            assert folder.name in names, f"the family's own page is {folder.name}.py"


def test_a_foreign_name_is_found():
    import scipy

    def cheating(x):
        return scipy.special.erf(x)

    cheating.__globals__["scipy"] = scipy
    try:
        assert foreign_names(cheating, set()) == {"scipy"}
    finally:
        del cheating.__globals__["scipy"]
