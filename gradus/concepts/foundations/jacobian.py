"""The Jacobian: the derivative of a map between spaces, and its local change of volume."""

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, identical, rate, roundoff
from gradus.page.exercises import array, number
from gradus.page.figures import COLOURS, canvas


def _call(jacobian, f, x):
    return jacobian(f)(x)


def _ours(jacobian, f, x):
    return jacobian(f, x)


JACOBIAN = Concept(
    key="jacobian",
    kind="definition",
    title="Jacobian and total derivative",
    summary="The matrix of all first partial derivatives: row i is the gradient of the i-th output, column j the "
    "velocity of the output as input j moves. It is the linear map that approximates f near x; its determinant is "
    "the local ratio of volumes.",
    formulas=(
        r"J_{ij}(x)=\frac{\partial f_i}{\partial x_j},\qquad f(x+u)=f(x)+J(x)\,u+o(\|u\|)",
        r"\det J(x)=\lim_{r\to0}\frac{\operatorname{vol}f(B_r(x))}{\operatorname{vol}B_r(x)}\quad(m=n,\ \text{with sign for orientation})",
        r"J e_j=\text{column } j\ (\text{forward mode, one pass an input}),\qquad w_i^{\mathsf T}J=\text{row } i\ (\text{reverse mode, one pass an output})",
    ),
    symbols=(
        Symbol("f", "f", "function", r"map $\mathbb R^n\to\mathbb R^m$", "function"),
        Symbol("x", "x", "n", "the point"),
        Symbol("J", "", "m n", "the Jacobian"),
        Symbol("u", "", "n", "a small step"),
        Symbol("e_j", "", "n", "j-th unit vector of the inputs"),
        Symbol("w_i", "", "m", "i-th unit vector of the outputs"),
        Symbol("B_r(x)", "", "", "ball of radius r around x"),
    ),
    needs=("gradient", "chain-rule", "matrix-product"),
    source="rudin1976principles",
    year=1841,
    people=("Carl Gustav Jacob Jacobi",),
    aliases="Jacobian matrix, total derivative, total differential, 雅可比, 雅克比矩阵, 全微分, 全导数",
    implementations=(
        Implementation("torch.func:jacrev", "torch", _call, "by rows: for few outputs"),
        Implementation("torch.func:jacfwd", "torch", _call, "by columns: for few inputs"),
        Implementation("gradus.foundations.autodiff:jacobian", "numpy", _ours),
    ),
    readings="rudin1976principles ch. 9; deisenroth2020mathematics §5.3; magnus2019matrix; "
    "griewank2008evaluating ch. 3",
    deviations=(
        r"Frameworks take the derivative of tanh from its value, $1-\tanh^2$, which loses digits where tanh "
        "saturates: in bfloat16 small slopes are lost.",
        "The definition takes the partial derivatives by a step along the imaginary axis: it is the formula for f that is "
        "analytic, and real for real arguments, alone.",
    ),
    hypotheses=(
        Hypothesis(
            "f is continuously differentiable near x (for the approximation and the ratio of volumes); that the partial "
            "derivatives exist at x is not enough",
            "partial-derivatives-are-not-enough",
        ),
    ),
    conventions=(
        Convention(
            "layout",
            "outputs down, inputs across (numerator layout); for arrays the shape of f(x) followed by that of x, as in the "
            "frameworks",
            "denominator layout prints the transpose",
        ),
    ),
)


@JACOBIAN.definition
def jacobian(f, x):
    h = 1e-30  # a step along the imaginary axis: the limit is reached to rounding
    return np.stack([np.imag(f(x + 1j * h * e_j)) / h for e_j in np.eye(len(x))], axis=1)  # (m, n)


