"""Autoencoders: through a bottleneck and back; and from noise to what was there."""

import functools
import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(Autoencoder, x, W1, b1, W2, b2, corrupted=None, phi="linear"):
    import torch

    from gradus.arguments import choice as one_of

    apply = {"linear": lambda h: h, "tanh": torch.tanh}[one_of("phi", phi, ("linear", "tanh"))]

    class Layer(torch.nn.Module):
        def __init__(self, W, b, after):
            super().__init__()
            self.W, self.b, self.after = W, b, after

        def forward(self, x):
            return self.after(torch.nn.functional.linear(x, self.W, self.b))

    model = Autoencoder(Layer(W1, b1, apply), Layer(W2, b2, lambda y: y))
    rows = x.reshape(-1, x.shape[-1])
    seen = rows if corrupted is None else corrupted.reshape(-1, x.shape[-1])
    code, output, error = model.encode(seen), model(seen), model.error(rows, corrupted=seen)
    return tuple(part.reshape((*x.shape[:-1], *part.shape[1:])) for part in (code, output, error))


AUTOENCODER = Concept(
    key="autoencoder",
    kind="model",
    title="Autoencoder",
    summary="A network that is to give back what it was shown, through a code of fewer numbers. A linear one can do no better than principal components. "
    "Shown a noisy version and asked for the clean one, the best answer is the mean of what may have been there; with normal noise this moves the input by $\\sigma^2$ times the slope of the log-density of noisy samples.",
    formulas=(
        r"h=\phi(W_1\tilde x+b_1),\qquad \hat x=W_2h+b_2,\qquad e=\lVert x-\hat x\rVert^2",
        r"\phi(h)=h,\ \tilde x=x:\qquad \min_{W,b}\ \frac1n\sum_{i=1}^ne_i=\sum_{j>k}\lambda_j",
        r"\min_r\ \mathbb E\lVert x-r(\tilde x)\rVert^2\ \text{at}\ r(\tilde x)=\mathbb E[x\mid\tilde x]=\tilde x+\sigma^2\nabla\ln p_\sigma(\tilde x),\qquad\tilde x=x+\sigma\varepsilon",
        r"x\sim\mathcal N(\mu,\Sigma):\qquad r(\tilde x)=\mu+\Sigma(\Sigma+\sigma^2I)^{-1}(\tilde x-\mu),\qquad \mathbb Ee=\sum_j\frac{\lambda_j\sigma^2}{\lambda_j+\sigma^2}",
    ),
    symbols=(
        Symbol("x", "x", "... D", "samples, as they are to come out"),
        Symbol("W_1", "W1", "k D", "weights of the encoder"),
        Symbol("b_1", "b1", "k", "its biases"),
        Symbol("W_2", "W2", "D k", "weights of the decoder"),
        Symbol("b_2", "b2", "D", "its biases"),
        Symbol(r"\tilde x", "corrupted", "... D", "what goes in: x with noise; x itself unless given"),
        Symbol(r"\phi", "phi", "", "what the code goes through: linear (nothing) or tanh", "other"),
        Symbol("h", "", "... k", "code"),
        Symbol(r"\hat x", "", "... D", "what comes out"),
        Symbol("e", "", "...", "squared error of a sample, summed over its numbers"),
        Symbol(r"\lambda_j", "", "D", "eigenvalues of the covariance (divisor n), the largest first"),
        Symbol("r", "", "", "any function of the noisy sample"),
        Symbol(r"\sigma,\ \varepsilon", "", "", "deviation of the noise; standard normal noise"),
        Symbol(r"p_\sigma", "", "", "density of the noisy samples"),
        Symbol(r"\mu,\ \Sigma,\ I", "", "", "mean and covariance of normal samples; the identity"),
        Symbol("D,\\ k,\\ n", "", "", "numbers of a sample, of a code; samples", "natural"),
        Symbol("i,\\ j", "", "", "a sample, an eigenvalue"),
    ),
    returns=(Result("code", "... k", "h"), Result("output", "... D", r"$\hat x$"), Result("error", "...", "e")),
    needs=("pca", "mlp", "mse", "bayes"),
    source="baldi1989neural",
    year=1988,
    people=("Hervé Bourlard", "Yves Kamp", "Pierre Baldi", "Kurt Hornik", "Pascal Vincent", "Yoshua Bengio"),
    aliases="AE, denoising autoencoder, DAE, sparse autoencoder, Tweedie's formula, Wiener filter, 自动编码器, 去噪自编码器, 稀疏自编码器, 特威迪公式, 维纳滤波",
    implementations=(
        Implementation(
            "gradus.generative:Autoencoder",
            "torch",
            _ours,
            "around any encoder and decoder; `score` is Tweedie's formula, `peak_signal_to_noise` measures",
        ),
    ),
    readings="baldi1989neural; bourlard1988auto; hinton2006reducing; vincent2008extracting; vincent2011connection; alain2014what; efron2011tweedie",
    hypotheses=(
        Hypothesis(
            "fewer code numbers than the data have dimensions: else copying costs nothing", "a-wide-bottleneck-copies"
        ),
        Hypothesis(r"one subspace alone is best: $\lambda_k>\lambda_{k+1}$", "ties-leave-the-subspace-open"),
        Hypothesis("biases, or centred data", "without-biases-the-mean-is-paid-for"),
        Hypothesis(
            "the linear denoiser is the best of all for normal samples; for others only the best of the linear ones",
            "two-points-want-a-tanh",
        ),
        Hypothesis(
            "Tweedie's formula: the noise is normal, independent of the sample, of known deviation",
            "tweedie-needs-normal-noise",
        ),
    ),
    conventions=(
        Convention(
            "the error",
            "summed over the numbers of a sample, averaged over samples",
            "averaged over both (`torch.nn.MSELoss`): D times smaller",
        ),
    ),
    deviations="Here one layer each way, with the weights given; in the library any modules.",
    unverified="That the codes of deep autoencoders mean something, or that training finds the best weights of deep nonlinear ones.",
)


