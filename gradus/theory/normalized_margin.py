"""The margin of a network on its way, over the power of its weights' norm by which its outputs scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import refusal
from gradus.optimization.batch_loss import trainable
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.classifier_batches import batches_of, margins_of
from gradus.theory.homogeneous_network import wide
from gradus.theory.sample_outputs import outputs_of, require_independent

CHECKED = 64  # samples on which it is tried how the outputs scale


class NormalizedMargin(NamedTuple):
    """How far a classifier has gone towards a large margin.

    Attributes:
        value: the smallest margin over ‖θ‖ᴸ; above 0 if all samples are classified rightly.
        smoothed: a lower bound of it, read off the loss; along gradient flow it never falls once the summed loss is below ln 2.
        degree: L, by which the outputs scale with the parameters.
        norm: ‖θ‖, of all parameters.
        smallest: the smallest margin itself.
        errors: the share of samples with a margin of 0 or less.

    Example:
        >>> NormalizedMargin(value=0.5, smoothed=0.4, degree=2, norm=2.0, smallest=2.0, errors=0.0).value
        0.5
    """

    value: Any
    smoothed: Any
    degree: Any
    norm: Any
    smallest: Any
    errors: Any


@torch.inference_mode(False)
def normalized_margin(model: nn.Module, data: Iterable[tuple[Tensor, Tensor]]) -> NormalizedMargin:
    r"""The normalised margin of a homogeneous network, the quantity that descent on the cross-entropy makes large.

    .. math:: \bar\gamma=\frac{\min_im_i}{\lVert\theta\rVert^L},\qquad
        \tilde\gamma=\frac{-\log(e^{\mathcal L}-1)}{\lVert\theta\rVert^L}\le\bar\gamma,\qquad f(c\,\theta)=c^Lf(\theta)\ (c>0)

    m is the label's output less the largest other one, 𝓛 the sum of the cross-entropies over all samples. A linear model without offset
    has L = 1; with one output γ̄ is at most the margin that `implicit_bias` finds, with two at most √2 times it. k layers without offsets with
    ReLU between have L = k. Whether the outputs scale so is tried on the first samples; offsets, normalisation with ε, or residual branches of several depths break it. Call it along
    the training: the smoothed margin still rises long after the last error.

    Args:
        model: a classifier of logits; of a single output f, −f/2 and f/2 for the labels 0 and 1, so that its margin is ±f.
        data: batches (inputs, labels), or one pair.

    Returns:
        The `NormalizedMargin`, of numbers.

    Raises:
        GradusError: outputs that do not scale by a whole power of the parameters, samples that depend on each other, or labels that do not fit.

    Cost: one forward pass over the data, and one over the first samples.

    Source: Lyu and Li 2020.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> _ = model.weight.data.copy_(torch.tensor([[3.0, 4.0]]))
        >>> found = normalized_margin(model, (torch.tensor([[1.0, 0.0], [0.0, -2.0]]), torch.tensor([1, 0])))
        >>> round(found.value, 3), found.degree, found.smallest
        (0.6, 1, 3.0)
    """
    pairs = batches_of(model, data)
    parameters = trainable(model)
    margins: list[Tensor] = []
    total, degree = 0.0, None
    with unchanged(model), torch.no_grad():
        norm = math.sqrt(sum(float(p.to(wide(p)).square().sum()) for p in parameters))
        for name, inputs, labels in pairs:
            if degree is None:
                require_independent(model, [inputs])
                degree = _degree(model, parameters, inputs[:CHECKED])
            f = outputs_of(model, inputs)
            f = f.to(wide(f))
            margins.append(margins_of(f, labels, name).cpu())
            total += float(_cross_entropy(f, labels))
    m = torch.cat(margins)
    smallest = float(m.min())
    if not math.isfinite(smallest) or not math.isfinite(norm):
        raise refusal("model", ("one with finite outputs", "输出有限的模型"), Text("outputs that are not finite", "非有限的输出"))  # fmt: skip
    assert degree is not None
    scale = norm**degree
    smooth = -total - math.log(-math.expm1(-total)) if total > 0 else smallest  # −log(e^𝓛 − 1)
    return NormalizedMargin(
        smallest / scale, smooth / scale, degree, norm, smallest, float((m <= 0).double().mean())
    )


def _cross_entropy(f: Tensor, labels: Tensor) -> Tensor:
    """The sum over the samples of log(1 + Σ e^{f_j − f_y}), exact where it is far below the rounding of 1."""
    if f.shape[1] == 1:
        return torch.nn.functional.softplus(-f[:, 0] * (2 * labels - 1), threshold=1e4).sum()
    own = f.gather(1, labels[:, None])
    others = (f - own).scatter(1, labels[:, None], -math.inf)
    return torch.log1p(others.exp().sum(1)).where(others.amax(1) < 30, others.logsumexp(1)).sum()


def _degree(model: nn.Module, parameters: list[nn.Parameter], inputs: Tensor) -> int:
    """L with f(2θ) = 2ᴸ f(θ), tried with 2 and ½.

    Raises:
        GradusError: there is none.
    """
    f = outputs_of(model, inputs)
    found = []
    for factor in (2.0, 0.25):
        for p in parameters:
            p.mul_(factor)
        found.append(outputs_of(model, inputs))
    for p in parameters:
        p.mul_(2.0)
    size, eps = float(f.norm()), torch.finfo(f.dtype).eps
    if not 0 < size < math.inf:
        raise refusal("model", ("one whose outputs are not all 0", "输出不全为 0 的模型"), Text("outputs that are 0 or not finite", "为 0 或非有限的输出"))  # fmt: skip
    ratio = float(found[0].norm()) / size
    degree = round(math.log2(ratio)) if 0 < ratio < math.inf else 0
    apart = max(float((g / c**degree - f).norm()) / size for g, c in zip(found, (2.0, 0.5), strict=True))
    if degree < 1 or not apart <= 64 * eps**0.75:
        raise refusal(
            "model",
            ("outputs that scale by a whole power of the parameters", "输出随参数按整数次幂缩放的模型"),
            Text(f"outputs {ratio:.3g} times as large for twice the parameters, off by {apart:.2g}", f"参数加倍时输出变为 {ratio:.3g} 倍，偏差 {apart:.2g}"),
            ("offsets and normalisation break it; build the layers with bias=False", "偏置与归一化会破坏它；请用 bias=False 构造各层"),
        )  # fmt: skip
    return degree
