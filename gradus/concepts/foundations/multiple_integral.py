"""Multiple integrals: Fubini's theorem, change of variables, volumes of balls."""

import math

import numpy as np

from gradus.frameworks import namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, bound, near, roundoff
from gradus.page.exercises import number
from gradus.page.figures import COLOURS, canvas

MULTIPLE_INTEGRAL = Concept(
    key="multiple-integral",
    kind="theorem",
    title="Multiple integrals and change of variables",
    summary=r"The integral over a region that a map $\varphi$ makes out of a cube: each small box contributes the "
    r"value there times its volume, and $\varphi$ stretches volumes by $|\det J|$. Integrating one variable after the "
    "other gives the same in either order, provided that the absolute value has a finite integral.",
    formulas=(
        r"\int_{\varphi([0,1]^d)}f(y)\,dy=\int_{[0,1]^d}f(\varphi(u))\,|\det J_\varphi(u)|\,du",
        r"\iint|f|<\infty:\qquad\iint f=\int\Big(\int f(x,y)\,dx\Big)dy=\int\Big(\int f(x,y)\,dy\Big)dx",
        r"\operatorname{vol}B^d=\frac{\pi^{d/2}}{\Gamma(d/2+1)},\qquad \iint e^{-x^2-y^2}dx\,dy=\int_0^{2\pi}\!\!\int_0^\infty e^{-r^2}r\,dr\,d\theta=\pi",
    ),
    symbols=(
        Symbol("f", "f", "function", "the integrand: points as columns (d, m) to m values", "function"),
        Symbol(
            r"\varphi",
            "phi",
            "function",
            "maps columns u of the cube to the region: continuously differentiable, and one to one but for the boundary",
            "function",
        ),
        Symbol("d", "d", "", "dimension", "natural"),
        Symbol("n", "n", "", "Gauss's points along each side", "natural"),
        Symbol(r"J_\varphi", "", "d d", "Jacobian of the map"),
        Symbol(r"r,\theta", "", "", "polar coordinates"),
        Symbol("B^d", "", "", "ball of radius 1"),
    ),
    needs=("integral", "quadrature", "jacobian"),
    source="fubini1907sugli",
    year=1841,
    people=("Leonhard Euler", "Carl Gustav Jacob Jacobi", "Guido Fubini", "Leonida Tonelli"),
    aliases="double integral, Fubini's theorem, change of variables, multivariable integration, "
    "二重积分, 富比尼定理, 变量替换, 换元积分, 重积分",
    implementations=(
        Implementation(
            "gradus.foundations.quadrature:integral_over_image",
            "numpy",
            None,
            "the Jacobian by dual numbers; $n^d$ points, so for few dimensions",
        ),
    ),
    readings="rudin1976principles ch. 10; strang1991calculus ch. 14; fubini1907sugli; davis1984methods ch. 5",
    hypotheses=(
        Hypothesis(r"$\varphi$ is one to one but for the boundary of the cube", "twice-covered-counts-twice"),
        Hypothesis(r"For the order of integration: $\iint|f|<\infty$", "fubini-fails-without-integrability"),
    ),
    deviations=(
        "The definition takes Gauss's rule with n points a side for the integral over the cube, and J by a step along the "
        r"imaginary axis: for f and $\varphi$ that are analytic, and real for real arguments, it converges fast in n.",
        "SciPy's `dblquad` and `nquad` integrate one variable after the other and take no map: write the factor "
        r"$|\det J|$ into the integrand.",
        "In one dimension the substitution rule keeps the sign of $g'$, because the ends change places with it; over "
        "a region there is no direction, hence the absolute value.",
    ),
    longest_sum=1024,
)


@MULTIPLE_INTEGRAL.definition
def multiple_integral(f, phi, d, n=20):
    t, w = np.polynomial.legendre.leggauss(n)
    u = np.stack([g.ravel() for g in np.meshgrid(*[(t + 1) / 2] * d, indexing="ij")])  # (d, n^d)
    W = np.prod([g.ravel() for g in np.meshgrid(*[w / 2] * d, indexing="ij")], axis=0)
    J = np.stack([np.imag(phi(u + 1e-30j * e[:, None])) / 1e-30 for e in np.eye(d)], axis=1)  # (d, d, n^d)
    return np.sum(W * f(phi(u)) * np.abs(np.linalg.det(np.moveaxis(J, 2, 0))))


