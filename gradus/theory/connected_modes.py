"""Mode connectivity: a curve between two networks along which the loss is low, trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import choice, number, refusal, whole
from gradus.optimization.batch_loss import Loss, checked, trainable
from gradus.optimization.stateless_call import StatelessCall
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.data_batches import batches
from gradus.theory.landscape import KINDS, checked_points, curve_weights
from gradus.theory.lent_model import require_lendable
from gradus.theory.weight_losses import combined

__all__ = ["connect_modes"]


@torch.inference_mode(False)
def connect_modes(
    model: nn.Module,
    loss: Loss,
    data: Any,
    start: Mapping[str, Tensor],
    end: Mapping[str, Tensor],
    *,
    bends: int = 1,
    kind: str = "bezier",
    steps: int = 300,
    lr: float = 0.01,
    seed: int = 0,
) -> list[dict[str, Tensor]]:
    r"""Trains the points between two checkpoints, so that the loss is low on average along the curve through or towards them.

    .. math:: \min_{P_1,\dots,P_{m-1}}\ \mathbb E_{t\sim U(0,1)}\,L(\varphi(t)),\qquad P_0,\ P_m\ \text{fixed}

    Each step takes one batch and one t for the gradient, with Adam; the points start on the straight line. The model lends
    its architecture in the mode in which it stands (in training mode dropout and batch statistics take part), and is left as
    it is. Frozen parameters stay on the straight line.

    Args:
        model: any module.
        loss: `loss(outputs, targets)`, one number.
        data: a pair (inputs, targets) of tensors, or batches of such pairs that can be gone through again.
        start: P₀, a state dict of the model.
        end: P_m, another.
        bends: how many points between are trained, m − 1.
        kind: "bezier", or "polygon" through all points.
        steps: of Adam.
        lr: its step size.
        seed: of the draws of t and of what the model draws.

    Returns:
        P₀, …, P_m, which `loss_along` takes: state dicts, whose buffers between lie on the straight line too.

    Raises:
        GradusError: checkpoints or data that do not fit, a model without trained parameters, or a loss that is not finite.

    Cost: a forward and a backward pass of a batch a step; memory of four models a bend.

    Source: Garipov et al. 2018, §3; Draxler et al. 2018 for another way.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(1, 1)
        >>> start, end = ({"weight": torch.tensor([[w]]), "bias": torch.tensor([1.0 - w])} for w in (0.0, 1.0))
        >>> data = (torch.ones(1, 1), torch.ones(1, 1))  # weight + bias = 1 is a valley
        >>> path = connect_modes(model, torch.nn.functional.mse_loss, data, start, end, steps=5)
        >>> len(path), round(float(path[1]["weight"] + path[1]["bias"]), 3)
        (3, 1.0)
    """
    require_lendable(model)
    bends = whole("bends", bends, least=1)
    choice("kind", kind, KINDS)
    steps = whole("steps", steps, least=1)
    lr = number("lr", lr, above=0)
    seed = whole("seed", seed, least=0, most=2**63 - 1)
    trainable(model)
    ends = checked_points(model, [start, end], "[start, end]")
    names = [name for name, p in model.named_parameters() if p.requires_grad]
    with torch.no_grad():
        shares = torch.linspace(0, 1, bends + 2, dtype=torch.float64)[1:-1]
        points = [ends[0], *(combined(ends, torch.stack([1 - s, s])) for s in shares), ends[1]]
    for point in points[1:-1]:
        for name in names:
            point[name] = point[name].clone().requires_grad_()
    moved = [point[name] for point in points[1:-1] for name in names]
    optimizer = torch.optim.Adam(moved, lr=lr)
    generator = torch.Generator().manual_seed(seed)
    call = StatelessCall(model)
    with unchanged(model, seed):
        pairs = _again_and_again(data)
        for step in range(steps):
            inputs, targets = checked(model, loss, next(pairs))
            t = torch.rand(1, generator=generator, dtype=torch.float64)
            state = combined(points, curve_weights(t, len(points), kind)[0])
            buffers = {name: b.clone() for name, b in model.named_buffers() if name not in state}
            value = loss(call({**buffers, **state}, inputs), targets)
            _require_finite(value, step)
            for p, g in zip(moved, torch.autograd.grad(value, moved, allow_unused=True), strict=True):
                p.grad = g.to_dense() if g is not None and g.is_sparse else g
            optimizer.step()
    result = [{name: value.detach() for name, value in point.items()} for point in points]
    return [dict(start), *result[1:-1], dict(end)]


def _require_finite(value: Any, step: int) -> None:
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
        raise refusal("loss", ("a function to a tensor of one number that depends on the model", "返回依赖于模型的单个数的张量的函数"), value, kind=True)  # fmt: skip
    if not bool(value.isfinite()):
        came = Text(f"{value.item()} at step {step}", f"第 {step} 步为 {value.item()}")
        raise refusal("loss", ("a finite loss along the curve", "曲线上有限的损失"), came, ("take a smaller lr", "请减小 lr"))  # fmt: skip


def _again_and_again(data: Any) -> Iterator[Any]:
    """Batch after batch, from the first again after the last."""
    if isinstance(data, Iterator):
        raise refusal("data", ("batches that can be gone through again", "可重复遍历的批次"), data, ("give list(data)", "请用 list(data)"), kind=True)  # fmt: skip
    while True:
        some = False
        for pair in batches(data):
            some = True
            yield pair
        if not some:
            raise refusal("data", ("at least one batch", "至少一个批次"), Text("none", "没有批次"))
