"""PyTorch's fused update of Adam, AdamW and SGD in one call for all parameters, on flat buffers."""

from __future__ import annotations

from collections.abc import Iterator
from operator import is_
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

from gradus.errors import GradusError
from gradus.optimization.flat_memory import FlatMemory
from gradus.optimization.flat_part import FlatPart
from gradus.optimization.fused import begin_momentum, is_plain, is_watched, obstacle, state_names
from gradus.text import Text


class FlatUpdate:
    r"""The step of a fused Adam, AdamW or SGD as one update of one vector, θ ← θ + Δ(∇L), however many parameters it has.

    Parameters and gradients become views of one buffer each (for each group and dtype), and so does what the optimiser
    keeps for them; the parameters stay the objects that they are, and the optimiser stays as it is, with a state of the
    usual form. A parameter without a gradient is left out of a step, as the optimiser does it. Steps that cannot be done
    in one call (a parameter without a gradient, a sparse one, one thawed or added since, hooks on the optimiser,
    parameters with differing numbers of steps) are the optimiser's own. Where many parameters are small, most of the time of a step goes into its calls.

    While it is in use, what was a view of a parameter before is not one: parameters whose memory another tensor uses are
    refused. What is to outlast a step of the gradients must be copied. Leaving its block, or `release`, gives each tensor
    memory of its own again.

    Args:
        optimizer: torch.optim.Adam, AdamW or SGD with fused=True, without amsgrad, maximize, capturable, differentiable.

    Raises:
        GradusError: for another optimiser, other settings, or parameters whose memory cannot be moved.

    Cost: a step reads and writes each number of parameters, gradients and state once, and looks at a few attributes of
        each parameter; twice the parameters' memory while it is made.

    Source: Kingma and Ba 2015, Loshchilov and Hutter 2019 for the updates; PyTorch's kernels compute them.

    Example:
        >>> import torch
        >>> net = torch.nn.Linear(3, 1)
        >>> optimizer = torch.optim.AdamW(net.parameters(), lr=0.1, fused=True)
        >>> with FlatUpdate(optimizer) as flat:
        ...     for _ in range(2):
        ...         flat.zero_grad()
        ...         net(torch.ones(4, 3)).square().mean().backward()
        ...         flat.step()
        >>> int(optimizer.state[net.weight]["step"])
        2
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            name = type(optimizer).__name__
            raise GradusError(
                Text(f"expected optimizer as a torch.optim.Optimizer, got {name}", f"optimizer 应为 torch.optim.Optimizer，得到 {name}")
            )  # fmt: skip
        if reason := obstacle(optimizer):
            raise GradusError(
                Text(
                    f"expected an optimizer whose parameters can be updated in one call, but {reason.en}",
                    f"优化器的参数应能一次更新，然而{reason.zh}",
                )
            )
        self.optimizer = optimizer
        self.parts = [FlatPart(number, FlatMemory(parameters)) for number, parameters in _split(optimizer)]
        self.sizes = self._sizes()
        self.others = self._outside(look=True)
        self.states: list[Any] | None = None
        self.whole = False

    @property
    def parameters(self) -> list[Tensor]:
        """The parameters in the buffers."""
        return [p for part in self.parts for p in part.memory.parameters]

    @property
    def gradients(self) -> list[Tensor]:
        """The buffers of all gradients: in them are zeros where there is none."""
        return [part.memory.gradient for part in self.parts]

    def zero_grad(self) -> None:
        """Set all gradients to zero, in place; those of parameters outside of the buffers to None."""
        for part in self.parts:
            part.memory.zero()
        for p in self._outside():
            p.grad = None

    def attach(self) -> None:
        """Let each parameter's `grad` be its part of the buffer, as it is."""
        for part in self.parts:
            part.memory.attach()

    @torch.no_grad()
    def collect(self) -> bool:
        """Whether all parameters and gradients are in the buffers; where they had been replaced, they are copied there."""
        for part in self.parts:
            collected = part.memory.collect()
            part.whole = part.memory.in_place() and collected
        self.whole = all(part.whole for part in self.parts)
        return self.whole

    def step(self) -> None:
        """Update the parameters, by the settings that the optimiser has now."""
        self.collect()
        self.apply()

    @torch.no_grad()
    def apply(self) -> None:
        """The step without its first half, `collect`: for where nothing has touched parameters or gradients since."""
        groups = self.optimizer.param_groups
        if not (
            self.whole
            and all(p.grad is None for p in self._outside())
            and not is_watched(self.optimizer)
            and self._sizes() == self.sizes
            and all(map(is_plain, groups))
            and (self._is_linked() or self._link())
        ):
            self.states = None
            for group in groups if type(self.optimizer) is SGD else ():
                begin_momentum(group, self.optimizer.state)
            self.optimizer.step()
            return
        for part in self.parts:
            part.update(type(self.optimizer), groups[part.number])
        vars(self.optimizer)["_opt_called"] = True  # PyTorch's schedulers ask for it

    def release(self) -> None:
        """Give each parameter, its gradient and its state memory of their own again; it must not be used after that."""
        for part in self.parts:
            part.memory.release()
            for entry in part.states if self.states is not None else ():
                entry.update({key: entry[key].clone() for key in part.tensors})

    def __enter__(self) -> FlatUpdate:
        return self

    def __exit__(self, *reason: object) -> None:
        self.release()

    def _outside(self, look: bool = False) -> list[Tensor]:
        """The optimiser's parameters that are in no buffer: frozen when it was made, or added since."""
        if not look and self._sizes() == self.sizes:
            return self.others
        inside = {id(p) for p in self.parameters}
        return [p for group in self.optimizer.param_groups for p in group["params"] if id(p) not in inside]

    def _sizes(self) -> list[int]:
        return [len(group["params"]) for group in self.optimizer.param_groups]

    def _is_linked(self) -> bool:
        state = self.optimizer.state
        return (
            self.states is not None
            and len(state) == len(self.states)
            and all(map(is_, state.values(), self.states))
            and all(
                part.names == state_names(self.optimizer.param_groups[part.number]) for part in self.parts
            )
            and all(part.is_linked() for part in self.parts)
        )

    def _link(self) -> bool:
        state, groups = self.optimizer.state, self.optimizer.param_groups
        if not all(part.take_in(groups[part.number], state) for part in self.parts):
            return False
        for part in self.parts:
            part.write(state)
        self.states = list(state.values())
        return True


def _split(optimizer: Optimizer) -> Iterator[tuple[int, list[Tensor]]]:
    """The parameters that require a gradient, by group, dtype and device; with the number of the group."""
    for number, group in enumerate(optimizer.param_groups):
        alike: dict[Any, list[Tensor]] = {}
        for p in group["params"]:
            if p.requires_grad:
                alike.setdefault((p.dtype, p.device), []).append(p)
        yield from ((number, parameters) for parameters in alike.values())
