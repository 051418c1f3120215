"""Partial derivatives, the gradient and the tangent plane."""

import numpy as np

from gradus.concepts.foundations.functions_of_vectors import hills, log_sum_exp, rosenbrock
from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, near, rate, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _call(grad, f, x):
    return grad(f)(x)


GRADIENT = Concept(
    key="gradient",
    kind="definition",
    title="Partial derivatives, gradient, tangent plane",
    summary="The gradient collects the partial derivatives, each by one variable with all others held fixed. It "
    "points where the function rises fastest, at right angles to the level sets, and gives the slope in every "
    "direction.",
    formulas=(
        r"\frac{\partial f}{\partial x_i}(x)=\lim_{h\to0}\frac{f(x+h e_i)-f(x)}{h},\qquad \nabla f=\Big(\frac{\partial f}{\partial x_1},\dots,\frac{\partial f}{\partial x_n}\Big)",
        r"f(x+u)=f(x)+\nabla f(x)^{\mathsf T}u+o(\|u\|)",
        r"D_uf(x)=\nabla f(x)^{\mathsf T}u\le\|\nabla f(x)\|\quad(\|u\|=1),\qquad u=\frac{\nabla f}{\|\nabla f\|}:\ D_uf=\|\nabla f\|",
    ),
    symbols=(
        Symbol("f", "f", "function", "function of n variables whose value is one number", "function"),
        Symbol("x", "x", "n", "the point"),
        Symbol(r"\nabla f", "", "n", "gradient"),
        Symbol("e_i", "", "n", "i-th unit vector"),
        Symbol("u", "", "n", "a step, or a direction of length 1"),
        Symbol("D_uf", "", "", "directional derivative"),
        Symbol("h", "", "", "step along one axis"),
    ),
    needs=("derivative", "norm"),
    source="rudin1976principles",
    year=1847,
    people=("William Rowan Hamilton", "Augustin-Louis Cauchy"),
    aliases="partial derivatives, nabla, directional derivative, tangent plane, 梯度, 偏导数, 方向导数, 切平面",
    implementations=(
        Implementation("torch.func:grad", "torch", _call),
        Implementation("gradus.foundations.autodiff:grad", "numpy", _call),
    ),
    readings="strang1991calculus ch. 13; rudin1976principles ch. 9; deisenroth2020mathematics §5.2; "
    "boyd2004convex app. A.4",
    hypotheses=(
        Hypothesis(
            "f is differentiable at x (for the second and third formula); that the partial derivatives exist is not enough",
            "partials-without-a-plane",
        ),
        Hypothesis(
            r"$\nabla f(x)\ne0$, for a steepest direction and a normal of the level set",
            "no-direction-where-it-vanishes",
        ),
        Hypothesis(
            "For the definition, whose step is along the imaginary axis: f is analytic, and real for real arguments",
            "modulus-squared, step-along-the-imaginary-axis",
        ),
    ),
    conventions=(
        Convention(
            "row or column",
            "the gradient is a vector of the shape of x, as in every framework",
            "some texts call the row vector of the partial derivatives the gradient",
        ),
    ),
    deviations=r"The definition computes $\operatorname{Im}f(x+\mathrm ihe_i)/h$: the limit for analytic f, to rounding; "
    r"of $\sum|x_i|^2$, which is not analytic as $|z|^2$, it gives 0 instead of $2x$.",
)


@GRADIENT.definition
def gradient(f, x):
    h = 1e-30  # a step along the imaginary axis: the limit is reached to rounding, nothing cancels
    return np.array([np.imag(f(x + 1j * h * e_i)) / h for e_i in np.eye(len(x))])


@GRADIENT.example
def example():
    def f(x):
        return x[0] ** 2 * x[1]

    x = np.array([2.0, 0.75])
    g = gradient(f, x)
    u, t = g / np.linalg.norm(g), 0.1
    across, east = np.array([-u[1], u[0]]), np.array([1.0, 0.0])
    return (
        dict(f=f, x=x, y=f(x), g=g, norm=np.linalg.norm(g), u=u, across=across, t=t)
        | dict(flat=(g @ [-g[1], g[0]]) / np.linalg.norm(g), plane=f(x) + t * (g @ u), value=f(x + t * u))
        | dict(east=f(x) + t * (g @ east), value_east=f(x + t * east), level=f(x + t * across))
        | dict(rest=f(x + t * u) - f(x) - t * (g @ u), rest2=f(x + t / 2 * u) - f(x) - t / 2 * (g @ u))
    )


