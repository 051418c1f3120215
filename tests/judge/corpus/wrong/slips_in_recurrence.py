"""Slips in recurrent cells as people write them: single steps, modules and loops in PyTorch and NumPy."""

import numpy as np
import torch
from torch import nn


def sigma(z):
    return 0.5 * (1 + np.tanh(z / 2))


# lstm: a step whose forget gate is 1 − i, the input gate's other side
def lstm_step_coupled(x, h, c, W, U, b):
    i, _, g, o = (x @ W[k].T + h @ U[k].T + b[k] for k in range(4))
    cell = (1 - sigma(i)) * c + sigma(i) * np.tanh(g)
    return sigma(o) * np.tanh(cell), cell


# lstm: a step that shows the cell as it was before
def lstm_step_shows_the_old_cell(x, h, c, W, U, b):
    i, f, g, o = (x @ W[k].T + h @ U[k].T + b[k] for k in range(4))
    return torch.sigmoid(o) * torch.tanh(c), torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)


# lstm: a step that adds 1 to the forget gate's bias by itself, as an old TensorFlow cell does
def lstm_step_forget_bias(x, h, c, W, U, b):
    i, f, g, o = (x @ W[k].T + h @ U[k].T + b[k] for k in range(4))
    cell = sigma(f + 1) * c + sigma(i) * np.tanh(g)
    return sigma(o) * np.tanh(cell), cell


# lstm: a loop that cuts the gradient between steps
def lstm_detached(x, W, U, b, h0=None, c0=None, lengths=None):
    h = x.new_zeros(*x.shape[:-2], b.shape[-1]) if h0 is None else h0
    c = torch.zeros_like(h) if c0 is None else c0
    outputs = []
    for t in range(x.shape[-2]):
        i, f, g, o = (x[..., t, :] @ W[k].T + h.detach() @ U[k].T + b[k] for k in range(4))
        cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
        output = o.sigmoid() * cell.tanh()
        inside = torch.tensor(True) if lengths is None else (t < torch.as_tensor(lengths))[..., None]
        h, c = torch.where(inside, output, h), torch.where(inside, cell, c)
        outputs.append(torch.where(inside, output, torch.zeros_like(output)))
    return torch.stack(outputs, -2), h, c


class Recurrent(nn.Module):
    """A layer of so many gates with the parameters of PyTorch's, one step after the other."""

    gates = 4

    def __init__(self, d, n, batch_first=True):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.randn(self.gates * n, d))
        self.weight_hh = nn.Parameter(torch.randn(self.gates * n, n))
        self.bias_ih, self.bias_hh = (nn.Parameter(torch.randn(self.gates * n)) for _ in range(2))

    def run(self, x, states):
        outputs = []
        for row in x.unbind(1):
            states = self.step(row, *states)
            outputs.append(states[0])
        return torch.stack(outputs, 1), tuple(s[None] for s in states)


# lstm: a module that forgets its second bias
class LSTMOfOneBias(Recurrent):
    def step(self, x, h, c):
        i, f, g, o = (x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias_ih).chunk(4, -1)
        cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * cell.tanh(), cell

    def forward(self, x, states):
        return self.run(x, [s[0] for s in states])


# lstm: a module that takes the cell for the first output where it is given both
class LSTMOfSwappedStates(Recurrent):
    def step(self, x, h, c):
        z = x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias_ih + self.bias_hh
        i, f, g, o = z.chunk(4, -1)
        cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * cell.tanh(), cell

    def forward(self, x, states):
        c, h = states
        return self.run(x, (h[0], c[0]))


# rnn: a module that forgets its second bias
class RNNOfOneBias(Recurrent):
    gates = 1

    def step(self, x, h):
        return (torch.tanh(x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias_ih),)

    def forward(self, x, state):
        outputs, (last,) = self.run(x, (state[0],))
        return outputs, last


# gru: a step whose reset gate takes the input along
def gru_step_resets_the_input(x, h, W, U, b, c):
    r, z = (sigma(x @ W[k].T + b[k] + h @ U[k].T + c[k]) for k in range(2))
    candidate = np.tanh(r * (x @ W[2].T + b[2] + h @ U[2].T + c[2]))
    return (1 - z) * candidate + z * h


# gru: a step with one gate for both purposes
def gru_step_of_one_gate(x, h, W, U, b, c):
    z = torch.sigmoid(x @ W[1].T + b[1] + h @ U[1].T + c[1])
    candidate = torch.tanh(x @ W[2].T + b[2] + z * (h @ U[2].T + c[2]))
    return (1 - z) * candidate + z * h


# gru: a module whose second bias is left out of the gates, though not of the candidate
class GRUOfHalfABias(Recurrent):
    gates = 3

    def step(self, x, h):
        (r, z, n), (hr, hz, hn) = (
            (v @ w.T).chunk(3, -1) for v, w in ((x, self.weight_ih), (h, self.weight_hh))
        )
        br, bz, bn = self.bias_ih.chunk(3)
        r, z = torch.sigmoid(r + br + hr), torch.sigmoid(z + bz + hz)
        return ((1 - z) * torch.tanh(n + bn + r * (hn + self.bias_hh.chunk(3)[2])) + z * h,)

    def forward(self, x, state):
        outputs, (last,) = self.run(x, (state[0],))
        return outputs, last


