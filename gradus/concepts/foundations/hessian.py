"""The Hessian: all second partial derivatives; and what the signs of its eigenvalues say at a critical point."""

import numpy as np

from gradus.concepts.foundations.functions_of_vectors import hills, log_sum_exp, rosenbrock
from gradus.frameworks import like, namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, rate, roundoff, statistical
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas

MAXIMUM, SADDLE, MINIMUM, UNDECIDED = -1, 0, 1, 3


def _torch(hessian, f, x):
    return hessian(f)(x)


def _ours(jacobian, f, x):
    from gradus.foundations.autodiff import grad

    return jacobian(grad(f), x)


HESSIAN = Concept(
    key="hessian",
    kind="definition",
    title="Hessian",
    summary="All second partial derivatives of a function of n variables: $n^2$ numbers, symmetric where they are "
    "continuous. It is the derivative of the gradient, and gives the best quadratic approximation and the curvature "
    r"$u^{\mathsf T}Hu$ in every direction u of length 1.",
    formulas=(
        r"H_{ij}(x)=\frac{\partial^2f}{\partial x_i\,\partial x_j}(x)=\frac{\partial}{\partial x_i}\Big(\frac{\partial f}{\partial x_j}\Big)(x),\qquad H=J_{\nabla f}^{\mathsf T}",
        r"f(x+u)=f(x)+\nabla f(x)^{\mathsf T}u+\tfrac12u^{\mathsf T}H(x)\,u+o(\|u\|^2)",
        r"H=H^{\mathsf T}",
    ),
    symbols=(
        Symbol("f", "f", "function", "function of n variables whose value is one number", "function"),
        Symbol("x", "x", "n", "the point"),
        Symbol("H", "", "n n", "the Hessian"),
        Symbol(r"\nabla f", "", "n", "gradient"),
        Symbol("u", "", "n", "a step, or a direction of length 1"),
        Symbol(r"J_{\nabla f}", "", "n n", "Jacobian of the gradient"),
    ),
    needs=("gradient", "jacobian", "taylor"),
    source="hesse1844elimination",
    year=1844,
    people=("Ludwig Otto Hesse", "Hermann Schwarz"),
    aliases="Hessian matrix, second derivatives, curvature, Hessian-vector product, "
    "黑塞矩阵, 海森矩阵, 海塞矩阵, 二阶导数矩阵, 曲率",
    implementations=(
        Implementation(
            "torch.func:hessian", "torch", _torch, "forward over reverse: n runs of a tangent through the backward pass"
        ),
        Implementation("gradus.foundations.autodiff:jacobian", "numpy", _ours, "the Jacobian of the tape's gradient"),
    ),
    readings="rudin1976principles ch. 9; magnus2019matrix; nocedal2006numerical ch. 2; griewank2008evaluating ch. 5",
    hypotheses=(
        Hypothesis(
            "For the symmetry (Schwarz): the second partial derivatives exist near x and are continuous at x",
            "mixed-derivatives-without-continuity",
        ),
        Hypothesis(
            "For the expansion: f is twice differentiable at x; that the second partial derivatives exist is not enough",
            "second-partials-are-not-enough",
        ),
    ),
    deviations=(
        "The definition approaches both limits at once, by extrapolation, for functions that are smooth within 1 of x; its last "
        r"four or five digits are rounding, as every difference of differences loses by $\varepsilon/h^2$.",
        "At a point that a branch singles out (`where(r == 0, 0, …)`) automatic differentiation differentiates the "
        "branch: of a constant branch the second derivatives come out as 0, whatever the function around it.",
        "Of ReLU networks the Hessian by automatic differentiation leaves out the kinks, where curvature is "
        "concentrated.",
    ),
    longest_sum=4096,  # the extrapolation to h → 0 weighs rounding by about 1.5/h² with h = 1/40
)


@HESSIAN.definition
def hessian(f, x):
    e, n = np.eye(len(x)), len(x)

    def second(i, j):  # the difference quotient by x_i of that by x_j, whose error in powers of h² cancels term by term
        D = []
        for h in 0.4 / 2.0 ** np.arange(5):
            above, below = ((f(y + h * e[j]) - f(y - h * e[j])) / (2 * h) for y in (x + h * e[i], x - h * e[i]))
            D.append((above - below) / (2 * h))
        for k in range(1, len(D)):
            D = [(4**k * D[m + 1] - D[m]) / (4**k - 1) for m in range(len(D) - 1)]
        return D[0]

    return np.array([[second(i, j) for j in range(n)] for i in range(n)])


