"""Intervals of confidence: for a mean by Student's t, for a proportion by Wilson's score."""

import numpy as np

from gradus.concepts.foundations.hypothesis_test.tails import normal_quantile, t_quantile
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _scipy(ttest_1samp, x, level, method):
    from scipy import stats

    if method == "wilson":
        n = x.shape[-1]
        counts = np.rint(x.sum(-1)).astype(int)
        ends = [stats.binomtest(int(k), n).proportion_ci(level, method="wilson") for k in counts.ravel()]
        low, high = np.array(ends).reshape(-1, 2).T
        return low.reshape(counts.shape), high.reshape(counts.shape)
    if method != "t":
        raise ValueError(f"no interval is called {method}")
    interval = ttest_1samp(x, 0.0, axis=-1).confidence_interval(level)
    return interval.low, interval.high


CONFIDENCE_INTERVAL = Concept(
    key="confidence-interval",
    kind="definition",
    title="Confidence intervals",
    summary="A rule that draws an interval from the data, and whose intervals hold the true value in 95 % of the "
    "samples, whatever that value is: Student's for the mean of normal data; Wilson's for a proportion does so on the average over "
    "p only. The interval holds exactly the values that a test at 5 % does not reject.",
    formulas=(
        r"P_\theta\big(L(x)\le\theta\le H(x)\big)\ge 1-\alpha\qquad(\forall\,\theta)",
        r"\mu:\quad\bar x\pm t_{1-\alpha/2,\,n-1}\frac{s}{\sqrt n},\qquad s^2=\frac{1}{n-1}\sum(x_i-\bar x)^2",
        r"p:\quad\frac{\hat p+\frac{z^2}{2n}\pm z\sqrt{\frac{\hat p(1-\hat p)}{n}+\frac{z^2}{4n^2}}}{1+\frac{z^2}{n}},\qquad z=z_{1-\alpha/2},\ \hat p=\bar x",
    ),
    symbols=(
        Symbol("x", "x", "... n", "independent observations; 0 and 1 for a proportion"),
        Symbol(r"1-\alpha", "level", "", "level of confidence", "unit"),
        Symbol("L,H", "method", "", "t for a mean, wilson for a proportion", "other"),
        Symbol(r"\theta", "", "", "the true value, fixed and unknown; L and H are random"),
        Symbol(r"\mu,p", "", "", "the mean, for t; the proportion, for Wilson's interval"),
        Symbol(r"\bar x,\hat p", "", "", "mean of the observations; of 0 and 1 their share of 1"),
        Symbol("n", "", "", "number of observations"),
        Symbol("s", "", "", "sample standard deviation"),
        Symbol("t,z", "", "", "quantiles of Student's distribution and of the normal distribution"),
    ),
    returns=(Result("lower", "...", "lower end of the interval"), Result("upper", "...", "upper end of the interval")),
    needs=("hypothesis-test",),
    source="neyman1937outline",
    year=1937,
    people=("Jerzy Neyman", "Edwin B. Wilson"),
    aliases="CI, interval estimate, Wilson interval, coverage, error bars, 区间估计, 置信度, Wilson 区间, 误差棒",
    implementations=(
        Implementation(
            "scipy.stats:ttest_1samp",
            "numpy",
            _scipy,
            '`binomtest(k, n).proportion_ci(method="wilson")` for a proportion',
        ),
    ),
    readings="wasserman2004all §6.3.2; wilson1927probable; brown2001interval",
    hypotheses=(
        Hypothesis("for t: normal data, or many of them, of finite variance", "skewed-samples-need-many"),
        Hypothesis("the observations are independent", "copies-are-no-observations"),
        Hypothesis(
            "for Wilson's interval: the coverage is that of an average over p, not of every p",
            "coverage-of-a-proportion",
        ),
    ),
    deviations=r"The textbook interval $\hat p\pm z\sqrt{\hat p(1-\hat p)/n}$ (Wald), statsmodels' default, covers "
    "far less than it promises near 0 and 1.",
    differentiable=False,
    nonfinite="nan",
)


