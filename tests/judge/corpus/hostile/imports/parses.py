"""A script that reads its command line and runs when imported."""

import argparse

argparse.ArgumentParser().parse_args(["--no-such-option"])


# relu: import|exit: argparse leaves on import
def relu(x):
    return x
