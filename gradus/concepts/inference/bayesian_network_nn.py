"""Bayesian neural network: a distribution of the weights in place of the weights, by variation and by Laplace's approximation."""

import math
from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _library(BayesByBackprop, mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """The library's, for any module: this one has no biases and at most one layer of tanh."""
    import torch
    from torch import nn

    from gradus.arguments import refusal
    from gradus.inference import PredictiveDraws, laplace

    p, d, S = len(mu), x.shape[1], len(eps)
    if bool((sigma <= 0).any()):
        raise refusal("sigma", ("deviations above 0", "大于 0 的标准差"), sigma)
    if p % (hidden or d) or p // (hidden or d) <= (d if hidden else 0):
        raise refusal("mu", ("as many weights as the layers have", "与各层相符的权重个数"), mu)
    k = p // hidden - d if hidden else p // d
    shapes = [(hidden, d), (k, hidden)] if hidden else [(k, d)]
    layers = [nn.Linear(b, a, bias=False, dtype=mu.dtype, device=mu.device) for a, b in shapes]

    def parts(v):
        return [t.reshape(s) for t, s in zip(v.split([math.prod(s) for s in shapes]), shapes, strict=True)]

    for layer, w in zip(layers, parts(mu), strict=True):
        layer.weight.data.copy_(w)
    model = nn.Sequential(*([layers[0], nn.Tanh(), layers[1]] if hidden else layers))
    s = float(prior)

    class Given(BayesByBackprop):
        """With the draws that are given."""

        def forward(self, *inputs, **_):
            self.drawn = (self.drawn + 1) % S
            return super().forward(*inputs, noise=dict(zip(self.names, parts(eps[self.drawn]), strict=True)))

    net = Given(model, s)
    net.drawn = -1
    for rho, deviation in zip(net.log_deviations, parts(sigma), strict=True):
        rho.data.copy_(deviation.log())
    if noise is None:
        likelihood, targets, loss = "categorical", y, nn.functional.cross_entropy
    else:
        v = float(noise)
        likelihood, targets = "gaussian", y[:, None]

        def loss(f, t):
            return (f - t).square().mean() / (2 * v) + math.log(2 * math.pi * v) / 2

    n = len(x)
    found = laplace(model, (x, targets), likelihood, kind="full", prior_precision=1 / s**2, noise=float(noise or 1))
    with torch.no_grad():
        F = n * net.free_energy(loss, x, targets, total=None if total is None else int(total), draws=S)
        outputs = torch.stack([net(new) for _ in range(S)])
    draws = PredictiveDraws(outputs)
    if noise is None:
        predicted = draws.probabilities, draws.entropy, draws.mutual_information
    else:
        spread = outputs[..., 0].var(0, correction=0)
        predicted = draws.mean, spread + noise, spread
    evidence = torch.as_tensor(found.evidence, dtype=mu.dtype, device=mu.device)
    return F, *predicted, evidence, found.outputs(new)[1]


BAYESIAN_NETWORK_NN = Concept(
    key="bayesian-network-nn",
    kind="model",
    title="Bayesian neural network",
    summary="A trained network is one vector of weights, and often as sure far from its data as near them. A Bayesian network keeps a distribution of weights, and "
    "its prediction is the mean over it: where the weights that fit the data disagree, it is unsure. The posterior is out of reach; two normal "
    "distributions stand in: one with independent weights, sought by the evidence lower bound, and Laplace's, around trained weights. Dropout left on draws weights, too.",
    formulas=(
        r"F_B=\frac nN\,\mathrm{KL}(q\,\|\,p)-\frac1S\sum_{r=1}^S\sum_{i\in B}\ln p(y_i\mid x_i,w_r),\qquad w_r=\mu+\sigma\odot\varepsilon_r,\quad \varepsilon_r\sim\mathcal N(0,I)",
        r"\mathrm{KL}(q\,\|\,p)=\sum_{j=1}^P\Bigl(\ln\frac s{\sigma_j}+\frac{\sigma_j^2+\mu_j^2}{2s^2}-\frac12\Bigr),\qquad "
        r"\sum_BF_B=F,\qquad \mathbb E_\varepsilon F=-\mathcal L\ \ge-\ln p(y\mid x)",
        r"p_r=\operatorname{softmax}f(x^*;w_r),\quad\bar p=\frac1S\sum_rp_r,\qquad I=H(\bar p)-\frac1S\sum_rH(p_r)=\frac1S\sum_r\mathrm{KL}(p_r\,\|\,\bar p)",
        r"A=\sum_{i=1}^nJ_i^{\mathsf T}\Lambda_iJ_i+\frac1{s^2}I,\qquad "
        r"\ln p(y\mid x)\approx\sum_{i=1}^n\ln p(y_i\mid x_i,\mu)-\frac{\lVert\mu\rVert^2}{2s^2}-P\ln s-\tfrac12\ln\det A,\qquad C=J_*A^{-1}J_*^{\mathsf T}",
        r"f(x;w)=V\tanh(Ux),\quad\text{or}\quad Vx;\qquad "
        r"p(y\mid x,w)=\operatorname{softmax}f(x;w)_y,\quad\text{or}\quad\mathcal N\bigl(y;f(x;w),v\bigr)",
    ),
    symbols=(
        Symbol(r"\mu", "mu", "P", "means of the weights; Laplace's approximation is made there"),
        Symbol(r"\sigma", "sigma", "P", "deviations of the weights", "positive"),
        Symbol(r"\varepsilon", "eps", "S P", "standard normal draws, one row each"),
        Symbol("x", "x", "n d", "inputs of a batch"),
        Symbol("y", "y", "n", "their classes; with noise, numbers", "other"),
        Symbol("x^*", "new", "m d", "new inputs"),
        Symbol("h", "hidden", "", "hidden units; with 0 the network is linear", "natural"),
        Symbol("N", "total", "", "samples altogether; unless given, those of the batch", "natural"),
        Symbol("s", "prior", "", "deviation of the prior $p$, in which weights are independent of mean 0", "positive"),
        Symbol(
            "v", "noise", "", "variance of the targets; with it there is one output, and $y$ is a number", "positive"
        ),
        Symbol("w,\\ U,\\ V", "", "", "all weights: $U$ row by row, then $V$"),
        Symbol("q", "", "", "the distribution of the weights"),
        Symbol("F_B,\\ F", "", "", "free energy: a batch's share of it, and all of it", "real", "nat"),
        Symbol(r"\mathcal L", "", "", "evidence lower bound", "real", "nat"),
        Symbol("f", "", "", "outputs of the network, $k$ of them"),
        Symbol("p_r,\\ \\bar p", "", "", "probabilities of the classes: under a draw, and their mean"),
        Symbol("H,\\ I", "", "", "entropy; mutual information of class and weights", "real", "nat"),
        Symbol(
            "J_i,\\ J_*",
            "",
            "",
            "derivatives of the outputs by the weights, $k\\times P$, of a sample and at $x^*$, at $\\mu$",
        ),
        Symbol(
            r"\Lambda_i",
            "",
            "",
            r"second derivative of $-\ln p$ by the outputs: $\operatorname{diag}(p)-pp^{\mathsf T}$, or $1/v$",
        ),
        Symbol("A,\\ C", "", "", "precision of the weights; covariance of the outputs at $x^*$"),
        Symbol("B,\\ n", "", "", "the batch; samples in it"),
        Symbol("S,\\ P,\\ k,\\ d,\\ m", "", "", "draws; weights; outputs; inputs of a sample; new samples"),
        Symbol("i,\\ j,\\ r", "", "", "a sample, a weight, a draw", "natural"),
    ),
    returns=(
        Result("free_energy", "", "$F_B$, by the draws given"),
        Result("predicted", "m k", r"$\bar p$; with noise the mean of the outputs"),
        Result(
            "uncertainty", "m", r"$H(\bar p)$; with noise the variance of a new target, $v$ and that over the draws"
        ),
        Result(
            "of_weights", "m", "$I$; with noise the variance of the output over the draws: what is due to the weights"
        ),
        Result("evidence", "", r"Laplace's $\ln p(y\mid x)$ of the batch alone"),
        Result("covariance", "m k k", "$C$"),
    ),
    needs=("elbo", "reparameterization", "gauss-newton"),
    source="blundell2015weight",
    year=1992,
    people=(
        "David J. C. MacKay",
        "Radford M. Neal",
        "Geoffrey Hinton",
        "Alex Graves",
        "Charles Blundell",
        "Yarin Gal",
        "Zoubin Ghahramani",
    ),
    aliases="BNN, Bayes by backprop, MC dropout, Laplace approximation, uncertainty estimation, weight uncertainty, BALD, epistemic uncertainty, "
    "拉普拉斯近似, 不确定性估计, 贝叶斯反向传播, 认知不确定性",
    implementations=(
        Implementation(
            "gradus.inference:BayesByBackprop",
            "torch",
            _library,
            "for any module; after training, of any size: `gradus.inference.laplace` (last layer, Kronecker, diagonal, full); `gradus.inference.mc_dropout`",
        ),
    ),
    readings="mackay1992practical; graves2011practical; blundell2015weight §3; gal2016dropout; ritter2018scalable; daxberger2021laplace; "
    "houlsby2011bayesian; kingma2015variational; wenzel2020how",
    hypotheses=(
        Hypothesis(
            "shares of the batches: each sample in one batch, the divergence divided as the samples are",
            "divergence-not-scaled",
        ),
        Hypothesis(
            r"$F\ge-\ln p$: on average over $\varepsilon$, not for the draws at hand", "a-single-draw-bounds-nothing"
        ),
        Hypothesis(
            "Laplace's is exact: a linear network, normal noise, and for the evidence $\\mu$ at the mode",
            "off-the-mode-it-states-less, one-mode-of-several",
        ),
        Hypothesis(
            "independent weights lose something: the posterior has dependent ones", "nothing-is-lost-without-dependence"
        ),
        Hypothesis(
            "$A$ is the second derivative of minus the log-posterior: the network is linear in its weights",
            "no-hessian-with-hidden-units",
        ),
    ),
    conventions=(
        Convention(
            "what is divided for a batch",
            r"the divergence, in proportion to the samples, beside a *sum* over the batch; `BayesByBackprop.free_energy` divides both by $n$: a *mean* and $\mathrm{KL}/N$",
            r"$1/M$ for each of $M$ batches, the same where they are equal; Blundell et al. also weigh early batches more; factors below that (a cold posterior) are another target",
        ),
        Convention("how σ stays positive", "given; in the library $e^\\rho$", r"$\ln(1+e^\rho)$ with Blundell et al."),
        Convention(
            "which curvature",
            "Gauss–Newton, which is never negative; it is Fisher's of these likelihoods",
            "the empirical Fisher matrix, of gradients at the data's own targets: laplace-torch's `EF` backends",
        ),
        Convention(
            "how Laplace predicts",
            "through the linearised network: $f$ is normal, with covariance $C$",
            "by drawing weights and running the network, which for the Gauss–Newton matrix can be far too wide (Immer et al. 2021)",
        ),
    ),
    deviations=(
        "Networks without biases, of one hidden layer: give a column of ones for a bias. The library takes any module.",
        "The draws are given, so that results can be compared; in training each step has new ones.",
    ),
    unverified="On which data such networks are calibrated better than a trained one is measured by `gradus run bayesian-network-nn`, for one data set.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=400,
)


def net(w, x, h):
    d = x.shape[1]
    if h == 0:
        return x @ w.reshape(-1, d).T
    U, V = w[: h * d].reshape(h, d), w[h * d :].reshape(-1, h)
    return np.tanh(x @ U.T) @ V.T


def jacobian(w, x, h):
    """∂f/∂w, (n, k, p)."""
    n, d = x.shape
    f = net(w, x, h)
    J = np.zeros((n, f.shape[1], len(w)))
    for c in range(f.shape[1]):
        if h == 0:
            J[:, c, c * d : (c + 1) * d] = x
            continue
        U, V = w[: h * d].reshape(h, d), w[h * d :].reshape(-1, h)
        a = np.tanh(x @ U.T)
        J[:, c, : h * d] = (V[c] * (1 - a**2))[:, :, None].repeat(d, 2).reshape(n, -1) * np.tile(x, h)
        J[:, c, h * d + c * h : h * d + (c + 1) * h] = a
    return J


def softmax(f):
    e = np.exp(f - f.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def log_likelihood(f, y, noise):
    """ln p of each sample."""
    if noise is None:
        top = f.max(-1, keepdims=True)
        return (f - top)[np.arange(len(y)), y] - np.log(np.exp(f - top).sum(-1))
    return -((y - f[:, 0]) ** 2) / (2 * noise) - np.log(2 * np.pi * noise) / 2


def entropy(p):
    return -(p * np.log(np.where(p > 0, p, 1))).sum(-1)


def curvature(f, noise):
    """Λ, (n, k, k)."""
    if noise is not None:
        return np.ones((len(f), 1, 1)) / noise
    p = softmax(f)
    return p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]


@BAYESIAN_NETWORK_NN.definition
def bayesian_net(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    n, s = len(x), prior
    N = n if total is None else total
    if n > N or (sigma <= 0).any():
        raise ValueError("a batch is a part of the data, and deviations are positive")
    # by variation
    w = mu + sigma * eps
    divergence = (np.log(s / sigma) + (sigma**2 + mu**2) / (2 * s**2) - 1 / 2).sum()
    fit = np.mean([log_likelihood(net(v, x, hidden), y, noise).sum() for v in w])
    free_energy = n / N * divergence - fit
    outputs = np.stack([net(v, new, hidden) for v in w])
    if noise is None:
        p = softmax(outputs)
        predicted = p.mean(0)
        uncertainty = entropy(predicted)
        of_weights = uncertainty - entropy(p).mean(0)
    else:
        predicted = outputs.mean(0)
        of_weights = outputs.var(0)[:, 0]
        uncertainty = noise + of_weights
    # Laplace's approximation at mu
    f, J, J_new = net(mu, x, hidden), jacobian(mu, x, hidden), jacobian(mu, new, hidden)
    A = sum(j.T @ L @ j for j, L in zip(J, curvature(f, noise), strict=True)) + np.eye(len(mu)) / s**2
    at_mu = log_likelihood(f, y, noise).sum() - mu @ mu / (2 * s**2)
    evidence = at_mu - len(mu) * np.log(s) - np.linalg.slogdet(A)[1] / 2
    covariance = J_new @ np.linalg.inv(A) @ J_new.transpose(0, 2, 1)
    return free_energy, predicted, uncertainty, of_weights, evidence, covariance


def kl_normal(mu, sigma, s):
    """By quadrature, which is exact for the square of a normal variable."""
    t, weight = np.polynomial.hermite_e.hermegauss(8)
    w = mu + sigma * t[:, None]
    ln_q, ln_p = -(t[:, None] ** 2) / 2 - np.log(sigma), -((w / s) ** 2) / 2 - np.log(s)
    return float((weight @ (ln_q - ln_p)).sum() / weight.sum())


def sigma_points(p):
    """Draws whose mean and covariance are exactly those of N(0, I)."""
    return math.sqrt(p) * np.concatenate([np.eye(p), -np.eye(p)])


def regression(x, y, s, v):
    """Of y = xw + noise with the prior N(0, s²I): mean and precision of the posterior, and ln p(y|x)."""
    A = x.T @ x / v + np.eye(x.shape[1]) / s**2
    C = v * np.eye(len(x)) + s**2 * x @ x.T
    return np.linalg.solve(A, x.T @ y / v), A, -(y @ np.linalg.solve(C, y) + np.linalg.slogdet(2 * np.pi * C)[1]) / 2


@BAYESIAN_NETWORK_NN.example
def example():
    """A line through 0, one weight, noise and prior of variance 1, two samples."""
    x, y, new = np.array([[1.0], [2.0]]), np.array([1.0, 3.0]), np.array([[1.0], [10.0]])
    prior, noise, hidden = 1.0, 1.0, 0
    m, A, truth = regression(x, y, prior, noise)
    mu, sigma, eps = m, 1 / np.sqrt(np.diag(A)), np.array([[1.0], [-1.0]])
    F, _, uncertainty, of_weights, evidence, V = bayesian_net(mu, sigma, eps, x, y, new, hidden, None, prior, noise)
    kl = (-np.log(sigma) + (sigma**2 + mu**2) / 2 - 1 / 2).sum()
    fits = [log_likelihood(net(w, x, 0), y, noise).sum() for w in mu + sigma * eps]
    parts = [bayesian_net(mu, sigma, eps, x[i : i + 1], y[i : i + 1], new, 0, 2, prior, noise)[0] for i in (0, 1)]
    return (
        dict(mu=mu, sigma=sigma, eps=eps, x=x, y=y, new=new, hidden=hidden, prior=prior, noise=noise)
        | dict(
            A=A[0, 0],
            w=(mu + sigma * eps)[:, 0],
            F=F,
            kl=kl,
            fits=np.array(fits),
            fit=np.mean(fits),
            evidence=evidence,
            truth=truth,
        )
        | dict(
            parts=np.array(parts),
            whole=2 * kl - np.mean(fits),
            C=V[:, 0, 0],
            uncertainty=uncertainty,
            of_weights=of_weights,
            half=kl / 2,
        )
        | dict(
            two=np.array([0.99, 0.01]),
            agree=np.array([0.5, 0.5]),
            H=entropy(np.array([0.5, 0.5])),
            single=entropy(np.array([0.99, 0.01])),
        )
        | dict(I=entropy(np.array([0.5, 0.5])) - entropy(np.array([0.99, 0.01])))
    )


@BAYESIAN_NETWORK_NN.exercise
def share_of_a_batch():
    """Mean loss 0.4 on a batch of 50 out of 10 000, divergence 2000: the loss to descend, a sample."""
    loss, n, N, kl = 0.4, 50, 10_000, 2000.0
    return number(loss + kl / N, whole=loss + kl, by_batch=loss + kl / n, by_batches=loss + kl / (N / n))


@BAYESIAN_NETWORK_NN.exercise
def which_point_to_label():
    """Draws of two points, of two classes."""
    unsure, split = np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[0.9, 0.1], [0.2, 0.8]])
    H = [entropy(p.mean(0)) for p in (unsure, split)]
    I = [entropy(p.mean(0)) - entropy(p).mean() for p in (unsure, split)]
    return choice(first=I[0] > I[1] and H[0] > H[1], second=I[1] > I[0] and H[0] > H[1], same=I[0] == I[1])


