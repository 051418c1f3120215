"""One-way analysis of variance, and the digits that its formulas lose."""

import json
from functools import cache
from importlib.resources import files

import numpy as np

from gradus.concepts.foundations.hypothesis_test.tails import f_tail
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import Evidence, all_of, bound, invariance, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(analyse, y, g):
    a = analyse(y, g)
    return tuple(np.float64(v) for v in (a.between, a.within, a.f_statistic, a.p_value, a.r_squared))


ANALYSIS_OF_VARIANCE = Concept(
    key="analysis-of-variance",
    kind="definition",
    title="Analysis of variance",
    summary="Do several groups have one mean? The variation splits into one part between the groups and one within "
    "them; F is the ratio of the two, each by its degrees of freedom. One test in place of all pairs, each of which "
    "would raise its own false alarms.",
    formulas=(
        r"\underbrace{\sum_{i}\sum_{j}(y_{ij}-\bar y)^2}_{\mathrm{TSS}}=\underbrace{\sum_{i=1}^{k}n_i(\bar y_i-\bar y)^2}_{\mathrm{SSB}}+\underbrace{\sum_{i=1}^{k}\sum_{j=1}^{n_i}(y_{ij}-\bar y_i)^2}_{\mathrm{SSW}}",
        r"F=\frac{\mathrm{SSB}/(k-1)}{\mathrm{SSW}/(n-k)},\qquad p=P(F_{k-1,\,n-k}\ge F),\qquad R^2=\frac{\mathrm{SSB}}{\mathrm{TSS}}",
        r"E\,\frac{\mathrm{SSW}}{n-k}=\sigma^2,\qquad E\,\frac{\mathrm{SSB}}{k-1}=\sigma^2+\frac{1}{k-1}\sum_i n_i(\mu_i-\bar\mu)^2",
    ),
    symbols=(
        Symbol("y_{ij}", "y", "n", "all observations; the j-th of group i"),
        Symbol("i", "g", "n", "the group of each observation: 0 … k − 1", "index"),
        Symbol("n,n_i", "", "", "number of observations, and of those in group i"),
        Symbol("k", "", "", "number of groups"),
        Symbol(r"\bar y_i,\bar y", "", "", "mean of group i, and of all"),
        Symbol(
            r"\mathrm{TSS},\mathrm{SSB},\mathrm{SSW}", "", "", "sums of squares: all, between and within the groups"
        ),
        Symbol(
            "F",
            "",
            "",
            "ratio of the mean squares; $F_{k-1,\\,n-k}$ is a variable of Fisher's distribution with those degrees of freedom",
        ),
        Symbol("R^2", "", "", "share of the variation between the groups"),
        Symbol(
            r"\mu_i,\bar\mu,\sigma^2",
            "",
            "",
            "true means, their mean weighted by $n_i$, the variance that all groups share",
        ),
    ),
    returns=(
        Result("SSB", "", "sum of squares between the groups"),
        Result("SSW", "", "sum of squares within the groups"),
        Result("F", "", "ratio of the mean squares"),
        Result("p", "", "p-value"),
        Result("eta2", "", "share of the variation between the groups"),
    ),
    needs=("hypothesis-test", "linear-regression"),
    source="fisher1925statistical",
    year=1925,
    people=("Ronald A. Fisher",),
    aliases="ANOVA, F-test, one-way ANOVA, variance analysis, F 检验, 单因素方差分析, 变异数分析",
    implementations=(
        Implementation(
            "gradus.foundations.analysis_of_variance:analysis_of_variance",
            "numpy",
            _ours,
            "differences from the first observation, exact sums; Decimals are subtracted before they are stored",
        ),
    ),
    readings="fisher1925statistical ch. VII; nist2003strd; simon1989assessing; higham2002accuracy §1.9",
    hypotheses=(
        Hypothesis("all groups have one variance", "unequal-variances-break-the-level"),
        Hypothesis("for the p-value: the observations are normal", "heavy-tails-move-the-level"),
        Hypothesis("the observations are independent", "copies-raise-alarms"),
    ),
    deviations="`scipy.stats.f_oneway` takes one array a group and gives F and p alone; it too subtracts the mean of "
    "all first.",
)


@ANALYSIS_OF_VARIANCE.definition
def analysis_of_variance(y, g):
    n, k = len(y), g.max() + 1
    groups = [y[g == i] for i in range(k)]
    SSB = sum(len(a) * (a.mean() - y.mean()) ** 2 for a in groups)
    SSW = sum(((a - a.mean()) ** 2).sum() for a in groups)
    F = (SSB / (k - 1)) / (SSW / (n - k))
    return SSB, SSW, F, f_tail(F, k - 1, n - k), SSB / (SSB + SSW)


