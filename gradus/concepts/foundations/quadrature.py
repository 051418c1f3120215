"""Quadrature: the trapezoid rule, Simpson's rule and Gauss's, and how fast their errors fall."""

import numpy as np

from gradus.concepts.foundations.functions_of_numbers import exponential, witch
from gradus.frameworks import namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, bound, near, rate, roundoff
from gradus.page.exercises import array, number
from gradus.page.figures import COLOURS, canvas


def _gauss_only(fixed_quad, f, a, b, n, rule):
    from gradus.page.not_applicable import no_argument

    if rule != "gauss" or np.ndim(a) or np.ndim(b):
        raise no_argument("fixed_quad", "rule" if rule != "gauss" else "a")
    return fixed_quad(f, float(a), float(b), n=n)[0]


def _simpson_only(simpson, f, a, b, n, rule):
    from gradus.page.not_applicable import no_argument

    if rule != "simpson":
        raise no_argument("simpson", "rule")
    x = np.linspace(a, b, n + 1, axis=-1)
    return simpson(f(x), x=x, axis=-1)


QUADRATURE = Concept(
    key="quadrature",
    kind="algorithm",
    title="Quadrature: trapezoid, Simpson, Gauss",
    summary="An integral as a weighted sum of values. For a smooth function, straight lines through equally spaced points "
    "give an error of order $h^2$, parabolas $h^4$; Gauss also chooses the points, and n of them are exact for all polynomials up to "
    "degree $2n-1$.",
    formulas=(
        r"T_n=h\Big(\tfrac12f(x_0)+f(x_1)+\dots+f(x_{n-1})+\tfrac12f(x_n)\Big)=\int_a^bf+\frac{h^2}{12}\big(f'(b)-f'(a)\big)+O(h^4),\qquad h=\frac{b-a}{n}",
        r"S_n=\frac h3\Big(f(x_0)+4f(x_1)+2f(x_2)+4f(x_3)+\dots+4f(x_{n-1})+f(x_n)\Big)=\int_a^bf+\frac{h^4}{180}\big(f'''(b)-f'''(a)\big)+O(h^6)",
        r"G_n=\frac{b-a}2\sum_{i=1}^nw_i\,f\Big(\frac{a+b}2+\frac{b-a}2t_i\Big),\qquad P_n(t_i)=0,\quad w_i=\frac{2}{(1-t_i^2)P_n'(t_i)^2}",
    ),
    symbols=(
        Symbol("f", "f", "function", "the integrand, taken entry by entry", "function"),
        Symbol("a", "a", "...", "lower end"),
        Symbol("b", "b", "...", "upper end"),
        Symbol("n", "n", "", "number of pieces; for Gauss of points", "natural"),
        Symbol(r"\text{rule}", "rule", "", "`trapezoid`, `simpson` (n even) or `gauss`", "other"),
        Symbol("h", "", "", "width of a piece"),
        Symbol("t_i", "", "n", "Gauss's points: the zeros of the Legendre polynomial $P_n$"),
        Symbol("w_i", "", "n", "weights"),
    ),
    needs=("integral",),
    source="davis1984methods",
    year=1743,
    people=("Thomas Simpson", "Carl Friedrich Gauss", "Leonhard Euler", "Colin Maclaurin"),
    aliases="numerical integration, trapezoidal rule, Simpson's rule, Gauss-Legendre, "
    "数值积分, 梯形公式, 辛普森公式, 高斯求积, 求积公式",
    implementations=(
        Implementation(
            "gradus.foundations.quadrature:quadrature",
            "numpy",
            None,
            "one call for all rules and for batches of intervals",
        ),
        Implementation("scipy.integrate:fixed_quad", "numpy", _gauss_only),
        Implementation("scipy.integrate:simpson", "numpy", _simpson_only),
    ),
    readings="davis1984methods ch. 2; golub1969calculation; gauss1815methodus; strang1991calculus ch. 5",
    hypotheses=(
        Hypothesis(
            "For the orders: f has four continuous derivatives on [a, b], for Simpson's rule six",
            "kink-costs-the-order",
        ),
    ),
    conventions=(
        Convention(
            "odd number of pieces",
            "refused by Simpson's rule",
            "SciPy's `simpson` takes it, and integrates the last piece under the parabola through the last three values",
        ),
    ),
    differentiable=False,  # the derivative by an end is the integrand itself: a claim of `integral`
)