@AUTOENCODER.definition
def autoencoder(x, W1, b1, W2, b2, corrupted=None, phi="linear"):
    if phi not in ("linear", "tanh"):
        raise ValueError("phi: linear or tanh")
    seen = x if corrupted is None else corrupted
    h = seen @ W1.T + b1
    if phi == "tanh":
        h = np.tanh(h)
    output = h @ W2.T + b2
    return h, output, ((x - output) ** 2).sum(-1)


def best_linear(X, k, C=None, chosen=None):
    """Weights through the eigenvectors chosen (the first k), and the eigenvalues; C changes the code's coordinates."""
    eigenvalues, U = np.linalg.eigh(np.cov(X.T, bias=True))
    eigenvalues, U = eigenvalues[::-1], U[:, ::-1]
    U = U[:, list(range(k)) if chosen is None else chosen]
    C = np.eye(k) if C is None else C
    mu = X.mean(0)
    W1, W2 = C @ U.T, U @ np.linalg.inv(C)
    return dict(W1=W1, b1=-W1 @ mu, W2=W2, b2=mu), eigenvalues


@AUTOENCODER.example
def example():
    X = np.array([[2.0, 2.0], [-2.0, -2.0], [1.0, -1.0], [-1.0, 1.0]])
    eigenvalues = best_linear(X, 1)[1]
    W1, W2 = np.array([[1.0, 1.0]]), np.array([[0.5], [0.5]])
    b1, b2 = np.zeros(1), np.zeros(2)
    h, output, e = autoencoder(X, W1, b1, W2, b2)
    seen, sigma2 = np.array([1.0]), 0.5
    one, zero = np.ones((1, 1)), np.zeros(1)
    point = autoencoder(np.array([1.0]), one / sigma2, zero, one, zero, seen, "tanh")
    wiener = autoencoder(np.array([1.0]), one / (1 + sigma2), zero, one, zero, seen)
    return dict(x=X, W1=W1, b1=b1, W2=W2, b2=b2, h=h[:, 0], out=output, e=e, mean=e.mean(), lam=eigenvalues) | dict(
        sigma2=sigma2,
        r=point[1][0],
        wiener=wiener[1][0],
        shift=(point[1] - seen)[0],
        slope=((point[1] - seen) / sigma2)[0],
    )


