"""Variational autoencoders: the bound in its two terms, and importance-weighted ones above it."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(VAE, x, mean, log_variance, W, b, noise, variance=None):
    import torch

    from gradus.arguments import number as real

    class Given(torch.nn.Module):
        """An encoder that gives what was given."""

        def forward(self, x):
            return mean.reshape(-1, d), log_variance.reshape(-1, d)

    class Linear(torch.nn.Module):
        """A decoder."""

        def forward(self, z):
            return torch.nn.functional.linear(z, W, b)

    d, lead = mean.shape[-1], x.shape[:-1]
    model = VAE(Given(), Linear(), d, likelihood="bernoulli" if variance is None else "gaussian")
    if variance is not None:
        real("variance", float(variance), above=0)
        model.log_scale = torch.log(torch.as_tensor(variance, dtype=x.dtype)) / 2
    rows, draws = x.reshape(-1, x.shape[-1]), noise.reshape(-1, *noise.shape[-2:]).movedim(0, 1)
    found = *model.elbo(rows, noise=draws), model.importance_bound(rows, noise=draws, chunk=3).value
    return tuple(part.reshape(lead) for part in found)


VAE = Concept(
    key="vae",
    kind="model",
    title="Variational autoencoder",
    summary="Each sample is thought of as made from a few unseen numbers $z$ by a decoder. An encoder names, for each sample, a normal distribution of the $z$ that may be behind it, "
    "and both are trained together by the evidence lower bound: how well draws from it explain the sample, less its divergence from the prior. New samples are "
    "made by decoding draws from the prior.",
    formulas=(
        r"\widehat{\mathcal L}(x)=\frac1K\sum_{k=1}^K\ln p(x\mid z_k)-\mathrm{KL}\bigl(q(z\mid x)\,\|\,p(z)\bigr),\qquad z_k=m+e^{s/2}\odot\varepsilon_k,\qquad p(z)=\mathcal N(0,I)",
        r"\mathrm{KL}\bigl(\mathcal N(m,\operatorname{diag}e^s)\,\|\,\mathcal N(0,I)\bigr)=\frac12\sum_{j=1}^d\bigl(m_j^2+e^{s_j}-s_j-1\bigr)",
        r"\ln p(x\mid z)=\sum_{i=1}^D\bigl(x_i\eta_i-\ln(1+e^{\eta_i})\bigr)\quad\text{or}\quad-\frac{\lVert x-\eta\rVert^2}{2v}-\frac D2\ln2\pi v,\qquad\eta=Wz+b",
        r"\widehat{\mathcal L}_K(x)=\ln\frac1K\sum_{k=1}^K\frac{p(x\mid z_k)\,p(z_k)}{q(z_k\mid x)},\qquad \mathcal L=\mathbb E\widehat{\mathcal L}_1\le\mathbb E\widehat{\mathcal L}_K\le\mathbb E\widehat{\mathcal L}_{K+1}\le\ln p(x)",
    ),
    symbols=(
        Symbol(
            "x",
            "x",
            "... D",
            "samples: pixels 0 and 1 (numbers between are taken, too), or any real numbers where a variance is given",
            "unit",
        ),
        Symbol("m", "mean", "... d", "of $q(z\\mid x)$, from the encoder"),
        Symbol("s", "log_variance", "... d", "logarithms of its variances, from the encoder"),
        Symbol("W", "W", "D d", "weights of the decoder's last layer; here it has no other"),
        Symbol("b", "b", "D", "its biases"),
        Symbol(r"\varepsilon", "noise", "... K d", "standard normal, K draws for each sample"),
        Symbol("v", "variance", "", "of a pixel's normal noise; without it pixels are 0 or 1", "positive"),
        Symbol("z", "", "d", "latent variables"),
        Symbol(r"\eta", "", "D", "what the decoder gives: logits, or means"),
        Symbol(r"\mathcal L,\ \widehat{\mathcal L}", "", "", "evidence lower bound, and its estimate", "real", "nat"),
        Symbol("D,\\ d,\\ K", "", "", "numbers of pixels, of latent variables, of draws", "natural"),
        Symbol("i,\\ j,\\ k", "", "", "a pixel, a latent variable, a draw"),
        Symbol("I", "", "d d", "the identity"),
    ),
    returns=(
        Result("elbo", "...", r"$\widehat{\mathcal L}$, in nats"),
        Result("reconstruction", "...", "its first term"),
        Result("divergence", "...", "its second term, which is subtracted"),
        Result("importance", "...", r"$\widehat{\mathcal L}_K$, from the same draws"),
    ),
    needs=("elbo", "reparameterization", "kl", "normal", "pca"),
    source="kingma2014auto",
    year=2013,
    people=("Diederik P. Kingma", "Max Welling", "Danilo Rezende", "Shakir Mohamed", "Daan Wierstra", "Yuri Burda"),
    aliases="VAE, latent variable model, importance-weighted autoencoder, IWAE, deep latent Gaussian model, 隐变量模型, 变分自动编码器, 重要性加权自编码器",
    implementations=(
        Implementation(
            "gradus.generative:VAE", "torch", _ours, "around any encoder and decoder; here with noise that is given"
        ),
    ),
    readings="kingma2014auto §2–3, appendix B; rezende2014stochastic; burda2016importance; tipping1999probabilistic; lucas2019dont; loaizaganem2019continuous; theis2016note; kingma2019introduction",
    hypotheses=(
        Hypothesis(
            "a bound in the mean over standard normal noise: one draw's value may lie above", "one-draw-may-lie-above"
        ),
        Hypothesis(
            "a bound of a log-probability: pixels are 0 or 1, or a normal density is taken of them",
            "grey-values-have-no-density",
        ),
        Hypothesis(
            "the log-likelihood is summed over pixels, as the divergence is over latent variables",
            "a-mean-over-pixels-is-another-noise",
        ),
        Hypothesis(
            "the linear one reaches the evidence of probabilistic PCA: normal noise, and columns of W that are orthogonal",
            "rotated-columns-leave-a-gap",
        ),
    ),
    conventions=(
        Convention(
            "what the encoder gives",
            "the logarithm of the variance",
            "the logarithm of the deviation, or a number that softplus turns into the deviation: then $e^s$ in the formulas is its square",
        ),
        Convention(
            "sign and scale",
            "a bound for each sample in nats, maximised",
            r"a loss, its negative, summed or averaged over a batch; or in bits a dimension, divided by $-D\ln2$",
        ),
        Convention(
            "the divergence's weight",
            "1",
            "β > 1 (β-VAE): the value is at most the ELBO; or rising from 0 during training: for β < 1 it may lie above $\\ln p(x)$",
        ),
    ),
    deviations=(
        "Here encoder outputs and noise are given, and the decoder is linear; in the library both are any modules, and the noise is drawn.",
        "Bernoulli takes values between 0 and 1, as most code does; the claim on grey values says what it is then not.",
    ),
    unverified="That the bound of a deep decoder comes near ln p(x): only how far several draws raise it can be measured.",
)


@VAE.definition
def vae(x, mean, log_variance, W, b, noise, variance=None):
    if variance is None and ((x < 0) | (x > 1)).any():
        raise ValueError("pixels from 0 to 1")
    if variance is not None and not variance > 0:
        raise ValueError("a variance above 0")
    m, s = mean[..., None, :], log_variance[..., None, :]
    z = m + np.exp(s / 2) * noise  # ... K d
    eta, x = z @ W.T + b, x[..., None, :]
    if variance is None:
        log_likelihood = (x * eta - np.logaddexp(0, eta)).sum(-1)
    else:
        log_likelihood = (-((x - eta) ** 2) / (2 * variance) - np.log(2 * np.pi * variance) / 2).sum(-1)
    log_prior = -(z**2 + np.log(2 * np.pi)).sum(-1) / 2
    log_q = -(noise**2 + s + np.log(2 * np.pi)).sum(-1) / 2  # (z − m)² / eˢ is ε²
    log_weight = log_likelihood + log_prior - log_q
    top = log_weight.max(-1, keepdims=True)
    importance = top[..., 0] + np.log(np.exp(log_weight - top).mean(-1))
    reconstruction = log_likelihood.mean(-1)
    divergence = ((mean**2 + np.exp(log_variance) - log_variance - 1) / 2).sum(-1)
    return reconstruction - divergence, reconstruction, divergence, importance


def line(n=161, reach=8.0):
    """Equal steps and their weights under the standard normal distribution: sums are exact to rounding for smooth functions."""
    e = np.linspace(-reach, reach, n)
    return e, np.exp(-(e**2) / 2) / math.sqrt(2 * math.pi) * (e[1] - e[0])


def log_evidence(x, W, b):
    """ln p(x) of pixels 0 and 1, with one latent variable, on a grid of the prior."""
    z, weight = line(801, 12.0)
    eta = z[:, None] * W[:, 0] + b
    return math.log(weight @ np.exp((x * eta - np.logaddexp(0, eta)).sum(1)))


@VAE.example
def example():
    a = math.log(3) / 2
    x, W, b = np.array([1.0, 0.0]), np.array([[a], [-a]]), np.zeros(2)
    mean, log_variance, noise = np.array([1.0]), np.zeros(1), np.array([[-1.0], [1.0]])
    elbo, fit, price, two = vae(x, mean, log_variance, W, b, noise)
    alone = [vae(x, mean, log_variance, W, b, e[None]) for e in noise]
    mean2, var2 = np.array([0.4]), np.array([0.85])
    better = vae(x, mean2, np.log(var2), W, b, noise)
    return (
        dict(
            x=x,
            W=W,
            b=b,
            mean=mean,
            log_variance=log_variance,
            noise=noise,
            z=(mean + noise)[:, 0],
            p=1 / (1 + np.exp(-a * 2)),
        )
        | dict(
            fits=np.array([one[1] for one in alone]),
            fit=fit,
            price=price,
            elbo=elbo,
            w=np.array([one[3] for one in alone]),
            two=two,
        )
        | dict(
            evidence=log_evidence(x, W, b),
            fit2=better[1],
            mean2=mean2[0],
            var2=var2[0],
            price2=better[2],
            elbo2=better[0],
        )
    )


@VAE.exercise
def the_price():
    m, s = 2.0, math.log(0.25)

    def kl(m, s):
        return (m**2 + math.exp(s) - s - 1) / 2

    return number(kl(m, s), deviation=kl(m, s / 2), sign=kl(m, -s), own_mean=kl(0, s))


@VAE.exercise
def two_draws():
    w = np.array([-3.0, -5.0])
    best = -3 + math.log((1 + math.exp(-2)) / 2)
    return number(best, mean_of_logs=w.mean(), sum=best + math.log(2), largest=w.max())


@VAE.exercise
def over_pixels():
    D, eigenvalue, v = 64, 10.0, 1.0
    return choice(collapsed=eigenvalue < D * v, same=False, overfitted=eigenvalue > D * v)


def drawn(rng, n, D, d, K, variance=None):
    """Arguments at random."""
    x = rng.integers(0, 2, (*n, D)).astype(float) if variance is None else rng.normal(size=(*n, D))
    return dict(
        x=x,
        mean=rng.normal(size=(*n, d)),
        log_variance=rng.normal(-1.0, 0.7, (*n, d)),
        W=rng.normal(size=(D, d)),
        b=rng.normal(size=D),
        noise=rng.normal(size=(*n, K, d)),
    ) | ({} if variance is None else dict(variance=variance))


@VAE.cases
def cases(rng):
    yield "pixels 0 and 1", drawn(rng, (3,), 4, 2, 2)
    yield "normal noise", drawn(rng, (3,), 4, 2, 3, 0.5)
    yield "one sample", drawn(rng, (), 5, 2, 4)
    yield "two batch axes", drawn(rng, (2, 3), 2, 1, 2)
    yield "one draw, one latent variable", drawn(rng, (2,), 3, 1, 1, 2.0)
    yield "more latent variables than pixels", drawn(rng, (2,), 2, 5, 3)
    yield "grey values", drawn(rng, (2,), 4, 2, 2) | dict(x=rng.uniform(0.05, 0.95, (2, 4)))
    yield "narrow and wide", drawn(rng, (2,), 3, 2, 2) | dict(log_variance=np.array([[-12.0, 4.0], [3.0, -9.0]]))
    yield "the prior itself", drawn(rng, (2,), 3, 2, 4) | dict(mean=np.zeros((2, 2)), log_variance=np.zeros((2, 2)))
    yield "far from sure", drawn(rng, (2,), 3, 2, 2) | dict(W=60 * rng.normal(size=(3, 2)))


@VAE.invalid
def invalid(rng):
    good = drawn(rng, (2,), 3, 2, 2)
    yield "pixels in levels up to 255", good | dict(x=255 * rng.uniform(0.5, 1, (2, 3)))
    yield "a variance that is not positive", drawn(rng, (2,), 3, 2, 2, -1.0)


def floats(result):
    return tuple(np.asarray(part, float) for part in result)


def at_nodes(f, given, nodes):
    """What one draw gives, for each row of noise (n, d) in turn, of a single sample."""
    n = len(nodes)
    repeated = {k: np.repeat(given[k][None], n, 0) for k in ("x", "mean", "log_variance")}
    return floats(f(**{**given, **repeated, "noise": nodes[:, None]}))


def signs(d):
    """All of ±1 in d places: their means of squares and products are those of the normal distribution."""
    return np.array(list(itertools.product((-1.0, 1.0), repeat=d)))


@VAE.claim
def one_draw_gives_a_probability(f, rng):
    """For one draw the first term is the logarithm of a probability of x: over all 16 images of four pixels they sum to 1, and with normal noise they integrate to 1"""
    given = drawn(rng, (), 4, 2, 1)
    images = np.array(list(itertools.product((0.0, 1.0), repeat=4)))
    repeated = {k: np.repeat(given[k][None], 16, 0) for k in ("mean", "log_variance", "noise")}
    yield roundoff(np.exp(floats(f(**{**given, **repeated, "x": images}))[1]).sum(), 1.0, terms=64)
    for v in (0.3, 2.0):
        given = drawn(rng, (), 1, 2, 1, v)
        eta = (given["mean"] + np.exp(given["log_variance"] / 2) * given["noise"][0]) @ given["W"][0] + given["b"]
        e, _ = line()
        x = eta + math.sqrt(v) * e[:, None]
        repeated = {k: np.repeat(given[k][None], len(x), 0) for k in ("mean", "log_variance", "noise")}
        p = np.exp(floats(f(**{**given, **repeated, "x": x}))[1])
        yield roundoff(p.sum() * (x[1, 0] - x[0, 0]), 1.0, terms=200)


@VAE.claim
def divergence_is_from_the_prior(f, rng):
    r"""The second term is the mean of $\ln q(z\mid x)-\ln p(z)$: by Gauss–Hermite quadrature, exact for these squares, and by 4000 draws; it is ½ for $m=1$, $s=0$, and 0 for the prior alone"""
    given = drawn(rng, (), 3, 2, 1)
    e, w = np.polynomial.hermite_e.hermegauss(3)
    nodes = np.array(list(itertools.product(e, repeat=2)))
    weights = np.outer(w, w).ravel() / (2 * np.pi)
    _, fit, price, one = at_nodes(f, given, nodes)
    yield roundoff(weights @ (fit - one), price[0], terms=40, scale=float(np.abs(fit).max() + price[0]))
    _, fit, price, one = at_nodes(f, given, rng.normal(size=(4000, 2)))
    yield statistical(fit - one, price[0])
    for m, s, want in ((1.0, 0.0, 0.5), (0.0, 0.0, 0.0), (0.0, math.log(4), 1.5 - math.log(2))):
        known = given | dict(mean=np.array([m, 0.0]), log_variance=np.array([s, 0.0]))
        yield roundoff(floats(f(**known))[2], want, terms=8, scale=4.0)


@VAE.claim
def the_gap_is_the_divergence_from_the_posterior(f, rng):
    r"""In the mean over the noise the bound is below $\ln p(x)$ by KL of $q(z\mid x)$ from the posterior $p(z\mid x)$: one latent variable, three pixels, by sums over grids; and $\ln p(x)$ is that of $\int p(x\mid z)p(z)\,dz$"""
    given = drawn(rng, (), 3, 1, 1)
    e, weight = line()
    mean, s = float(given["mean"][0]), float(given["log_variance"][0])
    z = mean + math.exp(s / 2) * e
    eta = z[:, None] * given["W"][:, 0] + given["b"]
    joint = (given["x"] * eta - np.logaddexp(0, eta)).sum(1) - (z**2 + math.log(2 * math.pi)) / 2
    log_q = -(e**2 + s + math.log(2 * math.pi)) / 2
    evidence = log_evidence(given["x"], given["W"], given["b"])
    divergence = weight @ (log_q - (joint - evidence))
    elbo, fit, price, _ = at_nodes(f, given, e[:, None])
    yield roundoff(evidence - weight @ elbo, divergence, terms=200, scale=float(np.abs(elbo).max()))
    yield roundoff(elbo, fit - price, terms=4)
    yield bound(divergence, 0.0, "≥")


def bounds_by_draws(f, given, K, n=33):
    """Mean of the importance-weighted bound over K normal draws, and of its exponential, on a grid of all K."""
    e, w = line(n, 7.0)
    noise = np.array(list(itertools.product(e, repeat=K)))
    weight = np.prod(np.array(list(itertools.product(w, repeat=K))), 1)
    repeated = {k: np.repeat(given[k][None], len(noise), 0) for k in ("x", "mean", "log_variance")}
    _, _, _, found = floats(f(**{**given, **repeated, "noise": noise[..., None]}))
    return weight @ found, weight @ np.exp(found), float(np.abs(found).max())


def off_centre(rng):
    """Three pixels, one latent variable, and an encoder that is not the posterior."""
    given = drawn(rng, (), 3, 1, 1)
    return given | dict(
        mean=np.array([0.9]),
        log_variance=np.array([0.2]),
        W=np.array([[1.5], [-1.0], [0.5]]),
        b=np.array([0.2, 0.0, -0.3]),
        x=np.array([0.0, 1.0, 1.0]),
    )


@VAE.claim
def more_draws_raise_the_importance_bound(f, rng):
    r"""In the mean over the noise $\mathcal L_1$ is the ELBO, $\mathcal L_1\le\mathcal L_2\le\mathcal L_3\le\ln p(x)$, strictly since $q$ is not the posterior; and the mean of its exponential is $p(x)$ for each K: sums over grids of all draws"""
    given = off_centre(rng)
    evidence = log_evidence(given["x"], given["W"], given["b"])
    e, weight = line()
    elbo = weight @ at_nodes(f, given, e[:, None])[0]
    found = [bounds_by_draws(f, given, K) for K in (1, 2, 3)]
    why = Text("equal steps of smooth functions, gone at the rims", "光滑且在边缘已消失的函数，等步长求和")
    yield near(found[0][0], elbo, 1e-9, why)
    for K, (_, mean, _) in enumerate(found, 1):
        yield near(mean, math.exp(evidence), 1e-8 * K, why)
    for lower, higher in itertools.pairwise([*(L for L, _, _ in found), evidence]):
        yield bound(higher - lower, 0.01, "≥", Text("strictly: the weights vary", "严格：权重有变化"))


@VAE.claim
def many_draws_reach_the_evidence(f, rng):
    r"""With 20 000 draws $e^{\widehat{\mathcal L}_K}$ is $p(x)$ to within five standard errors of a mean weight, which a grid gives, and 2 % of it"""
    given, K = off_centre(rng), 20_000
    evidence = log_evidence(given["x"], given["W"], given["b"])
    e, weight = line()
    w = np.exp(at_nodes(f, given, e[:, None])[3] - evidence)
    error = math.sqrt((weight @ w**2 - 1) / K)
    yield statistical(np.exp(floats(f(**given | dict(noise=rng.normal(size=(K, 1))))[3:])[0] - evidence), 1.0, error)
    yield bound(error, 0.02, "≤", Text("a narrow interval", "窄区间"))


@VAE.claim
def differences_at_fixed_noise_are_unbiased(f, rng):
    r"""The derivative of the estimate by $m$ and $s$ with the noise held fixed is, in the mean, that of the bound: as the score formula $\mathbb E[\ln p(x\mid z)\,\nabla\ln q]-\nabla\mathrm{KL}$ gives it on a grid"""
    given = drawn(rng, (), 3, 1, 1)
    e, weight = line()
    mean, s = float(given["mean"][0]), float(given["log_variance"][0])
    eta = (mean + math.exp(s / 2) * e)[:, None] * given["W"][:, 0] + given["b"]
    fit = (given["x"] * eta - np.logaddexp(0, eta)).sum(1)
    want = (weight @ (fit * e) * math.exp(-s / 2) - mean, weight @ (fit * (e**2 - 1)) / 2 - (math.exp(s) - 1) / 2)
    h, steps = 1e-3, np.array([-2, -1, 1, 2])
    why = Text("h⁴/30 times fifth derivatives, and rounding over h", "h⁴/30 乘以五阶导数，加上舍入除以 h")
    for name, expected in zip(("mean", "log_variance"), want, strict=True):
        a, b, c, d = (weight @ at_nodes(f, given | {name: given[name] + h * k}, e[:, None])[0] for k in steps)
        yield near((a - 8 * b + 8 * c - d) / (12 * h), expected, 1e-9, why)


@VAE.claim
def each_sample_has_its_own_divergence(f, rng):
    """Every sample's bound is its own: alone it is what it is in a batch, and the values of a batch differ"""
    given = drawn(rng, (5,), 4, 3, 2)
    whole = floats(f(**given))
    for i in range(5):
        alone = floats(f(**given | {k: given[k][i] for k in ("x", "mean", "log_variance", "noise")}))
        for a, b in zip(alone, whole, strict=True):
            yield invariance(a, b[i], terms=40)
    for part in whole:
        yield bound(np.ptp(part), 1e-4, "≥", Text("they differ", "各不相同"))


