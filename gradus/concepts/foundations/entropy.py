"""Entropy: how many questions an outcome is worth."""

import heapq

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

ENTROPY = Concept(
    key="entropy",
    kind="definition",
    title="Entropy",
    summary="The mean surprise of an outcome. No uniquely decodable code is shorter on average, and the best one is longer by "
    "less than a bit. One bit is the answer to a fair yes–no question: among 1024 equally likely numbers 10 questions find one.",
    formulas=(
        r"H(p)=-\sum_{i=1}^{k}p_i\log_b p_i,\qquad 0\log 0=0,\qquad 0\le H(p)\le\log_b k\quad(b>1)",
        r"b=2:\ \mathrm{bit},\qquad b=e:\ \mathrm{nat},\qquad 1\,\mathrm{nat}=\log_2e\,\mathrm{bit}\approx1.443\,\mathrm{bit}",
        r"H(X,Y)=H(X)+H(Y\mid X)",
        r"h(X)=-\int f(x)\log_b f(x)\,dx,\qquad h(aX)=h(X)+\log_b\lvert a\rvert\ (a\ne0),\qquad H(X_\Delta)+\log_b\Delta\xrightarrow{\Delta\to0}h(X)",
    ),
    symbols=(
        Symbol("p", "p", "... k", "probabilities", "simplex"),
        Symbol("b", "base", "", "base of the logarithm, above 1: e gives nats, 2 bits", "positive", "nat or bit"),
        Symbol("k", "", "", "number of outcomes"),
        Symbol("i", "", "", "an outcome"),
        Symbol("H", "", "", "entropy", unit="nat or bit"),
        Symbol(
            r"H(Y\mid X)", "", "", "conditional entropy: the mean over X of the entropy of Y given X", unit="nat or bit"
        ),
        Symbol("f", "", "", "a density"),
        Symbol("h", "", "", "differential entropy, of a density; it may be negative", unit="nat or bit"),
        Symbol("a", "", "", "a factor, not 0"),
        Symbol(r"\Delta", "", "", "width of the bins to which $X$ is rounded, giving $X_\\Delta$"),
    ),
    needs=("expectation",),
    source="shannon1948mathematical",
    year=1948,
    people=("Claude Shannon",),
    aliases="Shannon entropy, information entropy, self-information, differential entropy, Huffman coding, "
    "熵, 香农熵, 自信息, 微分熵",
    implementations=(Implementation("gradus.foundations.information:entropy", "torch"),),
    readings="shannon1948mathematical §6; cover2006elements ch. 2, 5, 8; murphy2022probabilistic §6.1",
    hypotheses=(
        Hypothesis("$b>1$: below 1 the logarithm has the other sign", "sign-lost"),
        Hypothesis("for $h(aX)$: $a\\ne0$", "differential-entropy-of-a-multiple"),
        Hypothesis(
            "for the limit Δ → 0: X has a density, and rounded to whole numbers a finite entropy (Rényi)",
            "no-limit-without-a-finite-entropy",
        ),
        Hypothesis(
            "for the chain rule: the second entropy is conditional, unless the parts are independent",
            "marginals-overstate",
        ),
    ),
    conventions=(
        Convention("unit", "nats unless a base is given, as in machine learning", "bits, in information theory"),
    ),
    deviations="`scipy.stats.entropy` and `torch.distributions.Categorical` divide what they are given by its sum without a "
    "word; both give nats unless told.",
    nonfinite="nan",
)


@ENTROPY.definition
def entropy(p, base=np.e):
    log = np.log(np.where(p == 0, 1, p)) / np.log(base)  # 0 log 0 = 0
    return -(p * log).sum(axis=-1)


