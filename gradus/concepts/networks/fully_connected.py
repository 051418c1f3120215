"""The fully connected layer, and its two faces as a convolution."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import canvas

FULLY_CONNECTED = Concept(
    key="fully-connected",
    kind="layer",
    title="Fully connected layer",
    summary="Every output sees every input, each with a weight of its own. At every pixel it is a convolution "
    "of 1×1, on a whole map a convolution whose kernel is as large as the map; a convolution is a fully connected layer "
    "most of whose weights are 0 or equal.",
    formulas=(
        r"y_i=\sum_{j=1}^{n}W_{ij}x_j+b_i,\qquad y=Wx+b",
        r"\frac{\partial \ell}{\partial W}=\frac{\partial \ell}{\partial y}\,x^{\mathsf T},\qquad \frac{\partial \ell}{\partial x}=W^{\mathsf T}\frac{\partial \ell}{\partial y}",
    ),
    symbols=(
        Symbol("x", "x", "... n", "inputs"),
        Symbol("W", "W", "m n", "weights, a row for each output"),
        Symbol("b", "b", "m", "bias"),
        Symbol("y", "", "... m", "outputs"),
        Symbol(r"\ell", "", "", "any loss of the outputs"),
        Symbol("m,\\ n", "", "", "numbers of outputs and of inputs"),
    ),
    needs=("matrix-product", "neuron", "conv-layer"),
    source="long2015fully",
    year=1958,
    people=("Frank Rosenblatt", "Min Lin", "Jonathan Long"),
    aliases="dense layer, linear layer, FC layer, 1x1 convolution, nn.Linear, 稠密层, 线性层, 全连接, 1×1 卷积",
    implementations=(Implementation("torch.nn.functional:linear", "torch"),),
    readings="lin2014network §3.1; long2015fully §3.1; "
    "cs231n Convolutional Neural Networks: converting FC layers to CONV layers",
    hypotheses=(Hypothesis("two layers are one: no activation between them", "activation-inside"),),
    conventions=(
        Convention(
            "how W is stored",
            "a row for each output, y = xWᵀ + b, as in PyTorch",
            "a column for each output, y = xW + b: Keras, Flax",
        ),
        Convention(
            "the order in which maps are flattened",
            "channel by channel, as in PyTorch",
            "pixel by pixel where the channels come last (TensorFlow, Flax): weights carried over must be permuted",
        ),
    ),
    nonfinite="nan",
)


@FULLY_CONNECTED.definition
def fully_connected(x, W, b):
    return np.einsum("ij,...j->...i", W, x) + b


@FULLY_CONNECTED.example
def example():
    x, W, b = np.array([1.0, -1.0, 2.0]), np.array([[2.0, 0.0, 1.0], [-1.0, 3.0, 1.0]]), np.array([1.0, -2.0])
    g, y = np.array([1.0, -2.0]), fully_connected(x, W, b)
    dW, step = np.outer(g, x), 0.1
    return (
        dict(x=x, W=W, b=b, y=y, g=g, dW=dW, db=g, dx=W.T @ g, step=step)
        | dict(after=fully_connected(x, W - step * dW, b - step * g), change=-step * (x @ x + 1) * g)
        | dict(parameters=W.size + b.size, multiplications=W.size, picture=(224 * 224 * 3) ** 2)
        | dict(conv=64 * 3 * 3 * 3 + 64)
    )


@FULLY_CONNECTED.exercise
def first_layer_of_vgg():
    n, m = 512 * 7 * 7, 4096
    return number(n * m + m, no_bias=n * m, bias_per_input=n * m + n, tolerance=1e-9)


@FULLY_CONNECTED.exercise
def gradient_without_the_transpose():
    W, g = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -2.0])
    dx = [g @ (fully_connected(e, W, np.zeros(2)) - fully_connected(0 * e, W, np.zeros(2))) for e in np.eye(2)]
    return array(dx, not_transposed=W @ g, columns_alone=W[0])


@FULLY_CONNECTED.exercise
def through_a_bottleneck():
    rng = np.random.default_rng(0)
    V, W = rng.standard_normal((10, 100)), rng.standard_normal((100, 10))
    rank = np.linalg.matrix_rank(W @ V)
    return choice(the_same=rank == 100, fewer=rank < 100, more=rank > 100)


@FULLY_CONNECTED.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "one vector", dict(x=normal(5), W=normal(3, 5), b=normal(3))
    yield "a batch", dict(x=normal(4, 5), W=normal(3, 5), b=normal(3))
    yield "pixels of images", dict(x=normal(2, 3, 3, 4), W=normal(6, 4), b=normal(6))
    yield "one input, one output", dict(x=normal(1), W=normal(1, 1), b=normal(1))
    yield "no weights", dict(x=normal(3), W=np.zeros((2, 3)), b=normal(2))
    yield "wide", dict(x=normal(400), W=normal(12, 400), b=normal(12))
    yield "as many outputs as inputs", dict(x=normal(4, 4), W=normal(4, 4), b=normal(4))
    yield "many rows", dict(x=normal(200, 3), W=normal(2, 3), b=normal(2))
    yield "long", dict(x=normal(1500), W=normal(2, 1500), b=normal(2))


@FULLY_CONNECTED.invalid
def invalid(rng):
    yield "inputs of another width", dict(x=np.ones(4), W=np.ones((3, 5)), b=np.ones(3))
    yield "bias of another width", dict(x=np.ones(5), W=np.ones((3, 5)), b=np.ones(2))


def integers(rng, *shape):
    """Small whole numbers, on which sums of products are exact."""
    return rng.integers(-9, 10, shape).astype(float)


def conv2d(x, w, b, **options):
    """PyTorch's convolutional layer on arrays: the other side of the equalities."""
    import torch

    return torch.nn.functional.conv2d(*map(torch.from_numpy, (x, w, b)), **options).numpy()


