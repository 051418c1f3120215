"""Jensen–Shannon divergence."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, rate, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import canvas


def _scipy(jensenshannon, p, q, base=np.e):
    return jensenshannon(p, q, base, axis=-1) ** 2


JS = Concept(
    key="js",
    kind="definition",
    title="Jensen–Shannon divergence",
    summary="The mean divergence of two distributions from their mixture: symmetric, at most one bit, finite always. "
    "It is the information that one draw carries about which of the two distributions it came from, and what the "
    "original GAN minimises against a best discriminator. It is no distance itself; its root is one.",
    formulas=(
        r"\operatorname{JS}(p,q)=H\Bigl(\frac{p+q}2\Bigr)-\frac{H(p)+H(q)}2=\tfrac12D_{\mathrm{KL}}(p\,\|\,m)+\tfrac12D_{\mathrm{KL}}(q\,\|\,m),\qquad m=\frac{p+q}2",
        r"0\le\operatorname{JS}(p,q)\le\log_b2\quad(b>1),\qquad \sqrt{\operatorname{JS}(p,r)}\le\sqrt{\operatorname{JS}(p,q)}+\sqrt{\operatorname{JS}(q,r)}",
        r"\operatorname{JS}(p,q)=\ln2+\max_{0\le D\le1}\ \tfrac12E_{p}[\ln D(x)]+\tfrac12E_{q}[\ln(1-D(x))]\qquad(b=e)",
    ),
    symbols=(
        Symbol("p", "p", "... k", "probabilities", "simplex"),
        Symbol("q", "q", "... k", "other probabilities of the same outcomes", "simplex"),
        Symbol("b", "base", "", "base of the logarithm, above 1: e gives nats, 2 bits", "positive", "nat or bit"),
        Symbol("m", "", "... k", "their mixture", "simplex"),
        Symbol("H", "", "...", "entropy"),
        Symbol("r", "", "... k", "a third distribution", "simplex"),
        Symbol("D", "", "k", "a discriminator: its probability that x came from p"),
        Symbol("x", "", "", "a draw"),
        Symbol("k", "", "", "number of outcomes"),
    ),
    needs=("entropy", "kl"),
    source="lin1991divergence",
    year=1991,
    people=("Jianhua Lin", "Dominik Endres", "Johannes Schindelin"),
    aliases="JS divergence, JSD, Jensen-Shannon distance, 詹森-香农散度, JS 距离",
    implementations=(
        Implementation("scipy.spatial.distance:jensenshannon", "numpy", _scipy, "its root; normalises p and q"),
        Implementation("gradus.foundations.information:js_divergence", "torch"),
    ),
    readings="lin1991divergence; endres2003new; fuglede2004jensen; goodfellow2014generative §4.1",
    hypotheses=(
        Hypothesis("$b>1$: below 1 it is never positive", "base-below-one"),
        Hypothesis("for the local form: $p_i>0$ and $\\sum\\delta_i=0$", "edges-are-first-order"),
        Hypothesis("for the GAN: the discriminator is the best one", "value-of-the-best-discriminator"),
    ),
    conventions=(
        Convention(
            "what is called Jensen–Shannon",
            "the divergence",
            "the distance, its root, in `scipy.spatial.distance.jensenshannon`",
        ),
        Convention(
            "weights", "½ and ½, with the bound one bit", "any, with the entropy of the weights as the bound (Lin 1991)"
        ),
    ),
    nonfinite="nan",
)


@JS.definition
def js(p, q, base=np.e):
    def entropy(r):
        return -(r * np.log(np.where(r > 0, r, 1.0))).sum(axis=-1)  # 0 log 0 = 0

    return (entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2) / np.log(base)


@JS.example
def example():
    p, q, base = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5]), 2.0
    m = (p + q) / 2

    def kl_bits(a, b):
        return float((a * np.log2(np.where(a > 0, a, 1) / b)).sum())

    best = p / (p + q)
    a, b, c = np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.array([0.0, 1.0])
    return (
        dict(p=p, q=q, base=base, m=m, best=best, first=kl_bits(p, m), second=kl_bits(q, m))
        | dict(J=js(p, q, base), nats=js(p, q), far=js(a, c, base), half=js(a, b, base))
        | dict(detour=2 * js(a, b, base), root_half=np.sqrt(js(a, b, base)))
        | dict(root_detour=2 * np.sqrt(js(a, b, base)))
    )


@JS.exercise
def three_quarters():
    p, q = np.array([0.75, 0.25]), np.array([0.25, 0.75])
    bits = 1 - js(p, q, 2.0)  # H(m) = 1
    return number(js(p, q, 2.0), nats=js(p, q), entropy_left=bits, root=np.sqrt(js(p, q, 2.0)))


@JS.exercise
def moved_apart():
    p = np.zeros(30)
    p[:3] = 0.2, 0.5, 0.3
    near, far = (js(p, np.roll(p, s), 2.0) for s in (4, 20))
    return choice(grows=far > near + 1e-9, same=abs(far - near) < 1e-9, infinite=bool(np.isinf(far)))


@JS.exercise
def best_guess():
    p, q = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5])
    return array(p / (p + q), likelihood_ratio=p / q, mixture=(p + q) / 2)


@JS.cases
def cases(rng):
    yield "random", dict(p=rng.dirichlet(np.ones(6)), q=rng.dirichlet(np.ones(6)))
    yield ("batch in bits", dict(p=rng.dirichlet(np.ones(4), (2, 3)), q=rng.dirichlet(np.ones(4), (2, 3)), base=2.0))
    yield "disjoint", dict(p=np.array([0.5, 0.5, 0.0]), q=np.array([0.0, 0.0, 1.0]))
    yield "one-hot", dict(p=np.array([0.0, 1.0, 0.0]), q=rng.dirichlet(np.ones(3)))
    yield "many outcomes", dict(p=rng.dirichlet(np.ones(1500)), q=rng.dirichlet(np.ones(1500)))
    yield "as many rows as outcomes", dict(p=rng.dirichlet(np.ones(4), 4), q=rng.dirichlet(np.ones(4), 4))


@JS.invalid
def invalid(rng):
    yield "other numbers of outcomes", dict(p=np.full(3, 1 / 3), q=np.full(4, 0.25))


@JS.claim
def symmetric_and_bounded(D, rng):
    """Symmetric; between 0 and 1 bit; 0 for equal distributions, 1 bit for distributions that share no outcome"""
    p, q = rng.dirichlet(np.full(5, 0.3), 300), rng.dirichlet(np.full(5, 0.3), 300)
    there, back = np.asarray(D(p, q, base=2.0), float), np.asarray(D(q, p, base=2.0), float)
    apart_p, apart_q = np.array([0.2, 0.8, 0, 0]), np.array([0, 0, 0.7, 0.3])
    yield roundoff(there, back, terms=8, scale=1.0)
    yield bound(there.max(), 1.0, "≤")
    yield bound(there.min(), 0.0, "≥")
    yield roundoff(float(D(apart_p, apart_q, base=2.0)), 1.0, terms=4)
    yield roundoff(np.asarray(D(p, p, base=2.0), float), np.zeros(300), terms=8, scale=1.0)


@JS.claim
def root_is_a_metric(D, rng):
    """Its root is a metric: no triangle of 2000 breaks the inequality. JS itself breaks it: for (1,0), (½,½), (0,1)
    the straight way is 1 bit, the detour 0.623"""
    p, q, r = (rng.dirichlet(np.full(3, a), 2000) for a in (0.5, 1.0, 0.5))
    d = lambda a, b: np.sqrt(np.maximum(np.asarray(D(a, b), float), 0))
    slack = d(p, q) + d(q, r) - d(p, r)
    a, b, c = np.array([1.0, 0]), np.array([0.5, 0.5]), np.array([0, 1.0])
    straight, detour = float(D(a, c, base=2.0)), float(D(a, b, base=2.0)) + float(D(b, c, base=2.0))
    part = 0.75 * np.log2(4 / 3) + 0.25 * 2 - 0.5  # H(¾, ¼) − ½ bit
    yield bound(slack.min(), 0.0, "≥")
    yield roundoff(straight, 1.0, terms=4)
    yield roundoff(detour, 2 * part, terms=8, scale=1.0)
    yield bound(straight - detour, 0.37, "≥", Text("1 − 0.623 bit", "1 − 0.623 比特"))


@JS.claim
def information_about_the_source(D, rng):
    """It is the mutual information of a draw and of the fair coin that chose its distribution, summed over the joint
    table"""
    for _ in range(20):
        p, q = rng.dirichlet(np.ones(7), 2)
        joint = np.stack([p, q]) / 2
        apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
        yield roundoff(float(D(p, q)), float((joint * np.log(joint / apart)).sum()), terms=14, scale=1.0)


@JS.claim
def value_of_the_best_discriminator(D, rng):
    r"""What the best discriminator of a GAN attains: $\ln2+\max_D\frac12E_p\ln D+\frac12E_q\ln(1-D)$, at $D=p/(p+q)$;
    500 others stay below"""
    p, q = rng.dirichlet(np.ones(8), 2)

    def value(d):
        return np.log(2) + 0.5 * (p * np.log(d)).sum(-1) + 0.5 * (q * np.log(1 - d)).sum(-1)

    best = p / (p + q)
    others = np.clip(best + 0.1 * rng.standard_normal((500, 8)), 1e-3, 1 - 1e-3)
    got = float(D(p, q))
    return all_of(roundoff(got, float(value(best)), terms=16, scale=1.0), bound(got - value(others).max(), 0.0, "≥"))


@JS.claim
def flat_where_distributions_do_not_meet(D, rng):
    """Where two distributions do not meet it is ln 2 however far apart they are: no gradient says in which direction
    to move; KL is infinite there"""
    from scipy.special import rel_entr

    p = np.zeros(40)
    p[:5] = rng.dirichlet(np.ones(5))
    moved = np.stack([np.roll(p, s) for s in (5, 12, 20, 35)])
    values = np.asarray(D(np.broadcast_to(p, moved.shape), moved), float)
    kl = rel_entr(p, moved).sum(-1)
    half = float(D(p, np.roll(p, 2)))
    yield roundoff(values, np.full(4, np.log(2)), terms=40, scale=1.0)
    yield identical(kl, np.full(4, np.inf))
    yield bound(half, np.log(2) - 1e-3, "≤")


@JS.claim
def locally_an_eighth_of_the_fisher_form(D, rng):
    r"""Locally $\operatorname{JS}(p,p+\delta)$ is $\tfrac18\sum\delta_i^2/p_i$ nat, an eighth of the Fisher form, with a
    remainder of third order: slope 3 where $\sum\delta_i^3/p_i^2\ne0$; for $p_i>0$ and $\sum\delta_i=0$"""
    p = rng.dirichlet(np.full(5, 3.0))
    # towards one outcome, so that the third-order term −Σδ³/16p² does not cancel
    delta = np.where(np.arange(5) == p.argmin(), 1.0, -0.25) * p.min()
    sizes = 2.0 ** -np.arange(4, 10)
    left = [abs(float(D(p, p + t * delta)) - t**2 / 8 * (delta**2 / p).sum()) for t in sizes]
    return rate(sizes.tolist(), left, 3.0)


@JS.claim
def edges_are_first_order(D, rng):
    r"""On the edge, where some $p_i=0$, it is of first order: from (1, 0) to (1 − t, t) slope 1"""
    sizes = 2.0 ** -np.arange(16, 24)
    got = [float(D(np.array([1.0, 0.0]), np.array([1 - t, t]))) for t in sizes]
    return rate(sizes.tolist(), got, 1.0)


@JS.claim
def between_bounds_by_total_variation(D, rng):
    r"""Between bounds by the total variation $V=\frac12\sum|p_i-q_i|$: $V^2/2\le\operatorname{JS}\le V\ln2$ nat, on
    2000 pairs"""
    p, q = rng.dirichlet(np.full(4, 0.5), 2000), rng.dirichlet(np.full(4, 0.5), 2000)
    V, got = np.abs(p - q).sum(-1) / 2, np.asarray(D(p, q), float)
    return all_of(bound((V**2 / 2 - got).max(), 0.0, "≤"), bound((got - V * np.log(2)).max(), 0.0, "≤"))


@JS.mutant(caught_by="symmetric-and-bounded, information-about-the-source, equals-definition")
def one_half(p, q, base=np.e):
    """one half alone: the divergence of p from the mixture"""
    m = (p + q) / 2
    return (p * np.log(np.where(p > 0, p, 1) / np.where(p > 0, m, 1))).sum(axis=-1) / np.log(base)


@JS.mutant(
    caught_by="symmetric-and-bounded, flat-where-distributions-do-not-meet, between-bounds-by-total-variation, "
    "equals-definition"
)
def jeffreys(p, q, base=np.e):
    """Jeffreys' divergence: both directions of KL, without the mixture"""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (p - q) * (np.log(p) - np.log(q))
    return np.where(p == q, 0.0, terms).sum(axis=-1) / np.log(base)


