"""Proximal gradient: ISTA and FISTA."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import namespace
from gradus.optimization.problems import as_like, quadratic
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, identical, optimal, rate, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _gradus(minimize_composite, gradient, prox, theta0, steps, alpha, accelerated):
    import torch

    class Operator:
        def value(self, x):
            return 0 * x.sum()  # a constant step does not look at it

        def prox(self, v, step):
            return prox(v, alpha)

    start = torch.as_tensor(theta0)
    result = minimize_composite(
        lambda x: (0 * x.sum(), gradient(x)),
        Operator(),
        start,
        gradient=True,
        accelerated=bool(accelerated),
        restart=False,
        step_size=alpha,
        tolerance=0.0,
        max_iterations=int(steps),
        max_evaluations=10**9,
        keep_points=True,
    )
    points = result.history.points
    return torch.cat([points, points[-1:].expand(int(steps) + 1 - len(points), -1)])


PROXIMAL = Concept(
    key="proximal",
    kind="algorithm",
    title="Proximal gradient (ISTA, FISTA)",
    summary=r"Minimises $f+g$ where $f$ is smooth and $g$ has corners or walls: a gradient step on $f$, then the proximal operator "
    r"of $g$, which for $\lVert\cdot\rVert_1$ sets small entries to exactly 0. The error falls like $1/k$ (ISTA); taken "
    r"ahead of the point, like $1/k^2$ (FISTA).",
    formulas=(
        r"\operatorname{prox}_{\alpha g}(v)=\arg\min_u\ g(u)+\frac1{2\alpha}\lVert u-v\rVert^2,\qquad "
        r"\operatorname{prox}_{\alpha\lambda\lVert\cdot\rVert_1}(v)_i=\operatorname{sign}(v_i)\max(\lvert v_i\rvert-\alpha\lambda,0)",
        r"\theta_{k+1}=\operatorname{prox}_{\alpha g}\bigl(y_k-\alpha\nabla f(y_k)\bigr),\qquad y_k=\theta_k\ \text{(ISTA)}",
        r"t_0=1,\qquad t_{k+1}=\frac{1+\sqrt{1+4t_k^2}}2,\qquad y_{k+1}=\theta_{k+1}+\frac{t_k-1}{t_{k+1}}(\theta_{k+1}-\theta_k)\ \text{(FISTA)}",
        r"F=f+g,\ \alpha\le\frac1L:\qquad F(\theta_k)-F^\star\le\frac{\lVert\theta_0-\theta^\star\rVert^2}{2\alpha k}\ \text{(ISTA)},\qquad "
        r"F(\theta_k)-F^\star\le\frac{2\lVert\theta_0-\theta^\star\rVert^2}{\alpha(k+1)^2}\ \text{(FISTA)}",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the smooth part", "function"),
        Symbol(
            r"\operatorname{prox}_{\alpha g}",
            "prox",
            "function",
            "proximal operator of the other part, of a point and a step",
            "function",
        ),
        Symbol(r"\theta_0", "theta0", "d", "the start; $y_0$, too"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size", "positive"),
        Symbol(r"\mathrm{FISTA}", "accelerated", "", "whether the gradient is taken ahead; otherwise ISTA", "boolean"),
        Symbol("f", "", "function", "the smooth part, convex"),
        Symbol("g", "", "function", "the other part, convex, with values up to $+\\infty$"),
        Symbol("F", "", "function", "what is minimised"),
        Symbol(r"\theta^\star,\ F^\star", "", "", "a minimiser of $F$, and the minimum"),
        Symbol("y_k", "", "d", "where the gradient is taken"),
        Symbol("t_k", "", "", "FISTA's sequence, about $k/2$"),
        Symbol("L", "", "", r"Lipschitz constant of $\nabla f$"),
        Symbol(r"\lambda", "", "", "weight of the penalty"),
        Symbol("u,\\ v", "", "d", "points"),
    ),
    needs=("regularization", "gradient-descent"),
    source="beck2009fast",
    year=2009,
    people=("Amir Beck", "Marc Teboulle", "Ingrid Daubechies"),
    aliases="proximal gradient descent, ISTA, FISTA, forward-backward splitting, soft thresholding, proximal operator, projected gradient, "
    "近端梯度下降, 近端算子, 软阈值, 投影梯度法, 前向后向分裂",
    implementations=(
        Implementation(
            "gradus.optimization:minimize_composite",
            "torch",
            _gradus,
            "with a penalty such as `L1Norm(0.1)`; backtracking and restart by default",
        ),
    ),
    readings="beck2009fast; parikh2014proximal; daubechies2004iterative; odonoghue2015adaptive; nesterov2018lectures §2.2",
    hypotheses=(
        Hypothesis(r"both bounds: $\alpha\le1/L$, $\nabla f$ is $L$-Lipschitz", "past-two-over-l"),
        Hypothesis("$f$ and $g$ are convex", "hard-thresholding-stops-elsewhere"),
        Hypothesis("$F$ has a minimiser", "no-minimiser"),
    ),
    conventions=(
        Convention(
            "the threshold",
            r"$\alpha\lambda$: the operator is that of $\alpha g$",
            r"scikit-learn's `Lasso` divides $f$ by the number of samples $n$: its `alpha` is $\lambda/n$ for $f=\tfrac12\lVert Xw-y\rVert^2$",
        ),
        Convention(
            "FISTA's sequence",
            r"$t_{k+1}=(1+\sqrt{1+4t_k^2})/2$, as in the paper",
            r"the factor $k/(k+3)$ in place of $(t_k-1)/t_{k+1}$ (Parikh and Boyd), which tends to it",
        ),
    ),
    unverified="No method that sees only gradients and proximal operators can be faster than $1/k^2$ on all such problems "
    "of large dimension (Nemirovski and Yudin).",
    differentiable=False,
    longest_sum=64,
)


@PROXIMAL.definition
def proximal(gradient, prox, theta0, steps, alpha, accelerated=False):
    theta, y, t = [theta0], theta0, 1.0
    for _ in range(steps):
        theta.append(prox(y - alpha * gradient(y), alpha))
        t, before = (1 + np.sqrt(1 + 4 * t**2)) / 2, t
        ahead = (before - 1) / t if accelerated else 0.0
        y = theta[-1] + ahead * (theta[-1] - theta[-2])
    return np.stack(theta)  # (steps + 1, d)


def soft(weight):
    """The operator of weight · ‖·‖₁."""

    @generic
    def prox(v, step):
        return v - namespace(v).clip(v, -weight * step, weight * step)

    return prox


@generic
def nonnegative(v, step):
    """The operator of a wall at 0: the projection."""
    return v * (v > 0)


@generic
def free(v, step):
    """The operator of g = 0."""
    return v


@PROXIMAL.example
def example():
    H, centre, weight = np.array([1.0, 4.0]), np.array([3.0, 0.2]), 1.0
    gradient, theta0, steps, alpha = quadratic(H, centre), np.array([0.0, 1.0]), 4, 0.2
    prox, best = soft(weight), np.array([2.0, 0.0])
    theta, fast = (proximal(gradient, prox, theta0, steps, alpha, a) for a in (False, True))
    g = np.stack([gradient(p) for p in theta[:-1]])

    def F(p):
        return (H * (p - centre) ** 2).sum(-1) / 2 + weight * np.abs(p).sum(-1)

    t = [1.0]
    for _ in range(2):
        t.append((1 + np.sqrt(1 + 4 * t[-1] ** 2)) / 2)
    return (
        dict(gradient=gradient, prox=prox, theta0=theta0, steps=steps, alpha=alpha, L=H.max())
        | dict(theta=theta, g=g, v=theta[:-1] - alpha * g, threshold=alpha * weight, best=best, slope=-gradient(best))
        | dict(fast=fast[:, 0], t=np.array(t), ahead=(t[1] - 1) / t[2], plain=centre)
        | dict(promised=((theta0 - best) ** 2).sum() / (2 * alpha * 4), gap=F(theta)[4] - F(best))
    )


@PROXIMAL.exercise
def one_step():
    after = proximal(quadratic([2.0, 2.0], [1.0, 0.2]), soft(1.0), np.zeros(2), 1, 0.25)[1]
    return array(after, whole_weight=[0.0, 0.0], no_threshold=[0.5, 0.1])


@PROXIMAL.exercise
def smallest_weight():
    slopes = np.abs(quadratic([1.0, 4.0], [3.0, 0.5])(np.zeros(2)))
    return number(slopes.max(), smaller=slopes.min(), sum_of_slopes=slopes.sum())


@PROXIMAL.exercise
def a_hundred_times_nearer():
    bounds = {100: 2 / 101**2, 1000: 2 / 1001**2}
    ratio = bounds[100] / bounds[1000]
    return choice(hundred=90 < ratio < 110, ten=9 < ratio < 11, thousand=ratio > 900)


@PROXIMAL.cases
def cases(rng):
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    yield (
        "the L1 norm",
        dict(gradient=quadratic(H, [1.0, 0.1]), prox=soft(0.5), theta0=np.array([1.0, -2.0]), steps=15, alpha=0.25),
    )
    yield (
        "FISTA",
        dict(
            gradient=quadratic([1.0, 4.0, 0.5], 2.0),
            prox=soft(0.25),
            theta0=np.ones(3),
            steps=20,
            alpha=0.25,
            accelerated=True,
        ),
    )
    yield (
        "a wall",
        dict(
            gradient=quadratic(H, [-1.0, 2.0]),
            prox=nonnegative,
            theta0=np.array([1.0, 1.0]),
            steps=10,
            alpha=0.25,
            accelerated=True,
        ),
    )
    yield "nothing but f", dict(gradient=quadratic([1.0, 4.0]), prox=free, theta0=np.ones(2), steps=10, alpha=0.25)
    yield (
        "badly scaled",
        dict(
            gradient=quadratic([1e-6, 1.0, 1e3], 1.0),
            prox=soft(1e-3),
            theta0=np.full(3, 5.0),
            steps=12,
            alpha=1e-3,
            accelerated=True,
        ),
    )
    yield (
        "all is cut off",
        dict(gradient=quadratic([1.0, 1.0], 0.5), prox=soft(1.0), theta0=np.zeros(2), steps=5, alpha=0.5),
    )
    yield "no step", dict(gradient=quadratic([1.0]), prox=soft(1.0), theta0=np.ones(1), steps=0, alpha=0.5)


@PROXIMAL.invalid
def invalid(rng):
    def three(theta):
        return as_like(np.ones(3), theta)

    yield "a gradient of another shape", dict(gradient=three, prox=soft(1.0), theta0=np.ones(2), steps=2, alpha=0.1)


def regression(rng, n=60, d=8, noise=0.5):
    """Features, targets, and the quadratic ‖Xw − y‖²/2n as Hessian and minimiser."""
    X = rng.standard_normal((n, d))
    y = X[:, :3] @ np.array([3.0, -2.0, 1.0]) + noise * rng.standard_normal(n)
    return X, y, X.T @ X / n, np.linalg.lstsq(X, y, rcond=None)[0]


@PROXIMAL.claim
def equals_the_lasso(proximal, rng):
    r"""With $f=\lVert Xw-y\rVert^2/2n$ and $g=\lambda\lVert w\rVert_1$ both reach the Lasso of scikit-learn, zeros included"""
    from sklearn.linear_model import Lasso

    X, y, H, centre = regression(rng)
    alpha, weight = 1 / np.linalg.eigvalsh(H)[-1], 0.3
    theirs = Lasso(alpha=weight, fit_intercept=False, tol=1e-15, max_iter=10**6).fit(X, y).coef_
    for accelerated in (False, True):
        mine = proximal(quadratic(H, centre), soft(weight), np.zeros(8), 400, alpha, accelerated)[-1]
        yield roundoff(mine, theirs, terms=10**5)
        yield identical(mine == 0, theirs == 0)


@PROXIMAL.claim
def conditions_of_optimality(proximal, rng):
    r"""The limit for $g=\lambda\lVert\cdot\rVert_1$: $\nabla_if=-\lambda\operatorname{sign}\theta_i$ where $\theta_i\ne0$, $\lvert\nabla_if\rvert\le\lambda$ where
    $\theta_i=0$"""
    _, _, H, centre = regression(rng)
    gradient, weight = quadratic(H, centre), 0.3
    last = proximal(gradient, soft(weight), np.zeros(8), 400, 1 / np.linalg.eigvalsh(H)[-1], True)[-1]
    g, on = gradient(last), last != 0
    why = Text("400 steps at a condition number of about 5 leave rounding only", "条件数约为 5，400 步之后只剩舍入误差")
    yield optimal(np.abs(g[on] + weight * np.sign(last[on])).max(), 1e-10, why)
    yield bound(np.abs(g[~on]).max(initial=0.0), weight)
    yield bound((~on).sum(), 1, "≥", Text("at least one entry is exactly 0", "至少有一个分量恰为 0"))


@PROXIMAL.claim
def equals_nonnegative_least_squares(proximal, rng):
    r"""With a wall ($g=0$ for $\theta\ge0$, else $\infty$) it is projected gradient: both reach SciPy's `nnls`"""
    from scipy.optimize import nnls

    X, y, H, centre = regression(rng)
    for accelerated in (False, True):
        mine = proximal(
            quadratic(H, centre), nonnegative, np.zeros(8), 400, 1 / np.linalg.eigvalsh(H)[-1], accelerated
        )[-1]
        yield roundoff(mine, nnls(X, y)[0], terms=10**5)


