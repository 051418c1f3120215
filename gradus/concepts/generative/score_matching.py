"""Score matching: the slope of a log density, learnt from noisy samples and walked along by Langevin's equation."""

import itertools
import math

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, near, raises, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(score_matching_loss, score, x, z, w, sigma, eta):
    from gradus.generative import langevin_sample

    def model(y, level):
        return score(y, float(level[0])) if len(level) else y

    lead, d = x.shape[:-1], x.shape[-1]
    flat, noise, new = (v.reshape(math.prod(lead), d) for v in (x, z, w))
    loss = score_matching_loss(model, flat, float(sigma), noise=noise, reduction="none")
    moved = langevin_sample(model, flat + sigma * noise, float(sigma), step=float(eta), noises=new[None])
    return loss.reshape(lead), moved.reshape(*lead, d)


SCORE_MATCHING = Concept(
    key="score-matching",
    kind="algorithm",
    title="Score matching",
    summary="A density is hard to learn, for it must add up to 1; the slope of its logarithm need not. Matching asks for the slope at points of which no slope is known, and can be done without: to guess the "
    "noise that was added to a sample is the same up to a constant. With the slope one walks uphill with new noise at each step, and comes to samples.",
    formulas=(
        r"s(x,\sigma)\approx\nabla\ln p_\sigma(x),\qquad p_\sigma=p*\mathcal N(0,\sigma^2I)",
        r"\ell=\tfrac12\lVert\sigma\,s(\tilde x,\sigma)+z\rVert^2,\qquad\tilde x=x+\sigma z",
        r"\mathbb E\,\ell=\tfrac{\sigma^2}2\,\mathbb E\lVert s-\nabla\ln p_\sigma\rVert^2+\text{const}=\sigma^2\,\mathbb E\bigl[\tfrac12\lVert s\rVert^2+\operatorname{tr}\nabla s\bigr]+\tfrac d2",
        r"x'=\tilde x+\tfrac\eta2\,s(\tilde x,\sigma)+\sqrt\eta\,w",
    ),
    symbols=(
        Symbol(
            "s", "score", "function", "the score that the model guesses, of points (… d) and a deviation", "function"
        ),
        Symbol("x", "x", "... d", "data"),
        Symbol("z", "z", "... d", "the noise that is added: standard normal numbers"),
        Symbol("w", "w", "... d", "new noise of the step: standard normal numbers"),
        Symbol(r"\sigma", "sigma", "", "deviation of the noise", "positive"),
        Symbol(r"\eta", "eta", "", "size of the step", "positive"),
        Symbol(
            r"\tilde x,\ x'", "", "... d", "the data with noise; where a step of Langevin's equation leads from there"
        ),
        Symbol(r"\ell", "", "...", "the loss of each sample"),
        Symbol(r"p_\sigma", "", "", "density of the data with noise"),
        Symbol("d", "", "", "number of numbers in a sample", "natural"),
    ),
    needs=("gradient", "normal", "diffusion"),
    source="vincent2011connection",
    year=2011,
    people=("Aapo Hyvärinen", "Pascal Vincent", "Yang Song", "Stefano Ermon"),
    aliases="score-based model, Langevin dynamics, denoising score matching, score SDE, 得分匹配, 朗之万动力学, 基于分数的模型",
    returns=(Result("loss", "...", r"$\ell$"), Result("moved", "... d", "$x'$")),
    implementations=(
        Implementation(
            "gradus.generative:score_matching_loss",
            "torch",
            _ours,
            "also by the divergence, whole or along one direction; `langevin_sample` and `score_sample` draw",
        ),
    ),
    readings="hyvarinen2005estimation; vincent2011connection; song2019generative; song2021score",
    hypotheses=(
        Hypothesis(
            r"for the form with the divergence: $s$ has no jumps, and $s\,p_\sigma$ vanishes far out",
            "a-jump-breaks-the-divergence-form",
        ),
        Hypothesis(r"noise there is: $\sigma>0$", "what-is-refused"),
        Hypothesis("for samples from $p_\\sigma$ by Langevin's equation: small steps", "what-it-settles-to"),
        Hypothesis("and a way between the modes: noise that is large enough", "modes-that-never-meet"),
    ),
    conventions=(
        Convention(
            "the weight of a level of noise",
            r"σ²: the loss is of the order of d at each level",
            "1: the loss grows like d/σ² where the noise is small",
        ),
        Convention(
            "the step of Langevin's equation",
            "η/2 for the slope and √η for the noise",
            "η for the slope and √(2η) for the noise: the same with half the η",
        ),
    ),
    deviations="The definition computes no gradient of its own; the implementation's loss carries one to the score's parameters.",
    unverified="That networks learn scores of images well enough: Song and Ermon measured it (CIFAR-10: Inception score 8.87); here the scores are exact or simple.",
    differentiable=False,
    carries_gradient=False,
)


