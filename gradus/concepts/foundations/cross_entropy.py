"""Cross-entropy: the mean surprise of one who believes q while p is true."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, roundoff, statistical
from gradus.page.exercises import number
from gradus.page.figures import COLOURS, canvas

CROSS_ENTROPY = Concept(
    key="cross-entropy",
    kind="definition",
    title="Cross-entropy",
    summary="The mean surprise when p is true and q was believed; the mean length of a code made for q. It is "
    "smallest when q equals p: $H(p)$, which is 0 only if p is certain. As a loss it is the mean negative log-likelihood.",
    formulas=(
        r"H(p,q)=-\sum_{i=1}^{k}p_i\log_b q_i",
        r"H(p,q)=H(p)+D_{\mathrm{KL}}(p\,\|\,q)\ \ge\ H(p)\quad(b>1)",
        r"q=\operatorname{softmax}(z)\ \Rightarrow\ \frac{\partial H(p,q)}{\partial z_i}=\frac{q_i-p_i}{\ln b}",
    ),
    symbols=(
        Symbol("p", "p", "... k", "true probabilities", "simplex"),
        Symbol("q", "q", "... k", "believed probabilities", "simplex"),
        Symbol("b", "base", "", "base of the logarithm, above 1: e gives nats, 2 bits", "positive", "nat or bit"),
        Symbol("k", "", "", "number of outcomes"),
        Symbol("i", "", "", "an outcome"),
        Symbol("H(p)", "", "", "entropy of p", unit="nat or bit"),
        Symbol(r"D_{\mathrm{KL}}", "", "", "Kullback–Leibler divergence", unit="nat or bit"),
        Symbol("z", "", "k", "logits"),
    ),
    needs=("entropy", "expectation"),
    source="cover2006elements",
    year=1948,
    people=("Claude Shannon", "Irving Good"),
    aliases="CE, 交叉信息熵, 互熵",
    implementations=(Implementation("gradus.foundations.information:cross_entropy", "torch"),),
    readings="cover2006elements §5.4; murphy2022probabilistic §6.1.2; goodfellow2016deep §3.13",
    hypotheses=(
        Hypothesis("$b>1$: below 1 the least value becomes the greatest", "sign-lost"),
        Hypothesis("for the gradient: p sums to 1", "labels-that-do-not-sum-to-one"),
    ),
    conventions=(
        Convention(
            "arguments",
            "probabilities, the truth first; one value a row",
            "`torch.nn.functional.cross_entropy`: logits, the prediction first, averaged over the batch (the stable form for "
            "training)",
        ),
    ),
    nonfinite="nan",
)


@CROSS_ENTROPY.definition
def cross_entropy(p, q, base=np.e):
    log = np.log(np.where(p == 0, 1, q)) / np.log(base)  # 0 log q = 0, also for q = 0
    return -(p * log).sum(axis=-1)


@CROSS_ENTROPY.example
def example():
    p, q, base = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5]), 2.0
    z = np.array([2.0, 1.0, 0.0])
    e = np.exp(z)
    s, t = e / e.sum(), np.array([0.0, 1.0, 0.0])
    return (
        dict(p=p, q=q, base=base, length=-np.log2(q), part=-p * np.log2(q), H=cross_entropy(p, q, base))
        | dict(least=cross_entropy(p, p, base), D=cross_entropy(p, q, base) - cross_entropy(p, p, base), z=z)
        | dict(e=e, total=e.sum(), s=s, loss=cross_entropy(t, s), gradient=s - t)
    )


@CROSS_ENTROPY.exercise
def four_tokens():
    stated = np.array([0.5, 0.25, 0.125, 0.125])
    bits = cross_entropy(np.ones((4, 1)), stated[:, None], 2.0).mean()
    return number(bits, nats=bits * np.log(2), perplexity=2**bits, logarithm_of_the_mean=-np.log2(stated.mean()))


@CROSS_ENTROPY.exercise
def softmax_twice():
    k = 10
    first = np.eye(k)[0]  # what a softmax can state at best
    second = np.exp(first) / np.exp(first).sum()
    return number(cross_entropy(np.eye(k)[0], second), none=0.0, guessing=np.log(k))


@CROSS_ENTROPY.exercise
def two_batches():
    tokens, losses = np.array([1, 3]), np.array([4.0, 2.0])
    return number((tokens * losses).sum() / tokens.sum(), mean_of_means=losses.mean())


@CROSS_ENTROPY.cases
def cases(rng):
    def distribution(k, *shape):
        return rng.dirichlet(np.ones(k), size=shape)

    yield "random", dict(p=distribution(6), q=distribution(6))
    yield "batch in bits", dict(p=distribution(4, 2, 3), q=distribution(4, 2, 3), base=2.0)
    yield "one-hot", dict(p=np.array([0.0, 1.0, 0.0]), q=distribution(3))
    yield "both 0", dict(p=np.array([0.5, 0.5, 0.0]), q=np.array([0.25, 0.75, 0.0]))
    yield "support is missing", dict(p=np.array([0.5, 0.5]), q=np.array([1.0, 0.0]))
    yield "equal", dict(p=np.full(5, 0.2), q=np.full(5, 0.2))
    yield "many outcomes", dict(p=distribution(1500), q=distribution(1500))
    yield "as many rows as outcomes", dict(p=distribution(4, 4), q=distribution(4, 4))


@CROSS_ENTROPY.invalid
def invalid(rng):
    yield "other numbers of outcomes", dict(p=np.full(3, 1 / 3), q=np.full(4, 0.25))
    yield "a negative probability", dict(p=np.array([0.5, 0.5]), q=np.array([-0.5, 1.5]))
    yield "a sum that is not 1", dict(p=np.array([0.5, 0.6]), q=np.array([0.5, 0.5]))


def distributions(rng, k=5, n=50):
    return rng.dirichlet(np.ones(k), n), rng.dirichlet(np.ones(k), n)


@CROSS_ENTROPY.claim
def entropy_plus_divergence(H, rng):
    r"""$H(p,q)=H(p)+D_{KL}(p\|q)$, both from SciPy"""
    from scipy import special

    p, q = distributions(rng)
    want = special.entr(p).sum(-1) + special.rel_entr(p, q).sum(-1)
    return roundoff(H(p, q), want, terms=10, scale=float(-np.log(q.min())))


@CROSS_ENTROPY.claim
def smallest_at_the_truth(H, rng):
    r"""Over q it is smallest at $q=p$, and there only: it is greater by at least $\tfrac12\lVert p-q\rVert_1^2$ nats
    (Gibbs, Pinsker)"""
    p, q = distributions(rng, n=200)
    for t in (1.0, 1e-3):
        other = p + t * (q - p)
        excess = H(p, other) - H(p, p)
        yield bound(
            (excess / (0.5 * np.abs(p - other).sum(-1) ** 2)).min(),
            1.0,
            "≥",
            Text("Pinsker's inequality", "Pinsker 不等式"),
        )


@CROSS_ENTROPY.claim
def perfect_prediction_costs_the_entropy(H, rng):
    """A perfect prediction costs $H(p)$, not 0: for p = (0.7, 0.3) 0.611 nat; for a one-hot p it is 0"""
    p = np.array([0.7, 0.3])
    want = 0.7 * np.log(10 / 7) + 0.3 * np.log(10 / 3)  # 0.610864…
    yield roundoff(H(p, p), want, terms=2)
    yield bound(H(p, p), 0.61, "≥", Text("far from 0", "远离 0"))
    yield roundoff(H(np.eye(3), np.eye(3)), np.zeros(3), scale=1.0)


@CROSS_ENTROPY.claim
def one_hot_is_negative_log_likelihood(H, rng):
    r"""For a one-hot p it is $-\log q_y$, the negative log-likelihood of the class"""
    q = rng.dirichlet(np.ones(4))
    return roundoff(H(np.eye(4), np.tile(q, (4, 1))), -np.log(q), terms=4)


@CROSS_ENTROPY.claim
def infinite_where_support_is_missing(H, rng):
    """It is infinite where q gives 0 to what can happen, and ignores what cannot"""
    missing = H(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    idle = H(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    return all_of(identical(missing, np.inf), roundoff(idle, np.log(2), terms=2))


@CROSS_ENTROPY.claim
def length_of_a_code_for_q(H, rng):
    r"""A code with lengths $-\log_2 q_i$ has mean length $H(p,q)$ bits when p is true"""
    lengths = np.array([1, 2, 3, 4, 5, 5])  # a prefix code: Σ 2^−l = 1
    p = rng.dirichlet(np.ones(6))
    return all_of(roundoff((0.5**lengths).sum(), 1.0), roundoff(H(p, 0.5**lengths, base=2.0), p @ lengths, terms=6))


@CROSS_ENTROPY.claim
def gradient_is_prediction_less_truth(H, rng):
    r"""Through a softmax its gradient is prediction less truth, $q-p$ in nats, $(q-p)/\ln b$ in base b"""
    p, z, h = rng.dirichlet(np.ones(5)), rng.standard_normal(5), 2.0**-13

    def softmax(z):
        e = np.exp(z - z.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    up, down = softmax(z + h * np.eye(5)), softmax(z - h * np.eye(5))
    P = np.tile(p, (5, 1))
    # |third derivative of log-sum-exp| ≤ 1: central differences err by at most h²/6, rounding by ε·H/h
    tolerance = h**2 / 6 + 16 * 2.0**-52 * float(H(p, softmax(z))) / h
    why = Text("h²/6 + c·ε·H/h of central differences", "中心差分的 h²/6 + c·ε·H/h")
    for b in (np.e, 2.0):
        slope = (H(P, up, base=b) - H(P, down, base=b)) / (2 * h)
        yield near(np.abs(slope - (softmax(z) - p) / np.log(b)).max(), 0.0, tolerance / np.log(b), why, "roundoff")


@CROSS_ENTROPY.claim
def mean_loss_of_samples(H, rng):
    r"""It is the expected loss: the mean of $-\log q(x)$ over draws from p"""
    p, q = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5])
    draws = rng.choice(3, 20_000, p=p)
    return statistical(-np.log(q)[draws], float(H(p, q)))


@CROSS_ENTROPY.mutant(
    caught_by="equals-definition, one-hot-is-negative-log-likelihood, infinite-where-support-is-missing, "
    "mean-loss-of-samples, length-of-a-code-for-q"
)
def swapped(p, q, base=np.e):
    """the arguments swapped"""
    return cross_entropy(q, p, base)


@CROSS_ENTROPY.mutant(caught_by="perfect-prediction-costs-the-entropy, entropy-plus-divergence, mean-loss-of-samples")
def divergence(p, q, base=np.e):
    """the divergence sold as cross-entropy"""
    return cross_entropy(p, q, base) - cross_entropy(p, p, base)


@CROSS_ENTROPY.mutant(caught_by="length-of-a-code-for-q, equals-definition")
def nats_sold_as_bits(p, q, base=np.e):
    """nats sold as bits"""
    return cross_entropy(p, q)


@CROSS_ENTROPY.mutant(caught_by="infinite-where-support-is-missing")
def clipped(p, q, base=np.e):
    """q is clipped at 0.01, so that nothing is infinite"""
    return cross_entropy(p, np.maximum(q, 0.01), base)


@CROSS_ENTROPY.mutant(caught_by="gradient-is-prediction-less-truth, entropy-plus-divergence")
def squared_error(p, q, base=np.e):
    """squared error instead"""
    return ((p - q) ** 2).sum(axis=-1)


@CROSS_ENTROPY.mutant(caught_by="smallest-at-the-truth, equals-definition")
def sign_lost(p, q, base=np.e):
    """the sign is lost, as by a base below 1: $H_{1/b}=-H_b$"""
    return cross_entropy(p, q, 1 / base)


@CROSS_ENTROPY.mutant(
    caught_by="gradient-is-prediction-less-truth, perfect-prediction-costs-the-entropy, equals-definition"
)
def labels_that_do_not_sum_to_one(p, q, base=np.e):
    """labels that sum to 2: the gradient is $2q-2p$, not $q-2p$"""
    return cross_entropy(2 * p, q, base)


CROSS_ENTROPY.erratum(
    "E61",
    common="A garbled name for it in Chinese, twice the character for entropy",
    why="That is no term: cross-entropy and relative entropy (the divergence) are two quantities, and differ by H(p).",
    right="cross-entropy, or relative entropy, as is meant",
    claims="entropy-plus-divergence",
)
CROSS_ENTROPY.erratum(
    "E56",
    common="The cross-entropy loss is zero when the prediction matches the truth",
    why="For p = (0.7, 0.3) the perfect prediction costs $H(p,p)=0.611$ nat; 0 needs a p that is certain.",
    right="its least value is $H(p)$; what vanishes is the divergence $H(p,q)-H(p)$",
    claims="perfect-prediction-costs-the-entropy",
)


@CROSS_ENTROPY.figure(p=Slider(0.0, 1.0, 0.7, "true probability"), q=Slider(0.01, 0.99, 0.4, "believed probability"))
def figure(p, q):
    def coin(x):
        return np.stack([np.asarray(x), 1 - np.asarray(x)], axis=-1)

    grid = np.linspace(0.005, 0.995, 199)
    curve = cross_entropy(np.broadcast_to(coin(p), (199, 2)), coin(grid))
    here, least = float(cross_entropy(coin(p), coin(q))), float(cross_entropy(coin(p), coin(p)))
    fig, ax = canvas(width=5.6, height=3.5)
    ax.fill_between(grid, 0, least, color=COLOURS[6], alpha=0.15, lw=0)
    ax.plot(grid, curve, label="H(p, q)")
    ax.axhline(least, color=COLOURS[6], ls="--", lw=1)
    ax.vlines(q, least, here, color=COLOURS[1], lw=2, label="KL(p ‖ q)")
    ax.plot([q], [here], "o", color=COLOURS[1])
    ax.text(0.02, least / 2, f"H(p) = {least:.3f}", va="center", fontsize=10)
    ax.set(xlabel="q", ylabel="nats", ylim=(0, 3), title=f"H(p, q) = {here:.3f}, p = {p:.2f}")
    ax.legend(frameon=False, loc="upper center")
    words = Text(
        f"Truth {p:.2f}, belief {q:.2f}: cross-entropy {here:.3f} nat = entropy {least:.3f} + divergence {here - least:.3f}. The curve is lowest at q = p.",
        f"真实概率 {p:.2f}，相信 {q:.2f}：交叉熵 {here:.3f} 奈特 = 熵 {least:.3f} + 散度 {here - least:.3f}。曲线在 q = p 处最低。",
    )
    return Drawing(fig, words)
