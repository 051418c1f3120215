"""Nesterov's accelerated gradient descent with the momentum of his paper, which rises from step to step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import function, number
from gradus.optimization.parameter_errors import parameters_refused


class Nesterov(torch.optim.Optimizer):
    r"""Accelerated gradient descent: the gradient is taken ahead, at :math:`y_t`.

    .. math:: \theta_{t+1}=y_t-\alpha\nabla f(y_t),\qquad
        y_{t+1}=\theta_{t+1}+\beta_{t+1}(\theta_{t+1}-\theta_t),\qquad y_0=\theta_0,
    .. math:: \beta_{t+1}=\frac{a_t-1}{a_{t+1}},\qquad a_0=1,\qquad a_{t+1}=\tfrac12\bigl(1+\sqrt{1+4a_t^2}\bigr)

    The parameters hold :math:`y_t`, where the next gradient is wanted; `iterates` has :math:`\theta_t`. A parameter
    without a gradient stands still, and so does its :math:`a_t`.

    Args:
        parameters: tensors of any shapes, or groups of them.
        lr: α.
        momentum: β, in [0, 1), the same at every step; of the sequence above unless given.

    Raises:
        GradusError: α is not positive, β lies outside of [0, 1), or the parameters are no tensors.

    Cost: a step reads and writes each parameter and one vector of memory beside it.

    Source: Nesterov 1983; with a constant β Nesterov 2018, §2.2.1.

    Deviates: from `torch.optim.SGD(nesterov=True)` in the sequence; with a constant β the parameters are the same.

    Example:
        >>> import torch
        >>> theta = torch.tensor([8.0], requires_grad=True)
        >>> optimizer = Nesterov([theta], lr=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     theta.square().sum().mul(0.5).backward()
        ...     optimizer.step()
        >>> [round(value.item(), 4) for value in optimizer.iterates()]
        [2.0]
    """

    def __init__(self, parameters: Iterable[Any], lr: float, momentum: float | None = None) -> None:
        lr = number("lr", lr, above=0)
        if momentum is not None:
            momentum = number("momentum", momentum, least=0, below=1)
        try:
            super().__init__(parameters, dict(lr=lr, momentum=momentum))
        except (TypeError, ValueError) as error:
            raise parameters_refused(parameters, error) from None

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As PyTorch's; the group's own lr and momentum are looked at as those of all groups are."""
        if isinstance(param_group, dict):
            if "lr" in param_group:
                number("lr", param_group["lr"], above=0)
            if param_group.get("momentum") is not None:
                number("momentum", param_group["momentum"], least=0, below=1)
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step of every parameter that has a gradient.

        Args:
            closure: evaluates the loss and its gradients anew; called once, before the step.

        Returns:
            What the closure returns; None without one.

        Raises:
            GradusError: the closure is no function.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = function("closure", closure)()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._advance(parameter, parameter.grad, group["lr"], group["momentum"])
        return loss

    def _advance(self, parameter: Tensor, gradient: Tensor, lr: float, momentum: float | None) -> None:
        state = self.state[parameter]
        if not state:
            state.update(a=1.0, iterate=parameter.detach().clone())
        after = (1 + math.sqrt(1 + 4 * state["a"] ** 2)) / 2
        beta = (state["a"] - 1) / after if momentum is None else momentum
        iterate = parameter.detach().add(gradient, alpha=-lr)
        parameter.copy_(iterate + beta * (iterate - state["iterate"]))
        state.update(a=after, iterate=iterate)

    def iterates(self) -> list[Tensor]:
        """The points θ of all parameters in their order, copied: where the function is low, beside where it is looked at."""
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        return [self.state.get(p, {}).get("iterate", p).detach().clone() for p in parameters]