@AUTOENCODER.exercise
def what_is_left():
    lam = np.array([5.0, 2.0, 0.5, 0.25])
    return number(lam[2:].sum(), kept=lam[:2].sum(), mean=lam[2:].mean(), one=lam[2])


@AUTOENCODER.exercise
def how_much_to_trust():
    lam, s2 = 3.0, 1.0
    return number(lam / (lam + s2), noise=s2 / (lam + s2), ratio=s2 / lam, all=1.0)


@AUTOENCODER.exercise
def wide_code():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 4))
    x = rng.normal(size=(9, 4))
    error = autoencoder(x, A, np.zeros(4), np.linalg.inv(A), np.zeros(4))[2].max()
    return choice(copied=bool(error < 1e-20), learnt=False, failed=bool(error > 1))


def drawn(rng, n, D, k):
    return dict(
        x=rng.normal(size=(*n, D)),
        W1=rng.normal(size=(k, D)),
        b1=rng.normal(size=k),
        W2=rng.normal(size=(D, k)),
        b2=rng.normal(size=D),
    )


@AUTOENCODER.cases
def cases(rng):
    yield "linear", drawn(rng, (5,), 4, 2)
    yield "tanh", drawn(rng, (5,), 4, 2) | dict(phi="tanh")
    yield "corrupted", drawn(rng, (3,), 4, 3) | dict(corrupted=rng.normal(size=(3, 4)), phi="tanh")
    yield "one sample, one number", drawn(rng, (), 1, 1)
    yield "a code wider than the sample", drawn(rng, (2,), 2, 5)
    yield "two batch axes", drawn(rng, (2, 3), 3, 2)


@AUTOENCODER.invalid
def invalid(rng):
    yield "an activation that does not exist", drawn(rng, (2,), 3, 2) | dict(phi="step")
    yield "a decoder of another width", drawn(rng, (2,), 3, 2) | dict(W2=np.zeros((3, 4)))


def floats(result):
    return tuple(np.asarray(part, float) for part in result)


def loss(f, x, weights, **given):
    return float(floats(f(x, **weights, **given))[2].mean())


def data(rng, n=30, D=4):
    return rng.normal(size=(n, D)) @ rng.normal(size=(D, D)) + 3 * rng.normal(size=D)


def shaken(rng, weights, size):
    return {name: w + size * rng.normal(size=w.shape) for name, w in weights.items()}


@AUTOENCODER.claim
def linear_one_does_what_pca_does(f, rng):
    r"""Through the span of the first k eigenvectors, in any coordinates C of the code, a linear autoencoder's mean error is $\sum_{j>k}\lambda_j$; other weights have no less, and the weights themselves need not be principal components"""
    X = data(rng)
    for k in (1, 2, 3):
        C = rng.uniform(-0.5, 0.5, (k, k)) + 3 * np.eye(k)
        plain, eigenvalues = best_linear(X, k)
        turned, _ = best_linear(X, k, C)
        tail = eigenvalues[k:].sum()
        for weights in (plain, turned):
            scale = float((X**2).sum(1).max())
            yield roundoff(loss(f, X, weights), tail, terms=200, scale=scale)
        others = [loss(f, X, shaken(rng, turned, s)) for s in (0.01, 0.1, 1.0) for _ in range(4)]
        yield bound(min(others), tail, "≥", Text("the least possible", "可能的最小值"))
        yield bound(np.abs(turned["W1"] - plain["W1"]).max(), 0.1, "≥", Text("other weights", "权重不同"))


