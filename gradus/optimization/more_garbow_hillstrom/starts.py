"""The standard starts of the problems of Moré, Garbow and Hillstrom."""

from __future__ import annotations

_STARTS: dict[int, tuple[float, ...]] = {
    1: (-1.2, 1.0),
    2: (0.5, -2.0),
    3: (0.0, 1.0),
    4: (1.0, 1.0),
    5: (1.0, 1.0),
    6: (0.3, 0.4),
    7: (-1.0, 0.0, 0.0),
    8: (1.0, 1.0, 1.0),
    9: (0.4, 1.0, 0.0),
    10: (0.02, 4000.0, 250.0),
    11: (5.0, 2.5, 0.15),
    12: (0.0, 10.0, 20.0),
    13: (3.0, -1.0, 0.0, 1.0),
    14: (-3.0, -1.0, -3.0, -1.0),
    15: (0.25, 0.39, 0.415, 0.39),
    16: (25.0, 5.0, -5.0, -1.0),
    17: (0.5, 1.5, -1.0, 0.01, 0.02),
    18: (1.0, 2.0, 1.0, 1.0, 1.0, 1.0),
    19: (1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5),
}
_PATTERNS: dict[int, tuple[float, ...]] = {
    20: (0.0,),
    21: (-1.2, 1.0),
    22: (3.0, -1.0, 0.0, 1.0),
    24: (0.5,),
    27: (0.5,),
    30: (-1.0,),
    31: (-1.0,),
    32: (1.0,),
    33: (1.0,),
    34: (1.0,),
}


def start_of(number: int, n: int) -> list[float]:
    """The standard start of a problem of n variables."""
    if number in _STARTS:
        return list(_STARTS[number])
    if number in _PATTERNS:
        pattern = _PATTERNS[number]
        return [pattern[i % len(pattern)] for i in range(n)]
    t = [j / (n + 1) for j in range(1, n + 1)]
    if number == 35:
        return t
    if number in (28, 29):
        return [s * (s - 1) for s in t]
    by_index = {23: lambda j: float(j), 25: lambda j: 1 - j / n, 26: lambda j: 1 / n}
    return [by_index[number](j) for j in range(1, n + 1)]
