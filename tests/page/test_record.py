"""What a page may write short: one sentence for a tuple of one, readings as a line, a claim that yields."""

import inspect

import pytest

from gradus.errors import GradusError
from gradus.page import Concept, Reading, Text
from gradus.page.evidence import all_of, identical, roundoff
from gradus.page.not_applicable import NotApplicable, no_argument


def concept(**fields):
    given = dict(
        key="sum", kind="definition", title="Sum", summary="Adds up.", formulas=("x",), symbols=(), needs=()
    )
    return Concept(**given, source="", year=1900, people=(), **fields)


@pytest.mark.parametrize("field", ["deviations", "unverified"])
def test_one_sentence_is_one_sentence(field):
    assert [w.en for w in getattr(concept(**{field: "one sentence"}), field)] == ["one sentence"]
    assert getattr(concept(**{field: Text("one", "一")}), field) == (Text("one", "一"),)
    assert [w.en for w in getattr(concept(**{field: ("first", "second")}), field)] == ["first", "second"]
    assert getattr(concept(), field) == ()


def test_readings_are_a_line():
    want = (Reading("cover2006elements", "§2.3, ch. 4"), Reading("endres2003new"))
    assert concept(readings="cover2006elements §2.3, ch. 4; endres2003new").readings == want
    assert concept(readings=want).readings == want
    assert concept().readings == ()


@pytest.mark.parametrize("line", ["cover2006elements §2.3, endres2003new", "endres2003new;", ""])
def test_readings_that_run_together_are_refused(line):
    with pytest.raises(GradusError, match="part them by ';'"):
        concept(readings=line)


def measurements(f):
    yield identical(f(1), 1)
    for n in (2, 3):
        yield roundoff(f(n), n, terms=4)


def test_a_claim_that_yields_is_judged_as_a_whole():
    page = concept()

    @page.claim
    def gives_it_back(f, rng):
        """It gives back what it gets."""
        yield from measurements(f)

    claim = page.claims["gives-it-back"]
    assert claim.measure is gives_it_back
    for f in (float, lambda n: n + 1e-15 * (n > 1), lambda n: n + (n == 3), lambda n: -n):
        assert claim.measure(f, None) == all_of(*measurements(f))
    assert claim.statement.en == "It gives back what it gets."
    assert "yield from measurements(f)" in claim.source
    assert not inspect.isgeneratorfunction(gives_it_back)


def test_what_stops_a_claim_that_yields_comes_out_of_it():
    page = concept()

    @page.claim
    def needs_an_option(f, rng):
        """It has an option."""
        yield identical(1, 1)
        raise no_argument("f", "option")

    @page.claim
    def measures_nothing(f, rng):
        """Nothing."""
        yield from ()

    with pytest.raises(NotApplicable):
        needs_an_option(None, None)
    with pytest.raises(GradusError, match="measured nothing"):
        measures_nothing(None, None)


@pytest.mark.parametrize(
    "claims", ["first, second", ("first", "second"), ["first", "second"], "first,second"]
)
def test_claims_are_named_in_a_line(claims):
    page = concept()

    @page.mutant(caught_by=claims)
    def wrong(x):
        """It is wrong."""

    page.erratum("E1", common="wrong", why="because", right="right", claims=claims)
    assert page.mutants["wrong"].caught_by == page.errata[0].claims == ("first", "second")