@BAYESIAN_NETWORK_NN.exercise
def width_of_a_sum():
    """Posterior correlation −0.6 of two weights of variance 1; prediction at x = (1, 1)."""
    rho = -0.6
    return number(2 * (1 - rho**2), posterior=2 * (1 + rho), independent=2.0, deviation=math.sqrt(2 * (1 - rho**2)))


def drawn(rng, n, m, d, k, h, S=3, noise=False):
    """Arguments of a network of random weights."""
    p = h * (d + k) if h else d * k
    x, new = rng.standard_normal((n, d)), 2 * rng.standard_normal((m, d))
    y = rng.standard_normal(n) if noise else rng.integers(0, k, n)
    mu, sigma, eps = rng.standard_normal(p), rng.uniform(0.05, 0.6, p), rng.standard_normal((S, p))
    return dict(mu=mu, sigma=sigma, eps=eps, x=x, y=y, new=new, hidden=h)


@BAYESIAN_NETWORK_NN.cases
def cases(rng):
    yield "three classes, hidden units", drawn(rng, 6, 3, 2, 3, 4)
    yield "batch of 5 out of 40, narrow prior", drawn(rng, 5, 2, 3, 2, 2) | dict(total=40, prior=0.4)
    yield "linear, two classes", drawn(rng, 5, 4, 3, 2, 0)
    yield "regression, linear", drawn(rng, 6, 3, 2, 1, 0, noise=True) | dict(noise=0.3)
    yield "regression, hidden units", drawn(rng, 7, 3, 2, 1, 3, noise=True) | dict(noise=0.5, prior=2.0, total=70)
    yield "a single draw, one sample", drawn(rng, 1, 1, 2, 2, 1, S=1)
    yield "more weights than samples", drawn(rng, 3, 2, 6, 4, 5)
    yield "sure of most classes", {**(a := drawn(rng, 4, 3, 2, 3, 0)), "mu": 3 * a["mu"]}
    yield "many samples", drawn(rng, 300, 2, 2, 3, 2, S=2)


