"""The chain rule: derivatives of compositions multiply."""

import itertools

import numpy as np

from gradus.frameworks import namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import identical, rate, roundoff
from gradus.page.exercises import array, number
from gradus.page.figures import COLOURS, canvas


def _torch(jacrev, f, g, x):
    return jacrev(lambda x: f(g(x)))(x)


def _ours(jacobian, f, g, x):
    return jacobian(lambda x: f(g(x)), x)


CHAIN_RULE = Concept(
    key="chain-rule",
    kind="theorem",
    title="Chain rule",
    summary="The derivative of a composition is the product of the derivatives, each at its own point: the outer one "
    "at the value of the inner function. All of backpropagation is this rule, applied once per step.",
    formulas=(
        r"(f\circ g)'(x)=f'(g(x))\,g'(x)",
        r"J_{f\circ g}(x)=J_f(g(x))\,J_g(x),\qquad "
        r"\frac{\partial y_i}{\partial x_j}=\sum_{k=1}^{m}\frac{\partial y_i}{\partial u_k}\frac{\partial u_k}{\partial x_j},\quad u=g(x),\ y=f(u)",
    ),
    symbols=(
        Symbol("f", "f", "function", r"outer function, $\mathbb R^m\to\mathbb R^p$", "function"),
        Symbol("g", "g", "function", r"inner function, $\mathbb R^n\to\mathbb R^m$", "function"),
        Symbol("x", "x", "n", "where the composition is differentiated"),
        Symbol("J_f", "", "p m", "Jacobian of f: the matrix of its partial derivatives"),
        Symbol("J_g", "", "m n", "Jacobian of g"),
        Symbol(r"J_{f\circ g}", "", "p n", "Jacobian of the composition"),
        Symbol("u", "", "m", "value of the inner function"),
        Symbol("y", "", "p", "value of the composition"),
    ),
    needs=("derivative", "matrix-product"),
    source="rudin1976principles",
    year=1676,
    people=("Gottfried Wilhelm Leibniz",),
    aliases="derivative of a composition, composite function, 链导法则, 连锁律, 复合函数求导",
    implementations=(
        Implementation("torch.func:jacrev", "torch", _torch, "of the composition itself"),
        Implementation("gradus.foundations.autodiff:jacobian", "numpy", _ours),
    ),
    readings="rudin1976principles ch. 9; strang1991calculus ch. 4; deisenroth2020mathematics §5.2; magnus2019matrix",
    hypotheses=(
        Hypothesis(
            "g is differentiable at x and f at g(x); that the partial derivatives exist is not enough",
            "partial-derivatives-are-not-enough",
        ),
    ),
    conventions=(
        Convention(
            "order of the product",
            "outer times inner, an output a row (numerator layout)",
            "texts that write derivatives as columns (denominator layout) reverse it",
        ),
    ),
    deviations="The definition takes the partial derivatives by a step along the imaginary axis: it is the formula for "
    "f and g that are analytic, and real for real arguments, alone.",
)


def partial_derivatives(f, x, h=1e-30):
    """J, a column for each input, by the complex step: exact to rounding."""
    return np.stack([np.imag(f(x + 1j * h * e)) / h for e in np.eye(len(x))], axis=-1)


@CHAIN_RULE.definition
def chain_rule(f, g, x):
    J_f = partial_derivatives(f, g(x))  # (p, m)
    J_g = partial_derivatives(g, x)  # (m, n)
    return J_f @ J_g  # (p, n)


@CHAIN_RULE.example
def example():
    def g(x):
        return np.stack([x[0] * x[0], x[0] * x[1], x[1]])

    def f(u):
        return np.stack([u[0] * u[1], u[1] + u[2]])

    x = np.array([2.0, 1.0])
    u = g(x)
    J_f, J_g = partial_derivatives(f, u), partial_derivatives(g, x)
    return dict(f=f, g=g, x=x, u=u, y=f(u), J_f=J_f, J_g=J_g, J=chain_rule(f, g, x), paths=J_f[0] * J_g[:, 0]) | dict(
        check=np.array([3 * x[0] ** 2 * x[1], x[0] ** 3])
    )


