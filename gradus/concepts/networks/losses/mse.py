"""Mean squared error."""

import numpy as np

from gradus.concepts.networks.losses.common import (
    COUNT,
    PREDICTION,
    STEP,
    TARGET,
    gradient_is,
    pairs,
    sample,
    slope,
    unequal,
)
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff
from gradus.page.figures import canvas

MSE = Concept(
    key="mse",
    kind="definition",
    title=Text("Mean squared error", "均方误差"),
    summary=Text(
        "The average squared difference. The constant that it prefers is the mean; up to scale and shift it is the "
        "negative log-likelihood of normal noise.",
        "误差平方的平均。在它之下最优的常数预测是均值；相差一个比例与常数，它就是正态噪声的负对数似然。",
    ),
    formulas=(
        r"\operatorname{MSE}(\hat y,y)=\frac1n\sum_{i=1}^{n}(\hat y_i-y_i)^2,\qquad \frac{\partial\operatorname{MSE}}{\partial\hat y_i}=\frac2n(\hat y_i-y_i)",
        r"\frac1n\sum_{i=1}^{n}(c-y_i)^2=\frac1n\sum_{i=1}^{n}(y_i-\bar y)^2+(c-\bar y)^2",
    ),
    symbols=(PREDICTION, TARGET, COUNT, Symbol("c", "", "", Text("a constant prediction", "常数预测")), Symbol(r"\bar y", "", "", Text("mean of the targets", "目标值的均值"))),
    needs=("gradient", "expectation"),
    source="bishop2006pattern",
    year=1805,
    people=("Adrien-Marie Legendre", "Carl Friedrich Gauss"),
    implementations=(Implementation("torch.nn.functional:mse_loss", "torch"),),
    readings=(Reading("bishop2006pattern", "§1.5.5"), Reading("goodfellow2016deep", "§5.5.1")),
    deviations=(
        Text(
            "Texts put 1, ½, 1/n or 1/(2n) before the sum. PyTorch divides by the number of entries, so the step that a given "
            "learning rate makes differs by up to 2n between them.",
            "求和号前的系数各书不同：1、½、1/n 或 1/(2n)。PyTorch 除以元素个数；因此同一学习率走出的步长可相差 2n 倍。",
        ),
        Text(
            "Shapes (n, 1) and (n,) broadcast to n × n in PyTorch, with a warning only.",
            "在 PyTorch 中形状 (n, 1) 与 (n,) 会广播成 n × n，只给出警告。",
        ),
    ),
)  # fmt: skip


@MSE.definition
def mse(y_hat, y):
    return ((y_hat - y) ** 2).mean()


MSE.cases(pairs)


MSE.invalid(unequal)


@MSE.claim(Text(r"Its gradient is $\frac2n(\hat y-y)$", r"梯度为 $\frac2n(\hat y-y)$"))
def gradient_of_mse(mse, rng):
    a, y = rng.standard_normal((2, 6))
    return gradient_is(lambda t: mse(t, y), a, 2 * (a - y) / 6)


@MSE.claim(Text("Four errors of 1 cost 1: neither 2, which is half their sum, nor ½, which is half their mean", "四个误差均为 1 时损失为 1：不是 2（和的一半），也不是 ½（均值的一半）"))  # fmt: skip
def four_errors_of_one(mse, rng):
    e, y = np.ones(4), np.zeros(4)
    conventions = [float((e**2).sum() / 2), float((e**2).sum() / 8)]  # their steps differ by the factor n = 4
    return all_of(identical(mse(e, y), 1.0), identical(conventions[0] / conventions[1], 4.0))


@MSE.claim(Text("The best constant is the mean", "最优的常数预测是均值"))
def best_constant_is_the_mean(mse, rng):
    y = rng.exponential(size=9)
    centre = slope(lambda c: mse(np.full(9, c[0]), y), np.array([y.mean()]), 0)
    away = slope(lambda c: mse(np.full(9, c[0]), y), np.array([y.mean() + 1]), 0)
    return all_of(roundoff(centre, 0.0, terms=4, scale=float((y**2).mean()) / STEP), bound(away, 1.0, "≥"))


@MSE.claim(
    Text(
        r"It splits into the variance and the square of the bias: $\operatorname{Var}y+(c-\bar y)^2$",
        r"可分解为方差与偏差的平方：$\operatorname{Var}y+(c-\bar y)^2$",
    )
)
def variance_and_bias(mse, rng):
    y = rng.standard_normal(12)
    found = [mse(np.full(12, c), y) for c in (-2.0, 0.3, 5.0)]
    return roundoff(found, [y.var() + (c - y.mean()) ** 2 for c in (-2.0, 0.3, 5.0)], terms=12)


