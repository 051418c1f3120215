"""Wasserstein GAN: a critic with a bounded slope, by a penalty on its gradient."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _library(gradient_penalty, x, y, epsilon, W, b, v, penalty=10.0):
    from gradus.generative import critic_loss

    def critic(t):
        return (t @ W.T + b).relu() @ v

    loss, found = critic_loss(critic(x), critic(y)), gradient_penalty(critic, x, y, coefficients=epsilon)
    return -loss, found, loss + penalty * found


WGAN = Concept(
    key="wgan",
    kind="model",
    title="Wasserstein GAN",
    summary="The Wasserstein distance of two distributions is the least work to move one heap to the other. By duality it is the most that a function of slope 1 at most "
    "can tell them apart by. A network trained to do so, the critic, can give the generator a slope even where the distributions have nothing in common. "
    "Its own slope is drawn towards 1 by a penalty on the length of its gradient, at points between real and generated samples alone; it comes the nearer to 1 the more the penalty weighs beside the distance.",
    formulas=(
        r"W_1(p,q)=\min_{(x,y)}\mathbb E\lVert x-y\rVert=\max_{\lvert f(s)-f(t)\rvert\le\lVert s-t\rVert}\ \mathbb E_pf-\mathbb E_qf",
        r"d=1:\quad W_1=\int\lvert F(t)-G(t)\rvert\,dt=\frac1n\sum_i\bigl\lvert x_{(i)}-y_{(i)}\bigr\rvert",
        r"E=\frac1n\sum_if(x_i)-\frac1n\sum_if(y_i),\qquad P=\frac1n\sum_i\bigl(\lVert\nabla f(\hat x_i)\rVert-1\bigr)^2,\quad\hat x_i=\varepsilon_ix_i+(1-\varepsilon_i)y_i,\qquad L=-E+\lambda P",
        r"f(t)=v^{\mathsf T}\max(0,Wt+b),\qquad\nabla f(t)=\sum_{k:\,W_k^{\mathsf T}t+b_k>0}v_kW_k",
    ),
    symbols=(
        Symbol("x", "x", "n d", "real samples"),
        Symbol("y", "y", "n d", "generated samples, as many"),
        Symbol(r"\varepsilon", "epsilon", "n", "where between the two of a pair the gradient is looked at", "unit"),
        Symbol("W", "W", "h d", "first weights of the critic"),
        Symbol("b", "b", "h", "its offsets"),
        Symbol("v", "v", "h", "its second weights"),
        Symbol(r"\lambda", "penalty", "", "weight of the penalty", "nonnegative"),
        Symbol("f", "", "", "the critic"),
        Symbol(
            "p,\\ q",
            "",
            "",
            "distributions of the real and of the generated samples, whose lengths have a finite mean; in the first formula $x\\sim p$, $y\\sim q$ in any joint distribution",
        ),
        Symbol("F,\\ G", "", "", "their distribution functions"),
        Symbol(
            "x_{(i)}", "", "", "the i-th smallest of n samples, of which $p$ then consists, as $q$ does of the $y_i$"
        ),
        Symbol("W_1(p,q)", "", "", "the Wasserstein distance"),
        Symbol("W_k,\\ v_k,\\ b_k", "", "", "of the k-th unit: a row of $W$, and a number each"),
        Symbol("n,\\ d,\\ h", "", "", "numbers of samples of each kind, of coordinates, of units", "natural"),
    ),
    returns=(
        Result(
            "E",
            "",
            "what the critic tells them apart by; if its slope is at most 1, at most the distance of the samples",
        ),
        Result("P", "", "penalty"),
        Result("L", "", "what the critic minimises"),
    ),
    needs=("gan",),
    source="gulrajani2017improved",
    year=2017,
    people=("Martin Arjovsky", "Soumith Chintala", "Léon Bottou", "Ishaan Gulrajani", "Leonid Kantorovich"),
    aliases="WGAN, WGAN-GP, gradient penalty, Kantorovich–Rubinstein duality, critic loss, 梯度惩罚, 评判器",
    implementations=(
        Implementation(
            "gradus.generative:gradient_penalty",
            "torch",
            _library,
            "of any critic, with `critic_loss` beside it; `train_gan(kind='wasserstein')` takes both",
        ),
    ),
    readings="arjovsky2017wasserstein; gulrajani2017improved §4, Proposition 1",
    hypotheses=(
        Hypothesis(
            "for E to be at most the distance: the slope of the critic is at most 1, to which a penalty with a finite $\\lambda$ does not see",
            "without-a-bound-there-is-no-best, penalty-lets-the-slope-exceed-one",
        ),
        Hypothesis(
            "for a gradient of length 1: $\\hat x$ lies between two samples that an optimal plan pairs",
            "slope-one-on-the-way-of-the-plan",
        ),
        Hypothesis("and the two of a pair differ", "equal-samples-leave-the-critic-open"),
    ),
    conventions=(
        Convention(
            "which end has $\\varepsilon$",
            "the real one, as in the paper",
            "the generated one, in the paper's own program; uniform draws make no difference",
        ),
        Convention(
            "which gradients cost", "those shorter than 1, too", "only longer ones (one-sided; `one_sided=True`)"
        ),
    ),
    deviations=(
        "The critic here is a network with one hidden layer, so that its gradient can be written out; the implementation takes any.",
        "Where a unit is exactly at 0 its derivative is taken as 0.",
    ),
    unverified="That a network trained by this loss comes near the best critic: the claims compute best critics of samples on a line exactly.",
)


@WGAN.definition
def wgan(x, y, epsilon, W, b, v, penalty=10.0):
    if (epsilon < 0).any() or (epsilon > 1).any() or x.shape != y.shape:
        raise ValueError("pairs of samples, and a coefficient in [0, 1] for each")

    def f(t):
        u = t @ W.T + b
        return (u * (u > 0)) @ v

    between = epsilon[:, None] * x + (1 - epsilon[:, None]) * y
    alive = between @ W.T + b > 0
    gradient = (alive * v) @ W  # n d
    length = np.sqrt((gradient**2).sum(-1))
    E = f(x).mean() - f(y).mean()
    P = ((length - 1) ** 2).mean()
    return E, P, -E + penalty * P


def straight(a):
    """Weights of the critic a·t: a unit for either sign."""
    a = np.asarray(a, float)
    return dict(W=np.stack([a, -a]), b=np.zeros(2), v=np.array([1.0, -1.0]))


def broken(knots, slopes):
    """Weights of the critic on a line that is 0 up to the first knot and has these slopes after each."""
    jumps = np.diff(slopes, prepend=0.0)
    return dict(W=np.ones((len(knots), 1)), b=-np.asarray(knots, float), v=jumps)


def best_slopes(x, y):
    """All samples in order, and between them the sign of G − F, and of the way the plan goes; the last is of what lies beyond."""
    z = np.sort(np.concatenate([x, y]))
    F, G = ((s <= z[:, None]).mean(1) for s in (x, y))
    return z, np.sign(np.round(G - F, 9))


@WGAN.example
def example():
    x, y = np.array([[0.0], [2.0]]), np.array([[5.0], [1.0]])
    given = dict(x=x, y=y, epsilon=np.array([0.5, 0.5]), penalty=10.0) | straight([-1.0])
    found = {}
    for name, slope in (("one", 1.0), ("three", 3.0), ("best", 1 + 2 / 20)):
        E, P, L = wgan(**given | straight([-slope]))
        found |= {f"E_{name}": E, f"P_{name}": P, f"L_{name}": L, f"s_{name}": slope}
    return given | found | dict(W1=np.abs(np.sort(x, 0) - np.sort(y, 0)).mean())


@WGAN.exercise
def three_and_three():
    x, y = np.array([0.0, 1.0, 5.0]), np.array([4.0, 2.0, 2.0])
    return number(
        np.abs(np.sort(x) - np.sort(y)).mean(),
        means=abs(x.mean() - y.mean()),
        as_they_come=np.abs(x - y).mean(),
        sum=np.abs(np.sort(x) - np.sort(y)).sum(),
    )


@WGAN.exercise
def three_four_five():
    x, y = np.ones((2, 2)), np.zeros((2, 2))
    P = wgan(x, y, np.array([0.2, 0.7]), **straight([3.0, 4.0]))[1]
    return number(P, each_coordinate=(4 + 9) / 2, of_the_square=(25 - 1) ** 2, not_squared=4)


@WGAN.exercise
def how_steep():
    return number(1 + 4 / (2 * 10), one=1, no_half=1 + 4 / 10, whole_distance=4)


@WGAN.exercise
def coming_nearer():
    """Two points at distance 2, then 1: what tells of it?"""
    far, near = (wgan(np.zeros((1, 1)), np.full((1, 1), t), np.array([0.5]), **straight([-1.0]))[0] for t in (2.0, 1.0))
    return choice(wasserstein=bool(near < far), shannon=False, neither=bool(near == far))


@WGAN.cases
def cases(rng):
    def network(n, d, h):
        half = rng.normal(size=(h, d))
        W = np.concatenate([half, -half])
        x, y = rng.normal(size=(n, d)), 1 + rng.normal(size=(n, d))
        return dict(
            x=x, y=y, epsilon=rng.uniform(0.05, 0.95, n), W=W, b=0.3 * rng.normal(size=2 * h), v=rng.normal(size=2 * h)
        )

    yield "random", network(5, 3, 4)
    yield "on a line", network(6, 1, 3)
    yield "one pair", network(1, 2, 3)
    yield "another weight", network(4, 2, 3) | dict(penalty=0.1)
    yield "no penalty", network(4, 2, 3) | dict(penalty=0.0)
    yield "as many samples as coordinates and units", network(4, 4, 2)
    yield (
        "a straight critic",
        dict(x=rng.normal(size=(3, 2)), y=rng.normal(size=(3, 2)), epsilon=rng.uniform(0.1, 0.9, 3))
        | straight([3.0, 4.0]),
    )
    yield "at the ends", network(4, 2, 4) | dict(epsilon=np.array([0.0, 1.0, 1.0, 0.0]))
    yield "many", network(200, 5, 20)


@WGAN.invalid
def invalid(rng):
    ok = dict(x=np.zeros((3, 1)), y=np.ones((3, 1)), epsilon=np.full(3, 0.5)) | straight([1.0])
    yield "a coefficient above 1", ok | dict(epsilon=np.array([0.5, 1.5, 0.5]))
    yield "fewer generated samples", ok | dict(y=np.ones((2, 1)))


def floats(found):
    return [float(np.asarray(part)) for part in found]


def column(t):
    return np.asarray(t, float)[:, None]


@WGAN.claim
def best_critic_gives_the_distance(wgan, rng):
    r"""On a line the critic whose slope is the sign of $G-F$ tells the samples apart by exactly $\frac1n\sum\lvert x_{(i)}-y_{(i)}\rvert$, which SciPy's `wasserstein_distance` gives, too; none of 100 others with slopes of 1 at most does better: 10 pairs of samples"""
    from scipy.stats import wasserstein_distance

    half = np.full(7, 0.5)
    for k in range(10):
        x, y = rng.normal(size=7), rng.normal(k / 3, 1 + k / 5, size=7)
        z, slopes = best_slopes(x, y)
        E = floats(wgan(column(x), column(y), half, **broken(z, slopes)))[0]
        yield roundoff(E, np.abs(np.sort(x) - np.sort(y)).mean(), terms=60, scale=20.0)
        yield roundoff(E, wasserstein_distance(x, y), terms=60, scale=20.0)
        for _ in range(10):
            other = floats(wgan(column(x), column(y), half, **broken(z, rng.uniform(-1, 1, 14))))[0]
            yield bound(other, E, "≤")


