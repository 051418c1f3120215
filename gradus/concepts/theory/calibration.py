"""Calibration: the expected calibration error with its bias, the reliability diagram, temperature scaling."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

CALIBRATION = Concept(
    key="calibration",
    kind="algorithm",
    title="Calibration",
    summary="A classifier is calibrated when it is right as often as it is sure: of all predictions made with confidence 0.8, "
    "80 % are right. The reliability diagram shows it bin by bin, the expected calibration error (ECE) sums it up, and is "
    "above 0 even for a calibrated net, by chance. One number, the temperature, mends a net whose logits are too large "
    "by the same factor everywhere, and changes no prediction.",
    formulas=(
        r"c_i=\max_j\operatorname{softmax}(z_i)_j,\qquad a_i=\bigl[\arg\max_jz_{ij}=y_i\bigr],\qquad "
        r"B_m=\Bigl\{i:\tfrac{m-1}M<c_i\le\tfrac mM\Bigr\},\quad n_m=\lvert B_m\rvert",
        r"\mathrm{ECE}=\sum_{m=1}^M\frac{n_m}n\,\lvert\bar c_m-\bar a_m\rvert,\qquad \bar c_m=\frac1{n_m}\sum_{i\in B_m}c_i,\quad \bar a_m=\frac1{n_m}\sum_{i\in B_m}a_i",
        r"\text{calibrated:}\qquad \mathbb E\,\mathrm{ECE}\approx F=\frac1n\sum_{m=1}^M\sqrt{\frac2\pi\sum_{i\in B_m}c_i(1-c_i)}",
        r"\widehat{\mathrm{SCE}}=\sum_{m:\,n_m\ge2}\frac{n_m}n\Bigl((\bar c_m-\bar a_m)^2-\frac{s_m^2}{n_m}\Bigr),\qquad "
        r"s_m^2=\frac1{n_m-1}\sum_{i\in B_m}\bigl(c_i-a_i-\bar c_m+\bar a_m\bigr)^2",
        r"T=\arg\min_{T>0}\ \frac1n\sum_{i=1}^n\Bigl(\log\sum_je^{z_{ij}/T}-\frac{z_{iy_i}}T\Bigr)",
    ),
    symbols=(
        Symbol("z", "z", "n k", "logits, one row a sample"),
        Symbol("y", "y", "n", "the right classes", "index"),
        Symbol("M", "bins", "", "number of bins", "natural"),
        Symbol("c_i", "", "", "confidence: the largest probability", "unit"),
        Symbol("a_i", "", "", "1 where the prediction is right, else 0", "natural"),
        Symbol("B_m,\\ n_m", "", "", "bin $m$, and how many samples it holds"),
        Symbol(r"\bar c_m,\ \bar a_m", "", "", "mean confidence and accuracy in a bin", "unit"),
        Symbol("s_m^2", "", "", "sample variance of $c_i-a_i$ in a bin"),
        Symbol("F", "", "", "noise floor: the ECE that chance alone makes, on average"),
        Symbol(r"\widehat{\mathrm{SCE}}", "", "", "squared calibration error, corrected for its bias"),
        Symbol("T", "", "", "temperature", "positive"),
        Symbol("n", "", "", "number of samples", "natural"),
        Symbol("i,\\ j,\\ m", "", "", "a sample, a class, a bin", "natural"),
    ),
    returns=(
        Result("ece", "", "expected calibration error"),
        Result("floor", "", "what it would be on average for a calibrated net, approximately"),
        Result("squared", "", "corrected squared calibration error; it may be negative"),
        Result("temperature", "", "$T$; 0 or ∞ where the loss falls to the end, 1 where it does not depend on $T$"),
        Result("counts", "bins", "samples in each bin"),
        Result("confidence", "bins", "mean confidence in each bin; NaN where it is empty"),
        Result("accuracy", "bins", "share of right predictions in each bin; NaN where it is empty"),
    ),
    needs=("proper-scores", "softmax"),
    source="guo2017calibration",
    year=2017,
    people=(
        "Allan Murphy",
        "Robert Winkler",
        "Mahdi Pakdaman Naeini",
        "Chuan Guo",
        "Geoff Pleiss",
        "Kilian Weinberger",
    ),
    aliases="ECE, expected calibration error, reliability diagram, temperature scaling, confidence calibration, overconfidence, "
    "置信度校准, 期望校准误差, 可靠性图, 温度缩放, 过度自信",
    implementations=(
        Implementation(
            "gradus.theory:calibration",
            "torch",
            note="of a model: `gradus.theory.measure_calibration`; the temperature alone: `fit_temperature`",
        ),
    ),
    readings="guo2017calibration; naeini2015obtaining; murphy1977reliability; kumar2019verified §4; ferro2012bias; brocker2007increasing",
    hypotheses=(
        Hypothesis("floor and correction: samples independent of each other", "the-same-sample-twice-is-no-news"),
        Hypothesis("floor: bins of many samples", "a-sample-alone-in-its-bin-tells-nothing"),
        Hypothesis(
            "correction without bias: two samples or more in each bin that is not empty",
            "a-sample-alone-in-its-bin-tells-nothing",
        ),
        Hypothesis(
            "one temperature mends all: the logits are too large (or too small) by the same factor everywhere",
            "one-temperature-cannot-mend-two-groups",
        ),
        Hypothesis(
            r"$0<T<\infty$: some logit is above its label's, and labels' logits are above the mean of their rows on average",
            "ends-of-the-scale",
        ),
    ),
    conventions=(
        Convention(
            "what is binned",
            "the largest probability, in $M$ bins of equal width from 0 to 1",
            'bins of equal counts (scikit-learn\'s `strategy="quantile"`); for two classes the probability of class 1; every class apart (classwise)',
        ),
        Convention(
            "a confidence on the edge of two bins",
            "belongs to the lower one, as with Guo et al. and in scikit-learn's `calibration_curve`",
            "to the upper one: TorchMetrics",
        ),
        Convention(
            "how distances are put together",
            "the mean of absolute distances, weighted by counts",
            "the root of their mean square, or the largest (MCE): TorchMetrics' `norm`",
        ),
        Convention(
            "temperature",
            "logits are divided by $T$: above 1 it makes the net less sure",
            r"logits are multiplied by $\beta=1/T$: scikit-learn, which searches between $e^{-10}$ and $e^{10}$",
        ),
    ),
    unverified="Modern networks are not all overconfident: recent large ones can be close to calibrated without any scaling (Minderer et al. 2021).",
    differentiable=False,
    carries_gradient=False,
)


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def temperature(z, y):
    """The root of the slope in β = 1/T of the mean log loss, which is convex in β."""
    d = z - z[np.arange(len(y)), y][:, None]  # how far each logit is above the label's
    if not d.any():
        return 1.0  # every T is as good
    if (d <= 0).all():
        return 0.0
    if d.mean() >= 0:
        return np.inf

    def slope(beta):
        return (softmax(beta * d) * d).sum(1).mean()

    low, high = 0.0, 1 / np.abs(d).max()
    while slope(high) < 0:
        low, high = high, 2 * high
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 2 / (low + high)


@CALIBRATION.definition
def calibration(z, y, bins=15):
    n, k = z.shape
    if len(y) != n or y.min() < 0 or y.max() >= k:
        raise ValueError("y: a class from 0 to k − 1 for each row of z")
    p = softmax(z)
    c, a = p.max(1), (p.argmax(1) == y).astype(float)
    m = np.searchsorted(np.arange(1, bins) / bins, c)  # how many edges lie below c
    ece = floor = squared = 0.0
    counts, confidence, accuracy = np.zeros(bins, int), np.full(bins, np.nan), np.full(bins, np.nan)
    for b in range(bins):
        inside = m == b
        counts[b] = inside.sum()
        if counts[b] == 0:
            continue
        confidence[b], accuracy[b] = c[inside].mean(), a[inside].mean()
        gap = confidence[b] - accuracy[b]
        ece += counts[b] / n * abs(gap)
        floor += np.sqrt(2 / np.pi * (c * (1 - c))[inside].sum()) / n
        if counts[b] >= 2:
            squared += counts[b] / n * (gap**2 - np.var((c - a)[inside], ddof=1) / counts[b])
    return ece, floor, squared, temperature(z, y), counts, confidence, accuracy


@CALIBRATION.example
def example():
    z = np.log(np.array([[2.0, 1, 1], [1, 2, 1], [3, 1, 1], [1, 8, 1], [1, 1, 8], [8, 1, 1]]))
    y, bins = np.array([0, 1, 0, 1, 0, 2]), 2
    ece, floor, squared, T, counts, confidence, accuracy = calibration(z, y, bins)
    c = softmax(z).max(1)
    a = (z.argmax(1) == y).astype(int)
    cooled = calibration(z / T, y, bins)
    labels = z[np.arange(6), y]
    means = [(softmax(z / t) * z).sum(1).mean() for t in (1.0, T)]
    return (
        dict(z=z, y=y, bins=bins, ece=ece, floor=floor, squared=squared, T=T, counts=counts)
        | dict(
            confidence=confidence,
            accuracy=accuracy,
            gap=confidence - accuracy,
            c=c,
            a=a,
            mean_c=c.mean(),
            mean_a=a.mean(),
        )
        | dict(one_bin=calibration(z, y, 1)[0], labels=labels.mean(), before=means[0], after=means[1])
        | dict(
            c_cooled=softmax(z / T).max(1), ece_cooled=cooled[0], variance=np.array([0.0, np.var((c - a)[2:], ddof=1)])
        )
        | dict(spread=np.array([(c * (1 - c))[:2].sum(), (c * (1 - c))[2:].sum()]))
    )


@CALIBRATION.exercise
def two_bins():
    weights, gaps = np.array([0.4, 0.6]), np.array([0.9 - 30 / 40, 0.7 - 45 / 60])
    return number(weights @ np.abs(gaps), signed=weights @ gaps, not_weighted=np.abs(gaps).mean())


@CALIBRATION.exercise
def too_sure():
    z, y = np.tile([4.0, 0.0], (10, 1)), np.array([0] * 8 + [1] * 2)
    return number(temperature(z, y), inverse=1 / temperature(z, y), divided_by_accuracy=4 / 0.8)


@CALIBRATION.exercise
def chance():
    """A hundred samples with confidence 0.9 each, calibrated, in one bin."""
    z = np.log(np.tile([0.9, 0.1], (100, 1)))
    floor = calibration(z, np.zeros(100, int), 10)[1]
    return number(floor, none=0.0, spread=np.sqrt(0.9 * 0.1 / 100))


@CALIBRATION.exercise
def untouched():
    rng = np.random.default_rng(1)
    z, y = 3 * rng.standard_normal((50, 4)), rng.integers(0, 4, 50)

    def loss(z):
        return -np.log(softmax(z)[np.arange(50), y]).mean()

    return choice(
        accuracy=((z / 2).argmax(1) == z.argmax(1)).all(),
        ece=calibration(z, y)[0] == calibration(z / 2, y)[0],
        log_loss=loss(z) == loss(z / 2),
    )


def drawn(rng, truth):
    """Labels drawn from the softmax of true logits, one a row."""
    return (truth + rng.gumbel(size=truth.shape)).argmax(1)


def of_confidence(c):
    """Logits of two classes, of which the first has the probability c."""
    return np.log(np.stack([c, 1 - c], 1))


@CALIBRATION.cases
def cases(rng):
    z = 3 * rng.standard_normal((60, 4))
    yield "too sure by the factor 2", dict(z=z, y=drawn(rng, z / 2))
    z = rng.standard_normal((40, 3))
    yield "not sure enough, few bins", dict(z=z, y=drawn(rng, 2.5 * z), bins=4)
    z = 2 * rng.standard_normal((50, 2))
    yield "two classes, one bin", dict(z=z, y=drawn(rng, z), bins=1)
    z = rng.standard_normal((120, 10))
    yield "more bins than a bin has samples", dict(z=z, y=drawn(rng, z), bins=60)
    z = 2 * rng.standard_normal((900, 5))
    yield "long", dict(z=z, y=drawn(rng, 0.6 * z))
    yield (
        "on the edges of bins",
        dict(z=np.array([[0.0, 0, 0, 0], [1, 1, -999, -999], [5, 5, -999, -999]]), y=np.array([0, 0, 2]), bins=4),
    )
    yield "certain", dict(z=np.array([[900.0, 0.0, -900.0], [0.0, 800.0, 0.0], [3.0, 1.0, 0.0]]), y=np.array([0, 1, 1]))
    z = 1e-3 * rng.standard_normal((30, 3))
    yield "hardly any logits", dict(z=z, y=drawn(rng, 2000 * z))
    yield "always right", dict(z=np.array([[2.0, 0.0], [1.0, 3.0]]), y=np.array([0, 1]))
    yield "always wrong", dict(z=np.array([[2.0, 0.0], [1.0, 3.0]]), y=np.array([1, 0]))


@CALIBRATION.invalid
def invalid(rng):
    yield "a class too many", dict(z=np.ones((2, 3)), y=np.array([0, 3]))
    yield "a label too few", dict(z=np.ones((3, 2)), y=np.array([0, 1]))
    yield "no class of that name", dict(z=np.ones((2, 3)), y=np.array([0, -1]))


def ladder(each):
    """45 confidences from 0.505 to 0.945, each so many times, at the middles of 45 of 100 bins."""
    return np.repeat((np.arange(50, 95) + 0.5) / 100, each)


def mean_distance(n, c):
    """E|B/n − c| of a binomial B with n trials of probability c."""
    k = np.arange(n + 1)
    weight = np.array([math.comb(n, int(i)) for i in k], float) * c**k * (1 - c) ** (n - k)
    return (np.abs(k / n - c) * weight).sum()


@CALIBRATION.claim
def chance_makes_an_error(calibration, rng):
    r"""A calibrated net has an ECE above 0: with 40 samples in each of 45 bins, of confidence 0.505, 0.515, …, 0.945, it is $\sum_m\frac{n_m}n\mathbb E\lvert\frac{b_m}{n_m}-c_m\rvert$,
    $b_m$ binomial, on average; $F$ is within 2 % of that, and $F\propto1/\sqrt n$ in the same bins"""
    c, levels = ladder(40), ladder(1)
    exact = np.array([mean_distance(40, x) for x in levels])
    spread = np.sqrt((levels * (1 - levels) / 40 - exact**2).sum()) / 45
    found = [calibration(of_confidence(c), (rng.random(len(c)) > c).astype(int), 100) for _ in range(4)]
    yield statistical(np.mean([float(f[0]) for f in found]), exact.mean(), spread / 2)
    why = Text("normal for binomial, 40 samples a bin", "以正态近似二项分布，每箱 40 个样本")
    yield near(float(found[0][1]), exact.mean(), 0.02 * exact.mean(), why)
    few = calibration(of_confidence(ladder(10)), np.zeros(450, int), 100)
    yield roundoff(float(few[1]), 2 * float(found[0][1]), terms=1800)


@CALIBRATION.claim
def corrected_square_is_right_on_average(calibration, rng):
    r"""$\widehat{\mathrm{SCE}}$ has no bias, with two samples a bin, their confidences drawn from its whole width, and a true accuracy of $c^2$: it is the mean of
    $\bigl(\mathbb E_m[c-c^2]\bigr)^2$ over the bins"""
    low, h = np.arange(50, 95) / 100, 0.01
    want = np.mean((low + h / 2 - (low**2 + low * h + h * h / 3)) ** 2)
    found = []
    for _ in range(80):
        c = np.repeat(low, 2) + h * rng.random(90)
        found.append(float(calibration(of_confidence(c), (rng.random(90) > c * c).astype(int), 100)[2]))
    yield statistical(found, want)


@CALIBRATION.claim
def finer_bins_never_lower_it(calibration, rng):
    r"""Bins that are cut in two never lower the ECE; one bin sees only $\lvert\bar c-\bar a\rvert$, and may see 0 where seven see 0.2"""
    z = 2 * rng.standard_normal((200, 4))
    y = drawn(rng, z / 2)
    ece = [float(calibration(z, y, M)[0]) for M in (1, 2, 4, 8, 16, 32)]
    yield bound(np.diff(ece).min(), -1e-13, "≥", Text("rounding of sums of 200", "200 项求和的舍入"))
    yield roundoff(ece[0], abs(softmax(z).max(1).mean() - (z.argmax(1) == y).mean()), terms=200, scale=1.0)
    z = of_confidence(np.array([0.6] * 10 + [0.8] * 10))
    y = (np.arange(20) % 10 >= np.repeat([8, 6], 10)).astype(int)  # 0.6 is right in 80 %, 0.8 in 60 %
    yield roundoff([float(calibration(z, y, M)[0]) for M in (1, 7)], [0.0, 0.2], terms=20, scale=1.0)


@CALIBRATION.claim
def edges_belong_to_the_bin_below(calibration, rng):
    """A confidence on the edge of two bins counts in the lower one, certainty in the last; in a tie the first class is predicted"""
    halves, quarters = np.zeros((3, 2)), np.zeros((5, 4))
    yield identical(calibration(halves, np.array([0, 0, 1]), 2)[4], np.array([3, 0]))
    yield identical(calibration(quarters, np.array([0, 0, 0, 1, 3]), 4)[4], np.array([5, 0, 0, 0]))
    yield roundoff(calibration(quarters, np.array([0, 0, 0, 1, 3]), 4)[6][0], 0.6)
    certain = calibration(np.array([[1000.0, 0.0], [0.0, 2000.0]]), np.array([0, 1]), 3)
    yield identical(certain[4], np.array([0, 0, 2]))
    yield identical(np.isnan(certain[6]), np.array([True, True, False]))


@CALIBRATION.claim
def confidence_is_of_the_predicted_class(calibration, rng):
    r"""What is compared is the largest probability with the share of right predictions: a net that gives every class but one
    0.05, and is always wrong, has confidence 0.85 and accuracy 0"""
    z = np.log(np.tile([0.85, 0.05, 0.05, 0.05], (12, 1)))
    ece, _, _, _, counts, confidence, accuracy = calibration(z, np.arange(12) % 3 + 1, 10)
    yield identical(counts, 12 * (np.arange(10) == 8))
    yield roundoff([float(ece), confidence[8], accuracy[8]], [0.85, 0.85, 0.0], terms=12)


def log_loss(z, y):
    d = z - z.max(1, keepdims=True)
    return (np.log(np.exp(d).sum(1)) - d[np.arange(len(y)), y]).mean()


@CALIBRATION.claim
def energies_agree_at_the_temperature(calibration, rng):
    r"""At $T$ the probabilities' mean logit is the labels': $\frac1n\sum_i\sum_jp_{ij}z_{ij}=\frac1n\sum_iz_{iy_i}$; no $T$ from $10^{-2}$ to $10^2$ has
    a smaller log loss, and SciPy's minimiser finds the same"""
    from scipy.optimize import minimize_scalar

    for factor, k in ((2.5, 3), (0.4, 6)):
        z = factor * rng.standard_normal((150, k))
        y = drawn(rng, z / factor)
        T = float(calibration(z, y)[3])
        yield roundoff(
            (softmax(z / T) * z).sum(1).mean(), z[np.arange(150), y].mean(), terms=150, scale=np.abs(z).max()
        )
        others = min(log_loss(z / t, y) for t in np.geomspace(0.01, 100, 81))
        yield bound(log_loss(z / T, y), others, "≤", Text("the least of 81 others", "其他 81 个中的最小者"))
        scipys = minimize_scalar(lambda u, z=z, y=y: log_loss(z / np.exp(u), y), bracket=(-1, 1)).x
        why = Text("from values alone the least is known to √ε", "仅由函数值，极小点只能精确到 √ε")
        yield near(np.log(T), scipys, 1e-6, why)


