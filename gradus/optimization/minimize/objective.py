"""The function to minimise, seen as one of vectors: values, gradients, Hessians and their products at (b, n) points."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Self

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils import _pytree as pytree

from gradus.arguments import function, refusal
from gradus.errors import GradusError
from gradus.optimization.minimize.flattening import Flattening
from gradus.text import Text

__all__ = ["Objective"]

# what vmap says where f looks at a number
BRANCHES = ("data-dependent control flow", "calling .item()", "dynamic shape")


class Objective:
    """f of b problems, of which each has its own arguments.

    Args:
        f: from a point (a tree like x0) and the arguments to a scalar tensor; (value, gradient) where `gradient` is True.
        layout: how trees are laid out as vectors.
        args: further arguments of f; with an axis of problems in every tensor where x0 has one.
        gradient: None for autograd, True where f returns it, or a function (x, *args) to it.
        hessian: None for autograd, or a function (x, *args) to ∇²f (n, n) in the order of the vector.

    Cost: `value_and_gradient` is one call of f and one backward pass for all problems together.
    """

    what = "f"  # the argument's name in errors

    def __init__(
        self,
        f: Callable[..., Any],
        layout: Flattening,
        args: tuple[Any, ...] = (),
        gradient: Callable[..., Any] | bool | None = None,
        hessian: Callable[..., Any] | None = None,
    ) -> None:
        self.f, self.layout, self.args = function("f", f, "lambda x: x.square().sum()"), layout, args
        if not isinstance(args, tuple):
            raise refusal("args", ("a tuple of arguments", "参数的元组"), args, kind=True)
        if gradient not in (None, True, False) and not callable(gradient):
            raise refusal("gradient", ("None, True or a function", "None、True 或函数"), gradient, kind=True)
        if hessian is not None:
            function("hessian", hessian, "lambda x: 2 * torch.eye(3)")
        if not gradient and hasattr(f, "value_and_gradient"):
            self._both: Callable[..., Any] | None = f.value_and_gradient
        else:
            self._both = f if gradient is True else None
        self._gradient = gradient if callable(gradient) else None
        self._hessian = hessian
        self._batched = layout.batched
        if self._batched:
            self._check_args()

    def _check_args(self) -> None:
        for leaf in pytree.tree_leaves(self.args):
            if isinstance(leaf, Tensor) and (leaf.ndim == 0 or leaf.shape[0] != self.layout.batch):
                count = self.layout.batch
                raise refusal(
                    "args",
                    (
                        f"a leading axis of {count} problems in every tensor",
                        f"每个张量最前面有 {count} 个问题的轴",
                    ),
                    leaf,
                )

    def select(self, rows: Tensor) -> Self:
        """The same of some of the problems (rows,)."""
        return self._with_args(lambda a: a[rows]) if self._batched else self

    def detached(self) -> Self:
        """The same with arguments outside of the graph."""
        return self._with_args(Tensor.detach)

    def copied(self) -> Self:
        """The same with copies of the arguments that were made in inference mode."""
        return self._with_args(lambda a: a.clone() if a.is_inference() else a)

    def _with_args(self, change: Callable[[Tensor], Tensor]) -> Self:
        other = copy.copy(self)
        other.args = pytree.tree_map(lambda a: change(a) if isinstance(a, Tensor) else a, self.args)
        return other

    def value(self, x: Float[Tensor, "b n"]) -> Tensor:
        """F at each point, in the graph where x or the arguments are."""
        value = self._map(self.f, x)
        return self._scalar(value[0] if self._both is self.f else value, len(x))

    def value_and_gradient(self, x: Float[Tensor, "b n"]) -> tuple[Tensor, Float[Tensor, "b n"]]:
        """F (b,), or a scalar of a single problem, and ∇f at each point, outside of the graph.

        Raises:
            GradusError: f returns no scalar, or one that does not come from x by operations of PyTorch.
        """
        if self._both is not None or self._gradient is not None:
            return self._written(x)
        with torch.enable_grad():
            leaf, value = self._leaf_and_value(x)
            if not value.requires_grad:
                raise _no_graph()
            (gradient,) = torch.autograd.grad(
                value.sum() if self._batched else value, leaf, allow_unused=True
            )
        if gradient is None:
            return value.detach(), torch.zeros_like(x)
        return value.detach(), gradient.reshape(x.shape).resolve_neg()

    def _leaf_and_value(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """A leaf of the graph at x, and f there: of one tensor of one problem the leaf is what f takes, without views."""
        if self.layout.is_tensor and not self._batched:
            leaf = self.layout.point(x.detach().view(-1)).requires_grad_()
            return leaf, self._scalar(self.f(leaf, *self.args), 1)
        leaf = x.detach().requires_grad_()
        return leaf, self._scalar(self._map(self.f, leaf), len(x))

    def _written(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self._both is not None:
            pair = self._map(self._both, x)
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise refusal("f", ("(value, gradient) as its value", "返回 (函数值, 梯度)"), pair, kind=True)
            value, tree = pair
        else:
            assert self._gradient is not None
            value, tree = self._map(self.f, x), self._map(self._gradient, x)
        gradient = self.layout.flatten_like("gradient", tree, len(x))
        return self._scalar(value, len(x)).detach(), gradient.detach().to(x.dtype).resolve_neg()

    def gradient_in_graph(self, x: Float[Tensor, "b n"], args: tuple[Any, ...] | None = None) -> Tensor:
        """∇f (b, n) within the graph, from x and the arguments; x requires a gradient."""
        if self._gradient is not None and self._both is None:
            tree = self._map(self._gradient, x, args)
            return self.layout.flatten_like("gradient", tree, len(x))
        if self._both is not None and self._both is self.f:
            tree = self._map(self._both, x, args)[1]
            return self.layout.flatten_like("gradient", tree, len(x))
        value = self._scalar(self._map(self.f, x, args), len(x))
        if not value.requires_grad:
            raise _no_graph()
        (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True, materialize_grads=True)
        return gradient

    def hessian_product(self, x: Float[Tensor, "b n"]) -> Callable[[Tensor], Tensor]:
        """From vectors (b, n) to ∇²f(x)v (b, n): the graph of the gradient is built once, a product is one backward pass."""
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            gradient = self.gradient_in_graph(leaf)

        def product(v: Tensor) -> Tensor:
            if not gradient.requires_grad:
                return torch.zeros_like(v)
            (result,) = torch.autograd.grad(
                gradient, leaf, grad_outputs=v, retain_graph=True, materialize_grads=True
            )
            return result.detach()

        return product

    def hessian(self, x: Float[Tensor, "b n"]) -> Float[Tensor, "b n n"]:
        """∇²f at each point, made symmetric: n backward passes."""
        if self._hessian is not None:
            with torch.no_grad():
                H = torch.as_tensor(self._map(self._hessian, x)).to(x)
            n = x.shape[1]
            if H.shape != ((len(x), n, n) if self._batched else (n, n)):
                raise refusal("hessian", (f"the shape {(n, n)}", f"形状 {(n, n)}"), H)
            return H.reshape(len(x), n, n)
        product = self.hessian_product(x)
        basis = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        columns = [product(e.expand_as(x)) for e in basis]
        H = torch.stack(columns, dim=-1)
        return (H + H.mT) / 2

    def _map(self, f: Callable[..., Any], x: Tensor, args: tuple[Any, ...] | None = None) -> Any:
        args = self.args if args is None else args
        if not x.requires_grad:
            x = x.clone()  # what f writes into its argument must not change the iterate
        if not self._batched:
            return f(self.layout.point(x.view(-1)), *args)
        axes = pytree.tree_map(lambda a: 0 if isinstance(a, Tensor) else None, args)
        mapped = torch.func.vmap(lambda point, *rest: f(self.layout.point(point), *rest), in_dims=(0, *axes))
        try:
            return mapped(x, *args)
        except RuntimeError as error:
            if any(words in str(error) for words in BRANCHES):
                raise _branches(self.what) from error
            raise

    def _scalar(self, value: Any, count: int) -> Tensor:
        if not isinstance(value, Tensor) or value.numel() != count or value.is_complex():
            raise refusal("f", ("a real scalar tensor as its value", "返回实数标量张量"), value, kind=True)
        return value.reshape(()) if not self._batched and count == 1 else value.reshape(count)


def _no_graph() -> GradusError:
    return GradusError(
        Text(
            "f: its value carries no gradient: compute it from x by operations of PyTorch (no .item(), no NumPy), "
            "or give the gradient by `gradient=`",
            "f：其返回值不带梯度：请用 PyTorch 的运算由 x 算出（不用 .item()，不经 NumPy），或用 `gradient=` 给出梯度",
        )
    )


def _branches(what: str) -> GradusError:
    return GradusError(
        Text(
            f"{what}: expected one way for all problems, which torch.func.vmap maps together; it branches on a number, by if, "
            "while, float(), .item() or a mask as an index: use torch.where, or solve them one by one with batched=False",
            f"{what}：各问题由 torch.func.vmap 一同映射，计算路径应相同，而它依数值分支（if、while、float()、.item() 或以掩码为下标）："
            "请改用 torch.where，或以 batched=False 逐个求解",
        )
    )
