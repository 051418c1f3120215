"""CRF layers in other styles: torch with the marginals by autograd, NumPy by products of scaled matrices."""

import numpy as np
import torch


# crf: torch, batched, marginals as the derivative of log Z by the scores
def crf_by_autograd(emissions, start, transitions, end, tags, lengths=None):
    K, T = transitions.shape[0], emissions.shape[-2]
    if transitions.shape != (K, K) or emissions.shape[-1] != K:
        raise ValueError("tags")
    lead = emissions.shape[:-2]
    y = torch.as_tensor(tags).expand(*lead, T)
    ends = torch.as_tensor(T if lengths is None else lengths).expand(lead)
    on = torch.arange(T) < ends[..., None]

    def chain(e, join):
        message = start + e[..., 0, :]
        for t in range(1, T):
            step = join(message[..., :, None] + transitions, -2) + e[..., t, :]
            message = torch.where(on[..., t, None], step, message)
        return join(message + end, -1)

    graph = torch.is_grad_enabled() and emissions.requires_grad
    with torch.enable_grad():
        held = torch.where(on[..., None], emissions if graph else emissions.detach(), 0.0)
        held = held if graph else held.requires_grad_()
        log_z = chain(held, torch.logsumexp)
        marginals = torch.autograd.grad(log_z.sum(), held, create_graph=graph)[0]
    own = torch.where(on, held.gather(-1, y[..., None])[..., 0], 0.0).sum(-1)
    pairs = torch.where(on[..., 1:], transitions[y[..., :-1], y[..., 1:]], 0.0).sum(-1)
    last = y.gather(-1, ends[..., None] - 1)[..., 0]
    s = start[y[..., 0]] + own + pairs + end[last]
    marginals = torch.where(on[..., None], marginals, 0.0)
    return s - log_z, marginals, chain(held, torch.amax) - log_z


# crf: NumPy, messages from both sides shifted by their largest
def crf_shifted(emissions, start, transitions, end, tags, lengths=None):
    T, K = emissions.shape[-2:]
    if transitions.shape != (K, K) or start.shape != (K,):
        raise ValueError("tags")

    def join(a, axis):
        with np.errstate(divide="ignore"):
            return np.logaddexp.reduce(a, axis=axis)

    lead = emissions.shape[:-2]
    tags = np.broadcast_to(tags, (*lead, T))
    ends = np.broadcast_to(T if lengths is None else lengths, lead)
    logs, best, mu = np.zeros(lead), np.zeros(lead), np.zeros(emissions.shape)
    for where in np.ndindex(*lead):
        n = ends[where]
        e, y = emissions[where][:n].copy(), tags[where][:n]
        e[0] += start
        e[-1] += end
        ahead, top = [e[0]], e[0]
        for row in e[1:]:
            ahead.append(join(ahead[-1][:, None] + transitions, 0) + row)
            top = (top[:, None] + transitions).max(0) + row
        behind = [np.zeros(K)]
        for row in e[:0:-1]:
            behind.append(join(transitions + (row + behind[-1])[None], 1))
        total = join(ahead[-1], 0)
        logs[where] = e[range(n), y].sum() + transitions[y[:-1], y[1:]].sum() - total
        mu[where][:n] = np.exp(np.array(ahead) + np.array(behind[::-1]) - total)
        best[where] = top.max() - total
    return logs, mu, best
