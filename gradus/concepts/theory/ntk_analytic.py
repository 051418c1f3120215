"""The infinite-width limit: the NNGP kernel and the neural tangent kernel, by recursion over the layers."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(infinite_kernels, x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    given = dict(depth=depth, activation=activation, weight_variance=sigma_w**2, bias_variance=sigma_b**2)
    x, z = (v if v is None else v.mT for v in (x, z))  # channels before positions
    return tuple(infinite_kernels(x, z, kernel_size=taps, **given))


NTK_ANALYTIC = Concept(
    key="ntk-analytic",
    kind="theorem",
    title="Infinite-width limit: NNGP and NTK",
    summary=r"As the layers of a random network grow without end, its outputs become a Gaussian process and its tangent kernel a fixed "
    r"function of two inputs. Both follow from the inputs' inner products, layer by layer, by means over two jointly normal numbers, which have "
    r"closed forms for ReLU, erf and GELU; convolutions average them over pairs of positions.",
    formulas=(
        r"h^{l}=\tfrac{\sigma_w}{\sqrt{n_{l-1}}}W^{l}\phi(h^{l-1})+\sigma_b\,\beta^{l},\qquad h^1=\tfrac{\sigma_w}{\sqrt d}W^1x+\sigma_b\,\beta^1,\qquad f=h^{L+1},\qquad W^l_{ij},\ \beta^l_i\sim\mathcal N(0,1)",
        r"K^1=\sigma_w^2\,\frac{x\cdot x'}{d}+\sigma_b^2,\qquad K^{l+1}=\sigma_w^2\,\mathbb E\,\phi(u)\phi(v)+\sigma_b^2,\qquad \dot K^{l+1}=\sigma_w^2\,\mathbb E\,\phi'(u)\phi'(v)",
        r"\Theta^1=K^1,\qquad \Theta^{l+1}=K^{l+1}+\dot K^{l+1}\,\Theta^l,\qquad \Theta=\Theta^{L+1}=\sum_{l=1}^{L+1}K^{l}\prod_{m=l+1}^{L+1}\dot K^{m}",
        r"\phi=\mathrm{ReLU}:\quad\mathbb E\,\phi(u)\phi(v)=\frac{\sqrt{pq}}{2\pi}\bigl(\sin\theta+(\pi-\theta)\cos\theta\bigr),\qquad \mathbb E\,\phi'(u)\phi'(v)=\frac{\pi-\theta}{2\pi},\qquad \cos\theta=\frac k{\sqrt{pq}}\quad(p,q>0)",
        r"\phi=\operatorname{erf}:\quad\mathbb E\,\phi(u)\phi(v)=\frac2\pi\arcsin\frac{2k}{\sqrt{(1+2p)(1+2q)}},\qquad \mathbb E\,\phi'(u)\phi'(v)=\frac4{\pi\sqrt{(1+2p)(1+2q)-4k^2}}",
        r"K^1_{ts}=\sigma_w^2\,\frac1{\kappa d}\sum_{\delta}x_{t+\delta}\cdot x'_{s+\delta}+\sigma_b^2,\qquad K^{l+1}_{ts}=\sigma_w^2\,\frac1\kappa\sum_{\delta}\mathbb E\,\phi(u_{t+\delta})\phi(v_{s+\delta})+\sigma_b^2,\qquad K=\sigma_w^2\,\frac1{TS}\sum_{t,s}\mathbb E\,\phi(u_t)\phi(v_s)+\sigma_b^2",
        r"\Theta^1_{ts}=K^1_{ts},\qquad \Theta^{l+1}_{ts}=K^{l+1}_{ts}+\sigma_w^2\,\frac1\kappa\sum_{\delta}\mathbb E\,\phi'(u_{t+\delta})\phi'(v_{s+\delta})\,\Theta^l_{t+\delta,s+\delta},\qquad \Theta=K+\sigma_w^2\,\frac1{TS}\sum_{t,s}\mathbb E\,\phi'(u_t)\phi'(v_s)\,\Theta^L_{ts}",
    ),
    symbols=(
        Symbol(
            "x", "x", "n T d", "inputs, each of $T$ positions with $d$ channels; a plain input of $d$ numbers for $T=1$"
        ),
        Symbol(
            "L",
            "depth",
            "",
            "number of hidden layers; with none the inputs' mean over the positions enters the last layer",
            "natural",
        ),
        Symbol(r"\phi", "activation", "", "“relu”, “erf” or “gelu”", "other"),
        Symbol(r"\sigma_w", "sigma_w", "", "scale of the weights, in every layer", "positive"),
        Symbol(r"\sigma_b", "sigma_b", "", "scale of the biases", "nonnegative"),
        Symbol(
            r"\kappa",
            "taps",
            "",
            r"places of a filter, an odd number, $\lvert\delta\rvert\le(\kappa-1)/2$; terms beyond the border are 0",
            "natural",
        ),
        Symbol("x'", "z", "m S d", "the second set of inputs, each of $S$ positions; $x$ itself where it is left out"),
        Symbol("h^l", "", "", "pre-activations of layer $l$"),
        Symbol(
            "n_l",
            "",
            "",
            "units (channels) of layer $l$; $f$ is one output, and several are independent with these kernels each",
        ),
        Symbol(
            "K^l", "", "", "covariance of a pre-activation of layer $l$ between two inputs, or two positions of them"
        ),
        Symbol(r"\dot K^l", "", "", "the same mean of the slopes' product, without the bias"),
        Symbol(r"\Theta^l", "", "", "tangent kernel of a pre-activation of layer $l$"),
        Symbol(
            "u,\\ v", "", "", "jointly normal numbers of mean 0 with variances $p$, $q$ and covariance $k$, from $K^l$"
        ),
        Symbol(r"\theta", "", "", "angle between the two, from 0 to π"),
    ),
    needs=("ntk-empirical", "signal-propagation", "kernel-methods"),
    source="jacot2018neural",
    year=2018,
    people=("Radford M. Neal", "Arthur Jacot", "Franck Gabriel", "Clément Hongler"),
    aliases="NNGP, infinite width, infinitely wide networks, infinite-width limit, analytic NTK, CNTK, convolutional NTK, "
    "arc-cosine kernel, neural network Gaussian process, 无限宽极限, 无限宽网络, 解析 NTK, 反余弦核",
    implementations=(Implementation("gradus.theory:infinite_kernels", "torch", _ours, "variances in place of scales"),),
    readings="jacot2018neural §3–4; lee2018deep §2; arora2019exact §3–4; cho2009kernel §2; williams1997computing; lee2019wide",
    hypotheses=(
        Hypothesis(
            r"every $n_l\to\infty$ while $L$ stays: in a deep and narrow net one draw is far from the mean",
            "deep-and-narrow-nets-scatter",
        ),
        Hypothesis(
            r"weights and biases are independent normal numbers; of the weights above the first layer only mean and variance count as $n_l\to\infty$",
            "signs-in-the-first-layer, outputs-become-normal",
        ),
        Hypothesis(
            r"all layers are trained, and of each $W$ and $\beta$, not the products $\sigma_wW/\sqrt n$",
            "other-parametrisation, last-layer-only",
        ),
    ),
    conventions=(
        Convention(
            "what the first layer does to the input",
            "$\\sigma_w/\\sqrt d$, as in every layer",
            r"Arora et al. take $\Sigma^{(0)}=x\cdot x'$, without $1/d$ and without a factor; their $\Sigma^{(l-1)}$ is $K^{l}$ of the input $x\sqrt{d/2}$ at $\sigma_w^2=2$, $\sigma_b=0$",
        ),
        Convention(
            "where the ReLU's factor stands",
            r"in $\sigma_w^2$: 2 keeps the size of a signal",
            r"$\Sigma^{(l)}=c_\sigma\mathbb E\,\phi\phi$ with $c_\sigma=2$, and weights of variance 1",
        ),
        Convention(
            "what is trained",
            r"$W$ in $\sigma_wW/\sqrt n$ (the NTK parametrisation)",
            r"PyTorch's layers train the product: there the parts of the weights grow like $n$, but for the first layer's; those of the biases stay too",
        ),
        Convention(
            "beyond the border",
            "zeros, and still a division by $\\kappa$; positions are averaged before the last layer",
            "Arora et al. divide by the number of places likewise, but for the first layer; `neural_tangents` has zeros, circular and valid borders, "
            "and before the last layer `Flatten` or `GlobalAvgPool`, as one chooses",
        ),
    ),
    proof=Proof(
        "Given the layers below, the units of a layer are independent normal draws, whose covariance is a mean over the $n$ units "
        "before. By the law of large numbers that mean tends to its expectation, which is the recursion for $K$; the derivation gives "
        r"that of $\Theta$, from the inputs upwards, so that a layer's weights are independent of all that is below. The widths grow here one after the other, the "
        r"lowest first, as in the source; that they may grow together is not proved here."
    ),
    unverified="That $\\Theta$ also stays where it is while the net trains (Jacot, Gabriel and Hongler, theorem 2) is not measured here.",
    deviations="The means are taken by Gauss's rules in polar coordinates, in sectors that end where $u=0$ or $v=0$; good to 1e-12 for variances up to 1.5.",
    returns=(
        Result("nngp", "n m", "the NNGP kernel: covariance of an output"),
        Result("ntk", "n m", "the tangent kernel"),
    ),
    differentiable=False,
    longest_sum=1000,
)


@NTK_ANALYTIC.definition
def ntk_analytic(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    from math import erf

    cdf = np.vectorize(lambda u: (1 + erf(u / 2**0.5)) / 2, otypes=[float])
    phi, slope = {
        "relu": (lambda u: np.maximum(u, 0), lambda u: 1.0 * (u > 0)),
        "erf": (lambda u: 2 * cdf(2**0.5 * u) - 1, lambda u: 2 * np.exp(-(u**2)) / np.pi**0.5),
        "gelu": (lambda u: u * cdf(u), lambda u: cdf(u) + u * np.exp(-(u**2) / 2) / (2 * np.pi) ** 0.5),
    }[activation]
    inputs = [*x] if z is None else [*x, *z]
    rows = np.concatenate(inputs)  # all positions of all inputs, (R, d)
    owner = np.repeat(np.arange(len(inputs)), [len(a) for a in inputs])
    place = np.concatenate([np.arange(len(a)) for a in inputs])
    moves = range(-(taps // 2), taps // 2 + 1)
    shifts = [(owner[:, None] == owner) & (place[None] - place[:, None] == move) for move in moves]
    i, j = np.triu_indices(len(rows))
    t, weight = np.polynomial.legendre.leggauss(28)
    r, radial = np.polynomial.legendre.leggauss(40)
    r, radial = 4.5 * (r + 1), 4.5 * radial
    radial = radial * r * np.exp(-(r**2) / 2) / (2 * np.pi)

    def mean(
        K, *functions
    ):  # E f(u) f(v) for all pairs of rows: polar coordinates, in sectors that end where u = 0 or v = 0
        p, q, k = K[i, i], K[j, j], K[i, j]
        theta = np.arctan2(np.sqrt(np.maximum(p * q - k * k, 0)), k)[:, None, None]
        ends = np.concatenate([0 * theta, theta, 0 * theta + np.pi, theta + np.pi], 1) - np.pi / 2
        width = np.concatenate([theta, np.pi - theta, theta, np.pi - theta], 1)
        angle = ends + width * (t + 1) / 2  # (pairs, 4, 28)
        u = np.sqrt(p)[:, None, None, None] * np.cos(angle)[..., None] * r
        v = np.sqrt(q)[:, None, None, None] * np.cos(angle - theta)[..., None] * r
        for f in functions:
            M = np.empty(K.shape)
            M[i, j] = M[j, i] = np.sum(width[..., 0] / 2 * ((f(u) * f(v)) @ radial @ weight), 1)
            yield M

    def filtered(M):
        return sum(S @ M @ S.T for S in shifts) / taps

    S = np.einsum("id,jd->ij", rows, rows) / rows.shape[1]
    T = 0 * S
    for _ in range(depth):
        K = sigma_w**2 * filtered(S) + sigma_b**2
        T = K + sigma_w**2 * filtered(T)
        S, dot = mean(K, phi, slope)
        T = dot * T
    average = (owner == np.arange(len(inputs))[:, None]) / np.array([[len(a)] for a in inputs])
    one, other = average[: len(x)], average[len(x) :] if z is not None else average
    K = sigma_w**2 * one @ S @ other.T + sigma_b**2
    return K, K + sigma_w**2 * one @ T @ other.T


def plain(x):
    """Rows as inputs of one position."""
    return np.asarray(x, float)[:, None]


def angles(K):
    size = np.sqrt(np.outer(np.diag(K), np.diag(K)))
    theta = np.arctan2(np.sqrt(np.maximum(size**2 - K**2, 0) * (1 - np.eye(len(K)))), K)
    return size, theta


def rectified(K):
    """Means of ReLU and of its slope over normal numbers of covariance K, by Cho and Saul."""
    size, theta = angles(K)
    return size * (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / (2 * np.pi), (np.pi - theta) / (2 * np.pi)


def erf_means(K):
    """Those of erf, by Williams."""
    square = np.outer(1 + 2 * np.diag(K), 1 + 2 * np.diag(K))
    return 2 / np.pi * np.arcsin(2 * K / np.sqrt(square)), 4 / np.pi / np.sqrt(square - 4 * K**2)


def gelu_means(K):
    """Those of GELU, by integrating by parts (Stein) and by Price's theorem."""
    a = 1 + np.diag(K)
    D, lean = np.sqrt(np.outer(a, a) - K**2), 1 / a[:, None] + 1 / a - 1
    share, N = 0.25 + np.arctan2(K, D) / (2 * np.pi), np.outer(a - 1, a - 1) + K**2 * lean
    return K * share + N / (2 * np.pi * D), share + K * (1 + 2 * lean + N / D**2) / (2 * np.pi * D)


