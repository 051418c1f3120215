"""Cross-entropy: the mean surprise of one who believes q while p is true."""

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, roundoff, statistical
from gradus.page.figures import COLOURS, canvas

CROSS_ENTROPY = Concept(
    key="cross-entropy",
    kind="definition",
    title=Text("Cross-entropy", "交叉熵"),
    summary=Text(
        "The mean surprise when p is true and q was believed; the mean length of a code made for q. It is smallest, "
        "$H(p)$ and not 0, when q equals p. As a loss it is the mean negative log-likelihood.",
        "真实分布为 p、而相信 q 时的平均意外程度；也是为 q 设计的编码的平均长度。当 q 等于 p 时最小，最小值为 $H(p)$ 而不是 0。作为损失，它就是平均负对数似然。",
    ),
    formulas=(
        r"H(p,q)=-\sum_{i=1}^{k}p_i\log_b q_i",
        r"H(p,q)=H(p)+D_{\mathrm{KL}}(p\,\|\,q)\ \ge\ H(p)",
        r"q=\operatorname{softmax}(z)\ \Rightarrow\ \frac{\partial H(p,q)}{\partial z_i}=q_i-p_i",
    ),
    symbols=(
        Symbol("p", "p", "... k", Text("true probabilities", "真实概率"), "simplex"),
        Symbol("q", "q", "... k", Text("believed probabilities", "相信的概率"), "simplex"),
        Symbol("b", "base", "", Text("base of the logarithm: e gives nats, 2 bits", "对数的底：e 得奈特，2 得比特"), "positive", "nat or bit"),
        Symbol("k", "", "", Text("number of outcomes", "结果的个数")),
        Symbol("i", "", "", Text("an outcome", "一个结果")),
        Symbol("H(p)", "", "", Text("entropy of p", "p 的熵"), unit="nat or bit"),
        Symbol(r"D_{\mathrm{KL}}", "", "", Text("Kullback–Leibler divergence", "KL 散度"), unit="nat or bit"),
        Symbol("z", "", "k", Text("logits", "未归一化的对数概率")),
    ),
    needs=("entropy", "expectation"),
    source="cover2006elements",
    year=1948,
    people=("Claude Shannon", "Irving John Good"),
    implementations=(Implementation("gradus.foundations.information:cross_entropy", "torch"),),
    readings=(
        Reading("cover2006elements", "§5.4"),
        Reading("murphy2022probabilistic", "§6.1.2"),
        Reading("goodfellow2016deep", "§3.13"),
    ),
    deviations=(
        Text("`torch.nn.functional.cross_entropy` takes logits, not probabilities, the prediction first, and averages over the batch; it is the stable form for training.",
             "`torch.nn.functional.cross_entropy` 接受的是 logits 而非概率，预测在前，并对批量取平均；训练时应使用这种稳定形式。"),
    ),
)  # fmt: skip


@CROSS_ENTROPY.definition
def cross_entropy(p, q, base=np.e):
    log = np.log(np.where(p == 0, 1, q)) / np.log(base)  # 0 log q = 0, also for q = 0
    return -(p * log).sum(axis=-1)


@CROSS_ENTROPY.cases
def cases(rng):
    def law(k, *shape):
        return rng.dirichlet(np.ones(k), size=shape)

    yield "random", dict(p=law(6), q=law(6))
    yield "batch in bits", dict(p=law(4, 2, 3), q=law(4, 2, 3), base=2.0)
    yield "one-hot", dict(p=np.array([0.0, 1.0, 0.0]), q=law(3))
    yield "both 0", dict(p=np.array([0.5, 0.5, 0.0]), q=np.array([0.25, 0.75, 0.0]))
    yield "support is missing", dict(p=np.array([0.5, 0.5]), q=np.array([1.0, 0.0]))
    yield "equal", dict(p=np.full(5, 0.2), q=np.full(5, 0.2))


@CROSS_ENTROPY.invalid
def invalid(rng):
    yield "other numbers of outcomes", dict(p=np.full(3, 1 / 3), q=np.full(4, 0.25))
    yield "a negative probability", dict(p=np.array([0.5, 0.5]), q=np.array([-0.5, 1.5]))
    yield "a sum that is not 1", dict(p=np.array([0.5, 0.6]), q=np.array([0.5, 0.5]))


def laws(rng, k=5, n=50):
    return rng.dirichlet(np.ones(k), n), rng.dirichlet(np.ones(k), n)


