"""Activation functions: the members of the family, and the table of their properties."""

import math

import numpy as np

from gradus.concept import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text, generic, namespace
from gradus.evidence import all_of, bound, identical, invariance, near, rate, roundoff, statistical
from gradus.figures import canvas

STEP = 2.0**-10


def slopes(f, x, h=STEP):
    """Derivative of an elementwise function by central differences whose error is $h^4f^{(5)}/480$."""
    return (8 * (f(x + h / 2) - f(x - h / 2)) - (f(x + h) - f(x - h))) / (6 * h)


def slope_is(f, x, want):
    """The slopes of `f` at `x` are `want`, up to the rounding of f divided by the step (truncation lies below it)."""
    return roundoff(slopes(f, x), want, terms=4, scale=max(1.0, float(np.abs(f(x)).max())) / STEP)


def points(rng):
    """Inputs on which every elementwise activation is tried: both tails, the middle, both zeros."""
    yield "random", dict(x=2 * rng.standard_normal((3, 5)))
    yield "one number", dict(x=np.array([0.7]))
    yield "around zero", dict(x=np.array([-1e-2, -1e-4, 1e-4, 1e-2]))
    yield "at zero", dict(x=np.array([0.0, -0.0]))
    yield "moderate", dict(x=np.linspace(-8, 8, 32))
    yield "far tails", dict(x=np.array([-1000.0, -100.0, 100.0, 1000.0]))


def not_numbers(rng):
    """What every implementation refuses: an elementwise function takes numbers of any shape, so only what is no number."""
    yield "text for numbers", dict(x=np.array(["0.5", "1.0"]))


X = Symbol("x", "x", "... n", Text("pre-activations, taken one by one", "激活前的值，逐个处理"))


# ---------------------------------------------------------------------------------------------- softmax


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
    kills=["stable-at-a-thousand", "limit-is-the-argmax", "equals-definition"],
)
def naive_softmax(z):
    e = np.exp(z)
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.mutant(
    Text(
        "the maximum of the whole batch is subtracted: low rows underflow to 0/0",
        "减去的是整个批的最大值：较低的行下溢成 0/0",
    ),
    kills=["stable-at-a-thousand"],
)
def maximum_of_the_batch(z):
    e = np.exp(z - z.max())
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.mutant(
    Text("normalised over the whole array, not over each row", "对整个数组而非逐行归一化"),
    kills=["is-a-distribution", "accepts-batches"],
)
def normalised_over_everything(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@SOFTMAX.mutant(
    Text("powers of 2 for powers of e", "用 2 的幂代替 e 的幂"),
    kills=["jacobian-is-a-covariance", "two-scores-give-the-sigmoid", "gradient-of-log-sum-exp"],
)
def base_two(z):
    return softmax(np.log(2) * z)


@SOFTMAX.mutant(
    Text("a temperature of ½ left inside: twice as steep", "遗留了 ½ 的温度：陡了一倍"),
    kills=["lipschitz-constant-is-one-half"],
)
def twice_as_steep(z):
    return softmax(2 * z)


@SOFTMAX.mutant(
    Text("scores divided by their sum, no exponential", "得分除以总和，没有取指数"),
    kills=["shift-invariance", "is-a-distribution", "masked-scores-vanish"],
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


# ------------------------------------------------------------------------------------------------- ReLU

RELU = Concept(
    key="relu",
    kind="definition",
    title=Text("ReLU", "线性整流函数（ReLU）"),
    summary=Text(
        "Keeps what is positive and drops the rest. Its slope is 1 wherever it passes anything, so products of slopes "
        "do not shrink with depth; where it is 0, nothing is learnt.",
        "保留正的部分，其余置零。凡有信号通过处斜率恒为 1，因此斜率的连乘不随深度衰减；为 0 处则学不到东西。",
    ),
    formulas=(
        r"\operatorname{ReLU}(x)=\max(0,x)",
        r"\operatorname{ReLU}'(x)=\begin{cases}1&x>0\\0&x<0\end{cases}\qquad\partial\operatorname{ReLU}(0)=[0,1]",
    ),
    symbols=(X,),
    needs=("derivative",),
    source="fukushima1969visual",
    year=1969,
    people=("Kunihiko Fukushima", "Vinod Nair", "Geoffrey Hinton"),
    implementations=(Implementation("torch.nn.functional:relu", "torch"),),
    readings=(
        Reading("nair2010rectified", ""),
        Reading("glorot2011deep", "§3"),
        Reading("goodfellow2016deep", "§6.3.1"),
    ),
    deviations=(
        Text(
            "At 0 PyTorch, JAX and TensorFlow take the slope 0, one choice of the subdifferential [0, 1].",
            "在 0 处 PyTorch、JAX 与 TensorFlow 取斜率 0，它只是次微分 [0, 1] 中的一个选择。",
        ),
    ),
)


@RELU.definition
def relu(x):
    return np.maximum(0, x)


RELU.cases(points)
RELU.invalid(not_numbers)


@RELU.claim(
    Text("The slope is 1 to the right of 0 and 0 to the left, exactly", "0 的右侧斜率恰为 1，左侧恰为 0")
)
def slope_is_a_step(relu, rng):
    x = np.array([-30.0, -2.0, -0.5, 0.5, 2.0, 30.0])  # differences of multiples of 2^-3 are exact
    return identical((relu(x + 0.125) - relu(x - 0.125)) / 0.25, np.where(x > 0, 1.0, 0.0))


@RELU.claim(
    Text("It has a kink at 0: the one-sided slopes are 0 and 1", "在 0 处有折点：左、右导数为 0 与 1")
)
def kink_at_zero(relu, rng):
    h = np.array([2.0**-k for k in range(1, 40)])
    left, right = (relu(0 * h) - relu(-h)) / h, (relu(h) - relu(0 * h)) / h
    return all_of(identical(left, 0 * h), identical(right, 1 + 0 * h))


@RELU.claim(
    Text(
        r"Positively homogeneous: $\operatorname{ReLU}(ax)=a\operatorname{ReLU}(x)$ for $a>0$",
        r"正齐次：$a>0$ 时 $\operatorname{ReLU}(ax)=a\operatorname{ReLU}(x)$",
    )
)
def positively_homogeneous(relu, rng):
    x = rng.standard_normal(100)
    return all_of(*[identical(relu(a * x), a * relu(x)) for a in (0.25, 2.0, 1024.0)])


@RELU.claim(Text(r"Two of them make the identity and the absolute value: $x=\operatorname{ReLU}(x)-\operatorname{ReLU}(-x)$, $|x|=\operatorname{ReLU}(x)+\operatorname{ReLU}(-x)$", r"两个 ReLU 可合成恒等与绝对值：$x=\operatorname{ReLU}(x)-\operatorname{ReLU}(-x)$，$|x|=\operatorname{ReLU}(x)+\operatorname{ReLU}(-x)$"))  # fmt: skip
def identity_and_absolute_value(relu, rng):
    x = 10 * rng.standard_normal(100)
    a, b = relu(x), relu(-x)
    return all_of(identical(a - b, x), identical(a + b, np.abs(x)))


@RELU.mutant(
    Text("a leak of 0.01 on the left", "左侧留有 0.01 的斜率"),
    kills=["slope-is-a-step", "kink-at-zero", "identity-and-absolute-value"],
)
def leaks(x):
    return np.where(x > 0, x, 0.01 * x)


@RELU.mutant(
    Text("capped at 6 (ReLU6)", "以 6 为上限（ReLU6）"), kills=["slope-is-a-step", "positively-homogeneous"]
)
def capped_at_six(x):
    return np.clip(x, 0, 6)


@RELU.mutant(Text("the absolute value", "绝对值"), kills=["kink-at-zero", "equals-definition"])
def absolute_value(x):
    return np.abs(x)


@RELU.figure(
    kinks=Slider(3, 40, 5, Text("number of ReLUs", "ReLU 的个数"), integer=True),
    point=Slider(0.05, 0.95, 0.35, Text("x marked", "标出的 x")),
)
def relu_figure(kinks, point):
    n = int(kinks)
    knots = np.linspace(0, 1, n + 1)
    target = np.sin(2 * np.pi * knots)
    rise = np.diff(target) * n
    weights = np.diff(rise, prepend=0.0)  # the change of slope at each knot
    x = np.linspace(0, 1, 1001)
    terms = weights[:, None] * relu(x - knots[:-1, None])
    total, exact = terms.sum(0), np.sin(2 * np.pi * x)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, terms.T, color="#7F7F7F", lw=0.7)
    left.set(title="the terms  $w_k\\,$ReLU$(x-t_k)$", xlabel="x")
    right.plot(x, exact, color="#D55E00", lw=3, alpha=0.4, label=r"$\sin 2\pi x$")
    right.plot(x, total, label="their sum")
    right.plot(point, float(np.interp(point, x, total)), "o", color="#009E73")
    right.set(title="the sum", xlabel="x")
    right.legend(frameon=False, fontsize=8)
    worst, active = float(np.abs(total - exact).max()), int((knots[:-1] < point).sum())
    return Drawing(
        fig,
        Text(
            f"A sum of {n} ReLUs with their kinks at equal distances runs through the sine: largest error {worst:.3g}, "
            f"a quarter of it for twice as many. At x = {point:.2f}, {active} of them are active and pass a gradient.",
            f"{n} 个折点等距的 ReLU 之和穿过正弦曲线上的点：最大误差 {worst:.3g}，个数加倍则误差约为四分之一。在 x = {point:.2f} 处有 {active} 个处于激活状态并传递梯度。",
        ),
    )


# ---------------------------------------------------------------------------------------------- sigmoid

SIGMOID = Concept(
    key="sigmoid",
    kind="definition",
    title=Text("Sigmoid", "Sigmoid 函数"),
    summary=Text(
        "The logistic function: turns log-odds into a probability. It saturates on both sides and its slope never "
        "exceeds ¼, so a deep stack of sigmoids passes almost no gradient.",
        "逻辑斯谛函数：把对数几率变成概率。它两端饱和，斜率不超过 ¼，因此多层堆叠时几乎不传递梯度。",
    ),
    formulas=(
        r"\sigma(x)=\frac{1}{1+e^{-x}}",
        r"\sigma'(x)=\sigma(x)\bigl(1-\sigma(x)\bigr)\le\tfrac14,\qquad \sigma(-x)=1-\sigma(x),\qquad x=\log\frac{\sigma(x)}{1-\sigma(x)}",
    ),
    symbols=(X, Symbol(r"\sigma", "", "... n", Text("probabilities, in (0, 1)", "概率，取值于 (0, 1)"))),
    needs=("derivative",),
    source="goodfellow2016deep",
    year=1838,
    people=("Pierre François Verhulst",),
    implementations=(Implementation("torch:sigmoid", "torch"),),
    readings=(
        Reading("goodfellow2016deep", "§6.2.2.2"),
        Reading("murphy2022probabilistic", "§2.4.2"),
        Reading("bishop2006pattern", "§4.2"),
    ),
)  # fmt: skip


@SIGMOID.definition
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


SIGMOID.cases(points)
SIGMOID.invalid(not_numbers)
MIDDLE = np.linspace(-6, 6, 49)


@SIGMOID.claim(Text(r"Its slope is $\sigma(1-\sigma)$", r"斜率为 $\sigma(1-\sigma)$"))
def slope_of_the_sigmoid(sigmoid, rng):
    s = sigmoid(MIDDLE)
    return slope_is(sigmoid, MIDDLE, s * (1 - s))


@SIGMOID.claim(
    Text(
        r"The slope is largest at 0, where it is ¼: twenty layers pass at most $10^{-12}$",
        r"斜率在 0 处最大，为 ¼：二十层最多传过 $10^{-12}$",
    )
)
def slope_at_most_a_quarter(sigmoid, rng):
    steepest = np.abs(slopes(sigmoid, MIDDLE)).max()
    return roundoff(steepest**20 * 2.0**40, 1.0, terms=20, scale=4 / STEP)


@SIGMOID.claim(Text(r"$\sigma(-x)=1-\sigma(x)$", r"$\sigma(-x)=1-\sigma(x)$"))
def point_symmetry(sigmoid, rng):
    x = 5 * rng.standard_normal(200)
    return roundoff(sigmoid(-x), 1 - sigmoid(x))


@SIGMOID.claim(
    Text(
        r"The log-odds are its inverse: $\log\frac{\sigma}{1-\sigma}=x$",
        r"对数几率是它的反函数：$\log\frac{\sigma}{1-\sigma}=x$",
    )
)
def log_odds_undo_it(sigmoid, rng):
    x = rng.uniform(-6, 6, 200)
    s = sigmoid(x)
    # rounding of σ, relative ε, moves the log-odds by ε/(1−σ) = ε(1+e^x)
    return roundoff(np.log(s) - np.log1p(-s), x, terms=2, scale=1 + np.exp(6.0))


@SIGMOID.claim(Text(r"The lower tail is $e^{x}$ to full relative accuracy, the ends are 0 and 1, nothing overflows", r"下尾以完整的相对精度等于 $e^{x}$，两端为 0 与 1，无溢出"))  # fmt: skip
def tails_of_the_sigmoid(sigmoid, rng):
    x = np.array([-700.0, -300.0, -50.0])
    ends = sigmoid(np.array([-1000.0, 1000.0]))
    return all_of(
        roundoff(sigmoid(x) / np.exp(x), np.ones(3), terms=4), identical(ends, np.array([0.0, 1.0]))
    )


@SIGMOID.mutant(
    Text(r"$e^x/(1+e^x)$: NaN at 1000", r"$e^x/(1+e^x)$：在 1000 处为 NaN"), kills=["tails-of-the-sigmoid"]
)
def overflowing_form(x):
    return np.exp(x) / (1 + np.exp(x))


@SIGMOID.mutant(
    Text("through tanh: the lower tail is rounded to 0", "由 tanh 得到：下尾被舍入为 0"),
    kills=["tails-of-the-sigmoid"],
)
def through_tanh(x):
    return (1 + np.tanh(x / 2)) / 2


@SIGMOID.mutant(
    Text("hard sigmoid", "分段线性的 hard sigmoid"),
    kills=["slope-of-the-sigmoid", "slope-at-most-a-quarter", "log-odds-undo-it", "equals-definition"],
)
def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


@SIGMOID.mutant(Text("the sign of the exponent lost, 1 − σ", "指数的符号丢失，得到 1 − σ"), kills=["slope-of-the-sigmoid", "log-odds-undo-it", "tails-of-the-sigmoid"])  # fmt: skip
def mirrored(x):
    return 1 / (1 + np.exp(x))


@SIGMOID.mutant(
    Text("1 lost in the denominator's place: e^{-x} added twice", "分母写错：加了两次 e^{-x}"),
    kills=["point-symmetry", "equals-definition"],
)
def exponential_twice(x):
    return 1 / (1 + 2 * np.exp(-x))


@SIGMOID.figure(
    x0=Slider(-8, 8, 2.0, Text("pre-activation x", "激活前的值 x")),
    depth=Slider(1, 30, 5, Text("number of layers", "层数"), integer=True),
)
def sigmoid_figure(x0, depth):
    x = np.linspace(-8, 8, 400)
    s, s0 = sigmoid(x), float(sigmoid(np.float64(x0)))
    slope = s0 * (1 - s0)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, s)
    t = np.linspace(x0 - 2.5, x0 + 2.5, 2)
    left.plot(t, s0 + slope * (t - x0), color="#D55E00")
    left.plot(x0, s0, "o", color="#D55E00")
    left.set(title=r"$\sigma(x)$ and its tangent", xlabel="x", ylim=(-0.2, 1.2))
    layers = np.arange(1, 31)
    right.semilogy(layers, 0.25**layers, label="at best, x = 0")
    right.semilogy(layers, slope**layers, label=f"at x = {x0:.2g}", color="#D55E00")
    right.plot([depth], [slope ** int(depth)], "o", color="#D55E00")
    right.set(title=r"product of slopes  $\sigma'(x)^L$", xlabel="layers L", ylim=(1e-40, 2))
    right.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"At x = {x0:.2g}, σ = {s0:.3g} with slope {slope:.3g}. Through {int(depth)} layers at this point the gradient is "
            f"multiplied by {slope ** int(depth):.2g}; at best, at 0, by {0.25 ** int(depth):.2g}.",
            f"在 x = {x0:.2g} 处 σ = {s0:.3g}，斜率 {slope:.3g}。经过 {int(depth)} 层这样的点，梯度乘以 {slope ** int(depth):.2g}；即使在最好的 0 处也只有 {0.25 ** int(depth):.2g}。",
        ),
    )