@GRADIENT.exercise
def at_an_angle():
    g, turn = np.array([3.0, 4.0]), np.deg2rad(60)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    u = rotation @ g / np.linalg.norm(g)
    return number(g @ u, sine=5 * np.sin(turn), proportional=5 * (1 - 60 / 90))


@GRADIENT.exercise
def a_form_that_is_not_symmetric():
    M, x = np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([1.0, 1.0])
    return array(gradient(lambda x: x @ M @ x, x), taken_for_symmetric=2 * M @ x, only_one_factor=M @ x)


@GRADIENT.exercise
def a_plane_at_the_origin():
    def f(x, y):
        return np.sqrt(np.abs(x * y))

    t = 2.0 ** -np.arange(1, 30, 7)
    along_axes, along_diagonal = np.concatenate([f(t, 0), f(0, t)]) / np.tile(t, 2), f(t, t) / t
    flat = bool((along_axes == 0).all())
    return choice(
        plane=flat and bool((along_diagonal < 0.1).all()),
        no_plane=flat and bool((along_diagonal == 1).all()),
        no_partials=not flat,
    )


@generic
def square_times(x):
    return x[0] ** 2 * x[1]


@GRADIENT.cases
def cases(rng):
    M = rng.standard_normal((4, 4))
    yield ("quadratic form, not symmetric", dict(f=generic(lambda x: x @ (like(M, x) @ x)), x=rng.standard_normal(4)))
    yield "Rosenbrock's valley", dict(f=rosenbrock, x=rng.standard_normal(3))
    yield "hills", dict(f=hills, x=rng.standard_normal(5))
    yield "log-sum-exp", dict(f=log_sum_exp, x=rng.standard_normal(6))
    yield "x²y", dict(f=square_times, x=np.array([1.5, -2.0]))
    yield "one variable", dict(f=hills, x=np.array([0.4]))
    yield "at a minimum", dict(f=rosenbrock, x=np.ones(3))
    yield "forty variables", dict(f=log_sum_exp, x=rng.standard_normal(40))


@GRADIENT.invalid
def invalid(rng):
    yield "a function of three values", dict(f=generic(lambda x: x * 2.0), x=np.ones(3))


def directions(rng, n, count):
    u = rng.standard_normal((count, n))
    return u / np.linalg.norm(u, axis=1, keepdims=True)


@GRADIENT.claim
def steepest_direction(gradient, rng):
    r"""No unit direction rises faster than $\nabla f/\|\nabla f\|$, of $10^4$ tried"""
    for f, x in ((hills, rng.standard_normal(3)), (square_times, np.array([1.2, 0.7]))):
        g, n, h = gradient(f, x), len(x), 1e-30

        def rise(u, f=f, x=x, h=h):  # slope along u, from values of f alone
            return float(np.imag(f(x + 1j * h * u)) / h)

        best = max(rise(u) for u in directions(rng, n, 5000))
        own = rise(g / np.linalg.norm(g))
        said = Text("slope along the gradient", "沿梯度方向的斜率")
        yield bound(best, own, "≤", said)
        yield roundoff(np.linalg.norm(g), own, terms=10)


@GRADIENT.claim
def directional_derivative(gradient, rng):
    r"""The slope in direction u is $\nabla f^{\mathsf T}u$"""
    x = rng.standard_normal(5)
    g, u = gradient(hills, x), directions(rng, 5, 50)
    slopes = np.array([np.imag(hills(x + 1e-30j * v)) / 1e-30 for v in u])
    return roundoff(u @ g, slopes, terms=20, scale=np.linalg.norm(g))


@GRADIENT.claim
def orthogonal_to_level_sets(gradient, rng):
    """Level sets are orthogonal to the gradient"""
    # the level sets of |x|²_D are ellipses, whose tangent is known
    for t in rng.uniform(0, 2 * np.pi, 8):
        a, b = 3.0, 0.5
        point, tangent = np.array([a * np.cos(t), b * np.sin(t)]), np.array([-a * np.sin(t), b * np.cos(t)])
        g = gradient(generic(lambda x: x[0] ** 2 / 9.0 + 4.0 * x[1] ** 2), point)
        yield roundoff(g @ tangent, 0.0, terms=8, scale=np.linalg.norm(g) * np.linalg.norm(tangent))
        why = Text(
            "it does not vanish: (⅔ cos t, 4 sin t) on this ellipse", "它不为零：在此椭圆上为 (⅔ cos t, 4 sin t)"
        )
        yield bound(np.linalg.norm(g), 2 / 3, "≥", why)