@AUTOENCODER.claim
def other_eigenvectors_are_saddles(f, rng):
    r"""Through other k eigenvectors the error is the sum of the eigenvalues left out, and no small change of the weights changes it to first order; turning one of them towards a left-out one of larger eigenvalue lowers it: a saddle, no local minimum"""
    X = data(rng)
    scale = float((X**2).sum(1).max())
    weights, eigenvalues = best_linear(X, 2, chosen=[0, 2])
    at = loss(f, X, weights)
    yield roundoff(at, eigenvalues[1] + eigenvalues[3], terms=200, scale=scale)
    h, worst = 1e-3, 0.0
    for _ in range(8):
        step = {name: rng.normal(size=w.shape) for name, w in weights.items()}
        a, b, c, d = (loss(f, X, {n: w + t * h * step[n] for n, w in weights.items()}) for t in (-2, -1, 1, 2))
        worst = max(worst, abs(a - 8 * b + 8 * c - d) / (12 * h))
    yield near(
        worst,
        0.0,
        1e-7 * scale,
        Text("fourth-order differences of a quartic; rounding over h", "四次多项式的四阶差分；舍入除以 h"),
    )
    _, U = np.linalg.eigh(np.cov(X.T, bias=True))
    U = U[:, ::-1]
    t = 0.3
    turned = np.stack((U[:, 0], math.cos(t) * U[:, 2] + math.sin(t) * U[:, 1]), 1)
    mu = X.mean(0)
    lower = loss(f, X, dict(W1=turned.T, b1=-turned.T @ mu, W2=turned, b2=mu))
    want = at - math.sin(t) ** 2 * (eigenvalues[1] - eigenvalues[2])
    yield roundoff(lower, want, terms=200, scale=scale)


@AUTOENCODER.claim
def ties_leave_the_subspace_open(f, rng):
    r"""With $\lambda_k=\lambda_{k+1}$ different subspaces are equally good: of data with variances 4, 1, 1 every direction in the plane of the last two serves as the second, with error 1; without the first the error is 4"""
    X = np.concatenate((np.eye(3), -np.eye(3))) * np.sqrt(3 * np.array([4.0, 1.0, 1.0]))
    for angle in (0.0, 0.7, 1.5):
        U = np.array([[1.0, 0.0], [0.0, math.cos(angle)], [0.0, math.sin(angle)]])
        yield roundoff(loss(f, X, dict(W1=U.T, b1=np.zeros(2), W2=U, b2=np.zeros(3))), 1.0, terms=40, scale=12.0)
    U = np.eye(3)[:, 1:]
    yield roundoff(loss(f, X, dict(W1=U.T, b1=np.zeros(2), W2=U, b2=np.zeros(3))), 4.0, terms=40, scale=12.0)


@AUTOENCODER.claim
def without_biases_the_mean_is_paid_for(f, rng):
    r"""Without biases the least error is the tail of the eigenvalues of $\frac1n\sum xx^{\mathsf T}$, never smaller, and larger unless the mean lies in a best subspace: of points $(5,\pm1)$ one number suffices with biases, 0, and leaves 1 without; of $(5\pm2,\pm1)$ it leaves 1 with biases and without"""
    X = np.array([[5.0, 1.0], [5.0, -1.0]])
    weights, _ = best_linear(X, 1)
    yield roundoff(loss(f, X, weights), 0.0, terms=40, scale=25.0)
    errors = []
    for angle in np.linspace(0, math.pi, 40, endpoint=False):
        U = np.array([[math.cos(angle)], [math.sin(angle)]])
        errors.append(loss(f, X, dict(W1=U.T, b1=np.zeros(1), W2=U, b2=np.zeros(2))))
    yield roundoff(min(errors), 1.0, terms=40, scale=25.0)
    X, U = np.array([[7.0, 1.0], [7.0, -1.0], [3.0, 1.0], [3.0, -1.0]]), np.array([[1.0], [0.0]])
    without = dict(W1=U.T, b1=np.zeros(1), W2=U, b2=np.zeros(2))
    for weights in (best_linear(X, 1)[0], without):
        yield roundoff(loss(f, X, weights), 1.0, terms=40, scale=50.0)
    others = [loss(f, X, {n: without[n] + (n[0] == "W") * rng.normal(size=without[n].shape) for n in without})]
    yield bound(min(others), 1.0 - 1e-12, "≥", Text("the least without biases", "没有偏置时的最小值"))


@AUTOENCODER.claim
def a_wide_bottleneck_copies(f, rng):
    r"""With as many code numbers as the sample has, any invertible $W_1$ and its inverse copy everything: error 0 on data and on noise alike, so nothing of the data is learnt; with fewer, noise is not copied"""
    A = rng.uniform(-0.5, 0.5, (4, 4)) + 3 * np.eye(4)
    copy = dict(W1=A, b1=np.zeros(4), W2=np.linalg.inv(A), b2=np.zeros(4))
    X, noise = data(rng), rng.normal(size=(50, 4))
    for rows in (X, noise):
        _, output, _ = floats(f(rows, **copy))
        yield roundoff(output, rows, terms=400)
    weights, _ = best_linear(X - X.mean(0), 2)
    yield bound(
        loss(f, noise, weights), 0.5, "≥", Text("two of four directions of noise are lost", "噪声的四个方向失去两个")
    )