@CONFIDENCE_INTERVAL.definition
def confidence_interval(x, level=0.95, method="t"):
    n, mean = x.shape[-1], x.mean(-1)
    q = (1 + level) / 2
    if method == "wilson":
        z = normal_quantile(q)
        half = z * np.sqrt(mean * (1 - mean) / n + z**2 / (4 * n**2))
        return (mean + z**2 / (2 * n) - half) / (1 + z**2 / n), (mean + z**2 / (2 * n) + half) / (1 + z**2 / n)
    if method != "t":
        raise ValueError(f"no interval is called {method}")
    half = t_quantile(q, n - 1) * np.sqrt(((x - mean[..., None]) ** 2).sum(-1) / (n - 1) / n)
    return mean - half, mean + half


@CONFIDENCE_INTERVAL.example
def example():
    x = np.array([4.0, 7.0, 6.0, 3.0])
    low, high = confidence_interval(x)
    coin, z = np.array([1.0] * 9 + [0.0]), normal_quantile(0.975)
    wilson = confidence_interval(coin, method="wilson")
    half = z * np.sqrt(0.9 * 0.1 / 10)
    return (
        dict(x=x, mean=x.mean(), squares=((x - x.mean()) ** 2).sum(), s=x.std(ddof=1))
        | dict(error=x.std(ddof=1) / 2, t=t_quantile(0.975, 3), z=z, low=low, high=high)
        | dict(narrow=x.mean() + z * x.std(ddof=1) / 2 * np.array([-1, 1]), z2=z**2, wilson=np.array(wilson))
        | dict(wald=0.9 + half * np.array([-1, 1]), centre=(0.9 + z**2 / 20) / (1 + z**2 / 10))
        | dict(four_times=t_quantile(0.975, 15) / 4 / (t_quantile(0.975, 3) / 2))
    )


@CONFIDENCE_INTERVAL.exercise
def no_failures():
    _, high = confidence_interval(np.zeros(100), method="wilson")
    return number(high, nothing_seen=0.0, rule_of_three=3 / 100)


@CONFIDENCE_INTERVAL.exercise
def overlapping():
    z = normal_quantile(0.975)
    (first, second), half = (10.0, 11.6), 1.0
    meet = first + half > second - half
    significant = abs(second - first) / np.sqrt(2 * (half / z) ** 2) > z
    return choice(no_difference=meet and not significant, different=meet and significant, apart=not meet)


@CONFIDENCE_INTERVAL.exercise
def ninety_five_of_what():
    samples = np.random.default_rng(1).standard_normal((4000, 30))
    low, high = confidence_interval(samples)
    held = (low <= 0) & (high >= 0)
    inside = ((samples >= low[:, None]) & (samples <= high[:, None])).mean()
    return choice(
        of_the_samples=abs(held.mean() - 0.95) < 0.02,
        this_one=abs(float(held[0]) - 0.95) < 0.02,
        of_the_observations=abs(inside - 0.95) < 0.02,
    )


@CONFIDENCE_INTERVAL.cases
def cases(rng):
    yield "normal", dict(x=3 + rng.standard_normal(9))
    yield "three rows at 80 %", dict(x=5 + rng.standard_normal((3, 6)), level=0.8)
    yield "two observations", dict(x=np.array([1.0, 4.0]))
    yield "at 99.9 %", dict(x=7 + rng.standard_normal(30), level=0.999)
    yield "coin", dict(x=np.array([1.0, 0, 0, 1, 1, 0, 1]), method="wilson")
    yield "rare", dict(x=np.eye(1, 20)[0], level=0.9, method="wilson")
    yield "half", dict(x=np.arange(10) % 2.0, method="wilson")
    yield "as many rows as observations", dict(x=4 + rng.standard_normal((4, 4)))
    yield "long coin", dict(x=(rng.random(1500) < 0.3) * 1.0, method="wilson")


@CONFIDENCE_INTERVAL.invalid
def invalid(rng):
    yield "an unknown method", dict(x=np.ones(4), method="ci")
    yield "a level as a word", dict(x=np.arange(4.0), level="95%")


def covered(interval, theta):
    """For each sample: does its interval hold θ?"""
    low, high = interval
    return ((low <= theta) & (theta <= high)).astype(float)


