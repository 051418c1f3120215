"""Activation functions: the members of the family, and the table of their properties."""

import math

import numpy as np

from gradus.concepts.networks.activations.elu import elu
from gradus.concepts.networks.activations.gelu import gelu
from gradus.concepts.networks.activations.leaky_relu import leaky_relu
from gradus.concepts.networks.activations.relu import relu
from gradus.concepts.networks.activations.sigmoid import sigmoid
from gradus.concepts.networks.activations.silu import silu
from gradus.concepts.networks.activations.softplus import softplus
from gradus.concepts.networks.activations.tanh import tanh
from gradus.frameworks import namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _properties(activation_properties, f, x):
    return tuple(activation_properties(f, x))


ACTIVATIONS = Concept(
    key="activations",
    kind="definition",
    title="Activation functions",
    summary="Without them a stack of layers is one affine map. What matters of each can be measured: its range, "
    "whether it is monotone, its Lipschitz constant, where it saturates, and whether its slope jumps. None of these "
    "is the same for all of the eight, taken here at their usual parameters.",
    formulas=(
        r"q_i=\frac{f(x_{i+1})-f(x_i)}{x_{i+1}-x_i}",
        r"\bigl(x\le y\Rightarrow f(x)\le f(y)\bigr)\ \Longrightarrow\ \min_i q_i\ge 0",
        r"\operatorname{Lip}f=\sup_{x\ne y}\frac{|f(x)-f(y)|}{|x-y|}\ge\max_i|q_i|",
        r"f\in C^1,\ \max_i(x_{i+1}-x_i)\to0\ \Rightarrow\ \max_i|q_{i+1}-q_i|\to0",
    ),
    symbols=(
        Symbol("f", "f", "function", "an activation function, applied entry by entry", "function"),
        Symbol("x", "x", "n", "increasing grid of a fixed closed interval"),
        Symbol("q", "", "n-1", "slopes of the chords between neighbours"),
        Symbol("i", "", "", "index of a grid point"),
        Symbol("y", "", "", "another point"),
    ),
    returns=(
        Result("lowest", "", "least value on the points"),
        Result("highest", "", "greatest value on the points"),
        Result("least_slope", "", "least slope between neighbouring points"),
        Result("largest_slope", "", "greatest slope between neighbouring points"),
        Result("slope_left", "", "slope between the first two points"),
        Result("slope_right", "", "slope between the last two points"),
        Result("jump", "", "greatest change of the slope from one pair to the next"),
    ),
    needs=("relu", "leaky-relu", "sigmoid", "tanh", "elu", "gelu", "silu", "softplus", "neuron"),
    source="goodfellow2016deep",
    year=1943,
    people=("Warren McCulloch", "Walter Pitts"),
    aliases="activation, activation function, nonlinearity, transfer function, 激活, 非线性激活, 激励函数, 非线性函数",
    implementations=(
        Implementation("gradus.networks.activation_properties:activation_properties", "torch", _properties),
    ),
    readings="goodfellow2016deep §6.3; murphy2022probabilistic §13.2.3",
    hypotheses=(
        Hypothesis(
            "the slopes of neighbouring chords approach each other: $f$ is continuously differentiable", "kinks"
        ),
    ),
    deviations="The measured Lipschitz constant is that of the grid: never too large, and too small by about the square of the "
    "spacing where the steepest place lies inside the grid and f is smooth.",
    differentiable=False,
)


@ACTIVATIONS.definition
def activations(f, x):
    y = f(x)
    q = (y[1:] - y[:-1]) / (x[1:] - x[:-1])
    jump = np.abs(q[1:] - q[:-1]).max()
    return y.min(), y.max(), q.min(), q.max(), q[0], q[-1], jump


@ACTIVATIONS.example
def example():
    f, x = silu, np.array([-4.0, -2.0, -1.0, 0.0, 2.0])
    y, q = silu(x), np.diff(silu(x)) / np.diff(x)
    low, high, least, greatest, left, right, jump = activations(f, x)
    fine = np.linspace(-8, 8, 1025)
    better, folded = activations(f, fine), activations(relu, fine)
    W1, W2 = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [-1.0, 1.0]])
    return (
        dict(f=f, x=x, y=y, q=q, low=low, high=high, least=least, greatest=greatest, left=left, right=right)
        | dict(jump=jump, fine_least=better[2], fine_greatest=better[3], fine_jump=better[6])
        | dict(relu_jump=folded[6], product=W2 @ W1)
    )


@ACTIVATIONS.exercise
def through_a_narrow_layer():
    rng = np.random.default_rng(0)
    wide, narrow = rng.standard_normal((5, 2)), rng.standard_normal((2, 5))
    rank = np.linalg.matrix_rank(wide @ narrow)
    return choice(any_map=rank == 5, rank_two=rank == 2, zero=rank == 0)


