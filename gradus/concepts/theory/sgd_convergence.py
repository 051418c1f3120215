"""Convergence of stochastic methods: what is promised of the average, of the last iterate, of the loss and of the gradient."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

CONVERGENCE = Concept(
    key="sgd-convergence",
    kind="theorem",
    title="Convergence of stochastic methods",
    summary="What noisy gradients promise depends on the function. Convex, with the best equal steps: the average of $T$ iterates comes within $RG/\\sqrt T$ in the mean, the last one "
    "within that times $1+\\frac12\\sum_{k<T}\\frac1k$. Where a small gradient means a small excess (the PL inequality), the loss falls geometrically to a "
    "floor, proportional to the step where that is small; without noise at the minimum there is no floor. Otherwise only a small gradient is promised, somewhere along the way.",
    formulas=(
        r"\theta_{t+1}=\theta_t-\alpha_tg_t,\qquad\mathbb E[g_t\mid\theta_0,\dots,\theta_t]=\nabla f(\theta_t)",
        r"\text{convex, }\mathbb E\lVert g_t\rVert^2\le G^2:\qquad\mathbb Ef(\bar\theta_t)-f^\star\le\frac{R^2+G^2\sum_{s<t}\alpha_s^2}{2\sum_{s<t}\alpha_s},\qquad\bar\theta_t=\frac{\sum_{s<t}\alpha_s\theta_s}{\sum_{s<t}\alpha_s}",
        r"\text{convex, }\mathbb E\lVert g_t\rVert^2\le G^2,\ \alpha_{t+1}\le\alpha_t:\qquad\mathbb Ef(\theta_{t-1})-f^\star\le\frac1{2\alpha_{t-1}}\Bigl(\frac{R^2}t+G^2\sum_{s<t}\frac{\alpha_s^2}{\max(t-1-s,\,1)}\Bigr)",
        r"\text{smooth, }\mathbb E\lVert g_t-\nabla f\rVert^2\le\sigma^2+\rho\lVert\nabla f\rVert^2:\qquad\min_{s<t}\mathbb E\lVert\nabla f(\theta_s)\rVert^2\le\frac{\Delta_0+\frac12L\sigma^2\sum_{s<t}\alpha_s^2}{\sum_{s<t}c_s},\qquad c_t=\alpha_t\bigl(1-\tfrac12L(1+\rho)\alpha_t\bigr)",
        r"\text{and }\tfrac12\lVert\nabla f\rVert^2\ge\mu\,(f-f^\star):\qquad\mathbb Ef(\theta_t)-f^\star\le\Delta_t,\qquad\Delta_{t+1}=(1-2\mu c_t)\,\Delta_t+\tfrac12L\alpha_t^2\sigma^2",
        r"\mu>0,\ \alpha_t=\alpha<\frac2{L(1+\rho)}:\qquad\Delta_t\to\frac{L\alpha\sigma^2}{2\mu\,\bigl(2-L(1+\rho)\alpha\bigr)}",
    ),
    symbols=(
        Symbol(r"\alpha_t", "step_sizes", "T", "steps, one row of them: $t=0,\\dots,T-1$", "positive"),
        Symbol(
            "R",
            "distance",
            "",
            r"distance $\lVert\theta_0-\theta^\star\rVert$ of the start from a minimiser",
            "nonnegative",
        ),
        Symbol("G", "second_moment", "", "root of the bound on the mean square of the gradients used", "nonnegative"),
        Symbol(r"\Delta_0", "gap", "", r"excess at the start, $f(\theta_0)-f^\star$", "nonnegative"),
        Symbol("L", "smoothness", "", r"Lipschitz constant of $\nabla f$", "positive"),
        Symbol(
            r"\sigma^2",
            "variance",
            "",
            "bound on the variance of the gradients, summed over the coordinates, where $\\nabla f=0$",
            "nonnegative",
        ),
        Symbol(r"\rho", "growth", "", r"how fast it grows with $\lVert\nabla f\rVert^2$", "nonnegative"),
        Symbol(r"\mu", "pl", "", "constant of the PL inequality, $\\mu\\le L$; 0 where none is known", "nonnegative"),
        Symbol(r"f,\ f^\star,\ \theta^\star", "", "", "the function, its least value, a minimiser"),
        Symbol("g_t", "", "", r"gradient that is used: on average $\nabla f(\theta_t)$, or a subgradient"),
        Symbol(r"\bar\theta_t", "", "", "mean of the first $t$ iterates, weighted by their steps"),
        Symbol(r"\Delta_t,\ c_t", "", "", "bound on the mean excess after $t$ steps; the part of a step that counts"),
        Symbol("T,\\ t,\\ s", "", "", "number of steps, and a step", "natural"),
    ),
    returns=(
        Result("averaged", "T", r"bound on $\mathbb Ef(\bar\theta_t)-f^\star$, $t=1,\dots,T$"),
        Result(
            "last", "T", r"bound on $\mathbb Ef(\theta_{t-1})-f^\star$, $t=1,\dots,T$; ∞ from where a step has grown"
        ),
        Result("loss", "T+1", r"$\Delta_t$, $t=0,\dots,T$; ∞ after a step above $2/(L(1+\rho))$"),
        Result(
            "gradient",
            "T",
            r"bound on the least $\mathbb E\lVert\nabla f(\theta_s)\rVert^2$, $s<t$, $t=1,\dots,T$; ∞ likewise",
        ),
        Result("floor", "T", "limit of the last formula for each step; ∞ where there is none"),
    ),
    needs=("sgd", "gradient-descent"),
    source="karimi2016linear",
    year=2016,
    people=(
        "Boris T. Polyak",
        "Stanisław Łojasiewicz",
        "Arkadi Nemirovski",
        "David Yudin",
        "Saeed Ghadimi",
        "Guanghui Lan",
        "Ohad Shamir",
        "Mark Schmidt",
    ),
    aliases="convergence, convergence rate, convergence theory, PL condition, PL inequality, Polyak-Łojasiewicz, noise floor, interpolation, strong growth condition, "
    "last iterate, iterate averaging, 收敛, 收敛性, 收敛速度, 收敛性理论, PL 条件, PL 不等式, 噪声底, 插值",
    implementations=(
        Implementation(
            "gradus.theory:sgd_bounds",
            "torch",
            note="the floor of a model under its own optimiser, from measured noise and curvature: `gradus.theory.noise_floor`",
        ),
    ),
    readings="nemirovski2009robust; orabona2020last; shamir2013stochastic; karimi2016linear §2, §4; ghadimi2013stochastic; "
    "bottou2018optimization §4; vaswani2019fast; agarwal2012information; mandt2017stochastic",
    hypotheses=(
        Hypothesis(
            "all: given the past, the gradients are right on average", "an-error-that-stays-is-not-averaged-away"
        ),
        Hypothesis("average and last iterate: $f$ is convex and has a minimiser", "on-top-of-a-hill"),
        Hypothesis(
            r"average and last iterate: $\mathbb E\lVert g_t\rVert^2\le G^2$ at all iterates",
            "constants-hold-all-the-way",
        ),
        Hypothesis("last iterate: steps never grow", "a-step-that-grows"),
        Hypothesis(r"loss and gradient: $\nabla f$ is $L$-Lipschitz", "a-kink-has-no-rate"),
        Hypothesis(
            r"loss and gradient: $\mathbb E\lVert g_t-\nabla f\rVert^2\le\sigma^2+\rho\lVert\nabla f\rVert^2$",
            "noise-that-grows-narrows-the-step",
        ),
        Hypothesis(r"loss and gradient: $\alpha_t\le2/(L(1+\rho))$, and $f^\star>-\infty$", "beyond-the-largest-step"),
        Hypothesis("loss falls: the PL inequality, wherever the iterates go", "flat-minima-are-slow"),
    ),
    conventions=(
        Convention(
            "variance of the gradient",
            "of the whole vector, the sum over its coordinates; of a batch of $B$ independent samples, one sample's over $B$",
            "one number per coordinate: page `sgd`",
        ),
        Convention(
            "PL constant",
            r"$\tfrac12\lVert\nabla f\rVert^2\ge\mu(f-f^\star)$, so that strong convexity with $\mu$ implies it with $\mu$",
            r"$\lVert\nabla f\rVert^2\ge\mu(f-f^\star)$: twice as large",
        ),
        Convention(
            "what is averaged",
            "iterates weighted by their steps; with equal steps the plain mean",
            "the plain mean whatever the steps, or the last half (suffix averaging)",
        ),
    ),
    unverified="No method that sees the gradients of $T$ samples gets below a constant times $\\sigma^2/(\\mu T)$ on all strongly convex functions, or, "
    "for large $T$, in the non-convex case below a constant times $\\sqrt{\\Delta_0L\\sigma^2/T}$ for the mean square of the gradient (Agarwal et al. 2012; Arjevani et al. 2023).",
    differentiable=False,
    carries_gradient=False,
    longest_sum=64,
)


@CONVERGENCE.definition
def sgd_convergence(
    step_sizes,
    distance=np.inf,
    second_moment=np.inf,
    gap=np.inf,
    smoothness=np.inf,
    variance=np.inf,
    growth=0.0,
    pl=0.0,
):
    a, R, G, L = step_sizes, distance, second_moment, smoothness
    if (a <= 0).any() or min(R, G, gap, L, variance, growth, pl) < 0 or L == 0 or pl > L:
        raise ValueError("steps and L above 0, no constant below 0, and pl ≤ L")
    T, limit = len(a), 2 / (L * (1 + growth))
    averaged, last, gradient, floor = (np.full(T, np.inf) for _ in range(4))
    loss = np.full(T + 1, np.inf)
    loss[0] = gap
    for t in range(1, T + 1):
        past = a[:t]
        if max(R, G) < np.inf:
            averaged[t - 1] = (R**2 + G**2 * (past**2).sum()) / (2 * past.sum())
            if (np.diff(past) <= 0).all():
                ages = np.array([max(t - 1 - s, 1) for s in range(t)])
                last[t - 1] = (R**2 / t + G**2 * (past**2 / ages).sum()) / (2 * past[-1])
        now = past[-1]
        c = past * (1 - L * (1 + growth) * past / 2) if np.inf > L else np.zeros(t)
        fed = L * variance * now**2 / 2 if variance < np.inf else np.inf
        if now <= limit and pl * c[-1] > 0:
            floor[t - 1] = fed / (2 * pl * c[-1])
        if (past <= limit).all() and max(gap, fed) < np.inf:
            loss[t] = (1 - 2 * pl * c[-1]) * loss[t - 1] + fed
            if c.sum() > 0:
                gradient[t - 1] = (gap + L * variance * (past**2).sum() / 2) / c.sum()
    return averaged, last, loss, gradient, floor


def descent(gradient, theta, steps):
    """All iterates of θ ← θ − α g; the gradient is called as (θ, t)."""
    path = [np.asarray(theta, float)]
    for t, a in enumerate(steps):
        path.append(path[-1] - a * gradient(path[-1], t))
    return np.array(path)


def ladder(T, R=1.0, G=1.0):
    """G max(x₁, …, x_T, −R/√T): from 0, the subgradient may point along a new coordinate at each of T steps."""

    def f(x):
        return G * max(x.max(), -R / np.sqrt(T))

    def gradient(x, t):
        g = np.zeros(T)
        g[np.argmax(x)] = G
        return g

    return f, gradient


def corner(R=1.0, G=1.0):
    """G max(u·x, v·x, −d) in the plane, with u·v = −3/4: the first step from 0 goes uphill along v."""
    u = np.array([1.0, 0.0])
    v = np.array([-0.75, np.sqrt(7) / 4])
    d = R * np.sqrt(1 / 8)  # distance of 0 from the segment between u and v

    def f(x):
        return G * max(u @ x, v @ x, -d)

    def gradient(x, t):
        return G * (u if u @ x >= v @ x else v)

    return f, gradient, -G * d


@CONVERGENCE.example
def example():
    steps = np.array([0.5, 0.5, 0.25, 0.25])
    constants = dict(distance=1.0, second_moment=2.0, gap=0.5, smoothness=1.0, variance=0.5, pl=1.0)
    averaged, last, loss, gradient, floor = sgd_convergence(steps, **constants)
    whole = sgd_convergence(steps, **{**constants, "variance": 0.0})[2]
    two = sgd_convergence(np.full(2, np.sqrt(0.5)), 1.0, 1.0)
    f, g, least = corner()
    path = descent(g, np.zeros(2), [np.sqrt(0.5)])
    c, fed = steps * (1 - steps / 2), 0.25 * steps**2
    return (
        dict(step_sizes=steps, **constants)
        | dict(averaged=averaged, last=last, loss=loss, whole=whole, gradient=gradient, floor=floor)
        | dict(c=c, fed=fed, kept=1 - 2 * c)
        | dict(best=0.25, best_averaged=sgd_convergence(np.full(4, 0.25), 1.0, 2.0)[0][-1])
        | dict(two=two[0][-1], two_last=two[1][-1], corner=f(path[-1]) - least, value=f(path[-1]), least=-least)
    )


@CONVERGENCE.exercise
def how_many_steps():
    """RG/√T ≤ 0.01 with R = 2, G = 5."""
    T = (2 * 5 / 0.01) ** 2
    return number(T, root=2 * 5 / 0.01, accuracy=1 / 0.01**2, last_of_equal_steps=1 / 0.01)


@CONVERGENCE.exercise
def a_tenth_of_the_step():
    """L = μ = 1, σ² = 0.04, from α = 0.5 to 0.05."""
    high, low = (sgd_convergence(np.array([a]), smoothness=1.0, variance=0.04, pl=1.0)[4][0] for a in (0.5, 0.05))
    return number(high - low, floor=high, first_order=0.04 * 0.45 / 4, whole_loss=low)


@CONVERGENCE.exercise
def no_floor():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((3, 6))

    def end(b, steps):
        theta = np.zeros(A.shape[1])
        for t, a in enumerate(steps):
            i = t % len(A)
            theta = theta - a * A[i] * (A[i] @ theta - b[i])
        return np.abs(A @ theta - b).max()

    twice = np.vstack([A[:1], A[:1], A[1:]])

    def contradicted(steps):
        theta, b = np.zeros(6), np.array([1.0, -1.0, 0.5, 0.2])
        for t, a in enumerate(steps):
            i = t % 4
            theta = theta - a * twice[i] * (twice[i] @ theta - b[i])
        before = theta
        for i in range(4):
            theta = theta - steps[0] * twice[i] * (twice[i] @ theta - b[i])
            if np.abs(theta - before).max() > 1e-3:
                return False
        return True

    return choice(
        fits_all=end(np.array([1.0, -1.0, 0.5]), np.full(3000, 0.1)) < 1e-6,
        contradiction=contradicted(np.full(3000, 0.1)),
        never=end(np.array([1.0, -1.0, 0.5]), np.full(3000, 0.1)) > 1e-6,
    )


@CONVERGENCE.exercise
def the_logarithm():
    """Last over average, T = 100 equal steps."""
    averaged, last, *_ = sgd_convergence(np.full(100, 0.1), 1.0, 1.0)
    return number(last[-1] / averaged[-1], whole=1 + np.log(100), none=1.0, only_the_half=last[-1] / averaged[-1] - 1)


@CONVERGENCE.cases
def cases(rng):
    t = np.arange(40.0)
    smooth = dict(gap=1.5, smoothness=4.0, variance=0.3, growth=0.5, pl=0.7)
    yield "equal steps", dict(step_sizes=np.full(12, 0.2), distance=1.0, second_moment=2.0, **smooth)
    yield "one step", dict(step_sizes=np.array([0.1]), distance=3.0, second_moment=0.5, **smooth)
    yield ("steps that fall", dict(step_sizes=0.3 / np.sqrt(t + 1), distance=2.0, second_moment=1.0, **smooth))
    yield "steps up and down", dict(step_sizes=rng.uniform(0.05, 0.3, 20), distance=2.0, second_moment=1.0, **smooth)
    yield (
        "a step too large on the way",
        dict(step_sizes=np.array([0.1, 0.2, 0.1, 0.4, 0.1, 0.1]), distance=1.0, second_moment=1.0, **smooth),
    )
    yield "the largest step", dict(step_sizes=np.full(3, 0.5), gap=2.0, smoothness=4.0, variance=0.1, pl=1.0)
    yield "only convex", dict(step_sizes=np.full(7, 0.5), distance=1.0, second_moment=3.0)
    yield "only smooth", dict(step_sizes=np.full(7, 0.125), gap=1.0, smoothness=8.0, variance=2.0)
    yield "nothing known", dict(step_sizes=np.full(4, 0.5))
    yield "no noise", dict(step_sizes=np.full(9, 0.25), gap=3.0, smoothness=4.0, variance=0.0, pl=4.0)
    yield "at the minimum", dict(step_sizes=np.full(5, 0.1), distance=0.0, second_moment=1.0, **{**smooth, "gap": 0.0})
    yield "long", dict(step_sizes=0.2 / (1 + 0.01 * np.arange(300.0)), distance=1.0, second_moment=2.0, **smooth)


@CONVERGENCE.invalid
def invalid(rng):
    yield "a step of 0", dict(step_sizes=np.array([0.1, 0.0]))
    yield "a variance below 0", dict(step_sizes=np.array([0.1]), variance=-1.0)
    yield "a PL constant above L", dict(step_sizes=np.array([0.1]), smoothness=1.0, pl=2.0)


@CONVERGENCE.claim
def attained_by_the_average(bounds, rng):
    r"""The constant 1 in $RG/\sqrt T$ cannot be lowered: on $G\max(x_1,\dots,x_T,-R/\sqrt T)$ from 0, with $\alpha=R/(G\sqrt T)$ and the subgradient along a new coordinate each time, the average and the
    last of $T$ iterates are both exactly $RG/\sqrt T$ above the minimum. Other equal steps have a larger bound, half or twice the step one of $\frac54RG/\sqrt T$"""
    for T in (1, 4, 25):
        R, G = rng.uniform(0.5, 3, 2)
        f, gradient = ladder(T, R, G)
        a = R / (G * np.sqrt(T))
        path = descent(gradient, np.zeros(T), [a] * (T - 1))
        excess = [f(path.mean(0)) + G * R / np.sqrt(T), f(path[-1]) + G * R / np.sqrt(T)]
        bound_ = float(bounds(np.full(T, a), R, G)[0][-1])
        yield roundoff([bound_, bound_], excess, terms=4 * T)
        others = [float(bounds(np.full(T, factor * a), R, G)[0][-1]) for factor in (0.5, 2.0)]
        yield roundoff(others, np.full(2, 1.25 * R * G / np.sqrt(T)), terms=4 * T)


@CONVERGENCE.claim
def no_method_is_much_faster(bounds, rng):
    r"""Whether a coin falls on heads with probability $\frac{1+\delta}2$ or $\frac{1-\delta}2$: minimise $\mathbb E\lvert\theta-Rz\rvert$, $z=\pm1$ the coin. Whoever has seen $T$ tosses, and makes of them what is best on average over both coins, is $R\delta$ times
    the chance that the tosses do not tell them apart above the minimum: for the worst $\delta$ that is 0.25 times the bound $RG/\sqrt T$, $G=1$, after one toss, and from 0.30 to 0.36 times at every other $T$ tried up to 1,000"""
    R = rng.uniform(0.5, 3)
    for T in (1, 2, 3, 4, 5, 30, 31, 1000):
        k = np.arange(T + 1)
        log_ways = np.array([math.lgamma(T + 1) - math.lgamma(i + 1) - math.lgamma(T - i + 1) for i in k.tolist()])

        def excess(delta, T=T, k=k, log_ways=log_ways):
            heads = np.exp(log_ways + k * np.log1p(delta) + (T - k) * np.log1p(-delta) - T * np.log(2))
            return R * delta * np.minimum(heads, heads[::-1]).sum()

        worst = max(excess(d) for d in np.linspace(0.3, 1.2, 91) / np.sqrt(T) if d < 1)
        found = float(bounds(np.full(T, R / np.sqrt(T)), R, 1.0)[0][-1])
        yield bound(worst, 0.36 * found)
        yield bound(
            worst,
            (0.2499 if T == 1 else 0.3) * found,
            "≥",
            Text(
                "1/4 for T = 1, at δ = ½; 0.301 for T = 3; 0.34 for large T",
                "T = 1 时在 δ = ½ 处为 1/4；T = 3 时为 0.301；T 很大时为 0.34",
            ),
        )


@CONVERGENCE.claim
def last_iterate_pays_half_a_logarithm(bounds, rng):
    r"""With equal steps $R/(G\sqrt T)$ the bound on the last iterate is $\bigl(1+\frac12\sum_{k<T}\frac1k\bigr)$ times the average's. Two steps show that it must be more: in the plane, on $G\max(u\cdot x,v\cdot x,-R/\sqrt8)$ with $u\cdot v=-\frac34$, the second iterate is
    $\frac54RG/\sqrt2$ above the minimum; the average stays below $RG/\sqrt2$, the bound on the last is $\frac32RG/\sqrt2$"""
    for T in (1, 2, 7, 100):
        R, G = rng.uniform(0.5, 3, 2)
        averaged, last, *_ = bounds(np.full(T, R / (G * np.sqrt(T))), R, G)
        harmonic = sum(1 / k for k in range(1, T))
        yield roundoff(
            [float(averaged[-1]), float(last[-1])], np.array([1, 1 + harmonic / 2]) * R * G / np.sqrt(T), terms=4 * T
        )
    f, gradient, least = corner(R, G)
    steps = np.full(2, R / (G * np.sqrt(2)))
    path = descent(gradient, np.zeros(2), steps[:1])
    averaged, last, *_ = bounds(steps, R, G)
    yield roundoff(f(path[-1]) - least, 1.25 * R * G / np.sqrt(2), terms=8)
    yield bound(f(path[-1]) - least, float(last[-1]))
    yield bound(f(path.mean(0)) - least, float(averaged[-1]))
    yield bound(
        f(path[-1]) - least,
        1.24 * float(averaged[-1]),
        "≥",
        Text("above what the average keeps to", "超出平均迭代的界"),
    )


@CONVERGENCE.claim
def runs_keep_to_the_bounds(bounds, rng):
    r"""On $\lvert\theta\rvert$ with signs as gradients that are wrong with probability 0.3, $f=0.4\lvert\theta\rvert$, from $\theta_0=R$: over 2,000 runs of 60 steps the mean excesses of the average and of the last iterate are below their bounds at every $t$, with equal steps, with $1/\sqrt{t+1}$, and
    with steps that rise and fall; the last formula has nothing to say of those from their first rise"""
    T, runs, R = 60, 2000, 1.5
    t = np.arange(T)
    for a in (np.full(T, R / np.sqrt(T)), 0.5 * R / np.sqrt(t + 1), 0.1 * R * (1 + 0.5 * np.sin(t))):
        wrong = np.where(rng.random((T, runs)) < 0.3, -1.0, 1.0)
        path = descent(lambda x, s, wrong=wrong: np.where(x >= 0, 1.0, -1.0) * wrong[s], np.full(runs, R), a)[:-1]
        means = np.cumsum(a[:, None] * path, 0) / np.cumsum(a)[:, None]
        averaged, last, *_ = (np.asarray(v, float) for v in bounds(a, R, 1.0))
        why = Text("the mean over 2,000 runs beside its bound", "2,000 次运行的平均与其界")
        yield bound((0.4 * np.abs(means).mean(1) / averaged).max(), 1.0, "≤", why)
        yield bound((0.4 * np.abs(path).mean(1) / last).max(), 1.0, "≤", why)
        rises = np.flatnonzero(np.diff(a) > 0)
        first = rises[0] + 1 if len(rises) else T
        yield identical(np.isinf(last), t >= first)
        yield identical(np.isinf(averaged), np.zeros(T, bool))


def every_path(theta, steps, curvatures, noises):
    """All equally likely iterates on a parabola whose curvature and slope are drawn anew each step; one array a step."""
    path, draws = [np.array([theta])], list(itertools.product(curvatures, noises))
    for a in steps:
        path.append(np.concatenate([path[-1] - a * (h * path[-1] + xi) for h, xi in draws]))
    return path


@CONVERGENCE.claim
def exact_on_a_parabola(bounds, rng):
    r"""On $\frac\lambda2\theta^2$, with gradients $h_t\theta+\xi_t$ of which $h_t=\lambda\pm s$ and $\xi_t=\pm\sigma$ are tossed independently, $\Delta_t$ with $L=\mu=\lambda$ and $\rho=s^2/\lambda^2$ is not a bound, but the mean: all $4^5$ runs of 5 steps between 0 and
    $2\lambda/(\lambda^2+s^2)$ added up. The floor is where it stays"""
    for s in (0.0, 1.5):
        lam, sigma, theta = rng.uniform(0.5, 2, 3)
        steps = rng.uniform(0.1, 0.95, 5) * 2 * lam / (lam**2 + s**2)
        path = every_path(theta, steps, (lam - s, lam + s), (-sigma, sigma))
        exact = [lam / 2 * (x**2).mean() for x in path]
        given = dict(smoothness=lam, variance=sigma**2, growth=s**2 / lam**2, pl=lam)
        yield roundoff(bounds(steps, gap=lam / 2 * theta**2, **given)[2], exact, terms=200)
        floor = float(bounds(steps[:1], gap=1.0, **given)[4][0])
        stays = np.asarray(bounds(np.full(3, steps[0]), gap=floor, **given)[2], float)
        yield roundoff(stays, np.full(4, floor), terms=20)
        yield roundoff(floor, steps[0] * sigma**2 / (2 * (2 - steps[0] * (lam**2 + s**2) / lam)), terms=20)


def valley(x):
    """θ² + 3 sin² θ: not convex, one minimum, L = 8, μ ≥ 0.175; value and slope."""
    return x**2 + 3 * np.sin(x) ** 2, 2 * x + 3 * np.sin(2 * x)


@CONVERGENCE.claim
def linear_without_convexity(bounds, rng):
    r"""$\theta^2+3\sin^2\theta$ is not convex, yet $\frac12f'^2\ge0.175\,f$, and $L=8$ (the function is that of Karimi et al., who state $\frac1{32}$): descent with $\alpha=\frac18$ from a start between 2 and 9 stays below $\Delta_t$, which falls as $(1-\mu/L)^t$. With noise of variance 4 the means of 1,000 runs keep to $\Delta_t$ and
    to the bound on the gradient, with equal and with falling steps"""
    grid = np.linspace(-12, 12, 24001)
    f, slope = valley(grid)
    yield bound(
        (slope**2 / 2 - 0.175 * f).min(), 0.0, "≥", Text("PL on a grid of 24,001 points", "24,001 个格点上的 PL 不等式")
    )
    yield bound(np.diff(slope).min(), 0.0, "≤", Text("slopes that fall: not convex", "斜率有下降之处：非凸"))
    start = rng.uniform(2, 9)
    gap, given = valley(start)[0], dict(smoothness=8.0, pl=0.175)
    steps = np.full(200, 1 / 8)
    path = descent(lambda x, t: valley(x)[1], start, steps)
    found = np.asarray(bounds(steps, gap=gap, variance=0.0, **given)[2], float)
    yield roundoff(found, gap * (1 - 0.175 / 8) ** np.arange(201), terms=400)
    yield bound((valley(path)[0] / found)[1:].max(), 1.0)
    for steps in (np.full(150, 1 / 16), 1 / (8 + 0.2 * np.arange(150))):
        noise = 2 * rng.standard_normal((150, 1000))
        values, slopes = valley(descent(lambda x, t, noise=noise: valley(x)[1] + noise[t], np.full(1000, start), steps))
        _, _, loss, gradient, _ = (np.asarray(v, float) for v in bounds(steps, gap=gap, variance=4.0, **given))
        yield bound(
            (values.mean(1) / loss)[1:].max(),
            1.0,
            "≤",
            Text("the mean over 1,000 runs beside its bound", "1,000 次运行的平均与其界"),
        )
        least = np.minimum.accumulate((slopes**2).mean(1))[:-1]
        yield bound(
            (least / gradient).max(),
            1.0,
            "≤",
            Text("the least mean square of the gradient beside its bound", "梯度均方的最小值与其界"),
        )


@CONVERGENCE.claim
def no_floor_where_all_samples_fit(bounds, rng):
    r"""Least squares with 4 equations for 6 unknowns, orthogonal and of one size: at a solution every sample's gradient is 0, $\sigma=0$ and $1+\rho=4$. With a constant step $\frac1{L(1+\rho)}$ the loss falls by a quarter a step, exactly, without a floor, and without strong convexity"""
    A = np.linalg.qr(rng.standard_normal((6, 4)))[0].T * rng.uniform(0.5, 2)
    b = rng.standard_normal(4)
    L = (A[0] ** 2).sum() / 4  # of ½ mean (A θ − b)²
    steps = np.full(4, 1 / (4 * L))
    path = [np.zeros((1, 6))]
    for a in steps:  # every sample, drawn in all ways
        r = path[-1] @ A.T - b
        path.append((path[-1][:, None] - a * r[:, :, None] * A).reshape(-1, 6))
    exact = [((x @ A.T - b) ** 2).mean() / 2 for x in path]
    loss, _gradient, floor = bounds(np.full(60, steps[0]), gap=exact[0], smoothness=L, variance=0.0, growth=3.0, pl=L)[
        2:
    ]
    yield roundoff(np.asarray(loss, float)[:5], exact, terms=64)
    yield roundoff(np.asarray(loss, float), exact[0] * 0.75 ** np.arange(61), terms=240)
    yield identical(np.asarray(floor, float), np.zeros(60))


