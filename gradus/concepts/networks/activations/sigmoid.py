"""Sigmoid."""

import numpy as np

from gradus.concepts.networks.activations.common import MIDDLE, STEP, X, not_numbers, points, slope_is, slopes
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, roundoff
from gradus.page.figures import canvas

SIGMOID = Concept(
    key="sigmoid",
    kind="definition",
    title=Text("Sigmoid", "Sigmoid 函数"),
    summary=Text(
        "The logistic function: turns log-odds into a probability. It saturates on both sides and its slope never "
        "exceeds ¼, so a deep stack of sigmoids passes almost no gradient.",
        "逻辑斯谛函数：把对数几率变成概率。它两端饱和，斜率不超过 ¼，因此多层堆叠时几乎不传递梯度。",
    ),
    formulas=(
        r"\sigma(x)=\frac{1}{1+e^{-x}}",
        r"\sigma'(x)=\sigma(x)\bigl(1-\sigma(x)\bigr)\le\tfrac14,\qquad \sigma(-x)=1-\sigma(x),\qquad x=\log\frac{\sigma(x)}{1-\sigma(x)}",
    ),
    symbols=(X, Symbol(r"\sigma", "", "... n", Text("probabilities, in (0, 1)", "概率，取值于 (0, 1)"))),
    needs=("derivative",),
    source="goodfellow2016deep",
    year=1838,
    people=("Pierre François Verhulst",),
    implementations=(Implementation("torch:sigmoid", "torch"),),
    readings=(
        Reading("goodfellow2016deep", "§6.2.2.2"),
        Reading("murphy2022probabilistic", "§2.4.2"),
        Reading("bishop2006pattern", "§4.2"),
    ),
)  # fmt: skip


@SIGMOID.definition
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


SIGMOID.cases(points)


SIGMOID.invalid(not_numbers)


@SIGMOID.claim(Text(r"Its slope is $\sigma(1-\sigma)$", r"斜率为 $\sigma(1-\sigma)$"))
def slope_of_the_sigmoid(sigmoid, rng):
    s = sigmoid(MIDDLE)
    return slope_is(sigmoid, MIDDLE, s * (1 - s))


@SIGMOID.claim(
    Text(
        r"The slope is largest at 0, where it is ¼: twenty layers pass at most $10^{-12}$",
        r"斜率在 0 处最大，为 ¼：二十层最多传过 $10^{-12}$",
    )
)
def slope_at_most_a_quarter(sigmoid, rng):
    steepest = np.abs(slopes(sigmoid, MIDDLE)).max()
    return roundoff(steepest**20 * 2.0**40, 1.0, terms=20, scale=4 / STEP)


@SIGMOID.claim(Text(r"$\sigma(-x)=1-\sigma(x)$", r"$\sigma(-x)=1-\sigma(x)$"))
def point_symmetry(sigmoid, rng):
    x = 5 * rng.standard_normal(200)
    return roundoff(sigmoid(-x), 1 - sigmoid(x))


@SIGMOID.claim(
    Text(
        r"The log-odds are its inverse: $\log\frac{\sigma}{1-\sigma}=x$",
        r"对数几率是它的反函数：$\log\frac{\sigma}{1-\sigma}=x$",
    )
)
def log_odds_undo_it(sigmoid, rng):
    x = rng.uniform(-6, 6, 200)
    s = sigmoid(x)
    # rounding of σ, relative ε, moves the log-odds by ε/(1−σ) = ε(1+e^x)
    return roundoff(np.log(s) - np.log1p(-s), x, terms=2, scale=1 + np.exp(6.0))


@SIGMOID.claim(Text(r"The lower tail is $e^{x}$ to full relative accuracy, the ends are 0 and 1, nothing overflows", r"下尾以完整的相对精度等于 $e^{x}$，两端为 0 与 1，无溢出"))  # fmt: skip
def tails_of_the_sigmoid(sigmoid, rng):
    x = np.array([-700.0, -300.0, -50.0])
    ends = sigmoid(np.array([-1000.0, 1000.0]))
    return all_of(
        roundoff(sigmoid(x) / np.exp(x), np.ones(3), terms=4), identical(ends, np.array([0.0, 1.0]))
    )


@SIGMOID.mutant(
    Text(r"$e^x/(1+e^x)$: NaN at 1000", r"$e^x/(1+e^x)$：在 1000 处为 NaN"),
    caught_by=["tails-of-the-sigmoid"],
)
def overflowing_form(x):
    return np.exp(x) / (1 + np.exp(x))


@SIGMOID.mutant(
    Text("through tanh: the lower tail is rounded to 0", "由 tanh 得到：下尾被舍入为 0"),
    caught_by=["tails-of-the-sigmoid"],
)
def through_tanh(x):
    return (1 + np.tanh(x / 2)) / 2


@SIGMOID.mutant(
    Text("hard sigmoid", "分段线性的 hard sigmoid"),
    caught_by=["slope-of-the-sigmoid", "slope-at-most-a-quarter", "log-odds-undo-it", "equals-definition"],
)
def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


@SIGMOID.mutant(Text("the sign of the exponent lost, 1 − σ", "指数的符号丢失，得到 1 − σ"), caught_by=["slope-of-the-sigmoid", "log-odds-undo-it", "tails-of-the-sigmoid"])  # fmt: skip
def mirrored(x):
    return 1 / (1 + np.exp(x))


@SIGMOID.mutant(
    Text("1 lost in the denominator's place: e^{-x} added twice", "分母写错：加了两次 e^{-x}"),
    caught_by=["point-symmetry", "equals-definition"],
)
def exponential_twice(x):
    return 1 / (1 + 2 * np.exp(-x))


@SIGMOID.figure(
    x0=Slider(-8, 8, 2.0, Text("pre-activation x", "激活前的值 x")),
    depth=Slider(1, 30, 5, Text("number of layers", "层数"), integer=True),
)
def sigmoid_figure(x0, depth):
    x = np.linspace(-8, 8, 400)
    s, s0 = sigmoid(x), float(sigmoid(np.float64(x0)))
    slope = s0 * (1 - s0)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, s)
    t = np.linspace(x0 - 2.5, x0 + 2.5, 2)
    left.plot(t, s0 + slope * (t - x0), color="#D55E00")
    left.plot(x0, s0, "o", color="#D55E00")
    left.set(title=r"$\sigma(x)$ and its tangent", xlabel="x", ylim=(-0.2, 1.2))
    layers = np.arange(1, 31)
    right.semilogy(layers, 0.25**layers, label="at best, x = 0")
    right.semilogy(layers, slope**layers, label=f"at x = {x0:.2g}", color="#D55E00")
    right.plot([depth], [slope ** int(depth)], "o", color="#D55E00")
    right.set(title=r"product of slopes  $\sigma'(x)^L$", xlabel="layers L", ylim=(1e-40, 2))
    right.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"At x = {x0:.2g}, σ = {s0:.3g} with slope {slope:.3g}. Through {int(depth)} layers at this point the gradient is "
            f"multiplied by {slope ** int(depth):.2g}; at best, at 0, by {0.25 ** int(depth):.2g}.",
            f"在 x = {x0:.2g} 处 σ = {s0:.3g}，斜率 {slope:.3g}。经过 {int(depth)} 层这样的点，梯度乘以 {slope ** int(depth):.2g}；即使在最好的 0 处也只有 {0.25 ** int(depth):.2g}。",
        ),
    )
