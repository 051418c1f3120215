"""Hopfield's associative memory."""

from itertools import product
from math import comb

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

HOPFIELD = Concept(
    key="hopfield",
    kind="model",
    title="Hopfield network",
    summary="A memory that is addressed by content: patterns are stored as minima of an energy, and a state that "
    r"resembles one runs down into it, one unit at a time. Of large networks up to about $0.138\,n$ random patterns are "
    "kept, with less than 2 % of their units wrong; beyond, all are lost at once.",
    formulas=(
        r"w_{ij}=\frac1n\sum_{\mu=1}^{P}\xi_i^\mu\xi_j^\mu\ (i\ne j),\qquad w_{ii}=0",
        r"s_i\leftarrow\operatorname{sgn}\Bigl(\sum_jw_{ij}s_j\Bigr)\quad\text{one unit at a time; a sum of 0 leaves it}",
        r"E(s)=-\tfrac12\sum_{i\ne j}w_{ij}s_is_j,\qquad \Delta E=-2\,\Bigl|\sum_jw_{ij}s_j\Bigr|\ \text{ when unit }i\text{ turns over}",
        r"\Pr\Bigl(\xi_i^\mu\sum_jw_{ij}\xi_j^\mu<0\Bigr)=\Pr\Bigl(\sum_{k=1}^{(P-1)(n-1)}\epsilon_k<-(n-1)\Bigr)\approx\Phi\bigl(-\sqrt{n/P}\bigr)",
    ),
    symbols=(
        Symbol(r"\xi^\mu", "xi", "P n", "the stored patterns, ±1, one a row", "other"),
        Symbol("s", "s", "... n", "state, ±1; where it starts", "other"),
        Symbol("i", "order", "T", "the units to be updated, one after another", "index"),
        Symbol("w_{ij}", "", "n n", "weights (Hebb)"),
        Symbol("n", "", "", "number of units"),
        Symbol("P", "", "", "number of patterns"),
        Symbol("E", "", "", "energy"),
        Symbol(r"\epsilon_k", "", "", "independent fair signs ±1; that pattern μ is unstable at unit i is their event"),
        Symbol(r"\Phi", "", "", "distribution function of the normal distribution"),
    ),
    needs=("perceptron", "matrix-product"),
    source="hopfield1982neural",
    year=1982,
    people=(
        "John Hopfield",
        "Shun-ichi Amari",
        "Kaoru Nakano",
        "William Little",
        "Daniel Amit",
        "Hanoch Gutfreund",
        "Haim Sompolinsky",
    ),
    aliases="associative memory, Hopfield net, content-addressable memory, Hebbian learning, "
    "霍普菲尔德网络, 联想记忆, 赫布学习",
    implementations=(
        Implementation(
            "gradus.foundations.hopfield:recall", "numpy", None, "also `energy`, and the estimator `Hopfield`"
        ),
    ),
    readings="hertz1991introduction ch. 2; amit1985storing; little1974existence",
    hypotheses=(
        Hypothesis("the units are updated one at a time", "all-at-once"),
        Hypothesis(r"the weights are symmetric, $w_{ij}=w_{ji}$", "each-pattern-calls-the-next"),
        Hypothesis(r"no unit acts on itself, $w_{ii}=0$", "self-connections"),
        Hypothesis(
            "for the probability of an error: the patterns are independent fair signs, n and P large for the last step",
            "orthogonal-patterns-are-fixed",
        ),
    ),
    conventions=(
        Convention("states", "±1 without thresholds", "Hopfield's 0 and 1 with thresholds"),
        Convention(
            "a sum of exactly 0",
            "it leaves the unit as it is",
            "some programs take it for +1, which breaks the symmetry between a pattern and its negative",
        ),
    ),
    unverified=r"In the limit $n\to\infty$ the critical load is $P/n=0.138$, with overlap 0.967 there (Amit, "
    "Gutfreund, Sompolinsky, by the replica method).",
    differentiable=False,
)


@HOPFIELD.definition
def hopfield(xi, s, order):
    n = xi.shape[1]
    W = xi.T @ xi * (1 - np.eye(n, dtype=int))  # n times the weights: whole numbers, so that 0 is 0
    s = s.copy()
    for i in order:
        h = s @ W[i]
        s[..., i] = np.where(h == 0, s[..., i], np.sign(h))
    return s


