"""Noise schedules: how much of the data is left after t steps."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gradus.arguments import number, refusal, whole
from gradus.arguments.tensors import concrete, tensor
from gradus.text import Text

__all__ = ["NoiseSchedule"]


class NoiseSchedule:
    r"""How much of the data is left after each of T steps, and how much noise has come.

    .. math:: x_t=\sqrt{1-\beta_t}\,x_{t-1}+\sqrt{\beta_t}\,\varepsilon,\qquad\bar\alpha_t=\prod_{s=1}^t(1-\beta_s),\quad\bar\alpha_0=1

    Times are 1 … T, and 0 is the data: a model that counts from 0 gets `lambda x, t: model(x, t - 1)`. All is kept in float64 on the CPU, from
    sums of logarithms, and cast where it meets data.

    Args:
        betas: (T,), in (0, 1); the last may be 1, after which nothing of the data is left.

    Attributes:
        steps: T.
        betas: (T,): `betas[t - 1]` is β_t.
        alpha_bars: (T + 1,): `alpha_bars[t]` is ᾱ_t.
        noise_levels: (T + 1,): 1 − ᾱ_t, to full precision.

    Raises:
        GradusError: betas outside of (0, 1), or 1 before the end.

    Source: Sohl-Dickstein et al. 2015; Ho, Jain and Abbeel 2020.

    Example:
        >>> schedule = NoiseSchedule(torch.tensor([0.1, 0.2, 0.3]))
        >>> schedule
        NoiseSchedule(3 steps, ᾱ from 0.9 to 0.504)
    """

    def __init__(self, betas: Tensor) -> None:
        given = tensor("betas", betas, "steps", finite=True, meta=False).to("cpu", torch.float64)
        if not len(given):
            raise refusal("betas", ("one step at least", "至少一步"), Text("none", "没有"))
        if concrete(given):
            _require_shares(given)
        self.steps = len(given)
        self.betas = given
        logs = torch.cat((given.new_zeros(1), torch.log1p(-given).cumsum(0)))
        self.alpha_bars, self.noise_levels = torch.exp(logs), -torch.expm1(logs)

    @classmethod
    def linear(cls, steps: int = 1000, first: float = 1e-4, last: float = 0.02) -> NoiseSchedule:
        r"""β grows evenly: with 1000 steps from 0.0001 to 0.02 the schedule of Ho, Jain and Abbeel.

        .. math:: \beta_t=\beta_1+\tfrac{t-1}{T-1}(\beta_T-\beta_1)

        With fewer steps the same ends leave data in the last x: multiply them by 1000/T.

        Args:
            steps: T.
            first: β₁, in (0, 1).
            last: β_T, in (0, 1).

        Raises:
            GradusError: out of these ranges.

        Source: Ho, Jain and Abbeel 2020.

        Example:
            >>> NoiseSchedule.linear()
            NoiseSchedule(1000 steps, ᾱ from 0.9999 to 4.04e-05)
        """
        n = whole("steps", steps, least=1)
        ends = [
            float(number(name, value, above=0, below=1)) for name, value in (("first", first), ("last", last))
        ]
        return cls(torch.linspace(ends[0], ends[1], n, dtype=torch.float64))

    @classmethod
    def cosine(cls, steps: int = 1000, offset: float = 0.008, most: float = 0.999) -> NoiseSchedule:
        r"""ᾱ falls like a squared cosine: slowly at both ends.

        .. math:: \bar\alpha_t=\frac{f(t)}{f(0)},\quad f(t)=\cos^2\Bigl(\frac{t/T+s}{1+s}\cdot\frac\pi2\Bigr),\qquad\beta_t\le\text{most}

        Args:
            steps: T.
            offset: s, which keeps the first steps from being too small.
            most: the largest β; the cosine itself would end at 1.

        Raises:
            GradusError: no steps, a negative offset, a largest β outside of (0, 1).

        Source: Nichol and Dhariwal 2021.

        Example:
            >>> NoiseSchedule.cosine(100)
            NoiseSchedule(100 steps, ᾱ from 0.9994 to 2.43e-07)
        """
        n, s = whole("steps", steps, least=1), float(number("offset", offset, least=0))
        limit = float(number("most", most, above=0, below=1))
        angle = (torch.arange(n + 1, dtype=torch.float64) / n + s) / (1 + s) * math.pi / 2
        f = torch.cos(angle) ** 2
        return cls((1 - f[1:] / f[:-1]).clamp(1e-12, limit))

    def zero_terminal_snr(self) -> NoiseSchedule:
        r"""The schedule shifted and stretched so that nothing of the data is left at its end: ᾱ_T = 0.

        .. math:: \sqrt{\bar\alpha_t}\gets\bigl(\sqrt{\bar\alpha_t}-\sqrt{\bar\alpha_T}\bigr)\frac{\sqrt{\bar\alpha_1}}{\sqrt{\bar\alpha_1}-\sqrt{\bar\alpha_T}}

        A model must then predict the velocity or the data: at T the noise tells nothing of the data.

        Raises:
            GradusError: a schedule of one step.

        Source: Lin et al. 2024.

        Example:
            >>> NoiseSchedule.linear().zero_terminal_snr()
            NoiseSchedule(1000 steps, ᾱ from 0.9999 to 0)
        """
        if self.steps < 2:
            raise refusal("steps", ("two steps at least", "至少两步"), self.steps)
        root = self.alpha_bars[1:].sqrt()
        moved = (root - root[-1]) * root[0] / (root[0] - root[-1])
        a = moved**2
        return NoiseSchedule(1 - a / torch.cat((a.new_ones(1), a[:-1])))

    def prior_divergence(self, x: Tensor) -> Tensor:
        r"""How far x_T of the data x is from the standard normal distribution: a term of the bound, in nats a sample.

        .. math:: \mathrm{KL}\bigl(\mathcal N(\sqrt{\bar\alpha_T}x,(1-\bar\alpha_T)I)\,\|\,\mathcal N(0,I)\bigr)

        Args:
            x: (batch, …), or (batch,) of numbers.

        Returns:
            (batch,).

        Raises:
            GradusError: no tensor of floating-point numbers with an axis.

        Example:
            >>> NoiseSchedule(torch.tensor([0.75], dtype=torch.float64)).prior_divergence(torch.tensor([2.0]))  # ½(4·¼ + ¾ − 1 − ln ¾)
            tensor([0.5188])
        """
        x = tensor("x", x, finite=True)
        if not x.dim():
            raise refusal("x", ("a batch of samples", "一批样本"), x)
        left, level = self.alpha_bars[-1], self.noise_levels[-1]
        apart = level - 1 - torch.log(level)
        each = (left.to(x.device, x.dtype) * x**2 + apart.to(x.device, x.dtype)) / 2
        return each.flatten(1).sum(1) if x.dim() > 1 else each

    def __repr__(self) -> str:
        first, last = (float(self.alpha_bars.detach()[i]) for i in (1, -1))
        return f"NoiseSchedule({self.steps} steps, ᾱ from {first:.4g} to {last:.3g})"


def _require_shares(betas: Tensor) -> None:
    bad = ~((betas > 0) & (betas < 1))
    bad[-1] = not 0 < float(betas[-1].detach()) <= 1
    if bool(bad.any()):
        place = int(bad.nonzero()[0])
        came = f"{float(betas[place]):.6g} at betas[{place}]"
        noun = ("numbers in (0, 1), of which the last may be 1", "(0, 1) 中的数，最后一个可为 1")
        raise refusal("betas", noun, Text(came, f"betas[{place}] 处的 {float(betas[place]):.6g}"))
