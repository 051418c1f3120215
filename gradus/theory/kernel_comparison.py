r"""How a kernel stands to the labels, and to itself at another time."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradus.arguments import Sizes, flag, refusal
from gradus.arguments.tensors import same_kind, tensor
from gradus.text import Text


class KernelDrift(NamedTuple):
    """How far a kernel has moved.

    Attributes:
        relative: ‖K' − K‖/‖K‖ in Frobenius' norm.
        turned: 1 − the cosine of the two, which a mere change of size leaves at 0.
        growth: ‖K'‖/‖K‖.

    Example:
        >>> KernelDrift(relative=1.0, turned=0.0, growth=2.0).growth
        2.0
    """

    relative: float
    turned: float
    growth: float


def kernel_drift(before: Tensor, after: Tensor) -> KernelDrift:
    r"""How far a kernel has moved between two times of training, on the same inputs.

    .. math:: \frac{\lVert K'-K\rVert_F}{\lVert K\rVert_F},\qquad 1-\frac{\langle K,K'\rangle_F}{\lVert K\rVert_F\lVert K'\rVert_F}

    Of nets of width n with outputs scaled by 1/√n the first is of order 1/n: where it is small, `predicted_training` holds about.

    Args:
        before: K, of any shape, such as `tangent_kernel` gives it.
        after: K', of the same shape.

    Raises:
        GradusError: other shapes; numbers that are not finite; a kernel of zeros before.

    Source: Fort et al. 2020 for the turning; Jacot, Gabriel and Hongler 2018.

    Example:
        >>> import torch
        >>> round(kernel_drift(torch.eye(2), 3 * torch.eye(2)).relative, 6)
        2.0
    """
    one, other = (_finite(name, value) for name, value in (("before", before), ("after", after)))
    if other.shape != one.shape:
        raise refusal("after", (f"shape {tuple(one.shape)}, as before", f"与 before 相同的形状 {tuple(one.shape)}"), other)  # fmt: skip
    same_kind(before=before, after=after)
    unit, length = _largest("before", one), float(other.abs().max())
    ratio = length / unit
    if not math.isfinite(ratio):
        raise refusal("after", ("one of a size that can be compared with before", "大小可与 before 相比的核"), Text(f"entries up to {length:.3g}", f"绝对值达 {length:.3g} 的元素"))  # fmt: skip
    one, other = one / unit, other / (length or 1.0)
    size, far = float(one.norm()), float(other.norm())
    cosine = float((one * other).sum()) / (size * far) if far else 0.0
    moved = float((ratio * other - one).norm())
    relative = (moved if math.isfinite(moved) else ratio * far) / size
    return KernelDrift(relative, max(0.0, 1 - cosine), ratio * (far / size))


def kernel_alignment(kernel: Tensor, targets: Tensor, *, centred: bool = False) -> float:
    r"""The cosine of a kernel and the labels' own kernel, yyᵀ: 1 where one gradient step learns them all alike.

    .. math:: A=\frac{\langle K,yy^{\mathsf T}\rangle_F}{\lVert K\rVert_F\,\lVert yy^{\mathsf T}\rVert_F},\qquad\text{centred: } HKH,\ H=I-\tfrac1n\mathbf 1\mathbf 1^{\mathsf T}

    Args:
        kernel: (n, n).
        targets: y (n,), or (n, C) such as one-hot rows.
        centred: whether a constant is taken off first, from the features and from the labels.

    Raises:
        GradusError: shapes that do not fit; zeros, before or after centring.

    Source: Cristianini et al. 2002; centred Cortes, Mohri and Rostamizadeh 2012.

    Example:
        >>> import torch
        >>> y = torch.tensor([1.0, -1.0])
        >>> kernel_alignment(y.outer(y), y), round(kernel_alignment(torch.eye(2), y), 6)
        (1.0, 0.707107)
    """
    sizes = Sizes()
    K = tensor("kernel", kernel, "n>=1 n", sizes, finite=True, meta=False).double()
    y = tensor("targets", targets, "n" if getattr(targets, "ndim", 1) == 1 else "n C>=1", sizes, dtype="real", finite=True, meta=False)  # fmt: skip
    y = y.double().reshape(len(K), -1)
    K, y = K / _largest("kernel", K), y / _largest("targets", y)
    if flag("centred", centred):
        y = y - y.mean(0)
        K = K - K.mean(0) - K.mean(1, keepdim=True) + K.mean()
    labels = y @ y.mT
    scale = _size("kernel", K) * _size("targets", labels)
    return float((K * labels).sum()) / scale


def _finite(name: str, value: Any) -> Tensor:
    return tensor(name, value, finite=True, meta=False).double()


def _largest(name: str, value: Tensor) -> float:
    largest = float(value.abs().max())
    if not largest:
        raise _zeros(name)
    return largest


def _size(name: str, value: Tensor) -> float:
    size = float(value.norm())
    if size <= 8 * value.numel() * torch.finfo(value.dtype).eps:  # of entries that were 1 at most
        raise _zeros(name)
    return size


def _zeros(name: str) -> Exception:
    return refusal(name, ("one that is not 0 throughout", "不全为 0 的值"), Text("zeros", "全为 0"))
