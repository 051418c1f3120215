"""Denoising diffusion: data drowned in noise, and the way back."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, near, raises, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(denoising_step, x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    import torch

    from gradus.generative import NoiseSchedule, add_noise, diffusion_loss

    schedule, lead, d = NoiseSchedule(beta), x.shape[:-1], x.shape[-1]
    x, epsilon, guess, z = (v.reshape(-1, d) for v in (x, epsilon, guess, z))
    t, variance = torch.as_tensor(t).expand(lead).reshape(-1), "beta" if large else "posterior"
    noised = add_noise(x, t, schedule, epsilon)
    step = denoising_step(guess, noised, t, schedule, z, prediction=predicts, variance=variance)
    given = dict(prediction=predicts, t=t, noise=epsilon, variance=variance, reduction="none")
    simple, of_bound = (
        diffusion_loss(lambda *_: guess, x, schedule, weighting=w, **given) for w in ("simple", "bound")
    )
    points = (v.reshape(*lead, d) for v in (noised, step.data, step.mean))
    rows = (v.reshape(lead) for v in (step.variance, d * simple, of_bound, schedule.prior_divergence(x)))
    (noised, data, mean), (variance, simple, of_bound, prior) = points, rows
    return noised, data, mean, variance, step.sample.reshape(*lead, d), simple, of_bound, prior


DIFFUSION = Concept(
    key="diffusion",
    kind="model",
    title="Denoising diffusion",
    summary="Data are drowned in noise by small steps until nothing is left of them. Each step alone can nearly be undone, if one knows how much of what is seen is noise; "
    "a network learns this, by least squares, and from pure noise it leads back to data that never were. The forward steps join into one, so that any of them is trained at will; "
    "the step back is Bayes' theorem for normal distributions, at the data that the model guesses.",
    formulas=(
        r"x_t=\sqrt{\alpha_t}\,x_{t-1}+\sqrt{\beta_t}\,\varepsilon_t=\sqrt{\bar\alpha_t}\,x_0+\sqrt{1-\bar\alpha_t}\,\varepsilon,\qquad\alpha_t=1-\beta_t,\quad\bar\alpha_t=\prod_{s=1}^t\alpha_s,\quad\bar\alpha_0=1",
        r"x_t=\sqrt{\bar\alpha_t}\,\hat x_0+\sqrt{1-\bar\alpha_t}\,\hat\varepsilon,\qquad\hat v=\sqrt{\bar\alpha_t}\,\hat\varepsilon-\sqrt{1-\bar\alpha_t}\,\hat x_0",
        r"\tilde\mu_t=\frac{\sqrt{\bar\alpha_{t-1}}\,\beta_t}{1-\bar\alpha_t}\hat x_0+\frac{\sqrt{\alpha_t}\,(1-\bar\alpha_{t-1})}{1-\bar\alpha_t}x_t=\frac1{\sqrt{\alpha_t}}\Bigl(x_t-\frac{\beta_t}{\sqrt{1-\bar\alpha_t}}\hat\varepsilon\Bigr),\qquad\tilde\beta_t=\frac{1-\bar\alpha_{t-1}}{1-\bar\alpha_t}\beta_t",
        r"x_{t-1}=\tilde\mu_t+[t>1]\,\sigma_tz,\qquad\sigma_t^2=\tilde\beta_t\ \text{or}\ \beta_t",
        r"L_t^{\text{simple}}=\lVert\varepsilon-\hat\varepsilon\rVert^2,\qquad-\ln p(x_0)\le L_T^{\text{prior}}+\sum_{t=1}^T\mathbb E_\varepsilon\,L_{t-1},\qquad L_{t-1}=\frac{\beta_t^2}{2\sigma_t^2\alpha_t(1-\bar\alpha_t)}\lVert\varepsilon-\hat\varepsilon\rVert^2+c_t",
        r"c_1=\tfrac d2\ln2\pi\beta_1\ (\sigma_1^2=\beta_1),\qquad c_t=\tfrac d2\Bigl(\tfrac{\tilde\beta_t}{\sigma_t^2}-1-\ln\tfrac{\tilde\beta_t}{\sigma_t^2}\Bigr),\qquad L_T^{\text{prior}}=\tfrac12\bigl(\bar\alpha_T\lVert x_0\rVert^2-d\,\bar\alpha_T-d\ln(1-\bar\alpha_T)\bigr)",
    ),
    symbols=(
        Symbol("x_0", "x", "... d", "data"),
        Symbol(r"\varepsilon", "epsilon", "... d", "the noise that is put on them: standard normal numbers"),
        Symbol(r"\hat\varepsilon,\ \hat x_0,\ \hat v", "guess", "... d", "what the model says of $(x_t,t)$"),
        Symbol("z", "z", "... d", "new noise of the step back: standard normal numbers"),
        Symbol(r"\beta_t", "beta", "T", "variance of the noise of each step, in (0, 1); the last may be 1", "other"),
        Symbol("t", "t", "...", "times, from 1 to T", "other"),
        Symbol(r"\text{predicts}", "predicts", "", "what the guess is: “noise”, “data” or “velocity”", "other"),
        Symbol(r"\text{large}", "large", "", r"whether $\sigma_t^2=\beta_t$, else $\tilde\beta_t$", "boolean"),
        Symbol("x_t", "", "... d", "the data after t steps of noise"),
        Symbol(r"\bar\alpha_t", "", "T", "share of the data in the variance of $x_t$, where theirs is 1"),
        Symbol(r"\varepsilon_t", "", "... d", "noise of one step"),
        Symbol("T,\\ d", "", "", "number of steps; of numbers in a sample", "natural"),
    ),
    returns=(
        Result("noised", "... d", "$x_t$"),
        Result("data", "... d", r"$\hat x_0$"),
        Result("mean", "... d", r"$\tilde\mu_t$"),
        Result("variance", "...", r"$\sigma_t^2$"),
        Result("previous", "... d", "$x_{t-1}$"),
        Result("simple", "...", r"$L_t^{\text{simple}}$"),
        Result("of_bound", "...", "$L_{t-1}$, in nats, for this noise"),
        Result("prior", "...", r"$L_T^{\text{prior}}$, in nats"),
    ),
    needs=("multivariate-normal", "bayes", "elbo", "mse"),
    source="ho2020denoising",
    year=2015,
    people=("Jascha Sohl-Dickstein", "Yang Song", "Jonathan Ho", "Ajay Jain", "Pieter Abbeel", "Tim Salimans"),
    aliases="DDPM, diffusion model, stable diffusion, denoising diffusion probabilistic model, noise schedule, v-prediction, "
    "去噪扩散模型, 扩散概率模型, 噪声调度",
    implementations=(
        Implementation(
            "gradus.generative:denoising_step",
            "torch",
            _ours,
            "with `NoiseSchedule`, `add_noise` and `diffusion_loss`; `ddpm_sample(model, shape, schedule)` takes all steps",
        ),
    ),
    readings="ho2020denoising §2–3; sohldickstein2015deep; nichol2021improved §3; salimans2022progressive §4; kingma2021variational; lin2024common",
    hypotheses=(
        Hypothesis(
            "the noise of each step is independent of the data, and of that of the others",
            "steps-that-share-their-noise",
        ),
        Hypothesis(
            r"for samples: the guess is the mean given $x_t$, $\mathbb E[\varepsilon\mid x_t]$", "a-guess-that-is-off"
        ),
        Hypothesis(
            "for samples: the steps are small, so that $x_{t-1}$ given $x_t$ is nearly normal",
            "the-error-falls-with-the-steps, the-mixture-comes-back",
        ),
        Hypothesis(r"for samples: $\bar\alpha_T$ is near 0, so that the start is known", "a-start-that-is-not-noise"),
        Hypothesis(
            r"where noise is predicted something of the data is left, $\bar\alpha_t>0$",
            "noise-alone-says-nothing-of-the-data",
        ),
    ),
    conventions=(
        Convention(
            "the first time",
            r"$t=1,\dots,T$, and 0 is the data, as in the papers",
            "0 … T − 1, where 0 has noise already (the code of Ho et al., of OpenAI, diffusers): a model from there gets t − 1",
        ),
        Convention(
            "the variance of a step back",
            r"$\tilde\beta_t$ unless told otherwise: “fixed small”",
            r"$\beta_t$: “fixed large”; or learned, between the two (Nichol and Dhariwal)",
        ),
        Convention("the simple loss", "the sum over a sample's numbers, as printed", "their mean, as in most code"),
        Convention(
            "the sign of the velocity",
            r"$v=\sqrt{\bar\alpha}\,\varepsilon-\sqrt{1-\bar\alpha}\,x_0$ (Salimans and Ho; diffusers)",
            r"$x_0-\varepsilon$ or $\varepsilon-x_0$ (flow matching)",
        ),
    ),
    deviations=(
        r"At $t=1$ the posterior has no variance, and a density needs one: $L_0=-\ln p(x_0\mid x_1)$ is taken with $\sigma_1^2=\beta_1$ in either case. Ho et al. integrate it over the width of a grey value, which is not done here.",
        "The implementation sums logarithms in place of multiplying, so that $1-\\bar\\alpha_t$ keeps its digits for small t.",
    ),
    unverified="That networks come near the best guess, and that the simple loss gives better pictures than the bound: Ho et al. measured it (FID 3.17 for 13.51 on CIFAR-10); here no network is trained.",
    longest_sum=4096,
)


@DIFFUSION.definition
def diffusion(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    T, t = len(beta), np.asarray(t)
    if not ((beta > 0) & (beta <= 1)).all() or (beta[:-1] == 1).any():
        raise ValueError("β in (0, 1); the last may be 1")
    if ((t < 1) | (t > T)).any():
        raise ValueError("times from 1 to T")
    alpha_bar = np.concatenate(([1.0], np.cumprod(1 - beta)))
    a, before, b = alpha_bar[t][..., None], alpha_bar[t - 1][..., None], beta[t - 1][..., None]
    x_t = np.sqrt(a) * x + np.sqrt(1 - a) * epsilon
    if predicts == "noise" and (a > 0).all():
        noise, data = guess, (x_t - np.sqrt(1 - a) * guess) / np.sqrt(a)
    elif predicts in ("data", "velocity"):
        data = guess if predicts == "data" else np.sqrt(a) * x_t - np.sqrt(1 - a) * guess
        noise = (x_t - np.sqrt(a) * data) / np.sqrt(1 - a)
    else:
        raise ValueError("noise, data or velocity; noise says nothing of the data where none are left")

    def posterior(x0):
        return np.sqrt(before) * b / (1 - a) * x0 + np.sqrt(1 - b) * (1 - before) / (1 - a) * x_t

    mean, tilde = posterior(data), b * (1 - before) / (1 - a)
    variance = b if large else tilde
    previous = mean + np.where(t[..., None] > 1, np.sqrt(variance), 0) * z
    simple = ((epsilon - noise) ** 2).sum(-1)
    # KL(q(x_{t−1} | x_t, x_0) ‖ p(x_{t−1} | x_t)) for t > 1, −ln p(x_0 | x_1) for t = 1
    s2 = np.where(t[..., None] > 1, variance, b)
    ratio = np.where(t[..., None] > 1, tilde / s2, 1)
    divergence = ((posterior(x) - mean) ** 2 / s2 + ratio - 1 - np.log(ratio)).sum(-1) / 2
    likelihood = ((x - mean) ** 2 / s2 + np.log(2 * np.pi * s2)).sum(-1) / 2
    left = alpha_bar[T]
    prior = (left * x**2 + (1 - left) - 1 - np.log(1 - left)).sum(-1) / 2
    variance = np.broadcast_to(variance, x_t.shape)[..., 0]
    return x_t, data, mean, variance, previous, simple, np.where(t > 1, divergence, likelihood), prior


def schedule_of(alpha_bar):
    """β of ᾱ_0 = 1, ᾱ_1, …"""
    a = np.asarray(alpha_bar, float)
    return 1 - a[1:] / a[:-1]


def falling(T):
    """ᾱ_t = e^{−8(t/T)²}: the same fall in any number of steps."""
    return np.exp(-8 * (np.arange(T + 1) / T) ** 2)


def paper(T=1000):
    """The schedule of Ho et al.: β from 0.0001 to 0.02."""
    return np.linspace(1e-4, 0.02, T)


def bars(beta):
    return np.concatenate(([1.0], np.cumprod(1 - np.asarray(beta))))


@DIFFUSION.example
def example():
    beta = schedule_of([1, 0.64, 0.36])
    one = np.ones(1)
    given = dict(x=one, epsilon=one, guess=0.5 * one, z=one, beta=beta, t=np.array(2))
    noised, data, mean, variance, previous, simple, of_bound, prior = diffusion(**given)
    velocity = 0.6 * 0.5 - 0.8 * data[0]
    first = diffusion(**given | dict(t=np.array(1)))
    weight = beta[1] ** 2 / (2 * variance * (1 - beta[1]) * 0.64)
    return (
        given
        | dict(noised=noised[0], data=data[0], mean=mean[0], variance=variance, previous=previous[0])
        | dict(simple=simple, of_bound=of_bound, prior=prior, weight=weight, velocity=velocity, alpha=1 - beta)
        | dict(of_data=0.8 * beta[1] / 0.64, of_x=0.75 * 0.36 / 0.64, sigma=math.sqrt(variance))
        | dict(bars=np.array([0.64, 0.36]), root=0.75)
        | dict(first_noised=first[0][0], first_data=first[1][0], first=first[4][0])
    )


@DIFFUSION.exercise
def what_is_left():
    """β = 0.1, 0.2, 0.5: the share of the data's variance in x_3."""
    return number(0.9 * 0.8 * 0.5, last_step=0.5, sum_of_betas=0.2, noise=0.64)


