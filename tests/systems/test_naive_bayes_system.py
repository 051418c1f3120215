"""Naive Bayes on real sentences, as Wang and Manning (2012) measured it."""

import numpy as np
import pytest

from gradus.data import load_sentences
from gradus.data.kinds import is_present
from gradus.systems import SeedRequest
from gradus.systems.foundations.naive_bayes import train

NAME = "rt-polarity"


@pytest.mark.slow
@pytest.mark.real_data
def test_mean_of_ten_times_ten_folds_on_rt_polarity(real_data):
    if not is_present(NAME, real_data):
        pytest.skip(f"{NAME} not found under {real_data}")
    data = load_sentences(real_data)
    assert len(data.sentences) == 10_662 and np.bincount(data.targets).tolist() == [5331, 5331]
    scores = [train(data, SeedRequest(seed, 0.78)).score for seed in range(10)]
    assert np.mean(scores) >= 0.780, scores
    assert np.std(scores) < 0.005, scores


def test_a_repeated_word_counts_once():
    from gradus.systems.foundations.naive_bayes import _counter

    counts = _counter((1, 2)).fit_transform(["good good film", "a film"])
    assert counts.max() == 1 and counts.shape == (2, 6)  # good, film, a, good good, good film, a film