MEANS = {"relu": rectified, "erf": erf_means, "gelu": gelu_means}


def drawn(rng, n=3, T=1, d=3):
    return rng.standard_normal((n, T, d)) * 0.6


@NTK_ANALYTIC.example
def example():
    x = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    given = dict(activation="relu", sigma_w=np.sqrt(2.0), sigma_b=0.0)
    layers = dict(depth=3) | given
    K, theta = zip(*(ntk_analytic(x, depth, **given) for depth in range(4)), strict=True)
    angle = [np.arccos(k[0, 1]) for k in K]
    dot = [2 * (np.pi - a) / (2 * np.pi) for a in angle]
    exchanged = sum(dot[m] * np.prod([k[0, 1] for k in K[m + 2 :]]) for m in range(3))
    return (
        layers
        | dict(x=x, w=2.0, K=[k[0, 1] for k in K], own=[k[0, 0] for k in K], ntk=[t[0, 1] for t in theta])
        | dict(ntk_own=[t[0, 0] for t in theta], dot=dot, degrees=np.degrees(angle), share=theta[3][0, 1] / 4)
        | dict(exchanged=exchanged, conv=[k[0, 0] for k in ntk_analytic(x[:1], 1, **given, taps=3)])
    )


@NTK_ANALYTIC.exercise
def own_kernel():
    x = plain([[1.0, 1.0, 1.0, 1.0]])
    K, theta = (k[0, 0] for k in ntk_analytic(x, 5, "relu", np.sqrt(2.0), 0.0))
    return number(theta, last_layer_alone=K, hidden_layers_alone=5 * K, one_weight_for_all=6 * K / 2)


