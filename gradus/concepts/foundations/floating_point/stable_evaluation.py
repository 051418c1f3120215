"""Stable evaluation: log-sum-exp, log1p, expm1 and hypot, finite and accurate where the formula as written is not."""

import functools
import math
from decimal import Decimal, localcontext

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

U = 2.0**-53


def _numpy(logaddexp, x, function):
    if function == "logsumexp":
        return logaddexp.reduce(x, axis=-1)
    return {"log1p": np.log1p, "expm1": np.expm1}[function](x) if function != "hypot" else np.hypot.reduce(x, axis=-1)


def _torch(logsumexp, x, function):
    import torch

    if function == "logsumexp":
        return logsumexp(x, dim=-1)
    if function == "hypot":
        return functools.reduce(torch.hypot, x.unbind(-1), x.new_zeros(x.shape[:-1]))
    return {"log1p": torch.log1p, "expm1": torch.expm1}[function](x)


STABLE = Concept(
    key="stable-evaluation",
    kind="algorithm",
    title="Numerically stable evaluation",
    summary=r"Four formulas that fail as they are written: $\log\sum e^{x_i}$ overflows, $\log(1+x)$ and $e^x-1$ lose "
    r"all digits near 0, $\sqrt{\sum x_i^2}$ overflows long before its value. Each has another form that does not, "
    "equal to it or right to a few roundings. Softmax losses and mixture likelihoods stand on the first, sigmoid losses on the second.",
    formulas=(
        r"\log\sum_{i=1}^{n}e^{x_i}=m+\log\sum_{i=1}^{n}e^{x_i-m},\qquad m=\max_ix_i",
        r"\log(1+x)\approx x\,\frac{\log v}{v-1},\quad v=\operatorname{fl}(1+x)\ne1;\qquad e^x-1\approx x\,\frac{v-1}{\log v},\quad v=\operatorname{fl}(e^x)\ne1;\qquad v=1:\ x",
        r"\sqrt{\textstyle\sum_{i=1}^{n}x_i^2}=m\sqrt{\textstyle\sum_{i=1}^{n}(x_i/m)^2},\qquad m=\max_i|x_i|>0",
    ),
    symbols=(
        Symbol("x", "x", "... n", "the arguments"),
        Symbol(
            r"\text{function}",
            "function",
            "",
            "`logsumexp` and `hypot` of the last axis, `log1p` and `expm1` of each entry",
            "other",
        ),
        Symbol("n", "", "", "how many", "natural"),
        Symbol("m", "", "...", "the largest, which is taken out"),
        Symbol("v", "", "... n", "an intermediate value as it is rounded"),
    ),
    needs=("floating-point",),
    source="higham2002accuracy",
    year=1980,
    people=("William Kahan", "Nicholas Higham"),
    aliases="log-sum-exp, logsumexp, overflow, underflow, log1p, expm1, 数值稳定性, 上溢, 下溢, 对数求和指数",
    implementations=(
        Implementation("numpy:logaddexp", "numpy", _numpy, "and `log1p`, `expm1`, `hypot`"),
        Implementation("torch:logsumexp", "torch", _torch, "and `log1p`, `expm1`, `hypot`"),
    ),
    readings="higham2002accuracy §1.14; blanchard2021accurately; goldberg1991what",
    hypotheses=(
        Hypothesis(
            r"the maximum m that is taken out is finite, and for the root not 0", "infinite-maximum, zero-maximum"
        ),
        Hypothesis(r"$v\ne1$: where v rounds to 1 the answer is x", "zero-by-zero"),
        Hypothesis(
            r"for the quotients: $|x|\le\tfrac12$; farther out the formulas as written lose nothing",
            "quotient-everywhere",
        ),
    ),
    deviations=(
        r"Of an empty axis the log-sum-exp is $-\infty$ in SciPy and PyTorch; the formula has no maximum there. Of "
        r"$-\infty$ alone it is $-\infty$: $m$ is then left out.",
        "`torch.linalg.vector_norm` does not scale: it overflows at $10^{200}$ in float64, where `hypot` does not.",
    ),
    proof=Proof(
        "Taking out $e^m$ leaves terms of at most 1, one of which is 1: nothing overflows, and what underflows is "
        r"below $nu$ of the sum. For the second, $|x|\le\frac12$: $v=1+x+\eta$ with $|\eta|\le u|1+x|$, and "
        r"$\log v/(v-1)$ varies slowly near 1: evaluated at $v$ instead of $1+x$ it changes by a relative $O(u)$, though "
        r"$v-1$ may be far from $x$. For $e^x-1$, $v=e^x(1+\delta)$ with $\delta=O(u)$ is $e^y$ with $y=x+O(u)$, and "
        r"$(v-1)/\log v=(e^y-1)/y$, whose logarithm has a slope between 0 and 1: again a relative $O(u)$. Where $v=1$, "
        r"$|x|=O(u)$, and x itself is right to $O(u)$. In the third no square is above 1, and one is 1."
    ),
    nonfinite="all",
)


