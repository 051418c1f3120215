"""Critical points of functions of one variable, and the tests that tell minima from maxima from neither."""

import numpy as np

from gradus.frameworks import namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, near
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

MAXIMUM, NEITHER, MINIMUM, NOT_CRITICAL, UNDECIDED = -1, 0, 1, 2, 3


def _ours(classify, f, x, r):
    return classify(f, x)


CRITICAL_POINTS = Concept(
    key="critical-points",
    kind="theorem",
    title="Critical points, second-derivative test",
    summary="Where a smooth function is least or greatest inside its domain, its derivative vanishes. Whether such a "
    "point is a minimum, a maximum or neither is told by the sign of the second derivative; where that vanishes too, "
    "by the change of sign of the first, or by the first higher derivative that does not vanish.",
    formulas=(
        r"f'(x)=0:\qquad f''(x)>0\Rightarrow\text{minimum},\qquad f''(x)<0\Rightarrow\text{maximum},\qquad f''(x)=0\Rightarrow\text{silent}",
        r"f'(x-r)<0<f'(x+r)\Rightarrow\text{minimum},\qquad f'(x-r)>0>f'(x+r)\Rightarrow\text{maximum},\qquad\text{the same sign}\Rightarrow\text{neither}",
        r"f'=\dots=f^{(m-1)}=0\ne f^{(m)}:\qquad f(x+h)-f(x)=\frac{f^{(m)}(x)}{m!}h^m+o(h^m)",
    ),
    symbols=(
        Symbol("f", "f", "function", "smooth function of one variable, taken entry by entry", "function"),
        Symbol("x", "x", "...", "the points"),
        Symbol(
            "r",
            "r",
            "",
            "how far to look on each side, relative to max(1, |x|); no other critical point lies so near",
            "other",
        ),
        Symbol("m", "", "", "order of the first derivative that does not vanish", "natural"),
        Symbol("h", "", "", "a small step"),
    ),
    needs=("derivative",),
    source="courant1989introduction",
    year=1638,
    people=("Pierre de Fermat", "Colin Maclaurin"),
    aliases="stationary points, extrema, minima and maxima, second derivative test, 极值, 驻点, 极值点, 拐点",
    implementations=(Implementation("gradus.foundations.critical_points:classify", "numpy", _ours),),
    readings="courant1989introduction; strang1991calculus ch. 3; rudin1976principles ch. 5; fermat1638methodus",
    hypotheses=(
        Hypothesis("f is differentiable and x an interior point of its domain", "kinks-and-ends"),
        Hypothesis(r"For the sign of $f''$ to decide: $f''(x)\ne0$", "second-derivative-is-silent"),
        Hypothesis("For the change of sign: no other critical point within r of x", "looks-too-far"),
        Hypothesis("For the last formula: some derivative of f at x does not vanish", "constants-are-undecided"),
    ),
    conventions=(
        Convention(
            "what is called critical",
            "a point with derivative 0",
            "many texts count the points where f has no derivative as well, such as the kink of $|x|$, and call those with "
            "derivative 0 stationary",
        ),
    ),
    deviations=(
        "The result is a number: 1 minimum, −1 maximum, 0 critical but no extremum, 2 not critical, 3 undecided (as "
        "for a constant).",
        "The definition takes the derivative by a step along the imaginary axis: it is the formula for f that is analytic, "
        "and real for real arguments, alone; of $|x|^2$ as $|z|^2$ it says undecided.",
        r"A rounded x is seldom a zero of $f'$: the definition calls it critical where $|f'(x)|$ is at most $10^{-6}$ of the "
        "slopes at the distance r, so that of $x^2$ it calls $10^{-9}$ a minimum. The implementation takes x as known to "
        r"$10^{-10}$, and looks at derivatives up to the 12th: $x^{14}$ is undecided at 0.",
    ),
)