@MSE.claim(Text(r"$n\operatorname{MSE}/2\sigma^2$ differs from the negative log-likelihood of $N(\hat y,\sigma^2)$ by a constant only", r"$n\operatorname{MSE}/2\sigma^2$ 与 $N(\hat y,\sigma^2)$ 的负对数似然只差一个常数"))  # fmt: skip
def normal_likelihood(mse, rng):
    a, b, y = rng.standard_normal((3, 8))
    density = lambda m: -np.log(np.exp(-((y - m) ** 2) / (2 * 0.49)) / (0.7 * np.sqrt(2 * np.pi))).sum()
    return roundoff(
        8 * (mse(a, y) - mse(b, y)) / (2 * 0.49), density(a) - density(b), terms=8, scale=float(density(a))
    )


@MSE.mutant(
    Text("½ before the mean", "均值前多了 ½"),
    caught_by=["gradient-of-mse", "four-errors-of-one", "variance-and-bias", "normal-likelihood"],
)
def half_the_mean(y_hat, y):
    return ((y_hat - y) ** 2).mean() / 2


@MSE.mutant(
    Text("half the sum: grows with the batch", "和的一半：随批的大小增长"),
    caught_by=["four-errors-of-one", "equals-definition"],
)
def half_the_sum(y_hat, y):
    return ((y_hat - y) ** 2).sum() / 2


@MSE.mutant(
    Text(
        "every prediction against every target: (n, 1) broadcast with (n,)",
        "每个预测与每个目标配对：(n, 1) 与 (n,) 广播",
    ),
    caught_by=["gradient-of-mse", "equals-definition"],
)
def broadcast(y_hat, y):
    return ((np.reshape(y_hat, (-1, 1)) - y) ** 2).mean()


@MSE.mutant(
    Text("absolute values for squares", "用绝对值代替平方"),
    caught_by=["best-constant-is-the-mean", "variance-and-bias"],
)
def absolute_for_square(y_hat, y):
    return np.abs(y_hat - y).mean()


MSE.erratum(
    "E36",
    common=Text(r"The mean squared error is $\frac1{2n}\sum_i(\hat y_i-y_i)^2$", r"均方误差为 $\frac1{2n}\sum_i(\hat y_i-y_i)^2$"),
    why=Text(
        "That is half the mean. For four errors of 1 the conventions in use give 2 (half the sum), ½ (this one) and 1 (the mean, "
        "PyTorch's): with one learning rate the steps differ by the factor 4 between the first two.",
        "那是均值的一半。四个误差均为 1 时，通行的几种写法分别给出 2（和的一半）、½（此式）与 1（均值，PyTorch 所用）：同一学习率下，前两者的步长相差 4 倍。",
    ),
    right=Text(r"$\frac1n\sum_i(\hat y_i-y_i)^2$; where another factor is meant, name it", r"$\frac1n\sum_i(\hat y_i-y_i)^2$；若用别的系数，须写明"),
    claims=("four-errors-of-one",),
)  # fmt: skip


@MSE.figure(
    c=Slider(-1, 6, 2.5, Text("constant prediction c", "常数预测 c")),
    outlier=Slider(0, 20, 3.2, Text("the largest target", "最大的目标值")),
)
def mse_figure(c, outlier):
    y = np.append(sample()[:-1], outlier)
    grid = np.linspace(-1, 6, 281)
    curve = ((grid[:, None] - y) ** 2).mean(1)
    fig, ax = canvas(width=6.4, height=3.4)
    ax.fill_between(grid, y.var(), color="#7F7F7F", alpha=0.2, lw=0, label=f"variance {y.var():.2f}")
    ax.plot(grid, curve, label="MSE of the constant c")
    ax.plot(y[y <= 6], 0 * y[y <= 6], "|", ms=14, color="black", clip_on=False)
    value = float(((c - y) ** 2).mean())
    ax.plot([c, c], [y.var(), value], color="#D55E00", label=r"squared bias $(c-\bar y)^2$")
    ax.plot(c, value, "o", color="#D55E00")
    ax.axvline(y.mean(), color="#009E73", lw=0.9, label=f"mean {y.mean():.2f}")
    ax.set(xlabel="c", ylabel="MSE", xlim=(-1, 6), ylim=(0, max(12.0, 1.2 * float(y.var()))))
    ax.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"Predicting {c:.2f} for eleven targets costs {value:.3f} = variance {y.var():.3f} + squared bias {(c - y.mean()) ** 2:.3f}. "
            f"Least at the mean {y.mean():.3f}, which the largest target pulls along.",
            f"对十一个目标值都预测 {c:.2f}，损失为 {value:.3f} = 方差 {y.var():.3f} + 偏差平方 {(c - y.mean()) ** 2:.3f}。在均值 {y.mean():.3f} 处最小，而均值会被最大的目标值拉走。",
        ),
    )
