"""Mean absolute error."""

import numpy as np

from gradus.concepts.networks.losses.samples import COUNT, PREDICTION, TARGET, pairs, sample, unequal
from gradus.concepts.networks.losses.slopes import gradient_is, lowest
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Text
from gradus.page.evidence import all_of, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

MAE = Concept(
    key="mae",
    kind="definition",
    title="Mean absolute error",
    summary="The average absolute difference. The constant that it prefers is the median, which one wild target "
    "moves to its neighbour at most; the price is a gradient that does not shrink near the optimum.",
    formulas=(
        r"\operatorname{MAE}(\hat y,y)=\frac1n\sum_{i=1}^{n}|\hat y_i-y_i|,\qquad \frac{\partial\operatorname{MAE}}{\partial\hat y_i}=\frac1n\operatorname{sign}(\hat y_i-y_i)\quad(\hat y_i\ne y_i)",
    ),
    symbols=(PREDICTION, TARGET, COUNT),
    needs=("mse",),
    source="murphy2022probabilistic",
    year=1757,
    people=("Roger Joseph Boscovich", "Pierre-Simon Laplace"),
    aliases="absolute error, L1 loss, L1Loss, 绝对误差, L1 损失, 平均绝对值误差",
    implementations=(Implementation("torch.nn.functional:l1_loss", "torch"),),
    readings="murphy2022probabilistic §5.1.5",
    hypotheses=(
        Hypothesis(
            "one best constant: the number of targets is odd, or its two middle ones are equal",
            "even-numbers-leave-an-interval",
        ),
        Hypothesis("the outlier moves nothing: it stays on its side of the median", "one-outlier-moves-nothing"),
    ),
    conventions=(
        Convention(
            "the slope of an error of 0",
            "left open: every number from −1/n to 1/n is a subgradient",
            "0 in PyTorch's `l1_loss`",
        ),
    ),
    nonfinite="all",
)


@MAE.definition
def mae(y_hat, y):
    return np.abs(y_hat - y).mean()


@MAE.example
def example():
    y_hat, y = np.array([2.0, 1.0, 6.0, 5.0]), np.array([1.0, 2.0, 4.0, 9.0])
    e, t = y_hat - y, np.array([1.0, 2.0, 4.0, 5.0, 13.0])
    far = np.array([1.0, 2.0, 4.0, 5.0, 1000.0])
    costs = [mae(np.full(5, c), t) for c in (3.0, 4.0, 5.0)]
    return (
        dict(y_hat=y_hat, y=y, e=e, size=np.abs(e), mae=mae(y_hat, y), gradient=np.sign(e) / 4)
        | dict(share=abs(e[3]) / np.abs(e).sum(), squared_share=e[3] ** 2 / (e**2).sum(), t=t, cost3=costs[0])
        | dict(cost4=costs[1], cost5=costs[2], mean=t.mean(), median=np.median(t), far_mean=far.mean())
        | dict(far_median=np.median(far), slope_left=(2 - 3) / 5, slope_right=(3 - 2) / 5)
    )


@MAE.exercise
def an_even_number():
    y = np.array([1.0, 3.0, 7.0, 20.0])
    cost = lambda c: mae(np.full(4, c), y)
    flat = np.isclose(cost(3.0), cost(5.0)) and np.isclose(cost(5.0), cost(6.9)) and cost(2.9) > cost(3.0) < cost(7.1)
    return choice(mean=cost(y.mean()) < cost(5.0), middle=not flat and cost(5.0) < cost(3.0), interval=flat)


@MAE.exercise
def a_constant_step():
    c = 1.0
    for _ in range(1000):
        c = c - 0.4 * np.sign(c)
    return number(abs(c), arrives=0.0, whole_step=0.4)


@MAE.exercise
def sum_of_skewed_prices():
    prices = np.array([1.0, 1.0, 2.0, 3.0, 18.0])
    grid = np.linspace(0, 20, 2001)
    best = grid[np.argmin([mae(np.full(5, c), prices) for c in grid])]
    gap = 1000 * best - 1000 * prices.mean()
    return choice(too_low=gap < -10, right=abs(gap) <= 10, too_high=gap > 10)


MAE.cases(pairs)


MAE.invalid(unequal)


@MAE.claim
def gradient_of_mae(mae, rng):
    r"""Its gradient is $\frac1n\operatorname{sign}(\hat y-y)$, however small the error"""
    e = np.array([-3.0, -0.5, -0.01, 0.01, 0.5, 3.0])
    return gradient_is(lambda t: mae(t, np.zeros(6)), e, np.sign(e) / 6)


