"""Losses that PyTorch lacks, and what the risk of any loss looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, shown
from gradus.arguments import function as require_function
from gradus.arguments.tensors import concrete, same_device, same_kind, tensor
from gradus.errors import GradusError
from gradus.text import Text


def hinge_loss(s: Float[Tensor, " n"], y: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    r"""The mean of :math:`\max(0, 1 - y_i s_i)`.

    Args:
        s: scores (n,).
        y: labels (n,), each −1 or +1.

    Raises:
        GradusError: the shapes differ, there is no sample, or a label is neither −1 nor +1.

    Cost: O(n).

    Source: Cortes and Vapnik 1995, Support-vector networks.

    Deviates: `torch.nn.HingeEmbeddingLoss` is another function (of distances); `MultiMarginLoss` is for classes.

    Example:
        >>> import torch
        >>> hinge_loss(torch.tensor([2.0, 0.5, 0.0]), torch.tensor([1.0, 1.0, -1.0])).item()
        0.5
    """
    sizes = Sizes()
    tensor("s", s, "n>=1", sizes, finite=True)
    tensor("y", y, "n", sizes, dtype="real")
    same_device(s=s, y=y)
    if concrete(y) and not bool((y.abs() == 1).all()):
        wrong = y[y.abs() != 1][0].item()
        raise GradusError(
            Text(
                f"y: expected labels −1 or +1, got {wrong:g}; labels 0 and 1 become so by 2*y - 1",
                f"y：标签应为 −1 或 +1，得到 {wrong:g}；标签 0 与 1 可用 2*y - 1 转换",
            )
        )
    return torch.relu(1 - y * s).mean()


class Risk(NamedTuple):
    """The expected loss of each constant prediction.

    Attributes:
        risk: expected loss of each prediction, (k,).
        best: the prediction of least risk.
        curvature: least second difference of the risk on the grid; below zero where the risk is not convex.

    Example:
        >>> import torch
        >>> y, p, c = torch.tensor([0.0, 1.0]), torch.tensor([0.25, 0.75]), torch.linspace(0.0, 1.0, 101)
        >>> round(constant_risk(lambda c, y: (c - y) ** 2, y, p, c).curvature.item(), 4)
        0.0002
    """

    risk: Tensor
    best: Tensor
    curvature: Tensor


def constant_risk(
    loss: Callable[[Tensor, Tensor], Tensor],
    y: Float[Tensor, " m"],
    p: Float[Tensor, " m"],
    c: Float[Tensor, " k"],
) -> Risk:
    r"""The risk :math:`R(c)=\sum_j p_j\,\ell(c,y_j)` of constant predictions, its minimiser and its convexity.

    Args:
        loss: elementwise loss of a prediction and a target, which broadcast.
        y: outcomes (m,).
        p: their probabilities (m,).
        c: predictions tried (k,), k ≥ 3, equally spaced and increasing.

    Raises:
        GradusError: outcomes and probabilities differ in number, the probabilities do not sum to 1, there are fewer
            than 3 predictions, or the loss is no elementwise function.

    Cost: m·k evaluations of the loss.

    Source: Murphy 2022, Probabilistic Machine Learning: An Introduction, §5.1.

    Example:
        >>> import torch
        >>> y, p, c = torch.tensor([0.0, 1.0]), torch.tensor([0.25, 0.75]), torch.linspace(0.0, 1.0, 101)
        >>> round(constant_risk(lambda c, y: (c - y) ** 2, y, p, c).best.item(), 4)
        0.75
    """
    require_function("loss", loss, "torch.nn.L1Loss(reduction='none')")
    sizes = Sizes()
    tensor("y", y, "m>=1", sizes, finite=True)
    tensor("p", p, "m", sizes, finite=True)
    tensor("c", c, "k>=3", sizes, finite=True)
    same_kind(y=y, p=p, c=c)
    slack = 4 * max(p.numel(), 1) * torch.finfo(p.dtype).eps
    if concrete(p) and (bool((p < 0).any()) or abs(p.sum().item() - 1) > slack):
        raise GradusError(
            Text(
                f"p: expected probabilities that sum to 1, got a sum of {p.sum().item():g}; divide by it",
                f"p：概率之和应为 1，得到 {p.sum().item():g}；请除以该和",
            )
        )
    values = loss(c[:, None], y[None, :])
    if not isinstance(values, Tensor) or values.shape != (c.numel(), y.numel()):
        shape = (c.numel(), y.numel())
        raise GradusError(
            Text(
                f"loss: expected an elementwise one of shape {shape}, got {shown(values)}; use reduction='none'",
                f"loss：应为逐元素的损失，形状 {shape}，得到 {shown(values)}；请用 reduction='none'",
            )
        )
    counted = values[:, p > 0] if concrete(p) else values
    if concrete(counted) and bool(counted.isnan().any()):
        raise GradusError(
            Text(
                "loss: expected numbers, got NaN; check its domain, or leave out such predictions",
                "loss：应返回数，实为 NaN；请检查其定义域，或去掉这样的预测值",
            )
        )
    # what cannot happen costs nothing, even where its loss is infinite
    risk = torch.where(p > 0, values, torch.zeros_like(values)) @ p  # (k,)
    return Risk(risk, c[risk.argmin()], risk.diff().diff().min())