@CALIBRATION.claim
def planted_temperature_is_recovered(calibration, rng):
    r"""Labels drawn from $\operatorname{softmax}(z/T_0)$: $T$ is $T_0$ up to chance, for $T_0=0.5$, 1 and 2.5; at 2.5 the ECE of 3000 rows of
    five normal logits with deviation 3 is 0.1 or more, and divided by $T$ it falls below $2.5F$"""
    z = 3 * rng.standard_normal((3000, 5))
    for T0 in (0.5, 1.0, 2.5):
        y, p = drawn(rng, z / T0), softmax(z / T0)
        information = ((p * z * z).sum(1) - (p * z).sum(1) ** 2).sum()  # of 1/T
        found = calibration(z, y)
        yield statistical(float(found[3]), T0, T0**2 / np.sqrt(information))
    yield bound(float(found[0]), 0.1, "≥", Text("too sure by the factor 2.5", "对数几率大了 2.5 倍"))
    ece, floor, *_ = calibration(z / float(found[3]), y)
    yield bound(
        float(ece), 2.5 * float(floor), "≤", Text("chance: its mean and six deviations", "偶然误差：均值加六倍标准差")
    )


@CALIBRATION.claim
def units_and_names_do_not_matter(calibration, rng):
    """A constant added to a row, other names of the classes, another order of the samples change nothing; logits eight times as
    large have eight times the temperature, and logits divided by theirs have 1"""
    z = 2 * rng.standard_normal((80, 4))
    y = drawn(rng, z / 2)
    first = calibration(z, y, 6)
    names, order = rng.permutation(4), rng.permutation(80)
    moved = calibration((z + rng.standard_normal((80, 1)))[order][:, names], np.argsort(names)[y][order], 6)
    for a, b in zip(moved, first, strict=True):
        yield invariance(a, b, terms=320, scale=10.0)
    yield invariance(float(calibration(8 * z, y)[3]), 8 * float(first[3]), terms=320)
    yield roundoff(float(calibration(z / float(first[3]), y)[3]), 1.0, terms=320)


