"""LeNet-5."""

from functools import cache
from math import prod

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, metric, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import ON_LIGHT, canvas
from gradus.page.pictures import THREE

NAMES = ("c1", "c3", "c5", "f6", "output")
SHAPES = ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))


def _torch(LeNet, x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding):
    import torch

    with torch.device("meta"):  # the weights are carried over, not drawn
        model = LeNet(len(b7), K1.shape[1], size={2: 28, 0: 32}.get(padding))
    values = (K1, b1, K3, b3, W5, b5, W6, b6, W7, b7)
    names = [f"{layer}.{kind}" for layer in NAMES for kind in ("weight", "bias")]
    lead = x.shape[:-3]
    images = x.reshape(lead.numel(), *x.shape[-3:])
    logits = torch.func.functional_call(model, dict(zip(names, values, strict=True)), (images,))
    return logits.reshape(*lead, -1) if images.numel() else logits.reshape(*lead, len(b7))


LENET = Concept(
    key="lenet",
    kind="system",
    title="LeNet-5",
    summary="Reads handwritten digits: two convolutions find strokes and their combinations, pooling forgets where "
    "exactly they were, three fully connected layers decide. The pattern that later convolutional networks followed.",
    formulas=(
        r"h_1=\operatorname{pool}\bigl(\sigma(K_1\star x+b_1)\bigr),\qquad h_3=\operatorname{pool}\bigl(\sigma(K_3\star h_1+b_3)\bigr)",
        r"h_5=\sigma(W_5\operatorname{vec}(h_3)+b_5),\qquad h_6=\sigma(W_6h_5+b_6),\qquad z=W_7h_6+b_7",
        r"28\times28\ \xrightarrow{C_1}\ 6\times28\times28\ \xrightarrow{S_2}\ 6\times14\times14\ \xrightarrow{C_3}\ 16\times10\times10\ \xrightarrow{S_4}\ 16\times5\times5\ \xrightarrow{C_5}\ 120\ \xrightarrow{F_6}\ 84\ \to\ 10",
        r"156+2416+48120+10164+850=61706",
    ),
    symbols=(
        Symbol("x", "x", "... c s s", "images of 28×28, or of 32×32 without padding", "unit"),
        Symbol("K_1", "K1", "6 c 5 5", "kernels of C1"),
        Symbol("b_1", "b1", "6", "bias of C1"),
        Symbol("K_3", "K3", "16 6 5 5", "kernels of C3"),
        Symbol("b_3", "b3", "16", "bias of C3"),
        Symbol("W_5", "W5", "120 16·5·5", "weights of C5"),
        Symbol("b_5", "b5", "120", "bias of C5"),
        Symbol("W_6", "W6", "84 120", "weights of F6"),
        Symbol("b_6", "b6", "84", "bias of F6"),
        Symbol("W_7", "W7", "k 84", "weights of the output layer"),
        Symbol("b_7", "b7", "k", "bias of the output layer"),
        Symbol("p", "padding", "", "zeros around the image: 2 for 28×28, 0 for 32×32", "natural"),
        Symbol(r"\sigma", "", "", "ReLU (1998: a scaled tanh)", "function"),
        Symbol(r"\star", "", "", "cross-correlation", "other"),
        Symbol("h_1", "", "... 6 14 14", "maps after S2; $h_3$ after S4, $h_5$ after C5, $h_6$ after F6"),
        Symbol("z", "", "... k", "logits, one for each class"),
    ),
    needs=("conv-layer", "pooling", "fully-connected", "relu", "softmax-cross-entropy", "adam", "initialization"),
    source="lecun1998gradient",
    year=1998,
    people=("Yann LeCun", "Léon Bottou", "Yoshua Bengio", "Patrick Haffner"),
    aliases="LeNet5, MNIST, digit recognition, LeCun, 手写数字识别, 手写体识别, LeNet 网络",
    implementations=(
        Implementation("gradus.vision.lenet:LeNet", "torch", _torch, "a module; its weights are carried over"),
    ),
    readings="lecun1998gradient §II; lecun1989backpropagation; goodfellow2016deep §9.3–9.4; "
    "cs231n Convolutional Neural Networks",
    hypotheses=(
        Hypothesis("homogeneity: there are no biases", "positively-homogeneous"),
        Hypothesis("a shift is handed on: by multiples of four pixels, clear of the border", "one-pixel-is-no-place"),
    ),
    deviations=(
        "1998 differs: each map of C3 sees 3, 4 or 6 maps of S2 (1,516 parameters instead of 2,416); pooling "
        r"multiplies its sum by a trained factor and adds a bias; the activation is $1.7159\tanh(\frac23x)$; the "
        "output measures distances to fixed 7×12 pictures of the digits. In all 60,000 trained parameters.",
        "Images of 28×28 are padded by 2; scikit-learn's digits of 8×8, counted from bitmaps of 32×32, are enlarged "
        "back to that size.",
    ),
    unverified="MNIST: 99.53 % of the 10,000 test images after 10 epochs (one seed); the data are not embedded, so a "
    "test measures it where they are found.",
)


