"""Generative adversarial networks: a generator against a discriminator."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _library(discriminator_loss, real, fake, real_weights=None, fake_weights=None):
    from gradus.generative import generator_loss

    of_discriminator = discriminator_loss(real, fake, real_weights, fake_weights, dim=-1)
    return of_discriminator, *(
        generator_loss(fake, fake_weights, kind=kind, dim=-1) for kind in ("minimax", "non-saturating")
    )


def _torch(binary_cross_entropy_with_logits, real, fake, real_weights=None, fake_weights=None):
    from gradus.arguments import refusal

    def mean(scores, weights):
        each = binary_cross_entropy_with_logits(scores, 1 + 0 * scores.detach(), reduction="none")
        if weights is None:
            return each.mean(-1)
        if bool((weights < 0).any()) or bool(((weights.sum(-1) - 1).abs() > 1e-5).any()):
            raise refusal("weights", ("probabilities that sum to 1", "和为 1 的概率"), weights)
        return (weights * each).sum(-1)

    of_real, as_fake = mean(real, real_weights), mean(-fake, fake_weights)
    return of_real + as_fake, -as_fake, mean(fake, fake_weights)


GAN = Concept(
    key="gan",
    kind="model",
    title="Generative adversarial network",
    summary="A generator makes samples out of noise; a discriminator says how likely a sample is real. The one learns to deceive, the other not to be "
    "deceived. Against the best discriminator the value of the game is, but for a constant, twice the Jensen–Shannon divergence of the generated distribution from the true one: "
    "no density is ever needed. But a best discriminator may leave the generator without a gradient, and players that step at the same time may move ever farther from the equilibrium, in turn circle it for ever.",
    formulas=(
        r"V(D,G)=\mathbb E_{x\sim p}\ln D(x)+\mathbb E_{x\sim q}\ln\bigl(1-D(x)\bigr),\qquad D(x)=\sigma(\ell(x))=\frac1{1+e^{-\ell(x)}}",
        r"\min_q\max_DV,\qquad D^*=\frac p{p+q},\qquad V(D^*,G)=-\ln4+2\,\mathrm{JS}(p,q)",
        r"L_D=-V,\qquad L_G=\mathbb E_q\ln(1-D)\ \text{(minimax)},\qquad L_G^{+}=-\mathbb E_q\ln D\ \text{(non-saturating)}",
        r"\frac{\partial L_G}{\partial\ell}=-D,\qquad\frac{\partial L_G^+}{\partial\ell}=-(1-D),\qquad L_G+L_G^+=-\mathbb E_q\,\ell",
        r"\min_x\max_y\,xy:\quad x_{k+1}=x_k-\alpha y_k,\ \ y_{k+1}=y_k+\alpha x_k\ \Rightarrow\ \lVert z_k\rVert=(1+\alpha^2)^{k/2}\lVert z_0\rVert,\qquad "
        r"y_{k+1}=y_k+\alpha x_{k+1}\ \Rightarrow\ x_k^2+y_k^2-\alpha x_ky_k\ \text{constant}",
    ),
    symbols=(
        Symbol("\\ell(x),\\ x\\sim p", "real", "... n", "logits of the discriminator on real samples"),
        Symbol("\\ell(x),\\ x\\sim q", "fake", "... m", "its logits on generated samples"),
        Symbol("p", "real_weights", "... n", "probabilities of the real samples; equal unless given", "simplex"),
        Symbol("q", "fake_weights", "... m", "probabilities of the generated samples; equal unless given", "simplex"),
        Symbol("D", "", "", "the discriminator: its probability that a sample is real"),
        Symbol("G", "", "", "the generator: noise to samples, distributed as $q$"),
        Symbol("V", "", "", "value of the game", "real", "nat"),
        Symbol("x,\\ y", "", "", "a sample; in the last formula two numbers, the players"),
        Symbol("z_k", "", "", "the players after k steps: $(x_k,y_k)$"),
        Symbol("\\alpha", "", "", "size of a step"),
        Symbol("n,\\ m", "", "", "numbers of real and of generated samples", "natural"),
    ),
    returns=(
        Result("L_D", "...", "what the discriminator minimises"),
        Result("L_G", "...", "what the generator minimises in the game itself, without the part that it cannot move"),
        Result("L_G_plus", "...", "the non-saturating loss that it minimises instead"),
    ),
    needs=("js", "bce"),
    source="goodfellow2014generative",
    year=2014,
    people=("Ian Goodfellow", "Jean Pouget-Abadie", "Mehdi Mirza", "Yoshua Bengio"),
    aliases="GAN, GANs, generative adversarial nets, adversarial training of generators, discriminator, mode collapse, non-saturating loss, minimax loss, "
    "对抗生成网络, 判别器, 模式崩溃, 非饱和损失",
    implementations=(
        Implementation(
            "gradus.generative:discriminator_loss",
            "torch",
            _library,
            "with `generator_loss` beside it; `train_gan` plays the game, and says where it went wrong",
        ),
        Implementation(
            "torch.nn.functional:binary_cross_entropy_with_logits",
            "torch",
            _torch,
            r"with label 1, of $-\ell$ for what was generated: with label 0 it is a difference, right to $\varepsilon\lvert\ell\rvert$ only",
        ),
    ),
    readings="goodfellow2014generative §3–4; goodfellow2016nips §3, §5; arjovsky2017towards §2; mescheder2018which §2",
    hypotheses=(
        Hypothesis(
            "for $D^*$: the discriminator may have any value at any point",
            "a-discriminator-of-straight-lines-sees-less",
        ),
        Hypothesis(
            "for $D^*$: the means are over the distributions, not over samples of them",
            "samples-can-be-learnt-by-heart",
        ),
        Hypothesis(
            "for the generator to come to $q=p$: it may make any distribution, its steps are small and the discriminator is the best again after each; "
            "with whole moves, each of them answered, it may wander",
            "small-steps-against-the-best-answer-come-to-p, against-a-fixed-discriminator-one-point-is-best",
        ),
        Hypothesis("for steps in turn to stay bounded: $0<\\alpha<2$", "steps-in-turn-stay"),
        Hypothesis("the generator descends on $L_G$: on $L_G^+$ it goes another way", "what-the-two-slopes-belong-to"),
        Hypothesis(
            "for $\\mathrm{KL}(q\\,\\|\\,p)$: $p>0$ where $q>0$; elsewhere no logit is low enough, and the non-saturating loss has no bound",
            "logits-of-any-size",
        ),
    ),
    conventions=(
        Convention(
            "the discriminator's loss",
            "the sum of both means",
            "half of it: Goodfellow's tutorial of 2016, and programs that take one mean over real and generated samples, as many of each",
        ),
        Convention(
            "what the discriminator gives",
            "logits",
            "probabilities, after a sigmoid: `BCELoss`, which cuts logarithms at −100",
        ),
        Convention(
            "the minimax loss", "without $\\mathbb E_p\\ln D$, which the generator cannot move", "the whole of $V$"
        ),
    ),
    unverified="That training by turns finds all modes of a distribution: it may or may not. A run of `train_gan` on eight modes is in the tests of the library.",
)


@GAN.definition
def gan(real, fake, real_weights=None, fake_weights=None):
    def mean(values, weights):
        if weights is None:
            return values.mean(-1)
        if (weights < 0).any() or (abs(weights.sum(-1) - 1) > 1e-6).any():
            raise ValueError("weights are probabilities")
        return (weights * values).sum(-1)

    def ln_D(l):
        return -np.logaddexp(0, -l)  # ln 1/(1 + e^-l)

    def ln_not_D(l):
        return -np.logaddexp(0, l)  # ln (1 - D)

    V = mean(ln_D(real), real_weights) + mean(ln_not_D(fake), fake_weights)
    return -V, mean(ln_not_D(fake), fake_weights), -mean(ln_D(fake), fake_weights)


def kl(p, q):
    return float((p * np.log(np.where(p > 0, p, 1) / np.where(p > 0, q, 1))).sum())


def js(p, q):
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2


@GAN.example
def example():
    p, q = np.array([0.75, 0.25]), np.array([0.25, 0.75])
    real = fake = np.log(p / q)
    L_D, L_G, L_plus = gan(real, fake, p, q)
    return (
        dict(real=real, fake=fake, real_weights=p, fake_weights=q, D=p / (p + q), l=real[0], V=-L_D, J=js(p, q))
        | dict(L_D=L_D, L_G=L_G, L_plus=L_plus, both=L_G + L_plus, equal=-gan(np.zeros(2), np.zeros(2))[0])
        | dict(flat=1 / (1 + math.e**10), steep=1 / (1 + math.e**-10), grown=1.01**500)
        | dict(
            ratio=math.sqrt(1.05 / 0.95),
            seventh=-gan(np.full(8, 40.0) - 42.0794 * np.eye(8)[0], np.zeros(1) - math.log(8))[0],
        )
    )


@GAN.exercise
def three_times_as_dense():
    return number(3 / (3 + 1), ratio=3, other_way=1 / 4, never_one=1)


@GAN.exercise
def at_the_equilibrium():
    return number(-gan(np.zeros(1), np.zeros(1))[0], nothing=0, one_mean=-math.log(2), sign=math.log(4))


@GAN.exercise
def which_slope():
    l = np.log(1e-3 / (1 - 1e-3))
    D = 1 / (1 + np.exp(-l))
    return number((1 - D) / D, same=1, logarithm=-l, inverse=D / (1 - D))


@GAN.exercise
def a_hundred_steps():
    alpha = 0.2
    return number((1 + alpha**2) ** 50, each_whole=(1 + alpha**2) ** 100, in_turn=1, linear=1 + 100 * alpha**2)


@GAN.exercise
def both_losses_fell():
    """The discriminator's loss and the generator's minimax loss with the part that it cannot move: their sum before and after."""
    rng = np.random.default_rng(0)
    sums = []
    for _ in range(2):
        real, fake = rng.normal(size=(2, 5))
        L_D, L_G, _ = gan(real, fake)
        sums.append(L_D + L_G - gan(fake, real)[2])
    return choice(
        impossible=bool(np.abs(sums).max() < 1e-12), better=sums[1] < sums[0] - 1e-9, worse=sums[1] > sums[0] + 1e-9
    )


@GAN.cases
def cases(rng):
    yield "random", dict(real=rng.normal(size=6), fake=rng.normal(size=4))
    yield "several games", dict(real=rng.normal(size=(2, 3, 5)), fake=rng.normal(size=(2, 3, 7)))
    yield (
        "densities on a grid",
        dict(real=rng.normal(size=8), fake=rng.normal(size=8), real_weights=rng.dirichlet(np.ones(8)))
        | dict(fake_weights=rng.dirichlet(np.ones(8))),
    )
    yield "one sample of each", dict(real=np.array([0.3]), fake=np.array([-2.0]))
    yield "sure and right", dict(real=rng.uniform(20, 60, 5), fake=-rng.uniform(20, 60, 5))
    yield "sure and wrong", dict(real=-rng.uniform(20, 60, 5), fake=rng.uniform(20, 60, 5))
    yield "logits of all sizes", dict(real=np.array([-900.0, 2.0, 700.0]), fake=np.array([-700.0, 0.5, 900.0]))
    yield "cannot tell", dict(real=np.zeros(3), fake=np.zeros(9))
    yield "as many games as samples", dict(real=rng.normal(size=(3, 3)), fake=rng.normal(size=(3, 3)))
    yield "many samples", dict(real=3 * rng.normal(size=2000), fake=3 * rng.normal(size=700))


@GAN.invalid
def invalid(rng):
    l, half = np.zeros(2), np.full(2, 0.5)
    yield "weights that do not sum to 1", dict(real=l, fake=l, real_weights=np.array([0.5, 0.6]), fake_weights=half)
    yield "a negative weight", dict(real=l, fake=l, real_weights=half, fake_weights=np.array([-0.5, 1.5]))
    yield "weights of other samples", dict(real=l, fake=l, real_weights=np.full(3, 1 / 3), fake_weights=half)


def floats(found):
    return [np.asarray(part, float) for part in found]


def sigma(l):
    return 1 / (1 + np.exp(-np.asarray(l, float)))


def bernoulli(a, b):
    """KL between coins with these chances."""
    return a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))


def two(rng, k=6):
    """Two distributions on k points, none of them small."""
    return rng.dirichlet(np.full(k, 4.0)), rng.dirichlet(np.full(k, 4.0))


def with_same(gan, l, p, q):
    """The losses where both kinds of samples lie on the same points, for many discriminators at once."""
    l = np.asarray(l, float)
    return floats(gan(l, l, np.broadcast_to(p, l.shape).copy(), np.broadcast_to(q, l.shape).copy()))


@GAN.claim
def best_discriminator_is_the_share_of_the_real(gan, rng):
    r"""No discriminator does better than $D^*=p/(p+q)$, that is $\ell=\ln(p/q)$: any other falls short by exactly $\sum_x(p+q)\,\mathrm{KL}(D^*\,\|\,D)$ of coins, 200 of them; and climbing coordinate by coordinate ends there"""
    p, q = two(rng)
    l = rng.normal(size=(200, 6))
    best = np.log(p / q)
    short = with_same(gan, l, p, q)[0] - with_same(gan, best, p, q)[0]
    yield roundoff(short, ((p + q) * bernoulli(p / (p + q), sigma(l))).sum(-1), terms=24, scale=4.0)
    low, high, near_zero = np.full(6, -8.0), np.full(6, 8.0), np.eye(6, dtype=bool)
    for _ in range(50):  # each logit by itself, in thirds
        a, b = low + (high - low) / 3, high - (high - low) / 3
        tried = np.concatenate([np.where(near_zero, a, 0.0), np.where(near_zero, b, 0.0)])
        L = with_same(gan, tried, p, q)[0]
        left = L[:6] < L[6:]
        low, high = np.where(left, low, a), np.where(left, b, high)
    flat = math.sqrt(256 * 2**-52 / (p * q / (p + q)).min())
    why = Text("flat at the top: √(256 ε/curvature)", "顶部平坦：√(256 ε/曲率)")
    yield near(float(np.abs((low + high) / 2 - best).max()), 0.0, flat, why)


def normal(x, m=0.0, s=1.0):
    return np.exp(-(((x - m) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi))


def on_a_grid(distance, step=0.1):
    """Normal densities of deviation 1 that far apart, as probabilities of cells, and the cells."""
    x = np.arange(-12, 12 + distance, step)
    p, q = normal(x), normal(x, distance)
    return x, p / p.sum(), q / q.sum()


def js_of_normals(distance, step=0.04):
    """By the entropy of the mixture: both have ½ ln 2πe."""
    x = np.arange(-14, 14 + distance, step)
    m = (normal(x) + normal(x, distance)) / 2
    there = m > 0
    return float(-(m[there] * np.log(m[there])).sum() * step - (1 + math.log(2 * math.pi)) / 2)


@GAN.claim
def its_value_is_that_of_the_divergence(gan, rng):
    r"""With $D^*$ the value is $-\ln4+2\,\mathrm{JS}(p,q)$: for 20 pairs of distributions; for the normal densities $N(0,1)$ and $N(\theta,1)$ on a grid, with JS by the entropy of their mixture on another; $-\ln4$ where $q=p$, and nowhere lower"""
    for _ in range(20):
        p, q = two(rng)
        V = -with_same(gan, np.log(p / q), p, q)[0]
        yield roundoff(V, -math.log(4) + 2 * js(p, q), terms=24, scale=4.0)
        yield bound(float(V), -math.log(4), "≥")
    for distance in (0.5, 2.0, 4.0):
        x, p, q = on_a_grid(distance)
        V = -with_same(gan, distance * (distance / 2 - x), p, q)[0]  # ln p/q
        yield roundoff(float(V), -math.log(4) + 2 * js_of_normals(distance), terms=300, scale=4.0)
    yield roundoff(-with_same(gan, np.zeros(6), p[:6] / p[:6].sum(), p[:6] / p[:6].sum())[0], -math.log(4), terms=12)


@GAN.claim
def a_discriminator_of_straight_lines_sees_less(gan, rng):
    r"""A discriminator that cannot have any value may do worse: $N(0,1)$ and $N(0,4)$ differ by a JS of 0.0927 nat, but with logits $a+bx$ none of 300 gets above $-\ln4$, which is reached at $a=b=0$; with $\ln2-\frac38x^2$ the value is that of $D^*$. It need not: for $N(0,1)$ and $N(1,1)$ the line $\frac12-x$ is $D^*$ itself"""
    x = np.arange(-20, 20, 0.1)
    p, q = normal(x), normal(x, 0, 2.0)
    p, q = p / p.sum(), q / q.sum()
    lines = rng.normal(size=(300, 1)) + rng.normal(size=(300, 1)) * x
    yield bound(-float(with_same(gan, lines, p, q)[0].min()), -math.log(4), "≤")
    yield roundoff(-with_same(gan, 0 * x, p, q)[0], -math.log(4), terms=400)
    V = -float(with_same(gan, math.log(2) - 0.375 * x**2, p, q)[0])
    yield roundoff(V, -math.log(4) + 2 * js(p, q), terms=400, scale=4.0)
    yield near(
        (V + math.log(4)) / 2, 0.0927, 0.00005, Text("rounded to the digits that are stated", "舍入到所写的位数")
    )
    x, p, q = on_a_grid(1.0)
    V = -with_same(gan, 0.5 - x, p, q)[0]
    yield roundoff(V, -math.log(4) + 2 * js(p, q), terms=400, scale=4.0)


@GAN.claim
def samples_can_be_learnt_by_heart(gan, rng):
    r"""Of two samples of one density no value comes twice: a discriminator that has logit $a$ at the real ones and $-a$ at the others has the value $-2\ln(1+e^{-a})$, up to 0, as for distributions that have nothing in common; over the density itself the same scores would have at most $-\ln4$"""
    x, y = rng.normal(size=12), rng.normal(size=9)
    held = dict.fromkeys(x, 1.0) | dict.fromkeys(y, -1.0)
    for a in (1.0, 8.0, 30.0):
        found = floats(gan(np.array([a * held[v] for v in x]), np.array([a * held[v] for v in y])))
        yield roundoff(-found[0], -2 * np.log1p(math.exp(-a)), terms=12)
        both = np.array([a * held[v] for v in [*x, *y]])
        yield bound(-float(floats(gan(both, both))[0]), -math.log(4), "≤")


@GAN.claim
def a_sure_discriminator_stops_the_minimax_loss(gan, rng):
    r"""Where the discriminator is sure that samples are generated, $\ell=-a$, the slope of the minimax loss in $\ell$ is $-\sigma(-a)$, $-4.54\cdot10^{-5}$ at $a=10$; that of the non-saturating loss $-\sigma(a)$, $-0.99995$"""
    h = 1e-3
    for a in (1.0, 5.0, 10.0):
        at = -a + h * np.array([[1.0], [-1.0]])
        _, minimax, plus = floats(gan(np.zeros((2, 1)), at))
        why = Text("h² of the central difference", "中心差分的 h²")
        yield near((minimax[0] - minimax[1]) / (2 * h) / -sigma(-a), 1.0, h**2, why)
        yield near((plus[0] - plus[1]) / (2 * h) / -sigma(a), 1.0, h**2, why)


@GAN.claim
def what_the_two_slopes_belong_to(gan, rng):
    r"""A generator $\theta+z$ of normal samples, $p=N(0,1)$, $D$ the best and then held: the slope in $\theta$ of the minimax loss is that of $2\,\mathrm{JS}$, at most $\frac\theta2e^{-\theta^2/8}$; of the non-saturating loss that of $\mathrm{KL}(q\,\|\,p)-2\,\mathrm{JS}$, at least $\theta(1-\frac12e^{-\theta^2/8})$. At $\theta=8$ they are $3.9\cdot10^{-4}$ and 8.00"""
    h = 1e-3
    for theta in (1.0, 3.0, 8.0):
        z, p, _ = on_a_grid(0.0, step=0.05)
        moved = [theta * (theta / 2 - (theta + t + z)) for t in (h, -h)]  # its logits where the samples came to lie
        _, minimax, plus = with_same(gan, np.array(moved), p, p)
        slopes = [(part[0] - part[1]) / (2 * h) for part in (minimax, plus)]
        twice = (js_of_normals(theta + h) - js_of_normals(theta - h)) / h
        why = Text("h² of two central differences, times θ³", "两个中心差分的 h²，乘以 θ³")
        yield near(slopes[0], twice, theta**3 * h**2 / 4, why)
        yield near(slopes[1], theta - twice, theta**3 * h**2 / 4, why)
        yield bound(slopes[0], theta / 2 * math.exp(-(theta**2) / 8), "≤")
        yield bound(slopes[1], theta * (1 - math.exp(-(theta**2) / 8) / 2), "≥")
        yield bound(slopes[0], 0.0, "≥", Text("it does pull towards p", "它确实指向 p"))
    stated = Text("rounded to the digits that are stated", "舍入到所写的位数")
    yield near(slopes[0], 3.9e-4, 5e-6, stated)
    yield near(slopes[1], 8.0, 0.005, stated)


@GAN.claim
def the_two_losses_add_up(gan, rng):
    r"""The generator's two losses add up to minus the mean logit; with $D^*$ to $\mathrm{KL}(q\,\|\,p)$: 50 games and 20 pairs of distributions"""
    fake = 5 * rng.normal(size=(50, 7))
    _, minimax, plus = floats(gan(np.zeros((50, 3)), fake))
    yield roundoff(minimax + plus, -fake.mean(-1), terms=14, scale=20.0)
    for _ in range(20):
        p, q = two(rng)
        _, minimax, plus = with_same(gan, np.log(p / q), p, q)
        yield roundoff(minimax + plus, kl(q, p), terms=24, scale=4.0)


