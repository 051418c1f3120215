"""Group normalisation."""

import numpy as np

from gradus.concepts.networks.layer_norm.tables import batch, before_and_after
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number

TINY = 1e-30  # an ε that no variance feels


def _torch(group_norm, x, gamma, beta, groups, eps):
    lead = x.shape[:-2]
    return group_norm(x.reshape(lead.numel(), *x.shape[-2:]), groups, gamma, beta, eps).reshape(x.shape)


GROUP_NORM = Concept(
    key="group-norm",
    kind="layer",
    title="Group normalisation",
    summary="The channels of one sample are taken in groups, and each group is normalised over its channels and all places. "
    "With one group it is layer norm over the whole sample, with as many groups as channels instance norm; the size of the "
    "batch plays no part.",
    formulas=(
        r"\mu_g=\frac{G}{cl}\sum_{a\in C_g}\sum_{k=1}^{l}x_{ak},\qquad\sigma_g^2=\frac{G}{cl}\sum_{a\in C_g}\sum_{k=1}^{l}(x_{ak}-\mu_g)^2",
        r"C_g=\{(g-1)\tfrac cG+1,\ \dots,\ g\tfrac cG\},\qquad g=1,\dots,G",
        r"y_{ak}=\gamma_a\,\frac{x_{ak}-\mu_g}{\sqrt{\sigma_g^2+\varepsilon}}+\beta_a,\qquad a\in C_g",
    ),
    symbols=(
        Symbol("x", "x", "... c l", "inputs of a sample: channels, places (pixels in a row)"),
        Symbol(r"\gamma", "gamma", "c", "learnt scale, one a channel"),
        Symbol(r"\beta", "beta", "c", "learnt shift, one a channel"),
        Symbol("G", "groups", "", "number of groups; it divides c", "natural"),
        Symbol(r"\varepsilon", "eps", "", "added to the variance", "positive"),
        Symbol("C_g", "", "", "channels of group g, next to each other"),
        Symbol(r"\mu_g,\ \sigma_g^2", "", "", "mean and population variance of the group, for each sample"),
        Symbol("y", "", "... c l", "outputs"),
        Symbol("c,\\ l", "", "", "numbers of channels and of places", "natural"),
        Symbol("g,\\ a,\\ k", "", "", "indices of groups, channels and places, from 1"),
    ),
    needs=("layer-norm", "batch-norm", "conv-layer"),
    source="wu2018group",
    year=2018,
    people=("Yuxin Wu", "Kaiming He"),
    aliases="GroupNorm, group normalization, 组标准化, 分组归一化",
    implementations=(Implementation("torch.nn.functional:group_norm", "torch", _torch),),
    readings="wu2018group §3",
    hypotheses=(
        Hypothesis(
            "a group's scale and shift cancel: ε = 0 (beside the variance)", "scale-and-shift-of-a-group-cancel"
        ),
        Hypothesis(
            "a group's scale and shift cancel: one factor for all of its channels", "one-channel-does-not-cancel"
        ),
    ),
    conventions=(
        Convention(
            "what γ and β belong to",
            "channels, as in the paper and in PyTorch",
            "groups in ONNX's first version (opset 18), which was withdrawn; channels from opset 21 on",
        ),
        Convention("number of groups", "given by the caller", "32 unless given in the paper, in Keras and in Flax"),
    ),
    deviations="PyTorch refuses a batch of a single sample whose groups have one value each (ValueError), though it computes two such "
    "samples; the definition's result is β.",
    nonfinite="nan",
)


