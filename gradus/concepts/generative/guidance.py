"""Classifier-free guidance: a diffusion model led away from what it says without the condition."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, near, raises, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(guided, conditional, unconditional, scale, rescale=0.0):
    import torch

    d = conditional.shape[-1]
    table = torch.cat((conditional.reshape(-1, d), unconditional.reshape(-1, d)))
    n = len(table) // 2
    rows = torch.arange(2 * n, device=table.device)
    led = guided(lambda x, t, c: table[c], rows[:n], float(scale), none=rows[n:], rescale=float(rescale))
    return led(table[:n], rows[:n]).reshape(conditional.shape)


GUIDANCE = Concept(
    key="guidance",
    kind="algorithm",
    title="Classifier-free guidance",
    summary="One network guesses the noise with a condition and without. Their difference points to what the condition adds; going further that way than the condition itself asks makes samples that are "
    "surely of the class and alike. It is no sampling from a sharpened distribution, though each single step looks like it.",
    formulas=(
        r"\hat\varepsilon=\hat\varepsilon_\varnothing+s\,(\hat\varepsilon_c-\hat\varepsilon_\varnothing),\qquad\hat\varepsilon_c=\hat\varepsilon(x,t,c),\quad\hat\varepsilon_\varnothing=\hat\varepsilon(x,t)",
        r"-\frac{\hat\varepsilon}{\sqrt{1-\bar\alpha_t}}=\nabla\ln p_t(x)+s\,\nabla\ln p_t(c\mid x)\quad\text{if both guesses are exact}",
        r"\hat\varepsilon'=\Bigl(1-\phi+\phi\,\frac{\operatorname{std}\hat\varepsilon_c}{\operatorname{std}\hat\varepsilon}\Bigr)\hat\varepsilon",
    ),
    symbols=(
        Symbol(
            r"\hat\varepsilon_c",
            "conditional",
            "... d",
            "what the model predicts with the condition; noise, data or velocity",
        ),
        Symbol(r"\hat\varepsilon_\varnothing", "unconditional", "... d", "what it predicts without"),
        Symbol("s", "scale", "", "how far the condition is followed: 0 not at all, 1 as it is", "other"),
        Symbol(
            r"\phi", "rescale", "", "how much of the deviation that guidance adds is taken off, from 0 to 1", "unit"
        ),
        Symbol(
            r"\hat\varepsilon,\ \hat\varepsilon'",
            "",
            "... d",
            "the guided prediction, and the rescaled one, which is the result",
        ),
        Symbol(r"p_t", "", "", r"density of $x_t$, and with $c\mid x$ the probability of the condition given $x_t=x$"),
        Symbol(
            r"\operatorname{std}",
            "",
            "",
            "deviation of the numbers of one sample; where that of the guided prediction is 0, nothing is rescaled",
        ),
        Symbol(r"\bar\alpha_t,\ d", "", "", "share of the data's variance left at t; number of numbers in a sample"),
    ),
    needs=("diffusion", "ddim", "bayes"),
    source="ho2022classifier",
    year=2022,
    people=("Jonathan Ho", "Tim Salimans", "Prafulla Dhariwal", "Alex Nichol"),
    aliases="CFG, classifier guidance, guidance scale, 无分类器引导, 分类器引导, 引导强度",
    implementations=(
        Implementation(
            "gradus.generative:guided",
            "torch",
            _ours,
            "which makes a model for any sampler; `classifier_guided` is led by a classifier",
        ),
    ),
    readings="ho2022classifier; dhariwal2021diffusion §4; lin2024common §3.4; bradley2024classifier",
    hypotheses=(
        Hypothesis(
            "both guesses are exact, of the same data", "the-score-of-a-product, trained-by-leaving-the-class-out"
        ),
        Hypothesis("the scale is the same at all times", "not-the-sharpened-distribution"),
        Hypothesis(
            "noise, data and velocity: each is an affine function of each other at the same point and time",
            "any-prediction",
        ),
    ),
    conventions=(
        Convention(
            "what the scale counts",
            "s: 1 is the condition as it is (Saharia et al., diffusers)",
            "w = s − 1: 0 is the condition as it is (Ho and Salimans)",
        ),
        Convention(
            "over what the deviation is taken for the rescaling",
            "over the numbers of each sample",
            "some code: over the whole batch, so that a sample depends on its neighbours",
        ),
    ),
    unverified="That samples of image models look best with s between about 2 and 10: it is a matter of networks and of taste; what is measured here is on exact models.",
)


@GUIDANCE.definition
def guidance(conditional, unconditional, scale, rescale=0.0):
    if conditional.shape != unconditional.shape or not 0 <= rescale <= 1 or not np.isfinite(scale):
        raise ValueError("two predictions of one shape, a finite scale, a share from 0 to 1")
    guided = unconditional + scale * (conditional - unconditional)
    wanted, found = (v.std(axis=-1, keepdims=True) for v in (conditional, guided))
    factor = np.where(found > 0, wanted / np.where(found > 0, found, 1), 1)
    return (1 - rescale + rescale * factor) * guided


MEANS, VARIANCE = np.array([-1.0, 1.0]), 0.5


def guesses(y, spread, variance=VARIANCE):
    """Exact guesses of the noise with the class at 1 and without, of two normal classes, in y = x/√ᾱ with noise of deviation `spread`."""
    v = variance + spread**2
    each = (y[..., None] - MEANS) * spread / v
    share = np.exp(-((y[..., None] - MEANS) ** 2) / (2 * v))
    return each[..., 1], (share / share.sum(-1, keepdims=True) * each).sum(-1)


def single(y, spread, m, v):
    """Exact guesses for a class N(m, v) among data N(0, 1)."""
    return (y - m) * spread / (v + spread**2), y * spread / (1 + spread**2)


def led(guidance, guess, start, scale, steps=64, last=8.0):
    """Where the flow leads from x_T without new noise, ᾱ_t = e^{−last (t/T)²}; the guided guess is asked for at each step."""
    a = np.exp(-last * (np.arange(steps, -1, -1) / steps) ** 2)
    spread, y = np.sqrt((1 - a) / a), start / np.sqrt(a[0])
    for here, there in itertools.pairwise(spread):
        c, u = guess(y, here)
        y = y + (there - here) * np.asarray(guidance(c[:, None], u[:, None], float(scale)), float)[:, 0]
    return y


def quantiles(n):
    grid = np.linspace(-5, 5, 4001)
    below = np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in grid])
    return np.interp((np.arange(n) + 0.5) / n, below, grid)


def sureness(y, variance=VARIANCE):
    """The probability of the class at 1 given clean samples, on the average."""
    return float(np.mean(1 / (1 + np.exp(-2 * y / variance))))


@GUIDANCE.example
def example():
    c, u = np.array([0.5, -0.2, 0.3]), np.array([0.1, 0.2, 0.3])
    given = dict(conditional=c, unconditional=u, scale=3.0, rescale=1.0)
    plain = guidance(c, u, 3.0)
    return given | dict(
        plain=plain,
        difference=c - u,
        deviation=plain.std(),
        wanted=c.std(),
        factor=c.std() / plain.std(),
        done=guidance(**given),
        product=1 / np.sqrt(2 / 0.25 - 1),
    )


@GUIDANCE.exercise
def by_hand():
    """û = 0.2, ĉ = 0.5, s = 4."""
    found = guidance(np.array([0.5]), np.array([0.2]), 4.0)[0]
    return number(found, as_w=0.5 + 4 * 0.3, the_difference_alone=4 * 0.3, times_c=4 * 0.5)


@GUIDANCE.exercise
def the_other_scale():
    """A paper has w = 2: which s?"""
    c, u = np.array([1.0]), np.array([0.0])
    found = next(s for s in range(1, 6) if guidance(c, u, float(s))[0] == 1 + 2)
    return number(found, the_same=2, one_less=1)


@GUIDANCE.exercise
def what_becomes_of_the_spread():
    """A class N(0, ¼) among data N(0, 1), s = 2: the deviation of the samples."""
    a, b = led(guidance, lambda y, g: single(y, g, 0.0, 0.25), np.array([0.0, 1.0]), 2.0, 4096)
    return choice(
        sharpened=abs(b - a - 1 / math.sqrt(7)) < 0.01,
        a_quarter=abs(b - a - 0.25) < 0.01,
        as_the_class=abs(b - a - 0.5) < 0.01,
    )


@GUIDANCE.cases
def cases(rng):
    def of(*shape, **more):
        return dict(conditional=rng.normal(size=shape), unconditional=rng.normal(size=shape), **more)

    yield "the condition as it is", of(4, 3, scale=1.0)
    yield "without the condition", of(4, 3, scale=0.0)
    yield "further", of(2, 3, 5, scale=7.5)
    yield "between the two", of(5, 2, scale=0.3)
    yield "away from the condition", of(3, 4, scale=-1.0)
    yield "rescaled", of(6, 8, scale=5.0, rescale=1.0)
    yield "rescaled a little", of(6, 8, scale=3.0, rescale=0.7)
    yield "one number a sample", of(4, 1, scale=3.0, rescale=0.5)


@GUIDANCE.invalid
def invalid(rng):
    ok = dict(conditional=rng.normal(size=(2, 3)), unconditional=rng.normal(size=(2, 3)), scale=2.0, rescale=0.5)
    yield "more rescaled than there is", ok | dict(rescale=1.5)
    yield "a scale that is no number", ok | dict(scale=float("nan"))


@GUIDANCE.claim
def from_none_through_the_class_and_on(guidance, rng):
    r"""$s=0$ gives $\hat\varepsilon_\varnothing$, $s=1$ gives $\hat\varepsilon_c$, and equal steps of $s$ go on from there in equal steps: for any two predictions, $s=-1$ to 8"""
    c, u = rng.normal(size=(2, 5, 3))
    found = np.array([np.asarray(guidance(c, u, float(s)), float) for s in range(-1, 9)])
    yield roundoff(found[1], u, terms=4)
    yield roundoff(found[2], c, terms=4, scale=4.0)
    yield roundoff(np.diff(found, axis=0), np.broadcast_to(c - u, (9, 5, 3)), terms=4, scale=50.0)


@GUIDANCE.claim
def the_score_of_a_product(guidance, rng):
    r"""With exact guesses $-\hat\varepsilon/\sqrt{1-\bar\alpha_t}$ is the slope of $\ln p_t(x)+s\ln p_t(c\mid x)$: in two classes $\mathcal N(\pm1,\frac12)$, at 20 points each of three times, for $s=0.5$, 1 and 4; and a classifier's gradient, added to the guess without the class, leads to the same"""
    h = 1e-4
    for a, s in itertools.product((0.9, 0.5, 0.1), (0.5, 1.0, 4.0)):
        x, spread, v = rng.normal(size=20), math.sqrt((1 - a) / a), a * VARIANCE + 1 - a

        def logs(z, a=a, v=v):
            each = -((z[..., None] - math.sqrt(a) * MEANS) ** 2) / (2 * v) - math.log(2)
            p = np.logaddexp(each[..., 0], each[..., 1])
            return p, each[..., 1] - p

        c, u = guesses(x / math.sqrt(a), spread)
        led = np.asarray(guidance(c[:, None], u[:, None], s), float)[:, 0]
        (p_up, q_up), (p_down, q_down) = logs(x + h), logs(x - h)
        slope = (p_up - p_down + s * (q_up - q_down)) / (2 * h)
        off = np.abs(-led / math.sqrt(1 - a) - slope).max()
        yield bound(off, 1e-6, "≤", Text("the error of the difference quotient", "差商的误差"))
        by_classifier = u - math.sqrt(1 - a) * s * (q_up - q_down) / (2 * h)
        off = np.abs(led - by_classifier).max()
        yield bound(off, 1e-6, "≤", Text("the error of the difference quotient", "差商的误差"))


