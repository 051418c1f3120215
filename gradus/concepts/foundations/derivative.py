"""The derivative, and the difference quotients that stand for it on a computer."""

import numpy as np

from gradus.concepts.foundations.functions_of_numbers import exponential, sine
from gradus.frameworks import namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, all_of, bound, identical, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

DERIVATIVE = Concept(
    key="derivative",
    kind="definition",
    title="Derivative",
    summary="The slope of a function at a point: the limit of difference quotients. On a computer the step cannot "
    "shrink for ever, since rounding grows as the error of the formula falls; a step along the imaginary axis avoids "
    "this.",
    formulas=(
        r"f'(x)=\lim_{h\to 0}\frac{f(x+h)-f(x)}{h}",
        r"\frac{f(x+h)-f(x)}{h}=f'(x)+\frac h2 f''(x)+O(h^2),\qquad "
        r"\frac{f(x+h)-f(x-h)}{2h}=f'(x)+\frac{h^2}{6}f'''(x)+O(h^4)",
        r"\frac{\operatorname{Im}f(x+\mathrm i h)}{h}=f'(x)-\frac{h^2}{6}f'''(x)+O(h^4)\qquad (f\text{ analytic, real on the line})",
    ),
    symbols=(
        Symbol("f", "f", "function", "function of one variable, taken entry by entry", "function"),
        Symbol("x", "x", "...", "where it is differentiated"),
        Symbol("h", "h", "", "step; negative for the quotient from the left", "other"),
        Symbol(r"\text{method}", "method", "", "`forward`, `central` or `complex`", "other"),
    ),
    needs=(),
    source="strang1991calculus",
    year=1684,
    people=("Gottfried Wilhelm Leibniz", "Isaac Newton", "Augustin-Louis Cauchy"),
    aliases="differentiation, difference quotient, slope, finite differences, 微分, 求导, 差商, 斜率",
    implementations=(Implementation("gradus.foundations.differentiation:derivative", "numpy"),),
    readings="strang1991calculus ch. 2; rudin1976principles ch. 5; squire1998using; nocedal2006numerical §8.1",
    hypotheses=(
        Hypothesis(
            "For the expansions: f has as many continuous derivatives near x as they name, and two more",
            "slope-with-a-kink",
        ),
        Hypothesis("For the complex step: f is analytic, and real for real arguments", "slope-with-a-kink"),
    ),
    deviations=r"SciPy's `approx_fprime` takes the forward quotient with $h=\sqrt\varepsilon$ unless told otherwise; "
    "its `derivative` extrapolates from several steps.",
)


@DERIVATIVE.definition
def derivative(f, x, h=1e-5, method="central"):
    if method == "forward":
        return (f(x + h) - f(x)) / h
    if method == "central":
        return (f(x + h) - f(x - h)) / (2 * h)
    return np.imag(f(x + 1j * h)) / h


@DERIVATIVE.example
def example():
    def f(x):
        return x * x * x

    x, h = np.array(2.0), 0.1
    forward, central, imaginary = (derivative(f, x, h, method) for method in ("forward", "central", "complex"))
    steps = np.array([1e-2, 1e-5, 1e-8, 1e-11])
    errors = np.array([[abs(derivative(f, x, s, m) - 12) for m in ("forward", "central", "complex")] for s in steps])
    return (
        dict(f=f, x=x, h=h, exact=3 * x * x, y=f(x), right=f(x + h), left=f(x - h), cube=f(x + 1j * h).imag)
        | dict(steps=steps, forward=forward, central=central, imaginary=imaginary, half_f2=h / 2 * 6 * x)
        | dict(sixth_f3=h * h / 6 * 6, errors=errors)
    )


@DERIVATIVE.exercise
def a_tenth_of_the_step():
    def f(x):
        return x * x * x

    error = {
        (m, h): abs(derivative(f, np.array(2.0), h, m) - 12) for m in ("forward", "central") for h in (0.25, 0.025)
    }
    by = {m: error[m, 0.25] / error[m, 0.025] for m in ("forward", "central")}
    return number(by["central"], first_order=10.0, upside_down=1 / by["central"])


@DERIVATIVE.exercise
def a_step_too_small():
    got = float(derivative(np.sin, np.array(1.0), 1e-17))
    return choice(closest=abs(got - np.cos(1)) < 1e-9, zero=got == 0, noise=got != 0 and abs(got - np.cos(1)) > 1e-9)


