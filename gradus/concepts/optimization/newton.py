"""Newton's method: undamped, damped by a line search, and within a trust region."""

import itertools

import numpy as np

from gradus.concepts.optimization.functions_with_hessians import (
    EXPONENTIAL,
    HYPERBOLA,
    LOG_COSH,
    QUARTIC,
    ROLLING,
    ROSENBROCK,
    SADDLE,
    quadratic_form,
    through,
)
from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import like
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, bound, identical, invariance, optimal, rate, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas

METHODS = ("pure", "damped", "trust-region")


def _ours(minimize, f, gradient, hessian, theta0, steps, method="pure", radius=1.0):
    name, options = (
        ("trust-region", {"radius": radius}) if method == "trust-region" else ("newton", {"damped": method == "damped"})
    )
    result = minimize(
        f,
        theta0,
        name,
        gradient=gradient,
        hessian=hessian,
        tolerance=0.0,
        max_iterations=steps,
        keep_points=True,
        **options,
    )
    points = result.history.points
    return points[[min(t, len(points) - 1) for t in range(steps + 1)]]  # once at rest it stays


NEWTON = Concept(
    key="newton",
    kind="algorithm",
    title="Newton's method",
    summary="Each step goes to the critical point of the quadratic that has the function's value, gradient and Hessian. Near a "
    "minimum whose Hessian is positive definite, and Lipschitz around it, the error after a step is at most a constant times "
    "the square of the one before; from afar the plain step may diverge or end at a saddle, and a line search or a trust "
    "region guides it.",
    formulas=(
        r"\theta_{t+1}=\theta_t-H_t^{-1}g_t,\qquad g_t=\nabla f(\theta_t),\quad H_t=\nabla^2f(\theta_t)",
        r"\lVert\theta_{t+1}-\theta^\star\rVert\le\frac{M}{2(\mu-M\lVert\theta_t-\theta^\star\rVert)}\lVert\theta_t-\theta^\star\rVert^2",
        r"\theta_{t+1}=\theta_t+2^{-k}p,\quad p=-Q\lvert\Lambda\rvert^{-1}Q^{\mathsf T}g_t,\qquad f(\theta_t+2^{-k}p)\le f(\theta_t)+10^{-4}\,2^{-k}g_t^{\mathsf T}p",
        r"p\in\operatorname*{arg\,min}_{\lVert p\rVert\le\Delta}\ g_t^{\mathsf T}p+\tfrac12p^{\mathsf T}H_tp\iff(H_t+sI)p=-g_t,\quad H_t+sI\succeq0,\quad s\ge0,\quad s(\Delta-\lVert p\rVert)=0,\quad\lVert p\rVert\le\Delta",
    ),
    symbols=(
        Symbol("f", "f", "function", "the function to be minimised", "function"),
        Symbol(r"\nabla f", "gradient", "function", "its gradient", "function"),
        Symbol(r"\nabla^2f", "hessian", "function", "its Hessian", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol("m", "method", "", "which steps: “pure”, “damped” or “trust-region”", "other"),
        Symbol(
            r"\Delta", "radius", "", "radius of the trust region, in the first step; only for this method", "positive"
        ),
        Symbol("g_t,\\ H_t", "", "d, d d", "gradient and Hessian at the point"),
        Symbol("p", "", "d", "the step, or its direction"),
        Symbol(r"Q,\ \Lambda", "", "d d", "eigenvectors and eigenvalues of $H_t$"),
        Symbol("k", "", "", "least number of halvings with which the condition holds", "natural"),
        Symbol("s", "", "", "shift of the eigenvalues, the multiplier of the constraint"),
        Symbol(r"\theta^\star", "", "d", "a minimiser, or another critical point with a non-singular Hessian"),
        Symbol("M", "", "", "Lipschitz constant of the Hessian"),
        Symbol(r"\mu", "", "", r"smallest size of an eigenvalue of $\nabla^2f(\theta^\star)$"),
    ),
    needs=("hessian", "gradient-descent", "linear-solve"),
    source="nocedal2006numerical",
    year=1740,
    people=("Isaac Newton", "Joseph Raphson", "Thomas Simpson", "Jorge J. Moré", "Danny C. Sorensen"),
    aliases="Newton method, Newton-Raphson, damped Newton, modified Newton, trust region, trust-region method, "
    "second-order optimization, 牛顿迭代法, 牛顿-拉弗森法, 阻尼牛顿法, 修正牛顿法, 信赖域, 信赖域方法, 二阶优化",
    implementations=(
        Implementation(
            "gradus.optimization.minimize:minimize", "torch", _ours, '`method="newton"` or `"trust-region"`'
        ),
    ),
    readings="nocedal2006numerical ch. 3, 4; boyd2004convex §9.5; simpson1740essays p. 81; more1983computing; conn2000trust ch. 7, 17",
    hypotheses=(
        Hypothesis("the error is squared: the start is near", "far-away-it-diverges"),
        Hypothesis(
            r"the error is squared: $\nabla^2f(\theta^\star)$ is non-singular", "linear-where-the-hessian-vanishes"
        ),
        Hypothesis(
            "the error is squared: the Hessian is Lipschitz near $\\theta^\\star$",
            "order-falls-without-a-lipschitz-hessian",
        ),
        Hypothesis("the limit is a minimum: the Hessian is positive definite there", "pure-steps-are-drawn-to-saddles"),
    ),
    conventions=(
        Convention(
            "an indefinite Hessian, with a line search",
            r"eigenvalues are replaced by their sizes, those below $10^{-8}$ of the largest by that",
            r"a multiple of the identity is added until a Cholesky factorisation exists (Nocedal and Wright, algorithm 3.3); "
            "SciPy's `Newton-CG` stops its inner iteration instead",
        ),
        Convention(
            "radius of the trust region",
            r"a quarter of $\lVert p\rVert$ if the model promised more than four times the gain, doubled if more than three quarters came true "
            "at the border; a step is taken if more than $10^{-4}$ came true",
            "SciPy's `trust-exact` takes it from 0.15 on and shrinks the radius, not the step",
        ),
    ),
    deviations=(
        "Rounding of values is allowed for: a step may raise $f$ by $10\\varepsilon\\lvert f\\rvert$, ε the spacing of the arithmetic at 1; "
        "without it a line search refuses the last good steps.",
    ),
    differentiable=False,
    longest_sum=4096,
)


@NEWTON.definition
def newton(f, gradient, hessian, theta0, steps, method="pure", radius=1.0):
    theta, Delta = [theta0], radius
    for _ in range(steps):
        x = theta[-1]
        g, H = gradient(x), hessian(x)
        if method == "pure":
            p = -np.linalg.solve(H, g)
        elif method == "damped":
            p = halved(f, x, g, -np.linalg.solve(positive(H), g))
        else:
            p, Delta = trusted(f, x, g, H, Delta)
        theta.append(x + p)
    return np.stack(theta)  # (steps + 1, d)


def rounding(f0):
    return 10 * 2.0**-52 * abs(f0)


def positive(H):
    """H if it is positive definite, else with the sizes of its eigenvalues."""
    lam, Q = np.linalg.eigh(H)
    if lam[0] > 0:
        return H
    return Q * np.maximum(abs(lam), 1e-8 * max(abs(lam)) or 1.0) @ Q.T


def halved(f, x, g, p):
    """The longest of p, p/2, p/4, … that lowers f by a ten-thousandth of what the slope promises."""
    for alpha in 0.5 ** np.arange(40):
        if f(x + alpha * p) <= f(x) + 1e-4 * alpha * g @ p + rounding(f(x)):
            return alpha * p
    return 0 * p


def trusted(f, x, g, H, Delta):
    """The step within the radius, which shrinks until the step is good; and the next radius."""
    for _ in range(20):
        p = within(Delta, g, H)
        length, promised = np.sqrt(p @ p), -(g @ p + p @ H @ p / 2)
        if length == 0:
            break
        ratio = (f(x) - f(x + p) + rounding(f(x))) / (promised + rounding(f(x)))
        if not ratio >= 1 / 4:
            Delta = length / 4
        elif ratio > 3 / 4 and length > 0.99 * Delta:
            Delta = 2 * Delta
        if ratio > 1e-4:
            return p, Delta
    return 0 * x, Delta


def within(Delta, g, H):
    """The p with |p| ≤ Δ that makes g·p + ½ p·Hp least."""
    lam, Q = np.linalg.eigh(H)
    a, above = Q.T @ g, lam - lam[0]

    def p(t):  # (H + sI) p = −g with the shift s = t − λ₁, so that t > 0 keeps H + sI positive definite
        return -a / (above + t)

    if lam[0] > 0 and np.linalg.norm(p(lam[0])) <= Delta:
        return Q @ p(lam[0])
    low, high = max(lam[0], 0.0), max(lam[0], 0.0) + np.linalg.norm(a) / Delta
    for _ in range(200):
        t = (low + high) / 2
        low, high = (t, high) if t > 0 and np.linalg.norm(p(t)) > Delta else (low, t)
    q = p(high) if high > 0 else 0 * a
    missing = Delta**2 - q @ q
    if missing > 1e-8 * Delta**2:  # the hard case: no shift is long enough, and the flattest direction makes up for it
        flattest = Q[:, 0] * np.sign(Q[np.argmax(abs(Q[:, 0])), 0])
        return Q @ q + np.sqrt(missing) * (-1 if g @ flattest > 0 else 1) * flattest
    return Q @ q


@NEWTON.example
def example():
    f, gradient, hessian = EXPONENTIAL["f"], EXPONENTIAL["gradient"], EXPONENTIAL["hessian"]
    theta0, steps = np.array([1.0, -2.0]), 5
    theta = newton(f, gradient, hessian, theta0, steps)
    far = newton(f, gradient, hessian, np.array([-3.0]), 24)[:, 0]
    damped = newton(f, gradient, hessian, np.array([-3.0]), 20, "damped")[:, 0]
    region = newton(f, gradient, hessian, np.array([-3.0]), 20, "trust-region", 0.8)[:, 0]
    p = np.exp(3.0) - 1
    return (
        dict(f=f, gradient=gradient, hessian=hessian, theta0=theta0, steps=steps, theta=theta, e=theta[:, 0])
        | dict(ratio=theta[1:, 0] / theta[:-1, 0] ** 2, inverse=np.exp(-1.0), far=far, damped=damped, region=region)
        | dict(p=p, f0=np.exp(-3.0) + 3, tried=np.array([np.exp(-3 + p / 2**k) - (-3 + p / 2**k) for k in range(4)]))
        | dict(there=np.array([-3 + p / 2**k for k in range(4)]), left=int(np.argmax(np.abs(far) < 1e-8)))
        | dict(needed=int(np.argmax(np.abs(damped) < 1e-8)), region_needed=int(np.argmax(np.abs(region) < 1e-8)))
    )


@NEWTON.exercise
def fourth_power():
    x = newton(QUARTIC["f"], QUARTIC["gradient"], QUARTIC["hessian"], np.array([1.0]), 3)
    return number(x[3, 0], squared=(2 / 3) ** 7, minus_a_quarter=0.75**3, half=0.5**3)


@NEWTON.exercise
def where_it_converges():
    def ends(x):
        return abs(newton(HYPERBOLA["f"], HYPERBOLA["gradient"], HYPERBOLA["hessian"], np.array([x]), 5)[-1, 0]) < 1e-3

    return choice(
        everywhere=ends(0.9) and ends(1.1), one=ends(0.9) and not ends(1.1), nowhere=not ends(0.1), half=not ends(0.6)
    )


@NEWTON.exercise
def direction_at_a_saddle():
    H, g = np.diag([2.0, -1.0]), np.array([2.0, 1.0])
    return array(-np.linalg.solve(positive(H), g), undamped=-np.linalg.solve(H, g), gradient=-g)


def symmetric(eigenvalues, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))
    A = (Q * np.asarray(eigenvalues, float)) @ Q.T
    return (A + A.T) / 2


