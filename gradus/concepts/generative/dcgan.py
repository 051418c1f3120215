"""DCGAN: a generator and a discriminator of strided convolutions."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, bound, identical, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

EPS = 1e-5  # of batch normalisation, under the root


def _library(DCGenerator, z, real, up, up_norms, down, down_norms, mixed=False):
    import torch

    from gradus.arguments import refusal
    from gradus.generative import DCDiscriminator

    (d, _, r, _), channels = up[0].shape, up[-1].shape[1]
    size, kernel = r * 2 ** (len(up) - 1), up[-1].shape[-1]
    with torch.device("meta"):  # no memory, and no draw from the global generator
        given = dict(channels=channels, size=size, kernel=kernel)
        generator = DCGenerator(d, width=up[-1].shape[0], **given)
        discriminator = DCDiscriminator(width=down[0].shape[0], **given)

    def held(network, kernels, norms):
        layers = [m for m in network.layers if isinstance(m, (torch.nn.Conv2d, torch.nn.ConvTranspose2d))]
        normals = [m for m in network.layers if isinstance(m, torch.nn.BatchNorm2d)]
        names = {m: name for name, m in network.named_modules()}
        if any(m.weight.shape != k.shape for m, k in zip(layers, kernels, strict=True)):
            raise refusal(
                "kernels", ("kernels that follow each other", "前后相接的核"), [tuple(k.shape) for k in kernels]
            )
        found = {f"{names[m]}.weight": k for m, k in zip(layers, kernels, strict=True)}
        for m, (gain, shift) in zip(normals, norms, strict=True):
            found |= {f"{names[m]}.weight": gain, f"{names[m]}.bias": shift}
        for name, p in (*network.named_parameters(), *network.named_buffers()):
            if name not in found:  # offsets of 0, and running statistics that nobody asks for
                found[name] = torch.zeros(p.shape, dtype=z.dtype, device=z.device)
        return lambda x: torch.func.functional_call(network, found, (x,))

    images, score = held(generator, up, up_norms)(z), held(discriminator, down, down_norms)
    if mixed:
        return images, *score(torch.cat((images, real))).split((len(images), len(real)))
    return images, score(images), score(real)


def _torch(conv_transpose2d, z, real, up, up_norms, down, down_norms, mixed=False):
    import torch
    from torch.nn.functional import batch_norm, conv2d, leaky_relu, relu

    p = (up[-1].shape[-1] - 1) // 2
    h = conv_transpose2d(z[:, :, None, None], up[0])
    for U, (gain, shift) in zip(up[1:], up_norms, strict=True):
        h = relu(batch_norm(h, None, None, gain, shift, training=True, eps=EPS))
        h = conv_transpose2d(h, U, stride=2, padding=p, output_padding=2 * p + 2 - U.shape[-1])
    images = h.tanh()

    def score(x):
        x = leaky_relu(conv2d(x, down[0], stride=2, padding=p), 0.2)
        for A, (gain, shift) in zip(down[1:-1], down_norms, strict=True):
            x = batch_norm(conv2d(x, A, stride=2, padding=p), None, None, gain, shift, training=True, eps=EPS)
            x = leaky_relu(x, 0.2)
        return conv2d(x, down[-1]).reshape(len(x))

    if mixed:
        return images, *score(torch.cat((images, real))).split((len(images), len(real)))
    return images, score(images), score(real)


DCGAN = Concept(
    key="dcgan",
    kind="model",
    title="DCGAN",
    summary="A generator that doubles the size of its maps layer by layer, each time by the transpose of the convolution with which the discriminator halves it. There is no pooling, "
    "and between the first layer and the last none that sees all at once; batch normalisation keeps the scale, and a tanh sets the range of the pixels. Two things are easily overlooked: how many windows "
    "meet in a pixel depends on its place, and a normalised batch is more than its images.",
    formulas=(
        r"h^{(1)}_{c,i,j}=\sum_dz_d\,U^{(1)}_{d,c,i,j},\qquad h^{(l+1)}=U^{(l+1)}*^{\mathsf T}\operatorname{ReLU}\bigl(\operatorname{BN}(h^{(l)})\bigr),\qquad G(z)=\tanh\bigl(h^{(L)}\bigr)",
        r"(U*^{\mathsf T}h)_{o,u,v}=\sum_{c,i,j}U_{c,o,\;u+p-2i,\;v+p-2j}\;h_{c,i,j},\qquad(A*x)_{o,i,j}=\sum_{c,k,l}A_{o,c,k,l}\;x_{c,\;2i+k-p,\;2j+l-p},\qquad p=\Bigl\lfloor\frac{t-1}2\Bigr\rfloor",
        r"\langle U*^{\mathsf T}h,\,x\rangle=\langle h,\,U*x\rangle",
        r"\operatorname{BN}(h)_{c}=\gamma_c\,\frac{h_c-\mu_c}{\sqrt{\sigma_c^2+10^{-5}}}+\beta_c,\qquad\mu_c,\ \sigma_c^2\text{: over all images of the batch and all places}",
        r"D(x)=\sum_{c,i,j}A^{(L)}_{c,i,j}\,g^{(L-1)}_{c,i,j},\qquad g^{(1)}=\varphi(A^{(1)}*x),\qquad g^{(l)}=\varphi\bigl(\operatorname{BN}(A^{(l)}*g^{(l-1)})\bigr),\qquad\varphi(a)=\max(a,\,0.2\,a)",
    ),
    symbols=(
        Symbol("z", "z", "n d", "noise, a row for each image"),
        Symbol("x", "real", "m c s s", "real images, as a rule between −1 and 1"),
        Symbol(
            "U^{(l)}",
            "up",
            "c_l c_{l+1} t t",
            "kernels of the generator, in a tuple: from the maps of a layer to those of the next; the first leads from the noise to $r\\times r$",
            "other",
        ),
        Symbol(
            r"\gamma,\ \beta",
            "up_norms",
            "2 c_l",
            "gains and shifts after each of the generator's layers but the last, in a tuple",
            "other",
        ),
        Symbol(
            "A^{(l)}",
            "down",
            "a_{l+1} a_l t t",
            "kernels of the discriminator, in a tuple; the last, of $r\\times r$, takes all that is left to one number",
            "other",
        ),
        Symbol(
            r"\gamma,\ \beta\text{ of }D",
            "down_norms",
            "2 a_l",
            "gains and shifts after each of the discriminator's layers but the first and the last, in a tuple",
            "other",
        ),
        Symbol(
            r"\text{mixed}",
            "mixed",
            "",
            "whether the discriminator gets generated and real images in one batch",
            "boolean",
        ),
        Symbol("h,\\ g", "", "", "maps of the generator and of the discriminator"),
        Symbol("t,\\ p", "", "", "side of a kernel; how far its window begins before the place", "natural"),
        Symbol("L", "", "", "number of layers of each", "natural"),
        Symbol("r,\\ s", "", "", "side of the first maps, of the images: $s=2^{L-1}r$", "natural"),
        Symbol("n,\\ m", "", "", "numbers of generated and of real images", "natural"),
        Symbol(r"\varphi", "", "function", "leaky ReLU"),
    ),
    returns=(
        Result("images", "n c s s", "what the generator makes"),
        Result("of_generated", "n", "logits of the discriminator on these"),
        Result("of_real", "m", "logits on the real images"),
    ),
    needs=("gan", "conv-layer", "batch-norm"),
    source="radford2016unsupervised",
    year=2016,
    people=("Alec Radford", "Luke Metz", "Soumith Chintala"),
    aliases="deep convolutional GAN, checkerboard artifacts, checkerboard artefacts, latent interpolation, slerp, 深度卷积生成对抗网络, 深度卷积 GAN, 棋盘伪影, 潜空间插值, 球面插值",
    implementations=(
        Implementation(
            "gradus.generative:DCGenerator",
            "torch",
            _library,
            "with `DCDiscriminator`; `train_gan` trains them, `spherical_interpolation` leads from noise to noise",
        ),
        Implementation("torch.nn.functional:conv_transpose2d", "torch", _torch, "layer by layer"),
    ),
    readings="radford2016unsupervised §3; dumoulin2016guide §4; odena2016deconvolution; white2016sampling §2",
    hypotheses=(
        Hypothesis(
            "equally many windows in each pixel, but at the border: the kernel's side is a multiple of the stride",
            "uneven-overlap-makes-a-checkerboard",
        ),
        Hypothesis(
            "an image for itself: batch normalisation has fixed statistics, as in evaluation",
            "a-batch-is-more-than-its-images",
        ),
        Hypothesis("the data lie between −1 and 1 and use the whole range", "a-tanh-sets-the-range"),
        Hypothesis(
            "half way on a straight line is nearer to 0: the two ends are independent draws",
            "half-way-on-a-straight-line",
        ),
    ),
    conventions=(
        Convention(
            "the kernel's side",
            "any from 2 on, the same in all layers that double or halve; 4 in `DCGenerator`",
            "5: Radford et al.; with stride 2 frameworks then pad differently (TensorFlow's “same” by 1 and 2)",
        ),
        Convention("leaky ReLU", "0.2 below 0", "0.01: the default of `torch.nn.LeakyReLU`; Keras has 0.3"),
        Convention(
            "real and generated images in the discriminator",
            "either; by default each kind in a batch of its own",
            "one batch of both: some programs, since a single call is faster",
        ),
    ),
    deviations="The implementation also has offsets in the last layer of the generator and in the first and last of the discriminator; they are 0 here. It keeps running statistics besides, which training does not use.",
    unverified="That these choices make the training of larger networks stable, as Radford et al. found by trying: no theorem says so.",
    longest_sum=256,
)


def normalized(h, norm):
    """Batch normalisation, by the statistics of the batch."""
    gain, shift = (v[:, None, None] for v in norm)
    mean = h.mean((0, 2, 3), keepdims=True)
    variance = ((h - mean) ** 2).mean((0, 2, 3), keepdims=True)
    return gain * (h - mean) / np.sqrt(variance + EPS) + shift


def doubled(h, U):
    """Each place adds its window, times itself, to the output: window (i, j) begins at (2i − p, 2j − p)."""
    (n, _, H, W), (_, O, t, _) = h.shape, U.shape
    p = (t - 1) // 2
    y = np.zeros((n, O, 2 * H + t, 2 * W + t), np.result_type(h, U))  # from −p on
    for i in range(H):
        for j in range(W):
            y[:, :, 2 * i : 2 * i + t, 2 * j : 2 * j + t] += np.einsum("nc,cokl->nokl", h[:, :, i, j], U)
    return y[:, :, p : p + 2 * H, p : p + 2 * W]


def halved(x, A):
    """Each place of the output is the weighted sum of a window."""
    (n, _, H, W), (O, _, t, _) = x.shape, A.shape
    p = (t - 1) // 2
    x = np.pad(x, [(0, 0), (0, 0), (p, t), (p, t)])
    y = np.zeros((n, O, H // 2, W // 2), np.result_type(x, A))
    for i in range(H // 2):
        for j in range(W // 2):
            y[:, :, i, j] = np.einsum("nckl,ockl->no", x[:, :, 2 * i : 2 * i + t, 2 * j : 2 * j + t], A)
    return y


def leaky(a, slope=0.2):
    return np.where(np.real(a) > 0, a, slope * a)


def score(x, down, down_norms):
    """The discriminator's logits of a batch."""
    g = leaky(halved(x, down[0]))
    for A, norm in zip(down[1:-1], down_norms, strict=True):
        g = leaky(normalized(halved(g, A), norm))
    return (g * down[-1]).sum((1, 2, 3))


