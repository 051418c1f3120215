"""Rematerialisation: memory for the square root of the depth, at the price of one more forward pass."""

import math
from functools import cache
from math import comb

import numpy as np

from gradus.concepts.foundations.functions_of_numbers import sine
from gradus.frameworks import namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, near, roundoff
from gradus.page.exercises import number
from gradus.page.figures import COLOURS, canvas


def _pieces(step, n, c):
    """The chain as c functions, each of ⌈n/c⌉ steps."""

    def piece(length):
        def run(x):
            for _ in range(length):
                x = step(x)
            return x

        return run

    m = -(-n // c)
    return [piece(min(m, n - start)) for start in range(0, n, m)]


def _even_alone(schedule):
    from gradus.page.not_applicable import NotApplicable

    if schedule != "even":
        raise NotApplicable(Text("it has no argument 'schedule'", "它没有参数 schedule"))


def _torch(checkpoint, step, pullback, x, x_bar, n, c, schedule):
    import torch

    _even_alone(schedule)
    with torch.enable_grad():
        start = x if x.requires_grad else x.detach().requires_grad_()
        y = start
        for piece in _pieces(step, n, c):
            y = checkpoint(piece, y, use_reentrant=False)
        (found,) = torch.autograd.grad(y, start, x_bar, create_graph=x.requires_grad)
    return found


def _tape(checkpoint, step, pullback, x, x_bar, n, c, schedule):
    from gradus.foundations.autodiff import vjp
    from gradus.page.not_applicable import NotApplicable

    _even_alone(schedule)
    if c < 1:
        raise NotApplicable(Text("the pieces are the caller's own", "分段由调用者自定"))

    def chain(x):
        for piece in _pieces(step, n, c):
            x = checkpoint(piece)(x)
        return x

    return vjp(chain, x)[1](x_bar)[0]


CHECKPOINTING = Concept(
    key="checkpointing",
    kind="algorithm",
    title="Rematerialisation (gradient checkpointing)",
    summary="Reverse mode needs the values of the forward pass backwards. Keep every √n-th of them, and compute the "
    "others a second time, piece by piece: memory for about 2√n values instead of n, for one more forward pass. The "
    "gradient is the same to the bit, if a step computes the same each time.",
    formulas=(
        r"x_k=F(x_{k-1}),\qquad \bar x_{k-1}=\bar x_k\,F'(x_{k-1}),\qquad k=1,\dots,n",
        r"M(c)=c+\left\lceil\frac nc\right\rceil\ \ge\ 2\sqrt n,\qquad c=\sqrt n\in\mathbb N:\ M(c)=2\sqrt n",
        r"T(n,c)=r\,n-\binom{c+r}{r-1},\qquad \binom{c+r-1}{c}<n\le\binom{c+r}{c}",
    ),
    symbols=(
        Symbol("F", "step", "function", "one step of the chain: a layer, a time step", "function"),
        Symbol("F'", "pullback", "function", r"its pullback $(x,\bar x)\mapsto\bar x F'(x)$", "function"),
        Symbol("x_0", "x", "d", "first state"),
        Symbol(r"\bar x_n", "x_bar", "d", "adjoint of the last state"),
        Symbol("n", "n", "", "length of the chain", "natural"),
        Symbol("c", "c", "", "states that are kept, the first among them", "natural"),
        Symbol("S", "schedule", "", "even, or binomial: which states are kept when", "other"),
        Symbol("x_k", "", "d", "state after k steps"),
        Symbol(r"\bar x_k", "", "d", "its adjoint"),
        Symbol("M", "", "", "states in memory at once, evenly kept, and one adjoint"),
        Symbol("T", "", "", "fewest evaluations of the step with c states"),
        Symbol("r", "", "", "how often a step is evaluated at most"),
    ),
    needs=("reverse-mode",),
    source="griewank1992achieving",
    year=1992,
    people=("Andreas Griewank", "Andrea Walther", "Tianqi Chen"),
    aliases="gradient checkpointing, activation checkpointing, rematerialization, recomputation, "
    "梯度检查点, 激活检查点, 重计算, 重物化",
    implementations=(
        Implementation(
            "gradus.foundations.reverse_chain:reverse_chain",
            "numpy",
            None,
            "both schedules, for chains of one step, such as a simulation in time",
        ),
        Implementation(
            "torch.utils.checkpoint:checkpoint",
            "torch",
            _torch,
            "for networks: wrap each piece; the pieces are yours to choose",
        ),
        Implementation("gradus.foundations.autodiff:checkpoint", "numpy", _tape, "on our own tape"),
    ),
    readings="griewank2008evaluating ch. 12; griewank2000algorithm; chen2016training §4",
    hypotheses=(
        Hypothesis(
            "a step computes the same each time: it draws no new random numbers, and keeps no state", "new-draw"
        ),
    ),
    deviations=(
        "A step that draws random numbers (dropout) must draw the same ones again: `torch.utils.checkpoint` saves "
        "and restores PyTorch's generators (`preserve_rng_state=True`); our tape and `reverse_chain` ask for a step "
        "that does the same each time.",
        "`torch.utils.checkpoint` calls every step of this chain a second time, 2n in all: with `use_reentrant=False` it "
        "stops inside a piece as soon as the last value that was saved is there again, otherwise it runs the piece to its "
        "end. The last state of a piece is not needed, and the definition does not compute it again.",
    ),
)


@CHECKPOINTING.definition
def checkpointing(step, pullback, x, x_bar, n, c, schedule="even"):
    if n < 1 or c < 1 or np.shape(x) != np.shape(x_bar) or schedule not in ("even", "binomial"):
        raise ValueError("n and c are at least 1, x and x_bar of one shape, the schedule even or binomial")
    if schedule == "binomial":
        return binomial(step, pullback, x, x_bar, n, c)
    m = -(-n // c)  # ⌈n/c⌉
    kept = {0: x}
    for k in range(m, n, m):
        kept[k] = forward(step, kept[k - m], m)
    for k in reversed(range(0, n, m)):
        states = [kept.pop(k)]
        while len(states) < min(m, n - k):
            states.append(step(states[-1]))  # a second time
        while states:
            x_bar = pullback(states.pop(), x_bar)
    return x_bar


def binomial(step, pullback, x, x_bar, n, c):
    kept = [(x, n)]  # states, each with the number of steps behind it that are still to be pulled back
    while kept:
        x, m = kept.pop()
        if m == 1:
            x_bar = pullback(x, x_bar)
            continue
        free = c - len(kept)  # for these m steps, x itself included
        k = min(range(1, m), key=lambda k: k + T(m - k, free - 1) + T(k, free))
        kept += [(x, k), (forward(step, x, k), m - k)]
    return x_bar


def forward(step, x, steps):
    for _ in range(steps):
        x = step(x)
    return x


def T(n, c):
    """The fewest evaluations: those of the n = 1 step whose state is at hand are none."""
    if c == 0:
        return 0 if n == 1 else math.inf
    r = 0
    while comb(c + r, c) < n:
        r += 1
    return r * n - comb(c + r, r - 1) if r else 0


@CHECKPOINTING.example
def example():
    def step(x):
        return 1 / (1 + x)

    def pullback(x, x_bar):
        return x_bar * -1 / (1 + x) ** 2

    x, x_bar, n, c = np.array([1.0]), np.array([1.0]), 6, 2
    states = [x[0]]
    for _ in range(n):
        states.append(step(states[-1]))
    adjoints = [1.0]
    for k in reversed(range(n)):
        adjoints.append(pullback(states[k], adjoints[-1]))
    counting, calls = counted(step)
    result = checkpointing(counting, pullback, x, x_bar, n, c)
    numbers, hundred = np.array([1, 5, 10, 20, 50]), 100
    return (
        dict(step=step, pullback=pullback, x=x, x_bar=x_bar, n=n, c=c, states=np.array(states))
        | dict(adjoints=np.array(adjoints[::-1]), result=result[0], evaluations=calls[0], kept_all=n - 1)
        | dict(held=c + n // c - 1, numbers=numbers, hundred=hundred, memory=numbers + -(-hundred // numbers))
        | dict(inverse=1 / result[0])
    )


@CHECKPOINTING.exercise
def layers_of_one_size():
    n = 144
    held = [c + -(-n // c) for c in range(1, n + 1)]
    return number(min(held), kept_ones_alone=1 + int(np.argmin(held)), all_of_them=n + 1)


@CHECKPOINTING.exercise
def longer_by_how_much():
    forwards, backwards = 1.0, 2.0
    return number(forwards / (forwards + backwards), twice_as_long=1.0, of_the_way_back=forwards / backwards)


@CHECKPOINTING.exercise
def longest_chain():
    c, r = 4, 3

    def most(n):  # how often a step is evaluated, at most
        steps = [k for _, k, what in course(n, c, "binomial")[0] if what == "step"]
        return max(steps.count(k) for k in steps)

    reach = max(n for n in range(2, 45) if most(n) <= r)
    return number(reach, product=c * r, one_state_more=comb(c + r + 1, c + 1))


# --- chains: F and its pullback, for the arrays of every framework


@generic
def sine_pullback(x, x_bar):
    return x_bar * namespace(x).cos(x)


W = np.array([[0.9, -0.6, 0.2], [0.3, 0.8, -0.7], [-0.4, 0.5, 1.1]])


def like(array, x):
    """A constant in the framework and precision of x."""
    xp = namespace(x)
    return array if xp is np else xp.asarray(array, dtype=x.dtype)


@generic
def layer(x):
    return namespace(x).tanh(like(W, x) @ x)


@generic
def layer_pullback(x, x_bar):
    y = layer(x)
    return (x_bar * (1 - y * y)) @ like(W, x)


@generic
def wave(x):
    """One time step of two coupled oscillators."""
    xp = namespace(x)
    q, p = x[:2], x[2:]
    p = p - 0.2 * xp.sin(q)
    return xp.concatenate([q + 0.2 * p, p])


@generic
def wave_pullback(x, x_bar):
    xp = namespace(x)
    q_bar, p_bar = x_bar[:2], x_bar[2:] + 0.2 * x_bar[:2]
    return xp.concatenate([q_bar - 0.2 * xp.cos(x[:2]) * p_bar, p_bar])


@CHECKPOINTING.cases
def cases(rng):
    x, x_bar = rng.standard_normal((2, 3))
    yield "a layer, ten times", dict(step=layer, pullback=layer_pullback, x=x, x_bar=x_bar, n=10, c=3)
    yield "everything kept", dict(step=layer, pullback=layer_pullback, x=x, x_bar=x_bar, n=6, c=1)
    yield "each state kept", dict(step=sine, pullback=sine_pullback, x=x, x_bar=x_bar, n=6, c=6)
    yield "more room than steps", dict(step=sine, pullback=sine_pullback, x=x, x_bar=x_bar, n=4, c=9)
    yield "one step", dict(step=sine, pullback=sine_pullback, x=x, x_bar=x_bar, n=1, c=1)
    q, q_bar = rng.standard_normal((2, 4))
    yield "a simulation", dict(step=wave, pullback=wave_pullback, x=q, x_bar=q_bar, n=23, c=5)
    yield ("binomial", dict(step=wave, pullback=wave_pullback, x=q, x_bar=q_bar, n=23, c=3, schedule="binomial"))
    yield ("one state", dict(step=layer, pullback=layer_pullback, x=x, x_bar=x_bar, n=7, c=1, schedule="binomial"))


@CHECKPOINTING.invalid
def invalid(rng):
    good = dict(step=sine, pullback=sine_pullback, x=np.ones(3), x_bar=np.ones(3), n=4, c=2)
    yield "adjoint of another shape", {**good, "x_bar": np.ones(2)}
    yield "no state kept", {**good, "c": 0}
    yield "unknown schedule", {**good, "schedule": "some"}


def counted(step):
    """The step, and how often it was evaluated."""
    calls = [0]

    @generic
    def counting(x):
        calls[0] += 1
        return step(x)

    return counting, calls


@CHECKPOINTING.claim
def gradient_is_the_same_to_the_bit(checkpointing, rng):
    r"""The gradient does not depend on what was kept: bit for bit the same for c = 1, 3, 5, 8 and 23 of 23, evenly, and
    $\bar x_0=\bar x_n\prod_k\cos x_k$ for $F=\sin$"""
    x, x_bar = rng.standard_normal((2, 4))
    want, state = x_bar, x
    for _ in range(23):
        want, state = want * np.cos(state), np.sin(state)
    found = [checkpointing(step=sine, pullback=sine_pullback, x=x, x_bar=x_bar, n=23, c=c) for c in (1, 3, 5, 8, 23)]
    same = [identical(g, found[0]) for g in found[1:]]
    return all_of(roundoff(found[0], want, terms=23), *same)


def states_held(checkpointing, n, c, schedule="even", d=4096):
    """Peak memory above the arguments, in states; F = sin, of which reverse mode keeps one value a step."""
    from gradus.frameworks.memory import peak_memory

    x = np.linspace(0.1, 1.0, d)
    chain = dict(step=sine, pullback=sine_pullback, x=x, x_bar=np.ones(d), n=n, c=c)
    if schedule != "even":
        chain["schedule"] = schedule
    return peak_memory(checkpointing, **chain) / x.nbytes


@CHECKPOINTING.claim
def memory_is_two_root_n(checkpointing, rng):
    r"""Evenly kept, it holds at most $2\sqrt n$ states and 8 more (the adjoint, what is just being computed), for
    n = 64, 256, 576, with $c=\sqrt n$ and $F=\sin$, which keeps one value a step; measured in bytes"""
    why = Text("c + n/c at c = √n (Chen et al. 2016), and 8", "c = √n 时的 c + n/c（Chen 等 2016），外加 8")
    for n in (64, 256, 576):
        yield bound(states_held(checkpointing, n, math.isqrt(n)), 2 * math.sqrt(n) + 8, "≤", why)


@CHECKPOINTING.claim
def memory_is_least_at_root_n(checkpointing, rng):
    """√n is the best number to keep evenly: of c = 1, 4, 16, 64, 256 for 256 steps of the sine, 16 takes the least memory"""
    choices = (1, 4, 16, 64, 256)
    held = [states_held(checkpointing, 256, c, d=2048) for c in choices]
    why = Text(
        "c + ⌈n/c⌉ is least there: " + ", ".join(f"{h:.0f}" for h in held) + " states",
        "c + ⌈n/c⌉ 在此最小：各为 " + "、".join(f"{h:.0f}" for h in held) + " 个状态",
    )
    return near(choices[int(np.argmin(held))], 16, 0.0, why)


@CHECKPOINTING.claim
def one_more_forward_pass(checkpointing, rng):
    """The even schedule costs at most one more forward pass: the step is evaluated at most 2n times, whatever c"""
    for n, c in ((100, 10), (100, 1), (100, 100), (37, 5), (64, 2)):
        step, calls = counted(sine)
        checkpointing(step=step, pullback=sine_pullback, x=np.ones(2), x_bar=np.ones(2), n=n, c=c)
        why = Text(f"forwards once, and once more by pieces; n={n}, c={c}", f"前向一次，逐段再算一次；n={n}，c={c}")
        yield bound(calls[0], 2 * n, "≤", why)


@cache
def fewest(n, c):
    """T by dynamic programming over the place of the next kept state."""
    if n == 1:
        return 0
    if c == 1:
        return n * (n - 1) // 2
    return min(k + fewest(n - k, c - 1) + fewest(k, c) for k in range(1, n))


@CHECKPOINTING.claim
def binomial_schedule_is_optimal(checkpointing, rng):
    r"""The binomial schedule (Revolve) needs the fewest evaluations that c states allow: those found by dynamic
    programming over all schedules, and $r n-\binom{c+r}{r-1}$"""
    for n, c in ((2, 1), (9, 1), (10, 3), (35, 4), (36, 4), (60, 2), (50, 7)):
        step, calls = counted(sine)
        chain = dict(step=step, pullback=sine_pullback, x=np.ones(2), x_bar=np.ones(2), n=n, c=c)
        checkpointing(**chain, schedule="binomial")
        r = next(r for r in range(n) if comb(c + r, c) >= n)
        yield identical(calls[0], fewest(n, c))
        yield identical(calls[0], r * n - comb(c + r, r - 1))


@CHECKPOINTING.claim
def binomial_memory_is_c(checkpointing, rng):
    r"""Eight states and three evaluations a step reach 165 steps, $\binom{8+3}{3}$; the even schedule, with two
    evaluations, holds at least 26 states there"""
    n, c = comb(11, 3), 8
    yield identical(min(k + -(-n // k) for k in range(1, n + 1)), 26)
    step, calls = counted(sine)
    chain = dict(pullback=sine_pullback, x=np.ones(2), x_bar=np.ones(2), n=n, c=c, schedule="binomial")
    checkpointing(step=step, **chain)
    why = Text("8 states, one being computed, adjoints", "8 个状态、正在计算的状态与伴随量")
    yield bound(calls[0], 3 * n, "≤", Text("r = 3 evaluations a step", "每步 r = 3 次"))
    yield bound(states_held(checkpointing, n, c, "binomial"), c + 4, "≤", why)


# --- mutants


@CHECKPOINTING.mutant(caught_by="memory-is-two-root-n, memory-is-least-at-root-n, binomial-memory-is-c")
def everything_kept(step, pullback, x, x_bar, n, c, schedule="even"):
    """every state is kept"""
    states = [x]
    while len(states) < n:
        states.append(step(states[-1]))
    while states:
        x_bar = pullback(states.pop(), x_bar)
    return x_bar


@CHECKPOINTING.mutant(caught_by="memory-is-two-root-n, memory-is-least-at-root-n")
def nothing_freed(step, pullback, x, x_bar, n, c, schedule="even"):
    """what was computed again is not freed"""
    m, kept = -(-n // c), {0: x}
    for k in range(m, n, m):
        kept[k] = forward(step, kept[k - m], m)
    for k in reversed(range(n)):
        if k not in kept:
            start = k - k % m
            for j in range(start + 1, k + 1):
                kept[j] = step(kept[j - 1])
        x_bar = pullback(kept[k], x_bar)
    return x_bar


@CHECKPOINTING.mutant(caught_by="equals-definition, gradient-is-the-same-to-the-bit")
def wrong_state(step, pullback, x, x_bar, n, c, schedule="even"):
    """recomputed from the wrong state: that at the end of the piece"""
    m, kept = -(-n // c), {0: x}
    for k in range(m, n, m):
        kept[k] = forward(step, kept[k - m], m)
    for k in reversed(range(0, n, m)):
        states = [kept.get(k + m, kept[k])]
        while len(states) < min(m, n - k):
            states.append(step(states[-1]))
        while states:
            x_bar = pullback(states.pop(), x_bar)
    return x_bar


@CHECKPOINTING.mutant(caught_by="equals-definition, gradient-is-the-same-to-the-bit")
def remainder_lost(step, pullback, x, x_bar, n, c, schedule="even"):
    """the steps after the last full piece are lost"""
    m = max(1, n // c)
    return checkpointing(step, pullback, x, x_bar, n // m * m if n // m <= c else c * m, min(c, n), schedule)


@CHECKPOINTING.mutant(caught_by="equals-definition, gradient-is-the-same-to-the-bit")
def new_draw(step, pullback, x, x_bar, n, c, schedule="even"):
    """a step that draws new random numbers when it is computed again, as dropout whose generator was not restored"""
    draws = np.random.default_rng(n)

    def random_step(x):
        return step(x) * (1 + 0.1 * (draws.random(np.shape(x)) < 0.5))

    return checkpointing(random_step, pullback, x, x_bar, n, c, schedule)


@CHECKPOINTING.mutant(caught_by="one-more-forward-pass, binomial-schedule-is-optimal")
def from_the_start(step, pullback, x, x_bar, n, c, schedule="even"):
    """each state is computed from the first one"""
    for k in reversed(range(n)):
        x_bar = pullback(forward(step, x, k), x_bar)
    return x_bar


@CHECKPOINTING.mutant(caught_by="binomial-schedule-is-optimal")
def halved(step, pullback, x, x_bar, n, c, schedule="even"):
    """halved each time instead of by binomial coefficients"""

    def reverse(x, x_bar, n, c):
        while n > 1:
            k = n // 2 if c > 1 else n - 1
            x_bar = reverse(forward(step, x, k), x_bar, n - k, c - 1)
            n = k
        return pullback(x, x_bar)

    return reverse(x, x_bar, n, c)


# --- figure


def course(n, c, schedule):
    """What the definition does on a chain of numbered states: (time, state) of each evaluation, and each state's
    life."""
    import weakref

    clock, visited, lives = [0], [], {}

    class State:
        def __init__(self, k):
            self.k = k
            lives[id(self), clock[0]] = life = [k, clock[0], None]
            weakref.finalize(self, lambda: life.__setitem__(2, clock[0]))

    def advance(x):
        clock[0] += 1
        visited.append((clock[0], x.k + 1, "step"))
        return State(x.k + 1)

    def back(x, x_bar):
        clock[0] += 1
        visited.append((clock[0], x.k, "back"))
        return x_bar

    checkpointing(advance, back, State(0), np.zeros(()), n, c, schedule)
    return visited, [(k, a, clock[0] if b is None else b) for k, a, b in lives.values()]


@CHECKPOINTING.figure(n=Slider(8, 64, 36, "steps n", integer=True), c=Slider(2, 16, 6, "states kept c", integer=True))
def figure(n, c):
    n, c = int(n), int(c)
    fig, axes = canvas(columns=2, width=9.2, height=4.0)
    words = {}
    for ax, schedule in zip(axes, ("even", "binomial"), strict=True):
        visited, lives = course(n, c, schedule)
        for k, a, b in lives:
            if b - a > 1:
                ax.plot((a, b), (k, k), color="#bbbbbb", lw=1.2, zorder=1)
        for kind, colour, label in (("step", COLOURS[0], "evaluated"), ("back", COLOURS[1], "pulled back")):
            points = np.array([(t, k) for t, k, what in visited if what == kind])
            if len(points):
                ax.plot(*points.T, ".", color=colour, ms=4, label=label)
        end = visited[-1][0]
        held = max(sum(a <= t < b for _, a, b in lives) for t in range(end + 1))
        evaluated = sum(what == "step" for *_, what in visited)
        words[schedule] = (evaluated, held)
        ax.set(title=f"{schedule}: {evaluated} evaluations, {held} states", xlabel="operation", ylabel="state $k$")
    axes[0].legend(frameon=False, fontsize=9.5, loc="upper right")
    (even, even_held), (few, few_held) = words["even"], words["binomial"]
    in_words = Text(
        f"A chain of {n} steps with c = {c}; grey: how long a state is held. Evenly kept: {even} evaluations, at most {even_held} "
        f"states at once (keeping all: {n - 1} and {n}). Binomial: {few} evaluations, {few_held} states, of which one is on its way.",
        f"{n} 步的链，c = {c}；灰线表示状态保存的时长。等距方案：计算 {even} 次，同时至多存 {even_held} 个状态（全部保存则为 {n - 1} 次、{n} 个）。"
        f"二项式方案：计算 {few} 次，存 {few_held} 个状态，其中一个正在推进。",
    )
    return Drawing(fig, in_words)
