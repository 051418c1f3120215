"""Flow matching: a velocity learnt along straight lines from noise to data, and followed."""

import math

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, raises, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(flow_matching_loss, velocity, x0, x1, t, S):
    import torch

    from gradus.generative import flow_matching_sample

    def model(y, times):
        return velocity(y, times[..., None]) if len(times) else y

    lead, d = x0.shape[:-1], x0.shape[-1]
    noise, data, at = x0.reshape(math.prod(lead), d), x1.reshape(math.prod(lead), d), t.reshape(math.prod(lead))
    loss = flow_matching_loss(model, data, t=at, noise=noise, reduction="none").reshape(lead)
    path = flow_matching_sample(model, noise.shape, steps=int(S), start=noise, trajectory=True)
    return loss, torch.movedim(path, 0, 1).reshape(*lead, int(S) + 1, d)


FLOW_MATCHING = Concept(
    key="flow-matching",
    kind="algorithm",
    title="Flow matching",
    summary="Draw a line from each noise to each data point, and teach a network the velocity along it. Where lines cross, it learns the mean of their velocities; and to follow this mean velocity carries the "
    "distribution of the noise into that of the data. The lines are straight; the paths that are followed are in general not.",
    formulas=(
        r"\ell=\frac1d\bigl\lVert v(x_t,t)-(x_1-x_0)\bigr\rVert^2,\qquad x_t=(1-t)\,x_0+t\,x_1",
        r"\mathbb E\,\ell=\frac1d\,\mathbb E\lVert v-u\rVert^2+\text{const},\qquad u(x,t)=\mathbb E[x_1-x_0\mid x_t=x]",
        r"\frac{\mathrm dx}{\mathrm dt}=u(x,t)\quad\text{carries the distribution of }x_0\text{ into that of }x_t",
        r"x_{(i+1)/S}=x_{i/S}+\tfrac1S\,v(x_{i/S},\tfrac iS),\qquad i=0,\dots,S-1",
    ),
    symbols=(
        Symbol(
            "v",
            "velocity",
            "function",
            "the velocity that the model guesses, of points (… d) and times (… 1)",
            "function",
        ),
        Symbol("x_0", "x0", "... d", "noise: standard normal numbers; where the path begins"),
        Symbol("x_1", "x1", "... d", "data"),
        Symbol("t", "t", "...", "the time of each, from 0 (noise) to 1 (data)", "unit"),
        Symbol("S", "S", "", "number of steps", "natural"),
        Symbol("x_t", "", "... d", "the point of the line at t"),
        Symbol("u", "", "", "the mean velocity"),
        Symbol(r"\ell", "", "...", "the loss of each sample"),
        Symbol("d,\\ i", "", "", "number of numbers in a sample; a step"),
    ),
    needs=("diffusion", "ddim", "neural-ode"),
    source="lipman2023flow",
    year=2022,
    people=("Yaron Lipman", "Ricky Chen", "Xingchao Liu", "Qiang Liu", "Michael Albergo", "Eric Vanden-Eijnden"),
    aliases="conditional flow matching, rectified flow, stochastic interpolant, CFM, 整流流, 条件流匹配",
    returns=(Result("loss", "...", r"$\ell$"), Result("path", "... S+1 d", "the start, and the point after each step")),
    implementations=(
        Implementation(
            "gradus.generative:flow_matching_loss",
            "torch",
            _ours,
            "with `flow_matching_sample` for the path, also by methods of higher order, and `optimal_coupling`",
        ),
    ),
    readings="lipman2023flow; liu2023flow; albergo2023building; tong2024improving; pooladian2023multisample",
    hypotheses=(
        Hypothesis(
            "the guess is the mean velocity $u$, of data and noise as they were coupled",
            "the-target-is-the-mean-velocity",
        ),
        Hypothesis(
            "small steps, unless the paths are straight", "the-flow-carries-the-distribution, where-paths-are-straight"
        ),
        Hypothesis("paths are straight only for some couplings", "one-step-ends-at-the-mean"),
    ),
    conventions=(
        Convention(
            "time",
            "0 is noise and 1 data (Lipman et al.; Liu et al.)",
            "1 is noise and 0 data, as in diffusion: then the velocity has the other sign (Stable Diffusion 3)",
        ),
        Convention("the loss of a sample", "the mean over its numbers, as in code", "the sum, as in papers"),
    ),
    deviations="The implementation computes no gradient through the path. The velocity of the definition takes times (… 1), that of the implementation (batch,).",
    unverified="That a network trained so makes good images in few steps: on an exact mixture Euler's method along these paths is as near as DDIM in as many steps, not in half (measured: 8 steps 0.119, DDIM 0.113 with a cosine schedule).",
    differentiable=False,
    carries_gradient=False,
    longest_sum=256,
)


