"""Spectral norms of layers: how far a network can stretch, from above and below, and what that says of its errors."""

import itertools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

SPECTRAL = Concept(
    key="spectral-bounds",
    kind="theorem",
    title="Spectral-norm bounds",
    summary="How much can a network stretch a difference of two inputs? A layer stretches by its largest singular value at most, that of the whole map, which for a convolution is in general not that of its kernel as a table. "
    "The product over the layers bounds the network's Lipschitz constant from above, a Jacobian from below. With the margins and the "
    "rows' lengths the same product bounds the probability of error; up to $1152\\,L^3\\ln2W^2$ samples that bound is vacuous, whatever the weights.",
    formulas=(
        r"\lVert A\rVert_2=\max_{v\ne0}\frac{\lVert Av\rVert}{\lVert v\rVert}=\sqrt{\lambda_{\max}(A^{\mathsf T}A)},\qquad A_{(opq),(crs)}=K_{o,\,c-gI,\,a,\,b},\quad r=pS-P+aD,\ s=qS-P+bD,\ g=\lfloor oG/O\rfloor;\quad0\text{ elsewhere}",
        r"\max_i\lVert J(x_i)\rVert_2\le\operatorname{Lip}f\le\prod_{l=1}^L\lVert A_l\rVert_2,\qquad f=A_L\phi(A_{L-1}\cdots\phi(A_1x))",
        r"R=\Bigl(\sum_{l=1}^L\bigl(\lVert A_l^{\mathsf T}\rVert_{2,1}\prod_{j\ne l}\lVert A_j\rVert_2\bigr)^{2/3}\Bigr)^{3/2},\qquad\lVert A^{\mathsf T}\rVert_{2,1}=\sum_i\Bigl(\sum_ja_{ij}^2\Bigr)^{1/2}",
        r"\ln N(\varepsilon)\le\frac{Q^2}{\varepsilon^2},\qquad Q=\frac{\sqrt2\,\kappa}\gamma\lVert X\rVert_F\,R\,\sqrt{\ln2W^2}",
        r"\hat R\le\min_\alpha\Bigl(\frac{4\alpha}{\sqrt n}+\frac{12Q}n\ln^+\frac{\sqrt n}\alpha\Bigr)\le\frac{12Q}n\Bigl(1+\ln^+\frac n{3Q}\Bigr)",
        r"\text{with probability}\ \ge1-\delta:\quad P(m\le0)\le\frac1n\sum_i\min\bigl(1,(1-\tfrac{m_i}\gamma)^+\bigr)+2\hat R+3\sqrt{\frac{\ln(2/\delta)}{2n}}\quad\text{for all}\ f",
    ),
    symbols=(
        Symbol(
            "K",
            "kernels",
            "",
            "weights of each layer, in a tuple: (O, I, k, k′) of a convolution, (O, I) of a dense layer, which takes what comes as one row",
            "other",
        ),
        Symbol("x", "x", "n ...", "samples, one row or one image $c\\times h\\times w$ each"),
        Symbol(r"\gamma", "margin", "", "margin that is asked for", "positive"),
        Symbol(
            r"1-\delta", "confidence", "", "probability, over the draw of the samples, that the bound holds", "unit"
        ),
        Symbol("S", "stride", "", "stride of all convolutions", "natural"),
        Symbol("P", "padding", "", "zeros on each side", "natural"),
        Symbol("D", "dilation", "", "distance between the taps of a kernel", "natural"),
        Symbol(
            "G", "groups", "", "blocks of channels that do not see each other; $g$ is the block of an output", "natural"
        ),
        Symbol("A_l,\\ A", "", "", "layer $l$, or any layer, as the matrix of its linear map"),
        Symbol(r"\phi", "", "", "ReLU, entry by entry"),
        Symbol("J", "", "", "Jacobian of $f$; a unit that is exactly 0 counts as having slope 0"),
        Symbol("v", "", "", "an input, or a difference of two"),
        Symbol(r"\lVert X\rVert_F", "", "", "root of the sum of the samples' squares"),
        Symbol("N,\\ \\varepsilon", "", "", "how many balls of radius ε cover the losses on the samples, as vectors"),
        Symbol(r"\kappa", "", "", "slope of the margin: $\\sqrt2$ for several outputs, 1 for one"),
        Symbol("W", "", "", "largest number of units of a layer or of the input", "natural"),
        Symbol(
            "Q,\\ \\alpha", "", "", "the class's size in the covering numbers; lower limit of an integral over radii"
        ),
        Symbol(
            "m_i,\\ m",
            "",
            "",
            "margin of a sample: the label's output less the largest other one; with one output $f$ and labels ±1 it is ±f",
        ),
        Symbol(r"\hat R", "", "", "Rademacher complexity of the losses"),
        Symbol("n,\\ L", "", "", "numbers of samples and of layers", "natural"),
        Symbol(
            "o,\\ p,\\ q;\\ c,\\ r,\\ s;\\ a,\\ b",
            "",
            "",
            "channel, row and column of an output and of an input; place in the kernel",
            "natural",
        ),
        Symbol("i,\\ j,\\ l", "", "", "a sample or a unit, another unit or layer, a layer", "natural"),
    ),
    returns=(
        Result("norms", "L", r"$\lVert A_l\rVert_2$"),
        Result("upper", "", r"$\prod_l\lVert A_l\rVert_2$"),
        Result("lower", "", r"$\max_i\lVert J(x_i)\rVert_2$"),
        Result("complexity", "", "$R$"),
        Result("gap", "", r"$2\hat R$ by the last bound on it, and the part of chance"),
    ),
    needs=("norm", "svd", "rademacher", "jacobian", "conv-layer"),
    source="bartlett2017spectrally",
    year=2017,
    people=("Peter Bartlett", "Dylan Foster", "Matus Telgarsky", "Behnam Neyshabur", "Yuichi Yoshida", "Takeru Miyato"),
    aliases="Lipschitz constant of a network, spectral norm of a layer, spectrally normalized margin bound, "
    "singular values of convolutional layers, Maurey's lemma, "
    "网络的利普希茨常数, 层的谱范数, 谱归一化间隔界, 卷积层的奇异值, Maurey 引理",
    implementations=(
        Implementation(
            "gradus.theory:spectral_complexity",
            "torch",
            note="of any model: `gradus.theory.lipschitz_bound`, of a layer `gradus.theory.spectral_norm`, of a trained classifier with its margins `gradus.theory.spectral_margin_bound`",
        ),
    ),
    readings="yoshida2017spectral; miyato2018spectral; sedghi2019singular; gouk2021regularisation; neyshabur2018pac; kuczynski1992estimating; kim2021lipschitz",
    hypotheses=(
        Hypothesis("Lipschitz: no activation is steeper than 1", "a-steep-activation-breaks-the-product"),
        Hypothesis("lower: at no sample is a unit exactly 0", "a-kink-is-no-slope"),
        Hypothesis(
            "gap: samples drawn independently, from the law that the probability is of", "one-sample-counted-often"
        ),
        Hypothesis(
            "gap: the features and the norms of the class were fixed before the samples were seen",
            "features-chosen-afterwards",
        ),
    ),
    conventions=(
        Convention(
            "norm of a convolution",
            "of the linear map on images of this size",
            "of the kernel as a table $O\\times Ikk'$: `torch.nn.utils.parametrizations.spectral_norm`, Miyato et al. 2018",
        ),
        Convention(
            r"$\lVert A^{\mathsf T}\rVert_{2,1}$",
            "lengths of the rows of $A$, added",
            "rows are the units for weights stored (out, in), as in PyTorch; columns where they are stored (in, out), as in Keras",
        ),
        Convention(
            "reference matrices",
            "0",
            "the weights at the start, subtracted in the (2,1) norm: Bartlett et al. 2017 allow any that are fixed beforehand",
        ),
    ),
    deviations=(
        "Bartlett, Foster and Telgarsky print the covering numbers of a network without the rounding up of those of a single matrix; here it is paid for, by the √2 in Q.",
        "They take the margin's slope as 2, which holds for the largest entry's norm; for the Euclidean one it is √2. They integrate from 1/n; here the lower limit is the best one.",
        "Of layers whose matrix is large the implementation takes a hundred steps of Lanczos' method, the definition always the singular values.",
    ),
    unverified="That the covering numbers are as the fourth formula says is proved below and not measured; of the gap, only one layer with one output is measured, against its exact complexity.",
    differentiable=False,
    carries_gradient=False,
)


