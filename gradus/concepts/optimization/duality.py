"""Lagrange multipliers, duality and the conditions of Karush, Kuhn and Tucker."""

from itertools import combinations, product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _linprog(linprog, f, g):
    """The best mixture by SciPy, whose marginals of ≤ are derivatives of the optimum: −λ."""
    if np.ndim(g) != 2 or np.shape(f) != np.shape(g)[:1]:
        raise ValueError("expected values (n,) and constraints (n, m)")
    n, m = np.shape(g)
    best = linprog(f, A_ub=np.transpose(g), b_ub=np.zeros(m), A_eq=np.ones((1, n)), b_eq=[1.0])
    if best.status != 0:
        raise ValueError(best.message)
    primal = np.min(f[(g <= 0).all(1)], initial=np.inf)
    return primal, np.array(best.fun), np.abs(best.ineqlin.marginals)


DUALITY = Concept(
    key="duality",
    kind="theorem",
    title="Lagrange multipliers, duality, KKT",
    summary="Put a price on every constraint and drop it: what remains is easier, and its optimum is never above the true one. "
    "The best prices give the best bound. For convex problems with a point strictly inside, it is exact; the prices are then "
    "the multipliers, and say what a little more room would be worth.",
    formulas=(
        r"p^\star=\min\{f(x):x\in X,\ g(x)\le0\},\qquad L(x,\lambda)=f(x)+\lambda^{\mathsf T}g(x)",
        r"q(\lambda)=\min_{x\in X}L(x,\lambda),\qquad d^\star=\max_{\lambda\ge0}q(\lambda)\le p^\star",
        r"f,\ g,\ X\ \text{convex},\ \exists x\in X:\ g(x)<0\qquad\Rightarrow\qquad\exists\lambda\ge0:\ q(\lambda)=d^\star=p^\star",
        r"g(x)\le0,\ \lambda\ge0:\qquad\lambda_jg_j(x)=0,\quad L(x,\lambda)=q(\lambda)\qquad\Leftrightarrow\qquad f(x)=q(\lambda)\qquad\Rightarrow\qquad f(x)=p^\star=d^\star",
        r"p^\star(u)=\min\{f(x):g(x)\le u\}:\qquad p^\star(u)\ge d^\star-\lambda^{\mathsf T}u,\qquad \frac{\partial p^\star}{\partial u_j}(0)=-\lambda_j",
    ),
    symbols=(
        Symbol("f(x)", "f", "n", "the values of the objective at the points of $X$, listed"),
        Symbol("g(x)", "g", "n m", "the values of the constraints there; a point is allowed if all are at most 0"),
        Symbol("X", "", "", "the set of points, allowed or not"),
        Symbol(r"\lambda", "", "m", "multipliers: the prices of the constraints"),
        Symbol("L", "", "", "Lagrangian"),
        Symbol("q", "", "", "dual function, concave"),
        Symbol(r"p^\star,\ d^\star", "", "", "optimum of the problem, and of its dual"),
        Symbol("u", "", "m", "by how much the constraints are loosened"),
    ),
    returns=(
        Result("primal", "", r"$p^\star$; ∞ where no point is allowed"),
        Result("dual", "", r"$d^\star$"),
        Result("multipliers", "m", r"a $\lambda$ that attains $d^\star$"),
    ),
    needs=("convexity", "gradient"),
    source="kuhn1951nonlinear",
    year=1951,
    people=("Joseph-Louis Lagrange", "William Karush", "Harold Kuhn", "Albert Tucker", "Morton Slater"),
    aliases="Lagrange multiplier, Lagrangian, dual problem, weak duality, strong duality, duality gap, Slater's condition, "
    "KKT conditions, Karush-Kuhn-Tucker, complementary slackness, shadow price, Lagrangian relaxation, constrained optimization, "
    "约束优化, 拉格朗日乘子, 拉格朗日乘子法, 拉格朗日乘数法, 拉格朗日函数, 对偶, 对偶问题, 弱对偶, 强对偶, 对偶间隙, KKT 条件, 互补松弛, 影子价格",
    implementations=(
        Implementation(
            "scipy.optimize:linprog",
            "numpy",
            _linprog,
            "the best mixture of the points; its `ineqlin.marginals` are $-\\lambda$",
        ),
    ),
    readings="boyd2004convex §5; kuhn1951nonlinear; slater1950lagrange; karush1939minima; rockafellar1970convex §28",
    hypotheses=(
        Hypothesis("no gap: $f$, $g$ and $X$ are convex", "a-gap-without-convexity, fractional-knapsack"),
        Hypothesis(
            "no gap, and a multiplier that closes it: besides, a point with $g(x)<0$ (Slater); affine constraints on all of $\\mathbb R^d$ need only "
            "an allowed one",
            "without-slater-the-price-runs-off",
        ),
        Hypothesis(
            r"the derivative: the problem is convex, and only one $\lambda$ attains $d^\star=p^\star(0)$",
            "a-kink-has-many-multipliers",
        ),
    ),
    conventions=(
        Convention(
            "the sign of a multiplier",
            r"$g\le0$, $L=f+\lambda^{\mathsf T}g$, $\lambda\ge0$",
            r"SciPy's `marginals` are the derivatives of the optimum by the bound, $-\lambda\le0$; for $g\ge0$, as in Nocedal "
            r"and Wright, $L=f-\lambda^{\mathsf T}g$",
        ),
    ),
    deviations=(
        "Where $X$ is infinite, read infimum and supremum for minimum and maximum.",
        "`linprog` solves to a tolerance of 1e-7: a constraint violated by less may count as met.",
    ),
    proof=Proof(
        r"(Weak.) For an allowed $x$ and $\lambda\ge0$, $f(x)\ge f(x)+\lambda^{\mathsf T}g(x)\ge q(\lambda)$. (KKT.) With the four "
        r"conditions $f(x)=L(x,\lambda)=q(\lambda)\le d^\star\le p^\star\le f(x)$; conversely, $f(x)=q(\lambda)$ makes both "
        r"inequalities of the first line equations. (Strong.) The set $S=\{(u,s):\exists x\in X,\ g(x)\le u,\ f(x)\le s\}$ is convex and "
        r"holds no $(0,s)$ with $s<p^\star$: a plane separates it from them, $\lambda^{\mathsf T}u+\nu s\ge\nu p^\star$ on $S$, with "
        r"$(\lambda,\nu)\ne0$, and $\lambda,\nu\ge0$ as $S$ goes up for ever. If $\nu=0$, then $\lambda^{\mathsf T}u\ge0$ on $S$, but "
        r"$\lambda^{\mathsf T}g(x)<0$ at Slater's point. So $\nu=1$ may be chosen, and $L(x,\lambda)\ge p^\star$ for every $x$. "
        r"(Derivative.) $f(x)\ge q(\lambda)-\lambda^{\mathsf T}g(x)\ge d^\star-\lambda^{\mathsf T}u$ if $g(x)\le u$."
    ),
    differentiable=False,
    longest_sum=64,
)