@NTK_ANALYTIC.exercise
def orthogonal_inputs():
    x = plain([[2.0, 0.0], [0.0, 2.0]])
    theta = ntk_analytic(x, 1, "relu", np.sqrt(2.0), 0.0)[1][0, 1]
    return number(theta, no_angle_no_kernel=0.0, own=8.0, half_a_slope=theta + 0.5 * 4)


@NTK_ANALYTIC.exercise
def frozen_below():
    x = plain([[1.0, 0.5], [0.2, -1.0]])
    K, theta = ntk_analytic(x, 2, "erf", 1.3, 0.2)
    same = np.allclose(K, theta)
    return choice(covariance=not same, same_kernel=same, nothing=np.allclose(K, 0))


@NTK_ANALYTIC.exercise
def three_places():
    x = np.array([[[1.0, 2.0]]])
    given = dict(depth=2, activation="relu", sigma_w=np.sqrt(2.0), sigma_b=0.0)
    theta = [ntk_analytic(x, taps=taps, **given)[1][0, 0] for taps in (1, 3)]
    return number(theta[1] / theta[0], once=1 / 3, unchanged=1.0, every_layer=1 / 27)


@NTK_ANALYTIC.cases
def cases(rng):
    he = dict(activation="relu", sigma_w=np.sqrt(2.0), sigma_b=0.0)
    yield "ReLU, three layers", dict(x=drawn(rng, 3), depth=3, **he)
    yield "erf", dict(x=0.6 * drawn(rng, 2), depth=2, activation="erf", sigma_w=1.2, sigma_b=0.3)
    yield "GELU", dict(x=drawn(rng, 2), depth=1, activation="gelu", sigma_w=1.3, sigma_b=0.2)
    yield "no hidden layer", dict(x=drawn(rng, 3, 2), depth=0, activation="relu", sigma_w=1.5, sigma_b=0.4)
    yield "between two sets", dict(x=drawn(rng, 3), z=drawn(rng, 2), depth=2, **(he | dict(sigma_b=0.5)))
    yield "convolution", dict(x=drawn(rng, 2, 3), depth=2, taps=3, **(he | dict(sigma_b=0.3)))
    yield "filter wider than the input", dict(x=drawn(rng, 2, 2, 1), depth=1, taps=7, **he)
    yield ("other numbers of positions", dict(x=drawn(rng, 2, 2), z=drawn(rng, 1, 3), depth=1, taps=3, **he))
    yield "one number", dict(x=np.array([[[1.5]]]), depth=2, **he)
    yield "the same input twice", dict(x=np.full((2, 1, 3), 0.5), depth=2, **he)
    yield "opposite inputs", dict(x=plain([[1.0, 0.5], [-1.0, -0.5]]), depth=1, **he)
    yield "an input of zeros", dict(x=plain([[0.0, 0.0], [1.0, 1.0]]), depth=2, **he)


@NTK_ANALYTIC.invalid
def invalid(rng):
    given = dict(x=drawn(rng), depth=1, activation="relu", sigma_w=1.0, sigma_b=0.0)
    yield "an activation that is not there", given | dict(activation="cube")
    yield "other channels in the second set", given | dict(z=drawn(rng, 2, 1, 4))
    yield "a filter without a middle", given | dict(x=drawn(rng, 2, 4), taps=2)


