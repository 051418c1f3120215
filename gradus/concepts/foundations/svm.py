"""The support vector machine: the widest street between two classes, and the few points that hold it."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, optimal, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

STOP = 1e-13  # how far scikit-learn is told to go; its default is 1e-3


def _sklearn(SVC, X, y, C, gamma):
    kernel = {"kernel": "rbf", "gamma": gamma} if gamma else {"kernel": "linear"}
    fitted = SVC(C=C, tol=STOP, **kernel).fit(X, y)
    alpha = np.zeros(len(y))
    alpha[fitted.support_] = np.abs(fitted.dual_coef_[0])
    return alpha, np.array(fitted.intercept_[0])


SVM = Concept(
    key="svm",
    kind="model",
    title="Support vector machine",
    summary="Of all hyperplanes between two classes the one whose distance from the nearest points is greatest; "
    "points that cannot be kept out of the margin pay for it in proportion, at price C. The weights are a "
    "combination of the points on or inside the margin alone, and only inner products enter: any kernel may take "
    "their place.",
    formulas=(
        r"\min_{w,b,\xi}\ \tfrac12\lVert w\rVert^2+C\sum_{i=1}^{n}\xi_i\quad\text{subject to}\quad y_i(w^{\mathsf T}x_i+b)\ge1-\xi_i,\quad\xi_i\ge0",
        r"\max_{\alpha}\ \sum_{i=1}^{n}\alpha_i-\tfrac12\sum_{i,j=1}^{n}\alpha_i\alpha_jy_iy_jk(x_i,x_j)\quad\text{subject to}\quad0\le\alpha_i\le C,\quad\sum_{i=1}^{n}\alpha_iy_i=0",
        r"f(x)=\sum_{i=1}^{n}\alpha_iy_ik(x_i,x)+b,\qquad w=\sum_{i=1}^{n}\alpha_iy_ix_i,\qquad 2\rho=\frac2{\lVert w\rVert}",
        r"\alpha_i=0\Rightarrow y_if(x_i)\ge1,\qquad0<\alpha_i<C\Rightarrow y_if(x_i)=1,\qquad\alpha_i=C\Rightarrow y_if(x_i)\le1",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "points, one a row"),
        Symbol("y_i", "y", "n", "labels −1 or 1", "other"),
        Symbol("C", "C", "", "price of a unit of violation", "positive"),
        Symbol(
            r"\gamma",
            "gamma",
            "",
            r"of the kernel $k(x,z)=e^{-\gamma\lVert x-z\rVert^2}$; 0 for $k(x,z)=x^{\mathsf T}z$",
            "nonnegative",
        ),
        Symbol(r"\alpha_i", "", "n", "dual variables: not 0 for the support vectors alone"),
        Symbol("b", "", "", "bias; it is not penalised"),
        Symbol("w", "", "d", "weights (linear kernel)"),
        Symbol(r"\xi_i", "", "n", "by how much a point is inside the margin, or beyond"),
        Symbol("f", "", "", "decision function; its sign is the class"),
        Symbol("k", "", "", "kernel: positive semidefinite, so that the dual is concave"),
        Symbol(r"2\rho", "", "", "width of the margin, between the planes $f=1$ and $f=-1$"),
    ),
    returns=(
        Result("alpha", "n", "multiplier of every point; 0 but for the support vectors"),
        Result("b", "", "intercept of the decision function"),
    ),
    needs=("perceptron", "kernel-methods", "hinge"),
    source="cortes1995support",
    year=1992,
    people=("Vladimir Vapnik", "Alexey Chervonenkis", "Bernhard Boser", "Isabelle Guyon", "Corinna Cortes"),
    aliases="support vector machines, SVC, maximum margin, SMO, 最大间隔, 支持向量, 支撑向量机",
    implementations=(
        Implementation(
            "sklearn.svm:SVC",
            "numpy",
            _sklearn,
            "LIBSVM; multiplies α by the labels (`dual_coef_`) and keeps support vectors only",
        ),
    ),
    readings="cortes1995support; boser1992training; keerthi2001improvements; bishop2006pattern §7.1; "
    "hastie2009elements §12.2–12.3; chang2011libsvm",
    hypotheses=(
        Hypothesis(
            r"for one value of b: some $0<\alpha_i<C$; else b may move in an interval", "low-price-takes-the-means"
        ),
        Hypothesis(
            "for the distance of the hulls: the classes are separable and C is at least the largest α",
            "a-lower-price-widens-the-margin",
        ),
    ),
    conventions=(
        Convention(
            "price of the violations",
            "C times their sum, beside half the squared norm",
            r"some texts divide the sum by n, and write $\frac\lambda2\lVert w\rVert^2$ with $\lambda=1/(nC)$",
        ),
    ),
    deviations=(
        "scikit-learn's `LinearSVC` penalises the bias (as the weight of a constant feature) and squares the hinge "
        "unless told: its solution moves when all points are shifted.",
        "LIBSVM keeps kernel values in float32: beyond seven digits its α is that of the rounded kernel. The points "
        "of this page have coordinates whose kernel values float32 holds.",
    ),
    differentiable=False,
    longest_sum=400,  # f is kept up to date pair by pair: as many terms as pairs are moved
)


def gram(X, gamma):
    """Kernel values of all pairs."""
    return np.exp(-gamma * ((X[:, None] - X) ** 2).sum(axis=2)) if gamma else X @ X.T


@SVM.definition
def svm(X, y, C=1.0, gamma=0.0):
    if X.ndim != 2 or y.shape != X.shape[:1] or C <= 0 or not (min(y) == -1 and max(y) == 1):
        raise ValueError("expected points (n, d), labels -1 and 1, both of them, and C > 0")
    K, alpha = gram(X, gamma), np.zeros(len(y))
    for _ in range(100_000):
        error = y - K @ (alpha * y)  # y − f(x) + b: the best pair to move has the greatest difference
        up = np.where(np.where(y > 0, alpha < C, alpha > 0), error, -np.inf)
        down = np.where(np.where(y > 0, alpha > 0, alpha < C), error, np.inf)
        i, j = up.argmax(), down.argmin()
        if up[i] - down[j] <= 2 * EPSILON * (1 + np.abs(K) @ alpha).max():
            return alpha, (up[i] + down[j]) / 2
        room = (C - alpha[i] if y[i] > 0 else alpha[i], alpha[j] if y[j] > 0 else C - alpha[j])
        curvature = K[i, i] + K[j, j] - 2 * K[i, j]
        t = min((up[i] - down[j]) / curvature, *room) if curvature > 0 else min(room)
        alpha[i], alpha[j] = alpha[i] + t * y[i], alpha[j] - t * y[j]  # keeps Σ αy
        alpha[alpha < 4 * EPSILON * C], alpha[alpha > C * (1 - 4 * EPSILON)] = 0, C
    raise ValueError("no optimum after 100000 pairs")


def grid(values, parts=256):
    """The nearest multiples of 1/parts: their products are exact in float32 too."""
    return np.round(values * parts) / parts


def overlapping(rng, n, d):
    """Two classes that no hyperplane separates, as a rule."""
    y = rng.permutation(np.where(np.arange(n) % 2, 1, -1))
    return grid(rng.standard_normal((n, d)) + 0.7 * y[:, None]), y


def determined(rng, n, d, C=1.0):
    """Overlapping classes whose machine has a point on its margin, so that b has one value."""
    while True:
        X, y = overlapping(rng, n, d)
        alpha, _ = svm(X, y, C)
        if ((alpha > 0) & (alpha < C)).any():
            return X, y


def apart(rng, n):
    """Two classes of the plane with a street between them that is at least 1 wide."""
    y = np.where(np.arange(n) % 2, 1, -1)
    turn = rng.uniform(0, np.pi)
    X = rng.uniform(-3, 3, (n, 2))
    X[:, 0] = y * (0.6 + np.abs(X[:, 0]))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return grid(X @ rotation.T), y


def lattice(rng, n):
    """Points of whole coordinates, none twice, labelled by a circle: for γ = ln 2 the kernel values are powers of ½."""
    cells = rng.choice(49, n, replace=False)
    X = np.stack([cells // 7 - 3.0, cells % 7 - 3.0], axis=1)
    return X, np.where((X**2).sum(1) < 6, 1, -1)


@SVM.example
def example():
    X, y, C = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [3.0, 2.0]]), np.array([-1, 1, 1, 1]), 4.0
    alpha, b = svm(X, y, C)
    w = X.T @ (alpha * y)
    soft, soft_b = svm(X, y, 0.5)
    v = X.T @ (soft * y)
    xi = np.maximum(0, 1 - y * (X @ v + soft_b))
    return (
        dict(X=X, y=y, C=C, alpha=alpha, b=b, w=w, f=X @ w + b, width=2 / np.linalg.norm(w))
        | dict(primal=w @ w / 2, dual=alpha.sum() - w @ w / 2, low=0.5, soft=soft, v=v, c=soft_b)
        | dict(g=X @ v + soft_b, xi=xi, soft_width=2 / np.linalg.norm(v))
        | dict(soft_cost=v @ v / 2 + 0.5 * xi.sum())
    )


@SVM.exercise
def width():
    w = np.array([3.0, 4.0])
    return number(2 / np.linalg.norm(w), one_side=1 / np.linalg.norm(w), no_root=2 / (w @ w))


@SVM.exercise
def two_numbers():
    _, b = svm(np.array([[1.0], [4.0]]), np.array([-1, 1]), 8.0)
    return number(b, threshold=2.5, lost_sign=-b)


@SVM.exercise
def leave_a_point_out():
    X, y = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [3.0, 2.0]]), np.array([-1, 1, 1, 1])

    def machine(rows):
        alpha, b = svm(X[rows], y[rows], 4.0)
        return np.append(X[rows].T @ (alpha * y[rows]), b)

    far, on = (np.allclose(machine(rows), machine([0, 1, 2, 3])) for rows in ([0, 1, 2], [0, 1, 3]))
    return choice(beyond=far and not on, on_the_margin=on and not far, any_one=far and on)


@SVM.cases
def cases(rng):
    X, y = overlapping(rng, 16, 2)
    yield "overlapping classes", dict(X=X, y=y)
    yield "a high price", dict(X=X, y=y, C=8.0)
    X, y = apart(rng, 12)
    yield "separable", dict(X=X, y=y, C=64.0)
    X, y = lattice(rng, 14)
    yield "Gaussian kernel", dict(X=X, y=y, C=2.0, gamma=np.log(2))
    yield "two points", dict(X=np.array([[1.0, 2.0], [3.0, -1.0]]), y=np.array([1, -1]))


@SVM.invalid
def invalid(rng):
    yield "fewer labels than points", dict(X=np.eye(3), y=np.array([1, -1]))
    yield "one class", dict(X=np.eye(3), y=np.ones(3))
    yield "a price below 0", dict(X=np.eye(2), y=np.array([1, -1]), C=-1.0)
    yield "three axes", dict(X=np.ones((2, 2, 2)), y=np.array([1, -1]))


def decision(X, y, alpha, b, gamma=0.0):
    """The decision function f at the points themselves."""
    return gram(X, gamma) @ (alpha * y) + b


def slack(X, C, gamma=0.0):
    """What stopping at `STOP` and rounding leave in f."""
    return 4 * STOP + 16 * len(X) * EPSILON * (1 + C * np.abs(gram(X, gamma)).sum(1).max())


EXACT = Text("where both solvers stop, and rounding of f", "求解器的停止精度与 f 的舍入")


def problems(rng):
    """(X, y, C, γ) of every kind."""
    for C in (0.125, 1.0, 4.0):
        yield (*overlapping(rng, 20, 3), C, 0.0)
    yield (*apart(rng, 14), 32.0, 0.0)
    yield (*lattice(rng, 20), 2.0, np.log(2))


@SVM.claim
def kkt_conditions(svm, rng):
    r"""The Karush–Kuhn–Tucker conditions hold: $0\le\alpha\le C$, $\sum\alpha_iy_i=0$, and each point is on the side
    of the margin that its α says"""
    for X, y, C, gamma in problems(rng):
        alpha, b = svm(X, y, C, gamma)
        excess = y * decision(X, y, alpha, b, gamma) - 1
        inside, outside = np.where(alpha < C, -excess, 0), np.where(alpha > 0, excess, 0)
        box = max(-alpha.min(), alpha.max() - C, abs(alpha @ y))
        yield optimal(max(inside.max(), outside.max(), 0.0), slack(X, C, gamma), EXACT)
        yield optimal(max(box, 0.0), 64 * len(y) * EPSILON * C, Text("rounding of α", "α 的舍入"))


def primal(X, y, C, w, b):
    """½‖w‖² + C Σ ξ, with the least ξ."""
    return float(w @ w / 2 + C * np.maximum(0, 1 - y * (X @ w + b)).sum())


@SVM.claim
def dual_equals_primal(svm, rng):
    r"""Strong duality: the primal value of $w=\sum\alpha_iy_ix_i$ and b equals the dual value of α"""
    for C in (0.125, 1.0, 8.0):
        X, y = overlapping(rng, 24, 3)
        alpha, b = svm(X, y, C)
        w = X.T @ (alpha * y)
        gap = primal(X, y, C, w, b) - (alpha.sum() - w @ w / 2)
        yield optimal(gap, 24 * C * slack(X, C), Text("n·C times what is left in f", "f 的残差乘以 n·C"))


@SVM.claim
def no_hyperplane_costs_less(svm, rng):
    """No other hyperplane costs less: 200 others, near and far, and with the bias alone moved"""
    for C in (0.25, 4.0):
        X, y = overlapping(rng, 24, 3)
        X = X + 2  # the bias has something to do
        alpha, b = svm(X, y, C)
        w = X.T @ (alpha * y)
        own = primal(X, y, C, w, b)
        sizes = 10.0 ** rng.uniform(-4, 0.5, 200)
        turns = rng.standard_normal((200, 3)) * (np.arange(200) % 3 > 0)[:, None]
        least = min(
            primal(X, y, C, w + s * u, b + s * v)
            for s, u, v in zip(sizes, turns, rng.standard_normal(200), strict=True)
        )
        yield bound(own - 24 * C * slack(X, C), least, "≤", Text("the cheapest of the others", "其余中最便宜的"))


def hull_distance(A, B):
    """Least distance between the convex hulls of two sets of the plane: from a point to a segment, every pair."""
    least = np.inf
    for P, Q in ((A, B), (B, A)):
        first, second = (Q[k] for k in np.triu_indices(len(Q)))
        along = second - first
        length = np.maximum((along**2).sum(1), 1e-300)
        for p in P:
            t = np.clip(((p - first) * along).sum(1) / length, 0, 1)
            least = min(least, np.sqrt(((first + t[:, None] * along - p) ** 2).sum(1)).min())
    return float(least)


@SVM.claim
def margin_is_the_distance_of_the_hulls(svm, rng):
    r"""Separable classes, high price: $2/\lVert w\rVert$ is the distance of the two convex hulls, and no direction has
    a wider street"""
    for _ in range(4):
        X, y = apart(rng, 16)
        alpha, b = svm(X, y, 1024.0)
        w = X.T @ (alpha * y)
        wide = 2 / np.linalg.norm(w)
        U = rng.standard_normal((200, 2)) + np.where(np.arange(200) % 2, 1.0, 0.0)[:, None] * 4 * w
        U /= np.linalg.norm(U, axis=1, keepdims=True)
        streets = (X[y > 0] @ U.T).min(0) - (X[y < 0] @ U.T).max(0)
        yield optimal(wide - hull_distance(X[y > 0], X[y < 0]), wide * slack(X, float(alpha.max())), EXACT)
        yield bound(streets.max(), wide * (1 + 1e-9), "≤", Text("the width 2/‖w‖", "宽度 2/‖w‖"))
        yield optimal(max(0.0, 1 - (y * (X @ w + b)).min()), slack(X, float(alpha.max())), EXACT)


@SVM.claim
def a_lower_price_widens_the_margin(svm, rng):
    r"""Below the largest α of the separating machine the margin is wider than the distance of the hulls, and points lie
    in it"""
    X, y = apart(rng, 16)
    hard, _ = svm(X, y, 1024.0)
    C = float(hard.max()) / 4
    alpha, b = svm(X, y, C)
    wide = 2 / np.linalg.norm(X.T @ (alpha * y))
    within = Text("1 less: some point lies in the margin", "小于 1：有点落在间隔之内")
    yield bound(wide, 1.05 * hull_distance(X[y > 0], X[y < 0]), "≥", Text("the distance of the hulls", "凸包的距离"))
    yield bound((y * decision(X, y, alpha, b)).min(), 0.99, "≤", within)


@SVM.claim
def two_points(svm, rng):
    r"""Two points, at a price of at least $2/\lVert x_1-x_2\rVert^2$: the hyperplane halfway between them, and a margin as wide
    as they are apart"""
    for _ in range(3):
        X = grid(rng.uniform(1, 3, (2, 2)) * [[1], [-1]])
        y = np.array([1, -1])
        apart = X[0] - X[1]
        alpha, b = svm(X, y, 1024.0)
        want = np.full(2, 2 / (apart @ apart))
        yield roundoff(alpha, want, terms=4)
        yield roundoff(b, -(X[0] @ X[0] - X[1] @ X[1]) / (apart @ apart), terms=4, scale=4.0)


@SVM.claim
def the_bias_is_free(svm, rng):
    """Where b is determined, shifting all points shifts the hyperplane with them: the bias is free"""
    X, y = determined(rng, 20, 2)
    shift = np.array([4.0, -2.0])
    (alpha, b), (beta, c) = svm(X, y, 1.0), svm(X + shift, y, 1.0)
    w, v = X.T @ (alpha * y), X.T @ (beta * y)
    left = slack(X + shift, 1.0)
    yield optimal(np.abs(v - w).max(), left, EXACT)
    yield optimal(c + v @ shift - b, np.abs(shift).sum() * left, EXACT)


@SVM.claim
def support_vectors_suffice(svm, rng):
    """Where b is determined, the support vectors alone give the same machine"""
    X, y = determined(rng, 60, 2)
    alpha, b = svm(X, y, 1.0)
    kept = alpha > 0
    beta, c = svm(X[kept], y[kept], 1.0)
    w, v = X.T @ (alpha * y), X[kept].T @ (beta * y[kept])
    moved = np.abs(np.append(v, c) - np.append(w, b)).max()
    fewer = Text("points are left out", "确有点被略去")
    return all_of(optimal(moved, slack(X, 1.0), EXACT), bound(kept.sum(), 59, "≤", fewer))


@SVM.claim
def leave_one_out_errs_on_support_vectors(svm, rng):
    """Where b is determined, leave-one-out errs on support vectors alone: at most as often as there are any"""
    X, y = determined(rng, 18, 2)
    X = X + 2
    alpha, _ = svm(X, y, 1.0)
    wrong = []
    for i in range(18):
        rest = np.arange(18) != i
        beta, c = svm(X[rest], y[rest], 1.0)
        wrong.append(y[i] * (X[i] @ X[rest].T @ (beta * y[rest]) + c) <= 0)
    support = alpha > 0
    yield identical(int(np.sum(np.array(wrong) & ~support)), 0)
    yield bound(np.sum(wrong), support.sum(), "≤", Text("number of support vectors", "支持向量的个数"))
    yield bound(support.sum(), 17, "≤", Text("not every point is one", "并非每个点都是"))


@SVM.claim
def low_price_takes_the_means(svm, rng):
    """Classes of equal size and a price so low that all points are inside the margin: every α is C, w is C times the
    difference of the classes' sums, and b is open: moving it costs nothing"""
    X, y = overlapping(rng, 20, 3)
    C = 2.0**-10
    alpha, b = svm(X, y, C)
    # y(w·x + b) < 1 for all of them is what makes α = C optimal, with |b| ≤ 1 − max|w·x|
    w = C * (X.T @ y)
    yield roundoff(alpha, np.full(20, C), terms=20)
    yield bound((y * (X @ w + b)).max(), 1.0, "≤", Text("inside the margin", "在间隔之内"))
    own = primal(X, y, C, w, b)
    yield roundoff([primal(X, y, C, w, b - 0.05 * np.sign(b)), primal(X, y, C, w, 0.0)], [own, own], terms=40)


