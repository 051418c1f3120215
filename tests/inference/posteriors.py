"""Posteriors whose means and mean squares are published (posteriordb), written from their models' literature."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from regressions import (
    Data,
    Points,
    Posterior,
    autoregression,
    child,
    earnings,
    election,
    gaussian,
    half_cauchy,
    indexed,
    linear,
    mesquite,
)
from torch import Tensor
from torch.distributions import constraints as c

__all__ = ["POSTERIORS", "Posterior", "published", "read"]


def read(folder: Path, name: str) -> Data:
    """Data of the archive, arrays as tensors."""
    with zipfile.ZipFile(folder / "data" / "data" / f"{name}.json.zip") as archive:
        found = json.loads(archive.read(archive.namelist()[0]))
    return {k: torch.tensor(v, dtype=torch.float64) if isinstance(v, list) else v for k, v in found.items()}


def published(folder: Path, name: str) -> dict[str, tuple[float, float, float, float]]:
    """Mean, its Monte Carlo standard error, mean square and its error, by names."""
    both = []
    for kind in ("mean_value", "mean_squared_value"):
        found = json.loads((folder / "summary_statistics" / kind / kind / f"{name}.json").read_text())
        both.append(dict(zip(found["names"], zip(found[kind], found["mcse_mean"], strict=True), strict=True)))
    return {name: (*both[0][name], *both[1][name]) for name in both[0]}


def scalar(value: float = 0.0) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def vector(n: int, value: float = 0.0) -> Tensor:
    return torch.full((n,), value, dtype=torch.float64)


def eight_schools(d: Data, centred: bool) -> Posterior:
    def log_density(p: Points) -> Tensor:
        mu, tau, z = p["mu"][..., None], p["tau"][..., None], p["z"]
        theta = z if centred else mu + tau * z
        prior = gaussian(z, mu, tau) if centred else -(z**2) / 2
        top = gaussian(p["mu"], 0, 5) + half_cauchy(p["tau"], 5)
        return top + (prior + gaussian(d["y"], theta, d["sigma"])).sum(-1)

    def quantities(p: Points) -> dict[str, Tensor]:
        theta = p["z"] if centred else p["mu"][..., None] + p["tau"][..., None] * p["z"]
        return indexed(theta=theta, mu=p["mu"], tau=p["tau"])

    start = {"mu": scalar(), "tau": scalar(3.0), "z": vector(8)}
    return Posterior(log_density, start, {"tau": c.positive}, quantities)


def moving_average(d: Data) -> Posterior:
    y = d["y"]

    def log_density(p: Points) -> Tensor:
        mu, phi, theta, sigma = (p[k] for k in ("mu", "phi", "theta", "sigma"))
        error = y[0] - mu - phi * mu
        squares = error**2
        for t in range(1, len(y)):
            error = y[t] - (mu + phi * y[t - 1] + theta * error)
            squares = squares + error**2
        prior = gaussian(mu, 0, 10) + gaussian(phi, 0, 2) + gaussian(theta, 0, 2) + half_cauchy(sigma, 2.5)
        return prior - squares / (2 * sigma**2) - len(y) * sigma.log()

    start = {"mu": scalar(), "phi": scalar(0.9), "theta": scalar(), "sigma": scalar(0.2)}
    return Posterior(log_density, start, {"sigma": c.positive}, lambda p: indexed(**p))


def garch(d: Data) -> Posterior:
    y = d["y"]

    def log_density(p: Points) -> Tensor:
        mu, a0, a1, share = (p[k] for k in ("mu", "alpha0", "alpha1", "share"))
        b1 = share * (1 - a1)
        variance = torch.full_like(mu, d["sigma1"] ** 2)
        value = torch.log1p(-a1)  # the volume of b₁
        for t in range(len(y)):
            if t:
                variance = a0 + a1 * (y[t - 1] - mu) ** 2 + b1 * variance
            value = value - (y[t] - mu) ** 2 / (2 * variance) - variance.log() / 2
        return value

    def quantities(p: Points) -> dict[str, Tensor]:
        return {**{k: p[k] for k in ("mu", "alpha0", "alpha1")}, "beta1": p["share"] * (1 - p["alpha1"])}

    start = {"mu": scalar(5.0), "alpha0": scalar(1.5), "alpha1": scalar(0.5), "share": scalar(0.5)}
    bounds = {"alpha0": c.positive, "alpha1": c.unit_interval, "share": c.unit_interval}
    return Posterior(log_density, start, bounds, quantities)


def mixture(d: Data) -> Posterior:
    y = d["y"]

    def log_density(p: Points) -> Tensor:
        mu, sigma, theta = ordered(p), p["sigma"], p["theta"]
        each = gaussian(y[:, None], mu[..., None, :], sigma[..., None, :])
        weights = torch.stack([theta.log(), torch.log1p(-theta)], -1)
        prior = gaussian(mu, 0, 2).sum(-1) + gaussian(sigma, 0, 2).sum(-1) + 4 * weights.sum(-1)
        return prior + torch.logsumexp(each + weights[..., None, :], -1).sum(-1)

    def quantities(p: Points) -> dict[str, Tensor]:
        return indexed(mu=ordered(p), sigma=p["sigma"], theta=p["theta"])

    start = {"low": scalar(-2.0), "gap": scalar(4.0), "sigma": vector(2, 1.0), "theta": scalar(0.5)}
    bounds = {"gap": c.positive, "sigma": c.positive, "theta": c.unit_interval}
    return Posterior(log_density, start, bounds, quantities)


def ordered(p: Points) -> Tensor:
    return torch.stack([p["low"], p["low"] + p["gap"]], -1)


def forward(emitted: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Ln of the probability of a chain of two states: log densities (time, …, 2), rows of the transitions; no law of the first state."""
    move = torch.stack([first, second], -2).log()
    found = emitted[0]
    for now in emitted[1:]:
        found = torch.logsumexp(found[..., None] + move, -2) + now
    return torch.logsumexp(found, -1)