@SPECTRAL.definition
def spectral_bounds(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    if margin <= 0 or not 0 < confidence < 1 or min(stride, dilation, groups) < 1 or padding < 0:
        raise ValueError("a margin that is not positive, a confidence that is no probability, or a stride below 1")
    n, shape = len(x), x.shape[1:]
    A, widths = [], [x[0].size]
    for K in kernels:
        if K.ndim == 2:
            M, shape = K, (len(K),)
        else:
            (O, I, k, kk), (C, H, V) = K.shape, shape
            if I * groups != C or O % groups:
                raise ValueError("channels that do not fit")
            P = (H + 2 * padding - dilation * (k - 1) - 1) // stride + 1
            Q = (V + 2 * padding - dilation * (kk - 1) - 1) // stride + 1
            M = np.zeros((O, P, Q, C, H, V))
            for o, p, q, i, a, b in np.ndindex(O, P, Q, I, k, kk):
                r, s = p * stride - padding + a * dilation, q * stride - padding + b * dilation
                if 0 <= r < H and 0 <= s < V:
                    M[o, p, q, o // (O // groups) * I + i, r, s] += K[o, i, a, b]
            M, shape = M.reshape(O * P * Q, -1), (O, P, Q)
        if M.shape[1] != widths[-1]:
            raise ValueError("layers that do not fit")
        A.append(M)
        widths.append(len(M))
    norms = np.array([np.linalg.svd(M, compute_uv=False)[0] for M in A])
    h, on = x.reshape(n, -1), np.zeros((n, 0), bool)
    for M in A[:-1]:
        z = h @ M.T
        h, on = np.maximum(z, 0), np.hstack([on, z > 0])
    lower = 0.0
    for pattern in np.unique(on, axis=0) if len(A) > 1 else [on[0]]:  # the pieces on which the samples lie
        J, parts = np.eye(widths[0]), np.split(pattern, np.cumsum(widths[1:-1]))
        for M, units in zip(A[:-1], parts, strict=False):
            J = units[:, None] * (M @ J)
        lower = max(lower, np.linalg.svd(A[-1] @ J, compute_uv=False)[0])
    rows = np.array([np.sqrt((M * M).sum(1)).sum() for M in A])
    others = np.array([np.delete(norms, l).prod() for l in range(len(A))])
    R = ((rows * others) ** (2 / 3)).sum() ** 1.5
    kappa = np.sqrt(2) if widths[-1] > 1 else 1.0
    Q = np.sqrt(2) * kappa / margin * np.sqrt((x * x).sum()) * R * np.sqrt(np.log(2 * max(widths) ** 2))
    rademacher = 12 * Q / n * (1 + max(0.0, np.log(n / (3 * Q)))) if Q > 0 else 0.0
    gap = 2 * rademacher + 3 * np.sqrt(np.log(2 / (1 - confidence)) / (2 * n))
    return norms, norms.prod(), lower, R, gap


FOLD = np.array([[1.0, 1.0], [-1.0, -1.0]])  # |·| after |·|, as one layer


def folds(k):
    """The layers of k absolute values, one after another."""
    return (np.array([[1.0], [-1.0]]), *[FOLD] * (k - 1), np.ones((1, 2)))


@SPECTRAL.example
def example():
    x = np.array([[[[2.0, -1.0, -1.0]]], [[[1.0, 1.0, 1.0]]]])
    kernel, last = np.array([[[[1.0, 1.0]]]]), np.array([[1.0, -1.0]])
    norms, upper, lower, R, gap = spectral_bounds((kernel, last), x)
    rows = np.array([2 * np.sqrt(2), np.sqrt(2)])
    chance = spectral_bounds((0 * kernel, last), x)[4]
    line = np.ones((200_000, 1))
    return dict(kernels=(kernel, last), x=x, norms=norms, upper=upper, lower=lower, R=R, gap=gap, rows=rows) | dict(
        chance=chance,
        kernel=np.sqrt(2.0),
        first=rows[0] * norms[1],
        second=rows[1] * norms[0],
        most=2.0,
        size=3.0,
        width=3,
        large=spectral_bounds((np.ones((1, 1)),), line)[4],
        large_n=len(line),
    )


@SPECTRAL.exercise
def four_pixels():
    """The kernel (1, 1) on four pixels in a row."""
    found = spectral_bounds((np.ones((1, 1, 1, 2)),), np.ones((1, 1, 1, 4)))
    return number(found[0][0], kernel=np.sqrt(2.0), total=2.0, frobenius=np.sqrt(6.0))


@SPECTRAL.exercise
def five_folds():
    found = spectral_bounds(folds(5), np.array([[0.3]]))
    return number(found[1], truth=found[2], added=10.0, one_root=np.sqrt(2.0) ** 5)


@SPECTRAL.exercise
def what_stays():
    rng = np.random.default_rng(5)
    a, b, x = rng.standard_normal((4, 3)), rng.standard_normal((2, 4)), rng.standard_normal((5, 3))
    first = spectral_bounds((a, b), x)[3]
    return choice(
        balanced=np.isclose(spectral_bounds((3 * a, b / 3), x)[3], first),
        repeated=np.isclose(spectral_bounds((np.vstack([a, a]), np.hstack([b, b]) / 2), x)[3], first),
        shifted=np.isclose(spectral_bounds((a + 1, b), x)[3], first),
    )


@SPECTRAL.cases
def cases(rng):
    def dense(*widths):
        return tuple(rng.standard_normal((m, n)) / np.sqrt(n) for n, m in itertools.pairwise(widths))

    yield "dense", dict(kernels=dense(4, 6, 3), x=rng.standard_normal((7, 4)))
    yield "one layer, one output", dict(kernels=dense(5, 1), x=rng.standard_normal((9, 5)), margin=0.2, confidence=0.9)
    yield "deep", dict(kernels=dense(3, 4, 4, 4, 4, 2), x=rng.standard_normal((5, 3)), margin=3.0)
    images = rng.standard_normal((3, 2, 5, 4))
    kernel = rng.standard_normal((4, 2, 3, 2))
    yield "convolution", dict(kernels=(kernel,), x=images, stride=1)
    yield "stride, padding, dilation", dict(kernels=(kernel,), x=images, stride=2, padding=2, dilation=2)
    two = (rng.standard_normal((4, 1, 2, 2)), rng.standard_normal((2, 2, 2, 2)), rng.standard_normal((3, 12)))
    yield "groups, then dense", dict(kernels=two, x=images, groups=2)
    yield "far from 1", dict(kernels=tuple(1e3 * K for K in dense(3, 4, 2)), x=1e-5 * rng.standard_normal((4, 3)))
    yield "a layer of zeros", dict(kernels=(np.zeros((3, 2)), *dense(3, 2)), x=rng.standard_normal((4, 2)))
    yield "many samples", dict(kernels=(np.ones((1, 1)),), x=rng.standard_normal((4000, 1)), margin=40.0)


@SPECTRAL.invalid
def invalid(rng):
    yield "layers that do not fit", dict(kernels=(np.ones((3, 2)), np.ones((2, 4))), x=np.ones((2, 2)))
    yield "channels that do not fit", dict(kernels=(np.ones((2, 3, 2, 2)),), x=np.ones((1, 2, 4, 4)))
    yield "a margin of 0", dict(kernels=(np.ones((1, 2)),), x=np.ones((2, 2)), margin=0.0)
    yield "a confidence of 1", dict(kernels=(np.ones((1, 2)),), x=np.ones((2, 2)), confidence=1.0)
    yield "a stride of 0", dict(kernels=(np.ones((1, 1, 1, 1)),), x=np.ones((1, 1, 2, 2)), stride=0)


def net(kernels, x, slope=1.0):
    """A dense chain with ReLUs, on rows."""
    h = x
    for K in kernels[:-1]:
        h = slope * np.maximum(h @ K.T, 0)
    return h @ kernels[-1].T


def norm_of(spectral_bounds, kernel, shape, **options):
    """The implementation's norm of one layer."""
    return float(spectral_bounds((kernel,), np.ones((1, *shape)), **options)[0][0])


@SPECTRAL.claim
def norms_that_are_known(spectral_bounds, rng):
    r"""An orthogonal matrix times $c$: $c$; $uv^{\mathsf T}$: $\lVert u\rVert\lVert v\rVert$. Kernels: a single tap: its size; $(1,1,1)$ on $w$ pixels in a row with a border of zeros: $1+2\cos\frac\pi{w+1}$;
    two groups: the larger norm; a dilation of 2 on an even number of pixels: that of every other pixel; a stride of the kernel's width without padding: that of the kernel as a table; $1\times1$: that of its matrix"""
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    yield roundoff(norm_of(spectral_bounds, 2.5 * Q, (5,)), 2.5, terms=25)
    u, v = rng.standard_normal(4), rng.standard_normal(6)
    want = np.sqrt((u * u).sum() * (v * v).sum())
    yield roundoff(norm_of(spectral_bounds, np.outer(u, v), (6,)), want, terms=24)
    tap = np.zeros((1, 1, 3, 3))
    tap[0, 0, 1, 1] = -3.0
    yield roundoff(norm_of(spectral_bounds, tap, (1, 4, 4), padding=1), 3.0, terms=16)
    for w in (3, 8):
        got = norm_of(spectral_bounds, np.ones((1, 1, 1, 3)), (1, 1, w), padding=1)
        yield roundoff(got, 1 + 2 * np.cos(np.pi / (w + 1)), terms=w * w)
    K = rng.standard_normal((4, 1, 2, 2))
    apart = [norm_of(spectral_bounds, part, (1, 4, 4)) for part in (K[:2], K[2:])]
    for both in (K, np.roll(K, 2, axis=0)):
        yield roundoff(norm_of(spectral_bounds, both, (2, 4, 4), groups=2), max(apart), terms=256)
    K = rng.standard_normal((2, 1, 1, 2))
    got = norm_of(spectral_bounds, K, (1, 1, 8), dilation=2)
    yield roundoff(got, norm_of(spectral_bounds, K, (1, 1, 4)), terms=64)
    K = rng.standard_normal((3, 2, 2, 2))
    want = np.sqrt(np.linalg.eigvalsh(K.reshape(3, -1) @ K.reshape(3, -1).T)[-1])
    yield roundoff(norm_of(spectral_bounds, K, (2, 4, 4), stride=2), want, terms=256)
    K = rng.standard_normal((3, 2, 1, 1))
    yield roundoff(norm_of(spectral_bounds, K, (2, 3, 2)), norm_of(spectral_bounds, K[:, :, 0, 0], (2,)), terms=64)


@SPECTRAL.claim
def the_kernel_as_a_table_is_below(spectral_bounds, rng):
    r"""Without padding, dilation and groups, a convolution stretches at least as far as its kernel as a table, and at most $\sqrt{\lceil k/S\rceil\lceil k'/S\rceil}$ times as far, as no input lies in more windows. A kernel of nine ones on $12\times12$ pixels comes within a tenth of that: 3 as a table, above 8.1 as a map"""
    for stride, shape in ((1, (2, 5, 5)), (2, (2, 6, 6))):
        K = rng.standard_normal((3, 2, 3, 2))
        table = np.linalg.norm(K.reshape(3, -1), 2)
        got = norm_of(spectral_bounds, K, shape, stride=stride)
        yield bound(got, table, "≥")
        yield bound(got, table * np.sqrt(np.ceil(3 / stride) * np.ceil(2 / stride)))
    got = norm_of(spectral_bounds, np.ones((1, 1, 3, 3)), (1, 12, 12))
    yield bound(got, 8.1, "≥", Text("a tenth below 3 · 3", "比 3 · 3 低一成"))
    yield bound(got, 9.0)


@SPECTRAL.claim
def power_iteration_comes_from_below(spectral_bounds, rng):
    r"""$\lVert Av\rVert/\lVert v\rVert$ never exceeds the norm, and after enough steps of $v\leftarrow A^{\mathsf T}Av$ from almost any start it is the norm, to rounding. After one step from a random start it is more than 5 % below on average for a
    matrix of $30\times30$ normal numbers, so that division by it leaves a layer that still expands"""
    found = []
    for _ in range(12):
        A = rng.standard_normal((30, 30))
        norm = norm_of(spectral_bounds, A, (30,))
        v = A.T @ (A @ rng.standard_normal(30))
        found.append(np.linalg.norm(A @ v) / np.linalg.norm(v) / norm)
        yield bound(found[-1], 1.0)
    yield bound(np.mean(found), 0.95, "≤", Text("after one step", "一步之后"))
    A = np.diag([3.0, 1.0, 0.5]) @ np.linalg.qr(rng.standard_normal((3, 3)))[0]
    v = rng.standard_normal(3) + 1
    for _ in range(40):
        v = A.T @ (A @ v)
        v /= np.linalg.norm(v)
    yield roundoff(norm_of(spectral_bounds, A, (3,)), np.linalg.norm(A @ v), terms=40)


def random_net(rng, *widths):
    return tuple(rng.standard_normal((m, n)) * np.sqrt(2 / n) for n, m in itertools.pairwise(widths))


def steepest(kernels, rows, h=1e-7):
    """The largest norm of a Jacobian by differences."""
    steps = h * np.eye(rows.shape[1])
    return max(np.linalg.norm(net(kernels, r + steps) - net(kernels, r - steps), 2) / (2 * h) for r in rows)


@SPECTRAL.claim
def no_pair_is_stretched_further(spectral_bounds, rng):
    r"""Slopes of 300 secants between random inputs, and the Jacobians at 60 inputs, stay below the upper bound that one sample gives; and the lower bound is the largest singular value of a Jacobian by differences at one of the samples. Lower is at most upper"""
    for widths in ((4, 6, 3), (3, 8, 8, 8, 1)):
        kernels = random_net(rng, *widths)
        x = rng.standard_normal((6, widths[0]))
        _, upper, lower, _, _ = (np.asarray(v) for v in spectral_bounds(kernels, x))
        a, b = rng.standard_normal((2, 300, widths[0]))
        slopes = np.linalg.norm(net(kernels, a) - net(kernels, b), axis=1) / np.linalg.norm(a - b, axis=1)
        yield bound(slopes.max(), float(upper))
        best = steepest(kernels, x)
        why = Text(
            "differences of a piecewise linear function: rounding ε/h alone", "分片线性函数的差商：只有舍入误差 ε/h"
        )
        yield bound(steepest(kernels, a[:60]), (1 + 1e-6) * float(spectral_bounds(kernels, x[:1])[1]), "≤", why)
        yield near(float(lower), best, 1e-6 * max(best, 1.0) * len(kernels), why)
        yield bound(float(lower), float(upper))


@SPECTRAL.claim
def the_product_is_reached_or_missed(spectral_bounds, rng):
    r"""Layers $u_lu_{l-1}^{\mathsf T}$ with positive $u_l$ reach the product. The absolute value, $\phi(x)+\phi(-x)$, taken $k$ times in a row, has slopes 1 and −1 and the product $2^k$"""
    u = [rng.uniform(0.5, 2, n) for n in (3, 5, 4, 2)]
    kernels = tuple(np.outer(b, a) for a, b in itertools.pairwise(u))
    _, upper, lower, _, _ = (float(np.max(v)) for v in spectral_bounds(kernels, u[0][None]))
    want = np.prod([np.linalg.norm(a) * np.linalg.norm(b) for a, b in itertools.pairwise(u)])
    yield roundoff([upper, lower], [want, want], terms=60)
    for k in (1, 3):
        found = spectral_bounds(folds(k), np.array([[0.7], [-1.3]]))
        yield roundoff([float(found[1]), float(found[2])], [2.0**k, 1.0], terms=16)


@SPECTRAL.claim
def a_steep_activation_breaks_the_product(spectral_bounds, rng):
    r"""With an activation of slope 2 in place of the ReLU, the layers of the claim before stretch $2^{L-1}$ times as far as the product says"""
    u = [rng.uniform(0.5, 2, n) for n in (3, 5, 4, 2)]
    kernels = tuple(np.outer(b, a) for a, b in itertools.pairwise(u))
    upper = float(spectral_bounds(kernels, u[0][None])[1])
    rise = net(kernels, 2 * u[0][None], 2.0) - net(kernels, u[0][None], 2.0)
    yield roundoff(np.linalg.norm(rise) / np.linalg.norm(u[0]), 4 * upper, terms=60)


CANCELS = (np.array([[1.0, 1.0], [1.0, 0.0], [-1.0, 0.0]]), np.array([[1.0, -1.0, 1.0]]))


@SPECTRAL.claim
def a_kink_is_no_slope(spectral_bounds, rng):
    r"""$\phi(x_1+x_2)-\phi(x_1)+\phi(-x_1)$ has slopes of length 1 only, $x_2$ or $-x_1$; at $(0,1)$, where two units are exactly 0, the chain rule with $\phi'(0)=0$ gives $(1,1)$, longer than the Lipschitz constant. A millionth beside it gives 1; and at 0, where all units are 0, nothing is left but 0"""
    at = float(spectral_bounds(CANCELS, np.array([[0.0, 1.0]]))[2])
    yield roundoff(at, np.sqrt(2), terms=8)
    for shift in (1e-6, -1e-6):
        yield roundoff(float(spectral_bounds(CANCELS, np.array([[shift, 1.0]]))[2]), 1.0, terms=8)
    yield roundoff(float(spectral_bounds(CANCELS, np.zeros((1, 2)))[2]), 0.0, terms=8)
    a, b = rng.standard_normal((2, 400, 2))
    slopes = np.abs(net(CANCELS, a) - net(CANCELS, b))[:, 0] / np.linalg.norm(a - b, axis=1)
    yield bound(slopes.max(), at / np.sqrt(2))


@SPECTRAL.claim
def what_does_not_count(spectral_bounds, rng):
    r"""A layer times $c>0$ and the next one divided by $c$, or the units of a hidden layer in another order: all but the norms stays as it was. The last layer times $c$, with the margin times $c$, leaves the gap as it was; the upper and the lower bound and $R$ are $c$ times as large"""
    kernels, x = random_net(rng, 3, 5, 4, 2), rng.standard_normal((6, 3))
    first = [np.asarray(v) for v in spectral_bounds(kernels, x)]
    yield bound(float(min(first[1:])), 1e-6, "≥", Text("there is something to keep", "确有可保持的量"))
    order = rng.permutation(5)
    for other in ((7 * kernels[0], kernels[1] / 7, kernels[2]), (kernels[0][order], kernels[1][:, order], kernels[2])):
        found = [float(v) for v in spectral_bounds(other, x)[1:]]
        yield invariance(found, [float(v) for v in first[1:]], terms=256)
    found = [float(v) for v in spectral_bounds((*kernels[:2], 5 * kernels[2]), x, 5.0)[1:]]
    yield invariance(found, [float(v) * c for v, c in zip(first[1:], (5, 5, 5, 1), strict=True)], terms=256)


@SPECTRAL.claim
def rows_count_in_the_complexity(spectral_bounds, rng):
    r"""One layer: the sum of its rows' lengths: $cd$ for $c$ times an orthogonal $d\times d$ matrix, $\lVert w\rVert$ for a row; a column of four numbers: the sum of their sizes. $L$ equal layers of norm 1 with rows that sum to $b$: $bL^{3/2}$.
    Two layers whose norms and rows are $(2,3)$ and $(1,1)$: $((3\cdot1)^{2/3}+(1\cdot2)^{2/3})^{3/2}$"""
    x = rng.standard_normal((3, 4))
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    yield roundoff(float(spectral_bounds((1.5 * Q,), x)[3]), 6.0, terms=64)
    w = rng.standard_normal((1, 4))
    yield roundoff(float(spectral_bounds((w,), x)[3]), np.sqrt((w * w).sum()), terms=16)
    yield roundoff(float(spectral_bounds((w.T,), x[:, :1])[3]), np.abs(w).sum(), terms=16)
    for L in (2, 4):
        yield roundoff(float(spectral_bounds((Q,) * L, x)[3]), 4 * L**1.5, terms=256)
    two = (np.diag([2.0, 1.0]), w[:, :2] / np.linalg.norm(w[:, :2]))
    yield roundoff(float(spectral_bounds(two, x[:, :2])[3]), (3 ** (2 / 3) + 2 ** (2 / 3)) ** 1.5, terms=64)


def chance(n, delta=0.05):
    return 3 * np.sqrt(np.log(2 / delta) / (2 * n))


@SPECTRAL.claim
def the_gap_is_an_integral_at_its_best(spectral_bounds, rng):
    r"""The gap less the part of chance is $2\min_{\alpha\le\sqrt n}(4\alpha/\sqrt n+12Q\ln(\sqrt n/\alpha)/n)$ by search over 20,000 values of α, where $Q<n/3$, with $Q$ as printed for one output and several; with a layer of zeros it is the part of chance alone, for $\delta=0.05$ and 0.5"""
    n = 3000
    alpha = np.geomspace(1e-6, np.sqrt(n), 20_000)
    for outputs, kappa in ((1, 1.0), (2, np.sqrt(2))):
        kernels, x = random_net(rng, 2, 3, outputs), rng.standard_normal((n, 2))
        _, _, _, R, gap = spectral_bounds(kernels, x, 60.0)
        Q = np.sqrt(2) * kappa / 60 * np.sqrt((x * x).sum()) * float(R) * np.sqrt(np.log(2 * 3**2))
        best = (4 * alpha / np.sqrt(n) + 12 * Q / n * np.log(np.sqrt(n) / alpha)).min()
        why = Text("the grid of α misses the minimum by its spacing squared", "α 的网格与极小点相差其间距的平方")
        yield near((float(gap) - chance(n)) / (2 * best), 1.0, 1e-6, why)
        none = spectral_bounds((0 * kernels[0], kernels[1]), x[:50], confidence=0.5)
        yield roundoff(float(none[4]), chance(50, 0.5), terms=8)
    yield roundoff(float(spectral_bounds((np.zeros((1, 1)),), np.ones((40, 1)))[4]), chance(40), terms=8)


@SPECTRAL.claim
def it_covers_the_linear_class(spectral_bounds, rng):
    r"""One layer with one output and weights of length at most $B$: twice its exact complexity, $2\frac B{\gamma n}\mathbb E\lVert\sum_i\sigma_ix_i\rVert$ over all signs, is less than the gap without chance: for $3Q\ge n$ by a factor from $12\sqrt{2\ln2W^2}$ to $\sqrt2$ times that, 28.9 to 40.8 for three features; for smaller $Q$ it is $1+\ln\frac n{3Q}$ times as large. Tried with 9 samples, $\gamma=\tfrac12$ and weights of length 1 and of length 0.001"""
    x, w = rng.standard_normal((9, 3)), rng.standard_normal((1, 3))
    w /= np.linalg.norm(w)
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=9)))
    exact = 2 / (0.5 * 9) * np.linalg.norm(signs @ x, axis=1).mean()
    Q = np.sqrt(2) / 0.5 * np.sqrt((x * x).sum()) * np.sqrt(np.log(2 * 3**2))
    least = 12 * np.sqrt(2 * np.log(2 * 3**2))
    why = Text("√Σ‖x‖²/√2 ≤ E‖Σσx‖ ≤ √Σ‖x‖²", "√Σ‖x‖²/√2 ≤ E‖Σσx‖ ≤ √Σ‖x‖²")
    for size in (1.0, 1e-3):
        more = 1 + max(0.0, np.log(9 / (3 * size * Q)))
        factor = (float(spectral_bounds((size * w,), x, 0.5)[4]) - chance(9)) / (size * exact)
        yield bound(factor, least * more * (1 - 1e-9), "≥", why)
        yield bound(factor, np.sqrt(2) * least * more * (1 + 1e-9), "≤", why)


