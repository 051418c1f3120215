"""Variational inference of log densities: exact where it can be, the same by one seed, and honest where it fails."""

from __future__ import annotations

import importlib.util
import math
import sys
import types
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import constraints

from gradus.errors import GradusError
from gradus.inference import advi, gaussian_elbo
from gradus.inference.variational.gaussian_family import Gaussian
from gradus.inference.variational.nearness import nearness
from gradus.inference.variational.sample_average import balanced

MEAN = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
ROOT = torch.tensor([[2.0, 0.0, 0.0], [1.5, 0.5, 0.0], [-1.0, 0.3, 0.2]], dtype=torch.float64)
PRECISION = torch.cholesky_inverse(ROOT)
HERE = torch.zeros(3, dtype=torch.float64)
EVIDENCE = 1.5 * math.log(2 * math.pi) + float(ROOT.diagonal().log().sum())


def normal(x: Tensor) -> Tensor:
    d = x - MEAN
    return -((d @ PRECISION) * d).sum(-1) / 2


def test_a_normal_posterior_is_met_exactly() -> None:
    fit = advi(normal, HERE, batched=True)
    assert torch.allclose(fit.location, MEAN, atol=1e-9)
    assert torch.allclose(fit.covariance, ROOT @ ROOT.T, atol=1e-8)
    assert fit.converged and fit.sound and fit.k == -math.inf and fit.shift < 1e-6
    assert abs(fit.elbo - EVIDENCE) < 1e-8 and abs(fit.log_evidence - EVIDENCE) < 1e-8
    assert fit["x"].shape == (4000, 3) and fit["x"].dtype == torch.float64
    assert torch.allclose(fit.log_density[7], normal(fit["x"][7]))


def test_independent_numbers_keep_the_means_and_lose_the_variances() -> None:
    """Its variances are 1/Λᵢᵢ, and its bound lacks ½(Σ ln Λᵢᵢ − ln det Λ)."""
    fit = advi(normal, HERE, family="mean-field", batched=True)
    assert torch.allclose(fit.location, MEAN, atol=1e-9)
    assert torch.allclose(fit.covariance, (1 / PRECISION.diagonal()).diag(), atol=1e-9)
    lost = (PRECISION.diagonal().log().sum() - PRECISION.logdet()) / 2
    assert abs(fit.elbo - (EVIDENCE - float(lost))) < 5 * fit.elbo_error
    assert fit.converged and not fit.sound and fit.k > 0.7


def test_a_gamma_posterior_by_a_lognormal_distribution() -> None:
    """Of Γ(a, b) the highest bound is at σ² = 1/a, μ = ln(a/b) − 1/2a: its mean is a/b, and it is below the evidence."""
    a, b = 3.0, 2.0
    start = {"x": torch.tensor(1.0, dtype=torch.float64)}
    fit = advi(
        lambda p: (a - 1) * p["x"].log() - b * p["x"],
        start,
        constraints={"x": constraints.positive},
        tolerance=1e-6,
    )
    assert abs(float(fit.scale[0, 0]) - a**-0.5) < 0.01
    assert abs(float(fit.location[0]) - (math.log(a / b) - 1 / (2 * a))) < 0.01
    bound = a * (math.log(a / b) - 1 / (2 * a)) - a + 0.5 * math.log(2 * math.pi * math.e / a)
    evidence = math.lgamma(a) - a * math.log(b)
    assert abs(fit.elbo - bound) < 5 * fit.elbo_error < 0.1
    assert bound < evidence and abs(fit.log_evidence - evidence) < 0.05
    assert bool((fit["x"] > 0).all()) and abs(float(fit.mean["x"]) - a / b) < 0.1
    assert torch.allclose(fit.log_density, (a - 1) * fit["x"].log() - b * fit["x"])


@pytest.mark.parametrize(
    "method", [pytest.param("stochastic", marks=pytest.mark.slow), "sticking-the-landing"]
)
def test_fresh_draws_arrive_too_and_without_the_score_exactly(method: str) -> None:
    sticking = method == "sticking-the-landing"
    fit = advi(normal, HERE, method=method, batched=True, draws=8, most_steps=700 if sticking else 10_000)
    away = Gaussian(MEAN, ROOT).divergence(Gaussian(fit.location, fit.scale))
    assert fit.converged or sticking
    assert fit.k < 0.7 and away < (1e-9 if sticking else 0.02)
    assert fit.trace.steps[-1] % 100 == 0 and fit.trace.draws[0] == 8


def bent(x: Tensor) -> Tensor:
    return -(x[..., 0] ** 2) / 2 - (x[..., 1] - x[..., 0] ** 2 / 2) ** 2


def test_one_seed_one_result_and_each_way_of_calling_the_same() -> None:
    start = torch.zeros(2, dtype=torch.float64)
    one, again, other, vectorised = (
        advi(bent, start, seed=s, batched=b, most_draws=512, samples=200)
        for s, b in ((3, True), (3, True), (4, True), (3, False))
    )
    assert torch.equal(one["x"], again["x"]) and one.k == again.k and one.elbo == again.elbo
    assert not torch.equal(one["x"], other["x"])
    assert torch.allclose(one.location, vectorised.location, atol=1e-6)
    assert torch.allclose(one.scale, vectorised.scale, atol=1e-6)
    drawn = one.sample(5, seed=1)["x"]
    assert torch.equal(drawn, one.sample(5, seed=1)["x"]) and not torch.equal(
        drawn, one.sample(5, seed=2)["x"]
    )