@GAN.claim
def the_players_want_opposite_things(gan, rng):
    r"""The game is zero-sum: the discriminator's loss and the generator's with the part that it cannot move, $\mathbb E_p\ln D+L_G$, add up to 0 whatever the two do: there is nothing to minimise together. With $L_G^+$ the sum is no constant; over $D$ it is least at $(p+q)/(p+2q)$, which for $q=p$ is $\frac23$, where $D^*=\frac12$"""
    real, fake = 3 * rng.normal(size=(40, 5)), 3 * rng.normal(size=(40, 8))
    L_D, L_G, _ = floats(gan(real, fake))
    fixed = -np.logaddexp(0, -real).mean(-1)
    yield roundoff(L_D + L_G, -fixed, terms=20, scale=12.0)
    p, q = two(rng)
    for made in (q, p):
        l = rng.normal(size=(100, 6))
        together = (p + made) / (p + 2 * made)
        sums = [
            found[0] + found[2]
            for found in (with_same(gan, l, p, made), with_same(gan, np.log((p + made) / made), p, made))
        ]
        more = ((p + 2 * made) * bernoulli(together, sigma(l))).sum(-1)
        yield roundoff(sums[0] - sums[1], more, terms=36, scale=8.0)
    yield roundoff(together, np.full(6, 2 / 3), terms=2)