def mean_ramp(kernels, x, margin):
    """The mean ramp loss where every sample has the label that the network gives."""
    f = np.sort(net(kernels, x), axis=1)
    m = np.abs(f[:, -1]) if f.shape[1] == 1 else f[:, -1] - f[:, -2]
    return np.clip(1 - m / margin, 0, 1).mean()


@SPECTRAL.claim
def vacuous_for_few_samples(spectral_bounds, rng):
    r"""Up to $n=1152\,L^3\ln2W^2$ samples the mean ramp loss and the gap add up to more than 1, whatever weights, samples and $\gamma$ are, even where all labels are right: no margin is larger than $\kappa\lVert x\rVert\prod_l\lVert A_l\rVert_2$. Tried with 798 samples $x=1$ and one weight,
    with layers that reach the product and with random ones, for six values of γ each. Where γ is far above all margins, the gap is the part of chance alone"""
    u = [rng.uniform(0.5, 2, n) for n in (3, 5, 4, 2)]
    tight = tuple(np.outer(b, a) for a, b in itertools.pairwise(u))
    tried = (
        ((np.ones((1, 1)),), np.ones((798, 1))),
        (tight, np.tile(u[0], (2000, 1))),
        (random_net(rng, 4, 6, 3), rng.standard_normal((500, 4))),
    )
    for kernels, x in tried:
        W = max(*(max(K.shape) for K in kernels), x.shape[1])
        yield bound(float(len(x)), 1152 * len(kernels) ** 3 * np.log(2 * W**2))
        _, upper, _, _, _ = spectral_bounds(kernels, x)
        largest = float(upper) * np.linalg.norm(x, axis=1).max()
        why = Text("no statement about errors", "对错误率没有说出什么")
        for times in (0.1, 0.5, 1.0, 2.0, 10.0, 1000.0):
            gap = float(spectral_bounds(kernels, x, times * largest)[4])
            yield bound(mean_ramp(kernels, x, times * largest) + gap, 1.0, "≥", why)
        far = float(spectral_bounds(kernels, x, 1e9 * largest)[4])
        why = Text("chance, and 24Q/n · (1 + ln(n/3Q)) for a small Q", "偶然部分，与 Q 很小时的 24Q/n · (1 + ln(n/3Q))")
        yield bound(far, chance(len(x)) + 1e-4, "≤", why)


