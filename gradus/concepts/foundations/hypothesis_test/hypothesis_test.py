"""Tests of hypotheses: Student's and Welch's t, Pearson's χ², Mann and Whitney's U."""

from itertools import combinations

import numpy as np

from gradus.concepts.foundations.hypothesis_test.tails import chi2_tail, erfc, t_tail
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _scipy(ttest_ind, x, y, test, alternative):
    from scipy import stats

    if test == "chi2":
        O = np.stack([x, y], axis=-2)
        E = (
            stats.contingency.expected_freq(O)
            if O.ndim == 2
            else O.sum(-1, keepdims=True) * O.sum(-2, keepdims=True) / O.sum((-2, -1), keepdims=True)
        )
        flat = (*O.shape[:-2], 2 * O.shape[-1])
        T, p = stats.chisquare(O.reshape(flat), E.reshape(flat), ddof=O.shape[-1], axis=-1)
        return T, p
    if test == "mann-whitney":
        pooled = np.sort(np.concatenate([x, y], axis=-1), axis=-1)
        tied = (np.diff(pooled) == 0).any()
        method = stats.PermutationMethod(n_resamples=10**6) if tied else "exact"
        return tuple(stats.mannwhitneyu(x, y, alternative=alternative, axis=-1, method=method))
    r = ttest_ind(x, y, axis=-1, equal_var={"t": True, "welch": False}[test], alternative=alternative)
    return r.statistic, r.pvalue