@ANALYSIS_OF_VARIANCE.example
def example():
    y, g = np.array([1.0, 3.0, 4.0, 5.0, 6.0, 11.0]), np.array([0, 0, 1, 1, 1, 2])
    sizes = np.bincount(g)
    means = np.bincount(g, y) / sizes
    away, off = means - y.mean(), y - means[g]
    SSB, SSW, F, p, share = analysis_of_variance(y, g)
    lost = one_pass(y + 1e8, g)
    return (
        dict(y=y, g=g, sizes=sizes, means=means, grand=y.mean(), away=away, between=sizes * away**2)
        | dict(within=np.bincount(g, off**2), SSB=SSB, SSW=SSW, TSS=((y - y.mean()) ** 2).sum(), MSB=SSB / 2)
        | dict(MSW=SSW / 3, F=F, p=float(p), share=share, lost=np.array(lost[:2]), alarms=1 - 0.95**3)
        | dict(moved=analysis_of_variance(np.where(g == 2, y - 6, y), g)[2])
    )


@ANALYSIS_OF_VARIANCE.exercise
def from_a_table():
    means, n = np.array([10.0, 12.0, 14.0]), 5
    between, within = n * means.var(ddof=1), 4.0
    return number(between / within, size_forgotten=means.var(ddof=1) / within, by_k=n * means.var() / within)


@ANALYSIS_OF_VARIANCE.exercise
def against_a_t_test():
    from scipy import stats

    y, g = np.array([1.0, 3.0, 2.0, 6.0, 5.0, 9.0, 4.0]), np.array([0, 0, 0, 1, 1, 1, 1])
    _, _, F, p, _ = analysis_of_variance(y, g)
    t = stats.ttest_ind(y[g == 0], y[g == 1])
    same = bool(np.isclose(p, t.pvalue))
    return choice(
        square=same and np.isclose(F, t.statistic**2),
        equal=same and np.isclose(F, abs(t.statistic)),
        halved=bool(np.isclose(p, t.pvalue / 2)),
    )


@ANALYSIS_OF_VARIANCE.exercise
def a_billion_added():
    y, g = np.array([1.0, 3.0, 4.0, 5.0, 6.0, 11.0]), np.array([0, 0, 1, 1, 1, 2])
    true, got = analysis_of_variance(y, g)[2], one_pass(y + 1e9, g)[2]
    wrong = bool(np.isnan(got)) or abs(got / true - 1)
    return choice(nothing=wrong < 1e-14, last_digits=1e-14 <= wrong < 1e-3, nonsense=wrong >= 1e-3)


@ANALYSIS_OF_VARIANCE.cases
def cases(rng):
    g = np.array([0, 1, 2, 0, 1, 2, 0, 0, 1])
    yield "three groups of unlike size", dict(y=5 + rng.standard_normal(9) + g, g=g)
    yield "two groups", dict(y=rng.gamma(4.0, size=8), g=np.repeat([0, 1], [3, 5]))
    yield "groups of one beside one of three", dict(y=rng.gamma(4.0, size=5), g=np.array([0, 1, 2, 2, 2]))
    yield "far apart", dict(y=np.repeat([1.0, 9.0, 4.0], 4) + rng.random(12), g=np.repeat([0, 1, 2], 4))
    yield "ten groups", dict(y=20 + rng.standard_normal(60), g=np.arange(60) % 10)


@ANALYSIS_OF_VARIANCE.invalid
def invalid(rng):
    yield "fewer groups named than observations", dict(y=rng.random(5), g=np.array([0, 1, 0, 1]))
    yield "a table", dict(y=rng.random((4, 3)), g=np.array([0, 1, 0]))


def one_pass(y, g):
    """Σy² − (Σy)²/n, as desk calculators did it: one pass, and the leading digits cancel."""
    groups = [y[g == i] for i in range(g.max() + 1)]
    correction, squares = y.sum() ** 2 / len(y), sum(a.sum() ** 2 / len(a) for a in groups)
    SSB, SSW = squares - correction, (y**2).sum() - squares
    with np.errstate(divide="ignore", invalid="ignore"):  # nothing may be left
        F = (SSB / (len(groups) - 1)) / (SSW / (len(y) - len(groups)))
        return SSB, SSW, F, SSB / (SSB + SSW)


