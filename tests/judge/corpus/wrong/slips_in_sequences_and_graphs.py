"""Slips in recurrent cells, blocks of transformers and layers on graphs: gates, states, masks, degrees, directions."""

import numpy as np
import torch


def sigma(z):
    return 0.5 * (1 + np.tanh(z / 2))


# lstm: the gates in another order: input, forget, output, candidate
def lstm_gates_in_another_order(x, W, U, b, h0=None, c0=None, lengths=None):
    order = [0, 1, 3, 2]
    return lstm_steps(x, W[order], U[order], b[order], h0, c0, lengths, np.tanh)


# lstm: the cell is handed out without a tanh
def lstm_cell_without_tanh(x, W, U, b, h0=None, c0=None, lengths=None):
    return lstm_steps(x, W, U, b, h0, c0, lengths, lambda c: c)


def lstm_steps(x, W, U, b, h0, c0, lengths, squash):
    zeros = np.zeros((*x.shape[:-2], b.shape[-1]))
    h, c = (zeros if s is None else s for s in (h0, c0))
    outputs = []
    for t in range(x.shape[-2]):
        i, f, g, o = (x[..., t, :] @ W[k].T + h @ U[k].T + b[k] for k in range(4))
        cell = sigma(f) * c + sigma(i) * np.tanh(g)
        output = sigma(o) * squash(cell)
        inside = np.True_ if lengths is None else (t < np.asarray(lengths))[..., None]
        h, c = np.where(inside, output, h), np.where(inside, cell, c)
        outputs.append(np.where(inside, output, 0.0))
    return np.stack(outputs, -2), h, c


# lstm: padding runs on: the last state is that of the padded end
def lstm_runs_through_padding(x, W, U, b, h0=None, c0=None, lengths=None):
    outputs, h, c = lstm_steps(x, W, U, b, h0, c0, None, np.tanh)
    if lengths is not None:
        inside = np.arange(x.shape[-2]) < np.asarray(lengths)[..., None]
        outputs = np.where(inside[..., None], outputs, 0.0)
    return outputs, h, c


