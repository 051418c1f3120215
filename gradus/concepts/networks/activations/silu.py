"""SiLU (swish)."""

import numpy as np

from gradus.concepts.networks.activations.elementwise import MIDDLE, X, minimum, not_numbers, points, slope_is
from gradus.concepts.networks.activations.relu import relu
from gradus.concepts.networks.activations.sigmoid import sigmoid
from gradus.page import Concept, Convention, Drawing, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

SILU = Concept(
    key="silu",
    kind="definition",
    title="SiLU (swish)",
    summary="x times the sigmoid of x: a smooth ReLU that gates itself and dips to −0.278 on the left. Close to "
    "GELU, with an exponential in place of the normal distribution.",
    formulas=(
        r"\operatorname{SiLU}(x)=x\,\sigma(x)=\frac{x}{1+e^{-x}}",
        r"\operatorname{SiLU}'(x)=\sigma(x)\bigl(1+x\,(1-\sigma(x))\bigr)",
        r"\min\operatorname{SiLU}=-W(1/e)\approx-0.278465",
    ),
    symbols=(
        X,
        Symbol(r"\sigma", "", "", "the sigmoid"),
        Symbol("W", "", "", "Lambert's function, $W(x)\\,e^{W(x)}=x$"),
    ),
    needs=("relu", "sigmoid"),
    source="elfwing2018sigmoid",
    year=2016,
    people=("Dan Hendrycks", "Kevin Gimpel", "Stefan Elfwing", "Eiji Uchibe", "Kenji Doya", "Prajit Ramachandran"),
    aliases="swish, sigmoid linear unit, Swish 激活函数, SiLU 函数, sigmoid 线性单元",
    implementations=(Implementation("torch.nn.functional:silu", "torch"),),
    readings="hendrycks2016gaussian; elfwing2018sigmoid §2; ramachandran2017searching §4",
    conventions=(
        Convention(
            "steepness of the gate",
            "β = 1, named SiLU by Hendrycks and Gimpel",
            r"Ramachandran et al.'s swish: $x\,\sigma(\beta x)$, with β fixed or learnt",
        ),
    ),
    deviations="At −∞ the product, PyTorch's and JAX's too, is −∞·0, NaN; the limit is 0.",
    nonfinite="nan",
)


@SILU.definition
def silu(x):
    return x * np.exp(-np.logaddexp(0, -1.0 * x))


@SILU.example
def example():
    x = np.array([2.0, -1.0, -2.0, -4.0])
    s = sigmoid(x)
    u = [0.3]
    for _ in range(4):
        u.append(float(np.exp(-1 - u[-1])))
    W = u[-1]
    for _ in range(100):
        W = float(np.exp(-1 - W))
    place = -1 - W
    return (
        dict(x=x, s=s, y=silu(x), slope=s * (1 + x * (1 - s)), u=u, W=W, place=place)
        | dict(lowest=silu(np.array(place)), near=silu(np.array(-1 - u[4])), small=silu(np.array(0.1)))
        | dict(half=0.05, large=silu(np.array(10.0)), sharp=float(silu(np.array(4 * -1.0)) / 4))
    )


@SILU.exercise
def shallower_dip():
    depth = -silu(np.linspace(-1.3, -1.25, 50001)).min()
    return number(depth / 0.1, wrong_way=0.1 / depth, value_alone=0.1)


@SILU.exercise
def small_signals():
    return number(0.5**10, like_relu=1, like_the_sigmoid=0.25**10)


@SILU.exercise
def gated_pair():
    a, b = np.meshgrid(np.linspace(-50, 50, 401), np.linspace(-50, 50, 401))
    low = (silu(a) * b).min()
    floor = float(silu(np.linspace(-3, 0, 3001)).min())
    return choice(
        floor_of_silu=low > 1.01 * floor, some_floor=1.01 * floor > low > 50 * floor, no_floor=low < 50 * floor
    )


SILU.cases(points)


SILU.invalid(not_numbers)