@GUIDANCE.claim
def any_prediction(guidance, rng):
    r"""Whether the noise, the data or the velocity is guided, the same comes of it: converted at the same $x$ and $t$, led, and converted back, for $s=3$ and $\bar\alpha$ drawn from 0.1 to 0.9; without rescaling"""
    a, x = rng.uniform(0.1, 0.9), rng.normal(size=(6, 4))
    c, u = rng.normal(size=(2, 6, 4))
    by_noise = np.asarray(guidance(c, u, 3.0), float)
    data = [(x - math.sqrt(1 - a) * e) / math.sqrt(a) for e in (c, u)]
    by_data = (x - math.sqrt(a) * np.asarray(guidance(*data, 3.0), float)) / math.sqrt(1 - a)
    yield roundoff(by_data, by_noise, terms=200, scale=20.0)
    velocity = [math.sqrt(a) * e - math.sqrt(1 - a) * d for e, d in zip((c, u), data, strict=True)]
    v = np.asarray(guidance(*velocity, 3.0), float)
    yield roundoff(math.sqrt(1 - a) * x + math.sqrt(a) * v, by_noise, terms=200, scale=20.0)


@GUIDANCE.claim
def not_the_sharpened_distribution(guidance, rng):
    r"""A class $\mathcal N(m,v)$ among data $\mathcal N(0,1)$: with the same $s$ at all times the flow from the noise ends at a deviation of $v^{s/2}$, up to what falls like $1/S$ in $S$ steps; $p(x)\,p(c\mid x)^s$ would have $\bigl(\frac sv+1-s\bigr)^{-1/2}$, for $s=2$, $v=\frac14$: 0.378 in place of 0.25"""
    sizes, off = [64, 128, 256, 512], []
    for S in sizes:
        a, b = led(guidance, lambda y, g: single(y, g, 1.0, 0.25), np.array([0.0, 1.0]), 2.0, S)
        off.append(abs(b - a - 0.25))
    yield rate(sizes, off, -1, 0.1)
    yield bound(off[-1], 0.01, "≤", Text("the size of the steps", "步长"))
    yield bound(
        abs(b - a - 1 / math.sqrt(7)), 0.1, "≥", Text("the sharpened deviation is 0.378", "锐化分布的标准差为 0.378")
    )
    a, b = led(guidance, lambda y, g: single(y, g, 1.0, 0.25), np.array([0.0, 1.0]), 1.0, 256)
    yield near(b - a, 0.5, 0.01, Text("the size of the steps", "步长"))


