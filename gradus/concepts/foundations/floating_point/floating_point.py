"""Floating point: rounding to a format with a few bits, and the table of formats in deep learning."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

FORMATS = {  # bits of the exponent, bits of the fraction, whether the top exponent is kept for infinity
    "float64": (11, 52, True),
    "float32": (8, 23, True),
    "float16": (5, 10, True),
    "bfloat16": (8, 7, True),
    "float8_e5m2": (5, 2, True),
    "float8_e4m3fn": (4, 3, False),
}


def _torch(to, x, format):
    import torch

    x = torch.as_tensor(x)
    return to(to(x, getattr(torch, format, format)), x.dtype)


FLOATING_POINT = Concept(
    key="floating-point",
    kind="definition",
    title="Floating point and its formats",
    summary="A computer keeps a number as sign, fraction and power of two. Each result is rounded to the nearest "
    r"such number, in the normal range with a relative error of at most $u=\varepsilon/2$; beyond the largest it "
    "overflows, and near 0 the spacing stays constant. Six formats of four widths, from 64 to 8 bits, are in use in "
    "deep learning.",
    formulas=(
        r"x=\pm\,2^{e}\Big(1+\frac{k}{2^{m}}\Big),\quad 0\le k<2^m,\ e_{\min}\le e\le e_{\max};\qquad \pm\,2^{e_{\min}}\frac{k}{2^m}\ \text{(subnormal)}",
        r"\operatorname{fl}(x)=q\cdot\operatorname{round}(x/q),\qquad q=2^{\max(\lfloor\log_2|x|\rfloor,\,e_{\min})-m},\quad\text{ties to even}",
        r"2^{e_{\min}}\le|x|\le x_{\max}\ \Longrightarrow\ \operatorname{fl}(x)=x(1+\delta),\quad|\delta|\le u=\tfrac12\varepsilon,\qquad \varepsilon=2^{-m}",
    ),
    symbols=(
        Symbol("x", "x", "...", "the number, before rounding"),
        Symbol(
            r"\text{format}",
            "format",
            "",
            "`float64`, `float32`, `float16`, `bfloat16`, `float8_e5m2` or `float8_e4m3fn`",
            "other",
        ),
        Symbol("m", "", "", "bits of the fraction", "natural"),
        Symbol(
            "e",
            "",
            "",
            r"exponent; with w bits $e_{\min}=2-2^{w-1}$ and $e_{\max}=2^{w-1}-1$, for float8_e4m3fn $2^{w-1}$",
            "integer",
        ),
        Symbol("k", "", "", r"the fraction as a whole number; float8_e4m3fn has no $k=2^m-1$ at $e_{\max}$", "natural"),
        Symbol(r"x_{\max}", "", "", "the largest number"),
        Symbol("q", "", "...", "gap between neighbours at x"),
        Symbol(r"\varepsilon", "", "", "machine epsilon: the gap between 1 and the next number"),
        Symbol("u", "", "", "unit roundoff"),
        Symbol(r"\delta", "", "", "relative error"),
    ),
    needs=(),
    source="ieee754",
    year=1985,
    people=("William Kahan", "Konrad Zuse", "James Wilkinson"),
    aliases="IEEE 754, machine epsilon, bfloat16, fp16, fp8, rounding, mixed precision, 浮点, 机器精度, 舍入误差, 半精度, 混合精度",
    implementations=(
        Implementation("gradus.foundations.floating_point:round_to_format", "numpy", None, "rounds once from float64"),
        Implementation("torch:Tensor.to", "torch", _torch, "what the hardware and PyTorch do"),
    ),
    readings="goldberg1991what; higham2002accuracy ch. 1–2; ieee754; micikevicius2022fp8",
    deviations=(
        "`Tensor.to` takes float64 to 16 and 8 bits by way of float32, and so rounds twice: $1+2^{-11}+2^{-30}$ "
        "becomes 1 in float16, though $1+2^{-10}$ is nearer. NumPy rounds once.",
        "Frameworks give the rounding the derivative 1, where it has 0 or none.",
    ),
    hypotheses=(
        Hypothesis(
            r"for the relative error: x lies in the normal range, $2^{e_{\min}}\le|x|\le x_{\max}$",
            "outside-the-normal-range",
        ),
        Hypothesis("for differences that are 0 only of equal numbers: there are subnormal numbers", "flushed-to-zero"),
        Hypothesis("one rounding, not two", "rounding-twice"),
    ),
    conventions=(
        Convention(
            "machine epsilon",
            r"the gap above 1, $\varepsilon=2^{-m}$, as in NumPy and PyTorch; half of it is u",
            "others (Demmel, LAPACK's manual) call u machine epsilon",
        ),
        Convention(
            "overflow of float8_e4m3fn, which has no infinity",
            "the largest number, 448, as in this PyTorch",
            "NaN in other versions and some hardware",
        ),
    ),
    proof=Proof(
        r"Between $2^e$ and $2^{e+1}$, for $e_{\min}\le e$ and up to $x_{\max}$, the numbers are $q=2^{e-m}$ apart, so "
        r"the nearest is at most $q/2$ away, and $\frac{q/2}{|x|}\le\frac{2^{e-m}}{2\cdot2^e}=\frac\varepsilon2$."
    ),
    differentiable=False,  # a staircase: its derivative is 0 or does not exist
    nonfinite="all",
)


@FLOATING_POINT.definition
def fl(x, format="float16"):
    w, m, infinite = FORMATS[format]
    e_min = 2 - 2 ** (w - 1)
    e_max = 2 ** (w - 1) - 1 if infinite else 2 ** (w - 1)
    largest = 2.0**e_max * (2 - (1 if infinite else 2) * 2.0**-m)  # e4m3fn: all ones is NaN
    e = np.maximum(np.frexp(x)[1] - 1, e_min)  # ⌊log₂|x|⌋
    q = np.ldexp(1.0, e - m)
    y = q * np.rint(x / q)  # rint: ties to even
    return np.where(np.abs(y) > largest, np.copysign(np.inf if infinite else largest, x), y)


@FLOATING_POINT.example
def example():
    x, format = np.array([0.1, 2049.0, 1e-8]), "float16"
    y = fl(x, format)
    q = np.ldexp(1.0, np.maximum(np.frexp(x)[1] - 1, -14) - 10)
    third = fl(np.array([2048.0 + 1.0]), format)
    return (
        dict(x=x, format=format, y=y, q=q, k=np.rint(x / q)[:2], relative=np.abs(y[:2] - x[:2]) / x[:2])
        | dict(u=2.0**-11, largest=65504.0, big=70000.0, over=fl(np.array([70000.0]), format)[0])
        | dict(smallest=2.0**-24, tenth=y[0], stuck=third[0], brain=fl(x[:2], "bfloat16"), brain_u=2.0**-8)
    )


@FLOATING_POINT.exercise
def last_odd_number():
    return number(2.0**11, spacing_two=2.0**12, bits_of_the_fraction=2.0**10, tolerance=1e-6)


@FLOATING_POINT.exercise
def learning_rate():
    weight, update = np.array([1.0]), 0.003
    after = fl(weight + update, "bfloat16")
    return choice(moves=after[0] > 1 and abs(after[0] - 1.003) < 1e-3, stays=after[0] == 1.0, jumps=after[0] > 1.005)


@FLOATING_POINT.cases
def cases(rng):
    for format in FORMATS:
        x = np.float32(rng.standard_normal(40) * 2.0 ** rng.integers(-24, 18, 40)).astype(float)
        yield f"many sizes, {format}", dict(x=x, format=format)
    yield "ties", dict(x=1 + np.arange(1, 12) * 2.0**-11, format="float16")
    yield "subnormal", dict(x=np.arange(-5, 6) * 2.0**-26, format="float16")
    yield "overflow", dict(x=np.array([65504.0, 65519.0, 65520.0, 1e6, -1e6, np.inf]), format="float16")
    yield ("overflow without infinity", dict(x=np.array([448.0, 463.0, 465.0, 1e9, -np.inf]), format="float8_e4m3fn"))
    yield "zeros and no number", dict(x=np.array([0.0, -0.0, np.nan]), format="bfloat16")
    yield "one number", dict(x=np.array(3.14159274101257324), format="float8_e5m2")
    yield "long", dict(x=np.float32(rng.standard_normal(1500)).astype(float), format="float16")


@FLOATING_POINT.invalid
def invalid(rng):
    yield "a format that does not exist", dict(x=np.ones(2), format="float7")


def experiment(fl, format):
    """Epsilon, largest, smallest normal and smallest number of a format, from rounding alone.

    Every search ends where float64 does, whatever the rounding.
    """
    value = lambda x: float(fl(np.array(x), format))
    epsilon = 1.0
    while epsilon > 2.0**-60 and value(1 + epsilon / 2) > 1:
        epsilon /= 2
    top = 1.0
    while top < 2.0**1023 and np.isfinite(value(2 * top)) and value(2 * top) == 2 * top:
        top *= 2
    largest, bit = top, top / 2  # add bits while they are kept
    while bit > 0 and bit >= top * epsilon:
        if value(largest + bit) == largest + bit:
            largest += bit
        bit /= 2
    normal = 1.0
    while normal > 2.0**-1022 and value(normal / 2 * (1 + epsilon)) == normal / 2 * (1 + epsilon):
        normal /= 2
    smallest = normal
    while value(smallest / 2) == smallest / 2 > 0:
        smallest /= 2
    return epsilon, largest, normal, smallest


@FLOATING_POINT.claim
def epsilon_by_experiment(fl, rng):
    r"""Halving until $1+\varepsilon/2$ rounds to 1 finds $\varepsilon=2^{-m}$: $2^{-52}$, $2^{-23}$, $2^{-10}$,
    $2^{-7}$, $2^{-2}$, $2^{-3}$; Python's own floats agree"""
    found = [experiment(fl, format)[0] for format in FORMATS]
    own = 1.0
    while 1 + own / 2 > 1:
        own /= 2
    exact = identical(np.array(found), 2.0 ** -np.array([m for _, m, _ in FORMATS.values()]))
    return all_of(exact, identical(own, 2.0**-52), identical(found[0], own))


