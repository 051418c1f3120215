"""Instance normalisation."""

import numpy as np

from gradus.concepts.networks.layer_norm.tables import batch, before_and_after
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number

TINY = 1e-30  # an ε that no variance feels


def _torch(instance_norm, x, gamma, beta, eps):
    lead = x.shape[:-2]
    if lead.numel() == 0:  # which PyTorch stops at
        return x * gamma[:, None]
    y = instance_norm(x.reshape(lead.numel(), *x.shape[-2:]), weight=gamma, bias=beta, eps=eps)
    return y.reshape(x.shape)


INSTANCE_NORM = Concept(
    key="instance-norm",
    kind="layer",
    title="Instance normalisation",
    summary="Each channel of each image is normalised over its own places. Brightness and contrast of the image vanish, channel "
    "by channel; what γ and β put in their place is the image's style.",
    formulas=(
        r"\mu_a=\frac1l\sum_{k=1}^{l}x_{ak},\qquad\sigma_a^2=\frac1l\sum_{k=1}^{l}(x_{ak}-\mu_a)^2",
        r"y_{ak}=\gamma_a\,\frac{x_{ak}-\mu_a}{\sqrt{\sigma_a^2+\varepsilon}}+\beta_a",
        r"\varepsilon=0,\ s_a>0:\qquad\operatorname{IN}(s_ax_{ak}+t_a)=\operatorname{IN}(x_{ak})",
        r"\operatorname{AdaIN}(x,z):\qquad\gamma_a=\sigma_a(z),\quad\beta_a=\mu_a(z)",
    ),
    symbols=(
        Symbol("x", "x", "... c l", "an image: channels, places (pixels in a row; at least two)"),
        Symbol(r"\gamma", "gamma", "c", "scale, one a channel"),
        Symbol(r"\beta", "beta", "c", "shift, one a channel"),
        Symbol(r"\varepsilon", "eps", "", "added to the variance", "positive"),
        Symbol(r"\mu_a,\ \sigma_a^2", "", "", "mean and population variance of a channel of the image"),
        Symbol("y", "", "... c l", "outputs"),
        Symbol("s,\\ t", "", "c", "contrast and brightness of the channels"),
        Symbol("z", "", "c l", "another image, which gives the style"),
        Symbol("c,\\ l", "", "", "numbers of channels and of places", "natural"),
        Symbol("a,\\ k", "", "", "indices of channels and places, from 1"),
    ),
    needs=("batch-norm", "layer-norm", "conv-layer"),
    source="ulyanov2016instance",
    year=2016,
    people=("Dmitry Ulyanov", "Andrea Vedaldi", "Victor Lempitsky"),
    aliases="InstanceNorm, instance normalization, contrast normalization, 实例标准化, 实例规范化",
    implementations=(Implementation("torch.nn.functional:instance_norm", "torch", _torch),),
    readings="ulyanov2016instance §2; huang2017arbitrary §3, §5",
    hypotheses=(
        Hypothesis("contrast and brightness cancel: ε = 0 (beside the variance)", "contrast-and-brightness-cancel"),
        Hypothesis("contrast and brightness cancel: the contrast is positive", "a-negative-is-another-image"),
    ),
    conventions=(
        Convention(
            "learnt scale and shift",
            "given",
            "`torch.nn.InstanceNorm2d` has none unless `affine=True`, unlike all other norms of PyTorch; Keras writes "
            "`GroupNormalization(groups=-1)`",
        ),
        Convention(
            "running statistics",
            "none: evaluation is as training",
            "PyTorch keeps them if `track_running_stats=True`, and then evaluates by them",
        ),
    ),
    deviations="PyTorch stops at an empty batch where a scale is given (IndexError); the definition's result is empty.",
    nonfinite="nan",
)


@INSTANCE_NORM.definition
def instance_norm(x, gamma, beta, eps=1e-5):
    if x.shape[-1] < 2 or gamma.shape != x.shape[-2:-1] or beta.shape != x.shape[-2:-1]:
        raise ValueError("one place has no variance, or scale and shift do not fit")
    mu = x.mean(-1, keepdims=True)
    sigma2 = ((x - mu) ** 2).mean(-1, keepdims=True)
    return gamma[:, None] * (x - mu) / np.sqrt(sigma2 + eps) + beta[:, None]