@CONVERGENCE.claim
def steps_that_fall_leave_no_floor(bounds, rng):
    r"""With $\alpha_t=\frac a{\mu(t+t_0)}$, $t_0\ge\frac{aL}{2\mu}$ and $\rho=0$, the bound on the loss falls as $1/t$ if $a>\frac12$, to $\frac{L\sigma^2}{2\mu^2t}\cdot\frac{a^2}{2a-1}$, least at $a=1$; with $a=\frac18$ only as $t^{-1/4}$. Equal steps stop at the floor"""
    sizes = np.array([125, 250, 500, 1000, 2000])
    given = dict(gap=1.0, smoothness=2.0, variance=0.5, pl=0.5)
    for a, order, tolerance in ((1.0, -1.0, 0.1), (2.0, -1.0, 0.1), (0.125, -0.25, 0.02)):
        loss = np.asarray(bounds(a / (0.5 * (np.arange(2000) + 8)), **given)[2], float)[sizes]
        yield rate(sizes, loss, order, tolerance)
        if a >= 1:
            limit = 2 * 0.5 / (2 * 0.25) * a**2 / (2 * a - 1)
            yield near(
                loss[-1] * 2000,
                limit,
                0.03 * limit,
                Text(
                    "terms of relative order t₀L/(μt) = 0.016, and its logarithm",
                    "相对误差的阶为 t₀L/(μt) = 0.016 及其对数",
                ),
            )
    equal = bounds(np.full(400, 0.5), **given)
    yield roundoff(float(equal[2][-1]), float(equal[4][-1]), terms=400)