@FLOATING_POINT.claim
def table_of_formats(fl, rng):
    """The table of the formats, found by rounding alone, is PyTorch's `finfo`: epsilon, largest, smallest normal and
    smallest number"""
    import torch

    for format in FORMATS:
        info = torch.finfo(getattr(torch, format))
        want = [info.eps, info.max, info.smallest_normal, info.smallest_normal * info.eps]
        yield identical(np.array(experiment(fl, format)), np.array(want))


@FLOATING_POINT.claim
def relative_error_at_most_u(fl, rng):
    r"""The relative error is at most $u=\varepsilon/2$ within the normal range, and comes near it"""
    for format in ("float32", "float16", "bfloat16", "float8_e5m2", "float8_e4m3fn"):
        w, m, _ = FORMATS[format]
        x = rng.uniform(1, 2, 4000) * 2.0 ** rng.integers(2 - 2 ** (w - 1), 2 ** (w - 1) - 1, 4000)
        worst = np.abs(fl(x, format) / x - 1).max()
        u = 2.0 ** -(m + 1)
        yield bound(worst, u, "≤", Text("u", "u"))
        yield bound(worst, 0.8 * u, "≥", Text("reached nearly", "几乎达到"))


def all_numbers(format):
    """Every finite number of an 8-bit format, decoded from its bits, in order."""
    w, m, infinite = FORMATS[format]
    values = set()
    for exponent in range(2**w):
        for k in range(2**m):
            if exponent == 2**w - 1 and (infinite or k == 2**m - 1):
                continue  # infinity and NaN
            value = (
                2.0 ** (2 - 2 ** (w - 1)) * k / 2**m
                if exponent == 0
                else 2.0 ** (exponent + 1 - 2 ** (w - 1)) * (1 + k / 2**m)
            )
            values |= {value, -value}
    return np.array(sorted(values))


