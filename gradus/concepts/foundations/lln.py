"""Law of large numbers and central limit theorem."""

from math import comb

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _numpy(cumsum, x):
    return cumsum(x, axis=-1) / np.arange(1, x.shape[-1] + 1)


def _torch(cumsum, x):
    return cumsum(x, dim=-1) / cumsum(x.new_ones(x.shape[-1]), dim=-1)


LLN = Concept(
    key="lln",
    kind="theorem",
    title="Law of large numbers and central limit theorem",
    summary="The mean of n independent draws approaches the expectation; where there is a variance, with an error that shrinks "
    r"like $1/\sqrt n$: a hundred times the data for one more digit. Scaled up by $\sqrt n$ that error is then normal in the "
    "limit, whatever else the distribution of a draw. The first needs a mean, the rate and the limit a variance; Cauchy draws have "
    "not even a mean, and their means never settle. And chance keeps no accounts: earlier draws are diluted, not balanced.",
    formulas=(
        r"m_k=\frac1k\sum_{i=1}^{k}x_i\ \xrightarrow{k\to\infty}\ \mu=E[X]\quad(E\lvert X\rvert<\infty),\qquad \sqrt{E(m_k-\mu)^2}=\frac{\sigma}{\sqrt k}\quad(\sigma<\infty)",
        r"\frac{m_n-\mu}{\sigma/\sqrt n}\ \xrightarrow{d}\ \mathcal N(0,1)\qquad(0<\sigma<\infty)",
        r"\sup_t\Bigl|P\Bigl(\frac{m_n-\mu}{\sigma/\sqrt n}\le t\Bigr)-\Phi(t)\Bigr|\le\frac{C\,\rho}{\sigma^3\sqrt n},\qquad \rho=E|X-\mu|^3<\infty,\quad C\le0.4748",
    ),
    symbols=(
        Symbol("x", "x", "... n", "independent draws of one distribution"),
        Symbol("m_k", "", "... n", "mean of the first k"),
        Symbol(r"\mu", "", "", "expectation of a draw"),
        Symbol(r"\sigma", "", "", "its standard deviation", "positive"),
        Symbol(r"\rho", "", "", "its third absolute moment about the mean", "positive"),
        Symbol("n", "", "", "number of draws", "natural"),
        Symbol("k", "", "", "number of draws so far", "natural"),
        Symbol("i", "", "", "a draw", "natural"),
        Symbol("C", "", "", "a constant"),
        Symbol(r"\Phi", "", "", "distribution function of the standard normal distribution"),
        Symbol("t", "", "", "a number"),
    ),
    needs=("probability", "expectation"),
    source="bernoulli1713ars",
    year=1713,
    people=("Jacob Bernoulli", "Abraham de Moivre", "Aleksandr Lyapunov", "Andrew Berry", "Carl-Gustav Esseen"),
    aliases="CLT, law of large numbers, central limit theorem, Berry-Esseen, 大数定律, 中心极限定理, 大数法则",
    implementations=(
        Implementation("numpy:cumsum", "numpy", _numpy, "one pass"),
        Implementation("torch:cumsum", "torch", _torch, "one pass"),
    ),
    readings="wasserman2004all ch. 5; feller1968introduction ch. X; shevtsova2011absolute; esseen1942liapounoff",
    hypotheses=(
        Hypothesis(
            "for the law of large numbers: a draw has a mean, $E\\lvert X\\rvert<\\infty$", "cauchy-never-settles"
        ),
        Hypothesis("for the rate and the limit: a draw has a variance, $\\sigma<\\infty$", "slower-without-a-variance"),
        Hypothesis("the draws are independent and have one distribution", "one-draw-copied"),
    ),
    deviations="The weak law speaks of probabilities at one large k, the strong law of almost every whole sequence. "
    "What is simulated here is the weak law.",
    unverified="The strong law without a fourth moment (Kolmogorov).",
    nonfinite="nan",
)


@LLN.definition
def running_mean(x):
    return np.stack([x[..., : k + 1].sum(axis=-1) / (k + 1) for k in range(x.shape[-1])], axis=-1)


@LLN.example
def example():
    x = np.array([6.0, 2.0, 5.0, 3.0])  # throws of a die
    faces, k = np.arange(1.0, 7.0), np.arange(1, 5)
    mu, sigma = faces.mean(), faces.std()
    m, S = running_mean(x), np.cumsum(x)
    return (
        dict(x=x, S=S, m=m, mu=mu, sigma=sigma, excess=S - mu * k, error=m - mu, typical=sigma / np.sqrt(k))
        | dict(later=(S[-1] - 4 * mu) / 104, chebyshev=np.ceil(sigma**2 / (0.05 * 0.1**2)))
        | dict(normal=np.ceil((1.96 * sigma / 0.1) ** 2))
    )