def principal(rng, D=5, d=2, n=40):
    """Data, the maximum-likelihood parameters of probabilistic PCA, eigenvalues from the largest."""
    X = rng.normal(size=(n, D)) @ rng.normal(size=(D, D)) + rng.normal(size=D)
    eigenvalues, U = np.linalg.eigh(np.cov(X.T, bias=True))
    eigenvalues, U = eigenvalues[::-1], U[:, ::-1]
    v = eigenvalues[d:].mean()
    return X, U[:, :d] * np.sqrt(eigenvalues[:d] - v), X.mean(0), v, eigenvalues


def linear(X, W, b, v):
    """Arguments with the best encoder of independent coordinates of a linear decoder with normal noise; noise of all signs."""
    M = W.T @ W + v * np.eye(W.shape[1])
    mean = np.linalg.solve(M, W.T @ (X - b).T).T
    log_variance = np.broadcast_to(np.log(v / M.diagonal()), mean.shape).copy()
    noise = np.broadcast_to(signs(W.shape[1]), (len(X), 2 ** W.shape[1], W.shape[1])).copy()
    return dict(x=X, mean=mean, log_variance=log_variance, W=W, b=b, noise=noise, variance=v), M


@VAE.claim
def linear_one_is_probabilistic_pca(f, rng):
    r"""With a linear decoder, normal noise and $W=U(\Lambda-vI)^{1/2}$ of the $d$ largest eigenvalues $\lambda_j$ of the covariance, $b$ the mean, $v$ the mean of the other eigenvalues, the bound of the data reaches what probabilistic PCA's evidence is at most, $-\frac12(D\ln2\pi+\sum_{j\le d}\ln\lambda_j+(D-d)\ln v+D)$ a sample; with 24 others it is below"""
    X, W, b, v, eigenvalues = principal(rng)
    given, _ = linear(X, W, b, v)
    best = -(5 * math.log(2 * math.pi) + np.log(eigenvalues[:2]).sum() + 3 * math.log(v) + 5) / 2
    yield roundoff(floats(f(**given))[0].mean(), best, terms=200, scale=float(eigenvalues[0] / v + 20))
    worse = []
    for k in range(24):
        other = dict(given)
        name = ("W", "b", "mean", "log_variance", "variance")[k % 5]
        other[name] = (
            given[name] * np.exp(0.3)
            if name == "variance"
            else given[name] + 0.2 * rng.normal(size=np.shape(given[name]))
        )
        worse.append(floats(f(**other))[0].mean())
    yield bound(max(worse), best - 1e-6, "≤", Text("the best of all", "最大值"))