@INSTANCE_NORM.example
def example():
    x = np.array([[1.0, 3.0, 5.0, 7.0], [2.0, 2.0, 2.0, 6.0]])
    z = np.array([[10.0, 14.0, 14.0, 18.0], [0.0, 1.0, 0.0, 1.0]])
    one, zero = np.ones(2), np.zeros(2)
    gamma, beta = z.std(-1), z.mean(-1)
    dark = instance_norm(0.5 * x - 1, one, zero)
    return (
        dict(x=x, gamma=gamma, beta=beta, first=x[0], second=x[1], mu=x.mean(-1), s=x.std(-1))
        | dict(hat=instance_norm(x, one, zero), z=z, y=instance_norm(x, gamma, beta), dark=dark[0])
        | dict(dim=0.5 * x[0] - 1, mu_z=z.mean(-1), s_z=z.std(-1))
    )


@INSTANCE_NORM.exercise
def average_pooled():
    x = np.random.default_rng(0).standard_normal((2, 9))
    y = instance_norm(x, np.array([3.0, 1.0]), np.array([0.5, 2.0])).mean(-1)
    return choice(
        beta=np.allclose(y, [0.5, 2.0]), the_image=np.allclose(y, x.mean(-1)), gamma=np.allclose(y, [3.0, 1.0])
    )


@INSTANCE_NORM.exercise
def half_black():
    x = np.array([[0.0] * 6 + [9.0] * 3])
    return number(
        instance_norm(x, np.ones(1), np.zeros(1), TINY).max(),
        equal_halves=1.0,
        unbiased=9 * (2 / 3) / x.std(ddof=1),
        not_centred=9 / x.std(),
    )


@INSTANCE_NORM.exercise
def style_of_another():
    z = np.array([[4.0, 8.0, 4.0, 8.0]])
    x = np.array([[0.0, 0.0, 0.0, 1.0]])
    y = instance_norm(x, z.std(-1), z.mean(-1), TINY)
    return number(y[0, -1], pixel_of_the_style=8.0, no_shift=y[0, -1] - 6.0)


@INSTANCE_NORM.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def affine(c):
        return dict(gamma=normal(c), beta=normal(c))

    yield "an image", dict(x=normal(3, 5), **affine(3))
    yield "a batch", dict(x=normal(2, 3, 4), **affine(3))
    yield "two places", dict(x=normal(2, 3, 2), **affine(3))
    yield "one channel", dict(x=normal(1, 6), **affine(1))
    yield "a constant channel", dict(x=np.stack([np.full(4, 2.0), normal(4)]), **affine(2))
    yield "far from 0", dict(x=100 + normal(2, 6), **affine(2))
    yield "large ε", dict(x=normal(2, 6), **affine(2), eps=0.5)
    yield "many places", dict(x=normal(2, 150), **affine(2))
    yield "many images", dict(x=normal(150, 2, 3), **affine(2))
    yield "square", dict(x=normal(3, 3, 3), **affine(3))


@INSTANCE_NORM.invalid
def invalid(rng):
    yield "one place", dict(x=np.ones((2, 3, 1)), gamma=np.ones(3), beta=np.zeros(3))
    yield "scale of another width", dict(x=rng.standard_normal((2, 3, 4)), gamma=np.ones(2), beta=np.zeros(3))
    yield "shift of another width", dict(x=rng.standard_normal((2, 3, 4)), gamma=np.ones(3), beta=np.zeros(4))


def bare(norm, x, eps=TINY):
    """Without scale and shift."""
    c = x.shape[-2]
    return norm(x, np.ones(c), np.zeros(c), eps=eps)


@INSTANCE_NORM.claim
def every_channel_is_set(norm, rng):
    r"""In every image each channel gets the mean β and the variance $\gamma^2\sigma^2/(\sigma^2+\varepsilon)$"""
    x, gamma, beta = 2 + 3 * rng.standard_normal((4, 3, 8)), rng.standard_normal(3), rng.standard_normal(3)
    y, s2 = norm(x, gamma, beta, eps=1e-2), x.var(-1)
    yield roundoff(y.mean(-1), np.broadcast_to(beta, (4, 3)), terms=8, scale=4.0)
    yield roundoff(y.var(-1), gamma**2 * s2 / (s2 + 1e-2), terms=16, scale=4.0)


