"""Taylor expansion: the polynomial that agrees with a function and its derivatives at a point."""

import math

import numpy as np

from gradus.concepts.foundations.functions_of_numbers import exponential, sine, witch
from gradus.frameworks import namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, bound, near, rate, roundoff
from gradus.page.exercises import number
from gradus.page.figures import COLOURS, canvas


def _ours(taylor_polynomial, f, a, x, n, r):
    return taylor_polynomial(f, a, x, n)


def _torch(jvp, f, a, x, n, r):
    import torch

    derivative, y = f, 0.0 * x
    for k in range(n + 1):
        y = y + derivative(a) * (x - a) ** k / math.factorial(k)
        derivative = lambda t, g=derivative: jvp(g, (t,), (torch.ones_like(t),))[1]
    return y


TAYLOR = Concept(
    key="taylor",
    kind="theorem",
    title="Taylor expansion",
    summary="The polynomial of degree n or less that has the value and the first n derivatives of f at a. Near a it misses f "
    "by a term of order n+1; how far it converges to an analytic f as n grows is decided by the nearest singularity, "
    "also a complex one.",
    formulas=(
        r"T_n(x)=\sum_{k=0}^{n}\frac{f^{(k)}(a)}{k!}(x-a)^k",
        r"f(x)-T_n(x)=\frac{f^{(n+1)}(\xi)}{(n+1)!}(x-a)^{n+1}=\int_a^x\frac{f^{(n+1)}(t)}{n!}(x-t)^n\,dt,\qquad \xi\text{ between }a\text{ and }x",
        r"\frac{f^{(k)}(a)}{k!}=\frac{1}{2\pi r^k}\int_0^{2\pi}f(a+re^{\mathrm i\theta})\,e^{-\mathrm ik\theta}\,d\theta\qquad(f\text{ analytic within }r)",
    ),
    symbols=(
        Symbol("f", "f", "function", "smooth function of one variable, taken entry by entry", "function"),
        Symbol("a", "a", "", "centre of the expansion"),
        Symbol("x", "x", "... m", "where the polynomial is evaluated"),
        Symbol("n", "n", "", "degree", "natural"),
        Symbol(
            "r",
            "r",
            "",
            "radius of the circle around a on which the definition reads f; smaller than the radius of convergence",
            "other",
        ),
        Symbol(r"\xi", "", "", "some point between a and x"),
        Symbol(r"\theta", "", "", "angle on the circle"),
    ),
    needs=("derivative",),
    source="taylor1715methodus",
    year=1715,
    people=("Brook Taylor", "James Gregory", "Joseph-Louis Lagrange"),
    aliases="Taylor series, Taylor polynomial, Maclaurin series, Taylor's theorem, "
    "泰勒公式, 泰勒级数, 麦克劳林展开, 泰勒多项式",
    implementations=(
        Implementation(
            "gradus.foundations.taylor:taylor_polynomial",
            "numpy",
            _ours,
            "arithmetic with power series: $n^2$ operations for a product, $n^3$ for an elementary function",
        ),
        Implementation("torch.func:jvp", "torch", _torch, "nested once for each order: the cost doubles with each"),
    ),
    readings="rudin1976principles ch. 5; strang1991calculus ch. 10; lyness1967numerical; griewank2008evaluating ch. 13",
    hypotheses=(
        Hypothesis("For the remainder: f has n + 1 continuous derivatives between a and x", "kink-between"),
        Hypothesis(
            "For the integral over the circle, by which the definition works: f is analytic within r of a",
            "circle-too-large",
        ),
    ),
    deviations="SciPy's `approximate_taylor_polynomial` fits values at Chebyshev points instead of differentiating: "
    "its coefficients are approximate.",
    longest_sum=64,  # coefficients of the circle's integral, and the powers they meet
)


@TAYLOR.definition
def taylor(f, a, x, n, r=0.5):
    w = np.exp(2j * np.pi * np.arange(256) / 256)  # the trapezoid rule is exact to rounding on a circle
    f_w = f(a + r * w)
    T = 0.0 * x
    for k in range(n + 1):
        c_k = np.mean(f_w * w**-k).real / r**k  # f^(k)(a)/k!
        T = T + c_k * (x - a) ** k
    return T


