"""Softmax."""

import numpy as np

from gradus.concepts.networks.activations.common import STEP, slopes
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.figures import canvas


def _softmax_torch(softmax, z):
    return softmax(z, dim=-1)


SOFTMAX = Concept(
    key="softmax",
    kind="definition",
    title=Text("Softmax", "softmax 函数"),
    summary=Text(
        "Turns n scores into a probability distribution: positive, summing to 1, in the order of the scores. Only "
        "differences of scores count. Its Jacobian is the covariance matrix of the one-hot draw.",
        "把 n 个得分变成概率分布：各项为正、和为 1、保持得分的大小次序。只有得分之差起作用；它的雅可比矩阵就是独热随机向量的协方差矩阵。",
    ),
    formulas=(
        r"p_i=\operatorname{softmax}(z)_i=\frac{e^{z_i}}{\sum_{j=1}^{n}e^{z_j}}=\frac{e^{z_i-m}}{\sum_{j=1}^{n}e^{z_j-m}},\qquad m=\max_j z_j",
        r"\frac{\partial p}{\partial z}=\operatorname{diag}(p)-pp^{\mathsf T},\qquad p=\nabla_z\log\sum_{j=1}^{n}e^{z_j}",
    ),
    symbols=(
        Symbol("z", "z", "... n", Text("scores (logits)", "得分（logits）")),
        Symbol("p", "", "... n", Text("probabilities", "概率")),
        Symbol("m", "", "", Text("largest score, subtracted so that nothing overflows", "最大得分，减去它以免溢出")),
    ),
    needs=("jacobian", "sigmoid"),
    source="bridle1990probabilistic",
    year=1990,
    people=("Ludwig Boltzmann", "John S. Bridle"),
    implementations=(Implementation("torch:softmax", "torch", _softmax_torch),),
    readings=(
        Reading("goodfellow2016deep", "§6.2.2.3"),
        Reading("murphy2022probabilistic", "§2.5.2"),
        Reading("bishop2006pattern", "§4.3.4"),
    ),
    deviations=(
        Text(
            "`softmax` without an axis means different axes: PyTorch guesses from the rank and warns, SciPy takes "
            "all entries, ONNX the last axis.",
            "不指定轴时各家含义不同：PyTorch 按维数猜测并警告，SciPy 对所有元素归一化，ONNX 取最后一轴。",
        ),
    ),
)  # fmt: skip


@SOFTMAX.definition
def softmax(z):
    m = z.max(-1, keepdims=True)
    e = np.exp(z - m)
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.cases
def softmax_cases(rng):
    yield "random", dict(z=rng.standard_normal(5))
    yield "rows", dict(z=3 * rng.standard_normal((2, 3, 4)))
    yield "one score", dict(z=np.array([[3.0], [-2.0]]))
    yield "ties", dict(z=np.zeros((2, 6)))
    yield "large", dict(z=np.array([[1000.0, 999.0, -1000.0], [-1000.0, -1001.0, -1002.0]]))
    yield "a masked score", dict(z=np.array([0.5, -np.inf, 1.5]))


@SOFTMAX.invalid
def softmax_invalid(rng):
    yield "text for scores", dict(z=np.array(["high", "low"]))


@SOFTMAX.claim(Text("The results are not negative and sum to 1", "各项非负，和为 1"))
def is_a_distribution(softmax, rng):
    p = softmax(5 * rng.standard_normal((20, 7)))
    return all_of(roundoff(p.sum(-1), np.ones(20), terms=7), bound(p.min(), 0.0, "≥"))


@SOFTMAX.claim(
    Text(
        r"Adding a constant to all scores changes nothing: $p(z+c)=p(z)$",
        r"所有得分加同一常数，结果不变：$p(z+c)=p(z)$",
    )
)
def shift_invariance(softmax, rng):
    z, c = rng.standard_normal((6, 5)), 64.0
    # adding 64 rounds the scores by up to 64·ε/2 and so moves p by as much
    return invariance(softmax(z + c), softmax(z), terms=5, scale=c)


@SOFTMAX.claim(
    Text(
        r"The Jacobian is $\operatorname{diag}(p)-pp^{\mathsf T}$",
        r"雅可比矩阵为 $\operatorname{diag}(p)-pp^{\mathsf T}$",
    )
)
def jacobian_is_a_covariance(softmax, rng):
    z = rng.standard_normal(6)
    p = softmax(z)
    return roundoff(jacobian(softmax, z), np.diag(p) - np.outer(p, p), terms=4, scale=1 / STEP)


def jacobian(f, z):
    """∂f_i/∂z_j by central differences, all perturbed points in one batch."""
    return slopes(lambda t: f(z + t * np.eye(z.size)).T, 0.0)


@SOFTMAX.claim(
    Text(r"No step of the scores moves p by more than half its length: $\|\partial p/\partial z\|_2\le\tfrac12$", r"得分的改变最多以一半的幅度传到 p：$\|\partial p/\partial z\|_2\le\tfrac12$")
)  # fmt: skip
def lipschitz_constant_is_one_half(softmax, rng):
    norms = [float(np.linalg.norm(jacobian(softmax, z), 2)) for z in 2 * rng.standard_normal((20, 4))]
    worst = np.linalg.norm(jacobian(softmax, np.array([0.0, 0.0, -800.0])), 2)
    return all_of(bound(max(norms), 0.5), roundoff(worst, 0.5, terms=4, scale=1 / STEP))


@SOFTMAX.claim(
    Text(
        "Scores of ±1000 neither overflow nor lose the ratio of the probabilities",
        "得分为 ±1000 时不溢出，也不丢失概率之比",
    )
)
def stable_at_a_thousand(softmax, rng):
    z = np.array([[0.0, 1.0, 2.0]])
    p = softmax(np.concatenate([z + 1000, z - 1000, z]))
    return roundoff(p[:2], np.stack([p[2], p[2]]), terms=3)