@STABLE.definition
def stable_evaluation(x, function="logsumexp"):
    if function == "logsumexp":
        m = x.max(axis=-1, keepdims=True)
        m = np.where(np.isfinite(m), m, 0.0)  # ∞ − ∞ is no number
        with np.errstate(divide="ignore"):
            return m[..., 0] + np.log(np.exp(x - m).sum(axis=-1))
    if function == "hypot":
        m = np.abs(x).max(axis=-1, keepdims=True)
        m = np.where((m > 0) & np.isfinite(m), m, 1.0)
        return m[..., 0] * np.sqrt(((x / m) ** 2).sum(axis=-1))
    v = 1 + x if function == "log1p" else np.exp(x)
    whole = np.log(v) if function == "log1p" else v - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.log(v) / (v - 1)
    small = (v != 1) & (np.abs(x) < 0.5)
    return np.where(
        v == 1, x, np.where(small, x * np.where(small, ratio if function == "log1p" else 1 / ratio, 1), whole)
    )


@STABLE.example
def example():
    x = np.array([1000.0, 1001.0, 999.0])
    tiny = 1e-17
    small = 1e-10
    v = 1 + small
    return (
        dict(x=x, function="logsumexp", m=x.max(), shifted=x - x.max(), terms=np.exp(x - x.max()))
        | dict(total=np.exp(x - x.max()).sum(), y=stable_evaluation(x), small=small, v_less_one=v - 1)
        | dict(naive=np.log(v), log1p=stable_evaluation(np.array([small]), "log1p")[0], tiny=tiny)
        | dict(tiny_naive=np.log(1 + tiny), legs=np.array([3e200, 4e200]))
        | dict(hypot=stable_evaluation(np.array([3e200, 4e200]), "hypot"), off=abs(np.log(v) - small) / small)
    )


@STABLE.exercise
def which_shift():
    wide = np.array([0.0, -3000.0])

    def right(m):
        with np.errstate(over="ignore"):
            return bool(np.isclose(m + np.log(np.exp(wide - m).sum()), 0.0))

    return choice(any_shift=right(wide.mean()), maximum=right(wide.max()), minimum=right(wide.min()))


@STABLE.exercise
def two_equal_logits():
    y = stable_evaluation(np.array([700.0, 700.0]))
    return number(y, forgot_the_log=702.0, average=700.0, tolerance=1e-4)


@STABLE.cases
def cases(rng):
    yield "random logsumexp", dict(x=rng.standard_normal((3, 7)), function="logsumexp")
    yield "random hypot", dict(x=rng.standard_normal((2, 3, 5)), function="hypot")
    yield "small log1p", dict(x=rng.uniform(-1, 1, 9) * 10.0 ** -rng.integers(0, 12, 9), function="log1p")
    yield "small expm1", dict(x=rng.uniform(-1, 1, 9) * 10.0 ** -rng.integers(0, 12, 9), function="expm1")
    # far apart: a step of relative size h moves them by 1000h, too coarse for differences where two nearly tie
    yield "large logsumexp", dict(x=np.array([1000.0, 900.0, -1000.0]), function="logsumexp")
    yield "nothing left", dict(x=np.array([-np.inf, -np.inf]), function="logsumexp")
    yield "one entry", dict(x=np.array([[3.0], [-4.0]]), function="hypot")
    for function in ("logsumexp", "hypot", "log1p", "expm1"):
        yield f"long {function}", dict(x=rng.uniform(-0.9, 0.9, 1500), function=function)
    yield "square logsumexp", dict(x=rng.standard_normal((4, 4)), function="logsumexp")