def conv(x, K, b):
    windows = np.lib.stride_tricks.sliding_window_view(x, K.shape[-2:], (-2, -1))  # (..., c, h, w, 5, 5)
    return np.einsum("ockl,...chwkl->...ohw", K, windows, optimize=True) + b[:, None, None]


def pool(x):
    *lead, h, w = x.shape
    return x.reshape(*lead, h // 2, 2, w // 2, 2).max((-3, -1))


@LENET.definition
def lenet(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    p = padding  # conv: cross-correlation and bias, see conv-layer; pool: largest of 2×2, see pooling
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(p, p), (p, p)])
    h = pool(np.maximum(conv(x, K1, b1), 0))  # (..., 6, 14, 14)
    h = pool(np.maximum(conv(h, K3, b3), 0))  # (..., 16, 5, 5)
    h = h.reshape(*h.shape[:-3], 16 * 5 * 5)
    h = np.maximum(h @ W5.T + b5, 0)
    h = np.maximum(h @ W6.T + b6, 0)
    return h @ W7.T + b7


def parameters(rng, classes=10, channels=1):
    """Random weights of He's size, with random biases."""
    found = {}
    for shape, (K, b) in zip(
        SHAPES, (("K1", "b1"), ("K3", "b3"), ("W5", "b5"), ("W6", "b6"), ("W7", "b7")), strict=True
    ):
        shape = (shape[0], channels, *shape[2:]) if K == "K1" else (classes, 84) if K == "W7" else shape
        found[K] = rng.standard_normal(shape) * np.sqrt(2 / prod(shape[1:]))
        found[b] = 0.1 * rng.standard_normal(shape[0])
    return found


@LENET.example
def example():
    weights = parameters(np.random.default_rng(7))
    x = np.zeros((1, 28, 28))
    x[0, 5:7, 6:21] = 1.0  # a seven: a bar, and a stroke down from its right end
    for row in range(7, 24):
        column = 20 - (row - 7) // 2
        x[0, row, column - 1 : column + 1] = 1.0
    z = lenet(x, **weights)
    counts = [
        weights[K].size + weights[b].size
        for K, b in (("K1", "b1"), ("K3", "b3"), ("W5", "b5"), ("W6", "b6"), ("W7", "b7"))
    ]
    products = [6 * 25 * 28 * 28, 16 * 6 * 25 * 10 * 10, 120 * 400, 84 * 120, 10 * 84]
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    return (
        dict(x=x, padding=2, **weights, z=z, counts=np.array(counts), total=sum(counts))
        | dict(products=np.array(products), all_products=sum(products))
        | dict(first_share=products[0] / sum(products), fifth_share=counts[2] / sum(counts), ink=int(x.sum()))
        | dict(chosen=int(z.argmax()), p=p.max(), dense=(28 * 28 + 1) * 6 * 28 * 28, by_chance=np.log(10))
    )


@LENET.exercise
def colour():
    K1 = parameters(np.random.default_rng(0), channels=3)["K1"]
    return number(K1.size + 6, one_channel=156, no_bias=K1.size, tolerance=1e-6)


@LENET.exercise
def field_of_view():
    # a pooled place of S4 sees 2 maps of C3, each 5 places of S2, each 2 of C1, each 5 pixels
    seen = 1
    for kernel, stride in ((2, 2), (5, 1), (2, 2), (5, 1)):
        seen = (seen - 1) * stride + kernel
    return number(seen, kernels_only=9, multiplied=5 * 2 * 5 * 2, tolerance=1e-6)