@SCORE_MATCHING.definition
def score_matching(score, x, z, w, sigma, eta):
    if not (np.isfinite(sigma) and sigma > 0) or not (np.isfinite(eta) and eta > 0):
        raise ValueError("a positive deviation of the noise, and a positive step")
    noisy = x + sigma * z
    slope = score(noisy, sigma)
    loss = ((sigma * slope + z) ** 2).sum(axis=-1) / 2
    return loss, noisy + eta / 2 * slope + np.sqrt(eta) * w


def named(name, function):
    """A score that takes the arrays of every framework."""
    function.__name__ = function.__qualname__ = name
    return generic(function)


def of_normal(m, v, factor=1.0):
    """The score of N(m, v) with noise, times a factor."""
    return named(f"the score of N({m}, {v}) with noise, times {factor}", lambda x, s: factor * (m - x) / (v + s**2))


WEIGHTS, MEANS, DEVIATION = np.array([0.3, 0.7]), np.array([-1.5, 1.0]), 0.4


def of_mixture(means=MEANS, deviation=DEVIATION, noise=1.0):
    """The score of the mixture with noise, coordinate by coordinate; `noise` times as much of it as is said."""

    def score(x, sigma):
        v = deviation**2 + (noise * sigma) ** 2
        away = like(means, x) - x[..., None]
        r = like(WEIGHTS, x) * namespace(x).exp(-(away**2) / (2 * v))
        return (r * away / v).sum(-1) / r.sum(-1)

    return named(f"the score of a mixture around {means.tolist()}", score)


def ask(score_matching, score, x, sigma, z=0.0, w=0.0, eta=1.0):
    """Loss and next point, as float64 arrays, of one-dimensional data."""
    x, z, w = (np.array(v, float)[..., None] for v in np.broadcast_arrays(x, z, w))
    loss, moved = score_matching(score, x, z, w, float(sigma), float(eta))
    return np.asarray(loss, float), np.asarray(moved, float)[..., 0]


GRID = np.linspace(-9, 9, 721)
NORMAL = (
    np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi) * (GRID[1] - GRID[0])
)  # the trapezoid rule, to roundoff for what is smooth


def averages(score_matching, score, sigma, eta=1.0, means=MEANS, deviation=DEVIATION):
    """(weight, noisy points, losses, next points for w = 1 and −1) over mixture and noise."""
    parts = []
    for p, m in zip(WEIGHTS, means, strict=True):
        for u, q in zip(GRID[::8], NORMAL[::8] * 8, strict=True) if deviation else [(0.0, 1.0)]:
            x = m + deviation * u
            loss, up = ask(score_matching, score, np.full_like(GRID, x), sigma, GRID, 1.0, eta)
            parts.append((p * q * NORMAL, x + sigma * GRID, loss, up))
    return [np.concatenate(v) for v in zip(*parts, strict=True)]


@SCORE_MATCHING.example
def example():
    x, z, w = np.array([1.0]), np.array([0.5]), np.array([-1.0])
    score = of_normal(0.0, 0.75)
    given = dict(score=score, x=x, z=z, w=w, sigma=0.5, eta=0.16)
    loss, moved = score_matching(**given)
    noisy = x + 0.5 * z
    return given | dict(
        loss=loss,
        moved=moved[0],
        noisy=noisy[0],
        slope=score(noisy, 0.5)[0],
        best=noisy[0] + 0.25 * score(noisy, 0.5)[0],
        half=score_matching(named("half", lambda x, s: -0.5 * x), x, z, w, 0.5, 0.16)[0],
        settled=1 / (1 - 0.16 / 4),
        root=0.4,
        v=0.75,
    )


