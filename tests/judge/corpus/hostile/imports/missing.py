"""Imports a package that is not there."""

import importlib

activations = importlib.import_module("a_package_that_nobody_has")


# relu: import: a package is missing
def relu(x):
    return activations.relu(x)