@DCGAN.definition
def dcgan(z, real, up, up_norms, down, down_norms, mixed=False):
    if len(up) != len(down) or len(up) < 2 or up[0].shape[2:] != down[-1].shape[2:]:
        raise ValueError("as many layers down as up, and the smallest maps of one size")
    h = np.einsum("nd,dcij->ncij", z, up[0])
    for U, norm in zip(up[1:], up_norms, strict=True):
        h = doubled(leaky(normalized(h, norm), 0.0), U)
    images = np.tanh(h)
    if real.shape[1:] != images.shape[1:]:
        raise ValueError("real images of the shape of the generated ones")
    if mixed:
        logits = score(np.concatenate((images, real)), down, down_norms)
        return images, logits[: len(images)], logits[len(images) :]
    return images, score(images, down, down_norms), score(real, down, down_norms)


def networks(rng, d=3, c=1, r=4, t=4, width=2, depth=1, n=3, m=2):
    """Noise, real images and kernels that double `depth` times."""

    def kernels(a, b, side):
        return rng.normal(size=(a, b, side, side)) / math.sqrt(b * side**2 / 4)

    wide = [width * 2**k for k in range(depth)]
    ups, downs = [d, *wide[::-1], c], [c, *wide]
    up = kernels(ups[0], ups[1], r), *(kernels(a, b, t) for a, b in itertools.pairwise(ups[1:]))
    down = *(kernels(b, a, t) for a, b in itertools.pairwise(downs)), kernels(1, downs[-1], r)
    up_norms, down_norms = (
        tuple(np.stack((rng.uniform(0.5, 1.5, a), rng.normal(size=a) / 2)) for a in widths)
        for widths in (ups[1:-1], downs[2:])
    )
    z, real = rng.normal(size=(n, d)), rng.uniform(-1, 1, (m, c, r * 2**depth, r * 2**depth))
    return dict(z=z, real=real, up=up, up_norms=up_norms, down=down, down_norms=down_norms)