@VAE.claim
def exact_posterior_gives_the_evidence_by_each_draw(f, rng):
    r"""Where $q$ is the posterior (linear decoder, normal noise, orthogonal columns) every single draw's weight is $p(x)=\mathcal N(x;b,WW^{\mathsf T}+vI)$: no noise, no gap"""
    X, W, b, v, _ = principal(rng)
    given, _ = linear(X[:4], W, b, v)
    C = W @ W.T + v * np.eye(5)
    r = X[:4] - b
    want = -((r * np.linalg.solve(C, r.T).T).sum(1) + np.linalg.slogdet(2 * np.pi * C)[1]) / 2
    for K in (1, 3):
        noise = rng.normal(size=(4, K, 2))
        scale = 20 + float((r**2).sum(1).max() / v)
        yield roundoff(floats(f(**given | dict(noise=noise)))[3], want, terms=40, scale=scale)


@VAE.claim
def rotated_columns_leave_a_gap(f, rng):
    r"""$WR$ with a rotation R has the same evidence, but the posterior's coordinates may no longer be independent: with $M=R^{\mathsf T}W^{\mathsf T}WR+vI$ the best bound is $\frac12(\sum_j\ln M_{jj}-\ln\det M)$ below, for each sample: 0.094 nat for columns of squared lengths $4v$ and $v$, turned until their parts are 0.8 and 0.6, and 0 for equal lengths"""
    X, W, b, v, _ = principal(rng)
    U = W / np.linalg.norm(W, axis=0)
    R = np.array([[0.8, -0.6], [0.6, 0.8]])
    for lengths in ((4.0, 1.0), (3.0, 3.0)):
        W = U * np.sqrt(v * np.array(lengths))
        straight, turned = linear(X, W, b, v)[0], linear(X, W @ R, b, v)
        gap = (np.log(turned[1].diagonal()).sum() - np.linalg.slogdet(turned[1])[1]) / 2
        scale = float(np.abs(floats(f(**straight))[0]).max())
        lost = floats(f(**straight))[0] - floats(f(**turned[0]))[0]
        yield roundoff(lost, np.full(len(X), gap), terms=200, scale=scale)
        want = math.log(3.92 * 3.08 / 10) / 2 if lengths[0] > lengths[1] else 0.0
        yield roundoff(gap, want, terms=40, scale=float(np.abs(np.log(turned[1].diagonal())).sum() + 1))