@MULTIPLE_INTEGRAL.example
def example():
    def f(y):
        return y[0] * y[1]

    def phi(u):  # the triangle 0 ≤ y ≤ x ≤ 1
        return np.stack([u[0], u[0] * u[1]])

    d, n, boxes = 2, 4, np.array([2, 4, 8])
    sums = []
    for k in boxes:
        middle = (np.arange(k) + 0.5) / k
        u = np.stack([g.ravel() for g in np.meshgrid(middle, middle, indexing="ij")])
        sums.append(np.sum(f(phi(u)) * u[0]) / k**2)
    first = np.array([[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]]).T
    return (
        dict(f=f, phi=phi, d=d, n=n, boxes=boxes, sums=np.array(sums))
        | dict(whole=multiple_integral(f, phi, d, n), area=multiple_integral(one, phi, d, n), u=first)
        | dict(det=first[0], values=f(phi(first)), forgotten=np.sum(f(phi(first))) / 4, limit_forgotten=1 / 6)
    )


@MULTIPLE_INTEGRAL.exercise
def square_of_the_radius():
    def square(y):
        return y[0] ** 2 + y[1] ** 2

    whole = multiple_integral(square, polar, 2, 12)
    return number(whole, factor_forgotten=2 * np.pi / 3, not_squared=2 * np.pi / 3 * 1.5)


@MULTIPLE_INTEGRAL.exercise
def an_order_that_works():
    def f(y):
        return np.exp(y[1] ** 2)

    above = multiple_integral(f, lambda u: np.stack([u[0] * u[1], u[1]]), 2, 20)  # 0 ≤ x ≤ y ≤ 1
    return number(above, whole_square=multiple_integral(f, lambda u: u, 2, 20), limit_forgotten=math.e - 1)


@MULTIPLE_INTEGRAL.exercise
def ball_in_a_cube():
    volume = [math.pi ** (d / 2) / math.gamma(d / 2 + 1) for d in (3, 10)]
    return number(volume[1] / 2**10, three_dimensions=volume[0] / 2**3, cube_of_side_one=volume[1])


@generic
def one(y):
    return 1.0 + 0.0 * y[0]


@generic
def mixed(y):
    return namespace(y).exp(y[0] - 0.5 * y[1]) + y[0] * y[1] ** 2


@generic
def polar(u):
    """The disc of radius 1."""
    xp = namespace(u)
    return xp.stack([u[0] * xp.cos(2 * np.pi * u[1]), u[0] * xp.sin(2 * np.pi * u[1])])


@generic
def squircle(u):
    """The disc of radius 1 again, from the square [−1, 1]² without polar coordinates."""
    x, y = 2 * u[0] - 1, 2 * u[1] - 1
    xp = namespace(u)
    return xp.stack([x * xp.sqrt(1 - y * y / 2), y * xp.sqrt(1 - x * x / 2)])


def spherical(d):
    """The ball of radius 1 in d dimensions."""

    @generic
    def phi(u):
        xp = namespace(u)
        if d == 1:
            return 2 * u - 1
        rows, radius = [], u[0]
        for i in range(1, d):
            angle = (2 if i == d - 1 else 1) * np.pi * u[i]
            rows.append(radius * xp.cos(angle))
            radius = radius * xp.sin(angle)
        return xp.stack([*rows, radius])

    return phi


def affine(A, c):
    return generic(lambda u: A @ u + c[:, None])


def rectangle(x0, x1, y0, y1, swapped=False):
    """The rectangle [x0, x1] × [y0, y1]; swapped, u[0] runs along y."""

    @generic
    def phi(u):
        s, t = (u[1], u[0]) if swapped else (u[0], u[1])
        return namespace(u).stack([x0 + (x1 - x0) * s, y0 + (y1 - y0) * t])

    return phi