def plain(z, V, U, norm=None, side=None, **more):
    """A generator of two layers, with a discriminator that sees nothing."""
    norm = np.stack((np.ones(V.shape[1]), np.zeros(V.shape[1]))) if norm is None else norm
    s, t = 2 * V.shape[-1], U.shape[-1]
    down = np.zeros((1, U.shape[1], t, t)), np.zeros((1, 1, *V.shape[2:]))
    given = dict(z=z, real=np.zeros((1, U.shape[1], s, s)), up=(V, U), up_norms=(norm,), down=down, down_norms=())
    return given | more


BILINEAR = np.outer([0.5, 1.0, 0.5], [0.5, 1.0, 0.5])


@DCGAN.example
def example():
    z, V, U = np.array([[1.0], [-1.0]]), np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.ones((1, 1, 3, 3)) / 4
    A, last = np.ones((1, 1, 3, 3)) / 4, np.array([[[[1.0, 0.0], [0.0, 1.0]]]])
    given = plain(z, V, U, down=(A, last), real=np.repeat([1.0, 1.0, 0.0, 0.0], 4).reshape(1, 1, 4, 4).swapaxes(2, 3))
    images, fake, real = dcgan(**given)
    rows = [np.arctanh(dcgan(**flat(k))[0])[0, 0, 2, 2:6] * 8 for k in (np.ones((3, 3)), BILINEAR)]
    maps = normalized(np.einsum("nd,dcij->ncij", z, V), given["up_norms"][0])
    return (
        given
        | dict(first=V[0, 0], variance=7.5, maps=np.maximum(maps[0, 0], 0), before=np.arctanh(images[0, 0]))
        | dict(images=images[0, 0], other=images[1, 0, 0, 0], fake=fake[0], real_logit=real[0])
        | dict(ones=rows[0], even=rows[1], root=math.sqrt(0.5), unequal=9 / 4)
    )


def flat(kernel, r=4):
    """Maps that are 1 everywhere, for gains are 0 and shifts 1; the kernel is made eight times as small."""
    return plain(np.ones((2, 1)), np.ones((1, 1, r, r)), kernel[None, None] / 8, np.array([[0.0], [1.0]]))


@DCGAN.exercise
def side_of_the_output():
    U = np.zeros((1, 1, 5, 5))
    images = dcgan(**plain(np.ones((2, 1)), np.ones((1, 1, 7, 7)), U))[0]
    return number(images.shape[-1], no_output_padding=2 * 6 + 5 - 4, no_padding=2 * 6 + 5, halved=4, tolerance=1e-6)


@DCGAN.exercise
def how_uneven():
    inner = np.arctanh(dcgan(**flat(np.ones((5, 5))))[0])[0, 0, 2:6, 2:6]
    return number(inner.max() / inner.min(), along_a_row=3 / 2, even=1, all_taps=25 / 4)


