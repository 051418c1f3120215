"""Quadrature: the trapezoid rule, Simpson's rule and Gauss's, and how fast their errors fall."""

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text, generic, namespace
from gradus.page.evidence import EPSILON, all_of, bound, near, rate, roundoff
from gradus.page.figures import COLOURS, canvas


def _gauss_only(fixed_quad, f, a, b, n, rule):
    from gradus.page.evidence import no_argument

    if rule != "gauss" or np.ndim(a) or np.ndim(b):
        raise no_argument("fixed_quad", "rule" if rule != "gauss" else "a")
    return fixed_quad(f, float(a), float(b), n=n)[0]


def _simpson_only(simpson, f, a, b, n, rule):
    from gradus.page.evidence import no_argument

    if rule != "simpson":
        raise no_argument("simpson", "rule")
    x = np.linspace(a, b, n + 1, axis=-1)
    return simpson(f(x), x=x, axis=-1)


QUADRATURE = Concept(
    key="quadrature",
    kind="algorithm",
    title=Text("Quadrature: trapezoid, Simpson, Gauss", "数值积分：梯形、辛普森与高斯公式"),
    summary=Text(
        "An integral as a weighted sum of values. Straight lines through equally spaced points give an error of order $h^2$, parabolas $h^4$; "
        "Gauss also chooses the points, and n of them are exact for all polynomials up to degree $2n-1$.",
        "把积分写成函数值的加权和。在等距点上用直线段，误差为 $h^2$ 阶；用抛物线，误差为 $h^4$ 阶；高斯公式连取点也加以选择，n 个点对 $2n-1$ 次以内的多项式都是精确的。",
    ),
    formulas=(
        r"T_n=h\Big(\tfrac12f(x_0)+f(x_1)+\dots+f(x_{n-1})+\tfrac12f(x_n)\Big)=\int_a^bf+\frac{h^2}{12}\big(f'(b)-f'(a)\big)+O(h^4),\qquad h=\frac{b-a}{n}",
        r"S_n=\frac h3\Big(f(x_0)+4f(x_1)+2f(x_2)+4f(x_3)+\dots+4f(x_{n-1})+f(x_n)\Big)=\int_a^bf+\frac{h^4}{180}\big(f'''(b)-f'''(a)\big)+O(h^6)",
        r"G_n=\frac{b-a}2\sum_{i=1}^nw_i\,f\Big(\frac{a+b}2+\frac{b-a}2t_i\Big),\qquad P_n(t_i)=0,\quad w_i=\frac{2}{(1-t_i^2)P_n'(t_i)^2}",
    ),
    symbols=(
        Symbol("f", "f", "function", Text("the integrand, taken entry by entry", "被积函数，逐元素计算"), "function"),
        Symbol("a", "a", "...", Text("lower end", "积分下限")),
        Symbol("b", "b", "...", Text("upper end", "积分上限")),
        Symbol("n", "n", "", Text("number of pieces; for Gauss of points", "分段数；高斯公式中为点数"), "natural"),
        Symbol(r"\text{rule}", "rule", "", Text("`trapezoid`, `simpson` (n even) or `gauss`", "`trapezoid`（梯形）、`simpson`（辛普森，n 为偶数）或 `gauss`（高斯）"), "other"),
        Symbol("h", "", "", Text("width of a piece", "每段宽度")),
        Symbol("t_i", "", "n", Text("Gauss's points: the zeros of the Legendre polynomial $P_n$", "高斯点：勒让德多项式 $P_n$ 的零点")),
        Symbol("w_i", "", "n", Text("weights", "权重")),
    ),
    needs=("integral",),
    source="davis1984methods",
    year=1743,
    people=("Thomas Simpson", "Carl Friedrich Gauss", "Leonhard Euler", "Colin Maclaurin"),
    implementations=(
        Implementation("gradus.foundations.quadrature:quadrature", "numpy", None, Text("one call for all rules and for batches of intervals", "一个函数涵盖各种公式与成批的区间")),
        Implementation("scipy.integrate:fixed_quad", "numpy", _gauss_only),
        Implementation("scipy.integrate:simpson", "numpy", _simpson_only),
    ),
    readings=(
        Reading("davis1984methods", "ch. 2"),
        Reading("golub1969calculation"),
        Reading("gauss1815methodus"),
        Reading("strang1991calculus", "ch. 5"),
    ),
    deviations=(
        Text(
            "SciPy's `simpson` also takes an odd number of pieces and mends the last one with a cubic correction; here it is refused.",
            "SciPy 的 `simpson` 也接受奇数段，并对最后一段作修正；此处拒绝奇数段。",
        ),
    ),
    differentiable=False,  # the derivative by an end is the integrand itself: a claim of `integral`
)  # fmt: skip


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