@SPECTRAL.claim
def one_sample_counted_often(spectral_bounds, rng):
    r"""Samples must be independent: $x=1$ with one toss of a coin as label, counted 200,000 times, has margin 1 for the weight 1 or −1, and for $\gamma=1$, $\delta=0.05$ the gap is 0.38; yet new labels are missed half of the time"""
    gap = float(spectral_bounds((np.array([[rng.choice([-1.0, 1.0])]]),), np.ones((200_000, 1)))[4])
    yield bound(gap, 0.5, "≤", Text("the error on new tosses", "对新抛硬币的错误率"))
    Q = np.sqrt(2 * 200_000 * np.log(2))
    yield roundoff(gap, 24 * Q / 200_000 * (1 + np.log(200_000 / 3 / Q)) + chance(200_000), terms=200_000)


@SPECTRAL.claim
def features_chosen_afterwards(spectral_bounds, rng):
    r"""The class must be fixed first: with the feature that is the label on 200,000 samples and 0 elsewhere, the weight 1 has margin 1 on all of them and gap 0.38 for $\gamma=1$, $\delta=0.05$; under a law without atoms its output is 0 on new inputs, which counts as an error on all"""
    labels = rng.choice([-1.0, 1.0], 200_000)
    found = spectral_bounds((np.ones((1, 1)),), labels[:, None])
    margins = labels * net((np.ones((1, 1)),), labels[:, None])[:, 0]
    yield bound(
        np.clip(1 - margins, 0, 1).mean() + float(found[4]), 0.5, "≤", Text("the true error is 1", "真实错误率为 1")
    )
    yield bound(float(found[4]), 0.3, "≥", Text("what the theorem pays for one weight", "定理为一个权重付出的"))
    yield roundoff(float(found[2]), 1.0, terms=1)


