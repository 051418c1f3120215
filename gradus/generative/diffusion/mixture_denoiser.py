"""The best model there is, in closed form, where the data are a mixture of normal distributions."""

from __future__ import annotations

import torch
from torch import Tensor

from gradus.arguments import choice, refusal, whole
from gradus.arguments.shapes import Sizes
from gradus.arguments.tensors import same_kind, tensor
from gradus.generative.diffusion.coefficients import PREDICTIONS, at, scheduled, times
from gradus.generative.diffusion.model_calls import drawing
from gradus.generative.diffusion.predictions import converted
from gradus.generative.diffusion.schedule import NoiseSchedule
from gradus.text import Text

__all__ = ["GaussianMixtureDenoiser"]


class GaussianMixtureDenoiser:
    r"""A model that is never wrong, for data from a mixture of round normal distributions: to judge samplers by.

    .. math:: x_t\sim\sum_kw_k\,\mathcal N(\sqrt{\bar\alpha_t}\,m_k,v_k),\quad v_k=\bar\alpha_ts_k^2+1-\bar\alpha_t,\qquad
        \mathbb E[\varepsilon\mid x_t]=\sqrt{1-\bar\alpha_t}\sum_kr_k(x_t)\frac{x_t-\sqrt{\bar\alpha_t}\,m_k}{v_k}=-\sqrt{1-\bar\alpha_t}\,\nabla\ln p_t(x_t)

    with r_k the probability of component k given x_t. It is called as any model, `(x, t)`.

    Args:
        weights: w, (components,), positive; they are divided by their sum.
        means: m, (components, d).
        deviations: s, (components,), 0 or more: 0 is a point.
        schedule: the `NoiseSchedule`.
        prediction: "noise", "data" or "velocity": what it gives.

    Raises:
        GradusError: other shapes, a weight that is not positive, a negative deviation.

    Example:
        >>> from gradus.generative import NoiseSchedule
        >>> schedule = NoiseSchedule(torch.tensor([0.75]))
        >>> model = GaussianMixtureDenoiser(torch.ones(2), torch.tensor([[-1.0], [1.0]]), torch.zeros(2), schedule, prediction="data")
        >>> model(torch.tensor([[0.75]]), 1)  # tanh(√ᾱ x/(1 − ᾱ)) = tanh ½
        tensor([[0.4621]])
    """

    def __init__(
        self,
        weights: Tensor,
        means: Tensor,
        deviations: Tensor,
        schedule: NoiseSchedule,
        *,
        prediction: str = "noise",
    ) -> None:
        sizes = Sizes()
        w = tensor("weights", weights, "components", sizes, finite=True)
        m = tensor("means", means, "components d", sizes, finite=True)
        s = tensor("deviations", deviations, "components", sizes, finite=True)
        same_kind(weights=w, means=m, deviations=s)
        for name, values, fits, noun in (
            ("weights", w, w > 0, ("positive numbers", "正数")),
            ("deviations", s, s >= 0, ("numbers from 0", "不小于 0 的数")),
        ):
            if not bool(fits.all()):
                worst = f"{float(values.min()):.4g}"
                raise refusal(name, noun, Text(worst, worst))
        if not len(w):
            raise refusal("weights", ("one component at least", "至少一个分量"), Text("none", "没有"))
        self.weights, self.means, self.deviations = w / w.sum(), m, s
        self.schedule = scheduled(schedule)
        self.prediction = choice("prediction", prediction, PREDICTIONS)

    def __call__(self, x: Tensor, t: int | Tensor) -> Tensor:
        """What it predicts of x at the times t.

        Args:
            x: x_t, (batch, d), on the device of the means.
            t: 1 … T: a whole number, or one a sample.

        Returns:
            like x.

        Raises:
            GradusError: another shape, times out of range.
        """
        sizes = Sizes()
        sizes["d"] = (self.means.shape[1], "means")
        x = tensor("x", x, "batch d", sizes)
        now = times(t, x, self.schedule)
        now = now if isinstance(now, Tensor) else torch.full((len(x),), now)
        left, level = at(self.schedule.alpha_bars, now, x), at(self.schedule.noise_levels, now, x)
        m, s = self.means.to(x), self.deviations.to(x)
        variance = left * s**2 + level  # (batch, components)
        away = x[:, None] - left.sqrt()[..., None] * m
        fit = (
            self.weights.to(x).log()
            - x.shape[1] / 2 * variance.log()
            - away.square().sum(-1) / (2 * variance)
        )
        share = torch.softmax(fit, -1)
        if self.prediction == "noise":
            return level.sqrt() * (share[..., None] * away / variance[..., None]).sum(1)
        pull = left.sqrt() * s**2 / variance  # the data of each component: m + √ᾱ s²/v (x − √ᾱ m)
        data = (share[..., None] * (m + pull[..., None] * away)).sum(1)
        return converted(data, x, now, self.schedule, "data", self.prediction)

    def sample(self, count: int, *, seed: int | None = None) -> Tensor:
        """Data of the mixture itself.

        Args:
            count: how many.
            seed: of the draws; None draws from PyTorch's own generator.

        Returns:
            (count, d).

        Raises:
            GradusError: no whole number.

        Example:
            >>> from gradus.generative import NoiseSchedule
            >>> model = GaussianMixtureDenoiser(torch.ones(1), torch.zeros(1, 2), torch.ones(1), NoiseSchedule.linear())
            >>> model.sample(3, seed=0).shape
            torch.Size([3, 2])
        """
        n = whole("count", count, least=0)
        source = drawing(seed, None, self.means.device)
        which = torch.multinomial(self.weights, n, replacement=True, generator=source) if n else torch.zeros(0, dtype=torch.long)  # fmt: skip
        z = torch.randn(
            (n, self.means.shape[1]), generator=source, device=self.means.device, dtype=self.means.dtype
        )
        return self.means[which] + self.deviations[which, None] * z

    def __repr__(self) -> str:
        k, d = self.means.shape
        return f"GaussianMixtureDenoiser({k} component{'s' * (k != 1)} in {d} dimension{'s' * (d != 1)}, predicts {self.prediction})"
