"""The law of an optimiser near a minimum: a threshold, and the matrix whose largest eigenvalue it is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

from gradus.arguments import refusal
from gradus.text import Text


class UpdateLaw(NamedTuple):
    """How an optimiser moves on a quadratic function, its preconditioner held as it stands.

    Attributes:
        name: of the law.
        beta: momentum.
        nesterov: whether the gradient is taken after the momentum's part of the step.
        averaged: whether the velocity is an average, (1−β) times what heavy ball sums up.
        scale: S (P,), by which the Hessian is multiplied on both sides; 0 for parameters that do not move.
        inside: W (P,), weight decay that is part of the gradient.
        outside: weight decay beside it, as it adds to the matrix (P,).
        learning_rate: of the first group; the others are within the scale.
        still: how many numbers of the model the optimiser does not move.
    """

    name: Text
    beta: float
    nesterov: bool
    averaged: bool
    scale: Tensor
    inside: Tensor
    outside: Tensor
    learning_rate: float | None
    still: int

    def threshold(self, noise: float = 0.0) -> float:
        """α λ from which it diverges; `noise` is the variance of the curvature from step to step over its squared mean."""
        b = self.beta
        if self.nesterov:
            first, second = (1 + noise) * b * (1 + 2 * b), (1 + noise) * (1 + b) - 2 * b * (1 + 2 * b)
            last = 2 * (1 - b) * (1 + b)
            # the positive root of first·x² + second·x = last, in the form in which nothing cancels where second ≥ 0
            root = sqrt(second * second + 4 * first * last)
            return 2 * last / (second + root) if second >= 0 else (root - second) / (2 * first)
        free = 2 / (noise + (1 - b) / (1 + b))
        return free if self.averaged else (1 - b) * free


class _Moves(NamedTuple):
    """What a group's parameter is multiplied by in a step, beside the learning rate, and its weight decay."""

    factor: Tensor | float
    inside: float
    outside: float


def update_law(parameters: Sequence[nn.Parameter], optimizer: Optimizer | None) -> UpdateLaw:
    """The law of an optimiser for these parameters; plain descent without one.

    Raises:
        GradusError: no law is known for the optimiser or its settings, it has made no step, or moves none of the parameters.
    """
    if optimizer is None:
        ones = _flat(parameters, lambda p: 1.0)
        zeros = torch.zeros_like(ones)
        return UpdateLaw(Text("gradient descent", "梯度下降"), 0.0, False, False, ones, zeros, zeros, None, 0)
    kind = _kind(optimizer)
    groups = optimizer.param_groups
    beta, nesterov = _momentum(kind, groups)
    rate = float(groups[0]["lr"])
    group_of = {p: group for group in groups for p in group["params"]}
    moves: dict[nn.Parameter, _Moves] = {}
    for p in parameters:
        if p in group_of and (kind is SGD or optimizer.state.get(p)):
            moves[p] = _MOVES[kind](group_of[p], optimizer.state[p] if kind is not SGD else {})
    if not moves:
        _refuse_idle(parameters, group_of)

    def relative(p: nn.Parameter) -> float:
        own = float(group_of[p]["lr"])
        if own != rate and not rate:
            raise _no_law(Text("a first group with learning rate 0", "第一组的学习率为 0"))
        return own / rate if rate else 1.0

    averaged = kind in (Adam, AdamW)
    spread = (1 + beta) / (1 - beta) if averaged else 1.0
    square = _flat(parameters, lambda p: relative(p) * moves[p].factor if p in moves else 0.0)
    return UpdateLaw(
        _name(kind, beta, nesterov),
        beta,
        nesterov,
        averaged,
        square.sqrt(),
        _flat(parameters, lambda p: moves[p].inside if p in moves else 0.0),
        _flat(parameters, lambda p: spread * relative(p) * moves[p].outside if p in moves else 0.0),
        rate,
        sum(p.numel() for p in parameters if p not in moves),
    )


def _kind(optimizer: Any) -> type[Optimizer]:
    for kind in (AdamW, Adam, SGD, RMSprop, Adagrad):
        if isinstance(optimizer, kind) and type(optimizer).step is kind.step:
            if any(group.get("maximize") for group in optimizer.param_groups):
                raise _no_law(Text("one that maximizes", "最大化的优化器"))
            return kind
    raise refusal(
        "optimizer",
        ("SGD, Adam, AdamW, RMSprop or Adagrad of torch.optim, or None", "torch.optim 的 SGD、Adam、AdamW、RMSprop 或 Adagrad，或 None"),
        optimizer,
        ("critical_sharpness takes any whose step needs gradients alone", "critical_sharpness 适用于任何只需梯度的优化器"),
        kind=True,
    )  # fmt: skip