@generic
def exponential(x):
    return namespace(x).exp(x)


@generic
def witch(x):
    return 1.0 / (1.0 + x * x)


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
    yield "one piece", dict(f=exponential, a=np.array(0.0), b=np.array(1.0), n=1, rule="trapezoid")  # fmt: skip


@QUADRATURE.invalid
def invalid(rng):
    yield "no piece at all", dict(f=exponential, a=np.array(0.0), b=np.array(1.0), n=0, rule="gauss")
    yield (
        "a rule that does not exist",
        dict(f=exponential, a=np.array(0.0), b=np.array(1.0), n=4, rule="best"),
    )


def error(quadrature, f, exact, a, b, n, rule):
    return abs(float(quadrature(f, *numbers(a, b), int(n), rule)) - exact)


@QUADRATURE.claim(Text("The trapezoid rule's error falls like $h^2$", "梯形公式的误差按 $h^2$ 下降"))
def trapezoid_is_second_order(quadrature, rng):
    a, b = rng.uniform(-1, 0), rng.uniform(0.5, 1.5)
    pieces = 2 ** np.arange(3, 10)
    return rate((b - a) / pieces, [error(quadrature, exponential, np.exp(b) - np.exp(a), a, b, n, "trapezoid") for n in pieces], 2.0)  # fmt: skip


@QUADRATURE.claim(Text("Simpson's error falls like $h^4$", "辛普森公式的误差按 $h^4$ 下降"))
def simpson_is_fourth_order(quadrature, rng):
    a, b = rng.uniform(-1, 0), rng.uniform(0.5, 1.5)
    pieces = 2 ** np.arange(3, 9)
    return rate((b - a) / pieces, [error(quadrature, exponential, np.exp(b) - np.exp(a), a, b, n, "simpson") for n in pieces], 4.0)  # fmt: skip


def monomial(k):
    return generic(lambda x: x**k)


@QUADRATURE.claim(
    Text(
        r"n points of Gauss are exact to degree $2n-1$, and miss $t^{2n}$ on $[-1,1]$ by $\frac{2^{2n+1}(n!)^4}{(2n+1)[(2n)!]^2}$",
        r"高斯公式 n 个点对 $2n-1$ 次以内精确；对 $[-1,1]$ 上的 $t^{2n}$ 误差为 $\frac{2^{2n+1}(n!)^4}{(2n+1)[(2n)!]^2}$",
    )
)
def gauss_is_exact_to_2n_minus_1(quadrature, rng):
    from math import factorial

    found = []
    for n in (1, 2, 3, 5, 8):
        for k in range(2 * n):
            got = quadrature(monomial(k), *numbers(-1, 1), n, "gauss")
            found.append(roundoff(got, 0.0 if k % 2 else 2 / (k + 1), terms=4 * n, scale=2.0))
        missed = 2 / (2 * n + 1) - float(quadrature(monomial(2 * n), *numbers(-1, 1), n, "gauss"))
        exact = 2.0 ** (2 * n + 1) * factorial(n) ** 4 / ((2 * n + 1) * factorial(2 * n) ** 2)
        found.append(roundoff(missed, exact, terms=4 * n, scale=2.0))
    return all_of(*found)