@FLOATING_POINT.claim
def nearest_of_all(fl, rng):
    """No number of the format is nearer: beside all numbers of both 8-bit formats, decoded from their bits; a tie goes
    to the even fraction"""
    for format in ("float8_e5m2", "float8_e4m3fn"):
        numbers = all_numbers(format)
        x = rng.uniform(-1, 1, 500) * numbers[-1] * 2.0 ** -rng.integers(0, 16, 500)
        nearest = np.abs(x[:, None] - numbers).min(1)
        yield identical(np.abs(fl(x, format) - x), nearest)
        yield identical(fl(numbers, format), numbers)
        middle = (numbers[1:] + numbers[:-1]) / 2
        steps = np.searchsorted(numbers, fl(middle, format))
        zero = np.searchsorted(numbers, 0.0)
        yield identical((steps - zero) % 2, np.zeros(len(middle), int))  # even: every second from 0 on


@FLOATING_POINT.claim
def same_bits_as_hardware(fl, rng):
    """Bit for bit what NumPy gives in 16 and 32 bits from float64, and PyTorch in all formats from float32"""
    import torch

    x = rng.standard_normal(20_000) * 2.0 ** rng.integers(-60, 60, 20_000)
    single = x.astype(np.float32).astype(float)
    with np.errstate(over="ignore"):
        evidence = [identical(fl(x, f), x.astype(f).astype(float)) for f in ("float16", "float32")]
    for f in FORMATS:
        cast = torch.from_numpy(single).to(getattr(torch, f)).double().numpy()
        evidence.append(identical(fl(single, f), cast))
    return all_of(*evidence)