# ------------------------------------------------------------------------------------------------- tanh

TANH = Concept(
    key="tanh",
    kind="definition",
    title=Text("Hyperbolic tangent", "双曲正切（tanh）"),
    summary=Text(
        "The sigmoid stretched to (−1, 1) and centred at 0, with slope 1 there: a stack of small signals starts as "
        "the identity and bends only where signals grow.",
        "把 sigmoid 拉伸到 (−1, 1) 并以 0 为中心，在 0 处斜率为 1：小信号近似原样通过，信号变大时才弯曲、饱和。",
    ),
    formulas=(
        r"\tanh x=\frac{e^{x}-e^{-x}}{e^{x}+e^{-x}}=2\sigma(2x)-1",
        r"\tanh' x=1-\tanh^2 x",
    ),
    symbols=(X, Symbol(r"\sigma", "", "", Text("the sigmoid", "sigmoid 函数"))),
    needs=("sigmoid",),
    source="lecun1998efficient",
    year=1757,
    people=("Vincenzo Riccati", "Yann LeCun"),
    implementations=(Implementation("torch:tanh", "torch"),),
    readings=(Reading("lecun1998efficient", "§4.4"), Reading("goodfellow2016deep", "§6.3.2")),
)


@TANH.definition
def tanh(x):
    u = np.expm1(-2 * np.abs(x))  # e^{-2|x|} − 1, accurate near 0 and without overflow
    return np.sign(x) * -u / (u + 2)


TANH.cases(points)
TANH.invalid(not_numbers)


@TANH.claim(Text(r"Its slope is $1-\tanh^2x$, which is 1 at 0", r"斜率为 $1-\tanh^2x$，在 0 处为 1"))
def slope_of_tanh(tanh, rng):
    return slope_is(tanh, MIDDLE, 1 - tanh(MIDDLE) ** 2)


@TANH.claim(Text("Odd, to the last bit", "奇函数，逐比特成立"))
def odd(tanh, rng):
    x = 3 * rng.standard_normal(200)
    return identical(tanh(-x), -tanh(x))


@TANH.claim(Text(r"$\tanh x=2\sigma(2x)-1$", r"$\tanh x=2\sigma(2x)-1$"))
def stretched_sigmoid(tanh, rng):
    x = 2 * rng.standard_normal(200)
    return roundoff(tanh(x), 2 / (1 + np.exp(-2 * x)) - 1, terms=3, scale=1.0)


@TANH.claim(
    Text(
        r"Addition theorem: $\tanh(x+y)=\frac{\tanh x+\tanh y}{1+\tanh x\tanh y}$",
        r"加法定理：$\tanh(x+y)=\frac{\tanh x+\tanh y}{1+\tanh x\tanh y}$",
    )
)
def addition_theorem(tanh, rng):
    x, y = rng.standard_normal((2, 200))
    a, b = tanh(x), tanh(y)
    # a and b are rounded by ε; where 1 + ab is small the quotient magnifies that
    scale = float((1 / (1 + a * b)).max())
    return roundoff((a + b) / (1 + a * b), tanh(x + y), terms=3, scale=scale)