@ENTROPY.example
def example():
    p, base = np.array([0.5, 0.25, 0.125, 0.125]), 2.0
    wrong = np.array([0.25, 0.25, 0.25, 0.25])
    q = np.array([0.7, 0.2, 0.1])
    lengths = np.ceil(-np.log2(q))
    return (
        dict(p=p, base=base, surprise=-np.log2(p), part=-p * np.log2(p), H=entropy(p, base))
        | dict(nats=entropy(p), uniform=entropy(wrong, base), q=q, Hq=entropy(q, base), own=-np.log2(q))
        | dict(lengths=lengths, mean_length=(q * lengths).sum(), best=(q * [1, 2, 2]).sum())
        | dict(pairs=entropy(np.outer(q, q).ravel(), base))
        | dict(pair_code=(np.outer(q, q).ravel() * huffman(np.outer(q, q).ravel())).sum(), card=np.log2(52))
        | dict(pack=np.log2(np.arange(1.0, 53.0)).sum())
    )


@ENTROPY.exercise
def two_dice():
    total = np.convolve(np.full(6, 1 / 6), np.full(6, 1 / 6))
    two, one = 2 * np.log2(6), entropy(total, 2.0)
    return choice(less=one < two - 1e-9, equal=abs(one - two) < 1e-9, more=one > two + 1e-9)


@ENTROPY.exercise
def a_loaded_coin():
    p = np.array([0.9, 0.1])
    return number(entropy(p, 2.0), nats=entropy(p), rare_only=-np.log2(0.1), one_term=-0.9 * np.log2(0.9))


@ENTROPY.exercise
def twelve_coins():
    return number(
        np.ceil(np.log2(24) / np.log2(3)), bits_of_the_cases=np.log2(24), in_bits=np.ceil(np.log2(24)), tolerance=1e-6
    )


@ENTROPY.cases
def cases(rng):
    yield "random", dict(p=rng.dirichlet(np.ones(7)))
    yield "batch", dict(p=rng.dirichlet(np.ones(4), size=(2, 3)), base=2.0)
    yield "fair coin in bits", dict(p=np.array([0.5, 0.5]), base=2.0)
    yield "certain", dict(p=np.array([0.0, 1.0, 0.0]))
    yield "one outcome", dict(p=np.ones(1))
    yield "very unequal", dict(p=np.array([1 - 2.0**-40, 2.0**-40]), base=10.0)
    yield "many outcomes", dict(p=rng.dirichlet(np.ones(1500)))
    yield "as many rows as outcomes", dict(p=rng.dirichlet(np.ones(4), size=4))


@ENTROPY.invalid
def invalid(rng):
    yield "a negative probability", dict(p=np.array([-0.5, 1.5]))
    yield "a sum that is not 1", dict(p=np.array([0.5, 0.6]))
    yield "base 1", dict(p=np.array([0.5, 0.5]), base=1.0)
    yield "a negative base", dict(p=np.array([0.5, 0.5]), base=-2.0)


def questions(numbers):
    """How many yes–no questions find each of the sorted numbers, always asking for the half."""
    if len(numbers) == 1:
        return [0]
    half = len(numbers) // 2
    return [1 + q for part in (numbers[:half], numbers[half:]) for q in questions(part)]


@ENTROPY.claim
def ten_questions_for_1024(entropy, rng):
    r"""One number among 1…1024 takes 10 questions by halving, and $\log_2 1024=10$ bits"""
    asked = questions(range(1, 1025))
    p = np.full(1024, 1 / 1024)
    return all_of(roundoff(entropy(p, base=2.0), np.mean(asked), terms=16), roundoff(max(asked), 10.0))


def huffman(p):
    """Lengths of an optimal prefix code: the two least likely are joined, again and again."""
    heap = [(weight, i, [i]) for i, weight in enumerate(p)]
    heapq.heapify(heap)
    length = np.zeros(len(p), int)
    while len(heap) > 1:
        (a, _, left), (b, tie, right) = heapq.heappop(heap), heapq.heappop(heap)
        length[left + right] += 1
        heapq.heappush(heap, (a + b, tie, left + right))
    return length


@ENTROPY.claim
def huffman_within_one_bit(entropy, rng):
    """Huffman's mean code length lies in $[H,H+1)$ bits, and is H itself when all probabilities are powers of ½"""
    for k, sharpness in ((2, 0.1), (5, 1.0), (20, 0.3), (60, 1.0)):
        p = rng.dirichlet(np.full(k, sharpness))
        excess = float(p @ huffman(p) - entropy(p, base=2.0))
        yield bound(excess, -64 * 2.0**-52, "≥", Text("no code beats H; rounding", "任何码都不短于 H；舍入"))
        yield bound(excess, 1.0, "≤")
    dyadic = np.array([0.5, 0.25, 0.125, 0.0625, 0.0625])
    yield roundoff(entropy(dyadic, base=2.0), dyadic @ huffman(dyadic), terms=5)