def matrix_of_convolution(w, n):
    """The matrix of a 2-D convolutional layer (one map, zero padding that keeps the size) on n×n images."""
    k = w.shape[0]
    M = np.zeros((n, n, n, n))
    for i, j, u, v in np.ndindex(n, n, k, k):
        row, column = i + u - k // 2, j + v - k // 2
        if 0 <= row < n and 0 <= column < n:
            M[i, j, row, column] = w[u, v]
    return M.reshape(n * n, n * n)


@FULLY_CONNECTED.claim
def is_a_convolution_of_1x1(dense, rng):
    """Applied to the channels of every pixel it is a convolution of 1×1"""
    x, W, b = rng.standard_normal((2, 3, 5, 4)), rng.standard_normal((6, 3)), rng.standard_normal(6)
    y = dense(np.moveaxis(x, 1, -1), W, b)
    return roundoff(np.moveaxis(y, -1, 1), conv2d(x, W[:, :, None, None], b), terms=3)


@FULLY_CONNECTED.claim
def is_a_global_convolution(dense, rng):
    """On a flattened map it is a convolution with a kernel as large as the map: LeNet's 16×5×5 → 120 has 48,120
    parameters either way"""
    x, w, b = (rng.standard_normal((3, 16, 5, 5)), rng.standard_normal((120, 16, 5, 5)), rng.standard_normal(120))
    W = w.reshape(120, -1)
    count = near(W.size + b.size, 48_120, 0.0, Text("400·120 + 120", "400·120 + 120"), "identical")
    return all_of(count, roundoff(dense(x.reshape(3, -1), W, b), conv2d(x, w, b)[:, :, 0, 0], terms=400))


@FULLY_CONNECTED.claim
def slides_over_larger_images(dense, rng):
    """Written as a convolution it runs over larger images: each output is the layer on the crop at that place"""
    x, w, b = rng.standard_normal((2, 6, 7)), rng.standard_normal((4, 2, 3, 3)), rng.standard_normal(4)
    crops = [x[:, i : i + 3, j : j + 3].ravel() for i in range(4) for j in range(5)]
    y = dense(np.array(crops), w.reshape(4, -1), b).T.reshape(4, 4, 5)
    return roundoff(y, conv2d(x[None], w, b)[0], terms=18)


@FULLY_CONNECTED.claim
def convolution_is_a_sparse_dense_layer(dense, rng):
    """A 3×3 convolution on a 6×6 map, padded by 1, is this layer with 1296 weights of which 256 are not 0 and 9 are different"""
    x, w, bias = integers(rng, 6, 6), np.arange(1.0, 10.0).reshape(3, 3), np.full(36, 2.0)
    M = matrix_of_convolution(w, 6)
    counts = identical([M.size, np.count_nonzero(M), np.unique(M[M != 0]).size], [1296, 256, 9])
    want = conv2d(x[None, None], w[None, None], bias[:1], padding=1).ravel()
    return all_of(counts, roundoff(dense(x.ravel(), M, bias), want, terms=9))


@FULLY_CONNECTED.claim
def two_without_activation_are_one(dense, rng):
    """Two of them without activation are one: $W_2(W_1x+b_1)+b_2=(W_2W_1)x+(W_2b_1+b_2)$"""
    x, V, a, W, b = (integers(rng, *s) for s in [(5, 4), (6, 4), (6,), (3, 6), (3,)])
    return roundoff(dense(dense(x, V, a), W, b), dense(x, W @ V, W @ a + b), terms=24)


@FULLY_CONNECTED.claim
def affine(dense, rng):
    """Affine: $f(x)+f(z)-f(0)=f(x+z)$ and $f(0)=b$"""
    x, z, W, b = integers(rng, 5), integers(rng, 5), integers(rng, 3, 5), integers(rng, 3)
    zero = dense(0 * x, W, b)
    return all_of(identical(zero, b), identical(dense(x, W, b) + dense(z, W, b) - zero, dense(x + z, W, b)))