@WGAN.claim
def distance_tells_what_the_divergence_does_not(wgan, rng):
    r"""Two parallel segments at distance $\theta$ share no point, and their Jensen–Shannon divergence is $\ln2$ for every $\theta\ne0$; the critic $-t_1$ tells them apart by $\theta$, for 2, 0.1 and 0.001, and none of 50 straight critics of length 1 by more. Not every way shows in it: of points −1 and 1 and two generated ones at $t$ between them the distance is 1 for $t=-0.5$, 0 and 0.7"""
    u = rng.uniform(size=5)
    for theta in (2.0, 0.1, 1e-3):
        x, y = np.stack([0 * u, u], 1), np.stack([0 * u + theta, u], 1)
        given = dict(x=x, y=y, epsilon=np.full(5, 0.5))
        yield roundoff(floats(wgan(**given, **straight([-1.0, 0.0])))[0], theta, terms=20)
        for angle in rng.uniform(0, 2 * math.pi, 50):
            yield bound(
                floats(wgan(**given, **straight([math.cos(angle), math.sin(angle)])))[0], theta + 16 * 2**-52, "≤"
            )
        places, which = np.unique(np.concatenate([x, y]), axis=0, return_inverse=True)
        which = which.ravel()
        p, q = (np.bincount(w, minlength=len(places)) / 5 for w in (which[:5], which[5:]))
        shannon = sum((r[r > 0] * np.log(r[r > 0] / ((p + q) / 2)[r > 0])).sum() / 2 for r in (p, q))
        yield roundoff(shannon, math.log(2), terms=20)
    for t in (-0.5, 0.0, 0.7):
        x, y = np.array([-1.0, 1.0]), np.array([t, t])
        best = broken(*best_slopes(x, y))
        yield roundoff(floats(wgan(column(x), column(y), np.full(2, 0.5), **best))[0], 1.0, terms=20)