@CONFIDENCE_INTERVAL.claim
def covers_as_promised(interval, rng):
    """Of 10 000 normal samples of 6, the 95 % interval holds the mean in 95 % (and within one per cent), the 80 % one
    in 80 %"""
    x = 5 + 3 * rng.standard_normal((10_000, 6))
    for level in (0.95, 0.8):
        hits = covered(interval(x, level=level), 5.0)
        yield statistical(hits, level, np.sqrt(level * (1 - level) / 10_000))
    within = near(covered(interval(x), 5.0).mean(), 0.95, 0.01, Text("one per cent", "百分之一"), "statistical")
    yield within


@CONFIDENCE_INTERVAL.claim
def ends_are_where_the_test_rejects(interval, rng):
    r"""It holds exactly the values that the test does not reject: at both ends the p-value of Student's test is 0.05, and
    $\lvert\hat p-p\rvert$ is z of its standard deviations $\sqrt{p(1-p)/n}$ for Wilson's"""
    from scipy import stats

    x = 4 + rng.standard_normal(12)
    p = [stats.ttest_1samp(x, float(end)).pvalue for end in interval(x)]
    yield roundoff(p, [0.05, 0.05], terms=12, scale=float(abs(x).max() / x.std()))
    coin = np.arange(30) % 4 == 0
    ends = np.array([float(end) for end in interval(coin + 0.0, method="wilson")])
    z = (ends - coin.mean()) / np.sqrt(ends * (1 - ends) / 30)
    yield roundoff(z, 1.959963984540054 * np.array([-1, 1]), terms=30)


def _binomial(n, p):
    from math import comb

    k = np.arange(n + 1)
    return np.array([comb(n, int(j)) for j in k]) * p**k * (1 - p) ** (n - k)


def _all_counts(n):
    """One sample of n coins for each count of heads, 0 … n."""
    return (np.arange(n) < np.arange(n + 1)[:, None]).astype(float)


@CONFIDENCE_INTERVAL.claim
def coverage_of_a_proportion(interval, rng):
    """Coverage of a proportion by enumeration, n = 20: Wilson's is 95 % within one per cent on the average over p, but not
    at every p: 89.4 % at worst in $[0.02,0.98]$, 83.7 % just below p = 0.0089; Wald's falls to 33 % at 0.02"""
    n, grid = 20, np.linspace(0.02, 0.98, 193)
    x = _all_counts(n)
    k = x.mean(-1)
    low, high = interval(x, method="wilson")
    jumps = np.concatenate([e + d for e in (low, high) for d in (-1e-9, 1e-9)])  # between them it is smooth
    half = 1.959963984540054 * np.sqrt(k * (1 - k) / n)
    weights = np.array([_binomial(n, p) for p in grid])  # (p, k)
    wilson = (weights * ((low <= grid[:, None]) & (grid[:, None] <= high))).sum(1)
    at_jumps = [(_binomial(n, p) * ((low <= p) & (p <= high))).sum() for p in jumps[(jumps > 0.02) & (jumps < 0.98)]]
    near_zero = float((_binomial(n, low[1] - 1e-9) * ((low <= low[1] - 1e-9) & (low[1] - 1e-9 <= high))).sum())
    wald = (weights * ((k - half <= grid[:, None]) & (grid[:, None] <= k + half))).sum(1)
    yield near(wilson.mean(), 0.95, 0.01, Text("one per cent; the coverage jumps with p", "1%；覆盖率随 p 跳跃"))
    last = Text("half a unit of the last printed digit", "所印末位的半个单位")
    yield near(min(at_jumps), 0.894, 5e-4, last)
    yield near(near_zero, 0.8366, 5e-5, last)
    yield bound(
        wald.min(), 0.34, "≤", Text("20 tails in a row: 1 − 0.98²⁰ = 0.332", "连续 20 次反面：1 − 0.98²⁰ = 0.332")
    )


@CONFIDENCE_INTERVAL.claim
def nothing_seen_is_not_certainty(interval, rng):
    r"""Never without width and never outside $[0,1]$, even after 20 tails in 20 tosses:
    $[0,\frac{z^2}{20+z^2}]=[0,0.161]$"""
    low, high = interval(np.zeros(20), method="wilson")
    z2 = 1.959963984540054**2
    yield roundoff(high, z2 / (20 + z2), terms=4)
    yield roundoff(low, 0.0, scale=1.0)
    for n in (1, 20):
        low, high = (np.asarray(end, float) for end in interval(_all_counts(n), method="wilson"))
        rounding = Text("0 and 1, and rounding", "0 与 1，以及舍入")
        yield bound(low.min(), -(2.0**-50), "≥", rounding)
        yield bound(high.max(), 1 + 2.0**-50, "≤", rounding)
        yield bound((high - low).min(), 0.1, "≥", Text("the width, for every count", "宽度，对每一种计数"))


