"""Huber loss (smooth L1)."""

import numpy as np

from gradus.concepts.networks.losses.samples import COUNT, PREDICTION, TARGET, pairs, sample, unequal
from gradus.concepts.networks.losses.slopes import gradient_is, lowest
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _smooth_l1(smooth_l1_loss, y_hat, y, delta):
    return delta * smooth_l1_loss(y_hat, y, beta=delta)


HUBER = Concept(
    key="huber",
    kind="definition",
    title="Huber loss (smooth L1)",
    summary="Quadratic for errors up to δ, linear beyond: smooth at the optimum like the squared error, and like the "
    "absolute error it limits what one outlier can do. Smooth L1 is the same divided by δ.",
    formulas=(
        r"\ell_\delta(e)=\begin{cases}\tfrac12e^2&|e|\le\delta\\\delta\,(|e|-\tfrac12\delta)&|e|>\delta\end{cases}\qquad L=\frac1n\sum_{i=1}^{n}\ell_\delta(\hat y_i-y_i)",
        r"\ell_\delta'(e)=\max(-\delta,\min(e,\delta)),\qquad \ell_\delta(e)=\min_u\tfrac12(e-u)^2+\delta|u|,\qquad \text{smooth-}L_1=\ell_\delta/\delta",
    ),
    symbols=(
        PREDICTION,
        TARGET,
        Symbol(r"\delta", "delta", "", "where it turns from quadratic to linear, 1 unless given", "positive"),
        COUNT,
        Symbol("e", "", "", "an error"),
        Symbol("u", "", "", "part of the error taken as an outlier"),
        Symbol(r"\ell_\delta", "", "", "loss of one error"),
        Symbol("L", "", "", "the loss"),
    ),
    needs=("mse", "mae"),
    source="huber1964robust",
    year=1964,
    people=("Peter J. Huber",),
    aliases="smooth L1, SmoothL1Loss, robust loss, Huber 损失, 平滑 L1, 胡贝尔损失, 鲁棒损失",
    implementations=(
        Implementation("torch.nn.functional:huber_loss", "torch"),
        Implementation("torch.nn.functional:smooth_l1_loss", "torch", _smooth_l1, "times δ"),
    ),
    readings="huber1964robust; girshick2015fast §2.3; murphy2022probabilistic §5.1.5",
    hypotheses=(Hypothesis("the two limits: δ above every error, or below every one", "limits-of-delta"),),
    conventions=(
        Convention(
            "the slope far out",
            "δ, as in Huber's paper and `huber_loss`",
            r"1 in smooth L1, which with $\beta=\delta$ is this loss divided by δ; for δ = 1 they agree",
        ),
    ),
    nonfinite="all",
)


@HUBER.definition
def huber(y_hat, y, delta=1.0):
    e = np.abs(y_hat - y)
    return np.where(e <= delta, e**2 / 2, delta * (e - delta / 2)).mean()


@HUBER.example
def example():
    y_hat, y, delta = np.array([1.5, 1.0, 6.0]), np.array([1.0, 3.0, 2.0]), 1.0
    e = y_hat - y
    each = np.array([huber(np.array([v]), np.zeros(1), delta) for v in e])
    t = np.array([1.0, 2.0, 4.0, 5.0, 13.0])
    grid = np.linspace(0, 14, 14001)

    def best(d):
        return float(grid[np.argmin([huber(np.full(5, c), t, d) for c in grid])])

    return (
        dict(y_hat=y_hat, y=y, delta=delta, e=e, each=each, half=e**2 / 2, huber=huber(y_hat, y, delta))
        | dict(slope=np.clip(e, -delta, delta), gradient=np.clip(e, -delta, delta) / 3)
        | dict(far=huber(np.array([40.0]), np.zeros(1), delta), far_half=40.0**2 / 2, t=t)
        | dict(median=np.median(t), mean=t.mean(), best2=best(2.0), best5=best(5.0))
        | dict(pulls=np.clip(11 / 3 - t, -2, 2))
    )


@HUBER.exercise
def another_learning_rate():
    e, zero, beta = np.array([0.2, 3.0]), np.zeros(2), 0.5
    ratio = smooth_l1(e, zero, beta) / huber(e, zero, beta)
    return number(ratio, reversed_ratio=1 / ratio, same=1.0)


@HUBER.exercise
def metres_to_millimetres():
    y_hat, y = np.array([0.7, 2.4, 5.1]), np.array([1.0, 2.0, 4.0])
    e = 1000 * np.abs(y_hat - y)
    near_absolute = abs(huber(1000 * y_hat, 1000 * y) / e.mean() - 1) < 0.01
    near_square = abs(huber(1000 * y_hat, 1000 * y) / (e**2).mean() - 0.5) < 0.01
    return choice(same=not near_absolute and not near_square, absolute=near_absolute, square=near_square)


@HUBER.exercise
def weight_of_an_outlier():
    e, delta = 5.0, 1.0
    return number(np.clip(e, -delta, delta) / e, square_of_it=(delta / e) ** 2, none=0.0)


@HUBER.cases
def huber_cases(rng):
    yield from pairs(rng)
    for delta in (0.3, 2.0):
        yield f"δ = {delta:g}", dict(y_hat=2 * rng.standard_normal(9), y=rng.standard_normal(9), delta=delta)


HUBER.invalid(unequal)


