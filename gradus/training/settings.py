"""The settings of a run, checked before anything is touched."""

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from gradus.errors import GradusError
from gradus.text import Text

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
    raise GradusError(
        Text(
            f"expected the loss to return one number (a mean over the batch), got {got}",
            f"损失应返回一个数（对批量取平均），得到 {got}",
        )
    )


def _number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


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
    learning_rate: float = 1e-3

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
                raise GradusError(
                    Text(
                        f"expected {name} as a whole number >= {least}, got {value!r}",
                        f"{name} 应为 ≥ {least} 的整数，得到 {value!r}",
                    )
                )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise GradusError(
                Text(
                    f"expected seed as a whole number, got {self.seed!r}",
                    f"seed 应为整数，得到 {self.seed!r}",
                )
            )
        if not isinstance(self.precision, str) or self.precision not in PRECISIONS:
            raise GradusError(
                Text(
                    f"expected precision among {', '.join(PRECISIONS)}, got {self.precision!r}",
                    f"precision 应为 {'、'.join(PRECISIONS)} 之一，得到 {self.precision!r}",
                )
            )
        for name in ("compile", "channels_last"):
            value = getattr(self, name)
            if not isinstance(value, bool) and not (isinstance(value, str) and value == "auto"):
                raise GradusError(
                    Text(
                        f"expected {name} as True, False or 'auto', got {value!r}",
                        f"{name} 应为 True、False 或 'auto'，得到 {value!r}",
                    )
                )
        if not isinstance(self.closed_form, bool):
            raise GradusError(
                Text(
                    f"expected closed_form as True or False, got {self.closed_form!r}",
                    f"closed_form 应为 True 或 False，得到 {self.closed_form!r}",
                )
            )
        if not _number(self.learning_rate) or not 0 <= self.learning_rate < math.inf:
            raise GradusError(
                Text(
                    f"expected learning_rate as a number >= 0, got {self.learning_rate!r}",
                    f"learning_rate 应为 ≥ 0 的数，得到 {self.learning_rate!r}",
                )
            )
        if self.clip_norm is not None and not (_number(self.clip_norm) and 0 < self.clip_norm < math.inf):
            raise GradusError(
                Text(
                    f"expected clip_norm as a number > 0 or None, got {self.clip_norm!r}",
                    f"clip_norm 应为 > 0 的数或 None，得到 {self.clip_norm!r}",
                )
            )
        if self.ema is not None and not (_number(self.ema) and 0 <= self.ema < 1):
            raise GradusError(
                Text(
                    f"expected ema as a decay in [0, 1) or None, got {self.ema!r}",
                    f"ema 应为 [0, 1) 中的衰减率或 None，得到 {self.ema!r}",
                )
            )
        for name in ("learning_rate", "clip_norm", "ema"):  # NumPy's numbers would not go into the record
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else float(value))

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