@TAYLOR.example
def example():
    f, a, x, n = np.exp, np.array(0.0), np.array([0.25, 0.5, 1.0]), 3
    T = np.array([taylor(f, a, x, k) for k in range(5)])  # degrees 0 to 4
    error = f(x) - T
    return dict(f=f, a=a, x=x, n=n, T=T, error=error, value=f(x), low=x**4 / 24, high=f(x) * x**4 / 24) | dict(
        ratio=error[3, 1:] / error[3, :-1], term=x**3 / 6
    )


@TAYLOR.exercise
def half_the_distance():
    a, h = np.array(0.0), 2.0**-8
    missed = np.abs(taylor(np.exp, a, np.array([h, h / 2]), 2) - np.exp([h, h / 2]))
    order = round(float(np.log2(missed[0] / missed[1])))
    return number(8e-4 / 2**order, same_order_as_degree=8e-4 / 2 ** (order - 1), linear=4e-4)


@TAYLOR.exercise
def how_far_it_reaches():
    a, poles = 1.0, np.array([1j, -1j])  # of 1/(1 + x²)
    return number(np.abs(poles - a).min(), as_around_zero=np.abs(poles).min(), twice=2.0)


@TAYLOR.exercise
def cancelled_digits():
    x = 1e-9
    c = [float(taylor(np.cos, np.array(0.0), np.array([1.0]), k)[0]) for k in (0, 2)]  # 1 and 1 − ½
    return number(c[0] - c[1], as_computed=(1 - np.cos(x)) / x**2, without_the_factorial=1.0)


@generic
def cubic(x):
    return 2.0 * x**3 - x + 0.5


@generic
def softplus(x):
    return namespace(x).log(1.0 + namespace(x).exp(x))


@TAYLOR.cases
def cases(rng):
    near_a = 0.2 + 0.4 * rng.uniform(-1, 1, 5)
    yield "exponential, degree 3", dict(f=exponential, a=np.array(0.2), x=near_a, n=3)
    yield "sine, degree 4", dict(f=sine, a=np.array(-0.7), x=-0.7 + 0.5 * rng.uniform(-1, 1, (2, 3)), n=4)
    yield "witch of Agnesi, degree 2", dict(f=witch, a=np.array(0.5), x=np.array([0.3, 0.9]), n=2)
    yield "softplus, degree 2", dict(f=softplus, a=np.array(0.4), x=near_a, n=2)
    yield "cubic, exact", dict(f=cubic, a=np.array(1.5), x=np.array([1.25, 1.75]), n=3)
    yield "degree 0 is the value", dict(f=exponential, a=np.array(1.0), x=np.array([0.5, 1.25]), n=0)


@TAYLOR.invalid
def invalid(rng):
    yield "three centres for two points", dict(f=exponential, a=np.zeros(3), x=np.ones(2), n=2)


@TAYLOR.claim
def remainder_has_order_n_plus_1(taylor, rng):
    r"""The remainder falls like $|x-a|^{n+1}$ where $f^{(n+1)}(a)\ne0$"""
    for n in range(4):
        a, steps = np.array(rng.uniform(0.2, 0.5)), 2.0 ** -np.arange(4, 9)
        errors = np.abs(taylor(exponential, a, a + steps, n) - np.exp(a + steps))
        yield rate(steps, errors, n + 1)


@TAYLOR.claim
def polynomials_are_reproduced(taylor, rng):
    """A polynomial of degree n is its own expansion, around every centre"""
    for a in rng.uniform(-2, 2, 4):
        x = a + rng.uniform(-1, 1, 6)
        size = 2 * (abs(a) + 1) ** 3 + abs(a) + 2
        yield roundoff(taylor(cubic, np.array(a), x, 3), cubic(x), terms=64, scale=size)


