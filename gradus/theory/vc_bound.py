"""A classifier's error bounded by the number of ways in which its architecture can label samples."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from gradus.arguments import number
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.classifier_batches import batches_of, require_classes
from gradus.theory.generalisation_bound import GeneralisationBound
from gradus.theory.homogeneous_network import HomogeneousNetwork
from gradus.theory.vc_dimension import vc_gap


@torch.inference_mode(False)
def vc_bound(
    model: nn.Module, data: Iterable[tuple[Tensor, Tensor]], *, confidence: float = 0.95
) -> GeneralisationBound:
    r"""An upper bound on a classifier's probability of error, from how many labellings its architecture has.

    .. math:: P(\text{error})\le\text{share of errors}+\sqrt{\frac8n\Bigl(\ln\Pi(2n)+\ln\frac4\delta\Bigr)},\qquad
        \ln\Pi(N)\le\sum_l\min\Bigl(Nu_l\ln2,\ \ln2+W_l\ln\frac{2eNu_ll}{W_l}\Bigr)

    The sum runs over the layers l that are followed by an activation, and the output. W_l is the number of parameters up to
    there, u_l the number of the layer's units; at the output u is the number of pairs of classes, 1 for a single output. Before
    each activation the units are polynomials of degree l in W_l parameters wherever the signs of the layers before are fixed; m
    polynomials have at most 2(2eml/W_l)^{W_l} sign patterns for m ≥ W_l. The weights may be chosen on the data, and their
    size does not matter; the bound is vacuous until there are many more samples than parameters.

    Args:
        model: whose layers form a chain: dense or convolutional, between them ReLU, leaky ReLU or PReLU with one slope; views in
            between and dropout in eval mode do no harm. This is checked by replaying the chain on all data.
        data: batches (inputs, labels) that the model was trained on; or one pair.
        confidence: 1 − δ.

    Returns:
        The bound on the probability of error, vacuous from 1 on. Its terms: "training error" and "chance", whose sum is the value,
        "log patterns", ln Π(2n), and "parameters".

    Raises:
        GradusError: a model for which the bound is not proved; no data, or labels that do not fit.

    Cost: two forward passes over the data.

    Source: Vapnik and Chervonenkis 1971; Bartlett, Harvey, Liaw and Mehrabian 2019, proof of theorem 7; Anthony and Bartlett 1999,
        theorem 8.3.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> _ = torch.nn.init.constant_(model.weight, 1.0)
        >>> x = torch.tensor([[0.6, 0.8], [-0.8, -0.6]]).repeat(4000, 1)
        >>> found = vc_bound(model, [(x, torch.tensor([1, 0]).repeat(4000))])
        >>> found.vacuous, round(found.value, 2)
        (False, 0.16)
    """
    delta = 1 - number("confidence", confidence, above=0, below=1)
    batches = batches_of(model, data)
    network: HomogeneousNetwork | None = None
    wrong = []
    with unchanged(model), torch.no_grad():
        for name, inputs, labels in batches:
            network = network or HomogeneousNetwork(model, inputs, learnt_slopes=True)
            f = network.outputs(inputs)
            require_classes(f, labels, name)
            guess = f.argmax(1) if f.shape[1] > 1 else (f[:, 0] > 0).long()  # of equal outputs the first
            wrong.append(guess != labels)
        assert network is not None
        w = torch.cat(wrong)
        n = len(w)
        k = f.shape[1]
        log_patterns, parameters = _log_patterns(network, inputs[:1], 2 * n, k)
    error = int(w.sum()) / n
    chance = vc_gap(log_patterns, n, delta)
    return GeneralisationBound(
        name="VC",
        value=error + chance,
        risk=error,
        confidence=1 - delta,
        samples=n,
        vacuous=error + chance >= 1,
        assumptions=_assumptions(network.apart),
        terms={
            "training error": error,
            "chance": chance,
            "log patterns": log_patterns,
            "parameters": float(parameters),
        },
    )


def _log_patterns(network: HomogeneousNetwork, one: Tensor, n: int, outputs: int) -> tuple[float, int]:
    """At most how large ln Π(n) is, and the number of parameters."""
    counted: set[int] = set()
    parameters, degree, total = 0, 0, 0.0
    for step, units in network.units(one):
        if step.phi is not None:
            total += _signs(n * units, parameters, degree)
            parameters, degree = parameters + step.learnt, degree + step.learnt
            continue
        degree += 1
        for p in (step.layer.weight, step.layer.bias):
            if p is not None and id(p) not in counted:
                counted.add(id(p))
                parameters += p.numel()
    pairs = 1 if outputs == 1 else outputs * (outputs - 1) // 2
    return min(total + _signs(n * pairs, parameters, degree), n * math.log(2)), parameters


def _signs(polynomials: int, variables: int, degree: int) -> float:
    """The logarithm of how many sign patterns polynomials of a degree can have, at most."""
    trivial = polynomials * math.log(2)
    if not degree or polynomials < variables:
        return trivial if degree else 0.0
    return min(trivial, math.log(2) + variables * math.log(2 * math.e * polynomials * degree / variables))


def _assumptions(apart: float) -> tuple[Text, ...]:
    return (
        Text(
            "granted: the samples are independent draws of the law for which the bound speaks",
            "须认可：样本独立地取自该界所针对的分布",
        ),
        Text(
            "granted: the architecture was chosen before the samples were seen; the weights need not be",
            "须认可：结构在看到样本之前已选定；权重则不必",
        ),
        Text(
            f"checked: the model is a chain of linear layers with piecewise linear activations of one kink; replayed, it gives the same "
            f"outputs to {apart:.1e}",
            f"已检验：模型是线性层与只有一个折点的分段线性激活函数组成的链；重算所得输出的相对差为 {apart:.1e}",
        ),
    )