@DUALITY.definition
def duality(f, g):
    n, m = g.shape
    if f.shape != (n,):
        raise ValueError("expected values (n,) and constraints (n, m)")
    A = np.block([[g, np.ones((n, 1))], [np.eye(m), np.zeros((m, 1))]])  # a row (g, 1) a point, (e_j, 0) a slack
    cost = np.concatenate([f, np.zeros(m)])
    basis = np.array(list(combinations(range(n + m), m + 1)))
    B = A[basis]
    regular = np.abs(np.linalg.det(B)) > 1e-12 * np.abs(B).max()
    basis, B = basis[regular], B[regular]
    one = np.zeros((len(B), m + 1, 1))
    one[:, -1] = 1
    mixture = np.linalg.solve(B.transpose(0, 2, 1), one)[..., 0]  # shares, whose constraints add up to 0
    prices = np.linalg.solve(B, cost[basis][..., None])[..., 0]  # (−λ, q): f + λᵀg = q at the points of the basis
    scale = 1e-11 * (1 + np.abs(prices).max(1)) * (1 + np.abs(A).max())
    optimal = (mixture >= -1e-11).all(1) & (prices @ A.T <= cost + scale[:, None]).all(1)
    if not optimal.any():
        raise ValueError("no mixture of the points meets the constraints: the dual is unbounded")
    k = optimal.argmax()
    free = np.isin(np.arange(n, n + m), basis[k])  # a constraint that is not tight has no price
    return np.min(f[(g <= 0).all(1)], initial=np.inf), prices[k, -1], np.where(free, 0.0, -prices[k, :-1])


def dual_function(f, g, multipliers):
    return (f + g @ multipliers).min()


