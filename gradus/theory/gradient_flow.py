r"""Gradient flow, the limit of descent with ever smaller steps, and the exact course of one mode of a two-layer linear net."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gradus.arguments import function, number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.text import Text

Gradient = Callable[[Tensor], Tensor]
ROWS = 8  # of an extrapolation: with 2, 4, … 16 midpoint steps
LONGER = 1.6  # the next piece beside one that needed few rows
GRAINS = 64  # spacings of the arithmetic below which no error is asked for


def gradient_flow(
    gradient: Gradient,
    theta0: Tensor,
    times: Tensor,
    tolerance: float = 1e-10,
    most_gradients: int = 100_000,
) -> Tensor:
    r"""The points at the given times of the curve that descent follows in the limit of small steps.

    .. math:: \dot\theta=-\nabla f(\theta),\qquad\theta(0)=\theta_0

    A piece at a time by the midpoint rule with 2, 4, … steps, extrapolated to infinitely many; its length follows the error.

    Args:
        gradient: ∇f, from a point to a tensor of its shape; the same answer every time.
        theta0: the start, of any shape, in floating point; not changed.
        times: t ≥ 0 (times), not falling; after k steps of size α descent is beside t = kα.
        tolerance: error that a piece may have, relative to the largest entry of θ; 64 spacings of the arithmetic at least.
        most_gradients: after which it is given up.

    Returns:
        θ(t) for each time, (times, *shape), with the dtype and on the device of the start.

    Raises:
        GradusError: values that are no numbers, times that fall, a flow that runs off before the last time, or too many gradients:
            the message says up to which time it came.

    Cost: from 7 to 73 gradients a piece, more where it has to be halved; the pieces are no longer than about 1/L, L being the largest curvature in size. So a
        stretch of time costs in proportion to L, as it does for descent.

    Source: Gragg 1965; Hairer, Nørsett and Wanner 1993, §II.9.

    Example:
        >>> import torch
        >>> path = gradient_flow(lambda theta: theta, torch.tensor([8.0]), torch.tensor([0.0, math.log(2.0)]))
        >>> path.round(decimals=4).tolist()
        [[8.0], [4.0]]
    """
    function("gradient", gradient, "lambda theta: theta")
    start = tensor("theta0", theta0, finite=True, meta=False).detach()
    moments = _moments(times)
    limit = whole("most_gradients", most_gradients, least=1)
    least = GRAINS * torch.finfo(start.dtype).eps
    flow = _Flow(gradient, max(number("tolerance", tolerance, above=0, below=1), least), limit, moments[-1])
    points, now, theta = [], 0.0, start.clone()
    for moment in moments:
        theta = flow.follow(theta, now, moment)
        points.append(theta)
        now = moment
    return torch.stack(points)


def linear_mode(strength: float, first: float, second: float, times: Tensor) -> Tensor:
    r"""How one mode of a two-layer linear net learns under gradient flow, exactly: u = ab for the loss ½(s − ab)².

    .. math:: \dot a=b(s-ab),\quad\dot b=a(s-ab);\qquad a_0=b_0:\quad u(t)=\frac{s}{1+(s/u_0-1)e^{-2st}}

    Of a net W₂W₁ on inputs with XXᵀ = I a mode is one singular value s of YXᵀ, if the weights start along its singular vectors.
    For a₀ ≠ b₀ the square of a + b solves an equation of Riccati, and is closed, too.

    Args:
        strength: s, of either sign.
        first: a₀.
        second: b₀.
        times: t ≥ 0, of any shape; of a loss that is a mean over n samples t counts n steps of size 1 as 1.

    Returns:
        u(t), in float64 at least, with the shape of `times`.

    Raises:
        GradusError: a number that is not finite or above a million, or a negative time.

    Source: Saxe, McClelland and Ganguli 2014, eqs. 8–10 and appendix A.

    Example:
        >>> import torch
        >>> linear_mode(2.0, 0.1, 0.1, torch.tensor([0.0, 1.0, 4.0])).round(decimals=3).tolist()
        [0.01, 0.431, 2.0]
    """
    s, a, b = (
        number(name, value, least=-1e6, most=1e6)
        for name, value in (("strength", strength), ("first", first), ("second", second))
    )
    t = tensor("times", times, dtype="real", finite=True, meta=False).to(torch.float64)
    if bool((t < 0).any()):
        raise refusal("times", ("times from 0 on", "不小于 0 的时间"), t.min().item())
    if a * b < 0:  # the mirror image: b and s with the other sign
        return -linear_mode(-s, a, -b, t)
    start, kept = (a + b) ** 2, (a * a - b * b) ** 2
    size, rho = 2 * abs(s), math.sqrt(4 * s * s + kept)
    fading = torch.exp(-rho * t)
    covered = -torch.expm1(-rho * t) / rho if rho else t
    rest = kept / (rho * (rho + size)) if rho else 1.0
    slow = fading * (2 - rest) + rest
    fast = 2 - (kept / (rho + size) if rho else 0.0) * covered
    above, below = (fast, slow) if s >= 0 else (slow, fast)
    top = start * above + kept * covered
    square = top / (start * covered + below)
    ratio = kept * (start * covered + below) / top if kept else torch.zeros_like(t)
    return (square - ratio) / 4


def _moments(times: Tensor) -> list[float]:
    given = tensor("times", times, "times", dtype="real", finite=True, meta=False)
    moments: list[float] = given.to(torch.float64).tolist()
    if not moments or any(b < a for a, b in zip([0.0, *moments], moments, strict=False)):
        raise refusal("times", ("times from 0 on that do not fall", "从 0 起不减的时间"), Text(str(moments), str(moments)))  # fmt: skip
    return moments


class _Flow:
    """A flow that is followed piece by piece, and counts its gradients."""

    def __init__(self, gradient: Gradient, tolerance: float, limit: int, last: float) -> None:
        self.gradient, self.tolerance, self.limit, self.last = gradient, tolerance, limit, last
        self.count, self.length = 0, 0.0

    def slope(self, theta: Tensor, now: float) -> Tensor:
        if self.count >= self.limit:
            raise refusal(
                "most_gradients",
                ("as many as the time asks for", "足以走完所需时间的次数"),
                Text(
                    f"{self.limit}, which reach t = {now:.4g} of {self.last:.4g}",
                    f"{self.limit}，只走到 t = {now:.4g}（共 {self.last:.4g}）",
                ),
            )
        self.count += 1
        value = self.gradient(theta)
        if not isinstance(value, Tensor) or value.shape != theta.shape:
            raise refusal("gradient", ("a function to tensors of the point's shape", "返回与点同形状的张量的函数"), value, kind=True)  # fmt: skip
        return -value.detach().to(theta)

    def follow(self, theta: Tensor, now: float, end: float) -> Tensor:
        while now < end:
            begin = self.slope(theta, now)
            if not bool(begin.isfinite().all()):
                raise self._ran_off(now)
            length = min(self.length or self._first_length(theta, begin, end - now), end - now)
            while True:
                after, rows = self._piece(theta, begin, length, now)
                if after is not None:
                    break
                length /= 2
                if now + length / 1024 == now or length < 1e-13 * end:
                    raise self._ran_off(now)
            theta, now = after, (end if length >= end - now else now + length)
            self.length = length * (LONGER if rows < ROWS - 1 else 1.0)
        return theta

    def _first_length(self, theta: Tensor, slope: Tensor, whole_time: float) -> float:
        """1/L, L by one difference along the slope."""
        speed = float(slope.norm())
        if not speed:
            return whole_time
        probe = 1e-3 * (float(theta.norm()) or 1.0) / speed
        curvature = float((self.slope(theta + probe * slope, 0.0) - slope).norm()) / (probe * speed)
        return min(whole_time, 1 / curvature) if 0 < curvature < math.inf else whole_time

    def _piece(self, theta: Tensor, begin: Tensor, length: float, now: float) -> tuple[Tensor | None, int]:
        """The point after a piece and the rows that it took; no point where they do not settle."""
        last: list[Tensor] = []
        before = math.inf
        for k in range(1, ROWS + 1):
            step, old, new = length / (2 * k), theta, theta + length / (2 * k) * begin
            for _ in range(2 * k - 1):
                old, new = new, old + 2 * step * self.slope(new, now)
            row = [(old + new + step * self.slope(new, now)) / 2]
            for j, earlier in enumerate(last):
                row.append(row[j] + (row[j] - earlier) / ((k / (k - 1 - j)) ** 2 - 1))
            if last:
                error = float((row[-1] - row[-2]).abs().max()) if theta.numel() else 0.0
                if error <= self.tolerance * max(float(theta.abs().max()), float(row[-1].abs().max())) if theta.numel() else True:  # fmt: skip
                    return row[-1], k
                if not error < before:
                    break
                before = error
            last = row
        return None, ROWS

    def _ran_off(self, now: float) -> Exception:
        return refusal(
            "gradient",
            ("one whose flow lasts until then", "其流可延续到所需时刻的梯度"),
            Text(
                f"a flow that cannot be followed beyond t = {now:.6g} of {self.last:.4g}",
                f"在 t = {now:.6g}（共 {self.last:.4g}）之后无法延续的流",
            ),
        )
