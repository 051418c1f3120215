"""Entropy: how many questions an outcome is worth."""

import heapq

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, near, roundoff
from gradus.page.figures import COLOURS, canvas

ENTROPY = Concept(
    key="entropy",
    kind="definition",
    title=Text("Entropy", "信息熵"),
    summary=Text(
        "The mean surprise of an outcome, and the shortest mean length of a code for it. One bit is the answer to a fair "
        "yes–no question: among 1024 equally likely numbers 10 questions find one.",
        "结果的平均意外程度，也是其编码的最短平均长度。一比特即一个公平的是非问题的答案：在 1024 个等可能的数中找出一个，需要 10 个问题。",
    ),
    formulas=(
        r"H(p)=-\sum_{i=1}^{k}p_i\log_b p_i,\qquad 0\log 0=0,\qquad 0\le H(p)\le\log_b k",
        r"b=2:\ \text{bits},\qquad b=e:\ \text{nats},\qquad 1\ \text{nat}=\log_2 e\approx 1.443\ \text{bits}",
        r"h(X)=-\int f(x)\log f(x)\,dx,\qquad h(aX)=h(X)+\log\lvert a\rvert,\qquad H(X_\Delta)\approx h(X)-\log\Delta",
    ),
    symbols=(
        Symbol("p", "p", "... k", Text("probabilities", "概率"), "simplex"),
        Symbol("b", "base", "", Text("base of the logarithm: e gives nats, 2 bits", "对数的底：e 得奈特，2 得比特"), "positive", "nat or bit"),
        Symbol("k", "", "", Text("number of outcomes", "结果的个数")),
        Symbol("i", "", "", Text("an outcome", "一个结果")),
        Symbol("H", "", "", Text("entropy", "熵"), unit="nat or bit"),
        Symbol("f", "", "", Text("a density", "概率密度")),
        Symbol("h", "", "", Text("differential entropy, of a density; it may be negative", "微分熵（对密度而言），可为负"), unit="nat or bit"),
        Symbol("a", "", "", Text("a factor", "一个系数")),
        Symbol(r"\Delta", "", "", Text("width of the bins of a rounded $X$", "将 $X$ 取整时的区间宽度")),
    ),
    needs=("expectation",),
    source="shannon1948mathematical",
    year=1948,
    people=("Claude Shannon",),
    implementations=(Implementation("gradus.foundations.information:entropy", "torch"),),
    readings=(
        Reading("shannon1948mathematical", "§6"),
        Reading("cover2006elements", "ch. 2, 5, 8"),
        Reading("murphy2022probabilistic", "§6.1"),
    ),
    deviations=(
        Text("`scipy.stats.entropy` and `torch.distributions.Categorical` divide what they are given by its sum without a word; both give nats unless told.",
             "`scipy.stats.entropy` 与 `torch.distributions.Categorical` 会不加说明地把输入除以其和；默认单位都是奈特。"),
        Text("Information theory counts in bits, machine learning in nats: never mix them in one formula.", "信息论用比特，机器学习用奈特：同一公式中切勿混用。"),
    ),
)  # fmt: skip


@ENTROPY.definition
def entropy(p, base=np.e):
    log = np.log(np.where(p == 0, 1, p)) / np.log(base)  # 0 log 0 = 0
    return -(p * log).sum(axis=-1)


@ENTROPY.cases
def cases(rng):
    yield "random", dict(p=rng.dirichlet(np.ones(7)))
    yield "batch", dict(p=rng.dirichlet(np.ones(4), size=(2, 3)), base=2.0)
    yield "fair coin in bits", dict(p=np.array([0.5, 0.5]), base=2.0)
    yield "certain", dict(p=np.array([0.0, 1.0, 0.0]))
    yield "one outcome", dict(p=np.ones(1))
    yield "very unequal", dict(p=np.array([1 - 2.0**-40, 2.0**-40]), base=10.0)


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


@ENTROPY.claim(
    Text(
        "One number among 1…1024 takes 10 questions by halving, and $\\log_2 1024=10$ bits",
        "在 1…1024 中找一个数，折半需要 10 个问题，恰为 $\\log_2 1024=10$ 比特",
    )
)
def ten_questions_for_1024(entropy, rng):
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


