"""Loss functions: the members of the family, and what each of them makes a predictor predict."""

import math

import numpy as np

from gradus.concept import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text, generic, namespace
from gradus.evidence import all_of, bound, identical, invariance, near, roundoff
from gradus.figures import canvas

STEP = 2.0**-10


def slope(f, x, i, h=STEP):
    """∂f/∂x_i by central differences whose error is $h^4f^{(5)}/480$."""
    e = np.zeros_like(x)
    e.flat[i] = h
    return (8 * (f(x + e / 2) - f(x - e / 2)) - (f(x + e) - f(x - e))) / (6 * h)


def gradient(f, x):
    """All partial derivatives of a scalar function, in the shape of x."""
    return np.array([slope(f, x, i) for i in range(x.size)]).reshape(x.shape)


def gradient_is(f, x, want):
    """The gradient of `f` at `x` is `want`, up to the rounding of f divided by the step."""
    return roundoff(gradient(f, x), want, terms=4, scale=max(1.0, abs(float(f(x)))) / STEP)


def convex_along(f, x, y, points=33):
    """Least second difference of f on the segment from x to y, which a convex f keeps ≥ 0, up to rounding."""
    values = np.array([float(f(x + t * (y - x))) for t in np.linspace(0, 1, points)])
    second = values[2:] - 2 * values[1:-1] + values[:-2]
    slack = 16 * 2.0**-52 * np.abs(values).max()
    return near(
        min(0.0, float(second.min())), 0.0, slack, Text("rounding of four values", "四个函数值的舍入误差")
    )


def lowest(f, low, high):
    """Where a convex function of one number is least, by ternary search."""
    for _ in range(100):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if f(a) < f(b) else (a, high)
    return (low + high) / 2


PREDICTION = Symbol(r"\hat y", "y_hat", "n", Text("predictions", "预测值"))
TARGET = Symbol("y", "y", "n", Text("targets", "目标值"))
COUNT = Symbol("n", "", "", Text("number of samples", "样本数"))


def pairs(rng):
    """Predictions and targets on which every regression loss is tried."""
    yield "random", dict(y_hat=rng.standard_normal(7), y=rng.standard_normal(7))
    yield "one sample", dict(y_hat=np.array([2.0]), y=np.array([-1.0]))
    yield "large errors", dict(y_hat=1e3 * rng.standard_normal(5), y=rng.standard_normal(5))


def unequal(rng):
    """Inputs that every regression loss refuses."""
    yield "more targets than predictions", dict(y_hat=np.ones(3), y=np.ones(4))
    yield "two rows against three", dict(y_hat=np.ones((2, 3)), y=np.ones((3, 2)))


# -------------------------------------------------------------------------------------------------- MSE

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
    kills=["gradient-of-mse", "four-errors-of-one", "variance-and-bias", "normal-likelihood"],
)
def half_the_mean(y_hat, y):
    return ((y_hat - y) ** 2).mean() / 2


@MSE.mutant(
    Text("half the sum: grows with the batch", "和的一半：随批的大小增长"),
    kills=["four-errors-of-one", "equals-definition"],
)
def half_the_sum(y_hat, y):
    return ((y_hat - y) ** 2).sum() / 2


@MSE.mutant(
    Text(
        "every prediction against every target: (n, 1) broadcast with (n,)",
        "每个预测与每个目标配对：(n, 1) 与 (n,) 广播",
    ),
    kills=["gradient-of-mse", "equals-definition"],
)
def broadcast(y_hat, y):
    return ((np.reshape(y_hat, (-1, 1)) - y) ** 2).mean()


@MSE.mutant(
    Text("absolute values for squares", "用绝对值代替平方"),
    kills=["best-constant-is-the-mean", "variance-and-bias"],
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


def sample():
    """Eleven skewed targets for the figures."""
    return np.array([0.1, 0.2, 0.35, 0.5, 0.6, 0.8, 1.0, 1.3, 1.8, 2.4, 3.2])


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


# -------------------------------------------------------------------------------------------------- MAE

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
    kills=["gradient-of-mae", "best-constant-is-the-median", "one-outlier-moves-nothing", "degree-one"],
)
def square_for_absolute(y_hat, y):
    return ((y_hat - y) ** 2).mean()


@MAE.mutant(
    Text("root mean square", "均方根误差"), kills=["best-constant-is-the-median", "equals-definition"]
)
def root_mean_square(y_hat, y):
    return np.sqrt(((y_hat - y) ** 2).mean())


@MAE.mutant(Text("summed, not averaged", "求和而未平均"), kills=["gradient-of-mae"])
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


# ------------------------------------------------------------------------------------------------ Huber


def _smooth_l1(smooth_l1_loss, y_hat, y, delta):
    return delta * smooth_l1_loss(y_hat, y, beta=delta)


HUBER = Concept(
    key="huber",
    kind="definition",
    title=Text("Huber loss (smooth L1)", "Huber 损失（smooth L1）"),
    summary=Text(
        "Quadratic for errors up to δ, linear beyond: smooth at the optimum like the squared error, and like the absolute "
        "error it limits what one outlier can do. Smooth L1 is the same divided by δ.",
        "误差不超过 δ 时为二次，超过后为线性：在最优处像平方误差一样光滑，又像绝对误差一样限制离群值的影响。Smooth L1 即它除以 δ。",
    ),
    formulas=(
        r"\ell_\delta(e)=\begin{cases}\tfrac12e^2&|e|\le\delta\\\delta\,(|e|-\tfrac12\delta)&|e|>\delta\end{cases}\qquad L=\frac1n\sum_{i=1}^{n}\ell_\delta(\hat y_i-y_i)",
        r"\ell_\delta'(e)=\max(-\delta,\min(e,\delta)),\qquad \ell_\delta(e)=\min_u\tfrac12(e-u)^2+\delta|u|,\qquad \text{smooth-}L_1=\ell_\delta/\delta",
    ),
    symbols=(
        PREDICTION, TARGET,
        Symbol(r"\delta", "delta", "", Text("where it turns from quadratic to linear, 1 unless given", "由二次转为线性的位置，默认 1"), "positive"),
        COUNT,
        Symbol("e", "", "", Text("an error", "误差")),
        Symbol("u", "", "", Text("part of the error taken as an outlier", "误差中视为离群的部分")),
        Symbol(r"\ell_\delta", "", "", Text("loss of one error", "单个误差的损失")),
        Symbol("L", "", "", Text("the loss", "损失")),
    ),
    needs=("mse", "mae"),
    source="huber1964robust",
    year=1964,
    people=("Peter J. Huber",),
    implementations=(
        Implementation("torch.nn.functional:huber_loss", "torch"),
        Implementation("torch.nn.functional:smooth_l1_loss", "torch", _smooth_l1, Text("times δ", "乘以 δ")),
    ),
    readings=(Reading("huber1964robust", ""), Reading("girshick2015fast", "§2.3"), Reading("murphy2022probabilistic", "§5.1.5")),
    deviations=(
        Text(r"Smooth L1 with $\beta=\delta$ is this loss divided by δ; for δ = 1 they agree.", r"取 $\beta=\delta$ 的 smooth L1 等于此损失除以 δ；δ = 1 时二者相同。"),
    ),
)  # fmt: skip


@HUBER.definition
def huber(y_hat, y, delta=1.0):
    e = np.abs(y_hat - y)
    return np.where(e <= delta, e**2 / 2, delta * (e - delta / 2)).mean()


@HUBER.cases
def huber_cases(rng):
    yield from pairs(rng)
    for delta in (0.3, 2.0):
        yield f"δ = {delta:g}", dict(y_hat=2 * rng.standard_normal(9), y=rng.standard_normal(9), delta=delta)


HUBER.invalid(unequal)


