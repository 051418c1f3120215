"""A classifier's error bounded by how few bits its weights can be written in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import number, refusal, whole
from gradus.optimization.model_inputs import taking
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.binary_divergence import binary_kl_inverse
from gradus.theory.classifier_batches import batches_of, require_classes
from gradus.theory.data_batches import require_determined
from gradus.theory.generalisation_bound import GeneralisationBound
from gradus.theory.lent_model import require_lendable
from gradus.theory.sample_outputs import outputs_of

SCALE_BITS = 16


@torch.inference_mode(False)
def occam_bound(
    model: nn.Module,
    data: Iterable[tuple[Tensor, Tensor]],
    *,
    levels: Sequence[int] = (3, 5, 7, 9, 15, 31, 63, 127, 255),
    confidence: float = 0.95,
) -> GeneralisationBound:
    r"""An upper bound on the probability of error of a classifier with its weights rounded, from the length of their code.

    .. math:: P(\text{error})\le\mathrm{kl}^{-1}\Bigl(\hat e,\ \frac1n\Bigl(c+\ln\frac{|K|}\delta\Bigr)\Bigr),\qquad
        c=\sum_w\Bigl(\ln\binom{N+k-1}{k-1}+\ln\frac{N!}{N_1!\cdots N_k!}+16\ln2\Bigr)

    Every tensor w of N numbers, buffers too, is rounded to k equal steps from −s to s, s its largest entry, written in 16
    bits. Its code names s, how often each level occurs, and which of the sequences with these counts it is; it is prefix-free, so that Kraft's
    inequality makes of e^{−c} weights whose sum is at most 1. The bound is of the rounded network, for the k that is best. Unlike norms, code
    lengths need no chain of layers: any classifier will do.

    Args:
        model: maps inputs to outputs (n, k), or (n, 1) for two classes; in eval mode where that matters.
        data: batches (inputs, labels) that the model was trained on; or one pair.
        levels: K, the k to choose among, odd.
        confidence: 1 − δ.

    Returns:
        The bound, vacuous from 1 on. Its terms: "training error" of the rounded network, "code bits" c/ln 2, "levels" k, "budget"
        (c + ln(|K|/δ))/n, and "own error", of the network as it is.

    Raises:
        GradusError: no data, labels that do not fit, weights that are not finite, or a model that is random or mixes samples.

    Cost: |K| + 1 forward passes over the data, which are held.

    Source: Blumer et al. 1987; Langford 2005, with the Chernoff bound in its relative-entropy form; Lotfi et al. 2022 for what it can do.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> _ = torch.nn.init.constant_(model.weight, 1.0)
        >>> x = torch.tensor([[0.6, 0.8], [-0.8, -0.6]]).repeat(400, 1)
        >>> found = occam_bound(model, [(x, torch.tensor([1, 0]).repeat(400))])
        >>> found.vacuous, round(found.value, 3), found.terms["levels"]
        (False, 0.022, 3.0)
    """
    require_lendable(model)
    delta = 1 - number("confidence", confidence, above=0, below=1)
    steps = _levels(levels)
    require_determined(model)
    with unchanged(model), torch.no_grad():
        held = list(batches_of(model, data))
        own = {k: v.detach() for k, v in [*model.named_parameters(), *model.named_buffers()]}
        for name, own_value in own.items():
            if own_value.is_floating_point() and not bool(own_value.isfinite().all()):
                raise refusal(f"model.{name}", ("finite numbers", "有限的数"), Text("NaN or ∞", "NaN 或 ∞"))
        error, n = _error(model, held, own)
        found = []
        for k in steps:
            rounded, nats = {}, 0.0
            for name, own_value in own.items():
                real = own_value.is_floating_point()
                rounded[name], length = _rounded(own_value, k) if real else (own_value, 0.0)
                nats += length
            share = _error(model, held, rounded)[0]
            budget = (nats + math.log(len(steps) / delta)) / n
            terms = {
                "training error": share,
                "code bits": nats / math.log(2),
                "levels": float(k),
                "budget": budget,
            }
            found.append((float(binary_kl_inverse(share, budget)), terms))
    value, terms = min(found, key=lambda item: item[0])
    return GeneralisationBound(
        name="Occam",
        value=value,
        risk=terms["training error"],
        confidence=1 - delta,
        samples=n,
        vacuous=value >= 1,
        assumptions=(
            Text(
                "granted: the samples are independent draws of the law for which the bound speaks",
                "须认可：样本独立地取自该界所针对的分布",
            ),
            Text(
                "granted: the architecture, and buffers of whole numbers, were chosen before the samples were seen; the weights need not be",
                "须认可：结构以及整数缓冲区在看到样本之前已选定；权重则不必",
            ),
            Text(
                f"it is of the network whose weights are rounded to {terms['levels']:.0f} levels, not of that with its own",
                f"所说的是权重取整为 {terms['levels']:.0f} 级的网络，而不是原来的网络",
            ),
        ),
        terms=terms | {"own error": error},
    )


def _levels(levels: Any) -> list[int]:
    if isinstance(levels, (str, bytes)) or not isinstance(levels, Sequence) or not len(levels):
        raise refusal("levels", ("a list of odd numbers", "由奇数组成的列表"), levels, kind=True)
    found = [whole(f"levels[{i}]", k, least=3, most=2**16 - 1) for i, k in enumerate(levels)]
    if any(k % 2 == 0 for k in found):
        raise refusal("levels", ("odd numbers, with 0 in the middle", "奇数，使 0 居中"), levels)
    return found


def _rounded(value: Tensor, k: int) -> tuple[Tensor, float]:
    """The tensor on k levels, and the length of its code in nats."""
    half, n = (k - 1) // 2, value.numel()
    largest = value.abs().max().float() if n else value.new_zeros(()).float()
    scale = largest.bfloat16().float()  # 16 bits
    whole_ = (value.float() / torch.where(scale > 0, scale, 1) * half).round().clamp(-half, half)
    counts = torch.bincount((whole_ + half).long().flatten().cpu(), minlength=k)
    nats = math.lgamma(n + k) - math.lgamma(k) - math.lgamma(n + 1)
    nats += math.lgamma(n + 1) - float(torch.lgamma(counts.double() + 1).sum())
    return (whole_ / half * scale).to(value), nats + SCALE_BITS * math.log(2)


def _error(
    model: nn.Module, held: list[tuple[str, Tensor, Tensor]], state: dict[str, Tensor]
) -> tuple[float, int]:
    def lent(x: Tensor) -> Tensor:
        return torch.func.functional_call(model, state, (x,))  # type: ignore[no-any-return]

    wrong, n = 0, 0
    for name, inputs, labels in held:
        with taking(name):
            f = outputs_of(lent, inputs)  # type: ignore[arg-type]
        require_classes(f, labels, name)
        guess = f.argmax(1) if f.shape[1] > 1 else (f[:, 0] > 0).long()
        wrong, n = wrong + int((guess != labels).sum()), n + len(labels)
    return wrong / n, n
