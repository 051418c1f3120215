"""Line search: a step along a direction of descent, to the strong Wolfe conditions."""

import numpy as np

from gradus.concepts.optimization.functions_with_hessians import (
    EXPONENTIAL,
    HYPERBOLA,
    LOG_COSH,
    ROLLING,
    ROSENBROCK,
    SADDLE,
    quadratic_form,
)
from gradus.frameworks import namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, identical
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(line_search, f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """The step as a tensor like x; ∞ and NaN where there is none, as in the definition."""
    search = line_search(f, x, d, gradient=gradient, decrease=c1, curvature=c2, first=first)
    none = {"unbounded": np.inf, "not descent": np.nan}
    return x.new_tensor(none.get(search.reason, search.step))


LINE_SEARCH = Concept(
    key="line-search",
    kind="algorithm",
    title="Line search (Armijo and Wolfe conditions)",
    summary="How far to go along a direction of descent. Not to the lowest point, which is not worth its price, but to any step that "
    "satisfies two conditions: the function has fallen by a share of what the slope promised, and the slope has become flatter. The "
    "first forbids steps that are too long, the second steps that are too short.",
    formulas=(
        r"\varphi(\alpha)=f(x+\alpha d),\qquad \varphi'(\alpha)=\nabla f(x+\alpha d)^{\mathsf T}d,\qquad \varphi'(0)<0",
        r"\varphi(\alpha)\le\varphi(0)+c_1\alpha\,\varphi'(0)",
        r"\lvert\varphi'(\alpha)\rvert\le c_2\,\lvert\varphi'(0)\rvert,\qquad 0<c_1<c_2<1",
        r"\sum_k\cos^2\theta_k\,\lVert\nabla f(x_k)\rVert^2\le\frac{L\,(f(x_0)-\inf f)}{c_1(1-c_2)},\qquad \cos\theta_k=\frac{-\nabla f(x_k)^{\mathsf T}d_k}{\lVert\nabla f(x_k)\rVert\,\lVert d_k\rVert}",
    ),
    symbols=(
        Symbol("f", "f", "function", "the function to be minimised", "function"),
        Symbol(r"\nabla f", "gradient", "function", "its gradient", "function"),
        Symbol("x", "x", "n", "where the search begins"),
        Symbol("d", "d", "n", "direction of descent"),
        Symbol("c_1", "c1", "", "share of the promised decrease that is asked for", "unit"),
        Symbol("c_2", "c2", "", "share of the slope that may be left", "unit"),
        Symbol(r"\alpha_0", "first", "", "the first step that is tried", "positive"),
        Symbol(r"\alpha", "", "", "the step"),
        Symbol(r"\varphi", "", "", "the function along the direction"),
        Symbol("x_k,\\ d_k", "", "n", "points and directions of a method with this search"),
        Symbol(r"\theta_k", "", "", "angle between the direction and the steepest one"),
        Symbol("L", "", "", "Lipschitz constant of the gradient"),
    ),
    needs=("gradient-descent", "gradient"),
    source="wolfe1969convergence",
    year=1969,
    people=("Larry Armijo", "Philip Wolfe", "Jorge J. Moré", "David Thuente"),
    aliases="Armijo condition, Armijo rule, Wolfe conditions, strong Wolfe conditions, backtracking line search, sufficient decrease, "
    "curvature condition, Moré–Thuente, 一维搜索, 直线搜索, 沃尔夫条件, Armijo 条件, Wolfe 条件, 回溯线搜索, 充分下降条件, 曲率条件",
    implementations=(
        Implementation("gradus.optimization:line_search", "torch", _ours, "by autograd; tells why a search ended"),
    ),
    readings="nocedal2006numerical §3.1–3.5; wolfe1969convergence; armijo1966minimization; more1994line",
    hypotheses=(
        Hypothesis(
            "such a step exists: $f$ is continuously differentiable, and bounded below along the ray",
            "a-fall-without-end-is-told",
        ),
        Hypothesis(r"the direction descends: $\varphi'(0)<0$", "no-step-uphill"),
        Hypothesis(
            "the sum is finite: $f$ is bounded below, and the gradient Lipschitz on the level set", "every-step-gains"
        ),
        Hypothesis(r"the minimiser of a quadratic is accepted: $c_1\le\tfrac12$", "half-is-too-much"),
    ),
    conventions=(
        Convention(
            "how flat",
            r"$c_2=0.9$, as quasi-Newton methods want it: most first steps are accepted",
            "about 0.1 for nonlinear conjugate gradients, whose directions rely on it",
        ),
        Convention(
            "the curvature condition",
            r"strong: $\lvert\varphi'(\alpha)\rvert\le c_2\lvert\varphi'(0)\rvert$",
            r"weak: $\varphi'(\alpha)\ge c_2\varphi'(0)$, which lets the slope rise as it likes; it is enough for $s^{\mathsf T}y>0$",
        ),
        Convention(
            "when there is no such step",
            "NaN where the direction does not descend, ∞ where $f$ falls along the whole ray; `line_search` says why in `reason`",
            "`scipy.optimize.line_search` (1.17) warns: uphill it returns None, but on $-x$ the step 1024, where its ten doublings ended",
        ),
    ),
    deviations=(
        "Where the values differ by rounding only, `line_search` asks the first condition of the slopes (Hager and Zhang); "
        "a search that meets both conditions at no step returns the lowest one tried, and says so.",
    ),
    unverified="On quadratics gradient descent with an exact search along every direction is, from the worst starts, no faster than with the "
    r"best constant step: the factor $(\kappa-1)/(\kappa+1)$ a step (Akaike 1959).",
    differentiable=False,
    longest_sum=2**31,
)


@LINE_SEARCH.definition
def line_search(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    start, old, a = along(f, gradient, x, d, 0.0), None, first
    if not start[2] < 0:
        return np.nan
    while a * np.abs(d).max() < 1e20:
        new = along(f, gradient, x, d, a)
        if satisfied(start, new, c1, c2):
            return a
        if not new[1] <= start[1] + c1 * a * start[2] or (old and new[1] >= old[1]):
            return zoom(f, gradient, x, d, c1, c2, start, old or start, new)
        if new[2] >= 0:
            return zoom(f, gradient, x, d, c1, c2, start, new, old or start)
        old, a = new, 2 * a
    return np.inf


def along(f, gradient, x, d, a):
    """A step with the value and the slope there."""
    return a, f(x + a * d), gradient(x + a * d) @ d


def satisfied(start, new, c1, c2):
    """Whether the step decreases f enough, and has flattened the slope enough."""
    (_, value0, slope0), (a, value, slope) = start, new
    return value <= value0 + c1 * a * slope0 and abs(slope) <= -c2 * slope0


def zoom(f, gradient, x, d, c1, c2, start, low, high):
    """Between the lowest step with enough decrease, and one with which it brackets steps that satisfy both."""
    for _ in range(100):
        new = along(f, gradient, x, d, between(low, high))
        if satisfied(start, new, c1, c2):
            return new[0]
        if not new[1] <= start[1] + c1 * new[0] * start[2] or new[1] >= low[1]:
            high = new
        else:
            high = low if new[2] * (high[0] - low[0]) >= 0 else high
            low = new
    return low[0]


def between(low, high):
    """The minimiser of the cubic with both values and slopes, or the middle where it lies within a tenth of an end."""
    (a, value, slope), (b, value_b, slope_b) = low, high
    with np.errstate(all="ignore"):
        t = slope + slope_b - 3 * (value - value_b) / (a - b)
        root = np.sign(b - a) * np.sqrt(t * t - slope * slope_b)
        c = b - (b - a) * (slope_b + root - t) / (slope_b - slope + 2 * root)
    return c if 0.1 < (c - a) / (b - a) < 0.9 else (a + b) / 2


@LINE_SEARCH.example
def example():
    smooth, x = quadratic_form(np.diag([1.0, 4.0]), [0.0, 0.0]), np.array([4.0, 1.0])
    f, gradient = smooth["f"], smooth["gradient"]
    d, c1, c2, first = -gradient(x), 0.1, 0.4, 1.0
    shown = dict(f=f, gradient=gradient, x=x, d=d, c1=c1, c2=c2, first=first, x0=x)
    _, value0, slope0 = along(f, gradient, x, d, 0.0)
    for name, a in (("one", 1.0), ("eighth", 0.125), ("quarter", 0.25)):
        _, value, slope = along(f, gradient, x, d, a)
        shown |= {name: a, f"value_{name}": value, f"slope_{name}": slope, f"line_{name}": value0 + c1 * a * slope0}
    alpha = line_search(f, gradient, x, d, c1, c2, first)
    shown |= dict(value0=value0, slope0=slope0, flat=-c2 * slope0, alpha=alpha, value=f(x + alpha * d))
    shown |= dict(from_eighth=line_search(f, gradient, x, d, c1, c2, 0.125), at=x + alpha * d)
    return shown | dict(shortest=(1 - c2) * 0.4, longest=(1 + c2) * 0.4)


@LINE_SEARCH.exercise
def longest_step():
    # f = x² from 1 along −2: φ = (1 − 2α)², its minimiser ½
    return number(2 * (1 - 0.1) * 0.5, minimiser=0.5, any_decrease=1.0)


@LINE_SEARCH.exercise
def both_ends():
    alpha = 0.5
    return array(
        np.array([(1 - 0.4) * alpha, (1 + 0.4) * alpha]),
        decrease_only=np.array([0.0, 1.8 * alpha]),
        weak=np.array([(1 - 0.4) * alpha, 1.8 * alpha]),
    )


@LINE_SEARCH.exercise
def too_much():
    smooth = quadratic_form([[2.0]], [0.0])
    args = smooth["f"], smooth["gradient"], np.array([1.0]), np.array([-2.0])
    accepted = line_search(*args, c1=0.6, c2=0.9, first=0.5) == 0.5
    return choice(safer=accepted, rejects=not accepted, nothing=False)


def pair(smooth):
    return dict(f=smooth["f"], gradient=smooth["gradient"])


def one_dimensional(value, slope):
    """From φ and φ′ of (module, α) the function of a point with one coordinate, and its gradient."""
    return dict(
        f=generic(lambda x: value(namespace(x), x[0])),
        gradient=generic(lambda x: namespace(x).stack([slope(namespace(x), x[0])])),
    )


@LINE_SEARCH.cases
def cases(rng):
    # a step is determined where the slope must nearly vanish and does so at one step only
    exact = dict(c1=1e-7, c2=1e-6)
    x = np.array([1.0, -2.0, 0.5])
    yield "exponential", dict(**pair(EXPONENTIAL), x=x, d=-EXPONENTIAL["gradient"](x), **exact)
    A = np.array([[3.0, 1.0], [1.0, 2.0]])
    yield "quadratic", dict(**pair(quadratic_form(A, [1.0, -1.0])), x=np.zeros(2), d=np.array([1.0, 0.25]), **exact)
    yield (
        "a first step far too long",
        dict(**pair(HYPERBOLA), x=np.array([3.0]), d=np.array([-1.0]), first=100.0, **exact),
    )
    yield (
        "a first step far too short",
        dict(**pair(HYPERBOLA), x=np.array([3.0]), d=np.array([-1.0]), first=2.0**-10, **exact),
    )
    scale = np.array([1e-3, 1.0, 1e3])
    yield (
        "badly scaled",
        dict(**pair(quadratic_form(np.diag(scale), np.ones(3))), x=np.zeros(3), d=np.array([8.0, 1.0, 2.0]), **exact),
    )
    many = quadratic_form(np.diag(np.geomspace(0.1, 10, 40)), np.ones(40))
    yield "many variables", dict(**pair(many), x=np.zeros(40), d=-many["gradient"](np.zeros(40)), **exact)
    yield "a first step that will do", dict(**pair(ROLLING), x=np.array([2.0, 1.0]), d=np.array([-1.0, 0.0]), first=1.5)
    yield "uphill", dict(**pair(EXPONENTIAL), x=np.ones(2), d=np.ones(2))
    yield (
        "a fall without end",
        dict(**one_dimensional(lambda xp, a: -a, lambda xp, a: 0 * a - 1), x=np.zeros(1), d=np.ones(1)),
    )


@LINE_SEARCH.invalid
def invalid(rng):
    yield "a direction of another length", dict(**pair(LOG_COSH), x=np.ones(3), d=-np.ones(2))


SMOOTH = (
    (EXPONENTIAL, 3, 2.0),
    (LOG_COSH, 3, 3.0),
    (HYPERBOLA, 2, 5.0),
    (ROSENBROCK, 2, 1.5),
    (SADDLE, 2, 1.5),
    (ROLLING, 2, 2.0),
)


def scaled(smooth, factor):
    f, slope = smooth["f"], smooth["gradient"]
    return dict(f=generic(lambda x: factor * f(x)), gradient=generic(lambda x: factor * slope(x)))


def searches(rng, count=4):
    """Functions, points, directions of descent and first steps over six powers of ten; f in units over 24."""
    for smooth, n, size in SMOOTH:
        for k in range(count):
            x, factor = size * rng.standard_normal(n), 10.0 ** rng.integers(-12, 13)
            g = smooth["gradient"](x)
            M = rng.standard_normal((n, n))
            d = -g if k % 2 else -(M @ M.T + 0.1 * np.eye(n)) @ g
            yield dict(**scaled(smooth, factor), x=x, d=d, first=10.0 ** rng.uniform(-3, 3))


def measures(search, f, gradient, x, d, first, c1, c2):
    """By how much the decrease misses, in units of the value and of what was promised, and the slope that is left."""
    a = float(search(f, gradient, x, d, c1, c2, first))
    _, value0, slope0 = along(f, gradient, x, d, 0.0)
    _, value, slope = along(f, gradient, x, d, a)
    missing = (value - value0 - c1 * a * slope0) / (abs(value0) + abs(a * slope0))
    return missing, abs(slope / slope0), a


ROUNDED = Text("rounding of the values and slopes", "函数值与斜率的舍入误差")


@LINE_SEARCH.claim
def both_conditions_hold(line_search, rng):
    r"""Both conditions hold at every step that is returned, for six functions, $c_1$ of $10^{-4}$ and 0.1, $c_2$ of 0.9 and 0.2, from first
    steps between $10^{-3}$ and $10^3$"""
    for c1, c2 in ((1e-4, 0.9), (0.1, 0.2)):
        found = [measures(line_search, **given, c1=c1, c2=c2) for given in searches(rng)]
        missing, left, step = np.array(found).T
        yield bound(np.max(missing), 1e-14, "≤", ROUNDED)
        yield bound(np.max(left), c2 * (1 + 1e-9), "≤", ROUNDED)
        yield bound(np.min(step), 0.0, "≥", Text("the step goes forward", "步长为正"))


def yanai(one, two):
    """The function of Yanai, Ozawa and Kaneko with two curvatures, as Moré and Thuente have it."""
    g1, g2 = np.hypot(1, one) - one, np.hypot(1, two) - two
    return one_dimensional(
        lambda xp, a: g1 * xp.sqrt((1 - a) ** 2 + two**2) + g2 * xp.sqrt(a**2 + one**2),
        lambda xp, a: g1 * (a - 1) / xp.sqrt((1 - a) ** 2 + two**2) + g2 * a / xp.sqrt(a**2 + one**2),
    )


def waves(xp, a, slope):
    """|α − 1| rounded off within 0.01 of its corner, with waves: the third function of Moré and Thuente."""
    b, w = 0.01, 39 * np.pi / 2
    inside = abs(a - 1) < b
    if slope:
        return xp.where(inside, (a - 1) / b, xp.sign(a - 1)) + (1 - b) * xp.cos(w * a)
    return xp.where(inside, (a - 1) ** 2 / (2 * b) + b / 2, abs(a - 1)) + (1 - b) / w * xp.sin(w * a)


MORE_THUENTE = (
    (one_dimensional(lambda xp, a: -a / (a * a + 2), lambda xp, a: (a * a - 2) / (a * a + 2) ** 2), 1e-3, 0.1),
    (
        one_dimensional(
            lambda xp, a: (a + 0.004) ** 5 - 2 * (a + 0.004) ** 4,
            lambda xp, a: 5 * (a + 0.004) ** 4 - 8 * (a + 0.004) ** 3,
        ),
        0.05,
        0.1,
    ),
    (one_dimensional(lambda xp, a: waves(xp, a, False), lambda xp, a: waves(xp, a, True)), 0.05, 0.1),
    (yanai(1e-3, 1e-3), 5e-4, 1e-3),
    (yanai(1e-2, 1e-3), 5e-4, 1e-3),
    (yanai(1e-3, 1e-2), 5e-4, 1e-3),
)


@LINE_SEARCH.claim
def on_more_and_thuentes_functions(line_search, rng):
    r"""So they do on the six test functions of Moré and Thuente, from first steps of $10^{-3}$, 0.1, 10 and $10^3$, with their $c_2$ of 0.1 and
    $10^{-3}$: flat valleys with steep walls, and one with waves"""
    missing, excess = [], []
    for smooth, c1, c2 in MORE_THUENTE:
        for first in (1e-3, 0.1, 10.0, 1e3):
            m, left, _ = measures(line_search, **smooth, x=np.zeros(1), d=np.ones(1), first=first, c1=c1, c2=c2)
            missing.append(m)
            excess.append(left / c2)
    yield bound(np.max(missing), 1e-14, "≤", ROUNDED)
    yield bound(np.max(excess), 1 + 1e-9, "≤", ROUNDED)


@LINE_SEARCH.claim
def to_the_stationary_point(line_search, rng):
    r"""As $c_2$ goes to 0 it becomes the exact search: on strictly convex functions with $c_1=10^{-7}$ and $c_2=10^{-6}$ the step is the zero of $\varphi'$ that Brent's
    method finds, within $c_2\lvert\varphi'(0)\rvert/\varphi''$"""
    from scipy.optimize import brentq

    ratios = []
    for smooth, n, size in SMOOTH[:3]:
        for _ in range(4):
            x = size * rng.uniform(0.3, 1.0, n)
            d = -smooth["gradient"](x)

            def slope(a, smooth=smooth, x=x, d=d):
                return smooth["gradient"](x + a * d) @ d

            exact = brentq(slope, 0, 1e3, xtol=1e-15)
            a = float(line_search(**pair(smooth), x=x, d=d, c1=1e-7, c2=1e-6))
            curvature = d @ smooth["hessian"](x + exact * d) @ d
            ratios.append(abs(a - exact) * curvature / (1e-6 * abs(slope(0.0))))
    return bound(np.max(ratios), 1.01, "≤", Text("φ″ changes little on so short a way", "在这么短的距离上 φ″ 几乎不变"))


def parabola(rng):
    """A quadratic function, a point, a direction of descent, and the exact step."""
    Q = rng.standard_normal((3, 3))
    A, x = Q @ Q.T + np.eye(3), rng.standard_normal(3)
    g = A @ x
    d = -g + 0.3 * np.linalg.norm(g) * rng.uniform(-1, 1, 3)
    d = d if d @ g < 0 else -g
    return dict(**pair(quadratic_form(A, np.zeros(3))), x=x, d=d), -(g @ d) / (d @ A @ d)


@LINE_SEARCH.claim
def first_step_where_it_will_do(line_search, rng):
    """A first step that satisfies both is returned itself, so that Newton's steps of length 1 survive: on quadratics 0.2, 0.9 and 1.7 times
    the way to the minimiser"""
    got, want = [], []
    for _ in range(8):
        given, best = parabola(rng)
        for share in (0.2, 0.9, 1.7):
            got.append(float(line_search(**given, c1=1e-4, c2=0.9, first=share * best)))
            want.append(share * best)
    return identical(got, want)


@LINE_SEARCH.claim
def half_is_too_much(line_search, rng):
    r"""On a quadratic with the minimiser $\alpha^\star$ the accepted steps are those from $(1-c_2)\alpha^\star$ to
    $\min(1+c_2,2(1-c_1))\alpha^\star$: with $c_1=0.6$ even $\alpha^\star$ is refused, and none is longer than $0.8\,\alpha^\star$"""
    why = Text("the interval of the conditions", "条件所给的区间")
    for c1, c2 in ((0.6, 0.9), (0.1, 0.3)):
        shares = []
        for _ in range(12):
            given, best = parabola(rng)
            for first in (best, best * 10.0 ** rng.uniform(-3, 3)):
                shares.append(float(line_search(**given, c1=c1, c2=c2, first=first)) / best)
                # the same parabola far above: what is missing of the decrease counts, be it a millionth of the value
                far_up = given | dict(f=generic(lambda x, f=given["f"]: f(x) + 2.0**20))
                shares.append(float(line_search(**far_up, c1=c1, c2=c2, first=first)) / best)
        yield bound(np.max(shares), min(1 + c2, 2 * (1 - c1)) * (1 + 1e-9), "≤", why)
        yield bound(np.min(shares), (1 - c2) * (1 - 1e-9), "≥", why)
    given, best = parabola(rng)
    yield identical(float(line_search(**given, c1=0.4, c2=0.9, first=best)), best)


def backtracking(f, gradient, x, d, c1=1e-4, first=1.0):
    """The first of α₀, α₀/2, α₀/4, … with enough decrease: Armijo's rule, which looks at no slope but the first."""
    a, (_, value0, slope0) = first, along(f, gradient, x, d, 0.0)
    while not f(x + a * d) <= value0 + c1 * a * slope0 and a > 1e-300:
        a = a / 2
    return a


@LINE_SEARCH.claim
def change_of_the_gradient(line_search, rng):
    r"""With $s=\alpha d$ and $y$ the change of the gradient, $s^{\mathsf T}y\ge(1-c_2)\,\alpha\,\lvert\varphi'(0)\rvert>0$: what BFGS needs.
    Backtracking does not give it: on $\tfrac14y^4-\tfrac12y^2$ from 0.1 with a first step of $\tfrac14$ it ends at $s^{\mathsf T}y<0$"""
    shares = []
    for given in searches(rng):
        a = float(line_search(**given, c1=1e-4, c2=0.5))
        g0, g1 = given["gradient"](given["x"]), given["gradient"](given["x"] + a * given["d"])
        shares.append((g1 - g0) @ given["d"] / abs(g0 @ given["d"]))
    yield bound(np.min(shares), 0.5 * (1 - 1e-9), "≥", Text("1 − c₂", "1 − c₂"))
    hill = dict(**pair(SADDLE), x=np.array([0.0, 0.1]), d=np.array([0.0, 1.0]), first=0.25)
    for search, relation in ((line_search, "≥"), (backtracking, "≤")):
        a = float(search(**hill))
        rise = (SADDLE["gradient"](hill["x"] + a * hill["d"]) - SADDLE["gradient"](hill["x"])) @ hill["d"]
        yield bound(
            rise, 0.005 if search is line_search else -0.1, relation, Text("sᵀy/α on the hill", "山丘上的 sᵀy/α")
        )


@LINE_SEARCH.claim
def long_enough(line_search, rng):
    r"""Where the gradient has the Lipschitz constant $L$ along the ray, $\alpha\ge(1-c_2)\lvert\varphi'(0)\rvert/(L\lVert d\rVert^2)$;
    backtracking from 1 ends after at most $\max(0,\lceil\log_2(L\lVert d\rVert^2/(2(1-c_1)\lvert\varphi'(0)\rvert))\rceil)$ halvings"""
    shares, more = [], []
    for smooth in (LOG_COSH, HYPERBOLA):  # L = 1
        for _ in range(8):
            x, factor = 3 * rng.standard_normal(3), 2.0 ** rng.integers(-3, 8)
            d = -factor * smooth["gradient"](x)
            slope0, c1 = abs(smooth["gradient"](x) @ d), 0.1
            first = 10.0 ** rng.uniform(-6, -3) / factor
            shares.append(
                float(line_search(**pair(smooth), x=x, d=d, c1=c1, c2=0.9, first=first)) / (0.1 * slope0 / (d @ d))
            )
            most = max(0, np.ceil(np.log2((d @ d) / (2 * (1 - c1) * slope0))))
            more.append(-np.log2(backtracking(**pair(smooth), x=x, d=d, c1=c1)) - most)
    yield bound(np.min(shares), 1 - 1e-9, "≥", Text("the bound from below", "下界"))
    yield bound(np.max(more), 0.0, "≤", Text("halvings beyond the bound", "超出上界的折半次数"))


@LINE_SEARCH.claim
def every_step_gains(line_search, rng):
    r"""Where the gradient has the Lipschitz constant $L$, every step lowers $f$ by at least
    $\frac{c_1(1-c_2)}L\cos^2\theta\,\lVert\nabla f\rVert^2$, so the sum over all steps stays below its limit (Zoutendijk), whatever the
    directions"""
    c1, c2, ratios, sums = 0.1, 0.5, [], []
    for smooth, lowest in ((LOG_COSH, 0.0), (HYPERBOLA, 3.0)):
        x, terms = 4 * rng.standard_normal(3), []
        before = first = smooth["f"](x)
        for _ in range(12):
            g = smooth["gradient"](x)
            d = -(g / np.linalg.norm(g) + 0.9 * rng.uniform(-1, 1, 3) / np.sqrt(3))  # |cos θ| > 0.05
            x = x + float(line_search(**pair(smooth), x=x, d=d, c1=c1, c2=c2, first=1e-3)) * d
            after = smooth["f"](x)
            terms.append((g @ d) ** 2 / (d @ d))
            ratios.append((before - after) / (c1 * (1 - c2) * terms[-1]) if terms[-1] > 1e-10 else 1.0)
            before = after
        sums.append(np.sum(terms) * c1 * (1 - c2) / (first - lowest))
    yield bound(
        np.min(ratios), 1 - 1e-5, "≥", Text("gain over what is promised; the least", "实际降幅与保证值之比，取最小者")
    )
    yield bound(np.max(sums), 1.0, "≤", Text("the sum over its limit", "和与其上限之比"))


SQUARE = one_dimensional(lambda xp, a: a * a, lambda xp, a: 2 * a)


@LINE_SEARCH.claim
def decrease_is_not_enough(line_search, rng):
    r"""On $x^2$ the steps $2+3\cdot2^{-k-1}$, from 2 and back and forth, each lower the value, and end swinging between −1 and 1, no minima. From the
    same points with these as first steps the search ends at $\lvert x\rvert\le0.9\,\lvert x_k\rvert$"""
    x = np.array([(-1) ** k * (1 + 2.0**-k) for k in range(40)])
    yield bound(np.diff(x**2).max(), 0.0, "≤", Text("every step of these falls", "其中每一步都下降"))
    yield bound(np.abs(x).min(), 1.0, "≥", Text("and none comes below 1", "但没有一步小于 1"))
    left = [_left(line_search, x[k], -np.sign(x[k]), abs(x[k + 1] - x[k])) for k in range(39)]
    yield bound(np.max(left), 0.9 * (1 + 1e-9), "≤", Text("|x| after over before", "走后与走前 |x| 之比"))


def _left(search, x, d, first):
    a = float(search(**SQUARE, x=np.array([x]), d=np.array([d]), first=first))
    return abs((x + a * d) / x)


@LINE_SEARCH.claim
def armijo_accepts_steps_too_short(line_search, rng):
    r"""On $x^2$ from 2 the steps $2^{-k-1}$ each lower the value by at least $\tfrac78$ of what the slope promises, and end at 1. From the
    same points with these as first steps the search goes on, to $\lvert x\rvert\le0.9\,x_k$"""
    k = np.arange(40)
    x, step = 1 + 2.0**-k, 2.0 ** -(k + 1)
    share = (x**2 - (x - step) ** 2) / (2 * x * step)
    yield bound(share.min(), 0.875, "≥", Text("decrease over promise", "降幅与许诺之比"))
    left = [_left(line_search, x[i], -1.0, step[i]) for i in k]
    yield bound(np.max(left), 0.9 * (1 + 1e-9), "≤", Text("|x| after over before", "走后与走前 |x| 之比"))


@LINE_SEARCH.claim
def a_fall_without_end_is_told(line_search, rng):
    r"""Where $f$ falls for ever with a slope that stays steep no step satisfies both conditions; the step is ∞: on $-x$,
    $-x^2-x$ and $\sin(x)/2-x$"""
    rays = (
        one_dimensional(lambda xp, a: -a, lambda xp, a: 0 * a - 1),
        one_dimensional(lambda xp, a: -a * a - a, lambda xp, a: -2 * a - 1),
        one_dimensional(lambda xp, a: xp.sin(a) / 2 - a, lambda xp, a: xp.cos(a) / 2 - 1),
    )
    steps = [float(line_search(**ray, x=np.zeros(1), d=np.ones(1), c1=1e-4, c2=0.4, first=0.1)) for ray in rays]
    return identical(steps, [np.inf] * 3)


@LINE_SEARCH.claim
def no_step_uphill(line_search, rng):
    """Along a direction that does not descend, uphill, across, or at a minimum, the step is NaN"""
    x = np.array([1.0, -1.0])
    g = EXPONENTIAL["gradient"](x)
    across = dict(**pair(quadratic_form(np.eye(2), [0.0, 0.0])), x=x, d=np.array([1.0, 1.0]))
    uphill, still = dict(**pair(EXPONENTIAL), x=x, d=g), dict(**pair(EXPONENTIAL), x=np.zeros(2), d=x)
    return identical([float(line_search(**given)) for given in (uphill, across, still)], [np.nan] * 3)


@LINE_SEARCH.claim
def within_the_domain(line_search, rng):
    r"""Steps that leave the domain of $f$ are shortened until both conditions hold inside: on $-3\alpha-\log(1-\alpha)$, whose minimum is at
    $\tfrac23$, from first steps of 1 to 1000"""
    barrier = one_dimensional(
        lambda xp, a: xp.where(a < 1, -3 * a - xp.log(abs(1 - a)), np.nan), lambda xp, a: -3 + 1 / (1 - a)
    )
    missing, left, steps = [], [], []
    for first in (1.0, 1.5, 7.0, 1000.0):
        with np.errstate(all="ignore"):
            m, slope, a = measures(line_search, **barrier, x=np.zeros(1), d=np.ones(1), first=first, c1=0.1, c2=0.2)
        missing.append(m), left.append(slope), steps.append(a)
    yield bound(np.max(missing), 1e-14, "≤", ROUNDED)
    yield bound(np.max(left), 0.2 * (1 + 1e-9), "≤", ROUNDED)
    yield bound(np.max(steps), 1.0, "≤", Text("within the domain", "在定义域之内"))


def until(accepts, f, gradient, x, d, first, low=0.0, high=np.inf):
    """Doubling and bisection until a step is neither too long nor too short."""
    start, a = along(f, gradient, x, d, 0.0), first
    if not start[2] < 0:
        return np.nan
    for _ in range(200):
        verdict = accepts(start, along(f, gradient, x, d, a))
        if verdict == 0:
            return a
        low, high = (low, a) if verdict > 0 else (a, high)
        a = (low + high) / 2 if high < np.inf else 2 * a
    return a if high < np.inf else np.inf


def falls(start, new, c1):
    return new[1] <= start[1] + c1 * new[0] * start[2]


@LINE_SEARCH.mutant(
    caught_by="both-conditions-hold, long-enough, armijo-accepts-steps-too-short, change-of-the-gradient, every-step-gains, within-the-domain"
)
def armijo_alone(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """backtracking: the slope at the end is not looked at"""
    return backtracking(f, gradient, x, d, c1, first) if gradient(x) @ d < 0 else np.nan


@LINE_SEARCH.mutant(caught_by="both-conditions-hold, decrease-is-not-enough, half-is-too-much")
def any_decrease(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """a step is good as soon as the value is lower"""
    return until(lambda start, new: 0 if new[1] < start[1] else 1, f, gradient, x, d, first)


@LINE_SEARCH.mutant(caught_by="both-conditions-hold, on-more-and-thuentes-functions")
def weak_conditions(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """the slope may become as steep upwards as it likes"""

    def accepts(start, new):
        return 1 if not falls(start, new, c1) else -1 if new[2] < c2 * start[2] else 0

    return until(accepts, f, gradient, x, d, first)


@LINE_SEARCH.mutant(caught_by="both-conditions-hold, half-is-too-much")
def curvature_alone(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """a flat place will do, be it as high as it may"""

    def accepts(start, new):
        return 0 if abs(new[2]) <= -c2 * start[2] else 1 if not new[2] < 0 else -1

    return until(accepts, f, gradient, x, d, first)


@LINE_SEARCH.mutant(
    caught_by="both-conditions-hold, on-more-and-thuentes-functions, to-the-stationary-point, equals-definition"
)
def goldstein(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """Goldstein's conditions: the decrease between ¼ and ¾ of the promise, no slope"""

    def accepts(start, new):
        return 1 if not falls(start, new, 0.25) else -1 if falls(start, new, 0.75) else 0

    return until(accepts, f, gradient, x, d, first)


@LINE_SEARCH.mutant(caught_by="first-step-where-it-will-do")
def always_from_one(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """the first step is ignored"""
    return line_search(f, gradient, x, d, c1, c2)


@LINE_SEARCH.mutant(caught_by="both-conditions-hold, equals-definition, half-is-too-much")
def unit_direction(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """the length of the way, sold as the multiple of d"""
    return line_search(f, gradient, x, d, c1, c2, first) * np.linalg.norm(d)


@LINE_SEARCH.mutant(caught_by="a-fall-without-end-is-told, equals-definition")
def gives_up_in_silence(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """after some doublings the last step is returned as if it were good"""
    return min(line_search(f, gradient, x, d, c1, c2, first), 2.0**40)


@LINE_SEARCH.mutant(caught_by="no-step-uphill, equals-definition")
def turns_round(f, gradient, x, d, c1=1e-4, c2=0.9, first=1.0):
    """along a direction that ascends it searches backwards"""
    if gradient(x) @ d > 0:
        return -line_search(f, gradient, x, -d, c1, c2, first)
    return line_search(f, gradient, x, d, c1, c2, first)


LINE_SEARCH.erratum(
    "E7k",
    common="A step is good if it lowers the function (a common slip)",
    why=r"On $x^2$ the steps $2+3\cdot2^{-k-1}$, back and forth from 2, all lower it, and $\lvert x\rvert$ stays above 1. They lower it by a "
    "smaller and smaller share of what the slope promised.",
    right=r"The decrease must be a share $c_1$ of the step times the slope",
    claims="decrease-is-not-enough",
)

LINE_SEARCH.erratum(
    "E7l",
    common="Armijo's condition is enough for a quasi-Newton method (a common slip)",
    why=r"Every sufficiently short step satisfies it. On a hill the slope becomes steeper on the way, $s^{\mathsf T}y<0$, and BFGS loses its positive "
    "definite matrix.",
    right=r"The curvature condition gives $s^{\mathsf T}y\ge(1-c_2)\,\alpha\lvert\varphi'(0)\rvert>0$",
    claims="change-of-the-gradient, armijo-accepts-steps-too-short",
)

LINE_SEARCH.erratum(
    "E7m",
    common=r"The larger $c_1$, the better the step (a common slip)",
    why=r"The minimiser of a parabola has exactly half of the decrease that the slope promises. With $c_1>\tfrac12$ it is refused, and so are "
    "Newton's steps near the minimum.",
    right=r"$c_1<\tfrac12$; usual is $10^{-4}$",
    claims="half-is-too-much",
)


def ground(a):
    """A wavy valley, with its slope, that begins with the slope −1."""
    value = 1.2 - a + 0.26 * a * a + 0.16 * np.sin(3 * a) - 0.48 * a * np.exp(-a)
    return value, -1 + 0.52 * a + 0.48 * np.cos(3 * a) - 0.48 * (1 - a) * np.exp(-a)


@LINE_SEARCH.figure(
    c1=Slider(0.001, 0.8, 0.1, "share of the decrease, c₁"),
    c2=Slider(0.05, 0.95, 0.4, "share of the slope, c₂"),
    first=Slider(0.1, 4.4, 0.2, "first step α₀"),
)
def figure(c1, c2, first):
    a = np.linspace(0, 4.5, 901)
    value, slope = ground(a)
    falls_enough, flat = value <= value[0] + c1 * a * slope[0], np.abs(slope) <= -c2 * slope[0]
    both = falls_enough & flat & (a > 0)
    smooth = dict(f=lambda x: ground(x[0])[0], gradient=lambda x: np.array([ground(x[0])[1]]))
    step = line_search(**smooth, x=np.zeros(1), d=np.ones(1), c1=c1, c2=c2, first=first)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    for ax, curve in ((left, value), (right, slope)):
        low, high = curve.min() - 0.25, curve.max() + 0.1
        ax.fill_between(a, low, high, where=both, color=COLOURS[2], alpha=0.28, lw=0, label="both hold")
        ax.plot(a, curve, color=COLOURS[0], lw=1.7)
        ax.set(xlim=(0, 4.5), ylim=(low, high), xlabel=r"$\alpha$")
    left.plot(a, value[0] + c1 * a * slope[0], "--", color=COLOURS[1], lw=1.3, label="decrease asked for")
    right.axhspan(c2 * slope[0], -c2 * slope[0], color=COLOURS[1], alpha=0.13, lw=0, label="flat enough")
    left.plot(step, ground(step)[0], "o", color=COLOURS[1], ms=7, mec="white", zorder=5)
    left.plot(first, ground(first)[0], "o", color="white", ms=6, mec="0.3", zorder=4)
    right.plot(step, ground(step)[1], "o", color=COLOURS[1], ms=7, mec="white", zorder=5)
    left.set(ylabel=r"$\varphi(\alpha)$")
    right.set(ylabel=r"$\varphi'(\alpha)$")
    left.legend(fontsize=9, loc="upper center")
    right.legend(fontsize=9, loc="upper left")
    share, good = (
        100 * both.mean(),
        satisfied(
            along(**smooth, x=np.zeros(1), d=np.ones(1), a=0.0),
            along(**smooth, x=np.zeros(1), d=np.ones(1), a=step),
            c1,
            c2,
        ),
    )
    end = (
        Text(f"the search ends at α = {step:.3g}, where both hold", f"搜索止于 α = {step:.3g}，两个条件都成立")
        if good
        else Text("the search finds none", "搜索找不到这样的步长")
    )
    words = Text(
        f"c₁ = {c1:.3g}, c₂ = {c2:.3g}: both conditions hold on {share:.1f} % of the steps up to 4.5. From the first step {first:.3g} {end.en}.",
        f"c₁ = {c1:.3g}，c₂ = {c2:.3g}：在 4.5 以内的步长中，有 {share:.1f} % 同时满足两个条件。从首个试探步长 {first:.3g} 出发，{end.zh}。",
    )
    return Drawing(fig, words)
