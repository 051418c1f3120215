"""The evidence lower bound of a normal distribution, climbed for fixed draws of which there are ever more; or by fresh draws, step by step."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.inference.monte_carlo.target import Target
from gradus.inference.variational.gaussian_family import Gaussian, Whitened, estimate
from gradus.optimization import minimize
from gradus.optimization.minimize.result import Iterate
from gradus.text import Text

__all__ = ["Climb", "Row", "by_fixed_draws", "by_fresh_draws", "judged"]

JUDGED = 1000  # fresh draws that the bound of a round is estimated by
WINDOW = 100  # steps by fresh draws, between two looks at the bound
HALVINGS = 6  # of their length
LENGTH = 0.1  # of the first steps, in units of the first guess
MOST_PER_ROUND = 1000  # steps by fixed draws
FARTHEST = 1e12  # deviations of the guess, beyond which no maximum is believed
HALFWAY = 0.5
WIDEST = 60.0  # logarithm of a width, in those deviations, likewise


UNBOUNDED = Text(
    "not converged: the bound grows without end: has the density a finite integral?",
    "未收敛：下界无限增大：该密度的积分有限吗？",
)


class Row(NamedTuple):
    """A look at the bound on the way: steps so far, draws each, its unbiased estimate, standard error, KL that q moved by."""

    steps: int
    draws: int
    elbo: float
    error: float
    moved: float


class Climb(NamedTuple):
    """Where it ended, the way there, whether the stopping rule was met, and what is to be said."""

    q: Gaussian
    rows: list[Row]
    converged: bool
    notes: tuple[Text, ...]


class _Fixed:
    """Minus the bound for fixed noise, as `minimize` asks for it; ∞ where a draw has no density."""

    def __init__(self, target: Target, place: Whitened, noise: Tensor) -> None:
        self.target, self.place, self.noise = target, place, noise

    def __call__(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        if self.beyond(vector):
            return vector.new_tensor(math.inf), torch.zeros_like(vector)
        found = estimate(self.target, self.place.gaussian(vector), self.noise)
        if not bool(torch.isfinite(found.bound)):
            return vector.new_tensor(math.inf), torch.zeros_like(vector)
        return -found.bound, -self.place.gradient(vector, found)

    def lost(self, iterate: Iterate) -> bool:
        """Whether there is no use in going on."""
        return self.beyond(iterate.x, HALFWAY)

    def beyond(self, vector: Tensor, share: float = 1.0) -> bool:
        """Whether q is where no maximum is believed, or a share of the way there."""
        d = self.place.dimension
        far = bool(vector[:d].abs().max() > share * FARTHEST)
        return far or bool(vector[d : 2 * d].max() > share * WIDEST) or not bool(vector.isfinite().all())


def by_fixed_draws(
    target: Target, guess: Gaussian, counts: tuple[int, int, int], tolerance: float, seed: int
) -> Climb:
    """Quasi-Newton steps for fixed draws, then for twice as many others, until that moves q by no more than the tolerance.

    Args:
        target: the log density of free numbers.
        guess: where to begin, and the coordinates of the first round.
        counts: draws of the first round, at most, and steps at most.
        tolerance: KL from the q of the round before, a dimension.
        seed: of the draws.
    """
    (draws, most, most_steps), d = counts, len(guess.mean)
    like, rows, steps = guess.mean, list[Row](), 0
    exact = torch.finfo(like.dtype).eps ** 0.35
    q = guess
    while True:
        objective = _Fixed(target, Whitened(q), balanced(draws, d, like, seed + 2 * len(rows)))
        limit = min(MOST_PER_ROUND, max(most_steps - steps, 1))
        start = like.new_zeros(objective.place.count)
        found = minimize(
            objective,
            start,
            gradient=True,
            tolerance=exact,
            max_iterations=limit,
            max_evaluations=2 * limit,
            callback=objective.lost,
        )
        new = objective.place.gaussian(found.x)
        steps += int(found.iterations)
        moved = new.divergence(q) if rows else math.inf
        q = new
        rows.append(judged(target, q, steps, draws, moved, seed + 2 * len(rows) + 1))
        if objective.beyond(found.x, HALFWAY):
            return Climb(q, rows, False, (UNBOUNDED,))
        if moved <= tolerance * d:
            return Climb(q, rows, True, ())
        if (draws >= most and len(rows) > 1) or steps >= most_steps:
            return Climb(q, rows, False, (_unsettled(moved),))
        draws = min(2 * draws, most)


def _unsettled(moved: float) -> Text:
    if math.isinf(moved):
        return Text(
            "not converged: the steps were used up in the first round", "未收敛：第一轮就用完了允许的步数"
        )
    kl = f"{moved:.2g}"
    return Text(
        f"not converged: other draws still moved q by {kl} nats; allow more draws, or bound what is bounded",
        f"未收敛：换一批抽样仍使 q 移动了 {kl} 奈特；请允许更多抽样，或给有界的量加上约束",
    )


def by_fresh_draws(
    target: Target,
    guess: Gaussian,
    counts: tuple[int, int],
    sticking: bool,
    generator: torch.Generator,
) -> Climb:
    """Adam's steps by fresh draws; where a window's mean bound is no better than the best by its error, steps are halved.

    Args:
        target: the log density of free numbers.
        guess: where to begin, and the coordinates of the steps.
        counts: draws of a step, and steps at most.
        sticking: whether the score is left out of the gradient.
        generator: of the draws.
    """
    draws, most = counts
    place = Whitened(guess)
    vector = guess.mean.new_zeros(place.count)
    first, second, length = torch.zeros_like(vector), torch.zeros_like(vector), LENGTH
    rows, best, before, halvings, refused = list[Row](), -math.inf, guess, 0, 0
    values, mean = list[float](), torch.zeros_like(vector)
    for step in range(1, most + 1):
        noise = torch.randn(
            (draws, len(guess.mean)), generator=generator, dtype=vector.dtype, device=vector.device
        )
        found = estimate(target, place.gaussian(vector), noise, sticking)
        slope = place.gradient(vector, found)
        if not bool(torch.isfinite(slope).all()) or not bool(torch.isfinite(found.bound)):
            refused += 1
        else:
            first = 0.9 * first + 0.1 * slope
            second = 0.999 * second + 0.001 * slope**2
            size = (second / (1 - 0.999**step)).sqrt() + 1e-8
            vector = vector + length * (first / (1 - 0.9**step)) / size
            values.append(float(found.bound))
        mean = mean + vector / WINDOW
        if step % WINDOW:
            continue
        q = place.gaussian(mean)
        seen = torch.tensor(values or [-math.inf], dtype=torch.float64)
        now, error = (
            float(seen.mean()),
            float(seen.std()) / math.sqrt(len(seen)) if len(seen) > 1 else math.inf,
        )
        rows.append(Row(step, draws, now, error, q.divergence(before)))
        if not now > best + error:
            length, halvings = length / 2, halvings + 1
        before, best = q, max(best, now)
        if halvings > HALVINGS:
            break
        values, mean = [], torch.zeros_like(vector)
    notes = []
    if refused:
        notes.append(
            Text(
                f"the bound was not finite at {refused} of {step} steps, which were left out",
                f"{step} 步中有 {refused} 步下界不是有限数，已略去",
            )
        )
    if halvings <= HALVINGS:
        notes.append(
            Text(f"not converged after {most} steps: allow more", f"{most} 步之后未收敛：请允许更多步")
        )
    return Climb(before, rows, halvings > HALVINGS, tuple(notes))


def judged(target: Target, q: Gaussian, steps: int, draws: int, moved: float, seed: int) -> Row:
    """The bound of q by draws that it was not fitted to."""
    generator = torch.Generator(q.mean.device).manual_seed(seed % 2**63)
    noise = torch.randn((JUDGED, len(q.mean)), generator=generator, dtype=q.mean.dtype, device=q.mean.device)
    values = torch.nan_to_num(target(q.at(noise)), nan=-math.inf).double()
    bound, error = float(values.mean() + q.entropy), float(values.std()) / math.sqrt(JUDGED)
    return Row(steps, draws, bound, error if math.isfinite(error) else math.inf, moved)


def balanced(count: int, d: int, like: Tensor, seed: int) -> Tensor:
    """Noise (count, d) of mean 0 and, where count ≥ 8d, second moment I exactly: scrambled Sobol points, with their mirror images.

    By such noise a normal target is fitted exactly; with fewer draws each coordinate has mean square 1.
    """
    half = count // 2
    if d <= torch.quasirandom.SobolEngine.MAXDIM:
        engine = torch.quasirandom.SobolEngine(d, scramble=True, seed=seed % 2**63)
        u = engine.draw(half, dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
        z = torch.special.ndtri(u)
    else:
        generator = torch.Generator().manual_seed(seed % 2**63)
        z = torch.randn((half, d), generator=generator, dtype=torch.float64)
    if count >= 8 * d:
        L = torch.linalg.cholesky(z.mT @ z / half)
        z = torch.linalg.solve_triangular(L, z.mT, upper=False).mT
    else:
        z = z / (z**2).mean(0).sqrt()
    return torch.cat([z, -z]).to(like)