@SVM.claim
def kernel_separates_a_disc(svm, rng):
    r"""A Gaussian kernel separates a disc from what is around it, which no line can; at a price so high that no point is
    inside it, the margin in feature space is $2/\sqrt{\sum\alpha_i}$ wide"""
    X, y = lattice(rng, 49)  # the whole square: 21 points in the disc, 28 around it
    alpha, b = svm(X, y, 1.0, 0.0)
    line = float(np.mean(y * decision(X, y, alpha, b) > 0))
    gamma, C = np.log(2), 16.0
    alpha, b = svm(X, y, C, gamma)
    f, top = decision(X, y, alpha, b, gamma), float(alpha.max())
    length = alpha @ (y * (f - b))  # ‖w‖² in feature space; Σ α where no point is inside the margin
    left = slack(X, top, gamma)
    yield bound(line, 0.9, "≤", Text("a line errs", "直线会出错"))
    yield optimal(max(0.0, 1 - (y * f).min()), left, EXACT)
    yield optimal(length - alpha.sum(), alpha.sum() * left, EXACT)


@SVM.claim
def equals_scikit_learn(svm, rng):
    """Equals scikit-learn's decision function and sum of α"""
    from sklearn.svm import SVC

    for X, y, C, gamma in problems(rng):
        want = _sklearn(SVC, X, y, C, gamma)
        alpha, b = svm(X, y, C, gamma)
        K = gram(X, gamma)
        f, g = K @ (alpha * y) + b, K @ (want[0] * y) + want[1]
        left = slack(X, C, gamma)
        yield optimal(np.abs(f - g).max(), left, EXACT)
        yield optimal(alpha.sum() - want[0].sum(), len(y) * C * left, EXACT)


