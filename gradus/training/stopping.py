"""When to stop, and which epoch was the best."""

import math
from dataclasses import dataclass, field
from typing import Any

from gradus.errors import GradusError


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when `monitor` has not improved for `patience` epochs.

    Attributes:
        monitor: a column of the history, such as "validation_loss" or "validation_accuracy".
        patience: how many epochs without improvement are borne.
        improvement: how much counts as an improvement.
        mode: "min", "max", or "auto": a loss or an error is to fall, everything else to rise.
    """

    monitor: str = "validation_loss"
    patience: int = 5
    improvement: float = 0.0
    mode: str = "auto"


@dataclass
class Best:
    """The best epoch so far by `monitor`, and how many epochs ago it was."""

    monitor: str
    mode: str = "auto"
    improvement: float = 0.0
    value: float | None = None
    epoch: int = 0
    step: int = 0
    since: int = field(default=0)

    def update(self, row: dict[str, Any]) -> bool:
        """Look at an epoch's row; true when it is the best.

        Raises:
            GradusError: when the row lacks the monitored column.
        """
        if self.monitor not in row:
            raise GradusError(f"expected to monitor one of {', '.join(row)}, got {self.monitor!r}")
        falling = self.mode == "min" or (
            self.mode == "auto" and any(word in self.monitor for word in ("loss", "error", "perplexity"))
        )
        value = row[self.monitor]
        value = math.nan if value is None else float(value)
        gain = math.inf if self.value is None else (self.value - value if falling else value - self.value)
        if math.isnan(value) or not gain > self.improvement:
            self.since += 1
            return False
        self.value, self.epoch, self.step, self.since = value, row["epoch"], row["step"], 0
        return True


def best_for(stopping: EarlyStopping | None, validated: bool) -> Best:
    """What to keep track of: the early stopping's monitor, or else the loss."""
    if stopping is None:
        return Best("validation_loss" if validated else "loss")
    if stopping.patience < 1 or stopping.mode not in ("auto", "min", "max"):
        raise GradusError(f"expected patience >= 1 and mode auto, min or max, got {stopping}")
    return Best(stopping.monitor, stopping.mode, stopping.improvement)