@CONVERGENCE.claim
def slope_that_does_not_change(bounds, rng):
    r"""The bound on the gradient is nearly reached: Huber's function, of slope 1 outside of $\lvert\theta\rvert\le1$, $L=1$, descended with $\alpha=\frac1{10}$ from so far that $T=200$ steps all meet slope 1: it is between 1 and 1.08. With noise and $\alpha=\sqrt{2\Delta_0/(L\sigma^2T)}$ it is $\sqrt{2\Delta_0L\sigma^2/T}$ over $1-\frac12L\alpha$, and falls as $1/\sqrt T$"""
    a, T = 0.1, 200
    start = 1 + a * T
    path = descent(lambda x, t: np.clip(x, -1, 1), start, [a] * T)
    yield identical(np.clip(path[:-1], -1, 1), np.ones(T))
    found = float(bounds(np.full(T, a), gap=start - 0.5, smoothness=1.0, variance=0.0)[3][-1])
    yield bound(1.0, found)
    yield bound(
        found,
        1.08,
        "≤",
        Text("1/(1 − Lα/2) = 1.053, and what is left of the way", "1/(1 − Lα/2) = 1.053，加上剩余路程"),
    )
    sizes = np.array([100, 200, 400, 800])
    steps = np.sqrt(2 / sizes)
    found = [
        bounds(np.full(n, x), gap=1.0, smoothness=1.0, variance=1.0)[3][-1] for n, x in zip(sizes, steps, strict=True)
    ]
    yield roundoff([float(v) for v in found], steps / (1 - steps / 2), terms=3200)
    gap, L, s2 = rng.uniform(0.5, 2, 3)
    a = np.sqrt(2 * gap / (L * s2 * 400))
    other = float(bounds(np.full(400, a), gap=gap, smoothness=L, variance=s2)[3][-1])
    yield roundoff(other, np.sqrt(2 * gap * L * s2 / 400) / (1 - L * a / 2), terms=1600)
    yield rate(sizes, [float(v) for v in found], -0.5, 0.05)