@DIFFUSION.exercise
def from_the_velocity():
    """ᾱ = 0.36, x_t = 1, v̂ = −0.5: the data."""
    x, v = np.array([1.0]), np.array([-0.5])
    found = diffusion(x / 0.6, 0 * x, v, 0 * x, np.array([0.64]), np.array(1), "velocity")[1][0]
    return number(found, sign=0.6 - 0.4, as_noise=(1 - 0.8 * -0.5) / 0.6, no_roots=0.36 * 1 + 0.64 * 0.5)


@DIFFUSION.exercise
def too_short():
    """Data about 2; ᾱ_T = 0.36, and the sampler starts from the standard normal distribution."""
    M, _ = samples_of_normal(diffusion, bars(paper(100)), 2.0, 0.25)
    return choice(low=bool(M < 1.95), right=bool(abs(M - 2) < 0.05), high=bool(M > 2.05))


def drawn(rng, *shape, T=5, low=0.05, high=0.6):
    """Random arguments of all kinds."""
    names = ("x", "epsilon", "guess", "z")
    given = {n: rng.normal(size=shape) for n in names}
    return given | dict(beta=rng.uniform(low, high, T), t=rng.integers(1, T + 1, shape[:-1]))


@DIFFUSION.cases
def cases(rng):
    yield "noise", drawn(rng, 6, 3)
    yield "data", drawn(rng, 4, 2) | dict(predicts="data")
    yield "velocity, large variance", drawn(rng, 5, 3) | dict(predicts="velocity", large=True)
    yield "noise, large variance", drawn(rng, 6, 1, T=3) | dict(large=True)
    yield "one sample", drawn(rng, 4)
    yield "the first time", drawn(rng, 3, 2) | dict(t=np.ones(3, int))
    yield "two leading axes", drawn(rng, 2, 3, 2) | dict(predicts="velocity")
    yield "one step", drawn(rng, 3, 2, T=1)
    nothing = drawn(rng, 4, 2, T=3) | dict(predicts="velocity", t=np.array([3, 1, 2, 3]))
    yield "nothing left at the end", nothing | dict(beta=np.array([0.2, 0.5, 1.0]))
    yield "many steps", drawn(rng, 8, 2, T=100, low=0.01, high=0.05)