@MULTIPLE_INTEGRAL.cases
def cases(rng):
    yield "area of the disc", dict(f=one, phi=polar, d=2, n=8)
    yield "over the disc", dict(f=mixed, phi=polar, d=2, n=24)
    yield (
        "over a parallelogram",
        dict(f=mixed, phi=affine(rng.standard_normal((2, 2)), rng.standard_normal(2)), d=2, n=12),
    )
    yield "over a rectangle, swapped", dict(f=mixed, phi=rectangle(-1.0, 0.5, 0.0, 2.0, True), d=2, n=12)
    yield "over the ball", dict(f=generic(lambda y: y[0] ** 2 + y[2]), phi=spherical(3), d=3, n=10)
    yield "one dimension", dict(f=generic(lambda y: namespace(y).cos(y[0])), phi=spherical(1), d=1, n=10)


@MULTIPLE_INTEGRAL.invalid
def invalid(rng):
    yield "no dimension", dict(f=one, phi=polar, d=0, n=4)
    yield "a map of three variables on a square", dict(f=one, phi=spherical(3), d=2, n=4)


@MULTIPLE_INTEGRAL.claim
def parallelepiped(integral, rng):
    r"""The unit cube's image under A has volume $|\det A|$, also where A turns it over"""
    for d in (2, 3):
        for sign in (1, -1):
            A = rng.standard_normal((d, d))
            A[0] *= sign * np.sign(np.linalg.det(A))
            size = np.prod(np.linalg.norm(A, axis=0))
            yield roundoff(
                integral(one, affine(A, rng.standard_normal(d)), d, 3), abs(np.linalg.det(A)), terms=27, scale=size
            )


@MULTIPLE_INTEGRAL.claim
def volumes_of_balls(integral, rng):
    r"""Balls of radius 1 have the volumes $\pi^{d/2}/\Gamma(\frac d2+1)$: 2, π, $\frac43\pi$, $\frac12\pi^2$"""
    for d in range(1, 5):
        want = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
        yield roundoff(integral(one, spherical(d), d, 10), want, terms=64 * d)


@MULTIPLE_INTEGRAL.claim
def does_not_depend_on_the_parametrisation(integral, rng):
    """The integral belongs to the region: two quite different parametrisations of the disc give the same"""
    a, b, c = rng.uniform(-1, 1, 3)
    f = generic(lambda y: namespace(y).exp(a * y[0] + b * y[1]) + c * y[0] ** 2)
    through_polar, through_square = integral(f, polar, 2, 28), integral(f, squircle, 2, 28)
    yield roundoff(through_square, through_polar, terms=28 * 28, scale=np.pi * (np.exp(2) + 1))
    why = Text(
        "Jensen: exp of a centred variable has mean 1 or more; the square takes π/4",
        "Jensen：中心化变量的 exp 均值不小于 1；平方项至多减去 π/4",
    )
    yield bound(through_polar, 0.75 * np.pi, "≥", why)


@MULTIPLE_INTEGRAL.claim
def fubini_for_continuous_functions(integral, rng):
    """For a function that is continuous on a closed rectangle the order of the variables does not matter: x first, y
    first, both at once, and SciPy's iterated integral give the same"""
    from scipy.integrate import dblquad

    x0, y0 = rng.uniform(-1, 0, 2)
    x1, y1 = rng.uniform(0.5, 1.5, 2)
    want = dblquad(lambda y, x: float(mixed(np.array([x, y]))), x0, x1, y0, y1, epsabs=1e-13, epsrel=1e-13)[0]
    t, w = np.polynomial.legendre.leggauss(16)  # for the outer integral; the inner is the implementation's

    def iterated(f, inner, outer):
        (a, b), (c, e) = inner, outer
        line = generic(lambda u: a + (b - a) * u)
        nodes = c + (e - c) * (t + 1) / 2
        values = [integral(generic(lambda y, q=q: f(y[0], q + 0.0 * y[0])), line, 1, 16) for q in nodes]
        return (e - c) / 2 * sum(float(v) * wj for v, wj in zip(values, w, strict=True))

    f = lambda x, y: mixed(namespace(x).stack([x, y]))
    both = [float(integral(mixed, rectangle(x0, x1, y0, y1, swapped), 2, 16)) for swapped in (False, True)]
    x_first = iterated(f, (x0, x1), (y0, y1))
    y_first = iterated(lambda y, x: f(x, y), (y0, y1), (x0, x1))
    return roundoff(np.array([*both, x_first, y_first]), np.full(4, want), terms=256, scale=40.0)