@CHAIN_RULE.exercise
def where_the_outer_one_is_taken():
    x = np.array([1.0])
    outer, inner = lambda u: u**3, lambda x: x * x + 1
    f_at_g, f_at_x = partial_derivatives(outer, inner(x))[0, 0], partial_derivatives(outer, x)[0, 0]
    slope = partial_derivatives(inner, x)[0, 0]
    return number(chain_rule(outer, inner, x)[0, 0], outer_at_x=f_at_x * slope, inner_forgotten=f_at_g)


@CHAIN_RULE.exercise
def double_then_swap():
    def double(x):
        return np.stack([2 * x[0], x[1]])

    def swap(u):
        return np.stack([u[1], u[0]])

    x = np.array([1.0, 1.0])
    return array(
        chain_rule(swap, double, x),
        other_order=chain_rule(double, swap, x),
        entry_by_entry=partial_derivatives(swap, x) * partial_derivatives(double, x),
    )


@CHAIN_RULE.exercise
def twenty_sigmoids():
    steepest = 0.5 * (1 - 0.5)  # s(1 − s) of the sigmoid at 0
    return number(steepest**20, added=20 * steepest, one_layer=steepest)


def like(array, x):
    """A constant in the framework and precision of x."""
    xp = namespace(x)
    return array if xp is np else xp.asarray(array, dtype=x.dtype)


def layer(A, c):
    """The map x ↦ sin(A x) + c (A x)², a smooth function of random shape."""

    @generic
    def smooth(x):
        z = like(A, x) @ x
        return namespace(x).sin(z) + c * z * z

    return smooth


def random_pair(rng, p, m, n):
    f, g = rng.standard_normal((p, m)) / np.sqrt(m), rng.standard_normal((m, n)) / np.sqrt(n)
    return layer(f, 0.5), layer(g, -0.25)


@CHAIN_RULE.cases
def cases(rng):
    def pair(p, m, n):
        f, g = random_pair(rng, p, m, n)
        return dict(f=f, g=g, x=rng.standard_normal(n))

    yield "one variable", pair(1, 1, 1)
    yield "wide in the middle", pair(2, 5, 3)
    yield "narrow in the middle", pair(4, 1, 3)
    yield "one number from many", pair(1, 3, 6)
    square = generic(lambda x: x * x)
    yield "a power of a power", dict(f=square, g=square, x=np.array([1.5, -2.0]))
    yield "inner derivative zero", dict(f=square, g=square, x=np.zeros(2))


@CHAIN_RULE.invalid
def invalid(rng):
    f, g = random_pair(rng, 2, 4, 3)
    yield (
        "the inner function gives 4 numbers, the outer takes 5",
        dict(f=layer(np.ones((2, 5)), 0.0), g=g, x=np.ones(3)),
    )
    yield "the inner function takes 3 numbers", dict(f=f, g=g, x=np.ones(2))


def numbers(rng):
    """Random compositions of one variable with known derivatives: (f, f', g, g')."""
    table = [
        (lambda x: namespace(x).sin(x), np.cos),
        (lambda x: namespace(x).exp(-x * x), lambda x: -2 * x * np.exp(-x * x)),
        (lambda x: namespace(x).tanh(x), lambda x: 1 / np.cosh(x) ** 2),
        (lambda x: namespace(x).sqrt(2 + x * x), lambda x: x / np.sqrt(2 + x * x)),
        (lambda x: namespace(x).log(3 + namespace(x).sin(x)), lambda x: np.cos(x) / (3 + np.sin(x))),
        (lambda x: x * x * x - x, lambda x: 3 * x * x - 1),
    ]
    for _ in range(12):
        i, j = rng.integers(len(table), size=2)
        yield (generic(table[i][0]), table[i][1], generic(table[j][0]), table[j][1])


@CHAIN_RULE.claim
def product_of_the_slopes(chain_rule, rng):
    r"""In one variable $(f\circ g)'=f'(g)\,g'$, on random compositions with known derivatives"""
    for f, df, g, dg in numbers(rng):
        x = rng.standard_normal(1)
        want = df(g(x)) * dg(x)
        yield roundoff(chain_rule(f, g, x), want[:, None], terms=50, scale=max(1.0, float(abs(want[0]))))