def normal_grid(lam, sigma):
    """Samples of variances lam with noise of deviation sigma, all signs: second moments as those of normal ones."""
    D = len(lam)
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=2 * D)))
    x = signs[:, :D] * np.sqrt(lam)
    return x, x + sigma * signs[:, D:]


@AUTOENCODER.claim
def normal_samples_want_the_wiener_filter(f, rng):
    r"""For normal samples the posterior mean is linear, and its mean error $\sum_j\lambda_j\sigma^2/(\lambda_j+\sigma^2)$; through a code of k numbers the best linear one has $\sum_j\lambda_j-\sum_{j\le k}\lambda_j^2/(\lambda_j+\sigma^2)$, less than the projection on principal components leaves; other weights have no less"""
    lam = np.array([3.0, 1.0, 0.2])
    for sigma, k in itertools.product((0.5, 1.0), (1, 2, 3)):
        x, seen = normal_grid(lam, sigma)
        gain = lam / (lam + sigma**2)
        R = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        x, seen = x @ R.T, seen @ R.T
        U = R[:, :k]
        weights = dict(W1=gain[:k, None] * U.T, b1=np.zeros(k), W2=U, b2=np.zeros(3))
        best = lam.sum() - (lam[:k] * gain[:k]).sum()
        yield roundoff(loss(f, x, weights, corrupted=seen), best, terms=200, scale=10.0)
        project = dict(W1=U.T, b1=np.zeros(k), W2=U, b2=np.zeros(3))
        yield roundoff(loss(f, x, project, corrupted=seen), lam[k:].sum() + k * sigma**2, terms=200, scale=10.0)
        others = [loss(f, x, shaken(rng, weights, s), corrupted=seen) for s in (0.03, 0.3) for _ in range(3)]
        yield bound(min(others), best, "≥", Text("the least possible", "可能的最小值"))


def two_points(sigma):
    """±1 with equal probability, with normal noise: samples, noisy ones and weights, on a fine grid of the noise."""
    e = np.linspace(-9, 9, 721)
    weight = np.exp(-(e**2) / 2) / math.sqrt(2 * math.pi) * (e[1] - e[0]) / 2
    x = np.repeat([1.0, -1.0], len(e))
    return x[:, None], (x + sigma * np.tile(e, 2))[:, None], np.tile(weight, 2)


def scalar(a, b):
    return dict(W1=np.array([[a]]), b1=np.zeros(1), W2=np.array([[b]]), b2=np.zeros(1))


@AUTOENCODER.claim
def two_points_want_a_tanh(f, rng):
    r"""For samples ±1 the posterior mean is $\tanh(\tilde x/\sigma^2)$: one hidden tanh. Its mean error is $\mathbb E[1-\tanh^2(\tilde x/\sigma^2)]$ by quadrature, below $\sigma^2/(1+\sigma^2)$ of the best linear denoiser, and other weights have more"""
    for sigma in (0.5, 1.0):
        x, seen, weight = two_points(sigma)
        best = weight @ floats(f(x, **scalar(1 / sigma**2, 1.0), corrupted=seen, phi="tanh"))[2]
        yield roundoff(best, weight @ (1 - np.tanh(seen[:, 0] / sigma**2) ** 2), terms=1442, scale=1.0)
        linear = weight @ floats(f(x, **scalar(1 / (1 + sigma**2), 1.0), corrupted=seen))[2]
        yield roundoff(linear, sigma**2 / (1 + sigma**2), terms=1442, scale=10.0)
        yield bound(best, linear - 0.01, "≤", Text("better than any line", "优于任何直线"))
        for a, b in ((1.2, 1.0), (0.8, 1.0), (1.0, 1.1), (1.0, 0.9)):
            other = weight @ floats(f(x, **scalar(a / sigma**2, b), corrupted=seen, phi="tanh"))[2]
            yield bound(other, best + 1e-5, "≥", Text("the least possible", "可能的最小值"))