@SOFTMAX.claim(
    Text(
        r"For two scores it is the sigmoid of their difference: $p_1=\sigma(z_1-z_2)$",
        r"只有两个得分时即为其差的 sigmoid：$p_1=\sigma(z_1-z_2)$",
    )
)
def two_scores_give_the_sigmoid(softmax, rng):
    z = 4 * rng.standard_normal((30, 2))
    return roundoff(softmax(z)[:, 0], 1 / (1 + np.exp(z[:, 1] - z[:, 0])), terms=2, scale=4.0)


@SOFTMAX.claim(
    Text(
        r"A score of $-\infty$ has probability exactly 0 and leaves the others as they were",
        r"得分为 $-\infty$ 者概率恰为 0，其余不受影响",
    )
)
def masked_scores_vanish(softmax, rng):
    z = rng.standard_normal(5)
    p = softmax(np.append(z, -np.inf))
    return all_of(identical(p[5], 0.0), roundoff(p[:5], softmax(z), terms=5))


@SOFTMAX.claim(
    Text(
        "Sharpened without limit, it shares the mass equally among the largest scores",
        "无限锐化时，概率由并列最大的得分平分",
    )
)
def limit_is_the_argmax(softmax, rng):
    return roundoff(softmax(1e3 * np.array([1.0, 3.0, 3.0, -2.0])), np.array([0.0, 0.5, 0.5, 0.0]))


@SOFTMAX.claim(Text(r"It is the gradient of $\log\sum_j e^{z_j}$", r"它是 $\log\sum_j e^{z_j}$ 的梯度"))
def gradient_of_log_sum_exp(softmax, rng):
    z = rng.standard_normal(6)
    lse = slopes(lambda t: np.log(np.exp(z + t * np.eye(6)).sum(-1)), 0.0)
    return roundoff(softmax(z), lse, terms=4, scale=3 / STEP)


@SOFTMAX.mutant(
    Text("no maximum subtracted: overflows", "没有减去最大值：溢出"),
    caught_by=["stable-at-a-thousand", "limit-is-the-argmax", "equals-definition"],
)
def naive_softmax(z):
    e = np.exp(z)
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.mutant(
    Text(
        "the maximum of the whole batch is subtracted: low rows underflow to 0/0",
        "减去的是整个批的最大值：较低的行下溢成 0/0",
    ),
    caught_by=["stable-at-a-thousand"],
)
def maximum_of_the_batch(z):
    e = np.exp(z - z.max())
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.mutant(
    Text("normalised over the whole array, not over each row", "对整个数组而非逐行归一化"),
    caught_by=["is-a-distribution", "accepts-batches"],
)
def normalised_over_everything(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@SOFTMAX.mutant(
    Text("powers of 2 for powers of e", "用 2 的幂代替 e 的幂"),
    caught_by=["jacobian-is-a-covariance", "two-scores-give-the-sigmoid", "gradient-of-log-sum-exp"],
)
def base_two(z):
    return softmax(np.log(2) * z)


@SOFTMAX.mutant(
    Text("a temperature of ½ left inside: twice as steep", "遗留了 ½ 的温度：陡了一倍"),
    caught_by=["lipschitz-constant-is-one-half"],
)
def twice_as_steep(z):
    return softmax(2 * z)


@SOFTMAX.mutant(
    Text("scores divided by their sum, no exponential", "得分除以总和，没有取指数"),
    caught_by=["shift-invariance", "is-a-distribution", "masked-scores-vanish"],
)
def linear_normalisation(z):
    return z / z.sum(-1, keepdims=True)


@SOFTMAX.figure(
    temperature=Slider(0.05, 10, 1.0, Text("temperature T", "温度 T"), log=True),
    score=Slider(-3, 5, 1.0, Text("score of class C", "类别 C 的得分")),
)
def softmax_figure(temperature, score):
    z = np.array([2.0, 0.0, score, -1.0, 1.5])
    p = softmax(z / temperature)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.bar(list("ABCDE"), p, color="#0072B2")
    left.set(ylim=(0, 1), ylabel=r"$p_i$", title=r"softmax$(z/T)$")
    for i, (zi, pi) in enumerate(zip(z, p, strict=True)):
        left.text(i, pi + 0.02, f"z={zi:.1f}", ha="center", fontsize=8)
    J = (np.diag(p) - np.outer(p, p)) / temperature
    size = np.abs(J).max() or 1.0
    right.imshow(J, cmap="RdBu_r", vmin=-size, vmax=size)
    right.set(
        title=r"$\partial p_i/\partial z_j$",
        xticks=range(5),
        xticklabels="ABCDE",
        yticks=range(5),
        yticklabels="ABCDE",
    )
    for (i, j), v in np.ndenumerate(J):
        right.text(
            j,
            i,
            f"{v:.2f}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if abs(v) > 0.6 * size else "black",
        )
    many = float(np.exp(-(p * np.log(p + 1e-300)).sum()))
    best = "ABCDE"[int(p.argmax())]
    return Drawing(
        fig,
        Text(
            f"Five scores at temperature {temperature:.3g}: class {best} gets {p.max():.3f}; the distribution is as "
            f"spread as {many:.2f} equally likely classes. On the right the Jacobian: its rows sum to 0.",
            f"五个得分，温度 {temperature:.3g}：类别 {best} 得到 {p.max():.3f}；分布的分散程度相当于 {many:.2f} 个等可能的类别。右图为雅可比矩阵，各行之和为 0。",
        ),
    )