@HUBER.claim(Text("Its gradient is the error clipped to ±δ, divided by n", "梯度是截断到 ±δ 的误差除以 n"))
def gradient_is_the_clipped_error(huber, rng):
    e = np.array([-9.0, -2.5, -0.2, 0.1, 0.8, 4.0])
    return all_of(
        *[
            gradient_is(lambda t, d=d: huber(t, np.zeros(6), delta=d), e, np.clip(e, -d, d) / 6)
            for d in (0.5, 1.0, 3.0)
        ]
    )


@HUBER.claim(Text(r"It is the Moreau envelope of $\delta|u|$: the least of $\tfrac12(e-u)^2+\delta|u|$ over u", r"它是 $\delta|u|$ 的 Moreau 包络：$\tfrac12(e-u)^2+\delta|u|$ 对 u 的最小值"))  # fmt: skip
def moreau_envelope(huber, rng):
    def one(e, delta):
        u = lowest(lambda u: (e - u) ** 2 / 2 + delta * abs(u), -20.0, 20.0)
        least = (e - u) ** 2 / 2 + delta * abs(u)
        return roundoff(huber(np.array([e]), np.zeros(1), delta=delta), least, terms=4)

    return all_of(*[one(e, d) for e in (-7.0, -0.4, 0.9, 3.0) for d in (0.5, 2.0)])


@HUBER.claim(
    Text(
        "Large δ gives half the squared error, small δ the absolute error: to δ/2 exactly",
        "δ 很大时为平方误差的一半；δ 很小时除以 δ 即绝对误差，恰好相差 δ/2",
    )
)
def limits_of_delta(huber, rng):
    a, y = rng.standard_normal((2, 8))
    wide = roundoff(huber(a, y, delta=1e6), ((a - y) ** 2).mean() / 2, terms=8)
    narrow = roundoff(huber(a, y, delta=1e-9) / 1e-9, np.abs(a - y).mean() - 5e-10, terms=8)
    return all_of(wide, narrow)


@HUBER.claim(Text("Value and slope agree on both sides of δ", "在 δ 两侧，函数值与斜率都衔接"))
def joined_smoothly(huber, rng):
    def one(delta, h=2.0**-20):
        left, middle, right = (
            huber(np.array([e]), np.zeros(1), delta=delta) for e in (delta - h, delta, delta + h)
        )
        # the slopes of the two chords are δ − h/2 and δ
        return near((right - middle) / h - (middle - left) / h, h / 2, 16 * 2.0**-52 * delta**2 / h, Text("rounding of values δ² over h", "数值 δ² 的舍入误差除以 h"))  # fmt: skip

    return all_of(*[one(d) for d in (0.5, 1.0, 3.0)])


@HUBER.mutant(
    Text("smooth L1 sold as Huber: divided by δ", "把 smooth L1 当作 Huber：多除以 δ"),
    kills=["gradient-is-the-clipped-error", "moreau-envelope", "limits-of-delta", "equals-definition"],
)
def smooth_l1(y_hat, y, delta=1.0):
    return huber(y_hat, y, delta) / delta


@HUBER.mutant(
    Text("δ²/2 not subtracted: the value jumps at δ", "没有减去 δ²/2：在 δ 处函数值跳跃"),
    kills=["joined-smoothly", "moreau-envelope"],
)
def jumps(y_hat, y, delta=1.0):
    e = np.abs(y_hat - y)
    return np.where(e <= delta, e**2 / 2, delta * e).mean()


@HUBER.mutant(
    Text("no ½ in the quadratic part: the slope jumps at δ", "二次部分没有 ½：在 δ 处斜率跳跃"),
    kills=["joined-smoothly", "gradient-is-the-clipped-error"],
)
def slope_jumps(y_hat, y, delta=1.0):
    e = np.abs(y_hat - y)
    return np.where(e <= delta, e**2, delta * e).mean()


@HUBER.figure(
    delta=Slider(0.05, 6, 1.0, Text("δ", "δ"), log=True),
    outlier=Slider(1, 20, 12, Text("the largest target", "最大的目标值")),
)
def huber_figure(delta, outlier):
    e = np.linspace(-4, 4, 401)
    y = np.append(sample()[:-1], outlier)
    best = lowest(lambda c: float(huber(np.full(11, c), y, delta)), 0.0, 20.0)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(e, [huber(np.array([v]), np.zeros(1), delta) for v in e], label="Huber")
    left.plot(e, e**2 / 2, color="#7F7F7F", ls="--", lw=0.9, label=r"$e^2/2$")
    left.plot(e, delta * np.abs(e), color="#7F7F7F", ls=":", lw=1.2, label=r"$\delta|e|$")
    left.set(title=rf"$\ell_\delta(e)$, $\delta={delta:.2g}$", xlabel="e", ylim=(0, 6))
    left.legend(frameon=False, fontsize=8)
    deltas = np.geomspace(0.05, 6, 25)
    track = [lowest(lambda c, d=d: float(huber(np.full(11, c), y, d)), 0.0, 20.0) for d in deltas]
    right.semilogx(deltas, track)
    right.plot(delta, best, "o", color="#D55E00")
    right.axhline(y.mean(), color="#7F7F7F", ls="--", lw=0.9)
    right.axhline(np.median(y), color="#7F7F7F", ls=":", lw=1.2)
    right.text(0.05, y.mean(), "mean", va="bottom", fontsize=8)
    right.text(6, np.median(y), "median", va="bottom", ha="right", fontsize=8)
    right.set(title="best constant", xlabel=r"$\delta$")
    return Drawing(
        fig,
        Text(
            f"δ = {delta:.2g}: the best constant for the eleven targets is {best:.3f}, between the median {np.median(y):.2f} and the mean {y.mean():.2f}.",
            f"δ = {delta:.2g}：对这十一个目标值，最优常数为 {best:.3f}，介于中位数 {np.median(y):.2f} 与均值 {y.mean():.2f} 之间。",
        ),
    )


# -------------------------------------------------------------------------------------------------- BCE

BCE = Concept(
    key="bce",
    kind="definition",
    title=Text("Binary cross-entropy with logits", "二元交叉熵（以 logits 计算）"),
    summary=Text(
        "The negative log-likelihood of yes-or-no targets, computed from the log-odds z, so that no probability is ever "
        "rounded to 0 or 1 before its logarithm is taken. Its gradient is predicted minus true.",
        "是非型目标的负对数似然，直接由对数几率 z 计算，概率在取对数之前不会被舍入为 0 或 1。梯度就是预测减真值。",
    ),
    formulas=(
        r"L=-\frac1n\sum_{i=1}^{n}\bigl[y_i\log p_i+(1-y_i)\log(1-p_i)\bigr],\qquad p_i=\sigma(z_i)",
        r"L=\frac1n\sum_{i=1}^{n}\Bigl[\max(z_i,0)-y_iz_i+\log\bigl(1+e^{-|z_i|}\bigr)\Bigr],\qquad \frac{\partial L}{\partial z_i}=\frac{p_i-y_i}{n}",
    ),
    symbols=(
        Symbol("z", "z", "n", Text("log-odds (logits)", "对数几率（logits）")),
        Symbol("y", "y", "n", Text("targets: 0 or 1, or a probability between", "目标：0 或 1，或其间的概率"), "unit"),
        Symbol("p", "", "n", Text("predicted probabilities", "预测概率")),
        Symbol(r"\sigma", "", "", Text("the sigmoid", "sigmoid 函数")),
        COUNT,
        Symbol("L", "", "", Text("the loss", "损失")),
    ),
    needs=("sigmoid", "cross-entropy", "gradient"),
    source="bishop2006pattern",
    year=1958,
    people=("David Cox",),
    implementations=(Implementation("torch.nn.functional:binary_cross_entropy_with_logits", "torch"),),
    readings=(Reading("bishop2006pattern", "§4.3.2"), Reading("goodfellow2016deep", "§6.2.2.2")),
    deviations=(
        Text(
            "`torch.nn.BCELoss`, which takes probabilities, replaces logarithms below −100 by −100: at z = −1000, y = 1 it gives 100 where the loss is 1000.",
            "接受概率的 `torch.nn.BCELoss` 把小于 −100 的对数换成 −100：z = −1000、y = 1 时给出 100，而真实损失为 1000。",
        ),
    ),
)  # fmt: skip


