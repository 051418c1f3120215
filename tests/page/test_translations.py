"""The Chinese beside the pages: whole, and fresh; and what is said where it is not."""

import importlib
import re
import shutil
import sys
from pathlib import Path

import pytest

from gradus.catalogue import load
from gradus.catalogue.pages import modules
from gradus.errors import GradusError
from gradus.page import Concept, Erratum, Implementation, Slider, Symbol, Text
from gradus.page.bilingual import Rendered
from gradus.page.companion import beside, digest
from gradus.page.evidence import bound
from gradus.page.translation import concepts_of, faults, phrases, translate

PAGE = '''
from gradus.page import Concept, Implementation, Proof, Slider, Symbol, Text
from made.shared import X

SUM = Concept(
    key="sum",
    kind="theorem",
    title="Sum",
    summary=Text("Adds up.", "求和。"),
    formulas=("x",),
    symbols=(X, Symbol("y", "", "", "the result"), Symbol("z", "", "", "$z$")),
    needs=(),
    source="",
    year=1900,
    people=(),
    implementations=(Implementation("numpy:sum", "numpy"), Implementation("math:fsum", "numpy", None, "exact")),
    deviations=("first", "second"),
    unverified="third",
    proof=Proof("by counting"),
)


@SUM.definition
def sum(x):
    return x.sum()


@SUM.claim
def adds_up(sum, rng):
    """Two and two
    are four
    """


@SUM.claim(cost="slow")
def slowly(sum, rng):
    r"""$\\sum$ takes its time"""


@SUM.claim(Text("computed", "算得的"))
def computed(sum, rng):
    pass


@SUM.mutant(caught_by=["adds-up"])
def one_too_many(x, **given):
    """one too many"""


SUM.erratum("E1", common="wrong", why="because", right="right", claims=("adds-up",))


@SUM.figure(n=Slider(0, 1, 0, "how many"))
def figure(n):
    pass
'''
SHARED = 'from gradus.page import Symbol\n\nX = Symbol("x", "x", "n", "what is added")\n'
NAMES = [
    "title", "symbol y", "implementation 2", "deviation 1", "deviation 2", "unverified 1", "proof",
    "claim adds-up", "claim slowly", "mutant one-too-many",
    "erratum E1 common", "erratum E1 why", "erratum E1 right", "slider n",
]  # fmt: skip


