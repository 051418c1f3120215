"""Max and average pooling."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(max_pool2d, x, size, stride, padding, kind):
    from torch.nn.functional import avg_pool2d

    pool = {"max": max_pool2d, "average": avg_pool2d}[kind]
    lead = x.shape[:-2]
    y = pool(x.reshape(lead.numel(), 1, *x.shape[-2:]), size, stride, padding)
    return y.reshape(*lead, *y.shape[-2:])


POOLING = Concept(
    key="pooling",
    kind="layer",
    title="Max and average pooling",
    summary="Each window of a map is replaced by its largest value, or by its mean. The map shrinks, and where "
    "exactly within the window the largest value stands no longer matters.",
    formulas=(
        r"y^{\max}_{ij}=\max_{0\le k,l<K}x_{si+k-p,\;sj+l-p},\qquad \bar y_{ij}=\frac{1}{K^2}\sum_{k,l=0}^{K-1}x_{si+k-p,\;sj+l-p}",
        r"H'=\left\lfloor\frac{H+2p-K}{s}\right\rfloor+1",
        r"\frac{\partial y^{\max}_{ij}}{\partial x_{mn}}=\begin{cases}1&(m,n)\in\mathcal W_{ij},\ x_{mn}>x_{uv}\ \forall(u,v)\in\mathcal W_{ij}\setminus\{(m,n)\}\\0&(m,n)\notin\mathcal W_{ij}\ \lor\ x_{mn}<y^{\max}_{ij}\end{cases}",
        r"\frac{\partial \bar y_{ij}}{\partial x_{mn}}=\begin{cases}\frac{1}{K^2}&(m,n)\in\mathcal W_{ij}\\0&(m,n)\notin\mathcal W_{ij}\end{cases},\qquad\mathcal W_{ij}=\{(si+k-p,\,sj+l-p):0\le k,l<K\}",
    ),
    symbols=(
        Symbol("x", "x", "... h w", "maps, each pooled on its own"),
        Symbol("K", "size", "", "side of the window", "natural"),
        Symbol("s", "stride", "", "distance between windows; K unless given", "natural"),
        Symbol("p", "padding", "", r"padding on each side: $-\infty$ for the maximum, 0 for the mean", "natural"),
        Symbol(r"\max", "kind", "", "`max` or `average`", "other"),
        Symbol(r"y^{\max},\ \bar y", "", "... h2 w2", "pooled maps: the maxima, the means"),
        Symbol("H,\\ H'", "", "", "height of the map and of the result", "natural"),
        Symbol(r"\mathcal W_{ij}", "", "", "places of window (i, j)", "other"),
    ),
    needs=("conv-layer", "gradient"),
    source="boureau2010theoretical",
    year=1980,
    people=("Kunihiko Fukushima", "Yann LeCun"),
    aliases="max pooling, average pooling, MaxPool2d, subsampling, downsampling, "
    "池化, 最大池化, 平均池化, 汇聚层, 下采样, 池化层",
    implementations=(Implementation("torch.nn.functional:max_pool2d", "torch", _torch, "and avg_pool2d"),),
    readings="fukushima1980neocognitron; goodfellow2016deep §9.3; dumoulin2016guide §3; boureau2010theoretical §2",
    hypotheses=(
        Hypothesis(
            "the gradient of the maximum: the largest entry of the window is the only one", "ties-have-no-slope"
        ),
        Hypothesis("invariance: what moves stays within its window", "local-translation-invariance"),
        Hypothesis("shifts: a multiple of the stride, and no border is met", "stride-breaks-other-shifts"),
    ),
    conventions=(
        Convention(
            "the mean over a window that hangs over the edge",
            "divided by K², the zeros counted, as in PyTorch",
            "divided by the number of entries inside: ONNX, TensorFlow",
        ),
        Convention("rounding of the size", "down", "up in Caffe, and on request (`ceil_mode`)"),
        Convention(
            "the gradient in a tie",
            "left open: every convex mixture of the largest entries is a subgradient",
            "the first of them in PyTorch",
        ),
    ),
    nonfinite="nan",
)


@POOLING.definition
def pooling(x, size=2, stride=None, padding=0, kind="max"):
    s, p = size if stride is None else stride, padding
    pool, outside = {"max": (np.max, -np.inf), "average": (np.mean, 0.0)}[kind]
    x = np.pad(1.0 * x, [(0, 0)] * (x.ndim - 2) + [(p, p), (p, p)], constant_values=outside)  # means of integers
    H, W = ((n - size) // s + 1 for n in x.shape[-2:])
    if H < 1 or W < 1:
        raise ValueError("the window is larger than the padded map")
    y = np.zeros((*x.shape[:-2], H, W), x.dtype)
    for i in range(H):
        for j in range(W):
            y[..., i, j] = pool(x[..., s * i : s * i + size, s * j : s * j + size], (-2, -1))
    return y


@POOLING.example
def example():
    x = np.array([[4.0, 3.0, 0.0, 2.0, -1.0, -2.0], [1.0, 2.0, 1.0, 5.0, -3.0, -2.0]])
    moved = np.concatenate([np.zeros((2, 1)), x[:, :-1]], 1)
    largest = x == np.repeat(np.repeat(pooling(x), 2, -1), 2, -2)
    return (
        dict(x=x, top=pooling(x)[0], mean=pooling(x, kind="average")[0], first=x[:, :2])
        | dict(route=largest.astype(float), share=np.full((2, 6), 0.25), moved=moved)
        | dict(moved_top=pooling(moved)[0], moved_mean=pooling(moved, kind="average")[0])
        | dict(padded=pooling(x, padding=1), padded_zero=pooling(np.pad(x, 1)))
        | dict(corner=pooling(x, padding=1, kind="average")[0, 0], corner_inside=x[0, 0])
        | dict(soft=np.log(np.exp(4 * x[:, :2]).mean()) / 4)
    )


@POOLING.exercise
def weights_saved():
    flat, pooled = 7 * 7 * 512 * 1000, pooling(np.zeros((512, 7, 7)), size=7, kind="average").size * 1000
    return number(flat / pooled, one_side=7.0, number_of_maps=512.0)


@POOLING.exercise
def relu_after_the_maximum():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 8, 8))
    top = np.array_equal(pooling(np.maximum(x, 0)), np.maximum(pooling(x), 0))
    mean = np.allclose(pooling(np.maximum(x, 0), kind="average"), np.maximum(pooling(x, kind="average"), 0))
    return choice(
        both=top and mean, only_max=top and not mean, only_mean=mean and not top, neither=not top and not mean
    )


@POOLING.exercise
def how_far_it_sees():
    reach, apart = 1, 1
    for size, stride in ((3, 1), (2, 2), (3, 1)):
        reach, apart = reach + (size - 1) * apart, apart * stride
    return number(reach, stride_forgotten=3 + 1 + 2, multiplied=3 * 2 * 3, tolerance=1e-6)


@POOLING.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    for kind in ("max", "average"):
        yield f"{kind}, one window", dict(x=np.array([[-1.0, -2.0], [-3.0, -6.0]]), kind=kind)
        yield f"{kind}, one padded entry", dict(x=np.array([[-1.0]]), padding=1, kind=kind)
        yield f"{kind}, channels", dict(x=normal(3, 6, 8), kind=kind)
        yield f"{kind}, overlapping", dict(x=normal(7, 7), size=3, stride=2, kind=kind)
        yield f"{kind}, padded", dict(x=normal(2, 5, 6) - 3, size=3, stride=2, padding=1, kind=kind)
        yield f"{kind}, gaps between windows", dict(x=normal(8, 9), size=2, stride=3, kind=kind)
        yield f"{kind}, rows left over", dict(x=normal(5, 7), size=2, kind=kind)
        yield f"{kind}, whole map", dict(x=normal(2, 4, 4), size=4, kind=kind)
    yield "ties", dict(x=np.ones((4, 4)))
    yield "window of one", dict(x=normal(3, 3), size=1)


@POOLING.invalid
def invalid(rng):
    yield "window of 0", dict(x=np.ones((1, 4, 4)), size=0)
    yield "stride 0", dict(x=np.ones((1, 4, 4)), stride=0)
    yield "neither maximum nor mean", dict(x=np.ones((1, 4, 4)), kind="median")


BLOCKS = np.array([[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16.0]])


@POOLING.claim
def four_blocks(pool, rng):
    """On the map 1…16 in blocks, maxima are 4, 8, 12, 16 and means 2.5, 6.5, 10.5, 14.5; “max of min over the whole
    map” gives 11 everywhere"""
    printed = BLOCKS.min(1).max()  # max over k of min over l, with k and l over the whole map: no i, no j
    largest = identical(pool(BLOCKS), [[4, 8], [12, 16]])
    means = identical(pool(BLOCKS, kind="average"), [[2.5, 6.5], [10.5, 14.5]])
    return all_of(largest, means, identical(printed, 11.0))


@POOLING.claim
def local_translation_invariance(pool, rng):
    """Locally invariant: where windows do not overlap, a lone peak that moves within its window changes nothing; one
    that leaves it is seen"""

    def map_with_peak(i, j):
        x = np.zeros((6, 6))
        x[i, j] = 1
        return x

    inside = [pool(map_with_peak(i, j), size=3) for i in range(3) for j in range(3)]
    moved = identical(np.stack(inside), np.broadcast_to(inside[0], (9, 2, 2)))
    means = [pool(map_with_peak(i, j), size=3, kind="average") for i in range(3) for j in range(3)]
    left = identical(pool(map_with_peak(0, 3), size=3), [[0, 1], [0, 0]])
    return all_of(
        moved, left, identical(inside[0], [[1, 0], [0, 0]]), roundoff(means, np.broadcast_to(means[0], (9, 2, 2)))
    )


@POOLING.claim
def gradients_are_routed(pool, rng):
    """The gradient of the maximum goes to where it stands and nowhere else; that of the mean to all, a share of 1/K²
    each"""
    x = rng.permutation(36).reshape(6, 6).astype(float)  # whole numbers, so that steps of ½ reorder nothing
    steps = 0.5 * np.eye(36).reshape(36, 6, 6)

    def slopes(kind):
        return (pool(x + steps, size=3, kind=kind) - pool(x, size=3, kind=kind)).sum((-2, -1)).reshape(6, 6) / 0.5

    windows = x.reshape(2, 3, 2, 3)
    largest = (windows == windows.max((1, 3), keepdims=True)).reshape(6, 6)
    yield identical(slopes("max"), largest)
    yield roundoff(slopes("average"), np.full((6, 6), 1 / 9), terms=9, scale=36.0)


@POOLING.claim
def ties_have_no_slope(pool, rng):
    """Where two entries are largest there is no derivative: raising one raises the maximum, lowering it changes nothing"""
    x, step = np.array([[3.0, 3.0], [1.0, 2.0]]), np.array([[0.5, 0.0], [0.0, 0.0]])
    return identical(np.concatenate([pool(x + step), pool(x), pool(x - step)]).ravel(), [3.5, 3.0, 3.0])


@POOLING.claim
def stride_breaks_other_shifts(pool, rng):
    """A shift that is no multiple of the stride does not pass: moved by one, the pair 1, 1 fills one window or two"""
    x = np.array([[0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]] * 2)
    return identical([pool(np.roll(x, t, -1)).sum() for t in (0, 1, 2)], [1.0, 2.0, 1.0])


@POOLING.claim
def output_size(pool, rng):
    r"""Output size $\lfloor(H+2p-K)/s\rfloor+1$, over 54 settings"""
    tried = [(h, k, s, p) for h in (5, 6, 8) for k in (2, 3, 4) for s in (1, 2, 3) for p in (0, 1)]
    got = [pool(np.zeros((h, h + 1)), size=k, stride=s, padding=p).shape for h, k, s, p in tried]
    want = [((h + 2 * p - k) // s + 1, (h + 1 + 2 * p - k) // s + 1) for h, k, s, p in tried]
    return identical(np.array(got), np.array(want))


@POOLING.claim
def maximum_commutes_with_increasing_functions(pool, rng):
    r"""The maximum commutes with every function that never decreases, $\max(f(x))=f(\max x)$: ReLU may come after the
    pooling"""
    x = rng.standard_normal((4, 6, 6))
    for f in (np.tanh, lambda x: np.maximum(x, 0), lambda x: 2 * x - 8):
        yield identical(pool(f(x)), f(pool(x)))


@POOLING.claim
def mean_and_relu_do_not_commute(pool, rng):
    """The mean does not: on (−1, 1) the mean of ReLU is ½, ReLU of the mean 0"""
    x = np.array([[-1.0, 1.0], [-1.0, 1.0]])
    before, after = pool(np.maximum(x, 0), kind="average"), np.maximum(pool(x, kind="average"), 0)
    return all_of(identical(before, [[0.5]]), identical(after, [[0.0]]))


@POOLING.claim
def average_is_a_convolution(pool, rng):
    """Average pooling is a convolutional layer on each map by itself, with all weights 1/K²"""
    from scipy.signal import correlate2d

    x = rng.standard_normal((9, 8))
    want = correlate2d(np.pad(x, 1), np.full((3, 3), 1 / 9), "valid")[::2, ::2]
    return roundoff(pool(x, size=3, stride=2, padding=1, kind="average"), want, terms=9)


@POOLING.claim
def padding_never_wins(pool, rng):
    """Padding never wins: the maximum of a window of negative numbers is negative"""
    x = -1 - rng.random((5, 5))
    return bound(pool(x, size=3, stride=1, padding=1).max(), x.max())


@POOLING.claim
def differences_do_not_grow(pool, rng):
    r"""No difference grows: $\max_{ij}|y_{ij}-y'_{ij}|\le\max_{mn}|x_{mn}-x'_{mn}|$ for both kinds, and the mean, where
    no padding brings zeros into it, never exceeds the maximum"""
    x, z = rng.standard_normal((2, 30, 6, 6))
    gap = np.abs(x - z).max((1, 2))
    ratios = [(np.abs(pool(x, kind=k) - pool(z, kind=k)).max((1, 2)) / gap).max() for k in ("max", "average")]
    reached = np.abs(pool(x + 2) - pool(x)).max() / 2  # a common shift passes whole: the constant 1 is sharp
    below = bound((pool(x, kind="average") - pool(x)).max(), 0.0)
    return all_of(bound(max(ratios), 1.0), below, roundoff(reached, 1.0, scale=8.0))


@POOLING.claim
def soft_maximum_joins_them(pool, rng):
    r"""Between them lies $\frac1\beta\log\frac1{K^2}\sum e^{\beta x}$: the mean as $\beta\to0$, the maximum, within
    $\frac{\log K^2}{\beta}$, as $\beta\to\infty$"""
    x = rng.standard_normal((20, 4, 4))
    windows = x.reshape(20, 2, 2, 2, 2).swapaxes(2, 3).reshape(20, 2, 2, 4)

    def soft(beta):
        return np.log(np.exp(beta * windows).mean(-1)) / beta

    gap = pool(x) - soft(8.0)
    spread = float(np.square(windows).max())
    near_mean = np.abs(soft(1e-4) - pool(x, kind="average")).max()
    # soft(β) = mean + β·variance/2 + …
    yield bound(gap.max(), np.log(4) / 8)
    yield bound(gap.min(), -32 * EPSILON, "≥", Text("0, and rounding of the logarithm", "0，以及对数的舍入"))
    yield bound(near_mean, 1e-4 * spread)


@POOLING.claim
def shifts_by_the_stride_pass(pool, rng):
    """Shifts by multiples of the stride pass through: on a map closed to a ring, equivariance is kept on a coarser grid"""
    x = rng.standard_normal((12, 12))
    y = [pool(x, kind=k) for k in ("max", "average")]
    z = [pool(np.roll(x, (2, 4), (0, 1)), kind=k) for k in ("max", "average")]
    return all_of(*[invariance(b, np.roll(a, (1, 2), (0, 1)), terms=4) for a, b in zip(y, z, strict=True)])


@POOLING.mutant(
    caught_by="four-blocks, local-translation-invariance, soft-maximum-joins-them, differences-do-not-grow, "
    "ties-have-no-slope"
)
def min_inside(x, size=2, stride=None, padding=0, kind="max"):
    """the smallest value of the window"""
    return -pooling(-x, size, stride, padding, kind)


@POOLING.mutant(caught_by="four-blocks, gradients-are-routed")
def whole_map(x, size=2, stride=None, padding=0, kind="max"):
    """max of min over the whole map, as in E16"""
    y = pooling(x, size, stride, padding, kind)
    return np.broadcast_to(x.min(-1).max(-1)[..., None, None], y.shape).copy() if kind == "max" else y


@POOLING.mutant(caught_by="padding-never-wins, equals-definition")
def padded_with_zeros(x, size=2, stride=None, padding=0, kind="max"):
    """the maximum is padded with zeros"""
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2)
    return pooling(x, size, stride, 0, kind)


@POOLING.mutant(caught_by="output-size")
def size_rounded_up(x, size=2, stride=None, padding=0, kind="max"):
    """the size is rounded up"""
    s = size if stride is None else stride
    more = [(0, 0)] * (x.ndim - 2) + [(0, -(n + 2 * padding - size) % s) for n in x.shape[-2:]]
    return pooling(np.pad(x, more, constant_values=-1e300), size, stride, padding, kind)


@POOLING.mutant(caught_by="maximum-commutes-with-increasing-functions, padding-never-wins")
def magnitude(x, size=2, stride=None, padding=0, kind="max"):
    """the largest magnitude, sign lost"""
    return pooling(np.abs(x), size, stride, padding, kind)


@POOLING.mutant(
    caught_by="average-is-a-convolution, gradients-are-routed, mean-and-relu-do-not-commute, differences-do-not-grow"
)
def sum_for_mean(x, size=2, stride=None, padding=0, kind="max"):
    """the sum for the mean"""
    return pooling(x, size, stride, padding, kind) * (size**2 if kind == "average" else 1)


@POOLING.mutant(caught_by="local-translation-invariance, gradients-are-routed")
def subsampled(x, size=2, stride=None, padding=0, kind="max"):
    """the upper left entry of each window: subsampling"""
    return x[..., :: size if stride is None else stride, :: size if stride is None else stride]


@POOLING.mutant(caught_by="output-size, shifts-by-the-stride-pass, stride-breaks-other-shifts")
def stride_ignored(x, size=2, stride=None, padding=0, kind="max"):
    """windows one apart, whatever the stride"""
    return pooling(x, size, 1, padding, kind)


POOLING.erratum(
    "E16",
    common=r"$y_{ij}=\max_{k=1}^{K}\min_{l=1}^{L}x_{kl}$, where K and L are the size of the map (a common slip)",
    why="Neither i nor j stands on the right: the whole result is one constant, 11 on the map 1…16 whose pooled "
    "values are 4, 8, 12, 16. And there is no minimum in max pooling.",
    right=r"$y_{ij}=\max_{0\le k,l<K}x_{si+k,\,sj+l}$: the largest value of each window",
    claims="four-blocks",
)


def _texture(n=16):
    """A slanted bar on an empty map."""
    u, v = np.mgrid[:n, :n] - (n - 1) / 2
    return np.clip(1.6 - np.abs(u - 0.6 * v), 0, 1) * (np.hypot(u, v) < 6)


@POOLING.figure(
    shift=Slider(0, 6, 1, "shift of the image (pixels)", integer=True),
    size=Slider(2, 6, 4, "side K of the window", integer=True),
)
def figure(shift, size):
    t, K = int(shift), int(size)
    x = _texture()
    moved = np.roll(x, t, -1)
    fig, axes = canvas(columns=4, width=8.0, height=2.6)
    maps = [
        ("shifted input", moved),
        (f"max, K = {K}", pooling(moved, K)),
        (f"average, K = {K}", pooling(moved, K, kind="average")),
    ]
    for ax, (name, image) in zip(axes, maps, strict=False):
        ax.imshow(image, cmap="Greys", vmin=0, vmax=1)
        ax.set(title=name, xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color="#BBBBBB")

    def change(f, k):
        return float(np.linalg.norm(f(np.roll(x, k, -1)) - f(x)) / np.linalg.norm(f(x)))

    kinds = [
        ("input", lambda x: x),
        ("max", lambda x: pooling(x, K)),
        ("average", lambda x: pooling(x, K, kind="average")),
    ]
    for (name, f), colour in zip(kinds, (COLOURS[6], *COLOURS[:2]), strict=True):
        axes[3].plot(range(7), [change(f, k) for k in range(7)], "o-", ms=3, color=colour, label=name)
    axes[3].axvline(t, color="#7F7F7F", lw=0.8, ls=":")
    axes[3].set(xlabel="shift", title="relative change", ylim=(0, None))
    axes[3].legend(frameon=False, fontsize=8.5)
    raw, top, mean = (change(f, t) for _, f in kinds)
    words = Text(
        f"A shift of {t} along the rows changes the image itself by {100 * raw:.0f} % (norm of the difference over the norm), its "
        f"maxima over {K}×{K} by {100 * top:.0f} %, its means by {100 * mean:.0f} %.",
        f"平移 {t} 个像素使图像本身改变 {100 * raw:.0f} %（差的范数与范数之比），{K}×{K} 窗口的最大值改变 {100 * top:.0f} %，平均值改变 {100 * mean:.0f} %。",
    )
    return Drawing(fig, words)