@JACOBIAN.example
def example():
    def f(x):
        return np.stack([x[0] * x[1], x[0] - x[1] ** 2, x[0] ** 2])

    def plane(x):  # the first two outputs: a map of the plane
        return f(x)[:2]

    x, d = np.array([2.0, 1.0]), 0.1
    J, sides = jacobian(f, x), np.array([1.0, 0.1])
    u = np.array([d, 0.0])
    areas = np.array([image_area(plane, x, s) / s**2 for s in sides])
    return (
        dict(f=f, x=x, y=f(x), J=J, u=u, Ju=J @ u, change=f(x + u) - f(x), wJ=np.array([0.0, 0.0, 1.0]) @ J)
        | dict(sides=sides, det=np.linalg.det(J[:2]), areas=areas, size=abs(np.linalg.det(J[:2])))
        | dict(product=J[0, 0] * J[1, 1], other=J[0, 1] * J[1, 0])
    )


@JACOBIAN.exercise
def polar_patch():
    J = jacobian(lambda p: np.stack([p[0] * np.cos(p[1]), p[0] * np.sin(p[1])]), np.array([2.5, 0.3]))
    return number(0.01 * abs(np.linalg.det(J)), unchanged=0.01, squared=0.01 * 2.5**2)


@JACOBIAN.exercise
def back_again():
    J = jacobian(lambda p: np.stack([p[0] * np.cos(p[1]), p[0] * np.sin(p[1])]), np.array([2.0, np.arccos(0.8)]))
    return number(np.linalg.inv(J)[0, 0], reciprocal=1 / J[0, 0], transposed=np.linalg.inv(J)[1, 0])


@JACOBIAN.exercise
def row_of_the_softmax():
    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    p = np.array([0.5, 0.25, 0.25])
    J = jacobian(softmax, np.log(p))
    return array(J[0], entry_by_entry=np.diag(J) * [1, 0, 0], without_the_sum=p * [1, 0, 0])


@generic
def polar(x):
    xp = namespace(x)
    return xp.stack([x[0] * xp.cos(x[1]), x[0] * xp.sin(x[1])])


@generic
def exponential_polar(x):
    xp = namespace(x)
    return xp.stack([xp.exp(x[0]) * xp.cos(x[1]), xp.exp(x[0]) * xp.sin(x[1])])


@generic
def logarithmic(y):
    """The inverse of `exponential_polar`, for y₁ > 0."""
    xp = namespace(y)
    return xp.stack([0.5 * xp.log(y[0] ** 2 + y[1] ** 2), xp.arctan(y[1] / y[0])])


@generic
def swirl(x):
    xp = namespace(x)
    return xp.stack([x[0] + xp.sin(2 * x[1]) / 2, x[1] * xp.exp(x[0] / 2)])


def waves(A):
    A = A / np.sqrt(A.shape[1])
    return generic(lambda x: namespace(x).sin(like(A, x) @ x))


@JACOBIAN.cases
def cases(rng):
    yield "polar coordinates", dict(f=polar, x=np.array([1.5, 0.7]))
    yield "swirl", dict(f=swirl, x=rng.standard_normal(2))
    yield ("more outputs than inputs", dict(f=waves(rng.standard_normal((5, 3))), x=rng.standard_normal(3)))
    yield ("more inputs than outputs", dict(f=waves(rng.standard_normal((2, 6))), x=rng.standard_normal(6)))
    yield "one output", dict(f=waves(rng.standard_normal((1, 4))), x=rng.standard_normal(4))
    yield "entry by entry", dict(f=generic(lambda x: x**3), x=np.array([-1.0, 0.0, 2.0]))
    yield "many of many", dict(f=waves(rng.standard_normal((20, 30))), x=rng.standard_normal(30))


@JACOBIAN.invalid
def invalid(rng):
    yield "a map of 4 numbers at a point of 3", dict(f=waves(np.ones((2, 4))), x=np.ones(3))


@JACOBIAN.claim
def forward_and_reverse_agree(jacobian, rng):
    """Forward mode, column by column, and reverse mode, row by row, give the same matrix"""
    from gradus.foundations.autodiff import jvp, vjp

    for m, n in ((4, 3), (3, 5), (3, 3)):
        f, x = waves(rng.standard_normal((m, n))), rng.standard_normal(n)
        J = jacobian(f, x)
        columns = np.stack([jvp(f, x, e)[1] for e in np.eye(n)], axis=1)
        rows = np.stack([vjp(f, x)[1](w)[0] for w in np.eye(m)])
        yield roundoff(J, columns, terms=4 * n, scale=1.0)
        yield roundoff(J, rows, terms=4 * n, scale=1.0)