@LENET.exercise
def moved_by_four():
    weights = parameters(np.random.default_rng(0))
    x = np.zeros((1, 28, 28))
    x[0, 10:16, 10:16] = np.random.default_rng(1).random((6, 6))

    def maps(image):
        h = pool(np.maximum(conv(np.pad(image, [(0, 0), (2, 2), (2, 2)]), weights["K1"], weights["b1"]), 0))
        return pool(np.maximum(conv(h, weights["K3"], weights["b3"]), 0))

    h, moved = maps(x), maps(np.roll(x, 4, axis=-1))
    shifted = np.allclose(moved[..., 1:], h[..., :-1])
    same = np.allclose(lenet(np.roll(x, 4, axis=-1), **weights), lenet(x, **weights))
    return choice(one_place=shifted and not same, nothing=same, lost=not shifted)


@LENET.cases
def cases(rng):
    yield "images of 28×28", dict(x=rng.random((2, 1, 28, 28)), **parameters(rng))
    yield ("one image of 32×32, three channels", dict(x=rng.random((3, 32, 32)), **parameters(rng, 5, 3), padding=0))


@LENET.invalid
def invalid(rng):
    weights = parameters(rng)
    yield "another number of channels", dict(x=np.zeros((2, 3, 28, 28)), **weights)
    yield "another size", dict(x=np.zeros((2, 1, 20, 20)), **weights)
    yield "28×28 without padding", dict(x=np.zeros((2, 1, 28, 28)), **weights, padding=0)


@LENET.claim
def number_of_parameters(lenet, rng):
    """For one channel and ten classes its parameters are 156 + 2,416 + 48,120 + 10,164 + 850 = 61,706, and each of the
    ten arrays acts on the logits"""
    weights, x = parameters(rng), rng.random((1, 28, 28))
    sizes = [v.size for v in weights.values()]
    layers = [k + b for k, b in zip(sizes[::2], sizes[1::2], strict=True)]
    counted = identical([*layers, sum(sizes)], [156, 2416, 48120, 10164, 850, 61706])
    z = lenet(x, **weights)
    moved = [np.abs(lenet(x, **{**weights, k: v + 0.05}) - z).max() for k, v in weights.items()]
    return all_of(counted, bound(min(moved), 1e-3, "≥", Text("every array moves the logits", "每个数组都使输出改变")))


@LENET.claim
def connections_multiply(lenet, rng):
    """With $b_1=1$, every weight from C3 on 1 and all else 0, each logit is 150·400·120·84: the numbers of inputs of C3, C5, F6
    and the output"""
    ones = {k: np.full(v.shape, float(k.startswith(("K3", "W")) or k == "b1")) for k, v in parameters(rng).items()}
    return identical(lenet(np.zeros((1, 28, 28)), **ones), np.full(10, 150.0 * 400 * 120 * 84))


@LENET.claim
def equals_the_layers_one_by_one(lenet, rng):
    """Equals PyTorch's own layers put together by hand"""
    import torch
    from torch.nn import functional as F

    weights, x = parameters(rng), rng.random((3, 1, 28, 28))
    w = {k: torch.from_numpy(v) for k, v in weights.items()}
    h = F.max_pool2d(F.relu(F.conv2d(torch.from_numpy(x), w["K1"], w["b1"], padding=2)), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, w["K3"], w["b3"])), 2).flatten(1)
    h = F.relu(F.linear(F.relu(F.linear(h, w["W5"], w["b5"])), w["W6"], w["b6"]))
    z = F.linear(h, w["W7"], w["b7"]).numpy()
    return roundoff(lenet(x, **weights), z, terms=400, c=1.0, scale=float(np.abs(z).max()) * 4)