@SCORE_MATCHING.exercise
def loss_by_hand():
    """σ = 2, z = 1, s = −0.2 at the noisy point."""
    found = score_matching(named("flat", lambda x, s: 0 * x - 0.2), np.zeros(1), np.ones(1), np.zeros(1), 2.0, 1.0)[0]
    return number(found, no_half=0.36, divided=(1 - 0.4) ** 2 / 8, no_sigma=0.32)


@SCORE_MATCHING.exercise
def where_it_settles():
    """N(0, 1), η = 2: the variance that Langevin's equation settles to."""
    a, b = ask(score_matching, of_normal(0.0, 0.0), np.array([0.0, 1.0]), 1.0, eta=2.0)[1]
    g = ask(score_matching, of_normal(0.0, 0.0), 0.0, 1.0, w=1.0, eta=2.0)[1]
    return number(g**2 / (1 - (b - a) ** 2), right_only_for_small_steps=1.0, never=4.0)


@SCORE_MATCHING.exercise
def one_step_without_noise():
    """η = 2σ² and w = 0 with the exact score: what is it?"""
    x = ask(score_matching, of_normal(1.0, 3.0), 2.0, 1.0, eta=2.0)[1]
    mean = 1.0 + 3.0 / (3.0 + 1.0) * (2.0 - 1.0)
    return choice(a_sample=False, the_mean_of_the_data=abs(x - mean) < 1e-12, the_mode=False)


@SCORE_MATCHING.cases
def cases(rng):
    def of(*shape, score, **more):
        return dict(score=score, **{name: rng.normal(size=shape) for name in ("x", "z", "w")}, **more)

    yield "a normal distribution", of(5, 2, score=of_normal(0.5, 0.7), sigma=0.8, eta=0.1)
    yield "a mixture", of(4, 3, score=of_mixture(), sigma=0.5, eta=0.2)
    yield "a score that is off", of(4, 2, score=of_normal(0.5, 0.7, 0.8), sigma=1.5, eta=0.3)
    yield "little noise", of(6, 1, score=of_normal(0.0, 1.0), sigma=0.01, eta=0.001)
    yield "two leading axes", of(2, 3, 2, score=of_mixture(), sigma=1.0, eta=1.0)
    yield "a long sample", of(2, 40, score=of_normal(0.0, 2.0), sigma=0.3, eta=0.05)


@SCORE_MATCHING.invalid
def invalid(rng):
    ok = dict(score=of_normal(0.0, 1.0), x=np.ones((2, 1)), z=np.ones((2, 1)), w=np.ones((2, 1)), sigma=0.5, eta=0.1)
    yield "no noise", ok | dict(sigma=0.0)
    yield "a negative deviation of the noise", ok | dict(sigma=-1.0)
    yield "a step of size 0", ok | dict(eta=0.0)


@SCORE_MATCHING.claim
def to_guess_the_noise_is_to_match_the_score(score_matching, rng):
    r"""For the mixture $0.3\,\mathcal N(-1.5,0.16)+0.7\,\mathcal N(1,0.16)$ with noise $\sigma=0.6$ the mean loss less $\frac{\sigma^2}2\mathbb E\lvert s-\nabla\ln p_\sigma\rvert^2$ is the same for four scores, right and wrong; the integrals by the trapezoid rule"""
    sigma, true, rests = 0.6, of_mixture(), []
    for score in (true, of_normal(0.0, 1.0), of_mixture(noise=0.5), of_mixture(np.array([0.0, 2.0]))):
        weight, noisy, loss, _ = averages(score_matching, score, sigma)
        rests.append(weight @ loss - sigma**2 / 2 * (weight @ (score(noisy, sigma) - true(noisy, sigma)) ** 2))
    yield bound(np.ptp(rests), 1e-12, "≤", Text("the error of the integrals", "积分误差"))
    yield bound(rests[0], 0.05, "≥", Text("what no score can explain", "任何分数都无法解释的部分"))