def chain(d):
    """Nesterov's chain with a penalty: the Hessian's product, λ, the minimiser from 0, F; L ≤ 4."""
    weight = 1 / (d + 1) ** 2
    H = 2 * np.eye(d) - np.eye(d, k=1) - np.eye(d, k=-1)
    first = np.eye(d)[0]
    best = np.linalg.solve(H, first - weight)  # positive, so that g is linear there

    def F(theta):
        return ((theta @ H) * theta).sum(-1) / 2 - theta[..., 0] + weight * np.abs(theta).sum(-1)

    return quadratic(H, np.linalg.solve(H, first)), weight, best, F


def gaps(proximal, d, steps, accelerated):
    """F(θ_k) − F* for k = 1, 2, …, over ‖θ₀ − θ*‖², with α = 1/4 from 0."""
    gradient, weight, best, F = chain(d)
    theta = proximal(gradient, soft(weight), np.zeros(d), steps, 0.25, accelerated)
    return (F(theta[1:]) - F(best)) / (best @ best)


@PROXIMAL.claim
def bounds_of_both(proximal, rng):
    r"""ISTA keeps below $\lVert\theta_0-\theta^\star\rVert^2/2\alpha k$, FISTA below $2\lVert\theta_0-\theta^\star\rVert^2/\alpha(k+1)^2$, at every step: on Nesterov's
    chain of 40 and on the Lasso"""
    k = np.arange(1, 201)
    most = 1 / (2 * 0.25 * k), 2 / (0.25 * (k + 1) ** 2)
    for accelerated in (False, True):
        yield bound((gaps(proximal, 40, 200, accelerated) / most[accelerated]).max(), 1.0)
    _, _, H, centre = regression(rng)
    alpha, s = 1 / np.linalg.eigvalsh(H)[-1], soft(0.3)
    best = proximal(quadratic(H, centre), s, np.zeros(8), 400, alpha)[-1]

    def F(theta):
        return (((theta - centre) @ H) * (theta - centre)).sum(-1) / 2 + 0.3 * np.abs(theta).sum(-1)

    start = best + 10 * rng.standard_normal(8)
    far = (start - best) @ (start - best)
    k = np.arange(1, 41)
    most = far / (2 * alpha * k), 2 * far / (alpha * (k + 1) ** 2)
    for accelerated in (False, True):
        theta = proximal(quadratic(H, centre), s, start, 40, alpha, accelerated)
        yield bound(((F(theta[1:]) - F(best)) / most[accelerated]).max(), 1.0)


