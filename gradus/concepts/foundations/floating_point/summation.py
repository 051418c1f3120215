"""Summation: from left to right, by halves, and with what each addition loses carried along."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, rate
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

U = 2.0**-53


SUMMATION = Concept(
    key="summation",
    kind="algorithm",
    title="Summation in floating point",
    summary="The order of the additions decides how much a long sum may lose: from left to right the bound on the error "
    r"grows like n, by halves like log n, and with compensation hardly, as long as $n^2u$ is small. A mean over a "
    "million losses is such a sum.",
    formulas=(
        r"\text{naive:}\quad s_i=\operatorname{fl}(s_{i-1}+x_i),\qquad |\hat s-s|\le(n-1)\,u\sum_i|x_i|+O(u^2)",
        r"\text{pairwise:}\quad S(x)=\operatorname{fl}\bigl(S(x_{1:\lfloor n/2\rfloor})+S(x_{\lfloor n/2\rfloor+1:n})\bigr),\qquad |\hat s-s|\le\lceil\log_2n\rceil\,u\sum_i|x_i|+O(u^2)",
        r"\text{Kahan:}\quad s_i=\operatorname{fl}(s_{i-1}+x_i),\quad c_i=\operatorname{fl}(c_{i-1}+e_i),\quad e_i=s_{i-1}+x_i-s_i,\quad\hat s=\operatorname{fl}(s_n+c_n),\qquad |\hat s-s|\le u|s|+O(n^2u^2)\sum_i|x_i|",
    ),
    symbols=(
        Symbol("x", "x", "... n", "the terms"),
        Symbol(r"\text{method}", "method", "", "`naive`, `pairwise` or `kahan`", "other"),
        Symbol("n", "", "", "number of terms", "natural"),
        Symbol("s", "", "...", r"the sum; $s_i$ after i terms, $\hat s$ as computed"),
        Symbol("e_i", "", "...", "what the i-th addition loses, itself a floating-point number"),
        Symbol("c_i", "", "...", "the sum of what was lost"),
        Symbol("u", "", "", "unit roundoff, $2^{-53}$ in float64"),
    ),
    needs=("floating-point",),
    source="kahan1965further",
    year=1965,
    people=("William Kahan", "Arnold Neumaier", "James Wilkinson"),
    aliases="Kahan summation, compensated summation, pairwise summation, 补偿求和, Kahan 求和, 成对求和",
    implementations=(Implementation("gradus.foundations.floating_point:summation", "numpy", None, "any dtype"),),
    readings="higham2002accuracy ch. 4; goldberg1991what; blanchard2021accurately",
    hypotheses=(
        Hypothesis("no addition overflows, and n u is small beside 1", "overflow-is-not-compensated"),
        Hypothesis("the error of an addition is computed for either order of the two sizes", "new-term-is-smaller"),
    ),
    conventions=(
        Convention(
            "which compensated sum is called Kahan's",
            "Neumaier's, which compares sizes and adds all that was lost at the end",
            "Kahan's own subtracts the last error from the next term: its bound is "
            r"$(2u+O(nu^2))\sum|x_i|$, and it fails for $10^{16}+1-10^{16}$",
        ),
    ),
    deviations="`numpy.sum` is pairwise along the fastest axis only, in blocks of 128; `torch.sum` adds in several lanes; "
    "`math.fsum` rounds the exact sum once.",
    proof=Proof(
        r"Each addition multiplies by $1+\delta_i$, $|\delta_i|\le u$. From left to right $x_1$ takes part in $n-1$ "
        r"of them, by halves every term in at most $\lceil\log_2n\rceil$: hence the first two bounds. The error $e_i$ of an "
        r"addition is a floating-point number and can be computed (Dekker, Knuth): $s=s_n+\sum e_i$ exactly. Each $e_i$ "
        r"is at most $u|s_i|$, so that $\sum|e_i|\le nu\sum|x_i|+O(n^2u^2)$; they are added from left to right with an "
        r"error of at most $nu\sum|e_i|\le n^2u^2\sum|x_i|$, in first order. What is left is the last rounding, at most "
        r"u times $|s|$ and that error (Ogita, Rump and Oishi 2005, proposition 4.5)."
    ),
    nonfinite="nan",
)


@SUMMATION.definition
def summation(x, method="kahan"):
    n = x.shape[-1]
    if method == "pairwise" and n > 1:
        return summation(x[..., : n // 2], method) + summation(x[..., n // 2 :], method)
    s = c = 0 * x.sum(axis=-1)
    for i in range(n):
        t = s + x[..., i]
        # the larger of the two loses nothing; what is missing of the smaller is the error
        c = c + np.where(np.abs(s) >= np.abs(x[..., i]), (s - t) + x[..., i], (x[..., i] - t) + s)
        s = t
    return s + c if method == "kahan" else s


@SUMMATION.example
def example():
    x = np.array([1.0, 1e100, 1.0, -1e100])
    eight = np.array([2.0**53, 1.0, 1.0, 1.0])  # above 2⁵³ only even numbers are left
    return (
        dict(x=x, method="kahan", naive=summation(x, "naive"), pairwise=summation(x, "pairwise"))
        | dict(kahan=summation(x), big=2.0**53, extra_naive=summation(eight, "naive") - 2.0**53)
        | dict(extra_pairwise=summation(eight, "pairwise") - 2.0**53, extra_kahan=summation(eight) - 2.0**53)
        | dict(tenths=summation(np.full(10, 0.1), "naive") - 1.0)
        | dict(tenths_kahan=summation(np.full(10, 0.1)) - 1.0, bound_naive=1e6)
        | dict(bound_pairwise=np.ceil(np.log2(1e6)))
    )


@SUMMATION.exercise
def depth():
    return number(10.0, naive=1023.0, terms=1024.0, tolerance=1e-6)


@SUMMATION.exercise
def where_it_sticks():
    s = np.float32(0)
    small = np.float32(1)
    s = np.float32(2.0**24)
    return choice(stops=s + small == s, wraps=s + small < s, goes_on=s + small > s)


@SUMMATION.cases
def cases(rng):
    for method in ("naive", "pairwise", "kahan"):
        yield f"random, {method}", dict(x=rng.standard_normal(37), method=method)
    yield "batch", dict(x=rng.standard_normal((2, 3, 16)), method="pairwise")
    yield "cancellation", dict(x=np.array([1e16, 1.0, 1.0, -1e16]), method="kahan")
    yield "one term", dict(x=np.array([0.1]), method="pairwise")
    yield "no term", dict(x=np.zeros((3, 0)), method="naive")
    for method in ("naive", "pairwise", "kahan"):
        yield f"long, {method}", dict(x=rng.standard_normal(1500), method=method)
    yield "square", dict(x=rng.standard_normal((4, 4)), method="kahan")


@SUMMATION.invalid
def invalid(rng):
    yield "a method that does not exist", dict(x=np.ones(3), method="sorted")
    yield "no axis", dict(x=np.array(1.0), method="kahan")


def losses(f, x, method):
    """The largest |computed − exact| / (u Σ|x|) of the rows, exactly summed by `math.fsum`."""
    got = np.asarray(f(x, method), float)
    return max(abs(math.fsum([g, *(-row)])) / (U * math.fsum(np.abs(row))) for g, row in zip(got, x, strict=True))


@SUMMATION.claim
def bounds_hold(f, rng):
    r"""The three bounds hold, in units of $u\sum|x_i|$: $n-1$, $\lceil\log_2n\rceil$ and $2$"""
    for n in (64, 1000):
        sizes = 10.0 ** rng.integers(-8, 8, n)
        ones = np.where(np.arange(n) == 0, 1.0, U)  # where the first bound is nearly reached
        x = np.stack([rng.standard_normal(n), rng.uniform(0, 1, n), rng.standard_normal(n) * sizes, ones])
        limits = {"naive": n - 1, "pairwise": math.ceil(math.log2(n)), "kahan": 2}
        for m, limit in limits.items():
            yield bound(losses(f, x, m), limit, "≤")


@SUMMATION.claim
def naive_loses_like_n(f, rng):
    r"""The naive bound is attained in its order: of 1 and an even number n of u it keeps 1 alone, an error that grows like
    n, slope 1; by halves at most $2u$ is lost, with compensation nothing"""
    sizes, found = [2**k for k in range(5, 11)], []
    errors = []
    for n in sizes:
        x = np.full(n + 1, U)
        x[0] = 1.0
        exact = 1 + n * U  # n is even: representable
        errors.append(abs(float(f(x, "naive")) - exact))
        found.append(bound(abs(float(f(x, "pairwise")) - exact), 2 * U, "≤"))
        found.append(identical(float(f(x, "kahan")), exact))
    return all_of(rate(sizes, errors, 1.0, 0.01), *found)


@SUMMATION.claim(cost="slow")
def a_million_tenths(f, rng):
    r"""Equal terms: a million times 0.1 is off by 1.3 to $1.4\cdot10^{-6}$ from left to right, by at most $10^{-9}$ by
    halves, and with compensation is the exact sum rounded once"""
    x = np.full(10**6, 0.1)
    exact = math.fsum(x)
    drift = Text("each addition within one binade errs the same way", "同一个二进制量级内的每次加法误差同号")
    yield bound(abs(float(f(x, "naive")) - exact), 1.3e-6, "≥", drift)
    yield bound(abs(float(f(x, "naive")) - exact), 1.4e-6, "≤", drift)
    yield bound(abs(float(f(x, "pairwise")) - exact), 1e-9, "≤")
    yield identical(float(f(x, "kahan")), exact)


@SUMMATION.claim
def survives_cancellation(f, rng):
    """Compensation survives cancellation: $10^{16}+1+1-10^{16}=2$, for which the naive sum gives 2, 0 or 1 by the
    order of the terms"""
    orders = [[1e16, 1, 1, -1e16], [1, 1e16, 1, -1e16], [1e16, -1e16, 1, 1], [1, 1, 1e16, -1e16], [1, 1e16, -1e16, 1]]
    kahan = [float(f(np.array(o, float), "kahan")) for o in orders]
    naive = [float(f(np.array(o, float), "naive")) for o in orders]
    return all_of(identical(np.array(kahan), np.full(5, 2.0)), identical(np.array(naive), np.array([0.0, 0, 2, 2, 1])))


@SUMMATION.claim(required=False)  # of compensated summation; an exact sum is better
def compensation_errs_by_n_squared(f, rng):
    r"""The compensated error is of order $n^2u^2$, not $nu^2$: of $1,t,\dots,t,-1$ with a thousand $t=0.9u$ it is more
    than 40 times $u|s|+nu^2\sum|x_i|$, and below $u|s|+n^2u^2\sum|x_i|$"""
    n = 1002
    x = np.full(n, 0.9 * U)
    x[0], x[-1] = 1.0, -1.0
    s, size = math.fsum(x), math.fsum(np.abs(x))
    error = abs(math.fsum([float(f(x, "kahan")), *(-x)]))
    linear = Text("the bound with n in place of n²", "把 n² 换成 n 的界")
    yield bound(error, U * abs(s) + n**2 * U**2 * size, "≤")
    yield bound(error / (U * abs(s) + n * U**2 * size), 40.0, "≥", linear)


@SUMMATION.claim(required=False)  # of compensated summation; an exact sum may refuse
def overflow_is_not_compensated(f, rng):
    r"""An overflow on the way is not mended: $10^{308}+10^{308}-10^{308}$ is finite, but not its compensated sum from
    left to right; in the order $10^{308}-10^{308}+10^{308}$ it is"""
    with np.errstate(over="ignore", invalid="ignore"):
        over = float(f(np.array([1e308, 1e308, -1e308]), "kahan"))
    return identical([float(np.isfinite(over)), float(f(np.array([1e308, -1e308, 1e308]), "kahan"))], [0.0, 1e308])


@SUMMATION.claim
def rounded_once(f, rng):
    """Random terms: the compensated sum is the exact sum rounded once (`math.fsum`) or its neighbour"""
    rows = rng.standard_normal((40, 300)) * 10.0 ** rng.integers(-6, 7, (40, 300))
    for x, got in zip(rows, np.asarray(f(rows, "kahan"), float), strict=True):
        exact = math.fsum(x)
        yield bound(abs(got - exact), float(np.spacing(abs(exact))), "≤")


@SUMMATION.mutant(
    caught_by="bounds-hold, naive-loses-like-n, survives-cancellation, rounded-once, a-million-tenths, "
    "compensation-errs-by-n-squared"
)
def not_compensated(x, method="kahan"):
    """the compensation forgotten"""
    return summation(x, "naive" if method == "kahan" else method)


@SUMMATION.mutant(caught_by="survives-cancellation")
def new_term_is_smaller(x, method="kahan"):
    """Kahan's first form: the smaller of the two is always taken to be the new term"""
    if method != "kahan":
        return summation(x, method)
    s = c = 0 * x.sum(axis=-1)
    for i in range(x.shape[-1]):
        y = x[..., i] - c
        t = s + y
        c, s = (t - s) - y, t
    return s