@JACOBIAN.claim
def linear_map_is_its_own(jacobian, rng):
    """The Jacobian of a linear map is its matrix: outputs down, inputs across"""
    A = rng.standard_normal((3, 4))
    return roundoff(jacobian(generic(lambda x: like(A, x) @ x), rng.standard_normal(4)), A, terms=4)


def image_area(f, x, side, n=200):
    """Signed area of the image of the square of that side around x, from its boundary."""
    t = np.linspace(-0.5, 0.5, n, endpoint=False)
    e = np.full(n, 0.5)
    edge = np.stack([np.concatenate([t, e, -t, -e]), np.concatenate([-e, t, e, -t])])
    a, b = f(x[:, None] + side * edge)
    return 0.5 * float((a * np.roll(b, -1) - np.roll(a, -1) * b).sum())


@JACOBIAN.claim
def determinant_is_the_ratio_of_volumes(jacobian, rng):
    r"""$\det J$ is the local ratio of volumes, with its sign: for smooth f small squares around x
    converge to it like $r^2$"""
    x, sides = np.array([0.4, 0.9]), 2.0 ** -np.arange(2, 8)
    mirrored = generic(lambda x: swirl(x)[[1, 0]])  # turns the plane over: the determinant is negative
    found = []
    for f in (swirl, mirrored):
        d = float(np.linalg.det(jacobian(f, x)))
        found.append(rate(sides, [abs(image_area(f, x, s) / s**2 - d) for s in sides], 2.0))
    return all_of(roundoff(np.linalg.det(jacobian(polar, np.array([2.5, 0.3]))), 2.5, terms=4), *found)


@JACOBIAN.claim
def remainder_is_second_order(jacobian, rng):
    """What the linear approximation leaves over is of second order, for twice differentiable f"""
    x, u, steps = rng.standard_normal(2), rng.standard_normal(2), 2.0 ** -np.arange(5, 14)
    J = jacobian(swirl, x)
    return rate(steps, [np.linalg.norm(swirl(x + h * u) - swirl(x) - h * (J @ u)) for h in steps], 2.0)


@JACOBIAN.claim
def inverse_map(jacobian, rng):
    """Where J is invertible, the Jacobian of the local inverse map at the image of x is the inverse matrix"""
    x = np.array([0.3, 0.8])
    back, there = jacobian(logarithmic, exponential_polar(x)), jacobian(exponential_polar, x)
    return roundoff(back @ there, np.eye(2), terms=20, scale=np.linalg.norm(back) * np.linalg.norm(there))


@JACOBIAN.claim
def partial_derivatives_are_not_enough(jacobian, rng):
    r"""Partial derivatives are not enough: those of $f=(x_1^3/(x_1^2+x_2^2),\,x_2)$, $f(0)=0$, make $J(0)=I$, of
    determinant 1; but $f(t,t)=(\frac t2,t)$, discs around 0 shrink to ¾ of their area, and on the diagonal
    $J=\begin{pmatrix}1&-\frac12\\0&1\end{pmatrix}$ up to 0"""

    @generic
    def f(x):
        return namespace(x).stack([x[0] ** 3 / (x[0] ** 2 + x[1] ** 2), x[1]])

    for t in 2.0 ** -np.arange(0, 40, 8):
        yield identical(np.stack([f(t * e) / t for e in np.eye(2)], axis=1), np.eye(2))
        yield identical(f(np.array([t, t])), np.array([t / 2, t]))
        yield roundoff(jacobian(f, np.array([t, t])), np.array([[1.0, -0.5], [0.0, 1.0]]), terms=8)
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        a, b = f(t * np.stack([np.cos(angle), np.sin(angle)]))
        slope_a, slope_b = -3 * t * np.cos(angle) ** 2 * np.sin(angle), t * np.cos(angle)
        area = np.pi * (a * slope_b - b * slope_a).mean()  # exact: trigonometric polynomials
        yield roundoff(area / (np.pi * t * t), 0.75, terms=64)