@QUADRATURE.claim(
    Text(
        "Simpson's rule is exact for cubics, one degree more than its parabolas; the trapezoid rule for straight lines",
        "辛普森公式对三次多项式精确，比所用的抛物线高一次；梯形公式对一次函数精确",
    )
)
def exact_for_low_degrees(quadrature, rng):
    found = []
    for rule, degree in (("trapezoid", 1), ("simpson", 3)):
        c = rng.standard_normal(degree + 1)
        f = generic(lambda x, c=c: sum(ck * x**k for k, ck in enumerate(c)))
        for a, b in rng.uniform(-1.5, 1.5, (3, 2)):
            exact = sum(ck * (b ** (k + 1) - a ** (k + 1)) / (k + 1) for k, ck in enumerate(c))
            size = 3 * np.abs(c).sum() * 1.5 ** (degree + 1)
            found.append(roundoff(quadrature(f, *numbers(a, b), 4, rule), exact, terms=8, scale=size))
    quartic = float(quadrature(monomial(4), *numbers(0, 1), 2, "simpson")) - 0.2
    why = Text("$h^4/180$ times the jump 24 of $f'''$", "$h^4/180$ 乘以 $f'''$ 的差 24")
    return all_of(*found, near(quartic, 0.5**4 / 180 * 24, 16 * EPSILON, why))


@QUADRATURE.claim(
    Text(
        "The leading error of both rules is that of the formula, with its sign: quotients tend to 1 like $h^2$",
        "两个公式的首项误差（连同符号）与公式一致：比值以 $h^2$ 趋于 1",
    )
)
def leading_error_term(quadrature, rng):
    found = []
    for rule, power, factor in (("trapezoid", 2, 1 / 12), ("simpson", 4, 1 / 180)):
        pieces = 2 ** np.arange(2, 7)
        gaps = []
        for n in pieces:
            miss = float(quadrature(exponential, *numbers(0, 1), int(n), rule)) - (np.e - 1)
            gaps.append(abs(miss / (factor * (np.e - 1) / float(n) ** power) - 1))
        found.append(rate(1 / pieces, gaps, 2.0))
    return all_of(*found)


@QUADRATURE.claim(
    Text(
        r"Over a whole period the trapezoid rule converges geometrically: $\int_0^{2\pi}\frac{dx}{5/4-\cos x}=\frac{8\pi}{3}$, missed by the factor $\frac{2}{2^n-1}$",
        r"在整个周期上梯形公式以几何速度收敛：$\int_0^{2\pi}\frac{dx}{5/4-\cos x}=\frac{8\pi}{3}$，相对误差为 $\frac{2}{2^n-1}$",
    )
)
def trapezoid_is_geometric_for_periodic_functions(quadrature, rng):
    f = generic(lambda x: 1.0 / (1.25 - namespace(x).cos(x)))
    found = []
    for n in (4, 8, 16, 32):
        got = float(quadrature(f, *numbers(0, 2 * np.pi), n, "trapezoid"))
        exact = 8 * np.pi / 3 * (1 + 2 / (2.0**n - 1))  # the aliased terms of Σ 2^{-|k|} e^{ikx}
        found.append(roundoff(got, exact, terms=n, c=8))
    return all_of(*found)


@QUADRATURE.claim(
    Text(
        "A kink inside costs the high orders: Simpson's error then falls like $h^2$ only, and Gauss's is no better",
        "区间内部的尖点使高阶失效：辛普森公式的误差只按 $h^2$ 下降，高斯公式也不更好",
    )
)
def kink_costs_the_order(quadrature, rng):
    exact = (0.04 + 0.64) / 2
    pieces = 2.0 * np.array([6, 11, 21, 41, 81, 161])  # the kink lies at a fifth of a pair of pieces in all
    simpson = rate(1 / pieces, [error(quadrature, kink, exact, 0, 1, n, "simpson") for n in pieces], 2.0)
    points = np.array([6, 12, 24, 48])
    gauss = [error(quadrature, kink, exact, 0, 1, n, "gauss") for n in points]
    smooth = error(quadrature, witch, np.pi / 4, 0, 1, 12, "gauss")
    return all_of(
        simpson,
        bound(gauss[-1] * 48**2, 0.01, "≥", Text("still of order n⁻²", "仍为 n⁻² 阶")),
        bound(smooth, 16 * EPSILON, "≤", Text("12 points suffice where f is smooth", "光滑时 12 个点已足够")),
    )


