"""Learning-rate schedules in closed form: step, cosine, 1/√t, each with a warm-up."""

from inspect import signature

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(SequentialLR, t, alpha, total, kind, warmup, every, gamma, floor):
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, StepLR

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=float(alpha))
    after = {
        "constant": lambda: LambdaLR(optimizer, lambda k: 1.0),
        "step": lambda: StepLR(optimizer, int(every), float(gamma)),
        "cosine": lambda: CosineAnnealingLR(optimizer, int(total - warmup), float(floor)),
        "root": lambda: LambdaLR(optimizer, lambda k: (max(warmup, 1) / (k + warmup + 1)) ** 0.5),
    }[kind]()
    schedule = after
    if warmup:
        rise = LinearLR(optimizer, 1 / int(warmup), 1.0, max(int(warmup) - 1, 1))
        schedule = SequentialLR(optimizer, [rise, after], [int(warmup)])
    last = int(t.max()) if len(t) else 0
    sizes = []
    for k in range(last + 1):
        sizes.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if kind != "cosine" or k < total:  # beyond its end PyTorch's cosine would rise again
            schedule.step()
    return torch.tensor([float(s) for s in sizes], dtype=torch.float64, device=t.device)[t]


def _step_by_step(function):
    """The bridge of a function of one step's number, as training loops call it; None for a function of many."""
    try:
        if np.ndim(function(3, 0.5, 20)):
            return None
    except Exception:
        return None
    try:
        of_many = np.shape(function(np.arange(3), 0.5, 20)) == (3,)
    except Exception:
        of_many = False
    return None if of_many else _one_by_one


def _one_by_one(function, t, **options):
    from gradus.frameworks.signatures import parameters_of, passed

    required, named = passed(function.__name__, parameters_of(function), signature(schedule), {"t": None, **options})
    return np.array([float(function(int(k), *required[1:], **named)) for k in t])


