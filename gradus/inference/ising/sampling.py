"""Draws of Ising models on any graph: many replicas side by side, spins of one colour at once, or whole clusters."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import choice, number, refusal, whole
from gradus.inference.ising.clusters import turned_clusters
from gradus.inference.ising.draws import IsingDraws
from gradus.inference.ising.model import IsingModel
from gradus.inference.ising.rules import SINGLE_SPIN, Rule, turning
from gradus.text import Text

__all__ = ["ising_sample"]

Method = Literal["swendsen-wang", "heat-bath", "metropolis"]
METHODS = ("swendsen-wang", *SINGLE_SPIN)


class _Colour(NamedTuple):
    """The spins of one colour, and their neighbours; those with fewer have themselves, with the coupling 0."""

    members: Tensor  # (m)
    neighbours: Tensor  # (degree m)
    couplings: Tensor  # (degree m 1)
    fields: Tensor  # (m 1)


def ising_sample(
    model: IsingModel,
    beta: float,
    *,
    method: Method = "swendsen-wang",
    draws: int = 1000,
    warmup: int = 200,
    replicas: int = 16,
    start: Tensor | None = None,
    device: str | torch.device = "cpu",
    seed: int = 0,
) -> IsingDraws:
    r"""Draws from an Ising model on any graph, all replicas at once.

    .. math:: P(s_i=+1\mid\text{rest})=\frac1{1+e^{-2\beta(\sum_jJ_{ij}s_j+h_i)}}\quad\text{(heat bath)},\qquad
        \min\bigl(1,e^{-\beta\Delta E}\bigr)\quad\text{(Metropolis)}

    "heat-bath" and "metropolis" go through the spins colour by colour (`model.colours()`: on a lattice with even sides the
    two of a checkerboard): those of one colour are not coupled, and are drawn at once. "swendsen-wang" keeps each bond that is
    content with 1 − e^{−2β|J|} and draws each cluster of spins anew: near a critical temperature without a field it
    forgets far sooner. Metropolis turns a spin for certain that feels nothing: at β = 0 all of them in each sweep, and without a field,
    where neighbours may cancel, some states of a ring or a torus may never be left and never be reached (of a ring of four 4 of 16),
    so that it misses the distribution; the heat bath and the clusters reach all states.

    Args:
        model: an `IsingModel`.
        beta: β, the inverse of the temperature, 0 or more.
        method: "swendsen-wang", "heat-bath" or "metropolis".
        draws: sweeps of each replica of which energy and magnetisation are kept.
        warmup: sweeps before that.
        replicas: chains.
        start: states to begin with (replicas n), such as `spins` of other draws; random ones unless given.
        device: where the spins are.
        seed: of the random numbers.

    Raises:
        GradusError: arguments that do not fit.

    Cost: a sweep, some operations a bond and replica; the clusters are found on the CPU.

    Source: Metropolis and others 1953; Glauber 1963; Swendsen and Wang 1987.

    Example:
        >>> model = IsingModel.lattice(4, field=0.1)
        >>> draws = ising_sample(model, 0.3, draws=200, replicas=16, warmup=20)
        >>> found = draws.estimates().energy
        >>> abs(found.value - model.exact(0.3).energy / 16) < 5 * found.error
        True
    """
    if not isinstance(model, IsingModel):
        raise refusal("model", ("an IsingModel", "IsingModel"), model, kind=True)
    beta = number("beta", beta, least=0)
    choice("method", method, METHODS)
    draws, warmup = whole("draws", draws, least=4), whole("warmup", warmup, least=0)
    replicas = whole("replicas", replicas, least=1)
    generator = torch.Generator(device=device).manual_seed(whole("seed", seed, least=0))
    spins = _start(model, start, replicas, generator, device)
    pairs = torch.from_numpy(np.array(np.nonzero(np.triu(model.couplings)))).to(device)
    bonds = torch.from_numpy(model.couplings).to(device)[pairs[0], pairs[1]]
    fields = torch.from_numpy(model.fields).to(device)
    colours = [] if method == "swendsen-wang" else _colours(model, device)
    energy = torch.empty((draws, replicas), dtype=torch.float64, device=device)
    magnetisation = torch.empty((draws, replicas), dtype=torch.float64, device=device)
    for sweep in range(-warmup, draws):
        if method == "swendsen-wang":
            spins = turned_clusters(spins, pairs, bonds, fields, beta, generator)
        else:
            _sweep(spins, colours, beta, method, generator)
        if sweep >= 0:
            alike = spins[pairs[0]] * spins[pairs[1]]
            energy[sweep] = -(bonds @ alike) - fields @ spins
            magnetisation[sweep] = spins.sum(0)
    E, M = (x.T.cpu().numpy().copy() for x in (energy, magnetisation))
    return IsingDraws(beta, E, M, spins.T.to(torch.int8).contiguous(), method)


def _start(
    model: IsingModel, start: Tensor | None, replicas: int, generator: torch.Generator, device: str | torch.device
) -> Tensor:  # fmt: skip
    if start is None:
        found = torch.randint(2, (model.size, replicas), generator=generator, device=device)
        return 2.0 * found.to(torch.float64) - 1
    if not isinstance(start, Tensor):
        raise refusal("start", ("a tensor of spins", "自旋的张量"), start, kind=True)
    if tuple(start.shape) != (replicas, model.size):
        shape = f"{tuple(start.shape)}"
        expected = (f"the shape {(replicas, model.size)}", f"形状 {(replicas, model.size)}")
        raise refusal("start", expected, Text(shape, shape))
    if not bool((start.abs() == 1).all()):
        raise refusal("start", ("spins of −1 and +1", "取值 −1 与 +1 的自旋"), Text("others", "其他值"))
    return start.T.to(device=device, dtype=torch.float64).contiguous().clone()


def _colours(model: IsingModel, device: str | torch.device) -> list[_Colour]:
    found, number = [], model.colours()
    near = [np.flatnonzero(row) for row in model.couplings]
    for colour in range(int(number.max()) + 1):
        members = np.flatnonzero(number == colour)
        degree = max(len(near[i]) for i in members)
        neighbours = np.tile(members, (degree, 1))
        couplings = np.zeros(neighbours.shape)
        for k, i in enumerate(members):
            neighbours[: len(near[i]), k] = near[i]
            couplings[: len(near[i]), k] = model.couplings[i, near[i]]
        parts = (members, neighbours, couplings[..., None], model.fields[members][:, None])
        found.append(_Colour(*(torch.from_numpy(p).to(device) for p in parts)))
    return found


def _sweep(
    spins: Tensor, colours: list[_Colour], beta: float, rule: Rule, generator: torch.Generator
) -> None:
    for colour in colours:
        local = colour.fields.expand(-1, spins.shape[1])
        for neighbours, couplings in zip(colour.neighbours, colour.couplings, strict=True):
            local = torch.addcmul(local, couplings, spins[neighbours])
        mine = spins[colour.members]
        u = torch.rand(mine.shape, generator=generator, device=spins.device, dtype=spins.dtype)
        spins[colour.members] = torch.where(u < turning(mine, local, beta, rule), -mine, mine)
