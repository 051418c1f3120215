"""Binary cross-entropy with logits."""

import math

import numpy as np

from gradus.concepts.networks.losses.common import COUNT, STEP, convex_along, gradient_is, slope
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, invariance, roundoff
from gradus.page.figures import canvas

BCE = Concept(
    key="bce",
    kind="definition",
    title=Text("Binary cross-entropy with logits", "二元交叉熵（以 logits 计算）"),
    summary=Text(
        "The negative log-likelihood of yes-or-no targets, computed from the log-odds z, so that no probability is ever "
        "rounded to 0 or 1 before its logarithm is taken. Its gradient is predicted minus true.",
        "是非型目标的负对数似然，直接由对数几率 z 计算，概率在取对数之前不会被舍入为 0 或 1。梯度就是预测减真值。",
    ),
    formulas=(
        r"L=-\frac1n\sum_{i=1}^{n}\bigl[y_i\log p_i+(1-y_i)\log(1-p_i)\bigr],\qquad p_i=\sigma(z_i)",
        r"L=\frac1n\sum_{i=1}^{n}\Bigl[\max(z_i,0)-y_iz_i+\log\bigl(1+e^{-|z_i|}\bigr)\Bigr],\qquad \frac{\partial L}{\partial z_i}=\frac{p_i-y_i}{n}",
    ),
    symbols=(
        Symbol("z", "z", "n", Text("log-odds (logits)", "对数几率（logits）")),
        Symbol("y", "y", "n", Text("targets: 0 or 1, or a probability between", "目标：0 或 1，或其间的概率"), "unit"),
        Symbol("p", "", "n", Text("predicted probabilities", "预测概率")),
        Symbol(r"\sigma", "", "", Text("the sigmoid", "sigmoid 函数")),
        COUNT,
        Symbol("L", "", "", Text("the loss", "损失")),
    ),
    needs=("sigmoid", "cross-entropy", "gradient"),
    source="bishop2006pattern",
    year=1958,
    people=("David Cox",),
    implementations=(Implementation("torch.nn.functional:binary_cross_entropy_with_logits", "torch"),),
    readings=(Reading("bishop2006pattern", "§4.3.2"), Reading("goodfellow2016deep", "§6.2.2.2")),
    deviations=(
        Text(
            "`torch.nn.BCELoss`, which takes probabilities, replaces logarithms below −100 by −100: at z = −1000, y = 1 it gives 100 where the loss is 1000.",
            "接受概率的 `torch.nn.BCELoss` 把小于 −100 的对数换成 −100：z = −1000、y = 1 时给出 100，而真实损失为 1000。",
        ),
    ),
)  # fmt: skip


@BCE.definition
def bce(z, y):
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))).mean()


@BCE.cases
def bce_cases(rng):
    yield "random", dict(z=2 * rng.standard_normal(8), y=(rng.random(8) < 0.4) * 1.0)
    yield "soft targets", dict(z=rng.standard_normal(5), y=rng.random(5))
    yield "one sample", dict(z=np.array([0.3]), y=np.array([1.0]))
    yield (
        "sure and right, sure and wrong",
        dict(z=np.array([1000.0, -1000.0, 1000.0, -1000.0]), y=np.array([1.0, 0.0, 0.0, 1.0])),
    )


@BCE.invalid
def bce_invalid(rng):
    yield "more targets than logits", dict(z=np.zeros(3), y=np.ones(4))
    yield "two rows against three", dict(z=np.zeros((2, 3)), y=np.ones((3, 2)))


@BCE.claim(Text(r"Its gradient is $(\sigma(z)-y)/n$", r"梯度为 $(\sigma(z)-y)/n$"))
def gradient_is_predicted_minus_true(bce, rng):
    z, y = 2 * rng.standard_normal(6) + 0.1, rng.random(6)
    return gradient_is(lambda t: bce(t, y), z, (1 / (1 + np.exp(-z)) - y) / 6)


@BCE.claim(
    Text(
        "At logits of ±1000 the loss is 0 where right and 1000 where wrong",
        "logits 为 ±1000 时，正确者损失为 0，错误者为 1000",
    )
)
def exact_at_a_thousand(bce, rng):
    cases = [(1000.0, 1.0, 0.0), (-1000.0, 0.0, 0.0), (1000.0, 0.0, 1000.0), (-1000.0, 1.0, 1000.0)]
    return all_of(*[roundoff(bce(np.array([z]), np.array([y])), want) for z, y, want in cases])


@BCE.claim(
    Text(
        "Both terms are summed over all samples: the loss of two samples is the mean of their losses",
        "两项都对全部样本求和：两个样本的损失等于各自损失的平均",
    )
)
def sum_covers_both_terms(bce, rng):
    z, y = rng.standard_normal(5), np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    p = 1 / (1 + np.exp(-z))
    single = [bce(z[[i]], y[[i]]) for i in range(5)]
    chosen = -np.log(np.where(y == 1, p, 1 - p))  # the probability of what happened
    return all_of(roundoff(bce(z, y), np.mean(single), terms=5), roundoff(single, chosen, terms=4))