@VAE.claim
def an_unused_latent_costs_its_divergence(f, rng):
    """A latent variable that the decoder does not look at leaves all as it was where q of it is the prior, whatever its noise; elsewhere it costs exactly its own divergence"""
    given = drawn(rng, (3,), 4, 2, 2)
    wider = given | dict(
        W=np.pad(given["W"], ((0, 0), (0, 1))), noise=np.concatenate((given["noise"], rng.normal(size=(3, 2, 1))), -1)
    )
    for m, s in ((0.0, 0.0), (0.7, -1.0)):
        more = {k: np.pad(given[k], ((0, 0), (0, 1)), constant_values=c) for k, c in (("mean", m), ("log_variance", s))}
        found, before = floats(f(**wider | more)), floats(f(**given))
        price = (m**2 + math.exp(s) - s - 1) / 2
        yield roundoff(before[0] - found[0], np.full(3, price), terms=40, scale=float(np.abs(before[0]).max()))
        yield roundoff(found[2] - before[2], np.full(3, price), terms=40, scale=float(before[2].max() + 1))
        yield roundoff(found[1], before[1], terms=40)
        if not price:
            yield roundoff(found[3], before[3], terms=40)


@VAE.claim
def one_draw_may_lie_above(f, rng):
    r"""With noise 0, one draw among the others, and $q$ the prior, the estimate at $x=b$ is above $\ln p(x)$: by $\frac12\ln(1+w^2/v)$ for one pixel, one latent variable; all signs of the noise give the mean, which is below by $\frac12(w^2/v-\ln(1+w^2/v))$"""
    for w, v in ((1.0, 0.5), (2.0, 1.0)):
        given = dict(
            x=np.array([0.3]),
            mean=np.zeros(1),
            log_variance=np.zeros(1),
            W=np.array([[w]]),
            b=np.array([0.3]),
            variance=v,
        )
        evidence = -math.log(2 * math.pi * (w**2 + v)) / 2
        yield roundoff(
            floats(f(**given, noise=np.zeros((1, 1))))[0] - evidence, math.log(1 + w**2 / v) / 2, terms=8, scale=2.0
        )
        below = (w**2 / v - math.log(1 + w**2 / v)) / 2
        yield roundoff(evidence - floats(f(**given, noise=signs(1)))[0], below, terms=8, scale=4.0)