@BAYESIAN_NETWORK_NN.invalid
def invalid(rng):
    a = drawn(rng, 4, 2, 2, 3, 2)
    yield "a deviation of 0", {**a, "sigma": 0 * a["sigma"]}
    yield "a batch larger than the data", {**a, "total": 3}
    yield "a class that there is not", {**a, "y": np.array([0, 1, 2, 3])}


@BAYESIAN_NETWORK_NN.claim
def batches_add_up_to_the_whole(bayes, rng):
    """Seven samples as batches of 4, 2 and 1: their shares add up to F of the seven, which is KL(q‖p) − mean of ln p; so also as one batch of 3 and one of 4"""
    a = drawn(rng, 7, 1, 2, 3, 2)
    whole = float(bayes(**a)[0])
    fit = np.mean([log_likelihood(net(w, a["x"], 2), a["y"], None).sum() for w in a["mu"] + a["sigma"] * a["eps"]])
    yield roundoff(whole, kl_normal(a["mu"], a["sigma"], 1.0) - fit, terms=60)
    for cuts in ((4, 6), (3,)):
        parts = zip(np.split(a["x"], cuts), np.split(a["y"], cuts), strict=True)
        yield roundoff(sum(float(bayes(**{**a, "x": x, "y": y, "total": 7})[0]) for x, y in parts), whole, terms=60)