@FLOW_MATCHING.definition
def flow_matching(velocity, x0, x1, t, S):
    if ((t < 0) | (t > 1)).any() or int(S) < 1:
        raise ValueError("times from 0 to 1, and a step at least")
    at = t[..., None]
    line = (1 - at) * x0 + at * x1
    loss = ((velocity(line, at) - (x1 - x0)) ** 2).mean(-1)
    path = [x0]
    for i in range(int(S)):
        now = np.full((*x0.shape[:-1], 1), i / S)
        path.append(path[-1] + velocity(path[-1], now) / S)
    return loss, np.stack(path, axis=-2)


def named(name, function):
    """A velocity that takes the arrays of every framework."""
    function.__name__ = function.__qualname__ = name
    return generic(function)


def of_normal(m, v, factor=1.0):
    """The mean velocity for data N(m, v) and independent noise, times a factor."""

    def velocity(x, t):
        return factor * (m + (t * v - (1 - t)) / (t**2 * v + (1 - t) ** 2) * (x - t * m))

    return named(f"the mean velocity for N({m}, {v}), times {factor}", velocity)


def straight(m, s):
    """The velocity where each noise x₀ goes to m + s x₀."""
    return named(f"the velocity of the lines to {m} + {s} x0", lambda x, t: m + (s - 1) * (x - t * m) / (1 - t + t * s))


POINTS, SHARES = np.array([-1.0, 0.5, 2.0]), np.array([0.3, 0.5, 0.2])


def of_points(late=0.999):
    """The mean velocity for three data points, coordinate by coordinate; times after `late` are taken for it."""

    def velocity(x, t):
        xp = namespace(x)
        left = xp.maximum(1 - t, like(np.array(1 - late), x))
        far = (x[..., None] - t[..., None] * like(POINTS, x)) ** 2
        least = xp.minimum(xp.minimum(far[..., 0], far[..., 1]), far[..., 2])
        r = like(SHARES, x) * xp.exp((least[..., None] - far) / (2 * left[..., None] ** 2))
        return (r * (like(POINTS, x) - x[..., None])).sum(-1) / r.sum(-1) / left

    return named("the mean velocity for three points", velocity)


def run(flow_matching, velocity, x0, x1=0.0, t=0.5, S=1):
    """Losses and path of one-dimensional data, as float64 arrays; the path has a last axis of S + 1."""
    x0, x1, t = (np.array(v, float) for v in np.broadcast_arrays(x0, x1, t))
    loss, path = flow_matching(velocity, x0[..., None], x1[..., None], t, int(S))
    return np.asarray(loss, float), np.asarray(path, float)[..., 0]


GRID = np.linspace(-8, 8, 401)
NORMAL = (
    np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi) * (GRID[1] - GRID[0])
)  # the trapezoid rule, to roundoff for what is smooth


@FLOW_MATCHING.example
def example():
    v = named("3 - x", lambda x, t: 3 - x)
    x0, x1, t = np.array([-1.0]), np.array([3.0]), np.array(0.25)
    loss, path = flow_matching(v, x0, x1, t, 2)
    return dict(
        velocity=v,
        x0=x0,
        x1=x1,
        t=t,
        S=2,
        line=0.75 * -1.0 + 0.25 * 3.0,
        said=3 - 0.0,
        target=4.0,
        loss=loss,
        path=path[:, 0],
        one=flow_matching(of_normal(2.0, 0.25), x0, x1, t, 1)[1][1, 0],
    )


@FLOW_MATCHING.exercise
def the_loss():
    """x0 = 1, x1 = 3, t = 0.5, v = 1 − x."""
    found = run(flow_matching, named("1 - x", lambda x, t: 1 - x), 1.0, 3.0, 0.5)[0]
    return number(found, the_other_way=(1 - 2 + 2) ** 2, the_data=(1 - 2 - 3) ** 2, not_squared=3.0)


@FLOW_MATCHING.exercise
def one_step():
    """Data with the mean 5, independent noise, the exact velocity: one step from x0 = −2."""
    return number(
        run(flow_matching, of_normal(5.0, 1.0), -2.0)[1][1], the_line_stays=-2.0, half_way=1.5, the_difference=7.0
    )


