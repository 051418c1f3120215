"""CRF layers with the faults that people make."""

import torch


def _scores(e, start, B, end, y, lengths, end_of_batch=False, from_column=False):
    T = e.shape[-2]
    lead = e.shape[:-2]
    y = torch.as_tensor(y).expand(*lead, T)
    ends = torch.as_tensor(T if lengths is None else lengths).expand(lead)
    on = torch.arange(T) < ends[..., None]
    own = torch.where(on, e.gather(-1, y[..., None])[..., 0], 0.0).sum(-1)
    pair = B[y[..., 1:], y[..., :-1]] if from_column else B[y[..., :-1], y[..., 1:]]
    last = y[..., -1] if end_of_batch else y.gather(-1, ends[..., None] - 1)[..., 0]
    return start[y[..., 0]] + own + torch.where(on[..., 1:], pair, 0.0).sum(-1) + end[last], on


def _chain(e, start, B, end, on, maximum=False, masked=True, first=True):
    e = torch.where(on[..., None], e, 0.0)
    join = torch.amax if maximum else torch.logsumexp
    message = start + e[..., 0, :] if first else e[..., 0, :]
    for t in range(1, e.shape[-2]):
        step = join(message[..., :, None] + B, -2) + e[..., t, :]
        message = torch.where(on[..., t, None], step, message) if masked else step
    return join(message + end, -1)


def _layer(e, start, B, end, y, lengths, wrong, scored=None):
    s, on = _scores(e, start, B, end, y, lengths, **(scored or {}))
    with torch.enable_grad():
        held = torch.where(on[..., None], e, 0.0).detach().requires_grad_()
        right = _chain(held, start, B, end, on)
        marginals = torch.autograd.grad(right.sum(), held)[0]
    best = _chain(e, start, B, end, on, maximum=True) - _chain(e, start, B, end, on)
    return s - _chain(e, start, B, end, on, **wrong), torch.where(on[..., None], marginals, 0.0), best


# crf: the sum over sequences goes on through the padding
def crf_unmasked_sum(emissions, start, transitions, end, tags, lengths=None):
    return _layer(emissions, start, transitions, end, tags, lengths, dict(masked=False))


# crf: the score of the end is taken at the last column of the batch
def crf_end_of_batch(emissions, start, transitions, end, tags, lengths=None):
    return _layer(emissions, start, transitions, end, tags, lengths, {}, dict(end_of_batch=True))


# crf: the maximum for the sum, a perceptron's loss
def crf_perceptron(emissions, start, transitions, end, tags, lengths=None):
    return _layer(emissions, start, transitions, end, tags, lengths, dict(maximum=True))


# crf: pairs scored from the later tag to the earlier one, summed the other way
def crf_two_conventions(emissions, start, transitions, end, tags, lengths=None):
    return _layer(emissions, start, transitions, end, tags, lengths, {}, dict(from_column=True))


# crf: the start's score is missing from the sum over sequences
def crf_start_missing(emissions, start, transitions, end, tags, lengths=None):
    return _layer(emissions, start, transitions, end, tags, lengths, dict(first=False))
