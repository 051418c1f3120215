"""The evidence lower bound: what variational inference maximises."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _library(elbo, q, prior, log_likelihood, total=None):
    """The library's, for any variable: this one has k values."""
    from torch import finfo
    from torch.distributions import Categorical

    from gradus.arguments import refusal

    for name, p in (("q", q), ("prior", prior)):
        rounded = 1e-6 + p.shape[-1] * finfo(p.dtype).eps
        if bool((p < 0).any()) or bool(((p.sum(-1) - 1).abs() > rounded).any()):
            raise refusal(name, ("probabilities that sum to 1", "和为 1 的概率"), p)
    of_all = log_likelihood.sum(-2)
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    laws = (Categorical(p, validate_args=False) for p in (q, prior))
    return elbo(lambda z: of_all.gather(-1, z.movedim(0, -1)).movedim(-1, 0), *laws, scale=scale).value


ELBO = Concept(
    key="elbo",
    kind="definition",
    title="Evidence lower bound",
    summary="The posterior needs the evidence $p(x)$, a sum over everything that could be behind the data, and mostly out of reach. The evidence "
    "lower bound (ELBO) of a guess $q$ at the posterior needs means under $q$ only. It is below $\\ln p(x)$ by exactly the "
    "divergence of $q$ from the posterior: raising it by $q$ makes the guess better.",
    formulas=(
        r"\mathcal L(q)=\mathbb E_q\ln p(x\mid z)-\mathrm{KL}\bigl(q\,\|\,p(z)\bigr)=\mathbb E_q\ln p(x,z)+H(q)",
        r"\ln p(x)=\mathcal L(q)+\mathrm{KL}\bigl(q\,\|\,p(z\mid x)\bigr)\ \ge\ \mathcal L(q)",
        r"\widehat{\mathcal L}(q)=\frac Nn\sum_{i\in B}\mathbb E_q\ln p(x_i\mid z)-\mathrm{KL}\bigl(q\,\|\,p(z)\bigr),\qquad \lvert B\rvert=n",
    ),
    symbols=(
        Symbol("q", "q", "... k", "the guess: a distribution over the values of $z$", "simplex"),
        Symbol("p(z)", "prior", "... k", "what is believed of $z$ beforehand", "simplex"),
        Symbol(
            r"\ln p(x_i\mid z)",
            "log_likelihood",
            "... n k",
            "log-probability, or log-density, of each sample for each value of $z$; given $z$ the samples are independent",
            "real",
            "nat",
        ),
        Symbol(
            "N",
            "total",
            "",
            "samples altogether, where those given are a batch; unless given, these are all",
            "natural",
        ),
        Symbol("n,\\ B", "", "", "samples in the batch; their indices"),
        Symbol("k", "", "", "number of values of $z$", "natural"),
        Symbol("x,\\ z", "", "", "the samples; what is behind them and not seen"),
        Symbol("p(x),\\ p(z\\mid x)", "", "", "the evidence; the posterior"),
        Symbol("i", "", "", "a sample"),
        Symbol("H(q)", "", "", "entropy", "real", "nat"),
    ),
    needs=("kl", "bayes"),
    source="jordan1999introduction",
    year=1999,
    people=(
        "Geoffrey Hinton",
        "Radford M. Neal",
        "Michael Jordan",
        "Zoubin Ghahramani",
        "Tommi Jaakkola",
        "Lawrence Saul",
    ),
    aliases="ELBO, variational lower bound, variational free energy, negative free energy, 变分下界, 变分自由能",
    implementations=(
        Implementation(
            "gradus.inference:elbo",
            "torch",
            _library,
            "for any log-density and any distribution of `torch.distributions`, with its standard error; here a sum over all values",
        ),
    ),
    readings="blei2017variational §2; bishop2006pattern §10.1; neal1998view; hoffman2013stochastic; kingma2014auto; turner2011two",
    hypotheses=(
        Hypothesis("q sums to 1: otherwise it may exceed the log-evidence", "sums-forgotten"),
        Hypothesis(
            "q has no mass where $p(x,z)=0$: otherwise it is −∞, which bounds nothing", "mass-where-the-joint-has-none"
        ),
        Hypothesis(
            "for batches: all of one size n, and each sample in as many of them as any other",
            "batches-that-favour-a-sample",
        ),
        Hypothesis(
            "raising it makes the guess better: the model stays as it is, $q$ alone moves",
            "parameters-move-to-where-the-bound-is-tight",
        ),
    ),
    conventions=(
        Convention(
            "what is scaled for a batch",
            r"the likelihood, by $N/n$, once $z$ is shared by all samples; the bound is of all $N$",
            r"the divergence, by $1/N$ beside a mean over the batch (TensorFlow Probability's layers: `kl_weight`); the bound divided by $N$",
        ),
        Convention(
            "sign",
            "a bound from below, maximised",
            "its negative as a loss (variational autoencoders), or as a free energy",
        ),
    ),
    deviations="Here $z$ has $k$ values. For densities the sums are integrals; on a grid of equal steps both logarithms lose the same width of a cell, "
    "so the claims on normal and beta distributions use this very function.",
    unverified="That a better bound goes with better predictions: it often does, and nothing here says so.",
)