@NTK_ANALYTIC.claim
def one_hidden_layer_in_closed_form(kernels, rng):
    r"""One hidden layer, $p$, $q$, $k$ from $K^1$: $(K-\sigma_b^2)/\sigma_w^2$ is half the arc-cosine kernel of Cho and Saul (order 1) for ReLU, that of Williams for erf; for GELU
    $k(\tfrac14+\tfrac{\arcsin\rho}{2\pi})+\tfrac{N}{2\pi D}$, $D^2=(1+p)(1+q)-k^2$, $N=pq+k^2\bigl(\tfrac1{1+p}+\tfrac1{1+q}-1\bigr)$,
    $\rho=\tfrac k{\sqrt{(1+p)(1+q)}}$; $\Theta-K$ is the mean of the slopes' product times $\sigma_w^2K^1$"""
    for activation in MEANS:
        x, w, b = 0.4 * rng.standard_normal((3, 4)), rng.uniform(0.8, 1.3), rng.uniform(0, 0.5)
        first = w**2 * x @ x.T / 4 + b**2
        S, dot = MEANS[activation](first)
        K, theta = kernels(plain(x), 1, activation, w, b)
        yield roundoff(K, w**2 * S + b**2, terms=4480)
        yield roundoff(theta - K, w**2 * dot * first, terms=4480, scale=np.abs(theta).max())


@NTK_ANALYTIC.claim
def sum_of_products_over_the_layers(kernels, rng):
    r"""$\Theta=\sum_{l=1}^{L+1}K^l\prod_{m>l}\dot K^m$, the $K^l$ being the NNGP kernels of the shallower nets and $\dot K^{l+1}=
    \sigma_w^2(\pi-\theta_l)/2\pi$ from their angles, beginning with $K^1=\sigma_w^2x\cdot x'/d+\sigma_b^2$: 1 to 3 hidden layers of ReLU, with biases"""
    x, w, b = plain(rng.standard_normal((3, 3))), rng.uniform(1, 1.6), rng.uniform(0.1, 0.6)
    K = [kernels(x, depth, "relu", w, b)[0] for depth in range(4)]
    dots = [w**2 * rectified(k)[1] for k in K]
    yield roundoff(K[0], w**2 * x[:, 0] @ x[:, 0].T / 3 + b**2, terms=10, scale=np.abs(K[0]).max() + b**2)
    for L in (1, 2, 3):
        want = sum(K[m] * np.prod([np.ones((3, 3)), *dots[m:L]], 0) for m in range(L + 1))
        yield roundoff(kernels(x, L, "relu", w, b)[1], want, terms=4480 * L)


def nets(rng, x, layers, w, b, n, count):
    """Outputs (count, inputs) and tangent kernels (count, inputs, inputs) of ReLU nets of n units, by backpropagation."""
    a, weights, before, entering = np.broadcast_to(x.T, (count, *x.T.shape)), [], [], []
    for _ in range(layers):
        entering.append(a)
        weights.append(rng.standard_normal((count, n, a.shape[1])) * w / np.sqrt(a.shape[1]))
        before.append(weights[-1] @ a + b * rng.standard_normal((count, n, 1)))
        a = np.maximum(before[-1], 0)

    def gram(a):
        return np.swapaxes(a, 1, 2) @ a

    v = rng.standard_normal((count, n, 1)) * w / np.sqrt(n)
    f = (v * a).sum(1) + b * rng.standard_normal((count, 1))
    theta, delta = w**2 * gram(a) / n + b**2, v * (before[-1] > 0)
    for layer in range(layers - 1, -1, -1):
        theta = theta + gram(delta) * (w**2 * gram(entering[layer]) / entering[layer].shape[1] + b**2)
        delta = (np.swapaxes(weights[layer], 1, 2) @ delta) * (before[layer - 1] > 0) if layer else delta
    return f, theta


@NTK_ANALYTIC.claim
def mean_over_nets_of_one_layer(kernels, rng):
    r"""With one hidden layer the mean over nets is exact at any width: 3000 ReLU nets of 6 units, for each pair of two inputs the
    mean of $f(x)f(x')$ is $K$ and that of the tangent kernel $\Theta$"""
    x, w, b = rng.standard_normal((2, 3)), 1.3, 0.4
    f, theta = nets(rng, x, 1, w, b, 6, 3000)
    want = kernels(plain(x), 1, "relu", w, b)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        yield statistical(f[:, i] * f[:, j], want[0][i, j])
        yield statistical(theta[:, i, j], want[1][i, j])


TWO = np.array([[1.0, 0.0], [0.6, 0.8]]) * np.sqrt(2)


@NTK_ANALYTIC.claim
def single_nets_at_the_root_of_the_width(kernels, rng):
    r"""Of a single net with two hidden layers the tangent kernel misses $\Theta$ by order $n^{-1/2}$: the root mean square over some
    hundreds of ReLU nets of 12, 24, 48, 96 units, $\sigma_w^2=2$, $\sigma_b=0.3$, inputs of one length at 53°; the mean over 200 of 96 units is within 12 % of $\Theta$"""
    want = kernels(plain(TWO), 2, "relu", np.sqrt(2), 0.3)[1]
    sizes, counts = (12, 24, 48, 96), (800, 500, 300, 200)

    def error(n, count):
        return np.sqrt(((nets(rng, TWO, 2, np.sqrt(2), 0.3, n, count)[1] / want - 1) ** 2).mean())

    errors = [error(n, count) for n, count in zip(sizes, counts, strict=True)]
    yield rate(sizes, errors, -0.5, 0.15)
    centre = nets(rng, TWO, 2, np.sqrt(2), 0.3, 96, 200)[1].mean(0) / want - 1
    why = Text("the stated share: six times the scatter of the mean", "所述的比例：均值散布的六倍")
    yield near(np.abs(centre).max(), 0.0, 0.12, why, "statistical")


