"""Variants side by side over the seeds: successes with Wilson's interval, numbers with their spread, what never came."""

import numpy as np
import pytest
from scipy.stats import norm

from gradus.report import Comparison, SeedResult, pictures_over_seeds
from gradus.report.comparison import comparison_table, wilson
from gradus.text import Text

NAMES = Text("network", "网络"), Text("success", "成功"), Text("steps", "步数"), Text("accuracy", "准确率")
LSTM, RNN = Text("LSTM", "LSTM"), Text("plain", "普通")


def of_seed(lstm, rnn):
    return Comparison(NAMES, {LSTM: lstm, RNN: rnn}, Text("Two networks.", "两个网络。"))


def cells(html):
    import re

    return [
        re.sub("<[^>]+>", "", c).strip()
        for c in re.findall(r"<t[hd] scope=\"row\".*?</th>|<td.*?</td>", html)
    ]


def test_wilson_is_its_formula():
    for k, n in ((0, 3), (3, 3), (7, 20)):
        p, z = k / n, norm.ppf(0.975)
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        assert np.allclose(wilson(k, n), (centre - half, centre + half), atol=1e-12)


def test_seeds_are_put_together():
    seeds = [of_seed((True, 100, 0.99), (False, None, 0.5)), of_seed((True, 140, 1.0), (False, None, 0.6)),
             of_seed((False, None, 0.7), (False, None, 0.7))]  # fmt: skip
    picture = comparison_table(seeds)
    assert cells(picture.markup("en")) == [
        "LSTM", "2 of 3 (21 % to 94 %)", "120 ± 28 (1 never)", "0.90 ± 0.17",
        "plain", "0 of 3 (0 % to 56 %)", "never", "0.60 ± 0.10",
    ]  # fmt: skip
    assert "3 次中 2 次（21 % 至 94 %）" in picture.markup("zh") and "从未" in picture.markup("zh")
    assert "Wilson" in picture.caption.en and "标准差" in picture.caption.zh


def test_one_seed_has_no_spread():
    picture = comparison_table([of_seed((True, 100, 0.9912), (False, None, 0.5))])
    assert cells(picture.markup("en")) == ["LSTM", "yes", "100", "0.9912", "plain", "no", "never", "0.5"]
    assert picture.caption.en == "Two networks."


@pytest.mark.parametrize("count", [1, 2])
def test_a_report_has_one_table_for_all_seeds(count):
    results = [
        SeedResult(0.5, 1.0, comparisons=(of_seed((True, 1, 1), (False, None, 0)),)) for _ in range(count)
    ]
    assert [p.kind for p in pictures_over_seeds(results)] == ["table"]