def _no_law(came: Text) -> Exception:
    return refusal("optimizer", ("one whose law is known", "规律已知的优化器"), came)


def _momentum(kind: type[Optimizer], groups: list[dict[str, Any]]) -> tuple[float, bool]:
    """β and whether Nesterov's, of all groups."""

    def of(group: dict[str, Any]) -> tuple[float, bool]:
        if kind in (Adam, AdamW):
            return float(group["betas"][0]), False
        beta = float(group.get("momentum", 0.0))
        return beta, bool(group.get("nesterov")) and beta > 0

    different = {of(group) for group in groups}
    if len(different) > 1:
        raise _no_law(Text("groups with different momentum", "各组动量不同"))
    beta, nesterov = different.pop()
    if not 0 <= beta < 1:
        raise refusal("optimizer", ("momentum of at least 0 and below 1", "动量不小于 0 且小于 1"), beta)
    return beta, nesterov


def _name(kind: type[Optimizer], beta: float, nesterov: bool) -> Text:
    if kind is SGD:
        if not beta:
            return Text("gradient descent", "梯度下降")
        way = Text("Nesterov's momentum", "Nesterov 动量") if nesterov else Text("heavy ball", "重球法")
    else:
        way = Text(kind.__name__, kind.__name__)
        if kind is RMSprop and beta:
            way = Text("RMSprop with momentum", "带动量的 RMSprop")
        if not beta:
            return way
    return Text(f"{way.en}, β = {beta:g}", f"{way.zh}，β = {beta:g}")


def _of_sgd(group: dict[str, Any], state: dict[str, Any]) -> _Moves:
    damped = 1.0 - float(group["dampening"]) if group["momentum"] else 1.0
    return _Moves(damped, float(group["weight_decay"]), 0.0)


def _of_adam(group: dict[str, Any], state: dict[str, Any]) -> _Moves:
    beta1, beta2 = (float(b) for b in group["betas"])
    t = float(state["step"])
    second = state["max_exp_avg_sq" if group["amsgrad"] else "exp_avg_sq"].detach()
    root = second.double().sqrt() / sqrt(1 - beta2**t) + float(group["eps"])
    decay = float(group["weight_decay"])
    outside = bool(group.get("decoupled_weight_decay"))
    return _Moves(1 / ((1 - beta1**t) * root), 0.0 if outside else decay, decay if outside else 0.0)


def _of_rmsprop(group: dict[str, Any], state: dict[str, Any]) -> _Moves:
    square = state["square_avg"].detach().double()
    if group["centered"]:
        square = (square - state["grad_avg"].detach().double() ** 2).clamp(min=0)
    return _Moves(1 / (square.sqrt() + float(group["eps"])), float(group["weight_decay"]), 0.0)


def _of_adagrad(group: dict[str, Any], state: dict[str, Any]) -> _Moves:
    shrunk = 1 + (float(state["step"]) - 1) * float(group["lr_decay"])
    root = state["sum"].detach().double().sqrt() + float(group["eps"])
    return _Moves(1 / (shrunk * root), float(group["weight_decay"]), 0.0)


_MOVES: dict[type[Optimizer], Callable[[dict[str, Any], dict[str, Any]], _Moves]] = {
    SGD: _of_sgd,
    Adam: _of_adam,
    AdamW: _of_adam,
    RMSprop: _of_rmsprop,
    Adagrad: _of_adagrad,
}


def _refuse_idle(parameters: Sequence[nn.Parameter], group_of: dict[nn.Parameter, Any]) -> None:
    if any(p in group_of for p in parameters):
        came = Text("one that has made no step", "尚未走过一步的优化器")
        mend = ("its preconditioner comes with the first step", "其预条件子在第一步之后才有")
        raise refusal("optimizer", ("one with a state", "已有状态的优化器"), came, mend)
    came = Text("one that holds none of them", "不含其中任何参数的优化器")
    raise refusal("optimizer", ("one of the model's parameters", "针对该模型参数的优化器"), came)


def _flat(parameters: Sequence[nn.Parameter], value: Callable[[nn.Parameter], Tensor | float]) -> Tensor:
    """One number a number of the parameters, in float64, on their device."""
    device = parameters[0].device
    dtype = torch.float64 if device.type != "mps" else torch.float32
    rows = [torch.as_tensor(value(p), dtype=dtype, device=device).expand(p.shape).reshape(-1) for p in parameters]  # fmt: skip
    return torch.cat(rows)
