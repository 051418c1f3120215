"""DDIM: a diffusion model's samples in few steps, along the probability-flow equation."""

import itertools
import math

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, identical, near, raises, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(ddim_sample, epsilon, x, beta, tau, z, eta, inverse=False):
    from gradus.generative import NoiseSchedule, ddim_invert

    lead, (S, d) = x.shape[:-1], z.shape[-2:]
    flat, taken = x.reshape(math.prod(lead), d), [int(t) for t in tau]
    given = dict(timesteps=taken, trajectory=True)

    def model(y, t):
        return epsilon(y, int(t[0])) if len(t) else y

    if inverse:
        path = ddim_invert(model, flat, NoiseSchedule(beta), **given)
    else:
        noises = z.reshape(len(flat), S, d).swapaxes(0, 1)
        path = ddim_sample(model, flat.shape, NoiseSchedule(beta), eta=float(eta), start=flat, noises=noises, **given)
    return path.swapaxes(0, 1).reshape(*lead, S + 1, d)


DDIM = Concept(
    key="ddim",
    kind="algorithm",
    title="DDIM sampling",
    summary="A trained diffusion model does not fix how one goes back. The noise that it guesses leads to data, and from there to any earlier time at once; so steps may be skipped, and no new noise "
    "is needed. Without it a sample is a function of where it began: the path is Euler's method on a differential equation that carries the distribution of noise into that of the data, "
    "and it can be gone the other way, from data to the noise that makes them.",
    formulas=(
        r"x_s=\sqrt{\bar\alpha_s}\,\hat x_0+\sqrt{1-\bar\alpha_s-\sigma^2}\,\hat\varepsilon+\sigma z,\qquad\hat x_0=\frac{x_t-\sqrt{1-\bar\alpha_t}\,\hat\varepsilon}{\sqrt{\bar\alpha_t}},\quad\hat\varepsilon=\hat\varepsilon(x_t,t)",
        r"\sigma^2=\eta^2\,\frac{1-\bar\alpha_s}{1-\bar\alpha_t}\Bigl(1-\frac{\bar\alpha_t}{\bar\alpha_s}\Bigr),\qquad t=\tau_i,\ s=\tau_{i+1},\quad\tau_1>\dots>\tau_S\ge1,\ \tau_{S+1}=0",
        r"y=\frac x{\sqrt{\bar\alpha}},\quad\varsigma=\sqrt{\frac{1-\bar\alpha}{\bar\alpha}}:\qquad\eta=0\implies y_s=y_t+(\varsigma_s-\varsigma_t)\,\hat\varepsilon,\qquad\frac{\mathrm dy}{\mathrm d\varsigma}=\hat\varepsilon",
        r"\text{inverse:}\quad x_t=\sqrt{\frac{\bar\alpha_t}{\bar\alpha_s}}\,x_s+\Bigl(\sqrt{1-\bar\alpha_t}-\sqrt{\tfrac{\bar\alpha_t}{\bar\alpha_s}(1-\bar\alpha_s)}\Bigr)\hat\varepsilon(x_s,t)",
    ),
    symbols=(
        Symbol(
            r"\hat\varepsilon",
            "epsilon",
            "function",
            "the noise that the model guesses, of points (… d) and a time",
            "function",
        ),
        Symbol(
            "x",
            "x",
            "... d",
            "where it begins: $x$ at $\\tau_1$; with `inverse` the data. The result (… S+1 d) is the path: this, and the point after each step",
        ),
        Symbol(r"\beta_t", "beta", "T", "variance of the noise of each step in training", "other"),
        Symbol(r"\tau", "tau", "S", "times, falling, from 1 to T", "other"),
        Symbol("z", "z", "... S d", "new noise of each step: standard normal numbers"),
        Symbol(r"\eta", "eta", "", "how much new noise, from 0 to 1", "unit"),
        Symbol(
            r"\text{inverse}", "inverse", "", "whether the way leads from the data to noise; η is then 0", "boolean"
        ),
        Symbol(r"\bar\alpha_t", "", "T", r"$\prod_{s\le t}(1-\beta_s)$; $\bar\alpha_0=1$"),
        Symbol("s,\\ t", "", "", "the time to which a step leads, and from which (upwards the other way round)"),
        Symbol(r"y,\ \varsigma", "", "", "the point and the deviation of its noise, in the scale of the data"),
        Symbol("S,\\ T,\\ d", "", "", "number of steps, of times, of numbers in a sample", "natural"),
    ),
    needs=("diffusion", "neural-ode"),
    source="song2021denoising",
    year=2021,
    people=("Jiaming Song", "Chenlin Meng", "Stefano Ermon", "Yang Song"),
    aliases="probability-flow ODE, denoising diffusion implicit models, DDIM inversion, 概率流 ODE, 去噪扩散隐式模型, 概率流常微分方程",
    implementations=(
        Implementation(
            "gradus.generative:ddim_sample",
            "torch",
            _ours,
            "with `diffusion_times` for the list, and `ddim_invert` for the way back",
        ),
    ),
    readings="song2021denoising §3–4; song2021score §4.3; karras2022elucidating; lin2024common",
    hypotheses=(
        Hypothesis(r"the guess is the mean given $x_t$, $\mathbb E[\varepsilon\mid x_t]$", "a-guess-that-is-off"),
        Hypothesis(
            "the steps are small, unless the guess does not change along the way",
            "error-falls-with-the-steps, fewer-steps-than-ancestral",
        ),
        Hypothesis("for the way back: $\\eta=0$", "new-noise-cannot-be-undone"),
        Hypothesis(r"something of the data is left at each time, $\bar\alpha_t>0$", "what-is-refused"),
    ),
    conventions=(
        Convention(
            "where a step leads",
            "to the next time in the list, and from the last one to the data",
            "to t − ⌊T/S⌋, whatever the list (diffusers' DDIM step: right for “leading” lists; for “linspace” it is another time)",
        ),
        Convention(
            "the first time of the list",
            "T: “trailing”, the default of `diffusion_times`",
            "below T: “leading”, the default of diffusers, where the start still has data in it that pure noise has not",
        ),
        Convention(
            "the inverse's guess",
            "at the time where the step ends, as the way down asks",
            "at the time where it begins, which for the first step is 0, where no model was trained",
        ),
    ),
    deviations="The implementation computes no gradients. The definition takes predictions of noise alone; the implementation data and velocities, too.",
    unverified="That a trained network's samples in 20 or 50 steps look nearly as good as in 1000: Song et al. measured it on images (CIFAR-10: FID 6.84 with 20 steps, 4.04 with 1000); here the model is exact.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=2048,
)


