"""More activations, and losses, with the faults that people make."""

import numpy as np
import scipy.special
import torch
import torch.nn.functional as F
from torch import nn


# gelu: the distribution without the factor x
def gelu_distribution(x):
    return scipy.special.ndtr(x)


# gelu: erf in single precision
def gelu_single(x):
    return x * scipy.special.ndtr(x.astype(np.float32)).astype(float)


# relu: half of the sum with the absolute value: NaN at −∞
def relu_by_absolute_value(x):
    return (x + abs(x)) / 2


# softmax-cross-entropy: one-hot rows: a class of score −∞ costs 0·∞
def cross_entropy_one_hot(z, y):
    return -(F.one_hot(y, z.shape[-1]) * F.log_softmax(z, dim=-1)).sum(-1).mean()


# silu: hard swish
silu_hard = nn.Hardswish()


# silu: the gate is read of the negative
def silu_sign(x):
    return x / (1 + np.exp(x))


# silu: −∞ gives NaN, because e^x·x is 0·∞
def silu_exponential(x):
    e = np.exp(x)
    return x * e / (1 + e)


# softplus: overflows
def softplus_naive(x, beta=1.0):
    return np.log(1 + np.exp(beta * x)) / beta


# softplus: becomes the line above 20, as torch's threshold, and is cut too early
def softplus_threshold(x, beta=1.0):
    return F.softplus(x, beta, threshold=5)


# softplus: the sharpness is not divided out
def softplus_undivided(x, beta=1.0):
    return np.logaddexp(0, beta * x)


# softplus: the sharpness is ignored
def softplus_ignores_beta(x, beta=1.0):
    return np.logaddexp(0, x)


# softplus: log(1+…) for log1p loses the left tail
def softplus_log(x, beta=1.0):
    return np.maximum(0, x) + np.log(1 + np.exp(-beta * np.abs(x))) / beta


# mse: (n, 1) against (n,) broadcasts
def mse_broadcasts(y_hat, y):
    return ((y_hat.reshape(-1, 1) - y) ** 2).mean()


# mse: the sum
def mse_sum(y_hat, y):
    return ((y_hat - y) ** 2).sum()


# mse: halved
def mse_half(y_hat, y):
    return ((y_hat - y) ** 2).mean() / 2


# mse: the root
def mse_root(y_hat, y):
    return np.sqrt(((y_hat - y) ** 2).mean())


# mse: of n − 1
def mse_degrees_of_freedom(y_hat, y):
    return ((y_hat - y) ** 2).sum() / max(len(y) - 1, 1)


# mse: expanded into three sums, which cancel
def mse_expanded(y_hat, y):
    return (y_hat**2).mean() - 2 * (y_hat * y).mean() + (y**2).mean()


# mse: nanmean hides a missing value
def mse_nanmean(y_hat, y):
    return np.nanmean((y_hat - y) ** 2)


# mse: the target carries no gradient
def mse_target_detached(y_hat, y):
    return F.mse_loss(y_hat, y.detach())


