"""A module called with other weights than its own, also where a weight, or a whole layer, stands at several places."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.func import functional_call


class StatelessCall:
    """Calls a module with given weights; its own are untouched.

    PyTorch's `functional_call` puts the given weights into the module for good where one layer is registered under two
    names (pytorch/pytorch, issue 164759): it swaps the same place twice. Here every place is named once.

    Args:
        model: any module.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        names = {id(p): name for name, p in model.named_parameters()}
        self._places: dict[str, list[str]] = {name: [] for name in names.values()}
        for path, layer in model.named_modules():  # each layer once, however many names it has
            for key, p in layer._parameters.items():
                if p is not None:
                    self._places[names[id(p)]].append(f"{path}.{key}" if path else key)

    def __call__(self, weights: dict[str, Tensor], *inputs: Any) -> Any:
        """The outputs with these weights, by name; what is not named stays the module's own."""
        placed = {place: w for name, w in weights.items() for place in self._places[name]}
        return functional_call(self.model, placed, inputs, tie_weights=False)
