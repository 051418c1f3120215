"""Principal component analysis: the directions in which data vary most."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(PCA, X, k):
    fitted = PCA(n_components=k, svd_solver="full").fit(X)
    return fitted.mean_, fitted.components_, fitted.explained_variance_


def one_sign(result):
    """Of each pair ±w, the one whose largest entry is positive."""
    mu, W, variances = result
    top = W[list(range(W.shape[0])), abs(W).argmax(1)]
    return mu, W * ((top >= 0) * 2 - 1)[:, None], variances


PCA = Concept(
    key="pca",
    kind="algorithm",
    title="Principal component analysis",
    summary="Centre the data; the eigenvectors of their covariance are the directions of greatest variance, and the "
    "eigenvalues those variances. The first k directions through the mean span a k-dimensional plane whose squared "
    "distances from the data add up to the least. It looks at variance alone: at units, not at labels.",
    formulas=(
        r"\mu=\frac1n\sum_{i=1}^{n}x_i,\qquad S=\frac1{n-1}\sum_{i=1}^{n}(x_i-\mu)(x_i-\mu)^{\mathsf T},\qquad Sw_j=\lambda_jw_j,\quad \lambda_1\ge\lambda_2\ge\dots",
        r"w_1\in\arg\max_{\lVert w\rVert=1}w^{\mathsf T}Sw,\qquad W=(w_1,\dots,w_k)^{\mathsf T}\in\arg\max_{WW^{\mathsf T}=I}\operatorname{tr}(WSW^{\mathsf T}),\qquad \lambda_j=\frac{\sigma_j(X-\mathbf 1\mu^{\mathsf T})^2}{n-1}",
        r"z_i=W(x_i-\mu),\qquad \hat x_i=\mu+W^{\mathsf T}z_i,\qquad \frac1{n-1}\sum_{i=1}^{n}\lVert x_i-\hat x_i\rVert^2=\sum_{j>k}\lambda_j",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "data, one point a row"),
        Symbol("k", "k", "", "number of components", "natural"),
        Symbol(r"\mu", "", "d", "mean"),
        Symbol("S", "", "d d", "covariance matrix"),
        Symbol("w_j", "", "k d", "principal components, one a row of W"),
        Symbol(r"\lambda_j", "", "k", "variance along each"),
        Symbol("z_i", "", "n k", "scores: coordinates along the components"),
        Symbol(r"\hat x_i", "", "n d", "reconstruction from k scores"),
        Symbol(r"\sigma_j", "", "", "j-th singular value"),
    ),
    returns=(
        Result("mu", "d", "mean of the data"),
        Result("W", "k d", "principal directions in the rows"),
        Result("lam", "k", "variance along each direction, the largest first"),
    ),
    needs=("svd", "expectation", "inner-product"),
    source="pearson1901lines",
    year=1901,
    people=("Karl Pearson", "Harold Hotelling"),
    aliases="principal components, Karhunen-Loève transform, dimensionality reduction, "
    "主成分, 主元分析, 主分量分析, 降维, 白化",
    implementations=(
        Implementation(
            "sklearn.decomposition:PCA",
            "numpy",
            _sklearn,
            "by the SVD of the centred data; `transform` gives the scores",
        ),
    ),
    readings="jolliffe2002principal ch. 1–3; hastie2009elements §14.5; bishop2006pattern §12.1; "
    "deisenroth2020mathematics ch. 10",
    hypotheses=(
        Hypothesis("the data are centred", "not-centred"),
        Hypothesis(
            r"for the directions themselves: the eigenvalues are distinct; for their span, $\lambda_k>\lambda_{k+1}$",
            "ties-leave-the-directions-open",
        ),
    ),
    conventions=(
        Convention(
            "divisor of the variances", "n − 1, as in scikit-learn, R's `prcomp` and MATLAB", "n in R's `princomp`"
        ),
        Convention(
            "sign of a component, which is free",
            "the entry largest in size is positive, as in scikit-learn ≥ 1.5",
            "what the eigenvalue routine happens to give",
        ),
    ),
    deviations="`TruncatedSVD` does not centre: far from the origin its first direction is mostly the mean.",
    proof=Proof(
        r"Let $v_1,\dots,v_d$ be orthonormal eigenvectors of S. For W with orthonormal rows "
        r"$\operatorname{tr}(WSW^{\mathsf T})=\sum_j\lambda_j\lVert Wv_j\rVert^2$, where the weights $\lVert Wv_j\rVert^2$ "
        r"lie between 0 and 1 and add up to k: the sum is at most $\lambda_1+\dots+\lambda_k$, and $w_j=v_j$ attains it. "
        r"The reconstruction leaves of $x_i-\mu$ the part orthogonal to the rows: on average "
        r"$\operatorname{tr}S-\operatorname{tr}(WSW^{\mathsf T})$, least for the same W, and then $\sum_{j>k}\lambda_j$. "
        r"Another point than $\mu$ to start from only adds its squared distance."
    ),
    canonical=one_sign,
)


@PCA.definition
def pca(X, k):
    n, d = X.shape
    if not 1 <= k <= min(n, d):
        raise ValueError("k lies between 1 and the smaller of n and d")
    mu = X.sum(axis=0) / n
    S = (X - mu).T @ (X - mu) / (n - 1)
    variances, V = np.linalg.eigh(S)  # ascending
    return one_sign((mu, V[:, ::-1][:, :k].T, variances[::-1][:k]))


@PCA.example
def example():
    X, k = np.array([[0.0, 1.0], [2.0, 1.0], [2.0, 3.0], [4.0, 3.0]]), 1
    mu, W, _ = pca(X, k)
    every = pca(X, 2)[2]
    C = X - mu
    S, z = C.T @ C / 3, C @ W[0]
    near = mu + np.outer(z, W[0])
    rest = ((X - near) ** 2).sum(1)
    metres = pca(X * [1.0, 0.01], 2)
    return (
        dict(X=X, k=k, mu=mu, C=C, S=S, trace=np.trace(S), det=np.linalg.det(S), lam=every, w=W[0], z=z)
        | dict(near=near, rest=rest, mean_rest=rest.sum() / 3, share=every[0] / every.sum())
        | dict(raw=np.linalg.svd(X)[2][0], w_units=metres[1][0])
    )


@PCA.exercise
def share_of_the_first():
    lam = np.array([6.0, 2.0, 1.0, 1.0])
    return number(
        lam[:2].sum() / lam.sum(), first_only=lam[0] / lam.sum(), roots=np.sqrt(lam[:2]).sum() / np.sqrt(lam).sum()
    )


@PCA.exercise
def copied_column():
    X = np.random.default_rng(0).standard_normal((50, 2)) * [1.0, 1.2]
    twice = pca(np.column_stack([X, X[:, 0]]), 1)[1][0]
    once = pca(X, 1)[1][0]
    turned = abs(once[1]) > abs(once[0]) and abs(twice[1]) < abs(twice[0])
    return choice(nothing=not turned, turns=turned)


@PCA.exercise
def reconstruction():
    X = np.array([[3.0, 4.0], [-3.0, -4.0]])
    _, W, _ = pca(X, 1)
    return array(
        W[0] * (W[0] @ np.array([5.0, 0.0])),
        not_projected=[5.0, 0.0],
        score_only=W[0] @ np.array([5.0, 0.0]) * np.ones(2),
    )


@PCA.cases
def cases(rng):
    X = rng.standard_normal((12, 4)) @ rng.standard_normal((4, 4))
    yield "random", dict(X=X, k=2)
    yield "all components", dict(X=X, k=4)
    yield "far from the origin", dict(X=X + [3.0, -20.0, 7.0, 1.0], k=1)
    yield "two points", dict(X=rng.standard_normal((2, 3)), k=1)
    yield "one feature", dict(X=rng.standard_normal((6, 1)), k=1)
    yield "as many points as features", dict(X=rng.standard_normal((4, 4)) * [4.0, 2.0, 1.0, 0.5], k=2)
    yield "many points", dict(X=rng.standard_normal((1500, 2)) * [2.0, 1.0], k=1)


@PCA.invalid
def invalid(rng):
    yield "more components than features", dict(X=rng.standard_normal((6, 3)), k=4)
    yield "a vector", dict(X=np.ones(5), k=1)


def digits():
    """scikit-learn's 1797 handwritten digits, 64 pixels each."""
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