@VAE.claim
def grey_values_have_no_density(f, rng):
    r"""Taken of grey values, $x\eta-\ln(1+e^\eta)$ is the logarithm of no density: over $[0,1]$ its exponential has the integral $\frac{2p-1}{\eta}$ with $p=1/(1+e^{-\eta})$, which is 0.364 for $p=0.9$; over 0 and 1 alone it sums to 1"""
    eta = math.log(9)
    nodes, weights = np.polynomial.legendre.leggauss(12)
    x = np.concatenate(((nodes + 1) / 2, (0.0, 1.0)))[:, None]
    n = len(x)
    _, fit, _, _ = floats(
        f(x, np.zeros((n, 1)), np.zeros((n, 1)), np.zeros((1, 1)), np.array([eta]), np.zeros((n, 1, 1)))
    )
    total = weights @ np.exp(fit[:-2]) / 2
    yield roundoff(total, 0.8 / eta, terms=24)
    yield near(total, 0.364, 5e-4, Text("rounded", "四舍五入"))
    yield roundoff(np.exp(fit[-2:]).sum(), 1.0, terms=8)


@VAE.claim
def a_mean_over_pixels_is_another_noise(f, rng):
    r"""The mean over D pixels less the whole divergence is, up to a constant, the bound with D times the noise variance: $\frac1D\ln p_v(x\mid z)+\frac12\ln2\pi v=\ln p_{Dv}(x\mid z)+\frac D2\ln2\pi Dv$; with $v<\lambda<Dv$ for the only eigenvalue above the others and a linear decoder, the best bound with variance $v$ uses a latent variable, that with $Dv$ none"""
    given = drawn(rng, (3,), 6, 2, 2, 0.4)
    small, large = floats(f(**given))[1], floats(f(**given | dict(variance=6 * 0.4)))[1]
    left, right = small / 6 + math.log(2 * math.pi * 0.4) / 2, large + 3 * math.log(2 * math.pi * 2.4)
    yield roundoff(left, right, terms=60, scale=float(np.abs(small).max()))
    yield bound(np.abs(left).min(), 0.01, "≥", Text("not nothing", "并非为零"))
    D, v, top = 4, 0.5, 1.5
    X = np.concatenate((np.sqrt(2.0) * np.eye(4), -np.sqrt(2.0) * np.eye(4))) * np.sqrt(np.array([top, v, v, v]) * 2)
    direction = np.eye(4)[:, :1]
    for variance, used in ((v, True), (D * v, False)):
        best = []
        for size in np.linspace(0, 2, 41):
            best.append(floats(f(**linear(X, size * direction, np.zeros(4), variance)[0]))[0].mean())
        size = float(np.linspace(0, 2, 41)[int(np.argmax(best))])
        yield near(size, math.sqrt(top - v) if used else 0.0, 0.026, Text("half a step of 0.05", "步长 0.05 的一半"))


