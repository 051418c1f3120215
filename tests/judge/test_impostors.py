"""Every page catches every universal impostor by a claim about values, inputs or calls."""

import warnings

import numpy as np
import pytest

from gradus.catalogue import concept, entries
from gradus.frameworks import Adapted
from gradus.frameworks.structure import flatten
from gradus.verify import claims_of, judge
from tests.judge.impostors import IMPOSTORS, applies, impostor_of, put_back

OF_ALL = 8  # one page in so many belongs to the ordinary run
REMARKS = ("rejects-invalid-input", "accepts-empty-batch")  # no proof that values are wrong


def test_there_are_as_many_impostors_as_the_rule_names_and_one_of_small_inputs():
    assert len(IMPOSTORS) == 11


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(entry.key, marks=[pytest.mark.slow] if i % OF_ALL else [])
        for i, entry in enumerate(entries())
    ],
)
def test_every_impostor_fails_on_the_page(key):
    page = concept(key)
    _, arguments = next(iter(page.cases(np.random.default_rng(0))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = [np.asarray(leaf) for leaf in flatten(page.definition(**arguments))]
        passing = [name for name in IMPOSTORS if applies(name, arguments, results) and not caught(page, name)]
    assert passing == []


def caught(page, name):
    """Whether a claim that is required of an implementation fails on the impostor."""
    adapted = Adapted(impostor_of(page.definition, name), page, "numpy", name=name)
    claims = [c for c in claims_of(page) if c.required and c.name not in REMARKS]
    try:
        return any(judge(page, claim, adapted).verdict == "fails" for claim in claims)
    finally:
        put_back()