@NEWTON.cases
def cases(rng):
    A = np.array([[2.0, 0.5], [-0.25, 1.0]])
    yield "exponential", dict(**EXPONENTIAL, theta0=np.array([0.5, -0.75]), steps=3)
    yield (
        "an indefinite quadratic",
        dict(**quadratic_form([[1.0, 2.0], [2.0, 1.0]], [1.0, -1.0]), theta0=np.ones(2), steps=2),
    )
    yield "one variable", dict(**HYPERBOLA, theta0=np.array([0.5]), steps=3)
    yield "skewed coordinates", dict(**through(A, [0.5, -0.25], EXPONENTIAL), theta0=np.array([0.25, 0.5]), steps=2)
    yield "damped", dict(**HYPERBOLA, theta0=np.array([1.5, -3.0]), steps=3, method="damped")
    yield "damped near a saddle", dict(**SADDLE, theta0=np.array([1.0, 0.25]), steps=3, method="damped")
    yield (
        "trusted in Rosenbrock's valley",
        dict(**ROSENBROCK, theta0=np.array([-1.25, 1.0]), steps=4, method="trust-region"),
    )
    yield (
        "trusted near a saddle",
        dict(**SADDLE, theta0=np.array([1.0, 0.25]), steps=3, method="trust-region", radius=0.5),
    )
    yield "trusted, far away", dict(**LOG_COSH, theta0=np.array([4.0, -3.0, 1.0]), steps=4, method="trust-region")
    yield "no step", dict(**EXPONENTIAL, theta0=np.ones(2), steps=0)