@CALIBRATION.claim
def ends_of_the_scale(calibration, rng):
    r"""Where the label always leads, as on data learnt by heart, $T=0$; where the labels' logits are no larger than their rows' means on average,
    $T=\infty$; close to these ends it is far out, but finite: $T=1/\ln99$ and $1/\ln1.02$ for logits 1 apart, right in 99 % and in 50.5 %"""
    z = 1 + rng.random((30, 3))
    top, worst = z.argmax(1), z.argmin(1)
    yield identical([float(calibration(z, y)[3]) for y in (top, worst)], [0.0, np.inf])
    one = np.tile([1.0, 0.0], (200, 1))
    for wrong in (2, 99):
        T = float(calibration(one, (np.arange(200) < wrong).astype(int))[3])
        yield roundoff(1 / T, np.log((200 - wrong) / wrong), terms=200, scale=1.0)


@CALIBRATION.claim
def one_temperature_cannot_mend_two_groups(calibration, rng):
    r"""Where one half of 3000 samples has logits three times too large, the other three times too small, the true ones three normal numbers of
    deviation 1.5, the best $T$ leaves an ECE of five times $F$ and more"""
    truth = 1.5 * rng.standard_normal((3000, 3))
    z = truth * np.where(np.arange(3000) < 1500, 3.0, 1 / 3)[:, None]
    y = drawn(rng, truth)
    T = float(calibration(z, y)[3])
    ece, floor, *_ = calibration(z / T, y)
    yield bound(float(ece), 5 * float(floor), "≥", Text("two kinds of error", "两种方向的误差"))
    apart = [float(calibration(z[half], y[half])[3]) for half in (slice(0, 1500), slice(1500, None))]
    yield bound(apart[0] / apart[1], 6.0, "≥", Text("9 is planted", "设定为 9"))