@WGAN.claim
def penalty_of_a_straight_critic(wgan, rng):
    r"""The critic $a^{\mathsf T}t$ has the penalty $(\lVert a\rVert-1)^2$ wherever the samples are, in 1, 2 and 7 dimensions: 16 for $a=(3,4)$, where a penalty a coordinate would have $6.5$"""
    for d in (1, 2, 7):
        a = rng.normal(size=d)
        x, y = rng.normal(size=(2, 4, d))
        P = floats(wgan(x, y, rng.uniform(0.1, 0.9, 4), **straight(a)))[1]
        yield roundoff(P, (np.linalg.norm(a) - 1) ** 2, terms=20, scale=4.0)
    yield roundoff(
        floats(wgan(np.ones((2, 2)), np.zeros((2, 2)), np.full(2, 0.5), **straight([3.0, 4.0])))[1], 16.0, terms=4
    )


@WGAN.claim
def one_norm_for_each_sample(wgan, rng):
    r"""One norm a sample: where two gradients are 3 and two are 0, the penalty is $\frac52$; of the mean gradient, of length $\frac32$, it would be $\frac14$"""
    x, y = column([2.0, 3.0, -2.0, -3.0]), column([1.0, 1.0, -1.0, -1.0])
    P = floats(wgan(x, y, np.full(4, 0.5), np.ones((1, 1)), np.zeros(1), np.array([3.0])))[1]
    yield roundoff(P, 2.5, terms=4)