def four_plans():
    return np.array([0.0, 1.5, 3.0, 7.0]), np.array([[2.0], [1.0], [-1.0], [-2.0]])


@DUALITY.example
def example():
    f, g = four_plans()
    primal, dual, multipliers = duality(f, g)
    priced = [f + price * g[:, 0] for price in (0.5, 1.0, 2.0)]
    side = np.arange(5) / 2
    square = np.array([(x**2 + y**2, 2 - x - y) for x, y in product(side, side)])
    exact = duality(square[:, 0], square[:, 1:])
    return (
        dict(f=f, g=g, primal=primal, dual=dual, multipliers=multipliers, gap=primal - dual, room=g[:, 0])
        | dict(half=priced[0], one=priced[1], two=priced[2], q=np.array([row.min() for row in priced]))
        | dict(square_primal=exact[0], square_dual=exact[1], loosened=duality(f, g - 0.3)[1])
    )


@DUALITY.exercise
def price_of_room():
    # min x² subject to x ≥ 3 on a fine grid: the optimum falls by λ times the room
    x = np.arange(0, 6.0001, 1 / 64)
    lower, upper = (duality(x**2, (3 - x - u)[:, None])[0] for u in (-1 / 64, 1 / 64))
    return number((lower - upper) * 32, optimum=9.0, sign=-6.0)


@DUALITY.exercise
def gap_of_three():
    primal, dual, _ = duality(np.array([0.0, 4.0]), np.array([[1.0], [-3.0]]))
    return number(primal - dual, no_gap=0.0, bound_for_gap=dual)


@DUALITY.exercise
def slack_constraint():
    x = np.arange(-2, 2.01, 0.25)
    _, _, price = duality((x - 1) ** 2, np.stack([x - 1.5, -x], 1))
    return choice(zero=np.allclose(price, 0), both=bool((price > 1e-9).all()), nearer=price[0] > 1e-9 > price[1])


def random_problem(rng, n=14, m=2):
    """Values and constraints of n points, of which the first is allowed and what is not allowed is cheaper, as a rule."""
    g = rng.standard_normal((n, m))
    g[0] = -np.abs(g[0])
    return rng.standard_normal(n) - 2 * g.sum(1), g


@DUALITY.cases
def cases(rng):
    f, g = four_plans()
    yield "four plans", dict(f=f, g=g)
    for m, words in ((1, "one constraint"), (2, "two constraints"), (3, "three constraints")):
        f, g = random_problem(rng, 10, m)
        yield words, dict(f=f, g=g)
    yield "all allowed", dict(f=rng.standard_normal(8), g=-rng.uniform(0.5, 1, (8, 2)))
    yield "none allowed, mixtures are", dict(f=np.array([1.0, 2.0, 5.0]), g=np.array([[1.0, -1], [-1, 0.5], [2, 2]]))
    f, g = random_problem(rng, 10, 2)
    yield "badly scaled", dict(f=1e4 * f, g=g * [100.0, 0.01])
    yield "the best is on the boundary", dict(f=np.array([0.0, 3.0, 4.0]), g=np.array([[1.0], [0.0], [-1.0]]))
    yield "one point", dict(f=np.array([3.0]), g=np.array([[-1.0]]))


@DUALITY.invalid
def invalid(rng):
    yield "no mixture is allowed", dict(f=np.array([1.0, 2.0]), g=np.array([[1.0], [2.0]]))
    yield "fewer values than points", dict(f=np.ones(2), g=-np.ones((3, 1)))


@DUALITY.claim
def weak_duality(duality, rng):
    r"""Whatever $f$ and $g$ are, $q(\lambda)\le d^\star\le p^\star$ for every $\lambda\ge0$"""
    for m in (1, 2, 3):
        f, g = random_problem(rng, 12, m)
        primal, dual, _ = duality(f, g)
        # the best of 400 random prices, with rounding
        reached = max(dual_function(f, g, rng.exponential(1.0, m)) for _ in range(400))
        yield bound(
            reached - dual, 1e-12, "≤", Text("the best of 400 prices, and rounding", "400 组价格中最好的，以及舍入误差")
        )
        yield bound(dual - primal, 1e-12, "≤", Text("the optimum, and rounding", "最优值，以及舍入误差"))
        yield identical(primal, f[(g <= 0).all(1)].min())