@QUADRATURE.mutant(
    Text("left Riemann sum for the trapezoid rule", "用左黎曼和代替梯形公式"),
    caught_by=[
        "trapezoid-is-second-order",
        "exact-for-low-degrees",
        "equals-definition",
        "leading-error-term",
    ],
)
def left_riemann_sum(f, a, b, n, rule="gauss"):
    if rule != "trapezoid":
        return quadrature(f, a, b, n, rule)
    x = a[..., None] + (b - a)[..., None] * np.arange(n) / n
    return (b - a) * np.mean(f(x), -1)


@QUADRATURE.mutant(
    Text("Simpson's 4 and 2 interchanged", "辛普森公式中 4 与 2 互换"),
    caught_by=["simpson-is-fourth-order", "exact-for-low-degrees", "equals-definition"],
)
def four_and_two_interchanged(f, a, b, n, rule="gauss"):
    if rule != "simpson":
        return quadrature(f, a, b, n, rule)
    return 2 * quadrature(f, a, b, n, "trapezoid") - quadrature(f, a, b, n, "simpson")


@QUADRATURE.mutant(
    Text("the ends of the trapezoid rule count fully", "梯形公式的两端未取一半"),
    caught_by=["trapezoid-is-second-order", "trapezoid-is-geometric-for-periodic-functions"],
)
def ends_count_fully(f, a, b, n, rule="gauss"):
    return quadrature(f, a, b, n, rule) + (rule == "trapezoid") * (b - a) * (f(a) + f(b)) / (2 * n)


@QUADRATURE.mutant(
    Text("Gauss's points are taken equally spaced", "高斯点取为等距点"),
    caught_by=["gauss-is-exact-to-2n-minus-1", "kink-costs-the-order", "equals-definition"],
)
def equally_spaced(f, a, b, n, rule="gauss"):
    if rule != "gauss":
        return quadrature(f, a, b, n, rule)
    x = a[..., None] + (b - a)[..., None] * (np.arange(n) + 0.5) / n
    return (b - a) * np.mean(f(x), -1)


@QUADRATURE.mutant(
    Text("one point of Gauss too few", "高斯公式少一个点"),
    caught_by=["gauss-is-exact-to-2n-minus-1"],
)
def one_point_too_few(f, a, b, n, rule="gauss"):
    return quadrature(f, a, b, max(1, n - 1) if rule == "gauss" else n, rule)


@QUADRATURE.figure(
    n=Slider(
        2, 64, 6, Text("pieces, or points of Gauss", "分段数（高斯公式为点数）"), log=True, integer=True
    ),
    c=Slider(
        -0.5,
        1.5,
        -0.5,
        Text("place of a kink; outside [0, 1] there is none", "尖点位置；在 [0, 1] 之外即没有尖点"),
    ),
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
    left.legend(frameon=False, fontsize=8, loc="lower left")
    sizes = np.unique((2 ** np.linspace(1, 8, 22)).astype(int) // 2 * 2)
    now = []
    for k, rule in enumerate(RULES):
        errors = [error(quadrature, f, exact, 0, 1, m, rule) for m in sizes]
        right.loglog(sizes, np.maximum(errors, 1e-17), "o-", ms=3, lw=1.2, color=COLOURS[k], label=rule)
        now.append(error(quadrature, f, exact, 0, 1, n, rule))
    right.axvline(n, color="#888888", lw=0.8)
    right.set(xlabel="n", ylabel="error", ylim=(3e-18, 3), title="error")
    right.legend(frameon=False, fontsize=8)
    where = (
        Text(f"with a kink at {inside:.2f}", f"尖点在 {inside:.2f}")
        if 0 < c < 1
        else Text("smooth", "光滑函数")
    )
    return Drawing(
        fig,
        Text(
            f"∫ over [0, 1], {where.en}. With n = {n} the trapezoid rule misses by {now[0]:.2g}, Simpson's by {now[1]:.2g}, Gauss's by {now[2]:.2g}.",
            f"[0, 1] 上的积分，{where.zh}。n = {n} 时，梯形公式误差 {now[0]:.2g}，辛普森公式 {now[1]:.2g}，高斯公式 {now[2]:.2g}。",
        ),
    )  # fmt: skip