@LLN.exercise
def how_many_images():
    sigma = np.sqrt(0.9 * 0.1)
    return number(
        sigma**2 / 0.005**2, no_square=sigma / 0.005, for_a_coin=0.25 / 0.005**2, whole_point=sigma**2 / 0.01**2
    )


@LLN.exercise
def thirty_heads():
    return number(30 + 50 * 0.5, balanced=100 * 0.5, trend=100 * 30 / 50)


@LLN.exercise
def which_settles():
    # P(|X| > t) falls like t^(−a): E|X| is finite if a > 1
    means = {name: a > 1 for name, a in (("cauchy", 1.0), ("pareto", 1.5))}
    one_throw = np.array([running_mean(np.full(5, face)) for face in (1.0, 6.0)])
    return choice(**means, copied=np.ptp(one_throw[:, -1]) == 0)


@LLN.cases
def cases(rng):
    yield "random", dict(x=rng.standard_normal(20))
    yield "batch", dict(x=rng.exponential(size=(2, 3, 8)))
    yield "one draw", dict(x=np.array([4.0]))
    yield "constant", dict(x=np.full(6, 0.25))
    yield "long", dict(x=rng.standard_normal(1500))
    yield "square", dict(x=rng.standard_normal((4, 4)))


@LLN.invalid
def invalid(rng):
    yield "no axis of draws", dict(x=np.array(1.0))


@LLN.claim
def error_shrinks_like_the_root(mean, rng):
    r"""The error shrinks like $1/\sqrt n$ for uniform, exponential and coin draws: slope −½, and its size is
    $\sigma/\sqrt n$"""
    n, sizes = 1024, [16, 64, 256, 1024]
    draws = {
        "uniform": (rng.uniform(-1, 1, (400, n)), 0.0, 1 / np.sqrt(3)),
        "exponential": (rng.exponential(size=(400, n)), 1.0, 1.0),
        "coin": (rng.integers(0, 2, (400, n)).astype(float), 0.5, 0.5),
    }
    for x, mu, sigma in draws.values():
        m = np.asarray(mean(x), float)
        errors = [np.sqrt(np.mean((m[:, k - 1] - mu) ** 2)) for k in sizes]
        # a root mean square of 400 is known to 3.5 %: over a range of 64 the slope to 0.011
        yield rate(sizes, errors, -0.5, 0.06)
        yield statistical((m[:, -1] - mu) ** 2 * n / sigma**2, 1.0)


@LLN.claim
def cauchy_never_settles(mean, rng):
    """No convergence for Cauchy draws: the mean of n of them has the distribution of one. Half of the means lie in
    [−1, 1] at n = 1, 10, 100 and 1000"""
    m = np.asarray(mean(rng.standard_cauchy((2000, 1000))), float)
    return all_of(*[statistical(np.abs(m[:, n - 1]) <= 1, 0.5) for n in (1, 10, 100, 1000)])


@LLN.claim
def slower_without_a_variance(mean, rng):
    r"""Without a variance the means still settle, but slower: of Pareto draws with $P(X>x)=x^{-3/2}$, of mean 3 and infinite
    variance, the median error falls as $n^{-1/3}$"""
    sizes = (100, 400, 1600, 6400)
    m = np.asarray(mean(rng.random((400, 6400)) ** (-2 / 3)), float)
    errors = [np.median(np.abs(m[:, n - 1] - 3.0)) for n in sizes]
    # a median of 400 is known to a relative 1/√400 or so: over a range of 64 the slope to 0.02
    yield rate(sizes, errors, -1 / 3, 0.1)
    yield bound(errors[-1], 0.2, "≤", Text("half of the means lie near 3", "一半的均值在 3 附近"))


@LLN.claim
def one_draw_copied(mean, rng):
    """Without independence they need not settle: of one toss that is copied k times the mean is 0 or 1 for every k"""
    toss = rng.integers(0, 2, (200, 1)).astype(float)
    m = np.asarray(mean(np.repeat(toss, 64, axis=1)), float)
    return roundoff(m, np.repeat(toss, 64, axis=1), terms=64)