@CONVERGENCE.claim
def units_cancel(bounds, rng):
    r"""$f$ in other units, $cf$ with steps $\alpha/c$; $\theta$ in other units, $\theta=u\varphi$ with steps $\alpha/u^2$; a batch of $B$ with $\sigma^2/B$, $\rho/B$: the bounds follow. The average's and the last's know nothing of $\Delta_0,L,\sigma,\rho,\mu$, and the others nothing of $R$, $G$"""
    a = np.sort(rng.uniform(0.02, 0.2, 9))[::-1].copy()
    R, G, gap, L, s2, rho, mu = 1.3, 2.0, 0.7, 4.0, 0.6, 1.2, 0.9
    first = [np.asarray(v, float) for v in bounds(a, R, G, gap, L, s2, rho, mu)]
    c, u = rng.uniform(1.5, 3, 2)
    units = (
        (bounds(a / c, R, c * G, c * gap, c * L, c * c * s2, rho, c * mu), (c, c, c, c * c, c)),
        (bounds(a / u**2, R / u, u * G, gap, u * u * L, u * u * s2, rho, u * u * mu), (1, 1, 1, u * u, 1)),
        (bounds(a, R, G, gap, L, s2, rho, mu), (1, 1, 1, 1, 1)),
    )
    for found, factors in units:
        for v, w, factor in zip(found, first, factors, strict=True):
            yield invariance(np.asarray(v, float), factor * w, terms=64)
    alone = bounds(a, R, G), bounds(a, gap=gap, smoothness=L, variance=s2, growth=rho, pl=mu)
    yield identical(np.concatenate([np.asarray(v, float) for v in alone[0][:2]]), np.concatenate(first[:2]))
    yield identical(np.concatenate([np.asarray(v, float) for v in alone[1][2:]]), np.concatenate(first[2:]))
    yield identical(
        [np.isfinite(np.asarray(v, float)).any() for v in (*alone[0][3:], *alone[1][:2])], np.zeros(4, bool)
    )
    floors = [
        float(bounds(a[-1:], gap=gap, smoothness=L, variance=s2 / B, growth=rho / B, pl=mu)[4][0]) for B in (1, 8)
    ]
    step = a[-1]
    yield roundoff(floors[0] / floors[1], 8 * (2 - L * (1 + rho / 8) * step) / (2 - L * (1 + rho) * step), terms=20)