@PCA.claim
def equals_scikit_learn_on_digits(pca, rng):
    """On the 1797 digits it equals scikit-learn: the first two components hold 14.89 % and 13.62 % of the variance, 29
    hold 95 %"""
    from sklearn.decomposition import PCA as Oracle

    X, _ = digits()
    mu, W, variances = pca(X, 29)
    oracle = Oracle(29, svd_solver="full").fit(X)
    total = ((X - X.mean(0)) ** 2).sum() / (len(X) - 1)
    share = np.cumsum(variances) / total
    gap = float(-np.diff(oracle.explained_variance_[:10]).max()) / oracle.explained_variance_[0]
    signs = np.sign((W * oracle.components_).sum(axis=1))[:, None]
    yield roundoff(variances, oracle.explained_variance_, terms=64)
    yield roundoff(mu, oracle.mean_, terms=64)
    yield roundoff((W * signs)[:9], oracle.components_[:9], terms=64, scale=1 / gap)
    yield near(share[0], 0.14890594, 5e-9, Text("eight published digits", "公布的 8 位数字"))
    yield near(share[1] - share[0], 0.13618771, 5e-9, Text("eight published digits", "公布的 8 位数字"))
    yield identical(int(np.argmax(share >= 0.95)) + 1, 29)


def spread(X, W):
    """The variance of the data along the rows of W, summed."""
    Z = (X - X.mean(0)) @ W.T
    return float((Z**2).sum() / (len(X) - 1))


