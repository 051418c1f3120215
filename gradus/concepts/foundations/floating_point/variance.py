"""Computing a variance: two passes, one pass with updates, and the one-pass formula that can be negative."""

from fractions import Fraction

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

U = 2.0**-53


def _torch(var, x):
    return var(x, dim=-1, correction=0)


VARIANCE = Concept(
    key="computed-variance",
    kind="algorithm",
    title="Computing the variance",
    summary=r"$\overline{x^2}-\bar x^2$ needs one pass, and subtracts two large nearly equal numbers: for data around "
    "$10^9$ with variance 1 it can be negative. Two passes, or Welford's updates, lose only what the data's "
    "condition demands. Batch and layer normalisation compute variances.",
    formulas=(
        r"s^2=\frac1n\sum_{i=1}^{n}(x_i-\bar x)^2,\qquad\bar x=\frac1n\sum_{i=1}^{n}x_i",
        r"\text{Welford:}\quad m_k=m_{k-1}+\frac{x_k-m_{k-1}}k,\qquad S_k=S_{k-1}+(x_k-m_{k-1})(x_k-m_k),\qquad s^2=\frac{S_n}n",
        r"\kappa=\Bigl(1+\frac{\bar x^2}{s^2}\Bigr)^{1/2},\qquad \frac{|\hat s^2-s^2|}{s^2}\lesssim\begin{cases}nu+n^2u^2\kappa^2&\text{two passes}\\ n\kappa\,u&\text{updates}\\ n\kappa^2u&\overline{x^2}-\bar x^2\end{cases}",
    ),
    symbols=(
        Symbol("x", "x", "... n", "the numbers"),
        Symbol("n", "", "", "how many", "natural"),
        Symbol(r"\bar x", "", "...", "their mean"),
        Symbol("s^2", "", "...", "their variance, divided by n", "nonnegative"),
        Symbol("m_k", "", "...", "mean of the first k"),
        Symbol("S_k", "", "...", "sum of their squared deviations"),
        Symbol(
            r"\kappa",
            "",
            "...",
            r"condition number: a relative change η of the data changes $s^2$ by at most about $2\kappa\eta$ of itself",
        ),
        Symbol("u", "", "", "unit roundoff"),
    ),
    needs=("floating-point", "expectation"),
    source="chan1983algorithms",
    year=1962,
    people=("Barry Welford", "Tony Chan", "Gene Golub", "Randall LeVeque"),
    aliases="Welford's algorithm, online variance, running variance, sample variance, 样本方差, 在线方差, Welford 算法",
    implementations=(
        Implementation("numpy:var", "numpy", lambda var, x: var(x, axis=-1), "two passes"),
        Implementation(
            "torch:var",
            "torch",
            _torch,
            "Welford's updates, with correction 0; on the CPU two passes for a single result",
        ),
    ),
    readings="chan1983algorithms; welford1962note; higham2002accuracy §1.9",
    hypotheses=(
        Hypothesis(
            r"$s>0$: of equal numbers the relative error has no meaning, the absolute one is at most about $(nu|x|)^2$",
            "never-negative",
        ),
        Hypothesis(r"the mean is as exact as the data: it is not rounded to fewer bits", "mean-in-single"),
    ),
    conventions=(
        Convention("divisor", "n, as `numpy.var` unless `ddof=1`", "$n-1$ in `torch.var` unless `correction=0`"),
    ),
    unverified=r"That updates lose no more than about $n\kappa u$ (Chan, Golub and LeVeque) is measured, not proved, here.",
    proof=Proof(
        r"Of two passes and of one. In the second pass a wrong mean $\bar x+\delta$ gives $s^2+\delta^2$. To first order "
        r"$|\delta|\le nu\,\overline{|x|}\le nu\,\sqrt{\overline{x^2}}=nu\,\kappa s$, hence the term $n^2u^2\kappa^2$; "
        r"the rest is a sum of positive terms, right to about $nu$. In one pass both $\overline{x^2}$ and $\bar x^2$ are "
        r"right to about $nu\,\overline{x^2}=nu\,\kappa^2s^2$, and so is their difference, no better."
    ),
    nonfinite="nan",
)


@VARIANCE.definition
def variance(x):
    mean = x.sum(axis=-1, keepdims=True) / x.shape[-1]
    return ((x - mean) ** 2).sum(axis=-1) / x.shape[-1]


@VARIANCE.example
def example():
    x = np.array([4.0, 7.0, 13.0])
    far = x + 1e9
    m, S, means, sums = 0.0, 0.0, [], []
    for k, value in enumerate(x, 1):
        before = m
        m = m + (value - m) / k
        S = S + (value - before) * (value - m)
        means.append(m)
        sums.append(S)
    return (
        dict(x=x, n=3, mean=x.mean(), deviations=x - x.mean(), squares=(x - x.mean()) ** 2, s2=variance(x))
        | dict(mean_of_squares=(x**2).mean(), square_of_mean=x.mean() ** 2, means=np.array(means))
        | dict(sums=np.array(sums), far_two=variance(far), far_one=(far**2).mean() - far.mean() ** 2)
        | dict(kappa=np.sqrt(1 + far.mean() ** 2 / variance(far)), spacing=np.spacing(1e18))
    )


