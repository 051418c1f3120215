"""Online learning: gradient descent and exponential weights against whatever comes, measured by their regret."""

from math import comb, log, sqrt

import numpy as np

from gradus.frameworks import namespace
from gradus.optimization.problems import as_like
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, near, rate, roundoff, statistical
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(online_descent, gradient, theta0, steps, alpha, radius, simplex):
    rates = alpha.tolist() if hasattr(alpha, "tolist") else alpha
    reach = None if simplex else radius
    return online_descent(gradient, theta0, steps, rates, radius=reach, simplex=simplex)


ONLINE = Concept(
    key="online-learning",
    kind="algorithm",
    title="Online gradient descent, regret, experts",
    summary="Play a point, see the loss, take a step; the next loss may be anything. What is measured is the regret: how much more "
    "was lost than by the best fixed point in hindsight. With steps that fall like $1/\\sqrt t$ it grows like $\\sqrt T$ only, "
    "on the simplex with exponential weights like $\\sqrt{T\\log n}$, and on strongly convex losses like $\\log T$.",
    formulas=(
        r"R_T=\sum_{t=1}^{T}f_t(\theta_t)-\min_{u\in\Theta}\sum_{t=1}^{T}f_t(u)",
        r"\theta_{t+1}=\Pi_\Theta(\theta_t-\alpha_tg_t),\quad g_t=\nabla f_t(\theta_t),\quad\alpha_t=\frac D{G\sqrt t}:\qquad R_T\le\tfrac32GD\sqrt T",
        r"\alpha_t=\frac1{\mu t}\quad(\mu>0):\qquad R_T\le\frac{G^2}{2\mu}(1+\log T)",
        r"\theta_{t+1,i}=\frac{\theta_{t,i}\,e^{-\alpha g_{t,i}}}{\sum_j\theta_{t,j}\,e^{-\alpha g_{t,j}}},\quad g_t\in[0,1]^n,\quad\theta_{1,i}=\frac1n,\quad\alpha=\sqrt{\frac{8\log n}T}:\qquad R_T\le\sqrt{\tfrac12T\log n}",
    ),
    symbols=(
        Symbol(
            r"g_t", "gradient", "function", "gradient of the loss of round t, called as (θ, t), t from 0", "function"
        ),
        Symbol(r"\theta_1", "theta0", "d", "the first point, in Θ"),
        Symbol("T", "steps", "", "number of rounds", "natural"),
        Symbol(r"\alpha_t", "alpha", "", "step sizes: one for all rounds, or T of them", "positive"),
        Symbol("r", "radius", "", r"Θ is the ball $\lVert\theta\rVert\le r$, $D=2r$", "positive"),
        Symbol(
            r"\Theta", "simplex", "", "or, if true, the simplex: shares of n experts; $g_t$ are their losses", "boolean"
        ),
        Symbol("f_t", "", "", "loss of round t, chosen by anyone, knowing the points played so far"),
        Symbol("R_T", "", "", "regret"),
        Symbol("u", "", "d", "a fixed point to be compared with"),
        Symbol(r"\Pi_\Theta", "", "", "the nearest point of Θ"),
        Symbol("D,\\ G", "", "", r"diameter of Θ, and bound on the gradients: $\lVert g_t\rVert\le G$"),
        Symbol(r"\mu", "", "", "how strongly convex every loss is: the third line is for $\\mu>0$"),
        Symbol("n", "", "", "number of experts"),
    ),
    needs=("gradient-descent", "convexity", "sgd"),
    source="zinkevich2003online",
    year=2003,
    people=("Nick Littlestone", "Manfred Warmuth", "Yoav Freund", "Robert Schapire", "Martin Zinkevich"),
    aliases="OGD, regret, no-regret learning, online convex optimization, experts, hedge, exponential weights, multiplicative weights, "
    "weighted majority, exponentiated gradient, adversarial, 在线学习, 在线梯度下降, 遗憾, 悔恨, 后悔值, 专家问题, 指数加权, 乘性权重",
    implementations=(Implementation("gradus.optimization:online_descent", "torch", _ours, "weights as logarithms"),),
    readings="zinkevich2003online; hazan2016introduction §1.3, §3.1, §3.3; freund1997decision §2; cesabianchi2006prediction §2.2, §3.7; "
    "hazan2007logarithmic",
    hypotheses=(
        Hypothesis("Θ is bounded, and the points are put back into it", "no-projection"),
        Hypothesis("every $f_t$ is convex", "a-valley-keeps-it"),
        Hypothesis("gradients no longer than $G$; losses of experts in [0, 1]", "units-count"),
        Hypothesis(
            "the step knows $T$; in the ball it may fall instead",
            "a-constant-step-pays-every-round, falling-steps-trap-the-weights",
        ),
        Hypothesis("the point is played before the loss is seen", "peeks"),
    ),
    conventions=(
        Convention(
            "the rate of exponential weights",
            r"$e^{-\alpha g}$ with the step size α",
            r"Littlestone and Warmuth, Freund and Schapire: $\beta^{g}$ with $\beta=e^{-\alpha}$; elsewhere η for α",
        ),
        Convention(
            "what is compared", "the best fixed point in hindsight", "dynamic regret compares with points that move"
        ),
    ),
    proof=Proof(
        r"(Ball.) Let $u\in\Theta$. By convexity $f_t(\theta_t)-f_t(u)\le g_t^{\mathsf T}(\theta_t-u)$, and projection brings no point "
        r"farther from $u$: $\lVert\theta_{t+1}-u\rVert^2\le\lVert\theta_t-u\rVert^2-2\alpha_tg_t^{\mathsf "
        r"T}(\theta_t-u)+\alpha_t^2G^2$. Divided by $2\alpha_t$ and summed, with $\lVert\theta_t-u\rVert\le D$ and $1/\alpha_t$ "
        r"rising, $R_T\le\frac{D^2}{2\alpha_T}+\frac{G^2}2\sum\alpha_t\le\frac12GD\sqrt T+GD\sqrt T$. (Strongly convex.) There is "
        r"$-\frac\mu2\lVert\theta_t-u\rVert^2$ in addition, and with $1/\alpha_t=\mu t$ the distances cancel: $R_T\le\frac{G^2}2\sum"
        r"\frac1{\mu t}$. (Experts.) Let $W_t=\frac1n\sum_ie^{-\alpha\sum_{s<t}g_{s,i}}$. Then $W_{t+1}/W_t=\sum_i\theta_{t,i}"
        r"e^{-\alpha g_{t,i}}\le e^{-\alpha\theta_t^{\mathsf T}g_t+\alpha^2/8}$ (Hoeffding), while $W_{T+1}\ge\frac1ne^{-\alpha"
        r"\sum_tg_{t,i}}$ for each $i$. So $R_T\le\frac{\log n}\alpha+\frac{\alpha T}8$; α as given makes both halves equal."
    ),
    differentiable=False,
    longest_sum=64,
)