@HESSIAN.example
def example():
    def f(x):
        return x[0] ** 3 + x[0] * x[1] ** 2 + x[1] ** 2 / 2

    def slope(x):
        return np.array([3 * x[0] ** 2 + x[1] ** 2, 2 * x[0] * x[1] + x[1]])

    x, u, w = np.array([1.0, 1.0]), np.array([0.2, 0.1]), np.array([0.1, -0.2])
    H, g = np.round(hessian(f, x), 9), slope(x)  # whole numbers, up to the rounding of differences
    rows = np.array([[f(x) + g @ d, f(x) + g @ d + d @ H @ d / 2, f(x + d)] for d in (u, w)])
    lam = np.linalg.eigvalsh(H)
    return (
        dict(f=f, x=x, H=H, g=g, y=f(x), u=u, w=w, rows=rows, lam=lam, Hu=H @ u, Hw=H @ w)
        | dict(half_u=u @ H @ u / 2, half_w=w @ H @ w / 2, change=slope(x + u) - g)
        | dict(missed=rows[0, 2] - rows[0, 1], missed_by_plane=rows[0, 2] - rows[0, 0])
    )


@HESSIAN.exercise
def memory_of_a_million():
    n, terabyte = 10**6, 1e12
    return number(8 * n * n / terabyte, one_vector=8 * n / terabyte, half_a_byte=n * n / terabyte)


@HESSIAN.exercise
def form_that_is_not_symmetric():
    M = np.array([[1.0, 4.0], [0.0, 2.0]])
    H = np.round(hessian(lambda x: x @ M @ x, np.array([0.3, -0.7])), 9)
    return array(H, matrix_itself=M, doubled=2 * M, halved=H / 2)


@HESSIAN.exercise
def newton_on_a_saddle():
    H, x = np.round(hessian(lambda x: x[0] ** 2 - x[1] ** 2, np.array([1.0, 1.0])), 9), np.array([1.0, 1.0])
    there = x - np.linalg.solve(H, np.array([2 * x[0], -2 * x[1]]))
    arrived = bool(np.abs(there).max() < 1e-9)
    return choice(saddle=arrived, downhill=bool(np.abs(there[1]) > 1), undefined=bool(np.linalg.det(H) == 0))


def quadratic(M, b):
    return generic(lambda x: x @ (like(M, x) @ x) + (like(b, x) * x).sum())


@generic
def tangle(x):
    """No two of its second derivatives are alike."""
    xp = namespace(x)
    weights = like(np.arange(1.0, len(x) + 1) / 2, x)
    return xp.sin((weights * x).sum()) + xp.exp(-(weights * x * x).sum() / 4)


@HESSIAN.cases
def cases(rng):
    yield (
        "quadratic form, not symmetric",
        dict(f=quadratic(rng.standard_normal((4, 4)), rng.standard_normal(4)), x=rng.standard_normal(4)),
    )
    yield "Rosenbrock's valley", dict(f=rosenbrock, x=rng.uniform(-1, 1, 3))
    yield "hills", dict(f=hills, x=rng.standard_normal(3))
    yield "log-sum-exp", dict(f=log_sum_exp, x=rng.standard_normal(4))
    yield "x²y", dict(f=generic(lambda x: x[0] ** 2 * x[1]), x=np.array([1.5, -2.0]))
    yield "one variable", dict(f=hills, x=np.array([0.4]))


@HESSIAN.invalid
def invalid(rng):
    yield ("a quadratic form of four variables at three", dict(f=quadratic(np.eye(4), np.ones(4)), x=np.ones(3)))


def rounding(f, x):
    """What rounding of the values becomes in the differences extrapolated to h → 0, in ε.

    Σ|weight|/h² · (max|f| + |∇f||x|): the values are rounded, and so are the arguments on the way to them.
    """
    weights, h = np.eye(5), 0.4 / 2.0 ** np.arange(5)
    for k in range(1, 5):
        weights = (4**k * weights[1:] - weights[:-1]) / (4**k - 1)
    e = np.eye(len(x))
    values = np.abs([f(p) for p in (x, *(x + 0.5 * e), *(x - 0.5 * e))]).max()
    slopes = np.array([np.imag(f(x + 1e-30j * d)) / 1e-30 for d in e])
    return float((np.abs(weights[0]) / h**2).sum() * (values + np.abs(slopes) @ np.abs(x)))


@HESSIAN.claim
def n_squared_second_derivatives(hessian, rng):
    r"""There are $n^2$ second derivatives, of which at most $\frac{n(n+1)}2$ differ where they are continuous: the mixed
    ones come in equal pairs; here so many do differ"""
    for n in (1, 2, 3, 4):
        x = rng.uniform(0.2, 0.8, n)
        H = hessian(tangle, x)
        yield identical(np.array(H.shape), np.array([n, n]))
        yield roundoff(H, H.T, terms=2, scale=rounding(tangle, x))
        upper = np.sort(H[np.triu_indices(n)])
        apart = np.diff(upper).min(initial=np.inf) / np.abs(H).max()
        why = Text("the n(n+1)/2 on and above the diagonal are all different", "对角线及其上方的 n(n+1)/2 个互不相同")
        yield bound(min(apart, 1.0), 1e-6, "≥", why)


