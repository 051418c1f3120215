"""Rematerialisation: every schedule in the right order and with the fewest evaluations; PyTorch's memory, too."""

from functools import cache

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.errors import GradusError
from gradus.foundations.reverse_chain import binomial_evaluations, reverse_chain
from gradus.frameworks import adapt
from gradus.verify import claims_of, judge


@cache
def fewest(n, c):
    """By dynamic programming."""
    if n == 1:
        return 0
    if c == 1:
        return n * (n - 1) // 2
    return min(k + fewest(n - k, c - 1) + fewest(k, c) for k in range(1, n))


def run(n, c, schedule):
    """Evaluations, the states that were pulled back in turn, and the result of a chain of numbered states."""
    calls, seen = [0], []

    def step(x):
        calls[0] += 1
        return x + 1

    def pullback(x, x_bar):
        seen.append(int(x))
        return x_bar + 1

    return calls, seen, reverse_chain(step, pullback, np.zeros(()), np.ones(()), n, c, schedule)


@pytest.mark.parametrize("schedule", ["even", "binomial"])
def test_states_come_backwards_and_evaluations_are_as_promised(schedule):
    for n in range(1, 50):
        for c in range(1, 9):
            calls, seen, x_bar = run(n, c, schedule)
            assert seen == list(range(n - 1, -1, -1))
            assert x_bar == 1 + n
            assert calls[0] == fewest(n, c) if schedule == "binomial" else calls[0] < 2 * n


def test_closed_form_is_the_optimum():
    assert all(binomial_evaluations(n, c) == fewest(n, c) for n in range(1, 60) for c in range(1, 9))
    assert run(10_000, 12, "binomial")[0][0] == binomial_evaluations(10_000, 12) < 6 * 10_000


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (dict(n=0), "n: expected a whole number ≥ 1, got 0"),
        (dict(checkpoints=0), "checkpoints: expected a whole number ≥ 1, got 0"),
        (dict(x_bar=np.ones(2)), r"expected the shape of x, \(3,\), got \(2,\)"),
        (dict(schedule="some"), "one of even, binomial, got 'some'"),
    ],
)
def test_errors(changed, words):
    good = dict(step=np.sin, pullback=lambda x, b: b, x=np.ones(3), x_bar=np.ones(3), n=3, checkpoints=2)
    with pytest.raises(GradusError, match=words):
        reverse_chain(**{**good, **changed})
    with pytest.raises(GradusError, match="n: expected a whole number ≥ 1"):
        binomial_evaluations(0, 2)


@pytest.mark.parametrize("index", [1, 2], ids=["torch", "tape"])
def test_the_other_implementations_keep_the_claims(index):
    concept = load().get("checkpointing")
    ours = adapt(concept, concept.implementations[index])
    verdicts = {c.name: judge(concept, c, ours).verdict for c in claims_of(concept) if not c.universal}
    assert {k for k, v in verdicts.items() if v == "holds"} == {
        "gradient-is-the-same-to-the-bit", "memory-is-two-root-n", "memory-is-least-at-root-n", "one-more-forward-pass",
    }  # fmt: skip
    assert "fails" not in verdicts.values()
