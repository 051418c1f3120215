"""Maximum likelihood."""

import math

import numpy as np

from gradus.errors import GradusError
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(maximum_likelihood, x, family):
    """Newton's ascent of the log-likelihood in a parameter that may be any number, undone at the end."""
    import torch

    densities = {
        # (μ, log σ²)
        "normal": lambda x, t: -0.5 * (math.log(2 * math.pi) + t[..., 1] + (x - t[..., 0]) ** 2 * (-t[..., 1]).exp()),
        "bernoulli": lambda x, t: x * t[..., 0] - torch.nn.functional.softplus(t[..., 0]),  # log-odds
        "exponential": lambda x, t: t[..., 0] - t[..., 0].exp() * x,  # log-rate
        "poisson": lambda x, t: x * t[..., 0] - t[..., 0].exp() - torch.lgamma(x + 1),  # log-mean
    }
    if family not in densities:
        raise GradusError(
            Text(
                f"expected one of the families {', '.join(densities)}, got {family!r}",
                f"分布族应为 {'、'.join(densities)} 之一，得到 {family!r}",
            )
        )
    k = 2 if family == "normal" else 1
    t = maximum_likelihood(densities[family], x, torch.zeros(*x.shape[:-1], k, dtype=torch.float64)).parameters
    if family == "normal":
        return torch.stack([t[..., 0], t[..., 1].exp()], dim=-1)
    return t.sigmoid() if family == "bernoulli" else t.exp()


MLE = Concept(
    key="mle",
    kind="definition",
    title="Maximum likelihood",
    summary="The parameters under which the observations are most likely. With enough independent observations of a regular "
    "family no regular estimator does better: √n times its error has a limit law of variance $1/I$, the Cramér–Rao bound of unbiased estimators. Training a network on "
    "cross-entropy or squared error is this.",
    formulas=(
        r"\hat\theta\in\arg\max_\theta\,\ell(\theta),\qquad \ell(\theta)=\sum_{i=1}^{n}\log f(x_i\mid\theta)",
        r"\mathcal N(\mu,\sigma^2):\ \hat\mu=\bar x,\ \hat\sigma^2=\tfrac1n\sum_{i}(x_i-\bar x)^2;\qquad \operatorname{Ber}(p):\ \hat p=\bar x;\qquad \operatorname{Poi}(\lambda):\ \hat\lambda=\bar x;\qquad \operatorname{Exp}(\lambda):\ \hat\lambda=1/\bar x",
        r"E\,T=\theta\ \Rightarrow\ \operatorname{Var}(T)\ \ge\ \frac{1}{n\,I(\theta)},\qquad I(\theta)=-E\Big[\frac{\partial^2}{\partial\theta^2}\log f(x\mid\theta)\Big]",
    ),
    symbols=(
        Symbol("x", "x", "... n", "independent observations", "positive"),
        Symbol("f", "family", "", "family of densities: normal, bernoulli, exponential or poisson", "other"),
        Symbol(r"\hat\theta", "", "... k", "estimate: (μ, σ²), or the one parameter"),
        Symbol(r"\ell", "", "", "log-likelihood"),
        Symbol("T", "", "", "any unbiased estimator of one parameter θ"),
        Symbol("n", "", "", "number of observations"),
        Symbol(r"\bar x", "", "", "their mean"),
        Symbol("I", "", "", "Fisher information of one observation"),
    ),
    needs=("expectation",),
    source="fisher1922mathematical",
    year=1922,
    people=("Ronald A. Fisher",),
    aliases="maximum likelihood estimation, maximum likelihood estimator, likelihood, Cramér-Rao bound, "
    "极大似然, 极大似然估计, 最大似然, 似然函数",
    implementations=(
        Implementation(
            "gradus.foundations.maximum_likelihood:maximum_likelihood",
            "torch",
            _torch,
            "any differentiable log-density, by Newton's method; with standard errors",
        ),
    ),
    readings="wasserman2004all ch. 9; murphy2022probabilistic §4.2; rao1945information; goodfellow2016deep §5.5",
    hypotheses=(
        Hypothesis("the observations are independent, so that the densities multiply", "a-product-needs-independence"),
        Hypothesis("for the bound: the estimator is unbiased", "variance-is-biased"),
        Hypothesis(
            "for the bound: the support does not move with θ (a regular family)", "moving-supports-beat-the-bound"
        ),
    ),
    conventions=(
        Convention(
            "variance of a normal sample",
            "σ², divided by n, as in `numpy.var`",
            "divided by n − 1 (unbiased), in `torch.var`; as σ, divided by n, in `scipy.stats.norm.fit`",
        ),
    ),
    deviations="The definition is the second formula; that it is the maximum of the first is a claim, which seeks it without the "
    "closed forms.",
)