@generic
def unfubini(y):
    """(x² − y²)/(x² + y²)²."""
    return (y[0] ** 2 - y[1] ** 2) / (y[0] ** 2 + y[1] ** 2) ** 2


@MULTIPLE_INTEGRAL.claim
def fubini_fails_without_integrability(integral, rng):
    r"""Where $\iint|f|=\infty$ the order matters: $\frac{x^2-y^2}{(x^2+y^2)^2}$ over the unit square gives
    $-\frac\pi4$ with x first and $+\frac\pi4$ with y first"""
    # x first, over [0, 1]: what is left is the limit δ → 0 of the integral over [0, 1] × [δ, 1]
    gap = []
    for delta in (1 / 4, 1 / 8, 1 / 16):
        x_first = integral(unfubini, rectangle(0, 1, delta, 1), 2, 44)
        y_first = integral(unfubini, rectangle(delta, 1, 0, 1), 2, 44)
        exact = math.pi / 4 - math.atan(delta)
        got = np.array([x_first, y_first], float)
        yield roundoff(got, np.array([-exact, exact]), terms=44, scale=1 / delta**2)
        gap.append(float(y_first - x_first))
    opens = bound(gap[-1], math.pi / 2 - 2 / 16, "≥", Text("the gap opens to π/2", "差距趋于 π/2"))
    # over δ ≤ r, θ in the quarter circle, |f| integrates to log(1/δ): no finite limit
    quarter = lambda delta: generic(lambda u: polar(namespace(u).stack([delta * (1 / delta) ** u[0], u[1] / 8])))
    size = [float(integral(unfubini, quarter(2.0**-k), 2, 24)) for k in (4, 8, 12)]
    want = np.log(2.0) * np.array([4, 8, 12]) / 2  # ∫cos 2θ over 0…π/4 is ½
    yield opens
    yield roundoff(np.array(size), want, terms=24 * 24)


@MULTIPLE_INTEGRAL.claim
def gaussian_integral_squared(integral, rng):
    r"""In polar coordinates the square of the Gaussian integral is π: over radius R it is $\pi(1-e^{-R^2})$"""
    bell = generic(lambda y: namespace(y).exp(-(y[0] ** 2) - y[1] ** 2))
    for R in (1.0, 2.0, 6.0):
        got = integral(bell, generic(lambda u, R=R: R * polar(u)), 2, 40)
        yield roundoff(got, math.pi * (1 - math.exp(-R * R)), terms=40 * 40)
    side = integral(bell, rectangle(-6.0, 6.0, -6.0, 6.0), 2, 48)
    corners = 4 * math.exp(-36)  # four half planes beyond 6 hold less than that
    yield near(
        float(side),
        math.pi,
        corners + 4 * 48 * 48 * EPSILON,
        Text("what lies outside the square, and rounding", "正方形以外的部分，以及舍入"),
    )


@MULTIPLE_INTEGRAL.claim
def twice_covered_counts_twice(integral, rng):
    """A map that covers the region twice counts it twice: it must be one to one"""
    twice = generic(lambda u: polar(namespace(u).stack([u[0], 2 * u[1]])))
    return roundoff(integral(one, twice, 2, 12), 2 * math.pi, terms=144)


@MULTIPLE_INTEGRAL.mutant(caught_by="parallelepiped, fubini-for-continuous-functions, equals-definition")
def signed_determinant(f, phi, d, n=20):
    """the determinant without its absolute value"""
    return multiple_integral(f, phi, d, n) * orientation(phi, d)


def orientation(phi, d):
    u = np.full((d, 1), 0.4)
    J = np.stack([np.imag(phi(u + 1e-30j * e[:, None]))[:, 0] / 1e-30 for e in np.eye(d)], axis=1)
    return np.sign(np.linalg.det(J))


@MULTIPLE_INTEGRAL.mutant(
    caught_by="volumes-of-balls, gaussian-integral-squared, does-not-depend-on-the-parametrisation, "
    "twice-covered-counts-twice"
)
def no_factor(f, phi, d, n=20):
    """no factor for the change of volume"""
    return multiple_integral(lambda u: f(phi(u)), lambda u: u, d, n)