@ONLINE.definition
def online_learning(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    theta, total = [theta0], 0 * theta0
    for t, a in enumerate(np.broadcast_to(alpha, (steps,))):
        g = gradient(theta[-1], t)
        if simplex:
            total = total + a * g
            weights = theta0 * np.exp(total[theta0 > 0].min() - total)  # the common factor changes no share
            theta.append(weights / weights.sum())
        else:
            x = theta[-1] - a * g
            theta.append(x * radius / max(radius, np.linalg.norm(x)))
    return np.stack(theta)  # (T + 1, d); the last is not played


def shown(rows):
    """The gradients of losses that do not look at the point: linear ones."""
    rows = np.asarray(rows, float)
    return generic(lambda theta, t: as_like(rows, theta)[t])


@generic
def against(theta, t):
    """The adversary of one dimension: the slope that makes the point played as bad as can be."""
    return namespace(theta).where(theta >= 0, 1 + 0 * theta, -1 + 0 * theta)


@generic
def on_the_leader(theta, t):
    """The expert of the largest share loses 1, the others nothing."""
    return as_like(np.eye(len(theta)), theta)[namespace(theta).argmax(theta)]


def towards(rows):
    """The gradients of ½‖θ − x_t‖²."""
    rows = np.asarray(rows, float)
    return generic(lambda theta, t: theta - as_like(rows, theta)[t])


def played(gradient, theta):
    """The gradients at the points that were played."""
    return np.stack([gradient(point, t) for t, point in enumerate(theta[:-1])])


def regrets(gradient, theta, radius=None):
    """The regret after each round on linear losses: in the ball, or (without a radius) in the simplex."""
    g = played(gradient, theta)
    total = g.cumsum(0)
    best = total.min(1) if radius is None else -radius * np.linalg.norm(total, axis=1)
    return (g * theta[:-1]).sum(1).cumsum() - best


@ONLINE.example
def example():
    losses = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    gradient, theta0, steps, alpha = shown(losses), np.array([0.5, 0.5]), 5, log(2)
    theta = online_learning(gradient, theta0, steps, alpha, simplex=True)
    lost = (losses * theta[:-1]).sum(1)
    data = np.array([[3.0], [1.0], [2.0]])
    mean = online_learning(towards(data), np.array([0.0]), 3, 1 / np.arange(1, 4), 5.0)
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, simplex=True, theta=theta, losses=losses)
        | dict(lost=lost, total=lost.sum(), best=losses.sum(0).min(), regret=lost.sum() - 1, weight=np.exp(-alpha))
        | dict(
            promise=log(2) / alpha + alpha * 5 / 8, best_promise=sqrt(5 * log(2) / 2), best_alpha=sqrt(8 * log(2) / 5)
        )
        | dict(data=data[:, 0], mean=mean[:, 0])
    )