@AUTOENCODER.claim
def the_denoiser_shows_the_slope(f, rng):
    r"""Tweedie's formula: $\tilde x+\sigma^2(\ln p_\sigma)'(\tilde x)$ is what the best denoiser gives, for one normal distribution and for two points, the slope by differences of the density of noisy samples"""
    y, h = np.linspace(-3, 3, 25), 1e-3
    why = Text(
        "fourth-order differences: h⁴/30 times fifth derivatives, rounding over h",
        "四阶差分：h⁴/30 乘以五阶导数，舍入除以 h",
    )
    for sigma in (0.6, 1.0):
        v = sigma**2

        def normal(y, v=v):
            return -(y**2) / (2 * (2.0 + v))

        def points(y, v=v):
            return np.logaddexp(-((y - 1) ** 2) / (2 * v), -((y + 1) ** 2) / (2 * v))

        for log_p, weights, phi in ((normal, scalar(2 / (2 + v), 1.0), "linear"), (points, scalar(1 / v, 1.0), "tanh")):
            slope = (log_p(y - 2 * h) - 8 * log_p(y - h) + 8 * log_p(y + h) - log_p(y + 2 * h)) / (12 * h)
            _, output, _ = floats(f(y[:, None], **weights, corrupted=y[:, None], phi=phi))
            yield near(np.abs(output[:, 0] - (y + v * slope)).max(), 0.0, 1e-8, why)
            yield bound(np.ptp(output), 1.0, "≥", Text("it moves", "确有变化"))


@AUTOENCODER.claim
def tweedie_needs_normal_noise(f, rng):
    r"""With noise ±σ in place of normal noise, samples ±1 and σ = 2, a noisy 3 can only come of 1 and −3 only of −1, 1 of −1 and −1 of 1: the posterior mean falls from 1 to −1 between 3 and 1, and the tanh of normal noise is off by more than 1 at $\tilde x=1$. And with normal noise of deviation 2 that is not independent, $-2x$ for $x\sim\mathcal N(0,1)$, $-\tilde x$ restores all; the formula would give $-3\tilde x$"""
    seen = np.array([[3.0], [1.0], [-1.0], [-3.0]])
    x = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    _, output, error = floats(f(x, **scalar(0.25, 1.0), corrupted=seen, phi="tanh"))
    yield roundoff(output, np.tanh(seen / 4), terms=8)
    yield bound(abs(output[1, 0] - x[1, 0]), 1.0, "≥", Text("the truth is −1", "真值为 −1"))
    yield roundoff(error, ((x - np.tanh(seen / 4)) ** 2)[:, 0], terms=8)
    x = rng.normal(size=(20, 1))
    seen = x - 2 * x  # standard normal, with the slope -seen of its log-density
    yield roundoff(floats(f(x, **scalar(-1.0, 1.0), corrupted=seen))[2], np.zeros(20), terms=8)
    formula = floats(f(x, **scalar(1 + 4 * -1.0, 1.0), corrupted=seen))[2]
    yield roundoff(formula, 4 * x[:, 0] ** 2, terms=16, scale=64.0)


@AUTOENCODER.claim
def digits_gain_decibels(f, rng):
    r"""On held-out digits (pixels from 0 to 1, noise of deviation ½) the filter through 20 numbers, fitted to 1200 others, gains at least 7.5 dB over the noisy images and 1.2 dB over the projection on 5, 10 or 20 principal components, the best of the three: not all that varies is signal"""
    x, noisy, wiener, _ = digits(20)
    before = decibels(((x - noisy) ** 2).mean())
    after = decibels(loss(f, x, wiener, corrupted=noisy) / 64)
    yield bound(after - before, 7.5, "≥", Text("8.1 with this noise", "此噪声下为 8.1"))
    best = max(decibels(loss(f, x, digits(k)[3], corrupted=noisy) / 64) for k in (5, 10, 20))
    yield bound(after - best, 1.2, "≥", Text("1.5 with this noise", "此噪声下为 1.5"))
    yield bound(best - before, 5.0, "≥", Text("projection helps as well", "投影也有好处"))


def decibels(mean_square):
    """The peak signal-to-noise ratio of pixels from 0 to 1."""
    return -10 * math.log10(mean_square)