@WGAN.claim
def each_pair_at_its_own_point(wgan, rng):
    r"""Each pair is looked at at its own point: between 1 and −1 the critic $3\max(0,t)$ has slope 3 where $\varepsilon>\frac12$, else 0: for $\varepsilon=0.9,0.8,0.7,0.4$ the penalty is $\frac{13}4$; the other way round, it would be $\frac74$"""
    given = dict(x=np.ones((4, 1)), y=-np.ones((4, 1)), W=np.ones((1, 1)), b=np.zeros(1), v=np.array([3.0]))
    P = floats(wgan(epsilon=np.array([0.9, 0.8, 0.7, 0.4]), **given))[1]
    yield roundoff(P, 13 / 4, terms=4)
    yield roundoff(floats(wgan(epsilon=np.array([0.4, 0.9, 0.1, 0.2]), **given))[1], 7 / 4, terms=4)


@WGAN.claim
def gradient_is_that_of_the_critic(wgan, rng):
    r"""The penalty is of the critic's own gradient: with $f(s)-f(t)$ read off from E, central differences between 6 pairs of samples give the same"""
    n, d, h = 6, 2, 5
    W, b, v = rng.normal(size=(h, d)), rng.normal(size=h), rng.normal(size=h)
    x, y = rng.normal(size=(2, n, d))
    epsilon = rng.uniform(size=n)
    at = epsilon[:, None] * x + (1 - epsilon[:, None]) * y
    gap = np.abs(at @ W.T + b).min()  # to the nearest kink
    step = min(1e-3, gap / (2 * np.abs(W).max()))
    slopes = np.empty((n, d))
    for i in range(n):
        for k in range(d):
            e = step * np.eye(d)[[k]]
            slopes[i, k] = floats(wgan(at[[i]] + e, at[[i]] - e, np.ones(1), W, b, v))[0] / (2 * step)
    want = ((np.linalg.norm(slopes, axis=1) - 1) ** 2).mean()
    yield roundoff(floats(wgan(x, y, epsilon, W, b, v))[1], want, terms=40, scale=40 / step)