@DDIM.definition
def ddim(epsilon, x, beta, tau, z, eta, inverse=False):
    T, tau = len(beta), [int(t) for t in tau]
    if not ((beta > 0) & (beta <= 1)).all() or (beta[:-1] == 1).any() or not 0 <= eta <= 1:
        raise ValueError("β in (0, 1), of which the last may be 1; η from 0 to 1")
    if not tau or tau[0] > T or tau[-1] < 1 or (np.diff(tau) >= 0).any():
        raise ValueError("times that fall, from T at most to 1 at least")
    alpha_bar = np.concatenate(([1.0], np.cumprod(1 - beta)))
    if alpha_bar[tau[0]] == 0:
        raise ValueError("noise says nothing of the data where none are left")
    path = [x]
    if inverse:
        for s, t in zip([0, *tau[:0:-1]], tau[::-1], strict=True):
            a, b = alpha_bar[s], alpha_bar[t]
            x = np.sqrt(b / a) * x + (np.sqrt(1 - b) - np.sqrt(b / a * (1 - a))) * epsilon(x, t)
            path.append(x)
        return np.stack(path, axis=-2)
    for i, (t, s) in enumerate(zip(tau, [*tau[1:], 0], strict=True)):
        a, b = alpha_bar[t], alpha_bar[s]
        noise = epsilon(x, t)
        data = (x - np.sqrt(1 - a) * noise) / np.sqrt(a)
        sigma2 = eta**2 * (1 - b) / (1 - a) * (1 - a / b)
        x = np.sqrt(b) * data + np.sqrt(1 - b - sigma2) * noise + np.sqrt(sigma2) * z[..., i, :]
        path.append(x)
    return np.stack(path, axis=-2)


def named(name, function):
    """A guess of the noise that takes the arrays of every framework."""
    function.__name__ = function.__qualname__ = name
    return generic(function)


def bars(beta):
    return np.concatenate(([1.0], np.cumprod(1 - np.asarray(beta))))


def falling(T):
    """β of ᾱ_t = e^{−8(t/T)²}: the same fall in any number of steps."""
    a = np.exp(-8 * (np.arange(T + 1) / T) ** 2)
    return 1 - a[1:] / a[:-1]


def of_normal(beta, m, s2, factor=1.0):
    """The best guess for data N(m, s2), times a factor."""
    a = [float(v) for v in bars(beta)]

    def guess(x, t):
        return factor * math.sqrt(1 - a[t]) * (x - math.sqrt(a[t]) * m) / (a[t] * s2 + 1 - a[t])

    return named(f"the best guess for N({m}, {s2}), times {factor}", guess)


WEIGHTS, MEANS, DEVIATIONS = np.array([0.3, 0.7]), np.array([-1.5, 1.0]), np.array([0.3, 0.5])


