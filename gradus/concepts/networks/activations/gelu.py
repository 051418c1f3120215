"""Gaussian error linear unit (GELU)."""

import math

import numpy as np

from gradus.concepts.networks.activations.common import MIDDLE, X, minimum, not_numbers, points, slope_is
from gradus.concepts.networks.activations.relu import relu
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, near, roundoff, statistical
from gradus.page.figures import canvas

GELU = Concept(
    key="gelu",
    kind="definition",
    title=Text("Gaussian error linear unit (GELU)", "高斯误差线性单元（GELU）"),
    summary=Text(
        "x kept with the probability that a standard normal lies below it. Smooth, and not monotone: it dips to "
        "−0.17 before it rises. The usual activation of transformers.",
        "以“标准正态变量小于 x 的概率”保留 x。它光滑但不单调：先降到 −0.17 再上升。是 Transformer 常用的激活函数。",
    ),
    formulas=(
        r"\operatorname{GELU}(x)=x\,\Phi(x)=\mathbb{E}\,[x\,\mathbf{1}\{Z\le x\}],\qquad Z\sim N(0,1),\qquad \Phi(x)=\tfrac12\operatorname{erfc}\!\left(-\tfrac{x}{\sqrt2}\right)",
        r"\operatorname{GELU}'(x)=\Phi(x)+x\,\varphi(x)",
    ),
    symbols=(
        X,
        Symbol(r"\Phi", "", "", Text("distribution function of the standard normal", "标准正态分布函数")),
        Symbol(r"\varphi", "", "", Text("its density", "其密度")),
    ),
    needs=("relu", "expectation"),
    source="hendrycks2016gaussian",
    year=2016,
    people=("Dan Hendrycks", "Kevin Gimpel"),
    implementations=(Implementation("torch.nn.functional:gelu", "torch"),),
    readings=(Reading("hendrycks2016gaussian", "§2"),),
    deviations=(
        Text(
            r"$\tfrac x2\bigl(1+\tanh(\sqrt{2/\pi}\,(x+0.044715x^3))\bigr)$ and $x\,\sigma(1.702x)$ are approximations, off by up to 4.7e-4 and 0.020. "
            "PyTorch computes the exact form unless told `approximate='tanh'`; JAX the tanh form unless told otherwise.",
            r"$\tfrac x2\bigl(1+\tanh(\sqrt{2/\pi}\,(x+0.044715x^3))\bigr)$ 与 $x\,\sigma(1.702x)$ 是近似式，误差最大为 4.7e-4 与 0.020。"
            "PyTorch 默认计算精确式，JAX 默认计算 tanh 近似式。",
        ),
    ),
)  # fmt: skip


def normal_distribution(x):
    """Φ(x), accurate in the lower tail too."""
    return np.vectorize(lambda t: math.erfc(-t / math.sqrt(2)) / 2, otypes=[float])(x)


@GELU.definition
def gelu(x):
    return x * normal_distribution(x)


GELU.cases(points)


GELU.invalid(not_numbers)


@GELU.claim(Text(r"Its slope is $\Phi(x)+x\varphi(x)$", r"斜率为 $\Phi(x)+x\varphi(x)$"))
def slope_of_gelu(gelu, rng):
    return slope_is(gelu, MIDDLE, slope_by_scipy(MIDDLE))


def slope_by_scipy(x):
    """Φ(x) + x·φ(x) with SciPy's distribution function."""
    from scipy.special import ndtr

    return ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


@GELU.claim(
    Text(
        "Its minimum is −0.169971 at −0.751792: it is not monotone",
        "在 −0.751792 处取最小值 −0.169971：不单调",
    )
)
def minimum_of_gelu(gelu, rng):
    from scipy.special import ndtr

    a, b = -1.0, 0.0  # bisection of the slope
    for _ in range(60):
        a, b = ((a + b) / 2, b) if slope_by_scipy((a + b) / 2) < 0 else (a, (a + b) / 2)
    place, (found, value) = a, minimum(gelu, -3.0, 0.0)
    # a value known to ε·|f|·4 places a minimum of curvature ≈ 0.4 to √(8ε·0.17/0.4)
    return all_of(
        roundoff(value, place * ndtr(place), terms=2),
        near(
            found,
            place,
            2 * np.sqrt(8 * 2.0**-52 * 0.17 / 0.4),
            Text("√(rounding / curvature)", "√(舍入误差 / 曲率)"),
        ),
        near(place, -0.751792, 5e-7, Text("digits printed", "所写的位数")),
        near(value, -0.169971, 5e-7, Text("digits printed", "所写的位数")),
    )