HYPOTHESIS_TEST = Concept(
    key="hypothesis-test",
    kind="definition",
    title="Hypothesis tests",
    summary="How often would chance alone give samples at least as far apart as these? That is the p-value; to "
    r"reject when it is at most $\alpha$ raises a false alarm with probability $\alpha$ for t, at most $\alpha$ for Mann and "
    r"Whitney's test, and nearly $\alpha$, also more, for Welch's and χ², whose p-values are approximations for large samples. It "
    "is not the probability that the hypothesis is true.",
    formulas=(
        r"p_{>}=P_{H_0}\big(T\ge T(x,y)\big),\qquad p_{<}=P_{H_0}\big(T\le T(x,y)\big),\qquad p_{\ne}=\min\big(1,\,2\min(p_{<},p_{>})\big)",
        r"P_{H_0}(p\le\alpha)\ \begin{cases}=\alpha&t\\\le\alpha&U\\\to\alpha&t_{\mathrm W}\ (n,m\to\infty),\ \chi^2\ (\min_{ij}E_{ij}\to\infty)\end{cases}",
        r"t=\frac{\bar x-\bar y}{s\sqrt{1/n+1/m}},\quad s^2=\frac{(n-1)s_x^2+(m-1)s_y^2}{n+m-2},\quad \nu=n+m-2;\qquad "
        r"t_{\mathrm W}=\frac{\bar x-\bar y}{\sqrt{s_x^2/n+s_y^2/m}},\quad \nu=\frac{(s_x^2/n+s_y^2/m)^2}{\frac{(s_x^2/n)^2}{n-1}+\frac{(s_y^2/m)^2}{m-1}}",
        r"\chi^2=\sum_{ij}\frac{(O_{ij}-E_{ij})^2}{E_{ij}},\quad E_{ij}=\frac{O_{i\cdot}O_{\cdot j}}{N};\qquad "
        r"U=\sum_{ij}\Big([x_i>y_j]+\tfrac12[x_i=y_j]\Big)",
    ),
    symbols=(
        Symbol("x", "x", "... n", "first sample; for χ² its counts by category"),
        Symbol("y", "y", "... m", "second sample; for χ² counts of the same categories"),
        Symbol("T", "test", "", "t, welch, mann-whitney or chi2", "other"),
        Symbol(
            "H_1",
            "alternative",
            "",
            r"two-sided; or x tends to be less, or greater ($\chi^2$ has no direction)",
            "other",
        ),
        Symbol(
            "H_0",
            "",
            "",
            "for t: both samples normal, of one mean and one variance; for Welch's: normal, of one mean; for U: of one "
            "distribution; for χ²: of the same probabilities",
        ),
        Symbol(r"p_{>},p_{<},p_{\ne}", "", "", r"p-value against greater, less, two-sided; for $\chi^2$ it is $p_{>}$"),
        Symbol(r"\alpha", "", "", "level: probability of a false alarm that is accepted"),
        Symbol(
            r"s_x^2,s_y^2", "", "", "sample variances, with n − 1 and m − 1 below the line; $s^2$ their weighted mean"
        ),
        Symbol(r"t,t_{\mathrm W}", "", "", "Student's and Welch's statistic"),
        Symbol(r"\nu", "", "", "their degrees of freedom"),
        Symbol(r"\chi^2", "", "", "Pearson's statistic; of k − 1 degrees of freedom in the limit"),
        Symbol("O,E", "", "", "observed and expected counts of the 2 × k table"),
        Symbol("N", "", "", "sum of all counts"),
        Symbol("U", "", "", "pairs in which x is greater; ties count ½"),
    ),
    returns=(Result("statistic", "...", "value of the test statistic"), Result("p", "...", "p-value")),
    needs=("distributions", "expectation"),
    source="student1908probable",
    year=1908,
    people=("Student (William S. Gosset)", "Karl Pearson", "Ronald A. Fisher", "Jerzy Neyman", "Egon Pearson"),
    aliases="significance test, p-value, t-test, chi-squared test, Mann-Whitney U test, "
    "p 值, t 检验, 卡方检验, 显著性检验, 秩和检验",
    implementations=(
        Implementation(
            "scipy.stats:ttest_ind", "numpy", _scipy, "`mannwhitneyu` and `chisquare` (or `chi2_contingency`) beside it"
        ),
    ),
    readings="wasserman2004all ch. 10; pearson1900criterion; mann1947test; welch1947generalization",
    hypotheses=(
        Hypothesis("the observations are independent", "copies-raise-alarms"),
        Hypothesis("for t: normal samples of one variance", "unequal-variances-need-welch"),
        Hypothesis(
            "for Welch's: large samples, and of a finite variance where they are not normal; for χ²: large expected counts",
            "small-samples-exceed-the-level, welch-needs-a-variance",
        ),
        Hypothesis(
            "the number of observations, and one look at them, are fixed in advance", "peeking-breaks-the-level"
        ),
    ),
    conventions=(
        Convention(
            "variances of the two samples in the t test",
            'equal for test="t", as in `scipy.stats.ttest_ind`; any for test="welch"',
            "any (Welch), in R's `t.test`",
        ),
        Convention(
            "correction of 2 × 2 tables",
            "none",
            "by ½ (Yates), in `scipy.stats.chi2_contingency` unless `correction=False`",
        ),
    ),
    deviations="`scipy.stats.mannwhitneyu` uses a normal approximation with ties, and where both samples have more than 8 "
    "observations, unless told otherwise.",
    differentiable=False,
)


@HYPOTHESIS_TEST.definition
def hypothesis_test(x, y, test="t", alternative="two-sided"):
    n, m = x.shape[-1], y.shape[-1]
    if test == "chi2":
        O = np.stack([x, y], axis=-2)  # (..., 2, k)
        E = O.sum(-1, keepdims=True) * O.sum(-2, keepdims=True) / O.sum((-2, -1), keepdims=True)
        T = ((O - E) ** 2 / E).sum((-2, -1))
        return T, chi2_tail(T, n - 1)
    if test == "mann-whitney":
        z = np.concatenate([x, y], axis=-1)

        def pairs(chosen):
            a, b = z[..., list(chosen)], np.delete(z, list(chosen), axis=-1)
            a, b = a[..., :, None], b[..., None, :]
            return (a > b).sum((-2, -1)) + (a == b).sum((-2, -1)) / 2

        U = pairs(range(n))
        dealt = np.stack([pairs(c) for c in combinations(range(n + m), n)])  # every way of dealing the values
        statistic, less, greater = U, (dealt <= U).mean(0), (dealt >= U).mean(0)
    else:
        a, b = x.var(-1, ddof=1) / n, y.var(-1, ddof=1) / m
        if test == "t":
            v, nu = ((n - 1) * n * a + (m - 1) * m * b) / (n + m - 2) * (1 / n + 1 / m), n + m - 2.0
        elif test == "welch":
            v, r = a + b, a / (a + b)  # shares: squares of tiny variances would vanish
            nu = 1 / (r**2 / (n - 1) + (1 - r) ** 2 / (m - 1))
        else:
            raise ValueError(f"no test is called {test}")
        statistic = (x.mean(-1) - y.mean(-1)) / np.sqrt(v)
        less, greater = t_tail(-statistic, nu), t_tail(statistic, nu)
    p = {"less": less, "greater": greater, "two-sided": np.minimum(1, 2 * np.minimum(less, greater))}
    return statistic, p[alternative]