@GAN.claim
def logits_of_any_size(gan, rng):
    r"""A discriminator that is sure and wrong, logits $\mp a$, has the loss $2a$ up to $2e^{-a}$, for $a=40$, 200 and 900, and the generator's losses are $-a$ and 0; sure and right, it has $2\ln(1+e^{-a})$, which for $a=36$ is $4.6\cdot10^{-16}$ and not 0, and the non-saturating loss is $a$, without a bound"""
    for a in (40.0, 200.0, 900.0):
        L_D, L_G, plus = floats(gan(np.array([-a, -a]), np.array([a, a])))
        yield roundoff([float(L_D), float(L_G)], [2 * a, -a], terms=2)
        yield roundoff(plus, math.exp(-a), terms=8)
        yield roundoff(floats(gan(np.array([a]), np.array([-a])))[2], a, terms=2)
    right = floats(gan(np.array([36.0]), np.array([-36.0])))[0]
    yield roundoff(right, 2 * math.exp(-36.0), terms=8)


@GAN.claim
def a_loss_of_ln4_may_be_boldness(gan, rng):
    r"""A discriminator's loss of $\ln4$ need not mean that it cannot tell: one that is right about nine samples in ten of either kind, with logits $\pm6.92$, has it as well; with $\pm\ln9$ its loss would be 0.650"""
    w, a = 0.1, 6.921614299986077  # the root of ln(1 + e^-a) + a/10 = ln 2
    signs = rng.permutation(np.where(np.arange(10) < 1, -1.0, 1.0))
    yield roundoff(floats(gan(a * signs, -a * signs))[0], math.log(4), terms=24, scale=8.0)
    timid = floats(gan(math.log(9) * signs, -math.log(9) * signs))[0]
    yield roundoff(timid, -2 * (w * math.log(w) + (1 - w) * math.log(1 - w)), terms=24, scale=4.0)
    yield near(float(timid), 0.65, 0.0005, Text("rounded to the digits that are stated", "舍入到所写的位数"))


