"""Kullback–Leibler divergence."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

KL = Concept(
    key="kl",
    kind="definition",
    title="Kullback–Leibler divergence",
    summary="What it costs, in code length or log-likelihood, to believe q when p is true. Never negative, 0 only "
    "for $q=p$; but no distance: it has a direction, breaks the triangle inequality, and is infinite where q misses "
    "what p has.",
    formulas=(
        r"D_{\mathrm{KL}}(p\,\|\,q)=\sum_{i=1}^{k}p_i\log_b\frac{p_i}{q_i}\ \ge\ 0",
        r"D_{\mathrm{KL}}\big(\mathcal N(\mu_1,\sigma_1^2)\,\|\,\mathcal N(\mu_2,\sigma_2^2)\big)="
        r"\ln\frac{\sigma_2}{\sigma_1}+\frac{\sigma_1^2+(\mu_1-\mu_2)^2}{2\sigma_2^2}-\frac12\qquad(b=e)",
        r"D_{\mathrm{KL}}(p_\theta\,\|\,p_{\theta+\delta})=\tfrac12\delta^{\mathsf T}I(\theta)\,\delta+O(\lVert\delta\rVert^3)\qquad(b=e)",
    ),
    symbols=(
        Symbol("p", "p", "... k", "probabilities; the mean is taken over them", "simplex"),
        Symbol("q", "q", "... k", "probabilities that p is compared with", "simplex"),
        Symbol("b", "base", "", "base of the logarithm, above 1: e gives nats, 2 bits", "positive", "nat or bit"),
        Symbol("k", "", "", "number of outcomes"),
        Symbol("i", "", "", "an outcome"),
        Symbol(r"\mu", "", "", "mean of a normal distribution"),
        Symbol(r"\sigma", "", "", "its standard deviation", "positive"),
        Symbol(r"\theta", "", "d", "parameters of a family"),
        Symbol(r"\delta", "", "d", "a small change of them"),
        Symbol("I", "", "d d", "Fisher information"),
    ),
    needs=("entropy", "cross-entropy"),
    source="kullback1951information",
    year=1951,
    people=("Solomon Kullback", "Richard Leibler"),
    aliases="KL divergence, relative entropy, KLD, 相对熵, KL 距离",
    implementations=(Implementation("gradus.foundations.information:kl_divergence", "torch"),),
    readings="cover2006elements §2.3; murphy2022probabilistic §6.2; goodfellow2016deep §3.13; nowozin2016fgan",
    hypotheses=(
        Hypothesis("$b>1$, and p and q sum to 1: otherwise it may be negative", "base-below-one, sums-forgotten"),
        Hypothesis(
            "for the Fisher form: densities smooth in θ, on a support that θ does not move",
            "moving-supports-are-first-order",
        ),
        Hypothesis("for adding up: the parts are independent, under p and under q", "dependent-parts-do-not-add-up"),
    ),
    conventions=(
        Convention(
            "order of the arguments",
            "p, over which the mean is taken, then q",
            r"`torch.nn.functional.kl_div(input, target)` takes $\log q$ first, then p",
        ),
    ),
    deviations=(
        "Also called relative entropy; it is not the cross-entropy, from which it differs by $H(p)$.",
        "`torch.nn.functional.kl_div` averages over all entries unless told, and gives NaN where both are 0.",
        "`scipy.stats.entropy(p, q)` normalises both; `scipy.special.kl_div` adds $q-p$ to each term, which cancels "
        "in the sum of distributions.",
    ),
    nonfinite="nan",
)


@KL.definition
def kl(p, q, base=np.e):
    with np.errstate(divide="ignore"):
        log = np.log(np.where(p == 0, 1, p) / np.where(p == 0, 1, q)) / np.log(base)  # 0 log 0/q = 0
    return (p * log).sum(axis=-1)


@KL.example
def example():
    p, q, base = np.array([0.5, 0.25, 0.25]), np.array([0.125, 0.125, 0.75]), 2.0
    own, other = -np.log2(p), -np.log2(q)
    N, halved = (0.0, 1.0), (1.0, 2.0)
    there = np.log(halved[1] / N[1]) + (N[1] ** 2 + 1) / (2 * halved[1] ** 2) - 0.5
    back = np.log(N[1] / halved[1]) + (halved[1] ** 2 + 1) / (2 * N[1] ** 2) - 0.5
    return (
        dict(p=p, q=q, base=base, own=own, other=other, extra=other - own, part=p * (other - own))
        | dict(D=kl(p, q, base), back=kl(q, p, base), nats=kl(p, q), bayes=2.0 ** (10 * kl(p, q, base)))
        | dict(wide=there, narrow=back)
    )


@KL.exercise
def infinite_direction():
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.4, 0.4, 0.2])
    there, back = kl(p, q), kl(q, p)
    return choice(
        forward=bool(np.isinf(there) and np.isfinite(back)),
        backward=bool(np.isinf(back) and np.isfinite(there)),
        both=bool(np.isinf(there) and np.isinf(back)),
        neither=bool(np.isfinite(there) and np.isfinite(back)),
    )


@KL.exercise
def independent_coins():
    one = kl(np.array([0.9, 0.1]), np.array([0.5, 0.5]), 2.0)
    return number(8 * one, one_coin=one, reversed=8 * kl(np.array([0.5, 0.5]), np.array([0.9, 0.1]), 2.0))


@KL.exercise
def one_peak_for_two():
    x = np.linspace(-8, 8, 161)
    bell = np.exp(-((x - x[:, None, None]) ** 2) / (2 * np.array([0.7, 3.1])[:, None] ** 2))
    bell = bell / bell.sum(-1, keepdims=True)
    p = np.broadcast_to(bell[50, 0] / 2 + bell[110, 0] / 2, bell.shape)  # peaks at −3 and 3
    centre, width = np.unravel_index(kl(bell, p).argmin(), bell.shape[:2])
    between = abs(x[centre]) < 0.5
    return choice(covers=between and width == 1, one_peak=not between and width == 0, valley=between and width == 0)


@KL.cases
def cases(rng):
    def distribution(k, *shape):
        return rng.dirichlet(np.ones(k), size=shape)

    yield "random", dict(p=distribution(6), q=distribution(6))
    yield "batch in bits", dict(p=distribution(4, 2, 3), q=distribution(4, 2, 3), base=2.0)
    yield "one-hot", dict(p=np.array([0.0, 1.0, 0.0]), q=distribution(3))
    yield "support is missing", dict(p=np.array([0.5, 0.5]), q=np.array([1.0, 0.0]))
    yield "equal", dict(p=np.full(5, 0.2), q=np.full(5, 0.2))
    yield "far apart", dict(p=np.array([1 - 1e-9, 1e-9]), q=np.array([1e-9, 1 - 1e-9]))
    yield "many outcomes", dict(p=distribution(1500), q=distribution(1500))
    yield "as many rows as outcomes", dict(p=distribution(4, 4), q=distribution(4, 4))


@KL.invalid
def invalid(rng):
    yield "other numbers of outcomes", dict(p=np.full(3, 1 / 3), q=np.full(4, 0.25))
    yield "a negative probability", dict(p=np.array([-0.5, 1.5]), q=np.array([0.5, 0.5]))
    yield "a sum that is not 1", dict(p=np.array([0.5, 0.5]), q=np.array([0.5, 0.6]))


def coin(p):
    return np.array([p, 1 - p])


@KL.claim
def never_negative(D, rng):
    """It is never negative, and 0 only when the distributions are equal"""
    p, q = rng.dirichlet(np.ones(5), 200), rng.dirichlet(np.ones(5), 200)
    near_p = 0.99 * p + 0.01 * q
    yield bound(D(p, q).min(), 0.0, "≥")
    yield bound(D(p, near_p).min(), 1e-9, "≥", Text("positive as soon as they differ", "只要不同就为正"))
    yield roundoff(D(p, p), np.zeros(200), terms=5, scale=1.0)


@KL.claim
def has_a_direction(D, rng):
    """It has a direction: KL(½ ‖ 0.9) = 0.511 and KL(0.9 ‖ ½) = 0.368 nat"""
    there, back = D(coin(0.5), coin(0.9)), D(coin(0.9), coin(0.5))
    yield roundoff(there, np.log(5 / 3), terms=4, scale=1.0)  # ½ log(.25/.09)
    yield roundoff(back, 0.9 * np.log(1.8) + 0.1 * np.log(0.2), terms=4, scale=1.0)
    yield bound(there - back, 0.1, "≥", Text("they differ by far more than rounding", "二者之差远大于舍入误差"))


@KL.claim
def no_triangle_inequality(D, rng):
    """No triangle inequality: KL(½ ‖ 0.1) = 0.511 exceeds KL(½ ‖ ¼) + KL(¼ ‖ 0.1) = 0.236; but the root of
    Jensen–Shannon keeps it"""
    direct = D(coin(0.5), coin(0.1))
    detour = D(coin(0.5), coin(0.25)) + D(coin(0.25), coin(0.1))
    p, q, r = (rng.dirichlet(np.ones(3), 200) for _ in range(3))
    slack = _root_js(D, p, q) + _root_js(D, q, r) - _root_js(D, p, r)
    known = 0.5 * np.log(4 / 3) + 0.25 * np.log(2.5) + 0.75 * np.log(0.75 / 0.9)
    yield roundoff(direct, np.log(5 / 3), terms=4, scale=1.0)
    yield roundoff(detour, known, terms=8, scale=1.0)
    yield bound(direct - detour, 0.2, "≥")
    yield bound(slack.min(), 0.0, "≥")


def _js(D, p, q):
    m = (p + q) / 2
    return (D(p, m) + D(q, m)) / 2


def _root_js(D, p, q):
    return np.sqrt(np.maximum(_js(D, p, q), 0))


@KL.claim
def infinite_on_disjoint_supports(D, rng):
    r"""On disjoint supports KL is infinite, while Jensen–Shannon, which the original GAN minimises against a best
    discriminator, is $\ln 2$"""
    shared = D(np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.75, 0.0]))  # where both are 0 nothing is added
    p, q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.5, 0.5])
    one_sided = D(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    yield roundoff(shared, 0.5 * np.log(4 / 3), terms=3, scale=1.0)
    yield identical(D(p, q), np.inf)
    yield roundoff(_js(D, p, q), np.log(2), terms=4)
    yield roundoff(one_sided, np.log(2), terms=2)


@KL.claim
def direction_decides_what_is_similar(D, rng):
    """“Similar” depends on the direction: fitting one normal to two peaks far apart, KL(p‖q) covers both, KL(q‖p) takes one"""
    x = np.linspace(-8, 8, 161)
    bell = np.exp(-((x - x[:, None, None]) ** 2) / (2 * np.array([0.7, 1.5, 3.1])[:, None] ** 2))  # (centre, width, x)
    bell = bell / bell.sum(-1, keepdims=True)
    p = bell[50, 0] / 2 + bell[110, 0] / 2  # peaks at ±3
    P = np.broadcast_to(p, bell.shape)
    cover = np.unravel_index(D(P, bell).argmin(), bell.shape[:2])
    seek = np.unravel_index(D(bell, P).argmin(), bell.shape[:2])
    yield roundoff(x[cover[0]], 0.0, scale=8.0)
    yield identical(cover[1], 2)
    yield near(float(abs(x[seek[0]])), 3.0, 0.1, Text("one step of the grid of centres", "中心网格的一格"))
    yield identical(seek[1], 0)


@KL.claim
def normal_closed_form(D, rng):
    """For normal distributions it is the closed form, by integration on a grid and by Monte Carlo"""
    (m1, s1), (m2, s2) = (0.3, 1.0), (-0.5, 1.6)
    closed = np.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5
    x = np.linspace(-20, 20, 2001)

    def bell(m, s):
        f = np.exp(-((x - m) ** 2) / (2 * s**2))
        return f / f.sum()

    # the trapezoid rule converges faster than any power for such functions: what is left is rounding
    grid = float(D(bell(m1, s1), bell(m2, s2)))
    draws = m1 + s1 * rng.standard_normal(20_000)
    ratio = np.log(s2 / s1) - (draws - m1) ** 2 / (2 * s1**2) + (draws - m2) ** 2 / (2 * s2**2)
    return all_of(roundoff(grid, closed, terms=2001, scale=1.0), statistical(ratio, grid))


@KL.claim
def locally_half_the_fisher_form(D, rng):
    r"""Locally it is $\tfrac12\delta^{\mathsf T}I\delta$, with a remainder of third order: slope 3 at a random
    softmax in a random direction"""
    theta, delta = rng.standard_normal(4), rng.standard_normal(4)

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    p = softmax(theta)
    fisher = np.diag(p) - np.outer(p, p)
    sizes = 2.0 ** -np.arange(3, 9)
    left = [abs(float(D(p, softmax(theta + t * delta))) - 0.5 * t**2 * delta @ fisher @ delta) for t in sizes]
    return rate(sizes.tolist(), left, 3.0, 0.1)


@KL.claim
def moving_supports_are_first_order(D, rng):
    r"""Where the support moves the Fisher form fails: from the uniform distribution on n outcomes to that on
    $n(1+\delta)$ it is $\ln(1+\delta)$, of first order: slope 1; the other way it is infinite"""
    n, moves, sizes = 4096, (16, 32, 64, 128), []
    for m in moves:
        p, q = np.zeros(n + m), np.full(n + m, 1 / (n + m))
        p[:n] = 1 / n
        sizes.append(float(D(p, q)))
        yield identical(D(q, p), np.inf)
        yield roundoff(sizes[-1], np.log1p(m / n), terms=n, scale=1.0)
    yield rate([m / n for m in moves], sizes, 1.0)


@KL.claim
def dependent_parts_do_not_add_up(D, rng):
    """Of dependent parts the divergences do not add up: two equal coins, of heads 0.9 for ½, have that of one coin, 0.368
    nat, not twice as much"""
    one = float(D(coin(0.9), coin(0.5)))
    both = float(D(np.diag(coin(0.9)).ravel(), np.diag(coin(0.5)).ravel()))
    yield roundoff(both, one, terms=4, scale=1.0)
    yield roundoff(one, 0.9 * np.log(1.8) + 0.1 * np.log(0.2), terms=4, scale=1.0)


@KL.claim
def adds_up_and_shrinks_when_merged(D, rng):
    """It adds up over independent parts, and merging outcomes never raises it"""
    p, q = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4))
    r, s = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3))
    joint = D(np.outer(p, r).ravel(), np.outer(q, s).ravel())
    merged = D(p.reshape(2, 2).sum(1), q.reshape(2, 2).sum(1))
    yield roundoff(joint, D(p, q) + D(r, s), terms=12, scale=float(D(p, q) + D(r, s)) + 1)
    yield bound(D(p, q) - merged, 0.0, "≥")
    yield bound(joint, 1e-2, "≥", Text("the distributions differ", "两个分布不同"))


@KL.mutant(caught_by="equals-definition, has-a-direction, normal-closed-form, direction-decides-what-is-similar")
def swapped(p, q, base=np.e):
    """the arguments swapped"""
    return kl(q, p, base)


@KL.mutant(caught_by="has-a-direction, infinite-on-disjoint-supports, direction-decides-what-is-similar")
def symmetric(p, q, base=np.e):
    """made symmetric by averaging both directions"""
    return (kl(p, q, base) + kl(q, p, base)) / 2


@KL.mutant(
    caught_by="no-triangle-inequality, locally-half-the-fisher-form, adds-up-and-shrinks-when-merged, "
    "moving-supports-are-first-order, dependent-parts-do-not-add-up"
)
def total_variation(p, q, base=np.e):
    """the total variation, which is a distance"""
    return np.abs(p - q).sum(axis=-1) / 2


@KL.mutant(caught_by="never-negative, locally-half-the-fisher-form, equals-definition")
def cross_entropy(p, q, base=np.e):
    """log q without log p: the cross-entropy"""
    return -(p * np.log(np.where(p == 0, 1, q))).sum(axis=-1) / np.log(base)


@KL.mutant(caught_by="equals-definition, infinite-on-disjoint-supports")
def nan_at_zero(p, q, base=np.e):
    """NaN where both are 0"""
    with np.errstate(all="ignore"):
        return (p * np.log(p / q)).sum(axis=-1) / np.log(base)


@KL.mutant(caught_by="never-negative, has-a-direction, equals-definition")
def base_below_one(p, q, base=np.e):
    """the base of the logarithm is below 1"""
    return kl(p, q, 1 / base)


@KL.mutant(caught_by="never-negative, normal-closed-form, equals-definition")
def sums_forgotten(p, q, base=np.e):
    """weights that do not sum to 1: q counts twice"""
    return kl(p, 2 * q, base)


@KL.mutant(caught_by="equals-definition")
def nats_sold_as_bits(p, q, base=np.e):
    """nats sold as bits"""
    return kl(p, q)


KL.erratum(
    "E55",
    common="KL divergence is a measure of distance between distributions",
    why="It has a direction (0.511 against 0.368 nat for the coins ½ and 0.9) and the detour can be shorter: 0.236 "
    "by way of ¼ against 0.511 straight.",
    right="a divergence; the root of the Jensen–Shannon divergence is a metric",
    claims="has-a-direction, no-triangle-inequality",
)
KL.erratum(
    "E57",
    common="Generative adversarial networks are trained by minimising the KL divergence, which makes one distribution similar "
    "to another",
    why=r"The original GAN, against a best discriminator, minimises Jensen–Shannon: on disjoint supports that is $\ln 2$ where "
    "KL is infinite. And what “similar” means depends on the direction of KL.",
    right="Jensen–Shannon for the original GAN with a best discriminator; for f-GANs the f-divergence that is chosen, KL in "
    "either direction among them; for Wasserstein's $W_1$, which is no f-divergence",
    claims="infinite-on-disjoint-supports, direction-decides-what-is-similar",
)


@KL.figure(mean=Slider(-3, 3, 0.8, "mean of q"), width=Slider(0.3, 3, 1.5, "standard deviation of q", log=True))
def figure(mean, width):
    x = np.linspace(-13, 13, 1301)

    def bell(m, s):
        f = np.exp(-((x - m) ** 2) / (2 * s**2)) + 1e-300
        return f / f.sum()

    p, q = bell(0, 1), bell(mean, width)
    forward, backward = float(kl(p, q)), float(kl(q, p))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    step = x[1] - x[0]
    left.plot(x, p / step, label="p = N(0, 1)")
    left.plot(x, q / step, label=f"q = N({mean:.1f}, {width:.2g}²)")
    left.set(xlabel="x", title="two densities", xlim=(-7, 7))
    left.legend(frameon=False, fontsize=9.5)
    right.axhline(0, color=COLOURS[6], lw=0.8)
    right.fill_between(
        x, p * np.log(p / q) / step, alpha=0.35, lw=0, color=COLOURS[0], label=f"p log p/q: {forward:.3f}"
    )
    right.fill_between(
        x, q * np.log(q / p) / step, alpha=0.35, lw=0, color=COLOURS[1], label=f"q log q/p: {backward:.3f}"
    )
    right.set(xlabel="x", title="what each x adds", xlim=(-7, 7))
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"p = N(0, 1), q = N({mean:.2f}, {width:.2f}²): KL(p‖q) = {forward:.3f}, KL(q‖p) = {backward:.3f} nat. Parts of the integrand are negative; the integral never is.",
        f"p = N(0, 1)，q = N({mean:.2f}, {width:.2f}²)：KL(p‖q) = {forward:.3f}，KL(q‖p) = {backward:.3f} 奈特。被积函数有负的部分，积分则非负。",
    )
    return Drawing(fig, words)