@BCE.definition
def bce(z, y):
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))).mean()


@BCE.cases
def bce_cases(rng):
    yield "random", dict(z=2 * rng.standard_normal(8), y=(rng.random(8) < 0.4) * 1.0)
    yield "soft targets", dict(z=rng.standard_normal(5), y=rng.random(5))
    yield "one sample", dict(z=np.array([0.3]), y=np.array([1.0]))
    yield (
        "sure and right, sure and wrong",
        dict(z=np.array([1000.0, -1000.0, 1000.0, -1000.0]), y=np.array([1.0, 0.0, 0.0, 1.0])),
    )


@BCE.invalid
def bce_invalid(rng):
    yield "more targets than logits", dict(z=np.zeros(3), y=np.ones(4))
    yield "two rows against three", dict(z=np.zeros((2, 3)), y=np.ones((3, 2)))


@BCE.claim(Text(r"Its gradient is $(\sigma(z)-y)/n$", r"梯度为 $(\sigma(z)-y)/n$"))
def gradient_is_predicted_minus_true(bce, rng):
    z, y = 2 * rng.standard_normal(6) + 0.1, rng.random(6)
    return gradient_is(lambda t: bce(t, y), z, (1 / (1 + np.exp(-z)) - y) / 6)


@BCE.claim(
    Text(
        "At logits of ±1000 the loss is 0 where right and 1000 where wrong",
        "logits 为 ±1000 时，正确者损失为 0，错误者为 1000",
    )
)
def exact_at_a_thousand(bce, rng):
    cases = [(1000.0, 1.0, 0.0), (-1000.0, 0.0, 0.0), (1000.0, 0.0, 1000.0), (-1000.0, 1.0, 1000.0)]
    return all_of(*[roundoff(bce(np.array([z]), np.array([y])), want) for z, y, want in cases])


@BCE.claim(
    Text(
        "Both terms are summed over all samples: the loss of two samples is the mean of their losses",
        "两项都对全部样本求和：两个样本的损失等于各自损失的平均",
    )
)
def sum_covers_both_terms(bce, rng):
    z, y = rng.standard_normal(5), np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    p = 1 / (1 + np.exp(-z))
    single = [bce(z[[i]], y[[i]]) for i in range(5)]
    chosen = -np.log(np.where(y == 1, p, 1 - p))  # the probability of what happened
    return all_of(roundoff(bce(z, y), np.mean(single), terms=5), roundoff(single, chosen, terms=4))


@BCE.claim(
    Text(
        r"The best constant is the log-odds of the share of ones, $\sigma(z)=\bar y$",
        r"最优的常数是正例比例的对数几率，即 $\sigma(z)=\bar y$",
    )
)
def best_constant_is_the_share(bce, rng):
    y = np.array([1.0, 0, 0, 1, 0, 0, 0, 1, 0, 0])
    z = np.array([math.log(0.3 / 0.7)])
    flat = slope(lambda t: bce(np.full(10, t[0]), y), z, 0)
    entropy = -0.3 * math.log(0.3) - 0.7 * math.log(0.7)
    return all_of(
        roundoff(flat, 0.0, terms=4, scale=1 / STEP), roundoff(bce(np.full(10, z[0]), y), entropy, terms=10)
    )


@BCE.claim(Text("Convex in the logits", "关于 logits 是凸函数"))
def convex_in_the_logits(bce, rng):
    y = rng.random(4)
    found = [convex_along(lambda t: bce(t, y), *(5 * rng.standard_normal((2, 4)))) for _ in range(5)]
    # from sure and wrong to sure and right: whatever is bounded bends down here
    return all_of(convex_along(lambda t: bce(t, np.ones(1)), np.full(1, -30.0), np.full(1, 30.0)), *found)


@BCE.claim(
    Text(
        "Exchanging the classes changes nothing: $L(z,y)=L(-z,1-y)$",
        "交换两个类别，结果不变：$L(z,y)=L(-z,1-y)$",
    )
)
def classes_exchanged(bce, rng):
    z, y = 3 * rng.standard_normal(9), rng.random(9)
    return invariance(bce(-z, 1 - y), bce(z, y), terms=9, scale=float(np.abs(z).max()))


@BCE.mutant(
    Text("log of a clipped probability", "对截断后的概率取对数"),
    kills=["exact-at-a-thousand", "equals-definition"],
)
def clipped_probability(z, y):
    p = np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()


@BCE.mutant(Text("the sum covers the first term only; the second stands for the last sample", "求和只覆盖第一项，第二项只取最后一个样本"), kills=["sum-covers-both-terms", "gradient-is-predicted-minus-true"])  # fmt: skip
def first_term_only(z, y):
    p = 1 / (1 + np.exp(-z))
    return -((y * np.log(p)).sum() + (1 - y[-1]) * np.log(1 - p[-1])) / z.size


@BCE.mutant(
    Text("term of the negatives left out", "漏掉负例的项"),
    kills=["best-constant-is-the-share", "classes-exchanged", "sum-covers-both-terms"],
)
def positives_only(z, y):
    return (y * np.log1p(np.exp(-z))).mean()


@BCE.mutant(
    Text("squared error of the probability", "对概率用平方误差"),
    kills=["convex-in-the-logits", "exact-at-a-thousand"],
)
def squared_error(z, y):
    return ((1 / (1 + np.exp(-z)) - y) ** 2).mean()


BCE.erratum(
    "E37",
    common=Text(r"$-\frac1m\Bigl[\sum_{i=1}^{m}y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\Bigr]$", r"$-\frac1m\Bigl[\sum_{i=1}^{m}y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\Bigr]$"),
    why=Text(
        "As bracketed the sum ends at the plus sign, and the second term has a free index i: taken literally, the negatives of all samples but one are lost.",
        "照这样的括号，求和到加号为止，第二项的下标 i 没有约束：照字面计算，除一个样本外所有负例的贡献都丢失了。",
    ),
    right=Text(r"$-\frac1m\sum_{i=1}^{m}\bigl[y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\bigr]$", r"$-\frac1m\sum_{i=1}^{m}\bigl[y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\bigr]$"),
    claims=("sum-covers-both-terms",),
)  # fmt: skip


@BCE.figure(
    share=Slider(0.02, 0.98, 0.3, Text("share of ones", "正例的比例")),
    z0=Slider(-6, 6, 1.5, Text("logit z", "logit z")),
)
def bce_figure(share, z0):
    z = np.linspace(-6, 6, 241)
    risk = share * np.log1p(np.exp(-z)) + (1 - share) * np.log1p(np.exp(z))
    fig, ax = canvas(width=6.4, height=3.4)
    ax.plot(z, np.log1p(np.exp(-z)), color="#7F7F7F", ls="--", lw=0.9, label="target 1")
    ax.plot(z, np.log1p(np.exp(z)), color="#7F7F7F", ls=":", lw=1.2, label="target 0")
    ax.plot(z, risk, label="expected loss")
    best, entropy = (
        math.log(share / (1 - share)),
        -share * math.log(share) - (1 - share) * math.log(1 - share),
    )
    value = float(share * np.log1p(np.exp(-z0)) + (1 - share) * np.log1p(np.exp(z0)))
    p = 1 / (1 + math.exp(-z0))
    ax.plot(best, entropy, "o", color="#009E73")
    ax.plot([z0, z0], [entropy, value], color="#D55E00")
    ax.plot(z0, value, "o", color="#D55E00")
    ax.axhline(entropy, color="#009E73", lw=0.8)
    ax.set(xlabel="z", ylabel="loss (nats)", ylim=(0, 6))
    ax.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"With {share:.0%} ones, predicting σ(z) = {p:.3f} costs {value:.3f} nats on average: the entropy {entropy:.3f}, which nothing can beat, "
            f"plus the divergence {value - entropy:.3f}. Best at z = {best:.2f}.",
            f"正例占 {share:.0%} 时，预测 σ(z) = {p:.3f} 的平均损失为 {value:.3f} 奈特：其中熵 {entropy:.3f} 无法再减，其余 {value - entropy:.3f} 是散度。最优在 z = {best:.2f}。",
        ),
    )


