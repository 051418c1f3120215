"""Regressions among the posteriors of posteriordb, and what all of them are written with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import constraints as c

Points = dict[str, Tensor]
Data = dict[str, Any]


class Posterior(NamedTuple):
    """A log density of all chains at once, a start, bounds, and what is compared, by the names that Stan gives."""

    log_density: Callable[[Points], Tensor]
    start: Points
    constraints: dict[str, Any]
    quantities: Callable[[Points], dict[str, Tensor]]


def half_cauchy(x: Tensor, scale: float) -> Tensor:
    return -torch.log1p((x / scale) ** 2)


def gaussian(x: Tensor, mean: Any, sd: Any) -> Tensor:
    """Without 2π."""
    sd = torch.as_tensor(sd, dtype=torch.float64)
    return -(((x - mean) / sd) ** 2) / 2 - sd.log()


def indexed(**arrays: Tensor) -> dict[str, Tensor]:
    """Components under Stan's names: from 1, a number without."""
    found = {}
    for name, x in arrays.items():
        if x.ndim == 2:
            found[name] = x
        else:
            found.update({f"{name}[{i + 1}]": x[..., i] for i in range(x.shape[-1])})
    return found


def regression(X: Tensor, y: Tensor, prior: Callable[[Tensor, Tensor], Tensor] | None = None) -> Posterior:
    """Y ~ N(Xβ, σ); flat but for the prior. The squares are summed beforehand: Σ(y − Xβ)² by the normal equations."""
    Q, R = torch.linalg.qr(X)
    best = torch.linalg.solve_triangular(R, (Q.T @ y)[:, None], upper=True)[:, 0]
    rest = ((y - X @ best) ** 2).sum()

    def log_density(p: Points) -> Tensor:
        beta, sigma = p["beta"], p["sigma"]
        squares = rest + (((beta - best) @ R.T) ** 2).sum(-1)
        value = -squares / (2 * sigma**2) - len(y) * sigma.log()
        return value if prior is None else value + prior(beta, sigma)

    start = {"beta": best.clone(), "sigma": (rest / len(y)).sqrt()}
    return Posterior(
        log_density, start, {"sigma": c.positive}, lambda p: indexed(beta=p["beta"], sigma=p["sigma"])
    )


def columns(*parts: Tensor) -> Tensor:
    return torch.stack([torch.ones_like(parts[0]), *parts], 1)


def autoregression(d: Data) -> Posterior:
    y, k = d["y"], int(d["K"])
    past = torch.stack([y[k - i - 1 : len(y) - i - 1] for i in range(k)], 1)

    def prior(beta: Tensor, sigma: Tensor) -> Tensor:
        return gaussian(beta, 0, 10).sum(-1) + half_cauchy(sigma, 2.5)

    made = regression(columns(*past.T), y[k:], prior)

    def quantities(p: Points) -> dict[str, Tensor]:
        return {"alpha": p["beta"][..., 0], **indexed(beta=p["beta"][..., 1:], sigma=p["sigma"])}

    return made._replace(quantities=quantities)


def child(names: str, prior: bool) -> Callable[[Data], Posterior]:
    """Scores of children (Gelman and Hill 2007): which columns, and whether σ ~ half-Cauchy(2.5)."""

    def made(d: Data) -> Posterior:
        hs, iq = d["mom_hs"], d["mom_iq"]
        work = d.get("mom_work", torch.zeros(1, dtype=torch.float64))
        c_hs, c_iq = hs - hs.mean(), iq - iq.mean()
        known = {
            "hs": hs, "iq": iq, "hs*iq": hs * iq, "c_hs": c_hs, "c_iq": c_iq, "c_hs*c_iq": c_hs * c_iq,
            "h_hs": hs - 0.5, "h_iq": iq - 100, "h_hs*h_iq": (hs - 0.5) * (iq - 100),
            "z_hs": c_hs / (2 * hs.std()), "z_iq": c_iq / (2 * iq.std()),
            "z_hs*z_iq": c_hs * c_iq / (4 * hs.std() * iq.std()),
            **{f"work{i}": (work == i).double() for i in (2, 3, 4)},
        }  # fmt: skip
        X = columns(*(known[n] for n in names.split()))
        return regression(X, d["kid_score"], (lambda b, s: half_cauchy(s, 2.5)) if prior else None)

    return made


def earnings(names: str, base: float | None) -> Callable[[Data], Posterior]:
    def made(d: Data) -> Posterior:
        height, male = d["height"], d["male"]
        z = (height - height.mean()) / height.std()
        known = {"height": height, "male": male, "height*male": height * male, "z": z, "z*male": z * male}
        known["log_height"] = height.log()
        y = d["earn"] if base is None else d["earn"].log() / math.log(base)
        return regression(columns(*(known[n] for n in names.split())), y)

    return made


def mesquite(names: str) -> Callable[[Data], Posterior]:
    def made(d: Data) -> Posterior:
        one, two, tall = d["diam1"], d["diam2"], d["canopy_height"]
        known = {
            "volume": (one * two * tall).log(), "area": (one * two).log(), "shape": (one / two).log(),
            "height": d["total_height"].log(), "density": d["density"].log(), "group": d["group"],
            "diam1": one.log(), "diam2": two.log(), "canopy": tall.log(),
        }  # fmt: skip
        return regression(columns(*(known[n] for n in names.split())), d["weight"].log())

    return made


def election(d: Data) -> Posterior:
    age = d["age_discrete"]
    ages = [(age == i).double() for i in (2, 3, 4)]
    return regression(
        columns(d["real_ideo"], d["race_adj"], *ages, d["educ1"], d["gender"], d["income"]), d["partyid7"]
    )


def linear(d: Data) -> Posterior:
    return regression(d["X"], d["y"], lambda b, s: gaussian(b, 0, 10).sum(-1) - s**2 / 200)