@FLOW_MATCHING.exercise
def where_lines_cross():
    """Two lines cross at one point and time, with velocities 3 and −1, equally likely: the best guess."""
    v, t = np.array([3.0, -1.0]), 0.5
    losses = {
        c: run(flow_matching, named("c", lambda x, t, c=c: 0 * x + c), -t * v, (1 - t) * v, t)[0].mean()
        for c in (3.0, 1.0, -1.0)
    }
    best = min(losses, key=losses.get)
    return choice(the_mean=best == 1.0, the_faster=best == 3.0, either=False)


@FLOW_MATCHING.cases
def cases(rng):
    def of(*shape, velocity, S):
        return dict(
            velocity=velocity, x0=rng.normal(size=shape), x1=rng.normal(size=shape), t=rng.random(shape[:-1]), S=S
        )

    yield "a normal distribution", of(4, 2, velocity=of_normal(0.5, 0.3), S=5)
    yield "lines that do not cross", of(3, 2, velocity=straight(1.0, 0.5), S=3)
    yield "three points", of(4, 2, velocity=of_points(0.9), S=6)
    yield "one step", of(5, 3, velocity=of_normal(1.0, 2.0), S=1)
    yield "two leading axes", of(2, 3, 2, velocity=of_normal(0.0, 0.5, 0.8), S=4)
    yield "many steps", of(2, 1, velocity=of_normal(-1.0, 0.2), S=40)
    yield "both ends", of(2, 2, velocity=of_normal(0.5, 0.3), S=2) | dict(t=np.array([0.0, 1.0]))


@FLOW_MATCHING.invalid
def invalid(rng):
    ok = dict(
        velocity=of_normal(0.0, 1.0),
        x0=rng.normal(size=(2, 1)),
        x1=rng.normal(size=(2, 1)),
        t=np.array([0.2, 0.7]),
        S=2,
    )
    yield "a time after the end", ok | dict(t=np.array([0.2, 1.2]))
    yield "a time before the beginning", ok | dict(t=np.array([-0.2, 0.7]))
    yield "no step at all", ok | dict(S=0)


@FLOW_MATCHING.claim
def the_target_is_the_mean_velocity(flow_matching, rng):
    r"""The mean loss less $\mathbb E(v-u)^2$ is the same for three velocities, right and wrong, with $u(x,t)=\mathbb E[x_1-x_0\mid x_t=x]$: three data points, independent noise, $t=0.2$, 0.5 and 0.8, by the trapezoid rule"""
    for t in (0.2, 0.5, 0.8):
        rests = []
        for v in (of_points(), of_normal(0.5, 0.3), straight(1.0, 0.5)):
            rest = 0.0
            for p, x1 in zip(SHARES, POINTS, strict=True):
                loss = run(flow_matching, v, GRID, x1, t)[0]
                line = ((1 - t) * GRID + t * x1)[:, None]
                at = np.full_like(line, t)
                rest += p * (NORMAL @ (loss - ((v(line, at) - of_points()(line, at))[:, 0]) ** 2))
            rests.append(rest)
        yield bound(np.ptp(rests), 1e-10, "≤", Text("the error of the integrals", "积分误差"))


@FLOW_MATCHING.claim
def what_the_best_guess_leaves(flow_matching, rng):
    r"""For data $\mathcal N(m,v)$ and independent noise the mean loss of the best guess is $\frac v{t^2v+(1-t)^2}$: at $t=0$, 0.3, 0.7 and 1; it is no sign that training has failed"""
    m, v = 0.7, 0.4
    for t in (0.0, 0.3, 0.7, 1.0):
        x1, weight = m + math.sqrt(v) * GRID[::4, None], 4 * NORMAL[::4]
        loss = run(flow_matching, of_normal(m, v), GRID[None], x1, t)[0]
        want = v / (t**2 * v + (1 - t) ** 2)
        yield bound(abs(weight @ loss @ NORMAL - want), 1e-9, "≤", Text("the error of the integrals", "积分误差"))