@HESSIAN.claim
def quadratic_form(hessian, rng):
    r"""Of $x^{\mathsf T}Mx$ the Hessian is $M+M^{\mathsf T}$, and where that is invertible one Newton step
    $-H^{-1}\nabla f$ reaches its critical point"""
    M, b, x = rng.standard_normal((4, 4)), rng.standard_normal(4), rng.standard_normal(4)
    f = quadratic(M, b)
    H = hessian(f, x)
    exact = roundoff(H, M + M.T, scale=rounding(f, x))
    gradient = lambda y: (M + M.T) @ y + b
    step = np.linalg.solve(H, gradient(x))
    # an error E of H leaves E·step of the gradient, and solving with H rounds
    size = 16 * np.linalg.cond(M + M.T) * np.abs(gradient(x)).max() + rounding(f, x) * np.abs(step).max()
    return all_of(exact, roundoff(gradient(x - step), np.zeros(4), terms=4, scale=size))


@HESSIAN.claim
def remainder_is_third_order(hessian, rng):
    """What the quadratic approximation leaves over is of third order, for three times differentiable f"""
    x, u, steps = rng.standard_normal(3), rng.standard_normal((8, 3)), 2.0 ** -np.arange(4, 10)
    u = u / np.linalg.norm(u, axis=1, keepdims=True)
    H = hessian(hills, x)
    g = np.cos(x) - x * np.exp(-(x @ x) / 2)
    left = [sum(abs(hills(x + h * v) - hills(x) - h * (g @ v) - h * h / 2 * (v @ H @ v)) for v in u) for h in steps]
    return rate(steps, left, 3.0)


@HESSIAN.claim
def curvature_along_a_direction(hessian, rng):
    r"""$u^{\mathsf T}Hu$ is the second derivative along u, as power series give it"""
    from gradus.foundations.taylor import taylor_coefficients

    for f in (tangle, rosenbrock, log_sum_exp):
        x = rng.uniform(-1, 1, 3)
        H, size = hessian(f, x), rounding(f, x)
        for u in rng.standard_normal((4, 3)):
            along = 2 * taylor_coefficients(f, x, 2, u)[2]
            yield roundoff(u @ H @ u, along, scale=size * np.abs(u).sum() ** 2)


@HESSIAN.claim
def log_sum_exp_is_convex(hessian, rng):
    r"""Of log-sum-exp it is $\operatorname{diag}(p)-pp^{\mathsf T}$ with $p$ the softmax: positive semidefinite, and 0
    along $(1,\dots,1)$"""
    for n in (4, 20):
        x = rng.standard_normal(n)
        p = np.exp(x) / np.exp(x).sum()
        H = hessian(log_sum_exp, x)
        size = rounding(log_sum_exp, x)
        yield roundoff(H, np.diag(p) - np.outer(p, p), scale=size)
        yield roundoff(H @ np.ones(n), np.zeros(n), terms=n, scale=size)


@generic
def without_symmetry(x):
    """xy(x² − y²)/(x² + y²); with 0 at 0 it has continuous first derivatives everywhere."""
    return x[0] * x[1] * (x[0] ** 2 - x[1] ** 2) / (x[0] ** 2 + x[1] ** 2)


@HESSIAN.claim
def mixed_derivatives_without_continuity(hessian, rng):
    r"""Where second derivatives are not continuous the order matters: for $xy\frac{x^2-y^2}{x^2+y^2}$ the mixed
    derivative is 1 all along one axis and −1 along the other, so that at 0 $\partial_x\partial_yf=1$ and
    $\partial_y\partial_xf=-1$"""
    for t in (4.0, 8.0, -8.0):
        on_x, on_y = (hessian(without_symmetry, np.array([t, 0.0])), hessian(without_symmetry, np.array([0.0, t])))
        pairs = np.array([[on_x[0, 1], on_x[1, 0]], [on_y[0, 1], on_y[1, 0]]])
        size = rounding(without_symmetry, np.array([t, 0.0]))
        yield roundoff(pairs, np.array([[1.0, 1.0], [-1.0, -1.0]]), terms=4, scale=size)
        # the first derivatives that the two orders at 0 differentiate: ∂_y f = t on the x-axis, ∂_x f = −t on the y-axis
        slopes = [
            np.imag(without_symmetry(np.array([t, 1e-30j]))) / 1e-30,
            np.imag(without_symmetry(np.array([1e-30j, t]))) / 1e-30,
        ]
        yield roundoff(np.array(slopes) / t, np.array([1.0, -1.0]))


