"""A classifier's error bounded by its margins and its norms."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from gradus.arguments import number
from gradus.arguments.tensors import module
from gradus.optimization.unchanged_model import unchanged
from gradus.theory.generalisation_bound import GeneralisationBound
from gradus.theory.homogeneous_network import LinearMap
from gradus.theory.margin_bound import best_margin, chain_margins, margin_bound


@torch.inference_mode(False)
def rademacher_bound(
    model: nn.Module,
    data: Iterable[tuple[Tensor, Tensor]],
    *,
    margin: float | None = None,
    confidence: float = 0.95,
) -> GeneralisationBound:
    r"""An upper bound on a classifier's probability of error, from its margins on the training data and its weights' norms.

    .. math:: P(m\le0)\le\frac1n\sum_i\min\bigl(1,\max(0,1-\tfrac{m_i}\gamma)\bigr)
        +2\kappa\,a_j\bigl(1+\sqrt{2(L-1)\ln2}\bigr)\frac{\sqrt{\sum_i\lVert x_i\rVert^2}}n
        +3\sqrt{\frac{\ln(2/\delta_j)}{2n}},\qquad
        a_j\ge\frac k\gamma\max_c\lVert w_c\rVert\prod_{l<L}\lVert W_l\rVert_F

    The margin m is the label's output less the largest other one; κ = 2 for k ≥ 2 outputs. With one output f and labels 0 and
    1, m is −f and f, κ = k = 1. L is the number of linear layers, w_c the rows of the last. Offsets count as weights from one more unit, which
    is 1 throughout. The bound holds for all a_j = 2^{j/8} at once, j a whole number, with
    δ_j = ⅔ δ / ((|j|+1)(|j|+2)), and therefore for the norms that training led to and the margin γ that is best.

    Args:
        model: whose layers form a chain: dense or convolutional, between them ReLU, or leaky ReLU with a
            fixed slope of at most 1 in size; views in between and dropout in eval mode do no harm. This is checked by replaying the chain
            on all data.
        data: batches (inputs, labels) that the model was trained on; or one pair.
        margin: γ; None: the one among those that make the norm an a_j for which the bound is least.
        confidence: 1 − δ.

    Returns:
        The bound on the probability of error, vacuous from 1 on. Its terms: "margin loss", "complexity" and "chance", whose sum
        is the value, and "margin", "norms" (those of the weights, before they are divided by γ) and "training error".

    Raises:
        GradusError: a model for which the bound is not proved; no data, or labels that do not fit.

    Cost: two forward passes over the data.

    Source: Golowich, Rakhlin and Shamir 2018, theorem 1; Maurer 2016, corollary 4; Koltchinskii and Panchenko 2002 for the margin.

    Deviates: L − 1 for the printed L, since only the activations double; the complexity of the last layer by its longest row.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> _ = torch.nn.init.constant_(model.weight, 1.0)
        >>> x = torch.tensor([[0.6, 0.8], [-0.8, -0.6]]).repeat(4000, 1)
        >>> found = rademacher_bound(model, [(x, torch.tensor([1, 0]).repeat(4000))])
        >>> found.vacuous, round(found.value, 2)
        (False, 0.08)
    """
    gamma = None if margin is None else number("margin", margin, above=0)
    delta = 1 - number("confidence", confidence, above=0, below=1)
    module("model", model)
    with unchanged(model), torch.no_grad():
        chain = chain_margins(model, data)
        maps = chain.network.maps(chain.inputs)
    n, k, biased = len(chain.margins), chain.outputs, chain.network.biased
    norms = _norms(maps, biased) * k
    kappa = 1.0 if k == 1 else 2.0
    spread = math.sqrt(chain.squares + (n if biased else 0)) / n
    per_norm = 2 * kappa * (1 + math.sqrt(2 * (len(maps) - 1) * math.log(2))) * spread
    value, terms = best_margin(chain.margins, norms, lambda a: per_norm * a, delta, gamma)
    return margin_bound("Rademacher", chain, delta, value, terms | {"norms": norms})


def _norms(maps: list[LinearMap], biased: bool) -> float:
    """The product of the Frobenius norms, the last layer's by its longest row."""
    unit = 1.0 if biased else 0.0  # what carries the 1 on
    squares = [layer.matrix + layer.offset + unit for layer in maps[:-1]]
    return math.sqrt(math.prod(squares) * maps[-1].row)