def of_mixture(beta):
    """The best guess for the mixture, coordinate by coordinate."""
    a = [float(v) for v in bars(beta)]

    def guess(x, t):
        v = a[t] * DEVIATIONS**2 + 1 - a[t]
        away = x[..., None] - like(math.sqrt(a[t]) * MEANS, x)
        r = like(WEIGHTS / np.sqrt(v), x) * namespace(x).exp(-(away**2) / like(2 * v, x))
        return math.sqrt(1 - a[t]) * (r * away / like(v, x)).sum(-1) / r.sum(-1)

    return named("the best guess for a mixture", guess)


def nothing():
    return named("no noise at all", lambda x, t: 0 * x)


@DDIM.example
def example():
    beta, half = np.array([0.36, 0.4375]), named("a half", lambda x, t: 0 * x + 0.5)
    given = dict(epsilon=half, x=np.array([1.4]), beta=beta, tau=np.array([2, 1]), z=np.ones((2, 1)), eta=0.0)
    path = ddim(**given)[:, 0]
    noisy = ddim(**given | dict(eta=1.0))[:, 0]
    y, spread = path[:2] / np.array([0.6, 0.8]), np.array([0.8 / 0.6, 0.6 / 0.8])
    sigma2 = 0.36 / 0.64 * (1 - 0.36 / 0.64)
    back = ddim(**given | dict(x=path[2:], inverse=True))[:, 0]
    return (
        given
        | dict(
            path=path,
            y=y,
            spread=spread,
            bars=np.array([0.64, 0.36]),
            data=path[2],
            sigma2=sigma2,
            sigma=math.sqrt(sigma2),
        )
        | dict(
            rest=math.sqrt(0.36 - sigma2),
            noisy=noisy[1],
            back=back,
            guess=0.5,
            z1=1.0,
            one=ddim(**given | dict(tau=np.array([2])))[1, 0],
        )
    )


@DDIM.exercise
def straight_to_the_data():
    """ᾱ_t = 0.64, x_t = 1.1, ε̂ = 0.5: one step to 0."""
    guess = named("a half", lambda x, t: 0 * x + 0.5)
    found = ddim(guess, np.array([1.1]), np.array([0.36]), [1], np.zeros((1, 1)), 0.0)[1, 0]
    return number(found, minus_all=1.1 - 0.5, no_roots=(1.1 - 0.36 * 0.5) / 0.64, not_stretched=1.1 - 0.6 * 0.5)


@DDIM.exercise
def next_time():
    """T = 1000, the list 1000, 700, 200: where does the step from 700 lead?"""
    beta = falling(1000)
    path = ddim(nothing(), np.ones(1), beta, [1000, 700, 200], np.zeros((3, 1)), 0.0)[:, 0]
    led = int(np.abs(np.sqrt(bars(beta) / bars(beta)[700]) - path[2] / path[1]).argmin())
    return choice(two_hundred=led == 200, stride=led == 367, one_less=led == 699)


@DDIM.exercise
def half_the_eta():
    """By which factor does the variance of the new noise change from η = 1 to η = ½?"""
    given = nothing(), np.zeros(1), np.array([0.2, 0.3]), [2, 1], np.ones((2, 1))
    one, half = (ddim(*given, eta)[1, 0] for eta in (1.0, 0.5))
    return number((half / one) ** 2, as_variance=0.5, no_change=1.0)


@DDIM.cases
def cases(rng):
    def of(*shape, beta, tau, eta, guess, **more):
        z = rng.normal(size=(*shape[:-1], len(tau), shape[-1]))
        return dict(epsilon=guess, x=rng.normal(size=shape), beta=beta, tau=np.array(tau), z=z, eta=eta, **more)

    beta = rng.uniform(0.1, 0.5, 8)
    normal, mixture = of_normal(beta, 0.4, 0.3), of_mixture(beta)
    yield "every time", of(4, 2, beta=beta, tau=range(8, 0, -1), eta=0.0, guess=normal)
    yield "some times", of(3, 2, beta=beta, tau=[8, 5, 4, 1], eta=0.0, guess=mixture)
    yield "new noise", of(5, 1, beta=beta, tau=[7, 3], eta=0.6, guess=mixture)
    yield "as ancestral", of(3, 2, beta=beta, tau=range(8, 0, -1), eta=1.0, guess=normal)
    yield "upwards", of(3, 2, beta=beta, tau=[8, 6, 2], eta=0.0, guess=mixture, inverse=True)
    yield "one step", of(2, beta=beta, tau=[8], eta=0.0, guess=mixture)
    yield "two leading axes", of(2, 3, 2, beta=beta, tau=[6, 1], eta=1.0, guess=normal)
    slow = rng.uniform(0.01, 0.1, 60)
    yield "long", of(2, 1, beta=slow, tau=range(60, 0, -3), eta=0.0, guess=of_normal(slow, 1.0, 0.5))