@CONVERGENCE.claim
def on_top_of_a_hill(bounds, rng):
    r"""Without convexity the loss need not fall at all: $1-\cos\theta$ from $\theta=\pi$, where the gradient is 0, stays 2 above the minimum for ever, average and all; $RG/\sqrt T$ would allow 0.79 after 16 steps. Without PL, $\mu=0$, the bound on the loss does not fall below $\Delta_0=2$, and that on the gradient is kept: it goes to 0"""
    T = 16
    a = np.full(T, np.pi / np.sqrt(T))
    path = descent(lambda x, t: 0.0 * x, np.pi, a)  # sin π
    yield identical(1 - np.cos(path), np.full(T + 1, 2.0))
    yield bound(
        float(bounds(a, np.pi, 1.0)[0][-1]), 0.79, "≤", Text("as for a convex function: broken", "照凸函数计算：不成立")
    )
    found = bounds(np.full(1000, 0.5), gap=2.0, smoothness=1.0, variance=0.0)
    yield identical(np.asarray(found[2], float), np.full(1001, 2.0))
    yield bound(float(found[3][-1]), 0.006, "≤", Text("Δ₀/Σc = 2/375", "Δ₀/Σc = 2/375"))


@CONVERGENCE.claim
def an_error_that_stays_is_not_averaged_away(bounds, rng):
    r"""Gradients must be right on average given the past. On $\frac\lambda2\theta^2$ with an error drawn once for all, $\pm\sigma$, and kept, its mean over all runs is 0, but given the past it is not: the loss stays at $\sigma^2/2\lambda$, at $\alpha=0.1/\lambda$ nineteen times the floor for new draws"""
    lam, sigma = rng.uniform(0.5, 2, 2)
    a = 0.1 / lam
    ends = [descent(lambda x, t, e=e: lam * x + e, 1.0, [a] * 400)[-1] for e in (-sigma, sigma)]
    stays = lam / 2 * np.mean(np.square(ends))
    yield roundoff(stays, sigma**2 / (2 * lam), terms=400)
    floor = float(bounds(np.array([a]), gap=1.0, smoothness=lam, variance=sigma**2, pl=lam)[4][0])
    yield roundoff(stays / floor, 19.0, terms=400)


@CONVERGENCE.claim
def constants_hold_all_the_way(bounds, rng):
    r"""$G$ must hold at all iterates, not at the start alone. On $\frac12\theta^2$ from 1 with steps of 2.5 the iterates grow by half in size each time; with $G=1$, the slope at the start, the average of 12 seems to be within 1.3 of the minimum, and is 9.2 above it, the last one 3,700"""
    a = np.full(12, 2.5)
    path = descent(lambda x, t: x, 1.0, a)[:-1]
    averaged, last, *_ = bounds(a, 1.0, 1.0)
    digits = Text("half a digit of what is stated", "所述末位的一半")
    yield near(float(averaged[-1]), 1.3, 0.05, digits)
    yield near(path.mean() ** 2 / 2, 9.2, 0.05, digits)
    yield near(path[-1] ** 2 / 2, 3700.0, 50.0, digits)
    yield bound(path[-1] ** 2 / 2, 500 * float(last[-1]), "≥", Text("broken", "不成立"))
    honest = bounds(a, 1.0, np.abs(path).max())
    yield bound(path.mean() ** 2 / 2, float(honest[0][-1]))
    yield bound(path[-1] ** 2 / 2, float(honest[1][-1]))


