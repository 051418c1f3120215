"""Samples along a velocity, from noise to data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import choice, flag, function, refusal, whole
from gradus.generative.diffusion.model_calls import Model, called, evaluating, start_of
from gradus.text import Text

__all__ = ["flow_matching_sample"]

METHODS = ("euler", "midpoint", "heun", "rk4")


def flow_matching_sample(
    velocity: Model,
    shape: Sequence[int],
    *,
    steps: int = 20,
    method: str = "euler",
    start: Tensor | None = None,
    seed: int | None = None,
    generator: torch.Generator | None = None,
    device: Any = None,
    dtype: Any = None,
    trajectory: bool = False,
) -> Tensor:
    r"""Samples by following a velocity from noise at time 0 to data at time 1, in even steps.

    .. math:: \frac{\mathrm dx}{\mathrm dt}=v(x,t),\qquad x_{t+h}=x_t+h\,v(x_t,t)\quad\text{("euler")}

    The sample is a function of its start. A module is put into evaluation mode meanwhile, and left in the mode that it was in.

    Args:
        velocity: gets x and the times, (batch,), from 0 to 1; gives a velocity, like x. Led by a class: `guided(model, classes, …)`.
        shape: (batch, …).
        steps: how many.
        method: "euler" calls the model once a step, "midpoint" and "heun" twice (order 2), "rk4" four times (order 4). "heun" and "rk4" ask at
            t = 1, too, where a velocity that divides by 1 − t is not defined.
        start: x₀; None draws it.
        seed: of what is drawn; None draws from PyTorch's own generator.
        generator: to draw from, in place of a seed.
        device: of the samples; None for the model's, or the CPU.
        dtype: of the samples; None for the model's, or PyTorch's default.
        trajectory: whether all of the path is given, (steps + 1, batch, …).

    Returns:
        x₁, of `shape`.

    Raises:
        GradusError: a model that gives something else, or what is not finite: the step is named.

    Cost: one, two or four calls of the model a step.

    Source: Lipman et al. 2023.

    Example:
        >>> import torch
        >>> to_three = lambda x, t: (3 - x) / (1 - t[:, None])  # of data that are 3: the lines are straight, and one step is enough
        >>> flow_matching_sample(to_three, (2, 1), steps=1, seed=0).flatten()
        tensor([3., 3.])
    """
    function("velocity", velocity, "lambda x, t: 0 * x")
    count, all_of_it = whole("steps", steps, least=1), flag("trajectory", trajectory)
    step = _STEPS[choice("method", method, METHODS)]
    x, _ = start_of(velocity, shape, start, seed, generator, device, dtype)
    path = [x]
    with evaluating(velocity):

        def ask(y: Tensor, t: float) -> Tensor:
            return called(velocity, y, torch.full((len(y),), t, device=y.device, dtype=y.dtype), "velocity")

        for i in range(count):
            x = step(ask, x, i / count, (i + 1) / count)
            if not bool(torch.isfinite(x).all()):
                bad = Text(
                    f"NaN or ±∞ after step {i + 1} of {count}",
                    f"第 {i + 1} 步（共 {count} 步）之后出现 NaN 或 ±∞",
                )
                mend = ("look at the model there", "请检查模型在该处的输出")
                raise refusal("velocity", ("one that leads to finite numbers", "得到有限数的速度"), bad, mend)
            if all_of_it:
                path.append(x)
    return torch.stack(path) if all_of_it else x


Ask = Callable[[Tensor, float], Tensor]


def _euler(ask: Ask, x: Tensor, t: float, s: float) -> Tensor:
    return x + (s - t) * ask(x, t)


def _midpoint(ask: Ask, x: Tensor, t: float, s: float) -> Tensor:
    half = x + (s - t) / 2 * ask(x, t)
    return x + (s - t) * ask(half, (s + t) / 2)


def _heun(ask: Ask, x: Tensor, t: float, s: float) -> Tensor:
    first = ask(x, t)
    return x + (s - t) / 2 * (first + ask(x + (s - t) * first, s))


def _rk4(ask: Ask, x: Tensor, t: float, s: float) -> Tensor:
    h, middle = s - t, (s + t) / 2
    a = ask(x, t)
    b = ask(x + h / 2 * a, middle)
    c = ask(x + h / 2 * b, middle)
    return x + h / 6 * (a + 2 * b + 2 * c + ask(x + h * c, s))


_STEPS = {"euler": _euler, "midpoint": _midpoint, "heun": _heun, "rk4": _rk4}