# ------------------------------------------------------------------------------------ softmax cross-entropy

LABELS = Symbol("y", "y", "n", Text("true classes, 0 … k−1", "真实类别，0 … k−1"), "index")

SOFTMAX_CROSS_ENTROPY = Concept(
    key="softmax-cross-entropy",
    kind="definition",
    title=Text("Softmax cross-entropy", "softmax 交叉熵"),
    summary=Text(
        "The negative log-probability that the softmax of the scores gives to the true class. Taken together the two "
        "are stable at any score, convex, and have the gradient predicted minus true.",
        "softmax 给真实类别的概率取负对数。两步合并计算，对任意大小的得分都稳定，且是凸函数，梯度为预测减真值。",
    ),
    formulas=(
        r"L=-\frac1n\sum_{i=1}^{n}\log p_{i,y_i}=\frac1n\sum_{i=1}^{n}\Bigl[\log\sum_{j=1}^{k}e^{z_{ij}-m_i}-(z_{i,y_i}-m_i)\Bigr],\qquad p_i=\operatorname{softmax}(z_i),\quad m_i=\max_j z_{ij}",
        r"\frac{\partial L}{\partial z_{ij}}=\frac{p_{ij}-\delta_{j,y_i}}{n}",
    ),
    symbols=(
        Symbol("z", "z", "n k", Text("scores (logits), one sample a row", "得分（logits），每行一个样本")),
        LABELS,
        COUNT,
        Symbol("k", "", "", Text("number of classes", "类别数")),
        Symbol("p", "", "n k", Text("predicted probabilities", "预测概率")),
        Symbol("m", "", "n", Text("largest score of each sample", "每个样本的最大得分")),
        Symbol(r"\delta_{j,y}", "", "", Text("1 where j = y, else 0", "j = y 时为 1，否则为 0")),
        Symbol("L", "", "", Text("the loss", "损失")),
    ),
    needs=("softmax", "cross-entropy", "gradient"),
    source="bridle1990probabilistic",
    year=1989,
    people=("John S. Bridle",),
    implementations=(Implementation("torch.nn.functional:cross_entropy", "torch"),),
    readings=(Reading("bishop2006pattern", "§4.3.4"), Reading("goodfellow2016deep", "§6.2.2.3"), Reading("cs231n", "Linear classification: Softmax classifier")),
    deviations=(
        Text(
            "PyTorch and ONNX take scores here (ONNX: SoftmaxCrossEntropyLoss); Keras takes probabilities unless told `from_logits=True`. Probabilities fed in as scores "
            "pass through a second softmax: the loss can then not fall below log(1 + (k−1)/e).",
            "PyTorch 与 ONNX（SoftmaxCrossEntropyLoss）在此接受得分；Keras 默认接受概率，除非设 `from_logits=True`。把概率当得分输入会多做一次 softmax：损失便降不到 log(1 + (k−1)/e) 以下。",
        ),
    ),
)  # fmt: skip


@SOFTMAX_CROSS_ENTROPY.definition
def softmax_cross_entropy(z, y):
    m = z.max(-1, keepdims=True)
    log_p = z - m - np.log(np.exp(z - m).sum(-1, keepdims=True))  # (n, k)
    return -log_p[np.arange(len(y)), y].mean()


@SOFTMAX_CROSS_ENTROPY.cases
def softmax_cross_entropy_cases(rng):
    yield "random", dict(z=rng.standard_normal((6, 4)), y=rng.integers(0, 4, 6))
    yield "one sample", dict(z=rng.standard_normal((1, 3)), y=np.array([2]))
    yield "one class", dict(z=rng.standard_normal((3, 1)), y=np.zeros(3, int))
    yield "ties", dict(z=np.zeros((2, 5)), y=np.array([0, 4]))
    yield (
        "sure and wrong",
        dict(z=np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 0.0]]), y=np.array([1, 1])),
    )


@SOFTMAX_CROSS_ENTROPY.invalid
def softmax_cross_entropy_invalid(rng):
    yield "more labels than samples", dict(z=np.zeros((3, 4)), y=np.zeros(5, int))
    yield "a class that does not exist", dict(z=np.zeros((2, 3)), y=np.array([0, 3]))


@SOFTMAX_CROSS_ENTROPY.claim(
    Text(r"Its gradient is $(p-\text{one-hot}(y))/n$", r"梯度为 $(p-\text{one-hot}(y))/n$")
)
def gradient_is_p_minus_y(loss, rng):
    z, y = rng.standard_normal((3, 4)), np.array([1, 3, 0])
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    return gradient_is(lambda t: loss(t, y), z, (p - np.eye(4)[y]) / 3)


@SOFTMAX_CROSS_ENTROPY.claim(
    Text(
        "At scores of ±1000 it is 0 where right and 2000 where wrong",
        "得分为 ±1000 时，正确者损失为 0，错误者为 2000",
    )
)
def stable_at_a_thousand(loss, rng):
    z = np.array([[1000.0, -1000.0]])
    return all_of(roundoff(loss(z, np.array([0])), 0.0, scale=1.0), roundoff(loss(z, np.array([1])), 2000.0))


@SOFTMAX_CROSS_ENTROPY.claim(
    Text(
        "A constant added to all scores of a sample changes nothing", "一个样本的所有得分加同一常数，结果不变"
    )
)
def shift_of_the_scores(loss, rng):
    z, y = rng.standard_normal((5, 4)), rng.integers(0, 4, 5)
    return invariance(loss(z + 64 * np.arange(5)[:, None], y), loss(z, y), terms=5, scale=256.0)


@SOFTMAX_CROSS_ENTROPY.claim(Text("Equal scores of k classes cost log k", "k 个类别得分相等时损失为 log k"))
def uniform_costs_log_k(loss, rng):
    return all_of(
        *[
            roundoff(loss(np.full((3, k), 2.5), np.zeros(3, int)), math.log(k), terms=k)
            for k in (1, 2, 10, 100)
        ]
    )


@SOFTMAX_CROSS_ENTROPY.claim(
    Text(
        "Two classes give the binary cross-entropy of the difference of scores",
        "两个类别时等于得分之差的二元交叉熵",
    )
)
def two_classes(loss, rng):
    z, y = 2 * rng.standard_normal((9, 2)), rng.integers(0, 2, 9)
    return roundoff(loss(z, y), bce(z[:, 1] - z[:, 0], y * 1.0), terms=9)


@SOFTMAX_CROSS_ENTROPY.claim(
    Text(
        "Proper: the best scores are the log-frequencies of the classes, and the loss there is their entropy",
        "恰当评分规则：最优得分是各类别频率的对数，此时损失等于其熵",
    )
)
def proper_scoring(loss, rng):
    y = np.repeat([0, 1, 2], [5, 3, 2])
    q = np.array([0.5, 0.3, 0.2])
    f = lambda t: loss(np.broadcast_to(t, (10, 3)), y)
    flat = gradient_is(f, np.log(q), np.zeros(3))
    entropy = roundoff(f(np.log(q)), -(q * np.log(q)).sum(), terms=10)
    worse = bound(f(np.log(q) + np.array([0.1, 0, -0.1])), f(np.log(q)), "≥")
    return all_of(flat, entropy, worse)


@SOFTMAX_CROSS_ENTROPY.claim(Text("Convex in the scores", "关于得分是凸函数"))
def convex_in_the_scores(loss, rng):
    y, end = np.array([0, 2, 1]), 30 * np.eye(3)[[0, 2, 1]]
    found = [convex_along(lambda t: loss(t, y), *(5 * rng.standard_normal((2, 3, 3)))) for _ in range(5)]
    # from sure and wrong to sure and right: whatever is bounded bends down here
    return all_of(convex_along(lambda t: loss(t, y), -end, end), *found)