@QUADRATURE.definition
def quadrature(f, a, b, n, rule="gauss"):
    if rule == "gauss":
        k = np.arange(1, n)
        beta = k / np.sqrt(4 * k**2 - 1)  # t P_k in terms of its neighbours: P_n's zeros are eigenvalues
        t, V = np.linalg.eigh(np.diag(beta, 1) + np.diag(beta, -1))
        t, w = (t + 1) / 2, V[0] ** 2
    else:
        t, w = np.arange(n + 1) / n, np.full(n + 1, 1 / n)
        if rule == "simpson":
            w = w * np.where(np.arange(n + 1) % 2, 4, 2) / 3
        w[[0, n]] = w[[0, n]] / 2
    x = a[..., None] + (b - a)[..., None] * t
    return (b - a) * np.sum(w * f(x), -1)


@QUADRATURE.example
def example():
    def f(x):
        return 1 / x

    a, b, n, h, exact = np.array(1.0), np.array(3.0), 2, 1.0, np.log(3)
    x, t = np.array([1.0, 2.0, 3.0]), np.array([-1, 1]) / np.sqrt(3)
    sizes = np.array([2, 4, 8])
    errors = np.array([[quadrature(f, a, b, k, rule) - exact for rule in RULES] for k in sizes])
    return (
        dict(f=f, a=a, b=b, n=n, x=x, y=f(x), t=t, points=2 + t, heights=f(2 + t))
        | dict(trapezoid=quadrature(f, a, b, n, "trapezoid"), simpson=quadrature(f, a, b, n, "simpson"))
        | dict(gauss=quadrature(f, a, b, n), exact=exact, sizes=sizes, errors=errors)
        | dict(predicted=h**2 / 12 * (-1 / 9 + 1), fall=errors[1, :2] / errors[2, :2])
        | dict(per_point=(errors[1, 2] / errors[2, 2]) ** 0.25, coarse=h * 2 * (1 + 1 / 3) / 2)
    )


@QUADRATURE.exercise
def a_hundredth_of_the_error():
    a, b, exact = np.array(0.0), np.array(1.0), np.e - 1
    miss = [float(quadrature(np.exp, a, b, n, "trapezoid")) - exact for n in (10, 100)]
    power = round(np.log10(miss[0] / miss[1]))  # 2: a tenth of h, a hundredth of the error
    return number(10 * 100 ** (1 / power), first_order=1000.0, simpson=10 * 100 ** (1 / 4))


@QUADRATURE.exercise
def degree_nine():
    a, b = np.array(0.0), np.array(1.0)
    exact = [n for n in range(1, 12) if abs(float(quadrature(lambda x: x**9, a, b, n)) - 0.1) < 1e-13]
    return number(exact[0], through_ten_points=10.0, degree_itself=9.0, tolerance=1e-6)


@QUADRATURE.exercise
def two_points_on_the_unit_interval():
    seen = []
    quadrature(lambda x: seen.append(x) or x, np.array(0.0), np.array(1.0), 2)
    return array(seen[0], not_moved=[-1 / np.sqrt(3), 1 / np.sqrt(3)], equally_spaced=[0.25, 0.75], ends=[0.0, 1.0])


@generic
def kink(x):
    return abs(x - 0.2)


RULES = ("trapezoid", "simpson", "gauss")


def numbers(*values):
    return tuple(np.array(float(v)) for v in values)


