"""Kullback–Leibler divergence."""

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Proof, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, rate, roundoff, statistical
from gradus.page.figures import COLOURS, canvas

KL = Concept(
    key="kl",
    kind="definition",
    title=Text("Kullback–Leibler divergence", "KL 散度"),
    summary=Text(
        "What it costs, in code length or log-likelihood, to believe q when p is true. Never negative, 0 only for $q=p$; "
        "but no distance: it has a direction, breaks the triangle inequality, and is infinite where q misses what p has.",
        "真实分布为 p 却相信 q 所付出的代价（以码长或对数似然计）。它非负，仅当 $q=p$ 时为 0；但它不是距离：它有方向，"
        "不满足三角不等式，并且当 q 漏掉 p 的支撑时为无穷。",
    ),
    formulas=(
        r"D_{\mathrm{KL}}(p\,\|\,q)=\sum_{i=1}^{k}p_i\log_b\frac{p_i}{q_i}\ \ge\ 0",
        r"D_{\mathrm{KL}}\big(\mathcal N(\mu_1,\sigma_1^2)\,\|\,\mathcal N(\mu_2,\sigma_2^2)\big)="
        r"\log\frac{\sigma_2}{\sigma_1}+\frac{\sigma_1^2+(\mu_1-\mu_2)^2}{2\sigma_2^2}-\frac12",
        r"D_{\mathrm{KL}}(p_\theta\,\|\,p_{\theta+\delta})=\tfrac12\delta^{\mathsf T}I(\theta)\,\delta+O(\lVert\delta\rVert^3)",
    ),
    symbols=(
        Symbol("p", "p", "... k", Text("probabilities; the mean is taken over them", "概率，对其取平均"), "simplex"),
        Symbol("q", "q", "... k", Text("probabilities that p is compared with", "与 p 比较的概率"), "simplex"),
        Symbol("b", "base", "", Text("base of the logarithm: e gives nats, 2 bits", "对数的底：e 得奈特，2 得比特"), "positive", "nat or bit"),
        Symbol("k", "", "", Text("number of outcomes", "结果的个数")),
        Symbol("i", "", "", Text("an outcome", "一个结果")),
        Symbol(r"\mu", "", "", Text("mean of a normal law", "正态分布的均值")),
        Symbol(r"\sigma", "", "", Text("its standard deviation", "其标准差"), "positive"),
        Symbol(r"\theta", "", "d", Text("parameters of a family", "分布族的参数")),
        Symbol(r"\delta", "", "d", Text("a small change of them", "参数的微小改变")),
        Symbol("I", "", "d d", Text("Fisher information", "Fisher 信息")),
    ),
    needs=("entropy", "cross-entropy"),
    source="kullback1951information",
    year=1951,
    people=("Solomon Kullback", "Richard Leibler"),
    implementations=(Implementation("gradus.foundations.information:kl_divergence", "torch"),),
    readings=(
        Reading("cover2006elements", "§2.3"),
        Reading("murphy2022probabilistic", "§6.2"),
        Reading("goodfellow2016deep", "§3.13"),
        Reading("endres2003new"),
    ),
    deviations=(
        Text("Also called relative entropy; it is not the cross-entropy, from which it differs by $H(p)$.",
             "又称相对熵；它不是交叉熵，二者相差 $H(p)$。"),
        Text("`torch.nn.functional.kl_div(input, target)` takes $\\log q$ first, then p, averages over all entries unless told, and gives NaN where both are 0.",
             "`torch.nn.functional.kl_div(input, target)` 先取 $\\log q$、再取 p，默认对所有元素取平均，且两者皆为 0 时给出 NaN。"),
        Text("`scipy.stats.entropy(p, q)` normalises both; `scipy.special.kl_div` adds $q-p$ to each term, which cancels in the sum of laws.",
             "`scipy.stats.entropy(p, q)` 会归一化两者；`scipy.special.kl_div` 每项多加 $q-p$，对概率分布求和后抵消。"),
    ),
    proof=Proof(
        Text(
            r"$-D_{KL}(p\|q)=\sum_{p_i>0}p_i\log\frac{q_i}{p_i}\le\log\sum_{p_i>0}p_i\frac{q_i}{p_i}=\log\sum_{p_i>0}q_i\le\log 1=0$ "
            r"by Jensen's inequality for the concave logarithm; equality needs $q_i/p_i$ constant where $p_i>0$ and no mass of q elsewhere, that is $q=p$.",
            r"由凹函数对数的詹森不等式，$-D_{KL}(p\|q)=\sum_{p_i>0}p_i\log\frac{q_i}{p_i}\le\log\sum_{p_i>0}p_i\frac{q_i}{p_i}=\log\sum_{p_i>0}q_i\le\log 1=0$；"
            r"取等号要求 $p_i>0$ 处 $q_i/p_i$ 为常数且 q 在别处没有质量，即 $q=p$。",
        )
    ),
)  # fmt: skip