@ACTIVATIONS.exercise
def squares():
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 40)
    units = (rng.standard_normal((60, 1)) * x + rng.standard_normal((60, 1))) ** 2
    return number(np.linalg.matrix_rank(units), tolerance=1e-6, one_a_unit=60, pure_squares=1)


@ACTIVATIONS.exercise
def bound_on_the_slope():
    spectral = np.array([2.0, 2.0, 2.0])
    return number(
        spectral.prod() * 0.25**2, slopes_forgotten=spectral.prod(), one_slope_too_many=spectral.prod() * 0.25**3
    )


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
    "relu": relu,
    "leaky-relu": leaky_relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "elu": elu,
    "gelu": gelu,
    "silu": silu,
    "softplus": softplus,
}


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
    return all_of(*[near(measured(activations, name, **grid)[i], TABLE[name][i], tolerance, why) for name in members])


CHORD = Text(
    "h² = h²·max|f‴|/2 for chords of length h = 2⁻⁷ (max|f‴| ≤ 2), and e⁻⁸ for the slope still to come beyond the ends, ±8",
    "长 h = 2⁻⁷ 的割线误差 h² = h²·max|f‴|/2（max|f‴| ≤ 2），另加两端 ±8 以外剩余的斜率 e⁻⁸",
)


@ACTIVATIONS.claim
def least_slopes(activations, rng):
    """Not all are monotone: the slope of GELU falls to −0.1289, that of SiLU to −0.0998; the other six never fall"""
    falling = [bound(measured(activations, name)[2], -0.09) for name in ("gelu", "silu")]
    return all_of(column(activations, 2, 4.0**-7 + math.exp(-8), CHORD), *falling)


@ACTIVATIONS.claim
def greatest_slopes(activations, rng):
    """Lipschitz constants: sigmoid ¼, GELU 1.1289, SiLU 1.0998, the others 1"""
    return column(activations, 3, 4.0**-7 + math.exp(-8), CHORD)


@ACTIVATIONS.claim
def ranges(activations, rng):
    """Bounded on both sides: sigmoid and tanh alone. ELU, GELU and SiLU end below at −1, −0.16997, −0.27846"""
    below = ["relu", "sigmoid", "tanh", "elu", "gelu", "silu", "softplus"]
    why = Text("h²/8 between grid points, h = 2⁻⁷", "网格点之间的 h²/8，h = 2⁻⁷")
    low = column(activations, 0, 4.0**-7 / 8, why, below, low=-40.0)
    high = column(activations, 1, 4.0**-7 / 8, why, ["sigmoid", "tanh"], high=40.0)
    growing = [bound(measured(activations, n, high=40.0)[1], 40.0, "≥") for n in TABLE if TABLE[n][1] == np.inf]
    return all_of(low, high, *growing)


@ACTIVATIONS.claim
def saturation(activations, rng):
    """On the left all but leaky ReLU saturate, on the right only sigmoid and tanh"""
    why = Text(
        "the slopes left at ±40 are below 40·e⁻⁴⁰; rounding of values 40 over h = 2⁻⁷",
        "±40 处剩余的斜率小于 40·e⁻⁴⁰；另有数值 40 的舍入误差除以 h = 2⁻⁷",
    )
    ends = [column(activations, i, 4 * 40 * 2.0**-52 * 2**7, why, low=-40.0, high=40.0) for i in (4, 5)]
    return all_of(*ends)


@ACTIVATIONS.claim
def kinks(activations, rng):
    """The slope of ReLU and leaky ReLU jumps at 0, by 1 and 0.99, however fine the grid; between the
    chords of the others the jump halves with the spacing"""
    spacings = [2.0**-k for k in (4, 5, 6, 7)]
    found = {n: [measured(activations, n, low=-4.0, high=4.0, spacing=h)[6] for h in spacings] for n in TABLE}
    kinked = [roundoff(found[n], np.full(4, TABLE[n][6]), terms=4, scale=4 * 2.0**7) for n in ("relu", "leaky-relu")]
    smooth = [rate(spacings, found[n], 1.0, 0.05) for n in TABLE if not TABLE[n][6]]
    return all_of(*kinked, *smooth)


@ACTIVATIONS.claim
def trains_in_spite_of_a_kink(activations, rng):
    """A kink does not stop training: from normal weights, descent with the slope 0 at 0 fits XOR with 32 ReLUs to a mean
    square error below 1e-12"""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float), np.array([0.0, 1.0, 1.0, 0.0])
    W, b, v = rng.standard_normal((2, 32)), rng.standard_normal(32), rng.standard_normal(32) / np.sqrt(32)
    for _ in range(4000):
        z = X @ W + b  # (4, 32)
        h = relu(z)
        r = h @ v - y  # (4,)
        d = np.outer(r, v) * (z > 0)  # (4, 32)
        W, b, v = W - 0.01 * X.T @ d, b - 0.01 * d.sum(0), v - 0.01 * h.T @ r
    jump = measured(activations, "relu")[6]
    places = -np.log10((r**2).mean() + 1e-300)
    return all_of(
        roundoff(jump, 1.0, scale=8 * 2.0**7),
        bound(places, 12.0, "≥", Text("decimal places of the mean square error", "均方误差的小数位数")),
    )


