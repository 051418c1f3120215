"""The convolutional layer."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import ON_DARK, ON_LIGHT, canvas
from gradus.page.pictures import THREE


def _torch(conv2d, x, w, b, stride, padding, dilation, groups):
    lead = x.shape[:-3]
    y = conv2d(x.reshape(lead.numel(), *x.shape[-3:]), w, b, stride, padding, dilation, groups)
    return y.reshape(*lead, *y.shape[1:])


CONV_LAYER = Concept(
    key="conv-layer",
    kind="layer",
    title="Convolutional layer",
    summary="One small set of weights is laid over every place of the image: each output is the weighted sum of a "
    "window. Few weights, local, and equivariant: what is shifted in the input is shifted in the output.",
    formulas=(
        r"y_{o,i,j}=b_o+\sum_{c=0}^{C-1}\sum_{k=0}^{K-1}\sum_{l=0}^{L-1}w_{o,c,k,l}\;x_{c+C\lfloor oG/O\rfloor,\;si+dk-p,\;sj+dl-p}",
        r"H'=\left\lfloor\frac{H+2p-d(K-1)-1}{s}\right\rfloor+1",
        r"\langle \operatorname{conv}(x),y\rangle=\langle x,\operatorname{conv}^{\mathsf T}(y)\rangle",
    ),
    symbols=(
        Symbol("x", "x", "... c h w", "input maps; 0 outside"),
        Symbol("w", "w", "o c k l", "kernels; c is the number of channels in a group"),
        Symbol("b", "b", "o", "bias, one number per output map"),
        Symbol("s", "stride", "", "stride: distance between windows", "natural"),
        Symbol("p", "padding", "", "padding: zeros on each side", "natural"),
        Symbol("d", "dilation", "", "dilation: distance between the taps of a kernel", "natural"),
        Symbol("G", "groups", "", "groups of channels that do not see each other", "natural"),
        Symbol("O,\\ C", "", "", "output maps; input channels in a group", "natural"),
        Symbol("K,\\ L", "", "", "height and width of a kernel", "natural"),
        Symbol("H", "", "", "height of the input", "natural"),
        Symbol("y", "", "... o h2 w2", "output maps"),
        Symbol("H'", "", "", "height of the output, and likewise its width", "natural"),
    ),
    needs=("convolution", "neuron"),
    source="lecun1989backpropagation",
    year=1989,
    people=("Kunihiko Fukushima", "Yann LeCun"),
    aliases="CNN, convolutional neural network, convolutional network, ConvNet, Conv2d, convolution layer, "
    "stride, padding, receptive field, feature map, "
    "卷积神经网络, 卷积网络, 二维卷积, 步幅, 填充, 空洞卷积, 感受野, 特征图",
    implementations=(
        Implementation("torch.nn.functional:conv2d", "torch", _torch),
        Implementation("gradus.networks.convolution:im2col_convolution", "torch", note="one matrix product"),
        Implementation("gradus.networks.convolution:fft_convolution", "torch", note="by Fourier transform"),
    ),
    readings="dumoulin2016guide §2, §4; goodfellow2016deep §9.1–9.5; cs231n Convolutional Neural Networks",
    hypotheses=(
        Hypothesis("equivariance: no window meets a border", "borders-break-equivariance"),
        Hypothesis("equivariance: the shift is a multiple of the stride", "stride-breaks-other-shifts"),
        Hypothesis("two layers are one: no padding and no activation between", "two-of-3x3-are-one-of-5x5"),
    ),
    conventions=(
        Convention("is the kernel flipped", "no, as in every framework in use", "yes in mathematics, and in Theano"),
        Convention(
            "`same` padding with a stride above 1",
            "left to the caller: the same number of zeros on both sides",
            "ONNX's SAME_UPPER (TensorFlow's) puts the odd zero at the end, SAME_LOWER at the beginning; PyTorch "
            "refuses it",
        ),
    ),
    deviations="The size is rounded down: the last rows of the input may be used by no window.",
    proof=Proof(
        r"(Only convolutions are equivariant.) On maps without border let $T$ be linear and commute with all shifts "
        r"$S_m$, and $g=T\delta$ its answer to a single 1. A map of which finitely many pixels are not 0 is "
        r"$x=\sum_m x_mS_m\delta$, so $Tx=\sum_m x_mS_mg$: the convolution with $g$, that is the cross-correlation with "
        r"the flipped $g$."
    ),
    nonfinite="nan",
)


@CONV_LAYER.definition
def conv_layer(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    s, p, d = stride, padding, dilation
    O, C, K, L = w.shape
    if x.shape[-3] != C * groups or O % groups or b.shape != (O,):
        raise ValueError("channels, groups and bias do not fit")
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(p, p), (p, p)])
    H = (x.shape[-2] - d * (K - 1) - 1) // s + 1
    W = (x.shape[-1] - d * (L - 1) - 1) // s + 1
    if H < 1 or W < 1:
        raise ValueError("the kernel is larger than the padded input")
    y = np.zeros((*x.shape[:-3], O, H, W), np.result_type(x, w, b))
    for o in range(O):
        first = o // (O // groups) * C  # the first channel that map o sees
        for i in range(H):
            for j in range(W):
                rows, columns = s * i + d * np.arange(K), s * j + d * np.arange(L)
                window = x[..., first : first + C, rows[:, None], columns]  # (..., C, K, L)
                y[..., o, i, j] = b[o] + (w[o] * window).sum((-3, -2, -1))
    return y


@CONV_LAYER.example
def example():
    x = np.array([[[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 1.0, 2.0], [0.0, 3.0, 4.0, 5.0]]])
    w, b = np.array([[[[-1.0, 1.0], [-1.0, 1.0]]]]), np.array([0.5])
    y = conv_layer(x, w, b)
    units = np.eye(x.size).reshape(-1, *x.shape)  # one pixel each: the answers are the columns of the linear map
    dx = (conv_layer(units, w, b) - b[0])[:, 0, 1, 1].reshape(x.shape[1:])
    two = np.arange(9.0).reshape(3, 3) + np.arange(2.0)[:, None, None]
    two_kernels = np.arange(4.0).reshape(2, 2) + np.arange(2.0)[:, None, None]
    shares = [(two[c, :2, :2] * two_kernels[c]).sum() for c in (0, 1)]
    summed = conv_layer(two, two_kernels[None], np.zeros(1))[0]
    return (
        dict(x=x, w=w, b=b, map=x[0], kernel=w[0, 0], bias=b[0], y=y[0], window=x[0, 1:, 1:3])
        | dict(true_convolution=conv_layer(x, w[..., ::-1, ::-1], b)[0])
        | dict(strided=conv_layer(x, w, b, stride=2)[0], padded=conv_layer(x, w, b, padding=1)[0])
        | dict(weights=w.size + b.size, dense=x.size * y.size + y.size, dx=dx, two=two)
        | dict(two_kernels=two_kernels, summed=summed, shares=shares)
    )


@CONV_LAYER.exercise
def columns_of_the_output():
    y = conv_layer(np.zeros((1, 224, 224)), np.zeros((1, 1, 7, 7)), np.zeros(1), stride=2, padding=3)
    return number(y.shape[-1], rounded_up=-(-(224 + 6 - 7) // 2) + 1, no_padding=(224 - 7) // 2 + 1, tolerance=1e-6)


@CONV_LAYER.exercise
def weights_of_a_layer():
    return number(
        64 * 3 * 3 * 3 + 64,
        no_bias=64 * 3 * 3 * 3,
        one_channel=64 * 3 * 3 + 64,
        with_places=(64 * 27 + 64) * 32 * 32,
        tolerance=1e-6,
    )


@CONV_LAYER.exercise
def shifted_by_one():
    x = np.random.default_rng(0).standard_normal((1, 8, 8))
    w, b = np.random.default_rng(1).standard_normal((1, 1, 3, 3)), np.zeros(1)
    y = conv_layer(x, w, b, stride=2)
    moved = conv_layer(np.roll(x, 1, axis=-1), w, b, stride=2)
    same = np.allclose(moved[..., 1:], y[..., :-1])
    return choice(shifted=same, half=False, other=not same)


@CONV_LAYER.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    one = dict(x=np.array([[[1.0, 2.0, 3.0, 4.0]]]), w=np.ones((1, 1, 1, 1)), b=np.zeros(1))
    yield "one row", one
    yield "one row, strided", dict(one, stride=2)
    yield "one row, padded", dict(one, padding=1)
    yield "one row, dilated", dict(one, w=np.array([[[[1.0, 4.0]]]]), dilation=2)
    yield ("two channels apart", dict(x=np.array([[[1.0]], [[2.0]]]), w=np.ones((2, 1, 1, 1)), b=np.zeros(2), groups=2))
    yield "plain", dict(x=normal(2, 5, 4), w=normal(3, 2, 3, 2), b=normal(3))
    yield "padded, strided", dict(x=normal(2, 7, 8), w=normal(2, 2, 3, 3), b=normal(2), stride=2, padding=1)
    yield "dilated", dict(x=normal(1, 6, 5), w=normal(2, 1, 3, 3), b=normal(2), dilation=2, padding=1)
    yield "grouped", dict(x=normal(4, 4, 4), w=normal(6, 2, 3, 3), b=normal(6), groups=2)
    yield "depthwise", dict(x=normal(3, 4, 4), w=normal(3, 1, 2, 2), b=normal(3), groups=3, stride=2)
    yield "kernel of 1×1", dict(x=normal(3, 4, 4), w=normal(2, 3, 1, 1), b=normal(2), stride=3)
    yield "kernel as large as the input", dict(x=normal(2, 4, 3), w=normal(2, 2, 4, 3), b=normal(2))
    yield (
        "all at once",
        dict(x=normal(4, 9, 8), w=normal(2, 2, 2, 3), b=normal(2), stride=3, padding=2, dilation=2, groups=2),
    )
    yield "a batch", dict(x=normal(2, 1, 4, 4), w=normal(1, 1, 3, 3), b=normal(1), padding=1)


@CONV_LAYER.invalid
def invalid(rng):
    image, kernel, bias = np.ones((2, 5, 5)), np.ones((3, 2, 3, 3)), np.ones(3)
    yield "channels do not fit", dict(x=np.ones((4, 5, 5)), w=kernel, b=bias)
    yield "bias for another number of maps", dict(x=image, w=kernel, b=np.ones(2))
    yield "maps not divisible by the groups", dict(x=np.ones((4, 5, 5)), w=kernel, b=bias, groups=2)
    yield "stride 0", dict(x=image, w=kernel, b=bias, stride=0)


def integers(rng, *shape):
    """Small whole numbers, on which sums of products are exact."""
    return rng.integers(-9, 10, shape).astype(float)


def exact(got, want):
    """Sums of whole numbers: exact when added one by one, rounded when the route is a Fourier transform."""
    return roundoff(got, want, terms=8)


def matrix(conv, w, size, **options):
    """The layer without its bias as a matrix, column by column: its values on the images with a single 1."""
    units = np.eye(size * size).reshape(-1, 1, size, size)
    y = conv(units, w, np.zeros(len(w)), **options)
    return y.reshape(len(units), -1).T


def printed(x, W, b):
    """The form of E15: weights that depend on the output position, over the whole map; the bias depends on the row."""
    return np.einsum("kl,ijkl->ij", x, W) + b[:, None]


@CONV_LAYER.claim
def is_cross_correlation(conv, rng):
    """The kernel is not flipped: the layer computes cross-correlation (SciPy's, channel by channel)"""
    from scipy.signal import correlate2d

    x, w, b = rng.standard_normal((3, 7, 6)), rng.standard_normal((2, 3, 3, 2)), rng.standard_normal(2)
    want = [b[o] + sum(correlate2d(x[c], w[o, c], "valid") for c in range(3)) for o in range(2)]
    return roundoff(conv(x, w, b), np.array(want), terms=18)


@CONV_LAYER.claim
def output_size(conv, rng):
    r"""Output size $\lfloor(H+2p-d(K-1)-1)/s\rfloor+1$, over 144 settings"""
    tried = [
        (h, k, s, p, d) for h in (6, 7, 11) for k in (1, 2, 3) for s in (1, 2, 3, 4) for p in (0, 2) for d in (1, 2)
    ]
    got, want = [], []
    for h, k, s, p, d in tried:
        y = conv(np.zeros((1, h, h)), np.zeros((1, 1, k, k)), np.zeros(1), stride=s, padding=p, dilation=d)
        got.append(y.shape)
        want.append((1, *2 * ((h + 2 * p - d * (k - 1) - 1) // s + 1,)))
    return identical(np.array(got), np.array(want))


@CONV_LAYER.claim
def translation_equivariance(conv, rng):
    """Equivariant: the input shifted by s·t gives the output shifted by t, wherever no border is met"""
    w, b = integers(rng, 2, 1, 3, 3), integers(rng, 2)

    def one(s, t):
        x = integers(rng, 1, 14, 14)
        y, moved = conv(x, w, b, stride=s), conv(np.roll(x, (s * t, s * t), (-2, -1)), w, b, stride=s)
        return exact(moved[:, t:, t:], y[:, : y.shape[1] - t, : y.shape[2] - t])

    return all_of(one(1, 1), one(1, 3), one(2, 2), one(3, 1))


@CONV_LAYER.claim
def stride_breaks_other_shifts(conv, rng):
    """A stride of 2 passes shifts by multiples of 2 only: under a shift by 1 a single bright pixel is seen or missed by a kernel
    of 1×1"""
    x, w, b = np.zeros((1, 9, 9)), np.ones((1, 1, 1, 1)), np.zeros(1)
    x[0, 4, 4] = 1
    seen = [conv(np.roll(x, t, -1), w, b, stride=2).sum() for t in (0, 1, 2)]
    return exact(seen, np.array([1.0, 0.0, 1.0]))


@CONV_LAYER.claim
def borders_break_equivariance(conv, rng):
    """Zero padding lets the border be seen: with p = 1 and a 3×3 kernel of positive weights a positive map of 12 columns that
    is turned by one differs in columns 0, 1 and 11, where a window met the old or the new border, and nowhere else"""
    x, w, b = integers(rng, 1, 12, 12), 1 + np.abs(integers(rng, 1, 1, 3, 3)), np.zeros(1)
    x = np.abs(x) + 1  # no sum of products vanishes, so that a border is seen
    y, moved = conv(x, w, b, padding=1), conv(np.roll(x, 1, -1), w, b, padding=1)
    gap = np.abs(moved - np.roll(y, 1, -1)).max((0, 1))  # by column
    touched = np.array([0, 1, 11])  # the borders' own, 0 and 11, before the turn and after it
    inner = exact(np.delete(gap, touched), np.zeros(9))
    return all_of(inner, bound(gap[touched].min(), 1.0, "≥", Text("whole numbers that differ", "不相等的整数")))


@CONV_LAYER.claim
def weights_are_shared(conv, rng):
    """Weights are shared: as a matrix on a 6×6 image, padded by 1, a 3×3 layer has 1296 entries but only 9 different weights beside
    0, one per diagonal"""
    w = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    M = matrix(conv, w, 6, padding=1)
    size = near(M.size, 1296, 0.0, Text("6⁴", "6⁴"), "identical")
    rounded = np.round(M, 9)
    diagonals = [np.unique(rounded.diagonal(k)) for k in range(-35, 36)]
    each = identical(max(np.count_nonzero(d) for d in diagonals), 1)
    return all_of(size, exact(np.unique(rounded), np.arange(10.0)), each)


@CONV_LAYER.claim
def position_dependent_weights_are_dense(conv, rng):
    """A formula whose weights depend on the output position is the fully connected layer: on 6×6, 1296 weights for 9, and
    shifts do not in general pass through it"""
    W, x = rng.standard_normal((6, 6, 6, 6)), rng.standard_normal((6, 6))
    dense = roundoff(printed(x, W, np.zeros(6)).ravel(), W.reshape(36, 36) @ x.ravel(), terms=36)

    def error(layer):
        """Largest change of the inner outputs when the image, empty but for its middle, moves by one."""
        image = np.pad(x[1:4, 1:4], ((1, 2), (1, 2)))
        return np.abs(layer(np.roll(image, 1, -1))[1:5, 2:5] - layer(image)[1:5, 1:4]).max()

    w = rng.standard_normal((1, 1, 3, 3))
    ours = error(lambda image: conv(image[None], w, np.ones(1), padding=1)[0])
    theirs = error(lambda image: printed(image, W, np.ones(6)))
    seen = bound(theirs, 1.0, "≥", Text("errors of the size of the outputs themselves", "误差与输出本身同量级"))
    return all_of(dense, seen, roundoff(ours, 0.0, terms=9, scale=float(np.abs(x).max() * np.abs(w).max())))


@CONV_LAYER.claim
def bias_is_constant_over_a_map(conv, rng):
    """The bias is one number per map: on an empty image $y_{o,i,j}=b_o$ everywhere, in every row"""
    w, b = rng.standard_normal((3, 2, 3, 3)), rng.standard_normal(3)
    return identical(conv(np.zeros((2, 6, 6)), w, b, padding=1), np.broadcast_to(b[:, None, None], (3, 6, 6)))


@CONV_LAYER.claim
def three_routes_agree(conv, rng):
    """Direct sums, one matrix product of the windows (im2col) and Fourier transforms agree"""
    import torch

    from gradus.networks.convolution import fft_convolution, im2col_convolution

    x, w, b = rng.standard_normal((2, 4, 13, 12)), rng.standard_normal((6, 2, 5, 3)), rng.standard_normal(6)
    options = dict(stride=2, padding=2, dilation=2, groups=2)
    y = conv(x, w, b, **options)
    scale = float(np.abs(w).sum((1, 2, 3)).max() * np.abs(x).max())
    others = [
        route(*map(torch.from_numpy, (x, w, b)), **options).numpy() for route in (im2col_convolution, fft_convolution)
    ]
    return all_of(*[roundoff(y, z, terms=8, scale=scale) for z in others])


@CONV_LAYER.claim
def transposed_convolution_is_the_adjoint(conv, rng):
    r"""The transposed convolution is its adjoint: $\langle\operatorname{conv}(x),y\rangle=\langle
    x,\operatorname{conv}^{\mathsf T}(y)\rangle$"""
    import torch

    def one(s, p, d, groups, h):
        x, w = rng.standard_normal((4, h, h)), rng.standard_normal((6, 4 // groups, 3, 3))
        y = conv(x, w, np.zeros(6), stride=s, padding=p, dilation=d, groups=groups)
        v = rng.standard_normal(y.shape)
        rest = (h + 2 * p - d * 2 - 1) % s  # rows that no window reaches, and the transpose must put back
        back = torch.nn.functional.conv_transpose2d(
            *map(torch.from_numpy, (v, w)), None, s, p, output_padding=rest, groups=groups, dilation=d
        )
        return roundoff((y * v).sum(), (x * back.numpy()).sum(), terms=36, scale=float(np.abs(y * v).sum()))

    return all_of(one(1, 0, 1, 1, 6), one(2, 1, 1, 1, 8), one(1, 2, 2, 2, 7), one(3, 1, 1, 2, 9))


@CONV_LAYER.claim
def dilation_inserts_zeros(conv, rng):
    """Dilation is a kernel with zeros between its taps"""
    x, w, b = integers(rng, 2, 11, 11), integers(rng, 3, 2, 3, 3), integers(rng, 3)
    wide = np.zeros((3, 2, 7, 7))
    wide[..., ::3, ::3] = w
    return exact(conv(x, w, b, dilation=3), conv(x, wide, b))


@CONV_LAYER.claim
def stride_keeps_every_sth(conv, rng):
    """Stride s keeps every s-th output of stride 1"""
    x, w, b = integers(rng, 2, 10, 9), integers(rng, 3, 2, 3, 2), integers(rng, 3)
    return all_of(*[exact(conv(x, w, b, stride=s), conv(x, w, b)[:, ::s, ::s]) for s in (2, 3)])


@CONV_LAYER.claim
def groups_are_separate_layers(conv, rng):
    """Groups are separate layers side by side"""
    x, w, b = integers(rng, 6, 5, 5), integers(rng, 9, 2, 3, 3), integers(rng, 9)
    apart = [conv(x[2 * g : 2 * g + 2], w[3 * g : 3 * g + 3], b[3 * g : 3 * g + 3]) for g in range(3)]
    return exact(conv(x, w, b, groups=3), np.concatenate(apart))


@CONV_LAYER.claim
def two_of_3x3_are_one_of_5x5(conv, rng):
    """Two layers of 3×3 from one channel to one, without activation, padding or bias, are one of 5×5, whose kernel is the
    convolution of theirs; with padding the border differs"""
    from scipy.signal import convolve2d

    x, v, w, none = integers(rng, 1, 9, 9), integers(rng, 3, 3), integers(rng, 3, 3), np.zeros(1)
    twice = conv(conv(x, v[None, None], none), w[None, None], none)
    wide, edge = convolve2d(v, w)[None, None], dict(padding=1)
    padded = conv(conv(x, v[None, None], none, **edge), w[None, None], none, **edge) - conv(x, wide, none, padding=2)
    seen = bound(np.abs(padded).max(), 1.0, "≥", Text("whole numbers that differ", "不相等的整数"))
    return all_of(exact(twice, conv(x, wide, none)), exact(padded[:, 1:-1, 1:-1], np.zeros((1, 7, 7))), seen)


@CONV_LAYER.mutant(caught_by="is-cross-correlation, three-routes-agree, equals-definition")
def flipped_kernel(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """the kernel is flipped: mathematical convolution"""
    return conv_layer(x, w[..., ::-1, ::-1], b, stride, padding, dilation, groups)


@CONV_LAYER.mutant(
    caught_by="output-size, stride-keeps-every-sth, transposed-convolution-is-the-adjoint, stride-breaks-other-shifts"
)
def stride_ignored(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """stride ignored, also in the shape"""
    return conv_layer(x, w, b, 1, padding, dilation, groups)


@CONV_LAYER.mutant(caught_by="output-size")
def size_rounded_up(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """the size is rounded up: a window hangs over the edge"""
    h, q = (
        (n + 2 * padding - dilation * (k - 1) - 1) % stride for n, k in zip(x.shape[-2:], w.shape[-2:], strict=True)
    )
    more = [(0, 0)] * (x.ndim - 2) + [(0, (stride - r) % stride if r else 0) for r in (h, q)]
    return conv_layer(np.pad(x, more), w, b, stride, padding, dilation, groups)


@CONV_LAYER.mutant(
    caught_by="translation-equivariance, weights-are-shared, position-dependent-weights-are-dense, "
    "two-of-3x3-are-one-of-5x5"
)
def weights_per_position(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """weights per position, as in E15"""
    y = conv_layer(x, w, b, stride, padding, dilation, groups)
    fixed = b[:, None, None]
    own = 1 + np.arange(y.shape[-2] * y.shape[-1]).reshape(y.shape[-2:]) / 7
    return fixed + own * (y - fixed)


@CONV_LAYER.mutant(caught_by="bias-is-constant-over-a-map, equals-definition")
def bias_per_row(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """a bias per row"""
    y = conv_layer(x, w, 0 * b, stride, padding, dilation, groups)
    return y + np.resize(b, y.shape[-2])[:, None]


@CONV_LAYER.mutant(caught_by="weights-are-shared, equals-definition")
def padded_with_the_edge(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """padded with the edge's values, not with zeros"""
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2, mode="edge")
    return conv_layer(x, w, b, stride, 0, dilation, groups)


@CONV_LAYER.mutant(caught_by="borders-break-equivariance")
def padded_around(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """padded around: the image closes on itself"""
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2, mode="wrap")
    return conv_layer(x, w, b, stride, 0, dilation, groups)


@CONV_LAYER.mutant(caught_by="dilation-inserts-zeros, transposed-convolution-is-the-adjoint")
def dilation_in_the_shape_alone(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """dilation only in the shape"""
    wide = conv_layer(x, w, b, stride, padding, dilation, groups)
    return conv_layer(x, w, b, stride, padding, 1, groups)[..., : wide.shape[-2], : wide.shape[-1]]


@CONV_LAYER.mutant(caught_by="groups-are-separate-layers, three-routes-agree")
def groups_share_channels(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """every group sees the first channels"""
    return conv_layer(x[..., : w.shape[1], :, :], w, b, stride, padding, dilation, 1)


CONV_LAYER.erratum(
    "E13",
    common=r"$Y_{i,j,f}=\sum_{m,n,c}X_{i+m,j+n,c}\,K_{m,n,c,f}$, called convolution, and nothing else (a common slip)",
    why="It is cross-correlation, and it lacks the bias, the stride and the padding: where these are not 0, 1 and 0, "
    "neither the values nor the size of a layer's output can be computed from it.",
    right=r"$y_{o,i,j}=b_o+\sum_{c,k,l}w_{o,c,k,l}\,x_{c,si+dk-p,sj+dl-p}$ with $H'=\lfloor(H+2p-d(K-1)-1)/s\rfloor+1$",
    claims="is-cross-correlation, output-size, bias-is-constant-over-a-map",
)
CONV_LAYER.erratum(
    "E15",
    common=r"$y_{ij}=\sum_{k=1}^{K}\sum_{l=1}^{L}x_{kl}\,w_{kl}^{(i,j)}+b_i$, with k and l over the whole map (a common slip)",
    why="The weights depend on the output position and reach over the whole map: neither shared nor local. It is the "
    "fully connected layer written with two indices. On 6×6: 1296 weights instead of 9, and an image that moves by "
    "one pixel does not give the moved output.",
    right=r"$y_{ij}=\sum_{k,l}x_{i+k,j+l}\,w_{kl}+b$",
    claims="weights-are-shared, position-dependent-weights-are-dense, bias-is-constant-over-a-map, "
    "translation-equivariance",
)


@CONV_LAYER.figure(
    angle=Slider(0, 360, 90, "direction of the edge filter (degrees)", integer=True),
    stride=Slider(1, 4, 1, "stride s", integer=True),
    padding=Slider(0, 2, 1, "padding p", integer=True),
    dilation=Slider(1, 3, 1, "dilation d", integer=True),
)
def figure(angle, stride, padding, dilation):
    s, p, d = int(stride), int(padding), int(dilation)
    u = np.array([-1.0, 0.0, 1.0])
    a = np.deg2rad(angle)
    smooth = np.where(u[:, None] * u == 0, 2.0, 1.0)  # Sobel: the middle counts twice
    w = np.round((np.cos(a) * u[None, :] - np.sin(a) * u[:, None]) * smooth, 2) + 0.0
    y = conv_layer(THREE[None], w[None, None], np.zeros(1), s, p, d)[0]
    n = y.shape[0]
    i = j = n // 2
    fig, axes = canvas(columns=3, width=7.2, height=2.9)
    padded = np.pad(THREE, p)
    axes[0].imshow(padded, cmap="Greys", vmin=0, vmax=1, extent=(-p - 0.5, 7.5 + p, 7.5 + p, -p - 0.5))
    axes[0].plot([-0.5, 7.5, 7.5, -0.5, -0.5], [-0.5, -0.5, 7.5, 7.5, -0.5], color="#7F7F7F", lw=1)
    taps = [(s * i + d * k - p, s * j + d * l - p) for k in range(3) for l in range(3)]
    frame = dict(marker="s", s=240 * (10 / (8 + 2 * p)) ** 2, facecolors="none", edgecolors="#D55E00", linewidths=1.6)
    axes[0].scatter([t[1] for t in taps], [t[0] for t in taps], **frame)
    axes[0].set(title="input and one window")
    axes[1].imshow(w, cmap="RdBu_r", vmin=-2, vmax=2)
    for (k, l), v in np.ndenumerate(w):
        axes[1].text(
            l, k, f"{v:.1f}", ha="center", va="center", fontsize=10, color=ON_DARK if abs(v) > 1.3 else ON_LIGHT
        )
    axes[1].set(title="kernel, 9 weights")
    size = max(1e-9, np.abs(y).max())
    axes[2].imshow(y, cmap="RdBu_r", vmin=-size, vmax=size)
    axes[2].scatter([j], [i], **{**frame, "s": 240 * (10 / n) ** 2})
    axes[2].set(title=f"output, {n}×{n}")
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    dense = 64 * n * n
    words = Text(
        f"An edge filter in the direction {angle:.0f}° on an 8×8 digit, s = {s}, p = {p}, d = {d}: output {n}×{n}. The framed "
        f"output, {y[i, j]:.2f}, sees the 9 framed pixels. A fully connected layer of that size has {dense} weights, this one 9.",
        f"方向为 {angle:.0f}° 的边缘滤波器作用于 8×8 数字，s = {s}，p = {p}，d = {d}：输出为 {n}×{n}。框出的输出 {y[i, j]:.2f} 只看框出的 9 个像素。同样大小的全连接层有 {dense} 个权重，这里只有 9 个。",
    )
    return Drawing(fig, words)
