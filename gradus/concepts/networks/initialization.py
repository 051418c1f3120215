"""Initialization: Xavier, He, orthogonal, and what becomes of a signal under each."""

import functools
import itertools

import numpy as np

from gradus.concept import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.evidence import all_of, bound, identical, near, roundoff, statistical
from gradus.figures import COLOURS, canvas

Z_NORMAL = Text(
    "independent draws of mean 0 and variance 1, normal or uniform on $[-\\sqrt3,\\sqrt3]$; further axes, as of a convolution's kernel, count for both fans",
    "独立抽取、均值 0、方差 1 的随机数，正态或 $[-\\sqrt3,\\sqrt3]$ 上均匀分布；其余的轴（如卷积核）同时计入扇入与扇出",
)
N_IN = Symbol(r"n_{\text{in}}", "", "", Text("fan-in: inputs of one unit", "扇入：一个单元的输入个数"))
N_OUT = Symbol(r"n_{\text{out}}", "", "", Text("fan-out: units that one input reaches", "扇出：一个输入所通向的单元个数"))  # fmt: skip
W_OUT = Symbol("W", "", "n_out n_in", Text("initial weights", "初始权重"))
GAIN = Symbol("g", "gain", "", Text("gain: a factor for the activation that follows", "增益：与其后的激活函数相配的因子"), "positive")  # fmt: skip


def _scaled(init, Z, uniform=False, **options):
    """s·Z, where s is the factor by which PyTorch's initialiser multiplies the draws of its generator."""
    import torch

    def generator():
        return torch.Generator().manual_seed(0)

    W = init(torch.empty(Z.shape, dtype=Z.dtype), generator=generator(), **options).double()
    own = torch.empty(Z.shape, dtype=Z.dtype)
    own = own.uniform_(-(3**0.5), 3**0.5, generator=generator()) if uniform else own.normal_(generator=generator())  # fmt: skip
    return ((W * own).sum() / (own.double() ** 2).sum()).to(Z.dtype) * Z


def _xavier_normal(init, Z, gain):
    return _scaled(init, Z, gain=gain)


def _xavier_uniform(init, Z, gain):
    return _scaled(init, Z, True, gain=gain)


def _kaiming(init, Z, a, mode):
    return _scaled(init, Z, a=a, mode=mode)


def _qr(qr, Z, gain):
    import torch

    M = Z.flatten(1)
    M = M.to(torch.promote_types(M.dtype, torch.float32))  # LAPACK knows no 16 bits
    Q, R = qr(M if M.shape[0] >= M.shape[1] else M.T)
    Q = Q * R.diagonal().sign()
    return (gain * (Q if M.shape[0] >= M.shape[1] else Q.T)).reshape(Z.shape).to(Z.dtype)


def _forward(linear, x, Z, scheme, activation, gain):
    import torch
    from torch.nn import init

    weights = {
        "xavier": lambda z: _scaled(init.xavier_normal_, z),
        "he": lambda z: _scaled(init.kaiming_normal_, z, nonlinearity="relu"),
        "orthogonal": lambda z: _qr(torch.linalg.qr, z, 1.0),
    }[scheme]
    sigma = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda z: z}[activation]
    a, q = x, [x.square().mean()]
    for z in Z:
        a = sigma(linear(a, gain * weights(z)))
        q.append(a.square().mean())
    return torch.stack(q)


XAVIER = Concept(
    key="xavier",
    kind="definition",
    title=Text("Xavier initialization", "Xavier 初始化"),
    summary=Text(
        "Forwards the variance of a signal is multiplied by $n_{\\text{in}}\\operatorname{Var}w$, backwards that of the gradient by "
        "$n_{\\text{out}}\\operatorname{Var}w$. Both cannot be 1 unless the fans are equal; Xavier lets their mean be 1.",
        "信号的方差在前向每层乘以 $n_{\\text{in}}\\operatorname{Var}w$，梯度的方差在反向每层乘以 $n_{\\text{out}}\\operatorname{Var}w$。"
        "除非扇入等于扇出，两者不可能同时为 1；Xavier 初始化使其平均值为 1。",
    ),
    formulas=(
        r"W=g\sqrt{\frac{2}{n_{\text{in}}+n_{\text{out}}}}\;Z,\qquad \tfrac12\bigl(n_{\text{in}}+n_{\text{out}}\bigr)\operatorname{Var}w=g^2",
        r"w\sim U\!\left[-g\sqrt{\frac{6}{n_{\text{in}}+n_{\text{out}}}},\;g\sqrt{\frac{6}{n_{\text{in}}+n_{\text{out}}}}\right]\quad\text{for uniform }Z",
    ),
    symbols=(Symbol("Z", "Z", "n_out n_in", Z_NORMAL), GAIN, W_OUT, N_IN, N_OUT),
    needs=("mlp", "backprop-mlp", "expectation"),
    source="glorot2010understanding",
    year=2010,
    people=("Xavier Glorot", "Yoshua Bengio"),
    implementations=(
        Implementation("torch.nn.init:xavier_normal_", "torch", _xavier_normal, Text("its factor, measured on its own draws, applied to Z", "在其自身的抽样上测得缩放因子，再作用于 Z")),
        Implementation("torch.nn.init:xavier_uniform_", "torch", _xavier_uniform),
    ),
    readings=(Reading("glorot2010understanding"), Reading("goodfellow2016deep", "§8.4")),
    deviations=(
        Text("The paper has the uniform law; the normal one has the same variance. PyTorch's `nn.Linear` uses neither: its weights are uniform on $\\pm1/\\sqrt{n_{\\text{in}}}$, of variance $1/(3n_{\\text{in}})$.", "论文用均匀分布；正态分布的方差相同。PyTorch 的 `nn.Linear` 两者都不用：其权重在 $\\pm1/\\sqrt{n_{\\text{in}}}$ 上均匀分布，方差为 $1/(3n_{\\text{in}})$。"),
    ),
)  # fmt: skip


@XAVIER.definition
def xavier(Z, gain=1.0):
    n_out, n_in, *kernel = Z.shape
    n_in, n_out = n_in * np.prod(kernel), n_out * np.prod(kernel)
    return gain * np.sqrt(2 / (n_in + n_out)) * Z