@DIFFUSION.invalid
def invalid(rng):
    ok = drawn(rng, 3, 2, T=3)
    yield "time 0", ok | dict(t=np.array([0, 1, 2]))
    yield "a time after the last", ok | dict(t=np.array([1, 2, 4]))
    yield "a step without noise", ok | dict(beta=np.array([0.1, 0.0, 0.2]))
    yield "a step of more than all noise", ok | dict(beta=np.array([0.1, 0.2, 1.2]))
    yield "noise predicted where no data are left", ok | dict(beta=np.array([0.1, 0.2, 1.0]), t=np.array([1, 2, 3]))
    yield "a prediction of another kind", ok | dict(predicts="score")


def run(diffusion, x, beta, t, epsilon=None, guess=None, z=None, **kind):
    """Everything as float64 arrays; what is not given is 0."""
    x = np.asarray(x, float)
    zero = np.zeros(x.shape)
    more = dict(epsilon=epsilon, guess=guess, z=z)
    given = {n: zero if v is None else np.broadcast_to(v, x.shape).astype(float) for n, v in more.items()}
    t = np.broadcast_to(np.asarray(t), x.shape[:-1]).copy()
    found = diffusion(x=x, beta=np.asarray(beta, float), t=t, **given, **kind)
    return [np.asarray(v, float) for v in found]


def at(diffusion, x_t, beta, t, guess, **kind):
    """The step back from a given x_t, (n,), at one time each: noise is put on x_t/√ᾱ_t, and it is 0."""
    a = bars(beta)[t]
    return run(diffusion, (x_t / np.sqrt(a))[:, None], beta, t, guess=np.asarray(guess)[:, None], **kind)


@DIFFUSION.claim
def the_steps_join_into_one(diffusion, rng):
    r"""The closed form is the steps joined: taken one after the other, each with its own noise, they leave $x_0$ the factor $\sqrt{\bar\alpha_t}$ and give the noises factors whose squares add up to $1-\bar\alpha_t$; at every one of seven times, to rounding"""
    beta = rng.uniform(0.05, 0.6, 7)
    rows = np.eye(8)  # row 0: the data are 1; row s: the noise of step s is 1
    x, a = rows[:, :1], bars(beta)
    one, other = np.ones((1, 1)), np.zeros((1, 1))
    for t in range(1, 8):
        x = run(diffusion, x, beta[t - 1 : t], 1, epsilon=rows[:, t : t + 1])[0]
        yield roundoff(x[0, 0], np.sqrt(a[t]), terms=20)
        yield roundoff((x[1:] ** 2).sum(), 1 - a[t], terms=20)
        yield roundoff(run(diffusion, one, beta, t)[0][0, 0], np.sqrt(a[t]), terms=20)
        yield roundoff(run(diffusion, other, beta, t, epsilon=one)[0][0, 0], np.sqrt(1 - a[t]), terms=20)


@DIFFUSION.claim
def steps_that_share_their_noise(diffusion, rng):
    r"""Noises that are alike do not join so: with one and the same $\varepsilon$ in two steps of $\beta=\frac12$ the variance of the noise in $x_2$ is $\frac34+\frac1{\sqrt2}$, not $\frac34$; and where the noise is the data themselves, of variance 1, that of $x_1$ is 2, not 1"""
    half, one = [0.5], np.ones((1, 1))
    x = run(diffusion, run(diffusion, 0 * one, half, 1, epsilon=one)[0], half, 1, epsilon=one)[0]
    yield roundoff(x[0, 0] ** 2, 0.75 + math.sqrt(0.5), terms=8)
    yield roundoff(run(diffusion, 0 * one, [0.5, 0.5], 2, epsilon=one)[0][0, 0] ** 2, 0.75, terms=8)
    yield roundoff(run(diffusion, one, half, 1, epsilon=one)[0][0, 0] ** 2, 2.0, terms=8)


@DIFFUSION.claim
def step_back_is_bayes(diffusion, rng):
    r"""With the true noise as the guess, the step back is Bayes' theorem: $\mathcal N(\sqrt{\alpha_t}x_{t-1},\beta_t)$ as likelihood of $x_t$ and $\mathcal N(\sqrt{\bar\alpha_{t-1}}x_0,1-\bar\alpha_{t-1})$ as prior have a product of precision $\frac{\alpha_t}{\beta_t}+\frac1{1-\bar\alpha_{t-1}}$, whose inverse is $\tilde\beta_t$, and of mean $\tilde\mu_t$; at $t=1$ the mean is $x_0$, with variance 0"""
    given = drawn(rng, 40, 2, T=6)
    given |= dict(guess=given["epsilon"])
    t, beta = given["t"], given["beta"]
    noised, data, mean, variance, *_ = (np.asarray(v, float) for v in diffusion(**given))
    a, b, before = (v[:, None] for v in (1 - beta[t - 1], beta[t - 1], bars(beta)[t - 1]))
    later = t > 1
    a, b, before = a[later], b[later], before[later]
    precision = a / b + 1 / (1 - before)
    want = (np.sqrt(a) / b * noised[later] + np.sqrt(before) / (1 - before) * given["x"][later]) / precision
    yield roundoff(variance[later], 1 / precision[:, 0], terms=100)
    yield roundoff(mean[later], want, terms=100)
    yield roundoff(data, given["x"], terms=100)
    first = run(diffusion, given["x"], beta, 1, epsilon=given["epsilon"], guess=given["epsilon"])
    yield roundoff(first[2], given["x"], terms=100)
    yield roundoff(first[3], np.zeros(40), scale=1.0)


