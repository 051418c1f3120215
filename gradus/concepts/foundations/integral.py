"""The integral of a function of one variable, and the fundamental theorem of calculus."""

import numpy as np

from gradus.concepts.foundations.functions_of_numbers import exponential, sine, witch
from gradus.frameworks import namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _quad(quad, f, a, b):
    return quad(f, float(a), float(b), epsabs=1e-14, epsrel=1e-13, limit=200)[0]


INTEGRAL = Concept(
    key="integral",
    kind="theorem",
    title="Integral and the fundamental theorem of calculus",
    summary="The integral is the limit of sums of values times widths: the signed area under the graph. Integration "
    "and differentiation undo each other: the area up to x grows at the rate f(x) wherever f is continuous, and a "
    "derivative that is integrable integrates to the difference of its function's values.",
    formulas=(
        r"\int_a^bf(x)\,dx=\lim_{\max\Delta x_i\to0}\sum_if(\xi_i)\,\Delta x_i,\qquad \int_b^af=-\int_a^bf",
        r"\frac{d}{dx}\int_a^xf(t)\,dt=f(x),\qquad \int_a^bF'(x)\,dx=F(b)-F(a)",
        r"\int_{g(a)}^{g(b)}f(y)\,dy=\int_a^bf(g(x))\,g'(x)\,dx,\qquad \int_{-\infty}^{\infty}e^{-x^2}dx=\sqrt\pi",
    ),
    symbols=(
        Symbol("f", "f", "function", "the integrand, taken entry by entry", "function"),
        Symbol("a", "a", "", "where the area begins"),
        Symbol("b", "b", "", "where it ends; to the left of a it counts negatively"),
        Symbol(r"\xi_i", "", "", "a point of piece i"),
        Symbol(r"\Delta x_i", "", "", "width of piece i"),
        Symbol("F", "", "function", "a function whose derivative is f"),
        Symbol("g", "", "function", "a substitution"),
    ),
    needs=("derivative",),
    source="riemann1854darstellbarkeit",
    year=1668,
    people=("James Gregory", "Isaac Barrow", "Gottfried Wilhelm Leibniz", "Isaac Newton", "Bernhard Riemann"),
    aliases="integration, definite integral, antiderivative, Riemann sum, fundamental theorem of calculus, "
    "定积分, 微积分基本定理, 黎曼和, 原函数",
    implementations=(
        Implementation(
            "scipy.integrate:quad", "numpy", _quad, "adaptive Gauss–Kronrod rule (QUADPACK); also for infinite ends"
        ),
    ),
    readings="rudin1976principles ch. 6; strang1991calculus ch. 5; courant1989introduction; riemann1854darstellbarkeit",
    hypotheses=(
        Hypothesis(
            "f is integrable in Riemann's sense: the limit exists, whatever the points ξ",
            "derivative-that-is-not-integrable",
        ),
        Hypothesis("For the first part: f is continuous at x", "no-derivative-where-the-integrand-jumps"),
        Hypothesis(
            "For the second part: F has a derivative everywhere on [a, b], and it is integrable",
            "derivative-that-is-not-integrable",
        ),
        Hypothesis(
            "For the substitution: f is continuous on the values of g, and g continuously differentiable",
            "substitution",
        ),
    ),
    deviations=(
        "The definition takes middle points ξ and up to 1024 equal pieces, and approaches the limit by extrapolation: to "
        "rounding for smooth f, for others only roughly ($|x-0.2|$ on [0, 1] to about $10^{-7}$).",
        "`quad` returns the value and an estimate of its error; it can miss a narrow peak between its points, unless "
        "`points=` tells it where to look.",
    ),
    unverified="For every Lebesgue-integrable f the derivative of the integral is f(x) for almost every x",
    differentiable=False,  # quad hides its evaluations; the derivative by b is the first part of the theorem, a claim
    longest_sum=64,
)


@INTEGRAL.definition
def integral(f, a, b):
    S = []
    for n in 2 ** np.arange(3, 11):  # Riemann sums of n pieces, ξ in the middle of each
        xi = a + (b - a) * (np.arange(n) + 0.5) / n
        S.append(np.sum(f(xi)) * (b - a) / n)
    for k in range(1, len(S)):  # their limit: the error expands in powers of Δx², which cancel one by one
        S = [(4**k * S[i + 1] - S[i]) / (4**k - 1) for i in range(len(S) - 1)]
    return S[0]


