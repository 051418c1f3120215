"""Methods of `minimize` as optimisers of PyTorch: a step is some iterations on the loss of a closure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import function, number, refusal, whole
from gradus.optimization.closure_objective import ClosureObjective
from gradus.optimization.minimize.driver import Settings, run
from gradus.optimization.minimize.interface import result_of
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.result import Result
from gradus.optimization.minimize.state import COUNTS, Method, State
from gradus.optimization.parameter_errors import parameters_refused

_NUMBERS = (*COUNTS, "value")
_UNLIMITED = 2**62


class ClosureOptimizer(torch.optim.Optimizer):
    """An optimiser that evaluates the loss several times a step; a subclass names the method and its options.

    Attributes:
        needs_closure: tells `fit` that a step needs a closure.
        needs_graph: tells it that the closure returns (loss, outputs) within the graph, and writes no gradients.
        result: what the last step did, with its history; None before the first.
    """

    needs_closure: ClassVar[bool] = True
    needs_graph: ClassVar[bool] = False
    result: Result | None = None

    def __init__(self, parameters: Iterable[Any], iterations: int, tolerance: float, **options: Any) -> None:
        defaults = dict(
            iterations=whole("iterations", iterations, least=1),
            tolerance=number("tolerance", tolerance, least=0),
            **options,
        )
        try:
            super().__init__(parameters, defaults)
        except (TypeError, ValueError) as error:
            raise parameters_refused(parameters, error) from None
        self.method()
        self.objective(lambda: 0.0)

    @abstractmethod
    def method(self) -> Method[Any]:
        """The method, with the options as they stand in the first group.

        Raises:
            GradusError: an option out of range.
        """

    def objective(self, closure: Callable[[], Any]) -> ClosureObjective:
        """The loss as a function of one vector.

        Raises:
            GradusError: parameters of several precisions or devices.
        """
        return ClosureObjective(closure, self.parameters)

    @property
    def parameters(self) -> list[Tensor]:
        """Of all groups."""
        return [p for group in self.param_groups for p in group["params"]]

    @property
    def reason(self) -> Reason:
        """Why the last step ended; `MAX_ITERATIONS` where there is more to do, `NONE` before the first."""
        return Reason(self._stored.get("reason", 0))

    @property
    def evaluations(self) -> int:
        """How often the loss was evaluated, in all steps."""
        return int(self._stored.get("evaluations", 0))

    @property
    def _stored(self) -> dict[str, Any]:
        stored: dict[str, Any] = self.state[self.parameters[0]]
        return stored

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As PyTorch's; all groups are searched together, so that none can have settings of its own."""
        own = [name for name in param_group if name in self.defaults] if isinstance(param_group, dict) else []
        if own:
            words = ("no settings of a group's own", "各组不单独设置")
            raise refusal(
                own[0], words, param_group[own[0]], ("give it to the optimiser", "请在优化器上设置")
            )
        super().add_param_group(param_group)

    def setting(self, name: str) -> Any:
        """One of the first group."""
        return self.param_groups[0][name]

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """At most `iterations` iterations from where the parameters stand; the best point seen stays in them.

        Args:
            closure: the same loss at every call within a step: of one batch, without noise of its own.

        Returns:
            What the closure returned at the first call.

        Raises:
            GradusError: no closure, or one that does not return a loss.
        """
        objective = self.objective(function("closure", closure, "closure that returns the loss"))
        method, begin = self.method(), objective.layout.flat()
        states: list[State] = []

        def start(objective: Any, x: Tensor) -> State:
            stored = self._stored
            state: State = (
                method.resume(objective, x, _fields(stored, method)) if stored else method.start(objective, x)
            )
            states.append(state)
            return state

        most = int(self._stored.get("iterations", 0)) + self.setting("iterations")
        settings = Settings(self.setting("tolerance"), most, _UNLIMITED, None, False)
        try:
            ended, history = run(method, objective, begin, settings, start)
        except BaseException:
            objective.write(begin)
            raise
        objective.write(ended.x)
        self.result = result_of(objective.layout, ended.x, ended, history)
        self.state[self.parameters[0]] = _packed(states[0], method, int(ended.reason[0]))
        first = objective.first
        return first[0] if isinstance(first, tuple) else first

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As PyTorch's, but tensors stay in the precision that they are kept in."""
        super().load_state_dict(state_dict)
        parameters = self.parameters
        for k, values in state_dict["state"].items():
            for name, value in values.items():
                if isinstance(value, Tensor):
                    owner = parameters[int(k)]
                    self.state[owner][name] = value.detach().clone().to(owner.device)


def _names(method: Method[Any]) -> Sequence[str]:
    return [*_NUMBERS, *method.carried]


def _packed(state: State, method: Method[Any], reason: int) -> dict[str, Any]:
    """What the next step needs: tensors and numbers."""
    values = {name: getattr(state, name) for name in _names(method)}
    numbers = {n: v.item() if isinstance(v, np.ndarray) else v for n, v in values.items()}
    return numbers | {"reason": reason}


def _fields(stored: dict[str, Any], method: Method[Any]) -> dict[str, Any]:
    """The same as arrays of one problem; copies, so that a step that fails leaves no trace."""
    return {
        name: stored[name].clone() if isinstance(stored[name], Tensor) else np.array([stored[name]])
        for name in _names(method)
    }
