"""Exponential linear unit (ELU)."""

import math

import numpy as np

from gradus.concepts.networks.activations.elementwise import X, not_numbers, points, slope_is
from gradus.concepts.networks.activations.relu import relu
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _elu_torch(elu, x, alpha):
    return elu(x, alpha=alpha)


ELU = Concept(
    key="elu",
    kind="definition",
    title="Exponential linear unit (ELU)",
    summary="The identity on the right, an exponential that levels off at −α on the left: negative outputs bring the "
    "mean of a layer closer to 0. With α = 1 the slope has no jump.",
    formulas=(
        r"f(x)=\begin{cases}x&x>0\\\alpha\,(e^{x}-1)&x\le 0\end{cases}",
        r"f'(x)=\begin{cases}1&x>0\\f(x)+\alpha&x<0\end{cases}",
    ),
    symbols=(
        X,
        Symbol(r"\alpha", "alpha", "", "depth of the left side, 1 unless given", "positive"),
        Symbol("f", "", "... n", "results"),
    ),
    needs=("relu",),
    source="clevert2016fast",
    year=2015,
    people=("Djork-Arné Clevert", "Thomas Unterthiner", "Sepp Hochreiter"),
    aliases="exponential linear unit, 指数线性单元, ELU 函数, 指数线性激活",
    implementations=(Implementation("torch.nn.functional:elu", "torch", _elu_torch),),
    readings="clevert2016fast §3",
    hypotheses=(Hypothesis(r"the slope: $x\ne0$, or $\alpha=1$", "jump-at-zero"),),
    conventions=(
        Convention(
            "where α stands",
            r"before the exponential, $\alpha(e^{x}-1)$",
            r"CELU: inside it too, $\alpha(e^{x/\alpha}-1)$, with slope 1 at 0 for every α; the two agree for α = 1",
        ),
    ),
    nonfinite="all",
)


@ELU.definition
def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@ELU.example
def example():
    x, alpha = np.array([2.0, -0.5, -1.0, -3.0]), 1.0
    y = elu(x, alpha)
    slope = np.where(x > 0, 1.0, y + alpha)
    moment = np.exp(0.5) * 0.5 * math.erfc(1 / math.sqrt(2))  # E e^z for z < 0
    of_relu = 1 / np.sqrt(2 * np.pi)
    return (
        dict(x=x, alpha=alpha, exp=np.exp(x), y=y, slope=slope, mean=y.mean())
        | dict(relu_mean=np.maximum(x, 0).mean(), below=np.exp(0.5), share=0.5 * math.erfc(1 / math.sqrt(2)))
        | dict(product=moment, of_relu=of_relu, left=moment - 0.5, normal=of_relu + moment - 0.5)
        | dict(deep=elu(x, 2.0), celu=2 * np.expm1(x[2] / 2))
    )


@ELU.exercise
def half_the_slope():
    return number(np.log(0.5), wrong_side=np.log(2), linear=-0.5)


@ELU.exercise
def balanced():
    return number(1 / (1 - np.exp(-1)), mirrored=1.0, inverted=1 - np.exp(-1))


@ELU.exercise
def branch_not_taken():
    x = 1000.0
    with np.errstate(over="ignore", invalid="ignore"):
        slope_of_where = 1.0 * 1.0 + 0.0 * np.exp(x)  # the slopes of both branches, the other one times 0
    return choice(
        one=slope_of_where == 1.0, nan=bool(np.isnan(slope_of_where)), infinite=bool(np.isinf(slope_of_where))
    )


@ELU.cases
def elu_cases(rng):
    yield from points(rng)
    for alpha in (0.5, 2.0):
        yield f"depth {alpha:g}", dict(x=3 * rng.standard_normal((2, 4)), alpha=alpha)


ELU.invalid(not_numbers)


@ELU.claim
def slope_of_elu(elu, rng):
    r"""The slope is 1 on the right and $f(x)+\alpha$ on the left"""
    x = np.array([-9.0, -3.0, -1.0, -0.25, 0.25, 1.0, 5.0])

    def one(alpha):
        f = lambda t: elu(t, alpha=alpha)
        return slope_is(f, x, np.where(x > 0, 1.0, f(x) + alpha))

    return all_of(*[one(alpha) for alpha in (0.5, 1.0, 2.0)])