@JS.mutant(
    caught_by="equals-definition, locally-an-eighth-of-the-fisher-form, value-of-the-best-discriminator, edges-are-first-order"
)
def root(p, q, base=np.e):
    """the root given for the divergence"""
    return np.sqrt(np.maximum(js(p, q, base), 0.0))


@JS.mutant(caught_by="symmetric-and-bounded, root-is-a-metric, equals-definition")
def base_below_one(p, q, base=np.e):
    """the base of the logarithm is below 1"""
    return js(p, q, 1 / base)


@JS.mutant(caught_by="symmetric-and-bounded, root-is-a-metric")
def nats_sold_as_bits(p, q, base=np.e):
    """nats sold as bits"""
    return js(p, q)


@JS.mutant(
    caught_by="equals-definition, flat-where-distributions-do-not-meet, information-about-the-source, "
    "value-of-the-best-discriminator"
)
def geometric_mixture(p, q, base=np.e):
    """the geometric mixture for the arithmetic one"""
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.log(np.sqrt(p * q).sum(axis=-1)) / np.log(base)


@JS.figure(
    distance=Slider(0.0, 8.0, 2.0, "distance of the two distributions"), width=Slider(0.3, 2.0, 0.8, "their width")
)
def figure(distance, width):
    x = np.linspace(-12, 12, 1201)

    def bell(c):
        f = np.exp(-((x - c) ** 2) / (2 * width**2))
        return f / f.sum()

    p, q = bell(-distance / 2), bell(distance / 2)
    far = np.linspace(0, 8, 81)
    first, second = np.stack([bell(-d / 2) for d in far]), np.stack([bell(d / 2) for d in far])
    bits = js(first, second, 2.0)
    kl = far**2 / (2 * width**2) / np.log(2)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    step = x[1] - x[0]
    left.plot(x, p / step, label="p")
    left.plot(x, q / step, label="q")
    left.plot(x, (p + q) / 2 / step, "--", color="#7F7F7F", label="mixture")
    left.set(xlim=(-7, 7), xlabel="x")
    left.legend(frameon=False, fontsize=9.5)
    right.plot(far, bits, label="JS")
    right.plot(far, np.sqrt(bits), label="√JS")
    right.plot(far, kl, label="KL")
    right.axhline(1, color="#7F7F7F", lw=0.8)
    right.axvline(distance, color="#7F7F7F", lw=0.8)
    right.set(xlabel="distance", ylabel="bit", ylim=(0, 2))
    right.legend(frameon=False, fontsize=9.5)
    here, there = float(js(p, q, 2.0)), distance**2 / (2 * width**2) / np.log(2)
    words = Text(
        f"Two normal distributions of width {width:.2f}, {distance:.2f} apart: JS = {here:.3f} bit and its root {np.sqrt(max(here, 0)):.3f}, KL = {there:.3f} bit. JS levels off at 1 bit; KL grows like the square.",
        f"两个宽度 {width:.2f}、相距 {distance:.2f} 的正态分布：JS = {here:.3f} 比特，其平方根 {np.sqrt(max(here, 0)):.3f}，KL = {there:.3f} 比特。JS 在 1 比特处趋于平坦；KL 按平方增长。",
    )
    return Drawing(fig, words)