@GRADIENT.claim
def tangent_plane_remainder(gradient, rng):
    """What the tangent plane leaves over is of second order for twice differentiable f"""
    x, u, steps = rng.standard_normal(4), directions(rng, 4, 20), 2.0 ** -np.arange(5, 15)
    g = gradient(hills, x)
    return rate(steps, [sum(abs(hills(x + h * v) - hills(x) - h * (g @ v)) for v in u) for h in steps], 2.0)


@GRADIENT.claim
def others_held_fixed(gradient, rng):
    """Of $x^2y$ the partial derivatives are $2xy$ and $x^2$, in this order: the other variable is held fixed"""
    x, y = 3.0, -2.0
    yield identical(gradient(square_times, np.array([x, y])), np.array([2 * x * y, x * x]))
    yield roundoff(gradient(square_times, np.array([0.3, 0.7])), np.array([2 * 0.3 * 0.7, 0.09]), terms=2)


@generic
def without_a_plane(x):
    """xy/(x² + y²), and 0 at 0."""
    r = x[0] ** 2 + x[1] ** 2
    here = r == 0
    return namespace(x).where(here, 0.0 * r, x[0] * x[1] / namespace(x).where(here, 1.0 + r, r))


@GRADIENT.claim
def partials_without_a_plane(gradient, rng):
    """Partial derivatives without a tangent plane: $xy/(x^2+y^2)$ has gradient 0 at 0, and is ½ along the diagonal"""
    at_zero = gradient(without_a_plane, np.zeros(2))
    gaps = []
    for t in 2.0 ** -np.arange(1, 21, 4):  # the remainder of the plane through 0 with that gradient
        u = np.array([t, t])
        gaps.append(
            near(without_a_plane(u) - at_zero @ u, 0.5, 1e-15, Text("exact but for rounding", "除舍入外是精确的"))
        )
    # for the smooth xy the same remainder vanishes as t²
    smooth = gradient(generic(lambda x: x[0] * x[1]), np.zeros(2))
    return all_of(identical(at_zero, np.zeros(2)), identical(smooth, np.zeros(2)), *gaps)


@GRADIENT.claim
def no_direction_where_it_vanishes(gradient, rng):
    r"""Where the gradient is 0 no direction is steepest: of $x_1x_2$ at 0 all slopes are 0, and the level set is a cross,
    without a tangent"""
    f, zero = generic(lambda x: x[0] * x[1]), np.zeros(2)
    yield identical(gradient(f, zero), zero)
    yield identical([f(t * e) for e in np.eye(2) for t in (-0.5, 0.5)], np.zeros(4))  # both axes are in the level set
    for u in directions(rng, 2, 20):
        yield bound(abs(f(2.0**-30 * u)) / 2.0**-30, 2.0**-30, "≤", Text("h u₁u₂: the slope is 0", "h u₁u₂：斜率为 0"))


@GRADIENT.claim(of_definition=False, required=False)
def modulus_squared(gradient, rng):
    r"""Of $\sum|x_i|^2$ at (1, 2) the gradient is (2, 4)"""
    return identical(gradient(generic(lambda x: (abs(x) ** 2).sum()), np.array([1.0, 2.0])), np.array([2.0, 4.0]))


@GRADIENT.mutant(caught_by="modulus-squared")
def step_along_the_imaginary_axis(f, x):
    """the complex step, as in the definition, for a function that is not analytic"""
    return gradient(f, x)


@GRADIENT.mutant(caught_by="tangent-plane-remainder, directional-derivative, steepest-direction")
def normalised(f, x):
    """normalised to length 1"""
    g = gradient(f, x)
    return g / max(np.linalg.norm(g), 1e-300)


@GRADIENT.mutant(caught_by="others-held-fixed, orthogonal-to-level-sets, directional-derivative")
def reversed_order(f, x):
    """in reverse order: transposed"""
    return gradient(f, x)[::-1]


@GRADIENT.mutant(caught_by="others-held-fixed, steepest-direction")
def all_but_one(f, x):
    """differentiated in all variables but one"""
    g = gradient(f, x)
    return g.sum() - g if len(x) > 1 else g


