"""Gradient checking: a gradient derived by hand beside differences of the function."""

import numpy as np

from gradus.frameworks import namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import identical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _call(check_gradient, f, gradient, x, tolerance):
    return check_gradient(f, gradient, x, tolerance).holds


GRADIENT_CHECK = Concept(
    key="gradient-check",
    kind="algorithm",
    title="Gradient checking",
    summary="A gradient that was derived by hand, or coded, is compared with differences of the function, entry by "
    "entry. Relative to the size of the entry: a wrong backward pass is mostly off by the entry's own order, a right one "
    r"by rounding and by the differences' own error $\frac{h^2}{6}f^{(3)}$.",
    formulas=(
        r"d_i=\frac{f(x+h_ie_i)-f(x-h_ie_i)}{2h_i},\qquad h_i=\sqrt[3]{\varepsilon}\,\max(1,|x_i|)",
        r"|g_i-d_i|\le\tau\max(|g_i|,|d_i|)+8\,\frac{\varepsilon}{h_i}|f(x)|\quad\text{for every } i",
    ),
    symbols=(
        Symbol("f", "f", "function", "function whose value is one number", "function"),
        Symbol("g", "gradient", "function", "what is claimed to be its gradient", "function"),
        Symbol("x", "x", "n", "where; random numbers find more than round ones"),
        Symbol(r"\tau", "tolerance", "", "relative error that is let pass", "other"),
        Symbol("d_i", "", "", "central difference along axis i"),
        Symbol("e_i", "", "n", "i-th unit vector"),
        Symbol("h_i", "", "", "step"),
        Symbol(r"\varepsilon", "", "", "spacing of the arithmetic at 1, $2^{-52}$"),
    ),
    needs=("derivative", "gradient"),
    source="wolfe1982checking",
    year=1982,
    people=("Philip Wolfe",),
    aliases="gradcheck, numerical gradient, check_grad, 梯度检查, 数值梯度, 梯度校验",
    implementations=(
        Implementation(
            "gradus.foundations.gradient_check:check_gradient",
            "numpy",
            _call,
            "also names the entry, and accepts any slope between both sides at a kink",
        ),
    ),
    readings="cs231n Learning and evaluation: gradient checks; nocedal2006numerical §8.1; goodfellow2016deep §11.5",
    hypotheses=(
        Hypothesis(
            r"f varies over lengths far above h: $\frac{h^2}{6}|f^{(3)}|$ is far below $\tau|f'|$",
            "too-fast-for-the-step",
        ),
    ),
    deviations=(
        "`torch.autograd.gradcheck` uses h = 10⁻⁶ and an absolute and a relative tolerance, and wants float64; "
        "SciPy's `check_grad` returns the length of the difference, so that one small wrong entry hides behind large "
        "ones.",
        "At a kink, such as relu at 0, the central difference lies between the slopes of both sides; neither side is "
        "wrong.",
    ),
    differentiable=False,
)


@GRADIENT_CHECK.definition
def gradient_check(f, gradient, x, tolerance=1e-5):
    epsilon = 2.0**-52
    g, right = gradient(x), True
    for i, e_i in enumerate(np.eye(len(x))):
        h = np.cbrt(epsilon) * max(1.0, abs(x[i]))
        d = (f(x + h * e_i) - f(x - h * e_i)) / (2 * h)
        allowed = tolerance * max(abs(g[i]), abs(d)) + 8 * epsilon / h * abs(f(x))
        right = right and bool(abs(g[i] - d) <= allowed)
    return right


@GRADIENT_CHECK.example
def example():
    def f(x):
        return x[0] ** 2 * np.exp(x[1])

    def gradient(x):
        return np.stack([2 * x[0] * np.exp(x[1]), x[0] ** 2 * np.exp(x[1])])

    def mistaken(x):
        return np.stack([x[0] * np.exp(x[1]), x[0] ** 2 * np.exp(x[1])])

    x, tolerance, steps = np.array([1.5, 0.5]), 1e-5, np.array([1e-1, 1e-3, 6e-6, 1e-8, 1e-12])
    d, g, wrong, h = central(f, x), gradient(x), mistaken(x), np.cbrt(2.0**-52) * np.array([1.5, 1.0])
    off = np.array([np.abs(central(f, x, s) - g) / g for s in steps])
    return (
        dict(f=f, gradient=gradient, x=x, tolerance=tolerance, value=f(x), h=h, d=d, g=g, wrong=wrong)
        | dict(relative=np.abs(wrong - d) / d, steps=steps, off=off)
        | dict(right=gradient_check(f, gradient, x, tolerance))
        | dict(passes=gradient_check(f, mistaken, x, tolerance))
    )


