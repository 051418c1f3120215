"""Large batches: the gradient noise scale, and how far the step size may grow with the batch."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

NOISE = Concept(
    key="large-batch",
    kind="algorithm",
    title="Large batches and the gradient noise scale",
    summary=r"Up to which batch size do more samples save steps? Up to about the gradient noise scale, the variance of a sample's "
    r"gradient over the squared length of the true one. Below it the step size may grow in proportion to the batch; far above it "
    r"the gradient is exact already, and more samples are wasted.",
    formulas=(
        r"\mathcal B=\frac{\operatorname{tr}\Sigma}{\lVert G\rVert^2},\qquad G=\mathbb E\,g,\qquad \Sigma=\operatorname{Cov}(g)",
        r"\widehat{\operatorname{tr}\Sigma}=\frac1{n-1}\sum_{i=1}^n\lVert g_i-\bar g\rVert^2,\qquad "
        r"\widehat{\lVert G\rVert^2}=\lVert\bar g\rVert^2-\frac1n\,\widehat{\operatorname{tr}\Sigma}",
        r"H=hI:\qquad \alpha_B=\frac{1/h}{1+\mathcal B/B},\qquad \mathbb E\,\Delta f=-\frac{\lVert G\rVert^2/(2h)}{1+\mathcal B/B}",
        r"S_B\approx S_{\min}\Bigl(1+\frac{\mathcal B}{B}\Bigr),\qquad E_B=B\,S_B\approx E_{\min}\Bigl(1+\frac{B}{\mathcal B}\Bigr)",
    ),
    symbols=(
        Symbol("g_i", "g", "n d", "gradients of single samples, one row each"),
        Symbol("G", "", "d", "the true gradient, the mean over all data"),
        Symbol(r"\Sigma", "", "d d", "covariance of a sample's gradient"),
        Symbol(r"\bar g", "", "d", "mean of the rows"),
        Symbol(r"\mathcal B", "", "", "noise scale, a number of samples"),
        Symbol("B", "", "", "batch size"),
        Symbol("H,\\ h", "", "", "Hessian, here a multiple of the identity, and its eigenvalue"),
        Symbol(r"\alpha_B", "", "", "the best step size at batch size $B$"),
        Symbol(r"\Delta f", "", "", "change of the function in that step"),
        Symbol(r"S_B,\ E_B", "", "", "steps and samples to a given loss; their least values bear the index min"),
    ),
    returns=(
        Result("trace", "", r"unbiased estimate of $\operatorname{tr}\Sigma$"),
        Result("square", "", r"unbiased estimate of $\lVert G\rVert^2$; it may be negative"),
        Result("scale", "", r"their quotient, $\mathcal B$; infinite where the square is not positive"),
    ),
    needs=("sgd", "gradient-descent"),
    source="mccandlish2018empirical",
    year=2018,
    people=("Sam McCandlish", "Jared Kaplan", "Dario Amodei"),
    aliases="gradient noise scale, critical batch size, linear scaling rule, large batch training, noise scale, "
    "大批量训练, 线性缩放规则, 梯度噪声尺度, 临界批量",
    implementations=(
        Implementation(
            "gradus.optimization:gradient_noise_scale",
            "torch",
            note="of a model: `gradus.optimization.measure_noise_scale`",
        ),
    ),
    readings="mccandlish2018empirical §2 and appendix A.1; goyal2017accurate; shallue2019measuring; smith2018dont",
    hypotheses=(
        Hypothesis(
            r"the best step and $\mathcal B$ as the critical batch: the Hessian is a multiple of the identity",
            "unequal-curvature-misleads",
        ),
        Hypothesis(
            "linear scaling of the step size: batches far below the noise scale",
            "step-grows-with-the-batch-then-stands",
        ),
        Hypothesis("unbiased estimates: rows independent and of one distribution", "the-same-row-twice-is-no-news"),
    ),
    conventions=(
        Convention(
            "which noise scale",
            r"the simple one, $\operatorname{tr}\Sigma/\lVert G\rVert^2$",
            r"with the curvature, $\operatorname{tr}(H\Sigma)/G^{\mathsf T}HG$, which is the exact one on quadratics and needs the Hessian",
        ),
        Convention(
            "how it is averaged over several measurements",
            "numerators and denominators apart, then divided",
            "the mean of the quotients: biased, and ruined by a denominator near zero",
        ),
        Convention(
            "scaling the step size with the batch",
            r"$\alpha\propto1/(1+\mathcal B/B)$: linear only far below $\mathcal B$",
            r"$\alpha\propto B$ for SGD with warm-up (Goyal et al.), $\alpha\propto\sqrt B$ often for Adam",
        ),
    ),
    unverified=r"The relation between steps and samples holds for real networks only roughly, and $\mathcal B$ grows as the loss falls, often tenfold and more.",
    differentiable=False,
)


@NOISE.definition
def large_batch(g):
    n = len(g)
    mean = sum(g) / n
    trace = sum((row - mean) @ (row - mean) for row in g) / (n - 1)
    square = mean @ mean - trace / n
    return trace, square, (trace / square if square > 0 else np.inf)


@NOISE.example
def example():
    g = np.array([[4.0, 0.0], [2.0, 2.0], [2.0, -2.0], [0.0, 0.0]])
    trace, square, scale = large_batch(g)
    mean = g.mean(0)
    step = lambda B: 1 / (1 + scale / B)
    return dict(
        g=g, mean=mean, spread=((g - mean) ** 2).sum(), trace=trace, square=square, scale=scale, naive=mean @ mean
    ) | dict(
        naive_scale=((g - mean) ** 2).sum() / 4 / (mean @ mean),
        step=np.array([step(B) for B in (1, 2, 4, 64)]),
        share=trace / 4,
    )


@NOISE.exercise
def from_two_batches():
    """Squared norms 12 at batch size 1 and 5 at 8: trace (12 − 5)/(1 − 1/8) = 8, square (8 ⋅ 5 − 12)/7 = 4."""
    trace, square = (12 - 5) / (1 - 1 / 8), (8 * 5 - 1 * 12) / (8 - 1)
    return number(trace / square, uncorrected=trace / 5, small_batch=12 / 5)


@NOISE.exercise
def doubling():
    return number(0.1 * (1 + 1000 / 32) / (1 + 1000 / 1024), linear=0.1 * 32, root=0.1 * np.sqrt(32))


@NOISE.exercise
def samples_wasted():
    """At B = 𝓑: twice the steps of a full gradient, twice the samples of tiny batches."""
    steps, samples = 1 + 1.0, 1 + 1.0
    return choice(
        none=steps == 1 and samples == 1,
        twice_each=steps == 2 and samples == 2,
        only_samples=steps == 1 and samples > 1,
    )


@NOISE.cases
def cases(rng):
    yield "gradients with noise", dict(g=1 + rng.standard_normal((20, 4)))
    yield "two rows", dict(g=np.array([[3.0, 1.0], [1.0, 2.0]]))
    yield "one weight", dict(g=2 + rng.standard_normal((15, 1)))
    yield "no noise", dict(g=np.ones((4, 1)) * np.array([2.0, -1.0, 0.5]))
    yield "noise that hides the gradient", dict(g=np.array([[1.0, 2.0], [-1.0, -2.0], [0.5, 0.0]]))
    yield "many weights", dict(g=0.5 + rng.standard_normal((6, 200)))
    yield "small numbers", dict(g=1e-6 * (1 + rng.standard_normal((10, 3))))


@NOISE.invalid
def invalid(rng):
    yield "one row", dict(g=np.ones((1, 3)))
    yield "a vector", dict(g=np.ones(3))


@NOISE.claim
def both_parts_are_unbiased(large_batch, rng):
    r"""From as few as 2 rows $\widehat{\operatorname{tr}\Sigma}$ and $\widehat{\lVert G\rVert^2}$ are right in the mean, normal noise or not"""
    G, spread = np.array([0.6, -0.3, 0.0]), np.array([1.0, 2.0, 0.5])
    for n in (2, 5):
        for draw in (rng.standard_normal, lambda shape: rng.exponential(size=shape) - 1):
            found = np.array([[float(x) for x in large_batch(G + spread * draw((n, 3)))[:2]] for _ in range(600)])
            yield statistical(found[:, 0], spread @ spread)
            yield statistical(found[:, 1], G @ G)


@NOISE.claim
def equals_the_two_batch_form(large_batch, rng):
    r"""From squared norms alone, at batch sizes 1 and $n$: $\operatorname{tr}\Sigma=\frac{\overline{\lVert g_i\rVert^2}-\lVert\bar g\rVert^2}{1-1/n}$
    and $\lVert G\rVert^2=\frac{n\lVert\bar g\rVert^2-\overline{\lVert g_i\rVert^2}}{n-1}$"""
    for n, d in ((2, 1), (9, 5), (30, 3)):
        g = rng.standard_normal((n, d)) + 0.8
        small, big = np.mean(np.sum(g * g, 1)), np.sum(g.mean(0) ** 2)
        trace, square, _ = large_batch(g)
        yield roundoff(trace, (small - big) / (1 - 1 / n), terms=n * d, scale=small)
        yield roundoff(square, (n * big - small) / (n - 1), terms=n * d, scale=small)


@NOISE.claim
def units_and_coordinates_do_not_matter(large_batch, rng):
    r"""$\mathcal B$ counts samples: another unit of the loss and rotated weights leave it as it is"""
    g = 1 + rng.standard_normal((12, 4))
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    yield invariance(large_batch(8.0 * g)[2], large_batch(g)[2], terms=48)
    yield invariance(large_batch(g @ Q)[2], large_batch(g)[2], terms=96)


def best_step(noise, G, B):
    """The α with the least mean of ½‖θ − α ḡ‖² from θ = G, ḡ the mean of B gradients: noise (trials, B, d)."""
    steps = G + noise[:, :B].mean(1)
    return np.mean(steps @ G) / np.mean((steps**2).sum(1))


@NOISE.claim
def step_grows_with_the_batch_then_stands(large_batch, rng):
    r"""On $\tfrac12\lVert\theta\rVert^2$ the step that gains most at batch size $B$ is $1/(1+\mathcal B/B)$: measured at $B=1$, 2, 16 and 128 where
    $\mathcal B=16$; from 1 to 2 it nearly doubles"""
    G = np.full(16, 0.5)  # ‖G‖² = 4; the noise has trace 64
    noise = 2.0 * rng.standard_normal((2000, 128, 16))
    scale = float(large_batch(G + noise[:120].reshape(-1, 16))[2])
    for B in (1, 2, 16, 128):
        why = Text("2000 trials: five standard errors of 0.03 of it", "2000 次试验：其 0.03 倍的五倍标准误")
        want = 1 / (1 + scale / B)
        yield near(best_step(noise, G, B), want, 0.15 * want, why)
    yield bound(1 / (1 + scale / 2) / (1 / (1 + scale)), 1.8, "≥", Text("nearly doubled", "几乎加倍"))


@NOISE.claim
def quotients_are_not_to_be_averaged(large_batch, rng):
    r"""Of 8 rows of 4 weights, with isotropic normal noise and $\mathcal B=16$, the estimate of $\lVert G\rVert^2$ is negative in a quarter of
    all measurements or more; the quotient of the means over 2000 measurements is within a quarter of 16"""
    G, noise = np.full(4, 0.5), 2.0 * rng.standard_normal((2000, 8, 4))  # ‖G‖² = 1, trace 16
    found = np.array([[float(x) for x in large_batch(G + rows)[:2]] for rows in noise])
    yield bound((found[:, 1] < 0).mean(), 0.25, "≥", Text("of eight rows", "八行"))
    # the square has the standard deviation 2.1 in one measurement, 0.05 in the mean of 2000
    yield near(
        found[:, 0].mean() / found[:, 1].mean(),
        16.0,
        4.0,
        Text("five standard errors of the mean square", "平方均值的五倍标准误"),
    )


@NOISE.claim
def the_same_row_twice_is_no_news(large_batch, rng):
    r"""Rows must be independent: each row twice makes the trace too small by the factor $\frac{2n-2}{2n-1}$, and the squared gradient too large"""
    g = 0.5 + rng.standard_normal((6, 3))
    trace, square, _ = large_batch(g)
    twice, larger, _ = large_batch(np.repeat(g, 2, 0))
    yield roundoff(twice, trace * 10 / 11, terms=36)
    yield roundoff(larger - square, trace / 6 - twice / 12, terms=36, scale=abs(trace) + abs(square))


@NOISE.claim
def unequal_curvature_misleads(large_batch, rng):
    r"""With curvatures 1 and 0.01, the noise in the flat direction, the gradient in the steep one, the batch size at which the best step is half
    of its limit is $\operatorname{tr}(H\Sigma)/G^{\mathsf T}HG$, a hundredth of $\mathcal B$"""
    h, G = np.array([1.0, 0.01]), np.array([1.0, 0.0])
    g = G + np.array([0.0, 10.0]) * rng.standard_normal((16000, 2))
    scale = float(large_batch(g)[2])
    exact = (h * g.var(0, ddof=1)).sum() / (h * G**2).sum()
    why = Text(
        "the squared mean of 16000 rows: five standard errors of 0.9 %", "16000 行均值的平方：0.9 % 的五倍标准误"
    )
    yield near(scale / exact, 100.0, 4.5, why)
    # single rows are batches of 1 = tr(HΣ)/GᵀHG; the best step for exact gradients is 1
    alone = np.mean(g @ G) / np.mean((g * g) @ h)
    yield near(alone, 0.5, 0.014, Text("five standard errors of 16000 batches", "16000 个批次的五倍标准误"))
    yield near(
        exact, 1.0, 0.056, Text("the variance of 16000 rows: five standard errors", "16000 行的方差：五倍标准误")
    )


def sigmoid(z):
    return (1 + np.tanh(z / 2)) / 2


class Logistic:
    """Logistic regression with ten inputs of equal variance, 1000 samples, and the loss at which it counts as learnt."""

    def __init__(self):
        rng = np.random.default_rng(3)
        self.A, w = rng.standard_normal((1000, 10)), rng.standard_normal(10)
        self.y = (rng.random(1000) < sigmoid(self.A @ (2 * w / np.linalg.norm(w)))).astype(float)
        theta = np.zeros((1, 10))
        for _ in range(500):
            theta = theta - 2 * self.gradients(theta[0]).mean(0)
        least = self.loss(theta)[0]
        self.target = least + 0.1 * (np.log(2) - least)

    def loss(self, theta):
        z = self.A @ theta.T
        return (np.logaddexp(0, z) - self.y[:, None] * z).mean(0)

    def gradients(self, theta):
        return self.A * (sigmoid(self.A @ theta) - self.y)[:, None]

    def steps(self, B, repetitions=4, most=500):
        """The least mean number of steps to the target over a grid of step sizes."""
        alpha = np.repeat(np.geomspace(0.05, 12, 20), repetitions)
        theta, rng, reached = np.zeros((len(alpha), 10)), np.random.default_rng(1), np.full(len(alpha), np.inf)
        for k in range(1, most + 1):
            i = rng.integers(0, 1000, (len(alpha), B))
            error = sigmoid(np.einsum("kbd,kd->kb", self.A[i], theta)) - self.y[i]
            theta = theta - alpha[:, None] * np.einsum("kb,kbd->kd", error, self.A[i]) / B
            reached[(self.loss(theta) <= self.target) & np.isinf(reached)] = k
            if np.isfinite(reached.reshape(-1, repetitions)).all(1).any() and k > 2 * reached.min():
                break
        return reached.reshape(-1, repetitions).mean(1).min()

    def path(self):
        """The gradients of all samples along gradient descent to the target."""
        theta = np.zeros(10)
        while self.loss(theta[None])[0] > self.target:
            g = self.gradients(theta)
            yield g
            theta = theta - 0.3 * g.mean(0)


@NOISE.claim(cost="slow")
def critical_batch_is_predicted(large_batch, rng):
    r"""On logistic regression with inputs of equal variance, the critical batch, fitted to the least number of steps to a tenth of the
    initial excess loss at batch sizes from 2 to 256, each at its best step size, is within a factor 4 of the mean of $\mathcal B$ along
    gradient descent, from all 1000 samples"""
    problem = Logistic()
    batches = 2.0 ** np.arange(1, 9)
    steps = np.array([problem.steps(int(B)) for B in batches])
    slope, least = np.polyfit(1 / batches, steps, 1, w=1 / steps)
    predicted = np.mean([float(large_batch(g)[2]) for g in problem.path()])
    why = Text(
        f"critical {slope / least:.0f}, predicted {predicted:.0f}", f"临界 {slope / least:.0f}，预测 {predicted:.0f}"
    )
    ratio = predicted / (slope / least)
    yield bound(max(ratio, 1 / ratio), 4.0, "≤", why)


@NOISE.mutant(caught_by="both-parts-are-unbiased, equals-the-two-batch-form, quotients-are-not-to-be-averaged")
def biased(g):
    """the biased estimator: ‖ḡ‖² for ‖G‖², the noise in it forgotten"""
    mean = g.mean(0)
    trace = ((g - mean) ** 2).sum() / (len(g) - 1)
    return trace, mean @ mean, trace / (mean @ mean)


@NOISE.mutant(caught_by="both-parts-are-unbiased, equals-the-two-batch-form, the-same-row-twice-is-no-news")
def divided_by_n(g):
    """the variance divided by n"""
    mean = g.mean(0)
    trace = ((g - mean) ** 2).sum() / len(g)
    square = mean @ mean - trace / len(g)
    return trace, square, trace / square if square > 0 else np.inf


@NOISE.mutant(caught_by="units-and-coordinates-do-not-matter, step-grows-with-the-batch-then-stands")
def norm_not_squared(g):
    """divided by ‖G‖, not by its square"""
    trace, square, _ = large_batch(g)
    return trace, square, trace / np.sqrt(square) if square > 0 else np.inf


@NOISE.mutant(caught_by="both-parts-are-unbiased, step-grows-with-the-batch-then-stands, unequal-curvature-misleads")
def mean_over_the_weights(g):
    """the trace averaged over the weights, the square summed"""
    trace, square, _ = large_batch(g)
    mean = trace / g.shape[1]
    return mean, square, mean / square if square > 0 else np.inf


@NOISE.mutant(caught_by="critical-batch-is-predicted, both-parts-are-unbiased, step-grows-with-the-batch-then-stands")
def noise_of_the_mean(g):
    """the variance of the mean for that of a sample: divided by n once more"""
    trace, square, _ = large_batch(g)
    return trace / len(g), square, trace / len(g) / square if square > 0 else np.inf


@NOISE.mutant(caught_by="units-and-coordinates-do-not-matter")
def largest_coordinate(g):
    """the noise of one coordinate, the noisiest, for that of all"""
    trace, square, _ = large_batch(g)
    return trace, square, g.var(0, ddof=1).max() / square if square > 0 else np.inf


@NOISE.figure(
    batch=Slider(1, 4096, 64, "batch size B", log=True),
    noise=Slider(0.5, 20.0, 4.0, "noise of a sample, standard deviation", log=True),
)
def figure(batch, noise):
    rng = np.random.default_rng(4)
    G = np.full(16, 0.25)  # ‖G‖ = 1
    scale = float(large_batch(G + noise / 4 * rng.standard_normal((6000, 16)))[2])
    B = np.geomspace(1, 4096, 100)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.3)
    left.loglog(B, 1 + scale / B, color=COLOURS[0])
    left.loglog(B, B + scale, color=COLOURS[1])
    left.annotate(
        r"$S_B/S_{\min}$",
        (4096, 1),
        xytext=(-2, 5),
        textcoords="offset points",
        ha="right",
        color=COLOURS[0],
        fontsize=10,
    )
    left.annotate(
        "$E_B/S_{\\min}$",
        (B[70], B[70] + scale),
        xytext=(-8, 4),
        textcoords="offset points",
        ha="right",
        color=COLOURS[1],
        fontsize=10,
    )
    right.loglog(B, 1 / (1 + scale / B), color=COLOURS[0])
    right.loglog(B, B / (1 + scale), color="0.5", ls="--", lw=1)
    right.annotate(
        r"$\alpha\propto B$",
        (B[20], B[20] / (1 + scale)),
        xytext=(-4, 6),
        textcoords="offset points",
        ha="right",
        color="0.4",
        fontsize=10,
    )
    for ax in (left, right):
        ax.axvline(scale, color="0.35", ls=":", lw=1)
        ax.set(xlabel="$B$")
    left.plot([batch, batch], [1 + scale / batch, batch + scale], "o", color=COLOURS[6])
    right.plot([batch], [1 / (1 + scale / batch)], "o", color=COLOURS[6])
    left.set(ylim=(0.7, 2e4))
    right.set(ylim=(1 / (1.5 * (1 + scale)), 2), ylabel=r"$\alpha_B\,h$")
    right.annotate(
        "noise scale",
        (scale, 0.12),
        xycoords=right.get_xaxis_transform(),
        annotation_clip=True,
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=10,
        color="0.35",
    )
    steps, samples = 1 + scale / batch, 1 + batch / scale
    words = Text(
        f"Noise scale {scale:.3g} samples, estimated from 6000 (dotted). At batch size {batch:.0f} a run needs {steps:.3g} times the steps of exact gradients and {samples:.3g} times "
        f"the samples of tiny batches; the best step is {1 / steps:.2g} of its limit.",
        f"噪声尺度为 {scale:.3g} 个样本（由 6000 个样本估计；点线）。批量大小为 {batch:.0f} 时，所需步数是精确梯度的 {steps:.3g} 倍，所需样本是极小批量的 {samples:.3g} 倍；最佳步长是其极限的 {1 / steps:.2g}。",
    )
    return Drawing(fig, words)
