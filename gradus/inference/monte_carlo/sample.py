"""The one call by which a log density is sampled."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import flag, function, refusal, whole
from gradus.arguments.values import choice
from gradus.inference.monte_carlo.constrained import ConstrainedPoints
from gradus.inference.monte_carlo.draws import Draws
from gradus.inference.monte_carlo.hmc import HMC
from gradus.inference.monte_carlo.metropolis import Metropolis
from gradus.inference.monte_carlo.nuts import NUTS
from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.target import Target
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text

__all__ = ["sample"]

METHODS: dict[str, Callable[[], Any]] = {"metropolis": Metropolis, "hmc": HMC, "nuts": NUTS}


class _State(NamedTuple):
    """Where the chains are, to go on from."""

    points: Points
    chain: Any
    generator: Tensor


def sample(
    log_density: Callable[[Any], Tensor],
    start: Any,
    *,
    method: Any = "metropolis",
    draws: int = 1000,
    warmup: int = 1000,
    chains: int | None = 4,
    thin: int = 1,
    seed: Any = 0,
    batched: bool = False,
    constraints: Any = None,
) -> Draws:
    r"""Draws from a density that is known up to a factor, by Markov chains that run side by side.

    Args:
        log_density: ln of the density, up to a constant, at a point of the start's structure: a tensor of one number; −∞ where
            there is none. It runs under `torch.func.vmap`, or point by point where that fails. HMC and NUTS differentiate it.
        start: a tensor, or tensors in dicts, lists and tuples: where the chains begin; or the `Draws` of an earlier call, whose
            chains go on, without a warm-up, as if they had never stopped.
        method: "metropolis", "hmc", "nuts", or a `Metropolis(…)`, `HMC(…)`, `NUTS(…)` with other settings. NUTS is the one to
            begin with where there are gradients; HMC the faster one with many chains on well-shaped targets.
        draws: of each chain that are kept.
        warmup: steps before that, in which the method learns and of which nothing is kept.
        chains: how many, all from the same start; None where the first axis of every tensor of the start holds the chains'
            own starts. Starts far apart are the better ones: R̂ compares the chains with each other.
        thin: every how many steps a draw is kept.
        seed: a whole number, or a `torch.Generator` on the start's device.
        batched: whether the log density takes all chains at once, with a first axis more, and returns one number of each; of any
            number of points, for "laplace" asks for others.
        constraints: what bounds the tensors, by the names of the draws (of one tensor alone without a name): constraints of
            `torch.distributions` such as `constraints.positive` or `constraints.simplex`, or bijections from free numbers. The
            chains then move in free numbers, with the volume that belongs to it; log density, start and draws stay bounded.

    Returns:
        The `Draws`; `draws["name"]` are tensors (chains, draws, …) of the start's dtype and device, `print(draws)` their table.

    Raises:
        GradusError: a start that is not finite, or has no density; a log density that returns another shape, NaN at the start
            or +∞ anywhere; other structures; a start beyond its bounds; for HMC and NUTS, no gradient, or one that is not finite
            at the start.

    Cost: one call of the log density a step, for all chains; of HMC and NUTS one gradient a leapfrog step.

    Source: Metropolis et al. 1953; Hastings 1970; Roberts, Gelman and Gilks 1997; Hoffman and Gelman 2014.

    Example:
        >>> draws = sample(lambda x: -(x**2).sum() / 2, torch.zeros(3), draws=500, warmup=500, chains=20)
        >>> draws["x"].shape, bool((draws["x"].mean((0, 1)).abs() < 0.2).all())
        (torch.Size([20, 500, 3]), True)
    """
    function("log_density", log_density, "lambda x: -(x**2).sum() / 2")
    draws, thin = whole("draws", draws, least=1), whole("thin", thin, least=1)
    warmup, batched = whole("warmup", warmup, least=0), flag("batched", batched)
    if chains is not None:
        chains = whole("chains", chains, least=1)
    if isinstance(method, str):
        method = METHODS[choice("method", method, METHODS)]()
    elif not hasattr(method, "begin"):
        named = ("the name of a method, or its settings", "方法的名称或其设置")
        raise refusal("method", named, method, ('give "metropolis"', '请给出 "metropolis"'), kind=True)
    with _undisturbed(log_density), torch.no_grad():
        if isinstance(start, Draws):
            points, chain, generator = _continued(start)
            target, warmup = Target(log_density, points, batched), 0
        else:
            lead = 0 if chains is not None else 1
            points = (
                Points(start, lead) if constraints is None else ConstrainedPoints(start, lead, constraints)
            )
            if constraints is not None and getattr(method, "proposal", None) is not None:
                free = ("none, with a proposal of your own", "使用自定义提议时应为 None")
                raise refusal("constraints", free, constraints, kind=True)
            generator = _generator(seed, points.device)
            position = _position(points, start, chains)
            target = Target(log_density, points, batched)
            chain = method.begin(points, position, _require_density(target(position)))
        for i in range(warmup):
            chain.step(target, generator, (i, warmup))
        return _recorded(target, chain, generator, points, draws, thin)


def _recorded(
    target: Target, chain: Any, generator: torch.Generator, points: Points, draws: int, thin: int
) -> Draws:
    """The steps that are kept."""
    before = chain.undefined
    kept: list[Tensor] = []
    density: list[Tensor] = []
    recorded: dict[str, list[Tensor]] = {}
    for _ in range(draws):
        for _ in range(thin):
            for name, value in chain.step(target, generator, None).items():
                recorded.setdefault(name, []).append(value)
        kept.append(chain.position)
        volume = points.placed(chain.position)[1]
        density.append(chain.log_density if volume is None else chain.log_density - volume)
    everything = {name: torch.stack(values, 1) for name, values in recorded.items()}
    acceptance = everything.pop("acceptance")
    ends = {name: value[:, thin - 1 :: thin] for name, value in everything.items()}
    if "diverging" in everything:  # on the way to a draw, too
        ends["diverging"] = everything["diverging"].unflatten(1, (draws, thin)).any(2)
    values = dict(zip(points.names, points.leaves(torch.stack(kept, 1)), strict=True))
    n = chain.undefined - before
    notes = (
        (
            Text(
                f"the log density was NaN at {n} proposals, which were refused",
                f"对数密度在 {n} 个提议处为 NaN，已拒绝",
            ),
        )
        if n
        else ()
    )
    notes = (*getattr(chain, "warned", ()), *notes)
    state = _State(points, chain, generator.get_state())
    statistics = {"acceptance_rate": acceptance[:, thin - 1 :: thin], **ends}
    return Draws(values, torch.stack(density, 1), acceptance.mean(1), statistics, chain.tuning, notes, state)


def _undisturbed(log_density: Any) -> contextlib.AbstractContextManager[None]:
    """A model that is the log density, or has it as a method, is left as it was."""
    owner = getattr(log_density, "__self__", log_density)
    return unchanged(owner) if isinstance(owner, nn.Module) else contextlib.nullcontext()


def _continued(start: Draws) -> tuple[Points, Any, torch.Generator]:
    state = start._state
    if not isinstance(state, _State):
        own = ("draws that `sample` made", "由 `sample` 得到的抽样")
        raise refusal("start", own, start, kind=True)
    generator = torch.Generator(state.points.device)
    generator.set_state(state.generator)
    return state.points, copy.copy(state.chain), generator


def _generator(seed: Any, device: torch.device) -> torch.Generator:
    if isinstance(seed, torch.Generator):
        if seed.device.type != device.type:
            on = (f"a generator on {device.type}", f"{device.type} 上的生成器")
            raise refusal("seed", on, Text(str(seed.device), str(seed.device)))
        return seed
    return torch.Generator(device).manual_seed(whole("seed", seed, least=0, most=2**63 - 1))


def _position(points: Points, start: Any, chains: int | None) -> Tensor:
    if chains is None:
        count = next(iter(_first(start))).shape[0]
        return points.flat(start, "start", (count,)).clone()
    return points.flat(start, "start", ()).expand(chains, -1).clone()


def _first(start: Any) -> list[Tensor]:
    while not isinstance(start, Tensor):
        start = next(iter(start.values() if hasattr(start, "values") else start))
    return [start]


def _require_density(density: Tensor) -> Tensor:
    bad = ~torch.isfinite(density)
    if bool(bad.any()):
        i = int(bad.nonzero()[0, 0])
        where = Text(f"{float(density[i])} of chain {i}", f"第 {i} 条链处为 {float(density[i])}")
        mend = ("begin where the density is positive", "请从密度为正处开始")
        raise refusal("log_density(start)", ("a finite number", "有限数"), where, mend)
    return density