@GRADIENT_CHECK.exercise
def point_that_hides_it():
    def f(x):
        return (x * x).sum()

    def passes(value):
        return gradient_check(f, lambda x: x * x, np.full(3, value))

    return choice(ones=passes(1.0), twos=passes(2.0), never=not passes(1.0) and not passes(2.0))


@GRADIENT_CHECK.exercise
def single_precision():
    single, double = 2.0**-23, 2.0**-52
    return number(single ** (2 / 3), tolerance=0.3, double_precision=double ** (2 / 3), spacing_itself=single)


@GRADIENT_CHECK.exercise
def at_the_kink():
    def f(x):
        return np.maximum(x, 0).sum()

    d, passes = central(f, np.zeros(1))[0], gradient_check(f, lambda x: (x > 0) * 1.0, np.zeros(1))
    between = bool(0 < d < 1) and not passes
    return choice(wrong_gradient=d == 1.0, neither=between, smaller_step=central(f, np.zeros(1), 1e-9)[0] != d)


def central(f, x, h=6e-6):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


# --- twenty backward passes of six inputs, each right and with the mistake that is made in practice

W = np.array([[0.7, -0.4, 0.2], [0.1, 0.9, -0.6], [-0.3, 0.5, 0.8]])
M = np.kron(np.eye(2), W) + 0.3 * np.eye(6, k=2)  # not symmetric
T = np.array([0.3, -0.8, 0.5, 1.1, -0.2, 0.6])
C = np.array([0.5, -1.0, 0.25])  # a kernel of three
ONE = np.eye(6)


def softmax(xp, x):
    return xp.exp(x) / xp.exp(x).sum()


def like(array, x):
    """A constant in the framework and precision of x."""
    xp = namespace(x)
    return array if xp is np else xp.asarray(array, dtype=x.dtype)


def standardised(x):
    return (x - x.mean()) / x.std()


def correlated(x, k=C):
    return np.correlate(x, k, "valid")


