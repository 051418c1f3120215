"""From the arguments of `solve_qp` to the form that the method iterates on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gradus.arguments import Sizes, refusal
from gradus.arguments.tensors import same_device, tensor
from gradus.optimization.interior_point_form import Form, Places, Sides
from gradus.text import Text

#: How much P may differ from its transpose, and its least eigenvalue be below 0, relative to its largest entry.
SLACK = 1e-9
#: A bound of this size or more is none, as other solvers have it: the digits of a slack of that length say nothing.
NO_BOUND = 1e20
#: How many numbers of P are looked at together.
PART = 500_000


@dataclass(frozen=True)
class Data:
    """The arguments in double precision, each with one batch axis; None where one was not given."""

    batch: torch.Size
    P: Tensor | None
    q: Tensor
    A: Tensor
    b: Tensor
    G: Tensor
    g: Tensor
    h: Tensor
    lower: Tensor
    upper: Tensor


def checked(
    P: Tensor | None,
    q: Tensor,
    A: Tensor | None,
    b: Tensor | None,
    G: Tensor | None,
    g: Tensor | None,
    h: Tensor | None,
    lower: Tensor | None,
    upper: Tensor | None,
) -> Data:
    """The arguments, checked and brought to one batch."""
    if q is None:
        raise refusal("q", ("a tensor", "张量"), None, kind=True)
    sizes, shapes = Sizes(), {}
    axes = dict(q="n>=1", P="n n", A="p n", b="p", G="m n", g="m", h="m", lower="n", upper="n")
    arguments = dict(q=q, P=P, A=A, b=b, G=G, g=g, h=h, lower=lower, upper=upper)
    for name, own in axes.items():
        value = arguments[name]
        if value is not None:
            finite = name in ("q", "P", "A", "b", "G")
            tensor(name, value, f"*#batch {own}", sizes, finite=finite, meta=False)
            shapes[name] = value.shape[: value.dim() - len(own.split())]
            if not finite:
                _require_bound(name, value, above=name in ("h", "upper"))
    same_device(**arguments)
    _require_together("A", A, "b", b)
    _require_together("G", G, "h or g", h if h is not None else g)
    batch = torch.broadcast_shapes(*shapes.values())
    n = q.shape[-1]
    blank = torch.zeros((), dtype=torch.float64, device=q.device)

    def flat(value: Tensor | None, *own: int, fill: float = 0.0) -> Tensor:
        value = (blank + fill if value is None else value.resolve_neg().double()).expand(*batch, *own)
        return value.reshape(batch.numel(), *own) if len(batch) != 1 else value

    p, m = 0 if A is None else A.shape[-2], 0 if G is None else G.shape[-2]
    return Data(
        batch,
        None if P is None else _convex(flat(P, n, n)),
        flat(q, n),
        flat(A, p, n),
        flat(b, p),
        flat(G, m, n),
        _far_is_none(flat(g, m, fill=-torch.inf), -1),
        _far_is_none(flat(h, m, fill=torch.inf), 1),
        _far_is_none(flat(lower, n, fill=-torch.inf), -1),
        _far_is_none(flat(upper, n, fill=torch.inf), 1),
    )


def _far_is_none(bound: Tensor, side: int) -> Tensor:
    """Infinite where it is `NO_BOUND` away on its own side."""
    far = side * bound.detach() >= NO_BOUND
    return torch.where(far, side * torch.inf, bound) if bool(far.any()) else bound


def _require_together(first: str, one: Tensor | None, second: str, other: Tensor | None) -> None:
    if (one is None) != (other is None):
        absent, present = (first, second) if one is None else (second, first)
        raise refusal(absent, (f"a tensor beside {present}", f"与 {present} 一同给出的张量"), None)


def _require_bound(name: str, value: Tensor, above: bool) -> None:
    """Bounds may be infinite on their own side; NaN and the other infinity are refused."""
    bad = value.isnan() | (value == (-torch.inf if above else torch.inf))
    if bool(bad.any()):
        place = bad.nonzero()[0].tolist()
        came = f"{value[tuple(place)].item()} at {name}{place}"
        own = "+∞" if above else "−∞"
        raise refusal(
            name,
            (f"finite numbers, or {own} where there is no bound", f"有限数，没有界之处为 {own}"),
            Text(came, came),
        )


def _convex(P: Tensor) -> Tensor:
    """P, where it is symmetric and has no negative eigenvalue, up to rounding."""
    bare = P.detach()[:1] if P.stride(0) == 0 else P.detach()  # one matrix for the whole batch
    uneven = False
    for part in bare.split(max(1, PART // max(P.shape[-1] ** 2, 1))):
        size = part.diagonal(dim1=-2, dim2=-1).abs().amax(-1).clamp(min=torch.finfo(torch.float64).tiny)
        shifted = part.mT.clone(memory_format=torch.contiguous_format)  # never the data themselves
        off = torch.sub(shifted, part).abs_().amax((-1, -2))
        if bool((off > 1e-6 * size).any()):
            raise _not_symmetric(part[int((off / size).argmax())])
        uneven = uneven or bool(off.any())
        shifted.diagonal(dim1=-2, dim2=-1).add_(SLACK * size.unsqueeze(-1))
        info = torch.linalg.cholesky_ex(shifted)[1]
        if bool(info.any()):
            raise _not_convex(part[int(info.nonzero()[0, 0])])
    return (P + P.mT) / 2 if uneven else P


def _not_symmetric(P: Tensor) -> Exception:
    i, j = divmod(int((P - P.mT).abs().argmax()), P.shape[-1])
    a, b = P[i, j].item(), P[j, i].item()
    return refusal(
        "P",
        ("a symmetric matrix", "对称矩阵"),
        Text(f"P[{i}, {j}] = {a:g} and P[{j}, {i}] = {b:g}", f"P[{i}, {j}] = {a:g} 而 P[{j}, {i}] = {b:g}"),
        ("give (P + P.mT) / 2, which has the same objective", "请给出目标函数相同的 (P + P.mT) / 2"),
    )


def _not_convex(P: Tensor) -> Exception:
    least = torch.linalg.eigvalsh(P)[0].item()
    return refusal(
        "P",
        ("no negative eigenvalue, so that the program is convex", "没有负特征值，使问题为凸"),
        Text(f"the eigenvalue {least:g}", f"特征值 {least:g}"),
    )


def form_of(data: Data) -> tuple[Form, Tensor | None, Tensor | None]:
    """The form, and which rows and variables have become equalities, since their two bounds agree."""
    rows, variables = _pinned(data.g, data.h), _pinned(data.lower, data.upper)
    A, b = [data.A], [data.b]
    if rows is not None:
        on = (data.g == data.h)[:, rows]
        A.append(data.G[:, rows] * on.unsqueeze(-1))
        b.append(torch.where(on, (data.g[:, rows] + data.h[:, rows]) / 2, 0.0))
    if variables is not None:
        on = (data.lower == data.upper)[:, variables]
        A.append(
            torch.eye(data.q.shape[1], dtype=data.q.dtype, device=data.q.device)[variables] * on.unsqueeze(-1)
        )
        b.append(torch.where(on, (data.lower[:, variables] + data.upper[:, variables]) / 2, 0.0))
    sides, d, live = _sides(data)
    joined = (torch.cat(A, 1), torch.cat(b, 1)) if len(A) > 1 else (data.A, data.b)
    return Form(data.P, data.q, *joined, data.G, d, sides, live, None), rows, variables


def _pinned(low: Tensor, high: Tensor) -> Tensor | None:
    """Where the two bounds agree in some problem of the batch."""
    places = (low == high).any(0).nonzero()[:, 0]
    return places if len(places) else None


def _sides(data: Data) -> tuple[Sides, Tensor, Tensor | None]:
    free_rows, free = data.g != data.h, data.lower != data.upper
    kinds = ((data.h, free_rows, 1), (data.g, free_rows, -1), (data.upper, free, 1), (data.lower, free, -1))
    places: list[Places] = []
    parts, lives = [], []
    for bound, apart, sign in kinds:
        on = bound.isfinite() & apart
        somewhere = on.any(0)
        at: Places = None
        if bool(somewhere.all()) and len(somewhere):
            at = slice(None)
        elif bool(somewhere.any()):
            at = somewhere.nonzero()[:, 0]
        places.append(at)
        if at is not None:
            parts.append(torch.where(on, sign * bound, 0.0)[:, at])
            lives.append(on[:, at])
    if not parts:
        return Sides(), data.q[:, :0], None
    live = torch.cat(lives, 1)
    return Sides(*places), torch.cat(parts, 1), None if bool(live.all()) else live.double()