@DCGAN.exercise
def half_the_way():
    """The length half way between orthogonal noise of length 10, to that of the ends."""
    a, b = 10 * np.eye(100)[:2]
    return number(np.linalg.norm((a + b) / 2) / 10, halved=1 / 2, kept=1, added=math.sqrt(2))


@DCGAN.exercise
def twice_the_contrast():
    given = networks(np.random.default_rng(0), depth=2, n=4)
    given["down"] = (1e4 * given["down"][0], *given["down"][1:])
    images, fake, _ = dcgan(**given)
    half = dcgan(**given | dict(real=images / 2))[2]
    alike = np.abs(half - fake).max() < 1e-6
    return choice(cannot=alike, can=not alike and (fake > half).all(), other_way=not alike and (fake < half).all())


@DCGAN.cases
def cases(rng):
    yield "two layers", networks(rng)
    yield "three layers", networks(rng, depth=2)
    yield "three layers, in one batch", networks(rng, depth=2) | dict(mixed=True)
    yield "kernels of an odd side", networks(rng, t=5, c=3)
    yield "kernels of 3, colour", networks(rng, t=3, c=3, depth=2, d=5)
    yield "kernels of 2", networks(rng, t=2, r=5)
    yield "28 pixels", networks(rng, r=7, depth=2, n=2, m=1)
    yield "wide kernels", networks(rng, t=6, r=6, width=3)
    yield "first weights", small(networks(rng, depth=2, width=4, n=4))
    yield "one image of each", networks(rng, n=1, m=1)


def small(given):
    """Kernels of the deviation 0.02, gains 1, shifts 0."""
    given = dict(given)
    for name in ("up", "down"):
        given[name] = tuple(0.02 * k / k.std() for k in given[name])
        given[f"{name}_norms"] = tuple(np.stack((1 + 0 * v[0], 0 * v[1])) for v in given[f"{name}_norms"])
    return given


@DCGAN.invalid
def invalid(rng):
    ok = networks(rng)
    yield "real images of another size", ok | dict(real=np.zeros((2, 1, 10, 10)))
    yield "noise of another length", ok | dict(z=np.zeros((3, 4)))
    yield "kernels that do not follow each other", ok | dict(up=(ok["up"][0], np.zeros((3, 1, 4, 4))))
    yield "more layers up than down", ok | dict(down=ok["down"][1:])


def run(dcgan, **given):
    """Images and logits, as float64 arrays."""
    return [np.asarray(part, float) for part in dcgan(**given)]


def before(dcgan, **given):
    """What the generator gives before the tanh."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.arctanh(run(dcgan, **given)[0])


def windows(x, t):
    """Every second window of zero-padded maps, (n, c, h, w, t, t)."""
    p, s = (t - 1) // 2, x.shape[-1]
    x = np.pad(x, [(0, 0), (0, 0), (p, t), (p, t)])
    return np.lib.stride_tricks.sliding_window_view(x, (t, t), (2, 3))[:, :, :s:2, :s:2]


def meeting(t, r):
    """How many windows meet in each of 2r places along a line."""
    p = (t - 1) // 2
    return np.array([sum(0 <= u + p - 2 * i < t for i in range(r)) for u in range(2 * r)])


@DCGAN.claim
def doubling_is_the_adjoint_of_halving(dcgan, rng):
    r"""The last layer of the generator is the adjoint of a convolution of stride 2 with the same kernel: $\langle U*^{\mathsf T}h,x\rangle=\langle h,U*x\rangle$ for any images $x$, kernels of 2 to 6 a side"""
    for t in (2, 3, 4, 5, 6):
        given = networks(rng, t=t, c=2)
        V, U = given["up"]
        got = before(dcgan, **given | dict(up=(V, 0.3 * U)))
        x = rng.normal(size=got.shape)
        h = np.tensordot(given["z"], V, 1)
        gain, shift = given["up_norms"][0][:, :, None, None]
        h = gain * (h - h.mean((0, 2, 3), keepdims=True)) / np.sqrt(h.var((0, 2, 3), keepdims=True) + EPS) + shift
        want = np.einsum("ncij,cokl,noijkl->", np.maximum(h, 0), 0.3 * U, windows(x, t))
        yield bound(float(np.abs(got).max()), 5.0, "≤", Text("far from where the tanh is flat", "远离 tanh 平坦之处"))
        # the slope of arctanh, 1/(1 − image²), magnifies what was rounded
        size = float(np.abs(got * x).sum() + (np.cosh(got) ** 2 * np.abs(x)).sum())
        yield roundoff(float((got * x).sum()), float(want), terms=100, scale=size)


@DCGAN.claim
def each_layer_doubles(dcgan, rng):
    r"""From $r\times r$ maps, $r$ from 4 to 7, the images have the side $2r$ and $4r$, whatever the kernel's side from 2 to 6, even or odd; the discriminator gives one number an image. With kernels of ones and images of ones the logit is the square of the number of taps that meet a line of them"""
    for r in (4, 5, 6, 7):
        for t in (2, 3, 4, 5, 6):
            got = run(dcgan, **plain(np.ones((2, 1)), np.ones((1, 1, r, r)), np.ones((1, 1, t, t))))
            yield identical([v.shape for v in got[1:]], [(2,), (1,)])
            yield identical(got[0].shape, (2, 1, 2 * r, 2 * r))
            ones = dict(down=(np.ones((1, 1, t, t)), np.ones((1, 1, r, r))), real=np.ones((1, 1, 2 * r, 2 * r)))
            of_ones = run(dcgan, **flat(np.ones((t, t)), r) | ones)[2]
            yield roundoff(of_ones, [float(meeting(t, r).sum() ** 2)], terms=40)
    deep = run(dcgan, **networks(rng, r=5, t=3, depth=2))
    yield identical(deep[0].shape, (3, 1, 20, 20))


