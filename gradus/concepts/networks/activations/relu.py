"""ReLU."""

import numpy as np

from gradus.concepts.networks.activations.elementwise import X, not_numbers, points
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Text
from gradus.page.evidence import all_of, identical
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

RELU = Concept(
    key="relu",
    kind="definition",
    title="ReLU",
    summary="Keeps what is positive and drops the rest. Its slope is 1 wherever it passes anything, so products of "
    "slopes along active units do not shrink with depth; where it is 0, nothing is learnt.",
    formulas=(
        r"\operatorname{ReLU}(x)=\max(0,x)",
        r"\operatorname{ReLU}'(x)=\begin{cases}1&x>0\\0&x<0\end{cases}\qquad\partial\operatorname{ReLU}(0)=[0,1]",
    ),
    symbols=(X,),
    needs=("derivative",),
    source="fukushima1969visual",
    year=1969,
    people=("Kunihiko Fukushima", "Vinod Nair", "Geoffrey Hinton"),
    aliases="rectifier, rectified linear unit, dead ReLU, ReLU 函数, 线性整流函数, 修正线性单元, 整流函数, 死亡 ReLU",
    implementations=(Implementation("torch.nn.functional:relu", "torch"),),
    readings="nair2010rectified; glorot2011deep §3; goodfellow2016deep §6.3.1",
    hypotheses=(Hypothesis(r"the slope: $x\ne0$", "kink-at-zero"),),
    conventions=(
        Convention(
            "the slope at 0",
            "left open: every number of the subdifferential [0, 1] will do",
            "0 in `relu` of PyTorch, JAX and TensorFlow; in PyTorch ½ by `maximum` with zeros, 1 by `clamp(min=0)`",
        ),
    ),
    nonfinite="all",
)


@RELU.definition
def relu(x):
    return np.maximum(0, x)


@RELU.example
def example():
    t, knots, v = np.array([0.5, 1.0, 1.75, 3.0, -1.0]), np.array([0.0, 1.0, 2.0]), np.array([1.0, -2.0, 1.0])
    x = t[2] - knots  # of the third point; below those of all five
    z = t[:, None] - knots  # (5, 3)
    h = relu(z)
    return dict(x=x, t=t, v=v, h=h, hat=h @ v, on=(z > 0).sum(1), slope=(z > 0) @ v)


@RELU.exercise
def half_is_lost():
    z, w = np.polynomial.hermite_e.hermegauss(2)  # exact for squares
    both = float(w @ z**2 / w.sum())
    return number(both / 2, variance=both / 2 - 1 / (2 * np.pi), untouched=both)


@RELU.exercise
def a_dead_unit():
    x, w, b, v = np.array([1.0, 2.0]), np.array([0.5, -1.0]), -3.0, 2.0
    z, delta = w @ x + b, 1.0  # the gradient that arrives at the output v·h
    incoming, outgoing = delta * v * (z > 0) * x, delta * relu(z)
    into, out = bool(incoming.any()), bool(outgoing)
    return choice(incoming=into and not out, outgoing=out and not into, none=not into and not out)


@RELU.exercise
def pieces():
    points = np.linspace(-1, 4, 1001) + 1e-4
    patterns = points[:, None] > np.array([0.0, 1.0, 2.0])
    return number(len(np.unique(patterns, axis=0)), tolerance=1e-6, one_each=3, every_pattern=2**3)


RELU.cases(points)


RELU.invalid(not_numbers)


@RELU.claim
def slope_is_a_step(relu, rng):
    """The slope is 1 to the right of 0 and 0 to the left, exactly"""
    x = np.array([-30.0, -2.0, -0.5, 0.5, 2.0, 30.0])  # differences of multiples of 2^-3 are exact
    return identical((relu(x + 0.125) - relu(x - 0.125)) / 0.25, np.where(x > 0, 1.0, 0.0))


@RELU.claim
def kink_at_zero(relu, rng):
    """It has a kink at 0: the one-sided slopes are 0 and 1"""
    h = np.array([2.0**-k for k in range(1, 40)])
    left, right = (relu(0 * h) - relu(-h)) / h, (relu(h) - relu(0 * h)) / h
    return all_of(identical(left, 0 * h), identical(right, 1 + 0 * h))