@VAE.claim
def nothing_overflows(f, rng):
    """Logits of ±800 cost 0 nats where they are right and 800 where they are wrong; weights of e^(−9000) have a finite mean"""
    x = np.array([[1.0], [0.0], [1.0], [0.0]])
    given = dict(
        x=x,
        mean=np.array([[1.0], [-1.0], [-1.0], [1.0]]),
        log_variance=np.zeros((4, 1)),
        W=np.array([[800.0]]),
        b=np.zeros(1),
    )
    _, fit, _, _ = floats(f(**given, noise=np.zeros((4, 1, 1))))
    yield roundoff(fit, np.array([0.0, 0.0, -800.0, -800.0]), terms=4)
    given = dict(
        x=np.zeros((1, 1)),
        mean=np.zeros((1, 1)),
        log_variance=np.zeros((1, 1)),
        W=np.zeros((1, 1)),
        b=np.array([9000.0]),
    )
    yield roundoff(floats(f(**given, noise=np.ones((1, 2, 1))))[3], np.array([-9000.0]), terms=4)


def wrong(x, mean, log_variance, W, b, noise, variance=None, fault=""):
    """The printed bound, and its faults by name."""
    if (variance is None and ((x < 0) | (x > 1)).any()) or (variance is not None and not variance > 0):
        raise ValueError("out of range")
    m, s = mean[..., None, :], log_variance[..., None, :]
    e = {"none": 0 * noise, "shared": noise[:1] if noise.ndim > 2 else noise}.get(fault, noise)
    z = m + np.exp({"sign": -s, "deviation": 2 * s}.get(fault, s) / 2) * e
    eta, x = z @ W.T + b, x[..., None, :]
    v = variance**2 if fault == "squared" and variance is not None else variance
    if variance is None:
        with np.errstate(over="ignore", divide="ignore"):
            p = 1 / (1 + np.exp(-eta))
            clipped = x * np.log(p + 1e-8) + (1 - x) * np.log(1 - p + 1e-8)
        terms = clipped if fault == "held" else x * eta - np.logaddexp(0, eta)
        if fault == "normalised":
            with np.errstate(invalid="ignore", divide="ignore"):
                terms = terms - np.log(np.where(np.abs(eta) < 1e-6, 0.5, np.tanh(eta / 2) / eta))
    else:
        terms = -((x - eta) ** 2) / (2 * v) - (0 if fault == "constant" else np.log(2 * np.pi * v) / 2)
    fits = terms.mean(-1) if fault == "pixels" else terms.sum(-1)
    log_q = 0 * fits if fault == "without q" else -((z - m) ** 2 / np.exp(s) + s + np.log(2 * np.pi)).sum(-1) / 2
    log_weight = fits - (z**2 + np.log(2 * np.pi)).sum(-1) / 2 - log_q
    top = log_weight.max(-1)
    total = np.exp(log_weight - top[..., None])
    weighted = top + np.log(total.sum(-1) if fault == "sum" else total.mean(-1))
    if fault == "logs":
        weighted = log_weight.mean(-1)
    price = {
        "kl sign": mean**2 + np.exp(-log_variance) + log_variance - 1,
        "own mean": np.exp(log_variance) - log_variance - 1,
        "reversed": (1 + mean**2) / np.exp(log_variance) + log_variance - 1,
        "kl deviation": mean**2 + np.exp(2 * log_variance) - 2 * log_variance - 1,
    }.get(fault, mean**2 + np.exp(log_variance) - log_variance - 1) / 2
    price = price.mean(-1) if fault == "latents" else price.sum(-1)
    if fault == "batch":
        price = np.full(price.shape, price.sum())
    fit = fits.mean(-1)
    return fit + price if fault == "added" else fit - price, fit, price, weighted