@NEWTON.invalid
def invalid(rng):
    three = generic(lambda x: like(np.ones(3), x))
    yield "a gradient of another shape", dict(**{**EXPONENTIAL, "gradient": three}, theta0=np.ones(2), steps=2)
    yield (
        "a Hessian of another shape",
        dict(**{**EXPONENTIAL, "hessian": lambda x: like(np.eye(3), x)}, theta0=np.ones(2), steps=2),
    )


SKEW = np.array([[2.0, 0.5, 0.0], [-0.3, 1.0, 0.2], [0.1, -0.4, 0.7]])


def errors(newton, smooth, start, minimiser, steps, **options):
    path = newton(**smooth, theta0=start, steps=steps, **options)
    return np.linalg.norm(path - minimiser, axis=1)


def order(newton, **options):
    """Fitted over the errors from 0.4 down to about 1e-11."""
    smooth, start = through(SKEW, np.zeros(3), EXPONENTIAL), np.linalg.solve(SKEW, [0.4, -0.25, 0.3])
    e = errors(newton, smooth, start, np.zeros(3), 5, **options)
    return rate(e[:4], e[1:5], 2, 0.1)


@NEWTON.claim
def order_is_two(newton, rng):
    r"""Near a minimum whose Hessian is non-singular and Lipschitz the error after a step is at most a constant times the square of the one
    before: on $e^x-x$, in three skewed coordinates, the order fitted to $\lVert\theta_{t+1}-\theta^\star\rVert$ against
    $\lVert\theta_t-\theta^\star\rVert$ is $2\pm0.1$"""
    return order(newton)


