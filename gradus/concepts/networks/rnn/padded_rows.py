"""Neighbour invariance of recurrent layers: a row of a padded batch gives what it gives alone."""

import numpy as np

from gradus.page import Text
from gradus.page.evidence import all_of, bound, identical, invariance

LENGTHS = np.array([7, 3, 5])


def alone_and_padded(layer, rng, draw, d=3):
    """Each row by itself beside the padded batch, for padding of NaN, of huge numbers and of 0; the outputs after a row's
    end are 0.

    `draw(rng)` gives the weights; the first result has the axis of time, the others are last states.
    """
    weights = draw(rng)
    x = rng.standard_normal((3, 7, d))
    alone = [layer(x[i, :length], **weights) for i, length in enumerate(LENGTHS)]
    largest = min(np.abs(np.asarray(a[0])).max() for a in alone)
    judged = [bound(largest, 0.01, "≥", Text("the outputs are not all 0", "输出不全为 0"))]
    for filling in (np.nan, 1e300, 0.0):
        padded = x.copy()
        for i, length in enumerate(LENGTHS):
            padded[i, length:] = filling
        outputs, *last = layer(padded, **weights, lengths=LENGTHS)
        for i, length in enumerate(LENGTHS):
            judged.append(invariance(outputs[i, :length], alone[i][0], terms=16, scale=1.0))
            judged.append(identical(outputs[i, length:], np.zeros_like(outputs[i, length:])))
            judged += [invariance(s[i], a, terms=16, scale=1.0) for s, a in zip(last, alone[i][1:], strict=True)]
    return all_of(*judged)