@INTEGRAL.example
def example():
    def f(x):
        return x * x - 1

    def F(x):
        return x**3 / 3 - x

    a, b, pieces = np.array(0.0), np.array(2.0), np.array([2, 4, 8])
    sums = []
    for n in pieces:
        left = np.linspace(0, 2, n, endpoint=False)
        sums.append([np.sum(f(left + shift * 2 / n)) * 2 / n for shift in (0, 0.5, 1)])
    h = 0.1
    return (
        dict(f=f, a=a, b=b, pieces=pieces, sums=np.array(sums), whole=F(2.0) - F(0.0), Fb=F(2.0), Fa=F(0.0))
        | dict(below=integral(f, a, np.array(1.0)), above=integral(f, np.array(1.0), b))
        | dict(absolute=F(2.0) - 2 * F(1.0), h=h, strip=integral(f, b, b + h), mean=integral(f, b, b + h) / h)
        | dict(fb=f(2.0), middle=np.array([f(0.25), f(0.75), f(1.25), f(1.75)]), backwards=integral(f, b, a))
        | dict(one=1.0)
    )


@INTEGRAL.exercise
def moving_end():
    def area(x):
        return integral(lambda t: 1 + t, np.array(0.0), np.array(x * x))

    slope = (area(2.0 + 2**-10) - area(2.0 - 2**-10)) * 2**9
    return number(slope, end_taken_for_x=1 + 4.0, inner_value_forgotten=2 * 2 * (1 + 2.0))


@INTEGRAL.exercise
def below_the_axis():
    a, b = np.array(0.0), np.array(1.5 * np.pi)
    signed = integral(np.sin, a, b)
    return number(signed, unsigned=integral(np.sin, a, np.array(np.pi)) - integral(np.sin, np.array(np.pi), b))


@INTEGRAL.exercise
def through_a_pole():
    def f(x):
        return 1 / x**2

    delta = np.array([0.5, 0.25, 0.125])
    right = np.array([integral(f, np.array(d), np.array(1.0)) for d in delta])
    grows = bool(np.allclose(right, 1 / delta - 1))
    return choice(minus_two=not grows, none=grows, zero=bool(abs(right[-1]) < 1e-9))


@generic
def bell(x):
    return namespace(x).exp(-x * x)


@generic
def square(x):
    return x * x


@generic
def sign(x):
    return np.sign(x)


ANTIDERIVATIVES = (
    (sine, lambda x: -np.cos(x)),
    (exponential, np.exp),
    (witch, np.arctan),
    (square, lambda x: x**3 / 3),
    (generic(lambda x: x * np.exp(-x * x)), lambda x: -np.exp(-x * x) / 2),
    (generic(lambda x: np.cos(3 * x) + 2.0), lambda x: np.sin(3 * x) / 3 + 2 * x),
)


def power(k):
    @generic
    def of_x(x):
        return x**k

    return of_x


@INTEGRAL.cases
def cases(rng):
    a, b = (np.array(v) for v in rng.uniform(-2, 2, 2))
    yield "sine", dict(f=sine, a=a, b=b)
    yield "exponential", dict(f=exponential, a=np.array(-1.0), b=np.array(1.5))
    yield "witch of Agnesi", dict(f=witch, a=np.array(-3.0), b=np.array(2.0))
    yield "a parabola, backwards", dict(f=square, a=np.array(2.0), b=np.array(-1.0))
    yield "bell", dict(f=bell, a=np.array(-6.0), b=np.array(6.0))
    yield "the area cancels", dict(f=sine, a=np.array(-2.0), b=np.array(2.0))
    yield "no width", dict(f=exponential, a=np.array(0.7), b=np.array(0.7))
    for k in (2, 3):
        yield f"power {k} between the same ends", dict(f=power(k), a=np.array(0.5), b=np.array(2.0))


@INTEGRAL.invalid
def invalid(rng):
    yield "an end that is no number", dict(f=sine, a="left", b=np.array(1.0))