@DCGAN.claim
def uneven_overlap_makes_a_checkerboard(dcgan, rng):
    r"""Maps that are 1 everywhere, a kernel of ones: each pixel is the number of windows that meet in it, within the border $t^2/4$ where $t$ is even; where it is odd $\bigl(\frac{t+1}2\bigr)^2$, $\frac{t^2-1}4$ or $\bigl(\frac{t-1}2\bigr)^2$ in turn, 4, 2 and 1 for $t=3$, 9, 6 and 4 for $t=5$. Even counts are not enough: $1\pm\frac12$ in turn along the rows of a kernel of side 4 gives stripes of $\frac12$ and $\frac32$. Nor are they needed: the outer square of $(\frac12,1,\frac12)$ gives 1 everywhere"""
    for t in (2, 3, 4, 5, 6):
        got = 8 * before(dcgan, **flat(np.ones((t, t)) / t**2, 6))[0, 0] * t**2
        yield roundoff(got, np.outer(meeting(t, 6), meeting(t, 6)), terms=20, scale=float(t**2))
        found = np.unique(np.round(got[3:-3, 3:-3], 6))
        want = [((t - 1) / 2) ** 2, (t**2 - 1) / 4, ((t + 1) / 2) ** 2] if t % 2 else [t**2 / 4]
        yield identical(found, np.array(want))
    striped = np.ones((4, 1)) * np.array([1.5, 0.5, 1.5, 0.5])
    got = 8 * before(dcgan, **flat(striped / 4))[0, 0, 2:6, 2:6]
    yield roundoff(got, np.ones((4, 1)) * np.array([0.5, 1.5, 0.5, 1.5]), terms=20)
    yield roundoff(8 * before(dcgan, **flat(BILINEAR))[0, 0, 1:7, 1:7], np.ones((6, 6)), terms=20)


@DCGAN.claim
def a_batch_is_more_than_its_images(dcgan, rng):
    r"""An image depends on the others of its batch: with $V$ of ones, of the noises $1,-1$ the first pixel of the first image is $\tanh(w)$, of $1,-1,-1$ it is $\tanh(\sqrt2\,w)$, but for the $10^{-5}$ under the root. The order of the batch does not matter, nor whether all of it comes twice: not the sample's variance, with $n-1$, but the batch's"""
    w, V, U = rng.uniform(0.3, 0.6), np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2))
    for noises, a in (([1.0, -1.0], 1.0), ([1.0, -1.0, -1.0], math.sqrt(2))):
        z = np.array(noises)[:, None]
        got = run(dcgan, **plain(z, V, w * U))[0][0, 0, 0, 0]
        spread = z.var()
        yield roundoff(got, math.tanh(w * a * math.sqrt(spread / (spread + EPS))), terms=20)
    given = networks(rng, depth=2, n=5)
    z, images = given["z"], run(dcgan, **given)[0]
    yield roundoff(run(dcgan, **given | dict(z=z[::-1].copy()))[0][::-1], images, terms=400, scale=10.0)
    yield roundoff(run(dcgan, **given | dict(z=np.tile(z, (2, 1))))[0], np.tile(images, (2, 1, 1, 1)), 400, scale=10.0)


@DCGAN.claim
def one_batch_or_two(dcgan, rng):
    r"""Normalised in a batch of its own, each kind loses its scale: real images that are the generated ones at half the contrast get the same logits as these, but for the $10^{-5}$ under the root. In one batch they do not; and what the real ones get there is what they get beside the generated ones in any batch"""
    given = networks(rng, depth=2, n=4)
    A, B, last = given["down"]
    images = run(dcgan, **given)[0]
    given |= dict(down=(1e3 * A, B, last), real=images / 2)
    _, fake, real = run(dcgan, **given)
    maps = np.einsum("ncijkl,ockl->noij", windows(images, 4), 1e3 * A)
    maps = np.einsum("ncijkl,ockl->noij", windows(np.where(maps > 0, maps, 0.2 * maps), 4), B)
    least, (gain, _) = maps.var((0, 2, 3)).min() / 4, given["down_norms"][0]
    # a value of N has size √N at most; ε changes it by the share ε/(2 least), and rounding by some more
    size = float(np.abs(last).sum() * gain.max() * math.sqrt(maps[:, 0].size) + np.abs(last).sum() * 5)
    why = Text("ε/σ² of the values, and rounding", "数值的 ε/σ²，以及舍入")
    yield near(float(np.abs(real - fake).max()), 0.0, size * (EPS / least + 1000 * EPSILON), why)
    mixed = run(dcgan, **given, mixed=True)
    yield bound(float(np.abs(mixed[2] - mixed[1]).max()), 1e-3, "≥", Text("it sees the contrast", "它看得出对比度"))
    both = run(dcgan, **given | dict(real=np.concatenate((images, images / 2))))[2]
    yield roundoff(np.concatenate(mixed[1:]), both, terms=1000, scale=size)