@INSTANCE_NORM.claim
def contrast_and_brightness_cancel(norm, rng):
    r"""Contrast and brightness of each channel of each image cancel for ε = 0, or if ε grows with the square of the contrast;
    with ε = 0.01 a contrast of 0.1 comes back as $\sqrt{1/2}$, not as 1"""
    x = rng.standard_normal((3, 2, 9))
    s, t = np.exp(rng.standard_normal((3, 2, 1))), rng.standard_normal((3, 2, 1))
    yield invariance(bare(norm, s * x + t), bare(norm, x), terms=9, scale=4 + float(np.abs(t / s).max()))
    yield invariance(bare(norm, 4 * x, eps=16e-3), bare(norm, x, eps=1e-3), terms=9, scale=4.0)
    unit = (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
    yield roundoff(bare(norm, 0.1 * unit, eps=1e-2).var(-1), np.full((3, 2), 0.5), terms=18)


@INSTANCE_NORM.claim
def a_negative_is_another_image(norm, rng):
    r"""A negative contrast turns the sign: $\operatorname{IN}(-x)=-\operatorname{IN}(x)$ where β = 0"""
    x = rng.standard_normal((2, 3, 7))
    return invariance(bare(norm, -x), -bare(norm, x), terms=7, scale=4.0)


@INSTANCE_NORM.claim
def batch_norm_of_one_image(norm, rng):
    """It is what batch norm gives to each image alone, in training"""
    import torch

    x, gamma, beta = rng.standard_normal((3, 2, 6)), rng.standard_normal(2), rng.standard_normal(2)
    own = [torch.from_numpy(v) for v in (gamma, beta)]
    alone = [
        torch.nn.functional.batch_norm(torch.from_numpy(image[None]), None, None, *own, training=True, eps=1e-3).numpy()
        for image in x
    ]
    return roundoff(norm(x, gamma, beta, eps=1e-3), np.concatenate(alone), terms=12, scale=8.0)


@INSTANCE_NORM.claim
def images_see_no_neighbour(norm, rng):
    """An image's output does not depend on the batch, bit for bit"""
    x, gamma, beta = rng.standard_normal((4, 3, 5)), rng.standard_normal(3), rng.standard_normal(3)
    y = norm(x, gamma, beta)
    return all_of(*[identical(norm(x[i : i + 1], gamma, beta), y[i : i + 1]) for i in range(4)])


@INSTANCE_NORM.claim
def places_may_be_moved(norm, rng):
    r"""Permuting the places, a shift of the image among them, permutes the outputs; padded places count: as many zeros as
    pixels halve μ and make of the variance $\frac{\sigma^2}2+\frac{\mu^2}4$"""
    x = 2 + rng.standard_normal((2, 3, 8))
    yield invariance(bare(norm, np.roll(x, 3, -1)), np.roll(bare(norm, x), 3, -1), terms=8, scale=4.0)
    mu, s2 = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    padded = bare(norm, np.concatenate([x, 0 * x], -1), eps=1e-5)[..., :8]
    yield roundoff(padded, (x - mu / 2) / np.sqrt(s2 / 2 + mu**2 / 4 + 1e-5), terms=32)


@INSTANCE_NORM.claim
def style_is_mean_and_deviation(norm, rng):
    """With the mean and the deviation of another image as β and γ the channels get these (AdaIN), and the picture stays: its
    correlation with the input is 1"""
    x, z = rng.standard_normal((3, 12)), 5 + 2 * rng.standard_normal((3, 12))
    y = norm(x, z.std(-1), z.mean(-1), eps=TINY)
    yield roundoff(y.mean(-1), z.mean(-1), terms=12)
    yield roundoff(y.std(-1), z.std(-1), terms=12, scale=8.0)
    yield roundoff([np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)], np.ones(3), terms=24)