@GAN.claim
def small_steps_against_the_best_answer_come_to_p(gan, rng):
    r"""A generator that moves by steps, with the best discriminator anew before each, may come to $p$: let each step divide $q$ by $1-D^*$ and make it sum to 1 again. Then $q$ becomes $\frac{p+q}2$, and $q-p$ halves at each of 40 steps, on six points"""
    p, q = two(rng)
    first = q - p
    for k in range(1, 41):
        each = floats(gan(np.zeros((6, 1)), np.log(p / q)[:, None]))[1]  # the minimax loss of each point, ln(1 − D)
        q = q * np.exp(-each)
        q = q / q.sum()
        yield roundoff(q - p, first / 2**k, terms=24, scale=1.0)


@GAN.claim
def each_kind_has_a_mean_of_its_own(gan, rng):
    r"""Each kind of samples has a mean of its own: all real ones taken three times over change nothing, nor do the generated ones; and weights of $\frac12,\frac14,\frac14$ say that the first came twice"""
    real, fake = rng.normal(size=4), rng.normal(size=3)
    before = np.array(floats(gan(real, fake)))
    yield invariance(np.array(floats(gan(np.tile(real, 3), fake))), before, terms=24, scale=2.0)
    yield invariance(np.array(floats(gan(real, np.tile(fake, 2)))), before, terms=24, scale=2.0)
    weights = np.array([0.5, 0.25, 0.25])
    got = floats(gan(real, fake, np.full(4, 0.25), weights))
    yield invariance(np.array(got), np.array(floats(gan(real, fake[[0, 0, 1, 2]]))), terms=24, scale=2.0)
    L = float(before[0])
    yield roundoff(L, float(np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()), terms=8, scale=2.0)