@HYPOTHESIS_TEST.example
def example():
    x, y = np.array([4.0, 7.0, 6.0]), np.array([2.0, 5.0, 1.0, 3.0])
    t, p = hypothesis_test(x, y)
    welch, p_welch = hypothesis_test(x, y, "welch")
    U, p_ranks = hypothesis_test(x, y, "mann-whitney")
    sx, sy = x.var(ddof=1), y.var(ddof=1)
    pooled = (2 * sx + 3 * sy) / 5
    first, second = np.array([8.0, 2.0]), np.array([3.0, 7.0])
    chi2, p_chi2 = hypothesis_test(first, second, "chi2")
    return (
        dict(x=x, y=y, xbar=x.mean(), ybar=y.mean(), sx=sx, sy=sy, pooled=pooled)
        | dict(error=np.sqrt(pooled * (1 / 3 + 1 / 4)), t=t, p=p, welch=welch, p_welch=p_welch, U=U)
        | dict(p_ranks=p_ranks, deals=len(list(combinations(range(7), 3))), parted=2 / 35, expected=5.5)
        | dict(other=4.5, chi2=chi2, p_chi2=p_chi2, yates=2 * 2.0**2 * (1 / 5.5 + 1 / 4.5))
        | dict(p_yates=chi2_tail(2 * 2.0**2 * (1 / 5.5 + 1 / 4.5), 1))
    )


@HYPOTHESIS_TEST.exercise
def false_discoveries():
    false, true = 900 * 0.05, 100 * 0.8
    return number(false / (false + true), the_level=0.05, true_ones=true / (false + true))


@HYPOTHESIS_TEST.exercise
def three_and_three():
    _, p = hypothesis_test(np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0]), "mann-whitney")
    return number(p, one_side=p / 2, tosses=2 / 2**6)


@HYPOTHESIS_TEST.exercise
def looking_early():
    x, y = np.random.default_rng(0).standard_normal((2, 1000, 50))
    looks = np.stack([hypothesis_test(x[:, :k], y[:, :k])[1] <= 0.05 for k in (10, 20, 30, 40, 50)])
    rate = looks.any(0).mean()
    return choice(stays=abs(rate - 0.05) < 0.02, rises=rate >= 0.07, falls=rate <= 0.03)


@HYPOTHESIS_TEST.cases
def cases(rng):
    x, y = 10 + rng.standard_normal(5), 11 + 2 * rng.standard_normal(8)
    for alternative in ("two-sided", "less", "greater"):
        for test in ("t", "welch"):
            yield f"{test}, {alternative}", dict(x=x, y=y, test=test, alternative=alternative)
        yield f"ranks, {alternative}", dict(x=x[:4], y=y[:5], test="mann-whitney", alternative=alternative)
    yield "two and two", dict(x=np.array([1.0, 2.0]), y=np.array([1.5, 4.0]))
    yield "far apart", dict(x=x, y=y + 20, test="welch")
    yield ("ranks with ties", dict(x=np.array([1.0, 2, 2, 3]), y=np.array([2.0, 4, 4, 6, 3]), test="mann-whitney"))
    yield "one beside four", dict(x=np.array([9.0]), y=np.array([1.0, 2, 3, 4]), test="mann-whitney")
    yield "four categories", dict(x=rng.poisson(9.0, 4) + 1.0, y=rng.poisson(12.0, 4) + 1.0, test="chi2")
    yield "three categories", dict(x=rng.poisson(9.0, 3) + 1.0, y=rng.poisson(12.0, 3) + 1.0, test="chi2")
    yield "two by two", dict(x=np.array([12.0, 5.0]), y=np.array([7.0, 9.0]), test="chi2")
    for test in ("t", "welch"):
        yield f"{test}, many draws", dict(x=rng.standard_normal(40), y=0.3 + rng.standard_normal(30), test=test)
    yield "twenty categories", dict(x=rng.poisson(9.0, 20) + 1.0, y=rng.poisson(12.0, 20) + 1.0, test="chi2")


