"""Interior points: linear and convex quadratic programs by Newton's method on the central path."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, near, optimal
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _gradus(solve_qp, P, q, A, b, steps):
    """Where there is no solution the certificate stands in its place."""
    result = solve_qp(P, q, G=A, h=b, tolerance=1e-11, max_iterations=steps)
    if result.reason == "infeasible":
        return 0 * q, result.farkas.h
    if result.reason == "unbounded":
        return result.ray, 0 * b
    return result.x, result.multipliers.z


INTERIOR_POINT = Concept(
    key="interior-point",
    kind="algorithm",
    title="Interior-point method",
    summary="Minimises a linear or convex quadratic function under linear inequalities. Slacks and multipliers are kept "
    "positive, and their products are led to 0 together, along the central path, by Newton's method: as a rule a few dozen linear "
    "systems, nearly independent of the size. A program without a solution shows itself by a certificate.",
    formulas=(
        r"\min_x\ \tfrac12x^{\mathsf T}Px+q^{\mathsf T}x\quad\text{with}\quad Ax\le b",
        r"Px+q+A^{\mathsf T}z=0,\qquad Ax+s=b,\qquad s_iz_i=\sigma\mu,\qquad s,z>0,\qquad \mu=\frac{s^{\mathsf T}z}m",
        r"\Bigl(P+A^{\mathsf T}\operatorname{diag}\bigl(\tfrac zs\bigr)A\Bigr)\Delta x=-r_d-A^{\mathsf T}\,\frac{z\circ r_p-c}{s},\qquad \Delta s=-r_p-A\Delta x,\qquad \Delta z=-\frac{c+z\circ\Delta s}{s}",
        r"c_{\text{aff}}=s\circ z,\qquad c=s\circ z+\Delta s_{\text{aff}}\circ\Delta z_{\text{aff}}-\sigma\mu,\qquad \sigma=\max\Bigl(\tfrac1{20},\bigl(\tfrac{\mu_{\text{aff}}}\mu\bigr)^3\Bigr)",
        r"\{x:Ax\le b\}=\varnothing\iff\exists\,z\ge0:\ A^{\mathsf T}z=0,\ b^{\mathsf T}z<0",
    ),
    symbols=(
        Symbol("P", "P", "n n", "symmetric, no negative eigenvalue; 0 for a linear program"),
        Symbol("q", "q", "n", "linear part of the objective"),
        Symbol("A", "A", "m n", "one row for each inequality"),
        Symbol("b", "b", "m", "right sides"),
        Symbol("T", "steps", "", "how many steps at most", "natural"),
        Symbol("x", "", "n", "where it is"),
        Symbol("s", "", "m", "slacks, what is left to the right sides"),
        Symbol("z", "", "m", "multipliers"),
        Symbol(r"\mu", "", "", "mean product of slack and multiplier where the step begins"),
        Symbol(r"\sigma", "", "", "centring: the part of μ that a step aims at"),
        Symbol("r_d,\\ r_p", "", "", "residuals of the first and of the second equation, left side minus right"),
        Symbol("c", "", "m", "what a step takes off the products"),
        Symbol(r"\mu_{\text{aff}}", "", "", "μ after the longest admissible step of the predictor"),
    ),
    returns=(Result("x", "n", "a solution"), Result("z", "m", "the multipliers")),
    needs=("linear-solve", "gradient"),
    source="mehrotra1992implementation",
    year=1984,
    people=("Narendra Karmarkar", "Anthony Fiacco", "Garth McCormick", "Sanjay Mehrotra"),
    aliases="interior point, IPM, barrier method, primal-dual method, central path, Mehrotra predictor-corrector, "
    "linear programming, quadratic programming, LP, QP, Farkas lemma, 线性规划, 二次规划, 障碍函数法, 原始对偶内点法, 中心路径, Farkas 引理",
    implementations=(
        Implementation(
            "gradus.optimization:solve_qp",
            "torch",
            _gradus,
            "equalities and bounds, too; a batch in one call; differentiable",
        ),
    ),
    readings="mehrotra1992implementation; nocedal2006numerical §16.6; boyd2004convex ch. 11; karmarkar1984polynomial",
    hypotheses=(
        Hypothesis("P has no negative eigenvalue", "saddle-in-a-box"),
        Hypothesis(r"no $d\ne0$ has $Pd=0$ and $Ad=0$: else the matrix is singular", "a-free-direction"),
        Hypothesis("there is a point with $Ax\\le b$", "infeasible-programs-show-a-farkas-vector"),
        Hypothesis("the objective is bounded below on these points", "unbounded-programs-show-a-ray"),
    ),
    conventions=(
        Convention(
            "which entries of P are read",
            "all: P is symmetric, and `solve_qp` refuses one that is not",
            "OSQP and Clarabel read the upper triangle alone, and take a lower one for a diagonal matrix without a word",
        ),
        Convention(
            "x where there is no solution",
            'the iterate that diverges; `solve_qp` gives NaN, the reason "infeasible" or "unbounded", and a certificate',
            "OSQP 1.1.3 fills x and y with the finite number 2143289344: look at its status, never at the numbers",
        ),
        Convention(
            "form of the constraints",
            r"here $Ax\le b$; `solve_qp` takes $Ax=b$, $g\le Gx\le h$ and bounds on x, which cost a diagonal only",
            r"OSQP: $l\le Ax\le u$ with $l=u$ for an equation; Clarabel: $Ax+s=b$ with s in a cone",
        ),
    ),
    deviations=(
        "`solve_qp` leaves σ free to be near 0, and aims at the centre only where a step has become short or μ has grown; it "
        "scales the data, and adds $10^{-9}$ to the diagonal of the matrix, which later steps mend: it is never singular.",
    ),
    unverified=(
        "The number of steps is proved to be at most of the order of $\\sqrt m\\,\\log(1/\\varepsilon)$ for variants that "
        "keep near the central path; Mehrotra's own has no such proof.",
    ),
    differentiable=False,
    longest_sum=2_000_000,
)


@INTERIOR_POINT.definition
def interior_point(P, q, A, b, steps=60):
    x = np.linalg.solve(P + A.T @ A, A.T @ b - q)  # the minimiser of the objective + ½‖b − Ax‖²
    r = b - A @ x
    s, z = r + max(0, 1 - r.min()), -r + max(0, 1 + r.max())
    end = 4096 * np.finfo(x.dtype).eps * (1 + np.abs(q).max() + np.abs(b).max())
    for _ in range(steps):
        dual, primal, mu = P @ x + q + A.T @ z, A @ x + s - b, np.mean(s * z)
        if max(np.abs(dual).max(), np.abs(primal).max(), mu) <= end:
            break
        if max(np.abs(x).max(), z.max()) > 1e9:
            break  # there is no solution: x tends to a ray, or z to a Farkas vector
        ds, dz = newton(P, A, s, z, dual, primal, s * z)[1:]
        longest = min(reach(s, ds), reach(z, dz))
        sigma = max(0.05, (np.mean((s + longest * ds) * (z + longest * dz)) / mu) ** 3)
        dx, ds, dz = newton(P, A, s, z, dual, primal, s * z + ds * dz - sigma * mu)
        step = min(1, 0.99 * min(reach(s, ds), reach(z, dz)))
        x, s, z = x + step * dx, s + step * ds, z + step * dz
    return x, z


def newton(P, A, s, z, dual, primal, c):
    dx = np.linalg.solve(P + (A.T * (z / s)) @ A, -dual - A.T @ ((z * primal - c) / s))
    ds = -primal - A @ dx
    return dx, ds, -(c + z * ds) / s


def reach(v, dv):  # the longest step, at most 1, up to which v + step · dv is not negative
    return min([1.0, *(v[dv < 0] / -dv[dv < 0])])


def program(rng, n, m, linear=False):
    """With one solution: where it is a vertex of a linear program, or strictly convex, with the multipliers drawn first."""
    A, x = rng.standard_normal((m, n)), rng.standard_normal(n)
    active = n if linear else n // 2
    s, z = (
        np.r_[np.zeros(active), rng.uniform(0.2, 1, m - active)],
        np.r_[rng.uniform(0.2, 1, active), np.zeros(m - active)],
    )
    R = rng.standard_normal((n, n))
    P = np.zeros((n, n)) if linear else R @ R.T / n + 0.1 * np.eye(n)
    return dict(P=P, q=-P @ x - A.T @ z, A=A, b=A @ x + s)


def value(P, q, x):
    return x @ P @ x / 2 + q @ x


def kkt(given, x, z):
    """The largest violation of the four conditions, relative to 1 + the data and their products with the solution."""
    P, q, A, b = (given[k] for k in "PqAb")
    slack = b - A @ x
    size = 1 + max(np.abs(v).max() for v in (q, b, P @ x, A.T @ z))
    return max(np.abs(P @ x + q + A.T @ z).max(), -slack.min(), -z.min(), np.abs(slack * z).max()) / size


BOX = np.vstack([np.eye(1), -np.eye(1)])


@INTERIOR_POINT.example
def example():
    P, q, A, b, steps = np.array([[1.0]]), np.array([-3.0]), BOX, np.array([1.0, 0.0]), 1
    x = np.linalg.solve(P + A.T @ A, A.T @ b - q)
    r = b - A @ x
    s, z = r + max(0, 1 - r.min()), -r + max(0, 1 + r.max())
    dual, primal, mu = P @ x + q + A.T @ z, A @ x + s - b, np.mean(s * z)
    weights = z / s
    matrix = (P + (A.T * weights) @ A)[0, 0]
    dx, ds, dz = newton(P, A, s, z, dual, primal, s * z)
    longest = min(reach(s, ds), reach(z, dz))
    after = np.mean((s + longest * ds) * (z + longest * dz))
    sigma = max(0.05, (after / mu) ** 3)
    Dx, Ds, Dz = newton(P, A, s, z, dual, primal, s * z + ds * dz - sigma * mu)
    step = min(1, 0.99 * min(reach(s, Ds), reach(z, Dz)))
    end = interior_point(P, q, A, b)
    few = [interior_point(P, q, A, b, k) for k in range(5)]
    return (
        dict(P=P, q=q, A=A, b=b, steps=steps, x0=x[0], r=r, s=s, z=z, dual=dual[0], primal=primal, mu=mu)
        | dict(matrix=matrix, dx=dx[0], ds=ds, dz=dz, longest=longest, after=after, sigma=sigma)
        | dict(Dx=Dx[0], Ds=Ds, Dz=Dz, step=step, x1=few[1][0][0], xs=[v[0][0] for v in few], end=end[0][0])
        | dict(zend=end[1], x4=few[4][0][0], left4=1 - few[4][0][0])
    )


@INTERIOR_POINT.exercise
def on_the_path():
    # min 2x with x ≥ 0: z = 2 and x z = μ
    return number(0.1 / 2, inverse=2 / 0.1, no_slope=0.1)


@INTERIOR_POINT.exercise
def multiplier_as_a_price():
    P, q = np.eye(2), np.array([-3.0, 0.0])
    A = np.vstack([np.eye(2), -np.eye(2)])
    values = [value(P, q, interior_point(P, q, A, np.array([1 + d, 1, 1, 1.0]))[0]) for d in (0.0, 1e-4)]
    falls = (values[0] - values[1]) / 1e-4
    return choice(
        by_two=np.isclose(falls, 2, atol=1e-3), by_three=np.isclose(falls, 3, atol=1e-3), not_at_all=falls < 1e-6
    )


@INTERIOR_POINT.exercise
def farkas():
    b = np.array([-1.0, 0.0])  # x ≤ −1 and −x ≤ 0
    z = np.array([1.0, 1.0])
    return number(b @ z, both_minus_one=-z.sum(), sum_of_multipliers=z.sum())


@INTERIOR_POINT.cases
def cases(rng):
    yield "quadratic", program(rng, 4, 9)
    yield "linear, a vertex", program(rng, 3, 8, linear=True)
    P = np.diag([1.0, 2.0])
    yield (
        "box",
        dict(P=P, q=np.array([-3.0, 1.0]), A=np.vstack([np.eye(2), -np.eye(2)]), b=np.array([1.0, 1, 0, 2]), steps=40),
    )
    yield (
        "one constraint active",
        dict(P=P, q=np.array([-1.5, 0.5]), A=np.vstack([np.eye(2), -np.eye(2)]), b=np.ones(4)),
    )
    yield "singular P", dict(P=np.diag([1.0, 0.0]), q=np.array([0.0, 1.0]), A=-np.eye(2), b=np.array([-1.0, 2.0]))
    wide = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    yield (
        "rows of different size",
        dict(P=np.eye(2), q=np.array([2.0, 1.0]), A=wide * [[0.25], [1.0], [4.0]], b=np.array([0.25, 1, 2])),
    )


@INTERIOR_POINT.invalid
def invalid(rng):
    yield "a right side of another length", dict(P=np.eye(2), q=np.ones(2), A=np.eye(2), b=np.ones(3))
    yield "a matrix of another size", dict(P=np.eye(3), q=np.ones(2), A=np.eye(2), b=np.ones(2))


WITHIN = Text("1e-8, relative to the terms of each condition", "1e-8，相对于各条件中的项")


@INTERIOR_POINT.claim
def kkt_conditions(interior_point, rng):
    r"""The KKT conditions hold to $10^{-8}$ relative to their terms: $Px+q+A^{\mathsf T}z=0$, $Ax\le b$, $z\ge0$, $z_i(b-Ax)_i=0$, on random
    quadratic and linear programs with 2 to 30 variables"""
    for n, linear in ((2, False), (10, False), (30, False), (3, True), (12, True)):
        given = program(rng, n, 3 * n, linear)
        yield optimal(kkt(given, *interior_point(**given)), 1e-8, WITHIN)


def needed(interior_point, given):
    """The number of steps to a KKT residual of 1e-8."""
    low, high = 0, 64
    while high - low > 1:
        middle = (low + high) // 2
        x, z = interior_point(**given, steps=middle)
        good = np.isfinite(x).all() and kkt(given, x, z) <= 1e-8
        low, high = (low, middle) if good else (middle, high)
    return high


@INTERIOR_POINT.claim
def steps_hardly_depend_on_size(interior_point, rng):
    """On random programs steps hardly grow with the size: to a residual of 1e-8 at most 25, quadratic or linear, from 4 variables and
    12 constraints to 64 and 192"""
    for n in (4, 16, 64):
        for linear in (False, True):
            yield bound(needed(interior_point, program(rng, n, 3 * n, linear)), 25, "≤", Text(f"n = {n}", f"n = {n}"))


@INTERIOR_POINT.claim
def nearest_point_of_a_box(interior_point, rng):
    r"""With $P=I$ and a box it is the nearest point of the box to $-q$, each coordinate cut off, and z is what was cut"""
    q = rng.uniform(0.2, 2.0, 6) * np.array([1, -1, 1, -1, 1, -1])
    cut = np.where(np.abs(np.abs(q) - 1) < 0.05, 1.2 * np.abs(q), np.abs(q)) * np.sign(q)  # none at an edge
    x, z = interior_point(np.eye(6), cut, np.vstack([np.eye(6), -np.eye(6)]), np.ones(12))
    why = Text("the tolerance of the iteration", "迭代的容许误差")
    yield near(np.abs(x - np.clip(-cut, -1, 1)).max(), 0.0, 1e-7, why)
    yield near(np.abs(z - np.maximum(np.r_[-cut, cut] - 1, 0)).max(), 0.0, 1e-7, why)


@INTERIOR_POINT.claim
def multipliers_are_prices(interior_point, rng):
    r"""A multiplier is what its constraint costs: $\frac{\partial f^\star}{\partial b_i}=-z_i$, by central differences, where the multipliers are
    unique. Of two equal walls neither has a price of its own: moving one outwards gains 0, inwards it costs $z_1+z_2$"""
    given = program(rng, 4, 8)
    z, h = interior_point(**given)[1], 1e-4

    def best(shift):
        return value(given["P"], given["q"], interior_point(**given | dict(b=given["b"] + shift))[0])

    slope = np.array([(best(h * e) - best(-h * e)) / (2 * h) for e in np.eye(8)])
    why = Text("differences of step 1e-4 of a value exact to 1e-10", "步长 1e-4 的差商，函数值精确到 1e-10")
    yield near(np.abs(slope + z).max(), 0.0, 1e-5, why)
    yield bound(z.max(), 0.19, "≥", Text("the active ones were drawn from 0.2 on", "起作用的乘子抽自 0.2 以上"))
    given = dict(P=np.eye(1), q=np.array([-3.0]), A=np.ones((2, 1)), b=np.ones(2))
    step = np.array([h, 0.0])
    yield near(best(step) - best(0 * step), 0.0, 1e-9, why)
    cost, price = (best(-step) - best(0 * step)) / h, interior_point(**given)[1].sum()
    yield near(cost, 2.0, h, Text("half of the step, by the curvature 1", "曲率为 1，误差为步长的一半"))
    yield near(price, 2.0, 1e-7, Text("the tolerance of the iteration", "迭代的容许误差"))


@INTERIOR_POINT.claim
def linear_programs_agree_with_simplex(interior_point, rng):
    r"""Linear programs with one solution end at the vertex that the simplex method of HiGHS (SciPy) finds. Where an edge is
    optimal they end within it: for $x_1$ on $[-1,1]\times[-1,3]$ at $x_1=-1$, far from both corners"""
    from scipy.optimize import linprog

    for n in (2, 5, 12):
        given = program(rng, n, 3 * n, linear=True)
        x = interior_point(**given)[0]
        peer = linprog(given["q"], A_ub=given["A"], b_ub=given["b"], bounds=(None, None), method="highs-ds").x
        scale = max(1.0, np.abs(peer).max())
        yield near(
            np.abs(x - peer).max() / scale, 0.0, 1e-6, Text("the tolerance of HiGHS is 1e-7", "HiGHS 的容许误差为 1e-7")
        )
    sides = np.vstack([np.eye(2), -np.eye(2)])
    x = interior_point(np.zeros((2, 2)), np.array([1.0, 0.0]), sides, np.array([1.0, 3.0, 1.0, 1.0]))[0]
    yield near(x[0], -1.0, 1e-7, Text("the tolerance of the iteration", "迭代的容许误差"))
    yield bound(min(x[1] + 1, 3 - x[1]), 0.5, "≥", Text("from the nearer corner", "到较近顶点的距离"))


@INTERIOR_POINT.claim(required=False)
def infeasible_programs_show_a_farkas_vector(interior_point, rng):
    r"""Where no point meets $Ax\le b$ the multipliers tend to a certificate: $z\ge0$ with $\lVert A^{\mathsf T}z\rVert\le10^{-6}$ for
    $b^{\mathsf T}z=-1$"""
    why = Text("1e-6 of the contradiction", "矛盾量的 1e-6")
    for n in (2, 5):
        A, z = rng.standard_normal((2 * n, n)), rng.uniform(0.2, 1, 2 * n)
        A[0] = -(z[1:] @ A[1:]) / z[0]  # zᵀA = 0
        b = A @ rng.standard_normal(n)
        b -= z / (z @ z)  # bᵀz = −1
        proof = interior_point(np.eye(n), rng.standard_normal(n), A, b)[1]
        size = max(np.abs(b).max() * np.abs(proof).max(), 1e-300)
        yield bound(-(b @ proof) / size, 1e-3, "≥", Text("bᵀz is negative, beside its terms", "与各项相比，bᵀz 为负"))
        yield optimal(np.abs(A.T @ proof).max() / max(-(b @ proof), 1e-300) + max(-proof.min(), 0), 1e-6, why)


@INTERIOR_POINT.claim(required=False)
def unbounded_programs_show_a_ray(interior_point, rng):
    r"""Where the objective falls for ever x tends to a ray: $Pd=0$ and $Ad\le0$ to $10^{-6}$ for $q^{\mathsf T}d=-1$"""
    why = Text("1e-6 of the descent", "下降量的 1e-6")
    for n in (2, 5):
        d = rng.standard_normal(n)
        d /= np.linalg.norm(d)
        A = rng.standard_normal((2 * n, n))
        A *= -np.sign(A @ d)[:, None]  # A d < 0
        M = rng.standard_normal((n, n))
        M -= np.outer(M @ d, d)
        q = M.T @ rng.standard_normal(n) - d
        ray = interior_point(M.T @ M, q, A, A @ rng.standard_normal(n) + 1)[0]
        missing = max(np.abs(M.T @ M @ ray).max(), (A @ ray).max(), 0.0)
        size = max(np.abs(q).max() * np.abs(ray).max(), 1e-300)
        yield bound(-(q @ ray) / size, 1e-3, "≥", Text("qᵀd is negative, beside its terms", "与各项相比，qᵀd 为负"))
        yield optimal(missing / max(-(q @ ray), 1e-300), 1e-6, why)


@INTERIOR_POINT.claim(required=False)
def saddle_in_a_box(interior_point, rng):
    r"""Where P has a negative eigenvalue the conditions may hold away from the minimum: for $\tfrac12(x_2^2-x_1^2)-3x_2$ on
    $[-1,1]^2$ it refuses, or stops at $(0,1)$, where they hold, $\tfrac12$ above the minimum"""
    from gradus.errors import GradusError

    P, q, A, b = np.diag([-1.0, 1.0]), np.array([0.0, -3.0]), np.vstack([np.eye(2), -np.eye(2)]), np.ones(4)
    try:
        x, z = interior_point(P, q, A, b)
    except GradusError:
        yield optimal(0.0, 0.0, Text("refused", "被拒绝"))
        return
    yield optimal(kkt(dict(P=P, q=q, A=A, b=b), x, z), 1e-8, WITHIN)
    yield near(value(P, q, x) - value(P, q, np.ones(2)), 0.5, 1e-7, Text("above the minimum", "比最小值高出"))


@INTERIOR_POINT.claim(required=False)
def a_free_direction(interior_point, rng):
    r"""Where some $d\ne0$ has $Pd=0$ and $Ad=0$ the matrix of a step is singular: for $\tfrac12x_1^2+x_1$ with $x_1\le1$ in the plane it
    fails, or, with something added to the matrix, ends at one of the solutions, $x_1=-1$"""
    from gradus.errors import GradusError

    given = dict(P=np.diag([1.0, 0.0]), q=np.array([1.0, 0.0]), A=np.array([[1.0, 0.0]]), b=np.ones(1))
    try:
        x, z = interior_point(**given)
    except (GradusError, np.linalg.LinAlgError):
        yield optimal(0.0, 0.0, Text("refused", "被拒绝"))
        return
    yield optimal(kkt(given, x, z), 1e-8, WITHIN)
    yield near(x[0], -1.0, 1e-7, Text("the tolerance of the iteration", "迭代的容许误差"))


def variant(P, q, A, b, steps, centring=True, inside=True, barrier=0.0, primal_too=True):
    """The definition with one of its parts left out."""
    x = np.linalg.solve(P + A.T @ A, A.T @ b - q)
    r = b - A @ x
    s, z = r + max(0, 1 - r.min()), -r + max(0, 1 + r.max())
    for _ in range(steps):
        dual, primal, mu = P @ x + q + A.T @ z, A @ x + s - b, np.mean(s * z)
        rest = max(np.abs(dual).max(), np.abs(primal).max() * primal_too, abs(mu - barrier))
        if not 1e-12 * (1 + np.abs(q).max() + np.abs(b).max()) < rest < 1e100:
            break
        primal = primal * primal_too
        dx, ds, dz = newton(P, A, s, z, dual, primal, s * z)
        if centring:
            longest = min(reach(s, ds), reach(z, dz))
            sigma = max(0.05, (np.mean((s + longest * ds) * (z + longest * dz)) / mu) ** 3)
            dx, ds, dz = newton(P, A, s, z, dual, primal, s * z + ds * dz - max(sigma * mu, barrier))
        step = min(1, 0.99 * min(reach(s, ds), reach(z, dz))) if inside else 1
        x, s, z = x + step * dx, s + step * ds, z + step * dz
    return x, z


@INTERIOR_POINT.mutant(caught_by="kkt-conditions, steps-hardly-depend-on-size")
def not_centred(P, q, A, b, steps=60):
    """complementarity not centred: every step aims at s∘z = 0, and jams at the boundary"""
    return variant(P, q, A, b, steps, centring=False)


@INTERIOR_POINT.mutant(caught_by="kkt-conditions, nearest-point-of-a-box, linear-programs-agree-with-simplex")
def barrier_left_standing(P, q, A, b, steps=60):
    """stops on the central path, at μ = 10⁻³"""
    return variant(P, q, A, b, steps, barrier=1e-3)


@INTERIOR_POINT.mutant(
    caught_by="kkt-conditions, multipliers-are-prices, nearest-point-of-a-box, infeasible-programs-show-a-farkas-vector, "
    "saddle-in-a-box"
)
def sign_of_the_multipliers(P, q, A, b, steps=60):
    """multipliers of the opposite sign"""
    x, z = variant(P, q, A, b, steps)
    return x, -z


@INTERIOR_POINT.mutant(caught_by="kkt-conditions, unbounded-programs-show-a-ray, a-free-direction")
def always_a_minimum(P, q, A, b, steps=60):
    """adds 10⁻³ to the diagonal of P, so that every program has a minimum"""
    return variant(P + 1e-3 * np.eye(len(q)), q, A, b, steps)


@INTERIOR_POINT.mutant(caught_by="kkt-conditions")
def upper_triangle_alone(P, q, A, b, steps=60):
    """reads the upper triangle of P, and takes it for the whole"""
    return variant(np.triu(P), q, A, b, steps)


@INTERIOR_POINT.mutant(caught_by="kkt-conditions, linear-programs-agree-with-simplex")
def steps_through_the_wall(P, q, A, b, steps=60):
    """full Newton steps, whether slacks and multipliers stay positive or not"""
    return variant(P, q, A, b, steps, inside=False)


@INTERIOR_POINT.mutant(caught_by="kkt-conditions, nearest-point-of-a-box")
def takes_the_start_for_feasible(P, q, A, b, steps=60):
    """leaves out what is missing in Ax + s = b, as if the start were feasible"""
    return variant(P, q, A, b, steps, primal_too=False)


SIDES = np.array([[-1.0, 0.0], [0.0, -1.0], [1.0, 0.35], [0.5, 1.0], [-0.7, 1.0]])
ROOM = np.array([0.0, 0.0, 3.2, 2.6, 1.5])


def walk(q, sigma, start, steps):
    """Steps with one constant σ and no corrector, from a point inside: the points and the mean products."""
    x, P = start, np.zeros((2, 2))
    s, z = ROOM - SIDES @ x, np.ones(5)
    points, means = [x], [np.mean(s * z)]
    for _ in range(steps):
        if means[-1] < 1e-14:
            break
        c = s * z - sigma * means[-1]
        dx, ds, dz = newton(P, SIDES, s, z, q + SIDES.T @ z, SIDES @ x + s - ROOM, c)
        step = min(1, 0.99 * min(reach(s, ds), reach(z, dz)))
        x, s, z = x + step * dx, s + step * ds, z + step * dz
        points.append(x)
        means.append(np.mean(s * z))
    return np.array(points), np.array(means)


def central_path(q):
    """The points with s∘z = μ, from μ = 100 down."""
    x, s, z = np.array([1.0, 0.8]), ROOM - SIDES @ [1.0, 0.8], np.ones(5)
    points = []
    for mu in np.geomspace(100, 1e-5, 48):
        for _ in range(6):
            dx, ds, dz = newton(np.zeros((2, 2)), SIDES, s, z, q + SIDES.T @ z, SIDES @ x + s - ROOM, s * z - mu)
            step = min(1, 0.99 * min(reach(s, ds), reach(z, dz)))
            x, s, z = x + step * dx, s + step * ds, z + step * dz
        points.append(x)
    return np.array(points)


def corners():
    """The corners of the polygon, in turn."""
    found = []
    for i in range(5):
        for j in range(i):
            x = np.linalg.solve(SIDES[[i, j]], ROOM[[i, j]])
            if (SIDES @ x <= ROOM + 1e-9).all():
                found.append(x)
    found = np.array(found)
    around = found - found.mean(0)
    return found[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]


@INTERIOR_POINT.figure(
    sigma=Slider(0.0, 0.9, 0.1, "centring σ"),
    distance=Slider(1e-6, 0.5, 1e-4, "distance of the start from the left wall", log=True),
    angle=Slider(0, 360, 200, "direction of q (degrees)", integer=True),
)
def figure(sigma, distance, angle):
    q, steps = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]), 30
    start = np.array([distance, 1.2])
    points, means = walk(q, sigma, start, steps)
    without, without_means = walk(q, 0.0, start, steps)
    centre, polygon = central_path(q), corners()
    best = min(polygon @ q)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    left.fill(*polygon.T, color="0.93")
    left.plot(*np.vstack([polygon, polygon[:1]]).T, color="0.5", lw=1)
    left.plot(*centre.T, color="0.35", lw=1.4, ls="--", label="central path")
    left.plot(*without.T, "o-", ms=3, lw=1, color=COLOURS[1], label="σ = 0")
    left.plot(*points.T, "o-", ms=4, lw=1.4, color=COLOURS[0], label="iterates")
    left.annotate("", (1.2 - 0.5 * q[0], 1.0 - 0.5 * q[1]), (1.2, 1.0), arrowprops=dict(arrowstyle="->", color="0.45"))
    left.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-0.15, 3.4), ylim=(-0.15, 2.7))
    left.legend(frameon=False, fontsize=9.5, loc="upper right")
    right.semilogy(np.maximum(without_means, 1e-16), "o-", ms=3, lw=1, color=COLOURS[1])
    right.semilogy(np.maximum(means, 1e-16), "o-", ms=4, lw=1.4, color=COLOURS[0])
    right.set(xlabel="step", ylabel="μ", ylim=(1e-16, 30), xlim=(-0.5, steps + 0.5))
    gap, gap_without = points[-1] @ q - best, without[-1] @ q - best
    words = Text(
        f"σ = {sigma:.2f}: after {len(points) - 1} steps μ = {means[-1]:.1e}, and the objective is {max(gap, 0):.1e} above its minimum. With σ = 0, "
        f"after {len(without) - 1} steps, μ = {without_means[-1]:.1e} and {max(gap_without, 0):.1e}. Along the arrow the objective falls.",
        f"σ = {sigma:.2f}：{len(points) - 1} 步后 μ = {means[-1]:.1e}，目标函数比最小值高 {max(gap, 0):.1e}。σ = 0 时，"
        f"{len(without) - 1} 步后 μ = {without_means[-1]:.1e}，高出 {max(gap_without, 0):.1e}。目标函数沿箭头方向下降。",
    )
    return Drawing(fig, words)