@GUIDANCE.claim
def surer_and_more_alike(guidance, rng):
    r"""Two classes $\mathcal N(\pm1,\frac12)$, 200 evenly spread starts, 64 steps: from $s=0$ through 1, 2 and 4 to 8 the samples are ever more surely of the class, and, from 0 on, ever closer together; at $s=1$ they are at its mean 1, at $s=4$ beyond 1.8"""
    x, found = quantiles(200), []
    for s in (0, 1, 2, 4, 8):
        y = led(guidance, guesses, x, s)
        found.append((sureness(y), y.std(), y.mean()))
    sure, spread, mean = np.array(found).T
    yield bound(np.diff(sure).min(), 5e-4, "≥", Text("ever surer", "越来越确定"))
    yield bound(np.diff(spread).max(), -0.04, "≤", Text("ever more alike", "越来越相似"))
    yield near(mean[1], 1.0, 0.03, Text("measured: 0.987", "测得 0.987"))
    yield bound(mean[3], 1.8, "≥", Text("measured: 1.93", "测得 1.93"))
    yield near(sure[0], 0.5, 0.01, Text("by symmetry", "由对称性"))


@GUIDANCE.claim
def trained_by_leaving_the_class_out(guidance, rng):
    r"""The best answers in least squares, where the class is left out in a share of the examples, are $\mathbb E[\varepsilon\mid x,c]$ and $\mathbb E[\varepsilon\mid x]$, whatever the share: from a table of probabilities of 3 values of $x$, 2 classes and 4 of $\varepsilon$, shares 0.1 and 0.5, $s=2.5$"""
    p, e = rng.random((3, 2, 4)), rng.normal(size=4)
    p /= p.sum()
    with_it, without = (p * e).sum(2) / p.sum(2), (p * e).sum((1, 2)) / p.sum((1, 2))
    want = without[:, None] + 2.5 * (with_it - without[:, None])
    for share in (0.1, 0.5):
        # a row for each (x, what is told, ε) that occurs, with the root of its probability; a column for each (x, what is told)
        rows, values = [], []
        for x, c, i in np.ndindex(p.shape):
            for told, weight in ((c, 1 - share), (2, share)):
                row = np.zeros((3, 3))
                row[x, told] = math.sqrt(weight * p[x, c, i])
                rows.append(row.ravel())
                values.append(row[x, told] * e[i])
        answer = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0].reshape(3, 3)
        found = np.asarray(guidance(answer[:, :2, None], np.repeat(answer[:, 2:, None], 2, 1), 2.5), float)[..., 0]
        yield roundoff(found, want, terms=2000, scale=20.0)