@CRITICAL_POINTS.definition
def classify(f, x, r=1e-3):
    def slope(t):  # f', by a step along the imaginary axis
        return np.imag(f(t + 1e-30j)) / 1e-30

    d = r * np.maximum(1.0, np.abs(x))
    left, here, right = slope(x - d), slope(x), slope(x + d)
    kind = np.select(
        [(left < 0) & (right > 0), (left > 0) & (right < 0), left * right > 0], [MINIMUM, MAXIMUM, NEITHER], UNDECIDED
    )
    # x is a rounded number, so that f'(x) vanishes only beside the slopes around it
    return np.where(np.abs(here) > 1e-6 * np.maximum(np.abs(left), np.abs(right)), NOT_CRITICAL, kind)


@CRITICAL_POINTS.example
def example():
    def f(x):
        return 3 * x**5 - 5 * x**3

    def slope(x):
        return 15 * x**2 * (x**2 - 1)

    x, d = np.array([-1.0, 0.0, 1.0, 0.5]), 0.1
    return (
        dict(f=f, x=x, d=d, kind=classify(f, x), y=f(x), slope=slope(x), bend=60 * x**3 - 30 * x)
        | dict(left=slope(x - d), right=slope(x + d), third=180 * 0.0**2 - 30, cubic=(180 * 0.0**2 - 30) / 6)
        | dict(before=f(-d), after=f(d))
    )


@CRITICAL_POINTS.exercise
def cutting_a_rod():
    def product(x):  # x²(10 − x)
        return x * x * (10 - x)

    x = np.array([0.0, 20 / 3])
    return number(x[classify(product, x) == MAXIMUM][0], halves=5.0, other_critical_point=0.0)


@CRITICAL_POINTS.exercise
def greatest_on_an_interval():
    def f(x):
        return x**3 - 3 * x

    inside, ends = np.array([-1.0, 1.0]), np.array([-2.0, 3.0])
    local = inside[classify(f, inside) == MAXIMUM]
    candidates = np.concatenate([local, ends])
    return number(candidates[f(candidates).argmax()], local_only=local[0], value_instead_of_place=f(3.0))


@CRITICAL_POINTS.exercise
def sixth_power():
    kind = int(classify(lambda x: x**6 + x**9, np.array(0.0)))
    return choice(minimum=kind == MINIMUM, neither=kind == NEITHER, unknowable=kind == UNDECIDED)


def power(m, sign=1.0):
    return generic(lambda x: sign * x**m)


def polynomial(coefficients):
    """Horner's scheme, highest power first."""

    @generic
    def value(x):
        y = 0.0 * x
        for c in coefficients:
            y = y * x + float(c)
        return y

    return value


@generic
def bell(x):
    return namespace(x).exp(-x * x)


@generic
def wave(x):
    return namespace(x).sin(x)


@generic
def staircase(x):
    return x - namespace(x).sin(x)


@generic
def rising_wave(x):
    return x + 2 * namespace(x).sin(x)


@generic
def mexican_hat(x):
    return (1 - x * x) * namespace(x).exp(-x * x / 2)


@generic
def entropy_of_a_coin(p):
    return -p * namespace(p).log(p) - (1 - p) * namespace(p).log(1 - p)


ANALYTIC = (
    ("sine", wave, np.pi * np.array([-0.5, 0.5, 1.5, 1.0]), (1, -1, 1, 2)),
    ("bell", bell, np.array([0.0, 1.0]), (-1, 2)),
    ("cubic", polynomial([1, 0, -3, 0]), np.array([-1.0, 1.0, 0.0]), (-1, 1, 2)),
    ("quintic", polynomial([3, 0, -5, 0, 0, 0]), np.array([-1.0, 0.0, 1.0]), (-1, 0, 1)),
    ("x − sin x: flat steps", staircase, 2 * np.pi * np.array([-1.0, 0.0, 1.0]), (0, 0, 0)),
    ("x + 2 sin x", rising_wave, 2 * np.pi / 3 * np.array([1.0, 2.0, 4.0]), (-1, 1, -1)),
    ("Mexican hat", mexican_hat, np.array([0.0, np.sqrt(3), -np.sqrt(3), 1.0]), (-1, 1, 1, 2)),
    ("entropy of a coin", entropy_of_a_coin, np.array([0.5, 0.25]), (-1, 2)),
    ("a straight line", polynomial([2, 1]), np.array([-4.0, 0.0]), (2, 2)),
    ("constant", polynomial([0, 5]), np.array([1.0, -3.0]), (3, 3)),
)