@GAN.claim
def against_a_fixed_discriminator_one_point_is_best(gan, rng):
    r"""Against a discriminator that stands still no generator does better, by either loss, than one single point where $D$ is largest: 300 mixtures of 8 points do not. Of $p$ equal on 8 points it then has one; the best answer to that has $D=\frac19$ there and 1 elsewhere, value $-0.392$, and the next best point is another one: so it wanders, if it moves all the way each time, and never has more than one of eight"""
    l = rng.normal(size=8)
    q = rng.dirichlet(np.ones(8), 300)
    tiled = np.tile(l, (300, 1))
    _, minimax, plus = floats(gan(tiled, tiled, np.full((300, 8), 0.125), q))
    top = l.max()
    yield bound(float(minimax.min()), -np.logaddexp(0, top), "≥")
    yield bound(float(plus.min()), np.logaddexp(0, -top), "≥")
    one = floats(gan(np.zeros(1), np.array([top])))
    yield roundoff([float(one[1]), float(one[2])], [-np.logaddexp(0, top), np.logaddexp(0, -top)], terms=4)
    at, p = 0, np.full(8, 0.125)
    for _ in range(6):
        q = np.eye(8)[at]
        answer = np.where(q > 0, -math.log(8), 40.0)  # the best logit is ln p/q, where q = 0 as large as may be
        V = -float(with_same(gan, answer, p, q)[0])
        yield roundoff(V, math.log(8 / 9) + math.log(1 / 9) / 8, terms=8)
        each = floats(gan(np.zeros((8, 1)), answer[:, None]))[2]  # what each point alone would cost the generator
        stay, at = at, int(each.argmin())
        yield bound(float(each[stay] - each[at]), math.log(9), "≥", Text("−ln ⅑ against −ln 1", "−ln ⅑ 与 −ln 1 之差"))