@QUADRATURE.cases
def cases(rng):
    for rule in RULES:
        a, b = numbers(*np.sort(rng.uniform(-1, 2, 2)))
        yield f"exponential, {rule}", dict(f=exponential, a=a, b=b, n=6, rule=rule)
        yield (
            f"several intervals, {rule}",
            dict(f=witch, a=rng.uniform(-2, 0, 3), b=rng.uniform(0, 2, 3), n=8, rule=rule),
        )
        yield f"backwards, {rule}", dict(f=witch, a=np.array(1.0), b=np.array(-0.5), n=2, rule=rule)
    yield "one point", dict(f=exponential, a=np.array(0.0), b=np.array(1.0), n=1, rule="gauss")
    yield "one piece", dict(f=exponential, a=np.array(0.0), b=np.array(1.0), n=1, rule="trapezoid")


@QUADRATURE.invalid
def invalid(rng):
    yield "no piece at all", dict(f=exponential, a=np.array(0.0), b=np.array(1.0), n=0, rule="gauss")
    yield ("a rule that does not exist", dict(f=exponential, a=np.array(0.0), b=np.array(1.0), n=4, rule="best"))


def error(quadrature, f, exact, a, b, n, rule):
    return abs(float(quadrature(f, *numbers(a, b), int(n), rule)) - exact)


@QUADRATURE.claim
def trapezoid_is_second_order(quadrature, rng):
    r"""The trapezoid rule's error falls like $h^2$ for the exponential, as wherever $f'(a)\ne f'(b)$"""
    a, b = rng.uniform(-1, 0), rng.uniform(0.5, 1.5)
    pieces = 2 ** np.arange(3, 10)
    return rate(
        (b - a) / pieces,
        [error(quadrature, exponential, np.exp(b) - np.exp(a), a, b, n, "trapezoid") for n in pieces],
        2.0,
    )


@QUADRATURE.claim
def simpson_is_fourth_order(quadrature, rng):
    r"""Simpson's error falls like $h^4$ for the exponential, as wherever $f'''(a)\ne f'''(b)$"""
    a, b = rng.uniform(-1, 0), rng.uniform(0.5, 1.5)
    pieces = 2 ** np.arange(3, 9)
    return rate(
        (b - a) / pieces,
        [error(quadrature, exponential, np.exp(b) - np.exp(a), a, b, n, "simpson") for n in pieces],
        4.0,
    )


def monomial(k):
    return generic(lambda x: x**k)


@QUADRATURE.claim
def gauss_is_exact_to_2n_minus_1(quadrature, rng):
    r"""n points of Gauss are exact to degree $2n-1$, and miss $t^{2n}$ on $[-1,1]$ by
    $\frac{2^{2n+1}(n!)^4}{(2n+1)[(2n)!]^2}$"""
    from math import factorial

    for n in (1, 2, 3, 5, 8):
        for k in range(2 * n):
            got = quadrature(monomial(k), *numbers(-1, 1), n, "gauss")
            yield roundoff(got, 0.0 if k % 2 else 2 / (k + 1), terms=4 * n, scale=2.0)
        missed = 2 / (2 * n + 1) - float(quadrature(monomial(2 * n), *numbers(-1, 1), n, "gauss"))
        exact = 2.0 ** (2 * n + 1) * factorial(n) ** 4 / ((2 * n + 1) * factorial(2 * n) ** 2)
        yield roundoff(missed, exact, terms=4 * n, scale=2.0)


@QUADRATURE.claim
def exact_for_low_degrees(quadrature, rng):
    """Simpson's rule is exact for cubics, one degree more than its parabolas; the trapezoid rule for straight lines"""
    for rule, degree in (("trapezoid", 1), ("simpson", 3)):
        c = rng.standard_normal(degree + 1)
        f = generic(lambda x, c=c: sum(ck * x**k for k, ck in enumerate(c)))
        for a, b in rng.uniform(-1.5, 1.5, (3, 2)):
            exact = sum(ck * (b ** (k + 1) - a ** (k + 1)) / (k + 1) for k, ck in enumerate(c))
            size = 3 * np.abs(c).sum() * 1.5 ** (degree + 1)
            yield roundoff(quadrature(f, *numbers(a, b), 4, rule), exact, terms=8, scale=size)
    quartic = float(quadrature(monomial(4), *numbers(0, 1), 2, "simpson")) - 0.2
    why = Text("$h^4/180$ times the jump 24 of $f'''$", "$h^4/180$ 乘以 $f'''$ 的差 24")
    yield near(quartic, 0.5**4 / 180 * 24, 16 * EPSILON, why)


