"""The loss of a training step as a function of the parameters in one vector, evaluated by the user's closure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree as pytree

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.optimization.minimize.flattening import Flattening
from gradus.optimization.minimize.objective import Objective
from gradus.text import Text

Product = Callable[[Tensor], Tensor]


class ClosureObjective(Objective):
    """A loss whose closure writes the gradients into the parameters.

    Args:
        closure: computes the loss and its gradients at the parameters as they stand, and returns the loss.
        parameters: of one precision, on one device.

    Attributes:
        first: what the first call of the closure returned.
        calls: how many there were.
    """

    def __init__(self, closure: Callable[[], Any], parameters: Sequence[Tensor]) -> None:
        super().__init__(closure, Flattening("parameters", list(parameters), batched=False))
        self.parameters = list(parameters)
        self.first: Any = None
        self.calls = 0
        self.moves = 0

    def select(self, rows: Tensor) -> Self:
        """Itself: it is one problem."""
        return self

    def copied(self) -> Self:
        """Itself."""
        return self

    @torch.no_grad()
    def write(self, x: Tensor) -> None:
        """Sets the parameters to a point (1, n)."""
        for parameter, part in zip(self.parameters, self.layout.point(x[0]), strict=True):
            if not torch.equal(parameter, part):
                parameter.copy_(part)
                self.moves += 1

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The loss and its gradient (1, n) at a point (1, n); the parameters stay there."""
        self.write(x)
        loss = self._loss(self._call())
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        return loss.detach().to(x), self._flat(parts).to(x)

    def _call(self) -> Any:
        with torch.enable_grad():
            returned = self.f()
        self.first = returned if self.calls == 0 else self.first
        self.calls += 1
        return returned

    def _loss(self, returned: Any) -> Tensor:
        loss = torch.as_tensor(returned) if isinstance(returned, (float, int)) else returned
        if not isinstance(loss, Tensor) or loss.numel() != 1 or loss.is_complex():
            raise refusal("closure", ("one that returns the loss, one number", "返回损失（一个数）的函数"), returned, kind=True)  # fmt: skip
        with torch.enable_grad():
            return loss.reshape(())

    def _flat(self, parts: Sequence[Tensor]) -> Tensor:
        dense = [part.to_dense() if part.is_sparse else part for part in parts]
        return self.layout.flatten_like("gradients", dense, 1).detach()


class GraphObjective(ClosureObjective):
    r"""A loss whose closure leaves its graph as it is, so that it can be differentiated twice.

    Args:
        closure: returns the loss, a tensor in the graph, or (loss, outputs of the model); it does not call backward().
        parameters: of one precision, on one device.
        gauss_newton: whether products are with :math:`J^\top\nabla^2_z\ell\,J`, z the outputs, in place of the Hessian.
    """

    def __init__(
        self, closure: Callable[[], Any], parameters: Sequence[Tensor], *, gauss_newton: bool
    ) -> None:
        super().__init__(closure, parameters)
        self.gauss_newton = gauss_newton
        self._graph: tuple[int, Tensor, list[Tensor]] | None = None

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `ClosureObjective.value_and_gradient`; the graph is kept until the parameters move."""
        loss, _ = self._graph_at(x)
        if not bool(loss.isfinite()):
            return loss.detach().to(x), torch.full_like(x, torch.nan)
        parts = self._derivative(loss, None, create_graph=False)
        return loss.detach().to(x), self._flat(parts)

    def hessian_product(self, x: Tensor) -> Product:
        """From vectors (1, n) to Bv (1, n), B the Hessian or the Gauss–Newton matrix at a point (1, n)."""
        kept: dict[str, Any] = {}

        def product(v: Tensor) -> Tensor:
            loss, outputs = self._graph_at(x)
            if kept.get("moves") != self.moves:  # a trial has moved the parameters since
                make = self._by_gauss_newton if self.gauss_newton else self._by_hessian
                kept.update(moves=self.moves, product=make(loss, outputs))
            result: Tensor = kept["product"](v)
            return result

        return product

    def _graph_at(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        self.write(x)
        if self._graph is None or self._graph[0] != self.moves:
            self._graph = None  # before the next is built, so that there is one at a time
            with sdpa_kernel(
                SDPBackend.MATH
            ):  # of PyTorch's attentions only this one has a second derivative
                returned = self._call()
            loss, outputs = (
                returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, None)
            )
            tensors = [t for t in pytree.tree_leaves(outputs) if isinstance(t, Tensor) and t.requires_grad]
            loss = self._loss(loss)
            if self.gauss_newton and not tensors and bool(loss.isfinite()):
                words = ("one that returns (loss, outputs) for curvature='gauss-newton'", "curvature='gauss-newton' 时返回 (损失, 输出) 的函数")  # fmt: skip
                raise refusal("closure", words, returned, kind=True)
            self._graph = self.moves, loss, tensors
        return self._graph[1], self._graph[2]

    def _derivative(self, loss: Tensor, along: Tensor | None, *, create_graph: bool) -> list[Tensor]:
        if not loss.requires_grad:
            raise _no_graph()
        try:
            parts = torch.autograd.grad(
                loss,
                self.parameters,
                along,
                retain_graph=True,
                create_graph=create_graph,
                materialize_grads=True,
            )
        except RuntimeError as error:
            if "second time" in str(error):
                raise _no_graph() from error
            raise
        return list(parts)

    def _by_hessian(self, loss: Tensor, _: list[Tensor]) -> Product:
        gradient = self._derivative(loss, None, create_graph=True)
        reached = [g for g in gradient if g.requires_grad]

        def product(v: Tensor) -> Tensor:
            if not reached:
                return torch.zeros_like(v)
            vectors = [p for p, g in zip(self.layout.point(v[0]), gradient, strict=True) if g.requires_grad]
            parts = torch.autograd.grad(
                reached, self.parameters, vectors, retain_graph=True, materialize_grads=True
            )
            return self._flat(parts)

        return product

    def _by_gauss_newton(self, loss: Tensor, outputs: list[Tensor]) -> Product:
        with torch.enable_grad():
            slopes = torch.autograd.grad(loss, outputs, create_graph=True, materialize_grads=True)
            # what is pulled back is linear in u: its derivative with respect to u, along v, is Jv
            u = [torch.zeros_like(z, requires_grad=True) for z in outputs]
            pulled = torch.autograd.grad(
                outputs, self.parameters, u, create_graph=True, materialize_grads=True
            )
        reached, curved = [g for g in pulled if g.requires_grad], [s for s in slopes if s.requires_grad]

        def product(v: Tensor) -> Tensor:
            if not reached or not curved:
                return torch.zeros_like(v)
            vectors = [p for p, g in zip(self.layout.point(v[0]), pulled, strict=True) if g.requires_grad]
            pushed = torch.autograd.grad(reached, u, vectors, retain_graph=True, materialize_grads=True)
            along = [w for w, s in zip(pushed, slopes, strict=True) if s.requires_grad]
            bent = torch.autograd.grad(curved, outputs, along, retain_graph=True, materialize_grads=True)
            parts = torch.autograd.grad(
                outputs, self.parameters, bent, retain_graph=True, materialize_grads=True
            )
            return self._flat(parts)

        return product


def _no_graph() -> GradusError:
    return GradusError(
        Text(
            "closure: expected the loss in its graph, got one without: return loss, or (loss, outputs), without backward(), "
            ".item() or no_grad()",
            "closure：应返回带计算图的损失，实为不带计算图的值：请返回 loss 或 (loss, outputs)，不要调用 backward()、.item() 或 no_grad()",
        )
    )
