"""The proof of the universal approximation theorem as a network: bumps on a grid, with a bound on the error."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import Sizes, function, number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.text import Text

LARGEST = 10**8  # weights of a layer
# The largest Σ|w_v| over a cell, at the corners of the regions where the weights w_v of its 2ⁿ nodes are affine.
FACTORS = {1: 1.0, 2: 1.0, 3: 2.0, 4: 11 / 3, 5: 23 / 3}


def bump_network(
    f: Callable[[Tensor], Tensor],
    dimension: int,
    cells: int,
    *,
    lower: float | Tensor = 0.0,
    upper: float | Tensor = 1.0,
    dtype: torch.dtype | None = None,
) -> nn.Sequential:
    r"""A ReLU network built, not trained: equal to f at the nodes of a grid, near it on the whole box.

    .. math:: g(x)=\sum_{m\in\{0,\dots,N\}^n}\Delta_mf\;\sigma\Bigl(\sum_{i:m_i>0}r_{m_i}(x_i)-\#\{i:m_i>0\}+1\Bigr),\qquad
        r_j(t)=\sigma(Nt-j+1)-\sigma(Nt-j)

    with the mixed differences Δ_m f of f at the nodes, by which its values at the nodes up to m are counted once, and t the place within the
    box, from 0 to 1. On the box |f − g| is at most `bump_error`; outside, g is what it is at the nearest point of the box. The weights are
    ordinary parameters: a start for training, too.

    Args:
        f: from points (k, n) to values (k), or (k, c) for c outputs; called once, on the (N+1)ⁿ nodes.
        dimension: n.
        cells: N along each axis.
        lower: of the box, one number or one an axis (n).
        upper: likewise.
        dtype: of the network; the default one unless given. f is called with doubles on the CPU.

    Returns:
        `nn.Sequential` of Linear and ReLU, with one hidden layer for n = 1 (N+1 units), with two for n ≥ 2: n(N+1) and (N+1)ⁿ − 1 units.

    Raises:
        GradusError: an empty box, too many units, values that are not finite or of another shape.

    Cost: n(N+1)ⁿ⁺¹ weights.

    Source: Cybenko 1989 for the theorem; the construction is this library's.

    Example:
        >>> import torch
        >>> net = bump_network(lambda x: x[:, 0] * x[:, 1], 2, 4)
        >>> net(torch.tensor([[0.25, 0.5]])).item()
        0.125
    """
    function("f", f)
    n, N = whole("dimension", dimension, least=1, most=10**6), whole("cells", cells, least=1, most=10**6)
    dtype = _floating(dtype)
    low, high = _edge("lower", lower, n), _edge("upper", upper, n)
    if not bool((low < high).all()):
        raise refusal("upper", ("above lower along each axis", "沿每个坐标轴都大于 lower"), Text("an empty box", "空的长方体"))  # fmt: skip
    if n * math.log(N + 1) + math.log(n * (N + 1)) > math.log(LARGEST):
        raise refusal("cells", ("a grid of at most 1e8 weights", "权重不超过 1e8 个的网格"), Text(f"({N + 1})^{n} nodes", f"({N + 1})^{n} 个节点"))  # fmt: skip
    with torch.no_grad():
        axis = torch.arange(N + 1, dtype=torch.float64)
        nodes = torch.cartesian_prod(*[axis] * n).reshape(-1, n)
        values = _values(f, low + (high - low) * nodes / N)
        layers = [_ramps(low, high, N)]
        if n == 1:
            layers.append(_broken_line(values))
        else:
            layers += [_thresholds(nodes.long(), N, values), _sum_of_steps(values.reshape(*[N + 1] * n, -1))]
    return nn.Sequential(
        *itertools.chain.from_iterable((layer.to(dtype), nn.ReLU()) for layer in layers[:-1]),
        layers[-1].to(dtype),
    )


def bump_error(
    dimension: int, cells: int, *, constant: float = 1.0, exponent: float = 1.0, side: float = 1.0
) -> float:
    r"""How far `bump_network` can be from a Hölder function, at most.

    .. math:: \lvert f(x)-f(y)\rvert\le C\lVert x-y\rVert_\infty^a\quad\Rightarrow\quad
        \max_x\lvert f(x)-g(x)\rvert\le\Lambda_nC\Bigl(\frac sN\Bigr)^a,\qquad n=1:\ C\Bigl(\frac s{2N}\Bigr)^a

    Λ₁ = Λ₂ = 1, Λ₃ = 2, Λ₄ = 11/3, Λ₅ = 23/3; from n = 6 on 3ⁿ stands in its place.

    Args:
        dimension: n.
        cells: N.
        constant: C ≥ 0; for exponent 1 the Lipschitz constant.
        exponent: a, in (0, 1].
        side: s, the longest side of the box.

    Returns:
        The bound.

    Raises:
        GradusError: an argument out of range.

    Cost: none.

    Source: see `bump_network`.

    Example:
        >>> bump_error(2, 8, constant=4.0)
        0.5
    """
    n, N = whole("dimension", dimension, least=1, most=600), whole("cells", cells, least=1, most=2**53)
    scale, a, s = _class(n, constant, exponent, side)
    return float(scale * (s / N) ** a)


def bump_cells(
    error: float, dimension: int, *, constant: float = 1.0, exponent: float = 1.0, side: float = 1.0
) -> int:
    r"""The fewest cells along each axis for which `bump_error` is no larger than an error.

    .. math:: N=\bigl\lceil s\,(\Lambda_nC/\varepsilon)^{1/a}\bigr\rceil,\qquad n=1:\ \Bigl\lceil\frac s2\Bigl(\frac C\varepsilon\Bigr)^{1/a}\Bigr\rceil,

    so that the number of units grows like ε^{−n/a}.

    Args:
        error: ε > 0.
        dimension: n.
        constant: C ≥ 0.
        exponent: a, in (0, 1].
        side: s, the longest side of the box.

    Returns:
        N, for `bump_network`.

    Raises:
        GradusError: an argument out of range, or more than 2⁵³ cells.

    Cost: none.

    Source: see `bump_network`.

    Example:
        >>> bump_cells(0.1, 1, constant=2.0), bump_cells(0.1, 1, constant=2.0, exponent=0.5)
        (10, 200)
    """
    epsilon = number("error", error, above=0)
    n = whole("dimension", dimension, least=1, most=600)
    scale, a, s = _class(n, constant, exponent, side)
    wanted = math.log(s) + math.log(max(scale / epsilon, 1e-300)) / a
    if wanted > 53 * math.log(2):
        raise refusal("error", ("one that 2⁵³ cells reach", "2⁵³ 个格子所能达到的误差"), Text(f"{epsilon:g}", f"{epsilon:g}"))  # fmt: skip
    N = max(1, math.floor(math.exp(wanted) * (1 - 1e-12)))
    while scale * (s / N) ** a > epsilon * (1 + 1e-15):
        N += 1
    return N


def _class(n: int, constant: Any, exponent: Any, side: Any) -> tuple[float, float, float]:
    """The error at one cell an axis of a box of side 1, the exponent, the side."""
    C, a = number("constant", constant, least=0), number("exponent", exponent, above=0, most=1)
    factor = 0.5**a if n == 1 else FACTORS.get(n, 3.0**n)
    return factor * C, a, number("side", side, above=0)


def _floating(dtype: Any) -> torch.dtype:
    if dtype is None:
        return torch.get_default_dtype()
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise refusal("dtype", ("a floating-point type", "浮点类型"), dtype, kind=True)
    return dtype


def _edge(name: str, value: Any, n: int) -> Tensor:
    """An edge of the box, one number an axis."""
    if isinstance(value, Tensor):
        if tensor(name, value, None, dtype="real", finite=True, meta=False).ndim:
            tensor(name, value, "n", Sizes(n=(n, "dimension")), dtype="real")
        return value.detach().to("cpu", torch.float64).expand(n)
    return torch.full((n,), number(name, value), dtype=torch.float64)


def _values(f: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """The values at the nodes, (k, c)."""
    values = f(points)
    tensor("f(nodes)", values, None, dtype="real", finite=True, meta=False)
    if values.ndim not in (1, 2) or len(values) != len(points):
        shape = str(tuple(values.shape))
        k = len(points)
        raise refusal(
            "f(nodes)", (f"shape ({k},) or ({k}, c)", f"形状 ({k},) 或 ({k}, c)"), Text(shape, shape)
        )
    return values.detach().to(points).reshape(len(points), -1)


def _ramps(low: Tensor, high: Tensor, N: int) -> nn.Linear:
    """The first layer: N t_i − j for each axis i and each j from 0 to N."""
    n = len(low)
    layer = _linear(n, n * (N + 1), low)
    scale = N / (high - low)
    layer.weight.copy_((torch.eye(n, dtype=low.dtype, device=low.device) * scale).repeat_interleave(N + 1, 0))
    steps = torch.arange(N + 1, dtype=low.dtype, device=low.device)
    layer.bias.copy_((-(low * scale)[:, None] - steps).flatten())
    return layer


def _broken_line(values: Tensor) -> nn.Linear:
    """One axis: each unit's weight is the change of slope at its node, outside of the box to and from 0."""
    layer = _linear(len(values), values.shape[1], values)
    slopes = torch.nn.functional.pad(values.diff(dim=0), (0, 0, 1, 1))
    layer.weight.copy_(slopes.diff(dim=0).T)
    layer.bias.copy_(values[0])
    return layer


def _thresholds(nodes: Tensor, N: int, like: Tensor) -> nn.Linear:
    """The second layer: a unit for each node but the first, 1 where x lies beyond it along all axes, 0 where not along one."""
    nodes = nodes[1:]
    n = nodes.shape[1]
    layer = _linear(n * (N + 1), len(nodes), like)
    rows = torch.arange(len(nodes), device=nodes.device)
    layer.weight.zero_()
    for i in range(n):
        active = nodes[:, i] > 0
        column = i * (N + 1) + nodes[active, i]
        layer.weight[rows[active], column - 1] = 1.0
        layer.weight[rows[active], column] = -1.0
    layer.bias.copy_(1.0 - (nodes > 0).sum(1))
    return layer


def _sum_of_steps(values: Tensor) -> nn.Linear:
    """The last layer: the mixed differences of the values (N+1, …, N+1, c)."""
    for axis in range(values.ndim - 1):
        values = torch.cat([values.narrow(axis, 0, 1), values.diff(dim=axis)], axis)
    steps = values.reshape(-1, values.shape[-1])
    layer = _linear(len(steps) - 1, steps.shape[1], steps)
    layer.weight.copy_(steps[1:].T)
    layer.bias.copy_(steps[0])
    return layer


def _linear(ins: int, outs: int, like: Tensor) -> nn.Linear:
    """A layer whose weights are still to be set; nothing is drawn."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, ins, outs, dtype=like.dtype, device=like.device)
    return layer
