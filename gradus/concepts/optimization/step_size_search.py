"""Choosing the step size: the range test, and how its curve is read."""

import functools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _by_place(read_range_curve, alpha, losses, beta=0.9):
    return read_range_curve(alpha, losses, beta)


SEARCH = Concept(
    key="step-size-search",
    kind="algorithm",
    title="Choosing the step size: the range test",
    summary=r"One pass over the data in which the step size grows from far too small to far too large: the loss first stands, "
    r"then falls, then explodes. The step to train with lies before the lowest place of that curve: there the "
    r"optimiser is already on the edge.",
    formulas=(
        r"\alpha_t=\alpha_{\min}\Bigl(\frac{\alpha_{\max}}{\alpha_{\min}}\Bigr)^{t/(T-1)},\qquad \theta_{t+1}=\theta_t-\alpha_t\nabla\ell_t(\theta_t)",
        r"\tilde\ell_t=\frac{(1-\beta)\sum_{s=0}^t\beta^{t-s}\ell_s}{1-\beta^{t+1}}",
        r"\alpha^\star=\sqrt{\alpha_h\,\alpha_m},\qquad m=\arg\min_t\tilde\ell_t,\qquad h=1+\max\Bigl\{t<m:\ \tilde\ell_t>\tfrac12(\tilde\ell_9+\tilde\ell_m)\Bigr\}",
    ),
    symbols=(
        Symbol(
            r"\alpha_t",
            "alpha",
            "T",
            "step sizes, growing; each is taken after the loss of its place was measured",
            "positive",
        ),
        Symbol(r"\ell_t", "losses", "T", "loss of a batch at the point reached so far"),
        Symbol(r"\beta", "beta", "", "smoothing", "unit"),
        Symbol(
            r"\tilde\ell_t",
            "",
            "T",
            r"smoothed loss, up to the place where it is not finite or, from $t=10$ on, four times the lowest since $t=9$",
        ),
        Symbol(r"\alpha^\star", "", "", "the step size to train with"),
        Symbol(r"\alpha_{\min},\ \alpha_{\max}", "", "", "the range"),
        Symbol(
            "m,\\ h",
            "",
            "",
            "where the curve is lowest; from where on it stays below the middle between its beginning and that",
        ),
        Symbol(r"\theta_t", "", "d", "the point, which moves on through the test"),
        Symbol("T", "", "", "number of steps"),
    ),
    needs=("gradient-descent", "sgd"),
    source="smith2017cyclical",
    year=2017,
    people=("Leslie N. Smith",),
    aliases="learning rate finder, range test, learning rate range test, lr finder, step size selection, choosing the learning rate, learning rate too high, "
    "怎么选学习率, 学习率选择, 步长选择, 学习率搜索, 学习率范围测试",
    implementations=(
        Implementation(
            "gradus.optimization:read_range_curve",
            "numpy",
            _by_place,
            "with the test itself: `gradus.optimization.search_step_size`",
        ),
    ),
    readings="smith2017cyclical §3.3; bengio2012practical §3.1; cohen2021gradient; cohen2022adaptive",
    hypotheses=(
        Hypothesis(
            "the lowest place is an unstable step: a quadratic function, exact gradients, no smoothing",
            "too-late-by-the-smoothing",
        ),
        Hypothesis(
            "within a factor 4 of the best: the step is for one epoch, constant, at the same batch size",
            "picks-the-minimum",
        ),
    ),
    conventions=(
        Convention(
            "which place of the curve",
            "the geometric middle between half of the fall and the lowest place",
            "the steepest place (fastai's first rule and `torch-lr-finder`), a tenth of the lowest place, or the middle of the longest "
            "fall (fastai's “valley”): they differ by factors of 3 to 10",
        ),
        Convention(
            "what is plotted",
            "the loss of each batch before its step, smoothed with the bias of the beginning taken out",
            "the accuracy (Smith), or the loss unsmoothed",
        ),
    ),
    unverified=r"How far the step that is best for one epoch is from the one that is best for many: usually above it, where gradients are noisy.",
    differentiable=False,
)


@SEARCH.definition
def step_size_search(alpha, losses, beta=0.9):
    average, smooth = 0.0, []
    for t, loss in enumerate(losses):
        average = beta * average + (1 - beta) * loss
        now = average / (1 - beta ** (t + 1))
        if not np.isfinite(now) or (t >= 10 and now > 4 * min(smooth[9:]) > 0):
            break
        smooth.append(now)
    m = int(np.argmin(smooth))
    middle = (smooth[9] + smooth[m]) / 2
    h = 1 + max(t for t in range(m) if smooth[t] > middle)
    return np.sqrt(alpha[h] * alpha[m])