@BAYESIAN_NETWORK_NN.claim
def divergence_in_closed_form(bayes, rng):
    """F of a batch of n among N less F among 2N is n/2N times KL(q‖p), by quadrature: for deviations above and below the prior's"""
    for s in (0.3, 1.0, 2.5):
        a = drawn(rng, 4, 1, 2, 2, 3) | dict(prior=s)
        got = float(bayes(**a, total=8)[0]) - float(bayes(**a, total=16)[0])
        yield roundoff(
            got, kl_normal(a["mu"], a["sigma"], s) / 4, terms=60, scale=max(1.0, (a["mu"] ** 2).sum() / s**2)
        )


def line(rng, n=6, d=2):
    """A linear regression: x, y, deviation of the prior, variance of the noise."""
    x = rng.standard_normal((n, d))
    return x, x @ rng.standard_normal(d) + 0.5 * rng.standard_normal(n), 1.3, 0.4


def call(bayes, mu, sigma, eps, x, y, new, s, v, **more):
    """The seven arguments of a linear regression."""
    return bayes(mu=mu, sigma=sigma, eps=eps, x=x, y=y, new=new, prior=s, noise=v, **more)


@BAYESIAN_NETWORK_NN.claim
def exact_for_a_linear_network(bayes, rng):
    r"""Linear, with normal noise, at the posterior mean: Laplace's evidence is the log-density of y, normal with covariance $vI+s^2xx^{\mathsf T}$, and C
    is that of Bayesian regression"""
    for n, d in ((6, 2), (3, 5)):
        x, y, s, v = line(rng, n, d)
        m, A, truth = regression(x, y, s, v)
        new = rng.standard_normal((3, d))
        *_, evidence, V = call(bayes, m, np.ones(d), np.zeros((1, d)), x, y, new, s, v)
        yield roundoff(float(evidence), truth, terms=100, scale=max(1.0, abs(truth)))
        yield roundoff(np.asarray(V, float)[:, 0, 0], (new @ np.linalg.inv(A) * new).sum(1), terms=100)


@BAYESIAN_NETWORK_NN.claim
def off_the_mode_it_states_less(bayes, rng):
    r"""At weights $\mu$ off the mode m it states less, by $\frac12(\mu-m)^{\mathsf T}A(\mu-m)$: linear, normal noise"""
    x, y, s, v = line(rng)
    m, A, truth = regression(x, y, s, v)
    for step in rng.standard_normal((2, 2)):
        evidence = float(call(bayes, m + step, np.ones(2), np.zeros((1, 2)), x, y, x[:1], s, v)[4])
        yield roundoff(evidence, truth - step @ A @ step / 2, terms=100, scale=max(1.0, abs(evidence)))


@BAYESIAN_NETWORK_NN.claim
def the_gap_is_the_divergence_from_the_posterior(bayes, rng):
    r"""Linear, normal noise, draws with exactly the mean and covariance of N(0, I): $F+\ln p(y\mid x)$ is KL from q to the posterior, for three q; above 0"""
    x, y, s, v = line(rng)
    m, A, truth = regression(x, y, s, v)
    for mu, sigma in ((m, np.diag(A) ** -0.5), (m + 0.3, np.ones(2)), (0 * m, np.array([0.1, 2.0]))):
        F = float(call(bayes, mu, sigma, sigma_points(2), x, y, x[:1], s, v)[0])
        kl = (
            (sigma**2) @ np.diag(A) + (mu - m) @ A @ (mu - m) - 2 - np.log(sigma**2).sum() - np.linalg.slogdet(A)[1]
        ) / 2
        yield roundoff(F + truth, kl, terms=60, scale=max(abs(F), abs(truth)))
        yield bound(F + truth, 0.0, "≥", Text("a divergence", "散度"))


@BAYESIAN_NETWORK_NN.claim
def nothing_is_lost_without_dependence(bayes, rng):
    r"""Columns of x at right angles make the weights independent: with the posterior's own mean and deviations F is $-\ln p(y\mid x)$"""
    x, y, s, v = line(rng)
    x = np.linalg.qr(x)[0] * np.array([2.0, 3.0])
    m, A, truth = regression(x, y, s, v)
    F = float(call(bayes, m, np.diag(A) ** -0.5, sigma_points(2), x, y, x[:1], s, v)[0])
    yield roundoff(F, -truth, terms=60)


@BAYESIAN_NETWORK_NN.claim
def a_single_draw_bounds_nothing(bayes, rng):
    r"""Columns of x at right angles and q the posterior itself, but one draw, ε = 0: F lies below $-\ln p(y\mid x)$, by
    $\frac12\sum\lambda/(\lambda+1/s^2)$ over the eigenvalues λ of $x^{\mathsf T}x/v$"""
    x, y, s, v = line(rng)
    x = np.linalg.qr(x)[0] * np.array([2.0, 3.0])
    m, A, truth = regression(x, y, s, v)
    F = float(call(bayes, m, np.diag(A) ** -0.5, np.zeros((1, 2)), x, y, x[:1], s, v)[0])
    eigenvalues = np.array([4.0, 9.0]) / v
    yield roundoff(-truth - F, (eigenvalues / (eigenvalues + 1 / s**2)).sum() / 2, terms=60, scale=max(1.0, abs(F)))


def dependent(rho):
    """A regression whose two weights have this correlation in the posterior, with variances alike: s = v = 1."""
    a, b = 1 - rho**2, 1.0
    A = 4 * np.array([[b, -rho], [-rho, b]]) / a
    x = np.linalg.cholesky(A - np.eye(2)).T
    return x, x @ np.array([1.0, -0.5])


@BAYESIAN_NETWORK_NN.claim
def least_at_a_smaller_variance(bayes, rng):
    r"""Two weights of posterior correlation ρ = 0.3 and −0.8: F is least where each variance is $1-\rho^2$ of the posterior's; at $e^t$ times those
    deviations it is $e^{2t}-1-2t$ above that"""
    for rho in (0.3, -0.8):
        x, y = dependent(rho)
        m, A, _ = regression(x, y, 1.0, 1.0)
        best = np.sqrt((1 - rho**2) * np.diag(np.linalg.inv(A)))
        F = [float(call(bayes, m, best * np.exp(t), sigma_points(2), x, y, x, 1.0, 1.0)[0]) for t in (0.0, -0.4, 0.2)]
        yield roundoff(
            np.array(F[1:]) - F[0],
            [math.exp(2 * t) - 1 - 2 * t for t in (-0.4, 0.2)],
            terms=100,
            scale=max(map(abs, F)),
        )


@BAYESIAN_NETWORK_NN.claim
def too_narrow_one_way_too_wide_the_other(bayes, rng):
    r"""Two weights of equal variance and correlation ρ = 0.3 and −0.8 in the posterior: the best q with independent weights gives a prediction $1-|\rho|$ of its
    variance in the direction in which the weights vary most, and $1+|\rho|$ of it, too much, in the other"""
    for rho in (0.3, -0.8):
        x, y = dependent(rho)
        m, A, _ = regression(x, y, 1.0, 1.0)
        new = np.array([[1.0, np.sign(rho)], [1.0, -np.sign(rho)]])
        _, _, _, found, _, V = call(bayes, m, np.diag(A) ** -0.5, sigma_points(2), x, y, new, 1.0, 1.0)
        share = np.asarray(found, float) / np.asarray(V, float)[:, 0, 0]
        yield roundoff(share, [1 - abs(rho), 1 + abs(rho)], terms=100)
        exact = (new @ np.linalg.inv(A) * new).sum(1)
        yield roundoff(np.asarray(V, float)[:, 0, 0], exact, terms=100)