@DIFFUSION.claim
def two_forms_of_the_mean(diffusion, rng):
    r"""The mean by the guessed data is $\frac1{\sqrt{\alpha_t}}\bigl(x_t-\frac{\beta_t}{\sqrt{1-\bar\alpha_t}}\hat\varepsilon\bigr)$, for any guess of the noise"""
    given = drawn(rng, 40, 2, T=6)
    t, beta = given["t"], given["beta"]
    noised, _, mean, *_ = (np.asarray(v, float) for v in diffusion(**given))
    b, a = beta[t - 1][:, None], bars(beta)[t][:, None]
    yield roundoff(mean, (noised - b / np.sqrt(1 - a) * given["guess"]) / np.sqrt(1 - b), terms=200)


@DIFFUSION.claim
def no_noise_at_the_last_step(diffusion, rng):
    r"""At $t=1$ nothing is added, whatever $z$ and $\sigma_1^2$ are: $x_0=\hat x_0$; at $t>1$ it is $\sigma_tz$, with $\sigma_t^2=\beta_t$ or $\tilde\beta_t$ as asked"""
    given = drawn(rng, 30, 2, T=5)
    t, beta = given["t"], given["beta"]
    b, a, before = beta[t - 1], bars(beta)[t], bars(beta)[t - 1]
    for large in (False, True):
        _, _, mean, variance, previous, *_ = (np.asarray(v, float) for v in diffusion(**given, large=large))
        yield roundoff(variance, b if large else b * (1 - before) / (1 - a), terms=50)
        sigma = np.where(t > 1, np.sqrt(b if large else b * (1 - before) / (1 - a)), 0)
        yield roundoff(previous - mean, sigma[:, None] * given["z"], terms=50, scale=10.0)
        first = run(diffusion, given["x"], beta, 1, guess=given["guess"], z=given["z"], large=large)
        yield identical(first[4], first[2])
        yield roundoff(first[4], first[1], terms=50)


@DIFFUSION.claim
def three_predictions_are_one(diffusion, rng):
    r"""Noise, data and velocity say the same: of $\hat\varepsilon$ make $\hat x_0=(x_t-\sqrt{1-\bar\alpha_t}\hat\varepsilon)/\sqrt{\bar\alpha_t}$ and $\hat v=\sqrt{\bar\alpha_t}\hat\varepsilon-\sqrt{1-\bar\alpha_t}\hat x_0$, and every result is the same to rounding"""
    given = drawn(rng, 30, 2, T=6)
    a = bars(given["beta"])[given["t"]][:, None]
    by_noise = [np.asarray(v, float) for v in diffusion(**given)]
    data = (by_noise[0] - np.sqrt(1 - a) * given["guess"]) / np.sqrt(a)
    velocity = np.sqrt(a) * given["guess"] - np.sqrt(1 - a) * data
    yield roundoff(by_noise[1], data, terms=50)
    for predicts, guess in (("data", data), ("velocity", velocity)):
        found = diffusion(**given | dict(guess=guess), predicts=predicts)
        for mine, theirs in zip(found, by_noise, strict=True):
            yield roundoff(np.asarray(mine, float), theirs, terms=500)


@DIFFUSION.claim
def one_error_three_weights(diffusion, rng):
    r"""But their losses weigh the times differently: of any guess $\lVert\varepsilon-\hat\varepsilon\rVert^2=\frac{\bar\alpha_t}{1-\bar\alpha_t}\lVert x_0-\hat x_0\rVert^2=\bar\alpha_t\lVert v-\hat v\rVert^2$, at every time to rounding; the ratio of the first two is that of signal to noise, and falls with t"""
    given = drawn(rng, 30, 3, T=6)
    a = bars(given["beta"])[given["t"]]
    x, epsilon, root, rest = given["x"], given["epsilon"], np.sqrt(a)[:, None], np.sqrt(1 - a)[:, None]
    by_data = np.asarray(diffusion(**given, predicts="data")[5], float)
    by_velocity = np.asarray(diffusion(**given, predicts="velocity")[5], float)
    by_noise = np.asarray(diffusion(**given)[5], float)
    yield roundoff(by_noise, ((epsilon - given["guess"]) ** 2).sum(-1), terms=200)
    yield roundoff(by_data, a / (1 - a) * ((x - given["guess"]) ** 2).sum(-1), terms=500)
    velocity = root * epsilon - rest * x
    yield roundoff(by_velocity, a * ((velocity - given["guess"]) ** 2).sum(-1), terms=500)


@DIFFUSION.claim
def terms_of_the_bound(diffusion, rng):
    r"""Each term of the bound is $\frac{\beta_t^2}{2\sigma_t^2\alpha_t(1-\bar\alpha_t)}\lVert\varepsilon-\hat\varepsilon\rVert^2+c_t$, with the printed $c_t$, for either variance and any guess; the divergence from the prior depends on the data alone, as printed"""
    given = drawn(rng, 40, 3, T=6)
    t, beta = given["t"], given["beta"]
    b, a, before = beta[t - 1], bars(beta)[t], bars(beta)[t - 1]
    for large in (False, True):
        found = [np.asarray(v, float) for v in diffusion(**given, large=large)]
        s2 = np.where((t > 1) & (not large), b * (1 - before) / (1 - a), b)
        ratio = np.where(t > 1, b * (1 - before) / (1 - a) / s2, 1)
        c = 1.5 * np.where(t > 1, ratio - 1 - np.log(ratio), np.log(2 * np.pi * s2))
        square = ((given["epsilon"] - given["guess"]) ** 2).sum(-1)
        yield roundoff(found[6], b**2 / (2 * s2 * (1 - b) * (1 - a)) * square + c, terms=500)
        left = bars(beta)[-1]
        prior = (left * (given["x"] ** 2).sum(-1) - 3 * left - 3 * np.log(1 - left)) / 2
        yield roundoff(found[7], prior, terms=100)


def linear_model(a, m=0.4, s2=0.3):
    """k and c of ε̂ = k x_t + c, the best guess for data N(m, s2), at each t (k_0 and c_0 are not used)."""
    v = a * s2 + 1 - a
    return np.sqrt(1 - a) / v, -np.sqrt(1 - a) * np.sqrt(a) * m / v


