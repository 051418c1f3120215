"""The perceptron: learning from mistakes, how many there can be, and what one unit cannot learn."""

from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(fit, X, y, epochs, intercept):
    found = fit(X, y, epochs, intercept)
    return found.coefficients, np.array(found.mistakes)


PERCEPTRON = Concept(
    key="perceptron",
    kind="theorem",
    title="Perceptron",
    summary="A linear unit that changes only when it errs: the misclassified point, times its label, is added to the "
    r"weights. If some hyperplane through 0 separates the classes with margin $\gamma$, it errs at most $(R/\gamma)^2$ "
    "times, whatever the dimension and the number of points; if none does (XOR), it errs for ever. An intercept is the "
    "weight of a 1 put before each point.",
    formulas=(
        r"w\leftarrow w+y_ix_i\quad\text{whenever}\quad y_i\,w^{\mathsf T}x_i\le0,\qquad w_0=0,\quad y_i\in\{-1,1\}",
        r"y_i\,u^{\mathsf T}x_i\ge\gamma>0\ \text{ for all }i,\ \lVert u\rVert=1\quad\Longrightarrow\quad "
        r"M\le\left(\frac{R}{\gamma}\right)^2,\qquad R=\max_i\lVert x_i\rVert",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "points, one a row; with an intercept, a 1 is put before each"),
        Symbol("y_i", "y", "n", "labels −1 or 1", "other"),
        Symbol("E", "epochs", "", "passes over the points that are allowed", "natural"),
        Symbol("b", "intercept", "", "whether a constant is learnt, as the first weight", "boolean"),
        Symbol("w", "", "p", r"weights; the decision is the sign of $w^{\mathsf T}x$"),
        Symbol("M", "", "", "number of mistakes"),
        Symbol("u", "", "p", "a unit vector that separates"),
        Symbol(r"\gamma", "", "", "its margin"),
        Symbol("R", "", "", "length of the longest point"),
    ),
    returns=(
        Result("w", "p", "weights, the intercept first where there is one"),
        Result("mistakes", "", "number of corrections"),
    ),
    needs=("norm", "matrix-product"),
    source="rosenblatt1958perceptron",
    year=1958,
    people=("Frank Rosenblatt", "Albert Novikoff", "Marvin Minsky", "Seymour Papert"),
    aliases="Rosenblatt's perceptron, perceptron convergence theorem, XOR problem, 感知器, 感知机收敛定理, 异或问题",
    implementations=(
        Implementation(
            "gradus.foundations.perceptron:perceptron",
            "numpy",
            _ours,
            "also the estimator `Perceptron`, for any number of classes",
        ),
    ),
    readings="novikoff1962convergence; minsky1969perceptrons; bishop2006pattern §4.1.7; freund1999large",
    hypotheses=(
        Hypothesis(
            r"some hyperplane through 0 has every point strictly on its side, $\gamma>0$; with an intercept the 1 "
            "belongs to the point, and counts in R and γ",
            "xor-never-converges",
        ),
        Hypothesis(r"the start is $w_0=0$", "starts-elsewhere"),
        Hypothesis("the weights change at mistakes only", "learns-from-every-point"),
    ),
    conventions=(
        Convention(
            "labels, and a point on the hyperplane",
            r"labels −1 and 1; $w^{\mathsf T}x=0$ is a mistake for either",
            r"texts with labels 0 and 1 write $w\leftarrow w+\eta(y-\hat y)x$ with $\hat y=1$ on the hyperplane: the "
            "same rule for all other points; from $w=0$ the learning rate η only scales w",
        ),
    ),
    deviations="scikit-learn's `Perceptron` shuffles the points in each pass and stops when the loss no longer falls, "
    "unless `shuffle=False, tol=None`.",
    differentiable=False,
)


@PERCEPTRON.definition
def perceptron(X, y, epochs=100, intercept=True):
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for _ in range(epochs):
        before = M
        for x, t in zip(A, y, strict=True):
            if t * (w @ x) <= 0:
                w, M = w + t * x, M + 1
        if before == M:
            break
    return w, np.array(M)