@CRITICAL_POINTS.cases
def cases(rng):
    for name, f, x, _ in ANALYTIC:
        yield name, dict(f=f, x=x)
    for m in (2, 3, 4, 7):
        yield f"power {m} at 0", dict(f=power(m), x=np.array(0.0))
    yield "anywhere", dict(f=rising_wave, x=rng.uniform(-1, 1, (2, 3)))
    yield "many points", dict(f=rising_wave, x=rng.uniform(-1, 1, 1500))


@CRITICAL_POINTS.invalid
def invalid(rng):
    yield "a function of all points together", dict(f=generic(lambda x: (x * x).sum()), x=np.ones(3))


@CRITICAL_POINTS.claim
def list_is_told_apart(classify, rng):
    """Minima, maxima, inflections and ordinary points of ten functions are told apart as by hand"""
    return all_of(*[identical(classify(f, x), np.array(kinds)) for _, f, x, kinds in ANALYTIC])


@CRITICAL_POINTS.claim
def constants_are_undecided(classify, rng):
    """Where all derivatives vanish nothing decides: every point of a constant is undecided"""
    return identical(classify(polynomial([0, 5]), rng.standard_normal(4)), np.full(4, UNDECIDED))


@CRITICAL_POINTS.claim
def kinks_and_ends(classify, rng):
    """Without a derivative, or at the end of the domain, there may be an extremum that is no critical point: $|x|$ is
    least at 0 with slopes −1 and 1; $x$ on [0, 1] is greatest at 1, which is not critical"""
    h = 2.0 ** -np.arange(1, 20)
    slopes = np.stack([(abs(-h) - abs(0.0)) / -h, (abs(h) - abs(0.0)) / h])
    yield identical(slopes, np.stack([-np.ones(19), np.ones(19)]))
    line = polynomial([1, 0])
    yield identical(line(np.linspace(0, 1, 9)).argmax(), 8)
    yield identical(classify(line, np.ones(1)), np.array([NOT_CRITICAL]))


def integer_polynomial(rng):
    """A polynomial whose derivative has whole, partly multiple roots, exact in floating point; its roots and their
    kinds."""
    roots = np.sort(rng.choice(np.arange(-4, 5), 3, replace=False))
    times = rng.integers(1, 4, 3)
    sign = int(rng.choice([-1, 1]))
    slope = sign * np.poly(np.repeat(roots, times))
    f = np.polyint(slope * 2520)  # divisible by every power up to 10: whole coefficients
    kinds = []
    for i, p in enumerate(roots):  # the sign of f' just to the right of p, where it changes
        after = sign * np.prod(
            [np.sign(p - q) ** n for j, (q, n) in enumerate(zip(roots, times, strict=True)) if j != i]
        )
        kinds.append(int(after) if times[i] % 2 else NEITHER)
    return polynomial(f), roots.astype(float), np.array(kinds)


@CRITICAL_POINTS.claim
def odd_roots_of_the_slope_are_extrema(classify, rng):
    r"""For $f'=\prod_i(x-p_i)^{n_i}$ with distinct $p_i$ the point $p_i$ is an extremum exactly if $n_i$ is odd"""
    for _ in range(12):
        f, roots, kinds = integer_polynomial(rng)
        yield identical(classify(f, roots), kinds)


@CRITICAL_POINTS.claim
def extrema_are_extreme(classify, rng):
    """Of six functions a minimum is below, and a maximum above, a thousand points within 0.2 of it; a point that is
    neither is between them"""
    wrong = 0
    for f, x in (
        (rising_wave, 2 * np.pi / 3 * np.array([1.0, 2.0])),
        (staircase, np.zeros(1)),
        (bell, np.zeros(1)),
        (power(5), np.zeros(1)),
        (power(6), np.zeros(1)),
        (power(4, -1.0), np.zeros(1)),
    ):
        around = np.concatenate([-np.linspace(1e-2, 0.2, 500), np.linspace(1e-2, 0.2, 500)])
        for p, kind in zip(x, classify(f, x), strict=True):
            above = np.mean(f(p + around) > f(p))
            seen = {1.0: MINIMUM, 0.0: MAXIMUM}.get(float(above), NEITHER)
            wrong += seen != kind
    return identical(wrong, 0)


