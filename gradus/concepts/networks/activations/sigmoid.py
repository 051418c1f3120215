"""Sigmoid."""

import numpy as np

from gradus.concepts.networks.activations.elementwise import MIDDLE, STEP, X, not_numbers, points, slope_is
from gradus.page import Concept, Drawing, Implementation, Slider, Symbol, Text
from gradus.page.differences import five_point_slope
from gradus.page.evidence import all_of, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

SIGMOID = Concept(
    key="sigmoid",
    kind="definition",
    title="Sigmoid",
    summary="The logistic function: turns log-odds into a probability. It saturates on both sides and its slope "
    "never exceeds ¼, so a deep stack of sigmoids passes almost no gradient unless the weights make up for it.",
    formulas=(
        r"\sigma(x)=\frac{1}{1+e^{-x}}",
        r"\sigma'(x)=\sigma(x)\bigl(1-\sigma(x)\bigr)\le\tfrac14",
        r"\sigma(-x)=1-\sigma(x),\qquad x=\log\frac{\sigma(x)}{1-\sigma(x)}",
    ),
    symbols=(X, Symbol(r"\sigma", "", "... n", "probabilities, in (0, 1)")),
    needs=("derivative",),
    source="goodfellow2016deep",
    year=1838,
    people=("Pierre François Verhulst",),
    aliases="logistic function, logistic sigmoid, expit, S-curve, 逻辑函数, S 型函数, 逻辑斯谛函数, sigmoid 激活函数",
    implementations=(Implementation("torch:sigmoid", "torch"),),
    readings="goodfellow2016deep §6.2.2.2; murphy2022probabilistic §2.4.2; bishop2006pattern §4.2",
    nonfinite="all",
)


@SIGMOID.definition
def sigmoid(x):
    return np.exp(-np.logaddexp(0, -1.0 * x))  # e^{−x} alone would overflow; −x of unsigned integers wrap around


@SIGMOID.example
def example():
    x = np.array([2.0, 0.0, -4.0])
    s = sigmoid(x)
    prior, ratio = 0.1, 18.0
    log_odds = np.log([prior / (1 - prior), ratio, ratio * prior / (1 - prior)])
    return (
        dict(x=x, exp=np.exp(-x), s=s, slope=s * (1 - s), prior=prior, ratio=ratio, L=log_odds)
        | dict(posterior=sigmoid(log_odds[2]), odds=np.exp(log_odds[2]), rest=1 - sigmoid(log_odds[2]))
        | dict(five=0.25**5, five_out=(s[0] * (1 - s[0])) ** 5, double=sigmoid(2 * x[0]))
    )


@SIGMOID.exercise
def one_more_sign():
    before = np.log(0.1 / 0.9)
    return number(sigmoid(before + np.log(3)), times_three=0.3, prior_forgotten=sigmoid(np.log(3)))


@SIGMOID.exercise
def sure_and_wrong():
    x, y = 20.0, 0.0
    s = sigmoid(x)
    squared, log_loss = abs(2 * (s - y) * s * (1 - s)) > 1e-3, abs(s - y) > 1e-3
    return choice(
        squared=squared and not log_loss,
        log_loss=log_loss and not squared,
        both=squared and log_loss,
        neither=not squared and not log_loss,
    )


@SIGMOID.exercise
def weight_that_makes_up():
    x = np.linspace(-8, 8, 4001)
    steepest = (sigmoid(x) * (1 - sigmoid(x))).max()
    return number(1 / steepest, one=1, slope_itself=steepest)


SIGMOID.cases(points)


SIGMOID.invalid(not_numbers)


@SIGMOID.claim
def slope_of_the_sigmoid(sigmoid, rng):
    r"""Its slope is $\sigma(1-\sigma)$"""
    s = sigmoid(MIDDLE)
    return slope_is(sigmoid, MIDDLE, s * (1 - s))


@SIGMOID.claim
def slope_at_most_a_quarter(sigmoid, rng):
    """The slope is largest at 0, where it is ¼: the product of twenty slopes is at most $10^{-12}$"""
    steepest = np.abs(five_point_slope(sigmoid, MIDDLE)).max()
    return roundoff(steepest**20 * 2.0**40, 1.0, terms=20, scale=4 / STEP)


@SIGMOID.claim
def point_symmetry(sigmoid, rng):
    r"""$\sigma(-x)=1-\sigma(x)$"""
    x = 5 * rng.standard_normal(200)
    return roundoff(sigmoid(-x), 1 - sigmoid(x))


@SIGMOID.claim
def log_odds_undo_it(sigmoid, rng):
    r"""The log-odds are its inverse: $\log\frac{\sigma}{1-\sigma}=x$"""
    x = rng.uniform(-6, 6, 200)
    s = sigmoid(x)
    # rounding of σ, relative ε, moves the log-odds by ε/(1−σ) = ε(1+e^x)
    return roundoff(np.log(s) - np.log1p(-s), x, terms=2, scale=1 + np.exp(6.0))


@SIGMOID.claim
def tails_of_the_sigmoid(sigmoid, rng):
    """The lower tail is $e^{x}$ to full relative accuracy, the ends are 0 and 1, nothing overflows"""
    x = np.array([-700.0, -300.0, -50.0])
    ends = sigmoid(np.array([-1000.0, 1000.0]))
    return all_of(roundoff(sigmoid(x) / np.exp(x), np.ones(3), terms=4), identical(ends, np.array([0.0, 1.0])))


@SIGMOID.mutant(caught_by="tails-of-the-sigmoid")
def overflowing_form(x):
    """$e^x/(1+e^x)$: NaN at 1000"""
    return np.exp(x) / (1 + np.exp(x))


@SIGMOID.mutant(caught_by="tails-of-the-sigmoid")
def through_tanh(x):
    """through tanh: the lower tail is rounded to 0"""
    return (1 + np.tanh(x / 2)) / 2


@SIGMOID.mutant(caught_by="slope-of-the-sigmoid, slope-at-most-a-quarter, log-odds-undo-it, equals-definition")
def hard_sigmoid(x):
    """hard sigmoid"""
    return np.clip(x / 6 + 0.5, 0, 1)


@SIGMOID.mutant(caught_by="slope-of-the-sigmoid, log-odds-undo-it, tails-of-the-sigmoid")
def mirrored(x):
    """the sign of the exponent lost, 1 − σ"""
    return 1 / (1 + np.exp(x))


@SIGMOID.mutant(caught_by="point-symmetry, equals-definition")
def exponential_twice(x):
    """$e^{-x}$ counted twice in the denominator"""
    return 1 / (1 + 2 * np.exp(-x))


@SIGMOID.figure(x0=Slider(-8, 8, 2.0, "pre-activation x"), depth=Slider(1, 30, 5, "number of layers", integer=True))
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
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"At x = {x0:.2g}, σ = {s0:.3g} with slope {slope:.3g}. Through {int(depth)} layers at this point the gradient is "
        f"multiplied by {slope ** int(depth):.2g}; at best, at 0, by {0.25 ** int(depth):.2g}.",
        f"在 x = {x0:.2g} 处 σ = {s0:.3g}，斜率 {slope:.3g}。经过 {int(depth)} 层这样的点，梯度乘以 {slope ** int(depth):.2g}；即使在最好的 0 处也只有 {0.25 ** int(depth):.2g}。",
    )
    return Drawing(fig, words)