@QUADRATURE.claim
def leading_error_term(quadrature, rng):
    """The leading error of both rules is that of the formula, with its sign: for the exponential the quotients tend to 1
    like $h^2$"""
    for rule, power, factor in (("trapezoid", 2, 1 / 12), ("simpson", 4, 1 / 180)):
        pieces = 2 ** np.arange(2, 7)
        gaps = []
        for n in pieces:
            miss = float(quadrature(exponential, *numbers(0, 1), int(n), rule)) - (np.e - 1)
            gaps.append(abs(miss / (factor * (np.e - 1) / float(n) ** power) - 1))
        yield rate(1 / pieces, gaps, 2.0)


@QUADRATURE.claim
def trapezoid_is_geometric_for_periodic_functions(quadrature, rng):
    r"""Over a whole period of an analytic function the trapezoid rule converges geometrically:
    $\int_0^{2\pi}\frac{dx}{5/4-\cos x}=\frac{8\pi}{3}$, missed by the factor $\frac{2}{2^n-1}$"""
    f = generic(lambda x: 1.0 / (1.25 - namespace(x).cos(x)))
    for n in (4, 8, 16, 32):
        got = float(quadrature(f, *numbers(0, 2 * np.pi), n, "trapezoid"))
        exact = 8 * np.pi / 3 * (1 + 2 / (2.0**n - 1))  # the aliased terms of Σ 2^{-|k|} e^{ikx}
        yield roundoff(got, exact, terms=n, c=8)


@QUADRATURE.claim
def kink_costs_the_order(quadrature, rng):
    """A kink at a fixed place inside the pieces costs the high orders: Simpson's error then falls like $h^2$ only, and
    Gauss's with 48 points is still above $0.01/48^2$. A kink at the end of a pair of pieces costs Simpson's nothing"""
    exact = (0.04 + 0.64) / 2
    pieces = 2.0 * np.array([6, 11, 21, 41, 81, 161])  # the kink lies at a fifth of a pair of pieces in all
    simpson = rate(1 / pieces, [error(quadrature, kink, exact, 0, 1, n, "simpson") for n in pieces], 2.0)
    points = np.array([6, 12, 24, 48])
    gauss = [error(quadrature, kink, exact, 0, 1, n, "gauss") for n in points]
    smooth = error(quadrature, witch, np.pi / 4, 0, 1, 12, "gauss")
    yield simpson
    for n in (10, 20, 40):  # 0.2 is a node between two parabolas
        yield roundoff(quadrature(kink, *numbers(0, 1), n, "simpson"), exact, terms=n, scale=1.0)
    yield bound(gauss[-1] * 48**2, 0.01, "≥", Text("still of order n⁻²", "仍为 n⁻² 阶"))
    yield bound(smooth, 16 * EPSILON, "≤", Text("12 points suffice where f is smooth", "光滑时 12 个点已足够"))


@QUADRATURE.mutant(caught_by="trapezoid-is-second-order, exact-for-low-degrees, equals-definition, leading-error-term")
def left_riemann_sum(f, a, b, n, rule="gauss"):
    """left Riemann sum for the trapezoid rule"""
    if rule != "trapezoid":
        return quadrature(f, a, b, n, rule)
    x = a[..., None] + (b - a)[..., None] * np.arange(n) / n
    return (b - a) * np.mean(f(x), -1)


@QUADRATURE.mutant(caught_by="simpson-is-fourth-order, exact-for-low-degrees, equals-definition")
def four_and_two_interchanged(f, a, b, n, rule="gauss"):
    """Simpson's 4 and 2 interchanged"""
    if rule != "simpson":
        return quadrature(f, a, b, n, rule)
    return 2 * quadrature(f, a, b, n, "trapezoid") - quadrature(f, a, b, n, "simpson")