@WGAN.claim
def slope_one_on_the_way_of_the_plan(wgan, rng):
    r"""Between samples that an optimal plan pairs, in order on a line, the best critic has slope $\pm1$ and no penalty: 10 pairs of samples. Between others it need not: of 0, 5 and 1, 6 a critic that falls from 0 to 1 and from 5 to 6 and is flat between them is a best one; paired as 0 with 6 and 5 with 1, in the middle, it has the penalty 1"""
    for k in range(10):
        x, y = np.sort(rng.normal(size=7)), np.sort(rng.normal(k / 3, 1 + k / 5, size=7))
        P = floats(wgan(column(x), column(y), rng.uniform(0.1, 0.9, 7), **broken(*best_slopes(x, y))))[1]
        yield roundoff(P, 0.0, terms=60, scale=2.0)
    flat = broken([0.0, 1.0, 5.0, 6.0], [-1.0, 0.0, -1.0, 0.0])
    crossed = floats(wgan(column([0.0, 5.0]), column([6.0, 1.0]), np.full(2, 0.5), **flat))
    yield roundoff(crossed[:2], [1.0, 1.0], terms=8)
    paired = floats(wgan(column([0.0, 5.0]), column([1.0, 6.0]), np.full(2, 0.5), **flat))
    yield roundoff(paired[:2], [1.0, 0.0], terms=8)


@WGAN.claim
def equal_samples_leave_the_critic_open(wgan, rng):
    r"""Where the samples are the same, nothing tells them apart: E is 0 for every critic, 20 of them, so that each is a best one; the flat one has the penalty 1 and the loss $\lambda$, one of slope 1 the loss 0"""
    x = rng.normal(size=(4, 1))
    for slopes in rng.uniform(-1, 1, (20, 4)):
        found = floats(wgan(x, x, np.full(4, 0.5), **broken(np.sort(x[:, 0]), slopes)))
        yield roundoff(found[0], 0.0, terms=20, scale=8.0)
    flat = floats(wgan(x, x, np.full(4, 0.5), **straight([0.0]), penalty=7.0))
    yield roundoff(flat, [0.0, 1.0, 7.0], terms=8)
    yield roundoff(floats(wgan(x, x, np.full(4, 0.5), **straight([1.0]), penalty=7.0)), np.zeros(3), terms=8, scale=7.0)