@SCORE_MATCHING.claim
def what_is_left_is_the_posterior_variance(score_matching, rng):
    r"""With the exact score of $p_\sigma$ the mean loss is $\mathbb E\operatorname{Var}(x\mid\tilde x)/2\sigma^2$: in the mixture, $\sigma=0.6$; with the score of the data without noise it is larger by more than 0.05"""
    sigma, v = 0.6, DEVIATION**2
    weight, noisy, loss, _ = averages(score_matching, of_mixture(), sigma)
    share = WEIGHTS * np.exp(-((noisy[:, None] - MEANS) ** 2) / (2 * (v + sigma**2)))
    share /= share.sum(1, keepdims=True)
    each = MEANS + v / (v + sigma**2) * (noisy[:, None] - MEANS)
    mean = (share * each).sum(1)
    variance = v * sigma**2 / (v + sigma**2) + (share * (each - mean[:, None]) ** 2).sum(1)
    yield bound(
        abs(weight @ loss - weight @ variance / (2 * sigma**2)),
        1e-8,
        "≤",
        Text("the error of the integrals", "积分误差"),
    )
    weight, _, other, _ = averages(score_matching, of_mixture(noise=0.0), sigma)
    yield bound(weight @ other - weight @ loss, 0.05, "≥", Text("another score", "另一个分数"))


@SCORE_MATCHING.claim
def the_divergence_does_as_well(score_matching, rng):
    r"""The mean loss is $\sigma^2\mathbb E[\frac12s^2+s']+\frac12$: for two smooth scores and $\sigma=0.5$ and 1, $s'$ by a complex step"""
    for score, sigma in itertools.product((of_normal(0.3, 0.4), of_mixture(np.array([-1.0, 0.5]))), (0.5, 1.0)):
        weight, noisy, loss, _ = averages(score_matching, score, sigma)
        slope = np.imag(score(noisy + 1e-30j, sigma)) / 1e-30
        by_divergence = sigma**2 * (weight @ (score(noisy, sigma) ** 2 / 2 + slope)) + 0.5
        yield bound(abs(weight @ loss - by_divergence), 1e-12, "≤", Text("the error of the integrals", "积分误差"))


@SCORE_MATCHING.claim
def a_jump_breaks_the_divergence_form(score_matching, rng):
    r"""For $s=-\operatorname{sign}x$, whose derivative is 0 wherever it has one, data at 0 and $\sigma=1$, the mean loss is $1-\sqrt{2/\pi}=0.202$ and not $\sigma^2\mathbb E[\frac12s^2+s']+\frac12=1$"""
    fine = np.linspace(-9, 9, 18000)  # no node at the jump
    normal = np.exp(-(fine**2) / 2) / np.sqrt(2 * np.pi) * (fine[1] - fine[0])
    loss, _ = ask(
        score_matching, named("minus the sign", lambda x, s: -namespace(x).sign(x)), np.zeros_like(fine), 1.0, fine
    )
    yield near(
        normal @ loss,
        1 - math.sqrt(2 / math.pi),
        1e-6,
        Text("the error of the integral at the jump", "跳跃处的积分误差"),
    )


@SCORE_MATCHING.claim
def a_step_without_noise_is_the_best_guess(score_matching, rng):
    r"""With $\eta=2\sigma^2$ and $w=0$ the step leads to $\tilde x+\sigma^2\nabla\ln p_\sigma(\tilde x)=\mathbb E[x\mid\tilde x]$: for data at two points and for the mixture, at 15 points"""
    x, sigma = rng.normal(size=15) * 1.5, rng.uniform(0.4, 1.5)
    for deviation in (0.0, DEVIATION):
        found = ask(score_matching, of_mixture(deviation=deviation), x, sigma, eta=2 * sigma**2)[1]
        v = deviation**2
        share = WEIGHTS * np.exp(-((x[:, None] - MEANS) ** 2) / (2 * (v + sigma**2)))
        each = MEANS + v / (v + sigma**2) * (x[:, None] - MEANS)
        yield roundoff(found, (share * each).sum(1) / share.sum(1), terms=500, scale=20.0)


def map_of(score_matching, m, v, sigma, eta):
    """Factor and spread of a step, which for a normal distribution is x' − m = a (x − m) + g w."""
    low, high = ask(score_matching, of_normal(m, v), np.array([m, m + 1.0]), sigma, eta=eta)[1]
    return high - low, ask(score_matching, of_normal(m, v), m, sigma, w=1.0, eta=eta)[1] - m


