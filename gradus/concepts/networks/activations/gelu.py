"""Gaussian error linear unit (GELU)."""

import math

import numpy as np

from gradus.concepts.networks.activations.elementwise import MIDDLE, X, minimum, not_numbers, points, slope_is
from gradus.concepts.networks.activations.relu import relu
from gradus.page import Concept, Convention, Drawing, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

GELU = Concept(
    key="gelu",
    kind="definition",
    title="Gaussian error linear unit (GELU)",
    summary="x kept with the probability that a standard normal lies below it. Smooth, and not monotone: it dips to "
    "−0.17 before it rises. The activation of BERT and GPT-2.",
    formulas=(
        r"\operatorname{GELU}(x)=x\,\Phi(x)=\mathbb{E}\,[x\,\mathbf{1}\{Z\le x\}]",
        r"Z\sim N(0,1),\qquad \Phi(x)=\tfrac12\operatorname{erfc}\!\left(-\tfrac{x}{\sqrt2}\right)",
        r"\operatorname{GELU}'(x)=\Phi(x)+x\,\varphi(x)",
    ),
    symbols=(
        X,
        Symbol(r"\Phi", "", "", "distribution function of the standard normal"),
        Symbol(r"\varphi", "", "", "its density"),
    ),
    needs=("relu", "expectation"),
    source="hendrycks2016gaussian",
    year=2016,
    people=("Dan Hendrycks", "Kevin Gimpel"),
    aliases="Gaussian error linear unit, 高斯误差线性单元, GELU 函数",
    implementations=(Implementation("torch.nn.functional:gelu", "torch"),),
    readings="hendrycks2016gaussian §2",
    conventions=(
        Convention(
            "exact or approximate",
            "the exact form, as in PyTorch unless told `approximate='tanh'`",
            r"JAX, unless told otherwise, and GPT-2: $\tfrac x2\bigl(1+\tanh(\sqrt{2/\pi}\,(x+0.044715x^3))\bigr)$, off "
            r"by up to 0.00047; the paper also has $x\,\sigma(1.702x)$, off by up to 0.020",
        ),
    ),
    deviations="At −∞ the product, PyTorch's and JAX's too, is −∞·0, NaN; the limit is 0.",
    nonfinite="nan",
)


def normal_distribution(x):
    """Φ(x), accurate in the lower tail too."""
    return np.vectorize(lambda t: math.erfc(-t / math.sqrt(2)) / 2, otypes=[float])(x)


@GELU.definition
def gelu(x):
    return x * normal_distribution(x)


@GELU.example
def example():
    x = np.array([1.0, -1.0, 2.0, -2.0])
    share, density = normal_distribution(x), np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    y = gelu(x)
    inner = np.sqrt(2 / np.pi) * (x[0] + 0.044715 * x[0] ** 3)
    form = x[0] / 2 * (1 + np.tanh(inner))
    rough = x[0] / (1 + np.exp(-1.702 * x[0]))
    return (
        dict(x=x, share=share, density=density, y=y, slope=share + x * density)
        | dict(spread=np.sqrt(share[0] * (1 - share[0])), inner=inner, form=form, off=form - y[0])
        | dict(rough=rough, off_rough=rough - y[0], steepest=float(slope_by_scipy(np.sqrt(2.0))), c=0.044715)
        | dict(steep=1.702, double=gelu(2 * x[:1])[0], twice=2 * y[0])
    )


@GELU.exercise
def other_side():
    one = float(gelu(np.array(1.0)))
    return number(one - 1, odd=-one, cut_off=0)


@GELU.exercise
def steepest_place():
    at = slope_by_scipy(np.array([0.0, 1.0, np.sqrt(2), 8.0]))
    best = ("zero", "inflection", "root_two", "infinity")[int(at.argmax())]
    return choice(**{name: name == best for name in ("zero", "inflection", "root_two", "infinity")})


@GELU.exercise
def one_random_gate():
    p = float(normal_distribution(np.array(1.0)))
    return number(np.sqrt(p * (1 - p)), variance=p * (1 - p), chance_of_loss=1 - p)


GELU.cases(points)


GELU.invalid(not_numbers)


@GELU.claim
def slope_of_gelu(gelu, rng):
    r"""Its slope is $\Phi(x)+x\varphi(x)$"""
    return slope_is(gelu, MIDDLE, slope_by_scipy(MIDDLE))


def slope_by_scipy(x):
    """Φ(x) + x·φ(x) with SciPy's distribution function."""
    from scipy.special import ndtr

    return ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


@GELU.claim
def minimum_of_gelu(gelu, rng):
    """Its minimum is −0.169971 at −0.751792: it is not monotone"""
    from scipy.special import ndtr

    a, b = -1.0, 0.0  # bisection of the slope
    for _ in range(60):
        a, b = ((a + b) / 2, b) if slope_by_scipy((a + b) / 2) < 0 else (a, (a + b) / 2)
    place, (found, value) = a, minimum(gelu, -3.0, 0.0)
    # a value known to ε·|f|·4 places a minimum of curvature ≈ 0.4 to √(8ε·0.17/0.4)
    yield roundoff(value, place * ndtr(place), terms=2)
    yield near(
        found, place, 2 * np.sqrt(8 * 2.0**-52 * 0.17 / 0.4), Text("√(rounding / curvature)", "√(舍入误差 / 曲率)")
    )
    yield near(place, -0.751792, 5e-7, Text("digits printed", "所写的位数"))
    yield near(value, -0.169971, 5e-7, Text("digits printed", "所写的位数"))


