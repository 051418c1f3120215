"""Small real pictures that figures of several pages show."""

import numpy as np

# A handwritten 3 of scikit-learn's digits (training image 3), values 0…16.
THREE = (
    np.array(
        [
            [0, 0, 7, 15, 13, 1, 0, 0],
            [0, 8, 13, 6, 15, 4, 0, 0],
            [0, 2, 1, 13, 13, 0, 0, 0],
            [0, 0, 2, 15, 11, 1, 0, 0],
            [0, 0, 0, 1, 12, 12, 1, 0],
            [0, 0, 0, 0, 1, 10, 8, 0],
            [0, 0, 8, 4, 5, 14, 9, 0],
            [0, 0, 7, 13, 13, 9, 0, 0],
        ]
    )
    / 16
)