@SILU.claim
def slope_of_silu(silu, rng):
    r"""Its slope is $\sigma(x)\bigl(1+x(1-\sigma(x))\bigr)$"""
    s = 1 / (1 + np.exp(-MIDDLE))
    return slope_is(silu, MIDDLE, s * (1 + MIDDLE * (1 - s)))


@SILU.claim
def minimum_of_silu(silu, rng):
    r"""Its minimum is $-W(1/e)\approx-0.278465$ at $-1-W(1/e)$: it is not monotone"""
    from scipy.special import lambertw

    W = float(lambertw(np.exp(-1)).real)
    place, value = minimum(silu, -4.0, 0.0)
    # a value known to ε·|f|·4 places a minimum of curvature ≈ 0.2 to √(8ε·0.28/0.2)
    tolerance = 2 * np.sqrt(8 * 2.0**-52 * 0.28 / 0.2)
    yield roundoff(value, -W, terms=2)
    yield near(place, -1 - W, tolerance, Text("√(rounding / curvature)", "√(舍入误差 / 曲率)"))


@SILU.claim
def odd_part_of_silu(silu, rng):
    r"""$\operatorname{SiLU}(x)-\operatorname{SiLU}(-x)=x$"""
    x = 3 * rng.standard_normal(200)
    return roundoff(silu(x) - silu(-x), x)


@SILU.claim
def tails_of_silu(silu, rng):
    """The lower tail is $xe^{x}$, and nothing overflows at ±1000"""
    x = np.array([-700.0, -300.0, -50.0])
    ends = silu(np.array([-1000.0, 1000.0]))
    return all_of(roundoff(silu(x) / (x * np.exp(x)), np.ones(3), terms=4), roundoff(ends, np.array([0.0, 1000.0])))


@SILU.mutant(caught_by="slope-of-silu, minimum-of-silu, tails-of-silu")
def hard_swish(x):
    """hard swish"""
    return x * np.clip(x + 3, 0, 6) / 6


@SILU.mutant(caught_by="slope-of-silu, minimum-of-silu, equals-definition")
def quick_gelu(x):
    """β = 1.702 left inside"""
    return x / (1 + np.exp(-1.702 * x))


@SILU.mutant(caught_by="tails-of-silu")
def overflowing_silu(x):
    """$xe^x/(1+e^x)$: NaN at 1000"""
    return x * np.exp(x) / (1 + np.exp(x))


@SILU.mutant(caught_by="odd-part-of-silu, slope-of-silu")
def gated_by_the_slope(x):
    """x gated by the slope of the sigmoid"""
    return x * sigmoid(x) * (1 - sigmoid(x))


@SILU.figure(beta=Slider(0.05, 20, 1.0, "steepness β of the gate", log=True))
def silu_figure(beta):
    x = np.linspace(-6, 4, 1001)
    y = x * sigmoid(beta * x)
    s = sigmoid(beta * x)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, y, label=r"$x\,\sigma(\beta x)$")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    left.plot(x, x / 2, color="#7F7F7F", ls=":", lw=0.9, label="x/2")
    low = int(y.argmin())
    if low > 0:  # else the minimum lies to the left of the window
        left.plot(x[low], y[low], "o", color="#D55E00")
    left.set(title=rf"$\beta={beta:.3g}$", xlabel="x", ylim=(-1.5, 4))
    left.legend(frameon=False, fontsize=9.5)
    right.plot(x, s * (1 + beta * x * (1 - s)))
    right.axhline(0, color="#7F7F7F", lw=0.6)
    right.axhline(1, color="#7F7F7F", lw=0.6)
    right.set(title="slope", xlabel="x", ylim=(-0.3, 1.3))
    place, depth = 1.2784645427610738 / beta, 0.2784645427610738 / beta
    words = Text(
        f"β = {beta:.3g}: the minimum is {-depth:.3g} at x = {-place:.3g}; both shrink like 1/β. "
        f"Small β gives nearly x/2, large β nearly ReLU; β = 1 is SiLU.",
        f"β = {beta:.3g}：最小值为 {-depth:.3g}，位于 x = {-place:.3g}，二者都按 1/β 缩小。β 小时接近 x/2，β 大时接近 ReLU；β = 1 即 SiLU。",
    )
    return Drawing(fig, words)