@functools.cache
def pixels():
    """scikit-learn's 1797 digits, pixels from 0 to 1."""
    from sklearn.datasets import load_digits

    return load_digits().data / 16


def digits(k, sigma=0.5):
    """Held-out digits in [0, 1], noisy ones, the filter through k numbers fitted to the others, and the projection on k components."""
    X = pixels()
    learn, held = X[:1200], X[1200:]
    lam, U = np.linalg.eigh(np.cov(learn.T, bias=True))
    lam, U, mu = lam[::-1][:k], U[:, ::-1][:, :k], learn.mean(0)
    gain = lam / (lam + sigma**2)
    noisy = held + sigma * np.random.default_rng(0).normal(size=held.shape)
    made = []
    for g in (gain, np.ones(k)):
        made.append(dict(W1=g[:, None] * U.T, b1=-g * (U.T @ mu), W2=U, b2=mu))
    return held, noisy, *made


def faulty(x, W1, b1, W2, b2, corrupted=None, phi="linear", fault=""):
    """The printed network, and its faults by name."""
    if phi not in ("linear", "tanh") or W2.shape[-1] != W1.shape[0]:
        raise ValueError("phi, or widths")
    seen = x if corrupted is None or fault == "clean" else corrupted
    h = seen @ W1.T + (0 if fault == "biases" else b1)
    h = np.tanh(h) if phi == "tanh" and fault != "no tanh" else h
    if fault == "rectified":
        h = np.maximum(h, 0)
    output = h @ (W1 if fault == "tied" else W2.T) + (0 if fault == "biases" else b2)
    if fault == "residual":
        output = output + seen
    if fault == "wide":
        output = seen + 0 * output
    if fault == "outside" and phi == "tanh":
        output = np.tanh(output)
    d = (seen if fault == "copies" else x) - output
    return (
        h,
        output,
        np.abs(d).sum(-1) if fault == "absolute" else (d**2).mean(-1) if fault == "mean" else (d**2).sum(-1),
    )


@AUTOENCODER.mutant(
    caught_by="linear-one-does-what-pca-does, normal-samples-want-the-wiener-filter, a-wide-bottleneck-copies, two-points-want-a-tanh, ties-leave-the-subspace-open, digits-gain-decibels"
)
def bottleneck_wider_than_the_data(x, W1, b1, W2, b2, **given):
    """a way past the bottleneck: what goes in comes out"""
    return faulty(x, W1, b1, W2, b2, **given, fault="wide")


@AUTOENCODER.mutant(
    caught_by="normal-samples-want-the-wiener-filter, two-points-want-a-tanh, digits-gain-decibels, tweedie-needs-normal-noise"
)
def error_against_the_noisy_input(x, W1, b1, W2, b2, **given):
    """the error against the corrupted input: noise is to be copied, too"""
    return faulty(x, W1, b1, W2, b2, **given, fault="copies")


@AUTOENCODER.mutant(caught_by="normal-samples-want-the-wiener-filter, two-points-want-a-tanh")
def noise_not_shown(x, W1, b1, W2, b2, **given):
    """the code of the clean sample: nothing to be removed"""
    return faulty(x, W1, b1, W2, b2, **given, fault="clean")


@AUTOENCODER.mutant(caught_by="linear-one-does-what-pca-does, without-biases-the-mean-is-paid-for")
def biases_left_out(x, W1, b1, W2, b2, **given):
    """no biases"""
    return faulty(x, W1, b1, W2, b2, **given, fault="biases")


@AUTOENCODER.mutant(
    caught_by="linear-one-does-what-pca-does, other-eigenvectors-are-saddles, normal-samples-want-the-wiener-filter"
)
def mean_over_numbers(x, W1, b1, W2, b2, **given):
    """the error averaged over the numbers of a sample"""
    return faulty(x, W1, b1, W2, b2, **given, fault="mean")


@AUTOENCODER.mutant(caught_by="other-eigenvectors-are-saddles, linear-one-does-what-pca-does")
def absolute_errors(x, W1, b1, W2, b2, **given):
    """absolute errors for squared ones"""
    return faulty(x, W1, b1, W2, b2, **given, fault="absolute")