@SVM.mutant(caught_by="the-bias-is-free, kkt-conditions, dual-equals-primal, no-hyperplane-costs-less")
def bias_penalised(X, y, C=1.0, gamma=0.0):
    """the bias is penalised, as the weight of a constant feature"""
    K, alpha = gram(X, gamma) + 1, np.zeros(len(y))
    for _ in range(25):
        for i in range(len(y)):
            step = (1 - y[i] * (K[i] @ (alpha * y))) / K[i, i]
            alpha[i] = np.clip(alpha[i] + step, 0, C)
    return alpha, alpha @ y


@SVM.mutant(caught_by="dual-equals-primal, low-price-takes-the-means")
def squared_violations(X, y, C=1.0, gamma=0.0):
    """violations are squared: α has no upper bound"""
    n = len(y)
    root = np.linalg.cholesky(gram(X, gamma) + np.eye(n) / (2 * C) + 1e-14 * np.eye(n))
    return svm(root, y, 1e3)


@SVM.mutant(caught_by="a-lower-price-widens-the-margin, low-price-takes-the-means, equals-definition")
def eightfold_price(X, y, C=1.0, gamma=0.0):
    """a price eight times as high"""
    return svm(X, y, 8 * C, gamma)


@SVM.mutant(caught_by="equals-definition, kkt-conditions, low-price-takes-the-means, equals-scikit-learn")
def price_over_n(X, y, C=1.0, gamma=0.0):
    """the price is divided by the number of points"""
    return svm(X, y, C / len(y), gamma)