@SOFTMAX_CROSS_ENTROPY.mutant(
    Text("log of a clipped probability", "对截断后的概率取对数"),
    kills=["stable-at-a-thousand", "equals-definition", "convex-in-the-scores"],
)
def log_of_clipped(z, y):
    e = np.exp(z - z.max(-1, keepdims=True))
    p = np.clip(e / e.sum(-1, keepdims=True), 1e-7, 1)
    return -np.log(p[np.arange(len(y)), y]).mean()


@SOFTMAX_CROSS_ENTROPY.mutant(Text("no maximum subtracted", "没有减去最大值"), kills=["stable-at-a-thousand"])
def overflowing(z, y):
    return (np.log(np.exp(z).sum(-1)) - z[np.arange(len(y)), y]).mean()


@SOFTMAX_CROSS_ENTROPY.mutant(Text("softmax taken twice: probabilities fed in as scores", "做了两次 softmax：把概率当作得分输入"), kills=["gradient-is-p-minus-y", "proper-scoring", "two-classes", "stable-at-a-thousand"])  # fmt: skip
def softmax_twice(z, y):
    e = np.exp(z - z.max(-1, keepdims=True))
    return softmax_cross_entropy(e / e.sum(-1, keepdims=True), y)


@SOFTMAX_CROSS_ENTROPY.mutant(
    Text("bits for nats", "以比特代替奈特"), kills=["uniform-costs-log-k", "two-classes"]
)
def in_bits(z, y):
    return softmax_cross_entropy(z, y) / np.log(2)


@SOFTMAX_CROSS_ENTROPY.mutant(
    Text("normaliser shared by the whole batch", "整个批共用一个归一化因子"),
    kills=["shift-of-the-scores", "gradient-is-p-minus-y"],
)
def shared_normaliser(z, y):
    return np.log(np.exp(z).sum(-1).mean()) - z[np.arange(len(y)), y].mean()


@SOFTMAX_CROSS_ENTROPY.figure(
    true=Slider(-6, 6, 0.0, Text("score of the true class", "真实类别的得分")),
    classes=Slider(
        2,
        100,
        4,
        Text("number of classes, the others at score 0", "类别数，其余得分为 0"),
        integer=True,
        log=True,
    ),
)
def softmax_cross_entropy_figure(true, classes):
    k, z = int(classes), np.linspace(-6, 6, 241)

    def curve(s):
        return np.log(np.exp(s) + k - 1) - s

    p = np.exp(z) / (np.exp(z) + k - 1)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(z, curve(z))
    left.plot(true, curve(true), "o", color="#D55E00")
    left.axhline(math.log(k), color="#7F7F7F", lw=0.8, ls="--")
    left.text(6, math.log(k), f"log {k}", ha="right", va="bottom", fontsize=8)
    left.set(title="loss", xlabel="score of the true class", ylim=(0, None))
    right.plot(z, p - 1, label=r"true class: $p-1$")
    right.plot(z, (1 - p) / (k - 1), label=r"each other: $p_j$")
    now = math.exp(true) / (math.exp(true) + k - 1)
    right.plot([true, true], [now - 1, (1 - now) / (k - 1)], "o", color="#D55E00")
    right.axhline(0, color="#7F7F7F", lw=0.6)
    right.set(title="gradient", xlabel="score of the true class", ylim=(-1.05, 1.05))
    right.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"{k} classes, true score {true:.2g}: probability {now:.3g}, loss {curve(true):.3f}. Descent raises the true score at rate {1 - now:.3f} and "
            f"lowers each other at {(1 - now) / (k - 1):.3g}; the rates sum to 0.",
            f"{k} 个类别，真实类别得分 {true:.2g}：概率 {now:.3g}，损失 {curve(true):.3f}。下降时真实类别的得分以 {1 - now:.3f} 的速率上升，其余各以 {(1 - now) / (k - 1):.3g} 下降，总和为 0。",
        ),
    )


# -------------------------------------------------------------------------------------------------- NLL

NLL = Concept(
    key="nll",
    kind="definition",
    title=Text("Negative log-likelihood loss", "负对数似然损失"),
    summary=Text(
        "Minus the mean log-probability given to what happened. It takes log-probabilities: the product of the "
        "probabilities of a thousand samples is 0 in floating point, the sum of their logarithms is not.",
        "对实际发生之事所给的对数概率取平均再取负。输入是对数概率：一千个样本的概率之积在浮点数中为 0，而其对数之和不是。",
    ),
    formulas=(
        r"L=-\frac1n\sum_{i=1}^{n}\ell_{i,y_i}=-\frac1n\log\prod_{i=1}^{n}p_{i,y_i},\qquad \ell_{ij}=\log p_{ij}",
        r"\frac{\partial L}{\partial\ell_{ij}}=-\frac{\delta_{j,y_i}}{n}",
    ),
    symbols=(
        Symbol(r"\ell", "log_p", "n k", Text("log-probabilities, one sample a row", "对数概率，每行一个样本")),
        LABELS,
        COUNT,
        Symbol("p", "", "n k", Text("probabilities", "概率")),
        Symbol(r"\delta_{j,y}", "", "", Text("1 where j = y, else 0", "j = y 时为 1，否则为 0")),
        Symbol("L", "", "", Text("the loss", "损失")),
    ),
    needs=("mle", "softmax-cross-entropy"),
    source="goodfellow2016deep",
    year=1922,
    people=("Ronald A. Fisher",),
    implementations=(Implementation("torch.nn.functional:nll_loss", "torch"),),
    readings=(Reading("goodfellow2016deep", "§5.5"), Reading("murphy2022probabilistic", "§4.2")),
    deviations=(
        Text("`NLLLoss` computes no logarithm, in spite of its name: it expects them.", "`NLLLoss` 名为“负对数似然”，本身并不取对数：它要求输入对数概率。"),
    ),
)  # fmt: skip


@NLL.definition
def nll(log_p, y):
    return -log_p[np.arange(len(y)), y].mean()


def log_softmax(z):
    """Log-probabilities from scores, for the cases and claims."""
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


@NLL.cases
def nll_cases(rng):
    yield "random", dict(log_p=log_softmax(rng.standard_normal((6, 4))), y=rng.integers(0, 4, 6))
    yield "one sample", dict(log_p=np.log([[0.2, 0.8]]), y=np.array([1]))
    yield "one class", dict(log_p=np.zeros((3, 1)), y=np.zeros(3, int))
    yield (
        "a nearly impossible class elsewhere",
        dict(log_p=np.array([[0.0, -1000.0], [math.log(0.5), math.log(0.5)]]), y=np.array([0, 1])),
    )


@NLL.invalid
def nll_invalid(rng):
    yield "more labels than samples", dict(log_p=np.zeros((3, 4)), y=np.zeros(5, int))
    yield "a class that does not exist", dict(log_p=np.zeros((2, 3)), y=np.array([0, 3]))


@NLL.claim(
    Text(r"Its gradient is $-1/n$ at the true class and 0 elsewhere", r"梯度在真实类别处为 $-1/n$，其余为 0")
)
def gradient_of_nll(nll, rng):
    log_p, y = log_softmax(rng.standard_normal((4, 3))), np.array([2, 0, 1, 1])
    return gradient_is(lambda t: nll(t, y), log_p, -np.eye(3)[y] / 4)


@NLL.claim(Text("Of the log-softmax it is the softmax cross-entropy", "与 log-softmax 复合即 softmax 交叉熵"))
def composed_with_log_softmax(nll, rng):
    z, y = 3 * rng.standard_normal((7, 5)), rng.integers(0, 5, 7)
    return roundoff(nll(log_softmax(z), y), softmax_cross_entropy(z, y), terms=7)


@NLL.claim(
    Text(
        r"$e^{-nL}$ is the likelihood, the product of the probabilities of what happened",
        r"$e^{-nL}$ 即似然，等于所发生之事的概率之积",
    )
)
def exponential_is_the_likelihood(nll, rng):
    p, y = np.array([[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]]), np.array([0, 1, 1])
    return roundoff(math.exp(-3 * nll(np.log(p), y)), 0.5 * 0.8 * 0.1, terms=6)