@ELBO.definition
def elbo(q, prior, log_likelihood, total=None):
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    there = q > 0  # 0 log 0 = 0
    with np.errstate(divide="ignore"):
        likelihood = np.where(there, q, 0) * np.where(there, log_likelihood.sum(-2), 0)
        divergence = np.where(there, q, 0) * np.log(np.where(there, q, 1) / np.where(there, prior, 1))
    return scale * likelihood.sum(-1) - divergence.sum(-1)


def log_evidence(prior, log_likelihood):
    """ln Σ p(z) p(x|z), and the posterior."""
    with np.errstate(divide="ignore"):
        joint = np.log(prior) + log_likelihood.sum(-2)
    top = joint.max(-1, keepdims=True)
    p = np.exp(joint - top)
    total = p.sum(-1, keepdims=True)
    return (top + np.log(total))[..., 0], p / total


def kl(q, p):
    """For p without zeros."""
    return (q * np.log(np.where(q > 0, q, 1) / np.where(q > 0, p, 1))).sum(-1)


@ELBO.example
def example():
    prior, q = np.array([0.5, 0.5]), np.array([0.5, 0.5])
    likelihood = np.array([[0.75, 0.25], [0.75, 0.25]])  # of two red balls; urn 1 holds three red of four, urn 2 one
    log_likelihood = np.log(likelihood)
    evidence, posterior = log_evidence(prior, log_likelihood)
    better, sure = np.array([0.75, 0.25]), np.array([1.0, 0.0])
    return (
        dict(q=q, prior=prior, log_likelihood=log_likelihood, l=log_likelihood[0], twice=log_likelihood.sum(0))
        | dict(L=elbo(q, prior, log_likelihood), evidence=evidence, post=posterior, gap=kl(q, posterior))
        | dict(better=better, KL=kl(better, prior), fit=better @ log_likelihood.sum(0))
        | dict(L2=elbo(better, prior, log_likelihood), gap2=kl(better, posterior))
        | dict(L3=elbo(sure, prior, log_likelihood), gap3=kl(sure, posterior))
        | dict(
            half=better @ log_likelihood[0],
            one=elbo(better, prior, log_likelihood[:1], 2),
            unscaled=elbo(better, prior, log_likelihood[:1]),
        )
    )


@ELBO.exercise
def how_far_below():
    q, posterior = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    return number(kl(q, posterior), reversed=kl(posterior, q), entropy=math.log(2))


@ELBO.exercise
def one_batch():
    N, n, fit, divergence = 1000, 10, -14.0, 120.0
    return number(
        N / n * fit - divergence,
        not_scaled=fit - divergence,
        both_scaled=N / n * (fit - divergence),
        divergence_by_batch=N / n * fit - divergence / n,
    )


@ELBO.exercise
def it_rose():
    q = np.array([0.5, 0.5])

    def L(evidence, p):  # and the posterior of the first value
        return math.log(evidence) - kl(q, np.array([p, 1 - p]))

    worse_fit = L(0.4, 0.9) < L(0.35, 0.6)  # the evidence falls, the bound rises
    worse_guess = L(0.2, 0.6) < L(0.4, 0.7)  # the divergence grows, the bound rises
    return choice(evidence=not worse_fit, divergence=not worse_guess, sum=worse_fit and worse_guess)


