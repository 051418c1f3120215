"""Its representation is a bomb: a module whose attributes are made when they are asked for, without end."""

import numpy as np


class Deep:
    """Every attribute of it is another one."""

    def __getattr__(self, name):
        return Deep()

    def __call__(self, x):
        return Deep()


# relu: structure|time limit|exception|memory: every attribute of the result is there and is another
relu = Deep()
unused = np.pi