@SEARCH.example
def example():
    alpha = 2.0 ** np.arange(-12, 4)
    losses = np.array([5.0, 5, 5, 5, 5, 5, 5, 5, 5, 4.8, 4.2, 3.0, 1.6, 1.0, 2.5, 9.0])
    middle = (losses[9] + losses[13]) / 2
    return (
        dict(alpha=alpha, losses=losses, beta=0.0, middle=middle, best=step_size_search(alpha, losses, 0.0))
        | dict(
            start=losses[9],
            lowest=losses[13],
            at_lowest=alpha[13],
            at_half=alpha[12],
            smoothed_best=step_size_search(alpha, losses, 0.5),
        )
        | dict(tenth=alpha[13] / 10, last=alpha[-1])
    )


@SEARCH.exercise
def quadratic_edge():
    """On ½ λ θ² with λ = 8: from which step size on does the loss rise?"""
    return number(2 / 8, one_step=1 / 8, no_curvature=2.0)


@SEARCH.exercise
def middle_of():
    return number(np.sqrt(0.01 * 1.0), arithmetic=(0.01 + 1.0) / 2, lowest=1.0)


@SEARCH.exercise
def number_of_steps():
    factor = (10 / 1e-5) ** (1 / 119)
    return number(factor, linear=(10 - 1e-5) / 119, decade=10 ** (1 / 119))


@SEARCH.exercise
def why_not_the_minimum():
    alpha, losses = quadratic_test(1.0, 60)
    at_minimum, ours = alpha[np.argmin(losses)], step_size_search(alpha, losses, 0.0)
    return choice(noise=at_minimum < 2.0, unstable=at_minimum >= 2.0 > ours, slow=ours >= 2.0)


def piecewise(rng, T=60):
    """A curve that stands, falls and rises, with noise."""
    alpha = np.geomspace(1e-4, 10, T)
    return alpha, np.interp(np.log10(alpha), [-4, -2.5, -0.5, 1], [3.0, 3.0, 1.0, 8.0]) + 0.02 * rng.standard_normal(T)


@SEARCH.cases
def cases(rng):
    alpha, losses = piecewise(rng)
    yield "falls and rises", dict(alpha=alpha, losses=losses)
    yield "unsmoothed", dict(alpha=alpha, losses=losses, beta=0.0)
    yield "ends in infinities", dict(alpha=alpha, losses=np.where(alpha > 2, np.inf, losses))
    yield "a NaN after the fall", dict(alpha=alpha, losses=np.where(alpha > 3, np.nan, losses), beta=0.5)
    yield (
        "lower again after it diverged",
        dict(alpha=alpha, losses=np.r_[losses[:50], 90.0, 90.0, np.full(8, 0.01)], beta=0.0),
    )
    yield "still falling at the end", dict(alpha=alpha[:40], losses=losses[:40])
    yield "negative losses", dict(alpha=alpha, losses=losses - 20)
    yield "twelve steps", dict(alpha=2.0 ** np.arange(12), losses=np.r_[np.full(10, 4.0), 3.0, 1.0], beta=0.0)


@SEARCH.invalid
def invalid(rng):
    alpha, losses = piecewise(rng)
    yield "it never falls", dict(alpha=alpha, losses=np.arange(60.0))
    yield "infinite from the start", dict(alpha=alpha, losses=np.full(60, np.inf))
    yield "fewer step sizes than losses", dict(alpha=alpha[:30], losses=losses)


def quadratic_test(curvature, T, start=1.0):
    """A range test on ½ λ θ² with exact gradients."""
    alpha, theta, losses = np.geomspace(1e-3, 1e2, T), start, []
    for step in alpha:
        losses.append(curvature * theta**2 / 2)
        theta -= step * curvature * theta
    return alpha, np.array(losses)


@SEARCH.claim
def closed_form_on_straight_lines(search, rng):
    r"""On a curve that stands for ten steps or more and then falls along a straight line in $\log\alpha$, noise-free and unsmoothed, it is
    three quarters of the way down the line, to one step of the grid"""
    for T in (200, 501):
        alpha = np.geomspace(1e-4, 10, T)
        losses = np.interp(np.log(alpha), np.log([1e-4, 1e-3, 1e-1, 10]), [5.0, 5.0, 1.0, 30.0])
        off = np.log(search(alpha, losses, 0.0) / 10**-1.5) / np.log(alpha[1] / alpha[0])
        yield bound(abs(off), 1.0, "≤", Text("one step of the grid", "网格的一步"))