@generic
def without_a_paraboloid(x):
    """x² + y² − 8x²y²/(x² + y²), which is −2t² at (t, t); with 0 at 0."""
    r = x[0] ** 2 + x[1] ** 2
    return r - 8 * x[0] ** 2 * x[1] ** 2 / r


@HESSIAN.claim
def second_partials_are_not_enough(hessian, rng):
    r"""Second partial derivatives are not enough: $x^2+y^2-\frac{8x^2y^2}{x^2+y^2}$ has those of $x^2+y^2$ at 0, but falls
    like $-2t^2$ along the diagonal. Its Hessians at $(t,t)$ are one matrix, $\begin{pmatrix}6&-8\\-8&6\end{pmatrix}$, up
    to 0"""
    for t in (4.0, -6.0, 8.0):
        x = np.array([t, t])
        yield roundoff(without_a_paraboloid(x), -2 * t * t, terms=2)
        # with f(0) = 0: ∂f/∂x = 2x on the x-axis and 0 on the y-axis, likewise ∂f/∂y
        slopes = [[np.imag(without_a_paraboloid(t * a + 1e-30j * b)) / 1e-30 for a in np.eye(2)] for b in np.eye(2)]
        yield roundoff(np.array(slopes), 2 * t * np.eye(2), terms=4)
        H, size = hessian(without_a_paraboloid, x), rounding(without_a_paraboloid, x)
        yield roundoff(H, np.array([[6.0, -8.0], [-8.0, 6.0]]), terms=4, scale=size)


@HESSIAN.mutant(
    caught_by="n-squared-second-derivatives, quadratic-form, second-partials-are-not-enough, mixed-derivatives-without-continuity, equals-definition"
)
def diagonal_only(f, x):
    """n second derivatives: the diagonal alone"""
    return np.diag(np.diag(hessian(f, x)))


@HESSIAN.mutant(caught_by="n-squared-second-derivatives, equals-definition")
def vector_of_n(f, x):
    """the vector of the n unmixed derivatives"""
    return np.diag(hessian(f, x))


@HESSIAN.mutant(caught_by="n-squared-second-derivatives, log-sum-exp-is-convex, quadratic-form")
def upper_triangle(f, x):
    """the upper triangle alone, doubled"""
    H = hessian(f, x)
    return np.triu(H) + np.triu(H, 1)


@HESSIAN.mutant(caught_by="remainder-is-third-order, curvature-along-a-direction, quadratic-form")
def halved(f, x):
    """the ½ of the expansion is left in"""
    return hessian(f, x) / 2


@HESSIAN.mutant(caught_by="remainder-is-third-order, curvature-along-a-direction, log-sum-exp-is-convex")
def outer_product_of_the_gradient(f, x):
    """the gradient's outer product for the Hessian (Gauss–Newton's part alone)"""
    g = np.array([np.imag(f(x + 1e-30j * e)) / 1e-30 for e in np.eye(len(x))])
    return np.outer(g, g)


@HESSIAN.mutant(caught_by="mixed-derivatives-without-continuity, curvature-along-a-direction, equals-definition")
def coarse_differences(f, x):
    """mixed derivatives averaged with a step of 1"""
    e, n = np.eye(len(x)), len(x)
    four = lambda a, b: (f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)) / 4
    return np.array([[four(e[i], e[j]) for j in range(n)] for i in range(n)])


HESSIAN.erratum(
    "E46",
    common="A function of n variables has n second derivatives (met in a Chinese text)",
    why="The exponent was lost: each of the n first derivatives has n derivatives. $n=2$: "
    "$f_{xx},f_{xy},f_{yx},f_{yy}$, four numbers, of which three may differ. Nor need they exist.",
    right=r"$n^2$ second derivatives if f is twice differentiable, at most $\frac{n(n+1)}2$ of them different if they are "
    "continuous",
    claims="n-squared-second-derivatives, mixed-derivatives-without-continuity",
)