def changed(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1, **new):
    """The definition's results, some of them replaced."""
    norms, upper, lower, R, gap = spectral_bounds(kernels, x, margin, confidence, stride, padding, dilation, groups)
    if "norms" in new:
        upper = new["norms"].prod()
    if "complexity" in new and R > 0:
        n = len(x)
        Q = quantity(gap, n, confidence) * new["complexity"] / R
        gap = 2 * complexity_of(Q, n) + chance(n, 1 - confidence)
    values = dict(norms=norms, upper=upper, lower=lower, complexity=R, gap=gap) | new
    return tuple(values.values())


def complexity_of(Q, n):
    return 12 * Q / n * (1 + max(0.0, np.log(n / (3 * Q)))) if Q > 0 else 0.0


def quantity(gap, n, confidence):
    """Q, from the gap that it makes."""
    target, low, high = (gap - chance(n, 1 - confidence)) / 2, 0.0, 1e30
    for _ in range(300):
        middle = np.sqrt(low * high) if low else high * 1e-3
        low, high = (middle, high) if complexity_of(middle, n) < target else (low, middle)
    return high


@SPECTRAL.mutant(caught_by="norms-that-are-known, the-kernel-as-a-table-is-below, equals-definition")
def kernel_as_a_table(kernels, x, **given):
    """the norm of the kernel as a table O × Ikk′ for that of the layer"""
    return changed(kernels, x, **given, norms=np.array([np.linalg.norm(K.reshape(len(K), -1), 2) for K in kernels]))