@LENET.claim
def four_pixels_are_one_place(lenet, rng):
    """Four pixels at the input are one place at S4: an image whose strokes stay clear of the border, shifted, gives the
    same logits once the weights of C5 are shifted along, and others before"""
    weights, x = parameters(rng), np.zeros((1, 32, 32))
    x[..., 12:16] = rng.random((1, 32, 4))  # neither before nor after does it reach the border
    W5 = weights["W5"].reshape(120, 16, 5, 5)
    moved = {**weights, "W5": np.roll(W5, 1, -1).reshape(120, 400)}
    z = lenet(x, **weights, padding=0)
    shifted = lenet(np.roll(x, 4, -1), **moved, padding=0)
    seen = np.abs(lenet(np.roll(x, 4, -1), **weights, padding=0) - z).max()
    yield roundoff(shifted, z, terms=400)
    yield bound(seen, 1e-3, "≥", Text("without them the logits differ", "权重不平移则输出不同"))


@LENET.claim
def positively_homogeneous(lenet, rng):
    r"""Without biases it is positively homogeneous: $f(ax)=a\,f(x)$ for $a>0$; with them it is not"""
    weights = {k: v if k.startswith(("K", "W")) else 0 * v for k, v in parameters(rng).items()}
    x = rng.random((2, 1, 28, 28))
    z = lenet(x, **weights)
    exact = [identical(lenet(a * x, **weights), a * z) for a in (0.5, 4.0)]  # powers of 2
    biased = parameters(rng)
    z = 4 * lenet(x, **biased)
    off = np.abs(lenet(4 * x, **biased) - z).max() / np.abs(z).max()
    why = Text("a hundredth of the largest logit: with biases they differ", "最大 logit 的百分之一：有偏置时二者不同")
    return all_of(*exact, bound(off, 0.01, "≥", why))


@LENET.claim
def one_pixel_is_no_place(lenet, rng):
    """One pixel is no place at S4: moved by one, a single bright pixel and kernels that copy it stay in their window of
    four or leave it, so that the logits stay or vanish"""
    weights = {k: 0 * v for k, v in parameters(rng).items()}
    weights["K1"][0, 0, 2, 2] = weights["K3"][0, 0, 2, 2] = 1  # copies the image's first channel
    W5 = weights["W5"].reshape(120, 16, 5, 5)
    W5[0, 0, 2, 2] = weights["W6"][0, 0] = weights["W7"][:, 0] = 1
    images = np.zeros((4, 1, 32, 32))
    for i, column in enumerate((14, 15, 17, 18)):  # S4's window 2 holds columns 14 to 17: 2 + 2·(2·2 + 2) … + 3
        images[i, 0, 14, column] = 1
    return identical(lenet(images, **weights, padding=0)[:, 0], [1.0, 1.0, 1.0, 0.0])


SIGNS = Text("a logit on either side of 0", "0 的两侧都有 logit")


@LENET.claim
def logits_take_either_sign(lenet, rng):
    """The logits take either sign: no activation follows the last layer"""
    weights, x = parameters(rng), rng.random((4, 1, 28, 28))
    z = lenet(x, **weights)
    opposite = lenet(x, **{**weights, "W7": -weights["W7"], "b7": -weights["b7"]})
    return all_of(identical(opposite, -z), bound(z.min(), -1e-3, "≤", SIGNS), bound(z.max(), 1e-3, "≥", SIGNS))


@cache
def trained(seed):
    """Weights trained on the digits with the settings of `gradus run lenet`."""
    from functools import partial

    import torch

    from gradus.data import load
    from gradus.training import fit
    from gradus.vision.augmentation import random_affine
    from gradus.vision.lenet import LeNet

    data = load("digits")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LeNet(size=8)
    fit(
        model,
        torch.nn.functional.cross_entropy,
        (data.train_inputs, data.train_targets),
        seed=seed,
        epochs=20,
        batch_size=32,
        optimizer="adam",
        learning_rate=3e-3,
        schedule="warmup-cosine",
        augment=partial(random_affine, degrees=10.0, shift=0.5, scale=1.1),
        progress="silent",
    )
    values = [v.detach().double().numpy() for v in model.parameters()]
    return dict(zip(("K1", "b1", "K3", "b3", "W5", "b5", "W6", "b6", "W7", "b7"), values, strict=True))


@LENET.claim(cost="slow")
def reads_digits(lenet, rng):
    """Trained by the recipe it reads at least 98% of the held-out fifth of the digits (mean of 3 seeds)"""
    import torch

    from gradus.data import load

    data = load("digits")
    x = torch.nn.functional.interpolate(
        torch.from_numpy(data.test_inputs).double(), scale_factor=4, mode="bilinear"
    ).numpy()
    scores = [float((lenet(x, **trained(s), padding=0).argmax(-1) == data.test_targets).mean()) for s in range(3)]
    said = ", ".join(f"{s:.4f}" for s in scores)
    return metric(np.mean(scores), 0.98, "≥", Text(f"the target; seeds: {said}", f"目标值；各种子：{said}"))