@MULTIPLE_INTEGRAL.mutant(caught_by="parallelepiped, volumes-of-balls, does-not-depend-on-the-parametrisation")
def diagonal_only(f, phi, d, n=20):
    """the product of the diagonal for the determinant"""

    def stretch(u):
        diagonal = [np.imag(phi(u + 1e-30j * e[:, None]))[i] / 1e-30 for i, e in enumerate(np.eye(d))]
        return np.prod(diagonal, axis=0)

    return multiple_integral(lambda u: f(phi(u)) * np.abs(stretch(u)), lambda u: u, d, n)


@MULTIPLE_INTEGRAL.mutant(caught_by="fubini-fails-without-integrability")
def absolute_values(f, phi, d, n=20):
    """the absolute value of f is integrated"""
    return multiple_integral(lambda y: np.abs(f(y)), phi, d, n)


@MULTIPLE_INTEGRAL.mutant(caught_by="parallelepiped, volumes-of-balls, gaussian-integral-squared")
def inverse_volume(f, phi, d, n=20):
    """the volume of the inverse map"""

    def shrink(u):
        J = np.stack([np.imag(phi(u + 1e-30j * e[:, None])) / 1e-30 for e in np.eye(d)], axis=1)
        return 1 / np.abs(np.linalg.det(np.moveaxis(J, 2, 0)))

    return multiple_integral(lambda u: f(phi(u)) * shrink(u), lambda u: u, d, n)


@MULTIPLE_INTEGRAL.figure(
    twist=Slider(0.0, 1.0, 0.6, "from the square to polar coordinates"),
    n=Slider(2, 24, 10, "boxes along each side", integer=True),
)
def figure(twist, n):
    n = int(n)

    def phi(u):
        x, y = 2 * u[0] - 1, 2 * u[1] - 1
        angle = twist * np.pi * y
        radius = (1 - twist) + twist * (1 + x) / 2
        flat = np.stack([x * (1 - twist), y * (1 - twist)])
        return flat + twist * np.stack([radius * np.cos(angle), radius * np.sin(angle)])

    edges = np.linspace(0, 1, n + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    u = np.stack(np.meshgrid(middle, middle, indexing="ij")).reshape(2, -1)
    J = np.stack([np.imag(phi(u + 1e-30j * e[:, None])) / 1e-30 for e in np.eye(2)], axis=1)
    stretch = np.linalg.det(np.moveaxis(J, 2, 0))
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.6)
    from matplotlib.collections import PolyCollection

    top = max(4.0, float(np.abs(stretch).max()))
    for ax, g, name in ((left, lambda v: v, "u in the unit square"), (right, phi, r"$\varphi(u)$")):
        boxes = []
        for i in range(n):
            for j in range(n):
                s = np.linspace(0, 1, 9)
                a, b = edges[i], edges[i + 1]
                c, e = edges[j], edges[j + 1]
                path = np.concatenate(
                    [
                        [a + (b - a) * s, c + 0 * s],
                        [b + 0 * s, c + (e - c) * s],
                        [b - (b - a) * s, e + 0 * s],
                        [a + 0 * s, e - (e - c) * s],
                    ],
                    axis=1,
                )
                boxes.append(g(path).T)
        patch = PolyCollection(boxes, array=np.abs(stretch), cmap="viridis", clim=(0, top), edgecolor="white", lw=0.5)
        ax.add_collection(patch)
        ax.autoscale_view()
        ax.set(aspect="equal", title=name)
    fig.colorbar(patch, ax=right, label=r"$|\det J|$", shrink=0.8)
    right.plot(0, 0, ".", color=COLOURS[1], ms=1)
    total = float(np.abs(stretch).sum() / n**2)
    exact = float(multiple_integral(lambda y: 1.0 + 0 * y[0], phi, 2, 40))
    words = Text(
        f"{n} × {n} equal boxes of the square and their images, coloured by |det J|, from {np.abs(stretch).min():.2f} to {np.abs(stretch).max():.2f}. "
        f"Their areas, about |det J|/{n * n} each, add up to {total:.4f}; the integral of |det J| is {exact:.4f}.",
        f"正方形的 {n} × {n} 个等大小格及其像，颜色表示 |det J|，从 {np.abs(stretch).min():.2f} 到 {np.abs(stretch).max():.2f}。"
        f"各像的面积约为 |det J|/{n * n}，其和为 {total:.4f}；|det J| 的积分为 {exact:.4f}。",
    )
    return Drawing(fig, words)