def draw_cases(rng):
    yield "square", dict(Z=rng.standard_normal((6, 6)))
    yield "narrowing", dict(Z=rng.standard_normal((3, 40)))
    yield "widening", dict(Z=rng.standard_normal((30, 4)))
    yield "one weight", dict(Z=np.array([[-1.5]]))
    yield "kernel", dict(Z=rng.standard_normal((5, 2, 3, 3)))


@XAVIER.cases
def xavier_cases(rng):
    yield from draw_cases(rng)
    yield "gain", dict(Z=rng.standard_normal((5, 8)), gain=5 / 3)
    yield "uniform", dict(Z=rng.uniform(-(3**0.5), 3**0.5, (4, 7)))


@XAVIER.invalid
def xavier_invalid(rng):
    yield "a vector has no fans", dict(Z=np.ones(5))
    yield "a number has no fans", dict(Z=np.array(1.0))


@XAVIER.claim(
    Text(
        r"Forwards the variance is multiplied by $2n_{\text{in}}/(n_{\text{in}}+n_{\text{out}})$, backwards by $2n_{\text{out}}/(n_{\text{in}}+n_{\text{out}})$: together 2",
        r"前向方差乘以 $2n_{\text{in}}/(n_{\text{in}}+n_{\text{out}})$，反向乘以 $2n_{\text{out}}/(n_{\text{in}}+n_{\text{out}})$：两者之和为 2",
    )
)
def variance_forwards_and_backwards(xavier, rng):
    found = []
    for n_in, n_out in ((300, 300), (200, 600), (600, 200)):
        W = xavier(rng.standard_normal((n_out, n_in)))
        x, g = rng.choice([-1.0, 1.0], n_in), rng.choice([-1.0, 1.0], n_out)
        found += [statistical((W @ x) ** 2, 2 * n_in / (n_in + n_out))]
        found += [statistical((W.T @ g) ** 2, 2 * n_out / (n_in + n_out))]
    return all_of(*found)


@XAVIER.claim(
    Text(
        r"Uniform draws fill $\pm\sqrt{6/(n_{\text{in}}+n_{\text{out}})}$ and do not leave it",
        r"均匀抽样充满 $\pm\sqrt{6/(n_{\text{in}}+n_{\text{out}})}$ 且不越界",
    )
)
def uniform_within_the_square_root_of_six(xavier, rng):
    W = xavier(rng.uniform(-(3**0.5), 3**0.5, (80, 120)))
    limit = np.sqrt(6 / 200)
    return all_of(bound(np.abs(W).max(), limit), bound(np.abs(W).max(), 0.99 * limit, "≥"))


@XAVIER.claim(
    Text(
        r"A convolution's fans count its kernel: $n_{\text{in}}=c_{\text{in}}k^2$, $n_{\text{out}}=c_{\text{out}}k^2$",
        r"卷积的扇入扇出要计入核的大小：$n_{\text{in}}=c_{\text{in}}k^2$，$n_{\text{out}}=c_{\text{out}}k^2$",
    )
)
def kernels_count(xavier, rng):
    Z = rng.standard_normal((8, 6, 5, 5))
    v = (xavier(Z) / Z) ** 2
    return roundoff(v * (8 + 6) * 25 / 2, np.ones_like(Z), terms=8)


def linear_log_growth(weights, rng, L, n):
    """Change of log ‖a‖² from the input of L linear layers of n units to their output."""
    a = rng.standard_normal(n)
    start = np.log(a @ a)
    for _ in range(L):
        a = weights(rng.standard_normal((n, n))) @ a
    return np.log(a @ a) - start


@XAVIER.claim(
    Text(
        r"Through 20 linear layers a signal grows by $g^{2L}$: with gain $1/\sqrt3$, which is `nn.Linear`'s variance, it dies as $3^{-L}$",
        r"信号经过 20 个线性层放大 $g^{2L}$ 倍：增益为 $1/\sqrt3$（即 `nn.Linear` 的方差）时按 $3^{-L}$ 消亡",
    )
)
def gain_sets_the_rate(xavier, rng):
    L, n = 20, 160
    why = Text(
        "5 standard deviations √(2L/n) of log ‖a‖² in one net",
        "单个网络 log ‖a‖² 的 5 倍标准差，标准差 √(2L/n)",
    )
    found = []
    for g in (3**-0.5, 1.0, 1.4):
        growth = linear_log_growth(lambda Z, g=g: xavier(Z, g), rng, L, n)
        found.append(near(growth, 2 * L * np.log(g) - L / n, 5 * np.sqrt(2 * L / n), why, "statistical"))
    return all_of(*found)


@XAVIER.mutant(
    Text("fan-in alone: the gradient is forgotten", "只用扇入：忘了梯度"),
    kills=["equals-definition", "variance-forwards-and-backwards"],
)
def fan_in_alone(Z, gain=1.0):
    return gain * Z / np.sqrt(Z[0].size)


@XAVIER.mutant(
    Text("the variance taken for the standard deviation", "把方差当成标准差"),
    kills=["equals-definition", "variance-forwards-and-backwards", "gain-sets-the-rate"],
)
def variance_for_deviation(Z, gain=1.0):
    return gain * 2 / (Z[0].size + Z[:, 0].size) * Z


@XAVIER.mutant(
    Text("the uniform bound used as standard deviation: √6 for √2", "把均匀分布的界当成标准差：√6 代替 √2"),
    kills=["uniform-within-the-square-root-of-six", "gain-sets-the-rate"],
)
def six_for_two(Z, gain=1.0):
    return np.sqrt(3) * xavier(Z, gain)


@XAVIER.mutant(
    Text("the kernel is not counted", "没有计入卷积核"), kills=["kernels-count", "equals-definition"]
)
def kernel_forgotten(Z, gain=1.0):
    return gain * np.sqrt(2 / (Z.shape[0] + Z.shape[1])) * Z


@XAVIER.mutant(Text("the gain is ignored", "忽略增益"), kills=["gain-sets-the-rate", "equals-definition"])
def xavier_without_gain(Z, gain=1.0):
    return xavier(Z)