@ENTROPY.claim
def uniform_maximises(entropy, rng):
    r"""The uniform distribution has the greatest entropy, $\log k$; a distribution on one outcome alone has 0"""
    for k in (2, 3, 10):
        p = np.vstack(
            [rng.dirichlet(np.ones(k), 60), rng.dirichlet(np.full(k, 200.0), 60)]
        )  # anywhere, and near uniform
        yield bound(entropy(p).max(), np.log(k), "≤", Text("log k, by Jensen's inequality", "log k，由詹森不等式"))
        yield roundoff(entropy(np.full(k, 1 / k)), np.log(k), terms=k)
        yield roundoff(entropy(np.eye(k)), np.zeros(k), scale=1.0)


@ENTROPY.claim
def uniform_answer_carries_most(entropy, rng):
    """An answer among 1024 carries 10 bits when all are equally likely, 0 when one is certain: the uniform answer
    carries most"""
    point, uniform = np.eye(1024)[3], np.full(1024, 1 / 1024)
    sharper = uniform ** np.array([[1.0], [2.0]]) * (1 + np.arange(1024)) ** np.array([[0.5], [3.0]])
    distributions = np.vstack([uniform, sharper / sharper.sum(-1, keepdims=True), point])
    h = entropy(distributions, base=2.0)
    return all_of(roundoff(h[0], 10.0, terms=16), roundoff(h[-1], 0.0, scale=1.0), bound(np.diff(h).max(), 0.0, "≤"))


@ENTROPY.claim
def units(entropy, rng):
    """Bits are nats over ln 2: a fair coin has 1 bit, 0.693 nat"""
    p, coin = rng.dirichlet(np.ones(9)), np.array([0.5, 0.5])
    yield roundoff(entropy(p, base=2.0) * np.log(2), entropy(p), terms=9)
    yield roundoff(entropy(coin, base=2.0), 1.0, terms=2)
    yield roundoff(entropy(coin), np.log(2), terms=2)


@ENTROPY.claim
def chain_rule(entropy, rng):
    r"""Chain rule: the joint entropy is the entropy of one variable plus the conditional entropy of the other,
    $H(X,Y)=H(X)+H(Y\mid X)$"""
    joint = rng.dirichlet(np.ones(12)).reshape(3, 4)
    first = joint.sum(1)
    given = entropy(joint / first[:, None])
    whole = entropy(joint.ravel())
    yield roundoff(whole, entropy(first) + first @ given, terms=12, scale=np.log(12))
    yield bound(whole - entropy(first), 0.1, "≥", Text("the second is not certain", "第二个变量并不确定"))


@ENTROPY.claim
def marginals_overstate(entropy, rng):
    """The sum of the two marginal entropies is no joint entropy: for X = Y, of eight equally likely values, it is 6 bits for
    3"""
    p = np.full(8, 1 / 8)
    marginals, joint = 2 * entropy(p, base=2.0), entropy(np.diag(p).ravel(), base=2.0)
    return all_of(roundoff(marginals, 6.0, terms=8), roundoff(joint, 3.0, terms=64))


@ENTROPY.claim
def concave(entropy, rng):
    r"""It is strictly concave: mixing p and q, with weights w and 1 − w, raises it above the mean of theirs by at least
    $\tfrac12w(1-w)\lVert p-q\rVert_1^2$ nats (Pinsker)"""
    p, q, w = rng.dirichlet(np.ones(5), 100), rng.dirichlet(np.ones(5), 100), rng.random((100, 1))
    gain = entropy(w * p + (1 - w) * q) - w[:, 0] * entropy(p) - (1 - w[:, 0]) * entropy(q)
    least = 0.5 * (w * (1 - w))[:, 0] * np.abs(p - q).sum(-1) ** 2
    yield bound(
        (gain - least).min(), -32 * 2.0**-52, "≥", Text("Pinsker's inequality; rounding", "Pinsker 不等式；舍入")
    )
    yield bound(gain.max(), 0.1, "≥", Text("some gain much", "有的增加很多"))