@TANH.claim(
    Text(
        r"Near 0 it is $x-x^3/3$ to full relative accuracy; at ±1000 it is ±1",
        r"在 0 附近以完整的相对精度等于 $x-x^3/3$；在 ±1000 处为 ±1",
    )
)
def small_and_large_arguments(tanh, rng):
    x = np.array([1e-4, 1e-8, 1e-15, 1e-300])  # the next term, 2x⁵/15, is below ε/5 of x
    small = roundoff(tanh(x) / (x - x**3 / 3), np.ones(4))
    return all_of(small, identical(tanh(np.array([-1000.0, 1000.0])), np.array([-1.0, 1.0])))


@TANH.mutant(
    Text("as printed, with growing exponentials: NaN at 1000", "照公式直算，指数增长：在 1000 处为 NaN"),
    kills=["small-and-large-arguments"],
)
def printed_form(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


@TANH.mutant(
    Text(r"$2\sigma(x)-1$: the factor 2 inside is lost", r"$2\sigma(x)-1$：漏掉了内部的因子 2"),
    kills=["slope-of-tanh", "stretched-sigmoid"],
)
def half_the_argument(x):
    return 2 / (1 + np.exp(-x)) - 1


@TANH.mutant(Text("1.7159 tanh(2x/3), scaled for unit variance, sold as tanh", "把 1.7159 tanh(2x/3) 当作 tanh"), kills=["slope-of-tanh", "addition-theorem", "small-and-large-arguments"])  # fmt: skip
def scaled_for_unit_variance(x):
    return 1.7159 * np.tanh(2 * x / 3)


@TANH.mutant(Text("the sigmoid in its place", "误用 sigmoid"), kills=["odd", "stretched-sigmoid"])
def sigmoid_in_its_place(x):
    return 1 / (1 + np.exp(-x))


@TANH.figure(
    gain=Slider(0.2, 3, 1.5, Text("gain g", "增益 g")),
    depth=Slider(1, 40, 12, Text("number of layers", "层数"), integer=True),
)
def tanh_figure(gain, depth):
    n = int(depth)
    x = np.linspace(-3, 3, 400)
    h = [np.linspace(-2, 2, 9)]
    for _ in range(n):
        h.append(tanh(gain * h[-1]))
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, tanh(gain * x))
    left.plot(x, x, color="#7F7F7F", lw=0.8, ls="--")
    left.set(title=r"$\tanh(g\,h)$ and the diagonal", xlabel="h", ylim=(-1.5, 1.5))
    right.plot(np.arange(n + 1), np.array(h), ".-", ms=4, lw=0.9, color="#0072B2")
    right.set(title=r"$h_{\ell+1}=\tanh(g\,h_\ell)$", xlabel=r"layer $\ell$", ylabel="h")
    right.xaxis.get_major_locator().set_params(integer=True)
    fixed = float(h[-1][-1])
    for _ in range(2000):
        fixed = float(tanh(np.float64(gain * fixed)))
    slope = gain * (1 - fixed**2)
    fates = (
        ("dies out towards 0", "趋于 0") if gain <= 1 else (f"settles at ±{fixed:.3g}", f"停在 ±{fixed:.3g}")
    )
    return Drawing(
        fig,
        Text(
            f"Gain {gain:.2g}: repeated application {fates[0]}; after {n} layers the largest signal is {abs(h[-1]).max():.3g}. "
            f"At the limit one layer multiplies a gradient by {slope:.3g}.",
            f"增益 {gain:.2g}：反复作用后信号{fates[1]}；经过 {n} 层，最大的信号为 {abs(h[-1]).max():.3g}。在极限处每层把梯度乘以 {slope:.3g}。",
        ),
    )


# ------------------------------------------------------------------------------------------- leaky ReLU


def _leaky_torch(leaky_relu, x, alpha):
    return leaky_relu(x, negative_slope=alpha)


LEAKY_RELU = Concept(
    key="leaky-relu",
    kind="definition",
    title=Text("Leaky ReLU", "带泄漏的线性整流函数（Leaky ReLU）"),
    summary=Text(
        "ReLU with a small slope α on the left instead of 0: a unit that never fires still receives a gradient and "
        "can recover. With α learnt per channel it is the PReLU.",
        "左侧以小斜率 α 代替 0 的 ReLU：从不激活的单元仍能得到梯度，可以恢复。若 α 按通道学习得到，即为 PReLU。",
    ),
    formulas=(r"f(x)=\begin{cases}x&x>0\\\alpha x&x\le 0\end{cases}\qquad f'(x)=\begin{cases}1&x>0\\\alpha&x<0\end{cases}",),
    symbols=(
        X,
        Symbol(r"\alpha", "alpha", "", Text("slope on the left, 0.01 unless given", "左侧的斜率，默认 0.01"), "nonnegative"),
        Symbol("f", "", "... n", Text("results", "结果")),
    ),
    needs=("relu",),
    source="maas2013rectifier",
    year=2013,
    people=("Andrew Maas", "Awni Hannun", "Andrew Ng"),
    implementations=(Implementation("torch.nn.functional:leaky_relu", "torch", _leaky_torch),),
    readings=(Reading("maas2013rectifier", ""), Reading("he2015delving", "§2.1"), Reading("goodfellow2016deep", "§6.3.1")),
    deviations=(
        Text(
            "The default α is 0.01 in PyTorch, JAX and ONNX; 0.2 in TensorFlow, 0.3 in Keras.",
            "默认的 α 在 PyTorch、JAX 与 ONNX 中为 0.01，在 TensorFlow 中为 0.2，在 Keras 中为 0.3。",
        ),
    ),
)  # fmt: skip


@LEAKY_RELU.definition
def leaky_relu(x, alpha=0.01):
    return np.where(x > 0, x, alpha * x)


@LEAKY_RELU.cases
def leaky_cases(rng):
    yield from points(rng)
    for alpha in (0.0, 0.2, 1.0, 2.0):
        yield f"slope {alpha:g}", dict(x=3 * rng.standard_normal((2, 4)), alpha=alpha)


LEAKY_RELU.invalid(not_numbers)


@LEAKY_RELU.claim(Text("The slope is α to the left of 0 and 1 to the right", "0 的左侧斜率为 α，右侧为 1"))
def two_slopes(leaky_relu, rng):
    x, h = np.array([-30.0, -2.0, -0.5, 0.5, 2.0, 30.0]), 0.125

    def one(alpha):
        s = (leaky_relu(x + h, alpha=alpha) - leaky_relu(x - h, alpha=alpha)) / (2 * h)
        return roundoff(s, np.where(x > 0, 1.0, alpha), scale=30 / h)

    return all_of(*[one(alpha) for alpha in (0.01, 0.2, 1.0, 2.0)])


@LEAKY_RELU.claim(
    Text(
        "It loses nothing: the leaky ReLU of slope 1/α undoes it",
        "不丢失信息：斜率为 1/α 的 Leaky ReLU 是它的反函数",
    )
)
def undone_by_the_reciprocal_slope(leaky_relu, rng):
    x = rng.standard_normal(100)
    return all_of(*[roundoff(leaky_relu(leaky_relu(x, alpha=a), alpha=1 / a), x) for a in (0.01, 0.3, 2.0)])


@LEAKY_RELU.claim(Text("α = 0 is the ReLU, α = 1 the identity", "α = 0 时即 ReLU，α = 1 时即恒等函数"))
def between_relu_and_identity(leaky_relu, rng):
    x = rng.standard_normal(100)
    return all_of(
        identical(leaky_relu(x, alpha=0.0), np.maximum(x, 0)), identical(leaky_relu(x, alpha=1.0), x)
    )


@LEAKY_RELU.claim(
    Text(
        "A unit on its dead side learns: descent on the loss brings it back over 0",
        "处于“死”侧的单元仍会学习：梯度下降能把它带回 0 以上",
    )
)
def revives_a_dead_unit(leaky_relu, rng):
    w = np.array([-1.0])  # target 1, loss (f(w) − 1)²/2, step 1: with slope α it climbs by about α a step
    h = 2.0**-12
    for _ in range(60):
        slope = (leaky_relu(w + h, alpha=0.05) - leaky_relu(w - h, alpha=0.05)) / (2 * h)
        w = w - slope * (leaky_relu(w, alpha=0.05) - 1)
    return bound(float(w[0]), 0.0, "≥", Text("at rest it would stay at −1", "若不学习则停在 −1"))


@LEAKY_RELU.mutant(
    Text(r"$\max(x,\alpha x)$: right only for α ≤ 1", r"$\max(x,\alpha x)$：仅当 α ≤ 1 时正确"),
    kills=["two-slopes", "undone-by-the-reciprocal-slope", "equals-definition"],
)
def maximum_form(x, alpha=0.01):
    return np.maximum(x, alpha * x)


@LEAKY_RELU.mutant(
    Text("no leak", "没有泄漏"), kills=["two-slopes", "between-relu-and-identity", "revives-a-dead-unit"]
)
def no_leak(x, alpha=0.01):
    return np.maximum(x, 0)


@LEAKY_RELU.mutant(
    Text("the leak has the wrong sign", "泄漏的符号错误"), kills=["two-slopes", "revives-a-dead-unit"]
)
def folded(x, alpha=0.01):
    return np.where(x > 0, x, -alpha * x)


@LEAKY_RELU.figure(
    alpha=Slider(0, 1, 0.1, Text("slope α on the left", "左侧斜率 α")),
    depth=Slider(1, 30, 6, Text("number of layers", "层数"), integer=True),
)
def leaky_figure(alpha, depth):
    n = int(depth)
    x = np.linspace(-3, 3, 301)
    k = np.arange(n + 1)
    from math import comb

    share = np.array([comb(n, int(i)) for i in k]) / 2.0**n  # a random path is on the left in k of n layers
    mean = ((1 + alpha**2) / 2) ** n
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, leaky_relu(x, alpha))
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9)
    left.set(title="f(x), and ReLU dashed", xlabel="x")
    right.bar(k, share, color="#0072B2")
    right.set(title=r"share of paths with gradient $\alpha^k$", xlabel="k layers on the left side")
    right.xaxis.get_major_locator().set_params(integer=True)
    lost = 2.0**-n
    return Drawing(
        fig,
        Text(
            f"α = {alpha:.2g}: of {2.0**n:.3g} equally likely sign patterns through {n} layers, ReLU passes a gradient through one "
            f"({lost:.2g}); here all pass one, and the mean square is {mean:.3g}, against {0.5**n:.3g} for ReLU.",
            f"α = {alpha:.2g}：穿过 {n} 层的 {2.0**n:.3g} 种等可能的符号组合中，ReLU 只让其中一种（{lost:.2g}）传递梯度；这里全部都能传递，梯度平方的均值为 {mean:.3g}，而 ReLU 为 {0.5**n:.3g}。",
        ),
    )