@HESSIAN.figure(
    x=Slider(-1.8, 1.8, 0.2, "point, first coordinate"),
    y=Slider(-1.4, 1.4, 0.8, "point, second coordinate"),
    angle=Slider(0, 180, 30, "direction u, in degrees"),
)
def figure(x, y, angle):
    def f(p):
        return np.sin(1.3 * p[0]) * np.cos(p[1]) + 0.15 * p[0] * p[0] + 0.1 * p[1]

    point = np.array([x, y])
    H = hessian(f, point)
    values, vectors = np.linalg.eigh(H)
    turn = np.deg2rad(angle)
    u = np.array([np.cos(turn), np.sin(turn)])
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    grid = np.array(np.meshgrid(np.linspace(-2.2, 2.2, 120), np.linspace(-1.9, 1.9, 100)))
    left.contour(*grid, f(grid), levels=18, cmap="Greys", linewidths=0.8, alpha=0.8)
    g = np.array([np.imag(f(point + 1e-30j * e)) / 1e-30 for e in np.eye(2)])
    away = grid - point[:, None, None]
    model = f(point) + np.tensordot(g, away, 1) + np.einsum("iab,ij,jab->ab", away, H, away) / 2
    near = np.where((away**2).sum(0) < 1, model, np.nan)
    left.contour(
        *grid,
        near,
        levels=np.linspace(f(grid).min(), f(grid).max(), 20)[1:-1],
        colors=[COLOURS[2]],
        linewidths=1.1,
        linestyles="solid",
    )
    for value, v in zip(values, vectors.T, strict=True):
        colour = COLOURS[0] if value > 0 else COLOURS[1]
        left.plot(*(point[:, None] + 0.9 * np.outer(v, [-1, 1])), color=colour, lw=1.6)
    left.plot(*(point[:, None] + 0.9 * np.outer(u, [0, 1])), color="#333333", lw=1, ls="--")
    left.plot(*point, "o", color="#333333", ms=5)
    left.set(aspect="equal", xlabel="$x_1$", ylabel="$x_2$", xlim=(-2.2, 2.2), ylim=(-1.9, 1.9))
    left.set_title("f (grey), its quadratic model (green)", fontsize=10)
    t = np.linspace(0, 180, 181)
    w = np.stack([np.cos(np.deg2rad(t)), np.sin(np.deg2rad(t))])
    right.plot(t, np.einsum("ia,ij,ja->a", w, H, w), color="#888888")
    right.axhline(0, color="#bbbbbb", lw=0.8)
    for value, v in zip(values, vectors.T, strict=True):
        at = np.rad2deg(np.arctan2(v[1], v[0])) % 180
        right.plot(at, value, "o", color=COLOURS[0] if value > 0 else COLOURS[1], label=rf"$\lambda$ = {value:.2f}")
    right.plot(angle, u @ H @ u, "s", color="#333333", ms=5, label=r"$u^{T}Hu$")
    right.set(xlabel="angle of u", ylabel="curvature", xticks=[0, 45, 90, 135, 180])
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"At ({x:.3g}, {y:.3g}) the Hessian is ({H[0, 0]:.2f}, {H[0, 1]:.2f}; {H[1, 0]:.2f}, {H[1, 1]:.2f}), row by row: curvature between {values[0]:.2f} and {values[1]:.2f} "
        f"along the two eigenvectors, and {u @ H @ u:.2f} at {angle:.0f}°. The green level lines of the quadratic model follow those of f near the point.",
        f"在 ({x:.3g}, {y:.3g}) 处黑塞矩阵按行为 ({H[0, 0]:.2f}, {H[0, 1]:.2f}; {H[1, 0]:.2f}, {H[1, 1]:.2f})：沿两个特征向量的曲率为 {values[0]:.2f} 与 {values[1]:.2f}，"
        f"{angle:.0f}° 方向为 {u @ H @ u:.2f}。二次近似的等值线（绿色）在该点附近与 f 的等值线吻合。",
    )
    return Drawing(fig, words)


SADDLE_POINTS = Concept(
    key="saddle-points",
    kind="theorem",
    title="Second-derivative test in n variables: saddle points",
    summary="At a critical point the signs of the Hessian's eigenvalues decide: all positive a minimum, all negative "
    "a maximum, both signs a saddle point. The determinant, the product of them all, does not.",
    formulas=(
        r"\nabla f(x)=0:\qquad \lambda_{\min}(H)>0\Rightarrow\text{minimum},\qquad \lambda_{\max}(H)<0\Rightarrow\text{maximum},\qquad \lambda_{\min}(H)<0<\lambda_{\max}(H)\Rightarrow\text{saddle point}",
        r"n=2:\qquad \det H>0,\ f_{xx}>0\Rightarrow\text{minimum},\qquad \det H>0,\ f_{xx}<0\Rightarrow\text{maximum},\qquad \det H<0\Rightarrow\text{saddle point}",
    ),
    symbols=(
        Symbol("H", "H", "... n n", "Hessian at a critical point, symmetric"),
        Symbol(r"\lambda_{\min},\lambda_{\max}", "", "...", "its least and greatest eigenvalue"),
        Symbol("f_{xx}", "", "...", "its first entry"),
    ),
    needs=("hessian", "critical-points"),
    source="nocedal2006numerical",
    year=1868,
    people=("Joseph-Louis Lagrange", "Karl Weierstrass", "James Joseph Sylvester"),
    aliases="saddle point, multivariate second derivative test, 鞍点, 二阶判别法, 多元极值",
    implementations=(
        Implementation(
            "gradus.foundations.critical_points:classify_hessian",
            "numpy",
            None,
            r"counts signs in $LDL^{\mathsf T}$, without eigenvalues",
        ),
    ),
    readings="nocedal2006numerical ch. 2; boyd2004convex §3.1; golub2013matrix §4.4; strang2016introduction",
    hypotheses=(
        Hypothesis(r"x is critical: $\nabla f(x)=0$", "values-may-belie-the-signs"),
        Hypothesis(
            "f is twice differentiable at x; that the second partial derivatives exist is not enough",
            "values-may-belie-the-signs",
        ),
        Hypothesis("For a minimum or a maximum: no eigenvalue vanishes", "silent-where-singular"),
        Hypothesis("For the determinant: n = 2", "determinant-does-not-decide, two-variables-for-all"),
    ),
    deviations="The result is a number: 1 minimum, −1 maximum, 0 saddle point, 3 undecided (an eigenvalue vanishes "
    "and the others have one sign).",
    differentiable=False,  # a kind is no number to differentiate
)