@HYPOTHESIS_TEST.invalid
def invalid(rng):
    yield "an unknown test", dict(x=np.arange(4.0), y=np.arange(5.0), test="tt")
    yield "an unknown alternative", dict(x=np.arange(4.0), y=np.arange(5.0), alternative="both")
    yield "counts of other categories", dict(x=np.ones(4), y=np.ones(3), test="chi2")
    yield "batches that do not fit", dict(x=rng.random((3, 4)), y=rng.random((2, 5)))


def share(p, alpha):
    """For each sample: is the hypothesis rejected?"""
    return (np.asarray(p) <= alpha).astype(float)


@HYPOTHESIS_TEST.claim
def false_positive_rate_is_alpha(test, rng):
    r"""The false-positive rate is $\alpha$: of 10 000 pairs of normal samples of one distribution, t rejects 5 % at
    0.05 and 20 % at 0.2"""
    p = test(3 + 2 * rng.standard_normal((10_000, 5)), 3 + 2 * rng.standard_normal((10_000, 7)))[1]
    return all_of(*[statistical(share(p, a), a, np.sqrt(a * (1 - a) / 10_000)) for a in (0.05, 0.2)])


@HYPOTHESIS_TEST.claim
def p_is_uniform(test, rng):
    r"""Under the hypothesis the p of a continuous statistic is uniform on $[0,1]$: $E\,p=\frac12$, $E\,p^2=\frac13$, for t to either side"""
    for alternative in ("two-sided", "less", "greater"):
        x, y = rng.standard_normal((2000, 4)), rng.standard_normal((2000, 6))
        p = test(x, y, alternative=alternative)[1]
        yield statistical(p, 1 / 2)
        yield statistical(p**2, 1 / 3)


@HYPOTHESIS_TEST.claim
def a_discrete_test_stays_below_its_level(test, rng):
    r"""An exact test of a discrete statistic does not exceed its level: of the 252 ways to deal ten ranks to 5 + 5, Mann–Whitney rejects 8
    at 0.05: a rate of $8/252=0.0317$; and never more than $\alpha$ at any level"""
    chosen = np.array(list(combinations(range(10), 5)))  # (252, 5)
    rest = np.array([np.setdiff1d(np.arange(10), c) for c in chosen])
    p = test(chosen + 0.0, rest + 0.0, test="mann-whitney")[1]
    levels = np.concatenate([np.linspace(0.005, 0.995, 100), p])
    rates = [share(p, a * (1 + 1e-12)).mean() / a for a in levels]
    yield identical(int(share(p, 0.05).sum()), 8)
    yield bound(max(rates), 1.0, "≤", Text("rate over level, at 352 levels", "352 个水平上误报率与水平之比"))


# Student 1908: hours of sleep that ten patients gained with two drugs; R's documentation prints its analysis.
SLEEP = np.array(
    [[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]]
)


@HYPOTHESIS_TEST.claim
def students_sleep_data(test, rng):
    """Student's sleep data, as two samples: $t=-1.8608$ and, by Welch, $p=0.07939$, as R prints them"""
    t, _ = test(*SLEEP)
    _, p = test(*SLEEP, test="welch")
    last = Text("half a unit of the last printed digit", "所印末位的半个单位")
    return all_of(near(t, -1.8608, 5e-5, last), near(p, 0.07939, 5e-6, last))


@HYPOTHESIS_TEST.claim
def chi2_is_the_square_of_z(test, rng):
    r"""χ² of a 2 × 2 table is the square of the z of two proportions, and $p=\operatorname{erfc}\sqrt{\chi^2/2}$:
    two-sided by itself, uncorrected"""
    import math

    x, y = np.array([30.0, 20.0]), np.array([18.0, 32.0])
    T, p = test(x, y, test="chi2")
    a, b, pooled = 0.6, 0.36, 0.48
    z = (a - b) / np.sqrt(pooled * (1 - pooled) * (1 / 50 + 1 / 50))
    return all_of(roundoff(T, z**2, terms=4), roundoff(p, math.erfc(abs(z) / math.sqrt(2)), terms=20))


