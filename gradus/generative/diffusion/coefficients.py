"""What a schedule says at the times of a batch, in the shape and precision of the data; and the arguments that go with it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.arguments import refusal, whole
from gradus.arguments.tensors import concrete, tensor
from gradus.generative.diffusion.schedule import NoiseSchedule
from gradus.text import Text

__all__ = ["PREDICTIONS", "VARIANCES", "at", "batch", "beside", "posterior_variances", "scheduled", "times"]

PREDICTIONS = ("noise", "data", "velocity")
VARIANCES = ("posterior", "beta")


def scheduled(schedule: Any) -> NoiseSchedule:
    """An argument that is a schedule.

    Raises:
        GradusError: it is none.
    """
    if isinstance(schedule, NoiseSchedule):
        return schedule
    mend = ("NoiseSchedule.linear() is one", "例如 NoiseSchedule.linear()")
    raise refusal("schedule", ("a NoiseSchedule", " NoiseSchedule"), schedule, mend, kind=True)


def times(t: Any, x: Tensor, schedule: NoiseSchedule, name: str = "t") -> int | Tensor:
    """Times within 1 … T: a whole number for the whole of x, or one for each entry of its first axis.

    Raises:
        GradusError: another type, length or range.
    """
    if not isinstance(t, Tensor):
        return int(whole(name, t, least=1, most=schedule.steps))
    t = tensor(name, t, dtype="integer", meta=x.is_meta).resolve_neg()
    if t.dim() == 0:
        t = t.expand(x.shape[:1])
    if t.shape != x.shape[:1]:
        noun = (f"a whole number, or {x.shape[0] if x.dim() else 1} of them: one a sample", f"一个整数，或 {x.shape[0] if x.dim() else 1} 个：每个样本一个")  # fmt: skip
        raise refusal(name, noun, Text(f"the shape {tuple(t.shape)}", f"形状 {tuple(t.shape)}"))
    if concrete(t) and t.numel() and not bool(((t >= 1) & (t <= schedule.steps)).all()):
        came = f"{int(t.min())} … {int(t.max())}"
        mend = (
            "0 is the data; a model that counts from 0 gets t − 1",
            "0 是数据；从 0 计数的模型应得到 t − 1",
        )
        raise refusal(name, (f"times from 1 to {schedule.steps}", f"从 1 到 {schedule.steps} 的时刻"), Text(came, came), mend)  # fmt: skip
    found: Tensor = t.long()
    return found


def batch(name: str, value: Any, finite: bool = False, meta: bool = True) -> Tensor:
    """A tensor whose first axis counts samples.

    Raises:
        GradusError: it is none.
    """
    x = tensor(name, value, finite=finite, meta=meta)
    if not x.dim():
        raise refusal(name, ("a batch of samples, (batch, …)", "一批样本（批，……）"), x)
    return x


def at(values: Tensor, t: int | Tensor, x: Tensor) -> Tensor:
    """Entries `values[t]` of a float64 table, as x is, with axes to be multiplied with x."""
    if not isinstance(t, Tensor):
        return values[t].to(x.device, x.dtype)
    found = values.to(x.dtype).to(x.device)[t.to(x.device)]
    return found.reshape(found.shape + (1,) * (x.dim() - found.dim()))


def beside(name: str, value: Any, x: Tensor) -> Tensor:
    """A tensor of the same shape, precision and device as x.

    Raises:
        GradusError: it is none.
    """
    found = tensor(name, value)
    for mine, theirs in (
        (tuple(found.shape), tuple(x.shape)),
        (found.dtype, x.dtype),
        (found.device, x.device),
    ):
        if mine != theirs:
            raise refusal(name, (f"{theirs} as x", f"与 x 相同的 {theirs}"), Text(str(mine), str(mine)))
    return found


def posterior_variances(schedule: NoiseSchedule) -> Tensor:
    """(T + 1,): β̃_t at t, the variance of x_{t−1} given x_t and the data; 0 at 1 (and at 0)."""
    level = schedule.noise_levels
    return torch.cat((level.new_zeros(1), schedule.betas * level[:-1] / level[1:]))