@VARIANCE.exercise
def two_groups():
    a, b = np.array([1.0, 3.0]), np.array([5.0, 7.0])
    return number(
        variance(np.concatenate([a, b])),
        mean_of_variances=(variance(a) + variance(b)) / 2,
        sum_of_variances=variance(a) + variance(b),
    )


@VARIANCE.exercise
def which_shift_helps():
    x = np.array([4.0, 7.0, 13.0]) + 1e9
    d = x - x[0]
    shifted = (d**2).mean() - d.mean() ** 2
    return choice(first=abs(shifted - 14) < 1e-6, double=False, none=abs(shifted - 14) >= 1e-6)


@VARIANCE.cases
def cases(rng):
    yield "random", dict(x=rng.standard_normal(40))
    yield "batch", dict(x=rng.standard_normal((2, 3, 11)) * 5 + 2)
    yield "constant", dict(x=np.full(7, 0.5))
    yield "one number", dict(x=np.array([3.0]))
    yield "long", dict(x=3 + rng.standard_normal(1500))
    yield "square", dict(x=rng.standard_normal((4, 4)))


@VARIANCE.invalid
def invalid(rng):
    yield "words", dict(x=np.array(["a", "b"]))


def exact(x):
    """The variance in fractions, rounded once."""
    values = [Fraction(float(v)) for v in x]
    mean = sum(values) / len(values)
    return float(sum((v - mean) ** 2 for v in values) / len(values))


def condition(x, variance):
    """κ of the data, by how much a relative change of them changes their variance."""
    return float(np.sqrt(1 + x.mean() ** 2 / variance))


@VARIANCE.claim
def one_pass_is_negative(f, rng):
    r"""Data $10^9+N(0,1)$: right to $n\kappa u$ beside exact fractions, while $\overline{x^2}-\bar x^2$ is wrong
    altogether, and negative for some data"""
    one_pass = []
    rows = 1e9 + rng.standard_normal((12, 200))
    for x, got in zip(
        rows, np.asarray(f(rows), float), strict=True
    ):  # of rows torch.var makes updates, of one two passes
        want = exact(x)
        updates = Text("nκu, the bound of updates", "逐个更新的误差界 nκu")
        yield bound(abs(float(got) / want - 1), 200 * condition(x, want) * U, "≤", updates)
        one_pass.append(np.mean(x**2) - np.mean(x) ** 2)
    wrong = Text("the spacing of numbers at 10¹⁸ is 128", "10¹⁸ 处相邻浮点数间隔 128")
    yield bound(min(one_pass), -1.0, "≤", wrong)
    yield bound(np.abs(np.array(one_pass) - 1).max(), 10.0, "≥", wrong)


@VARIANCE.claim
def never_negative(f, rng):
    r"""Never negative, and 0 for equal numbers up to the rounding of their mean, $(nu\,|x|)^2$"""
    x = rng.standard_normal((60, 9)) * 10.0 ** rng.uniform(-3, 3, (60, 1)) + 10.0 ** rng.uniform(0, 9, (60, 1))
    equal = np.repeat(rng.uniform(0.1, 1, (40, 1)), 9, axis=1)
    left = np.asarray(f(equal), float) / (9 * U * equal[:, 0]) ** 2
    return all_of(
        bound(np.asarray(f(x), float).min(), 0.0, "≥"), bound(left.min(), 0.0, "≥"), bound(left.max(), 1.0, "≤")
    )


@VARIANCE.claim
def error_by_condition(f, rng):
    r"""As the mean grows the error of $\overline{x^2}-\bar x^2$ grows like its square, slope 2; that of the variance
    stays below $n\kappa u$"""
    means = 10.0 ** np.arange(2, 8)
    naive, found = [], []
    for mean in means:
        errors, kappas = [], []
        for _ in range(24):
            x = mean + rng.standard_normal(64)
            want = exact(x)
            errors.append(abs((np.mean(x**2) - np.mean(x) ** 2) / want - 1))
            kappas.append(condition(x, want))
            found.append(bound(abs(float(f(x)) / want - 1), 64 * kappas[-1] * U, "≤"))
        naive.append(np.sqrt(np.mean(np.square(errors))))
    return all_of(rate(means.tolist(), naive, 2.0, 0.15), *found)