@VAE.mutant(caught_by="each-sample-has-its-own-divergence, an-unused-latent-costs-its-divergence")
def divergence_over_the_batch(x, mean, log_variance, W, b, noise, **given):
    """the divergences of all samples of the batch summed, in each sample's bound"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="batch")


@VAE.mutant(
    caught_by="the-gap-is-the-divergence-from-the-posterior, linear-one-is-probabilistic-pca, divergence-is-from-the-prior"
)
def sign_of_the_log_variance(x, mean, log_variance, W, b, noise, **given):
    """draws with $e^{-s/2}$ in place of $e^{s/2}$"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="sign")


@VAE.mutant(
    caught_by="the-gap-is-the-divergence-from-the-posterior, differences-at-fixed-noise-are-unbiased, rotated-columns-leave-a-gap"
)
def log_variance_as_log_deviation(x, mean, log_variance, W, b, noise, **given):
    """draws with $e^s$ in place of $e^{s/2}$"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="deviation")


@VAE.mutant(
    caught_by="divergence-is-from-the-prior, an-unused-latent-costs-its-divergence, differences-at-fixed-noise-are-unbiased"
)
def sign_in_the_divergence(x, mean, log_variance, W, b, noise, **given):
    """the divergence with $e^{-s}+s$ in place of $e^s-s$"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="kl sign")


@VAE.mutant(caught_by="divergence-is-from-the-prior, an-unused-latent-costs-its-divergence")
def divergence_with_log_deviations(x, mean, log_variance, W, b, noise, **given):
    """the divergence as if s were the logarithm of the deviation"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="kl deviation")


@VAE.mutant(
    caught_by="divergence-is-from-the-prior, differences-at-fixed-noise-are-unbiased, linear-one-is-probabilistic-pca"
)
def divergence_from_its_own_mean(x, mean, log_variance, W, b, noise, **given):
    """the divergence without $m^2$: from a normal distribution around the posterior's own mean"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="own mean")


@VAE.mutant(caught_by="divergence-is-from-the-prior, the-gap-is-the-divergence-from-the-posterior")
def divergence_the_other_way_round(x, mean, log_variance, W, b, noise, **given):
    """KL(p(z)‖q) in place of KL(q‖p(z))"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="reversed")


@VAE.mutant(caught_by="an-unused-latent-costs-its-divergence, divergence-is-from-the-prior")
def divergence_averaged_over_latents(x, mean, log_variance, W, b, noise, **given):
    """the divergence averaged over latent variables"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="latents")


@VAE.mutant(caught_by="the-gap-is-the-divergence-from-the-posterior, linear-one-is-probabilistic-pca")
def divergence_added(x, mean, log_variance, W, b, noise, **given):
    """the divergence added to the first term"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="added")


@VAE.mutant(caught_by="a-mean-over-pixels-is-another-noise, one-draw-gives-a-probability")
def mean_over_pixels(x, mean, log_variance, W, b, noise, **given):
    """the log-likelihood averaged over pixels"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="pixels")


@VAE.mutant(caught_by="more-draws-raise-the-importance-bound, many-draws-reach-the-evidence")
def mean_of_the_logarithms(x, mean, log_variance, W, b, noise, **given):
    """the mean of the weights' logarithms, which stays at the ELBO however many draws"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="logs")


@VAE.mutant(
    caught_by="more-draws-raise-the-importance-bound, nothing-overflows, exact-posterior-gives-the-evidence-by-each-draw"
)
def sum_of_the_weights(x, mean, log_variance, W, b, noise, **given):
    """the sum of the weights for their mean"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="sum")


@VAE.mutant(
    caught_by="divergence-is-from-the-prior, more-draws-raise-the-importance-bound, exact-posterior-gives-the-evidence-by-each-draw"
)
def weights_without_q(x, mean, log_variance, W, b, noise, **given):
    r"""weights $p(x\mid z)p(z)$ that are not divided by $q(z\mid x)$"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="without q")


@VAE.mutant(
    caught_by="the-gap-is-the-divergence-from-the-posterior, one-draw-may-lie-above, linear-one-is-probabilistic-pca"
)
def noise_left_out(x, mean, log_variance, W, b, noise, **given):
    """z = m: an ordinary autoencoder with a penalty"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="none")