@DUALITY.claim
def the_multipliers_attain_it(duality, rng):
    r"""$q(\lambda)=d^\star$ for the multipliers, and none is negative"""
    for m in (1, 2, 3):
        f, g = random_problem(rng, 12, m)
        _, dual, multipliers = duality(f, g)
        yield roundoff(dual_function(f, g, multipliers), dual, terms=64, scale=1 + np.abs(multipliers).sum())
        yield bound(multipliers.min(), -1e-12, "≥", Text("0, and rounding", "0，以及舍入误差"))


def half_plane(step):
    r"""min ½‖x − c‖² subject to aᵀx ≤ b on a grid that holds the projection: values, constraints, p*, λ."""
    side = np.arange(-1, 2 + step / 2, step)
    X, a, c = np.array(list(product(side, side))), np.array([1.0, 1.0]), np.array([1.5, 1.0])
    return ((X - c) ** 2).sum(1) / 2, (X @ a - 1.0)[:, None], 1.5**2 / 4, np.array([0.75])


def ray(step):
    """min x² subject to 1 ≤ x."""
    x = np.arange(-1, 3 + step / 2, step)
    return x**2, (1 - x)[:, None], 1.0, np.array([2.0])


def corner(step):
    """min (x − 2½)² + (y − 1½)² subject to x ≤ 1 and x² + y ≤ 2: both are tight at (1, 1), each at the price 1."""
    side = np.arange(0, 2 + step / 2, step)
    x, y = np.array(list(product(side, side))).T
    return (x - 2.5) ** 2 + (y - 1.5) ** 2, np.stack([x - 1, x**2 + y - 2], 1), 2.5, None


@DUALITY.claim
def no_gap_when_convex(duality, rng):
    r"""For convex problems with a point strictly inside there is no gap, $d^\star=p^\star$ (on grids that hold the solution);
    with one constraint, on a parabola and on a projection on a half-plane, the multiplier is that of the equation
    $\nabla f+\lambda\nabla g=0$, within a step of the grid"""
    for f, g, value, multiplier, step in (
        (*ray(1 / 4), 1 / 4),
        (*ray(1 / 16), 1 / 16),
        (*half_plane(1 / 4), 1 / 4),
        (*corner(1 / 2), 1 / 2),
    ):
        primal, dual, multipliers = duality(f, g)
        yield roundoff([primal, dual], [value, value], terms=64, scale=8.0)
        if multiplier is not None:
            # λ may move as long as no neighbour on the grid is better: by half the curvature times the step
            why = Text("the curvature, at most 2, times half the step", "曲率（不超过 2）乘以半步长")
            yield bound(np.abs(multipliers - multiplier).max(), step + 1e-9, "≤", why)


@DUALITY.claim
def kkt(duality, rng):
    r"""The four conditions: where there is no gap, the best allowed point minimises the Lagrangian, and a multiplier is 0 unless
    its constraint is tight"""
    for f, g, *_ in (ray(1 / 8), half_plane(1 / 4), corner(1 / 2)):
        primal, _, multipliers = duality(f, g)
        best = np.flatnonzero((g <= 0).all(1) & (f == primal))
        yield identical(np.size(best), 1)
        yield roundoff(multipliers * g[best[0]], 0 * multipliers, terms=64, scale=1 + np.abs(multipliers).max())
        yield roundoff(f[best[0]] + g[best[0]] @ multipliers, dual_function(f, g, multipliers), terms=64, scale=8.0)


@DUALITY.claim
def a_gap_without_convexity(duality, rng):
    r"""Without convexity there may be a gap: four plans with $f=0,\ 1.5,\ 3,\ 7$ and $g=2,\ 1,\ -1,\ -2$ have $p^\star=3$,
    $d^\star=2$, $\lambda=1$"""
    primal, dual, multipliers = duality(*four_plans())
    return roundoff([primal, dual, *multipliers], [3.0, 2.0, 1.0], terms=16)


@DUALITY.claim
def lower_hull(duality, rng):
    r"""With one constraint, $d^\star$ is the height at 0 of the lower convex hull of the points $(g,f)$ and of all to the right of
    them: the biconjugate of $p^\star(u)$ at 0"""
    for _ in range(6):
        f, g = random_problem(rng, 15, 1)
        u = g[:, 0]
        left, right = u <= 0, u > 0
        share = -u[left][:, None] / (u[right] - u[left][:, None])
        across = (1 - share) * f[left][:, None] + share * f[right]
        hull = min(f[left].min(), across.min())
        yield roundoff(duality(f, g)[1], hull, terms=64, scale=4.0)