@CONFIDENCE_INTERVAL.claim
def width_falls_as_the_root_of_n(interval, rng):
    """Its width falls as $n^{-1/2}$: four times the data for half the width"""
    sizes = (50, 200, 800, 3200)
    widths = []
    for n in sizes:
        low, high = interval(rng.standard_normal((40, n)))
        widths.append((high - low).mean())
    # s of 40·n observations is uncertain by 1/√(80n): at most 1.6 %, and t_{49} is 2.5 % above z
    return rate(sizes, widths, -0.5, 0.02)


@CONFIDENCE_INTERVAL.claim
def skewed_samples_need_many(interval, rng):
    r"""The promise needs normal data (or many of them, of finite variance): of exponential samples of 5 it holds the mean
    in 88 %, of 200 again in about 95 %; of 200 with $P(X>x)=x^{-1.2}$, $x\ge1$, whose variance is infinite, in 44 %"""
    few = covered(interval(rng.exponential(size=(4000, 5))), 1.0).mean()
    many = covered(interval(rng.exponential(size=(2000, 200))), 1.0).mean()
    noise = 5 * np.sqrt(0.95 * 0.05 / 2000)
    yield near(
        few,
        0.882,
        0.001 + 5 * np.sqrt(0.88 * 0.12 / 4000),
        Text("0.882 of 200 000 samples; five standard errors", "20 万个样本得 0.882；五倍标准误"),
        "statistical",
    )
    yield near(
        many, 0.95, 0.01 + noise, Text("one per cent, and five standard errors", "1% 加五倍标准误"), "statistical"
    )
    heavy = covered(interval(1 + rng.pareto(1.2, (2000, 200))), 1.2 / 0.2).mean()
    why = Text("0.444 of 200 000 samples; five standard errors", "20 万个样本得 0.444；五倍标准误")
    yield near(heavy, 0.444, 0.001 + 5 * np.sqrt(0.444 * 0.556 / 2000), why, "statistical")


@CONFIDENCE_INTERVAL.claim
def copies_are_no_observations(interval, rng):
    """Copies are no observations: with each of 6 written twice the 95 % interval holds the mean in 80 %"""
    hits = covered(interval(np.repeat(rng.standard_normal((4000, 6)), 2, axis=-1)), 0.0)
    why = Text("0.802 of 200 000 samples; five standard errors", "20 万个样本得 0.802；五倍标准误")
    return near(hits.mean(), 0.802, 0.002 + 5 * np.sqrt(0.8 * 0.2 / 4000), why, "statistical")


@CONFIDENCE_INTERVAL.claim
def moves_with_the_units(interval, rng):
    """It moves with the units: the interval of $cx+d$ is $cI+d$; that of tails is $1-I$"""
    x = rng.standard_normal(10)
    ends, moved = np.array(interval(x)), np.array(interval(4 * x + 8))
    coin = (rng.random(30) < 0.3).astype(float)
    (low, high), (other_low, other_high) = (interval(coin, method="wilson"), interval(1 - coin, method="wilson"))
    yield invariance(moved, 4 * ends + 8, terms=10, scale=float(8 + 4 * np.abs(x).max() + 4 * np.abs(ends).max()))
    yield invariance([other_low, other_high], [1 - high, 1 - low], terms=4, scale=1.0)


@CONFIDENCE_INTERVAL.mutant(
    caught_by="equals-definition, covers-as-promised, ends-are-where-the-test-rejects, coverage-of-a-proportion, "
    "nothing-seen-is-not-certainty, copies-are-no-observations"
)
def one_sided_quantile(x, level=0.95, method="t"):
    """the one-sided quantile: 90 % sold as 95 %"""
    return confidence_interval(x, 2 * level - 1, method)


