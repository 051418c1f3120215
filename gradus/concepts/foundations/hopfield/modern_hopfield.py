"""The modern Hopfield network, whose update is attention."""

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, roundoff
from gradus.page.exercises import choice, function, number
from gradus.page.figures import COLOURS, canvas


def _attention(sdpa, X, q, beta, steps):
    for _ in range(steps):
        K = X.expand(*q.shape[:-1], *X.shape)
        q = sdpa(q.unsqueeze(-2), K, K, scale=beta).squeeze(-2)
    return q


MODERN_HOPFIELD = Concept(
    key="modern-hopfield",
    kind="model",
    title="Modern Hopfield network",
    summary="Continuous patterns and an energy with a sharper pull: the state becomes the average of the stored "
    "patterns, weighted by a softmax of how well they match. One update is attention; the number of random patterns on "
    "a sphere that can be kept, at a suitable β, grows exponentially with the dimension.",
    formulas=(
        r"q\leftarrow X^{\mathsf T}\operatorname{softmax}(\beta Xq)",
        r"E(q)=-\frac1\beta\log\sum_{i=1}^{N}e^{\beta x_i^{\mathsf T}q}+\frac12\lVert q\rVert^2+\frac1\beta\log N+\frac12M^2,\qquad \lVert q\rVert\le M\ \Longrightarrow\ 0\le E(q)\le2M^2",
        r"\lVert q_{\text{new}}-x_i\rVert\le2M(N-1)e^{-\beta\Delta},\qquad \Delta=\min_{j\ne i}(x_i-x_j)^{\mathsf T}q,\quad M=\max_i\lVert x_i\rVert",
    ),
    symbols=(
        Symbol("X", "X", "N d", "the stored patterns $x_i$, one a row"),
        Symbol("q", "q", "... d", "state, or query"),
        Symbol(r"\beta", "beta", "", "inverse temperature", "positive"),
        Symbol("T", "steps", "", "number of updates", "natural"),
        Symbol("E", "", "", "energy"),
        Symbol("M", "", "", "length of the longest pattern"),
        Symbol(r"\Delta", "", "", "by how much the pattern $x_i$ matches better than the best of the others"),
    ),
    needs=("hopfield",),
    source="ramsauer2021hopfield",
    year=2020,
    people=("Hubert Ramsauer", "Sepp Hochreiter", "Dmitry Krotov", "John Hopfield"),
    aliases="dense associative memory, continuous Hopfield network, 现代霍普菲尔德网络, 稠密联想记忆",
    implementations=(
        Implementation(
            "gradus.foundations.hopfield:modern_recall", "numpy", None, "also the estimator `ModernHopfield`"
        ),
        Implementation(
            "torch.nn.functional:scaled_dot_product_attention",
            "torch",
            _attention,
            "the patterns as keys and as values",
        ),
    ),
    readings="ramsauer2021hopfield; vaswani2017attention §3.2.1",
    hypotheses=(
        Hypothesis(r"for the upper bound on the energy: $\lVert q\rVert\le M$", "energy-falls"),
        Hypothesis(
            r"for retrieval: $\beta\Delta$ is large, that is, $x_i$ matches clearly best", "a-middle-is-not-retrieved"
        ),
    ),
    deviations="Attention has learnt maps before queries, keys and values, and makes one update only.",
    nonfinite="nan",
)


@MODERN_HOPFIELD.definition
def modern_hopfield(X, q, beta=1.0, steps=1):
    for _ in range(steps):
        a = beta * q @ X.T  # (..., N)
        p = np.exp(a - a.max(-1, keepdims=True))
        q = p / p.sum(-1, keepdims=True) @ X
    return q + 0.0


