"""HMC and NUTS: they keep the target exactly, bounds cost nothing, gradients are the right ones, and what fails is said."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import constraints
from torch.distributions.transforms import ExpTransform

from gradus.errors import GradusError
from gradus.inference import HMC, NUTS, Metropolis, diagnose, hamiltonian_step, sample

MEAN = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
ROOT = torch.tensor([[2.0, 0.0, 0.0], [1.5, 0.5, 0.0], [-1.0, 0.3, 0.2]], dtype=torch.float64)
PRECISION = torch.cholesky_inverse(ROOT)
HERE = torch.zeros(3, dtype=torch.float64)


def normal(x: Tensor) -> Tensor:
    d = x - MEAN
    return -((d @ PRECISION) * d).sum(-1) / 2


@pytest.mark.parametrize(
    "method",
    [HMC(metric="dense"), HMC(metric="laplace"), NUTS(metric="dense")],
    ids=["dense", "laplace", "nuts"],
)
def test_a_narrow_normal_is_drawn(method: Any) -> None:
    draws = sample(normal, HERE, method=method, draws=30, warmup=60, chains=64, seed=1, batched=True)
    found, sd = draws.diagnosis, (ROOT @ ROOT.T).diagonal().sqrt()
    for i in range(3):
        assert abs(found.mean["x"][i] - MEAN[i]) < 5 * found.mcse_mean["x"][i]
        assert abs(found.sd["x"][i] - sd[i]) < 5 * found.mcse_sd["x"][i]
    assert found.ess_bulk["x"].min() > 400
    assert 0.6 < float(draws.acceptance.mean()) < 0.99
    assert found.divergences.sum() == 0 and found.bfmi.min() > 0.3
    assert torch.allclose(draws.log_density[3, 7], normal(draws["x"][3, 7]))
    energy = draws.statistics["energy"] + draws.log_density
    assert bool((energy >= -1e-9).all())
    assert abs(float(energy.mean()) - 1.5) < 0.2  # half a number each of three momenta


def quartic(x: Tensor) -> Tensor:
    return -(x**4).sum(-1) / 4


@pytest.mark.parametrize("method", [HMC(step=0.9, length=2.5, metric="unit"), NUTS(step=0.6, metric="unit")])
def test_one_step_keeps_a_target_that_is_not_normal(method: Any) -> None:
    """Chains that begin in the target are in the target after every step: no warm-up, long steps."""
    generator = torch.Generator().manual_seed(3)
    gamma = torch.distributions.Gamma(torch.tensor(0.25, dtype=torch.float64), torch.tensor(1.0).double())
    torch.manual_seed(3)
    size = (4 * gamma.sample((20000, 1))) ** 0.25  # x⁴/4 ~ Gamma(1/4)
    start = size * torch.sign(torch.rand(20000, 1, generator=generator, dtype=torch.float64) - 0.5)
    draws = sample(quartic, start, method=method, draws=3, warmup=0, chains=None, batched=True, seed=4)
    assert 0.5 < float(draws.acceptance.mean()) < 0.97
    for t in (0, 2):
        x = draws["x"][:, t, 0]
        assert float((x != start[:, 0]).double().mean()) > 0.5
        for power, want in ((2, 2 * math.gamma(0.75) / math.gamma(0.25)), (4, 1.0), (6, None)):
            value = x**power
            exact = want or 8 * math.gamma(1.75) / math.gamma(0.25)
            assert abs(float(value.mean()) - exact) < 4.5 * float(value.std()) / 20000**0.5


def test_names_may_be_bounded() -> None:
    """Gamma, beta and Dirichlet distributions as their densities are printed, without any volume."""

    def log_density(p: dict[str, Tensor]) -> Tensor:
        rate, share, parts = p["rate"], p["share"], p["parts"]
        return (
            2 * rate.log()
            - 4 * rate
            + 3 * share.log()
            + torch.log1p(-share)
            + (torch.tensor([1.0, 2.0, 3.0]) * parts.log()).sum()
        )

    start = {
        "rate": torch.tensor(1.0, dtype=torch.float64),
        "share": torch.tensor(0.5, dtype=torch.float64),
        "parts": torch.full((3,), 1 / 3, dtype=torch.float64),
    }
    bounds = {
        "rate": constraints.positive,
        "share": constraints.unit_interval,
        "parts": constraints.simplex,
    }
    draws = sample(
        log_density, start, method="hmc", constraints=bounds, draws=50, warmup=60, chains=64, seed=2
    )
    found = draws.diagnosis
    want = {"rate": (3 / 4, 3**0.5 / 4), "share": (4 / 6, math.sqrt(8 / (36 * 7)))}
    for name, (mean, sd) in want.items():
        assert abs(found.mean[name] - mean) < 5 * found.mcse_mean[name]
        assert abs(found.sd[name] - sd) < 5 * found.mcse_sd[name]
    parts = torch.tensor([2.0, 3.0, 4.0]).double() / 9
    assert bool(
        (abs(torch.tensor(found.mean["parts"]) - parts) < 5 * torch.tensor(found.mcse_mean["parts"])).all()
    )
    assert torch.allclose(draws["parts"].sum(-1), torch.ones(64, 50, dtype=torch.float64))
    one = {name: value[5, 6] for name, value in draws.items()}
    assert torch.allclose(draws.log_density[5, 6], log_density(one))
    alone = sample(
        lambda x: -x,
        torch.ones((), dtype=torch.float64),
        constraints=ExpTransform(),
        draws=60,
        warmup=60,
        chains=64,
        seed=3,
    )
    assert abs(alone.diagnosis.mean["x"] - 1) < 5 * alone.diagnosis.mcse_mean["x"]


EFFECTS = torch.tensor([28.0, 8, -3, 7, -1, 1, 18, 12], dtype=torch.float64)
ERRORS = torch.tensor([15.0, 10, 16, 11, 9, 11, 10, 18], dtype=torch.float64)
# posteriordb, eight_schools-eight_schools_noncentered: Stan, 10 chains of 10 000 draws, one in ten kept; mean, its MCSE
MEANS = {
    "theta[0]": (6.1505, 0.0557),
    "theta[2]": (3.9059, 0.0542),
    "mu": (4.4105, 0.0330),
    "tau": (3.6021, 0.0319),
}
SQUARES = {"mu": (30.403, 0.335), "tau": (23.204, 0.485)}


def test_eight_schools_as_stan_has_them() -> None:
    """Rubin 1981: effects of coaching in eight schools, mu ~ N(0, 5), tau ~ half-Cauchy(5), theta ~ N(mu, tau)."""

    def log_density(p: dict[str, Tensor]) -> Tensor:
        mu, tau, z = p["mu"], p["tau"], p["z"]
        theta = mu[:, None] + tau[:, None] * z
        prior = -(mu**2) / 50 - torch.log1p((tau / 5) ** 2) - (z**2).sum(-1) / 2
        return prior - (((EFFECTS - theta) / ERRORS) ** 2).sum(-1) / 2

    double = {"dtype": torch.float64}
    start = {"mu": torch.zeros((), **double), "tau": torch.ones((), **double), "z": torch.zeros(8, **double)}
    draws = sample(
        log_density,
        start,
        method=HMC(acceptance=0.9),
        constraints={"tau": constraints.positive},
        draws=80,
        warmup=100,
        chains=64,
        batched=True,
        seed=7,
    )
    theta = draws["mu"][..., None] + draws["tau"][..., None] * draws["z"]
    found = diagnose(
        {
            "theta": theta.numpy(),
            **{k: draws[k].numpy() for k in ("mu", "tau")},
            **{f"{k}^2": draws[k].numpy() ** 2 for k in SQUARES},
        }
    )
    named = {"theta[0]": (found.mean["theta"][0], found.mcse_mean["theta"][0])}
    named["theta[2]"] = (found.mean["theta"][2], found.mcse_mean["theta"][2])
    for name in ("mu", "tau", "mu^2", "tau^2"):
        named[name] = (found.mean[name], found.mcse_mean[name])
    for name, (mean, error) in {**MEANS, **{f"{k}^2": v for k, v in SQUARES.items()}}.items():
        assert abs(named[name][0] - mean) < 4 * math.hypot(error, named[name][1])
        assert named[name][1] < 4.5 * error
    assert found.rhat["tau"] < 1.12  # of halves of 40 draws


@pytest.mark.parametrize("bounded", [False, True])
def test_a_gradient_of_ones_own_makes_the_same_chain(bounded: bool) -> None:
    start = torch.tensor([0.7, 0.4], dtype=torch.float64)
    options: dict[str, Any] = {"draws": 3, "warmup": 0, "chains": 3, "seed": 1}
    if bounded:
        options["constraints"] = constraints.positive

    def density(x: Tensor) -> Tensor:
        return -(x**2).sum() / 2 - (x**4).sum() / 4

    for kind in (HMC, NUTS):
        mine = sample(density, start, method=kind(step=0.3, gradient=lambda x: -x - x**3), **options)
        own = sample(density, start, method=kind(step=0.3), **options)
        assert torch.allclose(mine["x"], own["x"], rtol=1e-9)
        wrong = sample(density, start, method=kind(step=0.3, gradient=lambda x: x + x**3), **options)
        assert not torch.allclose(wrong["x"], own["x"], rtol=1e-2)


@pytest.mark.parametrize("method", [HMC(), NUTS()], ids=["hmc", "nuts"])
def test_a_chain_that_goes_on_is_the_unbroken_one(method: Any) -> None:
    options: dict[str, Any] = {"warmup": 10, "chains": 3, "seed": 5, "batched": True, "method": method}
    whole = sample(normal, HERE, draws=7, **options)
    first = sample(normal, HERE, draws=3, **options)
    then = sample(normal, first, draws=4, batched=True)
    again = sample(normal, first, draws=4, batched=True)
    assert torch.equal(torch.cat([first["x"], then["x"]], 1), whole["x"])
    assert torch.equal(then["x"], again["x"])
    assert first.tuning["step"] == then.tuning["step"] and first.tuning["step"] > 0
    assert set(first.statistics) >= {"acceptance_rate", "diverging", "energy", "n_steps"}


def test_a_funnel_is_reported() -> None:
    """Neal's, as it stands: what the chains did not reach is not seen in their draws, but is said."""

    def funnel(x: Tensor) -> Tensor:
        v, rest = x[..., 0], x[..., 1:]
        return -(v**2) / 18 - (rest**2).sum(-1) * (-v).exp() / 2 - rest.shape[-1] * v / 2

    draws = sample(
        funnel, torch.zeros(10), method=HMC(length=3.0), draws=60, warmup=100, chains=32, seed=0, batched=True
    )
    found = draws.diagnosis
    assert not found.sound and found.verdicts["x[0]"].en != "no fault found"
    assert found.bfmi.min() < 0.3 and any("E-BFMI" in note.en for note in found.notes)