@WGAN.claim
def penalty_lets_the_slope_exceed_one(wgan, rng):
    r"""The penalty does not hold the slope at 1: for a point against one at distance $\theta$ and straight critics of slope $s$ the loss is $\lambda(s-s^*)^2$ above its least, at $s^*=1+\frac\theta{2\lambda}$, where E is $\theta+\frac{\theta^2}{2\lambda}$: for $\theta=1$ it is 1.05 with $\lambda=10$ and 6 with $\lambda=0.1$"""
    for lam, E in ((10.0, 1.05), (0.1, 6.0)):
        given = dict(x=np.zeros((1, 1)), y=np.ones((1, 1)), epsilon=np.array([0.3]), penalty=lam)
        best = 1 + 1 / (2 * lam)
        least = floats(wgan(**given, **straight([-best])))
        yield roundoff(least[0], E, terms=8)
        for s in rng.uniform(0, 3 * best, 10):
            L = floats(wgan(**given, **straight([-s])))[2]
            yield roundoff(L - least[2], lam * (s - best) ** 2, terms=20, scale=40.0)


@WGAN.claim
def clipping_measures_another_length(wgan, rng):
    r"""Straight critics with weights clipped to $\pm c$ tell two points apart by at most $c\lVert x-y\rVert_1$: in more than one dimension not by a multiple of their distance. In 16 dimensions a step of length 1 along an axis counts $c$, along the diagonal $4c$"""
    c, d = 0.01, 16
    for delta, want in ((np.eye(d)[0], c), (np.full(d, 0.25), 4 * c)):
        given = dict(x=delta[None], y=np.zeros((1, d)), epsilon=np.array([0.5]))
        yield roundoff(np.linalg.norm(delta), 1.0, terms=8)
        yield roundoff(floats(wgan(**given, **straight(c * np.sign(delta))))[0], want, terms=16)
        for a in rng.uniform(-c, c, (20, d)):
            yield bound(floats(wgan(**given, **straight(a)))[0], want, "≤")


@WGAN.claim
def without_a_bound_there_is_no_best(wgan, rng):
    r"""Without the penalty the loss has no least value, unless E is 0 for every critic, as for equal samples: $v$ a thousand times as large makes E a thousand times as large, with $-v$ it is $-E$, and $L=-E$"""
    x, y = rng.normal(size=(2, 5, 2))
    weights = dict(W=rng.normal(size=(4, 2)), b=rng.normal(size=4))
    v = rng.normal(size=4)
    once, often, turned = (
        floats(wgan(x, y, np.full(5, 0.5), **weights, v=k * v, penalty=0.0)) for k in (1.0, 1000.0, -1.0)
    )
    f = lambda t: np.maximum(0, t @ weights["W"].T + weights["b"]) @ v
    yield roundoff(once[0], f(x).mean() - f(y).mean(), terms=40, scale=10.0)
    yield roundoff([often[0], often[2]], [1000 * once[0], -1000 * once[0]], terms=40, scale=1e4)
    yield roundoff([turned[0], turned[2]], [-once[0], once[0]], terms=40, scale=10.0)


def variant(x, y, epsilon, W, b, v, penalty, measure, where=None):
    """The loss with another penalty of the gradients, or of the gradients elsewhere."""
    E = wgan(x, y, epsilon, W, b, v, penalty)[0]
    at = epsilon[:, None] * x + (1 - epsilon[:, None]) * y if where is None else where
    P = measure(((at @ W.T + b > 0) * v) @ W)
    return E, P, -E + penalty * P


def usual(g):
    return ((np.sqrt((g**2).sum(-1)) - 1) ** 2).mean()


@WGAN.mutant(caught_by="one-norm-for-each-sample, gradient-is-that-of-the-critic, equals-definition")
def norm_of_the_mean_gradient(x, y, epsilon, W, b, v, penalty=10.0):
    """the penalty taken on the mean gradient of the batch"""
    return variant(x, y, epsilon, W, b, v, penalty, lambda g: (np.linalg.norm(g.mean(0)) - 1) ** 2)


@WGAN.mutant(caught_by="one-norm-for-each-sample, penalty-of-a-straight-critic, slope-one-on-the-way-of-the-plan")
def norm_over_the_batch(x, y, epsilon, W, b, v, penalty=10.0):
    """one norm of all gradients of the batch together"""
    return variant(x, y, epsilon, W, b, v, penalty, lambda g: (np.linalg.norm(g) - 1) ** 2)


