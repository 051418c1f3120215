r"""The kernels of infinitely wide networks: of their outputs at random weights, and of their training by descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from gradus.arguments import choice, number, refusal, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text
from gradus.theory.dual_activations import DUALS, Dual

COPIES = 8  # of a block's pairs that are alive at a time


class InfiniteKernels(NamedTuple):
    """What becomes of a random network as its layers grow without end.

    Attributes:
        nngp: K, the covariance of an output at random weights between inputs (n, m).
        ntk: Θ, the tangent kernel (n, m); that of several outputs is Θ times the identity.

    Example:
        >>> import torch
        >>> InfiniteKernels(nngp=torch.ones(1, 1), ntk=2 * torch.ones(1, 1)).ntk
        tensor([[2.]])
    """

    nngp: Tensor
    ntk: Tensor


class _Net(NamedTuple):
    depth: int
    dual: Dual
    w: float
    b: float
    taps: int
    circular: bool
    pairs: bool  # of positions: all, or each with itself


def infinite_kernels(
    x: Tensor,
    y: Tensor | None = None,
    *,
    depth: int = 1,
    activation: Literal["relu", "erf", "gelu"] = "relu",
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
    kernel_size: int = 3,
    padding: Literal["zeros", "circular"] = "zeros",
    head: Literal["average", "flatten"] = "average",
    memory: int = 2**30,
) -> InfiniteKernels:
    r"""The NNGP kernel and the neural tangent kernel of an infinitely wide dense or convolutional network, in closed form.

    .. math:: K^1=\sigma_w^2\,\frac{x\cdot x'}d+\sigma_b^2,\qquad K^{l+1}=\sigma_w^2\,\mathbb E\,\phi(u)\phi(v)+\sigma_b^2,\qquad
        \Theta^1=K^1,\qquad \Theta^{l+1}=K^{l+1}+\sigma_w^2\,\mathbb E\,\phi'(u)\phi'(v)\;\Theta^l

    u and v are normal with the covariances :math:`K^l`. The network is :math:`h^{l+1}=\frac{\sigma_w}{\sqrt n}W\phi(h^l)+\sigma_bb`, with
    standard normal W and b, all of them trained (the "NTK parametrisation"); a last dense layer gives the outputs. In a
    convolution the covariances of all pairs of positions are averaged over the filter's places, moved together.

    Args:
        x: inputs (n, d) of a dense network, (n, C, length) or (n, C, height, width) of a convolutional one.
        y: inputs (m, …); None for x itself, and then the kernels are symmetric.
        depth: L ≥ 0, the number of hidden layers, each with its activation.
        activation: "relu", "erf" (the error function, near tanh), or "gelu" (the exact one).
        weight_variance: σ_w² > 0, of every layer.
        bias_variance: σ_b² ≥ 0.
        kernel_size: of convolutions, odd, along each axis; stride 1, as many positions as before.
        padding: beyond the border of convolutions.
        head: of convolutions: "average" of all positions before the last layer, or "flatten", a weight for each of them.
        memory: bytes, of the pairs of positions at a time.

    Returns:
        Both (n, m), in the precision of x, float32 at least; computed in float64 where the device has it. Differentiable in x and y.

    Raises:
        GradusError: shapes that do not fit; numbers out of range; a memory that does not hold one pair of inputs.

    Cost: O(n m (d + L)) of dense networks; O(n m P² (C + L k)) with P positions, for "flatten" O(n m P (C + L k)).

    Source: Jacot, Gabriel and Hongler 2018; Arora et al. 2019 for convolutions; means of Cho and Saul 2009 and Williams 1997.

    Deviates: where two inputs are parallel up to rounding, the angle is known to 1e-8 only, and so is Θ of ReLU nets.

    Example:
        >>> import torch
        >>> kernels = infinite_kernels(torch.eye(2), depth=1)
        >>> kernels.nngp.round(decimals=4), kernels.ntk.round(decimals=4)
        (tensor([[1.0000, 0.3183],
                [0.3183, 1.0000]]), tensor([[2.0000, 0.3183],
                [0.3183, 2.0000]]))
    """
    sets = [_inputs("x", x)] if y is None else [x, _inputs("y", y, like=_inputs("x", x))]
    depth = whole("depth", depth, least=0)
    choice("activation", activation, tuple(DUALS))
    w, b = (
        number("weight_variance", weight_variance, above=0),
        number("bias_variance", bias_variance, least=0),
    )
    whole("kernel_size", kernel_size, least=1)
    if kernel_size % 2 == 0:
        raise refusal("kernel_size", ("an odd number", "奇数"), kernel_size)
    choice("padding", padding, ("zeros", "circular"))
    choice("head", head, ("average", "flatten"))
    whole("memory", memory, least=1)
    places = sets[0].dim() - 2
    if head == "flatten" and places and sets[0].shape[2:] != sets[-1].shape[2:]:
        shape = tuple(sets[0].shape[2:])
        raise refusal("y", (f"positions {shape}, as x has", f"与 x 相同的位置 {shape}"), Text(*2 * (str(tuple(sets[-1].shape[2:])),)), ("or give head='average'", "或取 head='average'"))  # fmt: skip
    net = _Net(depth, DUALS[activation], w, b, kernel_size, padding == "circular", head == "average")
    wide = torch.float32 if x.device.type == "mps" else torch.float64
    result = _by_blocks(net, [v.to(wide) for v in sets], memory)
    return InfiniteKernels(*(k.to(torch.promote_types(x.dtype, torch.float32)) for k in result))


def _inputs(name: str, value: Tensor, like: Tensor | None = None) -> Tensor:
    value = tensor(name, value, finite=True, meta=False)
    least = 2 if like is None else like.dim()
    most = 4 if like is None else like.dim()
    if not least <= value.dim() <= most or not value.numel():
        raise refusal(name, ("inputs (n, d), (n, C, length) or (n, C, height, width), as many axes as x", "形如 (n, d)、(n, C, 长) 或 (n, C, 高, 宽) 的输入，轴数与 x 相同"), value)  # fmt: skip
    if like is not None:
        same_device(x=like, y=value)
        if like.shape[1] != value.shape[1]:
            size = like.shape[1]
            raise refusal(
                name, (f"{size} along the second axis, as x has", f"第二轴的大小与 x 相同，为 {size}"), value
            )
    return value


def _by_blocks(net: _Net, sets: list[Tensor], memory: int) -> tuple[Tensor, Tensor]:
    one, other = sets[0], sets[-1]
    moments = [_moments(net, v) for v in sets]
    positions = one[0, 0].numel() * (other[0, 0].numel() if net.pairs else 1)
    held = memory // (COPIES * positions * one.element_size())
    if held < 1:
        least = COPIES * positions * one.element_size()
        raise refusal("memory", (f"at least {least} bytes, for one pair of inputs", f"至少 {least} 字节，用于一对输入"), memory)  # fmt: skip
    side = max(1, int(held**0.5))
    symmetric = len(sets) == 1
    rows: list[list[tuple[Tensor, Tensor]]] = []
    for i in range(0, len(one), side):
        rows.append([])
        for j in range(0, len(other), side):
            if symmetric and j < i:
                K, T = rows[j // side][i // side]
                rows[-1].append((K.mT, T.mT))
                continue
            p, q = ([v[s : s + side] for v in moments[k]] for k, s in ((0, i), (-1, j)))
            rows[-1].append(_block(net, one[i : i + side], other[j : j + side], p, q, symmetric and i == j))
    K, T = (torch.cat([torch.cat([part[k] for part in row], 1) for row in rows]) for k in (0, 1))
    return K, T


def _moments(net: _Net, x: Tensor) -> list[Tensor]:
    """Second moments (n, *positions) of an input's entries, and of the pre-activations of each hidden layer."""
    entering = x.square().mean(1)
    axes = [(1 + a,) for a in range(x.dim() - 2)]
    result = [entering]
    for _ in range(net.depth):
        before = net.w * _filtered(net, entering, axes) + net.b
        result.append(before)
        entering = net.dual(before, before, before)[0]
    return result


def _block(
    net: _Net, x: Tensor, y: Tensor, p: list[Tensor], q: list[Tensor], same: bool
) -> tuple[Tensor, Tensor]:
    """Both kernels of some pairs of inputs, whose second moments are p and q; `same` where they are the same inputs."""
    places = x.dim() - 2
    paired = places if net.pairs else 0
    axes = [(2 + a, 2 + places + a) if net.pairs else (2 + a,) for a in range(places)]
    first = [v.reshape(len(v), 1, *v.shape[1:], *[1] * paired) for v in p]
    second = [v.reshape(1, len(v), *[1] * paired, *v.shape[1:]) for v in q]
    S = _products(x, y, net.pairs)
    if same:  # an input's product with itself is its second moment, to the last bit
        own = torch.eye(len(x), dtype=torch.bool, device=x.device)
        if net.pairs:
            P = x[0, 0].numel()
            own = own[:, :, None, None] & torch.eye(P, dtype=torch.bool, device=x.device)
        S = torch.where(
            own.reshape(len(x), len(x), *(S.shape[2:] if net.pairs else [1] * places)), first[0], S
        )
    T = torch.zeros_like(S)
    for layer in range(1, net.depth + 1):
        K = net.w * _filtered(net, S, axes) + net.b
        T = K + net.w * _filtered(net, T, axes)
        S, slope = net.dual(first[layer], second[layer], K)
        T = slope * T
    K = net.w * S.flatten(2).mean(2) + net.b if places else net.w * S + net.b
    T = K + net.w * (T.flatten(2).mean(2) if places else T)
    return ((K + K.mT) / 2, (T + T.mT) / 2) if same else (K, T)


def _products(x: Tensor, y: Tensor, pairs: bool) -> Tensor:
    """Mean over the channels of the products: (n, m, *positions, *positions'), or (n, m, *positions)."""
    n, channels, m = len(x), x.shape[1], len(y)
    if pairs:
        S = torch.einsum("ncp,mcq->nmpq", x.reshape(n, channels, -1), y.reshape(m, channels, -1))
        return S.reshape(n, m, *x.shape[2:], *y.shape[2:]) / channels
    S = torch.einsum("ncp,mcp->nmp", x.reshape(n, channels, -1), y.reshape(m, channels, -1))
    return S.reshape(n, m, *x.shape[2:]) / channels


def _filtered(net: _Net, S: Tensor, axes: Sequence[tuple[int, ...]]) -> Tensor:
    """Mean over a filter's places; the axes of a tuple are moved together."""
    r = net.taps // 2
    for together in axes:
        if net.circular:
            shifted = [S.roll([-t] * len(together), together) for t in range(-r, r + 1)]
        else:
            padded, sizes = S, [S.shape[a] for a in together]
            for a in together:
                padded = F.pad(padded, [0, 0] * (S.dim() - 1 - a) + [r, r])
            shifted = [_part(padded, together, sizes, t) for t in range(net.taps)]
        S = sum(shifted[1:], shifted[0]) / net.taps
    return S


def _part(S: Tensor, axes: tuple[int, ...], sizes: list[int], start: int) -> Tensor:
    for a, size in zip(axes, sizes, strict=True):
        S = S.narrow(a, start, size)
    return S