@NLL.claim(
    Text(
        "1100 fair flips: the likelihood is exactly 0 in float64, the loss is log 2",
        "1100 次公平抛掷：似然在 float64 中恰为 0，而损失为 log 2",
    )
)
def no_underflow(nll, rng):
    p, y = np.full((1100, 2), 0.5), rng.integers(0, 2, 1100)
    return all_of(identical(p[:, 0].prod(), 0.0), roundoff(nll(np.log(p), y), math.log(2), terms=1100))


@NLL.mutant(
    Text("a second logarithm: takes probabilities", "多取了一次对数：以概率为输入"),
    kills=["composed-with-log-softmax", "gradient-of-nll", "no-underflow"],
)
def second_logarithm(log_p, y):
    return -np.log(np.abs(log_p[np.arange(len(y)), y])).mean()


@NLL.mutant(
    Text("summed, not averaged", "求和而未平均"), kills=["gradient-of-nll", "exponential-is-the-likelihood"]
)
def nll_summed(log_p, y):
    return -log_p[np.arange(len(y)), y].sum()


@NLL.mutant(Text("log of the product of the probabilities", "先求概率之积再取对数"), kills=["no-underflow"])
def log_of_the_product(log_p, y):
    return -np.log(np.exp(log_p[np.arange(len(y)), y]).prod()) / len(y)


@NLL.mutant(Text("sign lost", "丢失负号"), kills=["exponential-is-the-likelihood", "equals-definition"])
def sign_lost(log_p, y):
    return log_p[np.arange(len(y)), y].mean()


@NLL.figure(
    p=Slider(0.02, 0.98, 0.7, Text("model's probability of heads", "模型给正面的概率")),
    n=Slider(10, 2000, 100, Text("number of flips", "抛掷次数"), integer=True, log=True),
)
def nll_figure(p, n):
    n = int(n)
    heads = round(0.6 * n)
    q = np.linspace(0.01, 0.99, 197)
    loss = -(heads * np.log(q) + (n - heads) * np.log(1 - q)) / n
    likelihood = np.exp(-n * loss)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(q, likelihood)
    left.set_ylim(0, 1.1 * likelihood.max() or 1.0)
    left.axvline(p, color="#D55E00", lw=0.9)
    left.set(title="likelihood", xlabel="probability of heads")
    right.plot(q, loss)
    value = -(heads * math.log(p) + (n - heads) * math.log(1 - p)) / n
    right.plot(p, value, "o", color="#D55E00")
    right.plot(heads / n, float(np.interp(heads / n, q, loss)), "o", color="#009E73")
    right.set(title="negative log-likelihood / n", xlabel="probability of heads", ylim=(0, 3))
    exponent = -n * value / math.log(10)
    lost = (" — exactly 0 in float64", "——在 float64 中恰为 0") if math.exp(-n * value) == 0 else ("", "")
    return Drawing(
        fig,
        Text(
            f"{heads} heads in {n} flips, model {p:.2f}: the likelihood is 10^{exponent:.1f}{lost[0]}, the loss {value:.4f}. Both are best at {heads / n:.2f}.",
            f"{n} 次抛掷出现 {heads} 次正面，模型取 {p:.2f}：似然为 10^{exponent:.1f}{lost[1]}，损失为 {value:.4f}。二者都在 {heads / n:.2f} 处最优。",
        ),
    )


# ------------------------------------------------------------------------------------------------ hinge

HINGE = Concept(
    key="hinge",
    kind="definition",
    title=Text("Hinge loss", "合页损失（hinge）"),
    summary=Text(
        "Charges for every score that is not on the right side by a margin of at least 1, and for nothing else: samples "
        "beyond the margin have no gradient. The loss of support vector machines.",
        "凡没有以至少 1 的间隔站在正确一侧的得分都要付出代价，此外不计：超出间隔的样本没有梯度。这是支持向量机的损失。",
    ),
    formulas=(
        r"L=\frac1n\sum_{i=1}^{n}\max(0,\,1-y_is_i),\qquad y_i\in\{-1,1\}",
        r"\mathbf{1}\{y_is_i\le0\}\le\max(0,1-y_is_i),\qquad \frac{\partial L}{\partial s_i}=-\frac{y_i}{n}\,\mathbf{1}\{y_is_i<1\}",
    ),
    symbols=(
        Symbol("s", "s", "n", Text("scores", "得分")),
        Symbol("y", "y", "n", Text("labels, −1 or 1", "标签，−1 或 1"), "other"),
        COUNT,
        Symbol("L", "", "", Text("the loss", "损失")),
    ),
    needs=("gradient", "relu"),
    source="cortes1995support",
    year=1992,
    people=("Bernhard Boser", "Isabelle Guyon", "Vladimir Vapnik", "Corinna Cortes"),
    implementations=(Implementation("gradus.networks.losses:hinge_loss", "torch"),),
    readings=(Reading("cortes1995support", ""), Reading("hastie2009elements", "§12.3.2"), Reading("bishop2006pattern", "§7.1.2")),
    deviations=(
        Text("The squared hinge, the default of scikit-learn's LinearSVC, squares each term.", "平方合页损失（scikit-learn 的 LinearSVC 默认）把每一项平方。"),
    ),
)  # fmt: skip


@HINGE.definition
def hinge(s, y):
    return np.maximum(0, 1 - y * s).mean()


@HINGE.cases
def hinge_cases(rng):
    yield "random", dict(s=2 * rng.standard_normal(8), y=rng.choice([-1.0, 1.0], 8))
    yield "one sample", dict(s=np.array([0.3]), y=np.array([1.0]))
    yield "all beyond the margin", dict(s=np.array([3.0, -2.0]), y=np.array([1.0, -1.0]))
    yield "on the margin", dict(s=np.array([1.0, -1.0]), y=np.array([1.0, -1.0]))


@HINGE.invalid
def hinge_invalid(rng):
    yield "more labels than scores", dict(s=np.zeros(3), y=np.ones(4))


@HINGE.claim(
    Text(
        "It is 0 beyond the margin and rises by 1 for each unit short of it",
        "超出间隔时为 0；每差一个单位增加 1",
    )
)
def margin_of_one(hinge, rng):
    s = np.array([4.0, 1.0, 0.5, 0.0, -2.0])
    losses = [hinge(np.array([y * t]), np.array([y])) for y in (1.0, -1.0) for t in s]
    return identical(losses, [0.0, 0.0, 0.5, 1.0, 3.0] * 2)


@HINGE.claim(
    Text(r"Its gradient is $-y/n$ inside the margin and 0 beyond", r"间隔以内梯度为 $-y/n$，以外为 0")
)
def gradient_of_hinge(hinge, rng):
    s, y = np.array([-2.0, 0.25, 0.75, 3.0, -0.5]), np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    return gradient_is(lambda t: hinge(t, y), s, np.where(y * s < 1, -y, 0.0) / 5)


@HINGE.claim(Text("It is never below the share of misclassified samples", "它不小于分错样本的比例"))
def above_the_error_rate(hinge, rng):
    s, y = rng.standard_normal((40, 10)), rng.choice([-1.0, 1.0], (40, 10))
    slack = [float(hinge(a, b)) - float((a * b <= 0).mean()) for a, b in zip(s, y, strict=True)]
    return bound(min(slack), 0.0, "≥")


@HINGE.claim(
    Text(
        "The best constant is the likelier label ±1, not its probability",
        "最优的常数是更可能的标签 ±1，而不是它的概率",
    )
)
def best_constant_is_the_likelier_label(hinge, rng):
    def one(ones):
        y = np.repeat([1.0, -1.0], [ones, 10 - ones])
        grid = np.arange(-2, 2.01, 0.125)
        best = grid[int(np.argmin([hinge(np.full(10, c), y) for c in grid]))]
        return identical(best, np.sign(ones - 5.0))

    return all_of(*[one(k) for k in (2, 4, 6, 9)])