SCHEDULES = Concept(
    key="schedules",
    kind="definition",
    title="Learning-rate schedules",
    summary=r"How the step size changes in the course of a training: a short rise, the warm-up, and then a fall, in steps, along a cosine, "
    r"or like $1/\sqrt t$. A large step size covers the way, a small one quiets the noise; a schedule gives both, one after the other.",
    formulas=(
        r"\alpha_t=\alpha\,\frac{t+1}{w}\qquad(t<w)",
        r"\text{step:}\quad\alpha_t=\alpha\,\gamma^{\lfloor(t-w)/s\rfloor}\qquad(t\ge w)",
        r"\text{cosine:}\quad\alpha_t=\alpha_{\min}+\frac{\alpha-\alpha_{\min}}2\Bigl(1+\cos\frac{\pi\,(\min(t,T)-w)}{T-w}\Bigr)\qquad(t\ge w)",
        r"\text{root:}\quad\alpha_t=\alpha\,\sqrt{\frac{\max(w,1)}{t+1}}\qquad(t\ge w)",
        r"\text{Robbins, Monro:}\quad\sum_{t=0}^\infty\alpha_t=\infty,\qquad\sum_{t=0}^\infty\alpha_t^2<\infty",
    ),
    symbols=(
        Symbol("t", "t", "n", "steps that have been made before; 0 for the first", "natural"),
        Symbol(r"\alpha", "alpha", "", "largest step size", "positive"),
        Symbol(
            "T",
            "total",
            "",
            "number of steps of the whole run, its warm-up included; for the cosine more than w",
            "natural",
        ),
        Symbol(
            r"\alpha_t",
            "kind",
            "",
            "step size after t steps, by its kind: `constant`, `step`, `cosine` or `root`",
            "other",
        ),
        Symbol("w", "warmup", "", "number of steps of the warm-up; 0 for none", "natural"),
        Symbol("s", "every", "", "steps between two drops", "natural"),
        Symbol(r"\gamma", "gamma", "", "factor of a drop", "unit"),
        Symbol(r"\alpha_{\min}", "floor", "", "step size at the end of the cosine", "nonnegative"),
    ),
    needs=("gradient-descent", "sgd"),
    source="loshchilov2017sgdr",
    year=1951,
    people=("Herbert Robbins", "Sutton Monro", "Ilya Loshchilov", "Frank Hutter"),
    aliases="learning rate schedule, learning rate decay, learning rate scheduler, lr scheduler, step decay, cosine annealing, "
    "cosine decay, warm-up, warmup, inverse square root schedule, Noam schedule, "
    "学习率调度, 学习率衰减, 余弦退火, 预热, 学习率预热, 阶梯衰减",
    implementations=(
        Implementation(
            "torch.optim.lr_scheduler:SequentialLR",
            "torch",
            _torch,
            "`LinearLR` for the warm-up, then `StepLR`, `CosineAnnealingLR` or `LambdaLR`",
        ),
    ),
    other_form=_step_by_step,
    readings="loshchilov2017sgdr §3, eq. 5; robbins1951stochastic §2; goyal2017accurate §2.2; vaswani2017attention §5.3; "
    "bottou2018optimization §4.2; goodfellow2016deep §8.3.1",
    hypotheses=(
        Hypothesis("the noise floors: a quadratic, and noise of one variance everywhere", "noise-floor-at-the-end"),
        Hypothesis(
            r"every distance can be covered: the step sizes have an infinite sum", "a-step-schedule-goes-only-so-far"
        ),
        Hypothesis(
            "the guarantee of Robbins and Monro: the squares of the step sizes have a finite sum",
            "one-over-root-t-is-not-robbins-monro",
        ),
    ),
    conventions=(
        Convention(
            "where the warm-up begins",
            r"at $\alpha/w$, as in PyTorch's `LinearLR` with `start_factor=1/w`, `total_iters=w-1`, and in Vaswani et al.",
            "at 0 in many training scripts (`t/w` from `t = 0`, Optax with `init_value=0`): the first step moves nothing",
        ),
        Convention(
            "beyond the end",
            "the cosine stays at its floor, as in Optax",
            "PyTorch's `CosineAnnealingLR` rises again after `T_max` steps",
        ),
        Convention(
            "what is counted",
            "optimiser steps, from 0",
            "papers often count from 1; PyTorch counts the calls of `scheduler.step()`, after batches or after epochs",
        ),
        Convention(
            "the length of the cosine",
            r"$T-w$, so that warm-up and cosine are $T$ steps together; Optax's `decay_steps` is this $T$",
            "PyTorch's `T_max` is the length of the cosine alone",
        ),
    ),
    deviations=("`CosineAnnealingLR` rises again beyond `T_max`; it is called no further here.",),
    differentiable=False,
    longest_sum=8,
)