@HUBER.claim
def gradient_is_the_clipped_error(huber, rng):
    """Its gradient is the error clipped to ±δ, divided by n"""
    e = np.array([-9.0, -2.5, -0.2, 0.1, 0.8, 4.0])
    for d in (0.5, 1.0, 3.0):
        yield gradient_is(lambda t, d=d: huber(t, np.zeros(6), delta=d), e, np.clip(e, -d, d) / 6)


@HUBER.claim
def moreau_envelope(huber, rng):
    r"""It is the Moreau envelope of $\delta|u|$: the least of $\tfrac12(e-u)^2+\delta|u|$ over u"""

    def one(e, delta):
        u = lowest(lambda u: (e - u) ** 2 / 2 + delta * abs(u), -20.0, 20.0)
        least = (e - u) ** 2 / 2 + delta * abs(u)
        return roundoff(huber(np.array([e]), np.zeros(1), delta=delta), least, terms=4)

    return all_of(*[one(e, d) for e in (-7.0, -0.4, 0.9, 3.0) for d in (0.5, 2.0)])


@HUBER.claim
def limits_of_delta(huber, rng):
    """A δ above all errors gives half the squared error; below all of them, and divided by δ, it is δ/2 less than the
    absolute error; between, it is neither"""
    a, y = rng.standard_normal((2, 8))
    wide = roundoff(huber(a, y, delta=1e6), ((a - y) ** 2).mean() / 2, terms=8)
    narrow = roundoff(huber(a, y, delta=1e-9) / 1e-9, np.abs(a - y).mean() - 5e-10, terms=8)
    mixed = roundoff(huber(np.array([0.5, 4.0]), np.zeros(2), delta=1.0), (0.125 + 3.5) / 2)
    return all_of(wide, narrow, mixed)


@HUBER.claim
def joined_smoothly(huber, rng):
    """Value and slope agree on both sides of δ"""

    def one(delta, h=2.0**-20):
        left, middle, right = (huber(np.array([e]), np.zeros(1), delta=delta) for e in (delta - h, delta, delta + h))
        # the slopes of the two chords are δ − h/2 and δ
        return near(
            (right - middle) / h - (middle - left) / h,
            h / 2,
            16 * 2.0**-52 * delta**2 / h,
            Text("rounding of values δ² over h", "数值 δ² 的舍入误差除以 h"),
        )

    return all_of(*[one(d) for d in (0.5, 1.0, 3.0)])


@HUBER.mutant(caught_by="gradient-is-the-clipped-error, moreau-envelope, limits-of-delta, equals-definition")
def smooth_l1(y_hat, y, delta=1.0):
    """smooth L1 sold as Huber: divided by δ"""
    return huber(y_hat, y, delta) / delta


@HUBER.mutant(caught_by="joined-smoothly, moreau-envelope")
def jumps(y_hat, y, delta=1.0):
    """δ²/2 not subtracted: the value jumps at δ"""
    e = np.abs(y_hat - y)
    return np.where(e <= delta, e**2 / 2, delta * e).mean()


@HUBER.mutant(caught_by="joined-smoothly, gradient-is-the-clipped-error")
def slope_jumps(y_hat, y, delta=1.0):
    """no ½ in the quadratic part: the slope jumps at δ"""
    e = np.abs(y_hat - y)
    return np.where(e <= delta, e**2, delta * e).mean()


@HUBER.figure(delta=Slider(0.05, 6, 1.0, "δ", log=True), outlier=Slider(1, 20, 12, "the largest target"))
def huber_figure(delta, outlier):
    e = np.linspace(-4, 4, 401)
    y = np.append(sample()[:-1], outlier)
    best = lowest(lambda c: float(huber(np.full(11, c), y, delta)), 0.0, 20.0)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(e, [huber(np.array([v]), np.zeros(1), delta) for v in e], label="Huber")
    left.plot(e, e**2 / 2, color="#7F7F7F", ls="--", lw=0.9, label=r"$e^2/2$")
    left.plot(e, delta * np.abs(e), color="#7F7F7F", ls=":", lw=1.2, label=r"$\delta|e|$")
    left.set(title=rf"$\ell_\delta(e)$, $\delta={delta:.2g}$", xlabel="e", ylim=(0, 6))
    left.legend(frameon=False, fontsize=9.5)
    deltas = np.geomspace(0.05, 6, 25)
    track = [lowest(lambda c, d=d: float(huber(np.full(11, c), y, d)), 0.0, 20.0) for d in deltas]
    right.semilogx(deltas, track)
    right.plot(delta, best, "o", color="#D55E00")
    right.axhline(y.mean(), color="#7F7F7F", ls="--", lw=0.9)
    right.axhline(np.median(y), color="#7F7F7F", ls=":", lw=1.2)
    right.text(0.05, y.mean(), "mean", va="bottom", fontsize=9.5)
    right.text(6, np.median(y), "median", va="bottom", ha="right", fontsize=9.5)
    right.set(title="best constant", xlabel=r"$\delta$")
    words = Text(
        f"δ = {delta:.2g}: the best constant for the eleven targets is {best:.3f}; their median is {np.median(y):.2f}, their mean {y.mean():.2f}.",
        f"δ = {delta:.2g}：对这十一个目标值，最优常数为 {best:.3f}；中位数为 {np.median(y):.2f}，均值为 {y.mean():.2f}。",
    )
    return Drawing(fig, words)