@MAE.claim
def best_constant_is_the_median(mae, rng):
    """The best constant is the median, of an odd number of targets"""
    y = rng.exponential(size=9)
    best = lowest(lambda c: mae(np.full(9, c), y), 0.0, float(y.max()))
    # the risk rises by |c − median|/9 beside the median, so rounding of it blurs the place by 9ε·risk
    return roundoff(best, np.median(y), terms=9, scale=float(y.max()))


@MAE.claim
def even_numbers_leave_an_interval(mae, rng):
    """Of an even number of targets, every constant between the two middle ones is best"""
    y = np.array([-4.0, -1.0, 2.0, 7.0])
    return identical([mae(np.full(4, c), y) for c in (-1.5, -1.0, 0.5, 2.0, 2.5)], [3.75, 3.5, 3.5, 3.5, 3.75])


@MAE.claim
def one_outlier_moves_nothing(mae, rng):
    """The largest target moved to a million does not move the best constant; the smallest moves it to the next target"""
    y = np.sort(rng.standard_normal(9))
    wild = np.append(y[:-1], 1e6), np.append(y[1:], 1e6)
    best = [lowest(lambda c, t=t: mae(np.full(9, c), t), -5.0, 5.0) for t in wild]
    # values near 1e6/9 resolve differences of the place down to 9ε·1e6
    return roundoff(best, y[4:6], terms=9, scale=1e6)


@MAE.claim
def degree_one(mae, rng):
    """Errors doubled, loss doubled: errors of 3 and −5 cost 4, of 6 and −10 they cost 8"""
    a, y = rng.standard_normal((2, 8))
    costs = identical([mae(t * np.array([3.0, -5.0]), np.zeros(2)) for t in (1.0, 2.0)], [4.0, 8.0])
    return all_of(costs, identical(mae(4 * a, 4 * y), 4 * mae(a, y)))


@MAE.mutant(
    caught_by="gradient-of-mae, best-constant-is-the-median, one-outlier-moves-nothing, degree-one, "
    "even-numbers-leave-an-interval"
)
def square_for_absolute(y_hat, y):
    """squares for absolute values"""
    return ((y_hat - y) ** 2).mean()


@MAE.mutant(caught_by="best-constant-is-the-median, equals-definition")
def root_mean_square(y_hat, y):
    """root mean square"""
    return np.sqrt(((y_hat - y) ** 2).mean())


@MAE.mutant(caught_by="gradient-of-mae")
def summed(y_hat, y):
    """summed, not averaged"""
    return np.abs(y_hat - y).sum()


@MAE.figure(c=Slider(-1, 6, 2.0, "constant prediction c"), outlier=Slider(1, 20, 3.2, "the largest target"))
def mae_figure(c, outlier):
    y = np.append(sample()[:-1], outlier)
    grid = np.linspace(-1, 6, 701)
    fig, ax = canvas(width=6.4, height=3.4)
    ax.plot(grid, np.abs(grid[:, None] - y).mean(1), label="MAE of the constant c")
    ax.plot(y[y <= 6], 0 * y[y <= 6], "|", ms=14, color="black", clip_on=False)
    value, below = float(np.abs(c - y).mean()), int((y < c).sum())
    ax.plot(c, value, "o", color="#D55E00")
    ax.axvline(np.median(y), color="#009E73", lw=0.9, label=f"median {np.median(y):.2f}")
    ax.axvline(y.mean(), color="#7F7F7F", lw=0.9, ls="--", label=f"mean {y.mean():.2f}")
    ax.set(xlabel="c", ylabel="MAE", xlim=(-1, 6), ylim=(0, None))
    ax.legend(frameon=False, fontsize=9.5)
    rise = (2 * below - 11) / 11
    words = Text(
        f"At c = {c:.2f} the loss is {value:.3f}; {below} of 11 targets lie below, so the slope there is about {rise:+.2f}. "
        f"Least at the median {np.median(y):.2f}, wherever the largest target stands; the mean is now {y.mean():.2f}.",
        f"c = {c:.2f} 处损失为 {value:.3f}；11 个目标值中有 {below} 个在其下方，故该处斜率约为 {rise:+.2f}。无论最大的目标值在何处，最小值总在中位数 {np.median(y):.2f}；而均值现为 {y.mean():.2f}。",
    )
    return Drawing(fig, words)
