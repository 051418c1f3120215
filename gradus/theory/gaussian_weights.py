"""A normal law of a model's weights, close to another one: draws, divergence, and the risk of what is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.optimization.stateless_call import StatelessCall
from gradus.text import Text

Risk = Callable[[Any, Any], Tensor]
Weights = dict[str, Tensor]
CHUNK = 2**23  # numbers drawn at once


class GaussianWeights:
    """N(w₀ + σ₀t, σ₀² e^{2r}), entry by entry, beside the prior N(w₀, σ₀²).

    Args:
        mean: w₀ by name.
        deviation: σ₀ > 0 of each tensor, one number each.
    """

    def __init__(self, mean: Weights, deviation: dict[str, float]) -> None:
        self.mean = {name: w.detach().clone() for name, w in mean.items()}
        self.deviation = deviation
        self.shift = {name: torch.zeros_like(w) for name, w in self.mean.items()}
        self.log_ratio = {name: torch.zeros_like(w) for name, w in self.mean.items()}

    def learnt(self) -> list[Tensor]:
        """What may be optimised, its gradients on."""
        return [p.requires_grad_() for part in (self.shift, self.log_ratio) for p in part.values()]

    def divergence(self, precision: torch.dtype | None = None) -> Tensor:
        """KL to the prior; the three terms of a weight whose deviation is the prior's cancel exactly."""
        total: Any = 0.0
        for name in self.mean:
            t, r = self.shift[name], self.log_ratio[name]
            if precision is not None:
                t, r = t.to(precision), r.to(precision)
            total = total + (t.square() + torch.expm1(2 * r) - 2 * r).sum() / 2
        return total.clamp(min=0)  # type: ignore[no-any-return]

    def draw(self, generator: torch.Generator, count: int | None = None) -> Weights:
        """One draw of all weights, or `count` stacked along a new first axis."""
        lead = () if count is None else (count,)
        drawn = {}
        for name, w in self.mean.items():
            z = torch.randn((*lead, *w.shape), dtype=w.dtype, device=w.device, generator=generator)
            drawn[name] = w + self.deviation[name] * (self.shift[name] + self.log_ratio[name].exp() * z)
        return drawn

    def moments(self) -> tuple[Weights, Weights]:
        """Means and standard deviations of the weights."""
        with torch.no_grad():
            means = {n: w + self.deviation[n] * self.shift[n] for n, w in self.mean.items()}
            deviations = {n: self.deviation[n] * r.exp() for n, r in self.log_ratio.items()}
        return means, deviations


def relative_deviations(mean: Weights, share: float) -> dict[str, float]:
    """A deviation for each tensor: this share of the root mean square of its entries, and of a hundredth of all."""
    count = sum(w.numel() for w in mean.values())
    whole = math.sqrt(sum(float(w.double().square().sum()) for w in mean.values()) / count) or 1.0
    sizes = {n: math.sqrt(float(w.double().square().mean())) if w.numel() else 0.0 for n, w in mean.items()}
    return {n: share * max(size, whole / 100) for n, size in sizes.items()}


def zero_one(outputs: Any, targets: Any) -> Tensor:
    """1 where the largest output is not the target's, else 0."""
    wrong: Tensor = outputs.argmax(-1) != targets
    return wrong.to(torch.float32)


@torch.no_grad()
def drawn_risk(
    call: StatelessCall,
    law: GaussianWeights,
    risk: Risk,
    data: tuple[Tensor, Tensor],
    rounds: int,
    generator: torch.Generator,
) -> tuple[float, int]:
    """The mean risk of predictions of single samples, each by a draw of its own, and the number of draws.

    Every sample is predicted `rounds` times. The draws are independent, so that Hoeffding's theorem on sums of independent
    variables applies with their whole number.
    """
    device = next(iter(law.mean.values())).device
    count = sum(w.numel() for w in law.mean.values())
    chunk = max(1, min(512, CHUNK // max(count, 1)))
    inputs, targets = data
    together: bool | None = None
    total = 0.0
    for _ in range(rounds):
        for start in range(0, len(inputs), chunk):
            x, y = (part[start : start + chunk].to(device) for part in (inputs, targets))
            weights = law.draw(generator, len(x))
            if together is None:
                together = _agree(call, weights, risk, x, y)
            values = (
                _together(call, weights, risk, x, y) if together else _one_by_one(call, weights, risk, x, y)
            )
            _require_within(values)
            total += float(values.double().sum())
    return total / (rounds * len(inputs)), rounds * len(inputs)


def _together(call: StatelessCall, weights: Weights, risk: Risk, x: Tensor, y: Tensor) -> Tensor:
    """The risks of samples, each by its own weights, in one call."""

    def one(w: Weights, x: Tensor, y: Tensor) -> Tensor:
        return _single(risk(call(w, x[None]), y[None]))

    return torch.vmap(one, randomness="error")(weights, x, y)


def _one_by_one(call: StatelessCall, weights: Weights, risk: Risk, x: Tensor, y: Tensor) -> Tensor:
    """The same in a loop, for models that cannot be called on several weights at once."""
    values = []
    for k in range(len(x)):
        w = {name: stack[k] for name, stack in weights.items()}
        values.append(_single(risk(call(w, x[k : k + 1]), y[k : k + 1])))
    return torch.stack(values)


def _agree(call: StatelessCall, weights: Weights, risk: Risk, x: Tensor, y: Tensor) -> bool:
    """Whether the model can be called on several weights at once, and gives the same."""
    few = {name: stack[:2] for name, stack in weights.items()}
    want = _one_by_one(call, few, risk, x[:2], y[:2])  # its errors are the user's own
    try:
        got = _together(call, few, risk, x[:2], y[:2])
    except Exception:
        return False
    return got.shape == want.shape and bool(torch.allclose(got, want, rtol=1e-3, atol=1e-4))


def _single(value: Any) -> Tensor:
    """The risk of a single sample as a tensor of no axes."""
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise refusal("risk", ("one number for each sample", "每个样本一个数"), value, kind=True)
    return value.reshape(())


def _require_within(values: Tensor) -> None:
    if not bool(((values >= 0) & (values <= 1)).all()):
        low, high = float(values.min()), float(values.max())
        raise refusal(
            "risk",
            ("numbers from 0 to 1 for each sample", "每个样本 0 到 1 的数"),
            Text(f"{low:.3g} to {high:.3g}", f"{low:.3g} 到 {high:.3g}"),
            ("divide a bounded loss by its bound", "请把有界损失除以它的界"),
        )