@NTK_ANALYTIC.claim
def mean_over_nets_at_the_width(kernels, rng):
    r"""The mean over nets of two hidden layers misses $K(x,x')$ by order $1/n$: for orthogonal inputs and without biases, from the covariance of the outputs given
    each of 10,000 first layers of 8, 16, 32, 64 ReLU units, less its part that is linear in their moments"""
    x = np.array([[1.0, 0.0], [0.0, 1.0]]) * np.sqrt(2)
    want = kernels(plain(x), 2, "relu", np.sqrt(2), 0.0)[0][0, 1]
    sizes, errors = (8, 16, 32, 64), []
    for n in sizes:
        a = 2 * np.maximum(rng.standard_normal((2, n, 10_000)), 0)
        p, q, k = (a[0] ** 2).mean(0), (a[1] ** 2).mean(0), (a[0] * a[1]).mean(0)
        size = np.sqrt(p * q)
        turn = np.arccos(np.clip(k / np.where(size > 0, size, 1), -1, 1))
        given = size * (np.sin(turn) + (np.pi - turn) * np.cos(turn)) / np.pi
        moments = np.stack([np.ones_like(p), p - 2, q - 2, k - 2 / np.pi], 1)
        errors.append(abs(np.linalg.lstsq(moments, given, rcond=None)[0][0] - want))
    yield rate(sizes, errors, -1.0, 0.15)


@NTK_ANALYTIC.claim
def mean_over_convolutional_nets(kernels, rng):
    r"""The mean over 1500 nets of one convolution (6 channels, 3 places, zeros beyond the border), ReLU, average and dense layer is
    $K$ and $\Theta$: inputs of 4 and 5 positions"""
    xs, w, b, n, count = [1 + 0.5 * rng.standard_normal((T, 2)) for T in (4, 5)], 1.3, 0.4, 6, 1500
    W = rng.standard_normal((count, n, 6)) * w / np.sqrt(6)
    B = b * rng.standard_normal((count, n, 1))
    patches = []
    for x in xs:
        wide = np.concatenate([np.zeros((1, 2)), x, np.zeros((1, 2))])
        patches.append(np.concatenate([wide[m : m + len(x)] for m in range(3)], 1))  # (T, 6)
    h = [W @ p.T + B for p in patches]  # (count, n, T)
    v = rng.standard_normal((count, n)) * w / np.sqrt(n)
    mean = [np.maximum(a, 0).mean(2) for a in h]
    f = [(v * a).sum(1) + b * c for a, c in zip(mean, [rng.standard_normal(count)] * 2, strict=True)]
    slope = [v[..., None] * (a > 0) / a.shape[2] for a in h]
    for i, j in ((0, 0), (0, 1), (1, 1)):
        got = kernels(xs[i][None], 1, "relu", w, b, taps=3, z=xs[j][None])
        yield statistical(f[i] * f[j], got[0][0, 0])
        inner = w**2 * patches[i] @ patches[j].T / 6 + b**2
        hidden = np.einsum("rct,rcs,ts->r", slope[i], slope[j], inner, optimize=True)
        yield statistical(w**2 * (mean[i] * mean[j]).mean(1) + b**2 + hidden, got[1][0, 0])


@NTK_ANALYTIC.claim
def all_pairs_of_positions(kernels, rng):
    r"""With filters of one place $K$ and $\Theta$ are the means over all pairs of positions of the dense net's: $t$ with $s$, not only
    $t$ with $t$"""
    x, given = drawn(rng, 2, 3, 2), dict(depth=2, activation="relu", sigma_w=1.4, sigma_b=0.3)
    single = kernels(x.reshape(6, 1, 2), **given)
    own = 1.96 * (x.reshape(6, 2) ** 2).mean(1) + 0.09
    yield roundoff(np.diag(single[0]), 0.98 * (0.98 * own + 0.09) + 0.09, terms=4480)
    for got, dense in zip(kernels(x, **given), single, strict=True):
        pairs = dense.reshape(2, 3, 2, 3)
        yield invariance(got, pairs.mean((1, 3)), terms=4480)
        apart = np.abs(np.trace(pairs, axis1=1, axis2=3) / 3 - got).max()
        yield bound(
            apart / np.abs(got).max(), 1e-3, "≥", Text("the mean of t with t is another", "只取 t 与 t 的平均则不同")
        )


@NTK_ANALYTIC.claim
def zeros_beyond_the_border(kernels, rng):
    r"""Of an input of one position a filter of $\kappa$ places sees $\kappa-1$ zeros, and still divides by $\kappa$: without biases both kernels of
    a ReLU net with $L$ hidden layers are those of the dense net divided by $\kappa^L$"""
    x = drawn(rng, 3, 1, 2)
    for L, taps in ((1, 3), (2, 5)):
        dense = kernels(x, L, "relu", 1.4, 0.0)
        yield roundoff(np.diag(dense[0]), 2 * (1.96 / 2) ** (L + 1) * (x**2).mean((1, 2)), terms=4480)
        for got, want in zip(kernels(x, L, "relu", 1.4, 0.0, taps=taps), dense, strict=True):
            yield invariance(got * taps**L, want, terms=4480)


@NTK_ANALYTIC.claim
def counts_the_layers(kernels, rng):
    r"""ReLU nets without biases, $x'=x$: $K=\sigma_w^2(\sigma_w^2/2)^L\lVert x\rVert^2/d$ and $\Theta=(L+1)K$, every layer with the same share; $x\to cx$
    multiplies both by $c^2$"""
    x, w = rng.standard_normal((1, 5)), rng.uniform(1, 2)
    for L in (0, 1, 4):
        K, theta = kernels(plain(x), L, "relu", w, 0.0)
        want = w**2 * (w**2 / 2) ** L * (x**2).mean()
        yield roundoff(K[0, 0], want, terms=4480 * (L + 1))
        yield roundoff(theta[0, 0], (L + 1) * want, terms=4480 * (L + 1))
        scaled = kernels(plain(3 * x), L, "relu", w, 0.0)[1]
        yield invariance(scaled / 9, theta, terms=4480 * (L + 1))