@FLOW_MATCHING.claim
def the_flow_carries_the_distribution(flow_matching, rng):
    r"""With the mean velocity for $\mathcal N(m,v)$ and independent noise $x_0$ is led to $tm+\sqrt{t^2v+(1-t)^2}\,x_0$, at the end to $m+\sqrt v\,x_0$, up to what falls like $1/S$: $S=32$ to 256; and a velocity 10 % too small leads elsewhere, by more than 0.05"""
    x0, sizes, off = np.array([-1.5, 0.3, 2.0]), [32, 64, 128, 256], []
    for S in sizes:
        path = run(flow_matching, of_normal(1.0, 0.25), x0, S=S)[1]
        t = np.arange(S + 1) / S
        off.append(np.abs(path - (t + np.sqrt(t**2 / 4 + (1 - t) ** 2) * x0[:, None])).max())
    yield rate(sizes, off, -1, 0.1)
    yield bound(off[-1], 0.02, "≤", Text("the size of the steps", "步长"))
    wrong = run(flow_matching, of_normal(1.0, 0.25, 0.9), x0, S=256)[1][:, -1]
    yield bound(np.abs(wrong - (1 + x0 / 2)).max(), 0.05, "≥", Text("elsewhere", "别处"))


@FLOW_MATCHING.claim
def where_paths_are_straight(flow_matching, rng):
    r"""If each noise has its own data, $x_1=m+sx_0$ with $s>0$, the lines do not cross, nothing is left of the loss, and one step is as exact as 16; likewise if all data are one point"""
    x0, m, s = rng.normal(size=7), 1.3, 0.6
    for velocity, x1 in ((straight(m, s), m + s * x0), (straight(m, 1e-12), m + 0 * x0)):
        for t in (0.0, 0.4, 0.9):
            yield roundoff(run(flow_matching, velocity, x0, x1, t)[0], np.zeros(7), terms=200, scale=20.0)
        for S in (1, 16):
            yield roundoff(run(flow_matching, velocity, x0, S=S)[1][:, -1], x1, terms=400, scale=20.0)


@FLOW_MATCHING.claim
def one_step_ends_at_the_mean(flow_matching, rng):
    r"""With independent noise $u(x,0)=\mathbb E[x_1]-x$, so that a single step ends at the mean of the data, wherever it begins: for $\mathcal N(m,v)$ and for three points; two steps do not"""
    x0 = rng.normal(size=9)
    for velocity, mean in ((of_normal(1.4, 0.6), 1.4), (of_points(), SHARES @ POINTS)):
        yield roundoff(run(flow_matching, velocity, x0)[1][:, -1], np.full(9, mean), terms=100, scale=10.0)
        yield bound(run(flow_matching, velocity, x0, S=2)[1][:, -1].std(), 0.05, "≥", Text("they differ", "彼此不同"))


@FLOW_MATCHING.claim
def an_euler_step_is_one_of_ddim(flow_matching, rng):
    r"""With $\hat x_1=x+(1-t)v$ and $\hat x_0=x-tv$, the data and the noise that the velocity speaks of, each step leads to $(1-s)\,\hat x_0+s\,\hat x_1$: that is DDIM's step without new noise where $\alpha=t$ and the deviation of the noise is $1-t$; for three points, 10 steps"""
    x0, S = rng.normal(size=8), 10
    path = run(flow_matching, of_points(), x0, S=S)[1]
    for i in range(S):
        t, s, x = i / S, (i + 1) / S, path[:, i]
        v = of_points()(x[:, None], np.full((8, 1), t))[:, 0]
        data, noise = x + (1 - t) * v, x - t * v
        yield roundoff(path[:, i + 1], (1 - s) * noise + s * data, terms=400, scale=20.0)
    yield bound(np.abs(path[:, -1] - x0).min(), 1e-3, "≥", Text("they move", "它们移动了"))


def distance(x, shares=SHARES):
    """How far samples are from the three points in the Wasserstein distance."""
    grid = np.linspace(-4, 4, 801)
    ours = np.searchsorted(np.sort(x), grid, side="right") / len(x)
    return np.abs(ours - (shares * (grid[:, None] >= POINTS)).sum(1)).sum() * (grid[1] - grid[0])


EVENLY = np.interp((np.arange(400) + 0.5) / 400, np.cumsum(NORMAL) - NORMAL / 2, GRID)


@FLOW_MATCHING.claim
def more_steps_come_nearer(flow_matching, rng):
    r"""400 evenly spread starts end near the three points with their shares: after 16 steps at a Wasserstein distance below 0.25, after 64 below 0.08, and each doubling from 8 to 64 brings it to 0.75 or less"""
    found = {S: distance(run(flow_matching, of_points(), EVENLY, S=S)[1][:, -1]) for S in (8, 16, 32, 64)}
    yield bound(found[16], 0.25, "≤", Text("measured", "测得"))
    yield bound(found[64], 0.08, "≤", Text("measured", "测得"))
    for S in (8, 16, 32):
        yield bound(found[2 * S] / found[S], 0.75, "≤", Text("measured", "测得"))


