"""Convolution: discrete, in one and two dimensions."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(conv2d, f, g):
    # The framework's layer does not flip; a sequence is an image of height 1.
    image, kernel = (f.reshape(1, 1, -1, f.shape[-1]), g.flip(tuple(range(g.dim()))).reshape(1, 1, -1, g.shape[-1]))
    if f.dim() != g.dim() or f.dim() > 2:
        raise ValueError(f"expected two sequences or two images, got shapes {tuple(f.shape)} and {tuple(g.shape)}")
    y = conv2d(image, kernel, padding=(kernel.shape[-2] - 1, kernel.shape[-1] - 1))[0, 0]
    return y.reshape(y.shape[-f.dim() :])


CONVOLUTION = Concept(
    key="convolution",
    kind="definition",
    title="Convolution",
    summary="Every value of f is spread out in the shape of g, and what overlaps is added. It is the product of "
    "polynomials, the distribution of a sum of independent variables, and every linear map of finitely supported "
    "sequences that commutes with shifts.",
    formulas=(
        r"(f*g)_n=\sum_{m}f_m\,g_{n-m},\qquad (f*g)_{ij}=\sum_{m}\sum_{n}f_{mn}\,g_{i-m,\,j-n}",
        r"(f\star g)_n=\sum_{m}f_{n+m}\,g_m=(f*\tilde g)_n,\qquad \tilde g_m=g_{-m}",
        r"\widehat{f*g}=\hat f\cdot\hat g,\qquad (f*g)(t)=\int f(\tau)\,g(t-\tau)\,d\tau",
    ),
    symbols=(
        Symbol("f", "f", "n p", "a sequence or an image, 0 outside"),
        Symbol("g", "g", "m q", "another one, the kernel"),
        Symbol(
            "n",
            "",
            "",
            "position in the result, which has along each axis one entry less than f and g together",
            "index",
        ),
        Symbol(r"\star", "", "", "cross-correlation", "other"),
        Symbol(r"\tilde g", "", "m q", "g flipped along every axis"),
        Symbol(r"\hat f", "", "", "Fourier transform", "other"),
    ),
    needs=("matrix-product",),
    source="oppenheim2010discrete",
    year=1822,
    people=("Pierre-Simon Laplace", "Joseph Fourier", "Siméon Denis Poisson"),
    aliases="conv, cross-correlation, convolution theorem, FFT convolution, filter, 卷积运算, 互相关, 卷积定理, 滤波",
    implementations=(
        Implementation("scipy.signal:convolve", "numpy"),
        Implementation("scipy.signal:fftconvolve", "numpy"),
        Implementation("torch.nn.functional:conv2d", "torch", _torch, "with the kernel flipped"),
    ),
    readings="oppenheim2010discrete §2.3; goodfellow2016deep §9.1; dumoulin2016guide",
    hypotheses=(
        Hypothesis(
            "only convolutions commute with shifts: sequences of which finitely many entries are not 0",
            "a-limit-is-no-convolution",
        ),
        Hypothesis("the theorem by DFT: both padded to the length of the result", "wraps-around"),
        Hypothesis("the sum of two variables: they are independent", "distribution-of-a-sum"),
    ),
    conventions=(
        Convention(
            "is the kernel flipped",
            "yes, as in mathematics, SciPy and NumPy",
            "no in the layers of PyTorch, JAX, TensorFlow and ONNX, which call cross-correlation “convolution”",
        ),
        Convention(
            "which part of the result",
            "full, n+m−1 entries",
            "also `same` (n entries, the middle) and `valid` (only where g lies inside f)",
        ),
    ),
    nonfinite="nan",
)


@CONVOLUTION.definition
def convolve(f, g):
    y = np.zeros(np.add(f.shape, g.shape) - 1, np.result_type(f, g))
    for m in np.ndindex(f.shape):
        for k in np.ndindex(g.shape):
            y[tuple(np.add(m, k))] += f[m] * g[k]  # n = m + k, so that k = n − m
    return y


@CONVOLUTION.example
def example():
    f, g = np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.0])
    y = convolve(f, g)
    circular = np.fft.ifft(np.fft.fft(f) * np.fft.fft(g, 3)).real.round(12)
    smooth = convolve(np.array([0.0, 0.0, 6.0, 6.0]), np.full(3, 1 / 3))
    return (
        dict(f=f, g=g, y=y)
        | dict(rows=np.array([[3.0, 1.0, 0.0, 0.0], [0.0, 6.0, 2.0, 0.0], [0.0, 0.0, 12.0, 4.0]]))
        | dict(swapped=convolve(g, f), correlation=convolve(f, g[::-1]), circular=circular)
        | dict(product=(y * 10.0 ** np.arange(4)).sum(), smooth=smooth, later=convolve(np.append(0.0, f), g))
        | dict(T=np.stack([convolve(e, g) for e in np.eye(3)], -1))
    )


@CONVOLUTION.exercise
def two_dice():
    total = convolve(np.full(4, 1 / 4), np.full(6, 1 / 6))
    return number(total[4 - 2], order_ignored=2 / 24, of_the_sums=1 / 9, counted_from_zero=total[4])


@CONVOLUTION.exercise
def too_short_a_transform():
    rng = np.random.default_rng(0)
    f, g = rng.standard_normal(1000), rng.standard_normal(100)
    right, wrapped = convolve(g, f)[:1000], np.fft.ifft(np.fft.fft(f) * np.fft.fft(g, 1000)).real
    wrong = np.flatnonzero(np.abs(right - wrapped) > 1e-6)
    first = wrong.size > 0 and wrong.min() == 0 and wrong.max() == 98
    return choice(
        none=wrong.size == 0,
        first_ones=first,
        last_ones=wrong.size > 0 and wrong.min() > 500,
        all_of_them=wrong.size == 1000,
    )


@CONVOLUTION.exercise
def a_kernel_of_two_factors():
    row = np.exp(-((np.arange(15) - 7.0) ** 2) / 8)
    kernel = convolve(row[:, None], row[None, :])
    return number(kernel.size / (2 * row.size), one_pass=kernel.size / row.size, square_of_it=kernel.size)


@CONVOLUTION.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "sequences", dict(f=normal(9), g=normal(4))
    yield "kernel longer than the signal", dict(f=normal(3), g=normal(7))
    yield "images", dict(f=normal(5, 6), g=normal(3, 2))
    yield "unit impulse", dict(f=normal(6), g=np.array([1.0]))
    yield "one pixel", dict(f=normal(1, 1), g=normal(1, 1))
    yield "cancelling", dict(f=np.array([1e8, 1.0, -1e8]), g=np.array([1.0, 1.0, 1.0]))
    yield "long", dict(f=normal(1500), g=normal(2))
    yield "squares", dict(f=normal(4, 4), g=normal(3, 3))


@CONVOLUTION.invalid
def invalid(rng):
    yield "a sequence with an image", dict(f=np.ones(4), g=np.ones((2, 2)))


def integers(rng, *shape):
    """Small whole numbers, on which sums of products are exact."""
    return rng.integers(-9, 10, shape).astype(float)


def exact(got, want):
    """Sums of whole numbers: exact when added one by one, rounded when the route is a Fourier transform."""
    return roundoff(got, want, terms=8)


@CONVOLUTION.claim
def commutative(convolve, rng):
    """Commutative: $f*g=g*f$"""
    pairs = [((12,), (5,)), ((6, 5), (3, 4))]
    drawn = [(rng.standard_normal(a), rng.standard_normal(b)) for a, b in pairs]
    return all_of(*[invariance(convolve(f, g), convolve(g, f), terms=g.size) for f, g in drawn])


@CONVOLUTION.claim
def associative(convolve, rng):
    """Associative: $(f*g)*h=f*(g*h)$"""

    def one(*shapes):
        f, g, h = (rng.standard_normal(s) for s in shapes)
        return invariance(convolve(convolve(f, g), h), convolve(f, convolve(g, h)), terms=g.size + h.size)

    return all_of(one((10,), (4,), (6,)), one((5, 4), (2, 3), (3, 2)))


@CONVOLUTION.claim
def bilinear(convolve, rng):
    """Linear in each factor: $(af+g)*h=a(f*h)+g*h$"""
    f, g, h = integers(rng, 8), integers(rng, 8), integers(rng, 3)
    left = exact(convolve(3 * f + g, h), 3 * convolve(f, h) + convolve(g, h))
    return all_of(left, exact(convolve(h, 3 * f + g), 3 * convolve(h, f) + convolve(h, g)))


@CONVOLUTION.claim
def impulse_shifts(convolve, rng):
    r"""The unit impulse is the unit: $f*\delta=f$; an impulse at k shifts by k"""
    f = integers(rng, 4, 5)
    delta = np.zeros((3, 4))
    delta[2, 1] = 1
    return exact(convolve(f, delta), np.pad(f, ((2, 0), (1, 2))))


@CONVOLUTION.claim
def commutes_with_shifts(convolve, rng):
    """Shifts pass through: delaying f by k delays $f*g$ by k"""
    f, g = integers(rng, 7), integers(rng, 4)
    late = [exact(convolve(np.pad(f, (k, 0)), g), np.pad(convolve(f, g), (k, 0))) for k in (1, 2, 5)]
    return all_of(*late)


@CONVOLUTION.claim
def only_convolutions_commute_with_shifts(convolve, rng):
    r"""A linear map of finitely supported sequences that commutes with shifts is the convolution with its answer to an impulse: third differences,
    computed as differences, are $f*(1,-3,3,-1)$"""

    def third_differences(f):
        return np.diff(np.pad(f, 3), n=3)

    f, impulse = integers(rng, 9), third_differences(np.array([1.0]))
    return all_of(identical(impulse, [1, -3, 3, -1]), exact(convolve(f, impulse), third_differences(f)))


@CONVOLUTION.claim
def a_limit_is_no_convolution(convolve, rng):
    r"""On two-sided sequences that have a limit to the right, $Lf=(\lim f)\,(\dots,1,1,1,\dots)$ is linear and commutes with
    shifts; its answer to the impulse is 0, to $(\dots,1,1,1,\dots)$ it is not (Sandberg)"""

    def limit(f):  # of a sequence that stays at its first entry to the left of the window, at its last to the right
        return np.full(f.size, f[-1])

    def delayed(f):
        return np.append(f[0], f[:-1])

    f, g = (np.append(integers(rng, 9), [c, c, c]) for c in (2.0, -3.0))
    linear = identical(limit(2 * f + g), 2 * limit(f) + limit(g))
    shifts = identical(limit(delayed(f)), delayed(limit(f)))
    ones, impulse = np.ones(12), np.append(0.0, np.append(1.0, np.zeros(10)))
    response = limit(impulse)
    return all_of(linear, shifts, exact(convolve(ones, response)[:12], 0 * ones), identical(limit(ones), ones))


@CONVOLUTION.claim
def convolution_theorem(convolve, rng):
    r"""Convolution theorem: $\mathrm{DFT}(f*g)=\mathrm{DFT}(f)\cdot\mathrm{DFT}(g)$ once both are padded to the length
    of the result"""

    def one(a, b):
        f, g = rng.standard_normal(a), rng.standard_normal(b)
        size = tuple(np.add(a, b) - 1)
        want = np.fft.fftn(f, size) * np.fft.fftn(g, size)
        return roundoff(np.fft.fftn(convolve(f, g)), want, terms=int(np.log2(np.prod(size))) + g.size)

    return all_of(one((20,), (7,)), one((6, 7), (3, 4)))


@CONVOLUTION.claim
def toeplitz_matrix(convolve, rng):
    """It is a product with a Toeplitz matrix: $f*g=Tf$, $T_{nm}=g_{n-m}$, the same number along each diagonal"""
    from scipy.linalg import toeplitz

    f, g = rng.standard_normal(8), rng.standard_normal(5)
    T = toeplitz(np.pad(g, (0, f.size - 1)), np.zeros(f.size))  # (12, 8)
    columns = np.stack([convolve(e, g) for e in np.eye(f.size)], -1)
    return all_of(roundoff(columns, T, terms=4), roundoff(convolve(f, g), T @ f, terms=5))


@CONVOLUTION.claim
def product_of_polynomials(convolve, rng):
    """Polynomials are multiplied by convolving their coefficients: $(1+x)^{12}$ gives the binomial coefficients"""
    from math import comb

    y = np.array([1.0])
    for _ in range(12):
        y = convolve(y, np.array([1.0, 1.0]))
    return exact(y, [comb(12, k) for k in range(13)])


@CONVOLUTION.claim
def distribution_of_a_sum(convolve, rng):
    """The distribution of a sum of independent variables is the convolution of their distributions, and variances add;
    of a variable and itself they do not"""
    p, q = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(9))

    def moments(p):
        k = np.arange(p.size)
        mean = (p * k).sum()
        return np.array([p.sum(), mean, (p * (k - mean) ** 2).sum()])

    together = moments(convolve(p, q))
    want = moments(p) + moments(q) - np.array([1.0, 0.0, 0.0])
    k = np.arange(6)
    double = (p * (2 * k - 2 * (p * k).sum()) ** 2).sum()  # of X + X
    own = moments(convolve(p, p))[2]
    return all_of(roundoff(together, want, terms=14, scale=14.0**2), roundoff(double / own, 2.0, terms=14, scale=36.0))


@CONVOLUTION.claim
def youngs_inequality(convolve, rng):
    r"""Young's inequality: $\|f*g\|_2\le\|f\|_1\|g\|_2$"""

    def ratio(f, g):
        return np.linalg.norm(convolve(f, g)) / (np.abs(f).sum() * np.linalg.norm(g))

    drawn = [ratio(rng.standard_normal(3), rng.standard_normal(6)) for _ in range(20)]
    return bound(max(*drawn, ratio(np.array([0.0, 2.0, 0.0]), rng.standard_normal(5))), 1.0)