@CALIBRATION.claim
def a_constant_is_calibrated(calibration, rng):
    r"""A net that looks at nothing and states the shares of the classes, $\frac58$, $\frac14$ and $\frac18$, has ECE 0 and $T=1$"""
    z = np.log(np.tile([5 / 8, 1 / 4, 1 / 8], (80, 1)))
    y = np.repeat([0, 1, 2], [50, 20, 10])
    ece, _, squared, T, *_ = calibration(z, y, 10)
    yield roundoff(float(ece), 0.0, terms=80, scale=1.0)
    yield roundoff(float(T), 1.0, terms=80)
    yield roundoff(float(squared), -(5 / 8) * (3 / 8) / 79, terms=80, scale=1.0)


@CALIBRATION.claim
def the_same_sample_twice_is_no_news(calibration, rng):
    r"""Samples must be independent: with every one twice the ECE and $T$ stay, but $F$ falls by $\sqrt2$ as if there were more to know, and
    the correction is halved, but for one degree of freedom"""
    z = 2 * rng.standard_normal((100, 3))
    y = drawn(rng, z / 2)
    once, twice = calibration(z, y, 1), calibration(np.repeat(z, 2, 0), np.repeat(y, 2), 1)
    yield roundoff(float(twice[0]), float(once[0]), terms=200, scale=1.0)
    yield roundoff(float(twice[3]), float(once[3]), terms=600)
    yield roundoff(float(twice[1]), float(once[1]) / np.sqrt(2), terms=200)
    taken = [float(f[0]) ** 2 - float(f[2]) for f in (once, twice)]
    yield roundoff(taken[1], taken[0] * 99 / 199, terms=200, scale=1.0)


