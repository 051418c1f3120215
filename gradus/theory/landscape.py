"""The loss along lines, planes and curves in the space of a model's weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gradus.arguments import choice, flag, function, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.optimization.batch_loss import Loss
from gradus.text import Text
from gradus.theory.landscape_directions import checked_direction
from gradus.theory.lent_model import require_lendable
from gradus.theory.weight_losses import State, WeightLosses

__all__ = ["PathLosses", "loss_along", "loss_slice"]

KINDS = ("bezier", "polygon")


class PathLosses(NamedTuple):
    """The losses along a curve in weight space.

    Attributes:
        t: where the curve was looked at (T), from 0 to 1.
        losses: there (T).
        ends: the losses at t = 0 and t = 1 (2).
        barrier: the most by which a loss exceeds the straight line between the two ends' losses; 0 where none does.

    Example:
        >>> PathLosses([0.5], [3.0], [1.0, 2.0], 1.5).barrier
        1.5
    """

    t: Any
    losses: Any
    ends: Any
    barrier: Any


def loss_slice(
    model: nn.Module,
    loss: Loss,
    data: Any,
    direction: Mapping[str, Tensor],
    a: Float[Tensor, " A"],
    second: Mapping[str, Tensor] | None = None,
    b: Float[Tensor, " B"] | None = None,
    *,
    mean: bool = True,
    norm_data: Any = None,
    together: int | None = None,
) -> Tensor:
    r"""The loss over whole data on a line or a plane through a model's weights.

    .. math:: L(\theta+a_id),\qquad L(\theta+a_id+b_je)

    The model is left as it is. Batches of 64 samples at most are evaluated at 32 points at once, by `torch.func.vmap`, larger ones point
    by point: there it was measured to be faster on a processor. What a layer makes of statistics that it has gathered stays as
    it is, unless `norm_data` are given. A loss that overflows is reported as it is.

    Args:
        model: any module; layers that draw at random or mix samples in evaluation mode.
        loss: `loss(outputs, targets)`, one number.
        data: a pair (inputs, targets) of tensors, or batches of such pairs.
        direction: d, a tensor for each trained parameter by its name, as `random_direction` makes it.
        a: coordinates along it (A).
        second: e, for a plane.
        b: coordinates along it (B).
        mean: whether the loss of a batch is the mean over its samples (batches are then weighted by their samples), or a sum.
        norm_data: batches of inputs from which batch normalisation's statistics are computed anew at every point, as the mean
            over the batches; held in memory.
        together: points evaluated at once; 1 takes the least memory.

    Returns:
        Losses (A), or (A, B) on a plane.

    Raises:
        GradusError: directions or data that do not fit, a layer that draws at random or mixes samples, a loss that is no mean
            although `mean`.

    Cost: a forward pass over the data for each point, and one over `norm_data`.

    Source: Goodfellow et al. 2015; Li et al. 2018.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> _ = torch.nn.init.constant_(model.weight, 2.0)
        >>> data = (torch.ones(1, 1), torch.zeros(1, 1))
        >>> loss_slice(model, torch.nn.functional.mse_loss, data, {"weight": torch.ones(1, 1)}, torch.tensor([-2.0, 0.0, 1.0]))
        tensor([0., 4., 9.])
    """
    _checked_model(model, loss)
    checked_direction("direction", model, direction)
    tensor("a", a, "A>=1", finite=True, meta=False)
    if (second is None) != (b is None):
        raise refusal("b", ("coordinates exactly where a second direction is given", "当且仅当给出第二个方向时给出坐标"), b)  # fmt: skip
    theta = {name: p.detach() for name, p in model.named_parameters()}
    points: list[State] = [theta, _placed(direction, theta)]
    rows = torch.stack([torch.ones_like(a), a], 1)
    if second is not None and b is not None:
        checked_direction("second", model, second)
        tensor("b", b, "B>=1", finite=True, meta=False)
        points.append(_placed(second, theta))
        b = b.to(a)
        rows = torch.cat([rows.repeat_interleave(len(b), 0), b.repeat(len(a))[:, None]], 1)
    found = _losses(model, loss, data, mean, norm_data, together)(points, rows)
    found = found.to(a.device, _precision(theta))
    return found if b is None else found.reshape(len(a), len(b))


def loss_along(
    model: nn.Module,
    loss: Loss,
    data: Any,
    points: Sequence[Mapping[str, Tensor]],
    t: Float[Tensor, " T"],
    *,
    kind: str = "bezier",
    mean: bool = True,
    norm_data: Any = None,
    together: int | None = None,
) -> PathLosses:
    r"""The loss over whole data along a curve between checkpoints, and its barrier; of two points: their straight line.

    .. math:: \varphi(t)=\sum_{k=0}^{m}\binom mkt^k(1-t)^{m-k}P_k,\qquad
        B=\max\Bigl(0,\ \max_t\ L(\varphi(t))-\bigl((1-t)L(P_0)+tL(P_m)\bigr)\Bigr)

    The model lends its architecture and is left as it is: weights come from the points, and so do buffers of floating-point
    numbers that all of them hold, which are combined as the weights are. Between two networks the statistics of batch normalisation
    so combined belong to neither: give `norm_data`, or a barrier may be theirs alone.

    Args:
        model: any module; layers that draw at random or mix samples in evaluation mode.
        loss: `loss(outputs, targets)`, one number.
        data: a pair (inputs, targets) of tensors, or batches of such pairs.
        points: P, two or more state dicts of the model.
        t: where to look, from 0 to 1 (T); the barrier is the largest there, and the ends are added.
        kind: "bezier", or "polygon" through all points, which takes the same share of t for each side.
        mean: whether the loss of a batch is the mean over its samples, or a sum.
        norm_data: batches for batch normalisation's statistics, as with `loss_slice`.
        together: points evaluated at once; 1 takes the least memory.

    Returns:
        The `PathLosses`.

    Raises:
        GradusError: as with `loss_slice`; points that lack a parameter or have another shape; t out of range.

    Cost: a forward pass over the data for each t and both ends, and one over `norm_data`.

    Source: Goodfellow et al. 2015; Garipov et al. 2018; Entezari et al. 2022 for the barrier.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> points = [{"weight": torch.tensor([[w]])} for w in (-1.0, 1.0)]
        >>> data = (torch.ones(1, 1), torch.zeros(1, 1))
        >>> found = loss_along(model, lambda f, y: 1 - f.square().mean(), data, points, torch.tensor([0.0, 0.5, 1.0]))
        >>> found.losses, float(found.barrier)
        (tensor([0., 1., 0.]), 1.0)
    """
    _checked_model(model, loss)
    states = checked_points(model, points)
    choice("kind", kind, KINDS)
    tensor("t", t, "T>=1", finite=True, meta=False)
    if bool((t < 0).any()) or bool((t > 1).any()):
        raise refusal("t", ("numbers from 0 to 1", "0 到 1 的数"), Text(f"{float(t.min()):g} to {float(t.max()):g}", f"{float(t.min()):g} 到 {float(t.max()):g}"))  # fmt: skip
    everywhere = torch.cat([torch.tensor([0.0, 1.0], dtype=t.dtype, device=t.device), t])
    rows = curve_weights(everywhere, len(states), kind)
    found = _losses(model, loss, data, mean, norm_data, together)(states, rows)
    found = found.to(t.device, _precision(states[0]))
    ends, losses = found[:2], found[2:]
    at = t.to(losses)
    above = losses - ((1 - at) * ends[0] + at * ends[1])
    return PathLosses(t, losses, ends, above.max().clamp(min=0.0))


def curve_weights(t: Tensor, points: int, kind: str) -> Tensor:
    """(T, m), the share of each point at each t, for m points."""
    m, t = points - 1, t[:, None]
    k = torch.arange(points, device=t.device)
    if kind == "polygon":
        return (1 - (m * t - k).abs()).clamp(min=0)
    binomial = torch.tensor([math.comb(m, i) for i in range(points)], dtype=t.dtype, device=t.device)
    return binomial * t**k * (1 - t) ** (m - k)


def checked_points(model: nn.Module, points: Any, name: str = "points") -> list[dict[str, Tensor]]:
    """Of each point the parameters, and the buffers of floating numbers that all points hold, where the model has them.

    Raises:
        GradusError: fewer than two points, one that lacks a parameter, or another shape.
    """
    if not isinstance(points, Sequence) or len(points) < 2 or not all(isinstance(p, Mapping) for p in points):
        raise refusal(name, ("two state dicts or more", "两个或更多 state_dict"), points, ("give [one.state_dict(), other.state_dict()]", "请给出 [one.state_dict(), other.state_dict()]"), kind=True)  # fmt: skip
    wanted = dict(model.named_parameters())
    shared = {
        key: b
        for key, b in model.named_buffers()
        if b.is_floating_point() and all(key in point for point in points)
    }
    if not wanted:
        raise refusal("model", ("one with parameters", "含参数的模型"), model)
    for number, point in enumerate(points):
        for key, own in {**wanted, **shared}.items():
            label = f"{name}[{number}][{key!r}]"
            if key not in point:
                raise refusal(f"{name}[{number}]", (f"a tensor named {key}", f"名为 {key} 的张量"), Text(f"{len(point)} others", f"另外 {len(point)} 个"))  # fmt: skip
            value = tensor(label, point[key], dtype="any", meta=False)
            if value.shape != own.shape:
                shape = f"{tuple(value.shape)}"
                raise refusal(label, (f"the shape {tuple(own.shape)}", f"形状 {tuple(own.shape)}"), Text(shape, shape))  # fmt: skip
    like: dict[str, Tensor] = {**wanted, **shared}
    return [_placed({key: point[key] for key in like}, like) for point in points]


def _placed(values: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with the precision and device of others of these names."""
    with torch.inference_mode(False), torch.no_grad():
        return {
            key: (value.clone() if value.is_inference() else value.detach()).to(like[key])
            for key, value in values.items()
        }


def _checked_model(model: Any, loss: Any) -> None:
    require_lendable(model)
    function("loss", loss, "torch.nn.functional.cross_entropy")


def _losses(
    model: nn.Module, loss: Loss, data: Any, mean: bool, norm_data: Any, together: int | None
) -> WeightLosses:
    flag("mean", mean)
    if together is not None:
        together = whole("together", together, least=1)
    return WeightLosses(model, loss, data, mean=mean, norm_data=norm_data, together=together)


def _precision(state: State) -> torch.dtype:
    """Of losses: that of the weights, float32 at least."""
    dtype = torch.float32
    for value in state.values():
        dtype = torch.promote_types(dtype, value.dtype if not value.is_complex() else value.real.dtype)
    return dtype