@XAVIER.figure(
    gain=Slider(0.3, 3, 1.0, Text("gain", "增益"), log=True),
    depth=Slider(2, 12, 6, Text("number of tanh layers", "tanh 层数"), integer=True),
)
def xavier_figure(gain, depth):
    L, n, N = int(depth), 100, 60
    rng = np.random.default_rng(1)
    Ws = [xavier(rng.standard_normal((n, n)), gain) for _ in range(L)]
    a = [rng.standard_normal((N, n))]
    for W in Ws:
        a.append(np.tanh(a[-1] @ W.T))
    g, back = rng.standard_normal((N, n)), []
    for W, h in zip(Ws[::-1], a[:0:-1], strict=True):
        g = (1 - h**2) * g
        back.insert(0, float(np.sqrt((g**2).mean())))
        g = g @ W
    fig, (left, right) = canvas(columns=2, width=7.2, height=3.2)
    edges = np.linspace(-1, 1, 61)
    for l in range(1, L + 1):
        density = np.histogram(a[l], edges)[0]
        height = 0.9 * density / density.max()
        left.fill_between((edges[1:] + edges[:-1]) / 2, -l, height - l, color=COLOURS[0], alpha=0.7, lw=0)
    left.set(
        title="activations", xlabel="a", ylabel="layer", yticks=range(-L, 0), yticklabels=range(L, 0, -1)
    )
    layers = np.arange(1, L + 1)
    forward = [float(h.std()) for h in a[1:]]
    right.semilogy(layers, forward, "o-", ms=4, color=COLOURS[0], label="activation")
    right.semilogy(layers, back, "s-", ms=4, color=COLOURS[1], label="gradient")
    right.set(title="standard deviation", xlabel="layer")
    right.legend(frameon=False)
    full = float((np.abs(a[-1]) > 0.95).mean())
    return Drawing(
        fig,
        Text(
            f"After {L} tanh layers of {n} units with gain {gain:.2f} the activations have standard deviation {forward[-1]:.2g}, "
            f"and {full:.0%} of them are saturated. The gradient shrinks or grows by the factor {back[0] / back[-1]:.2g} on its way back to layer 1.",
            f"增益 {gain:.2f}、每层 {n} 个单元，经过 {L} 个 tanh 层后激活值的标准差为 {forward[-1]:.2g}，{full:.0%} 已饱和。梯度传回第 1 层时变为原来的 {back[0] / back[-1]:.2g} 倍。",
        ),
    )


HE = Concept(
    key="he",
    kind="definition",
    title=Text("He initialization", "He 初始化"),
    summary=Text(
        "A ReLU throws away half of a symmetric signal's second moment; He's factor 2 gives it back. The mean over nets is then "
        "kept at every depth, while a single net wanders: its logarithm by about $\\sqrt{5L/n}$.",
        "ReLU 丢掉对称信号二阶矩的一半；He 初始化的因子 2 将其补回。于是对网络取平均时，任意深度都保持不变；而单个网络会漂移：其对数约偏离 $\\sqrt{5L/n}$。",
    ),
    formulas=(
        r"W=\sqrt{\frac{2}{(1+\alpha^2)\,n}}\;Z,\qquad n=n_{\text{in}}\ \text{ or }\ n_{\text{out}}",
        r"\mathbb{E}\lVert a^{(l)}\rVert^2=\mathbb{E}\lVert a^{(l-1)}\rVert^2,\qquad \operatorname{Var}\log\frac{\lVert a^{(L)}\rVert^2}{\lVert a^{(0)}\rVert^2}\approx\frac{5L}{n}\quad(\alpha=0)",
    ),
    symbols=(
        Symbol("Z", "Z", "n_out n_in", Z_NORMAL),
        Symbol(r"\alpha", "a", "", Text("slope of the leaky ReLU below 0; 0 for ReLU", "带泄漏 ReLU 在负半轴的斜率；ReLU 为 0"), "nonnegative"),
        Symbol("n", "mode", "", Text("“fan_in” keeps signals, “fan_out” gradients", "“fan_in” 保持信号，“fan_out” 保持梯度"), "other"),
        W_OUT, N_IN, N_OUT,
        Symbol("a^{(l)}", "", "n", Text("activations of layer l, in a net of equal widths n", "第 l 层的激活值，各层等宽 n")),
        Symbol("L", "", "", Text("number of layers", "层数")),
    ),
    needs=("relu", "leaky-relu", "xavier"),
    source="he2015delving",
    year=2015,
    people=("Kaiming He", "Xiangyu Zhang", "Shaoqing Ren", "Jian Sun"),
    implementations=(Implementation("torch.nn.init:kaiming_normal_", "torch", _kaiming, Text("its factor, measured on its own draws, applied to Z", "在其自身的抽样上测得缩放因子，再作用于 Z")),),
    readings=(Reading("he2015delving", "§2.2"), Reading("hanin2020products")),
    deviations=(
        Text("PyTorch calls it Kaiming; `nn.Linear` calls `kaiming_uniform_` with $\\alpha=\\sqrt5$, which makes the variance $1/(3n_{\\text{in}})$, six times less than He's for ReLU.", "PyTorch 称之为 Kaiming；`nn.Linear` 以 $\\alpha=\\sqrt5$ 调用 `kaiming_uniform_`，方差为 $1/(3n_{\\text{in}})$，只有 ReLU 所需的六分之一。"),
    ),
)  # fmt: skip


@HE.definition
def he(Z, a=0.0, mode="fan_in"):
    n_out, n_in, *kernel = Z.shape
    n = {"fan_in": n_in, "fan_out": n_out}[mode] * np.prod(kernel)
    return np.sqrt(2 / ((1 + a**2) * n)) * Z


@HE.cases
def he_cases(rng):
    yield from draw_cases(rng)
    yield "leaky", dict(Z=rng.standard_normal((5, 8)), a=0.3)
    yield "fan-out", dict(Z=rng.standard_normal((5, 8)), mode="fan_out")
    yield "kernel, fan-out", dict(Z=rng.standard_normal((4, 3, 2, 2)), mode="fan_out")


@HE.invalid
def he_invalid(rng):
    yield "a vector has no fans", dict(Z=np.ones(5))
    yield "unknown mode", dict(Z=np.ones((3, 4)), mode="fan_sum?")


def relu_nets(he, rng, M, L, n, a=0.0):
    """Growth of log ‖a^(l)‖² by layer in M ReLU nets, from 0 at the input; all the weights from one call, whose fan-in is n."""
    W = he(rng.standard_normal((M * L * n, n)), a).reshape(L, M, n, n)
    x = rng.standard_normal((M, n, 1))
    logs = [np.log((x**2).sum((1, 2)))]
    for layer in W:
        x = np.maximum(layer @ x, 0)
        logs.append(np.log((x**2).sum((1, 2)) + 1e-300))
    return np.array(logs) - logs[0]  # (L+1, M)


