"""Leaky ReLU."""

import numpy as np

from gradus.concepts.networks.activations.elementwise import X, not_numbers, points
from gradus.concepts.networks.activations.relu import relu
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _leaky_torch(leaky_relu, x, alpha):
    return leaky_relu(x, negative_slope=alpha)


LEAKY_RELU = Concept(
    key="leaky-relu",
    kind="definition",
    title="Leaky ReLU",
    summary="ReLU with a small slope α on the left instead of 0: a unit that never fires still receives a gradient "
    "and can recover. With α learnt per channel it is the PReLU.",
    formulas=(
        r"f(x)=\begin{cases}x&x>0\\\alpha x&x\le 0\end{cases}\qquad f'(x)=\begin{cases}1&x>0\\\alpha&x<0\end{cases}",
    ),
    symbols=(
        X,
        Symbol(r"\alpha", "alpha", "", "slope on the left, 0.01 unless given", "nonnegative"),
        Symbol("f", "", "... n", "results"),
    ),
    needs=("relu",),
    source="maas2013rectifier",
    year=2013,
    people=("Andrew Maas", "Awni Hannun", "Andrew Ng"),
    aliases="LeakyReLU, LReLU, 带泄漏的 ReLU, 渗漏整流, 泄漏 ReLU",
    implementations=(Implementation("torch.nn.functional:leaky_relu", "torch", _leaky_torch),),
    readings="maas2013rectifier; he2015delving §2.1; goodfellow2016deep §6.3.1",
    hypotheses=(
        Hypothesis(r"the slope: $x\ne0$", "two-slopes"),
        Hypothesis(r"the inverse: $\alpha>0$", "between-relu-and-identity, no-leak"),
    ),
    conventions=(
        Convention(
            "the default α",
            "0.01, as in PyTorch, JAX and ONNX",
            "0.2 in the functions of TensorFlow and Keras, 0.3 in Keras's layer",
        ),
    ),
    nonfinite="all",
)


@LEAKY_RELU.definition
def leaky_relu(x, alpha=0.01):
    return np.where(x > 0, x, alpha * x)


@LEAKY_RELU.example
def example():
    x, alpha = np.array([2.0, -1.0, -3.0]), 0.1
    y = leaky_relu(x, alpha)
    w = [-1.0]  # descent on (f(w) − 1)²/2 with step 1
    while w[-1] < 0:
        w.append(w[-1] - alpha * (alpha * w[-1] - 1))
    return (
        dict(x=x, alpha=alpha, y=y, back=leaky_relu(y, 1 / alpha), other=1 / alpha, w=np.array(w[:4]))
        | dict(last=w[-1], steps=len(w) - 1, g0=alpha * (alpha * w[0] - 1), share=(1 + alpha**2) / 2)
        | dict(deep=((1 + alpha**2) / 2) ** 10, relu_deep=0.5**10, path=alpha**5)
    )


@LEAKY_RELU.exercise
def second_moment():
    z, w = np.polynomial.hermite_e.hermegauss(2)
    halves = w / w.sum() * z**2  # the negative node first
    right = float(halves @ np.array([0.2**2, 1.0]))
    return number(right, slope_not_squared=float(halves @ np.array([0.2, 1.0])), of_relu=0.5)


@LEAKY_RELU.exercise
def learnt_above_one():
    x = np.array([-2.0, 3.0])
    y, right = np.maximum(x, 1.5 * x), leaky_relu(x, 1.5)
    same, exchanged = bool(np.allclose(y, right)), bool(np.allclose(y, [x[0], 1.5 * x[1]]))
    return choice(same=same, exchanged=exchanged, relu=bool(np.allclose(y, relu(x))))


@LEAKY_RELU.exercise
def the_way_back():
    w, steps = -1.0, 0
    while w < 0:
        w, steps = w - 0.01 * (0.01 * w - 1), steps + 1
    return number(steps, 0.05, slope_squared=1 / 0.01**2, at_once=2)


@LEAKY_RELU.cases
def leaky_cases(rng):
    yield from points(rng)
    for alpha in (0.0, 0.2, 1.0, 2.0):
        yield f"slope {alpha:g}", dict(x=3 * rng.standard_normal((2, 4)), alpha=alpha)


LEAKY_RELU.invalid(not_numbers)


