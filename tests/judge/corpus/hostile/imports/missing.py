"""Imports a package that is not there."""

import a_package_that_nobody_has


# relu: import: a package is missing
def relu(x):
    return a_package_that_nobody_has.relu(x)