@ELU.claim
def jump_at_zero(elu, rng):
    """At 0 the slope jumps by |1 − α|: none for α = 1"""
    h = np.array([2.0**-20])

    def one(alpha):
        right, left = elu(h, alpha=alpha) / h, -elu(-h, alpha=alpha) / h
        # the left quotient is α(1 − h/2 + …): the second term is the tolerance
        return roundoff(right - left, np.array([1 - alpha]), terms=1, c=1.0, scale=alpha * float(h[0]) / 2.0**-52)

    return all_of(*[one(alpha) for alpha in (0.5, 1.0, 3.0)])


@ELU.claim
def levels_off(elu, rng):
    """It levels off at −α and never goes below"""
    x = np.array([-1000.0, -750.0, -40.0])
    wide, why = np.linspace(-60, 8, 200), Text("value + α", "函数值 + α")
    above = [bound((elu(wide, alpha=a) + a).min(), 0.0, "≥", why) for a in (0.5, 1.0, 3.0)]
    return all_of(*[roundoff(elu(x, alpha=a), np.full(3, -a)) for a in (0.5, 1.0, 3.0)], *above)


@ELU.claim
def accurate_near_zero(elu, rng):
    r"""Just left of 0, from $-10^{-8}$ on, it is $\alpha(x+x^2/2)$ to full relative accuracy"""
    x = -np.array([1e-8, 1e-10, 1e-12, 1e-15])
    return all_of(*[roundoff(elu(x, alpha=a) / (a * (x + x**2 / 2)), np.ones(4)) for a in (1.0, 2.0)])


@ELU.mutant(caught_by="accurate-near-zero")
def cancelling_exponential(x, alpha=1.0):
    """$e^x-1$ subtracted term by term: digits lost near 0"""
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


@ELU.mutant(caught_by="slope-of-elu, jump-at-zero, equals-definition")
def celu(x, alpha=1.0):
    """CELU sold as ELU"""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


@ELU.mutant(caught_by="levels-off, slope-of-elu")
def alpha_ignored(x, alpha=1.0):
    """α ignored"""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


@ELU.mutant(caught_by="equals-definition, slope-of-elu")
def one_branch(x, alpha=1.0):
    """both branches computed by the exponential: overflows"""
    return alpha * np.expm1(x)


@ELU.figure(alpha=Slider(0.1, 3, 1.0, "depth α"), spread=Slider(0.2, 4, 1.0, "spread of the inputs"))
def elu_figure(alpha, spread):
    x = np.linspace(-4, 3, 700)
    z = np.linspace(-5, 5, 4001)
    weight = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    means = {
        name: float((weight * f(spread * z)).sum()) for name, f in (("ELU", lambda t: elu(t, alpha)), ("ReLU", relu))
    }
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, elu(x, alpha), label="ELU")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    left.plot(x, np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0))), color="#D55E00", label="slope of ELU")
    left.axhline(-alpha, color="#7F7F7F", lw=0.6)
    left.set(title=rf"$\alpha={alpha:.2g}$", xlabel="x")
    left.legend(frameon=False, fontsize=9.5)
    right.bar(list(means), list(means.values()), color=["#0072B2", "#7F7F7F"])
    right.axhline(0, color="black", lw=0.8)
    right.set(title=rf"mean output, $x\sim N(0,{spread:.2g}^2)$", ylim=(-0.8, 1.7))
    words = Text(
        f"α = {alpha:.2g}: the slope jumps by {abs(1 - alpha):.2g} at 0. For normal inputs of spread {spread:.2g} the mean output is "
        f"{means['ELU']:.3f}, against {means['ReLU']:.3f} for ReLU.",
        f"α = {alpha:.2g}：斜率在 0 处跳跃 {abs(1 - alpha):.2g}。输入服从标准差为 {spread:.2g} 的正态分布时，输出均值为 {means['ELU']:.3f}，而 ReLU 为 {means['ReLU']:.3f}。",
    )
    return Drawing(fig, words)
