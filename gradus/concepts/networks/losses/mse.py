"""Mean squared error."""

import numpy as np

from gradus.concepts.networks.losses.samples import COUNT, PREDICTION, TARGET, pairs, sample, unequal
from gradus.concepts.networks.losses.slopes import STEP, gradient_is, slope
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff
from gradus.page.exercises import number
from gradus.page.figures import canvas

MSE = Concept(
    key="mse",
    kind="definition",
    title="Mean squared error",
    summary="The average squared difference. The constant that it prefers is the mean; up to scale and shift it is "
    "the negative log-likelihood of normal noise of one known variance.",
    formulas=(
        r"\operatorname{MSE}(\hat y,y)=\frac1n\sum_{i=1}^{n}(\hat y_i-y_i)^2,\qquad \frac{\partial\operatorname{MSE}}{\partial\hat y_i}=\frac2n(\hat y_i-y_i)",
        r"\frac1n\sum_{i=1}^{n}(c-y_i)^2=\frac1n\sum_{i=1}^{n}(y_i-\bar y)^2+(c-\bar y)^2",
    ),
    symbols=(
        PREDICTION,
        TARGET,
        COUNT,
        Symbol("c", "", "", "a constant prediction"),
        Symbol(r"\bar y", "", "", "mean of the targets"),
    ),
    needs=("gradient", "expectation"),
    source="bishop2006pattern",
    year=1805,
    people=("Adrien-Marie Legendre", "Carl Friedrich Gauss"),
    aliases="squared error, L2 loss, quadratic loss, MSELoss, 均方误差损失, 平方损失, L2 损失, 二次损失",
    implementations=(Implementation("torch.nn.functional:mse_loss", "torch"),),
    readings="bishop2006pattern §1.5.5; goodfellow2016deep §5.5.1",
    hypotheses=(Hypothesis("the likelihood: normal noise of one variance", "unequal-variances-need-weights"),),
    conventions=(
        Convention(
            "the factor before the sum",
            "1/n, n being the number of entries, as in PyTorch, Keras and scikit-learn",
            "1, ½ (Optax's `l2_loss`) or 1/(2n) in texts: the step that a given learning rate makes differs by up to the factor 2n",
        ),
    ),
    deviations="Shapes (n, 1) and (n,) broadcast to n × n in PyTorch, with a warning only.",
    nonfinite="all",
)


@MSE.definition
def mse(y_hat, y):
    return ((y_hat - y) ** 2).mean()


@MSE.example
def example():
    y_hat, y = np.array([2.0, 1.0, 6.0, 5.0]), np.array([1.0, 2.0, 4.0, 9.0])
    e, c = y_hat - y, 5.0
    far = np.array([1.0, 2.0, 4.0, 49.0])
    return (
        dict(y_hat=y_hat, y=y, e=e, square=e**2, total=(e**2).sum(), mse=mse(y_hat, y))
        | dict(gradient=2 / e.size * e, share=e[3] ** 2 / (e**2).sum(), mean=y.mean(), variance=y.var(), c=c)
        | dict(constant=mse(np.full(4, c), y), bias2=(c - y.mean()) ** 2, far_mean=far.mean())
        | dict(root=np.sqrt(mse(y_hat, y)), explained=1 - mse(y_hat, y) / y.var())
    )


@MSE.exercise
def every_against_every():
    y = np.array([1.0, 2.0, 4.0, 9.0])
    return number(broadcast(y, y), zero=mse(y, y), variance=y.var())


@MSE.exercise
def two_thermometers():
    t, s = np.array([20.0, 21.5]), np.array([0.5, 1.0])
    likeliest = (t / s**2).sum() / (1 / s**2).sum()
    return number(likeliest, plain_mean=t.mean(), by_deviation=(t / s).sum() / (1 / s).sum(), tolerance=1e-3)


@MSE.exercise
def metres_to_centimetres():
    y_hat, y = np.array([2.0, 1.0, 6.0]), np.array([1.0, 3.0, 4.0])
    return number(mse(100 * y_hat, 100 * y) / mse(y_hat, y), once=100.0, unchanged=1.0)


MSE.cases(pairs)


MSE.invalid(unequal)


@MSE.claim
def gradient_of_mse(mse, rng):
    r"""Its gradient is $\frac2n(\hat y-y)$"""
    a, y = rng.standard_normal((2, 6))
    return gradient_is(lambda t: mse(t, y), a, 2 * (a - y) / 6)