@PROXIMAL.claim
def orders_of_both(proximal, rng):
    r"""No faster on Nesterov's chain of $d$ entries with $\lambda=(d+1)^{-2}$, which grows with $k$, with $\alpha=\tfrac14$: ISTA's error at step $k=d^2/4$ falls like $k^{-1}$, FISTA's at $k=d$ like $k^{-2}$, in units of
    $\lVert\theta_0-\theta^\star\rVert^2$"""
    ds = (8, 16, 32, 48)
    yield rate([d * d // 4 for d in ds], [gaps(proximal, d, d * d // 4, False)[-1] for d in ds], -1, 0.1)
    ds = (16, 32, 64, 128)
    yield rate(ds, [gaps(proximal, d, d, True)[-1] for d in ds], -2, 0.1)


@PROXIMAL.claim
def descent_of_one_only(proximal, rng):
    r"""ISTA lowers $F$ at every step with $\alpha\le1/L$; FISTA does not: on $\tfrac12\theta_1^2+\tfrac1{200}\theta_2^2+0.001\lVert\theta\rVert_1$ it rises"""
    H = np.array([1.0, 0.01])

    def F(theta):
        return (H * theta**2).sum(-1) / 2 + 1e-3 * np.abs(theta).sum(-1)

    slow, fast = (F(proximal(quadratic(H), soft(1e-3), np.ones(2), 100, 1.0, a)) for a in (False, True))
    yield bound(np.diff(slow).max(), 0.0, "≤", Text("every step descends", "每一步都下降"))
    yield bound(np.diff(fast).max(), 1e-5, "≥", Text("some step of FISTA ascends", "FISTA 有某一步上升"))


@PROXIMAL.claim
def past_two_over_l(proximal, rng):
    r"""On $\tfrac L2\theta^2$ with $g=0$, ISTA converges up to $\alpha=2/L$, FISTA only up to $\tfrac4{3L}$: it shrinks at $1.98/L$ and $1.3/L$, grows at
    $2.02/L$ and $1.4/L$"""

    def grown(step, accelerated):
        path = np.abs(proximal(quadratic([1.0]), free, np.ones(1), 600, step, accelerated)[:, 0])
        return path[-60:].max() / path[240:300].max()

    for accelerated, below, above in ((False, 1.98, 2.02), (True, 1.3, 1.4)):
        yield bound(grown(below, accelerated), 0.9, "≤", Text("smaller 300 steps later", "300 步后变小"))
        yield bound(grown(above, accelerated), 2.0, "≥", Text("larger 300 steps later", "300 步后变大"))


@PROXIMAL.claim
def exact_zeros(proximal, rng):
    r"""Entries whose slope at the minimum is below $\lambda$ are exactly 0 from some step on: of eight, five after 100 steps of either"""
    H, centre, s = np.linspace(1, 2, 8), np.array([3.0, -2.0, 1.0, 0.1, -0.1, 0.05, 0.0, 0.1]), soft(0.5)
    for accelerated in (False, True):
        theta = proximal(quadratic(H, centre), s, rng.standard_normal(8), 160, 0.5, accelerated)
        yield identical((theta[100:] == 0).sum(1), np.full(61, 5))


@PROXIMAL.claim
def every_entry_for_itself(proximal, rng):
    r"""Where $f$ and $g$ are sums over the entries, every entry goes its own way, whatever the others do"""
    H, centre = np.array([0.05, 0.5, 1.0, 2.0]), rng.standard_normal(4) / 4
    start = np.array([5.0, 3.0, -4.0, 2.0])
    gradient, prox = quadratic(H, centre), soft(0.3)
    for accelerated in (False, True):
        for _ in range(2):
            theta = proximal(gradient, prox, start, 60, 0.5, accelerated)
            alone = [
                proximal(
                    quadratic(H[i : i + 1], centre[i : i + 1]), prox, start[i : i + 1].copy(), 60, 0.5, accelerated
                )
                for i in range(4)
            ]
            yield roundoff(theta, np.concatenate(alone, axis=1), terms=120)
            start[1:] = 4 * rng.standard_normal(3)  # the others start elsewhere


@PROXIMAL.claim
def hard_thresholding_stops_elsewhere(proximal, rng):
    r"""Without convexity the start decides: hard thresholding, the operator of $\lambda\lVert\cdot\rVert_0$, of $\tfrac12(\theta-1)^2$ with $\lambda=0.08$,
    $\alpha=0.1$ stays at 0, though 1 is lower"""

    @generic
    def hard(v, step):
        return v * (v * v > 2 * 0.08 * step)

    stuck = proximal(quadratic([1.0], [1.0]), hard, np.zeros(1), 200, 0.1)[-1]
    moved = proximal(quadratic([1.0], [1.0]), hard, np.full(1, 0.5), 400, 0.1)[-1]
    yield identical(stuck, np.zeros(1))
    yield roundoff(moved, np.ones(1), terms=100)
    yield bound(0.08, 0.5 * (1 - stuck[0]) ** 2, "≤", Text("F is λ at 1 and ½ at 0", "F 在 1 处为 λ，在 0 处为 ½"))


@PROXIMAL.claim
def no_minimiser(proximal, rng):
    r"""Where $F$ has no minimiser it runs away: $f=-\theta$ with $g=\tfrac12\lvert\theta\rvert$ moves by $\tfrac12\alpha$ a step for ever"""

    @generic
    def slope(theta):
        return 0 * theta - 1.0

    theta = proximal(slope, soft(0.5), np.zeros(1), 50, 0.5)
    yield roundoff(theta[:, 0], 0.25 * np.arange(51), terms=50)


@PROXIMAL.mutant(caught_by="equals-definition, equals-the-lasso, conditions-of-optimality")
def threshold_without_the_step(gradient, prox, theta0, steps, alpha, accelerated=False):
    """the threshold is λ, not αλ"""
    return proximal(gradient, lambda v, step: prox(v, 1.0), theta0, steps, alpha, accelerated)


@PROXIMAL.mutant(caught_by="equals-definition, equals-the-lasso, exact-zeros")
def operator_first(gradient, prox, theta0, steps, alpha, accelerated=False):
    """the operator first, then the gradient step: nothing is exactly 0"""
    theta, y, t = [theta0], theta0, 1.0
    for _ in range(steps):
        near = prox(y, alpha)
        theta.append(near - alpha * gradient(near))
        t, before = (1 + np.sqrt(1 + 4 * t**2)) / 2, t
        y = theta[-1] + ((before - 1) / t if accelerated else 0.0) * (theta[-1] - theta[-2])
    return np.stack(theta)


@PROXIMAL.mutant(caught_by="equals-definition, bounds-of-both, orders-of-both, descent-of-one-only")
def never_ahead(gradient, prox, theta0, steps, alpha, accelerated=False):
    """ISTA, sold as FISTA"""
    return proximal(gradient, prox, theta0, steps, alpha, False)


@PROXIMAL.mutant(caught_by="equals-definition, past-two-over-l")
def gradient_behind(gradient, prox, theta0, steps, alpha, accelerated=False):
    """FISTA's gradient at θ, not at y: a heavy ball"""
    theta, y, t = [theta0], theta0, 1.0
    for _ in range(steps):
        theta.append(prox(y - alpha * gradient(theta[-1]), alpha))
        t, before = (1 + np.sqrt(1 + 4 * t**2)) / 2, t
        y = theta[-1] + ((before - 1) / t if accelerated else 0.0) * (theta[-1] - theta[-2])
    return np.stack(theta)


@PROXIMAL.mutant(caught_by="equals-definition, equals-the-lasso, exact-zeros, every-entry-for-itself")
def the_whole_vector_at_once(gradient, prox, theta0, steps, alpha, accelerated=False):
    """one threshold for the length of the whole vector, not one for each entry"""

    def together(v, step):
        length = np.sqrt((v * v).sum(keepdims=True))
        return v * (prox(length, step) / np.where(length > 0, length, 1))

    return proximal(gradient, together, theta0, steps, alpha, accelerated)


@PROXIMAL.mutant(caught_by="equals-definition, orders-of-both")
def constant_momentum(gradient, prox, theta0, steps, alpha, accelerated=False):
    """the factor ½ at every step, in place of FISTA's sequence"""
    theta, y = [theta0], theta0
    for _ in range(steps):
        theta.append(prox(y - alpha * gradient(y), alpha))
        y = theta[-1] + (0.5 if accelerated else 0.0) * (theta[-1] - theta[-2])
    return np.stack(theta)


@PROXIMAL.mutant(
    caught_by="equals-definition, equals-the-lasso, conditions-of-optimality, exact-zeros, equals-nonnegative-least-squares, no-minimiser, hard-thresholding-stops-elsewhere"
)
def penalty_forgotten(gradient, prox, theta0, steps, alpha, accelerated=False):
    """no operator: gradient descent on f alone"""
    return proximal(gradient, lambda v, step: v, theta0, steps, alpha, accelerated)


@PROXIMAL.figure(
    weight=Slider(0.0, 3.0, 1.6, "weight of the penalty λ (× μ)"),
    step=Slider(0.05, 1.3, 1.0, "step size α (× 1/L)"),
    condition=Slider(1, 1000, 200, "condition number κ", log=True),
)
def figure(weight, step, condition):
    H, centre, start, T = np.array([1.0 / condition, 1.0]), np.array([3.0, 0.35]), np.array([-1.8, 2.4]), 200
    turn = np.array([[0.97, -0.24], [0.24, 0.97]])
    A = turn @ np.diag(H) @ turn.T
    lam = weight * H[0]

    def F(x, y):
        u, v = x - centre[0], y - centre[1]
        return (A[0, 0] * u * u + 2 * A[0, 1] * u * v + A[1, 1] * v * v) / 2 + lam * (np.abs(x) + np.abs(y))

    runs = [proximal(quadratic(A, centre), soft(lam), start, T, step, a) for a in (False, True)]
    signs = np.sign(proximal(quadratic(A, centre), soft(lam), start, 4000, 1.0, False)[-1])
    for _ in range(2):  # with its signs known, the minimum solves a linear system; an entry that changes its own is 0
        on, best = signs != 0, np.zeros(2)
        best[on] = np.linalg.solve(A[np.ix_(on, on)], (A @ centre - lam * signs)[on])
        signs[np.sign(best) != signs] = 0
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    level_sets(left, F, (-2.2, 3.8), (-1.6, 3.0))
    left.axhline(0, color="0.4", lw=0.7)
    left.axvline(0, color="0.4", lw=0.7)
    for run, colour, name in zip(runs, (COLOURS[6], COLOURS[1]), ("plain", "accelerated"), strict=True):
        path(left, run, colour, name)
        gap = np.maximum(F(*run.T) - F(*best), 1e-17)
        right.loglog(np.arange(1, T + 1), gap[1:], color=colour, lw=1.6, label=name)
    k, far = np.arange(1, T + 1), ((start - best) ** 2).sum()
    drawn = step <= 1
    if drawn:
        right.loglog(k, far / (2 * step * k), ":", color=COLOURS[6], lw=1.1)
        right.loglog(k, 2 * far / (step * (k + 1) ** 2), ":", color=COLOURS[1], lw=1.1)
    left.legend(fontsize=9.5, loc="lower left")
    right.set(xlabel="k", ylabel=r"$F(\theta_k)-F^\star$", ylim=(1e-10, 1e3))
    zeros = int((runs[1][-1] == 0).sum())
    ends = [abs(F(*run[-1]) - F(*best)) for run in runs]
    words = Text(
        f"κ = {condition:.3g}, λ = {lam:.3g}, α = {step:.2f}/L. After {T} steps the errors are {ends[0]:.1e} (ISTA) and {ends[1]:.1e} (FISTA); "
        f"{zeros} of 2 entries of FISTA's point are exactly 0."
        f"{' Dotted: the bounds, like 1/k and 1/k².' if drawn else ' The bounds need α ≤ 1/L.'}",
        f"κ = {condition:.3g}，λ = {lam:.3g}，α = {step:.2f}/L。{T} 步后的误差为 {ends[0]:.1e}（ISTA）与 {ends[1]:.1e}（FISTA）；"
        f"FISTA 的点共 2 个分量，其中 {zeros} 个恰为 0。"
        f"{'点线为按 1/k 与 1/k² 下降的界。' if drawn else '两个界要求 α ≤ 1/L。'}",
    )
    return Drawing(fig, words)
