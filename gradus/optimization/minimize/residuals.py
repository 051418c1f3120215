"""Residuals to be made small, seen as functions of vectors: their values and Jacobians at (b, n) points."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils import _pytree as pytree

from gradus.arguments import choice, function, refusal
from gradus.errors import GradusError
from gradus.optimization.minimize.flattening import Flattening
from gradus.optimization.minimize.objective import Objective
from gradus.text import Text

__all__ = ["Residuals"]

MODES = ("forward", "reverse")
OVERHEAD = (
    16  # residuals a parameter from which forward mode is cheaper: its calls cost more than reverse mode's
)


class Residuals(Objective):
    """The residuals r of b problems; as an objective, ½‖r‖².

    Args:
        residual: from a point (a tree like x0) and the arguments to a tensor of residuals, of any shape.
        layout: how trees are laid out as vectors.
        args: further arguments; with an axis of problems in every tensor where x0 has one.
        jacobian: "forward" or "reverse" for automatic differentiation; None for the cheaper of the two; or a function
            (x, *args) to the Jacobian (m, n), the residuals and the numbers of x in their order.
    """

    what = "residual"

    def __init__(
        self,
        residual: Callable[..., Any],
        layout: Flattening,
        args: tuple[Any, ...] = (),
        jacobian: Callable[..., Any] | str | None = None,
    ) -> None:
        super().__init__(function("residual", residual, "lambda x: x - 1"), layout, args)
        self.mode = None if jacobian is None or callable(jacobian) else choice("jacobian", jacobian, MODES)
        self.jacobian = jacobian if callable(jacobian) else None
        self.many = layout.batched
        self._count: dict[str, int] = {}  # of the residuals at the first point, shared by selections

    def residual(self, x: Float[Tensor, "b n"]) -> Float[Tensor, "b m"]:
        """The residuals at each point, outside of the graph.

        Raises:
            GradusError: they are no tensor of floating-point numbers.
        """
        with torch.no_grad():
            r = self._map(self.f, x)
        if not isinstance(r, Tensor) or not r.is_floating_point() or r.numel() == 0:
            words = ("a tensor of floating-point residuals", "浮点数残差的张量")
            raise refusal("residual", words, r, kind=True)
        count = r.numel() // len(x)
        if self._count.setdefault("residuals", count) != count:
            came = Text(
                f"{self._count['residuals']}, then {count}",
                f"先 {self._count['residuals']} 个，后 {count} 个",
            )
            raise refusal("residual", ("as many residuals at every point", "在每一点的残差个数相同"), came)
        return r.reshape(len(x), -1).to(x)

    def jacobian_at(self, x: Float[Tensor, "b n"], count: int) -> Float[Tensor, "b m n"]:
        """The Jacobian of `count` residuals at each point."""
        shape = (len(x), count, x.shape[1])
        if self.jacobian is not None:
            with torch.no_grad():
                J = torch.as_tensor(self._map(self.jacobian, x)).to(x)
            if J.shape != (shape if self.many else shape[1:]):
                raise refusal("jacobian", (f"the shape {shape[1:]}", f"形状 {shape[1:]}"), J)
            return J.reshape(shape)
        forward = self.mode == "forward" or (self.mode is None and OVERHEAD * x.shape[1] <= count)
        self._require_graph(x[:1])
        transform = torch.func.jacfwd if forward else torch.func.jacrev

        def flat(v: Tensor, *args: Any) -> Tensor:
            return torch.as_tensor(self.f(self.layout.point(v), *args)).reshape(-1)

        derivative, point = transform(flat), x[0]
        if self.many:
            axes = pytree.tree_map(lambda a: 0 if isinstance(a, Tensor) else None, self.args)
            derivative, point = torch.func.vmap(derivative, in_dims=(0, *axes)), x
        with warnings.catch_warnings():
            # the first forward-mode derivative of a process compiles PyTorch's rules by its own deprecated function
            warnings.filterwarnings("ignore", message="`torch.jit.script", category=DeprecationWarning)
            derived: Tensor = derivative(point, *self.args)
        return derived.detach().reshape(shape)

    def _require_graph(self, x: Float[Tensor, "1 n"]) -> None:
        """Once: whether the residuals come from x by operations of PyTorch; else their Jacobian would be 0 in silence."""
        if "graph" in self._count:
            return
        self._count["graph"] = 1
        first = self.select(torch.zeros(1, dtype=torch.long, device=x.device))
        with torch.enable_grad():
            r = first._map(self.f, x.detach().requires_grad_())
        if isinstance(r, Tensor) and not r.requires_grad:
            raise GradusError(
                Text(
                    "residual: its values carry no gradient: compute them from x by operations of PyTorch (no .item(), no "
                    "NumPy), or give the Jacobian by `jacobian=`",
                    "residual：其返回值不带梯度：请用 PyTorch 的运算由 x 算出（不用 .item()，不经 NumPy），或用 `jacobian=` 给出雅可比矩阵",
                )
            )

    def value_and_gradient(self, x: Float[Tensor, "b n"]) -> tuple[Float[Tensor, " b"], Float[Tensor, "b n"]]:
        """½‖r‖² and Jᵀr at each point."""
        r = self.residual(x)
        J = self.jacobian_at(x, r.shape[1])
        return (r * r).sum(dim=1) / 2, (J.mT @ r[..., None])[..., 0]