@INTEGRAL.claim
def derivative_integrates_to_the_difference(integral, rng):
    r"""$\int_a^bF'=F(b)-F(a)$ for six functions and random ends, on either side"""
    for f, F in ANTIDERIVATIVES:
        for a, b in rng.uniform(-2, 2, (3, 2)):
            size = abs(b - a) * np.abs(f(np.linspace(a, b, 65))).max() + np.abs(F(np.array([a, b]))).max()
            yield roundoff(integral(f, np.array(a), np.array(b)), F(b) - F(a), terms=64, scale=size)


@INTEGRAL.claim
def integral_has_the_integrand_as_derivative(integral, rng):
    r"""$\frac{d}{dx}\int_a^xf=f(x)$ where f is continuous: for smooth f the central quotient converges to it like
    $h^2$"""
    steps = 2.0 ** -np.arange(2, 8)
    for f in (exponential, witch, bell):
        x = rng.uniform(0.8, 1.5)

        def quotient(h, f=f, x=x):
            up, down = (integral(f, np.array(-0.5), np.array(x + s)) for s in (h, -h))
            return (up - down) / (2 * h)

        yield rate(steps, [abs(quotient(h) - f(x)) for h in steps], 2.0)


@INTEGRAL.claim
def no_derivative_where_the_integrand_jumps(integral, rng):
    r"""Not where f jumps: of $f=\operatorname{sign}$ the integral is $|x|$, with slopes −1 and 1 at 0, and neither is
    $f(0)=0$"""
    zero = np.array(0.0)
    for h in 2.0 ** -np.arange(0, 30, 6):
        right = integral(sign, zero, np.array(h)) / h
        left = integral(sign, zero, np.array(-h)) / -h
        yield roundoff(np.array([left, right], float), np.array([-1.0, 1.0]), terms=64)
        yield bound(abs(right - np.sign(0.0)), 0.5, "≥", Text("it is not f(0)", "它不等于 f(0)"))


@INTEGRAL.claim
def derivative_that_is_not_integrable(integral, rng):
    r"""Not every derivative is integrable: $F=x^2\sin x^{-2}$ with $F(0)=0$ has one everywhere, on $[\delta,1]$ it integrates
    to $F(1)-F(\delta)$, but near 0 it is unbounded: with 1000 pieces of [0, 1] the point $\xi_1=(2\pi m)^{-1/2}$ makes the
    first term of a Riemann sum as large as one likes"""
    f = generic(lambda x: 2 * x * namespace(x).sin(x**-2.0) - 2 / x * namespace(x).cos(x**-2.0))
    for delta in (0.5, 0.4):
        want = np.sin(1.0) - delta**2 * np.sin(delta**-2)
        yield roundoff(integral(f, np.array(delta), np.array(1.0)), want, terms=64, scale=8.0)
    for m in (10**6, 10**8, 10**10):
        xi = (2 * np.pi * m) ** -0.5
        yield bound(abs(f(np.array(xi))) / 1000, 0.9 * 2 / xi / 1000, "≥", Text("2Δx₁/ξ₁, nearly", "约 2Δx₁/ξ₁"))


@INTEGRAL.claim
def area_is_signed(integral, rng):
    r"""The area is signed: $\int_{-\pi}^{\pi}\sin=0$, although $\int_{-\pi}^{\pi}|\sin|=4$"""
    a, b, zero = np.array(-np.pi), np.array(np.pi), np.array(0.0)
    whole = roundoff(integral(sine, a, b), 0.0, terms=64, scale=4.0)
    halves = np.array([integral(sine, a, zero), integral(sine, zero, b)], float)
    return all_of(whole, roundoff(halves, np.array([-2.0, 2.0]), terms=64))


@INTEGRAL.claim
def areas_add_up(integral, rng):
    r"""$\int_a^b+\int_b^c=\int_a^c$ in whatever order the points lie, and $\int_a^a=0$"""
    evidence = [identical(float(integral(exponential, np.array(0.3), np.array(0.3))), 0.0)]
    for _ in range(8):
        a, b, c = (np.array(v) for v in rng.uniform(-2, 2, 3))
        parts = integral(exponential, a, b) + integral(exponential, b, c)
        evidence.append(roundoff(parts, integral(exponential, a, c), terms=64, scale=4 * np.exp(2)))
    return all_of(*evidence)