@GROUP_NORM.definition
def group_norm(x, gamma, beta, groups, eps=1e-5):
    c, l = x.shape[-2:]
    if groups < 1 or c % groups or gamma.shape != (c,) or beta.shape != (c,):
        raise ValueError("channels, groups, scale and shift do not fit")
    z = x.reshape(*x.shape[:-2], groups, c // groups * l)  # (..., G, values of a group)
    mu = z.mean(-1, keepdims=True)
    sigma2 = ((z - mu) ** 2).mean(-1, keepdims=True)
    x_hat = ((z - mu) / np.sqrt(sigma2 + eps)).reshape(x.shape)
    return gamma[:, None] * x_hat + beta[:, None]


@GROUP_NORM.example
def example():
    x = np.array([[1.0, 3.0], [5.0, 7.0], [0.0, 0.0], [0.0, 8.0]])
    gamma, beta = np.array([1.0, 1.0, 2.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0])
    one, zero = np.ones(4), np.zeros(4)
    parts = x.reshape(2, 4)
    return (
        dict(x=x, gamma=gamma, beta=beta, groups=2, upper=x[:2], lower=x[2:], mu=parts.mean(1))
        | dict(s2=parts.var(1), s=parts.std(1), hat=group_norm(x, one, zero, 2))
        | dict(y=group_norm(x, gamma, beta, 2), all=group_norm(x, one, zero, 1))
        | dict(each=group_norm(x, one, zero, 4), values=parts[0].size)
    )


@GROUP_NORM.exercise
def values_behind_a_mean():
    return number(
        64 // 32 * 14 * 14,
        per_channel=14 * 14,
        whole_sample=64 * 14 * 14,
        with_the_batch=8 * 2 * 14 * 14,
        tolerance=1e-6,
    )


@GROUP_NORM.exercise
def numbers_learnt():
    return number(2 * 64, per_group=2 * 32, per_place=2 * 64 * 14 * 14, tolerance=1e-6)


@GROUP_NORM.exercise
def one_group():
    rng = np.random.default_rng(0)
    x, one, zero = rng.standard_normal((4, 3)), np.ones(4), np.zeros(4)
    y = group_norm(x, one, zero, 1, TINY)
    whole = np.allclose(y, (x - x.mean()) / x.std())
    places = np.allclose(y, (x - x.mean(0)) / x.std(0))
    return choice(
        whole_sample=whole and not places,
        each_place=places and not whole,
        each_channel=np.allclose(y, (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)),
    )


@GROUP_NORM.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def layer(c, groups):
        return dict(gamma=normal(c), beta=normal(c), groups=groups)

    yield "a sample", dict(x=normal(4, 3), **layer(4, 2))
    yield "a batch", dict(x=normal(3, 6, 5), **layer(6, 3))
    yield "one group", dict(x=normal(2, 4, 3), **layer(4, 1))
    yield "a group a channel", dict(x=normal(2, 4, 3), **layer(4, 4))
    yield "one place", dict(x=normal(2, 6, 1), **layer(6, 2))
    yield "a constant group", dict(x=np.concatenate([np.full((2, 4), 2.0), normal(2, 4)]), **layer(4, 2))
    yield "far from 0", dict(x=100 + normal(2, 4, 5), **layer(4, 2))
    yield "large ε", dict(x=normal(4, 5), **layer(4, 2), eps=0.5)
    yield "many places", dict(x=normal(2, 100), **layer(2, 1))
    yield "many samples", dict(x=normal(150, 2, 2), **layer(2, 1))
    yield "square", dict(x=normal(4, 4, 4), **layer(4, 2))


@GROUP_NORM.invalid
def invalid(rng):
    x = rng.standard_normal((2, 6, 3))
    yield "channels that the groups do not divide", dict(x=x, gamma=np.ones(6), beta=np.zeros(6), groups=4)
    yield "no group", dict(x=x, gamma=np.ones(6), beta=np.zeros(6), groups=0)
    yield "a scale per group", dict(x=x, gamma=np.ones(3), beta=np.zeros(3), groups=3)


def bare(norm, x, groups, eps=TINY):
    """Without learnt scale and shift."""
    c = x.shape[-2]
    return norm(x, np.ones(c), np.zeros(c), groups, eps=eps)


@GROUP_NORM.claim
def groups_have_mean_0_and_variance_1(norm, rng):
    r"""With γ = 1 and β = 0 each group has in every sample the mean 0 and the variance
    $\sigma_g^2/(\sigma_g^2+\varepsilon)$"""
    x = 2 + rng.standard_normal((3, 6, 5)) * np.array([1.0, 1.0, 5.0, 5.0, 0.2, 0.2])[:, None]
    y, parts = bare(norm, x, 3, eps=1e-3).reshape(3, 3, 10), x.reshape(3, 3, 10)
    s2 = parts.var(-1)
    yield roundoff(y.mean(-1), np.zeros((3, 3)), terms=10, scale=20.0)
    yield roundoff(y.var(-1), s2 / (s2 + 1e-3), terms=20, scale=20.0)


@GROUP_NORM.claim
def one_group_and_a_group_a_channel(norm, rng):
    """One group is layer norm over the whole sample, a group a channel is instance norm"""
    import torch

    x = rng.standard_normal((2, 4, 6))
    t = torch.from_numpy(x)
    whole = torch.nn.functional.layer_norm(t, (4, 6), eps=1e-3).numpy()
    each = torch.nn.functional.instance_norm(t, eps=1e-3).numpy()
    yield roundoff(bare(norm, x, 1, eps=1e-3), whole, terms=24, scale=4.0)
    yield roundoff(bare(norm, x, 4, eps=1e-3), each, terms=24, scale=4.0)


@GROUP_NORM.claim
def scale_and_shift_belong_to_channels(norm, rng):
    """γ and β belong to channels: each channel of a group is multiplied by its own γ and shifted by its own β, after the norm"""
    x, gamma, beta = rng.standard_normal((2, 6, 4)), rng.standard_normal(6), rng.standard_normal(6)
    want = gamma[:, None] * bare(norm, x, 2, eps=1e-3) + beta[:, None]
    return roundoff(norm(x, gamma, beta, 2, eps=1e-3), want, terms=4, scale=12.0)


@GROUP_NORM.claim
def scale_and_shift_of_a_group_cancel(norm, rng):
    """Each group's scale (a > 0) and shift cancel for ε = 0; with ε they do if ε grows with the square of the scale"""
    x = rng.standard_normal((2, 4, 5))
    a, b = np.array([3.0, 3.0, 0.1, 0.1])[:, None], np.array([1.0, 1.0, -0.2, -0.2])[:, None]
    yield invariance(bare(norm, a * x + b, 2), bare(norm, x, 2), terms=10, scale=5.0)
    yield invariance(bare(norm, 8 * x, 2, eps=64e-3), bare(norm, x, 2, eps=1e-3), terms=10, scale=5.0)
    whole = bare(norm, x, 2, eps=1e-3)
    yield bound(
        np.abs(bare(norm, 0.01 * x, 2, eps=1e-3) - whole).max(),
        0.5,
        "≥",
        Text("ε beside a variance of 1e-4", "ε 与 1e-4 的方差相比"),
    )


@GROUP_NORM.claim
def one_channel_does_not_cancel(norm, rng):
    """The scale of one channel of a group does not cancel: relative to its fellows it stays"""
    x = rng.standard_normal((3, 4, 6))
    y = bare(norm, x * np.array([4.0, 1.0, 1.0, 1.0])[:, None], 2)
    got = y[:, 0].std(-1) / y[:, 1].std(-1)
    other = roundoff(got, 4 * x[:, 0].std(-1) / x[:, 1].std(-1), terms=12)
    return all_of(other, roundoff(y[:, 2:], bare(norm, x, 2)[:, 2:], terms=12, scale=4.0))


@GROUP_NORM.claim
def samples_see_no_neighbour(norm, rng):
    """A sample's output does not depend on the batch: alone and among others it is the same, bit for bit"""
    x, gamma, beta = rng.standard_normal((4, 6, 5)), rng.standard_normal(6), rng.standard_normal(6)
    y = norm(x, gamma, beta, 3)
    return all_of(*[identical(norm(x[i : i + 1], gamma, beta, 3), y[i : i + 1]) for i in range(4)])


@GROUP_NORM.claim
def neighbouring_channels_form_a_group(norm, rng):
    """Groups are runs of neighbouring channels: shuffled within its group a channel's output follows, moved to another
    group it does not"""
    x = rng.standard_normal((2, 6, 4))
    within, across = np.array([1, 2, 0, 3, 5, 4]), np.array([0, 3, 1, 4, 2, 5])
    yield invariance(bare(norm, x[:, within], 2), bare(norm, x, 2)[:, within], terms=12, scale=4.0)
    moved = np.abs(bare(norm, x[:, across], 2) - bare(norm, x, 2)[:, across]).max()
    yield bound(moved, 0.1, "≥", Text("of the size of the outputs", "与输出同量级"))


@GROUP_NORM.claim
def places_may_be_shuffled(norm, rng):
    """Permuting the places permutes the outputs: the layer knows no neighbourhood; padded places count like real ones"""
    x, p = 2 + rng.standard_normal((2, 4, 6)), np.array([3, 0, 5, 1, 4, 2])
    yield invariance(bare(norm, x[..., p], 2), bare(norm, x, 2)[..., p], terms=12, scale=4.0)
    padded = bare(norm, np.concatenate([x, 0 * x], -1), 1, eps=1e-5)[..., :6]
    mu, s2 = x.mean((-2, -1), keepdims=True), x.var((-2, -1), keepdims=True)
    yield roundoff(padded, (x - mu / 2) / np.sqrt(s2 / 2 + mu**2 / 4 + 1e-5), terms=48)


@GROUP_NORM.mutant(caught_by="neighbouring-channels-form-a-group, one-channel-does-not-cancel, equals-definition")
def interleaved_groups(x, gamma, beta, groups, eps=1e-5):
    """channel a belongs to group a mod G"""
    order = np.argsort(np.arange(x.shape[-2]) % groups, kind="stable")
    back = np.argsort(order)
    one = np.ones(len(gamma))
    y = group_norm(x[..., order, :], one, 0 * one, groups, eps)[..., back, :]
    return gamma[:, None] * y + beta[:, None]


@GROUP_NORM.mutant(caught_by="samples-see-no-neighbour, equals-definition")
def over_the_batch_too(x, gamma, beta, groups, eps=1e-5):
    """the samples of a batch share their statistics"""
    z = x.reshape(*x.shape[:-2], groups, -1)
    axes = (*range(x.ndim - 2), -1)
    y = (z - z.mean(axes, keepdims=True)) / np.sqrt(z.var(axes, keepdims=True) + eps)
    return gamma[:, None] * y.reshape(x.shape) + beta[:, None]


@GROUP_NORM.mutant(caught_by="one-group-and-a-group-a-channel, scale-and-shift-of-a-group-cancel, equals-definition")
def groups_ignored(x, gamma, beta, groups, eps=1e-5):
    """the groups are ignored: one for all"""
    return group_norm(x, gamma, beta, 1, eps)


@GROUP_NORM.mutant(
    caught_by="groups-have-mean-0-and-variance-1, places-may-be-shuffled, one-group-and-a-group-a-channel"
)
def each_place_by_itself(x, gamma, beta, groups, eps=1e-5):
    """each place is normalised over the group's channels alone"""
    z = x.reshape(*x.shape[:-2], groups, x.shape[-2] // groups, x.shape[-1])
    y = (z - z.mean(-2, keepdims=True)) / np.sqrt(z.var(-2, keepdims=True) + eps)
    return gamma[:, None] * y.reshape(x.shape) + beta[:, None]


@GROUP_NORM.mutant(caught_by="scale-and-shift-belong-to-channels, equals-definition")
def scale_of_the_group(x, gamma, beta, groups, eps=1e-5):
    """γ and β of the group's first channel for all of it, as in ONNX's first version"""
    first = np.arange(len(gamma)) // (len(gamma) // groups) * (len(gamma) // groups)
    return group_norm(x, gamma[first], beta[first], groups, eps)


@GROUP_NORM.mutant(caught_by="groups-have-mean-0-and-variance-1, scale-and-shift-of-a-group-cancel, equals-definition")
def eps_outside_the_root(x, gamma, beta, groups, eps=1e-5):
    """ε is added to the deviation, not to the variance"""
    z = x.reshape(*x.shape[:-2], groups, -1)
    y = (z - z.mean(-1, keepdims=True)) / (z.std(-1, keepdims=True) + eps)
    return gamma[:, None] * y.reshape(x.shape) + beta[:, None]


@GROUP_NORM.figure(
    channel=Slider(0.1, 10, 3.0, "scale of the last channel", log=True),
    groups=Slider(1, 6, 2, "groups", integer=True, values=(1, 2, 6)),
)
def figure(channel, groups):
    groups = int(groups)
    x = batch(3.0, channel)
    y = group_norm(x, np.ones(6), np.zeros(6), groups)
    fig = before_and_after(x, y, f"group norm, G = {groups}")
    first, last = y[1, 0].std(), y[1, -1].std()
    words = Text(
        f"Six samples of six channels of four places; G = {groups}. In the second sample the last channel's deviation was "
        f"{x[1, -1].std():.2f} and is {last:.2f}, the first channel's was {x[1, 0].std():.2f} and is {first:.2f}.",
        f"六个样本，各六个通道，每个通道四个位置；G = {groups}。第二个样本中，最后一个通道的标准差由 {x[1, -1].std():.2f} 变为 {last:.2f}，第一个通道的由 {x[1, 0].std():.2f} 变为 {first:.2f}。",
    )
    return Drawing(fig, words)
