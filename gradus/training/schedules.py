"""Learning-rate schedules in closed form: a pure function from the step to a factor of the learning rate.

As no schedule has a memory, a resumed run needs only its step to continue on the same curve.
"""

import math
from collections.abc import Callable

from gradus.errors import GradusError
from gradus.text import Text

Schedule = Callable[[int], float]
WARMUP_SHARE = 0.05


def constant(step: int, total: int) -> float:
    """f(t) = 1."""
    return 1.0


def cosine(step: int, total: int) -> float:
    """f(t) = (1 + cos(π t / T)) / 2.

    Source: loshchilov2017sgdr, eq. 5 with one period.
    """
    return 0.5 * (1.0 + math.cos(math.pi * step / total))


def linear(step: int, total: int) -> float:
    """f(t) = 1 - t / T."""
    return 1.0 - step / total


def warmup(step: int, total: int) -> int:
    """The number of warm-up steps: a twentieth of all, at least one."""
    return max(1, round(WARMUP_SHARE * total))


def warmup_constant(step: int, total: int) -> float:
    """f(t) = min(1, (t + 1) / w)."""
    return min(1.0, (step + 1) / warmup(step, total))


def warmup_cosine(step: int, total: int) -> float:
    """f(t) = (t + 1) / w for t < w, then a cosine over the T - w steps that are left."""
    first = warmup(step, total)
    return (step + 1) / first if step < first else cosine(step - first, max(1, total - first))


def step_decay(step: int, total: int) -> float:
    """f(t) = 10^{-k}, with k = 1 from half of the steps on and k = 2 from three quarters on."""
    return 0.1 ** ((2 * step >= total) + (4 * step >= 3 * total))


SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": constant,
    "cosine": cosine,
    "linear": linear,
    "step": step_decay,
    "warmup": warmup_constant,
    "warmup-cosine": warmup_cosine,
}


def make_schedule(schedule: str | Schedule | None, total: int) -> Schedule | None:
    """The factor of the learning rate by step, counted from 0, of a run of `total` steps; None for a constant.

    Raises:
        GradusError: for a name that is not known.
    """
    if schedule is None or callable(schedule):
        return schedule
    if schedule not in SCHEDULES:
        raise GradusError(
            Text(
                f"expected a schedule among {', '.join(SCHEDULES)} or a function of the step, got {schedule!r}",
                f"学习率调度应为 {'、'.join(SCHEDULES)} 之一或步数的函数，得到 {schedule!r}",
            )
        )
    curve = SCHEDULES[schedule]
    return lambda step: curve(min(step, total), total)


def describe_schedule(schedule: str | Schedule | None, total: int) -> str:
    """The schedule for the record of a run; a curve over all steps is another curve when their number changes."""
    if schedule is None:
        return "none"
    name = (
        schedule if isinstance(schedule, str) else getattr(schedule, "__qualname__", type(schedule).__name__)
    )
    return f"{name} over {total} steps"