@SVM.mutant(
    caught_by="kkt-conditions, margin-is-the-distance-of-the-hulls, two-points, support-vectors-suffice, "
    "dual-equals-primal"
)
def least_squares(X, y, C=1.0, gamma=0.0):
    """least squares in place of the hinge: every point is a support vector"""
    n = len(y)
    A = np.block([[np.zeros((1, 1)), np.ones((1, n))], [np.ones((n, 1)), gram(X, gamma) + np.eye(n) / C]])
    b, *coefficients = np.linalg.solve(A, np.append(0, y))
    return np.array(coefficients) * y, np.array(b)


@SVM.mutant(
    caught_by="kkt-conditions, two-points, the-bias-is-free, no-hyperplane-costs-less, "
    "margin-is-the-distance-of-the-hulls, leave-one-out-errs-on-support-vectors"
)
def threshold_for_bias(X, y, C=1.0, gamma=0.0):
    """the threshold is returned for the bias: its sign is lost"""
    alpha, b = svm(X, y, C, gamma)
    return alpha, -b


@SVM.mutant(caught_by="kernel-separates-a-disc, equals-definition")
def kernel_forgotten(X, y, C=1.0, gamma=0.0):
    """the kernel is forgotten"""
    return svm(X, y, min(C, 1.0) if gamma else C)  # a high price takes long where no line separates