def test_a_start_elsewhere_ends_at_the_same_place() -> None:
    """So do other units and a turned space, for the full rank."""
    turn = torch.linalg.qr(
        torch.randn(2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    )[0]
    A = turn * torch.tensor([100.0, 0.01], dtype=torch.float64)
    options: dict[str, Any] = {"batched": True, "samples": 100, "tolerance": 1e-4}
    start = torch.zeros(2, dtype=torch.float64)
    one, far = advi(bent, start, **options), advi(bent, start + 2, **options)
    seen = advi(lambda y: bent(y @ torch.linalg.inv(A).T), start, **options)
    q = Gaussian(one.location, one.scale)
    assert q.divergence(Gaussian(far.location, far.scale)) < 1e-3
    back = torch.linalg.inv(A) @ seen.covariance @ torch.linalg.inv(A).T
    place = torch.linalg.solve(A, seen.location)
    assert q.divergence(Gaussian(place, torch.linalg.cholesky(back))) < 1e-3


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.seen = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return -((x - self.weight) ** 2).sum() / 2 + 0 * self.seen.sum()


def test_a_model_and_single_precision_are_kept() -> None:
    model = Model()
    fit = advi(model, torch.zeros(2), samples=100)
    assert model.weight.grad is None and torch.equal(model.weight, torch.ones(2))
    assert fit["x"].dtype == torch.float32 and fit.location.dtype == torch.float32
    assert torch.allclose(fit.location, torch.ones(2), atol=1e-3) and fit.shift < 0.01
    with torch.inference_mode():
        assert advi(model.forward, torch.zeros(2), samples=100).converged


def test_noise_is_balanced() -> None:
    e = balanced(64, 5, HERE, 1)
    assert torch.allclose(e.mean(0), torch.zeros(5, dtype=torch.float64), atol=1e-14)
    assert torch.allclose(e.T @ e / 64, torch.eye(5, dtype=torch.float64), atol=1e-12)
    wide = balanced(16, 40, HERE, 1)
    assert torch.allclose((wide**2).mean(0), torch.ones(40, dtype=torch.float64))
    assert abs(float((balanced(2**14, 2, HERE, 0) ** 4).mean()) - 3) < 0.02  # of normal tails


def test_what_has_no_mass_is_named() -> None:
    start = torch.ones(1, dtype=torch.float64)
    options: dict[str, Any] = {"batched": True, "samples": 1000}
    wall = advi(
        lambda x: torch.where(x > 0, -x, -torch.inf).sum(-1), start, draws=8, most_steps=20, **options
    )
    assert wall.elbo == -math.inf and wall.elbo_error == math.inf and not wall.sound
    assert "draws from q have no density" in wall.notes[-1].en and "没有密度" in wall.notes[-1].zh
    rising = advi(lambda x: x.sum(-1), start, draws=8, **options)
    assert not rising.converged and "has the density a finite integral" in rising.notes[0].en
    few = advi(
        bent, torch.zeros(2, dtype=torch.float64), most_draws=16, draws=16, batched=True, tolerance=1e-9
    )
    assert not few.converged and "other draws still moved q" in few.notes[0].en
    short = advi(bent, torch.zeros(2, dtype=torch.float64), most_steps=1, batched=True)
    assert not short.converged and "used up" in short.notes[0].en
    hasty = advi(bent, torch.zeros(2, dtype=torch.float64), method="stochastic", most_steps=100, batched=True)
    assert not hasty.converged and "after 100 steps" in hasty.notes[0].en


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": torch.tensor([math.nan])}, "finite"),
        ({"start": torch.tensor([1, 2])}, "floating-point"),
        ({"start": torch.zeros(2, dtype=torch.float16)}, "single or double precision"),
        ({"start": torch.tensor([-1.0])}, r"log_density\(start\): expected finite numbers, got nan"),
        ({"start": torch.tensor([-1.0]), "constraints": constraints.positive}, "inside of"),
        ({"constraints": {"y": constraints.positive}}, "a key of constraints"),
        ({"log_density": lambda x: x}, r"expected the shape \(\), got \(1,\)"),
        ({"log_density": lambda x: torch.tensor(0.0)}, "no gradient"),
        ({"log_density": lambda x: None}, "is a return missing"),
        ({"log_density": lambda x: (x - 1).abs().sqrt().sum()}, "gradient of log_density"),
        (
            {
                "log_density": lambda x: torch.where(x == 1, x, -torch.inf).sum(-1),
                "start": torch.ones(1).double(),
                "batched": True,
            },
            "at every width",
        ),
        ({"family": "low-rank"}, "family"),
        ({"method": "adam"}, "method"),
        ({"draws": 1}, "draws"),
        ({"tolerance": 0}, "tolerance"),
        ({"samples": 3}, "samples"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_is_refused(change: dict[str, Any], said: str) -> None:
    given = {"log_density": lambda x: -(x.log() ** 2).sum(), "start": torch.ones(1)} | change
    with pytest.raises(GradusError, match=said):
        advi(given.pop("log_density"), given.pop("start"), **given)


def test_too_few_fixed_draws_for_the_full_rank_are_refused() -> None:
    with pytest.raises(GradusError, match="some direction meets no draw"):
        advi(normal, HERE, draws=5)


def test_the_verdict_is_in_words() -> None:
    said = [
        nearness(k, size, 1000, math.sqrt(1000 / size - 1)).en
        for k, size in ((-math.inf, 1000), (0.9, 995), (0.3, 500), (0.6, 500), (0.8, 50))
    ]
    for words, sentence in zip(
        ("all weights are alike", "0.071 sd", "worth 500 of 1000", "may mend that", "too far"),
        said,
        strict=True,
    ):
        assert words in sentence
    start = {"a": torch.zeros(2, dtype=torch.float64), "b": torch.tensor(0.0, dtype=torch.float64)}
    fit = advi(lambda p: -((p["a"] - p["b"]) ** 2).sum() - p["b"] ** 2, start)
    assert "VariationalFit(a (2,), b (); full-rank, ELBO" in repr(fit)
    lines = str(fit).splitlines()
    assert lines[1].split() == ["quantity", "mean", "sd", "weighted", "mean", "weighted", "sd"]
    assert [line.split("  ")[0] for line in lines[2:]] == ["a[0]", "a[1]", "b"]
    assert "后验" in fit.table("zh") and fit.table(most=1).endswith("… 2 more")
    assert list(fit) == ["a", "b"] and len(fit) == 2 and "a" in fit
    with pytest.raises(GradusError, match="did you mean 'a'"):
        fit["aa"]


def test_arviz_gets_one_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = types.ModuleType("arviz")
    fake.__version__, fake.from_dict = "0.23.4", lambda **groups: groups
    monkeypatch.setitem(sys.modules, "arviz", fake)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: fake)
    groups = advi(normal, HERE, samples=50).to_arviz()
    assert groups["posterior"]["x"].shape == (1, 50, 3)
    assert {k: v.shape for k, v in groups["sample_stats"].items()} == {
        "lp": (1, 50),
        "log_weight": (1, 50),
    }


def test_the_bound_for_given_noise_has_its_gradient() -> None:
    noise = torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    m, L = torch.tensor([0.3, -0.2]).double(), torch.tensor([[0.8, 0.0], [0.5, 1.2]]).double()
    like = {"x": torch.zeros(()).double(), "y": torch.ones(()).double()}

    def density(p: dict[str, Tensor]) -> Tensor:
        return -(p["x"] ** 2) - p["y"] * p["x"].exp() + 3 * p["y"].log()

    def value(m: Tensor, L: Tensor) -> Tensor:
        u = m + noise @ L.T
        y = u[:, 1].exp()
        fit = -(u[:, 0] ** 2) - y * u[:, 0].exp() + 4 * u[:, 1]
        return fit.mean() + math.log(2 * math.pi * math.e) + L.diagonal().log().sum()

    options: dict[str, Any] = {"start": like, "constraints": {"y": constraints.positive}}
    found = gaussian_elbo(density, m, L, noise, **options)
    by_mean, by_scale = torch.func.grad(value, argnums=(0, 1))(m, L)
    assert torch.allclose(found.value, value(m, L))
    assert torch.allclose(found.by_mean, by_mean) and torch.allclose(found.by_scale, by_scale.tril())
    q = torch.distributions.MultivariateNormal(m, scale_tril=L)
    u = m + noise @ L.T
    p = -(u[:, 0] ** 2) - u[:, 1].exp() * u[:, 0].exp() + 4 * u[:, 1]
    assert torch.allclose(found.log_weights, p - q.log_prob(u))
    stuck = gaussian_elbo(density, m, L, noise, sticking=True, **options)
    mean_field = gaussian_elbo(density, m, L, noise.flip(0), **options)
    assert torch.allclose(stuck.value, found.value) and torch.allclose(mean_field.value, found.value)
    score = torch.linalg.solve(L.T, noise.T).T
    assert torch.allclose(stuck.by_mean, by_mean + score.mean(0))
    assert torch.allclose(stuck.by_scale, (by_scale - (1 / L.diagonal()).diag() + score.T @ noise / 6).tril())
    assert "d=2, 6 draws" in repr(found)
    for change, said in (
        ({"scale": L.T}, "lower triangular"),
        ({"scale": -L}, "lower triangular"),
        ({"noise": noise[:, :1]}, "noise"),
        ({"mean": m.float()}, "expected torch.float32 as mean"),
        ({"start": torch.zeros(3).double()}, "as many as start has free numbers, 3"),
    ):
        given = {"mean": m, "scale": L, "noise": noise, "start": None} | change
        with pytest.raises(GradusError, match=said):
            gaussian_elbo(lambda x: -(x**2).sum(), **given)