def hidden_markov(d: Data) -> Posterior:
    y = d["y"]

    def log_density(p: Points) -> Tensor:
        mu = ordered(p)
        emitted = -((y[:, None, None] - mu) ** 2) / 2
        prior = gaussian(mu[..., 0], 3, 1) + gaussian(mu[..., 1], 10, 1)
        return prior + forward(emitted, p["theta1"], p["theta2"])

    def quantities(p: Points) -> dict[str, Tensor]:
        return indexed(theta1=p["theta1"], theta2=p["theta2"], mu=ordered(p))

    start = {"low": scalar(3.0), "gap": scalar(5.0), "theta1": vector(2, 0.5), "theta2": vector(2, 0.5)}
    bounds = {"low": c.positive, "gap": c.positive, "theta1": c.simplex, "theta2": c.simplex}
    return Posterior(log_density, start, bounds, quantities)


def basketball(d: Data) -> Posterior:
    u, v, alpha = d["u"][:, None, None], d["v"][:, None, None], d["alpha"]

    def both(p: Points) -> tuple[Tensor, Tensor]:
        return (
            torch.stack([p["phi"], p["phi"] + p["phi_gap"]], -1),
            torch.stack([p["lambda"], p["lambda"] + p["lambda_gap"]], -1),
        )

    def log_density(p: Points) -> Tensor:
        phi, lam = both(p)
        emitted = phi.log() - phi * u + lam.log() - lam * v
        prior = ((alpha[0] - 1) * p["theta1"].log() + (alpha[1] - 1) * p["theta2"].log()).sum(-1)
        for x in (phi, lam):
            prior = prior + gaussian(x[..., 0], 0, 1) + gaussian(x[..., 1], 3, 1)
        return prior + forward(emitted, p["theta1"], p["theta2"])

    def quantities(p: Points) -> dict[str, Tensor]:
        phi, lam = both(p)
        return indexed(theta1=p["theta1"], theta2=p["theta2"], phi=phi, **{"lambda": lam})

    start = {
        "theta1": torch.tensor([0.95, 0.05], dtype=torch.float64),
        "theta2": torch.tensor([0.05, 0.95], dtype=torch.float64),
        "phi": scalar(2.0),
        "phi_gap": scalar(4.0),
        "lambda": scalar(0.03),
        "lambda_gap": scalar(0.04),
    }
    bounds = {k: c.simplex if k.startswith("theta") else c.positive for k in start}
    return Posterior(log_density, start, bounds, quantities)


