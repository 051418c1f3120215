"""What bounds of a classifier's error by its margins share: a chain of layers replayed, and a union over classes of growing norm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gradus.text import Text
from gradus.theory.classifier_batches import batches_of, margins_of
from gradus.theory.generalisation_bound import GeneralisationBound
from gradus.theory.homogeneous_network import HomogeneousNetwork, wide
from gradus.theory.norm_classes import FINENESS, norm_of, share_of, step_of

__all__ = ["ChainMargins", "best_margin", "chain_margins", "margin_bound"]


class ChainMargins(NamedTuple):
    """A chain of layers on all data.

    Attributes:
        network: the chain.
        margins: m (n), on the CPU.
        squares: the sum of the squares of all inputs.
        outputs: how many the network has.
        inputs: the last batch's.
    """

    network: HomogeneousNetwork
    margins: Tensor
    squares: float
    outputs: int
    inputs: Tensor


def chain_margins(model: nn.Module, data: Iterable[tuple[Tensor, Tensor]]) -> ChainMargins:
    """The margins on the data of a model that is replayed as a chain; the caller keeps the model as it was.

    Raises:
        GradusError: no such chain, no data, or labels that do not fit.
    """
    network: HomogeneousNetwork | None = None
    margins, squares = [], 0.0
    for name, inputs, labels in batches_of(model, data):
        network = network or HomogeneousNetwork(model, inputs)
        f = network.outputs(inputs)
        margins.append(margins_of(f, labels, name))
        squares += float(inputs.to(wide(inputs)).square().sum())
    assert network is not None
    return ChainMargins(network, torch.cat(margins).cpu(), squares, f.shape[1], inputs)


def best_margin(
    m: Tensor, norm: float, complexity: Callable[[float], float], share: float, gamma: float | None
) -> tuple[float, dict[str, float]]:
    """The bound for this margin, or the least of all margins that make norm/γ one of those that are paid for; and its terms.

    Args:
        m: the margins (n).
        norm: of the weights.
        complexity: from norm/γ, rounded up to 2^{j/8}, to the term of the bound.
        share: of δ that the classes j share.
        gamma: γ, or None for the best.
    """
    if gamma is not None:
        steps = [(step_of(norm / gamma), gamma)]
    else:
        largest = max(float(m.abs().max()), 1e-300)
        low, high = (
            step_of(norm / largest),
            step_of(norm * 1024 / largest),
        )  # a larger margin only turns vacuous
        steps = [(j, norm * 2.0 ** (-j / FINENESS) or 1.0) for j in range(low, high + 1)]
    found = []
    for j, g in steps:
        loss = float((1 - m / g).clamp(0, 1).mean())
        chance = 3 * math.sqrt(math.log(2 / (share * share_of(j))) / (2 * len(m)))
        terms = {"margin loss": loss, "complexity": complexity(norm_of(j)), "chance": chance, "margin": g}
        found.append((loss + terms["complexity"] + chance, terms))
    return min(found, key=lambda one: one[0])


def margin_bound(
    name: str, chain: ChainMargins, delta: float, value: float, terms: dict[str, float]
) -> GeneralisationBound:
    """The bound with what it takes for granted and what was checked."""
    return GeneralisationBound(
        name=name,
        value=value,
        risk=terms["margin loss"],
        confidence=1 - delta,
        samples=len(chain.margins),
        vacuous=value >= 1,
        assumptions=_assumptions(chain.network.apart),
        terms=terms | {"training error": float((chain.margins <= 0).double().mean())},
    )


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
