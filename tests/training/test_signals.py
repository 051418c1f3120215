"""Signals while training: noted by every block that watches, passed on when they came too late, acted on when repeated."""

import os
import signal

import numpy as np
import pytest
from torch import nn

from gradus.training import Callback, Interrupted, fit
from gradus.training.signals import SignalWatch

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")


class AtTheEnd(Callback):
    """A signal in the last epoch, when nothing is left that could be stopped."""

    def __init__(self, number):
        self.number = number

    def on_epoch_end(self, run, row):
        signal.raise_signal(self.number)


def run_to_the_end(number):
    data = np.zeros((4, 2), np.float32), np.zeros(4, np.int64)
    return fit(
        nn.Linear(2, 2), nn.functional.cross_entropy, data, epochs=1, progress="silent", callbacks=[AtTheEnd(number)]
    )  # fmt: skip


def test_a_signal_in_the_last_epoch_reaches_the_program_around():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        assert run_to_the_end(signal.SIGTERM).stopped == "finished"
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_nothing_where_nobody_waits_for_it(number):
    assert run_to_the_end(number).stopped == "finished"


def test_an_outer_watch_notes_what_an_inner_one_catches():
    with SignalWatch() as outer:
        run_to_the_end(signal.SIGTERM)
        assert outer.caught == signal.SIGTERM


def test_a_second_one_acts_at_once_through_all_watches():
    with pytest.raises(KeyboardInterrupt), SignalWatch(), SignalWatch():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_handlers_are_as_before():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with SignalWatch(), SignalWatch():
        pass
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_a_run_that_is_stopped_in_time_says_so(tmp_path):
    data = np.zeros((4, 2), np.float32), np.zeros(4, np.int64)
    with pytest.raises(Interrupted):
        fit(
            nn.Linear(2, 2), nn.functional.cross_entropy, data, epochs=2, progress="silent",
            callbacks=[AtTheEnd(signal.SIGTERM)], directory=tmp_path,
        )  # fmt: skip
    assert list((tmp_path / "checkpoints").iterdir())