@WGAN.mutant(caught_by="penalty-of-a-straight-critic, gradient-is-that-of-the-critic")
def a_penalty_a_coordinate(x, y, epsilon, W, b, v, penalty=10.0):
    """the norm along the wrong axis: each coordinate is held at 1"""
    return variant(x, y, epsilon, W, b, v, penalty, lambda g: ((np.abs(g) - 1) ** 2).mean())


@WGAN.mutant(caught_by="each-pair-at-its-own-point, equals-definition")
def one_coefficient_for_all(x, y, epsilon, W, b, v, penalty=10.0):
    """the first coefficient for all pairs"""
    return variant(x, y, epsilon[:1].repeat(len(x)), W, b, v, penalty, usual)


@WGAN.mutant(caught_by="each-pair-at-its-own-point, gradient-is-that-of-the-critic")
def at_the_real_samples(x, y, epsilon, W, b, v, penalty=10.0):
    """the gradient at the real samples"""
    return variant(x, y, epsilon, W, b, v, penalty, usual, where=x)


@WGAN.mutant(caught_by="penalty-of-a-straight-critic, penalty-lets-the-slope-exceed-one")
def squared_length(x, y, epsilon, W, b, v, penalty=10.0):
    """the squared length held at 1"""
    return variant(x, y, epsilon, W, b, v, penalty, lambda g: (((g**2).sum(-1) - 1) ** 2).mean())


@WGAN.mutant(caught_by="one-norm-for-each-sample, equal-samples-leave-the-critic-open")
def longer_ones_alone(x, y, epsilon, W, b, v, penalty=10.0):
    """gradients shorter than 1 cost nothing"""
    return variant(x, y, epsilon, W, b, v, penalty, lambda g: (np.maximum(0, np.sqrt((g**2).sum(-1)) - 1) ** 2).mean())


@WGAN.mutant(caught_by="slope-one-on-the-way-of-the-plan, penalty-lets-the-slope-exceed-one")
def length_zero_wanted(x, y, epsilon, W, b, v, penalty=10.0):
    """the squared length itself as the penalty"""
    return variant(x, y, epsilon, W, b, v, penalty, lambda g: (g**2).sum(-1).mean())


@WGAN.mutant(
    caught_by="best-critic-gives-the-distance, distance-tells-what-the-divergence-does-not, clipping-measures-another-length, without-a-bound-there-is-no-best"
)
def generated_less_real(x, y, epsilon, W, b, v, penalty=10.0):
    """the sign of the estimate turned: high scores for what was generated"""
    E, P, _ = wgan(x, y, epsilon, W, b, v, penalty)
    return -E, P, E + penalty * P


@WGAN.mutant(
    caught_by="without-a-bound-there-is-no-best, penalty-lets-the-slope-exceed-one, equal-samples-leave-the-critic-open"
)
def weight_left_out(x, y, epsilon, W, b, v, penalty=10.0):
    """the penalty with weight 1, whatever is asked"""
    return wgan(x, y, epsilon, W, b, v, 1.0)


WGAN.erratum(
    "E371",
    common="The best critic has gradients of length 1 everywhere between real and generated samples (a common slip)",
    why="The proposition speaks of points between two samples that an optimal plan pairs. Between others a best critic may be flat, and then pays the penalty; and where the distributions are equal every critic is a best one, the flat one as well, which pays it everywhere.",
    right="Length 1 almost surely on the straight line between the two of a pair of an optimal plan that differ; the penalty asks for it between random pairs, as a heuristic",
    claims="slope-one-on-the-way-of-the-plan, equal-samples-leave-the-critic-open",
)
WGAN.erratum(
    "E372",
    common="Clipping the weights gives the Wasserstein distance but for a constant factor (a common slip)",
    why="The set of clipped networks is another one than that of functions of bounded slope. For straight critics it measures the sum of the coordinates' differences: in 16 dimensions a diagonal counts four times as much as an axis.",
    right="It measures some other distance; the factor depends on the direction and on the network",
    claims="clipping-measures-another-length",
)
WGAN.erratum(
    "E373",
    common="`gradients.norm(2, dim=1)` for a batch of images (met in caogang/wgan-gp, issue 27)",
    why="This is a norm along the channels: with one channel it holds each pixel's derivative at $\\pm1$. For $a=(3,4)$ the penalty a coordinate is 6.5, where it is 16.",
    right="Flatten each sample's gradient first: one norm a sample over all its axes",
    claims="penalty-of-a-straight-critic, one-norm-for-each-sample",
)