@BAYESIAN_NETWORK_NN.claim
def entropy_is_what_is_not_known(bayes, rng):
    """Two draws certain of opposite classes and two that both state ½ have the same entropy, ln 2; the weights' part is ln 2 and 0"""
    x, new = np.array([[1.0]]), np.array([[50.0], [0.0]])
    a = dict(mu=np.zeros(2), sigma=np.ones(2), eps=np.array([[1.0, -1.0], [-1.0, 1.0]]), x=x, y=np.array([0]), new=new)
    _, p, H, I, *_ = bayes(**a)
    yield roundoff(p, np.full((2, 2), 0.5), terms=8)
    yield roundoff(H, np.full(2, math.log(2)), terms=8)
    yield roundoff(I, [math.log(2), 0.0], terms=8, scale=1.0)


@BAYESIAN_NETWORK_NN.claim
def information_is_a_mean_divergence(bayes, rng):
    """The mean of the draws' probabilities; its entropy; and the part of the weights, the mean of KL(p_r‖p̄), above 0 and below the entropy"""
    a = drawn(rng, 3, 6, 2, 3, 2, S=5)
    _, p, H, I, *_ = bayes(**a)
    each = softmax(np.stack([net(w, a["new"], 2) for w in a["mu"] + a["sigma"] * a["eps"]]))
    mean = each.mean(0)
    yield roundoff(p, mean, terms=30)
    yield roundoff(H, -(mean * np.log(mean)).sum(1), terms=30)
    yield roundoff(I, (each * np.log(each / mean)).sum(2).mean(0), terms=30, scale=math.log(3))
    yield bound(float(np.min(I)), 0.0, "≥", Text("a divergence", "散度"))
    yield bound(
        float(np.max(np.asarray(I, float) / np.asarray(H, float))),
        1.0,
        "≤",
        Text("an entropy is not negative", "熵非负"),
    )


@BAYESIAN_NETWORK_NN.claim
def variances_add_up(bayes, rng):
    """With noise: the variance of a new target is v and that of the output over the draws; the mean is the draws'"""
    a = drawn(rng, 4, 3, 2, 1, 3, S=6, noise=True) | dict(noise=0.7)
    _, mean, total, part, *_ = bayes(**a)
    f = np.stack([net(w, a["new"], 3) for w in a["mu"] + a["sigma"] * a["eps"]])[..., 0]
    yield roundoff(np.asarray(mean, float)[:, 0], f.mean(0), terms=30)
    yield roundoff(part, ((f - f.mean(0)) ** 2).mean(0), terms=30, scale=float((f**2).max()))
    yield roundoff(
        np.asarray(total, float) - np.asarray(part, float), np.full(3, 0.7), terms=30, scale=float((f**2).max())
    )


@BAYESIAN_NETWORK_NN.claim
def without_noise_in_the_weights_it_is_the_network(bayes, rng):
    """Draws of 0 give the network at μ: its probabilities, their entropy, and nothing due to the weights"""
    a = {**drawn(rng, 3, 4, 2, 3, 2), "eps": np.zeros((2, 10))}
    _, p, H, I, *_ = bayes(**a)
    point = softmax(net(a["mu"], a["new"], 2))
    yield roundoff(p, point, terms=20)
    yield roundoff(H, entropy(point), terms=20)
    yield roundoff(I, np.zeros(4), terms=20, scale=1.0)


@BAYESIAN_NETWORK_NN.claim
def dropout_is_such_a_draw(bayes, rng):
    """With σ = |μ| and ε = ±1, one sign for all weights of an input, the draws are those of dropout at rate ½ on the inputs: their mean over all eight masks is p̄"""
    a = drawn(rng, 3, 4, 3, 3, 0)
    masks = np.array(list(product((0.0, 1.0), repeat=3)))
    a["sigma"], a["eps"] = np.abs(a["mu"]), np.sign(a["mu"]) * np.tile(2 * masks - 1, 3)
    W = a["mu"].reshape(3, 3)
    want = np.mean([softmax((2 * mask * a["new"]) @ W.T) for mask in masks], 0)
    yield roundoff(bayes(**a)[1], want, terms=40)


def hessian(g, w, t=1e-4):
    """By central differences."""
    e = t * np.eye(len(w))
    return np.array([[(g(w + a + b) - g(w + a - b) - g(w - a + b) + g(w - a - b)) / (4 * t**2) for a in e] for b in e])


@BAYESIAN_NETWORK_NN.claim
def second_derivative_of_a_linear_network(bayes, rng):
    r"""Linear, three classes: C is $J_*$ about the inverse of the second derivative of $-\ln p(y\mid x,w)+\lVert w\rVert^2/2s^2$, by differences"""
    a = drawn(rng, 6, 3, 2, 3, 0) | dict(prior=0.8)

    def g(w):
        return -log_likelihood(net(w, a["x"], 0), a["y"], None).sum() + w @ w / (2 * 0.64)

    J = jacobian(a["mu"], a["new"], 0)
    want = J @ np.linalg.inv(hessian(g, a["mu"])) @ J.transpose(0, 2, 1)
    gap = np.abs(np.asarray(bayes(**a)[5], float) - want).max() / np.abs(want).max()
    yield near(
        gap,
        0.0,
        1e-5,
        Text(
            "rounding of the differences, 4·ε·g/t² ≈ 10⁻⁶ of a curvature above 1",
            "差分的舍入，4·ε·g/t² ≈ 10⁻⁶，而曲率大于 1",
        ),
    )
    yield bound(float(np.abs(want).max()), 0.1, "≥")


@BAYESIAN_NETWORK_NN.claim
def no_hessian_with_hidden_units(bayes, rng):
    r"""With hidden units it is another matrix: at weights where the second derivative has an eigenvalue below −1, C is $J_*A^{-1}J_*^{\mathsf T}$ with
    Gauss–Newton's A, positive, and never above $s^2J_*J_*^{\mathsf T}$, the prior's own"""
    x, new, s = np.array([[1.0], [-0.5]]), np.array([[0.7], [2.0]]), 2.0
    mu, y = np.array([0.5, 3.0]), np.array([-3.0, 1.5])

    def g(w):
        return -log_likelihood(net(w, x, 1), y, 0.5).sum() + w @ w / (2 * s**2)

    yield bound(
        float(np.linalg.eigvalsh(hessian(g, mu))[0]), -1.0, "≤", Text("computed for these weights", "在这些权重处计算")
    )
    V = call(bayes, mu, np.ones(2), np.zeros((1, 2)), x, y, new, s, 0.5, hidden=1)[5]
    J, K = jacobian(mu, x, 1)[:, 0], jacobian(mu, new, 1)[:, 0]
    exact = (K @ np.linalg.inv(J.T @ J / 0.5 + np.eye(2) / s**2) * K).sum(1)
    yield roundoff(np.asarray(V, float)[:, 0, 0], exact, terms=60)
    yield bound(float((exact / (s**2 * (K**2).sum(1))).max()), 1.0, "≤", Text("data only add to A", "数据只会增大 A"))