@DERIVATIVE.exercise
def a_kink():
    zero = np.array(0.0)
    symmetric = derivative(np.abs, zero, 0.01) == 0
    left, right = derivative(np.abs, zero, -0.01, "forward"), derivative(np.abs, zero, 0.01, "forward")
    exists = left == right
    return choice(flat=symmetric and exists, none=symmetric and not exists, rounding=not symmetric)


@generic
def squire_trapp(x):
    xp = namespace(x)
    return xp.exp(x) / xp.sqrt(xp.sin(x) ** 3 + xp.cos(x) ** 3)


def squire_trapp_slope(x):
    s, c = np.sin(x), np.cos(x)
    d = s**3 + c**3
    return np.exp(x) / np.sqrt(d) * (1 - 1.5 * (s**2 * c - c**2 * s) / d)


@DERIVATIVE.cases
def cases(rng):
    for method in ("forward", "central", "complex"):
        yield f"sine, {method}", dict(f=sine, x=rng.standard_normal(4), h=0.1, method=method)
        yield (f"exponential at one point, {method}", dict(f=exponential, x=np.array(0.5), h=0.25, method=method))
    yield "from the left", dict(f=sine, x=np.array([0.0, 1.0]), h=-0.125, method="forward")
    yield "tiny complex step", dict(f=squire_trapp, x=np.array([1.5, 0.5]), h=1e-30, method="complex")
    yield "constant", dict(f=generic(lambda x: 0.0 * x + 3.0), x=np.ones((2, 2)), h=0.1)


@DERIVATIVE.invalid
def invalid(rng):
    yield "a method that does not exist", dict(f=sine, x=np.ones(2), h=0.1, method="sideways")


@DERIVATIVE.claim
def forward_error_is_first_order(derivative, rng):
    r"""The error of the forward quotient falls like $h$ (where $f''\ne0$)"""
    x, steps = rng.uniform(0.3, 1.2, 20), 2.0 ** -np.arange(6, 17)
    return rate(steps, [np.abs(derivative(sine, x, float(h), "forward") - np.cos(x)).mean() for h in steps], 1.0)


@DERIVATIVE.claim
def central_error_is_second_order(derivative, rng):
    r"""The error of the central quotient falls like $h^2$ (where $f'''\ne0$)"""
    x, steps = rng.uniform(0.3, 1.2, 20), 2.0 ** -np.arange(3, 12)
    return rate(steps, [np.abs(derivative(sine, x, float(h), "central") - np.cos(x)).mean() for h in steps], 2.0)


@DERIVATIVE.claim
def central_is_exact_for_quadratics(derivative, rng):
    """The central quotient is exact for quadratics, whatever the step"""
    x = np.array([-3.0, 0.0, 0.5, 4.0])  # binary fractions: no rounding takes part
    square = generic(lambda x: x * x - 3.0 * x)
    return all_of(*[identical(derivative(square, x, h, "central"), 2 * x - 3) for h in (0.25, 1.0, 8.0)])


@DERIVATIVE.claim
def complex_step_is_exact(derivative, rng):
    """The complex step reaches $10^{-15}$ relative, for steps from $10^{-10}$ down to $10^{-200}$, on three analytic
    functions"""
    x = np.linspace(0.1, 1.5, 15)
    pairs = ((exponential, np.exp(x)), (sine, np.cos(x)), (squire_trapp, squire_trapp_slope(x)))
    for h in (1e-10, 1e-50, 1e-200):
        worst = max(np.abs(derivative(f, x, h, "complex") / want - 1).max() for f, want in pairs)
        yield bound(worst, 1e-15, "≤", Text(f"a few roundings, h = {h:g}", f"几次舍入，h = {h:g}"))


def best_step(derivative, method, x):
    """The step, on a grid of ratio √2, of least mean error on the exponential."""
    steps = 2.0 ** np.arange(-40, -2, 0.5)
    errors = [np.abs(derivative(exponential, x, float(h), method) - np.exp(x)).mean() for h in steps]
    return float(steps[int(np.argmin(errors))])