@CROSS_ENTROPY.claim(
    Text("$H(p,q)=H(p)+D_{KL}(p\\|q)$, both from SciPy", "$H(p,q)=H(p)+D_{KL}(p\\|q)$，后两者取自 SciPy")
)
def entropy_plus_divergence(H, rng):
    from scipy import special

    p, q = laws(rng)
    want = special.entr(p).sum(-1) + special.rel_entr(p, q).sum(-1)
    return roundoff(H(p, q), want, terms=10, scale=float(-np.log(q.min())))


@CROSS_ENTROPY.claim(
    Text(
        "Over q it is smallest at $q=p$, and there only (Gibbs)",
        "关于 q 的最小值只在 $q=p$ 处取得（吉布斯不等式）",
    )
)
def smallest_at_the_truth(H, rng):
    p, q = laws(rng, n=200)
    step = 1e-3 * (q - p)  # towards anything else it grows
    excess = H(p, p + step) - H(p, p)
    return all_of(bound((H(p, q) - H(p, p)).min(), 0.0, "≥"), bound(excess.min(), 0.0, "≥"))


@CROSS_ENTROPY.claim(
    Text(
        "A perfect prediction costs $H(p)$, not 0: for p = (0.7, 0.3) 0.611 nat; it is 0 for a one-hot p alone",
        "完美的预测代价为 $H(p)$ 而不是 0：p = (0.7, 0.3) 时为 0.611 奈特；仅当 p 为独热分布时为 0",
    )
)
def perfect_prediction_costs_the_entropy(H, rng):
    p = np.array([0.7, 0.3])
    want = 0.7 * np.log(10 / 7) + 0.3 * np.log(10 / 3)  # 0.610864…
    return all_of(
        roundoff(H(p, p), want, terms=2),
        bound(H(p, p), 0.61, "≥", Text("far from 0", "远离 0")),
        roundoff(H(np.eye(3), np.eye(3)), np.zeros(3), scale=1.0),
    )


@CROSS_ENTROPY.claim(
    Text(
        r"For a one-hot p it is $-\log q_y$, the negative log-likelihood of the class",
        r"p 为独热分布时等于 $-\log q_y$，即该类别的负对数似然",
    )
)
def one_hot_is_negative_log_likelihood(H, rng):
    q = rng.dirichlet(np.ones(4))
    return roundoff(H(np.eye(4), np.tile(q, (4, 1))), -np.log(q), terms=4)


