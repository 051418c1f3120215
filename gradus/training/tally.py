"""Over what each figure is a mean, so that the means of parts make the mean of the whole, however it is parted.

Samples count alike; but of a loss that ignores targets, or weighs classes, a batch counts by what it is a mean over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from gradus.training.known_losses import known_loss
from gradus.training.metrics import accuracy, counted


@dataclass(frozen=True)
class Tally:
    """The counts of data of a run.

    Attributes:
        counts: by how much each sample counts, of the figures for which they do not count alike.
        is_sum: whether the loss is a sum over its batch.
    """

    counts: Mapping[str, Tensor]
    is_sum: bool = False

    def of(self, name: str, indices: Tensor) -> float:
        """By how much the samples at `indices` count in a figure."""
        counts = self.counts.get(name)
        return float(len(indices)) if counts is None else float(counts[indices].sum())

    def share(self, name: str, part: Tensor, whole: Tensor) -> float:
        """What the figure of `part` contributes to that of `whole`, of which it is a part: a factor in [0, 1]."""
        if self.is_sum and name == "loss":
            return 1.0 if len(part) else 0.0
        count = self.of(name, part)
        return count / self.of(name, whole) if count else 0.0

    def per_count(self, name: str, value: float, samples: int) -> float:
        """A figure of a batch as a mean: the loss that is a sum, over its samples."""
        return value / samples if self.is_sum and name == "loss" else value


def tally_of(loss: Any, metrics: Mapping[str, Callable[..., Any]], targets: Tensor) -> Tally:
    """The counts of the loss and the metrics for these targets."""
    known = known_loss(loss)
    counts = {"loss": None if known is None or known.is_sum else known.counts(targets)}
    counts |= {name: counted(targets) for name, metric in metrics.items() if metric is accuracy}
    unequal = {name: value for name, value in counts.items() if value is not None}
    return Tally(unequal, known is not None and known.is_sum)