@WGAN.figure(
    shift=Slider(-3.0, 5.0, 2.0, "shift of the generated samples"),
    lam=Slider(0.3, 30.0, 2.0, "weight λ of the penalty", log=True),
)
def figure(shift, lam):
    x = np.array([-1.2, -0.4, 0.3, 0.9, 1.6])
    y = np.array([-1.0, -0.5, 0.1, 0.5, 0.9]) + shift
    z, slopes = best_slopes(x, y)
    epsilon = np.full(5, 0.5)
    distance = float(np.abs(np.sort(x) - np.sort(y)).mean())
    fig, (left, middle, right) = canvas(columns=3, width=9.6, height=3.3)
    t = np.linspace(-4.5, 6.5, 600)
    F, G = ((s <= t[:, None]).mean(1) for s in (x, y))
    left.fill_between(t, F, G, color=COLOURS[5], alpha=0.4, lw=0, label="distance")
    left.plot(t, F, color=COLOURS[0], label="real")
    left.plot(t, G, color=COLOURS[1], label="generated")
    left.set(xlabel="t", ylabel="distribution function", ylim=(-0.03, 1.5))
    left.legend(fontsize=9, frameon=False, loc="upper left", ncols=2)
    w = broken(z, slopes)
    f = np.maximum(0, t[:, None] @ w["W"].T + w["b"]) @ w["v"]
    f_at = lambda s: np.maximum(0, column(s) @ w["W"].T + w["b"]) @ w["v"]
    middle.plot(t, f, color="0.3", label="best critic")
    middle.plot(x, f_at(x), "o", color=COLOURS[0], ms=5)
    middle.plot(y, f_at(y), "s", color=COLOURS[1], ms=5)
    middle.set(xlabel="t", ylabel="score")
    middle.legend(fontsize=9, frameon=False, loc="best")
    gap = abs(float(x.mean() - y.mean()))
    best = 1 + gap / (2 * lam)
    s = np.linspace(0, max(3.0, 1.3 * best), 121)
    sign = math.copysign(1.0, float(x.mean() - y.mean()))
    losses = [wgan(column(x), column(y), epsilon, **straight([sign * k]), penalty=lam)[2] for k in s]
    right.plot(s, losses, color=COLOURS[2], label="loss of a straight critic")
    right.axvline(1, color="0.5", lw=1, ls=":", label="slope 1")
    right.plot([best], [-best * gap + lam * (best - 1) ** 2], "o", color=COLOURS[6])
    right.set(xlabel="slope", ylabel="loss")
    right.legend(fontsize=9, frameon=False, loc="best")
    E = wgan(column(np.sort(x)), column(np.sort(y)), epsilon, **w)[0]
    words = Text(
        f"Five real samples and five generated ones shifted by {shift:.2g}: the area between their distribution functions is {distance:.3g}, and the best critic tells them apart by {E:.3g}. "
        f"Among straight critics, with the penalty weighted by {lam:.3g}, the loss is least at slope {best:.3g}, {best - 1:.2g} above 1.",
        f"五个真实样本与平移了 {shift:.2g} 的五个生成样本：两个分布函数之间的面积为 {distance:.3g}，最优评判器所给的差为 {E:.3g}。"
        f"在线性评判器中，惩罚的权重为 {lam:.3g} 时，损失在斜率 {best:.3g} 处最小，比 1 大 {best - 1:.2g}。",
    )
    return Drawing(fig, words)