@DDIM.invalid
def invalid(rng):
    ok = dict(epsilon=nothing(), x=np.ones(1), beta=np.full(4, 0.3), tau=np.array([4, 2]), z=np.zeros((2, 1)), eta=0.5)
    yield "times that rise", ok | dict(tau=np.array([2, 4]))
    yield "a time twice", ok | dict(tau=np.array([3, 3]))
    yield "a list that holds 0", ok | dict(tau=np.array([2, 0]))
    yield "a time after the last", ok | dict(tau=np.array([5, 2]))
    yield "more new noise than there is", ok | dict(eta=1.5)
    yield "noise predicted where no data are left", ok | dict(beta=np.array([0.3, 0.3, 0.3, 1.0]))


def run(ddim, epsilon, x, beta, tau, eta=0.0, z=None, **more):
    """The path, (… S + 1 d), as a float64 array; no new noise unless given."""
    z = np.zeros((*x.shape[:-1], len(tau), x.shape[-1])) if z is None else z
    return np.asarray(ddim(epsilon, x, np.asarray(beta, float), np.array(tau), z, eta, **more), float)


@DDIM.claim
def a_function_of_the_start(ddim, rng):
    r"""With $\eta=0$ the samples are a function of the start: whatever $z$ is, they are the same to the last bit; other starts lead elsewhere; with $\eta=\frac12$ other noise leads elsewhere, too"""
    beta, x = rng.uniform(0.1, 0.5, 8), rng.normal(size=(6, 2))
    z, tau = rng.normal(size=(2, 6, 3, 2)), [8, 5, 2]
    a, b = (run(ddim, of_mixture(beta), x, beta, tau, 0.0, v) for v in z)
    yield identical(a, b)
    other = run(ddim, of_mixture(beta), x + 0.1, beta, tau)
    yield bound(np.abs(other - a)[:, -1].min(), 1e-6, "≥", Text("it moves", "它确实移动"))
    c, d = (run(ddim, of_mixture(beta), x, beta, tau, 0.5, v) for v in z)
    yield bound(np.abs(c - d)[:, -1].max(), 0.01, "≥", Text("it moves", "它确实移动"))


@DDIM.claim
def each_step_leads_to_the_next_time(ddim, rng):
    r"""A step leads to the next time of the list, whatever the gap, and the last to the data: where nothing is taken for noise $x_s=\sqrt{\bar\alpha_s/\bar\alpha_t}\,x_t$, so that the times can be read off the path: for 1000, 667, 334, 1 and for times drawn at random"""
    for T, tau in ((1000, [1000, 667, 334, 1]), (50, sorted(rng.choice(50, 6, replace=False) + 1)[::-1])):
        beta = falling(T)
        a = bars(beta)[[*tau, 0]]
        path = run(ddim, nothing(), np.ones((1, 1)), beta, tau)[0, :, 0]
        yield roundoff(path, np.sqrt(a / a[0]), terms=4 * T)


@DDIM.claim
def with_new_noise_it_is_ancestral(ddim, rng):
    r"""With $\eta=1$ and every time it is ancestral sampling with the posterior's variance: each step has the mean $\frac1{\sqrt{\alpha_t}}\bigl(x_t-\frac{\beta_t}{\sqrt{1-\bar\alpha_t}}\hat\varepsilon\bigr)$ and adds $\sqrt{\tilde\beta_t}z$, nothing at the last; with $\eta=0$ the mean is another one"""
    beta, x = rng.uniform(0.1, 0.5, 8), rng.normal(size=(6, 2))
    z, tau, a, guess = rng.normal(size=(6, 8, 2)), list(range(8, 0, -1)), bars(beta), of_mixture(beta)
    path = run(ddim, guess, x, beta, tau, 1.0, z)
    quiet = run(ddim, guess, x, beta, tau, 0.0)
    for i, t in enumerate(tau):
        b = beta[t - 1]
        mean = (path[:, i] - b / np.sqrt(1 - a[t]) * guess(path[:, i], t)) / np.sqrt(1 - b)
        deviation = np.sqrt(b * (1 - a[t - 1]) / (1 - a[t]))
        yield roundoff(path[:, i + 1], mean + deviation * z[:, i], terms=100)
    first = (x - beta[7] / np.sqrt(1 - a[8]) * guess(x, 8)) / np.sqrt(1 - beta[7])
    yield bound(np.abs(quiet[:, 1] - first).max(), 0.01, "≥", Text("another mean", "另一个均值"))