@CALIBRATION.claim
def a_sample_alone_in_its_bin_tells_nothing(calibration, rng):
    r"""With one sample a bin the ECE of a calibrated net is $2c(1-c)$ on average, whatever the data; $F$ is off there either way, a fifth too small at
    $c=0.505$ and 1.7 times too large at 0.945, and the corrected error says 0"""
    c = ladder(1)
    found = [calibration(of_confidence(c), (rng.random(45) > c).astype(int), 100) for _ in range(40)]
    yield statistical([float(f[0]) for f in found], (2 * c * (1 - c)).mean())
    yield identical([float(f[2]) for f in found], np.zeros(40))
    low, high = (
        float(calibration(of_confidence(np.array([x])), np.array([0]), 100)[1]) / (2 * x * (1 - x))
        for x in (0.505, 0.945)
    )
    yield bound(low, 0.8, "≤", Text("normal for a single coin", "以正态近似单次抛币"))
    yield bound(high, 1.7, "≥", Text("normal for a single coin", "以正态近似单次抛币"))


def changed(z, y, bins, **given):
    """The definition's results, some of them replaced."""
    names = ("ece", "floor", "squared", "temperature", "counts", "confidence", "accuracy")
    return tuple(given.get(name, value) for name, value in zip(names, calibration(z, y, bins), strict=True))


