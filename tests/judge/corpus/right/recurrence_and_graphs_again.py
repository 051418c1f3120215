"""Recurrent cells, attention and layers on graphs in other styles: cells inside modules, JAX, edges, loops, sparse matrices."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn


# lstm: a module around PyTorch's cell
class LSTMOfCells(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.cell = nn.LSTMCell(d, n)

    def forward(self, x, states):
        now, outputs = tuple(s[0] for s in states), []
        for row in x.unbind(1):
            now = self.cell(row, now)
            outputs.append(now[0])
        return torch.stack(outputs, 1), tuple(s[None] for s in now)


# lstm: a step in JAX
def lstm_step_jax(x, h, c, W, U, b):
    i, f, g, o = jnp.moveaxis(
        jnp.einsum("...d,knd->...kn", x, W) + jnp.einsum("...m,knm->...kn", h, U) + b, -2, 0
    )
    cell = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(cell), cell


# lstm: a step by methods alone, which name no framework
def lstm_step_of_methods(x, h, c, W, U, b):
    i, f, g, o = (x @ W[k].mT + h @ U[k].mT + b[k] for k in range(4))
    cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


# gru: a module around PyTorch's cell, time first
class GRUOfCells(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.cell, self.batch_first = nn.GRUCell(d, n), False

    def forward(self, x, state):
        h, outputs = state[0], []
        for row in x:
            h = self.cell(row, h)
            outputs.append(h)
        return torch.stack(outputs), h[None]


# gru: a step in JAX, the state moved towards the candidate
def gru_step_jax(x, h, W, U, b, c):
    inputs, products = (jnp.einsum("...m,knm->k...n", v, w) for v, w in ((x, W), (h, U)))
    r, z = (jax.nn.sigmoid(inputs[k] + b[k] + products[k] + c[k]) for k in range(2))
    return h + (1 - z) * (jnp.tanh(inputs[2] + b[2] + r * (products[2] + c[2])) - h)


# peephole-lstm: torch, input and state side by side, the peepholes as diagonal matrices
def peepholes_as_matrices(x, W, U, P, b, h0=None, c0=None, lengths=None):
    weights, D = torch.cat([W, U], -1), torch.diag_embed(P)
    h = x.new_zeros(*x.shape[:-2], b.shape[-1]) if h0 is None else h0.expand(*x.shape[:-2], b.shape[-1])
    c = torch.zeros_like(h) if c0 is None else c0.expand(h.shape)
    outputs = []
    for t in range(x.shape[-2]):
        both = torch.cat([x[..., t, :], h], -1)
        i, f, g, o = (both @ w.mT + v for w, v in zip(weights, b, strict=True))
        cell = torch.sigmoid(f + c @ D[1]) * c + torch.sigmoid(i + c @ D[0]) * torch.tanh(g)
        output = torch.sigmoid(o + cell @ D[2]) * torch.tanh(cell)
        on = torch.ones_like(h, dtype=torch.bool)
        on = on if lengths is None else on & (t < torch.as_tensor(lengths))[..., None]
        h, c, output = torch.where(on, output, h), torch.where(on, cell, c), torch.where(on, output, 0 * h)
        outputs.append(output)
    return torch.stack(outputs, -2), h, c


# peephole-lstm: NumPy, each row by itself as far as it goes
def peepholes_row_by_row(x, W, U, P, b, h0=None, c0=None, lengths=None):
    lead, (T, d), n = x.shape[:-2], x.shape[-2:], b.shape[-1]
    rows, ends = x.reshape(-1, T, d), np.broadcast_to(T if lengths is None else lengths, lead).ravel()
    h, c = (np.array(np.broadcast_to(0.0 if s is None else s, (*lead, n)).reshape(-1, n)) for s in (h0, c0))
    out = np.zeros((len(rows), T, n))
    logistic = lambda z: 0.5 + 0.5 * np.tanh(0.5 * z)
    for k, (row, end) in enumerate(zip(rows, ends, strict=True)):
        for t in range(int(end)):
            i, f, g, o = np.einsum("knd,d->kn", W, row[t]) + np.einsum("knm,m->kn", U, h[k]) + b
            c[k] = logistic(f + P[1] * c[k]) * c[k] + logistic(i + P[0] * c[k]) * np.tanh(g)
            h[k] = out[k, t] = logistic(o + P[2] * c[k]) * np.tanh(c[k])
    return out.reshape(*lead, T, n), h.reshape(*lead, n), c.reshape(*lead, n)


# additive-attention: NumPy, one pair after the other
def additive_pair_by_pair(S, H, W, U, v, pad=None):
    lead = np.broadcast_shapes(S.shape[:-2], H.shape[:-2], () if pad is None else pad.shape[:-1])
    n, m = S.shape[-2], H.shape[-2]
    S, H = np.broadcast_to(S, (*lead, *S.shape[-2:])), np.broadcast_to(H, (*lead, *H.shape[-2:]))
    seen = np.ones((*lead, m), bool) if pad is None else np.broadcast_to(~pad, (*lead, m))
    alpha = np.zeros((*lead, n, m))
    for place in np.ndindex(*lead, n):
        at, i = place[:-1], place[-1]
        keys = np.flatnonzero(seen[at])
        if len(keys):
            e = np.array([v @ np.tanh(W @ S[at][i] + U @ H[at][j]) for j in keys])
            e = np.exp(e - e.max())
            alpha[place][keys] = e / e.sum()
    return alpha @ H, alpha


# additive-attention: JAX, the two projections as one matrix on both vectors
def additive_concat_jax(S, H, W, U, v, pad=None):
    n, m = S.shape[-2], H.shape[-2]
    lead = jnp.broadcast_shapes(S.shape[:-2], H.shape[:-2])
    both = jnp.concatenate(
        [
            jnp.broadcast_to(S[..., :, None, :], (*lead, n, m, S.shape[-1])),
            jnp.broadcast_to(H[..., None, :, :], (*lead, n, m, H.shape[-1])),
        ],
        -1,
    )
    e = jnp.tanh(both @ jnp.concatenate([W, U], -1).T) @ v
    seen = jnp.ones(e.shape, bool) if pad is None else jnp.broadcast_to(~pad[..., None, :], e.shape)
    alpha = jnp.where(seen, jax.nn.softmax(jnp.where(seen, e, -1e30), -1), 0)
    return alpha @ H, alpha


def block_around(attend, norm, linear, relu, x, W1, b1, W2, b2, gamma, beta, pre_norm):
    feed = lambda z: linear(relu(linear(z, W1, b1)), W2, b2)
    for branch, g, s in ((attend, gamma[0], beta[0]), (feed, gamma[1], beta[1])):
        x = x + branch(norm(x, g, s)) if pre_norm else norm(x + branch(x), g, s)
    return x


# transformer-block: torch, scaled_dot_product_attention and one loop over both branches
def block_sdpa(
    x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False
):
    n, d = x.shape[-2:]
    if d % heads:
        raise ValueError("heads")

    def attend(z):
        q, k, v = (
            a.unflatten(-1, (heads, -1)).transpose(-3, -2) for a in F.linear(z, W_in, b_in).chunk(3, -1)
        )
        seen = torch.ones(n, n, dtype=torch.bool)
        seen = (seen.tril() if causal else seen)[None]
        seen = seen if pad is None else seen & ~pad[..., None, None, :]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen.expand(*q.shape[:-1], n))
        return F.linear(y.transpose(-3, -2).flatten(-2), W_O, b_O)

    norm = lambda z, g, s: F.layer_norm(z, (d,), g, s)
    return block_around(attend, norm, F.linear, F.relu, x, W1, b1, W2, b2, gamma, beta, pre_norm)


# gcn: SciPy, a sparse matrix for each graph
def gcn_sparse(A, H, W, b):
    if (A < 0).any():
        raise ValueError("negative weights")
    lead = np.broadcast_shapes(A.shape[:-2], H.shape[:-2])
    A, H = np.broadcast_to(A, (*lead, *A.shape[-2:])), np.broadcast_to(H, (*lead, *H.shape[-2:]))
    Y = np.zeros((*lead, A.shape[-1], W.shape[-1]))
    for place in np.ndindex(*lead):
        S = scipy.sparse.csr_array(A[place]) + scipy.sparse.eye_array(A.shape[-1])
        D = scipy.sparse.diags_array(1 / np.sqrt(S.sum(1)))
        Y[place] = (D @ S @ D) @ (H[place] @ W) + b
    return Y


# gcn: JAX, messages along all pairs
def gcn_jax(A, H, W, b):
    S = A + jnp.eye(A.shape[-1])
    r = S.sum(-1) ** -0.5
    return jnp.einsum("...i,...ij,...j,...jc,cd->...id", r, S, r, H, W) + b


# gat: torch, edge by edge
def gat_by_edges(A, H, W, a, a_neighbour, slope=0.2):
    if A.ndim > 2:
        many = [
            gat_by_edges(g, h, W, a, a_neighbour, slope)
            for g, h in zip(A, H.expand(len(A), -1, -1), strict=True)
        ]
        return torch.stack(many) if many else H.new_zeros(0, A.shape[-1], len(W), W.shape[-1])
    n = A.shape[-1]
    i, j = ((A != 0) | torch.eye(n, dtype=torch.bool)).nonzero(as_tuple=True)
    Z = torch.einsum("nc,kcd->nkd", H, W)
    e = F.leaky_relu((Z * a).sum(-1)[i] + (Z * a_neighbour).sum(-1)[j], slope)
    top = e.new_full((n, len(W)), -torch.inf).index_reduce(0, i, e.detach(), "amax")
    w = (e - top[i]).exp()
    total = w.new_zeros(n, len(W)).index_add(0, i, w)
    return Z.new_zeros(Z.shape).index_add(0, i, (w / total[i])[..., None] * Z[j])


# gat: JAX, a head after the other
def gat_jax(A, H, W, a, a_neighbour, slope=0.2):
    seen = (A != 0) | jnp.eye(A.shape[-1], dtype=bool)

    def head(W, a, a2):
        Z = H @ W
        e = jax.nn.leaky_relu((Z @ a)[..., :, None] + (Z @ a2)[..., None, :], slope)
        return jax.nn.softmax(jnp.where(seen, e, -jnp.inf), -1) @ Z

    return jnp.stack([head(*w) for w in zip(W, a, a_neighbour, strict=True)], -2)


# gin: NumPy, neighbour by neighbour
def gin_neighbour_by_neighbour(A, H, W1, b1, W2, b2, epsilon=0.0):
    M = (1 + epsilon) * np.broadcast_to(H, (*np.broadcast_shapes(A.shape[:-2], H.shape[:-2]), *H.shape[-2:]))
    for j in range(A.shape[-1]):
        M = M + A[..., :, j : j + 1] * H[..., j : j + 1, :]
    return np.clip(M @ W1 + b1, 0, None) @ W2 + b2


# gin: JAX, the two layers as one function
def gin_jax(A, H, W1, b1, W2, b2, epsilon=0.0):
    mlp = lambda m: jax.nn.relu(m @ W1 + b1) @ W2 + b2
    return mlp(A @ H + H + epsilon * H)


# neural-ode: nested steps, the stages as a generator
def ode_stages(field, x, time=1.0, steps=16, order=1):
    if steps < 1 or order not in (1, 4):
        raise ValueError("steps or order")
    h, shares = time / steps, {1: [(0, 1)], 4: [(0, 1 / 6), (0.5, 1 / 3), (0.5, 1 / 3), (1, 1 / 6)]}[order]
    for _ in range(steps):
        k, change = 0 * x, 0 * x
        for ahead, share in shares:
            k = field(x + h * ahead * k)
            change = change + share * k
        x = x + h * change
    return x


# neural-ode: one step as a function, repeated
def ode_repeated(field, x, time=1.0, steps=16, order=1):
    if steps < 1 or order not in (1, 4):
        raise ValueError("steps or order")
    h = time / steps

    def euler(x):
        return x + h * field(x)

    def classical(x):
        k1 = h * field(x)
        k2 = h * field(x + k1 / 2)
        k3 = h * field(x + k2 / 2)
        return x + (k1 + 2 * (k2 + k3) + h * field(x + k3)) / 6

    return functools.reduce(lambda y, _: (euler if order == 1 else classical)(y), range(steps), x)


# group-conv: NumPy, the input is turned back in place of the kernel
def group_conv_turned_input(x, w, b, padding=0):
    _, _, S, K, _ = w.shape
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2)
    planes = []
    for r in range(4):
        back = np.rot90(x, -r, (-2, -1))
        windows = sliding_window_view(back, (K, K), (-2, -1))  # (..., C, S, H, W, K, K)
        turned = np.roll(w, r, 2) if S == 4 else w
        planes.append(np.rot90(np.einsum("ocskl,...cshwkl->...ohw", turned, windows), r, (-2, -1)))
    return np.stack(planes, -3) + b[:, None, None, None]


# group-conv: JAX, XLA's convolution with a bank of kernels
def group_conv_jax(x, w, b, padding=0):
    O, C, S, K, _ = w.shape
    bank = [jnp.rot90(jnp.roll(w, r, 2) if S == 4 else w, r, (-2, -1)) for r in range(4)]
    kernels = jnp.stack(bank, 1).reshape(4 * O, C * S, K, K)
    flat = x.reshape(-1, C * S, *x.shape[-2:])
    y = jax.lax.conv_general_dilated(flat, kernels, (1, 1), [(padding, padding)] * 2)
    return y.reshape(*x.shape[:-4], O, 4, *y.shape[-2:]) + b[:, None, None, None]
