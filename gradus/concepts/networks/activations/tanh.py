"""Hyperbolic tangent."""

import numpy as np

from gradus.concepts.networks.activations.elementwise import MIDDLE, X, not_numbers, points, slope_is
from gradus.page import Concept, Drawing, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

TANH = Concept(
    key="tanh",
    kind="definition",
    title="Hyperbolic tangent",
    summary="The sigmoid stretched to (−1, 1) and centred at 0, with slope 1 there: small signals pass almost "
    "unchanged, large ones are bent and saturate.",
    formulas=(r"\tanh x=\frac{e^{x}-e^{-x}}{e^{x}+e^{-x}}=2\sigma(2x)-1", r"\tanh' x=1-\tanh^2 x"),
    symbols=(X, Symbol(r"\sigma", "", "", "the sigmoid")),
    needs=("sigmoid",),
    source="lecun1998efficient",
    year=1757,
    people=("Vincenzo Riccati", "Yann LeCun"),
    aliases="hyperbolic tangent activation, 双曲正切, 双曲正切函数, tanh 函数",
    implementations=(Implementation("torch:tanh", "torch"),),
    readings="lecun1998efficient §4.4; goodfellow2016deep §6.3.2",
    nonfinite="all",
)


@TANH.definition
def tanh(x):
    u = np.expm1(-2.0 * np.abs(x))  # e^{-2|x|} − 1, accurate near 0 and without overflow
    return np.sign(x) * -u / (u + 2)


@TANH.example
def example():
    x = np.array([0.5, 1.0, -2.0])
    y = tanh(x)
    weak, strong = [0.2], [0.2]
    for _ in range(4):
        weak.append(float(tanh(np.array(0.9 * weak[-1]))))
        strong.append(float(tanh(np.array(1.5 * strong[-1]))))
    fixed = strong[-1]
    for _ in range(200):
        fixed = float(tanh(np.array(1.5 * fixed)))
    return dict(x=x, up=np.exp(x), down=np.exp(-x), y=y, slope=1 - y**2, cubic=x[0] - x[0] ** 3 / 3, g=1.5) | dict(
        weak=weak, strong=strong, fixed=fixed, damping=1.5 * (1 - fixed**2)
    )


@TANH.exercise
def slope_from_the_output():
    return number(1 - 0.9**2, of_the_sigmoid=0.9 * 0.1, output_for_input=1 - np.tanh(0.9) ** 2)


@TANH.exercise
def pushed_together():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 6))
    positive, centred = 1 / (1 + np.exp(-x)), tanh(x)
    delta = 0.7  # the gradient of one unit's pre-activation, of one example
    one_sign = bool((delta * positive > 0).all())
    mixed = bool(((delta * centred < 0).any(1) & (delta * centred > 0).any(1)).any())  # of some example
    return choice(sigmoid=one_sign and mixed, tanh=not one_sign and not mixed, both=one_sign and not mixed)


@TANH.exercise
def gain_of_a_fixed_point():
    return number(np.arctanh(0.5) / 0.5, slope_undone=1 / (1 - 0.5**2), linear=1)


TANH.cases(points)


TANH.invalid(not_numbers)


@TANH.claim
def slope_of_tanh(tanh, rng):
    r"""Its slope is $1-\tanh^2x$, which is 1 at 0"""
    return all_of(slope_is(tanh, MIDDLE, 1 - tanh(MIDDLE) ** 2), slope_is(tanh, np.zeros(1), np.ones(1)))


@TANH.claim
def odd(tanh, rng):
    """Odd, to the last bit"""
    x = 3 * rng.standard_normal(200)
    return identical(tanh(-x), -tanh(x))


@TANH.claim
def stretched_sigmoid(tanh, rng):
    r"""$\tanh x=2\sigma(2x)-1$"""
    x = 2 * rng.standard_normal(200)
    return roundoff(tanh(x), 2 / (1 + np.exp(-2 * x)) - 1, terms=3, scale=1.0)


@TANH.claim
def addition_theorem(tanh, rng):
    r"""Addition theorem: $\tanh(x+y)=\frac{\tanh x+\tanh y}{1+\tanh x\tanh y}$"""
    x, y = rng.standard_normal((2, 200))
    a, b = tanh(x), tanh(y)
    # a and b are rounded by ε; where 1 + ab is small the quotient magnifies that
    scale = float((1 / (1 + a * b)).max())
    return roundoff((a + b) / (1 + a * b), tanh(x + y), terms=3, scale=scale)


@TANH.claim
def small_and_large_arguments(tanh, rng):
    r"""For $|x|\le10^{-4}$ it is $x-x^3/3$ to full relative accuracy; at ±1000 it is ±1"""
    x = np.array([1e-4, 1e-8, 1e-15, 1e-300])  # the next term, 2x⁵/15, is below ε/5 of x
    small = roundoff(tanh(x) / (x - x**3 / 3), np.ones(4))
    return all_of(small, identical(tanh(np.array([-1000.0, 1000.0])), np.array([-1.0, 1.0])))


@TANH.mutant(caught_by="small-and-large-arguments")
def printed_form(x):
    """as printed, with growing exponentials: NaN at 1000"""
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


@TANH.mutant(caught_by="slope-of-tanh, stretched-sigmoid")
def half_the_argument(x):
    r"""$2\sigma(x)-1$: the factor 2 inside is lost"""
    return 2 / (1 + np.exp(-x)) - 1


@TANH.mutant(caught_by="slope-of-tanh, addition-theorem, small-and-large-arguments")
def scaled_for_unit_variance(x):
    """1.7159 tanh(2x/3), scaled for unit variance, sold as tanh"""
    return 1.7159 * np.tanh(2 * x / 3)


@TANH.mutant(caught_by="odd, stretched-sigmoid")
def sigmoid_in_its_place(x):
    """the sigmoid in its place"""
    return 1 / (1 + np.exp(-x))


@TANH.figure(gain=Slider(0.2, 3, 1.5, "gain g"), depth=Slider(1, 40, 12, "number of layers", integer=True))
def tanh_figure(gain, depth):
    n = int(depth)
    x = np.linspace(-3, 3, 400)
    h = [np.linspace(-2, 2, 9)]
    for _ in range(n):
        h.append(tanh(gain * h[-1]))
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, tanh(gain * x))
    left.plot(x, x, color="#7F7F7F", lw=0.8, ls="--")
    left.set(title=r"$\tanh(g\,h)$ and the diagonal", xlabel="h", ylim=(-1.5, 1.5))
    right.plot(np.arange(n + 1), np.array(h), ".-", ms=4, lw=0.9, color="#0072B2")
    right.set(title=r"$h_{\ell+1}=\tanh(g\,h_\ell)$", xlabel=r"layer $\ell$", ylabel="h")
    right.xaxis.get_major_locator().set_params(integer=True)
    fixed = float(h[-1][-1])
    for _ in range(2000):
        fixed = float(tanh(np.float64(gain * fixed)))
    slope = gain * (1 - fixed**2)
    fates = ("dies out towards 0", "趋于 0") if gain <= 1 else (f"settles at ±{fixed:.3g}", f"停在 ±{fixed:.3g}")
    words = Text(
        f"Gain {gain:.2g}: repeated application {fates[0]}; after {n} layers the largest signal is {abs(h[-1]).max():.3g}. "
        f"At the limit one layer multiplies a gradient by {slope:.3g}.",
        f"增益 {gain:.2g}：反复作用后信号{fates[1]}；经过 {n} 层，最大的信号为 {abs(h[-1]).max():.3g}。在极限处每层把梯度乘以 {slope:.3g}。",
    )
    return Drawing(fig, words)
