"""Softplus."""

import numpy as np

from gradus.concepts.networks.activations.elementwise import MIDDLE, X, not_numbers, points, slope_is
from gradus.concepts.networks.activations.relu import relu
from gradus.concepts.networks.activations.sigmoid import sigmoid
from gradus.page import Concept, Drawing, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _softplus_torch(softplus, x, beta):
    return softplus(x, beta=beta, threshold=40)  # e^-40 lies below rounding; the default, 20, does not


SOFTPLUS = Concept(
    key="softplus",
    kind="definition",
    title="Softplus",
    summary="A smooth ReLU, and the integral of the sigmoid: positive everywhere, so it turns a real number into a "
    "scale or a variance. The logistic loss of a margin is softplus of its negative.",
    formulas=(
        r"\zeta(x)=\frac1\beta\log\bigl(1+e^{\beta x}\bigr)",
        r"\zeta(x)=\max(0,x)+\frac1\beta\log\bigl(1+e^{-\beta|x|}\bigr)",
        r"\zeta'(x)=\sigma(\beta x),\qquad 0<\zeta(x)-\max(0,x)\le\frac{\log 2}{\beta}",
    ),
    symbols=(
        X,
        Symbol(r"\beta", "beta", "", "sharpness, 1 unless given", "positive"),
        Symbol(r"\sigma", "", "", "the sigmoid"),
        Symbol(r"\zeta", "", "... n", "results"),
    ),
    needs=("relu", "sigmoid"),
    source="dugas2001incorporating",
    year=2000,
    people=("Charles Dugas", "Yoshua Bengio"),
    aliases="smooth ReLU, log(1+exp), 平滑的 ReLU, softplus 激活函数",
    implementations=(Implementation("torch.nn.functional:softplus", "torch", _softplus_torch),),
    readings="dugas2001incorporating; glorot2011deep §3; goodfellow2016deep §3.10",
    deviations="PyTorch returns x itself where βx exceeds `threshold`, 20 unless given: an error of up to "
    r"$e^{-20}/\beta\approx2\cdot10^{-9}/\beta$ in float64. Gradus calls it with 40.",
    nonfinite="all",
)


@SOFTPLUS.definition
def softplus(x, beta=1.0):
    return np.maximum(0, x) + np.log1p(np.exp(-beta * np.abs(x))) / beta


@SOFTPLUS.example
def example():
    x, beta = np.array([2.0, 0.0, -3.0]), 1.0
    y = softplus(x, beta)
    return (
        dict(x=x, beta=beta, exp=np.exp(x), y=y, gap=y - np.maximum(x, 0))
        | dict(tail=np.log1p(np.exp(-np.abs(x))), slope=sigmoid(x), sharp=softplus(x, 4.0))
        | dict(at_zero=np.log(2) / 4, start=np.log(np.e - 1), small=np.exp(x[2]))
        | dict(right=softplus(np.array(-2.0)), wrong=softplus(np.array(2.0)))
    )


@SOFTPLUS.exercise
def start_at_one():
    return number(np.log(np.expm1(1.0)), inverse_of_exp=0.0, logarithm_forgotten=np.expm1(1.0))


@SOFTPLUS.exercise
def far_on_the_wrong_side():
    loss = float(softplus(np.array(50.0)))
    return choice(
        like_the_margin=45 < loss < 55,
        like_its_square=2000 < loss < 3000,
        exponential=loss > 1e20,
        at_most_one=loss <= 1,
    )


@SOFTPLUS.exercise
def other_side():
    y = float(softplus(np.array(-1.0)))
    return number(y + 1, even=y, complement=1 - y)


@SOFTPLUS.cases
def softplus_cases(rng):
    yield from points(rng)
    for beta in (0.5, 4.0):
        yield f"sharpness {beta:g}", dict(x=3 * rng.standard_normal((2, 4)), beta=beta)


SOFTPLUS.invalid(not_numbers)


@SOFTPLUS.claim
def slope_is_the_sigmoid(softplus, rng):
    r"""Its slope is the sigmoid $\sigma(\beta x)$"""
    x = MIDDLE + 1 / 64  # away from the joint of the stable form
    return all_of(*[slope_is(lambda t, b=b: softplus(t, beta=b), x, 1 / (1 + np.exp(-b * x))) for b in (0.5, 1.0, 3.0)])