@INTEGRAL.claim
def substitution(integral, rng):
    r"""Substitution: $\int_{g(a)}^{g(b)}f=\int_a^bf(g)\,g'$, with the sign of $g'$ and no absolute value; for
    a g that jumps it fails: $f=1$, $g=\operatorname{sign}$ on [−1, 1] give 2 and 0"""
    for g, slope in ((np.sin, np.cos), (np.cos, lambda x: -np.sin(x)), (lambda x: x**3 - x, lambda x: 3 * x * x - 1)):
        a, b = (np.array(v) for v in rng.uniform(-1.4, 1.4, 2))
        image = integral(witch, np.array(g(a)), np.array(g(b)))
        pulled = integral(generic(lambda x, g=g, s=slope: witch(g(x)) * s(x)), a, b)
        yield roundoff(pulled, image, terms=64, scale=12.0)
    one = generic(lambda x: 1.0 + 0.0 * x)
    yield roundoff(integral(one, np.array(np.sign(-1.0)), np.array(np.sign(1.0))), 2.0, terms=64)
    yield identical(float(integral(generic(lambda x: 0.0 * x), np.array(-1.0), np.array(1.0))), 0.0)  # g' = 0 but at 0


@INTEGRAL.claim
def gaussian_integral(integral, rng):
    r"""$\int e^{-x^2}dx=\sqrt\pi$: between −R and R within $e^{-R^2}/R$"""
    root = np.sqrt(np.pi)
    far = roundoff(integral(bell, np.array(-7.0), np.array(7.0)), root, terms=64)
    tails = []
    for R in (1.0, 2.0, 3.0):  # the tail lies between e^{-R²}/(R + 1/R) and e^{-R²}/R, both sides together
        missing = root - float(integral(bell, np.array(-R), np.array(R)))
        tails += [bound(missing, np.exp(-R * R) / R), bound(missing, np.exp(-R * R) / (R + 1 / R), "≥")]
    return all_of(far, *tails)


@INTEGRAL.claim
def bounds_by_the_values(integral, rng):
    r"""$\left|\int f\right|\le\int|f|$, and the integral of a continuous f lies between width times its least and its
    greatest value"""
    for f in (bell, witch, exponential):
        a, width = rng.uniform(-1, 0), rng.uniform(0.5, 1.5)
        values = f(np.linspace(a, a + width, 2001))
        area = float(integral(f, np.array(a), np.array(a + width)))
        yield bound(area, width * values.max())
        yield bound(area, width * values.min(), "≥")
    whole = abs(float(integral(sine, np.array(-1.0), np.array(2.0))))
    parts = -float(integral(sine, np.array(-1.0), np.array(0.0))) + float(integral(sine, np.array(0.0), np.array(2.0)))
    yield bound(whole, parts)


@INTEGRAL.mutant(caught_by="derivative-integrates-to-the-difference, substitution, areas-add-up, equals-definition")
def left_riemann_sum(f, a, b):
    """one left Riemann sum instead of the limit"""
    x = a + (b - a) * np.arange(1000) / 1000
    return np.mean(f(x)) * (b - a)


@INTEGRAL.mutant(
    caught_by="area-is-signed, no-derivative-where-the-integrand-jumps, derivative-integrates-to-the-difference"
)
def unsigned_area(f, a, b):
    """the area without its sign: |f|"""
    return integral(lambda x: np.abs(f(x)), a, b)


@INTEGRAL.mutant(caught_by="areas-add-up, derivative-integrates-to-the-difference, substitution")
def direction_lost(f, a, b):
    """the direction is lost: |b − a|"""
    return integral(f, np.minimum(a, b), np.maximum(a, b))


@INTEGRAL.mutant(caught_by="gaussian-integral, bounds-by-the-values, integral-has-the-integrand-as-derivative")
def width_missing(f, a, b):
    """the mean of f: the width is missing"""
    return integral(f, a, b) / np.where(b == a, 1.0, b - a)


@INTEGRAL.mutant(
    caught_by="gaussian-integral, derivative-integrates-to-the-difference, derivative-that-is-not-integrable"
)
def one_piece(f, a, b):
    """a single rectangle"""
    return f((a + b) / 2) * (b - a)