def slope(gan, l, part):
    """Of one part's loss in a logit on both kinds of samples: real ones at logit 0, generated ones at l."""
    h = 1e-3
    found = floats(gan(np.zeros((2, 1)), np.array([[l + h], [l - h]])))[part]
    return float(found[0] - found[1]) / (2 * h)


def play(gan, steps, alpha, in_turn, start=(1.0, 0.5)):
    """Real samples at 0, generated ones at x; the logit of a sample is y times its place. The size of D on the way."""
    x, y = start
    path, sizes = [(x, y)], []
    for _ in range(steps):
        sizes.append(sigma(x * y))
        pull = slope(gan, x * y, 1)  # of the minimax loss in the logit: −D
        after = x - alpha * pull * y
        seen = after if in_turn else x
        y = y - alpha * slope(gan, seen * y, 0) * seen
        x = after
        path.append((x, y))
    return np.array(path), np.array(sizes)


def play_xy(steps, alpha, in_turn, start=(1.0, 0.5)):
    """min over x, max over y of xy, by gradient steps."""
    x, y = start
    path = [(x, y)]
    for _ in range(steps):
        after = x - alpha * y
        y = y + alpha * (after if in_turn else x)
        x = after
        path.append((x, y))
    return np.array(path)


@GAN.claim
def steps_at_once_spiral_outwards(gan, rng):
    r"""Players who step at the same time move away from the equilibrium. A point at $x$ against one at 0, with logits $y$ times the place: each step multiplies $x^2+y^2$ by exactly $1+\alpha^2D(x)^2$, in all by more than 2 in 120 steps of $\alpha=0.2$. In $\min_x\max_yxy$ the distance after $k$ steps is $(1+\alpha^2)^{k/2}$ times the first: 144.8 for $\alpha=0.1$, $k=1000$"""
    path, D = play(gan, 120, 0.2, in_turn=False)
    squares = (path**2).sum(1)
    h2 = Text("120 steps of αh²/6 by central differences", "120 步中心差分，每步 αh²/6")
    ratio = squares[-1] / squares[0] / np.prod(1 + (0.2 * D) ** 2)
    yield near(ratio, 1.0, 120 * 0.2 * 1e-6, h2)
    yield bound(squares[-1] / squares[0], 2.0, "≥", Text("measured: 2.86", "测得：2.86"))
    end = np.linalg.norm(play_xy(1000, 0.1, False)[[0, -1]], axis=1)
    yield roundoff(end[1] / end[0], 1.01**500, terms=4000)
    yield near(end[1] / end[0], 144.8, 0.05, Text("rounded to the digits that are stated", "舍入到所写的位数"))


@GAN.claim
def steps_in_turn_stay(gan, rng):
    r"""Players who step in turn stay near: in the same game they go round, from $x=1$ to below $-0.9$, and the distance keeps between 0.9 and 1.1 times the first in 120 steps of $\alpha=0.2$. In $\min_x\max_yxy$, $x$ first, $x^2+y^2-\alpha xy$ stays the same, so that for $0<\alpha<2$ the distance changes by a factor of $\sqrt{(2+\alpha)/(2-\alpha)}$ at most and does not shrink to 0 either; at $\alpha=2$ it grows like $k$, unless $x=y$ at the start"""
    path, _ = play(gan, 120, 0.2, in_turn=True)
    lengths = np.linalg.norm(path, axis=1) / np.linalg.norm(path[0])
    measured = Text("measured: 0.996 to 1.051", "测得：0.996 至 1.051")
    yield bound(float(lengths.max()), 1.1, "≤", measured)
    yield bound(float(lengths.min()), 0.9, "≥", measured)
    yield bound(float(path[:, 0].min()), -0.9, "≤", Text("from x = 1 to the other side", "从 x = 1 到另一侧"))
    for alpha in (0.1, 1.0, 1.9):
        x, y = play_xy(400, alpha, True, rng.normal(size=2)).T
        kept = x**2 + y**2 - alpha * x * y
        yield roundoff(kept, np.full(401, kept[0]), terms=2000, scale=float((x**2 + y**2).max()))
        r = np.hypot(x, y)
        yield bound(float((r / r[0]).max()), math.sqrt((2 + alpha) / (2 - alpha)), "≤")
        yield bound(float((r / r[0]).min()), math.sqrt((2 - alpha) / (2 + alpha)), "≥")
    r = np.linalg.norm(play_xy(4000, 2.0, True), axis=1)
    limit = Text("linear growth, up to 1/k", "线性增长，误差为 1/k 阶")
    yield near(r[4000] / r[2000], 2.0, 0.01, limit)
    x, y = play_xy(400, 2.0, True, (1.0, 1.0)).T
    yield roundoff(np.hypot(x, y), np.full(401, math.sqrt(2)), terms=4)