@CONVERGENCE.claim
def a_step_that_grows(bounds, rng):
    r"""On $\lvert\theta\rvert$ from 1, eight steps of $10^{-6}$, then one of ⅓: the formula for the last iterate would say ⅓, but $\theta_8$ is still where it was, 1 above the minimum. Nothing is promised of it; of the average, the other formula promises 1.67"""
    a = np.array([1e-6] * 8 + [1 / 3])
    path = descent(lambda x, t: np.sign(x), 1.0, a)
    ages = np.maximum(8 - np.arange(9), 1)
    formula = (1 / 9 + (a**2 / ages).sum()) / (2 * a[-1])
    yield near(formula, 1 / 3, 1e-9, Text("the small steps' squares", "小步长的平方"))
    yield bound(path[-2], 0.9999, "≥", Text("broken", "不成立"))
    averaged, last, *_ = bounds(a, 1.0, 1.0)
    yield identical(np.isinf(np.asarray(last, float)), np.arange(9) == 8)
    yield bound((a * path[:-1]).sum() / a.sum(), float(averaged[-1]))
    yield near(float(averaged[-1]), 5 / 3, 1e-4, Text("the small steps' part", "小步长的部分"))


@CONVERGENCE.claim
def a_kink_has_no_rate(bounds, rng):
    r"""$\lvert\theta\rvert$ fulfils $\frac12\lvert f'\rvert^2\ge\frac12f$ on $\lvert\theta\rvert\le1$, but its slope jumps. Whole gradients with a step of 0.1 hop to and fro over the kink, two neighbours together 0.1 above the minimum for ever; with $\mu=\tfrac12$ and any $L$ from $\tfrac12$ to 10 the bound would fall geometrically"""
    path = np.abs(descent(lambda x, t: np.sign(x), 0.925, [0.1] * 300))
    yield near(path[-1] + path[-2], 0.1, 1e-12, Text("rounding of 300 steps", "300 步的舍入"))
    for L in (0.5, 1.0, 10.0):
        found = np.asarray(bounds(np.full(300, 0.1), gap=0.925, smoothness=L, variance=0.0, pl=0.5)[2], float)
        yield roundoff(found[1], 0.925 * (1 - 0.1 * (1 - L * 0.05)))
        yield bound(found[-1], 1e-6)


@CONVERGENCE.claim
def noise_that_grows_narrows_the_step(bounds, rng):
    r"""On $\frac12\theta^2$ with slopes $(1\pm s)\theta$, $s=2$, and a step of 0.5, below 2 but above $\frac{2}{1+s^2}=0.4$: the mean of $f$ over all runs grows by a quarter a step. With $\rho=s^2$ nothing is promised; with $\rho=0$, as if the noise did not grow, it would be quartered each time. At 0.3 it falls, by 0.85"""
    for a, factor in ((0.5, 1.25), (0.3, 0.85)):
        path = every_path(1.0, np.full(6, a), (-1.0, 3.0), (0.0,))
        exact = np.array([(x**2).mean() / 2 for x in path])
        yield roundoff(exact[1:] / exact[:-1], np.full(6, factor), terms=64)
        found = np.asarray(bounds(np.full(6, a), gap=0.5, smoothness=1.0, variance=0.0, growth=4.0, pl=1.0)[2], float)
        if a > 0.4:
            yield identical(np.isinf(found), np.arange(7) > 0)
        else:
            yield roundoff(found, exact, terms=64)
    wrong = np.asarray(bounds(np.full(6, 0.5), gap=0.5, smoothness=1.0, variance=0.0, pl=1.0)[2], float)
    yield roundoff(wrong, 0.5 * 0.25 ** np.arange(7), terms=64)


@CONVERGENCE.claim
def beyond_the_largest_step(bounds, rng):
    r"""From a step above $2/(L(1+\rho))$ on, nothing is promised of loss and gradient: on $\frac12(x^2+10y^2)$ steps of 0.21 grow in $y$ without end, though $1-2\mu c_t$ would be 1.02 only. Up to there the bounds stand, and the average's is not touched"""
    a = np.full(30, 0.21)
    path = descent(lambda x, t: np.array([1.0, 10.0]) * x, np.array([1.0, 0.1]), a)
    values = (path**2) @ [0.5, 5.0]
    yield bound(values[-1] / values[0], 1.02**30, "≥", Text("faster than the formula", "比公式增长更快"))
    mixed = np.array([0.1, 0.15, 0.21, 0.05, 0.05])
    averaged, _, loss, gradient, floor = (
        np.asarray(v, float) for v in bounds(mixed, 1.0, 1.0, 1.0, 10.0, 0.1, 0.0, 1.0)
    )
    yield identical(np.isinf(loss), np.arange(6) > 2)
    yield identical(np.isinf(gradient), np.arange(5) > 1)
    yield identical(np.isinf(floor), np.arange(5) == 2)
    yield identical(np.isinf(averaged), np.zeros(5, bool))


@CONVERGENCE.claim
def flat_minima_are_slow(bounds, rng):
    r"""$\frac14\theta^4$ is convex, but $\frac12f'^2/f=2\theta^2$ has no lower bound $\mu>0$: descent with $\alpha=0.2$ falls as $T^{-2}$ only. With $\mu=0.05$, which holds as far as $\theta\ge0.16$, the bound is broken after 2,000 steps; with $\mu=0$ it is kept"""
    T = 2000
    a = np.full(T, 0.2)
    path = descent(lambda x, t: x**3, 1.0, a)
    f = path**4 / 4
    sizes = [250, 500, 1000, 2000]
    yield rate(sizes, f[sizes], -2.0, 0.04)
    given = dict(gap=0.25, smoothness=3.0, variance=0.0)
    yield bound(f[-1], 100 * float(bounds(a, pl=0.05, **given)[2][-1]), "≥", Text("broken", "不成立"))
    found = bounds(a, **given)
    yield bound(f[-1], float(found[2][-1]))
    yield bound((path[:-1] ** 6).min(), float(found[3][-1]))


@CONVERGENCE.claim
def a_floor_of_many_curvatures(bounds, rng):
    r"""On $\frac12\sum_i\lambda_i\theta_i^2$ with noise of variance $\sigma_i^2$ in each direction the excess settles at $\sum_i\frac{\alpha\sigma_i^2}{2(2-\alpha\lambda_i)}$, for small steps $\frac\alpha4\sum_i\sigma_i^2$ whatever the curvatures. The bound, which knows only $L$ and $\mu$, is at least as large, and
    at most $\frac L\mu\cdot\frac2{2-L\alpha}$ times too large; it is exact where they are all equal"""
    lam, var = np.array([0.1, 0.5, 2.0, 10.0]), rng.uniform(0.1, 1, 4)
    for a, equal in ((0.15, False), (0.01, False), (0.15, True)):
        curvature = np.full(4, 2.0) if equal else lam
        second = a**2 * var  # after 1 step
        for t in range(1, 17):  # twice as many: a sum of powers of (1 − αλ)² and its shifted copy
            second = second + (1 - a * curvature) ** 2**t * second
        exact = (curvature * second).sum() / 2
        yield roundoff(exact, (a * var / (2 * (2 - a * curvature))).sum(), terms=64)
        found = float(
            bounds(np.array([a]), gap=1.0, smoothness=curvature.max(), variance=var.sum(), pl=curvature.min())[4][0]
        )
        if equal:
            yield roundoff(found, exact, terms=64)
        else:
            yield bound(exact, found)
            yield bound(found, 100 * 2 / (2 - 10 * a) * exact)