@KL.definition
def kl(p, q, base=np.e):
    with np.errstate(divide="ignore"):
        log = np.log(np.where(p == 0, 1, p) / np.where(p == 0, 1, q)) / np.log(base)  # 0 log 0/q = 0
    return (p * log).sum(axis=-1)


@KL.cases
def cases(rng):
    def law(k, *shape):
        return rng.dirichlet(np.ones(k), size=shape)

    yield "random", dict(p=law(6), q=law(6))
    yield "batch in bits", dict(p=law(4, 2, 3), q=law(4, 2, 3), base=2.0)
    yield "one-hot", dict(p=np.array([0.0, 1.0, 0.0]), q=law(3))
    yield "support is missing", dict(p=np.array([0.5, 0.5]), q=np.array([1.0, 0.0]))
    yield "equal", dict(p=np.full(5, 0.2), q=np.full(5, 0.2))
    yield "far apart", dict(p=np.array([1 - 1e-9, 1e-9]), q=np.array([1e-9, 1 - 1e-9]))


@KL.invalid
def invalid(rng):
    yield "other numbers of outcomes", dict(p=np.full(3, 1 / 3), q=np.full(4, 0.25))
    yield "a negative probability", dict(p=np.array([-0.5, 1.5]), q=np.array([0.5, 0.5]))
    yield "a sum that is not 1", dict(p=np.array([0.5, 0.5]), q=np.array([0.5, 0.6]))


def coin(p):
    return np.array([p, 1 - p])


@KL.claim(Text("It is never negative, and 0 only when the laws are equal", "它非负，仅当两个分布相等时为 0"))
def never_negative(D, rng):
    p, q = rng.dirichlet(np.ones(5), 200), rng.dirichlet(np.ones(5), 200)
    near_p = 0.99 * p + 0.01 * q
    return all_of(
        bound(D(p, q).min(), 0.0, "≥"),
        bound(D(p, near_p).min(), 1e-9, "≥", Text("positive as soon as they differ", "只要不同就为正")),
        roundoff(D(p, p), np.zeros(200), terms=5, scale=1.0),
    )


@KL.claim(
    Text(
        "It has a direction: KL(½ ‖ 0.9) = 0.511 and KL(0.9 ‖ ½) = 0.368 nat",
        "它有方向：KL(½ ‖ 0.9) = 0.511，KL(0.9 ‖ ½) = 0.368 奈特",
    )
)
def has_a_direction(D, rng):
    there, back = D(coin(0.5), coin(0.9)), D(coin(0.9), coin(0.5))
    return all_of(
        roundoff(there, np.log(5 / 3), terms=4, scale=1.0),  # ½ log(.25/.09)
        roundoff(back, 0.9 * np.log(1.8) + 0.1 * np.log(0.2), terms=4, scale=1.0),
        bound(
            there - back, 0.1, "≥", Text("they differ by far more than rounding", "二者之差远大于舍入误差")
        ),
    )


@KL.claim(
    Text(
        "No triangle inequality: KL(½ ‖ 0.1) = 0.511 exceeds KL(½ ‖ ¼) + KL(¼ ‖ 0.1) = 0.236; but the root of Jensen–Shannon keeps it",
        "没有三角不等式：KL(½ ‖ 0.1) = 0.511 大于 KL(½ ‖ ¼) + KL(¼ ‖ 0.1) = 0.236；而 Jensen–Shannon 散度的平方根满足",
    )
)
def no_triangle_inequality(D, rng):
    direct = D(coin(0.5), coin(0.1))
    detour = D(coin(0.5), coin(0.25)) + D(coin(0.25), coin(0.1))
    p, q, r = (rng.dirichlet(np.ones(3), 200) for _ in range(3))
    slack = _root_js(D, p, q) + _root_js(D, q, r) - _root_js(D, p, r)
    known = 0.5 * np.log(4 / 3) + 0.25 * np.log(2.5) + 0.75 * np.log(0.75 / 0.9)
    return all_of(roundoff(direct, np.log(5 / 3), terms=4, scale=1.0), roundoff(detour, known, terms=8, scale=1.0),
                  bound(direct - detour, 0.2, "≥"), bound(slack.min(), 0.0, "≥"))  # fmt: skip


