"""Conditional variational autoencoders: the bound of ln p(x|c), and which prior it is a bound with."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(ConditionalVAE, x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    import torch

    from gradus.arguments import number as real

    d, D, lead = mean.shape[-1], x.shape[-1], x.shape[:-1]
    rows, n = x.reshape(-1, D), math.prod(lead)
    codes = [v.broadcast_to(*lead, d).reshape(-1, d) for v in (mean, log_variance, prior_mean, prior_log_variance)]
    shifts = b.broadcast_to(*lead, D).reshape(-1, D)

    class Encoder(torch.nn.Module):
        def forward(self, x, c):
            return codes[0], codes[1]

    class Prior(torch.nn.Module):
        def forward(self, c):
            return codes[2], codes[3]

    class Linear(torch.nn.Module):
        """A decoder whose condition is the number of the sample."""

        def forward(self, z, c):
            return torch.nn.functional.linear(z, W) + shifts[c]

    model = ConditionalVAE(Encoder(), Linear(), d, prior=Prior(), likelihood="gaussian")
    real("variance", float(variance), above=0)
    model.log_scale = torch.log(torch.as_tensor(variance, dtype=x.dtype)) / 2
    c, draws = torch.arange(n, device=x.device), noise.reshape(-1, *noise.shape[-2:]).movedim(0, 1)
    found = *model.elbo(rows, c, noise=draws), model.importance_bound(rows, c, noise=draws, chunk=3).value
    return tuple(part.reshape(lead) for part in found)


CONDITIONAL_VAE = Concept(
    key="conditional-vae",
    kind="model",
    title="Conditional variational autoencoder",
    summary="Encoder, decoder and prior are told a condition, a class or half of an image, and the bound is one of $\\ln p(x\\mid c)$. What is drawn later must be what the bound was taken with: "
    "the divergence is from the prior that sampling uses. With bounds for each class Bayes' theorem tells classes apart.",
    formulas=(
        r"\widehat{\mathcal L}(x,c)=\frac1K\sum_{k=1}^K\ln p(x\mid z_k,c)-\mathrm{KL}\bigl(q(z\mid x,c)\,\|\,p(z\mid c)\bigr),\qquad z_k=m+e^{s/2}\odot\varepsilon_k",
        r"\mathrm{KL}=\frac12\sum_{j=1}^d\Bigl(s^0_j-s_j+\frac{e^{s_j}+(m_j-m^0_j)^2}{e^{s^0_j}}-1\Bigr),\qquad p(z\mid c)=\mathcal N(m^0,\operatorname{diag}e^{s^0})",
        r"\ln p(x\mid z,c)=-\frac{\lVert x-\eta\rVert^2}{2v}-\frac D2\ln2\pi v,\qquad\eta=Wz+b",
        r"\widehat{\mathcal L}_K(x,c)=\ln\frac1K\sum_{k=1}^K\frac{p(x\mid z_k,c)\,p(z_k\mid c)}{q(z_k\mid x,c)},\qquad p(c\mid x)=\frac{p(x\mid c)\,p(c)}{\sum_{c'}p(x\mid c')\,p(c')}",
    ),
    symbols=(
        Symbol("x", "x", "... D", "samples"),
        Symbol("m", "mean", "... d", r"of $q(z\mid x,c)$, from the encoder"),
        Symbol("s", "log_variance", "... d", "logarithms of its variances, from the encoder"),
        Symbol("m^0", "prior_mean", "... d", r"of $p(z\mid c)$, from the prior"),
        Symbol("s^0", "prior_log_variance", "... d", "logarithms of its variances, from the prior"),
        Symbol("W", "W", "D d", "weights of the decoder's last layer; here it has no other"),
        Symbol("b", "b", "... D", "what the decoder makes of the condition"),
        Symbol(r"\varepsilon", "noise", "... K d", "standard normal, K draws for each sample"),
        Symbol("v", "variance", "", "of a number's normal noise", "positive"),
        Symbol("z", "", "d", "latent variables"),
        Symbol("c", "", "", "the condition; it enters by what is made of it, m⁰, s⁰ and b, and by the encoder"),
        Symbol(r"\eta", "", "D", "what the decoder gives: means"),
        Symbol(r"\widehat{\mathcal L}", "", "", "estimate of the bound", "real", "nat"),
        Symbol("D,\\ d,\\ K", "", "", "numbers in a sample, of latent variables, of draws", "natural"),
    ),
    returns=(
        Result("elbo", "...", r"$\widehat{\mathcal L}$, in nats"),
        Result("reconstruction", "...", "its first term"),
        Result("divergence", "...", "its second term, which is subtracted"),
        Result("importance", "...", r"$\widehat{\mathcal L}_K$, from the same draws"),
    ),
    needs=("vae", "kl", "bayes"),
    source="sohn2015learning",
    year=2015,
    people=("Kihyuk Sohn", "Honglak Lee", "Xinchen Yan", "Diederik P. Kingma"),
    aliases="CVAE, conditional prior, M2 model, 条件 VAE, 条件先验",
    implementations=(
        Implementation(
            "gradus.generative:ConditionalVAE",
            "torch",
            _ours,
            "around any encoder, decoder and prior; here with outputs and noise that are given",
        ),
    ),
    readings="sohn2015learning §3–4; kingma2014semi §2",
    hypotheses=(
        Hypothesis(
            "the prior of the divergence is the one that samples are drawn from", "another-prior-is-another-model"
        ),
        Hypothesis(
            "to reach ln p(x|c): q is the posterior, here with one latent variable and normal noise",
            "the-gap-is-the-divergence-from-the-posterior",
        ),
        Hypothesis(
            "to tell classes apart without error by bounds: the bounds are tight", "a-loose-bound-takes-the-wrong-class"
        ),
    ),
    conventions=(
        Convention(
            "the prior",
            "told the condition; a standard normal one is the case m⁰ = 0, s⁰ = 0",
            "N(0, I) whatever the condition is (Kingma et al., M2): a decoder that is told c can make the same of it",
        ),
        Convention(
            "the condition's own probability",
            "not modelled: the bound is of ln p(x|c)",
            "added, ln p(x, c) = ln p(x|c) + ln p(c)",
        ),
    ),
    deviations=(
        "Here what encoder, prior and decoder make of the condition is given, and the noise is normal; in the library they are any modules, and pixels may be 0 or 1.",
    ),
    unverified="That a network's encoder comes near the posterior, which it sees only in training: samples are drawn from the prior, and only measuring them tells.",
)


@CONDITIONAL_VAE.definition
def conditional_vae(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    if not variance > 0:
        raise ValueError("a variance above 0")
    m, s, m0, s0 = (v[..., None, :] for v in (mean, log_variance, prior_mean, prior_log_variance))
    z = m + np.exp(s / 2) * noise  # ... K d
    eta = z @ W.T + b[..., None, :]
    log_likelihood = (-((x[..., None, :] - eta) ** 2) / (2 * variance) - np.log(2 * np.pi * variance) / 2).sum(-1)
    log_prior = -((z - m0) ** 2 / np.exp(s0) + s0 + np.log(2 * np.pi)).sum(-1) / 2
    log_q = -(noise**2 + s + np.log(2 * np.pi)).sum(-1) / 2
    log_weight = log_likelihood + log_prior - log_q
    top = log_weight.max(-1, keepdims=True)
    importance = top[..., 0] + np.log(np.exp(log_weight - top).mean(-1))
    reconstruction = log_likelihood.mean(-1)
    ratio = (np.exp(log_variance) + (mean - prior_mean) ** 2) / np.exp(prior_log_variance)
    divergence = ((prior_log_variance - log_variance + ratio - 1) / 2).sum(-1)
    return reconstruction - divergence, reconstruction, divergence, importance


def posterior(x, m0, s0, W, b, v):
    """Mean and log-variance of z given x and c, of one latent variable."""
    precision = np.exp(-s0) + (W**2).sum() / v
    mean = (np.exp(-s0) * m0 + (x - b) @ W / v) / precision
    return mean, -np.log(precision)


def log_density(x, m0, s0, W, b, v):
    """ln p(x|c), of one latent variable, with all of the covariance."""
    covariance = np.exp(s0) * W @ W.T + v * np.eye(len(W))
    away = x - b - W[:, 0] * m0
    _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
    return -(away @ np.linalg.solve(covariance, away) + log_det) / 2


@CONDITIONAL_VAE.example
def example():
    W, b, v = np.array([[1.0]]), np.array([0.0]), 1.0
    x, m0, s0 = np.array([2.0]), np.array([2.0]), np.zeros(1)
    mean, s = posterior(x, m0, s0, W, b, v)
    given = dict(x=x, mean=mean, log_variance=s, prior_mean=m0, prior_log_variance=s0, W=W, b=b, variance=v)
    given["noise"] = np.array([[-1.0], [1.0]])
    elbo, fit, price, _ = conditional_vae(**given)
    other = conditional_vae(**given | dict(prior_mean=np.zeros(1)))
    near_zero = given | dict(x=np.zeros(1), mean=np.zeros(1))
    wrong = conditional_vae(**near_zero | dict(prior_mean=np.zeros(1)))
    return given | dict(
        q_mean=mean[0],
        q_variance=np.exp(s[0]),
        fit=fit,
        price=price,
        elbo=elbo,
        exact=log_density(x, 2.0, 0.0, W, b, v),
        price0=other[2],
        elbo0=other[0],
        exact0=log_density(np.zeros(1), 2.0, 0.0, W, b, v),
        wrong0=wrong[0],
    )


@CONDITIONAL_VAE.exercise
def the_price():
    """m = 3, s = 0 from p(z|c) = N(1, 4)."""

    def kl(m, s, m0, s0):
        return (s0 - s + (math.exp(s) + (m - m0) ** 2) / math.exp(s0) - 1) / 2

    right = kl(3.0, 0.0, 1.0, math.log(4))
    return number(
        right,
        from_the_standard_one=kl(3.0, 0.0, 0.0, 0.0),
        the_other_way_round=kl(1.0, math.log(4), 3.0, 0.0),
        deviation_for_variance=kl(3.0, 0.0, 1.0, math.log(2)),
    )


@CONDITIONAL_VAE.exercise
def which_class():
    """ln p(x|1) = −3, ln p(x|2) = −4, p(1) = 0.1: the probability of class 1."""
    a, b = math.exp(-3) * 0.1, math.exp(-4) * 0.9
    return number(a / (a + b), without_the_shares=1 / (1 + math.exp(-1)), of_class_2=b / (a + b), ratio=a / b)


@CONDITIONAL_VAE.exercise
def the_prior_told_or_not():
    """Is a model with a normal prior that is told c more than one with N(0, I) and a decoder that is told c?"""
    W, given = np.array([[1.0]]), dict(x=np.array([0.7]), noise=np.array([[0.3]]), variance=0.5)
    told = conditional_vae(
        **given,
        mean=np.array([1.4]),
        log_variance=np.zeros(1),
        prior_mean=np.array([2.0]),
        prior_log_variance=np.full(1, math.log(4)),
        W=W,
        b=np.zeros(1),
    )
    plain = conditional_vae(
        **given,
        mean=np.array([-0.3]),
        log_variance=np.full(1, -math.log(4)),
        prior_mean=np.zeros(1),
        prior_log_variance=np.zeros(1),
        W=2 * W,
        b=np.array([2.0]),
    )
    same = np.allclose(told, plain)
    return choice(no=bool(same), yes=not same, only_with_more_latents=False)


def drawn(rng, n, D, d, K, variance=0.5):
    """Arguments at random."""
    return dict(
        x=rng.normal(size=(*n, D)),
        mean=rng.normal(size=(*n, d)),
        log_variance=rng.normal(-1.0, 0.7, (*n, d)),
        prior_mean=rng.normal(size=(*n, d)),
        prior_log_variance=rng.normal(0.3, 0.7, (*n, d)),
        W=rng.normal(size=(D, d)),
        b=rng.normal(size=(*n, D)),
        noise=rng.normal(size=(*n, K, d)),
        variance=variance,
    )


@CONDITIONAL_VAE.cases
def cases(rng):
    yield "several conditions", drawn(rng, (4,), 3, 2, 2)
    yield "one sample", drawn(rng, (), 5, 2, 4)
    yield "two batch axes", drawn(rng, (2, 3), 2, 1, 2)
    yield "one draw, one latent variable", drawn(rng, (2,), 3, 1, 1, 2.0)
    yield (
        "q is the prior",
        (g := drawn(rng, (3,), 3, 2, 2)) | dict(prior_mean=g["mean"], prior_log_variance=g["log_variance"]),
    )
    yield (
        "the standard prior",
        drawn(rng, (3,), 3, 2, 2) | dict(prior_mean=np.zeros((3, 2)), prior_log_variance=np.zeros((3, 2))),
    )
    yield "narrow and wide", drawn(rng, (2,), 3, 2, 2) | dict(log_variance=np.array([[-8.0, 3.0], [2.0, -6.0]]))


@CONDITIONAL_VAE.invalid
def invalid(rng):
    yield "a variance that is not positive", drawn(rng, (2,), 3, 2, 2, -1.0)


def floats(result):
    return tuple(np.asarray(part, float) for part in result)


def at_nodes(f, given, nodes):
    """What one draw gives, for each row of noise (n, d) in turn, of a single sample."""
    n = len(nodes)
    names = ("x", "mean", "log_variance", "prior_mean", "prior_log_variance", "b")
    repeated = {k: np.repeat(np.asarray(given[k])[None], n, 0) for k in names}
    return floats(f(**{**given, **repeated, "noise": nodes[:, None]}))


def average(f, given):
    """The means over the noise of the bound and its terms: of squares, exact by two points a coordinate."""
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=given["mean"].shape[-1])))
    return [part.mean() for part in at_nodes(f, given, signs)[:3]]


@CONDITIONAL_VAE.claim
def the_divergence_is_from_the_prior_that_is_told(f, rng):
    r"""The second term is the mean of $\ln q(z\mid x,c)-\ln p(z\mid c)$, by Gauss–Hermite quadrature, exact for these squares; it is 0 where q is the prior, and ½ where it lies one deviation beside it"""
    given = drawn(rng, (), 3, 2, 1)
    e, w = np.polynomial.hermite_e.hermegauss(3)
    nodes, weights = np.array(list(itertools.product(e, repeat=2))), np.outer(w, w).ravel() / (2 * np.pi)
    _, fit, price, one = at_nodes(f, given, nodes)
    yield roundoff(weights @ (fit - one), price[0], terms=80, scale=float(np.abs(fit).max() + abs(price[0])))
    same = given | dict(mean=given["prior_mean"], log_variance=given["prior_log_variance"])
    yield roundoff(floats(f(**same))[2], 0.0, terms=8, scale=4.0)
    aside = same | dict(mean=given["prior_mean"] + np.exp(given["prior_log_variance"] / 2) * np.array([1.0, 0.0]))
    yield roundoff(floats(f(**aside))[2], 0.5, terms=20, scale=4.0)


@CONDITIONAL_VAE.claim
def the_posterior_reaches_the_density(f, rng):
    r"""With one latent variable and q the posterior given x and c, the bound is $\ln p(x\mid c)=\ln\mathcal N(x;Wm^0+b,\,e^{s^0}WW^\top+vI)$, whatever the draw where it is weighted: four numbers, three conditions"""
    for _ in range(3):
        given = drawn(rng, (), 4, 1, 1)
        m0, s0, W, b, v = (given[k] for k in ("prior_mean", "prior_log_variance", "W", "b", "variance"))
        mean, s = posterior(given["x"], m0, s0, W, b, v)
        given |= dict(mean=mean, log_variance=s)
        exact = log_density(given["x"], m0[0], s0[0], W, b, v)
        scale = float(abs(exact)) + 20.0
        yield roundoff(average(f, given)[0], exact, terms=200, scale=scale)
        for draw in (-2.0, 0.3):
            yield roundoff(floats(f(**given | dict(noise=np.array([[draw]]))))[3], exact, terms=400, scale=10 * scale)


@CONDITIONAL_VAE.claim
def the_gap_is_the_divergence_from_the_posterior(f, rng):
    r"""For any other normal q the bound is below $\ln p(x\mid c)$ in the mean over the noise by KL of q from the posterior: one latent variable, in closed form"""
    given = drawn(rng, (), 4, 1, 1)
    m0, s0, W, b, v = (given[k] for k in ("prior_mean", "prior_log_variance", "W", "b", "variance"))
    exact = log_density(given["x"], m0[0], s0[0], W, b, v)
    mean, s = posterior(given["x"], m0, s0, W, b, v)
    for shift, wider in ((0.5, 0.0), (0.0, 0.7), (-1.0, -0.4)):
        q = dict(mean=mean + shift, log_variance=s + wider)
        gap = (np.exp(wider) + shift**2 / np.exp(s[0]) - 1 - wider) / 2
        yield roundoff(exact - average(f, given | q)[0], gap, terms=300, scale=float(abs(exact)) + 20.0)


@CONDITIONAL_VAE.claim
def another_prior_is_another_model(f, rng):
    r"""Taken from $\mathcal N(0,I)$ while samples are drawn from $p(z\mid c)=\mathcal N(3,1)$, the value is no bound of $\ln p(x\mid c)$: at $x=0$, with $W=1$, $v=1$, it is above it by more than 2 nats; it bounds the density of the model whose prior is $\mathcal N(0,1)$, to which it is equal"""
    W, one = np.array([[1.0]]), np.ones(1)
    given = dict(
        x=0 * one,
        mean=0 * one,
        log_variance=np.full(1, -math.log(2)),
        prior_mean=0 * one,
        prior_log_variance=0 * one,
        W=W,
        b=0 * one,
        noise=np.zeros((1, 1)),
        variance=1.0,
    )
    value = average(f, given)[0]
    told = log_density(given["x"], 3.0, 0.0, W, given["b"], 1.0)
    yield bound(value - told, 2.0, "≥", Text("measured: 2.25", "测得 2.25"))
    yield roundoff(value, log_density(given["x"], 0.0, 0.0, W, given["b"], 1.0), terms=50)
    yield near(average(f, given | dict(prior_mean=3 * one, mean=1.5 * one))[0], told, 1e-12, Text("roundoff", "舍入"))


@CONDITIONAL_VAE.claim
def a_decoder_that_is_told_does_without(f, rng):
    r"""A prior $\mathcal N(m^0,e^{s^0})$ with a decoder $W,b$ gives bound for bound what $\mathcal N(0,I)$ gives with the decoder $We^{s^0/2},\ b+Wm^0$ and $q$ in those coordinates: for any draw, two latent variables"""
    given = drawn(rng, (), 4, 2, 3)
    m0, s0 = given["prior_mean"], given["prior_log_variance"]
    spread = np.exp(s0 / 2)
    plain = given | dict(
        mean=(given["mean"] - m0) / spread,
        log_variance=given["log_variance"] - s0,
        prior_mean=np.zeros(2),
        prior_log_variance=np.zeros(2),
        W=given["W"] * spread,
        b=given["b"] + given["W"] @ m0,
    )
    for told, other in zip(floats(f(**given)), floats(f(**plain)), strict=True):
        yield roundoff(told, other, terms=400, scale=float(abs(told)) + 40.0)


@CONDITIONAL_VAE.claim
def more_draws_come_nearer(f, rng):
    r"""In the mean over the noise the weighted bound rises from one draw to two, and stays below $\ln p(x\mid c)$: one latent variable, q that is off by half a deviation, by sums over grids"""
    given = drawn(rng, (), 3, 1, 1)
    m0, s0, W, b, v = (given[k] for k in ("prior_mean", "prior_log_variance", "W", "b", "variance"))
    mean, s = posterior(given["x"], m0, s0, W, b, v)
    given |= dict(mean=mean + np.exp(s / 2) / 2, log_variance=s)
    exact = log_density(given["x"], m0[0], s0[0], W, b, v)
    e = np.linspace(-7, 7, 57)
    weight = np.exp(-(e**2) / 2) / math.sqrt(2 * math.pi) * (e[1] - e[0])
    one = weight @ at_nodes(f, given, e[:, None])[3]
    pairs = np.stack(np.meshgrid(e, e, indexing="ij"), -1).reshape(-1, 2)
    names = ("x", "mean", "log_variance", "prior_mean", "prior_log_variance", "b")
    repeated = {k: np.repeat(given[k][None], len(pairs), 0) for k in names}
    two = np.outer(weight, weight).ravel() @ floats(f(**given | repeated | dict(noise=pairs[..., None])))[3]
    yield roundoff(one, average(f, given)[0], terms=2000, scale=float(abs(exact)) + 40.0)
    yield bound(two - one, 0.02, "≥", Text("two draws", "两次抽样"))
    yield bound(exact - two, 0.005, "≥", Text("still below", "仍在其下"))


def of_class(f, x, m0, W, b, v, shift=0.0):
    """The bound of one class, with the posterior, or beside it."""
    s0 = np.zeros(1)
    mean, s = posterior(x, m0, s0, W, b, v)
    given = dict(
        x=x,
        mean=mean + shift,
        log_variance=s,
        prior_mean=m0,
        prior_log_variance=s0,
        W=W,
        b=b,
        noise=np.zeros((1, 1)),
        variance=v,
    )
    return average(f, given)[0]


@CONDITIONAL_VAE.claim
def bounds_tell_classes_apart(f, rng):
    r"""Two classes with priors $\mathcal N(\mp1,1)$ and shares 0.3 and 0.7: $\ln p(c)$ and the tight bounds give by Bayes' theorem the exact $p(c\mid x)$, at 10 points"""
    W, b, v = rng.normal(size=(2, 1)), rng.normal(size=2), 0.4
    for x in rng.normal(size=(10, 2)):
        found = [math.log(p) + of_class(f, x, np.array([m]), W, b, v) for p, m in ((0.3, -1.0), (0.7, 1.0))]
        exact = [math.log(p) + log_density(x, m, 0.0, W, b, v) for p, m in ((0.3, -1.0), (0.7, 1.0))]
        yield roundoff(found[0] - found[1], exact[0] - exact[1], terms=400, scale=max(map(abs, exact)) + 20.0)