@HE.claim(
    Text(
        "The mean over nets of the squared norm is kept through ReLU layers: exactly 1 at depth 4",
        "范数平方对网络取平均，经过各 ReLU 层保持不变：深度 4 处的期望恰为 1",
    )
)
def mean_over_nets_is_kept(he, rng):
    return statistical(np.exp(relu_nets(he, rng, 500, 4, 24)[-1]), 1.0)


@HE.claim(
    Text(
        r"In one net of 50 layers the logarithm of the squared norm drifts by $-\tfrac{5L}{2n}$, within $3\sqrt{5L/n}$",
        r"50 层的单个网络中，范数平方的对数漂移 $-\tfrac{5L}{2n}$，偏差不超过 $3\sqrt{5L/n}$",
    )
)
def one_net_wanders(he, rng):
    L, n = 50, 128
    growth = relu_nets(he, rng, 1, L, n)[-1, 0]
    why = Text(
        "3√(5L/n): each layer adds variance 5/n to the logarithm", "3√(5L/n)：每层使对数的方差增加 5/n"
    )
    return near(growth, -5 * L / (2 * n), 3 * np.sqrt(5 * L / n), why, "statistical")


@HE.claim(
    Text(
        r"Each layer multiplies the squared norm by a random factor of variance exactly $5/n$: that is why the logarithm wanders by $5L/n$",
        r"每层将范数平方乘以一个方差恰为 $5/n$ 的随机因子：对数的方差 $5L/n$ 即由此而来",
    )
)
def each_layer_adds_five_over_n(he, rng):
    n = 12
    factor = np.exp(relu_nets(he, rng, 5000, 1, n)[-1])
    return all_of(statistical(factor, 1.0), statistical((factor - 1) ** 2, 5 / n))


@HE.claim(
    Text(
        r"The wrong gain dies or explodes at the predicted rate: gain 1 as $2^{-L}$, `nn.Linear`'s $\alpha=\sqrt5$ as $6^{-L}$, a factor $c$ too much as $c^{2L}$",
        r"增益不对则按预测的速率消亡或爆炸：增益为 1 时按 $2^{-L}$，`nn.Linear` 的 $\alpha=\sqrt5$ 按 $6^{-L}$，多乘因子 $c$ 时按 $c^{2L}$",
    )
)
def wrong_gain_dies_or_explodes(he, rng):
    L, n = 50, 128
    why = Text("5√(5L/n), the scatter of one net", "5√(5L/n)，单个网络的散布")
    found = []
    for a, c in ((1.0, 1.0), (5**0.5, 1.0), (0.0, 1.3)):
        growth = relu_nets(lambda Z, a, c=c: c * he(Z, a), rng, 1, L, n, a)[-1, 0]
        rate = 2 * np.log(c) - np.log(1 + a**2)
        found.append(near(growth, L * rate - 5 * L / (2 * n), 5 * np.sqrt(5 * L / n), why, "statistical"))
    return all_of(*found)


@HE.claim(
    Text(
        r"With $\alpha$ its own slope, a leaky ReLU keeps the second moment too",
        r"取 $\alpha$ 为其自身的斜率，带泄漏 ReLU 同样保持二阶矩",
    )
)
def leaky_relu_keeps_the_moment(he, rng):
    found = []
    for a in (0.01, 0.3, 1.0):
        z = he(rng.standard_normal((4000, 50)), a) @ rng.choice([-1.0, 1.0], 50)
        found.append(statistical(np.where(z > 0, z, a * z) ** 2, 1.0))
    return all_of(*found)


@HE.claim(
    Text(
        r"With fan-out it is the gradient that is kept: $\mathbb{E}\lVert W^{\mathsf T}d\rVert^2/n_{\text{in}}=2\lVert d\rVert^2/n_{\text{out}}$, half of whose $d$ the ReLU has put to 0",
        r"用扇出时保持的是梯度：$\mathbb{E}\lVert W^{\mathsf T}d\rVert^2/n_{\text{in}}=2\lVert d\rVert^2/n_{\text{out}}$，其中 $d$ 有一半被 ReLU 置零",
    )
)
def fan_out_keeps_the_gradient(he, rng):
    n_out, n_in = 60, 3000
    d = rng.standard_normal(n_out) * (rng.permutation(n_out) % 2)
    back = he(rng.standard_normal((n_out, n_in)), 0.0, "fan_out").T @ d
    return statistical(back**2 / (d @ d), 2 / n_out)


@HE.mutant(
    Text("gain 1 for ReLU", "ReLU 却用增益 1"),
    kills=["equals-definition", "mean-over-nets-is-kept", "one-net-wanders", "wrong-gain-dies-or-explodes"],
)
def gain_one(Z, a=0.0, mode="fan_in"):
    return he(Z, a, mode) / np.sqrt(2)


@HE.mutant(
    Text("fan-in and fan-out exchanged", "扇入与扇出颠倒"),
    kills=["equals-definition", "fan-out-keeps-the-gradient", "leaky-relu-keeps-the-moment"],
)
def fans_exchanged(Z, a=0.0, mode="fan_in"):
    return he(Z, a, "fan_out" if mode == "fan_in" else "fan_in")


@HE.mutant(
    Text("the slope below 0 is ignored", "忽略负半轴的斜率"),
    kills=["equals-definition", "leaky-relu-keeps-the-moment", "wrong-gain-dies-or-explodes"],
)
def slope_ignored(Z, a=0.0, mode="fan_in"):
    return he(Z, 0.0, mode)