#: (name, f, right gradient, wrong gradient), of NumPy arrays
PLANTED = (
    (Text("factor 2 of a square lost", "漏掉平方的因子 2"), lambda x: x @ x, lambda x: 2 * x, lambda x: x),
    (
        Text("cross-entropy without the target", "交叉熵漏掉目标项"),
        lambda x: np.log(np.exp(x).sum()) - x[0],
        lambda x: softmax(np, x) - ONE[0],
        lambda x: softmax(np, x),
    ),
    (
        Text("tanh' at the input, not the output", "tanh 的导数误用输入代替输出"),
        lambda x: np.tanh(x).sum(),
        lambda x: 1 - np.tanh(x) ** 2,
        lambda x: 1 - x**2,
    ),
    (
        Text("1 − s of the sigmoid lost", "漏掉 sigmoid 的 1 − s"),
        lambda x: (1 / (1 + np.exp(-x))).sum(),
        lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
        lambda x: 1 / (1 + np.exp(-x)),
    ),
    (
        Text("mask of relu forgotten", "忘记 relu 的掩码"),
        lambda x: (np.maximum(x, 0) ** 2).sum() / 2,
        lambda x: np.maximum(x, 0),
        lambda x: x,
    ),
    (
        Text("quadratic form taken for symmetric", "把二次型当作对称"),
        lambda x: x @ M @ x,
        lambda x: (M + M.T) @ x,
        lambda x: 2 * M @ x,
    ),
    (
        Text("1/n of the mean lost", "漏掉平均的 1/n"),
        lambda x: ((x - T) ** 2).mean(),
        lambda x: (x - T) / 3,
        lambda x: 2 * (x - T),
    ),
    (Text("norm not divided", "范数漏掉除法"), lambda x: np.sqrt(x @ x), lambda x: x / np.sqrt(x @ x), lambda x: x),
    (
        Text("factors of a product exchanged", "乘积的两个因子弄反"),
        lambda x: x[:3] @ x[3:],
        lambda x: np.r_[x[3:], x[:3]],
        lambda x: x,
    ),
    (
        Text("sign of the quotient rule", "商法则的符号错误"),
        lambda x: (x[:3] / (2 + x[3:] ** 2)).sum(),
        lambda x: np.r_[1 / (2 + x[3:] ** 2), -2 * x[3:] * x[:3] / (2 + x[3:] ** 2) ** 2],
        lambda x: np.r_[1 / (2 + x[3:] ** 2), 2 * x[3:] * x[:3] / (2 + x[3:] ** 2) ** 2],
    ),
    (
        Text("inner derivative forgotten", "忘记内层导数"),
        lambda x: np.log(1 + x * x).sum(),
        lambda x: 2 * x / (1 + x * x),
        lambda x: 1 / (1 + x * x),
    ),
    (
        Text("softmax: the diagonal alone", "softmax 只取对角线"),
        lambda x: T @ softmax(np, x),
        lambda x: softmax(np, x) * (T - T @ softmax(np, x)),
        lambda x: softmax(np, x) * (1 - softmax(np, x)) * T,
    ),
    (
        Text("normalisation: mean and variance taken for constants", "归一化中把均值与方差当作常数"),
        lambda x: T @ standardised(x),
        lambda x: (T - T.mean() - standardised(x) * (T * standardised(x)).mean()) / x.std(),
        lambda x: T / x.std(),
    ),
    (
        Text("variance divided by n − 1", "方差除以 n − 1"),
        lambda x: x.var(),
        lambda x: (x - x.mean()) / 3,
        lambda x: 2 * (x - x.mean()) / 5,
    ),
    (
        Text("maximum: given to another entry", "最大值的梯度给了别的分量"),
        lambda x: np.sort(x)[-1] ** 2,
        lambda x: 2 * x.max() * ONE[x.argmax()],
        lambda x: 2 * x.max() * ONE[(x.argmax() + 1) % 6],
    ),
    (
        Text("kernel of the convolution turned round", "卷积核方向弄反"),
        lambda x: (correlated(x) ** 2).sum() / 2,
        lambda x: np.convolve(correlated(x), C),
        lambda x: np.convolve(correlated(x), C[::-1]),
    ),
    (
        Text("the ½ of a root forgotten", "忘记平方根的 ½"),
        lambda x: np.sqrt(1 + x * x).sum(),
        lambda x: x / np.sqrt(1 + x * x),
        lambda x: 2 * x / np.sqrt(1 + x * x),
    ),
    (
        Text("adjoint of a reused value overwritten", "重复使用的值的伴随量被覆盖"),
        lambda x: (np.sin(x) ** 2 + np.sin(x)).sum(),
        lambda x: (2 * np.sin(x) + 1) * np.cos(x),
        lambda x: np.cos(x),
    ),
    (
        Text("broadcasting not summed back", "广播没有求和还原"),
        lambda x: np.sin(M + x).sum(),
        lambda x: np.cos(M + x).sum(0),
        lambda x: np.cos(M + x)[0],
    ),
    (
        Text("one entry off by a ten-thousandth", "某一分量相差万分之一"),
        lambda x: np.exp(x).sum(),
        lambda x: np.exp(x),
        lambda x: np.exp(x) * (1 + 1e-4 * ONE[4]),
    ),
)


def points(rng):
    """Six random numbers, of both signs: a forgotten mask shows only where something is masked."""
    x = rng.standard_normal(6)
    x[:2] = [-0.1 - abs(x[0]), 0.1 + abs(x[1])]
    return x


@generic
def bowl(x):
    xp = namespace(x)
    return (xp.exp(x) + xp.sin(2 * x)).sum()


@generic
def bowl_gradient(x):
    xp = namespace(x)
    return xp.exp(x) + 2 * xp.cos(2 * x)