@CONDITIONAL_VAE.claim
def a_loose_bound_takes_the_wrong_class(f, rng):
    r"""Where the encoder is off by two deviations for one class alone, the bounds take the other: of classes $\mathcal N(\mp1,1)$ with $W=1$, $v=1$, $x=-0.5$ belongs to the first, and the bounds say the second"""
    W, b, x = np.array([[1.0]]), np.zeros(1), np.array([-0.5])
    tight = [of_class(f, x, np.array([m]), W, b, 1.0) for m in (-1.0, 1.0)]
    loose = of_class(f, x, np.array([-1.0]), W, b, 1.0, shift=2 * math.sqrt(0.5))
    yield bound(tight[0] - tight[1], 0.4, "≥", Text("the first", "第一类"))
    yield bound(loose - tight[1], -1.0, "≤", Text("the second", "第二类"))


def variant(
    x,
    mean,
    log_variance,
    prior_mean,
    prior_log_variance,
    W,
    b,
    noise,
    variance,
    of=None,
    draw=0.5,
    told=True,
    weighed=True,
    norm=True,
    unsummed=False,
):
    """The printed formulas with one part replaced: what the mutants are made of."""
    if not variance > 0:
        raise ValueError
    m0, s0 = prior_mean, prior_log_variance
    z = mean[..., None, :] + np.exp(draw * log_variance[..., None, :]) * noise
    eta = z @ W.T + (b[..., None, :] if told else 0)
    fit = (-((x[..., None, :] - eta) ** 2) / (2 * variance) - norm * np.log(2 * np.pi * variance) / 2).sum(-1)
    at, wide = (m0, s0) if weighed else (0 * m0, 0 * s0)
    prior = -((z - at[..., None, :]) ** 2 / np.exp(wide[..., None, :]) + wide[..., None, :]).sum(-1) / 2
    weight = fit + prior + (noise**2 + log_variance[..., None, :]).sum(-1) / 2
    top = weight.max(-1, keepdims=True)
    importance = top[..., 0] + np.log(np.exp(weight - top).mean(-1))

    def kl(m, s, m0, s0):
        return (s0 - s + (np.exp(s) + (m - m0) ** 2) / np.exp(s0) - 1) / 2

    each = (of or kl)(mean, log_variance, m0, s0)
    price = each.mean(-1) if unsummed else each.sum(-1)
    return fit.mean(-1) - price, fit.mean(-1), price, importance