@DIFFUSION.claim
def the_bound_is_the_sum_of_its_terms(diffusion, rng):
    r"""$L_T^{\text{prior}}+\sum_t\mathbb E_\varepsilon L_{t-1}$ is $\mathbb E_q\ln\frac{q(x_{1:T}\mid x_0)}{p(x_{0:T})}$, by the joint distribution of a chain of four steps with a linear model, both expectations exact, to rounding; and it is above $-\ln p(x_0)$, for either variance"""
    beta = np.array([0.15, 0.3, 0.45, 0.6])
    a, x0 = bars(beta), rng.normal()
    k, c = linear_model(a)
    nodes = np.sqrt(3) * np.array([-1.0, 0, 1])  # with weights 1/6, 2/3, 1/6 exact for what is quadratic in ε
    T, tilde = 4, beta * (1 - a[:-1]) / (1 - a[1:])
    A = (1 - beta * k[1:] / np.sqrt(1 - a[1:])) / np.sqrt(1 - beta)  # p(x_{t−1} | x_t) has mean A x_t + B
    B = -beta * c[1:] / np.sqrt(1 - a[1:]) / np.sqrt(1 - beta)
    m = np.sqrt(a) * x0
    C = np.array([[np.sqrt(a[max(s, t)] / a[min(s, t)]) * (1 - a[min(s, t)]) for s in range(5)] for t in range(5)])
    for large in (False, True):
        times, noise = np.repeat(np.arange(1, 5), 3), np.tile(nodes, 4)
        x_t = np.sqrt(a[times]) * x0 + np.sqrt(1 - a[times]) * noise
        found = run(
            diffusion,
            np.full((12, 1), x0),
            beta,
            times,
            epsilon=noise[:, None],
            guess=(k[times] * x_t + c[times])[:, None],
            large=large,
        )
        total = found[7][0] + (found[6].reshape(4, 3) @ [1 / 6, 2 / 3, 1 / 6]).sum()
        s2 = beta if large else np.concatenate((beta[:1], tilde[1:]))
        spread = C.diagonal()[:-1] + A**2 * C.diagonal()[1:] - 2 * A * C.diagonal(1)
        squares = (m[:-1] - A * m[1:] - B) ** 2 + spread
        direct = (squares / s2 + np.log(2 * np.pi * s2)).sum() / 2 + (m[T] ** 2 + C[T, T] + np.log(2 * np.pi)) / 2
        direct -= (np.linalg.slogdet(C[1:, 1:])[1] + T * (1 + np.log(2 * np.pi))) / 2
        yield roundoff(total, direct, terms=500, scale=10.0)
        M, V = 0.0, 1.0
        for t in range(T, 0, -1):
            M, V = A[t - 1] * M + B[t - 1], A[t - 1] ** 2 * V + s2[t - 1]
        yield bound(total, ((x0 - M) ** 2 / V + np.log(2 * np.pi * V)) / 2, "≥")


@DIFFUSION.claim
def simple_is_not_the_bound(diffusion, rng):
    r"""The simple loss is not the bound: for the paper's schedule ($\beta$ from $10^{-4}$ to 0.02 in 1000 steps) and $\sigma_t^2=\beta_t$ the weights of the squared error are 0.2727 at $t=2$ and 0.0102 at $t=1000$, 26.7-fold; the largest, 0.5001 at $t=1$, is 100.7 times the least, at $t=349$. For $\sigma_t^2=\tilde\beta_t$ and $t>1$ the largest, at 2, is 120.4 times the least, at 350"""
    beta, t = paper(), np.arange(1, 1001)
    why = Text("the last printed digit", "所印的最后一位")
    for large in (True, False):
        wrong, right = (run(diffusion, np.zeros((1000, 1)), beta, t, guess=g, large=large)[6] for g in (1.0, 0.0))
        w = wrong - right
        b, a, before = beta, bars(beta)[1:], bars(beta)[:-1]
        s2 = b if large else np.concatenate((b[:1], (b * (1 - before) / (1 - a))[1:]))
        yield roundoff(w, b**2 / (2 * s2 * (1 - b) * (1 - a)), terms=20000)
        if large:
            for i, printed in ((0, 0.5001), (1, 0.2727), (-1, 0.0102)):
                yield near(w[i], printed, 5e-5, why)
            yield near(w[1] / w[-1], 26.7, 0.05, why)
            yield near(w[0] / w.min(), 100.7, 0.05, why)
            yield identical(int(w.argmin()) + 1, 349)
        else:
            yield near(w[1:].max() / w[1:].min(), 120.4, 0.05, why)
            yield identical([int(w[1:].argmax()) + 2, int(w[1:].argmin()) + 2], [2, 350])


@DIFFUSION.claim
def each_variance_is_right_for_some_data(diffusion, rng):
    r"""Each variance is right for some data, at every step but the last and however large the steps are: with the best guess standard normal data stay so under $\sigma_t^2=\beta_t$, and data that are one point $c$ are led from $\mathcal N(\sqrt{\bar\alpha_t}c,1-\bar\alpha_t)$ to that of $t-1$ under $\tilde\beta_t$; the other way round the variance comes out too small, and too large, by $\beta_t-\tilde\beta_t=\beta_t^2\bar\alpha_{t-1}/(1-\bar\alpha_t)$ at each step. They are no bounds: data $\mathcal N(0,4)$ need more than $\beta_t$, by $\frac4{1+3\bar\alpha_t}-1$ times this"""
    beta, c = rng.uniform(0.2, 0.6, 5), 1.5
    a, t = bars(beta), np.arange(2, 6)
    x = np.repeat([[0.0], [1.0]], 4, 1).ravel()
    times = np.tile(t, 2)
    apart = beta[1:] ** 2 * a[1:-1] / (1 - a[2:])
    for large in (False, True):
        normal = at(diffusion, x, beta, times, np.sqrt(1 - a[times]) * x, large=large)
        slope = (normal[2][4:] - normal[2][:4])[:, 0]
        variance = slope**2 + normal[3][:4]
        point = at(diffusion, x, beta, times, (x - np.sqrt(a[times]) * c) / np.sqrt(1 - a[times]), large=large)
        rise = (point[2][4:] - point[2][:4])[:, 0]
        spread = rise**2 * (1 - a[t]) + point[3][:4]
        mean = point[2][:4, 0] + rise * np.sqrt(a[t]) * c
        yield roundoff(mean, np.sqrt(a[t - 1]) * c, terms=100)
        if large:
            yield roundoff(variance, np.ones(4), terms=100)
            yield roundoff(spread - (1 - a[t - 1]), apart, terms=200, scale=1.0)
        else:
            yield roundoff(spread, 1 - a[t - 1], terms=100)
            yield roundoff(1 - variance, apart, terms=200, scale=1.0)
        wide = at(diffusion, x, beta, times, np.sqrt(1 - a[times]) * x / (1 + 3 * a[times]), large=large)
        needed = 1 + 3 * a[t - 1] - (wide[2][4:] - wide[2][:4])[:, 0] ** 2 * (1 + 3 * a[t])
        yield roundoff(needed - beta[1:], apart * (4 / (1 + 3 * a[t]) - 1), terms=200, scale=4.0)