# gru: the update gate keeps what it should replace
def gru_update_turned_round(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    return gru_steps(x, W, U, b, c, h0, reset_after, lengths, turned=True)


# gru: the reset gate before the product whatever is asked
def gru_always_resets_before(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    return gru_steps(x, W, U, b, c, h0, False, lengths, turned=False)


def gru_steps(x, W, U, b, c, h0, reset_after, lengths, turned):
    h = np.zeros((*x.shape[:-2], b.shape[-1])) if h0 is None else h0
    states = []
    for t in range(x.shape[-2]):
        w_r, w_z, w_n = (x[..., t, :] @ W[k].T + b[k] for k in range(3))
        r, z = sigma(w_r + h @ U[0].T + c[0]), sigma(w_z + h @ U[1].T + c[1])
        inner = r * (h @ U[2].T + c[2]) if reset_after else (r * h) @ U[2].T + c[2]
        n = np.tanh(w_n + inner)
        new = z * n + (1 - z) * h if turned else (1 - z) * n + z * h
        inside = np.True_ if lengths is None else (t < np.asarray(lengths))[..., None]
        h = np.where(inside, new, h)
        states.append(np.where(inside, new, 0.0))
    return np.stack(states, -2), h


# peephole-lstm: the output gate looks at the old cell
def peephole_of_the_old_cell(x, W, U, P, b, h0=None, c0=None, lengths=None):
    zeros = np.zeros((*x.shape[:-2], b.shape[-1]))
    h, c = (zeros if s is None else s for s in (h0, c0))
    outputs = []
    for t in range(x.shape[-2]):
        i, f, g, o = (x[..., t, :] @ W[k].T + h @ U[k].T + b[k] for k in range(4))
        cell = sigma(f + P[1] * c) * c + sigma(i + P[0] * c) * np.tanh(g)
        output = sigma(o + P[2] * c) * np.tanh(cell)
        inside = np.True_ if lengths is None else (t < np.asarray(lengths))[..., None]
        h, c = np.where(inside, output, h), np.where(inside, cell, c)
        outputs.append(np.where(inside, output, 0.0))
    return np.stack(outputs, -2), h, c


# additive-attention: the softmax runs over the queries
def additive_over_queries(S, H, W, U, v, pad=None):
    e = np.tanh((S @ W.T)[..., :, None, :] + (H @ U.T)[..., None, :, :]) @ v
    seen = np.ones(e.shape, bool) if pad is None else np.broadcast_to(~pad[..., None, :], e.shape)
    weights = np.where(seen, np.exp(e - e.max(-2, keepdims=True)), 0)
    alpha = weights / np.where(weights.sum(-2, keepdims=True) > 0, weights.sum(-2, keepdims=True), 1)
    return alpha @ H, alpha


# additive-attention: padding is set to 0 behind the softmax and the rest not divided anew
def additive_masked_afterwards(S, H, W, U, v, pad=None):
    e = np.tanh((S @ W.T)[..., :, None, :] + (H @ U.T)[..., None, :, :]) @ v
    alpha = np.exp(e - e.max(-1, keepdims=True))
    alpha = alpha / alpha.sum(-1, keepdims=True)
    if pad is not None:
        alpha = np.where(pad[..., None, :], 0, alpha)
    return alpha @ H, alpha


# transformer-block: torch, both branches read the input
def block_in_parallel(
    x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False
):
    norm = lambda z, k: torch.nn.functional.layer_norm(z, z.shape[-1:], gamma[k], beta[k])
    attend = lambda z: heads_of(z, W_in, b_in, W_O, b_O, heads, pad, causal)
    feed = lambda z: torch.relu(z @ W1.mT + b1) @ W2.mT + b2
    if pre_norm:
        return x + attend(norm(x, 0)) + feed(norm(x, 1))
    return norm(norm(x + attend(x), 0) + feed(x), 1)


# transformer-block: torch, the norms stand behind the sums whatever is asked
def block_always_post_norm(
    x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False
):
    norm = lambda z, k: torch.nn.functional.layer_norm(z, z.shape[-1:], gamma[k], beta[k])
    u = norm(x + heads_of(x, W_in, b_in, W_O, b_O, heads, pad, causal), 0)
    return norm(u + torch.relu(u @ W1.mT + b1) @ W2.mT + b2, 1)


def heads_of(z, W_in, b_in, W_O, b_O, heads, pad, causal):
    n, d = z.shape[-2:]
    q, k, v = (z @ W_in.mT + b_in).unflatten(-1, (3, heads, d // heads)).movedim(-3, 0).transpose(-3, -2)
    seen = torch.ones(n, n, dtype=torch.bool).tril() if causal else torch.ones(n, n, dtype=torch.bool)
    if pad is not None:
        seen = seen & ~pad[..., None, None, :]
    e = (q @ k.mT / (d // heads) ** 0.5).masked_fill(~seen, -torch.inf)
    weights = torch.nan_to_num(e.softmax(-1))
    return (weights @ v).transpose(-3, -2).flatten(-2) @ W_O.mT + b_O


# gcn: the node itself is left out
def gcn_without_self_loops(A, H, W, b):
    d = A.sum(-1)
    scale = np.divide(1.0, np.sqrt(d), out=np.zeros(d.shape), where=d > 0)
    return scale[..., :, None] * A * scale[..., None, :] @ H @ W + b


# gcn: rows are divided by their degree: a mean of the neighbours
def gcn_row_normalised(A, H, W, b):
    B = A + np.eye(A.shape[-1])
    return B / B.sum(-1, keepdims=True) @ H @ W + b


# gat: attention over all nodes, neighbours or not
def gat_over_everybody(A, H, W, a, a_neighbour, slope=0.2):
    Z = np.einsum("...nc,kcd->...knd", H, W)
    t = (
        np.einsum("...knd,kd->...kn", Z, a)[..., :, None]
        + np.einsum("...knd,kd->...kn", Z, a_neighbour)[..., None, :]
    )
    e = np.where(t > 0, t, slope * t)
    alpha = np.exp(e - e.max(-1, keepdims=True))
    return np.swapaxes(alpha / alpha.sum(-1, keepdims=True) @ Z, -3, -2)


# gat: the vectors of the node and of its neighbour exchanged
def gat_ends_exchanged(A, H, W, a, a_neighbour, slope=0.2):
    seen = (A != 0) | np.eye(A.shape[-1], dtype=bool)
    Z = np.einsum("...nc,kcd->...knd", H, W)
    t = (
        np.einsum("...knd,kd->...kn", Z, a_neighbour)[..., :, None]
        + np.einsum("...knd,kd->...kn", Z, a)[..., None, :]
    )
    e = np.where(seen[..., None, :, :], np.where(t > 0, t, slope * t), -np.inf)
    alpha = np.exp(e - e.max(-1, keepdims=True))
    return np.swapaxes(alpha / alpha.sum(-1, keepdims=True) @ Z, -3, -2)


# gin: the mean of the neighbours
def gin_mean(A, H, W1, b1, W2, b2, epsilon=0.0):
    degree = np.maximum(A.sum(-1, keepdims=True), 1)
    return np.maximum(((1 + epsilon) * H + A @ H / degree) @ W1 + b1, 0) @ W2 + b2


# gin: epsilon in place of 1 + epsilon
def gin_epsilon_alone(A, H, W1, b1, W2, b2, epsilon=0.0):
    return np.maximum((epsilon * H + A @ H) @ W1 + b1, 0) @ W2 + b2


# group-conv: the kernels are turned, their directions are not moved on
def c4_without_the_cycle(x, w, b, padding=0):
    return c4(x, w, b, padding, lambda s, r, S: s)


# group-conv: the directions move on the other way round
def c4_cycle_turned_round(x, w, b, padding=0):
    return c4(x, w, b, padding, lambda s, r, S: (s + r) % S)


def c4(x, w, b, padding, source):
    S, K = w.shape[2], w.shape[-1]
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, (K, K), (-2, -1))
    y = [
        sum(
            np.einsum(
                "ockl,...chwkl->...ohw",
                np.rot90(w[:, :, source(s, r, S)], r, (-2, -1)),
                windows[..., :, s, :, :, :, :],
            )
            for s in range(S)
        )
        for r in range(4)
    ]
    return np.stack(y, -3) + b[:, None, None, None]


# neural-ode: one step is forgotten
def ode_one_step_short(field, x, time=1.0, steps=16, order=1):
    h = time / steps
    for _ in range(steps - 1):
        x = advanced(field, x, h, order)
    return x


# neural-ode: every step has the length 1
def ode_unit_steps(field, x, time=1.0, steps=16, order=1):
    for _ in range(steps):
        x = advanced(field, x, 1.0, order)
    return x


def advanced(field, x, h, order):
    k1 = field(x)
    if order == 1:
        return x + h * k1
    k2 = field(x + h / 2 * k1)
    k3 = field(x + h / 2 * k2)
    return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + field(x + h * k3))