@VARIANCE.claim
def certified_sets(f, rng):
    r"""NIST's sets NumAcc3 and NumAcc4, $10^6+0.2\pm0.1$ and $10^7+0.2\pm0.1$ in 1001 numbers: standard deviation 0.1,
    certified, to the 9 and 8 digits that the data hold"""
    for base, digits in ((1e6, 9), (1e7, 8)):
        x = np.concatenate([[base + 0.2], np.tile([base + 0.1, base + 0.3], 500)])
        deviation = np.sqrt(float(f(x)) * 1001 / 1000)  # certified with n − 1
        held = Text("what 16 digits of the data leave of the deviations", "数据的 16 位数字为离差所留下的位数")
        yield bound(abs(deviation / 0.1 - 1), 10.0**-digits, "≤", held)


@VARIANCE.claim
def merges_and_scales(f, rng):
    r"""Two parts are merged exactly: $ns^2=n_as_a^2+n_bs_b^2+\frac{n_an_b}n(\bar x_a-\bar x_b)^2$; shifting changes
    nothing, scaling by c multiplies by $c^2$"""
    a, b = rng.standard_normal(30) + 2, 3 * rng.standard_normal(50)
    between = 30 * 50 / 80 * (a.mean() - b.mean()) ** 2
    merged = (30 * float(f(a)) + 50 * float(f(b)) + between) / 80
    x = rng.integers(-50, 50, 61).astype(float)  # integers: every shift is exact
    yield roundoff(merged, float(f(np.concatenate([a, b]))), terms=80)
    moved = x + 2.0**20
    size = condition(moved, x.var()) * x.var()
    yield roundoff(float(f(moved)), float(f(x)), terms=61, c=1, scale=size, epsilon=U)  # updates lose nκu
    yield roundoff(float(f(3 * x)), 9 * float(f(x)), terms=64)


@VARIANCE.mutant(caught_by="one-pass-is-negative, never-negative, error-by-condition, certified-sets")
def one_pass(x):
    """one pass: the mean of the squares less the square of the mean"""
    return (x**2).mean(axis=-1) - x.mean(axis=-1) ** 2


@VARIANCE.mutant(caught_by="equals-definition, one-pass-is-negative, certified-sets, merges-and-scales")
def sample_variance(x):
    """divided by n − 1"""
    with np.errstate(invalid="ignore", divide="ignore"):
        return variance(x) * x.shape[-1] / (x.shape[-1] - 1)


@VARIANCE.mutant(caught_by="one-pass-is-negative, error-by-condition, certified-sets")
def mean_in_single(x):
    """a mean in float32"""
    mean = x.mean(axis=-1, keepdims=True).astype(np.float32)
    return ((x - mean) ** 2).mean(axis=-1)


@VARIANCE.mutant(caught_by="equals-definition, merges-and-scales, one-pass-is-negative")
def absolute_deviation(x):
    """the mean absolute deviation squared"""
    return np.abs(x - x.mean(axis=-1, keepdims=True)).mean(axis=-1) ** 2


@VARIANCE.figure(
    log_mean=Slider(0, 10, 7, "power of ten of the mean"),
    n=Slider(10, 2000, 200, "how many numbers", integer=True, log=True),
)
def figure(log_mean, n):
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(int(n))
    means = np.logspace(0, 10, 41)
    errors = {"two passes": [], "Welford": [], "mean of squares − square of mean": []}
    for mean in means:
        x = mean + noise
        want = float(np.var((x - x[0]).astype(np.longdouble)))  # the shift is exact
        got = [float(variance(x)), _welford(x), float(one_pass(x))]
        for name, value in zip(errors, got, strict=True):
            errors[name].append(max(abs(value / want - 1), 1e-17))
    fig, ax = canvas(width=6.6, height=3.6)
    for name, line in errors.items():
        ax.loglog(means, line, label=name)
    ax.axhline(1, color=COLOURS[6], lw=0.8)
    ax.axvline(10.0**log_mean, color=COLOURS[6], lw=0.8)
    ax.set(xlabel="mean (standard deviation 1)", ylabel="relative error", ylim=(1e-17, 1e6))
    ax.legend(frameon=False, fontsize=9.5)
    x = 10.0**log_mean + noise
    words = Text(
        f"{int(n)} numbers around {10**log_mean:.2g} with standard deviation 1: two passes give {float(variance(x)):.6g}, Welford {_welford(x):.6g}, one pass {float(one_pass(x)):.6g}.",
        f"{int(n)} 个在 {10**log_mean:.2g} 附近、标准差为 1 的数：两遍得 {float(variance(x)):.6g}，Welford 得 {_welford(x):.6g}，一遍得 {float(one_pass(x)):.6g}。",
    )
    return Drawing(fig, words)


def _welford(x):
    mean = total = 0.0
    for k, v in enumerate(x, start=1):
        old, mean = mean, mean + (v - mean) / k
        total += (v - old) * (v - mean)
    return float(total / len(x))