@PERCEPTRON.example
def example():
    X, y = np.array([[2.0, 1.0], [-2.0, -2.0], [0.0, -3.0], [-1.0, 2.0]]), np.array([1.0, -1.0, 1.0, -1.0])
    w, rows = np.zeros(2), []
    for i in (0, 1, 2, 3, 0, 1, 2, 3):
        rows.append((w, y[i] * (w @ X[i])))
        w = w + y[i] * X[i] * (rows[-1][1] <= 0)
    u = np.array([5.0, -2.0]) / np.sqrt(29)
    R, gamma = np.linalg.norm(X, axis=1).max(), (y * (X @ u)).min()
    end, M = perceptron(X, y, 10, False)
    return (
        dict(X=X, y=y, epochs=10, intercept=False, before=np.array([r[0] for r in rows]))
        | dict(agree=np.array([r[1] for r in rows]), w=end, M=M, last=y * (X @ end), u=u, R=R, gamma=gamma)
        | dict(bound=(R / gamma) ** 2, along=u @ end, least=M * gamma, length=np.linalg.norm(end))
        | dict(most=np.sqrt(M) * R)
    )


@PERCEPTRON.exercise
def bound_of_mistakes():
    R, gamma = 2.0, 0.1
    return number((R / gamma) ** 2, no_square=R / gamma, half_squared=R / gamma**2)


@PERCEPTRON.exercise
def on_xor():
    X, y = XOR
    errors = [int(perceptron(X, y, epochs)[1]) for epochs in (100, 200)]
    sizes = [np.linalg.norm(perceptron(X, y, epochs)[0]) for epochs in (100, 200)]
    goes_on, bounded = errors[1] > 1.9 * errors[0], sizes[1] < 1.5 * sizes[0] + 1
    return choice(goes_on=goes_on and bounded, one_wrong=not goes_on, grows=goes_on and not bounded)


@PERCEPTRON.exercise
def a_smaller_step():
    X, y = np.array([[2.0, 1.0], [-2.0, -2.0], [0.0, -3.0], [-1.0, 2.0]]), np.array([1.0, -1.0, 1.0, -1.0])
    w, M, rate = np.zeros(2), 0, 1 / 128
    for _ in range(10):
        for x, t in zip(X, y, strict=True):
            if t * (w @ x) <= 0:
                w, M = w + rate * t * x, M + 1
    usual, mistakes = perceptron(X, y, 10, False)
    scaled = np.array_equal(w, rate * usual) and mistakes == M
    return choice(only_scale=scaled, more_mistakes=mistakes < M, fewer_mistakes=mistakes > M)


XOR = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]]), np.array([-1.0, 1, 1, -1])


@PERCEPTRON.cases
def cases(rng):
    u = rng.standard_normal(3)
    X = rng.standard_normal((20, 3))
    yield "separable", dict(X=X, y=np.where(X @ u + 0.3 > 0, 1.0, -1.0))
    yield "through the origin", dict(X=X, y=np.where(X @ u > 0, 1.0, -1.0), intercept=False)
    yield "noisy labels, ten passes", dict(X=X, y=rng.choice([-1.0, 1.0], 20), epochs=10)
    yield "XOR", dict(X=XOR[0], y=XOR[1], epochs=9)
    yield "one point", dict(X=np.array([[2.0, -1.0]]), y=np.array([-1.0]))
    yield "no pass", dict(X=X, y=np.ones(20), epochs=0)
    yield "square", dict(X=rng.standard_normal((3, 3)), y=np.array([1.0, -1.0, 1.0]), epochs=5)


@PERCEPTRON.invalid
def invalid(rng):
    yield "fewer labels than points", dict(X=np.ones((3, 2)), y=np.ones(2))
    yield "labels 0 and 1", dict(X=np.ones((3, 2)), y=np.array([0.0, 1.0, 1.0]))
    yield "three axes", dict(X=np.ones((3, 2, 2)), y=np.ones(3))


