"""A piecewise linear network along a segment: all the points where it bends, found exactly."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from gradus.arguments import Sizes, refusal, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.text import Text
from gradus.theory.lent_model import require_lendable
from gradus.theory.piecewise_linear import curved_operation
from gradus.theory.switches import UNSEEN, Switches

STEP = 2.0**-36  # of the segment: pieces shorter than this may be taken with their neighbours
GOLDEN = 0.6180339887498949
TOLERANCE = 1e-8  # of the outputs' and slopes' sizes


class LinearPieces(NamedTuple):
    """A network along a segment, as a broken line.

    Attributes:
        pieces: how many affine pieces there are: neighbours have different slopes.
        regions: how many activation patterns are passed; two of them may have the same slope.
        breaks: where the pieces begin and end, as shares of the segment from 0 to 1 (pieces + 1).
        values: the outputs there (pieces + 1, outputs).
        deviation: the largest distance of the network from the broken line, at the pieces' inner points.

    Example:
        >>> LinearPieces(2, 3, [0.0, 0.5, 1.0], [[0.0], [1.0], [0.0]], 0.0).pieces
        2
    """

    pieces: Any
    regions: Any
    breaks: Any
    values: Any
    deviation: Any


@torch.inference_mode(False)
def linear_pieces(
    model: nn.Module, start: Tensor, end: Tensor, *, walkers: int = 64, most: int = 100_000
) -> LinearPieces:
    r"""The affine pieces of a network along a segment: their number, their ends, and the values there.

    .. math:: F(t)=f\bigl((1-t)\,\text{start}+t\,\text{end}\bigr),\qquad 0\le t\le1

    At a point t every kink of the network (a ReLU's argument, the gap of two entries in max pooling) is an affine function z + z′·(τ − t) as long as no
    other has switched. The nearest of their zeros is the end of the region; a step beyond it the search goes on, from several points
    at once. Nothing is sampled: a bend is missed only within 2⁻³⁶ of the segment's length of another. In the end the broken line is compared with the network.

    Args:
        model: any module whose outputs are continuous and piecewise affine in its input, sample by sample, in the mode in which it stands: dense and
            convolutional layers, ReLU and its kin, max pooling, averages, batch normalisation in eval mode, shortcuts. This is checked; sorting,
            adaptive and three-dimensional max pooling, whose kinks are not seen, are refused.
        start: one input, without the axis of samples.
        end: another.
        walkers: from how many points the search runs, as one batch.
        most: regions, before it is given up.

    Returns:
        The `LinearPieces`; tensors in double precision on the inputs' device.

    Raises:
        GradusError: a model that bends elsewhere than at kinks, or jumps, or mixes samples; more regions than `most`.

    Cost: one forward pass in double precision with its derivative for each region.

    Source: Hanin and Rolnick 2019 for what is counted; the search is this library's.

    Example:
        >>> import torch
        >>> found = linear_pieces(sawtooth_network(3), torch.tensor([0.0]), torch.tensor([1.0]))
        >>> found.pieces, found.breaks[1].item()
        (8, 0.125)
    """
    require_lendable(model)
    whole("walkers", walkers, least=1, most=10**6)
    whole("most", most, least=1, most=10**9)
    tensor("start", start, None, finite=True, meta=False)
    tensor("end", end, " ".join(f"d{i}" for i in range(start.ndim)), Sizes({f"d{i}": (s, "start") for i, s in enumerate(start.shape)}), finite=True, meta=False)  # fmt: skip
    same_device(start=start, end=end)
    wide = torch.float32 if start.device.type == "mps" else torch.float64
    a, b = (outside_of_inference(v).detach().to(wide) for v in (start, end))
    state = {k: v.detach().to(wide) if v.is_floating_point() else v.detach().clone() for k, v in [*model.named_parameters(), *model.named_buffers()]}  # fmt: skip
    along = _Segment(model, state, a, b)
    with unchanged(model):
        along.require_straight()
        breaks, before, after, regions = _walk(along, walkers, most)
        slopes = torch.cat([before, after]).abs()
        bends = (before - after).abs().amax(1) > TOLERANCE * (slopes.amax() if slopes.numel() else 0.0)
        ends = torch.cat([breaks.new_zeros(1), breaks[bends], breaks.new_ones(1)])
        values = along.outputs(ends)
        deviation = _deviation(along, ends, values)
    return LinearPieces(
        pieces=len(ends) - 1, regions=regions, breaks=ends, values=values, deviation=deviation
    )


def sawtooth_network(depth: int, folds: int = 2) -> nn.Sequential:
    r"""A ReLU network that folds [0, 1] again and again: few units, exponentially many pieces.

    .. math:: s(t)=p\,\sigma(t)+2p\sum_{j=1}^{p-1}(-1)^j\sigma\bigl(t-\tfrac jp\bigr),\qquad f=s\circ\dots\circ s

    s goes up and down between 0 and 1 in p pieces, so that f has p^L pieces of slope ±p^L on [0, 1], with Lp units.

    Args:
        depth: L ≥ 1, hidden layers.
        folds: p ≥ 2, units of each.

    Returns:
        `nn.Sequential` of Linear and ReLU, from (…, 1) to (…, 1).

    Raises:
        GradusError: an argument out of range.

    Cost: L p² weights.

    Source: Telgarsky 2016 for p = 2; Montúfar, Pascanu, Cho and Bengio 2014.

    Example:
        >>> import torch
        >>> sawtooth_network(2)(torch.tensor([[0.0], [0.25], [0.5]])).flatten().tolist()
        [0.0, 1.0, 0.0]
    """
    L, p = whole("depth", depth, least=1, most=1000), whole("folds", folds, least=2, most=10**4)
    kinks = torch.arange(p, dtype=torch.float64) / p
    fold = 2.0 * p * (1 - 2 * (torch.arange(p) % 2)).double()
    fold[0] = p
    layers: list[nn.Module] = []
    for layer in range(L + 1):
        ins, outs = p if layer else 1, p if layer < L else 1
        linear = nn.utils.skip_init(nn.Linear, ins, outs)
        with torch.no_grad():
            linear.weight.copy_((fold if layer else fold.new_ones(1)).expand(outs, ins))
            linear.bias.copy_(-kinks if layer < L else fold.new_zeros(1))
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class _Segment:
    """The model on the segment, at shares t of it."""

    def __init__(self, model: nn.Module, state: dict[str, Tensor], a: Tensor, b: Tensor) -> None:
        self.model, self.state, self.a, self.b = model, state, a, b
        # Their derivative along the segment, written out: left out, it makes each product a detour through Python, and slow.
        self.still = {
            k: torch.zeros_like(state[k]) for k, p in model.named_parameters() if p.is_floating_point()
        }

    def _inputs(self, t: Tensor) -> Tensor:
        shape = (-1,) + (1,) * self.a.ndim
        return (1 - t).reshape(shape) * self.a + t.reshape(shape) * self.b

    def _call(self, x: Tensor, state: dict[str, Tensor] | None = None) -> Tensor:
        y = torch.func.functional_call(self.model, state or self.state, (x,))
        if not isinstance(y, Tensor) or not y.is_floating_point() or not y.ndim or len(y) != len(x):
            raise refusal("model", ("one that gives a tensor with a row a sample", "每个样本给出一行的模型"), y, kind=True)  # fmt: skip
        return y.flatten(1) if y.ndim > 1 else y[:, None]

    def outputs(self, t: Tensor) -> Tensor:
        with torch.no_grad():
            return self._call(self._inputs(t))

    def require_straight(self) -> None:
        """Refuses a model in whose graph something bends that is no kink."""
        x = self._inputs(torch.tensor([0.25, 0.5], dtype=self.a.dtype, device=self.a.device)).requires_grad_()
        y = self._call(x)
        fault = curved_operation(y, [x])
        stack, seen = [y.grad_fn], set()
        while fault is None and stack:
            node: Any = stack.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if node.name().rstrip("0123456789") in UNSEEN:
                fault = node.name()
            stack += [child for child, _ in node.next_functions]
        if fault is not None:
            raise refusal("model", ("piecewise affine in its input", "关于输入为分段仿射"), Text(f"the operation {fault}", f"运算 {fault}"))  # fmt: skip

    def state_at(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Slopes (B, c) of the outputs, and the kinks' numbers (B, K) with their slopes."""
        with torch.no_grad(), warnings.catch_warnings(), forward_ad.dual_level():
            warnings.filterwarnings("ignore", category=DeprecationWarning)  # of torch's own first use
            x = self._inputs(t)
            state = self.state | {
                k: forward_ad.make_dual(self.state[k], zero) for k, zero in self.still.items()
            }
            with Switches() as kinks:
                y = self._call(forward_ad.make_dual(x, (self.b - self.a).expand_as(x).clone()), state)
            slope = forward_ad.unpack_dual(y).tangent
            slope = torch.zeros_like(y) if slope is None else slope
            zs, ds = [y.new_zeros(len(x), 0)], [y.new_zeros(len(x), 0)]
            for kink in kinks.seen:
                z, d = forward_ad.unpack_dual(kink)
                if d is not None and len(z) == len(x):
                    zs.append(z.reshape(len(x), -1))
                    ds.append(d.reshape(len(x), -1))
            return slope.detach().clone(), torch.cat(zs, 1), torch.cat(ds, 1)


def _walk(along: _Segment, walkers: int, most: int) -> tuple[Tensor, Tensor, Tensor, int]:
    """The points where a kink switches, in order, the slopes before and behind each, and the number of regions."""
    like = along.a
    begin = torch.cat([like.new_zeros(1), (torch.arange(1, walkers, device=like.device) - GOLDEN + 0.5).to(like) / walkers])  # fmt: skip
    limit = torch.cat([begin[1:], like.new_ones(1)])
    t, active = begin + STEP, torch.arange(walkers, device=like.device)
    slope, z, d = along.state_at(t)
    firsts, lasts = slope.clone(), slope.clone()
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    count = 0
    while True:
        ahead = torch.where(d != 0, -z / d, torch.inf)
        ahead = torch.where((ahead > STEP / 4) & ahead.isfinite(), ahead, torch.inf)
        nearest = ahead.amin(1) if ahead.shape[1] else torch.full_like(t, torch.inf)
        go = t + nearest < limit[active]
        lasts[active] = slope
        if not bool(go.any()):
            break
        at, old, active = (t + nearest)[go], slope[go], active[go]
        t = at + STEP
        slope, z, d = along.state_at(t)
        found.append((at, old, slope))
        count += len(at)
        if count >= most:
            raise refusal("most", ("no fewer than the regions of the segment", "不少于线段所经过的区域数"), Text(f"{most}", f"{most}"), ("raise most, or shorten the segment", "请增大 most，或缩短线段"))  # fmt: skip
    where = (lasts[:-1] - firsts[1:]).abs().amax(1) > TOLERANCE * firsts.abs().amax()
    found.append((begin[1:][where], lasts[:-1][where], firsts[1:][where]))
    places, before, after = (torch.cat(parts) for parts in zip(*found, strict=True))
    order = places.argsort()
    return places[order], before[order], after[order], len(places) + 1


def _deviation(along: _Segment, ends: Tensor, values: Tensor) -> float:
    """How far the network is from the broken line inside of the pieces; refused where it is none."""
    worst, size = 0.0, float(values.abs().amax())
    for share in (0.5, 1 - GOLDEN):
        inner = ends[:-1] + share * ends.diff()
        line = values[:-1] + share * values.diff(dim=0)
        actual = along.outputs(inner)
        worst, size = max(worst, float((actual - line).abs().amax())), max(size, float(actual.abs().amax()))
    if not worst <= 100 * TOLERANCE * size:
        raise refusal(
            "model",
            ("continuous, piecewise affine and the same at every call", "连续、分段仿射且每次调用相同"),
            Text(f"one that is off from its broken line by {worst:.2g}", f"与其折线相差 {worst:.2g} 的模型"),
            (
                "take eval mode, and kinks of torch's own functions",
                "请用 eval 模式，折点须来自 torch 自身的函数",
            ),
        )
    return worst