@GUIDANCE.claim
def the_deviation_is_given_back(guidance, rng):
    r"""With $\phi=1$ the numbers of each sample deviate as with the class alone; in between by $(1-\phi)$ of the one and $\phi$ of the other; the direction stays; and with $s=7.5$ and $\phi=0$ they would deviate more than fourfold, for independent predictions of 64 numbers"""
    c, u = rng.normal(size=(2, 5, 64))
    c *= np.array([1.0, 2.0, 0.5, 1.0, 3.0])[:, None]
    plain = np.asarray(guidance(c, u, 7.5), float)
    for share in (0.0, 0.4, 1.0):
        found = np.asarray(guidance(c, u, 7.5, share), float)
        yield roundoff(found.std(1), (1 - share) * plain.std(1) + share * c.std(1), terms=500, scale=30.0)
        yield roundoff(
            found * plain.std(1, keepdims=True), plain * found.std(1, keepdims=True), terms=500, scale=2000.0
        )
    yield bound((plain.std(1) / c.std(1)).min(), 4.0, "≥", Text("far more", "大得多"))


@GUIDANCE.claim
def what_is_refused(guidance, rng):
    """Refused are a scale that is no number and a share outside of 0 to 1; a negative scale is none of these, and leads away from the class"""
    c, u = np.ones((1, 2)), np.zeros((1, 2))
    yield raises(lambda: guidance(c, u, math.nan), ValueError)
    yield raises(lambda: guidance(c, u, 2.0, -0.1), ValueError)
    yield roundoff(np.asarray(guidance(c, u, -1.0), float), -c, terms=4)