@CHAIN_RULE.claim
def jacobians_multiply(chain_rule, rng):
    """In many variables the Jacobians multiply in the order of the functions: outer times inner"""
    for p, m, n in ((3, 3, 3), (2, 4, 3), (4, 2, 4), (15, 16, 14)):
        A, B, x = rng.standard_normal((p, m)), rng.standard_normal((m, n)), rng.standard_normal(n)

        @generic
        def f(u, A=A):
            return like(A, u) @ (u * u)

        @generic
        def g(x, B=B):
            return namespace(x).sin(like(B, x) @ x)

        u = np.sin(B @ x)
        want = (A * (2 * u)) @ (np.cos(B @ x)[:, None] * B)
        yield roundoff(chain_rule(f, g, x), want, terms=8 * m * n)


@CHAIN_RULE.claim
def order_matters(chain_rule, rng):
    """A turn and a shear do not commute: the order of the product matters"""
    turn, shear = np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([[1.0, 2.0], [0.0, 1.0]])
    f, g = generic(lambda u: like(turn, u) @ u), generic(lambda x: like(shear, x) @ x)
    x = np.array([0.3, 0.7])
    yield roundoff(chain_rule(f, g, x), turn @ shear, terms=4)
    yield roundoff(chain_rule(g, f, x), shear @ turn, terms=4)


@CHAIN_RULE.claim
def partial_derivatives_are_not_enough(chain_rule, rng):
    r"""Partial derivatives are not enough: $f(u)=u_1^3/(u_1^2+u_2^2)$ with $f(0)=0$ has the partial derivatives 1 and 0
    at 0, so that for $g(t)=(t,t)$ the product is 1; but $f(g(t))=t/2$ has the derivative ½, which the product of the
    derivatives is for every $t\ne0$"""
    f = generic(lambda u: (u[0] ** 3 / (u[0] ** 2 + u[1] ** 2))[None])
    g = generic(lambda t: namespace(t).stack([t[0], t[0]]))
    for h in 2.0 ** -np.arange(0, 40, 8):
        along_the_axes = np.stack([f(h * e) / h for e in np.eye(2)], axis=1)  # (1, 2), for f(0) = 0
        yield identical(along_the_axes @ np.ones((2, 1)), np.ones((1, 1)))
        yield roundoff(chain_rule(f, g, np.array([h])), np.full((1, 1), 0.5), terms=8)


@CHAIN_RULE.claim
def remainder_is_second_order(chain_rule, rng):
    """What the linear approximation by the product leaves over is of second order, for twice differentiable f and g"""
    f, g = random_pair(rng, 3, 4, 2)
    x, u = rng.standard_normal(2), rng.standard_normal(2)
    J, steps = chain_rule(f, g, x), 2.0 ** -np.arange(5, 14)
    return rate(steps, [np.linalg.norm(f(g(x + h * u)) - f(g(x)) - h * (J @ u)) for h in steps], 2.0)


@CHAIN_RULE.mutant(caught_by="order-matters, equals-definition")
def order_swapped(f, g, x):
    """the product in the wrong order"""
    J_f, J_g = partial_derivatives(f, g(x)), partial_derivatives(g, x)
    return J_g @ J_f


@CHAIN_RULE.mutant(caught_by="product-of-the-slopes, remainder-is-second-order, jacobians-multiply")
def outer_at_the_wrong_point(f, g, x):
    """the outer derivative at x instead of at g(x)"""
    u = np.resize(x, np.shape(g(x)))  # x itself where the sizes agree
    return partial_derivatives(f, u) @ partial_derivatives(g, x)


@CHAIN_RULE.mutant(caught_by="product-of-the-slopes, equals-definition, partial-derivatives-are-not-enough")
def inner_forgotten(f, g, x):
    """the inner derivative is forgotten"""
    J_f = partial_derivatives(f, g(x))
    return J_f @ np.eye(J_f.shape[1], len(x))


@CHAIN_RULE.mutant(caught_by="jacobians-multiply, order-matters")
def no_sum(f, g, x):
    """entry by entry, without the sum over k"""
    J_f, J_g = partial_derivatives(f, g(x)), partial_derivatives(g, x)
    return J_f[:, :1] * J_g[:1, :]