@GELU.claim(
    Text(
        r"It is the mean of $x\,\mathbf{1}\{Z\le x\}$ over normal Z",
        r"它是 $x\,\mathbf{1}\{Z\le x\}$ 对标准正态 Z 的均值",
    )
)
def mean_of_a_random_gate(gelu, rng):
    x = np.linspace(-2, 2, 5)
    gate = x * (rng.standard_normal((4000, 1)) <= x) - gelu(x)
    return all_of(*[statistical(g, 0.0) for g in gate.T[[0, 1, 3, 4]]])


@GELU.claim(
    Text(
        r"$\operatorname{GELU}(x)-\operatorname{GELU}(-x)=x$",
        r"$\operatorname{GELU}(x)-\operatorname{GELU}(-x)=x$",
    )
)
def odd_part_is_half_x(gelu, rng):
    x = 3 * rng.standard_normal(200)
    return roundoff(gelu(x) - gelu(-x), x)


@GELU.claim(Text("It is the exact form: where the tanh form errs most, at −2.70 and 2.70, it agrees with the normal distribution", "是精确式：在 tanh 近似误差最大的 ±2.70 处仍与正态分布一致"))  # fmt: skip
def exact_not_tanh(gelu, rng):
    from scipy.special import ndtr

    x = np.linspace(-5, 5, 2001)
    approximation = x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    gap = np.abs(x * ndtr(x) - approximation)
    worst = x[[int(gap.argmax())]]
    found = near(gap.max(), 4.73e-4, 5e-7, Text("digits printed", "所写的位数"))
    return all_of(
        found,
        roundoff(gelu(worst), worst * ndtr(worst)),
        roundoff(gelu(-worst), -worst * ndtr(-worst), scale=5.0),
    )


@GELU.mutant(
    Text("the tanh approximation sold as exact", "把 tanh 近似当作精确式"),
    caught_by=["exact-not-tanh", "slope-of-gelu", "minimum-of-gelu", "equals-definition"],
)
def tanh_approximation(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@GELU.mutant(
    Text(r"$x\,\sigma(1.702x)$", r"$x\,\sigma(1.702x)$"), caught_by=["exact-not-tanh", "minimum-of-gelu"]
)
def sigmoid_approximation(x):
    return x / (1 + np.exp(-1.702 * x))


@GELU.mutant(
    Text(r"$\operatorname{erf}(x)$ without the $\sqrt2$", r"$\operatorname{erf}(x)$ 漏掉 $\sqrt2$"),
    caught_by=["slope-of-gelu", "mean-of-a-random-gate"],
)
def root_two_lost(x):
    return x * normal_distribution(np.sqrt(2) * x)


@GELU.mutant(
    Text("the density in the place of the distribution", "用密度代替分布函数"),
    caught_by=["odd-part-is-half-x", "mean-of-a-random-gate"],
)
def density_for_distribution(x):
    return x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


@GELU.figure(x0=Slider(-4, 4, -0.75, Text("pre-activation x", "激活前的值 x")))
def gelu_figure(x0):
    x = np.linspace(-4, 4, 400)
    approximations = {
        "tanh form": x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        r"$x\,\sigma(1.702x)$": x / (1 + np.exp(-1.702 * x)),
    }
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, gelu(x), label="GELU")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    left.fill_between(
        x, np.exp(-(x**2) / 2), where=x <= x0, color="#56B4E9", alpha=0.35, lw=0, label="$Z\\leq x$"
    )
    value, kept = float(gelu(np.float64(x0))), float(normal_distribution(np.float64(x0)))
    left.plot(x0, value, "o", color="#D55E00")
    left.set(title=r"$x\,\Phi(x)$", xlabel="x", ylim=(-0.5, 3))
    left.legend(frameon=False, fontsize=8)
    for colour, (name, y) in zip(("#0072B2", "#D55E00"), approximations.items(), strict=True):
        right.semilogy(x, np.abs(y - gelu(x)) + 1e-17, color=colour, label=name)
    right.set(title="error of the approximations", xlabel="x", ylim=(1e-8, 1e-1))
    right.legend(frameon=False, fontsize=8)
    slope = kept + x0 * np.exp(-x0 * x0 / 2) / np.sqrt(2 * np.pi)
    worst = [float(np.abs(y - gelu(x)).max()) for y in approximations.values()]
    return Drawing(
        fig,
        Text(
            f"x = {x0:.2f} is kept with probability {kept:.3f}: GELU = {value:.4f}, slope {slope:.3f}. The tanh form is off by up to "
            f"{worst[0]:.2g}, the sigmoid form by up to {worst[1]:.2g}.",
            f"x = {x0:.2f} 以概率 {kept:.3f} 被保留：GELU = {value:.4f}，斜率 {slope:.3f}。tanh 近似的误差最大为 {worst[0]:.2g}，sigmoid 近似最大为 {worst[1]:.2g}。",
        ),
    )