@CROSS_ENTROPY.claim(
    Text(
        "It is infinite where q gives 0 to what can happen, and ignores what cannot",
        "若 q 把可能发生的事赋为 0，则为无穷；不可能发生的事不计",
    )
)
def infinite_where_support_is_missing(H, rng):
    missing = H(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    idle = H(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    return all_of(identical(missing, np.inf), roundoff(idle, np.log(2), terms=2))


@CROSS_ENTROPY.claim(
    Text(
        "A code with lengths $-\\log_2 q_i$ has mean length $H(p,q)$ bits when p is true",
        "码长为 $-\\log_2 q_i$ 的编码在真实分布 p 下平均长度为 $H(p,q)$ 比特",
    )
)
def length_of_a_code_for_q(H, rng):
    lengths = np.array([1, 2, 3, 4, 5, 5])  # a prefix code: Σ 2^−l = 1
    p = rng.dirichlet(np.ones(6))
    return all_of(
        roundoff((0.5**lengths).sum(), 1.0), roundoff(H(p, 0.5**lengths, base=2.0), p @ lengths, terms=6)
    )


@CROSS_ENTROPY.claim(
    Text(
        "Through a softmax its gradient is prediction less truth, $q-p$",
        "经过 softmax 后的梯度是预测减去真值，$q-p$",
    )
)
def gradient_is_prediction_less_truth(H, rng):
    p, z, h = rng.dirichlet(np.ones(5)), rng.standard_normal(5), 2.0**-13

    def softmax(z):
        e = np.exp(z - z.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    up, down = softmax(z + h * np.eye(5)), softmax(z - h * np.eye(5))
    P = np.tile(p, (5, 1))
    slope = (H(P, up) - H(P, down)) / (2 * h)
    # |third derivative of log-sum-exp| ≤ 1: central differences err by at most h²/6, rounding by ε·H/h
    tolerance = h**2 / 6 + 16 * 2.0**-52 * float(H(p, softmax(z))) / h
    why = Text("h²/6 + c·ε·H/h of central differences", "中心差分的 h²/6 + c·ε·H/h")
    return near(np.abs(slope - (softmax(z) - p)).max(), 0.0, tolerance, why, "roundoff")


@CROSS_ENTROPY.claim(
    Text(
        "It is the expected loss: the mean of $-\\log q(x)$ over draws from p",
        "它是期望损失：从 p 抽样时 $-\\log q(x)$ 的平均",
    )
)
def mean_loss_of_samples(H, rng):
    p, q = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5])
    draws = rng.choice(3, 20_000, p=p)
    return statistical(-np.log(q)[draws], float(H(p, q)))


@CROSS_ENTROPY.mutant(
    Text("the arguments swapped", "两个参数对调"),
    caught_by=[
        "equals-definition",
        "one-hot-is-negative-log-likelihood",
        "infinite-where-support-is-missing",
        "mean-loss-of-samples",
        "length-of-a-code-for-q",
    ],
)
def swapped(p, q, base=np.e):
    return cross_entropy(q, p, base)


@CROSS_ENTROPY.mutant(
    Text("the divergence sold as cross-entropy", "把 KL 散度当作交叉熵"),
    caught_by=["perfect-prediction-costs-the-entropy", "entropy-plus-divergence", "mean-loss-of-samples"],
)
def divergence(p, q, base=np.e):
    return cross_entropy(p, q, base) - cross_entropy(p, p, base)


@CROSS_ENTROPY.mutant(
    Text("nats sold as bits", "把奈特当作比特"), caught_by=["length-of-a-code-for-q", "equals-definition"]
)
def nats_sold_as_bits(p, q, base=np.e):
    return cross_entropy(p, q)


@CROSS_ENTROPY.mutant(
    Text("q is clipped at 0.01, so that nothing is infinite", "把 q 截断在 0.01，使结果不会无穷"),
    caught_by=["infinite-where-support-is-missing"],
)
def clipped(p, q, base=np.e):
    return cross_entropy(p, np.maximum(q, 0.01), base)


@CROSS_ENTROPY.mutant(
    Text("squared error instead", "改用平方误差"),
    caught_by=["gradient-is-prediction-less-truth", "entropy-plus-divergence"],
)
def squared_error(p, q, base=np.e):
    return ((p - q) ** 2).sum(axis=-1)


@CROSS_ENTROPY.mutant(Text("the sign is lost", "漏掉负号"), caught_by=["smallest-at-the-truth"])
def sign_lost(p, q, base=np.e):
    return -cross_entropy(p, q, base)


CROSS_ENTROPY.erratum(
    "E61",
    common=Text("A garbled name for it in Chinese, twice the character for entropy", "误写为“熵熵”"),
    why=Text(
        "That is no term: cross-entropy and relative entropy (the divergence) are two quantities, and differ by H(p).",
        "没有这样的术语：交叉熵与相对熵（散度）是两个量，相差 H(p)。",
    ),
    right=Text("cross-entropy, or relative entropy, as is meant", "交叉熵，或相对熵，视所指而定"),
    claims=("entropy-plus-divergence",),
)
CROSS_ENTROPY.erratum(
    "E56",
    common=Text(
        "The cross-entropy loss is zero when the prediction matches the truth",
        "预测与真实一致时，交叉熵损失为零",
    ),
    why=Text(
        "For p = (0.7, 0.3) the perfect prediction costs $H(p,p)=0.611$ nat; 0 needs a p that is certain.",
        "p = (0.7, 0.3) 时，完美预测的代价为 $H(p,p)=0.611$ 奈特；只有确定性的 p 才能得到 0。",
    ),
    right=Text(
        "its least value is $H(p)$; what vanishes is the divergence $H(p,q)-H(p)$",
        "其最小值为 $H(p)$；为零的是散度 $H(p,q)-H(p)$",
    ),
    claims=("perfect-prediction-costs-the-entropy",),
)


@CROSS_ENTROPY.figure(
    p=Slider(0.0, 1.0, 0.7, Text("true probability", "真实概率")),
    q=Slider(0.01, 0.99, 0.4, Text("believed probability", "相信的概率")),
)
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
    ax.text(0.02, least / 2, f"H(p) = {least:.3f}", va="center", fontsize=9)
    ax.set(xlabel="q", ylabel="nats", ylim=(0, 3), title=f"H(p, q) = {here:.3f}, p = {p:.2f}")
    ax.legend(frameon=False, loc="upper center")
    return Drawing(
        fig,
        Text(
            f"Truth {p:.2f}, belief {q:.2f}: cross-entropy {here:.3f} nat = entropy {least:.3f} + divergence {here - least:.3f}. The curve is lowest at q = p.",
            f"真实概率 {p:.2f}，相信 {q:.2f}：交叉熵 {here:.3f} 奈特 = 熵 {least:.3f} + 散度 {here - least:.3f}。曲线在 q = p 处最低。",
        ),
    )