@ENTROPY.claim(
    Text(
        "Huffman's mean code length lies in $[H,H+1)$ bits, and is H itself when all probabilities are powers of ½",
        "Huffman 码的平均长度落在 $[H,H+1)$ 比特内；概率均为 ½ 的幂时恰为 H",
    )
)
def huffman_within_one_bit(entropy, rng):
    found = []
    for k, sharpness in ((2, 0.1), (5, 1.0), (20, 0.3), (60, 1.0)):
        p = rng.dirichlet(np.full(k, sharpness))
        excess = float(p @ huffman(p) - entropy(p, base=2.0))
        found += [
            bound(excess, -64 * 2.0**-52, "≥", Text("no code beats H; rounding", "任何码都不短于 H；舍入")),
            bound(excess, 1.0, "≤"),
        ]
    dyadic = np.array([0.5, 0.25, 0.125, 0.0625, 0.0625])
    found.append(roundoff(entropy(dyadic, base=2.0), dyadic @ huffman(dyadic), terms=5))
    return all_of(*found)


@ENTROPY.claim(
    Text(
        r"The uniform law has the greatest entropy, $\log k$; a certain outcome has 0",
        r"均匀分布的熵最大，为 $\log k$；必然的结果熵为 0",
    )
)
def uniform_maximises(entropy, rng):
    found = []
    for k in (2, 3, 10):
        p = np.vstack(
            [rng.dirichlet(np.ones(k), 60), rng.dirichlet(np.full(k, 200.0), 60)]
        )  # anywhere, and near uniform
        found.append(
            bound(
                entropy(p).max(), np.log(k), "≤", Text("log k, by Jensen's inequality", "log k，由詹森不等式")
            )
        )
        found.append(roundoff(entropy(np.full(k, 1 / k)), np.log(k), terms=k))
        found.append(roundoff(entropy(np.eye(k)), np.zeros(k), scale=1.0))
    return all_of(*found)


@ENTROPY.claim(
    Text(
        "An answer among 1024 carries 10 bits when all are equally likely, 0 when one is certain: the uniform answer carries most",
        "1024 个等可能答案之一带来 10 比特；答案确定时为 0：均匀分布的答案信息量最大",
    )
)
def uniform_answer_carries_most(entropy, rng):
    point, uniform = np.eye(1024)[3], np.full(1024, 1 / 1024)
    sharper = uniform ** np.array([[1.0], [2.0]]) * (1 + np.arange(1024)) ** np.array([[0.5], [3.0]])
    laws = np.vstack([uniform, sharper / sharper.sum(-1, keepdims=True), point])
    h = entropy(laws, base=2.0)
    return all_of(
        roundoff(h[0], 10.0, terms=16), roundoff(h[-1], 0.0, scale=1.0), bound(np.diff(h).max(), 0.0, "≤")
    )


@ENTROPY.claim(
    Text(
        "Bits are nats over ln 2: a fair coin has 1 bit, 0.693 nat",
        "比特等于奈特除以 ln 2：公平硬币为 1 比特，即 0.693 奈特",
    )
)
def units(entropy, rng):
    p, coin = rng.dirichlet(np.ones(9)), np.array([0.5, 0.5])
    return all_of(
        roundoff(entropy(p, base=2.0) * np.log(2), entropy(p), terms=9),
        roundoff(entropy(coin, base=2.0), 1.0, terms=2),
        roundoff(entropy(coin), np.log(2), terms=2),
    )


@ENTROPY.claim(
    Text(
        "The entropy of a joint law is that of one part plus the mean entropy of the other given it",
        "联合分布的熵等于一部分的熵加上给定它时另一部分熵的平均",
    )
)
def chain_rule(entropy, rng):
    joint = rng.dirichlet(np.ones(12)).reshape(3, 4)
    first = joint.sum(1)
    given = entropy(joint / first[:, None])
    return roundoff(entropy(joint.ravel()), entropy(first) + first @ given, terms=12, scale=np.log(12))