# -------------------------------------------------------------------------------------------------- ELU


def _elu_torch(elu, x, alpha):
    return elu(x, alpha=alpha)


ELU = Concept(
    key="elu",
    kind="definition",
    title=Text("Exponential linear unit (ELU)", "指数线性单元（ELU）"),
    summary=Text(
        "The identity on the right, an exponential that levels off at −α on the left: negative outputs bring the mean "
        "of a layer closer to 0. With α = 1 the slope has no jump.",
        "右侧为恒等函数，左侧为趋于 −α 的指数：负的输出使一层的均值更接近 0。α = 1 时斜率没有跳跃。",
    ),
    formulas=(
        r"f(x)=\begin{cases}x&x>0\\\alpha\,(e^{x}-1)&x\le 0\end{cases}\qquad f'(x)=\begin{cases}1&x>0\\f(x)+\alpha&x<0\end{cases}",
    ),
    symbols=(
        X,
        Symbol(
            r"\alpha",
            "alpha",
            "",
            Text("depth of the left side, 1 unless given", "左侧的深度，默认 1"),
            "positive",
        ),
        Symbol("f", "", "... n", Text("results", "结果")),
    ),
    needs=("relu",),
    source="clevert2016fast",
    year=2015,
    people=("Djork-Arné Clevert", "Thomas Unterthiner", "Sepp Hochreiter"),
    implementations=(Implementation("torch.nn.functional:elu", "torch", _elu_torch),),
    readings=(Reading("clevert2016fast", "§3"),),
    deviations=(
        Text(
            r"CELU is $\alpha(e^{x/\alpha}-1)$ on the left, with slope 1 at 0 for every α; the two agree for α = 1.",
            r"CELU 的左侧是 $\alpha(e^{x/\alpha}-1)$，对任意 α 在 0 处斜率均为 1；α = 1 时二者相同。",
        ),
    ),
)


@ELU.definition
def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@ELU.cases
def elu_cases(rng):
    yield from points(rng)
    for alpha in (0.5, 2.0):
        yield f"depth {alpha:g}", dict(x=3 * rng.standard_normal((2, 4)), alpha=alpha)


ELU.invalid(not_numbers)


@ELU.claim(
    Text(
        r"The slope is 1 on the right and $f(x)+\alpha$ on the left",
        r"右侧斜率为 1，左侧斜率为 $f(x)+\alpha$",
    )
)
def slope_of_elu(elu, rng):
    x = np.array([-9.0, -3.0, -1.0, -0.25, 0.25, 1.0, 5.0])

    def one(alpha):
        f = lambda t: elu(t, alpha=alpha)
        return slope_is(f, x, np.where(x > 0, 1.0, f(x) + alpha))

    return all_of(*[one(alpha) for alpha in (0.5, 1.0, 2.0)])


@ELU.claim(
    Text("At 0 the slope jumps by |1 − α|: none for α = 1", "在 0 处斜率跳跃 |1 − α|：α = 1 时没有跳跃")
)
def jump_at_zero(elu, rng):
    h = np.array([2.0**-20])

    def one(alpha):
        right, left = elu(h, alpha=alpha) / h, -elu(-h, alpha=alpha) / h
        # the left quotient is α(1 − h/2 + …): the second term is the tolerance
        return roundoff(
            right - left, np.array([1 - alpha]), terms=1, c=1.0, scale=alpha * float(h[0]) / 2.0**-52
        )

    return all_of(*[one(alpha) for alpha in (0.5, 1.0, 3.0)])


@ELU.claim(Text("It levels off at −α and never goes below", "趋于 −α，且不低于它"))
def levels_off(elu, rng):
    x = np.array([-1000.0, -750.0, -40.0])
    return all_of(*[roundoff(elu(x, alpha=a), np.full(3, -a)) for a in (0.5, 1.0, 3.0)])


@ELU.claim(
    Text(
        r"Near 0 it is $\alpha(x+x^2/2)$ to full relative accuracy",
        r"在 0 附近以完整的相对精度等于 $\alpha(x+x^2/2)$",
    )
)
def accurate_near_zero(elu, rng):
    x = -np.array([1e-8, 1e-10, 1e-12, 1e-15])
    return all_of(*[roundoff(elu(x, alpha=a) / (a * (x + x**2 / 2)), np.ones(4)) for a in (1.0, 2.0)])


@ELU.mutant(
    Text(r"$e^x-1$ subtracted term by term: digits lost near 0", r"直接计算 $e^x-1$：在 0 附近丢失有效数字"),
    kills=["accurate-near-zero"],
)
def cancelling_exponential(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


@ELU.mutant(
    Text("CELU sold as ELU", "把 CELU 当作 ELU"), kills=["slope-of-elu", "jump-at-zero", "equals-definition"]
)
def celu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


@ELU.mutant(Text("α ignored", "忽略 α"), kills=["levels-off", "slope-of-elu"])
def alpha_ignored(x, alpha=1.0):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


@ELU.mutant(
    Text("both branches computed by the exponential: overflows", "两个分支都用指数计算：溢出"),
    kills=["equals-definition", "slope-of-elu"],
)
def one_branch(x, alpha=1.0):
    return alpha * np.expm1(x)


@ELU.figure(
    alpha=Slider(0.1, 3, 1.0, Text("depth α", "深度 α")),
    spread=Slider(0.2, 4, 1.0, Text("spread of the inputs", "输入的标准差")),
)
def elu_figure(alpha, spread):
    x = np.linspace(-4, 3, 700)
    z = np.linspace(-5, 5, 4001)
    weight = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    means = {
        name: float((weight * f(spread * z)).sum())
        for name, f in (("ELU", lambda t: elu(t, alpha)), ("ReLU", relu))
    }
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, elu(x, alpha), label="ELU")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    left.plot(x, np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0))), color="#D55E00", label="slope of ELU")
    left.axhline(-alpha, color="#7F7F7F", lw=0.6)
    left.set(title=rf"$\alpha={alpha:.2g}$", xlabel="x")
    left.legend(frameon=False, fontsize=8)
    right.bar(list(means), list(means.values()), color=["#0072B2", "#7F7F7F"])
    right.axhline(0, color="black", lw=0.8)
    right.set(title=rf"mean output, $x\sim N(0,{spread:.2g}^2)$", ylim=(-0.8, 1.7))
    return Drawing(
        fig,
        Text(
            f"α = {alpha:.2g}: the slope jumps by {abs(1 - alpha):.2g} at 0. For normal inputs of spread {spread:.2g} the mean output is "
            f"{means['ELU']:.3f}, against {means['ReLU']:.3f} for ReLU.",
            f"α = {alpha:.2g}：斜率在 0 处跳跃 {abs(1 - alpha):.2g}。输入服从标准差为 {spread:.2g} 的正态分布时，输出均值为 {means['ELU']:.3f}，而 ReLU 为 {means['ReLU']:.3f}。",
        ),
    )


# ------------------------------------------------------------------------------------------------- GELU

GELU = Concept(
    key="gelu",
    kind="definition",
    title=Text("Gaussian error linear unit (GELU)", "高斯误差线性单元（GELU）"),
    summary=Text(
        "x kept with the probability that a standard normal lies below it. Smooth, and not monotone: it dips to "
        "−0.17 before it rises. The usual activation of transformers.",
        "以“标准正态变量小于 x 的概率”保留 x。它光滑但不单调：先降到 −0.17 再上升。是 Transformer 常用的激活函数。",
    ),
    formulas=(
        r"\operatorname{GELU}(x)=x\,\Phi(x)=\mathbb{E}\,[x\,\mathbf{1}\{Z\le x\}],\qquad Z\sim N(0,1),\qquad \Phi(x)=\tfrac12\operatorname{erfc}\!\left(-\tfrac{x}{\sqrt2}\right)",
        r"\operatorname{GELU}'(x)=\Phi(x)+x\,\varphi(x)",
    ),
    symbols=(
        X,
        Symbol(r"\Phi", "", "", Text("distribution function of the standard normal", "标准正态分布函数")),
        Symbol(r"\varphi", "", "", Text("its density", "其密度")),
    ),
    needs=("relu", "expectation"),
    source="hendrycks2016gaussian",
    year=2016,
    people=("Dan Hendrycks", "Kevin Gimpel"),
    implementations=(Implementation("torch.nn.functional:gelu", "torch"),),
    readings=(Reading("hendrycks2016gaussian", "§2"),),
    deviations=(
        Text(
            r"$\tfrac x2\bigl(1+\tanh(\sqrt{2/\pi}\,(x+0.044715x^3))\bigr)$ and $x\,\sigma(1.702x)$ are approximations, off by up to 4.7e-4 and 0.020. "
            "PyTorch computes the exact form unless told `approximate='tanh'`; JAX the tanh form unless told otherwise.",
            r"$\tfrac x2\bigl(1+\tanh(\sqrt{2/\pi}\,(x+0.044715x^3))\bigr)$ 与 $x\,\sigma(1.702x)$ 是近似式，误差最大为 4.7e-4 与 0.020。"
            "PyTorch 默认计算精确式，JAX 默认计算 tanh 近似式。",
        ),
    ),
)  # fmt: skip