@DCGAN.claim
def a_tanh_sets_the_range(dcgan, rng):
    r"""The images are $\tanh(h^{(L)})$: with the last kernel times $a$ they are $\tanh(a\,h^{(L)})$, so with $-U$ they change sign: kernels drawn symmetrically about 0 make a pixel as likely to be below 0 as above, and data from 0 to 1 lie in half of the range. One pixel of known size: $\tanh(\frac12)$"""
    given = networks(rng, c=2)
    V, U = given["up"]
    U = 0.3 * U
    h = before(dcgan, **given | dict(up=(V, U)))
    for a in (0.5, -1.0, 2.0):
        got = run(dcgan, **given | dict(up=(V, a * U)))[0]
        yield roundoff(got, np.tanh(a * h), terms=200, scale=float(np.cosh(h).max() ** 2))
    known = run(dcgan, **flat(4 * np.ones((2, 2))))[0]
    yield roundoff(known, np.full((2, 1, 8, 8), math.tanh(0.5)), terms=20)


@DCGAN.claim
def the_scale_of_a_kernel_before_a_norm(dcgan, rng):
    r"""How large the first kernel is makes almost no difference: each of its maps, times $a_c$, leads to $\sqrt{(\sigma^2+\varepsilon)/(\sigma^2+\varepsilon/a_c^2)}$ of its part in the pixel, $\varepsilon=10^{-5}$, exactly. With $a=0.02$ and $\sigma=1$ that is 0.988"""
    V, w = rng.normal(size=(1, 2, 4, 4)), np.array([0.2, 0.3])
    z, U = np.array([[1.0], [-1.0]]), w[:, None, None, None] * np.ones((2, 1, 2, 2))
    variance = (V**2).mean((0, 2, 3))  # for z = ±1 the mean is 0
    for a in (np.ones(2), np.array([0.02, 0.02]), np.array([0.02, 50.0])):
        got = before(dcgan, **plain(z, a[:, None, None] * V, U))[:, 0, ::2, ::2]
        of_map = w / np.sqrt(variance + EPS / a**2)
        want = np.tensordot(np.maximum(np.concatenate((V, -V)), 0), of_map, ((1,), (0,)))
        yield roundoff(got, want, terms=60, scale=float(np.cosh(want).max() ** 2))
    ratio = math.sqrt((1 + EPS) / (1 + EPS / 0.02**2))
    yield near(ratio, 0.988, 0.0005, Text("rounded to the digits that are stated", "舍入到所写的位数"))


@DCGAN.claim
def half_way_on_a_straight_line(dcgan, rng):
    r"""Half way between two noises the first maps differ from those of $z=0$ by half of the mean square, where no ReLU cuts: over the pairs $(a,b)$ and $(a,-b)$, which are equally likely for normal noise, exactly $\frac12$ of that of the ends. With the weights $\sqrt{1/2}$, $\sqrt{1/2}$ it is all of it."""
    d, V = 6, rng.normal(size=(6, 1, 4, 4))
    a, b = rng.normal(size=(2, d))
    z = np.stack((0 * a, a, b, (a + b) / 2, (a - b) / 2, (a + b) / math.sqrt(2), (a - b) / math.sqrt(2)))
    U, norm = 0.02 * np.ones((1, 1, 2, 2)), np.array([[1.0], [20.0]])  # 20: above √112, which no value exceeds
    h = before(dcgan, **plain(z, V, U, norm))
    squares = ((h - h[0]) ** 2).sum((1, 2, 3))
    ends, straight, circle = (float(squares[i : i + 2].sum()) for i in (1, 3, 5))
    first = np.tensordot(z, V, 1)
    want = 4 * 0.02**2 * ((first[1:3] ** 2).sum() / (first.var() + EPS))  # each place makes four pixels
    yield roundoff(ends, float(want), terms=400, scale=4.0 * float(want) + 4)
    yield roundoff(straight, ends / 2, terms=400, scale=4.0 * float(want) + 4)
    yield roundoff(circle, ends, terms=400, scale=4.0 * float(want) + 4)


@DCGAN.claim
def it_leaks_a_fifth(dcgan, rng):
    r"""Without a norm the discriminator is positively homogeneous: an image of three times the contrast has three times the logit; and that of an image and that of its negative add up to $0.8\sum A^{(2)}\lvert A^{(1)}*x\rvert$: the leaky ReLU passes a fifth of what is below 0"""
    given = networks(rng, c=2, m=1)
    x, (A, last) = given["real"], given["down"]
    got = run(dcgan, **given | dict(real=np.concatenate((x, -x, 3 * x))))[2]
    maps = np.abs(np.einsum("ncijkl,ockl->noij", windows(x, 4), A))
    size = float((np.abs(last) * maps).sum())
    yield roundoff(got[2], 3 * got[0], terms=200, scale=size)
    yield roundoff(got[0] + got[1], 0.8 * float((last * maps).sum()), terms=200, scale=size)


def built(
    z, real, up, up_norms, down, down_norms, mixed=False, *, norm=normalized, spread=doubled, slope=0.2, end=np.tanh
):
    """The definition of other parts."""
    h = np.einsum("nd,dcij->ncij", z, up[0])
    for U, given in zip(up[1:], up_norms, strict=True):
        h = spread(leaky(norm(h, given), 0.0), U)
    images = end(h)

    def logits(x):
        g = leaky(halved(x, down[0]), slope)
        for A, given in zip(down[1:-1], down_norms, strict=True):
            g = leaky(norm(halved(g, A), given), slope)
        return (g * down[-1]).sum((1, 2, 3))

    if mixed:
        both = logits(np.concatenate((images, real)))
        return images, both[: len(images)], both[len(images) :]
    return images, logits(images), logits(real)