@ENTROPY.claim
def equals_scipy(entropy, rng):
    """It agrees with SciPy's"""
    from scipy import stats

    p = rng.dirichlet(np.full(30, 0.2), 20)
    return roundoff(entropy(p, base=2.0), stats.entropy(p, base=2, axis=-1), terms=30)


def binned(low, high, width, cdf):
    edges = np.arange(round((high - low) / width) + 1) * width + low
    return np.diff(cdf(edges))


@ENTROPY.claim
def differential_entropy_is_no_limit(entropy, rng):
    r"""Rounded to bins of width Δ, $X$ has $H\approx h-\log\Delta$, which grows without bound: the differential
    entropy is no limit of the discrete one. For $U(0,\tfrac12)$, $h=-1$ bit"""
    for bits in (4, 7, 10):
        p = binned(0.0, 0.5, 2.0**-bits, lambda x: 2 * x)
        h = entropy(p, base=2.0) - bits  # H + log₂ Δ
        yield roundoff(h, -1.0, terms=len(p))
        yield roundoff(entropy(p, base=2.0), bits - 1, terms=len(p))


@ENTROPY.claim
def no_limit_without_a_finite_entropy(entropy, rng):
    r"""A density may have a differential entropy though the rounded $X$ has none. Spread the mass $2^{-i}$, i = 1, 2, …,
    with density 1 over $2^{2^i}$ pieces in as many unit intervals: $h=0$, but at Δ = 1 each i adds more than 1 bit to
    H, which is infinite. The first four alone have $h=-0.09$ and more than 5 bits"""
    for levels in (1, 2, 3, 4):
        i = np.arange(1, levels + 1)
        p = np.repeat(2.0**-i / 2.0**2**i, 2**2**i)  # the mass of a piece, which is also its length
        total = p.sum()  # the first levels alone: density 1/total
        got, want = entropy(p / total, base=2.0), (levels + (i * 2.0**-i).sum()) / total + np.log2(total)
        yield roundoff(got, want, terms=p.size)
    yield near(np.log2(total), -0.09, 5e-3, Text("half a unit of the last printed digit", "所印末位的半个单位"))
    yield bound(got, 5.0, "≥", Text("four levels of more than a bit", "四层，每层一比特以上"))


@ENTROPY.claim
def differential_entropy_of_a_multiple(entropy, rng):
    r"""$h(aX)=h(X)+\log\lvert a\rvert$: measuring a normal variable in other units moves it; for $\sigma<0.242$ it is
    negative, and as σ falls to 0 it has no lower bound"""
    from scipy import special

    for sigma in (1e-6, 0.1, 1.0, 5.0):
        width = sigma / 64
        p = binned(-12 * sigma, 12 * sigma, width, lambda x, s=sigma: special.ndtr(x / s))
        h = float(entropy(p / p.sum()) + np.log(width))
        want = 0.5 * np.log(2 * np.pi * np.e) + np.log(sigma)
        # Rounding smooths the density: its variance grows by Δ²/12, its entropy by half the relative growth.
        want += (width / sigma) ** 2 / 24
        why = Text("Δ⁴/σ⁴, the next order of the bin width; rounding", "Δ⁴/σ⁴，区间宽度的下一阶；舍入")
        yield near(h, want, (width / sigma) ** 4 + 4 * p.size * 2.0**-52 * abs(np.log(width)), why)
        yield bound(np.sign(h), -1.0 if sigma < 0.242 else 1.0, "≤" if sigma < 0.242 else "≥")


@ENTROPY.mutant(
    caught_by="units, ten-questions-for-1024, huffman-within-one-bit, uniform-answer-carries-most, marginals-overstate, "
    "differential-entropy-is-no-limit, no-limit-without-a-finite-entropy, equals-scipy"
)
def nats_sold_as_bits(p, base=np.e):
    """nats sold as bits"""
    return entropy(p)