# mse: averages over batches of 1000 and drops the rest
def mse_full_batches(y_hat, y):
    n = max(len(y) // 1000 * 1000, min(len(y), 1000))
    return ((y_hat[:n] - y[:n]) ** 2).mean()


# mae: the square root of the mean square
def mae_root(y_hat, y):
    return np.sqrt(np.mean((y_hat - y) ** 2))


# mae: the median
def mae_median(y_hat, y):
    return np.median(np.abs(y_hat - y))


# mae: the sign is not removed
def mae_signed(y_hat, y):
    return np.abs((y_hat - y).mean())


# mae: whole numbers
def mae_integers(y_hat, y):
    return np.abs(y_hat.astype(int) - y.astype(int)).mean()


# huber: smooth L1, which divides by δ
def huber_smooth(y_hat, y, delta=1.0):
    return F.smooth_l1_loss(y_hat, y, beta=delta)


# huber: the linear branch is not joined to the parabola
def huber_jumps(y_hat, y, delta=1.0):
    e = np.abs(y_hat - y)
    return np.where(e <= delta, 0.5 * e**2, delta * e - delta**2).mean()


# huber: without the half
def huber_without_half(y_hat, y, delta=1.0):
    e = np.abs(y_hat - y)
    return np.where(e <= delta, e**2, delta * (2 * e - delta)).mean()


# huber: δ is ignored
def huber_of_one(y_hat, y, delta=1.0):
    return scipy.special.huber(1.0, y_hat - y).mean()


# huber: pseudo-Huber
def huber_pseudo(y_hat, y, delta=1.0):
    return (delta**2 * (np.sqrt(1 + ((y_hat - y) / delta) ** 2) - 1)).mean()


# bce: log(p + 1e-6)
def bce_epsilon(z, y):
    p = 1 / (1 + np.exp(-z))
    return -(y * np.log(p + 1e-6) + (1 - y) * np.log(1 - p + 1e-6)).mean()


# bce: probabilities clipped at 1e-7, as in Keras
def bce_clipped(z, y):
    p = np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()


# bce: torch clamps the logarithm at −100
def bce_of_probabilities(z, y):
    return F.binary_cross_entropy(torch.sigmoid(z), y)


# bce: the sigmoid is applied twice
def bce_two_sigmoids(z, y):
    return F.binary_cross_entropy_with_logits(torch.sigmoid(z), y)


# bce: labels are taken for −1 and 1
def bce_signed_labels(z, y):
    return np.logaddexp(0, -y * z).mean()


# bce: soft targets are rounded
def bce_hard_targets(z, y):
    return np.mean(np.logaddexp(0, z) - (y > 0.5) * z)


# bce: the sum over samples
bce_sum = nn.BCEWithLogitsLoss(reduction="sum")


# hinge: squared
def hinge_squared(s, y):
    return (np.maximum(0, 1 - y * s) ** 2).mean()


# hinge: no margin
def hinge_without_margin(s, y):
    return np.maximum(0, -y * s).mean()


# hinge: labels 0 and 1
def hinge_labels(s, y):
    return np.maximum(0, 1 - (2 * y - 1) * s).mean()


# hinge: the mean of those within the margin only
def hinge_active(s, y):
    h = np.maximum(0, 1 - y * s)
    return h[h > 0].mean() if (h > 0).any() else 0.0


# softmax-cross-entropy: no maximum is subtracted
def cross_entropy_naive(z, y):
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).mean()


# softmax-cross-entropy: log(p + 1e-12)
def cross_entropy_epsilon(z, y):
    p = scipy.special.softmax(z, -1)
    return -np.log(p[np.arange(len(y)), y] + 1e-12).mean()


# softmax-cross-entropy: softmax before a loss that has its own
def cross_entropy_twice(z, y):
    return F.cross_entropy(z.softmax(-1), y)


# softmax-cross-entropy: label smoothing left on
cross_entropy_smoothed = nn.CrossEntropyLoss(label_smoothing=0.01)

# softmax-cross-entropy: class 0 is ignored as padding
cross_entropy_ignores_zero = nn.CrossEntropyLoss(ignore_index=0)


# softmax-cross-entropy: normalised over the batch
def cross_entropy_batch_axis(z, y):
    return -torch.log_softmax(z, 0)[torch.arange(len(y)), y].mean()


# softmax-cross-entropy: all pairs of rows and labels
def cross_entropy_all_pairs(z, y):
    log_p = z - scipy.special.logsumexp(z, axis=-1, keepdims=True)
    return -log_p[:, y].mean()


# softmax-cross-entropy: divided by rows and classes
def cross_entropy_all_entries(z, y):
    log_p = F.log_softmax(z, -1)
    return -(F.one_hot(y, z.shape[-1]) * log_p).mean()


# softmax-cross-entropy: in single precision
def cross_entropy_single(z, y):
    return F.cross_entropy(z.float(), y).to(z.dtype)


# nll: the sign is missing
def nll_sign(log_p, y):
    return log_p[np.arange(len(y)), y].mean()


# nll: the logarithm is taken again
def nll_log(log_p, y):
    return -np.log(np.abs(log_p[np.arange(len(y)), y]) + 1e-300).mean()


# nll: the sum
nll_sum = nn.NLLLoss(reduction="sum")


# nll: labels shifted by one
def nll_shifted(log_p, y):
    return -log_p[np.arange(len(y)), y - 1].mean()


# losses: the mean in place of the weighted mean
def risk_unweighted(loss, y, p, c):
    risk = loss(c[:, None], y[None, :]).mean(-1)
    return risk, c[risk.argmin()], np.diff(risk, 2).min()


# losses: the last of several minima
def risk_maximum(loss, y, p, c):
    risk = loss(c[:, None], y[None, :]) @ p
    return risk, c[risk.argmax()], np.diff(risk, 2).min()


# sigmoid: through tanh: exactly 0 from −37 on, where it is 1e-16 and less
def sigmoid_by_tanh(x):
    return 0.5 * (1 + torch.tanh(0.5 * x))