@PCA.claim
def variance_is_maximal(pca, rng):
    """No other k orthonormal directions catch more variance: 300 random sets, and small turns of the components
    themselves"""
    X = rng.standard_normal((80, 6)) @ np.diag([3.0, 2.0, 1.5, 1.0, 0.6, 0.2]) + 5
    for k in (1, 3):
        _, W, variances = pca(X, k)
        best = spread(X, W)
        others = [rng.standard_normal((6, k)) for _ in range(150)]
        others += [W.T + size * rng.standard_normal((6, k)) for size in (0.3, 1e-3) for _ in range(75)]
        highest = max(spread(X, np.linalg.qr(M)[0].T) for M in others)
        why = Text("the variance along the components", "沿主成分的方差")
        yield bound(highest, best, "≤", why)
        yield roundoff(best, variances.sum(), terms=80)


@PCA.claim
def reconstruction_error_is_the_tail(pca, rng):
    r"""The reconstruction error is the sum of the eigenvalues left out:
    $\frac1{n-1}\sum\lVert x_i-\hat x_i\rVert^2=\sum_{j>k}\lambda_j$"""
    X = rng.standard_normal((50, 7)) @ rng.standard_normal((7, 7)) + 10
    tail = np.linalg.eigvalsh(np.cov(X.T))[::-1]
    for k in (1, 3, 7):
        mu, W, _ = pca(X, k)
        rest = X - mu - (X - mu) @ W.T @ W
        yield roundoff((rest**2).sum() / 49, tail[k:].sum(), terms=50, scale=float(tail.sum()))


@PCA.claim
def scores_are_uncorrelated(pca, rng):
    r"""The scores are uncorrelated, their variances the $\lambda_j$, and the components orthonormal"""
    X = rng.standard_normal((40, 5)) @ rng.standard_normal((5, 5)) - 3
    mu, W, variances = pca(X, 5)
    Z = (X - mu) @ W.T
    scale = float(variances[0])
    yield roundoff(np.cov(Z.T), np.diag(variances), terms=40, scale=scale)
    yield roundoff(W @ W.T, np.eye(5), terms=5)
    yield roundoff(Z.mean(0), np.zeros(5), terms=40, scale=float(np.abs(X).max()))