def _js(D, p, q):
    m = (p + q) / 2
    return (D(p, m) + D(q, m)) / 2


def _root_js(D, p, q):
    return np.sqrt(np.maximum(_js(D, p, q), 0))


@KL.claim(
    Text(
        r"On disjoint supports KL is infinite, while Jensen–Shannon, which the original GAN minimises, is $\ln 2$",
        r"支撑不相交时 KL 为无穷，而原始 GAN 所最小化的 Jensen–Shannon 散度为 $\ln 2$",
    )
)
def infinite_on_disjoint_supports(D, rng):
    shared = D(np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.75, 0.0]))  # where both are 0 nothing is added
    p, q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.5, 0.5])
    one_sided = D(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    return all_of(
        roundoff(shared, 0.5 * np.log(4 / 3), terms=3, scale=1.0),
        identical(D(p, q), np.inf),
        roundoff(_js(D, p, q), np.log(2), terms=4),
        roundoff(one_sided, np.log(2), terms=2),
    )


@KL.claim(
    Text(
        "“Similar” depends on the direction: fitting one normal to two peaks, KL(p‖q) covers both, KL(q‖p) takes one",
        "“相似”取决于方向：用一个正态拟合两个峰，KL(p‖q) 覆盖两者，KL(q‖p) 只取其一",
    )
)
def direction_decides_what_is_similar(D, rng):
    x = np.linspace(-8, 8, 161)
    bell = np.exp(
        -((x - x[:, None, None]) ** 2) / (2 * np.array([0.7, 1.5, 3.1])[:, None] ** 2)
    )  # (centre, width, x)
    bell = bell / bell.sum(-1, keepdims=True)
    p = bell[50, 0] / 2 + bell[110, 0] / 2  # peaks at ±3
    P = np.broadcast_to(p, bell.shape)
    cover = np.unravel_index(D(P, bell).argmin(), bell.shape[:2])
    seek = np.unravel_index(D(bell, P).argmin(), bell.shape[:2])
    return all_of(
        roundoff(x[cover[0]], 0.0, scale=8.0), identical(cover[1], 2),
        near(float(abs(x[seek[0]])), 3.0, 0.1, Text("one step of the grid of centres", "中心网格的一格")), identical(seek[1], 0),
    )  # fmt: skip


@KL.claim(
    Text(
        "For normal laws it is the closed form, by integration on a grid and by Monte Carlo",
        "对正态分布等于闭式解：网格积分与蒙特卡罗均如此",
    )
)
def normal_closed_form(D, rng):
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


@KL.claim(
    Text(
        r"Locally it is $\tfrac12\delta^{\mathsf T}I\delta$, with a remainder of third order: slope 3",
        r"局部为 $\tfrac12\delta^{\mathsf T}I\delta$，余项为三阶：斜率 3",
    )
)
def locally_half_the_fisher_form(D, rng):
    theta, delta = rng.standard_normal(4), rng.standard_normal(4)

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    p = softmax(theta)
    fisher = np.diag(p) - np.outer(p, p)
    sizes = 2.0 ** -np.arange(3, 9)
    left = [abs(float(D(p, softmax(theta + t * delta))) - 0.5 * t**2 * delta @ fisher @ delta) for t in sizes]
    return rate(sizes.tolist(), left, 3.0, 0.1)


@KL.claim(
    Text(
        "It adds up over independent parts, and merging outcomes never raises it",
        "对独立的部分可加；合并结果不会使其增大",
    )
)
def adds_up_and_shrinks_when_merged(D, rng):
    p, q = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4))
    r, s = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3))
    joint = D(np.outer(p, r).ravel(), np.outer(q, s).ravel())
    merged = D(p.reshape(2, 2).sum(1), q.reshape(2, 2).sum(1))
    return all_of(
        roundoff(joint, D(p, q) + D(r, s), terms=12, scale=float(D(p, q) + D(r, s)) + 1),
        bound(D(p, q) - merged, 0.0, "≥"),
    )


@KL.mutant(
    Text("the arguments swapped", "两个参数对调"),
    caught_by=[
        "equals-definition",
        "has-a-direction",
        "normal-closed-form",
        "direction-decides-what-is-similar",
    ],
)
def swapped(p, q, base=np.e):
    return kl(q, p, base)