@cache
def nist():
    """The 11 reference sets as (name, y, g, certified F)."""
    record = json.loads((files("gradus") / "assets" / "nist_strd_anova.json").read_text(encoding="utf-8"))
    made = []
    for name, s in record["sets"].items():
        if "groups" in s:
            groups = [np.array(values, float) for values in s["groups"]]
        else:  # each group: its value once, then a tenth below and above it in turn; exact integers, rounded once
            turns = np.array([0, *[-1, 1] * ((s["replicates"] - 1) // 2)])
            groups = [(s["constant"] * 10 + t + turns) / 10 for t in s["tenths"]]
        g = np.repeat(np.arange(len(groups)), [len(a) for a in groups])
        made.append((name, np.concatenate(groups), g, float(s["f_statistic"])))
    return made


@cache
def exact_f(name):
    """F of the stored observations, in rational arithmetic, rounded once."""
    from fractions import Fraction

    y, g = next((y, g) for n, y, g, _ in nist() if n == name)
    unit = max(float(v).as_integer_ratio()[1] for v in y)
    z = [int(v * unit) for v in y.tolist()]  # exact: unit is a power of two
    groups = [[v for v, i in zip(z, g, strict=True) if i == c] for c in range(g.max() + 1)]
    squares = sum(Fraction(sum(a) ** 2, len(a)) for a in groups)
    between, within = squares - Fraction(sum(z) ** 2, len(z)), sum(v * v for v in z) - squares
    return float((between / (len(groups) - 1)) / (within / (len(z) - len(groups))))


def digits(got, want):
    """Digits that agree: −log₁₀ of the relative error, between 0 and 15.9."""
    return float(np.clip(-np.log10(max(abs(got - want) / abs(want), 1e-16)), 0, 15.9))


@ANALYSIS_OF_VARIANCE.claim(of_definition=False)
def nist_sets_to_the_last_digit(analyse, rng):
    r"""On all 11 NIST reference sets F is that of exact rational arithmetic on the stored observations, to
    $16\varepsilon$"""
    evidence, table = [], []
    for name, y, g, certified in nist():
        F, naive = float(analyse(y, g)[2]), one_pass(y, g)[2]
        want = exact_f(name)
        evidence.append(roundoff(F / want, 1.0, terms=1, c=16))
        table.append(f"{name} {digits(F, certified):.1f}/{digits(naive, certified):.1f}")
    e = all_of(*evidence)
    said = ", ".join(table)
    return Evidence(
        e.kind,
        e.measured,
        e.relation,
        e.expected,
        e.tolerance,
        e.because,
        Text(f"digits of the certified F, this/one-pass: {said}", f"与认证 F 相符的位数，本实现/单遍公式：{said}"),
    )


# Digits that the storing leaves: 15 less those that all observations share, twice when they are subtracted.
KEPT = {
    "AtmWtAg": 10,
    "SiRstv": 13,
    "SmLs01": 13,
    "SmLs02": 13,
    "SmLs03": 13,
    "SmLs04": 10,
    "SmLs05": 10,
    "SmLs06": 10,
    "SmLs07": 4,
    "SmLs08": 4,
    "SmLs09": 4,
}


@ANALYSIS_OF_VARIANCE.claim(of_definition=False)
def digits_of_the_certified_f(analyse, rng):
    """Certified digits of F: 13 and more where the observations share up to 3 leading digits, 10 where they share 7, 4
    where they share 13; storing the observations costs the rest. The one-pass formula keeps 8 to 13, 1 and none"""
    for name, y, g, certified in nist():
        kept, left = digits(float(analyse(y, g)[2]), certified), digits(one_pass(y, g)[2], certified)
        why = Text(
            f"{name}: {kept:.1f} digits, {left:.1f} by the one-pass formula",
            f"{name}：{kept:.1f} 位，单遍公式 {left:.1f} 位",
        )
        yield bound(kept, KEPT[name], "≥", why)
        yield bound(kept - left, 2.0, "≥", why)
        if KEPT[name] == 13:
            yield bound(left, 8, "≥", why)
        yield bound(left, {13: 13.5, 10: 2, 4: 1}[KEPT[name]], "≤", why)


@ANALYSIS_OF_VARIANCE.claim
def shifted_before_they_are_stored(analyse, rng):
    """A constant that is subtracted before the observations are stored costs nothing: on tenths F is 21, 201 and 2001
    to 13 digits"""
    for name, y, g, certified in nist():
        if name in ("SmLs07", "SmLs08", "SmLs09"):  # the constant and the tenth are known: y − 10¹² is read off
            tenths = np.rint((y - 1e12) * 10) / 10
            yield bound(digits(float(analyse(tenths, g)[2]), certified), 13, "≥")


@ANALYSIS_OF_VARIANCE.claim
def equals_f_oneway(analyse, rng):
    """F and p are those of `scipy.stats.f_oneway`"""
    from scipy import stats

    g = np.repeat([0, 1, 2, 3], [4, 7, 5, 6])
    y = rng.standard_normal(22) + 0.3 * g
    want = stats.f_oneway(*[y[g == i] for i in range(4)])
    _, _, F, p, _ = analyse(y, g)
    return all_of(roundoff(F, want.statistic, terms=22), roundoff(p, want.pvalue, terms=22, scale=1.0))


@ANALYSIS_OF_VARIANCE.claim
def two_groups_are_students_test(analyse, rng):
    """With two groups F is the square of Student's t, with the same p"""
    from scipy import stats

    g = np.repeat([0, 1], [6, 9])
    y = rng.standard_normal(15) + g
    want = stats.ttest_ind(y[g == 0], y[g == 1])
    _, _, F, p, _ = analyse(y, g)
    return all_of(roundoff(F, want.statistic**2, terms=15), roundoff(p, want.pvalue, terms=15, scale=1.0))


@ANALYSIS_OF_VARIANCE.claim
def parts_make_the_whole(analyse, rng):
    r"""The parts make the whole: $\mathrm{SSB}+\mathrm{SSW}=\mathrm{TSS}$, and $R^2=\mathrm{SSB}/\mathrm{TSS}$"""
    g = np.arange(30) % 4
    y = rng.standard_normal(30) + g
    SSB, SSW, _, _, R2 = analyse(y, g)
    total = ((y - y.mean()) ** 2).sum()
    return all_of(roundoff(SSB + SSW, total, terms=30), roundoff(R2, SSB / total, terms=30, scale=1.0))


@ANALYSIS_OF_VARIANCE.claim
def names_order_and_units_do_not_matter(analyse, rng):
    """Groups may be renumbered, observations reordered, all shifted and rescaled: F and p stay"""
    g = np.repeat([0, 1, 2], [4, 6, 5])
    y = rng.standard_normal(15)
    y -= y.mean()
    _, _, F, p, _ = analyse(y, g)
    q = rng.permutation(15)
    _, _, F2, p2, _ = analyse(8 * y[q] + 16, np.array([2, 0, 1])[g[q]])
    yield invariance([F2, p2], [F, p], terms=15, scale=20 * max(1.0, float(F)))
    yield bound(
        abs(float(analyse(y + 9 * g, g)[2]) - float(F)), 1.0, "≥", Text("one group alone moved", "只移动部分组")
    )


@ANALYSIS_OF_VARIANCE.claim
def one_test_keeps_the_level(analyse, rng):
    """When all means are equal the test rejects 5 % of the normal samples at 0.05; t tests of all ten pairs of five groups
    of six raise at least one alarm in more than 20 %"""
    from itertools import combinations

    from scipy import stats

    repeats, g = 1000, np.repeat(np.arange(5), 6)
    y = rng.standard_normal((repeats, 5, 6))
    alarms = [float(analyse(sample.ravel(), g)[3] <= 0.05) for sample in y]
    pairs = [stats.ttest_ind(y[:, a], y[:, b], axis=-1).pvalue <= 0.05 for a, b in combinations(range(5), 2)]
    yield statistical(alarms, 0.05, np.sqrt(0.05 * 0.95 / repeats))
    yield bound(np.any(pairs, 0).mean(), 0.2, "≥", Text("four times the level", "名义水平的四倍"))


def alarms(analyse, samples, g):
    """The share of samples that the test rejects at 0.05."""
    return float(np.mean([float(analyse(y, g)[3]) <= 0.05 for y in samples]))


@ANALYSIS_OF_VARIANCE.claim
def unequal_variances_break_the_level(analyse, rng):
    """Where a small group varies most the level is lost: deviations 5, 1 and 1 in groups of 4, 12 and 12 are rejected at
    0.05 in more than 20 %"""
    g = np.repeat([0, 1, 2], [4, 12, 12])
    y = rng.standard_normal((600, 28)) * np.array([5.0, 1.0, 1.0])[g]
    share = alarms(analyse, y, g)
    yield bound(share, 0.2, "≥", Text("four times the level", "名义水平的四倍"))
    yield bound(
        share, 0.45, "≤", Text("0.328 of 50 000 samples; five standard errors", "5 万个样本得 0.328；五倍标准误")
    )


@ANALYSIS_OF_VARIANCE.claim
def heavy_tails_move_the_level(analyse, rng):
    """The level is that of normal data: of Cauchy data of one distribution fewer than 4 % are rejected at 0.05 in three
    groups of 4, but more than 6 % in groups of 10, 2 and 2"""
    g = np.repeat([0, 1, 2], 4)
    share = alarms(analyse, rng.standard_cauchy((1000, 12)), g)
    yield bound(
        share, 0.04, "≤", Text("0.018 of 50 000 samples; five standard errors", "5 万个样本得 0.018；五倍标准误")
    )
    yield bound(share, 1e-3, "≥", Text("some are", "仍有被拒绝的"))
    unlike = alarms(analyse, rng.standard_cauchy((1000, 14)), np.repeat([0, 1, 2], [10, 2, 2]))
    why = Text("0.108 of 100 000 samples; four standard errors", "10 万个样本得 0.108；四倍标准误")
    yield bound(unlike, 0.06, "≥", why)


@ANALYSIS_OF_VARIANCE.claim
def copies_raise_alarms(analyse, rng):
    """Copies are no observations: with each of three groups of 5 written twice more than 15 % are rejected at 0.05"""
    g = np.repeat([0, 1, 2], 10)
    y = np.repeat(rng.standard_normal((600, 15)), 2, axis=1)
    share = alarms(analyse, y, g)
    yield bound(share, 0.15, "≥", Text("three times the level", "名义水平的三倍"))
    yield bound(share, 0.4, "≤", Text("eight times the level", "名义水平的八倍"))


@ANALYSIS_OF_VARIANCE.claim
def expected_mean_squares(analyse, rng):
    r"""The mean squares estimate what the formula says: within $\sigma^2$, between
    $\sigma^2+\frac{1}{k-1}\sum n_i(\mu_i-\bar\mu)^2$"""
    g, mu = np.repeat([0, 1, 2], [3, 5, 4]), np.array([0.0, 1.0, -0.5])
    parts = np.array([analyse(mu[g] + 2 * rng.standard_normal(12), g)[:2] for _ in range(800)])
    weights = np.array([3, 5, 4])
    spread = (weights * (mu - (weights @ mu) / 12) ** 2).sum() / 2
    return all_of(statistical(parts[:, 1] / 9, 4.0), statistical(parts[:, 0] / 2, 4.0 + spread))


@ANALYSIS_OF_VARIANCE.claim
def equal_means(analyse, rng):
    """Groups of equal sample means give $F=0$ and $p=1$"""
    y, g = np.array([1.0, 3.0, 0.0, 4.0, 2.0, 2.0]), np.array([0, 0, 1, 1, 2, 2])
    SSB, SSW, F, p, _ = analyse(y, g)
    parts = roundoff(np.array([SSB, SSW, F], float), np.array([0.0, 10.0, 0.0]), terms=6, scale=10.0)
    return all_of(parts, roundoff(float(p), 1.0, terms=6))


@ANALYSIS_OF_VARIANCE.mutant(caught_by="nist-sets-to-the-last-digit, digits-of-the-certified-f")
def naive_one_pass(y, g):
    """the one-pass formula"""
    SSB, SSW, F, R2 = one_pass(y, g)
    return SSB, SSW, F, f_tail(max(F, 0.0), g.max(), len(y) - g.max() - 1), R2


@ANALYSIS_OF_VARIANCE.mutant(caught_by="nist-sets-to-the-last-digit, digits-of-the-certified-f")
def rounded_means(y, g):
    """two passes with rounded means: the formula as it is written"""
    return analysis_of_variance(y, g)


@ANALYSIS_OF_VARIANCE.mutant(
    caught_by="equals-definition, equals-f-oneway, two-groups-are-students-test, shifted-before-they-are-stored"
)
def n_for_n_minus_k(y, g):
    """n for n − k below the line"""
    SSB, SSW, F, _, R2 = analysis_of_variance(y, g)
    n, k = len(y), g.max() + 1
    F = F * n / (n - k)
    return SSB, SSW, F, f_tail(F, k - 1, n - k), R2


@ANALYSIS_OF_VARIANCE.mutant(caught_by="parts-make-the-whole, equals-f-oneway, equal-means")
def unweighted(y, g):
    """the groups are not weighted by their sizes"""
    _, SSW, _, p, _ = analysis_of_variance(y, g)
    means = np.array([y[g == i].mean() for i in range(g.max() + 1)])
    SSB = ((means - y.mean()) ** 2).sum() * len(y) / len(means) + 1e-9
    return SSB, SSW, SSB / g.max() / (SSW / (len(y) - len(means))), p, SSB / (SSB + SSW)


@ANALYSIS_OF_VARIANCE.mutant(
    caught_by="parts-make-the-whole, expected-mean-squares, one-test-keeps-the-level, heavy-tails-move-the-level"
)
def total_for_within(y, g):
    """variation about the mean of all is called the variation within"""
    SSB, SSW, _, _, R2 = analysis_of_variance(y, g)
    n, k = len(y), g.max() + 1
    F = (SSB / (k - 1)) / ((SSB + SSW) / (n - k))
    return SSB, SSB + SSW, F, f_tail(F, k - 1, n - k), R2


@ANALYSIS_OF_VARIANCE.mutant(
    caught_by="equals-f-oneway, equal-means, unequal-variances-break-the-level, copies-raise-alarms"
)
def lower_tail(y, g):
    """the area below F for that above it"""
    SSB, SSW, F, p, R2 = analysis_of_variance(y, g)
    return SSB, SSW, F, 1 - p, R2


@ANALYSIS_OF_VARIANCE.mutant(caught_by="names-order-and-units-do-not-matter, equals-f-oneway")
def trend_over_the_numbers(y, g):
    """the number of a group is taken for a measurement"""
    n = len(y)
    r2 = np.corrcoef(g, y)[0, 1] ** 2
    total = ((y - y.mean()) ** 2).sum()
    F = r2 / (1 - r2) * (n - 2)
    return r2 * total, (1 - r2) * total, F, f_tail(F, 1, n - 2), r2


@ANALYSIS_OF_VARIANCE.figure(
    difference=Slider(0.0, 2.0, 0.7, "spread of the true means, in deviations"),
    n=Slider(3, 40, 10, "observations in each group", log=True, integer=True),
)
def figure(difference, n):
    n, k = int(n), 4
    rng = np.random.default_rng(8)
    mu = difference * np.array([-1.0, 0.2, 1.2, -0.4])
    g = np.repeat(np.arange(k), n)
    y = rng.standard_normal((k, n)) + mu[:, None]
    SSB, SSW, F, p, R2 = analysis_of_variance(y.ravel(), g)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    for i in range(k):
        left.plot(i + np.linspace(-0.25, 0.25, n), y[i], ".", color=COLOURS[i])
        left.plot([i - 0.35, i + 0.35], [y[i].mean()] * 2, color=COLOURS[i], lw=2)
    left.axhline(y.mean(), color=COLOURS[6], ls="--")
    left.set(xticks=range(k), xlabel="group", ylabel="y", title=f"F = {F:.2f}, p = {p:.2g}")
    names, ours, naive = [], [], []
    for name, values, groups, certified in nist():
        names.append(name)
        ours.append(digits(exact_f(name), certified))
        naive.append(digits(one_pass(values, groups)[2], certified))
    place = np.arange(len(names))
    right.barh(place - 0.2, ours, 0.38, color=COLOURS[0], label="exact sums")
    right.barh(place + 0.2, naive, 0.38, color=COLOURS[1], label="one-pass formula")
    right.set(yticks=place, yticklabels=names, xlim=(0, 16), xlabel="correct digits of F", title="NIST reference sets")
    right.invert_yaxis()
    right.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, fontsize=9.5)
    table = "; ".join(f"{a} {q:.1f}/{m:.1f}" for a, q, m in zip(names, ours, naive, strict=True))
    words = Text(
        f"Four groups of {n}: between {SSB:.1f}, within {SSW:.1f}, F = {F:.2f}, p = {p:.2g}, R² = {R2:.2f}. "
        f"Digits of the certified F on the NIST sets, exact sums / one-pass formula: {table}.",
        f"四组各 {n} 个观测：组间 {SSB:.1f}，组内 {SSW:.1f}，F = {F:.2f}，p = {p:.2g}，R² = {R2:.2f}。"
        f"NIST 数据集上与认证 F 相符的位数（精确求和 / 单遍公式）：{table}。",
    )
    return Drawing(fig, words)