def signs(rng, *shape):
    return rng.choice([-1, 1], shape)


def sweeps(n, k):
    """All units in their order, k times."""
    return np.tile(np.arange(n), k)


def energy(xi, s):
    """−½ Σ_{i≠j} w_ij s_i s_j."""
    W = xi.T @ xi / xi.shape[1]
    np.fill_diagonal(W, 0)
    return -((s @ W) * s).sum(-1) / 2


@HOPFIELD.example
def example():
    xi = np.array([[1, 1, 1, -1, -1, -1], [1, 1, -1, -1, 1, 1]])
    s, order = np.array([1, 1, -1, -1, -1, -1]), np.arange(6)
    states = [hopfield(xi, s, order[:t]) for t in range(7)]
    W = xi.T @ xi * (1 - np.eye(6, dtype=int))  # 6 times the weights
    far = np.array([1, 1, -1, -1, -1, 1])
    return (
        dict(xi=xi, s=s, order=order, W=W, h=np.array([W[t] @ states[t] for t in range(6)]))
        | dict(states=np.array(states), overlap=xi @ s)
        | dict(E=np.array([energy(xi, states[0]), energy(xi, states[6])]), end=states[6])
        | dict(drop=2 * abs(W[2] @ s) / 6, far=far, far_end=hopfield(xi, far, order), far_overlap=xi @ far)
    )


@HOPFIELD.exercise
def unstable_units():
    from math import erfc, sqrt

    def tail(x):
        return erfc(x / sqrt(2)) / 2

    n, P = 1000, 100
    return number(
        n * tail(np.sqrt(n / P)),
        no_root=n * tail(n / P),
        upside_down=n * tail(np.sqrt(P / n)),
        one_unit=tail(np.sqrt(n / P)),
    )


@HOPFIELD.exercise
def updated_together():
    xi, s = np.array([[1, 1]]), np.array([1, -1])
    one_by_one = hopfield(xi, s, np.array([0, 1]))
    W = np.array([[0, 1], [1, 0]])
    once, twice = np.sign(W @ s), np.sign(W @ np.sign(W @ s))
    rests = (np.sign(W @ one_by_one) == one_by_one).all()
    cycles = (once == -s).all() and (twice == s).all()
    return choice(cycles=cycles and rests, both_rest=rests and not cycles, neither=not rests)