@FLOW_MATCHING.claim
def a_coupling_that_crosses_less(flow_matching, rng):
    r"""Of 200 noises and 200 data drawn from $\mathcal N(1,\frac14)$, paired in order (the optimal coupling in one dimension), the lines of the velocity for $x_1=1+\frac12x_0$ leave a mean loss below 0.1 at $t=\frac12$; paired at random, more than 0.2 is left by the best guess for independent pairs"""
    x0, x1 = np.sort(rng.normal(size=(2, 200)), axis=1) * np.array([[1.0], [0.5]]) + np.array([[0.0], [1.0]])
    paired = run(flow_matching, straight(1.0, 0.5), x0, x1, 0.5)[0].mean()
    yield bound(paired, 0.1, "≤", Text("measured: about 0.02", "测得约 0.02"))
    losses = [run(flow_matching, of_normal(1.0, 0.25), x0, rng.permutation(x1), 0.5)[0].mean() for _ in range(10)]
    yield bound(np.mean(losses), 0.2, "≥", Text("0.8 for infinitely many", "样本无穷多时为 0.8"))


@FLOW_MATCHING.claim
def what_is_refused(flow_matching, rng):
    """Refused are times outside of 0 to 1; the ends themselves are taken, where the point is the noise or the data"""
    one = np.ones((1, 1))
    v = named("x", lambda x, t: x)
    yield raises(lambda: flow_matching(v, one, one, np.array([1.1]), 1), ValueError)
    yield raises(lambda: flow_matching(v, one, one, np.array([-0.1]), 1), ValueError)
    yield roundoff(run(flow_matching, v, 2.0, 5.0, 0.0)[0], 1.0, terms=8)
    yield roundoff(run(flow_matching, v, 2.0, 5.0, 1.0)[0], 4.0, terms=8)


def variant(
    velocity, x0, x1, t, S, target=None, swap=False, total=False, late=False, long=False, back=False, silent=False
):
    """The printed formulas, and their slips by name: what the mutants are made of."""
    if not silent and (((t < 0) | (t > 1)).any() or int(S) < 1):
        raise ValueError
    at = t[..., None]
    line = at * x0 + (1 - at) * x1 if swap else (1 - at) * x0 + at * x1
    squares = (velocity(line, at) - (target(x0, x1) if target else x1 - x0)) ** 2
    path, h = [x0], 1 / (int(S) + 1) if long else 1 / S
    for i in range(int(S)):
        now = np.full((*x0.shape[:-1], 1), (i + 1) / S if late else i / S)
        with np.errstate(all="ignore"):
            path.append(path[-1] + (-h if back else h) * velocity(path[-1], now))
    return (squares.sum(-1) if total else squares.mean(-1)), np.stack(path, -2)


@FLOW_MATCHING.mutant(
    caught_by="the-target-is-the-mean-velocity, what-the-best-guess-leaves, where-paths-are-straight, equals-definition"
)
def from_data_to_noise(velocity, x0, x1, t, S):
    """the velocity from data to noise taught"""
    return variant(velocity, x0, x1, t, S, target=lambda a, b: a - b)


@FLOW_MATCHING.mutant(
    caught_by="the-target-is-the-mean-velocity, what-the-best-guess-leaves, where-paths-are-straight, equals-definition"
)
def the_data_taught(velocity, x0, x1, t, S):
    """the data taught in place of the velocity"""
    return variant(velocity, x0, x1, t, S, target=lambda a, b: b)


@FLOW_MATCHING.mutant(
    caught_by="the-target-is-the-mean-velocity, what-the-best-guess-leaves, where-paths-are-straight, what-is-refused, equals-definition"
)
def times_exchanged(velocity, x0, x1, t, S):
    """0 taken for the data and 1 for the noise"""
    return variant(velocity, x0, x1, t, S, swap=True)


@FLOW_MATCHING.mutant(caught_by="equals-definition")
def summed(velocity, x0, x1, t, S):
    """the sum over a sample's numbers in place of the mean"""
    return variant(velocity, x0, x1, t, S, total=True)


@FLOW_MATCHING.mutant(caught_by="one-step-ends-at-the-mean, an-euler-step-is-one-of-ddim, equals-definition")
def asked_at_the_end(velocity, x0, x1, t, S):
    """the velocity asked for at the time where the step ends"""
    return variant(velocity, x0, x1, t, S, late=True)


