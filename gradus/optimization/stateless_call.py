"""A module called with other tensors than its own, also where one of them, or a whole layer, stands at several places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call


class StatelessCall:
    """Calls a module with given parameters and buffers; its own are untouched.

    PyTorch's `functional_call` puts what it is given into the module for good where one layer is registered under two
    names (pytorch/pytorch, issue 164759): it swaps the same place twice. Here every place is named once.

    Args:
        model: any module.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        at: dict[int, list[str]] = {}
        for path, layer in model.named_modules():  # each layer once, however many names it has
            for key, held in (*layer._parameters.items(), *layer._buffers.items()):
                if held is not None:
                    at.setdefault(id(held), []).append(f"{path}.{key}" if path else key)
        every = (
            *model.named_parameters(remove_duplicate=False),
            *model.named_buffers(remove_duplicate=False),
        )
        self._places = {name: at[id(held)] for name, held in every}

    def __call__(self, tensors: Mapping[str, Tensor], *inputs: Any, **keywords: Any) -> Any:
        """The outputs with these parameters and buffers, by any of their names; what is not named stays the module's own."""
        placed = {place: held for name, held in tensors.items() for place in self._places[name]}
        return functional_call(self.model, placed, inputs, keywords, tie_weights=False)