@SEARCH.claim
def below_the_edge_on_quadratics(search, rng):
    r"""On $\tfrac\lambda2\theta^2$ with exact gradients the loss falls just until $\alpha\ge2/\lambda$: its lowest place is an unstable step.
    Of 120 steps over five decades, unsmoothed, the step read off lies below $2/\lambda$ and above a twentieth of it"""
    for curvature in (0.1, 1.0, 30.0):
        alpha, losses = quadratic_test(curvature, 120)
        edge = alpha[int(np.argmin(losses))] * curvature
        step = search(alpha, losses, 0.0) * curvature
        yield bound(edge, 2.0, "≥", Text("first of the grid at or above 2/λ", "网格中首个不小于 2/λ 的值"))
        yield bound(step, 2.0, "≤", Text("the edge of stability 2/λ", "稳定的边界 2/λ"))
        yield bound(step, 0.1, "≥", Text("a twentieth of the edge", "边界的二十分之一"))


@SEARCH.claim
def units_do_not_matter(search, rng):
    r"""Losses in another unit change nothing, and step sizes in another unit change the answer by that factor"""
    alpha, losses = piecewise(rng)
    step = search(alpha, losses, 0.8)
    yield invariance(search(alpha, 1000 * losses, 0.8), step)
    yield invariance(search(0.01 * alpha, losses, 0.8), 0.01 * step)


@SEARCH.claim
def a_dip_that_comes_back_does_not_count(search, rng):
    r"""Unsmoothed, a lucky batch before the fall moves nothing, unless it is the one of $t=9$, lower than the whole curve, or below a
    quarter of what follows, which then counts as an explosion; smoothing spreads it"""
    alpha = np.geomspace(1e-4, 10, 100)
    losses = np.interp(np.log(alpha), np.log([1e-4, 1e-3, 1e-1, 10]), [5.0, 5.0, 1.0, 30.0])
    lucky = losses.copy()
    lucky[[3, 15]] = 1.5
    yield identical(search(alpha, lucky, 0.0), search(alpha, losses, 0.0))
    early = losses.copy()
    early[15] = 1.2
    why = Text("5 after 1.2 counts as an explosion", "1.2 之后的 5 被当作爆炸")
    yield bound(search(alpha, early, 0.0), search(alpha, losses, 0.0) / 10, "≤", why)
    spread = search(alpha, lucky, 0.9) / search(alpha, losses, 0.9)
    yield bound(
        spread, 1.01, "≥", Text("smoothed, the beginning is lower, and the answer later", "平滑后起始值变低，结果后移")
    )


@SEARCH.claim
def what_comes_after_divergence_does_not_count(search, rng):
    r"""After the loss has exploded nothing is read any more, however low it seems"""
    alpha = np.geomspace(1e-4, 10, 100)
    losses = np.interp(np.log(alpha), np.log([1e-4, 1e-3, 1e-1, 10]), [5.0, 5.0, 1.0, 30.0])
    for later in (np.nan, 1e-9):
        after = losses.copy()
        after[80], after[85:] = 1e9, later
        yield identical(search(alpha, after, 0.0), search(alpha, losses, 0.0))