@NTK_ANALYTIC.claim
def both_are_semidefinite(kernels, rng):
    r"""$K$ and what the hidden layers add, $\Theta-K$, are positive semidefinite, and $K$ of three inputs at angles of 69°, 132° and
    159° is definite; $K(x,x)$ grows with the length of $x$"""
    turn = rng.uniform(0, 2 * np.pi) + np.array([0.0, 1.2, 3.5])
    x = rng.uniform(0.5, 1.5, (3, 1)) * np.stack([np.cos(turn), np.sin(turn)], 1)
    for activation in MEANS:
        K, theta = kernels(plain(x), 2 if activation == "relu" else 1, activation, 1.3, 0.2)
        why = Text("rounding and quadrature", "舍入与求积误差")
        yield bound(np.linalg.eigvalsh(theta - K)[0] / np.abs(theta).max(), -1e-10, "≥", why)
        apart = Text("above rounding by far", "远大于舍入误差")
        yield bound(np.linalg.eigvalsh(K)[0] / np.abs(K).max(), 1e-9, "≥", apart)
        yield roundoff(K, K.T, terms=4)
        longer = kernels(plain(2 * x[:1]), 1, activation, 1.3, 0.2)[0][0, 0]
        shorter = kernels(plain(x[:1]), 1, activation, 1.3, 0.2)[0][0, 0]
        yield bound(longer / shorter, 1.05, "≥", Text("a longer input has a larger one", "输入越长，核越大"))