@MLE.definition
def mle(x, family="normal"):
    mean = x.mean(axis=-1)
    closed = {
        "normal": lambda: (mean, ((x - mean[..., None]) ** 2).mean(axis=-1)),
        "bernoulli": lambda: (mean,),
        "exponential": lambda: (1 / mean,),
        "poisson": lambda: (mean,),
    }
    return np.stack(closed[family](), axis=-1)


@MLE.example
def example():
    x, family = np.array([1.0, 4.0, 2.0, 5.0]), "exponential"  # minutes between two calls
    lam = mle(x, family)[0]
    tried = np.array([0.25, lam, 0.5])
    mu, v = mle(x)  # the same numbers as a normal sample
    return (
        dict(x=x, family=family, lam=lam, mean=x.mean(), total=x.sum(), tried=tried)
        | dict(ell=4 * np.log(tried) - tried * x.sum(), score=4 / tried - x.sum())
        | dict(ratio=np.exp(4 * np.log(0.5 / lam) - (0.5 - lam) * x.sum()), error=lam / np.sqrt(4), mu=mu)
        | dict(v=v, unbiased=x.var(ddof=1), in_seconds=mle(60 * x, family)[0])
    )


@MLE.exercise
def still_burning():
    hours, failures = np.array([3.0, 5.0, 8.0, 8.0]), 2
    return number(
        failures / hours.sum(), left_out=mle(hours[:2], "exponential")[0], all_failed=mle(hours, "exponential")[0]
    )


@MLE.exercise
def largest_of_three():
    x = np.array([2.0, 7.0, 4.0])
    theta = np.linspace(1, 15, 1401)
    likelihood = np.where(theta >= x.max(), theta ** -len(x), 0)  # the density is 1/θ on [0, θ]
    return number(theta[likelihood.argmax()], twice_the_mean=2 * mle(x)[0], unbiased=4 / 3 * x.max(), tolerance=1e-3)


@MLE.exercise
def written_twice():
    x = np.array([1.0, 4.0, 2.0, 5.0])
    before, after = (mle(v, "exponential")[0] for v in (x, np.tile(x, 2)))
    promised = np.array([before / np.sqrt(4), after / np.sqrt(8)])  # λ̂/√n
    same = bool(np.isclose(before, after))
    return choice(
        nothing=same and np.isclose(*promised), surer=same and promised[1] < promised[0] * 0.99, moves=not same
    )


@MLE.cases
def cases(rng):
    yield "normal", dict(x=3 + 2 * rng.standard_normal(12))
    yield "normal, far from 0", dict(x=50 + rng.standard_normal((2, 6)))
    yield "two observations", dict(x=np.array([1.0, 2.5]))
    yield "coin", dict(x=np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), family="bernoulli")
    yield "waiting times", dict(x=rng.exponential(0.2, (2, 8)), family="exponential")
    yield "counts", dict(x=rng.poisson(4.0, 9) + 0.0, family="poisson")
    yield "as many rows as observations", dict(x=5 + rng.standard_normal((4, 4)))
    yield "long", dict(x=3 + rng.standard_normal(1500))
    yield "long waiting times", dict(x=rng.exponential(0.2, 1500), family="exponential")


@MLE.invalid
def invalid(rng):
    yield "an unknown family", dict(x=np.ones(4), family="nomral")
    yield "a number instead of a sample", dict(x=np.array(3.0))