@GRADIENT_CHECK.cases
def cases(rng):
    for k in (1, 5, 12, 15):
        name, f, right, wrong = PLANTED[k]
        x = points(rng)
        yield f"right: {name.en}", dict(f=f, gradient=right, x=x)
        yield f"wrong: {name.en}", dict(f=f, gradient=wrong, x=x)
    yield "one variable", dict(f=bowl, gradient=bowl_gradient, x=np.array([0.4]))
    yield (
        "a loose tolerance",
        dict(f=bowl, gradient=generic(lambda x: 1.01 * bowl_gradient(x)), x=rng.standard_normal(3), tolerance=0.02),
    )


@GRADIENT_CHECK.invalid
def invalid(rng):
    yield ("a gradient of another shape", dict(f=bowl, gradient=generic(lambda x: bowl_gradient(x)[:2]), x=np.ones(3)))


@GRADIENT_CHECK.claim
def catches_every_planted_mistake(gradient_check, rng):
    """Catches every wrong backward pass of a list of twenty, at random points with entries of both signs"""
    missed = [name for name, f, _, wrong in PLANTED if bool(gradient_check(f, wrong, points(rng)))]
    said = Text("let pass: " + ", ".join(n.en for n in missed), "漏过：" + "、".join(n.zh for n in missed))
    return identical(len(missed), 0, said if missed else None)


@GRADIENT_CHECK.claim
def passes_the_right_ones(gradient_check, rng):
    """Passes the right form of each of the twenty, at five such points"""
    alarms = [n for n, f, right, _ in PLANTED for _ in range(5) if not bool(gradient_check(f, right, points(rng)))]
    said = Text("false alarms: " + ", ".join(n.en for n in alarms), "误报：" + "、".join(n.zh for n in alarms))
    return identical(len(alarms), 0, said if alarms else None)


@GRADIENT_CHECK.claim
def unit_does_not_matter(gradient_check, rng):
    """The verdict does not depend on the unit of f: from $10^{-9}$ to $10^9$"""
    x, wrong = points(rng), []
    for s in (1e-9, 1e-3, 1e3, 1e9):
        f, right = generic(lambda x, s=s: s * bowl(x)), generic(lambda x, s=s: s * bowl_gradient(x))
        false = generic(lambda x, s=s: 1.001 * s * bowl_gradient(x))
        wrong += [s] * (not gradient_check(f, right, x)) + [s] * bool(gradient_check(f, false, x))
    return identical(len(wrong), 0, Text(f"wrong verdicts at {wrong}", f"判断错误的尺度：{wrong}"))


@GRADIENT_CHECK.claim
def one_wrong_entry_is_found(gradient_check, rng):
    """One entry of a hundred that is off by a thousandth is found, the first, one in the middle or the last"""
    x, missed = rng.standard_normal(100), []
    for i in (0, 37, 99):
        mark = np.eye(100)[i]
        false = generic(lambda x, m=mark: bowl_gradient(x) * (1 + 1e-3 * like(m, x)))
        missed += [i] * bool(gradient_check(bowl, false, x))
    return identical(len(missed), 0, Text(f"missed at {missed}", f"漏过的位置：{missed}"))


@GRADIENT_CHECK.claim(required=False)
def too_fast_for_the_step(gradient_check, rng):
    """Where f varies within the step a right gradient is rejected: that of sin 20000x at 0.3; that of sin 100x passes"""
    verdicts = []
    for k in (100, 20_000):
        f = generic(lambda x, k=k: namespace(x).sin(k * x[0]))
        slope = generic(lambda x, k=k: k * namespace(x).cos(k * x))
        verdicts.append(bool(gradient_check(f, slope, np.array([0.3]))))
    return identical(verdicts, [True, False])


@GRADIENT_CHECK.mutant(caught_by="passes-the-right-ones, equals-definition")
def coarse_one_sided(f, gradient, x, tolerance=1e-5):
    """a one-sided difference with a coarse step: its own error is taken for the gradient's"""
    h = 1e-3
    d = np.array([(f(x + h * e) - f(x)) / h for e in np.eye(len(x))])
    g = gradient(x)
    return bool((np.abs(g - d) <= tolerance * np.maximum(np.abs(g), np.abs(d))).all())


@GRADIENT_CHECK.mutant(caught_by="passes-the-right-ones")
def step_too_small(f, gradient, x, tolerance=1e-5):
    """a step so small that rounding is all that is left"""
    d = central(f, x, 1e-13)
    g = gradient(x)
    return bool((np.abs(g - d) <= tolerance * np.maximum(np.abs(g), np.abs(d))).all())


