"""Clipping the gradient."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import array, choice
from gradus.page.figures import COLOURS, canvas


def _torch(clip_grad_norm_, g, c, epsilon):
    import torch

    from gradus.page.not_applicable import NotApplicable

    if epsilon != 1e-6:
        raise NotApplicable(Text("clip_grad_norm_ has ε = 1e-6 built in", "clip_grad_norm_ 内置 ε = 1e-6"))
    parameters = []
    for part in g:
        parameter = torch.nn.Parameter(torch.zeros_like(part))
        parameter.grad = part.clone()
        parameters.append(parameter)
    clip_grad_norm_(parameters, c)
    return tuple(p.grad for p in parameters)


CLIPPING = Concept(
    key="gradient-clipping",
    kind="algorithm",
    title="Gradient clipping",
    summary="A gradient that is longer than $c$ is shortened to the length $c$; its direction is kept. One step of "
    r"plain descent can then move the parameters by no more than $\alpha c$, however steep the cliff that it meets.",
    formulas=(
        r"\operatorname{clip}_c(g)=g\,\min\!\left(1,\frac{c}{\lVert g\rVert_2+\varepsilon}\right),\qquad "
        r"\lVert g\rVert_2^2=\sum_{k}\lVert g^{(k)}\rVert_2^2",
    ),
    symbols=(
        Symbol("g", "g", "n", "gradient, one array a parameter"),
        Symbol("c", "c", "", "the largest norm allowed", "positive"),
        Symbol(r"\varepsilon", "epsilon", "", "0 as in the paper, $10^{-6}$ in PyTorch", "nonnegative"),
        Symbol("g^{(k)}", "", "", "the part of parameter k; one norm over all parts"),
    ),
    returns=(
        Result("clipped", "", "a tuple: the gradient of every parameter, each of its own shape, all by one factor"),
    ),
    needs=("gradient", "norm"),
    source="pascanu2013difficulty",
    year=2013,
    people=("Razvan Pascanu", "Tomas Mikolov", "Yoshua Bengio"),
    aliases="clip grad norm, norm clipping, clip gradients, gradient explosion, loss explodes, NaN loss, "
    "梯度截断, 梯度剪裁, 梯度范数裁剪, 损失爆炸, 损失变成 NaN",
    implementations=(
        Implementation("gradus.optimization.clipping:clip_by_global_norm", "torch"),
        Implementation("torch.nn.utils:clip_grad_norm_", "torch", _torch, "in place"),
    ),
    readings="pascanu2013difficulty §3.2; goodfellow2016deep §10.11.1",
    hypotheses=(
        Hypothesis(r"the norm $c$, the projection: $\varepsilon=0$", "long-gradients-get-the-norm-c"),
        Hypothesis("the direction is kept: one norm over all parameters", "each-by-its-own-norm, each-coordinate"),
        Hypothesis("the mean of the gradients is kept: none is clipped", "clipping-biases-noise"),
    ),
    conventions=(
        Convention(
            "ε beside the norm",
            "none, as in the paper and Optax",
            "$10^{-6}$ in PyTorch: a gradient of norm 1, clipped, is a millionth part shorter than c",
        ),
        Convention(
            "what is clipped",
            "the norm over all parameters",
            "each coordinate (`clip_grad_value_`), which bounds the largest and turns the direction",
        ),
    ),
    differentiable=False,
)


@CLIPPING.definition
def clip(g, c, epsilon=0.0):
    norm = np.sqrt(sum((part**2).sum() for part in g)) + epsilon
    factor = c / norm if norm > c else 1.0
    return tuple(part * factor for part in g)


@CLIPPING.example
def example():
    g, c = (np.array([3.0, -4.0]), np.array([12.0])), 6.5
    clipped = clip(g, c)
    norms = [np.sqrt((part**2).sum()) for part in g]
    norm = np.hypot(*norms)
    each = [part * min(1, c / n) for part, n in zip(g, norms, strict=True)]
    return (
        dict(g=g, c=c, a=g[0], b=g[1][0], norm_a=norms[0], norm_b=norms[1], norm=norm, factor=c / norm)
        | dict(clipped_a=clipped[0], clipped_b=clipped[1][0], each_a=each[0], each_b=each[1][0])
        | dict(ratio=g[1][0] / g[0][0], each_ratio=each[1][0] / each[0][0], value_a=np.clip(g[0], -c, c))
        | dict(value_b=min(g[1][0], c), coin=(0.9 * 1 + 0.1 * -9), coin_clipped=0.9 * 1 + 0.1 * -1)
    )


@CLIPPING.exercise
def the_factor():
    (clipped,) = clip((np.array([6.0, 8.0]),), 5.0)
    return array(clipped, by_value=[5.0, 5.0], to_length_one=[0.6, 0.8])


@CLIPPING.exercise
def accumulated():
    g, c = np.array([3.0]), 1.0
    once, each = clip((4 * g / 4,), c)[0], sum(clip((g / 4,), c)[0] for _ in range(4))
    return choice(once=once[0] == 1.0 and each[0] != once[0], each=each[0] == 1.0, equal=np.allclose(once, each))


@CLIPPING.cases
def cases(rng):
    long = (rng.standard_normal(5), 10 * rng.standard_normal((3, 2)))
    yield "long", dict(g=long, c=1.0)
    yield "long, PyTorch's ε", dict(g=long, c=1.0, epsilon=1e-6)
    yield "short", dict(g=(0.01 * rng.standard_normal(5), 0.01 * rng.standard_normal(3)), c=1.0)
    yield "short, PyTorch's ε", dict(g=(np.array([0.25]), np.array([0.5])), c=1.0, epsilon=1e-6)
    yield "zero", dict(g=(np.zeros(3), np.zeros(2)), c=0.5)
    yield "one number", dict(g=(np.array([-7.0]),), c=2.0)
    yield "huge", dict(g=(1e12 * rng.standard_normal(4),), c=1.0)
    yield "square", dict(g=(rng.standard_normal((3, 3)),), c=1.0)
    yield "many numbers", dict(g=(rng.standard_normal(1500), rng.standard_normal((200, 2))), c=1.0)


@CLIPPING.invalid
def invalid(rng):
    yield "a norm that is no number", dict(g=(np.ones(3),), c="one", epsilon=1e-6)


def length(parts):
    return float(np.sqrt(sum((p**2).sum() for p in parts)))


def gradients(rng, count=50):
    """Gradients of three parameters with norms from 10⁻³ to 10³."""
    return [tuple(10 ** rng.uniform(-3, 3) * rng.standard_normal(n) for n in (1, 6, 20)) for _ in range(count)]


@CLIPPING.claim
def norm_is_bounded(clip, rng):
    """The norm never exceeds $c$"""
    why = Text("c, with the rounding of 27 squares", "c，含 27 个平方的舍入")
    return all_of(*[bound(length(clip(g, 0.7)), 0.7 * (1 + 27 * EPSILON), "≤", why) for g in gradients(rng)])


@CLIPPING.claim
def direction_is_kept(clip, rng):
    """The direction is kept: over all parameters together"""

    def unit(parts):
        flat = np.concatenate([np.ravel(p) for p in parts])
        return flat / np.linalg.norm(flat)

    return all_of(*[invariance(unit(clip(g, 0.7)), unit(g), terms=27) for g in gradients(rng)])


@CLIPPING.claim
def short_gradients_are_left_alone(clip, rng):
    """A gradient that is short enough is left alone, bit for bit"""
    short = [tuple(1e-2 * p for p in g) for g in gradients(rng) if length(g) < 10]
    return all_of(*[identical(np.concatenate(clip(g, 0.7)), np.concatenate(g)) for g in short])


@CLIPPING.claim
def long_gradients_get_the_norm_c(clip, rng):
    r"""A long gradient comes out with the norm $c$; with ε, shorter by the factor
    $\lVert g\rVert/(\lVert g\rVert+\varepsilon)$"""
    long = [g for g in gradients(rng) if length(g) > 1]
    exact = [roundoff(length(clip(g, 0.7)), 0.7, terms=27) for g in long]
    guarded = [roundoff(length(clip(g, 0.7, 1e-6)), 0.7 * length(g) / (length(g) + 1e-6), terms=27) for g in long]
    return all_of(*exact, *guarded)


@CLIPPING.claim
def is_the_projection_onto_a_ball(clip, rng):
    """It is the projection onto the ball of radius $c$: no point of the ball is nearer, and two gradients never move
    apart"""

    def flat(parts):
        return np.concatenate([np.ravel(p) for p in parts])

    G = gradients(rng, 15)
    # five inside the ball, at whatever seed: there the projection moves nothing
    G += [tuple(0.1 * i * part / length(g) for part in g) for i, g in enumerate(G[:5], 1)]
    F, P = np.stack([flat(g) for g in G]), np.stack([flat(clip(g, 0.7)) for g in G])
    # the variational inequality of a projection: ⟨g − p, y − p⟩ ≤ 0 for every y of the ball
    Y = rng.standard_normal((200, 27))
    Y *= 0.7 * rng.uniform(0, 1, (200, 1)) / np.linalg.norm(Y, axis=1, keepdims=True)
    angles = [((f - p) @ (Y - p).T).max() / max(np.linalg.norm(f), 1) for f, p in zip(F, P, strict=True)]
    before = np.linalg.norm(F[:, None] - F, axis=-1)[~np.eye(20, dtype=bool)]
    after = np.linalg.norm(P[:, None] - P, axis=-1)[~np.eye(20, dtype=bool)]
    yield bound(max(angles), 1e-14, "≤", Text("⟨g − p, y − p⟩ ≤ 0, up to rounding", "⟨g − p, y − p⟩ ≤ 0，不计舍入"))
    yield bound(
        (after / before).max(), 1.0 + 1e-14, "≤", Text("distance after over before", "裁剪后与裁剪前的距离之比")
    )


@CLIPPING.claim
def clipping_biases_noise(clip, rng):
    """It biases noisy gradients: −1 nine times in ten, else 11, has the mean $+0.2$; clipped at 1 the mean is $-0.8$"""
    values = np.array([-1.0] * 9 + [11.0])
    clipped = np.array([clip((np.array([v]),), 1.0)[0][0] for v in values])
    return all_of(roundoff(values.mean(), 0.2, terms=10, scale=11.0), roundoff(clipped.mean(), -0.8, terms=10))


@CLIPPING.claim
def survives_a_cliff(clip, rng):
    r"""A step of descent moves by at most $\alpha c$: at a cliff of slope $10^8$ it stays and comes down, where one
    unclipped step moves by $10^7$ ($\alpha=0.1$, $c=1$)"""

    def gradient(x):
        return 1e8 if 0 < x < 1e-3 else x  # a wall of height 10⁵ at the bottom of ½x²

    x, farthest = 5e-4, 0.0
    for _ in range(400):
        x = x - 0.1 * float(clip((np.array([gradient(x)]),), 1.0)[0][0])
        farthest = max(farthest, abs(x))
    thrown = 0.1 * abs(float(clip((np.array([gradient(5e-4)]),), 1e9)[0][0]))
    yield bound(farthest, 0.1 + 5e-4)
    yield bound(abs(x), 1e-9, "≤", Text("0.9 a step, back from the foot of the wall", "每步乘以 0.9，从墙脚返回"))
    yield roundoff(thrown, 1e7)


@CLIPPING.mutant(caught_by="direction-is-kept, equals-definition")
def each_by_its_own_norm(g, c, epsilon=0.0):
    """each parameter by its own norm"""
    return tuple(clip((part,), c, epsilon)[0] for part in g)


@CLIPPING.mutant(caught_by="direction-is-kept, norm-is-bounded, long-gradients-get-the-norm-c")
def each_coordinate(g, c, epsilon=0.0):
    """each coordinate clipped"""
    return tuple(np.clip(part, -c, c) for part in g)


@CLIPPING.mutant(caught_by="short-gradients-are-left-alone, equals-definition, is-the-projection-onto-a-ball")
def always_scaled(g, c, epsilon=0.0):
    """always scaled to the norm c"""
    norm = length(g) + epsilon
    return tuple(part * c / norm for part in g)


@CLIPPING.mutant(caught_by="norm-is-bounded, survives-a-cliff, clipping-biases-noise")
def not_clipped(g, c, epsilon=0.0):
    """not clipped"""
    return g


@CLIPPING.mutant(caught_by="equals-definition, long-gradients-get-the-norm-c")
def root_forgotten(g, c, epsilon=0.0):
    """the squared norm, its root forgotten"""
    norm = length(g) ** 2 + epsilon
    return tuple(part * min(1.0, c / norm) for part in g) if norm else g


@CLIPPING.figure(c=Slider(0.1, 4, 1, "largest norm c", log=True), step=Slider(0.05, 0.6, 0.3, "step size α"))
def figure(c, step):
    def f(x, y):
        return 0.5 * x**2 + 0.5 * y**2 + 3 / (1 + np.exp(-25 * (x - 1)))

    def gradient(p):
        s = 1 / (1 + np.exp(-25 * (p[0] - 1)))
        return np.array([p[0] + 75 * s * (1 - s), p[1]])

    paths = []
    for limit in (None, c):
        points = [np.array([2.2, 1.5])]
        for _ in range(40):
            g = gradient(points[-1])
            points.append(points[-1] - step * (g if limit is None else clip((g,), limit)[0]))
        paths.append(np.array(points))
    fig, ax = canvas(width=6.2, height=3.6)
    level_sets(ax, f, (-4, 3), (-2, 2), levels=16, lowest=0.0, spacing=1.5)
    for points, colour, name in zip(paths, (COLOURS[1], COLOURS[0]), ("plain", "clipped"), strict=True):
        path(ax, points, colour, name)
    ax.axvline(1, color="0.4", lw=0.8, ls=":")
    ax.legend(loc="lower left")
    jumps = [float(np.linalg.norm(np.diff(p, axis=0), axis=1).max()) for p in paths]
    words = Text(
        f"Descent over a cliff at θ₁ = 1, α = {step:g}. The longest step is {jumps[0]:.2f} without clipping and "
        f"{jumps[1]:.2f} with c = {c:g} (at most αc = {step * c:.2f}).",
        f"越过 θ₁ = 1 处悬崖的下降，α = {step:g}。不裁剪时最长一步为 {jumps[0]:.2f}，c = {c:g} 时为 {jumps[1]:.2f}（至多 αc = {step * c:.2f}）。",
    )
    return Drawing(fig, words)