@ELBO.cases
def cases(rng):
    def simplex(k, *shape):
        return rng.dirichlet(np.ones(k), size=shape)

    def logs(*shape):
        return -rng.exponential(1.5, shape)

    yield "random", dict(q=simplex(4), prior=simplex(4), log_likelihood=logs(3, 4))
    yield "batch of 5 out of 20", dict(q=simplex(3), prior=simplex(3), log_likelihood=logs(5, 3), total=20)
    yield "several at once", dict(q=simplex(4, 2, 3), prior=simplex(4, 2, 3), log_likelihood=logs(2, 3, 2, 4))
    yield "guess without spread", dict(q=np.array([0.0, 1.0, 0.0]), prior=simplex(3), log_likelihood=logs(2, 3))
    yield (
        "impossible values left out",
        dict(
            q=np.array([0.6, 0.4, 0.0]), prior=np.array([0.3, 0.7, 0.0]), log_likelihood=np.array([[-1.0, -2.0, -0.5]])
        ),
    )
    yield (
        "mass on an impossible value",
        dict(q=np.array([0.6, 0.4]), prior=np.array([1.0, 0.0]), log_likelihood=np.array([[-1.0, -2.0]])),
    )
    yield "densities above 1", dict(q=simplex(5), prior=simplex(5), log_likelihood=rng.normal(2.0, 3.0, (7, 5)))
    yield "as many samples as values", dict(q=simplex(4), prior=simplex(4), log_likelihood=logs(4, 4))
    yield "many values", dict(q=simplex(700), prior=simplex(700), log_likelihood=logs(2, 700))


@ELBO.invalid
def invalid(rng):
    half, logs = np.array([0.5, 0.5]), np.zeros((1, 2))
    yield "a sum that is not 1", dict(q=np.array([0.5, 0.6]), prior=half, log_likelihood=logs)
    yield "a negative probability", dict(q=half, prior=np.array([-0.5, 1.5]), log_likelihood=logs)
    yield "other numbers of values", dict(q=half, prior=np.full(3, 1 / 3), log_likelihood=np.zeros((1, 3)))


def models(rng, count, k=5, n=3):
    """Guesses, priors and log-likelihoods."""
    return rng.dirichlet(np.ones(k), count), rng.dirichlet(np.ones(k), count), -rng.exponential(2.0, (count, n, k))


@ELBO.claim
def never_above_the_log_evidence(L, rng):
    """It is never above the log-evidence, and reaches it where q is the posterior: 200 random models"""
    q, prior, logs = models(rng, 200)
    evidence, posterior = log_evidence(prior, logs)
    yield bound(float((np.asarray(L(q, prior, logs), float) - evidence).max()), 0.0, "≤")
    yield roundoff(L(posterior, prior, logs), evidence, terms=20)


@ELBO.claim
def the_gap_is_the_divergence_from_the_posterior(L, rng):
    """What is missing to the log-evidence is KL(q‖p(z|x)), in this order: for q = (½, ½) and posterior (0.9, 0.1) 0.511 nat, not the 0.368 of
    KL(p(z|x)‖q)"""
    q, prior, logs = models(rng, 50)
    evidence, posterior = log_evidence(prior, logs)
    yield roundoff(evidence - np.asarray(L(q, prior, logs), float), kl(q, posterior), terms=40, scale=20.0)
    half, skew = np.array([0.5, 0.5]), np.array([[0.9, 0.1]])
    yield roundoff(-float(L(half, half, np.log(2 * skew))), np.log(5 / 3), terms=8)


@ELBO.claim
def two_forms_agree(L, rng):
    """Fit less divergence from the prior equals the mean of the log-joint plus the entropy"""
    q, prior, logs = models(rng, 50)
    joint = (q * (np.log(prior) + logs.sum(-2))).sum(-1)
    yield roundoff(L(q, prior, logs), joint - (q * np.log(q)).sum(-1), terms=40, scale=40.0)


def grid(density, nodes):
    """A density on nodes of equal steps as probabilities."""
    return density(nodes) * (nodes[1] - nodes[0])


