"""Slips in layers on graphs, in solvers of neural differential equations and in convolutions over rotations."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.integrate import solve_ivp


def averaged(S, d, e, H, W, b):
    return S / np.sqrt(d[..., :, None] * e[..., None, :]) @ H @ W + b


# gcn: the degrees are those of the graph without its self edges
def gcn_degrees_without_loops(A, H, W, b):
    d = np.maximum(A.sum(-1), 1)
    return averaged(A + np.eye(A.shape[-1]), d, d, H, W, b)


# gcn: the weights of the edges are ignored
def gcn_unweighted(A, H, W, b):
    S = ((A + np.eye(A.shape[-1])) > 0) * 1.0
    return averaged(S, S.sum(-1), S.sum(-1), H, W, b)


# gcn: the degrees count the edges, whatever they weigh
def gcn_counted_degrees(A, H, W, b):
    S = A + np.eye(A.shape[-1])
    return averaged(S, (S > 0).sum(-1), (S > 0).sum(-1), H, W, b)


# gcn: a directed graph is made symmetric without a word
def gcn_made_symmetric(A, H, W, b):
    S = np.maximum(A, np.swapaxes(A, -1, -2)) + np.eye(A.shape[-1])
    return averaged(S, S.sum(-1), S.sum(-1), H, W, b)


# gcn: messages run along the edges in the opposite direction
def gcn_transposed(A, H, W, b):
    S = np.swapaxes(A, -1, -2) + np.eye(A.shape[-1])
    return averaged(S, S.sum(-1), S.sum(-1), H, W, b)


# gcn: in-degree for one end and out-degree for the other
def gcn_both_degrees(A, H, W, b):
    S = A + np.eye(A.shape[-1])
    return averaged(S, S.sum(-1), S.sum(-2), H, W, b)


# gcn: torch, a ReLU behind the layer
def gcn_activated(A, H, W, b):
    S = A + torch.eye(A.shape[-1], dtype=A.dtype)
    r = S.sum(-1).rsqrt()
    return F.relu(r[..., None] * (S @ (r[..., None] * H)) @ W + b)


def heads_of(A, H, W, a, a_neighbour, score, axis=-1, neighbours=None):
    """Attention on a graph with another score or another axis of the softmax."""
    seen = (A != 0) | torch.eye(A.shape[-1], dtype=torch.bool)
    Z = torch.einsum("...nc,kcd->...knd", H, W)
    e = score(Z).masked_fill(~seen[..., None, :, :], -torch.inf)
    alpha = e.softmax(axis).nan_to_num()
    return (alpha @ (Z if neighbours is None else neighbours(Z))).transpose(-3, -2)


def sums(Z, a, a_neighbour):
    return (Z * a[:, None]).sum(-1)[..., :, None] + (Z * a_neighbour[:, None]).sum(-1)[..., None, :]


# gat: the softmax runs over those that look, not over those that are seen
def gat_softmax_of_the_receivers(A, H, W, a, a_neighbour, slope=0.2):
    return heads_of(A, H, W, a, a_neighbour, lambda Z: F.leaky_relu(sums(Z, a, a_neighbour), slope), -2)


# gat: the kink stands inside, before the vector: GATv2
def gat_second_version(A, H, W, a, a_neighbour, slope=0.2):
    def score(Z):
        both = torch.cat(torch.broadcast_tensors(Z[..., :, None, :], Z[..., None, :, :]), -1)
        return (F.leaky_relu(both, slope) * torch.cat([a, a_neighbour], -1)[:, None, None]).sum(-1)

    return heads_of(A, H, W, a, a_neighbour, score)


# gat: the slope is PyTorch's default, 0.01, whatever is asked
def gat_slope_of_pytorch(A, H, W, a, a_neighbour, slope=0.2):
    return heads_of(A, H, W, a, a_neighbour, lambda Z: F.leaky_relu(sums(Z, a, a_neighbour)))


# gat: the weights of the edges multiply the scores
def gat_weighted_scores(A, H, W, a, a_neighbour, slope=0.2):
    weight = A + (A == 0)
    return heads_of(
        A,
        H,
        W,
        a,
        a_neighbour,
        lambda Z: weight[..., None, :, :] * F.leaky_relu(sums(Z, a, a_neighbour), slope),
    )


# gat: heads and features change places in the result
def gat_features_before_heads(A, H, W, a, a_neighbour, slope=0.2):
    y = heads_of(A, H, W, a, a_neighbour, lambda Z: F.leaky_relu(sums(Z, a, a_neighbour), slope))
    return y.mT.reshape(y.shape)


# gat: the mean is of the neighbours before the map of the first head
def gat_maps_of_the_first_head(A, H, W, a, a_neighbour, slope=0.2):
    first = lambda Z: Z[..., :1, :, :].expand(Z.shape)
    return heads_of(
        A, H, W, a, a_neighbour, lambda Z: F.leaky_relu(sums(Z, a, a_neighbour), slope), -1, first
    )


def perceptron(M, W1, b1, W2, b2):
    return np.maximum(M @ W1 + b1, 0) @ W2 + b2


# gin: 1 + ε multiplies the neighbours, too
def gin_epsilon_of_all(A, H, W1, b1, W2, b2, epsilon=0.0):
    return perceptron((1 + epsilon) * (H + A @ H), W1, b1, W2, b2)


# gin: the node itself is counted once more, as a self edge
def gin_counts_itself_twice(A, H, W1, b1, W2, b2, epsilon=0.0):
    return perceptron((1 + epsilon) * H + (A + np.eye(A.shape[-1])) @ H, W1, b1, W2, b2)


# gin: a ReLU behind the second layer as well
def gin_two_relus(A, H, W1, b1, W2, b2, epsilon=0.0):
    return np.maximum(perceptron((1 + epsilon) * H + A @ H, W1, b1, W2, b2), 0)


# gin: the small network works on each node first, and its results are added up
def gin_network_first(A, H, W1, b1, W2, b2, epsilon=0.0):
    Z = perceptron(H, W1, b1, W2, b2)
    return (1 + epsilon) * Z + A @ Z


# gin: the sum is divided by the root of the degree
def gin_divided_by_the_root(A, H, W1, b1, W2, b2, epsilon=0.0):
    d = np.maximum(A.sum(-1, keepdims=True), 1)
    return perceptron((1 + epsilon) * H + A @ H / np.sqrt(d), W1, b1, W2, b2)


# gin: messages run along the edges in the opposite direction
def gin_transposed(A, H, W1, b1, W2, b2, epsilon=0.0):
    return perceptron((1 + epsilon) * H + np.swapaxes(A, -1, -2) @ H, W1, b1, W2, b2)


def integrated(step):
    """A solver of equal steps."""

    def flow(field, x, time=1.0, steps=16, order=1):
        if steps < 1 or order not in (1, 4):
            raise ValueError("steps or order")
        h = time / steps
        for _ in range(steps):
            x = x + h * (field(x) if order == 1 else step(field, x, h))
        return x

    return flow


def midpoint(f, x, h):
    return f(x + h / 2 * f(x))


def half_step_at_the_end(f, x, h):
    k1 = f(x)
    k2 = f(x + h / 2 * k1)
    k3 = f(x + h / 2 * k2)
    return (k1 + 2 * k2 + 2 * k3 + f(x + h / 2 * k3)) / 6


def three_eighths(f, x, h):
    k1 = f(x)
    k2 = f(x + h / 3 * k1)
    k3 = f(x + h * (k2 - k1 / 3))
    return (k1 + 3 * k2 + 3 * k3 + f(x + h * (k1 - k2 + k3))) / 8


# neural-ode: order 4 is the midpoint method, of order 2
ode_midpoint = integrated(midpoint)

# neural-ode: the fourth stage goes half a step only
ode_half_a_step_at_the_end = integrated(half_step_at_the_end)

# neural-ode: order 4 is the rule of three eighths, another method of that order
ode_three_eighths = integrated(three_eighths)


# neural-ode: the time is divided by the number of points, not of steps
def ode_points_for_steps(field, x, time=1.0, steps=16, order=1):
    return integrated(midpoint)(field, x, time * steps / (steps + 1), steps, order)


# neural-ode: the state's first entry is stepped with the new ones: one entry after the other
def ode_one_entry_after_the_other(field, x, time=1.0, steps=16, order=1):
    if order == 4:
        raise NotImplementedError("order 4")
    x = np.array(x, float)
    for _ in range(steps):
        for k in range(x.shape[-1]):
            x[..., k] = x[..., k] + time / steps * field(x)[..., k]
    return x


# neural-ode: SciPy chooses the steps, whatever is asked
def ode_adaptive(field, x, time=1.0, steps=16, order=1):
    right = lambda t, y: np.asarray(field(y.reshape(x.shape))).ravel()
    return (
        solve_ivp(right, (0.0, time), x.ravel(), rtol=1e-10, atol=1e-12).y[:, -1].reshape(x.shape)
        if time
        else x
    )


def over_rotations(x, w, b, padding, kernel, mode="constant", place=lambda y: y):
    """The group convolution in PyTorch with another kernel for direction r and s."""
    O, C, S, K, _ = w.shape
    lead = x.shape[:-4]
    flat = x.reshape(-1, C * S, *x.shape[-2:])
    flat = F.pad(flat, [padding] * 4, mode=mode)
    bank = torch.stack([torch.stack([kernel(w, r, s) for s in range(S)], 2) for r in range(4)], 1)
    y = F.conv2d(flat, bank.reshape(4 * O, C * S, K, K))
    y = place(y.unflatten(1, (O, 4))) + b[:, None, None, None]
    return y.reshape(*lead, *y.shape[1:])


def quarter(w, r, s):
    return torch.rot90(w[:, :, (s - r) % w.shape[2]], r, (-2, -1))


# group-conv: the kernels are transposed in place of turned
def group_conv_transposed(x, w, b, padding=0):
    def kernel(w, r, s):
        v = w[:, :, (s - r) % w.shape[2]]
        v = v.mT if r % 2 else v
        return v.flip((-2, -1)) if r >= 2 else v

    return over_rotations(x, w, b, padding, kernel)


# group-conv: the borders are wrapped round
def group_conv_wrapped(x, w, b, padding=0):
    return over_rotations(x, w, b, padding, quarter, "circular" if padding else "constant")


# group-conv: the four directions are stacked before the maps, and taken apart the other way
def group_conv_mixed_maps(x, w, b, padding=0):
    mixed = lambda y: y.transpose(1, 2).reshape(y.shape)
    return over_rotations(x, w, b, padding, quarter, place=mixed)


# group-conv: the kernels are flipped, a convolution and not a correlation
def group_conv_flipped(x, w, b, padding=0):
    return over_rotations(x, w.flip((-2, -1)), b, padding, quarter)


# group-conv: the directions are averaged, so that all four outputs are one
def group_conv_pooled(x, w, b, padding=0):
    return over_rotations(x, w, b, padding, quarter, place=lambda y: y.mean(2, keepdim=True).expand(y.shape))


# group-conv: the kernels are turned twice as far, by half turns
def group_conv_half_turns(x, w, b, padding=0):
    kernel = lambda w, r, s: torch.rot90(w[:, :, (s - r) % w.shape[2]], 2 * r, (-2, -1))
    return over_rotations(x, w, b, padding, kernel)