@HYPOTHESIS_TEST.claim
def mean_of_chi2(test, rng):
    r"""Over all ways to deal out the observations with the same margins the mean of χ² is $\frac{N}{N-1}(k-1)$, exactly:
    4000 shuffles"""
    of = np.repeat([0, 1, 2], [12, 18, 30])
    order = rng.permuted(np.broadcast_to(of, (4000, 60)), axis=1)
    x = np.stack([(order[:, :25] == c).sum(1) for c in range(3)], -1) + 0.0
    T, _ = test(x, np.array([12.0, 18, 30]) - x, test="chi2")
    return statistical(T, 60 / 59 * 2)


@HYPOTHESIS_TEST.claim
def two_sides(test, rng):
    """One-sided p-values sum to 1 for t, and the two-sided is twice the smaller; in the middle of Mann–Whitney it is
    1, not more"""
    x, y = rng.standard_normal(6), rng.standard_normal(9)
    less, greater = (test(x, y, alternative=a)[1] for a in ("less", "greater"))
    _, both = test(x, y)
    _, middle = test(np.array([1.0, 4.0]), np.array([2.0, 3.0]), test="mann-whitney")
    yield roundoff(less + greater, 1.0, terms=9)
    yield roundoff(both, 2 * min(less, greater), terms=9, scale=1.0)
    yield roundoff(middle, 1.0)


@HYPOTHESIS_TEST.claim
def samples_may_be_exchanged(test, rng):
    """Exchanging the samples turns t into $-t$ and U into $nm-U$, and leaves the two-sided p"""
    x, y = rng.standard_normal(4), 1 + rng.standard_normal(5)
    for name, other in (("t", lambda t: -t), ("welch", lambda t: -t), ("mann-whitney", lambda U: 20 - U)):
        (a, p), (b, q) = test(x, y, test=name), test(y, x, test=name)
        yield invariance(b, other(a), terms=9, scale=max(1.0, abs(float(a))))
        yield invariance(q, p, terms=9, scale=1.0)


@HYPOTHESIS_TEST.claim
def units_and_ranks(test, rng):
    """Units do not matter to t; Mann–Whitney sees only the order: any strictly increasing function of the values leaves U
    and p, bit for bit"""
    x, y = rng.standard_normal(4), 1 + rng.standard_normal(5)
    t, p = test(x, y)
    moved = test(32 * x + 8, 32 * y + 8)
    ranks = [test(f(x), f(y), test="mann-whitney") for f in (lambda v: v, np.exp, np.cbrt)]
    yield invariance(moved, [t, p], terms=9, scale=8 + abs(float(t)))
    yield identical(ranks[1], ranks[0])
    yield identical(ranks[2], ranks[0])
    for name in ("t", "mann-whitney"):
        away = abs(float(test(x + 9, y, test=name)[0]) - float(test(x, y, test=name)[0]))
        yield bound(away, 0.5, "≥", Text("x alone moved", "只移动 x"))


@HYPOTHESIS_TEST.claim
def power_of_the_t_test(test, rng):
    """The power is that of the noncentral t: at 0.05, two-sided, with a difference of one deviation and
    10 + 10 observations 0.562"""
    from scipy import stats

    n, repeats = 10, 5000
    p = test(1 + rng.standard_normal((repeats, n)), rng.standard_normal((repeats, n)))[1]
    edge, shift = stats.t.ppf(0.975, 2 * n - 2), np.sqrt(n / 2)
    power = stats.nct.sf(edge, 2 * n - 2, shift) + stats.nct.cdf(-edge, 2 * n - 2, shift)
    return statistical(share(p, 0.05), power, np.sqrt(power * (1 - power) / repeats))