@SADDLE_POINTS.definition
def classify(H):
    lam = np.linalg.eigvalsh(H)  # (..., n), ascending
    zero = 1e-12 * np.abs(H).max((-2, -1), initial=0.0)
    low, high = lam[..., 0], lam[..., -1]
    return np.select([(low < -zero) & (high > zero), low > zero, high < -zero], [SADDLE, MINIMUM, MAXIMUM], UNDECIDED)


@SADDLE_POINTS.example
def saddle_example():
    H = np.array(
        [[[5.0, 6.0], [6.0, 5.0]], [[5.0, 2.0], [2.0, 2.0]], [[-2.0, 1.0], [1.0, -2.0]], [[1.0, 1.0], [1.0, 1.0]]]
    )
    lam = np.round(np.linalg.eigvalsh(H), 12)[:, ::-1] + 0.0
    along = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    return dict(H=H, kind=classify(H), lam=lam, det=np.round(np.linalg.det(H), 12) + 0.0, first=H[0]) | dict(
        bend=np.array([u @ H[0] @ u / 2 for u in along])
    )


@SADDLE_POINTS.exercise
def rising_along_both_axes():
    kind = int(classify(np.array([[2.0, 3.0], [3.0, 2.0]])))  # of x² + 3xy + y²
    return choice(minimum=kind == MINIMUM, saddle=kind == SADDLE, undecided=kind == UNDECIDED)


@SADDLE_POINTS.exercise
def ten_coins():
    n = 10
    return number(2 * 0.5**n, minima_only=0.5**n, one_in_n=1 / n, one_sign=0.5)


@SADDLE_POINTS.exercise
def positive_semidefinite():
    kind = int(classify(np.diag([2.0, 0.0])))  # of x² + y³
    t = np.array([-1e-3, 1e-3])
    falls, rises = t**3 < 0, t**3 > 0
    neither = bool(falls.any() and rises.any())
    return choice(minimum=kind == MINIMUM, nothing=kind == UNDECIDED and neither, saddle=kind == SADDLE)


def with_spectrum(rng, spectrum):
    """A random symmetric matrix with these eigenvalues."""
    Q = np.linalg.qr(rng.standard_normal((len(spectrum), len(spectrum))))[0]
    H = (Q * np.asarray(spectrum)) @ Q.T
    return (H + H.T) / 2


@SADDLE_POINTS.cases
def spectra(rng):
    yield "minimum", dict(H=with_spectrum(rng, [0.5, 1.0, 4.0]))
    yield "maximum", dict(H=with_spectrum(rng, [-0.5, -1.0]))
    yield "saddle point", dict(H=with_spectrum(rng, [-0.5, 1.0, 2.0, 3.0]))
    yield "flat in one direction", dict(H=np.diag([0.0, 1.0]))
    yield "saddle point, flat in one direction", dict(H=np.diag([0.0, 1.0, -2.0]))
    yield "xy", dict(H=np.array([[0.0, 1.0], [1.0, 0.0]]))
    yield "nothing", dict(H=np.zeros((2, 2)))
    yield "batch", dict(H=np.stack([np.eye(2), -np.eye(2), np.diag([1.0, -1.0])]))
    yield "tiny", dict(H=1e-20 * np.diag([3.0, 1.0]))
    yield "one variable", dict(H=np.array([[-2.0]]))


@SADDLE_POINTS.invalid
def not_square(rng):
    yield "not square", dict(H=np.ones((2, 3)))


