"""Regression on random features: one layer that is drawn and never trained, and the least-squares fit on top of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gradus.arguments import Sizes, choice, number, refusal, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text

__all__ = ["DescentCurve", "RandomFeatures", "descent_curve", "kernel_spectrum", "minimum_norm_fit"]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "erf": torch.erf,
    "cos": torch.cos,
    "identity": lambda h: h,
}


class RandomFeatures(nn.Module):
    r"""A layer of random weights that are not trained: its outputs are the features of a linear model.

    .. math:: z_j(x)=\frac1{\sqrt k}\,\varphi\Bigl(\frac{w_j^{\mathsf T}x}{\sqrt d}\Bigr),\qquad w_j\sim\mathcal N(0,I),\ j=1,\dots,k

    so that z(x)ᵀz(x′) is a mean over the features, whose limit for more and more of them is a kernel. The same seed draws the same first
    features whatever their number.

    Args:
        inputs: d, the size of an input.
        features: k.
        activation: φ: "relu", "tanh", "erf", "cos", "identity", or a function of tensors, entry by entry.
        seed: of the weights.

    Raises:
        GradusError: no features, or an unknown activation.

    Cost: O(dk) for an input.

    Source: Rahimi and Recht 2007.

    Example:
        >>> import torch
        >>> layer = RandomFeatures(3, 5)
        >>> layer(torch.ones(2, 3)).shape, [p for p in layer.parameters()]
        (torch.Size([2, 5]), [])
    """

    weight: Tensor

    def __init__(
        self,
        inputs: int,
        features: int,
        activation: str | Callable[[Tensor], Tensor] = "relu",
        *,
        seed: int = 0,
    ):
        super().__init__()
        d = whole("inputs", inputs, least=1)
        k = whole("features", features, least=1)
        self.activation = (
            activation if callable(activation) else ACTIVATIONS[choice("activation", activation, ACTIVATIONS)]
        )
        generator = torch.Generator().manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
        self.register_buffer("weight", torch.randn(k, d, generator=generator, dtype=torch.float64))

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... k"]:
        """The features of inputs, in their precision."""
        k, d = self.weight.shape
        tensor("x", x, "... d", Sizes())
        if x.shape[-1] != d:
            raise refusal("x", (f"inputs of {d} numbers", f"每个含 {d} 个数的输入"), x)
        return self.activation(x @ self.weight.to(x).mT / math.sqrt(d)) / math.sqrt(k)


def minimum_norm_fit(features: Float[Tensor, "n k"], targets: Tensor, *, ridge: float = 0.0) -> Tensor:
    r"""The coefficients of ridge regression, and for no ridge those of least norm among all that fit best.

    .. math:: \hat a=\arg\min_a\frac1n\lVert y-Za\rVert^2+\lambda\lVert a\rVert^2,\qquad\lambda\to0:\ \hat a=Z^+y

    Args:
        features: Z (n, k), a row a sample.
        targets: y, (n) or (n, c).
        ridge: λ ≥ 0.

    Returns:
        (k) or (k, c), in the precision of the features, computed in double precision where the device has it. For λ = 0 singular values
        below max(n, k) ε times the largest count as 0.

    Raises:
        GradusError: shapes that do not fit, or values that are not finite.

    Cost: O(nk min(n, k)).

    Source: Golub and Van Loan.

    Example:
        >>> import torch
        >>> minimum_norm_fit(torch.tensor([[3.0, 4.0]]), torch.tensor([5.0]))
        tensor([0.6000, 0.8000])
    """
    sizes = Sizes()
    tensor("features", features, "n>=1 k>=1", sizes, finite=True, meta=False)
    tensor(
        "targets",
        targets,
        "n" if getattr(targets, "ndim", 1) == 1 else "n c>=1",
        sizes,
        finite=True,
        meta=False,
    )
    same_device(features=features, targets=targets)
    lam = number("ridge", ridge, least=0)
    wide = torch.float32 if features.device.type == "mps" else torch.float64
    Z, y = features.detach().to(wide), targets.detach().to(wide)
    U, s, Vh = torch.linalg.svd(Z, full_matrices=False)
    if lam:
        shrunk = s / (s * s + len(Z) * lam)
    else:
        kept = s > max(Z.shape) * torch.finfo(wide).eps * s.max()
        shrunk = torch.where(kept, 1 / torch.where(kept, s, 1), 0)
    along = U.mT @ (y if y.ndim == 2 else y[:, None])
    fitted = Vh.mT @ (shrunk[:, None] * along)
    coefficients: Tensor = fitted if y.ndim == 2 else fitted[:, 0]
    return coefficients.to(features.dtype)


class DescentCurve(NamedTuple):
    """How a fit on random features fares with their number.

    Attributes:
        counts: the numbers of features.
        train: mean squared errors on the samples that were fitted, summed over the outputs, one for each count.
        test: mean squared errors on the others.
        norms: lengths of the coefficients.

    Example:
        >>> DescentCurve((1, 2), [0.5, 0.0], [0.6, 2.0], [1.0, 3.0]).counts
        (1, 2)
    """

    counts: tuple[int, ...]
    train: Any
    test: Any
    norms: Any


def descent_curve(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    counts: Sequence[int],
    *,
    activation: str | Callable[[Tensor], Tensor] = "relu",
    ridge: float = 0.0,
    seed: int = 0,
) -> DescentCurve:
    r"""Errors of ridge or minimum-norm regression on random features against their number: the curve of double descent.

    .. math:: \hat f(x)=z(x)^{\mathsf T}\hat a,\qquad\hat a=\arg\min_a\frac1n\sum_i\lVert y_i-z(x_i)^{\mathsf T}a\rVert^2+\lambda\lVert a\rVert^2

    Args:
        train: inputs (n, d) and targets (n) or (n, c) that are fitted.
        test: inputs and targets on which the error is measured.
        counts: numbers of features; of one draw the first ones are taken.
        activation: φ, as in `RandomFeatures`.
        ridge: λ ≥ 0; 0 for the fit of least norm, whose test error peaks where features and samples are as many.
        seed: of the features.

    Returns:
        The `DescentCurve`, in double precision where the device has it.

    Raises:
        GradusError: shapes that do not fit, or no counts.

    Cost: O(nk min(n, k)) for each count k.

    Source: Belkin, Hsu, Ma and Mandal 2019.

    Example:
        >>> import torch
        >>> x = torch.linspace(-1, 1, 12)[:, None] * torch.ones(3)
        >>> curve = descent_curve((x[::2], x[::2, 0]), (x[1::2], x[1::2, 0]), [1, 8])
        >>> bool(curve.train[1] < 1e-12)
        True
    """
    (x, y), (u, v) = (_pair(name, pair) for name, pair in (("train", train), ("test", test)))
    if u.shape[1] != x.shape[1] or v.shape[1:] != y.shape[1:]:
        raise refusal(
            "test", ("inputs and targets as large as those of train", "与 train 大小相同的输入和目标"),
            Text(f"shapes {tuple(u.shape)} and {tuple(v.shape)}", f"形状 {tuple(u.shape)} 与 {tuple(v.shape)}"),
        )  # fmt: skip
    same_device(train=x, test=u)
    if not isinstance(counts, (Sequence, range)) or isinstance(counts, (str, bytes)) or not len(counts):
        raise refusal("counts", ("one whole number or more", "一个或多个整数"), counts, kind=True)
    sizes = tuple(whole(f"counts[{i}]", k, least=1) for i, k in enumerate(counts))
    lam = number("ridge", ridge, least=0)
    wide = torch.float32 if x.device.type == "mps" else torch.float64
    x, y, u, v = (t.detach().to(wide) for t in (x, y, u, v))
    layer = RandomFeatures(x.shape[1], max(sizes), activation, seed=seed).to(x.device)
    with torch.no_grad():
        of_train, of_test = layer(x) * math.sqrt(max(sizes)), layer(u) * math.sqrt(max(sizes))
    rows = []
    for k in sizes:
        root = math.sqrt(k)
        a = minimum_norm_fit(of_train[:, :k] / root, y, ridge=lam)
        errors = [(t - Z[:, :k] / root @ a).square().sum() / len(t) for Z, t in ((of_train, y), (of_test, v))]
        rows.append(torch.stack([*errors, a.norm()]))
    table = torch.stack(rows, 1)
    return DescentCurve(sizes, table[0], table[1], table[2])


def _pair(name: str, pair: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise refusal(name, ("a pair (inputs, targets)", "一对（输入，目标）"), pair, kind=True)
    sizes = Sizes()
    x = tensor(f"{name}[0]", pair[0], "n>=1 d>=1", sizes, finite=True, meta=False)
    y = pair[1]
    tensor(
        f"{name}[1]",
        y,
        "n" if getattr(y, "ndim", 1) == 1 else "n c>=1",
        sizes,
        dtype="real",
        finite=True,
        meta=False,
    )
    return x, y


def kernel_spectrum(
    kernel: Float[Tensor, "m m"], targets: Tensor
) -> tuple[Float[Tensor, " m"], Float[Tensor, " m"]]:
    r"""The eigenvalues of a kernel over a set of inputs, and how the targets spread over its eigenfunctions: what `ridge_risk` asks for.

    .. math:: \tfrac1mK=\sum_is_iu_iu_i^{\mathsf T},\qquad w_i=\tfrac1m\lVert u_i^{\mathsf T}y\rVert^2

    The set stands for the law of the inputs, so it should be much larger than the samples of which the risk is asked.

    Args:
        kernel: K (m, m), symmetric and positive semidefinite.
        targets: y, (m) or (m, c), whose columns' parts are added.

    Returns:
        s and w, the largest eigenvalue first; eigenvalues below 0 by rounding are 0.

    Raises:
        GradusError: no symmetric positive semidefinite matrix, or shapes that do not fit.

    Cost: O(m³).

    Source: Simon, Karkada, Ghosh and Belkin 2024.

    Example:
        >>> import torch
        >>> values, weights = kernel_spectrum(torch.diag(torch.tensor([4.0, 2.0])), torch.tensor([1.0, 2.0]))
        >>> values.tolist(), weights.tolist()
        ([2.0, 1.0], [0.5, 2.0])
    """
    sizes = Sizes()
    tensor("kernel", kernel, "m>=1 m", sizes, finite=True, meta=False)
    tensor(
        "targets",
        targets,
        "m" if getattr(targets, "ndim", 1) == 1 else "m c>=1",
        sizes,
        dtype="real",
        finite=True,
        meta=False,
    )
    same_device(kernel=kernel, targets=targets)
    wide = torch.float32 if kernel.device.type == "mps" else torch.float64
    K, y = kernel.detach().to(wide), targets.detach().to(wide)
    rounding = 64 * len(K) * torch.finfo(kernel.dtype).eps
    if bool((K - K.mT).abs().max() > rounding * K.abs().max()):
        raise refusal("kernel", ("a symmetric matrix", "对称矩阵"), Text("another", "不对称的矩阵"))
    values, vectors = torch.linalg.eigh((K + K.mT) / 2)
    if float(values.min()) < -rounding * float(values.abs().max()):
        low = f"{float(values.min()):.3g}"
        raise refusal("kernel", ("a positive semidefinite one", "半正定矩阵"), Text(f"an eigenvalue near {low}", f"约为 {low} 的特征值"))  # fmt: skip
    along = vectors.mT @ (y if y.ndim == 2 else y[:, None])
    weights = along.square().sum(1) / len(K)
    return (values.clamp(min=0) / len(K)).flip(0).to(kernel.dtype), weights.flip(0).to(kernel.dtype)