@CONVOLUTION.claim
def continuous_limit(convolve, rng):
    r"""Continuous limit: $h\sum_m f(mh)g(x-mh)\to\int f(t)g(x-t)\,dt$; for $f=g=e^{-t}$, $t\ge0$, that is $xe^{-x}$,
    with error of order h"""
    x, steps = 1.0, [1 / 4, 1 / 8, 1 / 16, 1 / 32]
    errors = []
    for h in steps:
        f = np.exp(-h * np.arange(int(x / h) + 1))
        errors.append(abs(h * convolve(f, f)[int(x / h)] - x * np.exp(-x)))
    return all_of(rate(steps, errors, 1.0, 1e-9), roundoff(errors, np.array(steps) * np.exp(-x), terms=33, scale=1.0))


@CONVOLUTION.claim
def layers_do_not_flip(convolve, rng):
    """A convolutional layer is cross-correlation: on (1, 2, 3) and (0, 1, 2) frameworks give 2, 5, 8, 3, 0,
    convolution gives 0, 1, 4, 7, 6; they differ by a flip"""
    import torch

    def layer(f, g):
        f, g = torch.from_numpy(f)[None, None], torch.from_numpy(g.copy())[None, None]
        return torch.nn.functional.conv1d(f, g, padding=g.shape[-1] - 1)[0, 0].numpy()

    f, g = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0])
    without = identical(layer(f, g), [2, 5, 8, 3, 0])
    return all_of(without, exact(convolve(f, g), [0, 1, 4, 7, 6]), exact(convolve(f, g[::-1]), layer(f, g)))