@SADDLE_POINTS.claim
def signs_tell_what_the_values_do(classify, rng):
    """Eigenvalue signs tell what the values around the point do: 200 quadratic functions, 2000 directions each and the
    eigenvectors"""
    wrong = 0
    for n in (2, 3, 4, 5):
        u = rng.standard_normal((2000, n))
        for _ in range(50):
            H = with_spectrum(rng, rng.choice([-1, 1], n) * rng.uniform(0.05, 2, n))
            tried = np.concatenate([u, np.linalg.eigh(H)[1].T])
            rise = np.einsum("ai,ij,aj->a", tried, H, tried)
            seen = MINIMUM if (rise > 0).all() else MAXIMUM if (rise < 0).all() else SADDLE
            wrong += seen != classify(H)
    return identical(wrong, 0)


@SADDLE_POINTS.claim
def determinant_does_not_decide(classify, rng):
    r"""The determinant does not decide: it is 1 for $I$ (a minimum), $-I$ (a maximum) and
    $\operatorname{diag}(-1,-1,1)$ (a saddle point)"""
    two, three = np.stack([np.eye(2), -np.eye(2)]), np.stack([np.eye(3), np.diag([-1.0, -1.0, 1.0])])
    dets = np.concatenate([np.linalg.det(two), np.linalg.det(three)])
    kinds = np.concatenate([classify(two), classify(three)])
    return all_of(identical(dets, np.ones(4)), identical(kinds, np.array([MINIMUM, MAXIMUM, MINIMUM, SADDLE])))


@SADDLE_POINTS.claim
def two_variables(classify, rng):
    """For $n=2$ the determinant together with $f_{xx}$ decides, if it is not 0"""
    H = rng.standard_normal((2000, 2, 2))
    H = H + np.swapaxes(H, 1, 2)
    det = H[:, 0, 0] * H[:, 1, 1] - H[:, 0, 1] ** 2
    return identical(classify(H), np.where(det < 0, SADDLE, np.sign(H[:, 0, 0]).astype(int)))


@SADDLE_POINTS.claim
def inertia_is_invariant(classify, rng):
    r"""Other coordinates change nothing: for invertible S $S^{\mathsf T}HS$ has the same signs (Sylvester's law of inertia)"""
    for n in (2, 3, 5):
        for _ in range(10):
            H = with_spectrum(rng, rng.choice([-1, 1], n) * rng.uniform(0.5, 2, n))
            S = rng.standard_normal((n, n)) + 2 * np.eye(n)
            turned = S.T @ H @ S
            yield identical(classify((turned + turned.T) / 2), classify(H))


@SADDLE_POINTS.claim
def values_may_belie_the_signs(classify, rng):
    r"""$H=-2I$ says maximum, and two functions at 0 have none: $x-x^2-y^2$, whose gradient is not 0 there, and
    $-x^2-y^2+\frac{8x^2y^2}{x^2+y^2}$, which has second partial derivatives but no second derivative"""
    yield identical(classify(-2 * np.eye(2)), np.array(MAXIMUM))
    for t in 2.0 ** -np.arange(1, 20):
        yield bound(t - t * t, t / 2, "≥", Text("t − t², above f(0) = 0", "t − t²，高于 f(0) = 0"))
        yield roundoff(-without_a_paraboloid(np.array([t, t])), 2 * t * t, terms=2)


@SADDLE_POINTS.claim
def silent_where_singular(classify, rng):
    """Where an eigenvalue vanishes the test is silent: $x^2+y^4$, $x^2-y^4$ and $x^2+y^3$ have the same Hessian at 0"""
    for power, sign in ((4, 1), (4, -1), (3, 1)):
        H = hessian(lambda x, p=power, s=sign: x[0] ** 2 + s * x[1] ** p, np.zeros(2))
        H = np.where(np.abs(H) < 1e-10, 0.0, H)  # rounding of the definition's limits
        yield identical(H[1, 1], 0.0)
        yield identical(classify(H), np.array(UNDECIDED))
    yield identical(classify(np.diag([0.0, 1.0, -1.0])), np.array(SADDLE))


@SADDLE_POINTS.claim
def most_are_saddles(classify, rng):
    r"""Of random symmetric $2\times2$ matrices (Gaussian orthogonal ensemble) the share $1/\sqrt2$ are saddle points;
    of $6\times6$ almost all"""

    def saddles(n, count):
        A = rng.standard_normal((count, n, n))
        return (classify(A + np.swapaxes(A, 1, 2)) == SADDLE).astype(float)

    few = statistical(saddles(2, 2000), 1 / np.sqrt(2))
    yield few
    yield bound(saddles(6, 500).mean(), 0.99, "≥", Text("at most 1 in 100 is definite", "至多百分之一是定号的"))