def diagram(z, y, bins):
    """Counts of the bins that are not empty, and confidence less accuracy in them."""
    *_, counts, confidence, accuracy = calibration(z, y, bins)
    return counts[counts > 0], (confidence - accuracy)[counts > 0]


@CALIBRATION.mutant(caught_by="finer-bins-never-lower-it, equals-definition, chance-makes-an-error")
def bins_weigh_alike(z, y, bins=15):
    """the mean over bins, a bin of one sample as heavy as one of thousands; empty ones count as 0"""
    _, gap = diagram(z, y, bins)
    return changed(z, y, bins, ece=np.abs(gap).sum() / bins)


@CALIBRATION.mutant(caught_by="chance-makes-an-error, finer-bins-never-lower-it")
def too_sure_and_not_sure_enough_cancel(z, y, bins=15):
    """signed distances: too sure in one bin and not sure enough in another cancel"""
    counts, gap = diagram(z, y, bins)
    return changed(z, y, bins, ece=abs(counts @ gap) / len(y))


@CALIBRATION.mutant(caught_by="edges-belong-to-the-bin-below")
def edges_above(z, y, bins=15):
    """a confidence on an edge counts in the bin above"""
    p = softmax(z)
    c, a = p.max(1), p.argmax(1) == y
    m = np.minimum((c * bins).astype(int), bins - 1)
    counts = np.bincount(m, minlength=bins)
    with np.errstate(invalid="ignore"):
        diagram = (np.bincount(m, c, bins) / counts, np.bincount(m, a, bins) / counts)
    return changed(z, y, bins, counts=counts, confidence=diagram[0], accuracy=diagram[1])