@FLOW_MATCHING.mutant(caught_by="where-paths-are-straight, one-step-ends-at-the-mean, equals-definition")
def one_step_too_many(velocity, x0, x1, t, S):
    """steps of 1/(S + 1): it stops before the data"""
    return variant(velocity, x0, x1, t, S, long=True)


@FLOW_MATCHING.mutant(
    caught_by="where-paths-are-straight, the-flow-carries-the-distribution, more-steps-come-nearer, equals-definition"
)
def the_wrong_direction(velocity, x0, x1, t, S):
    """the velocity subtracted"""
    return variant(velocity, x0, x1, t, S, back=True)


@FLOW_MATCHING.mutant(caught_by="a-coupling-that-crosses-less, where-paths-are-straight, equals-definition")
def the_midpoint_taught(velocity, x0, x1, t, S):
    """half of the way taught"""
    return variant(velocity, x0, x1, t, S, target=lambda a, b: (b - a) / 2)


@FLOW_MATCHING.mutant(caught_by="what-is-refused")
def whatever_the_time(velocity, x0, x1, t, S):
    """any time taken"""
    return variant(velocity, x0, x1, t, S, silent=True)


FLOW_MATCHING.erratum(
    "E390",
    common="The paths of flow matching are straight, so one step is enough (a common slip)",
    why="The lines that are drawn in training are; they cross, and the velocity that is learnt is the mean over those that pass a point. With independent noise a single step ends at the mean of the data, whatever the start.",
    right="Paths are straight where lines do not cross: with a coupling of noise and data that is made so",
    claims="one-step-ends-at-the-mean, where-paths-are-straight",
)
FLOW_MATCHING.erratum(
    "E391",
    common="Flow matching is another kind of model than diffusion (a common slip)",
    why="For normal noise, independent of the data, its velocity is an affine function of the guess of the noise, and an Euler step along it is a step of DDIM with the schedule α = t, 1 − t.",
    right="The same family: another weighting of the loss, another schedule, and other couplings, which diffusion has not",
    claims="an-euler-step-is-one-of-ddim",
)


@FLOW_MATCHING.figure(
    S=Slider(1, 32, 4, "number of steps S", log=True, integer=True),
    variance=Slider(0.05, 1.5, 0.3, "variance of the data"),
)
def figure(S, variance):
    x0, t = np.linspace(-2, 2, 13), np.linspace(0, 1, 60)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    exact = t + np.sqrt(t**2 * variance + (1 - t) ** 2) * x0[:, None]
    left.plot(t, exact.T, color=COLOURS[0], lw=0.8)
    path = run(flow_matching, of_normal(1.0, variance), x0, S=int(S))[1]
    left.plot(np.arange(int(S) + 1) / int(S), path.T, color=COLOURS[1], lw=0.6, marker="o", ms=2)
    left.set(xlabel="time t: from noise to data", ylabel="x")
    sizes = [1, 2, 4, 8, 16, 32]
    for velocity, name, colour in (
        (of_normal(1.0, variance), "independent noise", 0),
        (straight(1.0, math.sqrt(variance)), "optimal coupling", 2),
    ):
        spread = [np.ptp(run(flow_matching, velocity, np.array([-1.0, 1.0]), S=n)[1][:, -1]) / 2 for n in sizes]
        right.plot(sizes, spread, color=COLOURS[colour], marker="o", ms=3, label=name)
    right.axhline(math.sqrt(variance), color="0.5", lw=0.8)
    right.set(xscale="log", xlabel="number of steps S", ylabel="deviation of the samples", ylim=(0, None))
    right.set_xticks(sizes, [str(n) for n in sizes])
    right.minorticks_off()
    right.legend(fontsize=9, frameon=False, loc="lower right")
    came = np.ptp(run(flow_matching, of_normal(1.0, variance), np.array([-1.0, 1.0]), S=int(S))[1][:, -1]) / 2
    words = Text(
        f"Data N(1, {variance:.3g}) and independent noise: {int(S)} steps of Euler's method end with a deviation of {came:.3f}, where it should be {math.sqrt(variance):.3f}; with the optimal coupling any number of steps is exact.",
        f"数据 N(1, {variance:.3g})，噪声独立：欧拉法 {int(S)} 步得到的标准差为 {came:.3f}，应为 {math.sqrt(variance):.3f}；用最优耦合时，任何步数都是精确的。",
    )
    return Drawing(fig, words)