@DERIVATIVE.claim
def best_step_balances_rounding(derivative, rng):
    r"""The best step is near $\sqrt[3]\varepsilon$ for the central quotient and near $\sqrt\varepsilon$ for the
    forward one, where f and its derivatives are of one size, as for the exponential"""
    x = rng.uniform(0.2, 1.0, 200)
    why = Text("a factor of 4: rounding errors are a fraction of ε|f|", "相差不超过 4 倍：舍入误差只是 ε|f| 的一部分")
    central = near(np.log2(best_step(derivative, "central", x)), np.log2(EPSILON) / 3, 2.0, why)
    forward = near(np.log2(best_step(derivative, "forward", x)), np.log2(EPSILON) / 2, 2.0, why)
    return all_of(central, forward)


@DERIVATIVE.claim
def slope_with_a_kink(derivative, rng):
    r"""$x|x|$ has the derivative $2|x|$, but no second one at 0, and is not analytic: the central quotient at 0 is $h$, of
    first order only, and the complex step at 1 gives $\sqrt{1+h^2}$, about half the slope"""
    f = generic(lambda x: x * abs(x))
    for h in (0.5, 2.0**-10, 2.0**-20):
        yield identical(derivative(f, np.array(0.0), h, "central"), np.array(h))
        yield roundoff(derivative(f, np.array(1.0), h, "complex"), np.sqrt(1 + h * h), terms=2)


@DERIVATIVE.claim
def cube_is_critical_and_no_extremum(derivative, rng):
    """$x^3$ has derivative 0 at 0 and no extremum there; $x$ has derivative 1"""
    cube, line, h, zero = generic(lambda x: x**3), generic(lambda x: x * 1.0), 2.0**-20, np.array(0.0)
    small = Text("h²: the error of the quotient", "h²：差商的误差")
    yield near(derivative(cube, zero, h, "central"), 0.0, h * h, small)
    rising = Text("it rises on both sides: 3x² = ¾", "两侧都在上升：3x² = ¾")
    yield bound(min(derivative(cube, np.array([-0.5, 0.5]), h, "central")), 0.74, "≥", rising)
    yield identical(derivative(line, zero, h, "central"), np.array(1.0))


@DERIVATIVE.claim
def extremum_interior_and_differentiable(derivative, rng):
    """At an extremum the derivative vanishes if it exists and the point is interior; at the kink of $|x|$ the slopes
    are −1 and 1, and at the end of [0, 1] the maximum of $x$ has slope 1"""
    h, zero, one = 2.0**-20, np.array(0.0), np.array(1.0)
    left = derivative(generic(lambda x: abs(x)), zero, -h, "forward")
    right = derivative(generic(lambda x: abs(x)), zero, h, "forward")

    @generic
    def on_the_interval(x):  # x on [0, 1]; to the right of 1 there is nothing
        return namespace(x).where(x <= 1, x * 1.0, x * np.nan)

    end = derivative(on_the_interval, one, -h, "forward")
    x = np.array([0.5, 0.25])  # interior maxima of x(1 − x) and −(x − ¼)²
    tops = [
        derivative(generic(lambda x: x * (1 - x)), np.array(x[0]), h, "central"),
        derivative(generic(lambda x: -((x - 0.25) ** 2)), np.array(x[1]), h, "central"),
    ]
    slopes = identical(np.array([left, right, end], float), np.array([-1.0, 1.0, 1.0]))
    return all_of(slopes, roundoff(np.array(tops, float), np.zeros(2), scale=1 / h))


@DERIVATIVE.mutant(
    caught_by="central-error-is-second-order, central-is-exact-for-quadratics, best-step-balances-rounding, "
    "equals-definition"
)
def one_sided(f, x, h=1e-5, method="central"):
    """the one-sided formula sold as central"""
    return derivative(f, x, h, "forward" if method == "central" else method)


@DERIVATIVE.mutant(
    caught_by="central-error-is-second-order, cube-is-critical-and-no-extremum, equals-definition, slope-with-a-kink"
)
def half_missing(f, x, h=1e-5, method="central"):
    """the ½ is missing"""
    return derivative(f, x, h, method) * (2 if method == "central" else 1)


@DERIVATIVE.mutant(caught_by="forward-error-is-first-order, extremum-interior-and-differentiable")
def two_steps(f, x, h=1e-5, method="central"):
    """two steps wide, divided by one"""
    return (f(x + 2 * h) - f(x)) / h if method == "forward" else derivative(f, x, h, method)


