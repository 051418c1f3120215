"""What is asked of a distribution of PyTorch, and draws from it that a seed fixes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Distribution

from gradus.arguments import refusal, whole
from gradus.text import Text

__all__ = ["checks_on", "distribution", "seeded", "values"]


def distribution(name: str, value: Any) -> Distribution:
    """An argument that is a distribution of `torch.distributions`.

    Raises:
        GradusError: it is none.
    """
    if isinstance(value, Distribution):
        return value
    mend = (
        "give torch.distributions.Normal(0.0, 1.0), for example",
        "例如 torch.distributions.Normal(0.0, 1.0)",
    )
    raise refusal(name, ("a distribution of torch.distributions", " torch.distributions 的分布"), value, mend, kind=True)  # fmt: skip


@contextmanager
def checks_on() -> Iterator[None]:
    """Within it a distribution checks its parameters and values unless it was told not to.

    The first use of `torch.compile` turns these checks off for the whole process.
    """
    before = Distribution._validate_args
    Distribution.set_default_validate_args(True)
    try:
        yield
    finally:
        Distribution.set_default_validate_args(before)


@contextmanager
def seeded(seed: Any) -> Iterator[None]:
    """Within it PyTorch draws from the seed, and its own generators are as before afterwards; None leaves them to draw.

    Raises:
        GradusError: the seed is no whole number from 0.
    """
    if seed is None:
        yield
        return
    number = whole("seed", seed, least=0, most=2**63 - 1)
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(number)
        yield


def values(name: str, result: Any, shape: tuple[int, ...], event: int) -> Tensor:
    """What a function of the user's gave for draws: one number a draw, none of them NaN or +∞.

    Args:
        name: of the function.
        result: what it gave.
        shape: draws, then the axes that the distribution counts as a batch.
        event: how many axes a single draw has.

    Raises:
        GradusError: no tensor, another shape, or such a number.
    """
    if not isinstance(result, Tensor):
        raise refusal(name, ("a function that returns a tensor", "返回张量的函数"), result, kind=True)
    if tuple(result.shape) != shape:
        mend = (
            f"it gets draws of the shape (draws, batch …, event …) and sums over the last {event} axes alone; where it sums over more, make them one event: Independent(q, 1)",
            f"它得到形状为（抽样数，批……，事件……）的抽样，只应对最后 {event} 个轴求和；若要对更多轴求和，请把它们并为一个事件：Independent(q, 1)",
        )
        raise refusal(name, (f"one number a draw, of the shape {shape}", f"每次抽样一个数，形状 {shape}"), Text(str(tuple(result.shape)), str(tuple(result.shape))), mend)  # fmt: skip
    if not result.is_floating_point():
        raise refusal(
            name, ("floating-point numbers", "浮点数"), Text(str(result.dtype), str(result.dtype)), kind=True
        )
    found = result.detach()
    if not bool((found < torch.inf).all()):
        bad = "NaN" if bool(found.isnan().any()) else "+∞"
        mend = ("is a draw outside of the density's support?", "是否有抽样落在密度的支撑之外？")
        raise refusal(name, ("numbers below +∞", "小于 +∞ 的数"), Text(bad, bad), mend)
    return result
