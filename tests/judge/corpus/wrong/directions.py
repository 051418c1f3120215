"""Bidirectional networks with the slips of padding, order and last states."""

import numpy as np
import torch
from torch import nn


def one_way(x, W, U, b, h):
    states = []
    for row in x.unbind(-2):
        h = torch.tanh(row @ W.T + h @ U.T + b)
        states.append(h)
    return torch.stack(states, -2), h


def first_states(x, b, h0):
    return x.new_zeros(*x.shape[:-2], 2, b.shape[-1]) if h0 is None else h0


def within(y, lengths):
    if lengths is None:
        return y
    return torch.where((torch.arange(y.shape[-2]) < lengths[..., None])[..., None], y, 0.0)


# bidirectional: torch, the whole padded batch is flipped, padding first
def bidirectional_flipped_whole(x, W, U, b, h0=None, lengths=None):
    h0 = first_states(x, b, h0)
    y, first = one_way(x, W[0], U[0], b[0], h0[..., 0, :])
    z, second = one_way(x.flip(-2), W[1], U[1], b[1], h0[..., 1, :])
    return within(torch.cat([y, z.flip(-2)], -1), lengths), torch.stack([first, second], -2)


# bidirectional: torch, the summary is the output at the last position
def bidirectional_last_output(x, W, U, b, h0=None):
    h0 = first_states(x, b, h0)
    y, _ = one_way(x, W[0], U[0], b[0], h0[..., 0, :])
    z, _ = one_way(x.flip(-2), W[1], U[1], b[1], h0[..., 1, :])
    both = torch.cat([y, z.flip(-2)], -1)
    return both, both[..., -1, :].unflatten(-1, (2, -1))


# bidirectional: torch, the backward half is not turned back
def bidirectional_not_turned_back(x, W, U, b, h0=None):
    h0 = first_states(x, b, h0)
    y, first = one_way(x, W[0], U[0], b[0], h0[..., 0, :])
    z, second = one_way(x.flip(-2), W[1], U[1], b[1], h0[..., 1, :])
    return torch.cat([y, z], -1), torch.stack([first, second], -2)


# bidirectional: NumPy, the halves stand in turn, unit by unit
def bidirectional_in_turn(x, W, U, b, h0=None):
    halves, last = [], []
    for k in range(2):
        h = np.zeros((*x.shape[:-2], b.shape[-1])) if h0 is None else h0[..., k, :]
        states = []
        for t in range(x.shape[-2])[:: 1 - 2 * k]:
            h = np.tanh(x[..., t, :] @ W[k].T + h @ U[k].T + b[k])
            states.append(h)
        halves.append(np.stack(states[:: 1 - 2 * k], -2))
        last.append(h)
    return np.stack(halves, -1).reshape(*halves[0].shape[:-1], -1), np.stack(last, -2)


class Stacked(nn.Module):
    """The backward half reads what the forward half says, not the inputs."""

    def __init__(self):
        super().__init__()
        self.weight_ih_l0 = nn.Parameter(torch.zeros(4, 4))
        self.weight_hh_l0 = nn.Parameter(torch.zeros(4, 4))
        self.bias_ih_l0 = nn.Parameter(torch.zeros(4))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(4))
        self.weight_ih_l0_reverse = nn.Parameter(torch.zeros(4, 4))
        self.weight_hh_l0_reverse = nn.Parameter(torch.zeros(4, 4))
        self.bias_ih_l0_reverse = nn.Parameter(torch.zeros(4))
        self.bias_hh_l0_reverse = nn.Parameter(torch.zeros(4))

    def forward(self, x, h):
        x = x.transpose(0, 1)
        y, first = one_way(x, self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, h[0])
        W, U, b = self.weight_ih_l0_reverse, self.weight_hh_l0_reverse, self.bias_ih_l0_reverse
        z, second = one_way(y.flip(-2), W, U, b, h[1])
        return torch.cat([y, z.flip(-2)], -1).transpose(0, 1), torch.stack([first, second])


Stacked.batch_first = False

# bidirectional: torch, a module whose backward half reads the forward half
bidirectional_stacked = Stacked()