@GRADIENT.mutant(caught_by="partials-without-a-plane, tangent-plane-remainder, no-direction-where-it-vanishes")
def along_the_diagonal(f, x):
    """the slope along the diagonal taken for the partial derivatives"""
    h = 1e-6
    return np.array([(f(x + h) - f(x)) / h for _ in x])


@GRADIENT.mutant(caught_by="steepest-direction, others-held-fixed, directional-derivative")
def downhill(f, x):
    """points downhill"""
    return -gradient(f, x)


GRADIENT.erratum(
    "E44",
    common="To take a partial derivative, differentiate in all variables except one (met in a Chinese text)",
    why="It is the reverse: for $f=x^2y$ the partial derivative by $x$ is $2xy$; differentiating in the other "
    "variable gives $x^2$.",
    right="Differentiate in one variable and hold all the others fixed",
    claims="others-held-fixed",
)
GRADIENT.erratum(
    "E45",
    common="The tangents in the directions of the axes span the tangent plane (a common slip)",
    why="Both tangents may exist without any plane: $xy/(x^2+y^2)$ is 0 on both axes, so both partial derivatives at "
    r"0 are 0, but $f(t,t)=\frac12$ for every $t\ne0$: not even continuous.",
    right="They do if f is differentiable there, for instance if the partial derivatives are continuous",
    claims="partials-without-a-plane",
)


@GRADIENT.figure(
    x=Slider(-1.8, 1.8, 0.9, "point, first coordinate"),
    y=Slider(-1.4, 1.4, -0.5, "point, second coordinate"),
    angle=Slider(0, 360, 60, "direction u, in degrees"),
)
def figure(x, y, angle):
    def f(p):
        return np.sin(1.3 * p[0]) * np.cos(p[1]) + 0.15 * p[0] * p[0] + 0.1 * p[1]

    point = np.array([x, y])
    g, turn = gradient(f, point), np.deg2rad(angle)
    u = np.array([np.cos(turn), np.sin(turn)])
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    grid = np.meshgrid(np.linspace(-2.2, 2.2, 120), np.linspace(-1.9, 1.9, 100))
    left.contour(*grid, f(grid), levels=18, cmap="Greys", linewidths=0.8, alpha=0.8)
    left.contour(*grid, f(grid), levels=[f(point)], colors=[COLOURS[2]], linewidths=1.6)
    left.annotate("", point + 0.8 * g, point, arrowprops=dict(arrowstyle="-|>", color=COLOURS[0], lw=2))
    left.annotate("", point + 0.8 * u, point, arrowprops=dict(arrowstyle="-|>", color=COLOURS[1], lw=1.5))
    left.plot(*point, "o", color="#333333", ms=5)
    left.set(aspect="equal", xlabel="$x_1$", ylabel="$x_2$", xlim=(-2.2, 2.2), ylim=(-1.9, 1.9))
    left.set_title(r"$\nabla f$ (blue), u (orange), level set (green)", fontsize=10)
    t = np.linspace(0, 360, 361)
    slope = g @ np.array([np.cos(np.deg2rad(t)), np.sin(np.deg2rad(t))])
    right.plot(t, slope, color="#888888")
    right.axhline(0, color="#bbbbbb", lw=0.8)
    steepest = np.rad2deg(np.arctan2(g[1], g[0])) % 360
    right.plot(steepest, np.linalg.norm(g), "o", color=COLOURS[0], label=r"$u=\nabla f/\|\nabla f\|$")
    right.plot(angle, g @ u, "o", color=COLOURS[1], label=r"$\nabla f^{T}u$")
    right.set(xlabel="angle of u", ylabel="slope in direction u", xticks=[0, 90, 180, 270, 360])
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"At ({x:.3g}, {y:.3g}) the gradient is ({g[0]:.3f}, {g[1]:.3f}), of length {np.linalg.norm(g):.3f}, towards {steepest:.0f}°. "
        f"In the direction of {angle:.0f}° the slope is {g @ u:.3f}; it is 0 along the level set, at right angles to the gradient.",
        f"在点 ({x:.3g}, {y:.3g}) 处梯度为 ({g[0]:.3f}, {g[1]:.3f})，长度 {np.linalg.norm(g):.3f}，指向 {steepest:.0f}°。"
        f"方向 {angle:.0f}° 上的斜率为 {g @ u:.3f}；沿与梯度垂直的等值线斜率为 0。",
    )
    return Drawing(fig, words)