@INSTANCE_NORM.claim
def the_level_is_lost(norm, rng):
    """How bright a channel was is lost, and averages of the output are β, whatever the image"""
    x, beta = rng.standard_normal((5, 2, 6)), np.array([0.5, -2.0])
    bright = x + np.array([0.0, 1.0, 2.0, 5.0, 9.0])[:, None, None]
    means = norm(bright, np.array([3.0, 1.0]), beta).mean(-1)
    apart = bound(np.ptp(bright.mean(-1), axis=0).min(), 5.0, "≥", Text("the inputs' levels differ", "输入的亮度不同"))
    return all_of(roundoff(means, np.broadcast_to(beta, (5, 2)), terms=12, scale=12.0), apart)


@INSTANCE_NORM.mutant(
    caught_by="images-see-no-neighbour, contrast-and-brightness-cancel, the-level-is-lost, batch-norm-of-one-image"
)
def over_the_batch(x, gamma, beta, eps=1e-5):
    """statistics over the batch as well: batch norm"""
    axes = (*range(x.ndim - 2), -1)
    return (
        gamma[:, None] * (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps) + beta[:, None]
    )


@INSTANCE_NORM.mutant(caught_by="every-channel-is-set, contrast-and-brightness-cancel, style-is-mean-and-deviation")
def over_the_channels_too(x, gamma, beta, eps=1e-5):
    """statistics over the channels as well: layer norm"""
    axes = (-2, -1)
    return (
        gamma[:, None] * (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps) + beta[:, None]
    )


@INSTANCE_NORM.mutant(caught_by="every-channel-is-set, style-is-mean-and-deviation, equals-definition")
def unbiased_variance(x, gamma, beta, eps=1e-5):
    """the unbiased variance, over l − 1"""
    s2 = x.var(-1, keepdims=True, ddof=1)
    return gamma[:, None] * (x - x.mean(-1, keepdims=True)) / np.sqrt(s2 + eps) + beta[:, None]


@INSTANCE_NORM.mutant(
    caught_by="every-channel-is-set, style-is-mean-and-deviation, the-level-is-lost, batch-norm-of-one-image"
)
def scale_and_shift_left_out(x, gamma, beta, eps=1e-5):
    """γ and β are left out, as PyTorch's module does unless told otherwise"""
    return instance_norm(x, np.ones_like(gamma), 0 * beta, eps)


@INSTANCE_NORM.mutant(caught_by="places-may-be-moved, equals-definition")
def running_mean_of_places(x, gamma, beta, eps=1e-5):
    """the mean of the places so far"""
    mu = np.cumsum(x, -1) / np.arange(1, x.shape[-1] + 1)
    return gamma[:, None] * (x - mu) / np.sqrt(x.var(-1, keepdims=True) + eps) + beta[:, None]


@INSTANCE_NORM.mutant(caught_by="a-negative-is-another-image, equals-definition")
def absolute_contrast(x, gamma, beta, eps=1e-5):
    """the absolute value of what is normalised"""
    return gamma[:, None] * np.abs(instance_norm(x, np.ones_like(gamma), 0 * beta, eps)) + beta[:, None]


@INSTANCE_NORM.mutant(caught_by="contrast-and-brightness-cancel, equals-definition, every-channel-is-set")
def eps_outside_the_root(x, gamma, beta, eps=1e-5):
    """ε is added to the deviation, not to the variance"""
    return gamma[:, None] * (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + eps) + beta[:, None]


@INSTANCE_NORM.figure(
    sample=Slider(0.1, 10, 3.0, "contrast of the first image", log=True),
    channel=Slider(0.1, 10, 3.0, "scale of the last channel", log=True),
)
def figure(sample, channel):
    x = batch(sample, channel)
    y = instance_norm(x, np.ones(6), np.zeros(6))
    fig = before_and_after(x, y, "instance norm")
    words = Text(
        f"Six images of six channels of four places. The deviation of the first image was {x[0].std():.2f} and is {y[0].std():.2f}; "
        f"that of the last channel was {x[:, -1].std():.2f} and is {y[:, -1].std():.2f}: both scales are gone.",
        f"六幅图像，各六个通道，每个通道四个位置。第一幅图像的标准差由 {x[0].std():.2f} 变为 {y[0].std():.2f}；最后一个通道的标准差由 {x[:, -1].std():.2f} 变为 {y[:, -1].std():.2f}：两种尺度都消失了。",
    )
    return Drawing(fig, words)