@BCE.claim(
    Text(
        r"The best constant is the log-odds of the share of ones, $\sigma(z)=\bar y$",
        r"最优的常数是正例比例的对数几率，即 $\sigma(z)=\bar y$",
    )
)
def best_constant_is_the_share(bce, rng):
    y = np.array([1.0, 0, 0, 1, 0, 0, 0, 1, 0, 0])
    z = np.array([math.log(0.3 / 0.7)])
    flat = slope(lambda t: bce(np.full(10, t[0]), y), z, 0)
    entropy = -0.3 * math.log(0.3) - 0.7 * math.log(0.7)
    return all_of(
        roundoff(flat, 0.0, terms=4, scale=1 / STEP), roundoff(bce(np.full(10, z[0]), y), entropy, terms=10)
    )


@BCE.claim(Text("Convex in the logits", "关于 logits 是凸函数"))
def convex_in_the_logits(bce, rng):
    y = rng.random(4)
    found = [convex_along(lambda t: bce(t, y), *(5 * rng.standard_normal((2, 4)))) for _ in range(5)]
    # from sure and wrong to sure and right: whatever is bounded bends down here
    return all_of(convex_along(lambda t: bce(t, np.ones(1)), np.full(1, -30.0), np.full(1, 30.0)), *found)


@BCE.claim(
    Text(
        "Exchanging the classes changes nothing: $L(z,y)=L(-z,1-y)$",
        "交换两个类别，结果不变：$L(z,y)=L(-z,1-y)$",
    )
)
def classes_exchanged(bce, rng):
    z, y = 3 * rng.standard_normal(9), rng.random(9)
    return invariance(bce(-z, 1 - y), bce(z, y), terms=9, scale=float(np.abs(z).max()))


@BCE.mutant(
    Text("log of a clipped probability", "对截断后的概率取对数"),
    caught_by=["exact-at-a-thousand", "equals-definition"],
)
def clipped_probability(z, y):
    p = np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()


@BCE.mutant(Text("the sum covers the first term only; the second stands for the last sample", "求和只覆盖第一项，第二项只取最后一个样本"), caught_by=["sum-covers-both-terms", "gradient-is-predicted-minus-true"])  # fmt: skip
def first_term_only(z, y):
    p = 1 / (1 + np.exp(-z))
    return -((y * np.log(p)).sum() + (1 - y[-1]) * np.log(1 - p[-1])) / z.size


@BCE.mutant(
    Text("term of the negatives left out", "漏掉负例的项"),
    caught_by=["best-constant-is-the-share", "classes-exchanged", "sum-covers-both-terms"],
)
def positives_only(z, y):
    return (y * np.log1p(np.exp(-z))).mean()


@BCE.mutant(
    Text("squared error of the probability", "对概率用平方误差"),
    caught_by=["convex-in-the-logits", "exact-at-a-thousand"],
)
def squared_error(z, y):
    return ((1 / (1 + np.exp(-z)) - y) ** 2).mean()


BCE.erratum(
    "E37",
    common=Text(r"$-\frac1m\Bigl[\sum_{i=1}^{m}y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\Bigr]$", r"$-\frac1m\Bigl[\sum_{i=1}^{m}y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\Bigr]$"),
    why=Text(
        "As bracketed the sum ends at the plus sign, and the second term has a free index i: taken literally, the negatives of all samples but one are lost.",
        "照这样的括号，求和到加号为止，第二项的下标 i 没有约束：照字面计算，除一个样本外所有负例的贡献都丢失了。",
    ),
    right=Text(r"$-\frac1m\sum_{i=1}^{m}\bigl[y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\bigr]$", r"$-\frac1m\sum_{i=1}^{m}\bigl[y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\bigr]$"),
    claims=("sum-covers-both-terms",),
)  # fmt: skip


@BCE.figure(
    share=Slider(0.02, 0.98, 0.3, Text("share of ones", "正例的比例")),
    z0=Slider(-6, 6, 1.5, Text("logit z", "logit z")),
)
def bce_figure(share, z0):
    z = np.linspace(-6, 6, 241)
    risk = share * np.log1p(np.exp(-z)) + (1 - share) * np.log1p(np.exp(z))
    fig, ax = canvas(width=6.4, height=3.4)
    ax.plot(z, np.log1p(np.exp(-z)), color="#7F7F7F", ls="--", lw=0.9, label="target 1")
    ax.plot(z, np.log1p(np.exp(z)), color="#7F7F7F", ls=":", lw=1.2, label="target 0")
    ax.plot(z, risk, label="expected loss")
    best, entropy = (
        math.log(share / (1 - share)),
        -share * math.log(share) - (1 - share) * math.log(1 - share),
    )
    value = float(share * np.log1p(np.exp(-z0)) + (1 - share) * np.log1p(np.exp(z0)))
    p = 1 / (1 + math.exp(-z0))
    ax.plot(best, entropy, "o", color="#009E73")
    ax.plot([z0, z0], [entropy, value], color="#D55E00")
    ax.plot(z0, value, "o", color="#D55E00")
    ax.axhline(entropy, color="#009E73", lw=0.8)
    ax.set(xlabel="z", ylabel="loss (nats)", ylim=(0, 6))
    ax.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"With {share:.0%} ones, predicting σ(z) = {p:.3f} costs {value:.3f} nats on average: the entropy {entropy:.3f}, which nothing can beat, "
            f"plus the divergence {value - entropy:.3f}. Best at z = {best:.2f}.",
            f"正例占 {share:.0%} 时，预测 σ(z) = {p:.3f} 的平均损失为 {value:.3f} 奈特：其中熵 {entropy:.3f} 无法再减，其余 {value - entropy:.3f} 是散度。最优在 z = {best:.2f}。",
        ),
    )