@PCA.claim
def moves_with_the_data(pca, rng):
    """Moving all points changes nothing but the mean; turning them turns the components"""
    X = rng.standard_normal((40, 4)) * [4.0, 2.0, 1.0, 0.3]
    _, W, variances = pca(X, 3)
    shift, R = np.array([30.0, -20.0, 10.0, 5.0]), np.linalg.qr(rng.standard_normal((4, 4)))[0]
    moved, turned = pca(X + shift, 3), pca(X @ R.T, 3)
    scale = float(np.abs(X + shift).max() ** 2)
    yield invariance(moved[1], W, terms=40, scale=scale)
    yield invariance(moved[2], variances, terms=40, scale=scale)
    yield invariance(turned[2], variances, terms=40)
    yield invariance(np.abs(turned[1] @ R @ W.T), np.eye(3), terms=40, scale=float(variances[0]))


@PCA.claim
def ties_leave_the_directions_open(pca, rng):
    """Where eigenvalues tie, the directions are open: of the corners of a square every direction catches the same
    variance, and the component that is returned is one of many"""
    X = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    _, W, variances = pca(X, 1)
    angle = rng.uniform(0, np.pi, 6)
    others = [spread(X, np.array([[np.cos(t), np.sin(t)]])) for t in angle]
    yield roundoff(others, np.full(6, float(variances[0])), terms=8)
    yield roundoff(spread(X, W), 4 / 3, terms=8)


@PCA.claim
def units_decide(pca, rng):
    """Units decide: of independent features of deviations 3, 2 and 1 the last in millimetres instead of metres, and the first
    component is nearly that feature"""
    X = rng.standard_normal((200, 3)) * [3.0, 2.0, 1.0]
    before, after = pca(X, 1)[1][0], pca(X * [1.0, 1.0, 1000.0], 1)[1][0]
    why = Text("the angle is at most about (largest other deviation)/1000", "夹角至多约为（其余最大标准差）/1000")
    yield bound(abs(before[2]), 0.5, "≤", Text("it had little share", "原先份额很小"))
    yield bound(abs(after[2]), 1 - 1e-5, "≥", why)


@PCA.claim
def ignores_the_labels(pca, rng):
    """It ignores labels: independent normal features of deviation 10 and 0.1, label = sign of the second: the first component guesses, the
    second, which is left out, is right in more than 9 cases of 10"""
    X = rng.standard_normal((2000, 2)) * [10, 0.1]
    y = X[:, 1] > 0
    mu, W, variances = pca(X, 2)
    Z = (X - mu) @ W.T
    right = [max(np.mean((z > 0) == y), np.mean((z < 0) == y)) for z in Z.T]
    # the first axis is not quite e₁, which lets through a little of the second feature
    tilt = abs(W[0, 1] / W[0, 0]) * 0.1 / 10
    chance = 0.5 + np.arctan(tilt) / np.pi + 5 * np.sqrt(0.25 / 2000)
    yield bound(
        right[0],
        float(chance),
        "≤",
        Text("½, the tilt of the axis, and 5 standard errors", "½、主轴的倾斜，以及 5 倍标准误"),
    )
    yield bound(right[1], 0.9, "≥", Text("the dropped component decides", "被丢掉的成分起决定作用"))
    yield bound(
        variances[0] / variances.sum(), 0.999, "≥", Text("share of the variance that is kept", "保留的方差比例")
    )


@PCA.mutant(
    caught_by="equals-scikit-learn-on-digits, moves-with-the-data, reconstruction-error-is-the-tail, "
    "variance-is-maximal"
)
def not_centred(X, k):
    """the data are not centred"""
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    return one_sign((0 * X[0], Vt[:k], s[:k] ** 2 / (len(X) - 1)))


@PCA.mutant(
    caught_by="equals-definition, equals-scikit-learn-on-digits, scores-are-uncorrelated, "
    "ties-leave-the-directions-open"
)
def divided_by_n(X, k):
    """the variance divides by n"""
    mu, W, variances = pca(X, k)
    return mu, W, variances * (len(X) - 1) / len(X)