@BAYESIAN_NETWORK_NN.claim
def data_never_widen(bayes, rng):
    """At the same weights each further sample takes from C, or leaves it: no eigenvalue of what four more take away is below 0. With one weight, inputs of 1 and v = s = 1, C at 1 is 1/(n + 1)"""
    a = drawn(rng, 9, 3, 2, 3, 2)
    few = np.asarray(bayes(**{**a, "x": a["x"][:5], "y": a["y"][:5]})[5], float)
    taken = np.linalg.eigvalsh(few - np.asarray(bayes(**a)[5], float))
    size = np.linalg.eigvalsh(few).max()
    yield bound(float(taken.min()) / size, -1e-13, "≥", Text("0, and rounding", "0 与舍入"))
    one = np.ones(1)
    for n in (1, 5, 9):
        V = call(bayes, one, one, np.zeros((1, 1)), np.ones((n, 1)), np.ones(n), np.ones((1, 1)), 1.0, 1.0)[5]
        yield roundoff(np.asarray(V, float)[0, 0, 0], 1 / (n + 1), terms=10 * n)


@BAYESIAN_NETWORK_NN.claim
def one_prior_has_the_greatest_evidence(bayes, rng):
    r"""At fixed weights the evidence rises with $\delta=1/s^2$ and then falls: linear, two classes, 21 priors; it turns where $\delta\lVert\mu\rVert^2$
    equals $\sum\lambda/(\lambda+\delta)$, λ the eigenvalues of $A-\delta I$"""
    a = drawn(rng, 8, 1, 2, 2, 0)
    J, L = jacobian(a["mu"], a["x"], 0), curvature(net(a["mu"], a["x"], 0), None)
    eigenvalues = np.linalg.eigvalsh(sum(j.T @ b @ j for j, b in zip(J, L, strict=True)))
    deltas = np.geomspace(1e-3, 1e3, 21)
    found = np.array([float(bayes(**{**a, "prior": d**-0.5})[4]) for d in deltas])
    below = deltas * (a["mu"] @ a["mu"]) < [(eigenvalues / (eigenvalues + d)).sum() for d in deltas]
    rises = np.diff(found) > 0
    yield identical(np.abs(np.diff(rises.astype(int))).sum(), 1)
    yield identical(rises[0], True)
    turn = int(below.sum())  # the first prior beyond the turn
    yield bound(abs(int(found.argmax()) - turn + 0.5), 0.5, "≤", Text("a step of the grid", "网格的一步"))
    d = 0.37
    step = float(bayes(**{**a, "prior": d**-0.5})[4]) - float(bayes(**{**a, "prior": 1.0})[4])
    want = (np.log1p(eigenvalues).sum() - np.log1p(eigenvalues / d).sum() + (1 - d) * (a["mu"] @ a["mu"])) / 2
    yield roundoff(step, want, terms=60, scale=max(1.0, np.abs(found).max()))


def mode(x, y, s, v, w):
    """A mode of the posterior of a network with one hidden unit, by Gauss and Newton."""
    for _ in range(60):
        f, J = net(w, x, 1)[:, 0], jacobian(w, x, 1)[:, 0]
        w = w + np.linalg.solve(J.T @ J / v + np.eye(2) / s**2, J.T @ (y - f) / v - w / s**2)
    return w


def log_integral(x, y, s, v, w, A):
    """ln of the integral of likelihood times prior around w, by sums over equal steps, eight deviations either way."""
    t = np.linspace(-8, 8, 49)
    L = np.linalg.inv(np.linalg.cholesky(A)).T
    points = w + np.stack(np.meshgrid(t, t, indexing="ij"), -1).reshape(-1, 2) @ L.T
    f = points[:, 1:] * np.tanh(points[:, :1] * x[:, 0])
    logs = -((y - f) ** 2).sum(1) / (2 * v) - (points**2).sum(1) / (2 * s**2)
    logs -= len(y) * math.log(2 * math.pi * v) / 2 + 2 * math.log(s) + math.log(2 * math.pi)
    top = logs.max()
    return top + math.log(np.exp(logs - top).sum()) + 2 * math.log(t[1] - t[0]) + np.linalg.slogdet(L)[1]


@BAYESIAN_NETWORK_NN.claim
def one_mode_of_several(bayes, rng):
    r"""One hidden unit: the signs of both weights may be turned, so the posterior has two modes, and Laplace's evidence at one of them is short of
    $\ln p(y\mid x)$ by ln 2, but for an error that falls like 1/n: eight inputs, once to eight times each"""
    s, v, truth = 1.5, 0.002, np.array([1.2, 0.9])
    sizes, errors = (8, 16, 32, 64), []
    for n in sizes:
        x = np.tile(np.linspace(-2, 2, 8), n // 8)[:, None]
        y = net(truth, x, 1)[:, 0]
        w = mode(x, y, s, v, truth)
        J = jacobian(w, x, 1)[:, 0]
        A = J.T @ J / v + np.eye(2) / s**2
        exact = log_integral(x, y, s, v, w, A) + math.log(2)  # the other mode is a mirror image
        found = float(call(bayes, w, np.ones(2), np.zeros((1, 2)), x, y, x[:1], s, v, hidden=1)[4])
        errors.append(abs(exact - found - math.log(2)))
    yield rate(sizes, errors, -1.0, 0.15)
    yield bound(errors[-1], 0.01, "≤")


@BAYESIAN_NETWORK_NN.claim
def hidden_units_have_no_names(bayes, rng):
    """Another order of the hidden units, or the signs of a unit's weights turned, with its draws, changes nothing"""
    a = drawn(rng, 5, 3, 2, 2, 3)
    order, signs = rng.permutation(3), np.array([1.0, -1.0, -1.0])

    def moved(v, sign):
        U, V = v[:6].reshape(3, 2)[order] * sign[:, None], v[6:].reshape(2, 3)[:, order] * sign
        return np.concatenate([U.ravel(), V.ravel()])

    other = a | dict(
        mu=moved(a["mu"], signs), sigma=moved(a["sigma"], np.ones(3)), eps=np.stack([moved(e, signs) for e in a["eps"]])
    )
    first = bayes(**a)
    for got, want in zip(bayes(**other), first, strict=True):
        yield invariance(got, want, terms=100, scale=float(max(1.0, np.abs(want).max())))
    yield bound(float(np.ptp(np.asarray(first[1], float))), 0.01, "≥", Text("no constant", "并非常数"))


def replaced(of, **given):
    """The definition's results, some of them replaced."""
    names = ("free_energy", "predicted", "uncertainty", "of_weights", "evidence", "covariance")
    return tuple(given.get(name, value) for name, value in zip(names, of, strict=True))


def closed(mu, sigma, prior):
    return (np.log(prior / sigma) + (sigma**2 + mu**2) / (2 * prior**2) - 1 / 2).sum()


def with_share(factor):
    """F with another weight of the divergence."""

    def mutant(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
        found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
        n, N = len(x), len(x) if total is None else total
        return replaced(found, free_energy=found[0] + (factor(n, N) - n / N) * closed(mu, sigma, prior))

    return mutant


def with_divergence(divergence):
    """F with another divergence."""

    def mutant(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
        found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
        n, N = len(x), len(x) if total is None else total
        change = divergence(mu, sigma, prior) - closed(mu, sigma, prior)
        return replaced(found, free_energy=found[0] + n / N * change)

    return mutant


@BAYESIAN_NETWORK_NN.mutant(caught_by="batches-add-up-to-the-whole, divergence-in-closed-form, equals-definition")
def divergence_not_scaled(mu, sigma, eps, x, y, new, **given):
    """each batch pays the whole divergence"""
    return with_share(lambda n, N: 1.0)(mu, sigma, eps, x, y, new, **given)


@BAYESIAN_NETWORK_NN.mutant(caught_by="batches-add-up-to-the-whole, divergence-in-closed-form")
def divided_by_the_batch_size(mu, sigma, eps, x, y, new, **given):
    """the divergence divided by the samples of the batch, beside a sum over them"""
    return with_share(lambda n, N: 1 / n)(mu, sigma, eps, x, y, new, **given)


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="batches-add-up-to-the-whole, divergence-in-closed-form, the-gap-is-the-divergence-from-the-posterior"
)
def divided_by_all_samples(mu, sigma, eps, x, y, new, **given):
    """the divergence divided by N beside a sum over the batch: right beside a mean"""
    return with_share(lambda n, N: 1 / N)(mu, sigma, eps, x, y, new, **given)


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="divergence-in-closed-form, nothing-is-lost-without-dependence, least-at-a-smaller-variance"
)
def divergence_the_other_way(mu, sigma, eps, x, y, new, **given):
    """KL(p‖q)"""
    return with_divergence(lambda m, d, s: (np.log(d / s) + (s**2 + m**2) / (2 * d**2) - 1 / 2).sum())(
        mu, sigma, eps, x, y, new, **given
    )


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="divergence-in-closed-form, nothing-is-lost-without-dependence, a-single-draw-bounds-nothing"
)
def only_the_penalty(mu, sigma, eps, x, y, new, **given):
    """the divergence without the deviations: weight decay and noise"""
    return with_divergence(lambda m, d, s: (m**2).sum() / (2 * s**2))(mu, sigma, eps, x, y, new, **given)


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="divergence-in-closed-form, least-at-a-smaller-variance, nothing-is-lost-without-dependence"
)
def variances_for_deviations(mu, sigma, eps, x, y, new, **given):
    """σ taken for the variance in the divergence"""
    return with_divergence(lambda m, d, s: closed(m, np.sqrt(d), s))(mu, sigma, eps, x, y, new, **given)