@GRADIENT_CHECK.mutant(caught_by="unit-does-not-matter")
def absolute_tolerance(f, gradient, x, tolerance=1e-5):
    """an absolute tolerance"""
    d = central(f, x)
    return bool((np.abs(gradient(x) - d) <= tolerance).all())


@GRADIENT_CHECK.mutant(caught_by="catches-every-planted-mistake, one-wrong-entry-is-found")
def only_lengths(f, gradient, x, tolerance=1e-5):
    """only the lengths are compared"""
    d = central(f, x)
    a, b = np.linalg.norm(gradient(x)), np.linalg.norm(d)
    return bool(abs(a - b) <= 100 * tolerance * max(a, b))


@GRADIENT_CHECK.mutant(caught_by="catches-every-planted-mistake, one-wrong-entry-is-found")
def first_entry(f, gradient, x, tolerance=1e-5):
    """only the first entry is checked"""
    return gradient_check(
        lambda z: f(np.concatenate([z, x[1:]])), lambda z: gradient(np.concatenate([z, x[1:]]))[:1], x[:1], tolerance
    )


@GRADIENT_CHECK.mutant(
    caught_by="catches-every-planted-mistake, equals-definition, unit-does-not-matter, too-fast-for-the-step"
)
def always_right(f, gradient, x, tolerance=1e-5):
    """everything passes"""
    return True


@GRADIENT_CHECK.figure(
    mistake=Slider(1, 20, 12, "planted mistake, 1 to 20", integer=True), h=Slider(1e-12, 0.1, 6e-6, "step h", log=True)
)
def figure(mistake, h):
    name, f, right, wrong = PLANTED[round(mistake) - 1]
    x = points(np.random.default_rng(4))

    def errors(gradient, h):
        d = np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in ONE])
        g = gradient(x)
        return np.abs(g - d) / np.maximum(np.maximum(np.abs(g), np.abs(d)), 1e-300)

    steps = np.logspace(-12, -1, 120)
    fig, (left, bars) = canvas(columns=2, width=7.8, height=3.4)
    for k, (label, gradient) in enumerate((("right", right), ("wrong", wrong))):
        left.loglog(steps, [np.maximum(errors(gradient, s).max(), 1e-16) for s in steps], color=COLOURS[k], label=label)
        bars.bar(
            np.arange(6) + 0.4 * k - 0.2, np.maximum(errors(gradient, h), 1e-16), 0.38, color=COLOURS[k], label=label
        )
    left.axhline(1e-5, color="#888888", lw=0.8, ls=":")
    left.axvline(h, color="#888888", lw=0.8)
    left.text(1.2e-12, 1.4e-5, r"$\tau$", color="#666666")
    left.set(xlabel="step h", ylabel="largest relative error", ylim=(1e-13, 9))
    left.set_title(f"mistake {round(mistake)}", fontsize=10)
    left.legend(frameon=False, fontsize=9.5, loc="lower left")
    bars.axhline(1e-5, color="#888888", lw=0.8, ls=":")
    bars.set(yscale="log", ylim=(1e-13, 9), xlabel="entry i", ylabel="relative error at this h", xticks=range(6))
    bars.set_xticklabels([str(i + 1) for i in range(6)])
    bars.set_title(f"h = {h:.2g}", fontsize=10)
    worst = errors(right, h).max(), errors(wrong, h).max()
    told = worst[0] < 1e-5 < worst[1]
    words = Text(
        f"Mistake {round(mistake)}, “{name.en}”, with step {h:.2g}: the right gradient is off by {worst[0]:.1e}, the wrong one by {worst[1]:.1e}. "
        + (
            "The tolerance 10⁻⁵ tells them apart."
            if told
            else "At this step the tolerance 10⁻⁵ does not tell them apart."
        ),
        f"第 {round(mistake)} 个错误“{name.zh}”，步长 {h:.2g}：正确梯度的相对误差为 {worst[0]:.1e}，错误梯度为 {worst[1]:.1e}。"
        + ("容差 10⁻⁵ 能区分二者。" if told else "在此步长下容差 10⁻⁵ 无法区分二者。"),
    )
    return Drawing(fig, words)
