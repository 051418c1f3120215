"""A classifier's error bounded by its margins and the spectral norms of its layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.arguments import number, whole
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.affine_map import AffineMap
from gradus.theory.classifier_batches import batches_of, margins_of
from gradus.theory.generalisation_bound import GeneralisationBound
from gradus.theory.homogeneous_network import HomogeneousNetwork, wide
from gradus.theory.norm_classes import FINENESS, norm_of, share_of, step_of
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
    batches = batches_of(model, data)
    network: HomogeneousNetwork | None = None
    margins, squares = [], 0.0
    with unchanged(model), torch.no_grad():
        for name, inputs, labels in batches:
            network = network or HomogeneousNetwork(model, inputs)
            f = network.outputs(inputs)
            margins.append(margins_of(f, labels, name))
            squares += float(inputs.to(wide(inputs)).square().sum())
        assert network is not None
        layers = _layers(network, inputs[:1])
        norms = [
            AffineMap(function, (size,), wide(inputs), inputs.device).norm(k, 0)[1]
            for function, size, _, _ in layers
        ]
    m = torch.cat(margins).cpu()
    n = len(m)
    rows = [row for _, _, _, row in layers]
    width = max(max(before, after) for _, before, after, _ in layers)
    lipschitz, kappa = math.prod(norms), 1.0 if f.shape[1] == 1 else math.sqrt(2)
    spread = kappa * math.sqrt(squares + (n if network.biased else 0)) * covering_log(width)
    steps = [step_of(row / max(norm, 1e-300)) for row, norm in zip(rows, norms, strict=True)]
    ratio = spectral_sum([1.0] * len(steps), [norm_of(step) for step in steps])
    share = delta * math.prod(share_of(step) for step in steps)
    value, terms = min(_values(m, lipschitz, spread * ratio, share, gamma), key=lambda found: found[0])
    terms |= {
        "lipschitz": lipschitz,
        "spectral complexity": spectral_sum(norms, rows),
        "training error": float((m <= 0).double().mean()),
    }
    return GeneralisationBound(
        name="spectral margin",
        value=value,
        risk=terms["margin loss"],
        confidence=1 - delta,
        samples=n,
        vacuous=value >= 1,
        assumptions=_assumptions(network.apart),
        terms=terms,
    )


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


def _values(
    m: Tensor, lipschitz: float, per_norm: float, share: float, gamma: float | None
) -> list[tuple[float, dict[str, float]]]:
    """The bound for this margin, or for all that make the norm one of those that are paid for."""
    n, found = len(m), []
    if gamma is not None:
        steps = [(step_of(lipschitz / gamma), gamma)]
    else:
        largest = max(float(m.abs().max()), 1e-300)
        low, high = (
            step_of(lipschitz / largest),
            step_of(lipschitz * 1024 / largest),
        )  # a larger margin only turns vacuous
        steps = [(j, lipschitz * 2.0 ** (-j / FINENESS) or 1.0) for j in range(low, high + 1)]
    for j, g in steps:
        loss = float((1 - m / g).clamp(0, 1).mean())
        complexity = 2 * entropy_integral(per_norm * norm_of(j), n)
        chance = 3 * math.sqrt(math.log(2 / (share * share_of(j))) / (2 * n))
        found.append(
            (
                loss + complexity + chance,
                {"margin loss": loss, "complexity": complexity, "chance": chance, "margin": g},
            )
        )
    return found


def _assumptions(apart: float) -> tuple[Text, ...]:
    return (
        Text(
            "granted: the samples are independent draws of the law for which the bound speaks",
            "须认可：样本独立地取自该界所针对的分布",
        ),
        Text(
            "granted: the number of layers and their kinds were chosen before the samples were seen; weights and margin need not be",
            "须认可：层数与层的类型在看到样本之前已选定；权重与间隔则不必",
        ),
        Text(
            f"checked: the model is a chain of linear layers with positively homogeneous activations of slope at most 1; replayed, it "
            f"gives the same outputs to {apart:.1e}",
            f"已检验：模型是线性层与斜率不超过 1 的正齐次激活函数组成的链；重算所得输出的相对差为 {apart:.1e}",
        ),
        Text("checked: the loss lies between 0 and 1", "已检验：损失在 0 与 1 之间"),
    )