@STABLE.invalid
def invalid(rng):
    yield "a function that does not exist", dict(x=np.ones(3), function="log2p")


def exact(function, x):
    """The value in 60 decimal digits."""
    with localcontext() as context:
        context.prec = 60
        d = [Decimal(float(v)) for v in x]
        if function == "logsumexp":
            return float(sum(v.exp() for v in d).ln())
        if function == "hypot":
            return float(sum(v * v for v in d).sqrt())
        return float((1 + d[0]).ln()) if function == "log1p" else float(d[0].exp() - 1)


@STABLE.claim
def finite_where_naive_is_not(f, rng):
    r"""Finite where the naive form is not: $\log(e^{1000}+e^{1000})=1000+\log2$, at $-1000$ likewise;
    $\sqrt{(3\cdot10^{200})^2+(4\cdot10^{200})^2}=5\cdot10^{200}$, at $10^{-200}$ likewise"""
    with np.errstate(over="ignore", divide="ignore", under="ignore"):
        naive = [
            np.log(np.exp(1000.0) * 2),
            np.log(np.exp(-1000.0) * 2),
            np.sqrt(np.float64(3e200) ** 2),
            np.sqrt(np.float64(3e-200) ** 2),
        ]
    fails = identical(np.array(naive), np.array([np.inf, -np.inf, np.inf, 0.0]))
    got = [f(np.array([s, s]), "logsumexp") for s in (1000.0, -1000.0)]
    got += [f(np.array([3.0, 4.0]) * s, "hypot") / s for s in (1e200, 1e-200)]
    yield fails
    yield roundoff(np.array(got, float), np.array([1000 + np.log(2), -1000 + np.log(2), 5.0, 5.0]), terms=2)


@STABLE.claim
def all_digits_near_zero(f, rng):
    r"""All digits near 0: beside 60 decimal digits, $\log(1+x)$ and $e^x-1$ err by at most $8u$ relatively for
    $\lvert x\rvert$ from $10^{-17}$ to 1; at $10^{-17}$ the formulas as written lose every digit"""
    x = rng.uniform(0.3, 1.0, 60) * 10.0 ** rng.uniform(-17, 0, 60) * rng.choice([-0.99, 1.0], 60)
    x[0] = 1e-17  # whatever is drawn: here every digit is lost
    for function, naive in (("log1p", np.log(1 + x)), ("expm1", np.exp(x) - 1)):
        want = np.array([exact(function, [v]) for v in x])
        got = np.asarray(f(x, function), float)
        yield bound(np.abs(got / want - 1).max(), 8 * U, "≤")
        yield bound(np.abs(naive / want - 1).max(), 0.5, "≥", Text("as written", "按原式"))


@STABLE.claim
def accurate_at_every_size(f, rng):
    r"""Beside 60 decimal digits the log-sum-exp of numbers from $-900$ to $900$ errs by a few $u(1+\max|x_i|)$; relatively
    the norm of numbers from $10^{-250}$ to $10^{250}$ errs by a few u, and so do $e^x-1$ from $-900$ to 700 and $\log(1+x)$ up to $10^{300}$"""
    for power in np.linspace(-2, 2.95, 12):
        x = rng.uniform(-1, 1, 8) * 10.0**power
        x[0] = 10.0**power
        yield roundoff(float(f(x, "logsumexp")), exact("logsumexp", x), terms=4, scale=float(np.abs(x).max()) + 1)
        y = rng.standard_normal(8) * 10.0 ** (rng.uniform(-247, 247) + rng.uniform(-3, 3, 8))
        yield roundoff(float(f(y, "hypot")), exact("hypot", y), terms=8)
    far = {"expm1": np.array([-900.0, -40.0, -2.0, 3.0, 700.0]), "log1p": np.array([-0.9, 2.0, 1e20, 1e300])}
    for function, x in far.items():
        want = np.array([exact(function, [v]) for v in x])
        yield bound(np.abs(np.asarray(f(x, function), float) / want - 1).max(), 8 * U, "≤")