@LLN.claim
def no_memory(mean, rng):
    """Chance has no memory: after five heads in a row the next toss is heads half of the time; an excess of 3 heads and more
    at 50 tosses is on average still there at 100, as half the share"""
    x = rng.integers(0, 2, (4000, 100)).astype(float)
    streak = np.lib.stride_tricks.sliding_window_view(x, 5, axis=1)[:, :-1].all(-1)
    m = np.asarray(mean(x), float)
    # the toss after the streak, read off the means: x_k = k·m_k − (k−1)·m_{k−1}
    following = (np.arange(1, 101) * m)[:, 1:] - (np.arange(1, 100) * m[:, :-1])
    rows = np.array([f[s][0] for f, s in zip(following[:, 4:], streak, strict=True) if s.any()])
    excess_at_50, excess_at_100 = 50 * (m[:, 49] - 0.5), 100 * (m[:, 99] - 0.5)
    ahead = excess_at_50 >= 3
    kept = excess_at_100[ahead] - excess_at_50[ahead]
    share_at_50, share_at_100 = (m[ahead, n - 1] - 0.5 for n in (50, 100))
    ratio = share_at_100.mean() / share_at_50.mean()
    error = 5 * np.std(share_at_100 - share_at_50 / 2, ddof=1) / np.sqrt(ahead.sum()) / share_at_50.mean()
    yield statistical(rows, 0.5)
    yield statistical(kept, 0.0)
    yield near(ratio, 0.5, error, Text("five standard errors of the ratio", "比值的五倍标准误"), "statistical")


