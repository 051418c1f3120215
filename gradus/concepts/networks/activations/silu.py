"""SiLU (swish)."""

import numpy as np

from gradus.concepts.networks.activations.common import MIDDLE, X, minimum, not_numbers, points, slope_is
from gradus.concepts.networks.activations.relu import relu
from gradus.concepts.networks.activations.sigmoid import sigmoid
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, near, roundoff
from gradus.page.figures import canvas

SILU = Concept(
    key="silu",
    kind="definition",
    title=Text("SiLU (swish)", "SiLU（Swish）"),
    summary=Text(
        "x times the sigmoid of x: a smooth ReLU that gates itself and dips to −0.278 on the left. Close to GELU, and "
        "cheaper.",
        "x 乘以它自己的 sigmoid：光滑的 ReLU，自己给自己当门控，左侧下探到 −0.278。与 GELU 接近而计算更省。",
    ),
    formulas=(
        r"\operatorname{SiLU}(x)=x\,\sigma(x)=\frac{x}{1+e^{-x}}",
        r"\operatorname{SiLU}'(x)=\sigma(x)\bigl(1+x\,(1-\sigma(x))\bigr),\qquad \min\operatorname{SiLU}=-W(1/e)=-0.278465",
    ),
    symbols=(
        X,
        Symbol(r"\sigma", "", "", Text("the sigmoid", "sigmoid 函数")),
        Symbol("W", "", "", Text("Lambert's function, $W e^{W}=x$", "朗伯 W 函数，$W e^{W}=x$")),
    ),
    needs=("relu", "sigmoid"),
    source="elfwing2018sigmoid",
    year=2017,
    people=("Stefan Elfwing", "Eiji Uchibe", "Kenji Doya", "Prajit Ramachandran"),
    implementations=(Implementation("torch.nn.functional:silu", "torch"),),
    readings=(Reading("elfwing2018sigmoid", "§2"), Reading("ramachandran2017searching", "§4")),
    deviations=(
        Text(r"Swish is $x\,\sigma(\beta x)$, with β fixed or learnt; SiLU is β = 1.", r"Swish 是 $x\,\sigma(\beta x)$，β 固定或可学习；SiLU 即 β = 1。"),
    ),
)  # fmt: skip


@SILU.definition
def silu(x):
    return x / (1 + np.exp(-x))


SILU.cases(points)


SILU.invalid(not_numbers)


@SILU.claim(
    Text(
        r"Its slope is $\sigma(x)\bigl(1+x(1-\sigma(x))\bigr)$",
        r"斜率为 $\sigma(x)\bigl(1+x(1-\sigma(x))\bigr)$",
    )
)
def slope_of_silu(silu, rng):
    s = 1 / (1 + np.exp(-MIDDLE))
    return slope_is(silu, MIDDLE, s * (1 + MIDDLE * (1 - s)))


@SILU.claim(
    Text(
        r"Its minimum is $-W(1/e)=-0.278465$ at $-1-W(1/e)$: it is not monotone",
        r"在 $-1-W(1/e)$ 处取最小值 $-W(1/e)=-0.278465$：不单调",
    )
)
def minimum_of_silu(silu, rng):
    from scipy.special import lambertw

    W = float(lambertw(np.exp(-1)).real)
    place, value = minimum(silu, -4.0, 0.0)
    # a value known to ε·|f|·4 places a minimum of curvature ≈ 0.2 to √(8ε·0.28/0.2)
    tolerance = 2 * np.sqrt(8 * 2.0**-52 * 0.28 / 0.2)
    return all_of(
        roundoff(value, -W, terms=2),
        near(place, -1 - W, tolerance, Text("√(rounding / curvature)", "√(舍入误差 / 曲率)")),
    )


@SILU.claim(
    Text(
        r"$\operatorname{SiLU}(x)-\operatorname{SiLU}(-x)=x$",
        r"$\operatorname{SiLU}(x)-\operatorname{SiLU}(-x)=x$",
    )
)
def odd_part_of_silu(silu, rng):
    x = 3 * rng.standard_normal(200)
    return roundoff(silu(x) - silu(-x), x)


@SILU.claim(
    Text(r"The lower tail is $xe^{x}$, and nothing overflows at ±1000", r"下尾为 $xe^{x}$，在 ±1000 处不溢出")
)
def tails_of_silu(silu, rng):
    x = np.array([-700.0, -300.0, -50.0])
    ends = silu(np.array([-1000.0, 1000.0]))
    return all_of(
        roundoff(silu(x) / (x * np.exp(x)), np.ones(3), terms=4), roundoff(ends, np.array([0.0, 1000.0]))
    )


@SILU.mutant(
    Text("hard swish", "分段的 hard swish"), caught_by=["slope-of-silu", "minimum-of-silu", "tails-of-silu"]
)
def hard_swish(x):
    return x * np.clip(x + 3, 0, 6) / 6


@SILU.mutant(
    Text("β = 1.702 left inside", "内部遗留了 β = 1.702"),
    caught_by=["slope-of-silu", "minimum-of-silu", "equals-definition"],
)
def quick_gelu(x):
    return x / (1 + np.exp(-1.702 * x))


@SILU.mutant(
    Text(r"$xe^x/(1+e^x)$: NaN at 1000", r"$xe^x/(1+e^x)$：在 1000 处为 NaN"), caught_by=["tails-of-silu"]
)
def overflowing_silu(x):
    return x * np.exp(x) / (1 + np.exp(x))


@SILU.mutant(
    Text("x gated by the slope of the sigmoid", "以 sigmoid 的导数作门控"),
    caught_by=["odd-part-of-silu", "slope-of-silu"],
)
def gated_by_the_slope(x):
    return x * sigmoid(x) * (1 - sigmoid(x))


@SILU.figure(beta=Slider(0.05, 20, 1.0, Text("steepness β of the gate", "门控的陡度 β"), log=True))
def silu_figure(beta):
    x = np.linspace(-6, 4, 1001)
    y = x * sigmoid(beta * x)
    s = sigmoid(beta * x)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, y, label=r"$x\,\sigma(\beta x)$")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    left.plot(x, x / 2, color="#7F7F7F", ls=":", lw=0.9, label="x/2")
    low = int(y.argmin())
    left.plot(x[low], y[low], "o", color="#D55E00")
    left.set(title=rf"$\beta={beta:.3g}$", xlabel="x", ylim=(-1.5, 4))
    left.legend(frameon=False, fontsize=8)
    right.plot(x, s * (1 + beta * x * (1 - s)))
    right.axhline(0, color="#7F7F7F", lw=0.6)
    right.axhline(1, color="#7F7F7F", lw=0.6)
    right.set(title="slope", xlabel="x", ylim=(-0.3, 1.3))
    place, depth = 1.2784645427610738 / beta, 0.2784645427610738 / beta
    return Drawing(
        fig,
        Text(
            f"β = {beta:.3g}: the minimum is {-depth:.3g} at x = {-place:.3g}; both shrink like 1/β. "
            f"Small β gives nearly x/2, large β nearly ReLU; β = 1 is SiLU.",
            f"β = {beta:.3g}：最小值为 {-depth:.3g}，位于 x = {-place:.3g}，二者都按 1/β 缩小。β 小时接近 x/2，β 大时接近 ReLU；β = 1 即 SiLU。",
        ),
    )
