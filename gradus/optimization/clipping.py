"""Clipping by the norm of all gradients together, exactly and out of place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from gradus.arguments import number, refusal
from gradus.arguments.tensors import tensor
from gradus.errors import GradusError
from gradus.text import Text


def clip_by_global_norm(
    gradients: Sequence[Tensor], max_norm: float, epsilon: float = 0.0
) -> tuple[Tensor, ...]:
    r"""The gradients, shortened together to the norm c where they are longer.

    .. math:: g\,\min\Bigl(1,\frac{c}{\lVert g\rVert_2+\varepsilon}\Bigr),\qquad
        \lVert g\rVert_2^2=\sum_k\lVert g^{(k)}\rVert_2^2

    The norm is taken of the entries over the largest of them, so that it neither overflows nor underflows.

    Args:
        gradients: g, one tensor a parameter, of any shapes.
        max_norm: c.
        epsilon: ε; 0 as in the paper, 1e-6 as in PyTorch.

    Returns:
        New tensors of the same shapes and dtypes, outside of the autograd graph.

    Raises:
        GradusError: c is no positive number, or a gradient holds infinities or NaN.

    Cost: three passes over the gradients; waits for the device once.

    Source: Pascanu, Mikolov and Bengio 2013, Algorithm 1.

    Deviates: from `torch.nn.utils.clip_grad_norm_` in ε, in leaving its arguments unchanged, and in refusing
        non-finite gradients.

    Example:
        >>> import torch
        >>> gradients = [torch.tensor([3.0]), torch.tensor([4.0])]
        >>> [round(g.item(), 6) for g in clip_by_global_norm(gradients, max_norm=1.0)]
        [0.6, 0.8]
    """
    max_norm, epsilon = (
        number("max_norm", max_norm, above=0, infinite=True),
        number("epsilon", epsilon, least=0),
    )
    if isinstance(gradients, (Tensor, str, bytes)) or not isinstance(gradients, Sequence):
        raise refusal("gradients", ("a list of tensors", "张量列表"), gradients, kind=True)
    for k, gradient in enumerate(gradients):
        tensor(f"gradients[{k}]", gradient, meta=False)
    if not gradients:
        return ()
    wide = [g.detach().to(torch.promote_types(g.dtype, torch.float32)) for g in gradients]
    largest = max((float(g.abs().max()) if g.numel() else 0.0 for g in wide), default=0.0)
    bad = [k for k, g in enumerate(wide) if not bool(g.isfinite().all())]
    if bad:
        raise GradusError(
            Text(
                f"gradients[{bad[0]}] of {len(wide)}, of shape {tuple(wide[bad[0]].shape)}, is not finite; "
                "lower the step size, or find where it first appears",
                f"gradients[{bad[0]}]（共 {len(wide)} 个，形状 {tuple(wide[bad[0]].shape)}）不是有限值；请减小步长，或查出它最先出现之处",
            )
        )
    if largest == 0:
        return tuple(g.detach().clone() for g in gradients)
    shape = math.sqrt(sum(float((g / largest).square().sum()) for g in wide))
    norm = largest * shape + epsilon
    if norm <= max_norm:
        return tuple(g.detach().clone() for g in gradients)
    if norm == math.inf:  # beyond double precision, though no entry is
        share = float(max_norm) / (shape + epsilon / largest)
        return tuple((g.detach() / largest) * share for g in gradients)
    return tuple(g.detach() * (float(max_norm) / norm) for g in gradients)
