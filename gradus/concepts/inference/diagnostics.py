"""Convergence diagnostics: rank-normalised split R-hat, effective sample size, Monte Carlo standard error."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(diagnose, x):
    d = diagnose(x, probabilities=())
    return d.rhat, d.ess_bulk, d.ess_tail, d.mcse_mean, d.mcse_sd, np.asarray(d.stuck, int)


DIAGNOSTICS = Concept(
    key="diagnostics",
    kind="algorithm",
    title="Convergence diagnostics of MCMC",
    summary=r"Draws of a Markov chain depend on each other and on where it began. $\hat R$ asks whether several chains tell the same story; "
    "the effective sample size (ESS), how many independent draws they are worth; the Monte Carlo standard error (MCSE), how far the mean may "
    "be off. All three find faults, and none can prove that there is none.",
    formulas=(
        r"\hat R(u)=\sqrt{\frac{N-1}N+\frac{B(u)}{N\,W(u)}},\qquad B(u)=\frac N{M-1}\sum_{j=1}^M(\bar u_j-\bar u)^2,\qquad "
        r"W(u)=\frac1M\sum_{j=1}^M\frac1{N-1}\sum_{i=1}^N(u_{ij}-\bar u_j)^2",
        r"\hat R=\max\bigl(\hat R(z(x)),\ \hat R(z(\lvert x-\operatorname{med}x\rvert))\bigr),\qquad z(x)_{ij}=\Phi^{-1}\Bigl(\frac{r_{ij}-3/8}{S+1/4}\Bigr)",
        r"\hat\rho_t=1-\frac{W-\frac1M\sum_j\gamma_j(t)}{\frac{N-1}NW+\frac1NB},\quad t\ge1,\qquad \gamma_j(t)=\frac1N\sum_{i=1}^{N-t}(u_{ij}-\bar u_j)(u_{i+t,j}-\bar u_j),\qquad \hat\rho_0=1",
        r"\mathrm{ESS}(u)=\frac{MN}{\hat\tau},\qquad \hat\tau=\max\Bigl(-1+2\sum_{k<K}\hat P_k+\hat\rho_{2K}^+,\ \frac1{\log_{10}MN}\Bigr),\qquad "
        r"\hat P_k=\min_{l\le k}(\hat\rho_{2l}+\hat\rho_{2l+1})",
        r"\mathrm{ESS}_{\text{bulk}}=\mathrm{ESS}(z(x)),\qquad \mathrm{ESS}_{\text{tail}}=\min_{p\in\{.05,\,.95\}}\mathrm{ESS}\bigl([x\le q_p]\bigr)",
        r"\mathrm{MCSE}_{\text{mean}}=\frac s{\sqrt{\mathrm{ESS}(x)}},\qquad \mathrm{MCSE}_{\text{sd}}=\frac1{2s_0}\sqrt{\frac{v}{\mathrm{ESS}((x-\bar x)^2)}}",
    ),
    symbols=(
        Symbol("x", "x", "chains draws", "draws of one quantity, a row a chain"),
        Symbol(
            "u",
            "",
            "M N",
            "a function of the draws, each chain cut in two: the halves are the $M$ chains of the formulas",
        ),
        Symbol("M", "", "", "number of halves, twice that of the chains", "natural"),
        Symbol("N", "", "", "draws of a half; of an odd number of draws the middle one is left out", "natural"),
        Symbol("B,\\ W", "", "", "variance between the halves, times $N$, and within them"),
        Symbol("S", "", "", "number of draws that are ranked together, $MN$", "natural"),
        Symbol("r_{ij}", "", "", "rank of a draw among all; equal ones share the mean of their ranks"),
        Symbol("z", "", "M N", "normal scores of the ranks"),
        Symbol(r"\operatorname{med}x", "", "", "median of all draws"),
        Symbol(r"\gamma_j(t),\ \hat\rho_t", "", "", "autocovariance within a half, and autocorrelation, at lag $t$"),
        Symbol(
            r"\hat P_k,\ K",
            "",
            "",
            "sums of two neighbouring autocorrelations, made falling; the first $k$ at which the sum is not positive, at most $\\max(0,\\lfloor(N-3)/2\\rfloor)$",
        ),
        Symbol(
            r"\hat\rho_{2K}^+",
            "",
            "",
            r"$\hat\rho_{2K}$, or 0 where it and $\hat\rho_{2K}+\hat\rho_{2K+1}$ are negative",
        ),
        Symbol(r"\hat\tau", "", "", "integrated autocorrelation time: draws for one independent one"),
        Symbol("q_p", "", "", "quantile of all draws, linear between neighbouring ones"),
        Symbol("s,\\ s_0", "", "", "standard deviation of all draws, with $n-1$ and with $n$ in the denominator"),
        Symbol("v", "", "", r"variance of the squares $(x-\bar x)^2$ of all draws, with $n$ in the denominator"),
        Symbol("i,\\ j,\\ t", "", "", "a draw, a half, a lag: $u_{ij}$ is draw $i$ in row $j$ of the array", "natural"),
    ),
    returns=(
        Result(
            "rhat",
            "",
            r"$\hat R$; NaN where no draw differs from another, ∞ where $W=0$ and $B>0$: no half moves, but they stand at different places",
        ),
        Result("ess_bulk", "", "effective sample size for the middle; NaN where no draw differs"),
        Result(
            "ess_tail",
            "",
            r"effective sample size for the tails; NaN where no draw exceeds either quantile, by ties; $MN$ for a quantile that only draws left out in the middle exceed",
        ),
        Result("mcse_mean", "", "Monte Carlo standard error of the mean"),
        Result(
            "mcse_sd",
            "",
            r"Monte Carlo standard error of the standard deviation; NaN where all squares $(x-\bar x)^2$ are the same",
        ),
        Result("stuck", "chains", "1 for a chain that did not move, all its draws being the same, else 0"),
    ),
    needs=("lln", "confidence-interval"),
    source="vehtari2021rank",
    year=1992,
    people=("Andrew Gelman", "Donald Rubin", "Charles Geyer", "Aki Vehtari", "Paul-Christian Bürkner"),
    aliases="R-hat, effective sample size, ESS, MCSE, Gelman–Rubin statistic, potential scale reduction factor, autocorrelation time, thinning, "
    "有效样本量, 收敛诊断, 潜在尺度缩减因子, 自相关时间, 蒙特卡洛标准误",
    implementations=(
        Implementation(
            "gradus.inference:diagnose",
            "numpy",
            call=_ours,
            note="of many quantities at once, by name, with quantiles, divergences, energies, and a verdict in words for each",
        ),
    ),
    readings="gelman1992inference; geyer1992practical §3.3; vehtari2021rank; link2012thinning; betancourt2016diagnosing",
    hypotheses=(
        Hypothesis(
            "a small R̂ means agreement with the target: the chains began in all places that matter",
            "agreement-is-no-proof",
        ),
        Hypothesis("ESS and MCSE: the chains have left their starts behind (stationary)", "a-slow-drift-is-not-seen"),
        Hypothesis("MCSE of the mean: the target has a variance", "without-a-variance-no-error"),
        Hypothesis("ESS: chains that move", "a-chain-that-did-not-move"),
    ),
    conventions=(
        Convention(
            "R̂",
            "of ranks, of halves, of place and of spread, whichever is larger: Vehtari et al., Stan, posterior, ArviZ",
            "of whole chains and of the values: Gelman and Rubin 1992, with a factor for few degrees of freedom; of several quantities together: Brooks and Gelman 1998",
        ),
        Convention(
            "an odd number of draws",
            "median and quantiles of all draws, then the middle one is left out: the paper, posterior, ArviZ's `summary`",
            "median of the halves: ArviZ's `rhat` (0.23), which then differs from its own `summary`",
        ),
        Convention("one chain", "R̂ of its two halves", "none: ArviZ"),
        Convention(
            "draws that are all the same",
            "ESS and MCSE are NaN, and the chain is named",
            "ESS is the number of draws, and so the MCSE 0: ArviZ",
        ),
        Convention(
            "a quantile that no draw exceeds, by ties",
            "left out of the tails' ESS",
            "counts as if all draws were independent: ArviZ",
        ),
    ),
    deviations=Text(
        r"Geyer proves that the sums of two neighbouring autocorrelations are positive and falling for reversible chains; the estimator takes them to be so "
        "for any. The bound $1/\\log_{10}MN$ on $\\hat\\tau$ is a rule of Stan's, for chains whose draws alternate.",
        "Geyer 对可逆链证明了相邻两个自相关之和为正且递减；估计量对任何链都这样假定。$\\hat\\tau$ 的下界 $1/\\log_{10}MN$ 是 Stan 的规定，针对抽样交替变化的链。",
    ),
    unverified="R̂ ≤ 1.01 and ESS ≥ 400 are recommendations of Vehtari et al. 2021 from experience, not theorems.",
    differentiable=False,
    carries_gradient=False,
)


def quantile_of_the_normal(p):
    """Φ⁻¹: a rational start (Abramowitz and Stegun 26.2.23), and two steps of Halley's towards ½ erfc(−x/√2) = p."""
    q = np.minimum(p, 1 - p)
    t = np.sqrt(-2 * np.log(q))
    x = (2.515517 + 0.802853 * t + 0.010328 * t**2) / (1 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3) - t
    for _ in range(2):
        cdf = np.array([math.erfc(v) / 2 for v in (-x / math.sqrt(2)).tolist()])
        r = (cdf - q) * math.sqrt(2 * math.pi) * np.exp(x * x / 2)
        x = x - r / (1 + x * r / 2)
    return np.where(p < 0.5, x, -x)