@BAYESIAN_NETWORK_NN.mutant(caught_by="information-is-a-mean-divergence, dropout-is-such-a-draw, equals-definition")
def mean_of_the_outputs(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """the softmax of the mean output, for the mean of the softmaxes"""
    found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
    if noise is not None:
        return found
    p = softmax(np.mean([net(w, new, hidden) for w in mu + sigma * eps], 0))
    return replaced(found, predicted=p, uncertainty=entropy(p))


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="entropy-is-what-is-not-known, information-is-a-mean-divergence, without-noise-in-the-weights-it-is-the-network"
)
def entropy_for_information(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """all entropy put down to the weights"""
    found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
    return replaced(found, of_weights=found[2] if noise is None else found[3])


@BAYESIAN_NETWORK_NN.mutant(caught_by="entropy-is-what-is-not-known, information-is-a-mean-divergence")
def mean_entropy(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """the mean of the draws' entropies, for the entropy of their mean"""
    found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
    return found if noise is not None else replaced(found, uncertainty=found[2] - found[3])


@BAYESIAN_NETWORK_NN.mutant(caught_by="variances-add-up, equals-definition")
def noise_forgotten(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """the variance of a new target without its noise"""
    found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
    return found if noise is None else replaced(found, uncertainty=found[3])


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="without-noise-in-the-weights-it-is-the-network, dropout-is-such-a-draw, the-gap-is-the-divergence-from-the-posterior"
)
def spread_of_1(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """draws around 0 by the prior, whatever was learnt"""
    found = bayesian_net(0 * mu, 0 * sigma + prior, eps, x, y, new, hidden, total, prior, noise)
    return found[:4] + bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)[4:]


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="hidden-units-have-no-names, too-narrow-one-way-too-wide-the-other, equals-definition, variances-add-up"
)
def correlated_draws(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """one number moves all weights of a draw"""
    return bayesian_net(mu, sigma, eps[:, :1] + 0 * eps, x, y, new, hidden, total, prior, noise)


def laplace_by(change):
    """Evidence and covariance from another precision A of the same weights."""

    def mutant(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
        found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
        J, f = jacobian(mu, x, hidden), net(mu, x, hidden)
        H = sum(j.T @ b @ j for j, b in zip(J, curvature(f, noise), strict=True))
        A = change(H, np.eye(len(mu)) / prior**2, len(x), J, f, y, noise)
        evidence = found[4] + (np.linalg.slogdet(H + np.eye(len(mu)) / prior**2)[1] - np.linalg.slogdet(A)[1]) / 2
        K = jacobian(mu, new, hidden)
        return replaced(found, evidence=evidence, covariance=K @ np.linalg.inv(A) @ K.transpose(0, 2, 1))

    return mutant


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="data-never-widen, exact-for-a-linear-network, second-derivative-of-a-linear-network, one-prior-has-the-greatest-evidence"
)
def curvature_of_the_mean_loss(mu, sigma, eps, x, y, new, **given):
    """the curvature of the mean loss, as a training loop has it, for that of the sum"""
    return laplace_by(lambda H, P, n, *_: H / n + P)(mu, sigma, eps, x, y, new, **given)


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="exact-for-a-linear-network, too-narrow-one-way-too-wide-the-other, second-derivative-of-a-linear-network"
)
def diagonal(mu, sigma, eps, x, y, new, **given):
    """the diagonal of A alone"""
    return laplace_by(lambda H, P, *_: np.diag(np.diag(H + P)))(mu, sigma, eps, x, y, new, **given)


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="second-derivative-of-a-linear-network, exact-for-a-linear-network, no-hessian-with-hidden-units"
)
def empirical_fisher(mu, sigma, eps, x, y, new, **given):
    """squared gradients at the data's own targets, for the curvature"""

    def squares(H, P, n, J, f, y, noise):
        g = (y - f[:, 0])[:, None] / noise if noise is not None else np.eye(f.shape[1])[y] - softmax(f)
        rows = np.einsum("nkp,nk->np", J, g)
        return rows.T @ rows + P

    found = laplace_by(squares)(mu, sigma, eps, x, y, new, **given)
    return found


