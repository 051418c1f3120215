"""Newton's method by conjugate gradients on products with the Hessian or the Gauss–Newton matrix, as an optimiser of PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from gradus.arguments import choice
from gradus.optimization.closure_objective import GraphObjective
from gradus.optimization.closure_optimizer import ClosureOptimizer
from gradus.optimization.minimize.newton_cg import NewtonCG as Method

CURVATURES = ("hessian", "gauss-newton")


class NewtonCG(ClosureOptimizer):
    r"""The method "newton-cg" of `minimize` on the loss of a closure: truncated Newton steps within a trust region.

    .. math:: \min_{\lVert p\rVert\le\Delta}\ \nabla\ell^\top p+\tfrac12p^\top Bp,\qquad
        B=\nabla^2\ell\quad\text{or}\quad B=J^\top\,\nabla_z^2\ell\,J

    J is the derivative of the model's outputs z. Conjugate gradients on products Bv end early (see `minimize`); the radius Δ
    goes from step to step. The closure returns the loss in its graph: it calls neither `zero_grad()` nor `backward()`.
    Steps end with a `reason`, as those of `LBFGS` do; in `fit` it is used as any other, in one process.

    Args:
        parameters: tensors of one precision on one device, or groups of them.
        curvature: "hessian"; or "gauss-newton", positive semidefinite where the loss is convex in the outputs, for which the
            closure returns (loss, outputs).
        iterations: the most in a step.
        radius: Δ of the first step.
        forcing: η, by which the residual of conjugate gradients falls at least.
        max_products: the most products for an iteration.
        tolerance: of the largest entry of the gradient; a step ends there.

    Raises:
        GradusError: settings out of range, parameters that are none or of several kinds; in `step` no closure, or one whose
            loss has no graph any more.

    Cost: an evaluation an iteration; a product is about two backward passes ("hessian") or three ("gauss-newton"). The graph
        of an evaluation is kept until the parameters move.

    Source: Steihaug 1983; Pearlmutter 1994; Schraudolph 2002 (Gauss–Newton products); Martens 2010.

    Example:
        >>> import torch
        >>> theta = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
        >>> optimizer = NewtonCG([theta])
        >>> for _ in range(3):
        ...     loss = optimizer.step(lambda: 100 * (theta[1] - theta[0] ** 2) ** 2 + (1 - theta[0]) ** 2)
        >>> [round(v, 6) for v in theta.tolist()], optimizer.reason.name
        ([1.0, 1.0], 'CONVERGED')
    """

    needs_graph: ClassVar[bool] = True

    def __init__(
        self,
        parameters: Iterable[Any],
        *,
        curvature: str = "hessian",
        iterations: int = 20,
        radius: float = 1.0,
        forcing: float = 0.5,
        max_products: int = 50,
        tolerance: float = 1e-7,
    ) -> None:
        super().__init__(
            parameters,
            iterations,
            tolerance,
            curvature=choice("curvature", curvature, CURVATURES),
            radius=radius,
            forcing=forcing,
            max_products=max_products,
        )

    def method(self) -> Method:
        """The method of `minimize`."""
        return Method(
            radius=self.setting("radius"),
            forcing=self.setting("forcing"),
            max_products=self.setting("max_products"),
        )

    def objective(self, closure: Callable[[], Any]) -> GraphObjective:
        """The loss as a function of one vector, with products."""
        newton = self.setting("curvature") == "gauss-newton"
        return GraphObjective(closure, self.parameters, gauss_newton=newton)