@MSE.claim
def four_errors_of_one(mse, rng):
    """Four errors of 1 cost 1: neither 2, which is half their sum, nor ½, which is half their mean"""
    e, y = np.ones(4), np.zeros(4)
    conventions = [float((e**2).sum() / 2), float((e**2).sum() / 8)]  # their steps differ by the factor n = 4
    return all_of(identical(mse(e, y), 1.0), identical(conventions[0] / conventions[1], 4.0))


@MSE.claim
def best_constant_is_the_mean(mse, rng):
    """The best constant is the mean"""
    y = rng.exponential(size=9)
    centre = slope(lambda c: mse(np.full(9, c[0]), y), np.array([y.mean()]), 0)
    away = slope(lambda c: mse(np.full(9, c[0]), y), np.array([y.mean() + 1]), 0)
    return all_of(roundoff(centre, 0.0, terms=4, scale=float((y**2).mean()) / STEP), bound(away, 1.0, "≥"))


@MSE.claim
def variance_and_bias(mse, rng):
    r"""It splits into the variance and the square of the bias: $\operatorname{Var}y+(c-\bar y)^2$"""
    y = rng.standard_normal(12)
    found = [mse(np.full(12, c), y) for c in (-2.0, 0.3, 5.0)]
    return roundoff(found, [y.var() + (c - y.mean()) ** 2 for c in (-2.0, 0.3, 5.0)], terms=12)


@MSE.claim
def normal_likelihood(mse, rng):
    r"""$n\operatorname{MSE}/2\sigma^2$ differs from the negative log-likelihood of $N(\hat y,\sigma^2)$ by a constant
    only"""
    a, b, y = rng.standard_normal((3, 8))
    density = lambda m: -np.log(np.exp(-((y - m) ** 2) / (2 * 0.49)) / (0.7 * np.sqrt(2 * np.pi))).sum()
    return roundoff(8 * (mse(a, y) - mse(b, y)) / (2 * 0.49), density(a) - density(b), terms=8, scale=float(density(a)))


@MSE.claim
def unequal_variances_need_weights(mse, rng):
    """Targets 0 and 3 of deviations 1 and 2 are likeliest around 0.6; there the MSE still falls, with the slope −1.8,
    towards 1.5"""
    y = np.array([0.0, 3.0])
    likeliest = (y / [1, 4]).sum() / (1 + 1 / 4)
    at = [slope(lambda c: mse(np.full(2, c[0]), y), np.array([c]), 0) for c in (likeliest, 1.5)]
    return roundoff(at, [-1.8, 0.0], terms=4, scale=4 / STEP)


@MSE.mutant(
    caught_by="gradient-of-mse, four-errors-of-one, variance-and-bias, normal-likelihood, "
    "unequal-variances-need-weights"
)
def half_the_mean(y_hat, y):
    """½ before the mean"""
    return ((y_hat - y) ** 2).mean() / 2


@MSE.mutant(caught_by="four-errors-of-one, equals-definition")
def half_the_sum(y_hat, y):
    """half the sum: grows with the batch"""
    return ((y_hat - y) ** 2).sum() / 2


@MSE.mutant(caught_by="gradient-of-mse, equals-definition")
def broadcast(y_hat, y):
    """every prediction against every target: (n, 1) broadcast with (n,)"""
    return ((np.reshape(y_hat, (-1, 1)) - y) ** 2).mean()


@MSE.mutant(caught_by="best-constant-is-the-mean, variance-and-bias")
def absolute_for_square(y_hat, y):
    """absolute values for squares"""
    return np.abs(y_hat - y).mean()


MSE.erratum(
    "E36",
    common=r"The mean squared error is $\frac1{2n}\sum_i(\hat y_i-y_i)^2$ (a common slip)",
    why="That is half the mean. For four errors of 1 the conventions in use give 2 (half the sum), ½ (this one) and "
    "1 (the mean, PyTorch's): with one learning rate the steps differ by the factor 4 between the first two.",
    right=r"$\frac1n\sum_i(\hat y_i-y_i)^2$; where another factor is meant, name it",
    claims="four-errors-of-one",
)


@MSE.figure(c=Slider(-1, 6, 2.5, "constant prediction c"), outlier=Slider(0, 20, 3.2, "the largest target"))
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
    ax.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"Predicting {c:.2f} for eleven targets costs {value:.3f} = variance {y.var():.3f} + squared bias {(c - y.mean()) ** 2:.3f}. "
        f"Least at the mean {y.mean():.3f}, which the largest target pulls along.",
        f"对十一个目标值都预测 {c:.2f}，损失为 {value:.3f} = 方差 {y.var():.3f} + 偏差平方 {(c - y.mean()) ** 2:.3f}。在均值 {y.mean():.3f} 处最小，而均值会被最大的目标值拉走。",
    )
    return Drawing(fig, words)