@CONVERGENCE.claim
def the_best_next_step(bounds, rng):
    r"""From an excess $\Delta$ the bound after one more step is least, $(1-\mu\alpha)\Delta$, for $\alpha=\frac{2\mu\Delta}{L(\sigma^2+2\mu(1+\rho)\Delta)}$: nearly $\frac1{L(1+\rho)}$ where $\Delta$ is large; on the floor of a step, half of that step"""
    L, s2, rho = rng.uniform(0.5, 3, 3)
    mu = rng.uniform(0.2, 1) * L
    given = dict(smoothness=L, variance=s2, growth=rho, pl=mu)

    def after(step, gap):
        return float(bounds(np.array([step]), gap=gap, **given)[2][-1])

    for gap in rng.uniform(0.1, 3, 2):
        a = 2 * mu * gap / (L * (s2 + 2 * mu * (1 + rho) * gap))
        yield roundoff(after(a, gap), (1 - mu * a) * gap, terms=20)
        for other in (0.8 * a, 1.25 * a):
            lost = L * (mu * (1 + rho) * gap + s2 / 2) * (other - a) ** 2
            yield roundoff(after(other, gap), (1 - mu * a) * gap + lost, terms=40)
    step = rng.uniform(0.2, 0.9) * 2 / (L * (1 + rho))
    floor = float(bounds(np.array([step]), gap=1.0, **given)[4][0])
    yield roundoff(2 * mu * floor / (L * (s2 + 2 * mu * (1 + rho) * floor)), step / 2, terms=40)
    yield roundoff(after(step / 2, floor), (1 - mu * step / 2) * floor, terms=40)
    far = 2 * mu * 1e9 / (L * (s2 + 2 * mu * (1 + rho) * 1e9))
    yield roundoff(after(far, 1e9) / 1e9, 1 - mu * far, terms=40)
    yield near(far * L * (1 + rho), 1.0, 1e-6, Text("σ² beside 2μ(1+ρ)Δ", "σ² 与 2μ(1+ρ)Δ 之比"))


NAMES = ("averaged", "last", "loss", "gradient", "floor")


def changed(given, **other):
    """The definition's results for the constants given, some of them replaced."""
    found = dict(zip(NAMES, sgd_convergence(**given), strict=True))
    return tuple((found | other)[name] for name in NAMES)


def arguments(step_sizes, **constants):
    unknown = dict.fromkeys(("distance", "second_moment", "gap", "smoothness", "variance"), np.inf)
    return {"step_sizes": step_sizes, **unknown, "growth": 0.0, "pl": 0.0, **constants}


@CONVERGENCE.mutant(caught_by="last-iterate-pays-half-a-logarithm, a-step-that-grows, runs-keep-to-the-bounds")
def average_left_out(step_sizes, **given):
    """the average's bound said of the last iterate"""
    given = arguments(step_sizes, **given)
    return changed(given, last=sgd_convergence(**given)[0])


@CONVERGENCE.mutant(caught_by="last-iterate-pays-half-a-logarithm, equals-definition")
def a_whole_logarithm(step_sizes, **given):
    """the sum over ages without the half that the squares bring: 1 + log T for the last iterate"""
    given = arguments(step_sizes, **given)
    a = given["step_sizes"]
    _averaged, last, *_ = sgd_convergence(**given)
    with np.errstate(invalid="ignore"):
        steady = (given["distance"] ** 2 + given["second_moment"] ** 2 * np.cumsum(a**2)) / (
            2 * a * np.arange(1, len(a) + 1)
        )
        return changed(given, last=np.where(np.isfinite(last), 2 * last - steady, np.inf))


@CONVERGENCE.mutant(caught_by="a-step-that-grows, runs-keep-to-the-bounds")
def last_for_any_steps(step_sizes, **given):
    """the last iterate's formula also where steps grow"""
    given = arguments(step_sizes, **given)
    a, R, G = (given[k] for k in ("step_sizes", "distance", "second_moment"))
    last = np.full(len(a), np.inf)
    for t in range(1, len(a) + 1 if max(R, G) < np.inf else 0):
        ages = np.maximum(t - 1 - np.arange(t), 1)
        last[t - 1] = (R**2 / t + G**2 * (a[:t] ** 2 / ages).sum()) / (2 * a[t - 1])
    return changed(given, last=last)


@CONVERGENCE.mutant(caught_by="attained-by-the-average, no-method-is-much-faster")
def half_lost(step_sizes, **given):
    """the ½ of the telescoped squares lost: R² + G²Σα² over Σα"""
    given = arguments(step_sizes, **given)
    return changed(given, averaged=2 * sgd_convergence(**given)[0])


@CONVERGENCE.mutant(caught_by="attained-by-the-average, no-method-is-much-faster, constants-hold-all-the-way")
def as_without_noise(step_sizes, **given):
    """1/T for the average, as for smooth functions and whole gradients"""
    given = arguments(step_sizes, **given)
    return changed(given, averaged=sgd_convergence(**(given | dict(second_moment=0.0)))[0])


@CONVERGENCE.mutant(caught_by="exact-on-a-parabola, steps-that-fall-leave-no-floor")
def floor_forgotten(step_sizes, **given):
    """the geometric rate for noisy gradients, without what the noise feeds in"""
    given = arguments(step_sizes, **given)
    quiet = sgd_convergence(**(given | dict(variance=min(given["variance"], 0.0))))
    return changed(given, loss=quiet[2])


@CONVERGENCE.mutant(
    caught_by="exact-on-a-parabola, linear-without-convexity, flat-minima-are-slow, a-kink-has-no-rate, the-best-next-step"
)
def one_mu_for_two(step_sizes, **given):
    """1 − μc for 1 − 2μc"""
    given = arguments(step_sizes, **given)
    half = sgd_convergence(**(given | dict(pl=given["pl"] / 2)))
    return changed(given, loss=half[2], floor=half[4])


@CONVERGENCE.mutant(caught_by="exact-on-a-parabola, a-floor-of-many-curvatures")
def small_steps_only(step_sizes, **given):
    """c = α, the square of the step left out"""
    given = arguments(step_sizes, **given)
    a, L, mu = (given[k] for k in ("step_sizes", "smoothness", "pl"))
    loss, _, floor = (v.copy() for v in sgd_convergence(**given)[2:])
    for t in np.flatnonzero(np.isfinite(loss[1:])).tolist():
        fed = L * given["variance"] * a[t] ** 2 / 2
        loss[t + 1] = (1 - 2 * mu * a[t]) * loss[t] + fed
        floor[t] = fed / (2 * mu * a[t]) if mu else np.inf
    return changed(given, loss=loss, floor=floor)


@CONVERGENCE.mutant(caught_by="exact-on-a-parabola, noise-that-grows-narrows-the-step, no-floor-where-all-samples-fit")
def growth_forgotten(step_sizes, **given):
    """noise of one size everywhere, however much it grows with the gradient"""
    given = arguments(step_sizes, **given)
    return sgd_convergence(**(given | dict(growth=0.0)))


@CONVERGENCE.mutant(caught_by="no-floor-where-all-samples-fit, units-cancel, noise-that-grows-narrows-the-step")
def always_a_floor(step_sizes, **given):
    """a constant step never converges: growing noise counted as noise at the minimum, too"""
    given = arguments(step_sizes, **given)
    more = given["variance"] + given["growth"]
    return sgd_convergence(**(given | dict(variance=more)))