@SOFTPLUS.claim
def gap_to_relu(softplus, rng):
    r"""It lies above ReLU by at most $\log 2/\beta$, reached at 0"""

    def one(beta):
        gap = softplus(MIDDLE, beta=beta) - np.maximum(0, MIDDLE)
        at_zero = softplus(np.zeros(1), beta=beta)[0]
        return all_of(
            bound(gap.max(), np.log(2) / beta), bound(gap.min(), 0.0, "≥"), roundoff(at_zero, np.log(2) / beta)
        )

    return all_of(*[one(beta) for beta in (0.5, 1.0, 3.0)])


@SOFTPLUS.claim
def odd_part_of_softplus(softplus, rng):
    r"""$\zeta(x)-\zeta(-x)=x$"""
    x = 3 * rng.standard_normal(200)
    return roundoff(softplus(x) - softplus(-x), x)


@SOFTPLUS.claim
def tails_of_softplus(softplus, rng):
    r"""No overflow at ±1000, and for $\beta=1$ the lower tail is $e^{x}$ to full relative accuracy"""
    x = np.array([-700.0, -300.0, -50.0])
    ends = softplus(np.array([-1000.0, 1000.0]))
    return all_of(roundoff(ends, np.array([0.0, 1000.0])), roundoff(softplus(x) / np.exp(x), np.ones(3), terms=4))


@SOFTPLUS.claim
def no_early_cut(softplus, rng):
    """Between 20 and 33 the term $e^{-x}$ still counts in float64, and is there"""
    x = np.array([20.5, 22.0, 24.0, 28.0, 30.0])
    return roundoff(softplus(x) - x, np.exp(-x), c=2.0, scale=float(x.max()))


@SOFTPLUS.mutant(caught_by="tails-of-softplus")
def printed_softplus(x, beta=1.0):
    r"""$\log(1+e^{x})$ as printed: overflows, and the tail is rounded away"""
    return np.log(1 + np.exp(beta * x)) / beta


@SOFTPLUS.mutant(caught_by="no-early-cut")
def cut_at_twenty(x, beta=1.0):
    """x itself from 20 on"""
    return np.where(beta * x > 20, x, softplus(x, beta))


@SOFTPLUS.mutant(caught_by="slope-is-the-sigmoid, gap-to-relu, equals-definition")
def beta_inverted(x, beta=1.0):
    r"""β outside inverted: $\beta\log(1+e^{x/\beta})$"""
    return softplus(x, 1 / beta)


@SOFTPLUS.mutant(caught_by="odd-part-of-softplus, gap-to-relu, slope-is-the-sigmoid")
def base_two_logarithm(x, beta=1.0):
    """logarithm to base 2"""
    return softplus(x, beta) / np.log(2)


@SOFTPLUS.figure(beta=Slider(0.3, 20, 1.0, "sharpness β", log=True), x0=Slider(-4, 4, 1.0, "pre-activation x"))
def softplus_figure(beta, x0):
    x = np.linspace(-4, 4, 801)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, softplus(x, beta), label="softplus")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    y0, s0 = float(softplus(np.float64(x0), beta)), float(sigmoid(beta * np.float64(x0)))
    left.plot(x0, y0, "o", color="#D55E00")
    left.set(title=rf"$\beta={beta:.3g}$", xlabel="x", ylim=(-0.3, 4.5))
    left.legend(frameon=False, fontsize=9.5)
    right.plot(x, sigmoid(beta * x))
    right.fill_between(x, sigmoid(beta * x), where=x <= x0, color="#56B4E9", alpha=0.35, lw=0)
    right.plot(x0, s0, "o", color="#D55E00")
    right.set(title=r"its slope  $\sigma(\beta x)$", xlabel="x")
    gap = np.log(2) / beta
    words = Text(
        f"β = {beta:.3g}: at x = {x0:.2g} softplus is {y0:.4g}, the shaded area under the sigmoid from −∞ up to there. "
        f"It exceeds ReLU by at most log 2/β = {gap:.3g}.",
        f"β = {beta:.3g}：在 x = {x0:.2g} 处 softplus 为 {y0:.4g}，即右图 sigmoid 曲线下从 −∞ 到该处的阴影面积。它高出 ReLU 至多 log 2/β = {gap:.3g}。",
    )
    return Drawing(fig, words)