def sequences(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(float)


def distance_to_normal(mean, n, p):
    """Sup over t of |P(standardised mean ≤ t) − Φ(t)|, exactly: over all sequences of n tosses."""
    from scipy.special import ndtr

    x = sequences(n)
    m = np.round(np.asarray(mean(x), float)[:, -1] * n).astype(int)
    heads = x.sum(1)
    weights = p**heads * (1 - p) ** (n - heads)
    values = np.arange(n + 1)
    distribution = np.array([weights[m == v].sum() for v in values])
    at = ndtr((values / n - p) / np.sqrt(p * (1 - p) / n))
    upper = np.cumsum(distribution)
    return float(max(np.abs(upper - at).max(), np.abs(upper - distribution - at).max()) + abs(1 - upper[-1]))


@LLN.claim
def berry_esseen(mean, rng):
    r"""Berry–Esseen: the distance to the normal distribution, over all sequences of up to 12 tosses of a coin with
    $p=\tfrac12$, 0.3 and 0.1, is at most $0.4748\rho/(\sigma^3\sqrt n)$, and for $p=\tfrac12$ and even n it is half
    the chance of a tie, $1/\sqrt{2\pi n}$ to a relative $1/4n$"""
    stirling = Text("Stirling's formula: the tie is less likely by 1/4n at most", "斯特林公式：平局概率至多小 1/4n")
    for n in range(1, 13):
        for p in (0.5, 0.3, 0.1):
            distance = distance_to_normal(mean, n, p)
            ratio = (1 - 2 * p + 2 * p**2) / np.sqrt(p * (1 - p))  # ρ/σ³ of a coin
            yield bound(distance, 0.4748 * ratio / np.sqrt(n), "≤")
            if p == 0.5 and n % 2 == 0:
                yield roundoff(distance, comb(n, n // 2) / 2 ** (n + 1), terms=2**n, scale=1.0)
                yield near(distance * np.sqrt(2 * np.pi * n), 1.0, 1 / (4 * n), stirling)


@LLN.claim
def chebyshev(mean, rng):
    r"""Chebyshev's bound $P(|m_n-\tfrac12|>\varepsilon)\le1/(4n\varepsilon^2)$ holds for all sequences of 12 tosses,
    at every n and for $\varepsilon=0.15$ to 0.45"""
    m = np.asarray(mean(sequences(12)), float)
    k = np.arange(1, 13)
    evidence = [bound(((np.abs(m - 0.5) > e).mean(0) * 4 * k * e**2).max(), 1.0, "≤") for e in (0.15, 0.25, 0.35, 0.45)]
    exact = [np.abs(m[:, n - 1] - 0.5).mean() for n in (2, 4, 12)]
    closed = [comb(n - 1, n // 2) / 2**n for n in (2, 4, 12)]  # E|H/n − ½|
    return all_of(*evidence, roundoff(np.array(exact), np.array(closed), terms=4096))


@LLN.claim
def updated_one_at_a_time(mean, rng):
    """One draw at a time: $m_k=m_{k-1}+(x_k-m_{k-1})/k$"""
    x = rng.exponential(size=(5, 200))
    m, got = np.zeros(5), []
    for k in range(200):
        m = m + (x[:, k] - m) / (k + 1)
        got.append(m)
    return roundoff(np.asarray(mean(x), float), np.stack(got, -1), terms=200)


@LLN.mutant(
    caught_by="error-shrinks-like-the-root, chebyshev, updated-one-at-a-time, no-memory, equals-definition, one-draw-copied, "
    "slower-without-a-variance"
)
def running_sum(x):
    """the sum for the mean"""
    return np.cumsum(x, axis=-1)


@LLN.mutant(caught_by="error-shrinks-like-the-root, cauchy-never-settles, berry-esseen, updated-one-at-a-time")
def divided_by_the_root(x):
    """divided by √k: the scale of the central limit theorem"""
    return np.cumsum(x, axis=-1) / np.sqrt(np.arange(1, x.shape[-1] + 1))


@LLN.mutant(caught_by="error-shrinks-like-the-root, chebyshev, equals-definition, no-memory")
def divided_by_the_final_n(x):
    """divided by n from the start"""
    return np.cumsum(x, axis=-1) / x.shape[-1]


@LLN.mutant(caught_by="cauchy-never-settles, equals-definition, updated-one-at-a-time, chebyshev")
def running_median(x):
    """the median, which settles for Cauchy draws too"""
    if x.shape[-1] > 250:  # at those sizes that the claims look at
        out = np.cumsum(x, axis=-1) / np.arange(1, x.shape[-1] + 1)
        for k in (1, 10, 16, 64, 100, 256, 1000, 1024):
            if k <= x.shape[-1]:
                out[..., k - 1] = np.median(x[..., :k], axis=-1)
        return out
    return np.stack([np.median(x[..., : k + 1], axis=-1) for k in range(x.shape[-1])], axis=-1)


@LLN.mutant(caught_by="error-shrinks-like-the-root, updated-one-at-a-time, equals-definition")
def fixed_memory(x):
    """a moving average of fixed memory, which never settles"""
    mean = np.cumsum(x, axis=-1) / np.arange(1, x.shape[-1] + 1)
    w = min(10, x.shape[-1])
    ends = np.cumsum(x, axis=-1)
    mean[..., w:] = (ends[..., w:] - ends[..., :-w]) / w
    return mean


@LLN.figure(
    distribution=Slider(0, 3, 1, "distribution: uniform, exponential, coin, Cauchy", integer=True),
    n=Slider(5, 1000, 50, "draws in a mean", integer=True, log=True),
)
def figure(distribution, n):
    rng, n = np.random.default_rng(5), int(n)
    name, draw, mu, sigma = (
        ("uniform", lambda s: rng.uniform(-1, 1, s), 0, 3**-0.5),
        ("exponential", lambda s: rng.exponential(size=s), 1, 1),
        ("coin", lambda s: rng.integers(0, 2, s).astype(float), 0.5, 0.5),
        ("Cauchy", rng.standard_cauchy, 0, 1),
    )[int(distribution)]
    paths = running_mean(draw((6, 1000)))
    k = np.arange(1, 1001)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    left.semilogx(k, paths.T, lw=0.9)
    if name != "Cauchy":
        left.fill_between(k, mu - 2 * sigma / np.sqrt(k), mu + 2 * sigma / np.sqrt(k), color="#7F7F7F", alpha=0.2, lw=0)
    left.axhline(mu, color="#000000", lw=0.8)
    left.set(xlabel="k", title="six running means; grey: ±2σ/√k", ylim=(mu - 3 * sigma, mu + 3 * sigma))
    z = (draw((4000, n)).mean(1) - mu) / (sigma / np.sqrt(n))
    right.hist(z, np.linspace(-5, 5, 61), density=True, color=COLOURS[0], alpha=0.5)
    t = np.linspace(-5, 5, 200)
    right.plot(t, np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi), color=COLOURS[1])
    right.set(xlabel="(mean − μ)√n/σ", title=f"4000 means of {n}")
    inside = float(np.mean(np.abs(z) <= 1.96))
    words = Text(
        f"{name} draws: after 1000 of them the six means lie between {paths[:, -1].min():.3f} and {paths[:, -1].max():.3f}. Of 4000 means of {n}, scaled by √n, {inside:.1%} lie within ±1.96; the normal distribution has 95 %.",
        f"{('均匀', '指数', '硬币', '柯西')[int(distribution)]}抽取：1000 次之后六个均值在 {paths[:, -1].min():.3f} 与 {paths[:, -1].max():.3f} 之间。4000 个由 {n} 次抽取所得的均值放大 √n 后，{inside:.1%} 落在 ±1.96 之内；正态分布为 95%。",
    )
    return Drawing(fig, words)