def log_density(x, theta, family):
    """Log f(x|θ), but for terms that θ does not move."""
    known = {
        "normal": lambda mu, v: -0.5 * np.log(v) - (x - mu) ** 2 / (2 * v),
        "bernoulli": lambda p: x * np.log(p) + (1 - x) * np.log(1 - p),
        "exponential": lambda lam: np.log(lam) - lam * x,
        "poisson": lambda lam: x * np.log(lam) - lam,
    }
    return known[family](*theta)


def argmax(x, family):
    """The first formula: where the slope of ℓ, by a complex step, changes its sign, in one parameter after the other."""
    least, most = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    zero = 0 * most
    between = {  # where the maximum lies
        "normal": lambda: [(least, most), (zero, (most - least) ** 2)],
        "bernoulli": lambda: [(zero, zero + 1)],
        "exponential": lambda: [(1 / most, x.shape[-1] / most)],
        "poisson": lambda: [(least, most)],
    }[family]()
    theta = [zero + 1 for _ in between]
    with np.errstate(divide="ignore", invalid="ignore"):
        for j, (low, high) in enumerate(between):
            for _ in range(70):
                theta[j] = (low + high) / 2
                step = [t + 1e-30j * (i == j) for i, t in enumerate(theta)]
                rising = log_density(x, step, family).imag.sum(axis=-1, keepdims=True) > 0
                low, high = np.where(rising, theta[j], low), np.where(rising, high, theta[j])
    return np.concatenate(theta, axis=-1)


def log_likelihood(x, theta, family):
    """Σ log f, by SciPy."""
    from scipy import stats

    distribution = {
        "normal": lambda: stats.norm(theta[0], np.sqrt(theta[1])).logpdf,
        "bernoulli": lambda: stats.bernoulli(theta[0]).logpmf,
        "exponential": lambda: stats.expon(scale=1 / theta[0]).logpdf,
        "poisson": lambda: stats.poisson(theta[0]).logpmf,
    }
    return float(distribution[family]()(x).sum())


def sample(rng, family, *shape):
    draw = {
        "normal": lambda: 1 + 2 * rng.standard_normal(shape),
        "bernoulli": lambda: (rng.random(shape) < 0.3) + 0.0,
        "exponential": lambda: rng.exponential(0.5, shape),
        "poisson": lambda: rng.poisson(3.0, shape) + 0.0,
    }
    return draw[family]()


@MLE.claim
def closed_forms_are_the_maximum(mle, rng):
    """The closed forms are the arg max, as a search finds it where the slope changes its sign; and every move away, by 0.1 %
    to 50 %, lowers the likelihood (densities from SciPy)"""
    for family in ("normal", "bernoulli", "exponential", "poisson"):
        x = sample(rng, family, 20)
        theta = mle(x, family=family)
        yield roundoff(theta, argmax(x, family), terms=20)
        top = log_likelihood(x, theta, family)
        moved = [theta + s * h * e * theta for e in np.eye(len(theta)) for h in (1e-3, 0.05, 0.5) for s in (-1, 1)]
        best = max(log_likelihood(x, t, family) for t in moved)
        yield bound(best - top, 0.0, "≤")


@MLE.claim
def reaches_the_cramer_rao_bound(mle, rng):
    r"""For these three, which are unbiased, the variance of the estimates is the Cramér–Rao bound: $\sigma^2/n$ for a normal mean, $p(1-p)/n$ for a coin,
    $\lambda/n$ for counts"""
    n, repeats = 60, 1500
    for family, theta, information in (("normal", 1.0, 1 / 4), ("bernoulli", 0.3, 1 / 0.21), ("poisson", 3.0, 1 / 3)):
        estimates = mle(sample(rng, family, repeats, n), family=family)[:, 0]
        yield statistical(n * information * (estimates - theta) ** 2, 1.0)


@MLE.claim
def error_falls_as_the_root_of_n(mle, rng):
    """Consistent: the error of an exponential rate falls as $n^{-1/2}$"""
    sizes = (25, 100, 400, 1600)
    rates = [mle(sample(rng, "exponential", 200, n), family="exponential") for n in sizes]
    errors = [np.sqrt(((r - 2.0) ** 2).mean()) for r in rates]
    # log RMSE of 200 errors is uncertain by 1/√400 = .05, the slope over these sizes by .016
    return rate(sizes, errors, -0.5, 5 * 0.016)