@NEWTON.claim
def a_guide_keeps_the_order(newton, rng):
    r"""Damped or within a trust region it is the plain step near such a minimum, and on this function the order is 2 as well"""
    yield order(newton, method="damped")
    yield order(newton, method="trust-region")


def cubic(weights):
    """Σ μ_i x_i²/2 + x_i³/6: its Hessian has the Lipschitz constant 1."""
    w = np.asarray(weights, float)
    return dict(
        f=generic(lambda x: (like(w, x) * x * x / 2 + x**3 / 6).sum()),
        gradient=generic(lambda x: like(w, x) * x + x * x / 2),
        hessian=generic(lambda x: like(np.diag(w), x) + like(np.eye(len(w)), x) * x),
    )


@NEWTON.claim
def error_bound(newton, rng):
    r"""$\lVert\theta_{t+1}-\theta^\star\rVert\le\frac{M}{2(\mu-M\lVert\theta_t-\theta^\star\rVert)}\lVert\theta_t-\theta^\star\rVert^2$ while
    $M\lVert\theta_t-\theta^\star\rVert<\mu$, and on $\tfrac12x^2+\tfrac16x^3$ from $x=-\tfrac12$ it is attained"""
    Q, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    smooth, worst = through(Q, np.zeros(3), cubic([1.0, 2.0, 5.0])), 0.0
    for _ in range(20):
        u = rng.standard_normal(3)
        before, after = errors(newton, smooth, rng.uniform(0.1, 0.9) * u / np.linalg.norm(u), np.zeros(3), 1)
        worst = max(worst, after * 2 * (1 - before) / before**2)
    yield bound(worst, 1.0, "≤", Text("error over its bound, the largest of 20", "误差与界之比，20 次中最大者"))
    yield roundoff(newton(**cubic([1.0]), theta0=np.array([-0.5]), steps=1)[1], [0.25], terms=4)


@NEWTON.claim
def one_step_on_a_quadratic(newton, rng):
    r"""On a quadratic with a non-singular Hessian one step leads to its critical point, from every start and whatever the
    condition number; where the Hessian is indefinite, to the saddle"""
    for eigenvalues in ([1.0, 3.0, 1e4], [0.5, -2.0, 3.0]):
        centre, start = rng.standard_normal(3), 5 * rng.standard_normal(3)
        path = newton(**quadratic_form(symmetric(eigenvalues, rng), centre), theta0=start, steps=1)
        kappa = np.abs(eigenvalues).max() / np.abs(eigenvalues).min()
        yield roundoff(path[1], centre, terms=6, scale=kappa * np.linalg.norm(start - centre) + np.abs(centre).max())


@NEWTON.claim
def affine_invariance(newton, rng):
    r"""Coordinates do not matter: the steps on $f(A\theta+b)$, A invertible, are those on $f$ in the new coordinates"""
    b, start = rng.uniform(-0.5, 0.5, 3), rng.uniform(-0.6, 0.6, 3)
    there = newton(**EXPONENTIAL, theta0=SKEW @ start + b, steps=4)
    here = newton(**through(SKEW, b, EXPONENTIAL), theta0=start, steps=4)
    return invariance(here @ SKEW.T + b, there, terms=40, scale=np.abs(there).max() * np.linalg.cond(SKEW))