def gru_loop(x, W, U, b, c, h0, after):
    h = np.zeros((*x.shape[:-2], b.shape[-1])) if h0 is None else h0
    states = []
    for t in range(x.shape[-2]):
        r, z = (sigma(x[..., t, :] @ W[k].T + b[k] + h @ U[k].T + c[k]) for k in range(2))
        inner = r * (h @ U[2].T + c[2]) if after else (r * h) @ U[2].T + c[2]
        h = (1 - z) * np.tanh(x[..., t, :] @ W[2].T + b[2] + inner) + z * h
        states.append(h)
    return np.stack(states, -2), h


# gru: rows are sorted by length and not put back
def gru_sorted(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    if lengths is None:
        return gru_loop(x, W, U, b, c, h0, reset_after)
    order = np.argsort(-np.asarray(lengths), kind="stable")
    x, lengths = x[order], np.asarray(lengths)[order]
    outputs, last = np.zeros((*x.shape[:-1], b.shape[-1])), np.zeros((len(x), b.shape[-1]))
    for i, n in enumerate(lengths):
        first = None if h0 is None else h0[order[i]]
        outputs[i, :n], last[i] = gru_loop(x[i, :n], W, U, b, c, first, reset_after)
    return outputs, last


# gru: the last state is the output of the last column, 0 for a row that has ended
def gru_last_column(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    outputs, last = gru_loop(x, W, U, b, c, h0, reset_after)
    if lengths is not None:
        inside = np.arange(x.shape[-2]) < np.asarray(lengths)[..., None]
        outputs = np.where(inside[..., None], outputs, 0.0)
        last = outputs[..., -1, :]
    return outputs, last


def peephole_loop(x, W, U, P, b, h0, c0, lengths, step):
    zeros = np.zeros((*x.shape[:-2], b.shape[-1]))
    h, c = (zeros if s is None else s for s in (h0, c0))
    outputs = []
    for t in range(x.shape[-2]):
        z = [x[..., t, :] @ W[k].T + h @ U[k].T + b[k] for k in range(4)]
        output, cell = step(*z, h, c, P)
        inside = np.True_ if lengths is None else (t < np.asarray(lengths))[..., None]
        h, c = np.where(inside, output, h), np.where(inside, cell, c)
        outputs.append(np.where(inside, output, 0.0))
    return np.stack(outputs, -2), h, c


# peephole-lstm: the peepholes are added behind the logistic function
def peepholes_behind_the_gates(x, W, U, P, b, h0=None, c0=None, lengths=None):
    def step(i, f, g, o, h, c, P):
        cell = (sigma(f) + P[1] * c) * c + (sigma(i) + P[0] * c) * np.tanh(g)
        return (sigma(o) + P[2] * cell) * np.tanh(cell), cell

    return peephole_loop(x, W, U, P, b, h0, c0, lengths, step)


# peephole-lstm: the output gate looks at the squashed cell
def peephole_at_the_squashed_cell(x, W, U, P, b, h0=None, c0=None, lengths=None):
    def step(i, f, g, o, h, c, P):
        cell = sigma(f + P[1] * c) * c + sigma(i + P[0] * c) * np.tanh(g)
        return sigma(o + P[2] * np.tanh(cell)) * np.tanh(cell), cell

    return peephole_loop(x, W, U, P, b, h0, c0, lengths, step)


# peephole-lstm: the peepholes look at the output
def peepholes_at_the_output(x, W, U, P, b, h0=None, c0=None, lengths=None):
    def step(i, f, g, o, h, c, P):
        cell = sigma(f + P[1] * h) * c + sigma(i + P[0] * h) * np.tanh(g)
        return sigma(o + P[2] * h) * np.tanh(cell), cell

    return peephole_loop(x, W, U, P, b, h0, c0, lengths, step)


# peephole-lstm: the candidate has a peephole, too, the input gate's
def peephole_of_the_candidate(x, W, U, P, b, h0=None, c0=None, lengths=None):
    def step(i, f, g, o, h, c, P):
        cell = sigma(f + P[1] * c) * c + sigma(i + P[0] * c) * np.tanh(g + P[0] * c)
        return sigma(o + P[2] * cell) * np.tanh(cell), cell

    return peephole_loop(x, W, U, P, b, h0, c0, lengths, step)


# peephole-lstm: one weight of input and forget gate, the forget gate's
def peephole_shared(x, W, U, P, b, h0=None, c0=None, lengths=None):
    def step(i, f, g, o, h, c, P):
        cell = sigma(f + P[1] * c) * c + sigma(i + P[1] * c) * np.tanh(g)
        return sigma(o + P[2] * cell) * np.tanh(cell), cell

    return peephole_loop(x, W, U, P, b, h0, c0, lengths, step)
