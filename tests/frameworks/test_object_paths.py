"""Objects named as "module:name"."""

import math

import pytest

from gradus.errors import GradusError
from gradus.frameworks import resolve


def test_a_path_leads_to_its_object():
    assert resolve("math:sqrt") is math.sqrt
    assert resolve("fractions:Fraction.from_float").__name__ == "from_float"


def test_a_wrong_path_is_named():
    with pytest.raises(GradusError, match="cannot import"):
        resolve("no_such_module_here:f")
    with pytest.raises(GradusError, match="has no"):
        resolve("math:no_such_name")
