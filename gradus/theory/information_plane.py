"""What a layer is said to know of its inputs and of the labels: by binning, and under added noise."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gradus.arguments import Sizes, number, refusal, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text

BLOCK = 2**24  # entries of a block of distances


class InformationPlane(NamedTuple):
    """Estimates of mutual information, in nats; each is of another random variable than the layer's output itself.

    Attributes:
        binned_input: I(X; T̂), T̂ the bins in which the outputs lie.
        binned_label: I(T̂; Y).
        upper_input: upper bound of I(X; T + noise).
        lower_input: lower bound of I(X; T + noise).
        noisy_label: estimate of I(T + noise; Y), the difference of two upper bounds.

    Example:
        >>> InformationPlane(0.7, 0.7, 0.6, 0.5, 0.6).binned_input
        0.7
    """

    binned_input: Any
    binned_label: Any
    upper_input: Any
    lower_input: Any
    noisy_label: Any


def information_plane(
    activations: Float[Tensor, "n d"],
    labels: Int[Tensor, " n"],
    bins: int = 30,
    low: float = -1.0,
    high: float = 1.0,
    noise: float = 0.1,
) -> InformationPlane:
    r"""What the outputs T of a layer tell of the input X and the label Y, by two estimators whose settings are part of the answer.

    .. math:: I(X;\hat T)=H(\hat T),\qquad I(\hat T;Y)=H(\hat T)+H(Y)-H(\hat T,Y)

    .. math:: -\frac1n\sum_i\ln\frac1n\sum_je^{-\lVert t_i-t_j\rVert^2/8\sigma^2}\le I(X;T+\sigma Z)\le
        -\frac1n\sum_i\ln\frac1n\sum_je^{-\lVert t_i-t_j\rVert^2/2\sigma^2}

    X takes the n inputs with equal probability. For a deterministic layer I(X; T) itself is the entropy of its distinct outputs, ln n where they all differ,
    and infinite for a continuous X and outputs with a density; both estimators measure a coarser T, and what they say depends on how coarse.

    Args:
        activations: t_i, the outputs for n inputs, a row each.
        labels: y_i, whole numbers.
        bins: of equal width, for each unit.
        low: where the first begins; what lies below is put into it.
        high: where the last ends; what lies above is put into it.
        noise: σ of the normal noise Z that is thought to be added to each unit.

    Returns:
        The `InformationPlane`, computed in double precision where the device has it.

    Raises:
        GradusError: values that are not finite, shapes that do not fit, numbers out of range.

    Cost: O(n² d), in blocks.

    Source: Shwartz-Ziv and Tishby 2017 for the bins; Kolchinsky and Tracey 2017 for the bounds; Saxe et al. 2018 for what they depend on.

    Example:
        >>> import torch
        >>> t = torch.tensor([[-0.9], [-0.8], [0.7], [0.9]])
        >>> found = information_plane(t, torch.tensor([0, 0, 1, 1]), bins=2)
        >>> round(float(found.binned_input), 4), round(float(found.binned_label), 4)
        (0.6931, 0.6931)
    """
    sizes = Sizes()
    tensor("activations", activations, "n>=1 d>=1", sizes, finite=True, meta=False)
    tensor("labels", labels, "n", sizes, dtype="integer", meta=False)
    same_device(activations=activations, labels=labels)
    count = whole("bins", bins, least=1)
    first, last = number("low", low), number("high", high)
    if first >= last:
        ends = f"{first:g}, {last:g}"
        raise refusal("low", ("less than high", "小于 high"), Text(ends, ends))
    sigma = number("noise", noise, above=0)
    with torch.no_grad():
        t = activations.detach().to(torch.float32 if activations.device.type == "mps" else torch.float64)
        y = labels.detach().long()
        cells = ((t - first) / (last - first) * count).floor().clamp(0, count - 1).long()
        _, cell = cells.unique(dim=0, return_inverse=True)
        _, label = y.unique(return_inverse=True)
        both = cell * (int(label.max()) + 1) + label
        binned = _entropy(cell)
        joint = binned + _entropy(label) - _entropy(both)
        upper, lower = (_pairwise(t, scale * sigma) for scale in (1.0, 2.0))
        within = sum(
            float((label == c).double().mean()) * _pairwise(t[label == c], sigma)
            for c in range(int(label.max()) + 1)
        )
    found = (binned, joint, upper, lower, upper - within)
    dtype = torch.promote_types(activations.dtype, torch.float32)
    return InformationPlane(*(torch.as_tensor(v, dtype=dtype, device=activations.device) for v in found))


def _entropy(index: Tensor) -> float:
    share = index.bincount().double() / len(index)
    share = share[share > 0]
    return max(0.0, -float((share * share.log()).sum()))


def _pairwise(t: Tensor, sigma: float) -> float:
    """−mean ln mean exp(−‖t_i − t_j‖²/2σ²)."""
    n, total = len(t), 0.0
    for block in t.split(max(1, BLOCK // (n * t.shape[1]))):
        squares = (block[:, None] - t).div(sigma).square().sum(2)
        total += float(torch.logsumexp(-squares / 2, 1).sum())
    return max(0.0, math.log(n) - total / n)