@FLOATING_POINT.claim
def rounding_twice(fl, rng):
    """Rounding twice is not rounding once: $1+2^{-11}+2^{-30}$ goes to $1+2^{-10}$ in float16, by way of float32
    to 1"""
    x = np.array(1 + 2.0**-11 + 2.0**-30)
    once, twice = fl(x, "float16"), fl(fl(x, "float32"), "float16")
    return identical(np.array([once, twice], float), np.array([1 + 2.0**-10, 1.0]))


@FLOATING_POINT.claim
def outside_the_normal_range(fl, rng):
    r"""Outside the normal range the relative error is not bounded by u: in float16 $2^{-26}$ becomes 0 ($\delta=-1$),
    $1.5\cdot2^{-24}$ becomes $2^{-23}$ ($\delta=\frac13$), and 65520 becomes infinite"""
    x = np.array([2.0**-26, 1.5 * 2.0**-24, 65520.0])
    return identical(fl(x, "float16"), np.array([0.0, 2.0**-23, np.inf]))


@FLOATING_POINT.claim
def differences_of_neighbours(fl, rng):
    r"""Thanks to subnormal numbers $x\ne y$ implies $\operatorname{fl}(x-y)\ne0$, and between $y/2$ and $2y$ the
    difference is exact (Sterbenz): all pairs of both 8-bit formats"""
    for format in ("float8_e5m2", "float8_e4m3fn"):
        numbers = all_numbers(format)
        x, y = np.meshgrid(numbers, numbers)
        difference = fl(x - y, format)
        yield identical((difference == 0) & (x != y), np.zeros(x.shape, bool))
        near = (x > 0) & (y > 0) & (x <= 2 * y) & (y <= 2 * x)
        yield identical(difference[near], (x - y)[near])


@FLOATING_POINT.claim
def addition_is_not_associative(fl, rng):
    r"""Addition is not associative: in float16 $(2048+1)+1=2048$ but $2048+(1+1)=2050$; in float64 $0.1+0.2\ne0.3$, in
    float32 they are equal"""
    add = lambda a, b, f: float(fl(np.array(a + b), f))
    left = add(add(2048.0, 1.0, "float16"), 1.0, "float16")
    right = add(2048.0, add(1.0, 1.0, "float16"), "float16")
    equal = []
    for f in ("float64", "float32"):
        a, b, c = (float(fl(np.array(v), f)) for v in (0.1, 0.2, 0.3))
        equal.append(float(add(a, b, f) == c))
    return identical(np.array([left, right, *equal]), np.array([2048.0, 2050.0, 0.0, 1.0]))


@FLOATING_POINT.mutant(
    caught_by="relative-error-at-most-u, nearest-of-all, same-bits-as-hardware, rounding-twice, equals-definition"
)
def truncated(x, format="float16"):
    """rounded towards zero"""
    y = fl(x, format)
    below = fl(x - (y - x), format)  # the neighbour on the other side of x
    return np.where(np.abs(y) > np.abs(x), np.where(np.abs(below) < np.abs(x), below, y), y)


@FLOATING_POINT.mutant(caught_by="epsilon-by-experiment, nearest-of-all, table-of-formats, addition-is-not-associative")
def ties_away(x, format="float16"):
    """ties away from zero"""
    return fl(x * (1 + 2.0**-52), format)