@ENTROPY.mutant(caught_by="equals-definition, uniform-maximises, uniform-answer-carries-most")
def nan_at_zero(p, base=np.e):
    """0 · log 0 = NaN"""
    with np.errstate(all="ignore"):
        return -(p * np.log(p)).sum(axis=-1) / np.log(base)


@ENTROPY.mutant(caught_by="equals-definition, huffman-within-one-bit, differential-entropy-of-a-multiple")
def mean_over_outcomes(p, base=np.e):
    """the sum is turned into a mean over the outcomes"""
    return entropy(p, base) / p.shape[-1]


@ENTROPY.mutant(caught_by="chain-rule, uniform-maximises, equals-scipy")
def gini(p, base=np.e):
    """the Gini impurity"""
    return 1 - (p**2).sum(axis=-1)


@ENTROPY.mutant(caught_by="concave, uniform-maximises, ten-questions-for-1024")
def sign_lost(p, base=np.e):
    """the sign is lost, as by a base below 1: $H_{1/b}=-H_b$"""
    return entropy(p, 1 / base)


ENTROPY.erratum(
    "E51",
    common="The uniform distribution contains the least information",
    why="Backwards for entropy: under the uniform distribution the answer among 1024 carries 10 bits, the most "
    "possible; under a point mass it carries 0.",
    right="uniform: greatest entropy, least prior knowledge",
    claims="uniform-answer-carries-most, uniform-maximises",
)
ENTROPY.erratum(
    "E52",
    common=r"For a continuous variable the sum simply becomes an integral, $-\int f\log f$, with the same meaning",
    why=r"It is no limit of the discrete entropy, which grows like $-\log\Delta$; it is negative for $U(0,\tfrac12)$ "
    "(−1 bit) and changes with the unit of measurement.",
    right=r"differential entropy: state sign and units; $h(aX)=h(X)+\log\lvert a\rvert$; only differences and "
    "divergences have a meaning of their own",
    claims="differential-entropy-is-no-limit, differential-entropy-of-a-multiple",
)


@ENTROPY.figure(
    p=Slider(0.0, 1.0, 0.2, "probability of heads"), sharpness=Slider(0.0, 4.0, 1.0, "inequality of the eight outcomes")
)
def figure(p, sharpness):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    grid = np.linspace(0, 1, 201)
    left.plot(grid, entropy(np.stack([grid, 1 - grid], axis=-1), 2.0))
    h = float(entropy(np.array([p, 1 - p]), 2.0))
    left.plot([p], [h], "o", color=COLOURS[1])
    left.set(xlabel="p(heads)", ylabel="H in bits", title=f"a coin: {h:.3f} bits", ylim=(0, 1.05))
    distribution = np.exp(-sharpness * np.arange(8))
    distribution /= distribution.sum()
    length, eight = huffman(distribution), float(entropy(distribution, 2.0))
    right.bar(np.arange(8), distribution, color=COLOURS[0], alpha=0.6)
    for i, (mass, bits) in enumerate(zip(distribution, length, strict=True)):
        right.annotate(f"{bits}", (i, mass), (0, 5), textcoords="offset points", ha="center", color=COLOURS[1])
    mean, lengths = float(distribution @ length), ", ".join(map(str, length))
    right.set(
        xlabel="outcome; above it its code length",
        ylabel="probability",
        title=f"H = {eight:.2f} ≤ Huffman {mean:.2f} < H + 1",
        ylim=(0, 1.12 * distribution.max()),
        xticks=range(8),
    )
    words = Text(
        f"A coin with p = {p:.2f} has {h:.3f} bits. Eight outcomes of inequality {sharpness:.1f} have H = {eight:.3f} bits; "
        f"Huffman's code needs {mean:.3f} bits on average, with lengths {lengths}.",
        f"p = {p:.2f} 的硬币熵为 {h:.3f} 比特。不均匀程度为 {sharpness:.1f} 的八个结果 H = {eight:.3f} 比特；Huffman 码平均需要 {mean:.3f} 比特，码长为 {lengths.replace(', ', '、')}。",
    )
    return Drawing(fig, words)