def second_difference(f):
    """The second derivative at 0 as a limit: (f(h) − 2f(0) + f(−h))/h² for h → 0."""
    return [(f(h) - 2 * f(0.0) + f(-h)) / h**2 for h in 2.0 ** -np.arange(8, 20, 2)]


@CRITICAL_POINTS.claim
def second_derivative_is_silent(classify, rng):
    """Where the second derivative vanishes it is silent: $x^4$, $-x^4$ and $x^3$ at 0 are a minimum, a maximum and
    neither"""
    why = Text("2h² for ±x⁴, 0 for x³, at h = 2⁻¹⁸", "对 ±x⁴ 为 2h²，对 x³ 为 0，h = 2⁻¹⁸")
    for f, kind in ((power(4), MINIMUM), (power(4, -1.0), MAXIMUM), (power(3), NEITHER)):
        yield near(second_difference(f)[-1], 0.0, 2 * 2.0**-36, why)
        yield identical(classify(f, np.zeros(1)), np.array([kind]))


@CRITICAL_POINTS.claim
def cube_is_critical_and_no_extremum(classify, rng):
    """$x^3$ is critical at 0 and has no extremum there: it rises on both sides"""
    h = 2.0 ** -np.arange(1, 12)
    rises = bound(np.min(h**3 - (-h) ** 3), 0.0, "≥", Text("greater on the right of 0", "0 的右侧比左侧大"))
    kinds = classify(power(3), np.array([0.0, 0.5, -0.5]))
    return all_of(identical(kinds, np.array([NEITHER, NOT_CRITICAL, NOT_CRITICAL])), rises)


@CRITICAL_POINTS.claim
def mirrored(classify, rng):
    """Turned upside down minima become maxima; mirrored left to right nothing changes"""
    for _, f, x, _ in ANALYTIC[:8]:
        kinds = classify(f, x)
        turned = np.where(np.abs(kinds) == 1, -kinds, kinds)
        yield identical(classify(generic(lambda t, f=f: -f(t)), x), turned)
        yield identical(classify(generic(lambda t, f=f: f(-t)), -x), kinds)


@CRITICAL_POINTS.mutant(
    caught_by="list-is-told-apart, extrema-are-extreme, second-derivative-is-silent, equals-definition"
)
def sign_flipped(f, x, r=1e-3):
    """sign flipped: concave up is called a maximum"""
    kind = classify(f, x, r)
    return np.where(np.abs(kind) == 1, -kind, kind)


def second(f, x, r):
    """The second derivative by the central difference of f'."""
    return (np.imag(f(x + r + 1e-30j)) - np.imag(f(x - r + 1e-30j))) / (2e-30 * r)


@CRITICAL_POINTS.mutant(caught_by="second-derivative-is-silent, cube-is-critical-and-no-extremum, mirrored")
def zero_called_a_minimum(f, x, r=1e-3):
    """f″ = 0 is called a minimum"""
    bend = second(f, x, 1e-5)
    return np.where(classify(f, x, r) == NOT_CRITICAL, NOT_CRITICAL, np.where(bend > -1e-4, MINIMUM, MAXIMUM))


@CRITICAL_POINTS.mutant(caught_by="second-derivative-is-silent, odd-roots-of-the-slope-are-extrema")
def zero_called_no_extremum(f, x, r=1e-3):
    """f″ = 0 is called no extremum"""
    kind, bend = classify(f, x, r), second(f, x, 1e-5)
    return np.where((np.abs(kind) == 1) & (np.abs(bend) < 1e-4), NEITHER, kind)


@CRITICAL_POINTS.mutant(
    caught_by="cube-is-critical-and-no-extremum, extrema-are-extreme, odd-roots-of-the-slope-are-extrema"
)
def no_inflections(f, x, r=1e-3):
    """every critical point is called an extremum"""
    kind = classify(f, x, r)
    return np.where(kind == NEITHER, MINIMUM, kind)


@CRITICAL_POINTS.mutant(caught_by="list-is-told-apart, odd-roots-of-the-slope-are-extrema")
def looks_too_far(f, x, r=1e-3):
    """looks so far to both sides that other critical points lie between"""
    return classify(f, x, 3000 * r)