@SADDLE_POINTS.mutant(
    caught_by="determinant-does-not-decide, signs-tell-what-the-values-do, two-variables, equals-definition, "
    "most-are-saddles, values-may-belie-the-signs"
)
def determinant_test(H):
    """the determinant decides: positive a minimum, negative a saddle point"""
    det = np.linalg.det(H)
    return np.select([det > 0, det < 0], [MINIMUM, SADDLE], UNDECIDED)


@SADDLE_POINTS.mutant(caught_by="determinant-does-not-decide, signs-tell-what-the-values-do")
def two_variables_for_all(H):
    """determinant and first entry, as for two variables, in every dimension"""
    det, first = np.linalg.det(H), H[..., 0, 0]
    return np.select([det < 0, (det > 0) & (first > 0), (det > 0) & (first < 0)], [SADDLE, MINIMUM, MAXIMUM], UNDECIDED)


@SADDLE_POINTS.mutant(caught_by="signs-tell-what-the-values-do, two-variables, inertia-is-invariant")
def diagonal_signs(H):
    """the signs of the diagonal instead of the eigenvalues"""
    return classify(np.eye(H.shape[-1]) * H)


@SADDLE_POINTS.mutant(caught_by="silent-where-singular, equals-definition")
def zero_counts_as_positive(H):
    """a vanishing eigenvalue counts as positive"""
    return classify(H + 1e-9 * np.eye(H.shape[-1]))


@SADDLE_POINTS.mutant(caught_by="two-variables, most-are-saddles, inertia-is-invariant")
def trace_test(H):
    """the trace decides"""
    return np.sign(np.trace(H, axis1=-2, axis2=-1)).astype(int)


SADDLE_POINTS.erratum(
    "E47",
    common="In several variables the determinant of the Hessian takes the part of the second derivative: positive "
    "means a minimum (a common slip)",
    why=r"Already for $n=2$: $\det I=\det(-I)=1$, a minimum and a maximum. For $n=3$ $\operatorname{diag}(-1,-1,1)$ "
    "has determinant 1 and is a saddle point.",
    right="The signs of the eigenvalues decide; for $n=2$ the determinant together with $f_{xx}$",
    claims="determinant-does-not-decide, two-variables",
)


@SADDLE_POINTS.figure(
    a=Slider(-2.0, 2.0, 1.0, "$f_{xx}$"), b=Slider(-2.0, 2.0, 0.8, "$f_{xy}$"), c=Slider(-2.0, 2.0, -0.5, "$f_{yy}$")
)
def saddle_figure(a, b, c):
    H = np.array([[a, b], [b, c]])
    values, vectors = np.linalg.eigh(H)
    kind = int(classify(H))
    name = {
        1: Text("minimum", "极小"),
        -1: Text("maximum", "极大"),
        0: Text("saddle point", "鞍点"),
        3: Text("undecided", "无法判定"),
    }[kind]
    t = np.linspace(-1.5, 1.5, 121)
    x, y = np.meshgrid(t, t)
    z = (a * x * x + 2 * b * x * y + c * y * y) / 2
    fig, (left, right) = canvas(columns=2, width=7.4, height=3.5)
    top = max(np.abs(z).max(), 1e-9)
    left.contourf(x, y, z, levels=np.linspace(-top, top, 21), cmap="PuOr_r", alpha=0.85)
    for value, v in zip(values, vectors.T, strict=True):
        left.plot(*np.outer(v, [-1.3, 1.3]), color="#222222", lw=1.4, ls="-" if value > 0 else "--")
    left.set(aspect="equal", xlabel="x", ylabel="y", title=name.en)
    for k, (value, v) in enumerate(zip(values, vectors.T, strict=True)):
        label = rf"along ({v[0]:.2f}, {v[1]:.2f}): $\lambda$ = {value:.2f}"
        right.plot(t, value * t * t / 2, color=COLOURS[k], ls="-" if value > 0 else "--", label=label)
    right.axhline(0, color="#bbbbbb", lw=0.8)
    right.set(xlabel="distance along an eigenvector", ylabel="f", ylim=(-3, 3), title=f"det H = {np.linalg.det(H):.2f}")
    right.legend(frameon=False, fontsize=9.5, loc="lower center")
    words = Text(
        f"f = ½({a:.2f} x² {2 * b:+.2f} xy {c:+.2f} y²) has eigenvalues {values[0]:.2f} and {values[1]:.2f}: {name.en}. Its determinant is {np.linalg.det(H):.2f}.",
        f"f = ½({a:.2f} x² {2 * b:+.2f} xy {c:+.2f} y²) 的特征值为 {values[0]:.2f} 与 {values[1]:.2f}：{name.zh}。行列式为 {np.linalg.det(H):.2f}。",
    )
    return Drawing(fig, words)
