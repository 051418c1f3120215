"""Residual connections: a block that adds what it computes to what it was given."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.arguments import Sizes, refusal, shown
from gradus.arguments import function as require_function
from gradus.arguments.tensors import factor, same_kind, tensor
from gradus.errors import GradusError
from gradus.text import Text


def residual_block(
    x: Float[Tensor, "*batch n"],
    W1: Float[Tensor, "h n"],
    b1: Float[Tensor, " h"],
    W2: Float[Tensor, "m h"],
    b2: Float[Tensor, " m"],
    W_s: Float[Tensor, "m n"] | None = None,
    alpha: float = 1.0,
) -> Float[Tensor, "*batch m"]:
    r"""Two dense layers and a shortcut: y = W_s x + α (W2 ReLU(W1 x + b1) + b2).

    Args:
        x: inputs.
        W1: weights of the first layer.
        b1: its bias.
        W2: weights of the second layer.
        b2: its bias.
        W_s: the shortcut; the identity unless given, and then m = n.
        alpha: factor of the branch.

    Raises:
        GradusError: shapes that do not fit.

    Source: he2016deep, eq. 1 and 2.

    Example:
        >>> import torch
        >>> I, zero = torch.eye(2), torch.zeros(2)
        >>> residual_block(torch.tensor([1.0, -2.0]), I, zero, I, zero).tolist()
        [2.0, -2.0]
    """
    sizes = Sizes()
    tensor("x", x, "... n", sizes)
    tensor("W1", W1, "h n", sizes)
    tensor("b1", b1, "h", sizes)
    tensor("W2", W2, "m h", sizes)
    tensor("b2", b2, "m", sizes)
    if W_s is not None:
        tensor("W_s", W_s, "m n", sizes)
    elif W2.shape[0] != x.shape[-1]:
        raise GradusError(
            Text(
                f"W2: expected {x.shape[-1]} rows, the width of x, got {W2.shape[0]}; a change of width needs a shortcut W_s",
                f"W2：应有 {x.shape[-1]} 行，即 x 的宽度，得到 {W2.shape[0]} 行；改变宽度时需要捷径 W_s",
            )
        )
    same_kind(x=x, W1=W1, b1=b1, W2=W2, b2=b2, W_s=W_s)
    alpha = factor("alpha", alpha)
    branch = F.linear(F.relu(F.linear(x, W1, b1)), W2, b2)
    return (x if W_s is None else F.linear(x, W_s)) + alpha * branch


class Residual(nn.Module):
    r"""Any branch with a shortcut around it: y = S(x) + α F(x), S the identity unless given.

    Args:
        branch: F, any module or function.
        shortcut: S, where the branch changes the shape.
        scale: α; 1/√L for L blocks keeps the variance without a normalisation.

    Raises:
        GradusError: when the branch gives another shape than the shortcut.

    Source: he2016deep, eq. 1 and 2.

    Example:
        >>> import torch
        >>> Residual(torch.relu)(torch.tensor([1.0, -2.0])).tolist()
        [2.0, -2.0]
    """

    def __init__(
        self,
        branch: Callable[[Tensor], Tensor],
        shortcut: Callable[[Tensor], Tensor] | None = None,
        scale: float = 1.0,
    ) -> None:
        require_function("branch", branch, "torch.nn.Linear(8, 8)")
        if shortcut is not None:
            require_function("shortcut", shortcut, "torch.nn.Linear(8, 8)")
        factor("scale", scale)
        super().__init__()
        self.branch, self.shortcut, self.scale = branch, shortcut, scale

    def forward(self, x: Tensor) -> Tensor:
        """The input, or its shortcut, plus the branch."""
        tensor("x", x, dtype="any")
        straight = x if self.shortcut is None else self.shortcut(x)
        added = self.branch(x)
        if not isinstance(straight, Tensor) or not isinstance(added, Tensor) or straight.shape != added.shape:
            raise GradusError(
                Text(
                    f"branch: expected the shape {tuple(getattr(straight, 'shape', ()))}, got {shown(added)}; "
                    "give a shortcut that changes the shape in the same way",
                    f"branch：形状应为 {tuple(getattr(straight, 'shape', ()))}，得到 {shown(added)}；请给出以同样方式改变形状的捷径",
                )
            )
        return straight + self.scale * added

    def extra_repr(self) -> str:
        """The factor of the branch, where it is not 1."""
        return "" if self.scale == 1.0 else f"scale={self.scale:g}"


def zero_last_(branch: nn.Module) -> nn.Module:
    """Set the last weights of a branch to 0, in place, so that its block begins as the identity.

    The last module with a weight (a layer, or the normalisation behind it) is taken, and its bias with it.

    Raises:
        GradusError: when no module of the branch has a weight.

    Source: zhang2019fixup, §3.1.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> block = Residual(zero_last_(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))))
        >>> block(torch.tensor([1.0, -2.0])).tolist()
        [1.0, -2.0]
    """
    if not isinstance(branch, nn.Module):
        raise refusal("branch", ("a torch.nn.Module", " torch.nn.Module"), branch, kind=True)
    weighted = [m for m in branch.modules() if isinstance(getattr(m, "weight", None), Tensor)]
    if not weighted:
        raise GradusError(
            Text(
                f"branch: expected one with weights, got {type(branch).__name__} without any",
                f"branch：应带有权重，得到没有权重的 {type(branch).__name__}",
            )
        )
    with torch.no_grad():
        for parameter in weighted[-1].parameters(recurse=False):
            parameter.zero_()
    return branch