@MLE.claim
def variance_is_biased(mle, rng):
    r"""The variance is biased: $E\hat\sigma^2=\frac{n-1}{n}\sigma^2$. Its variance $\frac{2(n-1)}{n^2}\sigma^4$ and even its mean
    squared error $\frac{2n-1}{n^2}\sigma^4$ are below $\frac{2\sigma^4}n$, the bound of unbiased estimators: 0.32 and 0.36 for 0.4 at
    n = 5, σ = 1"""
    n = 5
    v = mle(sample(rng, "normal", 3000, n))[:, 1]
    unbiased = v * n / (n - 1)
    yield statistical(v, 4 * (n - 1) / n)
    yield statistical((v - 4) ** 2, 16 * (2 * n - 1) / n**2)
    yield statistical((v - 4 * (n - 1) / n) ** 2, 16 * 2 * (n - 1) / n**2)
    yield bound(
        ((v - v.mean()) ** 2).mean(), 16 * 2 / n, "≤", Text("the Cramér–Rao bound 2σ⁴/n", "Cramér–Rao 下界 2σ⁴/n")
    )
    why = Text("the error of the unbiased estimate", "无偏估计的误差")
    yield bound(((v - 4) ** 2).mean(), ((unbiased - 4) ** 2).mean(), "≤", why)


@MLE.claim
def moves_with_the_units(mle, rng):
    r"""Estimates move with the units: for $cx$ they are $(c\mu,c^2\sigma^2)$, the rate is divided by c; and shifting x
    shifts only μ"""
    x, t, c = sample(rng, "normal", 15), sample(rng, "exponential", 15), 8.0
    mu, v = mle(x)
    yield invariance(mle(c * x + 3), [c * mu + 3, c**2 * v], terms=15, scale=float(c**2 * (v + mu**2) + 9))
    yield invariance(mle(c * t, family="exponential"), mle(t, family="exponential") / c, terms=15)


@MLE.claim
def a_product_needs_independence(mle, rng):
    r"""The product of densities needs independence: with every observation written twice it gives a normal
    mean the variance $\sigma^2/2n$,
    half of the true one"""
    n, repeats = 20, 1500
    x = sample(rng, "normal", repeats, n)
    twice = np.concatenate([x, x], axis=-1)
    mu, promised = mle(twice)[:, 0], 4 / (2 * n)
    yield roundoff(mu, mle(x)[:, 0], terms=2 * n, scale=float(np.abs(x).max()))
    yield statistical((mu - 1) ** 2 / promised, 2.0)


@MLE.claim
def moving_supports_beat_the_bound(mle, rng):
    r"""Where the support moves with θ the bound does not hold: from draws uniform on $(0,\theta)$ the unbiased
    $\frac{n+1}n\max x_i$ errs like $1/n$, twice the estimated mean like $1/\sqrt n$"""
    sizes, means, largest = (10, 40, 160, 640), [], []
    for n in sizes:
        x = 3 * rng.random((600, n))
        means.append(np.sqrt(((2 * mle(x)[:, 0] - 3) ** 2).mean()))
        largest.append(np.sqrt((((n + 1) / n * x.max(axis=-1) - 3) ** 2).mean()))
    # log RMSE of 600 errors is uncertain by .03 (.06 for the skewed largest), the slope over these sizes by .01 and .02
    yield rate(sizes, means, -0.5, 0.06)
    yield rate(sizes, largest, -1.0, 0.1)


@MLE.mutant(caught_by="equals-definition, closed-forms-are-the-maximum, variance-is-biased")
def n_minus_one(x, family="normal"):
    """n − 1 for n called maximum likelihood"""
    n = x.shape[-1]
    return mle(x, family) * np.array([1, n / (n - 1)]) if family == "normal" else mle(x, family)