@LENET.mutant(caught_by="positively-homogeneous, connections-multiply, reads-digits, one-pixel-is-no-place")
def sigmoid(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    """the sigmoid for ReLU"""
    s = lambda t: 1 / (1 + np.exp(-t))
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2)
    h = pool(s(conv(pool(s(conv(x, K1, b1))), K3, b3)))
    h = s(h.reshape(*h.shape[:-3], 400) @ W5.T + b5)
    return s(h @ W6.T + b6) @ W7.T + b7


@LENET.mutant(caught_by="equals-the-layers-one-by-one, four-pixels-are-one-place, reads-digits")
def channels_last(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    """flattened pixel by pixel, channels last"""
    W5 = np.moveaxis(W5.reshape(120, 5, 5, 16), -1, 1).reshape(120, 400)
    return lenet(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding)


@LENET.mutant(caught_by="equals-the-layers-one-by-one, reads-digits")
def flipped_kernels(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    """kernels flipped: mathematical convolution"""
    return lenet(x, K1[..., ::-1, ::-1], b1, K3[..., ::-1, ::-1], b3, W5, b5, W6, b6, W7, b7, padding)


@LENET.mutant(caught_by="number-of-parameters, equals-definition")
def bias_left_out(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    """the bias of C3 is left out"""
    return lenet(x, K1, b1, K3, 0 * b3, W5, b5, W6, b6, W7, b7, padding)


@LENET.mutant(caught_by="logits-take-either-sign, equals-definition")
def activation_at_the_end(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    """a ReLU after the last layer"""
    return np.maximum(lenet(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding), 0)


@LENET.mutant(caught_by="connections-multiply, equals-definition")
def partial_connections(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding=2):
    """C3 sees only the first three maps"""
    K3 = K3 * (np.arange(6) < 3)[:, None, None]
    return lenet(x, K1, b1, K3, b3, W5, b5, W6, b6, W7, b7, padding)


# C1 after training by the recipe with seed 0, in hundredths.
K1_TRAINED = (
    np.array(
        [
            [[4, 12, -19, -21, -16], [13, 5, 19, -2, 2], [5, 6, -12, -9, -6], [14, 21, 23, -5, -2], [21, 30, 8, 25, 5]],
            [
                [2, 18, -19, -13, -5],
                [-8, 17, -13, -9, -14],
                [-19, -12, 17, 9, 10],
                [1, -10, 3, -19, -14],
                [-10, 13, 12, -9, -1],
            ],
            [[20, 30, 20, 15, 26], [0, 19, 2, 5, 8], [21, 25, 8, 28, 32], [7, 15, 23, 32, 38], [-12, 1, 19, 30, 30]],
            [
                [27, 12, -11, 7, -8],
                [-11, 22, 16, -22, -1],
                [2, -2, -12, 1, -21],
                [12, 12, 12, 1, -29],
                [-7, 14, 5, -18, -15],
            ],
            [
                [31, 24, 1, 4, -10],
                [7, -11, -13, 1, 5],
                [-5, 11, -17, 13, 10],
                [-17, -10, -8, -7, -3],
                [8, -4, -18, 0, -26],
            ],
            [
                [-13, -6, -11, -8, -17],
                [-5, 3, -14, -2, 13],
                [-3, -1, -3, 3, 12],
                [18, 11, 18, -3, -19],
                [-11, 12, -1, -11, -17],
            ],
        ]
    )[:, None]
    / 100
)
B1_TRAINED = np.array([-12, -17, -10, 31, 26, -21]) / 100


def turned(image, degrees, size=32):
    """The image turned about its centre and enlarged to size×size, bilinearly, 0 outside."""
    a, n = np.deg2rad(degrees), len(image)
    v, u = ((np.mgrid[:size, :size] + 0.5) / size - 0.5) * n
    row, column = np.cos(a) * v + np.sin(a) * u + n / 2 + 0.5, -np.sin(a) * v + np.cos(a) * u + n / 2 + 0.5
    padded = np.pad(image, 2)
    i, j = (np.clip(np.floor(t).astype(int), -1, n + 1) for t in (row, column))
    s, t = np.clip(row - i, 0, 1), np.clip(column - j, 0, 1)
    corner = lambda di, dj: padded[i + di + 1, j + dj + 1]
    return (1 - s) * ((1 - t) * corner(0, 0) + t * corner(0, 1)) + s * ((1 - t) * corner(1, 0) + t * corner(1, 1))


def costs(side):
    """Parameters and multiplications of the five layers for images of side×side (padded by 2)."""
    a = side // 2
    b = (a - 4) // 2
    weights = np.array([150, 2400, 16 * b * b * 120, 10080, 840])
    places = np.array([side**2, (a - 4) ** 2, 1, 1, 1])
    return weights + np.array([6, 16, 120, 84, 10]), weights * places


@LENET.figure(
    angle=Slider(-45, 45, 10, "the digit turned by (degrees)"),
    side=Slider(16, 64, 28, "side of the image", integer=True),
)
def figure(angle, side):
    side = int(side) // 4 * 4
    x = turned(THREE, angle)
    maps = pool(np.maximum(conv(x[None], K1_TRAINED, B1_TRAINED), 0))  # (6, 14, 14)
    board = np.full((32, 84), np.nan)
    board[:, :32] = x
    for k, m in enumerate(maps):
        top, left = 17 * (k // 3) + 1, 36 + 16 * (k % 3)
        board[top : top + 14, left : left + 14] = m / max(m.max(), 1e-9)
    silent = [k + 1 for k, m in enumerate(maps) if not m.any()]
    fig, (ax, bars) = canvas(columns=2, width=8.2, height=3.2)
    for k in silent:
        ax.text(43 + 16 * ((k - 1) % 3), 17 * ((k - 1) // 3) + 8, "0", ha="center", va="center", color=ON_LIGHT)
    ax.imshow(np.ma.masked_invalid(board), cmap="Greys", vmin=0, vmax=1)
    for left, top, size in [(0, 0, 32), *[(36 + 16 * (k % 3), 17 * (k // 3) + 1, 14) for k in range(6)]]:
        u = np.array([0, size, size, 0, 0]) + left - 0.5
        ax.plot(u, np.array([0, 0, size, size, 0]) + top - 0.5, color="#BBBBBB", lw=0.8)
    ax.set(title="input, and the six maps after S2", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    parameters_, products = costs(side)
    y = np.arange(5)
    bars.barh(y - 0.2, parameters_, 0.4, label="parameters")
    bars.barh(y + 0.2, products, 0.4, label="multiplications per image")
    bars.set(
        yticks=y,
        yticklabels=["C1", "C3", "C5", "F6", "out"],
        xscale="log",
        xlim=(50, 5e6),
        title=f"image {side}×{side}",
    )
    bars.invert_yaxis()
    bars.legend(frameon=False, fontsize=9.5, loc="lower right")
    p, m = parameters_.sum(), products.sum()
    blank = ("", "")
    if silent:
        numbers = [str(k) for k in silent]
        blank = (
            f" (maps {' and '.join(numbers)} are 0 everywhere: these kernels answer nothing in this digit above 0)",
            f"（第 {'、'.join(numbers)} 幅处处为 0：这些卷积核在此数字上没有大于 0 的响应）",
        )
    words = Text(
        f"A 3 turned by {angle:.0f}°, and what the six trained kernels of C1 make of it after pooling{blank[0]}. For images of {side}×{side} the network "
        f"has {p} parameters and {m} multiplications; the convolutions hold {100 * parameters_[:2].sum() / p:.0f} % of the "
        f"first and do {100 * products[:2].sum() / m:.0f} % of the second.",
        f"旋转 {angle:.0f}° 的 3，以及 C1 的六个训练好的卷积核在池化后得到的图{blank[1]}。对 {side}×{side} 的图像，网络有 {p} 个参数、{m} 次乘法；卷积层只占参数的 {100 * parameters_[:2].sum() / p:.0f} %，却占乘法的 {100 * products[:2].sum() / m:.0f} %。",
    )
    return Drawing(fig, words)