@NEWTON.claim
def damping_is_affine_invariant(newton, rng):
    r"""The damped steps do not depend on the coordinates either, while the Hessian is positive definite"""
    start = np.array([-2.0, 0.7, -1.5]) + rng.uniform(-0.2, 0.2, 3)
    there = newton(**EXPONENTIAL, theta0=start, steps=4, method="damped")
    here = newton(
        **through(SKEW, np.zeros(3), EXPONENTIAL), theta0=np.linalg.solve(SKEW, start), steps=4, method="damped"
    )
    return invariance(here @ SKEW.T, there, terms=400, scale=np.abs(there).max() * np.linalg.cond(SKEW))


@NEWTON.claim
def far_away_it_diverges(newton, rng):
    r"""From afar plain steps may diverge, on a strictly convex function, too: on $\sqrt{1+x^2}$ each takes $x$ to $-x^3$; from 1.1
    to −1.33, 2.36, −13.1, 2253"""
    t = np.arange(5)
    for start in (1.1, 0.9):
        x = newton(**HYPERBOLA, theta0=np.array([start]), steps=4)[:, 0]
        yield roundoff(x / ((-1.0) ** t * start**3.0**t), np.ones(5), terms=400)


@NEWTON.claim
def linear_where_the_hessian_vanishes(newton, rng):
    r"""Where the Hessian vanishes at the minimum the error need not be squared: on $x^4$ it shrinks by the factor $\frac23$ a step"""
    x = newton(**QUARTIC, theta0=rng.uniform(0.5, 2, 3), steps=30)
    return roundoff(x[1:] / x[:-1], np.full((30, 3), 2 / 3), terms=4)


@generic
def _root(x):
    return abs(x) ** 0.5


BENT = dict(
    f=generic(lambda x: (x * x / 2 + 4 / 15 * x * x * _root(x)).sum()),
    gradient=generic(lambda x: x + 2 / 3 * x * _root(x)),
    hessian=generic(lambda x: (1 + _root(x))[:, None]),
)


@NEWTON.claim
def order_falls_without_a_lipschitz_hessian(newton, rng):
    r"""A Hessian that is continuous but not Lipschitz may cost order: with $f''=1+\sqrt{\lvert x\rvert}$ it is 1.5"""
    e = errors(newton, BENT, np.array([1e-2]), np.zeros(1), 5)
    return rate(e[:5], e[1:6], 1.5, 0.05)


@NEWTON.claim
def pure_steps_are_drawn_to_saddles(newton, rng):
    r"""Plain steps go to saddles as they go to minima: on $\tfrac12x^2+\tfrac14y^4-\tfrac12y^2$ from (1, 0.1) to (0, 0), upwards
    in y"""
    path = newton(**SADDLE, theta0=np.array([1.0, 0.1]), steps=6)
    why = Text("six steps of third order from 0.1", "从 0.1 出发的六个三阶步")
    yield optimal(np.abs(path[-1]).max(), 1e-12, why)
    yield bound(SADDLE["f"](path[1]) - SADDLE["f"](np.array([0.0, 0.1])), 0, "≥", Text("it climbs in y", "沿 y 上升"))


@NEWTON.claim
def guided_steps_leave_saddles(newton, rng):
    """Damped or trusted steps from there go to the minimum at (0, 1), and from (1, −0.1) to that at (0, −1)"""
    why = Text("converged: twelve steps", "已收敛：十二步")
    for method in METHODS[1:]:
        for side in (1.0, -1.0):
            path = newton(**SADDLE, theta0=np.array([1.0, 0.1 * side]), steps=12, method=method)
            yield optimal(np.abs(path[-1] - [0.0, side]).max(), 1e-9, why)


@NEWTON.claim
def only_the_trust_region_leaves_the_saddle_itself(newton, rng):
    r"""At the saddle itself the gradient is 0: the damped step is 0, the trusted one goes down along the eigenvector of the
    negative eigenvalue"""
    stays = newton(**SADDLE, theta0=np.zeros(2), steps=2, method="damped")
    leaves = newton(**SADDLE, theta0=np.zeros(2), steps=12, method="trust-region", radius=0.5)
    yield identical(stays, np.zeros((3, 2)))
    yield roundoff(np.abs(leaves[1]), [0.0, 0.5], terms=4)
    yield optimal(np.abs(np.abs(leaves[-1]) - [0, 1]).max(), 1e-9, Text("converged: twelve steps", "已收敛：十二步"))


@NEWTON.claim
def guided_steps_converge_from_afar(newton, rng):
    r"""Guided steps reach the minimum of $\sqrt{1+x^2}$ from 1.1 and from 50, and that of Rosenbrock's valley from (−1.2, 1)"""
    why = Text("converged: the order is 2 or more", "已收敛：阶不小于 2")
    for method in METHODS[1:]:
        for start in (1.1, 50.0):
            yield optimal(abs(newton(**HYPERBOLA, theta0=np.array([start]), steps=20, method=method)[-1, 0]), 1e-9, why)
        path = newton(**ROSENBROCK, theta0=np.array([-1.2, 1.0]), steps=40, method=method)
        yield optimal(np.abs(path[-1] - 1).max(), 1e-9, why)