def normal_distribution(x):
    """Φ(x), accurate in the lower tail too."""
    return np.vectorize(lambda t: math.erfc(-t / math.sqrt(2)) / 2, otypes=[float])(x)


@GELU.definition
def gelu(x):
    return x * normal_distribution(x)


GELU.cases(points)
GELU.invalid(not_numbers)


@GELU.claim(Text(r"Its slope is $\Phi(x)+x\varphi(x)$", r"斜率为 $\Phi(x)+x\varphi(x)$"))
def slope_of_gelu(gelu, rng):
    return slope_is(gelu, MIDDLE, slope_by_scipy(MIDDLE))


def slope_by_scipy(x):
    """Φ(x) + x·φ(x) with SciPy's distribution function."""
    from scipy.special import ndtr

    return ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def minimum(f, low, high):
    """Place and value of the minimum of a unimodal function, by ternary search (the place to about √ε)."""
    for _ in range(80):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        va, vb = f(np.array([a, b]))
        low, high = (low, b) if va < vb else (a, high)
    return (low + high) / 2, float(f(np.array([(low + high) / 2]))[0])


@GELU.claim(
    Text(
        "Its minimum is −0.169971 at −0.751792: it is not monotone",
        "在 −0.751792 处取最小值 −0.169971：不单调",
    )
)
def minimum_of_gelu(gelu, rng):
    from scipy.special import ndtr

    a, b = -1.0, 0.0  # bisection of the slope
    for _ in range(60):
        a, b = ((a + b) / 2, b) if slope_by_scipy((a + b) / 2) < 0 else (a, (a + b) / 2)
    place, (found, value) = a, minimum(gelu, -3.0, 0.0)
    # a value known to ε·|f|·4 places a minimum of curvature ≈ 0.4 to √(8ε·0.17/0.4)
    return all_of(
        roundoff(value, place * ndtr(place), terms=2),
        near(
            found,
            place,
            2 * np.sqrt(8 * 2.0**-52 * 0.17 / 0.4),
            Text("√(rounding / curvature)", "√(舍入误差 / 曲率)"),
        ),
        near(place, -0.751792, 5e-7, Text("digits printed", "所写的位数")),
        near(value, -0.169971, 5e-7, Text("digits printed", "所写的位数")),
    )


@GELU.claim(
    Text(
        r"It is the mean of $x\,\mathbf{1}\{Z\le x\}$ over normal Z",
        r"它是 $x\,\mathbf{1}\{Z\le x\}$ 对标准正态 Z 的均值",
    )
)
def mean_of_a_random_gate(gelu, rng):
    x = np.linspace(-2, 2, 5)
    gate = x * (rng.standard_normal((4000, 1)) <= x) - gelu(x)
    return all_of(*[statistical(g, 0.0) for g in gate.T[[0, 1, 3, 4]]])


@GELU.claim(
    Text(
        r"$\operatorname{GELU}(x)-\operatorname{GELU}(-x)=x$",
        r"$\operatorname{GELU}(x)-\operatorname{GELU}(-x)=x$",
    )
)
def odd_part_is_half_x(gelu, rng):
    x = 3 * rng.standard_normal(200)
    return roundoff(gelu(x) - gelu(-x), x)


@GELU.claim(Text("It is the exact form: where the tanh form errs most, at −2.70 and 2.70, it agrees with the normal distribution", "是精确式：在 tanh 近似误差最大的 ±2.70 处仍与正态分布一致"))  # fmt: skip
def exact_not_tanh(gelu, rng):
    from scipy.special import ndtr

    x = np.linspace(-5, 5, 2001)
    approximation = x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    gap = np.abs(x * ndtr(x) - approximation)
    worst = x[[int(gap.argmax())]]
    found = near(gap.max(), 4.73e-4, 5e-7, Text("digits printed", "所写的位数"))
    return all_of(
        found,
        roundoff(gelu(worst), worst * ndtr(worst)),
        roundoff(gelu(-worst), -worst * ndtr(-worst), scale=5.0),
    )


@GELU.mutant(
    Text("the tanh approximation sold as exact", "把 tanh 近似当作精确式"),
    kills=["exact-not-tanh", "slope-of-gelu", "minimum-of-gelu", "equals-definition"],
)
def tanh_approximation(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@GELU.mutant(
    Text(r"$x\,\sigma(1.702x)$", r"$x\,\sigma(1.702x)$"), kills=["exact-not-tanh", "minimum-of-gelu"]
)
def sigmoid_approximation(x):
    return x / (1 + np.exp(-1.702 * x))


@GELU.mutant(
    Text(r"$\operatorname{erf}(x)$ without the $\sqrt2$", r"$\operatorname{erf}(x)$ 漏掉 $\sqrt2$"),
    kills=["slope-of-gelu", "mean-of-a-random-gate"],
)
def root_two_lost(x):
    return x * normal_distribution(np.sqrt(2) * x)


@GELU.mutant(
    Text("the density in the place of the distribution", "用密度代替分布函数"),
    kills=["odd-part-is-half-x", "mean-of-a-random-gate"],
)
def density_for_distribution(x):
    return x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


@GELU.figure(x0=Slider(-4, 4, -0.75, Text("pre-activation x", "激活前的值 x")))
def gelu_figure(x0):
    x = np.linspace(-4, 4, 400)
    approximations = {
        "tanh form": x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        r"$x\,\sigma(1.702x)$": x / (1 + np.exp(-1.702 * x)),
    }
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, gelu(x), label="GELU")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    left.fill_between(
        x, np.exp(-(x**2) / 2), where=x <= x0, color="#56B4E9", alpha=0.35, lw=0, label="$Z\\leq x$"
    )
    value, kept = float(gelu(np.float64(x0))), float(normal_distribution(np.float64(x0)))
    left.plot(x0, value, "o", color="#D55E00")
    left.set(title=r"$x\,\Phi(x)$", xlabel="x", ylim=(-0.5, 3))
    left.legend(frameon=False, fontsize=8)
    for colour, (name, y) in zip(("#0072B2", "#D55E00"), approximations.items(), strict=True):
        right.semilogy(x, np.abs(y - gelu(x)) + 1e-17, color=colour, label=name)
    right.set(title="error of the approximations", xlabel="x", ylim=(1e-8, 1e-1))
    right.legend(frameon=False, fontsize=8)
    slope = kept + x0 * np.exp(-x0 * x0 / 2) / np.sqrt(2 * np.pi)
    worst = [float(np.abs(y - gelu(x)).max()) for y in approximations.values()]
    return Drawing(
        fig,
        Text(
            f"x = {x0:.2f} is kept with probability {kept:.3f}: GELU = {value:.4f}, slope {slope:.3f}. The tanh form is off by up to "
            f"{worst[0]:.2g}, the sigmoid form by up to {worst[1]:.2g}.",
            f"x = {x0:.2f} 以概率 {kept:.3f} 被保留：GELU = {value:.4f}，斜率 {slope:.3f}。tanh 近似的误差最大为 {worst[0]:.2g}，sigmoid 近似最大为 {worst[1]:.2g}。",
        ),
    )


# ------------------------------------------------------------------------------------------------- SiLU

SILU = Concept(
    key="silu",
    kind="definition",
    title=Text("SiLU (swish)", "SiLU（Swish）"),
    summary=Text(
        "x times the sigmoid of x: a smooth ReLU that gates itself and dips to −0.278 on the left. Close to GELU, and "
        "cheaper.",
        "x 乘以它自己的 sigmoid：光滑的 ReLU，自己给自己当门控，左侧下探到 −0.278。与 GELU 接近而计算更省。",
    ),
    formulas=(
        r"\operatorname{SiLU}(x)=x\,\sigma(x)=\frac{x}{1+e^{-x}}",
        r"\operatorname{SiLU}'(x)=\sigma(x)\bigl(1+x\,(1-\sigma(x))\bigr),\qquad \min\operatorname{SiLU}=-W(1/e)=-0.278465",
    ),
    symbols=(
        X,
        Symbol(r"\sigma", "", "", Text("the sigmoid", "sigmoid 函数")),
        Symbol("W", "", "", Text("Lambert's function, $W e^{W}=x$", "朗伯 W 函数，$W e^{W}=x$")),
    ),
    needs=("relu", "sigmoid"),
    source="elfwing2018sigmoid",
    year=2017,
    people=("Stefan Elfwing", "Eiji Uchibe", "Kenji Doya", "Prajit Ramachandran"),
    implementations=(Implementation("torch.nn.functional:silu", "torch"),),
    readings=(Reading("elfwing2018sigmoid", "§2"), Reading("ramachandran2017searching", "§4")),
    deviations=(
        Text(r"Swish is $x\,\sigma(\beta x)$, with β fixed or learnt; SiLU is β = 1.", r"Swish 是 $x\,\sigma(\beta x)$，β 固定或可学习；SiLU 即 β = 1。"),
    ),
)  # fmt: skip


@SILU.definition
def silu(x):
    return x / (1 + np.exp(-x))


SILU.cases(points)
SILU.invalid(not_numbers)


@SILU.claim(
    Text(
        r"Its slope is $\sigma(x)\bigl(1+x(1-\sigma(x))\bigr)$",
        r"斜率为 $\sigma(x)\bigl(1+x(1-\sigma(x))\bigr)$",
    )
)
def slope_of_silu(silu, rng):
    s = 1 / (1 + np.exp(-MIDDLE))
    return slope_is(silu, MIDDLE, s * (1 + MIDDLE * (1 - s)))


@SILU.claim(
    Text(
        r"Its minimum is $-W(1/e)=-0.278465$ at $-1-W(1/e)$: it is not monotone",
        r"在 $-1-W(1/e)$ 处取最小值 $-W(1/e)=-0.278465$：不单调",
    )
)
def minimum_of_silu(silu, rng):
    from scipy.special import lambertw

    W = float(lambertw(np.exp(-1)).real)
    place, value = minimum(silu, -4.0, 0.0)
    # a value known to ε·|f|·4 places a minimum of curvature ≈ 0.2 to √(8ε·0.28/0.2)
    tolerance = 2 * np.sqrt(8 * 2.0**-52 * 0.28 / 0.2)
    return all_of(
        roundoff(value, -W, terms=2),
        near(place, -1 - W, tolerance, Text("√(rounding / curvature)", "√(舍入误差 / 曲率)")),
    )