@SCORE_MATCHING.claim
def what_it_settles_to(score_matching, rng):
    r"""Langevin's equation with the score of $\mathcal N(m,v)$ settles to $\mathcal N\bigl(m,\frac v{1-\eta/4v}\bigr)$, $v$ with the noise in it, for $\eta=0.1v$ to $3v$; at $\eta=4v$ nothing is forgotten any more"""
    m, v, sigma = 0.7, rng.uniform(0.3, 2.0), 0.5
    whole = v + sigma**2
    for share in (0.1, 0.5, 1.0, 2.0, 3.0):
        a, g = map_of(score_matching, m, v, sigma, share * whole)
        yield roundoff(g**2 / (1 - a**2), whole / (1 - share / 4), terms=400, scale=10.0)
    yield roundoff(abs(map_of(score_matching, m, v, sigma, 4 * whole)[0]), 1.0, terms=100)


@SCORE_MATCHING.claim
def a_step_from_the_right_distribution(score_matching, rng):
    r"""From $p_\sigma$ a step with its exact score changes the second moment by $\frac{\eta^2}4\mathbb E\lvert\nabla\ln p_\sigma\rvert^2$, so by the order $\eta^2$: in the mixture, $\sigma=0.6$, $\eta$ from 0.02 to 0.3; with a score 10 % too small by the order $\eta$: by more than 0.09 η"""
    sigma = 0.6
    for eta in (0.02, 0.1, 0.3):
        for factor in (1.0, 0.9):
            true = of_mixture()
            score = named("too small", lambda x, s, f=factor, g=true: f * g(x, s))
            weight, noisy, _, up = averages(score_matching, score, sigma, eta)
            down = 2 * (noisy + eta / 2 * score(noisy, sigma)) - up  # the step with w = −1, if w stands where it should
            change = weight @ ((up**2 + down**2) / 2 - noisy**2)
            if factor == 1.0:
                want = eta**2 / 4 * (weight @ score(noisy, sigma) ** 2)
                yield bound(abs(change - want), 1e-12, "≤", Text("the error of the integrals", "积分误差"))
            else:
                yield bound(change / eta, 0.09, "≥", Text("of the order η", "与 η 同阶"))


@SCORE_MATCHING.claim
def the_flow_and_the_reverse_equation_agree(score_matching, rng):
    r"""From $\sigma=5$ to 0 in $n$ even steps, with the exact score of $\mathcal N(1,\frac14)$: along the flow, half a step of $\eta=\sigma_i^2-\sigma_{i+1}^2$ without noise, and along the reverse equation, twice that and noise, the variance ends at $\frac14$, up to what falls like $1/n$: $n$ from 100 to 800"""
    sizes, off = [100, 200, 400, 800], []
    for n in sizes:
        levels, flow, back = np.linspace(5, 0, n + 1), 25.25, 25.25
        for here, there in itertools.pairwise(levels):
            a, g = map_of(score_matching, 1.0, 0.25, here, here**2 - there**2)
            flow, back = a**2 * flow, (2 * a - 1) ** 2 * back + g**2
        off.append((abs(flow - 0.25), abs(back - 0.25)))
    for errors in zip(*off, strict=True):
        yield rate(sizes, errors, -1, 0.15)
        yield bound(errors[-1], 0.02, "≤", Text("the size of the steps", "步长"))


FAR = np.array([-4.0, 4.0])


@SCORE_MATCHING.claim
def modes_that_never_meet(score_matching, rng):
    r"""Two modes at $\mp4$ of deviation 0.4 and weights 0.3 and 0.7, 200 chains from the left one: with little noise ($\sigma=0.1$) none of them has left it after 100 steps of $\eta=0.05$; where the noise falls from $\sigma=8$ to 0.1 in 12 levels of 12 steps, between 0.5 and 0.9 of them end in the right one"""
    stay = np.full(200, FAR[0])
    for _ in range(100):
        stay = ask(score_matching, of_mixture(FAR), stay, 0.1, w=rng.normal(size=200), eta=0.05)[1]
    yield bound(float((stay > 0).mean()), 0.0, "≤", Text("none has crossed", "没有一条越过"))
    yield bound(stay.std(), 0.2, "≥", Text("they move", "它们确实移动"))
    y = np.full(200, FAR[0])
    for sigma in np.geomspace(8, 0.1, 12):
        for _ in range(12):
            y = ask(score_matching, of_mixture(FAR), y, sigma, w=rng.normal(size=200), eta=0.5 * (sigma**2 + 0.16))[1]
    right = float((y > 0).mean())
    yield bound(right, 0.5, "≥", Text("measured: 0.7", "测得 0.7"))
    yield bound(right, 0.9, "≤", Text("measured: 0.7", "测得 0.7"))


