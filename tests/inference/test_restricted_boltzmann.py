"""Restricted Boltzmann machines beside enumeration, finite differences and scikit-learn."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from sklearn.neural_network import BernoulliRBM
from torch import Tensor

from gradus.errors import GradusError
from gradus.inference import RestrictedBoltzmann


def machine(seed: int, n: int = 4, m: int = 3, scale: float = 1.0) -> RestrictedBoltzmann:
    g = torch.Generator().manual_seed(seed)
    return RestrictedBoltzmann(
        *(scale * torch.randn(*s, generator=g, dtype=torch.float64) for s in ((n, m), (n,), (m,)))
    )


def states(n: int) -> Tensor:
    return torch.tensor(list(product((0.0, 1.0), repeat=n)), dtype=torch.float64)


def joint(rbm: RestrictedBoltzmann) -> Tensor:
    """What all pairs of states weigh, (2ⁿ, 2ᵐ)."""
    v, h = states(len(rbm.visible_bias)), states(len(rbm.hidden_bias))
    return ((v @ rbm.weights @ h.T) + (v @ rbm.visible_bias)[:, None] + h @ rbm.hidden_bias).exp()


DATA = torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0], [1, 0, 1, 1], [1, 1, 0, 0]], dtype=torch.float64)


@pytest.mark.parametrize(("n", "m"), [(4, 3), (3, 5), (1, 1)])
def test_what_is_exact_is_enumeration(n: int, m: int) -> None:
    rbm = machine(0, n, m)
    p, v, h = joint(rbm), states(n), states(m)
    torch.testing.assert_close(rbm.log_partition(), p.sum().log())
    torch.testing.assert_close(-rbm.free_energy(v), p.sum(1).log())
    torch.testing.assert_close(rbm.log_probability(v).exp(), p.sum(1) / p.sum())
    torch.testing.assert_close(rbm.hidden_probabilities(v), (p / p.sum(1, keepdim=True)) @ h)
    torch.testing.assert_close(rbm.visible_probabilities(h), (p / p.sum(0)).T @ v)


def test_the_gradient_is_that_of_differences_and_of_autograd() -> None:
    rbm = machine(1)
    found = rbm.exact_gradient(DATA)
    parameters = [p.clone().requires_grad_() for p in (rbm.weights, rbm.visible_bias, rbm.hidden_bias)]

    def likelihood(*given: Tensor) -> Tensor:
        return RestrictedBoltzmann(*given).log_probability(DATA).mean()

    assert torch.autograd.gradcheck(likelihood, parameters)
    for ours, theirs in zip(found, torch.autograd.grad(likelihood(*parameters), parameters), strict=False):
        torch.testing.assert_close(ours, theirs)
    assert not rbm.weights.requires_grad and rbm.weights.grad is None

    def direction(W: Tensor) -> Tensor:
        return RestrictedBoltzmann(W, rbm.visible_bias, rbm.hidden_bias).exact_gradient(DATA).weights

    assert torch.autograd.gradcheck(
        direction, [parameters[0]]
    )  # the Hessian, which curvature and Newton's step need


def test_a_gibbs_step_leaves_the_distribution_as_it_is() -> None:
    rbm = machine(2)
    T, p = rbm.transition_matrix(), rbm.log_probability(states(4)).exp()
    torch.testing.assert_close(T.sum(1), torch.ones(16).double(), atol=1e-12, rtol=0)
    torch.testing.assert_close(p @ T, p, atol=1e-12, rtol=0)
    flow = p[:, None] * T
    torch.testing.assert_close(flow, flow.T, atol=1e-12, rtol=0)  # detailed balance, on the visible states
    weights = joint(rbm)
    by_hand = (weights / weights.sum(1, keepdim=True)) @ (weights / weights.sum(0)).T
    torch.testing.assert_close(T, by_hand, atol=1e-12, rtol=0)


def test_the_mean_of_contrastive_divergence_is_as_expected() -> None:
    rbm = machine(3)
    many = DATA.repeat(5000, 1)
    for k in (1, 3):
        mean = rbm.expected_contrastive_divergence(DATA, k)
        drawn = rbm.contrastive_divergence(many, k, seed=k)
        assert drawn.states is not None and set(drawn.states.unique().tolist()) == {0.0, 1.0}
        for a, b in zip(mean[:3], drawn[:3], strict=True):
            assert (
                float((a - b).abs().max()) < 5 * 0.5 / 20000**0.5
            )  # a share of n draws scatters by less than ½/√n
    far, exact = rbm.expected_contrastive_divergence(DATA, 2000), rbm.exact_gradient(DATA)
    for a, b in zip(far[:3], exact[:3], strict=True):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=0)


def test_persistent_chains_go_on_and_settle_at_the_gradient() -> None:
    rbm, chains, mean = machine(4, scale=0.5), torch.zeros(5000, 4).double(), None
    for step in range(30):
        found = rbm.contrastive_divergence(DATA, chains=chains, seed=step)
        assert found.states is not None
        chains, mean = found.states, found.weights
    assert mean is not None
    assert float((mean - rbm.exact_gradient(DATA).weights).abs().max()) < 5 * 0.5 / 5000**0.5


def test_scikit_learn_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The free energy; and a step of its persistent chains, given what they drew, of as many rows as chains."""
    X = DATA.numpy()
    peer = BernoulliRBM(3, learning_rate=0.1, batch_size=4, random_state=0)
    peer.partial_fit(X)
    drawn: list[np.ndarray] = []
    original = peer._sample_visibles

    def spy(h: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        drawn.append(np.asarray(original(h, rng), float))
        return drawn[-1]

    monkeypatch.setattr(peer, "_sample_visibles", spy)

    def ours() -> RestrictedBoltzmann:
        return RestrictedBoltzmann(
            *(
                torch.tensor(p).double()
                for p in (peer.components_.T.copy(), peer.intercept_visible_, peer.intercept_hidden_)
            )
        )

    before = ours()
    np.testing.assert_allclose(before.free_energy(DATA), peer._free_energy(X), atol=1e-10)
    peer.partial_fit(X)
    after, end = ours(), torch.tensor(drawn[0])
    gradient = before._differences(DATA, end)
    for a, b, g in zip(
        (before.weights, before.visible_bias, before.hidden_bias),
        (after.weights, after.visible_bias, after.hidden_bias),
        gradient,
        strict=True,
    ):
        torch.testing.assert_close(b - a, 0.1 * g, atol=1e-12, rtol=0)


def test_annealing_finds_the_partition_function_within_its_error() -> None:
    rbm = machine(5, 8, 6)
    exact = rbm.log_partition()
    for base in (None, rbm.visible_bias):
        found = rbm.annealed_log_partition(chains=400, temperatures=50, base=base, seed=0)
        assert abs(float(found.log_partition - exact)) < 5 * float(found.standard_error) < 0.5
        assert found.effective_size > 100
    weights = rbm.annealed_log_partition(chains=2000, temperatures=3, seed=1).log_weights
    ratio = (weights - exact).exp()  # the mean weight is unbiased however few the temperatures
    assert abs(float(ratio.mean() - 1)) < 5 * float(ratio.std()) / 2000**0.5


def test_samples_are_of_the_distribution() -> None:
    rbm = machine(6, 3, 2)
    drawn = rbm.sample(8000, steps=20, seed=0)
    p = rbm.log_probability(states(3)).exp()
    share = torch.bincount((drawn @ torch.tensor([4.0, 2.0, 1.0]).double()).long(), minlength=8) / 8000
    z = (share - p) / (p * (1 - p) / 8000).sqrt()
    assert float(z.abs().max()) < 5
    assert torch.equal(drawn, rbm.sample(8000, steps=20, seed=0))
    assert rbm.sample(2, start=torch.ones(2, 3).double(), seed=0).shape == (2, 3)


def test_single_precision_and_what_is_refused() -> None:
    rbm = RestrictedBoltzmann(torch.zeros(3, 2), torch.zeros(3), torch.zeros(2))
    assert rbm.log_partition().dtype == torch.float32
    for data, words in ((torch.full((2, 3), 0.5), "states of 0 and 1"), (torch.ones(2, 4), "3 units")):
        with pytest.raises(GradusError, match=words):
            rbm.free_energy(data)
    with pytest.raises(GradusError, match="at most 20 units"):
        RestrictedBoltzmann(torch.zeros(30, 25), torch.zeros(30), torch.zeros(25)).log_partition()
    with pytest.raises(GradusError, match="at most 10 units"):
        RestrictedBoltzmann(torch.zeros(12, 2), torch.zeros(12), torch.zeros(2)).transition_matrix()
    with pytest.raises(GradusError, match=r"the shape \(2, 3\)"):
        rbm.sample(2, start=torch.ones(3, 3))