@CONFIDENCE_INTERVAL.mutant(caught_by="equals-definition, covers-as-promised, ends-are-where-the-test-rejects")
def normal_for_students(x, level=0.95, method="t"):
    """the normal quantile for Student's"""
    low, high = confidence_interval(x, level, method)
    if method != "t":
        return low, high
    q = (1 + level) / 2
    shrunk = (high - low) / 2 * normal_quantile(q) / t_quantile(q, x.shape[-1] - 1)
    return x.mean(-1) - shrunk, x.mean(-1) + shrunk


@CONFIDENCE_INTERVAL.mutant(caught_by="equals-definition, coverage-of-a-proportion, nothing-seen-is-not-certainty")
def wald(x, level=0.95, method="t"):
    """Wald's interval for Wilson's"""
    if method != "wilson":
        return confidence_interval(x, level, method)
    p, n = x.mean(-1), x.shape[-1]
    half = normal_quantile((1 + level) / 2) * np.sqrt(p * (1 - p) / n)
    return p - half, p + half


@CONFIDENCE_INTERVAL.mutant(caught_by="width-falls-as-the-root-of-n, covers-as-promised, skewed-samples-need-many")
def deviation_of_one(x, level=0.95, method="t"):
    """the deviation of the observations for that of their mean: √n is missing"""
    low, high = confidence_interval(x, level, method)
    middle, half = (low + high) / 2, (high - low) / 2
    return (
        (low, high) if method != "t" else (middle - half * np.sqrt(x.shape[-1]), middle + half * np.sqrt(x.shape[-1]))
    )


@CONFIDENCE_INTERVAL.mutant(caught_by="skewed-samples-need-many, equals-definition")
def about_the_median(x, level=0.95, method="t"):
    """the median stands in the middle"""
    low, high = confidence_interval(x, level, method)
    shift = 0 if method != "t" else np.median(x, axis=-1) - x.mean(-1)
    return low + shift, high + shift


@CONFIDENCE_INTERVAL.mutant(caught_by="moves-with-the-units, covers-as-promised, equals-definition")
def deviation_taken_for_1(x, level=0.95, method="t"):
    """the width is that of data whose deviation is 1"""
    if method != "t":
        return confidence_interval(x, level, method)
    half = t_quantile((1 + level) / 2, x.shape[-1] - 1) / np.sqrt(x.shape[-1])
    return x.mean(-1) - half, x.mean(-1) + half


@CONFIDENCE_INTERVAL.figure(
    n=Slider(2, 50, 5, "observations in each sample", log=True, integer=True),
    level=Slider(0.5, 0.995, 0.95, "level of confidence"),
)
def figure(n, level):
    n = int(n)
    rng = np.random.default_rng(6)
    x = rng.standard_normal((5000, n))
    low, high = confidence_interval(x, level)
    hits = covered((low, high), 0.0).astype(bool)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    for i in range(60):
        left.plot([low[i], high[i]], [i, i], color=COLOURS[0] if hits[i] else COLOURS[1], lw=1.4)
    left.axvline(0, color=COLOURS[6], ls="--")
    edge = 1.2 * float(np.quantile(np.abs(np.concatenate([low[:60], high[:60]])), 0.97))
    left.set(xlim=(-edge, edge), yticks=[], xlabel="mean", title=f"60 samples of {n}; misses in orange")
    m, grid = 20, np.linspace(0.005, 0.995, 397)
    coins = _all_counts(m)
    weights = np.array([_binomial(m, p) for p in grid])
    for rule, colour, name in ((confidence_interval, COLOURS[0], "Wilson"), (wald, COLOURS[1], "Wald")):
        a, b = rule(coins, level, "wilson")
        right.plot(grid, (weights * ((a <= grid[:, None]) & (grid[:, None] <= b))).sum(1), color=colour, label=name)
    right.axhline(level, color=COLOURS[6], ls="--")
    right.set(xlabel="true proportion p", ylabel="coverage", title="20 tosses, exact", ylim=(0, 1.02))
    right.legend(frameon=False, fontsize=9.5, loc="lower center")
    share = float(hits.mean())
    words = Text(
        f"Of 5000 normal samples of {n}, {share:.1%} of the {level:.1%} intervals hold the mean; their mean width is {float((high - low).mean()):.2f} deviations.",
        f"5000 个容量 {n} 的正态样本中，{level:.1%} 区间有 {share:.1%} 包含均值；平均宽度为 {float((high - low).mean()):.2f} 个标准差。",
    )
    return Drawing(fig, words)