@TAYLOR.claim
def sine_has_its_known_series(taylor, rng):
    r"""$T_8$ of the sine around 0 is $x-\frac{x^3}{6}+\frac{x^5}{120}-\frac{x^7}{5040}$"""
    x = rng.uniform(-0.9, 0.9, 8)
    want = x - x**3 / 6 + x**5 / 120 - x**7 / 5040
    # what rounding on the circle of radius ½ leaves in coefficient k grows by 2^k
    return roundoff(taylor(sine, np.array(0.0), x, 8), want, terms=64, scale=(0.9 / 0.5) ** 8)


@TAYLOR.claim
def lagranges_bound(taylor, rng):
    r"""Lagrange: $|R_n|\le\max|f^{(n+1)}|\,\frac{|x-a|^{n+1}}{(n+1)!}$. For e, the tail of the
    series below a geometric one says more: $\frac{1}{(n+1)!}<e-\sum_{k\le n}\frac1{k!}<\frac{1}{n\cdot n!}$"""
    a = np.array(rng.uniform(-1, 1))
    x = a + np.linspace(-0.8, 0.8, 9)
    for n in range(1, 6):
        missed = np.abs(taylor(sine, a, x, n) - np.sin(x))
        limit = np.abs(x - a) ** (n + 1) / math.factorial(n + 1)  # all derivatives of sine are ≤ 1
        yield bound((missed - limit).max(), 64 * 2.0 ** (n + 1) * EPSILON)
        e = float(taylor(exponential, np.array(0.0), np.ones(1), n)[0])
        yield bound(math.e - e, 1 / (n * math.factorial(n)))
        yield bound(math.e - e, 1 / math.factorial(n + 1), "≥")


@TAYLOR.claim
def kink_between(taylor, rng):
    r"""With a kink between a and x the remainder is not Lagrange's: of $|x|^3$ around ½ $T_3=x^3$, which at $-\frac12$ is
    off by ¼, though $f^{(4)}=0$ wherever it exists"""
    f = generic(lambda x: x * x * namespace(x).sqrt(x * x))  # |x|³
    x = np.array([-0.5, 0.25])
    got = taylor(f, np.array(0.5), x, 3, 0.25)
    yield roundoff(got, x**3, terms=64, scale=4.0**3)  # rounding on the circle of radius ¼ is multiplied by (1/¼)³
    yield roundoff(f(x) - x**3, np.array([0.25, 0.0]), terms=2, scale=1.0)