@DERIVATIVE.mutant(caught_by="extremum-interior-and-differentiable")
def always_to_the_right(f, x, h=1e-5, method="central"):
    """the sign of the step is lost"""
    return derivative(f, x, abs(h), method)


@DERIVATIVE.mutant(caught_by="complex-step-is-exact, slope-with-a-kink")
def rotated_step(f, x, h=1e-5, method="central"):
    """complex step rotated by 45°: the terms of second order stay"""
    return np.imag(f(x + h * (1 + 1j)) - f(x)) / h if method == "complex" else derivative(f, x, h, method)


@DERIVATIVE.mutant(caught_by="best-step-balances-rounding, complex-step-is-exact")
def in_float32(f, x, h=1e-5, method="central"):
    """values rounded to float32"""

    def single(z):
        y = f(z)
        return y.astype(np.complex64 if np.iscomplexobj(y) else np.float32).astype(y.dtype)

    return derivative(single, x, h, method)


DERIVATIVE.erratum(
    "E38",
    common="See $f(x)=x$ at 0: the derivative vanishes, yet there is no extremum (met in a Chinese text)",
    why="The exponent was lost: the derivative of $x$ at 0 is 1.",
    right="$f(x)=x^3$",
    claims="cube-is-critical-and-no-extremum",
)
DERIVATIVE.erratum(
    "E39",
    common="The derivative is zero at every local maximum and minimum (a common slip)",
    why="Only inside the domain and where the derivative exists: $|x|$ is least at 0 with slopes −1 and 1 on the two "
    "sides; $x$ on $[0,1]$ is greatest at 1, where its derivative is 1.",
    right="An interior extremum of a differentiable function has derivative 0 (Fermat)",
    claims="extremum-interior-and-differentiable",
)


@DERIVATIVE.figure(h=Slider(1e-12, 1.5, 0.8, "step h", log=True), x=Slider(0.2, 1.4, 0.9, "point x"))
def figure(h, x):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    t = np.linspace(-1, 3, 300)
    left.plot(t, np.sin(t), color="#888888")
    left.plot(t, np.sin(x) + np.cos(x) * (t - x), color="#888888", lw=1, ls=":")
    for k, (name, a, b) in enumerate((("forward", x, x + h), ("central", x - h, x + h))):
        slope = (np.sin(b) - np.sin(a)) / (b - a) if b > a else np.nan
        left.plot(t, np.sin(a) + slope * (t - a), color=COLOURS[k], lw=1.2, label=name)
        left.plot([a, b], np.sin([a, b]), "o", color=COLOURS[k], ms=4)
    left.set(ylim=(-0.6, 1.6), xlabel="x", title="secants of sin x")
    left.legend(frameon=False, fontsize=9.5, loc="lower right")
    steps = np.logspace(-14, 0.2, 200)
    now = []
    for k, method in enumerate(("forward", "central", "complex")):
        error = np.abs([derivative(np.sin, x, s, method) - np.cos(x) for s in steps])
        right.loglog(steps, np.maximum(error, 1e-17), color=COLOURS[k], lw=1.2, label=method)
        now.append(abs(derivative(np.sin, x, h, method) - np.cos(x)))
    right.axvline(h, color="#888888", lw=0.8)
    right.loglog([h] * 3, np.maximum(now, 1e-17), "o", color="#555555", ms=4)
    right.set(xlabel="step h", ylabel="error", title="error of the derivative", ylim=(3e-18, 3))
    right.legend(frameon=False, fontsize=9.5, loc="lower right")
    words = Text(
        f"Derivative of sin at {x:.3g}, step {h:.3g}: the forward quotient misses by {now[0]:.2g}, the central one by "
        f"{now[1]:.2g}, the complex step by {now[2]:.2g}. Below h ≈ 10⁻⁸ and 10⁻⁵ rounding makes the first two worse again.",
        f"sin 在 {x:.3g} 处的导数，步长 {h:.3g}：前向差商误差 {now[0]:.2g}，中心差商 {now[1]:.2g}，复步长 {now[2]:.2g}。"
        "步长小于约 10⁻⁸ 与 10⁻⁵ 时，舍入使前两者重新变差。",
    )
    return Drawing(fig, words)