def separable(rng, n, d):
    """Points on both sides of a random hyperplane through 0, those too near to it left out; and its unit normal."""
    u = rng.standard_normal(d)
    u /= np.linalg.norm(u)
    X = rng.standard_normal((4 * n, d))
    X = X[np.abs(X @ u) > 0.1][:n]
    return X, np.where(X @ u > 0, 1.0, -1.0), u


@PERCEPTRON.claim
def mistakes_are_bounded(perceptron, rng):
    r"""$M\le(R/\gamma)^2$ on 100 random separable sets, in 2 to 30 dimensions"""
    for _ in range(100):
        X, y, u = separable(rng, 12, int(rng.integers(2, 31)))
        _, M = perceptron(X, y, 100_000, False)
        yield bound(M, np.max((X**2).sum(1)) / (y * (X @ u)).min() ** 2)


@PERCEPTRON.claim
def bound_is_attained(perceptron, rng):
    r"""The bound is attained: on $n$ unit vectors at right angles, without an intercept, $R=1$, the best
    $\gamma=1/\sqrt n$, and it errs exactly $n$ times"""
    sizes = (1, 2, 5, 16)
    return identical([int(perceptron(np.eye(n), rng.choice([-1.0, 1.0], n), 9, False)[1]) for n in sizes], sizes)


@PERCEPTRON.claim
def separates_what_can_be_separated(perceptron, rng):
    """When it stops, every point of a separable set is on its side, none on the hyperplane"""
    margins = []
    for _ in range(10):
        X, y, _ = separable(rng, 30, 5)
        X = X + rng.standard_normal(5)  # the intercept is needed now
        w, _ = perceptron(X, y, 100_000)
        margins.append((y * (X @ w[1:] + w[0])).min())
    return identical(np.array(margins) > 0, np.ones(10, bool))


@PERCEPTRON.claim
def both_halves_of_the_proof(perceptron, rng):
    r"""Both halves of the proof: $u^{\mathsf T}w\ge M\gamma$ and $\lVert w\rVert^2\le MR^2$"""
    for epochs in (1, 2, 4, 1000):
        X, y, u = separable(rng, 40, 8)
        w, M = perceptron(X, y, epochs, False)
        gamma, R2 = (y * (X @ u)).min(), np.max((X**2).sum(1))
        yield bound(u @ w, M * gamma, "≥")
        yield bound(w @ w, M * R2)


@PERCEPTRON.claim
def xor_never_converges(perceptron, rng):
    """XOR: it errs in every one of 1000 passes, while its weights stay bounded and come round again and again"""
    weights, mistakes = zip(*(perceptron(*XOR, epochs) for epochs in (10, 100, 999, 1000)), strict=True)
    least = Text("one mistake a pass at the least", "每次遍历至少一次错误")
    return all_of(
        *[bound(M, e, "≥", least) for M, e in zip(mistakes, (10, 100, 999, 1000), strict=True)],
        *[identical(w, weights[0]) for w in weights],
    )


@PERCEPTRON.claim
def a_hidden_layer_solves_xor(perceptron, rng):
    """One hidden layer solves XOR: in the two units “some input” and “both inputs” it stops, without an error"""
    X, y = XOR
    hidden = np.sign(np.stack([X.sum(1) + 1, X.sum(1) - 1], axis=1))  # OR, AND
    w, M = perceptron(hidden, y, 1000)
    _, again = perceptron(hidden, y, 2000)
    return all_of(identical(np.sign(hidden @ w[1:] + w[0]), y), identical(M, again))


@PERCEPTRON.claim
def fourteen_of_sixteen(perceptron, rng):
    """Of the 16 functions of two bits it learns 14: all but XOR and its negation"""
    X = XOR[0]
    learnt = [
        bool((np.sign(X @ w[1:] + w[0]) == y).all())
        for y in map(np.array, product([-1.0, 1.0], repeat=4))
        for w in [perceptron(X, y, 100)[0]]
    ]
    return all_of(identical(sum(learnt), 14), identical(np.flatnonzero(np.logical_not(learnt)), [6, 9]))