@QUADRATURE.mutant(caught_by="trapezoid-is-second-order, trapezoid-is-geometric-for-periodic-functions")
def ends_count_fully(f, a, b, n, rule="gauss"):
    """the ends of the trapezoid rule count fully"""
    return quadrature(f, a, b, n, rule) + (rule == "trapezoid") * (b - a) * (f(a) + f(b)) / (2 * n)


@QUADRATURE.mutant(caught_by="gauss-is-exact-to-2n-minus-1, kink-costs-the-order, equals-definition")
def equally_spaced(f, a, b, n, rule="gauss"):
    """Gauss's points are taken equally spaced"""
    if rule != "gauss":
        return quadrature(f, a, b, n, rule)
    x = a[..., None] + (b - a)[..., None] * (np.arange(n) + 0.5) / n
    return (b - a) * np.mean(f(x), -1)


@QUADRATURE.mutant(caught_by="gauss-is-exact-to-2n-minus-1")
def one_point_too_few(f, a, b, n, rule="gauss"):
    """one point of Gauss too few"""
    return quadrature(f, a, b, max(1, n - 1) if rule == "gauss" else n, rule)


@QUADRATURE.figure(
    n=Slider(2, 64, 6, "pieces, or points of Gauss", log=True, integer=True),
    c=Slider(-0.5, 1.5, -0.5, "place of a kink; outside [0, 1] there is none"),
)
def figure(n, c):
    n = max(2, int(n) // 2 * 2)

    def f(x):
        return 0.6 * np.sin(5 * x) + 0.8 + 0.8 * np.abs(x - c)

    inside = min(max(c, 0.0), 1.0)
    exact = (
        0.12 * (1 - np.cos(5))
        + 0.8
        + 0.4 * ((1 - c) * abs(1 - c) + c * abs(c) if 0 <= c <= 1 else abs((1 - c) ** 2 - c * c))
    )
    fig, (left, right) = canvas(columns=2, width=8.0, height=3.5)
    t = np.linspace(0, 1, 400)
    left.plot(t, f(t), color="#444444")
    x = np.linspace(0, 1, n + 1)
    left.fill_between(x, f(x), color=COLOURS[0], alpha=0.18, lw=0)
    left.plot(x, f(x), "o-", color=COLOURS[0], ms=3, lw=1, label="trapezoids")
    g = (np.polynomial.legendre.leggauss(n)[0] + 1) / 2
    left.plot(g, f(g), "x", color=COLOURS[2], ms=6, label="Gauss's points")
    left.set(xlabel="x", ylim=(0, None), title=f"n = {n}")
    left.legend(frameon=False, fontsize=9.5, loc="lower left")
    sizes = np.unique((2 ** np.linspace(1, 8, 22)).astype(int) // 2 * 2)
    now = []
    for k, rule in enumerate(RULES):
        errors = [error(quadrature, f, exact, 0, 1, m, rule) for m in sizes]
        right.loglog(sizes, np.maximum(errors, 1e-17), "o-", ms=3, lw=1.2, color=COLOURS[k], label=rule)
        now.append(error(quadrature, f, exact, 0, 1, n, rule))
    right.axvline(n, color="#888888", lw=0.8)
    right.set(xlabel="n", ylabel="error", ylim=(3e-18, 3), title="error")
    right.legend(frameon=False, fontsize=9.5)
    where = Text(f"with a kink at {inside:.2f}", f"尖点在 {inside:.2f}") if 0 < c < 1 else Text("smooth", "光滑函数")
    words = Text(
        f"∫ over [0, 1], {where.en}. With n = {n} the trapezoid rule misses by {now[0]:.2g}, Simpson's by {now[1]:.2g}, Gauss's by {now[2]:.2g}.",
        f"[0, 1] 上的积分，{where.zh}。n = {n} 时，梯形公式误差 {now[0]:.2g}，辛普森公式 {now[1]:.2g}，高斯公式 {now[2]:.2g}。",
    )
    return Drawing(fig, words)