@AUTOENCODER.mutant(
    caught_by="linear-one-does-what-pca-does, normal-samples-want-the-wiener-filter, a-wide-bottleneck-copies"
)
def tied_weights(x, W1, b1, W2, b2, **given):
    """the encoder's weights, transposed, in the decoder's place"""
    return faulty(x, W1, b1, W2, b2, **given, fault="tied")


@AUTOENCODER.mutant(caught_by="linear-one-does-what-pca-does, ties-leave-the-subspace-open, a-wide-bottleneck-copies")
def rectified_code(x, W1, b1, W2, b2, **given):
    """negative code numbers cut off"""
    return faulty(x, W1, b1, W2, b2, **given, fault="rectified")


@AUTOENCODER.mutant(caught_by="two-points-want-a-tanh, the-denoiser-shows-the-slope, tweedie-needs-normal-noise")
def tanh_left_out(x, W1, b1, W2, b2, **given):
    """no tanh: the denoiser stays a line"""
    return faulty(x, W1, b1, W2, b2, **given, fault="no tanh")


@AUTOENCODER.mutant(caught_by="two-points-want-a-tanh, the-denoiser-shows-the-slope")
def tanh_outside_too(x, W1, b1, W2, b2, **given):
    """what comes out goes through the tanh as well"""
    return faulty(x, W1, b1, W2, b2, **given, fault="outside")


@AUTOENCODER.mutant(caught_by="linear-one-does-what-pca-does, a-wide-bottleneck-copies, the-denoiser-shows-the-slope")
def residual_without_saying_so(x, W1, b1, W2, b2, **given):
    """the input added to what comes out"""
    return faulty(x, W1, b1, W2, b2, **given, fault="residual")


AUTOENCODER.erratum(
    "E377",
    common="“A linear autoencoder learns the principal components” (common)",
    why="At best it learns their span. But for the constant the error depends on the product $W_2W_1$ alone, and for any invertible C the weights $CW_1$, $W_2C^{-1}$ have the same: the code's coordinates need be neither orthogonal nor ordered, nor its numbers uncorrelated.",
    right="its best weights are those whose product projects on the span of the first k principal components; the components themselves are the eigenvectors within it",
    claims="linear-one-does-what-pca-does",
)


@AUTOENCODER.figure(sigma=Slider(0.3, 1.5, 0.6, "deviation of the noise"))
def figure(sigma):
    y = np.linspace(-2.6, 2.6, 201)
    v = sigma**2
    best = autoencoder(y[:, None], **scalar(1 / v, 1.0), phi="tanh")[1][:, 0]
    line = autoencoder(y[:, None], **scalar(1 / (1 + v), 1.0))[1][:, 0]
    p = (np.exp(-((y - 1) ** 2) / (2 * v)) + np.exp(-((y + 1) ** 2) / (2 * v))) / (2 * sigma * math.sqrt(2 * math.pi))
    fig, ax = canvas()
    ax.fill_between(y, -2.6, -2.6 + 1.5 * p / p.max(), color="0.5", alpha=0.25, label="density of noisy samples")
    ax.plot(y, y, color="0.5", ls="--", lw=1.0, label="copied")
    ax.plot(y, line, color=COLOURS[1], lw=1.5, label="best line")
    ax.plot(y, best, color=COLOURS[0], lw=2.4, label="best of all: the posterior mean")
    ax.plot([-1, 1], [-1, 1], "o", color=COLOURS[2], label="clean samples")
    ax.set(xlabel="noisy sample", ylabel="what comes out", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6))
    ax.legend(fontsize=8.5, frameon=False, loc="upper left")
    x, seen, weight = two_points(sigma)
    least = float(weight @ autoencoder(x, **scalar(1 / v, 1.0), corrupted=seen, phi="tanh")[2])
    words = Text(
        f"Clean samples are −1 or 1, the noise has deviation {sigma:.2f}. Mean squared error: copying {v:.3f}, the best line {v / (1 + v):.3f}, the posterior mean {least:.3f}.",
        f"干净样本为 −1 或 1，噪声的标准差为 {sigma:.2f}。均方误差：照抄 {v:.3f}，最好的直线 {v / (1 + v):.3f}，后验均值 {least:.3f}。",
    )
    return Drawing(fig, words)