@SVM.figure(
    C=Slider(0.01, 100.0, 1.0, "price of a violation", log=True),
    gamma=Slider(0.05, 20.0, 1.0, "inverse square width of the kernel", log=True),
)
def figure(C, gamma):
    from sklearn.svm import SVC

    rng = np.random.default_rng(2)
    y = np.where(np.arange(70) % 2, 1.0, -1.0)
    line = rng.standard_normal((70, 2)) * 0.75 + y[:, None] * [0.9, 0.7]
    angle, radius = rng.uniform(0, 2 * np.pi, 70), np.where(y > 0, 0.8, 1.9) + 0.35 * rng.standard_normal(70)
    ring = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    fig, axes = canvas(columns=2, width=7.6, height=3.6)
    at = np.stack(np.meshgrid(np.linspace(-3, 3, 120), np.linspace(-3, 3, 120)), axis=-1)
    counts, rates = [], []
    for ax, X, options in zip(axes, (line, ring), ({"kernel": "linear"}, {"gamma": gamma}), strict=True):
        machine = SVC(C=C, **options).fit(X, y)
        f = machine.decision_function(at.reshape(-1, 2)).reshape(120, 120)
        low, high = min(float(f.min()), -1.1), max(float(f.max()), 1.1)
        ax.contourf(at[..., 0], at[..., 1], f, levels=[low, 0, high], colors=[COLOURS[1], COLOURS[0]], alpha=0.12)
        ax.contour(
            at[..., 0], at[..., 1], f, levels=[-1, 0, 1], colors="0.2", linestyles=["--", "-", "--"], linewidths=1.1
        )
        for label, colour, marker in ((1, COLOURS[0], "o"), (-1, COLOURS[1], "s")):
            ax.scatter(*X[y == label].T, s=14, color=colour, marker=marker, linewidths=0)
        ax.scatter(*X[machine.support_].T, s=46, facecolors="none", edgecolors="0.15", linewidths=0.8)
        counts.append(len(machine.support_))
        rates.append(float(np.mean(machine.predict(X) == y)))
        ax.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        if options.get("kernel"):
            width = 2 / float(np.linalg.norm(machine.coef_))
    axes[0].set_title(f"margin 2/‖w‖ = {width:.2f}; {counts[0]} support vectors", fontsize=10)
    axes[1].set_title(f"γ = {gamma:.2g}; {counts[1]} support vectors", fontsize=10)
    words = Text(
        f"Two sets of 70 points; rings mark support vectors, dashes the margin. At C = {C:.2g} the line has a margin {width:.2f} wide, {counts[0]} support vectors, and "
        f"{100 * rates[0]:.0f} % of its points right; the Gaussian kernel with γ = {gamma:.2g} has {counts[1]} support vectors and {100 * rates[1]:.0f} %.",
        f"两组各 70 个点；圆圈标出支持向量，虚线为间隔边界。C = {C:.2g} 时，直线的间隔宽 {width:.2f}，有 {counts[0]} 个支持向量，{100 * rates[0]:.0f}% 的点正确；"
        f"γ = {gamma:.2g} 的高斯核有 {counts[1]} 个支持向量，正确率 {100 * rates[1]:.0f}%。",
    )
    return Drawing(fig, words)
