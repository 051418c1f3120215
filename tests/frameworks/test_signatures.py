"""How arguments are passed to a function, from its own signature and the definition's."""

import inspect

import pytest

from gradus.frameworks.signatures import has_other_order, other_defaults, parameters_of, passed, unexpected
from gradus.page.not_applicable import NotApplicable


def definition(x, y, alpha=0.5, scale=None):
    return x


DEFINITION = inspect.signature(definition)
ARGUMENTS = {"x": 1, "y": 2, "alpha": 0.5, "scale": None}


def calls(function, by_name=False, **changes):
    return passed("f", parameters_of(function), DEFINITION, {**ARGUMENTS, **changes}, by_name)


@pytest.mark.parametrize(
    ("function", "changes", "expected"),
    [
        (lambda a, b: 0, {}, ([1, 2], {})),
        (lambda a, b, alpha=0.1: 0, {}, ([1, 2], {})),  # its own default is judged
        (lambda a, b, alpha=0.1: 0, {"alpha": 0.7}, ([1, 2], {"alpha": 0.7})),
        (lambda a, b, *, alpha: 0, {}, ([1, 2], {"alpha": 0.5})),  # it cannot be left out
        (lambda *, y, x: 0, {}, ([], {"x": 1, "y": 2})),
        (lambda *, first, second: 0, {}, ([], {"first": 1, "second": 2})),
        (lambda x, *, y: 0, {}, ([1], {"y": 2})),
        (lambda *args, **options: 0, {"scale": 3}, ([1, 2], {"scale": 3})),
        (max, {}, ([1, 2], {})),
    ],
)
def test_arguments_are_passed_as_the_signature_asks(function, changes, expected):
    assert calls(function, **changes) == expected


def test_an_option_that_it_lacks_is_not_offered():
    with pytest.raises(NotApplicable, match="alpha"):
        calls(lambda a, b: 0, alpha=0.7)


def test_by_name_means_all_by_name():
    assert calls(lambda y, x: 0, by_name=True) == ([], {"x": 1, "y": 2})
    assert has_other_order(parameters_of(lambda y, x: 0), DEFINITION)
    assert not has_other_order(parameters_of(lambda x, y: 0), DEFINITION)
    assert not has_other_order(parameters_of(lambda y, z: 0), DEFINITION)


def test_other_defaults_are_named_where_both_are_plain():
    assert other_defaults(parameters_of(lambda x, y, alpha=0.1, scale=1.0: 0), DEFINITION) == {
        "alpha": (0.1, 0.5)
    }
    assert other_defaults(parameters_of(lambda x, y, alpha=0.5: 0), DEFINITION) == {}


def test_an_option_handed_on_to_a_function_without_it_is_not_offered():
    error = TypeError("forward() got an unexpected keyword argument 'alpha'")
    assert unexpected(error, parameters_of(lambda *a, **k: 0), {"alpha": 1}) == "alpha"
    assert unexpected(error, parameters_of(lambda *a, **k: 0), {}) is None
    assert unexpected(error, parameters_of(lambda x, alpha=1: 0), {"alpha": 1}) is None
