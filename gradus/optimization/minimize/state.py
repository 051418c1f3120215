"""What a method knows of the problems that still run, and what it must do: start, and step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.reason import Reason

COUNTS = ("iterations", "evaluations", "hessian_evaluations", "hessian_products")
Rows = Any  # which problems: slice(None), or their numbers (rows,)


@dataclass
class State:
    """Of b problems, each its iterate and what was counted; every field has one row a problem.

    Points are tensors where f computes; numbers that decide are NumPy's, in float64, in the processor's memory. The tensors
    `x` and `gradient` are replaced, never written into: the best point seen may share their memory.

    Attributes:
        x: iterates (b, n).
        gradient: there (b, n).
        value: f there (b,).
        gradient_norm: the largest entry of the gradient in size (b,).
        step_length: of the last iteration (b,).
        iterations: completed (b,).
        evaluations: of f with its gradient (b,).
        hessian_evaluations, hessian_products: counted (b,).
        completed: whether the last call of `step` ended an iteration (b,).
        reason: why the problem ended, `Reason.NONE` while it runs (b,).
    """

    x: Tensor
    gradient: Tensor
    value: np.ndarray
    gradient_norm: np.ndarray
    step_length: np.ndarray
    iterations: np.ndarray
    evaluations: np.ndarray
    hessian_evaluations: np.ndarray
    hessian_products: np.ndarray
    completed: np.ndarray
    reason: np.ndarray

    def select(self: S, rows: np.ndarray) -> S:
        """The rows of some problems: arrays, tensors and whatever has a `select` of its own."""
        index = torch.as_tensor(rows, device=self.x.device)
        changes = {f.name: _selected(getattr(self, f.name), rows, index) for f in fields(self)}
        return replace(self, **changes)


def _selected(value: Any, rows: np.ndarray, index: Tensor) -> Any:
    if isinstance(value, Tensor):
        return value[index]
    if isinstance(value, np.ndarray):
        return value[rows]
    return value.select(rows, index) if hasattr(value, "select") else value


S = TypeVar("S", bound=State)


class Method(ABC, Generic[S]):
    """A way to minimise, of many problems at once; its constructor takes and checks its options.

    Attributes:
        carried: the fields of a state, beside its counts, by which a later run goes on where an earlier one ended.
    """

    name: ClassVar[str]
    carried: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def start(self, objective: Objective, x: Tensor) -> S:
        """The state at the starting points (b, n)."""

    @abstractmethod
    def step(self, objective: Objective, state: S) -> None:
        """At most one evaluation for every problem; sets `completed` where an iteration ended, `reason` where one must end.

        Problems that have ended may still be among the rows: what becomes of them does not matter.
        """

    def resume(self, objective: Objective, x: Tensor, fields: Mapping[str, Tensor | np.ndarray]) -> S:
        """The state at points (b, n) where f may have become another function, with what an earlier state had learnt.

        Args:
            objective: f, evaluated once.
            x: the points.
            fields: of the earlier state, its counts among them.

        Raises:
            GradusError: the fields are of problems of another size, or of other options.
        """
        state = self.start(objective, x)
        for name in COUNTS:
            setattr(state, name, getattr(state, name) + fields[name])
        for name in self.carried:
            if fields[name].shape != getattr(state, name).shape:
                words = (
                    f"the shape {tuple(getattr(state, name).shape)}",
                    f"形状 {tuple(getattr(state, name).shape)}",
                )
                raise refusal(
                    name, words, fields[name], ("the state is of another problem", "该状态属于另一问题")
                )
            setattr(state, name, fields[name])
        return state

    def settled(self, objective: Objective, state: S, rows: np.ndarray) -> np.ndarray:
        """Whether the points of these problems, whose gradient is within the tolerance, are the end (rows,)."""
        return np.ones(len(rows), dtype=bool)


def first_state(objective: Objective, x: Tensor) -> State:
    """The state at the starting points: f evaluated once, ended where it is not finite."""
    value, gradient = objective.value_and_gradient(x)
    numbers = measured([value.reshape(-1)], largest=[gradient])
    count = len(x)
    bad = ~np.isfinite(numbers).all(axis=0)

    def zeros() -> np.ndarray:
        return np.zeros(count, dtype=np.int64)

    return State(
        x=x,
        gradient=gradient,
        value=numbers[0],
        gradient_norm=numbers[1],
        step_length=np.zeros(count),
        iterations=zeros(),
        evaluations=zeros() + 1,
        hessian_evaluations=zeros(),
        hessian_products=zeros(),
        completed=np.ones(count, dtype=bool),
        reason=np.where(bad, Reason.NOT_FINITE, Reason.NONE).astype(np.int64),
    )


def to_numbers(*columns: Tensor) -> np.ndarray:
    """Tensors (b,) as the rows of one array of float64: the device is waited for once."""
    return torch.stack(columns).detach().cpu().double().numpy()


def measured(
    columns: Sequence[Tensor] = (),
    products: Sequence[tuple[Tensor, Tensor]] = (),
    largest: Sequence[Tensor] = (),
) -> np.ndarray:
    """Numbers (b,), inner products of vectors (b, n) and their largest entries in size, as the rows of one array of float64.

    In the processor's memory NumPy takes them, whose calls cost a fraction of PyTorch's; a device is waited for once.
    """
    first = columns[0] if columns else products[0][0]
    if by_numpy(first):
        rows = [c.numpy() for c in columns]
        with np.errstate(all="ignore"):  # what is not finite ends a problem with a reason
            rows += [_inner(a.numpy(), b.numpy()) for a, b in products]
            rows += [np.abs(v.numpy()).max(axis=1) for v in largest]
        return np.array(rows, dtype=np.float64)
    inner = [(a * b).sum(dim=1) for a, b in products]
    return to_numbers(*columns, *inner, *[v.abs().amax(dim=1) for v in largest])


def _inner(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    inner: np.ndarray = a @ b[0] if len(a) == 1 else np.einsum("bn,bn->b", a, b)
    return inner


def by_numpy(x: Tensor) -> bool:
    """Whether NumPy may read a tensor where it lies."""
    return x.device.type == "cpu" and x.dtype in (torch.float64, torch.float32)


def to_tensor(numbers: np.ndarray, like: Tensor) -> Tensor:
    """Numbers (b,) as a column (b, 1) that meets points (b, n)."""
    return torch.from_numpy(np.ascontiguousarray(numbers)).to(like)[:, None]


def at_least_single(x: Tensor) -> Tensor:
    """In float32, where PyTorch's factorisations do not know the precision."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def put(old: Tensor, rows: Rows, new: Tensor) -> Tensor:
    """`old` with some of its rows, in ascending order, replaced, in new memory."""
    if len(new) == len(old):
        return new
    result = old.clone()
    result[torch.as_tensor(rows, device=old.device)] = new
    return result
