"""A classifier's error bounded by its margins and the spectral norms of its layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.arguments import number, whole
from gradus.arguments.tensors import module
from gradus.optimization.unchanged_model import unchanged
from gradus.theory.affine_map import AffineMap
from gradus.theory.generalisation_bound import GeneralisationBound
from gradus.theory.homogeneous_network import HomogeneousNetwork, wide
from gradus.theory.margin_bound import best_margin, chain_margins, margin_bound
from gradus.theory.norm_classes import norm_of, share_of, step_of
from gradus.theory.spectral_complexity import covering_log, entropy_integral, spectral_sum


@torch.inference_mode(False)
def spectral_margin_bound(
    model: nn.Module,
    data: Iterable[tuple[Tensor, Tensor]],
    *,
    margin: float | None = None,
    confidence: float = 0.95,
    products: int = 100,
) -> GeneralisationBound:
    r"""An upper bound on a classifier's probability of error, from its margins and the spectral norms of its layers.

    .. math:: P(m\le0)\le\frac1n\sum_i\min\bigl(1,\max(0,1-\tfrac{m_i}\gamma)\bigr)+2\hat R+3\sqrt{\frac{\ln(2/\delta')}{2n}},\qquad
        \hat R\le\frac{12Q}n\Bigl(1+\ln^+\frac n{3Q}\Bigr)

    .. math:: Q=\sqrt2\,\kappa\lVert X\rVert_F\sqrt{\ln2W^2}\;2^{j_0/8}\Bigl(\sum_l2^{j_l/12}\Bigr)^{3/2},\qquad
        2^{j_0/8}\ge\frac1\gamma\prod_l\lVert A_l\rVert_2,\quad2^{j_l/8}\ge\frac{\lVert A_l^{\mathsf T}\rVert_{2,1}}{\lVert A_l\rVert_2}

    The letters are those of `spectral_complexity` and `rademacher_bound`. Since activations are positively homogeneous, the layers may be scaled to norm 1 and their product
    put into the margin. The bound holds for all whole numbers j at once, each with a share of δ, of which δ′ is the product: so the norms and the margin may be what training led to. Offsets count as weights
    from one more unit, which is 1 throughout.

    Args:
        model: whose layers form a chain: dense or convolutional, between them ReLU, or leaky ReLU with a fixed slope of at most 1
            in size; views in between and dropout in eval mode do no harm. This is checked by replaying the chain on all data.
        data: batches (inputs, labels) that the model was trained on; or one pair.
        margin: γ; None: of those up to the largest on the data that make the norm a power 2^{j/8}, the one for which the bound is least.
        confidence: 1 − δ.
        products: of Lanczos' method for each layer whose matrix is not formed; its norm is then above with probability 1 − 10⁻⁹.

    Returns:
        The bound on the probability of error, vacuous from 1 on. Its terms: "margin loss", "complexity" and "chance", whose sum
        is the value; "margin", "lipschitz" (the product of the norms), "spectral complexity" R, and "training error".

    Raises:
        GradusError: a model for which the bound is not proved; no data, or labels that do not fit.

    Cost: two forward passes over the data, and the layers' singular values.

    Source: Bartlett, Foster and Telgarsky 2017, with reference matrices 0.

    Deviates: the constants and logarithms of `spectral_complexity`, which are smaller than the printed ones but for a factor √2
        for covering numbers rounded up; the union runs over powers of 2^{1/8}.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> _ = torch.nn.init.constant_(model.weight, 1.0)
        >>> x = torch.tensor([[0.6, 0.8], [-0.8, -0.6]]).repeat(4000, 1)
        >>> found = spectral_margin_bound(model, [(x, torch.tensor([1, 0]).repeat(4000))])
        >>> found.vacuous, round(found.terms["lipschitz"], 4)
        (True, 1.4142)
    """
    gamma = None if margin is None else number("margin", margin, above=0)
    delta = 1 - number("confidence", confidence, above=0, below=1)
    k = whole("products", products, least=1)
    module("model", model)
    with unchanged(model), torch.no_grad():
        chain = chain_margins(model, data)
        inputs = chain.inputs
        layers = _layers(chain.network, inputs[:1])
        norms = [
            AffineMap(function, (size,), wide(inputs), inputs.device).norm(k, 0)[1]
            for function, size, _, _ in layers
        ]
    n = len(chain.margins)
    rows = [row for _, _, _, row in layers]
    width = max(max(before, after) for _, before, after, _ in layers)
    lipschitz, kappa = math.prod(norms), 1.0 if chain.outputs == 1 else math.sqrt(2)
    spread = kappa * math.sqrt(chain.squares + (n if chain.network.biased else 0)) * covering_log(width)
    steps = [step_of(row / max(norm, 1e-300)) for row, norm in zip(rows, norms, strict=True)]
    per_norm = spread * spectral_sum([1.0] * len(steps), [norm_of(step) for step in steps])
    share = delta * math.prod(share_of(step) for step in steps)
    value, terms = best_margin(
        chain.margins, lipschitz, lambda a: 2 * entropy_integral(per_norm * a, n), share, gamma
    )
    terms |= {"lipschitz": lipschitz, "spectral complexity": spectral_sum(norms, rows)}
    return margin_bound("spectral margin", chain, delta, value, terms)


def _layers(
    network: HomogeneousNetwork, one: Tensor
) -> list[tuple[Callable[[Tensor], Tensor], int, int, float]]:
    """Of each layer, with the unit that is 1: the map, the units before and after, and the sum of the lengths of its rows."""
    found, before = [], one[0].numel()
    carried = 1 if network.biased else 0
    last = max(i for i, step in enumerate(network.steps) if step.layer is not None)
    for i, (step, units) in enumerate(network.units(one)):
        if step.layer is not None:
            weight = step.layer.weight.detach().to(wide(one))
            offset = (
                torch.zeros(len(weight)).to(weight)
                if step.layer.bias is None
                else step.layer.bias.detach().to(weight)
            )
            lengths = (weight.flatten(1).square().sum(1) + offset.square()).sqrt()
            row = units / len(weight) * float(lengths.sum()) + (carried if i < last else 0)
            keep = carried and i < last
            function = _with_offset(step.layer, weight, offset, step.shape, before, carried, bool(keep))
            found.append((function, before + carried, units + (carried if i < last else 0), row))
        before = units
    return found


def _with_offset(
    layer: nn.Module,
    weight: Tensor,
    offset: Tensor,
    shape: tuple[int, ...],
    units: int,
    carried: int,
    keep: bool,
) -> Callable[[Tensor], Tensor]:
    """The layer on its inputs and, where there are offsets, one more number that is multiplied by them."""

    def function(z: Tensor) -> Tensor:
        h = z[:, :units].reshape(-1, *shape)
        if isinstance(layer, nn.Linear):
            y = F.linear(h, weight)
            offsets = offset
        else:
            convolve = getattr(F, f"conv{weight.dim() - 2}d")
            y = convolve(h, weight, None, layer.stride, layer.padding, layer.dilation, layer.groups)
            offsets = offset.reshape(-1, *[1] * (weight.dim() - 2))
        y = y.reshape(len(z), -1, *y.shape[1:])
        if carried:
            y = y + z[:, units].reshape(-1, *[1] * (y.dim() - 1)) * offsets
        flat = y.reshape(len(z), -1)
        return torch.cat([flat, z[:, units:]], 1) if keep else flat

    return function
