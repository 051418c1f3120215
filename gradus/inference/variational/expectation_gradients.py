"""The derivative of an expectation by the parameters of its distribution: through the draws, or by the score."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Distribution

from gradus.arguments import function as callable_argument
from gradus.arguments import number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.inference.variational.draws import checks_on, distribution, seeded, values
from gradus.text import Text

__all__ = ["GradientEstimate", "pathwise_gradient", "score_gradient"]


class GradientEstimate(NamedTuple):
    """An unbiased estimate of the derivative of an expectation, one entry a parameter.

    Attributes:
        gradients: the means over all draws.
        standard_errors: of them, from the spread of the groups.
        variances: of a group's mean, times the draws of a group: of the estimate by a single draw, where the draws are
            independent (by leave-one-out they nearly are).
        groups: the means of the groups, along a first axis; independent of each other.

    Example:
        >>> GradientEstimate((torch.tensor(2.0),), (torch.tensor(0.1),), (torch.tensor(10.0),), (torch.zeros(50),))
        GradientEstimate(2 ± 0.1)
    """

    gradients: tuple[Tensor, ...]
    standard_errors: tuple[Tensor, ...]
    variances: tuple[Tensor, ...]
    groups: tuple[Tensor, ...]

    def __repr__(self) -> str:
        shown = [
            f"{float(g):.6g} ± {float(e):.2g}" if g.numel() == 1 else f"of shape {tuple(g.shape)}"
            for g, e in zip(self.gradients, self.standard_errors, strict=True)
        ]
        return f"GradientEstimate({', '.join(shown)})"


def pathwise_gradient(
    function: Callable[[Tensor], Tensor],
    law: Callable[..., Distribution],
    parameters: Sequence[Tensor],
    *,
    samples: int = 1000,
    groups: int = 50,
    seed: int | None = None,
) -> GradientEstimate:
    r"""The derivative of E f(z) through the draws z = g(ε; θ), with its standard error and variance.

    .. math:: \nabla_\theta\,\mathbb E_{q_\theta}f(z)=\mathbb E_\varepsilon\bigl[f'(g(\varepsilon;\theta))\,\nabla_\theta g(\varepsilon;\theta)\bigr]

    f must be continuous, and smooth but for single points: what jumps is left out, without a sign of it (`score_gradient` has no such need).

    Args:
        function: f: gets draws (draws, batch …, event …), gives one number a draw, (draws, batch …); summed over the batch.
        law: makes the distribution of its parameters, such as `torch.distributions.Normal`; it must have `rsample`.
        parameters: θ, tensors that are left as they are.
        samples: draws, rounded up to a multiple of the groups.
        groups: independent means that the standard error is taken from.
        seed: of the draws; None draws from PyTorch's own generator.

    Returns:
        The `GradientEstimate`.

    Raises:
        GradusError: a distribution without `rsample`, a function whose derivative PyTorch does not know, values that are no numbers,
            parameters that the distribution refuses.

    Cost: one forward and backward pass a group.

    Source: Kingma and Welling 2014; Mohamed et al. 2020, §5.

    Example:
        >>> import torch
        >>> from torch.distributions import Normal
        >>> found = pathwise_gradient(lambda x: x**2, Normal, (torch.tensor(1.0), torch.tensor(0.5)), samples=4000, seed=0)
        >>> all(abs(g - w) < 5 * e for g, w, e in zip(found.gradients, (2.0, 1.0), found.standard_errors))
        True
    """
    return _estimate(function, law, parameters, samples, groups, seed, False, None)


def score_gradient(
    function: Callable[[Tensor], Tensor],
    law: Callable[..., Distribution],
    parameters: Sequence[Tensor],
    *,
    baseline: float | str | None = "leave-one-out",
    samples: int = 1000,
    groups: int = 50,
    seed: int | None = None,
) -> GradientEstimate:
    r"""The derivative of E f(z) by the score, for any f and any distribution, with its standard error and variance.

    .. math:: \nabla_\theta\,\mathbb E_{q_\theta}f(z)=\mathbb E_{q_\theta}\bigl[(f(z)-b)\,\nabla_\theta\ln q_\theta(z)\bigr]

    f need not be differentiable, nor z continuous. The baseline b changes the variance alone, so long as it does not depend on the draw.

    Args:
        function: f: gets draws (draws, batch …, event …), gives one number a draw, (draws, batch …); summed over the batch.
        law: makes the distribution of its parameters, such as `torch.distributions.Bernoulli`; its support must not depend on them.
        parameters: θ, tensors that are left as they are.
        baseline: b: a number, "leave-one-out" for the mean of f over the other draws of the group, None for 0.
        samples: draws, rounded up to a multiple of the groups.
        groups: independent means that the standard error is taken from.
        seed: of the draws; None draws from PyTorch's own generator.

    Returns:
        The `GradientEstimate`.

    Raises:
        GradusError: groups of one draw with leave-one-out, values that are no numbers, parameters that the distribution refuses.

    Cost: one pass of f, one forward and backward pass of the log-density a group.

    Source: Williams 1992; Mohamed et al. 2020, §4; leave-one-out: Kool et al. 2019.

    Example:
        >>> import torch
        >>> from torch.distributions import Bernoulli
        >>> found = score_gradient(lambda z: (z - 0.45) ** 2, Bernoulli, (torch.tensor(0.4),), samples=4000, seed=0)
        >>> bool(abs(found.gradients[0] - 0.1) < 5 * found.standard_errors[0])
        True
    """
    if baseline is not None and baseline != "leave-one-out":
        baseline = float(number("baseline", baseline))
    return _estimate(function, law, parameters, samples, groups, seed, True, baseline)


def _estimate(
    f: Any, law: Any, parameters: Any, samples: Any, groups: Any, seed: Any, by_score: bool, baseline: Any
) -> GradientEstimate:
    callable_argument("function", f, "lambda z: z**2")
    callable_argument("law", law, "torch.distributions.Normal")
    count = whole("groups", groups, least=2)
    size = -(-whole("samples", samples, least=2) // count)
    if size == 1 and baseline == "leave-one-out":
        mend = (
            f"draw {2 * count} samples, or give baseline=None",
            f"请抽取 {2 * count} 个样本，或令 baseline=None",
        )
        raise refusal("samples", ("two or more a group", "每组不少于两个"), samples, mend)
    if not isinstance(parameters, (tuple, list)) or not parameters:
        raise refusal("parameters", ("a tuple of tensors", "张量的元组"), parameters, kind=True)
    thetas = [tensor(f"parameters[{i}]", p, finite=True, meta=False) for i, p in enumerate(parameters)]
    rows: list[tuple[Tensor, ...]] = []
    with torch.inference_mode(False), torch.enable_grad(), seeded(seed):
        leaves = [p.detach().clone().requires_grad_() for p in thetas]
        for _ in range(count):
            q = _made(law, leaves)
            target = _by_score(f, q, size, baseline) if by_score else _through_draws(f, q, size)
            found = torch.autograd.grad(target, leaves, allow_unused=True)
            rows.append(
                tuple(torch.zeros_like(p) if g is None else g for g, p in zip(found, leaves, strict=True))
            )
    means = tuple(torch.stack(column) for column in zip(*rows, strict=True))
    errors = tuple(m.std(0) / math.sqrt(count) for m in means)
    return GradientEstimate(
        tuple(m.mean(0) for m in means), errors, tuple(m.var(0) * size for m in means), means
    )


def _made(law: Any, parameters: list[Tensor]) -> Distribution:
    """The distribution of the parameters.

    Raises:
        GradusError: the distribution does not take them: their values, shapes or number; or it makes something else.
    """
    try:
        with checks_on():
            made = law(*parameters)
    except (TypeError, ValueError, RuntimeError) as error:
        came = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise refusal(
            "parameters", ("parameters that the distribution takes", "分布所接受的参数"), Text(came, came)
        ) from error
    return distribution("law", made)


def _through_draws(f: Any, q: Distribution, size: int) -> Tensor:
    if not q.has_rsample:
        mend = ("use score_gradient", "请用 score_gradient")
        raise refusal("law", ("a distribution with rsample", "具有 rsample 的分布"), q, mend)
    z = q.rsample((size,))
    found = values("function", f(z), (size, *q.batch_shape), len(q.event_shape))
    if not found.requires_grad:
        mend = (
            "a step is 0 where it has one; use score_gradient",
            "阶梯函数凡可导处导数都为 0；请用 score_gradient",
        )
        raise refusal(
            "function", ("values whose derivative PyTorch knows", "PyTorch 知道其导数的值"), found, mend
        )
    return found.sum() / size


def _by_score(f: Any, q: Distribution, size: int, baseline: Any) -> Tensor:
    with torch.no_grad():
        z = q.sample((size,))
        found = values("function", f(z), (size, *q.batch_shape), len(q.event_shape))
        others = (
            (found.sum(0) - found) / (size - 1) if baseline == "leave-one-out" else float(baseline or 0.0)
        )
        reward = found - others
    return (reward * q.log_prob(z)).sum() / size