@INTEGRAL.mutant(caught_by="no-derivative-where-the-integrand-jumps")
def jump_smoothed(f, a, b):
    """the jump is smoothed away"""
    return integral(lambda x: (f(x + 0.05) + f(x - 0.05)) / 2, a, b)


INTEGRAL.erratum(
    "E41",
    common=r"$\frac{d}{dx}\int_a^xf(t)\,dt=f(x)$ holds for any integrable function (a common slip)",
    why=r"Not where f jumps: for $f=\operatorname{sign}$ the integral is $F(x)=|x|$, whose slopes at 0 are −1 from "
    "the left and 1 from the right; $F'(0)$ does not exist, and $f(0)=0$.",
    right="At every point where f is continuous; for an integrable f at almost every point",
    claims="no-derivative-where-the-integrand-jumps",
)


INTEGRAL.erratum(
    "E154",
    common=r"$\int_a^bF'(x)\,dx=F(b)-F(a)$ for every differentiable F (a common slip)",
    why=r"$F=x^2\sin x^{-2}$ with $F(0)=0$ is differentiable everywhere, but $F'$ is unbounded near 0: on [0, 1] its Riemann "
    "sums have no limit.",
    right="If $F'$ is integrable, for instance continuous",
    claims="derivative-that-is-not-integrable",
)


@INTEGRAL.figure(
    n=Slider(1, 200, 12, "pieces n", log=True, integer=True),
    x=Slider(-3.0, 3.0, 1.6, "upper end x"),
    jump=Slider(0.0, 1.0, 0.0, "height of a jump at 0"),
)
def figure(n, x, jump):
    n = int(n)

    def f(t):
        return 0.8 * np.sin(1.5 * t) + 0.3 + jump * np.sign(t)

    def F(t):  # from −3, in closed form
        return -0.8 / 1.5 * (np.cos(1.5 * t) - np.cos(4.5)) + 0.3 * (t + 3) + jump * (np.abs(t) - 3)

    t = np.linspace(-3, 3, 601)
    fig, (top, bottom) = canvas(rows=2, width=6.4, height=4.8)
    bottom.sharex(top)
    width = (x + 3) / n
    middle = -3 + width * (np.arange(n) + 0.5)
    heights = f(middle)
    colours = [COLOURS[0] if h >= 0 else COLOURS[1] for h in heights]
    top.bar(middle, heights, width, color=colours, alpha=0.35, edgecolor="white", linewidth=0.4 if n < 80 else 0)
    top.plot(t[t < 0], f(t[t < 0]), color="#444444")
    top.plot(t[t > 0], f(t[t > 0]), color="#444444")
    top.axhline(0, color="#bbbbbb", lw=0.8)
    top.set(ylabel="f", title="signed area from $-3$ to x: blue counts +, orange counts $-$")
    bottom.plot(t, F(t), color="#444444")
    slope = float(f(np.array(x)))
    s = np.array([-0.8, 0.8])
    bottom.plot(x + s, F(x) + slope * s, color=COLOURS[2], lw=1.6, label="slope f(x)")
    bottom.plot(x, F(x), "o", color=COLOURS[2], ms=6)
    bottom.set(xlabel="x", ylabel="F(x)", xlim=(-3.1, 3.1))
    bottom.legend(frameon=False, fontsize=9.5, loc="upper left")
    total = float(heights.sum() * width)
    corner = (
        Text("", "")
        if jump == 0
        else Text(
            f" At 0 the slope of F jumps from {0.3 - jump:.2f} to {0.3 + jump:.2f}: no derivative there.",
            f"在 0 处 F 的斜率从 {0.3 - jump:.2f} 跳到 {0.3 + jump:.2f}：那里不可导。",
        )
    )
    words = Text(
        f"Area from −3 to {x:.2f}: {n} rectangles give {total:.4f}, the integral is {float(F(x)):.4f}. F rises at the rate f({x:.2f}) = {slope:.3f}.{corner.en}",
        f"从 −3 到 {x:.2f} 的面积：{n} 个矩形之和为 {total:.4f}，积分为 {float(F(x)):.4f}。F 以速率 f({x:.2f}) = {slope:.3f} 变化。{corner.zh}",
    )
    return Drawing(fig, words)
