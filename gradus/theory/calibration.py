"""Calibration: whether a classifier is right as often as it is sure, and the temperature that mends it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gradus.arguments import Sizes, refusal, whole
from gradus.arguments.tensors import module, same_device, tensor
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.text import Text

__all__ = ["Calibration", "calibration", "fit_temperature", "measure_calibration"]

BISECTIONS = 200  # at most: each halves an interval of double precision


class Calibration(NamedTuple):
    """How well a classifier's confidence fits its accuracy, over all samples and bin by bin.

    Attributes:
        ece: expected calibration error, the mean distance of confidence and accuracy over the bins.
        floor: what the ECE would be on average if the classifier were calibrated, bins of many samples provided.
        squared: the mean squared distance, freed of its bias; it may come out below 0.
        temperature: T by which the logits are divided for the least log loss; 0 and ∞ where none is the least.
        counts: samples of each bin (bins).
        confidence: mean confidence of each bin (bins); NaN in an empty one.
        accuracy: share of right predictions in each bin (bins); NaN in an empty one.

    Example:
        >>> Calibration(0.1, 0.02, 0.01, 1.5, [10], [0.9], [0.8]).temperature
        1.5
    """

    ece: Any
    floor: Any
    squared: Any
    temperature: Any
    counts: Any
    confidence: Any
    accuracy: Any


def calibration(logits: Float[Tensor, "n k"], labels: Int[Tensor, " n"], bins: int = 15) -> Calibration:
    r"""Reliability diagram, calibration error with its bias, and best temperature, from logits and labels.

    .. math:: \mathrm{ECE}=\sum_m\frac{n_m}n\lvert\bar c_m-\bar a_m\rvert,\qquad
        \mathrm{floor}=\frac1n\sum_m\sqrt{\tfrac2\pi\sum_{i\in m}c_i(1-c_i)},\qquad
        \mathrm{squared}=\sum_{m:\,n_m\ge2}\frac{n_m}n\Bigl((\bar c_m-\bar a_m)^2-\frac{s_m^2}{n_m}\Bigr)

    Bin m holds the confidences in ((m−1)/M, m/M]; c is the largest probability, a whether it was the label's, s² the sample
    variance of c − a in a bin.

    Args:
        logits: z (n ≥ 1, k ≥ 2), before the softmax.
        labels: the right classes (n), whole numbers from 0 to k − 1.
        bins: M.

    Returns:
        The `Calibration`, its tensors on the logits' device, in float32 at least; computed in double precision.

    Raises:
        GradusError: logits that are not finite, labels out of range, or none at all.

    Cost: O(n k) times some ten for the temperature.

    Source: Guo et al. 2017; Ferro and Fricker 2012 for the correction.

    Example:
        >>> import torch
        >>> logits = torch.tensor([[2.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        >>> found = calibration(logits, torch.tensor([0, 0, 1, 0]), bins=5)
        >>> round(float(found.ece), 4), found.counts.tolist()
        (0.1751, [0, 0, 0, 2, 2])
    """
    whole("bins", bins, least=1, most=10**6)
    z, y = _checked(logits, labels)
    dtype = torch.promote_types(logits.dtype, torch.float32)
    with torch.no_grad():
        confidence, guess = torch.softmax(z, -1).max(-1)
        right = (guess == y).to(z.dtype)
        edges = torch.arange(1, bins, device=z.device, dtype=z.dtype) / bins
        index = torch.bucketize(confidence, edges)
        counts = torch.bincount(index, minlength=bins)

        def total(values: Tensor) -> Tensor:
            return torch.zeros(bins, dtype=z.dtype, device=z.device).index_add_(0, index, values)

        n = counts.to(z.dtype)
        share, gap = n / len(z), (total(confidence) - total(right)) / n
        rest = confidence - right - gap[index]
        variance = total(rest * rest) / (n - 1)
        ece = (share * gap.abs())[counts > 0].sum()
        floor = (total(confidence * (1 - confidence)) * (2 / math.pi)).sqrt().sum() / len(z)
        squared = (share * (gap.square() - variance / n))[counts > 1].sum()
        temperature = _temperature(z, y)
    return Calibration(
        ece=ece.to(dtype),
        floor=floor.to(dtype),
        squared=squared.to(dtype),
        temperature=temperature.to(dtype),
        counts=counts,
        confidence=(total(confidence) / n).to(dtype),
        accuracy=(total(right) / n).to(dtype),
    )


def fit_temperature(logits: Float[Tensor, "n k"], labels: Int[Tensor, " n"]) -> Tensor:
    r"""The temperature with the least log loss: T > 0 by which the logits are to be divided.

    .. math:: T=\arg\min_T\ \frac1n\sum_i\Bigl(\log\sum_je^{z_{ij}/T}-z_{iy_i}/T\Bigr)

    The loss is convex in 1/T; its slope there is brought to 0 by Newton's step, safeguarded by an interval. Where every
    label's logit is the largest of its row the loss falls down to T = 0; where the labels' logits are no larger than the rows'
    means on average, up to T = ∞. Where all logits of each row are equal every T does, and 1 is returned.

    Args:
        logits: z (n ≥ 1, k ≥ 2), of samples that the network was not trained on.
        labels: the right classes (n), whole numbers from 0 to k − 1.

    Returns:
        T, a tensor without axes, in float32 at least; computed in double precision.

    Raises:
        GradusError: logits that are not finite, labels out of range, or none at all.

    Cost: O(n k) a step, some ten steps.

    Source: Guo et al. 2017, §4.2.

    Example:
        >>> import torch
        >>> logits = torch.tensor([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [2.0, 0.0]])
        >>> round(float(fit_temperature(logits, torch.tensor([0, 0, 0, 1]))), 4)  # 2 / ln 3
        1.8205
    """
    z, y = _checked(logits, labels)
    with torch.no_grad():
        return _temperature(z, y).to(torch.promote_types(logits.dtype, torch.float32))


@torch.inference_mode(False)
def measure_calibration(
    model: nn.Module, data: Iterable[tuple[Tensor, Tensor]], *, bins: int = 15
) -> Calibration:
    r"""The calibration of a model whose outputs are logits, on any number of batches.

    The model is called in the mode in which it stands, without gradients, and left as it was: in training mode dropout and
    batch statistics take part, so call `model.eval()` before, unless they shall.

    Args:
        model: any module from a batch of inputs to logits (b, k).
        data: batches (inputs, labels) that the model was not trained on, as of a DataLoader; one pair of tensors stands in a list.
        bins: M.

    Returns:
        What `calibration` gives of all samples together.

    Raises:
        GradusError: no module, no batch, or outputs and labels that do not fit.

    Cost: one forward pass over the data.

    Source: Guo et al. 2017.

    Example:
        >>> import torch
        >>> inputs, labels = torch.eye(3), torch.tensor([0, 1, 1])
        >>> round(float(measure_calibration(torch.nn.Identity(), [(inputs, labels)]).ece), 4)
        0.0905
    """
    module("model", model)
    if not isinstance(data, Iterable) or isinstance(data, (str, bytes, dict, Tensor)):
        raise refusal("data", ("batches (inputs, labels)", "各批 (inputs, labels)"), data, kind=True)
    whole("bins", bins, least=1, most=10**6)
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    with unchanged(model), torch.no_grad():
        for number, batch in enumerate(data):
            inputs, y = _pair(number, batch)
            z, y = _checked(model(inputs), y, f"model(data[{number}][0])", f"data[{number}][1]")
            if logits and logits[0].shape[1] != z.shape[1]:
                shapes = f"{logits[0].shape[1]}, {z.shape[1]}"
                raise refusal("model", ("as many logits in every batch", "各批的 logits 个数相同"), Text(shapes, shapes))  # fmt: skip
            logits.append(z)
            labels.append(y)
    if not logits:
        raise refusal("data", ("at least one batch", "至少一个批次"), Text("none", "没有批次"))
    return calibration(torch.cat(logits), torch.cat(labels), bins)


def _pair(number: int, batch: Any) -> tuple[Any, Tensor]:
    """Inputs and labels of a batch."""
    if not isinstance(batch, (tuple, list)) or len(batch) != 2 or not isinstance(batch[1], Tensor):
        raise refusal(f"data[{number}]", ("a pair (inputs, labels)", "一对 (inputs, labels)"), batch, kind=True)  # fmt: skip
    inputs = batch[0]
    return outside_of_inference(inputs) if isinstance(inputs, Tensor) else inputs, batch[1]


def _checked(
    logits: Any, labels: Any, logits_name: str = "logits", labels_name: str = "labels"
) -> tuple[Tensor, Tensor]:
    """Logits in double precision where the device has it, and labels, that fit each other."""
    sizes = Sizes()
    tensor(logits_name, logits, "n>=1 k>=2", sizes, finite=True, meta=False)
    tensor(labels_name, labels, "n", sizes, dtype="integer", meta=False)
    same_device(logits=logits, labels=labels)
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= logits.shape[1]:
        k = logits.shape[1]
        raise refusal(labels_name, (f"classes from 0 to {k - 1}", f"0 到 {k - 1} 的类别"), Text(f"{low} to {high}", f"{low} 到 {high}"))  # fmt: skip
    wide = torch.float32 if logits.device.type == "mps" else torch.float64
    return logits.detach().to(wide), labels.detach().long()


def _temperature(z: Tensor, y: Tensor) -> Tensor:
    """T, from the root in β = 1/T of the slope of the mean log loss."""
    d = 0.25 * z - 0.25 * z.gather(
        1, y[:, None]
    )  # how far each logit lies above the label's; a quarter does not overflow
    size = d.abs().max()
    if not bool(size > 0):
        return torch.ones_like(size)
    if bool((d <= 0).all()):
        return torch.zeros_like(size)
    d = d / size
    if bool(d.mean() >= 0):
        return torch.full_like(size, math.inf)
    return size / _root(d) * 4


def _root(d: Tensor) -> float:
    """β > 0 at which the slope, which rises, is 0: Newton's step, halved or doubled where it leaves the interval."""
    low, high, beta = 0.0, math.inf, 1.0
    for _ in range(BISECTIONS):
        p = torch.softmax(beta * d, -1)
        each = (p * d).sum(-1)
        slope, bend = float(each.mean()), float((p * (d - each[:, None]).square()).sum(-1).mean())
        if slope == 0:
            break
        low, high = (beta, high) if slope < 0 else (low, beta)
        new = beta - slope / bend if bend > 0 else math.inf
        if not low < new < high:
            new = 2 * beta if high == math.inf else (low + high) / 2
        if high == math.inf:
            new = min(new, 8 * beta)
        if abs(new - beta) <= 2.0**-51 * beta:
            return new
        beta = new
    return beta