def normal(m, s):
    return lambda x: np.exp(-(((x - m) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi))


def normal_kl(m, s, m2, s2):
    return math.log(s2 / s) + (s**2 + (m - m2) ** 2) / (2 * s2**2) - 0.5


@ELBO.claim
def conjugate_normal_mean(L, rng):
    """A mean with a normal prior and normal samples of known deviation: for a normal q log-evidence less bound is the divergence of two normal distributions,
    of q from the posterior, by quadrature on 400 points"""
    x, tau, sigma = rng.normal(1.0, 1.2, 4), 1.5, 1.2
    z = np.linspace(-15, 15, 400)  # ten deviations of the prior; the sum over equal steps is exact to rounding
    logs = np.stack([np.log(normal(xi, sigma)(z)) for xi in x])
    v = 1 / (1 / tau**2 + 4 / sigma**2)
    m = v * x.sum() / sigma**2
    C = sigma**2 * np.eye(4) + tau**2
    evidence = -0.5 * (x @ np.linalg.solve(C, x) + np.linalg.slogdet(2 * np.pi * C)[1])
    for a, s in ((m, math.sqrt(v)), (0.0, 0.5), (m + 1, 1.0)):
        got = float(L(grid(normal(a, s), z), grid(normal(0, tau), z), logs))
        yield roundoff(evidence - got, normal_kl(a, s, m, math.sqrt(v)), terms=400, scale=float(abs(logs).max()))


@ELBO.claim
def conjugate_coin(L, rng):
    """A coin with a beta prior and seven tosses: for a beta q log-evidence less bound is the divergence of two beta distributions, of q from the posterior, by
    quadrature in the logit"""
    u = np.linspace(-25, 25, 500)
    p = 1 / (1 + np.exp(-u))
    heads, tosses = 5, 7
    logs = np.where(np.arange(tosses)[:, None] < heads, np.log(p), np.log(1 - p))

    def lbeta(a, b):
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    def beta(a, b):
        return np.exp(a * np.log(p) + b * np.log(1 - p) - lbeta(a, b)) * (u[1] - u[0])

    def mean_log(a, b):
        """E ln p by the digamma at whole numbers: sums of 1/j."""
        return sum(1 / j for j in range(1, a)) - sum(1 / j for j in range(1, a + b))

    a, b = 2 + heads, 3 + tosses - heads
    for c, d in ((a, b), (2, 3), (4, 4)):
        divergence = lbeta(a, b) - lbeta(c, d) + (c - a) * mean_log(c, d) + (d - b) * mean_log(d, c)
        got = float(L(beta(c, d), beta(2, 3), logs))
        yield roundoff(lbeta(a, b) - lbeta(2, 3) - got, divergence, terms=500, scale=float(abs(logs).max()))


@ELBO.claim
def conjugate_line(L, rng):
    """A line with normal priors of slope and intercept and known normal noise: for a normal q the gap is the divergence of two normal distributions in the plane,
    of q from the posterior, by quadrature"""
    t, sigma = np.array([-1.0, 0.0, 0.5, 2.0]), 0.8
    A = np.stack([np.ones(4), t], 1)
    y = A @ np.array([0.5, -0.7]) + sigma * rng.standard_normal(4)
    z = np.linspace(-9, 9, 61)
    w = np.stack(np.meshgrid(z, z, indexing="ij"), -1).reshape(-1, 2)
    logs = np.log(normal(0, sigma)(y[:, None] - A @ w.T))
    S = np.linalg.inv(np.eye(2) + A.T @ A / sigma**2)
    m = S @ A.T @ y / sigma**2
    C = sigma**2 * np.eye(4) + A @ A.T
    evidence = -0.5 * (y @ np.linalg.solve(C, y) + np.linalg.slogdet(2 * np.pi * C)[1])
    prior = np.outer(*[grid(normal(0, 1), z)] * 2).ravel()
    for a, s in (((0.0, 0.0), (1.0, 1.0)), ((0.3, -0.5), (0.7, 0.9))):
        got = float(L(np.outer(*[grid(normal(a[i], s[i]), z) for i in (0, 1)]).ravel(), prior, logs))
        V, d = np.diag(np.square(s)), m - np.array(a)
        P = np.linalg.inv(S)
        want = 0.5 * (np.trace(P @ V) + d @ P @ d - 2 - np.linalg.slogdet(P @ V)[1])
        yield roundoff(evidence - got, want, terms=3721, scale=float(abs(logs).max()))


def subsets(n, size):
    """All index lists of a size, in order."""
    if size == 0:
        return [[]]
    return [rest + [i] for i in range(n) for rest in subsets(i, size - 1)]


@ELBO.claim
def batches_average_to_the_whole(L, rng):
    """With the likelihood scaled by N/n the mean over all ten batches of two out of five samples is the bound of all five"""
    (q,), (prior,), (logs,) = models(rng, 1, k=4, n=5)
    found = [float(L(q, prior, logs[batch], 5)) for batch in subsets(5, 2)]
    yield roundoff(np.mean(found), float(L(q, prior, logs)), terms=40, scale=float(5 * abs(logs).max()))
    yield bound(float(np.std(found)), 0.01, "≥", Text("single batches differ", "单个批各不相同"))


@ELBO.claim
def batches_that_favour_a_sample(L, rng):
    """Batches that all hold the first sample are off: it counts N/n times, the others too rarely; and of five samples in batches of 2, 2 and 1, each multiplied
    by its own N/n, the last counts twice as much as the others; each multiplied by 3, the number of batches, they average to the whole"""
    (q,), (prior,), (logs,) = models(rng, 1, k=4, n=5)
    found = np.mean([float(L(q, prior, logs[[0, i]], 5)) for i in range(1, 5)])
    fits = logs @ q
    want = 5 / 2 * (fits[0] + fits[1:].mean()) - kl(q, prior)
    yield roundoff(found, want, terms=40, scale=float(5 * abs(logs).max()))
    off = 5 / 2 * (fits[0] + fits[1:].mean()) - fits.sum()
    yield roundoff(found - float(L(q, prior, logs)), off, terms=40, scale=float(5 * abs(logs).max()))
    short = np.mean([float(L(q, prior, logs[batch], 5)) for batch in ([0, 1], [2, 3], [4])])
    want = 5 / 6 * fits[:4].sum() + 5 / 3 * fits[4] - kl(q, prior)
    yield roundoff(short, want, terms=40, scale=float(5 * abs(logs).max()))
    even = np.mean([float(L(q, prior, logs[batch], 3 * len(batch))) for batch in ([0, 1], [2, 3], [4])])
    yield roundoff(even, float(L(q, prior, logs)), terms=40, scale=float(5 * abs(logs).max()))


@ELBO.claim
def mass_where_the_joint_has_none(L, rng):
    """With mass on a value that the prior or the data exclude it is −∞; a value that q leaves out may be impossible or not: it costs no
    infinity"""
    third, two = np.full(3, 1 / 3), np.array([0.5, 0.5, 0.0])
    logs = np.array([[-1.0, -2.0, -np.inf]])
    yield identical([float(L(third, two, np.zeros((1, 3)))), float(L(third, third, logs))], [-np.inf, -np.inf])
    yield roundoff(float(L(two, third, logs)), -1.5 - np.log(1.5), terms=4)
    yield roundoff(float(L(two, two, logs)), -1.5, terms=4)


@ELBO.claim
def summing_a_variable_out_never_lowers_it(L, rng):
    """A variable summed out of q and model leaves the bound or raises it, by the mean of KL(q(w|z)‖p(w|z, x)): 50 random pairs of variables"""
    shape = (50, 3, 4)  # models, values of z, of w
    q, p = (rng.dirichlet(np.ones(12), 50).reshape(shape) for _ in range(2))
    logs = -rng.exponential(2.0, shape)
    both = np.asarray(L(q.reshape(50, 12), p.reshape(50, 12), logs.reshape(50, 1, 12)), float)
    pz = p.sum(-1)
    of_z = np.log((p * np.exp(logs)).sum(-1) / pz)
    alone = np.asarray(L(q.sum(-1), pz, of_z[:, None]), float)
    given = p * np.exp(logs)
    given /= given.sum(-1, keepdims=True)
    lost = (q * np.log(q / q.sum(-1, keepdims=True) / given)).sum((-1, -2))
    yield roundoff(alone - both, lost, terms=60, scale=20.0)
    yield bound(float((alone - both).min()), 0.0, "≥")


def written_out(weights, prior, log_likelihood):
    """The second form for any positive weights: Σ w (ln p(x, z) − ln w)."""
    return float((weights * (np.log(prior) + log_likelihood.sum(-2) - np.log(weights))).sum(-1))


@ELBO.claim
def sums_forgotten(L, rng):
    r"""Sums must be 1: the same formula for weights $aq$ gives $a\mathcal L(q)-a\ln a$, which for $a=p(x)=\frac12$ and the posterior is 0,
    above the log-evidence by ln 2"""
    prior = q = np.array([0.5, 0.5])
    logs = np.log(np.array([[0.5, 0.5]]))
    weights = written_out(0.5 * q, prior, logs)
    yield roundoff(0.5 * float(L(q, prior, logs)) - 0.5 * np.log(0.5), weights, terms=4, scale=1.0)
    yield roundoff(weights - float(L(prior, prior, logs)), np.log(2), terms=4)  # q is the posterior: log-evidence
    (q,), (prior,), (logs,) = models(rng, 1)
    for a in (0.3, 2.0):
        got = a * float(L(q, prior, logs)) - a * np.log(a)
        yield roundoff(got, written_out(a * q, prior, logs), terms=40, scale=40.0)


@ELBO.claim
def parameters_move_to_where_the_bound_is_tight(L, rng):
    r"""Two signs, $p(z)=(1+\theta z_1z_2)/4$, data that are 0.6 times as likely for different signs, and guesses with independent signs: the evidence grows
    with $\theta$ up to 1, but the best bound is at $\theta=0$, where the gap is 0.032; at
    $\theta=1$ it is 0.693"""
    theta = np.linspace(0, 1, 11)
    u = np.linspace(0, 1, 21)
    a, b = (g.ravel() for g in np.meshgrid(u, u))
    guesses = np.stack([a * b, a * (1 - b), (1 - a) * b, (1 - a) * (1 - b)], -1)
    same = np.array([1, -1, -1, 1])
    prior = (1 + theta[:, None] * same) / 4
    logs = np.log(np.where(same > 0, 1.0, 0.6))[None]
    shape = (11, 441, 4)
    found = np.asarray(
        L(*(np.broadcast_to(v, shape) for v in (guesses, prior[:, None])), np.broadcast_to(logs, (11, 441, 1, 4))),
        float,
    )
    best = found.max(1)
    evidence = np.log(prior @ np.exp(logs[0]))
    yield identical([int(np.argmax(evidence)), int(np.argmax(best))], [10, 0])
    yield bound(float(np.diff(evidence).min()), 0.015, "≥", Text("the evidence grows", "证据增大"))
    yield bound(float(np.diff(best).max()), -0.004, "≤", Text("the best bound falls", "最好的下界下降"))
    yield roundoff(best[[0, 10]], [0.5 * np.log(0.6), -np.log(2)], terms=8)
    yield roundoff((evidence - best)[[0, 10]], [np.log(0.8 / np.sqrt(0.6)), np.log(2)], terms=8, scale=1.0)


@ELBO.claim
def the_model_may_get_better_as_the_guess_gets_worse(L, rng):
    """With q = (½, ½) kept, from the joint probabilities (0.1, 0.1) to (0.6, 0.2) the bound rises by 1.24 nats while the divergence from the posterior
    grows from 0 to 0.144"""
    q = prior = np.array([0.5, 0.5])
    before, after = (np.log(2 * np.array([joint])) for joint in ([0.1, 0.1], [0.6, 0.2]))
    low, high = float(L(q, prior, before)), float(L(q, prior, after))
    yield roundoff(high - low, 0.5 * np.log(12), terms=8)
    yield roundoff(np.log([0.2, 0.8]) - [low, high], [0.0, 0.5 * np.log(4 / 3)], terms=8, scale=1.0)


@ELBO.claim
def order_of_samples_and_values_does_not_matter(L, rng):
    """The order of samples and of values does not matter, and a factor on every likelihood of a sample adds its logarithm"""
    (q,), (prior,), (logs,) = models(rng, 1, k=6, n=4)
    first, mixed = float(L(q, prior, logs)), rng.permutation(6)
    moved = float(L(q[mixed], prior[mixed], logs[rng.permutation(4)][:, mixed]))
    yield invariance(moved, first, terms=24, scale=20.0)
    yield roundoff(float(L(q, prior, logs + np.log([[1], [2], [3], [4]]))) - first, np.log(24), terms=24, scale=20.0)


def parts(q, prior, log_likelihood):
    """Likelihood and divergence."""
    fit = (q * np.where(q > 0, log_likelihood.sum(-2), 0)).sum(-1)
    return fit, fit - elbo(q, prior, log_likelihood) if np.isfinite(fit).all() else np.full_like(fit, np.inf)


@ELBO.mutant(caught_by="never-above-the-log-evidence, two-forms-agree, summing-a-variable-out-never-lowers-it")
def sign_of_the_divergence(q, prior, log_likelihood, total=None):
    """the divergence from the prior added"""
    fit, divergence = parts(q, prior, log_likelihood)
    with np.errstate(invalid="ignore"):
        return fit + divergence


@ELBO.mutant(caught_by="batches-average-to-the-whole, two-forms-agree, conjugate-normal-mean")
def divergence_over_the_batch_size(q, prior, log_likelihood, total=None):
    """the divergence divided by the batch size"""
    n = log_likelihood.shape[-2]
    fit, divergence = parts(q, prior, log_likelihood)
    return (1 if total is None else total / n) * fit - divergence / n


@ELBO.mutant(caught_by="batches-average-to-the-whole, batches-that-favour-a-sample, equals-definition")
def likelihood_not_scaled(q, prior, log_likelihood, total=None):
    """the likelihood of a batch as if it were that of all samples"""
    return elbo(q, prior, log_likelihood)


@ELBO.mutant(caught_by="batches-average-to-the-whole, batches-that-favour-a-sample")
def both_scaled(q, prior, log_likelihood, total=None):
    """the whole bound multiplied by N/n, the divergence with it"""
    return (1 if total is None else total / log_likelihood.shape[-2]) * elbo(q, prior, log_likelihood)


@ELBO.mutant(caught_by="two-forms-agree, conjugate-coin, order-of-samples-and-values-does-not-matter")
def mean_over_samples(q, prior, log_likelihood, total=None):
    """the mean over the samples in place of their sum, and the divergence as it is"""
    return elbo(q, prior, log_likelihood, 1)


@ELBO.mutant(caught_by="two-forms-agree, never-above-the-log-evidence, mass-where-the-joint-has-none")
def entropy_forgotten(q, prior, log_likelihood, total=None):
    """the mean of the log-joint alone"""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(q > 0, q * (np.log(prior) + log_likelihood.sum(-2)), 0).sum(-1)


@ELBO.mutant(caught_by="never-above-the-log-evidence, two-forms-agree, mass-where-the-joint-has-none")
def divergence_of_the_prior(q, prior, log_likelihood, total=None):
    """KL(p(z)‖q) for KL(q‖p(z))"""
    with np.errstate(divide="ignore", invalid="ignore"):
        fit = (q * np.where(q > 0, log_likelihood.sum(-2), 0)).sum(-1)
        return fit - np.where(prior > 0, prior * np.log(np.where(prior > 0, prior, 1) / q), 0).sum(-1)


@ELBO.mutant(
    caught_by="never-above-the-log-evidence, two-forms-agree, the-model-may-get-better-as-the-guess-gets-worse"
)
def logarithm_of_the_mean(q, prior, log_likelihood, total=None):
    """the logarithm of the mean likelihood under q in place of the mean of the logarithm"""
    with np.errstate(divide="ignore"):
        return np.log((q * np.exp(log_likelihood.sum(-2))).sum(-1)) - kl(q, np.where(prior > 0, prior, 1e-300))


@ELBO.mutant(
    caught_by="the-gap-is-the-divergence-from-the-posterior, parameters-move-to-where-the-bound-is-tight, conjugate-line"
)
def evidence_itself(q, prior, log_likelihood, total=None):
    """the log-evidence, whatever the guess"""
    return log_evidence(prior, log_likelihood)[0]


@ELBO.mutant(caught_by="the-gap-is-the-divergence-from-the-posterior, two-forms-agree")
def gap_the_other_way_round(q, prior, log_likelihood, total=None):
    """ln p(x) − KL(p(z|x)‖q)"""
    evidence, posterior = log_evidence(prior, log_likelihood)
    with np.errstate(divide="ignore", invalid="ignore"):
        return evidence - np.where(posterior > 0, posterior * np.log(np.where(posterior > 0, posterior, 1) / q), 0).sum(
            -1
        )


@ELBO.mutant(caught_by="two-forms-agree, never-above-the-log-evidence, sums-forgotten")
def in_bits(q, prior, log_likelihood, total=None):
    """bits, beside log-likelihoods in nats"""
    return elbo(q, prior, log_likelihood, total) / np.log(2)


@ELBO.mutant(caught_by="mass-where-the-joint-has-none, equals-definition")
def logarithms_held_above(q, prior, log_likelihood, total=None):
    """log(p + 10⁻⁸): what is impossible costs 18 nats"""
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    fit = (q * np.log(np.exp(log_likelihood) + 1e-8).sum(-2)).sum(-1)
    return scale * fit - (q * (np.log(q + 1e-8) - np.log(prior + 1e-8))).sum(-1)


@ELBO.mutant(caught_by="mass-where-the-joint-has-none")
def zero_times_infinity(q, prior, log_likelihood, total=None):
    """0 · ln 0 as NumPy has it: NaN where a value has no mass"""
    scale = 1.0 if total is None else total / log_likelihood.shape[-2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return (q * (scale * log_likelihood.sum(-2) - np.log(q / prior))).sum(-1)


ELBO.erratum(
    "E316",
    common="Maximising the ELBO, in the parameters of the model too, is minimising the divergence of q from the posterior, since the log-evidence is a constant "
    "(a common slip)",
    why="It is a constant in q only. As the parameters move, bound and divergence may grow together; and with guesses that cannot reach the posterior "
    "the highest bound may be where the gap is small, not where the evidence is large.",
    right=r"$\mathcal L(q,\theta)=\ln p_\theta(x)-\mathrm{KL}(q\,\|\,p_\theta(z\mid x))$: in $q$ it is minimising the divergence; in $\theta$ a compromise, which is maximum likelihood where the least gap does not depend on $\theta$",
    claims="parameters-move-to-where-the-bound-is-tight, the-model-may-get-better-as-the-guess-gets-worse",
)
ELBO.erratum(
    "E317",
    common="For minibatches the divergence is divided by the batch size (a common slip, discussed in tensorflow/probability issue 719)",
    why="Beside the mean log-likelihood of a batch the divergence is to be divided by the number of samples $N$; beside the sum, by the number of batches $N/n$. Divided by "
    "the batch size it is wrong either way, unless the numbers happen to agree, and the mean over batches is not the bound of the whole.",
    right=r"$\frac Nn\sum_{i\in B}\mathbb E_q\ln p(x_i\mid z)-\mathrm{KL}(q\,\|\,p(z))$, or all of it divided by $N$",
    claims="batches-average-to-the-whole",
)


@ELBO.figure(a=Slider(-3.5, 3.5, 1.1, "mean of q"), s=Slider(0.15, 2.5, 0.5, "deviation of q", log=True))
def figure(a, s):
    z = np.linspace(-7, 7, 701)
    prior = grid(normal(0, 2), z)
    prior = prior / prior.sum()
    logs = np.log(normal(0, 1.3)(3.0 - z**2))[None]  # the square of z was seen with noise: 3
    evidence, posterior = log_evidence(prior, logs)
    step = z[1] - z[0]

    def guess(m, d):
        g = grid(normal(m, d), z)
        return g / g.sum()

    q = guess(a, s)
    value = float(elbo(q, prior, logs))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    left.fill_between(z, posterior / step, color=COLOURS[5], alpha=0.5, lw=0, label="posterior")
    left.plot(z, q / step, color=COLOURS[1], label="q")
    left.plot(z, prior / step, color="0.5", lw=1, ls=":", label="prior")
    left.set(xlabel="z", ylabel="density", xlim=(-5, 5), ylim=(0, max(1.2, 1.1 * q.max() / step)))
    left.legend(fontsize=9.5, loc="upper left", frameon=False)
    means = np.linspace(-3.5, 3.5, 141)
    curve = [float(elbo(guess(m, s), prior, logs)) for m in means]
    right.plot(means, curve, color=COLOURS[1], label=r"$\mathcal{L}(q)$")
    right.axhline(evidence, color="0.4", lw=1, ls="--", label="log-evidence")
    low = float(evidence) - 9
    right.vlines([a], max(value, low), evidence, color=COLOURS[0], lw=3, label="gap: KL")
    if value > low:
        right.plot([a], [value], "o", color=COLOURS[6])
    right.set(xlabel="mean of q", ylabel="nats", xlim=(-3.5, 3.5), ylim=(low, float(evidence) + 0.6))
    right.legend(fontsize=9.5, loc="lower center", frameon=False)
    best = max(curve)
    words = Text(
        f"q normal with mean {a:.2f} and deviation {s:.2f}: ELBO {value:.3f}, log-evidence {float(evidence):.3f}, gap {float(evidence) - value:.3f} nats. The posterior has two peaks; "
        f"with this deviation the best mean has ELBO {best:.3f}.",
        f"q 为正态分布，均值 {a:.2f}，标准差 {s:.2f}：ELBO 为 {value:.3f}，对数证据为 {float(evidence):.3f}，差距 {float(evidence) - value:.3f} 奈特。后验有两个峰；"
        f"标准差取此值时，最好的均值的 ELBO 为 {best:.3f}。",
    )
    return Drawing(fig, words)
