"""The settings of a run, checked before anything is touched."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from gradus.errors import GradusError

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}
Loss = Callable[[Any, torch.Tensor], torch.Tensor]


def one_number(loss: Any) -> torch.Tensor:
    """The value of a loss.

    Raises:
        GradusError: when it is no tensor of one number.
    """
    if isinstance(loss, torch.Tensor) and loss.dim() == 0:
        return loss
    got = tuple(loss.shape) if isinstance(loss, torch.Tensor) else type(loss).__name__
    raise GradusError(f"expected the loss to return one number (a mean over the batch), got {got}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a run is carried out; the arguments of `fit` of the same names."""

    epochs: int
    batch_size: int
    accumulate: int
    clip_norm: float | None
    precision: str
    compile: bool | str
    channels_last: bool | str
    closed_form: bool
    seed: int
    ema: float | None
    checkpoint_every: int | None
    keep: int

    def __post_init__(self) -> None:
        for name, least in (
            ("epochs", 0),
            ("batch_size", 1),
            ("accumulate", 1),
            ("checkpoint_every", 1),
            ("keep", 1),
        ):
            value = getattr(self, name)
            if value is None and name == "checkpoint_every":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise GradusError(f"expected {name} as a whole number >= {least}, got {value!r}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise GradusError(f"expected seed as a whole number, got {self.seed!r}")
        if self.precision not in PRECISIONS:
            raise GradusError(f"expected precision among {', '.join(PRECISIONS)}, got {self.precision!r}")
        for name in ("compile", "channels_last"):
            if getattr(self, name) not in (True, False, "auto"):
                raise GradusError(f"expected {name} as True, False or 'auto', got {getattr(self, name)!r}")
        if not isinstance(self.closed_form, bool):
            raise GradusError(f"expected closed_form as True or False, got {self.closed_form!r}")
        if self.clip_norm is not None and not (self.clip_norm > 0 and math.isfinite(self.clip_norm)):
            raise GradusError(f"expected clip_norm > 0, got {self.clip_norm!r}")
        if self.ema is not None and not 0 <= self.ema < 1:
            raise GradusError(f"expected ema as a decay in [0, 1), got {self.ema!r}")

    @property
    def step_size(self) -> int:
        """Samples per optimisation step."""
        return self.batch_size * self.accumulate

    def record(self) -> dict[str, Any]:
        """What a resumed run must have in common with the one it continues."""
        names = (
            "batch_size",
            "accumulate",
            "clip_norm",
            "precision",
            "compile",
            "channels_last",
            "closed_form",
            "seed",
            "ema",
        )
        return {name: getattr(self, name) for name in names}