@STABLE.claim
def a_soft_maximum(f, rng):
    r"""$\max_ix_i\le\log\sum e^{x_i}\le\max_ix_i+\log n$, with equality on the right for equal numbers; shifting all
    by c shifts it by c"""
    x = rng.standard_normal((50, 6)) * 10.0 ** rng.uniform(-1, 2.5, (50, 1))
    y, top = np.asarray(f(x, "logsumexp"), float), x.max(-1)
    slack = 8 * U * np.abs(top).max()
    yield bound((top - y).max(), slack, "≤")
    yield bound((y - top).max(), np.log(6) + slack, "≤")
    yield roundoff(float(f(np.full(6, 2.5), "logsumexp")), 2.5 + np.log(6), terms=6)
    yield roundoff(np.asarray(f(x + 500, "logsumexp"), float), y + 500, terms=6, scale=1000.0)


@STABLE.claim
def infinities(f, rng):
    r"""Infinities: $\log\sum e^{x_i}$ of $-\infty$ alone is $-\infty$, with one finite number that number, with
    $+\infty$ it is $+\infty$; never NaN"""
    rows = np.array([[-np.inf, -np.inf], [-np.inf, 3.0], [np.inf, 3.0], [np.inf, -np.inf]])
    return identical(np.asarray(f(rows, "logsumexp"), float), np.array([-np.inf, 3.0, np.inf, np.inf]))


@STABLE.claim
def zeros_and_tiny_numbers(f, rng):
    r"""At 0 all four stand: the norm of zeros is 0, $\log(1+0)=e^0-1=0$, and for $-\frac u2<x<u$, where $1+x$ rounds to
    1, both are x"""
    x = np.array([0.0, 1e-17, -1e-17, 1e-300])
    yield identical(np.asarray(f(np.zeros((2, 3)), "hypot"), float), np.zeros(2))
    for function in ("log1p", "expm1"):
        yield identical(np.asarray(f(x, function), float), x)
    yield roundoff(float(f(np.zeros(4), "logsumexp")), np.log(4), terms=4)


@STABLE.claim
def sigmoid_loss(f, rng):
    r"""The loss of a sigmoid,
    $\log(1+e^{-z})=\operatorname{log1p}(e^{-|z|})+\max(-z,0)$, keeps all its digits at $z=40$, where $1+e^{-40}=1$; as
    $\operatorname{logsumexp}(0,-z)$ it is sure only to the rounding of $1+|z|$"""
    z = np.array([-700.0, -40.0, -1.0, 0.0, 1.0, 40.0, 90.0])
    got = np.asarray(f(np.exp(-np.abs(z)), "log1p"), float) + np.maximum(-z, 0)
    pair = np.asarray(f(np.stack([np.zeros(7), -z], -1), "logsumexp"), float)
    want = np.array([exact("logsumexp", [0.0, -v]) for v in z])
    yield bound(np.abs(got / want - 1).max(), 8 * U, "≤")
    yield roundoff(pair, want, terms=2, scale=1.0 + float(np.abs(z).max()))
    yield identical(float(np.log(1 + np.exp(-40.0))), 0.0)


@STABLE.mutant(caught_by="finite-where-naive-is-not, accurate-at-every-size, a-soft-maximum, equals-definition")
def naive_logsumexp(x, function="logsumexp"):
    """log-sum-exp as it is written"""
    if function != "logsumexp":
        return stable_evaluation(x, function)
    with np.errstate(all="ignore"):
        return np.log(np.exp(x).sum(axis=-1))


@STABLE.mutant(caught_by="all-digits-near-zero, sigmoid-loss")
def naive_log1p(x, function="logsumexp"):
    """the logarithm of 1 + x as it is written"""
    return np.log(1 + x) if function == "log1p" else stable_evaluation(x, function)


@STABLE.mutant(caught_by="all-digits-near-zero")
def naive_expm1(x, function="logsumexp"):
    """eˣ − 1 as it is written"""
    return np.exp(x) - 1 if function == "expm1" else stable_evaluation(x, function)


@STABLE.mutant(caught_by="all-digits-near-zero")
def zero_by_zero(x, function="logsumexp"):
    """v = 1 is no exception: 0/0 for x between −u/2 and u"""
    if function not in ("log1p", "expm1"):
        return stable_evaluation(x, function)
    with np.errstate(all="ignore"):
        v = 1 + x if function == "log1p" else np.exp(x)
        return x * np.log(v) / (v - 1) if function == "log1p" else x * (v - 1) / np.log(v)


