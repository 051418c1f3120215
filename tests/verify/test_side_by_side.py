"""Several processes measure what one does, and an interruption ends them all."""

import multiprocessing

import pytest

from gradus.catalogue import concept
from gradus.errors import GradusError
from gradus.verify.output import as_dict
from gradus.verify.runner import verify
from gradus.verify.side_by_side import verify_side_by_side

KEYS = ("norm", "softmax", "entropy")


@pytest.fixture(autouse=True)
def three_are_many(monkeypatch):
    monkeypatch.setattr("gradus.verify.side_by_side.FEW", 2)


def test_two_processes_find_what_one_does_in_the_same_order():
    pages = [concept(key) for key in KEYS]
    found = list(verify_side_by_side(pages, base=3, processes=2))
    assert [report.results[0].concept.key for report in found] == list(KEYS)
    for page, report in zip(pages[:2], found, strict=False):
        assert as_dict(report) == as_dict(verify([page], base=3))
    assert all(report.holds for report in found)


def test_who_stops_reading_leaves_no_process_behind():
    reports = verify_side_by_side([concept(key) for key in KEYS], processes=2)
    with pytest.raises(KeyboardInterrupt):
        next(reports)
        reports.throw(KeyboardInterrupt)
    assert multiprocessing.active_children() == []


def test_a_process_that_is_killed_is_said():
    reports = verify_side_by_side([concept(key) for key in (*KEYS, "relu", "norm")], processes=2)
    next(reports)
    for process in multiprocessing.active_children():
        process.kill()
    with pytest.raises(GradusError, match="memory"):
        list(reports)