def test_the_mode_is_found_or_said_to_be_missing() -> None:
    draws = sample(
        normal, HERE + 30, method=NUTS(metric="laplace"), draws=2, warmup=2, chains=8, batched=True
    )
    assert torch.allclose(draws.tuning["factor"], ROOT, atol=1e-4)
    assert float((draws["x"] - MEAN).abs().max()) < 12
    rising = sample(
        lambda x: -x.exp().sum() * 0 + x.sum(), torch.ones(2), method=HMC(metric="laplace"), draws=4, warmup=4
    )
    assert "no mode" in rising.notes[0].en


def test_beyond_the_support_it_diverges_and_stays_inside() -> None:
    start = torch.rand(64, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for method in (HMC(step=0.2, metric="unit", length=0.5), NUTS(step=0.2, metric="unit", most_doublings=3)):
        draws = sample(
            lambda x: torch.where((x > 0) & (x < 1), 0 * x, -math.inf).sum(-1),
            start,
            method=method,
            chains=None,
            batched=True,
            draws=40,
            warmup=0,
        )
        x = draws["x"]
        assert draws.diagnosis.divergences.sum() == int(draws.statistics["diverging"].sum()) > 0
        assert bool(((x > 0) & (x < 1)).all())
        assert abs(float(x.mean()) - 0.5) < 5 * draws.diagnosis.mcse_mean["x"][0]
    undefined = sample(
        lambda x: x.log().sum() - x.sum(),
        torch.ones(1),
        method=HMC(step=1.0, length=2.0),
        draws=20,
        warmup=0,
        chains=32,
    )
    assert "NaN" in undefined.notes[0].en


def flat(x: Tensor) -> Tensor:
    return -(x**2).sum()


TWO = torch.zeros(2)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: sample(lambda x: flat(x).detach(), TWO, method="hmc"), "differentiated"),
        (lambda: sample(lambda x: x.sqrt().sum() - x.sum(), TWO, method="nuts"), "inf at number 0 of chain 0"),
        (lambda: sample(flat, TWO, method=HMC(gradient=lambda x: x[:1])), r"gradient\(point\): expected the shape \(4, 2\)"),
        (lambda: sample(flat, TWO, method=NUTS(gradient=lambda x: {"a": x})), r"gradient\(point\)"),
        (lambda: sample(flat, TWO, method=HMC(gradient=lambda x: x[:1]), constraints=constraints.real), r"expected the shape \(4, 2\)"),
        (lambda: sample(flat, TWO, constraints=constraints.positive), "inside of"),
        (lambda: sample(flat, {"a": TWO}, constraints={"b": constraints.positive}), "'b'"),
        (lambda: sample(flat, {"a": TWO, "b": TWO}, constraints=constraints.positive), "by name"),
        (lambda: sample(flat, TWO, constraints="positive"), "constraints.positive"),
        (lambda: sample(flat, TWO + 1, constraints=constraints.positive_integer), "biject_to"),
        (lambda: sample(flat, TWO + 1, constraints=constraints.positive, method=Metropolis(lambda g, x: (x, 0.0))), "proposal of your own"),
        (lambda: HMC(step=0.0), "step"),
        (lambda: HMC(length=-1.0), "length"),
        (lambda: HMC(metric="full"), "metric"),
        (lambda: NUTS(acceptance=1.0), "acceptance"),
        (lambda: NUTS(most_doublings=0), "most_doublings"),
        (lambda: hamiltonian_step(flat, lambda x: -x, TWO, TWO, torch.tensor(0.5), torch.ones(2, 2), step=1.0, steps=1), "positive definite"),
        (lambda: hamiltonian_step(flat, lambda x: -x[:1], TWO, TWO, torch.tensor(0.5), torch.eye(2), step=1.0, steps=1), r"gradient\(points\)"),
        (lambda: hamiltonian_step(flat, lambda x: -x, TWO, TWO, torch.tensor(1.5), torch.eye(2), step=1.0, steps=1), r"\[0, 1\)"),
        (lambda: hamiltonian_step(flat, lambda x: -x, TWO, TWO, torch.tensor(0.5), torch.tensor([[1.0, 0.5], [0.0, 1.0]]), step=1.0, steps=1), "symmetric"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(call: Any, why: str) -> None:
    with pytest.raises(GradusError, match=why):
        call()