def variant(conditional, unconditional, scale, rescale=0.0, towards=None, of=None, silent=False):
    """The printed formulas with one part replaced: what the mutants are made of."""
    if not silent and (not np.isfinite(scale) or not 0 <= rescale <= 1):
        raise ValueError
    c, u = conditional, unconditional
    guided = (towards or (lambda c, u, s: u + s * (c - u)))(c, u, scale)
    wanted, found = (of or (lambda c, u, g: (c.std(-1, keepdims=True), g.std(-1, keepdims=True))))(c, u, guided)
    factor = np.where(found > 0, wanted / np.where(found > 0, found, 1), 1)
    return (1 - rescale + rescale * factor) * guided


@GUIDANCE.mutant(
    caught_by="from-none-through-the-class-and-on, the-score-of-a-product, not-the-sharpened-distribution, surer-and-more-alike, trained-by-leaving-the-class-out, equals-definition"
)
def one_more(conditional, unconditional, scale, **given):
    """the scale taken for w: (1 + s) of the one less s of the other"""
    return variant(conditional, unconditional, scale, **given, towards=lambda c, u, s: c + s * (c - u))


@GUIDANCE.mutant(
    caught_by="from-none-through-the-class-and-on, the-score-of-a-product, surer-and-more-alike, equals-definition"
)
def the_two_exchanged(conditional, unconditional, scale, **given):
    """the guess without the class taken for that with it"""
    return variant(conditional, unconditional, scale, **given, towards=lambda c, u, s: c + s * (u - c))


@GUIDANCE.mutant(
    caught_by="from-none-through-the-class-and-on, the-score-of-a-product, any-prediction, equals-definition"
)
def the_class_alone_made_larger(conditional, unconditional, scale, **given):
    """the guess with the class multiplied by s"""
    return variant(conditional, unconditional, scale, **given, towards=lambda c, u, s: s * c)


@GUIDANCE.mutant(
    caught_by="from-none-through-the-class-and-on, any-prediction, trained-by-leaving-the-class-out, equals-definition"
)
def the_difference_alone(conditional, unconditional, scale, **given):
    """the guess without the class left out of the sum"""
    return variant(conditional, unconditional, scale, **given, towards=lambda c, u, s: s * (c - u))


@GUIDANCE.mutant(caught_by="from-none-through-the-class-and-on, surer-and-more-alike, equals-definition")
def never_beyond(conditional, unconditional, scale, **given):
    """scales above 1 taken for 1"""
    return variant(conditional, unconditional, scale, **given, towards=lambda c, u, s: u + min(s, 1.0) * (c - u))


