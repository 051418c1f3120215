"""Mean absolute error."""

import numpy as np

from gradus.concepts.networks.losses.common import (
    COUNT,
    PREDICTION,
    TARGET,
    gradient_is,
    lowest,
    pairs,
    sample,
    unequal,
)
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Text
from gradus.page.evidence import identical, roundoff
from gradus.page.figures import canvas

MAE = Concept(
    key="mae",
    kind="definition",
    title=Text("Mean absolute error", "平均绝对误差"),
    summary=Text(
        "The average absolute difference. The constant that it prefers is the median, which one wild target cannot move; "
        "the price is a gradient that does not shrink near the optimum.",
        "绝对误差的平均。在它之下最优的常数预测是中位数，单个离群目标值移动不了它；代价是接近最优时梯度并不变小。",
    ),
    formulas=(
        r"\operatorname{MAE}(\hat y,y)=\frac1n\sum_{i=1}^{n}|\hat y_i-y_i|,\qquad \frac{\partial\operatorname{MAE}}{\partial\hat y_i}=\frac1n\operatorname{sign}(\hat y_i-y_i)\quad(\hat y_i\ne y_i)",
    ),
    symbols=(PREDICTION, TARGET, COUNT),
    needs=("mse",),
    source="murphy2022probabilistic",
    year=1757,
    people=("Roger Joseph Boscovich", "Pierre-Simon Laplace"),
    implementations=(Implementation("torch.nn.functional:l1_loss", "torch"),),
    readings=(Reading("murphy2022probabilistic", "§5.1.5"),),
)  # fmt: skip


@MAE.definition
def mae(y_hat, y):
    return np.abs(y_hat - y).mean()


MAE.cases(pairs)


MAE.invalid(unequal)


@MAE.claim(
    Text(
        r"Its gradient is $\frac1n\operatorname{sign}(\hat y-y)$, however small the error",
        r"无论误差多小，梯度恒为 $\frac1n\operatorname{sign}(\hat y-y)$",
    )
)
def gradient_of_mae(mae, rng):
    e = np.array([-3.0, -0.5, -0.01, 0.01, 0.5, 3.0])
    return gradient_is(lambda t: mae(t, np.zeros(6)), e, np.sign(e) / 6)


@MAE.claim(Text("The best constant is the median", "最优的常数预测是中位数"))
def best_constant_is_the_median(mae, rng):
    y = rng.exponential(size=9)
    best = lowest(lambda c: mae(np.full(9, c), y), 0.0, float(y.max()))
    # the risk rises by |c − median|/9 beside the median, so rounding of it blurs the place by 9ε·risk
    return roundoff(best, np.median(y), terms=9, scale=float(y.max()))


@MAE.claim(
    Text(
        "A single target moved to a million does not move the best constant",
        "把一个目标值移到一百万，最优常数不变",
    )
)
def one_outlier_moves_nothing(mae, rng):
    y = np.sort(rng.standard_normal(9))
    wild = np.append(y[:-1], 1e6)
    best = [lowest(lambda c, t=t: mae(np.full(9, c), t), -5.0, 5.0) for t in (y, wild)]
    # values near 1e6/9 resolve differences of the place down to 9ε·1e6
    return roundoff(best[1], best[0], terms=9, scale=1e6)


@MAE.claim(Text("Errors doubled, loss doubled", "误差加倍，损失加倍"))
def degree_one(mae, rng):
    a, y = rng.standard_normal((2, 8))
    return identical(mae(4 * a, 4 * y), 4 * mae(a, y))


@MAE.mutant(
    Text("squares for absolute values", "用平方代替绝对值"),
    caught_by=["gradient-of-mae", "best-constant-is-the-median", "one-outlier-moves-nothing", "degree-one"],
)
def square_for_absolute(y_hat, y):
    return ((y_hat - y) ** 2).mean()


@MAE.mutant(
    Text("root mean square", "均方根误差"), caught_by=["best-constant-is-the-median", "equals-definition"]
)
def root_mean_square(y_hat, y):
    return np.sqrt(((y_hat - y) ** 2).mean())


@MAE.mutant(Text("summed, not averaged", "求和而未平均"), caught_by=["gradient-of-mae"])
def summed(y_hat, y):
    return np.abs(y_hat - y).sum()


@MAE.figure(
    c=Slider(-1, 6, 2.0, Text("constant prediction c", "常数预测 c")),
    outlier=Slider(1, 20, 3.2, Text("the largest target", "最大的目标值")),
)
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
    ax.legend(frameon=False, fontsize=8)
    rise = (2 * below - 11) / 11
    return Drawing(
        fig,
        Text(
            f"At c = {c:.2f} the loss is {value:.3f}; {below} of 11 targets lie below, so the slope there is about {rise:+.2f}. "
            f"Least at the median {np.median(y):.2f}, wherever the largest target stands; the mean is now {y.mean():.2f}.",
            f"c = {c:.2f} 处损失为 {value:.3f}；11 个目标值中有 {below} 个在其下方，故该处斜率约为 {rise:+.2f}。无论最大的目标值在何处，最小值总在中位数 {np.median(y):.2f}；而均值现为 {y.mean():.2f}。",
        ),
    )