@SUMMATION.mutant(caught_by="bounds-hold, naive-loses-like-n, rounded-once, a-million-tenths")
def compensation_turned(x, method="kahan"):
    """the sign of the compensation turned"""
    if method != "kahan":
        return summation(x, method)
    s = summation(x, "naive")
    return 2 * s - summation(x, "kahan")


@SUMMATION.mutant(caught_by="survives-cancellation, naive-loses-like-n")
def sorted_first(x, method="kahan"):
    """“naive” sorts the terms first"""
    return (
        summation(np.take_along_axis(x, np.argsort(np.abs(x), -1), -1), method)
        if method == "naive"
        else summation(x, method)
    )


@SUMMATION.mutant(caught_by="naive-loses-like-n, a-million-tenths")
def left_to_right(x, method="kahan"):
    """“pairwise” adds from left to right"""
    return summation(x, "naive" if method == "pairwise" else method)


@SUMMATION.mutant(caught_by="overflow-is-not-compensated, survives-cancellation")
def largest_first(x, method="kahan"):
    """the terms are sorted first, the largest before all"""
    return summation(np.sort(x, axis=-1)[..., ::-1], method)


@SUMMATION.mutant(caught_by="equals-definition, bounds-hold, rounded-once, survives-cancellation")
def last_left_out(x, method="kahan"):
    """the last term left out"""
    return summation(x[..., :-1], method)