@SPECTRAL.mutant(caught_by="the-kernel-as-a-table-is-below, norms-that-are-known")
def windows_all_overlap(kernels, x, **given):
    """the table's norm times √(kk′), a bound, for the norm"""
    norms = [np.linalg.norm(K.reshape(len(K), -1), 2) * np.sqrt(np.prod(K.shape[2:])) for K in kernels]
    return changed(kernels, x, **given, norms=np.array(norms))


@SPECTRAL.mutant(caught_by="norms-that-are-known, power-iteration-comes-from-below")
def frobenius(kernels, x, **given):
    """the root of the sum of all squares for the largest singular value"""
    return changed(
        kernels, x, **given, norms=spectral_bounds(kernels, x, **given)[0] * 0 + [np.linalg.norm(K) for K in kernels]
    )


@SPECTRAL.mutant(caught_by="power-iteration-comes-from-below, norms-that-are-known")
def one_step_of_power_iteration(kernels, x, **given):
    """one step of power iteration from a start of ones, dense layers"""
    norms = spectral_bounds(kernels, x, **given)[0].copy()
    for l, K in enumerate(kernels):
        if K.ndim == 2:
            v = K.T @ (K @ np.ones(K.shape[1]))
            norms[l] = np.linalg.norm(K @ v) / max(np.linalg.norm(v), 1e-300)
    return changed(kernels, x, **given, norms=norms)