@ENTROPY.claim(
    Text(
        "It is concave: mixing laws never lowers it below the mean of theirs",
        "熵是凹的：混合分布的熵不小于各熵的平均",
    )
)
def concave(entropy, rng):
    p, q, w = rng.dirichlet(np.ones(5), 100), rng.dirichlet(np.ones(5), 100), rng.random((100, 1))
    gain = entropy(w * p + (1 - w) * q) - w[:, 0] * entropy(p) - (1 - w[:, 0]) * entropy(q)
    return bound(gain.min(), -32 * 2.0**-52, "≥", Text("0, and rounding", "0，以及舍入"))


@ENTROPY.claim(Text("It agrees with SciPy's", "与 SciPy 的结果一致"))
def equals_scipy(entropy, rng):
    from scipy import stats

    p = rng.dirichlet(np.full(30, 0.2), 20)
    return roundoff(entropy(p, base=2.0), stats.entropy(p, base=2, axis=-1), terms=30)


def binned(low, high, width, cdf):
    edges = np.arange(round((high - low) / width) + 1) * width + low
    return np.diff(cdf(edges))


@ENTROPY.claim(
    Text(r"Rounded to bins of width Δ, $X$ has $H\approx h-\log\Delta$, which grows without bound: the differential entropy is no limit of the discrete one. For $U(0,\tfrac12)$, $h=-1$ bit",
         r"按宽度 Δ 取整后 $H\approx h-\log\Delta$，无界增长：微分熵并不是离散熵的极限。对 $U(0,\tfrac12)$，$h=-1$ 比特")
)  # fmt: skip
def differential_entropy_is_no_limit(entropy, rng):
    found = []
    for bits in (4, 7, 10):
        p = binned(0.0, 0.5, 2.0**-bits, lambda x: 2 * x)
        h = entropy(p, base=2.0) - bits  # H + log₂ Δ
        found += [roundoff(h, -1.0, terms=len(p)), roundoff(entropy(p, base=2.0), bits - 1, terms=len(p))]
    return all_of(*found)


@ENTROPY.claim(
    Text(
        r"$h(aX)=h(X)+\log\lvert a\rvert$: measuring a normal variable in other units moves it; for $\sigma<0.242$ it is negative",
        r"$h(aX)=h(X)+\log\lvert a\rvert$：正态变量换单位其微分熵随之改变；$\sigma<0.242$ 时为负",
    )
)
def differential_entropy_of_a_multiple(entropy, rng):
    from scipy import special

    found = []
    for sigma in (0.1, 1.0, 5.0):
        width = sigma / 64
        p = binned(-12 * sigma, 12 * sigma, width, lambda x, s=sigma: special.ndtr(x / s))
        h = float(entropy(p / p.sum()) + np.log(width))
        want = 0.5 * np.log(2 * np.pi * np.e) + np.log(sigma)
        # Rounding smooths the density: its variance grows by Δ²/12, its entropy by half the relative growth.
        want += (width / sigma) ** 2 / 24
        why = Text("Δ⁴/σ⁴, the next order of the bin width; rounding", "Δ⁴/σ⁴，区间宽度的下一阶；舍入")
        found.append(near(h, want, (width / sigma) ** 4 + 4 * p.size * 2.0**-52 * abs(np.log(width)), why))
        found.append(bound(np.sign(h), -1.0 if sigma < 0.242 else 1.0, "≤" if sigma < 0.242 else "≥"))
    return all_of(*found)


@ENTROPY.mutant(
    Text("nats sold as bits", "把奈特当作比特"),
    caught_by=[
        "units",
        "ten-questions-for-1024",
        "huffman-within-one-bit",
        "uniform-answer-carries-most",
        "differential-entropy-is-no-limit",
        "equals-scipy",
    ],
)
def nats_sold_as_bits(p, base=np.e):
    return entropy(p)


@ENTROPY.mutant(
    Text("0 · log 0 = NaN", "0 · log 0 = NaN"),
    caught_by=["equals-definition", "uniform-maximises", "uniform-answer-carries-most"],
)
def nan_at_zero(p, base=np.e):
    with np.errstate(all="ignore"):
        return -(p * np.log(p)).sum(axis=-1) / np.log(base)


@ENTROPY.mutant(
    Text("the sum is turned into a mean over the outcomes", "把求和写成对结果取平均"),
    caught_by=["equals-definition", "huffman-within-one-bit", "differential-entropy-of-a-multiple"],
)
def mean_over_outcomes(p, base=np.e):
    return entropy(p, base) / p.shape[-1]