@VAE.mutant(caught_by="each-sample-has-its-own-divergence")
def noise_of_the_first_sample(x, mean, log_variance, W, b, noise, **given):
    """the noise of the first sample for the whole batch"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="shared")


@VAE.mutant(caught_by="nothing-overflows")
def logarithms_held_above(x, mean, log_variance, W, b, noise, **given):
    """ln(p + 10⁻⁸): a certain error costs 18 nats"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="held")


@VAE.mutant(caught_by="grey-values-have-no-density, one-draw-gives-a-probability")
def grey_values_normalised(x, mean, log_variance, W, b, noise, **given):
    """the constant of the continuous Bernoulli distribution, which makes it a density over [0, 1] and pixels 0 and 1 no longer sum to 1"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="normalised")


@VAE.mutant(
    caught_by="linear-one-is-probabilistic-pca, one-draw-gives-a-probability, exact-posterior-gives-the-evidence-by-each-draw"
)
def constant_left_out(x, mean, log_variance, W, b, noise, **given):
    """squared errors without the constant of the normal density"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="constant")


@VAE.mutant(caught_by="rotated-columns-leave-a-gap, a-mean-over-pixels-is-another-noise, one-draw-may-lie-above")
def variance_squared(x, mean, log_variance, W, b, noise, **given):
    """v taken for the deviation: squares divided by $2v^2$"""
    return wrong(x, mean, log_variance, W, b, noise, **given, fault="squared")


VAE.erratum(
    "E375",
    common="“Reconstruction loss of grey pixels: binary cross-entropy, the negative Bernoulli log-likelihood” (many tutorials, for MNIST scaled to [0, 1])",
    why="A Bernoulli variable is 0 or 1. Over grey values the exponential of the term does not integrate to 1, but to 0.364 where the decoder says 0.9 and to ½ at most, whatever it says: sums of it are log-likelihoods of nothing, and not comparable with any.",
    right="pixels binarised, at random once or anew in each epoch, and said so; or the continuous Bernoulli distribution with its constant; or a density of dequantised levels",
    claims="grey-values-have-no-density",
)

VAE.erratum(
    "E376",
    common="“loss = mse_loss(reconstruction, x) + kl”, with the mean over pixels in the first and the sum over latent variables in the second (common in code)",
    why="The mean over D pixels is, up to a constant, the log-likelihood with D times the noise variance. With a linear decoder directions of the data whose variance lies between v and Dv are then cheaper left out: their latent variables collapse to the prior.",
    right=r"the sum over pixels, $\frac1{2v}\lVert x-\eta\rVert^2$, with a variance v that is stated, or learnt with its constant $\frac D2\ln v$",
    claims="a-mean-over-pixels-is-another-noise",
)


@VAE.figure(m=Slider(-1.0, 3.0, 1.3, "mean of q"), K=Slider(2.0, 50.0, 10.0, "draws K", integer=True))
def figure(m, K):
    K = int(K)
    W = np.array([[2.5], [2.0], [1.5], [-1.5], [-2.0], [-2.5]])
    b, x = np.zeros(6), np.array([1.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    e, weight = line(81, 6.0)
    logs = np.linspace(-6, 3, 61)
    n = len(logs)

    def rows(noise):
        return vae(
            np.tile(x, (n, 1)), np.full((n, 1), m), logs[:, None], W, b, np.broadcast_to(noise, (n, *noise.shape))
        )

    fit = np.stack([rows(np.array([[one]]))[1] for one in e], 1) @ weight
    _, _, price, _ = rows(np.zeros((1, 1)))
    draws = np.random.default_rng(0).normal(size=(200, K, 1))
    tight = np.mean([rows(one)[3] for one in draws], 0)
    evidence, elbo = log_evidence(x, W, b), fit - price
    best = int(elbo.argmax())
    fig, ax = canvas()
    ax.axhline(evidence, color="0.5", ls="--", lw=1.2, label="log-evidence ln p(x)")
    ax.plot(logs, fit, color=COLOURS[1], lw=1.2, label="first term: mean of ln p(x|z)")
    ax.plot(logs, -price, color=COLOURS[2], lw=1.2, label="minus the divergence from the prior")
    ax.plot(logs, elbo, color=COLOURS[0], lw=2.4, label="their sum: the ELBO")
    ax.plot(logs, tight, color=COLOURS[3], lw=1.6, label="importance-weighted bound of K draws")
    ax.plot(logs[best], elbo[best], "o", color=COLOURS[0])
    ax.set(xlabel="s, log-variance of q", ylabel="nats", ylim=(-24, 0.5))
    ax.legend(fontsize=8.5, frameon=False, loc="lower left")
    words = Text(
        f"q has mean {m:.2f}. The ELBO is highest, {elbo[best]:.3f} nats, at log-variance {logs[best]:.2f}, {evidence - elbo[best]:.3f} below ln p(x) = {evidence:.3f}; "
        f"with K = {K} draws the bound there is about {tight[best]:.3f}, and at log-variance −6 about {tight[0]:.3f} (means of 200 runs).",
        f"q 的均值为 {m:.2f}。ELBO 在对数方差 {logs[best]:.2f} 处最高，为 {elbo[best]:.3f} 奈特，比 ln p(x) = {evidence:.3f} 低 {evidence - elbo[best]:.3f}；"
        f"取 K = {K} 个抽样时，该处的下界约为 {tight[best]:.3f}，而在对数方差 −6 处约为 {tight[0]:.3f}（200 次的平均）。",
    )
    return Drawing(fig, words)
