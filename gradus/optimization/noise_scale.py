"""How noisy gradients are: the noise scale, which says up to which batch size more samples save steps."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gradus.arguments import number, refusal, whole
from gradus.arguments.tensors import concrete, tensor
from gradus.optimization.batch_loss import Loss, checked, trainable, value_of
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text


class NoiseScale(NamedTuple):
    """What is known of the noise of gradients.

    Attributes:
        trace: of a sample's covariance Σ, unbiased.
        square: |G|² of the true gradient G, unbiased; it may come out below 0 where the noise hides it.
        scale: tr Σ / |G|²; ∞ where the square is not above 0.

    Example:
        >>> NoiseScale(trace=8.0, square=4.0, scale=2.0).scale
        2.0
    """

    trace: Any
    square: Any
    scale: Any


def gradient_noise_scale(gradients: Float[Tensor, "n d"], batch_size: int = 1) -> NoiseScale:
    r"""The noise scale from gradients of samples, or of batches of b samples each.

    .. math:: \widehat{\operatorname{tr}\Sigma}=\frac b{n-1}\sum_i\lVert g_i-\bar g\rVert^2,\qquad
        \widehat{\lVert G\rVert^2}=\lVert\bar g\rVert^2-\frac{\widehat{\operatorname{tr}\Sigma}}{nb},\qquad
        \mathcal B=\frac{\widehat{\operatorname{tr}\Sigma}}{\widehat{\lVert G\rVert^2}}

    Numerator and denominator are unbiased, their quotient is not: average them over several measurements before dividing.

    Args:
        gradients: g, one row a sample or batch (n ≥ 2, d).
        batch_size: b.

    Returns:
        Trace, square and scale, each a tensor without axes, in float32 at least: sums of squares leave the range of float16.

    Raises:
        GradusError: fewer than two rows, or values that are not finite.

    Cost: O(n d).

    Source: McCandlish et al. 2018, §2.2 and appendix A.1.

    Example:
        >>> import torch
        >>> gradients = torch.tensor([[4.0, 0.0], [2.0, 2.0], [2.0, -2.0], [0.0, 0.0]])
        >>> [round(float(x), 3) for x in gradient_noise_scale(gradients)]
        [5.333, 2.667, 2.0]
    """
    tensor("gradients", gradients, "n>=2 d>=1", finite=True)
    b, n = whole("batch_size", batch_size, least=1), len(gradients)
    wide = gradients.to(torch.promote_types(gradients.dtype, torch.float32))
    mean = wide.mean(0)
    trace = b * (wide - mean).square().sum() / (n - 1)
    square = mean.square().sum() - trace / (n * b)
    if concrete(trace) and not (bool(trace.isfinite()) and bool(square.isfinite())):
        raise refusal("gradients", ("ones whose squares the precision holds", "其平方不超出精度范围的梯度"), gradients)  # fmt: skip
    return NoiseScale(trace, square, _quotient(trace, square))


def _quotient(trace: Tensor, square: Tensor) -> Tensor:
    above = square > 0
    return torch.where(above, trace / torch.where(above, square, 1.0), math.inf)


@torch.inference_mode(False)
def measure_noise_scale(
    model: nn.Module,
    loss: Loss,
    data: tuple[Tensor, Tensor],
    *,
    batch_size: int = 16,
    batches: int = 64,
    seed: int = 0,
) -> NoiseScale:
    r"""The noise scale of a model's gradients at its present weights, from batches drawn with replacement.

    As `gradient_noise_scale` of the batches' gradients, without keeping them: only their sum and the sum of their squares.
    The model is left as it was, its buffers and PyTorch's generator too; it is measured in the mode in which it stands.

    Args:
        model: any module.
        loss: `loss(outputs, targets)`, a mean over the batch.
        data: inputs and targets, samples along the first axis.
        batch_size: b, samples a batch.
        batches: n ≥ 2.
        seed: of the draws.

    Returns:
        Trace, square and scale as floats.

    Raises:
        GradusError: data that do not fit, no parameters to train, or gradients that are not finite.

    Cost: n gradients of batches of b samples.

    Source: McCandlish et al. 2018, appendix A.1.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> _ = torch.nn.init.zeros_(model.weight)
        >>> x = torch.ones(1000, 1)
        >>> y = 1 + 2 * torch.randn(1000, 1, generator=torch.Generator().manual_seed(0))
        >>> 3 < measure_noise_scale(model, lambda o, t: (o - t).square().mean() / 2, (x, y), batches=400).scale < 5
        True
    """
    inputs, targets = checked(model, loss, data)
    b, n = whole("batch_size", batch_size, least=1), whole("batches", batches, least=2)
    generator = torch.Generator().manual_seed(whole("seed", seed, least=0))
    parameters = trainable(model)
    with unchanged(model):
        total, squares = [torch.zeros_like(p, dtype=torch.float64) for p in parameters], 0.0
        for _ in range(n):
            rows = torch.randint(len(inputs), (b,), generator=generator).to(inputs.device)
            value = value_of(loss, model, inputs[rows], targets[rows])
            gradients = torch.autograd.grad(value, parameters, allow_unused=True)
            for t, g in zip(total, gradients, strict=True):
                if g is not None:
                    t.add_(g)
                    squares += float(g.double().square().sum())
    mean_square = sum(float((t / n).square().sum()) for t in total)
    if not math.isfinite(squares + mean_square):
        raise refusal("loss", ("one with finite gradients at the model's weights", "在模型当前权重处梯度有限的损失"), Text("gradients that are not finite", "非有限的梯度"))  # fmt: skip
    trace = max(b * (squares - n * mean_square) / (n - 1), 0.0)
    square = mean_square - trace / (n * b)
    return NoiseScale(trace, square, trace / square if square > 0 else math.inf)


def step_at_batch_size(step: float, batch_size: float, new_batch_size: float, noise_scale: float) -> float:
    r"""The step size at another batch size: proportional to it far below the noise scale, constant far above.

    .. math:: \alpha'=\alpha\,\frac{1+\mathcal B/b}{1+\mathcal B/b'}

    Args:
        step: α, which suits the batch size b.
        batch_size: b.
        new_batch_size: b'.
        noise_scale: 𝓑; ∞ for the linear scaling rule α b'/b.

    Raises:
        GradusError: a value out of range.

    Source: McCandlish et al. 2018, eq. 2.8; the linear rule as Goyal et al. 2017.

    Example:
        >>> step_at_batch_size(0.1, 32, 64, noise_scale=float("inf")), round(step_at_batch_size(0.1, 32, 64, 32.0), 4)
        (0.2, 0.1333)
    """
    step, noise_scale = (
        number("step", step, above=0),
        number("noise_scale", noise_scale, least=0, infinite=True),
    )
    b, new = number("batch_size", batch_size, above=0), number("new_batch_size", new_batch_size, above=0)
    if noise_scale == math.inf:
        scaled = step * (new / b)
    else:
        scaled = step * ((b + noise_scale) / b) * (new / (new + noise_scale))
    if not 0 < scaled < math.inf:
        raise refusal("step, batch_size, new_batch_size", ("numbers whose quotient can be held", "其商可表示的数"), Text(f"{step:g}, {b:g}, {new:g}", f"{step:g}、{b:g}、{new:g}"))  # fmt: skip
    return scaled