@GUIDANCE.mutant(caught_by="the-deviation-is-given-back, equals-definition")
def over_the_batch(conditional, unconditional, scale, **given):
    """the deviation taken over all samples together"""
    return variant(conditional, unconditional, scale, **given, of=lambda c, u, g: (c.std(), g.std()))


@GUIDANCE.mutant(caught_by="the-deviation-is-given-back, equals-definition")
def deviation_without_the_class(conditional, unconditional, scale, **given):
    """the deviation of the guess without the class wanted"""
    return variant(
        conditional,
        unconditional,
        scale,
        **given,
        of=lambda c, u, g: (u.std(-1, keepdims=True), g.std(-1, keepdims=True)),
    )


@GUIDANCE.mutant(caught_by="the-deviation-is-given-back, equals-definition")
def variances(conditional, unconditional, scale, **given):
    """variances in place of deviations"""
    return variant(
        conditional,
        unconditional,
        scale,
        **given,
        of=lambda c, u, g: (c.var(-1, keepdims=True), g.var(-1, keepdims=True)),
    )


@GUIDANCE.mutant(caught_by="what-is-refused")
def whatever_the_scale(conditional, unconditional, scale, **given):
    """any scale and share taken"""
    return variant(conditional, unconditional, scale, **given, silent=True)


GUIDANCE.erratum(
    "E392",
    common="Guidance with scale s samples from p(x) p(c|x)^s, sharpened and normalised (a common reading of Ho and Salimans 2022)",
    why="At each time its score is that of the product of the noisy densities. Noise added to the sharpened distribution gives other densities, for a power of a mean is no mean of powers; so the scores along the way belong to no forward process, and "
    "what comes out is another distribution, even with exact guesses and infinitely many steps.",
    right="It follows at each time the score of p_t(x) p_t(c|x)^s. For a normal class N(m, v) among data N(0, 1) the flow ends at the variance v^s, not at 1/(s/v + 1 − s)",
    claims="not-the-sharpened-distribution, the-score-of-a-product",
)


@GUIDANCE.figure(scale=Slider(0.0, 8.0, 2.0, "scale s"), variance=Slider(0.1, 1.5, 0.5, "variance of either class"))
def figure(scale, variance):
    x, grid = quantiles(200), np.linspace(-4, 7, 300)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)

    def of(s):
        return np.sort(led(guidance, lambda y, g: guesses(y, g, variance), x, s))

    def normal(m):
        return np.exp(-((grid - m) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)

    y = of(scale)
    left.plot(grid, normal(-1.0), color=COLOURS[3], lw=1, label="other class")
    left.plot(grid, normal(1.0), color=COLOURS[0], label="class wanted")
    left.hist(y, bins=np.linspace(-4, 7, 56), density=True, color=COLOURS[1], alpha=0.45, label="samples")
    left.set(xlabel="x", ylabel="density", xlim=(-4, 7))
    left.legend(fontsize=9, frameon=False, loc="upper left")
    curve = np.array([(sureness(v, variance), v.std()) for v in map(of, (0, 0.5, 1, 1.5, 2, 3, 4, 6, 8))])
    right.plot(curve[:, 1], curve[:, 0], color=COLOURS[0], marker="o", ms=3, label="s from 0 to 8")
    right.plot([y.std()], [sureness(y, variance)], "s", color=COLOURS[1], label="shown")
    right.set(xlabel="variety: deviation of the samples", ylabel="fidelity: probability of the class")
    right.legend(fontsize=9, frameon=False, loc="lower left")
    words = Text(
        f"Two classes at −1 and 1 with variance {variance:.3g}, scale {scale:.3g}: a sample is of the class wanted with a probability of {sureness(y, variance):.3f}; the samples have the mean {y.mean():.2f} and the deviation "
        f"{y.std():.2f}, the class itself 1 and {math.sqrt(variance):.2f}.",
        f"两个类别位于 −1 与 1，方差 {variance:.3g}，引导强度 {scale:.3g}：样本属于所求类别的概率为 {sureness(y, variance):.3f}；样本的均值为 {y.mean():.2f}，标准差为 {y.std():.2f}，而该类别本身为 1 与 {math.sqrt(variance):.2f}。",
    )
    return Drawing(fig, words)