def kl(m, s, m0, s0):
    return (s0 - s + (np.exp(s) + (m - m0) ** 2) / np.exp(s0) - 1) / 2


@CONDITIONAL_VAE.mutant(
    caught_by="the-divergence-is-from-the-prior-that-is-told, the-posterior-reaches-the-density, the-gap-is-the-divergence-from-the-posterior, a-decoder-that-is-told-does-without, bounds-tell-classes-apart, equals-definition"
)
def from_the_standard_prior(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """the divergence taken from N(0, I)"""
    return variant(
        x,
        mean,
        log_variance,
        prior_mean,
        prior_log_variance,
        W,
        b,
        noise,
        variance,
        of=lambda m, s, m0, s0: kl(m, s, 0 * m0, 0 * s0),
    )


@CONDITIONAL_VAE.mutant(
    caught_by="the-divergence-is-from-the-prior-that-is-told, the-posterior-reaches-the-density, equals-definition"
)
def the_other_way_round(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """the divergence of the prior from q"""
    return variant(
        x,
        mean,
        log_variance,
        prior_mean,
        prior_log_variance,
        W,
        b,
        noise,
        variance,
        of=lambda m, s, m0, s0: kl(m0, s0, m, s),
    )


@CONDITIONAL_VAE.mutant(
    caught_by="the-divergence-is-from-the-prior-that-is-told, a-decoder-that-is-told-does-without, equals-definition"
)
def the_priors_mean_alone(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """the prior's variance taken to be 1"""
    return variant(
        x,
        mean,
        log_variance,
        prior_mean,
        prior_log_variance,
        W,
        b,
        noise,
        variance,
        of=lambda m, s, m0, s0: kl(m, s, m0, 0 * s0),
    )


@CONDITIONAL_VAE.mutant(
    caught_by="the-posterior-reaches-the-density, more-draws-come-nearer, a-decoder-that-is-told-does-without, equals-definition"
)
def weighed_by_the_standard_prior(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """N(0, I) in the weights of the draws"""
    return variant(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance, weighed=False)


@CONDITIONAL_VAE.mutant(
    caught_by="the-posterior-reaches-the-density, the-gap-is-the-divergence-from-the-posterior, equals-definition"
)
def decoder_not_told(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """what the decoder makes of the condition left out"""
    return variant(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance, told=False)


@CONDITIONAL_VAE.mutant(
    caught_by="the-posterior-reaches-the-density, the-gap-is-the-divergence-from-the-posterior, equals-definition"
)
def variance_for_deviation(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """the draws spread by the variance in place of its root"""
    return variant(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance, draw=1.0)


@CONDITIONAL_VAE.mutant(caught_by="the-divergence-is-from-the-prior-that-is-told, equals-definition")
def averaged_over_latents(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """the mean of the divergence over the latent variables in place of the sum"""
    return variant(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance, unsummed=True)


@CONDITIONAL_VAE.mutant(
    caught_by="the-posterior-reaches-the-density, another-prior-is-another-model, equals-definition"
)
def squares_alone(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """the normal density without its factor"""
    return variant(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance, norm=False)


@CONDITIONAL_VAE.mutant(
    caught_by="a-loose-bound-takes-the-wrong-class, another-prior-is-another-model, more-draws-come-nearer, equals-definition"
)
def no_divergence(x, mean, log_variance, prior_mean, prior_log_variance, W, b, noise, variance):
    """no divergence at all"""
    return variant(
        x,
        mean,
        log_variance,
        prior_mean,
        prior_log_variance,
        W,
        b,
        noise,
        variance,
        of=lambda m, s, m0, s0: 0 * kl(m, s, m0, s0),
    )


CONDITIONAL_VAE.erratum(
    "E397",
    common="Train with the divergence from N(0, I), and draw from a learnt p(z|c) afterwards (a common slip)",
    why="The value trained is then a bound for the model with the standard prior. For the model that is drawn from it is none: it can lie above ln p(x|c), and raising it need not raise that.",
    right="The divergence is taken from the prior that is drawn from; if a prior is fitted afterwards, the bound is computed anew with it",
    claims="another-prior-is-another-model",
)
CONDITIONAL_VAE.erratum(
    "E398",
    common="A normal prior that is told the condition makes the model more expressive (a common slip)",
    why="Shifting and stretching z is something that a decoder which is told the condition can do itself: the bounds are equal draw by draw.",
    right="With a decoder that is told c and may shift and stretch z by it, it adds nothing; it may make training easier",
    claims="a-decoder-that-is-told-does-without",
)


@CONDITIONAL_VAE.figure(
    shift=Slider(-3.0, 3.0, 0.5, "encoder off by"), center=Slider(-3.0, 3.0, 2.0, "prior's mean m⁰")
)
def figure(shift, center):
    W, b, x, v, grid = np.array([[1.0]]), np.zeros(1), np.array([0.5]), 0.5, np.linspace(-6, 6, 400)
    m0, s0 = np.array([center]), np.zeros(1)
    mean, s = posterior(x, m0, s0, W, b, v)

    def normal(m, variance):
        return np.exp(-((grid - m) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)

    def of(off, prior):
        given = dict(
            x=x,
            mean=mean + off,
            log_variance=s,
            prior_mean=prior,
            prior_log_variance=s0,
            W=W,
            b=b,
            noise=np.array([[0.0]]),
            variance=v,
        )
        return average(conditional_vae, given)[0]

    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    left.plot(grid, normal(center, 1.0), color=COLOURS[0], label="prior, told c")
    left.plot(grid, normal(0.0, 1.0), color=COLOURS[3], lw=1, ls="--", label="standard prior")
    left.plot(grid, normal(mean[0] + shift, np.exp(s[0])), color=COLOURS[1], label="encoder")
    left.set(xlabel="z", ylabel="density", xlim=(-6, 6))
    left.legend(fontsize=9, frameon=False, loc="upper left")
    offs, exact = np.linspace(-3, 3, 61), log_density(x, center, 0.0, W, b, v)
    right.axhline(exact, color="0.4", lw=0.8)
    right.plot(offs, [of(o, m0) for o in offs], color=COLOURS[0], label="bound")
    right.plot(offs, [of(o, 0 * m0) for o in offs], color=COLOURS[3], lw=1, ls="--", label="with the standard prior")
    right.plot([shift], [of(shift, m0)], "s", color=COLOURS[1], label="shown")
    right.set(xlabel="encoder off by", ylabel="nats", ylim=(exact - 8, exact + 4))
    right.legend(fontsize=9, frameon=False, loc="upper right")
    told, other = of(shift, m0), of(shift, 0 * m0)
    words = Text(
        f"One latent variable, x = 0.5, prior's mean {center:.3g}: ln p(x|c) = {exact:.3f} nats. With the encoder off by {shift:.3g} the bound is {told:.3f}; with the divergence from the standard prior the value is {other:.3f}"
        + (", above it." if other > exact else "."),
        f"一个潜变量，x = 0.5，先验均值 {center:.3g}：ln p(x|c) = {exact:.3f} 奈特。编码器偏离 {shift:.3g} 时下界为 {told:.3f}；若散度相对于标准先验，则值为 {other:.3f}"
        + ("，超过了它。" if other > exact else "。"),
    )
    return Drawing(fig, words)