@CRITICAL_POINTS.mutant(
    caught_by="list-is-told-apart, cube-is-critical-and-no-extremum, kinks-and-ends, constants-are-undecided"
)
def slope_not_looked_at(f, x, r=1e-3):
    """f′ = 0 is not asked for"""
    return np.sign(second(f, x, 1e-5)).astype(int)


@CRITICAL_POINTS.mutant(caught_by="mirrored, extrema-are-extreme")
def one_side_only(f, x, r=1e-3):
    """values compared on one side only"""
    return np.where(f(x + r) > f(x), MINIMUM, MAXIMUM)


CRITICAL_POINTS.erratum(
    "E40",
    common="Whether a critical point is a maximum or a minimum can be decided by looking at the second derivative "
    "(a common slip)",
    why="Not where it vanishes: $x^4$, $-x^4$ and $x^3$ all have $f'(0)=f''(0)=0$; the first has a minimum there, "
    "the second a maximum, the third neither.",
    right=r"By its sign if $f''\ne0$; else by the change of sign of $f'$, or by the first higher derivative that does "
    "not vanish",
    claims="second-derivative-is-silent",
)


@CRITICAL_POINTS.figure(a=Slider(-1.5, 2.0, 1.5, "a in $x^4/4-ax^2/2+bx$"), b=Slider(-1.0, 1.0, 0.2, "b, the tilt"))
def figure(a, b):
    f = polynomial([0.25, 0.0, -a / 2, b, 0.0])
    roots = np.roots([1.0, 0.0, -a, b])
    x = np.unique(np.round(roots[np.abs(roots.imag) < 1e-6].real, 12))
    kinds = classify(f, x)
    t = np.linspace(-2.2, 2.2, 400)
    fig, (top, bottom) = canvas(rows=2, width=6.4, height=4.6)
    bottom.sharex(top)
    top.plot(t, f(t), color="#555555")
    bottom.plot(t, t**3 - a * t + b, color="#555555", label="f′")
    bottom.plot(t, 3 * t * t - a, color="#999999", ls="--", lw=1, label="f″")
    bottom.axhline(0, color="#bbbbbb", lw=0.8)
    names = {MINIMUM: "minimum", MAXIMUM: "maximum", NEITHER: "neither"}
    colours = {MINIMUM: COLOURS[0], MAXIMUM: COLOURS[1], NEITHER: COLOURS[2]}
    for p, k in zip(x, kinds, strict=True):
        k = int(k) if int(k) in names else NEITHER
        top.plot(p, f(p), "o", color=colours[k], ms=7)
        top.annotate(
            names[k],
            (p, f(p)),
            xytext=(0, 9 if k != MINIMUM else -15),
            textcoords="offset points",
            ha="center",
            fontsize=9.5,
            color=colours[k],
        )
        bottom.plot(p, 0, "o", color=colours[k], ms=6)
        bottom.plot([p, p], [0, 3 * p * p - a], ":", color=colours[k], lw=1.2)
    low = min(f(t).min(), -0.2)
    top.set(
        ylim=(low - 0.5, max(2.2, low + 2.5)),
        ylabel="f",
        title=f"$x^4/4-{a:.2f}\\,x^2/2{b:+.2f}\\,x$".replace("--", "+"),
    )
    bottom.set(ylim=(-3, 4), xlabel="x")
    bottom.legend(frameon=False, fontsize=9.5, loc="upper center")
    where = {k: [f"{p:.3f}" for p, q in zip(x, kinds, strict=True) if q == k] for k in names}
    kind_words = ((MINIMUM, "minima", "极小点"), (MAXIMUM, "maxima", "极大点"), (NEITHER, "no extremum", "非极值点"))
    english = "; ".join(en + " at " + ", ".join(where[k]) for k, en, _ in kind_words if where[k])
    chinese = "；".join(zh + " " + "、".join(where[k]) for k, _, zh in kind_words if where[k])
    words = Text(
        f"Critical points: {english}. Where f″ is not 0, it is positive at the minima and negative at the maxima.",
        f"临界点：{chinese}。只要 f″ 不为 0，它在极小点处为正，在极大点处为负。",
    )
    return Drawing(fig, words)