@ONLINE.exercise
def rounds():
    return number(log(16) / 2 / 0.05**2, without_the_half=log(16) / 0.05**2, base_two=4 / 2 / 0.05**2)


@ONLINE.exercise
def back_to_the_ball():
    start, g = np.array([0.6, 0.8]), np.array([[-1.0, 0.0]])
    point = online_learning(shown(g), start, 1, 0.5)[1]
    return array(point, outside=[1.1, 0.8], each_coordinate=[1.0, 0.8])


def alternating(T):
    """Two experts who lose in turn, so that whoever leads is the next to lose."""
    losses = np.zeros((T, 2))
    losses[0], losses[1::2, 1], losses[2::2, 0] = [0.5, 0], 1, 1
    return losses


@ONLINE.exercise
def the_leader():
    losses = alternating(1000)
    theta = online_learning(shown(losses), np.array([0.5, 0.5]), 1000, 1e3, simplex=True)
    regret = regrets(shown(losses), theta)[-1]
    return choice(half=regret > 0.45 * 1000, root=10 < regret < 100, none=regret < 1)


@ONLINE.cases
def cases(rng):
    yield (
        "linear losses",
        dict(gradient=shown(rng.standard_normal((12, 3))), theta0=np.array([0.5, 0, 0]), steps=12, alpha=0.5),
    )
    falling = 2 / np.sqrt(np.arange(1, 31))
    yield "a falling step", dict(gradient=against, theta0=np.array([0.25]), steps=30, alpha=falling)
    data = rng.uniform(-1, 1, (20, 2))
    yield (
        "running mean",
        dict(gradient=towards(data), theta0=np.zeros(2), steps=20, alpha=1 / np.arange(1, 21), radius=2.0),
    )
    losses = rng.uniform(0, 1, (25, 4))
    yield "experts", dict(gradient=shown(losses), theta0=np.full(4, 0.25), steps=25, alpha=0.5, simplex=True)
    yield (
        "an unequal start",
        dict(gradient=shown(losses), theta0=np.array([0.5, 0.25, 0.25, 0]), steps=25, alpha=0.5, simplex=True),
    )
    yield (
        "badly scaled",
        dict(gradient=shown([[1e4, 1e-4], [-1e4, 1e-4]] * 4), theta0=np.zeros(2), steps=8, alpha=1e-3, radius=5.0),
    )
    yield "no round", dict(gradient=against, theta0=np.array([0.5]), steps=0, alpha=0.5)


@ONLINE.invalid
def invalid(rng):
    yield "a gradient of another shape", dict(gradient=shown(np.ones((2, 3))), theta0=np.zeros(2), steps=2, alpha=0.5)