@pytest.fixture
def made(tmp_path, monkeypatch):
    """The page and helper above as a package `made`; gives a function that imports them anew with their companions."""
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "shared.py").write_text(SHARED, encoding="utf-8")
    (folder / "sum.py").write_text(PAGE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    def anew(chinese: str = "", shared: str | None = None):
        for name in [n for n in sys.modules if n.partition(".")[0] == "made"]:
            del sys.modules[name]
        for page, text in (("sum", chinese), ("shared", shared)):
            if text is not None:
                (folder / f"{page}.zh.md").write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        imported = [importlib.import_module("made.sum"), importlib.import_module("made.shared")]
        translate("made", folder)
        return imported

    yield anew
    for name in [n for n in sys.modules if n.partition(".")[0] == "made"]:
        del sys.modules[name]


def whole(concept: Concept) -> str:
    """A companion that renders every string as its own name in 〈〉."""
    lines = [f"- {p.name} `{digest(p.text.en)}`: 〈{p.name}〉" for p in phrases(concept) if p.name in NAMES]
    return "# sum\n\n" + "\n".join(lines) + "\n"


HELPER = f"# shared\n\n- symbol X `{digest('what is added')}`: 加数\n"


def test_every_string_of_every_page_has_its_chinese():
    assert faults(modules()) == [], "run `make translations` and do what it says"


def test_the_chinese_is_put_in_by_name(made):
    page, shared = made(shared=HELPER)
    assert page.SUM.title == ("Sum", "Sum"), "English stands until the Chinese does"
    page, shared = made(whole(page.SUM), HELPER)
    (concept,) = concepts_of(page)
    assert faults([page, shared]) == []
    texts = {p.name: p.text for p in phrases(concept)}
    assert {name: texts[name].zh for name in NAMES} == {name: f"〈{name}〉" for name in NAMES}
    assert concept.claims["adds-up"].statement.en == "Two and two are four"
    assert concept.claims["slowly"].statement.en == r"$\sum$ takes its time"
    assert concept.claims["slowly"].cost == "slow"
    assert concept.summary == Text("Adds up.", "求和。"), "a whole Text is left as it is"
    assert concept.claims["computed"].statement == Text("computed", "算得的")
    assert concept.symbols[0].meaning.get("zh") == "加数", "the helper's file serves the pages that share it"
    assert concept.symbols[2].meaning == ("$z$", "$z$"), "a formula needs no Chinese"
    assert concept.deviations == (Text("first", "〈deviation 1〉"), Text("second", "〈deviation 2〉"))


def test_a_missing_string_is_named_with_the_line_to_write(made):
    page, shared = made(shared=HELPER)
    page, shared = made(whole(page.SUM).replace("- claim adds-up ", "- claim adds-down "), HELPER)
    superfluous, missing = faults([page, shared])
    assert re.search(
        r"sum\.zh\.md:\d+: sum: claim adds-down: the page has no such string; remove the", superfluous
    )
    assert "sum: claim adds-up: missing, the English is 'Two and two are four'" in missing
    assert missing.endswith(f"# sum: - claim adds-up `{digest('Two and two are four')}`: CHINESE")


def test_a_stale_string_is_named_with_its_english(made):
    page, shared = made(shared=HELPER)
    old = digest("one too many")
    page, shared = made(whole(page.SUM).replace(old, "0123ab"), HELPER)
    (stale,) = faults([page, shared])
    assert "sum: mutant one-too-many: stale, the English is now 'one too many'" in stale
    assert stale.endswith(f"mend the Chinese, then write `{old}`")
    assert page.SUM.mutants["one-too-many"].description.zh == "〈mutant one-too-many〉", (
        "it is shown all the same"
    )


def test_a_superfluous_string_and_a_superfluous_concept_are_named(made):
    page, shared = made(shared=HELPER)
    extra = "- symbol x `0123ab`: 是辅助文件的\n- summary `0123ab`: 已有\n\n# difference\n"
    page, shared = made(whole(page.SUM) + extra, HELPER)
    lines = faults([page, shared])
    assert len(lines) == 3
    assert "# difference: sum.py has no such concept; remove it" in lines[0]
    assert "symbol x: the page has no such string" in lines[1], "a shared symbol belongs to the helper's file"
    assert "summary: the page has no such string" in lines[2], "a whole Text needs no rendering"


def test_a_missing_helper_string_is_asked_for_once(made):
    page, shared = made(shared="")
    page, shared = made(whole(page.SUM), "")
    (line,) = faults([page, shared])
    assert "shared.zh.md: shared: symbol X: missing" in line


def test_two_strings_of_one_name_are_named(made):
    page, shared = made(shared=HELPER)
    page.SUM.symbols = (*page.SUM.symbols, Symbol("y", "", "", "another y"))
    (twice,) = [line for line in faults([page, shared]) if "two strings" in line]
    assert "sum: two strings are called symbol y; give the letters different names" in twice


def test_a_companion_without_a_page_is_named(made):
    page, shared = made(shared=HELPER)
    page, shared = made(whole(page.SUM), HELPER)
    shutil.copy(beside(Path(page.__file__), "zh"), Path(page.__file__).with_name("product.zh.md"))
    (line,) = faults([page, shared])
    assert "product.zh.md: there is no page product.py" in line


def test_the_hash_does_not_mind_line_breaks():
    assert (
        digest("Two and two\n    are four") == digest("Two and two are four") != digest("Two and two are 4")
    )


def test_a_claim_needs_a_sentence():
    concept = next(iter(load()))
    bare = Concept(**{n: getattr(concept, n) for n in RECORD})

    def no_words(implementation, rng):
        return bound(0.0, 1.0)

    with pytest.raises(GradusError, match="the claim no-words has no sentence; write it as the docstring"):
        bare.claim(no_words)
    with pytest.raises(GradusError, match="the mutant no-words has no sentence"):
        bare.mutant(caught_by=["x"])(no_words)
    no_words.__doc__ = "Says something"
    assert bare.claim(no_words) is no_words
    with pytest.raises(GradusError, match="two claims called no-words"):
        bare.claim(no_words)


RECORD = ("key", "kind", "title", "summary", "formulas", "symbols", "needs", "source", "year", "people")


def test_records_take_english_or_both_languages():
    both = Text("a", "甲")
    assert Symbol("x", "x", "", both).meaning is both
    assert isinstance(Symbol("x", "x", "", "a").meaning, Rendered)
    assert Symbol("x", "x", "", "a") == Symbol("x", "x", "", Text("a", "a"))
    assert Implementation("numpy:sum").note == ("", "")
    assert Slider(0, 1, 0, "n").title.get("zh") == "n"
    assert Erratum("E1", "a", "b", both, ()).right is both
    with pytest.raises(AttributeError, match="cannot assign"):
        Symbol("x", "x", "", "a").meaning = "b"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'meaning'"):
        Symbol("x", "x", "")
