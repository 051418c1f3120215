"""Recurrent cells, a block of a transformer, layers on graphs and groups as users write them."""

import torch
import torch.nn.functional as F


# lstm: torch, all gates of a step in one product
def lstm_one_product(x, W, U, b, h0=None, c0=None, lengths=None):
    units = b.shape[-1]
    h = x.new_zeros(*x.shape[:-2], units) if h0 is None else h0
    c = x.new_zeros(*x.shape[:-2], units) if c0 is None else c0
    inputs = x @ W.flatten(0, 1).mT + b.flatten()
    outputs = []
    for t in range(x.shape[-2]):
        i, f, g, o = (inputs[..., t, :] + h @ U.flatten(0, 1).mT).unflatten(-1, (4, units)).unbind(-2)
        cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
        output = o.sigmoid() * cell.tanh()
        if lengths is None:
            h, c = output, cell
        else:
            inside = (t < torch.as_tensor(lengths))[..., None]
            h, c, output = (
                h.where(~inside, output),
                c.where(~inside, cell),
                output.where(inside, output.new_zeros(())),
            )
        outputs.append(output)
    return torch.stack(outputs, -2), h, c


# gcn: torch, the degrees as a scaling on both sides
def gcn_scaled_on_both_sides(A, H, W, b):
    B = A + torch.eye(A.shape[-1], dtype=A.dtype)
    s = B.sum(-1).rsqrt()[..., None]
    return s * (B @ (s * (H @ W))) + b


# gat: torch, a head after the other
def gat_head_by_head(A, H, W, a, a_neighbour, slope=0.2):
    seen = (A != 0) | torch.eye(A.shape[-1], dtype=torch.bool)
    heads = []
    for k in range(len(W)):
        z = H @ W[k]
        e = F.leaky_relu((z @ a[k])[..., :, None] + (z @ a_neighbour[k])[..., None, :], slope)
        heads.append(e.masked_fill(~seen, -torch.inf).softmax(-1) @ z)
    return torch.stack(heads, -2)


# gin: torch, the loop as part of the adjacency
def gin_loop_in_the_adjacency(A, H, W1, b1, W2, b2, epsilon=0.0):
    B = A + (1 + epsilon) * torch.eye(A.shape[-1], dtype=A.dtype)
    return torch.relu(B @ H @ W1 + b1) @ W2 + b2


# group-conv: torch, one convolution with the four turned kernels stacked
def c4_one_convolution(x, w, b, padding=0):
    O, C, S, K, _ = w.shape
    turned = [torch.rot90(torch.roll(w, r, 2) if S > 1 else w, r, (-2, -1)) for r in range(4)]
    kernel = torch.stack(turned, 1).reshape(O * 4, C * S, K, K)
    maps = x.reshape(-1, C * S, *x.shape[-2:])
    y = F.conv2d(maps, kernel, b.repeat_interleave(4), padding=padding)
    return y.reshape(*x.shape[:-4], O, 4, *y.shape[-2:])


# neural-ode: Butcher's table
def ode_by_its_table(field, x, time=1.0, steps=16, order=1):
    places, weights = {1: ([], [1.0]), 4: ([0.5, 0.5, 1.0], [1 / 6, 1 / 3, 1 / 3, 1 / 6])}[order]
    h = time / steps
    for _ in range(steps):
        slopes = [field(x)]
        for place in places:
            slopes.append(field(x + place * h * slopes[-1]))
        x = x + h * sum(w * k for w, k in zip(weights, slopes, strict=True))
    return x


# additive-attention: torch, scores by broadcasting, the mask by its logarithm
def additive_by_softmax(S, H, W, U, v, pad=None):
    e = torch.tanh((S @ W.mT)[..., :, None, :] + (H @ U.mT)[..., None, :, :]) @ v
    if pad is not None:
        e = e.masked_fill(pad[..., None, :], -torch.inf)
    alpha = torch.nan_to_num(e.softmax(-1)) if pad is not None else e.softmax(-1)
    return alpha @ H, alpha
