"""The claim that the tape differentiates every definition: where it is left out, and that it can fail."""

import warnings

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.foundations.autodiff.rules import RULES
from gradus.frameworks import Adapted, adapt
from gradus.page.not_applicable import NotApplicable
from gradus.verify import claims_of, judge
from gradus.verify.universal.directions import differentiated
from gradus.verify.universal.tape import tape_evidence

OF_ALL = 6  # one definition in so many belongs to the ordinary run; the claim `tape-gradient` runs on all
SMOOTH = [c for c in load() if c.differentiable and differentiated(c)]

# Definitions that the tape cannot run, and why. To be made shorter, never longer.
CANNOT = {
    "critical-points": "nothing to differentiate",  # its result is a kind: minimum, maximum, neither
}
# Definitions whose root is found by halving: no tape sees its derivative. To be made shorter, never longer.
HALVED = {"pac-bayes"}
# Cases at which a definition branches on equality, so that the way taken there differs from both sides.
BRANCHES = {
    ("tanh", "at zero"), ("elu", "at zero"), ("conjugate-gradients", "start is the solution"), ("dirichlet", "uniform"),
    ("adam", "at the minimum"), ("optimizers", "ties"),
}  # fmt: skip

# Smooth definitions that no framework differentiates: an optimiser's trajectory, a quadrature rule.
ALSO = (
    "adaline", "adam", "confidence-interval", "gradient-ascent", "gradient-descent", "integral", "momentum",
    "quadrature", "sgd",
)  # fmt: skip


def outcome(concept, arguments):
    own = Adapted(concept.definition, concept, "numpy", name="definition")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as the runner does
            evidence = tape_evidence(concept, own, arguments, np.random.default_rng(1))
    except NotApplicable as reason:
        return str(reason)
    return "holds" if evidence.holds else f"fails: {evidence} {evidence.note.en}"


@pytest.mark.parametrize(
    "concept",
    [
        pytest.param(c, marks=[pytest.mark.slow] if i % OF_ALL else [])
        for i, c in enumerate([*SMOOTH, *map(load().get, ALSO)])
    ],
    ids=lambda c: c.key,
)
def test_the_tape_runs_every_smooth_definition(concept):
    found = {label: outcome(concept, a) for label, a in concept.cases(np.random.default_rng(0))}
    cannot = {label: reason for label, reason in found.items() if "cannot run" in reason}
    assert bool(cannot) == (concept.key in HALVED), cannot
    assert [reason for reason in found.values() if reason.startswith("fails")] == []
    branches = {(concept.key, label) for label, reason in found.items() if "branches" in reason}
    assert branches <= BRANCHES
    if "holds" not in found.values() and concept.key not in HALVED:
        assert set(found.values()) == {CANNOT.get(concept.key)}


def test_the_lists_hold_nothing_that_has_been_mended():
    assert set(CANNOT) | {key for key, _ in BRANCHES} <= {c.key for c in SMOOTH} | set(ALSO)
    for key in CANNOT:
        concept = load().get(key)
        cases = concept.cases(np.random.default_rng(0))
        assert "holds" not in {outcome(concept, a) for _, a in cases}, f"{key} runs now: take it off the list"


def claim_on(key, function, framework="numpy"):
    concept = load().get(key)
    (claim,) = [c for c in claims_of(concept) if c.name == "tape-gradient"]
    return judge(concept, claim, Adapted(function, concept, framework, name="its name")).verdict


def test_a_wrong_implementation_fails():
    define = load().get("entropy").definition
    assert claim_on("entropy", define) == "holds"
    assert claim_on("entropy", lambda p, base=2.0: define(p, base) * 1.001) == "fails"
    assert claim_on("entropy", lambda p, base=2.0: -np.sum(p * p) / np.log(base)) == "fails"


def test_an_implementation_that_is_constant_around_a_case_is_left_out():
    concept = load().get("relu")
    grid = lambda x: np.maximum(np.round(x * 1e3) / 1e3, 0)  # right at the case, and constant around it
    own = Adapted(grid, concept, "numpy", name="rounds")
    with pytest.raises(NotApplicable, match="whole numbers"):
        tape_evidence(concept, own, dict(x=np.array([1.0, -2.0, 3.0]) * 1e-2), np.random.default_rng(0))


@pytest.mark.parametrize("key", ["entropy", "attention", "norm", "softmax"])
def test_a_wrong_rule_of_the_tape_fails(key, monkeypatch):
    concept = load().get(key)
    (claim,) = [c for c in claims_of(concept) if c.name == "tape-gradient"]
    ours = adapt(concept, concept.implementations[0])
    assert judge(concept, claim, ours).verdict == "holds"
    for function in (np.multiply, np.divide, np.sum, np.exp, np.log, np.absolute, np.power):
        rule = RULES[function]
        wrong = tuple((lambda *a, _r=r, **k: 1.01 * _r(*a, **k)) for r in rule)
        monkeypatch.setitem(RULES, function, wrong)
    assert judge(concept, claim, ours).verdict == "fails"


def test_mutants_with_wrong_values_fail():
    """Mutants with wrong values have wrong derivatives, mostly."""
    caught = 0
    for concept in SMOOTH[::6]:
        (claim,) = [c for c in claims_of(concept) if c.name == "tape-gradient"]
        for mutant in concept.mutants.values():
            if "equals-definition" in mutant.caught_by:
                caught += judge(concept, claim, Adapted(mutant.function, concept, "numpy")).verdict == "fails"
    assert caught >= 10