def samples_of_normal(diffusion, a, m, s2, large=False, factor=1.0):
    """Mean and variance of the samples for data N(m, s2), exactly: all steps are linear; the guess is `factor` times the best one."""
    T, beta = len(a) - 1, schedule_of(a)
    t = np.tile(np.arange(1, T + 1), 2)
    x = np.repeat([0.0, 1.0], T)
    k, c = linear_model(a, m, s2)
    found = at(diffusion, x, beta, t, factor * (k[t] * x + c[t]), z=np.ones((2 * T, 1)), large=large)
    B, A = found[2][:T, 0], (found[2][T:] - found[2][:T])[:, 0]
    added = (found[4] - found[2])[:T, 0] ** 2
    M, V = 0.0, 1.0
    for i in range(T - 1, -1, -1):
        M, V = A[i] * M + B[i], A[i] ** 2 * V + added[i]
    return M, V


@DIFFUSION.claim
def the_error_falls_with_the_steps(diffusion, rng):
    r"""With the best guess the variance of the samples is off by what falls like $1/T$: data $\mathcal N(1,\frac14)$, $\bar\alpha_t=e^{-8(t/T)^2}$, $T=512$ to 4096, all means and variances exact; too small under $\tilde\beta_t$, too large under $\beta_t$"""
    sizes = np.array([512, 1024, 2048, 4096])
    for large in (False, True):
        off = [samples_of_normal(diffusion, falling(T), 1.0, 0.25, large)[1] - 0.25 for T in sizes]
        yield rate(sizes, np.abs(off), -1, 0.05)
        yield identical(np.sign(off), np.full(4, 1.0 if large else -1.0))


@DIFFUSION.claim
def a_guess_that_is_off(diffusion, rng):
    r"""A model that guesses 5 % too little noise leaves some of it: with the paper's schedule data of variance 0.25 come out with more than 0.27, where the best guess gives 0.246"""
    why = Text("the last printed digit", "所印的最后一位")
    yield near(samples_of_normal(diffusion, bars(paper()), 3.0, 0.25)[1], 0.246, 0.0005, why)
    off = samples_of_normal(diffusion, bars(paper()), 3.0, 0.25, factor=0.95)[1]
    yield bound(off, 0.27, "≥", Text("measured: 0.2738", "测得 0.2738"))


@DIFFUSION.claim
def a_start_that_is_not_noise(diffusion, rng):
    r"""Where $\bar\alpha_T$ is not near 0 the start is wrong, unless the data are standard normal themselves, and the best guess does not mend it: the paper's $\beta$ in 100 steps in place of 1000 leave $\bar\alpha_T=0.364$, and data about 3 come out about 2.63; with 1000 steps, $\bar\alpha_T=4\cdot10^{-5}$, about 3.000. Standard normal data come out with the variance $1-\beta_1$ in either, under $\sigma_t^2=\beta_t$: only the last step, without noise, takes some"""
    why = Text("the last printed digit", "所印的最后一位")
    for T, left, want, digit in ((100, 0.364, 2.63, 0.005), (1000, 4e-5, 3.0, 0.0005)):
        a = bars(paper(T))
        yield near(samples_of_normal(diffusion, a, 3.0, 0.25)[0], want, digit, why)
        prior = run(diffusion, [[3.0]], paper(T), 1)[7][0]
        yield roundoff(prior, (8 * a[-1] - np.log(1 - a[-1])) / 2, terms=2000)
        yield near(a[-1], left, 0.02 * left, why)
        yield roundoff(samples_of_normal(diffusion, a, 0.0, 1.0, large=True), [0.0, 1 - 1e-4], terms=2000, scale=1.0)


WEIGHTS, MEANS, DEVIATIONS = np.array([0.3, 0.7]), np.array([-1.5, 1.0]), np.array([0.3, 0.5])


def best_guess(x, a):
    """E[ε | x_t] for the mixture: −√(1 − ᾱ) times the derivative of ln p_t."""
    v = a * DEVIATIONS**2 + 1 - a
    away = x[:, None] - np.sqrt(a) * MEANS
    r = WEIGHTS / np.sqrt(v) * np.exp(-(away**2) / (2 * v))
    return np.sqrt(1 - a) * (r * away / v).sum(1) / r.sum(1)


def quantiles(n, shift=0.0):
    """n numbers that lie as standard normal ones do; with a shift, dealt so that neighbours get all kinds of them."""
    if not shift:
        return normal_quantile((np.arange(n) + 0.5) / n)
    u, f, i = np.zeros(n), 0.5, np.arange(n)
    while i.any():  # the digits turned round: van der Corput
        u, i, f = u + f * (i % 2), i // 2, f / 2
    return normal_quantile(np.clip((u + shift) % 1, 0.5 / n, 1 - 0.5 / n))


def normal_quantile(p):
    return np.interp(p, NORMAL[1], NORMAL[0])


def normal_cdf(x):
    return np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in np.ravel(x)]).reshape(np.shape(x))


NORMAL = (np.linspace(-5, 5, 2001), normal_cdf(np.linspace(-5, 5, 2001)))
GRID = np.linspace(-5, 5, 501)
TRUE = (WEIGHTS * normal_cdf((GRID[:, None] - MEANS) / DEVIATIONS)).sum(1)


def distance(x):
    """The Wasserstein distance of points from the mixture: the area between the two distribution functions."""
    ours = np.searchsorted(np.sort(x), GRID, side="right") / len(x)
    return np.abs(ours - TRUE).sum() * (GRID[1] - GRID[0])


def samples(diffusion, T, n, rng, large=True):
    a, x = falling(T), quantiles(n)
    for t in range(T, 0, -1):
        x = np.sort(x)
        z = quantiles(n, rng.uniform(0.01, 0.99))[:, None]
        x = at(diffusion, x, schedule_of(a), np.full(n, t), best_guess(x, a[t]), z=z, large=large)[4][:, 0]
    return x


@DIFFUSION.claim
def the_mixture_comes_back(diffusion, rng):
    r"""The exact score of a mixture leads pure noise back to the mixture: 0.3 of $\mathcal N(-1.5,0.09)$ and 0.7 of $\mathcal N(1,0.25)$, $\bar\alpha_t=e^{-8(t/T)^2}$, $\sigma_t^2=\beta_t$: the Wasserstein distance of 512 evenly dealt samples is above 0.15 after $T=4$ steps, at most 0.6 of it after twice, and after four times as many 0.7 of that, and at most 0.05 after 32; as many samples of a single normal distribution with the same mean and variance are 0.25 away or more"""
    found = [distance(samples(diffusion, T, 512, rng)) for T in (4, 8, 16, 32)]
    measured = Text("measured: 0.23, 0.10, 0.056, 0.030", "测得 0.23、0.10、0.056、0.030")
    spread = Text(
        "of 3600 seeds: 0.54 of it, deviation 0.024; 0.031 after 32 steps, deviation 0.0025",
        "3600 个种子：为其 0.54，标准差 0.024；32 步后 0.031，标准差 0.0025",
    )
    yield bound(found[0], 0.15, "≥", measured)
    yield bound(found[1], 0.6 * found[0], "≤", measured)
    yield bound(found[2], 0.7 * found[1], "≤", spread)
    yield bound(found[3], 0.05, "≤", spread)
    m = WEIGHTS @ MEANS
    alike = m + quantiles(512) * np.sqrt(WEIGHTS @ (DEVIATIONS**2 + MEANS**2) - m**2)
    yield bound(distance(alike), 0.25, "≥", Text("measured", "测得"))