@HINGE.mutant(
    Text("margin 0, the perceptron's loss", "间隔为 0，即感知机的损失"),
    kills=[
        "margin-of-one",
        "above-the-error-rate",
        "gradient-of-hinge",
        "best-constant-is-the-likelier-label",
    ],
)
def perceptron_loss(s, y):
    return np.maximum(0, -y * s).mean()


@HINGE.mutant(
    Text("squared hinge", "平方合页损失"),
    kills=["margin-of-one", "gradient-of-hinge", "best-constant-is-the-likelier-label", "equals-definition"],
)
def squared_hinge(s, y):
    return (np.maximum(0, 1 - y * s) ** 2).mean()


@HINGE.mutant(
    Text("not cut off at 0", "没有在 0 处截断"),
    kills=["margin-of-one", "best-constant-is-the-likelier-label"],
)
def not_cut_off(s, y):
    return (1 - y * s).mean()


@HINGE.figure(
    share=Slider(0.02, 0.98, 0.7, Text("probability of the label 1", "标签 1 的概率")),
    s0=Slider(-3, 3, 0.4, Text("score s", "得分 s")),
)
def hinge_figure(share, s0):
    s = np.linspace(-3, 3, 241)
    curves = {
        "hinge": lambda m: np.maximum(0, 1 - m),
        "log loss (bits)": lambda m: np.log2(1 + np.exp(-m)),
        "0–1": lambda m: (m <= 0) * 1.0,
    }
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    best = {}
    for name, f in curves.items():
        left.plot(s, f(s), label=name)
        risk = share * f(s) + (1 - share) * f(-s)
        right.plot(s, risk)
        best[name] = float(s[int(risk.argmin())])
        right.plot(best[name], risk.min(), "o", ms=4, color="black")
    value = float(share * max(0.0, 1 - s0) + (1 - share) * max(0.0, 1 + s0))
    left.axvline(s0, color="#7F7F7F", lw=0.8)
    right.axvline(s0, color="#7F7F7F", lw=0.8)
    left.set(title="loss when y = 1", xlabel="s", ylim=(0, 4))
    left.legend(frameon=False, fontsize=8)
    right.set(title="expected loss", xlabel="s", ylim=(0, 3))
    return Drawing(
        fig,
        Text(
            f"With probability {share:.2f} of the label 1, the hinge loss is least at {1 if share > 0.5 else -1}; log loss at the log-odds "
            f"{math.log(share / (1 - share)):.2f}. The score {s0:.2f} has expected hinge loss {value:.3f}.",
            f"标签 1 的概率为 {share:.2f} 时，合页损失在 {1 if share > 0.5 else -1} 处最小，对数损失在对数几率 {math.log(share / (1 - share)):.2f} 处最小。得分 {s0:.2f} 的期望合页损失为 {value:.3f}。",
        ),
    )


# ------------------------------------------------------------------------------------------- the family


def _risk(constant_risk, loss, y, p, c):
    return tuple(constant_risk(loss, y, p, c))


LOSSES = Concept(
    key="losses",
    kind="definition",
    title=Text("Loss functions", "损失函数"),
    summary=Text(
        "A loss decides what a good predictor predicts: squared error the mean, absolute error the median, cross-entropy the "
        "probability, hinge the likelier label. Whether the risk is convex can be measured as well.",
        "损失决定好的预测器预测什么：平方误差得均值，绝对误差得中位数，交叉熵得概率，合页损失得更可能的标签。风险是否为凸也可以测量。",
    ),
    formulas=(
        r"R(c)=\mathbb{E}\,\ell(c,Y)=\sum_{j=1}^{m}p_j\,\ell(c,y_j),\qquad c^{*}=\arg\min_c R(c)",
        r"\text{convex}\iff R(c-h)-2R(c)+R(c+h)\ge 0\ \text{ for all }c,h",
    ),
    symbols=(
        Symbol(r"\ell", "loss", "function", Text("loss of a prediction and a target, entry by entry", "预测与目标的损失，逐元素"), "function"),
        Symbol("y", "y", "m", Text("possible targets", "可能的目标值")),
        Symbol("p", "p", "m", Text("their probabilities", "其概率"), "simplex"),
        Symbol("c", "c", "k", Text("predictions tried, equally spaced", "所试的预测，等间距")),
        Symbol("R", "", "k", Text("risk, the expected loss", "风险，即期望损失")),
        Symbol("h", "", "", Text("spacing", "间距")),
        Symbol("Y", "", "", Text("the random target", "随机的目标")),
    ),
    needs=("mse", "mae", "huber", "bce", "hinge", "nll"),
    source="murphy2022probabilistic",
    year=1950,
    people=("Abraham Wald",),
    implementations=(Implementation("gradus.networks.losses:constant_risk", "torch", _risk),),
    readings=(Reading("murphy2022probabilistic", "§5.1"), Reading("hastie2009elements", "§2.4"), Reading("bishop2006pattern", "§1.5")),
    differentiable=False,
)  # fmt: skip


@LOSSES.definition
def losses(loss, y, p, c):
    R = (p * loss(c[:, None], y[None, :])).sum(-1)  # (k,)
    second = R[2:] - 2 * R[1:-1] + R[:-2]
    return R, c[R.argmin()], second.min()


@generic
def squared(c, y):
    return (c - y) ** 2


@generic
def absolute(c, y):
    return abs(c - y)


@generic
def logistic(z, y):
    """Binary cross-entropy of a logit."""
    lib = namespace(z)
    return lib.log(1 + lib.exp(-z)) + (1 - y) * z


@generic
def hinged(s, y):
    return ((1 - y * s) + abs(1 - y * s)) / 2


@generic
def squared_of_probability(z, y):
    """Squared error of a sigmoid's output."""
    return (1 / (1 + namespace(z).exp(-z)) - y) ** 2


def hubered(delta):
    """Huber's loss with the given δ, in any framework."""

    @generic
    def loss(c, y):
        e = abs(c - y)
        inside = (e + delta - abs(e - delta)) / 2  # min(e, δ)
        return inside**2 / 2 + delta * (e - inside)

    return loss


SKEWED = np.array([0.0, 1.0, 2.0, 10.0]), np.array([0.25, 0.375, 0.25, 0.125])  # mean 2.125, median 1
COIN = np.array([0.0, 1.0]), np.array([0.7, 0.3])


@LOSSES.cases
def losses_cases(rng):
    grid = np.linspace(-4, 12, 33)
    y, p = SKEWED
    yield "squared", dict(loss=squared, y=y, p=p, c=grid)
    yield "absolute", dict(loss=absolute, y=y, p=p, c=grid)
    yield "Huber", dict(loss=hubered(1.0), y=y, p=p, c=grid)
    yield "one outcome", dict(loss=squared, y=np.array([1.0]), p=np.array([1.0]), c=np.array([0.0, 1.0, 2.0]))


@LOSSES.invalid
def losses_invalid(rng):
    yield (
        "more probabilities than outcomes",
        dict(loss=squared, y=np.zeros(2), p=np.full(3, 1 / 3), c=np.linspace(0, 1, 5)),
    )


def best(losses, loss, y, p, low, high, spacing=2.0**-6):
    """The best constant prediction on a grid."""
    return float(losses(loss, y, p, np.arange(low, high + spacing / 2, spacing))[1])


GRID = Text("half the spacing of the grid, 2⁻⁶", "网格间距 2⁻⁶ 的一半")


@LOSSES.claim(
    Text("Squared error predicts the mean, absolute error the median", "平方误差预测均值，绝对误差预测中位数")
)
def mean_and_median(losses, rng):
    y, p = SKEWED
    mean = near(best(losses, squared, y, p, -4, 12), 2.125, 2.0**-7, GRID)
    return all_of(mean, near(best(losses, absolute, y, p, -4, 12), 1.0, 2.0**-7, GRID))