@MLE.mutant(caught_by="closed-forms-are-the-maximum, reaches-the-cramer-rao-bound, a-product-needs-independence")
def median(x, family="normal"):
    """the median for the mean"""
    theta = mle(x, family)
    theta[..., 0] = np.median(x, axis=-1)
    return theta


@MLE.mutant(
    caught_by="equals-definition, closed-forms-are-the-maximum, moves-with-the-units, error-falls-as-the-root-of-n"
)
def mean_for_rate(x, family="normal"):
    """the mean for the rate"""
    return mle(x, "poisson" if family == "exponential" else family)


@MLE.mutant(caught_by="error-falls-as-the-root-of-n, reaches-the-cramer-rao-bound, moving-supports-beat-the-bound")
def first_twenty(x, family="normal"):
    """only the first 20 observations are used"""
    return mle(x[..., :20], family)


MLE.erratum(
    "E58",
    common=r"The likelihood is $L(\theta)=\prod_{i=1}^{n}f(x_i\mid\theta)$, with no condition named",
    why="The product is the joint density only of independent observations. Written twice each, they leave the "
    "estimate where it was, but the variance that the product gives, σ²/2n, is half of the true one.",
    right="$x_i$ independent and identically distributed; otherwise the joint density",
    claims="a-product-needs-independence",
)


MLE.erratum(
    "E131",
    common=r"The Cramér–Rao bound: the variance of any estimator is at least $1/(nI)$ (a common slip)",
    why=r"It is proved for unbiased estimators of regular families. The maximum likelihood estimate of a normal variance is biased: "
    r"at n = 5, σ = 1 its variance is 0.32, below $2\sigma^4/n=0.4$; and the largest of n uniform draws errs like $1/n$.",
    right=r"of unbiased estimators, where the support does not move; with bias $b(\theta)$ the bound is $(1+b'(\theta))^2/(nI)$",
    claims="variance-is-biased, moving-supports-beat-the-bound",
)


@MLE.figure(
    n=Slider(5, 1000, 30, "number of flips n", log=True, integer=True),
    p=Slider(0.05, 0.95, 0.3, "true probability of heads"),
)
def figure(n, p):
    n = int(n)
    heads = (np.random.default_rng(2).random((2000, 1000))[:, :n] < p).astype(float)
    estimates = mle(heads, "bernoulli")[:, 0]
    first = estimates[0]
    grid = np.linspace(0.001, 0.999, 999)
    ll = n * (first * np.log(grid) + (1 - first) * np.log(1 - grid))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    left.plot(grid, np.exp(ll - ll.max()))
    left.axvline(first, color=COLOURS[1], label=f"estimate {first:.3f}")
    left.axvline(p, color=COLOURS[6], ls="--", label=f"truth {p:.2f}")
    left.set(xlabel="p", ylabel="L(p) / max L", title=f"likelihood of {n} flips")
    left.legend(frameon=False, fontsize=9.5)
    deviation = np.sqrt(p * (1 - p) / n)
    edges = (np.arange(n + 2) - 0.5) / n if n <= 40 else np.linspace(p - 4.2 * deviation, p + 4.2 * deviation, 41)
    right.hist(estimates, bins=edges, density=True, color=COLOURS[0], alpha=0.5)
    x = np.linspace(max(0, p - 4 * deviation), min(1, p + 4 * deviation), 200)
    right.plot(x, np.exp(-((x - p) ** 2) / (2 * deviation**2)) / (deviation * np.sqrt(2 * np.pi)), color=COLOURS[1])
    right.set(xlabel="estimate", title=r"2000 estimates and $N(p, 1/nI)$", xlim=(x[0], x[-1]))
    spread = float(estimates.std())
    words = Text(
        f"{n} flips of a coin with p = {p:.2f}: this sample gives {first:.3f}. Over 2000 samples the estimates deviate by {spread:.4f}; the Cramér–Rao bound is {deviation:.4f}.",
        f"抛掷 {n} 次 p = {p:.2f} 的硬币：此样本给出 {first:.3f}。2000 个样本的估计的标准差为 {spread:.4f}；Cramér–Rao 下界为 {deviation:.4f}。",
    )
    return Drawing(fig, words)
