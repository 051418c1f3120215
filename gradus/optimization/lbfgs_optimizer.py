"""L-BFGS with a line search to the strong Wolfe conditions, as an optimiser of PyTorch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradus.optimization.closure_optimizer import ClosureOptimizer
from gradus.optimization.minimize.lbfgs import LBFGS as Method


class LBFGS(ClosureOptimizer):
    r"""The method "lbfgs" of `minimize` on the loss of a closure: the same search, whose state goes from step to step.

    .. math:: \theta\leftarrow\theta-\alpha H\nabla\ell(\theta),\qquad
        \ell(\theta+\alpha d)\le\ell(\theta)+c_1\alpha\nabla\ell^\top d,\quad
        |\nabla\ell(\theta+\alpha d)^\top d|\le c_2|\nabla\ell^\top d|

    Every step begins with an evaluation, since the closure may have another batch than before. For full batches or batches
    that stay for a whole step: where two evaluations at one point differ, searches fail. A step that can do no more ends with
    its `reason`, never by an error, and leaves the best parameters seen; a loss that is not finite shortens the trial.
    In `fit` it is used as any other, without clipping, which would change the gradient that is searched by.

    Args:
        parameters: tensors of one precision on one device, or groups of them.
        iterations: the most in a step.
        memory: m, how many pairs are remembered.
        tolerance: of the largest entry of the gradient; a step ends there.
        decrease, curvature: c₁ and c₂.

    Raises:
        GradusError: settings out of range, parameters that are none or of several kinds; in `step` no closure.

    Cost: about 1.1 evaluations an iteration; 10mn operations an iteration and 2mn numbers of memory, n parameters.

    Source: Liu and Nocedal 1989; Moré and Thuente 1994 (line search).

    Deviates: from `torch.optim.LBFGS` in the search, which it has always; in having no learning rate.

    Example:
        >>> import torch
        >>> theta = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
        >>> optimizer = LBFGS([theta])
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = 100 * (theta[1] - theta[0] ** 2) ** 2 + (1 - theta[0]) ** 2
        ...     loss.backward()
        ...     return loss
        >>> for _ in range(3):
        ...     loss = optimizer.step(closure)
        >>> [round(v, 6) for v in theta.tolist()], optimizer.reason.name
        ([1.0, 1.0], 'CONVERGED')
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        *,
        iterations: int = 20,
        memory: int = 20,
        tolerance: float = 1e-7,
        decrease: float = 1e-4,
        curvature: float = 0.99,
    ) -> None:
        super().__init__(
            parameters, iterations, tolerance, memory=memory, decrease=decrease, curvature=curvature
        )

    def method(self) -> Method:
        """The method of `minimize`."""
        return Method(
            memory=self.setting("memory"),
            decrease=self.setting("decrease"),
            curvature=self.setting("curvature"),
        )
