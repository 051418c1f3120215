"""The spectral norms of the layers of a ReLU chain, and the complexity of all chains with such norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from gradus.arguments import number, refusal, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.text import Text
from gradus.theory.affine_map import AffineMap
from gradus.theory.symmetric_operator import length


class SpectralComplexity(NamedTuple):
    """A chain of layers by its norms.

    Attributes:
        norms: the layers' largest singular values (L,).
        upper: their product, which the Lipschitz constant does not exceed.
        lower: the largest singular value of the Jacobians at the samples.
        complexity: R, in which the norms enter the bound.
        gap: 2 R̂ + chance, by which the probability of error can exceed the mean ramp loss.

    Example:
        >>> SpectralComplexity([2.0, 1.0], 2.0, 1.5, 4.0, 1.2).upper
        2.0
    """

    norms: Any
    upper: Any
    lower: Any
    complexity: Any
    gap: Any


def spectral_complexity(
    kernels: Sequence[Tensor],
    x: Float[Tensor, "n ..."],
    margin: float = 1.0,
    confidence: float = 0.95,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> SpectralComplexity:
    r"""Spectral norms, Lipschitz bounds and the spectral margin bound of a chain of layers with ReLUs between.

    .. math:: R=\Bigl(\sum_l\bigl(\lVert A_l^{\mathsf T}\rVert_{2,1}\prod_{j\ne l}\lVert A_j\rVert_2\bigr)^{2/3}\Bigr)^{3/2},\qquad
        \hat R\le\frac{12Q}n\Bigl(1+\ln^+\frac n{3Q}\Bigr),\quad Q=\frac{\sqrt2\,\kappa}\gamma\lVert X\rVert_F\sqrt{\ln2W^2}\,R

    ‖Aᵀ‖_{2,1} is the sum of the lengths of the rows of A, W the largest number of units of a layer or of the input; κ = √2 for
    several outputs, 1 for one. The gap is 2R̂ + 3√(ln(2/δ)/2n), of the class of all chains with these norms, had it been fixed before the samples were
    seen; `spectral_margin_bound` pays for norms that training chose.

    Args:
        kernels: A_l: (o, i) for a dense layer, (o, i/groups, k, l) for a convolutional one; dense layers flatten what comes.
        x: samples (n, d), or images (n, c, h, w).
        margin: γ.
        confidence: 1 − δ.
        stride: of all convolutional layers.
        padding: zeros on each side, of all of them.
        dilation: distance between the taps of a kernel.
        groups: blocks of channels that do not see each other.

    Returns:
        The `SpectralComplexity`, computed in double precision where the device has it. At a kink, where a unit is exactly 0, its slope counts as 0.

    Raises:
        GradusError: layers that do not fit, values that are not finite, numbers out of range.

    Cost: the singular values of each layer's matrix, or 100 products; of each sample's Jacobian the smaller Gram matrix.

    Source: Bartlett, Foster and Telgarsky 2017, theorem 3.3 and lemma A.5, for the complexity; Yoshida and Miyato 2017 for the norms.

    Deviates: the covering numbers are rounded up, a factor 2; √2 for the margin's 2; the lower limit of the entropy integral is the best one.

    Example:
        >>> import torch
        >>> found = spectral_complexity([torch.tensor([[1.0], [-1.0]]), torch.ones(1, 2)], torch.tensor([[0.5], [-2.0]]))
        >>> [round(float(v), 3) for v in (found.upper, found.lower, found.complexity)]  # |x|
        [2.0, 1.0, 6.795]
    """
    tensor("x", x, finite=True, meta=False)
    if isinstance(kernels, (Tensor, str)) or not isinstance(kernels, Sequence) or not len(kernels):
        raise refusal(
            "kernels", ("a list of tensors, one a layer", "由各层的张量组成的列表"), kernels, kind=True
        )
    for i, kernel in enumerate(kernels):
        tensor(f"kernels[{i}]", kernel, finite=True, meta=False)
        same_kind(x=x, **{f"kernels[{i}]": kernel})
    gamma = number("margin", margin, above=0)
    delta = 1 - number("confidence", confidence, above=0, below=1)
    options = (
        whole("stride", stride, least=1), whole("padding", padding, least=0),
        whole("dilation", dilation, least=1), whole("groups", groups, least=1),
    )  # fmt: skip
    if x.dim() not in (2, 4) or not x.numel():
        raise refusal("x", ("samples (n, d) or images (n, c, h, w)", "样本 (n, d) 或图像 (n, c, h, w)"), x)
    with torch.inference_mode(False), torch.no_grad():
        h = x.detach().clone().to(torch.float32 if x.device.type == "mps" else torch.float64)
        maps, widths = [], [h[0].numel()]
        shape = tuple(h.shape[1:])
        for i, kernel in enumerate(kernels):
            layer = _Layer(kernel.detach().clone().to(h), shape, options, f"kernels[{i}]")
            maps.append(layer)
            widths.append(math.prod(layer.out))
            shape = layer.out
        norms = [layer.map.norm(100, 0)[0] for layer in maps]
        lower = _steepest(maps, h)
        R = spectral_sum(norms, [layer.rows() for layer in maps])
        kappa = math.sqrt(2) if widths[-1] > 1 else 1.0
        size = length(h.flatten())
        rademacher = entropy_integral(kappa / gamma * size * covering_log(max(widths)) * R, len(x))
        gap = 2 * rademacher + 3 * math.sqrt(math.log(2 / delta) / (2 * len(x)))
    found = (norms, math.prod(norms), lower, R, gap)
    return SpectralComplexity(*(torch.as_tensor(v, dtype=x.dtype, device=x.device) for v in found))


def spectral_sum(norms: Sequence[float], rows: Sequence[float]) -> float:
    """R, which needs no quotient."""
    others = [math.prod(n for j, n in enumerate(norms) if j != i) for i in range(len(norms))]
    return float(math.fsum((b * rest) ** (2 / 3) for b, rest in zip(rows, others, strict=True)) ** 1.5)


def covering_log(width: int) -> float:
    """√(2 ln 2W²)."""
    return math.sqrt(2 * math.log(2 * width**2))


def entropy_integral(q: float, n: int) -> float:
    """A bound on the Rademacher complexity of losses in [0, 1] whose covering numbers have logarithms of at most (q/ε)²."""
    return 12 * q / n * (1 + max(0.0, math.log(n) - math.log(3 * q))) if q else 0.0


class _Layer:
    """A kernel as a map of inputs of a shape."""

    def __init__(
        self, kernel: Tensor, shape: tuple[int, ...], options: tuple[int, int, int, int], name: str
    ) -> None:
        self.kernel, self.shape, self.options = kernel, shape, options
        try:
            self.map = AffineMap(self, shape, kernel.dtype, kernel.device)
        except RuntimeError:
            sizes = f"{tuple(kernel.shape)}, {shape}"
            raise refusal(
                name, ("weights that fit what comes in", "与输入相配的权重"), Text(sizes, sizes)
            ) from None
        self.out = tuple(self(torch.zeros(1, *shape).to(kernel)).shape[1:])

    def __call__(self, h: Tensor) -> Tensor:
        if self.kernel.dim() == 4:
            return F.conv2d(h, self.kernel, None, *self.options)
        return F.linear(h.flatten(1), self.kernel)

    def back(self, u: Tensor) -> Tensor:
        """uA, of rows."""
        return u @ self.kernel if self.kernel.dim() == 2 else self.map.adjoint(u)

    def rows(self) -> float:
        """The lengths of the rows of the matrix, added up; at a border some of a kernel's entries meet nothing."""
        if self.kernel.dim() == 2:
            return float(self.kernel.norm(dim=1).sum())
        stride, padding, dilation, groups = self.options
        met = F.conv2d(
            torch.ones(1, *self.shape).to(self.kernel),
            self.kernel.square(),
            None,
            stride,
            padding,
            dilation,
            groups,
        )
        return float(met.clamp_min(0).sqrt().sum())


def _steepest(maps: list[_Layer], x: Tensor) -> float:
    """The largest singular value of the Jacobians at the samples."""
    signs, h = [x.new_zeros(len(x), 0)], x
    for layer in maps[:-1]:
        z = layer(h.reshape(len(h), *layer.shape))
        signs.append((z > 0).to(z).flatten(1))
        h = z.clamp_min(0)
    sizes = [s.shape[1] for s in signs[1:]]
    pieces = torch.cat(signs, 1)
    pieces = (
        pieces.unique(dim=0) if sizes else pieces[:1]
    )  # on one piece of space all samples have one Jacobian
    outputs, best = math.prod(maps[-1].out), 0.0
    back = [layer.back for layer in maps]
    for piece in pieces:
        J = back[-1](torch.eye(outputs).to(x))  # rows: derivatives of an output, going back
        for backward, on in zip(back[-2::-1], reversed(piece.split(sizes)), strict=False):
            J = backward(J * on)
        best = max(best, float(torch.linalg.matrix_norm(J, 2)))
    return best