@HYPOTHESIS_TEST.claim
def unequal_variances_need_welch(test, rng):
    """Deviations 3 and 1, sizes 10 and 40: Student's test rejects 26 % at 0.05, five times its level; Welch's rejects
    5 %, to one percentage point"""
    repeats = 6000
    x, y = 3 * rng.standard_normal((repeats, 10)), rng.standard_normal((repeats, 40))
    student, welch = (share(test(x, y, test=name)[1], 0.05).mean() for name in ("t", "welch"))
    noise = 5 * np.sqrt(0.05 * 0.95 / repeats)
    five = Text("one percentage point, and five standard errors", "1 个百分点加上五倍标准误")
    wrong = Text("0.26 as rounded; five standard errors", "0.26 的舍入；五倍标准误")
    yield near(student, 0.26, 0.005 + 5 * np.sqrt(0.26 * 0.74 / repeats), wrong, "statistical")
    yield near(welch, 0.05, 0.01 + noise, five, "statistical")


@HYPOTHESIS_TEST.claim
def small_samples_exceed_the_level(test, rng):
    """On small samples χ² and Welch's test exceed their level: χ² rejects two Bin(8, ½) at 0.05 with probability 0.0768, by
    enumeration; Welch's rejects normal samples of 2 and 10 of one distribution in 10 %"""
    from math import comb

    n, repeats = 8, 20_000
    heads = np.array([(i, j) for i in range(n + 1) for j in range(n + 1) if 0 < i + j < 2 * n], float)  # else χ² is 0/0
    x, y = (np.stack([h, n - h], axis=-1) for h in heads.T)
    weights = np.array([comb(n, int(i)) * comb(n, int(j)) for i, j in heads]) / 4**n
    exact = float(weights @ share(test(x, y, test="chi2")[1], 0.05))
    welch = share(test(rng.standard_normal((repeats, 2)), rng.standard_normal((repeats, 10)), test="welch")[1], 0.05)
    yield roundoff(exact, 5034 / 65536, terms=81)
    yield near(
        welch.mean(),
        0.1,
        0.005 + 5 * np.sqrt(0.1 * 0.9 / repeats),
        Text("0.1 as rounded; noise", "0.1 的舍入；随机误差"),
        "statistical",
    )


@HYPOTHESIS_TEST.claim
def welch_needs_a_variance(test, rng):
    r"""Without a variance large samples do not help Welch's test: of 20 and 200 draws with $P(X>x)=x^{-1.2}$, $x\ge1$, it
    rejects 15 % at 0.05, of 200 and 2000 still 14 %"""
    for sizes, repeats, rate in (((20, 200), 4000, 0.151), ((200, 2000), 800, 0.138)):
        x, y = (1 + rng.pareto(1.2, (repeats, size)) for size in sizes)
        alarms = share(test(x, y, test="welch")[1], 0.05).mean()
        why = Text(f"{rate:g} of many samples; five standard errors", f"大量样本得 {rate:g}；五倍标准误")
        yield near(alarms, rate, 0.005 + 5 * np.sqrt(rate * (1 - rate) / repeats), why, "statistical")


@HYPOTHESIS_TEST.claim
def copies_raise_alarms(test, rng):
    """Copies are no observations: with each of 6 + 6 written twice t rejects 19 % at 0.05"""
    x, y = (np.repeat(rng.standard_normal((4000, 6)), 2, axis=-1) for _ in range(2))
    alarms = share(test(x, y)[1], 0.05).mean()
    # the copies divide the error of the mean by √2 and the variance by 11/10: t is √2.2 times as large
    why = Text("P(|t₁₀| ≥ 2.074/√2.2) = 0.192; five standard errors", "P(|t₁₀| ≥ 2.074/√2.2) = 0.192；五倍标准误")
    return near(alarms, 0.1923, 0.002 + 5 * np.sqrt(0.19 * 0.81 / 4000), why, "statistical")


@HYPOTHESIS_TEST.claim
def peeking_breaks_the_level(test, rng):
    r"""Looking after every 10 observations up to 100, and stopping at the first $p\le 0.05$, gives a false alarm in 20
    % of the samples, not 5 %"""
    repeats = 400
    x, y = rng.standard_normal((2, repeats, 100))
    looks = np.stack([share(test(x[:, :k], y[:, :k])[1], 0.05) for k in range(10, 101, 10)])
    once, ever = looks[-1], looks.max(0)
    why = Text(
        "0.196 of 320 000 samples (0.193 where the variance is known, Armitage et al. 1969); five standard errors",
        "32 万对样本得 0.196（方差已知时为 0.193，Armitage 等 1969）；五倍标准误",
    )
    yield statistical(once, 0.05, np.sqrt(0.05 * 0.95 / repeats))
    yield near(ever.mean(), 0.196, 0.002 + 5 * np.sqrt(0.196 * 0.804 / repeats), why, "statistical")