@HE.mutant(
    Text("every unit stands twice: half as many are independent", "每个单元出现两次：独立的只有一半"),
    kills=["equals-definition", "each-layer-adds-five-over-n"],
)
def units_in_pairs(Z, a=0.0, mode="fan_in"):
    return he(Z[np.arange(len(Z)) // 2 * 2], a, mode)


@HE.figure(
    gain=Slider(0.8, 1.25, 1.0, Text("factor on He's weights", "He 权重上的因子"), log=True),
    width=Slider(16, 128, 48, Text("units per layer n", "每层单元数 n"), log=True, integer=True),
)
def he_figure(gain, width):
    n, L = int(width), 50
    M = max(4, min(24, 2**20 // (n * n * L)))
    logs = relu_nets(lambda Z, a: gain * he(Z, a), np.random.default_rng(2), M, L, n)
    fig, ax = canvas(width=6.4, height=3.6)
    depth = np.arange(L + 1)
    ax.plot(depth, logs / np.log(10), color=COLOURS[5], lw=0.8, alpha=0.8)
    centre = depth * (2 * np.log(gain) - 5 / (2 * n))
    spread = 3 * np.sqrt(5 * depth / n)
    ax.plot(depth, centre / np.log(10), color=COLOURS[0], lw=2, label="predicted middle")
    ax.fill_between(depth, (centre - spread) / np.log(10), (centre + spread) / np.log(10), color=COLOURS[0], alpha=0.12, lw=0, label=r"$\pm3\sqrt{5l/n}$")  # fmt: skip
    ax.plot(depth, depth * np.log10(0.5), color=COLOURS[1], ls="--", label="gain 1")
    ax.set(xlabel="layer l", ylabel=r"$\log_{10}$ of squared norm / input's")
    ax.legend(frameon=False, loc="lower left")
    inside = float((np.abs(logs[-1] - centre[-1]) <= spread[-1]).mean())
    low, high = 10 ** (logs[-1].min() / np.log(10)), 10 ** (logs[-1].max() / np.log(10))
    return Drawing(
        fig,
        Text(
            f"{M} ReLU nets of {n} units and 50 layers, He's weights times {gain:.2f}. At the last layer the squared norm is between {low:.2g} and "
            f"{high:.2g} times the input's; {inside:.0%} of the nets lie in the predicted band. With gain 1 it would be {2.0**-50:.1g}.",
            f"{M} 个 50 层、每层 {n} 个单元的 ReLU 网络，权重为 He 初始化的 {gain:.2f} 倍。最后一层的范数平方为输入的 {low:.2g} 到 {high:.2g} 倍；"
            f"{inside:.0%} 的网络落在预测的带内。若增益为 1，则为 {2.0**-50:.1g}。",
        ),
    )


ORTHOGONAL = Concept(
    key="orthogonal",
    kind="definition",
    title=Text("Orthogonal initialization", "正交初始化"),
    summary=Text(
        "A random orthogonal matrix keeps every length, not only the mean: a deep linear net then hands on signals and gradients "
        "exactly, all its singular values being 1.",
        "随机正交矩阵保持每个向量的长度，而不只是平均值：深层线性网络因此精确地传递信号与梯度，其所有奇异值都是 1。",
    ),
    formulas=(
        r"W=g\,Q,\qquad Z=QR,\qquad R\text{ upper triangular with } R_{kk}>0\quad(n_{\text{out}}\ge n_{\text{in}};\text{ else transposed})",
        r"q_k=\frac{u_k}{\lVert u_k\rVert},\qquad u_k=z_k-\sum_{j<k}(q_j^{\mathsf T}z_k)\,q_j",
        r"W^{\mathsf T}W=g^2I",
    ),
    symbols=(
        Symbol("Z", "Z", "n_out n_in", Text("independent standard normal draws; further axes are joined to the second", "独立的标准正态随机数；其余的轴并入第二个轴")),
        GAIN, W_OUT,
        Symbol("Q", "", "n_out n_in", Text("matrix with orthonormal columns $q_k$", "各列 $q_k$ 标准正交的矩阵")),
        Symbol("R", "", "n_in n_in", Text("triangular factor", "三角因子")),
        Symbol("z_k, u_k", "", "n_out", Text("column k of Z, and what is left of it", "Z 的第 k 列及其剩余部分")),
        Symbol("j, k", "", "", Text("indices of columns", "列的下标")),
        N_IN, N_OUT,
    ),
    needs=("matrix-product", "norm", "mlp", "backprop-mlp"),
    source="saxe2014exact",
    year=2014,
    people=("Andrew Saxe", "James McClelland", "Surya Ganguli"),
    implementations=(Implementation("torch.linalg:qr", "torch", _qr, Text("with the signs of R's diagonal put right; `torch.nn.init.orthogonal_` draws Z and does the same", "并修正 R 对角元的符号；`torch.nn.init.orthogonal_` 自行抽取 Z，做法相同")),),
    readings=(Reading("saxe2014exact"), Reading("mezzadri2007generate"), Reading("golub2013matrix", "§5.2")),
    deviations=(
        Text("LAPACK's R has diagonal entries of either sign; without the correction Q is not uniformly distributed.", "LAPACK 的 R 对角元可正可负；不加修正，Q 就不是均匀分布的。"),
    ),
)  # fmt: skip


@ORTHOGONAL.definition
def orthogonal(Z, gain=1.0):
    M = Z.reshape(Z.shape[0], -1)
    n_out, n_in = M.shape
    z = M.T if n_out >= n_in else M  # row k is the vector z_k
    q = []
    for k in range(len(z)):
        u = z[k]
        for _ in range(2 if q else 0):  # twice, for orthogonality to the last digit
            u = u - (np.array(q) @ u) @ np.array(q)  # − Σ_j (q_jᵀ u) q_j
        q.append(u / np.sqrt((u * u).sum()))
    Q = np.stack(q)
    return gain * (Q.T if n_out >= n_in else Q).reshape(Z.shape)


@ORTHOGONAL.cases
def orthogonal_cases(rng):
    yield from draw_cases(rng)
    yield "gain", dict(Z=rng.standard_normal((6, 4)), gain=2**0.5)
    yield "already orthogonal", dict(Z=np.diag([2.0, 3.0, 0.5]))


@ORTHOGONAL.invalid
def orthogonal_invalid(rng):
    yield "a vector", dict(Z=np.ones(5))
    yield "a number", dict(Z=np.array(1.0))


@ORTHOGONAL.claim(
    Text(
        "Fifty linear layers keep the length of every vector, to rounding",
        "五十个线性层保持每个向量的长度，只差舍入",
    )
)
def lengths_are_kept(orthogonal, rng):
    n, L = 24, 50
    x = rng.standard_normal((n, 10))
    y = x
    for _ in range(L):
        y = orthogonal(rng.standard_normal((n, n))) @ y
    return roundoff(np.linalg.norm(y, axis=0), np.linalg.norm(x, axis=0), terms=n * L)


@ORTHOGONAL.claim(
    Text(
        r"Tall weights have orthonormal columns, wide ones orthonormal rows, times the gain",
        r"高矩阵的各列标准正交，宽矩阵的各行标准正交，再乘增益",
    )
)
def columns_or_rows_are_orthonormal(orthogonal, rng):
    found = []
    for shape in ((12, 5), (5, 12), (8, 8), (4, 2, 3, 3)):
        W = orthogonal(rng.standard_normal(shape), 1.5).reshape(shape[0], -1)
        gram = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
        found.append(roundoff(gram, 2.25 * np.eye(len(gram)), terms=max(W.shape)))
    return all_of(*found)


@ORTHOGONAL.claim(
    Text(
        r"All singular values of a product of 20 are $g^{20}$; normal weights of the same variance leave a ratio above $10^6$ between largest and least",
        r"20 个矩阵乘积的所有奇异值都是 $g^{20}$；同方差的正态权重则使最大与最小奇异值之比超过 $10^6$",
    )
)
def singular_values_stay_equal(orthogonal, rng):
    n, L, g = 24, 20, 1.1
    product, normal = np.eye(n), np.eye(n)
    for _ in range(L):
        Z = rng.standard_normal((n, n))
        product, normal = orthogonal(Z, g) @ product, g / np.sqrt(n) * Z @ normal
    s = np.linalg.svd(product, compute_uv=False)
    ratio = np.linalg.cond(normal)
    return all_of(roundoff(s, np.full(n, g**L), terms=n * L), bound(min(ratio, 1e8), 1e6, "≥"))


@ORTHOGONAL.claim(
    Text(
        r"No direction is preferred: an entry of Q has mean 0, $\mathbb{E}q^2=1/n$ and $\mathbb{E}q^4=3/(n(n+2))$",
        r"没有偏好的方向：Q 的元素均值为 0，$\mathbb{E}q^2=1/n$，$\mathbb{E}q^4=3/(n(n+2))$",
    )
)
def no_direction_is_preferred(orthogonal, rng):
    n = 3
    Q = np.stack([orthogonal(rng.standard_normal((n, n))) for _ in range(500)])
    corner, trace = Q[:, 0, 0], np.trace(Q, axis1=1, axis2=2)
    moments = [
        statistical(corner, 0.0),
        statistical(corner**2, 1 / n),
        statistical(corner**4, 3 / (n * (n + 2))),
    ]
    return all_of(*moments, statistical(trace, 0.0), statistical(trace**2, 1.0))


@ORTHOGONAL.claim(
    Text(
        "On the draws of its generator, `torch.nn.init.orthogonal_` gives the same matrix",
        "在其生成器的同一组抽样上，`torch.nn.init.orthogonal_` 给出同一矩阵",
    )
)
def torch_initialises_the_same(orthogonal, rng):
    import torch

    found = []
    for shape in ((7, 4), (6, 6)):
        own = torch.empty(shape, dtype=torch.float64)
        Z = own.clone().normal_(generator=torch.Generator().manual_seed(1)).numpy()
        want = torch.nn.init.orthogonal_(own, 1.3, torch.Generator().manual_seed(1)).numpy()
        terms = int(max(shape) * np.ceil(np.linalg.cond(Z)))
        found.append(roundoff(orthogonal(Z, 1.3), want, terms=terms))
    return all_of(*found)


@ORTHOGONAL.mutant(
    Text("normal weights of the same variance", "同方差的正态权重"),
    kills=["lengths-are-kept", "columns-or-rows-are-orthonormal", "singular-values-stay-equal"],
)
def merely_normal(Z, gain=1.0):
    return gain * Z / np.sqrt(max(Z.shape[0], Z[0].size))


@ORTHOGONAL.mutant(
    Text("LAPACK's signs are left as they are", "保留 LAPACK 的符号不作修正"),
    kills=["equals-definition", "no-direction-is-preferred", "torch-initialises-the-same"],
)
def signs_left(Z, gain=1.0):
    M = Z.reshape(Z.shape[0], -1)
    Q = np.linalg.qr(M if M.shape[0] >= M.shape[1] else M.T)[0]
    return gain * (Q if M.shape[0] >= M.shape[1] else Q.T).reshape(Z.shape)


@ORTHOGONAL.mutant(
    Text("columns made of length 1 but not perpendicular", "各列归一化但不互相正交"),
    kills=["lengths-are-kept", "columns-or-rows-are-orthonormal"],
)
def columns_normalised(Z, gain=1.0):
    M = Z.reshape(Z.shape[0], -1)
    return (gain * M / np.linalg.norm(M, axis=0)).reshape(Z.shape)


@ORTHOGONAL.mutant(Text("the gain is squared", "增益被平方"), kills=["equals-definition", "singular-values-stay-equal"])  # fmt: skip
def gain_squared(Z, gain=1.0):
    return orthogonal(Z, gain**2)


@ORTHOGONAL.figure(
    depth=Slider(1, 60, 12, Text("number of linear layers", "线性层数"), integer=True),
    gain=Slider(0.9, 1.1, 1.0, Text("gain", "增益")),
)
def orthogonal_figure(depth, gain):
    n, L = 32, int(depth)
    rng = np.random.default_rng(4)
    products = {"orthogonal": np.eye(n), "normal": np.eye(n)}
    for _ in range(L):
        Z = rng.standard_normal((n, n))
        products["orthogonal"] = orthogonal(Z, gain) @ products["orthogonal"]
        products["normal"] = xavier(Z, gain) @ products["normal"]
    fig, ax = canvas(width=6.0, height=3.4)
    s = {}
    for (name, P), colour in zip(products.items(), COLOURS, strict=False):
        s[name] = np.maximum(np.linalg.svd(P, compute_uv=False), 1e-17)
        ax.semilogy(np.arange(1, n + 1), s[name], "o-", ms=3, color=colour, label=name)
    ax.set(xlabel="k", ylabel="k-th singular value of the product", ylim=(1e-17, 1e4))
    ax.legend(frameon=False, loc="lower left")
    return Drawing(
        fig,
        Text(
            f"A product of {L} matrices of size {n} with gain {gain:.2f}. Orthogonal: all singular values are {s['orthogonal'][0]:.3g}. Normal: "
            f"from {s['normal'][0]:.2g} down to {s['normal'][-1]:.1g}.",
            f"{L} 个 {n} 阶矩阵的乘积，增益 {gain:.2f}。正交：所有奇异值均为 {s['orthogonal'][0]:.3g}。正态：从 {s['normal'][0]:.2g} 降到 {s['normal'][-1]:.1g}。",
        ),
    )


INITIALIZATION = Concept(
    key="initialization",
    kind="definition",
    title=Text("Initialization", "参数初始化"),
    summary=Text(
        "The size of the first weights decides whether a signal reaches the end of a deep net: each layer multiplies its "
        "second moment by a factor, and only a factor of 1 survives fifty layers. Which scheme gives 1 depends on the activation.",
        "初始权重的大小决定信号能否到达深层网络的末端：每层把二阶矩乘上一个因子，只有因子为 1 才能经受五十层。哪种方案给出 1，取决于激活函数。",
    ),
    formulas=(
        r"a^{(0)}=x,\qquad a^{(l)}=\sigma\bigl(c\,W^{(l)}a^{(l-1)}\bigr),\qquad q_l=\frac1n\lVert a^{(l)}\rVert^2,\qquad l=1,\dots,L",
        r"\frac{q_{l}}{q_{l-1}}\approx c^2\cdot\begin{array}{c|ccc}&\text{Xavier}&\text{orthogonal}&\text{He}\\\hline\text{linear}&1&1&2\\\text{ReLU}&\frac12&\frac12&1\end{array}",
    ),
    symbols=(
        Symbol("x", "x", "n", Text("input", "输入")),
        Symbol("Z", "Z", "L n n", Text("standard normal draws, from which the scheme makes $W^{(l)}$", "标准正态随机数，由方案据此生成 $W^{(l)}$")),
        Symbol("W^{(l)}", "scheme", "", Text("weights by “xavier”, “he” or “orthogonal”", "由 “xavier”、“he” 或 “orthogonal” 给出的权重"), "other"),
        Symbol(r"\sigma", "activation", "", Text("“relu”, “tanh” or “linear”", "“relu”、“tanh” 或 “linear”"), "other"),
        Symbol("c", "gain", "", Text("a further factor on the weights", "权重上的附加因子"), "positive"),
        Symbol("q_l", "", "L+1", Text("second moment of layer l's activations", "第 l 层激活值的二阶矩")),
        Symbol("a^{(l)}", "", "n", Text("activations of layer l", "第 l 层的激活值")),
        Symbol("n", "", "", Text("units per layer", "每层单元数")),
        Symbol("L", "", "", Text("number of layers", "层数")),
    ),
    needs=("xavier", "he", "orthogonal", "tanh"),
    source="glorot2010understanding",
    year=2010,
    people=("Xavier Glorot", "Yoshua Bengio", "Kaiming He", "Andrew Saxe"),
    implementations=(Implementation("torch.nn.functional:linear", "torch", _forward, Text("on weights scaled by `torch.nn.init`", "权重由 `torch.nn.init` 缩放")),),
    readings=(Reading("glorot2010understanding"), Reading("he2015delving", "§2.2"), Reading("saxe2014exact"), Reading("goodfellow2016deep", "§8.4")),
    deviations=(
        Text("PyTorch's default for `nn.Linear` is none of the three: its variance $1/(3n)$ lets a ReLU net die as $6^{-L}$, unless biases or normalisation hold it up.", "PyTorch 的 `nn.Linear` 默认不是三者之一：其方差 $1/(3n)$ 使 ReLU 网络按 $6^{-L}$ 消亡，除非有偏置或归一化支撑。"),
    ),
)  # fmt: skip


@INITIALIZATION.definition
def initialization(x, Z, scheme="he", activation="relu", gain=1.0):
    weights = {"xavier": xavier, "he": he, "orthogonal": orthogonal}[scheme]
    sigma = {"relu": lambda z: np.where(np.real(z) > 0, z, 0 * z), "tanh": np.tanh, "linear": lambda z: z}[
        activation
    ]
    a = x
    q = [(a * a).mean()]
    for z in Z:
        a = sigma(gain * weights(z) @ a)
        q.append((a * a).mean())
    return np.stack(q)


@INITIALIZATION.cases
def initialization_cases(rng):
    for scheme in ("xavier", "he", "orthogonal"):
        for activation in ("relu", "tanh", "linear"):
            args = dict(x=rng.standard_normal(6), Z=rng.standard_normal((3, 6, 6)))
            yield f"{scheme}, {activation}", dict(**args, scheme=scheme, activation=activation)
    yield "gain", dict(x=rng.standard_normal(9), Z=rng.standard_normal((2, 9, 9)), gain=1.3)
    yield "one unit", dict(x=np.array([2.0]), Z=np.array([[[1.5]], [[0.5]]]))


@INITIALIZATION.invalid
def initialization_invalid(rng):
    yield "input of another width", dict(x=np.ones(4), Z=np.ones((2, 3, 3)))
    yield "unknown scheme", dict(x=np.ones(3), Z=np.ones((2, 3, 3)), scheme="lucky?")
    yield "unknown activation", dict(x=np.ones(3), Z=np.ones((2, 3, 3)), activation="step?")


TABLE = {  # factor of the second moment per layer
    ("xavier", "linear"): 1.0, ("orthogonal", "linear"): 1.0, ("he", "linear"): 2.0,
    ("xavier", "relu"): 0.5, ("orthogonal", "relu"): 0.5, ("he", "relu"): 1.0,
}  # fmt: skip


@INITIALIZATION.claim(
    Text(
        "Through 20 layers each scheme keeps, halves or doubles the second moment per layer as the table says",
        "经过 20 层，各方案每层保持、减半或加倍二阶矩，与表中一致",
    )
)
def each_scheme_has_its_activation(initialization, rng):
    L, n = 20, 64
    why = Text("5 standard deviations √(5L/n) of the logarithm", "对数的 5 倍标准差，标准差 √(5L/n)")
    found = []
    for (scheme, activation), factor in TABLE.items():
        q = initialization(rng.standard_normal(n), rng.standard_normal((L, n, n)), scheme, activation)
        expected = L * np.log(factor) - (5 if activation == "relu" else 2) * L / (2 * n)
        found.append(near(np.log(q[-1] / q[0]), expected, 5 * np.sqrt(5 * L / n), why, "statistical"))
    return all_of(*found)


@INITIALIZATION.claim(
    Text(
        "Orthogonal weights keep the second moment of a linear net exactly, layer by layer",
        "正交权重逐层精确保持线性网络的二阶矩",
    )
)
def orthogonal_is_exact(initialization, rng):
    L, n = 20, 16
    q = initialization(rng.standard_normal(n), rng.standard_normal((L, n, n)), "orthogonal", "linear")
    return roundoff(q, np.full(L + 1, q[0]), terms=n * L)


@INITIALIZATION.claim(
    Text(
        r"On the same draws a factor $c$ on the weights changes ReLU layer $l$ by exactly $c^{2l}$: 0.9 is 0.00003 after 50 layers, 1.1 is 14,000",
        r"对同一组抽样，权重乘 $c$ 使 ReLU 第 $l$ 层恰好变为 $c^{2l}$ 倍：50 层后，0.9 变成 0.00003，1.1 变成 14,000",
    )
)
def gain_is_a_power(initialization, rng):
    L, n = 50, 12
    x, Z = rng.standard_normal(n), rng.standard_normal((L, n, n))
    base = initialization(x, Z)
    found = []
    for c in (0.9, 1.1):
        ratio = initialization(x, Z, gain=c) / base
        found.append(roundoff(ratio / c ** (2.0 * np.arange(L + 1)), np.ones(L + 1), terms=n * L))
    size = identical([round(0.9**100, 5), round(1.1**100, -3)], [0.00003, 14000.0])
    return all_of(*found, size)


def tanh_recursion(q, L):
    """q_{l+1} = E tanh²(√q_l z) for standard normal z, by Gauss–Hermite quadrature: the limit of infinite width."""
    values = [q]
    for _ in range(L):
        values.append(tanh_moment(values[-1], 2))
    return np.array(values)


@functools.cache
def quadrature():
    return np.polynomial.hermite_e.hermegauss(40)


def tanh_moment(q, power):
    nodes, weights = quadrature()
    return float(weights @ np.tanh(np.sqrt(q) * nodes) ** power / weights.sum())


def tanh_scatter(q, n):
    """Standard deviation of log q_L at width n: each layer adds Var tanh²/(n q²) and damps what came before."""
    variance = 0.0
    for before, after in itertools.pairwise(q):
        slope = (tanh_moment(1.001 * before, 2) - tanh_moment(before, 2)) / 0.001 / after
        variance = slope**2 * variance + (tanh_moment(before, 4) / after**2 - 1) / n
    return np.sqrt(variance)


@INITIALIZATION.claim(
    Text(
        r"Under tanh a signal with gain 1 fades slowly, as $q_l\approx1/(2l)$: the net follows $q_{l+1}=\mathbb{E}\tanh^2(\sqrt{q_l}\,z)$",
        r"在 tanh 下，增益为 1 的信号缓慢衰减，$q_l\approx1/(2l)$：网络遵循 $q_{l+1}=\mathbb{E}\tanh^2(\sqrt{q_l}\,z)$",
    )
)
def tanh_fades_slowly(initialization, rng):
    L, n = 15, 128
    x = rng.choice([-1.0, 1.0], n)
    q = initialization(x, rng.standard_normal((L, n, n)), "xavier", "tanh")
    want = tanh_recursion(1.0, L)
    why = Text(
        "5 standard deviations of the logarithm, carried through the recursion",
        "对数的 5 倍标准差，由递推逐层传递得到",
    )
    met = near(np.log(q[-1] / want[-1]), 0.0, 5 * tanh_scatter(want, n), why, "statistical")
    long = tanh_recursion(1.0, 1000)
    slow = near(1 / long[-1] / (2 * 1000), 1.0, 0.01, Text("1/q_l = 2l + O(log l)", "1/q_l = 2l + O(log l)"))
    return all_of(met, slow)


@INITIALIZATION.mutant(
    Text("small random numbers, whatever the width", "无论宽度如何，一律用很小的随机数"),
    kills=["equals-definition", "each-scheme-has-its-activation", "tanh-fades-slowly"],
)
def small_random_numbers(x, Z, scheme="he", activation="relu", gain=1.0):
    return initialization(x, Z, "he", activation, 0.01 * gain * np.sqrt(len(x) / 2))


@INITIALIZATION.mutant(
    Text("He's weights for every scheme", "所有方案都用 He 的权重"),
    kills=["equals-definition", "each-scheme-has-its-activation", "orthogonal-is-exact", "tanh-fades-slowly"],
)
def always_he(x, Z, scheme="he", activation="relu", gain=1.0):
    return initialization(x, Z, "he", activation, gain)


@INITIALIZATION.mutant(
    Text("the factor on the first layer only", "因子只乘在第一层"),
    kills=["equals-definition", "gain-is-a-power"],
)
def gain_once(x, Z, scheme="he", activation="relu", gain=1.0):
    first = initialization(x, Z, scheme, activation)
    return np.concatenate([first[:1], gain**2 * first[1:]])


@INITIALIZATION.figure(
    gain=Slider(0.7, 1.4, 1.0, Text("factor c on the weights", "权重上的因子 c"), log=True),
    width=Slider(8, 96, 64, Text("units per layer n", "每层单元数 n"), log=True, integer=True),
)
def initialization_figure(gain, width):
    n, L = int(width), 30
    rng = np.random.default_rng(5)
    x, Z = rng.choice([-1.0, 1.0], n), rng.standard_normal((L, n, n))
    fig, axes = canvas(columns=3, width=8.4, height=3.2)
    end = {}
    for ax, activation in zip(axes, ("linear", "relu", "tanh"), strict=True):
        for scheme, colour in zip(("xavier", "he", "orthogonal"), COLOURS, strict=False):
            q = initialization(x, Z, scheme, activation, gain)
            end[scheme, activation] = q[-1]
            ax.plot(np.log10(np.maximum(q, 1e-30)), color=colour, lw=1.8, label=scheme)
        ax.axhline(0, color="black", lw=0.6, zorder=0)
        ax.set(title=activation, xlabel="layer l")
    axes[0].set_ylabel(r"$\log_{10} q_l$")
    axes[0].legend(frameon=False, fontsize=8)

    def row(activation):
        return ", ".join(f"{end[s, activation]:.1g}" for s in ("xavier", "he", "orthogonal"))

    return Drawing(
        fig,
        Text(
            f"Second moment after {L} layers of {n} units, weights times {gain:.2f}, for Xavier, He, orthogonal. "
            f"Linear: {row('linear')}. ReLU: {row('relu')}. tanh: {row('tanh')}.",
            f"经过 {L} 层（每层 {n} 个单元，权重乘 {gain:.2f}）后的二阶矩，依次为 Xavier、He、正交。线性：{row('linear')}。ReLU：{row('relu')}。tanh：{row('tanh')}。",
        ),
    )