@DDIM.claim
def the_new_noise_is_taken_off(ddim, rng):
    r"""As much as is added is taken off: data that are one point $c$ are led from $\mathcal N(\sqrt{\bar\alpha_t}c,1-\bar\alpha_t)$ to $\mathcal N(\sqrt{\bar\alpha_s}c,1-\bar\alpha_s)$ for every $\eta$ and any two times, and to $c$ itself in a single step; the added variance is $\eta^2$ times that at $\eta=1$"""
    beta, c = rng.uniform(0.1, 0.5, 8), 1.5
    a, guess = bars(beta), of_normal(beta, c, 0.0)
    x = np.array([[0.0], [1.0], [0.0]])
    z = np.array([0.0, 0.0, 1.0])[:, None, None] * np.ones((1, 2, 1))
    for eta in (0.0, 0.4, 1.0):
        for t, s in ((8, 3), (5, 4), (2, 1)):
            start, one, noisy = run(ddim, guess, x, beta, [t, s], eta, z)[:, 1, 0]
            rise, added = one - start, noisy - start
            yield roundoff(start + rise * np.sqrt(a[t]) * c, np.sqrt(a[s]) * c, terms=50)
            yield roundoff(rise**2 * (1 - a[t]) + added**2, 1 - a[s], terms=50)
            most = (1 - a[s]) / (1 - a[t]) * (1 - a[t] / a[s])
            yield roundoff(added**2, eta**2 * most, terms=100, scale=1.0)
    yield roundoff(run(ddim, guess, rng.normal(size=(5, 1)), beta, [8])[:, 1], np.full((5, 1), c), terms=200)


@DDIM.claim
def euler_on_the_flow(ddim, rng):
    r"""With $\eta=0$ each step is Euler's on $\frac{\mathrm dy}{\mathrm d\varsigma}=\hat\varepsilon$ in $y=x/\sqrt{\bar\alpha}$, $\varsigma=\sqrt{(1-\bar\alpha)/\bar\alpha}$: $y_s-y_t=(\varsigma_s-\varsigma_t)\,\hat\varepsilon(x_t,t)$, exactly, for a mixture and any list; and the way up is the same with the guess at the time where it ends"""
    beta, x, tau = rng.uniform(0.1, 0.5, 10), rng.normal(size=(6, 2)), [10, 9, 5, 2]
    a, guess = bars(beta), of_mixture(beta)
    for inverse in (False, True):
        path = run(ddim, guess, x, beta, tau, inverse=inverse)
        times = [0, *tau[::-1]] if inverse else [*tau, 0]
        for i, (t, s) in enumerate(itertools.pairwise(times)):
            y, y_next = path[:, i] / np.sqrt(a[t]), path[:, i + 1] / np.sqrt(a[s])
            gap = np.sqrt((1 - a[s]) / a[s]) - np.sqrt((1 - a[t]) / a[t])
            yield roundoff(y_next - y, gap * guess(path[:, i], s if inverse else t), terms=200, scale=20.0)
        yield bound(np.abs(path[:, -1] - x).max(), 0.1, "≥", Text("it moves", "它确实移动"))