@KL.mutant(
    Text("made symmetric by averaging both directions", "对两个方向取平均使其对称"),
    caught_by=["has-a-direction", "infinite-on-disjoint-supports", "direction-decides-what-is-similar"],
)
def symmetric(p, q, base=np.e):
    return (kl(p, q, base) + kl(q, p, base)) / 2


@KL.mutant(
    Text("the total variation, which is a distance", "换成全变差距离"),
    caught_by=["no-triangle-inequality", "locally-half-the-fisher-form", "adds-up-and-shrinks-when-merged"],
)
def total_variation(p, q, base=np.e):
    return np.abs(p - q).sum(axis=-1) / 2


@KL.mutant(
    Text("log q without log p: the cross-entropy", "只有 log q 没有 log p：即交叉熵"),
    caught_by=["never-negative", "locally-half-the-fisher-form", "equals-definition"],
)
def cross_entropy(p, q, base=np.e):
    return -(p * np.log(np.where(p == 0, 1, q))).sum(axis=-1) / np.log(base)


@KL.mutant(
    Text("NaN where both are 0", "两者皆为 0 时给出 NaN"),
    caught_by=["equals-definition", "infinite-on-disjoint-supports"],
)
def nan_at_zero(p, q, base=np.e):
    with np.errstate(all="ignore"):
        return (p * np.log(p / q)).sum(axis=-1) / np.log(base)


@KL.mutant(Text("nats sold as bits", "把奈特当作比特"), caught_by=["equals-definition"])
def nats_sold_as_bits(p, q, base=np.e):
    return kl(p, q)


KL.erratum(
    "E55",
    common=Text(
        "KL divergence is a measure of distance between distributions", "KL 散度是分布之间距离的度量"
    ),
    why=Text(
        "It has a direction (0.511 against 0.368 nat for the coins ½ and 0.9) and the detour can be shorter: 0.236 by way of ¼ against 0.511 straight.",
        "它有方向（硬币 ½ 与 0.9 之间为 0.511 对 0.368 奈特），而且绕路可以更短：经过 ¼ 为 0.236，直达为 0.511。",
    ),
    right=Text(
        "a divergence; the root of the Jensen–Shannon divergence is a metric",
        "散度；Jensen–Shannon 散度的平方根才是度量",
    ),
    claims=("has-a-direction", "no-triangle-inequality"),
)
KL.erratum(
    "E57",
    common=Text(
        "It is useful for training generative adversarial networks, to make one distribution similar to another",
        "训练生成对抗网络时它是有用的：使一个分布与另一个相似",
    ),
    why=Text(
        r"The original GAN minimises Jensen–Shannon: on disjoint supports that is $\ln 2$ where KL is infinite; and what “similar” means depends on the direction of KL.",
        r"原始 GAN 最小化的是 Jensen–Shannon 散度：支撑不相交时它为 $\ln 2$，而 KL 为无穷；并且“相似”的含义取决于 KL 的方向。",
    ),
    right=Text(
        "Jensen–Shannon for the original GAN, an f-divergence in general; say which direction",
        "原始 GAN 用 Jensen–Shannon，一般情形为 f-散度；要说明方向",
    ),
    claims=("infinite-on-disjoint-supports", "direction-decides-what-is-similar"),
)


@KL.figure(
    mean=Slider(-3, 3, 0.8, Text("mean of q", "q 的均值")),
    width=Slider(0.3, 3, 1.5, Text("standard deviation of q", "q 的标准差"), log=True),
)
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
    left.legend(frameon=False, fontsize=8)
    right.axhline(0, color=COLOURS[6], lw=0.8)
    right.fill_between(
        x, p * np.log(p / q) / step, alpha=0.35, lw=0, color=COLOURS[0], label=f"p log p/q: {forward:.3f}"
    )
    right.fill_between(
        x, q * np.log(q / p) / step, alpha=0.35, lw=0, color=COLOURS[1], label=f"q log q/p: {backward:.3f}"
    )
    right.set(xlabel="x", title="what each x adds", xlim=(-7, 7))
    right.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"p = N(0, 1), q = N({mean:.2f}, {width:.2f}²): KL(p‖q) = {forward:.3f}, KL(q‖p) = {backward:.3f} nat. Parts of the integrand are negative; the integral never is.",
            f"p = N(0, 1)，q = N({mean:.2f}, {width:.2f}²)：KL(p‖q) = {forward:.3f}，KL(q‖p) = {backward:.3f} 奈特。被积函数有负的部分，积分则非负。",
        ),
    )