@ENTROPY.mutant(
    Text("the Gini impurity", "基尼不纯度"), caught_by=["chain-rule", "uniform-maximises", "equals-scipy"]
)
def gini(p, base=np.e):
    return 1 - (p**2).sum(axis=-1)


@ENTROPY.mutant(
    Text("the sign is lost", "漏掉负号"), caught_by=["concave", "uniform-maximises", "ten-questions-for-1024"]
)
def sign_lost(p, base=np.e):
    return -entropy(p, base)


ENTROPY.erratum(
    "E51",
    common=Text("The uniform distribution contains the least information", "均匀分布包含的信息量最少"),
    why=Text(
        "Backwards for entropy: under the uniform law the answer among 1024 carries 10 bits, the most possible; under a point mass it carries 0.",
        "对熵而言正好相反：均匀分布下，1024 个答案之一带来 10 比特，是可能的最大值；点质量下为 0。",
    ),
    right=Text("uniform: greatest entropy, least prior knowledge", "均匀分布：熵最大，先验知识最少"),
    claims=("uniform-answer-carries-most", "uniform-maximises"),
)
ENTROPY.erratum(
    "E52",
    common=Text(
        r"For a continuous variable the sum simply becomes an integral, $-\int f\log f$, with the same meaning",
        r"对连续的实值变量，只需把求和换成积分 $-\int f\log f$，含义不变",
    ),
    why=Text(
        r"It is no limit of the discrete entropy, which grows like $-\log\Delta$; it is negative for $U(0,\tfrac12)$ (−1 bit) and changes with the unit of measurement.",
        r"它不是离散熵的极限（后者按 $-\log\Delta$ 增长）；对 $U(0,\tfrac12)$ 为负（−1 比特），并且随测量单位改变。",
    ),
    right=Text(
        r"differential entropy: state sign and units; $h(aX)=h(X)+\log\lvert a\rvert$; only differences and divergences have a meaning of their own",
        r"微分熵：须说明符号与单位；$h(aX)=h(X)+\log\lvert a\rvert$；只有差与散度才有独立的含义",
    ),
    claims=("differential-entropy-is-no-limit", "differential-entropy-of-a-multiple"),
)


@ENTROPY.figure(
    p=Slider(0.0, 1.0, 0.2, Text("probability of heads", "正面的概率")),
    sharpness=Slider(0.0, 4.0, 1.0, Text("inequality of the eight outcomes", "八个结果的不均匀程度")),
)
def figure(p, sharpness):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    grid = np.linspace(0, 1, 201)
    left.plot(grid, entropy(np.stack([grid, 1 - grid], axis=-1), 2.0))
    h = float(entropy(np.array([p, 1 - p]), 2.0))
    left.plot([p], [h], "o", color=COLOURS[1])
    left.set(xlabel="p(heads)", ylabel="H in bits", title=f"a coin: {h:.3f} bit", ylim=(0, 1.05))
    law = np.exp(-sharpness * np.arange(8))
    law /= law.sum()
    length, eight = huffman(law), float(entropy(law, 2.0))
    right.bar(np.arange(8), law, color=COLOURS[0], alpha=0.6)
    for i, (mass, bits) in enumerate(zip(law, length, strict=True)):
        right.text(i, mass, f"{bits}", ha="center", va="bottom", color=COLOURS[1])
    mean = float(law @ length)
    right.set(
        xlabel="outcome; above it its code length",
        ylabel="probability",
        title=f"H = {eight:.2f} ≤ Huffman {mean:.2f} < H + 1",
        ylim=(0, 1.1 * law.max()),
    )
    return Drawing(
        fig,
        Text(
            f"A coin with p = {p:.2f} has {h:.3f} bit. Eight outcomes of inequality {sharpness:.1f} have H = {eight:.3f} bits; "
            f"Huffman's code needs {mean:.3f} bits on average, with lengths {length.tolist()}.",
            f"p = {p:.2f} 的硬币熵为 {h:.3f} 比特。不均匀程度为 {sharpness:.1f} 的八个结果 H = {eight:.3f} 比特；Huffman 码平均需要 {mean:.3f} 比特，码长为 {length.tolist()}。",
        ),
    )