@DIFFUSION.claim
def noise_alone_says_nothing_of_the_data(diffusion, rng):
    r"""Where nothing is left of the data, $\beta_T=1$, a guess of the noise is refused; data or velocity go on, and lead to the same: $\hat v=-\hat x_0$"""
    beta, x = np.array([0.3, 0.5, 1.0]), rng.normal(size=(4, 2))
    given = dict(epsilon=rng.normal(size=(4, 2)), z=rng.normal(size=(4, 2)))
    guess = rng.normal(size=(4, 2))
    yield raises(lambda: run(diffusion, x, beta, 3, guess=guess, **given), ValueError)
    by_data = run(diffusion, x, beta, 3, guess=guess, predicts="data", **given)
    by_velocity = run(diffusion, x, beta, 3, guess=-guess, predicts="velocity", **given)
    yield roundoff(by_data[0], given["epsilon"], terms=4)
    yield roundoff(by_data[1], guess)
    for mine, theirs in zip(by_velocity, by_data, strict=True):
        yield roundoff(mine, theirs, terms=20)


def process(x, epsilon, guess, z, beta, t, predicts="noise", large=False, **slip):
    """The printed formulas, and their slips by name: what the mutants are made of."""
    t, d = np.asarray(t), x.shape[-1]
    bars = np.concatenate(([1.0], np.cumprod(1 - beta)))
    if slip.get("swapped"):
        bars = np.concatenate(([1.0], 1 - beta))
    late = slip.get("late", 0)
    a, b = bars[np.maximum(t - late, 0)][..., None], beta[t - 1][..., None]
    a = np.maximum(a, 1e-12) if late else a
    before = bars[t - 1 + slip.get("here", 0)][..., None]
    root, rest = (a, 1 - a) if slip.get("rootless") else (np.sqrt(a), np.sqrt(1 - a))
    x_t = root * x + rest * epsilon
    sign = -1 if slip.get("turned") else 1
    if slip.get("deaf"):
        predicts = "noise"
    with np.errstate(all="ignore"):
        if predicts == "noise":
            if (a <= 0).any() and not slip.get("silent"):
                raise ValueError
            data = (x_t - np.sqrt(1 - a) * guess) / np.sqrt(a)
        else:
            data = guess if predicts == "data" else np.sqrt(a) * x_t - sign * np.sqrt(1 - a) * guess
        noise = guess if predicts == "noise" else (x_t - np.sqrt(a) * data) / np.sqrt(1 - a)

        def posterior(x0):
            return np.sqrt(before) * b / (1 - a) * x0 + np.sqrt(1 - b) * (1 - before) / (1 - a) * x_t

        mean, tilde = posterior(data), b * (1 - before) / (1 - a)
        variance = b if large or slip.get("always_large") else tilde
        if slip.get("never_large"):
            variance = tilde
        step = variance if slip.get("unrooted") else np.sqrt(variance)
        last = np.where(t[..., None] > (0 if slip.get("noisy_end") else 1), step, 0)
        previous = mean + last * z * (not slip.get("quiet"))
        want, got = (epsilon, noise)
        if slip.get("raw") and predicts != "noise":
            want, got = (x if predicts == "data" else np.sqrt(a) * epsilon - np.sqrt(1 - a) * x), guess
        simple = ((want - got) ** 2).sum(-1)
        s2 = np.where(t[..., None] > 1, variance, b)
        ratio = np.where(t[..., None] > 1, tilde / s2, 1)
        c = np.where(t[..., None] > 1, ratio - 1 - np.log(ratio), np.log(2 * np.pi * s2)) * (not slip.get("bare"))
        of_bound = ((posterior(x) - mean) ** 2 / s2 + c).sum(-1) / 2
        if slip.get("unweighted"):
            of_bound = simple + (c / 2).sum(-1) + 0 * d
        left = bars[-1]
        prior = (left * x**2 + (1 - left) - 1 - np.log(1 - left)).sum(-1) / 2 * (not slip.get("no_prior"))
    return x_t, data, mean, np.broadcast_to(variance, x_t.shape)[..., 0], previous, simple, of_bound, prior


@DIFFUSION.mutant(
    caught_by="the-steps-join-into-one, steps-that-share-their-noise, step-back-is-bayes, a-start-that-is-not-noise, equals-definition"
)
def alpha_for_its_product(x, epsilon, guess, z, beta, t, **given):
    """α_t in the place of ᾱ_t"""
    return process(x, epsilon, guess, z, beta, t, **given, swapped=True)


@DIFFUSION.mutant(caught_by="no-noise-at-the-last-step, equals-definition")
def noise_at_the_end(x, epsilon, guess, z, beta, t, **given):
    """noise added at t = 1, too, where σ² = β is asked for"""
    return process(x, epsilon, guess, z, beta, t, **given, noisy_end=True)


@DIFFUSION.mutant(
    caught_by="step-back-is-bayes, two-forms-of-the-mean, each-variance-is-right-for-some-data, the-error-falls-with-the-steps, the-mixture-comes-back"
)
def this_for_the_one_before(x, epsilon, guess, z, beta, t, **given):
    """ᾱ_t in the place of ᾱ_{t−1}"""
    return process(x, epsilon, guess, z, beta, t, **given, here=1)


@DIFFUSION.mutant(caught_by="the-steps-join-into-one, step-back-is-bayes, equals-definition")
def counts_from_zero(x, epsilon, guess, z, beta, t, **given):
    """ᾱ_{t−1} in the place of ᾱ_t: a table that begins at 0 read as one that begins at 1"""
    return process(x, epsilon, guess, z, beta, t, **given, late=1)


@DIFFUSION.mutant(caught_by="the-steps-join-into-one, steps-that-share-their-noise, equals-definition")
def without_roots(x, epsilon, guess, z, beta, t, **given):
    """ᾱ x + (1 − ᾱ) ε"""
    return process(x, epsilon, guess, z, beta, t, **given, rootless=True)


@DIFFUSION.mutant(
    caught_by="no-noise-at-the-last-step, the-error-falls-with-the-steps, the-mixture-comes-back, a-guess-that-is-off"
)
def variance_for_deviation(x, epsilon, guess, z, beta, t, **given):
    """σ² z added in place of σ z"""
    return process(x, epsilon, guess, z, beta, t, **given, unrooted=True)


@DIFFUSION.mutant(caught_by="no-noise-at-the-last-step, the-mixture-comes-back, a-guess-that-is-off")
def no_new_noise(x, epsilon, guess, z, beta, t, **given):
    """the mean of each step taken for its sample"""
    return process(x, epsilon, guess, z, beta, t, **given, quiet=True)