@CALIBRATION.mutant(caught_by="confidence-is-of-the-predicted-class, a-constant-is-calibrated, equals-definition")
def confidence_of_the_label(z, y, bins=15):
    """the probability of the label for the largest one"""
    c = softmax(z)[np.arange(len(y)), y]
    ece, floor, squared, _, *rest = calibration(
        of_confidence(np.clip(c, 1e-12, 1 - 1e-12)), (z.argmax(1) != y).astype(int), bins
    )
    return ece, floor, squared, temperature(z, y), *rest


@CALIBRATION.mutant(
    caught_by="confidence-is-of-the-predicted-class, units-and-names-do-not-matter, edges-belong-to-the-bin-below"
)
def sigmoid_of_the_largest(z, y, bins=15):
    """the sigmoid of the largest logit for its softmax"""
    c = 1 / (1 + np.exp(-z.max(1)))
    m = np.searchsorted(np.arange(1, bins) / bins, c)
    counts, a = np.bincount(m, minlength=bins), z.argmax(1) == y
    with np.errstate(invalid="ignore"):
        confidence, accuracy = np.bincount(m, c, bins) / counts, np.bincount(m, a, bins) / counts
    ece = np.nansum(counts / len(y) * np.abs(confidence - accuracy))
    return changed(z, y, bins, ece=ece, counts=counts, confidence=confidence, accuracy=accuracy)


@CALIBRATION.mutant(caught_by="edges-belong-to-the-bin-below, equals-definition")
def empty_bins_at_zero(z, y, bins=15):
    """an empty bin drawn at accuracy 0, as if it were always wrong"""
    *_, confidence, accuracy = calibration(z, y, bins)
    return changed(z, y, bins, confidence=np.nan_to_num(confidence), accuracy=np.nan_to_num(accuracy))


@CALIBRATION.mutant(
    caught_by="corrected-square-is-right-on-average, a-constant-is-calibrated, a-sample-alone-in-its-bin-tells-nothing"
)
def not_corrected(z, y, bins=15):
    """the squared distances as they are, chance included"""
    counts, gap = diagram(z, y, bins)
    return changed(z, y, bins, squared=counts @ gap**2 / len(y))


@CALIBRATION.mutant(
    caught_by="corrected-square-is-right-on-average, a-constant-is-calibrated, the-same-sample-twice-is-no-news"
)
def divided_by_the_count(z, y, bins=15):
    """the variance in a bin divided by n, not by n − 1"""
    counts = calibration(z, y, bins)[4]
    _, gap = diagram(z, y, bins)
    p = softmax(z)
    c, a = p.max(1), p.argmax(1) == y
    m = np.searchsorted(np.arange(1, bins) / bins, c)
    parts = [
        counts[b] * (g**2 - np.var((c - a)[m == b]) / counts[b])
        for b, g in zip(np.unique(m), gap, strict=True)
        if counts[b] > 1
    ]
    return changed(z, y, bins, squared=sum(parts) / len(y))


@CALIBRATION.mutant(caught_by="chance-makes-an-error, equals-definition")
def deviation_for_mean_distance(z, y, bins=15):
    """the standard deviation for the mean distance: √(2/π) forgotten"""
    return changed(z, y, bins, floor=calibration(z, y, bins)[1] * np.sqrt(np.pi / 2))


@CALIBRATION.mutant(caught_by="chance-makes-an-error, the-same-sample-twice-is-no-news, equals-definition")
def chance_of_one_sample(z, y, bins=15):
    """chance as large as for single samples, however many a bin has"""
    c = softmax(z).max(1)
    return changed(z, y, bins, floor=np.sqrt(2 / np.pi * c * (1 - c)).mean())


@CALIBRATION.mutant(
    caught_by="energies-agree-at-the-temperature, one-temperature-cannot-mend-two-groups, planted-temperature-is-recovered, units-and-names-do-not-matter"
)
def inverse_temperature(z, y, bins=15):
    """1/T sold as T"""
    T = temperature(z, y)
    return changed(z, y, bins, temperature=np.inf if T == 0 else 1 / T)


@CALIBRATION.mutant(caught_by="energies-agree-at-the-temperature, planted-temperature-is-recovered, ends-of-the-scale")
def fifty_short_steps(z, y, bins=15):
    """fifty steps of length 0.01 from 1.5, and never a look at whether they arrived"""
    T = 1.5
    for _ in range(50):
        T = T + 0.01 * ((softmax(z / T) * z).sum(1) - z[np.arange(len(y)), y]).mean() / T**2
    return changed(z, y, bins, temperature=T)


@CALIBRATION.mutant(
    caught_by="energies-agree-at-the-temperature, planted-temperature-is-recovered, units-and-names-do-not-matter"
)
def least_calibration_error(z, y, bins=15):
    """the temperature with the least ECE, on a grid"""
    grid = np.geomspace(0.25, 4, 9)
    errors = [bins_weighed(z / t, y, bins) for t in grid]
    return changed(z, y, bins, temperature=grid[int(np.argmin(errors))])