@FLOATING_POINT.mutant(caught_by="differences-of-neighbours, table-of-formats, nearest-of-all, equals-definition")
def flushed_to_zero(x, format="float16"):
    """small numbers flushed to 0: no subnormals"""
    return np.where(np.abs(x) < 2.0 ** (2 - 2 ** (FORMATS[format][0] - 1)), 0.0 * x, fl(x, format))


@FLOATING_POINT.mutant(
    caught_by="epsilon-by-experiment, relative-error-at-most-u, addition-is-not-associative, differences-of-neighbours"
)
def one_bit_too_few(x, format="float16"):
    """one bit too few"""
    w, m, _ = FORMATS[format]
    q = np.ldexp(1.0, np.maximum(np.frexp(x)[1] - 1, 2 - 2 ** (w - 1)) - m + 1)
    return fl(q * np.rint(x / q), format)


@FLOATING_POINT.mutant(caught_by="rounding-twice")
def by_way_of_float32(x, format="float16"):
    """by way of float32: rounded twice"""
    return fl(fl(x, "float32"), format) if format != "float64" else fl(x, format)


@FLOATING_POINT.mutant(caught_by="table-of-formats, same-bits-as-hardware, equals-definition, outside-the-normal-range")
def never_overflows(x, format="float16"):
    """the exponent is unlimited: nothing overflows"""
    q = np.ldexp(1.0, np.frexp(x)[1] - 1 - FORMATS[format][1])
    return q * np.rint(x / np.where(q == 0, 1.0, q))


@FLOATING_POINT.figure(
    format=Slider(0, 5, 3, "format: fp64, fp32, fp16, bf16, fp8 e5m2, fp8 e4m3", integer=True),
    x=Slider(1e-8, 1e6, 0.1, "number x", log=True),
)
def figure(format, x):
    name = list(FORMATS)[int(format)]
    t = np.logspace(-10, 8, 700)
    fig, (top, table) = canvas(rows=2, width=7.2, height=5.0)
    for k, other in enumerate(FORMATS):
        w, m, _ = FORMATS[other]
        gap = np.ldexp(1.0, np.maximum(np.frexp(t)[1] - 1, 2 - 2 ** (w - 1)) - m)
        gap = np.where(np.isfinite(fl(t, other)) & (np.abs(fl(t, other) - t) <= gap), gap, np.nan)
        top.loglog(t, gap, color=COLOURS[k], lw=2.2 if other == name else 0.9, label=other)
    top.axvline(x, color="#888888", lw=0.8)
    top.set(xlabel="x", ylabel="gap to the next number", ylim=(1e-27, 1e6))
    top.legend(frameon=False, fontsize=8.5, ncols=2, loc="upper left")
    rows = [[f"{v:.4g}" for v in experiment(fl, other)] for other in FORMATS]
    table.axis("off")
    drawn = table.table(
        rows,
        rowLabels=list(FORMATS),
        colLabels=["epsilon", "largest", "smallest normal", "smallest"],
        loc="center",
        cellLoc="right",
    )
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(9)
    drawn.scale(0.86, 1.25)
    for cell in drawn.get_celld().values():
        cell.set_facecolor("none")
    for k in range(5):
        cell = drawn[int(format) + 1, k - 1]
        cell.set_facecolor(COLOURS[int(format)] + "33")
    y = float(fl(np.array(x), name))
    e, largest, normal, smallest = experiment(fl, name)
    off = (
        Text(f"a relative error of {abs(y / x - 1):.2g}", f"相对误差 {abs(y / x - 1):.2g}")
        if np.isfinite(y)
        else Text("an overflow", "上溢")
    )
    words = Text(
        f"In {name} {x:.6g} becomes {y:.9g}, {off.en}; half of epsilon is {e / 2:.2g}. Its largest number is {largest:.5g}, full precision begins at {normal:.3g}, and {smallest:.3g} is the smallest.",
        f"在 {name} 中 {x:.6g} 变为 {y:.9g}，{off.zh}；机器精度的一半为 {e / 2:.2g}。最大数 {largest:.5g}，全精度始于 {normal:.3g}，最小数 {smallest:.3g}。",
    )
    return Drawing(fig, words)
