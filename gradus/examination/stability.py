"""When an optimiser's step is stable on a parabola: the law of each, and the curvature that it sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gradus.examination.curvature_checks import hessian, plan
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text
from gradus.theory import top_eigenpairs

STRANGE = 1e3  # times its step that an adaptive optimiser would move by the gradient of now: its √v is of another function


@dataclass(frozen=True)
class Law:
    """On a parabola with Hessian H, a step is stable where the largest eigenvalue of P H is below `bound`.

    Attributes:
        bound: 2 for plain descent.
        step: the largest learning rate.
        scales: P, by parameter: a number, or a tensor of its shape.
        words: the law.
        decay: by parameter, the weight decay that is added to the gradient.
    """

    bound: float
    step: float
    scales: dict[int, Any]
    words: Text
    decay: dict[int, float]


def law_of(optimizer: torch.optim.Optimizer) -> Law | None:
    """The law of SGD with heavy-ball or Nesterov's momentum, RMSprop, Adagrad, Adam and AdamW; None for others.

    Raises:
        Unchecked: the optimiser has no state yet, from which its preconditioner comes.
    """
    kind, groups = type(optimizer).__name__, optimizer.param_groups
    if kind == "SGD":
        return _sgd(groups)
    if kind in ("Adam", "AdamW", "NAdam", "RMSprop", "Adagrad"):
        return _adaptive(kind, optimizer)
    return None


def _sgd(groups: list[dict[str, Any]]) -> Law:
    beta = float(groups[0].get("momentum", 0))
    nesterov, damp = bool(groups[0].get("nesterov")), float(groups[0].get("dampening", 0))
    bound = 2 * (1 + beta) / (1 + 2 * beta) if nesterov else 2 * (1 + beta)
    scales = {
        id(p): float(g["lr"]) * (1 if nesterov or not beta else 1 - damp) for g in groups for p in g["params"]
    }
    if not beta:
        words = Text("η λ < 2", "η λ < 2")
    elif nesterov:
        words = Text(
            f"η λ < 2(1+β)/(1+2β) = {bound:.3g} with Nesterov's momentum β = {beta:g}",
            f"Nesterov 动量 β = {beta:g}：η λ < 2(1+β)/(1+2β) = {bound:.3g}",
        )
    else:
        words = Text(
            f"η λ < 2(1+β) = {bound:.3g} with momentum β = {beta:g}, in full batches",
            f"动量 β = {beta:g}、全批次：η λ < 2(1+β) = {bound:.3g}",
        )
    decay = {id(p): float(g.get("weight_decay", 0)) for g in groups for p in g["params"]}
    return Law(bound, max(float(g["lr"]) for g in groups), scales, words, decay)


def _adaptive(kind: str, optimizer: torch.optim.Optimizer) -> Law:
    groups = optimizer.param_groups
    first = groups[0].get("betas", (0.0, 0.0))[0] if kind != "RMSprop" else 0.0
    scales: dict[int, Any] = {}
    for g in groups:
        for p in g["params"]:
            state = optimizer.state.get(p, {})
            v = state.get("exp_avg_sq", state.get("square_avg", state.get("sum")))
            if v is None or float(state.get("step", 1)) == 0:
                continue
            steps = float(state.get("step", 1))
            if kind in ("Adam", "AdamW", "NAdam"):
                v = v / (1 - g["betas"][1] ** steps)
            scales[id(p)] = float(g["lr"]) / (v.sqrt() + float(g.get("eps", 1e-8)))
    if not scales:
        raise Unchecked(
            f"{kind} has taken no step yet, from which its preconditioner would be known; see what its steps do below",
            f"{kind} 尚未走过一步，其预条件矩阵未知；其步的效果见下",
        )
    beta = float(groups[0].get("momentum", 0)) if kind == "RMSprop" else float(first)
    bound = 2 * (1 + beta) if kind == "RMSprop" else 2 * (1 + beta) / (1 - beta)
    words = Text(
        f"λ of the Hessian divided by the optimiser's √v, times η, below {bound:.3g}",
        f"黑塞矩阵除以优化器的 √v 后的 λ 乘 η，应小于 {bound:.3g}",
    )
    decay = {id(p): 0.0 for g in groups for p in g["params"]}
    return Law(bound, max(float(g["lr"]) for g in groups), scales, words, decay)


def _gradients(subject: Subject) -> list[Tensor | None]:
    """Of the loss on some samples, in evaluation mode; to be used within `subject.evaluating()`."""
    parameters = [p for p in subject.model.parameters() if p.requires_grad]
    value = subject.value(*subject.part(min(64, subject.train.samples)))
    return list(torch.autograd.grad(value, parameters, allow_unused=True))


class _Preconditioned:
    """P^½ (H + D) P^½, of which only products are made."""

    def __init__(self, operator: Any, root: Tensor, decay: Tensor) -> None:
        self._operator, self._root, self._decay = operator, root, decay
        self.shape, self.dtype, self.device = operator.shape, operator.dtype, operator.device

    def __matmul__(self, vectors: Tensor) -> Tensor:
        inner = self._root * vectors
        result: Tensor = self._root * (self._operator @ inner + self._decay * inner)
        return result


def stable_value(subject: Subject, section: Section, law: Law) -> float:
    """The largest eigenvalue of P (H + D)."""
    parameters = [p for p in subject.model.parameters() if p.requires_grad]
    with subject.evaluating():
        H = hessian(subject)

        def spread(values: dict[int, Any]) -> Tensor:
            parts = [
                torch.as_tensor(values.get(id(p), 0.0)).to(H.device, H.dtype).expand(p.shape).reshape(-1)
                for p in parameters
            ]
            return torch.cat(parts)

        scales, left = dict(law.scales), 0
        for p, g in zip(parameters, _gradients(subject), strict=True):
            scale = scales.get(id(p))
            if (
                isinstance(scale, Tensor)
                and g is not None
                and float((scale * g).abs().mean()) > STRANGE * law.step
            ):
                scales[id(p)], left = 0.0, left + 1
        if left:
            section.say(
                f"{left} parameters are left out, whose gradients the optimiser has seen as nearly 0 (as those of biases before a batch "
                "norm in training)",
                f"略去 {left} 个参数：优化器所见的梯度几乎为 0（如训练模式下批归一化之前的偏置）",
            )
        operator = _Preconditioned(H, spread(scales).sqrt(), spread(law.decay))
        found = top_eigenpairs(
            operator, 1, max_products=plan(subject).products, tolerance=1e-2, seed=subject.seed
        )
    return float(found.values[0])