@LEAKY_RELU.claim
def two_slopes(leaky_relu, rng):
    """The slope is α to the left of 0 and 1 to the right"""
    x, h = np.array([-30.0, -2.0, -0.5, 0.5, 2.0, 30.0]), 0.125

    def one(alpha):
        s = (leaky_relu(x + h, alpha=alpha) - leaky_relu(x - h, alpha=alpha)) / (2 * h)
        return roundoff(s, np.where(x > 0, 1.0, alpha), scale=30 / h)

    return all_of(*[one(alpha) for alpha in (0.01, 0.2, 1.0, 2.0)])


@LEAKY_RELU.claim
def undone_by_the_reciprocal_slope(leaky_relu, rng):
    """For α > 0 it loses nothing: the leaky ReLU of slope 1/α undoes it"""
    x = rng.standard_normal(100)
    return all_of(*[roundoff(leaky_relu(leaky_relu(x, alpha=a), alpha=1 / a), x) for a in (0.01, 0.3, 2.0)])


@LEAKY_RELU.claim
def between_relu_and_identity(leaky_relu, rng):
    """α = 0 is the ReLU, α = 1 the identity"""
    x = rng.standard_normal(100)
    return all_of(identical(leaky_relu(x, alpha=0.0), np.maximum(x, 0)), identical(leaky_relu(x, alpha=1.0), x))


@LEAKY_RELU.claim
def revives_a_dead_unit(leaky_relu, rng):
    """A unit on its dead side learns: descent brings it from −1 back over 0, where that of a ReLU would stay"""
    w = np.array([-1.0])  # target 1, loss (f(w) − 1)²/2, step 1: with slope α it climbs by about α a step
    h = 2.0**-12
    for _ in range(60):
        slope = (leaky_relu(w + h, alpha=0.05) - leaky_relu(w - h, alpha=0.05)) / (2 * h)
        w = w - slope * (leaky_relu(w, alpha=0.05) - 1)
    return bound(float(w[0]), 0.0, "≥", Text("at rest it would stay at −1", "若不学习则停在 −1"))


@LEAKY_RELU.mutant(caught_by="two-slopes, undone-by-the-reciprocal-slope, equals-definition")
def maximum_form(x, alpha=0.01):
    r"""$\max(x,\alpha x)$: right only for α ≤ 1"""
    return np.maximum(x, alpha * x)


@LEAKY_RELU.mutant(caught_by="two-slopes, between-relu-and-identity, revives-a-dead-unit")
def no_leak(x, alpha=0.01):
    """no leak"""
    return np.maximum(x, 0)


@LEAKY_RELU.mutant(caught_by="two-slopes, revives-a-dead-unit")
def folded(x, alpha=0.01):
    """the leak has the wrong sign"""
    return np.where(x > 0, x, -alpha * x)


@LEAKY_RELU.figure(
    alpha=Slider(0, 1, 0.1, "slope α on the left"), depth=Slider(1, 30, 6, "number of layers", integer=True)
)
def leaky_figure(alpha, depth):
    n = int(depth)
    x = np.linspace(-3, 3, 301)
    k = np.arange(n + 1)
    from math import comb

    share = np.array([comb(n, int(i)) for i in k]) / 2.0**n  # a random path is on the left in k of n layers
    mean = ((1 + alpha**2) / 2) ** n
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, leaky_relu(x, alpha))
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9)
    left.set(title="f(x), and ReLU dashed", xlabel="x")
    right.bar(k, share, color="#0072B2")
    right.set(title=r"share of paths with gradient $\alpha^k$", xlabel="k layers on the left side")
    right.xaxis.get_major_locator().set_params(integer=True)
    lost = 2.0**-n
    words = Text(
        f"α = {alpha:.2g}: of {2.0**n:.3g} equally likely sign patterns through {n} layers, ReLU passes a gradient through one "
        f"({lost:.2g}); here {'all pass one' if alpha else 'too, at α = 0'}, and the mean square is {mean:.3g}, against {0.5**n:.3g} for ReLU.",
        f"α = {alpha:.2g}：穿过 {n} 层的 {2.0**n:.3g} 种等可能的符号组合中，ReLU 只让其中一种（{lost:.2g}）传递梯度；这里{'全部都能传递' if alpha else '也一样（α = 0）'}，梯度平方的均值为 {mean:.3g}，而 ReLU 为 {0.5**n:.3g}。",
    )
    return Drawing(fig, words)