@DUALITY.claim
def fractional_knapsack(duality, rng):
    r"""Of a knapsack (whole things, a limit of weight) the dual is the knapsack whose things may be cut, filled by value per
    weight; the multiplier is the value per weight of the thing that is cut"""
    value, weight, limit = rng.uniform(1, 2, 6), rng.uniform(1, 2, 6), 4.3
    packed = np.array(list(product((0, 1), repeat=6)), float)
    primal, dual, multipliers = duality(-packed @ value, (packed @ weight - limit)[:, None])
    order, room, best = np.argsort(-value / weight), limit, 0.0
    for k in order:
        share = min(1.0, room / weight[k])
        best, room = best + share * value[k], room - share * weight[k]
        if share < 1:
            price = value[k] / weight[k]
            break
    yield roundoff([dual, *multipliers], [-best, price], terms=64, scale=10.0)
    yield bound(primal - dual, 0.0, "≥", Text("cutting never hurts", "允许切割不会更差"))


@DUALITY.claim
def mixing_closes_the_gap(duality, rng):
    r"""$d^\star$ is the optimum over mixtures: with the best mixture of two plans among the plans the gap is gone, and $d^\star$
    is as before"""
    f, g = four_plans()
    dual = duality(f, g)[1]
    mixed = duality(np.append(f, f[[0, 2]] @ [1 / 4, 3 / 4]), np.append(g, [[2 / 4 - 3 / 4]], 0))
    exact = duality(np.append(f, f[[0, 2]] @ [1 / 3, 2 / 3]), np.append(g, [[0.0]], 0))
    yield roundoff([mixed[1], exact[1], exact[0]], [dual, dual, dual], terms=16)
    yield bound(
        mixed[0] - dual,
        0.2,
        "≥",
        Text("another mixture is allowed, too, and worse: 2.25", "另一种混合也可行，但更差：2.25"),
    )


@DUALITY.claim
def without_slater_the_price_runs_off(duality, rng):
    r"""Without Slater's point a convex problem may have no multiplier: $e^{-y}$ under $\sqrt{x^2+y^2}\le x$ allows only $y=0$; to
    hold out against $y=1$ alone, for $x\le r$, takes $\lambda\approx1.26r$, and over all points no price will do: $q(\lambda)=0$,
    $p^\star=1$"""
    prices, reaches = [], [4.0, 16.0, 64.0, 256.0]
    for r in reaches:
        x, y = np.array(list(product(r * np.array([0.25, 0.5, 1.0]), [0.0, 1.0]))).T
        primal, dual, multipliers = duality(np.exp(-y), (np.hypot(x, y) - x)[:, None])
        yield roundoff([primal, dual], [1.0, 1.0], terms=4096, scale=max(1.0, multipliers[0]))
        prices.append(multipliers[0])
    yield rate(reaches, prices, 1.0, 0.02)
    digits = Text("2(1 − 1/e) = 1.264, and 1/4r²", "2(1 − 1/e) = 1.264，以及 1/4r²")
    yield bound(prices[-1] / reaches[-1], 1.26, "≥", digits)
    price = prices[-1]  # far out along y = 30 the violation, y²/2x, is too small for it
    x, y = np.array([1.0, 1e9]), np.array([0.0, 30.0])
    undercut = dual_function(np.exp(-y), (np.hypot(x, y) - x)[:, None], np.array([price]))
    yield bound(undercut, 1e-3, "≤", Text("e⁻³⁰ + λ · 900/2x at x = 10⁹", "x = 10⁹ 处的 e⁻³⁰ + λ · 900/2x"))


@DUALITY.claim
def multiplier_is_the_sensitivity(duality, rng):
    r"""Where only one $\lambda$ attains $d^\star$: loosen a constraint by a little $u$, and the optimum of the dual falls by $\lambda u$: finite differences, exact as it is
    piecewise linear; for $x^2$ with $x\ge1$, $p^\star(u)=(1-u)^2$ and $-2$ is its derivative"""
    for m in (1, 2, 3):
        f, g = random_problem(rng, 12, m)
        multipliers = duality(f, g)[2]
        for j in range(m):
            h = 1e-6 * np.eye(m)[j]
            slope = (duality(f, g - h)[1] - duality(f, g + h)[1]) / 2e-6
            why = Text("rounding of the values over the difference", "函数值的舍入误差除以差分步长")
            yield near(slope, -multipliers[j], 4e-9 * (1 + np.abs(multipliers).max()), why)
    f, g, _, _ = ray(1 / 8)
    yield roundoff((duality(f, g - 1 / 8)[0] - duality(f, g + 1 / 8)[0]) * 4, -2.0, terms=16)


