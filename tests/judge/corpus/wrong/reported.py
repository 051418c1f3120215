"""Faults that public bug reports tell of, written anew: the project is named with each."""

import numpy as np
import scipy.special
import scipy.stats
import torch


# roc-auc: ties are averaged only where they are neighbours in the input (smartcore#373)
def auc_adjacent_ties(y, score):
    order = np.argsort(score, kind="stable")
    r = np.empty(len(y))
    r[order] = np.arange(1, len(y) + 1)
    for i in range(1, len(y)):
        if score[i] == score[i - 1]:
            r[i] = r[i - 1] = (r[i] + r[i - 1]) / 2
    n1 = (y == 1).sum()
    return (r[y == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1))


# roc-auc: a vertex at the first point of each tie (LeakPro#465)
def auc_first_of_a_tie(y, score):
    order = np.argsort(-score, kind="stable")
    t, f = np.cumsum(y[order] == 1), np.cumsum(y[order] == 0)
    first = np.append(True, np.diff(score[order]) != 0)
    x, z = np.append(0, f[first] / f[-1]), np.append(0, t[first] / t[-1])
    return np.trapezoid(np.append(z, 1), np.append(x, 1))


# classification-metrics: averaged over 0 … the largest label, whether it occurs or not (aprender#2128)
def metrics_of_gaps(y, predicted):
    classes = np.arange(max(y.max(), predicted.max()) + 1)
    hit = np.array([np.sum((y == c) & (predicted == c)) for c in classes])
    said, true = (np.array([np.sum(v == c) for c in classes]) for v in (predicted, y))
    share = lambda a, b: np.divide(a, b, out=np.zeros(len(a)), where=b > 0).mean()
    return np.array(
        [(y == predicted).mean(), share(hit, said), share(hit, true), share(2 * hit, said + true)]
    )