@NTK_ANALYTIC.claim
def deep_rectifiers_forget_the_angle(kernels, rng):
    r"""Deep ReLU nets with $\sigma_w^2=2$, $\sigma_b=0$, two inputs of different directions: $K(x,x)$ stays $2\lVert x\rVert^2/d$, their correlation $c_L$ tends to 1, $(1-c_L)^{-1/2}$ growing by
    $\sqrt2/3\pi$ a layer in the end, and $\Theta(x,x')/\sqrt{\Theta(x,x)\Theta(x',x')}$ to $\tfrac14$, whatever their angle and lengths: 90° and 180°, lengths 1 and 2, through 90 layers"""
    x = plain([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    roots = []
    for L in (60, 90):
        K, theta = kernels(x, L, "relu", np.sqrt(2.0), 0.0)
        own, own_theta = np.diag(K), np.diag(theta)
        yield roundoff(own, np.array([1.0, 4.0, 1.0]), terms=4480 * (L + 1))
        roots.append(1 / np.sqrt(1 - K[0, 1:] / np.sqrt(own[0] * own[1:])))
    growth = (roots[1] - roots[0]) / 30 / (np.sqrt(2) / (3 * np.pi))
    why = Text("the next order, about 1/L", "下一阶，约为 1/L")
    yield near(np.abs(growth - 1).max(), 0.0, 0.03, why)
    why = Text(
        "1/4L times the layers that an angle of 90° is worth, 7, and their logarithm",
        "1/4L 乘以 90° 夹角所相当的层数 7，另有对数项",
    )
    yield near(np.abs(theta[0, 1:] / np.sqrt(own_theta[0] * own_theta[1:]) - 0.25).max(), 0.0, 4 / 90, why)


@NTK_ANALYTIC.claim
def deep_and_narrow_nets_scatter(kernels, rng):
    r"""The limit is of the width at a given depth: of ReLU nets with 16 units and no biases $\Theta(x,x)$ is the mean over 1500 nets at
    any depth, but with 6 hidden layers the variance over nets is more than three times as large, as a share of the mean's square, as with one"""
    shares = []
    for L in (1, 6):
        theta = nets(rng, TWO[:1], L, np.sqrt(2), 0.0, 16, 1500)[1][:, 0, 0]
        want = kernels(plain(TWO[:1]), L, "relu", np.sqrt(2), 0.0)[1][0, 0]
        yield statistical(theta, want)
        shares.append(theta.var() / want**2)
    yield bound(shares[1] / shares[0], 3.0, "≥", Text("the stated factor", "所述的倍数"))


@NTK_ANALYTIC.claim
def signs_in_the_first_layer(kernels, rng):
    r"""Weights $\pm1$ with equal chances in the first layer are not normal ones: on the one number $x=1$, $\sigma_w=1$, no biases, the hidden values of an erf net are
    $\pm\operatorname{erf}(1)$, $\mathbb E f^2=\operatorname{erf}(1)^2=0.71$; normal weights give $K(x,x)=\tfrac2\pi\arcsin\tfrac23=0.46$"""
    K = kernels(plain([[1.0]]), 1, "erf", 1.0, 0.0)[0][0, 0]
    yield roundoff(K, 2 / np.pi * np.arcsin(2 / 3), terms=4480)
    from math import erf

    hidden = np.vectorize(erf)(rng.choice([-1.0, 1.0], (2000, 20)))
    f = (hidden * rng.standard_normal((2000, 20))).mean(1) * np.sqrt(20)
    yield statistical(f**2, erf(1) ** 2)
    yield bound(erf(1) ** 2 / K, 1.5, "≥", Text("0.71 / 0.46", "0.71 / 0.46"))


@NTK_ANALYTIC.claim
def outputs_become_normal(kernels, rng):
    r"""The output is normal in the limit, with other weights of the same variance in the last layer too: of ReLU nets with one hidden layer of $n$ units, without biases, the fourth moment of
    $f(x)$ is $(3+15/n)K^2$, with last weights $\pm1$ of equal chances $(3+3/n)K^2$, and of a normal number $3K^2$: 20,000 nets of 4 and of 64 units"""
    w, count = 1.3, 20_000
    K = kernels(plain(TWO[:1]), 1, "relu", w, 0.0)[0][0, 0]
    for n in (4, 64):
        a = w * np.maximum(w * rng.standard_normal((count, n)), 0) / np.sqrt(n)
        yield statistical((a * rng.standard_normal((count, n))).sum(1) ** 4, (3 + 15 / n) * K**2)
        yield statistical((a * rng.choice([-1.0, 1.0], (count, n))).sum(1) ** 4, (3 + 3 / n) * K**2)


@NTK_ANALYTIC.claim
def other_parametrisation(kernels, rng):
    r"""Where the products $\sigma_wW/\sqrt n$ are what is trained, as in PyTorch, the last layer's part of the tangent kernel has the factor
    $n/\sigma_w^2$ and the first layer's $d/\sigma_w^2$ more: one hidden ReLU layer of 4 units without biases, the mean over 20,000 nets"""
    x, w, n, d = TWO, 1.3, 4, 2
    W = rng.standard_normal((20_000, n, d)) * w / np.sqrt(d)
    v = rng.standard_normal((20_000, n)) * w / np.sqrt(n)
    h = W @ x.T
    a, slope = np.maximum(h, 0), v[..., None] * (h > 0)
    theta = (a[..., 0] * a[..., 1]).sum(1) + (slope[..., 0] * slope[..., 1]).sum(1) * (x[0] @ x[1])
    K, limit = (k[0, 1] for k in kernels(plain(x), 1, "relu", w, 0.0))
    yield statistical(theta, n * K / w**2 + d * (limit - K) / w**2)


def walk(
    x,
    depth,
    activation,
    sigma_w,
    sigma_b,
    taps=1,
    z=None,
    *,
    add=lambda K, dot, T: K + dot * T,
    means=None,
    around=False,
    alone=False,
    divided=True,
    slopes=None,
    bias=lambda layer: 1.0,
):
    """The recursion by closed forms, with a choice at each place where one goes wrong."""
    inputs = [*x] if z is None else [*x, *z]
    rows = np.concatenate(inputs)
    owner = np.repeat(np.arange(len(inputs)), [len(a) for a in inputs])
    place, length = (np.concatenate([f(len(a)) for a in inputs]) for f in (np.arange, lambda T: np.full(T, T)))
    means = means or MEANS[activation]
    slopes = sigma_w**2 if slopes is None else slopes

    def filtered(M):
        result = 0 * M
        for move in range(-(taps // 2), taps // 2 + 1):
            gap = place[None] - place[:, None] - move
            hit = (owner[:, None] == owner) & ((gap % length == 0) if around else (gap == 0))
            result = result + hit @ M @ hit.T
        return result / taps

    S = rows @ rows.T / (rows.shape[1] if divided else 1)
    T, _before = 0 * S, None
    for layer in range(depth):
        K = sigma_w**2 * filtered(S) + bias(layer) * sigma_b**2
        T = K if layer == 0 else add(K, 1, filtered(T))
        S, dot = means(K)
        T = (slopes * dot) * T
    same = place[:, None] == place if alone else np.ones(S.shape)
    average = (owner == np.arange(len(inputs))[:, None]) * 1.0
    one, other = average[: len(x)], average[len(x) :] if z is not None else average
    counts = one @ same @ other.T
    K = sigma_w**2 * (one @ (S * same) @ other.T) / counts + bias(depth) * sigma_b**2
    return K, add(K, 1, one @ (T * same) @ other.T / counts) if depth else K


@NTK_ANALYTIC.mutant(
    caught_by="sum-of-products-over-the-layers, counts-the-layers, single-nets-at-the-root-of-the-width"
)
def letters_exchanged(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    """K and K̇ exchanged in the sum of products"""
    if z is not None and z.shape[1] == x.shape[1]:
        K, theta = letters_exchanged(np.concatenate([x, z]), depth, activation, sigma_w, sigma_b, taps)
        return K[: len(x), len(x) :], theta[: len(x), len(x) :]
    K = [ntk_analytic(x, m, activation, sigma_w, sigma_b, taps, z)[0] for m in range(depth + 1)]
    if z is not None:
        return K[-1], np.prod(K, 0)
    dot = [sigma_w**2 * MEANS[activation](k)[1] for k in K]
    return K[-1], K[0] * 0 + sum(dot[m] * np.prod([1 + 0 * K[0], *K[m + 2 :]], 0) for m in range(depth))


@NTK_ANALYTIC.mutant(caught_by="sum-of-products-over-the-layers, mean-over-nets-of-one-layer, other-parametrisation")
def sum_stopped_at_the_hidden_layers(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    """the sum stopped at L: the last layer's own part is missing"""
    K, theta = ntk_analytic(x, depth, activation, sigma_w, sigma_b, taps, z)
    return K, theta - K


@NTK_ANALYTIC.mutant(caught_by="counts-the-layers, other-parametrisation, deep-and-narrow-nets-scatter")
def last_layer_only(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    """the last layer's part sold as the tangent kernel"""
    K, _ = ntk_analytic(x, depth, activation, sigma_w, sigma_b, taps, z)
    return K, K


@NTK_ANALYTIC.mutant(caught_by="counts-the-layers, one-hidden-layer-in-closed-form, all-pairs-of-positions")
def inputs_of_unit_length(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    """only the angle counts: inputs scaled to mean square 1"""

    def unit(v):
        size = np.sqrt((v**2).mean((1, 2), keepdims=True))
        return v if v is None else v / np.where(size > 0, size, 1)

    return ntk_analytic(unit(x), depth, activation, sigma_w, sigma_b, taps, None if z is None else unit(z))


@NTK_ANALYTIC.mutant(caught_by="counts-the-layers, one-hidden-layer-in-closed-form, mean-over-convolutional-nets")
def input_not_divided(x, depth, activation, sigma_w, sigma_b, **given):
    """the inner product of the inputs not divided by d, with the same σ_w"""
    return walk(x, depth, activation, sigma_w, sigma_b, **given, divided=False)


@NTK_ANALYTIC.mutant(caught_by="counts-the-layers, outputs-become-normal, one-hidden-layer-in-closed-form")
def sigma_not_squared(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    """the weights' scale taken for their variance"""
    return ntk_analytic(x, depth, activation, np.sqrt(sigma_w), sigma_b, taps, z)


@NTK_ANALYTIC.mutant(caught_by="counts-the-layers, sum-of-products-over-the-layers, other-parametrisation")
def slopes_without_the_weights(x, depth, activation, sigma_w, sigma_b, **given):
    """K̇ without σ_w²"""
    return walk(x, depth, activation, sigma_w, sigma_b, **given, slopes=1.0)


@NTK_ANALYTIC.mutant(caught_by="equals-definition, all-pairs-of-positions, mean-over-convolutional-nets")
def each_position_with_itself(x, depth, activation, sigma_w, sigma_b, **given):
    """an average over the positions, of which each is paired with itself alone"""
    z = given.get("z")
    if z is not None and z.shape[1] != x.shape[1]:
        return walk(x, depth, activation, sigma_w, sigma_b, **given)
    return walk(x, depth, activation, sigma_w, sigma_b, **given, alone=True)


@NTK_ANALYTIC.mutant(caught_by="equals-definition, zeros-beyond-the-border, mean-over-convolutional-nets")
def around_the_border(x, depth, activation, sigma_w, sigma_b, **given):
    """filters that go on at the other end of the input"""
    return walk(x, depth, activation, sigma_w, sigma_b, **given, around=True)


@NTK_ANALYTIC.mutant(caught_by="one-hidden-layer-in-closed-form, signs-in-the-first-layer, equals-definition")
def rectified_whatever_the_activation(x, depth, activation, sigma_w, sigma_b, taps=1, z=None):
    """the arc-cosine kernel for every activation"""
    return ntk_analytic(x, depth, "relu", sigma_w, sigma_b, taps, z)


@NTK_ANALYTIC.mutant(caught_by="mean-over-nets-of-one-layer, sum-of-products-over-the-layers, equals-definition")
def later_biases_not_trained(x, depth, activation, sigma_w, sigma_b, **given):
    """biases that are there, but trained in the first layer only"""
    return walk(x, depth, activation, sigma_w, sigma_b, **given, add=lambda K, dot, T: K - sigma_b**2 + T)


@NTK_ANALYTIC.mutant(caught_by="mean-over-nets-of-one-layer, one-hidden-layer-in-closed-form, equals-definition")
def bias_in_the_first_layer_only(x, depth, activation, sigma_w, sigma_b, **given):
    """biases in the first layer only"""
    return walk(x, depth, activation, sigma_w, sigma_b, **given, bias=lambda layer: float(layer == 0))


@NTK_ANALYTIC.mutant(caught_by="sum-of-products-over-the-layers, deep-rectifiers-forget-the-angle")
def slopes_at_the_inputs_angle(x, depth, activation, sigma_w, sigma_b, **given):
    """K̇ of every layer from the covariances of the first"""
    first = []

    def means(K):
        first.append(K)
        return MEANS[activation](K)[0], MEANS[activation](first[0])[1]

    return walk(x, depth, activation, sigma_w, sigma_b, **given, means=means)


@NTK_ANALYTIC.mutant(caught_by="both-are-semidefinite, one-hidden-layer-in-closed-form, mean-over-nets-at-the-width")
def angle_for_its_supplement(x, depth, activation, sigma_w, sigma_b, **given):
    """θ in place of π − θ"""

    def means(K):
        size, theta = angles(K)
        return size * (np.sin(theta) + theta * np.cos(theta)) / (2 * np.pi), theta / (2 * np.pi)

    return walk(x, depth, activation, sigma_w, sigma_b, **given, means=means)


NTK_ANALYTIC.erratum(
    "E230",
    common=r"$\Theta=\sum_{l=1}^{L}\dot\Sigma^{(l)}\prod_{m=l+1}^{L}\Sigma^{(m)}$, the covariances and the slopes' means exchanged, the last layer "
    "left out (a form in circulation)",
    why=r"At $x'=x$ of unit length, in Arora's scaling, it gives $L$ in place of $L+1$; and where the inputs become $c$ times as long it does not grow "
    r"like $c^2$, though the net of ReLUs without biases, and so its gradient, is homogeneous.",
    right=r"$\Theta=\sum_{l=1}^{L+1}\Sigma^{(l-1)}\prod_{m=l}^{L}\dot\Sigma^{(m)}$ with $\Sigma^{(0)}=x\cdot x'$ and the empty product 1",
    claims="sum-of-products-over-the-layers, counts-the-layers",
)


@NTK_ANALYTIC.figure(
    depth=Slider(1, 6, 2, "hidden layers L", integer=True),
    width=Slider(8, 512, 128, "units a layer n", log=True, integer=True),
)
def figure(depth, width):
    L, n = int(depth), int(width)
    angle = np.linspace(0, np.pi, 37)
    circle = np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], 1)
    K, theta = (np.round(k[0], 12) for k in walk(plain(circle), L, "relu", np.sqrt(2), 0.0))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    found = np.array([nets(np.random.default_rng(s), circle, L, np.sqrt(2), 0.0, n, 1)[1][0, 0] for s in range(6)])
    left.plot(angle, found.T, color=COLOURS[5], lw=0.8)
    left.plot([], [], color=COLOURS[5], lw=0.8, label="six nets")
    left.plot(angle, theta, color=COLOURS[0], lw=2.2, label=r"$\Theta$")
    left.plot(angle, K, color=COLOURS[1], lw=1.6, ls="--", label="$K$")
    left.set(xlabel="angle between the inputs", ylabel="kernel", xticks=[0, np.pi / 2, np.pi])
    left.set_xticklabels(["0", "π/2", "π"])
    left.set_ylim(min(0, 1.1 * found.min()), 2.2 * theta[0])
    left.legend(frameon=False)
    few, ratios, depths = circle[[0, 6, 18, 36]], [], np.arange(1, 61)
    k = T = few @ few.T
    for _ in depths:
        S, dot = rectified(k)
        k, T = 2 * S, 2 * S + 2 * dot * T
        ratios.append(T[0, 1:] / T[0, 0])
    ratios = np.array(ratios)
    for i, (line, name) in enumerate(zip(ratios.T, ("30°", "90°", "180°"), strict=True)):
        right.plot(depths, line, color=COLOURS[i], label=name)
    right.axhline(0.25, color="0.6", lw=0.8, ls=":")
    right.axvline(L, color="0.6", lw=0.8)
    right.set(xlabel="hidden layers L", ylabel=r"$\Theta(x,x')/\Theta(x,x)$", ylim=(0, 1))
    right.legend(frameon=False)
    off = np.abs(found[:, 0] / theta[0] - 1)
    here = ratios[L - 1]
    words = Text(
        f"ReLU nets, L = {L}. The infinite tangent kernel goes from {theta[0]:.3g} at angle 0 to {theta[-1]:.2g} at π, the NNGP kernel from {K[0]:.3g} to {K[-1]:.2g}; "
        f"six nets of {n} units miss the first at angle 0 by {off.min():.1%} to {off.max():.1%}. The other picture: as a share of Θ(x,x) the kernel at 30°, 90° and 180° is "
        f"{here[0]:.2f}, {here[1]:.2f}, {here[2]:.2f} at this depth, and all come to 1/4 with depth.",
        f"ReLU 网络，L = {L}。无限宽的切线核从夹角 0 处的 {theta[0]:.3g} 变到 π 处的 {theta[-1]:.2g}，NNGP 核从 {K[0]:.3g} 变到 {K[-1]:.2g}；"
        f"六个每层 {n} 个单元的网络在夹角 0 处与前者相差 {off.min():.1%} 到 {off.max():.1%}。另一图：在此深度，30°、90°、180° 处的核与 Θ(x,x) 之比为 "
        f"{here[0]:.2f}、{here[1]:.2f}、{here[2]:.2f}，随深度增加都趋于 1/4。",
    )
    return Drawing(fig, words)