SUMMATION.erratum(
    "E142",
    common=r"Neumaier's compensated sum errs by $u|s|+O(nu^2)\sum|x_i|$ (a common slip)",
    why=r"The $O(nu^2)$ is from the bound of Kahan's own form, $(2u+O(nu^2))\sum|x_i|$. Neumaier's adds the n lost parts from left to right, and what that loses "
    r"is of order $n^2u^2$: of 1, a thousand $0.9u$, and −1 the error is more than 40 times $u|s|+nu^2\sum|x_i|$.",
    right=r"$|\hat s-s|\le u|s|+O(n^2u^2)\sum|x_i|$ (Ogita, Rump and Oishi 2005): better than Kahan's where $|s|$ is small "
    r"beside $\sum|x_i|$, as long as $n^2u$ is small",
    claims="compensation-errs-by-n-squared",
)


@SUMMATION.figure(
    mean=Slider(0.0, 1.0, 0.1, "mean of the terms"), spread=Slider(0.01, 1.0, 0.3, "spread of the terms", log=True)
)
def figure(mean, spread):
    rng = np.random.default_rng(0)
    rows = (mean + spread * rng.standard_normal((12, 1 << 14))).astype(np.float32)
    sizes = 2 ** np.arange(4, 15)
    u = 2.0**-24
    fig, ax = canvas(width=6.6, height=3.6)
    worst = {}
    for colour, method in zip(COLOURS, ("naive", "pairwise", "kahan"), strict=False):
        errors = []
        for n in sizes:
            got = np.asarray(summation_of_rows(rows[:, :n], method), float)
            exact = np.array([math.fsum(row.astype(float)) for row in rows[:, :n]])
            size = u * np.abs(rows[:, :n].astype(float)).sum(1)
            errors.append(float(np.sqrt(np.mean(((got - exact) / size) ** 2))))
        worst[method] = errors[-1]
        ax.loglog(sizes, errors, "o-", ms=3, color=colour, label=method)
    ax.loglog(sizes, sizes - 1, "--", lw=0.8, color=COLOURS[0])
    ax.loglog(sizes, np.log2(sizes), "--", lw=0.8, color=COLOURS[1])
    ax.set(xlabel="n", ylabel="error / (u Σ|x|)", title="float32; dashed: the bounds n − 1 and log₂ n")
    ax.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"Adding {sizes[-1]} terms (root mean square of 12 sums) of mean {mean:.2f} and spread {spread:.2g} in float32, errors in units of u Σ|x|: naive {worst['naive']:.3g}, pairwise {worst['pairwise']:.3g}, Kahan {worst['kahan']:.3g}.",
        f"以 float32（12 次求和的均方根）将 {sizes[-1]} 个均值 {mean:.2f}、离散 {spread:.2g} 的数相加，误差以 u Σ|x| 为单位：朴素 {worst['naive']:.3g}，两两相加 {worst['pairwise']:.3g}，Kahan {worst['kahan']:.3g}。",
    )
    return Drawing(fig, words)


def summation_of_rows(rows, method):
    """The last sums of float32 rows, in float32."""
    if method == "naive":
        return np.add.accumulate(rows, axis=1)[:, -1]
    if method == "pairwise":
        while rows.shape[1] > 1:
            rows = rows[:, 0::2] + rows[:, 1::2]
        return rows[:, 0]
    s = c = np.zeros(len(rows), np.float32)
    for v in rows.T:
        t = s + v
        c = c + np.where(np.abs(s) >= np.abs(v), (s - t) + v, (v - t) + s)
        s = t
    return s + c