def every(T, S):
    return list(range(T, 0, -(T // S)))


@DDIM.claim
def error_falls_with_the_steps(ddim, rng):
    r"""The flow of data $\mathcal N(1,\frac14)$ ends at $x_0=1+\frac12\frac{x_T-\sqrt{\bar\alpha_T}}{\sqrt{\bar\alpha_T/4+1-\bar\alpha_T}}$; from a start one deviation above, $S$ evenly spaced steps miss it by what falls like $1/S$: $\bar\alpha_t=e^{-8(t/T)^2}$, $T=512$, $S=64$ to 512"""
    beta = falling(512)
    a, sizes = bars(beta)[-1], [64, 128, 256, 512]
    v = a / 4 + 1 - a
    x = np.array([[np.sqrt(a) + np.sqrt(v)]])
    off = [run(ddim, of_normal(beta, 1.0, 0.25), x, beta, every(512, S))[0, -1, 0] - 1.5 for S in sizes]
    yield rate(sizes, np.abs(off), -1, 0.1)
    yield bound(abs(off[0]), 0.2, "≤", Text("measured", "测得"))


@DDIM.claim
def there_and_back(ddim, rng):
    r"""Data led into the noise and back with the same list return, up to what falls like $1/S$: $-1.5$, $0$ and $2$ in the mixture, $\bar\alpha_t=e^{-8(t/T)^2}$, $T=256$, $S=32$ to 256; at 256 to 0.03, and in between they were elsewhere. Where the guess is one and the same everywhere, nothing is lost"""
    beta, x, sizes, gaps = falling(256), np.array([[-1.5], [0.0], [2.0]]), [32, 64, 128, 256], []
    for S in sizes:
        up = run(ddim, of_mixture(beta), x, beta, every(256, S), inverse=True)[:, -1]
        gaps.append(np.abs(run(ddim, of_mixture(beta), up, beta, every(256, S))[:, -1] - x).max())
    yield rate(sizes, gaps, -1, 0.15)
    yield bound(gaps[-1], 0.03, "≤", Text("measured", "测得"))
    yield bound(np.abs(up - x).min(), 0.05, "≥", Text("it moves", "它确实移动"))
    half = named("a half", lambda x, t: 0 * x + 0.5)
    up = run(ddim, half, x, beta, every(256, 4), inverse=True)[:, -1]
    yield roundoff(run(ddim, half, up, beta, every(256, 4))[:, -1], x, terms=1000, scale=100.0)


@DDIM.claim
def new_noise_cannot_be_undone(ddim, rng):
    r"""With $\eta=1$ the noise that was found does not lead back: of 40 data of the mixture a way there and back with 64 steps misses by more than 0.3 on the average, and by less than 0.1 with $\eta=0$"""
    beta, tau = falling(128), every(128, 64)
    x = np.where(rng.random((40, 1)) < 0.3, rng.normal(-1.5, 0.3, (40, 1)), rng.normal(1.0, 0.5, (40, 1)))
    up = run(ddim, of_mixture(beta), x, beta, tau, inverse=True)[:, -1]
    z = rng.normal(size=(40, 64, 1))
    misses = [np.abs(run(ddim, of_mixture(beta), up, beta, tau, eta, z)[:, -1] - x).mean() for eta in (0.0, 1.0)]
    yield bound(misses[0], 0.1, "≤", Text("12000 seeds: 0.018, at most 0.055", "12000 个种子：0.018，至多 0.055"))
    yield bound(misses[1], 0.3, "≥", Text("12000 seeds: 1.3, at least 0.70", "12000 个种子：1.3，至少 0.70"))


@DDIM.claim
def a_guess_that_is_off(ddim, rng):
    r"""A model that guesses 5 % too little noise leads elsewhere: data $\mathcal N(1,\frac14)$ in 256 steps come out with a deviation of 0.55 or more, and of 0.5 to 0.015 with the best guess"""
    beta, x = falling(256), np.array([[0.0], [1.0]])
    spread = [
        np.diff(run(ddim, of_normal(beta, 1.0, 0.25, f), x, beta, every(256, 256))[:, -1, 0])[0] for f in (1.0, 0.95)
    ]
    yield near(spread[0], 0.5, 0.015, Text("the size of the steps", "步长"))
    yield bound(spread[1], 0.55, "≥", Text("measured", "测得"))


def normal_cdf(x):
    return np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in np.ravel(x)]).reshape(np.shape(x))


NORMAL = (np.linspace(-5, 5, 2001), normal_cdf(np.linspace(-5, 5, 2001)))
GRID = np.linspace(-5, 5, 501)
TRUE = (WEIGHTS * normal_cdf((GRID[:, None] - MEANS) / DEVIATIONS)).sum(1)


def evenly(n):
    return np.interp((np.arange(n) + 0.5) / n, NORMAL[1], NORMAL[0])


def distance(x):
    """The Wasserstein distance of points from the mixture: the area between the two distribution functions."""
    ours = np.searchsorted(np.sort(x), GRID, side="right") / len(x)
    return np.abs(ours - TRUE).sum() * (GRID[1] - GRID[0])


@DDIM.claim
def fewer_steps_than_ancestral(ddim, rng):
    r"""Of the mixture $0.3\,\mathcal N(-1.5,0.09)+0.7\,\mathcal N(1,0.25)$, with its exact score, $\bar\alpha_t=e^{-8(t/T)^2}$, 2048 samples after 8 steps with $\eta=0$ are at a Wasserstein distance of at most 0.95 of that with $\eta=1$; each doubling from 8 to 32 brings it to 0.6 or less, and at 32 it is below 0.05"""
    beta, x = falling(64), evenly(2048)[:, None]
    guess = of_mixture(beta)
    found = {S: distance(run(ddim, guess, x, beta, every(64, S))[:, -1, 0]) for S in (8, 16, 32)}
    z = np.stack([rng.permutation(evenly(2048)) for _ in range(8)], 1)[..., None]
    noisy = distance(run(ddim, guess, x, beta, every(64, 8), 1.0, z)[:, -1, 0])
    yield bound(
        found[8],
        0.95 * noisy,
        "≤",
        Text("0.133 beside 0.204, deviation 0.012 over 23000 seeds", "0.133 与 0.204，23000 个种子的标准差为 0.012"),
    )
    for S in (8, 16):
        yield bound(found[2 * S], 0.6 * found[S], "≤", Text("measured: about 0.5", "测得约 0.5"))
    yield bound(found[32], 0.05, "≤", Text("measured: 0.034", "测得 0.034"))
    yield bound(found[8], 0.08, "≥", Text("measured: 0.13", "测得 0.13"))


@DDIM.claim
def what_is_refused(ddim, rng):
    r"""Refused are a list that does not fall, and a start where nothing is left of the data, $\bar\alpha_T=0$: there the noise does not tell where to go; from the time before it goes on"""
    beta, x = np.array([0.3, 0.4, 1.0]), np.ones((1, 1))
    yield raises(lambda: run(ddim, nothing(), x, beta, [3, 1]), ValueError)
    yield raises(lambda: run(ddim, nothing(), x, beta, [1, 2]), ValueError)
    yield roundoff(run(ddim, nothing(), x, beta, [2, 1])[0, -1], 1 / np.sqrt([0.42]), terms=8)


def process(epsilon, x, beta, tau, z, eta, inverse=False, **slip):
    """The printed formulas, and their slips by name: what the mutants are made of."""
    T, tau = len(beta), [int(t) for t in tau]
    fits = 0 <= eta <= 1 and tau[0] <= T and min(tau) >= 1 and (np.diff(tau) < 0).all()
    if not fits and not slip.get("silent"):
        raise ValueError
    a, path = bars(beta), [x]
    with np.errstate(all="ignore"):
        if a[tau[0]] == 0 and not slip.get("silent"):
            raise ValueError
        if inverse:
            for s, t in zip([0, *tau[:0:-1]], tau[::-1], strict=True):
                root = np.sqrt(a[t] / a[s])
                rise = np.sqrt(1 - a[t]) - root * np.sqrt(1 - a[s])
                x = root * x + (-rise if slip.get("back") else rise) * epsilon(x, max(s, 1) if slip.get("early") else t)
                path.append(x)
            return np.stack(path, -2)
        eta = slip.get("eta", eta)
        for i, (t, s) in enumerate(zip(tau, [*tau[1:], 0], strict=True)):
            if slip.get("stride"):
                s = max(t - T // len(tau), 0)
            noise = epsilon(x, t)
            data = (x - np.sqrt(1 - a[t]) * noise) / np.sqrt(a[t])
            share = eta if slip.get("linear") else eta**2
            sigma2 = share * (1 - a[s]) / (1 - a[t]) * (1 - a[t] / a[s])
            kept = 1 - a[s] - (0 if slip.get("kept") else sigma2)
            last = slip.get("unfinished") and i == len(tau) - 1
            step = np.sqrt(a[s]) * data + np.sqrt(np.maximum(kept, 0)) * noise + np.sqrt(sigma2) * z[..., i, :]
            x = x if last else step
            path.append(x)
    return np.stack(path, -2)


@DDIM.mutant(
    caught_by="each-step-leads-to-the-next-time, euler-on-the-flow, the-new-noise-is-taken-off, equals-definition"
)
def stride(epsilon, x, beta, tau, z, eta, **given):
    """a step leads to t − ⌊T/S⌋, whatever the list says"""
    return process(epsilon, x, beta, tau, z, eta, **given, stride=True)


@DDIM.mutant(
    caught_by="a-function-of-the-start, euler-on-the-flow, new-noise-cannot-be-undone, there-and-back, fewer-steps-than-ancestral, equals-definition"
)
def always_noisy(epsilon, x, beta, tau, z, eta, **given):
    """η taken to be 1"""
    return process(epsilon, x, beta, tau, z, eta, **given, eta=1.0)


@DDIM.mutant(
    caught_by="with-new-noise-it-is-ancestral, a-function-of-the-start, new-noise-cannot-be-undone, fewer-steps-than-ancestral, equals-definition"
)
def never_noisy(epsilon, x, beta, tau, z, eta, **given):
    """η taken to be 0"""
    return process(epsilon, x, beta, tau, z, eta, **given, eta=0.0)


@DDIM.mutant(caught_by="the-new-noise-is-taken-off, equals-definition")
def eta_as_a_variance(epsilon, x, beta, tau, z, eta, **given):
    """σ² proportional to η in place of η²"""
    return process(epsilon, x, beta, tau, z, eta, **given, linear=True)


@DDIM.mutant(caught_by="the-new-noise-is-taken-off, with-new-noise-it-is-ancestral, equals-definition")
def noise_upon_noise(epsilon, x, beta, tau, z, eta, **given):
    """new noise added, and nothing of the old taken off"""
    return process(epsilon, x, beta, tau, z, eta, **given, kept=True)


@DDIM.mutant(caught_by="each-step-leads-to-the-next-time, the-new-noise-is-taken-off, equals-definition")
def stops_before_the_data(epsilon, x, beta, tau, z, eta, **given):
    """the step from the last time of the list to the data left out"""
    return process(epsilon, x, beta, tau, z, eta, **given, unfinished=True)


@DDIM.mutant(caught_by="euler-on-the-flow, equals-definition")
def asked_where_it_begins(epsilon, x, beta, tau, z, eta, **given):
    """upwards, the guess at the time where the step begins"""
    return process(epsilon, x, beta, tau, z, eta, **given, early=True)


@DDIM.mutant(caught_by="there-and-back, euler-on-the-flow, new-noise-cannot-be-undone, equals-definition")
def noise_taken_off_upwards(epsilon, x, beta, tau, z, eta, **given):
    """upwards, the guessed noise subtracted"""
    return process(epsilon, x, beta, tau, z, eta, **given, back=True)


@DDIM.mutant(caught_by="what-is-refused")
def whatever_the_list(epsilon, x, beta, tau, z, eta, **given):
    """any list taken, and divided by √ᾱ = 0"""
    return process(epsilon, x, beta, tau, z, eta, **given, silent=True)


@DDIM.mutant(caught_by="a-guess-that-is-off, error-falls-with-the-steps, equals-definition")
def guess_made_smaller(epsilon, x, beta, tau, z, eta, inverse=False):
    """the guess of the model multiplied by 0.95"""
    return process(lambda y, t: 0.95 * epsilon(y, t), x, beta, tau, z, eta, inverse)


DDIM.erratum(
    "E382",
    common="The time before t in S steps is t − T/S (a common slip; diffusers issues 9261, 11347, 12633)",
    why="Only in a list whose neighbours are all that far apart. In four of 1000 steps from 1000 to 1 the gaps are 333; a step of 250 leads to a point that the next step then takes to be at another time.",
    right="The time before is the next in the list, and 0 after the last",
    claims="each-step-leads-to-the-next-time",
)
DDIM.erratum(
    "E383",
    common="DDIM can be inverted, so encoding and decoding lose nothing (a common slip)",
    why="The differential equation can; its steps are in general undone only up to an error that falls like their size, for the way up and the way down ask the model at different points.",
    right="In general up to an error of order 1/S; exactly where the guess does not change along the way, or where each step upwards is solved for the point at which the way down asks",
    claims="there-and-back, new-noise-cannot-be-undone",
)


@DDIM.figure(
    steps=Slider(2, 64, 8, "number of steps S", log=True, integer=True), eta=Slider(0.0, 1.0, 0.0, "new noise η")
)
def figure(steps, eta):
    T, n = 64, 2048
    beta, x = falling(T), evenly(n)[:, None]
    guess = of_mixture(beta)

    def led(S, share):
        tau = sorted({max(round(T * (i + 1) / S), 1) for i in range(S)}, reverse=True)
        rng = np.random.default_rng(4)  # the same noise whatever else is drawn
        z = np.stack([rng.permutation(evenly(n)) for _ in tau], 1)[..., None]
        return tau, run(ddim, guess, x, beta, tau, share, z)[..., 0]

    tau, path = led(int(steps), eta)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    left.plot([*tau, 0], path[n // 40 :: n // 20].T, color=COLOURS[0], lw=0.7, marker="o", ms=1.8)
    left.invert_xaxis()
    left.set(xlabel="time t: from noise to data", ylabel="x")
    sizes = [2, 4, 8, 16, 32, 64]
    for share, name, style in ((0.0, "no new noise: η = 0", "-"), (1.0, "ancestral: η = 1", "--")):
        off = [distance(led(S, share)[1][:, -1]) for S in sizes]
        right.plot(sizes, off, style, color=COLOURS[0] if share == 0 else COLOURS[1], marker="o", ms=3, label=name)
    end = distance(path[:, -1])
    right.plot([len(tau)], [end], "s", color=COLOURS[2], label="shown")
    right.set(xscale="log", yscale="log", xlabel="number of steps S", ylabel="distance from the data")
    right.set_xticks(sizes, [str(S) for S in sizes])
    right.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    right.minorticks_off()
    right.legend(fontsize=9, frameon=False, loc="lower left")
    words = Text(
        f"{len(tau)} steps with η = {eta:.3g}, by the exact guess for a mixture: the samples end at a Wasserstein distance of {end:.3g} from it ({n} points).",
        f"以混合分布的精确预测走 {len(tau)} 步，η = {eta:.3g}：样本最后与它的 Wasserstein 距离为 {end:.3g}（{n} 个点）。",
    )
    return Drawing(fig, words)