@SPECTRAL.mutant(caught_by="norms-that-are-known")
def padding_forgotten(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    """norms without the border of zeros"""
    if not padding:
        return spectral_bounds(kernels, x, margin, confidence, stride, 0, dilation, groups)
    pad = [K.shape[2] <= x.shape[-2] and K.shape[3] <= x.shape[-1] and dilation == 1 for K in kernels if K.ndim == 4]
    if not all(pad) or len(kernels) > 1:
        return spectral_bounds(kernels, x, margin, confidence, stride, padding, dilation, groups)
    return spectral_bounds(kernels, x, margin, confidence, stride, 0, dilation, groups)


@SPECTRAL.mutant(caught_by="norms-that-are-known, equals-definition")
def dilation_forgotten(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    """neighbouring taps, whatever the dilation"""
    return spectral_bounds(kernels, x, margin, confidence, stride, padding, 1, groups)


@SPECTRAL.mutant(caught_by="norms-that-are-known")
def first_group_only(kernels, x, margin=1.0, confidence=0.95, stride=1, padding=0, dilation=1, groups=1):
    """the norm of the first group for that of all"""
    norms = spectral_bounds(kernels, x, margin, confidence, stride, padding, dilation, groups)[0].copy()
    if groups > 1:
        first, channels = kernels[0], x.shape[1] // groups
        part = first[: len(first) // groups]
        norms[0] = spectral_bounds((part,), x[:, :channels], 1.0, 0.5, stride, padding, dilation, 1)[0][0]
    return changed(kernels, x, margin, confidence, stride, padding, dilation, groups, norms=norms)


@SPECTRAL.mutant(
    caught_by="the-product-is-reached-or-missed, a-steep-activation-breaks-the-product, what-does-not-count"
)
def norms_added(kernels, x, **given):
    """the sum of the norms for their product"""
    return changed(kernels, x, **given, upper=spectral_bounds(kernels, x, **given)[0].sum())


@SPECTRAL.mutant(caught_by="the-product-is-reached-or-missed, no-pair-is-stretched-further, a-kink-is-no-slope")
def the_product_is_the_constant(kernels, x, **given):
    """the upper bound for the lower one, as if it were always reached"""
    return changed(kernels, x, **given, lower=spectral_bounds(kernels, x, **given)[1])


@SPECTRAL.mutant(caught_by="no-pair-is-stretched-further, the-product-is-reached-or-missed")
def the_found_is_the_bound(kernels, x, **given):
    """the steepest Jacobian found for the upper bound"""
    return changed(kernels, x, **given, upper=spectral_bounds(kernels, x, **given)[2])


@SPECTRAL.mutant(caught_by="no-pair-is-stretched-further, a-kink-is-no-slope")
def activations_ignored(kernels, x, **given):
    """the product of the matrices for the Jacobian, with all units on"""
    if any(K.ndim != 2 for K in kernels):
        return spectral_bounds(kernels, x, **given)
    J = kernels[0]
    for K in kernels[1:]:
        J = K @ J
    return changed(kernels, x, **given, lower=np.linalg.norm(J, 2))


@SPECTRAL.mutant(caught_by="no-pair-is-stretched-further, equals-definition")
def first_sample_only(kernels, x, **given):
    """the Jacobian at the first sample alone"""
    return changed(kernels, x, **given, lower=spectral_bounds(kernels, x[:1], **given)[2])


@SPECTRAL.mutant(caught_by="a-kink-is-no-slope")
def units_at_zero_are_on(kernels, x, **given):
    """slope 1 at 0"""
    if any(K.ndim != 2 for K in kernels):
        return spectral_bounds(kernels, x, **given)
    best = 0.0
    for row in x:
        h, J = row, np.eye(len(row))
        for K in kernels[:-1]:
            z = K @ h
            h, J = np.maximum(z, 0), (z >= 0)[:, None] * (K @ J)
        best = max(best, np.linalg.norm(kernels[-1] @ J, 2))
    return changed(kernels, x, **given, lower=best)


def complexity_with(kernels, x, rows, power=2 / 3, outer=1.5, **given):
    norms = spectral_bounds(kernels, x, **given)[0]
    others = np.array([np.delete(norms, l).prod() for l in range(len(norms))])
    return ((rows * others) ** power).sum() ** outer


@SPECTRAL.mutant(caught_by="rows-count-in-the-complexity, equals-definition")
def columns_for_rows(kernels, x, **given):
    """lengths of the columns for those of the rows: weights stored the other way round"""
    rows = np.array([np.sqrt((K.reshape(len(K), -1) ** 2).sum(0)).sum() for K in kernels])
    return changed(kernels, x, **given, complexity=complexity_with(kernels, x, rows, **given))


@SPECTRAL.mutant(caught_by="rows-count-in-the-complexity, equals-definition")
def frobenius_for_rows(kernels, x, **given):
    """the Frobenius norm for the sum of the rows' lengths"""
    rows = np.array([np.linalg.norm(K) for K in kernels])
    return changed(kernels, x, **given, complexity=complexity_with(kernels, x, rows, **given))


@SPECTRAL.mutant(caught_by="rows-count-in-the-complexity, equals-definition")
def product_alone(kernels, x, **given):
    """R without the rows: the product of the norms"""
    return changed(kernels, x, **given, complexity=spectral_bounds(kernels, x, **given)[1])


@SPECTRAL.mutant(caught_by="rows-count-in-the-complexity, equals-definition")
def layers_added(kernels, x, **given):
    """the layers' terms added without the powers 2/3 and 3/2"""
    rows = np.array([np.sqrt((K.reshape(len(K), -1) ** 2).sum(1)).sum() for K in kernels])
    if any(K.ndim != 2 for K in kernels):
        return spectral_bounds(kernels, x, **given)
    return changed(kernels, x, **given, complexity=complexity_with(kernels, x, rows, 1.0, 1.0, **given))


@SPECTRAL.mutant(caught_by="what-does-not-count, the-gap-is-an-integral-at-its-best, equals-definition")
def margin_forgotten(kernels, x, margin=1.0, **given):
    """the gap for a margin of 1, whatever is asked for"""
    return spectral_bounds(kernels, x, 1.0, **given)


def gap_with(kernels, x, factor=1.0, **given):
    """The gap with Q times a factor."""
    gap, n, confidence = spectral_bounds(kernels, x, **given)[4], len(x), given.get("confidence", 0.95)
    return 2 * complexity_of(factor * quantity(gap, n, confidence), n) + chance(n, 1 - confidence)


@SPECTRAL.mutant(caught_by="the-gap-is-an-integral-at-its-best, one-sample-counted-often")
def covers_not_rounded(kernels, x, **given):
    """Q without √2: covering numbers that are not rounded up"""
    return changed(kernels, x, **given, gap=gap_with(kernels, x, np.sqrt(0.5), **given))


@SPECTRAL.mutant(caught_by="the-gap-is-an-integral-at-its-best, one-sample-counted-often, it-covers-the-linear-class")
def no_entropy_integral(kernels, x, **given):
    """√(ln N(1))/n for the complexity: Q/n in place of the integral over the radii"""
    gap, n, confidence = spectral_bounds(kernels, x, **given)[4], len(x), given.get("confidence", 0.95)
    part = chance(n, 1 - confidence)
    return changed(kernels, x, **given, gap=2 * quantity(gap, n, confidence) / n + part)


@SPECTRAL.mutant(
    caught_by="one-sample-counted-often, features-chosen-afterwards, the-gap-is-an-integral-at-its-best, vacuous-for-few-samples"
)
def chance_alone(kernels, x, **given):
    """the part of chance alone, as if the class held one function"""
    return changed(kernels, x, **given, gap=chance(len(x), 1 - given.get("confidence", 0.95)))


@SPECTRAL.mutant(caught_by="the-gap-is-an-integral-at-its-best, equals-definition")
def no_chance(kernels, x, **given):
    """the complexity alone, as if the bound held without a probability"""
    gap = spectral_bounds(kernels, x, **given)[4]
    return changed(kernels, x, **given, gap=gap - chance(len(x), 1 - given.get("confidence", 0.95)))


SPECTRAL.erratum(
    "E268",
    common="The spectral norm of a convolutional layer is that of its kernel reshaped into a matrix (code for spectral normalisation)",
    why=r"An input lies in several windows, and the layer adds up over them: nine ones have norm 3 as a table, and on 12 × 12 pixels the layer stretches by more than 8.1. Dividing by the table's norm leaves layers that still expand.",
    right=r"Take the norm of the linear map, by power iteration with the layer and its transpose; without padding, dilation and groups it lies between the table's norm and $\sqrt{\lceil k/S\rceil\lceil k'/S\rceil}$ times it",
    claims="norms-that-are-known, the-kernel-as-a-table-is-below",
)
SPECTRAL.erratum(
    "E269",
    common="The Lipschitz constant of a network is the product of its layers' spectral norms (a common shortening)",
    why=r"It is a bound from above, and the directions of neighbouring layers need not meet: $k$ absolute values in a row have the constant 1 and the product $2^k$.",
    right=r"$\max_i\lVert J(x_i)\rVert_2\le\operatorname{Lip}f\le\prod_l\lVert A_l\rVert_2$ for activations of slope at most 1; equality where the layers' singular directions meet and the units on their way are on",
    claims="the-product-is-reached-or-missed, no-pair-is-stretched-further",
)
SPECTRAL.erratum(
    "E270",
    common="A layer divided by the norm that power iteration has found is 1-Lipschitz (code for spectral normalisation)",
    why=r"Power iteration comes from below: after one step from a random start it is more than 5 % short on average for a 30 × 30 matrix of normal numbers, and the layer expands by as much.",
    right=r"Its result is a lower bound of the norm. An upper bound comes from elsewhere: from the whole spectrum, from a norm that is no smaller, such as $\lVert A\rVert_F$, or from the probability that a random start misses the top direction",
    claims="power-iteration-comes-from-below",
)


@SPECTRAL.figure(
    width=Slider(4, 32, 12, "units of a layer", integer=True),
    gain=Slider(0.5, 2.0, 1.0, "size of the weights"),
    taps=Slider(2, 9, 5, "taps of the kernel", integer=True),
)
def figure(width, gain, taps):
    rng = np.random.default_rng(8)
    depths = np.arange(1, 9)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    kernels = random_net(rng, *[int(width)] * 9)
    x = rng.standard_normal((60, int(width)))
    found = [spectral_bounds([gain * K for K in kernels[:d]], x)[1:3] for d in depths]
    a, b = rng.standard_normal((2, 200, int(width)))
    secants = []
    for d in depths:
        layers = [gain * K for K in kernels[:d]]
        secants.append((np.linalg.norm(net(layers, a) - net(layers, b), axis=1) / np.linalg.norm(a - b, axis=1)).max())
    left.semilogy(depths, [f[0] for f in found], color=COLOURS[0], label="product of norms")
    left.semilogy(depths, [f[1] for f in found], color=COLOURS[1], label="steepest Jacobian")
    left.semilogy(depths, secants, color=COLOURS[2], ls="--", label="steepest secant")
    left.set(xlabel="layers", ylabel="stretching")
    left.legend(fontsize=9.5, frameon=False)
    k = int(taps)
    sizes = np.arange(k, 41)
    norms = [spectral_bounds((np.ones((1, 1, 1, k)),), np.ones((1, 1, 1, s)))[0][0] for s in sizes[::3]]
    right.plot(sizes[::3], norms, color=COLOURS[0], label="layer")
    right.axhline(np.sqrt(k), color=COLOURS[3], label="kernel as a table")
    right.axhline(k, color="0.4", ls="--", label=r"table times $\sqrt{k}$")
    right.set(xlabel="pixels in a row", ylabel="spectral norm", ylim=(0, 1.6 * k))
    right.legend(fontsize=9.5, frameon=False, loc="upper left")
    upper, lower = found[-1]
    words = Text(
        f"Random ReLU layers of {int(width)} units: after {depths[-1]} of them the product of the spectral norms is {upper:.3g}, the steepest of 60 Jacobians {lower:.3g}, the steepest of 200 secants {secants[-1]:.3g}. "
        f"A kernel of {k} ones has norm {np.sqrt(k):.3g} as a table, but the layer stretches by up to {norms[-1]:.3g} on a row of {sizes[::3][-1]} pixels.",
        f"每层 {int(width)} 个单元的随机 ReLU 网络：{depths[-1]} 层之后，谱范数之积为 {upper:.3g}，60 个雅可比矩阵中最陡的为 {lower:.3g}，200 条割线中最陡的为 {secants[-1]:.3g}。"
        f"由 {k} 个 1 组成的核，作为表格范数为 {np.sqrt(k):.3g}，而该层在一行 {sizes[::3][-1]} 个像素上可拉伸至 {norms[-1]:.3g} 倍。",
    )
    return Drawing(fig, words)