@NEWTON.claim
def guided_steps_never_rise(newton, rng):
    r"""No damped or trusted step raises $f$ by more than the rounding of its values"""
    why = Text("10 ε of the value", "函数值的 10 ε 倍")
    for smooth, start in ((ROSENBROCK, [-1.2, 1.0]), (ROLLING, rng.uniform(-2, 2, 2)), (SADDLE, [1.0, 0.1])):
        for method in METHODS[1:]:
            f = np.array([smooth["f"](x) for x in newton(**smooth, theta0=np.array(start), steps=30, method=method)])
            yield bound((np.diff(f) / np.maximum(np.abs(f[:-1]), 1e-300)).max(), 10 * EPSILON, "≤", why)


@NEWTON.claim
def longest_of_the_halvings(newton, rng):
    r"""A damped step is $2^{-k}p$ with the least k that lowers $f$ by $10^{-4}$ of what the slope promises: the
    double of a shortened step does not"""
    f, gradient, hessian = ROSENBROCK["f"], ROSENBROCK["gradient"], ROSENBROCK["hessian"]
    path = newton(**ROSENBROCK, theta0=np.array([-1.2, 1.0]), steps=12, method="damped")
    halved, missed = 0, []
    for x, y in itertools.pairwise(path):
        g, p = gradient(x), -np.linalg.solve(hessian(x), gradient(x))
        alpha = 2.0 ** np.round(np.log2(np.linalg.norm(y - x) / np.linalg.norm(p)))
        yield roundoff(y, x + alpha * p, terms=16, scale=np.abs(x).max() + np.linalg.cond(hessian(x)) * np.abs(p).max())
        missed.append((f(y) - f(x) - 1e-4 * alpha * g @ p) / f(x))
        if alpha < 1:
            halved += 1
            missed.append((f(x) + 2e-4 * alpha * g @ p - f(x + 2 * alpha * p)) / f(x))
    why = Text("what is missed of the condition, or met of the doubled step's", "条件未满足、或加倍的步满足的部分")
    yield bound(max(missed), 1e-12, "≤", why)
    yield bound(halved, 3, "≥", Text("steps that were shortened, of 12", "12 步中缩短的步数"))


def conditions(newton, H, g, radius):
    """What is left of the conditions of the constrained minimum on the quadratic model with H and g."""
    n = len(g)
    smooth = dict(
        f=generic(lambda x: like(g, x) @ x + x @ (like(H, x) @ x) / 2),
        gradient=generic(lambda x: like(g, x) + like(H, x) @ x),
        hessian=generic(lambda x: like(H, x)),
    )
    p = newton(**smooth, theta0=np.zeros(n), steps=1, method="trust-region", radius=radius)[1]
    s = -(p @ (g + H @ p)) / (p @ p)
    lowest = np.linalg.eigvalsh(H + s * np.eye(n))[0]
    size = np.abs(H).max() + np.linalg.norm(g) / radius
    left = [np.linalg.norm((H + s * np.eye(n)) @ p + g) / (size * radius), -lowest / size, -s / size]
    return max(*left, abs(s) / size * abs(1 - np.linalg.norm(p) / radius), np.linalg.norm(p) / radius - 1)


@NEWTON.claim
def trusted_step_is_the_constrained_minimum(newton, rng):
    r"""The trusted step is the minimum of the model in the ball: $(H+sI)p=-g$ with $H+sI$ positive semidefinite, $s\ge0$, and
    $\lVert p\rVert=\Delta$ where $s>0$"""
    why = Text("rounding of the eigenvalues", "特征值的舍入误差")
    for eigenvalues in ([1.0, 2.0, 30.0], [-1.0, 0.5, 3.0], [-2.0, -2.0, -0.1, 5.0], [0.0, 1.0, 2.0]):
        H, g = symmetric(eigenvalues, rng), rng.standard_normal(len(eigenvalues))
        for radius in (0.05, 1.0, 20.0):
            yield optimal(max(conditions(newton, H, g, radius), 0.0), 1e-10, why)


@NEWTON.claim
def hard_case(newton, rng):
    r"""So it is where the gradient has no part in the lowest eigenspace and no shift makes the step long enough: the eigenvector
    makes up for the length"""
    why = Text("rounding of the eigenvalues", "特征值的舍入误差")
    H, g = np.diag([-1.0, 2.0, 4.0]), np.array([0.0, 1.0, -1.0])
    yield optimal(max(conditions(newton, H, g, 2.0), 0.0), 1e-10, why)
    yield optimal(max(conditions(newton, np.diag([0.0, -3.0]), np.array([1.0, 0.0]), 1.0), 0.0), 1e-10, why)