@SCHEDULES.definition
def schedule(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    w = max(warmup, 1)
    since = np.maximum(t - warmup, 0)  # steps since the warm-up
    if kind == "constant":
        after = alpha * np.ones(len(t))
    elif kind == "step":
        after = alpha * gamma ** (since // every)
    elif kind == "cosine":
        angle = np.pi * np.minimum(since, total - warmup) / (total - warmup)
        after = floor + (alpha - floor) / 2 * (1 + np.cos(angle))
    elif kind == "root":
        after = alpha * np.sqrt(w / (t + 1))
    else:
        raise ValueError(f"kind: expected constant, step, cosine or root, got {kind!r}")
    return np.where(t < warmup, alpha * (t + 1) / w, after)  # (n,)


KINDS = ("constant", "step", "cosine", "root")


@SCHEDULES.example
def example():
    t, alpha, total, warmup = np.arange(9), 0.8, 8, 2
    cosine = schedule(t, alpha, total, warmup=warmup)
    return (
        dict(t=t, alpha=alpha, total=total, kind="cosine", warmup=warmup, every=2, gamma=0.5, floor=0.0, cosine=cosine)
        | dict(step=schedule(t, alpha, total, "step", warmup, 2, 0.5), root=schedule(t, alpha, total, "root", warmup))
        | dict(sum_cosine=cosine[2:8].sum(), half=alpha / 2)
    )


@SCHEDULES.exercise
def a_quarter_of_the_way():
    value = schedule(np.array([250]), 1.0, 1000)[0]
    return number(value, linear=0.75, not_halved=np.cos(np.pi / 4), half_way=0.5)


@SCHEDULES.exercise
def robbins_and_monro():
    t = np.arange(10**6)

    def holds(sizes):
        total, squares = np.cumsum(sizes), np.cumsum(sizes**2)
        return total[-1] > 1.5 * total[999] and squares[-1] < squares[999] + 0.01

    return choice(
        constant=holds(schedule(t, 1.0, 1, "constant")),
        root=holds(schedule(t, 1.0, 1, "root")),
        inverse=holds(schedule(t, 1.0, 1, "root") ** 2),
    )


@SCHEDULES.exercise
def the_farthest_point():
    way = schedule(np.arange(3000), 0.1, 3000, "step", every=100, gamma=0.1).sum()
    return number(way, first_stage=10.0, two_stages=11.0)


@SCHEDULES.cases
def cases(rng):
    t = np.arange(25)
    yield "a cosine", dict(t=t, alpha=0.5, total=20)
    yield "a cosine with warm-up and floor", dict(t=t, alpha=0.5, total=20, warmup=4, floor=0.125)
    yield "steps", dict(t=t, alpha=2.0, total=25, kind="step", every=7, gamma=0.5)
    yield "steps after a warm-up", dict(t=t, alpha=0.25, total=25, kind="step", warmup=3, every=5, gamma=0.1)
    yield "one over root t", dict(t=t, alpha=1.0, total=25, kind="root")
    yield "one over root t after a warm-up", dict(t=t, alpha=1.0, total=25, kind="root", warmup=8)
    yield "a constant after a warm-up of one step", dict(t=t, alpha=0.75, total=25, kind="constant", warmup=1)
    yield "single steps, out of order", dict(t=rng.permutation(40)[:9], alpha=0.5, total=30, warmup=5)
    yield "a run of one step", dict(t=np.arange(3), alpha=0.5, total=1, floor=0.25)
    yield "no step asked for", dict(t=np.arange(0), alpha=0.5, total=10)


@SCHEDULES.invalid
def invalid(rng):
    yield "a kind that does not exist", dict(t=np.arange(3), alpha=0.1, total=3, kind="cosinus")


@SCHEDULES.claim
def cosine_from_top_to_floor(schedule, rng):
    r"""The cosine starts at $\alpha$, is half way down at half time and ends at its floor; what it has lost after $t$ steps it has yet to lose
    $t$ steps before the end, so that its mean over $w,\dots,T$ is $(\alpha+\alpha_{\min})/2$"""
    t = np.arange(10, 111)
    for floor in (0.0, 0.1):
        sizes = schedule(t, 0.7, 110, "cosine", 10, floor=floor)
        # an implementation may go from step to step: 100 factors
        yield roundoff(sizes[[0, 50, 100]], [0.7, (0.7 + floor) / 2, floor], terms=100)
        yield roundoff(sizes + sizes[::-1], np.full(101, 0.7 + floor), terms=100)
        yield roundoff(sizes.mean(), (0.7 + floor) / 2, terms=101)


@SCHEDULES.claim
def cosine_is_flat_at_both_ends(schedule, rng):
    r"""At both ends the cosine is flat: without a warm-up and with the floor 0 the first and the last step lower it by about
    $\pi^2\alpha/4T^2$ only, one in the middle by $\pi\alpha/2T$"""
    sizes, first, last, middle = [64, 128, 256, 512], [], [], []
    for T in sizes:
        a = schedule(np.arange(T + 1), 1.0, T)
        first.append(a[0] - a[1])
        last.append(a[T - 1] - a[T])
        middle.append((a[T // 2 - 1] - a[T // 2 + 1]) / 2)
    T = sizes[-1]
    why = Text("the next term of the series, (π/T)²", "级数的下一项 (π/T)²")
    yield rate(sizes, first, -2, 0.01)
    yield rate(sizes, last, -2, 0.01)
    yield rate(sizes, middle, -1, 0.01)
    yield near(first[-1] * 4 * T**2 / np.pi**2, 1.0, (np.pi / T) ** 2, why)
    yield near(middle[-1] * 2 * T / np.pi, 1.0, (np.pi / T) ** 2, why)


@SCHEDULES.claim
def cosine_stays_at_its_floor(schedule, rng):
    r"""Beyond its end the cosine stays at its floor; at step $T-1$, the last of the run, it is still above it"""
    sizes = schedule(np.arange(99, 240), 0.5, 100, "cosine", 20, floor=0.05)
    yield roundoff(sizes[1:], np.full(140, 0.05), terms=80)  # at the end 1 + cos π is all rounding
    yield roundoff(sizes[0] - 0.05, 0.225 * (1 - np.cos(np.pi / 80)), terms=80, scale=0.5)


@SCHEDULES.claim
def steps_fall_at_multiples(schedule, rng):
    r"""The step schedule is $\alpha$ for the first $s$ steps after the warm-up, then $\alpha\gamma$ for $s$, and so on: never below
    $\alpha\gamma^{(t-w)/s}$, always below the $1/\gamma$-fold of it"""
    w, s, gamma = 6, 9, 0.3
    t = np.arange(w, w + 5 * s)
    sizes = schedule(t, 0.8, 100, "step", w, s, gamma)
    yield roundoff(sizes, np.repeat(0.8 * np.array([1, 0.3, 0.09, 0.027, 0.0081]), s), terms=5)
    ratio = sizes / (0.8 * gamma ** ((t - w) / s))
    yield bound(ratio.min(), 1 - 1e-12, "≥", Text("the exponential below it", "下方的指数曲线"))
    yield bound(ratio.max(), 1 / gamma, "≤", Text("the exponential above it", "上方的指数曲线"))


@SCHEDULES.claim
def warm_up_rises_in_equal_steps(schedule, rng):
    r"""The warm-up rises from $\alpha/w$ in equal steps to $\alpha$, in its last step, $t=w-1$, whatever follows; it covers as much as
    $(w+1)/2$ full steps"""
    for kind in KINDS:
        rise = schedule(np.arange(12), 0.6, 40, kind, 12, 5)
        yield roundoff(rise, 0.05 * np.arange(1, 13), terms=12)
        yield roundoff(rise.sum(), 0.6 * 13 / 2, terms=12)
        yield bound(schedule(np.arange(40), 0.6, 40, kind, 12, 5).max(), 0.6)


@SCHEDULES.claim
def root_is_vaswanis_formula(schedule, rng):
    r"""With $\alpha=1/\sqrt{dw}$ the root schedule with warm-up is $d^{-1/2}\min\bigl(n^{-1/2},\,n\,w^{-3/2}\bigr)$ for the $n$-th step
    (Vaswani et al.)"""
    d, w, n = 512, 400, np.arange(1, 3001)
    want = d**-0.5 * np.minimum(n**-0.5, n * float(w) ** -1.5)
    # an implementation may multiply from step to step: w factors
    return roundoff(schedule(n - 1, (d * w) ** -0.5, 3000, "root", w), want, terms=w)


@SCHEDULES.claim
def a_step_size_depends_on_its_step_alone(schedule, rng):
    """A schedule has no memory: each step size depends on its own step alone, asked for in any order, once or twice; a run that is
    resumed needs to know only where it stands"""
    t = np.arange(60)
    order = rng.integers(0, 60, 80)
    for kind in KINDS:
        whole = schedule(t, 0.5, 50, kind, 7, 8, 0.5)
        yield identical(schedule(order, 0.5, 50, kind, 7, 8, 0.5), whole[order])
        yield identical(schedule(np.array([33]), 0.5, 50, kind, 7, 8, 0.5), whole[[33]])


@SCHEDULES.claim
def proportional_to_alpha(schedule, rng):
    r"""A schedule is a shape: all step sizes are proportional to $\alpha$ (and to the floor with it)"""
    t = np.arange(50)
    for kind in KINDS:
        unit = schedule(t, 1.0, 45, kind, 5, 10, 0.5, floor=0.1)
        yield invariance(schedule(t, 1e-4, 45, kind, 5, 10, 0.5, floor=1e-5) / 1e-4, unit, terms=4)


@SCHEDULES.claim
def a_step_schedule_goes_only_so_far(schedule, rng):
    r"""All steps of a step schedule without a warm-up come to $\alpha s/(1-\gamma)$ together: with gradients of 1 it moves no farther, ever;
    those of $1/\sqrt t$ grow like $2\alpha\sqrt T$ beyond every limit"""
    t = np.arange(4096)
    way = schedule(t, 0.1, 4096, "step", every=100, gamma=0.5).sum()
    yield bound(way, 20.0)
    yield roundoff(way, 20.0, terms=4096)
    sums = np.cumsum(schedule(t, 1.0, 4096, "root"))
    yield rate([512, 1024, 2048, 4096], sums[[511, 1023, 2047, 4095]] + 1.4603545, 0.5, 1e-3)  # 2√T + ζ(½) + …


@SCHEDULES.claim
def one_over_root_t_is_not_robbins_monro(schedule, rng):
    r"""The conditions of Robbins and Monro are not met by $1/\sqrt t$: its squares sum like $\alpha^2\ln T$, so that each doubling of $T$ adds
    $\alpha^2\ln2$; a constant fails them as well"""
    squares = np.cumsum(schedule(np.arange(2**14), 0.5, 2**14, "root") ** 2)
    gains = np.diff(squares[2 ** np.arange(10, 15) - 1]) / 0.25
    why = Text("1/4T, the next term of the harmonic sum", "调和和的下一项 1/4T")
    yield all_of(*[near(gain, np.log(2), 2.0**-11, why) for gain in gains])
    constant = np.cumsum(schedule(np.arange(2**14), 0.5, 2**14, "constant") ** 2)
    yield bound(constant[-1] / constant[2**13 - 1], 2 - 1e-9, "≥", Text("T of them", "共 T 项"))


def variance(sizes, start=1.0):
    """E θ² after each step of descent on ½θ² with unit noise in the gradient: (1 − α)² E θ² + α²."""
    out, v = [], start
    for a in sizes:
        v = (1 - a) ** 2 * v + a**2
        out.append(v)
    return np.array(out)


@SCHEDULES.claim
def noise_floor_at_the_end(schedule, rng):
    r"""On $\tfrac12\theta^2$ with unit noise in the gradient, $\mathbb E\,\theta^2$ after $T$ steps from $\alpha=\tfrac12$ falls like $T^{-1/2}$
    for $1/\sqrt t$, like $T^{-2/3}$ for a cosine to 0, and stays at $\alpha/(2-\alpha)$ for a constant"""
    lengths = [1000, 2000, 4000, 8000]

    def ends(kind):
        return [variance(schedule(np.arange(T), 0.5, T, kind))[-1] for T in lengths]

    yield rate(lengths, ends("root"), -0.5, 0.02)
    yield rate(lengths, ends("cosine"), -2 / 3, 0.02)
    yield roundoff(ends("constant"), np.full(4, 1 / 3), terms=50)


@SCHEDULES.claim
def each_drop_takes_longer(schedule, rng):
    r"""Each drop by ten lowers the floor tenfold but takes ten times as long: with $\alpha=0.1$ and $s=1000$, on
    $\tfrac12\theta^2$ with unit noise in the gradient, $\mathbb E\,\theta^2$ is 0.0526, 0.00503 after 1000 steps each, but 0.00111 in place of 0.0005 after the third thousand"""
    v = variance(schedule(np.arange(3000), 0.1, 3000, "step", every=1000, gamma=0.1))
    want, moment = [], 1.0
    for a in (0.1, 0.01, 0.001):
        moment = a / (2 - a) + (moment - a / (2 - a)) * (1 - a) ** 2000
        want.append(moment)
    yield roundoff(v[[999, 1999, 2999]], want, terms=2000, scale=want[0])
    yield near(v[2999], 0.00111, 0.000005, Text("three digits", "三位数字"))


@SCHEDULES.mutant(caught_by="equals-definition, warm-up-rises-in-equal-steps, root-is-vaswanis-formula")
def warm_up_from_zero(t, alpha, total, kind="cosine", warmup=0, **given):
    r"""a warm-up of $t/w$: the first step moves nothing"""
    return np.where(t < warmup, alpha * t / max(warmup, 1), schedule(t, alpha, total, kind, warmup, **given))


@SCHEDULES.mutant(caught_by="cosine-stays-at-its-floor, equals-definition")
def rises_again(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    """the cosine rises again beyond its end, as PyTorch's does"""
    length = total - warmup
    phase = (t - warmup) % (2 * length)
    back = np.where(t < warmup, t, warmup + np.minimum(phase, 2 * length - phase))
    return schedule(back if kind == "cosine" else t, alpha, total, kind, warmup, every, gamma, floor)


@SCHEDULES.mutant(caught_by="cosine-from-top-to-floor, cosine-stays-at-its-floor, cosine-is-flat-at-both-ends")
def too_short_by_one(t, alpha, total, kind="cosine", warmup=0, **given):
    r"""the floor is reached at step $T-1$ already"""
    return schedule(t, alpha, max(total - 1, warmup + 1), kind, warmup, **given)


@SCHEDULES.mutant(caught_by="cosine-is-flat-at-both-ends, noise-floor-at-the-end, equals-definition")
def linear(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    """a straight line in place of the cosine"""
    if kind != "cosine":
        return schedule(t, alpha, total, kind, warmup, every, gamma, floor)
    k = np.clip(t - warmup, 0, total - warmup)
    return np.where(t < warmup, alpha * (t + 1) / max(warmup, 1), alpha - (alpha - floor) * k / (total - warmup))


@SCHEDULES.mutant(caught_by="cosine-from-top-to-floor, proportional-to-alpha, cosine-stays-at-its-floor")
def floor_added(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    r"""the floor is 0.01 whatever is said"""
    return schedule(t, alpha, total, kind, warmup, every, gamma, 0.01)


@SCHEDULES.mutant(caught_by="steps-fall-at-multiples, each-drop-takes-longer, a-step-schedule-goes-only-so-far")
def drops_early(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    r"""each drop one step too early: $\lfloor(t+1)/s\rfloor$"""
    k = np.maximum(t - warmup, 0) + 1
    whole = schedule(t, alpha, total, kind, warmup, every, gamma, floor)
    return np.where(t < warmup, whole, alpha * gamma ** (k // every)) if kind == "step" else whole


@SCHEDULES.mutant(caught_by="steps-fall-at-multiples, equals-definition")
def smooth(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    r"""falls with every step, $\gamma^{t/s}$"""
    whole = schedule(t, alpha, total, kind, warmup, every, gamma, floor)
    return np.where(t < warmup, whole, alpha * gamma ** ((t - warmup) / every)) if kind == "step" else whole


@SCHEDULES.mutant(caught_by="root-is-vaswanis-formula, warm-up-rises-in-equal-steps, equals-definition")
def root_from_the_first_step(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    r"""$1/\sqrt t$ from the first step on, so that the warm-up ends below $\alpha$"""
    if kind != "root":
        return schedule(t, alpha, total, kind, warmup, every, gamma, floor)
    return alpha * np.minimum((t + 1) / max(warmup, 1), 1.0) / np.sqrt(t + 1)


@SCHEDULES.mutant(
    caught_by="one-over-root-t-is-not-robbins-monro, noise-floor-at-the-end, a-step-schedule-goes-only-so-far"
)
def one_over_t(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    r"""$1/t$ in place of $1/\sqrt t$"""
    whole = schedule(t, alpha, total, kind, warmup, every, gamma, floor)
    return np.where(t < warmup, whole, alpha * max(warmup, 1) / (t + 1)) if kind == "root" else whole


@SCHEDULES.mutant(caught_by="a-step-size-depends-on-its-step-alone, equals-definition")
def counts_its_calls(t, alpha, total, kind="cosine", warmup=0, **given):
    """counts for itself: the entries are taken for steps in turn"""
    return schedule(np.arange(len(t)), alpha, total, kind, warmup, **given)


SCHEDULES.erratum(
    "E5a",
    common=r"$\alpha_t=\alpha/\sqrt t$ meets the conditions of Robbins and Monro (a common slip)",
    why=r"Its sum is infinite, but so is that of its squares, $\sum1/t$: each doubling of $T$ adds $\ln2$. On $\tfrac12\theta^2$ with unit noise "
    r"$\mathbb E\,\theta^2$ falls all the same, like $T^{-1/2}$: the conditions are sufficient, not necessary.",
    right=r"$\alpha/t^p$ meets them for $\tfrac12<p\le1$. $1/\sqrt t$ is the choice for convex functions that are not smooth, where the guarantee is for an "
    "average of the iterates",
    claims="one-over-root-t-is-not-robbins-monro, noise-floor-at-the-end",
)
SCHEDULES.erratum(
    "E5b",
    common="After T_max steps PyTorch's CosineAnnealingLR stays at eta_min (a common slip)",
    why="It goes on along the cosine and rises again: who trains for more steps than `T_max`, or counts epochs where it counts batches, trains with "
    "a swinging step size. The closed form must be cut off at its end.",
    right=r"The cosine of the formula with $\min(t,T)$ stays; choose `T_max` as the number of calls of `scheduler.step()`",
    claims="cosine-stays-at-its-floor",
)


@SCHEDULES.figure(
    alpha=Slider(0.02, 1.0, 0.3, "largest step size α", log=True),
    share=Slider(0, 40, 5, "warm-up (per cent of the run)"),
    gamma=Slider(0.05, 0.9, 0.2, "factor of a drop γ"),
)
def figure(alpha, share, gamma):
    T = 1000
    t, w = np.arange(T), round(T * share / 100)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    ends = {}
    for kind, colour in zip(KINDS, (COLOURS[6], COLOURS[0], COLOURS[1], COLOURS[2]), strict=True):
        sizes = schedule(t, alpha, T, kind, w, T // 4, gamma)
        v = variance(sizes, start=100.0)
        ends[kind] = v[-1]
        label = {"root": r"$1/\sqrt{t}$"}.get(kind, kind)
        left.plot(t, sizes, color=colour, lw=1.6, label=label)
        right.semilogy(t, v, color=colour, lw=1.6)
    left.set(xlabel="t", ylabel=r"$\alpha_t$", ylim=(0, 1.35 * alpha))
    left.legend(frameon=False, fontsize=9.5, loc="upper right", ncols=2)
    right.set(xlabel="t", ylabel=r"$\mathrm{E}\,\theta_t^2$")
    words = Text(
        f"Four schedules over {T} steps, α = {alpha:.2g}, a warm-up of {w} steps, drops by γ = {gamma:.2g}. The other picture: the mean square on ½θ² with unit "
        f"noise, from 100. At the end it is {ends['constant']:.2g} for a constant step size, {ends['step']:.2g} with steps, {ends['cosine']:.2g} with a cosine, "
        f"{ends['root']:.2g} with 1/√t.",
        f"{T} 步上的四种调度，α = {alpha:.2g}，预热 {w} 步，每次下降乘以 γ = {gamma:.2g}。另一图：在带单位噪声的 ½θ² 上的均方，从 100 开始。最终，步长不变时为 {ends['constant']:.2g}，"
        f"阶梯衰减为 {ends['step']:.2g}，余弦为 {ends['cosine']:.2g}，1/√t 为 {ends['root']:.2g}。",
    )
    return Drawing(fig, words)