@SEARCH.claim
def too_late_by_the_smoothing(search, rng):
    r"""Smoothing looks back: with $\beta=0.9$ and few steps a decade the step on $\tfrac12\theta^2$ comes out beyond $2/\lambda$ (24 steps
    over five decades), with many it does not (480)"""
    coarse, fine = (search(*quadratic_test(1.0, T), 0.9) for T in (24, 480))
    yield bound(coarse, 2.0, "≥", Text("the edge of stability", "稳定的边界"))
    yield bound(fine, 2.0, "≤", Text("the edge of stability", "稳定的边界"))


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@functools.cache
def problems():
    """Loss and gradient of a batch, and the start: least squares with noise, logistic regression, a network on digits."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(5)
    A = rng.standard_normal((1500, 20)) * np.geomspace(1, 0.1, 20)
    b = A @ np.ones(20) + 0.5 * rng.standard_normal(1500)
    y = (rng.random(1500) < 1 / (1 + np.exp(-A @ (2 * rng.standard_normal(20))))).astype(float)

    def least_squares(w, i):
        r = A[i] @ w - b[i]
        return r @ r / 2 / len(i), A[i].T @ r / len(i)

    def logistic(w, i):
        z = A[i] @ w
        return np.mean(np.logaddexp(0, z) - y[i] * z), A[i].T @ (1 / (1 + np.exp(-z)) - y[i]) / len(i)

    digits = load_digits()
    X, labels = np.c_[digits.data / 16, np.ones(1797)][:1500], digits.target[:1500]

    def network(w, i):
        W, V = w[: 65 * 32].reshape(65, 32), w[65 * 32 :].reshape(33, 10)
        h = np.tanh(X[i] @ W)
        p = softmax(np.c_[h, np.ones(len(i))] @ V)
        d = (p - np.eye(10)[labels[i]]) / len(i)
        loss = -np.log(np.maximum(p[np.arange(len(i)), labels[i]], 1e-300)).mean()
        back = X[i].T @ ((d @ V[:-1].T) * (1 - h**2))
        return loss, np.r_[back.ravel(), (np.c_[h, np.ones(len(i))].T @ d).ravel()]

    start = 0.12 * np.random.default_rng(1).standard_normal(65 * 32 + 330)
    return {
        "least squares": (least_squares, np.zeros(20)),
        "logistic": (logistic, np.zeros(20)),
        "network": (network, start),
    }


def after_an_epoch(problem, theta, alpha, seed):
    """The loss on all data after an epoch of batches of 15."""
    with np.errstate(all="ignore"):
        for i in np.random.default_rng(seed).permutation(1500).reshape(100, 15):
            theta = theta - alpha * problem(theta, i)[1]
        loss = problem(theta, np.arange(1500))[0]
    return loss if np.isfinite(loss) else np.inf


@functools.cache
def best_steps():
    """The best of a grid of 23 step sizes, each for an epoch in two orders."""
    grid = np.geomspace(0.01, 20, 23)
    ends = {n: [sum(after_an_epoch(f, w, a, s) for s in (0, 1)) for a in grid] for n, (f, w) in problems().items()}
    return {name: grid[int(np.argmin(losses))] for name, losses in ends.items()}


def range_test(problem, theta, order):
    """One epoch of 100 batches of 15, the step size from 10⁻⁴ to 10²."""
    alpha, losses = np.geomspace(1e-4, 1e2, 100), []
    with np.errstate(all="ignore"):
        for step, i in zip(alpha, order.reshape(100, 15), strict=True):
            loss, gradient = problem(theta, i)
            losses.append(loss)
            theta = theta - step * gradient
    return alpha, np.array(losses)


@SEARCH.claim(cost="slow")
def within_four_times_of_the_best(search, rng):
    r"""On noisy least squares, logistic regression and a network on digits it comes, in each of ten tests of one epoch, within a factor 4 of
    the step size of a grid of 23 that is best for an epoch"""
    for name, (problem, start) in problems().items():
        ratios = [search(*range_test(problem, start, rng.permutation(1500))) / best_steps()[name] for _ in range(10)]
        why = Text(
            f"{name}: {min(ratios):.2g} to {max(ratios):.2g} times the best",
            f"{name}：最佳值的 {min(ratios):.2g} 到 {max(ratios):.2g} 倍",
        )
        yield bound(max(max(ratios), 1 / min(ratios)), 4.0, "≤", why)


def curve(losses, beta):
    """The smoothed losses until they diverge."""
    average, smooth = 0.0, []
    for t, loss in enumerate(losses):
        average = beta * average + (1 - beta) * loss
        now = average / (1 - beta ** (t + 1))
        if not np.isfinite(now) or (t >= 10 and now > 4 * min(smooth[9:]) > 0):
            break
        smooth.append(now)
    return np.array(smooth)


def half(smooth, m):
    return 1 + np.flatnonzero(smooth[:m] > (smooth[9] + smooth[m]) / 2)[-1]


@SEARCH.mutant(caught_by="within-four-times-of-the-best, below-the-edge-on-quadratics, closed-form-on-straight-lines")
def picks_the_minimum(alpha, losses, beta=0.9):
    """picks the minimum of the loss curve"""
    return alpha[np.argmin(curve(losses, beta))]


@SEARCH.mutant(caught_by="closed-form-on-straight-lines, equals-definition, too-late-by-the-smoothing")
def a_tenth_of_the_minimum(alpha, losses, beta=0.9):
    """a tenth of the step size at the minimum, as a rule of thumb has it"""
    return alpha[np.argmin(curve(losses, beta))] / 10


@SEARCH.mutant(caught_by="closed-form-on-straight-lines")
def arithmetic_mean(alpha, losses, beta=0.9):
    """the arithmetic mean of the two places"""
    smooth = curve(losses, beta)
    m = int(np.argmin(smooth))
    return (alpha[half(smooth, m)] + alpha[m]) / 2


@SEARCH.mutant(caught_by="a-dip-that-comes-back-does-not-count")
def first_time_below_the_middle(alpha, losses, beta=0.9):
    """the first time below the middle, a lucky batch or not"""
    smooth = curve(losses, beta)
    m = int(np.argmin(smooth))
    return np.sqrt(alpha[np.argmax(smooth <= (smooth[9] + smooth[m]) / 2)] * alpha[m])


@SEARCH.mutant(caught_by="what-comes-after-divergence-does-not-count")
def reads_on_after_divergence(alpha, losses, beta=0.9):
    """goes on reading after the loss has exploded"""
    finite = np.isfinite(losses)
    stop = len(losses) if finite.all() else int(np.argmin(finite))
    average, smooth = 0.0, []
    for t in range(stop):
        average = beta * average + (1 - beta) * losses[t]
        smooth.append(average / (1 - beta ** (t + 1)))
    m = int(np.argmin(smooth))
    return np.sqrt(alpha[half(np.array(smooth), m)] * alpha[m])


@SEARCH.mutant(caught_by="units-do-not-matter")
def absolute_threshold(alpha, losses, beta=0.9):
    """stops at a loss of 10, whatever the unit"""
    smooth = curve(losses, beta)
    smooth = smooth[: np.argmax(smooth > 10)] if (smooth > 10).any() else smooth
    m = int(np.argmin(smooth))
    return np.sqrt(alpha[half(smooth, m)] * alpha[m])


@SEARCH.mutant(caught_by="too-late-by-the-smoothing, equals-definition")
def unsmoothed(alpha, losses, beta=0.9):
    """no smoothing"""
    smooth = curve(losses, 0.0)
    m = int(np.argmin(smooth))
    return np.sqrt(alpha[half(smooth, m)] * alpha[m])


@SEARCH.figure(noise=Slider(0.0, 1.0, 0.3, "noise of a batch"), beta=Slider(0.0, 0.97, 0.9, "smoothing β"))
def figure(noise, beta):
    alpha = np.geomspace(1e-4, 1e2, 120)
    curvature, theta, losses = np.geomspace(1, 0.02, 12), np.full(12, 1.2), []
    rng = np.random.default_rng(2)
    for step in alpha:
        losses.append(0.15 + curvature @ theta**2 / 2 * np.exp(noise * 0.5 * rng.standard_normal()))
        with np.errstate(all="ignore"):
            theta = theta - step * (curvature * theta + noise * np.sqrt(curvature) * rng.standard_normal(12))
    losses = np.array(losses)
    smooth = curve(losses, beta)
    m = int(np.argmin(smooth))
    step = step_size_search(alpha, losses, beta)
    fig, ax = canvas()
    ax.semilogx(alpha, losses, color=COLOURS[6], lw=0.8)
    ax.semilogx(alpha[: len(smooth)], smooth, color=COLOURS[0])
    ax.axvline(2.0, color="0.35", ls=":")
    ax.plot(alpha[m], smooth[m], "o", color=COLOURS[6])
    ax.axvline(step, color=COLOURS[1], ls="--")
    top = 1.6 * smooth[0]
    ax.annotate(
        r"$\alpha^\star$",
        (step, 0.93 * top),
        xytext=(-4, 0),
        textcoords="offset points",
        ha="right",
        color=COLOURS[1],
        fontsize=10,
    )
    ax.annotate(
        r"$2/\lambda_{\max}$", (2.0, -0.06 * top), xytext=(6, 0), textcoords="offset points", color="0.35", fontsize=10
    )
    ax.annotate(
        r"$\alpha_m$", (alpha[m], smooth[m]), xytext=(-5, 14), textcoords="offset points", ha="right", fontsize=10
    )
    ax.set(xlabel=r"$\alpha$", ylabel=r"$\ell$", ylim=(-0.12 * top, top))
    words = Text(
        f"A range test on a quadratic with 12 curvatures up to 1. Smoothed with β = {beta:.2f}, the loss is lowest at α = {alpha[m]:.2g}; the edge of stability is 2. "
        f"The step read off is {step:.2g}.",
        f"在 12 个曲率（最大为 1）的二次函数上的范围测试。以 β = {beta:.2f} 平滑后，损失在 α = {alpha[m]:.2g} 处最低；稳定的边界为 2。读出的步长为 {step:.2g}。",
    )
    return Drawing(fig, words)
