"""Prints megabytes when imported."""

import sys

for _ in range(5):
    print("a" * 1_000_000)
    sys.stderr.write("b" * 1_000_000)


# relu: wrong: prints megabytes on import
def relu(x):
    return abs(x)