@GAN.mutant(
    caught_by="best-discriminator-is-the-share-of-the-real, the-players-want-opposite-things, steps-at-once-spiral-outwards, steps-in-turn-stay"
)
def losses_minimised_together(real, fake, real_weights=None, fake_weights=None):
    """both players minimise the value"""
    L_D, *rest = gan(real, fake, real_weights, fake_weights)
    return -L_D, *rest


@GAN.mutant(
    caught_by="a-sure-discriminator-stops-the-minimax-loss, what-the-two-slopes-belong-to, the-two-losses-add-up"
)
def minimax_for_both(real, fake, real_weights=None, fake_weights=None):
    """the minimax loss in place of the non-saturating one"""
    L_D, L_G, _ = gan(real, fake, real_weights, fake_weights)
    return L_D, L_G, L_G


@GAN.mutant(
    caught_by="against-a-fixed-discriminator-one-point-is-best, a-sure-discriminator-stops-the-minimax-loss, small-steps-against-the-best-answer-come-to-p"
)
def sign_of_the_generator(real, fake, real_weights=None, fake_weights=None):
    """the generator's losses with the other sign: it helps the discriminator"""
    L_D, L_G, L_plus = gan(real, fake, real_weights, fake_weights)
    return L_D, -L_G, -L_plus


@GAN.mutant(caught_by="each-kind-has-a-mean-of-its-own, equals-definition")
def one_mean_over_both(real, fake, real_weights=None, fake_weights=None):
    """twice one mean over real and generated samples together"""
    L_D, L_G, L_plus = gan(real, fake, real_weights, fake_weights)
    n, m = real.shape[-1], fake.shape[-1]
    L_real, L_fake = L_D + L_G, -L_G
    return 2 * (n * L_real + m * L_fake) / (n + m), L_G, L_plus


@GAN.mutant(
    caught_by="its-value-is-that-of-the-divergence, the-players-want-opposite-things, samples-can-be-learnt-by-heart, a-loss-of-ln4-may-be-boldness"
)
def half_the_loss(real, fake, real_weights=None, fake_weights=None):
    """the mean of the two means"""
    L_D, *rest = gan(real, fake, real_weights, fake_weights)
    return L_D / 2, *rest


@GAN.mutant(caught_by="logits-of-any-size")
def logarithms_cut_off(real, fake, real_weights=None, fake_weights=None):
    """ln(D + 10⁻⁸): a sure mistake costs 18 nats at most"""

    def mean(values, weights):
        return values.mean(-1) if weights is None else (weights * values).sum(-1)

    with np.errstate(over="ignore"):
        D, E = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    V = mean(np.log(D + 1e-8), real_weights) + mean(np.log(1 - E + 1e-8), fake_weights)
    return -V, mean(np.log(1 - E + 1e-8), fake_weights), -mean(np.log(E + 1e-8), fake_weights)


@GAN.mutant(
    caught_by="best-discriminator-is-the-share-of-the-real, a-discriminator-of-straight-lines-sees-less, samples-can-be-learnt-by-heart, equals-definition"
)
def sigmoid_twice(real, fake, real_weights=None, fake_weights=None):
    """probabilities taken for logits: the sigmoid twice"""
    D, E = (np.exp(-np.logaddexp(0, -l)) for l in (real, fake))
    return gan(D, E, real_weights, fake_weights)


@GAN.mutant(
    caught_by="each-kind-has-a-mean-of-its-own, best-discriminator-is-the-share-of-the-real, its-value-is-that-of-the-divergence"
)
def weights_left_out(real, fake, real_weights=None, fake_weights=None):
    """every sample counted once, whatever its weight"""
    return gan(real, fake)


@GAN.mutant(caught_by="best-discriminator-is-the-share-of-the-real, logits-of-any-size, samples-can-be-learnt-by-heart")
def labels_swapped(real, fake, real_weights=None, fake_weights=None):
    """real samples labelled as generated, and the other way round"""
    _, *rest = gan(real, fake, real_weights, fake_weights)
    return gan(-real, -fake, real_weights, fake_weights)[0], *rest


@GAN.mutant(
    caught_by="a-sure-discriminator-stops-the-minimax-loss, what-the-two-slopes-belong-to, steps-at-once-spiral-outwards"
)
def losses_of_the_generator_swapped(real, fake, real_weights=None, fake_weights=None):
    """the non-saturating loss where the minimax one is asked for, and the other way round"""
    L_D, L_G, L_plus = gan(real, fake, real_weights, fake_weights)
    return L_D, L_plus, L_G


@GAN.mutant(caught_by="each-kind-has-a-mean-of-its-own, equals-definition")
def sum_over_the_batch(real, fake, real_weights=None, fake_weights=None):
    """sums over the samples in place of their means"""
    L_D, L_G, L_plus = gan(real, fake, real_weights, fake_weights)
    if real_weights is not None:
        return L_D, L_G, L_plus
    n, m = real.shape[-1], fake.shape[-1]
    return n * (L_D + L_G) - m * L_G, m * L_G, m * L_plus


