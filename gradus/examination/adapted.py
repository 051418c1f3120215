"""A model as the library's instruments take one: from a tensor to a tensor."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from gradus.examination.batches import rows
from gradus.examination.outcomes import main_of
from gradus.examination.verdicts import Unchecked


class Adapted(nn.Module):
    """A model that is called with the numbers of samples, or whose main output alone is returned."""

    def __init__(self, model: nn.Module, inputs: Any | None) -> None:
        super().__init__()
        self.model, self._inputs = model, inputs
        self.training = model.training

    def forward(self, x: Tensor) -> Any:
        """The main tensor of what the model returns."""
        given = x if self._inputs is None else rows(self._inputs, x)
        return main_of(self.model(given))


def tensor_targets(targets: Any) -> Tensor:
    """The targets.

    Raises:
        Unchecked: they are no tensor.
    """
    if not isinstance(targets, Tensor):
        raise Unchecked("the targets are no tensor", "目标不是张量")
    return targets