@HYPOTHESIS_TEST.mutant(
    caught_by="equals-definition, false-positive-rate-is-alpha, two-sides, a-discrete-test-stays-below-its-level, "
    "students-sleep-data, p-is-uniform, copies-raise-alarms"
)
def one_sided(x, y, test="t", alternative="two-sided"):
    """the one-sided p for the two-sided"""
    T, p = hypothesis_test(x, y, test, alternative)
    return T, (p / 2 if alternative == "two-sided" and test != "chi2" else p)


@HYPOTHESIS_TEST.mutant(caught_by="equals-definition, false-positive-rate-is-alpha, power-of-the-t-test")
def normal_tail(x, y, test="t", alternative="two-sided"):
    """the normal tail for Student's"""
    T, p = hypothesis_test(x, y, test, alternative)
    if test not in ("t", "welch"):
        return T, p
    p = erfc({"two-sided": np.abs(T), "less": -T, "greater": T}[alternative] / np.sqrt(2)) / 2
    return T, (2 * p if alternative == "two-sided" else p)


@HYPOTHESIS_TEST.mutant(caught_by="false-positive-rate-is-alpha, students-sleep-data, equals-definition")
def biased_variances(x, y, test="t", alternative="two-sided"):
    """the variances divided by n, not n − 1"""
    T, p = hypothesis_test(x, y, test, alternative)
    if test not in ("t", "welch"):
        return T, p
    n, m = x.shape[-1], y.shape[-1]
    T, nu = T * np.sqrt((n + m) / (n + m - 2)), n + m - 2
    p = t_tail({"two-sided": np.abs(T), "less": -T, "greater": T}[alternative], nu)
    return T, (2 * p if alternative == "two-sided" else p)


@HYPOTHESIS_TEST.mutant(caught_by="unequal-variances-need-welch, welch-needs-a-variance, equals-definition")
def student_for_welch(x, y, test="t", alternative="two-sided"):
    """Student's test under Welch's name"""
    return hypothesis_test(x, y, "t" if test == "welch" else test, alternative)


@HYPOTHESIS_TEST.mutant(caught_by="a-discrete-test-stays-below-its-level, equals-definition")
def strictly_more_extreme(x, y, test="t", alternative="two-sided"):
    """results as extreme as the observed one are not counted (< for ≤)"""
    T, p = hypothesis_test(x, y, test, alternative)
    if test != "mann-whitney":
        return T, p
    less, greater = (hypothesis_test(x, y, test, a)[1] for a in ("less", "greater"))
    beyond = {"less": 1 - greater, "greater": 1 - less}
    return T, beyond.get(alternative, 2 * np.minimum(1 - greater, 1 - less))


@HYPOTHESIS_TEST.mutant(caught_by="two-sides")
def beyond_one(x, y, test="t", alternative="two-sided"):
    """twice the smaller side, not cut at 1"""
    T, p = hypothesis_test(x, y, test, alternative)
    if test != "mann-whitney" or alternative != "two-sided":
        return T, p
    return T, 2 * np.minimum(*(hypothesis_test(x, y, test, a)[1] for a in ("less", "greater")))


@HYPOTHESIS_TEST.mutant(caught_by="equals-definition")
def ties_dropped(x, y, test="t", alternative="two-sided"):
    """ties count for nothing"""
    T, p = hypothesis_test(x, y, test, alternative)
    if test != "mann-whitney":
        return T, p
    return T - (x[..., :, None] == y[..., None, :]).sum((-2, -1)) / 2, p