@PERCEPTRON.claim
def weights_count_the_mistakes(perceptron, rng):
    r"""$w=\sum_i\alpha_iy_ix_i$ with whole numbers $\alpha_i\ge0$ whose sum is $M$: how often each point was
    mistaken"""
    X, y = rng.standard_normal((6, 9)), rng.choice([-1.0, 1.0], 6)
    w, M = perceptron(X, y, 1000, False)
    alpha = np.linalg.lstsq((X * y[:, None]).T, w, rcond=None)[0]
    counts = np.round(alpha)
    scale = np.linalg.cond(X) * max(1.0, np.abs(alpha).max())
    yield roundoff(alpha, counts, terms=9, c=16, scale=scale)
    yield bound(counts.min(), 0.0, "≥")
    yield identical(counts.sum(), float(M))


@PERCEPTRON.claim
def scale_does_not_matter(perceptron, rng):
    """Without an intercept scaling all points by 8 scales the weights by 8 and changes no decision. With one the 1 is
    not scaled: the points 1 and 2 take 13 mistakes to part, 8 and 16 take 197"""
    X, y, _ = separable(rng, 25, 4)
    w, M = perceptron(X, y, 50, False)
    w8, M8 = perceptron(8 * X, y, 50, False)
    line, sides = np.array([[1.0], [2.0]]), np.array([-1.0, 1.0])
    parted = [int(perceptron(scale * line, sides, 1000)[1]) for scale in (1.0, 8.0)]
    return all_of(identical(w8, 8 * w), identical(M8, M), identical(parted, [13, 197]))


@PERCEPTRON.claim
def equals_scikit_learn(perceptron, rng):
    """Equals scikit-learn's weights on the same order of points"""
    from sklearn.linear_model import Perceptron

    X, y, _ = separable(rng, 30, 4)
    flipped = np.where(rng.random(30) < 0.2, -y, y)
    for labels in (y, flipped):
        oracle = Perceptron(shuffle=False, tol=None, max_iter=7).fit(X, labels)
        w, _ = perceptron(X, labels, 7)
        yield roundoff(w, [*oracle.intercept_, *oracle.coef_[0]], terms=210, scale=10.0)


@PERCEPTRON.mutant(caught_by="equals-definition, mistakes-are-bounded, both-halves-of-the-proof, bound-is-attained")
def learns_from_every_point(X, y, epochs=100, intercept=True):
    """learns from every point, mistaken or not"""
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    passes = min(epochs, 50)
    return passes * (A.T @ y), np.array(passes * len(y))


@PERCEPTRON.mutant(
    caught_by="bound-is-attained, separates-what-can-be-separated, xor-never-converges, equals-scikit-learn"
)
def content_with_zero(X, y, epochs=100, intercept=True):
    """a point on the hyperplane counts as right: it never leaves 0"""
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for x, t in list(zip(A, y, strict=True)) * min(epochs, 10):
        if t * (w @ x) < 0:
            w, M = w + t * x, M + 1
    return w, np.array(M)


@PERCEPTRON.mutant(caught_by="equals-definition, bound-is-attained")
def starts_elsewhere(X, y, epochs=100, intercept=True):
    """it starts from ones, not from 0"""
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.ones(A.shape[1]), 0
    for x, t in list(zip(A, y, strict=True)) * min(epochs, 200):
        if t * (w @ x) <= 0:
            w, M = w + t * x, M + 1
    return w, np.array(M)


@PERCEPTRON.mutant(
    caught_by="equals-definition, separates-what-can-be-separated, fourteen-of-sixteen, a-hidden-layer-solves-xor"
)
def label_left_out(X, y, epochs=100, intercept=True):
    """the label is left out of the update"""
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for x, t in list(zip(A, y, strict=True)) * min(epochs, 10):
        if t * (w @ x) <= 0:
            w, M = w + x, M + 1
    return w, np.array(M)


@PERCEPTRON.mutant(caught_by="equals-definition, fourteen-of-sixteen, separates-what-can-be-separated")
def intercept_forgotten(X, y, epochs=100, intercept=True):
    """no intercept although one is asked for"""
    w, M = perceptron(X, y, min(epochs, 50), False)
    return (np.append(0.0, w) if intercept else w), M


