"""What passes where tests are weak: constants, echoes, memories, states, wrong shapes."""

import numpy as np
import scipy.special
import torch


# relu: zeros
def zeros(x):
    return np.zeros_like(x)


# gradient-clipping: an echo of its input
def echo(g, c, epsilon=0.0):
    return tuple(g)


# bayes: an echo of the prior
def prior_again(prior, likelihood):
    return prior + 0 * likelihood


# kl: a constant
def constant(p, q, base=np.e):
    return np.full(p.shape[:-1], 0.3)


# norm: of a shape that broadcasts
def norm_kept(x, p=2.0):
    x = np.abs(x)
    return x.max(-1, keepdims=True) if p == np.inf else (x**p).sum(-1, keepdims=True) ** (1 / p)


# entropy: in half precision inside
def entropy_half(p, base=np.e):
    q = p.astype(np.float16)
    return scipy.special.entr(q).sum(-1).astype(float) / np.log(base)


# linear-map: in half precision inside
def map_half(A, x):
    return (x.astype(np.float16) @ A.T.astype(np.float16)).astype(float)


# mae: returns single precision
def mae_returns_single(y_hat, y):
    return np.abs(y_hat - y).astype(np.float32).mean()


LAST: dict = {}


# matrix-product: remembered by the shapes
def product_remembered(A, B):
    return LAST.setdefault((A.shape, B.shape), A @ B)


# hinge: remembered by the first entry
def hinge_remembered(s, y):
    key = (s.shape, float(s.ravel()[0]) if s.size else 0.0)
    return LAST.setdefault(key, np.maximum(0, 1 - y * s).mean())


class Calls:
    count = 0


# softplus: right for its first ten calls
def softplus_ten_calls(x, beta=1.0):
    Calls.count += 1
    return np.logaddexp(0, beta * x) / beta * (1 if Calls.count <= 10 else 1.001)


# elu: every other call is another
def elu_alternates(x, alpha=1.0):
    Calls.count += 1
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))) + (1e-9 if Calls.count % 2 else 0)


# silu: noise of 1e-7
def silu_noisy(x):
    return x * scipy.special.expit(x) + 1e-7 * np.random.default_rng().standard_normal(x.shape)


# cross-entropy: right up to 1000 outcomes
def cross_entropy_long(p, q, base=np.e):
    return -scipy.special.xlogy(p[..., :1000], q[..., :1000]).sum(-1) / np.log(base)


# fully-connected: right up to 1000 inputs
def dense_long(x, W, b):
    return x[..., :1000] @ W[:, :1000].T + b


# lln: right up to 1000 draws
def running_long(x):
    y = np.cumsum(x, -1) / np.arange(1, x.shape[-1] + 1)
    y[..., 1000:] = y[..., 999:1000]
    return y


# inner-product: right up to 1000 entries
def scalar_product_long(x, y, G=None):
    x, y = x[..., :1000], y[..., :1000]
    return (x * y).sum(-1) if G is None else ((x @ G[:1000, :1000]) * y).sum(-1)


# computed-variance: right up to 1000 numbers
def variance_long(x):
    return x[..., :1000].var(-1)


# mae: the mean of means of blocks of 1000
def mae_blocks(y_hat, y):
    e = np.abs(y_hat - y)
    return np.mean([e[i : i + 1000].mean() for i in range(0, len(e), 1000)])


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, g):
        (s,) = ctx.saved_tensors
        return 2 * g * s * (1 - s)


# sigmoid: its gradient is doubled
def sigmoid_doubled(x):
    return Doubled.apply(x)


# tanh: gradient forgotten outside [−1, 1]
def tanh_gradient(x):
    y = torch.tanh(x)
    return torch.where(x.abs() > 1, y.detach(), y)


# mse: NaN rows are dropped
def mse_drops(y_hat, y):
    keep = np.isfinite(y_hat - y)
    return ((y_hat - y)[keep] ** 2).mean()


# softmax: an input of one row is squeezed
def softmax_squeezes(z):
    return np.squeeze(scipy.special.softmax(z, -1))


# attention: the first query's answer is right in a batch, the others copy
def attention_batch(Q, K, V, causal=False, scale=None):
    s = (Q.shape[-1] ** -0.5 if scale is None else scale) * Q @ np.swapaxes(K, -1, -2)
    if causal:
        s = np.where(np.tril(np.ones(s.shape[-2:], bool)), s, -np.inf)
    out = scipy.special.softmax(s, -1) @ V
    return np.broadcast_to(out[:1], out.shape) if out.ndim > 2 else out


# leaky-relu: integers where the input is whole
def leaky_relu_dtype(x, alpha=0.01):
    return np.where(x > 0, x, alpha * x).astype(np.float32)


# convolution: sizes of the square case
def convolution_square(f, g):
    import scipy.signal

    return scipy.signal.convolve(f, g if g.ndim == 1 or g.shape[0] != g.shape[1] else g.T)
