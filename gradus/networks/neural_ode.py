"""A neural ordinary differential equation, integrated by equal steps: the limit of a residual network."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from gradus.arguments import function as require_function
from gradus.arguments import refusal, shown, whole
from gradus.arguments.tensors import factor, tensor
from gradus.errors import GradusError
from gradus.text import Text

Field = Callable[[Tensor], Tensor]


def neural_ode(
    field: Field,
    x: Float[Tensor, "*batch n"],
    time: float = 1.0,
    steps: int = 16,
    order: int = 1,
) -> Float[Tensor, "*batch n"]:
    r"""The state at `time` of dx/dt = field(x) from x, by equal steps of h = time/steps.

    Order 1 is Euler's method, x ← x + h f(x): a residual network whose blocks share their weights. Order 4 is the classical
    method of Runge and Kutta. Gradients are those of the steps, exactly, by autograd.

    Args:
        field: f, from states to their velocities, of the same shape.
        x: states at time 0 (..., n).
        time: T; negative to go back.
        steps: L, the number of steps.
        order: 1 or 4.

    Raises:
        GradusError: the field is no function or gives another shape, steps below 1, another order, a time that is no
            finite number.

    Cost: steps·order evaluations of the field; autograd keeps all of them.

    Source: chen2018neural, eq. 1 and 2.

    Example:
        >>> import torch
        >>> neural_ode(lambda x: -x, torch.tensor([1.0]), steps=2).tolist()
        [0.25]
    """
    require_function("field", field, "torch.nn.Linear(8, 8)")
    tensor("x", x, "... n")
    h = factor("time", time, most=1e18) / whole("steps", steps, least=1)
    if whole("order", order, least=1) not in (1, 4):
        raise refusal("order", ("1 or 4", "1 或 4"), order)
    for _ in range(steps):
        velocity = _velocity(field, x)
        if order == 4:
            second = _velocity(field, x + h / 2 * velocity)
            third = _velocity(field, x + h / 2 * second)
            velocity = (velocity + 2 * second + 2 * third + _velocity(field, x + h * third)) / 6
        x = x + h * velocity
    return x


def _velocity(field: Field, x: Tensor) -> Tensor:
    v = field(x)
    if not isinstance(v, Tensor) or v.shape != x.shape:
        raise GradusError(
            Text(
                f"field: expected velocities of the shape of the states, {tuple(x.shape)}, got {shown(v)}",
                f"field：速度的形状应与状态相同，为 {tuple(x.shape)}，得到 {shown(v)}",
            )
        )
    return v


class NeuralODE(nn.Module):
    r"""The flow of a field for a given time as a layer: x(0) ↦ x(T) of dx/dt = field(x).

    Args:
        field: any module or function from states to velocities; its parameters are trained.
        time: T.
        steps: number of equal steps.
        order: 1 (Euler) or 4 (Runge and Kutta).

    Raises:
        GradusError: as `neural_ode`.

    Source: chen2018neural, §2.

    Example:
        >>> import torch
        >>> NeuralODE(torch.neg, steps=2, order=1)(torch.tensor([1.0])).tolist()
        [0.25]
    """

    def __init__(self, field: Field, time: float = 1.0, steps: int = 16, order: int = 4) -> None:
        require_function("field", field, "torch.nn.Linear(8, 8)")
        factor("time", time, most=1e18)
        whole("steps", steps, least=1)
        if whole("order", order, least=1) not in (1, 4):
            raise refusal("order", ("1 or 4", "1 或 4"), order)
        super().__init__()
        self.field, self.time, self.steps, self.order = field, time, steps, order

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch n"]:
        """The states at the end."""
        return neural_ode(self.field, x, self.time, self.steps, self.order)

    def extra_repr(self) -> str:
        """Time, steps and order."""
        return f"time={self.time}, steps={self.steps}, order={self.order}"
