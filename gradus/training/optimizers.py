"""Optimisers by name, with the settings that make PyTorch's own fast; and their state, stored and restored."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer

from gradus.errors import GradusError
from gradus.training import tree
from gradus.training.errors import CheckpointError

Factory = Callable[[Iterable[torch.nn.Parameter]], Optimizer]

# Each row: the class, its settings, and whether PyTorch has a fused update (one call for all parameters).
OPTIMIZERS: dict[str, tuple[type[Optimizer], dict[str, Any], bool]] = {
    "sgd": (torch.optim.SGD, {}, True),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}, True),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, True),
    "adam": (torch.optim.Adam, {}, True),
    "amsgrad": (torch.optim.Adam, {"amsgrad": True}, True),
    "adamw": (torch.optim.AdamW, {}, True),
    "adagrad": (torch.optim.Adagrad, {}, True),
    "adadelta": (torch.optim.Adadelta, {}, False),
    "adamax": (torch.optim.Adamax, {}, False),
    "nadam": (torch.optim.NAdam, {}, False),
    "radam": (torch.optim.RAdam, {}, False),
    "rmsprop": (torch.optim.RMSprop, {}, False),
    "rprop": (torch.optim.Rprop, {}, False),
    "asgd": (torch.optim.ASGD, {}, False),
    "lbfgs": (torch.optim.LBFGS, {}, False),
}


def make_optimizer(
    optimizer: str | Factory | Optimizer, parameters: list[torch.nn.Parameter], learning_rate: float
) -> Optimizer:
    """The optimiser: an instance as it is, a factory called with the parameters, a name from the table.

    Raises:
        GradusError: for an unknown name, or a factory that returns something else.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise GradusError(f"expected an optimizer among {', '.join(OPTIMIZERS)}, got {optimizer!r}")
        kind, settings, fused = OPTIMIZERS[optimizer]
        if fused and all(
            p.is_floating_point() and p.device.type in ("cpu", "cuda", "mps") for p in parameters
        ):
            settings = settings | {"fused": True}
        return kind(parameters, lr=learning_rate, **settings)  # type: ignore[call-arg]
    made = optimizer(parameters)
    if not isinstance(made, Optimizer):
        raise GradusError(
            f"expected the optimizer factory to return a torch.optim.Optimizer, got {type(made).__name__}"
        )
    return made


def describe_optimizer(optimizer: Optimizer) -> str:
    """The class and its settings, for the record of a run (the learning rate moves, and is left out)."""
    settings = {k: v for k, v in sorted(optimizer.defaults.items()) if k != "lr"}
    return f"{type(optimizer).__name__}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"


def pack_optimizer(optimizer: Optimizer, tensors: dict[str, torch.Tensor]) -> Any:
    """The optimiser's whole state as JSON; its tensors are added to `tensors`."""
    return tree.pack(optimizer.state_dict(), "optimizer", tensors)


def _like(value: Any, parameter: torch.Tensor) -> Any:
    # PyTorch gives the moments the memory layout of their parameter; stored tensors have lost it.
    if isinstance(value, torch.Tensor) and value.shape == parameter.shape and value.dim() > 1:
        return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)
    return value


def unpack_optimizer(optimizer: Optimizer, packed: Any, tensors: dict[str, torch.Tensor]) -> None:
    """Give the optimiser the state that `pack_optimizer` stored.

    Raises:
        CheckpointError: when the state is of another optimiser or of other parameters.
    """
    try:
        optimizer.load_state_dict(tree.unpack(packed, tensors))
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(
            f"the stored state does not fit the optimizer {type(optimizer).__name__}: {error}"
        ) from None
    for parameter, state in optimizer.state.items():
        state.update({key: _like(value, parameter) for key, value in state.items()})


class Rate:
    """The learning rate at each step: every group's own rate times the schedule's factor."""

    def __init__(self, optimizer: Optimizer, schedule: Callable[[int], float] | None) -> None:
        self.optimizer, self.schedule = optimizer, schedule
        self.base = [float(group.get("initial_lr", group["lr"])) for group in optimizer.param_groups]

    def set(self, step: int) -> None:
        """Set the rates for the update that leads from `step` to `step + 1`."""
        if self.schedule is None:
            return
        factor = float(self.schedule(step))
        for group, base in zip(self.optimizer.param_groups, self.base, strict=True):
            group["lr"] = base * factor

    @property
    def now(self) -> float:
        """The first group's rate."""
        return float(self.optimizer.param_groups[0]["lr"])