CHAIN_RULE.erratum(
    "E153",
    common="The Jacobians multiply wherever the partial derivatives exist (a common slip)",
    why=r"$f=u_1^3/(u_1^2+u_2^2)$, $f(0)=0$, has the partial derivatives 1 and 0 at 0; along $g(t)=(t,t)$ the product is 1, "
    r"while $f(g(t))=t/2$.",
    right="Where g is differentiable at x and f at g(x), for instance if the partial derivatives are continuous",
    claims="partial-derivatives-are-not-enough",
)


@CHAIN_RULE.figure(x=Slider(-1.4, 1.4, 0.5, "point x"), dx=Slider(0.02, 0.6, 0.25, "length Δx of the interval"))
def figure(x, dx):
    g, dg = (lambda x: x + np.sin(2 * x) / 2), (lambda x: 1 + np.cos(2 * x))
    f, df = (lambda u: u**3 / 2), (lambda u: 1.5 * u**2)
    fig, ax = canvas(width=6.8, height=3.6)
    ax.set(ylim=(-0.55, 2.75), xlim=(-2.6, 2.6), yticks=[])
    ax.spines["left"].set_visible(False)
    grid = np.linspace(-1.8, 1.8, 25)
    rulers = ((2, grid, "x"), (1, g(grid), "u = g(x) = x + ½ sin 2x"), (0, f(g(grid)), "y = f(u) = ½ u³"))
    for level, _, name in rulers:
        ax.axhline(level, color="#888888", lw=0.8)
        ax.text(-2.6, level + 0.1, name, fontsize=10)
    for (above, a, _), (below, b, _) in itertools.pairwise(rulers):
        ax.plot(np.stack([a, b]), [[above] * len(a), [below] * len(a)], color="#cccccc", lw=0.6)
    ends = np.array([x, x + dx])
    spots = (ends, g(ends), f(g(ends)))
    for level, spot, k in zip((2, 1, 0), spots, (0, 1, 2), strict=True):
        ax.plot(spot, [level, level], color=COLOURS[k], lw=6, solid_capstyle="butt")
    for (above, a), (below, b) in (((2, spots[0]), (1, spots[1])), ((1, spots[1]), (0, spots[2]))):
        ax.fill([a[0], a[1], b[1], b[0]], [above, above, below, below], color="#E69F00", alpha=0.25, lw=0)
    u = g(x)
    stretch = [np.diff(spots[1])[0] / dx, np.diff(spots[2])[0] / np.diff(spots[1])[0]]
    for level, factor, slope in (
        (1.5, stretch[0], f"$g'(x)$ = {dg(x):.3f}"),
        (0.5, stretch[1], f"$f'(g(x))$ = {df(u):.3f}"),
    ):
        ax.text(2.6, level + 0.13, f"stretched × {factor:.3f}", ha="right", va="center", fontsize=10)
        ax.text(2.6, level - 0.13, slope, ha="right", va="center", fontsize=10)
    ax.set_title(
        f"Δy/Δx = {np.diff(spots[2])[0] / dx:.3f};   in the limit dy/dx = $f'(g(x))\\,g'(x)$ = {df(u) * dg(x):.3f}"
    )
    words = Text(
        f"An interval of length {dx:.3g} at x = {x:.3g} is stretched by {stretch[0]:.3f} on its way to u and by {stretch[1]:.3f} "
        f"from u to y: together {stretch[0] * stretch[1]:.3f}. As it shrinks, the factors become g'(x) = {dg(x):.3f} and f'(g(x)) = {df(u):.3f}, their product {df(u) * dg(x):.3f}.",
        f"x = {x:.3g} 处长为 {dx:.3g} 的区间，到 u 时被拉伸 {stretch[0]:.3f} 倍，从 u 到 y 再拉伸 {stretch[1]:.3f} 倍，"
        f"合计 {stretch[0] * stretch[1]:.3f} 倍。区间缩小时，两个倍数趋于 g'(x) = {dg(x):.3f} 与 f'(g(x)) = {df(u):.3f}，乘积为 {df(u) * dg(x):.3f}。",
    )
    return Drawing(fig, words)
