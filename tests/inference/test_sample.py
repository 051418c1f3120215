"""Draws from log densities: the right law, the same chain again, and what is refused."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from gradus.errors import GradusError
from gradus.inference import Metropolis, diagnose, metropolis_matrix, sample

MEAN = torch.tensor([1.0, -2.0, 0.5])
ROOT = torch.tensor([[2.0, 0.0, 0.0], [1.5, 0.5, 0.0], [-1.0, 0.3, 0.2]])
PRECISION = torch.cholesky_inverse(ROOT)


def normal(x: Tensor) -> Tensor:
    d = x - MEAN
    return -((d @ PRECISION) * d).sum(-1) / 2


def test_a_narrow_normal_is_drawn_after_its_covariance_is_learnt() -> None:
    draws = sample(normal, torch.zeros(3), draws=160, warmup=240, chains=128, seed=1, batched=True)
    found, covariance = draws.diagnosis, ROOT @ ROOT.T
    assert draws["x"].shape == (128, 160, 3) and draws.log_density.shape == (128, 160)
    for i in range(3):
        assert abs(found.mean["x"][i] - MEAN[i]) < 5 * found.mcse_mean["x"][i]
        assert abs(found.sd["x"][i] - covariance[i, i].sqrt()) < 5 * found.mcse_sd["x"][i]
    assert found.rhat["x"].max() < 1.12  # of halves of 80 draws, of which some thirty are worth one
    assert found.ess_bulk["x"].min() > 400
    assert 0.15 < float(draws.acceptance.mean()) < 0.4
    assert torch.allclose(draws.log_density[3, 7], normal(draws["x"][3, 7]), rtol=1e-4, atol=1e-4)
    learnt = draws.tuning["factor"]
    ratio = torch.linalg.solve_triangular(ROOT, learnt, upper=False)
    assert bool((torch.linalg.svdvals(ratio) > 0.4).all()) and bool((torch.linalg.svdvals(ratio) < 2.5).all())


def test_one_dimension_accepts_forty_four_in_a_hundred() -> None:
    draws = sample(lambda x: -(x**2) / 2, torch.tensor(0.0), draws=60, warmup=200, chains=256, batched=True)
    assert abs(float(draws.acceptance.mean()) - 0.44) < 0.06
    assert draws["x"].shape == (256, 60)


class Multiplied:
    """x′ = x eᶻ for a law on (0, ∞): q(x′→x)/q(x→x′) = x′/x."""

    def __init__(self, told: bool) -> None:
        self.told = told

    def __call__(self, generator: torch.Generator, x: Tensor) -> tuple[Tensor, Any]:
        z = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        return x * z.exp(), z.sum(-1) if self.told else 0.0


@pytest.mark.parametrize("told", [True, False])
def test_an_asymmetric_proposal_needs_its_ratio(told: bool) -> None:
    """Of the exponential law: mean 1; without the ratio x⁻¹e⁻ˣ stays, whose mass at 0 is infinite: it is no law."""
    start = torch.ones(1, dtype=torch.float64)
    draws = sample(
        lambda x: -x.sum(-1),
        start,
        method=Metropolis(Multiplied(told)),
        draws=120,
        warmup=40,
        chains=256,
        batched=True,
    )
    x = draws["x"]
    error = float(diagnose(x).mcse_mean[0])
    assert (abs(float(x.mean()) - 1) < 5 * error) is told
    assert draws.tuning == {}


class Pair(NamedTuple):
    a: Tensor
    b: list[Tensor]


def test_structures_come_back_by_name() -> None:
    start = {
        "weight": torch.zeros(2, 3),
        "rest": Pair(torch.tensor(0.0, dtype=torch.float64), [torch.ones(2)]),
    }

    def log_density(p: Any) -> Tensor:
        assert isinstance(p["rest"], Pair)
        return -(p["weight"] ** 2).sum() - p["rest"].a ** 2 - (p["rest"].b[0] ** 2).sum()

    draws = sample(log_density, start, draws=5, warmup=0, chains=3)
    assert {name: (tuple(v.shape), v.dtype) for name, v in draws.items()} == {
        "weight": ((3, 5, 2, 3), torch.float32),
        "rest.0": ((3, 5), torch.float64),
        "rest.1.0": ((3, 5, 2), torch.float32),
    }
    assert "rest.1.0 (2,)" in repr(draws)
    with pytest.raises(GradusError, match="did you mean 'weight'"):
        draws["weigth"]


@pytest.mark.parametrize("way", ["vmap", "batched", "loop"])
def test_all_ways_of_calling_give_the_same_chain(way: str) -> None:
    def one(x: Tensor) -> Tensor:
        if way == "loop" and x.sum().item() > 1e9:  # vmap cannot do this
            return x.sum()
        return -(x**2).sum(-1) / 2

    draws = sample(
        one, torch.zeros(2, dtype=torch.float64), draws=20, warmup=5, chains=4, batched=way == "batched"
    )
    want = sample(
        lambda x: -(x**2).sum() / 2, torch.zeros(2, dtype=torch.float64), draws=20, warmup=5, chains=4
    )
    assert torch.equal(draws["x"], want["x"])


def test_a_chain_that_goes_on_is_the_unbroken_one() -> None:
    options: dict[str, Any] = {"warmup": 40, "chains": 3, "seed": 5, "batched": True}
    whole = sample(normal, torch.zeros(3), draws=50, **options)
    first = sample(normal, torch.zeros(3), draws=20, **options)
    then = sample(normal, first, draws=30, batched=True)
    again = sample(normal, first, draws=30, batched=True)
    assert torch.equal(torch.cat([first["x"], then["x"]], 1), whole["x"])
    assert torch.equal(then["x"], again["x"]) and torch.equal(then.log_density, again.log_density)
    thinned = sample(normal, first, draws=10, thin=3, batched=True)
    assert torch.equal(thinned["x"], then["x"][:, 2::3])
    other = sample(normal, torch.zeros(3), draws=20, **{**options, "seed": torch.Generator().manual_seed(5)})
    assert torch.equal(other["x"], first["x"])


def test_nothing_is_learnt_after_the_warm_up() -> None:
    draws = sample(normal, torch.zeros(3), draws=1, warmup=60, chains=4, batched=True)
    later = sample(normal, draws, draws=60, batched=True)
    assert later.tuning["step"] == draws.tuning["step"] and torch.equal(
        later.tuning["factor"], draws.tuning["factor"]
    )


def test_own_starts_and_a_support() -> None:
    """Uniform on (0, 1): what has no density is refused, and counts as a draw where the chain stands."""
    start = torch.rand(64, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    draws = sample(
        lambda x: torch.where((x > 0) & (x < 1), 0.0, -math.inf).sum(-1),
        start,
        chains=None,
        batched=True,
        draws=100,
        warmup=60,
    )
    x = draws["x"]
    assert x.shape == (64, 100, 1) and bool(((x > 0) & (x < 1)).all())
    assert abs(float(x.mean()) - 0.5) < 5 * float(diagnose(x).mcse_mean[0])
    assert bool((x[:, 1:] == x[:, :-1]).any())
    undefined = sample(lambda x: x.log().sum() - x.sum(), torch.ones(1), draws=20, warmup=0, chains=32)
    assert "NaN" in undefined.notes[0].en


def test_a_model_stays_as_it_was() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.get_rng_state()

    class Density(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, x: Tensor) -> Tensor:
            return -(self.inner(x).squeeze(-1) ** 2) - (x**2).sum(-1)

    draws = sample(Density(), torch.zeros(2), draws=5, warmup=2, chains=4, batched=True)
    assert not draws["x"].requires_grad
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state) and model.training

    def changes(x: Tensor) -> Tensor:
        x.mul_(0)
        return x.sum(-1)

    found = sample(changes, torch.ones(2), draws=5, warmup=0, chains=2, batched=True)
    assert bool((found["x"] != 0).all())


def flat(x: Tensor) -> Tensor:
    return -(x**2).sum()


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: sample(flat, torch.tensor([1.0, math.nan])), r"start: expected finite.*nan at start\[1\]"),
        (lambda: sample(flat, {"a": torch.tensor([math.inf])}), r"start\['a'\]"),
        (lambda: sample(lambda x: x.log().sum(), -torch.ones(2)), "begin where the density is positive"),
        (lambda: sample(lambda x: -(x**2), torch.zeros(3)), r"log_density\(point\): expected the shape \(\), got \(3,\)"),
        (lambda: sample(lambda x: flat(x), torch.zeros(3), batched=True), r"expected the shape \(4,\), got \(\)"),
        (lambda: sample(lambda x: None, torch.zeros(3)), "return missing"),
        (lambda: sample(lambda x: x.sum() * math.inf, torch.ones(3)), "below ∞"),
        (lambda: sample(flat, torch.zeros(3), method="metropolys"), "metropolis"),
        (lambda: sample(flat, torch.zeros(3), method=3), "name of a method"),
        (lambda: sample(flat, [0.0, 1.0]), "torch.as_tensor"),
        (lambda: sample(flat, torch.tensor([1, 2])), "floating"),
        (lambda: sample(flat, {}), "at least one tensor"),
        (lambda: sample(lambda p: p["a"].sum(), {"a": torch.zeros(2, 1), "b": torch.zeros(3, 1)}, chains=None), r"start\['b'\]"),
        (lambda: sample(flat, torch.zeros(2), method=Metropolis(lambda g, x: x)), "a pair"),
        (lambda: sample(flat, torch.zeros(2), method=Metropolis(lambda g, x: (x[:, :1], 0.0))), r"\(4, 2\)"),
        (lambda: sample(flat, torch.zeros(2), method=Metropolis(lambda g, x: (x, x))), r"\(4,\)"),
        (lambda: Metropolis(acceptance=1.0), "acceptance"),
        (lambda: metropolis_matrix(torch.ones(2), torch.ones(2, 2)), "sum to 1"),
        (lambda: metropolis_matrix(torch.zeros(2), torch.eye(2)), "some mass"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(call: Any, why: str) -> None:
    with pytest.raises(GradusError, match=why):
        call()