@NEWTON.claim
def radius_follows_the_model(newton, rng):
    r"""The radius is doubled when the model is right at the border, and a quarter of a step that is refused: on $\sqrt{1+x^2}$ from 50
    steps of 1, 2, 4, 8; on $e^x-x$ from −3 with radius 20 the whole plain step and its quarter are refused, its sixteenth is taken"""
    x = newton(**HYPERBOLA, theta0=np.array([50.0]), steps=4, method="trust-region")[:, 0]
    yield roundoff(x, [50.0, 49.0, 47.0, 43.0, 35.0], terms=8)
    y = newton(**EXPONENTIAL, theta0=np.array([-3.0]), steps=1, method="trust-region", radius=20.0)[:, 0]
    yield roundoff(y, [-3.0, -3.0 + (np.exp(3.0) - 1) / 16], terms=16)


def replaced(direction=None, damp=None, trust=None):
    """The method with one of its three steps done otherwise."""

    def method_of(f, gradient, hessian, theta0, steps, method="pure", radius=1.0):
        theta, Delta = [theta0], radius
        for _ in range(steps):
            x = theta[-1]
            g, H = gradient(x), hessian(x)
            if method == "pure":
                p = (direction or (lambda H, g: -np.linalg.solve(H, g)))(H, g)
            elif method == "damped":
                p = (damp or (lambda f, x, g, H: halved(f, x, g, -np.linalg.solve(positive(H), g))))(f, x, g, H)
            else:
                p, Delta = (trust or trusted)(f, x, g, H, Delta)
            theta.append(x + p)
        return np.stack(theta)

    return method_of


@NEWTON.mutant(
    caught_by="equals-definition, order-is-two, one-step-on-a-quadratic, far-away-it-diverges, pure-steps-are-drawn-to-saddles"
)
def hessian_sign(f, gradient, hessian, theta0, steps, **given):
    """the sign of the Hessian's inverse: +H⁻¹g"""
    return replaced(direction=lambda H, g: np.linalg.solve(H, g))(f, gradient, hessian, theta0, steps, **given)


@NEWTON.mutant(caught_by="one-step-on-a-quadratic, affine-invariance")
def diagonal_alone(f, gradient, hessian, theta0, steps, **given):
    """only the diagonal of the Hessian, sold as Newton"""
    return replaced(direction=lambda H, g: -g / np.diag(H))(f, gradient, hessian, theta0, steps, **given)


@NEWTON.mutant(
    caught_by="order-is-two, a-guide-keeps-the-order, error-bound, linear-where-the-hessian-vanishes, order-falls-without-a-lipschitz-hessian"
)
def first_hessian_for_ever(f, gradient, hessian, theta0, steps, **given):
    """the Hessian of one point, close to the start, at every step"""
    return newton(f, gradient, lambda x: hessian(theta0 + 0.05 * (1 - 0 * x)), theta0, steps, **given)


@NEWTON.mutant(
    caught_by="equals-definition, order-is-two, one-step-on-a-quadratic, affine-invariance, damping-is-affine-invariant"
)
def identity_left_in(f, gradient, hessian, theta0, steps, **given):
    """a hundredth of the identity is added to every Hessian"""
    return newton(f, gradient, lambda x: hessian(x) + 0.01 * np.eye(len(theta0)), theta0, steps, **given)


@NEWTON.mutant(caught_by="guided-steps-converge-from-afar, guided-steps-never-rise, longest-of-the-halvings")
def full_steps_sold_as_damped(f, gradient, hessian, theta0, steps, **given):
    """no halving"""
    damp = lambda f, x, g, H: -np.linalg.solve(positive(H), g)
    return replaced(damp=damp)(f, gradient, hessian, theta0, steps, **given)


@NEWTON.mutant(caught_by="guided-steps-leave-saddles")
def indefinite_hessian_as_it_is(f, gradient, hessian, theta0, steps, **given):
    """the line search follows −H⁻¹g, although it may point uphill"""
    damp = lambda f, x, g, H: halved(f, x, g, -np.linalg.solve(H, g))
    return replaced(damp=damp)(f, gradient, hessian, theta0, steps, **given)


@NEWTON.mutant(caught_by="trusted-step-is-the-constrained-minimum, guided-steps-leave-saddles")
def shortened_to_the_radius(f, gradient, hessian, theta0, steps, **given):
    """the plain step cut to the radius, in place of the minimum in the ball"""

    def trust(f, x, g, H, Delta):
        p = -np.linalg.solve(H, g) if np.linalg.det(H) else -g
        return p * min(1.0, Delta / max(np.linalg.norm(p), 1e-300)), Delta

    return replaced(trust=trust)(f, gradient, hessian, theta0, steps, **given)