@DCGAN.mutant(caught_by="doubling-is-the-adjoint-of-halving")
def flipped_kernel(z, real, up, up_norms, down, down_norms, **given):
    """the transposed convolution flips its kernel"""
    return built(z, real, up, up_norms, down, down_norms, **given, spread=lambda h, U: doubled(h, U[:, :, ::-1, ::-1]))


@DCGAN.mutant(caught_by="doubling-is-the-adjoint-of-halving, uneven-overlap-makes-a-checkerboard")
def repeats_each_pixel(z, real, up, up_norms, down, down_norms, **given):
    """each pixel is repeated, and a kernel slides over the doubled map"""

    def spread(h, U):
        t = U.shape[-1]
        p = (t - 1) // 2
        x = np.pad(h.repeat(2, 2).repeat(2, 3), [(0, 0), (0, 0), (p, t), (p, t)])
        seen = np.lib.stride_tricks.sliding_window_view(x, (t, t), (2, 3))
        return np.einsum("ncijkl,cokl->noij", seen[:, :, : 2 * h.shape[2], : 2 * h.shape[3]], U)

    return built(z, real, up, up_norms, down, down_norms, **given, spread=spread)


@DCGAN.mutant(caught_by="each-layer-doubles")
def no_output_padding(z, real, up, up_norms, down, down_norms, **given):
    """odd kernels without output padding: a row and a column too few"""
    return built(
        **given, spread=lambda h, U: doubled(h, U)[:, :, : -(U.shape[-1] % 2) or None, : -(U.shape[-1] % 2) or None]
    )


@DCGAN.mutant(caught_by="uneven-overlap-makes-a-checkerboard, doubling-is-the-adjoint-of-halving")
def cropped_on_one_side(z, real, up, up_norms, down, down_norms, **given):
    """the border is cut off at the end alone: windows begin at (2i, 2j)"""

    def spread(h, U):
        p = (U.shape[-1] - 1) // 2
        y = doubled(np.pad(h, [(0, 0), (0, 0), (0, 2), (0, 2)]), U)
        return np.pad(y, [(0, 0), (0, 0), (p, 0), (p, 0)])[:, :, : 2 * h.shape[2], : 2 * h.shape[3]]

    return built(z, real, up, up_norms, down, down_norms, **given, spread=spread)


@DCGAN.mutant(caught_by="uneven-overlap-makes-a-checkerboard")
def shared_by_the_overlap(z, real, up, up_norms, down, down_norms, **given):
    """each pixel is divided by the number of windows that meet in it"""

    def spread(h, U):
        n = meeting(U.shape[-1], h.shape[-1])
        return doubled(h, U) / np.maximum(np.outer(n, n), 1)

    return built(z, real, up, up_norms, down, down_norms, **given, spread=spread)


@DCGAN.mutant(caught_by="a-batch-is-more-than-its-images")
def variance_of_a_sample(z, real, up, up_norms, down, down_norms, **given):
    """variance with n − 1"""

    def norm(h, pair):
        gain, shift = (v[:, None, None] for v in pair)
        variance = h.var((0, 2, 3), keepdims=True, ddof=1)
        return gain * (h - h.mean((0, 2, 3), keepdims=True)) / np.sqrt(variance + EPS) + shift

    return built(z, real, up, up_norms, down, down_norms, **given, norm=norm)


@DCGAN.mutant(caught_by="a-batch-is-more-than-its-images, half-way-on-a-straight-line")
def each_image_by_itself(z, real, up, up_norms, down, down_norms, **given):
    """each image is normalised by its own statistics"""

    def norm(h, pair):
        return np.concatenate([normalized(one[None], pair) for one in h])

    return built(z, real, up, up_norms, down, down_norms, **given, norm=norm)


@DCGAN.mutant(caught_by="the-scale-of-a-kernel-before-a-norm")
def one_scale_for_all_maps(z, real, up, up_norms, down, down_norms, **given):
    """one mean and variance for all maps together"""

    def norm(h, pair):
        gain, shift = (v[:, None, None] for v in pair)
        return gain * (h - h.mean()) / np.sqrt(h.var() + EPS) + shift

    return built(z, real, up, up_norms, down, down_norms, **given, norm=norm)


@DCGAN.mutant(caught_by="the-scale-of-a-kernel-before-a-norm")
def epsilon_outside_the_root(z, real, up, up_norms, down, down_norms, **given):
    """10⁻⁵ is added to the deviation, not to the variance"""

    def norm(h, pair):
        gain, shift = (v[:, None, None] for v in pair)
        away = h - h.mean((0, 2, 3), keepdims=True)
        return gain * away / (np.sqrt((away**2).mean((0, 2, 3), keepdims=True)) + EPS) + shift

    return built(z, real, up, up_norms, down, down_norms, **given, norm=norm)


@DCGAN.mutant(caught_by="it-leaks-a-fifth")
def leaks_a_hundredth(z, real, up, up_norms, down, down_norms, **given):
    """leaky ReLU with 0.01 below 0, PyTorch's default"""
    return built(z, real, up, up_norms, down, down_norms, **given, slope=0.01)


@DCGAN.mutant(caught_by="it-leaks-a-fifth")
def first_layer_normalized(z, real, up, up_norms, down, down_norms, mixed=False):
    """the discriminator's first layer is normalised, too"""

    def logits(x):
        shape = len(down[0])
        g = leaky(normalized(halved(x, down[0]), np.stack((np.ones(shape), np.zeros(shape)))))
        for A, norm in zip(down[1:-1], down_norms, strict=True):
            g = leaky(normalized(halved(g, A), norm))
        return (g * down[-1]).sum((1, 2, 3))

    images = dcgan(z, real, up, up_norms, down, down_norms)[0]
    return images, logits(images), logits(real)


