"""Averages of classifiers: of probabilities, of their logarithms, and what the two are apart."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, refusal
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text


class ClassAverages(NamedTuple):
    """Averages over several logits for the same samples.

    Attributes:
        mixture: mean of the probabilities (n, k).
        geometric: their geometric mean, normalised (n, k): the softmax of the mean logits.
        penalty: what the mean log loss is above that of the mean logits, whatever the label (n); minus the logarithm of the
            geometric means' sum before they are normalised.
        quadratic: its second-order approximation (n), good where no network's logits are as far as 1 from the mean.

    Example:
        >>> import torch
        >>> ClassAverages(torch.ones(1, 1), torch.ones(1, 1), torch.zeros(1), torch.zeros(1)).penalty
        tensor([0.])
    """

    mixture: Tensor
    geometric: Tensor
    penalty: Tensor
    quadratic: Tensor


def class_averages(
    outputs: Float[Tensor, "s n k"], weights: Float[Tensor, " s"] | None = None
) -> ClassAverages:
    r"""Arithmetic and geometric mean of the probabilities of several networks, or of one under several dropout masks.

    .. math:: \text{mixture}=\sum_sw_s\operatorname{softmax}(z_s),\qquad
        \text{geometric}=\operatorname{softmax}(\bar z),\qquad
        R=\sum_sw_s\log\sum_ke^{z_{sk}}-\log\sum_ke^{\bar z_k}\approx\tfrac12\sum_sw_s\operatorname{Var}_{k\sim\operatorname{softmax}\bar z}(z_{sk}-\bar z_k)

    Args:
        outputs: z, the logits of each network (s ≥ 1) for each sample (n, k), as `dropout_predictions` gives them.
        weights: w, not below 0 and with sum 1; equal ones unless given.

    Returns:
        The `ClassAverages`, in float32 at least; computed in double precision where the device has it.

    Raises:
        GradusError: shapes that do not fit, logits that are not finite, weights that do not sum to 1.

    Cost: O(s n k).

    Source: Baldi and Sadowski 2013, §4; Wager, Wang and Liang 2013, §2, for the penalty.

    Example:
        >>> import torch
        >>> z = torch.tensor([[[0.0, 0.0]], [[4.0, 0.0]]])
        >>> found = class_averages(z)
        >>> [round(x, 3) for x in found.mixture[0].tolist()], [round(x, 3) for x in found.geometric[0].tolist()]
        ([0.741, 0.259], [0.881, 0.119])
    """
    sizes = Sizes()
    tensor("outputs", outputs, "s>=1 n k>=1", sizes, finite=True, meta=False)
    dtype = torch.promote_types(outputs.dtype, torch.float32)
    wide = dtype if outputs.device.type == "mps" else torch.float64
    if weights is None:
        w = torch.full((len(outputs),), 1 / len(outputs), dtype=wide, device=outputs.device)
    else:
        tensor("weights", weights, "s", sizes, finite=True, meta=False)
        same_device(outputs=outputs, weights=weights)
        w = weights.detach().to(wide)
        tolerance = 4 * torch.finfo(weights.dtype).eps * max(len(w), 4) ** 0.5
        if float(w.min()) < 0 or abs(float(w.sum()) - 1) > tolerance:
            sums = f"{float(w.min()):.3g}, {float(w.sum()):.6g}"
            raise refusal("weights", ("numbers not below 0 with sum 1", "不小于 0 且总和为 1 的数"), Text(f"least and sum {sums}", f"最小值与总和 {sums}"))  # fmt: skip
    with torch.no_grad():
        z = outputs.to(wide)
        mean = torch.tensordot(w, z, 1)
        mixture = torch.tensordot(w, z.softmax(-1), 1)
        geometric = mean.softmax(-1)
        penalty = torch.tensordot(w, z.logsumexp(-1), 1) - mean.logsumexp(-1)
        d = z - mean
        centred = d - (geometric * d).sum(-1, keepdim=True)
        variance = (geometric.sqrt() * centred).square().sum(-1)  # a probability 0 leaves nothing of any size
        quadratic = torch.tensordot(w, variance, 1) / 2
    return ClassAverages(*(t.to(dtype) for t in (mixture, geometric, penalty, quadratic)))