def bins_weighed(z, y, bins):
    """The ECE alone."""
    p = softmax(z)
    m = np.searchsorted(np.arange(1, bins) / bins, p.max(1))
    return np.abs(np.bincount(m, p.max(1) - (p.argmax(1) == y))).sum() / len(y)


@CALIBRATION.mutant(caught_by="ends-of-the-scale, equals-definition")
def held_within_bounds(z, y, bins=15):
    """T held between 0.05 and 20, the bounds of a search sold as its result"""
    return changed(z, y, bins, temperature=float(np.clip(temperature(z, y), 0.05, 20)))


CALIBRATION.erratum(
    "E195",
    common="An ECE of 0.02 shows that the net is not quite calibrated; an ECE of 0 that its probabilities are good (a common slip)",
    why="By chance alone a calibrated net has an ECE above 0, which falls only as one over the root of the bins' counts. And a net that looks at "
    "nothing and states the shares of the classes has ECE 0.",
    right=r"Hold the ECE beside $F$, give the number of samples and bins, and give the log loss or the Brier score with it",
    claims="chance-makes-an-error, a-constant-is-calibrated",
)
CALIBRATION.erratum(
    "E196",
    common="More bins resolve the error better, so the larger ECE is the more exact (a common slip)",
    why="Cutting bins in two never lowers the ECE, of a calibrated net either: with one sample in each bin it is the mean of "
    r"$2c(1-c)$, and says nothing about calibration.",
    right="Few bins hide errors that cancel, many bins count chance: compare ECEs with the same bins and as many samples only",
    claims="finer-bins-never-lower-it, a-sample-alone-in-its-bin-tells-nothing",
)


@CALIBRATION.figure(
    T=Slider(0.4, 6.0, 1.0, "temperature T", log=True),
    bins=Slider(2, 50, 15, "number of bins M", integer=True),
    samples=Slider(100, 8000, 2000, "samples n", log=True),
)
def figure(T, bins, samples):
    rng = np.random.default_rng(5)
    truth = 1.6 * rng.standard_normal((8000, 10))
    y, n = drawn(rng, truth), round(samples)
    z, y = 2.5 * truth[:n], y[:n]
    ece, floor, _, _, counts, confidence, accuracy = calibration(z / T, y, int(bins))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    full = counts > 0
    middles = (np.arange(int(bins)) + 0.5) / int(bins)
    left.bar(middles[full], accuracy[full], 0.92 / int(bins), color=COLOURS[5], alpha=0.55, label="accuracy")
    left.plot([0, 1], [0, 1], color="0.4", lw=1, ls="--")
    left.scatter(confidence[full], accuracy[full], s=6 + 120 * counts[full] / n, color=COLOURS[0], zorder=3)
    left.vlines(confidence[full], accuracy[full], confidence[full], color=COLOURS[1], lw=1.4, label="distance")
    left.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    left.legend(fontsize=9.5, loc="upper left", frameon=False)
    grid = np.geomspace(0.4, 6, 33)
    errors = [bins_weighed(z / t, y, int(bins)) for t in grid]
    best = temperature(z, y)
    right.semilogx(grid, errors, color=COLOURS[1], label="ECE")
    right.semilogx(grid, [log_loss(z / t, y) / 5 for t in grid], color=COLOURS[2], label="log loss / 5")
    right.axhline(calibration(z / best, y, int(bins))[1], color="0.5", lw=1, ls=":", label="$F$")
    right.axvline(best, color="0.4", lw=1, ls="--")
    right.plot([T], [ece], "o", color=COLOURS[6])
    right.set(xlabel="T", ylim=(0, None), xlim=(0.4, 6), xticks=[0.5, 1, 2, 4], xticklabels=["0.5", "1", "2", "4"])
    right.minorticks_off()
    right.legend(fontsize=9.5, loc="upper right", frameon=False)
    mean = counts[full] @ confidence[full] / n
    words = Text(
        f"{n} samples in {int(bins)} bins. At T = {T:.3g} the mean confidence is {mean:.3f}, the accuracy {counts[full] @ accuracy[full] / n:.3f}, the ECE {ece:.4f}; a calibrated net "
        f"with these confidences would have about {floor:.4f}. The log loss is least at T = {best:.3g} (dashed).",
        f"{n} 个样本，{int(bins)} 个箱。T = {T:.3g} 时平均置信度为 {mean:.3f}，准确率为 {counts[full] @ accuracy[full] / n:.3f}，ECE 为 {ece:.4f}；若置信度相同而已校准，"
        f"ECE 约为 {floor:.4f}。对数损失在 T = {best:.3g} 处最小（虚线）。",
    )
    return Drawing(fig, words)