def opponents(rng, T):
    """Gradients of length 1 or less in the ball of radius 1: against the point, at random, there and back, in turn."""
    yield against, np.array([0.25])
    unit = rng.standard_normal((T, 3))
    yield shown(unit / np.linalg.norm(unit, axis=1)[:, None]), np.zeros(3)
    turning = np.zeros((T, 3))
    turning[: T // 2, 0], turning[T // 2 :, 0] = 1, -1
    yield shown(turning), np.zeros(3)
    yield shown(np.resize([1.0, -1.0], (T, 1))), np.array([-1.0])


@ONLINE.claim
def regret_of_the_falling_step(learn, rng):
    r"""In the ball, with $\alpha_t=\frac D{G\sqrt t}$, $R_T\le\frac32GD\sqrt T$ after every round, whoever chooses the losses"""
    T = 300
    t = np.arange(1, T + 1)
    for gradient, start in opponents(rng, T):
        theta = learn(gradient, start, T, 2 / np.sqrt(t), 1.0)
        worst = (regrets(gradient, theta, 1.0) / (3 * np.sqrt(t))).max()
        yield bound(
            worst, 1.0, because=Text("R_t over 3√t, the largest of 300 rounds", "R_t 与 3√t 之比，300 轮中最大者")
        )


@ONLINE.claim
def known_number_of_rounds(learn, rng):
    r"""If $T$ is known, the constant step $\frac D{G\sqrt T}$ will do: $R_T\le GD\sqrt T$"""
    for T in (50, 200):
        for gradient, start in opponents(rng, T):
            theta = learn(gradient, start, T, 2 / sqrt(T), 1.0)
            reached = regrets(gradient, theta, 1.0)[-1] / (2 * sqrt(T))
            yield bound(reached, 1.0, because=Text("R_T over 2√T", "R_T 与 2√T 之比"))


@ONLINE.claim
def a_constant_step_pays_every_round(learn, rng):
    r"""A constant step that knows no $T$ is not optimal: against an adversary in one dimension, from $\frac14$, $\alpha=\frac12$ pays
    $\frac14$ a round, $R_T=\frac T4$ for even $T$; the falling step pays $\propto\sqrt T$"""
    sizes = [64, 128, 256, 512]
    falling = 2 / np.sqrt(np.arange(1, 513))
    constant = regrets(against, learn(against, np.array([0.25]), 512, 0.5, 1.0), 1.0)
    slower = regrets(against, learn(against, np.array([0.25]), 512, falling, 1.0), 1.0)
    at = np.array(sizes) - 1
    yield roundoff(constant[at], np.array(sizes) / 4, terms=512)
    yield rate(sizes, slower[at], 0.5, 0.05)


@ONLINE.claim
def follows_the_mean(learn, rng):
    r"""On $\frac12\lVert\theta-x_t\rVert^2$ with $\alpha_t=\frac1t$ and data in Θ it plays the mean of what it has seen,
    $\theta_{t+1}=\frac1t\sum_{s\le t}x_s$"""
    x, t = rng.uniform(-1, 1, (60, 3)), np.arange(1, 61)
    theta = learn(towards(x), np.array([0.5, -0.5, 0.25]), 60, 1 / t, 4.0)
    return roundoff(theta[1:], x.cumsum(0) / t[:, None], terms=120, scale=1.0)


@ONLINE.claim
def logarithm_when_strongly_convex(learn, rng):
    r"""On μ-strongly convex losses, with $\alpha_t=\frac1{\mu t}$, $R_T\le\frac{G^2}{2\mu}(1+\log T)$ after every round: for
    $\frac12(\theta-x_t)^2$, $\lvert x_t\rvert\le1$, at random, all −1 before all 1, and 1 and −1 in turn"""
    T = 300
    t = np.arange(1, T + 1)
    half = np.sort(rng.choice([-1.0, 1.0], (T, 1)), axis=0)
    for x in (rng.uniform(-1, 1, (T, 1)), half, np.resize([1.0, -1.0], (T, 1))):
        theta = learn(towards(x), np.zeros(1), T, 1 / t, 1.0)
        lost = ((theta[:-1] - x) ** 2 / 2).sum(1).cumsum()
        best = ((x**2).cumsum(0) - x.cumsum(0) ** 2 / t[:, None]).sum(1) / 2
        worst = ((lost - best) / (2 * (1 + np.log(t)))).max()
        yield bound(
            worst, 1.0, because=Text("R_t over 2(1 + log t); G = 2, μ = 1", "R_t 与 2(1 + log t) 之比；G = 2，μ = 1")
        )


@ONLINE.claim
def regret_of_experts(learn, rng):
    r"""With exponential weights and $\alpha=\sqrt{8\log n/T}$, $R_T\le\sqrt{\frac12T\log n}$ for losses in [0, 1], chosen by anyone"""
    for n, T in ((2, 60), (8, 200)):
        alpha, start = sqrt(8 * log(n) / T), np.full(n, 1 / n)
        coins, switching = rng.integers(0, 2, (T, n)), np.eye(n)[np.arange(T) * n // T]
        in_turn = np.eye(n)[np.arange(T) % n]
        for gradient in (on_the_leader, shown(coins), shown(switching), shown(in_turn), shown(1 - switching)):
            reached = regrets(gradient, learn(gradient, start, T, alpha, 1.0, True))[-1]
            yield bound(reached / sqrt(T * log(n) / 2), 1.0, because=Text("R_T over the bound", "R_T 与上界之比"))


@ONLINE.claim
def weights_are_exponentials(learn, rng):
    r"""The shares are $\theta_{t+1,i}\propto\theta_{1,i}\,e^{-\alpha\sum_{s\le t}g_{s,i}}$: the order of the losses does not matter"""
    losses, start = rng.uniform(0, 1, (40, 5)), rng.dirichlet(np.ones(5))
    theta = learn(shown(losses), start, 40, 0.7, 1.0, True)
    want = start * np.exp(-0.7 * losses.cumsum(0))
    yield roundoff(theta[1:], want / want.sum(1, keepdims=True), terms=200, scale=1.0)
    turned = learn(shown(losses[::-1]), start, 40, 0.7, 1.0, True)
    yield roundoff(turned[-1], theta[-1], terms=200, scale=1.0)


@ONLINE.claim(required=False)
def a_bad_expert_may_return(learn, rng):
    r"""An expert who lost 900 rounds and then loses none while the other loses 900 has half of the weight again, though his share
    was $e^{-900}$, less than the smallest number"""
    losses = np.zeros((1800, 2))
    losses[:900, 0], losses[900:, 1] = 1, 1
    theta = learn(shown(losses), np.array([0.5, 0.5]), 1800, 1.0, 1.0, True)
    return all_of(
        roundoff(theta[-1], [0.5, 0.5], terms=1800), bound(theta[900, 0], 1e-300, "≤", Text("e⁻⁹⁰⁰", "e⁻⁹⁰⁰"))
    )


@ONLINE.claim
def it_stays_in_the_set(learn, rng):
    r"""Every point played is in Θ: in the ball, at its border straight below the point outside; or shares that add up to 1"""
    g = 3 * rng.standard_normal((80, 3))
    theta = learn(shown(g), np.zeros(3), 80, 0.5, 1.5)
    yield bound(np.linalg.norm(theta, axis=1).max(), 1.5, because=Text("the radius", "半径"))
    outside = theta[:-1] - 0.5 * g
    length = np.linalg.norm(outside, axis=1)[:, None]
    yield roundoff(theta[1:], np.where(length > 1.5, 1.5 * outside / length, outside), terms=16, scale=10.0)
    shares = learn(shown(np.abs(g)), np.full(3, 1 / 3), 80, 0.5, 1.0, True)
    yield roundoff(shares.sum(1), np.ones(81), terms=16)
    yield bound(shares.min(), 0.0, "≥", Text("no share is negative", "没有负的权重"))


@ONLINE.claim
def no_learner_beats_a_coin(learn, rng):
    r"""The order $\sqrt T$ cannot be improved: if a fair coin decides which of two experts loses, $\mathbb E\,R_T=\frac12\mathbb
    E\lvert S_T\rvert\approx\sqrt{T/2\pi}$ for every learner, $S_T$ the sum of $T$ signs"""
    T, reached = 32, []
    for _ in range(120):
        coin = rng.integers(0, 2, (T, 1))
        losses = np.concatenate([coin, 1 - coin], 1)
        reached.append(regrets(shown(losses), learn(shown(losses), np.array([0.5, 0.5]), T, 0.4, 1.0, True))[-1])
    exact = T * comb(T, T // 2) / 2**T / 2
    yield statistical(reached, exact)
    yield near(exact, sqrt(T / (2 * np.pi)), 1 / (4 * T) * exact * 1.1, Text("Stirling, 1/4T", "Stirling 公式，1/4T"))


@ONLINE.claim
def following_the_leader_loses_half(learn, rng):
    r"""Without a limit on α it follows the leader, and loses every round: two experts who lose in turn cost $\alpha=500$ a regret of
    about $\frac T2$; with $\alpha=\sqrt{8\log2/T}$ the bound holds"""
    T, start = 200, np.array([0.5, 0.5])
    gradient = shown(alternating(T))
    blind = regrets(gradient, learn(gradient, start, T, 500.0, 1.0, True))[-1]
    alpha = sqrt(8 * log(2) / T)
    careful = regrets(gradient, learn(gradient, start, T, alpha, 1.0, True))[-1]
    yield bound(
        blind, T / 2 - 1, "≥", Text("it loses every round, the best every other", "它每轮都输，最好的专家隔轮才输")
    )
    yield bound(careful, sqrt(T * log(2) / 2))


@ONLINE.claim
def units_count(learn, rng):
    r"""The bound is for losses in [0, 1]: ten times the losses at the same α may cost more than ten times the bound, as for two experts
    who lose in turn: the step must fall with the scale of the losses"""
    T, start = 200, np.array([0.5, 0.5])
    alpha, tenfold = sqrt(8 * log(2) / T), shown(10 * alternating(T))
    over = regrets(tenfold, learn(tenfold, start, T, alpha, 1.0, True))[-1] / (10 * sqrt(T * log(2) / 2))
    right = regrets(tenfold, learn(tenfold, start, T, alpha / 10, 1.0, True))[-1] / (10 * sqrt(T * log(2) / 2))
    yield bound(over, 1.5, "≥", Text("R_T over ten times the bound", "R_T 与上界的十倍之比"))
    yield bound(right, 1.0, "≤", Text("with a tenth of the step", "步长取十分之一"))


@ONLINE.claim
def falling_steps_trap_the_weights(learn, rng):
    r"""In the simplex a step that falls from loss to loss is no way out: with $\alpha_t=1/\sqrt t$, if one of two experts loses $\frac T4$
    rounds and then the other all the rest, the late losses weigh too little, and $R_T>0.4\,T$ at $T=400$ and 1600"""
    for T in (400, 1600):
        losses = np.zeros((T, 2))
        losses[: T // 4, 0], losses[T // 4 :, 1] = 1, 1
        theta = learn(shown(losses), np.array([0.5, 0.5]), T, 1 / np.sqrt(np.arange(1, T + 1)), 1.0, True)
        reached = regrets(shown(losses), theta)[-1] / T
        # √T − √(T/4) is just √(T/4): the sums of the steps are level at T only
        yield bound(reached, 0.4, "≥", Text("R_T over T; it tends to ½", "R_T 与 T 之比；趋于 ½"))


@generic
def two_valleys(x, t):
    """Slope of x⁴/4 − x²/2 + x/10, whose right valley is the higher one."""
    return x * x * x - x + 0.1


@ONLINE.claim
def a_valley_keeps_it(learn, rng):
    r"""Without convexity the regret may grow like $T$: on $\frac{x^4}4-\frac{x^2}2+\frac x{10}$ from 1.2 it pays 0.20 a round for
    ever"""

    def f(x):
        return x**4 / 4 - x**2 / 2 + x / 10

    lowest = f(np.sort(np.roots([1, 0, -1, 0.1]).real)[0])
    theta = learn(two_valleys, np.array([1.2]), 400, 0.5 / np.sqrt(np.arange(1, 401)), 1.5)
    return near((f(theta[200:-1]) - lowest).mean(), 0.20, 0.005, Text("digits printed", "所写的位数"))


@ONLINE.mutant(
    caught_by="equals-definition, regret-of-the-falling-step, a-constant-step-pays-every-round, follows-the-mean, "
    "logarithm-when-strongly-convex, falling-steps-trap-the-weights"
)
def constant_step(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    """a constant step sold as optimal: the first of the step sizes for all rounds"""
    return online_learning(gradient, theta0, steps, np.ravel(alpha)[:1], radius, simplex)


@ONLINE.mutant(caught_by="equals-definition, regret-of-the-falling-step, it-stays-in-the-set")
def no_projection(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    """the points are not put back into the ball"""
    return online_learning(gradient, theta0, steps, alpha, 1e30, simplex)


@ONLINE.mutant(caught_by="equals-definition, it-stays-in-the-set")
def each_coordinate(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    """each coordinate is cut off at the radius by itself: a box, not a ball"""
    if simplex:
        return online_learning(gradient, theta0, steps, alpha, radius, simplex)
    theta = [theta0]
    for t, a in enumerate(np.broadcast_to(alpha, (steps,))):
        theta.append(np.clip(theta[-1] - a * gradient(theta[-1], t), -radius, radius))
    return np.stack(theta)


@ONLINE.mutant(
    caught_by="equals-definition, no-learner-beats-a-coin, follows-the-mean, a-constant-step-pays-every-round"
)
def peeks(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    """the point is played after the loss has been seen"""
    theta = online_learning(gradient, theta0, steps, alpha, radius, simplex)
    return np.concatenate([theta[1:], theta[-1:]])


@ONLINE.mutant(
    caught_by="equals-definition, known-number-of-rounds, regret-of-experts, regret-of-the-falling-step, a-valley-keeps-it, "
    "units-count, following-the-leader-loses-half"
)
def uphill(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    """steps along the gradient: those who lose gain weight"""
    return online_learning(lambda theta, t: -gradient(theta, t), theta0, steps, alpha, radius, simplex)


@ONLINE.mutant(caught_by="equals-definition, weights-are-exponentials")
def linear_weights(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    """weights fall by the factor 1 − αg in place of the exponential"""
    if not simplex:
        return online_learning(gradient, theta0, steps, alpha, radius)
    theta = [theta0]
    for t, a in enumerate(np.broadcast_to(alpha, (steps,))):
        weights = theta[-1] * np.maximum(1 - a * gradient(theta[-1], t), 0)
        theta.append(weights / max(weights.sum(), 1e-300))
    return np.stack(theta)


@ONLINE.mutant(caught_by="a-bad-expert-may-return")
def product_of_weights(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    """the shares are multiplied round by round: what has become 0 stays 0"""
    if not simplex:
        return online_learning(gradient, theta0, steps, alpha, radius)
    theta = [theta0]
    for t, a in enumerate(np.broadcast_to(alpha, (steps,))):
        g = gradient(theta[-1], t)
        weights = theta[-1] * np.exp(-a * (g - g.min()))
        theta.append(weights / weights.sum())
    return np.stack(theta)


@ONLINE.figure(
    constant=Slider(0.01, 1.0, 0.25, "constant step", log=True),
    caution=Slider(0.05, 20.0, 1.0, "step of the experts (× the best one)", log=True),
)
def figure(constant, caution):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    T = 2048
    t = np.arange(1, T + 1)
    paid = {
        "falling": regrets(against, online_learning(against, np.array([0.1]), T, 2 / np.sqrt(t)), 1.0),
        "constant": regrets(against, online_learning(against, np.array([0.1]), T, constant), 1.0),
    }
    left.loglog(t, paid["falling"], color=COLOURS[0], lw=1.7, label=r"step $\propto1/\sqrt{t}$")
    left.loglog(t, paid["constant"], color=COLOURS[1], lw=1.7, label="constant step")
    left.loglog(t, 3 * np.sqrt(t), "--", color="0.35", lw=1.1, label=r"$\frac{3}{2}GD\sqrt{t}$")
    left.set(xlabel="t", ylabel=r"$R_t$", ylim=(0.3, 1000))
    left.legend(fontsize=9, loc="upper left")
    rounds, n = 160, 4
    chances = np.array([0.35, 0.5, 0.5, 0.65])
    losses = (np.random.default_rng(3).random((rounds, n)) < chances).astype(float)
    alpha = caution * sqrt(8 * log(n) / rounds)
    theta = online_learning(shown(losses), np.full(n, 1 / n), rounds, alpha, simplex=True)
    for i in range(n):
        right.plot(theta[:, i], color=COLOURS[(2, 4, 5, 6)[i]], lw=1.4)
    right.set(xlabel="t", ylabel=r"$\theta_{t,i}$", ylim=(0, 1))
    regret, limit = regrets(shown(losses), theta)[-1], sqrt(rounds * log(n) / 2)
    words = Text(
        f"Against an adversary the constant step {constant:.2f} has lost {paid['constant'][-1]:.1f} more than the best fixed point "
        f"after {T} rounds, the falling one {paid['falling'][-1]:.1f}; the bound is {3 * sqrt(T):.1f}. The other picture: the shares of {n} experts, the best "
        f"of whom errs in 35 % of the rounds, with α = {alpha:.2f}; after {rounds} rounds the regret is {regret:.1f}, at the best step at most {limit:.1f}.",
        f"面对对手，常数步长 {constant:.2f} 在 {T} 轮之后比最好的固定点多损失 {paid['constant'][-1]:.1f}，递减步长多损失 "
        f"{paid['falling'][-1]:.1f}；上界为 {3 * sqrt(T):.1f}。另一图：{n} 位专家的权重，其中最好的在 35 % 的轮次出错，α = {alpha:.2f}；"
        f"{rounds} 轮之后遗憾为 {regret:.1f}，取最佳步长时至多 {limit:.1f}。",
    )
    return Drawing(fig, words)