@DCGAN.mutant(caught_by="a-tanh-sets-the-range")
def sigmoid_at_the_end(z, real, up, up_norms, down, down_norms, **given):
    """a sigmoid in place of the tanh: images from 0 to 1"""
    return built(z, real, up, up_norms, down, down_norms, **given, end=lambda h: 1 / (1 + np.exp(-h)))


@DCGAN.mutant(caught_by="a-tanh-sets-the-range, doubling-is-the-adjoint-of-halving")
def cut_off_at_the_end(z, real, up, up_norms, down, down_norms, **given):
    """pixels are cut off at ±1 in place of the tanh"""
    return built(z, real, up, up_norms, down, down_norms, **given, end=lambda h: np.clip(h, -1, 1))


@DCGAN.mutant(caught_by="one-batch-or-two")
def always_in_one_batch(z, real, up, up_norms, down, down_norms, mixed=False):
    """generated and real images always in one batch"""
    return dcgan(z, real, up, up_norms, down, down_norms, mixed=True)


@DCGAN.mutant(caught_by="one-batch-or-two")
def always_in_two_batches(z, real, up, up_norms, down, down_norms, mixed=False):
    """each kind always in a batch of its own"""
    return dcgan(z, real, up, up_norms, down, down_norms)


@DCGAN.mutant(caught_by="half-way-on-a-straight-line")
def noise_of_equal_length(z, real, up, up_norms, down, down_norms, **given):
    """noise is brought to the length √d first"""
    length = np.sqrt((z**2).mean(1, keepdims=True))
    return dcgan(z / np.where(length > 0, length, 1), real, up, up_norms, down, down_norms, **given)


DCGAN.erratum(
    "E407",
    common="A kernel whose side is divisible by the stride prevents checkerboards (a common slip)",
    why="It makes the numbers of windows that meet in each pixel equal, not the sums of their weights. A kernel of side 4 whose columns weigh 1.5 and 0.5 in turn makes stripes of 0.5 "
    "and 1.5 out of a constant map; one of side 3, the outer square of (½, 1, ½), makes none.",
    right="It takes away the unevenness of the counts alone; what is needed is that the weights at even and at odd places of the kernel sum to the same",
    claims="uneven-overlap-makes-a-checkerboard",
)
DCGAN.erratum(
    "E408",
    common="Whether the discriminator gets real and generated images in one batch or in two makes no difference but in speed (a common slip)",
    why="With batch normalisation each batch is measured by its own mean and deviation. Two batches that differ by their contrast alone get the same logits; in one batch they do not.",
    right="They are two different discriminators wherever batch statistics are used; without them it makes none",
    claims="one-batch-or-two, it-leaks-a-fifth",
)


@DCGAN.figure(
    side=Slider(2, 8, 3, "side t of the kernel", integer=True),
    d=Slider(2, 512, 64, "numbers in the noise", log=True, integer=True),
)
def figure(side, d):
    t, d = int(side), int(d)
    n = meeting(t, 8)
    counts = np.outer(n, n)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    picture = left.imshow(counts, cmap="cividis", vmin=0)
    fig.colorbar(picture, ax=left, shrink=0.8)
    left.set(xticks=[], yticks=[], xlabel="windows that meet in each pixel")
    rng, way = np.random.default_rng(0), np.linspace(0, 1, 41)
    a, b = rng.normal(size=(2, 2000, d))
    angle = np.arccos((a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1)))[:, None]
    for name, style, first, second in (
        ("straight", "-", lambda s: 1 - s, lambda s: s),
        (
            "great circle",
            "--",
            lambda s: np.sin((1 - s) * angle) / np.sin(angle),
            lambda s: np.sin(s * angle) / np.sin(angle),
        ),
    ):
        length = [np.median(np.linalg.norm(first(s) * a + second(s) * b, axis=1)) / math.sqrt(d) for s in way]
        right.plot(way, length, style, color=COLOURS[0 if style == "-" else 1], label=name)
    low, high = np.quantile(np.linalg.norm(a, axis=1) / math.sqrt(d), [0.01, 0.99])
    right.axhspan(low, high, color=COLOURS[2], alpha=0.2, label="98 of 100 draws")
    right.set(xlabel="place on the way", ylabel="length / √d", ylim=(0, 1.6))
    right.legend(fontsize=9, frameon=False, loc="lower left")
    inner = np.unique(counts[t : 16 - t, t : 16 - t]) if t < 8 else np.unique(counts[6:10, 6:10])
    middle = np.median(np.linalg.norm((a + b) / 2, axis=1)) / math.sqrt(d)
    seen, zh = (" or ".join(map(str, inner)), "、".join(map(str, inner)))
    words = Text(
        f"A kernel of side {t} with stride 2: within the border the number of windows that meet in a pixel is {seen}. Between two draws of {d} numbers the straight way has {middle:.3g} √d half way (median); a draw has from {low:.3g} to {high:.3g} √d in 98 of 100 cases.",
        f"边长为 {t}、步幅为 2 的核：边界以内，每个像素叠加的窗口个数为 {zh}。在 {d} 维噪声的两次抽样之间，直线中点的长度为 {middle:.3g} √d（中位数）；而 100 次抽样中有 98 次的长度在 {low:.3g} 到 {high:.3g} √d 之间。",
    )
    return Drawing(fig, words)