@FULLY_CONNECTED.claim
def knows_no_neighbours(dense, rng):
    """It knows no neighbours: inputs permuted together with the columns of W give the same outputs"""
    x, W, b = rng.standard_normal((4, 9)), rng.standard_normal((3, 9)), rng.standard_normal(3)
    p = rng.permutation(9)
    return invariance(dense(x[:, p], W[:, p], b), dense(x, W, b), terms=9)


@FULLY_CONNECTED.claim
def shifts_do_not_pass(dense, rng):
    """Shifts do not pass through it in general: with random weights of its own for every place, the shifted image gives
    other outputs"""
    x, W = np.pad(rng.standard_normal((3, 3)), ((1, 2), (1, 2))), rng.standard_normal((36, 36))
    y, moved = (dense(z.ravel(), W, np.zeros(36)).reshape(6, 6) for z in (x, np.roll(x, 1, -1)))
    error = np.linalg.norm(moved[1:5, 2:5] - y[1:5, 1:4]) / np.linalg.norm(y[1:5, 1:4])
    why = Text("independent weights: √2 in the mean", "权重独立时平均为 √2")
    return all_of(bound(error, 0.7, "≥", why), bound(error, 2.8, "≤", why))


@FULLY_CONNECTED.claim
def gradient_is_an_outer_product(dense, rng):
    """Weight $W_{ij}$ moves output i alone, by $x_j$: the gradient in W is the outer product of error and input"""
    x, W, b, error = integers(rng, 4), integers(rng, 3, 4), integers(rng, 3), integers(rng, 3)
    slopes = np.zeros((3, 4))
    for i, j in np.ndindex(3, 4):
        step = np.zeros((3, 4))
        step[i, j] = 1
        slopes[i, j] = error @ (dense(x, W + step, b) - dense(x, W, b))
    return identical(slopes, np.outer(error, x))


@FULLY_CONNECTED.mutant(
    caught_by="affine, is-a-convolution-of-1x1, slides-over-larger-images, convolution-is-a-sparse-dense-layer"
)
def no_bias(x, W, b):
    """the bias is left out"""
    return fully_connected(x, W, 0 * b)


@FULLY_CONNECTED.mutant(
    caught_by="is-a-global-convolution, gradient-is-an-outer-product, convolution-is-a-sparse-dense-layer, "
    "slides-over-larger-images"
)
def flattened_in_another_order(x, W, b):
    """the map is read column by column when flattened: the last input first"""
    return fully_connected(x[..., ::-1], W, b)


@FULLY_CONNECTED.mutant(caught_by="knows-no-neighbours, is-a-global-convolution, gradient-is-an-outer-product")
def local(x, W, b):
    """local: each output sees only the inputs near it"""
    i, j = np.indices(W.shape)
    return fully_connected(x, np.where(np.abs(i - j) < 2, W, 0), b)


@FULLY_CONNECTED.mutant(caught_by="shifts-do-not-pass, gradient-is-an-outer-product, equals-definition")
def weights_shared(x, W, b):
    """one kernel slides over all places: the first row of W, shifted along"""
    return fully_connected(x, np.stack([np.roll(W[0], i) for i in range(len(W))]), b)


@FULLY_CONNECTED.mutant(caught_by="is-a-convolution-of-1x1, two-without-activation-are-one")
def mean_for_sum(x, W, b):
    """divided by the number of inputs"""
    return fully_connected(x, W / x.shape[-1], b)


@FULLY_CONNECTED.mutant(caught_by="affine, two-without-activation-are-one")
def activation_inside(x, W, b):
    """a ReLU left inside"""
    return np.maximum(0, fully_connected(x, W, b))


@FULLY_CONNECTED.figure(
    side=Slider(3, 12, 6, "side of the map", integer=True),
    kernel=Slider(1, 7, 3, "side of the kernel (odd)", integer=True),
)
def figure(side, kernel):
    n, k = int(side), int(kernel) // 2 * 2 + 1
    rng = np.random.default_rng(3)
    M = matrix_of_convolution(rng.standard_normal((k, k)), n)
    D = rng.standard_normal(M.shape)
    size = np.abs(D).max()
    fig, axes = canvas(columns=2, width=6.8, height=3.8)
    for ax, A, name in zip(axes, (D, M), ("fully connected", f"convolution {k}×{k}"), strict=True):
        ax.imshow(np.ma.masked_equal(A, 0), cmap="RdBu_r", vmin=-size, vmax=size, interpolation="nearest")
        ax.set(title=name, xlabel="input pixel", ylabel="output pixel", xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color="#BBBBBB")
    used = int(np.count_nonzero(M))
    words = Text(
        f"The matrices of two layers on a {n}×{n} map. Fully connected: {M.size} weights, all free. Convolution with a "
        f"{k}×{k} kernel: {used} of them are not 0 ({100 * used / M.size:.0f} %), and only {k * k} are different.",
        f"{n}×{n} 特征图上两种层的矩阵。全连接：{M.size} 个权重，全部自由。{k}×{k} 卷积：其中 {used} 个不为 0（{100 * used / M.size:.0f} %），只有 {k * k} 个彼此不同。",
    )
    return Drawing(fig, words)