@RELU.claim
def positively_homogeneous(relu, rng):
    r"""Positively homogeneous: $\operatorname{ReLU}(ax)=a\operatorname{ReLU}(x)$ for $a>0$, and for no $a<0$ unless
    $x=0$"""
    x = rng.standard_normal(100)
    folded = identical(relu(-2 * x) + 2 * relu(x), 2 * np.abs(x))  # 0 if it held for a = −2
    return all_of(*[identical(relu(a * x), a * relu(x)) for a in (0.25, 2.0, 1024.0)], folded)


@RELU.claim
def identity_and_absolute_value(relu, rng):
    r"""Two of them make the identity and the absolute value: $x=\operatorname{ReLU}(x)-\operatorname{ReLU}(-x)$,
    $|x|=\operatorname{ReLU}(x)+\operatorname{ReLU}(-x)$"""
    x = 10 * rng.standard_normal(100)
    a, b = relu(x), relu(-x)
    return all_of(identical(a - b, x), identical(a + b, np.abs(x)))


@RELU.mutant(caught_by="slope-is-a-step, kink-at-zero, identity-and-absolute-value")
def leaks(x):
    """a leak of 0.01 on the left"""
    return np.where(x > 0, x, 0.01 * x)


@RELU.mutant(caught_by="slope-is-a-step, positively-homogeneous")
def capped_at_six(x):
    """capped at 6 (ReLU6)"""
    return np.clip(x, 0, 6)


@RELU.mutant(caught_by="kink-at-zero, equals-definition")
def absolute_value(x):
    """the absolute value"""
    return np.abs(x)


@RELU.figure(kinks=Slider(3, 40, 5, "number of ReLUs", integer=True), point=Slider(0.05, 0.95, 0.35, "x marked"))
def relu_figure(kinks, point):
    n = int(kinks)
    knots = np.linspace(0, 1, n + 1)
    target = np.sin(2 * np.pi * knots)
    rise = np.diff(target) * n
    weights = np.diff(rise, prepend=0.0)  # the change of slope at each knot
    x = np.linspace(0, 1, 1001)
    terms = weights[:, None] * relu(x - knots[:-1, None])
    total, exact = terms.sum(0), np.sin(2 * np.pi * x)
    fig, (one, left, right) = canvas(columns=3, width=8.4, height=3.0)
    z = np.array([-1.0, 0.0, 1.0])
    one.plot(z, np.maximum(z, 0), lw=2, label="ReLU")
    one.plot([-1, 0], [0, 0], color="#D55E00", ls="--", label="slope")
    one.plot([0, 1], [1, 1], color="#D55E00", ls="--")
    one.set(title=r"$\max(0,x)$", xlabel="x")
    one.legend(frameon=False, fontsize=9.5)
    left.plot(x, terms.T, color="#7F7F7F", lw=1)
    left.set(title="terms $w_k\\,$ReLU$(x-t_k)$", xlabel="x")
    right.plot(x, exact, color="#D55E00", lw=3, alpha=0.4, label=r"$\sin 2\pi x$")
    right.plot(x, total, label="sum")
    right.plot(point, float(np.interp(point, x, total)), "o", color="#009E73")
    right.set(title=f"the sum of {n}", xlabel="x")
    right.legend(frameon=False, fontsize=9.5)
    worst, active = float(np.abs(total - exact).max()), int((knots[:-1] < point).sum())
    denser = np.linspace(0, 1, 2 * n + 1)
    halved = float(np.abs(np.interp(x, denser, np.sin(2 * np.pi * denser)) - exact).max())
    words = Text(
        f"ReLU is 0 left of 0 and the identity right of it; its slope is 0 or 1. A sum of {n} ReLUs with their kinks at equal distances runs through the sine: largest error {worst:.3g}, "
        f"with twice as many {halved:.3g}. At x = {point:.2f}, {active} of them are active and pass a gradient.",
        f"ReLU 在 0 左侧为 0，右侧为恒等函数，斜率为 0 或 1。{n} 个折点等距的 ReLU 之和穿过正弦曲线上的点：最大误差 {worst:.3g}，个数加倍时为 {halved:.3g}。在 x = {point:.2f} 处有 {active} 个处于激活状态并传递梯度。",
    )
    return Drawing(fig, words)
