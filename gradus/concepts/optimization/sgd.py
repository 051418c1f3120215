"""Stochastic gradient descent: the gradient of a few samples in place of the mean over all."""

from itertools import combinations, product

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.optimization.problems import as_like
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(SGD, gradient, theta0, batches, alpha):
    import torch

    from gradus.optimization.trajectory import trajectory

    rows = iter(batches.tolist())

    def of_a_batch(theta):
        return torch.stack([gradient(theta, i) for i in next(rows)]).mean(0)

    rates = np.broadcast_to(alpha.tolist() if isinstance(alpha, torch.Tensor) else alpha, len(batches))
    return trajectory(lambda p: SGD(p, lr=1.0), of_a_batch, theta0, len(batches), step_sizes=rates)


SGD = Concept(
    key="sgd",
    kind="algorithm",
    title="Stochastic gradient descent",
    summary="Descent with the mean gradient of a small batch of samples. It is right on average, at a fraction of "
    "the cost; its noise leaves the iterates hovering above the minimum unless the step shrinks, or the iterates are "
    "averaged.",
    formulas=(
        r"g_t=\frac1B\sum_{i\in\mathcal B_t}\nabla f_i(\theta_t),\qquad \theta_{t+1}=\theta_t-\alpha_{t+1}\,g_t,\qquad f=\frac1N\sum_{i=1}^{N}f_i",
        r"\mathbb E[g_t]=\nabla f(\theta_t),\qquad \operatorname{Var}(g_t)=\frac{\sigma^2}{B}\quad(\mathcal B_t\in\{1,\dots,N\}^B),\qquad "
        r"\operatorname{Var}(g_t)=\frac{\sigma^2}{B}\cdot\frac{N-B}{N-1}\quad(\lvert\mathcal B_t\rvert=B)",
        r"\theta_t\to\theta^\star:\qquad\sum_t\alpha_t=\infty,\qquad \sum_t\alpha_t^2<\infty",
        r"\mathbb E\,f(\bar\theta_T)-f^\star\le\frac{RG}{\sqrt T}\qquad\alpha=\frac{R}{G\sqrt T},\quad "
        r"\bar\theta_T=\frac1T\sum_{t<T}\theta_t",
    ),
    symbols=(
        Symbol(r"\nabla f_i", "gradient", "function", "gradient of the loss of sample i, called as (θ, i)", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol(
            r"\mathcal B_t",
            "batches",
            "T B",
            "the samples of each step, drawn beforehand: a tuple with replacement, a set without",
            "index",
        ),
        Symbol(r"\alpha_t", "alpha", "", "step size of the t-th step: one for all, or T of them", "positive"),
        Symbol("B", "", "", "size of a batch"),
        Symbol("N", "", "", "number of samples"),
        Symbol(r"\sigma^2", "", "d", "variance of the samples' gradients at θ (divided by N)"),
        Symbol(r"\theta^\star,\ f^\star", "", "", "a minimiser, and the minimum"),
        Symbol(r"\bar\theta_T", "", "d", "mean of the first T iterates"),
        Symbol("R", "", "", r"distance of the start from a minimiser, $\lVert\theta_0-\theta^\star\rVert$"),
        Symbol("G", "", "", r"bound on the gradients: $\mathbb E\lVert g_t\rVert^2\le G^2$"),
    ),
    needs=("gradient-descent", "expectation"),
    source="robbins1951stochastic",
    year=1951,
    people=("Herbert Robbins", "Sutton Monro"),
    aliases="minibatch, mini-batch gradient descent, Robbins-Monro, batch size, epoch, "
    "随机梯度下降法, 小批量梯度下降, 小批量, 批量大小, 批大小, 训练轮次",
    implementations=(Implementation("torch.optim:SGD", "torch", _torch, "with the mean gradient of a batch"),),
    readings="bottou2018optimization §4; goodfellow2016deep §8.3.1; polyak1992acceleration; harvey2019tight §3",
    hypotheses=(
        Hypothesis("unbiased: each batch is drawn uniformly, whatever was drawn in the steps before", "in-order"),
        Hypothesis(r"it arrives: $\sum_t\alpha_t=\infty$", "summable-steps-stop-short"),
        Hypothesis(r"it settles: $\sum_t\alpha_t^2<\infty$", "noise-floor-is-proportional-to-the-step"),
        Hypothesis("the last two lines: $f$ is convex and has a minimiser", "stays-at-a-saddle"),
        Hypothesis(
            r"the line before the last: $\mathbb E\lVert g_t\rVert^2\le c\,(1+\lVert\theta_t-\theta^\star\rVert^2)$ with some $c$",
            "steep-gradients-run-away",
        ),
        Hypothesis("the last line: the iterates are averaged", "last-iterate-pays-a-logarithm"),
    ),
    conventions=(
        Convention(
            "how samples are drawn",
            "by the caller, beforehand; theory mostly draws with replacement",
            "practice goes through a shuffled epoch without replacement",
        ),
    ),
    proof=Proof(
        r"(Convex, averaged.) $\lVert\theta_{t+1}-\theta^\star\rVert^2=\lVert\theta_t-\theta^\star\rVert^2-2\alpha "
        r"g_t^{\mathsf T}(\theta_t-\theta^\star)+\alpha^2\lVert g_t\rVert^2$. In the mean $\mathbb E\,g_t^{\mathsf "
        r"T}(\theta_t-\theta^\star)\ge\mathbb E f(\theta_t)-f^\star$ by convexity; summed over $T$ steps, $2\alpha\sum_t(\mathbb "
        r"E f(\theta_t)-f^\star)\le R^2+T\alpha^2G^2$, and $f(\bar\theta_T)\le\frac1T\sum_t f(\theta_t)$. With "
        r"$\alpha=R/(G\sqrt T)$ that is $RG/\sqrt T$. (Not convex.) If $\nabla f$ is $L$-Lipschitz, $f\ge f^\star$, the "
        r"variance of $g_t$ is at most $\sigma^2$ and $\alpha\le\frac1L$, then $f(\theta_{t+1})\le f(\theta_t)-\alpha\nabla "
        r"f(\theta_t)^{\mathsf T}g_t+\frac{L\alpha^2}2\lVert g_t\rVert^2$ gives in the mean $\mathbb "
        r"E f(\theta_{t+1})\le\mathbb E f(\theta_t)-\frac\alpha2\mathbb E\lVert\nabla "
        r"f(\theta_t)\rVert^2+\frac{L\alpha^2\sigma^2}2$; summed, $\min_t\mathbb E\lVert\nabla "
        r"f(\theta_t)\rVert^2\le\frac{2(f(\theta_0)-f^\star)}{\alpha T}+L\alpha\sigma^2=O(1/\sqrt T)$ for "
        r"$\alpha\propto1/\sqrt T$."
    ),
    differentiable=False,
    longest_sum=64,
)


@SGD.definition
def sgd(gradient, theta0, batches, alpha):
    theta = [theta0]
    for batch, a in zip(batches, np.broadcast_to(alpha, len(batches)), strict=True):
        g = sum(gradient(theta[-1], int(i)) for i in batch) / len(batch)
        theta.append(theta[-1] - a * g)
    return np.stack(theta)  # (T + 1, d)


def squares(rows, hessian=1.0):
    r"""Gradients of $f_i(\theta)=\frac12(\theta-x_i)^{\mathsf T}H(\theta-x_i)$, H diagonal, with the rows x_i."""
    rows = np.asarray(rows, float)

    @generic
    def gradient(theta, i):
        return as_like(hessian, theta) * (theta - as_like(rows[i], theta))

    return gradient


def singles(steps):
    """Batches of one sample, each used once: a stream."""
    return np.arange(steps)[:, None]


@SGD.example
def example():
    x = np.array([[1.0], [2.0], [6.0]])
    gradient, theta0 = squares(x), np.array([0.0])
    batches, alpha = np.array([[2], [0], [1], [2]]), np.array([1.0, 0.5, 1 / 3, 0.25])
    theta = sgd(gradient, theta0, batches, alpha)
    constant = sgd(gradient, theta0, batches, 0.5)
    drawn = x[batches[:, 0], 0]
    spread = ((x - x.mean()) ** 2).mean()
    return (
        dict(gradient=gradient, theta0=theta0, batches=batches, alpha=alpha, x=x[:, 0], mean=x.mean())
        | dict(drawn=drawn, theta=theta[:, 0], g=theta[:-1, 0] - drawn, constant=constant[:, 0])
        | dict(spread=spread, pair=spread / 2, pair_set=spread / 2 * (3 - 2) / (3 - 1))
        | dict(floor=0.5 / 1.5 * spread, drawn_mean=drawn.mean())
    )


@SGD.exercise
def four_times_the_batch():
    return number(2.0, as_the_variance=4.0, not_at_all=1.0)


@SGD.exercise
def which_schedule():
    t = np.arange(1.0, 1e6)

    def sums(alpha):
        return alpha.sum() - alpha[: len(t) // 10].sum() > 0.5, (alpha**2).sum() - (alpha**2)[
            : len(t) // 10
        ].sum() < 0.01

    return choice(
        harmonic=all(sums(1 / t)),
        constant=all(sums(np.full_like(t, 0.1))),
        squares=all(sums(1 / t**2)),
        root=all(sums(t**-0.5)),
    )


@SGD.exercise
def noise_floor():
    return number(0.5 / 1.5 * 9.0, no_averaging=9.0, per_step=0.5**2 * 9.0)


@SGD.cases
def cases(rng):
    X = rng.integers(-8, 8, (10, 3)) / 4.0  # exact in every precision
    draws = rng.integers(0, 10, (12, 4))
    halves = squares(X, [1.0, 0.5, 2.0])
    yield ("batches of four", dict(gradient=halves, theta0=np.array([1.0, -2.0, 0.5]), batches=draws, alpha=0.25))
    yield "one sample a step", dict(gradient=squares(X), theta0=np.zeros(3), batches=singles(10), alpha=0.125)
    yield (
        "a step size for each step",
        dict(gradient=squares(X), theta0=np.ones(3), batches=draws[:6], alpha=1 / np.arange(1.0, 7)),
    )
    yield "no step", dict(gradient=squares(X), theta0=np.ones(3), batches=np.zeros((0, 2), int), alpha=0.5)
    yield (
        "the whole set",
        dict(gradient=squares(X), theta0=np.ones(3), batches=np.tile(np.arange(10), (3, 1)), alpha=0.5),
    )
    yield (
        "as many steps as samples in a batch",
        dict(gradient=squares(X), theta0=np.ones(3), batches=draws[:4], alpha=0.125),
    )


@SGD.invalid
def invalid(rng):
    def other_shape(theta, i):
        return as_like(np.ones(3), theta)

    yield (
        "a gradient of another shape",
        dict(gradient=other_shape, theta0=np.ones(2), batches=np.zeros((2, 1), int), alpha=0.1),
    )
    yield (
        "fewer step sizes than steps",
        dict(gradient=squares(np.ones((4, 2))), theta0=np.ones(2), batches=np.zeros((4, 1), int), alpha=np.ones(3)),
    )


def estimates(sgd, X, batches):
    """The gradient that each batch gives at 0, read from one step of size 1: minus the mean of its rows."""
    gradient, start = squares(X), np.zeros(X.shape[1])
    return np.array([sgd(gradient, start, np.array([batch]), 1.0)[1] for batch in batches])


@SGD.claim
def gradient_is_unbiased(sgd, rng):
    """The mean over all batches that can be drawn, each as likely, is the full gradient, with replacement or without"""
    X = rng.standard_normal((5, 2))
    every = (product(range(5), repeat=2), combinations(range(5), 3))
    return all_of(*[roundoff(estimates(sgd, X, b).mean(0), X.mean(0), terms=25, scale=2.0) for b in every])


@SGD.claim
def variance_falls_like_one_over_batch(sgd, rng):
    r"""Drawn with replacement, the variance is exactly $\sigma^2/B$: all $N^B$ batches enumerated"""
    X = rng.standard_normal((4, 3))
    for B in (1, 2, 3):
        yield roundoff(estimates(sgd, X, product(range(4), repeat=B)).var(0), X.var(0) / B, terms=4**B, scale=2.0)


@SGD.claim
def finite_population_factor(sgd, rng):
    r"""Without replacement it is $\frac{\sigma^2}{B}\cdot\frac{N-B}{N-1}$, and 0 for the whole set"""
    X = rng.standard_normal((6, 2))
    for B in range(1, 7):
        yield roundoff(
            estimates(sgd, X, combinations(range(6), B)).var(0), X.var(0) / B * (6 - B) / 5, terms=20, scale=2.0
        )


@SGD.claim
def one_over_t_gives_the_running_mean(sgd, rng):
    r"""With $\alpha_t=1/t$ on $\tfrac12(\theta-x_i)^2$ the iterate is the mean of the samples so far, exactly"""
    X, t = rng.standard_normal((200, 3)), np.arange(1.0, 201)
    theta = sgd(squares(X), np.array([9.0, -9.0, 0.0]), singles(200), 1 / t)
    return roundoff(theta[1:], np.cumsum(X, 0) / t[:, None], terms=200, scale=9.0)


@SGD.claim
def summable_steps_stop_short(sgd, rng):
    r"""Steps with a finite sum stop short: on $\tfrac12\theta^2$, $\alpha_t=1/(t+1)^2$ leaves $\theta_T=\theta_0\frac{T+2}{2(T+1)}$, half the
    way for ever"""
    t = np.arange(1.0, 501)
    theta = sgd(squares(np.zeros((500, 1))), np.ones(1), singles(500), 1 / (t + 1) ** 2)[1:, 0]
    return roundoff(theta, (t + 2) / (2 * (t + 1)), terms=500)


@SGD.claim
def steep_gradients_run_away(sgd, rng):
    r"""Where gradients grow faster than the distance the steps $1/t$ may run away: on $\tfrac14\theta^4$, which is convex,
    $\theta$ goes from 3 to −24 and 6888, and beyond all bounds"""
    cubes = generic(lambda theta, i: theta**3)
    theta = sgd(cubes, np.array([3.0]), singles(4), 1 / np.arange(1.0, 5))[:, 0]
    farther = Text("each step at least a hundred times as far as the one before", "每一步都至少比前一步远一百倍")
    yield roundoff(theta[:3], [3.0, -24.0, 6888.0], terms=4)
    yield bound(np.abs(theta[2:] / theta[1:-1]).min(), 100.0, "≥", farther)


def spread(sgd, rng, steps, alpha, replicas):
    """Final iterates of independent runs on ½(θ − ξ)² from 0: each coordinate is a run with noise of its own."""
    noise = rng.standard_normal((steps, replicas))
    return sgd(squares(noise), np.zeros(replicas), singles(steps), alpha)[-1]


@SGD.claim
def noise_floor_is_proportional_to_the_step(sgd, rng):
    r"""A constant step leaves a noise floor: on $\tfrac12(\theta-x_i)^2$, with the minimiser 0,
    $\mathbb E\,\theta^2\to\frac{\alpha}{2-\alpha}\sigma^2$, for small $\alpha$ proportional to it"""
    steps, floors = (0.1, 0.05, 0.025, 0.0125), []
    for a in steps:
        T = int(3 / a)
        squared = spread(sgd, rng, T, a, 2000) ** 2
        reached = 1 - (1 - a) ** (2 * T)  # what is missing after 3/α steps is known exactly
        yield statistical(squared, a / (2 - a) * reached)
        floors.append(squared.mean() / reached)
    yield rate(steps, floors, 1.0, 0.15)


@SGD.claim
def strongly_convex_rate(sgd, rng):
    r"""On $\tfrac\mu2(\theta-x_i)^2$, strongly convex, with $\alpha_t=1/(\mu t)$ the mean squared error is
    $\sigma^2/(\mu^2T)$, slope −1 ($\mu=3$, gradients of variance $\sigma^2=9$)"""
    noise, t = rng.standard_normal((512, 1000)), np.arange(1.0, 513)
    theta = sgd(squares(noise, 3.0), np.ones(1000), singles(512), 1 / (3 * t))
    sizes = [16, 32, 64, 128, 256, 512]
    squared = [theta[T] ** 2 for T in sizes]
    means = [s.mean() for s in squared]
    return all_of(statistical(squared[-1], 9 / (3**2 * 512)), rate(sizes, means, -1.0, 0.1))


@generic
def noisy_sign(noise):
    """Stochastic subgradients of |θ|: its sign, with a row of noise."""

    def gradient(theta, i):
        return as_like(np.sign(np.asarray(theta)) + noise[i], theta)

    return generic(gradient)


@SGD.claim
def averaged_iterate_rate(sgd, rng):
    r"""Convex: the averaged iterate with $\alpha=R/(G\sqrt T)$ is within $RG/\sqrt T$ in the mean; on $|\theta|$ with noise
    ($R=1$, $G=\sqrt2$) its error has the slope −½ too"""
    sizes, errors = [32, 64, 128, 256, 512], []
    for T in sizes:
        gradient = noisy_sign(rng.standard_normal((T, 400)))
        theta = sgd(gradient, np.ones(400), singles(T), 1 / np.sqrt(2 * T))
        errors.append(np.abs(theta[:-1].mean(0)).mean())
    worst = max(e * np.sqrt(T / 2) for e, T in zip(errors, sizes, strict=True))
    why = Text("error · √T/(RG), the largest", "误差 · √T/(RG)，取最大者")
    return all_of(bound(worst, 1.0, "≤", why), rate(sizes, errors, -0.5, 0.1))


def staircase(T):
    """The largest of T + 1 linear functions on which the last iterate of √t-steps is bad (Harvey et al. 2019)."""
    j = np.arange(1, T + 1)
    a, b = 1 / (8 * (T + 1 - j)), np.sqrt(j) / (2 * np.sqrt(T))

    def pieces(x):
        before = np.concatenate([[0.0], np.cumsum(a * x)])
        return np.append(before[:-1] - b * x, before[-1])

    @generic
    def gradient(theta, i):
        values = pieces(np.asarray(theta, float))
        k = int(np.argmax(values >= values.max() - 1e-12))  # the first piece that attains the maximum
        h = np.where(j <= k, a, 0.0)
        if k < T:
            h[k] = -b[k]
        return as_like(h, theta)

    return gradient, lambda x: pieces(x).max()


@SGD.claim
def last_iterate_pays_a_logarithm(sgd, rng):
    r"""With $\alpha_t=1/\sqrt t$ the last iterate can be $\frac{\log T}{32\sqrt T}$ too high, while the average is
    not: a maximum of $T+1$ linear functions"""
    sizes, last, average = [16, 64, 256], [], []
    for T in sizes:
        gradient, f = staircase(T)
        theta = sgd(gradient, np.zeros(T), singles(T), 1 / np.sqrt(np.arange(1.0, T + 1)))
        last.append(f(theta[-1]) * np.sqrt(T))
        average.append(f(theta[:-1].mean(0)) * np.sqrt(T))
    lower = Text("log T/32, proved from below; f* ≤ f(0) = 0", "已证明的下界 log T/32；f* ≤ f(0) = 0")
    steady = Text("growth of the average's error · √T from T = 16 to 256", "平均迭代误差 · √T 从 T = 16 到 256 的增长")
    growth = Text("growth of the last one's error · √T, as log T doubles", "log T 加倍时最后迭代误差 · √T 的增长")
    return all_of(
        *[bound(e, np.log(T) / 32, "≥", lower) for e, T in zip(last, sizes, strict=True)],
        bound(average[-1] / average[0], 1.25, "≤", steady),
        bound(last[-1] / last[0], 1.5, "≥", growth),
    )


@SGD.claim
def stays_at_a_saddle(sgd, rng):
    r"""$f_i=\left(1\pm\tfrac12\right)\tfrac{x^2-y^2}{2}$ from $y=0$: it stays at the saddle (0, 0) for ever; the noise
    vanishes there"""

    @generic
    def gradient(theta, i):
        return as_like([1.0, -1.0], theta) * theta * (0.5 if i else 1.5)

    theta = sgd(gradient, np.array([1.0, 0.0]), rng.integers(0, 2, (1000, 1)), 0.1)
    slowest = Text("0.95¹⁰⁰⁰: the smaller of the two rates in every step", "0.95¹⁰⁰⁰：每一步都取两个速率中较小的")
    arrived = near(abs(theta[-1, 0]), 0.0, 0.95**1000, slowest)
    return all_of(identical(theta[0], [1.0, 0.0]), identical(theta[:, 1], np.zeros(1001)), arrived)


@SGD.claim
def isotropic_noise_leaves_the_saddle(sgd, rng):
    r"""Noise in all directions, of variance $\sigma^2$, drives it off the saddle of $\tfrac{x^2-y^2}{2}$:
    $\mathbb E\,y_T^2=\alpha^2\sigma^2\frac{(1+\alpha)^{2T}-1}{(1+\alpha)^2-1}$ from 0, while $x$ stays at its noise floor"""
    T, runs, a, sigma = 50, 1000, 0.1, 0.1
    noise, slopes = sigma * rng.standard_normal((T, 2 * runs)), np.repeat([1.0, -1.0], runs)

    @generic
    def gradient(theta, i):
        return as_like(slopes, theta) * theta + as_like(noise[i], theta)

    x, y = np.split(sgd(gradient, np.zeros(2 * runs), singles(T), a)[-1], 2)
    for end, factor in ((x, 1 - a), (y, 1 + a)):
        yield statistical(end**2, a**2 * sigma**2 * (factor ** (2 * T) - 1) / (factor**2 - 1))


@SGD.mutant(caught_by="equals-definition, gradient-is-unbiased, variance-falls-like-one-over-batch")
def summed(gradient, theta0, batches, alpha):
    """summed over the batch, not averaged"""
    return sgd(gradient, theta0, batches, np.asarray(alpha) * batches.shape[1])


@SGD.mutant(caught_by="gradient-is-unbiased, variance-falls-like-one-over-batch, finite-population-factor")
def in_order(gradient, theta0, batches, alpha):
    """the samples taken in their order, without shuffling, sold as independent draws"""
    return sgd(gradient, theta0, np.arange(batches.size).reshape(batches.shape) % (batches.max() + 1), alpha)


@SGD.mutant(caught_by="variance-falls-like-one-over-batch, isotropic-noise-leaves-the-saddle")
def full_batch(gradient, theta0, batches, alpha):
    """the gradient of all samples in every step"""
    return sgd(gradient, theta0, np.tile(np.arange(batches.max() + 1), (len(batches), 1)), alpha)


@SGD.mutant(caught_by="equals-definition, variance-falls-like-one-over-batch, finite-population-factor")
def first_of_the_batch(gradient, theta0, batches, alpha):
    """only the first sample of each batch"""
    return sgd(gradient, theta0, batches[:, :1], alpha)


@SGD.mutant(
    caught_by="one-over-t-gives-the-running-mean, summable-steps-stop-short, strongly-convex-rate, "
    "steep-gradients-run-away"
)
def schedule_ignored(gradient, theta0, batches, alpha):
    """the schedule is ignored: always the first step size"""
    return sgd(gradient, theta0, batches, np.ravel(alpha)[0] if len(batches) else alpha)


@SGD.mutant(caught_by="noise-floor-is-proportional-to-the-step, averaged-iterate-rate")
def silent_decay(gradient, theta0, batches, alpha):
    """a decay that nobody asked for"""
    return sgd(gradient, theta0, batches, np.asarray(alpha) / (1 + 0.2 * np.arange(len(batches))))


@SGD.mutant(caught_by="last-iterate-pays-a-logarithm, one-over-t-gives-the-running-mean")
def averages_returned(gradient, theta0, batches, alpha):
    """the running average handed out as the iterate"""
    theta = sgd(gradient, theta0, batches, alpha)
    return np.cumsum(theta, 0) / np.arange(1, len(theta) + 1)[:, None]


@SGD.mutant(caught_by="stays-at-a-saddle, equals-definition")
def noise_added(gradient, theta0, batches, alpha):
    """noise added to every gradient"""
    rng = np.random.default_rng(0)
    return sgd(lambda t, i: gradient(t, i) + 1e-3 * rng.standard_normal(t.shape), theta0, batches, alpha)


SGD.erratum(
    "E3",
    common="SGD converges to a local optimum (a common slip)",
    why=r"With $f_i=\left(1\pm\tfrac12\right)\tfrac{x^2-y^2}{2}$ and $y=0$ at the start it stays at the saddle (0, "
    "0), where the Hessian has the eigenvalue −1.",
    right=r"with a Lipschitz gradient and a step that suits, to stationary points ($\min_t\mathbb E\lVert\nabla "
    r"f\rVert^2\to0$); off a saddle only where the start or the noise has a part in a direction of descent",
    claims="stays-at-a-saddle, isotropic-noise-leaves-the-saddle",
)
SGD.erratum(
    "E5",
    common="SGD converges if f is Lipschitz continuous and the gradient is bounded (a common slip)",
    why=r"For a differentiable f on a convex set the two conditions are one and the same. Convexity, a step proportional to $1/\sqrt T$ and the averaging "
    "are what is missing: a constant step stays on its noise floor.",
    right=r"convex $f$, $\mathbb E\lVert g\rVert^2\le G^2$, $\alpha=R/(G\sqrt T)$: "
    r"$\mathbb E f(\bar\theta_T)-f^\star\le RG/\sqrt T$",
    claims="averaged-iterate-rate, noise-floor-is-proportional-to-the-step",
)
SGD.erratum(
    "E81",
    common=r"$\mathbb E[f(\theta_T)-f^\star]\le O(1/\sqrt T)$ for the last iterate (a common slip)",
    why=r"With the usual steps $1/\sqrt t$ the last iterate can be worse by a factor $\log T$: on a maximum of $T+1$ "
    r"linear functions $f(\theta_T)\sqrt T$ grows like $\log T$.",
    right=r"for the averaged iterate $\bar\theta_T$",
    claims="last-iterate-pays-a-logarithm, averaged-iterate-rate",
)


@SGD.figure(
    alpha=Slider(0.005, 0.2, 0.07, "step size α", log=True),
    batch=Slider(1, 64, 2, "size of the batch B", log=True, integer=True),
)
def figure(alpha, batch):
    rng = np.random.default_rng(3)
    B, T, runs, H = int(batch), 150, 64, np.array([1.0, 8.0])
    X = rng.standard_normal((200, 2))
    X -= X.mean(0)
    draws = rng.integers(0, 200, (T * B, runs))
    gradient = squares(X[draws], H)  # every run with draws of its own
    start = np.tile([-2.6, 1.7], (runs, 1))
    batches = np.arange(T * B).reshape(T, B)
    t = np.arange(T)
    decaying = 1 / (1 / alpha + t)  # α at first, then 1/t
    theta, settled = sgd(gradient, start, batches, alpha), sgd(gradient, start, batches, decaying)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    level_sets(left, lambda x, y: (H[0] * x**2 + H[1] * y**2) / 2, (-3.2, 1.8), (-1.5, 2.1))
    path(left, theta[:, 0], COLOURS[0], r"constant $\alpha$", width=0.8)
    path(left, settled[:, 0], COLOURS[1], r"decaying as $1/t$", width=0.8)
    left.legend(fontsize=9.5, loc="lower left")
    for points, colour in ((theta, COLOURS[0]), (settled, COLOURS[1])):
        right.loglog(t + 1, (H * points[:-1] ** 2).sum(-1).mean(-1) / 2, color=colour, lw=1.6)
    variance = X.var(0) / B
    floor = float((H * alpha * H * variance / (2 - alpha * H)).sum() / 2)
    right.axhline(floor, color="0.35", lw=1, ls="--")
    right.annotate("noise floor", (1, floor), (0, -4), textcoords="offset points", va="top", fontsize=9.5, color="0.35")
    right.set(xlabel="step", ylabel=r"$\mathrm{E}\,f(\theta_t)-f^\star$")
    ends = [float((H * p[-20:] ** 2).sum(-1).mean() / 2) for p in (theta, settled)]
    words = Text(
        f"α = {alpha:.3g}, B = {B}. Over the last 20 of {T} steps, {runs} runs lie {ends[0]:.2g} above the minimum with a constant step "
        f"(predicted floor {floor:.2g}), {ends[1]:.2g} with one that decays as 1/t.",
        f"α = {alpha:.3g}，B = {B}。在 {T} 步中的最后 20 步，{runs} 次运行的平均超出量：常数步长为 {ends[0]:.2g}（预测的噪声底 {floor:.2g}），"
        f"按 1/t 衰减的步长为 {ends[1]:.2g}。",
    )
    return Drawing(fig, words)