@SCORE_MATCHING.claim
def it_adds_up_over_the_numbers(score_matching, rng):
    """The loss of a sample of 7 numbers is the sum of the losses of each, where the score treats each by itself"""
    x, z, w = rng.normal(size=(3, 4, 7))
    whole = np.asarray(score_matching(of_mixture(), x, z, w, 0.7, 0.1)[0], float)
    yield roundoff(whole, ask(score_matching, of_mixture(), x, 0.7, z)[0].sum(-1), terms=200, scale=10.0)


@SCORE_MATCHING.claim
def what_is_refused(score_matching, rng):
    """Refused are noise and steps that are not positive: without noise there is no noise to guess; what is positive is taken, however small"""
    one = np.ones((1, 1))
    yield raises(lambda: score_matching(of_normal(0.0, 1.0), one, one, one, 0.0, 0.1), ValueError)
    yield raises(lambda: score_matching(of_normal(0.0, 1.0), one, one, one, 0.5, -0.1), ValueError)
    loss = ask(score_matching, of_normal(0.0, 1.0), 1.0, 1e-6, 1.0)[0]
    yield near(float(loss), 0.5, 1e-5, Text("σ s is small", "σ s 很小"))


def variant(
    score,
    x,
    z,
    w,
    sigma,
    eta,
    sign=1,
    weight=1.0,
    half=0.5,
    drift=0.5,
    spread=0.5,
    clean=False,
    mean=False,
    silent=False,
    still=False,
):
    """The printed formulas, and their slips by name: what the mutants are made of."""
    if not silent and not (sigma > 0 and eta > 0):
        raise ValueError
    noisy = x + sigma * z
    slope = score(x if clean else noisy, sigma)
    with np.errstate(all="ignore"):
        squares = (sigma * slope + sign * z) ** 2 * sigma ** (2 * (weight - 1))
    loss = half * (squares.mean(-1) if mean else squares.sum(-1))
    return loss, noisy + drift * eta * slope + (0 if still else np.abs(2 * spread * eta) ** 0.5) * w


@SCORE_MATCHING.mutant(
    caught_by="to-guess-the-noise-is-to-match-the-score, what-is-left-is-the-posterior-variance, the-divergence-does-as-well, a-jump-breaks-the-divergence-form, equals-definition"
)
def noise_of_the_wrong_sign(score, x, z, w, sigma, eta):
    """the noise subtracted"""
    return variant(score, x, z, w, sigma, eta, sign=-1)


@SCORE_MATCHING.mutant(
    caught_by="to-guess-the-noise-is-to-match-the-score, the-divergence-does-as-well, equals-definition"
)
def not_weighted(score, x, z, w, sigma, eta):
    """the loss not multiplied by σ²"""
    return variant(score, x, z, w, sigma, eta, weight=0.0)


@SCORE_MATCHING.mutant(
    caught_by="to-guess-the-noise-is-to-match-the-score, the-divergence-does-as-well, equals-definition"
)
def without_the_half(score, x, z, w, sigma, eta):
    """the half left out of the loss"""
    return variant(score, x, z, w, sigma, eta, half=1.0)


@SCORE_MATCHING.mutant(
    caught_by="to-guess-the-noise-is-to-match-the-score, what-is-left-is-the-posterior-variance, equals-definition"
)
def asked_without_noise(score, x, z, w, sigma, eta):
    """the score asked for where no noise was added"""
    return variant(score, x, z, w, sigma, eta, clean=True)


@SCORE_MATCHING.mutant(caught_by="it-adds-up-over-the-numbers, equals-definition")
def averaged(score, x, z, w, sigma, eta):
    """the mean over the numbers of a sample in place of the sum"""
    return variant(score, x, z, w, sigma, eta, mean=True)


@SCORE_MATCHING.mutant(
    caught_by="what-it-settles-to, a-step-without-noise-is-the-best-guess, a-step-from-the-right-distribution, the-flow-and-the-reverse-equation-agree, equals-definition"
)
def a_whole_slope(score, x, z, w, sigma, eta):
    """η in place of η/2 before the slope"""
    return variant(score, x, z, w, sigma, eta, drift=1.0)