@MODERN_HOPFIELD.example
def example():
    X, q, beta = np.array([[2.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), np.array([1.0, 0.5]), 1.0
    score, M = X @ q, 2.0

    def energy(q):
        return -np.log(np.exp(beta * X @ q).sum()) / beta + q @ q / 2 + np.log(3) / beta + M**2 / 2

    betas = np.array([1.0, 2.0, 4.0])
    path = np.array([modern_hopfield(X, q, beta, t) for t in (0, 1, 2, 30)])
    return (
        dict(X=X, q=q, beta=beta, steps=1, score=score, exp=np.exp(score))
        | dict(p=np.exp(score) / np.exp(score).sum(), path=path, E=np.array([energy(v) for v in path]))
        | dict(betas=betas, delta=score[0] - score[1], M=M, mean=X.mean(0))
        | dict(error=np.array([np.linalg.norm(modern_hopfield(X, q, b) - X[0]) for b in betas]))
        | dict(bound=2 * M * 2 * np.exp(-betas), sharp=np.array([modern_hopfield(X, q, b) for b in betas]))
        | dict(flat=modern_hopfield(X, q, 1e-6))
    )


@MODERN_HOPFIELD.exercise
def cold_enough():
    M, N, delta, error = 1.0, 101, 0.5, 0.01
    return number(
        np.log(2 * M * (N - 1) / error) / delta,
        no_delta=np.log(2 * M * (N - 1) / error),
        one_other=np.log(2 * M / error) / delta,
    )


@MODERN_HOPFIELD.exercise
def a_longer_pattern():
    X = np.array([[1.0, 0.0], [3.0, 1.0]])
    end = modern_hopfield(X, X[0], 20.0, 10)
    return choice(longer=np.allclose(end, X[1]), itself=np.allclose(end, X[0]), between=np.allclose(end, X.mean(0)))


@MODERN_HOPFIELD.exercise
def one_update():
    def update(X, q, beta):
        X, q = np.asarray(X), np.asarray(q)
        a = beta * X @ q
        p = np.exp(a - a.max())
        return X.T @ p / p.sum()

    X = np.array([[2.0, 0.0], [0.0, 2.0], [-1.0, 1.0]])
    return function(update, (X, np.array([1.0, 0.5]), 1.0), (X, np.array([0.4, 0.9]), 1000.0))


@MODERN_HOPFIELD.cases
def modern_cases(rng):
    X = rng.standard_normal((6, 4))
    yield "random", dict(X=X, q=rng.standard_normal(4))
    yield "several states, three updates", dict(X=X, q=rng.standard_normal((5, 4)), beta=0.5, steps=3)
    yield "cold", dict(X=X, q=X[2] + 0.1, beta=20.0)
    yield "one pattern", dict(X=X[:1], q=np.ones(4))
    yield "no update", dict(X=X, q=np.ones((2, 4)), steps=0)
    yield "as many patterns as coordinates", dict(X=X[:4], q=rng.standard_normal((4, 4)))
    yield "many patterns and states", dict(X=rng.standard_normal((150, 3)), q=rng.standard_normal((200, 3)))


@MODERN_HOPFIELD.invalid
def modern_invalid(rng):
    yield "a state of another width", dict(X=np.ones((3, 4)), q=np.ones(5))
    yield "patterns with one axis", dict(X=np.ones(4), q=np.ones((2, 3)))


@MODERN_HOPFIELD.claim
def update_is_attention(modern, rng):
    r"""One update is attention, $\operatorname{softmax}(\beta QK^{\mathsf T})V$, with the states as queries and the
    patterns as keys and values"""
    K = rng.standard_normal((9, 8))
    Q, beta = rng.standard_normal((5, 8)), 1 / np.sqrt(8)
    weights = np.exp(beta * np.einsum("id,jd->ij", Q, K))
    weights /= weights.sum(1, keepdims=True)
    return roundoff(modern(K, Q, beta), np.einsum("ij,jd->id", weights, K), terms=17, scale=8.0)


def lse_energy(X, q, beta):
    a = beta * q @ X.T
    top = a.max(-1)
    lse = top + np.log(np.exp(a - top[..., None]).sum(-1))
    M2 = (X**2).sum(1).max()
    return -lse / beta + (q**2).sum(-1) / 2 + np.log(len(X)) / beta + M2 / 2


@MODERN_HOPFIELD.claim
def energy_falls(modern, rng):
    r"""The energy never rises; from starts with $\lVert q\rVert\le M$ it stays between 0 and $2M^2$ (β from 0.1 to 10,
    20 updates from 30 starts). At $\lVert q\rVert=3M$ it is above $2M^2$"""
    X = rng.standard_normal((12, 5))
    M = np.sqrt((X**2).sum(1).max())
    for beta in (0.1, 1.0, 10.0):
        q = rng.standard_normal((30, 5))
        q *= np.minimum(1, M / np.linalg.norm(q, axis=1))[:, None]
        levels = []
        for _ in range(21):
            levels.append(lse_energy(X, q, beta))
            q = modern(X, q, beta)
        levels = np.array(levels)
        rounding = 64 * 2.0**-52 * M**2
        why = Text("rounding of the energies", "能量的舍入误差")
        yield near(max(0.0, float(np.diff(levels, axis=0).max())), 0.0, rounding, why)
        yield bound(levels.max(), 2 * M**2)
        yield bound(levels.min(), 0.0, "≥")
        far = rng.standard_normal((30, 5))
        far *= 3 * M / np.linalg.norm(far, axis=1)[:, None]
        outside = Text("2M², from below: (‖q‖ − M)²/2 = 2M²", "2M²，下界：(‖q‖ − M)²/2 = 2M²")
        yield bound(lse_energy(X, far, beta).min(), 2 * M**2, "≥", outside)
        fall = lse_energy(X, modern(X, far, beta), beta) - lse_energy(X, far, beta)
        yield bound(fall.max(), 0.0, "≤")


@MODERN_HOPFIELD.claim
def retrieval_error_is_exponentially_small(modern, rng):
    r"""One update errs by at most $2M(N-1)e^{-\beta\Delta}$"""
    X = rng.standard_normal((20, 16))
    M = np.sqrt((X**2).sum(1).max())
    for beta in (0.5, 1.0, 2.0):
        for i in range(20):
            q = X[i] + 0.3 * rng.standard_normal(16)
            gap = np.delete((X[i] - X) @ q, i).min()
            yield bound(np.linalg.norm(modern(X, q, beta) - X[i]), 2 * M * 19 * np.exp(-beta * gap) + 1e-12)


@MODERN_HOPFIELD.claim
def a_middle_is_not_retrieved(modern, rng):
    r"""Halfway between two patterns that match alike ($\Delta=0$), and better than all others, neither is retrieved,
    however large β is: the update stays in the middle"""
    x = np.array([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [-1.0, 0.0, 1.0]])
    q = (x[0] + x[1]) / 2
    return roundoff(np.stack([modern(x, q, beta) for beta in (30.0, 1e3, 1e6)]), np.tile(q, (3, 1)), terms=8, scale=4.0)


@MODERN_HOPFIELD.claim
def stores_far_more_than_its_dimension(modern, rng):
    """In 32 dimensions, at β = 8, 500 random patterns of ±1, two entries turned over, are retrieved by the signs of one
    update (all that no other pattern is nearer to than 6 entries); the classical rule could keep 4"""
    X = rng.choice([-1.0, 1.0], (500, 32))
    turned = np.where(rng.permuted(np.tile(np.arange(32) < 2, (500, 1)), axis=1), -X, X)
    nearest = ((32 - X @ X.T) / 2 + 32 * np.eye(500)).min(1)
    alone = nearest >= 6  # a damaged pattern may by rights be taken for one that is nearer
    back = np.sign(modern(X, turned, 8.0))
    enough = Text("patterns with no other nearer than 6 entries", "6 个分量之内没有其他模式的模式数")
    return all_of(identical(back[alone], X[alone]), bound(alone.sum(), 450, "≥", enough))


@MODERN_HOPFIELD.claim
def limits_of_the_temperature(modern, rng):
    r"""Hot ($\beta\to0$) it returns the mean of all patterns, cold ($\beta\to\infty$) the best match alone, where there
    is one"""
    X, q = rng.standard_normal((7, 5)), rng.standard_normal((4, 5))
    cold = roundoff(modern(X, q, 1e6), X[(q @ X.T).argmax(1)], scale=4.0)
    why = Text("first-order drift of the weights at β = 1e-9", "β = 1e-9 时权重的一阶偏移")
    drift = 1e-9 * np.abs(q @ X.T).max() * 2 * np.abs(X).max()
    return all_of(cold, near(np.abs(modern(X, q, 1e-9) - X.mean(0)).max(), 0.0, drift, why, "roundoff"))


@MODERN_HOPFIELD.mutant(
    caught_by="equals-definition, update-is-attention, energy-falls, stores-far-more-than-its-dimension, "
    "retrieval-error-is-exponentially-small"
)
def linear_rule(X, q, beta=1.0, steps=1):
    """no softmax: the classical linear rule"""
    for _ in range(steps):
        q = beta * q @ X.T @ X
    return q


@MODERN_HOPFIELD.mutant(
    caught_by="equals-definition, update-is-attention, limits-of-the-temperature, stores-far-more-than-its-dimension, "
    "a-middle-is-not-retrieved"
)
def temperature_ignored(X, q, beta=1.0, steps=1):
    """β is ignored"""
    return modern_hopfield(X, q, 0.2, steps)


@MODERN_HOPFIELD.mutant(caught_by="equals-definition, energy-falls, limits-of-the-temperature")
def overshooting(X, q, beta=1.0, steps=1):
    """a step past the average: two and a half times the update"""
    for _ in range(steps):
        q = 2.5 * modern_hopfield(X, q, beta) - 1.5 * q
    return q


@MODERN_HOPFIELD.mutant(caught_by="retrieval-error-is-exponentially-small, limits-of-the-temperature, energy-falls")
def worst_match(X, q, beta=1.0, steps=1):
    """it goes for the worst match"""
    for _ in range(steps):
        q = modern_hopfield(X, -q, beta)
    return q


@MODERN_HOPFIELD.figure(
    beta=Slider(0.2, 40.0, 4.0, "inverse temperature β", log=True),
    patterns=Slider(2, 10, 5, "patterns stored", integer=True),
)
def modern_figure(beta, patterns):
    rng = np.random.default_rng(2)
    N = int(patterns)
    angle = 2 * np.pi * (np.arange(N) + 0.3 * rng.random(N)) / N
    X = np.stack([np.cos(angle), np.sin(angle)], 1)
    axis = np.linspace(-1.4, 1.4, 81)
    grid = np.stack(np.meshgrid(axis, axis), -1)  # (81, 81, 2)
    levels = lse_energy(X, grid, beta)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    left.contourf(axis, axis, levels, 24, cmap="Blues_r")
    for q in rng.uniform(-1.25, 1.25, (12, 2)):
        track = np.stack([modern_hopfield(X, q, beta, t) for t in range(7)])
        left.plot(*track.T, "-", color=COLOURS[1], lw=1, marker=".", ms=4)
    left.scatter(*X.T, s=40, color="white", edgecolor="black", zorder=3)
    left.set(aspect="equal", xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), xlabel="$q_1$", ylabel="$q_2$")
    betas = np.geomspace(0.2, 40, 60)
    start = X + 0.15 * rng.standard_normal(X.shape)
    error = [float(np.linalg.norm(modern_hopfield(X, start, b) - X, axis=1).mean()) for b in betas]
    here = float(np.linalg.norm(modern_hopfield(X, start, beta) - X, axis=1).mean())
    right.loglog(betas, np.maximum(error, 1e-9))
    right.plot(beta, max(here, 1e-9), "o", color=COLOURS[1])
    right.set(xlabel="β", ylabel="error of one update", ylim=(1e-6, 3))
    rest = modern_hopfield(X, X, beta, 200)
    kept = len({tuple(np.round(r, 3) + 0.0) for r in rest})
    words = Text(
        f"{N} patterns on the circle, β = {beta:.2g}: they come to rest at {kept} distinct points; one update from a damaged pattern errs by {here:.2g} on average.",
        f"圆上的 {N} 个模式，β = {beta:.2g}：它们停在 {kept} 个不同的点；从受损模式更新一次的平均误差为 {here:.2g}。",
    )
    return Drawing(fig, words)