@CONVOLUTION.mutant(
    caught_by="commutative, associative, layers-do-not-flip, toeplitz-matrix, only-convolutions-commute-with-shifts"
)
def no_flip(f, g):
    """cross-correlation: no flip"""
    return convolve(f, np.flip(g))


@CONVOLUTION.mutant(caught_by="convolution-theorem, impulse-shifts, product-of-polynomials, commutes-with-shifts")
def wraps_around(f, g):
    """circular: what leaves at the end comes back at the start"""
    size = np.maximum(f.shape, g.shape)
    return np.fft.ifftn(np.fft.fftn(f, size) * np.fft.fftn(g, size)).real


@CONVOLUTION.mutant(caught_by="distribution-of-a-sum, equals-definition")
def cropped(f, g):
    """cropped to the middle, mass lost"""
    cut = tuple(slice((k - 1) // 2, (k - 1) // 2 + n) for n, k in zip(f.shape, g.shape, strict=True))
    return convolve(f, g)[cut]


@CONVOLUTION.mutant(caught_by="continuous-limit, toeplitz-matrix")
def last_tap_forgotten(f, g):
    """the last tap of the kernel is forgotten"""
    shorter = g.copy()
    shorter[(-1,) * g.ndim] = 0
    return convolve(f, shorter)


@CONVOLUTION.mutant(caught_by="bilinear, commutative, a-limit-is-no-convolution")
def kernel_normalised(f, g):
    """the kernel is rescaled to sum to 1"""
    return convolve(f, g / g.sum())


@CONVOLUTION.mutant(caught_by="youngs-inequality, distribution-of-a-sum")
def counted_twice(f, g):
    """the overlap is counted twice"""
    return 2 * convolve(f, g)


CONVOLUTION.erratum(
    "E14",
    common=r"The convolution in a CNN is $\sum_{m,n}f(m,n)\,g(i-m,j-n)$ (a common slip)",
    why="That is the convolution of mathematics. No deep-learning framework in use today flips the kernel (Theano's "
    "layer did, unless told otherwise): fed the same numbers, a layer gives 2, 5, 8, 3, 0 where the formula gives 0, 1, 4, 7, 6. A learnt kernel does not care; one that is carried over, "
    "or compared, does.",
    right=r"A layer computes cross-correlation, $\sum_{m,n}f(i+m,j+n)\,w(m,n)=(f*\tilde w)(i,j)$",
    claims="layers-do-not-flip",
)


@CONVOLUTION.figure(
    position=Slider(0, 22, 9, "position n", integer=True), decay=Slider(0.4, 0.95, 0.75, "decay of the kernel per step")
)
def figure(position, decay):
    n = int(position)
    f = np.array([0, 0, 1, 1, 1, 1, 0, 0, 0, 0.6, 0.0, 0, 0, 0, 0], float)
    g = decay ** np.arange(9.0)
    y, z = convolve(f, g), convolve(f, g[::-1])
    fig, (left, right) = canvas(rows=2, width=6.8, height=4.4)
    m = np.arange(-8, 24)
    slid = np.where((n - m >= 0) & (n - m < g.size), g[np.clip(n - m, 0, g.size - 1)], 0.0)  # g_{n−m} against m
    signal = np.where((m >= 0) & (m < f.size), f[np.clip(m, 0, f.size - 1)], 0.0)
    left.bar(m, signal, width=0.9, color="#BFD9EA", label=r"$f_m$")
    left.plot(m, slid, "o-", ms=4, color=COLOURS[1], label=r"$g_{n-m}$: flipped, moved to n")
    left.bar(m, signal * slid, width=0.5, color=COLOURS[2], label="their product")
    left.set(xlabel="m", xlim=(-8.5, 23.5), ylim=(0, 1.3), title=f"n = {n}")
    left.legend(frameon=False, fontsize=9.5, ncols=3, loc="upper right")
    k = np.arange(y.size)
    right.plot(k, y, "o-", ms=4, label=r"convolution $(f*g)_n$")
    right.plot(k - (g.size - 1), z, "s--", ms=3, color=COLOURS[6], label=r"cross-correlation $(f\star g)_n$")
    right.plot(n, y[n], "o", ms=10, color=COLOURS[2])
    right.set(xlabel="n", xlim=(-8.5, 23.5), ylim=(0, 1.25 * y.max()))
    right.legend(frameon=False, fontsize=9.5, ncols=2, loc="upper right")
    peak, other = int(y.argmax()), int(z.argmax()) - (g.size - 1)
    words = Text(
        f"Above, the kernel flipped and moved to n = {n}; the products under it add up to {y[n]:.3f}, the marked point "
        f"below. Convolution trails after the signal (peak at {peak}); cross-correlation runs ahead of it (peak at {other}).",
        f"上图：翻转并移到 n = {n} 的卷积核；其下各乘积之和为 {y[n]:.3f}，即下图标出的点。卷积拖在信号之后（峰值在 {peak}），互相关则在信号之前（峰值在 {other}）。",
    )
    return Drawing(fig, words)