def gaussian_process(d: Data, counts: bool) -> Posterior:
    x, y, k = d["x"], d["y"], d["k"]
    eye = torch.eye(len(x), dtype=torch.float64)
    squares = (x[:, None] - x) ** 2

    def factor(p: Points, noise: Any) -> Tensor:
        rho, alpha = p["rho"][..., None, None], p["alpha"][..., None, None]
        found, failed = torch.linalg.cholesky_ex(alpha**2 * torch.exp(-squares / (2 * rho**2)) + noise * eye)
        return torch.where(failed[..., None, None] == 0, found, math.nan)

    def log_density(p: Points) -> Tensor:
        prior = 24 * p["rho"].log() - 4 * p["rho"] + gaussian(p["alpha"], 0, 2)
        if counts:
            f = (factor(p, 1e-10) @ p["z"][..., None])[..., 0]
            return prior - (p["z"] ** 2).sum(-1) / 2 + (k * f - f.exp()).sum(-1)
        L = factor(p, p["sigma"][..., None, None])
        white = torch.linalg.solve_triangular(L, y[:, None].expand(*L.shape[:-1], 1), upper=False)[..., 0]
        fit = -(white**2).sum(-1) / 2 - L.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return prior + gaussian(p["sigma"], 0, 1) + fit

    def quantities(p: Points) -> dict[str, Tensor]:
        if counts:
            f = (factor(p, 1e-10) @ p["z"][..., None])[..., 0]
            return indexed(rho=p["rho"], alpha=p["alpha"], f=f)
        return indexed(**p)

    start = {"rho": scalar(6.0), "alpha": scalar(2.0)}
    start |= {"z": vector(len(x))} if counts else {"sigma": scalar(1.5)}
    return Posterior(
        log_density, start, {k: c.positive for k in ("rho", "alpha", "sigma") if k in start}, quantities
    )


E = math.e
EIGHT = "eight_schools-eight_schools_noncentered"
# name of the posterior: data, model, where the reference stands if elsewhere
POSTERIORS: dict[str, tuple[str, Callable[[Data], Posterior], str]] = {
    "eight_schools-eight_schools_noncentered": ("eight_schools", lambda d: eight_schools(d, False), EIGHT),
    "eight_schools-eight_schools_centered": ("eight_schools", lambda d: eight_schools(d, True), EIGHT),
    "arK-arK": ("arK", autoregression, ""),
    "arma-arma11": ("arma", moving_average, ""),
    "garch-garch11": ("garch", garch, ""),
    "low_dim_gauss_mix-low_dim_gauss_mix": ("low_dim_gauss_mix", mixture, ""),
    "hmm_example-hmm_example": ("hmm_example", hidden_markov, ""),
    "bball_drive_event_0-hmm_drive_0": ("bball_drive_event_0", basketball, ""),
    "gp_pois_regr-gp_regr": ("gp_pois_regr", lambda d: gaussian_process(d, False), ""),
    "gp_pois_regr-gp_pois_regr": ("gp_pois_regr", lambda d: gaussian_process(d, True), ""),
    "kidiq-kidscore_momhs": ("kidiq", child("hs", True), ""),
    "kidiq-kidscore_momiq": ("kidiq", child("iq", True), ""),
    "kidiq-kidscore_momhsiq": ("kidiq", child("hs iq", True), ""),
    "kidiq-kidscore_interaction": ("kidiq", child("hs iq hs*iq", True), ""),
    "kidiq_with_mom_work-kidscore_interaction_c": (
        "kidiq_with_mom_work",
        child("c_hs c_iq c_hs*c_iq", False),
        "",
    ),
    "kidiq_with_mom_work-kidscore_interaction_c2": (
        "kidiq_with_mom_work",
        child("h_hs h_iq h_hs*h_iq", False),
        "",
    ),
    "kidiq_with_mom_work-kidscore_interaction_z": (
        "kidiq_with_mom_work",
        child("z_hs z_iq z_hs*z_iq", False),
        "",
    ),
    "kidiq_with_mom_work-kidscore_mom_work": ("kidiq_with_mom_work", child("work2 work3 work4", False), ""),
    "earnings-earn_height": ("earnings", earnings("height", None), ""),
    "earnings-logearn_height": ("earnings", earnings("height", E), ""),
    "earnings-log10earn_height": ("earnings", earnings("height", 10.0), ""),
    "earnings-logearn_height_male": ("earnings", earnings("height male", E), ""),
    "earnings-logearn_logheight_male": ("earnings", earnings("log_height male", E), ""),
    "earnings-logearn_interaction": ("earnings", earnings("height male height*male", E), ""),
    "earnings-logearn_interaction_z": ("earnings", earnings("z male z*male", E), ""),
    "mesquite-logmesquite": ("mesquite", mesquite("diam1 diam2 canopy height density group"), ""),
    "mesquite-logmesquite_logvolume": ("mesquite", mesquite("volume"), ""),
    "mesquite-logmesquite_logva": ("mesquite", mesquite("volume area group"), ""),
    "mesquite-logmesquite_logvas": ("mesquite", mesquite("volume area shape height density group"), ""),
    "mesquite-logmesquite_logvash": ("mesquite", mesquite("volume area shape height group"), ""),
    "sblri-blr": ("sblri", linear, ""),
    "sblrc-blr": ("sblrc", linear, ""),
    **{f"nes{y}-nes": (f"nes{y}", election, "") for y in range(1972, 2001, 4)},
}