def scores(u):
    """Normal scores of the ranks among all draws."""
    _, place, count = np.unique(u, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    return quantile_of_the_normal((rank - 3 / 8) / (u.size + 1 / 4))[place].reshape(u.shape)


def halves(x):
    n = x.shape[1] // 2
    return np.concatenate([x[:, :n], x[:, -n:]])


def scale(u):
    N = u.shape[1]
    if (u == u[:, :1]).all():  # nothing moves
        return np.nan if u.min() == u.max() else np.inf
    between, within = N * u.mean(1).var(ddof=1), u.var(1, ddof=1).mean()
    return np.sqrt((N - 1) / N + between / (N * within))


def size(u):
    """Geyer's initial monotone sequence."""
    M, N = u.shape
    if u.min() == u.max():
        return np.nan
    d = u - u.mean(1, keepdims=True)

    def covariance(t):
        return (d[:, : N - t] * d[:, t:]).sum() / (M * N)

    W = covariance(0) * N / (N - 1)
    plus = covariance(0) + u.mean(1).var(ddof=1)

    def rho(t):
        return 1 - (W - covariance(t)) / plus if t else 1.0

    k, total, least = 0, 0.0, np.inf
    even, odd = rho(0), rho(1)
    while even + odd > 0 and 2 * k + 1 < N - 3:
        least = min(least, even + odd)
        total += least
        k += 1
        even, odd = rho(2 * k), rho(2 * k + 1)
    last = even if even > 0 or even + odd >= 0 else 0.0
    return M * N / max(-1 + 2 * total + last, 1 / np.log10(M * N))


def tail(x):
    sizes = []
    for p in (0.05, 0.95):
        below = (x <= np.quantile(x, p)).astype(float)
        if below.all():
            continue  # ties: no draw is beyond
        u = halves(below)
        sizes.append(u.size if u.min() == u.max() else size(u))
    return min(sizes, default=np.nan)


@DIAGNOSTICS.definition
def diagnostics(x):
    if x.ndim != 2 or x.shape[0] < 1 or x.shape[1] < 4:
        raise ValueError("x: chains in rows, at least 4 draws each")
    if not np.isfinite(x).all():
        raise ValueError("x: finite draws")
    z = scores(halves(x))
    folded = scores(halves(np.abs(x - np.median(x))))
    rhat = np.fmax(scale(z), scale(folded))
    squares = (x - x.mean()) ** 2
    with np.errstate(invalid="ignore"):
        mcse_mean = x.std(ddof=1) / np.sqrt(size(halves(x)))
        mcse_sd = np.sqrt(squares.var() / size(halves(squares))) / (2 * x.std()) if x.min() < x.max() else np.nan
    stuck = (x == x[:, :1]).all(1).astype(int)
    return rhat, size(z), tail(x), mcse_mean, mcse_sd, stuck


def autoregression(rng, m, n, rho):
    """Stationary chains x_t = ρ x_{t−1} + √(1−ρ²) e_t, of variance 1."""
    e = rng.standard_normal((n, m))
    x = e.copy()
    for t in range(1, n):
        x[t] = rho * x[t - 1] + np.sqrt(1 - rho * rho) * e[t]
    return x.T.copy()


@DIAGNOSTICS.example
def example():
    x = np.array([[1.0, 3, 2, 4], [5, 7, 6, 8]])
    z = scores(halves(x))
    M, N = z.shape
    between, within = N * z.mean(1).var(ddof=1), z.var(1, ddof=1).mean()
    rhat, bulk, *_ = diagnostics(x)
    rho = 0.5 ** np.arange(6.0)
    pairs = rho[::2] + rho[1::2]
    return dict(
        x=x, z=z, S=x.size + 1 / 4, M=M, N=N, means=z.mean(1), between=between, within=within, rhat=rhat, bulk=bulk
    ) | dict(
        place=scale(z),
        spread=scale(scores(halves(np.abs(x - np.median(x))))),
        rho=rho,
        pairs=pairs,
        tau=3.0,
        worth=9000 / 3,
    )


@DIAGNOSTICS.exercise
def autoregressive():
    N, rho = 10000, 0.8
    return number(N * (1 - rho) / (1 + rho), inverse=N * (1 + rho) / (1 - rho), lag_one=N * (1 - rho))


@DIAGNOSTICS.exercise
def digits():
    """The sd is 2, the ESS 400: how far may the mean be off, one standard error?"""
    return number(2 / np.sqrt(400), all_draws=2 / np.sqrt(4000), no_root=2 / 400)


@DIAGNOSTICS.exercise
def two_modes():
    x = 10 + autoregression(np.random.default_rng(3), 4, 500, 0.2)  # half of the target lies around −10
    rhat = diagnostics(x)[0]
    return choice(fine=rhat <= 1.01, disagree=rhat > 1.1, undefined=bool(np.isnan(rhat)))


@DIAGNOSTICS.exercise
def thinned():
    rho, k = 0.9, 10
    return number((1 + rho**k) / (1 - rho**k) * k / ((1 + rho) / (1 - rho)), same=1.0, tenfold=10.0)


@DIAGNOSTICS.cases
def cases(rng):
    # an odd number of draws in all, or whole numbers: else the two about the median are equally far from it but for rounding
    yield "independent", dict(x=rng.standard_normal((3, 25)))
    yield "slow", dict(x=autoregression(rng, 3, 31, 0.9))
    yield "alternating", dict(x=autoregression(rng, 3, 21, -0.8))
    yield "an odd number of draws", dict(x=autoregression(rng, 5, 31, 0.5))
    yield "one chain", dict(x=autoregression(rng, 1, 41, 0.3))
    yield "four draws", dict(x=rng.integers(0, 90, (2, 4)).astype(float))
    yield "five draws", dict(x=rng.standard_normal((3, 5)))
    yield "counts, many ties", dict(x=rng.poisson(3.0, (4, 20)).astype(float))
    yield "yes and no", dict(x=(rng.random((4, 30)) < 0.3).astype(float))
    yield "no variance", dict(x=rng.standard_cauchy((5, 21)))
    yield "chains apart", dict(x=rng.standard_normal((3, 21)) + 3 * np.arange(3)[:, None])
    yield "another spread", dict(x=rng.standard_normal((3, 21)) * np.array([1, 1, 5])[:, None])
    yield "one chain stuck", dict(x=np.concatenate([rng.standard_normal((2, 25)), np.full((1, 25), 0.5)]))
    yield "nothing moves", dict(x=np.full((3, 10), 0.1))
    yield "each at its own place", dict(x=np.repeat(np.array([[0.1], [0.7], [2.0]]), 12, 1))
    yield "long", dict(x=autoregression(rng, 3, 151, 0.7))


@DIAGNOSTICS.invalid
def invalid(rng):
    yield "three draws", dict(x=rng.standard_normal((4, 3)))
    yield "no chains", dict(x=rng.standard_normal(40))
    yield "a draw that is NaN", dict(x=np.where(np.arange(40).reshape(4, 10) == 7, np.nan, 1.0))


RUNS = Text("spread over forty runs", "四十次运行间的离散程度")


@DIAGNOSTICS.claim
def autoregression_has_its_known_size(diagnostics, rng):
    r"""Stationary normal chains $x_t=\rho x_{t-1}+\sqrt{1-\rho^2}\,e_t$: of $n$ draws, here 8 chains of 1000, both ESS$_{\text{bulk}}$ and $1/\mathrm{MCSE}_{\text{mean}}^2$ are $n\frac{1-\rho}{1+\rho}$, and
    $\mathrm{MCSE}_{\text{sd}}=\sqrt{\frac{1+\rho^2}{2n(1-\rho^2)}}$, for large $n$: at $\rho=0$, 0.9 and −0.4, where the draws are worth more than independent ones; and $\hat R\to1$"""
    n = 8000
    for rho, error in ((0.0, 0.03), (0.9, 0.11), (-0.4, 0.06)):  # relative standard errors, measured over forty runs
        rhat, bulk, _, mean, sd, _ = diagnostics(autoregression(rng, 8, n // 8, rho))
        want = n * (1 - rho) / (1 + rho)
        yield statistical(float(bulk), want, error * want)
        yield statistical(float(mean) ** -2, want, 1.3 * error * want)
        yield statistical(
            float(sd),
            np.sqrt((1 + rho**2) / (2 * n * (1 - rho**2))),
            error * np.sqrt((1 + rho**2) / (2 * n * (1 - rho**2))),
        )
        yield near(float(rhat), 1.0, {0.0: 0.003, 0.9: 0.045, -0.4: 0.003}[rho], RUNS)


@DIAGNOSTICS.claim
def tails_may_be_worth_less(diagnostics, rng):
    r"""Draws without correlation whose spread changes slowly, $x_t=e_te^{h_t}$ with $h$ autoregressive of $\rho=0.99$ and variance 1, four chains of 1000: the middle is worth at least 0.7 of the draws, the tails at most a quarter of them"""
    x = rng.standard_normal((4, 1000)) * np.exp(autoregression(rng, 4, 1000, 0.99))
    _, bulk, tail, *_ = diagnostics(x)
    yield bound(float(bulk), 0.7 * x.size, "≥", RUNS)
    yield bound(float(tail), 0.25 * x.size, "≤", RUNS)


@DIAGNOSTICS.claim
def chains_apart_are_seen(diagnostics, rng):
    r"""One chain of four that is two standard deviations away, one of three times the spread, and one that is shifted by 3 where no variance exists (Cauchy): each gives $\hat R\ge1.05$, the first ESS$_{\text{bulk}}\le40$ of 2000 draws; without
    the shift and the spread it is at most 1.02"""
    x, heavy, one = rng.standard_normal((4, 500)), rng.standard_cauchy((4, 500)), np.array([[0.0], [0], [0], [1]])
    for y in (x + 2 * one, x * (1 + 2 * one), heavy + 3 * one):
        yield bound(float(diagnostics(y)[0]), 1.05, "≥", RUNS)
    yield bound(float(diagnostics(x + 2 * one)[1]), 40, "≤", Text("fewer than 2 % of the draws", "不到抽样的 2 %"))
    for y in (x, heavy):
        yield near(float(diagnostics(y)[0]), 1.0, 0.02, RUNS)


@DIAGNOSTICS.claim
def only_halves_see_a_trend(diagnostics, rng):
    r"""Four chains of 400 independent draws that all drift together, by 4 standard deviations, agree as wholes; their halves do not: $\hat R\ge1.2$, and in an order in which each half sees
    the whole drift it is at most 1.02. Chains that come from 20 deviations away, by the factor $e^{-1/50}$ a step, are seen too: $\hat R\ge1.05$"""
    x = rng.standard_normal((4, 400)) + np.linspace(0, 4, 400)
    yield bound(float(diagnostics(x)[0]), 1.2, "≥", RUNS)
    both = np.concatenate([x[:, ::2], x[:, 1::2]], axis=1)
    yield near(float(diagnostics(both)[0]), 1.0, 0.02, RUNS)
    start = autoregression(rng, 4, 400, 0.5) + 20 * np.exp(-np.arange(400) / 50)
    yield bound(float(diagnostics(start)[0]), 1.05, "≥", RUNS)


@DIAGNOSTICS.claim
def a_slow_drift_is_not_seen(diagnostics, rng):
    r"""Four chains of 400 draws that come from 20 to a target about 0, by the factor $e^{-1/20000}$ a step, under noise of variance 1 (autoregressive, $\rho=\frac12$): $\hat R\le1.05$, and the mean is off by
    more than 100 MCSE"""
    x = autoregression(rng, 4, 400, 0.5) + 20 * np.exp(-np.arange(400) / 20000)
    rhat, _, _, mean, _, _ = diagnostics(x)
    yield near(float(rhat), 1.0, 0.05, RUNS)
    yield bound(abs(x.mean()) / float(mean), 100, "≥", Text("the mean in MCSE", "以 MCSE 计的均值"))


@DIAGNOSTICS.claim
def ranks_know_no_scale(diagnostics, rng):
    r"""A strictly increasing function of the draws changes neither ESS$_{\text{bulk}}$ nor ESS$_{\text{tail}}$; $ax+b$, $a\ne0$, changes neither ESS$_{\text{bulk}}$ nor $\hat R$ and
    multiplies both MCSE by $\lvert a\rvert$; it keeps ESS$_{\text{tail}}$ too, for $a<0$ if neither quantile is itself a draw"""
    x = autoregression(rng, 3, 101, 0.6)  # an odd number: else two are equally far from the median
    rhat, bulk, tail, mean, sd, _ = (np.asarray(v, float) for v in diagnostics(x))
    yield bound(min(bulk, tail, mean, sd), 1e-3, "≥", Text("there is something to keep", "确有可保持的量"))
    for f in (np.exp, np.arctan):
        _, bulk_of_f, tail_of_f, *_ = diagnostics(f(x))
        yield invariance([float(bulk_of_f), float(tail_of_f)], [bulk, tail], terms=400)
    for a in (8.0, -0.25):
        found = [np.asarray(v, float) for v in diagnostics(a * x + 1)]
        yield invariance(found[:3], [rhat, bulk, tail], terms=400)
        yield invariance(found[3:5], [abs(a) * mean, abs(a) * sd], terms=4000)


@DIAGNOSTICS.claim
def order_of_chains_and_of_time(diagnostics, rng):
    """Nothing changes when the chains are put in another order, or when time runs backwards; within chains of mean 0 the order counts: draws of an autoregression with ρ = 0.8, shuffled in time, are worth more than three times as many"""
    x = autoregression(rng, 4, 200, 0.8)
    want = [np.asarray(v, float) for v in diagnostics(x)[:5]]
    yield bound(min(want), 1e-3, "≥", Text("there is something to keep", "确有可保持的量"))
    for y in (x[[2, 0, 3, 1]], x[:, ::-1].copy()):
        yield invariance([float(v) for v in diagnostics(y)[:5]], want, terms=800)
    x = x - x.mean(1, keepdims=True)
    shuffled, why = rng.permuted(x, axis=1), Text("(1+ρ)/(1−ρ) = 9 times in theory", "理论上为 (1+ρ)/(1−ρ) = 9 倍")
    yield bound(float(diagnostics(shuffled)[1]), 3 * float(diagnostics(x)[1]), "≥", why)


@DIAGNOSTICS.claim
def the_middle_draw_is_left_out(diagnostics, rng):
    r"""Of an odd number of draws the middle one does not count in ESS$_{\text{bulk}}$: it may be anything; the one before it counts"""
    x = autoregression(rng, 4, 60, 0.5)
    bulk, middle, before = (float(diagnostics(y)[1]) for y in (x, *(np.insert(x, t, 1e6, axis=1) for t in (30, 29))))
    yield invariance(middle, bulk, terms=240)
    yield bound(abs(before / bulk - 1), 1e-3, "≥", Text("rounding is far below", "远大于舍入误差"))


@DIAGNOSTICS.claim
def alternating_draws_are_capped(diagnostics, rng):
    r"""Draws that alternate are worth more than independent ones, here by the factor $\log_{10}n$, which is the most that is believed: $x_t=(-1)^t$ with a little noise, $n=400$"""
    x = np.where(np.arange(100) % 2, 1.0, -1.0) + 0.01 * rng.standard_normal((4, 100))
    yield roundoff(float(diagnostics(x)[1]), 400 * np.log10(400), terms=400)


@DIAGNOSTICS.claim
def a_chain_that_did_not_move(diagnostics, rng):
    r"""Where no draw differs from another, ESS and both MCSE are NaN, not $n$ and 0; where each chain stands at its own place, $\hat R=\infty$; one chain of four that stands still is named, and the others are not"""
    rhat, bulk, tail, mean, sd, stuck = diagnostics(np.full((3, 20), 0.1))
    yield identical(np.isnan(np.array([float(v) for v in (rhat, bulk, tail, mean, sd)])), np.ones(5, bool))
    yield identical(np.asarray(stuck), np.ones(3, int))
    rhat, *_, stuck = diagnostics(np.repeat(np.array([[0.1], [0.3], [0.7]]), 20, 1))
    yield identical([float(rhat), *np.asarray(stuck, float)], [np.inf, 1.0, 1.0, 1.0])
    x = rng.standard_normal((4, 50))
    x[2] = 0.4
    rhat, *_, stuck = diagnostics(x)
    yield identical(np.asarray(stuck), np.array([0, 0, 1, 0]))
    yield bound(float(rhat), 1.05, "≥", RUNS)


@DIAGNOSTICS.claim
def agreement_is_no_proof(diagnostics, rng):
    r"""Half of the target's mass lies around −10 and half around 10, and all four chains are in one half: $\hat R\le1.01$, ESS above 400, and the mean, 10 for 0, is off by more than 100 MCSE"""
    x = 10 + autoregression(rng, 4, 500, 0.2)
    rhat, bulk, _, mean, _, _ = diagnostics(x)
    yield near(float(rhat), 1.0, 0.01, RUNS)
    yield bound(float(bulk), 400, "≥", RUNS)
    yield bound(abs(x.mean()) / float(mean), 100, "≥", Text("the mean in MCSE", "以 MCSE 计的均值"))


@DIAGNOSTICS.claim
def thinning_never_helps(diagnostics, rng):
    r"""Of an autoregression with $\rho=0.8$ every twentieth draw alone gives a mean whose MCSE is larger by $\sqrt{20\,\frac{1+\rho^{20}}{1-\rho^{20}}\big/\frac{1+\rho}{1-\rho}}\approx1.5$"""
    x = autoregression(rng, 8, 1000, 0.8)
    ratio = float(diagnostics(x[:, ::20])[3]) / float(diagnostics(x)[3])
    want = np.sqrt(20 * (1 + 0.8**20) / (1 - 0.8**20) / 9)
    yield statistical(ratio, want, 0.05 * want)


@DIAGNOSTICS.claim
def without_a_variance_no_error(diagnostics, rng):
    r"""Four chains, which share the quantiles of a distribution at the levels $\frac{i-1/2}n$ in random order: from $n=160$ to 2560 the MCSE of the mean falls to about a quarter for the normal distribution, to 0.45 at most; for the
    Cauchy distribution, which has no variance, it does not fall so, and says nothing of a mean that is not there"""
    laws = (quantile_of_the_normal, lambda p: np.tan(np.pi * (p - 0.5)))
    normal, cauchy = (
        np.divide(*(float(diagnostics(quantiles_in_random_order(rng, law, n))[3]) for n in (640, 40))) for law in laws
    )
    why = Text("spread over 1500 runs", "一千五百次运行间的离散程度")
    yield bound(normal, 0.12, "≥", why)
    yield bound(normal, 0.45, "≤", why)
    yield bound(cauchy, 0.5, "≥", why)


def quantiles_in_random_order(rng, law, n):
    return rng.permutation(law((np.arange(4 * n) + 0.5) / (4 * n))).reshape(4, n)


def with_parts(x, cut=halves, rank=scores, worth=size, fold=True, scaled=scale, **given):
    """The definition from parts of which one may be another; results by name are put in their places."""
    z = rank(cut(x))
    rhat = scaled(z)
    if fold:
        rhat = np.fmax(rhat, scaled(rank(cut(np.abs(x - np.median(x))))))
    squares = (x - x.mean()) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        found = dict(
            rhat=rhat,
            ess_bulk=worth(z),
            ess_tail=np.fmin(*(worth(cut((x <= np.quantile(x, p)).astype(float))) for p in (0.05, 0.95))),
            mcse_mean=x.std(ddof=1) / np.sqrt(worth(cut(x))),
            mcse_sd=np.sqrt(squares.var() / worth(cut(squares))) / (2 * x.std()) if np.ptp(x) else np.nan,
            stuck=(x == x[:, :1]).all(1).astype(int),
        )
    return tuple({name: given.get(name, value) for name, value in found.items()}.values())


@DIAGNOSTICS.mutant(caught_by="only-halves-see-a-trend")
def whole_chains(x):
    """R̂ of whole chains, which all drift together"""
    return with_parts(x, rhat=np.fmax(scale(scores(x)), scale(scores(np.abs(x - np.median(x))))) if len(x) > 1 else 1.0)


@DIAGNOSTICS.mutant(caught_by="chains-apart-are-seen")
def place_alone(x):
    """R̂ of the ranks alone, not of the distances from the median"""
    return with_parts(x, fold=False)


@DIAGNOSTICS.mutant(caught_by="chains-apart-are-seen, ranks-know-no-scale")
def values_for_ranks(x):
    """the values themselves in place of their ranks' scores"""
    return with_parts(x, rank=lambda u: u)


@DIAGNOSTICS.mutant(
    caught_by="autoregression-has-its-known-size, order-of-chains-and-of-time, thinning-never-helps, chains-apart-are-seen"
)
def every_draw_counts(x):
    """ESS is the number of draws, MCSE s/√n"""
    return with_parts(x, worth=lambda u: float(u.size))


@DIAGNOSTICS.mutant(caught_by="a-chain-that-did-not-move")
def all_draws_where_nothing_moves(x):
    """ESS is the number of draws where nothing moves, and the errors are 0"""
    return with_parts(x, worth=lambda u: float(u.size) if u.min() == u.max() else size(u))


@DIAGNOSTICS.mutant(caught_by="a-chain-that-did-not-move")
def still_only_where_all_are(x):
    """a chain is said to stand still only where all do"""
    return with_parts(x, stuck=np.full(len(x), int((x == x[:, :1]).all())))


@DIAGNOSTICS.mutant(caught_by="tails-may-be-worth-less")
def tails_as_the_middle(x):
    """the tails are said to be worth what the middle is"""
    return with_parts(x, ess_tail=size(scores(halves(x))))


def centred(u):
    """Each half about its own mean."""
    return u - u.mean(1, keepdims=True)


@DIAGNOSTICS.mutant(caught_by="chains-apart-are-seen")
def each_chain_by_itself(x):
    """autocorrelations within the chains alone: chains far apart are worth all their draws"""
    return with_parts(x, ess_bulk=size(centred(scores(halves(x)))))


@DIAGNOSTICS.mutant(caught_by="autoregression-has-its-known-size, alternating-draws-are-capped")
def stops_at_the_first_negative(x):
    """the sum ends at the first negative autocorrelation, not at the first negative pair"""

    def worth(u):
        M, N = u.shape
        d = u - u.mean(1, keepdims=True)
        total = 0.0
        for t in range(1, N - 1):
            rho = (d[:, : N - t] * d[:, t:]).sum() / ((d * d).sum() or np.nan)
            if not rho > 0:
                break
            total += rho
        return M * N / (1 + 2 * total)

    return with_parts(x, worth=worth)


@DIAGNOSTICS.mutant(caught_by="autoregression-has-its-known-size, thinning-never-helps")
def one_lag(x):
    """the first autocorrelation alone: τ = 1 + 2ρ₁"""

    def worth(u):
        d = u - u.mean(1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return u.size / max(1 + 2 * (d[:, :-1] * d[:, 1:]).sum() / (d * d).sum(), 1 / np.log10(u.size))

    return with_parts(x, worth=worth)


@DIAGNOSTICS.mutant(caught_by="autoregression-has-its-known-size, alternating-draws-are-capped")
def no_more_than_the_draws(x):
    """ESS never above the number of draws"""
    return with_parts(x, worth=lambda u: min(size(u), u.size))


@DIAGNOSTICS.mutant(caught_by="the-middle-draw-is-left-out")
def last_draw_left_out(x):
    """of an odd number of draws the last one is left out, not the middle one"""
    n = x.shape[1] // 2
    return with_parts(x, cut=lambda u: np.concatenate([u[:, :n], u[:, n : 2 * n]]))


@DIAGNOSTICS.mutant(
    caught_by="autoregression-has-its-known-size, agreement-is-no-proof, a-slow-drift-is-not-seen, without-a-variance-no-error"
)
def deviation_for_error(x):
    """the standard deviation sold as the standard error"""
    return with_parts(x, mcse_mean=x.std(ddof=1))


@DIAGNOSTICS.mutant(caught_by="autoregression-has-its-known-size")
def error_of_a_normal_sd(x):
    """the error of the standard deviation as 1/√2 of the mean's, as if both had the same autocorrelation"""
    return with_parts(x, mcse_sd=x.std(ddof=1) / np.sqrt(2 * size(halves(x))))


@DIAGNOSTICS.mutant(caught_by="agreement-is-no-proof, autoregression-has-its-known-size")
def variances_for_scale(x):
    """B/W itself, which is 1 on average only, for R̂"""

    def ratio(z):
        with np.errstate(invalid="ignore", divide="ignore"):
            return z.shape[1] * z.mean(1).var(ddof=1) / z.var(1, ddof=1).mean()

    return with_parts(x, scaled=ratio)


DIAGNOSTICS.erratum(
    "E322",
    common="R̂ is below 1.1 (1.01): the chains have converged (a common slip)",
    why="Chains that all began in one of two modes, and never left it, agree perfectly: R̂ is 1.00, ESS is above 400, and the mean is off by more than a hundred of its "
    "standard errors. Nor does R̂ of whole chains see that all of them still drift, nor R̂ of halves a drift that is slow.",
    right="R̂ above 1.01 says that the chains disagree, or that the draws are too few to tell; below it says only that these chains tell the same story. Begin them in different places, far apart",
    claims="agreement-is-no-proof, only-halves-see-a-trend, a-slow-drift-is-not-seen",
)
DIAGNOSTICS.erratum(
    "E323",
    common="Thin the chain, keep every k-th draw, and the estimates get better, for the draws become independent (a common slip)",
    why=r"The mean of all draws of an autoregression has the variance $\frac{1+\rho}{1-\rho}\frac1n$, that of every k-th $\frac{1+\rho^k}{1-\rho^k}\frac kn$, for large n, which is never smaller. "
    "Draws are thrown away, and with them what they knew.",
    right="Thin to save memory, or the work of what is computed from each draw; ESS and MCSE already count what the dependence costs",
    claims="thinning-never-helps",
)


@DIAGNOSTICS.figure(
    rho=Slider(0.0, 0.99, 0.9, "autocorrelation ρ"),
    shift=Slider(0.0, 3.0, 1.5, "shift of the fourth chain"),
    draws=Slider(50, 1000, 300, "draws of each chain", log=True),
)
def figure(rho, shift, draws):
    n = round(draws)
    x = autoregression(np.random.default_rng(7), 4, 1000, rho)[:, :n].copy()
    x[3] += shift
    rhat, bulk, tail, mean, *_ = diagnostics(x)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    for j in range(4):
        left.plot(np.arange(n), x[j], color=COLOURS[j], lw=0.8, alpha=0.85, label=f"{j + 1}")
    left.set(xlabel="draw", ylabel="x", xlim=(0, n - 1), ylim=(-4.5, 7.5))
    left.legend(title="chain", ncols=4, fontsize=9.5, loc="upper right", frameon=False)
    ranks = x.ravel().argsort().argsort().reshape(x.shape)
    edges = np.linspace(0, x.size, 11)
    for j in range(4):
        counts = np.histogram(ranks[j], edges)[0] / n
        right.stairs(counts, edges / x.size, color=COLOURS[j], lw=1.6)
    right.axhline(0.1, color="0.4", lw=1, ls="--", label="all alike")
    right.set(xlabel="rank / number of draws", ylabel="share of a chain's draws", xlim=(0, 1), ylim=(0, None))
    right.legend(fontsize=9.5, loc="upper center", frameon=False)
    known = x.size * (1 - rho) / (1 + rho)
    words = Text(
        f"Four chains of {n} draws, the fourth shifted by {shift:.2g}. R̂ is {rhat:.3f}; the {x.size} draws are worth {bulk:.0f} independent ones in the middle (without the shift {known:.0f} in "
        f"theory) and {tail:.0f} in the tails, and the mean has a Monte Carlo standard error of {mean:.3f}. The dashed line is where "
        "the ranks of each chain would lie if all told the same story.",
        f"四条链，每条 {n} 次抽样，第四条平移 {shift:.2g}。R̂ 为 {rhat:.3f}；{x.size} 次抽样在主体相当于 {bulk:.0f} 个独立样本（不平移时理论值为 {known:.0f}），在尾部相当于 {tail:.0f} 个，"
        f"均值的蒙特卡洛标准误为 {mean:.3f}。虚线是各链说法一致时其秩应在的位置。",
    )
    return Drawing(fig, words)