@SILU.claim(
    Text(
        r"$\operatorname{SiLU}(x)-\operatorname{SiLU}(-x)=x$",
        r"$\operatorname{SiLU}(x)-\operatorname{SiLU}(-x)=x$",
    )
)
def odd_part_of_silu(silu, rng):
    x = 3 * rng.standard_normal(200)
    return roundoff(silu(x) - silu(-x), x)


@SILU.claim(
    Text(r"The lower tail is $xe^{x}$, and nothing overflows at ±1000", r"下尾为 $xe^{x}$，在 ±1000 处不溢出")
)
def tails_of_silu(silu, rng):
    x = np.array([-700.0, -300.0, -50.0])
    ends = silu(np.array([-1000.0, 1000.0]))
    return all_of(
        roundoff(silu(x) / (x * np.exp(x)), np.ones(3), terms=4), roundoff(ends, np.array([0.0, 1000.0]))
    )


@SILU.mutant(
    Text("hard swish", "分段的 hard swish"), kills=["slope-of-silu", "minimum-of-silu", "tails-of-silu"]
)
def hard_swish(x):
    return x * np.clip(x + 3, 0, 6) / 6


@SILU.mutant(
    Text("β = 1.702 left inside", "内部遗留了 β = 1.702"),
    kills=["slope-of-silu", "minimum-of-silu", "equals-definition"],
)
def quick_gelu(x):
    return x / (1 + np.exp(-1.702 * x))


@SILU.mutant(
    Text(r"$xe^x/(1+e^x)$: NaN at 1000", r"$xe^x/(1+e^x)$：在 1000 处为 NaN"), kills=["tails-of-silu"]
)
def overflowing_silu(x):
    return x * np.exp(x) / (1 + np.exp(x))


@SILU.mutant(
    Text("x gated by the slope of the sigmoid", "以 sigmoid 的导数作门控"),
    kills=["odd-part-of-silu", "slope-of-silu"],
)
def gated_by_the_slope(x):
    return x * sigmoid(x) * (1 - sigmoid(x))


@SILU.figure(beta=Slider(0.05, 20, 1.0, Text("steepness β of the gate", "门控的陡度 β"), log=True))
def silu_figure(beta):
    x = np.linspace(-6, 4, 1001)
    y = x * sigmoid(beta * x)
    s = sigmoid(beta * x)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, y, label=r"$x\,\sigma(\beta x)$")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    left.plot(x, x / 2, color="#7F7F7F", ls=":", lw=0.9, label="x/2")
    low = int(y.argmin())
    left.plot(x[low], y[low], "o", color="#D55E00")
    left.set(title=rf"$\beta={beta:.3g}$", xlabel="x", ylim=(-1.5, 4))
    left.legend(frameon=False, fontsize=8)
    right.plot(x, s * (1 + beta * x * (1 - s)))
    right.axhline(0, color="#7F7F7F", lw=0.6)
    right.axhline(1, color="#7F7F7F", lw=0.6)
    right.set(title="slope", xlabel="x", ylim=(-0.3, 1.3))
    place, depth = 1.2784645427610738 / beta, 0.2784645427610738 / beta
    return Drawing(
        fig,
        Text(
            f"β = {beta:.3g}: the minimum is {-depth:.3g} at x = {-place:.3g}; both shrink like 1/β. "
            f"Small β gives nearly x/2, large β nearly ReLU; β = 1 is SiLU.",
            f"β = {beta:.3g}：最小值为 {-depth:.3g}，位于 x = {-place:.3g}，二者都按 1/β 缩小。β 小时接近 x/2，β 大时接近 ReLU；β = 1 即 SiLU。",
        ),
    )


# --------------------------------------------------------------------------------------------- softplus


def _softplus_torch(softplus, x, beta):
    return softplus(x, beta=beta, threshold=40)  # e^-40 lies below rounding; the default, 20, does not


SOFTPLUS = Concept(
    key="softplus",
    kind="definition",
    title=Text("Softplus", "Softplus 函数"),
    summary=Text(
        "A smooth ReLU, and the integral of the sigmoid: positive everywhere, so it turns a real number into a scale "
        "or a variance. The logistic loss of a margin is softplus of its negative.",
        "光滑的 ReLU，也是 sigmoid 的积分：处处为正，可把实数变成尺度或方差。逻辑斯谛损失就是间隔取负后的 softplus。",
    ),
    formulas=(
        r"\zeta(x)=\frac1\beta\log\bigl(1+e^{\beta x}\bigr)=\max(0,x)+\frac1\beta\log\bigl(1+e^{-\beta|x|}\bigr)",
        r"\zeta'(x)=\sigma(\beta x),\qquad 0<\zeta(x)-\max(0,x)\le\frac{\log 2}{\beta}",
    ),
    symbols=(
        X,
        Symbol(r"\beta", "beta", "", Text("sharpness, 1 unless given", "锐度，默认 1"), "positive"),
        Symbol(r"\sigma", "", "", Text("the sigmoid", "sigmoid 函数")),
        Symbol(r"\zeta", "", "... n", Text("results", "结果")),
    ),
    needs=("relu", "sigmoid"),
    source="dugas2001incorporating",
    year=2000,
    people=("Charles Dugas", "Yoshua Bengio"),
    implementations=(Implementation("torch.nn.functional:softplus", "torch", _softplus_torch),),
    readings=(Reading("dugas2001incorporating", ""), Reading("glorot2011deep", "§3"), Reading("goodfellow2016deep", "§3.10")),
    deviations=(
        Text(
            r"PyTorch returns x itself where βx exceeds `threshold`, 20 unless given: an error of up to $e^{-20}/\beta=2\cdot10^{-9}/\beta$ in float64. "
            "Gradus calls it with 40.",
            r"当 βx 超过 `threshold`（默认 20）时 PyTorch 直接返回 x：在 float64 下误差可达 $e^{-20}/\beta=2\cdot10^{-9}/\beta$。Gradus 以 40 调用。",
        ),
    ),
)  # fmt: skip


@SOFTPLUS.definition
def softplus(x, beta=1.0):
    return np.maximum(0, x) + np.log1p(np.exp(-beta * np.abs(x))) / beta


@SOFTPLUS.cases
def softplus_cases(rng):
    yield from points(rng)
    for beta in (0.5, 4.0):
        yield f"sharpness {beta:g}", dict(x=3 * rng.standard_normal((2, 4)), beta=beta)


SOFTPLUS.invalid(not_numbers)


@SOFTPLUS.claim(Text(r"Its slope is the sigmoid $\sigma(\beta x)$", r"斜率为 sigmoid：$\sigma(\beta x)$"))
def slope_is_the_sigmoid(softplus, rng):
    x = MIDDLE + 1 / 64  # away from the joint of the stable form
    return all_of(
        *[slope_is(lambda t, b=b: softplus(t, beta=b), x, 1 / (1 + np.exp(-b * x))) for b in (0.5, 1.0, 3.0)]
    )


@SOFTPLUS.claim(
    Text(
        r"It lies above ReLU by at most $\log 2/\beta$, reached at 0",
        r"它高出 ReLU 至多 $\log 2/\beta$，在 0 处达到",
    )
)
def gap_to_relu(softplus, rng):
    def one(beta):
        gap = softplus(MIDDLE, beta=beta) - np.maximum(0, MIDDLE)
        at_zero = softplus(np.zeros(1), beta=beta)[0]
        return all_of(
            bound(gap.max(), np.log(2) / beta),
            bound(gap.min(), 0.0, "≥"),
            roundoff(at_zero, np.log(2) / beta),
        )

    return all_of(*[one(beta) for beta in (0.5, 1.0, 3.0)])


@SOFTPLUS.claim(Text(r"$\zeta(x)-\zeta(-x)=x$", r"$\zeta(x)-\zeta(-x)=x$"))
def odd_part_of_softplus(softplus, rng):
    x = 3 * rng.standard_normal(200)
    return roundoff(softplus(x) - softplus(-x), x)


@SOFTPLUS.claim(
    Text(
        r"No overflow at ±1000, and the lower tail is $e^{x}$ to full relative accuracy",
        r"在 ±1000 处不溢出，下尾以完整的相对精度等于 $e^{x}$",
    )
)
def tails_of_softplus(softplus, rng):
    x = np.array([-700.0, -300.0, -50.0])
    ends = softplus(np.array([-1000.0, 1000.0]))
    return all_of(
        roundoff(ends, np.array([0.0, 1000.0])), roundoff(softplus(x) / np.exp(x), np.ones(3), terms=4)
    )


@SOFTPLUS.claim(
    Text(
        r"Between 20 and 36 the term $e^{-x}$ still counts, and is there",
        r"在 20 到 36 之间 $e^{-x}$ 这一项仍有意义，没有被丢掉",
    )
)
def no_early_cut(softplus, rng):
    x = np.array([20.5, 21.0, 22.0, 24.0])
    return roundoff(softplus(x) - x, np.exp(-x), c=2.0, scale=float(x.max()))


@SOFTPLUS.mutant(
    Text(
        r"$\log(1+e^{x})$ as printed: overflows, and the tail is rounded away",
        r"照公式直算 $\log(1+e^{x})$：溢出，且下尾被舍入掉",
    ),
    kills=["tails-of-softplus"],
)
def printed_softplus(x, beta=1.0):
    return np.log(1 + np.exp(beta * x)) / beta


@SOFTPLUS.mutant(Text("x itself from 20 on", "从 20 起直接取 x"), kills=["no-early-cut"])
def cut_at_twenty(x, beta=1.0):
    return np.where(beta * x > 20, x, softplus(x, beta))