@GELU.claim
def mean_of_a_random_gate(gelu, rng):
    r"""It is the mean of $x\,\mathbf{1}\{Z\le x\}$ over normal Z"""
    x = np.linspace(-2, 2, 5)
    gate = x * (rng.standard_normal((4000, 1)) <= x) - gelu(x)
    return all_of(*[statistical(g, 0.0) for g in gate.T[[0, 1, 3, 4]]])


@GELU.claim
def odd_part_is_half_x(gelu, rng):
    r"""$\operatorname{GELU}(x)-\operatorname{GELU}(-x)=x$"""
    x = 3 * rng.standard_normal(200)
    return roundoff(gelu(x) - gelu(-x), x)


@GELU.claim
def exact_not_tanh(gelu, rng):
    r"""It is the exact form: where the tanh form errs most, by 0.00047 at ±2.70, it agrees with the normal distribution;
    $x\,\sigma(1.702x)$ errs by up to 0.020"""
    from scipy.special import ndtr

    x = np.linspace(-5, 5, 2001)
    approximation = x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    gap = np.abs(x * ndtr(x) - approximation)
    worst = x[[int(gap.argmax())]]
    rough = np.abs(x * ndtr(x) - x / (1 + np.exp(-1.702 * x))).max()
    found = near(gap.max(), 4.73e-4, 5e-7, Text("digits printed", "所写的位数"))
    found = all_of(found, near(rough, 0.0203, 5e-5, Text("digits printed", "所写的位数")))
    found = all_of(found, near(abs(worst[0]), 2.70, 5e-3, Text("digits printed", "所写的位数")))
    return all_of(
        found, roundoff(gelu(worst), worst * ndtr(worst)), roundoff(gelu(-worst), -worst * ndtr(-worst), scale=5.0)
    )


@GELU.mutant(caught_by="exact-not-tanh, slope-of-gelu, minimum-of-gelu, equals-definition")
def tanh_approximation(x):
    """the tanh approximation sold as exact"""
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@GELU.mutant(caught_by="exact-not-tanh, minimum-of-gelu")
def sigmoid_approximation(x):
    r"""$x\,\sigma(1.702x)$"""
    return x / (1 + np.exp(-1.702 * x))


@GELU.mutant(caught_by="slope-of-gelu, mean-of-a-random-gate")
def root_two_lost(x):
    r"""$\operatorname{erf}(x)$ without the $\sqrt2$"""
    return x * normal_distribution(np.sqrt(2) * x)


@GELU.mutant(caught_by="odd-part-is-half-x, mean-of-a-random-gate")
def density_for_distribution(x):
    """the density in the place of the distribution"""
    return x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


@GELU.figure(x0=Slider(-4, 4, -0.75, "pre-activation x"))
def gelu_figure(x0):
    x = np.linspace(-4, 4, 400)
    approximations = {
        "tanh form": x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        r"$x\,\sigma(1.702x)$": x / (1 + np.exp(-1.702 * x)),
    }
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, gelu(x), label="GELU")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    left.fill_between(x, np.exp(-(x**2) / 2), where=x <= x0, color="#56B4E9", alpha=0.35, lw=0, label="$Z\\leq x$")
    value, kept = float(gelu(np.float64(x0))), float(normal_distribution(np.float64(x0)))
    left.plot(x0, value, "o", color="#D55E00")
    left.set(title=r"$x\,\Phi(x)$", xlabel="x", ylim=(-0.5, 3))
    left.legend(frameon=False, fontsize=9.5)
    for colour, (name, y) in zip(("#0072B2", "#D55E00"), approximations.items(), strict=True):
        right.semilogy(x, np.abs(y - gelu(x)) + 1e-17, color=colour, label=name)
    right.set(title="error of the approximations", xlabel="x", ylim=(1e-8, 1e-1))
    right.legend(frameon=False, fontsize=9.5)
    slope = kept + x0 * np.exp(-x0 * x0 / 2) / np.sqrt(2 * np.pi)
    worst = [float(np.abs(y - gelu(x)).max()) for y in approximations.values()]
    words = Text(
        f"x = {x0:.2f} is kept with probability {kept:.3f}: GELU = {value:.4f}, slope {slope:.3f}. The tanh form is off by up to "
        f"{worst[0]:.2g}, the sigmoid form by up to {worst[1]:.2g}.",
        f"x = {x0:.2f} 以概率 {kept:.3f} 被保留：GELU = {value:.4f}，斜率 {slope:.3f}。tanh 近似的误差最大为 {worst[0]:.2g}，sigmoid 近似最大为 {worst[1]:.2g}。",
    )
    return Drawing(fig, words)