@CONVERGENCE.mutant(caught_by="beyond-the-largest-step, noise-that-grows-narrows-the-step")
def no_largest_step(step_sizes, **given):
    """the recursion of the loss for any step"""
    given = arguments(step_sizes, **given)
    a, L, mu = (given[k] for k in ("step_sizes", "smoothness", "pl"))
    loss = [given["gap"]]
    for x in a if max(L, given["variance"], given["gap"]) < np.inf else ():
        loss.append(
            (1 - 2 * mu * x * (1 - L * (1 + given["growth"]) * x / 2)) * loss[-1] + L * given["variance"] * x**2 / 2
        )
    return changed(given, loss=np.array(loss) if len(loss) > 1 else sgd_convergence(**given)[2])


@CONVERGENCE.mutant(caught_by="on-top-of-a-hill, equals-definition")
def loss_falls_anyway(step_sizes, **given):
    """the gradient's rate said of the loss, where no PL inequality is known"""
    given = arguments(step_sizes, **given)
    _, _, loss, gradient, _ = sgd_convergence(**given)
    if given["pl"] > 0:
        return changed(given)
    return changed(given, loss=np.concatenate([loss[:1], gradient]))


@CONVERGENCE.mutant(caught_by="slope-that-does-not-change, equals-definition")
def gradient_without_noise(step_sizes, **given):
    """Δ₀/Σα for the gradient, as without noise and with steps that are small"""
    given = arguments(step_sizes, **given)
    gradient = sgd_convergence(**given)[3]
    return changed(
        given, gradient=np.where(np.isfinite(gradient), given["gap"] / np.cumsum(given["step_sizes"]), np.inf)
    )


@CONVERGENCE.mutant(
    caught_by="exact-on-a-parabola, a-floor-of-many-curvatures, an-error-that-stays-is-not-averaged-away"
)
def floor_with_the_square(step_sizes, **given):
    """the floor α²σ²L/2, what one step feeds in"""
    given = arguments(step_sizes, **given)
    floor = sgd_convergence(**given)[4]
    fed = given["smoothness"] * given["variance"] * given["step_sizes"] ** 2 / 2
    return changed(given, floor=np.where(np.isfinite(floor), fed, np.inf))


CONVERGENCE.erratum(
    "E262",
    common=r"For a smooth, non-convex $f$: $\mathbb E f(\theta_T)-f^\star=O(1/\sqrt T)$ (a common slip)",
    why=r"$1-\cos\theta$ is smooth; from $\theta=\pi$, where its gradient is 0, it stays 2 above the minimum for ever.",
    right=r"the rate is of $\min_t\mathbb E\lVert\nabla f(\theta_t)\rVert^2$, for steps proportional to $1/\sqrt T$; of the loss it is one under the PL inequality",
    claims="on-top-of-a-hill, slope-that-does-not-change",
)
CONVERGENCE.erratum(
    "E263",
    common="Stochastic gradient descent with a constant step cannot converge; it always stays on a noise floor (a common slip)",
    why=r"Where all samples fit, the noise vanishes at the minimum: 4 equations, 6 unknowns, a constant step, and the loss falls by a quarter a step to 0.",
    right=r"The floor is proportional to $\sigma^2$, the noise at the minimum; with $\sigma=0$ and $\alpha<2/(L(1+\rho))$ it converges geometrically, under the PL inequality",
    claims="no-floor-where-all-samples-fit, exact-on-a-parabola",
)
CONVERGENCE.erratum(
    "E264",
    common="Gradient descent has a geometric rate only if $f$ is strongly convex (a common slip)",
    why=r"$\theta^2+3\sin^2\theta$ is not even convex, least squares with more unknowns than equations not strongly, and both fall geometrically.",
    right=r"With a step below $\frac2L$ it is enough that $\nabla f$ is $L$-Lipschitz and $\frac12\lVert\nabla f\rVert^2\ge\mu(f-f^\star)$ with $\mu>0$ wherever the iterates go",
    claims="linear-without-convexity, no-floor-where-all-samples-fit, flat-minima-are-slow",
)


@CONVERGENCE.figure(
    alpha=Slider(0.02, 0.95, 0.3, "step size α", log=True),
    sigma=Slider(0.05, 1, 0.4, "noise σ", log=True),
    rho=Slider(0, 4, 0.5, "growth of the noise ρ"),
)
def figure(alpha, sigma, rho):
    T, runs, rng = 400, 400, np.random.default_rng(0)
    lam, mu = np.array([1.0, 0.2]), 0.2
    start = np.array([1.0, 2.0])
    gap = float(lam @ start**2 / 2)
    t = np.arange(T)
    equal, falling = np.full(T, alpha), alpha / (1 + mu * alpha * t)

    def noisy(x, step):
        g = lam * x
        size = np.sqrt((sigma**2 + rho * (g**2).sum(-1, keepdims=True)) / 2)
        return g + size * rng.standard_normal(x.shape)

    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    steady = dict(gap=gap, smoothness=1.0, variance=sigma**2, growth=rho, pl=mu)
    ends = []
    for steps, colour, name in (
        (equal, COLOURS[0], r"$\alpha$ constant"),
        (falling, COLOURS[1], r"$\alpha$ falling as $1/t$"),
    ):
        with np.errstate(over="ignore", invalid="ignore"):
            loss = (lam * descent(noisy, np.tile(start, (runs, 1)), steps) ** 2).sum(-1).mean(-1) / 2
        limit = sgd_convergence(steps, **steady)[2]
        left.loglog(np.arange(T) + 1, loss[1:], color=colour, lw=1.6, label=name)
        left.loglog(np.arange(T) + 1, limit[1:], color=colour, lw=1.2, ls="--")
        ends.append((float(loss[-40:].mean()), float(limit[-1])))
    left.plot([], [], color="0.4", ls="--", lw=1.2, label="bound")
    left.set(xlabel="step", ylabel=r"$\mathrm{E}\,f(\theta_t)-f^\star$", ylim=(1e-4, 20))
    left.legend(fontsize=9.5, frameon=False, loc="lower left")
    sizes = np.unique(np.geomspace(2, 300, 25).astype(int))
    both = np.array(
        [[v[-1] for v in sgd_convergence(np.full(n, 1 / np.sqrt(n)), 1.0, 1.0)[:2]] for n in sizes.tolist()]
    )
    right.loglog(sizes, both[:, 1], color=COLOURS[3], label="last iterate")
    right.loglog(sizes, both[:, 0], color=COLOURS[2], label="average, attained")
    right.loglog(sizes, 0.3 / np.sqrt(sizes), color="0.45", ls=":", label="no method is below")
    right.set(xlabel="steps T", ylabel=r"excess in units of $RG$")
    right.legend(fontsize=9.5, frameon=False, loc="lower left")
    shown = [f"{e[0]:.2g}" if np.isfinite(e[0]) and e[0] < 1e6 else "∞" for e in ends]
    limits = [f"{e[1]:.2g}" if np.isfinite(e[1]) else "∞" for e in ends]
    words = Text(
        f"½(x² + 0.2 y²), noise σ = {sigma:.2g}, ρ = {rho:.2g}, step {alpha:.2g}. Over the last 40 of {T} steps {runs} runs are {shown[0]} above the minimum with "
        f"a constant step (bound {limits[0]}), {shown[1]} with one that falls (bound {limits[1]}). For any convex function the average of T iterates is in the mean within RG/√T of the minimum, the last within that "
        f"times 1 + ½(1 + ½ + … + 1/(T − 1)), with steps R/(G√T).",
        f"½(x² + 0.2 y²)，噪声 σ = {sigma:.2g}，ρ = {rho:.2g}，步长 {alpha:.2g}。在 {T} 步中的最后 40 步，{runs} 次运行平均高出最小值：常数步长 {shown[0]}"
        f"（界为 {limits[0]}），下降的步长 {shown[1]}（界为 {limits[1]}）。对任何凸函数，步长均取 R/(G√T)，T 个迭代点的平均就均值而言高出最小值不超过 RG/√T，最后一个不超过其 1 + ½(1 + ½ + … + 1/(T − 1)) 倍。",
    )
    return Drawing(fig, words)