@ACTIVATIONS.mutant(caught_by="least-slopes, equals-definition")
def judged_by_the_ends(f, x):
    """monotone judged by the ends: the mean slope for the least"""
    low, high, _, *rest = activations(f, x)
    y = f(x)
    return (low, high, (y[-1] - y[0]) / (x[-1] - x[0]), *rest)


@ACTIVATIONS.mutant(caught_by="greatest-slopes")
def steepest_at_zero(f, x):
    """steepest at 0, as for the sigmoid"""
    low, high, least, _, *rest = activations(f, x)
    q, middle = np.diff(f(x)) / np.diff(x), x.size // 2
    return (low, high, least, q[middle], *rest)


@ACTIVATIONS.mutant(caught_by="ranges")
def range_of_the_ends(f, x):
    """range from the ends alone"""
    y = f(x)
    return (y[0], y[-1], *activations(f, x)[2:])


@ACTIVATIONS.mutant(caught_by="saturation, equals-definition")
def ends_exchanged(f, x):
    """left and right exchanged"""
    *first, left, right, jump = activations(f, x)
    return (*first, right, left, jump)


@ACTIVATIONS.mutant(caught_by="kinks, trains-in-spite-of-a-kink")
def curvature_for_the_jump(f, x):
    """second derivative for the jump: divided by the spacing"""
    *first, jump = activations(f, x)
    return (*first, jump / (x[1] - x[0]))


ACTIVATIONS.erratum(
    "E11",
    common="Activation functions are monotone (a common slip)",
    why="Most are; but it is no requirement, and the usual ones of transformers are not: GELU falls to −0.169971 at −0.751792, SiLU "
    "to −0.278465 at −1.278465, with slopes down to −0.1289 and −0.0998.",
    right="A property of each function, to be computed: see the least slope of each",
    claims="least-slopes",
)


ACTIVATIONS.erratum(
    "E12",
    common="An activation function needs to be differentiable (a common slip)",
    why="ReLU and leaky ReLU have a kink at 0, and networks of them train: XOR is fitted to a mean square error "
    "below 1e-12.",
    right="Differentiable almost everywhere, with one agreed slope at the kink",
    claims="kinks, trains-in-spite-of-a-kink",
)


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
    member=Slider(1, 8, 6, "which function", integer=True), width=Slider(1, 10, 4, "half width of the window")
)
def activations_figure(member, width):
    chosen = list(MEMBERS)[int(member) - 1]
    x = np.linspace(-width, width, 801)
    fig, axes = canvas(columns=2, rows=2, width=6.8, height=5.2)
    (left, right), below = axes[0], fig.add_subplot(2, 1, 2)
    for unused in axes[1]:
        unused.remove()
    for name, f in MEMBERS.items():
        style = dict(color="#D55E00", lw=2.2, zorder=3) if name == chosen else dict(color="#7F7F7F", lw=0.7, alpha=0.7)
        left.plot(x, f(x), label=name if name == chosen else None, **style)
        right.plot(x[1:], np.diff(f(x)) / np.diff(x), **style)
    left.set(title="functions; the others in grey", ylim=(-1.3, min(width, 4)))
    right.set(title="their slopes", ylim=(-0.25, 1.25))
    left.legend(frameon=False, loc="upper left")
    rows = [table_row(name) for name in MEMBERS]
    below.axis("off")
    cells = below.table(
        rows, colLabels=HEADINGS, loc="center", cellLoc="center", edges="horizontal", bbox=(0, 0, 1, 0.9)
    )
    cells.auto_set_font_size(False)
    for (row, _), cell in cells.get_celld().items():
        cell.set_fontsize(9)
        cell.set_linewidth(0.4)
        if row == int(member):
            cell.get_text().set_color("#D55E00")
    _, values, least, lipschitz, slopes, kink = rows[int(member) - 1]
    falls = ("not monotone", "不单调") if least.startswith("−") else ("monotone", "单调")
    bent = ("no kink", "无折点") if kink == "–" else (f"a kink of {kink}", f"有跳跃 {kink} 的折点")
    words = Text(
        f"{chosen}: values {values}, {falls[0]} (least slope {least}), Lipschitz constant {lipschitz}, slopes {slopes} far left and right, {bent[0]}. "
        f"The table holds the same for all eight.",
        f"{chosen}：取值 {values}，{falls[1]}（最小斜率 {least}），Lipschitz 常数 {lipschitz}，左右远端斜率 {slopes}，{bent[1]}。表中列出全部八个函数的同样数值。",
    )
    return Drawing(fig, words)
