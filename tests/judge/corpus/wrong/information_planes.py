"""Information planes with the faults that people make."""

import numpy as np


def _entropy(rows, log=np.log):
    p = np.unique(rows, axis=0, return_counts=True)[1] / len(rows)
    return -(p * log(p)).sum()


def _spread(t, sigma):
    squares = ((t[:, None] - t) ** 2).sum(2)
    return -np.log(np.exp(-squares / (2 * sigma**2)).mean(1)).mean()


def _plane(t, y, bins, low, high, noise, entropy=_entropy, spread=_spread, factor=2.0, weighted=True):
    cells = np.clip(np.floor((t - low) / (high - low) * bins), 0, bins - 1)
    binned = entropy(cells)
    joint = binned + entropy(y[:, None]) - entropy(np.hstack([cells, y[:, None]]))
    upper = spread(t, noise)
    classes = np.unique(y)
    parts = [spread(t[y == c], noise) for c in classes]
    within = np.dot([(y == c).mean() for c in classes], parts) if weighted else np.mean(parts)
    return binned, joint, upper, spread(t, factor * noise), upper - within


# information-bottleneck: entropies in bits, the noisy ones in nats
def bits_and_nats(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    return _plane(t, y, bins, low, high, noise, lambda rows: _entropy(rows, np.log2))


# information-bottleneck: bins over the layer's own range, the arguments ignored
def own_range(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    return _plane(t, y, bins, t.min(), t.max() + 1e-12, noise)


# information-bottleneck: the lower bound with four times the variance mistaken for four times the deviation
def lower_bound_of_four(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    return _plane(t, y, bins, low, high, noise, factor=4.0)


# information-bottleneck: a point does not count itself, as in leave-one-out density estimates
def leave_one_out(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    def spread(t, sigma):
        if len(t) < 2:
            return 0.0
        q = np.exp(-((t[:, None] - t) ** 2).sum(2) / (2 * sigma**2))
        return -np.log(np.maximum((q.sum(1) - 1) / (len(t) - 1), 1e-300)).mean()

    return _plane(t, y, bins, low, high, noise, spread=spread)


# information-bottleneck: the labels' classes averaged without their shares
def classes_alike(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    return _plane(t, y, bins, low, high, noise, weighted=False)