@DIFFUSION.mutant(
    caught_by="three-predictions-are-one, one-error-three-weights, noise-alone-says-nothing-of-the-data, equals-definition"
)
def velocity_of_the_other_sign(x, epsilon, guess, z, beta, t, **given):
    """v = √(1 − ᾱ) x_0 − √ᾱ ε"""
    return process(x, epsilon, guess, z, beta, t, **given, turned=True)


@DIFFUSION.mutant(caught_by="three-predictions-are-one, one-error-three-weights, equals-definition")
def everything_is_noise(x, epsilon, guess, z, beta, t, **given):
    """every guess taken for one of the noise"""
    return process(x, epsilon, guess, z, beta, t, **given, deaf=True, silent=True)


@DIFFUSION.mutant(caught_by="noise-alone-says-nothing-of-the-data")
def infinite_in_silence(x, epsilon, guess, z, beta, t, **given):
    """division by √ᾱ = 0, without a word"""
    return process(x, epsilon, guess, z, beta, t, **given, silent=True)


@DIFFUSION.mutant(caught_by="one-error-three-weights, three-predictions-are-one")
def loss_of_what_is_predicted(x, epsilon, guess, z, beta, t, **given):
    """the squared error of the data or of the velocity given out as that of the noise"""
    return process(x, epsilon, guess, z, beta, t, **given, raw=True)


@DIFFUSION.mutant(
    caught_by="terms-of-the-bound, the-bound-is-the-sum-of-its-terms, simple-is-not-the-bound, equals-definition"
)
def simple_for_the_bound(x, epsilon, guess, z, beta, t, **given):
    """the terms of the bound with weight 1"""
    return process(x, epsilon, guess, z, beta, t, **given, unweighted=True)


@DIFFUSION.mutant(caught_by="terms-of-the-bound, the-bound-is-the-sum-of-its-terms, equals-definition")
def without_constants(x, epsilon, guess, z, beta, t, **given):
    """the terms of the bound without what does not depend on the guess"""
    return process(x, epsilon, guess, z, beta, t, **given, bare=True)


@DIFFUSION.mutant(
    caught_by="terms-of-the-bound, the-bound-is-the-sum-of-its-terms, a-start-that-is-not-noise, equals-definition"
)
def without_the_prior(x, epsilon, guess, z, beta, t, **given):
    """the divergence of the end from the prior taken to be 0"""
    return process(x, epsilon, guess, z, beta, t, **given, no_prior=True)


@DIFFUSION.mutant(
    caught_by="no-noise-at-the-last-step, each-variance-is-right-for-some-data, step-back-is-bayes, the-error-falls-with-the-steps"
)
def always_beta(x, epsilon, guess, z, beta, t, **given):
    """σ² = β whatever is asked for"""
    return process(x, epsilon, guess, z, beta, t, **given, always_large=True)


@DIFFUSION.mutant(
    caught_by="no-noise-at-the-last-step, each-variance-is-right-for-some-data, simple-is-not-the-bound, the-error-falls-with-the-steps"
)
def never_beta(x, epsilon, guess, z, beta, t, **given):
    """σ² = β̃ whatever is asked for"""
    return process(x, epsilon, guess, z, beta, t, **given, never_large=True)


DIFFUSION.erratum(
    "E380",
    common="The noise loss of a diffusion model is its evidence lower bound (a common slip)",
    why="Each term of the bound is the squared error of the noise times a weight that depends on the time; the simple loss sets all weights to 1. For the paper's schedule with $\\sigma_t^2=\\beta_t$ they differ 26.7-fold between $t=2$ and $t=1000$, and 100.7-fold between the largest and the least.",
    right="It is the sum of the squares in the bound's terms with all weights 1, which for the paper's schedule gives small noises less say; for the likelihood take the weights $\\frac{\\beta_t^2}{2\\sigma_t^2\\alpha_t(1-\\bar\\alpha_t)}$, the constants and the divergence from the prior",
    claims="simple-is-not-the-bound, the-bound-is-the-sum-of-its-terms",
)
DIFFUSION.erratum(
    "E381",
    common="It does not matter whether the noise, the data or the velocity is predicted (a common slip)",
    why="The conversions are exact, and samples the same. But for one guess the plain squared errors of noise, data and velocity are to each other as $1$, $\\frac{1-\\bar\\alpha_t}{\\bar\\alpha_t}$ and $\\frac1{\\bar\\alpha_t}$. That changes with the time, so that training is another one; and where nothing of the data is left, the noise tells nothing of them.",
    right="The predictions are equivalent, their plain losses are not",
    claims="three-predictions-are-one, one-error-three-weights, noise-alone-says-nothing-of-the-data",
)


@DIFFUSION.figure(
    steps=Slider(4, 64, 32, "number of steps T", log=True, integer=True),
    share=Slider(0.0, 1.0, 0.1, "how far into the noise, t/T"),
)
def figure(steps, share):
    T = int(steps)
    a, rng = falling(T), np.random.default_rng(3)
    x = quantiles(256)
    rng.shuffle(x)
    path = [x]
    for t in range(T, 0, -1):
        z = quantiles(256, rng.uniform(0.01, 0.99))[np.argsort(np.argsort(x))][:, None]
        guess = best_guess(x, a[t])
        x = at(diffusion, x, schedule_of(a), np.full(256, t), guess, z=z, large=True)[4][:, 0]
        path.append(x)
    path, now = np.array(path), round(share * T)
    left_over = np.exp(-8 * (now / T) ** 2)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    left.plot(np.arange(T, -1, -1), path[:, :24], color=COLOURS[0], lw=0.6, alpha=0.6)
    left.axvline(now, color=COLOURS[1], lw=1.2, ls="--")
    left.invert_xaxis()
    left.set(xlabel="time t: from noise to data", ylabel="x")
    grid = np.linspace(-4, 4, 241)
    v = left_over * DEVIATIONS**2 + 1 - left_over
    away = grid[:, None] - np.sqrt(left_over) * MEANS
    density = (WEIGHTS * np.exp(-(away**2) / (2 * v)) / np.sqrt(2 * np.pi * v)).sum(1)
    right.hist(
        path[T - now], bins=np.linspace(-4, 4, 33), density=True, color=COLOURS[0], alpha=0.4, label="samples at t"
    )
    right.plot(grid, density, color=COLOURS[1], label="data after t steps of noise")
    right.set(xlabel="x", ylabel="density", ylim=(0, 1.6 * density.max()))
    right.legend(fontsize=9, frameon=False, loc="upper left")
    off = distance(path[-1])
    words = Text(
        f"{T} steps back by the exact guess, from noise at t = {T} to data at t = 0; at t = {now} ᾱ is {left_over:.3g}. "
        f"The samples at the end are {off:.3g} from the mixture (Wasserstein distance of 256 points).",
        f"以精确的预测走 {T} 步，从 t = {T} 的噪声回到 t = 0 的数据；在 t = {now} 时 ᾱ 为 {left_over:.3g}。"
        f"最后的样本与混合分布相距 {off:.3g}（256 个点的 Wasserstein 距离）。",
    )
    return Drawing(fig, words)