@PERCEPTRON.mutant(
    caught_by="weights-count-the-mistakes, equals-scikit-learn, xor-never-converges, both-halves-of-the-proof"
)
def shrinking_steps(X, y, epochs=100, intercept=True):
    """the step shrinks with the number of mistakes"""
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for x, t in list(zip(A, y, strict=True)) * epochs:
        if t * (w @ x) <= 0:
            M += 1
            w = w + t * x / M
    return w, np.array(M)


@PERCEPTRON.mutant(caught_by="equals-definition, scale-does-not-matter, weights-count-the-mistakes")
def normalised_points(X, y, epochs=100, intercept=True):
    """the points are brought to unit length first"""
    return perceptron(X / np.linalg.norm(X, axis=-1, keepdims=True), y, epochs, intercept)


@PERCEPTRON.figure(
    gap=Slider(0.01, 1.0, 0.1, "margin of the classes", log=True), seed=Slider(0, 9, 4, "which points", integer=True)
)
def figure(gap, seed):
    rng = np.random.default_rng(int(seed))
    u = np.array([np.cos(0.6), np.sin(0.6)])
    X = rng.uniform(0, 2.8, (400, 2))
    side = (X - 1.4) @ u
    X, y = X[np.abs(side) > gap][:60], np.sign(side[np.abs(side) > gap][:60])
    history, epochs = [perceptron(X, y, e) for e in range(60)], 60
    mistakes = np.array([int(M) for _, M in history])
    settled = int(np.argmax(mistakes == mistakes[-1]))
    w = history[-1][0]
    v = np.append(-1.4 * u.sum(), u)
    reach = (y * (X @ u + v[0])).min() / np.linalg.norm(v)
    limit = (1 + (X**2).sum(1).max()) / reach**2
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    for label, colour, marker in ((1, COLOURS[0], "o"), (-1, COLOURS[1], "s")):
        left.scatter(*X[y == label].T, s=18, color=colour, marker=marker, alpha=0.8)
    t = np.array([-1.0, 4.0])
    for v, style, name in ((history[1][0], ":", "after one pass"), (w, "-", f"after {settled}")):
        if v[2]:
            left.plot(t, -(v[0] + v[1] * t) / v[2], style, color="0.2", lw=1.4, label=name)
    left.set(xlim=(-0.1, 2.9), ylim=(-0.1, 3.5), xlabel="$x_1$", ylabel="$x_2$")
    left.legend(frameon=True, fontsize=9.5, loc="upper center", ncols=2)
    right.plot(np.arange(epochs), np.maximum(mistakes, 0.5), lw=1.8, label="mistakes M")
    right.axhline(limit, color=COLOURS[1], ls="--", lw=1.2, label=r"bound $(R/\gamma)^2$")
    worst = [int(perceptron(*XOR, e)[1]) for e in range(epochs)]
    right.plot(np.arange(epochs), np.maximum(worst, 0.5), color="0.6", lw=1.4, label="XOR: for ever")
    right.set(yscale="log", xlabel="pass", ylabel="mistakes so far", ylim=(0.5, 3 * max(limit, 250)))
    right.legend(frameon=False, fontsize=9.5, loc="lower right")
    total = int(perceptron(X, y, 5000)[1])
    when = (
        Text(f"the last in pass {settled}", f"最后一次在第 {settled} 次遍历")
        if total == mistakes[-1]
        else Text(f"{mistakes[-1]} of them in the passes drawn", f"其中 {mistakes[-1]} 次在图中所画的遍历里")
    )
    words = Text(
        f"{len(X)} points with a margin of {gap:.2f}: {total} mistakes, {when.en}; at most {limit:.0f} are possible. "
        f"On XOR there were {worst[-1]} in {epochs - 1} passes, and there is no end.",
        f"{len(X)} 个点，间隔 {gap:.2f}：共犯错 {total} 次，{when.zh}；至多可能 {limit:.0f} 次。"
        f"在异或上 {epochs - 1} 次遍历犯错 {worst[-1]} 次，没有尽头。",
    )
    return Drawing(fig, words)