@SOFTPLUS.mutant(
    Text(r"β outside inverted: $\beta\log(1+e^{x/\beta})$", r"β 写反：$\beta\log(1+e^{x/\beta})$"),
    kills=["slope-is-the-sigmoid", "gap-to-relu", "equals-definition"],
)
def beta_inverted(x, beta=1.0):
    return softplus(x, 1 / beta)


@SOFTPLUS.mutant(
    Text("logarithm to base 2", "以 2 为底的对数"),
    kills=["odd-part-of-softplus", "gap-to-relu", "slope-is-the-sigmoid"],
)
def base_two_logarithm(x, beta=1.0):
    return softplus(x, beta) / np.log(2)


@SOFTPLUS.figure(
    beta=Slider(0.3, 20, 1.0, Text("sharpness β", "锐度 β"), log=True),
    x0=Slider(-4, 4, 1.0, Text("pre-activation x", "激活前的值 x")),
)
def softplus_figure(beta, x0):
    x = np.linspace(-4, 4, 801)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(x, softplus(x, beta), label="softplus")
    left.plot(x, relu(x), color="#7F7F7F", ls="--", lw=0.9, label="ReLU")
    y0, s0 = float(softplus(np.float64(x0), beta)), float(sigmoid(beta * np.float64(x0)))
    left.plot(x0, y0, "o", color="#D55E00")
    left.set(title=rf"$\beta={beta:.3g}$", xlabel="x", ylim=(-0.3, 4.5))
    left.legend(frameon=False, fontsize=8)
    right.plot(x, sigmoid(beta * x))
    right.fill_between(x, sigmoid(beta * x), where=x <= x0, color="#56B4E9", alpha=0.35, lw=0)
    right.plot(x0, s0, "o", color="#D55E00")
    right.set(title=r"its slope  $\sigma(\beta x)$", xlabel="x")
    gap = np.log(2) / beta
    return Drawing(
        fig,
        Text(
            f"β = {beta:.3g}: at x = {x0:.2g} softplus is {y0:.4g}, the shaded area under the sigmoid from −∞ up to there. "
            f"It exceeds ReLU by at most log 2/β = {gap:.3g}.",
            f"β = {beta:.3g}：在 x = {x0:.2g} 处 softplus 为 {y0:.4g}，即右图 sigmoid 曲线下从 −∞ 到该处的阴影面积。它高出 ReLU 至多 log 2/β = {gap:.3g}。",
        ),
    )


# ------------------------------------------------------------------------------------------- the family


def _properties(activation_properties, f, x):
    return tuple(activation_properties(f, x))


ACTIVATIONS = Concept(
    key="activations",
    kind="definition",
    title=Text("Activation functions", "激活函数"),
    summary=Text(
        "Without them a stack of layers is one linear map. What matters of each can be measured: its range, whether it is "
        "monotone, its Lipschitz constant, where it saturates, and whether its slope jumps. None of these is common to all.",
        "没有激活函数，多层叠加仍只是一个线性映射。各函数的要紧性质都可以测量：值域、是否单调、Lipschitz 常数、在何处饱和、斜率有无跳跃。没有一条是所有激活函数共有的。",
    ),
    formulas=(
        r"q_i=\frac{f(x_{i+1})-f(x_i)}{x_{i+1}-x_i},\qquad \text{monotone}\iff\min_i q_i\ge 0,\qquad \operatorname{Lip}f=\sup_{x\ne y}\frac{|f(x)-f(y)|}{|x-y|}\ge\max_i|q_i|",
        r"\text{kink}:\quad \max_i|q_{i+1}-q_i|\not\to 0\ \text{ as the grid is refined}",
    ),
    symbols=(
        Symbol("f", "f", "function", Text("an activation function, applied entry by entry", "激活函数，逐元素作用"), "function"),
        Symbol("x", "x", "n", Text("increasing grid", "递增的网格点")),
        Symbol("q", "", "n-1", Text("slopes of the chords between neighbours", "相邻两点间割线的斜率")),
        Symbol("i", "", "", Text("index of a grid point", "网格点的下标")),
        Symbol("y", "", "", Text("another point", "另一点")),
    ),
    needs=("relu", "leaky-relu", "sigmoid", "tanh", "elu", "gelu", "silu", "softplus", "neuron"),
    source="goodfellow2016deep",
    year=1943,
    people=("Warren McCulloch", "Walter Pitts"),
    implementations=(Implementation("gradus.networks.activation_properties:activation_properties", "torch", _properties),),
    readings=(Reading("goodfellow2016deep", "§6.3"), Reading("murphy2022probabilistic", "§13.2.3")),
    deviations=(
        Text("The measured Lipschitz constant is that of the grid: never too large, too small by the square of the spacing.", "测得的 Lipschitz 常数是网格上的值：不会偏大，偏小的量与间距的平方成正比。"),
    ),
    differentiable=False,
)  # fmt: skip


@ACTIVATIONS.definition
def activations(f, x):
    y = f(x)
    q = (y[1:] - y[:-1]) / (x[1:] - x[:-1])
    jump = np.abs(q[1:] - q[:-1]).max()
    return y.min(), y.max(), q.min(), q.max(), q[0], q[-1], jump


@generic
def any_relu(x):
    return namespace(x).maximum(x, 0 * x)


@generic
def folded_at_one(x):
    return abs(abs(x) - 1)


@generic
def any_tanh(x):
    return namespace(x).tanh(x)


@ACTIVATIONS.cases
def activations_cases(rng):
    grid = np.linspace(-6, 6, 193)  # spacing 1/16: these functions are exact on it in every precision
    yield "ReLU", dict(f=any_relu, x=grid)
    yield "folds", dict(f=folded_at_one, x=grid)
    yield "uneven grid", dict(f=folded_at_one, x=np.array([-4.0, -1.5, -1.0, 0.25, 3.0]))
    yield "three points", dict(f=any_tanh, x=np.array([-1.0, 0.0, 2.0]))


@ACTIVATIONS.invalid
def activations_invalid(rng):
    yield "no points", dict(f=any_relu, x=np.zeros(0))
    yield "not a function", dict(f=3.0, x=np.linspace(-1, 1, 5))


MEMBERS = {
    "relu": relu, "leaky-relu": leaky_relu, "sigmoid": sigmoid, "tanh": tanh,
    "elu": elu, "gelu": gelu, "silu": silu, "softplus": softplus,
}  # fmt: skip


def measured(activations, name, low=-8.0, high=8.0, spacing=2.0**-7):
    """The seven properties of one member, whatever framework judges: values go through NumPy and back."""

    def through_numpy(x):
        values = MEMBERS[name](np.asarray(x, float))
        return namespace(x).asarray(values)

    return [float(v) for v in activations(through_numpy, np.arange(low, high + spacing / 2, spacing))]


# Exact suprema and infima of value and slope; W = 0.2784645… is Lambert's W(1/e), Φ and φ the normal distribution and density.
# The slope of GELU is extreme at ±√2 (where 2φ = x²φ), that of SiLU at ±2.39936 (where x·tanh(x/2) = 2).
STEEPEST_GELU = (1 + math.erf(1)) / 2 + math.sqrt(2) * math.exp(-1) / math.sqrt(2 * math.pi)
X_SILU = 2.3993572805154
STEEPEST_SILU = 0.5 + (X_SILU + math.sinh(X_SILU)) / (4 * math.cosh(X_SILU / 2) ** 2)
TABLE = {  # inf f, sup f, inf f', sup f', f'(−∞), f'(+∞), jump of f'
    "relu": (0, np.inf, 0, 1, 0, 1, 1),
    "leaky-relu": (-np.inf, np.inf, 0.01, 1, 0.01, 1, 0.99),
    "sigmoid": (0, 1, 0, 0.25, 0, 0, 0),
    "tanh": (-1, 1, 0, 1, 0, 0, 0),
    "elu": (-1, np.inf, 0, 1, 0, 1, 0),
    "gelu": (-0.16997120747990369, np.inf, 1 - STEEPEST_GELU, STEEPEST_GELU, 0, 1, 0),
    "silu": (-0.2784645427610738, np.inf, 1 - STEEPEST_SILU, STEEPEST_SILU, 0, 1, 0),
    "softplus": (0, np.inf, 0, 1, 0, 1, 0),
}


def column(activations, i, tolerance, why, members=TABLE, **grid):
    """One column of the table beside what is measured."""
    return all_of(
        *[near(measured(activations, name, **grid)[i], TABLE[name][i], tolerance, why) for name in members]
    )


CHORD = Text(
    "h² = h²·max|f‴|/2 for chords of length h = 2⁻⁷ (max|f‴| ≤ 2), and e⁻⁸ for the slope still to come beyond the ends, ±8",
    "长 h = 2⁻⁷ 的割线误差 h² = h²·max|f‴|/2（max|f‴| ≤ 2），另加两端 ±8 以外剩余的斜率 e⁻⁸",
)


@ACTIVATIONS.claim(Text("Not all are monotone: the slope of GELU falls to −0.1289, that of SiLU to −0.0998; the other six never fall", "并非都单调：GELU 的斜率低至 −0.1289，SiLU 低至 −0.0998；其余六个从不下降"))  # fmt: skip
def least_slopes(activations, rng):
    falling = [bound(measured(activations, name)[2], -0.09) for name in ("gelu", "silu")]
    return all_of(
        column(activations, 2, 4.0**-7 + math.exp(-8), CHORD),
        *falling,
    )


@ACTIVATIONS.claim(Text("Lipschitz constants: sigmoid ¼, GELU 1.1289, SiLU 1.0998, the others 1", "Lipschitz 常数：sigmoid 为 ¼，GELU 为 1.1289，SiLU 为 1.0998，其余为 1"))  # fmt: skip
def greatest_slopes(activations, rng):
    return column(activations, 3, 4.0**-7 + math.exp(-8), CHORD)