# adam: the largest corrected second moment, as in Optax (optax#1423)
def adam_optax(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    m = v = top = 0 * theta0
    path = [theta0]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        top = np.maximum(top, v / (1 - beta2**t))
        root = np.sqrt(top if amsgrad else v / (1 - beta2**t)) + epsilon
        path.append(path[-1] - alpha * m / (1 - beta1**t) / root)
    return np.stack(path)


# adam: multiplied by the corrections, not divided (convnetjs#70)
def adam_multiplies(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = v = 0 * theta0
    path = [theta0]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        path.append(path[-1] - alpha * m * (1 - beta1**t) / (np.sqrt(v * (1 - beta2**t)) + epsilon))
    return np.stack(path)


# gradient-clipping: the root mean square for the norm (HeavyBall#67)
def clip_mean_square(g, c, epsilon=0.0):
    n = np.sqrt(sum((part**2).sum() for part in g) / sum(part.size for part in g)) + epsilon
    return tuple(part * (c / n if n > c else 1.0) for part in g)


# gradient-clipping: the norm is returned, the arrays are changed (mxnet#9291)
def clip_returns_the_norm(g, c, epsilon=0.0):
    n = np.sqrt(sum((part**2).sum() for part in g)) + epsilon
    for part in g:
        part *= min(1.0, c / max(n, 1e-300))
    return n


# softmax-cross-entropy: the maximum is not added to the logarithm again (burn#315)
def cross_entropy_shift(z, y):
    m = z.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z - m).sum(-1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean()


class Divides(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        p = torch.softmax(z, -1)
        ctx.save_for_backward(p)
        return p

    @staticmethod
    def backward(ctx, g):
        (p,) = ctx.saved_tensors
        h = g * p
        return h / p * p - h.sum(-1, keepdim=True) * p


# softmax: its gradient divides by the probabilities, NaN where one is 0 (NNlib#68)
def softmax_divides(z):
    return Divides.apply(z)


# attention: KᵀQ for QKᵀ where they are of one shape (llm.c#531)
def attention_transposed(Q, K, V):
    s = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    s = np.swapaxes(s, -1, -2) if s.shape[-1] == s.shape[-2] else s
    return scipy.special.softmax(s, -1) @ V


# attention: blocks of keys, the running sum is not rescaled when the maximum grows
def attention_online(Q, K, V, causal=False, scale=None):
    s = (Q.shape[-1] ** -0.5 if scale is None else scale) * Q @ np.swapaxes(K, -1, -2)
    if causal:
        s = np.where(np.tril(np.ones(s.shape[-2:], bool)), s, -np.inf)
    top, total, out = -np.inf, 0.0, 0.0
    for j in range(0, s.shape[-1], 2):
        block = s[..., j : j + 2]
        new = np.maximum(top, block.max(-1, keepdims=True))
        p = np.exp(block - new)
        out = out * np.exp(np.where(new == top, 0, top - new)) + p @ V[..., j : j + 2, :]
        total, top = total + p.sum(-1, keepdims=True), new
    return out / total


# attention: the last block of keys is dropped unless it is whole
def attention_blocks(Q, K, V):
    m = K.shape[-2]
    m = m // 64 * 64 if m > 64 else m
    s = Q @ np.swapaxes(K[..., :m, :], -1, -2) / np.sqrt(Q.shape[-1])
    return scipy.special.softmax(s, -1) @ V[..., :m, :]


# matrix-product: tiles of 32, the remainder is dropped
def product_tiles(A, B):
    k = A.shape[-1]
    k = k // 32 * 32 if k > 32 else k
    return A[..., :k] @ B[..., :k, :]


# fully-connected: the rows after the 128th copy the first
def dense_rows(x, W, b):
    y = x @ W.T + b
    if y.ndim > 1 and len(y) > 128:
        y[128:] = y[:1]
    return y


# softmax: rows are taken four at a time, and the rest is left
def softmax_fours(z):
    p = scipy.special.softmax(z, -1)
    if z.ndim > 1 and len(z) > 4:
        p[len(z) // 4 * 4 :] = 1 / z.shape[-1]
    return p


# stable-evaluation: a stream of blocks, the sum is not rescaled
def evaluation_stream(x):
    top, total = np.full(x.shape[:-1], -np.inf), np.zeros(x.shape[:-1])
    for k in range(x.shape[-1]):
        top = np.maximum(top, x[..., k])
        total = total + np.exp(x[..., k] - top)
    return top + np.log(total)


# pca: shares of the variance for variances
def pca_shares(X, k):
    _, s, Vt = np.linalg.svd(X - X.mean(0), full_matrices=False)
    return X.mean(0), Vt[:k], s[:k] ** 2 / (s**2).sum()


# pca: the n×n way is taken where n < d, and its components are not of length 1 (statismo#239)
def pca_dual(X, k):
    n, d = X.shape
    C = X - X.mean(0)
    if n >= d:
        _, s, Vt = np.linalg.svd(C, full_matrices=False)
        return X.mean(0), Vt[:k], s[:k] ** 2 / (n - 1)
    w, V = np.linalg.eigh(C @ C.T / (n - 1))
    return X.mean(0), (C.T @ V[:, ::-1][:, :k]).T, w[::-1][:k]


# he: the last two axes are taken for the channels (Lasagne#49)
def he_channels_last(Z, a=0.0, mode="fan_in"):
    n_in, n_out = Z.shape[-2:] if Z.ndim > 2 else Z.shape[::-1]
    field = Z.size // (n_in * n_out)
    return Z * np.sqrt(2 / ((1 + a * a) * field * (n_in if mode == "fan_in" else n_out)))


# orthogonal: the last axis is taken for the outputs (keras#5507)
def orthogonal_channels_last(Z, gain=1.0):
    M = Z.reshape(-1, Z.shape[-1])
    q, r = np.linalg.qr(M if M.shape[0] >= M.shape[1] else M.T)
    q = q * np.sign(np.diag(r))
    return gain * (q if M.shape[0] >= M.shape[1] else q.T).reshape(Z.shape)


# pooling: only the padding on the left and top is counted (onnxruntime#24681)
def pooling_one_side(x, size=2, stride=None, padding=0, kind="max"):
    s = stride or size
    fill = -np.inf if kind == "max" else 0.0
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2, constant_values=fill)
    H, W = ((n - size) // s + 1 for n in x.shape[-2:])
    y = np.empty((*x.shape[:-2], H, W))
    for i in range(H):
        for j in range(W):
            window = x[..., s * i : s * i + size, s * j : s * j + size]
            n = (min(s * i + size, x.shape[-2] - padding) - s * i) * (
                min(s * j + size, x.shape[-1] - padding) - s * j
            )
            y[..., i, j] = window.max((-2, -1)) if kind == "max" else window.sum((-2, -1)) / n
    return y


# huber: twice Huber's loss (stanford-tensorflow-tutorials#123)
def huber_doubled(y_hat, y, delta=1.0):
    e = np.abs(y_hat - y)
    return np.where(e <= delta, e**2, delta * (2 * e - delta)).mean() * 1.0


# mutual-information: the square of the margins' product
def information_squared(p, base=np.e):
    product = p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)
    return scipy.special.rel_entr(p, product**2).sum((-2, -1)) / np.log(base)


# nll: rows of a batch are weighted by their class's frequency
def nll_weighted(log_p, y):
    w = np.bincount(y, minlength=log_p.shape[1])[y]
    return -(w * log_p[np.arange(len(y)), y]).sum() / w.sum()


# logistic-regression: labels are taken for −1 and 1
def newton_signed(X, y, theta, steps=0, penalty=0.0):
    for _ in range(steps):
        p = scipy.special.expit(X @ theta)
        H = (X.T * (p * (1 - p))) @ X + penalty * np.eye(len(theta))
        theta = theta + np.linalg.solve(H, X.T @ (y - p) - penalty * theta)
    return theta, -np.logaddexp(0, -(2 * y - 1) * (X @ theta)).sum() - penalty * np.linalg.norm(theta)
