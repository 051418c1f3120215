"""Numbers: as Python spells them where they may be copied, with true minus and powers of ten where they are typeset."""

import pytest

from gradus.numbers import (
    duration,
    figure,
    grouped,
    mathematical,
    order_of_magnitude,
    percent,
    rounded,
    score,
    typeset,
    typeset_value,
)
from gradus.page.evidence import bound, statistical


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"), (-2.0, "-2"), (True, "1"), (0.1 + 0.2, "0.3"), (-0.25, "-0.25"), (1 / 3, "0.333333"),
        (2.0**-52, "2.22e-16"), (123456.7, "1.23e+05"), (float("inf"), "inf"), (float("nan"), "nan"),
    ],
)  # fmt: skip
def test_a_figure_may_be_copied(value, text):
    assert figure(value) == text


def test_evidence_is_shown_by_its_figures():
    assert str(bound(0.5, 1.0)) == "0.5 ≤ 1 ± 1.8e-15"
    assert str(statistical(1 / 3, 0.25, standard_error=1 / 30)) == "0.333333 = 0.25 ± 0.17"


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("4.36e+08 times", "4.36×10⁸ times"), ("x = 1e-09", "x = 10⁻⁹"), ("1.5e+00", "1.5"), ("-3e-4", "−3×10⁻⁴"),
        ("(-0.07, 1.12)", "(−0.07, 1.12)"), ("-0.00 and 0", "0.00 and 0"), ("about 10^7 or 2^-3", "about 10⁷ or 2⁻³"),
        ("22 % of 7 %", "22% of 7%"), ("-inf, inf", "−∞, ∞"), ("3-fold, x-2, k-means", "3-fold, x-2, k-means"),
        ("float8_e5m2", "float8_e5m2"), ("`1e-3` and $x^{-3}$", "`1e-3` and $x^{-3}$"),
    ],
)  # fmt: skip
def test_numbers_in_words_are_mathematics(program, text):
    assert mathematical(program) == text
    assert mathematical(text) == text, "and stay so"


def test_typeset_numbers():
    assert typeset(0) == "0" and typeset(1000.0) == "1000" and typeset(0.0213456) == "0.0213"
    assert typeset(-2.5) == "−2.5" and typeset(float("inf")) == "∞" and typeset(float("nan")) == "NaN"
    assert typeset(1.2345e-16) == "1.23&#8239;×&#8239;10<sup>−16</sup>"
    assert typeset(123456.7) == "123457"
    assert grouped(61706) == "61\u202f706" and percent(0.98434) == "98.43\u202f%"
    assert score(0.5, True) == "50.00\u202f%" and score(-0.5, False) == "−0.500"
    assert rounded(-1 / 3) == "−0.3333" and order_of_magnitude(2.2e-6) == "2·10⁻⁶"
    assert order_of_magnitude(0) == "0"


def test_durations():
    assert (
        duration(0.0123, "en") == "12 ms"
        and duration(3.42, "zh") == "3.4 秒"
        and duration(125, "en") == "2 min 5 s"
    )


def test_values_of_other_kinds():
    assert typeset_value(True, "zh") == "是" and typeset_value([1, "<b>"], "en") == "1, &lt;b&gt;"
    assert typeset_value(None, "en") == "none" and typeset_value(-0.5, "en") == "−0.5"