@BAYESIAN_NETWORK_NN.mutant(caught_by="exact-for-a-linear-network, no-hessian-with-hidden-units")
def deviation_for_the_prior_s_precision(mu, sigma, eps, x, y, new, **given):
    """A with the prior's deviation where its precision belongs"""
    s = given.get("prior", 1.0)
    return laplace_by(lambda H, P, *_: H + s * np.eye(len(H)))(mu, sigma, eps, x, y, new, **given)


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="exact-for-a-linear-network, off-the-mode-it-states-less, one-mode-of-several, one-prior-has-the-greatest-evidence"
)
def volume_forgotten(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """log-likelihood and penalty alone, the volume left out: the largest prior wins"""
    found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
    at_mu = log_likelihood(net(mu, x, hidden), y, noise).sum() - mu @ mu / (2 * prior**2)
    return replaced(found, evidence=at_mu)


@BAYESIAN_NETWORK_NN.mutant(
    caught_by="off-the-mode-it-states-less, exact-for-a-linear-network, one-prior-has-the-greatest-evidence"
)
def penalty_forgotten(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """the prior's density at μ left out of the evidence"""
    found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
    return replaced(found, evidence=found[4] + mu @ mu / (2 * prior**2))


@BAYESIAN_NETWORK_NN.mutant(caught_by="one-mode-of-several, exact-for-a-linear-network, off-the-mode-it-states-less")
def volume_added(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    """+½ ln det A"""
    found = bayesian_net(mu, sigma, eps, x, y, new, hidden, total, prior, noise)
    A = np.linalg.slogdet(
        sum(j.T @ b @ j for j, b in zip(jacobian(mu, x, hidden), curvature(net(mu, x, hidden), noise), strict=True))
        + np.eye(len(mu)) / prior**2
    )[1]
    return replaced(found, evidence=found[4] + A)


BAYESIAN_NETWORK_NN.erratum(
    "E365",
    common="With independent weights (mean field) a Bayesian network's predictions come out too sure: the method understates variances (a common slip)",
    why="It never overstates the variance of a single weight of a normal posterior. A prediction adds weights up, and what is added has the covariances in it: where weights err in opposite "
    "directions, the mean field takes the sum for less sure than it is.",
    right=r"Two weights of equal variance and correlation ρ: the variance is $1-|\rho|$ of the right one in the direction in which they vary most, and $1+|\rho|$ of it, too large, across that",
    claims="least-at-a-smaller-variance, too-narrow-one-way-too-wide-the-other",
)
BAYESIAN_NETWORK_NN.erratum(
    "E366",
    common="Where the entropy of a Bayesian network's prediction is high, it lacks data (a common slip)",
    why="Draws that all state ½, as at a boundary that is known, have the entropy of draws that are certain of different classes. Only the second goes as the posterior narrows.",
    right=r"The mutual information of class and weights, $H(\bar p)-\frac1S\sum_rH(p_r)$, is what the weights leave open; the rest of the entropy is theirs in common",
    claims="entropy-is-what-is-not-known, information-is-a-mean-divergence",
)


H_UNITS = 8


def fitted(x, y, s, v, w, steps=25):
    """A mode of the posterior by damped Gauss–Newton steps."""
    damping = 1.0

    def energy(w):
        return ((y - net(w, x, H_UNITS)[:, 0]) ** 2).sum() / (2 * v) + w @ w / (2 * s**2)

    here = energy(w)
    for _ in range(steps):
        f, J = net(w, x, H_UNITS)[:, 0], jacobian(w, x, H_UNITS)[:, 0]
        slope = J.T @ (y - f) / v - w / s**2
        trial = w + np.linalg.solve(J.T @ J / v + (1 / s**2 + damping) * np.eye(len(w)), slope)
        there = energy(trial)
        w, here, damping = (trial, there, damping / 3) if there < here else (w, here, 4 * damping)
    return w


@BAYESIAN_NETWORK_NN.figure(
    samples=Slider(4, 60, 24, "samples n", integer=True),
    prior=Slider(0.6, 6.0, 1.5, "deviation of the prior s", log=True),
    noise=Slider(0.05, 0.5, 0.15, "deviation of the noise", log=True),
)
def figure(samples, prior, noise):
    rng = np.random.default_rng(3)
    n, v = int(samples), noise**2
    t = np.where(np.arange(60) % 2, rng.uniform(-3, -1, 60), rng.uniform(0.8, 2.4, 60))[:n]
    y = np.sin(1.6 * t) + noise * rng.standard_normal(60)[:n]
    x = np.stack([t, np.ones(n)], 1)
    grid = np.linspace(-5, 5, 121)
    new = np.stack([grid, np.ones(121)], 1)
    start = rng.standard_normal(3 * H_UNITS)
    w = fitted(x, y, prior, v, start)
    J = jacobian(w, x, H_UNITS)[:, 0]
    A = J.T @ J / v + np.eye(len(w)) / prior**2
    still = np.zeros((1, len(w)))
    *_, C = bayesian_net(w, np.ones(len(w)), still, x, y, new, H_UNITS, None, prior, v)
    f = net(w, new, H_UNITS)[:, 0]
    wide = np.sqrt(C[:, 0, 0])
    K = jacobian(w, new, H_UNITS)[:, 0]
    apart = np.sqrt((K**2 / np.diag(A)).sum(1))
    fig, (left, right) = canvas(columns=2, width=8.4, height=3.6)
    left.fill_between(grid, f - 2 * wide, f + 2 * wide, color=COLOURS[0], alpha=0.22, label="whole covariance")
    for side in (-2, 2):
        left.plot(
            grid, f + side * apart, color=COLOURS[1], lw=1.2, ls="--", label="independent weights" if side > 0 else None
        )
    left.plot(grid, f, color=COLOURS[0], label="network")
    left.plot(t, y, "o", ms=4, color="0.25")
    left.set(xlabel="x", ylabel="y", ylim=(-4, 4), xlim=(-5, 5))
    left.legend(fontsize=9, loc="lower left", frameon=False)
    priors = np.geomspace(0.6, 6, 11)
    evidences = [float(evidence_at(x, y, s, v, start)) for s in priors]
    here = float(evidence_at(x, y, prior, v, start))
    right.semilogx(priors, evidences, color=COLOURS[2])
    right.plot([prior], [here], "o", color=COLOURS[6])
    right.set(
        xlabel="deviation of the prior s", ylabel="log-evidence, nats", xticks=[1, 2, 5], xticklabels=["1", "2", "5"]
    )
    right.minorticks_off()
    best = priors[int(np.argmax(evidences))]
    at = np.abs(grid[:, None] - t).argmin(0)
    near_data, far = 2 * wide[at].mean(), 2 * wide[[0, -1]].mean()
    near_apart, far_apart = 2 * apart[at].mean(), 2 * apart[[0, -1]].mean()
    words = Text(
        f"{n} samples, a network of {H_UNITS} hidden units and Laplace's approximation around it: two deviations at the samples {near_data:.2f} on average, at the ends of the axis {far:.2f}; "
        f"with independent weights {near_apart:.2f} and {far_apart:.2f}. Log-evidence {here:.1f} at s = {prior:.2g}; of the priors drawn {best:.2g} has the greatest.",
        f"{n} 个样本，{H_UNITS} 个隐藏单元的网络及其拉普拉斯近似：两倍标准差在样本处平均为 {near_data:.2f}，在横轴两端为 {far:.2f}；"
        f"若权重独立，则为 {near_apart:.2f} 与 {far_apart:.2f}。s = {prior:.2g} 时对数证据为 {here:.1f}；所画先验中 {best:.2g} 的证据最大。",
    )
    return Drawing(fig, words)


def evidence_at(x, y, s, v, start):
    """At the mode that training from this start finds under that prior."""
    w = fitted(x, y, s, v, start)
    return bayesian_net(w, np.ones(len(w)), np.zeros((1, len(w))), x, y, x[:1], H_UNITS, None, s, v)[4]