@TAYLOR.claim
def radius_of_convergence(taylor, rng):
    r"""$\frac1{1+x^2}$ is smooth everywhere, yet its series around 0 leaves $\frac{\pm x^{n+2}}{1+x^2}$ (n even): it
    converges only for $|x|<1$, the distance to $\pm\mathrm i$"""
    for x in (0.8, 1.25):
        for n in (4, 8, 16, 20):
            got = float(taylor(witch, np.array(0.0), np.array([x]), n, 0.75)[0]) - 1 / (1 + x * x)
            exact = (-1.0) ** (n // 2) * x ** (n + 2) / (1 + x * x)
            rounding = 16 * EPSILON * 2.3 * (n + 1) * max(1.0, x / 0.75) ** n
            why = Text(
                "rounding on the circle of radius ¾, where |f| ≤ 2.3", "半径 ¾ 的圆周上的舍入误差，其上 |f| ≤ 2.3"
            )
            yield near(got, exact, rounding, why, "roundoff")


@TAYLOR.claim
def derivative_by_the_centre(taylor, rng):
    r"""Moving the centre changes the polynomial by the next term alone:
    $\frac{\partial T_n}{\partial a}=\frac{f^{(n+1)}(a)}{n!}(x-a)^n$"""
    h = 2.0**-10
    for n in range(4):
        a, x = rng.uniform(-0.5, 0.5), np.array([0.3, 0.8])
        slope = (taylor(exponential, np.array(a + h), x, n) - taylor(exponential, np.array(a - h), x, n)) / (2 * h)
        want = np.exp(a) * (x - a) ** n / math.factorial(n)
        why = Text(
            "h² for the central difference, with a margin for the third derivative",
            "中心差分误差 h²，并为三阶导数留有余量",
        )
        yield near(np.abs(slope - want).max(), 0.0, 8 * h * h * np.exp(0.5), why)


@TAYLOR.mutant(caught_by="remainder-has-order-n-plus-1, sine-has-its-known-series, lagranges-bound, equals-definition")
def factorial_missing(f, a, x, n, r=0.5):
    """the factorial is missing"""
    terms = [taylor(f, a, x, k, r) - (taylor(f, a, x, k - 1, r) if k else 0) for k in range(n + 1)]
    return sum(math.factorial(k) * t for k, t in enumerate(terms))


@TAYLOR.mutant(
    caught_by="remainder-has-order-n-plus-1, polynomials-are-reproduced, derivative-by-the-centre, kink-between"
)
def one_term_too_few(f, a, x, n, r=0.5):
    """one term too few"""
    return taylor(f, a, x, n - 1, r)


@TAYLOR.mutant(caught_by="polynomials-are-reproduced, derivative-by-the-centre")
def centre_forgotten(f, a, x, n, r=0.5):
    """powers of x instead of x − a"""
    return taylor(f, a, x + a, n, r)


@TAYLOR.mutant(caught_by="radius-of-convergence")
def circle_too_large(f, a, x, n, r=0.5):
    """the circle encloses a singularity"""
    return taylor(f, a, x, n, 2 * r)


@TAYLOR.mutant(caught_by="sine-has-its-known-series, lagranges-bound")
def signs_alternate(f, a, x, n, r=0.5):
    """signs alternate, as if expanded at −a"""
    return taylor(f, a, 2 * a - x, n, r)


@TAYLOR.figure(n=Slider(0, 20, 4, "degree n", integer=True), a=Slider(-1.2, 1.2, 0.3, "centre a"))
def figure(n, a):
    n, radius = int(n), math.hypot(1.0, a)  # the distance from a to ±i
    t = np.linspace(-2.6, 2.6, 521)
    fig, (left, right) = canvas(columns=2, width=8.0, height=3.5)
    left.axvspan(a - radius, a + radius, color=COLOURS[0], alpha=0.08, lw=0)
    left.plot(t, witch(t), color="#555555", label=r"$1/(1+x^2)$")
    p = taylor(witch, a, t, n, 0.75)
    left.plot(t, np.where(np.abs(p) < 4, p, np.nan), color=COLOURS[1], lw=1.4, label=f"$T_{{{n}}}$")
    left.plot(a, witch(a), "o", color=COLOURS[1], ms=5)
    left.set(ylim=(-0.6, 1.7), xlabel="x", title="shaded: where the series converges")
    left.legend(frameon=False, fontsize=9.5, loc="upper right")
    h = np.logspace(-2, np.log10(1.4), 120) * radius
    for k, (f, name) in enumerate(((witch, "$1/(1+x^2)$"), (exponential, "$e^x$"))):
        error = np.abs(taylor(f, a, a + h, n, 0.75) - f(a + h))
        right.loglog(h, np.maximum(error, 1e-17), color=COLOURS[1 - k], lw=1.4, label=name)
    right.axvline(radius, color=COLOURS[0], lw=0.8, ls=":")
    right.set(xlabel="$|x-a|$", ylabel=r"$|f-T_n|$", ylim=(1e-17, 1e3), title=rf"remainder: slope $\geq$ {n + 1}")
    right.legend(frameon=False, fontsize=9.5, loc="upper left")
    inside, outside = a + 0.5 * radius, a + 1.2 * radius
    miss = [abs(float(taylor(witch, a, np.array(q), n, 0.75) - witch(q))) for q in (inside, outside)]
    words = Text(
        f"1/(1+x²) and its Taylor polynomial of degree {n} around {a:.2f}. The series converges within {radius:.3f}, the distance to ±i: "
        f"halfway there, at x = {inside:.2f}, it misses by {miss[0]:.2g}; beyond it, at {outside:.2f}, by {miss[1]:.2g}, without bound as n grows.",
        f"1/(1+x²) 及其在 {a:.2f} 处的 {n} 次泰勒多项式。级数在 {radius:.3f}（到 ±i 的距离）以内收敛："
        f"在一半处 x = {inside:.2f} 误差为 {miss[0]:.2g}；在界外 {outside:.2f} 处误差为 {miss[1]:.2g}，且随 n 增大而无界。",
    )
    return Drawing(fig, words)