@LOSSES.claim(
    Text(
        "Huber's loss predicts the median for small δ, the mean for large δ, and moves between",
        "Huber 损失在 δ 小时预测中位数，δ 大时预测均值，其间连续过渡",
    )
)
def huber_lies_between(losses, rng):
    y, p = SKEWED
    small, middle, large = (best(losses, hubered(d), y, p, -4, 12) for d in (1 / 64, 2.0, 16.0))
    ends = near(small, 1.0, 2 / 64, Text("δ and the grid", "δ 与网格")), near(large, 2.125, 2.0**-7, GRID)
    # stationary for δ = 2: ¼(−c) … solved by hand: .25c + .375(c−1) + .25(c−2) − .125·2 = 0
    return all_of(*ends, near(middle, 1.125 / 0.875, 2.0**-7, GRID))


@LOSSES.claim(
    Text(
        "Cross-entropy predicts the probability: the sigmoid of its best logit is 0.3 for 30 % ones",
        "交叉熵预测概率：正例占 30% 时，最优 logit 的 sigmoid 为 0.3",
    )
)
def cross_entropy_predicts_the_probability(losses, rng):
    y, p = COIN
    z = best(losses, logistic, y, p, -4, 4)
    return near(z, math.log(3 / 7), 2.0**-7, GRID)


@LOSSES.claim(
    Text(
        "Hinge loss predicts the likelier label, −1 for 30 % ones, and says nothing of the probability",
        "合页损失预测更可能的标签：正例占 30% 时为 −1，不反映概率",
    )
)
def hinge_predicts_the_label(losses, rng):
    found = [
        best(losses, hinged, np.array([-1.0, 1.0]), np.array([1 - q, q]), -3, 3) for q in (0.1, 0.3, 0.6, 0.9)
    ]
    return identical(found, [-1.0, -1.0, 1.0, 1.0])


@LOSSES.claim(Text("The risks of squared, absolute, Huber, logistic and hinge loss are convex; that of the squared error of a sigmoid is not", "平方、绝对、Huber、逻辑斯谛与合页损失的风险是凸的；sigmoid 输出的平方误差不是"))  # fmt: skip
def convex_or_not(losses, rng):
    c = np.linspace(-8, 8, 257)
    convex = [(f, *SKEWED) for f in (squared, absolute, hubered(1.0))]
    convex += [(logistic, *COIN), (hinged, np.array([-1.0, 1.0]), COIN[1])]
    found = [(losses(f, y, p, c), f) for f, y, p in convex]
    why = Text("rounding of the risks in a second difference", "风险在二阶差分中的舍入误差")
    flat = [near(min(0.0, float(r[2])), 0.0, 32 * 2.0**-52 * float(np.max(r[0])), why) for r, _ in found]
    dented = bound(float(losses(squared_of_probability, *COIN, c)[2]), -1e-4)
    return all_of(dented, *flat)


@LOSSES.claim(Text("An eighth of the mass moved from 10 to 1000 moves the best constant by 123.75 under squared error, not at all under absolute error", "把八分之一的概率从 10 移到 1000，平方误差的最优常数移动 123.75，绝对误差的不动"))  # fmt: skip
def influence_of_an_outlier(losses, rng):
    y, p = SKEWED
    wild = np.array([0.0, 1.0, 2.0, 1000.0])

    def moved(loss):
        return [best(losses, loss, t, p, -4, 200, 0.125) for t in (y, wild)]

    a, b = moved(squared)
    return all_of(identical(b - a, 123.75), identical(*moved(absolute)))


@LOSSES.mutant(
    Text("the mean of the outcomes for every loss", "不论何种损失都取均值"),
    kills=["mean-and-median", "cross-entropy-predicts-the-probability", "hinge-predicts-the-label"],
)
def always_the_mean(loss, y, p, c):
    R, _, second = losses(loss, y, p, c)
    return R, (p * y).sum(), second


@LOSSES.mutant(Text("outcomes not weighted by their probabilities", "没有按概率加权"), kills=["mean-and-median", "cross-entropy-predicts-the-probability", "huber-lies-between", "influence-of-an-outlier", "equals-definition"])  # fmt: skip
def unweighted(loss, y, p, c):
    return losses(loss, y, np.full(y.shape, 1 / y.size), c)


@LOSSES.mutant(
    Text("convexity judged by the ends and the middle alone", "只用两端与中点判断凸性"),
    kills=["convex-or-not"],
)
def judged_by_three_points(loss, y, p, c):
    R, best, _ = losses(loss, y, p, c)
    return R, best, R[0] - 2 * R[len(R) // 2] + R[-1]


def predicted(y, p):
    """What each regression loss predicts for these outcomes, whether its risk is convex, and where that risk is least."""
    c = np.linspace(-2, 32, 3401)
    kinds = {"squared": squared, "absolute": absolute, "Huber, δ = 1": hubered(1.0)}
    return {name: (c, *losses(loss, y, p, c)) for name, loss in kinds.items()}


@LOSSES.figure(
    outlier=Slider(2.5, 30, 10, Text("the largest target", "最大的目标值")),
    weight=Slider(0.01, 0.45, 0.125, Text("its probability", "其概率")),
    share=Slider(0.02, 0.98, 0.3, Text("probability of the class 1", "类别 1 的概率")),
)
def losses_figure(outlier, weight, share):
    y = np.array([0.0, 1.0, 2.0, outlier])
    p = np.append(np.array([2.0, 3.0, 2.0]) / 7 * (1 - weight), weight)
    fig, (left, right) = canvas(columns=2, width=7.2, height=3.4)
    found = {}
    for name, (c, R, best, _) in predicted(y, p).items():
        found[name] = float(best)
        (line,) = left.plot(c, R / R.min(), label=f"{name}: {best:.2f}")
        left.plot(best, 1, "o", color=line.get_color())
    left.bar(y[y <= 12], p[y <= 12], width=0.25, color="#7F7F7F", alpha=0.6)
    left.set(
        title="numbers", xlabel="constant prediction c", ylabel="risk / its least", ylim=(0, 4), xlim=(-2, 12)
    )
    left.legend(frameon=False, fontsize=8, loc="upper right")
    z, chances = np.linspace(-4, 4, 1601), np.array([1 - share, share])
    labels = {
        "logistic": (logistic, COIN[0]),
        "hinge": (hinged, np.array([-1.0, 1.0])),
        "squared σ": (squared_of_probability, COIN[0]),
    }
    for name, (loss, targets) in labels.items():
        R, best, second = losses(loss, targets, chances, z)
        found[name] = float(best)
        shape = "convex" if second > -1e-12 else "not convex"
        (line,) = right.plot(z, R, label=f"{name}: {best:.2f}, {shape}")
        right.plot(best, R.min(), "o", color=line.get_color())
    right.set(title="classes", xlabel="constant score", ylabel="risk", ylim=(0, 3.5))
    right.legend(frameon=False, fontsize=8, loc="upper center")
    probability = 1 / (1 + math.exp(-found["logistic"]))
    return Drawing(
        fig,
        Text(
            f"Targets 0, 1, 2 and {outlier:.3g} (probability {weight:.2f}): squared error prefers {found['squared']:.2f}, the mean; absolute error "
            f"{found['absolute']:.2f}, the median; Huber {found['Huber, δ = 1']:.2f}. For a class of probability {share:.2f} the logistic loss prefers the "
            f"score whose sigmoid is {probability:.3f}, hinge loss the label {found['hinge']:.0f}.",
            f"目标值为 0、1、2 与 {outlier:.3g}（概率 {weight:.2f}）：平方误差选均值 {found['squared']:.2f}，绝对误差选中位数 {found['absolute']:.2f}，Huber 选 {found['Huber, δ = 1']:.2f}。"
            f"某类别的概率为 {share:.2f} 时，逻辑斯谛损失选 sigmoid 值为 {probability:.3f} 的得分，合页损失选标签 {found['hinge']:.0f}。",
        ),
    )