@NEWTON.mutant(caught_by="hard-case, only-the-trust-region-leaves-the-saddle-itself")
def no_hard_case(f, gradient, hessian, theta0, steps, **given):
    """the eigenvector of the lowest eigenvalue never makes up for the length"""

    def trust(f, x, g, H, Delta):
        lam, Q = np.linalg.eigh(H)
        if lam[0] <= 0 and abs(Q[:, 0] @ g) < 1e-12:
            return -Q @ np.where(lam > lam[0], Q.T @ g / np.maximum(lam - lam[0], 1e-300), 0), Delta
        return trusted(f, x, g, H, Delta)

    return replaced(trust=trust)(f, gradient, hessian, theta0, steps, **given)


@NEWTON.mutant(caught_by="radius-follows-the-model, guided-steps-never-rise")
def every_step_is_taken(f, gradient, hessian, theta0, steps, **given):
    """steps that raise the function are taken as well"""

    def trust(f, x, g, H, Delta):
        return within(Delta, g, H), trusted(f, x, g, H, Delta)[1]

    return replaced(trust=trust)(f, gradient, hessian, theta0, steps, **given)


@NEWTON.mutant(caught_by="radius-follows-the-model, guided-steps-converge-from-afar")
def radius_stays(f, gradient, hessian, theta0, steps, **given):
    """the radius never changes"""
    trust = lambda f, x, g, H, Delta: (trusted(f, x, g, H, Delta)[0], Delta)
    return replaced(trust=trust)(f, gradient, hessian, theta0, steps, **given)


NEWTON.erratum(
    "E4",
    common="Newton's method converges quadratically (a common slip)",
    why=r"On $\sqrt{1+x^2}$, strictly convex, the steps from 1.1 are −1.33, 2.36, −13.1, 2253: $x\mapsto-x^3$. On $x^4$ the error "
    r"shrinks by $\frac23$ a step: linearly.",
    right=r"It converges quadratically near a minimum where the Hessian is positive definite, if the Hessian is Lipschitz there",
    claims="far-away-it-diverges, linear-where-the-hessian-vanishes, order-is-two",
)


@NEWTON.figure(
    y=Slider(0.0, 1.4, 0.25, "start, second coordinate"),
    radius=Slider(0.1, 1.5, 0.5, "first radius Δ of the trust region"),
)
def figure(y, radius):
    T, start = 9, np.array([1.4, y])
    paths = [newton(**SADDLE, theta0=start, steps=T, method=m, radius=radius) for m in METHODS]
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    level_sets(left, lambda a, b: a**2 / 2 + b**4 / 4 - b**2 / 2, (-1.0, 1.7), (-0.8, 1.6), spacing=1.7)
    angle = np.linspace(0, 2 * np.pi, 90)
    left.plot(*(start[:, None] + radius * np.array([np.cos(angle), np.sin(angle)])), ":", color="0.35", lw=1.1)
    names, colours = ("plain", "damped", "trust region"), (COLOURS[6], COLOURS[0], COLOURS[1])
    for points, colour, name, width in zip(paths, colours, names, (1.2, 1.4, 1.4), strict=True):
        path(left, points, colour, name, width=width)
        far = np.linalg.norm(points - np.array([0.0, 1.0]), axis=1)
        right.semilogy(np.maximum(far, 1e-16), "o-", color=colour, lw=1.4, ms=3)
    left.legend(fontsize=9.5, loc="lower right")
    right.set(xlabel="t", ylabel=r"$\|\theta_t-\theta^\star\|$", ylim=(1e-17, 30))
    ends = [float(np.linalg.norm(p[-1] - [0.0, 1.0])) for p in paths]
    where = Text("at the saddle (0, 0)", "鞍点 (0, 0)") if np.abs(paths[0][-1]).max() < 0.1 else None
    where = where or (Text("at the minimum (0, 1)", "极小点 (0, 1)") if ends[0] < 0.1 else Text("elsewhere", "别处"))
    words = Text(
        f"A saddle at (0, 0), a minimum at (0, 1); start (1.4, {y:.2f}). After {T} steps the plain method is {where.en}; the damped one is {ends[1]:.2g} "
        f"from the minimum, the trust region, with a first radius of {radius:.2f}, {ends[2]:.2g}.",
        f"鞍点在 (0, 0)，极小点在 (0, 1)；起点 (1.4, {y:.2f})。{T} 步后，普通牛顿法在{where.zh}；阻尼法距极小点 {ends[1]:.2g}，"
        f"初始半径为 {radius:.2f} 的信赖域法距极小点 {ends[2]:.2g}。",
    )
    return Drawing(fig, words)
