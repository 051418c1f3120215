"""Newton–CG: Newton's method without the Hessian, by conjugate gradients within a trust region."""

import numpy as np

from gradus.concepts.optimization.functions_with_hessians import (
    EXPONENTIAL,
    HYPERBOLA,
    LOG_COSH,
    ROSENBROCK,
    SADDLE,
    quadratic_form,
)
from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import like
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, bound, identical, near, optimal, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas
from gradus.page.not_applicable import NotApplicable


def _ours(minimize, f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    result = minimize(
        f,
        theta0,
        "newton-cg",
        gradient=gradient,
        tolerance=0.0,
        max_iterations=steps,
        keep_points=True,
        forcing=forcing,
        radius=radius,
    )
    points = result.history.points
    return points[[min(t, len(points) - 1) for t in range(steps + 1)]]  # once at rest it stays


NEWTON_CG = Concept(
    key="newton-cg",
    kind="algorithm",
    title="Newton–CG (Hessian-free)",
    summary="Newton's equation $Hp=-g$ is solved by conjugate gradients, which need the Hessian only in products with vectors, and "
    "a product costs a few gradients, whatever the dimension. They end early: at an accuracy that grows as the minimum comes near, at the "
    "border of a trust region, or at a direction of negative curvature.",
    formulas=(
        r"Hv=\frac{d}{dh}\nabla f(\theta+hv)\Big|_{h=0}",
        r"\lVert g+Hp\rVert\le\min\bigl(\eta,\sqrt{\lVert g\rVert}\bigr)\,\lVert g\rVert",
        r"p_0=0,\ r_0=g,\ d_0=-g;\qquad \alpha_j=\frac{r_j^{\mathsf T}r_j}{d_j^{\mathsf T}Hd_j},\quad p_{j+1}=p_j+\alpha_jd_j,\quad r_{j+1}=r_j+\alpha_jHd_j,\quad d_{j+1}=-r_{j+1}+\frac{r_{j+1}^{\mathsf T}r_{j+1}}{r_j^{\mathsf T}r_j}d_j",
        r"d_j^{\mathsf T}Hd_j\le0\ \text{ or }\ \lVert p_j+\alpha_jd_j\rVert\ge\Delta:\qquad p=p_j+\tau d_j,\quad\tau\ge0,\quad\lVert p\rVert=\Delta",
    ),
    symbols=(
        Symbol("f", "f", "function", "the function to be minimised", "function"),
        Symbol(r"\nabla f", "gradient", "function", "its gradient, analytic in its argument", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\eta", "forcing", "", "the largest share of the gradient that may be left", "unit"),
        Symbol(r"\Delta", "radius", "", "radius of the trust region, in the first step", "positive"),
        Symbol("g,\\ H", "", "d, d d", "gradient and Hessian at the point; H is never formed"),
        Symbol("v", "", "d", "a vector"),
        Symbol("h", "", "", "a number that goes to 0"),
        Symbol("p", "", "d", "step; $p_j$ after j products"),
        Symbol(r"r_j,\ d_j", "", "d", "residual $g+Hp_j$, and direction"),
        Symbol(r"\alpha_j,\ \tau", "", "", "lengths along the direction"),
    ),
    needs=("newton", "conjugate-gradients", "forward-mode"),
    source="steihaug1983conjugate",
    year=1983,
    people=("Ron S. Dembo", "Stanley C. Eisenstat", "Trond Steihaug", "Barak A. Pearlmutter", "James Martens"),
    aliases="Hessian-free optimization, HF, truncated Newton, inexact Newton, Newton-Krylov, Steihaug-Toint, "
    "Pearlmutter trick, 牛顿-共轭梯度法, 截断牛顿法, 不精确牛顿法, 无黑塞优化, 黑塞向量积",
    implementations=(Implementation("gradus.optimization.minimize:minimize", "torch", _ours, '`method="newton-cg"`'),),
    readings="steihaug1983conjugate; dembo1982inexact; pearlmutter1994fast; martens2010deep; nocedal2006numerical §7.1",
    hypotheses=(
        Hypothesis(
            r"few products: $H$ is positive definite with few clusters of eigenvalues, and the region reaches far enough",
            "products-are-as-many-as-eigenvalues",
        ),
        Hypothesis(
            "the order 1.5: the accuracy follows the gradient, and the minimum is non-singular with a Lipschitz Hessian",
            "constant-accuracy",
        ),
        Hypothesis(
            "it leaves a saddle: the gradient beside it has a part along the negative curvature",
            "rests-on-the-saddle-itself",
        ),
    ),
    conventions=(
        Convention(
            "where the inner iteration stops",
            "at the border of a trust region, and along negative curvature at the border as well (Steihaug; SciPy's `trust-ncg`)",
            "SciPy's `Newton-CG` has a line search instead and stops before a direction of negative curvature; Martens damps the Hessian",
        ),
        Convention(
            "the accuracy",
            r"$\min(\eta,\sqrt{\lVert g\rVert})$, which depends on the units of f; SciPy's `trust-ncg` has it with $\eta=\tfrac12$",
            "SciPy's `Newton-CG` takes the 1-norm of the gradient",
        ),
    ),
    deviations=(
        "The definition differentiates the gradient by a complex step, so the gradient must be analytic; Gradus's implementation by a "
        "backward pass through its graph.",
        "After 2d products the inner iteration ends in any case: rounding may keep it from the accuracy.",
    ),
    differentiable=False,
    longest_sum=16384,
)


@NEWTON_CG.definition
def newton_cg(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    theta, Delta = [theta0], radius
    for _ in range(steps):
        x, p = theta[-1], 0 * theta0
        g, rounding = gradient(x), 10 * 2.0**-52 * abs(f(x))
        for _ in range(20):  # the radius shrinks until the step is good
            p = within(Delta, gradient, x, g, forcing)
            length, promised = np.sqrt(p @ p), -(g @ p + p @ product(gradient, x, p) / 2)
            if length == 0:
                break
            ratio = (f(x) - f(x + p) + rounding) / (promised + rounding)
            if not ratio >= 1 / 4:
                Delta = length / 4
            elif ratio > 3 / 4 and length > 0.99 * Delta:
                Delta = 2 * Delta
            if ratio > 1e-4:
                break
            p = 0 * p
        theta.append(x + p)
    return np.stack(theta)  # (steps + 1, d)


def product(gradient, x, v):
    """The derivative of the gradient along v, by a complex step: Hv."""
    return np.imag(gradient(x + 1e-30j * v)) / 1e-30


def within(Delta, gradient, x, g, forcing):
    """Conjugate gradients on Hp = −g from 0, up to the accuracy, the radius, or negative curvature."""
    p, r, d = 0 * g, g, -g
    size = np.sqrt(g @ g)
    for _ in range(2 * len(g)):
        if np.sqrt(r @ r) <= min(forcing, np.sqrt(size)) * size:
            break
        Hd = product(gradient, x, d)
        alpha = r @ r / (d @ Hd) if d @ Hd > 0 else 0.0
        if not alpha or np.linalg.norm(p + alpha * d) >= Delta:
            a, b, c = d @ d, p @ d, p @ p - Delta**2  # |p + τd| = Δ
            return p + (-b + np.sqrt(b**2 - a * c)) / a * d
        p, old, r = p + alpha * d, r, r + alpha * Hd
        d = -r + (r @ r) / (old @ old) * d
    return p


@NEWTON_CG.example
def example():
    f, gradient, theta0, steps = EXPONENTIAL["f"], EXPONENTIAL["gradient"], np.array([1.0, -2.0]), 6
    theta = newton_cg(f, gradient, theta0, steps)
    g = gradient(theta0)
    Hd = product(gradient, theta0, -g)
    alpha = (g @ g) / (-g @ Hd)
    p = theta[1] - theta0
    left, d1 = g + product(gradient, theta0, p), -gradient(theta[1])
    promised = -(g @ p + p @ product(gradient, theta0, p) / 2)
    return (
        dict(f=f, gradient=gradient, theta0=theta0, steps=steps, theta=theta, g=g, gg=g @ g, size=np.sqrt(g @ g))
        | dict(d=-g, Hd=Hd, dHd=-g @ Hd, alpha=alpha, reach=alpha * np.sqrt(g @ g), p=p)
        | dict(left=left, share=np.sqrt(left @ left / (g @ g)), promised=promised, gained=f(theta0) - f(theta[1]))
        | dict(ratio=(f(theta0) - f(theta[1])) / promised, e=np.linalg.norm(theta, axis=1))
        | dict(lengths=np.linalg.norm(np.diff(theta, axis=0), axis=1))
        | dict(reach1=(d1 @ d1) ** 1.5 / (d1 @ product(gradient, theta[1], d1)))
    )


@NEWTON_CG.exercise
def against_the_hessian():
    return number(10**6 / 25, squared=10**12 / 25, four_gradients=10**6 / 100)


@NEWTON_CG.exercise
def first_product():
    H, g = np.diag([1.0, 4.0]), np.array([-1.0, -4.0])
    alpha = (g @ g) / (g @ H @ g)
    return array(-alpha * g, newton=-np.linalg.solve(H, g), gradient=-g)


@NEWTON_CG.exercise
def against_negative_curvature():
    smooth = quadratic_form([[1.0, 0.0], [0.0, -1.0]], [0.0, 0.0])
    p = newton_cg(smooth["f"], smooth["gradient"], np.array([0.1, 1.0]), 1, radius=0.5)[1] - [0.1, 1.0]
    border, saddle = bool(np.isclose(np.linalg.norm(p), 0.5) and p[1] > 0), bool(np.allclose(p, [-0.1, -1.0]))
    return choice(border=border, saddle=saddle, stays=not p.any())


def symmetric(eigenvalues, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))
    A = (Q * np.asarray(eigenvalues, float)) @ Q.T
    return (A + A.T) / 2


def pair(smooth):
    return dict(f=smooth["f"], gradient=smooth["gradient"])


@NEWTON_CG.cases
def cases(rng):
    yield "exponential", dict(**pair(EXPONENTIAL), theta0=np.array([0.5, -0.75]), steps=3)
    yield "Rosenbrock's valley", dict(**pair(ROSENBROCK), theta0=np.array([-1.25, 1.0]), steps=4)
    yield "negative curvature", dict(**pair(SADDLE), theta0=np.array([1.0, 0.25]), steps=3, radius=0.5)
    yield "far away", dict(**pair(LOG_COSH), theta0=np.array([4.0, -3.0, 1.0]), steps=4)
    yield (
        "an exact solution",
        dict(
            **pair(quadratic_form([[2.0, 0.5], [0.5, 1.0]], [1.0, -1.0])),
            theta0=np.zeros(2),
            steps=1,
            forcing=1e-3,
            radius=8.0,
        ),
    )
    # the accuracy decides: after one product 0.19 of the gradient is left, between its size, 0.13, and the root of that, 0.36
    yield (
        "near the minimum",
        dict(
            **pair(quadratic_form(np.diag([1.0, 4.0, 16.0, 64.0]), np.zeros(4))),
            theta0=2.0**-9 * np.array([1.0, -1.0, 1.0, -1.0]),
            steps=2,
        ),
    )
    yield "at the saddle itself", dict(**pair(SADDLE), theta0=np.zeros(2), steps=2)
    yield "no step", dict(**pair(EXPONENTIAL), theta0=np.ones(3), steps=0)


@NEWTON_CG.invalid
def invalid(rng):
    three = generic(lambda x: like(np.ones(3), x))
    yield "a gradient of another shape", dict(f=EXPONENTIAL["f"], gradient=three, theta0=np.ones(2), steps=2)


@NEWTON_CG.claim
def accuracy_of_the_step(newton_cg, rng):
    r"""A step that ends inside leaves at most the share $\min(\eta,\sqrt{\lVert g\rVert})$ of the gradient in Newton's equation"""
    why = Text("the share that may be left", "可以剩下的份额")
    for forcing, distance in ((0.5, 3.0), (0.1, 3.0), (0.5, 1e-3)):
        H, start = symmetric(np.geomspace(1, 300, 25), rng), rng.standard_normal(25)
        start *= distance / np.linalg.norm(start)
        g = H @ start
        p = (
            newton_cg(**pair(quadratic_form(H, np.zeros(25))), theta0=start, steps=1, forcing=forcing, radius=1e4)[1]
            - start
        )
        share = min(forcing, np.sqrt(np.linalg.norm(g)))
        yield bound(np.linalg.norm(g + H @ p) / (share * np.linalg.norm(g)), 1 + 1e-9, "≤", why)
        yield bound(np.linalg.norm(p), 0.01 * distance, "≥", Text("it moves", "它确实移动"))


@NEWTON_CG.claim
def newtons_step_at_full_accuracy(newton_cg, rng):
    r"""At full accuracy, where the Hessian is positive definite and the region reaches far enough, each step that is taken is Newton's"""
    Q, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    f, slope = EXPONENTIAL["f"], EXPONENTIAL["gradient"]
    rotated = dict(
        f=generic(lambda x: f(like(Q, x) @ x)), gradient=generic(lambda x: like(Q.T, x) @ slope(like(Q, x) @ x))
    )
    start = rng.uniform(-0.8, 0.8, 4)
    got = newton_cg(**rotated, theta0=start, steps=2, forcing=1e-11, radius=100.0)
    want, z = [start], Q @ start
    for _ in range(2):
        z = z - 1 + np.exp(-z)
        want.append(Q.T @ z)
    why = Text("the accuracy asked for times κ of the Hessian, at most 5", "所求精度乘以黑塞矩阵的 κ，后者至多为 5")
    return near(np.abs(got - np.stack(want)).max(), 0.0, 1e-9, why)


def work(newton_cg, different, size=60):
    """The price of one step on a quadratic with so many different eigenvalues, in gradients.

    By PyTorch's counter of multiplications, or by the calls of the gradient: a complex one counts as four.
    """
    W = np.diag(np.sqrt(np.resize(np.arange(1.0, different + 1), size)))
    W = W @ np.linalg.qr(np.random.default_rng(5).standard_normal((size, size)))[0]
    calls = [0]

    @generic
    def gradient(x):
        calls[0] += 4 if "complex" in str(x.dtype) else 1
        return (like(W.T, x) @ (like(W, x) @ x[:, None]))[:, 0]

    @generic
    def f(x):
        return ((like(W, x) * x[None, :]).sum(1) ** 2).sum() / 2

    def run():
        return newton_cg(f, gradient, np.linspace(-1, 1, size), 1, 1e-9, 1e3)

    try:
        return newton_cg.framework.multiplications(run) / (2 * size**2)
    except (AttributeError, NotApplicable):  # a definition, or a framework that does not count: its calls are counted
        run()
        return calls[0]


@NEWTON_CG.claim
def products_are_as_many_as_eigenvalues(newton_cg, rng):
    r"""On a convex quadratic, in a region that reaches far enough, a step to full accuracy takes at most as many products as the Hessian
    has different eigenvalues, not d: with m of them and $d=60$ its price is at most $4(m+2)$ gradients"""
    why = Text("4(m + 2) gradients", "4(m + 2) 个梯度")
    for m in (1, 3, 6):
        yield bound(work(newton_cg, m), 4 * (m + 2), "≤", why)


@NEWTON_CG.claim
def a_product_costs_four_gradients_at_most(newton_cg, rng):
    r"""On a quadratic, counted in multiplications, a product costs at most as much as four gradients: by a complex step four, backwards
    through the graph of the gradient fewer"""
    each = (work(newton_cg, 6) - work(newton_cg, 2)) / 4
    yield bound(each, 4.0, "≤", Text("of four products more, the price of one", "多四个乘积，取其一的代价"))
    yield bound(each, 0.9, "≥", Text("a product is not free", "乘积并非没有代价"))


@NEWTON_CG.claim
def faster_than_linear(newton_cg, rng):
    r"""As the accuracy follows $\sqrt{\lVert g\rVert}$, the order at a non-singular minimum with a Lipschitz Hessian is 1.5 at least:
    fitted over the errors of eight runs"""
    scale = np.geomspace(0.5, 4, 12)
    f, slope = EXPONENTIAL["f"], EXPONENTIAL["gradient"]
    stretched = dict(
        f=generic(lambda x: f(like(scale, x) * x)),
        gradient=generic(lambda x: like(scale, x) * slope(like(scale, x) * x)),
    )
    before, after = [], []
    for _ in range(8):
        e = np.linalg.norm(newton_cg(**stretched, theta0=rng.uniform(-0.3, 0.3, 12), steps=12), axis=1)
        small = (e[:-1] < 0.1) & (e[1:] > 1e-13)
        before += list(e[:-1][small])
        after += list(e[1:][small])
    order = np.polyfit(np.log(before), np.log(after), 1)[0] if len(before) > 7 else np.nan
    return bound(order, 1.5, "≥", Text("the order that the accuracy gives", "由精度得出的阶"))


@NEWTON_CG.claim
def leaves_saddles(newton_cg, rng):
    r"""From near the saddle of $\tfrac12x^2+\tfrac14y^4-\tfrac12y^2$ it goes to a minimum: from (1, 0.1) to (0, 1)"""
    end = newton_cg(**pair(SADDLE), theta0=np.array([1.0, 0.1]), steps=25)[-1]
    return optimal(np.abs(end - [0.0, 1.0]).max(), 1e-8, Text("converged", "已收敛"))


@NEWTON_CG.claim
def rests_on_the_saddle_itself(newton_cg, rng):
    """On the saddle itself it rests: conjugate gradients begin with the gradient, which is 0. From (1, 0) it walks into the saddle, as the
    gradient has no part along the negative curvature; from (0, 0.001) it leaves"""
    stays = newton_cg(**pair(SADDLE), theta0=np.zeros(2), steps=3)
    moves = newton_cg(**pair(SADDLE), theta0=np.array([0.0, 1e-3]), steps=3)
    into = newton_cg(**pair(SADDLE), theta0=np.array([1.0, 0.0]), steps=3)
    yield identical(stays, np.zeros((4, 2)))
    yield optimal(np.abs(into[-1]).max(), 1e-12, Text("into the saddle from (1, 0)", "从 (1, 0) 走进鞍点"))
    yield bound(abs(moves[-1, 1]), 0.5, "≥", Text("beside it, it leaves", "在其旁边则离开"))


def model_and_start(H, g):
    return dict(
        f=generic(lambda x: like(g, x) @ x + x @ (like(H, x) @ x) / 2),
        gradient=generic(lambda x: like(g, x) + like(H, x) @ x),
    )


@NEWTON_CG.claim
def to_the_border_along_negative_curvature(newton_cg, rng):
    r"""Where a direction of curvature $\le0$ comes up, and where the next point would lie outside, the step ends on the border:
    $\lVert p\rVert=\Delta$"""
    for eigenvalues, radius in (([-1.0, -2.0, -0.5], 2.0), ([-3.0, 1.0, 2.0], 50.0), ([1.0, 2.0, 3.0], 0.01)):
        model = model_and_start(symmetric(eigenvalues, rng), rng.standard_normal(3))
        p = newton_cg(**model, theta0=np.zeros(3), steps=1, radius=radius, forcing=1e-10)[1]
        yield roundoff(np.linalg.norm(p), radius, terms=200)


@NEWTON_CG.claim
def as_good_as_the_steepest_step(newton_cg, rng):
    r"""The decrease of the model is at least that of the best step along $-g$ within the radius"""
    why = Text("gain over that of the steepest step, the least", "降幅与最速步降幅之比，取最小者")
    ratios = []
    for _ in range(12):
        M, g, radius = rng.standard_normal((6, 6)), rng.standard_normal(6), rng.choice([0.1, 1.0, 5.0])
        H = M + M.T
        p = newton_cg(**model_and_start(H, g), theta0=np.zeros(6), steps=1, radius=radius)[1]
        longest = radius / np.linalg.norm(g)
        best = min((g @ g) / (g @ H @ g), longest) if g @ H @ g > 0 else longest
        ratios.append((-(g @ p) - p @ H @ p / 2) / (best * g @ g - best**2 * g @ H @ g / 2))
    return bound(min(ratios), 1 - 1e-9, "≥", why)


@NEWTON_CG.claim
def never_rises(newton_cg, rng):
    r"""No step raises $f$ by more than the rounding of its values, and from afar it converges: on Rosenbrock's valley from (−1.2, 1), on
    $\sqrt{1+x^2}$ from 50"""
    why = Text("10 ε of the value, and as much for another way to it", "函数值的 10 ε 倍，另留同样多给不同的算法")
    for smooth, start, end in ((ROSENBROCK, [-1.2, 1.0], 1.0), (HYPERBOLA, [50.0], 0.0)):
        points = newton_cg(**pair(smooth), theta0=np.array(start), steps=45)
        f = np.array([smooth["f"](x) for x in points])
        yield bound((np.diff(f) / np.maximum(np.abs(f[:-1]), 1e-300)).max(), 20 * EPSILON, "≤", why)
        yield optimal(np.abs(points[-1] - end).max(), 1e-6, Text("converged", "已收敛"))


def running(inner=within, accept=1e-4):
    """The method with its inner iteration or its judgement done otherwise."""

    def method(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
        theta, Delta = [theta0], radius
        for _ in range(steps):
            x = theta[-1]
            g = gradient(x)
            for _ in range(20):
                p = inner(Delta, gradient, x, g, forcing)
                length = np.linalg.norm(p)
                promised = -(g @ p + p @ product(gradient, x, p) / 2)
                if length == 0:
                    break
                ratio = (f(x) - f(x + p) + 1e-15) / (promised + 1e-15)
                Delta = (
                    length / 4
                    if not ratio >= 1 / 4
                    else 2 * Delta
                    if ratio > 3 / 4 and length > 0.99 * Delta
                    else Delta
                )
                if ratio > accept:
                    break
                p = 0 * p
            theta.append(x + p)
        return np.stack(theta)

    return method


def steihaug(Delta, gradient, x, g, forcing, most=None, backwards=False, curved=True, share=None, times=1, at=None):
    """Conjugate gradients with one thing done otherwise."""
    p, r, d, size = 0 * g, g, -g, np.sqrt(g @ g)
    share = min(forcing, np.sqrt(size)) if share is None else share
    for _ in range(most or 2 * len(g)):
        if np.sqrt(r @ r) <= share * size:
            break
        for _ in range(times):
            Hd = product(gradient, x if at is None else at, d)
        alpha = r @ r / (d @ Hd) if d @ Hd > 0 or not curved else 0.0
        if curved and (not alpha or np.linalg.norm(p + alpha * d) >= Delta):
            a, b, c = d @ d, p @ d, p @ p - Delta**2
            return p + (-b + (-1 if backwards else 1) * np.sqrt(b**2 - a * c)) / a * d
        p, old, r = p + alpha * d, r, r + alpha * Hd
        d = -r + (r @ r) / (old @ old) * d
    return p


@NEWTON_CG.mutant(caught_by="products-are-as-many-as-eigenvalues")
def whole_hessian(f, gradient, theta0, steps, **given):
    """the Hessian is formed after all, a column at a time"""

    def inner(Delta, gradient, x, g, forcing):
        for e in np.eye(len(x)):
            product(gradient, x, e)
        return within(Delta, gradient, x, g, forcing)

    return running(inner)(f, gradient, theta0, steps, **given)


@NEWTON_CG.mutant(caught_by="a-product-costs-four-gradients-at-most")
def every_product_twice(f, gradient, theta0, steps, **given):
    """each product is computed twice"""
    return running(lambda *a: steihaug(*a, times=2))(f, gradient, theta0, steps, **given)


@NEWTON_CG.mutant(caught_by="to-the-border-along-negative-curvature, leaves-saddles")
def curvature_ignored(f, gradient, theta0, steps, **given):
    """neither negative curvature nor the radius ends the inner iteration"""
    return running(lambda *a: steihaug(*a, curved=False), accept=-np.inf)(f, gradient, theta0, steps, **given)


@NEWTON_CG.mutant(caught_by="as-good-as-the-steepest-step, never-rises")
def backwards_to_the_border(f, gradient, theta0, steps, **given):
    """the negative root: to the border the wrong way"""
    return running(lambda *a: steihaug(*a, backwards=True), accept=-np.inf)(f, gradient, theta0, steps, **given)


@NEWTON_CG.mutant(caught_by="faster-than-linear, accuracy-of-the-step")
def constant_accuracy(f, gradient, theta0, steps, forcing=0.5, radius=1.0):
    """half of the gradient may be left, however near the minimum is"""
    return running(lambda *a: steihaug(*a, share=0.5))(f, gradient, theta0, steps, forcing, radius)


@NEWTON_CG.mutant(caught_by="newtons-step-at-full-accuracy, accuracy-of-the-step")
def one_product_a_step(f, gradient, theta0, steps, **given):
    """the steepest step alone, of the best length"""
    return running(lambda *a: steihaug(*a, most=1))(f, gradient, theta0, steps, **given)


@NEWTON_CG.mutant(caught_by="newtons-step-at-full-accuracy, equals-definition")
def hessian_of_the_start(f, gradient, theta0, steps, **given):
    """products with the Hessian of the start"""
    return running(lambda *a: steihaug(*a, at=theta0))(f, gradient, theta0, steps, **given)


@NEWTON_CG.mutant(caught_by="rests-on-the-saddle-itself, equals-definition")
def begins_beside_the_start(f, gradient, theta0, steps, **given):
    """a small push at the start, sold as the method"""
    path = newton_cg(f, gradient, theta0 + 1e-4, steps, **given)
    return np.concatenate([theta0[None], path[1:]])


@NEWTON_CG.figure(
    radius=Slider(0.2, 4.0, 2.2, "radius Δ"), curvature=Slider(-1.0, 4.0, 0.4, "smaller eigenvalue λ of the Hessian")
)
def figure(radius, curvature):
    turn = np.array([[0.9, -0.436], [0.436, 0.9]])
    H, g = turn @ np.diag([curvature, 3.0]) @ turn.T, turn @ np.array([-1.0, 2.6])
    gradient = model_and_start(H, g)["gradient"]
    points = [np.zeros(2)]
    for most in (1, 2):
        p = steihaug(radius, gradient, np.zeros(2), g, 1e-9, most=most)
        if np.linalg.norm(p - points[-1]) > 1e-9:
            points.append(p)
    points = np.stack(points)

    def m(a, b):
        return g[0] * a + g[1] * b + (H[0, 0] * a * a + 2 * H[0, 1] * a * b + H[1, 1] * b * b) / 2

    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    level_sets(left, m, (-3.2, 4.4), (-3.6, 3.6), spacing=1.6)
    angle = np.linspace(0, 2 * np.pi, 120)
    left.plot(radius * np.cos(angle), radius * np.sin(angle), ":", color="0.3", lw=1.2)
    path(left, points, COLOURS[1], "conjugate gradients")
    if curvature > 0.05:
        left.plot(*-np.linalg.solve(H, g), "*", color=COLOURS[0], ms=11, mec="white", label="Newton's step")
    left.set(xlabel="$p_1$", ylabel="$p_2$", aspect="equal")
    left.legend(fontsize=9.5, loc="lower left")
    values = [float(m(*p)) for p in points]
    right.plot(range(len(points)), values, "o-", color=COLOURS[1])
    if curvature > 0.05:
        right.axhline(float(-g @ np.linalg.solve(H, g) / 2), color=COLOURS[0], lw=1.0, ls="--")
    right.set(xlabel="products", ylabel="model", xticks=range(3), xlim=(-0.1, 2.1))
    at_border = np.linalg.norm(points[-1]) > 0.999 * radius
    end = Text("on the border", "边界上") if at_border else Text("inside, at Newton's step", "内部，即牛顿步")
    newton = Text(" (Newton's step: dashed)", "（牛顿步：虚线）") if curvature > 0.05 else Text("", "")
    words = Text(
        f"Eigenvalues {curvature:.2f} and 3, radius {radius:.2f}: after {len(points) - 1} products the step ends {end.en}, with the model at {values[-1]:.3f}{newton.en}; "
        f"the steepest step alone reaches {values[1]:.3f}.",
        f"特征值 {curvature:.2f} 与 3，半径 {radius:.2f}：{len(points) - 1} 个乘积之后，步止于{end.zh}，模型值为 {values[-1]:.3f}{newton.zh}；"
        f"单用最速步只到 {values[1]:.3f}。",
    )
    return Drawing(fig, words)