GAN.erratum(
    "E85",
    common="The optimum is reached when the generated distribution is that of the data (a common way to say it)",
    why=r"There is the equilibrium; that play comes to it is another matter. In $\min_x\max_yxy$ the equilibrium is 0, and players who step at once are 144.8 times farther from it after 1000 steps of 0.1; in turn they go round it. And for a discriminator that cannot have any value there may be other equilibria: with logits $a+bx$ and data of $N(0,1)$, $N(0,4)$ is one as well, as no such discriminator tells them apart.",
    right=r"$q=p$, $D=\frac12$ is an equilibrium, the only one where $D$ and $q$ may be anything; whether the players come to it depends on how they step, and on what they can represent",
    claims="steps-at-once-spiral-outwards, steps-in-turn-stay, a-discriminator-of-straight-lines-sees-less",
)
GAN.erratum(
    "E86",
    common="Training minimises the sum of the generator's and the discriminator's losses (a common slip)",
    why="In the game of the paper they add up to 0 whatever the players do: their sum cannot be minimised, and what one gains the other loses. With the non-saturating loss the least sum over $D$ is at another discriminator: for $q=p$ at $\\frac23$ where it should be $\\frac12$.",
    right="Each player minimises a loss of its own with the other held: $\\min_G\\max_DV$, by turns",
    claims="the-players-want-opposite-things",
)
GAN.erratum(
    "E370",
    common="The non-saturating loss, too, minimises the Jensen–Shannon divergence (a common slip)",
    why="With the best discriminator held, its slope is that of $\\mathrm{KL}(q\\,\\|\\,p)-2\\,\\mathrm{JS}(p,q)$: the divergence that punishes samples where there are no data, and hardly data without samples, less twice the other.",
    right="The minimax loss goes down on $2\\,\\mathrm{JS}$; the non-saturating one on $\\mathrm{KL}(q\\,\\|\\,p)-2\\,\\mathrm{JS}$, as long as $D$ is the best and $p>0$ where $q>0$",
    claims="what-the-two-slopes-belong-to, the-two-losses-add-up",
)


@GAN.figure(
    distance=Slider(0.3, 8.0, 3.0, "distance θ of the generated distribution"),
    alpha=Slider(0.05, 0.6, 0.2, "step size α"),
)
def figure(distance, alpha):
    fig, (left, middle, right) = canvas(columns=3, width=9.6, height=3.3)
    x = np.linspace(-4, 12, 321)
    p, q = normal(x), normal(x, distance)
    left.fill_between(x, p, color=COLOURS[0], alpha=0.3, lw=0, label="data")
    left.fill_between(x, q, color=COLOURS[1], alpha=0.3, lw=0, label="generated")
    left.plot(x, sigma(distance * (distance / 2 - x)), color="0.3", label="best discriminator")
    left.set(xlabel="sample", ylabel="density, probability", ylim=(0, 1.5), xlim=(-4, 12))
    left.legend(fontsize=9, frameon=False, loc="upper right")
    z = np.linspace(-9, 9, 361)
    w = normal(z) * (z[1] - z[0])
    thetas = np.linspace(0.05, 8.5, 120)

    def slopes(theta):
        D = float((w * sigma(-theta * (theta / 2 + z))).sum())
        return theta * D, theta * (1 - D)

    curves = np.array([slopes(theta) for theta in thetas]).T
    middle.plot(thetas, curves[0], color=COLOURS[2], label="minimax loss")
    middle.plot(thetas, curves[1], color=COLOURS[3], label="non-saturating loss")
    here = slopes(distance)
    middle.plot([distance] * 2, here, "o", color="0.3", ms=5)
    middle.set(xlabel="distance θ", ylabel="slope for the generator", ylim=(0, None))
    middle.legend(fontsize=9, frameon=False, loc="upper left")
    K = 60
    once, turn = play_xy(K, alpha, False, (1.0, 0.0)), play_xy(K, alpha, True, (1.0, 0.0))
    far = max(2.0, float(np.abs(turn).max()) * 1.3)
    right.plot(*once.T, color=COLOURS[4], lw=1.2, label="at once")
    right.plot(*turn.T, color=COLOURS[5], lw=1.2, label="in turn")
    right.plot([0], [0], "+", color="0.3", ms=9)
    right.set(xlabel="x", ylabel="y", xlim=(-far, far), ylim=(-far, far * 1.35))
    right.set_aspect("equal", adjustable="datalim")
    right.legend(fontsize=9, frameon=False, loc="upper right", ncols=2)
    grown = (1 + alpha**2) ** (K / 2)
    words = Text(
        f"Normal data and generated samples {distance:.3g} deviations apart, and the best discriminator. With it held, the slope of the minimax loss in θ is {here[0]:.3g}, of the non-saturating one {here[1]:.3g}. "
        f"And min over x, max over y of xy by {K} steps of {alpha:.2g}: at once the distance from the equilibrium grows {grown:.3g}-fold, in turn it stays within a factor of {math.sqrt((2 + alpha) / (2 - alpha)):.3g}.",
        f"正态数据与相距 {distance:.3g} 个标准差的生成样本，以及最优判别器。固定它时，minimax 损失对 θ 的斜率为 {here[0]:.3g}，非饱和损失为 {here[1]:.3g}。"
        f"另有对 xy 关于 x 求最小、关于 y 求最大，步长 {alpha:.2g}，共 {K} 步：同时更新时，到均衡点的距离增大到 {grown:.3g} 倍；轮流更新时，变化不超过 {math.sqrt((2 + alpha) / (2 - alpha)):.3g} 倍。",
    )
    return Drawing(fig, words)
