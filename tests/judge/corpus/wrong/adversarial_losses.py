"""Losses of adversarial training with the faults that people make."""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits, logsigmoid


def _checked(*weights):
    for w in weights:
        if w is not None and ((w < 0).any() or (abs(w.sum(-1) - 1) > 1e-6).any()):
            raise ValueError("weights are probabilities")


def _mean(values, weights):
    return values.mean(-1) if weights is None else (weights * values).sum(-1)


# gan: probabilities by a sigmoid, and BCELoss, which cuts its logarithms at -100
def gan_bce_after_sigmoid(real, fake, real_weights=None, fake_weights=None):
    _checked(real_weights, fake_weights)

    def bce(logits, label, weights):
        D = torch.sigmoid(logits)
        return _mean(binary_cross_entropy(D, torch.full_like(D, label), reduction="none"), weights)

    as_fake = bce(fake, 0.0, fake_weights)
    return bce(real, 1.0, real_weights) + as_fake, -as_fake, bce(fake, 1.0, fake_weights)


# gan: labels smoothed to 0.9 for the real samples
def gan_smoothed_labels(real, fake, real_weights=None, fake_weights=None):
    _checked(real_weights, fake_weights)

    def bce(logits, label, weights):
        each = binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction="none")
        return _mean(each, weights)

    as_fake = bce(fake, 0.0, fake_weights)
    return bce(real, 0.9, real_weights) + as_fake, -as_fake, bce(fake, 1.0, fake_weights)


# gan: the generator's step trains on real samples, too
def gan_generator_sees_real_samples(real, fake, real_weights=None, fake_weights=None):
    _checked(real_weights, fake_weights)
    of_real = np.logaddexp(0, -real)
    loss = _mean(of_real, real_weights) + _mean(np.logaddexp(0, fake), fake_weights)
    return loss, -loss, _mean(np.logaddexp(0, -fake), fake_weights)


# gan: the logarithm of the mean probability in place of the mean logarithm
def gan_logarithm_of_the_mean(real, fake, real_weights=None, fake_weights=None):
    _checked(real_weights, fake_weights)
    D, E = (1 / (1 + np.exp(-np.clip(l, -30, 30))) for l in (real, fake))
    wrong = -np.log(_mean(1 - E, fake_weights))
    return -np.log(_mean(D, real_weights)) + wrong, -wrong, -np.log(_mean(E, fake_weights))


# gan: the score itself taken for its logarithm, as a Wasserstein critic's
def gan_scores_of_a_critic(real, fake, real_weights=None, fake_weights=None):
    _checked(real_weights, fake_weights)
    low, high = _mean(fake, fake_weights), _mean(real, real_weights)
    return low - high, -low, -low


# gan: the generator's samples detached, so that its losses carry no gradient
def gan_generator_detached(real, fake, real_weights=None, fake_weights=None):
    _checked(real_weights, fake_weights)
    held = fake.detach()
    L_D = -_mean(logsigmoid(real), real_weights) - _mean(logsigmoid(-fake), fake_weights)
    return L_D, _mean(logsigmoid(-held), fake_weights), -_mean(logsigmoid(held), fake_weights)