@HOPFIELD.exercise
def a_mixture():
    xi = np.array([[1, 1, 1, 1, -1, -1, -1, -1], [1, 1, -1, -1, 1, 1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    s = np.sign(xi.sum(0))
    end = hopfield(xi, s, np.arange(8))
    stays = (end == s).all()
    return choice(
        stays=stays, falls=not stays and (abs(xi @ end) == 8).any(), other=not stays and not (abs(xi @ end) == 8).any()
    )


@HOPFIELD.cases
def cases(rng):
    xi = signs(rng, 3, 20)
    yield "random state", dict(xi=xi, s=signs(rng, 20), order=rng.permutation(20))
    yield "several states", dict(xi=xi, s=signs(rng, 4, 20), order=sweeps(20, 3))
    yield "a stored pattern", dict(xi=xi, s=xi[0], order=sweeps(20, 1))
    yield "sums of 0", dict(xi=signs(rng, 2, 7), s=signs(rng, 5, 7), order=sweeps(7, 2))
    yield "one unit", dict(xi=np.array([[1]]), s=np.array([-1]), order=np.array([0]))
    yield "no update", dict(xi=xi, s=signs(rng, 20), order=np.zeros(0, int))


@HOPFIELD.invalid
def invalid(rng):
    yield "a state of another width", dict(xi=np.ones((2, 4), int), s=np.ones(3, int), order=np.arange(3))
    yield "a unit that does not exist", dict(xi=np.ones((2, 4), int), s=np.ones(4, int), order=np.array([4]))
    yield "patterns with three axes", dict(xi=np.ones((2, 2, 4), int), s=np.ones(4, int), order=np.arange(4))


@HOPFIELD.claim
def energy_never_rises(hopfield, rng):
    r"""One unit at a time, the energy never rises: each turn of unit $i$ lowers it by $2|\sum_jw_{ij}s_j|$"""
    xi, s = signs(rng, 5, 24), signs(rng, 8, 24)
    W = xi.T @ xi * (1 - np.eye(24)) / 24
    for i in rng.integers(0, 24, 60):
        after = hopfield(xi, s, np.array([i]))
        turned = (after != s).any(-1)
        drop = np.where(turned, 2 * np.abs(s @ W[i]), 0)
        yield roundoff(energy(xi, s) - energy(xi, after), drop, terms=24, scale=24.0)
        s = after


@HOPFIELD.claim
def comes_to_rest(hopfield, rng):
    """Updated one by one, all of them again and again, it comes to rest; two units of opposite signs joined by a
    positive weight settle at once, where updating both together swaps them for ever"""
    xi, s = signs(rng, 12, 30), signs(rng, 20, 30)  # far above the capacity
    rest = hopfield(xi, s, sweeps(30, 25))
    pair = hopfield(np.array([[1, 1]]), np.array([1, -1]), sweeps(2, 5))
    return all_of(identical(hopfield(xi, rest, sweeps(30, 1)), rest), identical(pair[0], pair[1]))


def hadamard(n):
    """Orthogonal rows of ±1, n a power of 2."""
    return np.array([[(-1) ** bin(i & j).count("1") for j in range(n)] for i in range(n)])


@HOPFIELD.claim
def orthogonal_patterns_are_fixed(hopfield, rng):
    """Orthogonal patterns are fixed points as long as $P<n$"""
    rows = hadamard(16)
    return all_of(*[identical(hopfield(rows[:P], rows[:P], sweeps(16, 1)), rows[:P]) for P in (1, 4, 9, 15)])


@HOPFIELD.claim
def completes_what_is_damaged(hopfield, rng):
    """A quarter of the units turned over, 5 random patterns among 300 units are all completed without an error"""
    xi = signs(rng, 5, 300)
    damaged = np.where(rng.permuted(np.tile(np.arange(300) < 75, (5, 1)), axis=1), -xi, xi)
    return identical(hopfield(xi, damaged, sweeps(300, 4)), xi)


@HOPFIELD.claim
def negatives_are_stored_too(hopfield, rng):
    """A state and its negative behave alike: the negative of each pattern is stored as well"""
    for n in (20, 21, 22, 23):
        xi, order = hadamard(32)[[1, 2], :n], rng.integers(0, n, 30)  # sums of 0 occur
        s = signs(rng, 100, n)
        yield identical(hopfield(xi, -s, order), -hopfield(xi, s, order))


def fixed_points(hopfield, xi):
    """How many of all 2ⁿ states stay as they are, unit by unit."""
    n = xi.shape[1]
    states = np.array(list(product([-1, 1], repeat=n)))
    return int((hopfield(xi, states, np.arange(n)) == states).all(-1).sum())


@HOPFIELD.claim
def spurious_states_counted(hopfield, rng):
    r"""Spurious states, counted among all $2^8$ of eight units: three orthogonal patterns leave 14 fixed points: 6 are
    stored ($\pm\xi$), 8 are mixtures $\operatorname{sgn}(\pm\xi^1\pm\xi^2\pm\xi^3)$. Self-connections would make it 80"""
    xi = hadamard(8)[[1, 2, 4]]
    mixtures = np.sign(np.array(list(product([-1, 1], repeat=3))) @ xi)
    kept = hopfield(xi, mixtures, sweeps(8, 1))
    states = np.array(list(product([-1, 1], repeat=8)))
    connected = int((states * (states @ xi.T @ xi) >= 0).all(-1).sum())
    return all_of(identical(fixed_points(hopfield, xi), 14), identical(kept, mixtures), identical(connected, 80))


@HOPFIELD.claim
def one_update_errs_like_a_binomial(hopfield, rng):
    """One update of a stored random pattern errs with the probability of a binomial tail, exactly"""
    n, P, nets = 31, 9, 600
    m = (P - 1) * (n - 1)  # ξ_i h_i = (n − 1) + m signs; fewer than k of them positive turn the unit over
    k = (m - (n - 1) + 1) // 2
    tail = sum(comb(m, j) for j in range(k)) / 2**m
    wrong = []
    for _ in range(nets):
        xi = signs(rng, P, n)
        wrong.append((hopfield(xi, xi, np.array([0]))[:, 0] != xi[:, 0]).mean())
    return statistical(wrong, tail)


def overlaps(hopfield, rng, n, load, probes, rounds):
    """Overlap of each of some stored patterns with where it comes to rest."""
    xi = signs(rng, round(load * n), n)
    return (np.asarray(hopfield(xi, xi[:probes], sweeps(n, rounds))) * xi[:probes]).mean(1)


@HOPFIELD.claim
def kept_below_and_lost_above(hopfield, rng):
    """Random patterns are kept at a load of 0.05 and lost at 0.3 (200 units): overlap above 0.99, below 0.6"""
    low = Text("0.05 is far below 0.138", "0.05 远低于 0.138")
    high = Text("0.3 is far above it; ½ at n = 200", "0.3 远高于它；n = 200 时约 ½")
    yield bound(overlaps(hopfield, rng, 200, 0.05, 10, 4).mean(), 0.99, "≥", low)
    yield bound(overlaps(hopfield, rng, 200, 0.3, 30, 8).mean(), 0.6, "≤", high)


@HOPFIELD.claim(cost="slow")
def capacity(hopfield, rng):
    """The recall of random patterns by 1500 units breaks down between $P/n=0.138$ and $0.2$: the median overlap of a
    pattern with where it comes to rest is above 0.98 at 0.12, still above the theory's 0.967 at 0.138, and below 0.6 at 0.2"""
    m = {load: overlaps(hopfield, rng, 1500, load, 30, 40) for load in (0.12, 0.138, 0.2)}
    median = {load: float(np.median(v)) for load, v in m.items()}
    curve = ", ".join(f"{v:.3f} at {load:g}" for load, v in median.items())
    lost = int((m[0.138] < 0.9).sum())
    said = Text(
        f"median overlap {curve}; at 0.138 {lost} of 30 have fallen already",
        f"重叠度中位数 {curve}；0.138 处 30 个中已有 {lost} 个失稳",
    )
    return all_of(
        bound(median[0.12], 0.98, "≥", said), bound(median[0.138], 0.967, "≥", said), bound(median[0.2], 0.6, "≤", said)
    )


@HOPFIELD.mutant(caught_by="equals-definition, energy-never-rises, comes-to-rest")
def all_at_once(xi, s, order):
    """all units updated together (Little 1974): 2-cycles"""
    n = xi.shape[1]
    W = xi.T @ xi * (1 - np.eye(n, dtype=int))
    for _ in range(max(1, len(order) // n)):
        h = s @ W
        s = np.where(h == 0, s, np.sign(h))
    return s


@HOPFIELD.mutant(caught_by="energy-never-rises, orthogonal-patterns-are-fixed, equals-definition")
def each_pattern_calls_the_next(xi, s, order):
    """weights that are not symmetric: each pattern calls the next"""
    W, s = (np.roll(xi, -1, axis=0).T @ xi) * (1 - np.eye(xi.shape[1], dtype=int)), s.copy()
    for i in order:
        h = s @ W[i]
        s[..., i] = np.where(h == 0, s[..., i], np.sign(h))
    return s


@HOPFIELD.mutant(caught_by="spurious-states-counted, one-update-errs-like-a-binomial, equals-definition")
def self_connections(xi, s, order):
    """self-connections kept: more spurious fixed points"""
    W, s = xi.T @ xi, s.copy()
    for i in order:
        h = s @ W[i]
        s[..., i] = np.where(h == 0, s[..., i], np.sign(h))
    return s


@HOPFIELD.mutant(caught_by="negatives-are-stored-too, equals-definition")
def zero_is_plus(xi, s, order):
    """a sum of 0 counts as +1"""
    W, s = xi.T @ xi * (1 - np.eye(xi.shape[1], dtype=int)), s.copy()
    for i in order:
        s[..., i] = np.where(s @ W[i] >= 0, 1, -1)
    return s


@HOPFIELD.mutant(
    caught_by="energy-never-rises, orthogonal-patterns-are-fixed, completes-what-is-damaged, kept-below-and-lost-above"
)
def anti_hebb(xi, s, order):
    """the weights have the wrong sign"""
    W, s = -xi.T @ xi * (1 - np.eye(xi.shape[1], dtype=int)), s.copy()
    for i in order:
        h = s @ W[i]
        s[..., i] = np.where(h == 0, s[..., i], np.sign(h))
    return s


@HOPFIELD.mutant(
    caught_by="orthogonal-patterns-are-fixed, completes-what-is-damaged, spurious-states-counted, "
    "kept-below-and-lost-above, capacity"
)
def overwritten(xi, s, order):
    """only the last pattern is stored, the others are overwritten"""
    return hopfield(xi[-1:], s, order[: 2 * xi.shape[1]])


HOPFIELD.erratum(
    "E98",
    common="Hopfield's network, “theory of neural networks”, listed under 1950–1980",
    why="It is of 1982. What stands before 1980 are the associative memories of Amari, Nakano and Kohonen (1972) and "
    "Little's network (1974), whose units change all together: two units of opposite signs joined by a positive weight "
    "then swap for ever. The energy that cannot rise, and so the memory that comes to rest, belongs to updates one at a "
    "time.",
    right="McCulloch and Pitts 1943, Rosenblatt 1958, Amari 1972, Little 1974, Hopfield 1982, attention 2014: the dates are in "
    "the records",
    claims="comes-to-rest, energy-never-rises",
)


def letters(n):
    """Four 8 × 8 drawings as ±1."""
    rows = (
        "..##.....#..#...#....#..#....#..######..#....#..#....#..#....#..",
        "######..#.......#.......####....#.......#.......#.......######..",
        "#....#..#....#..#....#..######..#....#..#....#..#....#..#....#..",
        "######....##......##......##......##......##......##......##....",
    )
    return np.array([[1 if c == "#" else -1 for c in r[:64]] for r in rows[:n]])


@HOPFIELD.figure(
    noise=Slider(0.0, 0.5, 0.25, "share of the units turned over"),
    patterns=Slider(1, 14, 3, "patterns stored", integer=True),
)
def figure(noise, patterns):
    rng = np.random.default_rng(4)
    P = int(patterns)
    xi = np.concatenate([letters(min(P, 3)), signs(rng, max(0, P - 3), 64)])
    start = np.where(rng.permutation(64) < round(noise * 64), -xi[0], xi[0])
    order = np.concatenate([rng.permutation(64) for _ in range(4)])
    states = [start]
    for i in order:
        states.append(hopfield(xi, states[-1], np.array([i])))
    E, m = energy(xi, np.array(states)), np.array(states) @ xi[0] / 64
    fig, axes = canvas(columns=4, width=8.2, height=2.5)
    for ax, s, name in zip(axes[:3], (xi[0], start, states[-1]), ("stored", "start", "at rest"), strict=True):
        ax.imshow(s.reshape(8, 8), cmap="Blues", vmin=-1.4, vmax=1.4)
        ax.set(title=name, xticks=[], yticks=[])
    axes[3].plot(E / 64, label="energy / n")
    axes[3].plot(m, color=COLOURS[1], label="overlap")
    axes[3].set(xlabel="update", ylim=(min(-0.75, E.min() / 64 - 0.1), 1.1))
    axes[3].legend(frameon=False, fontsize=9.5)
    words = Text(
        f"{P} patterns in 64 units (load {P / 64:.3f}), {noise:.0%} turned over at the start. The energy falls from {E[0]:.1f} to {E[-1]:.1f}; the overlap "
        f"with the stored pattern goes from {m[0]:.2f} to {m[-1]:.2f}.",
        f"64 个单元中存 {P} 个模式（负载 {P / 64:.3f}），起始时翻转 {noise:.0%}。能量从 {E[0]:.1f} 降到 {E[-1]:.1f}；"
        f"与所存模式的重叠度从 {m[0]:.2f} 变为 {m[-1]:.2f}。",
    )
    return Drawing(fig, words)