@HYPOTHESIS_TEST.mutant(
    caught_by="chi2-is-the-square-of-z, mean-of-chi2, small-samples-exceed-the-level, equals-definition"
)
def corrected_chi2(x, y, test="t", alternative="two-sided"):
    """k degrees of freedom for k − 1, and Yates' correction on any table"""
    if test != "chi2":
        return hypothesis_test(x, y, test, alternative)
    O = np.stack([x, y], axis=-2)
    E = O.sum(-1, keepdims=True) * O.sum(-2, keepdims=True) / O.sum((-2, -1), keepdims=True)
    T = (np.maximum(np.abs(O - E) - 0.5, 0) ** 2 / E).sum((-2, -1))
    return T, chi2_tail(T, x.shape[-1])


@HYPOTHESIS_TEST.mutant(caught_by="samples-may-be-exchanged, equals-definition")
def variance_of_the_first(x, y, test="t", alternative="two-sided"):
    """only the first sample's deviation stands below the line"""
    T, p = hypothesis_test(x, y, test, alternative)
    if test not in ("t", "welch"):
        return T, p
    return (x.mean(-1) - y.mean(-1)) / (x.std(-1, ddof=1) * np.sqrt(1 / x.shape[-1] + 1 / y.shape[-1])), p


@HYPOTHESIS_TEST.mutant(caught_by="units-and-ranks, equals-definition")
def values_for_ranks(x, y, test="t", alternative="two-sided"):
    """U is computed from the values, not their order"""
    T, p = hypothesis_test(x, y, test, alternative)
    return (T, p) if test != "mann-whitney" else (x.sum(-1) - y.sum(-1), p)


@HYPOTHESIS_TEST.mutant(caught_by="peeking-breaks-the-level")
def no_alarm_from_a_few(x, y, test="t", alternative="two-sided"):
    """an alarm needs the first half of the data to agree"""
    T, p = hypothesis_test(x, y, test, alternative)
    if test != "t" or x.shape[-1] < 10:
        return T, p
    return T, np.maximum(
        p, hypothesis_test(x[..., : x.shape[-1] // 2], y[..., : y.shape[-1] // 2], test, alternative)[1]
    )


@HYPOTHESIS_TEST.figure(
    difference=Slider(0.0, 2.0, 0.8, "true difference of the means, in deviations"),
    n=Slider(3, 100, 15, "observations in each sample", log=True, integer=True),
)
def figure(difference, n):
    n = int(n)
    rng = np.random.default_rng(3)
    x, y = difference + rng.standard_normal((4000, n)), rng.standard_normal((4000, n))
    t, p = hypothesis_test(x, y)
    _, null = hypothesis_test(x - difference, y)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    grid = np.linspace(-6, 8, 281)
    tails = t_tail(grid, 2.0 * n - 2)
    density = -np.gradient(tails, grid)
    edge = float(grid[np.searchsorted(-tails, -0.025)])
    left.plot(grid, density, color=COLOURS[0], label="no difference")
    left.fill_between(grid, density, where=np.abs(grid) >= edge, color=COLOURS[0], alpha=0.35)
    left.hist(
        t, bins=60, range=(-6, 8), density=True, color=COLOURS[1], alpha=0.4, label=f"difference {difference:.2f}"
    )
    left.axvline(edge, color=COLOURS[6], ls="--")
    left.axvline(-edge, color=COLOURS[6], ls="--")
    left.set(xlabel="t", title="Student's t of 4000 pairs of samples")
    left.legend(frameon=False, fontsize=9.5)
    for values, colour, name in ((null, COLOURS[0], "no difference"), (p, COLOURS[1], f"difference {difference:.2f}")):
        right.hist(values, bins=np.linspace(0, 1, 21), density=True, color=colour, alpha=0.45, label=name)
    right.axvline(0.05, color=COLOURS[6], ls="--")
    right.set(xlabel="p", title=r"p-values; rejected left of $\alpha=0.05$")
    right.legend(frameon=False, fontsize=9.5)
    power, alarms = float((p <= 0.05).mean()), float((null <= 0.05).mean())
    words = Text(
        f"{n} + {n} observations: without a difference {alarms:.1%} of the samples are rejected at 0.05; with one of {difference:.2f} deviations {power:.1%} are (the power).",
        f"{n} + {n} 个观测：没有差异时 0.05 水平拒绝 {alarms:.1%} 的样本；相差 {difference:.2f} 个标准差时拒绝 {power:.1%}（即功效）。",
    )
    return Drawing(fig, words)