@JACOBIAN.mutant(caught_by="linear-map-is-its-own, remainder-is-second-order, equals-definition")
def transposed(f, x):
    """transposed"""
    return jacobian(f, x).T


@JACOBIAN.mutant(caught_by="determinant-is-the-ratio-of-volumes, forward-and-reverse-agree, inverse-map")
def absolute(f, x):
    """the sign is lost"""
    return np.abs(jacobian(f, x))


@JACOBIAN.mutant(
    caught_by="inverse-map, remainder-is-second-order, linear-map-is-its-own, partial-derivatives-are-not-enough"
)
def diagonal(f, x):
    """only the diagonal: entry by entry"""
    J = jacobian(f, x)
    return J * np.eye(*J.shape)


@JACOBIAN.mutant(caught_by="forward-and-reverse-agree, determinant-is-the-ratio-of-volumes")
def sum_of_outputs(f, x):
    """gradient of the sum of the outputs, in every row"""
    J = jacobian(f, x)
    return np.broadcast_to(J.sum(0), J.shape)


@JACOBIAN.figure(
    x=Slider(-1.2, 1.2, 0.5, "point, first coordinate"),
    y=Slider(-1.2, 1.2, 0.6, "point, second coordinate"),
    side=Slider(0.05, 1.2, 0.7, "side r of the square"),
)
def figure(x, y, side):
    point = np.array([x, y])
    J = jacobian(swirl, point)
    fig, axes = canvas(columns=2, width=7.4, height=3.6)
    lines = np.linspace(-2, 2, 17)
    along = np.linspace(-2, 2, 80)
    corners = np.array([[-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1]]) * side / 2
    t = np.linspace(0, 1, 40)
    edge = np.concatenate([np.outer(corners[:, i], 1 - t) + np.outer(corners[:, i + 1], t) for i in range(4)], axis=1)
    for ax, f in zip(axes, (lambda p: p, swirl), strict=True):
        for c in lines:
            for p in (np.stack([along, 0 * along + c]), np.stack([0 * along + c, along])):
                ax.plot(*f(p), color="#d0d0d0", lw=0.6)
        ax.fill(*f(point[:, None] + edge), color=COLOURS[0], alpha=0.45, lw=0)
        ax.plot(*f(point), "o", color="#333333", ms=4)
        ax.set(aspect="equal", xlim=(-2.2, 2.2), ylim=(-2.2, 2.2))
    axes[1].plot(*(swirl(point)[:, None] + J @ corners), color=COLOURS[1], lw=1.8)
    for k in range(2):
        axes[0].annotate(
            "", point + side / 2 * np.eye(2)[k], point, arrowprops=dict(arrowstyle="-|>", color=COLOURS[1])
        )
        axes[1].annotate(
            "", swirl(point) + side / 2 * J[:, k], swirl(point), arrowprops=dict(arrowstyle="-|>", color=COLOURS[1])
        )
    ratio, det = image_area(swirl, point, side) / side**2, float(np.linalg.det(J))
    axes[0].set(title="x: a square", xlabel="$x_1$", ylabel="$x_2$")
    axes[1].set(title=f"f(x): area × {ratio:.3f}, det J = {det:.3f}", xlabel="$y_1$", ylabel="$y_2$")
    words = Text(
        f"A square of side {side:.2f} at ({x:.2f}, {y:.2f}) becomes a curved patch of {ratio:.3f} times its area; the parallelogram "
        f"of J (orange) has det J = {det:.3f} times its area. As the square shrinks the two agree.",
        f"({x:.2f}, {y:.2f}) 处边长 {side:.2f} 的正方形变为曲边区域，面积为原来的 {ratio:.3f} 倍；J 给出的平行四边形（橙色）为 det J = {det:.3f} 倍。"
        "正方形缩小时，两者趋于一致。",
    )
    return Drawing(fig, words)