@STABLE.mutant(caught_by="accurate-at-every-size")
def quotient_everywhere(x, function="logsumexp"):
    r"""the quotient also far from 0: at −900 it is 0, not −1"""
    if function not in ("log1p", "expm1"):
        return stable_evaluation(x, function)
    with np.errstate(all="ignore"):
        v = 1 + x if function == "log1p" else np.exp(x)
        ratio = np.log(v) / (v - 1)
        return np.where(v == 1, x, x * (ratio if function == "log1p" else 1 / ratio))


@STABLE.mutant(caught_by="zeros-and-tiny-numbers")
def zero_maximum(x, function="logsumexp"):
    """the norm divides by its largest entry, also where that is 0"""
    if function != "hypot":
        return stable_evaluation(x, function)
    with np.errstate(all="ignore"):
        m = np.abs(x).max(axis=-1)
        return m * np.sqrt(((x / m[..., None]) ** 2).sum(axis=-1))


@STABLE.mutant(caught_by="finite-where-naive-is-not, accurate-at-every-size")
def naive_hypot(x, function="logsumexp"):
    """the norm without scaling"""
    with np.errstate(all="ignore"):
        return np.sqrt((x**2).sum(axis=-1)) if function == "hypot" else stable_evaluation(x, function)


@STABLE.mutant(caught_by="equals-definition, a-soft-maximum, finite-where-naive-is-not, accurate-at-every-size")
def not_put_back(x, function="logsumexp"):
    """the maximum taken out and not put back"""
    y = stable_evaluation(x, function)
    return y - x.max(axis=-1) if function == "logsumexp" else y


@STABLE.mutant(caught_by="infinities, equals-definition")
def infinite_maximum(x, function="logsumexp"):
    """an infinite maximum taken out: ∞ − ∞"""
    if function != "logsumexp":
        return stable_evaluation(x, function)
    with np.errstate(invalid="ignore"):
        m = x.max(axis=-1)
        return m + np.log(np.exp(x - m[..., None]).sum(axis=-1))


@STABLE.figure(exponent=Slider(-17, 0, -9, "power of ten of x"), shift=Slider(0, 1000, 720, "shift of the logits"))
def figure(exponent, shift):
    t = np.logspace(-17, 0, 400)
    want = np.log1p(t)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    left.loglog(t, np.maximum(np.abs(np.log(1 + t) / want - 1), 1e-17), lw=0.8, label="log(1 + x)")
    left.loglog(
        t, np.maximum(np.abs(stable_evaluation(t, "log1p") / want - 1), 1e-17), lw=0.8, label="x log v / (v − 1)"
    )
    x = 10.0**exponent
    left.axvline(x, color=COLOURS[6], lw=0.8)
    left.set(xlabel="x", title="relative error", ylim=(1e-17, 10))
    left.legend(frameon=False, fontsize=9.5, loc="upper right")
    s = np.linspace(-1000, 1000, 401)
    with np.errstate(all="ignore"):
        naive = np.log(np.exp(s) + np.exp(s - 1))
    right.plot(s, stable_evaluation(np.stack([s, s - 1], -1)), lw=1.4, color=COLOURS[1], label="stable")
    finite = np.isfinite(naive)
    right.plot(s[finite], naive[finite], lw=6, color=COLOURS[0], label="as written: −∞ and ∞ outside", alpha=0.4)
    right.axvline(shift, color=COLOURS[6], lw=0.8)
    right.set(xlabel="s", title="log(eˢ + eˢ⁻¹)")
    right.legend(frameon=False, fontsize=9.5)
    lost = abs(math.log(1 + x) / math.log1p(x) - 1)
    value = float(stable_evaluation(np.array([shift, shift - 1])))
    with np.errstate(over="ignore"):
        finite = np.isfinite(np.exp(shift) + np.exp(shift - 1))
    said = ("is finite too", "也是有限的") if finite else ("is infinite", "为无穷")
    words = Text(
        f"At x = {x:.2g} the formula log(1 + x) as written errs by {lost:.2g} relatively. With logits shifted by {shift:.0f} the log-sum-exp is {value:.4f}; as written it {said[0]}.",
        f"在 x = {x:.2g} 处，按原式计算的 log(1 + x) 相对误差为 {lost:.2g}。logits 平移 {shift:.0f} 时 log-sum-exp 为 {value:.4f}；按原式则{said[1]}。",
    )
    return Drawing(fig, words)
