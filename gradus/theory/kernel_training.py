r"""Training by a fixed tangent kernel: every mode of the error decays by itself, and the outputs are known at any time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from gradus.arguments import Sizes, choice, fit, number, refusal, whole
from gradus.arguments.tensors import same_device, same_kind, tensor
from gradus.text import Text

ASYMMETRY = 1e-3  # of the largest entry: above it a matrix is no kernel of one set with itself


class PredictedTraining(NamedTuple):
    """What descent on squared error does while the tangent kernel K stays as it is; n C outputs count as N rows.

    Attributes:
        eigenvalues: λ of K, falling (N,).
        modes: their eigenvectors q, as columns (N, N).
        errors: q·(f₀ − y), each mode's share of the first error (N,), or (N, C) where C outputs share a kernel (n, n).
        factors: what is left of each mode at each of the times (T, N): (1 − αλ)^t, or e^{−λt}.
        losses: at each of the times (T,).
        outputs: on the training inputs (T, *targets).
        predictions: on the test inputs (T, *test outputs), or None.

    Example:
        >>> import torch
        >>> K, y = torch.tensor([[2.0, 1.0], [1.0, 2.0]]), torch.tensor([1.0, 0.0])
        >>> predicted_training(K, y, steps=[1], step_size=0.25).factors.round(decimals=6)
        tensor([[0.2500, 0.7500]])
    """

    eigenvalues: Tensor
    modes: Tensor
    errors: Tensor
    factors: Tensor
    losses: Tensor
    outputs: Tensor
    predictions: Tensor | None


def predicted_training(
    kernel: Tensor,
    targets: Tensor,
    outputs: Tensor | None = None,
    *,
    steps: Sequence[float] = (math.inf,),
    step_size: float | None = None,
    loss: Literal["half_sum", "mse"] = "half_sum",
    test_kernel: Tensor | None = None,
    test_outputs: Tensor | None = None,
) -> PredictedTraining:
    r"""The course of training on squared error by a tangent kernel that stays as it is, at any steps, mode by mode.

    .. math:: f_t-y=(I-\alpha K)^t(f_0-y)=\sum_kq_k(1-\alpha\lambda_k)^t\,q_k\cdot(f_0-y),\qquad
        f_t(x)=f_0(x)-k(x)\sum_kq_k\frac{1-(1-\alpha\lambda_k)^t}{\lambda_k}\,q_k\cdot(f_0-y)

    In the end, t → ∞, that is kernel regression, started at the network's own first outputs. It is exact for models that are linear in
    their parameters; of others it is a prediction, as good as their kernel is constant: the wider the net, or the larger the
    factor on its outputs with the first ones subtracted, the better. Nothing of it holds for Adam, or for another loss.

    Args:
        kernel: K of the training inputs: (n, n), shared by all outputs, or (n, n, C, C), as `tangent_kernel` gives it.
        targets: y (n,) or (n, C).
        outputs: f₀, the network's outputs before training, as y; None for 0.
        steps: the times at which to look, ≥ 0: numbers of steps, or times of gradient flow; ∞ for the end.
        step_size: α > 0 of plain descent over all samples; None for gradient flow.
        loss: "half_sum", ½Σ‖f−y‖², or "mse", the mean over all n C numbers, as PyTorch's `MSELoss`.
        test_kernel: k, between m test inputs and the training inputs: (m, n) or (m, n, C, C).
        test_outputs: f₀ on the test inputs; None for 0.

    Raises:
        GradusError: shapes that do not fit; a kernel that is not symmetric, or has negative eigenvalues beyond rounding; numbers that are not finite; steps that are not whole.

    Cost: one eigendecomposition, 9 N³; then O(N² + N m) for each time.

    Source: Jacot, Gabriel and Hongler 2018, §5; Lee et al. 2019, eqs. 8–11.

    Deviates: eigenvalues below N ε λ₁ are rounding, and count as 0: those modes stay.

    Example:
        >>> import torch
        >>> K, y = torch.tensor([[2.0, 1.0], [1.0, 2.0]]), torch.tensor([1.0, 0.0])
        >>> end = predicted_training(K, y, test_kernel=torch.tensor([[1.0, 1.0]]))
        >>> end.outputs.round(decimals=4), end.predictions.round(decimals=4)
        (tensor([[1., 0.]]), tensor([[0.3333]]))
    """
    K, C = _kernel(kernel)
    y = _values("targets", targets, kernel, C)
    f = torch.zeros_like(y) if outputs is None else _values("outputs", outputs, kernel, C, targets.shape)
    times = _times(steps, step_size is None)
    alpha = None if step_size is None else number("step_size", step_size, above=0)
    choice("loss", loss, ("half_sum", "mse"))
    rate = 2 / targets.numel() if loss == "mse" else 1.0
    k, g = _tests(test_kernel, test_outputs, kernel, C, targets)
    values, modes = torch.linalg.eigh((K + K.mT) / 2)
    values, modes = values.flip(0), modes.flip(1)
    least, eps = float(values[-1]), torch.finfo(K.dtype).eps
    if least < -(eps**0.5) * float(values[0].abs()):
        raise refusal("kernel", ("one without negative eigenvalues", "没有负特征值的核"), Text(f"the eigenvalue {least:.3g}", f"特征值 {least:.3g}"))  # fmt: skip
    values = torch.where(values > len(K) * eps * values[0], values, torch.zeros_like(values))
    errors = modes.mT @ (f - y)
    left, done = _factors(values * rate, times, alpha)
    if not bool(left.isfinite().all()) or (alpha and math.inf in times and alpha * rate * values[0] >= 2):
        limit = f"{2 / (rate * float(values[0])):.4g}"
        raise refusal("step_size", (f"one below {limit} = 2/λ, for so many steps", f"步数如此之多时应小于 {limit} = 2/λ 的值"), step_size)  # fmt: skip
    rest = torch.einsum("nk,tk,kc->tnc", modes, left, errors)
    losses = rest.square().sum((1, 2)) * (rate / 2)
    predictions = None
    if k is not None:
        moved = torch.einsum("mk,tk,kc->tmc", k @ modes, done * rate, errors)
        predictions = (g - moved).reshape(len(times), *_shape_of_tests(targets, kernel, len(k), C))
    return PredictedTraining(
        values,
        modes,
        errors if y.shape[1] > 1 else errors[:, 0],
        left,
        losses,
        (y + rest).reshape(len(times), *targets.shape),
        predictions,
    )


def _kernel(kernel: Any) -> tuple[Tensor, int]:
    """As one matrix, symmetric up to rounding, and the outputs that it tells apart."""
    value = tensor("kernel", kernel, "n>=1 n" if _plain(kernel) else "n>=1 n C>=1 C", finite=True, meta=False)
    K, C = _matrix(value)
    gap = (K - K.mT).abs().max()
    if gap > ASYMMETRY * K.abs().max():
        raise refusal("kernel", ("a symmetric matrix, of the training inputs with themselves", "对称矩阵，即训练输入与自身的核"), Text(f"entries that differ by {float(gap):.3g}", f"相差 {float(gap):.3g} 的元素"))  # fmt: skip
    return K, C


def _plain(kernel: Any) -> bool:
    return not isinstance(kernel, Tensor) or kernel.dim() != 4


def _matrix(kernel: Tensor) -> tuple[Tensor, int]:
    if kernel.dim() == 2:
        return kernel, 1
    n, m, C, _ = kernel.shape
    return kernel.transpose(1, 2).reshape(n * C, m * C), C


def _values(name: str, value: Tensor, kernel: Tensor, C: int, like: torch.Size | None = None) -> Tensor:
    """As columns (N, outputs that share the kernel)."""
    value = tensor(name, value, finite=True, meta=False)
    same_kind(kernel=kernel, **{name: value})
    n = len(kernel)
    good = value.dim() in (1, 2) and len(value) == n and value.numel() > 0
    if kernel.dim() == 4:
        good = good and value.numel() == n * C
    if not good or (like is not None and value.shape != like):
        shape = tuple(like) if like is not None else f"({n},) / ({n}, C)"
        raise refusal(name, (f"shape {shape}", f"形状 {shape}"), value)
    return value.reshape(n * C, -1) if kernel.dim() == 4 else value.reshape(n, -1)


def _times(steps: Any, flow: bool) -> list[float]:
    if isinstance(steps, (str, bytes, Tensor)) or not isinstance(steps, Sequence) or not steps:
        raise refusal("steps", ("a list of times, one at least", "时刻的列表，至少一个"), steps, kind=not isinstance(steps, Sequence))  # fmt: skip
    for s in steps:
        if not (isinstance(s, float) and s == math.inf):
            number("steps", s, least=0) if flow else whole("steps", s, least=0)
    return [float(s) for s in steps]


def _tests(
    test_kernel: Any, test_outputs: Any, kernel: Tensor, C: int, targets: Tensor
) -> tuple[Tensor | None, Tensor | float]:
    if test_kernel is None:
        if test_outputs is not None:
            raise refusal("test_kernel", ("the kernel between test and training inputs, beside test_outputs", "与 test_outputs 一同给出的测试输入与训练输入之间的核"), test_kernel, kind=True)  # fmt: skip
        return None, 0.0
    sizes = Sizes()
    fit("kernel", kernel.shape, "n n" if kernel.dim() == 2 else "n n C C", sizes)
    tensor(
        "test_kernel", test_kernel, "m n" if kernel.dim() == 2 else "m n C C", sizes, finite=True, meta=False
    )
    same_kind(kernel=kernel, test_kernel=test_kernel)
    k, _ = _matrix(test_kernel)
    if test_outputs is None:
        return k, 0.0
    tensor("test_outputs", test_outputs, finite=True, meta=False)
    same_device(kernel=kernel, test_outputs=test_outputs)
    shape = torch.Size(_shape_of_tests(targets, kernel, len(k), C))
    if test_outputs.shape != shape:
        raise refusal("test_outputs", (f"shape {tuple(shape)}", f"形状 {tuple(shape)}"), test_outputs)
    return k, test_outputs.reshape(len(k), -1).to(kernel.dtype)


def _shape_of_tests(targets: Tensor, kernel: Tensor, rows: int, C: int) -> tuple[int, ...]:
    return (rows // C if kernel.dim() == 4 else rows, *targets.shape[1:])


def _factors(values: Tensor, times: list[float], alpha: float | None) -> tuple[Tensor, Tensor]:
    """What is left of each mode, and (1 − that)/λ, which at λ = 0 is the time itself."""
    if alpha is None:
        t = values.new_tensor(times)[:, None]
        exponent = torch.where(values > 0, -values * t, 0 * values)
        left, gone, passed = exponent.exp(), -torch.expm1(exponent), t
    else:
        t = values.new_tensor(times)[:, None]
        base = 1 - alpha * values
        left = torch.where(values > 0, base**t, torch.ones_like(base))
        small = (alpha * values < 0.5) & (values > 0)
        exponent = torch.where(
            small, torch.log1p(-alpha * torch.where(small, values, 0 * values)), 0 * values
        )
        gone = torch.where(small, -torch.expm1(torch.where(small, exponent * t, 0 * base)), 1 - left)
        passed = alpha * t
    still = torch.where(passed.isfinite(), passed, torch.zeros_like(passed)).expand_as(left)
    return left, torch.where(
        values > 0, gone / torch.where(values > 0, values, torch.ones_like(values)), still
    )