@DUALITY.claim
def a_line_from_below(duality, rng):
    r"""However much the constraints are loosened or tightened, $d^\star(u)\ge d^\star-\lambda^{\mathsf T}u$"""
    f, g = random_problem(rng, 12, 2)
    _, dual, multipliers = duality(f, g)
    slack = []
    for _ in range(40):
        u = rng.uniform(-0.3 * np.abs(g[0]).min(), 6.0, 2)
        slack.append(duality(f, g - u)[1] - (dual - multipliers @ u))
    yield bound(min(slack), -1e-12, "≥", Text("0, and rounding", "0，以及舍入误差"))
    yield bound(max(slack), 1e-3, "≥", Text("and not everywhere equal", "且并非处处相等"))


@DUALITY.claim
def a_kink_has_many_multipliers(duality, rng):
    r"""Where $d^\star(u)$ has a kink, every $-\lambda$ between its two one-sided derivatives gives a multiplier $\lambda$:
    $f=4,\ 1,\ 0$ with $g=-1,\ 0,\ 1$ takes $1\le\lambda\le3$, and no other"""
    f, g = np.array([4.0, 1.0, 0.0]), np.array([[-1.0], [0.0], [1.0]])
    _, dual, multipliers = duality(f, g)
    yield roundoff([duality(f, g - 0.5)[1], dual, duality(f, g + 0.5)[1]], [0.5, 1.0, 2.5], terms=16)
    yield bound(multipliers[0], 1 - 1e-12, "≥")
    yield bound(multipliers[0], 3 + 1e-12, "≤")
    at = [dual_function(f, g, np.array([price])) for price in (0.5, 1.0, 2.0, 3.0, 3.5)]
    yield roundoff(np.array(at) - dual, [-0.5, 0.0, 0.0, 0.0, -0.5], terms=16, scale=4.0)


@DUALITY.claim
def units(duality, rng):
    r"""A multiplier has the unit of $f$ over that of its constraint: $af+b$ with $cg$ has the multipliers $\frac ac\lambda$ ($a,c>0$)"""
    f, g = random_problem(rng, 12, 2)
    primal, dual, multipliers = duality(f, g)
    scales = np.array([4.0, 0.5])
    other = duality(8 * f + 3, g * scales)
    yield roundoff([other[0], other[1]], [8 * primal + 3, 8 * dual + 3], terms=64, scale=64.0)
    yield roundoff(other[2], 8 * multipliers / scales, terms=64, scale=16 * (1 + np.abs(multipliers).max()))


@DUALITY.claim
def a_constraint_that_never_binds(duality, rng):
    r"""A constraint that all points meet with room to spare changes nothing and costs nothing: its multiplier is 0"""
    f, g = random_problem(rng, 12, 1)
    before, more = duality(f, g), duality(f, np.append(g, -rng.uniform(0.5, 1, (12, 1)), 1))
    return all_of(
        roundoff([more[0], more[1]], [before[0], before[1]], terms=64, scale=4.0),
        roundoff(more[2], np.append(before[2], 0.0), terms=64, scale=4.0 * (1 + before[2][0])),
    )


@DUALITY.mutant(
    caught_by="equals-definition, the-multipliers-attain-it, no-gap-when-convex, kkt, multiplier-is-the-sensitivity, "
    "a-line-from-below, a-kink-has-many-multipliers, without-slater-the-price-runs-off"
)
def wrong_sign(f, g):
    """SciPy's marginals sold as multipliers: the wrong sign"""
    primal, dual, multipliers = duality(f, g)
    return primal, dual, -multipliers + 0.0 if multipliers.any() else -1.0 + multipliers


@DUALITY.mutant(
    caught_by="equals-definition, a-gap-without-convexity, lower-hull, fractional-knapsack, mixing-closes-the-gap"
)
def never_a_gap(f, g):
    """the optimum itself for the optimum of the dual, as if there were never a gap"""
    primal, _, multipliers = duality(f, g)
    return primal, primal, multipliers


