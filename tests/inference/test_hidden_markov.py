"""Hidden Markov models beside enumeration of all paths, and beside exact rational arithmetic where numbers are extreme."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.inference import GaussianEmission, HiddenMarkovModel

Array = np.ndarray[Any, Any]


def drawn(
    rng: np.random.Generator, K: int, M: int, concentration: float = 1.0, **options: Any
) -> HiddenMarkovModel:
    a = concentration
    return HiddenMarkovModel(
        rng.dirichlet(np.full(K, a)),
        rng.dirichlet(np.full(K, a), K),
        rng.dirichlet(np.full(M, a), K),
        **options,
    )


def enumerated(start: Array, A: Array, b: Array) -> tuple[float, Array, Array, tuple[int, ...], float]:
    """p(x), posteriors, expected transitions, the best path and its probability, over all paths; b is (T, K)."""
    T, K = len(b), len(start)
    total, gamma, xi, best, score = 0.0, np.zeros((T, K)), np.zeros((K, K)), (), -1.0
    for z in itertools.product(range(K), repeat=T):
        p = start[z[0]] * b[0, z[0]]
        for t in range(1, T):
            p = p * A[z[t - 1], z[t]] * b[t, z[t]]
        total += p
        for t in range(T):
            gamma[t, z[t]] += p
            if t:
                xi[z[t - 1], z[t]] += p
        if p > score:
            best, score = z, p
    return total, gamma / total, xi / total, best, score


@pytest.mark.parametrize("forbidden", [False, True])
def test_equals_enumeration_for_sequences_of_several_lengths(forbidden: bool) -> None:
    rng = np.random.default_rng(0)
    model = drawn(rng, 3, 4)
    if forbidden:
        A = np.triu(model.transition)
        model = HiddenMarkovModel([0.7, 0.3, 0.0], A / A.sum(1, keepdims=True), model.emission)
    sequences = [rng.integers(0, 4, T) for T in (2, 6, 1, 4, 6)]
    found = model.posterior(sequences, transitions=True)
    paths = model.viterbi(sequences)
    pairs = np.zeros((3, 3))
    for i, x in enumerate(sequences):
        total, gamma, xi, best, score = enumerated(model.start, model.transition, model.emission[:, x].T)
        assert found.log_likelihood[i] == pytest.approx(np.log(total), rel=1e-13)
        assert found.states[i] == pytest.approx(gamma, abs=1e-14)
        assert paths.states[i].tolist() == list(best)
        assert paths.log_probability[i] == pytest.approx(np.log(score), rel=1e-13)
        pairs += xi
    assert found.transitions == pytest.approx(pairs, abs=1e-13)
    assert model.log_likelihood(sequences) == pytest.approx(found.log_likelihood, rel=1e-14)


def test_a_row_has_what_it_has_alone_whatever_is_padded() -> None:
    rng = np.random.default_rng(1)
    for dtype, tol in (("float64", 1e-13), ("float32", 1e-5)):
        model = drawn(rng, 4, 5, dtype=dtype)
        lengths = np.array([3, 9, 1, 9])
        padded = np.full((4, 9), -7)
        for i, end in enumerate(lengths):
            padded[i, :end] = rng.integers(0, 5, end)
        together = model.posterior(padded, lengths)
        assert together.states.dtype == dtype
        for i, end in enumerate(lengths):
            alone = model.posterior(padded[i, :end])
            assert together.states[i, :end] == pytest.approx(alone.states, abs=tol)
            assert not together.states[i, end:].any()
            assert together.log_likelihood[i] == pytest.approx(alone.log_likelihood, rel=tol)
            assert (
                model.viterbi(padded, lengths).states[i, :end].tolist()
                == model.viterbi(padded[i, :end]).states.tolist()
            )


EXTREME = {
    # what seems lost beside the other state at one step is all that is left at the end
    "lost, then needed": ([0.5, 0.5], [[1, 0], [0, 1]], [[0, -900], [0, -900], [-900, 0], [-5000, 0]]),
    # lost from both sides, and yet the heavier path
    "lost both ways": ([0.5, 0.5], [[1, 0], [0, 1]], [[0, -714], [-2000, 0], [-2000, 0], [0, -714]]),
    "lost forwards, excluded later": ([1, 0], [[0.5, 0.5], [0, 1]], [[0, 0], [0, -2000], [-np.inf, 0]]),
    "every state equally unlikely": (
        [0.5, 0.5],
        [[0.9, 0.1], [0.2, 0.8]],
        [[-1e5, -1e5], [-2e5, -2e5 - 1], [-1e5, -1e5]],
    ),
    "mixing, far apart": ([1, 0], [[0.9, 0.1], [0.2, 0.8]], [[-5000, 0], [0, -5000], [-5000, 0], [0, -5000]]),
    "huge densities": ([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[800, 750], [700, 900], [1e4, 1e4]]),
    "tiny transitions": (
        [0.5, 0.5],
        [[1, 1e-300], [1e-300, 1]],
        [[0, -np.inf], [-np.inf, 0], [0, -3], [-np.inf, 0]],
    ),
}


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_extreme_numbers_equal_enumeration_in_logarithms(name: str, dtype: str) -> None:
    start, A, logs = (np.array(part, float) for part in EXTREME[name])
    with np.errstate(divide="ignore"):
        weights = {
            z: np.log(start[z[0]])
            + sum(np.log(A[i, j]) for i, j in itertools.pairwise(z))
            + sum(logs[t, k] for t, k in enumerate(z))
            for z in itertools.product(range(2), repeat=len(logs))
        }
    total = np.logaddexp.reduce(list(weights.values()))
    gamma = np.zeros_like(logs)
    for z, w in weights.items():
        gamma[np.arange(len(z)), z] += np.exp(w - total)
    model = HiddenMarkovModel(start, A, dtype=dtype)
    plain = drawn(np.random.default_rng(0), 2, 2)
    easy = np.log(plain.emission[:, [0, 1, 1, 0, 1]].T)
    rounding = 1e-15 * max(abs(w) for w in weights.values() if w > -np.inf)  # of the enumeration itself
    tol = max(1e-13, 4 * rounding) if dtype == "float64" else 3e-6
    together = model.posterior([easy, logs, easy[:2]])  # neighbours of other kinds change nothing
    assert together.log_likelihood[1] == pytest.approx(total, rel=tol)
    assert together.states[1] == pytest.approx(gamma, abs=tol)
    assert together.states[0] == pytest.approx(model.posterior(easy).states, abs=tol)
    assert model.log_likelihood(logs) == pytest.approx(total, rel=tol)
    best = max(weights, key=weights.__getitem__)
    assert model.viterbi(logs).log_probability == pytest.approx(weights[best], rel=1e-13)


def test_left_to_right_chain_in_exact_fractions() -> None:
    n, T = 4, 60
    A = np.diag(np.full(n, 0.5)) + np.diag(np.full(n - 1, 0.5), 1)
    A[-1, -1] = 1.0
    logs = np.zeros((T, n))
    logs[:, 0] = -40.0 * np.log(2)  # 2⁻⁴⁰ a step
    alpha = [Fraction(1, 2**40)] + [Fraction(0)] * (n - 1)
    for _ in range(1, T):
        alpha = [
            (sum((alpha[i] * Fraction(A[i, j]) for i in range(n)), Fraction(0)))
            * (Fraction(1, 2**40) if j == 0 else 1)
            for j in range(n)
        ]
    total = sum(alpha)
    found = HiddenMarkovModel([1, 0, 0, 0], A).log_likelihood(logs)
    assert found == pytest.approx(np.log(float(total)), rel=1e-13)


@pytest.mark.parametrize("steps", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_many_steps(steps: int) -> None:
    A = np.array([[0.75, 0.25], [0.25, 0.75]])
    model = HiddenMarkovModel([0.5, 0.5], A, [[0.5, 0.5, 0], [0.5, 0.5, 0]])
    x = np.zeros(steps, int)
    assert model.log_likelihood(x) == pytest.approx(-steps * np.log(2), rel=1e-12)
    assert model.posterior(x).states[-1] == pytest.approx([0.5, 0.5], abs=1e-12)


def test_impossible_sequences_are_named() -> None:
    model = HiddenMarkovModel([1, 0], [[0.5, 0.5], [0, 1]], [[1, 0, 0], [0, 1, 0]])
    assert model.log_likelihood([[0, 0], [0, 1, 0], [1]]).tolist() == [np.log(0.5), -np.inf, -np.inf]
    with pytest.raises(
        GradusError, match=r"sequences\[1\]: impossible under this model: after step 2 no state"
    ):
        model.posterior([[0, 0], [0, 1, 0]])
    with pytest.raises(GradusError, match="sequences: impossible under this model: after step 0 no state"):
        model.viterbi([2])
    mixing = HiddenMarkovModel([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(GradusError, match="after step 1 no state"):
        mixing.posterior([[0.0, -1.0], [-np.inf, -np.inf]])
    with pytest.raises(GradusError, match=r"sequences\[1\]: expected symbols from 0 to 2, got 3 at step 1"):
        model.posterior([[0], [0, 3]])


def test_gaussian_emissions_have_their_densities() -> None:
    rng = np.random.default_rng(2)
    means, roots = rng.standard_normal((3, 2)), rng.standard_normal((3, 2, 2))
    covariances = roots @ roots.transpose(0, 2, 1) + np.eye(2)
    start, A = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), 3)
    x = 3 * rng.standard_normal((5, 2))
    apart = x[:, None] - means
    quadratic = np.einsum("tki,kij,tkj->tk", apart, np.linalg.inv(covariances), apart)
    logs = -quadratic / 2 - np.linalg.slogdet(2 * np.pi * covariances)[1] / 2
    found = HiddenMarkovModel(start, A, GaussianEmission(means, covariances)).posterior(x)
    total, gamma, *_ = enumerated(start, A, np.exp(logs))
    assert found.log_likelihood == pytest.approx(np.log(total), rel=1e-12)
    assert found.states == pytest.approx(gamma, abs=1e-12)
    diagonal = GaussianEmission(means, np.ones((3, 2)))
    full = GaussianEmission(means, np.tile(np.eye(2), (3, 1, 1)))
    a, b = (HiddenMarkovModel(start, A, e).posterior(x).states for e in (diagonal, full))
    assert a == pytest.approx(b, abs=1e-14)
    with pytest.raises(GradusError, match="positive definite covariances, got another of state 1"):
        GaussianEmission(means[:2], [np.eye(2), -np.eye(2)])


@pytest.mark.parametrize("pseudocount", [0.0, 0.5])
def test_baum_welch_never_falls_and_leaves_its_model(pseudocount: float) -> None:
    rng = np.random.default_rng(3)
    _, x = drawn(rng, 3, 4, 0.5).sample(30, 12, seed=1)
    begin = drawn(rng, 3, 4)
    before = [part.copy() for part in (begin.start, begin.transition, begin.emission)]
    fit = begin.fit(list(x), starts=3, max_iter=12, pseudocount=pseudocount)
    steps = np.diff(fit.history)
    assert (steps >= -1e-11 * abs(fit.history[0])).all()
    assert fit.history[-1] > fit.history[0] + 1
    assert len(fit.starts) == 3 and fit.history[-1] == max(fit.starts)
    assert fit.stopped in ("converged", "max_iter")
    assert fit.log_likelihood == pytest.approx(fit.model.log_likelihood(x).sum(), rel=1e-12)
    for a, b in zip(before, (begin.start, begin.transition, begin.emission), strict=True):
        assert (a == b).all()


def test_gaussian_baum_welch_is_maximum_likelihood_without_a_prior() -> None:
    true = HiddenMarkovModel(
        [0.5, 0.5], [[0.95, 0.05], [0.1, 0.9]], GaussianEmission([[0.0], [6.0]], [[1.0], [4.0]])
    )
    states, x = true.sample(400, seed=5)
    begin = HiddenMarkovModel(
        [0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], GaussianEmission([[-1.0], [3.0]], [[9.0], [9.0]])
    )
    fit = begin.fit(x, tol=1e-10, max_iter=80)
    assert (np.diff(fit.history) >= -1e-9).all()
    gamma = fit.model.posterior(x).states
    weights = gamma / gamma.sum(0)
    means = weights.T @ x
    assert fit.model.emission.means == pytest.approx(means, abs=1e-3)
    variances = np.stack([weights[:, k] @ (x - means[k]) ** 2 for k in range(2)])
    assert fit.model.emission.covariances == pytest.approx(variances, rel=1e-3)
    assert (fit.model.viterbi(x).states == states).mean() > 0.97


def test_a_state_that_shrinks_to_a_point_ends_the_climb() -> None:
    x = np.array([[0.0], [0.0], [0.0], [5.0], [6.0], [7.0]])
    begin = HiddenMarkovModel(
        [0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], GaussianEmission([[0.0], [6.0]], [[1e-3], [1.0]])
    )
    fit = begin.fit(x)
    assert fit.stopped == "singular"
    assert np.isfinite(fit.history).all()


def test_forbidden_transitions_stay_forbidden() -> None:
    A = [[0.9, 0.1, 0], [0, 0.9, 0.1], [0, 0, 1]]
    model = HiddenMarkovModel([1, 0, 0], A, [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    _, x = model.sample(40, 8)
    fit = model.fit(x, starts=2, pseudocount=1.0, max_iter=20)
    assert (fit.model.transition[np.array(A) == 0] == 0).all()
    assert (np.diff(fit.history) >= -1e-10 * abs(fit.history[0])).all()


def test_samples_have_the_models_frequencies() -> None:
    model = drawn(np.random.default_rng(6), 3, 4)
    states, x = model.sample(3, 40_000)
    first = np.bincount(states[:, 0], minlength=3) / 40_000
    assert np.abs(first - model.start).max() < 5 * 0.5 / 200
    joint = np.zeros((3, 4))
    np.add.at(joint, (states[:, 2], x[:, 2]), 1 / 40_000)
    expected = (model.start @ model.transition @ model.transition)[:, None] * model.emission
    assert np.abs(joint - expected).max() < 5 * 0.5 / 200
    assert (model.sample(3, 5, seed=1)[1] == model.sample(3, 5, seed=1)[1]).all()