@SCORE_MATCHING.mutant(
    caught_by="what-it-settles-to, a-step-from-the-right-distribution, the-flow-and-the-reverse-equation-agree, equals-definition"
)
def noise_of_the_other_convention(score, x, z, w, sigma, eta):
    """√(2η) in place of √η before the noise"""
    return variant(score, x, z, w, sigma, eta, spread=1.0)


@SCORE_MATCHING.mutant(
    caught_by="what-it-settles-to, modes-that-never-meet, the-flow-and-the-reverse-equation-agree, equals-definition"
)
def without_new_noise(score, x, z, w, sigma, eta):
    """no new noise: the slope climbed"""
    return variant(score, x, z, w, sigma, eta, still=True)


@SCORE_MATCHING.mutant(caught_by="what-is-refused")
def whatever_the_noise(score, x, z, w, sigma, eta):
    """any deviation and step taken"""
    return variant(score, x, z, w, sigma, eta, silent=True)


SCORE_MATCHING.erratum(
    "E388",
    common="Langevin's equation samples from p if only one takes steps enough (a common slip)",
    why="The equation does in the limit of small steps; with steps of a fixed size it settles to something else, however many are taken. For a normal distribution of variance v it is wider by the factor 1/(1 − η/4v).",
    right="With η and the number of steps both: the bias falls with η, and is taken off by rejection (the adjusted algorithm)",
    claims="what-it-settles-to",
)
SCORE_MATCHING.erratum(
    "E389",
    common="Denoising score matching learns the score of the data (a common slip)",
    why="Its minimum is the score of the data with noise, the mean of x̃ → x arrows over the posterior; where the noise is not small beside the data's own structure it is another function, and the score of the data has the larger loss.",
    right="It learns the score of p_σ, the data with noise of the deviation σ",
    claims="what-is-left-is-the-posterior-variance, to-guess-the-noise-is-to-match-the-score",
)


@SCORE_MATCHING.figure(
    sigma=Slider(0.05, 2.0, 0.3, "noise σ", log=True), eta=Slider(0.01, 1.0, 0.1, "step η", log=True)
)
def figure(sigma, eta):
    grid, score, rng = np.linspace(-4, 4, 400), of_mixture(), np.random.default_rng(0)
    v = DEVIATION**2 + sigma**2
    density = (WEIGHTS * np.exp(-((grid[:, None] - MEANS) ** 2) / (2 * v))).sum(1) / math.sqrt(2 * math.pi * v)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    left.plot(grid, score(grid, sigma), color=COLOURS[0])
    left.axhline(0, color="0.6", lw=0.6)
    left.set(xlabel="x", ylabel="score", xlim=(-4, 4), ylim=(-8, 8))
    y, steps, far = np.full(600, MEANS[0]), 300, 6 + 8 * sigma
    for _ in range(steps):
        near_by = np.abs(y) < far  # what has run away runs on
        y[near_by] = ask(score_matching, score, y[near_by], sigma, w=rng.normal(size=near_by.sum()), eta=eta)[1]
    gone = float((np.abs(y) >= far).mean())
    bins = np.linspace(-4, 4, 49)
    right.hist(y[np.abs(y) < far], bins=bins, density=True, color=COLOURS[1], alpha=0.45, label="after 300 steps")
    right.plot(grid, density, color=COLOURS[0], label="data with noise")
    right.set(xlabel="x", ylabel="density", xlim=(-4, 4))
    right.legend(fontsize=9, frameon=False, loc="upper left")
    crossed, should = float((y > -0.25).mean()), float(density[grid > -0.25].sum() * (grid[1] - grid[0]))
    words = Text(
        f"Noise σ = {sigma:.3g}, steps η = {eta:.3g}: of 600 chains that begin at the left mode {crossed:.0%} are right of −0.25 after {steps} steps, of the data with noise {should:.0%}; {gone:.0%} have run away.",
        f"噪声 σ = {sigma:.3g}，步长 η = {eta:.3g}：从左侧峰出发的 600 条链，{steps} 步后有 {crossed:.0%} 在 −0.25 的右侧，而加噪的数据为 {should:.0%}；有 {gone:.0%} 跑到远处，不再回来。",
    )
    return Drawing(fig, words)