@ACTIVATIONS.claim(Text("Bounded on both sides: sigmoid and tanh alone. ELU, GELU and SiLU end below at −1, −0.16997, −0.27846", "两侧有界的只有 sigmoid 与 tanh；ELU、GELU、SiLU 的下界为 −1、−0.16997、−0.27846"))  # fmt: skip
def ranges(activations, rng):
    below = ["relu", "sigmoid", "tanh", "elu", "gelu", "silu", "softplus"]
    why = Text("h²/8 between grid points, h = 2⁻⁷", "网格点之间的 h²/8，h = 2⁻⁷")
    low = column(activations, 0, 4.0**-7 / 8, why, below, low=-40.0)
    high = column(activations, 1, 4.0**-7 / 8, why, ["sigmoid", "tanh"], high=40.0)
    growing = [
        bound(measured(activations, n, high=40.0)[1], 40.0, "≥") for n in TABLE if TABLE[n][1] == np.inf
    ]
    return all_of(low, high, *growing)


@ACTIVATIONS.claim(
    Text(
        "On the left all but leaky ReLU saturate, on the right only sigmoid and tanh",
        "左端除 Leaky ReLU 外都饱和，右端只有 sigmoid 与 tanh 饱和",
    )
)
def saturation(activations, rng):
    why = Text(
        "the slopes left at ±40 are below 40·e⁻⁴⁰; rounding of values 40 over h = 2⁻⁷",
        "±40 处剩余的斜率小于 40·e⁻⁴⁰；另有数值 40 的舍入误差除以 h = 2⁻⁷",
    )
    ends = [column(activations, i, 4 * 40 * 2.0**-52 * 2**7, why, low=-40.0, high=40.0) for i in (4, 5)]
    return all_of(*ends)


@ACTIVATIONS.claim(Text("The slope of ReLU and leaky ReLU jumps at 0, by 1 and 0.99, however fine the grid; that of the others halves with the spacing", "无论网格多细，ReLU 与 Leaky ReLU 的斜率在 0 处跳跃 1 与 0.99；其余的随间距减半"))  # fmt: skip
def kinks(activations, rng):
    spacings = [2.0**-k for k in (4, 5, 6, 7)]
    found = {n: [measured(activations, n, low=-4.0, high=4.0, spacing=h)[6] for h in spacings] for n in TABLE}
    kinked = [
        roundoff(found[n], np.full(4, TABLE[n][6]), terms=4, scale=4 * 2.0**7) for n in ("relu", "leaky-relu")
    ]
    smooth = [rate(spacings, found[n], 1.0, 0.05) for n in TABLE if not TABLE[n][6]]
    return all_of(*kinked, *smooth)


@ACTIVATIONS.claim(Text("A kink does not stop training: descent with the slope 0 at 0 fits XOR with ReLUs to an error below 1e-6", "折点并不妨碍训练：在 0 处取斜率 0 的梯度下降，能用 ReLU 把 XOR 拟合到误差 1e-6 以下"))  # fmt: skip
def trains_in_spite_of_a_kink(activations, rng):
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float), np.array([0.0, 1.0, 1.0, 0.0])
    W, b, v = rng.standard_normal((2, 32)), rng.standard_normal(32), rng.standard_normal(32) / np.sqrt(32)
    for _ in range(2000):
        z = X @ W + b  # (4, 32)
        h = relu(z)
        r = h @ v - y  # (4,)
        d = np.outer(r, v) * (z > 0)  # (4, 32)
        W, b, v = W - 0.01 * X.T @ d, b - 0.01 * d.sum(0), v - 0.01 * h.T @ r
    jump = measured(activations, "relu")[6]
    return all_of(roundoff(jump, 1.0, scale=8 * 2.0**7), bound(float((r**2).mean()), 1e-6))


@ACTIVATIONS.mutant(
    Text(
        "monotone judged by the ends: the mean slope for the least",
        "仅按两端判断单调：用平均斜率代替最小斜率",
    ),
    kills=["least-slopes", "equals-definition"],
)
def judged_by_the_ends(f, x):
    low, high, _, *rest = activations(f, x)
    y = f(x)
    return (low, high, (y[-1] - y[0]) / (x[-1] - x[0]), *rest)


@ACTIVATIONS.mutant(
    Text("steepest at 0, as for the sigmoid", "以为都像 sigmoid 那样在 0 处最陡"), kills=["greatest-slopes"]
)
def steepest_at_zero(f, x):
    low, high, least, _, *rest = activations(f, x)
    q, middle = np.diff(f(x)) / np.diff(x), x.size // 2
    return (low, high, least, q[middle], *rest)


@ACTIVATIONS.mutant(Text("range from the ends alone", "只按两端求值域"), kills=["ranges"])
def range_of_the_ends(f, x):
    y = f(x)
    return (y[0], y[-1], *activations(f, x)[2:])


@ACTIVATIONS.mutant(Text("left and right exchanged", "左右颠倒"), kills=["saturation", "equals-definition"])
def ends_exchanged(f, x):
    *first, left, right, jump = activations(f, x)
    return (*first, right, left, jump)


@ACTIVATIONS.mutant(
    Text("second derivative for the jump: divided by the spacing", "用二阶导数代替跳跃：多除了间距"),
    kills=["kinks", "trains-in-spite-of-a-kink"],
)
def curvature_for_the_jump(f, x):
    *first, jump = activations(f, x)
    return (*first, jump / (x[1] - x[0]))


ACTIVATIONS.erratum(
    "E11",
    common=Text("Most activation functions are monotone", "大多数激活函数是单调的"),
    why=Text(
        "Monotone is no requirement and the usual ones of today are not: GELU falls to −0.169971 at −0.751792, SiLU to −0.278465 at −1.278465, "
        "with slopes down to −0.1289 and −0.0998.",
        "单调并非必需，而今天最常用的恰恰不单调：GELU 在 −0.751792 处降到 −0.169971，SiLU 在 −1.278465 处降到 −0.278465，斜率低至 −0.1289 与 −0.0998。",
    ),
    right=Text(
        "A property of each function, to be computed: see the least slope of each",
        "这是各个函数自己的性质，应当计算：见各自的最小斜率",
    ),
    claims=("least-slopes",),
)
ACTIVATIONS.erratum(
    "E12",
    common=Text("An activation function needs to be differentiable", "激活函数需要是可微的"),
    why=Text(
        "ReLU and leaky ReLU have a kink at 0, and networks of them train: XOR is fitted to a mean square error below 1e-6.",
        "ReLU 与 Leaky ReLU 在 0 处有折点，由它们组成的网络照样能训练：XOR 可拟合到均方误差 1e-6 以下。",
    ),
    right=Text("Differentiable almost everywhere, with one agreed slope at the kink", "几乎处处可微，并在折点处约定一个斜率"),
    claims=("kinks", "trains-in-spite-of-a-kink"),
)  # fmt: skip


HEADINGS = ("", "values", "least slope", "Lipschitz", "slope at −40, 40", "kink")


def short(value, digits=4):
    """A number for the table: what lies below rounding is 0."""
    return f"{value:.{digits}g}".replace("-", "−") if abs(value) > 1e-9 else "0"


def table_row(name):
    """One row of the comparison, from the measured properties: unbounded where the slope at an end is not 0."""
    low, high, least, greatest, at_left, at_right, jump = measured(activations, name, -40.0, 40.0)
    values = f"{'−∞' if at_left > 1e-9 else short(low)} … {'∞' if at_right > 1e-9 else short(high)}"
    slopes = f"{short(at_left, 2)}, {short(at_right, 2)}"
    kink = short(jump, 2) if jump > 0.1 else "–"
    return name, values, short(least), short(max(-least, greatest), 5), slopes, kink


@ACTIVATIONS.figure(
    member=Slider(1, 8, 6, Text("which function", "第几个函数"), integer=True),
    width=Slider(1, 10, 4, Text("half width of the window", "窗口半宽")),
)
def activations_figure(member, width):
    chosen = list(MEMBERS)[int(member) - 1]
    x = np.linspace(-width, width, 801)
    fig, axes = canvas(columns=2, rows=2, width=6.8, height=5.2)
    (left, right), below = axes[0], fig.add_subplot(2, 1, 2)
    for unused in axes[1]:
        unused.remove()
    for name, f in MEMBERS.items():
        style = (
            dict(color="#D55E00", lw=2.2, zorder=3)
            if name == chosen
            else dict(color="#7F7F7F", lw=0.7, alpha=0.7)
        )
        left.plot(x, f(x), label=name if name == chosen else None, **style)
        right.plot(x[1:], np.diff(f(x)) / np.diff(x), **style)
    left.set(title="the functions", ylim=(-1.3, min(width, 4)))
    right.set(title="their slopes", ylim=(-0.25, 1.25))
    left.legend(frameon=False, loc="upper left")
    rows = [table_row(name) for name in MEMBERS]
    below.axis("off")
    cells = below.table(
        rows, colLabels=HEADINGS, loc="center", cellLoc="center", edges="horizontal", bbox=(0, 0, 1, 0.9)
    )
    cells.auto_set_font_size(False)
    for (row, _), cell in cells.get_celld().items():
        cell.set_fontsize(8)
        cell.set_linewidth(0.4)
        if row == int(member):
            cell.get_text().set_color("#D55E00")
    _, values, least, lipschitz, slopes, kink = rows[int(member) - 1]
    falls = ("not monotone", "不单调") if least.startswith("−") else ("monotone", "单调")
    bent = ("no kink", "无折点") if kink == "–" else (f"a kink of {kink}", f"有跳跃 {kink} 的折点")
    return Drawing(
        fig,
        Text(
            f"{chosen}: values {values}, {falls[0]} (least slope {least}), Lipschitz constant {lipschitz}, slopes {slopes} far left and right, {bent[0]}. "
            f"The table holds the same for all eight.",
            f"{chosen}：取值 {values}，{falls[1]}（最小斜率 {least}），Lipschitz 常数 {lipschitz}，左右远端斜率 {slopes}，{bent[1]}。表中列出全部八个函数的同样数值。",
        ),
    )