@DUALITY.mutant(caught_by="equals-definition, a-constraint-that-never-binds")
def as_equations(f, g):
    """inequalities taken for equations: prices of either sign"""
    both = duality(f, np.concatenate([g, -g], 1)) if (g > 0).any() else (0.0, np.inf, np.zeros(2 * g.shape[1]))
    return np.min(f[(g <= 0).all(1)], initial=np.inf), both[1], both[2][: g.shape[1]] - both[2][g.shape[1] :]


@DUALITY.mutant(caught_by="equals-definition, no-gap-when-convex, a-gap-without-convexity")
def reversed_constraints(f, g):
    """the constraints the wrong way round, g ≥ 0"""
    return duality(f, -g) if (g > 0).any(0).all() else (np.inf, np.inf, np.zeros(g.shape[1]))


@DUALITY.mutant(caught_by="equals-definition, weak-duality, units, lower-hull")
def price_of_one(f, g):
    """a unit of each constraint priced at a unit of f, whatever it is worth"""
    one = np.ones(g.shape[1])
    return np.min(f[(g <= 0).all(1)], initial=np.inf), dual_function(f, g, one), one


@DUALITY.mutant(caught_by="equals-definition, no-gap-when-convex, kkt, mixing-closes-the-gap")
def strictly_inside(f, g):
    """a point on the boundary is not allowed"""
    return np.min(f[(g < 0).all(1)], initial=np.inf), *duality(f, g)[1:]


@DUALITY.figure(price=Slider(0.0, 3.0, 0.5, "price λ"), hill=Slider(0.0, 1.6, 1.2, "hill: 0 convex, then not"))
def figure(price, hill):
    u = np.linspace(-2, 2, 81)
    f = (u - 2) ** 2 / 4 + hill * np.exp(-3 * (u - 0.2) ** 2)
    primal, dual, best = duality(f, u[:, None])
    line = (f + price * u).min()
    touch = u[(f + price * u).argmin()]
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    left.axvspan(-2.2, 0, color="0.93", zorder=0)
    left.plot(u, f, color=COLOURS[0], lw=1.8, label="points $(g,f)$")
    left.plot(u, line - price * u, color=COLOURS[1], lw=1.3, label=r"slope $-\lambda$")
    left.plot(touch, line - price * touch, "o", color=COLOURS[1], ms=5, mec="white")
    allowed = u <= 0
    where = u[allowed][f[allowed].argmin()]
    left.plot([where, 0], [primal, primal], ":", color=COLOURS[2], lw=1.3)
    left.plot(where, primal, "s", color=COLOURS[2], ms=6, mec="white", label=r"$p^\star$")
    left.plot(0, line, "D", color=COLOURS[3], ms=6, mec="white", label=r"$q(\lambda)$")
    left.set(xlabel="g", ylabel="f", xlim=(-2.2, 2.2), ylim=(-1.5, 4.5))
    left.legend(fontsize=9, loc="upper right")
    prices = np.linspace(0, 3, 301)
    right.plot(prices, (f + prices[:, None] * u).min(1), color=COLOURS[3], lw=1.8, label=r"$q(\lambda)$")
    right.axhline(primal, color=COLOURS[2], lw=1.3, label=r"$p^\star$")
    right.plot(best[0], dual, "*", color=COLOURS[4], ms=11, mec="white", label=r"$d^\star$")
    right.plot(price, line, "D", color=COLOURS[3], ms=6, mec="white")
    right.set(xlabel=r"$\lambda$", ylim=(-1.5, 2.6))
    right.legend(fontsize=9, loc="lower left")
    words = Text(
        f"At the price {price:.2f} the line of slope −λ touches the points from below at g = {touch:.2f} and meets the axis at q = {line:.3f}. "
        f"The best price is {best[0]:.2f}: d* = {dual:.3f}. The best allowed point has p* = {primal:.3f}; the gap is {primal - dual:.3f}.",
        f"价格为 {price:.2f} 时，斜率为 −λ 的直线从下方在 g = {touch:.2f} 处碰到这些点，与纵轴交于 q = {line:.3f}。"
        f"最佳价格为 {best[0]:.2f}：d* = {dual:.3f}。最好的可行点有 p* = {primal:.3f}；对偶间隙为 {primal - dual:.3f}。",
    )
    return Drawing(fig, words)