@PCA.mutant(caught_by="variance-is-maximal, reconstruction-error-is-the-tail, ignores-the-labels")
def smallest_components(X, k):
    """the smallest components"""
    mu = X.mean(0)
    variances, V = np.linalg.eigh((X - mu).T @ (X - mu) / max(len(X) - 1, 1))
    return one_sign((mu, V[:, :k].T, variances[:k]))


@PCA.mutant(caught_by="units-decide, equals-definition, moves-with-the-data, ignores-the-labels")
def standardised(X, k):
    """features are standardised first"""
    deviation = X.std(0)
    return pca(X / np.where(deviation > 0, deviation, 1), k)


@PCA.mutant(caught_by="scores-are-uncorrelated, equals-definition")
def singular_values(X, k):
    """singular values are returned for variances"""
    mu, W, variances = pca(X, k)
    return mu, W, np.sqrt(variances * (len(X) - 1))


PCA.erratum(
    "E60",
    common="Dimension reduction (PCA, for instance) as a general remedy, whatever is to be predicted afterwards",
    why="The components are ranked by variance, and the labels never enter. Of two independent features with deviations 10 and "
    "0.1 whose label is the sign of the second, the first component keeps 99.99 % of the variance and next to nothing of "
    "the label.",
    right="use it for what it does: the best linear reconstruction; for prediction choose k by validation, or a "
    "method that sees the labels",
    claims="ignores-the-labels",
)


@PCA.figure(
    k=Slider(1, 64, 10, "components kept of the digits", log=True, integer=True),
    correlation=Slider(-0.95, 0.95, 0.8, "correlation of the two features"),
)
def figure(k, correlation):
    k = int(k)
    fig, (left, middle, right) = canvas(columns=3, width=9.0, height=3.1)
    L = np.linalg.cholesky(np.array([[1.0, correlation], [correlation, 1.0]])) * [[1.6], [1.0]]
    points = np.random.default_rng(6).standard_normal((200, 2)) @ L.T
    mu, W, variances = pca(points, 2)
    left.scatter(*points.T, s=6, color=COLOURS[0], alpha=0.4, linewidths=0)
    for w, v, colour in zip(W, variances, (COLOURS[1], COLOURS[2]), strict=True):
        left.annotate("", mu + 2 * np.sqrt(v) * w, mu, arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
    left.set(aspect="equal", xlim=(-4.6, 4.6), ylim=(-4.6, 4.6), xlabel="$x_1$", ylabel="$x_2$")
    X, labels = digits()
    mu, W, variances = pca(X, 64)
    share = np.cumsum(variances) / variances.sum()
    middle.plot(np.arange(1, 65), share)
    middle.plot(k, share[k - 1], "o", color=COLOURS[1])
    middle.set(xlabel="components k", ylabel="share of the variance", ylim=(0, 1.02))
    chosen = [int(np.argmax(labels == c)) for c in (0, 3, 5, 8)]
    shown = X[chosen]
    rebuilt = mu + (shown - mu) @ W[:k].T @ W[:k]
    tiles = np.concatenate([M.reshape(4, 8, 8).transpose(1, 0, 2).reshape(8, 32) for M in (shown, rebuilt)])
    right.imshow(tiles, cmap="gray_r", vmin=0, vmax=16)
    right.axhline(7.5, color=COLOURS[6], lw=1)
    right.set(xticks=[], yticks=[3.5, 11.5], yticklabels=["$x$", r"$\hat x$"], title=f"k = {k}")
    planar = pca(points, 2)[2]
    words = Text(
        f"In the plane the first component holds {100 * planar[0] / planar.sum():.0f} % of the variance (correlation {correlation:.2f}). "
        f"Of the digits' 64 pixels {k} components keep {100 * share[k - 1]:.1f} % of the variance; below, four digits rebuilt from them.",
        f"平面数据中第一主成分占方差的 {100 * planar[0] / planar.sum():.0f}%（相关系数 {correlation:.2f}）。"
        f"手写数字的 64 个像素取 {k} 个主成分，保留方差的 {100 * share[k - 1]:.1f}%；右下为由此重构的四个数字。",
    )
    return Drawing(fig, words)
