"""The steps of an LSTM with peepholes, forward and back, with units first: each gate of a step is one block of memory.

A step is a dozen small operations, so that calling them costs as much as what they do. Where a processor holds the numbers in a
precision that NumPy shares, NumPy does the elementwise part on the same memory: its calls cost about half of PyTorch's.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["steps_back", "steps_forward"]

_SHARED = (torch.float32, torch.float64)  # precisions in which NumPy computes on the memory of a tensor
_SMALL = 32768  # numbers in the gates of a step above which the calls do not count


def steps_forward(U: Tensor, P: Tensor, z: Tensor, h: Tensor, c: Tensor, squashed: Tensor) -> None:
    """All steps in place.

    Args:
        U: recurrent weights (4n, n).
        P: peepholes of i, f, o (3, n).
        z: W x + b (T, 4, n, B); afterwards the gates i, f, g, o.
        h: states (T+1, n, B), of which the first is given.
        c: cells (T+1, n, B), of which the first is given.
        squashed: tanh c (T, n, B), to be filled.
    """
    peepholes = P[:, :, None].expand(-1, -1, z.shape[-1]).contiguous()
    forward = _forward_shared if _is_shared(z) else _forward
    with np.errstate(all="ignore"):
        forward(U, peepholes, z, h, c, squashed)


def _is_shared(z: Tensor) -> bool:
    return z.device.type == "cpu" and z.dtype in _SHARED and z[0].numel() <= _SMALL


def _forward(U: Tensor, P: Tensor, z: Tensor, h: Tensor, c: Tensor, squashed: Tensor) -> None:
    hs, cs = h.unbind(), c.unbind()
    blocks = (z.flatten(1, 2), z[:, :2], *z.unbind(1), squashed)
    for t, (every, inner, i, f, g, o, small) in enumerate(zip(*(v.unbind() for v in blocks), strict=True)):
        every.addmm_(U, hs[t])
        inner.addcmul_(P[:2], cs[t]).sigmoid_()
        g.tanh_()
        new = torch.mul(f, cs[t], out=cs[t + 1]).addcmul_(i, g)
        o.addcmul_(P[2], new).sigmoid_()
        torch.mul(torch.tanh(new, out=small), o, out=hs[t + 1])


def _forward_shared(U: Tensor, P: Tensor, z: Tensor, h: Tensor, c: Tensor, squashed: Tensor) -> None:
    add, multiply, tanh = np.add, np.multiply, np.tanh
    hs, every = h.unbind(), z.flatten(1, 2).unbind()
    inner, outer = z[:, :2].unbind(), z[:, 3].unbind()  # PyTorch's sigmoid is one call, NumPy's would be four
    gates, states, cells, small, peepholes = (v.numpy() for v in (z, h, c, squashed, P))
    p_inner, p_outer = peepholes[:2], peepholes[2]
    two, one = np.empty_like(p_inner), np.empty_like(p_outer)
    for t in range(len(gates)):
        both, (i, f, g, o), old, new = gates[t, :2], gates[t], cells[t], cells[t + 1]
        every[t].addmm_(U, hs[t])
        add(both, multiply(p_inner, old, two), both)
        inner[t].sigmoid_()
        tanh(g, g)
        add(multiply(f, old, new), multiply(i, g, one), new)
        add(o, multiply(p_outer, new, one), o)
        outer[t].sigmoid_()
        multiply(tanh(new, small[t]), o, states[t + 1])


def steps_back(
    U: Tensor, P: Tensor, z: Tensor, c: Tensor, squashed: Tensor, dh: Tensor | None, dc: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives by the sums of the gates (T, 4, n, B), and by the first h and c (n, B).

    The derivative by the cell, d_c, brings those by i, f and g, and is handed back as d_c (f + p_i i' + p_f f'), where i' and
    f' are what it is multiplied by; so peepholes cost a step nothing. What is multiplied by is computed for all steps at once.

    Args:
        U: recurrent weights (4n, n).
        P: peepholes of i, f, o (3, n).
        z: the gates (T, 4, n, B), as `steps_forward` left them.
        c: cells (T+1, n, B).
        squashed: tanh c (T, n, B).
        dh: derivative by the states (T, B, n), None where they are not used.
        dc: derivative by the cells (T, B, n), None where they are not used.
    """
    i, f, g, o = z.unbind(1)
    dz = torch.empty_like(z)  # at first the slopes: of the cell by the sums of i, f, g; of h by that of o
    s_i, s_f, s_g, s_o = dz.unbind(1)
    sigmoid, tanh = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward
    sigmoid(g, i, grad_input=s_i)
    sigmoid(c[:-1], f, grad_input=s_f)
    tanh(i, g, grad_input=s_g)
    sigmoid(squashed, o, grad_input=s_o)
    p_i, p_f, p_o = P[:, :, None].unbind()
    through = tanh(o, squashed).addcmul_(p_o, s_o)
    handed = torch.addcmul(f, p_i, s_i).addcmul_(p_f, s_f)
    d_h, d_c = _from_outside(dh, z), _from_outside(dc, z)
    back = _back_shared if _is_shared(z) else _back
    with np.errstate(all="ignore"):
        back(U.mT.contiguous(), dz, through, handed, d_h, d_c)
    return dz, d_h[0], d_c[0]


def _from_outside(gradient: Tensor | None, z: Tensor) -> Tensor:
    """(T+1, n, B): 0 for what comes before the first step, and the gradient of each."""
    T, _, n, B = z.shape
    if gradient is None:
        return z.new_zeros(T + 1, n, B)
    own = z.new_empty(T + 1, n, B)
    own[0] = 0
    own[1:] = gradient.mT
    return own


def _back(U: Tensor, dz: Tensor, through: Tensor, handed: Tensor, d_h: Tensor, d_c: Tensor) -> None:
    hs, cs = d_h.unbind(), d_c.unbind()
    every, inner, outer = dz.flatten(1, 2).unbind(), dz[:, :3].unbind(), dz[:, 3].unbind()
    thrown, kept = through.unbind(), handed.unbind()
    for t in reversed(range(len(every))):
        cell = cs[t + 1].addcmul_(hs[t + 1], thrown[t])
        outer[t].mul_(hs[t + 1])
        inner[t].mul_(cell)
        hs[t].addmm_(U, every[t])
        cs[t].addcmul_(cell, kept[t])


def _back_shared(U: Tensor, dz: Tensor, through: Tensor, handed: Tensor, d_h: Tensor, d_c: Tensor) -> None:
    add, multiply = np.add, np.multiply
    every, down = dz.flatten(1, 2).unbind(), d_h.unbind()
    gates, thrown, kept, states, cells = (v.numpy() for v in (dz, through, handed, d_h, d_c))
    one = np.empty_like(cells[0])
    for t in reversed(range(len(gates))):
        inner, outer, state, cell, before = gates[t, :3], gates[t, 3], states[t + 1], cells[t + 1], cells[t]
        add(cell, multiply(state, thrown[t], one), cell)
        multiply(outer, state, outer)
        multiply(inner, cell, inner)
        down[t].addmm_(U, every[t])
        add(before, multiply(cell, kept[t], one), before)
