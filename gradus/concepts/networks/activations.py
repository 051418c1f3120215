"""Activation functions: the members of the family, and the table of their properties."""

import numpy as np

from gradus.concept import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.evidence import all_of, bound, identical, invariance, roundoff
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
    """What every implementation refuses."""
    yield "text for numbers", dict(x="0.5")
    yield "nothing", dict(x=None)


X = Symbol("x", "x", "... n", Text("pre-activations, taken one by one", "激活前的值，逐个处理"))


# ---------------------------------------------------------------------------------------------- softmax


def _softmax_torch(softmax, z):
    return softmax(z, dim=-1)


SOFTMAX = Concept(
    key="softmax",
    kind="definition",
    title=Text("Softmax", "Softmax 函数"),
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
    yield "text for scores", dict(z="scores")
    yield "nothing", dict(z=None)


@SOFTMAX.claim(Text("The results are not negative and sum to 1", "各项非负，和为 1"))
def is_a_distribution(softmax, rng):
    p = softmax(5 * rng.standard_normal((20, 7)))
    return all_of(roundoff(p.sum(-1), np.ones(20), terms=7), bound(p.min(), 0.0, "≥"))


@SOFTMAX.claim(Text(r"Adding a constant to all scores changes nothing: $p(z+c)=p(z)$", r"所有得分加同一常数，结果不变：$p(z+c)=p(z)$"))
def shift_invariance(softmax, rng):
    z, c = rng.standard_normal((6, 5)), 64.0
    # adding 64 rounds the scores by up to 64·ε/2 and so moves p by as much
    return invariance(softmax(z + c), softmax(z), terms=5, scale=c)


@SOFTMAX.claim(Text(r"The Jacobian is $\operatorname{diag}(p)-pp^{\mathsf T}$", r"雅可比矩阵为 $\operatorname{diag}(p)-pp^{\mathsf T}$"))
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
    norms = [np.linalg.norm(jacobian(softmax, z), 2) for z in 2 * rng.standard_normal((20, 4))]
    worst = np.linalg.norm(jacobian(softmax, np.array([0.0, 0.0, -800.0])), 2)
    return all_of(bound(max(norms), 0.5), roundoff(worst, 0.5, terms=4, scale=1 / STEP))


@SOFTMAX.claim(Text("Scores of ±1000 neither overflow nor lose the ratio of the probabilities", "得分为 ±1000 时不溢出，也不丢失概率之比"))
def stable_at_a_thousand(softmax, rng):
    z = np.array([[0.0, 1.0, 2.0]])
    p = softmax(np.concatenate([z + 1000, z - 1000, z]))
    return roundoff(p[:2], np.stack([p[2], p[2]]), terms=3)


@SOFTMAX.claim(Text(r"For two scores it is the sigmoid of their difference: $p_1=\sigma(z_1-z_2)$", r"只有两个得分时即为其差的 sigmoid：$p_1=\sigma(z_1-z_2)$"))
def two_scores_give_the_sigmoid(softmax, rng):
    z = 4 * rng.standard_normal((30, 2))
    return roundoff(softmax(z)[:, 0], 1 / (1 + np.exp(z[:, 1] - z[:, 0])), terms=2, scale=4.0)


@SOFTMAX.claim(Text(r"A score of $-\infty$ has probability exactly 0 and leaves the others as they were", r"得分为 $-\infty$ 者概率恰为 0，其余不受影响"))
def masked_scores_vanish(softmax, rng):
    z = rng.standard_normal(5)
    p = softmax(np.append(z, -np.inf))
    return all_of(identical(p[5], 0.0), roundoff(p[:5], softmax(z), terms=5))


@SOFTMAX.claim(Text("Sharpened without limit, it shares the mass equally among the largest scores", "无限锐化时，概率由并列最大的得分平分"))
def limit_is_the_argmax(softmax, rng):
    return roundoff(softmax(1e3 * np.array([1.0, 3.0, 3.0, -2.0])), np.array([0.0, 0.5, 0.5, 0.0]))


@SOFTMAX.claim(Text(r"It is the gradient of $\log\sum_j e^{z_j}$", r"它是 $\log\sum_j e^{z_j}$ 的梯度"))
def gradient_of_log_sum_exp(softmax, rng):
    z = rng.standard_normal(6)
    lse = slopes(lambda t: np.log(np.exp(z + t * np.eye(6)).sum(-1)), 0.0)
    return roundoff(softmax(z), lse, terms=4, scale=3 / STEP)


@SOFTMAX.mutant(Text("no maximum subtracted: overflows", "没有减去最大值：溢出"), kills=["stable-at-a-thousand", "limit-is-the-argmax", "equals-definition"])
def naive_softmax(z):
    e = np.exp(z)
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.mutant(Text("the maximum of the whole batch is subtracted: low rows underflow to 0/0", "减去的是整个批的最大值：较低的行下溢成 0/0"), kills=["stable-at-a-thousand"])
def maximum_of_the_batch(z):
    e = np.exp(z - z.max())
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.mutant(Text("normalised over the whole array, not over each row", "对整个数组而非逐行归一化"), kills=["is-a-distribution", "accepts-batches"])
def normalised_over_everything(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@SOFTMAX.mutant(Text("powers of 2 for powers of e", "用 2 的幂代替 e 的幂"), kills=["jacobian-is-a-covariance", "two-scores-give-the-sigmoid", "gradient-of-log-sum-exp"])
def base_two(z):
    return softmax(np.log(2) * z)


@SOFTMAX.mutant(Text("a temperature of ½ left inside: twice as steep", "遗留了 ½ 的温度：陡了一倍"), kills=["lipschitz-constant-is-one-half"])
def twice_as_steep(z):
    return softmax(2 * z)


@SOFTMAX.mutant(Text("scores divided by their sum, no exponential", "得分除以总和，没有取指数"), kills=["shift-invariance", "is-a-distribution", "masked-scores-vanish"])
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
    right.set(title=r"$\partial p_i/\partial z_j$", xticks=range(5), xticklabels="ABCDE", yticks=range(5), yticklabels="ABCDE")
    for (i, j), v in np.ndenumerate(J):
        right.text(j, i, f"{v:.2f}", ha="center", va="center", fontsize=7, color="white" if abs(v) > 0.6 * size else "black")
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
    readings=(Reading("nair2010rectified", ""), Reading("glorot2011deep", "§3"), Reading("goodfellow2016deep", "§6.3.1")),
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


@RELU.claim(Text("The slope is 1 to the right of 0 and 0 to the left, exactly", "0 的右侧斜率恰为 1，左侧恰为 0"))
def slope_is_a_step(relu, rng):
    x = np.array([-30.0, -2.0, -0.5, 0.5, 2.0, 30.0])  # differences of multiples of 2^-3 are exact
    return identical((relu(x + 0.125) - relu(x - 0.125)) / 0.25, np.where(x > 0, 1.0, 0.0))


@RELU.claim(Text("It has a kink at 0: the one-sided slopes are 0 and 1", "在 0 处有折点：左、右导数为 0 与 1"))
def kink_at_zero(relu, rng):
    h = np.array([2.0**-k for k in range(1, 40)])
    left, right = (relu(0 * h) - relu(-h)) / h, (relu(h) - relu(0 * h)) / h
    return all_of(identical(left, 0 * h), identical(right, 1 + 0 * h))


@RELU.claim(Text(r"Positively homogeneous: $\operatorname{ReLU}(ax)=a\operatorname{ReLU}(x)$ for $a>0$", r"正齐次：$a>0$ 时 $\operatorname{ReLU}(ax)=a\operatorname{ReLU}(x)$"))
def positively_homogeneous(relu, rng):
    x = rng.standard_normal(100)
    return all_of(*[identical(relu(a * x), a * relu(x)) for a in (0.25, 2.0, 1024.0)])


@RELU.claim(Text(r"Two of them make the identity and the absolute value: $x=\operatorname{ReLU}(x)-\operatorname{ReLU}(-x)$, $|x|=\operatorname{ReLU}(x)+\operatorname{ReLU}(-x)$", r"两个 ReLU 可合成恒等与绝对值：$x=\operatorname{ReLU}(x)-\operatorname{ReLU}(-x)$，$|x|=\operatorname{ReLU}(x)+\operatorname{ReLU}(-x)$"))  # fmt: skip
def identity_and_absolute_value(relu, rng):
    x = 10 * rng.standard_normal(100)
    a, b = relu(x), relu(-x)
    return all_of(identical(a - b, x), identical(a + b, np.abs(x)))


@RELU.mutant(Text("a leak of 0.01 on the left", "左侧留有 0.01 的斜率"), kills=["slope-is-a-step", "kink-at-zero", "identity-and-absolute-value"])
def leaks(x):
    return np.where(x > 0, x, 0.01 * x)


@RELU.mutant(Text("capped at 6 (ReLU6)", "以 6 为上限（ReLU6）"), kills=["slope-is-a-step", "positively-homogeneous"])
def capped_at_six(x):
    return np.clip(x, 0, 6)


@RELU.mutant(Text("the absolute value", "绝对值"), kills=["kink-at-zero", "equals-definition"])
def absolute_value(x):
    return np.abs(x)


@RELU.figure(kinks=Slider(2, 40, 5, Text("number of ReLUs", "ReLU 的个数"), integer=True), point=Slider(0.05, 0.95, 0.35, Text("x marked", "标出的 x")))
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


@SIGMOID.claim(Text(r"The slope is largest at 0, where it is ¼: twenty layers pass at most $10^{-12}$", r"斜率在 0 处最大，为 ¼：二十层最多传过 $10^{-12}$"))
def slope_at_most_a_quarter(sigmoid, rng):
    steepest = np.abs(slopes(sigmoid, MIDDLE)).max()
    return roundoff(steepest**20 * 2.0**40, 1.0, terms=20, scale=4 / STEP)


@SIGMOID.claim(Text(r"$\sigma(-x)=1-\sigma(x)$", r"$\sigma(-x)=1-\sigma(x)$"))
def point_symmetry(sigmoid, rng):
    x = 5 * rng.standard_normal(200)
    return roundoff(sigmoid(-x), 1 - sigmoid(x))


@SIGMOID.claim(Text(r"The log-odds are its inverse: $\log\frac{\sigma}{1-\sigma}=x$", r"对数几率是它的反函数：$\log\frac{\sigma}{1-\sigma}=x$"))
def log_odds_undo_it(sigmoid, rng):
    x = rng.uniform(-6, 6, 200)
    s = sigmoid(x)
    # rounding of σ, relative ε, moves the log-odds by ε/(1−σ) = ε(1+e^x)
    return roundoff(np.log(s) - np.log1p(-s), x, terms=2, scale=1 + np.exp(6.0))


@SIGMOID.claim(Text(r"The lower tail is $e^{x}$ to full relative accuracy, the ends are 0 and 1, nothing overflows", r"下尾以完整的相对精度等于 $e^{x}$，两端为 0 与 1，无溢出"))  # fmt: skip
def tails_of_the_sigmoid(sigmoid, rng):
    x = np.array([-700.0, -300.0, -50.0])
    ends = sigmoid(np.array([-1000.0, 1000.0]))
    return all_of(roundoff(sigmoid(x) / np.exp(x), np.ones(3), terms=4), identical(ends, np.array([0.0, 1.0])))


@SIGMOID.mutant(Text(r"$e^x/(1+e^x)$: NaN at 1000", r"$e^x/(1+e^x)$：在 1000 处为 NaN"), kills=["tails-of-the-sigmoid"])
def overflowing_form(x):
    return np.exp(x) / (1 + np.exp(x))


@SIGMOID.mutant(Text("through tanh: the lower tail is rounded to 0", "由 tanh 得到：下尾被舍入为 0"), kills=["tails-of-the-sigmoid"])
def through_tanh(x):
    return (1 + np.tanh(x / 2)) / 2


@SIGMOID.mutant(Text("hard sigmoid", "分段线性的 hard sigmoid"), kills=["slope-of-the-sigmoid", "slope-at-most-a-quarter", "log-odds-undo-it", "equals-definition"])
def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


@SIGMOID.mutant(Text("the sign of the exponent lost, 1 − σ", "指数的符号丢失，得到 1 − σ"), kills=["slope-of-the-sigmoid", "log-odds-undo-it", "tails-of-the-sigmoid"])  # fmt: skip
def mirrored(x):
    return 1 / (1 + np.exp(x))


@SIGMOID.mutant(Text("1 lost in the denominator's place: e^{-x} added twice", "分母写错：加了两次 e^{-x}"), kills=["point-symmetry", "equals-definition"])
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


@TANH.claim(Text(r"Addition theorem: $\tanh(x+y)=\frac{\tanh x+\tanh y}{1+\tanh x\tanh y}$", r"加法定理：$\tanh(x+y)=\frac{\tanh x+\tanh y}{1+\tanh x\tanh y}$"))
def addition_theorem(tanh, rng):
    x, y = rng.standard_normal((2, 200))
    a, b = tanh(x), tanh(y)
    # a and b are rounded by ε; where 1 + ab is small the quotient magnifies that
    scale = float((1 / (1 + a * b)).max())
    return roundoff((a + b) / (1 + a * b), tanh(x + y), terms=3, scale=scale)


@TANH.claim(Text(r"Near 0 it is $x-x^3/3$ to full relative accuracy; at ±1000 it is ±1", r"在 0 附近以完整的相对精度等于 $x-x^3/3$；在 ±1000 处为 ±1"))
def small_and_large_arguments(tanh, rng):
    x = np.array([1e-4, 1e-8, 1e-15, 1e-300])  # the next term, 2x⁵/15, is below ε/5 of x
    small = roundoff(tanh(x) / (x - x**3 / 3), np.ones(4))
    return all_of(small, identical(tanh(np.array([-1000.0, 1000.0])), np.array([-1.0, 1.0])))


@TANH.mutant(Text("as printed, with growing exponentials: NaN at 1000", "照公式直算，指数增长：在 1000 处为 NaN"), kills=["small-and-large-arguments"])
def printed_form(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


@TANH.mutant(Text(r"$2\sigma(x)-1$: the factor 2 inside is lost", r"$2\sigma(x)-1$：漏掉了内部的因子 2"), kills=["slope-of-tanh", "stretched-sigmoid"])
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
    fixed = float(h[-1][-1])
    for _ in range(2000):
        fixed = float(tanh(np.float64(gain * fixed)))
    slope = gain * (1 - fixed**2)
    fates = ("dies out towards 0", "趋于 0") if gain <= 1 else (f"settles at ±{fixed:.3g}", f"停在 ±{fixed:.3g}")
    return Drawing(
        fig,
        Text(
            f"Gain {gain:.2g}: repeated application {fates[0]}; after {n} layers the largest signal is {abs(h[-1]).max():.3g}. "
            f"At the limit one layer multiplies a gradient by {slope:.3g}.",
            f"增益 {gain:.2g}：反复作用后信号{fates[1]}；经过 {n} 层，最大的信号为 {abs(h[-1]).max():.3g}。在极限处每层把梯度乘以 {slope:.3g}。",
        ),
    )
